// SPDX-License-Identifier: GPL-2.0-only
/*
 * hostile.c - mistakes that hypervisors have made before: each test is one class of them
 *
 *	indexes and counts of the guest: VP index, sparse banks, rep start, flag number, MSR numbers
 *	that alias when they are masked; reserved bits of x2APIC's ICR; timers of no period or the
 *	shortest; overlays over each other and moved while they are used; control registers and EFER
 *	in combinations that are none; addresses that are not canonical, RIP among them; a fault in
 *	the middle of a string instruction
 */
#include "sim.h"

#define LAST_PAGE	0x7ffffffff000ULL	/* of the lower half */
#define VECTOR		0xa1

static u64 in[512] __page_aligned, out[512] __page_aligned;
static u8 pages[4][4096] __page_aligned;
static u64 top_pdpt[512] __page_aligned, top_pd[512] __page_aligned;
static u64 top_pt[512] __page_aligned;
static u8 last_page[4096] __page_aligned;
extern u64 pml4[];

#define CR_SAFE(n) \
static unsigned int cr##n##_safe(u64 v)							\
{											\
	u64 fault = 0;									\
											\
	asm volatile("1:	mov %1, %%cr" #n "\n"					\
		     "	jmp 3f\n"							\
		     "2:\n"								\
		     "3:\n" EX_TABLE(1b, 2b) : "+a" (fault) : "r" (v) : "memory");	\
	return fault;									\
}

CR_SAFE(0)
CR_SAFE(4)

/* ---- indexes and counts ---- */

static const u32 far_vps[] = { 4, 63, 64, 0x3ff, 0x400, 0x7fffffff, 0x80000000, 0xfffffffd };

static void test_vp_index(void)
{
	bool ok = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(far_vps); i++) {
		memset(in, 0, sizeof(in));
		in[0] = HV_PARTITION_ID_SELF;
		((u32 *)in)[2] = far_vps[i];
		ok &= hv_status(hypercall(HVCALL_GET_VP_REGISTERS | HV_REPS(1), (u64)in,
					  (u64)out)) == HV_STATUS_INVALID_VP_INDEX;
		ok &= hv_status(hypercall(HVCALL_START_VIRTUAL_PROCESSOR, (u64)in, 0)) ==
		      HV_STATUS_INVALID_VP_INDEX;
	}
	check(ok, "VP indexes beyond the last [HC-0050/INVALID_VP_INDEX HC-0099/INVALID_VP_INDEX]");
}

static u16 ipi_set(u64 format, u64 mask, unsigned int banks)
{
	in[0] = VECTOR;
	in[1] = format;
	in[2] = mask;
	for (unsigned int i = 0; i < banks; i++)
		in[3 + i] = ~0ULL;
	return hv_status(hypercall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | HV_VAR(banks), (u64)in,
				   0));
}

static void test_banks(void)
{
	u32 before = hits[VECTOR];
	bool ok = true;

	ok &= ipi_set(0, ~0ULL, 63) == HV_STATUS_INVALID_HYPERCALL_INPUT;
	ok &= ipi_set(0, 1, 0) == HV_STATUS_INVALID_HYPERCALL_INPUT;
	ok &= ipi_set(0, 1, 2) == HV_STATUS_INVALID_HYPERCALL_INPUT;
	ok &= ipi_set(2, 1, 1) == HV_STATUS_INVALID_PARAMETER;
	ok &= ipi_set(~0ULL, 1, 1) == HV_STATUS_INVALID_PARAMETER;
	wait_quiet(1);
	check(ok && hits[VECTOR] == before, "sets with banks that are not there reach nobody");
	/* every bank there can be: those of nobody mean nobody */
	ok = ipi_set(0, ~0ULL, 64) == HV_STATUS_SUCCESS;
	wait_quiet(1);
	check(ok && hits[VECTOR] == before + 1, "all 4096 VPs of a set, of which we are one");
}

