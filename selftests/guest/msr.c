// SPDX-License-Identifier: GPL-2.0-only
/*
 * msr.c - model-specific registers: the synthetic ones as registers (rights, reset values, reserved
 * bits), and those of the processor by the rules of Appendixes F and G (TLFS 11.10)
 */
#include "guest.h"

static bool intel, tcg;
static unsigned int phys_bits;

static void identify(void)
{
	u32 r[4];

	cpuid(0, 0, r);
	intel = r[2] == 0x6c65746e;
	/* its MSRs take non-canonical addresses, with or without us */
	cpuid(0x80000002, 0, r);
	tcg = r[0] == 0x554d4551;
	cpuid(0x80000008, 0, r);
	phys_bits = r[0] & 0xff;
}

static bool reads(u32 msr, u64 want)
{
	u64 v;

	if (rdmsr_safe(msr, &v)) {
		printf("# RDMSR 0x%x faults\n", msr);
		return false;
	}
	if (v != want)
		printf("# RDMSR 0x%x: 0x%lx, want 0x%lx\n", msr, v, want);
	return v == want;
}

static bool refuses(u32 msr, u64 v)
{
	unsigned int fault = wrmsr_safe(msr, v);

	if (fault != GP_FAULT)
		printf("# WRMSR 0x%x, 0x%lx: fault %u\n", msr, v, fault);
	return fault == GP_FAULT;
}

/* takes @v, and reads as @want then */
static bool keeps(u32 msr, u64 v, u64 want)
{
	if (wrmsr_safe(msr, v)) {
		printf("# WRMSR 0x%x, 0x%lx faults\n", msr, v);
		return false;
	}
	return reads(msr, want);
}

static bool no_read(u32 msr)
{
	u64 v;

	return rdmsr_safe(msr, &v) == GP_FAULT;
}

static bool absent(u32 msr)
{
	u64 v;
	bool gone = rdmsr_safe(msr, &v) == GP_FAULT && wrmsr_safe(msr, 0) == GP_FAULT;

	if (!gone)
		printf("# MSR 0x%x is there\n", msr);
	return gone;
}

/* ---- synthetic ---- */

enum { R = 1, W = 2, RW = 3 };
#define NO_VALUE	0x5eed5eed5eed5eedULL

/*
 * A register after reset, what becomes of a value with all kinds of bits, and a value that is #GP.
 * The value goes back to that of the reset at the end.
 */
