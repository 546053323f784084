// SPDX-License-Identifier: GPL-2.0-only
/*
 * timer.c - partition reference time and guest TSC (TLFS 15.1.2, 15.2, 15.4)
 *
 * Reference time is a function of the guest's TSC, with one TSC offset for all VPs: the value of
 * the reference counter and what a guest computes from the reference TSC page are the same number.
 * On a host whose TSC is no clock it comes from the host's monotonic clock, and the page says so.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/timekeeping.h>

#include <asm/tsc.h>

#include "tlfs.h"
#include "hv/timers.h"

/* ---- clocks ---- */

static u64 tsc_to_ref(const struct tlfs_time *time, u64 tsc)
{
	return mul_u64_u64_shr(tsc, time->tsc_scale, 64) + time->tsc_offset;
}

static u64 host_units(void)
{
	return div_u64(ktime_get_ns(), TLFS_UNIT_NS);
}

/* under seq or lock */
static u64 time_tsc(const struct tlfs_time *time)
{
	return time->stopped ? time->frozen_tsc : rdtsc_ordered() + time->guest_tsc_offset;
}

static u64 time_ref(const struct tlfs_time *time)
{
	if (tlfs_ref_stands(time))
		return time->frozen_at;
	if (likely(time->tsc_scale))
		return tsc_to_ref(time, time_tsc(time));
	return host_units() + time->tsc_offset;
}

u64 tlfs_ref_time(struct tlfs_partition *pt)
{
	struct tlfs_time *time = &pt->time;
	unsigned int seq;
	u64 now;

	do {
		seq = read_seqcount_begin(&time->seq);
		now = time_ref(time);
	} while (read_seqcount_retry(&time->seq, seq));
	return now;
}

u64 tlfs_guest_tsc(struct tlfs_partition *pt)
{
	struct tlfs_time *time = &pt->time;
	unsigned int seq;
	u64 tsc;

	do {
		seq = read_seqcount_begin(&time->seq);
		tsc = time_tsc(time);
	} while (read_seqcount_retry(&time->seq, seq));
	return tsc;
}

u64 tlfs_time_ns(struct tlfs_partition *pt)
{
	struct tlfs_time *time = &pt->time;
	unsigned int seq;
	u64 now;

	do {
		seq = read_seqcount_begin(&time->seq);
		now = time->stopped ? time->frozen_ns : ktime_get_ns() - time->ns_offset;
	} while (read_seqcount_retry(&time->seq, seq));
	return now;
}

u64 tlfs_tsc_hz(struct tlfs_partition *pt)
{
	return pt->time.tsc_khz * 1000ULL;
}

/*
 * The counter a guest reads never shows one value twice (15.1.2).  A unit passes within a few
 * turns; the limit is for a clock that is not as fine as that.
 */
#define REF_COUNT_TRIES	256

static u64 ref_count_read(struct tlfs_partition *pt)
{
	struct tlfs_time *time = &pt->time;
	s64 last = atomic64_read(&time->last_read);
	unsigned int tries = 0;

	for (;;) {
		u64 now = tlfs_ref_time(pt);

		if (unlikely(now <= (u64)last)) {
			if (tlfs_ref_stands(time) || ++tries > REF_COUNT_TRIES)
				return now;
			cpu_relax();
			last = atomic64_read(&time->last_read);
			continue;
		}
		if (atomic64_try_cmpxchg(&time->last_read, &last, now))
			return now;
	}
}

/* ---- reference TSC page (15.4) ---- */

/*
 * While offsets change the page is invalid (sequence 0) and the guest reads the counter instead;
 * it becomes valid again when no VP runs with the old TSC offset.  Changes may overlap: the last to
 * finish publishes.  Both under time->lock.
 */
static void tsc_page_begin(struct tlfs_time *time)
{
	struct hv_reference_tsc_page *page = time->tsc_page.va;

	lockdep_assert_held(&time->lock);
	time->tsc_page_updates++;
	WRITE_ONCE(page->tsc_sequence, HV_REFERENCE_TSC_SEQUENCE_INVALID);
	smp_wmb();	/* invalid before anything changes */
}

static void tsc_page_end(struct tlfs_time *time)
{
	struct hv_reference_tsc_page *page = time->tsc_page.va;

	lockdep_assert_held(&time->lock);
	if (--time->tsc_page_updates || !time->tsc_scale)
		return;

	/* 1 to 0xfffffffe (15.4.3.2) */
	if (++time->tsc_page_sequence >= U32_MAX)
		time->tsc_page_sequence = 1;
	WRITE_ONCE(page->tsc_scale, time->tsc_scale);
	WRITE_ONCE(page->tsc_offset, time->tsc_offset);
	/* valid after everything has changed */
	smp_store_release(&page->tsc_sequence, time->tsc_page_sequence);
}

