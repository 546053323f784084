/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * feature_table.h - the one list of the features a partition may be given
 *
 * Expanded by features.c into CPUID leaves and privileges and by tools into names.  Only uapi/hv
 * is needed to read it.
 */
#ifndef TLFS_FEATURE_TABLE_H
#define TLFS_FEATURE_TABLE_H

/*
 * Features that no published bit of HV_PARTITION_SYNTHETIC_PROCESSOR_FEATURES names.  They make
 * RUN_VP come back with MSR intercept messages, which VMMs that do not ask for them answer by
 * running the VP again for ever: so they are off unless asked for.
 */
#define TLFS_SYNTHETIC_FEATURE_RESET		(1ULL << 60)
#define TLFS_SYNTHETIC_FEATURE_CRASH		(1ULL << 61)
#define TLFS_SYNTHETIC_FEATURE_DEBUG_MSRS	(1ULL << 52)
#define TLFS_SYNTHETIC_FEATURE_NPIEP		(1ULL << 51)
#define TLFS_SYNTHETIC_FEATURE_EXT_HYPERCALLS	(1ULL << 50)
/* ours as well, for want of published ones */
#define TLFS_SYNTHETIC_FEATURE_REENLIGHTENMENT	(1ULL << 62)
#define TLFS_SYNTHETIC_FEATURE_POST_MESSAGES	(1ULL << 59)
#define TLFS_SYNTHETIC_FEATURE_CREATE_PORT	(1ULL << 58)
#define TLFS_SYNTHETIC_FEATURE_CONNECT_PORT	(1ULL << 57)
#define TLFS_SYNTHETIC_FEATURE_TSC_INVARIANT	(1ULL << 56)
#define TLFS_SYNTHETIC_FEATURE_STATS_MSRS	(1ULL << 55)
#define TLFS_SYNTHETIC_FEATURE_STATS		(1ULL << 54)

/*
 * F(name on the command line, synthetic feature bit, privileges it opens,
 *   0x40000003.EDX bits, 0x40000004.EAX bits, section of the TLFS, what it is)
 *
 * Sections are those of 2.0a; "5.0:n" is section n of 5.0C.
 */
