// SPDX-License-Identifier: GPL-2.0-only
/*
 * partition.c - life of partitions and the tree they form (TLFS 5); properties are in property.c
 *
 * A partition made through a descriptor lives as long as the descriptor, each of its VPs' and the
 * hypercalls that name it.  One made by HvCreatePartition is held by the tree until it is deleted,
 * or until its parent goes: then the whole of what is below goes first, leaves before branches.
 *
 * partition->ref counts users, partition->memory the structure: a child holds its parent's, so
 * that ->parent can be followed from any partition one has a reference to.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "eventfd.h"
#include "tlfs.h"
#include "hv/timers.h"

#define ROOT_ID		1

/* what 5.2.3 gives a child whose parent says nothing, in the words of the later property */
#define DEFAULT_SYNTHETIC_FEATURES					\
	(HV_SYNTHETIC_FEATURE_HYPERVISOR_PRESENT |			\
	 HV_SYNTHETIC_FEATURE_HV1 |					\
	 HV_SYNTHETIC_FEATURE_ACCESS_VP_RUN_TIME_REG |			\
	 HV_SYNTHETIC_FEATURE_ACCESS_PARTITION_REFERENCE_COUNTER |	\
	 HV_SYNTHETIC_FEATURE_ACCESS_SYNIC_REGS |			\
	 HV_SYNTHETIC_FEATURE_ACCESS_SYNTHETIC_TIMER_REGS |		\
	 HV_SYNTHETIC_FEATURE_ACCESS_INTR_CTRL_REGS |			\
	 HV_SYNTHETIC_FEATURE_ACCESS_HYPERCALL_REGS |			\
	 HV_SYNTHETIC_FEATURE_ACCESS_VP_INDEX |				\
	 HV_SYNTHETIC_FEATURE_ACCESS_GUEST_IDLE_REG)

struct tlfs_partition tlfs_root = {
	.ref = KREF_INIT(1),
	.memory = REFCOUNT_INIT(1),
	.id = ROOT_ID,
	.lock = __MUTEX_INITIALIZER(tlfs_root.lock),
	.msr_lock = __SPIN_LOCK_UNLOCKED(tlfs_root.msr_lock),
	.link = LIST_HEAD_INIT(tlfs_root.link),
	.initialized = true,
	.hosted = true,
	.privileges = ~0ULL,
	.cpus_per_socket = 1,
	.pool = TLFS_POOL_INIT(tlfs_root.pool),
	.sched = { .cap = HV_PARTITION_CPU_MAX, .weight = 100 },
	.tlb_pages = 64,
};

/* in the order of creation, whoever's children they are */
static LIST_HEAD(partitions);
static DEFINE_SPINLOCK(partitions_lock);	/* the list, nr_children, gone */
static atomic64_t last_id = ATOMIC64_INIT(ROOT_ID);

static struct lock_class_key lock_keys[TLFS_LOCK_KINDS][TLFS_MAX_DEPTH + 1];

void tlfs_lock_by_depth(struct mutex *lock, const struct tlfs_partition *pt,
			enum tlfs_lock_kind kind)
{
	lockdep_set_class(lock, &lock_keys[kind][pt->depth]);
}

/* ---- creation ---- */

static void partition_inherit(struct tlfs_partition *pt, const struct tlfs_partition *parent)
{
	unsigned int i;

	/* what the parent cannot see its children cannot */
	pt->create_flags = parent->create_flags;
	for (i = 0; i < TLFS_CPU_FEATURE_BANKS; i++)
		pt->disabled_features[i] = parent->disabled_features[i];
	pt->disabled_xsave = parent->disabled_xsave;
}

static struct tlfs_partition *partition_alloc(struct tlfs_partition *parent, struct mm_struct *mm,
					      bool hosted)
{
	struct tlfs_partition *pt = kzalloc(sizeof(*pt), GFP_KERNEL_ACCOUNT);

	if (!pt)
		return NULL;
	kref_init(&pt->ref);
	refcount_set(&pt->memory, 1);
	spin_lock_init(&pt->msr_lock);
	INIT_LIST_HEAD(&pt->link);
	pt->hosted = hosted;
	pt->parent = parent;
	pt->depth = parent->depth + 1;
	pt->threaded = !hosted;
	init_rwsem(&pt->calls);
	lockdep_set_class(&pt->calls, &lock_keys[TLFS_LOCK_CALLS][pt->depth]);
	mutex_init(&pt->lock);
	tlfs_lock_by_depth(&pt->lock, pt, TLFS_LOCK_PARTITION);
	pt->cpus_per_socket = 1;
	pt->mm = mm;
	mmgrab(mm);
	tlfs_owner_init(&pt->who, &parent->who);
	refcount_inc(&parent->memory);
	tlfs_pool_init(&pt->pool);
	tlfs_sched_init(pt);
	tlfs_assist_init(pt);
	tlfs_property_init(pt);
	return pt;
}

