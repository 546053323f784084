// SPDX-License-Identifier: GPL-2.0-only
/*
 * cpuid.c - what CPUID says to a guest (TLFS 3, 11.2, 11.11, Appendix D)
 *
 * The host's leaves are read once, at load: where the host is itself a guest, CPUID traps.  What
 * is kept is already cut down to what a guest may see; an exit only adds what belongs to a VP or
 * changes while it runs.
 */
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include <asm/processor.h>

#include "tlfs.h"
#include "cpuid.h"

#define BASIC_LEAVES	0x20U
#define EXT_BASE	0x80000000U
#define EXT_LEAVES	0x22U
#define HV_BASE		0x40000000U
#define HV_END		0x40010000U

#define XSAVE_LEAF	0xd
#define XSAVE_LEGACY	576		/* FXSAVE area and header */
#define XSAVE_COMPONENTS 63

#define PHYS_BITS_MAX	TLFS_GPA_BITS_MAX
#define LINEAR_BITS	48

#define ALL		0xffffffffU

/**
 * struct cpuid_mask - what of a leaf a guest may see
 * @leaf:	EAX
 * @sub:	first subleaf, ECX
 * @subs:	subleaves it has; 1 for a leaf without
 * @reg:	mask of each register
 */
struct cpuid_mask {
	u32 leaf;
	u8 sub;
	u8 subs;
	u32 reg[TLFS_CPUID_REGS];
};

/*
 * A leaf that is not here reads zero.  Of the bits a partition can be denied see features.c; those
 * which are not here are either parts of a processor that are not virtualized (VMX, SVM, MONITOR,
 * PMU, PT, SGX, RDT, AMX, CET, protection keys, 5-level paging, speculation control) or belong to
 * power management, which is the root's.
 */
static const struct cpuid_mask masks[] = {
	{ 0x0, 0, 1, { ALL, ALL, ALL, ALL } },
	/* SSE3 PCLMUL SSSE3 FMA CX16 PCID SSE4 x2APIC MOVBE POPCNT deadline AES XSAVE AVX .. */
	{ 0x1, 0, 1, { 0x0fff3fff, 0x0000ffff, 0x77fa3203, 0x0f8bfbff } },
	{ 0x2, 0, 1, { ALL, ALL, ALL, ALL } },
	{ 0x4, 0, 8, { 0x00000fff, ALL, ALL, 0x7 } },
	{ 0x7, 0, 1, { 0x1, 0xf1bf27e9, 0x1a405f46, 0x00804110 } },
	{ 0x7, 1, 1, { 0x00001c30, 0, 0, 0 } },
	{ 0xb, 0, 2, { 0, 0, 0, 0 } },
	{ 0xd, 0, 1, { ALL, 0, 0, ALL } },
	{ 0xd, 1, 1, { 0x7, 0, 0, 0 } },
	{ 0xd, 2, XSAVE_COMPONENTS - 2, { ALL, ALL, 0x7, 0 } },
	{ 0x1f, 0, 2, { 0, 0, 0, 0 } },
	{ 0x80000000, 0, 1, { ALL, ALL, ALL, ALL } },
	{ 0x80000001, 0, 1, { 0x0fff3fff, 0xf000ffff, 0x006109f3, 0xefd3fbff } },
	{ 0x80000002, 0, 1, { ALL, ALL, ALL, ALL } },
	{ 0x80000003, 0, 1, { ALL, ALL, ALL, ALL } },
	{ 0x80000004, 0, 1, { ALL, ALL, ALL, ALL } },
	{ 0x80000005, 0, 1, { ALL, ALL, ALL, ALL } },
	{ 0x80000006, 0, 1, { ALL, ALL, ALL, ALL } },
	{ 0x80000007, 0, 1, { 0, 0, 0, 0x100 } },
	{ 0x80000008, 0, 1, { 0xffff, 0x5, 0, 0 } },
	{ 0x8000001a, 0, 1, { 0x7, 0, 0, 0 } },
	{ 0x8000001d, 0, 8, { 0x00003fff, ALL, ALL, 0x3 } },
	{ 0x8000001e, 0, 1, { 0, 0, 0, 0 } },
	{ 0x80000021, 0, 1, { 0x45, 0, 0, 0 } },
};

