// SPDX-License-Identifier: GPL-2.0-only
/*
 * abi_test.c - what every ioctl of every descriptor refuses, and with which errno
 *
 * Hypercalls through descriptors are in hvcall_abi_test.c, eventfds in eventfd_test.c.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <termios.h>

#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE

static const unsigned long dev_cmds[] = {
	TLFS_CREATE_PARTITION, TLFS_ROOT_HVCALL, TLFS_OPEN_PORT,
};

static const unsigned long pt_cmds[] = {
	TLFS_INITIALIZE_PARTITION, TLFS_CREATE_VP, TLFS_SET_GUEST_MEMORY, TLFS_IRQFD,
	TLFS_IOEVENTFD, TLFS_SET_MSI_ROUTING, TLFS_GET_GPAP_ACCESS_BITMAP, TLFS_OPEN_DEBUG,
	TLFS_SET_DEVICE_IRQS,
	TLFS_ROOT_HVCALL,
};

static const unsigned long vp_cmds[] = {
	TLFS_RUN_VP, TLFS_GET_VP_STATE, TLFS_SET_VP_STATE, TLFS_ROOT_HVCALL,
};

/* a page, then one that faults */
static unsigned char *page_before_hole(void)
{
	unsigned char *p = vmm_alloc(2 * PAGE);

	if (mprotect(p + PAGE, PAGE, PROT_NONE))
		vmm_die("mprotect failed");
	return p;
}

static void *bad_pointer(unsigned int i)
{
	switch (i) {
	case 0:
		return NULL;
	case 1:
		return (void *)8;
	case 2:
		return (void *)0xffff888000000000UL;
	case 3:
		return (void *)0x8000000000000000UL;
	default:
		return page_before_hole() + PAGE - 1;	/* starts well */
	}
}

#define BAD_POINTERS	5

static bool listed(const unsigned long *cmds, size_t nr, unsigned long cmd)
{
	while (nr--)
		if (*cmds++ == cmd)
			return true;
	return false;
}

/* how many commands that @fd does not have answer anything but ENOTTY */
static unsigned int not_enotty(int fd, const unsigned long *cmds, size_t nr)
{
	static const unsigned int sizes[] = { 0, 4, 8, 16, 32, 64, 256 };
	unsigned char *arg = vmm_alloc(PAGE);
	unsigned int n, s, dir, bad = 0;

	for (n = 0; n < 256; n++) {
		for (s = 0; s < ARRAY_SIZE(sizes); s++) {
			for (dir = 0; dir < 4; dir++) {
				unsigned long cmd = _IOC(dir, TLFS_IOCTL, n, sizes[s]);

				if (listed(cmds, nr, cmd))
					continue;
				if (vmm_ioctl(fd, cmd, arg) != -ENOTTY) {
					fprintf(stderr, "# fd %d cmd %#lx\n", fd, cmd);
					bad++;
				}
			}
		}
	}
	if (vmm_ioctl(fd, TCGETS, arg) != -ENOTTY || vmm_ioctl(fd, 0xae00, NULL) != -ENOTTY)
		bad++;
	return bad;
}

FIXTURE(abi) {
	struct vmm vm;
	long partitions, vps, pages;
};

FIXTURE_SETUP(abi)
{
	self->partitions = vmm_count("partitions");
	self->vps = vmm_count("vps");
	self->pages = vmm_count("pages");
	ASSERT_EQ(0, self->partitions);
	ASSERT_EQ(0, self->vps);
	ASSERT_EQ(0, self->pages);
	vmm_setup(&self->vm, 1);
}

FIXTURE_TEARDOWN(abi)
{
	vmm_teardown(&self->vm);
}

/* ---- numbers, kinds of descriptors ---- */

TEST_F(abi, unknown_numbers_are_enotty)
{
	EXPECT_EQ(0, not_enotty(self->vm.dev, dev_cmds, ARRAY_SIZE(dev_cmds)));
	EXPECT_EQ(0, not_enotty(self->vm.pt, pt_cmds, ARRAY_SIZE(pt_cmds)));
	EXPECT_EQ(0, not_enotty(self->vm.vp[0].fd, vp_cmds, ARRAY_SIZE(vp_cmds)));
}

