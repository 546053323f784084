// SPDX-License-Identifier: GPL-2.0-only
/*
 * interrupt.c - virtual interrupt control (TLFS 13): delivery, APIC MSRs, EOI assist, hypercalls
 */
#include <linux/bitmap.h>
#include <linux/nospec.h>

#include <asm/apicdef.h>

#include "../tlfs.h"

#define XAPIC_BROADCAST		0xff
#define X2APIC_BROADCAST	0xffffffff

static u32 lapic_reg(const struct tlfs_lapic *lapic, u32 offset)
{
	return READ_ONCE(lapic->reg[offset >> 4]);
}

static bool lapic_present(const struct tlfs_lapic *lapic)
{
	return READ_ONCE(lapic->base) & XAPIC_ENABLE;
}

/* ---- ExtINT (13.3.2) ---- */

/*
 * Level-triggered and not latched: a second assertion replaces the vector of one that still waits.
 * @strict: not while an acknowledged one has not been cleared
 */
static int extint_assert(struct tlfs_vp *vp, u8 vector, bool strict)
{
	int old = atomic_read(&vp->lapic.extint);

	do {
		if (strict && (old & TLFS_EXTINT_ACKNOWLEDGED))
			return -EBUSY;
	} while (!atomic_try_cmpxchg(&vp->lapic.extint, &old, TLFS_EXTINT_ASSERTED | vector));
	WRITE_ONCE(vp->extint_vector, vector);
	tlfs_vp_request(vp, TLFS_REQ_EXTINT);
	return 1;
}

/* the request stays: the VP finds that nothing is asserted */
static void extint_deassert(struct tlfs_vp *vp)
{
	int old = atomic_read(&vp->lapic.extint);

	do {
		if (!(old & TLFS_EXTINT_ASSERTED))
			return;
	} while (!atomic_try_cmpxchg(&vp->lapic.extint, &old, 0));
}

static bool extint_clear(struct tlfs_vp *vp)
{
	int old = atomic_read(&vp->lapic.extint);

	do {
		if (!(old & TLFS_EXTINT_ACKNOWLEDGED))
			return false;
	} while (!atomic_try_cmpxchg(&vp->lapic.extint, &old, 0));
	return true;
}

int tlfs_extint_accept(struct tlfs_vp *vp)
{
	int old = atomic_read(&vp->lapic.extint);

	do {
		if (!(old & TLFS_EXTINT_ASSERTED))
			return -1;
	} while (!atomic_try_cmpxchg(&vp->lapic.extint, &old, TLFS_EXTINT_ACKNOWLEDGED));
	return old & 0xff;
}

void tlfs_extint_requeue(struct tlfs_vp *vp, u8 vector)
{
	int old = TLFS_EXTINT_ACKNOWLEDGED;

	/* if something has happened to it since, a new assertion or a clear, that counts */
	if (atomic_try_cmpxchg(&vp->lapic.extint, &old, TLFS_EXTINT_ASSERTED | vector))
		set_bit(TLFS_REQ_EXTINT, &vp->requests);
}

/* ---- delivery to one VP ---- */

void tlfs_send_nmi(struct tlfs_vp *vp)
{
	/* one in service and one latched, as in hardware */
	atomic_add_unless(&vp->nmi_pending, 1, 2);
	tlfs_vp_request(vp, TLFS_REQ_NMI);
}

static void send_init(struct tlfs_vp *vp)
{
	/* a SIPI that came before it finds no VP waiting */
	clear_bit(TLFS_REQ_SIPI, &vp->requests);
	tlfs_vp_request(vp, TLFS_REQ_INIT);
}

static void send_sipi(struct tlfs_vp *vp, u8 vector)
{
	WRITE_ONCE(vp->sipi_vector, vector);
	tlfs_vp_request(vp, TLFS_REQ_SIPI);
}

static void send_fixed(struct tlfs_vp *vp, const struct tlfs_interrupt *irq)
{
	if (unlikely(irq->level)) {
		u8 old = xchg(&vp->lapic.asserted, irq->vector);

		if (irq->supersede && old && old != irq->vector)
			clear_bit(old, vp->lapic.irr);
	}
	tlfs_lapic_set_irr(vp, irq->vector, irq->level);
}

