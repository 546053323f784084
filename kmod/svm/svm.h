/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * svm.h - what the files of the SVM backend share
 */
#ifndef TLFS_SVM_H
#define TLFS_SVM_H

#include "tlfs.h"
#include "vmcb.h"

/**
 * struct svm_vp - what the SVM backend keeps for a VP
 * @vmcb, @vmcb_pa: control block
 * @pml5:	top of the nested tables where the host runs with five levels: NPT uses the
 *		host's paging mode, and the common code builds four
 * @cpu:	CPU of the last entry, -1 never
 * @asid_generation: of the per-CPU allocator when @vmcb's ASID was given
 * @flush:	drop the ASID's translations at the next entry
 * @dr:		guest DR0-3; loaded only while DR7 has breakpoints on
 * @nmi_masked:	an NMI was injected and its IRET not seen
 * @iret_rip:	RIP of that IRET, once intercepted; NMIs are open when RIP has moved on
 * @iret_seen:	@iret_rip is valid
 * @turn_back:	exit as soon as the pending event is delivered: an NMI waits
 * @stepping:	RFLAGS.TF is ours: exit after the IRET
 * @stepping_tf: the guest's own TF meanwhile
 * @soft:	the event just injected, if it pushes the address of the next instruction
 * @soft_rip:	that address
 * @cr0_hidden:	bits of CR0 that are otherwise in the VMCB than the guest wrote them: of CD, NW
 *		and NE
 */
struct svm_vp {
	struct vmcb *vmcb;
	u64 vmcb_pa;
	u64 *pml5;
	int cpu;
	u64 asid_generation;
	bool flush;
	bool nmi_masked;
	bool iret_seen;
	bool turn_back;
	bool stepping;
	bool stepping_tf;
	u64 dr[4];
	u64 iret_rip;
	struct tlfs_event soft;
	u64 soft_rip;
	u64 cr0_hidden;
};

/* what this processor offers beyond the required: CPUID 8000000A EDX */
extern u32 svm_features;

static inline void svm_intercept(struct vmcb *vmcb, unsigned int bit, bool on)
{
	u32 mask = BIT(bit % 32);

	if (on)
		vmcb->control.intercepts[bit / 32] |= mask;
	else
		vmcb->control.intercepts[bit / 32] &= ~mask;
	vmcb->control.clean &= ~SVM_CLEAN_INTERCEPTS;
}

static inline bool svm_intercepted(const struct vmcb *vmcb, unsigned int bit)
{
	return vmcb->control.intercepts[bit / 32] & BIT(bit % 32);
}

static inline struct svm_vp *to_svm(struct tlfs_vp *vp)
{
	return vp->arch;
}

/* vmcb.c: registers; the ops of these names */
void svm_vp_reset(struct tlfs_vp *vp, bool init);
u64 svm_get_cr(struct tlfs_vp *vp, unsigned int nr);
void svm_set_cr(struct tlfs_vp *vp, unsigned int nr, u64 val);
u64 svm_get_efer(struct tlfs_vp *vp);
void svm_set_efer(struct tlfs_vp *vp, u64 val);
int svm_get_msr(struct tlfs_vp *vp, u32 msr, u64 *val);
int svm_set_msr(struct tlfs_vp *vp, u32 msr, u64 val);
u64 svm_get_dr(struct tlfs_vp *vp, unsigned int nr);
void svm_set_dr(struct tlfs_vp *vp, unsigned int nr, u64 val);
void svm_get_segment(struct tlfs_vp *vp, enum tlfs_seg seg, struct hv_x64_segment_register *val);
void svm_set_segment(struct tlfs_vp *vp, enum tlfs_seg seg,
		     const struct hv_x64_segment_register *val);
void svm_get_table(struct tlfs_vp *vp, enum tlfs_table table, struct hv_x64_table_register *val);
void svm_set_table(struct tlfs_vp *vp, enum tlfs_table table,
		   const struct hv_x64_table_register *val);
u16 svm_cs_attributes(struct tlfs_vp *vp);
u8 svm_cpl(struct tlfs_vp *vp);
u8 svm_get_shadow(struct tlfs_vp *vp);
void svm_set_shadow(struct tlfs_vp *vp, u8 shadow);
void svm_end_shadow(struct tlfs_vp *vp);

/* svm.c: bring the guest's DR0-3 into the registers if its DR7 uses them */
void svm_load_dr(struct tlfs_vp *vp);
void svm_intr_window(struct tlfs_vp *vp, u16 vector);	/* the op */

/* exit.c: fill vp->exit from the VMCB */
void svm_decode(struct tlfs_vp *vp);

/* enter.S: world switch; @regs is vp->regs, @host_pa a page with the host's VMSAVE state */
void svm_enter_guest(u64 vmcb_pa, u64 *regs, u64 host_pa);

#endif /* TLFS_SVM_H */
