// SPDX-License-Identifier: GPL-2.0-only
/*
 * features.c - the one feature table and the processor feature banks
 *
 * CPUID 0x40000003 and 0x40000004, the privilege mask of a partition and the names tools show are
 * all read off TLFS_FEATURES.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>

#include "tlfs.h"
#include "cpuid.h"
#include "feature_table.h"

/**
 * struct tlfs_feature - one row of the table
 * @name:	on the command line
 * @section:	of the TLFS
 * @synthetic:	bit of HV_PARTITION_SYNTHETIC_PROCESSOR_FEATURES
 * @privileges:	HV_PRIV_*
 * @misc:	0x40000003.EDX
 * @recommend:	0x40000004.EAX
 */
struct tlfs_feature {
	const char *name;
	const char *section;
	u64 synthetic;
	u64 privileges;
	u32 misc;
	u32 recommend;
};

#define TLFS_FEATURE_ROW(n, syn, priv, edx, rec, sect, what) {	\
	.name = (n), .section = (sect), .synthetic = (syn),	\
	.privileges = (priv), .misc = (edx), .recommend = (rec),	\
},
static const struct tlfs_feature features[] = {
	TLFS_FEATURES(TLFS_FEATURE_ROW)
};

#define TLFS_MAX_LEAF		HV_CPUID_NESTED_VIRT_FEATURES

/* before a spinning guest calls HvNotifyLongSpinWait */
#define TLFS_SPIN_RETRIES	0xfff

/* our own version: shown once the guest has said who it is (3.5) */
#define TLFS_VERSION_MAJOR	1
#define TLFS_VERSION_MINOR	0
#define TLFS_VERSION_BUILD	1

u64 tlfs_synthetic_supported(void)
{
	u64 all = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		all |= features[i].synthetic;
	if (!tlfs_ops->npiep)
		all &= ~TLFS_SYNTHETIC_FEATURE_NPIEP;
	return all;
}

u64 tlfs_synthetic_to_privileges(u64 synthetic)
{
	u64 privileges = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (synthetic & features[i].synthetic)
			privileges |= features[i].privileges;
	return privileges;
}

static void leaf_features(const struct tlfs_partition *pt, u32 regs[4])
{
	unsigned int i;

	regs[TLFS_CPUID_EAX] = lower_32_bits(pt->privileges);
	regs[TLFS_CPUID_EBX] = upper_32_bits(pt->privileges);
	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (pt->synthetic_features & features[i].synthetic)
			regs[TLFS_CPUID_EDX] |= features[i].misc;
	if (READ_ONCE(pt->debug))
		regs[TLFS_CPUID_EDX] |= HV_FEATURE_EDX_GUEST_DEBUGGING_AVAILABLE;
}

static void leaf_recommendations(const struct tlfs_partition *pt, u32 regs[4])
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		if (pt->synthetic_features & features[i].synthetic)
			regs[TLFS_CPUID_EAX] |= features[i].recommend;
	regs[TLFS_CPUID_EBX] = HV_SPINLOCK_RETRIES_NEVER;
	if (pt->synthetic_features & HV_SYNTHETIC_FEATURE_NOTIFY_LONG_SPIN_WAIT)
		regs[TLFS_CPUID_EBX] = TLFS_SPIN_RETRIES;
	regs[TLFS_CPUID_ECX] = tlfs_cpuid_phys_bits() & HV_RECOMMEND_ECX_PHYSICAL_ADDRESS_BITS_MASK;
}

/* hypervisor leaves (3.4); all zero for those without content and beyond the last */
void tlfs_feature_leaf(struct tlfs_partition *pt, u32 leaf, u32 regs[4])
{
	regs[0] = 0;
	regs[1] = 0;
	regs[2] = 0;
	regs[3] = 0;
	if (!(pt->synthetic_features & HV_SYNTHETIC_FEATURE_HYPERVISOR_PRESENT))
		return;

	switch (leaf) {
	case HV_CPUID_VENDOR_AND_MAX_FUNCTIONS:
		regs[TLFS_CPUID_EAX] = TLFS_MAX_LEAF;
		regs[TLFS_CPUID_EBX] = HV_CPUID_VENDOR_EBX;
		regs[TLFS_CPUID_ECX] = HV_CPUID_VENDOR_ECX;
		regs[TLFS_CPUID_EDX] = HV_CPUID_VENDOR_EDX;
		break;
	case HV_CPUID_INTERFACE:
		if (pt->synthetic_features & HV_SYNTHETIC_FEATURE_HV1)
			regs[TLFS_CPUID_EAX] = HV_CPUID_SIGNATURE_EAX;
		break;
	case HV_CPUID_VERSION:
		if (!READ_ONCE(pt->guest_os_id))
			break;
		regs[TLFS_CPUID_EAX] = TLFS_VERSION_BUILD;
		regs[TLFS_CPUID_EBX] = TLFS_VERSION_MAJOR << 16 | TLFS_VERSION_MINOR;
		break;
	case HV_CPUID_FEATURES:
		leaf_features(pt, regs);
		break;
	case HV_CPUID_RECOMMENDATIONS:
		leaf_recommendations(pt, regs);
		break;
	case HV_CPUID_IMPLEMENTATION_LIMITS:
		regs[TLFS_CPUID_EAX] = TLFS_MAX_VPS;
		regs[TLFS_CPUID_EBX] = num_present_cpus();
		break;
	case HV_CPUID_HARDWARE_FEATURES:
		regs[TLFS_CPUID_EAX] = HV_HW_FEATURE_MSR_BITMAPS |
				       HV_HW_FEATURE_SECOND_LEVEL_ADDRESS_TRANSLATION;
		break;
	}
}

