/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * run.h - between main.c and run.c
 */
#ifndef TLFS_RUN_H
#define TLFS_RUN_H

#include <linux/percpu.h>
#include <linux/types.h>

/* this CPU is ours: a VP may run on it */
DECLARE_PER_CPU(bool, tlfs_lp_owned);

int tlfs_run_setup(void);
void tlfs_run_teardown(void);

#endif /* TLFS_RUN_H */
