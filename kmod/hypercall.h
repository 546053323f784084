/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hypercall.h - one call, one table, one checker (TLFS 4)
 */
#ifndef TLFS_HYPERCALL_H
#define TLFS_HYPERCALL_H

#include <linux/bits.h>
#include <linux/types.h>

struct tlfs_partition;
struct tlfs_vp;

/**
 * struct tlfs_hvcall - a decoded hypercall, whoever made it
 * @desc:	its row of the table
 * @caller:	calling partition; &tlfs_root for the ioctl
 * @vp:		calling VP; NULL for the ioctl
 * @target:	partition the first input field names, resolved and referenced for the duration
 *		of the call when the row says TLFS_HC_PARTITION; else NULL
 * @in:		fixed header, variable header and rep list, copied once from the caller; a page
 * @in_size:	bytes of @in that are the caller's: all of what the row, @var_size and @reps ask
 *		for.  Nothing beyond may be read
 * @var_size:	bytes of variable header
 * @out:	output page, zeroed as far as the row and @reps reach; copied out by the caller.
 *		A page of its own, never guest memory
 * @reps:	rep count; a long list comes in pieces, then where this piece ends.  Elements are
 *		numbered from the start of the list in @in and @out all the same
 * @rep:	rep start index, and while the handler runs the next one to do; the handler
 *		moves it on
 * @atomic:	made inside the run window: a handler that has to sleep returns
 *		TLFS_HC_SLEEP before it has changed anything (or with @rep at what is done)
 *		and is called again outside
 *
 * A handler sees typed input and never a register.
 */
struct tlfs_hvcall {
	const struct tlfs_hvcall_desc *desc;
	struct tlfs_partition *caller;
	struct tlfs_vp *vp;
	struct tlfs_partition *target;
	const void *in;
	void *out;
	u16 in_size;
	u16 out_size;
	u16 var_size;
	u16 code;
	u16 reps;
	u16 rep;
	bool fast;
	bool atomic;
};

/* pseudo status of a handler, never seen by a caller */
#define TLFS_HC_SLEEP	0xfffe

/* struct tlfs_hvcall_desc.flags */
#define TLFS_HC_REP		BIT(0)
#define TLFS_HC_FAST		BIT(1)	/* register form allowed */
#define TLFS_HC_VARHEAD		BIT(2)	/* variable header allowed */
#define TLFS_HC_PARTITION	BIT(3)	/* first input field is a partition id */
#define TLFS_HC_GUEST		BIT(4)	/* any partition may call it */
#define TLFS_HC_ROOT		BIT(5)	/* through the device's descriptor, for the root itself */
#define TLFS_HC_PARENT		BIT(6)	/* the target's parent may */
#define TLFS_HC_SELF		BIT(7)	/* the target may, about itself */
#define TLFS_HC_PT_FD		BIT(8)	/* through a partition descriptor */
#define TLFS_HC_VP_FD		BIT(9)	/* through a VP descriptor */
#define TLFS_HC_WHOLE		BIT(10)	/* list done at one go, whatever its length: never cut */

/**
 * struct tlfs_hvcall_desc - one row of the table
 * @code:	call code
 * @in_size:	bytes of the fixed input header
 * @rep_in:	bytes of one input list element
 * @out_size:	bytes of the fixed output
 * @rep_out:	bytes of one output list element
 * @flags:	TLFS_HC_*
 * @privilege:	HV_PRIV_* the caller needs, 0 if none
 * @section:	of the TLFS
 * @handler:	returns HV_STATUS_* or TLFS_HC_SLEEP
 */
struct tlfs_hvcall_desc {
	const char *name;
	const char *section;
	u64 privilege;
	u16 code;
	u16 in_size;
	u16 rep_in;
	u16 out_size;
	u16 rep_out;
	u16 flags;
	u16 (*handler)(struct tlfs_hvcall *call);
};

const struct tlfs_hvcall_desc *tlfs_hvcall_lookup(u16 code);

/* TLFS_EXIT_HYPERCALL: TLFS_RESUME, TLFS_SLOW, TLFS_USER (memory intercept on a parameter page) */
int tlfs_hypercall_exit(struct tlfs_vp *vp);

struct tlfs_root_hvcall;
/*
 * ROOT_HVCALL: @pt is the partition the descriptor stands for, &tlfs_root for the device's;
 * @fd_flag TLFS_HC_ROOT, TLFS_HC_PT_FD or TLFS_HC_VP_FD.  Copies in and out, fills
 * arg->status and arg->reps.  Returns 0 or the errno of the contract (1.11).
 */
int tlfs_root_hypercall(struct tlfs_partition *pt, struct tlfs_root_hvcall *arg, u16 fd_flag);

/*
 * HV_VP_SET of @call's caller to a bitmap of TLFS_MAX_VPS bits, restricted to VPs that exist
 * (hv/interrupt.c).  @banks: @nr_banks elements inside call->in.  Returns HV_STATUS_*
 */
u16 tlfs_vpset_parse(struct tlfs_hvcall *call, u64 format, u64 valid_bank_mask, const u64 *banks,
		     unsigned int nr_banks, unsigned long *mask);

/* handlers, by chapter */
#define TLFS_HANDLER(name) u16 tlfs_hc_##name(struct tlfs_hvcall *call)
TLFS_HANDLER(get_partition_id);			/* hv/partition.c */
TLFS_HANDLER(get_partition_property);		/* hv/property.c */
TLFS_HANDLER(get_partition_property_ex);
TLFS_HANDLER(set_partition_property);
TLFS_HANDLER(install_intercept);		/* hv/intercept.c */
TLFS_HANDLER(register_intercept_result);
TLFS_HANDLER(get_vp_registers);			/* hv/vp.c */
TLFS_HANDLER(set_vp_registers);
TLFS_HANDLER(get_vp_cpuid_values);
TLFS_HANDLER(get_vp_index_from_apic_id);
TLFS_HANDLER(switch_virtual_address_space);	/* hv/vmmu.c */
TLFS_HANDLER(flush_virtual_address_space);
TLFS_HANDLER(flush_virtual_address_list);
TLFS_HANDLER(flush_virtual_address_space_ex);
TLFS_HANDLER(flush_virtual_address_list_ex);
TLFS_HANDLER(translate_virtual_address);
TLFS_HANDLER(send_synthetic_cluster_ipi);	/* hv/interrupt.c */
TLFS_HANDLER(send_synthetic_cluster_ipi_ex);
TLFS_HANDLER(assert_virtual_interrupt);
TLFS_HANDLER(clear_virtual_interrupt);
TLFS_HANDLER(signal_event_direct);		/* hv/synic.c */
TLFS_HANDLER(post_message_direct);
TLFS_HANDLER(notify_long_spin_wait);		/* hv/scheduler.c */

#endif /* TLFS_HYPERCALL_H */
