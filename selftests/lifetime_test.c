// SPDX-License-Identifier: GPL-2.0-only
/*
 * lifetime_test.c - VMMs that die, the module that comes and goes, another owner of the processor
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "boot.h"
#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define BIG	0x40000000ULL
#define BIG_SIZE	(8UL << 20)
#define HANDLER	(VMM_CODE + 0x800)

/* ---- the module ---- */

static bool loaded(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
	return !access(path, F_OK);
}

/* 0 or a negative errno */
static int load_tlfs(void)
{
	const char *path = getenv("TLFS_MODULE");
	int fd = open(path ? path : "tlfs.ko", O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		vmm_die("TLFS_MODULE: %s", strerror(errno));
	ret = syscall(SYS_finit_module, fd, "mshv=1", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static int unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

static int run_program(const char *name, const char *arg)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		execlp(name, name, arg, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *kvm_module(void)
{
	return vmm_vendor() == HV_PROCESSOR_VENDOR_INTEL ? "kvm_intel" : "kvm_amd";
}

static long meminfo_kb(const char *key)
{
	char line[128], name[64];
	long kb, found = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%63[^:]: %ld", name, &kb) == 2 && !strcmp(name, key))
			found = kb;
	if (f)
		fclose(f);
	return found;
}

static bool nothing_left(void)
{
	return vmm_count_settles("partitions", 0) && vmm_count_settles("vps", 0) &&
	       vmm_count_settles("pages", 0);
}

FIXTURE(lifetime) {
	u64 began;
};

FIXTURE_SETUP(lifetime)
{
	unload(kvm_module());
	unload("kvm");
	if (!loaded("tlfs"))
		ASSERT_EQ(0, load_tlfs());
	ASSERT_TRUE(nothing_left());
	self->began = vmm_now_ms();
}

FIXTURE_TEARDOWN(lifetime)
{
	TH_LOG("%llu ms", (unsigned long long)(vmm_now_ms() - self->began));
}

/* ---- a VMM that is killed ---- */

/*
 * A guest that is never idle: its APIC's timer and a synthetic one, messages, and a page of memory
 * after the other, for ever.
 */
GUEST_CODE(busy_guest, "64",
	   "mov	$0xfee00000, %edi\n\t"
	   "movl	$0x1ff, 0xf0(%rdi)\n\t"
	   "movl	$0x20061, 0x320(%rdi)\n\t"	/* periodic */
	   "movl	$0xb, 0x3e0(%rdi)\n\t"
	   "movl	$50000, 0x380(%rdi)\n\t"
	   "xor	%edx, %edx\n\t"
	   "mov	$0x40000080, %ecx\n\t mov $1, %eax\n\t wrmsr\n\t"	/* SCONTROL */
	   "mov	$0x40000083, %ecx\n\t mov $0x31001, %eax\n\t wrmsr\n\t"	/* SIMP */
	   "mov	$0x40000092, %ecx\n\t mov $0x61, %eax\n\t wrmsr\n\t"	/* SINT2 */
	   "mov	$0x400000b1, %ecx\n\t mov $5000, %eax\n\t wrmsr\n\t"	/* 500 us */
	   "mov	$0x400000b0, %ecx\n\t mov $0x20003, %eax\n\t wrmsr\n\t"
	   "sti\n"
	   "1:	mov	$0x40000000, %ebx\n"
	   "2:	incq	(%rbx)\n\t"
	   "add	$0x1000, %ebx\n\t"
	   "cmp	$0x40800000, %ebx\n\t"
	   "jb	2b\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt\n\t"
	   "jmp	1b");

GUEST_CODE(busy_handler, "64",
	   "push	%rax\n\t push %rcx\n\t push %rdx\n\t"
	   "movl	$0, 0x31200\n\t"			/* the message of SINT2 */
	   "xor	%eax, %eax\n\t xor %edx, %edx\n\t"
	   "mov	$0x40000084, %ecx\n\t wrmsr\n\t"	/* EOM */
	   "mov	$0xfee000b0, %ecx\n\t movl %eax, (%rcx)\n\t"
	   "pop	%rdx\n\t pop %rcx\n\t pop %rax\n\t"
	   "iretq");

static void *other_thread(void *arg)
{
	struct vmm_vp *vp = arg;
	struct hv_message msg;

	for (;;)
		if (!vmm_ioctl(vp->fd, TLFS_RUN_VP, &msg))
			vmm_skip(vp, &msg);
	return NULL;
}

static void start_busy(struct vmm *vm, unsigned int vps)
{
	unsigned int i;

	vmm_setup(vm, vps);
	vmm_add_memory(vm, BIG, BIG_SIZE, VMM_RWX);
	vmm_load(vm, VMM_CODE, &busy_guest);
	vmm_load(vm, HANDLER, &busy_handler);
	vmm_set_gate(vm, 0x61, HANDLER);
	for (i = 0; i < vps; i++)
		vmm_long_mode(&vm->vp[i], VMM_CODE);
}

/* all at once: VPs, memory that comes and goes, interrupts, eventfds, a mapping of a VP's page */
static void __attribute__((noreturn)) busy_vmm(int ready)
{
	struct tlfs_user_irqfd irqfd = { .gsi = 4, .resamplefd = -1 };
	struct tlfs_user_ioeventfd bell = { .addr = 0xd0000000, .len = 4 };
	pthread_t thread[2];
	unsigned int i;
	struct vmm vm;
	void *mem;

	start_busy(&vm, 2);
	mem = vmm_alloc(16 * PAGE);
	irqfd.fd = eventfd(0, 0);
	bell.fd = eventfd(0, 0);
	vmm_ioctl(vm.pt, TLFS_IRQFD, &irqfd);
	vmm_ioctl(vm.pt, TLFS_IOEVENTFD, &bell);
	if (mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vm.vp[0].fd, 0) == MAP_FAILED)
		vmm_die("mmap of a VP");
	for (i = 0; i < 2; i++)
		pthread_create(&thread[i], NULL, other_thread, &vm.vp[i]);
	if (write(ready, "1", 1) != 1)
		vmm_die("pipe");
	for (i = 0;; i++) {
		vmm_set_memory(vm.pt, 0x80000000, mem, 16 * PAGE, i & 1 ? TLFS_MEM_UNMAP : VMM_RWX);
		vmm_assert(&vm, HV_X64_INTERRUPT_TYPE_FIXED, i & 1, 0x61);
		if (!(i & 7))
			madvise(mem, 16 * PAGE, MADV_DONTNEED);
		if (!(i & 31))
			vmm_sleep_ms(1);
	}
}

#define KILLS	60

TEST_F_TIMEOUT(lifetime, vmm_killed_at_any_moment, 180)
{
	unsigned int i, seed = 1;
	int ready[2], status;
	char c;

	for (i = 0; i < KILLS; i++) {
		unsigned int us = rand_r(&seed) % 30000;
		pid_t pid;

		ASSERT_EQ(0, pipe(ready));
		pid = fork();
		ASSERT_LE(0, pid);
		if (!pid) {
			close(ready[0]);
			busy_vmm(ready[1]);
		}
		close(ready[1]);
		/* some in the middle of building it, most while it runs */
		if (i % 4)
			ASSERT_EQ(1, read(ready[0], &c, 1));
		usleep(us);
		ASSERT_EQ(0, kill(pid, SIGKILL));
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
		EXPECT_EQ(SIGKILL, WTERMSIG(status));
		close(ready[0]);
		ASSERT_TRUE(nothing_left())
			TH_LOG("kill %u after %u us: %ld partitions, %ld VPs, %ld pages", i, us,
			       vmm_count("partitions"), vmm_count("vps"), vmm_count("pages"));
	}
}

/* of a stock guest's VMM; a hundred of these are in the soak */
TEST_F_TIMEOUT(lifetime, tlfsctl_killed_while_booting, 180)
{
	static const unsigned int after_ms[] = { 20, 150, 700, 1500, 3000 };
	struct boot boot = { 2, "256M", "load", "guest-killed.log" };
	long before = meminfo_kb("MemAvailable"), after;
	unsigned int i;
	pid_t pid;

	if (!getenv("TLFSCTL") || !getenv("TLFS_KERNEL"))
		SKIP(return, "no guest to boot");
	for (i = 0; i < ARRAY_SIZE(after_ms); i++) {
		pid = boot_start(&boot);
		ASSERT_LT(0, pid);
		vmm_sleep_ms(after_ms[i]);
		EXPECT_EQ(0, kill(pid, SIGKILL));
		EXPECT_EQ(-1, boot_wait(pid, 60));
		ASSERT_TRUE(nothing_left());
	}
	/* five guests' memory would be missed, and less than one's is noise */
	after = meminfo_kb("MemAvailable");
	EXPECT_LT(before - 128 * 1024, after);
}

/* exec takes the address space away from under the VPs */
TEST_F(lifetime, vmm_that_becomes_another_program)
{
	int ready[2], status;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < 5; i++) {
		ASSERT_EQ(0, pipe(ready));
		pid = fork();
		if (!pid) {
			struct vmm_thread t;
			struct vmm vm;

			start_busy(&vm, 1);
			vmm_run_out(&vm.vp[0], GUEST_PORT);
			vmm_thread_start(&t, &vm.vp[0]);
			vmm_sleep_ms(5);
			execl("/bin/busybox", "true", NULL);
			_exit(99);
		}
		waitpid(pid, &status, 0);
		EXPECT_TRUE(WIFEXITED(status));
		EXPECT_EQ(0, WEXITSTATUS(status));
		EXPECT_TRUE(nothing_left());
		close(ready[0]);
		close(ready[1]);
	}
}

/* Somebody else holds the descriptors of a VMM that has died: there is no memory behind them. */
TEST_F(lifetime, descriptors_outlive_their_process)
{
	int ready[2], pidfd, pt, vp, status;
	union hv_register_value val;
	struct hv_message msg;
	struct vmm vm;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	pid = fork();
	if (!pid) {
		int fds[2];

		start_busy(&vm, 1);
		vmm_run_out(&vm.vp[0], GUEST_PORT);
		fds[0] = vm.pt;
		fds[1] = vm.vp[0].fd;
		if (write(ready[1], fds, sizeof(fds)) != sizeof(fds))
			_exit(1);
		for (;;)
			vmm_run(&vm.vp[0], &msg, VMM_LONG);
	}
	{
		int fds[2];

		ASSERT_EQ(sizeof(fds), read(ready[0], fds, sizeof(fds)));
		pidfd = syscall(SYS_pidfd_open, pid, 0);
		ASSERT_LE(0, pidfd);
		pt = syscall(SYS_pidfd_getfd, pidfd, fds[0], 0);
		vp = syscall(SYS_pidfd_getfd, pidfd, fds[1], 0);
		ASSERT_LE(0, pt);
		ASSERT_LE(0, vp);
	}
	EXPECT_EQ(-EIO, vmm_create_vp(pt, 1));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	EXPECT_EQ(1, vmm_count("partitions"));
	EXPECT_EQ(-EIO, vmm_ioctl(vp, TLFS_RUN_VP, &msg));
	EXPECT_EQ(-EIO, vmm_get_register(vp, 0, HV_X64_REGISTER_RIP, &val));
	EXPECT_EQ(-EIO, vmm_create_vp(pt, 1));
	EXPECT_EQ(-EAGAIN, unload("tlfs"));
	close(pt);
	EXPECT_EQ(1, vmm_count("partitions"));
	close(vp);
	EXPECT_TRUE(nothing_left());
}

/* the partition's descriptor is closed while a VP of it runs */
TEST_F(lifetime, partition_closed_under_a_running_vp)
{
	struct vmm_thread t;
	struct vmm vm;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		start_busy(&vm, 1);
		vmm_run_out(&vm.vp[0], GUEST_PORT);
		vmm_thread_start(&t, &vm.vp[0]);
		vmm_sleep_ms(1);
		close(vm.pt);
		vm.pt = -1;
		EXPECT_TRUE(vmm_thread_wait(&t, VMM_LONG));
		EXPECT_EQ(0, t.ret);
		vmm_thread_stop(&t);
		vmm_teardown(&vm);
		EXPECT_TRUE(nothing_left());
	}
}

/* ---- load and unload ---- */

TEST_F(lifetime, no_unload_while_in_use)
{
	struct vmm vm;
	void *page;

	vm.dev = vmm_open();
	ASSERT_LE(0, vm.dev);
	EXPECT_EQ(-EAGAIN, unload("tlfs"));
	close(vm.dev);
	vmm_setup(&vm, 1);
	close(vm.dev);
	vm.dev = -1;
	EXPECT_EQ(-EAGAIN, unload("tlfs"));
	close(vm.pt);
	vm.pt = -1;
	EXPECT_EQ(-EAGAIN, unload("tlfs"));
	page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, vm.vp[0].fd, 0);
	ASSERT_NE(MAP_FAILED, page);
	close(vm.vp[0].fd);
	vm.vp[0].fd = -1;
	EXPECT_EQ(-EAGAIN, unload("tlfs"));
	EXPECT_EQ(1, vmm_count("partitions"));
	munmap(page, PAGE);
	EXPECT_TRUE(nothing_left());
	EXPECT_EQ(0, unload("tlfs"));
	EXPECT_NE(0, access(VMM_DEVICE, F_OK));
	EXPECT_EQ(0, load_tlfs());
}

