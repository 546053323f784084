// SPDX-License-Identifier: GPL-2.0-only
/*
 * scheduler.c - scheduler (TLFS 18): spin wait notification; reserve, cap and weight
 *
 * A VP's thread is a task of the host, and the host's scheduler decides when it runs.  What the
 * policies ask for is reached by holding a thread back, here, outside the run window:
 *
 * - Cap: a VP earns CPU time at the rate of its cap, up to a burst, and spends what it runs.  In
 *   debt it waits until it has earned it back.
 * - Weight and reserve: VPs that are ready on one host CPU each have a share of it: the reserve at
 *   least, the rest by weight.  Run time divided by the share is virtual time; who is ahead of
 *   the one who is most behind waits for it.
 *
 * A timer ends a run that gets too long for either.  While no partition has such a policy none of
 * this runs, but for a branch that is patched out.
 */
#include <linux/delay.h>
#include <linux/jump_label.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/sched/stat.h>

#include "../tlfs.h"

/* how long a spinning VP stays off its CPU, in us: long enough for a lock holder to get on */
#define SPIN_SLEEP_MIN		20
#define SPIN_SLEEP_MAX		50

#define ONE			HV_PARTITION_CPU_MAX
#define DEFAULT_WEIGHT		100

/* what a capped VP may have saved up, and the debt it may run into before it waits */
#define CAP_BURST_NS		((s64)(20 * NSEC_PER_MSEC))
#define CAP_DEBT_NS		((s64)(2 * NSEC_PER_MSEC))
/* a capped VP's tokens may not fall behind further than this, whatever the host did to it */
#define CAP_DEBT_MAX_NS		((s64)NSEC_PER_SEC)
/* virtual time a VP may be ahead of another, or behind all of them */
#define LEAD_NS			(6 * NSEC_PER_MSEC)
#define SLICE_NS		(4 * NSEC_PER_MSEC)
#define WAIT_MIN_NS		(500 * NSEC_PER_USEC)
#define WAIT_MAX_NS		(10 * NSEC_PER_MSEC)
/* after waiting so long for somebody who did not run: several slices */
#define FORGIVE_NS		(20 * NSEC_PER_MSEC)
/* rounds in which reserves beyond the share by weight are handed out */
#define SHARE_ROUNDS		4

/**
 * struct sched_cpu - the VPs that are ready on one host CPU
 * @lock:	everything here, and sched.vtime, .share and .link of those in @vps.  Taken with
 *		interrupts on only; innermost
 * @vps:	struct tlfs_vp.sched.link
 * @vtime:	of the one most behind, as far as known: never goes back
 */
struct sched_cpu {
	raw_spinlock_t lock;
	struct list_head vps;
	u64 vtime;
};

static DEFINE_PER_CPU(struct sched_cpu, sched_cpus);
DEFINE_STATIC_KEY_FALSE(tlfs_sched_used);

/* reserves of all VPs together; under it also sched.vps and the policies of a partition */
static DEFINE_MUTEX(sched_lock);
static u64 sched_reserved;

void __init tlfs_sched_setup(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		struct sched_cpu *sc = per_cpu_ptr(&sched_cpus, cpu);

		raw_spin_lock_init(&sc->lock);
		INIT_LIST_HEAD(&sc->vps);
	}
}

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

/* ---- policies (18.2) ---- */

void tlfs_sched_init(struct tlfs_partition *pt)
{
	pt->sched.cap = ONE;
	pt->sched.weight = DEFAULT_WEIGHT;
}

/*
 * The children of a capped guest are no way around the cap, nor is their weight around its weight:
 * what counts is the least on the way up.
 */
static u32 sched_cap(const struct tlfs_partition *pt)
{
	u32 cap = ONE;

	for (; pt != &tlfs_root; pt = pt->parent)
		cap = min(cap, READ_ONCE(pt->sched.cap));
	return cap;
}

static u32 sched_weight(const struct tlfs_partition *pt)
{
	u32 weight = READ_ONCE(pt->sched.weight);

	for (pt = pt->parent; pt != &tlfs_root; pt = pt->parent)
		weight = min(weight, READ_ONCE(pt->sched.weight));
	return weight;
}

