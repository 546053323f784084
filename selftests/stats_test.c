// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats_test.c - statistics pages as the root maps them (TLFS 21)
 *
 * What a VP counts is in guest/stats.c.
 */
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest_code.h"
#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define SLOTS	8
#define HUGE	(2UL << 20)
#define HOLE	0x80000000ULL
#define N	25

/* the n-th counter of the second group of a VP's page */
#define V(n)	(HV_VP_STATS_RELEASE_SPECIFIC + (n))

FIXTURE(stats) {
	struct vmm vm;
	struct vmm_vp *vp;
	u8 *window;
};

FIXTURE_SETUP(stats)
{
	vmm_setup(&self->vm, 2);
	self->vp = &self->vm.vp[0];
	self->window = mmap(NULL, SLOTS * PAGE, PROT_READ, MAP_SHARED, self->vm.dev, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->window);
}

FIXTURE_TEARDOWN(stats)
{
	munmap(self->window, SLOTS * PAGE);
	vmm_teardown(&self->vm);
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

static int stats_map(int fd, u32 type, u64 first, u64 second, const void *at)
{
	struct hv_input_map_stats_page in = {
		.stats_type = type, .object_identity = { first, second },
		.target_gpa_page = (u64)at / PAGE,
	};

	return vmm_call(fd, HVCALL_MAP_STATS_PAGE, &in, sizeof(in), NULL, 0);
}

static int stats_unmap(int fd, u32 type, u64 first, u64 second)
{
	struct hv_input_unmap_stats_page in = {
		.stats_type = type, .object_identity = { first, second },
	};

	return vmm_call(fd, HVCALL_UNMAP_STATS_PAGE, &in, sizeof(in), NULL, 0);
}

static sigjmp_buf escape;

static void on_signal(int sig)
{
	siglongjmp(escape, sig);
}

/* 0, or the signal a read there is answered with */
static int read_signal(const volatile void *p)
{
	struct sigaction action = { .sa_handler = on_signal }, old[2];
	volatile int sig;

	sigaction(SIGBUS, &action, &old[0]);
	sigaction(SIGSEGV, &action, &old[1]);
	sig = sigsetjmp(escape, 1);
	if (!sig)
		*(const volatile u8 *)p;
	sigaction(SIGBUS, &old[0], NULL);
	sigaction(SIGSEGV, &old[1], NULL);
	return sig;
}

static bool grows(const u64 *p, u64 was)
{
	return vmm_wait_change(p, was) && LOAD(p) > was;
}

#define HYPERVISOR	HV_STATS_OBJECT_HYPERVISOR, 0, 0
#define LP(n)		HV_STATS_OBJECT_LOGICAL_PROCESSOR, (n), 0
#define PARTITION	HV_STATS_OBJECT_PARTITION, HV_PARTITION_ID_SELF, 0
#define VP(n)		HV_STATS_OBJECT_VP, HV_PARTITION_ID_SELF, (n)

/* ---- windows ---- */

TEST_F(stats, window)
{
	int dev = self->vm.dev;
	void *p;

	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, dev, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, dev, 0));
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, dev, PAGE));
	EXPECT_EQ(-1, mprotect(self->window, PAGE, PROT_READ | PROT_WRITE));
	/* goes as a whole, and stays where it is */
	EXPECT_EQ(-1, munmap(self->window, PAGE));
	p = mremap(self->window, SLOTS * PAGE, SLOTS * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		   self->window + (1 << 24));
	EXPECT_EQ(MAP_FAILED, p);
	EXPECT_EQ(SIGBUS, read_signal(self->window));
	ASSERT_EQ(0, stats_map(dev, HYPERVISOR, self->window));
	EXPECT_EQ(0, read_signal(self->window));
	EXPECT_EQ(SIGBUS, read_signal(self->window + PAGE));
	/* a child does not inherit it */
	if (!fork())
		_exit(read_signal(self->window) != SIGSEGV);
	wait(&dev);
	EXPECT_EQ(0, dev);
}

