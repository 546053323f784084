// SPDX-License-Identifier: GPL-2.0-only
/*
 * stimer.c - synthetic timers (TLFS 15.3)
 *
 * A timer is config, count, and the reference time it is to be looked at; a host timer makes that
 * happen.  Nobody waits for a callback while holding synic.lock: it may run once too often and
 * finds out, under the lock, that there is nothing to do.
 */
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>

#include "tlfs.h"

#define UNITS_PER_MS		(HV_REFERENCE_TIME_HZ / MSEC_PER_SEC)

/*
 * What bounds the host's work: a timer signals at most every STIMER_MIN_UNITS, whatever its period.
 * While the guest does not take the last signal (slot full, vector still in the IRR) a periodic
 * timer stands still and tries again ever more slowly.
 */
#define STIMER_MIN_UNITS	(UNITS_PER_MS / 10)
#define STIMER_RETRY_MIN	UNITS_PER_MS
#define STIMER_RETRY_MAX	(100 * UNITS_PER_MS)
/* further behind than this many periods a timer does not catch up but skips (15.1.4) */
#define STIMER_CATCH_UP		16
/* the host timer is set at most this far ahead: nothing overflows, it comes back and looks */
#define STIMER_AHEAD_MAX	(86400 * HV_REFERENCE_TIME_HZ)

static u64 add_units(u64 a, u64 b)
{
	return a + b < a ? U64_MAX : a + b;
}

static u8 stimer_vector(const struct tlfs_stimer *t)
{
	return (t->config & HV_STIMER_APIC_VECTOR_MASK) >> HV_STIMER_APIC_VECTOR_SHIFT;
}

static unsigned int stimer_sint(const struct tlfs_stimer *t)
{
	return (t->config & HV_STIMER_SINTX_MASK) >> HV_STIMER_SINTX_SHIFT;
}

static bool stimer_waits(const struct tlfs_stimer *t)
{
	return t->queued.vp;
}

static void stimer_set_waiting(struct tlfs_stimer *t, bool waiting)
{
	if (waiting && !stimer_waits(t))
		tlfs_queue_add(t->vp, stimer_sint(t), &t->queued);
	else if (!waiting && stimer_waits(t))
		tlfs_queue_del(&t->queued);
}

/* let the callback look at the timer when it is @wake.  While time stands, thaw does this */
static void stimer_arm(struct tlfs_stimer *t, u64 now, u64 wake)
{
	u64 ahead = wake > now ? min_t(u64, wake - now, STIMER_AHEAD_MAX) : 0;

	t->wake = wake;
	t->armed = true;
	/*
	 * On this CPU, where the VP runs or ran: the interrupt is its exit.  If the callback runs
	 * just now it waits for our lock and then leaves the timer as it is.
	 */
	if (!tlfs_ref_stands(&t->vp->pt->time))
		hrtimer_start(&t->timer, ktime_add_ns(ktime_get(), ahead * TLFS_UNIT_NS),
			      HRTIMER_MODE_ABS_PINNED_HARD);
}

/* The callback may be waiting for our lock: it will find the timer unarmed */
static void stimer_disarm(struct tlfs_stimer *t)
{
	if (!t->armed)
		return;
	t->armed = false;
	hrtimer_try_to_cancel(&t->timer);
}

/*
 * Tell the guest about the expiration at @t->expiry.  INSUFFICIENT_BUFFERS: to be tried again;
 * INVALID_SYNIC_STATE: when the guest enables its SynIC.
 */
static u16 stimer_signal(struct tlfs_stimer *t, u64 now)
{
	struct hv_message_header hdr = {
		.message_type = HVMSG_TIMER_EXPIRED,
		.payload_size = sizeof(struct hv_timer_message_payload),
	};
	const struct hv_timer_message_payload payload = {
		.timer_index = t->index,
		.expiration_time = t->expiry,
		.delivery_time = now,
	};
	u16 status;

	if (t->config & HV_STIMER_DIRECT) {
		/* has the guest not even taken the last one, or does its APIC take none at all? */
		if ((t->config & HV_STIMER_PERIODIC) &&
		    (!READ_ONCE(t->vp->lapic.enabled) ||
		     test_bit(stimer_vector(t), t->vp->lapic.irr)))
			return HV_STATUS_INSUFFICIENT_BUFFERS;
		tlfs_lapic_set_irr(t->vp, stimer_vector(t), false);
		return HV_STATUS_SUCCESS;
	}

	stimer_set_waiting(t, true);
	if (!tlfs_synic_takes_messages(&t->vp->synic))
		return HV_STATUS_INVALID_SYNIC_STATE;
	/* behind those that wait already, which a new message gives another try (14.2.4) */
	if (!tlfs_queue_is_first(&t->queued)) {
		tlfs_queue_try(t->vp, stimer_sint(t));
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	}
	status = tlfs_synic_deliver(t->vp, stimer_sint(t), &hdr, &payload, &t->queued);
	if (status == HV_STATUS_SUCCESS)
		stimer_set_waiting(t, false);
	return status;
}