static const struct {
	u32 msr;
	u8 access;
	u64 reset, value, reads_as, bad;
} synthetic[] = {
	{ HV_X64_MSR_GUEST_OS_ID, RW, 0, 0xfedcba9876543210, 0xfedcba9876543210, NO_VALUE },
	{ HV_X64_MSR_VP_INDEX, R, 0, 0, 0, NO_VALUE },
	{ HV_X64_MSR_RESET, RW, 0, 0, 0, 1ULL << 1 },
	{ HV_X64_MSR_RESET, RW, 0, 0, 0, 1ULL << 63 },
	{ HV_X64_MSR_VP_RUNTIME, R, NO_VALUE, 0, 0, NO_VALUE },
	{ HV_X64_MSR_TIME_REF_COUNT, R, NO_VALUE, 0, 0, NO_VALUE },
	{ HV_X64_MSR_REFERENCE_TSC, RW, 0, 0xd0000ffe, 0xd0000ffe, NO_VALUE },
	{ HV_X64_MSR_REFERENCE_TSC, RW, 0, ~0xfffULL | 1, ~0xfffULL | 1, NO_VALUE },
	{ HV_X64_MSR_TSC_FREQUENCY, R, NO_VALUE, 0, 0, NO_VALUE },
	{ HV_X64_MSR_APIC_FREQUENCY, R, NO_VALUE, 0, 0, NO_VALUE },
	{ HV_X64_MSR_EOI, W, 0, 0, 0, NO_VALUE },
	/* INIT, de-asserted: nothing is sent */
	{ HV_X64_MSR_ICR, RW, 0, 0x0300000000008500, 0x0300000000008500, NO_VALUE },
	{ HV_X64_MSR_TPR, RW, 0, 0x5a, 0x5a, 0x100 },
	{ HV_X64_MSR_TPR, RW, 0, 0xff, 0xff, 1ULL << 63 },
	{ HV_X64_MSR_VP_ASSIST_PAGE, RW, 0, 0xd0001ffe, 0xd0001ffe, NO_VALUE },
	{ HV_X64_MSR_VP_ASSIST_PAGE, RW, 0, 0xd0001001, 0xd0001001, NO_VALUE },
	{ HV_X64_MSR_SCONTROL, RW, 0, 0xfedcba9876543211, 0xfedcba9876543211, NO_VALUE },
	{ HV_X64_MSR_SVERSION, R, 1, 0, 0, NO_VALUE },
	{ HV_X64_MSR_SIEFP, RW, 0, 0xd0002fff, 0xd0002fff, NO_VALUE },
	{ HV_X64_MSR_SIEFP, RW, 0, ~0xfffULL | 1, ~0xfffULL | 1, NO_VALUE },
	{ HV_X64_MSR_SIMP, RW, 0, 0xd0003fff, 0xd0003fff, NO_VALUE },
	{ HV_X64_MSR_SIMP, RW, 0, ~0xfffULL | 1, ~0xfffULL | 1, NO_VALUE },
	{ HV_X64_MSR_EOM, RW, 0, 0, 0, NO_VALUE },
	{ HV_X64_MSR_EOM, RW, 0, ~0ULL, 0, NO_VALUE },
	{ HV_X64_MSR_CRASH_P0, RW, 0, 0x123456789abcdef0, 0x123456789abcdef0, NO_VALUE },
	{ HV_X64_MSR_CRASH_P1, RW, 0, 0x223456789abcdef0, 0x223456789abcdef0, NO_VALUE },
	{ HV_X64_MSR_CRASH_P2, RW, 0, 0x323456789abcdef0, 0x323456789abcdef0, NO_VALUE },
	{ HV_X64_MSR_CRASH_P3, RW, 0, 0x423456789abcdef0, 0x423456789abcdef0, NO_VALUE },
	{ HV_X64_MSR_CRASH_P4, RW, 0, 0x523456789abcdef0, 0x523456789abcdef0, NO_VALUE },
	/* what a crash can say, whatever is written */
	{ HV_X64_MSR_CRASH_CTL, RW, 1ULL << 63, 0, 1ULL << 63, NO_VALUE },
	{ HV_X64_MSR_REENLIGHTENMENT_CONTROL, RW, 0, 3ULL << 32 | 0x100ff, 3ULL << 32 | 0x100ff,
	  0x1000f },
	{ HV_X64_MSR_REENLIGHTENMENT_CONTROL, RW, 0, 0xfffeff40, 0x40, NO_VALUE },
	{ HV_X64_MSR_TSC_EMULATION_CONTROL, RW, 0, ~0ULL, 1, NO_VALUE },
	{ HV_X64_MSR_TSC_EMULATION_STATUS, RW, 0, 1, 0, NO_VALUE },
	{ HV_X64_MSR_TSC_INVARIANT_CONTROL, RW, 0, 1, 1, NO_VALUE },
};

static bool synthetic_ok(unsigned int i)
{
	u32 msr = synthetic[i].msr;
	bool ok = true;

	if (!(synthetic[i].access & R))
		ok &= no_read(msr);
	else if (synthetic[i].reset != NO_VALUE)
		ok &= reads(msr, synthetic[i].reset);
	else
		ok &= !no_read(msr);
	if (!(synthetic[i].access & W))
		return ok & refuses(msr, 0) & refuses(msr, ~0ULL);
	if (synthetic[i].bad != NO_VALUE)
		ok &= refuses(msr, synthetic[i].bad);
	if (!(synthetic[i].access & R))
		return ok & !wrmsr_safe(msr, synthetic[i].value);
	ok &= keeps(msr, synthetic[i].value, synthetic[i].reads_as);
	if (synthetic[i].bad != NO_VALUE)
		ok &= refuses(msr, synthetic[i].bad) & reads(msr, synthetic[i].reads_as);
	/* asking for the notification is the end of the partition */
	if (msr == HV_X64_MSR_CRASH_CTL)
		return ok;
	return ok & keeps(msr, synthetic[i].reset, synthetic[i].reset);
}

static void test_synthetic(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(synthetic); i++)
		check(synthetic_ok(i), "0x%x: rights, reset value, bits [MSR-%08X]",
		      synthetic[i].msr, synthetic[i].msr);
	check(rdmsr(HV_X64_MSR_TSC_FREQUENCY) > 1000000 &&
	      rdmsr(HV_X64_MSR_APIC_FREQUENCY) > 1000000,
	      "frequencies [MSR-40000022 MSR-40000023]");
}

