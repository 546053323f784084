// SPDX-License-Identifier: GPL-2.0-only
/*
 * setup.c - what this processor's VMX can do, and owning a processor
 *
 * Section numbers are those of the Intel SDM, volume 3.
 */
#include <linux/cpu.h>
#include <linux/dmi.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/special_insns.h>
#include <asm/tlbflush.h>
#include <asm/tsc.h>

#include "vmx.h"

#define CPUID_1_ECX_VMX		BIT(5)
#define CR4_FRED		BIT_ULL(32)

DEFINE_PER_CPU(struct vmx_cpu, vmx_cpus);
struct vmx_caps vmx_caps;
u8 *vmx_msr_bitmap;

struct tlfs_slp_format vmx_ept_format = {
	.present = VMCS_EPTE_READ,
	.table = VMCS_EPTE_READ | VMCS_EPTE_WRITE | VMCS_EPTE_EXEC,
	/* the guest's PAT has its say: the type is not imposed */
	.leaf = VMCS_EPTE_WB,
	.write = VMCS_EPTE_WRITE,
	.exec = VMCS_EPTE_EXEC,
	.large = VMCS_EPTE_LARGE,
};

/* ---- capabilities (appendix A) ---- */

#define PIN_REQUIRED	(PIN_BASED_EXT_INTR_MASK | PIN_BASED_NMI_EXITING | PIN_BASED_VIRTUAL_NMIS)
#define CPU_REQUIRED	(CPU_BASED_HLT_EXITING | CPU_BASED_MWAIT_EXITING |		\
			 CPU_BASED_RDPMC_EXITING | CPU_BASED_TPR_SHADOW |		\
			 CPU_BASED_MOV_DR_EXITING | CPU_BASED_UNCOND_IO_EXITING |	\
			 CPU_BASED_USE_MSR_BITMAPS | CPU_BASED_MONITOR_EXITING |	\
			 CPU_BASED_USE_TSC_OFFSETTING |					\
			 CPU_BASED_ACTIVATE_SECONDARY_CONTROLS)
/* must be there, and be off at first */
#define CPU_WINDOWS	(CPU_BASED_INTR_WINDOW_EXITING | CPU_BASED_NMI_WINDOW_EXITING)
/* must not be forced on */
#define CPU_UNWANTED	(CPU_WINDOWS | CPU_BASED_CR3_LOAD_EXITING | CPU_BASED_CR3_STORE_EXITING | \
			 CPU_BASED_INVLPG_EXITING | CPU_BASED_CR8_LOAD_EXITING |	\
			 CPU_BASED_CR8_STORE_EXITING | CPU_BASED_PAUSE_EXITING |	\
			 CPU_BASED_RDTSC_EXITING)
#define CPU2_REQUIRED	(SECONDARY_EXEC_ENABLE_EPT | SECONDARY_EXEC_UNRESTRICTED_GUEST)
#define CPU2_OPTIONAL	(SECONDARY_EXEC_ENABLE_VPID | SECONDARY_EXEC_WBINVD_EXITING |	\
			 SECONDARY_EXEC_PAUSE_LOOP_EXITING | SECONDARY_EXEC_ENCLS_EXITING)
#define EXIT_REQUIRED	(VM_EXIT_HOST_ADDR_SPACE_SIZE | VM_EXIT_LOAD_IA32_PAT |		\
			 VM_EXIT_LOAD_IA32_EFER)
#define ENTRY_REQUIRED	(VM_ENTRY_LOAD_DEBUG_CONTROLS | VM_ENTRY_LOAD_IA32_PAT |	\
			 VM_ENTRY_LOAD_IA32_EFER)
#define EPT_REQUIRED	(VMCS_EPT_4_LEVELS | VMCS_EPT_WB | VMCS_EPT_2M | VMCS_INVEPT)

static u64 vmx_msr(u32 msr)
{
	u64 val = 0;

	rdmsrl_safe(msr, &val);
	return val;
}

/* the low half of a control MSR must be set, what the high half lacks must not be (A.3) */
static bool vmx_controls(u32 msr, u32 required, u32 optional, u32 *ctls)
{
	u64 cap = vmx_msr(msr);
	u32 must = cap, may = cap >> 32;

	*ctls = (required | optional) & may;
	*ctls |= must;
	return (may & required) == required;
}

