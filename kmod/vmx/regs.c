// SPDX-License-Identifier: GPL-2.0-only
/*
 * regs.c - a VP's registers: in its VMCS, or in struct vmx_vp what no instruction of the guest
 * changes without an exit
 */
#include <linux/percpu.h>
#include <linux/string.h>
#include <asm/debugreg.h>
#include <asm/msr.h>
#include <asm/processor.h>

#include "vmx.h"

/* what the guest may change without an exit; TS is toggled by systems with lazy FPU switching */
#define CR0_GUEST	((u64)X86_CR0_TS)
#define CR4_GUEST	((u64)(X86_CR4_PGE | X86_CR4_TSD | X86_CR4_DE))
/*
 * The guest's memory is ordinary memory of a process, and the host's caches are on: with CD set
 * in the VMCS every access would be uncached.  The guest sees the bits as it wrote them.
 */
#define CR0_SHADOWED	((u64)(X86_CR0_CD | X86_CR0_NW))

#define VAPIC_TPR	0x80

static const u16 gpr_field[VP_REGS] = {
	[VP_RSP] = GUEST_RSP,
	[VP_RIP] = GUEST_RIP,
	[VP_RFLAGS] = GUEST_RFLAGS,
};

void vmx_cache_reg(struct tlfs_vp *vp, unsigned int reg)
{
	vp->regs[reg] = vmx_read(vp, gpr_field[reg]);
	vp->regs_avail |= BIT(reg);
}

/* ---- segments ---- */

static u32 vmx_cs_ar(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);

	if (!(vmx->cached & VMX_CACHED_CS_AR)) {
		vmx->cs_ar = vmx_read(vp, GUEST_CS_AR_BYTES);
		vmx->cached |= VMX_CACHED_CS_AR;
	}
	return vmx->cs_ar;
}

static u32 vmx_ss_ar(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);

	if (!(vmx->cached & VMX_CACHED_SS_AR)) {
		vmx->ss_ar = vmx_read(vp, GUEST_SS_AR_BYTES);
		vmx->cached |= VMX_CACHED_SS_AR;
	}
	return vmx->ss_ar;
}

static u16 ar_to_hv(u32 ar)
{
	if (ar & VMCS_AR_UNUSABLE)
		ar &= ~(u32)HV_SEGMENT_PRESENT;
	return ar & VMCS_AR_MASK;
}

u16 vmx_cs_attributes(struct tlfs_vp *vp)
{
	return ar_to_hv(vmx_cs_ar(vp));
}

/*
 * The DPL of SS is the CPL, always.  That of a non-conforming code segment is too (27.3.1.2), and
 * who asks has often read it already.
 */
u8 vmx_cpl(struct tlfs_vp *vp)
{
	u32 ar = vmx_cs_ar(vp);

	if ((ar & 0xc) != 0x8)
		ar = vmx_ss_ar(vp);
	return (ar & HV_SEGMENT_DPL_MASK) >> HV_SEGMENT_DPL_SHIFT;
}

void vmx_get_segment(struct tlfs_vp *vp, enum tlfs_seg seg, struct hv_x64_segment_register *val)
{
	memset(val, 0, sizeof(*val));
	if (!vmx_hold(vp))
		return;
	val->base = vmcs_read(VMCS_SEG(BASE, seg));
	val->limit = vmcs_read(VMCS_SEG(LIMIT, seg));
	val->selector = vmcs_read(VMCS_SEG(SELECTOR, seg));
	val->attributes = ar_to_hv(vmcs_read(VMCS_SEG(AR_BYTES, seg)));
	vmx_release();
}

/* access rights as an entry takes them (27.3.1.2), which is stricter than other processors are */
static u32 ar_from_hv(enum tlfs_seg seg, u16 attributes, u32 *limit)
{
	u32 ar = attributes & VMCS_AR_MASK;

	if (seg == TLFS_SEG_TR) {
		/* there is always one, and it is busy */
		if (!(ar & HV_SEGMENT_PRESENT))
			ar = HV_SEGMENT_PRESENT | 0xb;
		ar |= 2;
	} else if (!(ar & HV_SEGMENT_PRESENT)) {
		return ar | VMCS_AR_UNUSABLE;
	} else if (seg != TLFS_SEG_LDTR) {
		/* whatever is loaded has been accessed */
		ar |= 1;
	}
	/* the granularity has to be one that could give this limit */
	if (*limit > 0xfffff) {
		*limit |= 0xfff;
		ar |= HV_SEGMENT_GRANULARITY;
	} else if ((*limit & 0xfff) != 0xfff) {
		ar &= ~(u32)HV_SEGMENT_GRANULARITY;
	}
	return ar;
}

