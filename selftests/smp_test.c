// SPDX-License-Identifier: GPL-2.0-only
/*
 * smp_test.c - VPs that run at once, on host processors that come and go
 *
 * Needs two host processors; on one every test is skipped.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "guest_code.h"
#include "harness.h"

#define PAGE		TLFS_PAGE_SIZE
#define VECTOR		0x61
#define CODE(i)		(VMM_CODE + (i) * 0x400)
#define HANDLER		(VMM_CODE + 0x800)
#define HVCALL_PAGE	0x30000
#define HVCALL_INPUT	0x31000
#define PAGE_TABLE	0x40000
#define FRAMES		0x50000	/* two pages */
#define WINDOW		0x40000000ULL	/* where the pages that change are seen */
#define MIGRATIONS	200
#define CYCLES		20
#define REMAPS		300

/* ---- guest code; RDI is the APIC where nothing else is said ---- */

/*
 * RBX: where this VP counts its interrupts, R14: those it has answered, ESI: the other's APIC ID.
 * The one with R13 zero begins; READY says that the other one's APIC is on.
 */
#define READY	(VMM_DATA + 0x300)
GUEST_CODE(ping_spinning, "64",
	   "movl	$0x1ff, 0xf0(%rdi)\n\t"
	   "mov	%r13, 0x20300\n\t"
	   "sti\n\t"
	   "test	%r13, %r13\n\t"
	   "jnz	3f\n\t"
	   "jmp	2f\n"
	   "1:	inc	%r14\n"
	   "2:	movl	%esi, 0x310(%rdi)\n\t"
	   "movl	$0x4061, 0x300(%rdi)\n"
	   "3:	cmp	%r14, (%rbx)\n\t"
	   "jle	3b\n\t"
	   "jmp	1b");
/* the interrupt may come between the comparison and the halt: IF is off until then */
GUEST_CODE(ping_halting, "64",
	   "movl	$0x1ff, 0xf0(%rdi)\n\t"
	   "mov	%r13, 0x20300\n\t"
	   "test	%r13, %r13\n\t"
	   "jnz	3f\n\t"
	   "jmp	2f\n"
	   "1:	inc	%r14\n"
	   "2:	movl	%esi, 0x310(%rdi)\n\t"
	   "movl	$0x4061, 0x300(%rdi)\n"
	   "3:	cli\n\t"
	   "cmp	%r14, (%rbx)\n\t"
	   "jg	1b\n\t"
	   "sti\n\t"
	   "hlt\n\t"
	   "jmp	3b");
GUEST_CODE(ping_handler, "64", "incq (%rbx)\n\t movl $0, 0xb0(%rdi)\n\t iretq");

/*
 * RBX: where it counts, R13: a value of its own, which it keeps in registers of all kinds and looks
 * after; the clock must not go back.  Writes to the port when something is wrong.
 */
GUEST_CODE(keep_state, "64",
	   "mov	%r13, %rax\n\t"
	   "mov	%r13, %rdx\n\t"
	   "shr	$32, %rdx\n\t"
	   "mov	$0xc0000102, %ecx\n\t"		/* KERNEL_GS_BASE */
	   "wrmsr\n\t"
	   "mov	$0xc0000082, %ecx\n\t"		/* LSTAR */
	   "wrmsr\n\t"
	   "mov	%r13, %cr2\n\t"
	   "mov	%r13, %dr1\n\t"
	   "movq	%r13, %xmm7\n\t"
	   "xor	%r15d, %r15d\n"
	   "1:	mov	$1, %r12d\n\t"
	   "mov	$0xc0000102, %ecx\n\t"
	   "rdmsr\n\t shl $32, %rdx\n\t or %rdx, %rax\n\t"
	   "cmp	%r13, %rax\n\t jne 9f\n\t"
	   "mov	$2, %r12d\n\t"
	   "mov	$0xc0000082, %ecx\n\t"
	   "rdmsr\n\t shl $32, %rdx\n\t or %rdx, %rax\n\t"
	   "cmp	%r13, %rax\n\t jne 9f\n\t"
	   "mov	$3, %r12d\n\t"
	   "mov	%cr2, %rax\n\t cmp %r13, %rax\n\t jne 9f\n\t"
	   "mov	$4, %r12d\n\t"
	   "mov	%dr1, %rax\n\t cmp %r13, %rax\n\t jne 9f\n\t"
	   "mov	$5, %r12d\n\t"
	   "movq	%xmm7, %rax\n\t cmp %r13, %rax\n\t jne 9f\n\t"
	   "mov	$6, %r12d\n\t"
	   "lfence\n\t rdtsc\n\t shl $32, %rdx\n\t or %rdx, %rax\n\t"
	   "cmp	%r15, %rax\n\t jb 9f\n\t"
	   "mov	%rax, %r15\n\t"
	   "incq	(%rbx)\n\t"
	   "jmp	1b\n"
	   "9:	mov	%r12d, %eax\n\t"
	   "outl	%eax, $0xe0");

