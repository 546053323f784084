// SPDX-License-Identifier: GPL-2.0-only
/*
 * walk.c - walks of the guest's own page tables
 *
 * Every entry is read once and judged by that copy.  The tables are the guest's and may change
 * while we look, or point anywhere: each address goes through tlfs_gpa_read_entry(), so the worst a
 * guest gets is a wrong answer about itself.
 */
#include <linux/mm.h>

#include <asm/processor-flags.h>
#include <asm/trap_pf.h>

#include "slp.h"

#define PTE_P		BIT_ULL(0)
#define PTE_W		BIT_ULL(1)
#define PTE_U		BIT_ULL(2)
#define PTE_PWT		BIT_ULL(3)
#define PTE_PCD		BIT_ULL(4)
#define PTE_A		BIT_ULL(5)
#define PTE_D		BIT_ULL(6)
#define PTE_PS		BIT_ULL(7)
#define PTE_PAT		BIT_ULL(7)	/* where the large ones have PS */
#define PTE_PAT_LARGE	BIT_ULL(12)
#define PTE_NX		BIT_ULL(63)
#define PTE_ADDR	GENMASK_ULL(51, 12)
/* of the four entries PAE paging has on top: 2:1 and 8:5 */
#define PDPTE_RSVD	(GENMASK_ULL(2, 1) | GENMASK_ULL(8, 5))

/* how often a walk starts over because an entry changed under its accessed bit */
#define WALK_TRIES	16

enum paging {
	PAGING_32,
	PAGING_PAE,
	PAGING_LONG,
};

struct walker {
	struct tlfs_partition *pt;
	struct tlfs_walk *out;
	unsigned int flags;
	u64 cr0, cr3, cr4;
	enum paging mode;
	int levels;
	unsigned int entry_size;
	unsigned int index_bits;
	bool atomic;
	bool user;		/* checked as CPL 3 */
	bool write;
	bool fetch;
	bool nxe;
	bool smap;		/* supervisor data accesses to user pages fault */
};

static void walker_init(struct walker *w, struct tlfs_vp *vp, unsigned int flags)
{
	u64 efer = tlfs_call(get_efer)(vp);

	w->pt = vp->pt;
	w->flags = flags;
	w->cr0 = tlfs_call(get_cr)(vp, 0);
	w->cr3 = tlfs_call(get_cr)(vp, 3);
	w->cr4 = tlfs_call(get_cr)(vp, 4);
	w->atomic = flags & TLFS_WALK_ATOMIC;
	w->write = flags & TLFS_WALK_WRITE;
	w->fetch = flags & TLFS_WALK_EXECUTE;
	w->user = (flags & TLFS_WALK_USER) && !(flags & TLFS_WALK_PRIV_EXEMPT);

	w->entry_size = 8;
	w->index_bits = 9;
	if (efer & EFER_LMA) {
		w->mode = PAGING_LONG;
		w->levels = w->cr4 & X86_CR4_LA57 ? 5 : 4;
	} else if (w->cr4 & X86_CR4_PAE) {
		w->mode = PAGING_PAE;
		w->levels = 3;
	} else {
		w->mode = PAGING_32;
		w->levels = 2;
		w->entry_size = 4;
		w->index_bits = 10;
	}
	w->nxe = w->mode != PAGING_32 && (efer & EFER_NX);
	/* an access that is nothing but a fetch is SMEP's */
	w->smap = (w->cr4 & X86_CR4_SMAP) && (w->write || !w->fetch) &&
		  !(vp_reg(vp, VP_RFLAGS) & X86_EFLAGS_AC);
}

static int walk_fault(struct walker *w, u32 error)
{
	if (w->write)
		error |= X86_PF_WRITE;
	if (w->user)
		error |= X86_PF_USER;
	if (w->fetch && (w->nxe || (w->cr4 & X86_CR4_SMEP)))
		error |= X86_PF_INSTR;
	w->out->error = error;
	return -EACCES;
}

static bool is_pdpte(const struct walker *w, int level)
{
	return w->mode == PAGING_PAE && level == 3;
}

static bool is_leaf(const struct walker *w, int level, u64 e)
{
	if (level == 1)
		return true;
	if (!(e & PTE_PS))
		return false;
	if (level == 2)
		return w->mode != PAGING_32 || (w->cr4 & X86_CR4_PSE);
	return level == 3 && w->mode == PAGING_LONG && boot_cpu_has(X86_FEATURE_GBPAGES);
}

static unsigned int level_shift(const struct walker *w, int level)
{
	return PAGE_SHIFT + (level - 1) * w->index_bits;
}

/* reserved bits of a present entry: the bits of @e that must not be set */
static u64 rsvd_bits(const struct walker *w, int level, u64 e)
{
	unsigned int maxphy = boot_cpu_data.x86_phys_bits;
	bool leaf = is_leaf(w, level, e);
	u64 rsvd;

	if (w->mode == PAGING_32) {
		/* PSE-36: address bits 39:32 are in 20:13, as far as there are any */
		return leaf && level == 2 ? GENMASK_ULL(21, clamp(maxphy, 32U, 40U) - 19) : 0;
	}
	rsvd = maxphy < 52 ? GENMASK_ULL(51, maxphy) : 0;
	if (w->mode == PAGING_PAE)
		rsvd |= GENMASK_ULL(62, 52);
	if (is_pdpte(w, level))
		return rsvd | PDPTE_RSVD | PTE_NX;
	if (!w->nxe)
		rsvd |= PTE_NX;
	if (leaf && level > 1)
		rsvd |= GENMASK_ULL(level_shift(w, level) - 1, 13);
	else if (level > 2)
		rsvd |= PTE_PS;
	return rsvd;
}