static void partition_free(struct tlfs_partition *pt)
{
	struct tlfs_partition *parent;

	for (; pt != &tlfs_root && refcount_dec_and_test(&pt->memory); pt = parent) {
		parent = pt->parent;
		kfree(pt);
	}
	if (pt == &tlfs_root)
		refcount_dec(&tlfs_root.memory);
}

static void partition_undo(struct tlfs_partition *pt)
{
	tlfs_pool_destroy(&pt->pool);
	mmdrop(pt->mm);
	tlfs_owner_destroy(&pt->who);
	mutex_destroy(&pt->lock);
	partition_free(pt);
}

static int partition_setup(struct tlfs_partition *pt)
{
	int err;

	err = tlfs_gpa_init(pt);
	if (err)
		return err;
	err = tlfs_overlay_alloc(&pt->hypercall_page);
	if (err)
		goto err_gpa;
	err = tlfs_time_init(pt);
	if (err)
		goto err_hypercall_page;
	err = tlfs_eventfd_create(pt);
	if (err)
		goto err_time;
	err = tlfs_stats_partition_create(pt);
	if (err)
		goto err_eventfd;
	err = tlfs_ports_create(pt);
	if (err)
		goto err_stats;
	return 0;

err_stats:
	tlfs_stats_partition_destroy(pt);
err_eventfd:
	tlfs_eventfd_destroy(pt);
err_time:
	tlfs_time_destroy(pt);
err_hypercall_page:
	tlfs_overlay_free(pt, &pt->hypercall_page);
err_gpa:
	tlfs_gpa_destroy(pt);
	return err;
}

/* into the tree, unless the parent is about to go or has enough; then nobody has seen it */
static int partition_link(struct tlfs_partition *pt)
{
	struct tlfs_partition *parent = pt->parent;
	int err = 0;

	spin_lock(&partitions_lock);
	if (parent->gone || !parent->initialized)
		err = -ENXIO;
	else if (parent != &tlfs_root && parent->nr_children >= TLFS_MAX_CHILDREN)
		err = -ENOSPC;
	if (!err) {
		pt->id = atomic64_inc_return(&last_id);
		parent->nr_children++;
		list_add_tail(&pt->link, &partitions);
	}
	spin_unlock(&partitions_lock);
	return err;
}

static struct tlfs_partition *partition_new(struct tlfs_partition *parent, struct mm_struct *mm,
					    const struct tlfs_create_partition_v2 *arg, void *owner)
{
	struct tlfs_partition *pt;
	unsigned int i;
	int err;

	pt = partition_alloc(parent, mm, arg);
	if (!pt)
		return ERR_PTR(-ENOMEM);
	pt->owner = owner;
	pt->create_charge = arg ? 0 : TLFS_PAGES_CREATE;
	partition_inherit(pt, parent);
	if (arg) {
		pt->create_flags = arg->v1.flags;
		for (i = 0; i < TLFS_CPU_FEATURE_BANKS; i++)
			pt->disabled_features[i] = arg->disabled_features[i];
		pt->disabled_xsave = arg->disabled_xsave;
	} else if (parent == &tlfs_root) {
		pt->create_flags = TLFS_PT_LAPIC | TLFS_PT_X2APIC;
	}
	tlfs_partition_set_features(pt, DEFAULT_SYNTHETIC_FEATURES & tlfs_synthetic_supported() &
				    tlfs_partition_features(parent));
	if (parent->v2)
		tlfs_cpuid_set_v2(pt);

	err = partition_setup(pt);
	if (err)
		goto err_pt;
	err = partition_link(pt);
	if (err)
		goto err_setup;
	atomic_long_inc(&tlfs_nr_partitions);
	tlfs_eventlog_system(HV_EVENTLOG_GROUP_OBJECT_MANAGER, HV_TR_OB_CREATE_PARTITION, pt->id, 0,
			     HV_STATUS_SUCCESS);
	tlfs_nl_partition(TLFS_GENL_PARTITION_CREATED, pt);
	return pt;

err_setup:
	tlfs_eventfd_destroy(pt);
	tlfs_ports_destroy(pt);
	tlfs_stats_partition_destroy(pt);
	tlfs_gpa_stop(pt);
	tlfs_time_destroy(pt);
	tlfs_overlay_free(pt, &pt->hypercall_page);
	tlfs_gpa_destroy(pt);
err_pt:
	tlfs_eventlog_system(HV_EVENTLOG_GROUP_OBJECT_MANAGER, HV_TR_OB_CREATE_PARTITION, 0, 0,
			     HV_STATUS_INSUFFICIENT_MEMORY);
	partition_undo(pt);
	return ERR_PTR(err);
}

