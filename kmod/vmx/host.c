// SPDX-License-Identifier: GPL-2.0-only
/*
 * host.c - the host around a run of the guest
 *
 * An exit loads the host's state from the VMCS, not from where the entry left it.  What differs
 * from CPU to CPU or from thread to thread is written there at the start of the run window; what
 * neither entry nor exit switch (KERNEL_GS_BASE, the MSRs of SYSCALL, TSC_AUX, DR0-3) changes hands
 * at its start and end; and what an exit spoils (segment selectors, LDTR, the limits of GDT and
 * TSS) is put right at its end.
 */
#include <linux/percpu.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/fsgsbase.h>
#include <asm/mmu_context.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/segment.h>
#include <asm/special_insns.h>

#include "vmx.h"

enum { SEL_ES, SEL_DS, SEL_FS, SEL_GS };

static const u32 syscall_msr[VMX_SYSCALL_MSRS] = {
	[VMX_STAR] = MSR_STAR,
	[VMX_LSTAR] = MSR_LSTAR,
	[VMX_SFMASK] = MSR_SYSCALL_MASK,
};

static void sync_syscall(struct vmx_cpu *vc, const u64 *want)
{
	unsigned int i;

	for (i = 0; i < VMX_SYSCALL_MSRS; i++) {
		if (vc->syscall[i] == want[i])
			continue;
		vc->syscall[i] = want[i];
		wrmsrl(syscall_msr[i], want[i]);
	}
}

void vmx_load_syscall(struct vmx_vp *vmx)
{
	/* without SCE it is #UD, whatever they hold */
	if (vmx->efer & EFER_SCE)
		sync_syscall(this_cpu_ptr(&vmx_cpus), vmx->syscall);
}

void vmx_load_dr(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);

	if (!(vmx->dr7 & (DR_GLOBAL_ENABLE_MASK | DR_LOCAL_ENABLE_MASK)))
		return;
	set_debugreg(vmx->dr[0], 0);
	set_debugreg(vmx->dr[1], 1);
	set_debugreg(vmx->dr[2], 2);
	set_debugreg(vmx->dr[3], 3);
}

/* where the TR points, read out of the GDT as the processor does */
static unsigned long host_tr_base(const struct desc_ptr *gdt)
{
	const struct ldttss_desc *tss = (void *)gdt->address + GDT_ENTRY_TSS * 8;

	return tss->base0 | tss->base1 << 16 | (unsigned long)tss->base2 << 24 |
	       (unsigned long)tss->base3 << 32;
}

static void load_host_cpu(struct vmx_vp *vmx, const struct vmx_cpu *vc)
{
	u64 val;

	vmcs_write(HOST_GDTR_BASE, vc->gdt.address);
	vmcs_write(HOST_TR_BASE, host_tr_base(&vc->gdt));
	rdmsrl(MSR_GS_BASE, val);
	vmcs_write(HOST_GS_BASE, val);
	rdmsrl(MSR_IA32_SYSENTER_ESP, val);
	vmcs_write(HOST_IA32_SYSENTER_ESP, val);

	/* what this CPU remembers of the VP may be from long ago */
	vmx->flush = true;
	vmx->gpa_flushes = ULONG_MAX;
}

static u64 host_fs_base(void)
{
	u64 val;

	if (cpu_feature_enabled(X86_FEATURE_FSGSBASE))
		return rdfsbase();
	rdmsrl(MSR_FS_BASE, val);
	return val;
}

static void load_host_thread(struct vmx_vp *vmx)
{
	u64 val;

	val = __read_cr3();
	if (val != vmx->host_cr3) {
		vmx->host_cr3 = val;
		vmcs_write(HOST_CR3, val);
	}
	val = host_fs_base();
	if (val != vmx->host_fs_base) {
		vmx->host_fs_base = val;
		vmcs_write(HOST_FS_BASE, val);
	}
}

