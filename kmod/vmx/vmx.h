/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmx.h - what the files of the VMX backend share
 */
#ifndef TLFS_VMX_H
#define TLFS_VMX_H

#include <linux/list.h>
#include <linux/percpu.h>
#include <asm/desc_defs.h>

#include "tlfs.h"
#include "vmcs.h"
#include "x86/debug.h"

/* struct vmx_vp.cached: fields read since the last exit */
#define VMX_CACHED_CS_AR	BIT(0)
#define VMX_CACHED_SS_AR	BIT(1)
#define VMX_CACHED_CR0		BIT(2)
#define VMX_CACHED_CR3		BIT(3)
#define VMX_CACHED_CR4		BIT(4)
#define VMX_CACHED_INTR_STATE	BIT(5)

/* MSRs of SYSCALL the processor does not switch; all but CSTAR, which Intel's never use */
enum {
	VMX_STAR,
	VMX_LSTAR,
	VMX_SFMASK,
	VMX_SYSCALL_MSRS,
};

/**
 * struct vmx_vp - what the VMX backend keeps for a VP
 * @vmcs_pa, @vmcs: control structure
 * @vapic:	virtual-APIC page: only its TPR is used
 * @link:	in vmx_cpu.loaded of @cpu
 * @cpu:	CPU that may have @vmcs in its caches, -1: none.  Changed by the VP's thread and, to
 *		-1, by @cpu itself when it is given back
 * @host_cpu:	CPU whose host state is in @vmcs, -1: none
 * @launched:	VMLAUNCH has been done since the last VMCLEAR
 * @vpid:	tag in the TLB, 0: none was left
 * @eptp:	EPT pointer
 * @host_rsp, @host_cr3, @host_cr4, @host_fs_base: what @vmcs says
 * @host_kernel_gs: user GS base of the running thread, while loaded
 * @host_sel:	ES, DS, FS, GS of the running thread, while loaded
 * @host_debugctl: DEBUGCTL of the host, while loaded
 * @cpu_ctls, @entry_ctls, @tpr_threshold: what @vmcs says
 * @cached:	VMX_CACHED_*, of the fields behind it
 * @new:	@vmcs was never cleared
 * @lost:	another hypervisor had taken the processor when @vmcs was to be read or written
 * @shadow_ended: an instruction was completed for the guest: the shadow in @vmcs is void
 * @flush:	drop the VP's translations at the next entry
 * @gpa_flushes: of pt->gpa at the last INVEPT for this VP
 * @cr0, @cr4, @efer, @pat, @debugctl, @dr, @dr6, @dr7: architectural values
 * @syscall, @cstar: guest's MSRs of SYSCALL
 * @kernel_gs:	guest's KERNEL_GS_BASE, while not loaded
 * @call_rip, @call_len: the last VMCALL; a length of 0 is none
 * @fail:	VM-instruction error of the last entry, or 0
 * @failed_event: what an entry that was refused was to inject
 */
struct vmx_vp {
	u64 vmcs_pa;
	void *vmcs;
	u8 *vapic;
	struct list_head link;
	int cpu;
	int host_cpu;
	bool launched;
	bool new;
	bool lost;
	bool shadow_ended;
	bool flush;
	u8 tpr_threshold;
	u16 vpid;
	u64 eptp;
	unsigned long gpa_flushes;
	u64 host_rsp;
	u64 host_cr3;
	u64 host_cr4;
	u64 host_fs_base;
	u64 host_kernel_gs;
	u64 host_debugctl;
	u16 host_sel[4];
	u32 cpu_ctls;
	u32 entry_ctls;

	u32 cached;
	u32 cs_ar;
	u32 ss_ar;
	u32 intr_state;
	u64 guest_cr0;
	u64 guest_cr3;
	u64 guest_cr4;

	u64 cr0;
	u64 cr4;
	u64 efer;
	u64 pat;
	u64 debugctl;
	u64 dr[4];
	u64 dr6;
	u64 dr7;
	u64 syscall[VMX_SYSCALL_MSRS];
	u64 cstar;
	u64 kernel_gs;
	u64 call_rip;
	u8 call_len;
	u32 fail;
	u32 failed_event;
};

