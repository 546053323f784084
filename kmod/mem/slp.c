// SPDX-License-Identifier: GPL-2.0-only
/*
 * slp.c - second-level page tables and their faults
 *
 * Four levels in the format of tlfs_ops->slp.  An entry is zero, points to a table, or is a leaf;
 * all change under gpa.lock only, except for accessed and dirty bits, which the processor sets at
 * any time.
 *
 * A leaf holds no reference on its page.  It exists only while the VMM's own page table maps the
 * page: every MMU notifier takes leaves away first, and none is made unless, under gpa.lock, no
 * notifier has run since the page was looked up.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/pgtable.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>

#include "slp.h"

#define SLP_LEVELS	4
#define SLP_BITS	9
#define SLP_ENTRIES	BIT(SLP_BITS)
#define SLP_ADDR	GENMASK_ULL(51, PAGE_SHIFT)
/* a leaf of an overlay page; both vendors leave bits 56:52 to software */
#define SLP_OVERLAY	BIT_ULL(52)
/* pages looked up at once when the VMM's page table has them at hand */
#define FAULT_PAGES	8
/* table pages may turn out to be missing again while a fault fetched some; then run again */
#define FAULT_TRIES	4

/* pages of the guest one entry of @level covers; level 1 is the lowest */
static u64 slp_span(int level)
{
	return BIT_ULL((level - 1) * SLP_BITS);
}

static unsigned int slp_index(u64 gfn, int level)
{
	return gfn >> ((level - 1) * SLP_BITS) & (SLP_ENTRIES - 1);
}

static bool slp_present(u64 e)
{
	return e & tlfs_ops->slp->present;
}

static bool slp_leaf(u64 e, int level)
{
	return level == 1 || (e & tlfs_ops->slp->large);
}

/* a format may have bits of its own (memory encryption) among those of the address */
static u64 slp_addr(u64 e)
{
	const struct tlfs_slp_format *f = tlfs_ops->slp;

	return e & SLP_ADDR & ~f->leaf & ~f->table;
}

static u64 *slp_table(u64 e)
{
	return phys_to_virt(slp_addr(e));
}

static bool slp_allows(u64 e, enum tlfs_access access)
{
	const struct tlfs_slp_format *f = tlfs_ops->slp;

	switch (access) {
	case TLFS_ACCESS_WRITE:
		return e & f->write;
	case TLFS_ACCESS_EXECUTE:
		return (!f->exec || (e & f->exec)) && !(e & f->noexec);
	default:
		return true;
	}
}

static u64 slp_make_leaf(u64 pfn, int level, bool write, bool exec, enum tlfs_access access)
{
	const struct tlfs_slp_format *f = tlfs_ops->slp;
	u64 e = f->present | f->leaf | f->accessed;

	/* @pfn is the page that was wanted, the leaf starts at a multiple of its size */
	e |= (pfn & ~(slp_span(level) - 1)) << PAGE_SHIFT;
	if (write)
		e |= f->write;
	if (write && access == TLFS_ACCESS_WRITE)
		e |= f->dirty;
	e |= exec ? f->exec : f->noexec;
	if (level > 1)
		e |= f->large;
	return e;
}

/* ---- table pages ---- */

static struct page *slp_page_alloc(struct tlfs_gpa *gpa)
{
	struct page *page = tlfs_alloc_page(GFP_KERNEL_ACCOUNT);

	if (page)
		atomic_long_inc(&gpa->nr_table_pages);
	return page;
}

static void slp_page_free(struct tlfs_gpa *gpa, struct page *page)
{
	atomic_long_dec(&gpa->nr_table_pages);
	tlfs_free_page(page);
}

void tlfs_slp_free_list(struct tlfs_gpa *gpa, struct list_head *freed)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, freed, lru) {
		list_del(&page->lru);
		slp_page_free(gpa, page);
	}
}

int tlfs_slp_create(struct tlfs_gpa *gpa)
{
	struct page *page = slp_page_alloc(gpa);

	if (!page)
		return -ENOMEM;
	gpa->root_table = page_address(page);
	gpa->root = page_to_phys(page);
	return 0;
}