#define LEAF1_ECX_X2APIC	BIT(21)
#define LEAF1_ECX_DEADLINE	BIT(24)
#define LEAF1_ECX_XSAVE		BIT(26)
#define LEAF1_ECX_OSXSAVE	BIT(27)
#define LEAF1_EDX_APIC		BIT(9)
#define LEAF1_EDX_HTT		BIT(28)
#define EXT1_ECX_CMP_LEGACY	BIT(1)
#define EXT1_ECX_TOPOEXT	BIT(22)
#define EXT1_EDX_APIC		BIT(9)
#define EXT7_EDX_TSC_INVARIANT	BIT(8)
#define APIC_BASE_ENABLE	BIT_ULL(11)
#define CR4_OSXSAVE		BIT_ULL(18)

struct cpuid_entry {
	u32 reg[TLFS_CPUID_REGS];
};

/*
 * Entries of a leaf: host_entry[first] and the subleaves behind it.  A plain leaf has one, and says
 * the same to every VP
 */
struct cpuid_range {
	u8 first;
	u8 count;
	bool plain;
};

#define HOST_ENTRIES	128

static struct cpuid_entry host_entry[HOST_ENTRIES] __ro_after_init;
static struct cpuid_range basic_range[BASIC_LEAVES] __ro_after_init;
static struct cpuid_range ext_range[EXT_LEAVES] __ro_after_init;
static u32 basic_max __ro_after_init;
static u32 ext_max __ro_after_init;
static bool intel __ro_after_init;
static unsigned int phys_bits __ro_after_init = 36;

static const struct cpuid_range *cpuid_range(u32 leaf)
{
	if (leaf <= basic_max)
		return &basic_range[array_index_nospec(leaf, BASIC_LEAVES)];
	if (leaf >= EXT_BASE && leaf <= ext_max)
		return &ext_range[array_index_nospec(leaf - EXT_BASE, EXT_LEAVES)];
	return NULL;
}

static const struct cpuid_entry *cpuid_entry(u32 leaf, u32 sub)
{
	const struct cpuid_range *range = cpuid_range(leaf);

	if (!range || !range->count)
		return NULL;
	if (sub >= range->count) {
		if (range->count > 1 || leaf == 7)
			return NULL;
		sub = 0;	/* a leaf without subleaves does not look at ECX */
	}
	return &host_entry[array_index_nospec(range->first + sub, HOST_ENTRIES)];
}

u32 tlfs_cpuid_policy(u32 leaf, u32 subleaf, enum tlfs_cpuid_reg reg)
{
	const struct cpuid_entry *e = cpuid_entry(leaf, subleaf);

	return e ? e->reg[reg] : 0;
}

unsigned int tlfs_cpuid_phys_bits(void)
{
	return phys_bits;
}

/* ---- at load ---- */

/* what the host does not say itself, or says in a way that is not true of a guest */
static void __init host_adjust(u32 leaf, u32 sub, struct cpuid_entry *e)
{
	u32 *r = e->reg;

	switch (leaf) {
	case 0:
		r[TLFS_CPUID_EAX] = basic_max;
		break;
	case 1:
		/* emulated, whatever the host has */
		r[TLFS_CPUID_ECX] |= LEAF1_ECX_X2APIC | LEAF1_ECX_DEADLINE;
		if (!boot_cpu_has(X86_FEATURE_XSAVE))
			r[TLFS_CPUID_ECX] &= ~LEAF1_ECX_XSAVE;
		break;
	case 2:
		if (!intel)
			memset(r, 0, sizeof(e->reg));
		break;
	case 7:
		if (!sub)
			r[TLFS_CPUID_EAX] = min(r[TLFS_CPUID_EAX], 1U);
		if ((tlfs_fpu_features & XFEATURE_MASK_AVX512) == XFEATURE_MASK_AVX512)
			break;
		if (!sub) {
			r[TLFS_CPUID_EBX] &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(28) | BIT(30) |
					       BIT(31));
			r[TLFS_CPUID_ECX] &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
			r[TLFS_CPUID_EDX] &= ~(BIT(8) | BIT(23));
		} else {
			r[TLFS_CPUID_EAX] &= ~BIT(5);
		}
		break;
	case XSAVE_LEAF:
		if (!sub) {
			r[TLFS_CPUID_EAX] &= lower_32_bits(tlfs_fpu_features);
			r[TLFS_CPUID_EDX] &= upper_32_bits(tlfs_fpu_features);
		} else if (sub >= 2 && !(tlfs_fpu_features & BIT_ULL(sub))) {
			memset(r, 0, sizeof(e->reg));
		}
		break;
	case EXT_BASE:
		r[TLFS_CPUID_EAX] = ext_max;
		break;
	case 0x80000008:
		phys_bits = min_t(u32, r[TLFS_CPUID_EAX] & 0xff, PHYS_BITS_MAX);
		r[TLFS_CPUID_EAX] = LINEAR_BITS << 8 | phys_bits;
		break;
	}
}

