// SPDX-License-Identifier: GPL-2.0-only
/*
 * map.c - pages of a GPA space that a parent mapped one by one (TLFS 8)
 *
 * HvMapGpaPages speaks of single pages, so its result is kept by page: blocks of 512 entries, found
 * by gfn.  An entry lies over the regions of SET_GUEST_MEMORY: it maps the page, hides it, or says
 * that it is in a memory pool.  It holds the user address in the memory of the tree's process and
 * the parent's gfn it was mapped from; when the parent loses that page so do all below.
 *
 * gpa.map_lock is for those who change something, a parent's outside its children's; entries change
 * under gpa.lock as well, which is all that readers need.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/srcu.h>
#include <linux/uaccess.h>
#include <linux/xarray.h>

#include "slp.h"

#define BLOCK_SHIFT	9
#define BLOCK_PAGES	BIT(BLOCK_SHIFT)

#define MAP_VALID	BIT_ULL(0)
#define MAP_READ	BIT_ULL(1)
#define MAP_WRITE	BIT_ULL(2)
#define MAP_EXEC	BIT_ULL(3)
#define MAP_HOLE	BIT_ULL(4)	/* unmapped, whatever region there is */
#define MAP_DEPOSITED	BIT_ULL(5)	/* in a memory pool */
#define MAP_MAY_WRITE	BIT_ULL(6)	/* the region at the top allows it */
#define MAP_MAY_EXEC	BIT_ULL(7)
#define MAP_REGION	BIT_ULL(8)	/* deposited out of a region, not mapped by a parent */
#define MAP_RWX		(MAP_READ | MAP_WRITE | MAP_EXEC)

#define NO_SOURCE	U64_MAX

/**
 * struct tlfs_map_block - 512 pages
 * @entry:	MAP_* and user address; 0: nothing said
 * @src:	gfn in the parent's space, NO_SOURCE if that is the root
 * @uaddr:	bounds of what was ever in there
 * @uaddr_end:	likewise
 * @src_first:	likewise
 * @src_last:	likewise
 */
struct tlfs_map_block {
	u64 *entry;
	u64 *src;
	unsigned long uaddr;
	unsigned long uaddr_end;
	u64 src_first;
	u64 src_last;
};

/* ---- blocks ---- */

static void block_free(struct tlfs_map_block *b)
{
	if (!b)
		return;
	if (b->entry)
		tlfs_free_page(virt_to_page(b->entry));
	if (b->src)
		tlfs_free_page(virt_to_page(b->src));
	kfree(b);
}

static u64 *block_page(void)
{
	struct page *page = tlfs_alloc_page(GFP_KERNEL_ACCOUNT);

	return page ? page_address(page) : NULL;
}

static struct tlfs_map_block *block_alloc(void)
{
	struct tlfs_map_block *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);

	if (!b)
		return NULL;
	b->uaddr = ULONG_MAX;
	b->src_first = U64_MAX;
	b->entry = block_page();
	b->src = block_page();
	if (b->entry && b->src)
		return b;
	block_free(b);
	return NULL;
}

/* under map_lock: see that there is room for an entry at @gfn; @charge: the pool pays */
static u16 block_need(struct tlfs_partition *pt, u64 gfn, bool charge)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	struct tlfs_map_block *b;

	lockdep_assert_held(&gpa->map_lock);
	if (xa_load(&gpa->maps, gfn >> BLOCK_SHIFT))
		return HV_STATUS_SUCCESS;
	if (charge && !tlfs_pool_charge(pt, TLFS_PAGES_MAP_BLOCK))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	b = block_alloc();
	if (b && !xa_err(xa_store(&gpa->maps, gfn >> BLOCK_SHIFT, b, GFP_KERNEL_ACCOUNT))) {
		WRITE_ONCE(gpa->has_maps, true);
		return HV_STATUS_SUCCESS;
	}
	block_free(b);
	if (charge)
		tlfs_pool_uncharge(pt, TLFS_PAGES_MAP_BLOCK);
	return HV_STATUS_INSUFFICIENT_MEMORY;
}