static void test_rep(void)
{
	static const u64 bad[] = {
		HV_REPS(1) | HV_START(1), HV_REPS(1) | HV_START(0xfff), HV_START(1),
		HV_REPS(0xfff), HV_REPS(0xfff) | HV_START(0xffe),
	};
	bool ok = true;

	memset(in, 0, sizeof(in));
	memset(out, 0xee, sizeof(out));
	in[0] = HV_PARTITION_ID_SELF;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
		ok &= hv_status(hypercall(HVCALL_GET_VP_REGISTERS | bad[i], (u64)in, (u64)out)) !=
		      HV_STATUS_SUCCESS;
	for (unsigned int i = 0; i < ARRAY_SIZE(out); i++)
		ok &= out[i] == 0xeeeeeeeeeeeeeeeeULL;
	check(ok, "lists that start behind their end or do not fit put nothing out");
}

static void test_connections(void)
{
	static const u32 ids[] = { 0, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff };
	bool ok = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		ok &= hypercall(HVCALL_SIGNAL_EVENT | HV_FAST, ids[i] | 0xffffULL << 32, 0) != 0;
		memset(in, 0, sizeof(in));
		in[0] = ids[i];
		in[1] = 1 | 0xffffffffULL << 32;
		ok &= hypercall(HVCALL_POST_MESSAGE, (u64)in, 0) != 0;
	}
	check(ok, "connections and flags of any number");
}

static void test_msr_alias(void)
{
	static const u32 msrs[] = {
		0x40000200, 0x40000281, 0x40010083, 0x50000001, 0x60000001, 0x80000083, 0x100174,
		0x20000277, 0xe0000080, 0xc0002080, 0xc0010080, 0xc0000080 | 0x10000000,
		0x940, 0x900, 0xbff, 0x100001b,
	};
	bool ok = true;
	u64 v;

	for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++)
		if (rdmsr_safe(msrs[i], &v) != GP_FAULT || wrmsr_safe(msrs[i], 0) != GP_FAULT) {
			printf("# MSR 0x%x\n", msrs[i]);
			ok = false;
		}
	check(ok, "numbers of MSRs are not masked");
}

/* ---- APIC ---- */

static void test_apic_timer(void)
{
	bool ok = true;

	for (u32 div = 0; div < 16; div++) {
		u32 before = hits[VECTOR];

		apic_write(APIC_TDCR, div);
		apic_write(APIC_LVTT, VECTOR | LVT_PERIODIC);
		apic_write(APIC_TMICT, 0);
		apic_read(APIC_TMCCT);
		apic_write(APIC_TMICT, 1);
		apic_read(APIC_TMCCT);
		ok &= wait_for(&hits[VECTOR], before + 2, WAIT_MS);
		apic_write(APIC_LVTT, LVT_MASKED);
		apic_write(APIC_TMICT, 0);
	}
	check(ok, "an APIC timer of the shortest period, every divisor");
	for (u32 i = 0; i < 4; i++) {
		wrmsr(STIMER_CONFIG(i), HV_STIMER_PERIODIC | HV_STIMER_DIRECT | HV_STIMER_ENABLE |
		      VECTOR << HV_STIMER_APIC_VECTOR_SHIFT);
		wrmsr(STIMER_COUNT(i), i ? i : ~0ULL);
	}
	ok = wait_for(&hits[VECTOR], hits[VECTOR] + 10, WAIT_MS);
	for (u32 i = 0; i < 4; i++)
		stimer_stop(i);
	check(ok, "synthetic timers of 100 ns, and of 58,000 years");
}

static void test_x2apic(void)
{
	bool ok = true;

	apic_enable(true);
	/* bits 12, 13, 16, 17, 20-31 */
	for (u32 bit = 0; bit < 32; bit++) {
		u64 v = 1ULL << bit | 1ULL << 40;

		if (!(0xfff33000 & 1U << bit))
			continue;
		/* 12 is read-only in xAPIC mode */
		ok &= wrmsr_safe(MSR_X2APIC + 0x30, v) == GP_FAULT || bit == 12;
	}
	ok &= wrmsr_safe(MSR_SELF_IPI, 0x100 | VECTOR) == GP_FAULT;
	ok &= wrmsr_safe(MSR_SELF_IPI, 1ULL << 32 | VECTOR) == GP_FAULT;
	ok &= wrmsr_safe(MSR_X2APIC + 0xb, 1) == GP_FAULT;
	ok &= wrmsr_safe(MSR_X2APIC + 0x2, 1) == GP_FAULT;
	ok &= wrmsr_safe(MSR_X2APIC + 0x8, 0x100) == GP_FAULT;
	ok &= wrmsr_safe(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) & ~0x800ULL) == GP_FAULT;
	check(ok, "x2APIC: reserved bits of ICR, self IPI, EOI, ID, TPR, base");
}