/* not one that leaf_vp() or leaf_dynamic() has a word to say about */
static bool __init leaf_plain(u32 leaf)
{
	switch (leaf) {
	case 0x1:
	case 0x4:
	case 0x7:
	case 0xb:
	case XSAVE_LEAF:
	case 0x1f:
	case 0x80000001:
	case 0x80000007:
	case 0x80000008:
	case 0x8000001d:
	case 0x8000001e:
		return false;
	}
	return true;
}

static int __init host_read(const struct cpuid_mask *m, unsigned int *used)
{
	struct cpuid_range *range = (struct cpuid_range *)cpuid_range(m->leaf);
	unsigned int i, sub;
	u32 *r;

	if (!range)
		return 0;
	range->plain = leaf_plain(m->leaf);
	for (sub = m->sub; sub < m->sub + m->subs; sub++) {
		if (*used == HOST_ENTRIES)
			return -ENOSPC;
		/* the subleaves of a leaf are neighbours: its rows are in order */
		if (!range->count)
			range->first = *used;
		range->count++;
		r = host_entry[*used].reg;
		cpuid_count(m->leaf, sub, &r[0], &r[1], &r[2], &r[3]);
		for (i = 0; i < TLFS_CPUID_REGS; i++)
			r[i] &= m->reg[i];
		host_adjust(m->leaf, sub, &host_entry[*used]);
		(*used)++;
	}
	return 0;
}

int __init tlfs_cpuid_setup(void)
{
	unsigned int i, used = 0;
	u32 max;
	int r;

	BUILD_BUG_ON(HOST_ENTRIES > 256);
	intel = boot_cpu_data.x86_vendor == X86_VENDOR_INTEL;
	basic_max = min(cpuid_eax(0), BASIC_LEAVES - 1);
	max = cpuid_eax(EXT_BASE);
	ext_max = max >= EXT_BASE && max < EXT_BASE + 0x10000 ?
		  min(max, EXT_BASE + EXT_LEAVES - 1) : 0;
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		r = host_read(&masks[i], &used);
		if (r)
			return r;
	}
	tlfs_cpuid_v2_setup();
	/* without AVX state there is no AVX */
	if (!(tlfs_fpu_features & XFEATURE_MASK_YMM)) {
		host_entry[basic_range[1].first].reg[TLFS_CPUID_ECX] &=
			~(BIT(12) | BIT(28) | BIT(29));
		if (basic_max >= 7) {
			struct cpuid_entry *e = &host_entry[basic_range[7].first];

			e->reg[TLFS_CPUID_EBX] &= ~BIT(5);
			e->reg[TLFS_CPUID_ECX] &= ~(BIT(9) | BIT(10));
		}
		if (ext_max > EXT_BASE)
			host_entry[ext_range[1].first].reg[TLFS_CPUID_ECX] &= ~(BIT(11) | BIT(16));
	}
	return 0;
}

/* the table is static, and lists of results go with their partitions */
void tlfs_cpuid_teardown(void)
{
}

/* ---- results the parent registered (HvRegisterInterceptResult, later editions) ---- */

#define RESULTS_PER_VP	256
#define ANY_LIST	TLFS_MAX_VPS

struct cpuid_result {
	u32 leaf;
	u32 sub;
	bool sub_specific;
	u32 value[TLFS_CPUID_REGS];
	u32 mask[TLFS_CPUID_REGS];
};

struct cpuid_list {
	struct rcu_head rcu;
	unsigned int nr;
	struct cpuid_result result[];
};

