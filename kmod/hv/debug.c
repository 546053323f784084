// SPDX-License-Identifier: GPL-2.0-only
/*
 * debug.c - guest debugging (TLFS 20): a stream of bytes each way between a guest and its debugger
 *
 * The physical connection is a descriptor of the VMM (TLFS_OPEN_DEBUG): what the guest posts is
 * read from it, what is written to it the guest retrieves.  Each session is a connection of its
 * own, so that no guest learns of another's activity.
 *
 * A session belongs to its partition and to the descriptor, whichever goes last; with its partition
 * it is closed.
 */
#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/kfifo.h>
#include <linux/module.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../tlfs.h"

/* each way; a post of the largest size fits twice */
#define DEBUG_BUFFER	8192
/* bytes that are copied at a time between a buffer and the descriptor's user */
#define DEBUG_PIECE	512
/* longest suspension by a LOOP option: the caller is told that it may end early (20.1.6) */
#define DEBUG_WAIT_MAX	HZ
/* ... of a post, which names no time */
#define DEBUG_WAIT_POST	msecs_to_jiffies(10)

static_assert(DEBUG_BUFFER >= HV_DEBUG_MAXIMUM_DATA_SIZE);

/**
 * struct tlfs_debug - a debug session (20.1.1)
 * @ref:	partition and descriptor
 * @lock:	all below.  Outside of nothing but what kicks a VP
 * @pt:		partition; NULL: it is gone
 * @opened:	there is a descriptor
 * @out:	posted by the guest
 * @in:		to be retrieved by it
 * @received:	bytes that ever came, also those there was no room for (20.1.5)
 * @seen:	@received as of the last retrieve
 * @wait:	users of the descriptor
 */
struct tlfs_debug {
	refcount_t ref;
	spinlock_t lock;
	struct tlfs_partition *pt;
	bool opened;
	DECLARE_KFIFO_PTR(out, u8);
	DECLARE_KFIFO_PTR(in, u8);
	u64 received;
	u64 seen;
	wait_queue_head_t wait;
};

/* ---- life ---- */

static void debug_put(struct tlfs_debug *d)
{
	if (!refcount_dec_and_test(&d->ref))
		return;
	kfifo_free(&d->in);
	kfifo_free(&d->out);
	kfree(d);
}

/* under pt->lock, or before anybody knows of @pt; again is no error */
u16 tlfs_debug_create(struct tlfs_partition *pt)
{
	struct tlfs_debug *d;

	if (pt->debug)
		return HV_STATUS_SUCCESS;
	if (!tlfs_pool_charge(pt, TLFS_PAGES_DEBUG))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	d = kzalloc(sizeof(*d), GFP_KERNEL_ACCOUNT);
	if (!d)
		goto err_pool;
	if (kfifo_alloc(&d->in, DEBUG_BUFFER, GFP_KERNEL_ACCOUNT))
		goto err_session;
	if (kfifo_alloc(&d->out, DEBUG_BUFFER, GFP_KERNEL_ACCOUNT))
		goto err_in;
	refcount_set(&d->ref, 1);
	spin_lock_init(&d->lock);
	init_waitqueue_head(&d->wait);
	d->pt = pt;
	/* VPs look at it without a lock */
	smp_store_release(&pt->debug, d);
	return HV_STATUS_SUCCESS;

err_in:
	kfifo_free(&d->in);
err_session:
	kfree(d);
err_pool:
	tlfs_pool_uncharge(pt, TLFS_PAGES_DEBUG);
	return HV_STATUS_INSUFFICIENT_MEMORY;
}

void tlfs_debug_reset(struct tlfs_partition *pt)
{
	struct tlfs_debug *d = pt->debug;

	if (!d)
		return;
	spin_lock(&d->lock);
	kfifo_reset(&d->in);
	kfifo_reset(&d->out);
	d->seen = d->received;
	spin_unlock(&d->lock);
	wake_up_all(&d->wait);
}