static void load_host(struct vmx_vp *vmx, const struct vmx_cpu *vc)
{
	int cpu = smp_processor_id();

	if (vmx->host_cpu != cpu) {
		vmx->host_cpu = cpu;
		load_host_cpu(vmx, vc);
	}
	load_host_thread(vmx);
}

static void save_host(struct vmx_vp *vmx)
{
	savesegment(es, vmx->host_sel[SEL_ES]);
	savesegment(ds, vmx->host_sel[SEL_DS]);
	savesegment(fs, vmx->host_sel[SEL_FS]);
	savesegment(gs, vmx->host_sel[SEL_GS]);
	rdmsrl(MSR_IA32_DEBUGCTLMSR, vmx->host_debugctl);
}

void vmx_load(struct tlfs_vp *vp)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);
	struct vmx_vp *vmx = to_vmx(vp);

	if (!TLFS_VMX_BRIEF) {
		vc->running = vmx;
		vmx_make_current(vmx);
		load_host(vmx, vc);
	} else if (vmx_hold(vp)) {
		load_host(vmx, vc);
		vmx_release();
	}				/* else vmx_enter() is not going to enter */
	save_host(vmx);
	if (vc->last != vp) {
		vc->last = vp;
		tlfs_ibpb();
	}
	if (vmx_caps.l1d_flush)
		wrmsrl(MSR_IA32_FLUSH_CMD, L1D_FLUSH);

	/* the thread's own does not change while preemption is off */
	rdmsrl(MSR_KERNEL_GS_BASE, vmx->host_kernel_gs);
	if (vmx->kernel_gs != vmx->host_kernel_gs)
		wrmsrl(MSR_KERNEL_GS_BASE, vmx->kernel_gs);
	vmx_load_syscall(vmx);
	tlfs_host_debug_save(&vc->host_debug);
	vmx_load_dr(vp);
}

static void put_selectors(const struct vmx_vp *vmx)
{
	const u16 *sel = vmx->host_sel;

	/* 64-bit programs have none */
	if (unlikely(sel[SEL_ES] | sel[SEL_DS])) {
		loadsegment(es, sel[SEL_ES]);
		loadsegment(ds, sel[SEL_DS]);
	}
	if (unlikely(sel[SEL_FS])) {
		loadsegment(fs, sel[SEL_FS]);
		wrmsrl(MSR_FS_BASE, vmx->host_fs_base);
	}
	if (unlikely(sel[SEL_GS]))
		load_gs_index(sel[SEL_GS]);	/* KERNEL_GS_BASE is still to come */
}

void vmx_put(struct tlfs_vp *vp)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);
	struct vmx_vp *vmx = to_vmx(vp);

	vc->running = NULL;
	rdmsrl(MSR_KERNEL_GS_BASE, vmx->kernel_gs);
	put_selectors(vmx);
	if (vmx->kernel_gs != vmx->host_kernel_gs || vmx->host_sel[SEL_GS])
		wrmsrl(MSR_KERNEL_GS_BASE, vmx->host_kernel_gs);
	sync_syscall(vc, vc->host_syscall);
	if (vc->tsc_aux != vc->host_tsc_aux) {
		vc->tsc_aux = vc->host_tsc_aux;
		wrmsrl(MSR_TSC_AUX, vc->host_tsc_aux);
	}
	/* an exit clears it */
	if (vmx->host_debugctl)
		wrmsrl(MSR_IA32_DEBUGCTLMSR, vmx->host_debugctl);
	tlfs_host_debug_restore(&vc->host_debug);

	/* it set the limit to 64 KiB, behind which lies what LAR, LSL and VERR must not see */
	native_load_gdt(&vc->gdt);
	/* and that of the TSS to where the I/O bitmap begins */
	invalidate_tss_limit();
#ifdef CONFIG_MODIFY_LDT_SYSCALL
	if (unlikely(READ_ONCE(current->mm->context.ldt)))
		asm volatile("lldt %w0" : : "q" (GDT_ENTRY_LDT * 8));
#endif
}
