// SPDX-License-Identifier: GPL-2.0-only
/*
 * root_message.c - what SINT0 of a VP of the root would get: read() and poll() of the device
 *
 * Intercept messages of partitions that the root made by hypercall (TLFS 9) go to the descriptor
 * they were made through, one for each VP at a time; messages of the event log (19.1.10) to their
 * process.
 */
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/poll.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "tlfs.h"
#include "root_message.h"
#include "window.h"

/* tlfs_vp.root_link, in the order they were detected.  On it a VP is alive */
static LIST_HEAD(intercepts);
static DEFINE_SPINLOCK(intercepts_lock);	/* the list; innermost but for vp->wait */

DECLARE_WAIT_QUEUE_HEAD(tlfs_root_wait);

/* ---- the VP's side ---- */

void tlfs_root_intercept(struct tlfs_vp *vp)
{
	spin_lock(&intercepts_lock);
	list_add_tail(&vp->root_link, &intercepts);
	spin_unlock(&intercepts_lock);
	wake_up_interruptible(&tlfs_root_wait);
}

bool tlfs_root_intercept_waits(const struct tlfs_vp *vp)
{
	return !list_empty_careful(&vp->root_link);
}

void tlfs_root_intercept_cancel(struct tlfs_vp *vp)
{
	spin_lock(&intercepts_lock);
	list_del_init(&vp->root_link);
	spin_unlock(&intercepts_lock);
}

/* ---- the reader's ---- */

/* of partitions made through @file: the next after @vp (NULL: the first).  Under the lock */
static struct tlfs_vp *intercept_of(const struct file *file, struct tlfs_vp *vp)
{
	vp = list_prepare_entry(vp, &intercepts, root_link);
	list_for_each_entry_continue(vp, &intercepts, root_link)
		if (vp->pt->owner == file)
			return vp;
	return NULL;
}

static bool intercept_take(const struct file *file, struct hv_message *msg)
{
	struct tlfs_vp *vp;

	spin_lock(&intercepts_lock);
	vp = intercept_of(file, NULL);
	if (vp) {
		memcpy(msg, &vp->intercept.msg, sizeof(*msg));
		if (intercept_of(file, vp))
			msg->header.message_flags |= HV_MESSAGE_FLAG_PENDING;
		list_del_init(&vp->root_link);
		/* the reader may have said already that the VP is to run */
		swake_up_one(&vp->wait);
	}
	spin_unlock(&intercepts_lock);
	return vp;
}

static bool intercept_ready(const struct file *file)
{
	bool ready;

	spin_lock(&intercepts_lock);
	ready = intercept_of(file, NULL);
	spin_unlock(&intercepts_lock);
	return ready;
}

static bool message_ready(const struct file *file)
{
	return intercept_ready(file) || tlfs_eventlog_waits();
}

/* can a message come at all */
static bool message_may_come(const struct file *file)
{
	return tlfs_window_here() || tlfs_partitions_owned(file);
}

ssize_t tlfs_root_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct hv_message *msg;
	ssize_t ret = sizeof(*msg);

	if (len < sizeof(*msg))
		return -EINVAL;
	msg = kzalloc(sizeof(*msg), GFP_KERNEL_ACCOUNT);
	if (!msg)
		return -ENOMEM;
	while (!intercept_take(file, msg) && !tlfs_eventlog_take(msg)) {
		ret = -EAGAIN;
		if (file->f_flags & O_NONBLOCK || !message_may_come(file))
			goto out;
		/* what may come may cease to */
		ret = wait_event_interruptible_timeout(tlfs_root_wait, message_ready(file), HZ);
		if (ret < 0)
			goto out;
		ret = sizeof(*msg);
	}
	if (copy_to_user(buf, msg, sizeof(*msg)))
		ret = -EFAULT;
out:
	kfree(msg);
	return ret;
}

__poll_t tlfs_root_poll(struct file *file, struct poll_table_struct *wait)
{
	poll_wait(file, &tlfs_root_wait, wait);
	return message_ready(file) ? EPOLLIN | EPOLLRDNORM : 0;
}