static void slp_free_table(struct tlfs_gpa *gpa, u64 *table, int level)
{
	unsigned int i;

	for (i = 0; level > 1 && i < SLP_ENTRIES; i++)
		if (slp_present(table[i]) && !slp_leaf(table[i], level))
			slp_free_table(gpa, slp_table(table[i]), level - 1);
	slp_page_free(gpa, virt_to_page(table));
	if (level > 2)
		cond_resched();
}

/* nothing runs on the tables any more, and they hold no page of the VMM's */
void tlfs_slp_destroy(struct tlfs_gpa *gpa)
{
	if (gpa->root_table)
		slp_free_table(gpa, gpa->root_table, SLP_LEVELS);
	gpa->root_table = NULL;
	gpa->root = 0;
}

/* ---- taking entries away ---- */

void tlfs_slp_flush(struct tlfs_partition *pt)
{
	lockdep_assert_held(&pt->gpa.lock);
	/* before the request: who sees that also sees that it is about these tables */
	WRITE_ONCE(pt->gpa.flushes, pt->gpa.flushes + 1);
	if (!pt->gpa.stopped)
		tlfs_vps_request(pt, NULL, TLFS_REQ_FLUSH_TLB, true);
}

/*
 * Hand the accessed and dirty bits of a leaf just removed to the kernel.  The page is still mapped
 * by the VMM: who wants to unmap it is in or before our notifier and waits for gpa.lock.  So it
 * can be neither freed nor truncated here, as under the page table lock of its pte.
 */
static void slp_drop_leaf(u64 e)
{
	const struct tlfs_slp_format *f = tlfs_ops->slp;
	struct page *page;
	struct folio *folio;

	if (e & SLP_OVERLAY)
		return;
	page = pfn_to_page(slp_addr(e) >> PAGE_SHIFT);
	if (PageReserved(page))
		return;
	folio = page_folio(page);
	if ((e & f->write) && (!f->dirty || (e & f->dirty)))
		folio_mark_dirty(folio);
	if (!f->accessed || (e & f->accessed))
		folio_mark_accessed(folio);
}

static void slp_zap_leaf(u64 *p)
{
	slp_drop_leaf(xchg(p, 0));
}

static bool slp_empty(const u64 *table)
{
	return !memchr_inv(table, 0, PAGE_SIZE);
}

/* @base: gfn of the first entry of @table, whose entries are of @level */
static bool slp_zap_table(u64 *table, int level, u64 base, u64 start, u64 end,
			  struct list_head *freed)
{
	u64 span = slp_span(level), gfn = max(start & ~(span - 1), base);
	u64 stop = min(end, base + span * SLP_ENTRIES);
	bool zapped = false;
	u64 e, *p, *child;

	for (; gfn < stop; gfn += span) {
		p = &table[slp_index(gfn, level)];
		e = READ_ONCE(*p);
		if (!slp_present(e))
			continue;
		if (slp_leaf(e, level)) {
			slp_zap_leaf(p);
			zapped = true;
			continue;
		}
		child = slp_table(e);
		zapped |= slp_zap_table(child, level - 1, gfn, start, end, freed);
		if (freed && slp_empty(child)) {
			/* processors keep entries that point to tables, too: flush before free */
			WRITE_ONCE(*p, 0);
			list_add(&virt_to_page(child)->lru, freed);
			zapped = true;
		}
	}
	return zapped;
}

bool tlfs_slp_zap(struct tlfs_gpa *gpa, u64 start, u64 end, struct list_head *freed)
{
	lockdep_assert_held(&gpa->lock);
	return slp_zap_table(gpa->root_table, SLP_LEVELS, 0, start, end, freed);
}

static bool slp_wrprotect_leaf(u64 *p, u64 e)
{
	const struct tlfs_slp_format *f = tlfs_ops->slp;
	u64 old;

	if (!(e & f->write) || (e & SLP_OVERLAY))
		return false;
	/* the processor may set its bits at any time */
	do {
		old = e;
		e = cmpxchg64(p, old, old & ~f->write & ~f->dirty);
	} while (e != old);
	/* from here on the entry does not tell */
	if (!f->dirty || (old & f->dirty))
		folio_mark_dirty(page_folio(pfn_to_page(slp_addr(old) >> PAGE_SHIFT)));
	return true;
}

