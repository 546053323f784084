// SPDX-License-Identifier: GPL-2.0-only
/*
 * event.c - injection, its repetition, and the windows for interrupts and NMIs
 */
#include "vmx.h"

/* exceptions that push an error code: an entry insists on it (27.2.1.3) */
#define ERROR_VECTORS	(BIT(X86_TRAP_DF) | BIT(X86_TRAP_TS) | BIT(X86_TRAP_NP) |	\
			 BIT(X86_TRAP_SS) | BIT(X86_TRAP_GP) | BIT(X86_TRAP_PF) |	\
			 BIT(X86_TRAP_AC))

#define DR7_GD_BIT	BIT_ULL(13)

/* ---- interruptibility ---- */

u32 vmx_intr_state(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);

	if (!(vmx->cached & VMX_CACHED_INTR_STATE)) {
		vmx->intr_state = vmx_read(vp, GUEST_INTERRUPTIBILITY_INFO);
		vmx->cached |= VMX_CACHED_INTR_STATE;
	}
	/* see vmx_end_shadow() */
	if (vmx->shadow_ended) {
		vmx->shadow_ended = false;
		if (vmx->intr_state & VMCS_INTR_SHADOW)
			vmx_change_intr_state(vp, VMCS_INTR_SHADOW, 0);
	}
	return vmx->intr_state;
}

void vmx_change_intr_state(struct tlfs_vp *vp, u32 clear, u32 set)
{
	struct vmx_vp *vmx = to_vmx(vp);
	u32 state = (vmx_intr_state(vp) & ~clear) | set;

	if (state == vmx->intr_state)
		return;
	vmx->intr_state = state;
	vmx_write(vp, GUEST_INTERRUPTIBILITY_INFO, state);
}

/*
 * Nobody looks at the shadow of most instructions that exit.  While nothing waits for its end it
 * may as well last one instruction longer than it should: so it is only noted that it is over, and
 * vmx_intr_state() makes it so when somebody asks, or the entry when a window is wanted.
 */
void vmx_end_shadow(struct tlfs_vp *vp)
{
	to_vmx(vp)->shadow_ended = true;
}

u8 vmx_get_shadow(struct tlfs_vp *vp)
{
	u32 state = vmx_intr_state(vp);

	return (state & VMCS_INTR_SHADOW ? BIT(0) : 0) |
	       (state & GUEST_INTR_STATE_NMI ? BIT(1) : 0);
}

void vmx_set_shadow(struct tlfs_vp *vp, u8 shadow)
{
	u32 set = 0;

	if (shadow & BIT(0)) {
		/* the shadow of STI is refused where interrupts are off: then it was MOV SS */
		set = vmx_intr_state(vp) & VMCS_INTR_SHADOW;
		if (!set)
			set = vp_reg(vp, VP_RFLAGS) & X86_EFLAGS_IF ? GUEST_INTR_STATE_STI :
								      GUEST_INTR_STATE_MOV_SS;
	}
	if (shadow & BIT(1))
		set |= GUEST_INTR_STATE_NMI;
	vmx_change_intr_state(vp, VMCS_INTR_SHADOW | GUEST_INTR_STATE_NMI, set);
}

bool vmx_intr_allowed(struct tlfs_vp *vp)
{
	return (vp_reg(vp, VP_RFLAGS) & X86_EFLAGS_IF) &&
	       !(vmx_intr_state(vp) & VMCS_INTR_SHADOW);
}

bool vmx_nmi_allowed(struct tlfs_vp *vp)
{
	return !(vmx_intr_state(vp) & (VMCS_INTR_SHADOW | GUEST_INTR_STATE_NMI));
}

/* ---- windows ---- */

static void set_cpu_ctls(struct tlfs_vp *vp, u32 ctls)
{
	struct vmx_vp *vmx = to_vmx(vp);

	if (ctls == vmx->cpu_ctls)
		return;
	vmx->cpu_ctls = ctls;
	vmx_write(vp, CPU_BASED_VM_EXEC_CONTROL, ctls);
}

/* while the TPR is what stands in the way, its lowering exits (29.1.2) */
void vmx_intr_window(struct tlfs_vp *vp, u16 vector)
{
	struct vmx_vp *vmx = to_vmx(vp);
	u8 class = vector >> 4, threshold = 0;
	u32 ctls = vmx->cpu_ctls & ~CPU_BASED_INTR_WINDOW_EXITING;

	if (vector && class > vmx_get_cr(vp, 8))
		ctls |= CPU_BASED_INTR_WINDOW_EXITING;
	else
		threshold = class;
	set_cpu_ctls(vp, ctls);
	if (threshold != vmx->tpr_threshold) {
		vmx->tpr_threshold = threshold;
		vmx_write(vp, TPR_THRESHOLD, threshold);
	}
}