static const char *vmx_check_controls(struct vmx_caps *c)
{
	u32 optional = CPU2_OPTIONAL;

	if (boot_cpu_has(X86_FEATURE_RDTSCP))
		optional |= SECONDARY_EXEC_ENABLE_RDTSCP;
	if (boot_cpu_has(X86_FEATURE_INVPCID))
		optional |= SECONDARY_EXEC_ENABLE_INVPCID;
	/* the oldest processors lack more, but this is what their owner may have heard of */
	vmx_controls(MSR_IA32_VMX_PROCBASED_CTLS2, CPU2_REQUIRED, optional, &c->cpu2);
	if (!(c->cpu2 & SECONDARY_EXEC_ENABLE_EPT))
		return "this processor has no extended page tables (EPT)";
	if (!(c->cpu2 & SECONDARY_EXEC_UNRESTRICTED_GUEST))
		return "this processor's VMX has no unrestricted guest: real mode would not run";
	if (!(vmx_msr(MSR_IA32_VMX_BASIC) & VMCS_BASIC_TRUE_CONTROLS))
		return "this processor's VMX is too old: no true control MSRs";

	if (!vmx_controls(MSR_IA32_VMX_TRUE_PINBASED_CTLS, PIN_REQUIRED, 0, &c->pin))
		return "this processor's VMX has no virtual NMIs";
	if (!vmx_controls(MSR_IA32_VMX_TRUE_PROCBASED_CTLS, CPU_REQUIRED | CPU_WINDOWS, 0,
			  &c->cpu))
		return "this processor's VMX lacks TPR shadow, MSR bitmaps or secondary controls";
	if (vmx_msr(MSR_IA32_VMX_TRUE_PROCBASED_CTLS) & CPU_UNWANTED)
		return "this processor's VMX cannot let CR3 accesses pass";
	c->cpu &= ~CPU_WINDOWS;
	if (!vmx_controls(MSR_IA32_VMX_TRUE_EXIT_CTLS, EXIT_REQUIRED, 0, &c->exit) ||
	    !vmx_controls(MSR_IA32_VMX_TRUE_ENTRY_CTLS, ENTRY_REQUIRED, 0, &c->entry))
		return "this processor's VMX cannot switch EFER and PAT";
	/* leave interrupts pending on exit: the kernel takes them its own way */
	c->exit &= ~VM_EXIT_ACK_INTR_ON_EXIT;
	c->entry &= ~VM_ENTRY_IA32E_MODE;
	return NULL;
}

static const char *vmx_check_ept(struct vmx_caps *c)
{
	c->ept_vpid = vmx_msr(MSR_IA32_VMX_EPT_VPID_CAP);
	if ((c->ept_vpid & EPT_REQUIRED) != EPT_REQUIRED ||
	    !(c->ept_vpid & (VMCS_INVEPT_SINGLE | VMCS_INVEPT_ALL)))
		return "this processor's EPT lacks 4 levels, write-back, 2 MiB pages or INVEPT";
	if (!(c->ept_vpid & VMCS_INVVPID) ||
	    !(c->ept_vpid & (VMCS_INVVPID_SINGLE | VMCS_INVVPID_ALL)))
		c->cpu2 &= ~SECONDARY_EXEC_ENABLE_VPID;

	vmx_ept_format.has_1g = c->ept_vpid & VMCS_EPT_1G;
	if (c->ept_vpid & VMCS_EPT_AD) {
		vmx_ept_format.accessed = VMCS_EPTE_ACCESSED;
		vmx_ept_format.dirty = VMCS_EPTE_DIRTY;
	}
	return NULL;
}

/* IA32_FEATURE_CONTROL: the firmware's or the kernel's, set once and locked (24.7) */
static bool vmx_locked_off(void)
{
	u64 fc = vmx_msr(MSR_IA32_FEAT_CTL);

	return (fc & FEAT_CTL_LOCKED) && !(fc & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX);
}

