// SPDX-License-Identifier: GPL-2.0-only
/*
 * cpuid_v2.c - CPUID in the words of TLFS 2.0 (Appendix D)
 *
 * Guests written to 2.0 may rely on what its Appendix D says of every bit, where guests of today
 * want the processor features of today.  The compatibility version of a partition picks; this is
 * what 2.0 adds to hiding features it does not know.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm/processor.h>

#include "tlfs.h"
#include "cpuid.h"
#include "feature_table.h"

#define ALL		0xffffffffU
#define EXT_BASE	0x80000000U
#define MAX_BASIC	0x6U
#define MAX_EXT		0x8000001aU
#define CACHE_LEAVES	8

#define LEAF4_THREADS	GENMASK(25, 14)
#define LEAF4_CORES	GENMASK(31, 26)
#define EXT1_CMP_LEGACY	BIT(1)
#define EXT1_PREFETCH	BIT(8)
#define EXT1_OSVW	BIT(9)
#define EXT8_NC		(GENMASK(15, 12) | GENMASK(7, 0))

/* 5.2.8: the features 2.0 has names for */
#define V2_FEATURES	GENMASK_ULL(14, 0)

#define V2_SYNTHETIC						\
	(HV_SYNTHETIC_FEATURE_HYPERVISOR_PRESENT |		\
	 HV_SYNTHETIC_FEATURE_HV1 |				\
	 HV_SYNTHETIC_FEATURE_ACCESS_VP_RUN_TIME_REG |		\
	 HV_SYNTHETIC_FEATURE_ACCESS_PARTITION_REFERENCE_COUNTER | \
	 HV_SYNTHETIC_FEATURE_ACCESS_PARTITION_REFERENCE_TSC |	\
	 HV_SYNTHETIC_FEATURE_ACCESS_SYNIC_REGS |		\
	 HV_SYNTHETIC_FEATURE_ACCESS_SYNTHETIC_TIMER_REGS |	\
	 HV_SYNTHETIC_FEATURE_ACCESS_INTR_CTRL_REGS |		\
	 HV_SYNTHETIC_FEATURE_ACCESS_HYPERCALL_REGS |		\
	 HV_SYNTHETIC_FEATURE_ACCESS_VP_INDEX |			\
	 HV_SYNTHETIC_FEATURE_ACCESS_GUEST_IDLE_REG |		\
	 HV_SYNTHETIC_FEATURE_TLB_FLUSH_HYPERCALLS |		\
	 HV_SYNTHETIC_FEATURE_NOTIFY_LONG_SPIN_WAIT |		\
	 HV_SYNTHETIC_FEATURE_SIGNAL_EVENTS |			\
	 TLFS_SYNTHETIC_FEATURE_POST_MESSAGES |			\
	 TLFS_SYNTHETIC_FEATURE_CREATE_PORT |			\
	 TLFS_SYNTHETIC_FEATURE_CONNECT_PORT |			\
	 TLFS_SYNTHETIC_FEATURE_RESET)

/* bits of 0x40000003.EDX and 0x40000004.EAX that 2.0 has */
#define V2_FEATURES_EDX	GENMASK(5, 0)
#define V2_RECOMMEND	GENMASK(5, 0)

/* what 2.0 lets through of a leaf; a leaf that is not here reads zero */
static const struct {
	u32 leaf;
	u32 reg[TLFS_CPUID_REGS];
} v2_masks[] = {
	{ 0x0, { ALL, ALL, ALL, ALL } },
	{ 0x1, { 0x0fff3fff, ALL, 0x80982201, 0x0f8bfbff } },
	{ 0x2, { ALL, ALL, ALL, ALL } },
	{ 0x4, { 0xffffcfff, ALL, ALL, 0 } },
	{ 0x80000000, { ALL, ALL, ALL, ALL } },
	{ 0x80000001, { 0x0fff3fff, 0xf000ffff, 0x00000bf3, 0xe3d3fbff } },
	{ 0x80000002, { ALL, ALL, ALL, ALL } },
	{ 0x80000003, { ALL, ALL, ALL, ALL } },
	{ 0x80000004, { ALL, ALL, ALL, ALL } },
	{ 0x80000005, { ALL, ALL, ALL, ALL } },
	{ 0x80000006, { ALL, ALL, ALL, ALL } },
	{ 0x80000008, { 0xffff, 0, ALL, 0 } },
	{ 0x8000001a, { 0x3, 0, 0, 0 } },
};