/* no VP runs any more; pt->debug stays for who is about to be told so */
void tlfs_debug_close(struct tlfs_partition *pt)
{
	struct tlfs_debug *d = pt->debug;

	if (!d)
		return;
	tlfs_debug_reset(pt);
	spin_lock(&d->lock);
	d->pt = NULL;
	spin_unlock(&d->lock);
	wake_up_all(&d->wait);
}

void tlfs_debug_destroy(struct tlfs_partition *pt)
{
	tlfs_debug_close(pt);
	if (pt->debug)
		debug_put(pt->debug);
	pt->debug = NULL;
}

/* ---- the guest's side ---- */

/* of all these calls, after the privilege: FEATURE_UNAVAILABLE, OPERATION_DENIED */
static u16 debug_session(struct tlfs_hvcall *call, struct tlfs_debug **d)
{
	/* pairs with tlfs_debug_create() */
	*d = smp_load_acquire(&call->caller->debug);
	if (!*d)
		return HV_STATUS_FEATURE_UNAVAILABLE;
	return READ_ONCE(call->caller->debug_channel) ? HV_STATUS_SUCCESS :
							HV_STATUS_OPERATION_DENIED;
}

static unsigned int debug_in_len(struct tlfs_debug *d)
{
	unsigned int len;

	spin_lock(&d->lock);
	len = kfifo_len(&d->in);
	spin_unlock(&d->lock);
	return len;
}

static unsigned int debug_out_room(struct tlfs_debug *d)
{
	unsigned int room;

	spin_lock(&d->lock);
	room = kfifo_avail(&d->out);
	spin_unlock(&d->lock);
	return room;
}

/* something the VP has to see to, or its thread */
static bool debug_disturbed(struct tlfs_vp *vp)
{
	return READ_ONCE(vp->requests) || READ_ONCE(vp->deleted) ||
	       (vp->pt->threaded && tlfs_vp_thread_held(vp));
}

static bool debug_goes_on(struct tlfs_vp *vp, struct tlfs_debug *d, u32 post)
{
	return (post ? debug_out_room(d) >= post : debug_in_len(d)) || debug_disturbed(vp);
}

/* suspend the VP while there is no data, or no room for @post bytes (20.1.6) */
static void debug_wait(struct tlfs_vp *vp, struct tlfs_debug *d, u32 post, long timeout)
{
	swait_event_interruptible_timeout_exclusive(vp->wait, debug_goes_on(vp, d, post), timeout);
}

static u16 debug_post(struct tlfs_debug *d, const void *data, u32 count, u32 *pending)
{
	u16 status = HV_STATUS_INSUFFICIENT_BUFFERS;

	spin_lock(&d->lock);
	if (kfifo_avail(&d->out) >= count) {
		kfifo_in(&d->out, (const u8 *)data, count);
		*pending = kfifo_len(&d->out);
		status = HV_STATUS_SUCCESS;
	}
	spin_unlock(&d->lock);
	if (status == HV_STATUS_SUCCESS && count)
		wake_up_interruptible(&d->wait);
	return status;
}

/* HvPostDebugData (20.3.1): all or nothing */
TLFS_HANDLER(post_debug_data)
{
	const struct hv_input_post_debug_data *in = call->in;
	struct hv_output_post_debug_data *out = call->out;
	struct tlfs_debug *d;
	u16 status;

	status = debug_session(call, &d);
	if (status != HV_STATUS_SUCCESS)
		return status;
	/* what is behind the page's end is not the caller's block (20.3.1) */
	if (in->count > HV_DEBUG_MAXIMUM_DATA_SIZE || in->options & ~HV_DEBUG_POST_LOOP ||
	    offsetof(typeof(*in), data) + in->count > call->in_size)
		return HV_STATUS_INVALID_PARAMETER;
	call->out_size = sizeof(*out);
	status = debug_post(d, in->data, in->count, &out->pending_count);
	if (status != HV_STATUS_INSUFFICIENT_BUFFERS || !(in->options & HV_DEBUG_POST_LOOP))
		return status;
	if (call->atomic)
		return TLFS_HC_SLEEP;
	debug_wait(call->vp, d, in->count, DEBUG_WAIT_POST);
	return debug_post(d, in->data, in->count, &out->pending_count);
}

