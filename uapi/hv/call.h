/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Hypercall codes, control and result words, input and output blocks
 * (TLFS 2.0a chapter 4, Appendix B and the sections named at each structure).
 *
 * Structures describe the fixed header of an input; a trailing flexible array
 * is the rep list or the variable part of the header. A name that ends in _20
 * is the 2.0 layout where a later edition enlarged the block; _VTL names are
 * the later codes that took over a 2.0 call of the same name.
 */
#ifndef _UAPI_HV_CALL_H
#define _UAPI_HV_CALL_H

#include "types.h"
#include "message.h"
#include "register.h"

/* Call codes (Appendix B); 0x0094-0x0096 replace 0x0055, 0x0057 and 0x0059 */
#define HVCALL_SWITCH_VIRTUAL_ADDRESS_SPACE		0x0001
#define HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE		0x0002
#define HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST		0x0003
#define HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME		0x0004
#define HVCALL_NOTIFY_LONG_SPIN_WAIT			0x0008
#define HVCALL_PARK_LOGICAL_PROCESSORS			0x0009
#define HVCALL_SEND_SYNTHETIC_CLUSTER_IPI		0x000b
#define HVCALL_MODIFY_VTL_PROTECTION_MASK		0x000c
#define HVCALL_ENABLE_PARTITION_VTL			0x000d
#define HVCALL_DISABLE_PARTITION_VTL			0x000e
#define HVCALL_ENABLE_VP_VTL				0x000f
#define HVCALL_DISABLE_VP_VTL				0x0010
#define HVCALL_VTL_CALL					0x0011
#define HVCALL_VTL_RETURN				0x0012
#define HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX		0x0013
#define HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX		0x0014
#define HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX		0x0015
#define HVCALL_CREATE_PARTITION				0x0040
#define HVCALL_INITIALIZE_PARTITION			0x0041
#define HVCALL_FINALIZE_PARTITION			0x0042
#define HVCALL_DELETE_PARTITION				0x0043
#define HVCALL_GET_PARTITION_PROPERTY			0x0044
#define HVCALL_SET_PARTITION_PROPERTY			0x0045
#define HVCALL_GET_PARTITION_ID				0x0046
#define HVCALL_GET_NEXT_CHILD_PARTITION			0x0047
#define HVCALL_DEPOSIT_MEMORY				0x0048
#define HVCALL_WITHDRAW_MEMORY				0x0049
#define HVCALL_GET_MEMORY_BALANCE			0x004a
#define HVCALL_MAP_GPA_PAGES				0x004b
#define HVCALL_UNMAP_GPA_PAGES				0x004c
#define HVCALL_INSTALL_INTERCEPT			0x004d
#define HVCALL_CREATE_VP				0x004e
#define HVCALL_DELETE_VP				0x004f
#define HVCALL_GET_VP_REGISTERS				0x0050
#define HVCALL_SET_VP_REGISTERS				0x0051
#define HVCALL_TRANSLATE_VIRTUAL_ADDRESS		0x0052
#define HVCALL_READ_GPA					0x0053
#define HVCALL_WRITE_GPA				0x0054
#define HVCALL_ASSERT_VIRTUAL_INTERRUPT			0x0055
#define HVCALL_CLEAR_VIRTUAL_INTERRUPT			0x0056
#define HVCALL_CREATE_PORT				0x0057
#define HVCALL_DELETE_PORT				0x0058
#define HVCALL_CONNECT_PORT				0x0059
#define HVCALL_GET_PORT_PROPERTY			0x005a
#define HVCALL_DISCONNECT_PORT				0x005b
#define HVCALL_POST_MESSAGE				0x005c
#define HVCALL_SIGNAL_EVENT				0x005d
#define HVCALL_SAVE_PARTITION_STATE			0x005e
#define HVCALL_RESTORE_PARTITION_STATE			0x005f
#define HVCALL_INITIALIZE_EVENT_LOG_BUFFER_GROUP	0x0060
#define HVCALL_FINALIZE_EVENT_LOG_BUFFER_GROUP		0x0061
#define HVCALL_CREATE_EVENT_LOG_BUFFER			0x0062
#define HVCALL_DELETE_EVENT_LOG_BUFFER			0x0063
#define HVCALL_MAP_EVENT_LOG_BUFFER			0x0064
#define HVCALL_UNMAP_EVENT_LOG_BUFFER			0x0065
#define HVCALL_SET_EVENT_LOG_GROUP_SOURCES		0x0066
#define HVCALL_RELEASE_EVENT_LOG_BUFFER			0x0067
#define HVCALL_FLUSH_EVENT_LOG_BUFFER			0x0068
#define HVCALL_POST_DEBUG_DATA				0x0069
#define HVCALL_RETRIEVE_DEBUG_DATA			0x006a
#define HVCALL_RESET_DEBUG_SESSION			0x006b
#define HVCALL_MAP_STATS_PAGE				0x006c
#define HVCALL_UNMAP_STATS_PAGE				0x006d
#define HVCALL_MAP_SPARSE_GPA_PAGES			0x006e
#define HVCALL_SET_SYSTEM_PROPERTY			0x006f
#define HVCALL_SET_PORT_PROPERTY			0x0070
#define HVCALL_GET_SYSTEM_PROPERTY			0x0071
#define HVCALL_ADD_LOGICAL_PROCESSOR			0x0076
#define HVCALL_REMOVE_LOGICAL_PROCESSOR			0x0077
#define HVCALL_QUERY_NUMA_DISTANCE			0x0078
#define HVCALL_SET_LOGICAL_PROCESSOR_PROPERTY		0x0079
#define HVCALL_GET_LOGICAL_PROCESSOR_PROPERTY		0x007a
#define HVCALL_GET_SYSTEM_PROPERTY_EX			0x007b
#define HVCALL_MAP_DEVICE_INTERRUPT			0x007c
#define HVCALL_UNMAP_DEVICE_INTERRUPT			0x007d
#define HVCALL_RETARGET_DEVICE_INTERRUPT		0x007e
#define HVCALL_MAP_DEVICE_PAGES				0x0080
#define HVCALL_UNMAP_DEVICE_PAGES			0x0081
#define HVCALL_ATTACH_DEVICE				0x0082
#define HVCALL_DETACH_DEVICE				0x0083
#define HVCALL_NOTIFY_STANDBY_TRANSITION		0x0084
#define HVCALL_PREPARE_FOR_SLEEP			0x0085
#define HVCALL_PREPARE_FOR_HIBERNATE			0x0086
#define HVCALL_NOTIFY_PARTITION_EVENT			0x0087
#define HVCALL_GET_LOGICAL_PROCESSOR_REGISTERS		0x0088
#define HVCALL_SET_LOGICAL_PROCESSOR_REGISTERS		0x0089
#define HVCALL_QUERY_ASSOCIATED_LPS_FOR_MCA		0x008a
#define HVCALL_NOTIFY_RING_EMPTY			0x008b
#define HVCALL_INJECT_SYNTHETIC_MACHINE_CHECK		0x008c
#define HVCALL_SCRUB_PARTITION				0x008d
#define HVCALL_COLLECT_LIVEDUMP				0x008e
#define HVCALL_DISABLE_HYPERVISOR			0x008f
#define HVCALL_MODIFY_SPARSE_GPA_PAGES			0x0090
#define HVCALL_REGISTER_INTERCEPT_RESULT		0x0091
#define HVCALL_UNREGISTER_INTERCEPT_RESULT		0x0092
#define HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL		0x0094
#define HVCALL_CREATE_PORT_VTL				0x0095
#define HVCALL_CONNECT_PORT_VTL				0x0096
#define HVCALL_GET_SPA_PAGE_LIST			0x0097
#define HVCALL_START_VIRTUAL_PROCESSOR			0x0099
#define HVCALL_GET_VP_INDEX_FROM_APIC_ID		0x009a
#define HVCALL_TRANSLATE_VIRTUAL_ADDRESS_EX		0x00ac
#define HVCALL_CHECK_FOR_IO_INTERCEPT			0x00ad
#define HVCALL_FLUSH_GUEST_PHYSICAL_ADDRESS_SPACE	0x00af
#define HVCALL_FLUSH_GUEST_PHYSICAL_ADDRESS_LIST	0x00b0
#define HVCALL_SIGNAL_EVENT_DIRECT			0x00c0
#define HVCALL_POST_MESSAGE_DIRECT			0x00c1
#define HVCALL_DISPATCH_VP				0x00c2
#define HVCALL_GET_GPA_PAGES_ACCESS_STATES		0x00c9
#define HVCALL_ACQUIRE_SPARSE_SPA_PAGE_HOST_ACCESS	0x00d7
#define HVCALL_RELEASE_SPARSE_SPA_PAGE_HOST_ACCESS	0x00d8
#define HVCALL_MODIFY_SPARSE_GPA_PAGE_HOST_VISIBILITY	0x00db
#define HVCALL_MAP_VP_STATE_PAGE			0x00e1
#define HVCALL_UNMAP_VP_STATE_PAGE			0x00e2
#define HVCALL_GET_VP_STATE				0x00e3
#define HVCALL_SET_VP_STATE				0x00e4
#define HVCALL_GET_VP_SET_FROM_MDA			0x00e5
#define HVCALL_GET_VP_CPUID_VALUES			0x00f4
#define HVCALL_GET_PARTITION_PROPERTY_EX		0x0101
#define HVCALL_MMIO_READ				0x0106
#define HVCALL_MMIO_WRITE				0x0107
#define HVCALL_SET_PARTITION_PROPERTY_EX		0x010a
#define HVCALL_DISABLE_HYP_EX				0x010f
#define HVCALL_INSTALL_INTERCEPT_EX			0x0110
#define HVCALL_SET_VIRTUAL_INTERRUPT_TARGET		0x011f
#define HVCALL_MAP_STATS_PAGE2				0x0131
#define HV_EXT_CALL_QUERY_CAPABILITIES			0x8001
#define HV_EXT_CALL_GET_BOOT_ZEROED_MEMORY		0x8002
#define HV_EXT_CALL_MEMORY_HEAT_HINT			0x8003
#define HV_EXT_CALL_EPF_SETUP				0x8004
#define HV_EXT_CALL_MEMORY_HEAT_HINT_ASYNC		0x8006