/* first expiration of the schedule that lies ahead */
static u64 stimer_skip(const struct tlfs_stimer *t, u64 now)
{
	u64 behind = now - t->expiry;

	return add_units(t->expiry + behind / t->count * t->count, t->count);
}

/*
 * A periodic timer has signalled: when next?  One that is late shortens its periods until it has
 * caught up, or skips what it missed if that is too much, or if it is lazy (15.1.4).
 */
static void stimer_next(struct tlfs_stimer *t, u64 now)
{
	u64 next = add_units(t->expiry, t->count);
	u64 wake = next;

	if (next <= now) {
		if ((t->config & HV_STIMER_LAZY) || (now - next) / t->count >= STIMER_CATCH_UP) {
			next = stimer_skip(t, now);
			wake = next;
		} else {
			wake = now + t->count / 2;
		}
	}
	t->expiry = next;
	stimer_arm(t, now, max(wake, add_units(now, STIMER_MIN_UNITS)));
}

/* a lazy timer's late signal is dropped when the next one is near */
static bool stimer_drop_late(const struct tlfs_stimer *t, u64 now)
{
	if (!(t->config & HV_STIMER_LAZY) || now - t->expiry < t->count / 2)
		return false;
	return stimer_skip(t, now) - now <= t->count / 8;
}

/* @t->expiry has come: signal, or try again to */
static void stimer_fire(struct tlfs_stimer *t, u64 now)
{
	bool periodic = t->config & HV_STIMER_PERIODIC;

	if (periodic)
		t->expiry = min(t->expiry, now);	/* reference time was set back meanwhile */
	else
		t->config &= ~HV_STIMER_ENABLE;

	if (periodic && stimer_drop_late(t, now)) {
		stimer_set_waiting(t, false);
	} else {
		u16 status = stimer_signal(t, now);

		if (status == HV_STATUS_INVALID_SYNIC_STATE) {
			t->armed = false;
			return;
		}
		if (status != HV_STATUS_SUCCESS) {
			t->retry = clamp_t(u32, t->retry * 2, STIMER_RETRY_MIN, STIMER_RETRY_MAX);
			stimer_arm(t, now, add_units(now, t->retry));
			return;
		}
	}

	t->retry = 0;
	if (periodic)
		stimer_next(t, now);
	else
		t->armed = false;
}

static enum hrtimer_restart stimer_callback(struct hrtimer *timer)
{
	struct tlfs_stimer *t = container_of(timer, struct tlfs_stimer, timer);
	struct tlfs_synic *synic = &t->vp->synic;
	unsigned long flags;

	raw_spin_lock_irqsave(&synic->lock, flags);
	if (t->armed && !tlfs_ref_stands(&t->vp->pt->time)) {
		u64 now = tlfs_ref_time(t->vp->pt);

		/* never early: host clock and TSC drift, and the timer may have been set anew */
		if (now >= t->wake)
			stimer_fire(t, now);
		else
			stimer_arm(t, now, t->wake);
	}
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	/* stimer_arm() has queued it again if need be, this call or another one's */
	return HRTIMER_NORESTART;
}

/* its message is the first in the queue */
void tlfs_stimer_retry(struct tlfs_queued *q)
{
	struct tlfs_stimer *t = container_of(q, struct tlfs_stimer, queued);

	lockdep_assert_held(&t->vp->synic.lock);
	stimer_fire(t, tlfs_ref_time(t->vp->pt));
}

/* what an earlier setting of the timer has not delivered yet is void */
static void stimer_forget(struct tlfs_stimer *t)
{
	stimer_set_waiting(t, false);
	t->retry = 0;
}

