/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * eventlog.h - the calls of an event log, and what is in its buffers
 */
#ifndef TLFS_SELFTEST_EVENTLOG_H
#define TLFS_SELFTEST_EVENTLOG_H

#include <unistd.h>

#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define SYSTEM	HV_EVENTLOG_TYPE_GLOBAL_SYSTEM_EVENTS
#define DIAG	HV_EVENTLOG_TYPE_LOCAL_DIAGNOSTICS
#define NONE	HV_EVENTLOG_BUFFER_INDEX_NONE

static inline int init_basis(int dev, u32 type, u32 max, u32 pages, u32 threshold, u32 basis)
{
	struct hv_input_initialize_event_log_buffer_group in = {
		.type = type, .maximum_buffer_count = max, .buffer_pages = pages,
		.threshold = threshold, .time_basis = basis,
	};

	return vmm_call(dev, HVCALL_INITIALIZE_EVENT_LOG_BUFFER_GROUP, &in, sizeof(in), NULL, 0);
}

static inline int init(int dev, u32 type, u32 max, u32 pages, u32 threshold)
{
	return init_basis(dev, type, max, pages, threshold, HV_EVENTLOG_ENTRY_TIME_REFERENCE);
}

static inline int finalize(int dev, u32 type)
{
	struct hv_input_finalize_event_log_buffer_group in = { .type = type };

	return vmm_call(dev, HVCALL_FINALIZE_EVENT_LOG_BUFFER_GROUP, &in, sizeof(in), NULL, 0);
}

static inline int create_near(int dev, u32 type, u32 index, u32 node, u32 flags)
{
	struct hv_input_create_event_log_buffer in = {
		.type = type, .buffer_index = index,
		.proximity_info = { .id = node, .flags = flags },
	};

	return vmm_call(dev, HVCALL_CREATE_EVENT_LOG_BUFFER, &in, sizeof(in), NULL, 0);
}

static inline int create(int dev, u32 type, u32 index)
{
	return create_near(dev, type, index, 0, 0);
}

static inline int buffer_call(int dev, u16 code, u32 type, u32 index)
{
	struct hv_input_event_log_buffer in = { .type = type, .buffer_index = index };

	return vmm_call(dev, code, &in, sizeof(in), NULL, 0);
}

#define delete(dev, type, i)	buffer_call(dev, HVCALL_DELETE_EVENT_LOG_BUFFER, type, i)
#define unmap(dev, type, i)	buffer_call(dev, HVCALL_UNMAP_EVENT_LOG_BUFFER, type, i)
#define release(dev, type, i)	buffer_call(dev, HVCALL_RELEASE_EVENT_LOG_BUFFER, type, i)
#define flush(dev, type, i)	buffer_call(dev, HVCALL_FLUSH_EVENT_LOG_BUFFER, type, i)

static inline int map(int dev, u32 type, u32 index, u64 *gpns)
{
	struct hv_input_event_log_buffer in = { .type = type, .buffer_index = index };

	return vmm_call(dev, HVCALL_MAP_EVENT_LOG_BUFFER, &in, sizeof(in), gpns, PAGE);
}

static inline int sources(int dev, u32 type, u64 mask)
{
	struct hv_input_set_event_log_group_sources in = { .type = type, .enable_flags = mask };

	return vmm_call(dev, HVCALL_SET_EVENT_LOG_GROUP_SOURCES, &in, sizeof(in), NULL, 0);
}

/* create and map; one page after the other in the window */
static inline const struct hv_eventlog_buffer_header *
add(struct __test_metadata *_metadata, int dev, u32 type, u32 index)
{
	static u64 gpns[512];

	EXPECT_EQ(0, create(dev, type, index));
	EXPECT_EQ(0, map(dev, type, index, gpns));
	return (const void *)(gpns[0] * PAGE);
}

static inline bool message(int dev, struct hv_message *msg)
{
	return read(dev, msg, sizeof(*msg)) == sizeof(*msg);
}

static inline struct hv_event_log_buffers_complete_message ready(const struct hv_message *msg)
{
	struct hv_event_log_buffers_complete_message payload;

	memcpy(&payload, msg->payload, sizeof(payload));
	return payload;
}

/* the first entry of @type in a buffer: its parameters, or NULL */
static inline const u64 *entry(const struct hv_eventlog_buffer_header *h, u16 type)
{
	const struct hv_eventlog_entry_header *e;
	u64 at;

	for (at = sizeof(*h); at < h->next_buffer_offset; at += e->size) {
		e = (const void *)((const u8 *)h + at);
		if (e->type == type)
			return (const u64 *)(e + 1);
	}
	return NULL;
}

/* partitions come and go: two events each */
static inline void cycle(int dev)
{
	int pt = vmm_create_partition(dev, VMM_FLAGS);

	if (pt < 0)
		vmm_die("CREATE_PARTITION: %d", pt);
	close(pt);
}

#endif /* TLFS_SELFTEST_EVENTLOG_H */
