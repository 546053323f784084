// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats.c - statistics (TLFS 21, Appendix J)
 *
 * What nested paging does without (shadow page tables, INVLPG and CR3 exits) is not counted: those
 * counters read as zero (21.1.4).
 */
#include <linux/capability.h>
#include <linux/kernel_stat.h>
#include <linux/math64.h>
#include <linux/sched/clock.h>
#include <linux/tick.h>
#include <linux/workqueue.h>

#include <asm/hardirq.h>
#include <asm/tsc.h>
#include <trace/events/power.h>

#include "tlfs.h"
#include "run.h"
#include "window.h"

#define COMPOSE_INTERVAL	(HZ / 10)
/* a transition is not looked at if a host interrupt may be in it */
#define TRANSITION_MAX		1000000

#define UNIT_NS			100	/* HV_NANO100_TIME */

DEFINE_PER_CPU(struct tlfs_lp_stats, tlfs_lp_stats);

/**
 * struct lp_idle - idle states of a logical processor, by the host's trace point
 * @state:	it is in, 0: none that counts
 * @since:	when it entered
 * @base_us:	idle time when the module was loaded
 */
struct lp_idle {
	unsigned int state;
	u64 since;
	u64 base_us;
};

static DEFINE_PER_CPU(struct lp_idle, lp_idle);

atomic_long_t tlfs_nr_monitored;

static struct page *hypervisor_page;
static u64 *hypervisor_word;
/* a page without groups: there are no internal counters */
static struct page *internal_page;
static u64 load_ns;
/* of the module itself, from load on */
static unsigned long bootstrap_pages;
/* own and parents' overlays that are mapped */
static atomic_t nr_overlays = ATOMIC_INIT(0);

static void compose_work(struct work_struct *work);
static DECLARE_DELAYED_WORK(composer, compose_work);

/* ---- pages (21.1.3) ---- */

static void set_group(u64 *word, u16 type, unsigned int counters)
{
	struct hv_statistics_group_header header = {
		.type = type,
		.version = HV_STATISTICS_VERSION,
		.length = counters * sizeof(u64),
	};

	BUILD_BUG_ON(sizeof(header) != sizeof(*word));
	memcpy(word, &header, sizeof(header));
}

/* @page is zero, which ends the list */
static void stats_format(struct page *page, unsigned int architected, unsigned int end)
{
	u64 *word = page_address(page);

	set_group(word, HV_STATISTICS_TYPE_ARCHITECTED, architected);
	if (architected + 1 < end)
		set_group(word + architected + 1, HV_STATISTICS_TYPE_RELEASE_SPECIFIC,
			  end - architected - 2);
}

/* the module's own: not among what partitions have */
static struct page *bootstrap_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	if (page)
		bootstrap_pages++;
	return page;
}

static int stats_create(struct tlfs_stats *s, unsigned int architected, unsigned int end)
{
	s->page = s == &tlfs_root.stats ? bootstrap_page() : tlfs_alloc_page(GFP_KERNEL_ACCOUNT);
	if (!s->page)
		return -ENOMEM;
	stats_format(s->page, architected, end);
	s->word = page_address(s->page);
	tlfs_overlay_lend(&s->own[0], s->page);
	tlfs_overlay_lend(&s->own[1], internal_page);
	tlfs_overlay_lend(&s->parents, s->page);
	return 0;
}

void tlfs_stats_hide(struct tlfs_partition *pt, struct tlfs_stats *s)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(s->own); i++)
		if (s->own[i].mapped) {
			tlfs_overlay_unmap(pt, &s->own[i]);
			atomic_dec(&nr_overlays);
		}
	if (s->parents.mapped) {
		tlfs_overlay_unmap(pt->parent, &s->parents);
		atomic_dec(&nr_overlays);
	}
	tlfs_window_purge(s);
}

static void stats_destroy(struct tlfs_partition *pt, struct tlfs_stats *s)
{
	tlfs_stats_hide(pt, s);
	if (s == &tlfs_root.stats)
		__free_page(s->page);
	else
		tlfs_free_page(s->page);
}

int tlfs_stats_partition_create(struct tlfs_partition *pt)
{
	return stats_create(&pt->stats, HV_PARTITION_STATS_RELEASE_SPECIFIC - 1,
			    HV_PARTITION_STATS_END);
}