/* ---- processor feature banks ---- */

#define BANK_XSAVE	TLFS_CPU_FEATURE_BANKS	/* HV_XSAVE_FEATURE_* */

/**
 * struct cpu_feature - a bit of a feature bank and the CPUID bits that show it
 * @feature:	HV_PROCESSOR_FEATURE0_*, FEATURE1_* or HV_XSAVE_FEATURE_*
 * @leaf:	where CPUID shows it
 * @bits:	in @reg of @leaf, @subleaf
 * @bank:	bank of @feature, or BANK_XSAVE
 * @subleaf:	of @leaf
 * @reg:	enum tlfs_cpuid_reg
 *
 * A row of one bit says whether the host has the feature; rows of several only hide with it.
 * A feature that is not listed is not offered.  Left out on purpose: what needs MSRs or state
 * that is not switched for a guest (IBRS, STIBP, IBPB, CET, TSC_ADJUST, XSAVES), and what cannot
 * be relied upon (HLE, RTM).
 */
struct cpu_feature {
	u64 feature;
	u32 leaf;
	u32 bits;
	u8 bank;
	u8 subleaf;
	u8 reg;
};

#define CPU0(f, l, s, r, b) { .feature = HV_PROCESSOR_FEATURE0_##f, .bank = 0, .leaf = (l), \
			      .subleaf = (s), .reg = TLFS_CPUID_##r, .bits = (b) }
#define CPU1(f, l, s, r, b) { .feature = HV_PROCESSOR_FEATURE1_##f, .bank = 1, .leaf = (l), \
			      .subleaf = (s), .reg = TLFS_CPUID_##r, .bits = (b) }
#define CPUX(f, l, s, r, b) { .feature = HV_XSAVE_FEATURE_##f, .bank = BANK_XSAVE, .leaf = (l), \
			      .subleaf = (s), .reg = TLFS_CPUID_##r, .bits = (b) }

/* AVX-512 and all that needs the upper halves go with AVX */
#define LEAF7_EBX_AVX512	(BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) | BIT(31))
#define LEAF7_ECX_AVX		(BIT(1) | BIT(6) | BIT(9) | BIT(10) | BIT(11) | BIT(12) | BIT(14))

