/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Synthetic interrupt controller messages (TLFS 2.0a 14.7, 14.8 and 16.2, with
 * the header order and the APIC message numbers of the later editions).
 */
#ifndef _UAPI_HV_MESSAGE_H
#define _UAPI_HV_MESSAGE_H

#include "types.h"
#include "register.h"

/* Message types (14.8.2); bit 31 marks those of the hypervisor */
#define HVMSG_HYPERVISOR_FLAG				0x80000000
#define HVMSG_NONE					0x00000000
#define HVMSG_UNMAPPED_GPA				0x80000000
#define HVMSG_GPA_INTERCEPT				0x80000001
#define HVMSG_UNACCEPTED_GPA				0x80000003
#define HVMSG_GPA_ATTRIBUTE_INTERCEPT			0x80000004
#define HVMSG_TIMER_EXPIRED				0x80000010
#define HVMSG_INVALID_VP_REGISTER_VALUE			0x80000020
#define HVMSG_UNRECOVERABLE_EXCEPTION			0x80000021
#define HVMSG_UNSUPPORTED_FEATURE			0x80000022
#define HVMSG_APIC_EOI_20				0x80000030
#define HVMSG_FERR_ASSERTED_20				0x80000031
#define HVMSG_OPAQUE_INTERCEPT				0x8000003f
#define HVMSG_EVENT_LOG_BUFFERS_COMPLETE		0x80000040
#define HVMSG_HYPERCALL_INTERCEPT			0x80000050
#define HVMSG_SYNIC_EVENT_INTERCEPT			0x80000060
#define HVMSG_SYNIC_SINT_INTERCEPT			0x80000061
#define HVMSG_SYNIC_SINT_DELIVERABLE			0x80000062
#define HVMSG_ASYNC_CALL_COMPLETION			0x80000070
#define HVMSG_INSUFFICIENT_MEMORY			0x80000071
#define HVMSG_SCHEDULER_VP_SIGNAL_BITSET		0x80000100
#define HVMSG_SCHEDULER_VP_SIGNAL_PAIR			0x80000101
#define HVMSG_X64_IO_PORT_INTERCEPT			0x80010000
#define HVMSG_X64_MSR_INTERCEPT				0x80010001
#define HVMSG_X64_CPUID_INTERCEPT			0x80010002
#define HVMSG_X64_EXCEPTION_INTERCEPT			0x80010003
#define HVMSG_X64_APIC_EOI				0x80010004
#define HVMSG_X64_LEGACY_FP_ERROR			0x80010005
#define HVMSG_X64_REGISTER_INTERCEPT			0x80010006
#define HVMSG_X64_HALT					0x80010007
#define HVMSG_X64_INTERRUPTION_DELIVERABLE		0x80010008
#define HVMSG_X64_SIPI_INTERCEPT			0x80010009
#define HVMSG_X64_RDTSC_INTERCEPT			0x8001000a
#define HVMSG_X64_APIC_SMI_INTERCEPT			0x8001000b
#define HVMSG_X64_APIC_INIT_SIPI_INTERCEPT		0x8001000d
#define HVMSG_X64_APIC_WRITE_INTERCEPT			0x8001000e
#define HVMSG_X64_SNP_GUEST_REQUEST_INTERCEPT		0x80010011
#define HVMSG_X64_EXCEPTION_TRAP_INTERCEPT		0x80010012
#define HVMSG_X64_SEV_VMGEXIT_INTERCEPT			0x80010013
#define HVMSG_X64_MSR_LIST_INTERCEPT			0x80010015

#define HV_MESSAGE_SIZE					256
#define HV_MESSAGE_PAYLOAD_SIZE				240
#define HV_MESSAGE_PAYLOAD_QWORDS			30

/* Message flags */
#define HV_MESSAGE_FLAG_PENDING				0x01

/* struct hv_message_header - HV_MESSAGE_HEADER (14.8.4, order of later editions) */
struct hv_message_header {
	__u32 message_type;
	__u8 payload_size;
	__u8 message_flags;
	__u16 reserved;
	union {
		__u64 sender;	/* partition */
		__u32 port;
	};
};
HV_ASSERT_SIZE(struct hv_message_header, 16);

