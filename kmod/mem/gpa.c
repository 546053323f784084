// SPDX-License-Identifier: GPL-2.0-only
/*
 * gpa.c - regions of a partition's GPA space, and the MMU notifier on the VMM's
 *
 * The sorted array of regions is replaced whole.  Readers are in a gpa.srcu section or hold
 * gpa.lock; a new array is published under gpa.lock, together with the zap of what it no longer
 * has: a notifier finds second-level entries by way of the regions and must not meet an entry
 * whose region is gone.
 */
#include <linux/lockdep.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/overflow.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/uaccess.h>

#include "slp.h"

#define REGIONS_MAX	1024
/* pages zapped before somebody else may have gpa.lock */
#define ZAP_CHUNK	BIT_ULL(14)

const struct tlfs_region *tlfs_region_find(struct tlfs_gpa *gpa, u64 gfn)
{
	struct tlfs_regions *rs;
	unsigned int lo, hi, mid;

	rs = srcu_dereference_check(gpa->regions, &gpa->srcu, lockdep_is_held(&gpa->lock));
	mid = READ_ONCE(rs->hint);
	if (mid < rs->nr && tlfs_region_has(&rs->r[mid], gfn))
		return &rs->r[mid];

	lo = 0;
	hi = rs->nr;
	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (tlfs_region_has(&rs->r[mid], gfn)) {
			WRITE_ONCE(rs->hint, mid);
			return &rs->r[mid];
		}
		if (gfn < rs->r[mid].gfn)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* ---- zapping ---- */

static bool must_yield(struct tlfs_gpa *gpa)
{
	return need_resched() || spin_is_contended(&gpa->lock);
}

static void yield_lock(struct tlfs_gpa *gpa)
{
	spin_unlock(&gpa->lock);
	cond_resched();
	spin_lock(&gpa->lock);
}

/*
 * The first guest pages at or after @next that [start, end) of the VMM's memory backs; it may back
 * several places.  @i: region to look at first.
 */
static bool backed_by(struct tlfs_gpa *gpa, unsigned long start, unsigned long end, u64 next,
		      unsigned int *i, u64 *first, u64 *last)
{
	const struct tlfs_regions *rs;
	const struct tlfs_region *r;
	unsigned long from, to;

	rs = rcu_dereference_protected(gpa->regions, lockdep_is_held(&gpa->lock));
	for (; *i < rs->nr; (*i)++) {
		r = &rs->r[*i];
		from = max(start, r->uaddr);
		to = min(end, r->uaddr + (r->npages << PAGE_SHIFT));
		if (from >= to)
			continue;
		*first = r->gfn + ((from - r->uaddr) >> PAGE_SHIFT);
		*last = r->gfn + ((to - 1 - r->uaddr) >> PAGE_SHIFT) + 1;
		if (*last <= next)
			continue;
		*first = max(*first, next);
		return true;
	}
	return false;
}

/* take away what maps [start, end) of the VMM's memory; with @yield gpa.lock may be dropped */
static void zap_user(struct tlfs_partition *pt, unsigned long start, unsigned long end, bool yield)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	u64 next = 0, first, last;
	bool flush = false;
	unsigned int i = 0;

	while (backed_by(gpa, start, end, next, &i, &first, &last)) {
		next = min(last, (first | (ZAP_CHUNK - 1)) + 1);
		flush |= tlfs_slp_zap(gpa, first, next, NULL);
		if (!yield || !must_yield(gpa))
			continue;
		if (flush)
			tlfs_slp_flush(pt);
		flush = false;
		yield_lock(gpa);
		/* the regions may be others now; entries of new ones cannot be in our way */
		i = 0;
	}
	if (unlikely(gpa->has_maps))
		flush |= tlfs_maps_zap_user(gpa, start, end);
	if (flush)
		tlfs_slp_flush(pt);
}

/* take away the entries of a region before it goes; VPs may still bring some back meanwhile */
static void zap_region(struct tlfs_partition *pt, const struct tlfs_region *r)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	u64 gfn = r->gfn, end = r->gfn + r->npages, next;
	LIST_HEAD(freed);

	for (; gfn < end; gfn = next) {
		next = min(end, (gfn | (ZAP_CHUNK - 1)) + 1);
		spin_lock(&gpa->lock);
		if (tlfs_slp_zap(gpa, gfn, next, &freed))
			tlfs_slp_flush(pt);
		spin_unlock(&gpa->lock);
		tlfs_slp_free_list(gpa, &freed);
		cond_resched();
	}
}

