// SPDX-License-Identifier: GPL-2.0-only
/*
 * exit.c - what a #VMEXIT says, in the terms both vendors share
 *
 * Section numbers are those of the AMD64 Architecture Programmer's Manual, volume 2.
 */
#include <linux/string.h>

#include "svm.h"

static const u8 exit_kinds[SVM_EXIT_LAST + 1] = {
	[SVM_EXIT_CR_READ ... SVM_EXIT_CR_WRITE + 15] = TLFS_EXIT_CR,
	[SVM_EXIT_DR_READ ... SVM_EXIT_DR_WRITE + 15] = TLFS_EXIT_DR,
	[SVM_EXIT_EXCEPTION ... SVM_EXIT_EXCEPTION + 31] = TLFS_EXIT_EXCEPTION,
	[SVM_EXIT_INTR ... SVM_EXIT_SMI] = TLFS_EXIT_NONE,
	[SVM_EXIT_INIT] = TLFS_EXIT_INIT,
	[SVM_EXIT_VINTR] = TLFS_EXIT_INTR_WINDOW,
	[SVM_EXIT_CR0_SEL_WRITE] = TLFS_EXIT_CR,
	[SVM_EXIT_IDTR_READ ... SVM_EXIT_TR_READ] = TLFS_EXIT_TABLE,
	[SVM_EXIT_RDPMC] = TLFS_EXIT_RDPMC,
	[SVM_EXIT_CPUID] = TLFS_EXIT_CPUID,
	[SVM_EXIT_IRET] = TLFS_EXIT_NMI_WINDOW,
	[SVM_EXIT_INVD] = TLFS_EXIT_WBINVD,
	[SVM_EXIT_PAUSE] = TLFS_EXIT_PAUSE,
	[SVM_EXIT_HLT] = TLFS_EXIT_HLT,
	[SVM_EXIT_INVLPG] = TLFS_EXIT_INVLPG,
	[SVM_EXIT_INVLPGA] = TLFS_EXIT_UNDEFINED,
	[SVM_EXIT_IOIO] = TLFS_EXIT_IO,
	[SVM_EXIT_MSR] = TLFS_EXIT_RDMSR,
	[SVM_EXIT_TASK_SWITCH] = TLFS_EXIT_TASK_SWITCH,
	[SVM_EXIT_SHUTDOWN] = TLFS_EXIT_TRIPLE_FAULT,
	[SVM_EXIT_VMRUN] = TLFS_EXIT_UNDEFINED,
	[SVM_EXIT_VMMCALL] = TLFS_EXIT_HYPERCALL,
	[SVM_EXIT_VMLOAD ... SVM_EXIT_SKINIT] = TLFS_EXIT_UNDEFINED,
	[SVM_EXIT_WBINVD] = TLFS_EXIT_WBINVD,
	[SVM_EXIT_MONITOR] = TLFS_EXIT_MONITOR,
	[SVM_EXIT_MWAIT ... SVM_EXIT_MWAIT_ARMED] = TLFS_EXIT_MWAIT,
	[SVM_EXIT_XSETBV] = TLFS_EXIT_XSETBV,
	[SVM_EXIT_RDPRU] = TLFS_EXIT_UNDEFINED,
};

static void svm_decode_io(struct tlfs_exit *x, const struct vmcb *vmcb)
{
	u64 info = vmcb->control.exit_info_1;

	x->io.port = info >> SVM_IO_PORT_SHIFT;
	x->io.size = (info >> SVM_IO_SIZE_SHIFT) & 7;
	x->io.addr_size = ((info >> SVM_IO_ADDR_SHIFT) & 7) << 1;
	x->io.in = info & SVM_IO_IN;
	x->io.string = info & SVM_IO_STRING;
	x->io.rep = info & SVM_IO_REP;
	x->io.seg = (info >> SVM_IO_SEG_SHIFT) & 7;
	x->insn_len = vmcb->control.exit_info_2 - vmcb->save.rip;
	/* without decode assists the segment of OUTS is not reported (15.10.2) */
	if (!(svm_features & SVM_CPUID_DECODE))
		x->io.seg = TLFS_SEG_DS;
}

static void svm_decode_memory(struct tlfs_exit *x, const struct vmcb *vmcb)
{
	u64 error = vmcb->control.exit_info_1;

	x->mem.gpa = vmcb->control.exit_info_2;
	x->mem.gva = 0;
	x->mem.gva_valid = false;
	x->mem.walk = error & SVM_NPF_WALK;
	x->mem.access = error & SVM_NPF_FETCH ? TLFS_ACCESS_EXECUTE :
			error & SVM_NPF_WRITE ? TLFS_ACCESS_WRITE : TLFS_ACCESS_READ;
	if ((svm_features & SVM_CPUID_DECODE) && vmcb->control.insn_len <= TLFS_INSN_MAX) {
		x->nr_bytes = vmcb->control.insn_len;
		memcpy(x->bytes, vmcb->control.insn_bytes, TLFS_INSN_MAX);
	}
}

