// SPDX-License-Identifier: GPL-2.0-only
/*
 * life.c - the VMCS of a VP: birth, moves from CPU to CPU, end
 *
 * A processor keeps parts of a VMCS to itself from VMPTRLD to VMCLEAR.  So each CPU has a list of
 * those it may hold; a VMCS that goes elsewhere, or a CPU that is given back, clears them.
 *
 * Registers are read and written in the VMCS itself, also outside the run window: vmx_hold() then
 * brings it to the CPU where the thread happens to be.
 *
 * Where the kernel's copy of CR4 is closed (TLFS_VMX_BRIEF) an interrupt may write CR4 without VMXE
 * at any time, which in VMX operation is #GP.  So VMX is on from vmx_hold() to vmx_release() only,
 * with interrupts off in between, and no VMCS stays in a processor: every entry is a hold, and what
 * exits are handled by is read before its end.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/idr.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/desc.h>
#include <asm/processor.h>
#include <asm/segment.h>

#include "vmx.h"

#define VPID_MAX	0xffff

static DEFINE_IDA(vpids);

void vmcs_write_failed(unsigned long field, u64 val)
{
	pr_err_once("tlfs: VMWRITE of %llx to field %lx failed\n", val, field);
}

/* ---- which CPU has it ---- */

/* on the CPU that has it, interrupts off */
static void vmx_clear_here(void *arg)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);
	struct vmx_vp *vmx = arg;

	if (vmx->cpu != smp_processor_id())
		return;			/* the CPU was given back meanwhile */
	if (vc->current_vmcs == vmx)
		vc->current_vmcs = NULL;
	vmcs_clear(vmx->vmcs_pa);
	list_del(&vmx->link);
	vmx->launched = false;
	/* pairs with smp_load_acquire() in vmx_make_current() */
	smp_store_release(&vmx->cpu, -1);
}

static void vmx_load_vmcs(struct vmx_cpu *vc, struct vmx_vp *vmx)
{
	/* a new region has to be cleared before its first use (25.11.3) */
	if (unlikely(vmx->new)) {
		vmx->new = false;
		vmcs_clear(vmx->vmcs_pa);
	}
	vc->current_vmcs = vmx;
	vmcs_load(vmx->vmcs_pa);
}

void vmx_make_current(struct vmx_vp *vmx)
{
	int cpu = smp_processor_id(), old;
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);
	unsigned long flags;

	/* pairs with smp_store_release() of who cleared it */
	old = smp_load_acquire(&vmx->cpu);
	if (old != cpu) {
		/* a CPU that is offline has cleared it on its way */
		if (old >= 0)
			smp_call_function_single(old, vmx_clear_here, vmx, 1);
		local_irq_save(flags);
		list_add(&vmx->link, &vc->loaded);
		vmx->cpu = cpu;
		local_irq_restore(flags);
	}
	if (vc->current_vmcs != vmx)
		vmx_load_vmcs(vc, vmx);
}

/*
 * Preemption off, on a CPU that is ours.  One that goes offline is given back while threads may
 * still run there: they wait until they are moved.  False after a reboot has taken them all.
 */
static bool vmx_stay(void)
{
	bool leaving;

	for (;;) {
		preempt_disable();
		if (likely(__this_cpu_read(vmx_cpus.owned)))
			return true;
		leaving = !cpu_active(smp_processor_id());
		preempt_enable();
		if (!leaving || !preemptible())
			return false;
		schedule_timeout_uninterruptible(1);
	}
}

static bool vmx_hold_brief(struct vmx_vp *vmx)
{
	struct vmx_cpu *vc;
	unsigned long flags;

	if (!vmx_stay())
		goto lost;
	local_irq_save(flags);
	vc = this_cpu_ptr(&vmx_cpus);
	if (!vc->holds) {
		/* the interrupt of a reboot may have taken the CPU just now */
		if (!vc->owned || vmx_root_enter(vc))
			goto lost_here;
		vc->hold_flags = flags;
		vmx_load_vmcs(vc, vmx);
	}
	WARN_ON_ONCE(vc->current_vmcs != vmx);
	vc->holds++;
	return true;

lost_here:
	local_irq_restore(flags);
	preempt_enable();
lost:
	vmx->lost = true;
	return false;
}

static void vmx_release_brief(struct vmx_cpu *vc)
{
	if (!--vc->holds) {
		vmcs_clear(vc->current_vmcs->vmcs_pa);
		vc->current_vmcs->launched = false;
		vc->current_vmcs = NULL;
		vmx_root_leave();
		local_irq_restore(vc->hold_flags);
	}
	preempt_enable();
}