static u16 debug_retrieve(struct tlfs_debug *d, u32 count,
			  struct hv_output_retrieve_debug_data *out)
{
	u16 status = HV_STATUS_NO_DATA;

	spin_lock(&d->lock);
	d->seen = d->received;
	if (!kfifo_is_empty(&d->in)) {
		out->retrieved_count = kfifo_out(&d->in, out->data, count);
		out->remaining_count = kfifo_len(&d->in);
		status = HV_STATUS_SUCCESS;
	}
	spin_unlock(&d->lock);
	/* there is room again */
	if (status == HV_STATUS_SUCCESS && count)
		wake_up_interruptible(&d->wait);
	return status;
}

static bool debug_active(struct tlfs_debug *d)
{
	bool active;

	spin_lock(&d->lock);
	active = d->seen != d->received;
	spin_unlock(&d->lock);
	return active;
}

static long debug_timeout(u64 hns)
{
	return min_t(u64, nsecs_to_jiffies64(min_t(u64, hns, NSEC_PER_SEC / 100) * 100) + 1,
		     DEBUG_WAIT_MAX);
}

/* HvRetrieveDebugData (20.3.2) */
TLFS_HANDLER(retrieve_debug_data)
{
	const u32 options = HV_DEBUG_RETRIEVE_LOOP | HV_DEBUG_RETRIEVE_TEST_ACTIVITY;
	const struct hv_input_retrieve_debug_data *in = call->in;
	struct hv_output_retrieve_debug_data *out = call->out;
	struct tlfs_debug *d;
	u16 status;

	status = debug_session(call, &d);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (in->count > HV_DEBUG_MAXIMUM_DATA_SIZE || in->options & ~options ||
	    offsetof(typeof(*out), data) + in->count > call->out_size)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->options & HV_DEBUG_RETRIEVE_TEST_ACTIVITY && !debug_active(d))
		return HV_STATUS_INACTIVE;
	/* output may have to sleep, and by then the data is taken */
	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = debug_retrieve(d, in->count, out);
	if (status == HV_STATUS_NO_DATA && in->options & HV_DEBUG_RETRIEVE_LOOP) {
		debug_wait(call->vp, d, 0, debug_timeout(in->timeout));
		status = debug_retrieve(d, in->count, out);
	}
	call->out_size = offsetof(typeof(*out), data) + out->retrieved_count;
	return status;
}

/* HvResetDebugSession (20.3.3) */
TLFS_HANDLER(reset_debug_session)
{
	const u32 options = HV_DEBUG_PURGE_INCOMING_DATA | HV_DEBUG_PURGE_OUTGOING_DATA;
	const struct hv_input_reset_debug_session *in = call->in;
	unsigned int purged = 0;
	struct tlfs_debug *d;
	u16 status;

	status = debug_session(call, &d);
	if (status != HV_STATUS_SUCCESS)
		return status;
	if (!in->options || in->options & ~options)
		return HV_STATUS_INVALID_PARAMETER;
	spin_lock(&d->lock);
	if (in->options & HV_DEBUG_PURGE_INCOMING_DATA) {
		purged += kfifo_len(&d->in);
		kfifo_reset(&d->in);
	}
	if (in->options & HV_DEBUG_PURGE_OUTGOING_DATA) {
		purged += kfifo_len(&d->out);
		kfifo_reset(&d->out);
	}
	spin_unlock(&d->lock);
	wake_up_interruptible(&d->wait);
	return purged ? HV_STATUS_SUCCESS : HV_STATUS_NO_DATA;
}

/* ---- the debugger's side ---- */

/* a VP that is suspended by its LOOP option sees what there is now; under @d->lock */
static void debug_kick(struct tlfs_debug *d)
{
	struct tlfs_vp *vp;
	unsigned int i;

	if (!d->pt)
		return;
	rcu_read_lock();
	tlfs_for_each_vp(vp, d->pt, i)
		tlfs_vp_kick(vp);
	rcu_read_unlock();
}

