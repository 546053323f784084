/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * tlfs_netlink.h - generic netlink family "tlfs": what there is and what happens
 *
 * Documentation/netlink/tlfs.yaml describes the same for programs.  All commands are dumps without
 * attributes; events go to the multicast group.  Nothing is changed through it.
 */
#ifndef _UAPI_TLFS_NETLINK_H
#define _UAPI_TLFS_NETLINK_H

#define TLFS_GENL_NAME		"tlfs"
#define TLFS_GENL_VERSION	1
#define TLFS_GENL_EVENTS	"events"

/**
 * enum tlfs_genl_cmd - commands, and kinds of events
 * @TLFS_GENL_PARTITION_GET:	dump: partitions the caller may see
 * @TLFS_GENL_VP_GET:		dump: their VPs
 * @TLFS_GENL_PORT_GET:		dump: their ports
 * @TLFS_GENL_HYPERCALL_GET:	dump: the table of hypercalls, the same for everybody
 * @TLFS_GENL_PARTITION_CREATED: event: %TLFS_GENL_A_ID, %TLFS_GENL_A_PARENT
 * @TLFS_GENL_PARTITION_DELETED: event: its id means nothing any more
 * @TLFS_GENL_VP_CREATED:	event: %TLFS_GENL_A_VP
 * @TLFS_GENL_VP_STARTED:	event: by SIPI or HvStartVirtualProcessor; %TLFS_GENL_A_RIP
 * @TLFS_GENL_RESET:		event: a VP wrote the reset MSR
 * @TLFS_GENL_CRASH:		event: a VP wrote the crash MSRs; %TLFS_GENL_A_CRASH
 * @TLFS_GENL_TRIPLE_FAULT:	event: a VP cannot go on
 */
enum tlfs_genl_cmd {
	TLFS_GENL_UNSPEC,
	TLFS_GENL_PARTITION_GET,
	TLFS_GENL_VP_GET,
	TLFS_GENL_PORT_GET,
	TLFS_GENL_HYPERCALL_GET,
	TLFS_GENL_PARTITION_CREATED,
	TLFS_GENL_PARTITION_DELETED,
	TLFS_GENL_VP_CREATED,
	TLFS_GENL_VP_STARTED,
	TLFS_GENL_RESET,
	TLFS_GENL_CRASH,
	TLFS_GENL_TRIPLE_FAULT,
};

enum tlfs_genl_attr {
	TLFS_GENL_A_UNSPEC,
	TLFS_GENL_A_PAD,
	TLFS_GENL_A_ID,			/* u64: HV_PARTITION_ID; in every message about one */
	TLFS_GENL_A_PARENT,		/* u64 */
	TLFS_GENL_A_STATE,		/* u32: enum tlfs_genl_state, or enum tlfs_genl_vp_state */
	TLFS_GENL_A_PID,		/* u32: whose memory it is; 0: not of your namespace */
	TLFS_GENL_A_UID,		/* u32: who made it */
	TLFS_GENL_A_FLAGS,		/* u32: TLFS_GENL_F_* */
	TLFS_GENL_A_VPS,		/* u32: how many */
	TLFS_GENL_A_CHILDREN,		/* u32 */
	TLFS_GENL_A_PRIVILEGES,		/* u64: HV_PARTITION_PRIVILEGE_MASK */
	TLFS_GENL_A_GUEST_OS_ID,	/* u64 */
	TLFS_GENL_A_POOL,		/* u64: pages in its memory pool */
	TLFS_GENL_A_POOL_USED,		/* u64 */
	TLFS_GENL_A_RESERVE,		/* u32: 16.16 */
	TLFS_GENL_A_CAP,		/* u32: 16.16 */
	TLFS_GENL_A_WEIGHT,		/* u32 */
	TLFS_GENL_A_VP,			/* u32: VP index */
	TLFS_GENL_A_CPU,		/* u32: host CPU it runs or last ran on */
	TLFS_GENL_A_RUNTIME,		/* u64: 100 ns */
	TLFS_GENL_A_PORT,		/* u32: HV_PORT_ID */
	TLFS_GENL_A_PORT_TYPE,		/* u32: HV_PORT_TYPE_* */
	TLFS_GENL_A_PEER,		/* u64: partition that may connect */
	TLFS_GENL_A_SINT,		/* u32 */
	TLFS_GENL_A_POSTS,		/* u64: messages posted */
	TLFS_GENL_A_CODE,		/* u32: call code */
	TLFS_GENL_A_NAME,		/* string */
	TLFS_GENL_A_SECTION,		/* string: section of the TLFS */
	TLFS_GENL_A_SHAPE,		/* u32: TLFS_GENL_C_* */
	TLFS_GENL_A_RIP,		/* u64 */
	TLFS_GENL_A_CRASH,		/* 5 u64: the crash MSRs' parameters */

	__TLFS_GENL_A_MAX,
};

#define TLFS_GENL_A_MAX		(__TLFS_GENL_A_MAX - 1)

/* TLFS 5.2.5 */
enum tlfs_genl_state {
	TLFS_GENL_UNINITIALIZED,
	TLFS_GENL_ACTIVE,
	TLFS_GENL_FINALIZED,
};

enum tlfs_genl_vp_state {
	TLFS_GENL_VP_READY,
	TLFS_GENL_VP_RUNNING,
	TLFS_GENL_VP_HALTED,
	TLFS_GENL_VP_STARTUP,		/* waits for INIT and SIPI */
	TLFS_GENL_VP_SUSPENDED,		/* explicitly (10.1.3) */
	TLFS_GENL_VP_INTERCEPTED,	/* by an intercept */
};

/* TLFS_GENL_A_FLAGS */
#define TLFS_GENL_F_HOSTED	(1 << 0)	/* made through a descriptor */
#define TLFS_GENL_F_THREADED	(1 << 1)	/* made by hypercall, run by kernel threads */
#define TLFS_GENL_F_V2		(1 << 2)	/* compatibility version 2.0 */
#define TLFS_GENL_F_FROZEN	(1 << 3)	/* its time stands */

/* TLFS_GENL_A_SHAPE */
#define TLFS_GENL_C_REP		(1 << 0)
#define TLFS_GENL_C_FAST	(1 << 1)	/* may be called through registers */
#define TLFS_GENL_C_SELF	(1 << 2)	/* by a guest, for itself */
#define TLFS_GENL_C_PARENT	(1 << 3)	/* by the parent of whom it names */
#define TLFS_GENL_C_ROOT	(1 << 4)	/* by the root for itself, through the device */
#define TLFS_GENL_C_PARTITION	(1 << 5)	/* by the root, through a partition's descriptor */
#define TLFS_GENL_C_VP		(1 << 6)	/* by the root, through a VP's descriptor */
#define TLFS_GENL_C_LATER	(1 << 7)	/* of editions after 2.0 */

#endif /* _UAPI_TLFS_NETLINK_H */