bool vmx_hold(struct tlfs_vp *vp)
{
	if (TLFS_VMX_BRIEF)
		return vmx_hold_brief(to_vmx(vp));

	if (vp->in_window) {
		preempt_disable();
	} else {
		if (!vmx_stay())
			return false;
		vmx_make_current(to_vmx(vp));
	}
	__this_cpu_inc(vmx_cpus.holds);
	return true;
}

void vmx_release(void)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);

	if (TLFS_VMX_BRIEF) {
		vmx_release_brief(vc);
		return;
	}
	if (!--vc->holds && unlikely(vc->running && vc->running != vc->current_vmcs) && vc->owned)
		vmx_make_current(vc->running);
	preempt_enable();
}

u64 vmx_read_outside(struct tlfs_vp *vp, unsigned long field)
{
	u64 val;

	if (!vmx_hold(vp))
		return 0;
	val = vmcs_read(field);
	vmx_release();
	return val;
}

void vmx_write_outside(struct tlfs_vp *vp, unsigned long field, u64 val)
{
	if (!vmx_hold(vp))
		return;
	vmcs_write(field, val);
	vmx_release();
}

/* ---- birth and end ---- */

/* endless delivery of #DB and #AC would lock the processor up; #MC is the host's */
#define VMX_EXCEPTIONS	(BIT(X86_TRAP_DB) | BIT(X86_TRAP_AC) | BIT(X86_TRAP_MC))

void vmx_exceptions(struct tlfs_vp *vp, u32 mask)
{
	/* the guest has NE clear: it is not to see #MF */
	if (!(to_vmx(vp)->cr0 & X86_CR0_NE))
		mask |= BIT(X86_TRAP_MF);
	vmx_write(vp, EXCEPTION_BITMAP, mask | VMX_EXCEPTIONS);
}

void vmx_tsc_offset(struct tlfs_vp *vp, u64 offset)
{
	vmx_write(vp, TSC_OFFSET, offset);
}

static void vmx_init_control(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);
	u32 cpu2 = vmx_caps.cpu2;

	if (!vmx->vpid)
		cpu2 &= ~SECONDARY_EXEC_ENABLE_VPID;
	vmx->cpu_ctls = vmx_caps.cpu;
	vmx->entry_ctls = vmx_caps.entry;
	vmcs_write(PIN_BASED_VM_EXEC_CONTROL, vmx_caps.pin);
	vmcs_write(CPU_BASED_VM_EXEC_CONTROL, vmx->cpu_ctls);
	vmcs_write(SECONDARY_VM_EXEC_CONTROL, cpu2);
	vmcs_write(VM_EXIT_CONTROLS, vmx_caps.exit);
	vmcs_write(VM_ENTRY_CONTROLS, vmx->entry_ctls);
	if (vmx->vpid)
		vmcs_write(VIRTUAL_PROCESSOR_ID, vmx->vpid);
	if (cpu2 & SECONDARY_EXEC_PAUSE_LOOP_EXITING) {
		vmcs_write(PLE_GAP, 128);
		vmcs_write(PLE_WINDOW, 4096);
	}
	if (cpu2 & SECONDARY_EXEC_ENCLS_EXITING)
		vmcs_write(ENCLS_EXITING_BITMAP, ~0ULL);

	if (vmx_caps.slice)
		vmcs_write(VMX_PREEMPTION_TIMER_VALUE, vmx_caps.slice);

	vmcs_write(EPT_POINTER, vmx->eptp);
	vmcs_write(MSR_BITMAP, virt_to_phys(vmx_msr_bitmap));
	vmcs_write(VIRTUAL_APIC_PAGE_ADDR, virt_to_phys(vmx->vapic));
	vmcs_write(TPR_THRESHOLD, 0);
	vmcs_write(TSC_OFFSET, vp->pt->time.guest_tsc_offset);
	vmcs_write(VMCS_LINK_POINTER, ~0ULL);
	vmcs_write(CR3_TARGET_COUNT, 0);
	vmcs_write(PAGE_FAULT_ERROR_CODE_MASK, 0);
	vmcs_write(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	vmcs_write(VM_EXIT_MSR_STORE_COUNT, 0);
	vmcs_write(VM_EXIT_MSR_LOAD_COUNT, 0);
	vmcs_write(VM_ENTRY_MSR_LOAD_COUNT, 0);
	vmcs_write(VM_ENTRY_INTR_INFO_FIELD, 0);
	vmx_exceptions(vp, READ_ONCE(vp->pt->intercepts.exceptions));
}