/* ---- the calls ---- */

TEST_F(stats, map_unmap)
{
	const u64 *page = (const u64 *)self->window;
	int dev = self->vm.dev, pt = self->vm.pt;

	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, stats_unmap(dev, HYPERVISOR));
	ASSERT_EQ(0, stats_map(dev, HYPERVISOR, self->window));
	EXPECT_NE(0, LOAD(&page[HV_HYPERVISOR_STAT_LOGICAL_PROCESSORS]));
	/* once, whatever the place; and a place has room for one */
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, stats_map(dev, HYPERVISOR, self->window + PAGE));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, stats_map(dev, LP(0), self->window));
	EXPECT_EQ(0, stats_unmap(dev, HYPERVISOR));
	EXPECT_EQ(SIGBUS, read_signal(self->window));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, stats_unmap(dev, HYPERVISOR));

	EXPECT_EQ(0, stats_map(dev, LP(0), self->window));
	EXPECT_EQ(0, stats_map(pt, PARTITION, self->window + PAGE));
	EXPECT_EQ(0, stats_map(pt, VP(0), self->window + 2 * PAGE));
	EXPECT_EQ(0, stats_map(pt, VP(1), self->window + 3 * PAGE));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, stats_map(pt, VP(1), self->window + 4 * PAGE));
	EXPECT_EQ(0, stats_unmap(dev, LP(0)));
	EXPECT_EQ(0, stats_unmap(pt, PARTITION));
	EXPECT_EQ(0, stats_unmap(pt, VP(0)));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, stats_unmap(pt, VP(0)));
	PROVES("HC-006C HC-006D HC-006C/OPERATION_DENIED HC-006D/OPERATION_DENIED B-21-001 "
	       "B-21-010 "
	       "B-21-012");
}

TEST_F(stats, refused)
{
	int dev = self->vm.dev, pt = self->vm.pt;
	u8 *at = self->window, *elsewhere = vmm_alloc(PAGE);
	int bare;

	/* reserved fields and objects there are none of */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  stats_map(dev, HV_STATS_OBJECT_HYPERVISOR, 1, 0, at));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  stats_map(dev, HV_STATS_OBJECT_HYPERVISOR, 0, 1, at));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, stats_map(dev, LP(1ULL << 32), at));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  stats_map(dev, HV_STATS_OBJECT_LOGICAL_PROCESSOR, 0, 1, at));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, stats_map(dev, LP(100000), at));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, stats_map(pt, VP(1ULL << 48), at));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, stats_map(pt, VP(2ULL << 32), at));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  stats_map(pt, HV_STATS_OBJECT_PARTITION, HV_PARTITION_ID_SELF, 1, at));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, stats_map(dev, 3, 0, 0, at));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  stats_unmap(dev, HV_STATS_OBJECT_HYPERVISOR, 1, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, stats_unmap(dev, LP(100000)));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, stats_unmap(pt, VP(1ULL << 48)));
	/* not where hypervisor pages may be seen */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, stats_map(dev, HYPERVISOR, elsewhere));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, stats_map(dev, HYPERVISOR, at + SLOTS * PAGE));

	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, stats_map(pt, VP(2), at));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, stats_map(pt, VP(0xffffffff), at));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, stats_unmap(pt, VP(2)));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  stats_map(dev, HV_STATS_OBJECT_PARTITION, 0x7fffffff, 0, at));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  stats_map(dev, HV_STATS_OBJECT_VP, 0x7fffffff, 0, at));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  stats_unmap(dev, HV_STATS_OBJECT_PARTITION, 0x7fffffff, 0));

	bare = vmm_create_partition(dev, VMM_FLAGS);
	ASSERT_LE(0, bare);
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, stats_map(bare, PARTITION, at));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, stats_unmap(bare, PARTITION));
	close(bare);
	PROVES("B-6-009");
	PROVES("HC-006C/INVALID_PARAMETER HC-006C/INVALID_VP_INDEX HC-006C/INVALID_PARTITION_ID "
	       "HC-006C/INVALID_PARTITION_STATE HC-006D/INVALID_PARAMETER HC-006D/INVALID_VP_INDEX "
	       "HC-006D/INVALID_PARTITION_ID HC-006D/INVALID_PARTITION_STATE B-21-008");
}

