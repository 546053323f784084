// SPDX-License-Identifier: GPL-2.0-only
/*
 * device.c - interrupts of devices that a guest may retarget (5.0C, 10.5.4)
 *
 * The VMM says which of its MSI routes are a device's.  What the guest makes of one stands beside
 * the route, and counts for as long as the route has the address and data the guest named.
 *
 * The table is replaced whole, under irqfds' rules: RCU, and partition->lock for who replaces it.
 * A guest changes elements, under the table's own lock, which is innermost but for delivery.
 */
#include <linux/bitmap.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../eventfd.h"
#include "../tlfs.h"

#define DEVICE_FLAGS	(HV_DEVICE_INTERRUPT_TARGET_MULTICAST | \
			 HV_DEVICE_INTERRUPT_TARGET_PROCESSOR_SET)

/**
 * struct device_irq - one interrupt of a device
 * @id:		the device's
 * @gsi:	its route
 * @retargeted:	the guest has
 * @multicast:	to all of @mask, not to one of them
 * @vector:	what they get
 * @address:	MSI the guest named
 * @data:	likewise
 * @mask:	VPs
 */
struct device_irq {
	u64 id;
	u32 gsi;
	bool retargeted;
	bool multicast;
	u8 vector;
	u32 address;
	u32 data;
	DECLARE_BITMAP(mask, TLFS_MAX_VPS);
};

struct tlfs_devices {
	struct rcu_head rcu;
	raw_spinlock_t lock;
	unsigned int nr;
	struct device_irq irq[];
};

/* ---- the VMM's side ---- */

static struct tlfs_devices *devices_build(const struct tlfs_device_irq *irqs, u32 nr)
{
	struct tlfs_devices *devices = kvzalloc(struct_size(devices, irq, nr), GFP_KERNEL_ACCOUNT);
	u32 i, j;

	if (!devices)
		return ERR_PTR(-ENOMEM);
	raw_spin_lock_init(&devices->lock);
	devices->nr = nr;
	for (i = 0; i < nr; i++) {
		bool bad = irqs[i].gsi >= TLFS_MAX_GSI || irqs[i].rsvd;

		for (j = 0; j < i && !bad; j++)
			bad = irqs[j].gsi == irqs[i].gsi;
		if (bad) {
			kvfree(devices);
			return ERR_PTR(-EINVAL);
		}
		devices->irq[i].id = irqs[i].device_id;
		devices->irq[i].gsi = irqs[i].gsi;
	}
	return devices;
}