#define CYCLES	50

/* in a process of their own, whose memory goes with it */
static int run_guests(void)
{
	struct vmm vm;
	int status;
	pid_t pid = fork();

	if (!pid) {
		start_busy(&vm, 2);
		vmm_run_out(&vm.vp[0], GUEST_PORT);
		vmm_run_out(&vm.vp[1], GUEST_PORT);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* as the hypervisor comes up: the root is there, with default policies, and nobody else */
static bool only_the_root(void)
{
	struct hv_input_get_next_child_partition next = { .parent_id = HV_PARTITION_ID_SELF };
	u64 id = 0, child = ~0ULL, reserve = 1, cap = 0, weight = 0;
	int dev = vmm_open(), err;

	err = vmm_call(dev, HVCALL_GET_PARTITION_ID, &next, sizeof(next), &id, 8) ||
	      vmm_call(dev, HVCALL_GET_NEXT_CHILD_PARTITION, &next, sizeof(next), &child, 8) ||
	      vmm_get_property(dev, HV_PARTITION_PROPERTY_CPU_RESERVE, &reserve) ||
	      vmm_get_property(dev, HV_PARTITION_PROPERTY_CPU_CAP, &cap) ||
	      vmm_get_property(dev, HV_PARTITION_PROPERTY_CPU_WEIGHT, &weight);
	close(dev);
	return !err && id && !child && !reserve && cap == 0x10000 && weight == 100 &&
	       !vmm_count("partitions") && !vmm_count("vps");
}

TEST_F_TIMEOUT(lifetime, load_and_unload, 180)
{
	long before, after;
	unsigned int i;

	ASSERT_EQ(0, unload("tlfs"));
	ASSERT_EQ(0, load_tlfs());
	EXPECT_TRUE(only_the_root());
	PROVES("B-22-004");
	ASSERT_EQ(0, unload("tlfs"));
	before = meminfo_kb("MemAvailable");
	for (i = 0; i < CYCLES; i++) {
		ASSERT_EQ(0, load_tlfs());
		ASSERT_EQ(0, access(VMM_DEVICE, F_OK));
		/* used now and then: what a guest leaves behind has to go as well */
		if (!(i % 5))
			EXPECT_EQ(0, run_guests());
		ASSERT_EQ(0, unload("tlfs"));
		ASSERT_NE(0, access(VMM_DEVICE, F_OK));
	}
	after = meminfo_kb("MemAvailable");
	/* the module itself is about a megabyte */
	EXPECT_LT(before - 20 * 1024, after);
	EXPECT_EQ(0, load_tlfs());
	EXPECT_EQ(-EEXIST, load_tlfs());
}

/* ---- another owner ---- */

struct kvm {
	int dev, vm, vcpu;
	u64 *mem;
	pthread_t thread;
	bool stop;
};

/* inc qword [0x1000] for ever, in real mode: inc word [0x1000]; jmp */
static const unsigned char kvm_code[] = { 0xff, 0x06, 0x00, 0x10, 0xeb, 0xfa };

static void *kvm_thread(void *arg)
{
	struct kvm *k = arg;

	while (!__atomic_load_n(&k->stop, __ATOMIC_ACQUIRE))
		ioctl(k->vcpu, KVM_RUN, 0);
	return NULL;
}

static void kvm_kick(int sig)
{
}

/* 0, or the negative errno of creating the VM */
static int kvm_start(struct kvm *k)
{
	struct kvm_userspace_memory_region region = { .memory_size = 0x4000 };
	struct sigaction sa = { .sa_handler = kvm_kick };
	/* with interrupts on: in Bochs 2.7 the host's would not end its run otherwise */
	struct kvm_regs regs = { .rip = 0x2000, .rflags = 0x202 };
	struct kvm_sregs sregs;

	memset(k, 0, sizeof(*k));
	k->dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (k->dev < 0)
		return -errno;
	k->vm = ioctl(k->dev, KVM_CREATE_VM, 0);
	if (k->vm < 0) {
		int err = -errno;

		close(k->dev);
		return err;
	}
	k->mem = vmm_alloc(0x4000);
	memcpy((char *)k->mem + 0x2000, kvm_code, sizeof(kvm_code));
	region.userspace_addr = (uintptr_t)k->mem;
	k->vcpu = -1;
	if (!ioctl(k->vm, KVM_SET_USER_MEMORY_REGION, &region))
		k->vcpu = ioctl(k->vm, KVM_CREATE_VCPU, 0);
	if (k->vcpu < 0 || ioctl(k->vcpu, KVM_GET_SREGS, &sregs))
		vmm_die("KVM: %s", strerror(errno));
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(k->vcpu, KVM_SET_SREGS, &sregs) || ioctl(k->vcpu, KVM_SET_REGS, &regs))
		vmm_die("KVM: %s", strerror(errno));
	sigaction(SIGUSR2, &sa, NULL);
	pthread_create(&k->thread, NULL, kvm_thread, k);
	return 0;
}

static void kvm_stop(struct kvm *k)
{
	__atomic_store_n(&k->stop, true, __ATOMIC_RELEASE);
	/* a signal between two calls is lost: the guest is endless, so again */
	while (pthread_tryjoin_np(k->thread, NULL)) {
		pthread_kill(k->thread, SIGUSR2);
		vmm_sleep_ms(2);
	}
	close(k->vcpu);
	close(k->vm);
	close(k->dev);
}

static bool kernel_log_says(const char *text)
{
	char record[8192];
	bool found = false;
	ssize_t n;
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	while ((n = read(fd, record, sizeof(record) - 1)) > 0 || (n < 0 && errno == EPIPE)) {
		if (n < 0)
			continue;
		record[n] = 0;
		found |= !!strstr(record, text);
	}
	close(fd);
	return found;
}

/* since 6.12 KVM may own the processors from its load on */
static bool kvm_owns_at_load(void)
{
	char c = 'N';
	int fd = open("/sys/module/kvm/parameters/enable_virt_at_load", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && read(fd, &c, 1) != 1)
		c = 'N';
	close(fd);
	return c == 'Y' || c == '1';
}

/* how KVM says that somebody else has the processor; -EIO since 6.12 */
static bool kvm_refused(int err)
{
	return err == -EBUSY || err == -EIO;
}

/* since 6.19 VMX is on only while a guest runs, and KVM does not see that it is used */
static bool vmx_is_brief(void)
{
	unsigned int major, minor;
	struct utsname name;

	if (uname(&name) || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		vmm_die("no release of this kernel");
	return vmm_vendor() == HV_PROCESSOR_VENDOR_INTEL &&
	       (major > 6 || (major == 6 && minor >= 19));
}

/*
 * KVM as the distribution has it, and no guest of it: since 6.12 that is enough for it to have the
 * processors.  The file that "make install" installs changes that.
 */
TEST_F(lifetime, beside_an_idle_kvm)
{
	const char *conf = getenv("HOST_DIR");
	char path[256];

	snprintf(path, sizeof(path), "%s/tlfs.conf", conf ? conf : "");
	if (access(path, R_OK) || access("/etc/modprobe.d/", F_OK) == 0)
		SKIP(return, "not in a test host");
	ASSERT_EQ(0, unload("tlfs"));
	if (run_program("modprobe", kvm_module())) {
		load_tlfs();
		SKIP(return, "no %s here", kvm_module());
	}
	if (kvm_owns_at_load()) {
		EXPECT_EQ(-EBUSY, load_tlfs());
		EXPECT_FALSE(loaded("tlfs"));
		EXPECT_TRUE(kernel_log_says("\"options kvm enable_virt_at_load=0\""));
		EXPECT_EQ(0, unload(kvm_module()));
		EXPECT_EQ(0, unload("kvm"));
		ASSERT_EQ(0, mkdir("/etc/modprobe.d", 0755));
		ASSERT_EQ(0, symlink(path, "/etc/modprobe.d/tlfs.conf"));
		EXPECT_EQ(0, run_program("modprobe", kvm_module()));
		EXPECT_FALSE(kvm_owns_at_load());
		unlink("/etc/modprobe.d/tlfs.conf");
		rmdir("/etc/modprobe.d");
	}
	EXPECT_TRUE(loaded(kvm_module()));
	EXPECT_EQ(0, load_tlfs());
	EXPECT_EQ(0, unload(kvm_module()));
}

TEST_F(lifetime, beside_a_running_kvm)
{
	u64 *counter;
	struct hv_message msg;
	struct kvm kvm;
	struct vmm vm;

	ASSERT_EQ(0, unload("tlfs"));
	if (run_program("modprobe", kvm_module())) {
		load_tlfs();
		SKIP(return, "no %s here", kvm_module());
	}
	ASSERT_EQ(0, kvm_start(&kvm));
	counter = kvm.mem + 0x1000 / 8;
	ASSERT_TRUE(vmm_wait_change(counter, 0));
	/* KVM has the processor: not us, and it does not notice */
	EXPECT_EQ(-EBUSY, load_tlfs());
	EXPECT_FALSE(loaded("tlfs"));
	EXPECT_NE(0, access(VMM_DEVICE, F_OK));
	EXPECT_TRUE(kernel_log_says("another hypervisor holds"));
	EXPECT_EQ(-EBUSY, load_tlfs());
	EXPECT_TRUE(vmm_moves(counter, VMM_LONG));
	kvm_stop(&kvm);
	if (kvm_owns_at_load()) {
		EXPECT_EQ(-EBUSY, load_tlfs());
		ASSERT_EQ(0, unload(kvm_module()));
		ASSERT_EQ(0, unload("kvm"));
		ASSERT_EQ(0, system("modprobe kvm enable_virt_at_load=0"));
		ASSERT_EQ(0, run_program("modprobe", kvm_module()));
	}
	/* idle it has not, and then it is KVM's turn to be refused */
	ASSERT_EQ(0, load_tlfs());
	if (vmx_is_brief()) {
		EXPECT_EQ(0, kvm_start(&kvm));
		kvm_stop(&kvm);
		EXPECT_EQ(0, unload(kvm_module()));
		return;
	}
	EXPECT_TRUE(kvm_refused(kvm_start(&kvm)));
	vmm_setup(&vm, 1);
	vmm_write(&vm, VMM_CODE, "\xe6\xe0\xeb\xfc", 4);	/* out %al, $0xe0; jmp */
	vmm_real_mode(&vm.vp[0], VMM_CODE);
	vmm_run_out(&vm.vp[0], GUEST_PORT);
	EXPECT_TRUE(kvm_refused(kvm_start(&kvm)));
	vmm_run_to(&vm.vp[0], HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	vmm_teardown(&vm);
	EXPECT_TRUE(nothing_left());
	PROVES("B-22-002");
	/* given back, it is there for KVM again */
	ASSERT_EQ(0, unload("tlfs"));
	ASSERT_EQ(0, kvm_start(&kvm));
	counter = kvm.mem + 0x1000 / 8;
	EXPECT_TRUE(vmm_wait_change(counter, 0));
	kvm_stop(&kvm);
	EXPECT_EQ(0, unload(kvm_module()));
	EXPECT_EQ(0, load_tlfs());
}

TEST_HARNESS_MAIN