/* ---- MMU notifier ---- */

static struct tlfs_partition *to_partition(struct mmu_notifier *mn)
{
	return container_of(mn, struct tlfs_partition, gpa.notifier);
}

static int notifier_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct tlfs_partition *pt = to_partition(mn);
	struct tlfs_gpa *gpa = &pt->gpa;

	spin_lock(&gpa->lock);
	/* from here to notifier_end() no fault makes an entry for the range */
	if (!gpa->notifier_count++) {
		gpa->notifier_start = range->start;
		gpa->notifier_end = range->end;
	} else {
		gpa->notifier_start = min(gpa->notifier_start, range->start);
		gpa->notifier_end = max(gpa->notifier_end, range->end);
	}
	zap_user(pt, range->start, range->end, mmu_notifier_range_blockable(range));
	spin_unlock(&gpa->lock);
	return 0;
}

static void notifier_end(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct tlfs_gpa *gpa = &to_partition(mn)->gpa;

	spin_lock(&gpa->lock);
	/* a fault that looked its page up while this was going on has to look again */
	gpa->notifier_seq++;
	WARN_ON_ONCE(--gpa->notifier_count < 0);
	spin_unlock(&gpa->lock);
}

/* the address space ends, or we leave it: nobody faults any more */
static void notifier_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct tlfs_partition *pt = to_partition(mn);
	struct tlfs_gpa *gpa = &pt->gpa;

	spin_lock(&gpa->lock);
	/* first, so that nothing comes back behind a zap that yields */
	gpa->notifier_count++;
	gpa->notifier_start = 0;
	gpa->notifier_end = ULONG_MAX;
	zap_user(pt, 0, ULONG_MAX, true);
	gpa->stopped = true;
	spin_unlock(&gpa->lock);
}

static const struct mmu_notifier_ops notifier_ops = {
	.release = notifier_release,
	.invalidate_range_start = notifier_start,
	.invalidate_range_end = notifier_end,
};

/* ---- regions ---- */

/* put @rs in force; @gone: the region it lacks, or NULL.  The caller frees the old ones */
static struct tlfs_regions *regions_publish(struct tlfs_partition *pt, struct tlfs_regions *rs,
					    const struct tlfs_region *gone)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	struct tlfs_regions *old;
	LIST_HEAD(freed);

	if (gone)
		zap_region(pt, gone);

	spin_lock(&gpa->lock);
	old = rcu_dereference_protected(gpa->regions, lockdep_is_held(&gpa->lock));
	rcu_assign_pointer(gpa->regions, rs);
	tlfs_gpa_changed(gpa);
	/* what came back since, and the tables above */
	if (gone && tlfs_slp_zap(gpa, gone->gfn, gone->gfn + gone->npages, &freed))
		tlfs_slp_flush(pt);
	spin_unlock(&gpa->lock);

	tlfs_slp_free_list(gpa, &freed);
	synchronize_srcu_expedited(&gpa->srcu);
	return old;
}

static struct tlfs_regions *regions_alloc(unsigned int nr)
{
	struct tlfs_regions *rs = kvzalloc(struct_size(rs, r, nr), GFP_KERNEL_ACCOUNT);

	if (rs)
		rs->nr = nr;
	return rs;
}

/* index of the first region that ends after @gfn */
static unsigned int regions_after(const struct tlfs_regions *rs, u64 gfn)
{
	unsigned int i = 0;

	while (i < rs->nr && rs->r[i].gfn + rs->r[i].npages <= gfn)
		i++;
	return i;
}

/* device memory has no struct page that follows the VMM's mapping */
static int check_vma(struct mm_struct *mm, unsigned long uaddr)
{
	struct vm_area_struct *vma;
	int ret;

	ret = mmap_read_lock_killable(mm);
	if (ret)
		return ret;
	vma = vma_lookup(mm, uaddr);
	if (!vma || (vma->vm_flags & (VM_IO | VM_PFNMAP)))
		ret = -EINVAL;
	mmap_read_unlock(mm);
	return ret;
}

