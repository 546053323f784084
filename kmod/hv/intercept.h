/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * intercept.h - what a parent intercepts, and the messages it gets (TLFS 9, 16)
 */
#ifndef TLFS_HV_INTERCEPT_H
#define TLFS_HV_INTERCEPT_H

#include <linux/types.h>

struct tlfs_partition;
struct tlfs_vp;

/**
 * struct tlfs_intercepts - what HvInstallIntercept asked for
 * @cpuid:	all leaves
 * @cpuid_nr:	how many single ones, with repetitions
 * @cpuid_leaf:	the first of them
 * @cpuid_more:	those behind them, a page; NULL: none were asked for
 * @msr_read, @msr_write: MSRs that the hypervisor does not have
 * @exceptions:	vectors
 * @ports:	read, write; bitmaps of 65536, or NULL: all of a VMM's, none of a guest's child
 */
struct tlfs_intercepts {
	bool cpuid;
	u16 cpuid_nr;
	u32 cpuid_leaf[16];
	u32 *cpuid_more;
	bool msr_read, msr_write;
	u32 exceptions;
	unsigned long *ports[2];
};

/* compose vp->msg; all return TLFS_USER */
int tlfs_msg_io(struct tlfs_vp *vp);
int tlfs_msg_memory(struct tlfs_vp *vp, u32 type, u64 gpa, u8 access);
int tlfs_msg_msr(struct tlfs_vp *vp, u32 msr, bool write);
int tlfs_msg_cpuid(struct tlfs_vp *vp, const u32 def[4]);
int tlfs_msg_exception(struct tlfs_vp *vp);
int tlfs_msg_unrecoverable(struct tlfs_vp *vp);
int tlfs_msg_apic_eoi(struct tlfs_vp *vp, u8 vector);
int tlfs_msg_ferr(struct tlfs_vp *vp);
int tlfs_msg_invalid_register(struct tlfs_vp *vp);
int tlfs_msg_unsupported(struct tlfs_vp *vp, u32 feature, u64 param);
int tlfs_msg_interruption_deliverable(struct tlfs_vp *vp, u8 type);
int tlfs_msg_sint_deliverable(struct tlfs_vp *vp, u16 sints);
void tlfs_intercepts_free(struct tlfs_partition *pt);
/* has the parent asked for this port (in: 0 read, 1 write); else it is an empty one (11.9) */
bool tlfs_io_intercepted(struct tlfs_partition *pt, u16 port, unsigned int size, bool write);
bool tlfs_cpuid_intercepted(struct tlfs_partition *pt, u32 leaf);

#endif /* TLFS_HV_INTERCEPT_H */