/**
 * struct vmx_cpu - one host CPU
 * @vmxon:	VMXON region
 * @loaded:	VMCSs that are in its caches; interrupts off
 * @current_vmcs: the one VMREAD and VMWRITE go to
 * @running:	the one whose run window this is, or NULL
 * @holds:	depth of vmx_hold()
 * @hold_flags:	and interrupts as they were before the first, where VMX is on only then
 * @last:	the VP that ran last
 * @host_syscall, @host_tsc_aux: MSRs as the host wants them
 * @syscall, @tsc_aux: and what is in them
 * @gdt:	with the limit an exit loses
 * @host_debug:	debug registers of the host, while a VP is loaded
 * @owned:	VMX is on, and by us
 */
struct vmx_cpu {
	struct page *vmxon;
	struct list_head loaded;
	struct vmx_vp *current_vmcs;
	struct vmx_vp *running;
	unsigned int holds;
	unsigned long hold_flags;
	struct tlfs_vp *last;
	u64 host_syscall[VMX_SYSCALL_MSRS];
	u64 syscall[VMX_SYSCALL_MSRS];
	u64 host_tsc_aux;
	u64 tsc_aux;
	struct desc_ptr gdt;
	struct tlfs_host_debug host_debug;
	bool owned;
};

DECLARE_PER_CPU(struct vmx_cpu, vmx_cpus);

/**
 * struct vmx_caps - control words for this processor, and what it offers
 * @pin, @cpu, @cpu2, @exit, @entry: initial controls
 * @cr0_fixed, @cr4_fixed: bits that must be set
 * @cr4_allowed: bits that may be
 * @ept_vpid:	IA32_VMX_EPT_VPID_CAP
 * @revision:	of VMCS and VMXON region
 * @slice:	preemption timer of every entry, 0: not used
 * @string_info: string I/O is described
 * @verw:	buffers of this processor leak: clear them before the guest sees them
 * @l1d_flush:	so does the L1 data cache
 */
struct vmx_caps {
	u32 pin;
	u32 cpu;
	u32 cpu2;
	u32 exit;
	u32 entry;
	u64 cr0_fixed;
	u64 cr4_fixed;
	u64 cr4_allowed;
	u64 ept_vpid;
	u32 revision;
	u32 slice;
	bool string_info;
	bool verw;
	bool l1d_flush;
};

extern struct vmx_caps vmx_caps;
extern struct tlfs_slp_format vmx_ept_format;
/* bit set: the MSR exits */
extern u8 *vmx_msr_bitmap;

static inline struct vmx_vp *to_vmx(struct tlfs_vp *vp)
{
	return vp->arch;
}

/*
 * Make the VP's VMCS current on this CPU and stay here; false if the processor is not ours any
 * more.  Nests.  Another VP's run window, whose VP asks for the registers of this one, has its own
 * VMCS back when it is over.
 *
 * With TLFS_VMX_BRIEF this turns VMX on, and interrupts off, until the last vmx_release(); run
 * window or not.  All that nests is of one VP then.
 */
bool vmx_hold(struct tlfs_vp *vp);
void vmx_release(void);

/* VMREAD and VMWRITE find the VP's VMCS */
static inline bool vmx_held(struct tlfs_vp *vp)
{
	return TLFS_VMX_BRIEF ? this_cpu_read(vmx_cpus.holds) : vp->in_window;
}

u64 vmx_read_outside(struct tlfs_vp *vp, unsigned long field);
void vmx_write_outside(struct tlfs_vp *vp, unsigned long field, u64 val);

static inline u64 vmx_read(struct tlfs_vp *vp, unsigned long field)
{
	return likely(vmx_held(vp)) ? vmcs_read(field) : vmx_read_outside(vp, field);
}

static inline void vmx_write(struct tlfs_vp *vp, unsigned long field, u64 val)
{
	if (likely(vmx_held(vp)))
		vmcs_write(field, val);
	else
		vmx_write_outside(vp, field, val);
}

/* setup.c: owning the processor */
int vmx_check(const char **why);
int vmx_setup(void);
void vmx_teardown(void);
int vmx_lp_enable(void);
void vmx_lp_disable(void);
/* VMX operation on this CPU, interrupts off: 0, or -EBUSY, -EIO */
int vmx_root_enter(struct vmx_cpu *vc);
void vmx_root_leave(void);