static u64 sched_limit(void)
{
	return (u64)num_online_cpus() * ONE;
}

/* what the reserves of all come to if @pt has @reserve and @vps VPs; under sched_lock */
static u64 sched_total(const struct tlfs_partition *pt, u32 reserve, unsigned int vps)
{
	return sched_reserved - (u64)pt->sched.reserve * pt->sched.vps + (u64)reserve * vps;
}

static bool sched_special(const struct tlfs_sched *s)
{
	return s->reserve || s->cap != ONE || s->weight != DEFAULT_WEIGHT;
}

/* under sched_lock: the policies may have changed */
static void sched_update(struct tlfs_partition *pt)
{
	bool special = sched_special(&pt->sched);

	if (special == pt->sched.special)
		return;
	pt->sched.special = special;
	if (special)
		static_branch_inc(&tlfs_sched_used);
	else
		static_branch_dec(&tlfs_sched_used);
}

u16 tlfs_sched_set(struct tlfs_partition *pt, enum tlfs_sched_policy policy, u64 val)
{
	struct tlfs_sched *s = &pt->sched;
	u16 status = HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;

	mutex_lock(&sched_lock);
	switch (policy) {
	case TLFS_SCHED_RESERVE:
		/* at no time more is promised than there is (18.2.1) */
		if (val > s->cap || sched_total(pt, val, s->vps) > sched_limit())
			goto out;
		sched_reserved = sched_total(pt, val, s->vps);
		WRITE_ONCE(s->reserve, val);
		break;
	case TLFS_SCHED_CAP:
		if (val > ONE || val < s->reserve)
			goto out;
		WRITE_ONCE(s->cap, val);
		break;
	case TLFS_SCHED_WEIGHT:
		if (val < HV_PARTITION_CPU_WEIGHT_MIN || val > HV_PARTITION_CPU_WEIGHT_MAX)
			goto out;
		WRITE_ONCE(s->weight, val);
		break;
	}
	sched_update(pt);
	status = HV_STATUS_SUCCESS;
out:
	mutex_unlock(&sched_lock);
	/* they count from now on for those that run or wait, too */
	if (status == HV_STATUS_SUCCESS)
		tlfs_vps_request(pt, NULL, TLFS_REQ_STOP, false);
	return status;
}

/* another VP of @pt: false if its reserve cannot be given (10.4.1) */
bool tlfs_sched_add_vp(struct tlfs_partition *pt)
{
	bool ok;

	mutex_lock(&sched_lock);
	ok = !pt->sched.reserve ||
	     sched_total(pt, pt->sched.reserve, pt->sched.vps + 1) <= sched_limit();
	if (ok) {
		sched_reserved += pt->sched.reserve;
		pt->sched.vps++;
	}
	mutex_unlock(&sched_lock);
	return ok;
}

void tlfs_sched_del_vp(struct tlfs_partition *pt)
{
	mutex_lock(&sched_lock);
	sched_reserved -= pt->sched.reserve;
	pt->sched.vps--;
	mutex_unlock(&sched_lock);
}

void tlfs_sched_destroy(struct tlfs_partition *pt)
{
	mutex_lock(&sched_lock);
	tlfs_sched_init(pt);
	pt->sched.reserve = 0;
	sched_update(pt);
	mutex_unlock(&sched_lock);
}

/* ---- shares of a CPU; all under its lock ---- */

static u64 vp_weight(const struct tlfs_vp *vp)
{
	return sched_weight(vp->pt);
}

/* every VP its reserve at least, the rest by weight */
static void sched_share(struct sched_cpu *sc)
{
	u64 rest = ONE, weights = 0, share;
	struct tlfs_vp *vp;
	unsigned int round;
	bool again = true;

	list_for_each_entry(vp, &sc->vps, sched.link) {
		vp->sched.share = 0;
		weights += vp_weight(vp);
	}
	for (round = 0; again && round < SHARE_ROUNDS; round++) {
		again = false;
		list_for_each_entry(vp, &sc->vps, sched.link) {
			u32 reserve = READ_ONCE(vp->pt->sched.reserve);

			if (vp->sched.share || !weights ||
			    reserve <= div64_u64(rest * vp_weight(vp), weights))
				continue;
			vp->sched.share = reserve;
			rest -= min_t(u64, rest, reserve);
			weights -= vp_weight(vp);
			again = true;
		}
	}
	list_for_each_entry(vp, &sc->vps, sched.link) {
		if (vp->sched.share)
			continue;
		share = weights ? div64_u64(rest * vp_weight(vp), weights) : 0;
		vp->sched.share = max_t(u64, share, 1);
	}
}

