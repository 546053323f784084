// SPDX-License-Identifier: GPL-2.0-only
/*
 * scheduler.c - scheduler (TLFS 18): spin wait notification
 */
#include <linux/delay.h>
#include <linux/sched/stat.h>

#include "../tlfs.h"

/* how long a spinning VP stays off its CPU, in us: long enough for a lock holder to get on */
#define SPIN_SLEEP_MIN		20
#define SPIN_SLEEP_MAX		50

/*
 * Advice, and never fails (18.5.1).  It is worth a moment's sleep only if somebody else wants this
 * CPU, who may be the lock holder.  A sleep and no yield: that one lets all others run whatever
 * the scheduling class of this thread.
 */
u16 tlfs_hc_notify_long_spin_wait(struct tlfs_hvcall *call)
{
	if (!call->vp || likely(single_task_running()))
		return HV_STATUS_SUCCESS;
	if (call->atomic)
		return TLFS_HC_SLEEP;
	usleep_range(SPIN_SLEEP_MIN, SPIN_SLEEP_MAX);
	return HV_STATUS_SUCCESS;
}