/* life.c: VMCS and VP */
int vmx_vp_create(struct tlfs_vp *vp);
void vmx_vp_destroy(struct tlfs_vp *vp);
/* bring the VMCS to this CPU: preemption off, interrupts on */
void vmx_make_current(struct vmx_vp *vmx);
void vmx_exceptions(struct tlfs_vp *vp, u32 mask);
void vmx_tsc_offset(struct tlfs_vp *vp, u64 offset);

/* host.c: what an exit comes back to, and what the processor does not switch */
void vmx_load(struct tlfs_vp *vp);
void vmx_put(struct tlfs_vp *vp);
/* bring the guest's DR0-3 into the registers if its DR7 uses them */
void vmx_load_dr(struct tlfs_vp *vp);
/* bring the guest's SYSCALL MSRs into the registers if its EFER uses them */
void vmx_load_syscall(struct vmx_vp *vmx);

/* regs.c: registers; the ops of these names */
void vmx_vp_reset(struct tlfs_vp *vp, bool init);
void vmx_cache_reg(struct tlfs_vp *vp, unsigned int reg);
u64 vmx_get_cr(struct tlfs_vp *vp, unsigned int nr);
void vmx_set_cr(struct tlfs_vp *vp, unsigned int nr, u64 val);
u64 vmx_get_efer(struct tlfs_vp *vp);
void vmx_set_efer(struct tlfs_vp *vp, u64 val);
int vmx_get_msr(struct tlfs_vp *vp, u32 msr, u64 *val);
int vmx_set_msr(struct tlfs_vp *vp, u32 msr, u64 val);
u64 vmx_get_dr(struct tlfs_vp *vp, unsigned int nr);
void vmx_set_dr(struct tlfs_vp *vp, unsigned int nr, u64 val);
void vmx_get_segment(struct tlfs_vp *vp, enum tlfs_seg seg, struct hv_x64_segment_register *val);
void vmx_set_segment(struct tlfs_vp *vp, enum tlfs_seg seg,
		     const struct hv_x64_segment_register *val);
void vmx_get_table(struct tlfs_vp *vp, enum tlfs_table table, struct hv_x64_table_register *val);
void vmx_set_table(struct tlfs_vp *vp, enum tlfs_table table,
		   const struct hv_x64_table_register *val);
/* read at once what handlers of exits are going to ask for */
void vmx_cache_all(struct tlfs_vp *vp);
u16 vmx_cs_attributes(struct tlfs_vp *vp);
u8 vmx_cpl(struct tlfs_vp *vp);

/* event.c: interrupts, exceptions, windows */
void vmx_inject(struct tlfs_vp *vp, const struct tlfs_event *ev);
void vmx_requeue(struct tlfs_vp *vp);
bool vmx_intr_allowed(struct tlfs_vp *vp);
bool vmx_nmi_allowed(struct tlfs_vp *vp);
void vmx_intr_window(struct tlfs_vp *vp, u16 vector);
void vmx_nmi_window(struct tlfs_vp *vp);
void vmx_close_nmi_window(struct tlfs_vp *vp);
/* the entry was refused: what it was to inject waits for the next */
void vmx_keep_event(struct tlfs_vp *vp);
u8 vmx_get_shadow(struct tlfs_vp *vp);
void vmx_set_shadow(struct tlfs_vp *vp, u8 shadow);
void vmx_end_shadow(struct tlfs_vp *vp);
/* GUEST_INTERRUPTIBILITY_INFO as it is now; and with @clear and @set changed */
u32 vmx_intr_state(struct tlfs_vp *vp);
void vmx_change_intr_state(struct tlfs_vp *vp, u32 clear, u32 set);

/* exit.c: vp->exit out of the VMCS; @reason is VM_EXIT_REASON */
void vmx_decode(struct tlfs_vp *vp, u32 reason);

/* report.c */
void vmx_dump(struct tlfs_vp *vp);

/* enter.S: world switch: 0, or 1 if VMLAUNCH or VMRESUME failed.  @regs is vp->regs */
int vmx_enter_guest(u64 *regs, bool launched, u64 *host_rsp);
/* where an exit comes out */
void vmx_exit_guest(void);

#endif /* TLFS_VMX_H */