void vmx_nmi_window(struct tlfs_vp *vp)
{
	set_cpu_ctls(vp, to_vmx(vp)->cpu_ctls | CPU_BASED_NMI_WINDOW_EXITING);
}

void vmx_close_nmi_window(struct tlfs_vp *vp)
{
	set_cpu_ctls(vp, to_vmx(vp)->cpu_ctls & ~CPU_BASED_NMI_WINDOW_EXITING);
}

/* ---- injection ---- */

static void inject_error_code(struct tlfs_vp *vp, const struct tlfs_event *ev, u32 *info)
{
	if (ev->type != TLFS_EVENT_EXCEPTION || ev->vector > 31 ||
	    !(BIT(ev->vector) & ERROR_VECTORS) || !(to_vmx(vp)->cr0 & X86_CR0_PE))
		return;
	*info |= INTR_INFO_DELIVER_CODE_MASK;
	vmcs_write(VM_ENTRY_EXCEPTION_ERROR_CODE, ev->has_error ? ev->error & 0xffff : 0);
}

/* in the run window; our event types are the processor's */
void vmx_inject(struct tlfs_vp *vp, const struct tlfs_event *ev)
{
	struct vmx_vp *vmx = to_vmx(vp);
	u32 info = ev->vector | ev->type << VMCS_INTR_TYPE_SHIFT | INTR_INFO_VALID_MASK;

	/* vmx_enter(), which is next, releases it, or finds that the VP is lost */
	if (TLFS_VMX_BRIEF && !vmx_hold(vp))
		return;
	if (vmx->shadow_ended)
		vmx_intr_state(vp);
	switch (ev->type) {
	case TLFS_EVENT_EXCEPTION:
		inject_error_code(vp, ev, &info);
		/* delivery of #DB does this; injection does not */
		if (ev->vector == X86_TRAP_DB && vmx->dr7 & DR7_GD_BIT)
			vmx_set_dr(vp, 7, vmx->dr7 & ~DR7_GD_BIT);
		break;
	case TLFS_EVENT_SOFTINT:
	case TLFS_EVENT_SOFTEXC:
	case TLFS_EVENT_PRIV_SOFTEXC:
		vmcs_write(VM_ENTRY_INSTRUCTION_LEN, ev->insn_len);
		break;
	}
	vmcs_write(VM_ENTRY_INTR_INFO_FIELD, info);
}

void vmx_keep_event(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);

	vmx->failed_event = vmcs_read(VM_ENTRY_INTR_INFO_FIELD);
	if (!(vmx->failed_event & INTR_INFO_VALID_MASK))
		return;
	/* nothing has touched it since vmx_inject() */
	vp->event.pending = true;
	vmcs_write(VM_ENTRY_INTR_INFO_FIELD, 0);
}

/* the delivery of an event was cut short by the exit: it is to be delivered again (28.2.4) */
void vmx_requeue(struct tlfs_vp *vp)
{
	u32 info = vmcs_read(IDT_VECTORING_INFO_FIELD);
	struct tlfs_event *ev = &vp->event;

	if (likely(!(info & VECTORING_INFO_VALID_MASK)))
		return;
	ev->pending = true;
	ev->type = (info & VECTORING_INFO_TYPE_MASK) >> VMCS_INTR_TYPE_SHIFT;
	ev->vector = info & VECTORING_INFO_VECTOR_MASK;
	ev->insn_len = 0;
	ev->has_error = info & VECTORING_INFO_DELIVER_CODE_MASK;
	ev->error = ev->has_error ? vmcs_read(IDT_VECTORING_ERROR_CODE) : 0;
	ev->param = ev->vector == X86_TRAP_PF ? vp->cr2 : 0;

	switch (ev->type) {
	case TLFS_EVENT_NMI:
		/* its second delivery masks them again */
		vmx_change_intr_state(vp, GUEST_INTR_STATE_NMI, 0);
		break;
	case TLFS_EVENT_SOFTINT:
	case TLFS_EVENT_SOFTEXC:
	case TLFS_EVENT_PRIV_SOFTEXC:
		ev->insn_len = vmcs_read(VM_EXIT_INSTRUCTION_LEN);
		break;
	}
}
