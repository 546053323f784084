/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * synic.h - synthetic interrupt controller (TLFS 14) and timers (TLFS 15)
 */
#ifndef TLFS_SYNIC_H
#define TLFS_SYNIC_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/seqlock.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include <uapi/hv/message.h>
#include <uapi/hv/msr.h>
#include <uapi/tlfs.h>

#include "../mem/mem.h"

struct hv_synthetic_timers_state;
struct tlfs_partition;
struct tlfs_vp;

#define TLFS_SINTS	16
#define TLFS_STIMERS	4
/* nanoseconds of a unit of reference time */
#define TLFS_UNIT_NS	(NSEC_PER_SEC / HV_REFERENCE_TIME_HZ)

/**
 * struct tlfs_queued - place of a message in the queue of a SINT (14.2.2)
 * @link:	in synic.queue[@sint]
 * @vp:		whose queue, NULL while it is in none; changed under that VP's synic.lock
 * @sint:	while it is queued
 * @timer:	of a synthetic timer, which makes up its message when the slot is free; else of a
 *		struct tlfs_message
 */
struct tlfs_queued {
	struct list_head link;
	struct tlfs_vp *vp;
	u8 sint;
	bool timer;
};

/**
 * struct tlfs_message - a message buffer (14.2.1)
 * @queued:	its place in a queue
 * @done:	it has left the queue: delivered, or lost with a reset of the VP; not when
 *		tlfs_messages_cancel() took it.  Under synic.lock
 * @owner:	of whoever sends, for @done
 * @msg:	the message
 *
 * Belongs to whoever sends; nobody else looks at it but while it is queued.
 */
struct tlfs_message {
	struct tlfs_queued queued;
	void (*done)(struct tlfs_message *m);
	void *owner;
	struct hv_message msg;
};

/**
 * struct tlfs_stimer - one synthetic timer (15.3); everything under synic.lock
 * @vp:		whose it is
 * @timer:	host timer behind it; may run once more after the timer was stopped, so its callback
 *		believes only @armed and @wake
 * @config, @count: the MSRs
 * @expiry:	partition reference time of the next expiration, or of the one that could not be
 *		delivered yet
 * @wake:	reference time @timer is set to: @expiry, or when to try again
 * @queued:	its message waits for the slot
 * @retry:	units between tries, 0 while the guest keeps up
 * @armed:	@wake means something
 * @index:	0-3
 */
struct tlfs_stimer {
	struct tlfs_vp *vp;
	struct hrtimer timer;
	u64 config;
	u64 count;
	u64 expiry;
	u64 wake;
	struct tlfs_queued queued;
	u32 retry;
	bool armed;
	u8 index;
};

/**
 * struct tlfs_synic - SynIC of one VP
 * @lock:	messages, flags, SINTs, timers; taken with interrupts off (hrtimer callbacks).
 *		Innermost: nothing but lapic set_irr, the kick and host timers under it
 * @control, @siefp_msr, @simp_msr, @sint: the MSRs; written by the VP's thread or under vp->lock
 * @simp, @siefp: overlay pages; contents are the hypervisor's memory, so that a message can be
 *		written from any context
 * @auto_eoi:	vectors some unmasked SINT has with auto-EOI: tlfs_lapic_accept() asks
 * @queue:	messages that wait for the slot of each SINT: struct tlfs_queued
 * @waiting:	SINTs whose @queue is not empty, and those in @notify, bit mask; read without @lock
 * @notify:	SINTs whose slot the parent waits for; bit mask
 * @deliverable: those it waited for, and is to be told of
 * @messages:	how many struct tlfs_message are queued
 * @retry:	looks at the slots while there are any, every @retry_ns
 */
struct tlfs_synic {
	raw_spinlock_t lock;
	u64 control;
	u64 siefp_msr;
	u64 simp_msr;
	u64 sint[TLFS_SINTS];
	struct tlfs_overlay simp;
	struct tlfs_overlay siefp;
	DECLARE_BITMAP(auto_eoi, 256);
	struct list_head queue[TLFS_SINTS];
	unsigned long waiting;
	u16 notify;
	u16 deliverable;
	unsigned int messages;
	struct hrtimer retry;
	u64 retry_ns;
	struct tlfs_stimer timer[TLFS_STIMERS];
};

/*
 * Destroy before the local APIC: a timer asserts its vector there.  Nobody may be able to find the
 * VP any more.
 */
int tlfs_synic_create(struct tlfs_vp *vp);
void tlfs_synic_destroy(struct tlfs_vp *vp);
/* VP thread or vp->lock held; preemption may be off, interrupts on.  Stops the timers too */
void tlfs_synic_reset(struct tlfs_vp *vp);

/* VP thread, from the MSR table: TLFS_RESUME or TLFS_GP.  Preemption may be off, interrupts on */
int tlfs_synic_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val);
int tlfs_synic_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val);
int tlfs_stimer_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val);
int tlfs_stimer_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val);