/* under gpa.lock or map_lock */
static u64 *entry_at(struct tlfs_gpa *gpa, u64 gfn, struct tlfs_map_block **block)
{
	struct tlfs_map_block *b = xa_load(&gpa->maps, gfn >> BLOCK_SHIFT);

	if (block)
		*block = b;
	return b ? &b->entry[gfn & (BLOCK_PAGES - 1)] : NULL;
}

static u64 entry_get(struct tlfs_gpa *gpa, u64 gfn)
{
	u64 *p = entry_at(gpa, gfn, NULL);

	return p ? *p : 0;
}

/* of an entry that is there */
static u64 entry_src(struct tlfs_gpa *gpa, u64 gfn)
{
	struct tlfs_map_block *b;

	entry_at(gpa, gfn, &b);
	return b->src[gfn & (BLOCK_PAGES - 1)];
}

/* the block is there.  After it no VP runs with what was there before */
static void entry_set(struct tlfs_partition *pt, u64 gfn, u64 entry, u64 src)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	unsigned long uaddr = entry & PAGE_MASK;
	struct tlfs_map_block *b;
	u64 *p;

	lockdep_assert_held(&gpa->map_lock);
	spin_lock(&gpa->lock);
	p = entry_at(gpa, gfn, &b);
	*p = entry;
	b->src[gfn & (BLOCK_PAGES - 1)] = src;
	if (uaddr) {
		b->uaddr = min(b->uaddr, uaddr);
		b->uaddr_end = max(b->uaddr_end, uaddr + PAGE_SIZE);
	}
	if (src != NO_SOURCE) {
		b->src_first = min(b->src_first, src);
		b->src_last = max(b->src_last, src);
	}
	tlfs_gpa_changed(gpa);
	if (tlfs_slp_zap(gpa, gfn, gfn + 1, NULL))
		tlfs_slp_flush(pt);
	spin_unlock(&gpa->lock);
}

/* the module's own accesses that found the old entry are over: before anybody reuses the page */
static void entries_settle(struct tlfs_partition *pt)
{
	synchronize_srcu_expedited(&pt->gpa.srcu);
}

/* ---- what others ask ---- */

/* as much of region @r around @gfn as no entry lies over */
static void clip_to_block(struct tlfs_gpa *gpa, u64 gfn, struct tlfs_region *r)
{
	bool single = xa_load(&gpa->maps, gfn >> BLOCK_SHIFT);
	u64 first = single ? gfn : max(r->gfn, gfn & ~(u64)(BLOCK_PAGES - 1));
	u64 end = single ? gfn + 1 : min(r->gfn + r->npages, (gfn | (BLOCK_PAGES - 1)) + 1);

	r->uaddr += (first - r->gfn) << PAGE_SHIFT;
	r->gfn = first;
	r->npages = end - first;
}

int tlfs_gpa_page(struct tlfs_gpa *gpa, u64 gfn, struct tlfs_region *found)
{
	const struct tlfs_region *r;
	u64 e = 0;

	if (unlikely(READ_ONCE(gpa->has_maps))) {
		lockdep_assert_held(&gpa->lock);
		e = entry_get(gpa, gfn);
	}
	if (!e) {
		r = tlfs_region_find(gpa, gfn);
		if (!r)
			return TLFS_FAULT_UNMAPPED;
		*found = *r;
		/* while accesses are tracked nothing larger than a page is made of it anyway */
		if (unlikely(READ_ONCE(gpa->has_maps)) && !found->log)
			clip_to_block(gpa, gfn, found);
		return 0;
	}
	if (e & MAP_HOLE)
		return TLFS_FAULT_UNMAPPED;
	if (e & MAP_DEPOSITED || !(e & MAP_READ))
		return TLFS_FAULT_DENIED;
	found->gfn = gfn;
	found->npages = 1;
	found->log = NULL;
	found->uaddr = e & PAGE_MASK;
	found->flags = (e & MAP_WRITE ? TLFS_MEM_WRITABLE : 0) |
		       (e & MAP_EXEC ? TLFS_MEM_EXECUTABLE : 0);
	return 0;
}

