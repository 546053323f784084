/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Input and output blocks of the calls on partitions, memory, intercepts and interrupts
 * (TLFS 5, 7, 8, 9, 13); see call.h.
 */
#ifndef _UAPI_HV_CALL_PARTITION_H
#define _UAPI_HV_CALL_PARTITION_H

#include "call.h"

/* --- Partitions (5.6) --- */

/* struct hv_input_create_partition_20 - 0x0040 (5.6.1) */
struct hv_input_create_partition_20 {
	__u64 flags;
	struct hv_proximity_domain_info proximity_domain_info;
};
HV_ASSERT_SIZE(struct hv_input_create_partition_20, 16);

/* struct hv_input_create_partition - 0x0040 (later editions) */
struct hv_input_create_partition {
	__u64 flags;
	struct hv_proximity_domain_info proximity_domain_info;
	__u32 compatibility_version;
	__u32 padding;
	__u64 disabled_processor_features[2];
	__u64 disabled_xsave_features;
	__u64 isolation_properties;
};
HV_ASSERT_SIZE(struct hv_input_create_partition, 56);

/* struct hv_output_create_partition - 0x0040 (5.6.1) */
struct hv_output_create_partition {
	__u64 partition_id;
};
HV_ASSERT_SIZE(struct hv_output_create_partition, 8);

/* struct hv_input_partition_id - input of 0x0041, 0x0042, 0x0043 and 0x0056 */
struct hv_input_partition_id {
	__u64 partition_id;
};
HV_ASSERT_SIZE(struct hv_input_partition_id, 8);

struct hv_input_initialize_partition {
	__u64 partition_id;
};

struct hv_input_finalize_partition {
	__u64 partition_id;
};

struct hv_input_delete_partition {
	__u64 partition_id;
};

/* struct hv_input_get_partition_property - 0x0044 (5.6.5) */
struct hv_input_get_partition_property {
	__u64 partition_id;
	__u32 property_code;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_get_partition_property, 16);

struct hv_output_get_partition_property {
	__u64 property_value;
};
HV_ASSERT_SIZE(struct hv_output_get_partition_property, 8);

/* struct hv_input_set_partition_property - 0x0045 (5.6.6) */
struct hv_input_set_partition_property {
	__u64 partition_id;
	__u32 property_code;
	__u32 padding;
	__u64 property_value;
};
HV_ASSERT_SIZE(struct hv_input_set_partition_property, 24);

/* struct hv_input_get_partition_property_ex - 0x0101 (later editions) */
struct hv_input_get_partition_property_ex {
	__u64 partition_id;
	__u32 property_code;
	__u32 padding;
	__u64 argument;
};
HV_ASSERT_SIZE(struct hv_input_get_partition_property_ex, 24);

#define HV_PARTITION_PROPERTY_EX_MAX_SIZE		4072

/* struct hv_input_set_partition_property_ex - 0x010a (later editions), variable header */
struct hv_input_set_partition_property_ex {
	__u64 partition_id;
	__u32 property_code;
	__u32 padding;
	__u64 argument;
	__u64 property_value[];
};
HV_ASSERT_SIZE(struct hv_input_set_partition_property_ex, 24);

/* struct hv_output_get_partition_id - 0x0046 (5.6.7) */
struct hv_output_get_partition_id {
	__u64 partition_id;
};
HV_ASSERT_SIZE(struct hv_output_get_partition_id, 8);

/* struct hv_input_get_next_child_partition - 0x0047 (5.6.8) */
struct hv_input_get_next_child_partition {
	__u64 parent_id;
	__u64 previous_child_id;
};
HV_ASSERT_SIZE(struct hv_input_get_next_child_partition, 16);

struct hv_output_get_next_child_partition {
	__u64 next_child_id;
};
HV_ASSERT_SIZE(struct hv_output_get_next_child_partition, 8);

/* --- Memory (7.3, 8.3) --- */

/* struct hv_input_deposit_memory - 0x0048 (7.3.1), rep */
struct hv_input_deposit_memory {
	__u64 partition_id;
	__u64 gpa_page_list[];
};
HV_ASSERT_SIZE(struct hv_input_deposit_memory, 8);

/* struct hv_input_withdraw_memory - 0x0049 (7.3.2), rep; output is GPA page numbers */
struct hv_input_withdraw_memory {
	__u64 partition_id;
	struct hv_proximity_domain_info proximity_domain_info;
};
HV_ASSERT_SIZE(struct hv_input_withdraw_memory, 16);

/* struct hv_input_get_memory_balance - 0x004a (7.3.3) */
struct hv_input_get_memory_balance {
	__u64 partition_id;
	struct hv_proximity_domain_info proximity_domain_info;
};
HV_ASSERT_SIZE(struct hv_input_get_memory_balance, 16);

struct hv_output_get_memory_balance {
	__u64 pages_available;
	__u64 pages_in_use;
};
HV_ASSERT_SIZE(struct hv_output_get_memory_balance, 16);

/* struct hv_input_map_gpa_pages - 0x004b (8.3.1), rep */
struct hv_input_map_gpa_pages {
	__u64 target_partition_id;
	__u64 target_gpa_base;
	__u32 map_flags;
	__u32 padding;
	__u64 source_gpa_page_list[];
};
HV_ASSERT_SIZE(struct hv_input_map_gpa_pages, 24);

/* struct hv_input_unmap_gpa_pages_20 - 0x004c (8.3.2), rep without a list */
struct hv_input_unmap_gpa_pages_20 {
	__u64 target_partition_id;
	__u64 target_gpa_base;
};
HV_ASSERT_SIZE(struct hv_input_unmap_gpa_pages_20, 16);

