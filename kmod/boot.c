// SPDX-License-Identifier: GPL-2.0-only
/*
 * boot.c - which processors the hypervisor runs on (TLFS 22, Appendix E)
 *
 * Guests are told that all processors are alike; so they have to be, and the first of them says
 * what they are like.
 */
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/smp.h>

#include <asm/processor.h>

#include "tlfs.h"
#include "boot_rules.h"

static bool mixed_processors;
module_param(mixed_processors, bool, 0444);
MODULE_PARM_DESC(mixed_processors, "Load though processors differ from one another (default N)");

static struct tlfs_boot_leaves first_lp;

static unsigned int boot_vendor(void)
{
	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_AMD:
	case X86_VENDOR_HYGON:
		return BOOT_AMD;
	default:
		return BOOT_INTEL;
	}
}

static void read_leaves(struct tlfs_boot_leaves *lp)
{
	static const u32 number[BOOT_LEAVES] = TLFS_BOOT_LEAF_NUMBERS;
	unsigned int i;
	u32 *r;

	for (i = 0; i < BOOT_LEAVES; i++) {
		r = lp->r[i];
		r[0] = 0;
		r[1] = 0;
		r[2] = 0;
		r[3] = 0;
		if (number[i] <= cpuid_eax(number[i] & 0x80000000))
			cpuid_count(number[i], 0, &r[0], &r[1], &r[2], &r[3]);
	}
}

void tlfs_boot_setup(void)
{
	read_leaves(&first_lp);
}

/* on the processor itself: 0 or -ENODEV */
int tlfs_boot_check(unsigned int cpu)
{
	const struct tlfs_boot_rule *rule;
	struct tlfs_boot_leaves lp;

	read_leaves(&lp);
	rule = tlfs_boot_violation(&first_lp, &lp, boot_vendor());
	if (!rule)
		return 0;
	if (rule->kind == BOOT_MATCH && mixed_processors) {
		pr_warn_once("tlfs: processors differ (CPUID %s); loaded all the same\n",
			     rule->row);
		return 0;
	}
	if (rule->kind == BOOT_MATCH)
		tlfs_err("CPU %u differs from the others (CPUID %s, TLFS Appendix E): mixed_processors=1 loads all the same\n",
			 cpu, rule->row);
	else
		tlfs_err("CPU %u lacks what a hypervisor needs (CPUID %s, TLFS Appendix E)\n",
			 cpu, rule->row);
	return -ENODEV;
}
