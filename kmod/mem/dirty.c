// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty.c - which guest pages were accessed and written (GET_GPAP_ACCESS_BITMAP)
 *
 * While a partition's accesses are tracked (property GPA_PAGE_ACCESS_TRACKING), each region has a
 * log of two bits a page.  Second-level entries are then small ones only, are made by a page's
 * first access, and allow writing only if the page is in the log as dirty.  So the log says all:
 * taking a bit away takes the right, or the entry, away with it, under the same hold of gpa.lock.
 *
 * What the hypervisor itself writes to guest memory is logged too, what the VMM writes is not.  A
 * guest's child has tables and a log of its own: what it writes to memory its parent gave it is
 * not in the parent's.
 */
#include <linux/bitmap.h>
#include <linux/log2.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "slp.h"

/* pages looked at under one hold of gpa.lock */
#define LOG_CHUNK	4096

/* ---- logs ---- */

int tlfs_region_log_alloc(struct tlfs_region *r)
{
	size_t size = 2 * BITS_TO_LONGS(r->npages) * sizeof(long);

	/* what kvmalloc() would warn about: more than 16 TiB in one region */
	if (size > INT_MAX)
		return -ENOMEM;
	r->log = kvzalloc(size, GFP_KERNEL_ACCOUNT);
	return r->log ? 0 : -ENOMEM;
}

void tlfs_region_log_free(struct tlfs_region *r)
{
	kvfree(r->log);
	r->log = NULL;
}

static int logs_alloc(struct tlfs_regions *rs)
{
	unsigned int i;

	for (i = 0; i < rs->nr; i++)
		if (tlfs_region_log_alloc(&rs->r[i]))
			goto err_log;
	return 0;

err_log:
	while (i--)
		tlfs_region_log_free(&rs->r[i]);
	return -ENOMEM;
}

int tlfs_gpa_track(struct tlfs_partition *pt, bool on)
{
	struct tlfs_regions *rs;
	int ret;

	lockdep_assert_held(&pt->lock);
	if (on == pt->gpa.tracking)
		return 0;
	rs = tlfs_regions_clone(pt);
	if (!rs)
		return -ENOMEM;
	if (on) {
		ret = logs_alloc(rs);
		if (ret) {
			kvfree(rs);
			return ret;
		}
	}
	pt->gpa.tracking = on;
	/*
	 * Entries of before go as well: when tracking starts they allow too much, when it ends
	 * large ones are to come back
	 */
	tlfs_regions_retrack(pt, rs);
	return 0;
}

/* ---- reading ---- */

struct log_request {
	u64 gfn;
	unsigned int nr;
	bool dirty;
	u8 op;
};

/* what one region has to say about the pages of @q; true if VPs have to be flushed */
static bool log_region(struct tlfs_gpa *gpa, const struct tlfs_region *r,
		       const struct log_request *q, unsigned long *out)
{
	u64 gfn = max(q->gfn, r->gfn), end = min(q->gfn + q->nr, r->gfn + r->npages);
	unsigned long *accessed = r->log, *dirty;
	bool any = false;
	u64 page;

	if (gfn >= end)
		return false;
	if (!r->log) {
		/* nobody has looked: any page may have been written */
		bitmap_set(out, gfn - q->gfn, end - gfn);
		return false;
	}
	dirty = tlfs_region_dirty(r);
	for (page = gfn - r->gfn; page < end - r->gfn; page++) {
		if (test_bit(page, q->dirty ? dirty : accessed)) {
			__set_bit(page + r->gfn - q->gfn, out);
			any = true;
		}
		if (q->op == TLFS_GPAP_OP_SET) {
			set_bit(page, accessed);
			if (q->dirty)
				set_bit(page, dirty);
		} else if (q->op == TLFS_GPAP_OP_CLEAR) {
			clear_bit(page, dirty);
			if (!q->dirty)
				clear_bit(page, accessed);
		}
	}
	if (q->op != TLFS_GPAP_OP_CLEAR || !any)
		return false;
	if (q->dirty)
		return tlfs_slp_wrprotect(gpa, gfn, end);
	return tlfs_slp_zap(gpa, gfn, end, NULL);
}

static void log_chunk(struct tlfs_partition *pt, const struct log_request *q, unsigned long *out)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	const struct tlfs_regions *rs;
	bool flush = false;
	unsigned int i;

	bitmap_zero(out, LOG_CHUNK);
	spin_lock(&gpa->lock);
	rs = rcu_dereference_protected(gpa->regions, lockdep_is_held(&gpa->lock));
	for (i = 0; i < rs->nr; i++)
		flush |= log_region(gpa, &rs->r[i], q, out);
	/* whoever writes later faults first; what was written before, our caller will read */
	if (flush)
		tlfs_slp_flush(pt);
	spin_unlock(&gpa->lock);
}

int tlfs_gpa_access_bitmap(struct tlfs_partition *pt, const struct tlfs_gpap_access_bitmap *arg)
{
	u8 __user *to = u64_to_user_ptr(arg->bitmap_ptr);
	struct log_request q = {
		.gfn = arg->gpap_base,
		.dirty = arg->access_type == TLFS_GPAP_DIRTY,
		.op = arg->access_op,
	};
	u64 left = arg->page_count;
	unsigned long *out;
	int ret = 0;

	lockdep_assert_held(&pt->lock);
	if (arg->access_type > TLFS_GPAP_DIRTY || arg->access_op > TLFS_GPAP_OP_SET ||
	    memchr_inv(arg->rsvd, 0, sizeof(arg->rsvd)) || !left || !arg->bitmap_ptr)
		return -EINVAL;
	if (left > pt->gpa.max_gfn)
		return -E2BIG;
	if (q.gfn > pt->gpa.max_gfn - left)
		return -EINVAL;
	out = kmalloc(LOG_CHUNK / 8, GFP_KERNEL_ACCOUNT);
	if (!out)
		return -ENOMEM;
	for (; left; left -= q.nr, q.gfn += q.nr, to += LOG_CHUNK / 8) {
		q.nr = min_t(u64, left, LOG_CHUNK);
		log_chunk(pt, &q, out);
		if (copy_to_user(to, out, DIV_ROUND_UP(q.nr, 8))) {
			ret = -EFAULT;
			break;
		}
		if (fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	kfree(out);
	return ret;
}
