/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * boot_rules.h - what CPUID must say on every logical processor (TLFS 22, Appendix E)
 *
 * Plain C on numbers: boot.c checks processors with it, and a test program the rules themselves.
 *
 * Left out: the hypervisor-present bit (a host may be nested), VME (nothing here needs it, and
 * emulators lack it) and the limit of 48 physical address bits (guests get no more than that,
 * whatever the processor has).
 */
#ifndef TLFS_BOOT_RULES_H
#define TLFS_BOOT_RULES_H

enum tlfs_boot_leaf {
	BOOT_0,
	BOOT_1,
	BOOT_80000000,
	BOOT_80000001,
	BOOT_80000005,
	BOOT_80000006,
	BOOT_80000008,
	BOOT_8000000A,
	BOOT_LEAVES,
};

#define TLFS_BOOT_LEAF_NUMBERS \
	{ 0, 1, 0x80000000, 0x80000001, 0x80000005, 0x80000006, 0x80000008, 0x8000000a }

/* the leaves of one processor: EAX to EDX; zero beyond its last leaf */
struct tlfs_boot_leaves {
	unsigned int r[BOOT_LEAVES][4];
};

enum tlfs_boot_kind {
	BOOT_MATCH,		/* the same on all processors */
	BOOT_SET,		/* every bit of the mask */
	BOOT_MIN,		/* at least */
};

#define BOOT_INTEL	1
#define BOOT_AMD	2
#define BOOT_ANY	(BOOT_INTEL | BOOT_AMD)

/**
 * struct tlfs_boot_rule - rows of Appendix E
 * @row:	leaf, register and bits in words
 * @mask:	bits of each register
 * @min:	for %BOOT_MIN
 * @leaf:	enum tlfs_boot_leaf
 * @kind:	enum tlfs_boot_kind
 * @vendor:	BOOT_INTEL, BOOT_AMD, BOOT_ANY
 */
struct tlfs_boot_rule {
	const char *row;
	unsigned int mask[4];
	unsigned int min;
	unsigned char leaf;
	unsigned char kind;
	unsigned char vendor;
};

#define BOOT_ALL	0xffffffffU
#define BOOT_RULE(l, k, v, name, a, b, c, d) \
	{ .row = (name), .mask = { (a), (b), (c), (d) }, .leaf = (l), .kind = (k), .vendor = (v) }