/* The page is the hypervisor's: read only.  Beyond the GPA space it is just not accessible */
static void tsc_page_wrmsr(struct tlfs_partition *pt, u64 val)
{
	struct tlfs_overlay *ov = &pt->time.tsc_page;

	spin_lock(&pt->msr_lock);
	if (!(val & HV_X64_MSR_REFERENCE_TSC_ENABLE) ||
	    tlfs_overlay_map(pt, ov, val >> HV_X64_MSR_REFERENCE_TSC_PFN_SHIFT, false, false))
		tlfs_overlay_unmap(pt, ov);
	WRITE_ONCE(pt->time.tsc_page_msr, val);
	spin_unlock(&pt->msr_lock);
}

/* ---- setting the clocks ---- */

/* let reference time be @ref when the guest's TSC is @tsc; write side of seq */
static void time_set_ref(struct tlfs_time *time, u64 tsc, u64 ref)
{
	if (tlfs_ref_stands(time))
		time->frozen_at = ref;
	if (time->tsc_scale)
		time->tsc_offset = ref - mul_u64_u64_shr(tsc, time->tsc_scale, 64);
	else
		time->tsc_offset = ref - host_units();
}

void tlfs_set_ref_time(struct tlfs_partition *pt, u64 now)
{
	struct tlfs_time *time = &pt->time;
	struct tlfs_vp *vp;
	unsigned long flags;
	unsigned int i;
	u64 tsc, old;

	/* nobody makes it stand or go on before the timers have followed */
	raw_spin_lock(&time->stand_lock);
	raw_spin_lock_irqsave(&time->lock, flags);
	tsc_page_begin(time);
	write_seqcount_begin(&time->seq);
	old = time_ref(time);
	tsc = time_tsc(time);
	time_set_ref(time, tsc, now);
	write_seqcount_end(&time->seq);
	atomic64_set(&time->last_read, 0);
	tsc_page_end(time);
	raw_spin_unlock_irqrestore(&time->lock, flags);

	tlfs_eventlog(HV_EVENTLOG_GROUP_PARTITION_MANAGER, HV_TR_PT_REFERENCE_TIME,
		      READ_ONCE(time->guest_tsc_offset), now - old);
	tlfs_for_each_vp(vp, pt, i)
		tlfs_stimers_jump(vp, old, now);
	raw_spin_unlock(&time->stand_lock);
}

/*
 * Is a guest TSC of @val for @vp only an echo?  A VMM that saves and restores registers writes each
 * VP's TSC with values some milliseconds old, and at reset the same value to one VP after the
 * other.  Following each of them would turn back the clock of all.
 */
static bool tsc_is_echo(const struct tlfs_time *time, const struct tlfs_vp *vp, u64 now, u64 val)
{
	if (val <= now && now - val < time->tsc_khz * 1000ULL)
		return true;
	return val == time->tsc_written && !bitmap_empty(time->tsc_writers, TLFS_MAX_VPS) &&
	       !test_bit(vp->index, time->tsc_writers);
}

void tlfs_set_guest_tsc(struct tlfs_vp *vp, u64 val)
{
	struct tlfs_partition *pt = vp->pt;
	struct tlfs_time *time = &pt->time;
	struct tlfs_vp *other;
	unsigned long flags;
	unsigned int i;
	u64 tsc, ref;

	raw_spin_lock_irqsave(&time->lock, flags);
	tsc = time_tsc(time);
	if (tsc_is_echo(time, vp, tsc, val)) {
		if (val == time->tsc_written)
			__set_bit(vp->index, time->tsc_writers);
		raw_spin_unlock_irqrestore(&time->lock, flags);
		return;
	}

	time->tsc_written = val;
	bitmap_zero(time->tsc_writers, TLFS_MAX_VPS);
	__set_bit(vp->index, time->tsc_writers);

	/* reference time goes on as before */
	tsc_page_begin(time);
	write_seqcount_begin(&time->seq);
	ref = tlfs_ref_stands(time) ? time->frozen_at :
	      time->tsc_scale ? tsc_to_ref(time, tsc) : host_units() + time->tsc_offset;
	if (time->stopped)
		time->frozen_tsc = val;
	time->guest_tsc_offset += val - tsc;
	time_set_ref(time, val, ref);
	write_seqcount_end(&time->seq);
	raw_spin_unlock_irqrestore(&time->lock, flags);

	tlfs_vps_request(pt, NULL, TLFS_REQ_TSC_OFFSET, true);

	raw_spin_lock_irqsave(&time->lock, flags);
	tsc_page_end(time);
	raw_spin_unlock_irqrestore(&time->lock, flags);

	/* a TSC deadline is now another moment, for those that sleep as well */
	tlfs_for_each_vp(other, pt, i)
		tlfs_lapic_timer_resume(other);
}

