// SPDX-License-Identifier: GPL-2.0-only
/*
 * lapic_timer.c - timer of the local APIC: one-shot, periodic, TSC deadline
 *
 * The count is never ticked down: it is computed from the time of the first expiry.  The hrtimer
 * runs only while an expiry would raise an interrupt.  It is pinned to the CPU the VP armed it on,
 * so that in the usual case the host's timer interrupt itself ends the guest's run and no kick has
 * to be sent.
 *
 * Time is the partition's: while that stands, nothing counts and nothing expires.  Nobody waits
 * for the callback while holding timer_lock: it may run once too often and finds out, under the
 * lock, that there is nothing to do.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/math64.h>

#include <asm/apicdef.h>
#include <asm/tsc.h>

#include "../tlfs.h"

#define LAPIC_TICK_NS		(NSEC_PER_SEC / TLFS_APIC_FREQUENCY_HZ)
/* a guest may ask for 5 ns; each expiry is a host interrupt */
#define LAPIC_MIN_PERIOD_NS	(50 * NSEC_PER_USEC)
/* while the last interrupt has not been taken: those in between would be lost in any case */
#define LAPIC_PENDING_NS	NSEC_PER_MSEC
/* deadlines beyond are cut to it, so that the conversion to ns cannot overflow */
#define LAPIC_MAX_DEADLINE_MS	(365ULL * 86400 * MSEC_PER_SEC)

#define LAPIC_TIMER_MODE	(3 << 17)

static u32 timer_lvt(struct tlfs_vp *vp)
{
	return READ_ONCE(vp->lapic.reg[APIC_LVTT >> 4]);
}

static bool lvt_periodic(u32 lvt)
{
	return (lvt & LAPIC_TIMER_MODE) == APIC_LVT_TIMER_PERIODIC;
}

static bool lvt_deadline(u32 lvt)
{
	return (lvt & LAPIC_TIMER_MODE) == APIC_LVT_TIMER_TSCDEADLINE;
}

/* length of one count */
static u64 timer_tick_ns(struct tlfs_vp *vp)
{
	u32 tdcr = vp->lapic.reg[APIC_TDCR >> 4];
	unsigned int shift = (((tdcr & 3) | (tdcr & 8) >> 1) + 1) & 7;

	return LAPIC_TICK_NS << shift;
}

/* ns until the guest's TSC is at @deadline; 0: it is */
static u64 deadline_left_ns(struct tlfs_vp *vp, u64 deadline)
{
	u64 now = tlfs_guest_tsc(vp->pt);
	u32 khz = max(tsc_khz, 1U);
	u64 left;

	if (deadline <= now)
		return 0;
	left = min(deadline - now, LAPIC_MAX_DEADLINE_MS * khz);
	return mul_u64_u32_div(left, NSEC_PER_MSEC, khz) + 1;
}

static bool lapic_timer_pending(struct tlfs_vp *vp, u32 lvt)
{
	return test_bit(lvt & APIC_VECTOR_MASK, vp->lapic.irr);
}

static void timer_fire(struct tlfs_vp *vp, u32 lvt)
{
	u8 vector = lvt & APIC_VECTOR_MASK;

	if (lvt & APIC_LVT_MASKED)
		return;
	if (unlikely(vector < 16))
		tlfs_lapic_error(vp, APIC_ESR_RECVILL);
	else
		tlfs_lapic_set_irr(vp, vector, false);
}

/* ns until the timer is to be looked at again; 0: now */
static u64 timer_left_ns(struct tlfs_vp *vp)
{
	const struct tlfs_lapic *lapic = &vp->lapic;
	u64 now;

	if (lvt_deadline(timer_lvt(vp)))
		return deadline_left_ns(vp, lapic->tsc_deadline);
	now = tlfs_time_ns(vp->pt);
	return lapic->timer_wake > now ? lapic->timer_wake - now : 0;
}

/* let the callback look at the timer in @left ns.  While time stands, thaw does this */
static void timer_start(struct tlfs_vp *vp, u64 left)
{
	vp->lapic.timer_armed = true;
	if (!READ_ONCE(vp->pt->time.stopped))
		hrtimer_start(&vp->lapic.timer, ktime_add_ns(ktime_get(), left),
			      HRTIMER_MODE_ABS_PINNED_HARD);
}

/* the callback may be waiting for our lock: it will find the timer unarmed */
static void timer_disarm(struct tlfs_vp *vp)
{
	if (!vp->lapic.timer_armed)
		return;
	vp->lapic.timer_armed = false;
	hrtimer_try_to_cancel(&vp->lapic.timer);
}

