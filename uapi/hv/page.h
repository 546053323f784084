/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Pages shared with guests (TLFS 2.0a 13.3.4, 14.8.10, 15.4; later editions).
 */
#ifndef _UAPI_HV_PAGE_H
#define _UAPI_HV_PAGE_H

#include "types.h"

#define HV_REFERENCE_TIME_HZ				10000000ULL	/* 100 ns units */

/* Sequence number that tells the guest to use another time source */
#define HV_REFERENCE_TSC_SEQUENCE_INVALID		0

/* struct hv_reference_tsc_page - HV_REFERENCE_TSC_PAGE (15.4.2) */
struct hv_reference_tsc_page {
	__u32 tsc_sequence;
	__u32 reserved1;
	__u64 tsc_scale;	/* 64.64 multiplier */
	__s64 tsc_offset;	/* 100 ns units */
	__u64 reserved2[509];
};
HV_ASSERT_SIZE(struct hv_reference_tsc_page, 4096);

#define HV_APIC_ASSIST_NO_EOI_REQUIRED			0x00000001

/* struct hv_vp_assist_page - first word in 2.0 (13.3.4.1), the rest later */
struct hv_vp_assist_page {
	__u32 apic_assist;
	__u32 reserved0;
	__u32 vtl_entry_reason;
	__u32 vtl_vina;
	__u64 vtl_return_rax;
	__u64 vtl_return_rcx;
	__u64 nested_enlightenments_control;
	__u8 enlighten_vm_entry;
	__u8 reserved1[7];
	__u64 current_nested_vmcs;
	__u8 synthetic_time_unhalted_timer_expired;
	__u8 reserved2[7];
	__u8 virtualization_fault_information[40];
	__u8 reserved3[8];
	__u8 intercept_message[256];
	__u8 vtl_return_actions[256];
	__u8 reserved4[4096 - 624];
};
HV_ASSERT_SIZE(struct hv_vp_assist_page, 4096);

#define HV_MONITOR_GROUP_ENABLE_MASK			0x0000000f
#define HV_MONITOR_DISABLED				0x00000010

/* struct hv_monitor_trigger_group - HV_MONITOR_TRIGGER_GROUP (14.8.9.1) */
struct hv_monitor_trigger_group {
	__u32 pending;
	__u32 armed;
};
HV_ASSERT_SIZE(struct hv_monitor_trigger_group, 8);

/* struct hv_monitor_parameter - what one trigger signals (14.8.10) */
struct hv_monitor_parameter {
	__u32 connection_id;
	__u16 flag_number;
	__u16 reserved;
};
HV_ASSERT_SIZE(struct hv_monitor_parameter, 8);

/* struct hv_monitor_page - HV_MONITOR_PAGE (14.8.10) */
struct hv_monitor_page {
	__u32 trigger_state;
	__u32 reserved1;
	struct hv_monitor_trigger_group trigger_group[4];
	__u8 reserved2[536];
	__u16 latency[4][32];
	__u8 reserved3[256];
	struct hv_monitor_parameter parameter[4][32];
	__u8 reserved4[1984];
};
HV_ASSERT_SIZE(struct hv_monitor_page, 4096);

#endif /* _UAPI_HV_PAGE_H */
