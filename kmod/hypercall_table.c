// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypercall_table.c - the one table of hypercalls (TLFS Appendix B)
 *
 * A call that is not here is HV_STATUS_INVALID_HYPERCALL_CODE for everybody.
 */
#include <linux/build_bug.h>
#include <linux/kernel.h>

#include "tlfs.h"

#define IN(name)	sizeof(struct hv_input_##name)
#define OUT(name)	sizeof(struct hv_output_##name)

/* through descriptors: a call on a partition by its parent, the root */
#define PT_VP		(TLFS_HC_PARTITION | TLFS_HC_PARENT | TLFS_HC_PT_FD | TLFS_HC_VP_FD)
#define GUEST_FAST	(TLFS_HC_GUEST | TLFS_HC_FAST)
/* ports and connections: of oneself, with the privilege, and of one's children */
#define PORT		(TLFS_HC_PARTITION | TLFS_HC_PARENT | TLFS_HC_SELF | TLFS_HC_PRIV_SELF | \
			 TLFS_HC_ROOT | TLFS_HC_PT_FD)
/* by the parent, a guest or the root, whatever descriptor the latter has */
#define PARENT		(TLFS_HC_PARTITION | TLFS_HC_PARENT | TLFS_HC_PT_FD)

/*
 * X(code without HVCALL_, handler, name, section, privilege,
 *   input header, input element, output header, output element, flags)
 *
 * Sections are those of 2.0a, "5.0:n" those of 5.0C; "-" is described by neither.
 */