/* struct hv_message - HV_MESSAGE, one slot of the message page (14.8.5) */
struct hv_message {
	struct hv_message_header header;
	union {
		__u64 payload[HV_MESSAGE_PAYLOAD_QWORDS];
		__u8 payload_bytes[HV_MESSAGE_PAYLOAD_SIZE];
	};
};
HV_ASSERT_SIZE(struct hv_message, 256);

/* struct hv_message_page - SIM page (14.7) */
struct hv_message_page {
	struct hv_message sint_message[16];
};
HV_ASSERT_SIZE(struct hv_message_page, 4096);

#define HV_EVENT_FLAGS_COUNT				2048

/* struct hv_synic_event_flags - event flags of one SINT, LSB first (14.7) */
struct hv_synic_event_flags {
	union {
		__u8 flags8[256];
		__u32 flags32[64];
		__u64 flags64[32];
	};
};
HV_ASSERT_SIZE(struct hv_synic_event_flags, 256);

/* struct hv_event_flags_page - SIEF page (14.7) */
struct hv_event_flags_page {
	struct hv_synic_event_flags sint_event_flags[16];
};
HV_ASSERT_SIZE(struct hv_event_flags_page, 4096);

/* struct hv_timer_message_payload - HVMSG_TIMER_EXPIRED (15.3) */
struct hv_timer_message_payload {
	__u32 timer_index;
	__u32 reserved;
	__u64 expiration_time;
	__u64 delivery_time;
};
HV_ASSERT_SIZE(struct hv_timer_message_payload, 24);

/* Access type in a message header (values, not the masks of HvInstallIntercept) */
#define HV_INTERCEPT_ACCESS_READ			0
#define HV_INTERCEPT_ACCESS_WRITE			1
#define HV_INTERCEPT_ACCESS_EXECUTE			2

/* Length and CR8 byte */
#define HV_X64_INTERCEPT_INSTRUCTION_LENGTH_MASK	0x0f
#define HV_X64_INTERCEPT_CR8_SHIFT			4
#define HV_X64_INTERCEPT_CR8_MASK			0xf0

/* HV_X64_VP_EXECUTION_STATE (16.2.1; bits from 7 on later) */
#define HV_X64_EXECUTION_STATE_CPL_MASK			0x0003
#define HV_X64_EXECUTION_STATE_CR0_PE			0x0004
#define HV_X64_EXECUTION_STATE_CR0_AM			0x0008
#define HV_X64_EXECUTION_STATE_EFER_LMA			0x0010
#define HV_X64_EXECUTION_STATE_DEBUG_ACTIVE		0x0020
#define HV_X64_EXECUTION_STATE_INTERRUPTION_PENDING	0x0040
#define HV_X64_EXECUTION_STATE_VTL_SHIFT		7
#define HV_X64_EXECUTION_STATE_VTL_MASK			0x0780
#define HV_X64_EXECUTION_STATE_ENCLAVE_MODE		0x0800
#define HV_X64_EXECUTION_STATE_INTERRUPT_SHADOW		0x1000
#define HV_X64_EXECUTION_STATE_VIRTUALIZATION_FAULT	0x2000

/* struct hv_x64_intercept_message_header - HV_X64_INTERCEPT_MESSAGE_HEADER (16.2.1) */
struct hv_x64_intercept_message_header {
	__u32 vp_index;
	__u8 instruction_length_cr8;
	__u8 intercept_access_type;
	__u16 execution_state;
	struct hv_x64_segment_register cs_segment;
	__u64 rip;
	__u64 rflags;
};
HV_ASSERT_SIZE(struct hv_x64_intercept_message_header, 40);

/* HV_X64_MEMORY_ACCESS_INFO (16.2.2; bits from 1 on later) */
#define HV_X64_MEMORY_ACCESS_GVA_VALID			0x01
#define HV_X64_MEMORY_ACCESS_GVA_GPA_VALID		0x02
#define HV_X64_MEMORY_ACCESS_HYPERCALL_OUTPUT_PENDING	0x04
#define HV_X64_MEMORY_ACCESS_TLB_LOCKED			0x08

