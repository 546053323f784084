// SPDX-License-Identifier: GPL-2.0-only
/*
 * svm.c - AMD SVM behind the vendor seam: owning a processor, events, one run of the guest
 *
 * Section numbers are those of the AMD64 Architecture Programmer's Manual, volume 2.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/mem_encrypt.h>
#include <asm/mmu_context.h>
#include <asm/nospec-branch.h>
#include <asm/processor.h>
#include <asm/tlbflush.h>

#include "svm.h"
#include "x86/debug.h"

u32 svm_features;

#define IOPM_ORDER	2	/* 12 KiB and one byte, 15.10.1 */
#define MSRPM_ORDER	1	/* 8 KiB, 15.11 */

static u64 *iopm;
static u8 *msrpm;

/**
 * struct svm_cpu - one host CPU
 * @hsave: VM_HSAVE_PA: where VMRUN keeps the host
 * @host: VMSAVE state of the host: FS, GS, TR, LDTR and syscall MSRs, which VMRUN leaves
 * @host_pa: physical address of @host
 * @generation: of ASIDs: when they run out all are flushed and a new generation starts
 * @next_asid: given last in this generation.  ASID 0 is the host
 * @last: the VP that ran last
 * @host_tsc_aux: TSC_AUX the host wants
 * @tsc_aux: and what is in the register
 * @host_debug: debug registers of the host, while a VP is loaded
 * @owned: SVME is on, and by us
 */
struct svm_cpu {
	struct page *hsave;
	struct page *host;
	u64 host_pa;
	u64 generation;
	u32 next_asid;
	struct tlfs_vp *last;
	u64 host_tsc_aux;
	u64 tsc_aux;
	struct tlfs_host_debug host_debug;
	bool owned;
};

static DEFINE_PER_CPU(struct svm_cpu, svm_cpus);
static u32 svm_asids;

static struct tlfs_slp_format npt_format = {
	.present = _PAGE_PRESENT,
	.table = _PAGE_PRESENT | _PAGE_RW | _PAGE_USER,
	.leaf = _PAGE_USER,		/* nested walks are user accesses, 15.25.5 */
	.write = _PAGE_RW,
	.noexec = _PAGE_NX,
	.large = _PAGE_PSE,
	.accessed = _PAGE_ACCESSED,
	.dirty = _PAGE_DIRTY,
};

/* ---- owning the processor ---- */

static int svm_check(const char **why)
{
	u64 vm_cr;

	if (!boot_cpu_has(X86_FEATURE_SVM)) {
		*why = "this processor has no SVM";
		return -ENODEV;
	}
	if (!rdmsrl_safe(SVM_MSR_VM_CR, &vm_cr) && (vm_cr & SVM_VM_CR_SVMDIS)) {
		*why = "SVM is disabled by the firmware: enable it in the setup (SVM mode)";
		return -ENODEV;
	}
	if (cpuid_eax(0x80000000) < 0x8000000a || !(cpuid_edx(0x8000000a) & SVM_CPUID_NP)) {
		*why = "this processor has no nested paging (NPT)";
		return -ENODEV;
	}
	if (sme_me_mask) {
		*why = "memory encryption is on: boot with mem_encrypt=off";
		return -ENODEV;
	}
	return 0;
}

static void msrpm_pass(u32 msr)
{
	unsigned int bit;

	/* two bits an MSR, three ranges of 0x2000 MSRs in 2 KiB each */
	bit = (msr & 0x1fff) * 2;
	if (msr >= 0xc0010000)
		bit += 0x1000 * 8;
	else if (msr >= 0xc0000000)
		bit += 0x800 * 8;
	msrpm[bit / 8] &= ~(3 << (bit % 8));
}

static void svm_teardown(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct svm_cpu *sc = per_cpu_ptr(&svm_cpus, cpu);

		if (sc->hsave)
			__free_page(sc->hsave);
		if (sc->host)
			__free_page(sc->host);
		memset(sc, 0, sizeof(*sc));
	}
	free_pages((unsigned long)msrpm, MSRPM_ORDER);
	free_pages((unsigned long)iopm, IOPM_ORDER);
	msrpm = NULL;
	iopm = NULL;
}