#define HVCALLS(X)									\
	X(SWITCH_VIRTUAL_ADDRESS_SPACE, switch_virtual_address_space,			\
	  "HvSwitchVirtualAddressSpace", "12.4.1", 0,					\
	  IN(switch_virtual_address_space), 0, 0, 0, GUEST_FAST)			\
	X(FLUSH_VIRTUAL_ADDRESS_SPACE, flush_virtual_address_space,			\
	  "HvFlushVirtualAddressSpace", "12.4.2", 0,					\
	  IN(flush_virtual_address_space), 0, 0, 0, GUEST_FAST)				\
	X(FLUSH_VIRTUAL_ADDRESS_LIST, flush_virtual_address_list,			\
	  "HvFlushVirtualAddressList", "12.4.3", 0,					\
	  IN(flush_virtual_address_list), sizeof(u64), 0, 0,				\
	  GUEST_FAST | TLFS_HC_REP | TLFS_HC_WHOLE)					\
	X(NOTIFY_LONG_SPIN_WAIT, notify_long_spin_wait,					\
	  "HvNotifyLongSpinWait", "18.5.1", 0,						\
	  IN(notify_long_spin_wait), 0, 0, 0, GUEST_FAST)				\
	X(SEND_SYNTHETIC_CLUSTER_IPI, send_synthetic_cluster_ipi,			\
	  "HvSendSyntheticClusterIpi", "5.0:10.5.2", 0,					\
	  IN(send_synthetic_cluster_ipi), 0, 0, 0, GUEST_FAST)				\
	X(FLUSH_VIRTUAL_ADDRESS_SPACE_EX, flush_virtual_address_space_ex,		\
	  "HvFlushVirtualAddressSpaceEx", "5.0:9.4.3", 0,				\
	  IN(flush_virtual_address_space_ex), 0, 0, 0, GUEST_FAST | TLFS_HC_VARHEAD)	\
	X(FLUSH_VIRTUAL_ADDRESS_LIST_EX, flush_virtual_address_list_ex,			\
	  "HvFlushVirtualAddressListEx", "5.0:9.4.5", 0,				\
	  IN(flush_virtual_address_list_ex), sizeof(u64), 0, 0,				\
	  GUEST_FAST | TLFS_HC_VARHEAD | TLFS_HC_REP | TLFS_HC_WHOLE)			\
	X(SEND_SYNTHETIC_CLUSTER_IPI_EX, send_synthetic_cluster_ipi_ex,			\
	  "HvSendSyntheticClusterIpiEx", "5.0:10.5.3", 0,				\
	  IN(send_synthetic_cluster_ipi_ex), 0, 0, 0, GUEST_FAST | TLFS_HC_VARHEAD)	\
	X(CREATE_PARTITION, create_partition,						\
	  "HvCreatePartition", "5.6.1", HV_PRIV_CREATE_PARTITIONS,			\
	  IN(create_partition_20), 0, OUT(create_partition), 0,				\
	  TLFS_HC_GUEST | TLFS_HC_ROOT)							\
	X(INITIALIZE_PARTITION, initialize_partition,					\
	  "HvInitializePartition", "5.6.2", 0, IN(initialize_partition), 0, 0, 0,	\
	  PARENT | TLFS_HC_FAST | TLFS_HC_ANY_STATE)					\
	X(FINALIZE_PARTITION, finalize_partition,					\
	  "HvFinalizePartition", "5.6.3", 0, IN(finalize_partition), 0, 0, 0,		\
	  PARENT | TLFS_HC_FAST | TLFS_HC_ANY_STATE | TLFS_HC_EXCLUSIVE)		\
	X(DELETE_PARTITION, delete_partition,						\
	  "HvDeletePartition", "5.6.4", 0, IN(delete_partition), 0, 0, 0,		\
	  PARENT | TLFS_HC_FAST | TLFS_HC_ANY_STATE)					\
	X(GET_PARTITION_PROPERTY, get_partition_property,				\
	  "HvGetPartitionProperty", "5.6.5", 0,						\
	  IN(get_partition_property), 0, OUT(get_partition_property), 0,		\
	  PT_VP | TLFS_HC_ROOT)								\
	X(SET_PARTITION_PROPERTY, set_partition_property,				\
	  "HvSetPartitionProperty", "5.6.6", 0, IN(set_partition_property), 0, 0, 0,	\
	  TLFS_HC_PARTITION | TLFS_HC_PARENT | TLFS_HC_PT_FD)				\
	X(GET_PARTITION_ID, get_partition_id,						\
	  "HvGetPartitionId", "5.6.7", HV_PRIV_ACCESS_PARTITION_ID,			\
	  0, 0, OUT(get_partition_id), 0,						\
	  GUEST_FAST | TLFS_HC_ROOT | TLFS_HC_PT_FD)					\
	X(GET_NEXT_CHILD_PARTITION, get_next_child_partition,				\
	  "HvGetNextChildPartition", "5.6.8", HV_PRIV_CREATE_PARTITIONS,		\
	  IN(get_next_child_partition), 0, OUT(get_next_child_partition), 0,		\
	  PARENT | TLFS_HC_SELF | TLFS_HC_ROOT | TLFS_HC_ANY_STATE)			\
	X(DEPOSIT_MEMORY, deposit_memory,						\
	  "HvDepositMemory", "7.3.1", HV_PRIV_ACCESS_MEMORY_POOL,			\
	  IN(deposit_memory), sizeof(u64), 0, 0,					\
	  PARENT | TLFS_HC_ROOT | TLFS_HC_REP | TLFS_HC_ANY_STATE)			\
	X(WITHDRAW_MEMORY, withdraw_memory,						\
	  "HvWithdrawMemory", "7.3.2", HV_PRIV_ACCESS_MEMORY_POOL,			\
	  IN(withdraw_memory), 0, 0, sizeof(u64), PARENT | TLFS_HC_ROOT |		\
	  TLFS_HC_REP | TLFS_HC_ANY_STATE | TLFS_HC_OUT_PARTIAL)			\
	X(GET_MEMORY_BALANCE, get_memory_balance,					\
	  "HvGetMemoryBalance", "7.3.3", HV_PRIV_ACCESS_MEMORY_POOL,			\
	  IN(get_memory_balance), 0, OUT(get_memory_balance), 0,			\
	  PARENT | TLFS_HC_ROOT | TLFS_HC_ANY_STATE)					\
	X(MAP_GPA_PAGES, map_gpa_pages,							\
	  "HvMapGpaPages", "8.3.1", 0,							\
	  IN(map_gpa_pages), sizeof(u64), 0, 0, PARENT | TLFS_HC_REP)			\
	X(UNMAP_GPA_PAGES, unmap_gpa_pages,						\
	  "HvUnmapGpaPages", "8.3.2", 0,						\
	  IN(unmap_gpa_pages_20), 0, 0, 0, PARENT | TLFS_HC_REP)			\
	X(MAP_SPARSE_GPA_PAGES, map_sparse_gpa_pages,					\
	  "HvMapSparseGpaPages", "8.3.3", 0,						\
	  IN(map_sparse_gpa_pages), sizeof(struct hv_sparse_gpa_page), 0, 0,		\
	  PARENT | TLFS_HC_REP)								\
	X(CREATE_VP, create_vp,								\
	  "HvCreateVp", "10.4.1", 0, IN(create_vp_20), 0, 0, 0, PARENT)			\
	X(DELETE_VP, delete_vp,								\
	  "HvDeleteVp", "10.4.2", 0, IN(delete_vp), 0, 0, 0,				\
	  PARENT | TLFS_HC_FAST | TLFS_HC_EXCLUSIVE)	\
	X(INSTALL_INTERCEPT, install_intercept,						\
	  "HvInstallIntercept", "9.3.1", 0, IN(install_intercept), 0, 0, 0, PT_VP)	\
	X(GET_VP_REGISTERS, get_vp_registers,						\
	  "HvGetVpRegisters", "10.4.3", 0,						\
	  IN(get_vp_registers), sizeof(u32), 0, sizeof(union hv_register_value),	\
	  PT_VP | TLFS_HC_SELF | TLFS_HC_REP | TLFS_HC_FAST)				\
	X(SET_VP_REGISTERS, set_vp_registers,						\
	  "HvSetVpRegisters", "10.4.4", HV_PRIV_ACCESS_VP_REGISTERS,			\
	  IN(set_vp_registers), sizeof(struct hv_register_assoc), 0, 0,			\
	  PT_VP | TLFS_HC_SELF | TLFS_HC_PRIV_SELF | TLFS_HC_REP | TLFS_HC_FAST)	\
	X(TRANSLATE_VIRTUAL_ADDRESS, translate_virtual_address,				\
	  "HvTranslateVirtualAddress", "12.4.4", 0,					\
	  IN(translate_virtual_address), 0, OUT(translate_virtual_address), 0, PT_VP)	\
	X(READ_GPA, read_gpa,								\
	  "HvReadGpa", "12.4.5", 0, IN(read_gpa), 0, OUT(read_gpa), 0, PT_VP)		\
	X(WRITE_GPA, write_gpa,								\
	  "HvWriteGpa", "12.4.6", 0, IN(write_gpa), 0, OUT(write_gpa), 0, PT_VP)	\
	X(ASSERT_VIRTUAL_INTERRUPT, assert_virtual_interrupt,				\
	  "HvAssertVirtualInterrupt", "13.5.1", 0, IN(assert_virtual_interrupt), 0, 0, 0, \
	  TLFS_HC_PARTITION | TLFS_HC_PARENT)						\
	X(CLEAR_VIRTUAL_INTERRUPT, clear_virtual_interrupt,				\
	  "HvClearVirtualInterrupt", "13.5.2", 0, IN(clear_virtual_interrupt), 0, 0, 0,	\
	  PT_VP | TLFS_HC_FAST)								\
	X(CREATE_PORT, create_port,							\
	  "HvCreatePort", "14.9.1", HV_PRIV_CREATE_PORT, IN(create_port), 0, 0, 0, PORT) \
	X(DELETE_PORT, delete_port,							\
	  "HvDeletePort", "14.9.2", HV_PRIV_CREATE_PORT,				\
	  IN(delete_port), 0, 0, 0, PORT | TLFS_HC_FAST)				\
	X(CONNECT_PORT, connect_port,							\
	  "HvConnectPort", "14.9.3", HV_PRIV_CONNECT_PORT, IN(connect_port), 0, 0, 0, PORT) \
	X(GET_PORT_PROPERTY, get_port_property,						\
	  "HvGetPortProperty", "14.9.4", HV_PRIV_CREATE_PORT,				\
	  IN(get_port_property), 0, OUT(get_port_property), 0, PORT)			\
	X(DISCONNECT_PORT, disconnect_port,						\
	  "HvDisconnectPort", "14.9.6", HV_PRIV_CONNECT_PORT,				\
	  IN(disconnect_port), 0, 0, 0, PORT | TLFS_HC_FAST)				\
	X(POST_MESSAGE, post_message,							\
	  "HvPostMessage", "14.9.7", HV_PRIV_POST_MESSAGES,				\
	  IN(post_message), 0, 0, 0, TLFS_HC_GUEST | TLFS_HC_ROOT)			\
	X(SIGNAL_EVENT, signal_event,							\
	  "HvSignalEvent", "14.9.8", HV_PRIV_SIGNAL_EVENTS,				\
	  IN(signal_event), 0, 0, 0, GUEST_FAST | TLFS_HC_ROOT)				\
	X(SET_PORT_PROPERTY, set_port_property,						\
	  "HvSetPortProperty", "14.9.5", HV_PRIV_CREATE_PORT,				\
	  IN(set_port_property), 0, OUT(get_port_property), 0, PORT)			\
	X(CREATE_PORT_VTL, create_port_vtl,						\
	  "HvCreatePort", "-", HV_PRIV_CREATE_PORT, IN(create_port_vtl), 0, 0, 0, PORT)	\
	X(CONNECT_PORT_VTL, connect_port_vtl,						\
	  "HvConnectPort", "-", HV_PRIV_CONNECT_PORT, IN(connect_port_vtl), 0, 0, 0, PORT) \
	X(GET_LOGICAL_PROCESSOR_RUN_TIME, get_logical_processor_run_time,		\
	  "HvGetLogicalProcessorRunTime", "6.4.1", HV_PRIV_CPU_MANAGEMENT,		\
	  0, 0, OUT(get_logical_processor_run_time), 0, TLFS_HC_GUEST | TLFS_HC_ROOT)	\
	X(PARK_LOGICAL_PROCESSORS, park_logical_processors,				\
	  "HvParkLogicalProcessors", "6.4.2", HV_PRIV_CPU_MANAGEMENT,			\
	  IN(park_logical_processors), 0, 0, 0, GUEST_FAST | TLFS_HC_ROOT)		\
	X(INITIALIZE_EVENT_LOG_BUFFER_GROUP, initialize_event_log_buffer_group,		\
	  "HvInitializeEventLogBufferGroup", "19.3.1", 0,				\
	  IN(initialize_event_log_buffer_group), 0, 0, 0, TLFS_HC_ROOT)			\
	X(FINALIZE_EVENT_LOG_BUFFER_GROUP, finalize_event_log_buffer_group,		\
	  "HvFinalizeEventLogBufferGroup", "19.3.2", 0,					\
	  IN(finalize_event_log_buffer_group), 0, 0, 0, TLFS_HC_ROOT | TLFS_HC_FAST)	\
	X(CREATE_EVENT_LOG_BUFFER, create_event_log_buffer,				\
	  "HvCreateEventLogBuffer", "19.3.3", 0,					\
	  IN(create_event_log_buffer), 0, 0, 0, TLFS_HC_ROOT | TLFS_HC_FAST)		\
	X(DELETE_EVENT_LOG_BUFFER, delete_event_log_buffer,				\
	  "HvDeleteEventLogBuffer", "19.3.4", 0,					\
	  IN(event_log_buffer), 0, 0, 0, TLFS_HC_ROOT | TLFS_HC_FAST)			\
	X(MAP_EVENT_LOG_BUFFER, map_event_log_buffer, "HvMapEventLogBuffer", "19.3.5", 0, \
	  IN(event_log_buffer), 0, HV_PAGE_SIZE, 0, TLFS_HC_ROOT)			\
	X(UNMAP_EVENT_LOG_BUFFER, unmap_event_log_buffer,				\
	  "HvUnmapEventLogBuffer", "19.3.6", 0,						\
	  IN(event_log_buffer), 0, 0, 0, TLFS_HC_ROOT | TLFS_HC_FAST)			\
	X(SET_EVENT_LOG_GROUP_SOURCES, set_event_log_group_sources,			\
	  "HvSetEventLogGroupSources", "19.3.7", 0,					\
	  IN(set_event_log_group_sources), 0, 0, 0, TLFS_HC_ROOT | TLFS_HC_FAST)	\
	X(RELEASE_EVENT_LOG_BUFFER, release_event_log_buffer,				\
	  "HvReleaseEventLogBuffer", "19.3.8", 0,					\
	  IN(event_log_buffer), 0, 0, 0, TLFS_HC_ROOT | TLFS_HC_FAST)			\
	X(FLUSH_EVENT_LOG_BUFFER, flush_event_log_buffer,				\
	  "HvFlushEventLogBuffer", "19.3.9", 0,						\
	  IN(event_log_buffer), 0, 0, 0, TLFS_HC_ROOT | TLFS_HC_FAST)			\
	X(SET_SYSTEM_PROPERTY, set_system_property, "HvSetSystemProperty", "23.4.1", 0,	\
	  IN(set_system_property), 0, 0, 0, TLFS_HC_ROOT)				\
	X(GET_SYSTEM_PROPERTY, get_system_property, "HvGetSystemProperty", "23.4.2", 0,	\
	  IN(get_system_property), 0, OUT(get_system_property), 0, TLFS_HC_ROOT)	\
	X(GET_SYSTEM_PROPERTY_EX, get_system_property_ex,				\
	  "HvGetSystemProperty", "5.0:17", 0,						\
	  IN(get_system_property_ex), 0, sizeof(u64), 0, TLFS_HC_ROOT)			\
	X(POST_DEBUG_DATA, post_debug_data,						\
	  "HvPostDebugData", "20.3.1", HV_PRIV_DEBUGGING,				\
	  offsetof(struct hv_input_post_debug_data, data), 0,				\
	  OUT(post_debug_data), 0, TLFS_HC_GUEST | TLFS_HC_TAIL)			\
	X(RETRIEVE_DEBUG_DATA, retrieve_debug_data,					\
	  "HvRetrieveDebugData", "20.3.2", HV_PRIV_DEBUGGING,				\
	  IN(retrieve_debug_data), 0,							\
	  offsetof(struct hv_output_retrieve_debug_data, data), 0,			\
	  TLFS_HC_GUEST | TLFS_HC_TAIL)							\
	X(RESET_DEBUG_SESSION, reset_debug_session,					\
	  "HvResetDebugSession", "20.3.3", HV_PRIV_DEBUGGING,				\
	  IN(reset_debug_session), 0, 0, 0, GUEST_FAST)					\
	X(MAP_STATS_PAGE, map_stats_page,						\
	  "HvMapStatsPage", "21.3.1", HV_PRIV_ACCESS_STATS,				\
	  IN(map_stats_page), 0, 0, 0, TLFS_HC_GUEST | TLFS_HC_ROOT | TLFS_HC_PT_FD)		\
	X(UNMAP_STATS_PAGE, unmap_stats_page,						\
	  "HvUnmapStatsPage", "21.3.2", HV_PRIV_ACCESS_STATS,				\
	  IN(unmap_stats_page), 0, 0, 0, TLFS_HC_GUEST | TLFS_HC_ROOT | TLFS_HC_PT_FD)		\
	X(MAP_STATS_PAGE2, map_stats_page,						\
	  "HvMapStatsPage2", "-", HV_PRIV_ACCESS_STATS,					\
	  IN(map_stats_page), 0, 0, 0, TLFS_HC_GUEST | TLFS_HC_ROOT | TLFS_HC_PT_FD)		\
	X(RETARGET_DEVICE_INTERRUPT, retarget_device_interrupt,				\
	  "HvRetargetDeviceInterrupt", "5.0:10.5.4", 0,					\
	  IN(retarget_device_interrupt), 0, 0, 0,					\
	  TLFS_HC_PARTITION | TLFS_HC_SELF | TLFS_HC_VARHEAD)				\
	X(REGISTER_INTERCEPT_RESULT, register_intercept_result,				\
	  "HvRegisterInterceptResult", "-", 0, IN(register_intercept_result), 0, 0, 0,	\
	  PT_VP)									\
	X(SAVE_PARTITION_STATE, save_partition_state,					\
	  "HvSavePartitionState", "17.3.1", 0,						\
	  IN(save_partition_state), 0, OUT(save_partition_state), 0,			\
	  TLFS_HC_PARENT | TLFS_HC_PT_FD | TLFS_HC_ROOT)				\
	X(RESTORE_PARTITION_STATE, restore_partition_state,				\
	  "HvRestorePartitionState", "17.3.2", HV_PRIV_CREATE_PARTITIONS,		\
	  IN(restore_partition_state), 0, OUT(restore_partition_state), 0,		\
	  TLFS_HC_PARENT | TLFS_HC_PT_FD | TLFS_HC_ROOT)				\
	X(ASSERT_VIRTUAL_INTERRUPT_VTL, assert_virtual_interrupt,			\
	  "HvAssertVirtualInterrupt", "5.0:10.5.1", 0, IN(assert_virtual_interrupt), 0, 0, 0, \
	  PT_VP)									\
	X(GET_VP_INDEX_FROM_APIC_ID, get_vp_index_from_apic_id,				\
	  "HvGetVpIndexFromApicId", "5.0:7.10.4", 0,					\
	  IN(get_vp_index_from_apic_id), sizeof(u32), 0, sizeof(u32),			\
	  TLFS_HC_PARTITION | TLFS_HC_PARENT | TLFS_HC_SELF | TLFS_HC_REP | TLFS_HC_FAST) \
	X(START_VIRTUAL_PROCESSOR, start_virtual_processor,				\
	  "HvStartVirtualProcessor", "5.0:7.10.3", HV_PRIV_START_VIRTUAL_PROCESSOR,	\
	  IN(start_virtual_processor), 0, 0, 0,						\
	  TLFS_HC_PARTITION | TLFS_HC_PARENT | TLFS_HC_SELF | TLFS_HC_PRIV_SELF)	\
	X(SIGNAL_EVENT_DIRECT, signal_event_direct,					\
	  "HvSignalEventDirect", "-", 0,						\
	  IN(signal_event_direct), 0, OUT(signal_event_direct), 0, PT_VP)		\
	X(POST_MESSAGE_DIRECT, post_message_direct,					\
	  "HvPostMessageDirect", "-", 0, IN(post_message_direct), 0, 0, 0, PT_VP)	\
	X(GET_VP_CPUID_VALUES, get_vp_cpuid_values,					\
	  "HvGetVpCpuidValues", "-", 0,							\
	  IN(get_vp_cpuid_values), sizeof(struct hv_cpuid_leaf_info),			\
	  0, sizeof(struct hv_cpuid_result), PT_VP | TLFS_HC_REP)			\
	X(GET_PARTITION_PROPERTY_EX, get_partition_property_ex,				\
	  "HvGetPartitionPropertyEx", "-", 0,						\
	  IN(get_partition_property_ex), 0, HV_PARTITION_PROPERTY_EX_MAX_SIZE, 0,	\
	  PT_VP | TLFS_HC_ROOT)								\
	X(EXT_QUERY_CAPABILITIES, ext_query_capabilities,				\
	  "HvExtCallQueryCapabilities", "5.0:3.14", HV_PRIV_ENABLE_EXTENDED_HYPERCALLS,	\
	  0, 0, OUT(ext_query_capabilities), 0, TLFS_HC_GUEST)				\
	X(EXT_GET_BOOT_ZEROED_MEMORY, ext_get_boot_zeroed_memory,			\
	  "HvExtCallGetBootZeroedMemory", "5.0:9.4.7", HV_PRIV_ENABLE_EXTENDED_HYPERCALLS, \
	  0, 0, OUT(ext_get_boot_zeroed_memory), 0, TLFS_HC_GUEST)