TEST_F(abi, descriptors_do_not_read_or_write)
{
	int fds[] = { self->vm.dev, self->vm.pt, self->vm.vp[0].fd };
	unsigned int i;
	char c = 0;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_EQ(-1, read(fds[i], &c, 1));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, write(fds[i], &c, 1));
		EXPECT_EQ(EINVAL, errno);
	}
	/* the device's is a window on pages of the hypervisor: to look through only */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->vm.dev,
				   0));
	EXPECT_EQ(EPERM, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, self->vm.dev, 0));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->vm.pt, 0));
	EXPECT_EQ(ENODEV, errno);
}

TEST_F(abi, descriptor_flags)
{
	int fds[] = { self->vm.pt, self->vm.vp[0].fd };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		EXPECT_EQ(FD_CLOEXEC, fcntl(fds[i], F_GETFD));
		EXPECT_EQ(O_RDWR, fcntl(fds[i], F_GETFL) & O_ACCMODE);
	}
}

/* access modes of the node do not matter: Cloud Hypervisor opens it for reading */
TEST_F(abi, device_opened_read_only_works)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDONLY | O_NONBLOCK };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		int dev = open(VMM_DEVICE, modes[i] | O_CLOEXEC), pt;

		ASSERT_LE(0, dev);
		pt = vmm_create_partition(dev, VMM_FLAGS);
		ASSERT_LE(0, pt);
		EXPECT_EQ(0, vmm_ioctl(pt, TLFS_INITIALIZE_PARTITION, NULL));
		close(pt);
		close(dev);
	}
}

/* ---- CREATE_PARTITION ---- */

TEST_F(abi, create_partition_bad_pointer)
{
	unsigned int i;

	for (i = 0; i < BAD_POINTERS; i++)
		EXPECT_EQ(-EFAULT, vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, bad_pointer(i)));
}

TEST_F(abi, create_partition_flags)
{
	struct tlfs_create_partition arg = {};
	unsigned int bit;

	for (bit = 6; bit < 64; bit++)
		EXPECT_EQ(-EINVAL, vmm_create_partition(self->vm.dev, VMM_FLAGS | 1ULL << bit));
	/* the local APIC is not optional, and there is no nesting */
	EXPECT_EQ(-EINVAL, vmm_create_partition(self->vm.dev, 0));
	EXPECT_EQ(-EINVAL, vmm_create_partition(self->vm.dev, VMM_FLAGS & ~TLFS_PT_LAPIC));
	EXPECT_EQ(-EINVAL, vmm_create_partition(self->vm.dev, VMM_FLAGS | TLFS_PT_NESTED));
	arg.flags = VMM_FLAGS;
	arg.isolation = 1;
	EXPECT_EQ(-EINVAL, vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, &arg));
	arg.isolation = 1ULL << 63;
	EXPECT_EQ(-EINVAL, vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, &arg));
	EXPECT_EQ(self->partitions + 1, vmm_count("partitions"));
}

TEST_F(abi, create_partition_v2)
{
	struct tlfs_create_partition_v2 good = {
		.v1.flags = VMM_FLAGS | TLFS_PT_CPU_FEATURES,
		.num_banks = TLFS_CPU_FEATURE_BANKS,
	}, arg;
	unsigned int i;
	int fd;

	for (i = 0; i < 6; i++) {
		if (i == TLFS_CPU_FEATURE_BANKS)
			continue;
		arg = good;
		arg.num_banks = i;
		EXPECT_EQ(-EINVAL, vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, &arg));
	}
	for (i = 0; i < sizeof(arg.rsvd); i++) {
		arg = good;
		arg.rsvd[i] = 1;
		EXPECT_EQ(-EINVAL, vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, &arg));
	}
	for (i = 0; i < ARRAY_SIZE(arg.rsvd1); i++) {
		arg = good;
		arg.rsvd1[i] = 1ULL << 40;
		EXPECT_EQ(-EINVAL, vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, &arg));
	}
	fd = vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, &good);
	EXPECT_LE(0, fd);
	close(fd);
	/* a VMM that hides whatever it does not know sets bits nobody has defined */
	memset(good.disabled_features, 0xff, sizeof(good.disabled_features));
	good.disabled_xsave = ~0ULL;
	fd = vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, &good);
	EXPECT_LE(0, fd);
	close(fd);
}