static const struct tlfs_boot_rule tlfs_boot_rules[] = {
	{ "00000000-EAX-31_0", { BOOT_ALL }, 4, BOOT_0, BOOT_MIN, BOOT_INTEL },
	{ "00000000-EAX-31_0", { BOOT_ALL }, 1, BOOT_0, BOOT_MIN, BOOT_AMD },
	BOOT_RULE(BOOT_0, BOOT_MATCH, BOOT_ANY, "00000000-EBX/ECX/EDX-31_0",
		  0, BOOT_ALL, BOOT_ALL, BOOT_ALL),
	BOOT_RULE(BOOT_1, BOOT_MATCH, BOOT_ANY, "00000001-EAX-7_4", 0xf0, 0, 0, 0),
	BOOT_RULE(BOOT_1, BOOT_MATCH, BOOT_ANY, "00000001-EAX-11_8", 0xf00, 0, 0, 0),
	BOOT_RULE(BOOT_1, BOOT_MATCH, BOOT_ANY, "00000001-EAX-13_12", 0x3000, 0, 0, 0),
	BOOT_RULE(BOOT_1, BOOT_MATCH, BOOT_ANY, "00000001-EAX-19_16", 0xf0000, 0, 0, 0),
	BOOT_RULE(BOOT_1, BOOT_MATCH, BOOT_ANY, "00000001-EAX-27_20", 0xff00000, 0, 0, 0),
	BOOT_RULE(BOOT_1, BOOT_MATCH, BOOT_ANY, "00000001-EBX-15_8", 0, 0xff00, 0, 0),
	BOOT_RULE(BOOT_1, BOOT_MATCH, BOOT_ANY, "00000001-EBX-23_16", 0, 0xff0000, 0, 0),
	BOOT_RULE(BOOT_1, BOOT_SET, BOOT_INTEL, "00000001-ECX", 0, 0, 1 << 5, 0),
	BOOT_RULE(BOOT_1, BOOT_MATCH, BOOT_ANY, "00000001-ECX-26", 0, 0, 1 << 26, 0),
	BOOT_RULE(BOOT_1, BOOT_MATCH, BOOT_ANY, "00000001-ECX-27", 0, 0, 1 << 27, 0),
	BOOT_RULE(BOOT_1, BOOT_SET, BOOT_ANY, "00000001-EDX", 0, 0, 0, 0x078bfbfd),
	{ "80000000-EAX-31_0", { BOOT_ALL }, 0x80000001, BOOT_80000000, BOOT_MIN, BOOT_INTEL },
	{ "80000000-EAX-31_0", { BOOT_ALL }, 0x80000008, BOOT_80000000, BOOT_MIN, BOOT_AMD },
	BOOT_RULE(BOOT_80000001, BOOT_MATCH, BOOT_ANY, "80000001-EAX-7_4", 0xf0, 0, 0, 0),
	BOOT_RULE(BOOT_80000001, BOOT_MATCH, BOOT_ANY, "80000001-EAX-11_8", 0xf00, 0, 0, 0),
	BOOT_RULE(BOOT_80000001, BOOT_MATCH, BOOT_ANY, "80000001-EAX-13_12", 0x3000, 0, 0, 0),
	BOOT_RULE(BOOT_80000001, BOOT_MATCH, BOOT_ANY, "80000001-EAX-19_16", 0xf0000, 0, 0, 0),
	BOOT_RULE(BOOT_80000001, BOOT_MATCH, BOOT_ANY, "80000001-EAX-27_20", 0xff00000, 0, 0, 0),
	BOOT_RULE(BOOT_80000001, BOOT_MATCH, BOOT_ANY, "80000001-EBX-15_0", 0, 0xffff, 0, 0),
	BOOT_RULE(BOOT_80000001, BOOT_MATCH, BOOT_ANY, "80000001-EBX-31_28",
		  0, 0xf0000000, 0, 0),
	BOOT_RULE(BOOT_80000001, BOOT_SET, BOOT_AMD, "80000001-ECX", 0, 0, 1 << 2, 0),
	/* Intel keeps of these only what leaf 1 does not have */
	BOOT_RULE(BOOT_80000001, BOOT_SET, BOOT_INTEL, "80000001-EDX", 0, 0, 0, 0x20100800),
	BOOT_RULE(BOOT_80000001, BOOT_SET, BOOT_AMD, "80000001-EDX", 0, 0, 0, 0x2193fbfd),
	BOOT_RULE(BOOT_80000005, BOOT_MATCH, BOOT_AMD, "80000005-all-31_0",
		  BOOT_ALL, BOOT_ALL, BOOT_ALL, BOOT_ALL),
	BOOT_RULE(BOOT_80000006, BOOT_MATCH, BOOT_AMD, "80000006-EAX/EBX/EDX-31_0",
		  BOOT_ALL, BOOT_ALL, 0, BOOT_ALL),
	BOOT_RULE(BOOT_80000006, BOOT_MATCH, BOOT_ANY, "80000006-ECX-31_0", 0, 0, BOOT_ALL, 0),
	BOOT_RULE(BOOT_80000008, BOOT_MATCH, BOOT_AMD, "80000008-ECX-7_0,15_12",
		  0, 0, 0xf0ff, 0),
	BOOT_RULE(BOOT_8000000A, BOOT_MATCH, BOOT_AMD, "8000000A-EAX,EBX-31_0",
		  BOOT_ALL, BOOT_ALL, 0, 0),
};

#define TLFS_BOOT_RULES	ARRAY_SIZE(tlfs_boot_rules)

static inline int tlfs_boot_rule_ok(const struct tlfs_boot_rule *rule,
				    const unsigned int first[4], const unsigned int lp[4])
{
	unsigned int i;

	for (i = 0; i < 4; i++) {
		unsigned int mask = rule->mask[i];

		if (rule->kind == BOOT_MATCH && (first[i] ^ lp[i]) & mask)
			return 0;
		if (rule->kind == BOOT_SET && ~lp[i] & mask)
			return 0;
		if (rule->kind == BOOT_MIN && mask && lp[i] < rule->min)
			return 0;
	}
	return 1;
}

/* the rule that processor @lp of @vendor breaks, beside processor @first, or NULL */
static inline const struct tlfs_boot_rule *
tlfs_boot_violation(const struct tlfs_boot_leaves *first, const struct tlfs_boot_leaves *lp,
		    unsigned int vendor)
{
	const struct tlfs_boot_rule *rule;

	for (rule = tlfs_boot_rules; rule < tlfs_boot_rules + TLFS_BOOT_RULES; rule++)
		if (rule->vendor & vendor &&
		    !tlfs_boot_rule_ok(rule, first->r[rule->leaf], lp->r[rule->leaf]))
			return rule;
	return NULL;
}

#endif /* TLFS_BOOT_RULES_H */