/* first expiry of the periodic schedule after @now, which is not before the very first */
static u64 timer_next(const struct tlfs_lapic *lapic, u64 now)
{
	u64 late = now - lapic->timer_expiry;

	return lapic->timer_expiry + (div64_u64(late, lapic->timer_period) + 1) *
	       lapic->timer_period;
}

static void timer_due(struct tlfs_vp *vp)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 lvt = timer_lvt(vp);
	u64 now;

	lapic->timer_armed = false;
	if (lvt_deadline(lvt))
		WRITE_ONCE(lapic->tsc_deadline, 0);
	if (lvt_periodic(lvt)) {
		/*
		 * A VP that is stopped, or takes no interrupts, costs the host no 20000
		 * interrupts a second
		 */
		now = tlfs_time_ns(vp->pt);
		if (lapic->timer_period < LAPIC_PENDING_NS && lapic_timer_pending(vp, lvt))
			now += LAPIC_PENDING_NS;
		lapic->timer_wake = timer_next(lapic, now);
	}
	timer_fire(vp, lvt);
	if (lvt_periodic(lvt))
		timer_start(vp, timer_left_ns(vp));
}

/* hard interrupt, maybe on another CPU than the VP's */
static enum hrtimer_restart timer_expired(struct hrtimer *timer)
{
	struct tlfs_vp *vp = container_of(timer, struct tlfs_vp, lapic.timer);
	unsigned long flags;
	u64 left;

	raw_spin_lock_irqsave(&vp->lapic.timer_lock, flags);
	if (vp->lapic.timer_armed && !READ_ONCE(vp->pt->time.stopped)) {
		/* the host's clock and the TSC need not agree: never be early */
		left = timer_left_ns(vp);
		if (left)
			timer_start(vp, left);
		else
			timer_due(vp);
	}
	raw_spin_unlock_irqrestore(&vp->lapic.timer_lock, flags);
	/* timer_start() has queued it again if need be */
	return HRTIMER_NORESTART;
}

static void arm_deadline(struct tlfs_vp *vp, u32 lvt, bool fire)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u64 left;

	if (!lapic->tsc_deadline || (lvt & APIC_LVT_MASKED))
		return;
	left = deadline_left_ns(vp, lapic->tsc_deadline);
	if (left) {
		timer_start(vp, left);
		return;
	}
	WRITE_ONCE(lapic->tsc_deadline, 0);
	if (fire)
		timer_fire(vp, lvt);
}

/*
 * Arm for the state in the registers; it is disarmed.  An expiry in the past is an interrupt if
 * @fire; otherwise it passed while the timer was masked and is lost.
 */
static void timer_arm(struct tlfs_vp *vp, bool fire)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 lvt = timer_lvt(vp);
	u64 now;

	if (lvt_deadline(lvt)) {
		arm_deadline(vp, lvt, fire);
		return;
	}
	if (!lapic->timer_expiry || (lvt & APIC_LVT_MASKED))
		return;
	now = tlfs_time_ns(vp->pt);
	lapic->timer_wake = lapic->timer_expiry;
	if (lapic->timer_wake <= now) {
		if (fire)
			timer_fire(vp, lvt);
		if (!lvt_periodic(lvt))
			return;
		lapic->timer_wake = timer_next(lapic, now);
	}
	timer_start(vp, lapic->timer_wake - now);
}

/* current count; the VP thread */
u32 tlfs_lapic_timer_count(struct tlfs_vp *vp)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 lvt = timer_lvt(vp);
	u64 now, left;

	if (lvt_deadline(lvt) || !lapic->timer_expiry)
		return 0;
	now = tlfs_time_ns(vp->pt);
	if (now < lapic->timer_expiry)
		left = lapic->timer_expiry - now;
	else if (lvt_periodic(lvt))
		left = timer_next(lapic, now) - now;
	else
		return 0;
	/* a period stretched to the minimum is longer than the count */
	return min_t(u64, DIV_ROUND_UP_ULL(left, timer_tick_ns(vp)),
		     lapic->reg[APIC_TMICT >> 4]);
}

/* count down from @current_count, in the periodic mode from @initial after that */
static void timer_restart(struct tlfs_vp *vp, u32 current_count)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u64 tick = timer_tick_ns(vp);

	lapic->timer_period = max_t(u64, lapic->reg[APIC_TMICT >> 4] * tick, LAPIC_MIN_PERIOD_NS);
	lapic->timer_expiry = current_count ? tlfs_time_ns(vp->pt) + current_count * tick : 0;
	timer_arm(vp, true);
}