static const struct cpu_feature cpu_features[] = {
	CPU0(SSE3, 1, 0, ECX, BIT(0)),
	CPU0(PCLMULQDQ, 1, 0, ECX, BIT(1)),
	CPU0(SSSE3, 1, 0, ECX, BIT(9)),
	CPU0(CMPXCHG16B, 1, 0, ECX, BIT(13)),
	CPU0(PCID, 1, 0, ECX, BIT(17)),
	CPU0(SSE4_1, 1, 0, ECX, BIT(19)),
	CPU0(SSE4_2, 1, 0, ECX, BIT(20)),
	CPU0(MOVBE, 1, 0, ECX, BIT(22)),
	CPU0(POPCNT, 1, 0, ECX, BIT(23)),
	CPU0(AES, 1, 0, ECX, BIT(25)),
	CPU0(F16C, 1, 0, ECX, BIT(29)),
	CPU0(RDRAND, 1, 0, ECX, BIT(30)),
	CPU1(TSC_DEADLINE, 1, 0, ECX, BIT(24)),
	CPUX(XSAVE, 1, 0, ECX, BIT(26)),
	CPUX(AVX, 1, 0, ECX, BIT(28)),
	CPUX(FMA, 1, 0, ECX, BIT(12)),

	CPU0(RDWRFSGS, 7, 0, EBX, BIT(0)),
	CPU0(BMI1, 7, 0, EBX, BIT(3)),
	CPU0(X87_POINTERS_SAVED, 7, 0, EBX, BIT(6)),
	CPU0(SMEP, 7, 0, EBX, BIT(7)),
	CPU0(BMI2, 7, 0, EBX, BIT(8)),
	CPU0(ENHANCED_FAST_STRING, 7, 0, EBX, BIT(9)),
	CPU0(INVPCID, 7, 0, EBX, BIT(10)),
	CPU0(DEP_X87_FPU_SAVE, 7, 0, EBX, BIT(13)),
	CPU0(RDSEED, 7, 0, EBX, BIT(18)),
	CPU0(ADX, 7, 0, EBX, BIT(19)),
	CPU0(SMAP, 7, 0, EBX, BIT(20)),
	CPU0(CLFLUSHOPT, 7, 0, EBX, BIT(23)),
	CPU0(CLWB, 7, 0, EBX, BIT(24)),
	CPU0(SHA, 7, 0, EBX, BIT(29)),
	CPU0(FAST_SHORT_REP_MOV, 7, 0, EDX, BIT(4)),
	CPU1(CLDEMOTE, 7, 0, ECX, BIT(25)),
	CPU1(MOVDIRI, 7, 0, ECX, BIT(27)),
	CPU1(MOVDIR64B, 7, 0, ECX, BIT(28)),
	CPU1(SERIALIZE, 7, 0, EDX, BIT(14)),
	CPU1(FZRM, 7, 1, EAX, BIT(10)),
	CPU1(FSRS, 7, 1, EAX, BIT(11)),
	CPU1(FSRC, 7, 1, EAX, BIT(12)),
	CPUX(AVX2, 7, 0, EBX, BIT(5)),
	CPUX(AVX, 7, 0, EBX, LEAF7_EBX_AVX512),
	CPUX(AVX, 7, 0, ECX, LEAF7_ECX_AVX),
	CPUX(AVX, 7, 0, EDX, BIT(8) | BIT(23)),
	CPUX(AVX, 7, 1, EAX, BIT(4) | BIT(5)),

	CPUX(XSAVEOPT, 0xd, 1, EAX, BIT(0)),
	CPUX(XSAVE_COMP, 0xd, 1, EAX, BIT(1)),

	CPU0(LAHF_SAHF, 0x80000001, 0, ECX, BIT(0)),
	CPU0(ALTMOVCR8, 0x80000001, 0, ECX, BIT(4)),
	CPU0(LZCNT, 0x80000001, 0, ECX, BIT(5)),
	CPU0(SSE4A, 0x80000001, 0, ECX, BIT(6)),
	CPU0(MISALIGN_SSE, 0x80000001, 0, ECX, BIT(7)),
	CPU0(INTEL_PREFETCH, 0x80000001, 0, ECX, BIT(8)),
	CPU0(XOP, 0x80000001, 0, ECX, BIT(11)),
	CPU0(FMA4, 0x80000001, 0, ECX, BIT(16)),
	CPU0(MMX_EXT, 0x80000001, 0, EDX, BIT(22)),
	CPU0(PAGE_1GB, 0x80000001, 0, EDX, BIT(26)),
	CPU0(RDTSCP, 0x80000001, 0, EDX, BIT(27)),
	CPU0(EXTENDED_3DNOW, 0x80000001, 0, EDX, BIT(30)),
	CPU0(3DNOW, 0x80000001, 0, EDX, BIT(31)),
	CPU0(RDTSCP, 7, 0, ECX, BIT(22)),		/* RDPID reads the same register */
	CPU1(TSC_INVARIANT, 0x80000007, 0, EDX, BIT(8)),
	CPU1(CLZERO, 0x80000008, 0, EBX, BIT(0)),
};

static u64 bank_available(unsigned int bank)
{
	const struct cpu_feature *f;
	u64 all = 0;

	for (f = cpu_features; f < cpu_features + ARRAY_SIZE(cpu_features); f++)
		if (f->bank == bank && hweight32(f->bits) == 1 &&
		    (tlfs_cpuid_policy(f->leaf, f->subleaf, f->reg) & f->bits))
			all |= f->feature;
	return all;
}

u64 tlfs_processor_features(unsigned int bank)
{
	return bank < TLFS_CPU_FEATURE_BANKS ? bank_available(bank) : 0;
}

u64 tlfs_xsave_features(void)
{
	return bank_available(BANK_XSAVE);
}

void tlfs_features_hide(const struct tlfs_partition *pt, u32 leaf, u32 subleaf, u32 regs[4])
{
	const struct cpu_feature *f;
	u64 disabled;

	for (f = cpu_features; f < cpu_features + ARRAY_SIZE(cpu_features); f++) {
		if (f->leaf != leaf || f->subleaf != subleaf)
			continue;
		disabled = f->bank == BANK_XSAVE ? pt->disabled_xsave
						 : pt->disabled_features[f->bank];
		if (disabled & f->feature)
			regs[f->reg] &= ~f->bits;
	}
}