/* under gpa.lock: take away the second-level entries of what [start, end) of the memory backs */
bool tlfs_maps_zap_user(struct tlfs_gpa *gpa, unsigned long start, unsigned long end)
{
	struct tlfs_map_block *b;
	unsigned long index;
	unsigned int i;
	bool zapped = false;

	lockdep_assert_held(&gpa->lock);
	xa_for_each(&gpa->maps, index, b) {
		if (b->uaddr >= end || b->uaddr_end <= start)
			continue;
		for (i = 0; i < BLOCK_PAGES; i++) {
			unsigned long uaddr = b->entry[i] & PAGE_MASK;
			u64 gfn = ((u64)index << BLOCK_SHIFT) + i;

			if (uaddr && uaddr < end && uaddr + PAGE_SIZE > start)
				zapped |= tlfs_slp_zap(gpa, gfn, gfn + 1, NULL);
		}
	}
	return zapped;
}

/* under gpa.lock: may this page of the memory be reached through some entry */
bool tlfs_maps_has_user(struct tlfs_gpa *gpa, unsigned long uaddr)
{
	struct tlfs_map_block *b;
	unsigned long index;
	unsigned int i;

	lockdep_assert_held(&gpa->lock);
	xa_for_each(&gpa->maps, index, b) {
		if (uaddr < b->uaddr || uaddr >= b->uaddr_end)
			continue;
		for (i = 0; i < BLOCK_PAGES; i++)
			if ((b->entry[i] & PAGE_MASK) == uaddr && b->entry[i] & MAP_READ)
				return true;
	}
	return false;
}

/* the region over [gfn, end) is new: what was unmapped there before is not meant any more */
void tlfs_maps_uncover(struct tlfs_partition *pt, u64 gfn, u64 end)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	struct tlfs_map_block *b;
	unsigned long index;
	unsigned int i;

	mutex_lock(&gpa->map_lock);
	xa_for_each(&gpa->maps, index, b)
		for (i = 0; i < BLOCK_PAGES; i++) {
			u64 at = ((u64)index << BLOCK_SHIFT) + i;

			if (at >= gfn && at < end && b->entry[i] & MAP_HOLE)
				entry_set(pt, at, 0, NO_SOURCE);
		}
	mutex_unlock(&gpa->map_lock);
}

/* ---- down the tree ---- */

/* under the parent's map_lock: call @fn for each of its pages [first, last] that @child maps */
static bool scan_below(struct tlfs_partition *child, u64 first, u64 last,
		       bool (*fn)(struct tlfs_partition *child, u64 gfn, u64 entry))
{
	struct tlfs_gpa *gpa = &child->gpa;
	struct tlfs_map_block *b;
	unsigned long index;
	unsigned int i;

	lockdep_assert_held(&gpa->map_lock);
	xa_for_each(&gpa->maps, index, b) {
		if (b->src_first > last || b->src_last < first)
			continue;
		for (i = 0; i < BLOCK_PAGES; i++) {
			u64 e = b->entry[i];

			if (!(e & MAP_VALID) || b->src[i] < first || b->src[i] > last)
				continue;
			if (fn(child, ((u64)index << BLOCK_SHIFT) + i, e))
				return true;
		}
		cond_resched();
	}
	return false;
}

static bool below_any(struct tlfs_partition *pt, u64 first, u64 last,
		      bool (*fn)(struct tlfs_partition *child, u64 gfn, u64 entry))
{
	struct tlfs_partition *child;
	bool found = false;
	u64 id = 0;

	if (!READ_ONCE(pt->nr_children))
		return false;
	while (!found && (child = tlfs_partition_next(pt, id, NULL)) != NULL) {
		id = child->id;
		mutex_lock(&child->gpa.map_lock);
		found = scan_below(child, first, last, fn);
		mutex_unlock(&child->gpa.map_lock);
		tlfs_partition_put(child);
	}
	return found;
}

