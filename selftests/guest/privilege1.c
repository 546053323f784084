// SPDX-License-Identifier: GPL-2.0-only
/*
 * privilege1.c - a partition without reference counter, reference TSC page, timers and
 * re-enlightenment
 */
#include "privilege.h"

void payload(void);

void payload(void)
{
	privileges(HV_PRIV_ACCESS_PARTITION_REFERENCE_COUNTER |
		   HV_PRIV_ACCESS_SYNTHETIC_TIMER_MSRS |
		   HV_PRIV_ACCESS_PARTITION_REFERENCE_TSC |
		   HV_PRIV_ACCESS_REENLIGHTENMENT_CONTROLS);
}
