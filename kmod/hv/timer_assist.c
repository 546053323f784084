// SPDX-License-Identifier: GPL-2.0-only
/*
 * timer_assist.c - periodic and PM timer assists (TLFS 15.1.5, 15.1.6)
 *
 * The periodic assist is a timer of the partition, in partition time: it stands while time is
 * frozen.  As with synthetic timers its callback may run once more after it was stopped, and
 * believes only what it finds under the lock.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include "tlfs.h"
#include "hv/timers.h"

#define TIMER_VECTOR_MASK	GENMASK_ULL(7, 0)
#define TIMER_MODE_SHIFT	8
#define TIMER_MODE_MASK		GENMASK_ULL(10, 8)
#define TIMER_LOGICAL		BIT_ULL(11)
#define TIMER_ENABLED		BIT_ULL(12)
#define TIMER_MDA_SHIFT		56
#define TIMER_RESERVED		GENMASK_ULL(55, 13)

#define PM_PORT_MASK		GENMASK_ULL(15, 0)
#define PM_WIDTH24		BIT_ULL(16)
#define PM_ENABLED		BIT_ULL(17)
#define PM_RESERVED		GENMASK_ULL(63, 18)
/* 3.579545 MHz in units of 100 ns */
#define PM_RATE			3579545
#define PM_RATE_BASE		10000000

/* bounds of the host's work, as those of synthetic timers */
#define ASSIST_MIN_NS		(100 * NSEC_PER_USEC)
#define ASSIST_RETRY_NS		NSEC_PER_MSEC
#define ASSIST_CATCH_UP		16
#define ASSIST_AHEAD_MAX	(86400ULL * NSEC_PER_SEC)

static u64 assist_period_ns(const struct tlfs_timer_assist *ta)
{
	u64 period = min_t(u64, ta->period, ASSIST_AHEAD_MAX / TLFS_UNIT_NS) * TLFS_UNIT_NS;

	return max_t(u64, period, ASSIST_MIN_NS);
}

/* under ta->lock */
static void assist_arm(struct tlfs_partition *pt, u64 now, u64 wake)
{
	struct tlfs_timer_assist *ta = &pt->assist;

	ta->armed = true;
	if (!READ_ONCE(pt->time.stopped))
		hrtimer_start(&ta->timer, ktime_add_ns(ktime_get(), wake > now ? wake - now : 0),
			      HRTIMER_MODE_ABS_HARD);
}

static void assist_disarm(struct tlfs_timer_assist *ta)
{
	ta->armed = false;
	hrtimer_try_to_cancel(&ta->timer);
}

static void assist_irq(const struct tlfs_timer_assist *ta, struct tlfs_interrupt *irq)
{
	*irq = (struct tlfs_interrupt) {
		.type = (ta->control & TIMER_MODE_MASK) >> TIMER_MODE_SHIFT,
		.vector = ta->control & TIMER_VECTOR_MASK,
		.logical = ta->control & TIMER_LOGICAL,
		.dest = ta->control >> TIMER_MDA_SHIFT,
	};
}

/* the last tick was not taken yet: another one would be lost (it catches up, like 15.1.4) */
static bool assist_busy(struct tlfs_partition *pt, const struct tlfs_interrupt *irq)
{
	struct tlfs_vp *vp;

	if (irq->logical || irq->type != HV_X64_INTERRUPT_TYPE_FIXED)
		return false;
	vp = tlfs_vp_get(pt, irq->dest);
	return vp && tlfs_lapic_requested(&vp->lapic, irq->vector);
}

static enum hrtimer_restart assist_callback(struct hrtimer *timer)
{
	struct tlfs_timer_assist *ta = container_of(timer, struct tlfs_timer_assist, timer);
	struct tlfs_partition *pt = container_of(ta, struct tlfs_partition, assist);
	struct tlfs_interrupt irq;
	unsigned long flags;
	u64 now, period;

	raw_spin_lock_irqsave(&ta->lock, flags);
	now = tlfs_time_ns(pt);
	if (!ta->armed || READ_ONCE(pt->time.stopped))
		goto out;
	if (ta->next > now) {
		assist_arm(pt, now, ta->next);
		goto out;
	}
	period = assist_period_ns(ta);
	assist_irq(ta, &irq);
	if (assist_busy(pt, &irq)) {
		if (now - ta->next > ASSIST_CATCH_UP * period)
			ta->next = now - ASSIST_CATCH_UP * period;
		assist_arm(pt, now, now + ASSIST_RETRY_NS);
		goto out;
	}
	tlfs_interrupt_deliver(pt, &irq);
	ta->next += period;
	assist_arm(pt, now, max(ta->next, now + ASSIST_MIN_NS));
out:
	raw_spin_unlock_irqrestore(&ta->lock, flags);
	return HRTIMER_NORESTART;
}

/* under ta->lock: begin a period */
static void assist_restart(struct tlfs_partition *pt)
{
	struct tlfs_timer_assist *ta = &pt->assist;
	u64 now = tlfs_time_ns(pt);

	assist_disarm(ta);
	if (!ta->period || !(ta->control & TIMER_ENABLED))
		return;
	ta->next = now + assist_period_ns(ta);
	assist_arm(pt, now, ta->next);
}

