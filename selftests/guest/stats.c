// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - a partition's own statistics (TLFS 21.3.3 and Appendix J)
 *
 * Interrupts stay off where counts have to be exact: the only exits then are our own, and those of
 * host interrupts, which have a counter to themselves.
 */
#include "sim.h"

void payload(void);

#define N		40
#define VECTOR		0x71
#define TIMER_VECTOR	0x72
#define SINT		2
#define MC_FAULT	(18 + 1)
#define CR4_PCE		0x100ULL

#define VP_ID(n)	"[STAT-VirtualProcessor-release-specific-%u]", n

static u64 under[4][512] __page_aligned;	/* what is under the statistics pages */
static volatile u64 *const stat = under[0];
static volatile u64 *const pt_stat = under[1];
static u64 block[512] __page_aligned;

static const u32 stats_msr[4] = {
	HV_X64_MSR_STATS_VP_RETAIL_PAGE, HV_X64_MSR_STATS_PARTITION_RETAIL_PAGE,
	HV_X64_MSR_STATS_VP_INTERNAL_PAGE, HV_X64_MSR_STATS_PARTITION_INTERNAL_PAGE,
};

#define V(n)	(HV_VP_STATS_RELEASE_SPECIFIC + (n))

static void header(volatile u64 *word, u16 type, u16 counters, const char *what)
{
	const struct hv_statistics_group_header *h = (const void *)word;

	check(h->type == type && h->length == counters * 8 && h->version ==
	      (counters ? HV_STATISTICS_VERSION : 0),
	      "%s: type %u, %u counters, V1.0 [B-21-005 B-21-006 B-21-007]", what, type, counters);
}

/* ---- the registers (21.3.3) ---- */

static void registers(void)
{
	static const char *const id[4] = { "E2", "E0", "E3", "E1" };
	u64 v, far, reserved = 0xaaa;
	u32 i, j, r[4];

	cpuid(0x80000008, 0, r);
	far = 1ULL << (r[0] & 0xff);
	for (i = 0; i < 4; i++) {
		u32 msr = stats_msr[i];

		for (j = 0; j < 512; j++)
			under[i][j] = 0x5a5a;
		check(!rdmsr_safe(msr, &v) && !v,
		      "MSR %x is zero at first [MSR-400000%s]", msr, id[i]);
		check(!wrmsr_safe(msr, (u64)under[i] | reserved) && rdmsr(msr) ==
		      ((u64)under[i] | reserved) && under[i][0] == 0x5a5a,
		      "not enabled it shows nothing, reserved bits stay [MSR-400000%s]", id[i]);
		check(!wrmsr_safe(msr, far | 1) && rdmsr(msr) == (far | 1),
		      "beyond the GPA space it is accepted [MSR-400000%s B-21-011]", id[i]);
		wrmsr(msr, (u64)under[i] | reserved | 1);
		check(under[i][0] != 0x5a5a,
		      "enabled the page is seen [MSR-400000%s B-21-013]", id[i]);
		check_eq(write_safe(&under[i][3], 1), MC_FAULT,
			 "a write to it is #MC [MSR-400000%s B-21-003 B-11-013]", id[i]);
		wrmsr(msr, 0);
		check(under[i][0] == 0x5a5a && under[i][511] == 0x5a5a,
		      "disabled, what was under it comes back [MSR-400000%s B-21-013]", id[i]);
		wrmsr(msr, (u64)under[i] | 1);
	}
}

static void format(void)
{
	header(&stat[0], HV_STATISTICS_TYPE_ARCHITECTED, 2, "VP, architected");
	header(&stat[HV_VP_STATS_RELEASE_SPECIFIC], HV_STATISTICS_TYPE_RELEASE_SPECIFIC, 63,
	       "VP, release specific");
	header(&stat[HV_VP_STATS_END], HV_STATISTICS_TYPE_END_OF_LIST, 0,
	       "VP, end [STAT-any-terminator-0]");
	header(&pt_stat[0], HV_STATISTICS_TYPE_ARCHITECTED, 1, "partition, architected");
	header(&pt_stat[HV_PARTITION_STATS_RELEASE_SPECIFIC], HV_STATISTICS_TYPE_RELEASE_SPECIFIC,
	       7, "partition, release specific");
	header(&pt_stat[HV_PARTITION_STATS_END], HV_STATISTICS_TYPE_END_OF_LIST, 0,
	       "partition, end [STAT-any-terminator-0]");
	check(!under[2][0] && !under[3][0], "internal pages have no counters [B-21-007]");
}