/* First code of the extended hypercalls (later editions) */
#define HV_EXT_CALL_BASE				0x8000
/* 2.0 has HvGetSystemProperty at 0x0071, later editions at 0x007b with an argument */

/* Hypercall input value (4.7) */
#define HV_HYPERCALL_CODE_MASK				0x000000000000ffffULL
#define HV_HYPERCALL_FAST				(1ULL << 16)
#define HV_HYPERCALL_VARHEAD_SHIFT			17
#define HV_HYPERCALL_VARHEAD_BITS			10
#define HV_HYPERCALL_VARHEAD_MASK			0x0000000007fe0000ULL
#define HV_HYPERCALL_RESERVED0_MASK			0x0000000078000000ULL	/* 30:27 */
#define HV_HYPERCALL_NESTED				(1ULL << 31)
#define HV_HYPERCALL_REP_COUNT_SHIFT			32
#define HV_HYPERCALL_REP_COUNT_BITS			12
#define HV_HYPERCALL_REP_COUNT_MASK			0x00000fff00000000ULL
#define HV_HYPERCALL_RESERVED1_MASK			0x0000f00000000000ULL	/* 47:44 */
#define HV_HYPERCALL_REP_START_SHIFT			48
#define HV_HYPERCALL_REP_START_BITS			12
#define HV_HYPERCALL_REP_START_MASK			0x0fff000000000000ULL
#define HV_HYPERCALL_RESERVED2_MASK			0xf000000000000000ULL	/* 63:60 */
#define HV_HYPERCALL_RESERVED_MASK			0xf000f00078000000ULL
/* 2.0 reserves 31:17 as well */
#define HV_HYPERCALL_RESERVED_MASK_20			0xf000f000fffe0000ULL

