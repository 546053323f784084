// SPDX-License-Identifier: GPL-2.0-only
/*
 * step.c - RF and TF around what is injected into the guest and completed for it
 */
#include <asm/debugreg.h>
#include <asm/processor-flags.h>

#include "tlfs.h"

/* faults, which push RF: an instruction breakpoint does not trap again after them */
#define RF_FAULTS	(BIT(X86_TRAP_DE) | BIT(X86_TRAP_BR) | BIT(X86_TRAP_UD) |		\
			 BIT(X86_TRAP_NM) | BIT(X86_TRAP_TS) | BIT(X86_TRAP_NP) |		\
			 BIT(X86_TRAP_SS) |							\
			 BIT(X86_TRAP_GP) | BIT(X86_TRAP_PF) | BIT(X86_TRAP_MF) |		\
			 BIT(X86_TRAP_AC) | BIT(X86_TRAP_XF))

void tlfs_fault_flags(struct tlfs_vp *vp)
{
	if (RF_FAULTS & BIT(vp->event.vector & 31))
		vp_set_reg(vp, VP_RFLAGS, vp_reg(vp, VP_RFLAGS) | X86_EFLAGS_RF);
}

void tlfs_insn_flags(struct tlfs_vp *vp)
{
	u64 rflags = vp_reg(vp, VP_RFLAGS);

	if (rflags & X86_EFLAGS_RF)
		vp_set_reg(vp, VP_RFLAGS, rflags & ~(u64)X86_EFLAGS_RF);
	if (rflags & X86_EFLAGS_TF)
		tlfs_queue_exception(vp, X86_TRAP_DB, false, 0, DR_STEP);
}

u64 tlfs_rip_beyond(struct tlfs_vp *vp, u64 rip)
{
	u64 canonical = (s64)(rip << 16) >> 16;

	if (!vp_long_mode(vp))
		return lower_32_bits(rip);
	/*
	 * Behind the lower half there is nothing.  VMX does not enter a guest that is there, which
	 * would be the end of it: its fault comes on the other side
	 */
	if (rip != canonical)
		tlfs_inject_gp(vp);
	return canonical;
}

/* was it an instruction that a VMM completes */
static bool completes(const struct tlfs_vp *vp)
{
	switch (vp->exit.kind) {
	case TLFS_EXIT_IO:
	case TLFS_EXIT_RDMSR:
	case TLFS_EXIT_WRMSR:
	case TLFS_EXIT_CPUID:
	case TLFS_EXIT_MEMORY:
	case TLFS_EXIT_HYPERCALL:
		return vp->intercept_suspend;
	}
	return false;
}

/* VMMs know of RIP only: the rest of what the end of an instruction means is ours */
void tlfs_vmm_moves_rip(struct tlfs_vp *vp, u64 rip)
{
	u64 by = rip - vp_reg(vp, VP_RIP);

	if (by) {
		tlfs_vp_end_shadow(vp);
		if (by <= TLFS_INSN_MAX && completes(vp)) {
			tlfs_insn_flags(vp);
			rip = tlfs_rip_beyond(vp, rip);
		}
	}
	/* or it gives a VP somewhere to go after a triple fault */
	vp->shutdown = false;
	vp_set_reg(vp, VP_RIP, rip);
}
