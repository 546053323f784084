// SPDX-License-Identifier: GPL-2.0-only
/*
 * report.c - why an entry was refused
 *
 * The processor only says that some field of the guest's state is not as it should be.  The rules
 * of 27.3.1 that registers from a VMM can break are checked here again, and the first broken one is
 * named.
 */
#include <asm/processor-flags.h>

#include "vmx.h"

#define AR_TYPE		0xf
#define AR_LONG_OR_BIG	(HV_SEGMENT_LONG | HV_SEGMENT_DEFAULT)
#define RFLAGS_RESERVED	(~0x3f7fd7ULL)

struct state {
	u64 cr0, cr4, rflags, efer;
	u32 entry, intr_info, intr_state;
	bool v86, long_mode;
};

static bool canonical(u64 va, u64 cr4)
{
	unsigned int shift = cr4 & X86_CR4_LA57 ? 7 : 16;

	return (u64)((s64)(va << shift) >> shift) == va;
}

static const char *check_control(const struct state *s)
{
	bool paging = s->cr0 & X86_CR0_PG;

	if (paging && !(s->cr0 & X86_CR0_PE))
		return "CR0: PG without PE";
	if (s->cr4 & ~vmx_caps.cr4_allowed)
		return "CR4: a bit this processor does not have";
	if (s->long_mode && (!paging || !(s->cr4 & X86_CR4_PAE)))
		return "EFER: LMA without paging and PAE";
	if (!s->long_mode && s->cr4 & X86_CR4_PCIDE)
		return "CR4: PCIDE outside long mode";
	if (!(s->efer & EFER_LMA) != !s->long_mode)
		return "EFER: LMA";
	if (paging && !(s->efer & EFER_LMA) != !(s->efer & EFER_LME))
		return "EFER: LMA is not LME";
	if (vmcs_read(GUEST_CR3) >> boot_cpu_data.x86_phys_bits)
		return "CR3: too wide";
	if (!canonical(vmcs_read(GUEST_SYSENTER_ESP), s->cr4) ||
	    !canonical(vmcs_read(GUEST_SYSENTER_EIP), s->cr4))
		return "SYSENTER_ESP or SYSENTER_EIP: not canonical";
	if (vmcs_read(GUEST_DR7) >> 32)
		return "DR7";
	return NULL;
}

static const char *const seg_name[TLFS_SEG_COUNT] = {
	"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR",
};

static bool seg_common_bad(enum tlfs_seg seg, u32 ar, const struct state *s)
{
	u32 limit = vmcs_read(VMCS_SEG(LIMIT, seg));
	u64 base = vmcs_read(VMCS_SEG(BASE, seg));
	bool granular = ar & HV_SEGMENT_GRANULARITY;

	if (seg >= TLFS_SEG_FS ? !canonical(base, s->cr4) : base >> 32)
		return true;
	if (!(ar & HV_SEGMENT_PRESENT) || ar & ~VMCS_AR_MASK)
		return true;
	return ((limit & 0xfff) != 0xfff && granular) || (limit >> 20 && !granular);
}

static bool cs_bad(u32 ar, u32 ss_ar, const struct state *s)
{
	u8 type = ar & AR_TYPE, dpl = ar & HV_SEGMENT_DPL_MASK, cpl = ss_ar & HV_SEGMENT_DPL_MASK;

	if (s->long_mode && (ar & AR_LONG_OR_BIG) == AR_LONG_OR_BIG)
		return true;
	switch (type) {
	case 3:
		return dpl;
	case 9:
	case 11:
		return dpl != cpl;
	case 13:
	case 15:
		return dpl > cpl;
	}
	return true;
}

static bool seg_bad(enum tlfs_seg seg, const struct state *s)
{
	u32 ar = vmcs_read(VMCS_SEG(AR_BYTES, seg)), ss_ar = vmcs_read(GUEST_SS_AR_BYTES);
	u16 sel = vmcs_read(VMCS_SEG(SELECTOR, seg));
	u8 type = ar & AR_TYPE;

	if (s->v86 && seg < TLFS_SEG_LDTR)
		return vmcs_read(VMCS_SEG(BASE, seg)) != (u32)sel << 4 || ar != 0xf3 ||
		       vmcs_read(VMCS_SEG(LIMIT, seg)) != 0xffff;
	if (seg == TLFS_SEG_SS && ar & HV_SEGMENT_DPL_MASK && !(s->cr0 & X86_CR0_PE))
		return true;
	if (ar & VMCS_AR_UNUSABLE)
		return seg == TLFS_SEG_CS || seg == TLFS_SEG_TR;
	if (seg_common_bad(seg, ar, s))
		return true;
	switch (seg) {
	case TLFS_SEG_TR:
		return sel & 4 || ar & HV_SEGMENT_NON_SYSTEM ||
		       (type != 11 && (type != 3 || s->long_mode));
	case TLFS_SEG_LDTR:
		return sel & 4 || ar & HV_SEGMENT_NON_SYSTEM || type != 2;
	case TLFS_SEG_CS:
		return !(ar & HV_SEGMENT_NON_SYSTEM) || cs_bad(ar, ss_ar, s);
	case TLFS_SEG_SS:
		return !(ar & HV_SEGMENT_NON_SYSTEM) || (type != 3 && type != 7);
	default:
		return !(ar & HV_SEGMENT_NON_SYSTEM) || !(type & 1) || (type & 8 && !(type & 2));
	}
}

