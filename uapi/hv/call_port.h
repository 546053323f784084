/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Input and output blocks of the calls on ports and messages, and of the chapters behind them
 * (TLFS 14 and later); see call.h.
 */
#ifndef _UAPI_HV_CALL_PORT_H
#define _UAPI_HV_CALL_PORT_H

#include "call.h"

/* --- Ports and messages (14.9) --- */

/* Port and connection types, identifiers, properties (14.8.6-14.8.9) */
#define HV_PORT_TYPE_MESSAGE				1
#define HV_PORT_TYPE_EVENT				2
#define HV_PORT_TYPE_MONITOR				3
#define HV_PORT_TYPE_DOORBELL				4

#define HV_PORT_ID_MASK					0x00ffffff
#define HV_CONNECTION_ID_MASK				0x00ffffff

#define HV_PORT_PROPERTY_POST_COUNT			0x00000000
#define HV_PORT_PROPERTY_PREFERRED_TARGET_VP		0x00000001

#define HV_MESSAGE_BUFFERS_PER_PORT			16

/* struct hv_port_info - HV_PORT_INFO (14.8.6) */
struct hv_port_info {
	__u32 port_type;
	__u32 padding;
	union {
		struct {
			__u32 target_sint;
			__u32 target_vp;
			__u64 reserved;
		} message;
		struct {
			__u32 target_sint;
			__u32 target_vp;
			__u16 base_flag_number;
			__u16 flag_count;
			__u32 reserved;
		} event;
		struct {
			__u64 monitor_address;
			__u64 reserved;
		} monitor;
		struct {
			__u32 target_sint;
			__u32 target_vp;
			__u64 reserved;
		} doorbell;
	};
};
HV_ASSERT_SIZE(struct hv_port_info, 24);

/* struct hv_connection_info - HV_CONNECTION_INFO (14.8.9, doorbell later) */
struct hv_connection_info {
	__u32 port_type;
	__u32 padding;
	union {
		__u64 message_reserved;
		__u64 event_reserved;
		__u64 monitor_address;
		struct {
			__u64 gpa;
			__u64 trigger_value;
			__u64 flags;
		} doorbell;
	};
};
HV_ASSERT_SIZE(struct hv_connection_info, 32);

/* struct hv_input_create_port - 0x0057 (14.9.1) */
struct hv_input_create_port {
	__u64 port_partition;
	__u32 port_id;
	__u32 padding;
	__u64 connection_partition;
	struct hv_port_info port_info;
};
HV_ASSERT_SIZE(struct hv_input_create_port, 48);

/* struct hv_input_create_port_vtl - 0x0095 (later editions) */
struct hv_input_create_port_vtl {
	__u64 port_partition;
	__u32 port_id;
	__u8 port_vtl;
	__u8 min_connection_vtl;
	__u16 padding;
	__u64 connection_partition;
	struct hv_port_info port_info;
	struct hv_proximity_domain_info proximity_domain_info;
};
HV_ASSERT_SIZE(struct hv_input_create_port_vtl, 56);

/* struct hv_input_delete_port - 0x0058 (14.9.2) */
struct hv_input_delete_port {
	__u64 port_partition;
	__u32 port_id;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_delete_port, 16);

/* struct hv_input_connect_port - 0x0059 (14.9.3); zero or the monitor page address last */
struct hv_input_connect_port {
	__u64 connection_partition;
	__u32 connection_id;
	__u32 padding0;
	__u64 port_partition;
	__u32 port_id;
	__u32 padding1;
	__u64 connection_info;
};
HV_ASSERT_SIZE(struct hv_input_connect_port, 40);

/* struct hv_input_connect_port_vtl - 0x0096 (later editions) */
struct hv_input_connect_port_vtl {
	__u64 connection_partition;
	__u32 connection_id;
	__u8 connection_vtl;
	__u8 padding0[3];
	__u64 port_partition;
	__u32 port_id;
	__u32 padding1;
	struct hv_connection_info connection_info;
	struct hv_proximity_domain_info proximity_domain_info;
};
HV_ASSERT_SIZE(struct hv_input_connect_port_vtl, 72);

/* struct hv_input_get_port_property - 0x005a (14.9.4) */
struct hv_input_get_port_property {
	__u64 partition_id;
	__u32 port_id;
	__u32 padding0;
	__u32 property_code;
	__u32 padding1;
};
HV_ASSERT_SIZE(struct hv_input_get_port_property, 24);

struct hv_output_get_port_property {
	__u64 property_value;
};
HV_ASSERT_SIZE(struct hv_output_get_port_property, 8);

