// SPDX-License-Identifier: GPL-2.0-only
/*
 * exit.c - why the guest stopped, in the terms both vendors share
 *
 * Every VMREAD costs: a kind of exit reads the fields it needs and no more.
 */
#include <linux/linkage.h>

#include "x86/insn.h"
#include "vmx.h"

/* newer than the oldest headers */
#define EXIT_ENCLV		70
#define EXIT_BUS_LOCK		74
#define EXIT_LOADIWKEY		69
#define EXIT_LAST		EXIT_BUS_LOCK

/* 0 is no reason of its own: what is not named here is a failure */
#define KIND(kind)		(TLFS_EXIT_##kind + 1)
#define KIND_MASK		0x3f
/* an instruction exited, and its length is known */
#define INSN			0x80
/* the exit may have cut the delivery of an event short */
#define VECTORING		0x40
/* there is more to read */
#define MORE			0x100

static const u16 exit_kinds[EXIT_LAST + 1] = {
	[EXIT_REASON_EXCEPTION_NMI] = MORE | KIND(EXCEPTION) | VECTORING,
	[EXIT_REASON_EXTERNAL_INTERRUPT] = KIND(NONE),
	[EXIT_REASON_TRIPLE_FAULT] = KIND(TRIPLE_FAULT),
	[EXIT_REASON_INIT_SIGNAL] = KIND(INIT),
	[EXIT_REASON_SIPI_SIGNAL] = KIND(INIT),
	[5] = KIND(SMI),
	[6] = KIND(SMI),
	[EXIT_REASON_INTERRUPT_WINDOW] = MORE | KIND(INTR_WINDOW),
	[EXIT_REASON_NMI_WINDOW] = MORE | KIND(NMI_WINDOW),
	[EXIT_REASON_TASK_SWITCH] = MORE | KIND(TASK_SWITCH) | INSN,
	[EXIT_REASON_CPUID] = KIND(CPUID) | INSN,
	[11] = KIND(UNDEFINED),		/* GETSEC */
	[EXIT_REASON_HLT] = KIND(HLT) | INSN,
	[EXIT_REASON_INVD] = KIND(WBINVD) | INSN,
	[EXIT_REASON_INVLPG] = KIND(INVLPG) | INSN,
	[EXIT_REASON_RDPMC] = KIND(RDPMC) | INSN,
	[17] = KIND(UNDEFINED),		/* RSM */
	[EXIT_REASON_VMCALL] = KIND(HYPERCALL) | INSN,
	[EXIT_REASON_VMCLEAR ... EXIT_REASON_VMON] = KIND(UNDEFINED),
	[EXIT_REASON_CR_ACCESS] = MORE | KIND(CR) | INSN,
	[EXIT_REASON_DR_ACCESS] = MORE | KIND(DR) | INSN,
	[EXIT_REASON_IO_INSTRUCTION] = MORE | KIND(IO) | INSN,
	[EXIT_REASON_MSR_READ] = KIND(RDMSR) | INSN,
	[EXIT_REASON_MSR_WRITE] = KIND(WRMSR) | INSN,
	[EXIT_REASON_MWAIT_INSTRUCTION] = KIND(MWAIT),
	[EXIT_REASON_MONITOR_INSTRUCTION] = KIND(MONITOR),
	[EXIT_REASON_PAUSE_INSTRUCTION] = KIND(PAUSE) | INSN,
	[EXIT_REASON_TPR_BELOW_THRESHOLD] = MORE | KIND(INTR_WINDOW),
	[EXIT_REASON_EPT_VIOLATION] = MORE | KIND(MEMORY) | VECTORING,
	[EXIT_REASON_INVEPT] = KIND(UNDEFINED),
	[EXIT_REASON_PREEMPTION_TIMER] = KIND(NONE),
	[EXIT_REASON_INVVPID] = KIND(UNDEFINED),
	[EXIT_REASON_WBINVD] = KIND(WBINVD) | INSN,
	[EXIT_REASON_XSETBV] = KIND(XSETBV) | INSN,
	[EXIT_REASON_VMFUNC] = KIND(UNDEFINED),
	[EXIT_REASON_ENCLS] = KIND(UNDEFINED),
	[EXIT_REASON_XSAVES] = KIND(UNDEFINED),
	[EXIT_REASON_XRSTORS] = KIND(UNDEFINED),
	[EXIT_REASON_UMWAIT] = KIND(UNDEFINED),
	[EXIT_REASON_TPAUSE] = KIND(UNDEFINED),
	[EXIT_LOADIWKEY] = KIND(UNDEFINED),
	[EXIT_ENCLV] = KIND(UNDEFINED),
	[EXIT_BUS_LOCK] = KIND(NONE),
};

/* ---- NMIs, machine checks, exceptions ---- */

/*
 * A fault in an IRET that had unmasked NMIs: they are masked until it has run (28.2.3).  Not if
 * another event was being delivered, nor for #DF.
 */