/* saved state: both clocks at one moment, and the sequence that follows of the TSC page */
void tlfs_time_get_state(struct tlfs_partition *pt, u64 *ref, u64 *tsc, u32 *sequence)
{
	struct tlfs_time *time = &pt->time;
	unsigned long flags;

	raw_spin_lock_irqsave(&time->lock, flags);
	*tsc = time_tsc(time);
	if (!tlfs_ref_stands(time) && time->tsc_scale)
		*ref = tsc_to_ref(time, *tsc);
	else
		*ref = time_ref(time);
	*sequence = time->tsc_page_sequence;
	raw_spin_unlock_irqrestore(&time->lock, flags);
}

/* Both clocks stand, or go on from where they stood */
static void time_stop_clock(struct tlfs_time *time)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&time->lock, flags);
	if (!time->stopped) {
		write_seqcount_begin(&time->seq);
		time->frozen_tsc = time_tsc(time);
		if (!time->suspended)
			time->frozen_at = time->tsc_scale ? tsc_to_ref(time, time->frozen_tsc) :
							    time_ref(time);
		time->frozen_ns = ktime_get_ns() - time->ns_offset;
		time->stopped = true;
		write_seqcount_end(&time->seq);
	}
	raw_spin_unlock_irqrestore(&time->lock, flags);
}

static void time_start_clock(struct tlfs_time *time)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&time->lock, flags);
	write_seqcount_begin(&time->seq);
	time->guest_tsc_offset = time->frozen_tsc - rdtsc_ordered();
	if (!time->tsc_scale)
		time->tsc_offset = time->frozen_at - host_units();
	time->ns_offset = ktime_get_ns() - time->frozen_ns;
	time->stopped = false;
	write_seqcount_end(&time->seq);
	raw_spin_unlock_irqrestore(&time->lock, flags);
}

/*
 * TIME_FREEZE: the clocks stop when the last VP has left the guest, so that no guest has seen a TSC
 * beyond the one it finds at thaw.  These two under time->stand_lock, which interrupts do not take:
 * IPIs come through.
 */
static void time_freeze(struct tlfs_partition *pt)
{
	struct tlfs_vp *vp;
	unsigned int i;

	WRITE_ONCE(pt->time.frozen, true);
	tlfs_vps_request(pt, NULL, TLFS_REQ_STOP, true);
	time_stop_clock(&pt->time);
	tlfs_for_each_vp(vp, pt, i) {
		tlfs_stimers_pause(vp);
		tlfs_lapic_timer_pause(vp);
	}
}

static void time_thaw(struct tlfs_partition *pt)
{
	struct tlfs_vp *vp;
	unsigned int i;

	time_start_clock(&pt->time);
	/* the new offset is asked for before anybody may run */
	tlfs_vps_request(pt, NULL, TLFS_REQ_TSC_OFFSET, false);
	tlfs_for_each_vp(vp, pt, i) {
		if (!pt->time.suspended)
			tlfs_stimers_resume(vp);
		tlfs_lapic_timer_resume(vp);
	}
	tlfs_assist_resume(pt);

	WRITE_ONCE(pt->time.frozen, false);
	tlfs_vps_request(pt, NULL, TLFS_REQ_STOP, false);
}

void tlfs_time_freeze(struct tlfs_partition *pt, bool freeze)
{
	raw_spin_lock(&pt->time.stand_lock);
	if (freeze && !pt->time.frozen)
		time_freeze(pt);
	else if (!freeze && pt->time.frozen)
		time_thaw(pt);
	raw_spin_unlock(&pt->time.stand_lock);
}

/*
 * Reference time stands from when the last of the VPs is explicitly suspended until one is not
 * (15.1.2).  The TSC goes on (11.7), so that the reference TSC page is another one afterwards.
 * As above the last VP has left the guest, and these two are under time->stand_lock.
 */
static void ref_suspend(struct tlfs_partition *pt)
{
	struct tlfs_time *time = &pt->time;
	struct tlfs_vp *vp;
	unsigned long flags;
	unsigned int i;

	tlfs_vps_request(pt, NULL, TLFS_REQ_STOP, true);
	raw_spin_lock_irqsave(&time->lock, flags);
	write_seqcount_begin(&time->seq);
	time->frozen_at = time_ref(time);
	time->suspended = true;
	write_seqcount_end(&time->seq);
	raw_spin_unlock_irqrestore(&time->lock, flags);
	tlfs_for_each_vp(vp, pt, i)
		tlfs_stimers_pause(vp);
}