static bool slp_wrprotect_table(u64 *table, int level, u64 base, u64 start, u64 end)
{
	u64 span = slp_span(level), gfn = max(start & ~(span - 1), base);
	u64 stop = min(end, base + span * SLP_ENTRIES);
	bool changed = false;
	u64 e, *p;

	for (; gfn < stop; gfn += span) {
		p = &table[slp_index(gfn, level)];
		e = READ_ONCE(*p);
		if (!slp_present(e))
			continue;
		if (!slp_leaf(e, level)) {
			changed |= slp_wrprotect_table(slp_table(e), level - 1, gfn, start, end);
		} else if (level > 1) {
			slp_zap_leaf(p);
			changed = true;
		} else {
			changed |= slp_wrprotect_leaf(p, e);
		}
	}
	return changed;
}

bool tlfs_slp_wrprotect(struct tlfs_gpa *gpa, u64 start, u64 end)
{
	lockdep_assert_held(&gpa->lock);
	return slp_wrprotect_table(gpa->root_table, SLP_LEVELS, 0, start, end);
}

/* ---- faults ---- */

/**
 * struct slp_fault - a fault being resolved
 * @gfn:	guest page
 * @access:	what the guest did
 * @atomic:	do not sleep
 * @region:	copy of the region; good as long as gpa.generation is @generation
 * @uaddr:	user address of the page in it
 * @seq:	gpa.notifier_seq before the page was looked up
 * @generation:	gpa.generation when the region was
 * @host:	the VMM's page, referenced, and some of those behind it
 * @nr_host:	how many these are
 * @writable:	the VMM itself may write them
 * @level:	of the entry that was set, 0: none
 * @leaf:	entry that was set, if it is of the lowest level, or NULL
 * @pages:	zeroed pages for tables
 * @nr_pages:	of these
 * @need:	how many it takes, after -ENOBUFS
 * @freed:	tables to free
 */
struct slp_fault {
	u64 gfn;
	enum tlfs_access access;
	bool atomic;
	struct tlfs_region region;
	unsigned long uaddr;
	unsigned long seq;
	unsigned long generation;
	struct page *host[FAULT_PAGES];
	int nr_host;
	bool writable;
	int level;
	u64 *leaf;
	struct page *pages[SLP_LEVELS - 1];
	unsigned int nr_pages;
	unsigned int need;
	struct list_head freed;
};

/*
 * Put leaf @entry of @level in the place of whatever is there, unless that allows the access:
 * another VP may have been faster.  -ENOBUFS: see slp_fault.need
 */
static int slp_map(struct tlfs_partition *pt, struct slp_fault *f, int level, u64 entry)
{
	u64 *table = pt->gpa.root_table, *p, old;
	int l, ret = TLFS_FAULT_RETRY;
	bool flush = false;
	struct page *page;

	for (l = SLP_LEVELS;; l--) {
		p = &table[slp_index(f->gfn, l)];
		old = READ_ONCE(*p);
		if (slp_present(old) && slp_leaf(old, l) && slp_allows(old, f->access))
			goto out;
		if (l == level)
			break;
		if (slp_present(old) && slp_leaf(old, l)) {
			slp_zap_leaf(p);
			flush = true;
			old = 0;
		}
		if (!slp_present(old)) {
			if (f->nr_pages < l - level) {
				f->need = l - level;
				ret = -ENOBUFS;
				goto out;
			}
			page = f->pages[--f->nr_pages];
			old = page_to_phys(page) | tlfs_ops->slp->table;
			/* a zeroed table before what points to it */
			smp_wmb();
			WRITE_ONCE(*p, old);
		}
		table = slp_table(old);
	}

	if (level == 1)
		f->leaf = p;
	f->level = level;
	old = xchg(p, entry);
	if (!slp_present(old))
		goto out;
	flush = true;
	if (slp_leaf(old, level)) {
		slp_drop_leaf(old);
	} else {
		table = slp_table(old);
		slp_zap_table(table, level - 1, f->gfn & ~(slp_span(level) - 1), 0, U64_MAX,
			      &f->freed);
		list_add(&virt_to_page(table)->lru, &f->freed);
	}
out:
	if (flush)
		tlfs_slp_flush(pt);
	return ret;
}

