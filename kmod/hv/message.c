// SPDX-License-Identifier: GPL-2.0-only
/*
 * message.c - message buffers and their queues (TLFS 14.2)
 *
 * Each SINT of a VP has one queue.  Its head goes into the message slot when that is empty: when
 * it is queued, when another one is, at EOI and EOM, when the SynIC is enabled, and after a while.
 *
 * A message slot is shared with a guest that runs meanwhile.  It empties a slot by writing type 0
 * and reads the pending flag afterwards; we find a slot busy, set the flag and read the type
 * again.  Each side writes before it reads, so one of them sees the other (14.8.3).
 */
#include <linux/bitops.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "tlfs.h"

/* header.message_flags bit 0, seen from the start of the slot */
#define SLOT_PENDING_BIT	(offsetof(struct hv_message_header, message_flags) * 8)

/* a slot that a guest empties without EOI or EOM is looked at again after so many nanoseconds */
#define RETRY_MIN		NSEC_PER_MSEC
#define RETRY_MAX		(100 * NSEC_PER_MSEC)

/* ---- queues; synic.lock held ---- */

static void queue_waiting(struct tlfs_synic *synic, unsigned int sint)
{
	bool waits = !list_empty(&synic->queue[sint]) || (synic->notify & BIT(sint));

	WRITE_ONCE(synic->waiting, waits ? synic->waiting | BIT(sint) :
					   synic->waiting & ~BIT(sint));
}

/*
 * A message is queued before its slot is looked at, and synic.waiting says so before the slot's
 * pending flag does: a guest that comes to tlfs_synic_scan() because of the flag finds it.
 */
void tlfs_queue_add(struct tlfs_vp *vp, unsigned int sint, struct tlfs_queued *q)
{
	struct tlfs_synic *synic = &vp->synic;

	lockdep_assert_held(&synic->lock);
	sint = array_index_nospec(sint, TLFS_SINTS);
	q->sint = sint;
	list_add_tail(&q->link, &synic->queue[sint]);
	synic->messages += !q->timer;
	queue_waiting(synic, sint);
	WRITE_ONCE(q->vp, vp);
}

void tlfs_queue_del(struct tlfs_queued *q)
{
	struct tlfs_synic *synic = &q->vp->synic;

	lockdep_assert_held(&synic->lock);
	list_del(&q->link);
	synic->messages -= !q->timer;
	queue_waiting(synic, q->sint);
	/* whoever reads NULL without the lock may write it anew, or free it */
	smp_store_release(&q->vp, NULL);
}

bool tlfs_queue_is_first(const struct tlfs_queued *q)
{
	return q->link.prev == &q->vp->synic.queue[q->sint];
}

static struct tlfs_queued *queue_first(struct tlfs_synic *synic, unsigned int sint)
{
	return list_first_entry_or_null(&synic->queue[sint], struct tlfs_queued, link);
}

/* ---- delivery ---- */

static struct hv_message *message_slot(struct tlfs_synic *synic, unsigned int sint)
{
	struct hv_message_page *page = synic->simp.va;

	return &page->sint_message[array_index_nospec(sint, TLFS_SINTS)];
}

/* True if the slot is empty.  Else its pending flag is set, and the guest will write EOM */
static bool slot_empty(struct hv_message *slot)
{
	if (!READ_ONCE(slot->header.message_type))
		return true;

	set_bit(SLOT_PENDING_BIT, (unsigned long *)slot);
	smp_mb__after_atomic();	/* flag before type; the guest: type before flag */
	return !READ_ONCE(slot->header.message_type);
}

/*
 * Put one message into its slot; @q is its place in the queue, or NULL.  The slot's first quadword
 * (type, size, flags) goes last and at once: a polling guest that sees the type sees the rest.
 */
u16 tlfs_synic_deliver(struct tlfs_vp *vp, unsigned int sint, const struct hv_message_header *hdr,
		       const void *payload, const struct tlfs_queued *q)
{
	struct hv_message_header head = *hdr;
	struct tlfs_synic *synic = &vp->synic;
	struct hv_message *slot;
	u64 first;

	lockdep_assert_held(&synic->lock);

	if (!tlfs_synic_takes_messages(synic))
		return HV_STATUS_INVALID_SYNIC_STATE;

	slot = message_slot(synic, sint);
	if (!slot_empty(slot))
		return HV_STATUS_INSUFFICIENT_BUFFERS;

	if (q ? !list_is_singular(&synic->queue[q->sint]) : !list_empty(&synic->queue[sint]))
		head.message_flags |= HV_MESSAGE_FLAG_PENDING;
	memcpy(slot->payload_bytes, payload, head.payload_size);
	slot->header.sender = head.sender;
	memcpy(&first, &head, sizeof(first));
	smp_store_release((u64 *)slot, first);	/* after the rest */

	tlfs_synic_assert(vp, sint);
	return HV_STATUS_SUCCESS;
}

