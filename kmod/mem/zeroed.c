// SPDX-License-Identifier: GPL-2.0-only
/*
 * zeroed.c - which of a guest's memory is known to be zero (5.0C, 9.4.7)
 *
 * Nobody keeps book.  Private anonymous memory for which the VMM's page tables have no table below
 * the middle directory was never touched, by anyone, or was given back: whoever reads it next
 * gets zeros.  Entries of single pages are not looked at: what is not present may be swapped out.
 */
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mmap_lock.h>
#include <linux/pgtable.h>
#include <linux/sort.h>
#include <linux/userfaultfd_k.h>

#include "slp.h"

/* entries of directories looked at in one call: what is not looked at is not told of (4.3) */
#define ZEROED_STEPS	4096

/**
 * struct zeroed - a search
 * @range:	what was found
 * @nr:		so many
 * @max:	there is room for so many
 * @steps:	that may still be taken
 * @avoid:	a page that is none of memory: the local APIC's
 */
struct zeroed {
	struct tlfs_zeroed_range *range;
	unsigned int nr;
	unsigned int max;
	unsigned int steps;
	u64 avoid;
};

/* is there nothing from @addr to *@end, which may come closer; mmap_lock is held */
static bool never_touched(struct mm_struct *mm, unsigned long addr, unsigned long *end)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	*end = min(*end, pgd_addr_end(addr, *end));
	if (pgd_none(READ_ONCE(*pgd)))
		return true;
	p4d = p4d_offset(pgd, addr);
	*end = p4d_addr_end(addr, *end);
	if (p4d_none(READ_ONCE(*p4d)))
		return true;
	pud = pud_offset(p4d, addr);
	*end = pud_addr_end(addr, *end);
	if (pud_none(READ_ONCE(*pud)))
		return true;
	if (pud_leaf(READ_ONCE(*pud)))
		return false;
	pmd = pmd_offset(pud, addr);
	*end = pmd_addr_end(addr, *end);
	return pmd_none(READ_ONCE(*pmd));
}

/* private memory whose missing pages are zeros, and not what some process makes of them */
static bool vma_zeroed(struct vm_area_struct *vma)
{
	return vma_is_anonymous(vma) && !userfaultfd_armed(vma);
}

/* the guest sees something else there: hypervisor pages, the APIC */
static bool hidden(struct tlfs_partition *pt, const struct zeroed *z, u64 gfn, u64 end)
{
	bool overlay;

	spin_lock(&pt->gpa.lock);
	overlay = tlfs_overlay_in(&pt->gpa, gfn, end);
	spin_unlock(&pt->gpa.lock);
	return overlay || (z->avoid >= gfn && z->avoid < end);
}

static void found(struct tlfs_partition *pt, struct zeroed *z, u64 gfn, u64 end)
{
	struct tlfs_zeroed_range *last = z->nr ? &z->range[z->nr - 1] : NULL;

	if (hidden(pt, z, gfn, end))
		return;
	if (last && last->gfn + last->pages == gfn) {
		last->pages += end - gfn;
	} else if (z->nr < z->max) {
		z->range[z->nr].gfn = gfn;
		z->range[z->nr].pages = end - gfn;
		z->nr++;
	}
}

static void search_region(struct tlfs_partition *pt, const struct tlfs_region *r, struct zeroed *z)
{
	unsigned long addr = r->uaddr, end = addr + (r->npages << PAGE_SHIFT), next;
	struct vm_area_struct *vma = NULL;

	for (; addr < end && z->steps; addr = next, z->steps--) {
		if (!vma || addr >= vma->vm_end)
			vma = find_vma(pt->mm, addr);
		if (!vma)
			return;
		next = min(end, addr < vma->vm_start ? vma->vm_start : vma->vm_end);
		if (addr < vma->vm_start || !vma_zeroed(vma))
			continue;
		/* hugely aligned steps: one that an overlay hides is not to hide much */
		next = min(next, ALIGN_DOWN(addr, PUD_SIZE) + PUD_SIZE);
		if (never_touched(pt->mm, addr, &next))
			found(pt, z, r->gfn + ((addr - r->uaddr) >> PAGE_SHIFT),
			      r->gfn + ((next - r->uaddr) >> PAGE_SHIFT));
	}
}

static int larger_first(const void *a, const void *b)
{
	const struct tlfs_zeroed_range *ra = a, *rb = b;

	return ra->pages < rb->pages ? 1 : ra->pages > rb->pages ? -1 : 0;
}

int tlfs_gpa_zeroed(struct tlfs_partition *pt, u64 avoid, struct tlfs_zeroed_range *range,
		    unsigned int max)
{
	struct zeroed z = { .range = range, .max = max, .steps = ZEROED_STEPS, .avoid = avoid };
	struct tlfs_gpa *gpa = &pt->gpa;
	const struct tlfs_regions *rs;
	unsigned int i;
	int idx, err;

	if (current->mm != pt->mm)
		return -EIO;
	/* pages of another partition lie over the regions: nothing is known of those */
	if (READ_ONCE(gpa->has_maps))
		return 0;
	err = mmap_read_lock_killable(pt->mm);
	if (err)
		return err;
	idx = srcu_read_lock(&gpa->srcu);
	rs = srcu_dereference(gpa->regions, &gpa->srcu);
	for (i = 0; i < rs->nr && z.steps; i++)
		search_region(pt, &rs->r[i], &z);
	srcu_read_unlock(&gpa->srcu, idx);
	mmap_read_unlock(pt->mm);
	sort(range, z.nr, sizeof(*range), larger_first, NULL);
	return z.nr;
}