struct tlfs_partition *tlfs_partition_create(const struct tlfs_create_partition_v2 *arg)
{
	return partition_new(&tlfs_root, current->mm, arg, NULL);
}

/* INITIALIZE: again is no error.  Under pt->lock */
int tlfs_partition_initialize(struct tlfs_partition *pt)
{
	if (pt->finalized)
		return -EIO;
	/* 20.1.1: who is given the privilege later has no session */
	if (!pt->initialized && tlfs_has_privilege(pt, HV_PRIV_DEBUGGING) &&
	    tlfs_debug_create(pt) != HV_STATUS_SUCCESS)
		return -ENOMEM;
	pt->initialized = true;
	return 0;
}

/* ---- destruction ---- */

/* off the list: its id means nothing any more.  True if this was us */
static bool partition_unlink(struct tlfs_partition *pt)
{
	bool linked;

	spin_lock(&partitions_lock);
	linked = !list_empty(&pt->link);
	if (linked) {
		list_del_init(&pt->link);
		pt->parent->nr_children--;
	}
	spin_unlock(&partitions_lock);
	return linked;
}

/*
 * The work of HvFinalizePartition, and of a parent that goes: nothing of @pt runs any more, what it
 * used is in its pool.  Under pt->lock; again does nothing.
 */
static void partition_finalize(struct tlfs_partition *pt)
{
	unsigned int i;

	lockdep_assert_held(&pt->lock);
	/* the list lock: no child is linked to it from here on */
	spin_lock(&partitions_lock);
	pt->initialized = false;
	pt->finalized = true;
	spin_unlock(&partitions_lock);
	tlfs_ports_close(pt);
	tlfs_debug_close(pt);
	for (i = 0; i < pt->nr_vps; i++)
		if (pt->vps[i])
			tlfs_vp_delete(pt->vps[i]);
	tlfs_stats_hide(pt, &pt->stats);
	tlfs_gpa_unmap_all(pt);
	tlfs_pool_release(pt);
}

/* ends what the tree holds, once.  The caller has a reference of its own */
static void partition_remove(struct tlfs_partition *pt)
{
	if (!partition_unlink(pt))
		return;
	if (pt->create_charge)
		tlfs_pool_uncharge(pt->parent, pt->create_charge);
	/* a hosted one is held by descriptors only */
	if (!pt->hosted)
		tlfs_partition_put(pt);
}

static void partition_kill(struct tlfs_partition *pt)
{
	/* its VPs first: they could make more */
	down_write(&pt->calls);
	mutex_lock(&pt->lock);
	partition_finalize(pt);
	mutex_unlock(&pt->lock);
	tlfs_vps_reap(pt);
	up_write(&pt->calls);
	/* depth is bounded by TLFS_MAX_DEPTH */
	tlfs_partition_kill_children(pt);
	partition_remove(pt);
	tlfs_partition_put(pt);
}

void tlfs_partition_kill_children(struct tlfs_partition *pt)
{
	struct tlfs_partition *child;
	u64 id = 0;

	while ((child = tlfs_partition_next(pt, id, NULL)) != NULL) {
		id = child->id;
		partition_kill(child);
	}
}

void tlfs_partitions_disown(void *owner)
{
	struct tlfs_partition *pt;
	u64 id = 0;

	while ((pt = tlfs_partition_next(&tlfs_root, id, NULL)) != NULL) {
		id = pt->id;
		if (pt->owner == owner)
			partition_kill(pt);
		else
			tlfs_partition_put(pt);
	}
}

bool tlfs_partitions_owned(const void *owner)
{
	struct tlfs_partition *pt;
	bool any = false;

	spin_lock(&partitions_lock);
	list_for_each_entry(pt, &partitions, link)
		any |= pt->owner == owner;
	spin_unlock(&partitions_lock);
	return any;
}