/* the object goes while its page is mapped */
TEST_F(stats, lifetime)
{
	struct vmm other;

	vmm_setup(&other, 1);
	ASSERT_EQ(0, stats_map(other.pt, PARTITION, self->window));
	ASSERT_EQ(0, stats_map(other.pt, VP(0), self->window + PAGE));
	EXPECT_EQ(0, read_signal(self->window));
	EXPECT_EQ(0, read_signal(self->window + PAGE));
	vmm_teardown(&other);
	/* the last reference may go a little later */
	for (u64 end = vmm_now_ms() + VMM_LONG; vmm_now_ms() < end; vmm_sleep_ms(1))
		if (read_signal(self->window) && read_signal(self->window + PAGE))
			break;
	EXPECT_EQ(SIGBUS, read_signal(self->window));
	EXPECT_EQ(SIGBUS, read_signal(self->window + PAGE));
	PROVES("B-21-002");
}

/* ---- the hypervisor as a whole ---- */

static void header(struct __test_metadata *_metadata, const u64 *word, u16 type, u16 counters)
{
	const struct hv_statistics_group_header *h = (const void *)word;

	EXPECT_EQ(type, h->type);
	EXPECT_EQ(counters * 8, h->length);
	EXPECT_EQ(type ? HV_STATISTICS_VERSION : 0, h->version);
}

TEST_F(stats, hypervisor)
{
	const u64 *page = (const u64 *)self->window;
	u64 partitions, vps, pages;
	struct vmm other;

	ASSERT_EQ(0, stats_map(self->vm.dev, HYPERVISOR, self->window));
	header(_metadata, &page[0], HV_STATISTICS_TYPE_ARCHITECTED, 5);
	header(_metadata, &page[HV_HYPERVISOR_STATS_END], HV_STATISTICS_TYPE_END_OF_LIST, 0);
	EXPECT_EQ(sysconf(_SC_NPROCESSORS_CONF),
		  LOAD(&page[HV_HYPERVISOR_STAT_LOGICAL_PROCESSORS]));
	/* without the pages of the call itself */
	vmm_sleep_ms(300);
	partitions = LOAD(&page[HV_HYPERVISOR_STAT_PARTITIONS]);
	vps = LOAD(&page[HV_HYPERVISOR_STAT_VIRTUAL_PROCESSORS]);
	pages = LOAD(&page[HV_HYPERVISOR_STAT_TOTAL_PAGES]);
	/* the root and ours */
	EXPECT_EQ(2, partitions);
	EXPECT_EQ(2, vps);
	EXPECT_LT(vmm_count("pages"), pages);
	vmm_setup(&other, 3);
	EXPECT_TRUE(vmm_wait_u64(&page[HV_HYPERVISOR_STAT_PARTITIONS], 3));
	EXPECT_TRUE(vmm_wait_u64(&page[HV_HYPERVISOR_STAT_VIRTUAL_PROCESSORS], 5));
	EXPECT_LT(pages, LOAD(&page[HV_HYPERVISOR_STAT_TOTAL_PAGES]));
	vmm_teardown(&other);
	EXPECT_TRUE(vmm_wait_u64(&page[HV_HYPERVISOR_STAT_PARTITIONS], 2));
	EXPECT_TRUE(vmm_wait_u64(&page[HV_HYPERVISOR_STAT_VIRTUAL_PROCESSORS], 2));
	EXPECT_TRUE(vmm_wait_u64(&page[HV_HYPERVISOR_STAT_TOTAL_PAGES], pages));
	PROVES("STAT-Hypervisor-architected-1 STAT-Hypervisor-architected-2 "
	       "STAT-Hypervisor-architected-3 STAT-Hypervisor-architected-4 B-6-008 B-21-004 B-21-005 "
	       "B-21-006 STAT-any-terminator-0");
}