/* nothing to read, and more may come */
static bool debug_idle(struct tlfs_debug *d)
{
	bool idle;

	spin_lock(&d->lock);
	idle = d->pt && kfifo_is_empty(&d->out);
	spin_unlock(&d->lock);
	return idle;
}

static ssize_t debug_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct tlfs_debug *d = file->private_data;
	u8 piece[DEBUG_PIECE];
	unsigned int n;
	size_t done;

	if (debug_idle(d)) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(d->wait, !debug_idle(d)))
			return -ERESTARTSYS;
	}
	for (done = 0; done < count; done += n) {
		spin_lock(&d->lock);
		n = kfifo_out(&d->out, piece, min_t(size_t, count - done, sizeof(piece)));
		if (n)
			debug_kick(d);
		spin_unlock(&d->lock);
		if (!n)
			break;
		if (copy_to_user(buf + done, piece, n))
			return -EFAULT;
	}
	return done;
}

/* what there is no room for is lost, as on a wire (20.1.3); who minds asks poll() for room */
static ssize_t debug_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct tlfs_debug *d = file->private_data;
	u8 piece[DEBUG_PIECE];
	size_t done, n;

	count = min_t(size_t, count, MAX_RW_COUNT);
	for (done = 0; done < count; done += n) {
		n = min_t(size_t, count - done, sizeof(piece));
		if (copy_from_user(piece, buf + done, n))
			return done ?: -EFAULT;
		spin_lock(&d->lock);
		if (!d->pt) {
			spin_unlock(&d->lock);
			return -EPIPE;
		}
		d->received += n;
		kfifo_in(&d->in, piece, n);
		debug_kick(d);
		spin_unlock(&d->lock);
		if (signal_pending(current))
			return done + n;
		cond_resched();
	}
	return done;
}

static __poll_t debug_poll(struct file *file, poll_table *table)
{
	struct tlfs_debug *d = file->private_data;
	__poll_t mask = 0;

	poll_wait(file, &d->wait, table);
	spin_lock(&d->lock);
	if (!kfifo_is_empty(&d->out))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (!kfifo_is_full(&d->in))
		mask |= EPOLLOUT | EPOLLWRNORM;
	if (!d->pt)
		mask |= EPOLLHUP;
	spin_unlock(&d->lock);
	return mask;
}

static int debug_release(struct inode *inode, struct file *file)
{
	struct tlfs_debug *d = file->private_data;

	spin_lock(&d->lock);
	d->opened = false;
	spin_unlock(&d->lock);
	debug_put(d);
	return 0;
}

static const struct file_operations debug_fops = {
	.owner = THIS_MODULE,
	.release = debug_release,
	.read = debug_read,
	.write = debug_write,
	.poll = debug_poll,
	.llseek = noop_llseek,
};

/* one descriptor at a time */
static int debug_claim(struct tlfs_debug *d)
{
	int err = 0;

	spin_lock(&d->lock);
	if (d->opened)
		err = -EBUSY;
	else if (!d->pt)
		err = -ENXIO;
	else
		d->opened = true;
	spin_unlock(&d->lock);
	return err;
}

/* TLFS_OPEN_DEBUG of @pt, which the caller has a reference to: a descriptor */
long tlfs_debug_open(struct tlfs_partition *pt)
{
	struct tlfs_debug *d;
	long fd;

	/* pairs with tlfs_debug_create() */
	d = smp_load_acquire(&pt->debug);
	if (!d)
		return -ENXIO;
	fd = debug_claim(d);
	if (fd)
		return fd;
	refcount_inc(&d->ref);
	fd = anon_inode_getfd("tlfs-debug", &debug_fops, d, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		spin_lock(&d->lock);
		d->opened = false;
		spin_unlock(&d->lock);
		debug_put(d);
	}
	return fd;
}
