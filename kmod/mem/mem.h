/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mem.h - guest physical memory: regions, overlay pages, second-level tables, access
 */
#ifndef TLFS_MEM_H
#define TLFS_MEM_H

#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "../event.h"

struct tlfs_partition;
struct tlfs_vp;
struct tlfs_user_mem_region;
struct tlfs_gpap_access_bitmap;
struct tlfs_regions;
struct tlfs_hvcall;

/* GPAs are at most this wide, and never wider than the host's physical addresses */
#define TLFS_GPA_BITS_MAX	48

/**
 * struct tlfs_overlay - a hypervisor page laid over the GPA space (TLFS 5.3.1)
 * @node:	in gpa.overlays while mapped; protected by gpa.lock
 * @page:	the page; allocated by tlfs_overlay_alloc(), zeroed
 * @va:		its kernel address: valid in any context for as long as the overlay exists
 * @gfn:	where it is mapped
 * @mapped:	it is mapped
 * @writable:	guest may write (the hypercall page: no; a write is #GP, not a fault)
 * @executable:	guest may execute
 * @lent:	@page is not its own
 *
 * Contents live as long as the overlay; what is under it is hidden, not lost.  When two
 * overlays name one page, the one mapped last is seen (5.3.1 leaves the order open).
 */
struct tlfs_overlay {
	struct rb_node node;
	struct page *page;
	void *va;
	u64 gfn;
	u64 seq;
	bool mapped;
	bool writable;
	bool executable;
	bool lent;
};

/**
 * struct tlfs_gpa - the GPA space of one partition
 * @regions:	RCU-style sorted array of regions, replaced whole; readers under @srcu, writers
 *		under partition->lock
 * @srcu:	protects @regions
 * @maps:	blocks of pages that the parent mapped by hypercall (map.c), over the regions
 * @map_lock:	writers of @maps and @regions; a parent's outside its children's
 * @has_maps:	there are any
 * @lock:	second-level tables and overlay tree; taken by MMU notifiers: nothing under it
 *		sleeps or faults.  Not taken from interrupts, nor with interrupts off: VPs are
 *		flushed under it, which waits for other CPUs to answer
 * @notifier:	on partition->mm
 * @notifier_seq, @notifier_count: invalidations so far, in progress; under @lock
 * @notifier_start, @notifier_end: user addresses of those in progress; under @lock
 * @registered:	@notifier is
 * @stopped:	address space gone or partition being destroyed: no VP runs any more, nothing
 *		is mapped any more; under @lock
 * @root:	physical address of the top-level table
 * @overlays:	mapped overlays by gfn
 * @flushes:	how often entries were taken away that VPs may have used; under @lock
 * @generation:	changes with every change of regions or overlays: whoever caches a
 *		translation compares
 * @max_gfn:	first gfn that does not exist
 * @nr_table_pages: second-level table pages in use
 * @tracking:	regions have logs of accessed and dirty pages; under partition->lock
 */
struct tlfs_gpa {
	struct tlfs_regions __rcu *regions;
	struct srcu_struct srcu;
	struct xarray maps;
	struct mutex map_lock;	/* see above */
	bool has_maps;
	spinlock_t lock;	/* see above */
	struct mmu_notifier notifier;
	unsigned long notifier_seq;
	long notifier_count;
	unsigned long notifier_start;
	unsigned long notifier_end;
	bool registered;
	bool stopped;
	u64 *root_table;
	phys_addr_t root;
	struct rb_root overlays;
	u64 overlay_seq;
	unsigned long flushes;
	unsigned long generation;
	u64 max_gfn;
	bool large_pages;
	bool tracking;
	atomic_long_t nr_table_pages;
};

int tlfs_gpa_init(struct tlfs_partition *pt);
/*
 * Destruction: no VP runs any more, but all VPs still exist: give the VMM's memory back and leave
 * its address space.  From here on no notifier looks at the VPs, so that they can be freed (and
 * their overlays with them); then tlfs_gpa_destroy() frees the rest.
 */
void tlfs_gpa_stop(struct tlfs_partition *pt);
void tlfs_gpa_destroy(struct tlfs_partition *pt);

/* SET_GUEST_MEMORY; under partition->lock.  Errors: see tlfs_user_mem_region */
int tlfs_gpa_set_region(struct tlfs_partition *pt, const struct tlfs_user_mem_region *arg);