int vmx_check(const char **why)
{
	u64 basic;

	if (!(cpuid_ecx(1) & CPUID_1_ECX_VMX)) {
		*why = "this processor has no VMX";
		return -ENODEV;
	}
	if (vmx_locked_off()) {
		*why = "the firmware locked VMX off (FEATURE_CONTROL): enable VT-x in its setup";
		return -ENODEV;
	}
	if (__read_cr4() & CR4_FRED) {
		*why = "FRED event delivery is active: boot the kernel with fred=off";
		return -ENODEV;
	}
	basic = vmx_msr(MSR_IA32_VMX_BASIC);
	*why = vmx_check_controls(&vmx_caps);
	if (!*why)
		*why = vmx_check_ept(&vmx_caps);
	if (*why)
		return -ENODEV;

	vmx_caps.revision = basic & VMCS_BASIC_REVISION_MASK;
	vmx_caps.string_info = basic & VMCS_BASIC_INS_OUTS;
	/* an unrestricted guest may have paging and protection off */
	vmx_caps.cr0_fixed = vmx_msr(MSR_IA32_VMX_CR0_FIXED0) & ~(X86_CR0_PE | X86_CR0_PG);
	vmx_caps.cr4_fixed = vmx_msr(MSR_IA32_VMX_CR4_FIXED0);
	vmx_caps.cr4_allowed = vmx_msr(MSR_IA32_VMX_CR4_FIXED1);
	return 0;
}

/* ---- setup ---- */

/* four bitmaps of 1 KiB: reads of low and of high MSRs, writes of these (25.6.9) */
static void vmx_msr_pass(u32 msr)
{
	unsigned int bit = (msr & 0x1fff) + (msr >= 0xc0000000 ? 0x400 * 8 : 0);

	vmx_msr_bitmap[bit / 8] &= ~BIT(bit % 8);
	bit += 0x800 * 8;
	vmx_msr_bitmap[bit / 8] &= ~BIT(bit % 8);
}

/* what leaks from a processor to its guest; the kernel's own choices are not exported */
static void vmx_setup_mitigations(void)
{
	if (cpu_mitigations_off())
		return;
	vmx_caps.verw = boot_cpu_has(X86_FEATURE_MD_CLEAR) &&
			(boot_cpu_has_bug(X86_BUG_MDS) || boot_cpu_has_bug(X86_BUG_TAA) ||
			 boot_cpu_has_bug(X86_BUG_MMIO_STALE_DATA));
	vmx_caps.l1d_flush = boot_cpu_has(X86_FEATURE_FLUSH_L1D) &&
			     boot_cpu_has_bug(X86_BUG_L1TF);
}

#define BOCHS_SLICE_MS	2

/*
 * Bochs decides on entry whether interrupts can end the guest's run, and decides wrongly if IF is
 * clear in host and guest: none does until the guest changes its IF.  The preemption timer does
 * always; what waits is then taken.
 */
static void vmx_setup_quirks(void)
{
	const char *bios = dmi_get_system_info(DMI_BIOS_VENDOR);
	u32 pin;

	if (!bios || !strstr(bios, "Bochs") ||
	    !vmx_controls(MSR_IA32_VMX_TRUE_PINBASED_CTLS, PIN_BASED_VMX_PREEMPTION_TIMER, 0, &pin))
		return;
	vmx_caps.pin |= PIN_BASED_VMX_PREEMPTION_TIMER;
	vmx_caps.slice = (BOCHS_SLICE_MS * tsc_khz) >>
			 vmx_misc_preemption_timer_rate(vmx_msr(MSR_IA32_VMX_MISC));
}

void vmx_teardown(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct vmx_cpu *vc = per_cpu_ptr(&vmx_cpus, cpu);

		if (vc->vmxon)
			__free_page(vc->vmxon);
		vc->vmxon = NULL;
	}
	free_page((unsigned long)vmx_msr_bitmap);
	vmx_msr_bitmap = NULL;
}

int vmx_setup(void)
{
	/* what VMCS or run window switch with the guest: reading and writing it is the guest's */
	static const u32 pass[] = {
		MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE, MSR_IA32_SYSENTER_CS,
		MSR_IA32_SYSENTER_ESP, MSR_IA32_SYSENTER_EIP,
	};
	unsigned int i;
	int cpu;

	vmx_msr_bitmap = (u8 *)__get_free_page(GFP_KERNEL);
	if (!vmx_msr_bitmap)
		return -ENOMEM;
	memset(vmx_msr_bitmap, 0xff, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(pass); i++)
		vmx_msr_pass(pass[i]);
	vmx_setup_mitigations();
	vmx_setup_quirks();

	for_each_possible_cpu(cpu) {
		struct vmx_cpu *vc = per_cpu_ptr(&vmx_cpus, cpu);

		INIT_LIST_HEAD(&vc->loaded);
		vc->vmxon = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!vc->vmxon)
			goto err_pages;
		*(u32 *)page_address(vc->vmxon) = vmx_caps.revision;
	}
	return 0;