/* the host's, of what is passed through here and not in cpuid.c */
static struct {
	u32 leaf4[CACHE_LEAVES];
	u32 ext1_ecx;
	u32 ext8_ecx;
} v2_host __ro_after_init;

void __init tlfs_cpuid_v2_setup(void)
{
	u32 max = cpuid_eax(EXT_BASE), ebx, ecx, edx;
	unsigned int i;

	for (i = 0; i < CACHE_LEAVES && cpuid_eax(0) >= 4; i++)
		cpuid_count(4, i, &v2_host.leaf4[i], &ebx, &ecx, &edx);
	if (max < EXT_BASE || max >= EXT_BASE + 0x10000)
		return;
	if (max >= 0x80000001)
		v2_host.ext1_ecx = cpuid_ecx(0x80000001);
	if (max >= 0x80000008)
		v2_host.ext8_ecx = cpuid_ecx(0x80000008);
}

/* under pt->lock, before anything runs */
void tlfs_cpuid_set_v2(struct tlfs_partition *pt)
{
	pt->v2 = true;
	pt->disabled_features[0] |= ~V2_FEATURES;
	pt->disabled_features[1] = ~0ULL;
	pt->disabled_xsave = ~0ULL;
	pt->create_flags &= ~TLFS_PT_X2APIC;
	tlfs_partition_set_features(pt, pt->synthetic_features & V2_SYNTHETIC);
}

u64 tlfs_synthetic_v2(void)
{
	return V2_SYNTHETIC & tlfs_synthetic_supported();
}

/* threads of a core and VPs of a package: as the host's, or the partition's own if it has SMT */
static u32 v2_cache_sharing(const struct tlfs_partition *pt, u32 sub)
{
	u32 host = v2_host.leaf4[array_index_nospec(sub, CACHE_LEAVES)];
	u32 threads = max_t(u32, tlfs_threads_per_core(), 1);
	u32 shared = (host & LEAF4_THREADS) >> 14, cores = host & LEAF4_CORES;

	if (pt->create_flags & TLFS_PT_SMT)
		return 1 << 14 | cores;
	return (shared + 1) / threads ? ((shared + 1) / threads - 1) << 14 | cores : cores;
}

void tlfs_cpuid_v2(const struct tlfs_partition *pt, u32 leaf, u32 sub, u32 r[4])
{
	unsigned int i, reg;

	for (i = 0; i < ARRAY_SIZE(v2_masks); i++)
		if (v2_masks[i].leaf == leaf)
			break;
	if (i == ARRAY_SIZE(v2_masks)) {
		memset(r, 0, TLFS_CPUID_REGS * sizeof(*r));
		return;
	}
	for (reg = 0; reg < TLFS_CPUID_REGS; reg++)
		r[reg] &= v2_masks[i].reg[reg];

	switch (leaf) {
	case 0:
		r[TLFS_CPUID_EAX] = min(r[TLFS_CPUID_EAX], MAX_BASIC);
		break;
	case EXT_BASE:
		r[TLFS_CPUID_EAX] = min(r[TLFS_CPUID_EAX], MAX_EXT);
		break;
	case 4:
		r[TLFS_CPUID_EAX] &= ~(LEAF4_THREADS | LEAF4_CORES);
		if (sub < CACHE_LEAVES && r[TLFS_CPUID_EAX] & 0x1f)
			r[TLFS_CPUID_EAX] |= v2_cache_sharing(pt, sub);
		break;
	case 0x80000001:
		/* PREFETCH, which has become a feature of its own since, among the host's */
		r[TLFS_CPUID_ECX] &= ~EXT1_CMP_LEGACY;
		r[TLFS_CPUID_ECX] |= v2_host.ext1_ecx &
				     (EXT1_CMP_LEGACY | EXT1_PREFETCH | EXT1_OSVW);
		break;
	case 0x80000008:
		r[TLFS_CPUID_ECX] = v2_host.ext8_ecx & EXT8_NC;
		break;
	}
}

/* hypervisor leaves: what later editions added is not there */
void tlfs_feature_leaf_v2(u32 leaf, u32 r[4])
{
	switch (leaf) {
	case HV_CPUID_VENDOR_AND_MAX_FUNCTIONS:
		r[TLFS_CPUID_EAX] = HV_CPUID_HARDWARE_FEATURES;
		break;
	case HV_CPUID_FEATURES:
		r[TLFS_CPUID_EDX] &= V2_FEATURES_EDX;
		break;
	case HV_CPUID_RECOMMENDATIONS:
		r[TLFS_CPUID_EAX] &= V2_RECOMMEND;
		r[TLFS_CPUID_ECX] = 0;
		break;
	}
}