/* the long form is read only when the flag announces it */
TEST_F(abi, create_partition_reads_what_the_flags_say)
{
	struct tlfs_create_partition *arg =
		(void *)(page_before_hole() + PAGE - sizeof(*arg));
	int fd;

	arg->flags = VMM_FLAGS;
	arg->isolation = 0;
	fd = vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, arg);
	EXPECT_LE(0, fd);
	close(fd);
	arg->flags |= TLFS_PT_CPU_FEATURES;
	EXPECT_EQ(-EFAULT, vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, arg));
}

/* ---- order ---- */

TEST_F(abi, nothing_before_initialize)
{
	void *mem = vmm_alloc(PAGE);
	struct vmm vm;

	vmm_setup_bare(&vm, VMM_FLAGS);
	EXPECT_EQ(-EIO, vmm_create_vp(vm.pt, 0));
	EXPECT_EQ(-EIO, vmm_set_memory(vm.pt, 0, mem, PAGE, VMM_RWX));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  vmm_install_intercept(&vm, HV_INTERCEPT_ACCESS_MASK_EXECUTE,
					HV_INTERCEPT_TYPE_X64_CPUID, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	EXPECT_EQ(0, vmm_ioctl(vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	/* and again */
	EXPECT_EQ(0, vmm_ioctl(vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, 3));
	vm.vp[0].fd = vmm_create_vp(vm.pt, 0);
	EXPECT_LE(0, vm.vp[0].fd);
	EXPECT_EQ(0, vmm_set_memory(vm.pt, 0, mem, PAGE, VMM_RWX));
	vmm_teardown(&vm);
	PROVES("HC-004D/INVALID_PARTITION_STATE");
}

/* ---- CREATE_VP ---- */

TEST_F(abi, create_vp)
{
	unsigned int i;
	int fd;

	for (i = 0; i < BAD_POINTERS; i++)
		EXPECT_EQ(-EFAULT, vmm_ioctl(self->vm.pt, TLFS_CREATE_VP, bad_pointer(i)));
	EXPECT_EQ(-EINVAL, vmm_create_vp(self->vm.pt, TLFS_MAX_VPS));
	EXPECT_EQ(-EINVAL, vmm_create_vp(self->vm.pt, 0x80000000));
	EXPECT_EQ(-EINVAL, vmm_create_vp(self->vm.pt, ~0u));
	EXPECT_EQ(-EEXIST, vmm_create_vp(self->vm.pt, 0));
	fd = vmm_create_vp(self->vm.pt, TLFS_MAX_VPS - 1);
	EXPECT_LE(0, fd);
	EXPECT_EQ(-EEXIST, vmm_create_vp(self->vm.pt, TLFS_MAX_VPS - 1));
	/* a VP lives as long as its partition, not its descriptor */
	close(fd);
	EXPECT_EQ(-EEXIST, vmm_create_vp(self->vm.pt, TLFS_MAX_VPS - 1));
	EXPECT_EQ(2, vmm_count("vps"));
}

TEST_F(abi, mmap_of_a_vp)
{
	int fd = self->vm.vp[0].fd;
	unsigned char *p, *q;

	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, p);
	/* each page of a mapping is the same */
	EXPECT_EQ(HV_REGISTER_PAGE_VERSION_1, *(u16 *)(p + PAGE));
	STORE(&p[PAGE - 1], 0x5a);
	EXPECT_EQ(0x5a, LOAD(&p[2 * PAGE - 1]));
	q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	ASSERT_NE(MAP_FAILED, q);
	EXPECT_EQ(0x5a, LOAD(&q[PAGE - 1]));
	q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, TLFS_VP_MMAP_INTERCEPT * PAGE);
	ASSERT_NE(MAP_FAILED, q);
	EXPECT_NE(0x5a, q[PAGE - 1]);
	/* encrypted partitions only, and nothing */
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 3 * PAGE));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 1L << 40));
	EXPECT_EQ(EINVAL, errno);
}

/* ---- RUN_VP, VP state ---- */

TEST_F(abi, run_vp_bad_pointer)
{
	unsigned int i;

	/* the message is lost, but not what the guest does: the instruction is not skipped */
	vmm_write(&self->vm, VMM_CODE, "\xee\xf4", 2);		/* out %al, %dx; hlt */
	vmm_real_mode(&self->vm.vp[0], VMM_CODE);
	for (i = 0; i < BAD_POINTERS; i++)
		EXPECT_EQ(-EFAULT, vmm_ioctl(self->vm.vp[0].fd, TLFS_RUN_VP, bad_pointer(i)));
	EXPECT_EQ(0, vmm_run_out(&self->vm.vp[0], 0));
}

