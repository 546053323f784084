/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * scheduler.h - scheduling policies (TLFS 18.2)
 */
#ifndef TLFS_SCHEDULER_H
#define TLFS_SCHEDULER_H

#include <linux/hrtimer.h>
#include <linux/jump_label.h>
#include <linux/list.h>
#include <linux/types.h>

struct tlfs_partition;
struct tlfs_vp;

enum tlfs_sched_policy {
	TLFS_SCHED_RESERVE,
	TLFS_SCHED_CAP,
	TLFS_SCHED_WEIGHT,
};

/**
 * struct tlfs_sched - policies of a partition; read without a lock
 * @reserve, @cap: fraction of a CPU for each VP, 16.16
 * @weight:	relative to other VPs on the CPU
 * @vps:	VPs the reserve is promised to
 * @special:	not the defaults: tlfs_sched_used counts it
 */
struct tlfs_sched {
	u32 reserve;
	u32 cap;
	u32 weight;
	unsigned int vps;
	bool special;
};

/**
 * struct tlfs_sched_vp - a VP among those ready on its CPU; VP thread, but for @vtime, @share and
 *	@link: under the lock of @cpu
 * @cpu:	on whose list it is, -1: none
 * @share:	of that CPU, 16.16
 * @vtime:	run time divided by the share
 * @lead:	how far ahead it was when it left its last CPU
 * @waited_for, @waited_vtime, @waited_at: last wait was for that VP, which stood there, since then;
 *		never dereferenced
 * @alone:	nobody else was ready on the CPU
 * @tokens:	run time a capped VP has earned and not spent, ns
 * @earned_at:	until when that is counted
 * @timer:	ends a run, or a wait
 */
struct tlfs_sched_vp {
	struct list_head link;
	int cpu;
	u32 share;
	u64 vtime;
	u64 lead;
	const struct tlfs_vp *waited_for;
	u64 waited_vtime;
	u64 waited_at;
	s64 tokens;
	u64 earned_at;
	struct hrtimer timer;
	bool alone;
};

DECLARE_STATIC_KEY_FALSE(tlfs_sched_used);

void tlfs_sched_setup(void);
void tlfs_sched_init(struct tlfs_partition *pt);
void tlfs_sched_destroy(struct tlfs_partition *pt);
/* properties CPU_RESERVE, _CAP and _WEIGHT: HV_STATUS_*.  Under partition->lock */
u16 tlfs_sched_set(struct tlfs_partition *pt, enum tlfs_sched_policy policy, u64 val);
/* false: one more VP's reserve cannot be given (10.4.1: OPERATION_DENIED) */
bool tlfs_sched_add_vp(struct tlfs_partition *pt);
void tlfs_sched_del_vp(struct tlfs_partition *pt);
void tlfs_sched_create_vp(struct tlfs_vp *vp);
void tlfs_sched_destroy_vp(struct tlfs_vp *vp);

int tlfs_sched_enter_slow(struct tlfs_vp *vp);
void tlfs_sched_ran_slow(struct tlfs_vp *vp, u64 ns);
void tlfs_sched_leave_slow(struct tlfs_vp *vp);

#endif /* TLFS_SCHEDULER_H */