static const char *check_rest(const struct state *s)
{
	u64 rip = vmcs_read(GUEST_RIP);
	bool extint = (s->intr_info & (INTR_INFO_VALID_MASK | INTR_INFO_INTR_TYPE_MASK)) ==
		      (INTR_INFO_VALID_MASK | INTR_TYPE_EXT_INTR);

	if (!canonical(vmcs_read(GUEST_GDTR_BASE), s->cr4) ||
	    !canonical(vmcs_read(GUEST_IDTR_BASE), s->cr4))
		return "GDTR or IDTR: not canonical";
	if (s->long_mode && vmcs_read(GUEST_CS_AR_BYTES) & HV_SEGMENT_LONG) {
		if (!canonical(rip, s->cr4))
			return "RIP: not canonical";
	} else if (rip >> 32) {
		return "RIP: more than 32 bits";
	}
	if (s->rflags & RFLAGS_RESERVED || !(s->rflags & X86_EFLAGS_FIXED))
		return "RFLAGS: reserved bit";
	if (s->v86 && (s->long_mode || !(s->cr0 & X86_CR0_PE)))
		return "RFLAGS: VM outside protected mode";
	if (extint && !(s->rflags & X86_EFLAGS_IF))
		return "RFLAGS: IF is clear and an interrupt injected";
	if (s->intr_state & GUEST_INTR_STATE_STI && !(s->rflags & X86_EFLAGS_IF))
		return "interrupt state: shadow of STI with IF clear";
	if (extint && s->intr_state & VMCS_INTR_SHADOW)
		return "interrupt state: shadow with an interrupt injected";
	if (s->intr_state & VMCS_INTR_SHADOW && s->rflags & X86_EFLAGS_TF)
		return "interrupt state: shadow with TF set and no trap pending";
	return NULL;
}

static const char *entry_fault(struct tlfs_vp *vp)
{
	struct state s = {
		.cr0 = vmcs_read(GUEST_CR0),
		.cr4 = vmcs_read(GUEST_CR4),
		.rflags = vmcs_read(GUEST_RFLAGS),
		.efer = vmcs_read(GUEST_IA32_EFER),
		.entry = vmcs_read(VM_ENTRY_CONTROLS),
		.intr_info = to_vmx(vp)->failed_event,
		.intr_state = vmcs_read(GUEST_INTERRUPTIBILITY_INFO),
	};
	const char *why;
	unsigned int i;

	s.v86 = s.rflags & X86_EFLAGS_VM;
	s.long_mode = s.entry & VM_ENTRY_IA32E_MODE;
	why = check_control(&s);
	for (i = 0; !why && i < TLFS_SEG_COUNT; i++)
		if (seg_bad(i, &s))
			why = seg_name[i];
	return why ?: check_rest(&s) ?: "not found: a PDPTE, perhaps";
}

static const char *instruction_error(u32 error)
{
	switch (error) {
	case 4:
		return "VMLAUNCH with non-clear VMCS";
	case 5:
		return "VMRESUME with non-launched VMCS";
	case 7:
		return "invalid control fields";
	case 8:
		return "invalid host-state fields";
	case 26:
		return "events blocked by MOV SS";
	}
	return "see SDM volume 3, 31.4";
}

static void dump_fields(struct tlfs_vp *vp)
{
	unsigned int i;

	pr_err("tlfs: rip %llx rsp %llx rflags %llx cr0 %llx (%llx) cr3 %llx cr4 %llx (%llx) efer %llx\n",
	       vmcs_read(GUEST_RIP), vmcs_read(GUEST_RSP), vmcs_read(GUEST_RFLAGS),
	       vmcs_read(GUEST_CR0), vmcs_read(CR0_READ_SHADOW), vmcs_read(GUEST_CR3),
	       vmcs_read(GUEST_CR4), vmcs_read(CR4_READ_SHADOW), vmcs_read(GUEST_IA32_EFER));
	for (i = 0; i < TLFS_SEG_COUNT; i++)
		pr_err("tlfs: %s %llx/%llx/%llx/%llx\n", seg_name[i],
		       vmcs_read(VMCS_SEG(SELECTOR, i)), vmcs_read(VMCS_SEG(AR_BYTES, i)),
		       vmcs_read(VMCS_SEG(LIMIT, i)), vmcs_read(VMCS_SEG(BASE, i)));
	pr_err("tlfs: controls %llx/%llx/%llx/%llx/%llx interrupt state %llx event %x dr7 %llx\n",
	       vmcs_read(PIN_BASED_VM_EXEC_CONTROL), vmcs_read(CPU_BASED_VM_EXEC_CONTROL),
	       vmcs_read(SECONDARY_VM_EXEC_CONTROL), vmcs_read(VM_EXIT_CONTROLS),
	       vmcs_read(VM_ENTRY_CONTROLS), vmcs_read(GUEST_INTERRUPTIBILITY_INFO),
	       to_vmx(vp)->failed_event, vmcs_read(GUEST_DR7));
}

void vmx_dump(struct tlfs_vp *vp)
{
	u32 reason = vp->exit.hw;

	if (!vmx_hold(vp))
		return;
	if (to_vmx(vp)->fail)
		pr_err("tlfs: VP %u: VM entry failed: error %u, %s\n", vp->index,
		       to_vmx(vp)->fail, instruction_error(to_vmx(vp)->fail));
	else if (reason & VMCS_EXIT_ENTRY_FAILED)
		pr_err("tlfs: VP %u: VM entry refused (reason %u): %s\n", vp->index,
		       reason & VMCS_EXIT_BASIC_MASK, entry_fault(vp));
	else
		pr_err("tlfs: VP %u: exit reason %u qualification %llx gpa %llx\n", vp->index,
		       reason, vmcs_read(EXIT_QUALIFICATION), vmcs_read(GUEST_PHYSICAL_ADDRESS));
	dump_fields(vp);
	vmx_release();
}