static int svm_setup(void)
{
	/* what the hardware switches with the guest: reading and writing it is the guest's */
	static const u32 pass[] = {
		MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_STAR, MSR_LSTAR, MSR_CSTAR,
		MSR_SYSCALL_MASK, MSR_IA32_SYSENTER_CS, MSR_IA32_SYSENTER_ESP,
		MSR_IA32_SYSENTER_EIP,
	};
	unsigned int i;
	int cpu;

	svm_features = cpuid_edx(0x8000000a);
	svm_asids = cpuid_ebx(0x8000000a);
	npt_format.has_1g = boot_cpu_has(X86_FEATURE_GBPAGES);
	if (svm_asids < 2)
		return -ENODEV;

	iopm = (u64 *)__get_free_pages(GFP_KERNEL, IOPM_ORDER);
	msrpm = (u8 *)__get_free_pages(GFP_KERNEL, MSRPM_ORDER);
	if (!iopm || !msrpm)
		goto err_pages;
	memset(iopm, 0xff, PAGE_SIZE << IOPM_ORDER);
	memset(msrpm, 0xff, PAGE_SIZE << MSRPM_ORDER);
	for (i = 0; i < ARRAY_SIZE(pass); i++)
		msrpm_pass(pass[i]);

	for_each_possible_cpu(cpu) {
		struct svm_cpu *sc = per_cpu_ptr(&svm_cpus, cpu);

		sc->hsave = alloc_page(GFP_KERNEL | __GFP_ZERO);
		sc->host = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!sc->hsave || !sc->host)
			goto err_pages;
		sc->host_pa = page_to_phys(sc->host);
	}
	return 0;

err_pages:
	svm_teardown();
	return -ENOMEM;
}

static int svm_lp_enable(void)
{
	struct svm_cpu *sc = this_cpu_ptr(&svm_cpus);
	u64 efer;

	rdmsrl(MSR_EFER, efer);
	if (efer & EFER_SVME)
		return -EBUSY;

	wrmsrl(MSR_EFER, efer | EFER_SVME);
	wrmsrl(SVM_MSR_HSAVE_PA, page_to_phys(sc->hsave));
	/* a generation nobody has: every VP that comes here takes a new ASID */
	sc->generation++;
	sc->next_asid = svm_asids;
	sc->last = NULL;
	if (boot_cpu_has(X86_FEATURE_RDTSCP)) {
		rdmsrl(MSR_TSC_AUX, sc->host_tsc_aux);
		sc->tsc_aux = sc->host_tsc_aux;
	}
	sc->owned = true;
	return 0;
}

static void svm_lp_disable(void)
{
	struct svm_cpu *sc = this_cpu_ptr(&svm_cpus);
	u64 efer;

	if (!sc->owned)
		return;
	sc->owned = false;
	wrmsrl(SVM_MSR_HSAVE_PA, 0);
	rdmsrl(MSR_EFER, efer);
	wrmsrl(MSR_EFER, efer & ~(u64)EFER_SVME);
}

/* ---- a VP ---- */

/* endless delivery of #DB and #AC would lock the processor up; #MC is the host's */
#define SVM_EXCEPTIONS	(BIT(X86_TRAP_DB) | BIT(X86_TRAP_AC) | BIT(X86_TRAP_MC))

static void svm_exceptions(struct tlfs_vp *vp, u32 mask)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;

	svm_intercept(vmcb, SVM_ICPT_GDTR_READ, vp->npiep & HV_NPIEP_PREVENT_SGDT);
	svm_intercept(vmcb, SVM_ICPT_IDTR_READ, vp->npiep & HV_NPIEP_PREVENT_SIDT);
	svm_intercept(vmcb, SVM_ICPT_LDTR_READ, vp->npiep & HV_NPIEP_PREVENT_SLDT);
	svm_intercept(vmcb, SVM_ICPT_TR_READ, vp->npiep & HV_NPIEP_PREVENT_STR);
	/* the guest has NE clear: it is not to see #MF */
	if (to_svm(vp)->cr0_hidden & X86_CR0_NE)
		mask |= BIT(X86_TRAP_MF);
	vmcb->control.intercepts[SVM_ICPT_EXCEPTION / 32] = mask | SVM_EXCEPTIONS;
	vmcb->control.clean &= ~SVM_CLEAN_INTERCEPTS;
}