/* the LINT pins; a disabled APIC passes them on as INTR and NMI */
static void send_local(struct tlfs_vp *vp, unsigned int pin, u8 vector)
{
	u32 lvt = lapic_reg(&vp->lapic, pin ? APIC_LVT1 : APIC_LVT0);
	bool level = lvt & APIC_LVT_LEVEL_TRIGGER;

	if (!lapic_present(&vp->lapic))
		lvt = pin ? APIC_DM_NMI : APIC_DM_EXTINT;
	if (lvt & APIC_LVT_MASKED)
		return;
	switch (lvt & APIC_MODE_MASK) {
	case APIC_DM_FIXED:
		if ((lvt & APIC_VECTOR_MASK) < 16)
			tlfs_lapic_error(vp, APIC_ESR_RECVILL);
		else
			tlfs_lapic_set_irr(vp, lvt & APIC_VECTOR_MASK, level);
		break;
	case APIC_DM_NMI:
		tlfs_send_nmi(vp);
		break;
	case APIC_DM_INIT:
		send_init(vp);
		break;
	case APIC_DM_EXTINT:
		extint_assert(vp, vector, false);
		break;
	}
}

static void send_one(struct tlfs_vp *vp, const struct tlfs_interrupt *irq)
{
	switch (irq->type) {
	case HV_X64_INTERRUPT_TYPE_FIXED:
	case HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY:
		send_fixed(vp, irq);
		break;
	case HV_X64_INTERRUPT_TYPE_NMI:
		tlfs_send_nmi(vp);
		break;
	case HV_X64_INTERRUPT_TYPE_INIT:
		send_init(vp);
		break;
	case HV_X64_INTERRUPT_TYPE_SIPI:
		send_sipi(vp, irq->vector);
		break;
	case HV_X64_INTERRUPT_TYPE_LOCALINT0:
	case HV_X64_INTERRUPT_TYPE_LOCALINT1:
		send_local(vp, irq->type - HV_X64_INTERRUPT_TYPE_LOCALINT0, irq->vector);
		break;
	}
}

/* ---- destinations ---- */

static bool dest_broadcast(const struct tlfs_interrupt *irq)
{
	return irq->dest == X2APIC_BROADCAST ||
	       (irq->dest == XAPIC_BROADCAST && !irq->x2apic && !irq->logical);
}

static bool match_logical(const struct tlfs_vp *vp, const struct tlfs_interrupt *irq)
{
	const struct tlfs_lapic *lapic = &vp->lapic;
	u32 dest = irq->dest;
	u32 dfr, ldr;

	if (READ_ONCE(lapic->x2apic))
		return dest >> 16 == vp->index >> 4 && (dest & BIT(vp->index & 0xf));
	if (dest > 0xff)
		return false;
	dfr = lapic_reg(lapic, APIC_DFR);
	ldr = lapic_reg(lapic, APIC_LDR) >> 24;
	if (dfr == APIC_DFR_FLAT)
		return dest & ldr;
	if (dfr == APIC_DFR_CLUSTER)
		return dest == XAPIC_BROADCAST || (dest >> 4 == ldr >> 4 && (dest & ldr & 0xf));
	return false;
}

static bool match(const struct tlfs_vp *vp, const struct tlfs_interrupt *irq)
{
	/* the LINT pins are no part of the APIC bus */
	if (!lapic_present(&vp->lapic) && irq->type < HV_X64_INTERRUPT_TYPE_LOCALINT0)
		return false;
	if (dest_broadcast(irq))
		return true;
	return irq->logical ? match_logical(vp, irq) : irq->dest == vp->index;
}

static void find_targets(struct tlfs_partition *pt, const struct tlfs_interrupt *irq,
			 unsigned long *mask)
{
	unsigned int i = 0, end = READ_ONCE(pt->nr_vps);

	bitmap_zero(mask, TLFS_MAX_VPS);
	/* who sends from x2APIC mode means one cluster of sixteen: no need to ask all */
	if (irq->x2apic && irq->logical && !dest_broadcast(irq)) {
		i = min(irq->dest >> 16 << 4, end);
		end = min(i + 16, end);
	}
	for (; i < end; i++) {
		struct tlfs_vp *vp = tlfs_vp_get(pt, i);

		if (vp && match(vp, irq))
			__set_bit(i, mask);
	}
}

/*
 * The target with the lowest priority, as far as known from outside its thread; those that are
 * equal take turns
 */
