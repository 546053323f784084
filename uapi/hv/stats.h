/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Statistics: objects, pages and counters (TLFS 2.0a chapter 21 and Appendix J).
 *
 * A page is a sequence of groups: a header, which is counter 0 of the group, and its counters of
 * 8 bytes each; then a header of type END_OF_LIST.
 */
#ifndef _UAPI_HV_STATS_H
#define _UAPI_HV_STATS_H

#include "types.h"

/* HV_STATS_OBJECT_TYPE (21.2.1): those without bit 16 are global */
#define HV_STATS_OBJECT_HYPERVISOR		0x00000001
#define HV_STATS_OBJECT_LOGICAL_PROCESSOR	0x00000002
#define HV_STATS_OBJECT_PARTITION		0x00010001
#define HV_STATS_OBJECT_VP			0x00010002

#define HV_STATS_OBJECT_SELF_STATS		0x0001

/* union hv_stats_object_identity - HV_STATS_OBJECT_IDENTITY (21.2.1) */
union hv_stats_object_identity {
	struct {
		__u64 reserved[2];
	} hypervisor;
	struct {
		__u32 lp_index;
		__u32 reserved0;
		__u64 reserved1;
	} lp;
	struct {
		__u64 partition_id;
		__u64 reserved;
	} partition;
	struct {
		__u64 partition_id;
		__u32 vp_index;
		__u16 flags;	/* HV_STATS_OBJECT_SELF_STATS */
		__u16 reserved;
	} vp;
};
HV_ASSERT_SIZE(union hv_stats_object_identity, 16);

/* struct hv_statistics_group_header - HV_STATISTICS_GROUP_HEADER (21.1.3) */
struct hv_statistics_group_header {
	__u16 type;
	__u32 version;		/* major << 16 | minor */
	__u16 length;		/* of the counters, in bytes */
} HV_PACKED;
HV_ASSERT_SIZE(struct hv_statistics_group_header, 8);

#define HV_STATISTICS_TYPE_END_OF_LIST		0
#define HV_STATISTICS_TYPE_END_OF_PAGE		1
#define HV_STATISTICS_TYPE_ARCHITECTED		2	/* HCA, LPA, PA and VPA_ID */
#define HV_STATISTICS_TYPE_RELEASE_SPECIFIC	3	/* LPV, PV and VPV_ID */
#define HV_STATISTICS_VERSION			((1 << 16) | 0)

/*
 * The counters by object and group: X(index, name, tag) (Appendix J).  Costs are average
 * nanoseconds, rates are counts since the object was created
 */
#define HV_STATS_HYPERVISOR_ARCHITECTED(X)			\
	X(1, "Logical Processors", LOGICAL_PROCESSORS)		\
	X(2, "Partitions", PARTITIONS)				\
	X(3, "Total Pages", TOTAL_PAGES)			\
	X(4, "Virtual Processors", VIRTUAL_PROCESSORS)		\
	X(5, "Monitored Notifications", MONITORED_NOTIFICATIONS)

#define HV_STATS_LP_ARCHITECTED(X)					\
	X(1, "Global Time", GLOBAL_TIME)				\
	X(2, "Total Run Time", TOTAL_RUN_TIME)				\
	X(3, "Hypervisor Run Time", HYPERVISOR_RUN_TIME)		\
	X(4, "Hardware Interrupts/sec", HARDWARE_INTERRUPTS)		\
	X(5, "Context Switches/sec", CONTEXT_SWITCHES)			\
	X(6, "Inter-Processor Interrupts/sec", IPIS)			\
	X(7, "Scheduler Interrupts/sec", SCHEDULER_INTERRUPTS)		\
	X(8, "Timer Interrupts/sec", TIMER_INTERRUPTS)			\
	X(9, "Inter-Processor Interrupts Sent/sec", IPIS_SENT)		\
	X(10, "Processor Halts/sec", HALTS)				\
	X(11, "Monitor Transition Cost", MONITOR_TRANSITION_COST)	\
	X(12, "Context Switch Time", CONTEXT_SWITCH_TIME)		\
	X(13, "C1 Transitions/sec", C1_TRANSITIONS)			\
	X(14, "% C1 Time", C1_TIME)					\
	X(15, "C2 Transitions/sec", C2_TRANSITIONS)			\
	X(16, "% C2 Time", C2_TIME)					\
	X(17, "C3 Transitions/sec", C3_TRANSITIONS)			\
	X(18, "% C3 Time", C3_TIME)