void vmx_set_segment(struct tlfs_vp *vp, enum tlfs_seg seg,
		     const struct hv_x64_segment_register *val)
{
	u32 limit = val->limit, ar = ar_from_hv(seg, val->attributes, &limit);
	u64 base = val->base;

	/* of these four the upper half does not exist */
	if (seg <= TLFS_SEG_DS)
		base = (u32)base;
	if (!vmx_hold(vp))
		return;
	vmcs_write(VMCS_SEG(BASE, seg), base);
	vmcs_write(VMCS_SEG(LIMIT, seg), limit);
	vmcs_write(VMCS_SEG(SELECTOR, seg), val->selector);
	vmcs_write(VMCS_SEG(AR_BYTES, seg), ar);
	vmx_release();
	to_vmx(vp)->cached &= ~(VMX_CACHED_CS_AR | VMX_CACHED_SS_AR);
}

void vmx_get_table(struct tlfs_vp *vp, enum tlfs_table table, struct hv_x64_table_register *val)
{
	bool idt = table == TLFS_TABLE_IDTR;

	memset(val, 0, sizeof(*val));
	val->limit = vmx_read(vp, idt ? GUEST_IDTR_LIMIT : GUEST_GDTR_LIMIT);
	val->base = vmx_read(vp, idt ? GUEST_IDTR_BASE : GUEST_GDTR_BASE);
}

void vmx_set_table(struct tlfs_vp *vp, enum tlfs_table table,
		   const struct hv_x64_table_register *val)
{
	bool idt = table == TLFS_TABLE_IDTR;

	vmx_write(vp, idt ? GUEST_IDTR_LIMIT : GUEST_GDTR_LIMIT, val->limit);
	vmx_write(vp, idt ? GUEST_IDTR_BASE : GUEST_GDTR_BASE, val->base);
}

/* ---- control registers ---- */

static u64 cached_cr(struct tlfs_vp *vp, unsigned int nr)
{
	struct vmx_vp *vmx = to_vmx(vp);

	switch (nr) {
	case 0:
		if (!(vmx->cached & VMX_CACHED_CR0)) {
			vmx->guest_cr0 = vmx_read(vp, GUEST_CR0);
			vmx->cached |= VMX_CACHED_CR0;
		}
		return vmx->guest_cr0;
	case 3:
		if (!(vmx->cached & VMX_CACHED_CR3)) {
			vmx->guest_cr3 = vmx_read(vp, GUEST_CR3);
			vmx->cached |= VMX_CACHED_CR3;
		}
		return vmx->guest_cr3;
	default:
		if (!(vmx->cached & VMX_CACHED_CR4)) {
			vmx->guest_cr4 = vmx_read(vp, GUEST_CR4);
			vmx->cached |= VMX_CACHED_CR4;
		}
		return vmx->guest_cr4;
	}
}

void vmx_cache_all(struct tlfs_vp *vp)
{
	unsigned int reg, nr;

	for (reg = 0; reg < VP_REGS; reg++)
		if (gpr_field[reg] && !(vp->regs_avail & BIT(reg)))
			vmx_cache_reg(vp, reg);
	for (nr = 0; nr <= 4; nr++)
		cached_cr(vp, nr);
	vmx_cs_ar(vp);
	vmx_ss_ar(vp);
	vmx_intr_state(vp);
}