static void test_sints(void)
{
	for (u32 i = 0; i < 16; i++) {
		u32 msr = HV_X64_MSR_SINT0 + i;
		bool ok = reads(msr, 0x10000);

		for (u64 vector = 0; vector < 16; vector++)
			ok &= refuses(msr, vector);
		ok &= refuses(msr, 0x2000f);
		ok &= reads(msr, 0x10000);
		ok &= keeps(msr, 0x00ff, 0x00ff);
		ok &= keeps(msr, 0x20010, 0x20010);
		/* masked, any vector will do; the rest is preserved */
		ok &= keeps(msr, 0x1000f, 0x1000f);
		ok &= keeps(msr, 0xfffffffffff1ff30, 0xfffffffffff1ff30);
		ok &= keeps(msr, 0x10000, 0x10000);
		check(ok, "SINT%u [MSR-%08X]", i, msr);
	}
}

static void test_stimers(void)
{
	for (u32 i = 0; i < 4; i++) {
		u32 config = HV_X64_MSR_STIMER0_CONFIG + 2 * i;
		bool ok = reads(config, 0);

		/* periodic, lazy, auto-enable to SINT 15, not enabled */
		ok &= keeps(config, 0xf000e, 0xf000e);
		/* no target: not enabled */
		ok &= keeps(config, 1, 0);
		ok &= keeps(config, 0x1001, 0x1000);
		/* reserved bits stay zero */
		ok &= keeps(config, 0xffffffffffff0000 & ~0xf0000ULL, 0);
		ok &= keeps(config, 0xe000, 0);
		ok &= keeps(config, 0, 0);
		check(ok, "STIMER%u_CONFIG [MSR-%08X]", i, config);
		ok = reads(config + 1, 0) && keeps(config + 1, 0x123456789abcdef0,
						   0x123456789abcdef0) && keeps(config + 1, 0, 0);
		/* an auto-enabled one starts with a count, and one without a target does not */
		ok &= keeps(config, 0x30008, 0x30008) &&
		      keeps(config + 1, 1ULL << 60, 1ULL << 60) && reads(config, 0x30009) &&
		      keeps(config + 1, 0, 0) && reads(config, 0x30008);
		ok &= keeps(config, 8, 8) && keeps(config + 1, 1ULL << 60, 1ULL << 60) &&
		      reads(config, 8);
		wrmsr(config + 1, 0);
		wrmsr(config, 0);
		check(ok, "STIMER%u_COUNT [MSR-%08X]", i, config + 1);
	}
}

/* synthetic registers this partition does not have, and numbers between */
static const u32 no_synthetic[] = {
	0x40000004, 0x4000000f, 0x40000011, 0x40000024, 0x40000041, 0x40000074,
	HV_X64_MSR_SIRBP, 0x4000008f, 0x400000a0, 0x400000b8, HV_X64_MSR_POWER_STATE_TRIGGER_C1,
	HV_X64_MSR_POWER_STATE_CONFIG_C3, 0x400000df, 0x400000e4, 0x400000f6,
	0x40000109, 0x40000116, 0x400001ff, 0x40000200, HV_X64_MSR_NESTED_VP_INDEX,
	HV_X64_MSR_NESTED_SINT0, 0x4fffffff,
};

/* neither in Appendix F nor in G */
static const u32 unlisted[] = {
	0x0, 0x1, 0x2a, 0x2c, 0xc1, 0xce, 0x186, 0x309, 0x38d - 1, 0x5ff, 0x1000, 0x12345678,
	0x3fffffff, 0x50000000, 0x80000000, 0xbfffffff, 0xc0000110, 0xc0002000, 0xffffffff,
};

static void test_unlisted(void)
{
	bool ok = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(no_synthetic); i++)
		ok &= absent(no_synthetic[i]);
	check(ok, "synthetic registers that are not there: #GP");
	ok = true;
	for (unsigned int i = 0; i < ARRAY_SIZE(unlisted); i++)
		ok &= absent(unlisted[i]);
	check(ok, "registers nobody lists: #GP [B-11-020 B-11-023]");
}

/* ---- Appendix F ---- */

static const u8 memory_types[] = { 0, 1, 4, 5, 6 };

static bool bad_type(u64 type)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(memory_types); i++)
		if (memory_types[i] == type)
			return false;
	return true;
}