static bool is_accessible(struct tlfs_partition *child, u64 gfn, u64 entry)
{
	return entry & MAP_READ && !(entry & MAP_DEPOSITED);
}

/* depth is bounded by TLFS_MAX_DEPTH */
static bool revoke_one(struct tlfs_partition *child, u64 gfn, u64 entry)
{
	/* one that is in a pool stays there, with nothing behind it */
	entry_set(child, gfn, entry & MAP_DEPOSITED ? MAP_VALID | MAP_DEPOSITED : 0, NO_SOURCE);
	entries_settle(child);
	below_any(child, gfn, gfn, revoke_one);
	return false;
}

/* pages [gfn, end) of @pt are not there any more, or are others now; under its map_lock */
void tlfs_maps_revoke(struct tlfs_partition *pt, u64 gfn, u64 end)
{
	lockdep_assert_held(&pt->gpa.map_lock);
	below_any(pt, gfn, end - 1, revoke_one);
}

/* ---- sources ---- */

/*
 * The page behind @gfn of @pt, whatever rights it has to it itself (8.1.1), and those that the
 * memory's owner gave at all.  Under its map_lock.
 */
static u16 guest_source(struct tlfs_partition *pt, u64 gfn, u64 *source)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	const struct tlfs_region *r;
	u64 e;

	if (gfn >= gpa->max_gfn)
		return HV_STATUS_INVALID_PARAMETER;
	spin_lock(&gpa->lock);
	e = entry_get(gpa, gfn);
	r = e ? NULL : tlfs_region_find(gpa, gfn);
	if (r)
		e = tlfs_region_uaddr(r, gfn) | MAP_VALID |
		    (r->flags & TLFS_MEM_WRITABLE ? MAP_MAY_WRITE : 0) |
		    (r->flags & TLFS_MEM_EXECUTABLE ? MAP_MAY_EXEC : 0);
	if (tlfs_overlay_find(gpa, gfn))
		e = 0;
	spin_unlock(&gpa->lock);
	if (!e || e & (MAP_HOLE | MAP_DEPOSITED))
		return HV_STATUS_OPERATION_DENIED;
	*source = e & (PAGE_MASK | MAP_MAY_WRITE | MAP_MAY_EXEC);
	return HV_STATUS_SUCCESS;
}

/* a page of the calling process: ordinary memory, and in nobody's pool */
static u16 root_source(struct tlfs_hvcall *call, u64 gpn, u64 *source)
{
	struct mm_struct *mm = current->mm;
	struct vm_area_struct *vma;
	unsigned long uaddr;
	u16 status;

	status = tlfs_hc_page_uaddr(call, gpn, &uaddr);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (mm != call->target->mm || tlfs_pool_holds(mm, gpn))
		return HV_STATUS_OPERATION_DENIED;
	if (mmap_read_lock_killable(mm))
		return HV_STATUS_TIME_OUT;
	vma = vma_lookup(mm, uaddr);
	if (!vma || vma->vm_flags & (VM_IO | VM_PFNMAP))
		status = HV_STATUS_OPERATION_DENIED;
	mmap_read_unlock(mm);
	*source = uaddr | MAP_MAY_WRITE | MAP_MAY_EXEC;
	return status;
}

/* ---- mapping and unmapping, for hv/gpa.c ---- */

static void lock_maps(struct tlfs_hvcall *call)
{
	if (call->vp)
		mutex_lock(&call->caller->gpa.map_lock);
	mutex_lock(&call->target->gpa.map_lock);
}