/* struct hv_input_unmap_gpa_pages - 0x004c (later editions) */
struct hv_input_unmap_gpa_pages {
	__u64 target_partition_id;
	__u64 target_gpa_base;
	__u32 unmap_flags;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_unmap_gpa_pages, 24);

/* struct hv_sparse_gpa_page - element of 0x006e */
struct hv_sparse_gpa_page {
	__u64 target_gpa_page;
	__u64 source_gpa_page;
};
HV_ASSERT_SIZE(struct hv_sparse_gpa_page, 16);

/* struct hv_input_map_sparse_gpa_pages - 0x006e (8.3.3), rep */
struct hv_input_map_sparse_gpa_pages {
	__u64 target_partition_id;
	__u32 map_flags;
	__u32 padding;
	struct hv_sparse_gpa_page page_list[];
};
HV_ASSERT_SIZE(struct hv_input_map_sparse_gpa_pages, 16);

/* struct hv_input_modify_sparse_gpa_pages - 0x0090 (later editions), rep */
struct hv_input_modify_sparse_gpa_pages {
	__u64 target_partition_id;
	__u32 map_flags;
	__u32 reserved;
	__u64 gpa_page_list[];
};
HV_ASSERT_SIZE(struct hv_input_modify_sparse_gpa_pages, 16);

/* struct hv_input_get_gpa_pages_access_states - 0x00c9 (later editions), rep; one byte each */
struct hv_input_get_gpa_pages_access_states {
	__u64 partition_id;
	__u64 flags;
	__u64 gpa_page_number;
};
HV_ASSERT_SIZE(struct hv_input_get_gpa_pages_access_states, 24);

/* --- Intercepts (9.3) --- */

/* struct hv_input_install_intercept - 0x004d (9.3.1) */
struct hv_input_install_intercept {
	__u64 partition_id;
	__u32 access_type;
	__u32 intercept_type;
	__u64 intercept_parameter;
};
HV_ASSERT_SIZE(struct hv_input_install_intercept, 24);

/* struct hv_register_cpuid_result - CPUID parameters of 0x0091 (later editions) */
struct hv_register_cpuid_result {
	__u32 eax;
	__u32 ecx;
	__u8 subleaf_specific;
	__u8 always_override;
	__u16 padding;
	struct {
		__u32 eax;
		__u32 eax_mask;
		__u32 ebx;
		__u32 ebx_mask;
		__u32 ecx;
		__u32 ecx_mask;
		__u32 edx;
		__u32 edx_mask;
	} result;
};
HV_ASSERT_SIZE(struct hv_register_cpuid_result, 44);

/* struct hv_unregister_cpuid_result - CPUID parameters of 0x0092 (later editions) */
struct hv_unregister_cpuid_result {
	__u32 eax;
	__u32 ecx;
	__u8 subleaf_specific;
	__u8 padding[3];
};
HV_ASSERT_SIZE(struct hv_unregister_cpuid_result, 12);

/*
 * struct hv_input_register_intercept_result - 0x0091 (later editions); callers
 * pass 60 bytes or 64 with a trailing reserved word
 */
struct hv_input_register_intercept_result {
	__u64 partition_id;
	__u32 vp_index;
	__u32 intercept_type;
	union {
		struct hv_register_cpuid_result cpuid;
		__u8 as_bytes[44];
	} parameters;
} HV_PACKED;
HV_ASSERT_SIZE(struct hv_input_register_intercept_result, 60);

/* struct hv_input_unregister_intercept_result - 0x0092 (later editions) */
struct hv_input_unregister_intercept_result {
	__u64 partition_id;
	__u32 vp_index;
	__u32 intercept_type;
	union {
		struct hv_unregister_cpuid_result cpuid;
		__u8 as_bytes[12];
	} parameters;
} HV_PACKED;
HV_ASSERT_SIZE(struct hv_input_unregister_intercept_result, 28);

/* struct hv_input_check_for_io_intercept - 0x00ad (later editions) */
struct hv_input_check_for_io_intercept {
	__u64 partition_id;
	__u32 vp_index;
	__u8 target_vtl;
	__u8 padding;
	__u16 port;
	__u8 size;
	__u8 is_write;
} HV_PACKED;
HV_ASSERT_SIZE(struct hv_input_check_for_io_intercept, 18);

/* --- Interrupts (13.5) --- */

/* Interrupt control word: type in 31:0 (HV_X64_INTERRUPT_TYPE_*), then flags (13.4) */
#define HV_INTERRUPT_CONTROL_TYPE_MASK			0x00000000ffffffffULL
#define HV_INTERRUPT_CONTROL_LEVEL			(1ULL << 32)
#define HV_INTERRUPT_CONTROL_LOGICAL_DEST		(1ULL << 33)
#define HV_INTERRUPT_CONTROL_X64_LONG_MODE		(1ULL << 62)
#define HV_INTERRUPT_CONTROL_RESERVED_MASK		0xbffffffc00000000ULL

/* struct hv_input_assert_virtual_interrupt - 0x0055 (13.5.1) and 0x0094 */
struct hv_input_assert_virtual_interrupt {
	__u64 partition_id;
	__u64 control;
	__u64 dest_addr;
	__u32 vector;
	__u8 target_vtl;	/* zero padding in 2.0 */
	__u8 reserved0;
	__u16 reserved1;
};
HV_ASSERT_SIZE(struct hv_input_assert_virtual_interrupt, 32);

/* struct hv_input_clear_virtual_interrupt - 0x0056 (13.5.2) */
struct hv_input_clear_virtual_interrupt {
	__u64 partition_id;
};
HV_ASSERT_SIZE(struct hv_input_clear_virtual_interrupt, 8);

#endif /* _UAPI_HV_CALL_PARTITION_H */