static struct tlfs_vp *arbitrate(struct tlfs_partition *pt, const unsigned long *mask)
{
	struct tlfs_vp *vp, *first = NULL, *best = NULL;
	unsigned int lowest = ~0U, ties = 0, turn, i;

	for_each_set_bit(i, mask, TLFS_MAX_VPS) {
		vp = tlfs_vp_get(pt, i);
		if (!vp || !READ_ONCE(vp->lapic.enabled))
			continue;
		if (READ_ONCE(vp->lapic.ppr) < lowest) {
			lowest = READ_ONCE(vp->lapic.ppr);
			ties = 0;
			first = vp;
		}
		if (READ_ONCE(vp->lapic.ppr) == lowest)
			ties++;
	}
	if (!first || ties < 2)
		return first;

	turn = (unsigned int)atomic_inc_return(&first->lapic.rotor) % ties;
	for_each_set_bit(i, mask, TLFS_MAX_VPS) {
		vp = tlfs_vp_get(pt, i);
		/* priorities change meanwhile: whoever is left over at the end will do */
		if (!vp || !READ_ONCE(vp->lapic.enabled) || READ_ONCE(vp->lapic.ppr) != lowest)
			continue;
		best = vp;
		if (!turn--)
			break;
	}
	return best ?: first;
}

int tlfs_interrupt_deliver_mask(struct tlfs_partition *pt, const struct tlfs_interrupt *irq,
				const unsigned long *mask)
{
	struct tlfs_vp *vp;
	unsigned int i;
	int sent = 0;

	if (irq->type == HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY) {
		vp = arbitrate(pt, mask);
		if (vp) {
			send_fixed(vp, irq);
			return 1;
		}
		/* all are disabled: nobody takes it, but the destination was there */
		return !bitmap_empty(mask, TLFS_MAX_VPS);
	}
	for_each_set_bit(i, mask, TLFS_MAX_VPS) {
		vp = tlfs_vp_get(pt, i);
		if (!vp)
			continue;
		send_one(vp, irq);
		sent++;
	}
	return sent;
}

int tlfs_interrupt_deliver(struct tlfs_partition *pt, const struct tlfs_interrupt *irq)
{
	DECLARE_BITMAP(mask, TLFS_MAX_VPS);
	struct tlfs_vp *vp;

	switch (irq->type) {
	case HV_X64_INTERRUPT_TYPE_FIXED:
	case HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY:
		if (irq->vector < 16)
			return -EINVAL;
		break;
	case HV_X64_INTERRUPT_TYPE_NMI:
	case HV_X64_INTERRUPT_TYPE_INIT:
	case HV_X64_INTERRUPT_TYPE_SIPI:
	case HV_X64_INTERRUPT_TYPE_LOCALINT0:
	case HV_X64_INTERRUPT_TYPE_LOCALINT1:
		break;
	case HV_X64_INTERRUPT_TYPE_EXT_INT:
		vp = tlfs_vp_get(pt, 0);
		return vp ? extint_assert(vp, irq->vector, true) : 0;
	default:
		return -EINVAL;
	}

	if (likely(!irq->logical && !dest_broadcast(irq))) {
		vp = tlfs_vp_get(pt, irq->dest);
		if (!vp || !match(vp, irq))
			return 0;
		send_one(vp, irq);
		return 1;
	}
	find_targets(pt, irq, mask);
	return tlfs_interrupt_deliver_mask(pt, irq, mask);
}

/*
 * HV_INTERRUPT_VECTOR_NONE (13.3.3): withdraw what is level-triggered and not yet acknowledged.
 * Edge-triggered interrupts are latched: no effect
 */
static int withdraw(struct tlfs_partition *pt, const struct tlfs_interrupt *irq)
{
	DECLARE_BITMAP(mask, TLFS_MAX_VPS);
	struct tlfs_vp *vp;
	unsigned int i;

	if (irq->type == HV_X64_INTERRUPT_TYPE_EXT_INT) {
		vp = tlfs_vp_get(pt, 0);
		if (vp)
			extint_deassert(vp);
		return !!vp;
	}
	find_targets(pt, irq, mask);
	for_each_set_bit(i, mask, TLFS_MAX_VPS) {
		u8 old;

		vp = tlfs_vp_get(pt, i);
		if (!vp)
			continue;
		if (irq->type >= HV_X64_INTERRUPT_TYPE_LOCALINT0) {
			extint_deassert(vp);
		} else if (irq->type <= HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY && irq->level) {
			old = xchg(&vp->lapic.asserted, 0);
			if (old && test_bit(old, vp->lapic.level))
				clear_bit(old, vp->lapic.irr);
		}
	}
	return !bitmap_empty(mask, TLFS_MAX_VPS);
}