/* struct hv_input_set_port_property - 0x0070 (14.9.5) */
struct hv_input_set_port_property {
	__u64 partition_id;
	__u32 port_id;
	__u32 padding0;
	__u32 property_code;
	__u32 padding1;
	__u64 property_value;
};
HV_ASSERT_SIZE(struct hv_input_set_port_property, 32);

/* struct hv_input_disconnect_port - 0x005b (14.9.6) */
struct hv_input_disconnect_port {
	__u64 connection_partition;
	__u32 connection_id;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_disconnect_port, 16);

/* struct hv_input_post_message - 0x005c (14.9.7) */
struct hv_input_post_message {
	__u32 connection_id;
	__u32 padding;
	__u32 message_type;
	__u32 payload_size;
	__u8 payload[240];
};
HV_ASSERT_SIZE(struct hv_input_post_message, 256);

/* struct hv_input_signal_event - 0x005d (14.9.8) */
struct hv_input_signal_event {
	__u32 connection_id;
	__u16 flag_number;
	__u16 reserved;
};
HV_ASSERT_SIZE(struct hv_input_signal_event, 8);

/* struct hv_input_signal_event_direct - 0x00c0 (later editions) */
struct hv_input_signal_event_direct {
	__u64 target_partition;
	__u32 target_vp;
	__u8 target_vtl;
	__u8 target_sint;
	__u16 flag_number;
};
HV_ASSERT_SIZE(struct hv_input_signal_event_direct, 16);

struct hv_output_signal_event_direct {
	__u8 newly_signaled;
	__u8 reserved[7];
};
HV_ASSERT_SIZE(struct hv_output_signal_event_direct, 8);

/* struct hv_input_post_message_direct - 0x00c1 (later editions) */
struct hv_input_post_message_direct {
	__u64 partition_id;
	__u32 vp_index;
	__u8 vtl;
	__u8 padding0[3];
	__u32 sint_index;
	__u8 message[256];	/* struct hv_message */
	__u32 padding1;
};
HV_ASSERT_SIZE(struct hv_input_post_message_direct, 280);

/* --- Saved state (17.3) --- */

#define HV_SAVE_RESTORE_DATA_MAX			4080

/* struct hv_input_save_partition_state - 0x005e (17.3.1) */
struct hv_input_save_partition_state {
	__u64 partition_id;
	__u32 flags;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_save_partition_state, 16);

struct hv_output_save_partition_state {
	__u32 save_state;
	__u32 save_data_count;
	__u8 save_data[HV_SAVE_RESTORE_DATA_MAX];
};
HV_ASSERT_SIZE(struct hv_output_save_partition_state, 4088);

/* struct hv_input_restore_partition_state - 0x005f (17.3.2) */
struct hv_input_restore_partition_state {
	__u64 partition_id;
	__u32 flags;
	__u32 restore_data_count;
	__u8 restore_data[HV_SAVE_RESTORE_DATA_MAX];
};
HV_ASSERT_SIZE(struct hv_input_restore_partition_state, 4096);

struct hv_output_restore_partition_state {
	__u32 restore_state;
	__u32 restore_data_consumed;
};
HV_ASSERT_SIZE(struct hv_output_restore_partition_state, 8);

/* struct hv_input_get_vp_state - 0x00e3 and 0x00e4 (later editions) */
struct hv_input_get_vp_state {
	__u64 partition_id;
	__u32 vp_index;
	__u8 input_vtl;
	__u8 reserved0[3];
	__u32 type;
	__u32 reserved1;
	__u64 xsave_flags;
	__u64 xsave_states;
	__u64 data[];
};
HV_ASSERT_SIZE(struct hv_input_get_vp_state, 40);

/* --- Event log, debugging, statistics, system properties (19-21, 23) --- */

/* struct hv_input_initialize_event_log_buffer_group - 0x0060 (19.3.1) */
struct hv_input_initialize_event_log_buffer_group {
	__u32 type;
	__u32 maximum_buffer_count;
	__u32 buffer_pages;
	__u32 threshold;
	__u32 time_basis;
	__u64 system_time;	/* unaligned as printed */
	__u32 padding;
} HV_PACKED;
HV_ASSERT_SIZE(struct hv_input_initialize_event_log_buffer_group, 32);

/* struct hv_input_finalize_event_log_buffer_group - 0x0061 (19.3.2) */
struct hv_input_finalize_event_log_buffer_group {
	__u32 type;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_finalize_event_log_buffer_group, 8);

/* struct hv_input_create_event_log_buffer - 0x0062 (19.3.3) */
struct hv_input_create_event_log_buffer {
	__u32 type;
	__u32 buffer_index;
	struct hv_proximity_domain_info proximity_info;
};
HV_ASSERT_SIZE(struct hv_input_create_event_log_buffer, 16);

