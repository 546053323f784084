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
 */
struct tlfs_region {
	u64 gfn;
	u64 npages;
	unsigned long uaddr;
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

/* under gpa.srcu or gpa.lock */
const struct tlfs_region *tlfs_region_find(struct tlfs_gpa *gpa, u64 gfn);

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
