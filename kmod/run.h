/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - between main.c, run.c and event.c
 */
#ifndef TLFS_RUN_H
#define TLFS_RUN_H

#include <linux/percpu.h>
#include <linux/types.h>

/* this CPU is ours: a VP may run on it */
DECLARE_PER_CPU(bool, tlfs_lp_owned);

int tlfs_run_setup(void);
void tlfs_run_teardown(void);

struct tlfs_vp;

void tlfs_event_prepare(struct tlfs_vp *vp);
bool tlfs_event_wakes(struct tlfs_vp *vp);

/* hv/deliverability.c, VP thread: TLFS_REQ_NOTIFY, out of the window: TLFS_USER, or TLFS_RESUME */
int tlfs_notify(struct tlfs_vp *vp);
/* in the window, with vp->notify: for which vector to ask for a window besides; 0: for none */
u16 tlfs_notify_window(struct tlfs_vp *vp);

#endif /* TLFS_RUN_H */