/* struct hv_input_event_log_buffer - 0x0063-0x0065, 0x0067, 0x0068 (19.3) */
struct hv_input_event_log_buffer {
	__u32 type;
	__u32 buffer_index;
};
HV_ASSERT_SIZE(struct hv_input_event_log_buffer, 8);

/* struct hv_input_set_event_log_group_sources - 0x0066 (19.3.7) */
struct hv_input_set_event_log_group_sources {
	__u32 type;
	__u32 padding;
	__u64 enable_flags;
};
HV_ASSERT_SIZE(struct hv_input_set_event_log_group_sources, 16);

#define HV_DEBUG_MAXIMUM_DATA_SIZE			4088

/* struct hv_input_post_debug_data - 0x0069 */
struct hv_input_post_debug_data {
	__u32 count;
	__u32 options;
	__u8 data[HV_DEBUG_MAXIMUM_DATA_SIZE];
};
HV_ASSERT_SIZE(struct hv_input_post_debug_data, 4096);

struct hv_output_post_debug_data {
	__u32 pending_count;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_output_post_debug_data, 8);

/* struct hv_input_retrieve_debug_data - 0x006a */
struct hv_input_retrieve_debug_data {
	__u32 count;
	__u32 options;
	__u64 timeout;
};
HV_ASSERT_SIZE(struct hv_input_retrieve_debug_data, 16);

struct hv_output_retrieve_debug_data {
	__u32 retrieved_count;
	__u32 remaining_count;
	__u8 data[HV_DEBUG_MAXIMUM_DATA_SIZE];
};
HV_ASSERT_SIZE(struct hv_output_retrieve_debug_data, 4096);

/* struct hv_input_reset_debug_session - 0x006b */
struct hv_input_reset_debug_session {
	__u32 options;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_reset_debug_session, 8);

/* struct hv_input_map_stats_page - 0x006c and 0x0131 (21.3.1) */
struct hv_input_map_stats_page {
	__u32 stats_type;
	__u32 padding;
	__u64 object_identity[2];
	__u64 target_gpa_page;
};
HV_ASSERT_SIZE(struct hv_input_map_stats_page, 32);

/* struct hv_input_unmap_stats_page - 0x006d (21.3.2) */
struct hv_input_unmap_stats_page {
	__u32 stats_type;
	__u32 padding;
	__u64 object_identity[2];
};
HV_ASSERT_SIZE(struct hv_input_unmap_stats_page, 24);

/* struct hv_input_set_system_property - 0x006f (23.4.1) */
struct hv_input_set_system_property {
	__u32 property_code;
	__u32 padding;
	__u8 property_value[16];
};
HV_ASSERT_SIZE(struct hv_input_set_system_property, 24);

/* struct hv_input_get_system_property - 0x0071 (23.4.2); output is 16 bytes */
struct hv_input_get_system_property {
	__u32 property_code;
	__u32 padding;
};
HV_ASSERT_SIZE(struct hv_input_get_system_property, 8);

struct hv_output_get_system_property {
	__u8 property_value[16];
};
HV_ASSERT_SIZE(struct hv_output_get_system_property, 16);

/* struct hv_input_get_system_property_ex - 0x007b (later editions) */
struct hv_input_get_system_property_ex {
	__u32 property_id;
	__u32 reserved;
	__u64 argument;
};
HV_ASSERT_SIZE(struct hv_input_get_system_property_ex, 16);

/* struct hv_output_ext_query_capabilities - 0x8001 (later editions) */
struct hv_output_ext_query_capabilities {
	__u64 capabilities;
};
HV_ASSERT_SIZE(struct hv_output_ext_query_capabilities, 8);

#define HV_EXT_CAPABILITY_GET_BOOT_ZEROED_MEMORY	(1ULL << 0)
#define HV_EXT_CAPABILITY_MEMORY_HEAT_HINT		(1ULL << 1)
#define HV_EXT_CAPABILITY_EPF_SETUP			(1ULL << 2)
#define HV_EXT_CAPABILITY_SCHEDULER_ASSIST_SETUP	(1ULL << 3)
#define HV_EXT_CAPABILITY_MEMORY_HEAT_HINT_ASYNC	(1ULL << 4)

/* struct hv_output_ext_get_boot_zeroed_memory - 0x8002 (later editions) */
struct hv_output_ext_get_boot_zeroed_memory {
	__u64 range_count;
	struct {
		__u64 start_gpn;
		__u64 page_count;
	} range[255];
};
HV_ASSERT_SIZE(struct hv_output_ext_get_boot_zeroed_memory, 0xff8);

#endif /* _UAPI_HV_CALL_PORT_H */