/* Try to deliver the first message of a queue: true if that was done with, one way or another */
bool tlfs_queue_try(struct tlfs_vp *vp, unsigned int sint)
{
	struct tlfs_synic *synic = &vp->synic;
	struct tlfs_queued *q = queue_first(synic, sint);
	struct tlfs_message *m;

	lockdep_assert_held(&synic->lock);
	if (!q)
		return false;
	if (q->timer) {
		tlfs_stimer_retry(q);
		return queue_first(synic, sint) != q;
	}
	m = container_of(q, struct tlfs_message, queued);
	if (tlfs_synic_deliver(vp, sint, &m->msg.header, m->msg.payload, q) != HV_STATUS_SUCCESS)
		return false;
	synic->retry_ns = RETRY_MIN;
	tlfs_queue_del(q);
	m->done(m);
	return true;
}

/* Timers try again by themselves.  The callback may run just now: it waits for our lock */
static void queue_arm_retry(struct tlfs_synic *synic)
{
	if ((synic->messages || synic->notify) && tlfs_synic_takes_messages(synic) &&
	    !hrtimer_is_queued(&synic->retry))
		hrtimer_start(&synic->retry, ns_to_ktime(synic->retry_ns),
			      HRTIMER_MODE_REL_PINNED_HARD);
}

/* who waits for the slot itself comes behind all messages */
static void queue_notify(struct tlfs_vp *vp, unsigned int sint)
{
	struct tlfs_synic *synic = &vp->synic;

	if (!(synic->notify & BIT(sint)) || !list_empty(&synic->queue[sint]) ||
	    !tlfs_synic_takes_messages(synic) || !slot_empty(message_slot(synic, sint)))
		return;
	synic->notify &= ~BIT(sint);
	synic->deliverable |= BIT(sint);
	synic->retry_ns = RETRY_MIN;
	queue_waiting(synic, sint);
	tlfs_vp_request(vp, TLFS_REQ_NOTIFY);
}

void tlfs_queues_scan(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long waiting = synic->waiting;
	unsigned int sint;

	lockdep_assert_held(&synic->lock);
	for_each_set_bit(sint, &waiting, TLFS_SINTS) {
		while (tlfs_queue_try(vp, sint))
			;
		queue_notify(vp, sint);
	}
	queue_arm_retry(synic);
}

static enum hrtimer_restart queue_retry(struct hrtimer *timer)
{
	struct tlfs_synic *synic = container_of(timer, struct tlfs_synic, retry);
	struct tlfs_vp *vp = container_of(synic, struct tlfs_vp, synic);
	unsigned long flags;

	raw_spin_lock_irqsave(&synic->lock, flags);
	/* ever more slowly, until something was delivered */
	synic->retry_ns = min_t(u64, synic->retry_ns * 2, RETRY_MAX);
	tlfs_queues_scan(vp);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return HRTIMER_NORESTART;
}

void tlfs_synic_scan(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;

	if (!READ_ONCE(synic->waiting))
		return;

	raw_spin_lock_irqsave(&synic->lock, flags);
	tlfs_queues_scan(vp);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
}

/* ---- a parent that waits for a slot ---- */

void tlfs_synic_notify(struct tlfs_vp *vp, u16 sints)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&synic->lock, flags);
	synic->notify = sints;
	synic->deliverable = 0;
	synic->retry_ns = RETRY_MIN;
	for (i = 0; i < TLFS_SINTS; i++)
		queue_waiting(synic, i);
	tlfs_queues_scan(vp);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
}

u16 tlfs_synic_deliverable(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	u16 sints;

	raw_spin_lock_irqsave(&synic->lock, flags);
	sints = synic->deliverable;
	synic->deliverable = 0;
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return sints;
}

u16 tlfs_synic_notifications(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	u16 sints;

	raw_spin_lock_irqsave(&synic->lock, flags);
	sints = synic->notify | synic->deliverable;
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return sints;
}

/* ---- sending ---- */

u16 tlfs_synic_post(struct tlfs_vp *vp, unsigned int sint, const struct hv_message *msg)
{
	struct hv_message_header hdr = msg->header;
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;
	u16 status;

	if (sint >= TLFS_SINTS || !hdr.message_type || hdr.payload_size > HV_MESSAGE_PAYLOAD_SIZE)
		return HV_STATUS_INVALID_PARAMETER;
	hdr.message_flags &= HV_MESSAGE_FLAG_PENDING;
	hdr.reserved = 0;

	raw_spin_lock_irqsave(&synic->lock, flags);
	/* behind those that wait already */
	tlfs_queue_try(vp, sint);
	status = tlfs_synic_deliver(vp, sint, &hdr, msg->payload, NULL);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return status;
}

void tlfs_message_init(struct tlfs_message *m, void (*done)(struct tlfs_message *m))
{
	m->queued.vp = NULL;
	m->queued.timer = false;
	m->done = done;
}

