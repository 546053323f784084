// SPDX-License-Identifier: GPL-2.0-only
/*
 * window.c - hypervisor pages in the memory of the root's processes
 *
 * For a guest the hypervisor lays a page over the GPA space.  The GPA space of a caller that is the
 * root is its process's memory, and there the kernel lets nobody lay a page over another; so a
 * process says where such pages may appear: it maps /dev/tlfs.  What is under them there is
 * nothing: an access is SIGBUS.
 *
 * A window is as long as it was made, stays where it is and goes as a whole, with its address
 * space at the latest.
 */
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/overflow.h>
#include <linux/slab.h>

#include "tlfs.h"
#include "window.h"

#define WINDOW_PAGES	1024	/* of one */
#define WINDOWS		4096	/* of all processes */

/**
 * struct window - a mapping of /dev/tlfs
 * @link:	in windows
 * @mm:		address space it is in, for comparison only
 * @mapping:	of the device's inode, to take entries away by
 * @start:	user address
 * @base:	page offset in @mapping, its own
 * @nr:		pages
 * @areas:	mappings: two for the moment it takes to refuse to be moved
 * @used:	of these show something
 * @slot:	what is seen where; object NULL: nothing
 */
struct window {
	struct list_head link;
	struct mm_struct *mm;
	struct address_space *mapping;
	unsigned long start;
	pgoff_t base;
	unsigned int nr;
	unsigned int areas;
	unsigned int used;
	struct {
		const void *object;
		struct page *page;
	} slot[];
};

/* taken under the address space's lock; entries are made and taken away under it */
static DEFINE_MUTEX(windows_lock);
static LIST_HEAD(windows);
static unsigned int nr_windows;
static pgoff_t next_base = WINDOW_PAGES;
static atomic_t nr_used = ATOMIC_INIT(0);

/* ---- mapping the device ---- */

static vm_fault_t window_fault(struct vm_fault *vmf)
{
	struct window *w = vmf->vma->vm_private_data;
	unsigned long i = vmf->pgoff - w->base;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	mutex_lock(&windows_lock);
	if (i < w->nr && w->slot[i].object)
		ret = vmf_insert_pfn(vmf->vma, vmf->address & PAGE_MASK,
				     page_to_pfn(w->slot[i].page));
	mutex_unlock(&windows_lock);
	return ret;
}

static void window_open(struct vm_area_struct *vma)
{
	struct window *w = vma->vm_private_data;

	mutex_lock(&windows_lock);
	w->areas++;
	mutex_unlock(&windows_lock);
}

static bool window_of(const struct mm_struct *mm)
{
	struct window *w;

	lockdep_assert_held(&windows_lock);
	list_for_each_entry(w, &windows, link)
		if (w->mm == mm)
			return true;
	return false;
}

static void window_close(struct vm_area_struct *vma)
{
	struct window *w = vma->vm_private_data;
	bool last;

	mutex_lock(&windows_lock);
	if (--w->areas) {
		mutex_unlock(&windows_lock);
		return;
	}
	list_del(&w->link);
	nr_windows--;
	atomic_sub(w->used, &nr_used);
	last = !window_of(w->mm);
	mutex_unlock(&windows_lock);
	if (last)
		tlfs_eventlog_mm_gone(w->mm);
	kvfree(w);
}

static int window_split(struct vm_area_struct *vma, unsigned long addr)
{
	return -EINVAL;
}

static int window_mremap(struct vm_area_struct *vma)
{
	return -EINVAL;
}

static const struct vm_operations_struct window_vm_ops = {
	.open = window_open,
	.close = window_close,
	.fault = window_fault,
	.may_split = window_split,
	.mremap = window_mremap,
};

int tlfs_window_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long nr = vma_pages(vma);
	struct window *w;
	int err = 0;

	if (vma->vm_pgoff || nr > WINDOW_PAGES || !(vma->vm_flags & VM_SHARED))
		return -EINVAL;
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	w = kvzalloc(struct_size(w, slot, nr), GFP_KERNEL_ACCOUNT);
	if (!w)
		return -ENOMEM;
	w->mm = vma->vm_mm;
	w->mapping = file->f_mapping;
	w->start = vma->vm_start;
	w->nr = nr;
	w->areas = 1;

	mutex_lock(&windows_lock);
	if (nr_windows == WINDOWS) {
		err = -ENOSPC;
	} else {
		nr_windows++;
		w->base = next_base;
		next_base += WINDOW_PAGES;
		list_add_tail(&w->link, &windows);
	}
	mutex_unlock(&windows_lock);
	if (err) {
		kvfree(w);
		return err;
	}
	vma->vm_pgoff = w->base;
	tlfs_vm_flags_set(vma, VM_PFNMAP | VM_DONTCOPY | VM_DONTEXPAND | VM_DONTDUMP);
	tlfs_vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	vma->vm_private_data = w;
	vma->vm_ops = &window_vm_ops;
	return 0;
}