/* one list for each VP and one for all of them; lists are replaced whole */
struct tlfs_cpuid_results {
	struct cpuid_list __rcu *list[TLFS_MAX_VPS + 1];
};

/* writers; innermost of all mutexes */
static DEFINE_MUTEX(results_lock);

static const struct cpuid_result *list_find(const struct cpuid_list *list, u32 leaf, u32 sub)
{
	unsigned int i;

	if (!list)
		return NULL;
	for (i = 0; i < list->nr; i++)
		if (list->result[i].leaf == leaf &&
		    (!list->result[i].sub_specific || list->result[i].sub == sub))
			return &list->result[i];
	return NULL;
}

/* bits of @r that the module has, whatever the parent says, and @extra */
static void keep(u32 r[4], const struct cpuid_entry *e, enum tlfs_cpuid_reg reg, u32 extra)
{
	r[reg] &= (e ? e->reg[reg] : 0) | extra;
}

/* what the parent registered can hide what there is, and name the processor; not add to it */
static void result_limit(u32 leaf, u32 sub, u32 r[4])
{
	const struct cpuid_entry *e = cpuid_entry(leaf, sub);

	switch (leaf) {
	case 0x1:
		keep(r, e, TLFS_CPUID_ECX, HV_CPUID_1_ECX_HYPERVISOR_PRESENT);
		keep(r, e, TLFS_CPUID_EDX, LEAF1_EDX_HTT);
		break;
	case 0x7:
		if (sub)
			keep(r, e, TLFS_CPUID_EAX, 0);
		keep(r, e, TLFS_CPUID_EBX, 0);
		keep(r, e, TLFS_CPUID_ECX, 0);
		keep(r, e, TLFS_CPUID_EDX, 0);
		break;
	case 0x5: case 0x6: case 0xa: case 0xf: case 0x10: case 0x12: case 0x14: case 0x1d:
	case 0x1e: case 0x8000000a: case 0x8000001f:
		memset(r, 0, TLFS_CPUID_REGS * sizeof(*r));
		break;
	case 0x80000001:
		keep(r, e, TLFS_CPUID_ECX, EXT1_ECX_CMP_LEGACY);
		keep(r, e, TLFS_CPUID_EDX, intel ? 0 : EXT1_EDX_APIC);
		break;
	case 0x80000007:
		keep(r, e, TLFS_CPUID_EDX, 0);
		break;
	case 0x80000008:
		keep(r, e, TLFS_CPUID_EBX, 0);
		break;
	}
}

static bool apply_result(struct tlfs_vp *vp, u32 leaf, u32 sub, u32 r[4])
{
	const struct tlfs_cpuid_results *all;
	const struct cpuid_result *res;
	unsigned int i;

	rcu_read_lock();
	all = rcu_dereference(vp->pt->cpuid);
	res = list_find(rcu_dereference(all->list[vp->index]), leaf, sub);
	if (!res)
		res = list_find(rcu_dereference(all->list[ANY_LIST]), leaf, sub);
	for (i = 0; res && i < TLFS_CPUID_REGS; i++)
		r[i] = (r[i] & ~res->mask[i]) | (res->value[i] & res->mask[i]);
	rcu_read_unlock();
	if (res)
		result_limit(leaf, sub, r);
	return res;
}

static int result_parse(struct cpuid_result *res, const struct hv_register_cpuid_result *p)
{
	if (p->subleaf_specific > 1 || p->always_override > 1 || p->padding)
		return -EINVAL;
	/* the leaves of the interface itself are not the parent's (11.11) */
	if (p->eax >= HV_BASE && p->eax < HV_BASE + 0x80)
		return -EINVAL;
	res->leaf = p->eax;
	res->sub = p->subleaf_specific ? p->ecx : 0;
	res->sub_specific = p->subleaf_specific;
	res->value[TLFS_CPUID_EAX] = p->result.eax;
	res->value[TLFS_CPUID_EBX] = p->result.ebx;
	res->value[TLFS_CPUID_ECX] = p->result.ecx;
	res->value[TLFS_CPUID_EDX] = p->result.edx;
	res->mask[TLFS_CPUID_EAX] = p->result.eax_mask;
	res->mask[TLFS_CPUID_EBX] = p->result.ebx_mask;
	res->mask[TLFS_CPUID_ECX] = p->result.ecx_mask;
	res->mask[TLFS_CPUID_EDX] = p->result.edx_mask;
	return 0;
}