/* set A or D; -ESTALE: somebody changed the entry, what was read of it is void */
static int set_bits(struct walker *w, u64 addr, u64 e, u64 bits)
{
	int ret;

	if (!(w->flags & TLFS_WALK_SET_AD) || (e & bits) == bits)
		return 0;
	ret = tlfs_gpa_cmpxchg(w->pt, addr, e, e | bits, w->entry_size, w->atomic);
	if (ret == -EAGAIN && !w->atomic)
		return -ESTALE;
	if (ret) {
		w->out->unmapped = addr;
		w->out->unmapped_write = true;
	}
	return ret;
}

/* @rights: the W and U bits all levels grant, and NX if any denies */
static bool allowed(const struct walker *w, u64 rights)
{
	bool exempt = w->flags & TLFS_WALK_PRIV_EXEMPT;

	if (w->fetch && (rights & PTE_NX))
		return false;
	if (w->user)
		return (rights & PTE_U) && (!w->write || (rights & PTE_W));
	if ((rights & PTE_U) && !exempt) {
		if (w->fetch && (w->cr4 & X86_CR4_SMEP))
			return false;
		if (w->smap)
			return false;
	}
	return !w->write || (rights & PTE_W) || !(w->cr0 & X86_CR0_WP);
}

static u64 leaf_gpa(const struct walker *w, u64 gva, int level, u64 e)
{
	u64 offset = GENMASK_ULL(level_shift(w, level) - 1, 0);
	u64 base = e & PTE_ADDR;

	if (w->mode == PAGING_32 && level == 2)
		base = (e & GENMASK_ULL(31, 22)) | (e & GENMASK_ULL(20, 13)) << 19;
	return (base & ~offset) | (gva & offset);
}

static u8 leaf_pat(int level, u64 e)
{
	u8 pat = (e & PTE_PWT ? 1 : 0) | (e & PTE_PCD ? 2 : 0);

	return e & (level == 1 ? PTE_PAT : PTE_PAT_LARGE) ? pat | 4 : pat;
}

static u64 top_table(const struct walker *w)
{
	switch (w->mode) {
	case PAGING_32:
		return w->cr3 & GENMASK_ULL(31, 12);
	case PAGING_PAE:
		return w->cr3 & GENMASK_ULL(31, 5);
	default:
		return w->cr3 & PTE_ADDR;
	}
}

static int walk_once(struct walker *w, u64 gva)
{
	u64 rights = PTE_W | PTE_U, table = top_table(w), addr, index, e = 0;
	int level, ret;

	for (level = w->levels;; level--) {
		index = gva >> level_shift(w, level) & (BIT_ULL(w->index_bits) - 1);
		if (is_pdpte(w, level))
			index &= 3;
		addr = table + index * w->entry_size;
		ret = tlfs_gpa_read_entry(w->pt, addr, &e, w->entry_size, w->atomic);
		if (ret) {
			w->out->unmapped = addr;
			return ret;
		}
		if (!(e & PTE_P))
			return walk_fault(w, 0);
		if (e & rsvd_bits(w, level, e)) {
			w->out->reserved = true;
			return walk_fault(w, X86_PF_PROT | X86_PF_RSVD);
		}
		table = e & PTE_ADDR;
		/* these four have neither rights nor an accessed bit */
		if (is_pdpte(w, level))
			continue;
		rights &= e | ~(PTE_W | PTE_U);
		if (w->nxe)
			rights |= e & PTE_NX;
		if (is_leaf(w, level, e))
			break;
		ret = set_bits(w, addr, e, PTE_A);
		if (ret)
			return ret;
	}

	if (!allowed(w, rights))
		return walk_fault(w, X86_PF_PROT);
	ret = set_bits(w, addr, e, w->write ? PTE_A | PTE_D : PTE_A);
	if (ret)
		return ret;
	w->out->gpa = leaf_gpa(w, gva, level, e);
	w->out->pat = leaf_pat(level, e);
	return 0;
}

int tlfs_walk(struct tlfs_vp *vp, u64 gva, unsigned int flags, struct tlfs_walk *walk)
{
	struct walker w = { .out = walk };
	unsigned int tries, bits;
	int ret;

	memset(walk, 0, sizeof(*walk));
	walker_init(&w, vp, flags);
	if (!(w.cr0 & X86_CR0_PG)) {
		walk->gpa = lower_32_bits(gva);
		return 0;
	}
	if (w.mode == PAGING_LONG) {
		bits = level_shift(&w, w.levels + 1);
		if ((u64)((s64)(gva << (64 - bits)) >> (64 - bits)) != gva)
			return -EACCES;
	} else {
		gva = lower_32_bits(gva);
	}

	for (tries = 0; tries < WALK_TRIES; tries++) {
		ret = walk_once(&w, gva);
		if (ret != -ESTALE)
			return ret;
	}
	/*
	 * The guest races its own walk without end.  It may have the translation, without the
	 * bits: what it stores there meanwhile is lost on no one else.
	 */
	w.flags &= ~TLFS_WALK_SET_AD;
	return walk_once(&w, gva);
}
