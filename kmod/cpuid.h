/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cpuid.h - the host's CPUID, read once, and what features.c takes out of it
 */
#ifndef TLFS_CPUID_H
#define TLFS_CPUID_H

#include <linux/types.h>

struct tlfs_partition;

enum tlfs_cpuid_reg {
	TLFS_CPUID_EAX,
	TLFS_CPUID_EBX,
	TLFS_CPUID_ECX,
	TLFS_CPUID_EDX,
	TLFS_CPUID_REGS,
};

/* what a guest with every feature would read, without the parts that belong to a VP */
u32 tlfs_cpuid_policy(u32 leaf, u32 subleaf, enum tlfs_cpuid_reg reg);
/* MAXPHYADDR of guests */
unsigned int tlfs_cpuid_phys_bits(void);

/* features.c: take what the creator of @pt disabled out of a leaf */
void tlfs_features_hide(const struct tlfs_partition *pt, u32 leaf, u32 subleaf, u32 regs[4]);

/* cpuid_v2.c: what TLFS 2.0 leaves of a leaf in a partition of that compatibility version */
void tlfs_cpuid_v2_setup(void);
void tlfs_cpuid_v2(const struct tlfs_partition *pt, u32 leaf, u32 subleaf, u32 regs[4]);
void tlfs_feature_leaf_v2(u32 leaf, u32 regs[4]);

#endif /* TLFS_CPUID_H */