static struct tlfs_cpuid_results *results_get(struct tlfs_partition *pt)
{
	struct tlfs_cpuid_results *all;

	all = rcu_dereference_protected(pt->cpuid, lockdep_is_held(&results_lock));
	if (!all) {
		all = kzalloc(sizeof(*all), GFP_KERNEL_ACCOUNT);
		if (all)
			rcu_assign_pointer(pt->cpuid, all);
	}
	return all;
}

/* @params: struct hv_register_cpuid_result.  0, -EINVAL, -ENOMEM, -ENOSPC, -EINTR */
int tlfs_cpuid_register(struct tlfs_partition *pt, u32 vp_index, const void *params)
{
	unsigned int slot = vp_index == HV_ANY_VP ? ANY_LIST : vp_index, i, nr = 0;
	struct tlfs_cpuid_results *all;
	struct cpuid_list *old, *new;
	struct cpuid_result res;
	int r;

	if (slot > ANY_LIST || (slot == ANY_LIST && vp_index != HV_ANY_VP))
		return -EINVAL;
	slot = array_index_nospec(slot, TLFS_MAX_VPS + 1);
	r = result_parse(&res, params);
	if (r)
		return r;
	if (mutex_lock_killable(&results_lock))
		return -EINTR;

	r = -ENOMEM;
	all = results_get(pt);
	if (!all)
		goto out;
	old = rcu_dereference_protected(all->list[slot], lockdep_is_held(&results_lock));
	if (old)
		nr = old->nr;
	/* the same leaf again replaces */
	for (i = 0; i < nr; i++)
		if (old->result[i].leaf == res.leaf && old->result[i].sub == res.sub &&
		    old->result[i].sub_specific == res.sub_specific)
			break;
	r = -ENOSPC;
	if (i == RESULTS_PER_VP)
		goto out;
	nr = max(nr, i + 1);
	r = -ENOMEM;
	new = kmalloc(struct_size(new, result, nr), GFP_KERNEL_ACCOUNT);
	if (!new)
		goto out;
	if (old)
		memcpy(new->result, old->result, old->nr * sizeof(*new->result));
	new->nr = nr;
	new->result[i] = res;
	rcu_assign_pointer(all->list[slot], new);
	if (old)
		kfree_rcu(old, rcu);
	r = 0;
out:
	mutex_unlock(&results_lock);
	return r;
}

/* the partition has no users left */
void tlfs_cpuid_free(struct tlfs_partition *pt)
{
	struct tlfs_cpuid_results *all = rcu_dereference_protected(pt->cpuid, true);
	unsigned int i;

	if (!all)
		return;
	RCU_INIT_POINTER(pt->cpuid, NULL);
	for (i = 0; i <= TLFS_MAX_VPS; i++)
		kfree(rcu_dereference_protected(all->list[i], true));
	kfree(all);
}

/* ---- topology: sockets of cores of threads, APIC id = VP index (10.1.6) ---- */

static unsigned int threads_per_core(const struct tlfs_partition *pt)
{
	return pt->create_flags & TLFS_PT_SMT ? 2 : 1;
}

static unsigned int vps_per_socket(const struct tlfs_partition *pt)
{
	unsigned int nr = READ_ONCE(pt->nr_vps);
	u64 set = READ_ONCE(pt->cpus_per_socket);

	nr = set && set < nr ? set : nr;
	return max(nr, threads_per_core(pt));
}

static void leaf_topology(const struct tlfs_vp *vp, u32 sub, u32 r[4])
{
	unsigned int threads = threads_per_core(vp->pt), vps = vps_per_socket(vp->pt);

	r[TLFS_CPUID_ECX] = sub & 0xff;
	r[TLFS_CPUID_EDX] = vp->index;
	if (sub == 0) {
		r[TLFS_CPUID_EAX] = ilog2(threads);
		r[TLFS_CPUID_EBX] = threads;
		r[TLFS_CPUID_ECX] |= 1 << 8;
	} else if (sub == 1) {
		r[TLFS_CPUID_EAX] = order_base_2(max(vps, threads));
		r[TLFS_CPUID_EBX] = vps;
		r[TLFS_CPUID_ECX] |= 2 << 8;
	}
}

