// SPDX-License-Identifier: GPL-2.0-only
/*
 * partition.c - partitions (TLFS 5); their properties are in property.c
 *
 * A partition lives as long as somebody holds a reference: its descriptor, each of its VPs'
 * descriptors, and a hypercall that names it.
 */
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "tlfs.h"

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
	.id = ROOT_ID,
	.lock = __MUTEX_INITIALIZER(tlfs_root.lock),
	.msr_lock = __SPIN_LOCK_UNLOCKED(tlfs_root.msr_lock),
	.link = LIST_HEAD_INIT(tlfs_root.link),
	.initialized = true,
	.privileges = ~0ULL,
	.cpus_per_socket = 1,
};

static LIST_HEAD(partitions);
static DEFINE_SPINLOCK(partitions_lock);
static atomic64_t last_id = ATOMIC64_INIT(ROOT_ID);

/* ---- life (5.3) ---- */

struct tlfs_partition *tlfs_partition_create(const struct tlfs_create_partition_v2 *arg)
{
	struct tlfs_partition *pt;
	unsigned int i;
	int err;

	pt = kzalloc(sizeof(*pt), GFP_KERNEL_ACCOUNT);
	if (!pt)
		return ERR_PTR(-ENOMEM);
	kref_init(&pt->ref);
	mutex_init(&pt->lock);
	spin_lock_init(&pt->msr_lock);
	INIT_LIST_HEAD(&pt->link);
	pt->id = atomic64_inc_return(&last_id);
	pt->parent = &tlfs_root;
	pt->create_flags = arg->v1.flags;
	pt->cpus_per_socket = 1;
	for (i = 0; i < TLFS_CPU_FEATURE_BANKS; i++)
		pt->disabled_features[i] = arg->disabled_features[i];
	pt->disabled_xsave = arg->disabled_xsave;
	tlfs_partition_set_features(pt, DEFAULT_SYNTHETIC_FEATURES & tlfs_synthetic_supported());
	pt->mm = current->mm;
	mmgrab(pt->mm);

	err = tlfs_gpa_init(pt);
	if (err)
		goto err_mm;
	err = tlfs_overlay_alloc(&pt->hypercall_page);
	if (err)
		goto err_gpa;
	err = tlfs_time_init(pt);
	if (err)
		goto err_hypercall_page;
	err = tlfs_eventfd_create(pt);
	if (err)
		goto err_time;
	err = tlfs_ports_create(pt);
	if (err)
		goto err_eventfd;

	spin_lock(&partitions_lock);
	list_add_tail(&pt->link, &partitions);
	spin_unlock(&partitions_lock);
	atomic_long_inc(&tlfs_nr_partitions);
	return pt;

err_eventfd:
	tlfs_eventfd_destroy(pt);
err_time:
	tlfs_time_destroy(pt);
err_hypercall_page:
	tlfs_overlay_free(pt, &pt->hypercall_page);
err_gpa:
	tlfs_gpa_destroy(pt);
err_mm:
	mmdrop(pt->mm);
	mutex_destroy(&pt->lock);
	kfree(pt);
	return ERR_PTR(err);
}

/* INITIALIZE: again is no error.  Under pt->lock */
int tlfs_partition_initialize(struct tlfs_partition *pt)
{
	pt->initialized = true;
	return 0;
}

static void partition_release(struct kref *ref)
{
	struct tlfs_partition *pt = container_of(ref, struct tlfs_partition, ref);
	unsigned int i;

	spin_lock(&partitions_lock);
	list_del(&pt->link);
	spin_unlock(&partitions_lock);
	pt->dying = true;

	/* an irqfd delivers to VPs from any context: they go when none can come any more */
	tlfs_eventfd_destroy(pt);
	/* messages come from other partitions */
	tlfs_ports_destroy(pt);
	/* and an MMU notifier kicks them */
	tlfs_gpa_stop(pt);
	for (i = 0; i < pt->nr_vps; i++) {
		struct tlfs_vp *vp = pt->vps[i];

		if (!vp)
			continue;
		WRITE_ONCE(pt->vps[i], NULL);
		tlfs_vp_destroy(vp);
	}
	tlfs_time_destroy(pt);
	tlfs_overlay_free(pt, &pt->hypercall_page);
	tlfs_cpuid_free(pt);
	tlfs_intercepts_free(pt);
	tlfs_gpa_destroy(pt);
	mmdrop(pt->mm);
	mutex_destroy(&pt->lock);
	kfree(pt);
	atomic_long_dec(&tlfs_nr_partitions);
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

/* HvGetPartitionId (5.6.7); of what a descriptor stands for */
TLFS_HANDLER(get_partition_id)
{
	struct hv_output_get_partition_id *out = call->out;

	out->partition_id = call->vp ? call->caller->id : call->fd->id;
	return HV_STATUS_SUCCESS;
}