static int region_add(struct tlfs_partition *pt, const struct tlfs_region *new)
{
	struct tlfs_regions *old, *rs;
	unsigned int i;
	int ret;

	ret = check_vma(pt->mm, new->uaddr);
	if (ret)
		return ret;
	old = rcu_dereference_protected(pt->gpa.regions, lockdep_is_held(&pt->lock));
	i = regions_after(old, new->gfn);
	if (i < old->nr && old->r[i].gfn < new->gfn + new->npages)
		return -EEXIST;
	if (old->nr >= REGIONS_MAX)
		return -ENOSPC;
	rs = regions_alloc(old->nr + 1);
	if (!rs)
		return -ENOMEM;
	memcpy(rs->r, old->r, array_size(i, sizeof(*new)));
	rs->r[i] = *new;
	if (pt->gpa.tracking) {
		ret = tlfs_region_log_alloc(&rs->r[i]);
		if (ret) {
			kvfree(rs);
			return ret;
		}
	}
	memcpy(&rs->r[i + 1], &old->r[i], array_size(old->nr - i, sizeof(*new)));
	kvfree(regions_publish(pt, rs, NULL));
	if (pt->gpa.has_maps)
		tlfs_maps_uncover(pt, new->gfn, new->gfn + new->npages);
	return 0;
}

static int region_remove(struct tlfs_partition *pt, const struct tlfs_region *gone)
{
	struct tlfs_regions *old, *rs;
	struct tlfs_region was;
	const struct tlfs_region *r;
	unsigned int i;

	old = rcu_dereference_protected(pt->gpa.regions, lockdep_is_held(&pt->lock));
	i = regions_after(old, gone->gfn);
	if (i == old->nr || !tlfs_region_has(&old->r[i], gone->gfn)) {
		/* QEMU unmaps flash twice when that leaves array mode, and aborts on an error */
		if (pt->mshv && (i == old->nr || old->r[i].gfn >= gone->gfn + gone->npages))
			return 0;
		return -ENOENT;
	}
	r = &old->r[i];
	if (r->gfn != gone->gfn || r->npages != gone->npages || r->uaddr != gone->uaddr)
		return -EINVAL;
	rs = regions_alloc(old->nr - 1);
	if (!rs)
		return -ENOMEM;
	memcpy(rs->r, old->r, array_size(i, sizeof(*r)));
	memcpy(&rs->r[i], &old->r[i + 1], array_size(rs->nr - i, sizeof(*r)));
	was = *r;
	/* and nobody below finds the region before it is gone and maps it behind our back */
	mutex_lock(&pt->gpa.map_lock);
	kvfree(regions_publish(pt, rs, gone));
	tlfs_maps_revoke(pt, gone->gfn, gone->gfn + gone->npages);
	mutex_unlock(&pt->gpa.map_lock);
	tlfs_region_log_free(&was);
	return 0;
}

struct tlfs_regions *tlfs_regions_clone(struct tlfs_partition *pt)
{
	struct tlfs_regions *old, *rs;
	unsigned int i;

	old = rcu_dereference_protected(pt->gpa.regions, lockdep_is_held(&pt->lock));
	rs = regions_alloc(old->nr);
	if (!rs)
		return NULL;
	for (i = 0; i < old->nr; i++) {
		rs->r[i] = old->r[i];
		rs->r[i].log = NULL;
	}
	return rs;
}

void tlfs_regions_retrack(struct tlfs_partition *pt, struct tlfs_regions *rs)
{
	struct tlfs_regions *old = regions_publish(pt, rs, NULL);
	unsigned int i;

	for (i = 0; i < rs->nr; i++) {
		tlfs_region_log_free(&old->r[i]);
		zap_region(pt, &rs->r[i]);
	}
	kvfree(old);
}

