// SPDX-License-Identifier: GPL-2.0-only
/*
 * caller.c - who makes a hypercall, whom it may name, and what its page numbers mean
 *
 * A guest names itself and its children.  The root is not one program: whoever calls through a
 * descriptor may name what that descriptor's partition is or has below it, and any partition whose
 * memory is the calling process's own.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/uaccess.h>

#include "tlfs.h"

/* ---- partitions ---- */

bool tlfs_partition_below(const struct tlfs_partition *pt, const struct tlfs_partition *top)
{
	for (pt = pt->parent; pt; pt = pt->parent)
		if (pt == top)
			return true;
	return false;
}

/* the whole of a tree under the root has the memory of one process */
static bool same_family(const struct tlfs_partition *a, const struct tlfs_partition *b)
{
	return a->mm && a->mm == b->mm;
}

static struct tlfs_partition *named(struct tlfs_partition *pt)
{
	tlfs_partition_get(pt);
	return pt;
}

static struct tlfs_partition *refuse(struct tlfs_partition *pt, u16 why, u16 *status)
{
	if (pt)
		tlfs_partition_put(pt);
	*status = why;
	return NULL;
}

/*
 * What a guest has no business with does not exist for it, so that it learns nothing about its
 * neighbours; and one that cannot have children need not be told even that (4.11.2).
 */
static struct tlfs_partition *guest_names(struct tlfs_hvcall *call, u64 id, u16 *status)
{
	struct tlfs_partition *caller = call->caller, *pt;

	if (id == HV_PARTITION_ID_SELF || id == caller->id)
		return named(caller);
	if (!tlfs_has_privilege(caller, HV_PRIV_CREATE_PARTITIONS))
		return refuse(NULL, HV_STATUS_ACCESS_DENIED, status);
	/* giving the reference back may be the end of it */
	if (call->atomic)
		return refuse(NULL, TLFS_HC_SLEEP, status);
	pt = tlfs_partition_find(id);
	if (!pt)
		return refuse(NULL, HV_STATUS_INVALID_PARTITION_ID, status);
	if (pt->parent == caller)
		return pt;
	if (tlfs_partition_below(pt, caller) || tlfs_partition_below(caller, pt))
		return refuse(pt, HV_STATUS_ACCESS_DENIED, status);
	return refuse(pt, HV_STATUS_INVALID_PARTITION_ID, status);
}

static struct tlfs_partition *root_names(struct tlfs_hvcall *call, u64 id, u16 *status)
{
	struct tlfs_partition *fd = call->fd, *pt;

	if (id == HV_PARTITION_ID_SELF || id == HV_PARTITION_ID_INVALID || id == fd->id)
		return named(fd);
	pt = tlfs_partition_find(id);
	if (!pt)
		return refuse(NULL, HV_STATUS_INVALID_PARTITION_ID, status);
	if (pt == &tlfs_root || pt->mm == current->mm ||
	    (fd != &tlfs_root && tlfs_partition_below(pt, fd)))
		return pt;
	return refuse(pt, HV_STATUS_ACCESS_DENIED, status);
}

struct tlfs_partition *tlfs_hc_partition(struct tlfs_hvcall *call, u64 id, u16 *status)
{
	*status = HV_STATUS_SUCCESS;
	return call->vp ? guest_names(call, id, status) : root_names(call, id, status);
}

struct tlfs_partition *tlfs_hc_peer(struct tlfs_hvcall *call, u64 id, u16 *status)
{
	struct tlfs_partition *pt;

	*status = HV_STATUS_SUCCESS;
	if (!call->vp)
		return root_names(call, id, status);
	if (id == HV_PARTITION_ID_SELF || id == call->caller->id)
		return named(call->caller);
	if (call->atomic)
		return refuse(NULL, TLFS_HC_SLEEP, status);
	pt = tlfs_partition_find(id);
	if (pt && (pt == &tlfs_root || same_family(pt, call->caller)))
		return pt;
	return refuse(pt, HV_STATUS_INVALID_PARTITION_ID, status);
}

/* may the caller make this call on this target: 4.10, and the privileges of acting on oneself */
u16 tlfs_hc_relation(const struct tlfs_hvcall *call)
{
	const struct tlfs_hvcall_desc *desc = call->desc;
	u64 privilege = desc->privilege;

	if (call->target == call->caller) {
		if (!(desc->flags & (call->vp ? TLFS_HC_SELF : TLFS_HC_ROOT)))
			return HV_STATUS_ACCESS_DENIED;
	} else {
		if (!(desc->flags & TLFS_HC_PARENT))
			return HV_STATUS_ACCESS_DENIED;
		if (desc->flags & TLFS_HC_PRIV_SELF)
			privilege = 0;
	}
	return tlfs_has_privilege(call->caller, privilege) ? HV_STATUS_SUCCESS :
							     HV_STATUS_ACCESS_DENIED;
}

/* ---- memory ---- */

u16 tlfs_hc_page_uaddr(struct tlfs_hvcall *call, u64 gpn, unsigned long *uaddr)
{
	unsigned long generation;

	if (!call->vp) {
		/* a process's GPA page number is the number of a page of its own */
		if (gpn >= TASK_SIZE_MAX >> PAGE_SHIFT)
			return HV_STATUS_INVALID_PARAMETER;
		*uaddr = gpn << PAGE_SHIFT;
		return HV_STATUS_SUCCESS;
	}
	if (gpn >= call->caller->gpa.max_gfn)
		return HV_STATUS_INVALID_PARAMETER;
	*uaddr = tlfs_gpa_uaddr(call->caller, gpn << PAGE_SHIFT, &generation);
	return *uaddr ? HV_STATUS_SUCCESS : HV_STATUS_OPERATION_DENIED;
}

u16 tlfs_hc_page_pin(struct tlfs_hvcall *call, u64 gpn, struct tlfs_pinned *pin)
{
	struct mm_struct *mm = current->mm;
	unsigned long uaddr;
	u16 status;

	pin->page = NULL;
	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = tlfs_hc_page_uaddr(call, gpn, &uaddr);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!mm || account_locked_vm(mm, 1, true))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	if (pin_user_pages_fast(uaddr, 1, FOLL_WRITE | FOLL_LONGTERM, &pin->page) != 1) {
		account_locked_vm(mm, 1, false);
		pin->page = NULL;
		return HV_STATUS_OPERATION_DENIED;
	}
	mmgrab(mm);
	pin->mm = mm;
	return HV_STATUS_SUCCESS;
}

void tlfs_page_unpin(struct tlfs_pinned *pin)
{
	if (!pin->page)
		return;
	unpin_user_pages_dirty_lock(&pin->page, 1, true);
	/* of a process that has ended nobody counts any more */
	if (mmget_not_zero(pin->mm)) {
		account_locked_vm(pin->mm, 1, false);
		mmput(pin->mm);
	}
	mmdrop(pin->mm);
	pin->page = NULL;
}