/* Hypercall result value (4.8) */
#define HV_HYPERCALL_RESULT_STATUS_MASK			0x000000000000ffffULL
#define HV_HYPERCALL_RESULT_REP_COMP_SHIFT		32
#define HV_HYPERCALL_RESULT_REP_COMP_MASK		0x00000fff00000000ULL

/* Largest fast input and output: RDX, R8 and XMM0-XMM5 */
#define HV_HYPERCALL_FAST_INPUT_BYTES			16
#define HV_HYPERCALL_XMM_FAST_BYTES			112

/* Sparse virtual processor sets (later editions, HV_VP_SET) */
#define HV_VPSET_FORMAT_SPARSE_4K			0
#define HV_VPSET_FORMAT_ALL				1
#define HV_VPSET_BANKS					64
#define HV_VPSET_BANK_VPS				64

/* struct hv_vpset - HV_VP_SET: banks of 64 virtual processors */
struct hv_vpset {
	__u64 format;
	__u64 valid_bank_mask;
	__u64 bank[];
};
HV_ASSERT_SIZE(struct hv_vpset, 16);

/* --- Virtual address spaces (12.4) --- */

/* struct hv_input_switch_virtual_address_space - 0x0001 (12.4.1) */
struct hv_input_switch_virtual_address_space {
	__u64 address_space;
};
HV_ASSERT_SIZE(struct hv_input_switch_virtual_address_space, 8);

