// SPDX-License-Identifier: GPL-2.0-only
/*
 * synic.c - synthetic interrupt controller: event flags and MSRs (TLFS 14.3, 14.6)
 */
#include <linux/bitops.h>
#include <linux/string.h>

#include "tlfs.h"

void tlfs_synic_assert(struct tlfs_vp *vp, unsigned int sint)
{
	u64 val = vp->synic.sint[array_index_nospec(sint, TLFS_SINTS)];

	if (val & (HV_SYNIC_SINT_MASKED | HV_SYNIC_SINT_POLLING))
		return;
	/* not by the VP's thread, but under synic.lock always */
	WRITE_ONCE(vp->stat[HV_VP_STAT_SYNTHETIC_INTERRUPTS],
		   vp->stat[HV_VP_STAT_SYNTHETIC_INTERRUPTS] + 1);
	tlfs_lapic_set_irr(vp, val & HV_SYNIC_SINT_VECTOR_MASK, false);
}

/* 14.3.1: a flag that is set already makes no interrupt; a masked SINT is an error */
static u16 synic_set_flag(struct tlfs_vp *vp, unsigned int sint, unsigned int flag, bool *newly)
{
	struct tlfs_synic *synic = &vp->synic;
	struct hv_event_flags_page *page = synic->siefp.va;
	unsigned long *row;
	u64 val;

	sint = array_index_nospec(sint, TLFS_SINTS);
	val = synic->sint[sint];
	if (!(synic->control & HV_SYNIC_CONTROL_ENABLE) ||
	    !(synic->siefp_msr & HV_SYNIC_SIEFP_ENABLE))
		return HV_STATUS_INVALID_SYNIC_STATE;
	/* polling unmasks, without interrupts */
	if ((val & HV_SYNIC_SINT_MASKED) && !(val & HV_SYNIC_SINT_POLLING))
		return HV_STATUS_INVALID_SYNIC_STATE;

	row = (unsigned long *)page->sint_event_flags[sint].flags64;
	*newly = !test_and_set_bit(array_index_nospec(flag, HV_EVENT_FLAGS_COUNT), row);
	if (*newly)
		tlfs_synic_assert(vp, sint);
	return HV_STATUS_SUCCESS;
}

u16 tlfs_synic_signal(struct tlfs_vp *vp, unsigned int sint, unsigned int flag, bool *newly)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	u16 status;

	*newly = false;
	if (sint >= TLFS_SINTS || flag >= HV_EVENT_FLAGS_COUNT)
		return HV_STATUS_INVALID_PARAMETER;

	raw_spin_lock_irqsave(&synic->lock, flags);
	status = synic_set_flag(vp, sint, flag, newly);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return status;
}

/* ---- MSRs (14.6) ---- */

int tlfs_synic_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	struct tlfs_synic *synic = &vp->synic;

	switch (msr) {
	case HV_X64_MSR_SCONTROL:
		*val = synic->control;
		return TLFS_RESUME;
	case HV_X64_MSR_SVERSION:
		*val = HV_SYNIC_VERSION;
		return TLFS_RESUME;
	case HV_X64_MSR_SIEFP:
		*val = synic->siefp_msr;
		return TLFS_RESUME;
	case HV_X64_MSR_SIMP:
		*val = synic->simp_msr;
		return TLFS_RESUME;
	case HV_X64_MSR_EOM:
		*val = 0;
		return TLFS_RESUME;
	case HV_X64_MSR_SINT0 ... HV_X64_MSR_SINT15:
		*val = synic->sint[array_index_nospec(msr - HV_X64_MSR_SINT0, TLFS_SINTS)];
		return TLFS_RESUME;
	}
	return TLFS_GP;
}

/*
 * Lay a SynIC page over the GPA space.  Contents stay when it moves.  Beyond the end of the space
 * the guest cannot reach it, which is no fault (14.6.3, 14.6.4).
 */
static void synic_map(struct tlfs_vp *vp, struct tlfs_overlay *ov, u64 val)
{
	if (!(val & HV_MSR_PAGE_ENABLE) ||
	    tlfs_overlay_map(vp->pt, ov, val >> HV_MSR_PAGE_PFN_SHIFT, true, false))
		tlfs_overlay_unmap(vp->pt, ov);
}

static void synic_set_control(struct tlfs_vp *vp, u64 *reg, u64 val)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;

	raw_spin_lock_irqsave(&synic->lock, flags);
	*reg = val;
	/* what could not be delivered while it was off */
	if (synic->waiting)
		tlfs_queues_scan(vp);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
}

static void synic_update_auto_eoi(struct tlfs_synic *synic)
{
	unsigned int i;

	bitmap_zero(synic->auto_eoi, 256);
	for (i = 0; i < TLFS_SINTS; i++) {
		u64 val = synic->sint[i];

		if ((val & HV_SYNIC_SINT_AUTO_EOI) &&
		    !(val & (HV_SYNIC_SINT_MASKED | HV_SYNIC_SINT_POLLING)))
			__set_bit(val & HV_SYNIC_SINT_VECTOR_MASK, synic->auto_eoi);
	}
}