/* ---- logical processors ---- */

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		vmm_die("sched_setaffinity to %d", cpu);
}

GUEST_CODE(count_up, "64",
	   "1:	incq	0x20000\n\t"
	   "jmp	1b");

GUEST_CODE(out_for_ever, "64",
	   "1:	outl	%eax, $0xe0\n\t"
	   "jmp	1b");

TEST_F(stats, logical_processor)
{
	const u64 *page = (const u64 *)self->window;
	u64 was[HV_LP_STATS_END], start = vmm_now_ms(), ms;
	struct hv_message msg;
	unsigned int i;

	pin(0);
	ASSERT_EQ(0, stats_map(self->vm.dev, LP(0), self->window));
	header(_metadata, &page[0], HV_STATISTICS_TYPE_ARCHITECTED, 18);
	header(_metadata, &page[HV_LP_STATS_RELEASE_SPECIFIC], HV_STATISTICS_TYPE_RELEASE_SPECIFIC,
	       0);
	header(_metadata, &page[HV_LP_STATS_END], HV_STATISTICS_TYPE_END_OF_LIST, 0);
	for (i = 0; i < HV_LP_STATS_END; i++)
		was[i] = LOAD(&page[i]);

	/* idle for a while, busy for a while */
	vmm_sleep_ms(300);
	vmm_start64(self->vp, &count_up);
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &msg, 300));
	EXPECT_TRUE(grows(&page[HV_LP_STAT_GLOBAL_TIME], LOAD(&page[HV_LP_STAT_GLOBAL_TIME])));
	ms = vmm_now_ms() - start;
#define GREW(tag)	(LOAD(&page[HV_LP_STAT_##tag]) - was[HV_LP_STAT_##tag])
	EXPECT_GE(ms * 10000 + 2000000, GREW(GLOBAL_TIME));
	EXPECT_LE(500 * 10000, GREW(GLOBAL_TIME));
	EXPECT_LE(200 * 10000, GREW(TOTAL_RUN_TIME));
	EXPECT_LT(GREW(TOTAL_RUN_TIME), GREW(GLOBAL_TIME));
	EXPECT_LT(0, GREW(TIMER_INTERRUPTS));
	/* this very window's VP was not the one before */
	EXPECT_LE(1, GREW(CONTEXT_SWITCHES));
	EXPECT_LT(0, GREW(CONTEXT_SWITCH_TIME));
	EXPECT_LT(0, GREW(HALTS));
	EXPECT_EQ(GREW(HALTS), GREW(C1_TRANSITIONS) + GREW(C2_TRANSITIONS) + GREW(C3_TRANSITIONS));
	EXPECT_LE(100 * 10000, GREW(C1_TIME) + GREW(C2_TIME) + GREW(C3_TIME));
	EXPECT_GE(ms * 10000, GREW(C1_TIME) + GREW(C2_TIME) + GREW(C3_TIME));

	/* exits: time in the hypervisor, and the shortest way there and back */
	vmm_start64(self->vp, &out_for_ever);
	for (i = 0; i < 4 * 32; i++)
		vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_LT(0, GREW(HYPERVISOR_RUN_TIME));
	EXPECT_LT(GREW(HYPERVISOR_RUN_TIME), GREW(TOTAL_RUN_TIME) + 10000000);
	EXPECT_LT(0, LOAD(&page[HV_LP_STAT_MONITOR_TRANSITION_COST]));
	EXPECT_GT(1000000, LOAD(&page[HV_LP_STAT_MONITOR_TRANSITION_COST]));

	/* two VPs in turn */
	was[HV_LP_STAT_CONTEXT_SWITCHES] = LOAD(&page[HV_LP_STAT_CONTEXT_SWITCHES]);
	vmm_start64(&self->vm.vp[1], &out_for_ever);
	for (i = 0; i < N; i++) {
		vmm_run_out(&self->vm.vp[1], GUEST_PORT);
		vmm_run_out(self->vp, GUEST_PORT);
	}
	EXPECT_EQ(2 * N, GREW(CONTEXT_SWITCHES));
	PROVES("STAT-LogicalProcessor-architected-1 STAT-LogicalProcessor-architected-2 "
	       "STAT-LogicalProcessor-architected-3 STAT-LogicalProcessor-architected-5 "
	       "STAT-LogicalProcessor-architected-8 STAT-LogicalProcessor-architected-10 "
	       "STAT-LogicalProcessor-architected-11 STAT-LogicalProcessor-architected-12 "
	       "STAT-LogicalProcessor-architected-13 STAT-LogicalProcessor-architected-14 "
	       "STAT-LogicalProcessor-architected-15 STAT-LogicalProcessor-architected-16 "
	       "STAT-LogicalProcessor-architected-17 STAT-LogicalProcessor-architected-18 "
	       "STAT-LogicalProcessor-release-specific-");
}