static void svm_init_control(struct tlfs_vp *vp)
{
	static const u8 always[] = {
		SVM_ICPT_CR_WRITE + 4, SVM_ICPT_CR0_SEL_WRITE,
		SVM_ICPT_INTR, SVM_ICPT_NMI, SVM_ICPT_SMI, SVM_ICPT_INIT, SVM_ICPT_RDPMC,
		SVM_ICPT_CPUID, SVM_ICPT_INVD, SVM_ICPT_HLT, SVM_ICPT_INVLPGA, SVM_ICPT_IOIO,
		SVM_ICPT_MSR, SVM_ICPT_SHUTDOWN, SVM_ICPT_VMRUN,
		SVM_ICPT_VMMCALL, SVM_ICPT_VMLOAD, SVM_ICPT_VMSAVE, SVM_ICPT_STGI, SVM_ICPT_CLGI,
		SVM_ICPT_SKINIT, SVM_ICPT_WBINVD, SVM_ICPT_MONITOR, SVM_ICPT_MWAIT,
		SVM_ICPT_XSETBV, SVM_ICPT_RDPRU,
	};
	struct svm_vp *svm = to_svm(vp);
	struct vmcb_control *c = &svm->vmcb->control;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(always); i++)
		svm_intercept(svm->vmcb, always[i], true);
	svm_exceptions(vp, READ_ONCE(vp->pt->intercepts.exceptions));
	for (i = 0; i < 16; i++) {
		svm_intercept(svm->vmcb, SVM_ICPT_DR_READ + i, true);
		svm_intercept(svm->vmcb, SVM_ICPT_DR_WRITE + i, true);
	}
	if (svm_features & SVM_CPUID_PAUSE_FILTER) {
		svm_intercept(svm->vmcb, SVM_ICPT_PAUSE, true);
		c->pause_count = 3000;
		if (svm_features & SVM_CPUID_PAUSE_THRESHOLD)
			c->pause_threshold = 128;
	}

	c->iopm = virt_to_phys(iopm);
	c->msrpm = virt_to_phys(msrpm);
	c->int_ctl = SVM_V_INTR_MASKING;
	c->np_control = 1;
	c->ncr3 = vp->pt->gpa.root;
	c->tsc_offset = vp->pt->time.guest_tsc_offset;
	if (svm->pml5) {
		svm->pml5[0] = vp->pt->gpa.root | npt_format.table;
		c->ncr3 = virt_to_phys(svm->pml5);
	}
}

static int svm_vp_create(struct tlfs_vp *vp)
{
	struct svm_vp *svm = kzalloc(sizeof(*svm), GFP_KERNEL_ACCOUNT);
	struct page *page;

	if (!svm)
		return -ENOMEM;
	page = tlfs_alloc_page(GFP_KERNEL_ACCOUNT);
	if (!page)
		goto err_vmcb;
	svm->vmcb = page_address(page);
	svm->vmcb_pa = page_to_phys(page);
	svm->cpu = -1;

	if (__read_cr4() & X86_CR4_LA57) {
		page = tlfs_alloc_page(GFP_KERNEL_ACCOUNT);
		if (!page)
			goto err_pml5;
		svm->pml5 = page_address(page);
	}
	vp->arch = svm;
	svm_init_control(vp);
	svm_vp_reset(vp, false);
	return 0;

err_pml5:
	tlfs_free_page(virt_to_page(svm->vmcb));
err_vmcb:
	kfree(svm);
	return -ENOMEM;
}

static void svm_forget(void *vp)
{
	this_cpu_cmpxchg(svm_cpus.last, (struct tlfs_vp *)vp, NULL);
}

static void svm_vp_destroy(struct tlfs_vp *vp)
{
	struct svm_vp *svm = to_svm(vp);

	/* a new VP at the same address must not pass for this one */
	if (svm->cpu >= 0)
		on_each_cpu(svm_forget, vp, 1);
	if (svm->pml5)
		tlfs_free_page(virt_to_page(svm->pml5));
	tlfs_free_page(virt_to_page(svm->vmcb));
	kfree(svm);
	vp->arch = NULL;
}