void tlfs_stats_partition_destroy(struct tlfs_partition *pt)
{
	stats_destroy(pt, &pt->stats);
}

int tlfs_stats_vp_create(struct tlfs_vp *vp)
{
	int err = stats_create(&vp->stats, HV_VP_STATS_RELEASE_SPECIFIC - 1, HV_VP_STATS_END);

	if (!err)
		vp->stat = vp->stats.word;
	return err;
}

void tlfs_stats_vp_destroy(struct tlfs_vp *vp)
{
	stats_destroy(vp->pt, &vp->stats);
}

/* ---- a partition's own pages (21.3.3) ---- */

static struct tlfs_stats *msr_stats(struct tlfs_vp *vp, u32 msr, unsigned int *which)
{
	*which = (msr - HV_X64_MSR_STATS_PARTITION_RETAIL_PAGE) & 1;
	return msr < HV_X64_MSR_STATS_VP_RETAIL_PAGE ? &vp->pt->stats : &vp->stats;
}

int tlfs_stats_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	unsigned int which;
	struct tlfs_stats *s = msr_stats(vp, msr, &which);

	*val = READ_ONCE(s->msr[which]);
	return TLFS_RESUME;
}

static void own_page(struct tlfs_partition *pt, struct tlfs_stats *s, unsigned int which, u64 val)
{
	struct tlfs_overlay *ov = &s->own[which];
	bool was = ov->mapped;

	WRITE_ONCE(s->msr[which], val);
	/* beyond the GPA space it is just not accessible */
	if (!(val & HV_X64_MSR_STATS_ENABLE) ||
	    tlfs_overlay_map(pt, ov, val >> HV_PAGE_SHIFT, false, false))
		tlfs_overlay_unmap(pt, ov);
	if (ov->mapped == was)
		return;
	if (was) {
		atomic_dec(&nr_overlays);
		return;
	}
	atomic_inc(&nr_overlays);
	schedule_delayed_work(&composer, 0);
}

int tlfs_stats_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	unsigned int which;
	struct tlfs_stats *s = msr_stats(vp, msr, &which);

	spin_lock(&vp->pt->msr_lock);
	own_page(vp->pt, s, which, val);
	spin_unlock(&vp->pt->msr_lock);
	return TLFS_RESUME;
}

/* those of the partition are reset with its first processor */
void tlfs_stats_vp_reset(struct tlfs_vp *vp)
{
	struct tlfs_partition *pt = vp->pt;
	unsigned int i;

	spin_lock(&pt->msr_lock);
	for (i = 0; i < ARRAY_SIZE(vp->stats.msr); i++) {
		if (vp->stats.msr[i])
			own_page(pt, &vp->stats, i, 0);
		if (!vp->index && pt->stats.msr[i])
			own_page(pt, &pt->stats, i, 0);
	}
	spin_unlock(&pt->msr_lock);
}

/* ---- counting in the run loop ---- */

static u64 tsc_to_ns(u64 tsc)
{
	return mul_u64_u32_div(tsc, USEC_PER_SEC, tsc_khz);
}

/* an average that moves: one exit that a host interrupt fell into is soon forgotten */
static void cost_update(u64 *count, u64 ns)
{
	u64 *cost = count + 1;

	if (*count == 1)
		WRITE_ONCE(*cost, ns);
	else
		WRITE_ONCE(*cost, *cost + (s64)(ns - *cost) / 8);
}

void tlfs_stats_cost(u64 *count, u64 tsc)
{
	cost_update(count, tsc_to_ns(tsc));
}

void tlfs_stats_sample(struct tlfs_vp *vp, u64 *count, u64 tsc)
{
	struct tlfs_lp_stats *lp = this_cpu_ptr(&tlfs_lp_stats);
	u64 ns = tsc_to_ns(tsc);
	u64 all = *count == 1 ? ns : ns * TLFS_STATS_SAMPLE;

	cost_update(count, ns);
	vp->hypervisor_ns += all;
	WRITE_ONCE(vp->stat[HV_VP_STAT_HYPERVISOR_RUN_TIME], vp->hypervisor_ns / UNIT_NS);
	lp->hypervisor_ns += all;
	WRITE_ONCE(lp->word[HV_LP_STAT_HYPERVISOR_RUN_TIME], lp->hypervisor_ns / UNIT_NS);
	/* a long window shows in between, too */
	WRITE_ONCE(vp->stat[HV_VP_STAT_TOTAL_RUN_TIME],
		   (vp->runtime_ns + local_clock() - vp->run_start_ns) / UNIT_NS);
}