/* ---- overlays ---- */

static void test_overlays(void)
{
	u64 base = (u64)pages[0];
	volatile u64 *p = (void *)pages[0];
	bool ok;

	*p = 0x600d;
	wrmsr(HV_X64_MSR_HYPERCALL, base | 1);
	wrmsr(HV_X64_MSR_REFERENCE_TSC, base | 1);
	wrmsr(HV_X64_MSR_SIMP, base | 1);
	wrmsr(HV_X64_MSR_SIEFP, base | 1);
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, base | 1);
	wrmsr(HV_X64_MSR_SIMP, (u64)pages[1] | 1);
	wrmsr(HV_X64_MSR_HYPERCALL, (u64)hypercall_page | 1);
	wrmsr(HV_X64_MSR_REFERENCE_TSC, (u64)pages[2] | 1);
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0);
	wrmsr(HV_X64_MSR_SIEFP, 0);
	ok = *p == 0x600d;
	wrmsr(HV_X64_MSR_REFERENCE_TSC, 0);
	wrmsr(HV_X64_MSR_SIMP, 0);
	check(ok, "five overlays over each other, moved and removed in another order");
}

/* messages come all the time while their page is somewhere else each time */
static void test_moving_page(void)
{
	volatile u32 *type;

	wrmsr(HV_X64_MSR_SCONTROL, 1);
	sint_set(5, HV_SYNIC_SINT_POLLING | VECTOR);
	wrmsr(STIMER_CONFIG(1), HV_STIMER_PERIODIC | HV_STIMER_ENABLE | STIMER_SINT(5));
	wrmsr(STIMER_COUNT(1), 100);
	for (unsigned int n = 0; n < 300; n++) {
		type = (void *)(pages[n & 3] + 5 * 256);
		wrmsr(HV_X64_MSR_SIMP, (u64)pages[n & 3] | 1);
		*type = HVMSG_NONE;
		wrmsr(HV_X64_MSR_EOM, 0);
	}
	/* and they do come, wherever the page is now */
	type = (void *)(pages[3] + 5 * 256);
	for (u64 end = ref_time() + WAIT_MS * UNITS_MS; !*type && ref_time() < end;)
		cpu_relax();
	check_eq(*type, HVMSG_TIMER_EXPIRED, "a message page that moves while messages come");
	stimer_stop(1);
	wrmsr(HV_X64_MSR_SIMP, 0);
	sint_set(5, HV_SYNIC_SINT_MASKED);
}

/* ---- control registers ---- */

static void test_control(void)
{
	/* PG without PE, NW without CD, no PG in 64-bit code */
	static const u64 bad0[] = { 1, 1 << 29, 1ULL << 31 };
	u64 cr0 = read_cr(0), cr4 = read_cr(4), efer = rdmsr(0xc0000080);
	bool ok = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(bad0); i++) {
		if (cr0_safe(cr0 ^ bad0[i]) == GP_FAULT && read_cr(0) == cr0)
			continue;
		printf("# CR0 0x%lx\n", cr0 ^ bad0[i]);
		ok = false;
	}
	check(ok && read_cr(0) == cr0, "CR0 in combinations that are none");
	attempt("CR4: PAE stays, bits nobody has");
	ok = cr4_safe(cr4 & ~0x20ULL) == GP_FAULT;			/* PAE */
	ok &= cr4_safe(cr4 ^ 1ULL << 12) == GP_FAULT;			/* LA57 */
	ok &= cr4_safe(cr4 | 1ULL << 13) == GP_FAULT;			/* VMXE */
	ok &= cr4_safe(cr4 | 1ULL << 31) == GP_FAULT;
	ok &= cr4_safe(cr4 | 1ULL << 63) == GP_FAULT;
	check(ok && read_cr(4) == cr4, "CR4: PAE stays, bits nobody has");
	attempt("EFER: LME while paging, SVME, bits nobody has");
	ok = wrmsr_safe(0xc0000080, efer ^ 0x100) == GP_FAULT;		/* LME */
	ok &= wrmsr_safe(0xc0000080, efer | 0x1000) == GP_FAULT;	/* SVME */
	ok &= wrmsr_safe(0xc0000080, efer | 2) == GP_FAULT;
	ok &= wrmsr_safe(0xc0000080, efer | 1ULL << 63) == GP_FAULT;
	check(ok && rdmsr(0xc0000080) == efer, "EFER: LME while paging, SVME, bits nobody has");
}

