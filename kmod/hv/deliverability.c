// SPDX-License-Identifier: GPL-2.0-only
/*
 * deliverability.c - telling a parent when a VP can take what it has for it
 *
 * HV_REGISTER_DELIVERABILITY_NOTIFICATIONS asks for a message when the VP could take an NMI, an
 * interrupt of a priority, or a message in the slot of a SINT.  What was told is asked for no more.
 * The published editions have the layouts and no text; the choices:
 *
 * - A priority is compared with CR8, and not with what the local APIC has in service: who injects
 *   through HV_X64_REGISTER_PENDING_INTERRUPTION goes past that one.  Priority 0 is above them all.
 * - "Could take" says that nothing else is on its way: neither an event nor an NMI that waits.
 * - A VP that is halted stays so: the message does not end HLT, an injection does.
 * - What was asked for outlasts INIT and a reset, for it is the parent's, and is not saved with the
 *   VP: a parent that restores one asks anew.
 */
#include <linux/bitops.h>

#include "tlfs.h"
#include "hv/vp_registers.h"
#include "run.h"

#define NOTIFY_EVENTS	(HV_DELIVERABILITY_NMI | HV_DELIVERABILITY_INTERRUPT | \
			 HV_DELIVERABILITY_PRIORITY_MASK)
#define NOTIFY_VALID	(NOTIFY_EVENTS | HV_DELIVERABILITY_SINT_MASK)

static u8 notify_priority(const struct tlfs_vp *vp)
{
	return (vp->notify & HV_DELIVERABILITY_PRIORITY_MASK) >> HV_DELIVERABILITY_PRIORITY_SHIFT;
}

/* HV_DELIVERABILITY_NMI, _INTERRUPT: what was asked for and could be injected now */
static u8 notify_due(struct tlfs_vp *vp)
{
	u8 priority = notify_priority(vp), due = 0;

	if (vp->event.pending || vp->startup_suspend)
		return 0;
	if ((vp->notify & HV_DELIVERABILITY_NMI) && !atomic_read(&vp->nmi_pending) &&
	    tlfs_call(nmi_allowed)(vp))
		due |= HV_DELIVERABILITY_NMI;
	if ((vp->notify & HV_DELIVERABILITY_INTERRUPT) && tlfs_call(intr_allowed)(vp) &&
	    (!priority || priority > tlfs_call(get_cr)(vp, 8)))
		due |= HV_DELIVERABILITY_INTERRUPT;
	return due;
}

u16 tlfs_notify_window(struct tlfs_vp *vp)
{
	u8 priority = notify_priority(vp);

	if (notify_due(vp)) {
		set_bit(TLFS_REQ_NOTIFY, &vp->requests);
		return 0;
	}
	if (vp->notify & HV_DELIVERABILITY_NMI)
		tlfs_call(nmi_window)(vp);
	if (!(vp->notify & HV_DELIVERABILITY_INTERRUPT))
		return 0;
	return priority ? priority << 4 : TLFS_EXTINT_WINDOW;
}

int tlfs_notify(struct tlfs_vp *vp)
{
	u16 sints = tlfs_synic_deliverable(vp);
	u8 due;

	if (sints)
		return tlfs_msg_sint_deliverable(vp, sints);

	due = notify_due(vp);
	if (due & HV_DELIVERABILITY_NMI) {
		vp->notify &= ~HV_DELIVERABILITY_NMI;
		return tlfs_msg_interruption_deliverable(vp, TLFS_EVENT_NMI);
	}
	if (due & HV_DELIVERABILITY_INTERRUPT) {
		vp->notify &= HV_DELIVERABILITY_NMI;
		return tlfs_msg_interruption_deliverable(vp, TLFS_EVENT_EXTINT);
	}
	/* not yet: an exit then */
	if (vp->notify)
		set_bit(TLFS_REQ_EVENT, &vp->requests);
	return TLFS_RESUME;
}

u16 tlfs_get_notifications(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = vp->notify |
		     (u64)tlfs_synic_notifications(vp) << HV_DELIVERABILITY_SINT_SHIFT;
	return HV_STATUS_SUCCESS;
}

u16 tlfs_set_notifications(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	if (val->reg64 & ~NOTIFY_VALID)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp->notify = val->reg64 & NOTIFY_EVENTS;
	tlfs_synic_notify(vp, val->reg64 >> HV_DELIVERABILITY_SINT_SHIFT);
	/* what could be taken by now is told before the VP runs; it may sleep in HLT */
	tlfs_vp_request(vp, TLFS_REQ_NOTIFY);
	return HV_STATUS_SUCCESS;
}
