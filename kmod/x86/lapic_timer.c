// SPDX-License-Identifier: GPL-2.0-only
/*
 * lapic_timer.c - timer of the local APIC: one-shot, periodic, TSC deadline
 *
 * The count is never ticked down: it is computed from the time of the first expiry.  The hrtimer
 * runs only while an expiry would raise an interrupt.  It is pinned to the CPU the VP armed it on,
 * so that in the usual case the host's timer interrupt itself ends the guest's run and no kick has
 * to be sent.
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
	u64 now = rdtsc() + READ_ONCE(vp->pt->time.guest_tsc_offset);
	u32 khz = max(tsc_khz, 1U);
	u64 left;

	if (deadline <= now)
		return 0;
	left = min(deadline - now, LAPIC_MAX_DEADLINE_MS * khz);
	return mul_u64_u32_div(left, NSEC_PER_MSEC, khz) + 1;
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

/*
 * Hard interrupt, maybe on another CPU than the VP's.  The VP thread cancels the timer, and with
 * that waits for this function, before it changes anything read here but the LVT entry's mask.
 */
static enum hrtimer_restart timer_expired(struct hrtimer *timer)
{
	struct tlfs_vp *vp = container_of(timer, struct tlfs_vp, lapic.timer);
	u32 lvt = timer_lvt(vp);

	if (lvt_deadline(lvt)) {
		/* the host's clock and the TSC need not agree: never be early */
		u64 left = deadline_left_ns(vp, vp->lapic.tsc_deadline);

		if (left) {
			hrtimer_set_expires(timer, ktime_add_ns(ktime_get(), left));
			return HRTIMER_RESTART;
		}
		WRITE_ONCE(vp->lapic.tsc_deadline, 0);
	}
	timer_fire(vp, lvt);
	if (!lvt_periodic(lvt))
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, vp->lapic.timer_period);
	return HRTIMER_RESTART;
}

static void timer_start(struct tlfs_vp *vp, ktime_t expiry)
{
	hrtimer_start(&vp->lapic.timer, expiry, HRTIMER_MODE_ABS_PINNED_HARD);
}

static void arm_deadline(struct tlfs_vp *vp, u32 lvt, bool fire)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u64 left;

	if (!lapic->tsc_deadline || (lvt & APIC_LVT_MASKED))
		return;
	left = deadline_left_ns(vp, lapic->tsc_deadline);
	if (left) {
		timer_start(vp, ktime_add_ns(ktime_get(), left));
		return;
	}
	lapic->tsc_deadline = 0;
	if (fire)
		timer_fire(vp, lvt);
}

/*
 * Start the hrtimer for the state in the registers; it is cancelled.  An expiry in the past is an
 * interrupt if @fire; otherwise it passed while the timer was masked and is lost.
 */
static void timer_arm(struct tlfs_vp *vp, bool fire)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	ktime_t expiry = lapic->timer_expiry;
	u32 lvt = timer_lvt(vp);
	s64 late;

	if (lvt_deadline(lvt)) {
		arm_deadline(vp, lvt, fire);
		return;
	}
	if (!expiry || (lvt & APIC_LVT_MASKED))
		return;
	late = ktime_get() - expiry;
	if (late >= 0) {
		if (fire)
			timer_fire(vp, lvt);
		if (!lvt_periodic(lvt))
			return;
		expiry += div64_u64(late + lapic->timer_period, lapic->timer_period) *
			  lapic->timer_period;
	}
	timer_start(vp, expiry);
}

/* current count; the VP thread */
u32 tlfs_lapic_timer_count(struct tlfs_vp *vp)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 lvt = timer_lvt(vp);
	s64 left;
	u64 late;

	if (lvt_deadline(lvt) || !lapic->timer_expiry)
		return 0;
	left = lapic->timer_expiry - ktime_get();
	if (left <= 0) {
		if (!lvt_periodic(lvt))
			return 0;
		div64_u64_rem(-left, lapic->timer_period, &late);
		left = lapic->timer_period - late;
	}
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
	lapic->timer_expiry = current_count ? ktime_add_ns(ktime_get(), current_count * tick) : 0;
	timer_arm(vp, true);
}

void tlfs_lapic_timer_set_count(struct tlfs_vp *vp, u32 initial, u32 current_count)
{
	/* in the TSC-deadline mode the register is ignored */
	if (lvt_deadline(timer_lvt(vp)))
		return;
	hrtimer_cancel(&vp->lapic.timer);
	vp->lapic.reg[APIC_TMICT >> 4] = initial;
	timer_restart(vp, current_count);
}

void tlfs_lapic_timer_set_divide(struct tlfs_vp *vp, u32 divide)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 count = tlfs_lapic_timer_count(vp);

	if (lvt_deadline(timer_lvt(vp))) {
		lapic->reg[APIC_TDCR >> 4] = divide;
		return;
	}
	hrtimer_cancel(&lapic->timer);
	lapic->reg[APIC_TDCR >> 4] = divide;
	timer_restart(vp, count);
}

void tlfs_lapic_timer_set_lvt(struct tlfs_vp *vp, u32 lvt)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 old = timer_lvt(vp);
	u32 changed = old ^ lvt;

	/* the callback reads the vector afresh */
	if (!(changed & (LAPIC_TIMER_MODE | APIC_LVT_MASKED))) {
		WRITE_ONCE(lapic->reg[APIC_LVTT >> 4], lvt);
		return;
	}
	hrtimer_cancel(&lapic->timer);
	if (lvt_deadline(old) != lvt_deadline(lvt)) {
		/* into and out of this mode disarms the timer */
		lapic->reg[APIC_TMICT >> 4] = 0;
		lapic->timer_expiry = 0;
		lapic->tsc_deadline = 0;
	} else if ((changed & LAPIC_TIMER_MODE) && !tlfs_lapic_timer_count(vp)) {
		/* a one-shot that is over does not begin to repeat */
		lapic->timer_expiry = 0;
	}
	WRITE_ONCE(lapic->reg[APIC_LVTT >> 4], lvt);
	timer_arm(vp, false);
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

	if (!lvt_deadline(lvt))
		return;
	hrtimer_cancel(&lapic->timer);
	lapic->tsc_deadline = deadline;
	arm_deadline(vp, lvt, true);
}

void tlfs_lapic_timer_tsc_changed(struct tlfs_vp *vp)
{
	if (!READ_ONCE(vp->lapic.tsc_deadline))
		return;
	hrtimer_cancel(&vp->lapic.timer);
	timer_arm(vp, true);
}

void tlfs_lapic_timer_stop(struct tlfs_vp *vp)
{
	struct tlfs_lapic *lapic = &vp->lapic;

	hrtimer_cancel(&lapic->timer);
	lapic->timer_expiry = 0;
	lapic->tsc_deadline = 0;
}

void tlfs_lapic_timer_create(struct tlfs_vp *vp)
{
	hrtimer_setup(&vp->lapic.timer, timer_expired, CLOCK_MONOTONIC,
		      HRTIMER_MODE_ABS_PINNED_HARD);
}