/* ---- EOI assist (13.3.4.1) ---- */

/*
 * "No EOI required" in the page stands for the highest vector in service: the first EOI of the
 * guest is always that one's.  Only the VP's thread sets and withdraws it, while the VP is not
 * running; a request that comes while it runs kicks it, and before the next entry the bit is
 * withdrawn if anything waits in the IRR.
 */
static u32 *assist_word(struct tlfs_vp *vp)
{
	return vp->vp_assist.va;
}

void tlfs_eoi_assist_flush(struct tlfs_vp *vp)
{
	u32 old;

	if (!vp->eoi_assist_armed)
		return;
	vp->eoi_assist_armed = false;
	/* atomic: other VPs of a guest that does not care may write the page */
	old = xchg(assist_word(vp), 0);
	/*
	 * Armed for an edge: never a message, even if the vector was asserted once more as a level
	 * meanwhile.  That one's EOI is still to come.
	 */
	if (!(old & HV_APIC_ASSIST_NO_EOI_REQUIRED))
		tlfs_lapic_end_interrupt(vp);
}

int tlfs_eoi_assist_sync(struct tlfs_vp *vp)
{
	if (likely(!vp->eoi_assist_armed))
		return TLFS_RESUME;
	/* still in service, and nothing waits for its EOI: it may go on without one */
	if ((READ_ONCE(*assist_word(vp)) & HV_APIC_ASSIST_NO_EOI_REQUIRED) &&
	    tlfs_vector_top(vp->lapic.irr) < 0)
		return TLFS_RESUME;
	tlfs_eoi_assist_flush(vp);
	return TLFS_RESUME;
}

void tlfs_eoi_assist_arm(struct tlfs_vp *vp)
{
	int vector = vp->lapic.isrv;

	if (!(vp->vp_assist_msr & HV_X64_MSR_VP_ASSIST_PAGE_ENABLE))
		return;
	if (vector < 0 || test_bit(vector, vp->lapic.level) ||
	    tlfs_vector_top(vp->lapic.irr) >= 0) {
		/* sync has withdrawn it, unless a request came since */
		tlfs_eoi_assist_flush(vp);
		return;
	}
	WRITE_ONCE(*assist_word(vp), HV_APIC_ASSIST_NO_EOI_REQUIRED);
	vp->eoi_assist_armed = true;
}

static int assist_wrmsr(struct tlfs_vp *vp, u64 val)
{
	u64 gfn = val >> HV_X64_MSR_VP_ASSIST_PAGE_PFN_SHIFT;

	/* any moment will do (13.3.4.1): EOIs are the guest's own again */
	tlfs_eoi_assist_flush(vp);
	if (!(val & HV_X64_MSR_VP_ASSIST_PAGE_ENABLE))
		tlfs_overlay_unmap(vp->pt, &vp->vp_assist);
	else if (tlfs_overlay_map(vp->pt, &vp->vp_assist, gfn, true, true))
		return TLFS_GP;
	vp->vp_assist_msr = val;
	return TLFS_RESUME;
}

int tlfs_interrupt_create(struct tlfs_vp *vp)
{
	vp->vp_assist_msr = 0;
	vp->eoi_assist_armed = false;
	return tlfs_overlay_alloc(&vp->vp_assist);
}

void tlfs_interrupt_reset(struct tlfs_vp *vp)
{
	tlfs_overlay_unmap(vp->pt, &vp->vp_assist);
	vp->vp_assist_msr = 0;
	vp->eoi_assist_armed = false;
	memset(vp->vp_assist.va, 0, PAGE_SIZE);
}

void tlfs_interrupt_destroy(struct tlfs_vp *vp)
{
	tlfs_overlay_free(vp->pt, &vp->vp_assist);
}

/* ---- MSRs (13.2.3); the privilege is the feature table's matter ---- */