void tlfs_lapic_timer_set_count(struct tlfs_vp *vp, u32 initial, u32 current_count)
{
	unsigned long flags;

	/* in the TSC-deadline mode the register is ignored */
	if (lvt_deadline(timer_lvt(vp)))
		return;
	raw_spin_lock_irqsave(&vp->lapic.timer_lock, flags);
	timer_disarm(vp);
	vp->lapic.reg[APIC_TMICT >> 4] = initial;
	timer_restart(vp, current_count);
	raw_spin_unlock_irqrestore(&vp->lapic.timer_lock, flags);
}

void tlfs_lapic_timer_set_divide(struct tlfs_vp *vp, u32 divide)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	unsigned long flags;
	u32 count;

	raw_spin_lock_irqsave(&lapic->timer_lock, flags);
	count = tlfs_lapic_timer_count(vp);
	lapic->reg[APIC_TDCR >> 4] = divide;
	if (!lvt_deadline(timer_lvt(vp))) {
		timer_disarm(vp);
		timer_restart(vp, count);
	}
	raw_spin_unlock_irqrestore(&lapic->timer_lock, flags);
}

/* mode or mask changes */
static void timer_change_lvt(struct tlfs_vp *vp, u32 old, u32 lvt)
{
	struct tlfs_lapic *lapic = &vp->lapic;

	timer_disarm(vp);
	if (lvt_deadline(old) != lvt_deadline(lvt)) {
		/* into and out of this mode disarms the timer */
		lapic->reg[APIC_TMICT >> 4] = 0;
		lapic->timer_expiry = 0;
		WRITE_ONCE(lapic->tsc_deadline, 0);
	} else if (((old ^ lvt) & LAPIC_TIMER_MODE) && !tlfs_lapic_timer_count(vp)) {
		/* a one-shot that is over does not begin to repeat */
		lapic->timer_expiry = 0;
	}
	WRITE_ONCE(lapic->reg[APIC_LVTT >> 4], lvt);
	timer_arm(vp, false);
}

void tlfs_lapic_timer_set_lvt(struct tlfs_vp *vp, u32 lvt)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 old = timer_lvt(vp);
	unsigned long flags;

	raw_spin_lock_irqsave(&lapic->timer_lock, flags);
	if ((old ^ lvt) & (LAPIC_TIMER_MODE | APIC_LVT_MASKED))
		timer_change_lvt(vp, old, lvt);
	else	/* the callback reads the vector afresh */
		WRITE_ONCE(lapic->reg[APIC_LVTT >> 4], lvt);
	raw_spin_unlock_irqrestore(&lapic->timer_lock, flags);
}

u64 tlfs_lapic_timer_deadline(struct tlfs_vp *vp)
{
	u64 deadline = READ_ONCE(vp->lapic.tsc_deadline);

	/* a masked one passes unseen */
	if (deadline && !deadline_left_ns(vp, deadline))
		return 0;
	return deadline;
}

void tlfs_lapic_timer_set_deadline(struct tlfs_vp *vp, u64 deadline)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 lvt = timer_lvt(vp);
	unsigned long flags;

	if (!lvt_deadline(lvt))
		return;
	raw_spin_lock_irqsave(&lapic->timer_lock, flags);
	timer_disarm(vp);
	WRITE_ONCE(lapic->tsc_deadline, deadline);
	arm_deadline(vp, lvt, true);
	raw_spin_unlock_irqrestore(&lapic->timer_lock, flags);
}

void tlfs_lapic_timer_pause(struct tlfs_vp *vp)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vp->lapic.timer_lock, flags);
	hrtimer_try_to_cancel(&vp->lapic.timer);
	raw_spin_unlock_irqrestore(&vp->lapic.timer_lock, flags);
}

void tlfs_lapic_timer_resume(struct tlfs_vp *vp)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vp->lapic.timer_lock, flags);
	if (vp->lapic.timer_armed)
		timer_start(vp, timer_left_ns(vp));
	raw_spin_unlock_irqrestore(&vp->lapic.timer_lock, flags);
}

void tlfs_lapic_timer_stop(struct tlfs_vp *vp)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	unsigned long flags;

	raw_spin_lock_irqsave(&lapic->timer_lock, flags);
	timer_disarm(vp);
	lapic->timer_expiry = 0;
	WRITE_ONCE(lapic->tsc_deadline, 0);
	raw_spin_unlock_irqrestore(&lapic->timer_lock, flags);
}

void tlfs_lapic_timer_create(struct tlfs_vp *vp)
{
	raw_spin_lock_init(&vp->lapic.timer_lock);
	hrtimer_setup(&vp->lapic.timer, timer_expired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_HARD);
}

void tlfs_lapic_timer_destroy(struct tlfs_vp *vp)
{
	tlfs_lapic_timer_stop(vp);
	hrtimer_cancel(&vp->lapic.timer);
}
