// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - exceptions, NMIs and interrupts on their way into a VP
 *
 * vp->event is what the next entry injects; one at a time.  Interrupts wait in the local APIC,
 * NMIs in a count, ExtINT in a flag until it is their turn.  All of it belongs to the VP's thread.
 */
#include "tlfs.h"
#include "run.h"

static bool contributory(u8 vector)
{
	return vector == X86_TRAP_DE || (vector >= X86_TRAP_TS && vector <= X86_TRAP_GP);
}

void tlfs_queue_exception(struct tlfs_vp *vp, u8 vector, bool has_error, u32 error, u64 param)
{
	struct tlfs_event *ev = &vp->event;

	if (ev->pending && ev->type == TLFS_EVENT_EXCEPTION) {
		if (ev->vector == X86_TRAP_DF) {
			ev->pending = false;
			set_bit(TLFS_REQ_TRIPLE_FAULT, &vp->requests);
			return;
		}
		if ((contributory(ev->vector) && contributory(vector)) ||
		    (ev->vector == X86_TRAP_PF &&
		     (vector == X86_TRAP_PF || contributory(vector)))) {
			vector = X86_TRAP_DF;
			has_error = true;
			error = 0;
		}
	} else if (ev->pending && ev->type == TLFS_EVENT_EXTINT) {
		/* comes again once the exception is dealt with */
		tlfs_lapic_requeue(vp, ev->vector);
	} else if (ev->pending && ev->type == TLFS_EVENT_NMI) {
		atomic_inc(&vp->nmi_pending);
		set_bit(TLFS_REQ_NMI, &vp->requests);
	}

	if (vector == X86_TRAP_PF)
		tlfs_call(set_cr)(vp, 2, param);
	else if (vector == X86_TRAP_DB)
		tlfs_call(set_dr)(vp, 6, tlfs_call(get_dr)(vp, 6) | param);

	ev->pending = true;
	ev->type = TLFS_EVENT_EXCEPTION;
	ev->vector = vector;
	ev->has_error = has_error && (tlfs_call(get_cr)(vp, 0) & X86_CR0_PE);
	ev->error = error;
	ev->insn_len = 0;
	ev->param = param;
}

void tlfs_raise_exception(struct tlfs_vp *vp, u8 vector, bool has_error, u32 error, u64 param)
{
	struct tlfs_exit *x = &vp->exit;

	if (likely(!(READ_ONCE(vp->pt->intercepts.exceptions) & BIT(vector)))) {
		tlfs_queue_exception(vp, vector, has_error, error, param);
		return;
	}
	/* as if the processor had raised it; what it was delivering then stays in vp->event */
	x->kind = TLFS_EXIT_EXCEPTION;
	x->insn_len = 0;
	x->nr_bytes = 0;
	x->exc.vector = vector;
	x->exc.has_error = has_error && (tlfs_call(get_cr)(vp, 0) & X86_CR0_PE);
	x->exc.error = x->exc.has_error ? error : 0;
	x->exc.param = param;
	set_bit(TLFS_REQ_EXCEPTION, &vp->requests);
}

static void queue_interrupt(struct tlfs_vp *vp, u8 type, u8 vector)
{
	vp->event.pending = true;
	vp->event.type = type;
	vp->event.vector = vector;
	vp->event.has_error = false;
	vp->event.insn_len = 0;
	if (type == TLFS_EVENT_EXTINT)
		vp_count(vp, HV_VP_STAT_VIRTUAL_INTERRUPTS);
}

/*
 * Which ExtINT or interrupt of the local APIC the next entry injects.  Returns for which one to ask
 * for a window, because it cannot be injected yet: a vector, TLFS_EXTINT_WINDOW, or 0.
 */
static u16 choose_interrupt(struct tlfs_vp *vp)
{
	int vector;

	if (test_and_clear_bit(TLFS_REQ_EXTINT, &vp->requests))
		vp->extint_pending = true;
	if (vp->extint_pending) {
		if (vp->event.pending || !tlfs_call(intr_allowed)(vp))
			return TLFS_EXTINT_WINDOW;
		vp->extint_pending = false;
		vector = tlfs_extint_accept(vp);
		if (vector >= 0)
			queue_interrupt(vp, TLFS_EVENT_EXTINT, vector);
	}

	vector = tlfs_lapic_pending(vp);
	if (vector < 0) {
		/* held back by the TPR, perhaps: its lowering must be seen */
		vector = tlfs_lapic_highest_irr(vp);
		return vector >= 0 && vector >> 4 > max(vp->lapic.isrv, 0) >> 4 ? vector : 0;
	}
	if (vp->event.pending || !tlfs_call(intr_allowed)(vp))
		return vector;
	queue_interrupt(vp, TLFS_EVENT_EXTINT, vector);
	tlfs_lapic_accept(vp, vector);
	tlfs_eoi_assist_arm(vp);
	return max(tlfs_lapic_pending(vp), 0);
}

/*
 * Choose what the next entry injects, or ask for an exit when it could be injected.  Order:
 * what was being delivered, NMI, ExtINT, the local APIC's.
 */
void tlfs_event_prepare(struct tlfs_vp *vp)
{
	u16 window;

	clear_bit(TLFS_REQ_EVENT, &vp->requests);
	clear_bit(TLFS_REQ_NMI, &vp->requests);
	/* pairs with the setters' order: source first, then the request */
	smp_mb__after_atomic();
	tlfs_eoi_assist_sync(vp);

	if (atomic_read(&vp->nmi_pending)) {
		if (!vp->event.pending && tlfs_call(nmi_allowed)(vp)) {
			atomic_dec(&vp->nmi_pending);
			queue_interrupt(vp, TLFS_EVENT_NMI, X86_TRAP_NMI);
			tlfs_eventlog(HV_EVENTLOG_GROUP_INTERCEPT_MANAGER, HV_TR_IM_NMI_INTERRUPT,
				      vp_reg(vp, VP_RIP));
		}
		/* behind one that is in service only one is kept */
		if (tlfs_call(get_shadow)(vp) & BIT(1))
			atomic_cmpxchg(&vp->nmi_pending, 2, 1);
		if (atomic_read(&vp->nmi_pending))
			tlfs_call(nmi_window)(vp);
	}

	window = choose_interrupt(vp);
	/* the higher one opens first, and what is left asks again */
	if (unlikely(vp->notify))
		window = max(window, tlfs_notify_window(vp));
	if (window)
		tlfs_call(intr_window)(vp, window);
}

/*
 * Would an event end HLT, or the idle state?  That one ends when an interrupt arrives, whatever the
 * processor would do with it (10.1.4): not IF, nor TPR, nor what is in service holds it back.  A
 * guest that waits for a spinlock in an interrupt handler is woken by an IPI of the same class.
 */
bool tlfs_event_wakes(struct tlfs_vp *vp)
{
	/* a single-step trap after HLT, or what the VMM has queued */
	if (vp->event.pending)
		return true;
	if (atomic_read(&vp->nmi_pending) && tlfs_call(nmi_allowed)(vp))
		return true;
	if (!vp->idle && !(vp_reg(vp, VP_RFLAGS) & X86_EFLAGS_IF))
		return false;
	if (vp->extint_pending || test_bit(TLFS_REQ_EXTINT, &vp->requests))
		return true;
	if (vp->idle)
		return tlfs_lapic_highest_irr(vp) >= 0;
	tlfs_eoi_assist_sync(vp);
	return tlfs_lapic_pending(vp) >= 0;
}