static int devices_replace(struct tlfs_partition *pt, struct tlfs_devices *devices)
{
	struct tlfs_devices *old;

	if (mutex_lock_killable(&pt->lock))
		return -EINTR;
	old = rcu_replace_pointer(pt->devices, devices, lockdep_is_held(&pt->lock));
	mutex_unlock(&pt->lock);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

int tlfs_set_device_irqs(struct tlfs_partition *pt, const struct tlfs_device_irq_table __user *arg)
{
	struct tlfs_device_irq_table head;
	struct tlfs_devices *devices = NULL;
	struct tlfs_device_irq *irqs;
	int err;

	/* all of it before the lock: the VMM's memory may be long in coming */
	if (copy_from_user(&head, arg, sizeof(head)))
		return -EFAULT;
	if (head.rsvd || head.nr > TLFS_MAX_DEVICE_IRQS)
		return -EINVAL;
	if (head.nr) {
		irqs = vmemdup_user(arg->irqs, head.nr * sizeof(*irqs));
		if (IS_ERR(irqs))
			return PTR_ERR(irqs);
		devices = devices_build(irqs, head.nr);
		kvfree(irqs);
		if (IS_ERR(devices))
			return PTR_ERR(devices);
	}
	err = devices_replace(pt, devices);
	if (err)
		kvfree(devices);
	return err;
}

/* nobody uses the partition any more */
void tlfs_devices_destroy(struct tlfs_partition *pt)
{
	kvfree(rcu_dereference_protected(pt->devices, 1));
	RCU_INIT_POINTER(pt->devices, NULL);
}

/* ---- delivery ---- */

bool tlfs_device_deliver(struct tlfs_partition *pt, u32 gsi, u32 address, u32 data)
{
	struct tlfs_devices *devices = rcu_dereference(pt->devices);
	struct tlfs_interrupt irq = { .type = HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY };
	DECLARE_BITMAP(mask, TLFS_MAX_VPS);
	bool retargeted = false;
	unsigned long flags;
	unsigned int i;

	if (likely(!devices))
		return false;
	for (i = 0; i < devices->nr && devices->irq[i].gsi != gsi; i++)
		;
	if (i == devices->nr)
		return false;

	raw_spin_lock_irqsave(&devices->lock, flags);
	if (devices->irq[i].retargeted && devices->irq[i].address == address &&
	    devices->irq[i].data == data) {
		retargeted = true;
		irq.vector = devices->irq[i].vector;
		if (devices->irq[i].multicast)
			irq.type = HV_X64_INTERRUPT_TYPE_FIXED;
		bitmap_copy(mask, devices->irq[i].mask, TLFS_MAX_VPS);
	}
	raw_spin_unlock_irqrestore(&devices->lock, flags);
	if (retargeted)
		tlfs_interrupt_deliver_mask(pt, &irq, mask);
	return retargeted;
}

/* ---- the guest's side ---- */

/* the VPs named, all of which there must be */
static u16 target_mask(struct tlfs_hvcall *call, unsigned long *mask)
{
	const struct hv_input_retarget_device_interrupt *in = call->in;
	const u64 *var = (const u64 *)(in + 1);
	unsigned int i, nr, named = 0;
	u16 status;

	bitmap_zero(mask, TLFS_MAX_VPS);
	if (!(in->flags & HV_DEVICE_INTERRUPT_TARGET_PROCESSOR_SET)) {
		if (call->var_size)
			return HV_STATUS_INVALID_PARAMETER;
		mask[0] = in->vp_mask & READ_ONCE(call->caller->vp_map[0]);
		return in->vp_mask && mask[0] == in->vp_mask ? HV_STATUS_SUCCESS :
							       HV_STATUS_INVALID_PARAMETER;
	}
	/* its first field is part of the fixed header; "all" is no set of processors here */
	if (in->vp_mask != HV_VPSET_FORMAT_SPARSE_4K || !call->var_size)
		return HV_STATUS_INVALID_PARAMETER;
	nr = call->var_size / sizeof(u64) - 1;
	status = tlfs_vpset_parse(call, in->vp_mask, var[0], var + 1, nr, mask);
	if (status != HV_STATUS_SUCCESS)
		return status;
	for (i = 0; i < nr; i++)
		named += hweight64(var[1 + i]);
	return named && named == bitmap_weight(mask, TLFS_MAX_VPS) ? HV_STATUS_SUCCESS :
								     HV_STATUS_INVALID_PARAMETER;
}

static void retarget(struct tlfs_devices *devices, struct device_irq *irq,
		     const struct hv_input_retarget_device_interrupt *in, const unsigned long *mask)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&devices->lock, flags);
	irq->address = in->entry.msi_address;
	irq->data = in->entry.msi_data;
	irq->vector = in->vector;
	irq->multicast = in->flags & HV_DEVICE_INTERRUPT_TARGET_MULTICAST;
	bitmap_copy(irq->mask, mask, TLFS_MAX_VPS);
	irq->retargeted = true;
	raw_spin_unlock_irqrestore(&devices->lock, flags);
}

/* under RCU */
static u16 retarget_device(struct tlfs_hvcall *call, const unsigned long *mask)
{
	const struct hv_input_retarget_device_interrupt *in = call->in;
	struct tlfs_devices *devices = rcu_dereference(call->caller->devices);
	u16 status = HV_STATUS_INVALID_DEVICE_ID;
	unsigned int i;

	if (!devices)
		return HV_STATUS_FEATURE_UNAVAILABLE;
	for (i = 0; i < devices->nr; i++) {
		struct device_irq *irq = &devices->irq[i];

		if (irq->id != in->device_id)
			continue;
		/* a device without this interrupt */
		status = HV_STATUS_OPERATION_DENIED;
		if (!tlfs_msi_is(call->caller, irq->gsi, in->entry.msi_address, in->entry.msi_data))
			continue;
		retarget(devices, irq, in, mask);
		return HV_STATUS_SUCCESS;
	}
	return status;
}

u16 tlfs_hc_retarget_device_interrupt(struct tlfs_hvcall *call)
{
	const struct hv_input_retarget_device_interrupt *in = call->in;
	DECLARE_BITMAP(mask, TLFS_MAX_VPS);
	u16 status;

	if (in->reserved || in->entry.reserved || in->entry.source != HV_INTERRUPT_SOURCE_MSI ||
	    in->flags & ~DEVICE_FLAGS || in->vector < 16 || in->vector > 255)
		return HV_STATUS_INVALID_PARAMETER;
	status = target_mask(call, mask);
	if (status != HV_STATUS_SUCCESS)
		return status;
	rcu_read_lock();
	status = retarget_device(call, mask);
	rcu_read_unlock();
	return status;
}