static void ref_resume(struct tlfs_partition *pt)
{
	struct tlfs_time *time = &pt->time;
	struct tlfs_vp *vp;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&time->lock, flags);
	tsc_page_begin(time);
	write_seqcount_begin(&time->seq);
	time_set_ref(time, time_tsc(time), time->frozen_at);
	time->suspended = false;
	write_seqcount_end(&time->seq);
	tsc_page_end(time);
	raw_spin_unlock_irqrestore(&time->lock, flags);
	if (time->frozen)
		return;
	tlfs_for_each_vp(vp, pt, i)
		tlfs_stimers_resume(vp);
}

static bool all_suspended(struct tlfs_partition *pt)
{
	struct tlfs_vp *vp;
	unsigned int i;

	tlfs_for_each_vp(vp, pt, i)
		if (!READ_ONCE(vp->explicit_suspend))
			return false;
	return true;
}

/* under stand_lock */
static void ref_check(struct tlfs_partition *pt)
{
	if (!pt->time.suspended && all_suspended(pt))
		ref_suspend(pt);
}

void tlfs_vp_suspend(struct tlfs_vp *vp, bool suspend)
{
	struct tlfs_partition *pt = vp->pt;

	raw_spin_lock(&pt->time.stand_lock);
	/* one that was deleted meanwhile does not count any more */
	if (!suspend && pt->time.suspended && !READ_ONCE(vp->deleted))
		ref_resume(pt);
	WRITE_ONCE(vp->explicit_suspend, suspend);
	if (suspend)
		ref_check(pt);
	raw_spin_unlock(&pt->time.stand_lock);
}

/*
 * No VP runs, and timers are loaded afterwards.  The clocks go on from the values given, at this
 * host's rate: a guest finds another sequence, and with it the scale (15.4.3.1).
 */
void tlfs_time_set_state(struct tlfs_partition *pt, u64 ref, u64 tsc, u32 sequence)
{
	struct tlfs_time *time = &pt->time;
	unsigned long flags;

	/* all VPs are explicitly suspended, unless somebody runs one at this very moment */
	raw_spin_lock(&time->stand_lock);
	ref_check(pt);
	raw_spin_unlock(&time->stand_lock);

	raw_spin_lock_irqsave(&time->lock, flags);
	tsc_page_begin(time);
	write_seqcount_begin(&time->seq);
	if (time->stopped)
		time->frozen_tsc = tsc;
	time->guest_tsc_offset = tsc - rdtsc_ordered();
	time_set_ref(time, tsc, ref);
	write_seqcount_end(&time->seq);
	atomic64_set(&time->last_read, 0);
	time->tsc_written = 0;
	bitmap_zero(time->tsc_writers, TLFS_MAX_VPS);
	time->tsc_page_sequence = sequence;
	tsc_page_end(time);
	raw_spin_unlock_irqrestore(&time->lock, flags);
	tlfs_vps_request(pt, NULL, TLFS_REQ_TSC_OFFSET, false);
}

/*
 * The host's TSC may start anew when the host sleeps.  Host timers wait meanwhile, and so do the
 * synthetic timers behind them.
 */
void tlfs_time_suspend(struct tlfs_partition *pt)
{
	time_stop_clock(&pt->time);
}

void tlfs_time_resume(struct tlfs_partition *pt)
{
	struct tlfs_vp *vp;
	unsigned int i;

	if (READ_ONCE(pt->time.frozen))
		return;
	time_start_clock(&pt->time);
	/* no kick: nobody runs yet */
	tlfs_for_each_vp(vp, pt, i)
		set_bit(TLFS_REQ_TSC_OFFSET, &vp->requests);
}

int tlfs_time_init(struct tlfs_partition *pt)
{
	struct tlfs_time *time = &pt->time;
	int err;

	raw_spin_lock_init(&time->stand_lock);
	raw_spin_lock_init(&time->lock);
	seqcount_raw_spinlock_init(&time->seq, &time->lock);
	atomic64_set(&time->last_read, 0);
	err = tlfs_overlay_alloc(&time->tsc_page);
	if (err)
		return err;

	time->tsc_khz = tsc_khz;
	/* 10^7 * 2^64 / Hz; a TSC of 10 MHz or less has no scale below 1 */
	if (!check_tsc_unstable() && time->tsc_khz > HV_REFERENCE_TIME_HZ / 1000)
		time->tsc_scale = mul_u64_u64_div_u64(2 * HV_REFERENCE_TIME_HZ / 1000, BIT_ULL(63),
						      time->tsc_khz);
	else
		time->tsc_offset = -host_units();
	time->guest_tsc_offset = -rdtsc_ordered();
	time->ns_offset = ktime_get_ns();

	raw_spin_lock_irq(&time->lock);
	tsc_page_begin(time);
	tsc_page_end(time);
	raw_spin_unlock_irq(&time->lock);
	return 0;
}

