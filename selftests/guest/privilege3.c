// SPDX-License-Identifier: GPL-2.0-only
/*
 * privilege3.c - a partition without APIC MSRs, reference TSC page, frequencies and
 * re-enlightenment
 */
#include "privilege.h"

void payload(void);

void payload(void)
{
	privileges(HV_PRIV_ACCESS_APIC_MSRS | HV_PRIV_ACCESS_PARTITION_REFERENCE_TSC |
		   HV_PRIV_ACCESS_FREQUENCY_REGS | HV_PRIV_ACCESS_REENLIGHTENMENT_CONTROLS);
}
