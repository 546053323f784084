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
 * @fd:		partition the descriptor stands for (&tlfs_root: the device's); NULL for a guest's
 *		call.  current->mm is the root's memory for the duration of the call
 * @owner:	open device file the root calls through: what it makes ends with that; else NULL
 * @target:	partition the first input field names, resolved and referenced for the duration
 *		of the call when the row says TLFS_HC_PARTITION; else NULL.  The prologue has
 *		checked that row, caller and target fit (tlfs_hc_relation()).  A handler whose id is
 *		elsewhere, or that has two, asks tlfs_hc_partition() or tlfs_hc_peer()
 * @in:		fixed header, variable header and rep list, copied once from the caller; a page
 * @in_size:	bytes of @in that are the caller's: all of what the row, @var_size and @reps ask
 *		for.  Nothing beyond may be read
 * @var_size:	bytes of variable header
 *		With TLFS_HC_TAIL it reaches to the end of the caller's page, and so does @out_size:
 *		there the handler leaves how much it put out
 * @out:	output page, zeroed as far as the row and @reps reach; copied out by the caller.
 *		A page of its own, never guest memory
 * @reps:	rep count; a long list comes in pieces, then where this piece ends.  Elements are
 *		numbered from the start of the list in @in and @out all the same
 * @rep:	rep start index, and while the handler runs the next one to do; the handler
 *		moves it on
 * @atomic:	made inside the run window: a handler that has to sleep returns
 *		TLFS_HC_SLEEP before it has changed anything (or with @rep at what is done)
 *		and is called again outside
 * @held:	target->calls is held by the prologue
 *
 * A handler sees typed input and never a register.
 */
struct tlfs_hvcall {
	const struct tlfs_hvcall_desc *desc;
	struct tlfs_partition *caller;
	struct tlfs_vp *vp;
	struct tlfs_partition *fd;
	void *owner;
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
	bool held;
};

/* pseudo status of a handler, never seen by a caller */
#define TLFS_HC_SLEEP	0xfffe
/* the VP is suspended, and makes the call again when it goes on; nothing has been done */
#define TLFS_HC_SUSPEND	0xfffd

/* struct tlfs_hvcall_desc.flags */
#define TLFS_HC_REP		BIT(0)
#define TLFS_HC_FAST		BIT(1)	/* register form allowed */
#define TLFS_HC_VARHEAD		BIT(2)	/* variable header allowed */
#define TLFS_HC_PARTITION	BIT(3)	/* first input field is a partition id */
#define TLFS_HC_GUEST		BIT(4)	/* any partition may call it */
#define TLFS_HC_ROOT		BIT(5)	/* through the device's descriptor, for the root itself */
#define TLFS_HC_PARENT		BIT(6)	/* the target's parent may; the root with any it names */
#define TLFS_HC_SELF		BIT(7)	/* the target may, about itself; the root: TLFS_HC_ROOT */
#define TLFS_HC_PT_FD		BIT(8)	/* through a partition descriptor */
#define TLFS_HC_VP_FD		BIT(9)	/* through a VP descriptor */
#define TLFS_HC_WHOLE		BIT(10)	/* list done at one go, whatever its length: never cut */
#define TLFS_HC_PRIV_SELF	BIT(11)	/* the privilege is for acting on oneself only */
#define TLFS_HC_ANY_STATE	BIT(12)	/* the target need not be active (5.2.5) */
#define TLFS_HC_EXCLUSIVE	BIT(14)	/* no other call on the target meanwhile: frees its VPs */
#define TLFS_HC_OUT_PARTIAL	BIT(13)	/* list elements done are put out on failure, too */
#define TLFS_HC_TAIL		BIT(15)	/* data behind the fixed blocks, up to their pages' ends */

/**
 * struct tlfs_hvcall_desc - one row of the table
 * @code:	call code
 * @in_size:	bytes of the fixed input header
 * @rep_in:	bytes of one input list element
 * @out_size:	bytes of the fixed output
 * @rep_out:	bytes of one output list element
 * @flags:	TLFS_HC_*
 * @stat:	HV_VP_STAT_* of its class
 * @privilege:	HV_PRIV_* the caller needs, 0 if none
 * @section:	of the TLFS
 * @handler:	returns HV_STATUS_*, TLFS_HC_SLEEP or TLFS_HC_SUSPEND
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
	u8 stat;
	u16 (*handler)(struct tlfs_hvcall *call);
};

const struct tlfs_hvcall_desc *tlfs_hvcall_lookup(u16 code);

/* is it a call of later editions: a partition of 2.0 has none of them */
static inline bool tlfs_hvcall_later(const struct tlfs_hvcall_desc *desc)
{
	return *desc->section == '-' || !strncmp(desc->section, "5.0:", 4);
}

/* ---- caller and target: caller.c ---- */

/**
 * tlfs_hc_partition - the partition the caller means by @id, with a reference
 * @status:	on NULL: HV_STATUS_ACCESS_DENIED, HV_STATUS_INVALID_PARTITION_ID or TLFS_HC_SLEEP
 *
 * A guest: HV_PARTITION_ID_SELF or its id, and its direct children (not while call->atomic: then
 * TLFS_HC_SLEEP).  Its ancestors and what is deeper is denied, anything else does not exist.
 * The root: SELF is the descriptor's partition; further what is below that, and partitions whose
 * memory is the calling process's.  May answer the root itself.
 *
 * For rows whose id is not the first field (those say TLFS_HC_PARTITION and have call->target),
 * and for the second of two.  It says who may be named, not what may be done: a row that asks for
 * parent or self compares the result with call->caller, as tlfs_hc_relation() does for @target.
 */
struct tlfs_partition *tlfs_hc_partition(struct tlfs_hvcall *call, u64 id, u16 *status);

/*
 * The same for a partition the caller only wants to be connected with (the other end of a port): a
 * guest may in addition name the root and everything in the memory of the same process, which are
 * its ancestors, siblings and descendants.  Never TLFS_HC_SLEEP for itself
 */
struct tlfs_partition *tlfs_hc_peer(struct tlfs_hvcall *call, u64 id, u16 *status);

/* HV_STATUS_SUCCESS or ACCESS_DENIED: call->caller, call->target and the row's flags; prologue */
u16 tlfs_hc_relation(const struct tlfs_hvcall *call);

/**
 * tlfs_hc_page_uaddr - where page number @gpn of the caller is in the memory of its process
 *
 * A guest: its GPA space (overlay pages are nobody's memory: OPERATION_DENIED); the root: its own
 * user page of that number.  An address only: it holds nothing, and is used the way regions are:
 * looked up at each fault, entries taken away by the MMU notifier.  HV_STATUS_INVALID_PARAMETER:
 * beyond the space, HV_STATUS_OPERATION_DENIED: nothing mapped there (the root: found out later).
 */
u16 tlfs_hc_page_uaddr(struct tlfs_hvcall *call, u64 gpn, unsigned long *uaddr);

struct mm_struct;
struct page;

/**
 * struct tlfs_pinned - a page of a caller that the hypervisor writes from any context
 * @page:	pinned for long (FOLL_LONGTERM), NULL: none; page_address() is its mapping
 * @mm:		charged to its locked memory (RLIMIT_MEMLOCK)
 *
 * The pin keeps the page, not its place in the caller's memory: who unmaps it there looks at
 * another page from then on.  For statistics and event log pages; everything else uses addresses.
 */
struct tlfs_pinned {
	struct page *page;
	struct mm_struct *mm;
};

/* as tlfs_hc_page_uaddr(), and INSUFFICIENT_MEMORY (limit) or TLFS_HC_SLEEP (call->atomic) */
u16 tlfs_hc_page_pin(struct tlfs_hvcall *call, u64 gpn, struct tlfs_pinned *pin);
/* from any process; may sleep */
void tlfs_page_unpin(struct tlfs_pinned *pin);

/* TLFS_EXIT_HYPERCALL: TLFS_RESUME, TLFS_SLOW, TLFS_USER (memory intercept on a parameter page) */
int tlfs_hypercall_exit(struct tlfs_vp *vp);

struct tlfs_root_hvcall;
/*
 * ROOT_HVCALL: @pt is the partition the descriptor stands for, &tlfs_root for the device's;
 * @fd_flag TLFS_HC_ROOT (then @owner is the open file), TLFS_HC_PT_FD or TLFS_HC_VP_FD.  Copies
 * in and out, fills arg->status and arg->reps.  Returns 0 or the errno of the contract (1.11).
 */
int tlfs_root_hypercall(struct tlfs_partition *pt, struct tlfs_root_hvcall *arg, u16 fd_flag,
			void *owner);

/*
 * HV_VP_SET of @call's caller to a bitmap of TLFS_MAX_VPS bits, restricted to VPs that exist
 * (hv/interrupt.c).  @banks: @nr_banks elements inside call->in.  Returns HV_STATUS_*
 */
u16 tlfs_vpset_parse(struct tlfs_hvcall *call, u64 format, u64 valid_bank_mask, const u64 *banks,
		     unsigned int nr_banks, unsigned long *mask);

/* handlers, by chapter */
#define TLFS_HANDLER(name) u16 tlfs_hc_##name(struct tlfs_hvcall *call)
TLFS_HANDLER(create_partition);			/* hv/partition.c */
TLFS_HANDLER(initialize_partition);
TLFS_HANDLER(finalize_partition);
TLFS_HANDLER(delete_partition);
TLFS_HANDLER(get_next_child_partition);
TLFS_HANDLER(get_partition_id);
TLFS_HANDLER(ext_query_capabilities);		/* hv/ext.c */
TLFS_HANDLER(ext_get_boot_zeroed_memory);
TLFS_HANDLER(deposit_memory);			/* hv/pool.c */
TLFS_HANDLER(withdraw_memory);
TLFS_HANDLER(get_memory_balance);
TLFS_HANDLER(map_gpa_pages);			/* hv/gpa.c */
TLFS_HANDLER(map_sparse_gpa_pages);
TLFS_HANDLER(unmap_gpa_pages);
TLFS_HANDLER(create_vp);			/* hv/vp.c */
TLFS_HANDLER(delete_vp);
TLFS_HANDLER(get_partition_property);		/* hv/property.c */
TLFS_HANDLER(get_partition_property_ex);
TLFS_HANDLER(set_partition_property);
TLFS_HANDLER(install_intercept);		/* hv/intercept.c */
TLFS_HANDLER(register_intercept_result);
TLFS_HANDLER(get_vp_registers);			/* hv/vp.c */
TLFS_HANDLER(set_vp_registers);
TLFS_HANDLER(get_vp_cpuid_values);
TLFS_HANDLER(get_vp_index_from_apic_id);
TLFS_HANDLER(start_virtual_processor);		/* hv/vp_start.c */
TLFS_HANDLER(switch_virtual_address_space);	/* hv/vmmu.c */
TLFS_HANDLER(flush_virtual_address_space);
TLFS_HANDLER(flush_virtual_address_list);
TLFS_HANDLER(flush_virtual_address_space_ex);
TLFS_HANDLER(flush_virtual_address_list_ex);
TLFS_HANDLER(translate_virtual_address);
TLFS_HANDLER(read_gpa);
TLFS_HANDLER(write_gpa);
TLFS_HANDLER(send_synthetic_cluster_ipi);	/* hv/interrupt.c */
TLFS_HANDLER(send_synthetic_cluster_ipi_ex);
TLFS_HANDLER(retarget_device_interrupt);	/* hv/device.c */
TLFS_HANDLER(assert_virtual_interrupt);	/* hv/interrupt.c */
TLFS_HANDLER(clear_virtual_interrupt);
TLFS_HANDLER(create_port);			/* hv/port.c */
TLFS_HANDLER(create_port_vtl);
TLFS_HANDLER(delete_port);
TLFS_HANDLER(connect_port);
TLFS_HANDLER(connect_port_vtl);
TLFS_HANDLER(disconnect_port);
TLFS_HANDLER(get_port_property);
TLFS_HANDLER(set_port_property);
TLFS_HANDLER(post_message);			/* hv/port_send.c */
TLFS_HANDLER(signal_event);
TLFS_HANDLER(signal_event_direct);		/* hv/synic.c */
TLFS_HANDLER(post_message_direct);
TLFS_HANDLER(post_debug_data);			/* hv/debug.c */
TLFS_HANDLER(retrieve_debug_data);
TLFS_HANDLER(reset_debug_session);
TLFS_HANDLER(save_partition_state);		/* hv/save_restore.c */
TLFS_HANDLER(restore_partition_state);
TLFS_HANDLER(notify_long_spin_wait);		/* hv/scheduler.c */
TLFS_HANDLER(map_stats_page);			/* hv/stats.c */
TLFS_HANDLER(unmap_stats_page);
TLFS_HANDLER(initialize_event_log_buffer_group);	/* hv/eventlog.c */
TLFS_HANDLER(finalize_event_log_buffer_group);
TLFS_HANDLER(create_event_log_buffer);
TLFS_HANDLER(delete_event_log_buffer);
TLFS_HANDLER(map_event_log_buffer);
TLFS_HANDLER(unmap_event_log_buffer);
TLFS_HANDLER(set_event_log_group_sources);
TLFS_HANDLER(release_event_log_buffer);
TLFS_HANDLER(flush_event_log_buffer);
TLFS_HANDLER(get_logical_processor_run_time);	/* hv/system.c */
TLFS_HANDLER(park_logical_processors);
TLFS_HANDLER(set_system_property);
TLFS_HANDLER(get_system_property);
TLFS_HANDLER(get_system_property_ex);

#endif /* TLFS_HYPERCALL_H */