void tlfs_time_destroy(struct tlfs_partition *pt)
{
	tlfs_overlay_free(pt, &pt->time.tsc_page);
}

/* ---- partition-wide MSRs of time ---- */

int tlfs_time_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	struct tlfs_partition *pt = vp->pt;

	switch (msr) {
	case HV_X64_MSR_TIME_REF_COUNT:
		*val = ref_count_read(pt);
		return TLFS_RESUME;
	case HV_X64_MSR_REFERENCE_TSC:
		*val = READ_ONCE(pt->time.tsc_page_msr);
		return TLFS_RESUME;
	case HV_X64_MSR_TSC_FREQUENCY:
		*val = tlfs_tsc_hz(pt);
		return TLFS_RESUME;
	case HV_X64_MSR_APIC_FREQUENCY:
		*val = TLFS_APIC_FREQUENCY_HZ;
		return TLFS_RESUME;
	case HV_X64_MSR_REENLIGHTENMENT_CONTROL:
		*val = READ_ONCE(pt->reenlightenment);
		return TLFS_RESUME;
	case HV_X64_MSR_TSC_EMULATION_CONTROL:
		*val = READ_ONCE(pt->tsc_emulation_control);
		return TLFS_RESUME;
	case HV_X64_MSR_TSC_EMULATION_STATUS:
		*val = READ_ONCE(pt->tsc_emulation_status);
		return TLFS_RESUME;
	case HV_X64_MSR_TSC_INVARIANT_CONTROL:
		*val = READ_ONCE(pt->tsc_invariant_control);
		return TLFS_RESUME;
	}
	return TLFS_GP;
}

#define REENLIGHTENMENT_VALID	(HV_REENLIGHTENMENT_VECTOR_MASK | HV_REENLIGHTENMENT_ENABLE | \
				 GENMASK_ULL(63, HV_REENLIGHTENMENT_TARGET_VP_SHIFT))

/*
 * No error is defined for the reserved zero bits of these registers: they stay zero.  A partition
 * keeps the TSC frequency it was created with, so TSC emulation is never in progress, and saying
 * that it is does not make it so.
 */
static int reenlightenment_wrmsr(struct tlfs_partition *pt, u32 msr, u64 val)
{
	int ret = TLFS_RESUME;

	spin_lock(&pt->msr_lock);
	switch (msr) {
	case HV_X64_MSR_REENLIGHTENMENT_CONTROL:
		if ((val & HV_REENLIGHTENMENT_ENABLE) &&
		    (val & HV_REENLIGHTENMENT_VECTOR_MASK) < HV_SYNIC_SINT_MIN_VECTOR)
			ret = TLFS_GP;
		else
			WRITE_ONCE(pt->reenlightenment, val & REENLIGHTENMENT_VALID);
		break;
	case HV_X64_MSR_TSC_EMULATION_CONTROL:
		WRITE_ONCE(pt->tsc_emulation_control, val & HV_TSC_EMULATION_ENABLE);
		break;
	case HV_X64_MSR_TSC_EMULATION_STATUS:
		WRITE_ONCE(pt->tsc_emulation_status, val & ~HV_TSC_EMULATION_IN_PROGRESS);
		break;
	}
	spin_unlock(&pt->msr_lock);
	return ret;
}

int tlfs_time_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	switch (msr) {
	case HV_X64_MSR_REFERENCE_TSC:
		tsc_page_wrmsr(vp->pt, val);
		return TLFS_RESUME;
	case HV_X64_MSR_REENLIGHTENMENT_CONTROL:
	case HV_X64_MSR_TSC_EMULATION_CONTROL:
	case HV_X64_MSR_TSC_EMULATION_STATUS:
		return reenlightenment_wrmsr(vp->pt, msr, val);
	case HV_X64_MSR_TSC_INVARIANT_CONTROL:
		/* CPUID looks at it */
		WRITE_ONCE(vp->pt->tsc_invariant_control, val & 1);
		return TLFS_RESUME;
	}
	return TLFS_GP;
}