/* config or count has been written */
static void stimer_start(struct tlfs_stimer *t)
{
	u64 now;

	stimer_forget(t);
	if (!(t->config & HV_STIMER_ENABLE) || !t->count) {
		stimer_disarm(t);
		return;
	}

	now = tlfs_ref_time(t->vp->pt);
	if (t->config & HV_STIMER_PERIODIC) {
		t->expiry = add_units(now, t->count);
		stimer_arm(t, now, max(t->expiry, add_units(now, STIMER_MIN_UNITS)));
	} else {
		t->expiry = t->count;
		if (now < t->expiry)
			stimer_arm(t, now, t->expiry);
		else
			stimer_fire(t, now);
	}
}

/* Bits this VP may set; the direct mode bits are reserved without that feature */
static u64 stimer_config_valid(const struct tlfs_vp *vp)
{
	u64 valid = ~HV_STIMER_RESERVED_MASK;

	if (!(vp->pt->synthetic_features & HV_SYNTHETIC_FEATURE_DIRECT_SYNTHETIC_TIMERS))
		valid &= ~(HV_STIMER_DIRECT | HV_STIMER_APIC_VECTOR_MASK);
	return valid;
}

/* can it signal at all?  A timer that cannot is never enabled (15.3.1) */
static bool stimer_has_target(u64 config)
{
	if (config & HV_STIMER_DIRECT)
		return (config & HV_STIMER_APIC_VECTOR_MASK) >> HV_STIMER_APIC_VECTOR_SHIFT >=
		       HV_SYNIC_SINT_MIN_VECTOR;
	return config & HV_STIMER_SINTX_MASK;
}

int tlfs_stimer_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	unsigned int nr = msr - HV_X64_MSR_STIMER0_CONFIG;
	struct tlfs_stimer *t;

	if (nr >= 2 * TLFS_STIMERS)
		return TLFS_GP;
	t = &vp->synic.timer[array_index_nospec(nr / 2, TLFS_STIMERS)];
	/* expiry clears the enable bit from elsewhere */
	*val = nr & 1 ? READ_ONCE(t->count) : READ_ONCE(t->config);
	return TLFS_RESUME;
}

/* No error is defined for reserved bits of the configuration: they stay zero */
int tlfs_stimer_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	unsigned int nr = msr - HV_X64_MSR_STIMER0_CONFIG;
	struct tlfs_synic *synic = &vp->synic;
	struct tlfs_stimer *t;
	unsigned long flags;

	if (nr >= 2 * TLFS_STIMERS)
		return TLFS_GP;
	t = &synic->timer[array_index_nospec(nr / 2, TLFS_STIMERS)];

	raw_spin_lock_irqsave(&synic->lock, flags);
	if (nr & 1) {
		t->count = val;
		if (!val)
			t->config &= ~HV_STIMER_ENABLE;
		else if ((t->config & HV_STIMER_AUTOENABLE) && stimer_has_target(t->config))
			t->config |= HV_STIMER_ENABLE;
	} else {
		t->config = val & stimer_config_valid(vp);
		if (!stimer_has_target(t->config))
			t->config &= ~HV_STIMER_ENABLE;
	}
	stimer_start(t);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return TLFS_RESUME;
}

void tlfs_stimers_create(struct tlfs_vp *vp)
{
	unsigned int i;

	for (i = 0; i < TLFS_STIMERS; i++) {
		struct tlfs_stimer *t = &vp->synic.timer[i];

		t->vp = vp;
		t->index = i;
		t->queued.timer = true;
		hrtimer_setup(&t->timer, stimer_callback, CLOCK_MONOTONIC,
			      HRTIMER_MODE_ABS_PINNED_HARD);
	}
}

/* A callback that runs now could queue its timer again, were it still armed */
void tlfs_stimers_destroy(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&synic->lock, flags);
	tlfs_stimers_reset(vp);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	for (i = 0; i < TLFS_STIMERS; i++)
		hrtimer_cancel(&synic->timer[i].timer);
}

void tlfs_stimers_reset(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned int i;

	lockdep_assert_held(&synic->lock);
	for (i = 0; i < TLFS_STIMERS; i++) {
		struct tlfs_stimer *t = &synic->timer[i];

		stimer_disarm(t);
		stimer_forget(t);
		t->config = 0;
		t->count = 0;
	}
}

/* ---- synthetic timers when time stops, goes on or is set ---- */

void tlfs_stimers_pause(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&synic->lock, flags);
	for (i = 0; i < TLFS_STIMERS; i++)
		hrtimer_try_to_cancel(&synic->timer[i].timer);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
}

void tlfs_stimers_resume(struct tlfs_vp *vp)
{
	u64 now = tlfs_ref_time(vp->pt);

	tlfs_stimers_jump(vp, now, now);
}