static void decode_iret(struct tlfs_vp *vp)
{
	if (!vp->event.pending)
		vmx_change_intr_state(vp, 0, GUEST_INTR_STATE_NMI);
}

/*
 * ICEBP is a #DB that pushes the address of the next instruction, and no DR6 tells of it: it goes
 * back as what it was.
 */
static void decode_icebp(struct tlfs_vp *vp)
{
	vp->event.pending = true;
	vp->event.type = TLFS_EVENT_PRIV_SOFTEXC;
	vp->event.vector = X86_TRAP_DB;
	vp->event.insn_len = vmcs_read(VM_EXIT_INSTRUCTION_LEN);
	vp->event.has_error = false;
	vp->event.param = 0;
	vp->exit.kind = TLFS_EXIT_NONE;
}

static void decode_db(struct tlfs_vp *vp, u32 type)
{
	struct tlfs_exit *x = &vp->exit;

	/*
	 * The handler will find no shadow.  It must not be there at the entry either: with TF it
	 * would have to be accompanied by a pending trap, which is what came out here (27.3.1.5)
	 */
	vmx_change_intr_state(vp, VMCS_INTR_SHADOW, 0);
	/* an instruction's is never intercepted in 2.0 (11.12) */
	if (type == INTR_TYPE_PRIV_SW_EXCEPTION &&
	    (vp->pt->v2 || !(READ_ONCE(vp->pt->intercepts.exceptions) & BIT(X86_TRAP_DB))))
		decode_icebp(vp);
	else
		x->exc.param = vmcs_read(EXIT_QUALIFICATION) & VMCS_DB_PARAM;
}

static void decode_exception(struct tlfs_vp *vp)
{
	u32 info = vmcs_read(VM_EXIT_INTR_INFO), type = info & INTR_INFO_INTR_TYPE_MASK;
	struct tlfs_exit *x = &vp->exit;

	if (type == INTR_TYPE_NMI_INTR) {
		/*
		 * The exit has masked NMIs as if this one had been delivered.  So this delivers it,
		 * on its own stack, and its IRET unmasks them
		 */
		asm volatile("int $2");
		x->kind = TLFS_EXIT_NONE;
		return;
	}
	x->exc.vector = info & INTR_INFO_VECTOR_MASK;
	if (x->exc.vector == X86_TRAP_MC) {
		asm volatile("int $18");
		x->kind = TLFS_EXIT_NONE;
		return;
	}
	x->exc.has_error = info & INTR_INFO_DELIVER_CODE_MASK;
	x->exc.error = x->exc.has_error ? vmcs_read(VM_EXIT_INTR_ERROR_CODE) : 0;
	x->exc.param = 0;
	if (type == INTR_TYPE_SOFT_EXCEPTION)
		x->insn_len = vmcs_read(VM_EXIT_INSTRUCTION_LEN);
	if (info & INTR_INFO_UNBLOCK_NMI && x->exc.vector != X86_TRAP_DF)
		decode_iret(vp);
	if (x->exc.vector == X86_TRAP_PF)
		x->exc.param = vmcs_read(EXIT_QUALIFICATION);
	else if (x->exc.vector == X86_TRAP_DB)
		decode_db(vp, type);
}

/* ---- the others ---- */

static void decode_memory(struct tlfs_vp *vp)
{
	u64 q = vmcs_read(EXIT_QUALIFICATION);
	struct tlfs_exit *x = &vp->exit;

	x->mem.gpa = vmcs_read(GUEST_PHYSICAL_ADDRESS);
	x->mem.gva_valid = q & VMCS_EPTV_GVA_VALID;
	x->mem.gva = x->mem.gva_valid ? vmcs_read(GUEST_LINEAR_ADDRESS) : 0;
	x->mem.walk = x->mem.gva_valid && !(q & VMCS_EPTV_FINAL);
	x->mem.access = q & VMCS_EPTV_FETCH ? TLFS_ACCESS_EXECUTE :
			q & VMCS_EPTV_WRITE ? TLFS_ACCESS_WRITE : TLFS_ACCESS_READ;
	if (q & VMCS_EPTV_UNBLOCK_NMI)
		decode_iret(vp);
}

static void decode_io(struct tlfs_vp *vp)
{
	u64 q = vmcs_read(EXIT_QUALIFICATION);
	struct tlfs_exit *x = &vp->exit;
	u32 info;

	x->io.port = q >> VMCS_IO_PORT_SHIFT;
	x->io.size = (q & VMCS_IO_SIZE) + 1;
	x->io.in = q & VMCS_IO_IN;
	x->io.string = q & VMCS_IO_STRING;
	x->io.rep = q & VMCS_IO_REP;
	x->io.seg = TLFS_SEG_DS;
	x->io.addr_size = 0;
	if (!x->io.string)
		return;
	if (vmx_caps.string_info) {
		info = vmcs_read(VMX_INSTRUCTION_INFO);
		x->io.addr_size = 2 << ((info >> VMCS_IO_INFO_ADDR_SHIFT) & 3);
		if (!x->io.in)
			x->io.seg = (info >> VMCS_IO_INFO_SEG_SHIFT) & 7;
	} else {
		x->io.addr_size = tlfs_insn_mode(vp);
	}
}