void svm_load_dr(struct tlfs_vp *vp)
{
	struct svm_vp *svm = to_svm(vp);

	if (!(svm->vmcb->save.dr7 & DR_GLOBAL_ENABLE_MASK) &&
	    !(svm->vmcb->save.dr7 & DR_LOCAL_ENABLE_MASK))
		return;
	set_debugreg(svm->dr[0], 0);
	set_debugreg(svm->dr[1], 1);
	set_debugreg(svm->dr[2], 2);
	set_debugreg(svm->dr[3], 3);
}

static void svm_load(struct tlfs_vp *vp)
{
	struct svm_cpu *sc = this_cpu_ptr(&svm_cpus);
	struct svm_vp *svm = to_svm(vp);
	int cpu = smp_processor_id();

	if (svm->cpu != cpu) {
		svm->cpu = cpu;
		svm->vmcb->control.clean = 0;
		svm->asid_generation = 0;
	}
	if (sc->last != vp) {
		sc->last = vp;
		svm->vmcb->control.clean = 0;
		tlfs_ibpb();
	}
	/*
	 * The task's FS, GS and KERNEL_GS_BASE do not change while preemption is off.  #UD: a
	 * reboot has just taken the CPU back, and run_once() will not enter the guest
	 */
	asm volatile("1: vmsave %0\n2:\n" _ASM_EXTABLE(1b, 2b) : : "a" (sc->host_pa) : "memory");
	tlfs_host_debug_save(&sc->host_debug);
	svm_load_dr(vp);
}

static void svm_put(struct tlfs_vp *vp)
{
	struct svm_cpu *sc = this_cpu_ptr(&svm_cpus);

	if (sc->tsc_aux != sc->host_tsc_aux) {
		sc->tsc_aux = sc->host_tsc_aux;
		wrmsrl(MSR_TSC_AUX, sc->host_tsc_aux);
	}
	/* DR6 is still the guest's: nothing in it may pass for a trap of the host */
	if (unlikely(to_svm(vp)->vmcb->save.dr6 != DR6_RESERVED))
		set_debugreg(DR6_RESERVED, 6);
	tlfs_host_debug_restore(&sc->host_debug);
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	/* modify_ldt() may have sent its IPI since the VMSAVE: the GDT has what it wants */
	if (unlikely(READ_ONCE(current->mm->context.ldt)))
		asm volatile("lldt %w0" : : "q" (GDT_ENTRY_LDT * 8));
#endif
}

/* ---- events ---- */

static void svm_inject(struct tlfs_vp *vp, const struct tlfs_event *ev)
{
	struct svm_vp *svm = to_svm(vp);
	struct vmcb_control *c = &svm->vmcb->control;
	u64 inj = ev->vector | SVM_EVENT_VALID;

	switch (ev->type) {
	case TLFS_EVENT_EXTINT:
		inj |= SVM_EVENT_INTR << SVM_EVENT_TYPE_SHIFT;
		break;
	case TLFS_EVENT_NMI:
		inj |= SVM_EVENT_NMI << SVM_EVENT_TYPE_SHIFT;
		svm->nmi_masked = true;
		svm->iret_seen = false;
		svm_intercept(svm->vmcb, SVM_ICPT_IRET, true);
		break;
	case TLFS_EVENT_SOFTINT:
	case TLFS_EVENT_SOFTEXC:
	case TLFS_EVENT_PRIV_SOFTEXC:
		/*
		 * These push the address of the next instruction.  Moving RIP here instead of
		 * giving the processor a next-RIP works with and without NRIPS (15.20)
		 */
		vp_set_reg(vp, VP_RIP, vp_reg(vp, VP_RIP) + ev->insn_len);
		svm->soft = *ev;
		svm->soft.pending = true;
		svm->soft_rip = vp->regs[VP_RIP];
		inj |= (ev->type == TLFS_EVENT_SOFTINT ? SVM_EVENT_SOFTINT : SVM_EVENT_EXCEPTION)
			<< SVM_EVENT_TYPE_SHIFT;
		break;
	default:
		inj |= SVM_EVENT_EXCEPTION << SVM_EVENT_TYPE_SHIFT;
		break;
	}
	if (ev->has_error)
		inj |= SVM_EVENT_HAS_ERROR | (u64)ev->error << 32;
	c->event_inj = inj;
}