/* dirty.c, under partition->lock: start or end tracking of accesses; 0 or -ENOMEM */
int tlfs_gpa_track(struct tlfs_partition *pt, bool on);
/* GET_GPAP_ACCESS_BITMAP; under partition->lock.  Errors: see tlfs_gpap_access_bitmap */
int tlfs_gpa_access_bitmap(struct tlfs_partition *pt, const struct tlfs_gpap_access_bitmap *arg);

/*
 * HvMapGpaPages of one page: @src of call->caller (the root: a page of the calling process) to
 * @gfn of call->target, whose pool pays.  May sleep.  Returns HV_STATUS_*
 */
u16 tlfs_gpa_map(struct tlfs_hvcall *call, u64 gfn, u64 src, bool read, bool write, bool exec);
u16 tlfs_gpa_unmap(struct tlfs_partition *pt, u64 gfn);
/* after these: the module's own accesses to pages that are not there any more are over */
void tlfs_gpa_settle(struct tlfs_partition *pt);
/* finalization: nothing a hypercall mapped is left, here or below */
void tlfs_gpa_unmap_all(struct tlfs_partition *pt);
/* the page goes out of @pt's reach, into a pool: HV_STATUS_*; and comes back, zeroed */
u16 tlfs_gpa_deposit(struct tlfs_partition *pt, u64 gfn);
void tlfs_gpa_return(struct tlfs_partition *pt, u64 gfn);
/* is the user page at @uaddr anywhere in @pt's space */
bool tlfs_gpa_backed_by(struct tlfs_partition *pt, unsigned long uaddr);

enum tlfs_fault {
	TLFS_FAULT_RETRY,	/* mapped: run again */
	TLFS_FAULT_UNMAPPED,	/* nothing there: HVMSG_UNMAPPED_GPA */
	TLFS_FAULT_DENIED,	/* region or overlay forbids it: HVMSG_GPA_INTERCEPT */
	TLFS_FAULT_OVERLAY,	/* an overlay forbids it */
	TLFS_FAULT_LENT,	/* likewise, one of tlfs_overlay_lend() */
	TLFS_FAULT_AGAIN,	/* cannot be done without sleeping: @atomic only */
};

/**
 * tlfs_gpa_fault - resolve a second-level fault
 * @vp:		VP that faulted, in its thread
 * @gpa:	address
 * @access:	what it did
 * @atomic:	do not sleep
 *
 * Return: enum tlfs_fault, or -ENOMEM, or -EFAULT (the VMM's memory behind the region cannot be
 * had), -EINTR (fatal signal), -EIO (another mm, or tlfs_gpa_stop() was called).
 */
int tlfs_gpa_fault(struct tlfs_vp *vp, u64 gpa, enum tlfs_access access, bool atomic);

/* guest pages known to be zero */
struct tlfs_zeroed_range {
	u64 gfn;
	u64 pages;
};

/*
 * What of a guest's memory is known to be zero just now, at most @max ranges, the largest first,
 * without the page @avoid.  May sleep.  How many, or -EIO (another mm), -EINTR (fatal signal)
 */
int tlfs_gpa_zeroed(struct tlfs_partition *pt, u64 avoid, struct tlfs_zeroed_range *range,
		    unsigned int max);

/* pages of its memory: what regions cover */
u64 tlfs_gpa_pages(struct tlfs_partition *pt);

int tlfs_overlay_alloc(struct tlfs_overlay *ov);
/* another overlay of the page of @of, of another partition: either may go first */
void tlfs_overlay_share(struct tlfs_overlay *ov, const struct tlfs_overlay *of);
/*
 * @ov shows a page of somebody else's, who unmaps it before he frees that.  An access such an
 * overlay forbids is #MC (11.8)
 */
void tlfs_overlay_lend(struct tlfs_overlay *ov, struct page *page);
/* unmaps if need be; frees the page */
void tlfs_overlay_free(struct tlfs_partition *pt, struct tlfs_overlay *ov);
/*
 * Lay @ov over @gfn, moving it if it was elsewhere.  Only flags and the tree change and the old
 * second-level entry goes (VPs flush and refault): cannot fail, does not sleep, callable with
 * preemption off but interrupts on.  -EINVAL: @gfn is beyond the GPA space.
 */
int tlfs_overlay_map(struct tlfs_partition *pt, struct tlfs_overlay *ov, u64 gfn,
		     bool writable, bool executable);