TEST_F(abi, vp_state_arguments)
{
	static const unsigned long cmds[] = { TLFS_GET_VP_STATE, TLFS_SET_VP_STATE };
	unsigned char *buf = vmm_alloc(2 * PAGE), *hole = page_before_hole() + PAGE;
	struct tlfs_get_set_vp_state good = { .buf_sz = PAGE, .buf_ptr = (uintptr_t)buf }, arg;
	int fd = self->vm.vp[0].fd;
	unsigned int c, i, want;

	ASSERT_EQ(0, vmm_ioctl(fd, TLFS_GET_VP_STATE, &good));
	ASSERT_EQ(0, vmm_ioctl(fd, TLFS_SET_VP_STATE, &good));
	for (c = 0; c < ARRAY_SIZE(cmds); c++) {
		for (i = 0; i < BAD_POINTERS; i++)
			EXPECT_EQ(-EFAULT, vmm_ioctl(fd, cmds[c], bad_pointer(i)));
		arg = good;
		arg.type = TLFS_VP_STATE_COUNT;
		EXPECT_EQ(-EINVAL, vmm_ioctl(fd, cmds[c], &arg));
		arg = good;
		arg.type = 0xff;
		EXPECT_EQ(-EINVAL, vmm_ioctl(fd, cmds[c], &arg));
		for (i = 0; i < sizeof(arg.rsvd); i++) {
			arg = good;
			arg.rsvd[i] = 1;
			EXPECT_EQ(-EINVAL, vmm_ioctl(fd, cmds[c], &arg));
		}
		arg = good;
		arg.buf_sz = 0;
		EXPECT_EQ(-EINVAL, vmm_ioctl(fd, cmds[c], &arg));
		arg = good;
		arg.buf_sz = PAGE - 1;
		EXPECT_EQ(-EINVAL, vmm_ioctl(fd, cmds[c], &arg));
		arg = good;
		arg.buf_sz = 176;
		EXPECT_EQ(-EINVAL, vmm_ioctl(fd, cmds[c], &arg));
		arg = good;
		arg.buf_ptr += 8;
		EXPECT_EQ(-EINVAL, vmm_ioctl(fd, cmds[c], &arg));
		arg = good;
		arg.buf_ptr = (uintptr_t)hole;
		EXPECT_EQ(-EFAULT, vmm_ioctl(fd, cmds[c], &arg));
		arg = good;
		arg.buf_ptr = 0;
		EXPECT_EQ(-EFAULT, vmm_ioctl(fd, cmds[c], &arg));
		arg = good;
		arg.buf_ptr = 0xffff888000000000ULL;
		EXPECT_EQ(-EFAULT, vmm_ioctl(fd, cmds[c], &arg));
	}
	/* more than needed is fine, and the size told is the true one */
	for (i = 0; i < TLFS_VP_STATE_COUNT; i++) {
		arg = good;
		arg.type = i;
		arg.buf_sz = 2 * PAGE;
		EXPECT_EQ(0, vmm_ioctl(fd, TLFS_GET_VP_STATE, &arg));
		want = i == TLFS_VP_STATE_SYNTHETIC_TIMERS ?
		       sizeof(struct hv_synthetic_timers_state) : PAGE;
		/* that of XSAVE depends on the processor */
		EXPECT_TRUE(arg.buf_sz == want || (i == TLFS_VP_STATE_XSAVE && arg.buf_sz < want));
	}
}

/* ---- SET_GUEST_MEMORY ---- */