static int fault_overlay(struct tlfs_partition *pt, struct slp_fault *f, struct tlfs_overlay *ov)
{
	u64 e;

	if ((f->access == TLFS_ACCESS_WRITE && !ov->writable) ||
	    (f->access == TLFS_ACCESS_EXECUTE && !ov->executable))
		return ov->lent ? TLFS_FAULT_LENT : TLFS_FAULT_OVERLAY;
	e = slp_make_leaf(page_to_pfn(ov->page), 1, ov->writable, ov->executable, f->access);
	return slp_map(pt, f, 1, e | SLP_OVERLAY);
}

/*
 * What can be answered from our own tables, under one hold of gpa.lock; -EINPROGRESS: f->region
 * says where the page is, go on.
 */
static int fault_lookup(struct tlfs_partition *pt, struct slp_fault *f)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	const struct tlfs_region *r = &f->region;
	struct tlfs_overlay *ov;
	int ret;

	lockdep_assert_held(&gpa->lock);
	if (gpa->stopped)
		return -EIO;
	ov = tlfs_overlay_find(gpa, f->gfn);
	if (ov)
		return fault_overlay(pt, f, ov);
	ret = tlfs_gpa_page(gpa, f->gfn, &f->region);
	if (ret)
		return ret;
	if ((f->access == TLFS_ACCESS_WRITE && !(r->flags & TLFS_MEM_WRITABLE)) ||
	    (f->access == TLFS_ACCESS_EXECUTE && !(r->flags & TLFS_MEM_EXECUTABLE)))
		return TLFS_FAULT_DENIED;

	f->uaddr = tlfs_region_uaddr(r, f->gfn);
	f->seq = gpa->notifier_seq;
	f->generation = gpa->generation;
	return -EINPROGRESS;
}

/*
 * The page and, if it is a small one, those behind it that are there, too, and have their entries
 * in the same table.
 */
static int fault_get_resident(struct slp_fault *f, unsigned int flags)
{
	u64 region = f->region.gfn + f->region.npages - f->gfn;
	u64 table = SLP_ENTRIES - slp_index(f->gfn, 1);
	int nr = min3(region, table, (u64)FAULT_PAGES), n;

	f->nr_host = get_user_pages_fast_only(f->uaddr, 1, flags, f->host);
	if (f->nr_host != 1)
		return TLFS_FAULT_AGAIN;
	if (nr > 1 && !PageCompound(f->host[0])) {
		n = get_user_pages_fast_only(f->uaddr + PAGE_SIZE, nr - 1, flags, f->host + 1);
		f->nr_host += max(n, 0);
	}
	return -EINPROGRESS;
}

/* the VMM's page, writable if it may be; -EINPROGRESS: f->host has it, go on */
static int fault_get_page(struct slp_fault *f)
{
	unsigned int flags = f->region.flags & TLFS_MEM_WRITABLE ? FOLL_WRITE : 0;
	int n;

	f->writable = flags;
	if (f->atomic)
		return fault_get_resident(f, flags);
	f->nr_host = 1;
	n = get_user_pages_fast(f->uaddr, 1, flags, f->host);
	if (n == -EFAULT && flags) {
		/* a mapping the VMM may only read itself: so may the guest, whatever the region */
		f->writable = false;
		n = get_user_pages_fast(f->uaddr, 1, 0, f->host);
		if (n == 1 && f->access == TLFS_ACCESS_WRITE) {
			put_page(f->host[0]);
			return TLFS_FAULT_DENIED;
		}
	}
	if (n == 1)
		return -EINPROGRESS;
	if (fatal_signal_pending(current))
		return -EINTR;
	return n == -ENOMEM ? -ENOMEM : -EFAULT;
}

/* is an invalidation of some of [start, end) under way */
static bool invalidating(struct tlfs_gpa *gpa, unsigned long start, unsigned long end)
{
	return gpa->notifier_count && start < gpa->notifier_end && end > gpa->notifier_start;
}