void tlfs_overlay_unmap(struct tlfs_partition *pt, struct tlfs_overlay *ov);

/**
 * tlfs_gpa_read, tlfs_gpa_write - access guest memory as the guest sees it, overlays included
 * @atomic:	preemption is off: no faults are taken
 *
 * May cross pages.  In a thread whose mm is partition->mm only (else -EIO).
 * Return: 0; -EFAULT: unmapped, or not writable, or the VMM's memory cannot be had;
 * -EAGAIN: @atomic, and the page is not resident.
 */
int tlfs_gpa_read(struct tlfs_partition *pt, u64 gpa, void *buf, size_t len, bool atomic);
int tlfs_gpa_write(struct tlfs_partition *pt, u64 gpa, const void *buf, size_t len, bool atomic);

/*
 * Where the page at @gpa is in the VMM's address space, or 0 if it is an overlay or nothing.  Good
 * for as long as gpa.generation is *@generation; does not sleep
 */
unsigned long tlfs_gpa_uaddr(struct tlfs_partition *pt, u64 gpa, unsigned long *generation);

/* is there memory (region or overlay) at @gpa, and may the guest write it; does not sleep */
bool tlfs_gpa_present(struct tlfs_partition *pt, u64 gpa, bool *writable, bool *overlay);

/**
 * tlfs_gpa_cmpxchg - atomically replace a naturally aligned value; for page-table A/D bits
 * @size:	4 or 8 bytes
 *
 * Return: 0, -EFAULT, -EAGAIN (atomic, or the value had changed), -EIO (another mm)
 */
int tlfs_gpa_cmpxchg(struct tlfs_partition *pt, u64 gpa, u64 old, u64 new, unsigned int size,
		     bool atomic);

/* what a walk is for and how it is checked */
#define TLFS_WALK_WRITE		BIT(0)
#define TLFS_WALK_EXECUTE	BIT(1)
#define TLFS_WALK_USER		BIT(2)	/* as CPL 3 */
#define TLFS_WALK_PRIV_EXEMPT	BIT(3)	/* as CPL 0, no SMEP nor SMAP (12.4.4) */
#define TLFS_WALK_SET_AD	BIT(4)	/* set accessed and dirty bits */
#define TLFS_WALK_ATOMIC	BIT(5)	/* do not sleep */

/**
 * struct tlfs_walk - result of a walk of the guest's own page tables
 * @gpa:	translation, when tlfs_walk() returned 0
 * @error:	#PF error code when it returned -EACCES
 * @unmapped:	GPA that could not be accessed when it returned -EFAULT: of a table entry, or from
 *		tlfs_gva_read() and tlfs_gva_write() also of the data
 * @unmapped_write: that access was a write, of an accessed or dirty bit
 * @reserved:	reserved bits were set
 * @pat:	which entry of the PAT the page has
 */
struct tlfs_walk {
	u64 gpa;
	u32 error;
	u64 unmapped;
	bool unmapped_write;
	bool reserved;
	u8 pat;
};

/**
 * tlfs_walk - translate @gva by the VP's page tables, all paging modes (none, 32-bit, PAE,
 * 4 and 5 levels), with WP, NXE, SMEP, SMAP and PSE honoured
 * A non-canonical @gva is -EACCES with error 0: what the instruction makes of it is the caller's.
 *
 * Return: 0, -EACCES (page fault, see walk.error), -EFAULT (a table is not in memory),
 * -EAGAIN (atomic), -EIO (another mm)
 */
int tlfs_walk(struct tlfs_vp *vp, u64 gva, unsigned int flags, struct tlfs_walk *walk);

/**
 * tlfs_gva_read, tlfs_gva_write - access guest memory by linear address with the VP's rights
 * @walk:	as for tlfs_walk(), on failure
 */
int tlfs_gva_read(struct tlfs_vp *vp, u64 gva, void *buf, size_t len, unsigned int flags,
		  struct tlfs_walk *walk);
int tlfs_gva_write(struct tlfs_vp *vp, u64 gva, const void *buf, size_t len, unsigned int flags,
		   struct tlfs_walk *walk);

/* up to @len instruction bytes at CS:RIP; returns how many, or -EAGAIN (atomic), or 0 */
int tlfs_fetch_insn(struct tlfs_vp *vp, u8 *buf, size_t len, bool atomic);

#endif /* TLFS_MEM_H */