/* struct hv_input_flush_virtual_address_space - 0x0002 (12.4.2) */
struct hv_input_flush_virtual_address_space {
	__u64 address_space;
	__u64 flags;
	__u64 processor_mask;
};
HV_ASSERT_SIZE(struct hv_input_flush_virtual_address_space, 24);

/* GVA range element of the flush list calls: page in 63:12, additional pages in 11:0 */
#define HV_GVA_RANGE_ADDITIONAL_PAGES_MASK		0x0000000000000fffULL
#define HV_GVA_RANGE_PAGE_MASK				0xfffffffffffff000ULL
/* With HV_FLUSH_USE_EXTENDED_RANGE_FORMAT: pages 10:0, large page 11, page size 12 */
#define HV_GVA_RANGE_EX_ADDITIONAL_PAGES_MASK		0x00000000000007ffULL
#define HV_GVA_RANGE_EX_LARGE_PAGE			(1ULL << 11)
#define HV_GVA_RANGE_EX_PAGE_SIZE_1G			(1ULL << 12)

/* struct hv_input_flush_virtual_address_list - 0x0003 (12.4.3), rep */
struct hv_input_flush_virtual_address_list {
	__u64 address_space;
	__u64 flags;
	__u64 processor_mask;
	__u64 gva_range[];
};
HV_ASSERT_SIZE(struct hv_input_flush_virtual_address_list, 24);

/*
 * struct hv_input_flush_virtual_address_space_ex - 0x0013 and, with the rep
 * list of GVA ranges after the last bank, 0x0014 (later editions)
 */
struct hv_input_flush_virtual_address_space_ex {
	__u64 address_space;
	__u64 flags;
	struct hv_vpset vp_set;
};
HV_ASSERT_SIZE(struct hv_input_flush_virtual_address_space_ex, 32);

struct hv_input_flush_virtual_address_list_ex {
	__u64 address_space;
	__u64 flags;
	struct hv_vpset vp_set;
};
HV_ASSERT_SIZE(struct hv_input_flush_virtual_address_list_ex, 32);

/* struct hv_input_flush_guest_physical_address_space - 0x00af (later editions) */
struct hv_input_flush_guest_physical_address_space {
	__u64 address_space;
	__u64 flags;
};
HV_ASSERT_SIZE(struct hv_input_flush_guest_physical_address_space, 16);

/* struct hv_input_flush_guest_physical_address_list - 0x00b0 (later editions), rep */
struct hv_input_flush_guest_physical_address_list {
	__u64 address_space;
	__u64 flags;
	__u64 gpa_range[];
};
HV_ASSERT_SIZE(struct hv_input_flush_guest_physical_address_list, 16);

/* struct hv_input_translate_virtual_address - 0x0052, 0x00ac (12.4.4) */
struct hv_input_translate_virtual_address {
	__u64 partition_id;
	__u32 vp_index;
	__u32 padding;
	__u64 control_flags;
	__u64 gva_page;
};
HV_ASSERT_SIZE(struct hv_input_translate_virtual_address, 32);

#define HV_TRANSLATE_OVERLAY_PAGE			0x01

/* struct hv_output_translate_virtual_address - 0x0052 (12.4.4) */
struct hv_output_translate_virtual_address {
	__u32 result_code;
	__u8 cache_type;
	__u8 overlay_page;	/* HV_TRANSLATE_OVERLAY_PAGE */
	__u16 reserved;
	__u64 gpa_page;
};
HV_ASSERT_SIZE(struct hv_output_translate_virtual_address, 16);

/* struct hv_output_translate_virtual_address_ex - 0x00ac (later editions) */
struct hv_output_translate_virtual_address_ex {
	__u32 result_code;
	__u8 cache_type;
	__u8 overlay_page;
	__u16 reserved0;
	__u64 reserved1;
	__u64 gpa_page;
};
HV_ASSERT_SIZE(struct hv_output_translate_virtual_address_ex, 24);