/* VPs behind one cache less one, bits 25:14; the last level is shared by the socket */
static u32 cache_sharing(const struct tlfs_partition *pt, u32 eax)
{
	unsigned int level = eax >> 5 & 7;
	unsigned int vps = level >= 3 ? vps_per_socket(pt) : threads_per_core(pt);

	return (roundup_pow_of_two(vps) - 1) << 14;
}

#define LEAF1_EBX_CLFLUSH	GENMASK(15, 8)

static void leaf_1(const struct tlfs_vp *vp, u32 r[4])
{
	unsigned int vps = vps_per_socket(vp->pt);

	r[TLFS_CPUID_EBX] |= vp->index << 24;
	r[TLFS_CPUID_EBX] &= ~LEAF1_EBX_CLFLUSH;
	r[TLFS_CPUID_EBX] |= vp->pt->clflush_size << 8;
	if (vps > 1) {
		r[TLFS_CPUID_EBX] |= min(roundup_pow_of_two(vps), 255UL) << 16;
		r[TLFS_CPUID_EDX] |= LEAF1_EDX_HTT;
	}
	if (vp->pt->synthetic_features & HV_SYNTHETIC_FEATURE_HYPERVISOR_PRESENT)
		r[TLFS_CPUID_ECX] |= HV_CPUID_1_ECX_HYPERVISOR_PRESENT;
}

/* parts of a leaf that are the VP's */
static void leaf_vp(const struct tlfs_vp *vp, u32 leaf, u32 sub, u32 r[4])
{
	const struct tlfs_partition *pt = vp->pt;
	unsigned int vps;

	switch (leaf) {
	case 0x1:
		leaf_1(vp, r);
		break;
	case 0x4:
		if (r[TLFS_CPUID_EAX] & 0x1f) {
			vps = vps_per_socket(pt) / threads_per_core(pt);
			vps = roundup_pow_of_two(max(vps, 1U));
			r[TLFS_CPUID_EAX] |= cache_sharing(pt, r[TLFS_CPUID_EAX]) |
					     min(vps - 1, 63U) << 26;
		}
		break;
	case 0xb:
	case 0x1f:
		leaf_topology(vp, sub, r);
		break;
	case 0x80000001:
		if (intel || vps_per_socket(pt) == 1)
			r[TLFS_CPUID_ECX] &= ~EXT1_ECX_CMP_LEGACY;
		else
			r[TLFS_CPUID_ECX] |= EXT1_ECX_CMP_LEGACY;
		break;
	case 0x80000008:
		if (intel)
			break;
		vps = vps_per_socket(pt);
		r[TLFS_CPUID_ECX] = (vps - 1) | order_base_2(vps) << 12;
		break;
	case 0x8000001d:
		if (r[TLFS_CPUID_EAX] & 0x1f)
			r[TLFS_CPUID_EAX] |= cache_sharing(pt, r[TLFS_CPUID_EAX]);
		break;
	case 0x8000001e:
		if (intel)
			break;
		r[TLFS_CPUID_EAX] = vp->index;
		r[TLFS_CPUID_EBX] = (threads_per_core(pt) - 1) << 8 |
				    vp->index % vps_per_socket(pt) / threads_per_core(pt);
		r[TLFS_CPUID_ECX] = vp->index / vps_per_socket(pt);
		break;
	}
}

/* ---- XSAVE sizes ---- */

static u32 xsave_size(u64 xcr0, bool compacted)
{
	u32 size = XSAVE_LEGACY, end;
	unsigned int i;

	for (i = 2; i < XSAVE_COMPONENTS && xcr0 >> i; i++) {
		const struct cpuid_entry *e;

		if (!(xcr0 & BIT_ULL(i)))
			continue;
		e = cpuid_entry(XSAVE_LEAF, i);
		if (!e)
			break;
		if (compacted) {
			if (e->reg[TLFS_CPUID_ECX] & BIT(1))
				size = ALIGN(size, 64);
			size += e->reg[TLFS_CPUID_EAX];
		} else {
			end = e->reg[TLFS_CPUID_EAX] + e->reg[TLFS_CPUID_EBX];
			size = max(size, end);
		}
	}
	return size;
}

