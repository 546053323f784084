// SPDX-License-Identifier: GPL-2.0-only
/*
 * eventlog_exit.c - diagnostic events of exits (TLFS Appendix I, Intercept Manager)
 */
#include <linux/percpu.h>

#include <asm/apic.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "tlfs.h"

#define IM(type, ...)	tlfs_eventlog(HV_EVENTLOG_GROUP_INTERCEPT_MANAGER, type, __VA_ARGS__)

static void log_io(struct tlfs_vp *vp, const struct tlfs_eventlog_regs *was)
{
	const struct tlfs_exit *x = &vp->exit;

	if (x->io.in)
		IM(HV_TR_IM_IO_PORT_READ, was->rip, x->io.port, 0);
	else
		IM(HV_TR_IM_IO_PORT_WRITE, was->rip, x->io.port, was->rax);
}

static void log_cr(struct tlfs_vp *vp, const struct tlfs_eventlog_regs *was)
{
	u8 nr = vp->exit.cr.nr;
	u64 val = tlfs_call(get_cr)(vp, nr);

	if (vp->exit.cr.write)
		IM(HV_TR_IM_CR_WRITE, was->rip, nr, val);
	else
		IM(HV_TR_IM_CR_READ, was->rip, nr, val);
}

u8 tlfs_host_vector(void)
{
	unsigned int i;
	u64 base;
	u32 irr;

	/* "nolapic" takes the feature away */
	if (!boot_cpu_has(X86_FEATURE_APIC))
		return 0;
	rdmsrl(MSR_IA32_APICBASE, base);
	for (i = 8; i--;) {
		irr = base & X2APIC_ENABLE ? native_apic_msr_read(APIC_IRR + i * 0x10) :
					     native_apic_mem_read(APIC_IRR + i * 0x10);
		if (irr)
			return i * 32 + __fls(irr);
	}
	return 0;
}

static DEFINE_PER_CPU(u64, last_sample);

/* a host interrupt, the timer's among them, is when the profiler looks whether its time has come */
static void log_interrupt(struct tlfs_vp *vp, const struct tlfs_eventlog_regs *was)
{
	u64 period = READ_ONCE(tlfs_profile_period), now;

	/* none: an NMI or machine check of the host's, or no exit of its own */
	if (was->vector)
		IM(HV_TR_IM_EXTERNAL_INTERRUPT, was->vector);
	if (!period || !(READ_ONCE(tlfs_eventlog_groups) & HV_EVENTLOG_GROUP_PROFILER))
		return;
	now = rdtsc();
	if (now - this_cpu_read(last_sample) < period)
		return;
	this_cpu_write(last_sample, now);
	tlfs_eventlog(HV_EVENTLOG_GROUP_PROFILER, HV_TR_SCH_PROFILER_SAMPLE, vp->pt->id, vp->index,
		      READ_ONCE(vp->pt->time.guest_tsc_offset));
}

void tlfs_eventlog_exit(struct tlfs_vp *vp, const struct tlfs_eventlog_regs *was, int r)
{
	u64 val;

	switch (vp->exit.kind) {
	case TLFS_EXIT_NONE:
		log_interrupt(vp, was);
		break;
	case TLFS_EXIT_HYPERCALL:
		tlfs_eventlog(HV_EVENTLOG_GROUP_HYPERCALL, HV_TR_HC_HYPERCALL, was->rip, was->rcx);
		break;
	case TLFS_EXIT_EXCEPTION:
		if (vp->exit.exc.vector == X86_TRAP_MF &&
		    !(tlfs_call(get_cr)(vp, 0) & X86_CR0_NE)) {
			IM(HV_TR_IM_FERR_FREEZE, was->rip);
			break;
		}
		IM(HV_TR_IM_GUEST_EXCEPTION, was->rip, vp->exit.exc.vector);
		break;
	case TLFS_EXIT_RDMSR:
		val = r == TLFS_RESUME && vp_reg(vp, VP_RIP) != was->rip ?
		      vp->regs[VP_RDX] << 32 | (u32)vp->regs[VP_RAX] : 0;
		IM(HV_TR_IM_MSR_READ, was->rip, (u32)was->rcx, val);
		break;
	case TLFS_EXIT_WRMSR:
		IM(HV_TR_IM_MSR_WRITE, was->rip, (u32)was->rcx,
		   was->rdx << 32 | (u32)was->rax);
		break;
	case TLFS_EXIT_CR:
		log_cr(vp, was);
		break;
	case TLFS_EXIT_HLT:
		IM(HV_TR_IM_HLT_INSTRUCTION, was->rip);
		break;
	case TLFS_EXIT_MWAIT:
		IM(HV_TR_IM_MWAIT_INSTRUCTION, was->rip, was->rcx, was->rax);
		break;
	case TLFS_EXIT_CPUID:
		IM(HV_TR_IM_CPUID_INSTRUCTION, was->rip, (u32)was->rax, (u32)was->rcx);
		break;
	case TLFS_EXIT_IO:
		log_io(vp, was);
		break;
	case TLFS_EXIT_INTR_WINDOW:
		IM(HV_TR_IM_INTERRUPT_PENDING, was->rip);
		break;
	case TLFS_EXIT_NMI_WINDOW:
		/* somebody waits for it: at it (SVM), or behind it */
		IM(HV_TR_IM_IRET_INSTRUCTION, was->rip);
		break;
	case TLFS_EXIT_TRIPLE_FAULT:
		IM(HV_TR_IM_GUEST_SHUTDOWN, was->rip);
		break;
	case TLFS_EXIT_INVLPG:
		IM(HV_TR_IM_INVLPG_INSTRUCTION, was->rip, 0);
		break;
	case TLFS_EXIT_TASK_SWITCH:
		IM(HV_TR_IM_TASK_SWITCH, was->rip);
		break;
	case TLFS_EXIT_WBINVD:
		IM(HV_TR_IM_INVD_INSTRUCTION, was->rip);
		break;
	case TLFS_EXIT_DR:
		IM(HV_TR_IM_DR_ACCESS, was->rip);
		break;
	}
}