u64 vmx_get_cr(struct tlfs_vp *vp, unsigned int nr)
{
	struct vmx_vp *vmx = to_vmx(vp);

	switch (nr) {
	case 0:
		return (vmx->cr0 & ~CR0_GUEST) | (cached_cr(vp, 0) & CR0_GUEST);
	case 2:
		return vp->cr2;
	case 3:
		return cached_cr(vp, 3);
	case 4:
		return (vmx->cr4 & ~CR4_GUEST) | (cached_cr(vp, 4) & CR4_GUEST);
	case 8:
		return READ_ONCE(vmx->vapic[VAPIC_TPR]) >> 4;
	}
	return 0;
}

/*
 * In PAE paging an entry takes the four PDPTEs from the VMCS; MOV to CR3 loads them there by
 * itself.  The guest's own writes of CR0 and CR4 have been checked for memory that is there.
 */
static void load_pdptes(struct tlfs_vp *vp)
{
	u64 cr0 = vmx_get_cr(vp, 0), cr4 = vmx_get_cr(vp, 4), pdpte[4];
	unsigned int i;

	if (!(cr0 & X86_CR0_PG) || !(cr4 & X86_CR4_PAE) || to_vmx(vp)->efer & EFER_LMA)
		return;
	if (tlfs_gpa_read(vp->pt, vmx_get_cr(vp, 3) & 0xffffffe0, pdpte, sizeof(pdpte),
			  vp->in_window))
		memset(pdpte, 0, sizeof(pdpte));
	if (!vmx_hold(vp))
		return;
	for (i = 0; i < ARRAY_SIZE(pdpte); i++)
		vmcs_write(GUEST_PDPTR0 + 2 * i, pdpte[i]);
	vmx_release();
}

static void set_cr0(struct tlfs_vp *vp, u64 val)
{
	struct vmx_vp *vmx = to_vmx(vp);

	/* whether #MF is to exit depends on it: vmx_exceptions() */
	if ((vmx->cr0 ^ val) & X86_CR0_NE)
		set_bit(TLFS_REQ_INTERCEPTS, &vp->requests);
	vmx->cr0 = val;
	vmx->guest_cr0 = (val & ~CR0_SHADOWED) | vmx_caps.cr0_fixed;
	vmx->cached |= VMX_CACHED_CR0;
	vmx_write(vp, CR0_READ_SHADOW, val);
	vmx_write(vp, GUEST_CR0, vmx->guest_cr0);
}

static void set_cr4(struct tlfs_vp *vp, u64 val)
{
	struct vmx_vp *vmx = to_vmx(vp);

	vmx->cr4 = val;
	/* with MCE off a machine check in the guest would be the host's end */
	vmx->guest_cr4 = (val | vmx_caps.cr4_fixed | X86_CR4_MCE) & vmx_caps.cr4_allowed;
	vmx->cached |= VMX_CACHED_CR4;
	vmx_write(vp, CR4_READ_SHADOW, val);
	vmx_write(vp, GUEST_CR4, vmx->guest_cr4);
}

static void set_tpr(struct tlfs_vp *vp, u8 tpr)
{
	struct vmx_vp *vmx = to_vmx(vp);

	WRITE_ONCE(vmx->vapic[VAPIC_TPR], tpr << 4);
	/* an entry wants the threshold no higher (27.2.1.1); who lowers the TPR looks anyway */
	if (vmx->tpr_threshold > tpr) {
		vmx->tpr_threshold = 0;
		vmx_write(vp, TPR_THRESHOLD, 0);
	}
}

void vmx_set_cr(struct tlfs_vp *vp, unsigned int nr, u64 val)
{
	struct vmx_vp *vmx = to_vmx(vp);

	switch (nr) {
	case 0:
		set_cr0(vp, val);
		break;
	case 2:
		vp->cr2 = val;
		return;
	case 3:
		vmx->guest_cr3 = val;
		vmx->cached |= VMX_CACHED_CR3;
		vmx_write(vp, GUEST_CR3, val);
		break;
	case 4:
		set_cr4(vp, val);
		break;
	case 8:
		set_tpr(vp, val & 0xf);
		return;
	}
	load_pdptes(vp);
}

u64 vmx_get_efer(struct tlfs_vp *vp)
{
	return to_vmx(vp)->efer;
}

