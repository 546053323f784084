/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ops.h - the vendor seam
 *
 * svm/ and vmx/ each define one struct tlfs_ops; nothing above them knows a VMCB offset or a VMCS
 * field.  The list below is the whole seam.  It expands to the structure and to static calls:
 * tlfs_call(name)(args...).
 *
 * Unless said otherwise an op runs in the VP's own thread with the VP's state not loaded anywhere
 * else (vp->lock held, or inside the run loop).
 */
#ifndef TLFS_OPS_H
#define TLFS_OPS_H

#include <linux/static_call.h>
#include <linux/types.h>

struct tlfs_vp;
struct tlfs_event;
struct hv_x64_segment_register;
struct hv_x64_table_register;

/* order of VMCB and VMCS, and of HV_X64_REGISTER_ES.. */
enum tlfs_seg {
	TLFS_SEG_ES,
	TLFS_SEG_CS,
	TLFS_SEG_SS,
	TLFS_SEG_DS,
	TLFS_SEG_FS,
	TLFS_SEG_GS,
	TLFS_SEG_LDTR,
	TLFS_SEG_TR,
	TLFS_SEG_COUNT,
};

/* ops->intr_window: above every priority a TPR can hold back */
#define TLFS_EXTINT_WINDOW	0x100

enum tlfs_table {
	TLFS_TABLE_IDTR,
	TLFS_TABLE_GDTR,
};

/**
 * struct tlfs_slp_format - how a second-level paging entry looks
 *
 * Both vendors use four levels of 512 64-bit entries with the address in bits 51:12.
 */
struct tlfs_slp_format {
	u64 present;		/* bits of a readable leaf or table entry */
	u64 table;		/* bits of an entry that points to a table: all rights */
	u64 leaf;		/* further bits every leaf has (memory type, user, ...) */
	u64 write;
	u64 exec;		/* set to allow execution (EPT), or 0 */
	u64 noexec;		/* set to deny it (NPT), or 0 */
	u64 large;		/* leaf above the lowest level */
	u64 accessed;		/* 0: not kept */
	u64 dirty;
	bool has_1g;
};

/*
 * X(return type, name, parameters)
 *
 * check:	may this host run us?  0, -ENODEV or -EBUSY with one line in *why
 * setup:	allocate what all CPUs share; undone by teardown
 * lp_enable:	take this CPU (on it, interrupts off).  -EBUSY if somebody has it, -EIO
 * lp_disable:	give this CPU back (on it, interrupts off; also from panic: no locks)
 * vp_create:	control structure and reset state; undone by vp_destroy
 * vp_reset:	power-on (init = false) or INIT state of everything the backend holds
 * load, put:	the VP begins, ends to run on this CPU (preemption off between them)
 * enter:	run the guest once.  Called with interrupts off and comes back with interrupts
 *		off; host interrupts and NMIs that stopped the guest are still pending then.
 *		Fills vp->exit, and vp->event with an event whose delivery was cut short.
 * inject:	arm vp->event for the next entry
 * intr_allowed: would the guest take an interrupt now (IF, shadow; not the TPR)
 * nmi_allowed: would it take an NMI now
 * intr_window:	exit when the guest could take @vector (IF, shadow and TPR; for TLFS_EXTINT_WINDOW
 *		not the TPR); 0 withdraws
 * nmi_window:	exit when the guest could take an NMI
 * cache_reg:	bring VP_RSP, VP_RIP or VP_RFLAGS into vp->regs
 * set_cr:	0, 3, 4, 8: architectural value, already checked
 * get_msr/set_msr: MSRs the hardware switches (STAR.., SYSENTER.., FS/GS/KERNEL_GS base, PAT,
 *		DEBUGCTL); -ENOENT for all others
 * get_dr:	0-3, 6, 7
 * shadow:	interrupt shadow: get, set (bit 0 shadow, bit 1 NMI masked)
 * end_shadow:	an instruction is complete: the interrupt shadow, if any, is over
 * cs_attributes, cpl: what nearly every exit asks for, cheaper than a whole segment
 * flush_tlb:	drop this VP's own translations before its next entry
 * exceptions:	exit on the vectors in @mask, besides those the backend needs itself
 * tsc_offset:	guest TSC = host TSC + @offset
 * dump:	print the control structure to the log, rate limited by the caller
 */
