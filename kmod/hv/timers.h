/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * timers.h - the partition's timer assist (15.3) and the VP's time-unhalted timer (6.0b, 12.6)
 */
#ifndef TLFS_HV_TIMERS_H
#define TLFS_HV_TIMERS_H

#include "tlfs.h"

/* hv/timer_assist.c: HV_STATUS_*; any thread */
void tlfs_assist_init(struct tlfs_partition *pt);
void tlfs_assist_destroy(struct tlfs_partition *pt);
u16 tlfs_assist_set_period(struct tlfs_partition *pt, u64 period);
u16 tlfs_assist_set_control(struct tlfs_partition *pt, u64 control);
u16 tlfs_assist_set_pm(struct tlfs_partition *pt, u64 val);
u32 tlfs_assist_pm_timer(struct tlfs_partition *pt);
/* partition time goes on */
void tlfs_assist_resume(struct tlfs_partition *pt);
/* saved state: period, control, PM timer, ns left of the period */
void tlfs_assist_get_state(struct tlfs_partition *pt, u64 state[4]);
u16 tlfs_assist_set_state(struct tlfs_partition *pt, const u64 state[4]);

/* hv/unhalted_timer.c: VP thread */
void tlfs_unhalted_create(struct tlfs_vp *vp);
void tlfs_unhalted_reset(struct tlfs_vp *vp);
void tlfs_unhalted_window(struct tlfs_vp *vp, bool begin);
void tlfs_unhalted_expire(struct tlfs_vp *vp);
int tlfs_unhalted_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val);
int tlfs_unhalted_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val);

#endif /* TLFS_HV_TIMERS_H */