/*
 * VMM_DATA is the number that the page at WINDOW has at least.  RBX: where it counts.  Writes to
 * the port when it sees an older page.
 */
GUEST_CODE(reader, "64",
	   "mov	$0x40000000, %edi\n"
	   "1:	mov	0x20000, %rax\n\t"
	   "mov	(%rdi), %rcx\n\t"
	   "cmp	%rax, %rcx\n\t"
	   "jb	2f\n\t"
	   "incq	(%rbx)\n\t"
	   "jmp	1b\n"
	   "2:	outl	%eax, $0xe0");

/*
 * Brings one page after the other to WINDOW, has the translations flushed on all VPs, and says the
 * number.  R13: the hypercall's control word, RBP: how often.  Writes to the port at the end, with
 * EAX 0 if all calls succeeded.
 */
GUEST_CODE(remapper, "64",
	   GUEST_HYPERCALL_PAGE
	   "xor	%r14d, %r14d\n"
	   "1:	inc	%r14\n\t"
	   "mov	%r14, %rsi\n\t"
	   "and	$1, %esi\n\t"
	   "shl	$12, %esi\n\t"
	   "add	$0x50000, %esi\n\t"
	   "mov	%r14, (%rsi)\n\t"
	   "or	$7, %esi\n\t"
	   "mov	%rsi, 0x40000\n\t"
	   "mov	%r13, %rcx\n\t"
	   "mov	$0x31000, %edx\n\t"
	   "xor	%r8d, %r8d\n\t"
	   "mov	$0x30000, %eax\n\t"
	   "call	*%rax\n\t"
	   "movzwl	%ax, %eax\n\t"
	   "test	%eax, %eax\n\t"
	   "jnz	2f\n\t"
	   "mov	%r14, 0x20000\n\t"
	   "cmp	%rbp, %r14\n\t"
	   "jb	1b\n"
	   "2:	outl	%eax, $0xe0");

/* RBP times: adds one to each of the 64 pages at WINDOW; counts in RBX */
GUEST_CODE(adder, "64",
	   "1:	mov	$0x40000000, %edi\n"
	   "2:	lock incq (%rdi)\n\t"
	   "add	$0x1000, %edi\n\t"
	   "cmp	$0x40040000, %edi\n\t"
	   "jb	2b\n\t"
	   "incq	(%rbx)\n\t"
	   "dec	%rbp\n\t"
	   "jnz	1b\n\t"
	   "outl	%eax, $0xe0");
#define ADDER_PAGES	64

/* ---- host processors ---- */

static bool one_processor(void)
{
	return sysconf(_SC_NPROCESSORS_CONF) < 2;
}

static bool set_online(int cpu, bool online)
{
	char path[64];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write(fd, online ? "1" : "0", 1) == 1;
	close(fd);
	return ok;
}

/* to one processor, or with -1 to none */
static void pin_task(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu != 1)
		CPU_SET(0, &set);
	if (cpu != 0)
		CPU_SET(1, &set);
	sched_setaffinity(tid, sizeof(set), &set);
}

static void pin(struct vmm_thread *t, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu != 1)
		CPU_SET(0, &set);
	if (cpu != 0)
		CPU_SET(1, &set);
	if (pthread_setaffinity_np(t->thread, sizeof(set), &set))
		vmm_die("a thread cannot be pinned to processor %d", cpu);
}

FIXTURE(smp) {
	struct vmm vm;
	struct vmm_thread t[2];
	u64 *count[2];
};