/* with two processors: interrupts between them */
TEST_F(stats, interrupts_between)
{
	const u64 *page0 = (const u64 *)self->window, *page1 = page0 + PAGE / 8;
	struct vmm_thread t = {};
	unsigned int i;
	u64 sent, got;
	int lps = sysconf(_SC_NPROCESSORS_ONLN);

	ASSERT_EQ(0, stats_map(self->vm.dev, LP(0), self->window));
	/* the disk and the serial line interrupt somebody */
	EXPECT_LT(0, LOAD(&page0[HV_LP_STAT_HARDWARE_INTERRUPTS]));
	PROVES("STAT-LogicalProcessor-architected-4");
	if (lps < 2)
		SKIP(return, "one processor");
	ASSERT_EQ(0, stats_map(self->vm.dev, LP(1), self->window + PAGE));
	vmm_start64(self->vp, &count_up);
	pin(1);
	vmm_thread_start(&t, self->vp);
	pin(0);
	ASSERT_TRUE(vmm_wait_change((u64 *)(self->vm.ram + VMM_DATA), 0));
	sent = LOAD(&page0[HV_LP_STAT_IPIS_SENT]);
	got = LOAD(&page1[HV_LP_STAT_SCHEDULER_INTERRUPTS]) + LOAD(&page1[HV_LP_STAT_IPIS]);
	for (i = 0; i < N; i++)
		vmm_assert(&self->vm, 4, 0, 2);
	EXPECT_LT(sent, LOAD(&page0[HV_LP_STAT_IPIS_SENT]));
	for (u64 end = vmm_now_ms() + VMM_LONG; vmm_now_ms() < end; vmm_sleep_ms(1))
		if (LOAD(&page1[HV_LP_STAT_SCHEDULER_INTERRUPTS]) + LOAD(&page1[HV_LP_STAT_IPIS]) >
		    got)
			break;
	EXPECT_LT(got, LOAD(&page1[HV_LP_STAT_SCHEDULER_INTERRUPTS]) +
		  LOAD(&page1[HV_LP_STAT_IPIS]));
	vmm_thread_stop(&t);
	PROVES("STAT-LogicalProcessor-architected-6 STAT-LogicalProcessor-architected-7 "
	       "STAT-LogicalProcessor-architected-9");
}

/* ---- a VP, as its parent sees it ---- */