static u64 guest_xcr0_mask(const struct tlfs_partition *pt)
{
	u64 mask = tlfs_fpu_features;

	if (pt->disabled_xsave & HV_XSAVE_FEATURE_AVX)
		mask &= ~(XFEATURE_MASK_YMM | XFEATURE_MASK_AVX512);
	return mask;
}

/* what follows the registers of the VP, whoever said what of the leaf */
static void leaf_dynamic(struct tlfs_vp *vp, u32 leaf, u32 sub, u32 r[4])
{
	u64 mask;

	switch (leaf) {
	case 0x1:
		r[TLFS_CPUID_ECX] &= ~LEAF1_ECX_OSXSAVE;
		if (tlfs_call(get_cr)(vp, 4) & CR4_OSXSAVE)
			r[TLFS_CPUID_ECX] |= LEAF1_ECX_OSXSAVE;
		/* QEMU registers what its own processor says, and that is nobody's guest here */
		if (vp->pt->mshv &&
		    vp->pt->synthetic_features & HV_SYNTHETIC_FEATURE_HYPERVISOR_PRESENT)
			r[TLFS_CPUID_ECX] |= HV_CPUID_1_ECX_HYPERVISOR_PRESENT;
		if (!(vp->pt->create_flags & TLFS_PT_X2APIC))
			r[TLFS_CPUID_ECX] &= ~LEAF1_ECX_X2APIC;
		if (vp->lapic.base & APIC_BASE_ENABLE)
			r[TLFS_CPUID_EDX] |= LEAF1_EDX_APIC;
		else
			r[TLFS_CPUID_EDX] &= ~LEAF1_EDX_APIC;
		break;
	case 0x80000007:
		if (tlfs_has_privilege(vp->pt, HV_PRIV_ACCESS_TSC_INVARIANT_CONTROLS) &&
		    !READ_ONCE(vp->pt->tsc_invariant_control))
			r[TLFS_CPUID_EDX] &= ~EXT7_EDX_TSC_INVARIANT;
		break;
	case 0x80000001:
		if (!intel && !(vp->lapic.base & APIC_BASE_ENABLE))
			r[TLFS_CPUID_EDX] &= ~EXT1_EDX_APIC;
		break;
	case XSAVE_LEAF:
		if (vp->pt->disabled_xsave & HV_XSAVE_FEATURE_XSAVE) {
			memset(r, 0, TLFS_CPUID_REGS * sizeof(*r));
			break;
		}
		mask = guest_xcr0_mask(vp->pt);
		if (sub == 0) {
			r[TLFS_CPUID_EAX] &= lower_32_bits(mask);
			r[TLFS_CPUID_EDX] &= upper_32_bits(mask);
			mask &= r[TLFS_CPUID_EAX] | (u64)r[TLFS_CPUID_EDX] << 32;
			r[TLFS_CPUID_EBX] = xsave_size(tlfs_fpu_xcr0(vp), false);
			r[TLFS_CPUID_ECX] = xsave_size(mask, false);
		} else if (sub == 1) {
			/* no supervisor state: XSS is zero */
			r[TLFS_CPUID_EAX] &= 0x7;
			r[TLFS_CPUID_EBX] = r[TLFS_CPUID_EAX] & BIT(1) ?
					    xsave_size(tlfs_fpu_xcr0(vp), true) : 0;
			r[TLFS_CPUID_ECX] = 0;
			r[TLFS_CPUID_EDX] = 0;
		} else if (sub >= XSAVE_COMPONENTS || !(mask & BIT_ULL(sub))) {
			memset(r, 0, TLFS_CPUID_REGS * sizeof(*r));
		}
		break;
	}
}

/* ---- the exit ---- */

static void cpuid_default(struct tlfs_vp *vp, u32 leaf, u32 sub, u32 r[4])
{
	const struct tlfs_partition *pt = vp->pt;
	const struct cpuid_entry *e = cpuid_entry(leaf, sub);

	if (!e) {
		memset(r, 0, TLFS_CPUID_REGS * sizeof(*r));
		if ((leaf == 0xb || leaf == 0x1f) && leaf <= basic_max && !pt->v2)
			leaf_topology(vp, sub, r);
		return;
	}
	memcpy(r, e->reg, sizeof(e->reg));
	if (unlikely(pt->disabled_features[0] | pt->disabled_features[1] | pt->disabled_xsave))
		tlfs_features_hide(pt, leaf, sub, r);
	leaf_vp(vp, leaf, sub, r);
	if (unlikely(pt->v2))
		tlfs_cpuid_v2(pt, leaf, sub, r);
}