static void partition_release(struct kref *ref)
{
	struct tlfs_partition *pt = container_of(ref, struct tlfs_partition, ref);
	unsigned int i;

	spin_lock(&partitions_lock);
	pt->gone = true;
	spin_unlock(&partitions_lock);
	tlfs_partition_kill_children(pt);
	partition_unlink(pt);
	pt->dying = true;
	tlfs_eventlog_system(HV_EVENTLOG_GROUP_OBJECT_MANAGER, HV_TR_OB_DELETE_PARTITION, pt->id, 0,
			     HV_STATUS_SUCCESS);
	tlfs_nl_partition(TLFS_GENL_PARTITION_DELETED, pt);

	/* an irqfd delivers to VPs from any context: they go when none can come any more */
	tlfs_eventfd_destroy(pt);
	/* messages come from other partitions */
	tlfs_ports_destroy(pt);
	tlfs_assist_destroy(pt);
	/* and an MMU notifier kicks them */
	tlfs_gpa_stop(pt);
	for (i = 0; i < TLFS_MAX_VPS; i++) {
		struct tlfs_vp *vp = pt->vps[i] ?: pt->deleted_vps[i];

		if (!vp)
			continue;
		WRITE_ONCE(pt->vps[i], NULL);
		tlfs_vp_destroy(vp);
	}
	tlfs_debug_destroy(pt);
	tlfs_save_destroy(pt);
	tlfs_sched_destroy(pt);
	tlfs_property_destroy(pt);
	tlfs_stats_partition_destroy(pt);
	tlfs_time_destroy(pt);
	tlfs_overlay_free(pt, &pt->hypercall_page);
	tlfs_cpuid_free(pt);
	tlfs_intercepts_free(pt);
	tlfs_gpa_destroy(pt);
	atomic_long_dec(&tlfs_nr_partitions);
	partition_undo(pt);
}

void tlfs_partition_get(struct tlfs_partition *pt)
{
	kref_get(&pt->ref);
}

/* may sleep if it is the last reference */
void tlfs_partition_put(struct tlfs_partition *pt)
{
	kref_put(&pt->ref, partition_release);
}

/* ---- finding ---- */

struct tlfs_partition *tlfs_partition_find(u64 id)
{
	struct tlfs_partition *pt, *found = NULL;

	if (id == ROOT_ID) {
		tlfs_partition_get(&tlfs_root);
		return &tlfs_root;
	}
	spin_lock(&partitions_lock);
	list_for_each_entry(pt, &partitions, link) {
		if (pt->id != id)
			continue;
		/* zero: its last user is on the way to the lock to take it off the list */
		if (kref_get_unless_zero(&pt->ref))
			found = pt;
		break;
	}
	spin_unlock(&partitions_lock);
	return found;
}

/* the first child of @pt after id @after that @mm may see, with a reference; they are in order */
struct tlfs_partition *tlfs_partition_next(struct tlfs_partition *parent, u64 after,
					   const struct mm_struct *mm)
{
	struct tlfs_partition *pt, *found = NULL;

	spin_lock(&partitions_lock);
	list_for_each_entry(pt, &partitions, link) {
		if (pt->id <= after || pt->parent != parent || (mm && pt->mm != mm) ||
		    !kref_get_unless_zero(&pt->ref))
			continue;
		found = pt;
		break;
	}
	spin_unlock(&partitions_lock);
	return found;
}

struct tlfs_partition *tlfs_partition_after(u64 id)
{
	struct tlfs_partition *pt, *found = NULL;

	spin_lock(&partitions_lock);
	list_for_each_entry(pt, &partitions, link) {
		if (pt->id <= id || !kref_get_unless_zero(&pt->ref))
			continue;
		found = pt;
		break;
	}
	spin_unlock(&partitions_lock);
	return found;
}

struct tlfs_partition *tlfs_partition_follow(struct tlfs_partition *pt)
{
	struct tlfs_partition *next = tlfs_partition_after(pt->id);

	tlfs_partition_put(pt);
	return next;
}

void tlfs_partitions_suspend(bool suspend)
{
	struct tlfs_partition *pt;

	spin_lock(&partitions_lock);
	list_for_each_entry(pt, &partitions, link) {
		if (suspend)
			tlfs_time_suspend(pt);
		else
			tlfs_time_resume(pt);
	}
	spin_unlock(&partitions_lock);
}

/* ---- hypercalls ---- */