static void test_mtrr(void)
{
	static const u32 fixed[] = {
		0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f,
	};
	u64 top = 1ULL << (phys_bits - 1);
	bool ok;

	ok = !no_read(0xfe) && (rdmsr(0xfe) & 0xff) == 8 && rdmsr(0xfe) & 1 << 8;
	check(ok && refuses(0xfe, 0) && refuses(0xfe, rdmsr(0xfe)),
	      "MTRRCAP: eight ranges, read-only [MSR-000000FE]");
	for (u32 i = 0; i < 8; i++) {
		u32 base = 0x200 + 2 * i;

		ok = reads(base, 0) && keeps(base, 0x12345000 | 6, 0x12345000 | 6) &&
		     keeps(base, top, top);
		for (u64 type = 0; type < 256; type += type < 8 ? 1 : 31)
			ok &= bad_type(type) ? refuses(base, type) : keeps(base, type, type);
		ok &= refuses(base, 1 << 8) && refuses(base, 1 << 11) && refuses(base, top << 1) &&
		      keeps(base, 0, 0);
		check(ok, "MTRR_PHYSBASE%u [MSR-%08X]", i, base);
		ok = reads(base + 1, 0) && keeps(base + 1, top | 0x800, top | 0x800) &&
		     refuses(base + 1, 1) && refuses(base + 1, 1 << 10) &&
		     refuses(base + 1, top << 1) && keeps(base + 1, 0, 0);
		check(ok, "MTRR_PHYSMASK%u [MSR-%08X]", i, base + 1);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(fixed); i++) {
		ok = keeps(fixed[i], 0x0605040100060504, 0x0605040100060504);
		for (unsigned int byte = 0; byte < 64; byte += 8)
			ok &= refuses(fixed[i], 2ULL << byte) && refuses(fixed[i], 7ULL << byte);
		ok &= reads(fixed[i], 0x0605040100060504) && keeps(fixed[i], 0, 0);
		check(ok, "fixed MTRR 0x%x [MSR-%08X]", fixed[i], fixed[i]);
	}
	check(keeps(0x2ff, 0xc06, 0xc06) && refuses(0x2ff, 2) && refuses(0x2ff, 7) &&
	      refuses(0x2ff, 1 << 8) && refuses(0x2ff, 1 << 12) && refuses(0x2ff, 1ULL << 63) &&
	      keeps(0x2ff, 0, 0), "MTRR_DEF_TYPE [MSR-000002FF B-AF-002]");
}

#define PAT_RESET	0x0007040600070406ULL

static u64 remote_value;

static void read_pat(void *arg)
{
	(void)arg;
	remote_value = rdmsr(0x277);
}

static void test_pat(void)
{
	bool ok = reads(0x277, PAT_RESET);

	for (unsigned int byte = 0; byte < 64; byte += 8)
		ok &= refuses(0x277, 2ULL << byte) && refuses(0x277, 3ULL << byte) &&
		      refuses(0x277, 8ULL << byte);
	ok &= reads(0x277, PAT_RESET) && keeps(0x277, 0x0100060504070006, 0x0100060504070006);
	check(ok, "PAT [MSR-00000277]");
	check(on_cpu(1, read_pat, NULL, 500) && remote_value == PAT_RESET,
	      "and each VP has its own [MSR-00000277 B-12-004]");
	wrmsr(0x277, PAT_RESET);
}

static void test_tsc(void)
{
	u64 was = rdmsr(0x10), now;

	wrmsr(0x10, 1ULL << 50);
	now = rdtsc();
	check(now >= 1ULL << 50 && now < (1ULL << 50) + (1ULL << 34) && rdmsr(0x10) >= now,
	      "the TSC can be written [MSR-00000010]");
	wrmsr(0x10, was);
	now = rdtsc();
	check(now >= was && now < was + (1ULL << 34), "back again [MSR-00000010]");
}

/* a 64-bit address: canonical or #GP */
static bool address_ok(u32 msr)
{
	u64 was = rdmsr(msr);
	bool ok = keeps(msr, 0x00007ffffffff000, 0x00007ffffffff000) &&
		  keeps(msr, 0xffff800000000000, 0xffff800000000000);

	if (!tcg)
		ok &= refuses(msr, 1ULL << 47) && refuses(msr, 1ULL << 63) &&
		      reads(msr, 0xffff800000000000);
	wrmsr(msr, was);
	return ok;
}

