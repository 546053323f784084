// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmcb.c - a VP's registers in its VMCB
 */
#include <linux/percpu.h>
#include <asm/debugreg.h>
#include <asm/processor.h>

#include "svm.h"

/* VMCB attributes have AVL, L, D/B and G in bits 11:8; TLFS in bits 15:12, as descriptors do */
static u16 attrib_to_hv(u16 attrib)
{
	return (attrib & 0xff) | (attrib & 0xf00) << 4;
}

static u16 attrib_from_hv(u16 attributes)
{
	return (attributes & 0xff) | (attributes & 0xf000) >> 4;
}

static struct vmcb_seg *svm_seg(struct vmcb *vmcb, enum tlfs_seg seg)
{
	if (likely(seg < TLFS_SEG_LDTR))
		return &vmcb->save.seg[seg];
	return seg == TLFS_SEG_TR ? &vmcb->save.tr : &vmcb->save.ldtr;
}

void svm_get_segment(struct tlfs_vp *vp, enum tlfs_seg seg, struct hv_x64_segment_register *val)
{
	struct vmcb_seg *s = svm_seg(to_svm(vp)->vmcb, seg);

	val->base = s->base;
	val->limit = s->limit;
	val->selector = s->selector;
	val->attributes = attrib_to_hv(s->attrib);
}

void svm_set_segment(struct tlfs_vp *vp, enum tlfs_seg seg,
		     const struct hv_x64_segment_register *val)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;
	struct vmcb_seg *s = svm_seg(vmcb, seg);

	s->base = val->base;
	s->limit = val->limit;
	s->selector = val->selector;
	s->attrib = attrib_from_hv(val->attributes);
	/* the processor takes the CPL from here, not from SS (APM 15.5.1) */
	if (seg == TLFS_SEG_SS)
		vmcb->save.cpl = (val->attributes & HV_SEGMENT_DPL_MASK) >> HV_SEGMENT_DPL_SHIFT;
	vmcb->control.clean &= ~SVM_CLEAN_SEG;
}

void svm_get_table(struct tlfs_vp *vp, enum tlfs_table table, struct hv_x64_table_register *val)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;
	struct vmcb_seg *s = table == TLFS_TABLE_IDTR ? &vmcb->save.idtr : &vmcb->save.gdtr;

	memset(val, 0, sizeof(*val));
	val->limit = s->limit;
	val->base = s->base;
}

void svm_set_table(struct tlfs_vp *vp, enum tlfs_table table,
		   const struct hv_x64_table_register *val)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;
	struct vmcb_seg *s = table == TLFS_TABLE_IDTR ? &vmcb->save.idtr : &vmcb->save.gdtr;

	s->limit = val->limit;
	s->base = val->base;
	vmcb->control.clean &= ~SVM_CLEAN_DT;
}

u16 svm_cs_attributes(struct tlfs_vp *vp)
{
	return attrib_to_hv(to_svm(vp)->vmcb->save.seg[TLFS_SEG_CS].attrib);
}

u8 svm_cpl(struct tlfs_vp *vp)
{
	return to_svm(vp)->vmcb->save.cpl;
}

u64 svm_get_cr(struct tlfs_vp *vp, unsigned int nr)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;

	switch (nr) {
	case 0:
		return vmcb->save.cr0 ^ to_svm(vp)->cr0_hidden;
	case 2:
		return vmcb->save.cr2;
	case 3:
		return vmcb->save.cr3;
	case 4:
		return vmcb->save.cr4;
	case 8:
		return vmcb->control.int_ctl & SVM_V_TPR_MASK;
	}
	return 0;
}

#define CR0_CACHE	((u64)(X86_CR0_CD | X86_CR0_NW))

/*
 * CD would switch the cache of the host's core off while the guest runs, and without NE it could
 * move the host's FERR# pin.  The guest's memory is ordinary memory of a process, and its x87
 * errors are told otherwise: it sees the bits as it wrote them, and as long as they are not what
 * the processor has each access of CR0 exits; a write that makes it so always does
 * (SVM_ICPT_CR0_SEL_WRITE).
 */