/* ---- counters ---- */

static void ev_cpuid(void)
{
	u32 r[4];

	cpuid(0x40000000, 0, r);
}

static void ev_msr(void)
{
	rdmsr(HV_X64_MSR_VP_INDEX);
}

static void ev_spin(void)
{
	hypercall(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, 100, 0);
}

static void flush(u16 code, u64 flags)
{
	block[0] = read_cr(3);
	block[1] = flags | HV_FLUSH_ALL_PROCESSORS;
	block[2] = 0;
	block[3] = (u64)block;
	hypercall(code | (code == HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST ? HV_REPS(1) : 0),
		  (u64)block, 0);
}

static void ev_flush_domain(void)
{
	flush(HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES);
}

static void ev_flush_space(void)
{
	flush(HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, 0);
}

static void ev_flush_range(void)
{
	flush(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST, HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES);
}

static void ev_flush_local(void)
{
	flush(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST, 0);
}

static void ev_switch(void)
{
	hypercall(HVCALL_SWITCH_VIRTUAL_ADDRESS_SPACE | HV_FAST, read_cr(3), 0);
}

static void ev_registers(void)
{
	block[0] = HV_PARTITION_ID_SELF;
	block[1] = HV_VP_INDEX_SELF;
	block[2] = HV_X64_REGISTER_RIP;
	hypercall(HVCALL_GET_VP_REGISTERS | HV_REPS(1), (u64)block, (u64)&block[256]);
}

static void ev_ipi_call(void)
{
	/* to no VP that exists */
	hypercall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI | HV_FAST, VECTOR, 1ULL << 63);
}

/* denied or not, it was made */
static void ev_synic_call(void)
{
	hypercall(HVCALL_SIGNAL_EVENT_DIRECT, (u64)block, (u64)&block[256]);
}

static void ev_unknown_call(void)
{
	hypercall(0x1ff, 0, 0);
}

static void ev_io(void)
{
	outb(0x80, 1);
}

/*
 * QEMU's VMRUN does not load the interrupt shadow: when its host is interrupted behind STI, the
 * IPI comes before HLT and not in it.  The timer ends that one, after 10 ms.
 */
static void ev_hlt(void)
{
	apic_write(0x3e0, 0xb);
	apic_write(0x320, VECTOR);
	apic_write(0x380, 2 * 1000 * 1000);
	apic_icr(0, ICR_SELF | VECTOR);
	hlt();
	apic_write(0x380, 0);
	apic_write(0x320, 1 << 16);
}

static void ev_mwait(void)
{
	u64 rax = 0, fault;

	asm volatile("xor %%esi, %%esi\n"
		     "1:	mwait\n"
		     "	jmp 3f\n"
		     "2:	mov %%rax, %%rsi\n"
		     "3:\n" EX_TABLE(1b, 2b)
		     : "+a" (rax), "=&S" (fault) : "c" (0) : "memory");
}

/* an access that cannot be left to the guest; VMX leaves it others, of PGE for one */
static void ev_cr(void)
{
	write_cr(4, read_cr(4) ^ CR4_PCE);
}

static void ev_dr(void)
{
	asm volatile("mov %0, %%dr0" : : "r" (0x1000ULL));
}

static void ev_other(void)
{
	u64 rax = 0, fault;

	/* MONITOR is nobody's: #UD by the hypervisor */
	asm volatile("xor %%esi, %%esi\n"
		     "1:	monitor\n"
		     "	jmp 3f\n"
		     "2:	mov %%rax, %%rsi\n"
		     "3:\n" EX_TABLE(1b, 2b)
		     : "+a" (rax), "=&S" (fault) : "c" (0), "d" (0) : "memory");
}

static void ev_apic_read(void)
{
	apic_read(APIC_SVR);
}

static void ev_eoi(void)
{
	apic_eoi();
}

static void ev_tpr(void)
{
	apic_write(APIC_TPR, 0);
}

static void ev_tpr_read(void)
{
	apic_read(APIC_TPR);
}

static void ev_self_ipi(void)
{
	apic_icr(0, ICR_SELF | VECTOR);
}

static void ev_ipi(void)
{
	/* to nobody */
	apic_icr(0x3f, VECTOR);
}