static void test_system(void)
{
	static const u32 addresses[] = {
		0x175, 0x176, 0xc0000082, 0xc0000083, 0xc0000100, 0xc0000101, 0xc0000102,
	};
	u64 efer = rdmsr(0xc0000080), base = rdmsr(0x1b);
	bool ok;

	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++)
		if (tcg)	/* half of the row: not its id */
			check(address_ok(addresses[i]), "0x%x holds an address", addresses[i]);
		else
			check(address_ok(addresses[i]), "0x%x, canonical or #GP [MSR-%08X]",
			      addresses[i], addresses[i]);
	check(keeps(0x174, 0x18, 0x18) && keeps(0x174, 0, 0), "SYSENTER_CS [MSR-00000174]");
	check(keeps(0xc0000081, 0x0123456789abcdef, 0x0123456789abcdef) && keeps(0xc0000081, 0, 0),
	      "STAR [MSR-C0000081]");
	check(keeps(0xc0000084, 0x47700, 0x47700) && keeps(0xc0000084, 0, 0),
	      "SFMASK [MSR-C0000084]");

	ok = keeps(0xc0000080, efer & ~1ULL, efer & ~1ULL) && keeps(0xc0000080, efer, efer);
	ok &= refuses(0xc0000080, efer & ~0x100ULL);
	ok &= refuses(0xc0000080, efer | 1ULL << 63) && refuses(0xc0000080, efer | 1 << 1) &&
	      refuses(0xc0000080, efer | 1 << 12) && reads(0xc0000080, efer);
	check(ok, "EFER: LME is fixed while paging, reserved bits and SVME #GP [MSR-C0000080]");

	check(reads(0x179, 0) && refuses(0x179, 1), "MCG_CAP: no banks [MSR-00000179 B-AF-001]");
	check(reads(0x17a, 0) && !wrmsr_safe(0x17a, 0), "MCG_STATUS [MSR-0000017A]");
	ok = reads(0x1d9, 0) && refuses(0x1d9, 1ULL << 63) && refuses(0x1d9, 1 << 6) &&
	     keeps(0x1d9, 2, 2) && keeps(0x1d9, 0, 0);
	check(ok, "DEBUGCTL [MSR-000001D9]");

	ok = (base & 0xfffff000) == 0xfee00000 && base & 1 << 8 && base & 1 << 11;
	ok &= refuses(0x1b, base | 1) && refuses(0x1b, base | 1 << 9) &&
	      refuses(0x1b, base | 1ULL << phys_bits) &&
	      refuses(0x1b, (base & ~(1ULL << 11)) | 1 << 10);
	check(ok && reads(0x1b, base), "APIC_BASE [MSR-0000001B]");
}

/* ---- Appendix G ---- */

static void test_vendor(void)
{
	static const u32 gone[] = {
		0x6, 0x3a, 0x38d, 0x38e, 0x38f, 0x390, 0x3f1, 0x480, 0x600,
	};
	bool ok;

	for (unsigned int i = 0; i < ARRAY_SIZE(gone); i++)
		check(absent(gone[i]), "0x%x: #GP [MSR-%08X]", gone[i], gone[i]);
	ok = true;
	for (u32 i = 0x480; i <= 0x48a; i++)
		ok &= absent(i);
	check(ok, "nor any other of VMX [MSR-00000480 B-AG-002]");

	if (intel) {
		check(reads(0x17, 0) && !wrmsr_safe(0x17, ~0ULL) && reads(0x17, 0),
		      "PLATFORM_ID [MSR-00000017]");
		check(reads(0x79, 0) && !wrmsr_safe(0x79, ~0ULL),
		      "BIOS_UPDT_TRIG [MSR-00000079 B-AG-001]");
		check(reads(0x8b, 0x8fffffffULL << 32) && !wrmsr_safe(0x8b, 0) &&
		      reads(0x8b, 0x8fffffffULL << 32), "BIOS_SIGN_ID [MSR-0000008B B-AG-001]");
		u64 v = rdmsr(0x1a0);

		check(!wrmsr_safe(0x1a0, ~v) && reads(0x1a0, v),
		      "MISC_ENABLE: writes have no effect [MSR-000001A0 B-11-021]");
		check(absent(0xc0010010) && absent(0xc001001f),
		      "AMD's registers [MSR-C0010010 MSR-C001001F B-AG-003]");
	} else {
		check(reads(0xc0010010, 0) && !wrmsr_safe(0xc0010010, ~0ULL) &&
		      reads(0xc0010010, 0),
		      "SYSCFG [MSR-C0010010 B-11-021]");
		check(reads(0xc001001f, 0) && !wrmsr_safe(0xc001001f, ~0ULL) &&
		      reads(0xc001001f, 0),
		      "NB_CFG [MSR-C001001F B-11-021 B-AG-003]");
		check(absent(0x17) && absent(0x79) && absent(0x1a0),
		      "Intel's registers [MSR-00000017 MSR-00000079 MSR-000001A0]");
	}
}

void payload(void);

void payload(void)
{
	identify();
	apic_enable(false);
	test_synthetic();
	check_eq(start_aps(), 4, "four VPs");
	test_sints();
	test_stimers();
	test_unlisted();
	test_mtrr();
	test_pat();
	test_tsc();
	test_system();
	test_vendor();
}