static void svm_set_cr0(struct tlfs_vp *vp, u64 val)
{
	struct svm_vp *svm = to_svm(vp);
	u64 hidden = (val ^ X86_CR0_NE) & (CR0_CACHE | X86_CR0_NE);

	svm->vmcb->save.cr0 = val ^ hidden;
	if (hidden == svm->cr0_hidden)
		return;
	/* whether #MF is to exit depends on it: svm_exceptions() */
	if ((hidden ^ svm->cr0_hidden) & X86_CR0_NE)
		set_bit(TLFS_REQ_INTERCEPTS, &vp->requests);
	svm->cr0_hidden = hidden;
	svm_intercept(svm->vmcb, SVM_ICPT_CR_READ, hidden);
	svm_intercept(svm->vmcb, SVM_ICPT_CR_WRITE, hidden);
}

void svm_set_cr(struct tlfs_vp *vp, unsigned int nr, u64 val)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;

	switch (nr) {
	case 0:
		svm_set_cr0(vp, val);
		break;
	case 2:
		vmcb->save.cr2 = val;
		vmcb->control.clean &= ~SVM_CLEAN_CR2;
		return;
	case 3:
		vmcb->save.cr3 = val;
		break;
	case 4:
		vmcb->save.cr4 = val;
		break;
	case 8:
		vmcb->control.int_ctl &= ~SVM_V_TPR_MASK;
		vmcb->control.int_ctl |= val & SVM_V_TPR_MASK;
		vmcb->control.clean &= ~SVM_CLEAN_INTR;
		return;
	}
	vmcb->control.clean &= ~SVM_CLEAN_CR;
}

/* VMRUN wants EFER.SVME set, whatever the guest thinks it has (APM 15.5.1) */
u64 svm_get_efer(struct tlfs_vp *vp)
{
	return to_svm(vp)->vmcb->save.efer & ~(u64)EFER_SVME;
}

void svm_set_efer(struct tlfs_vp *vp, u64 val)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;

	vmcb->save.efer = val | EFER_SVME;
	vmcb->control.clean &= ~SVM_CLEAN_CR;
}

static u64 *svm_msr_field(struct vmcb *vmcb, u32 msr)
{
	switch (msr) {
	case MSR_STAR:
		return &vmcb->save.star;
	case MSR_LSTAR:
		return &vmcb->save.lstar;
	case MSR_CSTAR:
		return &vmcb->save.cstar;
	case MSR_SYSCALL_MASK:
		return &vmcb->save.sfmask;
	case MSR_KERNEL_GS_BASE:
		return &vmcb->save.kernel_gs_base;
	case MSR_FS_BASE:
		return &vmcb->save.seg[TLFS_SEG_FS].base;
	case MSR_GS_BASE:
		return &vmcb->save.seg[TLFS_SEG_GS].base;
	case MSR_IA32_SYSENTER_CS:
		return &vmcb->save.sysenter_cs;
	case MSR_IA32_SYSENTER_ESP:
		return &vmcb->save.sysenter_esp;
	case MSR_IA32_SYSENTER_EIP:
		return &vmcb->save.sysenter_eip;
	case MSR_IA32_CR_PAT:
		return &vmcb->save.g_pat;
	case MSR_IA32_DEBUGCTLMSR:
		return &vmcb->save.dbgctl;
	}
	return NULL;
}

int svm_get_msr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	u64 *field = svm_msr_field(to_svm(vp)->vmcb, msr);

	if (!field)
		return -ENOENT;
	*val = *field;
	return 0;
}

int svm_set_msr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;
	u64 *field = svm_msr_field(vmcb, msr);

	if (!field)
		return -ENOENT;
	*field = val;
	if (msr == MSR_IA32_CR_PAT)
		vmcb->control.clean &= ~SVM_CLEAN_NP;
	else if (msr == MSR_IA32_DEBUGCTLMSR)
		vmcb->control.clean &= ~SVM_CLEAN_LBR;
	return 0;
}

u64 svm_get_dr(struct tlfs_vp *vp, unsigned int nr)
{
	struct svm_vp *svm = to_svm(vp);

	switch (nr) {
	case 0 ... 3:
		return svm->dr[nr];
	case 6:
		return svm->vmcb->save.dr6;
	case 7:
		return svm->vmcb->save.dr7;
	}
	return 0;
}

void svm_set_dr(struct tlfs_vp *vp, unsigned int nr, u64 val)
{
	struct svm_vp *svm = to_svm(vp);

	switch (nr) {
	case 0 ... 3:
		svm->dr[nr] = val;
		break;
	case 6:
		svm->vmcb->save.dr6 = val;
		break;
	case 7:
		svm->vmcb->save.dr7 = val;
		break;
	}
	svm->vmcb->control.clean &= ~SVM_CLEAN_DR;
	/* inside the run window the registers follow; DR accesses always exit */
	if (vp->in_window)
		svm_load_dr(vp);
}