#define EXCEPTIONS_WITH_ERROR	(BIT(X86_TRAP_DF) | BIT(X86_TRAP_TS) | BIT(X86_TRAP_NP) | \
				 BIT(X86_TRAP_SS) | BIT(X86_TRAP_GP) | BIT(X86_TRAP_PF) | \
				 BIT(X86_TRAP_AC) | BIT(X86_TRAP_CP))

static void svm_decode_exception(struct tlfs_vp *vp, const struct vmcb *vmcb)
{
	struct tlfs_exit *x = &vp->exit;

	x->exc.vector = vmcb->control.exit_code - SVM_EXIT_EXCEPTION;
	x->exc.has_error = BIT(x->exc.vector) & EXCEPTIONS_WITH_ERROR;
	x->exc.error = x->exc.has_error ? vmcb->control.exit_info_1 : 0;
	x->exc.param = 0;
	/* a fault is no instruction's exit, though not every processor's nRIP says so */
	if (x->exc.vector != X86_TRAP_BP && x->exc.vector != X86_TRAP_OF)
		x->insn_len = 0;
	if (x->exc.vector == X86_TRAP_DB)
		x->exc.param = vmcb->save.dr6;
	else if (x->exc.vector == X86_TRAP_PF)
		x->exc.param = vmcb->control.exit_info_2;
	if (x->exc.vector == X86_TRAP_MC) {
		/* the host's: an intercepted machine check is not held for it (15.12.16) */
		asm volatile("int $18");
		x->kind = TLFS_EXIT_NONE;
	}
}

static void svm_decode_task(struct tlfs_exit *x, const struct vmcb *vmcb)
{
	u64 info = vmcb->control.exit_info_2;

	x->task.selector = vmcb->control.exit_info_1;
	x->task.has_error = info & SVM_TASK_HAS_ERROR;
	x->task.error = info;
	if (info & SVM_TASK_IRET)
		x->task.reason = 1;
	else if (info & SVM_TASK_JMP)
		x->task.reason = 2;
	else
		x->task.reason = vmcb->control.exit_int_info & SVM_EVENT_VALID ? 3 : 0;
}

void svm_decode(struct tlfs_vp *vp)
{
	struct svm_vp *svm = to_svm(vp);
	struct vmcb *vmcb = svm->vmcb;
	struct tlfs_exit *x = &vp->exit;
	u64 code = vmcb->control.exit_code;

	x->hw = code;
	x->nr_bytes = 0;
	x->insn_len = 0;
	if (code > SVM_EXIT_LAST) {
		if (code == SVM_EXIT_NPF) {
			x->kind = TLFS_EXIT_MEMORY;
			svm_decode_memory(x, vmcb);
		} else {
			x->kind = TLFS_EXIT_FAILED;
			x->fail.reason = code;
		}
		return;
	}
	/* zero for exits that are no instruction's */
	if (vmcb->control.next_rip && (svm_features & SVM_CPUID_NRIPS))
		x->insn_len = vmcb->control.next_rip - vmcb->save.rip;

	x->kind = exit_kinds[code];
	switch (x->kind) {
	case TLFS_EXIT_RDMSR:
		if (vmcb->control.exit_info_1 & 1)
			x->kind = TLFS_EXIT_WRMSR;
		break;
	case TLFS_EXIT_IO:
		svm_decode_io(x, vmcb);
		break;
	case TLFS_EXIT_CR:
	case TLFS_EXIT_DR:
		x->cr.nr = code == SVM_EXIT_CR0_SEL_WRITE ? 0 : code & 15;
		x->cr.write = code == SVM_EXIT_CR0_SEL_WRITE || code & 16;
		x->cr.gpr = 0xff;
		if ((svm_features & SVM_CPUID_DECODE) &&
		    (x->kind == TLFS_EXIT_DR || vmcb->control.exit_info_1 & SVM_CR_MOV))
			x->cr.gpr = vmcb->control.exit_info_1 & 15;
		/* the TPR held an interrupt back: see whether it still does */
		if (code == SVM_EXIT_CR_WRITE + 8) {
			svm_intr_window(vp, 0);
			set_bit(TLFS_REQ_EVENT, &vp->requests);
		}
		break;
	case TLFS_EXIT_EXCEPTION:
		svm_decode_exception(vp, vmcb);
		break;
	case TLFS_EXIT_INTR_WINDOW:
		svm_intr_window(vp, 0);
		break;
	case TLFS_EXIT_NMI_WINDOW:
		svm->iret_seen = true;
		svm->iret_rip = vmcb->save.rip;
		svm_intercept(vmcb, SVM_ICPT_IRET, false);
		break;
	case TLFS_EXIT_TASK_SWITCH:
		svm_decode_task(x, vmcb);
		break;
	}
}
