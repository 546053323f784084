// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool.c - memory pools (TLFS 7)
 *
 * A pool is an account.  What the module allocates for a partition comes from the kernel, never
 * from the pages deposited: those are still the process's, who could write into them.  A deposit is
 * the right to that many pages; the page itself is out of its partition's reach until it is
 * withdrawn, and zero then.  Pools of the root and of partitions made through a descriptor
 * draw on the kernel's allocator and are never dry; what they use is charged to its memory cgroup.
 */
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/vmstat.h>
#include <linux/xarray.h>

#include "tlfs.h"
#include "window.h"

void tlfs_pool_init(struct tlfs_pool *pool)
{
	spin_lock_init(&pool->lock);
	xa_init_flags(&pool->pages, XA_FLAGS_ACCOUNT);
}

void tlfs_pool_destroy(struct tlfs_pool *pool)
{
	xa_destroy(&pool->pages);
}

bool tlfs_pool_charge(struct tlfs_partition *pt, unsigned int pages)
{
	struct tlfs_pool *pool = &pt->pool;
	bool ok = true;

	if (pt->hosted)
		return true;
	spin_lock(&pool->lock);
	if (pool->deposited - pool->in_use >= pages)
		pool->in_use += pages;
	else
		ok = false;
	spin_unlock(&pool->lock);
	return ok;
}

void tlfs_pool_uncharge(struct tlfs_partition *pt, unsigned int pages)
{
	struct tlfs_pool *pool = &pt->pool;

	if (pt->hosted)
		return;
	spin_lock(&pool->lock);
	/* finalization has given everything back already */
	pool->in_use -= min_t(u64, pool->in_use, pages);
	spin_unlock(&pool->lock);
}

/* finalization: nothing is in use any more */
void tlfs_pool_release(struct tlfs_partition *pt)
{
	spin_lock(&pt->pool.lock);
	pt->pool.in_use = 0;
	spin_unlock(&pt->pool.lock);
}

bool tlfs_pool_empty(struct tlfs_pool *pool)
{
	return !READ_ONCE(pool->deposited);
}

bool tlfs_pool_holds(struct mm_struct *mm, u64 gpn)
{
	struct tlfs_partition *pt;
	bool found = false;
	u64 id = 0;

	while (!found && (pt = tlfs_partition_next(&tlfs_root, id, mm)) != NULL) {
		id = pt->id;
		found = xa_load(&pt->pool.pages, gpn);
		tlfs_partition_put(pt);
	}
	return found;
}

/* 7.2.1: flags that exist, and a node of this machine if one is named */
bool tlfs_proximity_ok(const struct hv_proximity_domain_info *info)
{
	if (info->flags & ~(HV_PROXIMITY_PREFERRED | HV_PROXIMITY_INFO_VALID))
		return false;
	if (!(info->flags & HV_PROXIMITY_INFO_VALID))
		return true;
	return info->id < MAX_NUMNODES && node_online(info->id);
}

/* ---- hypercalls ---- */

/*
 * Pages come from the parent's space and go back there: an ancestor further up has no part in it.
 * The root's own pool is the kernel's business (7.1 presumes a root that owns the machine).
 */
static bool is_parent(const struct tlfs_hvcall *call)
{
	return call->target->parent == call->caller;
}

/* a page of the calling process, which it can write, and which is in no GPA space */
static u16 root_deposit(struct tlfs_hvcall *call, u64 gpn)
{
	struct mm_struct *mm = current->mm;
	struct tlfs_partition *pt;
	unsigned long uaddr;
	struct page *page;
	bool used = false;
	u64 id = 0;

	if (tlfs_hc_page_uaddr(call, gpn, &uaddr) || tlfs_pool_holds(mm, gpn))
		return HV_STATUS_OPERATION_DENIED;
	while (!used && (pt = tlfs_partition_next(&tlfs_root, id, mm)) != NULL) {
		id = pt->id;
		used = tlfs_gpa_backed_by(pt, uaddr);
		tlfs_partition_put(pt);
	}
	/* statistics, buffers of the event log: ours already */
	if (tlfs_window_shows(gpn))
		return HV_STATUS_OBJECT_IN_USE;
	if (used || get_user_pages_fast(uaddr, 1, FOLL_WRITE, &page) != 1)
		return HV_STATUS_OPERATION_DENIED;
	/* and what a device writes to is nobody else's either (7.3.1) */
	used = folio_maybe_dma_pinned(page_folio(page));
	put_page(page);
	return used ? HV_STATUS_OBJECT_IN_USE : HV_STATUS_SUCCESS;
}