/* the delivery of an event was cut short by the exit: it is to be delivered again (15.7.2) */
static void svm_requeue(struct tlfs_vp *vp, u64 info)
{
	struct svm_vp *svm = to_svm(vp);
	u8 vector = info & 0xff;

	/* ours, which has moved RIP on: back to the instruction */
	if (unlikely(svm->soft.pending && vector == svm->soft.vector &&
		     vp->regs[VP_RIP] == svm->soft_rip)) {
		vp->event = svm->soft;
		vp->regs[VP_RIP] -= svm->soft.insn_len;
		return;
	}
	switch ((info & SVM_EVENT_TYPE_MASK) >> SVM_EVENT_TYPE_SHIFT) {
	case SVM_EVENT_INTR:
		vp->event.type = TLFS_EVENT_EXTINT;
		break;
	case SVM_EVENT_NMI:
		svm->nmi_masked = false;
		vp->event.type = TLFS_EVENT_NMI;
		break;
	case SVM_EVENT_EXCEPTION:
		/* INT3 and INTO: RIP is at the instruction, which will run again */
		if (vector == X86_TRAP_BP || vector == X86_TRAP_OF)
			return;
		vp->event.type = TLFS_EVENT_EXCEPTION;
		break;
	default:
		return;
	}
	vp->event.pending = true;
	vp->event.vector = vector;
	vp->event.insn_len = 0;
	vp->event.has_error = info & SVM_EVENT_HAS_ERROR;
	vp->event.error = info >> 32;
	/* CR2 has it; a VMM that saves and loads the event would write it back from here */
	vp->event.param = vector == X86_TRAP_PF ? svm->vmcb->save.cr2 : 0;
}

static bool svm_intr_allowed(struct tlfs_vp *vp)
{
	/* TF would go into the interrupt's frame: after the step */
	return (vp->regs[VP_RFLAGS] & X86_EFLAGS_IF) && !to_svm(vp)->stepping &&
	       !(to_svm(vp)->vmcb->control.int_state & SVM_SHADOW);
}

static bool svm_nmi_masked(struct tlfs_vp *vp)
{
	struct svm_vp *svm = to_svm(vp);

	if (svm->nmi_masked && svm->iret_seen && vp->regs[VP_RIP] != svm->iret_rip) {
		svm->nmi_masked = false;
		svm->iret_seen = false;
	}
	return svm->nmi_masked;
}

static bool svm_nmi_allowed(struct tlfs_vp *vp)
{
	return !svm_nmi_masked(vp) && !(to_svm(vp)->vmcb->control.int_state & SVM_SHADOW);
}

/*
 * A virtual interrupt that is never meant to be delivered tells when one could be (15.21.4).  Its
 * priority is the highest, for not all processors compare it with V_TPR alike; while the TPR is
 * what stands in the way, writes of CR8 exit instead.  A single step brings everything up again
 * anyhow, and would never get anywhere with a window that is open already.
 */
void svm_intr_window(struct tlfs_vp *vp, u16 vector)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;
	u32 tpr = vmcb->control.int_ctl & SVM_V_TPR_MASK;
	bool wanted = vector && !to_svm(vp)->stepping;
	bool window = wanted && vector >> 4 > tpr;
	bool cr8 = wanted && !window;

	if (window != svm_intercepted(vmcb, SVM_ICPT_VINTR)) {
		svm_intercept(vmcb, SVM_ICPT_VINTR, window);
		vmcb->control.int_ctl &= ~(SVM_V_IRQ | SVM_V_PRIO_MASK | SVM_V_IGN_TPR);
		if (window)
			vmcb->control.int_ctl |= SVM_V_IRQ | SVM_V_IGN_TPR | SVM_V_PRIO_MASK;
		vmcb->control.int_vector = 0;
		vmcb->control.clean &= ~SVM_CLEAN_INTR;
	}
	if (cr8 != svm_intercepted(vmcb, SVM_ICPT_CR_WRITE + 8))
		svm_intercept(vmcb, SVM_ICPT_CR_WRITE + 8, cr8);
}

