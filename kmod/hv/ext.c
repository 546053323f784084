// SPDX-License-Identifier: GPL-2.0-only
/*
 * ext.c - extended hypercalls (later editions: 5.0C, 3.14)
 */
#include "tlfs.h"

u16 tlfs_hc_ext_query_capabilities(struct tlfs_hvcall *call)
{
	struct hv_output_ext_query_capabilities *out = call->out;

	out->capabilities = HV_EXT_CAPABILITY_GET_BOOT_ZEROED_MEMORY;
	return HV_STATUS_SUCCESS;
}

u16 tlfs_hc_ext_get_boot_zeroed_memory(struct tlfs_hvcall *call)
{
	struct hv_output_ext_get_boot_zeroed_memory *out = call->out;
	u64 apic = call->vp->lapic.base >> PAGE_SHIFT;
	int nr;

	BUILD_BUG_ON(sizeof(struct tlfs_zeroed_range) != sizeof(out->range[0]));

	/* the VMM's address space is locked */
	if (call->atomic)
		return TLFS_HC_SLEEP;
	nr = tlfs_gpa_zeroed(call->caller, apic, (void *)out->range, ARRAY_SIZE(out->range));
	/* nothing known is an answer, too */
	out->range_count = max(nr, 0);
	return HV_STATUS_SUCCESS;
}