void tlfs_stats_window_begin(struct tlfs_vp *vp, u64 tsc)
{
	struct tlfs_lp_stats *lp = this_cpu_ptr(&tlfs_lp_stats);

	/* by its name: another VP may be where one was that is gone */
	if (lp->last_pt == vp->pt->id && lp->last_index == vp->index)
		return;
	lp->last_pt = vp->pt->id;
	lp->last_index = vp->index;
	tlfs_eventlog(HV_EVENTLOG_GROUP_SCHEDULER, HV_TR_SCH_CONTEXT_SWITCH, vp->pt->id, vp->index,
		      READ_ONCE(vp->pt->time.guest_tsc_offset));
	WRITE_ONCE(lp->word[HV_LP_STAT_CONTEXT_SWITCHES],
		   lp->word[HV_LP_STAT_CONTEXT_SWITCHES] + 1);
	lp->switch_ns += tsc_to_ns(rdtsc() - tsc);
	WRITE_ONCE(lp->word[HV_LP_STAT_CONTEXT_SWITCH_TIME], lp->switch_ns);
}

void tlfs_stats_window_end(struct tlfs_vp *vp)
{
	WRITE_ONCE(vp->stat[HV_VP_STAT_TOTAL_RUN_TIME], vp->runtime_ns / UNIT_NS);
}

void tlfs_stats_transition(u64 tsc)
{
	u64 *cost = &this_cpu_ptr(&tlfs_lp_stats)->word[HV_LP_STAT_MONITOR_TRANSITION_COST];
	u64 ns;

	if (tsc > TRANSITION_MAX)
		return;
	ns = max_t(u64, tsc_to_ns(tsc), 1);
	if (!*cost || ns < *cost)
		WRITE_ONCE(*cost, ns);
}

/* ---- idle states: the host's ---- */

static const u8 idle_count[] = {
	0, HV_LP_STAT_C1_TRANSITIONS, HV_LP_STAT_C2_TRANSITIONS, HV_LP_STAT_C3_TRANSITIONS,
};

/* on its CPU, interrupts off.  State 0 polls: that is no halt */
static void idle_probe(void *data, unsigned int state, unsigned int cpu)
{
	u64 *word = per_cpu(tlfs_lp_stats, cpu).word, now = ktime_get_mono_fast_ns();
	struct lp_idle *idle = &per_cpu(lp_idle, cpu);
	unsigned int count = idle_count[idle->state];

	if (idle->state) {
		WRITE_ONCE(word[count + 1], word[count + 1] + (now - idle->since) / UNIT_NS);
		idle->state = 0;
	}
	if (state == PWR_EVENT_EXIT || !state)
		return;
	idle->state = min_t(unsigned int, state, ARRAY_SIZE(idle_count) - 1);
	idle->since = now;
	count = idle_count[idle->state];
	WRITE_ONCE(word[count], word[count] + 1);
	WRITE_ONCE(word[HV_LP_STAT_HALTS], word[HV_LP_STAT_HALTS] + 1);
}

static u64 lp_idle_us(unsigned int cpu)
{
	u64 us = get_cpu_idle_time_us(cpu, NULL);

	if (us != (u64)-1)
		return us;
	return (kcpustat_cpu(cpu).cpustat[CPUTIME_IDLE] +
		kcpustat_cpu(cpu).cpustat[CPUTIME_IOWAIT]) / NSEC_PER_USEC;
}

/* ---- composing ---- */

const u64 *tlfs_stats_hypervisor(void)
{
	return hypervisor_word;
}

void tlfs_stats_compose_hypervisor(void)
{
	u64 *word = hypervisor_word;

	WRITE_ONCE(word[HV_HYPERVISOR_STAT_LOGICAL_PROCESSORS], num_present_cpus());
	/* the root is one */
	WRITE_ONCE(word[HV_HYPERVISOR_STAT_PARTITIONS], atomic_long_read(&tlfs_nr_partitions) + 1);
	WRITE_ONCE(word[HV_HYPERVISOR_STAT_TOTAL_PAGES],
		   bootstrap_pages + atomic_long_read(&tlfs_nr_pages));
	WRITE_ONCE(word[HV_HYPERVISOR_STAT_VIRTUAL_PROCESSORS], atomic_long_read(&tlfs_nr_vps));
	WRITE_ONCE(word[HV_HYPERVISOR_STAT_MONITORED_NOTIFICATIONS],
		   atomic_long_read(&tlfs_nr_monitored));
}

