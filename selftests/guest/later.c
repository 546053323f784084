// SPDX-License-Identifier: GPL-2.0-only
/*
 * later.c - what later editions add for guests and has no chapter of 2.0: the time-unhalted timer,
 * debugger MSRs, VTLs that are not there; and the Requirements of 2012
 */
#include "modes.h"
#include "sim.h"

#define UNHALTED_CONFIG	HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG
#define UNHALTED_COUNT	HV_X64_MSR_STIME_UNHALTED_TIMER_COUNT
#define ENABLED		0x100
#define VECTOR		0x91
#define WAKE		0x92

static u8 assist[4096] __page_aligned;
static u64 in[512] __page_aligned, out[512] __page_aligned;

/* ---- time-unhalted timer (6.0b, 12.6) ---- */

static volatile u32 nmis;

static void on_nmi(struct trap_frame *f)
{
	(void)f;
	nmis++;
	/* a storm of them would leave time for nothing else */
	wrmsr(UNHALTED_CONFIG, 0);
}

static bool unhalted_msrs(void)
{
	bool ok = rdmsr(UNHALTED_CONFIG) == 0 && rdmsr(UNHALTED_COUNT) == 0;

	for (u32 vector = 0; vector < 256; vector++) {
		bool valid = vector == 2 || vector >= 16;

		ok &= wrmsr_safe(UNHALTED_CONFIG, ENABLED | vector) == (valid ? 0 : GP_FAULT);
		ok &= rdmsr(UNHALTED_CONFIG) == (valid ? ENABLED | vector : 0);
		wrmsr(UNHALTED_CONFIG, 0);
	}
	for (u32 bit = 9; bit < 64; bit++)
		ok &= wrmsr_safe(UNHALTED_CONFIG, 1ULL << bit) == GP_FAULT;
	wrmsr(UNHALTED_COUNT, ~0ULL);
	ok &= rdmsr(UNHALTED_COUNT) == ~0ULL;
	wrmsr(UNHALTED_COUNT, 0);
	return ok;
}

static void other_vp(void *msrs)
{
	((u64 *)msrs)[0] = rdmsr(UNHALTED_CONFIG);
	((u64 *)msrs)[1] = rdmsr(UNHALTED_COUNT);
}

static void nap(void)
{
	u32 before = hits[WAKE];

	wrmsr(STIMER_CONFIG(0), HV_STIMER_DIRECT | WAKE << HV_STIMER_APIC_VECTOR_SHIFT |
				HV_STIMER_AUTOENABLE);
	wrmsr(STIMER_COUNT(0), ref_time() + 50 * UNITS_MS);
	while (hits[WAKE] == before)
		hlt();
}

static void test_unhalted(void)
{
	volatile struct hv_vp_assist_page *page = (void *)assist;
	u64 other[2] = { 1, 1 };
	u32 before;
	bool came;

	check(unhalted_msrs(), "time-unhalted timer: vectors, reserved bits, any count "
	      "[MSR-40000114 MSR-40000115]");
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, (u64)assist | 1);
	wrmsr(UNHALTED_COUNT, 2 * UNITS_MS);
	wrmsr(UNHALTED_CONFIG, ENABLED | VECTOR);
	came = wait_for(&hits[VECTOR], 3, WAIT_MS);
	check(came, "it interrupts again and again [MSR-40000114 MSR-40000115 B-v60-001]");
	check(page->synthetic_time_unhalted_timer_expired, "and says so [B-v60-001]");
	on_cpu(1, other_vp, other, WAIT_MS);
	check(!other[0] && !other[1], "each VP has its own [MSR-40000114 MSR-40000115]");

	/* 0.8 s, nearly all of it halted; what is pending comes first */
	wrmsr(UNHALTED_CONFIG, 0);
	wrmsr(UNHALTED_COUNT, 400 * UNITS_MS);
	wait_quiet(1);
	page->synthetic_time_unhalted_timer_expired = 0;
	before = hits[VECTOR];
	wrmsr(UNHALTED_CONFIG, ENABLED | VECTOR);
	for (unsigned int i = 0; i < 16; i++)
		nap();
	check(hits[VECTOR] == before && !page->synthetic_time_unhalted_timer_expired,
	      "time in which the VP is halted does not count [B-v60-001]");
	wrmsr(UNHALTED_CONFIG, 0);

	set_handler(2, on_nmi);
	wrmsr(UNHALTED_COUNT, UNITS_MS);
	wrmsr(UNHALTED_CONFIG, ENABLED | 2);
	came = wait_for(&nmis, 1, WAIT_MS);
	check(came && !rdmsr(UNHALTED_CONFIG), "vector 2 is an NMI [B-v60-001 MSR-40000114]");
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0);
}