/*
 * SVM has no NMI window.  The end of the handler shows as an intercepted IRET, which has not run
 * yet: one step further NMIs are open.  An interrupt shadow is stepped over likewise.
 */
static void svm_nmi_window(struct tlfs_vp *vp)
{
	struct svm_vp *svm = to_svm(vp);

	if (svm_nmi_masked(vp) && !svm->iret_seen)
		return;			/* the IRET intercept is on */
	/* TF would go into the frame of what is injected: come back right after that instead */
	if (vp->event.pending) {
		svm->turn_back = true;
		return;
	}
	svm->stepping = true;
	svm->stepping_tf = vp->regs[VP_RFLAGS] & X86_EFLAGS_TF;
}

/* after an exit: TF goes; true if the #DB was ours alone */
static bool svm_stepped(struct tlfs_vp *vp)
{
	struct svm_vp *svm = to_svm(vp);

	svm->stepping = false;
	/* an IRET has loaded the flags it wanted */
	if (!svm->stepping_tf && !(svm->iret_seen && vp->regs[VP_RIP] != svm->iret_rip))
		vp->regs[VP_RFLAGS] &= ~(u64)X86_EFLAGS_TF;
	if (svm->vmcb->control.exit_code != SVM_EXIT_EXCEPTION + X86_TRAP_DB || svm->stepping_tf)
		return false;
	svm->vmcb->save.dr6 &= ~(u64)DR_STEP;
	vp->exit.exc.param &= ~(u64)DR_STEP;
	svm->vmcb->control.clean &= ~SVM_CLEAN_DR;
	return !(svm->vmcb->save.dr6 & DR_TRAP_BITS);
}

/* ---- one run ---- */

static void svm_new_asid(struct svm_cpu *sc, struct svm_vp *svm)
{
	struct vmcb_control *c = &svm->vmcb->control;

	if (svm->flush && svm->asid_generation == sc->generation &&
	    (svm_features & SVM_CPUID_FLUSH_ASID)) {
		c->tlb_control = SVM_TLB_FLUSH_ASID;
	} else {
		c->tlb_control = SVM_TLB_NOTHING;
		if (++sc->next_asid >= svm_asids) {
			sc->generation++;
			sc->next_asid = 1;
			c->tlb_control = SVM_TLB_FLUSH_ALL;
		}
		c->asid = sc->next_asid;
		c->clean &= ~SVM_CLEAN_ASID;
		svm->asid_generation = sc->generation;
	}
	svm->flush = false;
}

static void svm_enter(struct tlfs_vp *vp)
{
	struct svm_cpu *sc = this_cpu_ptr(&svm_cpus);
	struct svm_vp *svm = to_svm(vp);
	struct vmcb *vmcb = svm->vmcb;
	u64 info;

	vmcb->control.tlb_control = SVM_TLB_NOTHING;
	if (unlikely(svm->flush || svm->asid_generation != sc->generation))
		svm_new_asid(sc, svm);
	if (unlikely(vp->tsc_aux != sc->tsc_aux) && boot_cpu_has(X86_FEATURE_RDTSCP)) {
		sc->tsc_aux = vp->tsc_aux;
		wrmsrl(MSR_TSC_AUX, vp->tsc_aux);
	}

	vmcb->save.rax = vp->regs[VP_RAX];
	vmcb->save.rsp = vp->regs[VP_RSP];
	vmcb->save.rip = vp->regs[VP_RIP];
	vmcb->save.rflags = vp->regs[VP_RFLAGS];
	if (unlikely(svm->stepping))
		vmcb->save.rflags |= X86_EFLAGS_TF;
	if (unlikely(svm->turn_back))
		tlfs_send_reschedule(smp_processor_id());

	svm_enter_guest(svm->vmcb_pa, vp->regs, sc->host_pa);

	vp->regs[VP_RAX] = vmcb->save.rax;
	vp->regs[VP_RSP] = vmcb->save.rsp;
	vp->regs[VP_RIP] = vmcb->save.rip;
	vp->regs[VP_RFLAGS] = vmcb->save.rflags;
	vp->regs_dirty = 0;
	vmcb->control.clean = svm_features & SVM_CPUID_CLEAN ? SVM_CLEAN_ALL : 0;
	vmcb->control.event_inj = 0;

	info = vmcb->control.exit_int_info;
	if (unlikely(info & SVM_EVENT_VALID))
		svm_requeue(vp, info);
	svm->soft.pending = false;
	svm_decode(vp);
	if (unlikely(svm->stepping || svm->turn_back)) {
		if (svm->stepping && svm_stepped(vp))
			vp->exit.kind = TLFS_EXIT_NMI_WINDOW;
		svm->turn_back = false;
		/* whatever came first, the NMI still waits */
		set_bit(TLFS_REQ_EVENT, &vp->requests);
	}
}