static u16 deposit(struct tlfs_hvcall *call, u64 gpn)
{
	struct tlfs_partition *pt = call->target;
	struct tlfs_pool *pool = &pt->pool;
	u16 status;

	status = call->vp ? tlfs_gpa_deposit(call->caller, gpn) : root_deposit(call, gpn);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (xa_err(xa_store(&pool->pages, gpn, xa_mk_value(1), GFP_KERNEL_ACCOUNT))) {
		if (call->vp)
			tlfs_gpa_return(call->caller, gpn);
		return HV_STATUS_NO_RESOURCES;
	}
	spin_lock(&pool->lock);
	pool->deposited++;
	spin_unlock(&pool->lock);
	return HV_STATUS_SUCCESS;
}

/* HvDepositMemory (7.3.1) */
TLFS_HANDLER(deposit_memory)
{
	const struct hv_input_deposit_memory *in = call->in;
	struct tlfs_partition *pt = call->target;
	u16 status = HV_STATUS_SUCCESS;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (pt == &tlfs_root)
		return HV_STATUS_OPERATION_DENIED;
	if (!is_parent(call))
		return HV_STATUS_ACCESS_DENIED;
	if (mutex_lock_killable(&pt->lock))
		return HV_STATUS_TIME_OUT;
	if (pt->finalized)
		status = HV_STATUS_INVALID_PARTITION_STATE;
	while (status == HV_STATUS_SUCCESS && call->rep < call->reps) {
		status = deposit(call, in->gpa_page_list[call->rep]);
		if (status == HV_STATUS_SUCCESS)
			call->rep++;
	}
	mutex_unlock(&pt->lock);
	return status;
}

/* memory its owner has taken away meanwhile has nothing to be zeroed */
static void root_return(u64 gpn)
{
	if (clear_user((void __user *)(gpn << PAGE_SHIFT), PAGE_SIZE))
		return;
}

/* one page that is not in use, out of the books; the caller of @call gets it back */
static bool withdraw(struct tlfs_hvcall *call, u64 *gpn)
{
	struct tlfs_pool *pool = &call->target->pool;
	unsigned long index = 0;
	bool free;

	spin_lock(&pool->lock);
	free = pool->deposited > pool->in_use && xa_find(&pool->pages, &index, ULONG_MAX,
							 XA_PRESENT);
	if (free)
		pool->deposited--;
	spin_unlock(&pool->lock);
	if (!free)
		return false;
	/* before it is off the list: until then nobody can deposit it again */
	if (call->vp)
		tlfs_gpa_return(call->caller, index);
	else
		root_return(index);
	xa_erase(&pool->pages, index);
	*gpn = index;
	return true;
}

/* HvWithdrawMemory (7.3.2) */
TLFS_HANDLER(withdraw_memory)
{
	const struct hv_input_withdraw_memory *in = call->in;
	struct tlfs_partition *pt = call->target;
	u16 status = HV_STATUS_SUCCESS;
	u64 *out = call->out;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (pt != &tlfs_root && !is_parent(call))
		return HV_STATUS_ACCESS_DENIED;
	if (!tlfs_proximity_ok(&in->proximity_domain_info))
		return HV_STATUS_INVALID_PARAMETER;
	if (mutex_lock_killable(&pt->lock))
		return HV_STATUS_TIME_OUT;
	while (status == HV_STATUS_SUCCESS && call->rep < call->reps) {
		if (withdraw(call, &out[call->rep]))
			call->rep++;
		else
			status = HV_STATUS_NO_RESOURCES;
	}
	mutex_unlock(&pt->lock);
	return status;
}

/* HvGetMemoryBalance (7.3.3) */
TLFS_HANDLER(get_memory_balance)
{
	const struct hv_input_get_memory_balance *in = call->in;
	struct hv_output_get_memory_balance *out = call->out;
	struct tlfs_pool *pool = &call->target->pool;

	if (!tlfs_proximity_ok(&in->proximity_domain_info))
		return HV_STATUS_INVALID_PARAMETER;
	if (call->target == &tlfs_root) {
		/* what the kernel would give, and has given */
		out->pages_available = global_zone_page_state(NR_FREE_PAGES);
		out->pages_in_use = atomic_long_read(&tlfs_nr_pages);
		return HV_STATUS_SUCCESS;
	}
	spin_lock(&pool->lock);
	out->pages_in_use = pool->in_use;
	out->pages_available = pool->deposited - pool->in_use;
	spin_unlock(&pool->lock);
	return HV_STATUS_SUCCESS;
}