void tlfs_cpuid(struct tlfs_vp *vp, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx)
{
	u32 leaf = *eax, sub = *ecx, def = leaf;
	u32 r[TLFS_CPUID_REGS];

	if (unlikely(leaf >= HV_BASE && leaf < HV_END)) {
		tlfs_feature_leaf(vp->pt, leaf, r);
		if (unlikely(vp->pt->v2))
			tlfs_feature_leaf_v2(leaf, r);
		/* those from 0x40000080 are the parent's to fill (3.4) */
		if (leaf >= HV_BASE + 0x80 && rcu_access_pointer(vp->pt->cpuid))
			apply_result(vp, leaf, sub, r);
	} else {
		/* Intel answers what it does not have with its last basic leaf, AMD with zero */
		if (intel && !vp->pt->v2 &&
		    (leaf < EXT_BASE ? leaf > basic_max : leaf > ext_max))
			def = basic_max;
		cpuid_default(vp, def, sub, r);
		if (rcu_access_pointer(vp->pt->cpuid) && apply_result(vp, leaf, sub, r))
			def = leaf;
		leaf_dynamic(vp, def, sub, r);
	}
	*eax = r[TLFS_CPUID_EAX];
	*ebx = r[TLFS_CPUID_EBX];
	*ecx = r[TLFS_CPUID_ECX];
	*edx = r[TLFS_CPUID_EDX];
}

static void cpuid_answer(struct tlfs_vp *vp, const u32 r[TLFS_CPUID_REGS])
{
	vp_set_reg(vp, VP_RAX, r[TLFS_CPUID_EAX]);
	vp_set_reg(vp, VP_RBX, r[TLFS_CPUID_EBX]);
	vp_set_reg(vp, VP_RCX, r[TLFS_CPUID_ECX]);
	vp_set_reg(vp, VP_RDX, r[TLFS_CPUID_EDX]);
	tlfs_skip_insn(vp);
}

static noinline int cpuid_work_out(struct tlfs_vp *vp, u32 leaf)
{
	u32 r[TLFS_CPUID_REGS];

	r[TLFS_CPUID_EAX] = leaf;
	r[TLFS_CPUID_ECX] = (u32)vp->regs[VP_RCX];
	tlfs_cpuid(vp, &r[TLFS_CPUID_EAX], &r[TLFS_CPUID_EBX], &r[TLFS_CPUID_ECX],
		   &r[TLFS_CPUID_EDX]);
	/* intercepted: the parent completes it, the default results are in the message (11.11) */
	if (unlikely(READ_ONCE(vp->pt->intercepts.cpuid) ||
		     READ_ONCE(vp->pt->intercepts.cpuid_nr)) &&
	    tlfs_cpuid_intercepted(vp->pt, leaf))
		return tlfs_msg_cpuid(vp, r);
	cpuid_answer(vp, r);
	return TLFS_RESUME;
}

/* most leaves, in most partitions: nothing to work out, and nobody else to ask */
static const struct cpuid_entry *plain_entry(const struct tlfs_partition *pt, u32 leaf)
{
	const struct cpuid_range *range = cpuid_range(leaf);

	if (unlikely(!range || !range->plain))
		return NULL;
	if (unlikely((unsigned long)rcu_access_pointer(pt->cpuid) | pt->disabled_features[0] |
		     pt->disabled_features[1] | pt->disabled_xsave |
		     READ_ONCE(pt->intercepts.cpuid) | READ_ONCE(pt->intercepts.cpuid_nr)))
		return NULL;
	return &host_entry[range->first];
}

int tlfs_cpuid_exit(struct tlfs_vp *vp)
{
	u32 leaf = (u32)vp->regs[VP_RAX];
	const struct cpuid_entry *e;
	int len = tlfs_insn_len(vp);

	if (unlikely(len <= 0))
		return len ? TLFS_SLOW : TLFS_RESUME;
	e = plain_entry(vp->pt, leaf);
	if (!e)
		return cpuid_work_out(vp, leaf);
	cpuid_answer(vp, e->reg);
	return TLFS_RESUME;
}