void vmx_set_efer(struct tlfs_vp *vp, u64 val)
{
	struct vmx_vp *vmx = to_vmx(vp);
	u32 ctls = vmx->entry_ctls & ~VM_ENTRY_IA32E_MODE;

	if (val & EFER_LMA)
		ctls |= VM_ENTRY_IA32E_MODE;
	vmx->efer = val;
	vmx_write(vp, GUEST_IA32_EFER, val);
	if (ctls != vmx->entry_ctls) {
		vmx->entry_ctls = ctls;
		vmx_write(vp, VM_ENTRY_CONTROLS, ctls);
		load_pdptes(vp);
	}
	if (vp->in_window)
		vmx_load_syscall(vmx);
}

/* ---- MSRs ---- */

static u64 *msr_copy(struct vmx_vp *vmx, u32 msr)
{
	switch (msr) {
	case MSR_STAR:
		return &vmx->syscall[VMX_STAR];
	case MSR_LSTAR:
		return &vmx->syscall[VMX_LSTAR];
	case MSR_SYSCALL_MASK:
		return &vmx->syscall[VMX_SFMASK];
	case MSR_CSTAR:
		return &vmx->cstar;
	case MSR_IA32_CR_PAT:
		return &vmx->pat;
	case MSR_IA32_DEBUGCTLMSR:
		return &vmx->debugctl;
	}
	return NULL;
}

/* 0: not a guest-state field */
static unsigned long msr_field(u32 msr)
{
	switch (msr) {
	case MSR_FS_BASE:
		return GUEST_FS_BASE;
	case MSR_GS_BASE:
		return GUEST_GS_BASE;
	case MSR_IA32_SYSENTER_CS:
		return GUEST_SYSENTER_CS;
	case MSR_IA32_SYSENTER_ESP:
		return GUEST_SYSENTER_ESP;
	case MSR_IA32_SYSENTER_EIP:
		return GUEST_SYSENTER_EIP;
	}
	return 0;
}

int vmx_get_msr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	struct vmx_vp *vmx = to_vmx(vp);
	u64 *copy = msr_copy(vmx, msr);
	unsigned long field;

	if (copy) {
		*val = *copy;
		return 0;
	}
	if (msr == MSR_KERNEL_GS_BASE) {
		if (vp->in_window)
			rdmsrl(MSR_KERNEL_GS_BASE, vmx->kernel_gs);
		*val = vmx->kernel_gs;
		return 0;
	}
	field = msr_field(msr);
	if (!field)
		return -ENOENT;
	*val = vmx_read(vp, field);
	return 0;
}

int vmx_set_msr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	struct vmx_vp *vmx = to_vmx(vp);
	u64 *copy = msr_copy(vmx, msr);
	unsigned long field;

	if (copy) {
		*copy = val;
		if (msr == MSR_IA32_CR_PAT)
			vmx_write(vp, GUEST_IA32_PAT, val);
		else if (msr == MSR_IA32_DEBUGCTLMSR)
			/* records of last branches are not the guest's to read: none are made */
			vmx_write(vp, GUEST_IA32_DEBUGCTL, val & DEBUGCTLMSR_BTF);
		else if (vp->in_window)
			vmx_load_syscall(vmx);
		return 0;
	}
	if (msr == MSR_KERNEL_GS_BASE) {
		vmx->kernel_gs = val;
		if (vp->in_window)
			wrmsrl(MSR_KERNEL_GS_BASE, val);
		return 0;
	}
	field = msr_field(msr);
	if (!field)
		return -ENOENT;
	vmx_write(vp, field, val);
	return 0;
}

/* ---- debug registers: every access exits, and so does every #DB ---- */

u64 vmx_get_dr(struct tlfs_vp *vp, unsigned int nr)
{
	struct vmx_vp *vmx = to_vmx(vp);

	switch (nr) {
	case 0 ... 3:
		return vmx->dr[nr];
	case 6:
		return vmx->dr6;
	case 7:
		return vmx->dr7;
	}
	return 0;
}

