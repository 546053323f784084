// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmx.c - Intel VMX behind the vendor seam: one run of the guest
 */
#include <linux/percpu.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/segment.h>
#include <asm/special_insns.h>

#include "vmx.h"

#define VMX_WINDOWS	(CPU_BASED_INTR_WINDOW_EXITING | CPU_BASED_NMI_WINDOW_EXITING)

static const u16 verw_selector = __KERNEL_DS;

static void vmx_flush_tlb(struct tlfs_vp *vp)
{
	to_vmx(vp)->flush = true;
}

/*
 * Translations are tagged with the VPID, and with the EPT pointer for what comes of second-level
 * tables alone; a change of these concerns both, the guest's own flush only the first.
 */
static noinline void vmx_do_flush(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);
	unsigned long flushes = READ_ONCE(vp->pt->gpa.flushes);

	vmx->flush = false;
	if (flushes != vmx->gpa_flushes) {
		vmx->gpa_flushes = flushes;
		vmcs_invept(vmx_caps.ept_vpid & VMCS_INVEPT_SINGLE ? VMCS_INV_SINGLE : VMCS_INV_ALL,
			    vmx->eptp);
	}
	if (vmx->vpid)
		vmcs_invvpid(vmx_caps.ept_vpid & VMCS_INVVPID_SINGLE ? VMCS_INV_SINGLE :
								       VMCS_INV_ALL, vmx->vpid);
}

/* flags that did not come about by the guest's own instructions, beside a shadow (27.3.1.5) */
static void vmx_check_shadow(struct tlfs_vp *vp)
{
	u64 rflags = vp->regs[VP_RFLAGS];
	u32 clear = 0;

	/* with interrupts off there is no shadow of STI */
	if (!(rflags & X86_EFLAGS_IF))
		clear = GUEST_INTR_STATE_STI;
	/* and with TF a trap would have to be pending */
	if (rflags & X86_EFLAGS_TF)
		clear = VMCS_INTR_SHADOW;
	if (clear)
		vmx_change_intr_state(vp, clear, 0);
}

static void vmx_write_regs(struct tlfs_vp *vp)
{
	if (vp->regs_dirty & BIT(VP_RIP))
		vmcs_write(GUEST_RIP, vp->regs[VP_RIP]);
	if (unlikely(vp->regs_dirty & BIT(VP_RSP)))
		vmcs_write(GUEST_RSP, vp->regs[VP_RSP]);
	if (unlikely(vp->regs_dirty & BIT(VP_RFLAGS))) {
		vmcs_write(GUEST_RFLAGS, vp->regs[VP_RFLAGS]);
		vmx_check_shadow(vp);
	}
}

/* what changes rarely, and is not switched by the entry */
static void vmx_prepare(struct tlfs_vp *vp)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);
	struct vmx_vp *vmx = to_vmx(vp);
	u64 cr4 = __read_cr4();

	if (unlikely(vmx->flush))
		vmx_do_flush(vp);
	/* an interrupt may have changed it since the last entry (PCE, TSD) */
	if (unlikely(cr4 != vmx->host_cr4)) {
		vmx->host_cr4 = cr4;
		vmcs_write(HOST_CR4, cr4);
	}
	if (unlikely(vp->tsc_aux != vc->tsc_aux) &&
	    vmx_caps.cpu2 & SECONDARY_EXEC_ENABLE_RDTSCP) {
		vc->tsc_aux = vp->tsc_aux;
		wrmsrl(MSR_TSC_AUX, vp->tsc_aux);
	}
	/* see vmx_end_shadow() */
	if (unlikely(vmx->shadow_ended && (vmx->cpu_ctls & VMX_WINDOWS || vmx->tpr_threshold)))
		vmx_intr_state(vp);
	vmx->shadow_ended = false;

	if (native_read_cr2() != vp->cr2)
		native_write_cr2(vp->cr2);
}

