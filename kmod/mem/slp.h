/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * slp.h - what the files of mem/ share: regions, second-level tables, overlay lookup
 */
#ifndef TLFS_SLP_H
#define TLFS_SLP_H

#include <linux/list.h>
#include <linux/mm.h>
#include <linux/nospec.h>

#include "../tlfs.h"

/**
 * struct tlfs_region - guest pages backed by a range of the VMM's memory
 * @gfn:	first guest page
 * @npages:	how many
 * @uaddr:	where the range starts in partition->mm
 * @flags:	TLFS_MEM_WRITABLE, TLFS_MEM_EXECUTABLE
 * @log:	while accesses are tracked: a bit for each accessed page, and behind them those of
 *		the dirty ones.  Set under gpa.srcu or gpa.lock, cleared under the latter
 */
struct tlfs_region {
	u64 gfn;
	u64 npages;
	unsigned long uaddr;
	unsigned long *log;
	u8 flags;
};

/**
 * struct tlfs_regions - all regions of a partition, sorted by gfn, disjoint
 * @hint:	index of the last one found; racy, only ever a guess
 */
struct tlfs_regions {
	unsigned int nr;
	unsigned int hint;
	struct tlfs_region r[];
};

static inline bool tlfs_region_has(const struct tlfs_region *r, u64 gfn)
{
	return gfn - r->gfn < r->npages;
}

/* @gfn is in @r; it comes from the guest, so speculation is held in the region as well */
static inline unsigned long tlfs_region_uaddr(const struct tlfs_region *r, u64 gfn)
{
	return r->uaddr + (array_index_nospec(gfn - r->gfn, r->npages) << PAGE_SHIFT);
}

/* the half of @r->log that holds the dirty pages */
static inline unsigned long *tlfs_region_dirty(const struct tlfs_region *r)
{
	return r->log + BITS_TO_LONGS(r->npages);
}

/* page @gfn of @r was accessed, or written; @r->log is there */
static inline void tlfs_region_touch(const struct tlfs_region *r, u64 gfn, bool write)
{
	u64 page = array_index_nospec(gfn - r->gfn, r->npages);

	set_bit(page, r->log);
	if (write)
		set_bit(page, tlfs_region_dirty(r));
}

/* dirty.c: logs of single regions; -ENOMEM */
int tlfs_region_log_alloc(struct tlfs_region *r);
void tlfs_region_log_free(struct tlfs_region *r);

/* gpa.c, for dirty.c, under partition->lock: a copy of the regions without logs, or NULL */
struct tlfs_regions *tlfs_regions_clone(struct tlfs_partition *pt);
/* put it in force, free the logs of before, and take all entries away */
void tlfs_regions_retrack(struct tlfs_partition *pt, struct tlfs_regions *rs);

/* under gpa.srcu or gpa.lock */
const struct tlfs_region *tlfs_region_find(struct tlfs_gpa *gpa, u64 gfn);

/*
 * What backs @gfn: 0 with a (piece of a) region that has it, or why there is none: enum tlfs_fault,
 * UNMAPPED or DENIED.  Under gpa.lock, or gpa.srcu when !gpa.has_maps.
 */
int tlfs_gpa_page(struct tlfs_gpa *gpa, u64 gfn, struct tlfs_region *found);

/* map.c for gpa.c */
void tlfs_maps_init(struct tlfs_partition *pt);
void tlfs_maps_destroy(struct tlfs_partition *pt);
bool tlfs_maps_zap_user(struct tlfs_gpa *gpa, unsigned long start, unsigned long end);
bool tlfs_maps_has_user(struct tlfs_gpa *gpa, unsigned long uaddr);
void tlfs_maps_uncover(struct tlfs_partition *pt, u64 gfn, u64 end);
void tlfs_maps_revoke(struct tlfs_partition *pt, u64 gfn, u64 end);

/* regions or overlays changed; under gpa.lock */
static inline void tlfs_gpa_changed(struct tlfs_gpa *gpa)
{
	WRITE_ONCE(gpa->generation, gpa->generation + 1);
}

/*
 * Take the entries of [start, end) away, large ones also where they only overlap; true if VPs
 * must be flushed before gpa.lock is dropped.  Tables that are empty then go on @freed, for
 * tlfs_slp_free_list() after that flush; with NULL they stay.  Under gpa.lock.
 */
bool tlfs_slp_zap(struct tlfs_gpa *gpa, u64 start, u64 end, struct list_head *freed);

/*
 * Take the right to write away from the entries of [start, end), large entries altogether; true
 * if VPs must be flushed before gpa.lock is dropped.  Under gpa.lock.
 */
bool tlfs_slp_wrprotect(struct tlfs_gpa *gpa, u64 start, u64 end);

/*
 * Make all VPs drop their translations, and wait until none uses an old one.  Under the
 * gpa.lock hold that changed the entries: otherwise an MMU notifier could come between, find
 * the entries gone, have nothing to flush, and let the kernel free a page a VP still reaches.
 */
void tlfs_slp_flush(struct tlfs_partition *pt);
void tlfs_slp_free_list(struct tlfs_gpa *gpa, struct list_head *freed);

int tlfs_slp_create(struct tlfs_gpa *gpa);
void tlfs_slp_destroy(struct tlfs_gpa *gpa);

/* under gpa.lock: the overlay seen at @gfn, or NULL; is there one in [start, end) */
struct tlfs_overlay *tlfs_overlay_find(struct tlfs_gpa *gpa, u64 gfn);
bool tlfs_overlay_in(struct tlfs_gpa *gpa, u64 start, u64 end);

/*
 * tlfs_gpa_read() of one page-table entry of 4 or 8 bytes, naturally aligned: a single access,
 * so that an entry another VP replaces meanwhile is seen old or new, never half
 */
int tlfs_gpa_read_entry(struct tlfs_partition *pt, u64 gpa, u64 *val, unsigned int size,
			bool atomic);

#endif /* TLFS_SLP_H */