TEST_F(abi, set_guest_memory_arguments)
{
	unsigned char *mem = vmm_alloc(8 * PAGE);
	struct tlfs_user_mem_region good = {
		.size = 4 * PAGE, .guest_pfn = 0x1000, .userspace_addr = (uintptr_t)mem,
		.flags = VMM_RWX,
	}, arg;
	int pt = self->vm.pt;
	unsigned int i;

#define REFUSED(field, value)	do {							\
	arg = good;									\
	arg.field = (value);								\
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_GUEST_MEMORY, &arg))			\
		TH_LOG("accepted " #field " " #value);					\
} while (0)

	for (i = 0; i < BAD_POINTERS; i++)
		EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_SET_GUEST_MEMORY, bad_pointer(i)));
	for (i = 3; i < 8; i++)
		REFUSED(flags, VMM_RWX | 1 << i);
	for (i = 0; i < sizeof(arg.rsvd); i++)
		REFUSED(rsvd[i], 0x80);
	REFUSED(size, 0);
	REFUSED(size, 1);
	REFUSED(size, PAGE + 8);
	REFUSED(size, 1ULL << 63);
	REFUSED(size, -(u64)PAGE);
	REFUSED(userspace_addr, (uintptr_t)mem + 1);
	REFUSED(userspace_addr, (uintptr_t)mem + 8);
	/* nothing is mapped there: the first page, the kernel's half, the end of all */
	REFUSED(userspace_addr, 0);
	REFUSED(userspace_addr, 0xffff888000000000ULL);
	REFUSED(userspace_addr, -(u64)PAGE);
	REFUSED(userspace_addr, 0x7ffffffff000ULL);
	REFUSED(guest_pfn, 1ULL << 40);
	REFUSED(guest_pfn, ~0ULL);
	REFUSED(guest_pfn, (1ULL << 52) - 2);
#undef REFUSED
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_SET_GUEST_MEMORY, &good));
}

/* ---- another process, no permission, no descriptors ---- */

static int child_sees_eio(struct vmm *vm)
{
	unsigned char *buf = vmm_alloc(PAGE);
	struct tlfs_get_set_vp_state state = { .buf_sz = PAGE, .buf_ptr = (uintptr_t)buf };
	union hv_register_value val;
	unsigned int i;
	int pt;

	for (i = 0; i < ARRAY_SIZE(pt_cmds); i++)
		if (vmm_ioctl(vm->pt, pt_cmds[i], buf) != -EIO)
			return 10 + i;
	if (vmm_ioctl(vm->vp[0].fd, TLFS_RUN_VP, buf) != -EIO)
		return 30;
	if (vmm_ioctl(vm->vp[0].fd, TLFS_GET_VP_STATE, &state) != -EIO ||
	    vmm_ioctl(vm->vp[0].fd, TLFS_SET_VP_STATE, &state) != -EIO)
		return 31;
	if (vmm_get_register(vm->vp[0].fd, 0, HV_X64_REGISTER_RIP, &val) != -EIO)
		return 32;
	/* numbers nobody has stay what they are */
	if (vmm_ioctl(vm->pt, TLFS_RUN_VP, buf) != -ENOTTY)
		return 33;
	/* the device belongs to nobody */
	pt = vmm_create_partition(vm->dev, VMM_FLAGS);
	if (pt < 0 || vmm_ioctl(pt, TLFS_INITIALIZE_PARTITION, NULL))
		return 34;
	return 0;
}

TEST_F(abi, inherited_descriptors_are_eio)
{
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid)
		_exit(child_sees_eio(&self->vm));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	/* and the owner was not hurt */
	vmm_write(&self->vm, VMM_CODE, "\xe6\xe0", 2);		/* out %al, $0xe0 */
	vmm_real_mode(&self->vm.vp[0], VMM_CODE);
	EXPECT_EQ(0, vmm_run_out(&self->vm.vp[0], GUEST_PORT));
}

static int unprivileged(bool permitted)
{
	struct vmm vm;
	int fd;

	if (setgid(65534) || setuid(65534))
		return 10;
	fd = vmm_open();
	if (!permitted)
		return fd == -EACCES ? 0 : 11;
	if (fd < 0)
		return 12;
	close(fd);
	vmm_setup(&vm, 1);
	vmm_write(&vm, VMM_CODE, "\xb8\x34\x12\xe7\xe0", 5);	/* mov $0x1234, %ax; out */
	vmm_real_mode(&vm.vp[0], VMM_CODE);
	fd = vmm_run_out(&vm.vp[0], GUEST_PORT) == 0x1234 ? 0 : 13;
	vmm_teardown(&vm);
	return fd;
}

TEST_F(abi, permission_on_the_node_is_all_it_takes)
{
	unsigned int permitted;
	struct stat st;
	int status;
	pid_t pid;

	ASSERT_EQ(0, stat(VMM_DEVICE, &st));
	for (permitted = 0; permitted < 2; permitted++) {
		ASSERT_EQ(0, chmod(VMM_DEVICE, permitted ? 0666 : 0600));
		pid = fork();
		if (!pid)
			_exit(unprivileged(permitted));
		waitpid(pid, &status, 0);
		EXPECT_TRUE(WIFEXITED(status));
		EXPECT_EQ(0, WEXITSTATUS(status));
	}
	chmod(VMM_DEVICE, st.st_mode & 07777);
}

