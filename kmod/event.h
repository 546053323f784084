/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * event.h - what goes across the vendor seam: decoded exits and events to inject
 */
#ifndef TLFS_EVENT_H
#define TLFS_EVENT_H

#include <linux/types.h>

/**
 * enum tlfs_exit_kind - why the guest stopped, in terms both vendors share
 */
enum tlfs_exit_kind {
	TLFS_EXIT_NONE,			/* nothing to do: host interrupt or NMI, already taken */
	TLFS_EXIT_CPUID,
	TLFS_EXIT_RDMSR,
	TLFS_EXIT_WRMSR,
	TLFS_EXIT_HYPERCALL,		/* VMMCALL or VMCALL, this vendor's own */
	TLFS_EXIT_HLT,
	TLFS_EXIT_IO,
	TLFS_EXIT_MEMORY,		/* second-level fault */
	TLFS_EXIT_INTR_WINDOW,
	TLFS_EXIT_NMI_WINDOW,
	TLFS_EXIT_EXCEPTION,
	TLFS_EXIT_CR,
	TLFS_EXIT_DR,
	TLFS_EXIT_XSETBV,
	TLFS_EXIT_PAUSE,
	TLFS_EXIT_WBINVD,		/* and INVD */
	TLFS_EXIT_INVLPG,
	TLFS_EXIT_RDPMC,
	TLFS_EXIT_MONITOR,		/* not offered: #UD, like every UNDEFINED one */
	TLFS_EXIT_MWAIT,
	TLFS_EXIT_UNDEFINED,		/* an instruction this guest does not have */
	TLFS_EXIT_TABLE,		/* SGDT, SIDT, SLDT, STR */
	TLFS_EXIT_TASK_SWITCH,
	TLFS_EXIT_TRIPLE_FAULT,
	TLFS_EXIT_INIT,
	TLFS_EXIT_SMI,
	TLFS_EXIT_FAILED,		/* entry refused: invalid guest state */
	TLFS_EXIT_LOST,			/* not entered: another hypervisor has the processor now */
	TLFS_EXIT_COUNT,
};

enum tlfs_access {
	TLFS_ACCESS_READ,
	TLFS_ACCESS_WRITE,
	TLFS_ACCESS_EXECUTE,
};

#define TLFS_INSN_MAX	15

/**
 * struct tlfs_exit - one decoded exit; filled by the backend's enter()
 * @kind:	enum tlfs_exit_kind
 * @insn_len:	bytes of the exiting instruction, 0 if the processor did not say
 *		(tlfs_insn_len() then finds out)
 * @nr_bytes:	valid bytes in @bytes, 0 if the processor gave none
 * @bytes:	instruction bytes at RIP
 * @hw:		the vendor's own exit code, for traces and reports only
 */
struct tlfs_exit {
	u8 kind;
	u8 insn_len;
	u8 nr_bytes;
	u8 bytes[TLFS_INSN_MAX];
	u64 hw;
	union {
		struct {
			u16 port;
			u8 size;	/* 1, 2, 4 */
			u8 addr_size;	/* 2, 4, 8; string forms */
			bool in;
			bool string;
			bool rep;
			u8 seg;		/* segment of OUTS, enum tlfs_seg */
		} io;
		struct {
			u64 gpa;
			u64 gva;
			bool gva_valid;
			bool walk;	/* the access was one of the guest's page walk */
			u8 access;	/* enum tlfs_access */
		} mem;
		struct {
			u8 vector;
			bool has_error;
			u32 error;
			u64 param;	/* CR2 for #PF, DR6 bits for #DB */
		} exc;
		struct {
			u8 nr;
			u8 gpr;		/* 0xff: not known, decode */
			bool write;
		} cr, dr;
		struct {
			u16 selector;
			u8 reason;	/* 0 call, 1 iret, 2 jmp, 3 gate */
			bool has_error;
			u32 error;
		} task;
		struct {
			u64 reason;
		} fail;
	};
};

/* HV_INTERRUPTION_TYPE: what struct tlfs_event.type says (TLFS 10.3.x) */
enum tlfs_event_type {
	TLFS_EVENT_EXTINT	= 0,
	TLFS_EVENT_NMI		= 2,
	TLFS_EVENT_EXCEPTION	= 3,
	TLFS_EVENT_SOFTINT	= 4,
	TLFS_EVENT_PRIV_SOFTEXC	= 5,	/* ICEBP */
	TLFS_EVENT_SOFTEXC	= 6,	/* INT3, INTO */
};

/**
 * struct tlfs_event - an event the guest takes at the next entry
 * @pending:	there is one
 * @param:	CR2 for #PF (loaded at injection), DR6 for #DB
 */
struct tlfs_event {
	bool pending;
	u8 type;
	u8 vector;
	u8 insn_len;
	bool has_error;
	u32 error;
	u64 param;
};

#endif /* TLFS_EVENT_H */