#define HV_STATS_PARTITION_ARCHITECTED(X)			\
	X(1, "Virtual Processors", VIRTUAL_PROCESSORS)

#define HV_STATS_PARTITION_RELEASE_SPECIFIC(X)			\
	X(1, "Virtual TLB Pages", VTLB_PAGES)			\
	X(2, "Address Spaces", ADDRESS_SPACES)			\
	X(3, "Deposited Pages", DEPOSITED_PAGES)		\
	X(4, "GPA Pages", GPA_PAGES)				\
	X(5, "GPA Space Modifications/sec", GPA_MODIFICATIONS)	\
	X(6, "Virtual TLB Flush Entries/sec", VTLB_FLUSHES)	\
	X(7, "Recommended Virtual TLB Size", RECOMMENDED_VTLB)

#define HV_STATS_VP_ARCHITECTED(X)				\
	X(1, "Total Run Time", TOTAL_RUN_TIME)			\
	X(2, "Hypervisor Run Time", HYPERVISOR_RUN_TIME)

#define HV_STATS_VP_RELEASE_SPECIFIC(X)						\
	X(1, "Hypercalls/sec", HYPERCALLS)					\
	X(2, "Hypercalls Cost", HYPERCALLS_COST)				\
	X(3, "Page Invalidations/sec", INVLPG)					\
	X(4, "Page Invalidations Cost", INVLPG_COST)				\
	X(5, "Control Register Accesses/sec", CR)				\
	X(6, "Control Register Accesses Cost", CR_COST)				\
	X(7, "IO Instructions/sec", IO)						\
	X(8, "IO Instructions Cost", IO_COST)					\
	X(9, "HLT Instructions/sec", HLT)					\
	X(10, "HLT Instructions Cost", HLT_COST)				\
	X(11, "MWAIT Instructions/sec", MWAIT)					\
	X(12, "MWAIT Instructions Cost", MWAIT_COST)				\
	X(13, "CPUID Instructions/sec", CPUID)					\
	X(14, "CPUID Instructions Cost", CPUID_COST)				\
	X(15, "MSR Accesses/sec", MSR)						\
	X(16, "MSR Accesses Cost", MSR_COST)					\
	X(17, "Other Intercepts/sec", OTHER)					\
	X(18, "Other Intercepts Cost", OTHER_COST)				\
	X(19, "External Interrupts/sec", EXTERNAL_INTERRUPTS)			\
	X(20, "External Interrupts Cost", EXTERNAL_INTERRUPTS_COST)		\
	X(21, "Pending Interrupts/sec", PENDING_INTERRUPTS)			\
	X(22, "Pending Interrupts Cost", PENDING_INTERRUPTS_COST)		\
	X(23, "Emulated Instructions/sec", EMULATED)				\
	X(24, "Emulated Instructions Cost", EMULATED_COST)			\
	X(25, "Debug Register Accesses/sec", DR)				\
	X(26, "Debug Register Accesses Cost", DR_COST)				\
	X(27, "Page Fault Intercepts/sec", PAGE_FAULT)				\
	X(28, "Page Fault Intercepts Cost", PAGE_FAULT_COST)			\
	X(29, "Guest Page Table Maps/sec", PAGE_TABLE_MAPS)			\
	X(30, "Large Page TLB Fills/sec", LARGE_FILLS)				\
	X(31, "Small Page TLB Fills/sec", SMALL_FILLS)				\
	X(32, "Reflected Guest Page Faults/sec", REFLECTED_PAGE_FAULTS)		\
	X(33, "APIC MMIO Accesses/sec", APIC_MMIO)				\
	X(34, "IO Intercept Messages/sec", IO_MESSAGES)				\
	X(35, "Memory Intercept Messages/sec", MEMORY_MESSAGES)			\
	X(36, "APIC EOI Accesses/sec", APIC_EOI)				\
	X(37, "Other Messages/sec", OTHER_MESSAGES)				\
	X(38, "Page Table Allocations/sec", PAGE_TABLE_ALLOCATIONS)		\
	X(39, "Logical Processor Migrations/sec", MIGRATIONS)			\
	X(40, "Address Space Evictions/sec", ADDRESS_SPACE_EVICTIONS)		\
	X(41, "Address Space Switches/sec", ADDRESS_SPACE_SWITCHES)		\
	X(42, "Address Domain Flushes/sec", ADDRESS_DOMAIN_FLUSHES)		\
	X(43, "Address Space Flushes/sec", ADDRESS_SPACE_FLUSHES)		\
	X(44, "Global GVA Range Flushes/sec", GLOBAL_RANGE_FLUSHES)		\
	X(45, "Local Flushed GVA Ranges/sec", LOCAL_RANGE_FLUSHES)		\
	X(46, "Page Table Evictions/sec", PAGE_TABLE_EVICTIONS)			\
	X(47, "Page Table Reclamations/sec", PAGE_TABLE_RECLAMATIONS)		\
	X(48, "Page Table Resets/sec", PAGE_TABLE_RESETS)			\
	X(49, "Page Table Validations/sec", PAGE_TABLE_VALIDATIONS)		\
	X(50, "APIC TPR Accesses/sec", APIC_TPR)				\
	X(51, "Page Table Write Intercepts/sec", PAGE_TABLE_WRITES)		\
	X(52, "Synthetic Interrupts/sec", SYNTHETIC_INTERRUPTS)			\
	X(53, "Virtual Interrupts/sec", VIRTUAL_INTERRUPTS)			\
	X(54, "APIC IPIs Sent/sec", IPIS_SENT)					\
	X(55, "APIC Self IPIs Sent/sec", SELF_IPIS_SENT)			\
	X(56, "GPA Space Hypercalls/sec", GPA_HYPERCALLS)			\
	X(57, "Logical Processor Hypercalls/sec", LP_HYPERCALLS)		\
	X(58, "Long Spin Wait Hypercalls/sec", SPIN_WAIT_HYPERCALLS)		\
	X(59, "Other Hypercalls/sec", OTHER_HYPERCALLS)				\
	X(60, "Synthetic Interrupt Hypercalls/sec", SYNIC_HYPERCALLS)		\
	X(61, "Virtual Interrupt Hypercalls/sec", INTERRUPT_HYPERCALLS)		\
	X(62, "Virtual MMU Hypercalls/sec", MMU_HYPERCALLS)			\
	X(63, "Virtual Processor Hypercalls/sec", VP_HYPERCALLS)