/* 2.0's block, and what a later edition put behind it: nothing of that is offered */
static u16 create_check(const struct tlfs_hvcall *call)
{
	const struct hv_input_create_partition_20 *in = call->in;

	if (in->flags || !tlfs_proximity_ok(&in->proximity_domain_info))
		return HV_STATUS_INVALID_PARAMETER;
	if (call->caller->depth >= TLFS_MAX_DEPTH)
		return HV_STATUS_PARTITION_TOO_DEEP;
	return HV_STATUS_SUCCESS;
}

/* HvCreatePartition (5.6.1) */
TLFS_HANDLER(create_partition)
{
	struct hv_output_create_partition *out = call->out;
	struct tlfs_partition *parent = call->caller, *pt;
	u16 status;

	status = create_check(call);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (!tlfs_pool_charge(parent, TLFS_PAGES_CREATE))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	/* children of the root end with the descriptor they were made through */
	pt = partition_new(parent, current->mm, NULL, call->owner);
	if (IS_ERR(pt)) {
		tlfs_pool_uncharge(parent, TLFS_PAGES_CREATE);
		return HV_STATUS_NO_RESOURCES;
	}
	out->partition_id = pt->id;
	return HV_STATUS_SUCCESS;
}

static u16 initialize(struct tlfs_partition *pt)
{
	if (pt->initialized || pt->finalized)
		return HV_STATUS_INVALID_PARTITION_STATE;
	if (!tlfs_pool_charge(pt, TLFS_PAGES_INITIALIZE))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	pt->initialized = true;
	return HV_STATUS_SUCCESS;
}

/* HvInitializePartition (5.6.2) */
TLFS_HANDLER(initialize_partition)
{
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (mutex_lock_killable(&call->target->lock))
		return HV_STATUS_TIME_OUT;
	status = initialize(call->target);
	mutex_unlock(&call->target->lock);
	return status;
}

/* HvFinalizePartition (5.6.3): the transition is over when the call is, so is "finalizing" */
TLFS_HANDLER(finalize_partition)
{
	struct tlfs_partition *pt = call->target;
	u16 status = HV_STATUS_SUCCESS;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (mutex_lock_killable(&pt->lock))
		return HV_STATUS_TIME_OUT;
	if (!pt->initialized)
		status = HV_STATUS_INVALID_PARTITION_STATE;
	else if (READ_ONCE(pt->nr_children))
		status = HV_STATUS_OPERATION_DENIED;
	else
		partition_finalize(pt);
	mutex_unlock(&pt->lock);
	if (call->held)
		tlfs_vps_reap(pt);
	return status;
}

/* HvDeletePartition (5.6.4) */
TLFS_HANDLER(delete_partition)
{
	struct tlfs_partition *pt = call->target;
	u16 status = HV_STATUS_SUCCESS;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (mutex_lock_killable(&pt->lock))
		return HV_STATUS_TIME_OUT;
	if (pt->initialized)
		status = HV_STATUS_INVALID_PARTITION_STATE;
	else if (!tlfs_pool_empty(&pt->pool))
		status = HV_STATUS_OPERATION_DENIED;
	else
		pt->finalized = true;
	mutex_unlock(&pt->lock);
	if (status == HV_STATUS_SUCCESS)
		partition_remove(pt);
	return status;
}

/* HvGetNextChildPartition (5.6.8) */
TLFS_HANDLER(get_next_child_partition)
{
	const struct hv_input_get_next_child_partition *in = call->in;
	struct hv_output_get_next_child_partition *out = call->out;
	/* the root sees those of the calling process */
	const struct mm_struct *mm = call->vp ? NULL : current->mm;
	struct tlfs_partition *parent = call->target, *pt;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (in->previous_child_id != HV_PARTITION_ID_INVALID) {
		pt = tlfs_partition_next(parent, in->previous_child_id - 1, mm);
		if (!pt)
			return HV_STATUS_INVALID_PARTITION_ID;
		out->next_child_id = pt->id;
		tlfs_partition_put(pt);
		if (out->next_child_id != in->previous_child_id)
			return HV_STATUS_INVALID_PARTITION_ID;
	}
	pt = tlfs_partition_next(parent, in->previous_child_id, mm);
	out->next_child_id = pt ? pt->id : HV_PARTITION_ID_INVALID;
	if (pt)
		tlfs_partition_put(pt);
	return HV_STATUS_SUCCESS;
}

/* HvGetPartitionId (5.6.7); of what a descriptor stands for */
TLFS_HANDLER(get_partition_id)
{
	struct hv_output_get_partition_id *out = call->out;

	out->partition_id = call->vp ? call->caller->id : call->fd->id;
	return HV_STATUS_SUCCESS;
}
