// SPDX-License-Identifier: GPL-2.0-only
/*
 * unhalted_timer.c - the synthetic time-unhalted timer (6.0b, 12.6)
 *
 * It counts run windows: a VP that halts leaves them.  All of it is the VP's thread's, but for the
 * host timer, which runs inside a window on that window's CPU and does no more than end the guest's
 * run.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>

#include "tlfs.h"
#include "hv/timers.h"

#define CONFIG_VECTOR	0xffULL
#define CONFIG_ENABLED	BIT_ULL(8)
#define CONFIG_VALID	(CONFIG_ENABLED | CONFIG_VECTOR)
#define FIRST_VECTOR	16

/* what bounds the host's work, as for the other timers, and what keeps sums from overflowing */
#define PERIOD_MIN_NS	(100 * NSEC_PER_USEC)
#define PERIOD_MAX_NS	(86400ULL * NSEC_PER_SEC)

static bool unhalted_on(const struct tlfs_vp *vp)
{
	return (vp->unhalted.config & CONFIG_ENABLED) && vp->unhalted.count;
}

static u64 unhalted_period(const struct tlfs_vp *vp)
{
	u64 units = min_t(u64, vp->unhalted.count, PERIOD_MAX_NS / TLFS_UNIT_NS);

	return max_t(u64, units * TLFS_UNIT_NS, PERIOD_MIN_NS);
}

static enum hrtimer_restart unhalted_callback(struct hrtimer *timer)
{
	struct tlfs_vp *vp = container_of(timer, struct tlfs_vp, unhalted.timer);

	tlfs_vp_request(vp, TLFS_REQ_UNHALTED);
	return HRTIMER_NORESTART;
}

static void unhalted_start(struct tlfs_vp *vp)
{
	struct tlfs_unhalted_timer *t = &vp->unhalted;

	t->began = ktime_get();
	hrtimer_start(&t->timer, ns_to_ktime(t->left), HRTIMER_MODE_REL_PINNED_HARD);
}

/* preemption is off, and the timer is this CPU's: its callback is not under way */
static void unhalted_stop(struct tlfs_vp *vp)
{
	struct tlfs_unhalted_timer *t = &vp->unhalted;
	u64 ran = ktime_to_ns(ktime_sub(ktime_get(), t->began));

	hrtimer_try_to_cancel(&t->timer);
	t->left -= min(ran, t->left);
}

void tlfs_unhalted_window(struct tlfs_vp *vp, bool begin)
{
	if (likely(!unhalted_on(vp)))
		return;
	if (begin)
		unhalted_start(vp);
	else
		unhalted_stop(vp);
}

/* the rest of the period is over, perhaps: the request may be one of an earlier setting */
void tlfs_unhalted_expire(struct tlfs_vp *vp)
{
	struct tlfs_unhalted_timer *t = &vp->unhalted;
	struct hv_vp_assist_page *page = vp->vp_assist.va;
	u8 vector = t->config & CONFIG_VECTOR;

	if (!unhalted_on(vp))
		return;
	unhalted_stop(vp);
	if (!t->left) {
		t->left = unhalted_period(vp);
		if (vp->vp_assist_msr & HV_X64_MSR_VP_ASSIST_PAGE_ENABLE)
			WRITE_ONCE(page->synthetic_time_unhalted_timer_expired, 1);
		if (vector == X86_TRAP_NMI)
			tlfs_send_nmi(vp);
		else
			tlfs_lapic_set_irr(vp, vector, false);
	}
	unhalted_start(vp);
}

int tlfs_unhalted_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	*val = msr == HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG ? vp->unhalted.config :
							       vp->unhalted.count;
	return TLFS_RESUME;
}

int tlfs_unhalted_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	struct tlfs_unhalted_timer *t = &vp->unhalted;
	u8 vector = val & CONFIG_VECTOR;
	bool config = msr == HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG;

	if (config && (val & ~CONFIG_VALID ||
		       (val & CONFIG_ENABLED && vector != X86_TRAP_NMI && vector < FIRST_VECTOR)))
		return TLFS_GP;
	if (vp->in_window && unhalted_on(vp))
		unhalted_stop(vp);
	if (config)
		t->config = val;
	else
		t->count = val;
	/* a new period begins */
	t->left = unhalted_period(vp);
	if (vp->in_window && unhalted_on(vp))
		unhalted_start(vp);
	return TLFS_RESUME;
}

void tlfs_unhalted_create(struct tlfs_vp *vp)
{
	hrtimer_setup(&vp->unhalted.timer, unhalted_callback, CLOCK_MONOTONIC,
		      HRTIMER_MODE_REL_PINNED_HARD);
}

/* outside of the run window */
void tlfs_unhalted_reset(struct tlfs_vp *vp)
{
	vp->unhalted.config = 0;
	vp->unhalted.count = 0;
}