void vmx_set_dr(struct tlfs_vp *vp, unsigned int nr, u64 val)
{
	struct vmx_vp *vmx = to_vmx(vp);

	switch (nr) {
	case 0 ... 3:
		vmx->dr[nr] = val;
		break;
	case 6:
		vmx->dr6 = val;
		return;
	case 7:
		vmx->dr7 = val;
		vmx_write(vp, GUEST_DR7, val);
		break;
	}
	if (vp->in_window)
		vmx_load_dr(vp);
}

/* ---- reset ---- */

static void reset_segments(struct tlfs_vp *vp)
{
	struct hv_x64_segment_register seg = { .limit = 0xffff };
	struct hv_x64_table_register table = { .limit = 0xffff };
	unsigned int i;

	for (i = TLFS_SEG_ES; i < TLFS_SEG_COUNT; i++) {
		seg.attributes = i == TLFS_SEG_LDTR ? 0x82 : i == TLFS_SEG_TR ? 0x8b : 0x93;
		if (i == TLFS_SEG_CS)
			continue;
		vmx_set_segment(vp, i, &seg);
	}
	seg.attributes = 0x9b;
	seg.selector = 0xf000;
	seg.base = 0xffff0000;
	vmx_set_segment(vp, TLFS_SEG_CS, &seg);
	vmx_set_table(vp, TLFS_TABLE_GDTR, &table);
	vmx_set_table(vp, TLFS_TABLE_IDTR, &table);
}

static void reset_msrs(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);

	memset(vmx->syscall, 0, sizeof(vmx->syscall));
	vmx->cstar = 0;
	vmx->kernel_gs = 0;
	vmx_set_msr(vp, MSR_IA32_CR_PAT, 0x0007040600070406ULL);
	vmx_write(vp, GUEST_SYSENTER_CS, 0);
	vmx_write(vp, GUEST_SYSENTER_ESP, 0);
	vmx_write(vp, GUEST_SYSENTER_EIP, 0);
}

/* power-on and INIT state: SDM volume 3, table 10-1 */
void vmx_vp_reset(struct tlfs_vp *vp, bool init)
{
	struct vmx_vp *vmx = to_vmx(vp);
	u64 cr0 = X86_CR0_CD | X86_CR0_NW;

	if (!vmx_hold(vp))
		return;
	/* INIT leaves CD and NW alone */
	if (init)
		cr0 &= vmx->cr0;
	vmcs_write(CR0_GUEST_HOST_MASK, ~CR0_GUEST);
	vmcs_write(CR4_GUEST_HOST_MASK, ~CR4_GUEST);
	vmx->efer = 0;
	vmx->cr0 = 0;		/* paging is off when CR4 is set */
	vmx->cached = 0;
	vmx_set_efer(vp, 0);
	set_cr0(vp, X86_CR0_ET | cr0);
	set_cr4(vp, 0);
	vmx_set_cr(vp, 3, 0);
	set_tpr(vp, 0);
	reset_segments(vp);
	if (!init)
		reset_msrs(vp);
	vmx_set_msr(vp, MSR_IA32_DEBUGCTLMSR, 0);
	memset(vmx->dr, 0, sizeof(vmx->dr));
	vmx->dr6 = DR6_RESERVED;
	vmx_set_dr(vp, 7, 0x400);

	memset(vp->regs, 0, sizeof(vp->regs));
	vp->regs[VP_RIP] = 0xfff0;
	vp->regs[VP_RFLAGS] = X86_EFLAGS_FIXED;
	vp->regs[VP_RDX] = cpuid_eax(1);
	vp->regs_avail = ~0u;
	vp->regs_dirty = VP_REGS_LAZY;

	vmcs_write(GUEST_ACTIVITY_STATE, GUEST_ACTIVITY_ACTIVE);
	vmcs_write(GUEST_INTERRUPTIBILITY_INFO, 0);
	vmcs_write(GUEST_PENDING_DBG_EXCEPTIONS, 0);
	vmcs_write(VM_ENTRY_INTR_INFO_FIELD, 0);
	vmx->cached &= ~VMX_CACHED_INTR_STATE;
	vmx->shadow_ended = false;
	vmx->cpu_ctls = vmx_caps.cpu;
	vmcs_write(CPU_BASED_VM_EXEC_CONTROL, vmx->cpu_ctls);
	vmx->flush = true;
	vmx_release();
}
