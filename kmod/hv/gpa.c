// SPDX-License-Identifier: GPL-2.0-only
/*
 * gpa.c - GPA space hypercalls (TLFS 8.3); what they do is in mem/map.c
 */
#include "tlfs.h"

/* executable is one right here: 2.0 has one bit for it, later editions a second for user mode */
#define MAP_FLAGS	(HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE | HV_MAP_GPA_EXECUTABLE | \
			 HV_MAP_GPA_USER_EXECUTABLE)

/* what all three have in common; a parent maps what is its own, so no ancestor further up may */
static u16 gpa_check(const struct tlfs_hvcall *call, u32 flags)
{
	if (call->target->parent != call->caller)
		return HV_STATUS_ACCESS_DENIED;
	if (flags & ~MAP_FLAGS)
		return HV_STATUS_INVALID_PARAMETER;
	/* 8.1.2: a page that cannot be read cannot be written or executed */
	if (flags && !(flags & HV_MAP_GPA_READABLE))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

static u16 gpa_map(struct tlfs_hvcall *call, u64 target, u64 source, u32 flags)
{
	return tlfs_gpa_map(call, target, source, flags & HV_MAP_GPA_READABLE,
			    flags & HV_MAP_GPA_WRITABLE,
			    flags & (HV_MAP_GPA_EXECUTABLE | HV_MAP_GPA_USER_EXECUTABLE));
}

/* HvMapGpaPages (8.3.1) */
TLFS_HANDLER(map_gpa_pages)
{
	const struct hv_input_map_gpa_pages *in = call->in;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = gpa_check(call, in->map_flags);
	if (status == HV_STATUS_SUCCESS && in->padding)
		status = HV_STATUS_INVALID_PARAMETER;
	while (status == HV_STATUS_SUCCESS && call->rep < call->reps) {
		status = gpa_map(call, in->target_gpa_base + call->rep,
				 in->source_gpa_page_list[call->rep], in->map_flags);
		if (status == HV_STATUS_SUCCESS)
			call->rep++;
	}
	tlfs_gpa_settle(call->target);
	return status;
}

/* HvMapSparseGpaPages (8.3.3) */
TLFS_HANDLER(map_sparse_gpa_pages)
{
	const struct hv_input_map_sparse_gpa_pages *in = call->in;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = gpa_check(call, in->map_flags);
	if (status == HV_STATUS_SUCCESS && in->padding)
		status = HV_STATUS_INVALID_PARAMETER;
	while (status == HV_STATUS_SUCCESS && call->rep < call->reps) {
		const struct hv_sparse_gpa_page *page = &in->page_list[call->rep];

		status = gpa_map(call, page->target_gpa_page, page->source_gpa_page,
				 in->map_flags);
		if (status == HV_STATUS_SUCCESS)
			call->rep++;
	}
	tlfs_gpa_settle(call->target);
	return status;
}

/* HvUnmapGpaPages (8.3.2) */
TLFS_HANDLER(unmap_gpa_pages)
{
	const struct hv_input_unmap_gpa_pages_20 *in = call->in;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = gpa_check(call, 0);
	while (status == HV_STATUS_SUCCESS && call->rep < call->reps) {
		status = tlfs_gpa_unmap(call->target, in->target_gpa_base + call->rep);
		if (status == HV_STATUS_SUCCESS)
			call->rep++;
	}
	tlfs_gpa_settle(call->target);
	return status;
}