/* struct hv_input_read_gpa - 0x0053 (12.4.5) */
struct hv_input_read_gpa {
	__u64 partition_id;
	__u32 vp_index;
	__u32 byte_count;
	__u64 base_gpa;
	__u64 control_flags;
};
HV_ASSERT_SIZE(struct hv_input_read_gpa, 32);

/* struct hv_output_read_gpa - 0x0053 (12.4.5); result code in the low half */
struct hv_output_read_gpa {
	__u32 result_code;
	__u32 reserved;
	__u8 data[16];
};
HV_ASSERT_SIZE(struct hv_output_read_gpa, 24);

/* struct hv_input_write_gpa - 0x0054 (12.4.6) */
struct hv_input_write_gpa {
	__u64 partition_id;
	__u32 vp_index;
	__u32 byte_count;
	__u64 base_gpa;
	__u64 control_flags;
	__u8 data[16];
};
HV_ASSERT_SIZE(struct hv_input_write_gpa, 48);

/* struct hv_output_write_gpa - 0x0054 (12.4.6) */
struct hv_output_write_gpa {
	__u32 result_code;
	__u32 reserved;
};
HV_ASSERT_SIZE(struct hv_output_write_gpa, 8);

/* --- Processors (6.4, 18.5, 10.4) --- */

/* struct hv_output_get_logical_processor_run_time - 0x0004 (6.4.1), 100 ns units */
struct hv_output_get_logical_processor_run_time {
	__u64 global_time;
	__u64 local_run_time;
	__u64 reserved;
	__u64 hypervisor_time;
};
HV_ASSERT_SIZE(struct hv_output_get_logical_processor_run_time, 32);

/* struct hv_input_notify_long_spin_wait - 0x0008 (18.5.1) */
struct hv_input_notify_long_spin_wait {
	__u32 spinwait_info;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_notify_long_spin_wait, 8);

/* struct hv_input_park_logical_processors - 0x0009 (6.4.2) */
struct hv_input_park_logical_processors {
	__u64 processor_mask;
};
HV_ASSERT_SIZE(struct hv_input_park_logical_processors, 8);

/* struct hv_input_send_synthetic_cluster_ipi - 0x000b (later editions) */
struct hv_input_send_synthetic_cluster_ipi {
	__u32 vector;
	__u8 target_vtl;
	__u8 reserved[3];
	__u64 processor_mask;
};
HV_ASSERT_SIZE(struct hv_input_send_synthetic_cluster_ipi, 16);

/* struct hv_input_send_synthetic_cluster_ipi_ex - 0x0015 (later editions) */
struct hv_input_send_synthetic_cluster_ipi_ex {
	__u32 vector;
	__u8 target_vtl;
	__u8 reserved[3];
	struct hv_vpset vp_set;
};
HV_ASSERT_SIZE(struct hv_input_send_synthetic_cluster_ipi_ex, 24);

/* HV_INTERRUPT_ENTRY: what identifies an interrupt of a device (later editions) */
#define HV_INTERRUPT_SOURCE_MSI				1

struct hv_interrupt_entry {
	__u32 source;
	__u32 reserved;
	__u32 msi_address;
	__u32 msi_data;
};
HV_ASSERT_SIZE(struct hv_interrupt_entry, 16);

#define HV_DEVICE_INTERRUPT_TARGET_MULTICAST		1
#define HV_DEVICE_INTERRUPT_TARGET_PROCESSOR_SET	2

/*
 * struct hv_input_retarget_device_interrupt - 0x007e (later editions)
 * @vp_mask:	or the format of an HV_VP_SET, whose rest is the variable header
 */
struct hv_input_retarget_device_interrupt {
	__u64 partition_id;
	__u64 device_id;
	struct hv_interrupt_entry entry;
	__u64 reserved;
	__u32 vector;
	__u32 flags;
	__u64 vp_mask;
};
HV_ASSERT_SIZE(struct hv_input_retarget_device_interrupt, 56);

/* struct hv_input_create_vp_20 - 0x004e (10.4.1) */
struct hv_input_create_vp_20 {
	__u64 partition_id;
	__u32 vp_index;
	__u32 padding;
	struct hv_proximity_domain_info proximity_domain_info;
	__u64 flags;
};
HV_ASSERT_SIZE(struct hv_input_create_vp_20, 32);