FIXTURE_SETUP(smp)
{
	unsigned int i;

	vmm_setup(&self->vm, 2);
	for (i = 0; i < 2; i++)
		self->count[i] = vmm_gpa(&self->vm, VMM_DATA + 0x100 * (i + 1));
}

FIXTURE_TEARDOWN(smp)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		vmm_thread_stop(&self->t[i]);
	vmm_teardown(&self->vm);
	set_online(1, true);
}

#define LEFT_GUEST(t)	LOAD(&(t)->done)

static void set_up(FIXTURE_DATA(smp) * self, unsigned int i, const struct guest_code *code)
{
	struct vmm_vp *vp = &self->vm.vp[i];

	vmm_load(&self->vm, CODE(i), code);
	vmm_long_mode(vp, CODE(i));
	vmm_set_reg(vp, HV_X64_REGISTER_RBX, VMM_DATA + 0x100 * (i + 1));
	vmm_set_reg(vp, HV_X64_REGISTER_RDI, 0xfee00000);
}

static void go(FIXTURE_DATA(smp) * self, unsigned int i, int cpu)
{
	vmm_thread_start(&self->t[i], &self->vm.vp[i]);
	pin(&self->t[i], cpu);
}

/* ---- interrupts between VPs ---- */

static bool start_ping(FIXTURE_DATA(smp) * self, const struct guest_code *code)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		set_up(self, i, code);
		vmm_set_reg(&self->vm.vp[i], HV_X64_REGISTER_RSI, (u64)!i << 24);
		vmm_set_reg(&self->vm.vp[i], HV_X64_REGISTER_R13, i);
	}
	vmm_load(&self->vm, HANDLER, &ping_handler);
	vmm_set_gate(&self->vm, VECTOR, HANDLER);

	go(self, 1, 1);
	if (!vmm_wait_u64(vmm_gpa(&self->vm, READY), 1))
		return false;
	go(self, 0, 0);
	return true;
}

/* wait until VP 0 got @n answers */
static bool answers(FIXTURE_DATA(smp) * self, u64 n)
{
	u64 end = vmm_now_ms() + VMM_LONG;

	while (LOAD(self->count[0]) < n) {
		if (vmm_now_ms() > end || LEFT_GUEST(&self->t[0]) || LEFT_GUEST(&self->t[1]))
			return false;
		vmm_sleep_ms(5);
	}
	return true;
}

static const struct {
	const char *name;
	int cpu[2];
	unsigned int rounds;
} placements[] = {
	{ "one processor each", { 0, 1 }, 500 },
	{ "the other one", { 1, 0 }, 500 },
	/* each waits for the other's time slice */
	{ "both on one", { 1, 1 }, 50 },
	{ "free", { -1, -1 }, 200 },
};

static void ping_everywhere(struct __test_metadata *_metadata, FIXTURE_DATA(smp) * self,
			    const struct guest_code *code)
{
	unsigned int i, j;

	ASSERT_TRUE(start_ping(self, code));
	for (i = 0; i < ARRAY_SIZE(placements); i++) {
		for (j = 0; j < 2; j++)
			pin(&self->t[j], placements[i].cpu[j]);
		ASSERT_TRUE(answers(self, LOAD(self->count[0]) + placements[i].rounds))
			TH_LOG("%s", placements[i].name);
	}
}

TEST_F(smp, interrupts_between_spinning_vps)
{
	if (one_processor())
		SKIP(return, "one host processor");
	ping_everywhere(_metadata, self, &ping_spinning);
	PROVES("B-13-005");
}

TEST_F(smp, interrupts_wake_halted_vps)
{
	if (one_processor())
		SKIP(return, "one host processor");
	ping_everywhere(_metadata, self, &ping_halting);
	PROVES("B-13-005");
}

/* the VPs change places while they interrupt each other */
TEST_F(smp, interrupts_during_migrations)
{
	unsigned int i;
	u64 was;

	if (one_processor())
		SKIP(return, "one host processor");
	ASSERT_TRUE(start_ping(self, &ping_halting));
	for (i = 0; i < MIGRATIONS; i++) {
		was = LOAD(self->count[0]);
		pin(&self->t[i & 1], random() & 1);
		ASSERT_TRUE(answers(self, was + 1))
			TH_LOG("migration %u", i);
	}
}