/* the one most behind, other than @self */
static struct tlfs_vp *sched_last(struct sched_cpu *sc, const struct tlfs_vp *self)
{
	struct tlfs_vp *vp, *last = NULL;

	list_for_each_entry(vp, &sc->vps, sched.link)
		if (vp != self && (!last || vp->sched.vtime < last->sched.vtime))
			last = vp;
	return last;
}

static void sched_leave(struct tlfs_vp *vp)
{
	struct sched_cpu *sc;

	if (vp->sched.cpu < 0)
		return;
	sc = per_cpu_ptr(&sched_cpus, vp->sched.cpu);
	raw_spin_lock(&sc->lock);
	list_del(&vp->sched.link);
	vp->sched.cpu = -1;
	/* what it is ahead it takes along, no more than others would wait for */
	vp->sched.lead = vp->sched.vtime > sc->vtime ?
			 min_t(u64, vp->sched.vtime - sc->vtime, LEAD_NS) : 0;
	sched_share(sc);
	raw_spin_unlock(&sc->lock);
}

/* ready on this CPU; who comes has saved up nothing */
static void sched_join(struct tlfs_vp *vp)
{
	int cpu = raw_smp_processor_id();
	struct sched_cpu *sc = per_cpu_ptr(&sched_cpus, cpu);

	if (vp->sched.cpu == cpu)
		return;
	sched_leave(vp);
	raw_spin_lock(&sc->lock);
	vp->sched.cpu = cpu;
	vp->sched.vtime = sc->vtime + vp->sched.lead;
	list_add_tail(&vp->sched.link, &sc->vps);
	sched_share(sc);
	raw_spin_unlock(&sc->lock);
}

/*
 * How long @vp has to wait for others, in ns; 0: its turn.  If the host does not let run whom it
 * waits for, that one's claim is forgiven.
 */
static u64 sched_turn(struct tlfs_vp *vp)
{
	struct sched_cpu *sc = per_cpu_ptr(&sched_cpus, vp->sched.cpu);
	struct tlfs_vp *last;
	u64 lead = 0, wait = 0, now = local_clock();

	raw_spin_lock(&sc->lock);
	sched_share(sc);
	last = sched_last(sc, vp);
	if (last && last == vp->sched.waited_for &&
	    last->sched.vtime == vp->sched.waited_vtime && vp->sched.vtime > last->sched.vtime) {
		if (now - vp->sched.waited_at > FORGIVE_NS) {
			last->sched.vtime = vp->sched.vtime;
			last = sched_last(sc, vp);
		}
	} else {
		vp->sched.waited_at = now;
	}
	if (last && vp->sched.vtime > last->sched.vtime)
		lead = vp->sched.vtime - last->sched.vtime;
	sc->vtime = max(sc->vtime, lead ? last->sched.vtime : vp->sched.vtime);
	vp->sched.waited_for = NULL;
	if (lead > LEAD_NS) {
		wait = mul_u64_u32_shr(lead, last->sched.share, 16);
		wait = clamp_t(u64, wait, WAIT_MIN_NS, WAIT_MAX_NS);
		/* only to be compared: it may be gone by then */
		vp->sched.waited_for = last;
		vp->sched.waited_vtime = last->sched.vtime;
	}
	vp->sched.alone = !last;
	raw_spin_unlock(&sc->lock);
	return wait;
}

/* ---- cap; VP thread ---- */