/* One-shot timers expire at an absolute time; a period, or the wait for a retry, just goes on */
void tlfs_stimers_jump(struct tlfs_vp *vp, u64 from, u64 to)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&synic->lock, flags);
	for (i = 0; i < TLFS_STIMERS; i++) {
		struct tlfs_stimer *t = &synic->timer[i];
		u64 wake = t->wake;

		if (!t->armed)
			continue;
		if (t->config & HV_STIMER_PERIODIC || stimer_waits(t))
			wake = add_units(to, wake > from ? wake - from : 0);
		if (t->config & HV_STIMER_PERIODIC)
			t->expiry = t->expiry > from ? add_units(to, t->expiry - from) :
						       to - min(to, from - t->expiry);
		stimer_arm(t, to, wake);
	}
	raw_spin_unlock_irqrestore(&synic->lock, flags);
}

/* ---- saved state ---- */

void tlfs_stimers_get_state(struct tlfs_vp *vp, struct hv_synthetic_timers_state *s)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	unsigned int i;
	u64 now;

	memset(s, 0, sizeof(*s));
	raw_spin_lock_irqsave(&synic->lock, flags);
	now = tlfs_ref_time(vp->pt);
	for (i = 0; i < TLFS_STIMERS; i++) {
		const struct tlfs_stimer *t = &synic->timer[i];
		struct hv_stimer_state *st = &s->timers[i];

		st->config = t->config;
		st->count = t->count;
		if (stimer_waits(t)) {
			st->flags = HV_STIMER_STATE_UNDELIVERED_MESSAGE_PENDING;
			st->undelivered_expiration_time = t->expiry;
		} else if (t->armed && (t->config & HV_STIMER_PERIODIC) && t->expiry > now) {
			st->adjustment = t->expiry - now;
		}
	}
	raw_spin_unlock_irqrestore(&synic->lock, flags);
}

static bool stimer_state_valid(const struct tlfs_vp *vp, const struct hv_stimer_state *st)
{
	bool waiting = st->flags & HV_STIMER_STATE_UNDELIVERED_MESSAGE_PENDING;
	bool enabled = st->config & HV_STIMER_ENABLE;

	if (st->flags & ~HV_STIMER_STATE_UNDELIVERED_MESSAGE_PENDING || st->reserved ||
	    st->config & ~stimer_config_valid(vp))
		return false;
	if ((enabled || waiting) && !stimer_has_target(st->config))
		return false;
	/* a one-shot that waits has expired; a direct timer has no message */
	return !waiting || (!(st->config & HV_STIMER_DIRECT) && st->count &&
			    enabled == !!(st->config & HV_STIMER_PERIODIC));
}

/* Expirations come from the host timer, so that those of a frozen partition come at thaw */
static void stimer_load(struct tlfs_stimer *t, const struct hv_stimer_state *st, u64 now)
{
	bool enabled = st->config & HV_STIMER_ENABLE;

	stimer_disarm(t);
	stimer_forget(t);
	t->config = st->config;
	t->count = st->count;

	if (st->flags & HV_STIMER_STATE_UNDELIVERED_MESSAGE_PENDING) {
		t->expiry = min(st->undelivered_expiration_time, now);
		stimer_set_waiting(t, true);
		stimer_arm(t, now, add_units(now, STIMER_RETRY_MIN));
	} else if (enabled && t->count && st->config & HV_STIMER_PERIODIC) {
		u64 left = st->adjustment && st->adjustment < t->count ? st->adjustment : t->count;

		t->expiry = add_units(now, left);
		stimer_arm(t, now, max(t->expiry, add_units(now, STIMER_MIN_UNITS)));
	} else if (enabled && t->count) {
		t->expiry = t->count;
		stimer_arm(t, now, t->expiry);
	}
}

int tlfs_stimers_set_state(struct tlfs_vp *vp, const struct hv_synthetic_timers_state *s)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	unsigned int i;
	u64 now;

	for (i = 0; i < ARRAY_SIZE(s->reserved); i++)
		if (s->reserved[i])
			return -EINVAL;
	for (i = 0; i < TLFS_STIMERS; i++)
		if (!stimer_state_valid(vp, &s->timers[i]))
			return -EINVAL;

	raw_spin_lock_irqsave(&synic->lock, flags);
	now = tlfs_ref_time(vp->pt);
	for (i = 0; i < TLFS_STIMERS; i++)
		stimer_load(&synic->timer[i], &s->timers[i], now);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return 0;
}