/* ---- state ---- */

TEST_F(smp, state_survives_migrations)
{
	unsigned int i, cpu = 0;
	u64 was[2];

	if (one_processor())
		SKIP(return, "one host processor");
	for (i = 0; i < 2; i++) {
		set_up(self, i, &keep_state);
		vmm_set_reg(&self->vm.vp[i], HV_X64_REGISTER_R13, 0x123456789000ULL + i);
		go(self, i, i);
	}
	for (i = 0; i < MIGRATIONS; i++) {
		was[0] = LOAD(self->count[0]);
		was[1] = LOAD(self->count[1]);
		/* one after the other, and on one processor every other time */
		if (i & 1)
			cpu = !cpu;
		pin(&self->t[i & 1], cpu);
		vmm_sleep_ms(2);
		ASSERT_FALSE(LEFT_GUEST(&self->t[0]) || LEFT_GUEST(&self->t[1])) {
			TH_LOG("migration %u: %#llx %#llx", i,
			       vmm_io_msg(&self->t[0].msg)->rax, vmm_io_msg(&self->t[1].msg)->rax);
		}
	}
	ASSERT_TRUE(vmm_wait_change(self->count[0], was[0]));
	ASSERT_TRUE(vmm_wait_change(self->count[1], was[1]));
}

/* ---- translations ---- */

static void flush_everywhere(struct __test_metadata *_metadata, FIXTURE_DATA(smp) * self,
			     u64 control)
{
	u64 *pd, *input;

	set_up(self, 0, &remapper);
	set_up(self, 1, &reader);
	vmm_set_reg(&self->vm.vp[0], HV_X64_REGISTER_R13, control);
	vmm_set_reg(&self->vm.vp[0], HV_X64_REGISTER_RBP, REMAPS);
	pd = vmm_gpa(&self->vm, VMM_TABLES + 0x3000);
	pd[0] = PAGE_TABLE | 7;
	*(u64 *)vmm_gpa(&self->vm, PAGE_TABLE) = FRAMES | 7;
	input = vmm_gpa(&self->vm, HVCALL_INPUT);
	input[1] = HV_FLUSH_ALL_PROCESSORS | HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES;
	input[3] = WINDOW;

	go(self, 1, 1);
	ASSERT_TRUE(vmm_wait_change(self->count[1], 0));
	go(self, 0, 0);
	ASSERT_TRUE(vmm_thread_wait(&self->t[0], VMM_LONG))
		TH_LOG("%llu remappings", *(u64 *)vmm_gpa(&self->vm, VMM_DATA));
	ASSERT_EQ(0, self->t[0].ret);
	EXPECT_EQ(0, vmm_io_msg(&self->t[0].msg)->rax);
	EXPECT_EQ(REMAPS, *(u64 *)vmm_gpa(&self->vm, VMM_DATA));
	EXPECT_FALSE(LEFT_GUEST(&self->t[1]))
		TH_LOG("an old page seen");
	/* they did run at once */
	EXPECT_GT(LOAD(self->count[1]), REMAPS);
}

TEST_F(smp, flush_of_a_space_reaches_a_running_vp)
{
	if (one_processor())
		SKIP(return, "one host processor");
	flush_everywhere(_metadata, self, HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE);
	PROVES("B-12-024");
}

TEST_F(smp, flush_of_a_list_reaches_a_running_vp)
{
	if (one_processor())
		SKIP(return, "one host processor");
	flush_everywhere(_metadata, self, HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | 1ULL << 32);
	PROVES("B-12-024");
}

/* the VMM changes what is behind guest memory: no VP sees the old page once that is done */
TEST_F(smp, unmapping_reaches_a_running_vp)
{
	u64 *epoch = vmm_gpa(&self->vm, VMM_DATA);
	u64 n, *frames;
	char *seen;
	int fd;

	if (one_processor())
		SKIP(return, "one host processor");
	fd = memfd_create("frames", MFD_CLOEXEC);
	ASSERT_EQ(0, ftruncate(fd, 2 * PAGE));
	frames = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ASSERT_TRUE(frames != MAP_FAILED && seen != MAP_FAILED);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, WINDOW, seen, PAGE, VMM_RW));

	set_up(self, 1, &reader);
	pin_task(0, 0);
	go(self, 1, 1);
	for (n = 1; n <= REMAPS; n++) {
		u64 was = LOAD(self->count[1]);

		STORE(&frames[(n & 1) * PAGE / 8], n);
		ASSERT_EQ(seen, mmap(seen, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
				     (n & 1) * PAGE));
		STORE(epoch, n);
		/* it has the new one in its TLB before this goes again */
		ASSERT_TRUE(vmm_wait_change(self->count[1], was + 1));
		ASSERT_FALSE(LEFT_GUEST(&self->t[1]))
			TH_LOG("an old page seen at %llu", n);
	}
	pin_task(0, -1);
	close(fd);
}