static void cap_earn(struct tlfs_vp *vp, u32 cap)
{
	u64 now = local_clock();
	u64 passed = now - vp->sched.earned_at;

	vp->sched.earned_at = now;
	/* a first time, or another clock: begin with a full purse */
	if (passed > 2 * CAP_DEBT_MAX_NS)
		vp->sched.tokens = 0;
	else
		vp->sched.tokens += mul_u64_u32_shr(passed, cap, 16);
	vp->sched.tokens = clamp(vp->sched.tokens, -CAP_DEBT_MAX_NS, CAP_BURST_NS);
}

/* ns until it may run again, 0: now */
static u64 cap_wait(struct tlfs_vp *vp)
{
	u32 cap = sched_cap(vp->pt);

	if (likely(cap == ONE))
		return 0;
	cap_earn(vp, cap);
	/* whatever was saved up under another cap */
	if (!cap)
		return NSEC_PER_SEC;
	if (vp->sched.tokens > 0)
		return 0;
	return div_u64((u64)(CAP_DEBT_NS - vp->sched.tokens) << 16, cap);
}

/* ---- the run loop's part ---- */

static enum hrtimer_restart sched_expired(struct hrtimer *timer)
{
	struct tlfs_vp *vp = container_of(timer, struct tlfs_vp, sched.timer);

	tlfs_vp_request(vp, TLFS_REQ_STOP);
	return HRTIMER_NORESTART;
}

void tlfs_sched_create_vp(struct tlfs_vp *vp)
{
	vp->sched.cpu = -1;
	hrtimer_setup(&vp->sched.timer, sched_expired, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
}

void tlfs_sched_destroy_vp(struct tlfs_vp *vp)
{
	hrtimer_cancel(&vp->sched.timer);
}

static int sched_sleep(struct tlfs_vp *vp, u64 ns)
{
	int r;

	hrtimer_start(&vp->sched.timer, ns_to_ktime(ns), HRTIMER_MODE_REL_HARD);
	r = swait_event_interruptible_exclusive(vp->wait,
						test_bit(TLFS_REQ_STOP, &vp->requests));
	hrtimer_cancel(&vp->sched.timer);
	return r ? -EINTR : 0;
}

/*
 * Before a run: 0 may run, -EAGAIN has waited: look at everything again; -EINTR.  TLFS_REQ_STOP is
 * what ends the wait, so it is taken here; who set it for another reason is found by that reason.
 */
int tlfs_sched_enter_slow(struct tlfs_vp *vp)
{
	u64 wait, run = SLICE_NS;
	int r;

	clear_bit(TLFS_REQ_STOP, &vp->requests);
	/* pairs with the setters' order: reason first, then the request */
	smp_mb__after_atomic();
	if (READ_ONCE(vp->explicit_suspend) || READ_ONCE(vp->pt->time.frozen))
		return -EAGAIN;

	wait = cap_wait(vp);
	if (wait) {
		/* waiting, no more ready (10.1.3) */
		sched_leave(vp);
		r = sched_sleep(vp, wait);
		return r ?: -EAGAIN;
	}
	sched_join(vp);
	wait = sched_turn(vp);
	if (wait) {
		r = sched_sleep(vp, wait);
		return r ?: -EAGAIN;
	}
	if (sched_cap(vp->pt) != ONE)
		run = vp->sched.tokens + CAP_DEBT_NS;
	else if (vp->sched.alone)
		return 0;
	hrtimer_start(&vp->sched.timer, ns_to_ktime(run), HRTIMER_MODE_REL_HARD);
	return 0;
}

/* after a run of @ns */
void tlfs_sched_ran_slow(struct tlfs_vp *vp, u64 ns)
{
	struct sched_cpu *sc;

	hrtimer_try_to_cancel(&vp->sched.timer);
	vp->sched.tokens -= ns;
	if (vp->sched.cpu < 0)
		return;
	sc = per_cpu_ptr(&sched_cpus, vp->sched.cpu);
	raw_spin_lock(&sc->lock);
	vp->sched.vtime += div_u64(ns << 16, vp->sched.share);
	raw_spin_unlock(&sc->lock);
}

/* halted, suspended or back in the VMM: others need not wait for it */
void tlfs_sched_leave_slow(struct tlfs_vp *vp)
{
	sched_leave(vp);
}