void tlfs_stats_compose_lp(unsigned int cpu)
{
	u64 ns = ktime_get_ns() - load_ns, idle, *word = per_cpu(tlfs_lp_stats, cpu).word;
	const irq_cpustat_t *irq = &per_cpu(irq_stat, cpu);

	idle = (lp_idle_us(cpu) - per_cpu(lp_idle, cpu).base_us) * NSEC_PER_USEC;
	WRITE_ONCE(word[HV_LP_STAT_GLOBAL_TIME], ns / UNIT_NS);
	WRITE_ONCE(word[HV_LP_STAT_TOTAL_RUN_TIME], (ns - min(idle, ns)) / UNIT_NS);
	WRITE_ONCE(word[HV_LP_STAT_HARDWARE_INTERRUPTS], kstat_cpu_irqs_sum(cpu));
	WRITE_ONCE(word[HV_LP_STAT_TIMER_INTERRUPTS], tlfs_irq_timer(irq));
#ifdef CONFIG_SMP
	WRITE_ONCE(word[HV_LP_STAT_IPIS], tlfs_irq_call(irq));
	WRITE_ONCE(word[HV_LP_STAT_SCHEDULER_INTERRUPTS], tlfs_irq_reschedule(irq));
#endif
}

void tlfs_stats_compose_partition(struct tlfs_partition *pt)
{
	u64 pages = tlfs_gpa_pages(pt), *word = pt->stats.word;
	unsigned int vps = bitmap_weight(pt->vp_map, TLFS_MAX_VPS);

	WRITE_ONCE(word[HV_PARTITION_STAT_VIRTUAL_PROCESSORS], vps);
	WRITE_ONCE(word[HV_PARTITION_STAT_VTLB_PAGES],
		   atomic_long_read(&pt->gpa.nr_table_pages));
	/* one of each VP: the processor keeps its address spaces apart by itself */
	WRITE_ONCE(word[HV_PARTITION_STAT_ADDRESS_SPACES], vps);
	WRITE_ONCE(word[HV_PARTITION_STAT_DEPOSITED_PAGES], READ_ONCE(pt->pool.deposited));
	WRITE_ONCE(word[HV_PARTITION_STAT_GPA_PAGES], pages);
	WRITE_ONCE(word[HV_PARTITION_STAT_GPA_MODIFICATIONS], READ_ONCE(pt->gpa.generation));
	WRITE_ONCE(word[HV_PARTITION_STAT_VTLB_FLUSHES],
		   READ_ONCE(pt->gpa.flushes) + atomic_long_read(&pt->flush_calls));
	/* second-level tables for all of it in small pages */
	WRITE_ONCE(word[HV_PARTITION_STAT_RECOMMENDED_VTLB],
		   DIV_ROUND_UP_ULL(pages, 512) + DIV_ROUND_UP_ULL(pages, 512 * 512) + 2);
}

static void compose_work(struct work_struct *work)
{
	struct tlfs_partition *pt;
	unsigned int cpu;

	tlfs_stats_compose_hypervisor();
	for_each_online_cpu(cpu)
		tlfs_stats_compose_lp(cpu);
	for (pt = tlfs_partition_after(0); pt; pt = tlfs_partition_follow(pt))
		tlfs_stats_compose_partition(pt);
	if (tlfs_windows_used() || atomic_read(&nr_overlays))
		schedule_delayed_work(&composer, COMPOSE_INTERVAL);
}

/* ---- HvMapStatsPage, HvUnmapStatsPage (21.3.1, 21.3.2) ---- */

/**
 * struct stats_object - what a call names
 * @object:	what its page is known by
 * @page:	its page
 * @pt:		partition, referenced and locked; NULL: a global object
 * @parents:	overlay for the parent
 */
struct stats_object {
	const void *object;
	struct page *page;
	struct tlfs_partition *pt;
	struct tlfs_overlay *parents;
};