err_pages:
	vmx_teardown();
	return -ENOMEM;
}

/* ---- one processor ---- */

static int vmx_on(u64 pa)
{
	asm goto("1:	vmxon %0\n"
		 "	jbe %l[failed]\n"
		 _ASM_EXTABLE(1b, %l[failed])
		 : : "m" (pa) : "cc", "memory" : failed);
	return 0;
failed:
	return -EIO;
}

static void vmx_off(void)
{
	asm volatile("1:	vmxoff\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : : : "cc", "memory");
}

static int vmx_enable_feature(void)
{
	u64 fc = vmx_msr(MSR_IA32_FEAT_CTL);

	if (fc & FEAT_CTL_LOCKED)
		return fc & FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX ? 0 : -EIO;
	fc |= FEAT_CTL_LOCKED | FEAT_CTL_VMX_ENABLED_OUTSIDE_SMX;
	return wrmsrl_safe(MSR_IA32_FEAT_CTL, fc) ? -EIO : 0;
}

int vmx_root_enter(struct vmx_cpu *vc)
{
	int err;

	if (__read_cr4() & X86_CR4_VMXE)
		return -EBUSY;
	tlfs_cr4_set(X86_CR4_VMXE);
	err = vmx_on(page_to_phys(vc->vmxon));
	if (err)
		tlfs_cr4_clear(X86_CR4_VMXE);
	return err;
}

void vmx_root_leave(void)
{
	vmx_off();
	tlfs_cr4_clear(X86_CR4_VMXE);
}

int vmx_lp_enable(void)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);
	int err;

	if (__read_cr4() & X86_CR4_VMXE)
		return -EBUSY;
	if ((vmx_msr(MSR_IA32_VMX_BASIC) & VMCS_BASIC_REVISION_MASK) != vmx_caps.revision)
		return -EIO;
	err = vmx_enable_feature();
	if (err)
		return err;

	err = vmx_root_enter(vc);
	if (err)
		return err;
	/* who had VMX before may have left translations */
	if (vmx_caps.ept_vpid & VMCS_INVEPT_ALL)
		vmcs_invept(VMCS_INV_ALL, 0);
	if (vmx_caps.ept_vpid & VMCS_INVVPID_ALL)
		vmcs_invvpid(VMCS_INV_ALL, 0);
	if (TLFS_VMX_BRIEF)
		vmx_root_leave();

	vc->current_vmcs = NULL;
	vc->last = NULL;
	rdmsrl(MSR_STAR, vc->host_syscall[VMX_STAR]);
	rdmsrl(MSR_LSTAR, vc->host_syscall[VMX_LSTAR]);
	rdmsrl(MSR_SYSCALL_MASK, vc->host_syscall[VMX_SFMASK]);
	memcpy(vc->syscall, vc->host_syscall, sizeof(vc->syscall));
	if (vmx_caps.cpu2 & SECONDARY_EXEC_ENABLE_RDTSCP) {
		rdmsrl(MSR_TSC_AUX, vc->host_tsc_aux);
		vc->tsc_aux = vc->host_tsc_aux;
	}
	native_store_gdt(&vc->gdt);
	vc->owned = true;
	return 0;
}

void vmx_lp_disable(void)
{
	struct vmx_cpu *vc = this_cpu_ptr(&vmx_cpus);
	struct vmx_vp *vmx, *next;

	if (!vc->owned)
		return;
	vc->owned = false;
	vc->current_vmcs = NULL;
	list_for_each_entry_safe(vmx, next, &vc->loaded, link) {
		vmcs_clear(vmx->vmcs_pa);
		list_del(&vmx->link);
		vmx->launched = false;
		/* pairs with smp_load_acquire() in vmx_make_current() */
		smp_store_release(&vmx->cpu, -1);
	}
	if (!TLFS_VMX_BRIEF)
		vmx_root_leave();
}
