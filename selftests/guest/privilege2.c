// SPDX-License-Identifier: GPL-2.0-only
/*
 * privilege2.c - a partition without SynIC, timers, frequencies and re-enlightenment
 */
#include "privilege.h"

void payload(void);

void payload(void)
{
	privileges(HV_PRIV_ACCESS_SYNIC_MSRS | HV_PRIV_ACCESS_SYNTHETIC_TIMER_MSRS |
		   HV_PRIV_ACCESS_FREQUENCY_REGS | HV_PRIV_ACCESS_REENLIGHTENMENT_CONTROLS);
}