static void ev_interrupt(void)
{
	apic_icr(0, ICR_SELF | VECTOR);
	take_irqs();
}

static void ev_hole(void)
{
	/* nothing is mapped there: the VMM answers */
	*(volatile u32 *)0xf0000000ULL;
}

static void ev_timer(void)
{
	stimer_now(0, SINT);
	slot_wait(&SLOTS(0)[SINT], 0);
	slot_take(&SLOTS(0)[SINT]);
}

static void ev_invlpg(void)
{
	invlpg(block);
}

/* N of them count as N, no more and no fewer; cost: the next counter is the time it takes */
#define EVENT(text, func, nr, ...)	\
	{ .name = (text), .fn = (func), .counter = (nr), ##__VA_ARGS__ }

static const struct event {
	const char *name;
	void (*fn)(void);
	u8 counter;
	bool cost;
} events[] = {
	EVENT("CPUID", ev_cpuid, 13, .cost = true),
	EVENT("RDMSR", ev_msr, 15, .cost = true),
	EVENT("spin wait call is a hypercall", ev_spin, 1, .cost = true),
	EVENT("spin wait call", ev_spin, 58),
	EVENT("flush call", ev_flush_domain, 62),
	EVENT("flush of all spaces", ev_flush_domain, 42),
	EVENT("flush of one space", ev_flush_space, 43),
	EVENT("flush of a range in all spaces", ev_flush_range, 44),
	EVENT("flush of a range in one space", ev_flush_local, 45),
	EVENT("space switch", ev_switch, 41),
	EVENT("register call", ev_registers, 63),
	EVENT("IPI call", ev_ipi_call, 61),
	EVENT("SynIC call", ev_synic_call, 60),
	EVENT("unknown call", ev_unknown_call, 59),
	EVENT("OUT", ev_io, 7, .cost = true),
	EVENT("OUT goes to the VMM", ev_io, 34),
	EVENT("HLT", ev_hlt, 9, .cost = true),
	EVENT("MWAIT", ev_mwait, 11, .cost = true),
	EVENT("CR4 write", ev_cr, 5, .cost = true),
	EVENT("MONITOR", ev_other, 17, .cost = true),
	EVENT("read of a hole goes to the VMM", ev_hole, 35),
	EVENT("access to a hole", ev_hole, 27, .cost = true),
	EVENT("APIC page read", ev_apic_read, 33),
	EVENT("emulated APIC page read", ev_apic_read, 23, .cost = true),
	EVENT("EOI", ev_eoi, 36),
	EVENT("TPR write", ev_tpr, 50),
	EVENT("TPR read", ev_tpr_read, 50),
	EVENT("self IPI", ev_self_ipi, 55),
	EVENT("self IPI is an IPI", ev_self_ipi, 54),
	EVENT("IPI", ev_ipi, 54),
	EVENT("interrupt", ev_interrupt, 53),
	EVENT("interrupt that had to wait", ev_interrupt, 21, .cost = true),
	EVENT("synthetic timer's message", ev_timer, 52),
};

static void count(const struct event *e)
{
	u64 was = stat[V(e->counter)], now, cost;
	u32 i;

	for (i = 0; i < N; i++)
		e->fn();
	now = stat[V(e->counter)];
	if (now != was + N)
		printf("# %u events counted as %u\n", N, (u32)(now - was));
	check_open(now == was + N, "%s: counter %u ", e->name, e->counter);
	printf(VP_ID(e->counter));
	printf("\n");
	if (!e->cost)
		return;
	cost = stat[V(e->counter + 1)];
	check_open(cost > 0 && cost < 1000000000, "%s: it costs %u ns ", e->name, (u32)cost);
	printf(VP_ID(e->counter + 1));
	printf("\n");
}

static void ev_hit(struct trap_frame *frame)
{
	(void)frame;
	apic_eoi();
}

/* MOV DR: at the first access the processor gets the guest's registers, and then it owns them */
static void debug_registers(void)
{
	u64 was = stat[V(25)];

	ev_dr();
	check_open(stat[V(25)] > was, "debug register access: counter 25 ");
	printf(VP_ID(25));
	printf("\n");
	check_open(stat[V(26)] > 0, "debug register access: cost ");
	printf(VP_ID(26));
	printf("\n");
}

static void host_interrupts(void)
{
	u64 was = stat[V(19)], run = stat[HV_VP_STAT_TOTAL_RUN_TIME], end;
	u64 hyp = stat[HV_VP_STAT_HYPERVISOR_RUN_TIME], start = ref_time(), took;
	u32 i;

	/*
	 * A second at most: the host's clock ticks a hundred times in it.  Most of it is the
	 * guest's, and with interrupts on: some versions of Bochs keep the host's until the guest
	 * its own.
	 */
	end = start + 1000 * UNITS_MS;
	irq_enable();
	while (ref_time() < end && stat[V(19)] < was + 3)
		for (i = 0; i < 10000; i++)
			asm volatile("");
	irq_disable();
	check_open(stat[V(19)] >= was + 3, "external interrupts are counted ");
	printf(VP_ID(19));
	printf("\n");
	check_open(stat[V(20)] > 0, "and have a cost ");
	printf(VP_ID(20));
	printf("\n");
	took = ref_time() - start;
	run = stat[HV_VP_STAT_TOTAL_RUN_TIME] - run;
	hyp = stat[HV_VP_STAT_HYPERVISOR_RUN_TIME] - hyp;
	printf("# %u us: run %u us, in the hypervisor %u us\n", (u32)took / 10, (u32)run / 10,
	       (u32)hyp / 10);
	check(run > 0 && run <= took + 10 * UNITS_MS,
	      "run time grows with time [STAT-VirtualProcessor-architected-1]");
	check(hyp > 0 && hyp < run,
	      "time in the hypervisor is a part of it [STAT-VirtualProcessor-architected-2]");
}

static void page_faults(void)
{
	volatile u8 *fresh = (volatile u8 *)0x6000000;
	u64 fills = stat[V(30)] + stat[V(31)], faults = stat[V(27)];
	u32 i;

	for (i = 0; i < 256; i++)
		fresh[i * 4096];
	check_open(stat[V(30)] + stat[V(31)] > fills, "first accesses to memory fill the TLB ");
	printf(VP_ID(31));
	printf("\n");
	check_open(stat[V(27)] - faults >= stat[V(30)] + stat[V(31)] - fills,
		   "and are page fault intercepts ");
	printf(VP_ID(27));
	printf("\n");
}

/* what nested paging has no use for is not counted (21.1.4) */
static void retired(void)
{
	static const u8 zero[] = { 3, 4, 29, 32, 38, 40, 46, 47, 48, 49, 51 };
	u32 i;

	for (i = 0; i < N; i++)
		ev_invlpg();
	write_cr(3, read_cr(3));
	for (i = 0; i < ARRAY_SIZE(zero); i++) {
		check_open(!stat[V(zero[i])], "counter %u is not maintained ", zero[i]);
		printf(VP_ID(zero[i]));
		printf("\n");
	}
}

static void partition(void)
{
	u64 gpa_changes, flushes, end;
	u32 vps;

	vps = start_aps();
	end = ref_time() + WAIT_MS * UNITS_MS;
	while (pt_stat[1] != vps && ref_time() < end)
		cpu_relax();
	check_eq(pt_stat[1], vps, "virtual processors of the partition "
		 "[STAT-Partition-architected-1]");
	check_eq(pt_stat[HV_PARTITION_STAT_ADDRESS_SPACES], vps,
		 "address spaces [STAT-Partition-release-specific-2]");
	check(pt_stat[HV_PARTITION_STAT_VTLB_PAGES] > 3,
	      "pages of second-level tables [STAT-Partition-release-specific-1]");
	check(pt_stat[HV_PARTITION_STAT_GPA_PAGES] >= 0xf000 &&
	      pt_stat[HV_PARTITION_STAT_GPA_PAGES] <= 0x11000,
	      "pages of its 256 MiB [STAT-Partition-release-specific-4]");
	check(pt_stat[HV_PARTITION_STAT_RECOMMENDED_VTLB] >= 128 &&
	      pt_stat[HV_PARTITION_STAT_RECOMMENDED_VTLB] < 256,
	      "pages second-level tables need at most [STAT-Partition-release-specific-7]");
	gpa_changes = pt_stat[HV_PARTITION_STAT_GPA_MODIFICATIONS];
	flushes = pt_stat[HV_PARTITION_STAT_VTLB_FLUSHES];
	wrmsr(HV_X64_MSR_STATS_VP_INTERNAL_PAGE, 0);
	ev_flush_domain();
	end = ref_time() + WAIT_MS * UNITS_MS;
	while ((pt_stat[HV_PARTITION_STAT_GPA_MODIFICATIONS] == gpa_changes ||
		pt_stat[HV_PARTITION_STAT_VTLB_FLUSHES] == flushes) && ref_time() < end)
		cpu_relax();
	check(pt_stat[HV_PARTITION_STAT_GPA_MODIFICATIONS] > gpa_changes,
	      "a page laid elsewhere modifies the GPA space [STAT-Partition-release-specific-5]");
	check(pt_stat[HV_PARTITION_STAT_VTLB_FLUSHES] > flushes,
	      "flushes are counted [STAT-Partition-release-specific-6]");
}

/* ---- hypercalls: a guest that is nobody's parent ---- */

static u16 stats_call(u16 code, u32 type, u64 first, u64 second, void *at)
{
	block[0] = type;
	block[1] = first;
	block[2] = second;
	block[3] = (u64)at / PAGE_SIZE;
	return hv_status(hypercall(code, (u64)block, 0));
}

static void calls(void)
{
	static u64 page[512] __page_aligned;
	const u64 self = 1ULL << 32;	/* of VP 0 */
	u64 before, now;

	page[0] = 1;
	check_eq(stats_call(HVCALL_MAP_STATS_PAGE, HV_STATS_OBJECT_HYPERVISOR, 0, 0, page),
		 HV_STATUS_ACCESS_DENIED, "global statistics are the root's "
		 "[HC-006C/ACCESS_DENIED B-21-001 B-21-009]");
	check_eq(stats_call(HVCALL_UNMAP_STATS_PAGE, HV_STATS_OBJECT_LOGICAL_PROCESSOR, 0, 0, page),
		 HV_STATUS_ACCESS_DENIED, "to unmap, too [HC-006D/ACCESS_DENIED]");
	check_eq(stats_call(HVCALL_MAP_STATS_PAGE, HV_STATS_OBJECT_VP, HV_PARTITION_ID_SELF, 0,
			    page), HV_STATUS_ACCESS_DENIED,
		 "a partition is not its own parent [HC-006C/ACCESS_DENIED B-21-009]");
	check_eq(stats_call(HVCALL_UNMAP_STATS_PAGE, HV_STATS_OBJECT_VP, HV_PARTITION_ID_SELF, self,
			    page), HV_STATUS_OPERATION_DENIED,
		 "what is not mapped [HC-006D/OPERATION_DENIED B-21-012]");
	check_eq(stats_call(HVCALL_MAP_STATS_PAGE, HV_STATS_OBJECT_VP, HV_PARTITION_ID_SELF, self,
			    page), HV_STATUS_SUCCESS, "its own VP's with SELF_STATS [HC-006C]");
	/* the run time goes on meanwhile */
	before = stat[1];
	asm volatile("" : : : "memory");
	now = page[1];
	check(page[0] == stat[0] && before <= now && now <= stat[1] && now,
	      "are the page it has by MSR [B-21-002]");
	check_eq(write_safe(&page[8], 1), MC_FAULT, "and as little to be written [B-21-003]");
	check_eq(stats_call(HVCALL_MAP_STATS_PAGE, HV_STATS_OBJECT_VP, HV_PARTITION_ID_SELF, self,
			    page), HV_STATUS_OPERATION_DENIED,
		 "not twice [HC-006C/OPERATION_DENIED B-21-010]");
	check_eq(stats_call(HVCALL_UNMAP_STATS_PAGE, HV_STATS_OBJECT_VP, HV_PARTITION_ID_SELF, self,
			    page), HV_STATUS_SUCCESS, "unmapped [HC-006D]");
	check_eq(page[0], 1, "what was under it comes back [HC-006D B-21-002]");
}

void payload(void)
{
	u32 i;

	hv_enable();
	apic_enable(false);
	set_handler(VECTOR, ev_hit);
	set_handler(TIMER_VECTOR, ev_hit);
	synic_enable(NULL);
	sint_set(SINT, TIMER_VECTOR);
	registers();
	format();
	for (i = 0; i < ARRAY_SIZE(events); i++)
		count(&events[i]);
	debug_registers();
	host_interrupts();
	page_faults();
	retired();
	calls();
	partition();
}