/* caches off: the guest sees its bits, whatever the processor has */
static void test_cache_disable(void)
{
	u64 cr0 = read_cr(0), msw;
	bool ok;

	write_cr(0, cr0 | 1ULL << 30);
	asm volatile("smsw %0" : "=r" (msw));
	ok = read_cr(0) == (cr0 | 1ULL << 30) && (u32)msw == (u32)(cr0 | 1ULL << 30);
	asm volatile("clts");
	ok &= read_cr(0) == ((cr0 | 1ULL << 30) & ~8ULL);
	write_cr(0, cr0 | 3ULL << 29);
	ok &= read_cr(0) == (cr0 | 3ULL << 29);
	write_cr(0, cr0);
	asm volatile("smsw %0" : "=r" (msw));
	ok &= read_cr(0) == cr0 && (u32)msw == (u32)cr0;
	check(ok, "CR0.CD and NW are what was written [B-11-001]");
}

/* ---- addresses ---- */

static volatile u64 gp_rip;

static void on_gp(struct trap_frame *f)
{
	gp_rip = f->rip;
	/* the code at the end of the lower half left its way back in RSI */
	f->rip = f->rsi;
}

/* CPUID as the last instruction of the lower half: behind it there is no address */
static void test_last_instruction(void)
{
	u64 end;

	top_pt[511] = (u64)last_page | 3;
	top_pd[511] = (u64)top_pt | 3;
	top_pdpt[511] = (u64)top_pd | 3;
	pml4[255] = (u64)top_pdpt | 3;
	write_cr(3, read_cr(3));
	last_page[4094] = 0x0f;
	last_page[4095] = 0xa2;
	set_handler(13, on_gp);
	asm volatile("lea 1f(%%rip), %%rsi\n\t"
		     "mov %%rsi, %0\n\t"
		     "jmp *%1\n"
		     "1:\n"
		     : "=&r" (end) : "r" (LAST_PAGE + 4094)
		     : "rax", "rbx", "rcx", "rdx", "rsi", "memory");
	set_handler(13, NULL);
	check(gp_rip == LAST_PAGE + 4096 || gp_rip == 0xffff800000000000ULL,
	      "RIP leaves the lower half behind CPUID: #GP, and the VP lives (0x%lx)", gp_rip);
	pml4[255] = 0;
	write_cr(3, read_cr(3));
}

/* REP INSB runs into a page that is not there: what came before has come */
static void test_string(void)
{
	u64 to = LAST_PAGE - 0x1000 + 4096 - 16, count = 64, fault = 0;

	top_pt[510] = (u64)pages[3] | 3;
	top_pt[511] = 0;
	top_pd[511] = (u64)top_pt | 3;
	top_pdpt[511] = (u64)top_pd | 3;
	pml4[255] = (u64)top_pdpt | 3;
	write_cr(3, read_cr(3));
	memset(pages[3], 0xee, 4096);
	asm volatile("1:	rep insb\n"
		     "	jmp 3f\n"
		     "2:\n"
		     "3:\n" EX_TABLE(1b, 2b)
		     : "+D" (to), "+c" (count), "+a" (fault) : "d" (0x70) : "memory");
	check(fault == PF_FAULT && last_cr2 == LAST_PAGE && to == LAST_PAGE && count == 48,
	      "a page fault in the middle of REP INS: 16 bytes in, 48 to go (%lu)", count);
	check(pages[3][4079] == 0xee && pages[3][4080] != 0xee && pages[3][4095] != 0xee,
	      "and none but those");
	pml4[255] = 0;
	write_cr(3, read_cr(3));
}

void payload(void);

void payload(void)
{
	apic_enable(false);
	hv_enable();
	check_eq(start_aps(), MAX_VPS, "four VPs");
	set_handler(VECTOR, on_irq);
	test_vp_index();
	test_banks();
	test_rep();
	test_connections();
	test_msr_alias();
	test_apic_timer();
	test_overlays();
	test_moving_page();
	test_control();
	test_cache_disable();
	test_last_instruction();
	test_string();
	test_x2apic();
}