/* what is the same on all CPUs and in all threads; the rest is vmx_load()'s */
static void vmx_init_host(void)
{
	struct desc_ptr idt;
	u64 val;

	vmcs_write(HOST_CR0, read_cr0());
	vmcs_write(HOST_CS_SELECTOR, __KERNEL_CS);
	vmcs_write(HOST_SS_SELECTOR, __KERNEL_DS);
	vmcs_write(HOST_DS_SELECTOR, 0);
	vmcs_write(HOST_ES_SELECTOR, 0);
	vmcs_write(HOST_FS_SELECTOR, 0);
	vmcs_write(HOST_GS_SELECTOR, 0);
	vmcs_write(HOST_TR_SELECTOR, GDT_ENTRY_TSS * 8);
	store_idt(&idt);
	vmcs_write(HOST_IDTR_BASE, idt.address);
	vmcs_write(HOST_RIP, (unsigned long)vmx_exit_guest);

	rdmsrl(MSR_IA32_SYSENTER_CS, val);
	vmcs_write(HOST_IA32_SYSENTER_CS, val);
	rdmsrl(MSR_IA32_SYSENTER_EIP, val);
	vmcs_write(HOST_IA32_SYSENTER_EIP, val);
	rdmsrl(MSR_EFER, val);
	vmcs_write(HOST_IA32_EFER, val);
	rdmsrl(MSR_IA32_CR_PAT, val);
	vmcs_write(HOST_IA32_PAT, val);
}

static void *vmx_page(void)
{
	struct page *page = tlfs_alloc_page(GFP_KERNEL_ACCOUNT);

	return page ? page_address(page) : NULL;
}

static void vmx_free(struct vmx_vp *vmx)
{
	if (vmx->vpid)
		ida_free(&vpids, vmx->vpid);
	if (vmx->vmcs)
		tlfs_free_page(virt_to_page(vmx->vmcs));
	if (vmx->vapic)
		tlfs_free_page(virt_to_page(vmx->vapic));
	kfree(vmx);
}

static struct vmx_vp *vmx_alloc(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = kzalloc(sizeof(*vmx), GFP_KERNEL_ACCOUNT);
	int vpid;

	if (!vmx)
		return NULL;
	vmx->vmcs = vmx_page();
	vmx->vapic = vmx_page();
	if (!vmx->vmcs || !vmx->vapic) {
		vmx_free(vmx);
		return NULL;
	}
	*(u32 *)vmx->vmcs = vmx_caps.revision;
	vmx->vmcs_pa = virt_to_phys(vmx->vmcs);
	vmx->cpu = -1;
	vmx->host_cpu = -1;
	vmx->new = true;
	if (vmx_caps.cpu2 & SECONDARY_EXEC_ENABLE_VPID) {
		/* without a tag every entry and exit flushes: slower, and right */
		vpid = ida_alloc_range(&vpids, 1, VPID_MAX, GFP_KERNEL);
		vmx->vpid = vpid > 0 ? vpid : 0;
	}
	vmx->eptp = vp->pt->gpa.root | VMCS_EPTP_WB | VMCS_EPTP_4_LEVELS;
	if (vmx_ept_format.accessed)
		vmx->eptp |= VMCS_EPTP_AD;
	return vmx;
}

int vmx_vp_create(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = vmx_alloc(vp);

	if (!vmx)
		return -ENOMEM;
	vp->arch = vmx;

	if (!vmx_hold(vp)) {
		vp->arch = NULL;
		vmx_free(vmx);
		return TLFS_VMX_BRIEF ? -EBUSY : -EIO;
	}
	vmx_init_control(vp);
	vmx_init_host();
	vmx_vp_reset(vp, false);
	vmx_release();
	return 0;
}

static void vmx_forget(void *vp)
{
	this_cpu_cmpxchg(vmx_cpus.last, (struct tlfs_vp *)vp, NULL);
}

void vmx_vp_destroy(struct tlfs_vp *vp)
{
	struct vmx_vp *vmx = to_vmx(vp);
	int cpu;

	/* as in vmx_make_current() */
	cpu = smp_load_acquire(&vmx->cpu);
	if (cpu >= 0)
		smp_call_function_single(cpu, vmx_clear_here, vmx, 1);
	/* a new VP at the same address must not pass for this one */
	if (vmx->host_cpu >= 0)
		on_each_cpu(vmx_forget, vp, 1);
	vp->arch = NULL;
	vmx_free(vmx);
}