u8 svm_get_shadow(struct tlfs_vp *vp)
{
	struct svm_vp *svm = to_svm(vp);
	u8 shadow = svm->vmcb->control.int_state & SVM_SHADOW ? BIT(0) : 0;

	/* an IRET that has been executed since ended it, if nobody has noticed yet */
	if (svm->nmi_masked && !(svm->iret_seen && vp->regs[VP_RIP] != svm->iret_rip))
		shadow |= BIT(1);
	return shadow;
}

void svm_set_shadow(struct tlfs_vp *vp, u8 shadow)
{
	struct svm_vp *svm = to_svm(vp);
	struct vmcb *vmcb = svm->vmcb;

	if (shadow & BIT(0))
		vmcb->control.int_state |= SVM_SHADOW;
	else
		vmcb->control.int_state &= ~SVM_SHADOW;

	if ((svm_get_shadow(vp) ^ shadow) & BIT(1)) {
		svm->nmi_masked = shadow & BIT(1);
		svm->iret_seen = false;
		svm_intercept(vmcb, SVM_ICPT_IRET, svm->nmi_masked);
	}
}

void svm_end_shadow(struct tlfs_vp *vp)
{
	to_svm(vp)->vmcb->control.int_state &= ~SVM_SHADOW;
}

static void reset_seg(struct vmcb_seg *s, u16 attrib)
{
	s->selector = 0;
	s->attrib = attrib;
	s->limit = 0xffff;
	s->base = 0;
}

/* power-on state: APM volume 2, table 14-1; TLFS 10.2 and appendix E for APs are the core's */
void svm_vp_reset(struct tlfs_vp *vp, bool init)
{
	struct svm_vp *svm = to_svm(vp);
	struct vmcb *vmcb = svm->vmcb;
	struct vmcb_save *save = &vmcb->save;
	unsigned int i;

	for (i = TLFS_SEG_ES; i <= TLFS_SEG_GS; i++)
		reset_seg(&save->seg[i], 0x93);
	save->seg[TLFS_SEG_CS].attrib = 0x9b;
	save->seg[TLFS_SEG_CS].selector = 0xf000;
	save->seg[TLFS_SEG_CS].base = 0xffff0000;
	reset_seg(&save->ldtr, 0x82);
	reset_seg(&save->tr, 0x8b);
	reset_seg(&save->gdtr, 0);
	reset_seg(&save->idtr, 0);

	/* INIT leaves CD and NW alone (APM 14.1.3) */
	svm_set_cr0(vp, X86_CR0_ET | (init ? svm->cr0_hidden & CR0_CACHE : CR0_CACHE));
	save->cr2 = 0;
	save->cr3 = 0;
	save->cr4 = 0;
	save->efer = EFER_SVME;
	save->cpl = 0;
	save->dr6 = DR6_RESERVED;
	save->dr7 = 0x400;
	memset(svm->dr, 0, sizeof(svm->dr));
	save->dbgctl = 0;
	if (!init) {
		save->g_pat = 0x0007040600070406ULL;
		save->star = 0;
		save->lstar = 0;
		save->cstar = 0;
		save->sfmask = 0;
		save->kernel_gs_base = 0;
		save->sysenter_cs = 0;
		save->sysenter_esp = 0;
		save->sysenter_eip = 0;
	}

	memset(vp->regs, 0, sizeof(vp->regs));
	vp->regs[VP_RIP] = 0xfff0;
	vp->regs[VP_RFLAGS] = X86_EFLAGS_FIXED;
	vp->regs[VP_RDX] = cpuid_eax(1);
	vp->regs_avail = ~0u;

	vmcb->control.int_state = 0;
	vmcb->control.int_ctl = SVM_V_INTR_MASKING;
	vmcb->control.event_inj = 0;
	svm_intercept(vmcb, SVM_ICPT_VINTR, false);
	svm_intercept(vmcb, SVM_ICPT_CR_WRITE + 8, false);
	svm_intercept(vmcb, SVM_ICPT_IRET, false);
	svm->nmi_masked = false;
	svm->iret_seen = false;
	svm->stepping = false;
	svm->flush = true;
	vmcb->control.clean = 0;
}