static void unlock_maps(struct tlfs_hvcall *call)
{
	mutex_unlock(&call->target->gpa.map_lock);
	if (call->vp)
		mutex_unlock(&call->caller->gpa.map_lock);
}

static u16 map_page(struct tlfs_hvcall *call, u64 gfn, u64 src, u64 rights)
{
	struct tlfs_partition *pt = call->target;
	u64 source, old;
	u16 status;

	if (gfn >= pt->gpa.max_gfn)
		return HV_STATUS_INVALID_PARAMETER;
	status = call->vp ? guest_source(call->caller, src, &source) :
			    root_source(call, src, &source);
	if (status == HV_STATUS_SUCCESS)
		status = block_need(pt, gfn, true);
	if (status != HV_STATUS_SUCCESS)
		return status;
	old = entry_get(&pt->gpa, gfn);
	if (old & MAP_DEPOSITED)
		return HV_STATUS_OBJECT_IN_USE;
	/* what is read-only to the whole tree nobody in it makes writable */
	if (!(source & MAP_MAY_WRITE))
		rights &= ~MAP_WRITE;
	if (!(source & MAP_MAY_EXEC))
		rights &= ~MAP_EXEC;
	entry_set(pt, gfn, source | MAP_VALID | rights, call->vp ? src : NO_SOURCE);
	if ((old ^ source) & PAGE_MASK)
		tlfs_maps_revoke(pt, gfn, gfn + 1);
	return HV_STATUS_SUCCESS;
}

u16 tlfs_gpa_map(struct tlfs_hvcall *call, u64 gfn, u64 src, bool read, bool write, bool exec)
{
	u64 rights = (read ? MAP_READ : 0) | (write ? MAP_WRITE : 0) | (exec ? MAP_EXEC : 0);
	u16 status;

	lock_maps(call);
	/* a finalized partition has given its mappings back */
	status = call->target->initialized ? map_page(call, gfn, src, rights) :
					     HV_STATUS_INVALID_PARTITION_STATE;
	unlock_maps(call);
	return status;
}

static u16 unmap_page(struct tlfs_partition *pt, u64 gfn)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	u64 e = entry_get(gpa, gfn);
	bool region;
	u16 status;
	int idx;

	if (e & MAP_DEPOSITED)
		return HV_STATUS_OBJECT_IN_USE;
	idx = srcu_read_lock(&gpa->srcu);
	region = tlfs_region_find(gpa, gfn);
	srcu_read_unlock(&gpa->srcu, idx);
	if (e & MAP_HOLE || (!e && !region))
		return HV_STATUS_SUCCESS;
	status = block_need(pt, gfn, true);
	if (status != HV_STATUS_SUCCESS)
		return status;
	entry_set(pt, gfn, region ? MAP_VALID | MAP_HOLE : 0, NO_SOURCE);
	tlfs_maps_revoke(pt, gfn, gfn + 1);
	return HV_STATUS_SUCCESS;
}

u16 tlfs_gpa_unmap(struct tlfs_partition *pt, u64 gfn)
{
	u16 status = HV_STATUS_INVALID_PARTITION_STATE;

	if (gfn >= pt->gpa.max_gfn)
		return HV_STATUS_INVALID_PARAMETER;
	mutex_lock(&pt->gpa.map_lock);
	if (pt->initialized)
		status = unmap_page(pt, gfn);
	mutex_unlock(&pt->gpa.map_lock);
	return status;
}

void tlfs_gpa_settle(struct tlfs_partition *pt)
{
	entries_settle(pt);
}

/* ---- memory pools ---- */

