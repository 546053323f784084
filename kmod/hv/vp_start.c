// SPDX-License-Identifier: GPL-2.0-only
/*
 * vp_start.c - a guest starts its processors where it wants them (HvStartVirtualProcessor, later
 * editions)
 *
 * The caller checks the whole context and leaves it with the VP; the VP's own thread, which is
 * asleep until INIT and SIPI would have come, loads it.
 */
#include <linux/slab.h>

#include <asm/processor-flags.h>

#include "tlfs.h"
#include "vp_registers.h"

#define CR0_VALID	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_ET | \
			 X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | X86_CR0_NW | X86_CR0_CD | \
			 X86_CR0_PG)

#define CS_LONG_DEFAULT	(HV_SEGMENT_LONG | HV_SEGMENT_DEFAULT)

static bool canonical(u64 va)
{
	return (u64)((s64)(va << 16) >> 16) == va;
}

static bool pat_ok(u64 pat)
{
	for (; pat; pat >>= 8)
		if (!(BIT(pat & 0xff & 31) & 0xf3) || (pat & 0xf8))
			return false;
	return true;
}

/* paging as the processor would let MOV CR0 and WRMSR switch it on */
static bool modes_ok(const struct hv_initial_vp_context *c)
{
	if (c->cr0 & ~(u64)CR0_VALID || !(c->cr0 & X86_CR0_PE))
		return false;
	if (c->cr0 & X86_CR0_NW && !(c->cr0 & X86_CR0_CD))
		return false;
	if (!(c->cr0 & X86_CR0_PG))
		return !(c->efer & EFER_LMA);
	if (!(c->efer & EFER_LME))
		return !(c->efer & EFER_LMA) && !(c->cr4 & X86_CR4_PCIDE);
	/* 64-bit code has no default operand size of 32 bits */
	return c->cr4 & X86_CR4_PAE && (~c->cs.attributes & CS_LONG_DEFAULT);
}

/* @vp: any VP of the partition: they have the same features */
static bool context_ok(struct tlfs_vp *vp, const struct hv_initial_vp_context *c)
{
	return modes_ok(c) && !(c->cr4 & ~tlfs_cr4_valid(vp)) &&
	       !(c->efer & ~tlfs_efer_valid(vp)) &&
	       !(c->rflags & ~(VP_RFLAGS_DEFINED | X86_EFLAGS_FIXED)) &&
	       !(c->rflags & X86_EFLAGS_VM) && canonical(c->rip) && pat_ok(c->msr_cr_pat) &&
	       (c->cr3 & ~0xfffULL) >> HV_PAGE_SHIFT < vp->pt->gpa.max_gfn &&
	       canonical(c->gdtr.base) && canonical(c->idtr.base);
}

TLFS_HANDLER(start_virtual_processor)
{
	const struct hv_input_start_virtual_processor *in = call->in;
	struct hv_initial_vp_context *context;
	struct tlfs_vp *vp;

	if (in->target_vtl)
		return HV_STATUS_INVALID_VTL_STATE;
	if (in->padding[0] || in->padding[1] || in->padding[2])
		return HV_STATUS_INVALID_PARAMETER;
	/* TLB and memory may have to wait */
	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (!call->target->initialized)
		return HV_STATUS_INVALID_PARTITION_STATE;
	vp = tlfs_vp_get(call->target, in->vp_index);
	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;
	if (!READ_ONCE(vp->startup_suspend))
		return HV_STATUS_INVALID_VP_STATE;
	if (!context_ok(call->vp ? call->vp : vp, &in->vp_context))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	context = kmemdup(&in->vp_context, sizeof(*context), GFP_KERNEL_ACCOUNT);
	if (!context)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	/* of two starts one comes first */
	if (cmpxchg(&vp->start, NULL, context)) {
		kfree(context);
		return HV_STATUS_INVALID_VP_STATE;
	}
	/* pairs with the barrier in tlfs_vp_start(): it was running before this start got in */
	if (!READ_ONCE(vp->startup_suspend)) {
		kfree(xchg(&vp->start, NULL));
		return HV_STATUS_INVALID_VP_STATE;
	}
	tlfs_vp_request(vp, TLFS_REQ_START);
	return HV_STATUS_SUCCESS;
}

static void load_segments(struct tlfs_vp *vp, const struct hv_initial_vp_context *c)
{
	tlfs_call(set_segment)(vp, TLFS_SEG_CS, &c->cs);
	tlfs_call(set_segment)(vp, TLFS_SEG_DS, &c->ds);
	tlfs_call(set_segment)(vp, TLFS_SEG_ES, &c->es);
	tlfs_call(set_segment)(vp, TLFS_SEG_FS, &c->fs);
	tlfs_call(set_segment)(vp, TLFS_SEG_GS, &c->gs);
	tlfs_call(set_segment)(vp, TLFS_SEG_SS, &c->ss);
	tlfs_call(set_segment)(vp, TLFS_SEG_TR, &c->tr);
	tlfs_call(set_segment)(vp, TLFS_SEG_LDTR, &c->ldtr);
	tlfs_call(set_table)(vp, TLFS_TABLE_IDTR, &c->idtr);
	tlfs_call(set_table)(vp, TLFS_TABLE_GDTR, &c->gdtr);
}

/* the VP's thread, outside of the run window */
void tlfs_vp_start(struct tlfs_vp *vp)
{
	struct hv_initial_vp_context *c;
	bool waiting = vp->startup_suspend;

	WRITE_ONCE(vp->startup_suspend, false);
	/* a start that comes from here on sees that the VP runs */
	c = xchg(&vp->start, NULL);
	/* INIT and SIPI were faster, or nobody filled it in */
	if (!c || !waiting) {
		WRITE_ONCE(vp->startup_suspend, waiting);
		kfree(c);
		return;
	}
	tlfs_set_efer(vp, c->efer);
	tlfs_set_cr4(vp, c->cr4);
	tlfs_set_cr3(vp, c->cr3);
	tlfs_set_cr0(vp, c->cr0);
	load_segments(vp, c);
	tlfs_wrmsr(vp, MSR_IA32_CR_PAT, c->msr_cr_pat, false);
	vp_set_reg(vp, VP_RIP, c->rip);
	vp_set_reg(vp, VP_RSP, c->rsp);
	vp_set_reg(vp, VP_RFLAGS, c->rflags | X86_EFLAGS_FIXED);
	tlfs_nl_vp(TLFS_GENL_VP_STARTED, vp, c->rip);
	kfree(c);
}