u16 tlfs_message_queue(struct tlfs_vp *vp, unsigned int sint, struct tlfs_message *m,
		       const bool *gone)
{
	struct tlfs_synic *synic = &vp->synic;
	u16 status = HV_STATUS_SUCCESS;
	unsigned long flags;

	raw_spin_lock_irqsave(&synic->lock, flags);
	if (gone && READ_ONCE(*gone)) {
		status = HV_STATUS_INVALID_PORT_ID;
	} else if (!tlfs_synic_takes_messages(synic)) {
		status = HV_STATUS_INVALID_SYNIC_STATE;
	} else {
		tlfs_queue_add(vp, sint, &m->queued);
		tlfs_queue_try(vp, sint);
		queue_arm_retry(synic);
	}
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return status;
}

/*
 * The VP of a port or intercept for any: @preferred if its SynIC takes messages, else one that
 * would be interrupted, an idle queue first; NULL if none takes any.  What it finds may change at
 * once: queueing looks again.
 */
static struct tlfs_vp *message_pick(struct tlfs_partition *pt, unsigned int sint, u32 preferred)
{
	struct tlfs_vp *vp = tlfs_vp_get(pt, preferred), *best = NULL;
	unsigned int rank, best_rank = 0, i;

	if (vp && tlfs_synic_takes_messages(&vp->synic))
		return vp;
	tlfs_for_each_vp(vp, pt, i) {
		if (!tlfs_synic_takes_messages(&vp->synic))
			continue;
		rank = 1 + !(READ_ONCE(vp->synic.waiting) & BIT(sint));
		if (!(READ_ONCE(vp->synic.sint[sint]) & HV_SYNIC_SINT_MASKED))
			rank += 2;
		if (rank > best_rank) {
			best = vp;
			best_rank = rank;
		}
	}
	return best;
}

u16 tlfs_message_queue_any(struct tlfs_partition *pt, unsigned int sint, u32 preferred,
			   struct tlfs_message *m, const bool *gone)
{
	struct tlfs_vp *vp;

	sint = array_index_nospec(sint, TLFS_SINTS);
	vp = message_pick(pt, sint, preferred);
	if (vp)
		return tlfs_message_queue(vp, sint, m, gone);
	return READ_ONCE(pt->nr_vps) ? HV_STATUS_INVALID_SYNIC_STATE : HV_STATUS_INVALID_VP_INDEX;
}

bool tlfs_message_cancel(struct tlfs_message *m)
{
	unsigned long flags;
	struct tlfs_vp *vp;
	bool found = false;

	rcu_read_lock();
	while (!found && (vp = READ_ONCE(m->queued.vp)) != NULL) {
		raw_spin_lock_irqsave(&vp->synic.lock, flags);
		/* it may have been delivered, and even queued elsewhere, meanwhile */
		found = m->queued.vp == vp;
		if (found)
			tlfs_queue_del(&m->queued);
		raw_spin_unlock_irqrestore(&vp->synic.lock, flags);
	}
	rcu_read_unlock();
	return found;
}

/*
 * A sender looks at its @gone under the lock: whichever VP it chose, it has queued before we come
 * there or finds it set.
 */
void tlfs_messages_cancel(struct tlfs_partition *pt, struct tlfs_message *m, unsigned int nr)
{
	unsigned long flags;
	struct tlfs_vp *vp;
	unsigned int i, j;

	rcu_read_lock();
	tlfs_for_each_vp(vp, pt, i) {
		raw_spin_lock_irqsave(&vp->synic.lock, flags);
		for (j = 0; j < nr; j++)
			if (READ_ONCE(m[j].queued.vp) == vp)
				tlfs_queue_del(&m[j].queued);
		raw_spin_unlock_irqrestore(&vp->synic.lock, flags);
	}
	rcu_read_unlock();
}

/* ---- life ---- */

void tlfs_queues_create(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned int i;

	for (i = 0; i < TLFS_SINTS; i++)
		INIT_LIST_HEAD(&synic->queue[i]);
	synic->retry_ns = RETRY_MIN;
	hrtimer_setup(&synic->retry, queue_retry, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
}

/* What waits is lost; timers take theirs away themselves */
void tlfs_queues_reset(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	struct tlfs_queued *q, *next;
	unsigned int i;

	lockdep_assert_held(&synic->lock);
	for (i = 0; i < TLFS_SINTS; i++) {
		list_for_each_entry_safe(q, next, &synic->queue[i], link) {
			struct tlfs_message *m = container_of(q, struct tlfs_message, queued);

			if (q->timer)
				continue;
			tlfs_queue_del(q);
			m->done(m);
		}
	}
	synic->retry_ns = RETRY_MIN;
}

/* The SynIC takes no messages any more, so that nothing is queued after this */
void tlfs_queues_destroy(struct tlfs_vp *vp)
{
	struct tlfs_synic *synic = &vp->synic;
	unsigned long flags;

	raw_spin_lock_irqsave(&synic->lock, flags);
	tlfs_queues_reset(vp);
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	hrtimer_cancel(&synic->retry);
}
