/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * window.h - hypervisor pages in the memory of the root's processes
 */
#ifndef TLFS_WINDOW_H
#define TLFS_WINDOW_H

#include <linux/types.h>

struct file;
struct page;
struct vm_area_struct;

int tlfs_window_mmap(struct file *file, struct vm_area_struct *vma);

/*
 * An object is what its pages are known by.  Called in the process that is to see them, may sleep.
 * At page number @gpn of the process: -EINVAL: no window there, -EEXIST: @object is mapped in this
 * process, -EBUSY: another object is at @gpn
 */
int tlfs_window_map(const void *object, struct page *page, u64 gpn);
/* wherever there is room; @gpns: where.  -ENOSPC, -EEXIST */
int tlfs_window_place(const void *object, struct page *const *pages, unsigned int nr, u64 *gpns);
/* out of this process: -ENOENT if it is not there */
int tlfs_window_unmap(const void *object);
/* out of all processes: the pages may be freed then */
void tlfs_window_purge(const void *object);
/* does any process have it */
bool tlfs_window_has(const void *object);
/* does a window show something at page number @gpn of this process */
bool tlfs_window_shows(u64 gpn);
/* has this process a window */
bool tlfs_window_here(void);
/* is any window in use; a hint */
bool tlfs_windows_used(void);

#endif /* TLFS_WINDOW_H */
