// SPDX-License-Identifier: GPL-2.0-only
/*
 * overlay.c - hypervisor pages laid over the GPA space (TLFS 5.3.1)
 *
 * The tree holds the mapped ones, by gfn and then by age: several may name one page, the youngest
 * is seen and the others come to light again when it goes.
 */
#include <linux/gfp.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/rbtree.h>

#include "slp.h"

static struct tlfs_overlay *to_overlay(struct rb_node *node)
{
	return rb_entry(node, struct tlfs_overlay, node);
}

struct tlfs_overlay *tlfs_overlay_find(struct tlfs_gpa *gpa, u64 gfn)
{
	struct rb_node *n = gpa->overlays.rb_node;
	struct tlfs_overlay *ov, *found = NULL;

	lockdep_assert_held(&gpa->lock);
	while (n) {
		ov = to_overlay(n);
		if (gfn < ov->gfn) {
			n = n->rb_left;
			continue;
		}
		if (gfn == ov->gfn)
			found = ov;	/* younger ones are on the right */
		n = n->rb_right;
	}
	return found;
}

bool tlfs_overlay_in(struct tlfs_gpa *gpa, u64 start, u64 end)
{
	struct rb_node *n = gpa->overlays.rb_node;
	struct tlfs_overlay *ov;

	lockdep_assert_held(&gpa->lock);
	while (n) {
		ov = to_overlay(n);
		if (ov->gfn >= end)
			n = n->rb_left;
		else if (ov->gfn < start)
			n = n->rb_right;
		else
			return true;
	}
	return false;
}

static void overlay_insert(struct tlfs_gpa *gpa, struct tlfs_overlay *ov)
{
	struct rb_node **link = &gpa->overlays.rb_node, *parent = NULL;

	/* the youngest: right of all of the same gfn */
	ov->seq = ++gpa->overlay_seq;
	while (*link) {
		parent = *link;
		link = ov->gfn < to_overlay(parent)->gfn ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(&ov->node, parent, link);
	rb_insert_color(&ov->node, &gpa->overlays);
}

int tlfs_overlay_alloc(struct tlfs_overlay *ov)
{
	memset(ov, 0, sizeof(*ov));
	RB_CLEAR_NODE(&ov->node);
	ov->page = tlfs_alloc_page(GFP_KERNEL_ACCOUNT);
	if (!ov->page)
		return -ENOMEM;
	ov->va = page_address(ov->page);
	return 0;
}

void tlfs_overlay_share(struct tlfs_overlay *ov, const struct tlfs_overlay *of)
{
	memset(ov, 0, sizeof(*ov));
	RB_CLEAR_NODE(&ov->node);
	get_page(of->page);
	atomic_long_inc(&tlfs_nr_pages);
	ov->page = of->page;
	ov->va = of->va;
}

void tlfs_overlay_lend(struct tlfs_overlay *ov, struct page *page)
{
	memset(ov, 0, sizeof(*ov));
	RB_CLEAR_NODE(&ov->node);
	ov->page = page;
	ov->va = page_address(page);
	ov->lent = true;
}

void tlfs_overlay_free(struct tlfs_partition *pt, struct tlfs_overlay *ov)
{
	if (!ov->page)
		return;
	tlfs_overlay_unmap(pt, ov);
	tlfs_free_page(ov->page);
	ov->page = NULL;
	ov->va = NULL;
}

int tlfs_overlay_map(struct tlfs_partition *pt, struct tlfs_overlay *ov, u64 gfn,
		     bool writable, bool executable)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	bool flush = false;
	LIST_HEAD(freed);

	if (gfn >= gpa->max_gfn)
		return -EINVAL;

	lockdep_assert_irqs_enabled();
	spin_lock(&gpa->lock);
	if (ov->mapped) {
		rb_erase(&ov->node, &gpa->overlays);
		flush = tlfs_slp_zap(gpa, ov->gfn, ov->gfn + 1, &freed);
	}
	ov->gfn = gfn;
	ov->writable = writable;
	ov->executable = executable;
	ov->mapped = true;
	overlay_insert(gpa, ov);
	flush |= tlfs_slp_zap(gpa, gfn, gfn + 1, &freed);
	tlfs_gpa_changed(gpa);
	if (flush)
		tlfs_slp_flush(pt);
	spin_unlock(&gpa->lock);

	tlfs_slp_free_list(gpa, &freed);
	return 0;
}

void tlfs_overlay_unmap(struct tlfs_partition *pt, struct tlfs_overlay *ov)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	LIST_HEAD(freed);

	lockdep_assert_irqs_enabled();
	spin_lock(&gpa->lock);
	if (ov->mapped) {
		ov->mapped = false;
		rb_erase(&ov->node, &gpa->overlays);
		RB_CLEAR_NODE(&ov->node);
		tlfs_gpa_changed(gpa);
		/* empty tables go too: a guest moves its overlays as often as it likes */
		if (tlfs_slp_zap(gpa, ov->gfn, ov->gfn + 1, &freed))
			tlfs_slp_flush(pt);
	}
	spin_unlock(&gpa->lock);

	tlfs_slp_free_list(gpa, &freed);
}