TEST_F(stats, messages)
{
	const u64 *page = (const u64 *)self->window;
	struct hv_message msg;
	unsigned int i;

	GUEST_CODE(touch, "64",
		   "mov	$0x80000000, %rbx\n\t"
		   "1:	mov	(%rbx), %rax\n\t"
		   "outl	%eax, $0xe0\n\t"
		   "cpuid\n\t"
		   "mov	$0x80000000, %rbx\n\t"
		   "jmp	1b");

	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_EXECUTE,
					   HV_INTERCEPT_TYPE_X64_GLOBAL_CPUID, 0));
	ASSERT_EQ(0, stats_map(self->vm.pt, VP(0), self->window));
	vmm_start64(self->vp, &touch);
	for (i = 0; i < N; i++) {
		vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &msg);
		vmm_set_reg(self->vp, HV_X64_REGISTER_RIP,
			    vmm_reg(self->vp, HV_X64_REGISTER_RIP) + 3);
		vmm_run_out(self->vp, GUEST_PORT);
		vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &msg);
		vmm_skip(self->vp, &msg);
		EXPECT_EQ(i + 1, LOAD(&page[V(35)]));
		EXPECT_EQ(i + 1, LOAD(&page[V(34)]));
		EXPECT_EQ(i + 1, LOAD(&page[V(37)]));
		EXPECT_EQ(i + 1, LOAD(&page[V(7)]));
		EXPECT_EQ(i + 1, LOAD(&page[V(13)]));
	}
	PROVES("STAT-VirtualProcessor-release-specific-34 "
	       "STAT-VirtualProcessor-release-specific-35 "
	       "STAT-VirtualProcessor-release-specific-37");
}

TEST_F(stats, migrations)
{
	const u64 *page = (const u64 *)self->window;
	unsigned int i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "one processor");
	ASSERT_EQ(0, stats_map(self->vm.pt, VP(0), self->window));
	vmm_start64(self->vp, &out_for_ever);
	pin(0);
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_EQ(0, LOAD(&page[V(39)]));
	for (i = 0; i < N; i++) {
		pin(!(i & 1));
		vmm_run_out(self->vp, GUEST_PORT);
		vmm_run_out(self->vp, GUEST_PORT);
	}
	EXPECT_EQ(N, LOAD(&page[V(39)]));
	PROVES("STAT-VirtualProcessor-release-specific-39");
}

/* how much of the range is in large pages now */
static u64 huge_bytes(const void *at, u64 size)
{
	u64 first, last, total = 0, kb;
	bool inside = false;
	char line[256];
	FILE *f = fopen("/proc/self/smaps", "r");

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &first, &last) == 2)
			inside = first < (u64)at + size && last > (u64)at;
		else if (inside && sscanf(line, "AnonHugePages: %llu", &kb) == 1)
			total += kb << 10;
	}
	fclose(f);
	return total;
}

static void stats_walk(struct vmm_vp *vp, u64 gpa, u64 pages)
{
	vmm_set_reg(vp, HV_X64_REGISTER_RBX, gpa);
	vmm_set_reg(vp, HV_X64_REGISTER_RCX, pages);
	vmm_run_out(vp, GUEST_PORT);
}

/* memory in large pages fills the TLB with large pages, other memory with small ones */
TEST_F(stats, fills)
{
	const u64 *page = (const u64 *)self->window;
	u8 *raw = vmm_alloc(4 * HUGE), *first = (u8 *)(((u64)raw + HUGE - 1) & ~(HUGE - 1));
	u8 *second = first + HUGE;
	u64 large, small;

	GUEST_CODE(walk, "64",
		   "1:	mov	(%rbx), %rax\n\t"
		   "add	$0x1000, %rbx\n\t"
		   "dec	%rcx\n\t"
		   "jnz	1b\n\t"
		   "outl	%eax, $0xe0\n\t"
		   "jmp	1b");

	/* untouched till now: each gets what is asked for here */
	madvise(first, HUGE, MADV_NOHUGEPAGE);
	madvise(second, HUGE, MADV_HUGEPAGE);
	memset(first, 1, HUGE);
	memset(second, 1, HUGE);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, HOLE, first, 2 * HUGE, VMM_RW));
	ASSERT_EQ(0, stats_map(self->vm.pt, VP(0), self->window));
	vmm_start64(self->vp, &walk);

	/* the code's own pages, of whatever size, are in from here on */
	stats_walk(self->vp, HOLE, 1);
	small = LOAD(&page[V(31)]);
	large = LOAD(&page[V(30)]);
	stats_walk(self->vp, HOLE + PAGE, HUGE / PAGE - 1);
	/* a fill may bring in neighbours */
	EXPECT_LE(HUGE / PAGE / 64, LOAD(&page[V(31)]) - small);
	EXPECT_GE(HUGE / PAGE, LOAD(&page[V(31)]) - small);
	EXPECT_EQ(large, LOAD(&page[V(30)]));
	PROVES("STAT-VirtualProcessor-release-specific-31");

	if (huge_bytes(second, HUGE) != HUGE)
		SKIP(return, "the host has no large page free");
	small = LOAD(&page[V(31)]);
	stats_walk(self->vp, HOLE + HUGE, HUGE / PAGE);
	EXPECT_EQ(1, LOAD(&page[V(30)]) - large);
	EXPECT_EQ(small, LOAD(&page[V(31)]));
	PROVES("STAT-VirtualProcessor-release-specific-30");
}