/* ---- debugger MSRs: the VMM's, and carried there (5.0C, 22) ---- */

static void read_debug(void *val)
{
	*(u64 *)val = rdmsr(HV_X64_MSR_SYNTH_DEBUG_STATUS);
}

static void test_debug_msrs(void)
{
	u64 val = 0;

	for (u32 msr = HV_X64_MSR_SYNTH_DEBUG_CONTROL;
	     msr <= HV_X64_MSR_SYNTH_DEBUG_PENDING_BUFFER; msr++) {
		bool ok = rdmsr(msr) == 0;

		wrmsr(msr, 0x123456789abc0000ULL | msr);
		ok &= rdmsr(msr) == (0x123456789abc0000ULL | msr);
		check(ok, "0x%x reaches the VMM and comes back [MSR-%X]", msr, msr);
	}
	on_cpu(1, read_debug, &val, WAIT_MS);
	check_eq(val, 0x123456789abc0000ULL | HV_X64_MSR_SYNTH_DEBUG_STATUS,
		 "the same for all VPs");
}

/* ---- instructions kept from user mode (5.0C, 8.12) ---- */

/* RAX is 1 before the instruction and 2 behind it; HLT is a fault in any case */
#define USER_CODE(name, insn)								\
	extern const u8 user_##name[];							\
	asm(".pushsection .text\nuser_" #name ":\n\tmov $1, %eax\n\t" insn		\
	    "\n\tmov $2, %eax\n\thlt\n.popsection")

USER_CODE(sgdt, "sgdt -32(%rsp)");
USER_CODE(sidt, "sidt -32(%rsp)");
USER_CODE(sldt, "sldt %ecx");
USER_CODE(str, "str -32(%rsp)");

static const struct {
	const char *name;
	const u8 *code;
} kept[] = {
	{ "SGDT", user_sgdt }, { "SIDT", user_sidt }, { "SLDT", user_sldt }, { "STR", user_str },
};

struct table {
	u16 limit;
	u64 base;
} __attribute__((packed));

/* the kernel sees them all the same */
static bool kernel_tables(struct table t[2], u64 sel[2])
{
	struct { u8 before[2]; struct table t; u8 behind[4]; } buf;

	memset(&buf, 0xee, sizeof(buf));
	asm volatile("sgdt %0" : "+m" (buf.t));
	t[0] = buf.t;
	asm volatile("sidt %0" : "+m" (buf.t));
	t[1] = buf.t;
	sel[0] = 0x1111111111111111ULL;
	sel[1] = 0x1111111111111111ULL;
	asm volatile("sldt %w0" : "+r" (sel[0]));
	asm volatile("str %0" : "+m" (*(u16 *)&sel[1]));
	return buf.before[1] == 0xee && buf.behind[0] == 0xee;
}

static void test_npiep(void)
{
	struct table was[2], now[2];
	u64 sel[2], sel_now[2], rax;
	bool ok;

	/* loads the TR it will have each time */
	run_user(kept[0].code, true, &rax);
	ok = rdmsr(HV_X64_MSR_NPIEP_CONFIG) == 0 && kernel_tables(was, sel);
	for (u32 bit = 4; bit < 64; bit++)
		ok &= wrmsr_safe(HV_X64_MSR_NPIEP_CONFIG, 1ULL << bit) == GP_FAULT;
	check(ok, "NPIEP: zero at first, and bits that are none [MSR-40000040]");
	for (u32 mask = 0; mask < 16; mask++) {
		wrmsr(HV_X64_MSR_NPIEP_CONFIG, mask);
		ok = rdmsr(HV_X64_MSR_NPIEP_CONFIG) == mask;
		for (u32 i = 0; i < ARRAY_SIZE(kept); i++) {
			bool faults = run_user(kept[i].code, true, &rax) == GP_FAULT;

			if (!faults || rax != (mask & 1 << i ? 1 : 2)) {
				printf("# mask 0x%x %s: RAX %lu\n", mask, kept[i].name, rax);
				ok = false;
			}
		}
		ok &= kernel_tables(now, sel_now) && !memcmp(was, now, sizeof(was)) &&
		      !memcmp(sel, sel_now, sizeof(sel));
		check(ok, "NPIEP mask 0x%x: user mode is kept from those, the kernel is not "
		      "[MSR-40000040 B-v50-011]", mask);
	}
	wrmsr(HV_X64_MSR_NPIEP_CONFIG, 0);
}