int tlfs_apic_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	const struct tlfs_lapic *lapic = &vp->lapic;

	switch (msr) {
	case HV_X64_MSR_ICR:
		*val = (u64)lapic_reg(lapic, APIC_ICR2) << 32 | lapic_reg(lapic, APIC_ICR);
		return TLFS_RESUME;
	case HV_X64_MSR_TPR:
		vp_count(vp, HV_VP_STAT_APIC_TPR);
		*val = tlfs_lapic_tpr(vp);
		return TLFS_RESUME;
	case HV_X64_MSR_VP_ASSIST_PAGE:
		*val = vp->vp_assist_msr;
		return TLFS_RESUME;
	default:
		/* EOI is write-only */
		return TLFS_GP;
	}
}

int tlfs_apic_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	switch (msr) {
	case HV_X64_MSR_EOI:
		/* bits 63:32 are ignored */
		return tlfs_lapic_eoi(vp);
	case HV_X64_MSR_ICR:
		return tlfs_lapic_icr(vp, val);
	case HV_X64_MSR_TPR:
		if (val & ~0xffULL)
			return TLFS_GP;
		tlfs_lapic_set_tpr(vp, val);
		return TLFS_RESUME;
	case HV_X64_MSR_VP_ASSIST_PAGE:
		return assist_wrmsr(vp, val);
	default:
		return TLFS_GP;
	}
}

/* ---- hypercalls ---- */

u16 tlfs_vpset_parse(struct tlfs_hvcall *call, u64 format, u64 valid_bank_mask, const u64 *banks,
		     unsigned int nr_banks, unsigned long *mask)
{
	const struct tlfs_partition *pt = call->caller;
	unsigned int bank, i = 0;

	BUILD_BUG_ON(BITS_PER_LONG != HV_VPSET_BANK_VPS);
	BUILD_BUG_ON(TLFS_MAX_VPS % HV_VPSET_BANK_VPS);

	if (format == HV_VPSET_FORMAT_ALL) {
		bitmap_copy(mask, pt->vp_map, TLFS_MAX_VPS);
		return HV_STATUS_SUCCESS;
	}
	if (format != HV_VPSET_FORMAT_SPARSE_4K)
		return HV_STATUS_INVALID_PARAMETER;
	/* one element for each bit, no more and no fewer */
	if (hweight64(valid_bank_mask) != nr_banks)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;

	/* banks beyond come last, and name no VP that exists */
	for (bank = 0; bank < TLFS_MAX_VPS / HV_VPSET_BANK_VPS; bank++) {
		mask[bank] = 0;
		if (valid_bank_mask & BIT_ULL(bank))
			mask[bank] = banks[i++] & READ_ONCE(pt->vp_map[bank]);
	}
	return HV_STATUS_SUCCESS;
}

/* HV_INPUT_VTL: there is VTL 0 only */
static bool vtl_valid(u8 vtl, const u8 reserved[3])
{
	if ((vtl & ~(HV_INPUT_VTL_TARGET_MASK | HV_INPUT_VTL_USE_TARGET)) ||
	    reserved[0] || reserved[1] || reserved[2])
		return false;
	return !(vtl & HV_INPUT_VTL_USE_TARGET) || !(vtl & HV_INPUT_VTL_TARGET_MASK);
}

static u16 cluster_ipi(struct tlfs_hvcall *call, u32 vector, const unsigned long *mask,
		       unsigned int nr)
{
	unsigned int i;

	for_each_set_bit(i, mask, nr) {
		struct tlfs_vp *vp = tlfs_vp_get(call->caller, i);

		if (vp)
			tlfs_lapic_set_irr(vp, vector, false);
	}
	return HV_STATUS_SUCCESS;
}

u16 tlfs_hc_send_synthetic_cluster_ipi(struct tlfs_hvcall *call)
{
	const struct hv_input_send_synthetic_cluster_ipi *in = call->in;
	unsigned long mask = in->processor_mask;

	if (in->vector < 16 || in->vector > 255 || !vtl_valid(in->target_vtl, in->reserved))
		return HV_STATUS_INVALID_PARAMETER;
	return cluster_ipi(call, in->vector, &mask, BITS_PER_LONG);
}

