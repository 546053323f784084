// SPDX-License-Identifier: GPL-2.0-only
/*
 * privilege3.c - a partition without APIC MSRs, reference TSC page, frequencies, re-enlightenment
 * and extended hypercalls
 */
#include "privilege.h"

void payload(void);

static u64 out[512] __page_aligned;

void payload(void)
{
	u32 r[4];

	privileges(HV_PRIV_ACCESS_APIC_MSRS | HV_PRIV_ACCESS_PARTITION_REFERENCE_TSC |
		   HV_PRIV_ACCESS_FREQUENCY_REGS | HV_PRIV_ACCESS_REENLIGHTENMENT_CONTROLS);

	hv_enable();
	cpuid(0x40000003, 0, r);
	check(!(r[1] & (u32)(HV_PRIV_ENABLE_EXTENDED_HYPERCALLS >> 32)) &&
	      hypercall(HV_EXT_CALL_QUERY_CAPABILITIES, 0, (u64)out) == HV_STATUS_ACCESS_DENIED &&
	      hypercall(HV_EXT_CALL_GET_BOOT_ZEROED_MEMORY, 0, (u64)out) == HV_STATUS_ACCESS_DENIED,
	      "extended hypercalls are denied without their privilege [B-v50-003]");
}