/*
 * Where a counter is in its page, in units of 8 bytes: HV_HYPERVISOR_STAT_PARTITIONS,
 * HV_LP_STAT_HALTS, HV_PARTITION_STAT_GPA_PAGES, HV_VP_STAT_HYPERCALLS and so on.  The
 * architected group is first
 */
enum {
#define HV_STAT_OBJECT(index, name, tag)	HV_HYPERVISOR_STAT_##tag = (index),
	HV_STATS_HYPERVISOR_ARCHITECTED(HV_STAT_OBJECT)
#undef HV_STAT_OBJECT
	HV_HYPERVISOR_STATS_END = 6,
#define HV_STAT_OBJECT(index, name, tag)	HV_LP_STAT_##tag = (index),
	HV_STATS_LP_ARCHITECTED(HV_STAT_OBJECT)
#undef HV_STAT_OBJECT
	HV_LP_STATS_RELEASE_SPECIFIC = 19,	/* header of a group without counters */
	HV_LP_STATS_END = 20,
#define HV_STAT_OBJECT(index, name, tag)	HV_PARTITION_STAT_##tag = (index),
	HV_STATS_PARTITION_ARCHITECTED(HV_STAT_OBJECT)
#undef HV_STAT_OBJECT
	HV_PARTITION_STATS_RELEASE_SPECIFIC = 2,
#define HV_STAT_OBJECT(index, name, tag)	HV_PARTITION_STAT_##tag = 2 + (index),
	HV_STATS_PARTITION_RELEASE_SPECIFIC(HV_STAT_OBJECT)
#undef HV_STAT_OBJECT
	HV_PARTITION_STATS_END = 10,
#define HV_STAT_OBJECT(index, name, tag)	HV_VP_STAT_##tag = (index),
	HV_STATS_VP_ARCHITECTED(HV_STAT_OBJECT)
#undef HV_STAT_OBJECT
	HV_VP_STATS_RELEASE_SPECIFIC = 3,
#define HV_STAT_OBJECT(index, name, tag)	HV_VP_STAT_##tag = 3 + (index),
	HV_STATS_VP_RELEASE_SPECIFIC(HV_STAT_OBJECT)
#undef HV_STAT_OBJECT
	HV_VP_STATS_END = 67,
};

#endif /* _UAPI_HV_STATS_H */