static void vmx_failed(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);

	vmx->fail = vmcs_read(VM_INSTRUCTION_ERROR);
	vmx_keep_event(vp);
	vp->exit.kind = TLFS_EXIT_FAILED;
	vp->exit.hw = vmx->fail;
	vp->exit.fail.reason = vmx->fail;
	vp->exit.nr_bytes = 0;
	vp->exit.insn_len = 0;
}

static void vmx_enter_held(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);
	bool failed;
	u32 reason;

	if (likely(vp->regs_dirty & VP_REGS_LAZY))
		vmx_write_regs(vp);
	vmx_prepare(vp);
	if (vmx_caps.verw)
		asm volatile("verw %0" : : "m" (verw_selector) : "cc");

	failed = vmx_enter_guest(vp->regs, vmx->launched, &vmx->host_rsp);

	/* IBRS protects only from what ran before it was written */
	if (cpu_feature_enabled(X86_FEATURE_KERNEL_IBRS))
		wrmsrl(MSR_IA32_SPEC_CTRL, this_cpu_read(x86_spec_ctrl_current));
	vp->cr2 = native_read_cr2();
	vp->regs_avail = ~(u32)VP_REGS_LAZY;
	vp->regs_dirty = 0;
	vmx->cached = 0;
	if (unlikely(failed)) {
		vmx_failed(vp);
		return;
	}
	vmx->fail = 0;
	reason = vmcs_read(VM_EXIT_REASON);
	/* a VMLAUNCH that is refused leaves the VMCS clear */
	if (likely(!(reason & VMCS_EXIT_ENTRY_FAILED)))
		vmx->launched = true;
	vmx_decode(vp, reason);
}

static void vmx_enter(struct tlfs_vp *vp)
{
	if (!TLFS_VMX_BRIEF) {
		vmx_enter_held(vp);
		return;
	}
	/* vmx_inject() may hold it already */
	if (!vmx_held(vp) && !vmx_hold(vp)) {
		vp->exit.kind = TLFS_EXIT_LOST;
		return;
	}
	/* a write was lost in the meantime: what this VP's state is nobody knows */
	if (unlikely(to_vmx(vp)->lost)) {
		vp->exit.kind = TLFS_EXIT_LOST;
	} else {
		vmx_enter_held(vp);
		vmx_cache_all(vp);
	}
	vmx_release();
}

const struct tlfs_ops tlfs_vmx_ops = {
	.name = "VMX",
	.hypercall_insn = { 0x0f, 0x01, 0xc1 },
	.slp = &vmx_ept_format,
	.check = vmx_check,
	.setup = vmx_setup,
	.teardown = vmx_teardown,
	.lp_enable = vmx_lp_enable,
	.lp_disable = vmx_lp_disable,
	.vp_create = vmx_vp_create,
	.vp_destroy = vmx_vp_destroy,
	.vp_reset = vmx_vp_reset,
	.load = vmx_load,
	.put = vmx_put,
	.enter = vmx_enter,
	.inject = vmx_inject,
	.intr_allowed = vmx_intr_allowed,
	.nmi_allowed = vmx_nmi_allowed,
	.intr_window = vmx_intr_window,
	.nmi_window = vmx_nmi_window,
	.cache_reg = vmx_cache_reg,
	.get_cr = vmx_get_cr,
	.set_cr = vmx_set_cr,
	.get_efer = vmx_get_efer,
	.set_efer = vmx_set_efer,
	.get_msr = vmx_get_msr,
	.set_msr = vmx_set_msr,
	.get_dr = vmx_get_dr,
	.set_dr = vmx_set_dr,
	.get_segment = vmx_get_segment,
	.set_segment = vmx_set_segment,
	.get_table = vmx_get_table,
	.set_table = vmx_set_table,
	.cs_attributes = vmx_cs_attributes,
	.cpl = vmx_cpl,
	.get_shadow = vmx_get_shadow,
	.set_shadow = vmx_set_shadow,
	.end_shadow = vmx_end_shadow,
	.flush_tlb = vmx_flush_tlb,
	.exceptions = vmx_exceptions,
	.tsc_offset = vmx_tsc_offset,
	.dump = vmx_dump,
};