/*
 * The vector counts only when it can be used: the reset value itself is masked with vector 0
 * (14.6.5).  Whoever asserts a SINT relies on this check.
 */
static int synic_set_sint(struct tlfs_vp *vp, unsigned int sint, u64 val)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;

	if (!(val & (HV_SYNIC_SINT_MASKED | HV_SYNIC_SINT_POLLING)) &&
	    (val & HV_SYNIC_SINT_VECTOR_MASK) < HV_SYNIC_SINT_MIN_VECTOR)
		return TLFS_GP;

	raw_spin_lock_irqsave(&synic->lock, flags);
	synic->sint[array_index_nospec(sint, TLFS_SINTS)] = val;
	synic_update_auto_eoi(synic);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return TLFS_RESUME;
}

int tlfs_synic_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	struct tlfs_synic *synic = &vp->synic;

	switch (msr) {
	case HV_X64_MSR_SCONTROL:
		synic_set_control(vp, &synic->control, val);
		return TLFS_RESUME;
	case HV_X64_MSR_SIEFP:
		synic_map(vp, &synic->siefp, val);
		synic_set_control(vp, &synic->siefp_msr, val);
		return TLFS_RESUME;
	case HV_X64_MSR_SIMP:
		synic_map(vp, &synic->simp, val);
		synic_set_control(vp, &synic->simp_msr, val);
		return TLFS_RESUME;
	case HV_X64_MSR_EOM:
		tlfs_synic_scan(vp);
		return TLFS_RESUME;
	case HV_X64_MSR_SINT0 ... HV_X64_MSR_SINT15:
		return synic_set_sint(vp, msr - HV_X64_MSR_SINT0, val);
	}
	return TLFS_GP;
}

/* ---- life ---- */

static void synic_set_defaults(struct tlfs_synic *synic)
{
	unsigned int i;

	synic->control = 0;
	synic->siefp_msr = 0;
	synic->simp_msr = 0;
	for (i = 0; i < TLFS_SINTS; i++)
		synic->sint[i] = HV_SYNIC_SINT_RESET_VALUE;
	bitmap_zero(synic->auto_eoi, 256);
}

int tlfs_synic_create(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	int err;

	raw_spin_lock_init(&synic->lock);
	synic_set_defaults(synic);

	err = tlfs_overlay_alloc(&synic->simp);
	if (err)
		return err;
	err = tlfs_overlay_alloc(&synic->siefp);
	if (err)
		goto err_simp;

	tlfs_queues_create(vp);
	tlfs_stimers_create(vp);
	return 0;

err_simp:
	tlfs_overlay_free(vp->pt, &synic->simp);
	return err;
}

void tlfs_synic_destroy(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;

	raw_spin_lock_irq(&synic->lock);
	synic->control = 0;
	raw_spin_unlock_irq(&synic->lock);
	/* first: their messages go into the pages */
	tlfs_stimers_destroy(vp);
	tlfs_queues_destroy(vp);
	tlfs_overlay_free(vp->pt, &synic->siefp);
	tlfs_overlay_free(vp->pt, &synic->simp);
}

/* Queues are emptied and the pages cleared (14.2.2, 14.7), after the guest has lost them */
void tlfs_synic_reset(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;

	tlfs_overlay_unmap(vp->pt, &synic->siefp);
	tlfs_overlay_unmap(vp->pt, &synic->simp);

	raw_spin_lock_irqsave(&synic->lock, flags);
	synic_set_defaults(synic);
	tlfs_stimers_reset(vp);
	tlfs_queues_reset(vp);
	memset(synic->siefp.va, 0, PAGE_SIZE);
	memset(synic->simp.va, 0, PAGE_SIZE);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
}

/* ---- hypercalls of a parent that does the work of ports itself ---- */

static bool vtl_valid(u8 vtl)
{
	/* there is VTL 0 only; naming it is allowed */
	return !(vtl & ~HV_INPUT_VTL_USE_TARGET);
}

/* HvCallSignalEventDirect */
u16 tlfs_hc_signal_event_direct(struct tlfs_hvcall *call)
{
	const struct hv_input_signal_event_direct *in = call->in;
	struct hv_output_signal_event_direct *out = call->out;
	struct tlfs_vp *vp;
	bool newly;
	u16 status;

	if (!vtl_valid(in->target_vtl))
		return HV_STATUS_INVALID_PARAMETER;
	vp = tlfs_vp_get(call->target, in->target_vp);
	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;

	status = tlfs_synic_signal(vp, in->target_sint, in->flag_number, &newly);
	out->newly_signaled = newly;
	return status;
}

/* HvCallPostMessageDirect */
u16 tlfs_hc_post_message_direct(struct tlfs_hvcall *call)
{
	const struct hv_input_post_message_direct *in = call->in;
	struct hv_message msg;
	struct tlfs_vp *vp;

	if (!vtl_valid(in->vtl))
		return HV_STATUS_INVALID_PARAMETER;
	vp = tlfs_vp_get(call->target, in->vp_index);
	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;

	/* at offset 20: too little aligned to use in place */
	memcpy(&msg, in->message, sizeof(msg));
	return tlfs_synic_post(vp, in->sint_index, &msg);
}