/* struct hv_input_create_vp - 0x004e (later editions) */
struct hv_input_create_vp {
	__u64 partition_id;
	__u32 vp_index;
	__u8 reserved[3];
	__u8 subnode_type;
	__u64 subnode_id;
	struct hv_proximity_domain_info proximity_domain_info;
	__u64 flags;
};
HV_ASSERT_SIZE(struct hv_input_create_vp, 40);

/* struct hv_input_delete_vp - 0x004f (10.4.2) */
struct hv_input_delete_vp {
	__u64 partition_id;
	__u32 vp_index;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_delete_vp, 16);

/* struct hv_input_get_vp_registers - 0x0050 (10.4.3), rep; output is union hv_register_value[] */
struct hv_input_get_vp_registers {
	__u64 partition_id;
	__u32 vp_index;
	__u8 input_vtl;
	__u8 reserved[3];
	__u32 names[];
};
HV_ASSERT_SIZE(struct hv_input_get_vp_registers, 16);

/* struct hv_register_assoc - name and value, element of 0x0051 (10.4.4) */
struct hv_register_assoc {
	__u32 name;
	__u32 reserved0;
	__u64 reserved1;
	union hv_register_value value;
};
HV_ASSERT_SIZE(struct hv_register_assoc, 32);

/* struct hv_input_set_vp_registers - 0x0051 (10.4.4), rep */
struct hv_input_set_vp_registers {
	__u64 partition_id;
	__u32 vp_index;
	__u8 input_vtl;
	__u8 reserved[3];
	struct hv_register_assoc elements[];
};
HV_ASSERT_SIZE(struct hv_input_set_vp_registers, 16);

/* struct hv_initial_vp_context - start state for 0x0099 and 0x000f (later editions) */
struct hv_initial_vp_context {
	__u64 rip;
	__u64 rsp;
	__u64 rflags;
	struct hv_x64_segment_register cs;
	struct hv_x64_segment_register ds;
	struct hv_x64_segment_register es;
	struct hv_x64_segment_register fs;
	struct hv_x64_segment_register gs;
	struct hv_x64_segment_register ss;
	struct hv_x64_segment_register tr;
	struct hv_x64_segment_register ldtr;
	struct hv_x64_table_register idtr;
	struct hv_x64_table_register gdtr;
	__u64 efer;
	__u64 cr0;
	__u64 cr3;
	__u64 cr4;
	__u64 msr_cr_pat;
};
HV_ASSERT_SIZE(struct hv_initial_vp_context, 224);

/* struct hv_input_start_virtual_processor - 0x0099 and 0x000f (later editions) */
struct hv_input_start_virtual_processor {
	__u64 partition_id;
	__u32 vp_index;
	__u8 target_vtl;
	__u8 padding[3];
	struct hv_initial_vp_context vp_context;
};
HV_ASSERT_SIZE(struct hv_input_start_virtual_processor, 240);

/*
 * struct hv_input_get_vp_index_from_apic_id - 0x009a (later editions), rep;
 * apic_ids and the VP indices of the output are packed 32-bit values
 */
struct hv_input_get_vp_index_from_apic_id {
	__u64 partition_id;
	__u8 target_vtl;
	__u8 padding[7];
	__u32 apic_ids[];
};
HV_ASSERT_SIZE(struct hv_input_get_vp_index_from_apic_id, 16);

/* struct hv_input_get_vp_cpuid_values - 0x00f4 (later editions), rep */
struct hv_cpuid_leaf_info {
	__u32 eax;
	__u32 ecx;
	__u64 xfem;
	__u64 xss;
};
HV_ASSERT_SIZE(struct hv_cpuid_leaf_info, 24);

struct hv_input_get_vp_cpuid_values {
	__u64 partition_id;
	__u32 vp_index;
	__u32 flags;
	__u64 reserved;
	struct hv_cpuid_leaf_info cpuid_leaf_info[];
};
HV_ASSERT_SIZE(struct hv_input_get_vp_cpuid_values, 24);

/* struct hv_cpuid_result - output element of 0x00f4 */
struct hv_cpuid_result {
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
};
HV_ASSERT_SIZE(struct hv_cpuid_result, 16);

#endif /* _UAPI_HV_CALL_H */