/* struct hv_x64_memory_intercept_message - unmapped GPA and GPA intercept (later editions) */
struct hv_x64_memory_intercept_message {
	struct hv_x64_intercept_message_header header;
	__u32 cache_type;
	__u8 instruction_byte_count;
	__u8 memory_access_info;
	__u8 tpr_priority;
	__u8 reserved;
	__u64 gva;
	__u64 gpa;
	__u8 instruction_bytes[16];
};
HV_ASSERT_SIZE(struct hv_x64_memory_intercept_message, 80);

/* struct hv_x64_memory_intercept_message_20 - the same with the register tail of 2.0 (16.2.2) */
struct hv_x64_memory_intercept_message_20 {
	struct hv_x64_memory_intercept_message base;
	struct hv_x64_segment_register ds_segment;
	struct hv_x64_segment_register ss_segment;
	__u64 gprs[16];		/* rax rcx rdx rbx rsp rbp rsi rdi r8-r15 */
};
HV_ASSERT_SIZE(struct hv_x64_memory_intercept_message_20, 240);

/* HV_X64_IO_PORT_ACCESS_INFO (16.2.3) */
#define HV_X64_IO_PORT_ACCESS_SIZE_MASK			0x07
#define HV_X64_IO_PORT_ACCESS_STRING			0x08
#define HV_X64_IO_PORT_ACCESS_REP			0x10

/* struct hv_x64_io_port_intercept_message - HVMSG_X64_IO_PORT_INTERCEPT (16.2.3) */
struct hv_x64_io_port_intercept_message {
	struct hv_x64_intercept_message_header header;
	__u16 port_number;
	__u8 access_info;
	__u8 instruction_byte_count;
	__u32 reserved;
	__u64 rax;
	__u8 instruction_bytes[16];
	struct hv_x64_segment_register ds_segment;
	struct hv_x64_segment_register es_segment;
	__u64 rcx;
	__u64 rsi;
	__u64 rdi;
};
HV_ASSERT_SIZE(struct hv_x64_io_port_intercept_message, 128);

/* struct hv_x64_msr_intercept_message - HVMSG_X64_MSR_INTERCEPT */
struct hv_x64_msr_intercept_message {
	struct hv_x64_intercept_message_header header;
	__u32 msr_number;
	__u32 reserved;
	__u64 rdx;
	__u64 rax;
};
HV_ASSERT_SIZE(struct hv_x64_msr_intercept_message, 64);

/* struct hv_x64_cpuid_intercept_message - HVMSG_X64_CPUID_INTERCEPT */
struct hv_x64_cpuid_intercept_message {
	struct hv_x64_intercept_message_header header;
	__u64 rax;
	__u64 rcx;
	__u64 rdx;
	__u64 rbx;
	__u64 default_result_rax;
	__u64 default_result_rcx;
	__u64 default_result_rdx;
	__u64 default_result_rbx;
};
HV_ASSERT_SIZE(struct hv_x64_cpuid_intercept_message, 104);

/* HV_X64_EXCEPTION_INFO */
#define HV_X64_EXCEPTION_ERROR_CODE_VALID		0x01
#define HV_X64_EXCEPTION_SOFTWARE			0x02

/* struct hv_x64_exception_intercept_message - HVMSG_X64_EXCEPTION_INTERCEPT */
struct hv_x64_exception_intercept_message {
	struct hv_x64_intercept_message_header header;
	__u16 exception_vector;
	__u8 exception_info;
	__u8 instruction_byte_count;
	__u32 error_code;
	__u64 exception_parameter;
	__u64 reserved;
	__u8 instruction_bytes[16];
	struct hv_x64_segment_register ds_segment;
	struct hv_x64_segment_register ss_segment;
	__u64 gprs[16];		/* rax rcx rdx rbx rsp rbp rsi rdi r8-r15 */
};
HV_ASSERT_SIZE(struct hv_x64_exception_intercept_message, 240);

/* struct hv_x64_apic_eoi_message - HVMSG_X64_APIC_EOI */
struct hv_x64_apic_eoi_message {
	__u32 vp_index;
	__u32 interrupt_vector;
};
HV_ASSERT_SIZE(struct hv_x64_apic_eoi_message, 8);