#define TLFS_OPS(X)									\
	X(int, check, (const char **why))						\
	X(int, setup, (void))								\
	X(void, teardown, (void))							\
	X(int, lp_enable, (void))							\
	X(void, lp_disable, (void))							\
	X(int, vp_create, (struct tlfs_vp *vp))						\
	X(void, vp_destroy, (struct tlfs_vp *vp))					\
	X(void, vp_reset, (struct tlfs_vp *vp, bool init))				\
	X(void, load, (struct tlfs_vp *vp))						\
	X(void, put, (struct tlfs_vp *vp))						\
	X(void, enter, (struct tlfs_vp *vp))						\
	X(void, inject, (struct tlfs_vp *vp, const struct tlfs_event *event))		\
	X(bool, intr_allowed, (struct tlfs_vp *vp))					\
	X(bool, nmi_allowed, (struct tlfs_vp *vp))					\
	X(void, intr_window, (struct tlfs_vp *vp, u16 vector))				\
	X(void, nmi_window, (struct tlfs_vp *vp))					\
	X(void, cache_reg, (struct tlfs_vp *vp, unsigned int reg))			\
	X(u64, get_cr, (struct tlfs_vp *vp, unsigned int nr))				\
	X(void, set_cr, (struct tlfs_vp *vp, unsigned int nr, u64 val))			\
	X(u64, get_efer, (struct tlfs_vp *vp))						\
	X(void, set_efer, (struct tlfs_vp *vp, u64 val))				\
	X(int, get_msr, (struct tlfs_vp *vp, u32 msr, u64 *val))			\
	X(int, set_msr, (struct tlfs_vp *vp, u32 msr, u64 val))				\
	X(u64, get_dr, (struct tlfs_vp *vp, unsigned int nr))				\
	X(void, set_dr, (struct tlfs_vp *vp, unsigned int nr, u64 val))			\
	X(void, get_segment, (struct tlfs_vp *vp, enum tlfs_seg seg,			\
			      struct hv_x64_segment_register *val))			\
	X(void, set_segment, (struct tlfs_vp *vp, enum tlfs_seg seg,			\
			      const struct hv_x64_segment_register *val))		\
	X(void, get_table, (struct tlfs_vp *vp, enum tlfs_table table,			\
			    struct hv_x64_table_register *val))				\
	X(void, set_table, (struct tlfs_vp *vp, enum tlfs_table table,			\
			    const struct hv_x64_table_register *val))			\
	X(u16, cs_attributes, (struct tlfs_vp *vp))					\
	X(u8, cpl, (struct tlfs_vp *vp))						\
	X(u8, get_shadow, (struct tlfs_vp *vp))						\
	X(void, set_shadow, (struct tlfs_vp *vp, u8 shadow))				\
	X(void, end_shadow, (struct tlfs_vp *vp))					\
	X(void, flush_tlb, (struct tlfs_vp *vp))					\
	X(void, exceptions, (struct tlfs_vp *vp, u32 mask))				\
	X(void, tsc_offset, (struct tlfs_vp *vp, u64 offset))				\
	X(void, dump, (struct tlfs_vp *vp))

struct tlfs_ops {
	const char *name;
	/* the hypercall instruction of this vendor: 0F 01 C1 (VMCALL) or 0F 01 D9 (VMMCALL) */
	u8 hypercall_insn[3];
	/* exceptions() intercepts reads of descriptor table registers for vp->npiep, too */
	bool npiep;
	const struct tlfs_slp_format *slp;
#define TLFS_OP_FIELD(ret, op, params) ret (*op) params;
	TLFS_OPS(TLFS_OP_FIELD)
#undef TLFS_OP_FIELD
};

extern const struct tlfs_ops tlfs_svm_ops;
extern const struct tlfs_ops tlfs_vmx_ops;
/** tlfs_ops - the backend in use; set once at load */
extern const struct tlfs_ops *tlfs_ops;

#define TLFS_OP_DECLARE(ret, op, params) \
	DECLARE_STATIC_CALL(tlfs_op_##op, *(((struct tlfs_ops *)0)->op));
TLFS_OPS(TLFS_OP_DECLARE)
#undef TLFS_OP_DECLARE

#define tlfs_call(op)	static_call(tlfs_op_##op)

#endif /* TLFS_OPS_H */