static u16 global_object(struct tlfs_hvcall *call, u32 type,
			 const union hv_stats_object_identity *id, struct stats_object *so)
{
	struct tlfs_lp_stats *lp;
	unsigned int cpu;

	if (call->vp)
		return HV_STATUS_ACCESS_DENIED;
	if (type == HV_STATS_OBJECT_HYPERVISOR) {
		if (id->hypervisor.reserved[0] || id->hypervisor.reserved[1])
			return HV_STATUS_INVALID_PARAMETER;
		tlfs_stats_compose_hypervisor();
		so->object = hypervisor_word;
		so->page = hypervisor_page;
		return HV_STATUS_SUCCESS;
	}
	cpu = id->lp.lp_index;
	if (id->lp.reserved0 || id->lp.reserved1 || cpu >= nr_cpu_ids)
		return HV_STATUS_INVALID_PARAMETER;
	cpu = array_index_nospec(cpu, nr_cpu_ids);
	if (!cpu_possible(cpu))
		return HV_STATUS_INVALID_PARAMETER;
	tlfs_stats_compose_lp(cpu);
	lp = &per_cpu(tlfs_lp_stats, cpu);
	so->object = lp->word;
	so->page = lp->page;
	return HV_STATUS_SUCCESS;
}

/* a parent's or, with SELF_STATS, one's own.  The root reaches whom it may name */
static bool stats_relation(const struct tlfs_hvcall *call, const struct tlfs_partition *pt,
			   bool self)
{
	if (self)
		return pt == call->caller;
	return pt->parent == call->caller || !call->vp;
}

/* beside who may name it: its owner, and who administers where that lives */
static struct tlfs_partition *stats_partition(struct tlfs_hvcall *call, u64 id, u16 *status)
{
	struct tlfs_partition *pt = call->vp ? NULL : tlfs_partition_find(id);

	*status = HV_STATUS_SUCCESS;
	if (pt && pt != &tlfs_root &&
	    (uid_eq(current_uid(), pt->who.uid) || ns_capable(pt->who.user_ns, CAP_SYS_ADMIN)))
		return pt;
	if (pt)
		tlfs_partition_put(pt);
	return tlfs_hc_partition(call, id, status);
}

static u16 local_object(struct tlfs_hvcall *call, u32 type,
			const union hv_stats_object_identity *id, struct stats_object *so)
{
	bool is_vp = type == HV_STATS_OBJECT_VP;
	struct tlfs_stats *s;
	struct tlfs_vp *vp;
	u16 status;

	if (is_vp ? id->vp.flags & ~HV_STATS_OBJECT_SELF_STATS || id->vp.reserved
		  : id->partition.reserved)
		return HV_STATUS_INVALID_PARAMETER;
	so->pt = stats_partition(call, id->partition.partition_id, &status);
	if (!so->pt)
		return status;
	if (mutex_lock_killable(&so->pt->lock)) {
		tlfs_partition_put(so->pt);
		so->pt = NULL;
		return HV_STATUS_TIME_OUT;
	}
	if (!stats_relation(call, so->pt, is_vp && id->vp.flags))
		return HV_STATUS_ACCESS_DENIED;
	if (!so->pt->initialized)
		return HV_STATUS_INVALID_PARTITION_STATE;
	s = &so->pt->stats;
	if (is_vp) {
		vp = tlfs_vp_get(so->pt, id->vp.vp_index);
		if (!vp)
			return HV_STATUS_INVALID_VP_INDEX;
		s = &vp->stats;
	} else {
		tlfs_stats_compose_partition(so->pt);
	}
	so->object = s;
	so->page = s->page;
	so->parents = &s->parents;
	return HV_STATUS_SUCCESS;
}

/* undone by put_object() whatever it returned */
static u16 get_object(struct tlfs_hvcall *call, u32 type,
		      const union hv_stats_object_identity *id, struct stats_object *so)
{
	memset(so, 0, sizeof(*so));
	switch (type) {
	case HV_STATS_OBJECT_HYPERVISOR:
	case HV_STATS_OBJECT_LOGICAL_PROCESSOR:
		return global_object(call, type, id, so);
	case HV_STATS_OBJECT_PARTITION:
	case HV_STATS_OBJECT_VP:
		return local_object(call, type, id, so);
	default:
		return HV_STATUS_INVALID_PARAMETER;
	}
}