/* struct hv_x64_legacy_fp_error_message - HVMSG_X64_LEGACY_FP_ERROR */
struct hv_x64_legacy_fp_error_message {
	__u32 vp_index;
	__u32 reserved;
};
HV_ASSERT_SIZE(struct hv_x64_legacy_fp_error_message, 8);

/* struct hv_x64_invalid_vp_register_message - HVMSG_INVALID_VP_REGISTER_VALUE */
struct hv_x64_invalid_vp_register_message {
	__u32 vp_index;
	__u32 reserved;
};
HV_ASSERT_SIZE(struct hv_x64_invalid_vp_register_message, 8);

/* struct hv_x64_unrecoverable_exception_message - HVMSG_UNRECOVERABLE_EXCEPTION */
struct hv_x64_unrecoverable_exception_message {
	struct hv_x64_intercept_message_header header;
};
HV_ASSERT_SIZE(struct hv_x64_unrecoverable_exception_message, 40);

#define HV_UNSUPPORTED_FEATURE_INTERCEPT		1
#define HV_UNSUPPORTED_FEATURE_TASK_SWITCH_TSS		2

/* struct hv_x64_unsupported_feature_message - HVMSG_UNSUPPORTED_FEATURE */
struct hv_x64_unsupported_feature_message {
	__u32 vp_index;
	__u32 feature_code;
	__u64 feature_parameter;
};
HV_ASSERT_SIZE(struct hv_x64_unsupported_feature_message, 16);

/* struct hv_x64_halt_message - HVMSG_X64_HALT (later editions) */
struct hv_x64_halt_message {
	struct hv_x64_intercept_message_header header;
};
HV_ASSERT_SIZE(struct hv_x64_halt_message, 40);

/* struct hv_x64_interruption_deliverable_message - HVMSG_X64_INTERRUPTION_DELIVERABLE (later) */
struct hv_x64_interruption_deliverable_message {
	struct hv_x64_intercept_message_header header;
	__u32 deliverable_type;	/* HV_PENDING_INTERRUPT or HV_PENDING_NMI */
	__u32 reserved;
};
HV_ASSERT_SIZE(struct hv_x64_interruption_deliverable_message, 48);

/* struct hv_x64_sipi_intercept_message - HVMSG_X64_SIPI_INTERCEPT (later editions) */
struct hv_x64_sipi_intercept_message {
	struct hv_x64_intercept_message_header header;
	__u32 target_vp_index;
	__u32 interrupt_vector;
};
HV_ASSERT_SIZE(struct hv_x64_sipi_intercept_message, 48);

/* struct hv_x64_sint_deliverable_message - HVMSG_SYNIC_SINT_DELIVERABLE (later editions) */
struct hv_x64_sint_deliverable_message {
	struct hv_x64_intercept_message_header header;
	__u16 deliverable_sints;
	__u16 reserved0;
	__u32 reserved1;
};
HV_ASSERT_SIZE(struct hv_x64_sint_deliverable_message, 48);

/* struct hv_x64_hypercall_intercept_message - HVMSG_HYPERCALL_INTERCEPT (later editions) */
struct hv_x64_hypercall_intercept_message {
	struct hv_x64_intercept_message_header header;
	__u64 rax;
	__u64 rbx;
	__u64 rcx;
	__u64 rdx;
	__u64 r8;
	__u64 rsi;
	__u64 rdi;
	struct hv_u128 xmm[6];
	__u32 flags;
	__u32 reserved;
};
HV_ASSERT_SIZE(struct hv_x64_hypercall_intercept_message, 200);

/* struct hv_event_log_buffers_complete_message - HVMSG_EVENT_LOG_BUFFERS_COMPLETE (19) */
struct hv_event_log_buffers_complete_message {
	__u32 event_log_type;
	__u32 buffer_index;
};
HV_ASSERT_SIZE(struct hv_event_log_buffers_complete_message, 8);

/* struct hv_async_call_completion_message - HVMSG_ASYNC_CALL_COMPLETION (later editions) */
struct hv_async_call_completion_message {
	__u64 partition_id;
	__u32 status;
	__u32 completion_count;
	__u64 sub_status;
};
HV_ASSERT_SIZE(struct hv_async_call_completion_message, 24);

#endif /* _UAPI_HV_MESSAGE_H */