static void svm_cache_reg(struct tlfs_vp *vp, unsigned int reg)
{
	/* enter() brings them all */
	vp->regs_avail |= BIT(reg);
}

static void svm_flush_tlb(struct tlfs_vp *vp)
{
	to_svm(vp)->flush = true;
}

static void svm_tsc_offset(struct tlfs_vp *vp, u64 offset)
{
	struct vmcb *vmcb = to_svm(vp)->vmcb;

	vmcb->control.tsc_offset = offset;
	vmcb->control.clean &= ~SVM_CLEAN_INTERCEPTS;
}

static void svm_dump(struct tlfs_vp *vp)
{
	const struct vmcb *v = to_svm(vp)->vmcb;

	pr_err("tlfs: VP %u exit %llx info %llx %llx int %llx inj %llx\n", vp->index,
	       v->control.exit_code, v->control.exit_info_1, v->control.exit_info_2,
	       v->control.exit_int_info, v->control.event_inj);
	pr_err("tlfs: rip %llx rsp %llx rflags %llx cr0 %llx cr3 %llx cr4 %llx efer %llx\n",
	       v->save.rip, v->save.rsp, v->save.rflags, v->save.cr0, v->save.cr3, v->save.cr4,
	       v->save.efer);
	pr_err("tlfs: cs %x/%x/%x/%llx ss %x/%x/%x/%llx cpl %u asid %u\n",
	       v->save.seg[1].selector, v->save.seg[1].attrib, v->save.seg[1].limit,
	       v->save.seg[1].base, v->save.seg[2].selector, v->save.seg[2].attrib,
	       v->save.seg[2].limit, v->save.seg[2].base, v->save.cpl, v->control.asid);
}

const struct tlfs_ops tlfs_svm_ops = {
	.name = "SVM",
	.hypercall_insn = { 0x0f, 0x01, 0xd9 },
	.npiep = true,
	.slp = &npt_format,
	.check = svm_check,
	.setup = svm_setup,
	.teardown = svm_teardown,
	.lp_enable = svm_lp_enable,
	.lp_disable = svm_lp_disable,
	.vp_create = svm_vp_create,
	.vp_destroy = svm_vp_destroy,
	.vp_reset = svm_vp_reset,
	.load = svm_load,
	.put = svm_put,
	.enter = svm_enter,
	.inject = svm_inject,
	.intr_allowed = svm_intr_allowed,
	.nmi_allowed = svm_nmi_allowed,
	.intr_window = svm_intr_window,
	.nmi_window = svm_nmi_window,
	.cache_reg = svm_cache_reg,
	.get_cr = svm_get_cr,
	.set_cr = svm_set_cr,
	.get_efer = svm_get_efer,
	.set_efer = svm_set_efer,
	.get_msr = svm_get_msr,
	.set_msr = svm_set_msr,
	.get_dr = svm_get_dr,
	.set_dr = svm_set_dr,
	.get_segment = svm_get_segment,
	.set_segment = svm_set_segment,
	.get_table = svm_get_table,
	.set_table = svm_set_table,
	.cs_attributes = svm_cs_attributes,
	.cpl = svm_cpl,
	.get_shadow = svm_get_shadow,
	.set_shadow = svm_set_shadow,
	.end_shadow = svm_end_shadow,
	.flush_tlb = svm_flush_tlb,
	.exceptions = svm_exceptions,
	.tsc_offset = svm_tsc_offset,
	.dump = svm_dump,
};