#define TLFS_FEATURES(F)								\
	F("hypervisor", HV_SYNTHETIC_FEATURE_HYPERVISOR_PRESENT, 0, 0, 0,		\
	  "3.2", "hypervisor-present bit and leaf 0x40000000")				\
	F("hv1", HV_SYNTHETIC_FEATURE_HV1, 0, 0, HV_RECOMMEND_RELAXED_TIMING,		\
	  "3.4", "interface Hv#1")							\
	F("hypercall", HV_SYNTHETIC_FEATURE_ACCESS_HYPERCALL_REGS,			\
	  HV_PRIV_ACCESS_HYPERCALL_MSRS,						\
	  HV_FEATURE_EDX_XMM_HYPERCALL_INPUT_AVAILABLE |				\
	  HV_FEATURE_EDX_XMM_HYPERCALL_OUTPUT_AVAILABLE |				\
	  HV_FEATURE_EDX_HYPERCALL_MSR_LOCK_AVAILABLE, 0,				\
	  "4.12", "guest OS id and hypercall MSRs")					\
	F("vpindex", HV_SYNTHETIC_FEATURE_ACCESS_VP_INDEX, HV_PRIV_ACCESS_VP_INDEX, 0, 0, \
	  "10.2.1", "VP index MSR")							\
	F("runtime", HV_SYNTHETIC_FEATURE_ACCESS_VP_RUN_TIME_REG,			\
	  HV_PRIV_ACCESS_VP_RUN_TIME_REG, 0, 0, "10.3.2", "VP run time MSR")		\
	F("refcount", HV_SYNTHETIC_FEATURE_ACCESS_PARTITION_REFERENCE_COUNTER,		\
	  HV_PRIV_ACCESS_PARTITION_REFERENCE_COUNTER, 0, 0,				\
	  "15.2", "partition reference counter")					\
	F("tscpage", HV_SYNTHETIC_FEATURE_ACCESS_PARTITION_REFERENCE_TSC,		\
	  HV_PRIV_ACCESS_PARTITION_REFERENCE_TSC, 0, 0,					\
	  "15.4", "reference TSC page")							\
	F("synic", HV_SYNTHETIC_FEATURE_ACCESS_SYNIC_REGS, HV_PRIV_ACCESS_SYNIC_REGS, \
	  HV_FEATURE_EDX_SINT_POLLING_MODE_AVAILABLE,					\
	  HV_RECOMMEND_DEPRECATE_AUTO_EOI, "14.6", "synthetic interrupt controller")	\
	F("stimer", HV_SYNTHETIC_FEATURE_ACCESS_SYNTHETIC_TIMER_REGS,			\
	  HV_PRIV_ACCESS_SYNTHETIC_TIMER_REGS, 0, 0, "15.3", "synthetic timers")	\
	F("directstimer", HV_SYNTHETIC_FEATURE_DIRECT_SYNTHETIC_TIMERS, 0,		\
	  HV_FEATURE_EDX_DIRECT_SYNTHETIC_TIMERS, 0,					\
	  "5.0:12.4", "synthetic timers that interrupt without a message")		\
	F("apicmsrs", HV_SYNTHETIC_FEATURE_ACCESS_INTR_CTRL_REGS,			\
	  HV_PRIV_ACCESS_INTR_CTRL_REGS, 0, HV_RECOMMEND_APIC_MSRS,			\
	  "13.2.3", "EOI, ICR, TPR and VP assist page MSRs")				\
	F("unhaltedtimer", HV_SYNTHETIC_FEATURE_TIME_UNHALTED_TIMER, 0,			\
	  HV_FEATURE_EDX_SYNTHETIC_TIME_UNHALTED_TIMER_AVAILABLE, 0,			\
	  "6.0:12.6", "timer that counts while the VP is not halted")			\
	F("debugmsrs", TLFS_SYNTHETIC_FEATURE_DEBUG_MSRS, HV_PRIV_ACCESS_DEBUG_REGS,	\
	  HV_FEATURE_EDX_DEBUG_MSRS_AVAILABLE, 0,					\
	  "5.0:22", "synthetic debugger MSRs, which the VMM implements")		\
	F("npiep", TLFS_SYNTHETIC_FEATURE_NPIEP, 0, HV_FEATURE_EDX_NPIEP1_AVAILABLE, 0,	\
	  "5.0:8.12", "SGDT, SIDT, SLDT and STR can be kept from user mode")		\
	F("frequency", HV_SYNTHETIC_FEATURE_ACCESS_FREQUENCY_REGS,			\
	  HV_PRIV_ACCESS_FREQUENCY_REGS, HV_FEATURE_EDX_FREQUENCY_REGS_AVAILABLE, 0,	\
	  "5.0:12", "TSC and APIC frequency MSRs")					\
	F("guestidle", HV_SYNTHETIC_FEATURE_ACCESS_GUEST_IDLE_REG,			\
	  HV_PRIV_ACCESS_GUEST_IDLE_REG, HV_FEATURE_EDX_GUEST_IDLE_AVAILABLE, 0,	\
	  "10.1.4", "guest idle MSR")							\
	F("tlbflush", HV_SYNTHETIC_FEATURE_TLB_FLUSH_HYPERCALLS, 0,			\
	  HV_FEATURE_EDX_EXTENDED_GVA_RANGES_FOR_FLUSH,					\
	  HV_RECOMMEND_HYPERCALL_FOR_REMOTE_FLUSH, "12.4", "TLB flush by hypercall")	\
	F("ipi", HV_SYNTHETIC_FEATURE_SYNTHETIC_CLUSTER_IPI, 0, 0,			\
	  HV_RECOMMEND_SYNTHETIC_CLUSTER_IPI, "5.0:10.5", "IPI by hypercall")		\
	F("exmasks", HV_SYNTHETIC_FEATURE_EXTENDED_PROCESSOR_MASKS, 0, 0,		\
	  HV_RECOMMEND_EX_PROCESSOR_MASKS, "5.0:9.4", "sparse processor sets")		\
	F("spinwait", HV_SYNTHETIC_FEATURE_NOTIFY_LONG_SPIN_WAIT, 0, 0, 0,		\
	  "18.5.1", "spin wait notification")						\
	F("messages", TLFS_SYNTHETIC_FEATURE_POST_MESSAGES, HV_PRIV_POST_MESSAGES, 0, 0,	\
	  "14.9.7", "posting messages")							\
	F("events", HV_SYNTHETIC_FEATURE_SIGNAL_EVENTS, HV_PRIV_SIGNAL_EVENTS, 0, 0,	\
	  "14.9.8", "signalling events")						\
	F("createport", TLFS_SYNTHETIC_FEATURE_CREATE_PORT, HV_PRIV_CREATE_PORT, 0, 0,	\
	  "14.9.1", "ports of its own")							\
	F("connectport", TLFS_SYNTHETIC_FEATURE_CONNECT_PORT, HV_PRIV_CONNECT_PORT, 0, 0, \
	  "14.9.3", "connections of its own")						\
	F("startvp", HV_SYNTHETIC_FEATURE_START_VIRTUAL_PROCESSOR,			\
	  HV_PRIV_START_VIRTUAL_PROCESSOR, 0, 0, "5.0:7.10.3", "VPs started by hypercall") \
	F("vpregs", HV_SYNTHETIC_FEATURE_ACCESS_VP_REGISTERS,				\
	  HV_PRIV_ACCESS_VP_REGISTERS, 0, 0, "5.0:7.10.1", "VPs set their own registers") \
	F("tscinvariant", TLFS_SYNTHETIC_FEATURE_TSC_INVARIANT,				\
	  HV_PRIV_ACCESS_TSC_INVARIANT_CONTROLS, 0, 0,					\
	  "-", "the guest asks before it is told that the TSC is invariant")		\
	F("exthypercalls", TLFS_SYNTHETIC_FEATURE_EXT_HYPERCALLS,			\
	  HV_PRIV_ENABLE_EXTENDED_HYPERCALLS, 0, 0,					\
	  "5.0:3.14", "extended hypercalls: what memory is zero")			\
	F("statsmsrs", TLFS_SYNTHETIC_FEATURE_STATS_MSRS, HV_PRIV_ACCESS_STATS_REG, 0, 0, \
	  "21.3.3", "MSRs that map a partition's own statistics")			\
	F("stats", TLFS_SYNTHETIC_FEATURE_STATS, HV_PRIV_ACCESS_STATS, 0, 0,		\
	  "21.3", "statistics hypercalls")						\
	F("reset", TLFS_SYNTHETIC_FEATURE_RESET, HV_PRIV_ACCESS_RESET_REG, 0, 0,	\
	  "6.3.5", "reset MSR")								\
	F("crash", TLFS_SYNTHETIC_FEATURE_CRASH, 0,					\
	  HV_FEATURE_EDX_GUEST_CRASH_MSRS_AVAILABLE, 0, "5.0:4.3", "guest crash MSRs")	\
	F("reenlightenment", TLFS_SYNTHETIC_FEATURE_REENLIGHTENMENT,			\
	  HV_PRIV_ACCESS_REENLIGHTENMENT_CONTROLS, 0, 0,				\
	  "5.0:16.6", "re-enlightenment and TSC emulation MSRs")

#endif /* TLFS_FEATURE_TABLE_H */
