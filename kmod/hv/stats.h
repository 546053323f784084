/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats.h - statistics (TLFS 21, Appendix J)
 *
 * Counters of a VP are in its page, and its thread counts there.  What cannot be counted where it
 * happens is composed into the page when somebody maps it and ten times a second from then on.
 */
#ifndef TLFS_STATS_H
#define TLFS_STATS_H

#include <linux/percpu.h>
#include <linux/types.h>

#include <uapi/hv/stats.h>

#include "../mem/mem.h"

struct tlfs_hvcall;
struct tlfs_partition;
struct tlfs_vp;

/* of this many exits of a kind one is timed, the first among them */
#define TLFS_STATS_SAMPLE	128

/**
 * struct tlfs_stats - statistics of a partition or VP
 * @page:	its page, for as long as it lives
 * @word:	the counters in it, HV_*_STAT_*
 * @msr:	own pages' registers, retail and internal (21.3.3)
 * @own:	where its own partition has laid them
 * @parents:	where the parent has laid the page, if that is a guest; under partition->lock
 */
struct tlfs_stats {
	struct page *page;
	u64 *word;
	u64 msr[2];
	struct tlfs_overlay own[2];
	struct tlfs_overlay parents;
};

/**
 * struct tlfs_lp_stats - of a logical processor; by itself with preemption off
 * @word:	its page
 * @last_pt, @last_index: the VP that ran here last
 * @hypervisor_ns, @switch_ns: HV_LP_STAT_*, before they are rounded
 */
struct tlfs_lp_stats {
	struct page *page;
	u64 *word;
	u64 last_pt;
	u32 last_index;
	u64 hypervisor_ns;
	u64 switch_ns;
};

DECLARE_PER_CPU(struct tlfs_lp_stats, tlfs_lp_stats);

int tlfs_stats_setup(void);
void tlfs_stats_teardown(void);

int tlfs_stats_partition_create(struct tlfs_partition *pt);
/* nothing of the partition runs, and no call names it any more */
void tlfs_stats_partition_destroy(struct tlfs_partition *pt);
/* under pt->lock: the object is deleted, nobody sees its page any more */
void tlfs_stats_hide(struct tlfs_partition *pt, struct tlfs_stats *s);
int tlfs_stats_vp_create(struct tlfs_vp *vp);
void tlfs_stats_vp_destroy(struct tlfs_vp *vp);
void tlfs_stats_vp_reset(struct tlfs_vp *vp);

/* VP thread: HV_X64_MSR_STATS_* */
int tlfs_stats_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val);
int tlfs_stats_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val);

/* bring what is composed up to date */
void tlfs_stats_compose_hypervisor(void);
void tlfs_stats_compose_lp(unsigned int cpu);
void tlfs_stats_compose_partition(struct tlfs_partition *pt);
/* the page of the hypervisor as a whole */
const u64 *tlfs_stats_hypervisor(void);

/* monitored notifications that are registered: ports of that type */
extern atomic_long_t tlfs_nr_monitored;

/* an interrupt is sent to make a VP on another CPU exit; preemption is off */
static inline void tlfs_stats_ipi(void)
{
	u64 *word = this_cpu_read(tlfs_lp_stats.word);

	/* an interrupt that does the same now is lost: so be it */
	WRITE_ONCE(word[HV_LP_STAT_IPIS_SENT], word[HV_LP_STAT_IPIS_SENT] + 1);
}

/* ---- VP thread, in the window ---- */

/*
 * An exit was handled in @tsc cycles and is one of those that are timed; @count: its counter, the
 * cost is behind it
 */
void tlfs_stats_sample(struct tlfs_vp *vp, u64 *count, u64 tsc);
/* the cost alone, of what is part of an exit */
void tlfs_stats_cost(u64 *count, u64 tsc);
/* the window begins; loading the VP began at @tsc */
void tlfs_stats_window_begin(struct tlfs_vp *vp, u64 tsc);
/* the window has ended, vp->runtime_ns is up to date */
void tlfs_stats_window_end(struct tlfs_vp *vp);
/* the first run of a window took @tsc cycles: the shortest one is the cost of the transition */
void tlfs_stats_transition(u64 tsc);

#endif /* TLFS_STATS_H */