/* extended calls: the same table, with an index of their own */
#define HVCALL_EXT_QUERY_CAPABILITIES		HV_EXT_CALL_QUERY_CAPABILITIES
#define HVCALL_EXT_GET_BOOT_ZEROED_MEMORY	HV_EXT_CALL_GET_BOOT_ZEROED_MEMORY

/* class of a call in its VP's statistics (J.4.2) */
#define HVCALL_IN(c, first, last)	((c) >= HVCALL_##first && (c) <= HVCALL_##last)
#define HVCALL_IS(c, code)		((c) == HVCALL_##code)
#define HVCALL_STAT(c)									\
	(HVCALL_IN(c, SWITCH_VIRTUAL_ADDRESS_SPACE, FLUSH_VIRTUAL_ADDRESS_LIST) ||	\
	 HVCALL_IN(c, FLUSH_VIRTUAL_ADDRESS_SPACE_EX, FLUSH_VIRTUAL_ADDRESS_LIST_EX) ||	\
	 HVCALL_IS(c, TRANSLATE_VIRTUAL_ADDRESS) ||					\
	 HVCALL_IS(c, TRANSLATE_VIRTUAL_ADDRESS_EX) ?					\
		HV_VP_STAT_MMU_HYPERCALLS :						\
	 HVCALL_IN(c, MAP_GPA_PAGES, UNMAP_GPA_PAGES) ||				\
	 HVCALL_IN(c, READ_GPA, WRITE_GPA) || HVCALL_IS(c, MAP_SPARSE_GPA_PAGES) ?	\
		HV_VP_STAT_GPA_HYPERCALLS :						\
	 HVCALL_IS(c, GET_LOGICAL_PROCESSOR_RUN_TIME) ||				\
	 HVCALL_IS(c, PARK_LOGICAL_PROCESSORS) ?					\
		HV_VP_STAT_LP_HYPERCALLS :						\
	 HVCALL_IS(c, NOTIFY_LONG_SPIN_WAIT) ?						\
		HV_VP_STAT_SPIN_WAIT_HYPERCALLS :					\
	 HVCALL_IN(c, CREATE_PORT, SIGNAL_EVENT) || HVCALL_IS(c, SET_PORT_PROPERTY) ||	\
	 HVCALL_IN(c, CREATE_PORT_VTL, CONNECT_PORT_VTL) ||				\
	 HVCALL_IN(c, SIGNAL_EVENT_DIRECT, POST_MESSAGE_DIRECT) ?			\
		HV_VP_STAT_SYNIC_HYPERCALLS :						\
	 HVCALL_IN(c, ASSERT_VIRTUAL_INTERRUPT, CLEAR_VIRTUAL_INTERRUPT) ||		\
	 HVCALL_IS(c, ASSERT_VIRTUAL_INTERRUPT_VTL) ||					\
	 HVCALL_IS(c, RETARGET_DEVICE_INTERRUPT) ||					\
	 HVCALL_IS(c, SEND_SYNTHETIC_CLUSTER_IPI) ||					\
	 HVCALL_IS(c, SEND_SYNTHETIC_CLUSTER_IPI_EX) ?					\
		HV_VP_STAT_INTERRUPT_HYPERCALLS :					\
	 HVCALL_IN(c, CREATE_VP, SET_VP_REGISTERS) ||					\
	 HVCALL_IS(c, GET_VP_INDEX_FROM_APIC_ID) ?					\
		HV_VP_STAT_VP_HYPERCALLS :						\
		HV_VP_STAT_OTHER_HYPERCALLS)