/* faults of two VPs and the VMM's invalidations, all at once */
TEST_F(smp, faults_and_invalidations_at_once)
{
	const u64 rounds = 2000;
	unsigned int i, zaps = 0;
	size_t size = ADDER_PAGES * PAGE;
	char *shared;

	if (one_processor())
		SKIP(return, "one host processor");
	shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, shared);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, WINDOW, shared, size, VMM_RW));
	for (i = 0; i < 2; i++) {
		set_up(self, i, &adder);
		vmm_set_reg(&self->vm.vp[i], HV_X64_REGISTER_RBP, rounds);
	}
	for (i = 0; i < 2; i++)
		go(self, i, i);
	/* the pages stay in the page cache, their mappings go */
	while (!LEFT_GUEST(&self->t[0]) || !LEFT_GUEST(&self->t[1])) {
		ASSERT_EQ(0, madvise(shared, size, MADV_DONTNEED));
		ASSERT_LT(zaps++, 100000);
		vmm_sleep_ms(1);
	}
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, self->t[i].ret);
	for (i = 0; i < ADDER_PAGES; i++)
		ASSERT_EQ(2 * rounds, *(u64 *)(shared + i * PAGE))
			TH_LOG("page %u", i);
	EXPECT_GT(zaps, 10);
	munmap(shared, size);
}

/* ---- stopping ---- */

static bool both_move(FIXTURE_DATA(smp) * self)
{
	return vmm_wait_change(self->count[0], LOAD(self->count[0])) &&
	       vmm_wait_change(self->count[1], LOAD(self->count[1]));
}

static bool stands(const u64 *count)
{
	u64 was = LOAD(count);

	vmm_sleep_ms(10);
	return LOAD(count) == was;
}

GUEST_CODE(counting, "64", "1: incq (%rbx)\n\t jmp 1b");

static void start_counting(FIXTURE_DATA(smp) * self)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		set_up(self, i, &counting);
		go(self, i, i);
	}
}

/* once the call is back nothing of the partition runs, on whichever processor */
TEST_F(smp, frozen_time_stops_running_vps)
{
	unsigned int i;

	if (one_processor())
		SKIP(return, "one host processor");
	start_counting(self);
	for (i = 0; i < CYCLES; i++) {
		ASSERT_TRUE(both_move(self));
		ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
		EXPECT_TRUE(stands(self->count[0]) && stands(self->count[1]));
		ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
	}
	EXPECT_TRUE(both_move(self));
}

static int suspend(struct vmm_vp *vp, bool on)
{
	union hv_register_value val = { .reg64 = on };

	return vmm_set_register(vp->vm->pt, vp->index, HV_REGISTER_EXPLICIT_SUSPEND, &val);
}

TEST_F(smp, suspending_stops_a_running_vp)
{
	unsigned int i;

	if (one_processor())
		SKIP(return, "one host processor");
	start_counting(self);
	for (i = 0; i < CYCLES; i++) {
		ASSERT_TRUE(both_move(self));
		ASSERT_EQ(0, suspend(&self->vm.vp[i & 1], true));
		EXPECT_TRUE(stands(self->count[i & 1]));
		EXPECT_TRUE(vmm_wait_change(self->count[!(i & 1)], LOAD(self->count[!(i & 1)])));
		ASSERT_EQ(0, suspend(&self->vm.vp[i & 1], false));
	}
	EXPECT_TRUE(both_move(self));
	PROVES("B-10-019");
}

/* ---- processors that come and go ---- */