int tlfs_gpa_set_region(struct tlfs_partition *pt, const struct tlfs_user_mem_region *arg)
{
	struct tlfs_region r = {
		.gfn = arg->guest_pfn,
		.npages = arg->size >> PAGE_SHIFT,
		.uaddr = arg->userspace_addr,
		.flags = arg->flags & (TLFS_MEM_WRITABLE | TLFS_MEM_EXECUTABLE),
	};

	lockdep_assert_held(&pt->lock);
	if (current->mm != pt->mm)
		return -EIO;
	if (!arg->size || !PAGE_ALIGNED(arg->size) || !PAGE_ALIGNED(arg->userspace_addr))
		return -EINVAL;
	if ((arg->flags & ~TLFS_MEM_FLAGS) || memchr_inv(arg->rsvd, 0, sizeof(arg->rsvd)))
		return -EINVAL;
	if (r.gfn >= pt->gpa.max_gfn || r.npages > pt->gpa.max_gfn - r.gfn)
		return -EINVAL;
	if (arg->flags & TLFS_MEM_UNMAP)
		return region_remove(pt, &r);
	/* later accesses rely on this */
	if (!access_ok((void __user *)r.uaddr, arg->size))
		return -EINVAL;
	return region_add(pt, &r);
}

bool tlfs_gpa_backed_by(struct tlfs_partition *pt, unsigned long uaddr)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	unsigned int i = 0;
	u64 first, last;
	bool found;

	spin_lock(&gpa->lock);
	found = backed_by(gpa, uaddr, uaddr + PAGE_SIZE, 0, &i, &first, &last) ||
		tlfs_maps_has_user(gpa, uaddr);
	spin_unlock(&gpa->lock);
	return found;
}

u64 tlfs_gpa_pages(struct tlfs_partition *pt)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	const struct tlfs_regions *rs;
	u64 pages = 0;
	unsigned int i;
	int idx;

	/* the root has none of its own */
	if (pt == &tlfs_root)
		return 0;
	idx = srcu_read_lock(&gpa->srcu);
	rs = srcu_dereference(gpa->regions, &gpa->srcu);
	for (i = 0; i < rs->nr; i++)
		pages += rs->r[i].npages;
	srcu_read_unlock(&gpa->srcu, idx);
	return pages;
}

/* ---- life ---- */

int tlfs_gpa_init(struct tlfs_partition *pt)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	struct tlfs_regions *rs;
	unsigned int bits;
	int ret;

	spin_lock_init(&gpa->lock);
	gpa->overlays = RB_ROOT;
	gpa->large_pages = true;
	bits = min_t(unsigned int, boot_cpu_data.x86_phys_bits, TLFS_GPA_BITS_MAX);
	gpa->max_gfn = BIT_ULL(bits - PAGE_SHIFT);
	atomic_long_set(&gpa->nr_table_pages, 0);

	ret = init_srcu_struct(&gpa->srcu);
	if (ret)
		return ret;
	tlfs_maps_init(pt);
	ret = -ENOMEM;
	rs = regions_alloc(0);
	if (!rs)
		goto err_srcu;
	rcu_assign_pointer(gpa->regions, rs);
	ret = tlfs_slp_create(gpa);
	if (ret)
		goto err_regions;
	gpa->notifier.ops = &notifier_ops;
	ret = mmu_notifier_register(&gpa->notifier, pt->mm);
	if (ret)
		goto err_slp;
	gpa->registered = true;
	return 0;

err_slp:
	tlfs_slp_destroy(gpa);
err_regions:
	RCU_INIT_POINTER(gpa->regions, NULL);
	kvfree(rs);
err_srcu:
	tlfs_maps_destroy(pt);
	cleanup_srcu_struct(&gpa->srcu);
	return ret;
}

void tlfs_gpa_stop(struct tlfs_partition *pt)
{
	struct tlfs_gpa *gpa = &pt->gpa;

	if (!gpa->registered)
		return;
	/* calls release() unless the address space has ended before us, and waits for all calls */
	mmu_notifier_unregister(&gpa->notifier, pt->mm);
	gpa->registered = false;
}

void tlfs_gpa_destroy(struct tlfs_partition *pt)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	struct tlfs_regions *rs;
	unsigned int i;

	tlfs_gpa_stop(pt);
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&gpa->overlays));
	tlfs_slp_destroy(gpa);
	WARN_ON_ONCE(atomic_long_read(&gpa->nr_table_pages));
	tlfs_maps_destroy(pt);
	rs = rcu_dereference_protected(gpa->regions, 1);
	for (i = 0; i < rs->nr; i++)
		tlfs_region_log_free(&rs->r[i]);
	kvfree(rs);
	RCU_INIT_POINTER(gpa->regions, NULL);
	cleanup_srcu_struct(&gpa->srcu);
}