/*
 * Level at which the VMM's page table maps @uaddr.  Interrupts off keep its tables from being
 * freed; its entry is stable for as long as no notifier comes, which the caller sees to.
 */
static int host_level(struct mm_struct *mm, unsigned long uaddr, u64 pfn, bool write)
{
	unsigned long flags;
	int level = 1;
	pgd_t pgd;
	p4d_t p4d;
	pud_t pud;
	pmd_t pmd;

	local_irq_save(flags);
	pgd = READ_ONCE(*pgd_offset(mm, uaddr));
	if (pgd_none(pgd))
		goto out;
	p4d = READ_ONCE(*p4d_offset(&pgd, uaddr));
	if (p4d_none(p4d) || !p4d_present(p4d))
		goto out;
	pud = READ_ONCE(*pud_offset(&p4d, uaddr));
	if (pud_none(pud) || !(pud_val(pud) & _PAGE_PRESENT))
		goto out;
	if (pud_leaf(pud)) {
		if (pud_pfn(pud) + ((uaddr & ~PUD_MASK) >> PAGE_SHIFT) == pfn &&
		    (!write || pud_write(pud)))
			level = 3;
		goto out;
	}
	pmd = READ_ONCE(*pmd_offset(&pud, uaddr));
	if (pmd_none(pmd) || !(pmd_val(pmd) & _PAGE_PRESENT))
		goto out;
	if (pmd_leaf(pmd) && pmd_pfn(pmd) + ((uaddr & ~PMD_MASK) >> PAGE_SHIFT) == pfn &&
	    (!write || pmd_write(pmd)))
		level = 2;
out:
	local_irq_restore(flags);
	return level;
}

/* the largest leaf the host's mapping, the region and the overlays allow */
static int fault_level(struct tlfs_partition *pt, const struct slp_fault *f)
{
	const struct tlfs_region *r = &f->region;
	struct tlfs_gpa *gpa = &pt->gpa;
	u64 pfn = page_to_pfn(f->host[0]), pages, gfn;
	unsigned long uaddr;
	int level;

	if (!gpa->large_pages ||
	    (!PageCompound(f->host[0]) && !is_zone_device_page(f->host[0])))
		return 1;
	level = host_level(pt->mm, f->uaddr, pfn, f->writable);
	for (; level > 1; level--) {
		if (level == 3 && !tlfs_ops->slp->has_1g)
			continue;
		pages = slp_span(level);
		gfn = f->gfn & ~(pages - 1);
		uaddr = f->uaddr - ((f->gfn - gfn) << PAGE_SHIFT);
		if (gfn < r->gfn || gfn + pages > r->gfn + r->npages)
			continue;
		if (((pfn ^ f->gfn) & (pages - 1)) || !IS_ALIGNED(uaddr, pages << PAGE_SHIFT))
			continue;
		/* our own page is in no invalidation, but its neighbours may be in one */
		if (invalidating(gpa, uaddr, uaddr + (pages << PAGE_SHIFT)))
			continue;
		if (tlfs_overlay_in(gpa, gfn, gfn + pages))
			continue;
		/* accesses to the local APIC's page have to fault */
		if (!((gfn ^ TLFS_APIC_DEFAULT_BASE >> PAGE_SHIFT) & ~(pages - 1)))
			continue;
		break;
	}
	return level;
}

/*
 * The guest is likely to want the pages behind this one too.  Neither accessed nor dirty, so that
 * the kernel is told nothing wrong about them; where the processor does not keep these bits, they
 * would have to be assumed.
 */
static void fault_around(struct slp_fault *f, struct tlfs_gpa *gpa)
{
	const struct tlfs_slp_format *fmt = tlfs_ops->slp;
	int i;
	u64 e;

	if (!fmt->accessed || !fmt->dirty ||
	    invalidating(gpa, f->uaddr, f->uaddr + f->nr_host * PAGE_SIZE) ||
	    tlfs_overlay_in(gpa, f->gfn, f->gfn + f->nr_host))
		return;
	for (i = 1; i < f->nr_host; i++) {
		if (f->leaf[i])
			continue;
		e = slp_make_leaf(page_to_pfn(f->host[i]), 1, f->writable,
				  f->region.flags & TLFS_MEM_EXECUTABLE, TLFS_ACCESS_READ);
		WRITE_ONCE(f->leaf[i], e & ~fmt->accessed);
	}
}