u16 tlfs_assist_set_period(struct tlfs_partition *pt, u64 period)
{
	struct tlfs_timer_assist *ta = &pt->assist;
	unsigned long flags;

	raw_spin_lock_irqsave(&ta->lock, flags);
	ta->period = period;
	if (!period)
		ta->control &= ~TIMER_ENABLED;
	assist_restart(pt);
	raw_spin_unlock_irqrestore(&ta->lock, flags);
	return HV_STATUS_SUCCESS;
}

u16 tlfs_assist_set_control(struct tlfs_partition *pt, u64 control)
{
	u8 mode = (control & TIMER_MODE_MASK) >> TIMER_MODE_SHIFT;
	struct tlfs_timer_assist *ta = &pt->assist;
	unsigned long flags;

	if (control & TIMER_RESERVED)
		return HV_STATUS_INVALID_PARAMETER;
	if (control & TIMER_ENABLED &&
	    (mode > HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY ||
	     (control & TIMER_VECTOR_MASK) < HV_SYNIC_SINT_MIN_VECTOR))
		return HV_STATUS_INVALID_PARAMETER;

	raw_spin_lock_irqsave(&ta->lock, flags);
	/* without a period there is nothing to enable */
	if (!ta->period)
		control &= ~TIMER_ENABLED;
	if (control != ta->control) {
		bool go_on = control & ta->control & TIMER_ENABLED;

		/* another vector or destination from the next tick on: the period goes on */
		ta->control = control;
		if (!go_on)
			assist_restart(pt);
	}
	raw_spin_unlock_irqrestore(&ta->lock, flags);
	return HV_STATUS_SUCCESS;
}

u16 tlfs_assist_set_pm(struct tlfs_partition *pt, u64 val)
{
	if (val & PM_RESERVED)
		return HV_STATUS_INVALID_PARAMETER;
	WRITE_ONCE(pt->assist.pm, val);
	WRITE_ONCE(pt->assist.pm_port, val & PM_ENABLED ? TLFS_PM_PORT_VALID | (val & PM_PORT_MASK)
							 : 0);
	return HV_STATUS_SUCCESS;
}

u32 tlfs_assist_pm_timer(struct tlfs_partition *pt)
{
	u64 ticks = mul_u64_u64_div_u64(tlfs_ref_time(pt), PM_RATE, PM_RATE_BASE);

	return READ_ONCE(pt->assist.pm) & PM_WIDTH24 ? ticks & GENMASK(23, 0) : ticks;
}

void tlfs_assist_init(struct tlfs_partition *pt)
{
	raw_spin_lock_init(&pt->assist.lock);
	hrtimer_setup(&pt->assist.timer, assist_callback, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_HARD);
}

void tlfs_assist_destroy(struct tlfs_partition *pt)
{
	struct tlfs_timer_assist *ta = &pt->assist;
	unsigned long flags;

	raw_spin_lock_irqsave(&ta->lock, flags);
	ta->armed = false;
	raw_spin_unlock_irqrestore(&ta->lock, flags);
	hrtimer_cancel(&ta->timer);
}

/* partition time goes on; while it stands the callback does not run, or finds it standing */
void tlfs_assist_resume(struct tlfs_partition *pt)
{
	struct tlfs_timer_assist *ta = &pt->assist;
	unsigned long flags;

	raw_spin_lock_irqsave(&ta->lock, flags);
	if (ta->armed)
		assist_arm(pt, tlfs_time_ns(pt), ta->next);
	raw_spin_unlock_irqrestore(&ta->lock, flags);
}

/* what a saved partition has of them (17.1.5) */
void tlfs_assist_get_state(struct tlfs_partition *pt, u64 state[4])
{
	struct tlfs_timer_assist *ta = &pt->assist;
	unsigned long flags;
	u64 now;

	raw_spin_lock_irqsave(&ta->lock, flags);
	now = tlfs_time_ns(pt);
	state[0] = ta->period;
	state[1] = ta->control;
	state[2] = ta->pm;
	state[3] = ta->armed && ta->next > now ? ta->next - now : 0;
	raw_spin_unlock_irqrestore(&ta->lock, flags);
}

/* HV_STATUS_*; nothing changes unless it is valid */
u16 tlfs_assist_set_state(struct tlfs_partition *pt, const u64 state[4])
{
	struct tlfs_timer_assist *ta = &pt->assist;
	unsigned long flags;
	u64 now;

	if (state[2] & PM_RESERVED || tlfs_assist_set_control(pt, state[1] & ~TIMER_ENABLED))
		return HV_STATUS_INVALID_PARAMETER;
	tlfs_assist_set_period(pt, state[0]);
	if (tlfs_assist_set_control(pt, state[1]))
		return HV_STATUS_INVALID_PARAMETER;
	tlfs_assist_set_pm(pt, state[2]);

	raw_spin_lock_irqsave(&ta->lock, flags);
	now = tlfs_time_ns(pt);
	if (ta->armed && state[3] && state[3] <= assist_period_ns(ta)) {
		ta->next = now + state[3];
		assist_arm(pt, now, ta->next);
	}
	raw_spin_unlock_irqrestore(&ta->lock, flags);
	return HV_STATUS_SUCCESS;
}