/* ---- VTLs ---- */

static void test_vsm(void)
{
	static const u16 codes[] = {
		HVCALL_MODIFY_VTL_PROTECTION_MASK, HVCALL_ENABLE_PARTITION_VTL,
		HVCALL_DISABLE_PARTITION_VTL, HVCALL_ENABLE_VP_VTL, HVCALL_DISABLE_VP_VTL,
		HVCALL_VTL_CALL, HVCALL_VTL_RETURN,
	};
	bool absent = true;
	u32 r[4];

	cpuid(0x40000003, 0, r);
	for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++)
		absent &= hypercall(codes[i], (u64)in, (u64)out) ==
			  HV_STATUS_INVALID_HYPERCALL_CODE;
	check(absent && !(r[1] & (HV_PRIV_ACCESS_VSM >> 32)),
	      "no AccessVsm in CPUID, and no calls of virtual secure mode");
}

/* ---- Requirements of 2012 ---- */

static u64 tsc_turn[2];
static volatile u32 turn, backwards;

/* each takes the host a turn of its scheduler */
#define TURNS	20

/* two VPs in turn: none may see less than the other has left */
static void tsc_pong(void *arg)
{
	u32 me = arg ? 1 : 0;

	for (u32 i = 0; i < TURNS; i++) {
		u64 now;

		while (__atomic_load_n(&turn, __ATOMIC_ACQUIRE) % 2 != me)
			cpu_relax();
		now = rdtsc();
		if (now < tsc_turn[!me])
			backwards++;
		tsc_turn[me] = now;
		__atomic_add_fetch(&turn, 1, __ATOMIC_RELEASE);
	}
}

static void test_tsc(void)
{
	on_cpu_async(1, tsc_pong, tsc_turn);
	tsc_pong(NULL);
	while (!cpu_idle(1))
		cpu_relax();
	check(!backwards && turn == 2 * TURNS, "all VPs have one TSC [B-R2012-004]");
	/* a second later for everybody */
	wrmsr(0x10, rdtsc() + 3000000000ULL);
	turn = 0;
	on_cpu_async(1, tsc_pong, tsc_turn);
	tsc_pong(NULL);
	while (!cpu_idle(1))
		cpu_relax();
	check(!backwards, "and have it after one of them has set it [B-R2012-004]");
}

/* RSDP, XSDT, and what each names; of hvm_start_info the address of the first */
static bool table_has(u64 table, const char *text, u32 len)
{
	const u8 *p = (const u8 *)table;
	u32 size = *(const u32 *)(table + 4);

	for (u32 i = 0; i + len <= size; i++)
		if (!memcmp(p + i, text, len))
			return true;
	return false;
}

extern u32 pvh_info;

static void test_vmbus(void)
{
	u64 rsdp = *(u64 *)((u64)pvh_info + 32), xsdt, table;
	bool found = false, facp = false;
	unsigned int n = 0;

	xsdt = *(u64 *)(rsdp + 24);
	for (u64 at = xsdt + 36; at < xsdt + *(u32 *)(xsdt + 4); at += 8) {
		table = *(u64 *)at;
		n++;
		found |= table_has(table, "VMBUS", 5) || table_has(table, "VMBus", 5);
		if (!memcmp((void *)table, "FACP", 4)) {
			facp = true;
			table = *(u32 *)(table + 40);
			found |= table_has(table, "VMBUS", 5) || table_has(table, "VMBus", 5);
		}
	}
	check(!found && facp && n, "no device of %u ACPI tables says it is the VMBus "
	      "[B-R2012-005]", n);
}

void payload(void);

void payload(void)
{
	u32 r[4];

	apic_enable(false);
	hv_enable();
	check_eq(start_aps(), MAX_VPS, "four VPs");
	set_handler(VECTOR, on_irq);
	set_handler(WAKE, on_irq);
	test_unhalted();
	test_debug_msrs();
	cpuid(0x40000003, 0, r);
	if (r[3] & HV_FEATURE_EDX_NPIEP1_AVAILABLE)
		test_npiep();
	test_vsm();
	test_tsc();
	test_vmbus();
}