u16 tlfs_hc_send_synthetic_cluster_ipi_ex(struct tlfs_hvcall *call)
{
	const struct hv_input_send_synthetic_cluster_ipi_ex *in = call->in;
	DECLARE_BITMAP(mask, TLFS_MAX_VPS);
	u16 status;

	if (in->vector < 16 || in->vector > 255 || !vtl_valid(in->target_vtl, in->reserved))
		return HV_STATUS_INVALID_PARAMETER;
	status = tlfs_vpset_parse(call, in->vp_set.format, in->vp_set.valid_bank_mask,
				  in->vp_set.bank, call->var_size / sizeof(u64), mask);
	if (status != HV_STATUS_SUCCESS)
		return status;
	return cluster_ipi(call, in->vector, mask, TLFS_MAX_VPS);
}

/* does this type come with a vector; LINT pins: for an LVT entry in ExtINT mode */
static bool type_has_vector(u32 type)
{
	return type != HV_X64_INTERRUPT_TYPE_NMI && type != HV_X64_INTERRUPT_TYPE_INIT;
}

/* the checks of 13.5.1 that need no VP */
static u16 assert_check(const struct tlfs_hvcall *call,
			const struct hv_input_assert_virtual_interrupt *in)
{
	bool v2 = call->code == HVCALL_ASSERT_VIRTUAL_INTERRUPT;
	u32 type = in->control & HV_INTERRUPT_CONTROL_TYPE_MASK;
	bool none = in->vector == HV_INTERRUPT_VECTOR_NONE;

	if (!call->target->initialized)
		return HV_STATUS_INVALID_PARTITION_STATE;
	if (in->control & HV_INTERRUPT_CONTROL_RESERVED_MASK ||
	    (v2 && in->control & HV_INTERRUPT_CONTROL_X64_LONG_MODE))
		return HV_STATUS_INVALID_PARAMETER;
	/* 2.0 has padding here, and ignores it */
	if (!v2 && (in->reserved0 || in->reserved1))
		return HV_STATUS_INVALID_PARAMETER;
	if (!v2 && in->target_vtl)
		return HV_STATUS_INVALID_VTL_STATE;
	if (type > HV_X64_INTERRUPT_TYPE_LOCALINT1 || type == HV_X64_INTERRUPT_TYPE_SMI ||
	    type == HV_X64_INTERRUPT_TYPE_REMOTE_READ)
		return HV_STATUS_INVALID_PARAMETER;
	if (type == HV_X64_INTERRUPT_TYPE_EXT_INT && in->dest_addr)
		return HV_STATUS_INVALID_VP_INDEX;
	if (in->dest_addr > U32_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	if (!none && (in->vector > 255 || (in->vector && !type_has_vector(type))))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

u16 tlfs_hc_assert_virtual_interrupt(struct tlfs_hvcall *call)
{
	const struct hv_input_assert_virtual_interrupt *in = call->in;
	struct tlfs_interrupt irq = {
		.type = in->control & HV_INTERRUPT_CONTROL_TYPE_MASK,
		.dest = in->dest_addr,
		.vector = in->vector,
		.level = in->control & HV_INTERRUPT_CONTROL_LEVEL,
		.logical = in->control & HV_INTERRUPT_CONTROL_LOGICAL_DEST,
		/*
		 * Later parents assert many lines, each with its own level-triggered vector, and
		 * mean all of them; only the 2.0 call is documented to replace the last one
		 */
		.supersede = call->code == HVCALL_ASSERT_VIRTUAL_INTERRUPT,
	};
	u16 status = assert_check(call, in);
	int sent;

	if (status != HV_STATUS_SUCCESS)
		return status;
	if (in->vector == HV_INTERRUPT_VECTOR_NONE)
		sent = withdraw(call->target, &irq);
	else
		sent = tlfs_interrupt_deliver(call->target, &irq);
	if (sent == -EBUSY)
		return HV_STATUS_ACKNOWLEDGED;
	if (sent < 0)
		return HV_STATUS_INVALID_PARAMETER;
	return sent ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_VP_INDEX;
}

u16 tlfs_hc_clear_virtual_interrupt(struct tlfs_hvcall *call)
{
	struct tlfs_vp *vp;

	if (!call->target->initialized)
		return HV_STATUS_INVALID_PARTITION_STATE;
	vp = tlfs_vp_get(call->target, 0);
	if (!vp || !extint_clear(vp))
		return HV_STATUS_NOT_ACKNOWLEDGED;
	return HV_STATUS_SUCCESS;
}