/* the VP's thread is on the processor that goes; meanwhile the kernel stops all others */
TEST_F(smp, processor_goes_offline_under_a_vp)
{
	unsigned int i;

	if (one_processor())
		SKIP(return, "one host processor");
	ASSERT_TRUE(start_ping(self, &ping_halting));
	for (i = 0; i < CYCLES; i++) {
		pin(&self->t[1], 1);
		ASSERT_TRUE(answers(self, LOAD(self->count[0]) + 5));
		ASSERT_TRUE(set_online(1, false));
		ASSERT_TRUE(answers(self, LOAD(self->count[0]) + 5))
			TH_LOG("offline %u", i);
		ASSERT_TRUE(set_online(1, true));
	}
}

/* ---- stock guests ---- */

static const struct boot migrating = { 2, "256M", "load", "migrating.log" };
static const struct boot unplugged = { 2, "256M", "load", "unplugged.log" };

#define BOOT_SECONDS	250

FIXTURE(boot) {
	pid_t pid;
};

FIXTURE_SETUP(boot)
{
	self->pid = 0;
}

FIXTURE_TEARDOWN(boot)
{
	if (self->pid)
		kill(self->pid, SIGKILL);
	set_online(1, true);
}

/* -1 while it runs, its status afterwards */
static int ended(pid_t pid)
{
	int status;

	if (!waitpid(pid, &status, WNOHANG))
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

static bool worked(const struct boot *guest)
{
	return boot_saw(guest->log, "load done on 2 processors") &&
	       !boot_saw(guest->log, "Call Trace:");
}

/* the threads of @pid that run VPs; tlfsctl names them */
static unsigned int vp_threads(pid_t pid, pid_t *tids, unsigned int max)
{
	char path[300], name[32];
	unsigned int n = 0;
	struct dirent *d;
	DIR *dir;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && n < max && (d = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%d/task/%s/comm", pid, d->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fgets(name, sizeof(name), f) && !strncmp(name, "vp", 2))
			tids[n++] = atoi(d->d_name);
		fclose(f);
	}
	if (dir)
		closedir(dir);
	return n;
}

/* how often thread @tid of @pid has changed processors */
static unsigned int migrations_of(pid_t pid, pid_t tid)
{
	unsigned int n = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/sched", pid, tid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "se.nr_migrations : %u", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

TEST_F_TIMEOUT(boot, while_vps_migrate, BOOT_SECONDS)
{
	unsigned int i, n, sum, migrations = 0;
	pid_t tids[2];
	int status;

	if (one_processor())
		SKIP(return, "one host processor");
	if (!getenv("TLFS_INITRD"))
		SKIP(return, "no guest to boot");
	self->pid = boot_start(&migrating);
	while ((status = ended(self->pid)) < 0) {
		n = vp_threads(self->pid, tids, 2);
		for (i = 0, sum = 0; i < n; i++) {
			sum += migrations_of(self->pid, tids[i]);
			pin_task(tids[i], random() & 1);
		}
		if (sum > migrations)
			migrations = sum;
		vmm_sleep_ms(10);
	}
	self->pid = 0;
	TH_LOG("%u migrations", migrations);
	EXPECT_EQ(0, status);
	EXPECT_TRUE(worked(&migrating));
	EXPECT_GE(migrations, MIGRATIONS);
}

TEST_F_TIMEOUT(boot, while_a_processor_comes_and_goes, BOOT_SECONDS)
{
	unsigned int cycles = 0;
	int status = 0;

	if (one_processor())
		SKIP(return, "one host processor");
	if (!getenv("TLFS_INITRD"))
		SKIP(return, "no guest to boot");
	/* another one if the first is too fast */
	while (cycles < CYCLES && !status) {
		self->pid = boot_start(&unplugged);
		while ((status = ended(self->pid)) < 0) {
			vmm_sleep_ms(100);
			if (cycles >= CYCLES)
				continue;
			EXPECT_TRUE(set_online(1, false));
			vmm_sleep_ms(100);
			EXPECT_TRUE(set_online(1, true));
			cycles++;
		}
		self->pid = 0;
		EXPECT_EQ(0, status);
		EXPECT_TRUE(worked(&unplugged));
	}
	TH_LOG("%u times", cycles);
	EXPECT_GE(cycles, CYCLES);
}

TEST_HARNESS_MAIN