static void decode_cr(struct tlfs_exit *x)
{
	u64 q = vmcs_read(EXIT_QUALIFICATION);
	u8 type = (q & CONTROL_REG_ACCESS_TYPE) >> VMCS_CR_TYPE_SHIFT;

	x->cr.nr = q & 0xf;
	x->cr.write = type == VMCS_CR_MOV_TO;
	/* CLTS and LMSW are decoded */
	x->cr.gpr = type <= VMCS_CR_MOV_FROM ? (q >> VMCS_CR_GPR_SHIFT) & 0xf : 0xff;
}

static void decode_dr(struct tlfs_exit *x)
{
	u64 q = vmcs_read(EXIT_QUALIFICATION);

	x->dr.nr = q & 7;
	x->dr.write = !(q & VMCS_DR_FROM);
	x->dr.gpr = (q >> VMCS_CR_GPR_SHIFT) & 0xf;
}

static void decode_task(struct tlfs_vp *vp)
{
	u64 q = vmcs_read(EXIT_QUALIFICATION);
	struct tlfs_exit *x = &vp->exit;
	u32 info = vmcs_read(IDT_VECTORING_INFO_FIELD);

	x->task.selector = q;
	x->task.reason = (q >> VMCS_TASK_REASON_SHIFT) & 3;
	/* by a task gate of the IDT: the switch is the event's delivery */
	x->task.has_error = (info & VECTORING_INFO_VALID_MASK) &&
			    (info & VECTORING_INFO_DELIVER_CODE_MASK);
	x->task.error = x->task.has_error ? vmcs_read(IDT_VECTORING_ERROR_CODE) : 0;
}

static void decode_failed(struct tlfs_vp *vp, u32 reason)
{
	if (reason & VMCS_EXIT_ENTRY_FAILED)
		vmx_keep_event(vp);
	vp->exit.kind = TLFS_EXIT_FAILED;
	vp->exit.fail.reason = reason;
	if ((reason & VMCS_EXIT_BASIC_MASK) == EXIT_REASON_MCE_DURING_VMENTRY) {
		asm volatile("int $18");
		vp->exit.kind = TLFS_EXIT_NONE;
	}
}

/*
 * Whoever completes the instruction wants its length, RIP, and TF in RFLAGS.  Calls come from the
 * hypercall page, again and again from the same RIP: there the length is not asked for again.  A
 * guest that has changed the code at that address meanwhile, and into a call with a useless prefix,
 * is resumed at the wrong byte of it.
 */
static __always_inline void decode_insn(struct tlfs_vp *vp, u32 reason)
{
	struct vmx_vp *vmx = to_vmx(vp);
	u64 rip = vmcs_read(GUEST_RIP);

	vp->regs[VP_RIP] = rip;
	vp->regs[VP_RFLAGS] = vmcs_read(GUEST_RFLAGS);
	vp->regs_avail |= BIT(VP_RIP) | BIT(VP_RFLAGS);
	if (reason == EXIT_REASON_VMCALL && rip == vmx->call_rip) {
		vp->exit.insn_len = vmx->call_len;
		return;
	}
	vp->exit.insn_len = vmcs_read(VM_EXIT_INSTRUCTION_LEN);
	if (reason == EXIT_REASON_VMCALL) {
		vmx->call_rip = rip;
		vmx->call_len = vp->exit.insn_len;
	}
}

static noinline void decode_more(struct tlfs_vp *vp)
{
	struct tlfs_exit *x = &vp->exit;

	switch (x->kind) {
	case TLFS_EXIT_MEMORY:
		decode_memory(vp);
		break;
	case TLFS_EXIT_IO:
		decode_io(vp);
		break;
	case TLFS_EXIT_EXCEPTION:
		decode_exception(vp);
		break;
	case TLFS_EXIT_CR:
		decode_cr(x);
		break;
	case TLFS_EXIT_DR:
		decode_dr(x);
		break;
	case TLFS_EXIT_INTR_WINDOW:
		vmx_intr_window(vp, 0);
		break;
	case TLFS_EXIT_NMI_WINDOW:
		vmx_close_nmi_window(vp);
		break;
	case TLFS_EXIT_TASK_SWITCH:
		decode_task(vp);
		break;
	}
}

void vmx_decode(struct tlfs_vp *vp, u32 reason)
{
	struct tlfs_exit *x = &vp->exit;
	u16 kind = reason <= EXIT_LAST ? exit_kinds[reason] : 0;

	x->hw = reason;
	x->nr_bytes = 0;
	x->insn_len = 0;
	if (unlikely(!kind)) {
		decode_failed(vp, reason);
		return;
	}
	x->kind = (kind & KIND_MASK) - 1;
	if (kind & INSN)
		decode_insn(vp, reason);
	if (kind & VECTORING)
		vmx_requeue(vp);
	if (kind & MORE)
		decode_more(vp);
}