static int fault_install(struct tlfs_partition *pt, struct slp_fault *f)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	bool write = f->writable;
	int level = 1, ret;
	u64 e;

	lockdep_assert_held(&gpa->lock);
	/* what was looked up before may be void by now */
	if (gpa->stopped || gpa->generation != f->generation || gpa->notifier_seq != f->seq ||
	    invalidating(gpa, f->uaddr, f->uaddr + PAGE_SIZE))
		return f->atomic ? TLFS_FAULT_AGAIN : TLFS_FAULT_RETRY;
	if (unlikely(f->region.log)) {
		tlfs_region_touch(&f->region, f->gfn, f->access == TLFS_ACCESS_WRITE);
		write = write && test_bit(f->gfn - f->region.gfn, tlfs_region_dirty(&f->region));
	} else {
		level = fault_level(pt, f);
	}
	e = slp_make_leaf(page_to_pfn(f->host[0]), level, write,
			  f->region.flags & TLFS_MEM_EXECUTABLE, f->access);
	ret = slp_map(pt, f, level, e);
	if (f->leaf && f->nr_host > 1 && !f->region.log)
		fault_around(f, gpa);
	return ret;
}

static int fault_once(struct tlfs_partition *pt, struct slp_fault *f)
{
	struct tlfs_gpa *gpa = &pt->gpa;
	int ret, i;

	spin_lock(&gpa->lock);
	ret = fault_lookup(pt, f);
	spin_unlock(&gpa->lock);
	if (ret != -EINPROGRESS)
		return ret;

	ret = fault_get_page(f);
	if (ret != -EINPROGRESS)
		return ret;

	spin_lock(&gpa->lock);
	ret = fault_install(pt, f);
	spin_unlock(&gpa->lock);
	/* the leaf lives by the notifier, not by a reference */
	for (i = 0; i < f->nr_host; i++)
		put_page(f->host[i]);
	return ret;
}

static int fault_topup(struct tlfs_gpa *gpa, struct slp_fault *f)
{
	while (f->nr_pages < f->need) {
		f->pages[f->nr_pages] = slp_page_alloc(gpa);
		if (!f->pages[f->nr_pages])
			return -ENOMEM;
		f->nr_pages++;
	}
	return 0;
}

int tlfs_gpa_fault(struct tlfs_vp *vp, u64 gpa, enum tlfs_access access, bool atomic)
{
	struct tlfs_partition *pt = vp->pt;
	struct slp_fault f;
	int ret, tries = 0;

	/* most of it is set on the way */
	f.gfn = gpa >> PAGE_SHIFT;
	f.access = access;
	f.atomic = atomic;
	f.leaf = NULL;
	f.level = 0;
	f.nr_pages = 0;
	f.need = 0;
	INIT_LIST_HEAD(&f.freed);
	if (f.gfn >= pt->gpa.max_gfn)
		return TLFS_FAULT_UNMAPPED;
	if (current->mm != pt->mm)
		return -EIO;
	lockdep_assert_irqs_enabled();

	for (;;) {
		ret = fault_once(pt, &f);
		if (ret != -ENOBUFS)
			break;
		if (atomic) {
			ret = TLFS_FAULT_AGAIN;
			break;
		}
		ret = fault_topup(&pt->gpa, &f);
		if (ret)
			break;
		if (++tries == FAULT_TRIES) {
			ret = TLFS_FAULT_RETRY;
			break;
		}
	}
	if (f.level)
		vp_count(vp, f.level > 1 ? HV_VP_STAT_LARGE_FILLS : HV_VP_STAT_SMALL_FILLS);
	while (f.nr_pages)
		slp_page_free(&pt->gpa, f.pages[--f.nr_pages]);
	if (unlikely(!list_empty(&f.freed)))
		tlfs_slp_free_list(&pt->gpa, &f.freed);
	return ret;
}