TEST_F(abi, out_of_descriptors)
{
	struct rlimit few = { 64, 64 };
	int fds[64], n = 0, fd;

	ASSERT_EQ(0, setrlimit(RLIMIT_NOFILE, &few));
	while (n < 64 && (fds[n] = dup(self->vm.dev)) >= 0)
		n++;
	ASSERT_LT(0, n);
	EXPECT_EQ(-EMFILE, vmm_create_partition(self->vm.dev, VMM_FLAGS));
	EXPECT_EQ(-EMFILE, vmm_create_vp(self->vm.pt, 1));
	/* nothing is left of what failed */
	close(fds[--n]);
	EXPECT_TRUE(vmm_count_settles("partitions", 1));
	EXPECT_TRUE(vmm_count_settles("vps", 1));
	fd = vmm_create_vp(self->vm.pt, 1);
	EXPECT_LE(0, fd);
	close(fd);
	EXPECT_EQ(2, vmm_count("vps"));
}

/* ---- the end ---- */

TEST_F(abi, dup_keeps_the_partition)
{
	int pt = dup(self->vm.pt), vp = dup(self->vm.vp[0].fd);
	union hv_register_value val;

	close(self->vm.pt);
	close(self->vm.vp[0].fd);
	self->vm.pt = pt;
	self->vm.vp[0].fd = vp;
	EXPECT_EQ(1, vmm_count("partitions"));
	EXPECT_EQ(0, vmm_get_register(vp, 0, HV_X64_REGISTER_RIP, &val));
	EXPECT_EQ(-EEXIST, vmm_create_vp(pt, 0));
}

TEST_F(abi, close_in_every_order)
{
	static const unsigned char order[6][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	union hv_register_value val;
	unsigned int i, j, open;

	vmm_teardown(&self->vm);
	EXPECT_TRUE(vmm_count_settles("pages", 0));
	for (i = 0; i < ARRAY_SIZE(order); i++) {
		vmm_setup(&self->vm, 1);
		vmm_write(&self->vm, VMM_CODE, "\xe6\xe0", 2);
		vmm_real_mode(&self->vm.vp[0], VMM_CODE);
		vmm_run_out(&self->vm.vp[0], GUEST_PORT);
		open = 7;
		for (j = 0; j < 3; j++) {
			int *fds[] = { &self->vm.dev, &self->vm.pt, &self->vm.vp[0].fd };

			close(*fds[order[i][j]]);
			*fds[order[i][j]] = -1;
			open &= ~(1 << order[i][j]);
			/* the partition is there while its descriptor or a VP's is */
			EXPECT_EQ(open & 6 ? 1 : 0, vmm_count("partitions"));
			EXPECT_EQ(open & 6 ? 1 : 0, vmm_count("vps"));
			if (open & 4) {
				EXPECT_EQ(0, vmm_get_register(self->vm.vp[0].fd, 0,
							      HV_X64_REGISTER_RIP, &val));
			}
		}
		EXPECT_EQ(0, vmm_count("pages"));
		vmm_teardown(&self->vm);
	}
}

TEST_F(abi, a_mapping_keeps_the_partition)
{
	struct hv_vp_register_page *page;

	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, self->vm.vp[0].fd, 0);
	ASSERT_NE(MAP_FAILED, page);
	vmm_teardown(&self->vm);
	EXPECT_EQ(1, vmm_count("partitions"));
	EXPECT_EQ(HV_REGISTER_PAGE_VERSION_1, page->version);
	munmap(page, PAGE);
	EXPECT_TRUE(vmm_count_settles("partitions", 0));
	EXPECT_TRUE(vmm_count_settles("vps", 0));
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

/* what runs this test can run guests, and tlfsctl says so of every vendor */
TEST(tlfsctl_check)
{
	const char *ctl = getenv("TLFSCTL");
	char cmd[256];

	snprintf(cmd, sizeof(cmd), "%s check", ctl ? ctl : "tlfsctl");
	EXPECT_EQ(0, system(cmd));
}

TEST_HARNESS_MAIN
