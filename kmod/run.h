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

#endif /* TLFS_RUN_H */