/* ---- a partition ---- */

TEST_F(stats, partition)
{
	const u64 *page = (const u64 *)self->window;
	u64 pages, changes;
	int vp;

	ASSERT_EQ(0, stats_map(self->vm.pt, PARTITION, self->window));
	EXPECT_EQ(2, LOAD(&page[HV_PARTITION_STAT_VIRTUAL_PROCESSORS]));
	pages = LOAD(&page[HV_PARTITION_STAT_GPA_PAGES]);
	EXPECT_EQ(VMM_RAM / PAGE, pages);
	changes = LOAD(&page[HV_PARTITION_STAT_GPA_MODIFICATIONS]);
	vmm_add_memory(&self->vm, HOLE, 16 * PAGE, VMM_RW);
	EXPECT_TRUE(vmm_wait_u64(&page[HV_PARTITION_STAT_GPA_PAGES], pages + 16));
	EXPECT_LT(changes, LOAD(&page[HV_PARTITION_STAT_GPA_MODIFICATIONS]));
	vp = vmm_create_vp(self->vm.pt, 7);
	ASSERT_LE(0, vp);
	EXPECT_TRUE(vmm_wait_u64(&page[HV_PARTITION_STAT_VIRTUAL_PROCESSORS], 3));
	close(vp);
	PROVES("STAT-Partition-architected-1 STAT-Partition-release-specific-4 "
	       "STAT-Partition-release-specific-5");
}

/* a pool that is filled */
TEST_F(stats, deposited_pages)
{
	const u64 *page = (const u64 *)self->window;
	struct hv_input_create_partition_20 in = {};
	u8 *pool = vmm_alloc(8 * PAGE);
	u64 list[1 + 4], id;
	unsigned int i, k;
	u16 reps;

	ASSERT_EQ(0, vmm_call(self->vm.dev, HVCALL_CREATE_PARTITION, &in, sizeof(in), &id, 8));
	for (k = 0; k < 2; k++) {
		list[0] = id;
		for (i = 0; i < 4; i++)
			list[1 + i] = (u64)pool / PAGE + 4 * k + i;
		reps = 4;
		ASSERT_EQ(0, vmm_call_reps(self->vm.dev, HVCALL_DEPOSIT_MEMORY, &reps, list,
					   sizeof(list), NULL, 0));
		if (!k) {
			ASSERT_EQ(0, vmm_call(self->vm.dev, HVCALL_INITIALIZE_PARTITION, &id, 8,
					      NULL, 0));
			ASSERT_EQ(0, stats_map(self->vm.dev, HV_STATS_OBJECT_PARTITION, id, 0,
					       self->window));
		}
		EXPECT_TRUE(vmm_wait_u64(&page[HV_PARTITION_STAT_DEPOSITED_PAGES], 4 + 4 * k));
	}
	PROVES("STAT-Partition-release-specific-3");
}