/*
 * Any context: write @msg into the slot of @sint and assert its vector.  Return HV_STATUS_*:
 * SUCCESS (also when the SINT is masked: then without interrupt), INSUFFICIENT_BUFFERS (slot busy;
 * its pending flag is set), INVALID_SYNIC_STATE (SynIC or SIM page disabled), INVALID_PARAMETER
 */
u16 tlfs_synic_post(struct tlfs_vp *vp, unsigned int sint, const struct hv_message *msg);
/*
 * Any context: set event flag @flag (0-2047) of @sint.  *newly: it was clear.  INVALID_SYNIC_STATE
 * if the SynIC or the SIEF page is disabled or the SINT masked
 */
u16 tlfs_synic_signal(struct tlfs_vp *vp, unsigned int sint, unsigned int flag, bool *newly);
/* any context: deliver what waits for a slot.  Of the EOM MSR, and of every EOI (14.2.4) */
void tlfs_synic_scan(struct tlfs_vp *vp);
/*
 * For deliverability.c, vp->lock held: TLFS_REQ_NOTIFY when a slot of @sints is free and nothing
 * else waits for it; which ones, bit mask, each once; which were asked for and not yet told
 */
void tlfs_synic_notify(struct tlfs_vp *vp, u16 sints);
u16 tlfs_synic_deliverable(struct tlfs_vp *vp);
u16 tlfs_synic_notifications(struct tlfs_vp *vp);

/*
 * Message buffers, for senders that must not lose a message: any context.
 *
 * tlfs_message_queue() appends @m, which is in no queue, to the queue of @sint of @vp and delivers
 * what can be.  SUCCESS; INVALID_SYNIC_STATE (SynIC or SIM page disabled); INVALID_PORT_ID: *@gone
 * is set.  @gone may be NULL.
 * _any: @preferred if it takes messages, or some other VP; INVALID_VP_INDEX: there is no VP.
 * tlfs_message_cancel() takes @m out of the queue it is in: true, and it is the caller's again.
 * For a sender that is its only one; the VP's memory outlasts an RCU read side that finds it in
 * m->queued.vp.
 * tlfs_messages_cancel() takes @nr messages at @m out of the queues of @pt's VPs.  After it none of
 * them is queued there, nor will be by a sender that gave a @gone that was set before the call.
 */
void tlfs_message_init(struct tlfs_message *m, void (*done)(struct tlfs_message *m));
u16 tlfs_message_queue(struct tlfs_vp *vp, unsigned int sint, struct tlfs_message *m,
		       const bool *gone);
u16 tlfs_message_queue_any(struct tlfs_partition *pt, unsigned int sint, u32 preferred,
			   struct tlfs_message *m, const bool *gone);
bool tlfs_message_cancel(struct tlfs_message *m);
void tlfs_messages_cancel(struct tlfs_partition *pt, struct tlfs_message *m, unsigned int nr);

/* between message.c, synic.c and stimer.c, synic.lock held */
static inline bool tlfs_synic_takes_messages(const struct tlfs_synic *synic)
{
	return (READ_ONCE(synic->control) & HV_SYNIC_CONTROL_ENABLE) &&
	       (READ_ONCE(synic->simp_msr) & HV_SYNIC_SIMP_ENABLE);
}

void tlfs_synic_assert(struct tlfs_vp *vp, unsigned int sint);
u16 tlfs_synic_deliver(struct tlfs_vp *vp, unsigned int sint, const struct hv_message_header *hdr,
		       const void *payload, const struct tlfs_queued *q);
void tlfs_queue_add(struct tlfs_vp *vp, unsigned int sint, struct tlfs_queued *q);
void tlfs_queue_del(struct tlfs_queued *q);
bool tlfs_queue_is_first(const struct tlfs_queued *q);
bool tlfs_queue_try(struct tlfs_vp *vp, unsigned int sint);
void tlfs_queues_scan(struct tlfs_vp *vp);
void tlfs_queues_reset(struct tlfs_vp *vp);
void tlfs_stimer_retry(struct tlfs_queued *q);
void tlfs_stimers_reset(struct tlfs_vp *vp);
/* without it */
void tlfs_queues_create(struct tlfs_vp *vp);
void tlfs_queues_destroy(struct tlfs_vp *vp);
void tlfs_stimers_create(struct tlfs_vp *vp);
void tlfs_stimers_destroy(struct tlfs_vp *vp);

/* ---- time (15) ---- */

