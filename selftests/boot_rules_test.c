// SPDX-License-Identifier: GPL-2.0-only
/*
 * boot_rules_test.c - the rules the module applies to processors before it takes them (TLFS 22)
 *
 * Two processors that satisfy Appendix E, and then one row after the other broken on the second.
 * That the module itself asks is seen from its being loaded here with the parameter in sysfs.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"
#include "../kmod/boot_rules.h"

static unsigned int failed, nr;

static void result(bool ok, const char *row, unsigned int bit, bool has_bit)
{
	failed += !ok;
	printf("%sok %u - a processor that breaks it is refused [BOOT-%s", ok ? "" : "not ", ++nr,
	       row);
	if (has_bit)
		printf("-%u", bit);
	printf("]\n");
}

/* the least that satisfies every rule */
static void good_leaves(struct tlfs_boot_leaves *lp, unsigned int vendor)
{
	const struct tlfs_boot_rule *rule;

	memset(lp, 0, sizeof(*lp));
	for (rule = tlfs_boot_rules; rule < tlfs_boot_rules + TLFS_BOOT_RULES; rule++) {
		if (!(rule->vendor & vendor))
			continue;
		for (int i = 0; i < 4; i++)
			if (rule->kind == BOOT_SET)
				lp->r[rule->leaf][i] |= rule->mask[i];
			else if (rule->kind == BOOT_MIN && rule->mask[i])
				lp->r[rule->leaf][i] = rule->min;
	}
}

/* is the second processor refused for @rule once bit @bit of register @reg is the other way */
static bool flip_refused(const struct tlfs_boot_rule *rule, unsigned int vendor, int reg,
			 unsigned int bit)
{
	struct tlfs_boot_leaves first, second;
	const struct tlfs_boot_rule *broken;

	good_leaves(&first, vendor);
	second = first;
	second.r[rule->leaf][reg] ^= 1U << bit;
	/* the first processor's word does not excuse what each must have */
	if (rule->kind == BOOT_SET)
		first.r[rule->leaf][reg] ^= 1U << bit;
	broken = tlfs_boot_violation(&first, &second, vendor);
	return broken && broken->leaf == rule->leaf && broken->mask[reg] >> bit & 1;
}

static bool less_refused(const struct tlfs_boot_rule *rule, unsigned int vendor)
{
	struct tlfs_boot_leaves lp;

	good_leaves(&lp, vendor);
	if (tlfs_boot_violation(&lp, &lp, vendor))
		return false;
	lp.r[rule->leaf][0] = rule->min - 1;
	return tlfs_boot_violation(&lp, &lp, vendor) == rule;
}

static void try_rule(const struct tlfs_boot_rule *rule, unsigned int vendor)
{
	bool all = true;

	if (rule->kind == BOOT_MIN) {
		result(less_refused(rule, vendor), rule->row, 0, false);
		return;
	}
	for (int reg = 0; reg < 4; reg++)
		for (unsigned int bit = 0; bit < 32; bit++) {
			if (!(rule->mask[reg] >> bit & 1))
				continue;
			if (rule->kind == BOOT_SET)
				result(flip_refused(rule, vendor, reg, bit), rule->row, bit, true);
			else
				all &= flip_refused(rule, vendor, reg, bit);
		}
	if (rule->kind == BOOT_MATCH)
		result(all, rule->row, 0, false);
}

int main(void)
{
	static const unsigned int vendors[] = { BOOT_INTEL, BOOT_AMD };
	struct tlfs_boot_leaves lp;

	printf("TAP version 13\n");
	for (int v = 0; v < 2; v++) {
		good_leaves(&lp, vendors[v]);
		nr++;
		failed += !!tlfs_boot_violation(&lp, &lp, vendors[v]);
		printf("%sok %u - what Appendix E asks for is enough\n",
		       tlfs_boot_violation(&lp, &lp, vendors[v]) ? "not " : "", nr);
		for (unsigned int i = 0; i < TLFS_BOOT_RULES; i++)
			if (tlfs_boot_rules[i].vendor & vendors[v])
				try_rule(&tlfs_boot_rules[i], vendors[v]);
	}
	nr++;
	failed += !!access("/sys/module/tlfs/parameters/mixed_processors", R_OK);
	printf("%sok %u - the module asks [B-22-002]\n",
	       access("/sys/module/tlfs/parameters/mixed_processors", R_OK) ? "not " : "", nr);
	printf("1..%u\n", nr);
	return failed ? KSFT_FAIL : KSFT_PASS;
}