static void put_object(struct stats_object *so)
{
	if (!so->pt)
		return;
	mutex_unlock(&so->pt->lock);
	tlfs_partition_put(so->pt);
}

static u16 map_object(struct tlfs_hvcall *call, const struct stats_object *so, u64 gpn)
{
	int err;

	if (call->vp) {
		if (so->parents->mapped)
			return HV_STATUS_OPERATION_DENIED;
		/* 21.3.1: beyond the GPA space it is just not accessible */
		if (!tlfs_overlay_map(call->caller, so->parents, gpn, false, false))
			atomic_inc(&nr_overlays);
		err = 0;
	} else {
		err = tlfs_window_map(so->object, so->page, gpn);
	}
	switch (err) {
	case 0:
		schedule_delayed_work(&composer, COMPOSE_INTERVAL);
		return HV_STATUS_SUCCESS;
	case -EINVAL:
		return HV_STATUS_INVALID_PARAMETER;
	default:
		return HV_STATUS_OPERATION_DENIED;
	}
}

static u16 unmap_object(struct tlfs_hvcall *call, const struct stats_object *so)
{
	if (!call->vp)
		return tlfs_window_unmap(so->object) ? HV_STATUS_OPERATION_DENIED
						     : HV_STATUS_SUCCESS;
	if (!so->parents->mapped)
		return HV_STATUS_OPERATION_DENIED;
	tlfs_overlay_unmap(call->caller, so->parents);
	atomic_dec(&nr_overlays);
	return HV_STATUS_SUCCESS;
}

TLFS_HANDLER(map_stats_page)
{
	const struct hv_input_map_stats_page *in = call->in;
	struct stats_object so;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = get_object(call, in->stats_type, (const void *)in->object_identity, &so);
	if (status == HV_STATUS_SUCCESS)
		status = map_object(call, &so, in->target_gpa_page);
	put_object(&so);
	return status;
}

TLFS_HANDLER(unmap_stats_page)
{
	const struct hv_input_unmap_stats_page *in = call->in;
	struct stats_object so;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = get_object(call, in->stats_type, (const void *)in->object_identity, &so);
	if (status == HV_STATUS_SUCCESS)
		status = unmap_object(call, &so);
	put_object(&so);
	return status;
}

/* ---- load, unload ---- */

static void free_all(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		if (per_cpu(tlfs_lp_stats, cpu).page)
			__free_page(per_cpu(tlfs_lp_stats, cpu).page);
	if (internal_page)
		__free_page(internal_page);
	if (hypervisor_page)
		__free_page(hypervisor_page);
}

static int alloc_all(void)
{
	struct tlfs_lp_stats *lp;
	unsigned int cpu;

	hypervisor_page = bootstrap_page();
	internal_page = bootstrap_page();
	if (!hypervisor_page || !internal_page)
		return -ENOMEM;
	stats_format(hypervisor_page, HV_HYPERVISOR_STATS_END - 1, HV_HYPERVISOR_STATS_END);
	hypervisor_word = page_address(hypervisor_page);
	for_each_possible_cpu(cpu) {
		lp = &per_cpu(tlfs_lp_stats, cpu);
		lp->page = bootstrap_page();
		if (!lp->page)
			return -ENOMEM;
		stats_format(lp->page, HV_LP_STATS_RELEASE_SPECIFIC - 1, HV_LP_STATS_END);
		lp->word = page_address(lp->page);
		per_cpu(lp_idle, cpu).base_us = lp_idle_us(cpu);
	}
	return 0;
}

int tlfs_stats_setup(void)
{
	int err;

	load_ns = ktime_get_ns();
	err = alloc_all();
	if (!err)
		err = tlfs_stats_partition_create(&tlfs_root);
	if (err)
		goto err_pages;
	err = register_trace_cpu_idle(idle_probe, NULL);
	if (err)
		goto err_root;
	return 0;

err_root:
	tlfs_stats_partition_destroy(&tlfs_root);
err_pages:
	free_all();
	return err;
}

void tlfs_stats_teardown(void)
{
	cancel_delayed_work_sync(&composer);
	unregister_trace_cpu_idle(idle_probe, NULL);
	tracepoint_synchronize_unregister();
	tlfs_stats_partition_destroy(&tlfs_root);
	free_all();
}