/**
 * struct tlfs_time - partition reference time
 * @lock:	writers of everything here; innermost but for the host's own
 * @seq:	readers of what follows, to @ns_offset
 * @stand_lock:	who makes clocks stand or go on; outside of @lock
 * @frozen:	VPs do not run (property TIME_FREEZE)
 * @suspended:	reference time stands, at @frozen_at: all VPs are explicitly suspended, since one
 *		was or the partition was restored
 * @stopped:	all clocks stand, at @frozen_at (reference time), @frozen_tsc (guest TSC) and
 *		@frozen_ns (partition time)
 * @tsc_scale, @tsc_offset: reference time = ((guest TSC * scale) >> 64) + offset, in 100 ns.
 *		Scale 0: the host's TSC is no clock, reference time = host clock + offset
 * @guest_tsc_offset: guest TSC = host TSC + this, all VPs alike
 * @ns_offset:	partition time, in ns, = CLOCK_MONOTONIC - this; it cannot be set
 * @tsc_khz:	host's TSC frequency when the partition was created
 * @last_read:	last value of TIME_REF_COUNT a guest was given
 * @tsc_written: last guest TSC some VP asked for, and in @tsc_writers which of them
 * @tsc_page_msr: HV_X64_MSR_REFERENCE_TSC; under msr_lock
 * @tsc_page_sequence: last valid sequence number
 * @tsc_page_updates: changes in progress: the page is invalid until the last has reached the VPs
 */
struct tlfs_time {
	raw_spinlock_t stand_lock;
	raw_spinlock_t lock;
	seqcount_raw_spinlock_t seq;
	bool frozen;
	bool suspended;
	bool stopped;
	u64 frozen_at;
	u64 frozen_tsc;
	u64 frozen_ns;
	u64 tsc_scale;
	s64 tsc_offset;
	u64 guest_tsc_offset;
	u64 ns_offset;
	u32 tsc_khz;
	atomic64_t last_read;
	u64 tsc_written;
	DECLARE_BITMAP(tsc_writers, TLFS_MAX_VPS);
	u64 tsc_page_msr;
	u32 tsc_page_sequence;
	u32 tsc_page_updates;
	struct tlfs_overlay tsc_page;
};

int tlfs_time_init(struct tlfs_partition *pt);
void tlfs_time_destroy(struct tlfs_partition *pt);
/* any context: partition reference time, 100 ns */
u64 tlfs_ref_time(struct tlfs_partition *pt);
/* any context: guest TSC; stands while time is frozen */
u64 tlfs_guest_tsc(struct tlfs_partition *pt);
/* any context: ns the partition's time has run, whatever clocks were set to; stands when frozen */
u64 tlfs_time_ns(struct tlfs_partition *pt);
void tlfs_set_ref_time(struct tlfs_partition *pt, u64 now);
/*
 * Time freeze property: VPs are kicked, synthetic timers re-armed at thaw.  The guest's TSC stands
 * too: TLFS_REQ_TSC_OFFSET comes to every VP at thaw.  Under partition->lock
 */
void tlfs_time_freeze(struct tlfs_partition *pt, bool freeze);
static inline bool tlfs_ref_stands(const struct tlfs_time *time)
{
	return READ_ONCE(time->stopped) || READ_ONCE(time->suspended);
}

/*
 * Register EXPLICIT_SUSPEND, interrupts on: reference time stands while all VPs are suspended.  The
 * VP has not left the guest on return, unless it was the last
 */
void tlfs_vp_suspend(struct tlfs_vp *vp, bool suspend);
/* the host goes to sleep, wakes up: interrupts off, one CPU, no VP runs */
void tlfs_time_suspend(struct tlfs_partition *pt);
void tlfs_time_resume(struct tlfs_partition *pt);
/* saved state (17); to set it no VP may run */
void tlfs_time_get_state(struct tlfs_partition *pt, u64 *ref, u64 *tsc, u32 *sequence);
void tlfs_time_set_state(struct tlfs_partition *pt, u64 ref, u64 tsc, u32 sequence);
u64 tlfs_tsc_hz(struct tlfs_partition *pt);
/*
 * Guest writes IA32_TSC, or HV_X64_REGISTER_TSC is set: interrupts on.  All VPs share one offset:
 * a value less than a second old, or one that another VP was given last, changes nothing
 */
void tlfs_set_guest_tsc(struct tlfs_vp *vp, u64 val);
/* REFERENCE_TSC, TIME_REF_COUNT, frequencies, re-enlightenment: TLFS_RESUME or TLFS_GP */
int tlfs_time_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val);
int tlfs_time_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val);

/* between timer.c and stimer.c: reference time stops, goes on, is set */
void tlfs_stimers_pause(struct tlfs_vp *vp);
void tlfs_stimers_resume(struct tlfs_vp *vp);
void tlfs_stimers_jump(struct tlfs_vp *vp, u64 from, u64 to);

/* VP state (save/restore); adjustment: units left of a periodic timer's period, 0 for all */
void tlfs_stimers_get_state(struct tlfs_vp *vp, struct hv_synthetic_timers_state *s);
/* 0, or -EINVAL and nothing changed */
int tlfs_stimers_set_state(struct tlfs_vp *vp, const struct hv_synthetic_timers_state *s);

#endif /* TLFS_SYNIC_H */