/* ---- objects ---- */

static void slot_set(struct window *w, unsigned int i, const void *object, struct page *page)
{
	w->slot[i].object = object;
	w->slot[i].page = page;
	w->used++;
	atomic_inc(&nr_used);
}

static void slot_clear(struct window *w, unsigned int i)
{
	w->slot[i].object = NULL;
	w->slot[i].page = NULL;
	w->used--;
	atomic_dec(&nr_used);
	unmap_mapping_range(w->mapping, (loff_t)(w->base + i) << PAGE_SHIFT, PAGE_SIZE, 1);
}

/* @mm NULL: in any */
static bool object_mapped(const struct mm_struct *mm, const void *object)
{
	struct window *w;
	unsigned int i;

	lockdep_assert_held(&windows_lock);
	list_for_each_entry(w, &windows, link) {
		if (!w->used || (mm && w->mm != mm))
			continue;
		for (i = 0; i < w->nr; i++)
			if (w->slot[i].object == object)
				return true;
	}
	return false;
}

static bool object_unmap(const struct mm_struct *mm, const void *object)
{
	struct window *w;
	unsigned int i;
	bool any = false;

	lockdep_assert_held(&windows_lock);
	list_for_each_entry(w, &windows, link) {
		if (!w->used || (mm && w->mm != mm))
			continue;
		for (i = 0; i < w->nr; i++) {
			if (w->slot[i].object != object)
				continue;
			slot_clear(w, i);
			any = true;
		}
	}
	return any;
}

static int map_at(const void *object, struct page *page, u64 gpn)
{
	struct window *w;
	u64 i;

	if (object_mapped(current->mm, object))
		return -EEXIST;
	list_for_each_entry(w, &windows, link) {
		i = gpn - (w->start >> PAGE_SHIFT);
		if (w->mm != current->mm || i >= w->nr)
			continue;
		if (w->slot[i].object)
			return -EBUSY;
		slot_set(w, i, object, page);
		return 0;
	}
	return -EINVAL;
}

int tlfs_window_map(const void *object, struct page *page, u64 gpn)
{
	int err;

	mutex_lock(&windows_lock);
	err = map_at(object, page, gpn);
	mutex_unlock(&windows_lock);
	return err;
}

static int place(const void *object, struct page *const *pages, unsigned int nr, u64 *gpns)
{
	unsigned int i, done = 0;
	struct window *w;

	if (object_mapped(current->mm, object))
		return -EEXIST;
	list_for_each_entry(w, &windows, link) {
		if (w->mm != current->mm)
			continue;
		for (i = 0; i < w->nr && done < nr; i++) {
			if (w->slot[i].object)
				continue;
			slot_set(w, i, object, pages[done]);
			gpns[done++] = (w->start >> PAGE_SHIFT) + i;
		}
	}
	if (done == nr)
		return 0;
	object_unmap(current->mm, object);
	return -ENOSPC;
}

int tlfs_window_place(const void *object, struct page *const *pages, unsigned int nr, u64 *gpns)
{
	int err;

	mutex_lock(&windows_lock);
	err = place(object, pages, nr, gpns);
	mutex_unlock(&windows_lock);
	return err;
}

int tlfs_window_unmap(const void *object)
{
	bool any;

	mutex_lock(&windows_lock);
	any = object_unmap(current->mm, object);
	mutex_unlock(&windows_lock);
	return any ? 0 : -ENOENT;
}

void tlfs_window_purge(const void *object)
{
	if (!tlfs_windows_used())
		return;
	mutex_lock(&windows_lock);
	object_unmap(NULL, object);
	mutex_unlock(&windows_lock);
}

bool tlfs_window_has(const void *object)
{
	bool any;

	mutex_lock(&windows_lock);
	any = object_mapped(NULL, object);
	mutex_unlock(&windows_lock);
	return any;
}

bool tlfs_window_shows(u64 gpn)
{
	struct window *w;
	bool shown = false;
	u64 i;

	mutex_lock(&windows_lock);
	list_for_each_entry(w, &windows, link) {
		i = gpn - (w->start >> PAGE_SHIFT);
		if (w->mm == current->mm && i < w->nr && w->slot[i].object)
			shown = true;
	}
	mutex_unlock(&windows_lock);
	return shown;
}

bool tlfs_window_here(void)
{
	bool any;

	mutex_lock(&windows_lock);
	any = window_of(current->mm);
	mutex_unlock(&windows_lock);
	return any;
}

bool tlfs_windows_used(void)
{
	return atomic_read(&nr_used);
}
