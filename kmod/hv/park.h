/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * park.h - parked processors (TLFS 6.4.2): between hv/system.c and hv/vp_thread.c
 */
#ifndef TLFS_HV_PARK_H
#define TLFS_HV_PARK_H

#include <linux/cpumask.h>
#include <linux/types.h>

/**
 * struct tlfs_park - what the thread of a VP knows of parked processors (6.4.2)
 * @seen:	those it keeps off
 * @own:	where it may run without that
 * @valid:	@own is
 */
struct tlfs_park {
	u64 seen;
	cpumask_var_t own;
	bool valid;
};

void tlfs_park(struct tlfs_park *p);
void tlfs_park_end(struct tlfs_park *p);

#endif /* TLFS_HV_PARK_H */