static u16 deposit_page(struct tlfs_partition *pt, u64 gfn)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	struct tlfs_region r;
	bool overlay;
	u16 status;
	u64 e;
	int err;

	spin_lock(&gpa->lock);
	overlay = tlfs_overlay_find(gpa, gfn);
	e = entry_get(gpa, gfn);
	err = tlfs_gpa_page(gpa, gfn, &r);
	spin_unlock(&gpa->lock);
	if (overlay)
		return HV_STATUS_OBJECT_IN_USE;
	if (err || r.flags != (TLFS_MEM_WRITABLE | TLFS_MEM_EXECUTABLE))
		return HV_STATUS_OPERATION_DENIED;
	if (below_any(pt, gfn, gfn, is_accessible))
		return HV_STATUS_OPERATION_DENIED;
	/* what remembers the deposit is small, and not worth a failure for want of pool */
	status = block_need(pt, gfn, false);
	if (status != HV_STATUS_SUCCESS)
		return status;
	entry_set(pt, gfn, (e ?: MAP_VALID | MAP_REGION) | MAP_DEPOSITED,
		  e ? entry_src(gpa, gfn) : NO_SOURCE);
	entries_settle(pt);
	return HV_STATUS_SUCCESS;
}

u16 tlfs_gpa_deposit(struct tlfs_partition *pt, u64 gfn)
{
	u16 status;

	if (gfn >= pt->gpa.max_gfn)
		return HV_STATUS_OPERATION_DENIED;
	mutex_lock(&pt->gpa.map_lock);
	status = deposit_page(pt, gfn);
	mutex_unlock(&pt->gpa.map_lock);
	return status;
}

/* where a page that leaves the pool is now: zero it there, before the guest sees it again */
static void zero_page(struct tlfs_partition *pt, u64 gfn, u64 e)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	unsigned long uaddr = e & PAGE_MASK;
	const struct tlfs_region *r;

	if (e & MAP_REGION) {
		spin_lock(&gpa->lock);
		r = tlfs_region_find(gpa, gfn);
		uaddr = r ? tlfs_region_uaddr(r, gfn) : 0;
		spin_unlock(&gpa->lock);
	}
	/* memory its owner has taken away meanwhile has nothing to be zeroed */
	if (uaddr && current->mm == pt->mm && clear_user((void __user *)uaddr, PAGE_SIZE))
		return;
}

void tlfs_gpa_return(struct tlfs_partition *pt, u64 gfn)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	u64 e;

	mutex_lock(&gpa->map_lock);
	e = entry_get(gpa, gfn);
	if (e & MAP_DEPOSITED) {
		zero_page(pt, gfn, e);
		if (e & MAP_REGION || !(e & PAGE_MASK))
			entry_set(pt, gfn, 0, NO_SOURCE);
		else
			entry_set(pt, gfn, e & ~MAP_DEPOSITED, entry_src(gpa, gfn));
	}
	mutex_unlock(&gpa->map_lock);
}

/* ---- life ---- */

void tlfs_gpa_unmap_all(struct tlfs_partition *pt)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	struct tlfs_map_block *b;
	unsigned long index;
	unsigned int i;

	mutex_lock(&gpa->map_lock);
	xa_for_each(&gpa->maps, index, b) {
		for (i = 0; i < BLOCK_PAGES; i++) {
			u64 gfn = ((u64)index << BLOCK_SHIFT) + i;

			if (!b->entry[i])
				continue;
			entry_set(pt, gfn, 0, NO_SOURCE);
			below_any(pt, gfn, gfn, revoke_one);
		}
		cond_resched();
	}
	entries_settle(pt);
	mutex_unlock(&gpa->map_lock);
}

void tlfs_maps_init(struct tlfs_partition *pt)
{
	mutex_init(&pt->gpa.map_lock);
	tlfs_lock_by_depth(&pt->gpa.map_lock, pt, TLFS_LOCK_MAPS);
	xa_init_flags(&pt->gpa.maps, XA_FLAGS_ACCOUNT);
}

/* nobody looks any more */
void tlfs_maps_destroy(struct tlfs_partition *pt)
{
	struct tlfs_map_block *b;
	unsigned long index;

	xa_for_each(&pt->gpa.maps, index, b)
		block_free(b);
	xa_destroy(&pt->gpa.maps);
	mutex_destroy(&pt->gpa.map_lock);
}