#define HVCALL_ROW(c, fn, n, sect, priv, in, rin, out, rout, fl)			\
	[ROW_##c] = {									\
		.name = (n), .section = (sect), .privilege = (priv),			\
		.code = HVCALL_##c, .in_size = (in), .rep_in = (rin),			\
		.out_size = (out), .rep_out = (rout), .flags = (fl),			\
		.stat = HVCALL_STAT(HVCALL_##c),					\
		.handler = tlfs_hc_##fn,						\
	},
#define HVCALL_ENUM(c, fn, n, sect, priv, in, rin, out, rout, fl) ROW_##c,
#define HVCALL_INDEX(c, fn, n, sect, priv, in, rin, out, rout, fl) \
	[HVCALL_SLOT(HVCALL_##c)] = ROW_##c,
#define HVCALL_CHECK(c, fn, n, sect, priv, in, rin, out, rout, fl)			\
	static_assert(HVCALL_SLOT(HVCALL_##c) < HVCALL_SLOTS);				\
	static_assert((in) <= HV_PAGE_SIZE && (out) <= HV_PAGE_SIZE);			\
	/* only one call has repetitions without a list (8.3.2) */			\
	static_assert(!((rin) || (rout)) == !((fl) & TLFS_HC_REP) ||			\
		      HVCALL_##c == HVCALL_UNMAP_GPA_PAGES);				\
	/* a call that names a partition has room for its id */				\
	static_assert(!((fl) & TLFS_HC_PARTITION) || (in) >= sizeof(u64));		\
	/* registers and descriptors have no page to go to the end of */		\
	static_assert(!((fl) & TLFS_HC_TAIL) || !((fl) & ~(TLFS_HC_TAIL | TLFS_HC_GUEST)));

#define HVCALL_CODES	0x200
#define HVCALL_EXT	0x10
#define HVCALL_SLOTS	(HVCALL_CODES + HVCALL_EXT)
/* beyond HVCALL_SLOTS for codes that nobody has */
#define HVCALL_SLOT(code)								\
	((code) < HVCALL_CODES ? (code) :						\
	 (code) >= HV_EXT_CALL_BASE ? (code) - HV_EXT_CALL_BASE + HVCALL_CODES : HVCALL_SLOTS)

enum {
	ROW_NONE,
	HVCALLS(HVCALL_ENUM)
	ROWS,
};

static_assert(ROWS <= 256);
HVCALLS(HVCALL_CHECK)

static const struct tlfs_hvcall_desc hvcall_table[ROWS] = {
	HVCALLS(HVCALL_ROW)
};

static const u8 hvcall_index[HVCALL_SLOTS] = {
	HVCALLS(HVCALL_INDEX)
};

const struct tlfs_hvcall_desc *tlfs_hvcall_lookup(u16 code)
{
	unsigned int slot = HVCALL_SLOT(code), row;

	if (slot >= HVCALL_SLOTS)
		return NULL;
	row = hvcall_index[array_index_nospec(slot, HVCALL_SLOTS)];
	return row == ROW_NONE ? NULL : &hvcall_table[row];
}