/* calls by class, whatever becomes of them */
TEST_F(stats, hypercall_classes)
{
	const u64 *page = (const u64 *)self->window;
	static const u64 calls[] = {
		HVCALL_MAP_GPA_PAGES | 1ULL << 32, HVCALL_UNMAP_GPA_PAGES | 1ULL << 32,
		HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME,
	};
	unsigned int i;

	ASSERT_EQ(0, stats_map(self->vm.pt, VP(0), self->window));
	vmm_start64(self->vp, &hypercalls);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, calls[i]);
		EXPECT_NE(0, vmm_run_out(self->vp, GUEST_PORT));
		EXPECT_EQ(i < 2 ? i + 1 : 2, LOAD(&page[V(56)]));
		EXPECT_EQ(i < 2 ? 0 : 1, LOAD(&page[V(57)]));
		EXPECT_EQ(i + 1, LOAD(&page[V(1)]));
	}
	PROVES("STAT-VirtualProcessor-release-specific-56 "
	       "STAT-VirtualProcessor-release-specific-57");
}

/* the MSRs by which a guest places its own pages, as its parent has them: 10.2.2 */
GUEST_CODE(read_memory, "64",
	   "1:	mov	(%rbx), %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

TEST_F(stats, page_registers)
{
	static const u32 names[] = {
		HV_REGISTER_STATS_PARTITION_RETAIL, HV_REGISTER_STATS_PARTITION_INTERNAL,
		HV_REGISTER_STATS_VP_RETAIL, HV_REGISTER_STATS_VP_INTERNAL,
	};
	unsigned int i;
	u64 at;

	vmm_start64(self->vp, &read_memory);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		at = 0x40000 + i * PAGE;
		EXPECT_EQ(0x90020 + i, names[i]);
		EXPECT_EQ(0, vmm_reg(self->vp, names[i]) & 1);
		EXPECT_EQ(0, vmm_set_reg_status(self->vp, names[i], at | 1));
		EXPECT_EQ(at | 1, vmm_reg(self->vp, names[i]));
		/* there the guest finds it, in the place of its memory */
		memset(vmm_gpa(&self->vm, at), 0xa5, PAGE);
		vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, at);
		EXPECT_NE(0xa5a5a5a5, vmm_run_out(self->vp, GUEST_PORT));
		EXPECT_EQ(0, vmm_set_reg_status(self->vp, names[i], 0));
		EXPECT_EQ(0, vmm_reg(self->vp, names[i]));
		EXPECT_EQ(0xa5a5a5a5, vmm_run_out(self->vp, GUEST_PORT));
	}
	PROVES("REG-00090020 REG-00090021 REG-00090022 REG-00090023");
}

TEST_F(stats, tlfsctl)
{
	const char *ctl = getenv("TLFSCTL");
	char cmd[256], line[256];
	bool lps = false, halts = false;
	FILE *f;

	snprintf(cmd, sizeof(cmd), "%s stats", ctl ? ctl : "tlfsctl");
	f = popen(cmd, "r");
	ASSERT_NE(NULL, f);
	while (fgets(line, sizeof(line), f)) {
		lps |= strstr(line, "hypervisor") && strstr(line, "Logical Processors");
		halts |= strstr(line, "lp0") && strstr(line, "Processor Halts/sec");
	}
	EXPECT_EQ(0, pclose(f));
	EXPECT_TRUE(lps);
	EXPECT_TRUE(halts);
}

/* the root itself */
TEST_F(stats, root)
{
	const u64 *page = (const u64 *)self->window;

	ASSERT_EQ(0, stats_map(self->vm.dev, PARTITION, self->window));
	EXPECT_EQ(0, LOAD(&page[HV_PARTITION_STAT_GPA_PAGES]));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, stats_map(self->vm.dev, VP(0), self->window + PAGE));
	EXPECT_EQ(0, stats_unmap(self->vm.dev, PARTITION));
}

TEST_HARNESS_MAIN
