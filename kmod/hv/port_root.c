// SPDX-License-Identifier: GPL-2.0-only
/*
 * port_root.c - ports of the root: what arrives is read from a file descriptor
 *
 * The root has no SynIC that the module could write to: messages wait in their buffers, and event
 * flags in a row of 2048 as in a SIEF page, until somebody reads the port's descriptor.
 */
#include <linux/anon_inodes.h>
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "hv/port.h"

/**
 * struct tlfs_port_inbox - what has arrived at a port of the root
 * @lock:	all of it; interrupts off
 * @messages:	struct tlfs_message, by queued.link, in the order they came
 * @flags:	event flags that are set
 * @wait:	readers
 * @eventfd:	signalled besides, or NULL
 * @open:	a descriptor exists
 * @closed:	the port is deleted
 * @rcu:	senders may still be about to look at it
 */
struct tlfs_port_inbox {
	spinlock_t lock;	/* see above */
	struct list_head messages;
	DECLARE_BITMAP(flags, HV_EVENT_FLAGS_COUNT);
	wait_queue_head_t wait;
	struct eventfd_ctx *eventfd;
	bool open;
	bool closed;
	struct rcu_head rcu;
};

int tlfs_inbox_create(struct tlfs_port *port)
{
	struct tlfs_port_inbox *inbox = kzalloc(sizeof(*inbox), GFP_KERNEL_ACCOUNT);

	if (!inbox)
		return -ENOMEM;
	spin_lock_init(&inbox->lock);
	INIT_LIST_HEAD(&inbox->messages);
	init_waitqueue_head(&inbox->wait);
	port->inbox = inbox;
	return 0;
}

void tlfs_inbox_close(struct tlfs_port *port)
{
	struct tlfs_port_inbox *inbox = port->inbox;

	spin_lock_irq(&inbox->lock);
	inbox->closed = true;
	INIT_LIST_HEAD(&inbox->messages);
	bitmap_zero(inbox->flags, HV_EVENT_FLAGS_COUNT);
	spin_unlock_irq(&inbox->lock);
	wake_up_poll(&inbox->wait, EPOLLHUP);
}

void tlfs_inbox_free(struct tlfs_port *port)
{
	if (port->inbox)
		kfree_rcu(port->inbox, rcu);
}

/* ---- arrival ---- */

/* under inbox->lock, which eventfd's is inside of */
static void inbox_notify(struct tlfs_port_inbox *inbox)
{
	if (inbox->eventfd)
		tlfs_eventfd_signal(inbox->eventfd);
	wake_up_poll(&inbox->wait, EPOLLIN);
}

u16 tlfs_inbox_post(struct tlfs_port *port, struct tlfs_message *m)
{
	struct tlfs_port_inbox *inbox = port->inbox;
	u16 status = HV_STATUS_SUCCESS;
	unsigned long flags;

	spin_lock_irqsave(&inbox->lock, flags);
	if (inbox->closed) {
		status = HV_STATUS_INVALID_PORT_ID;
	} else {
		list_add_tail(&m->queued.link, &inbox->messages);
		inbox_notify(inbox);
	}
	spin_unlock_irqrestore(&inbox->lock, flags);
	return status;
}

u16 tlfs_inbox_signal(struct tlfs_port *port, u16 flag)
{
	struct tlfs_port_inbox *inbox = port->inbox;
	u16 status = HV_STATUS_SUCCESS;
	unsigned long flags;

	flag = array_index_nospec(flag, HV_EVENT_FLAGS_COUNT);
	spin_lock_irqsave(&inbox->lock, flags);
	if (inbox->closed)
		status = HV_STATUS_INVALID_PORT_ID;
	else if (!__test_and_set_bit(flag, inbox->flags))
		inbox_notify(inbox);
	spin_unlock_irqrestore(&inbox->lock, flags);
	return status;
}

/* ---- descriptor ---- */

static bool inbox_empty(const struct tlfs_port_inbox *inbox)
{
	return list_empty(&inbox->messages) && bitmap_empty(inbox->flags, HV_EVENT_FLAGS_COUNT);
}

/* take the first message, or all flags: false if there is nothing */
static bool inbox_take(struct tlfs_port *port, void *buf)
{
	struct tlfs_port_inbox *inbox = port->inbox;
	struct tlfs_message *m;
	bool any;

	spin_lock_irq(&inbox->lock);
	any = !inbox_empty(inbox);
	m = list_first_entry_or_null(&inbox->messages, struct tlfs_message, queued.link);
	if (m) {
		memset(buf, 0, sizeof(m->msg));
		memcpy(buf, &m->msg, sizeof(m->msg.header) + m->msg.header.payload_size);
		list_del(&m->queued.link);
		if (!list_empty(&inbox->messages))
			((struct hv_message *)buf)->header.message_flags = HV_MESSAGE_FLAG_PENDING;
		tlfs_port_buffer_done(m);
	} else if (any) {
		bitmap_copy(buf, inbox->flags, HV_EVENT_FLAGS_COUNT);
		bitmap_zero(inbox->flags, HV_EVENT_FLAGS_COUNT);
	}
	spin_unlock_irq(&inbox->lock);
	return any;
}

static ssize_t port_read(struct file *file, char __user *ubuf, size_t count, loff_t *pos)
{
	struct tlfs_port *port = file->private_data;
	struct tlfs_port_inbox *inbox = port->inbox;
	u64 buf[HV_MESSAGE_SIZE / sizeof(u64)];
	int err;

	BUILD_BUG_ON(sizeof(buf) != sizeof(struct hv_synic_event_flags));
	if (!tlfs_port_targets(port) || count < sizeof(buf))
		return -EINVAL;
	while (!inbox_take(port, buf)) {
		if (READ_ONCE(inbox->closed))
			return 0;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		err = wait_event_interruptible(inbox->wait, !inbox_empty(inbox) ||
					       READ_ONCE(inbox->closed));
		if (err)
			return err;
	}
	return copy_to_user(ubuf, buf, sizeof(buf)) ? -EFAULT : sizeof(buf);
}

static __poll_t port_poll(struct file *file, poll_table *wait)
{
	struct tlfs_port *port = file->private_data;
	struct tlfs_port_inbox *inbox = port->inbox;
	__poll_t events = 0;

	poll_wait(file, &inbox->wait, wait);
	spin_lock_irq(&inbox->lock);
	if (!inbox_empty(inbox))
		events |= EPOLLIN | EPOLLRDNORM;
	if (inbox->closed)
		events |= EPOLLHUP;
	spin_unlock_irq(&inbox->lock);
	return events;
}

/* the page of a monitor port: one page, which the mapping keeps */
static int port_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct tlfs_port *port = file->private_data;

	if (port->type != HV_PORT_TYPE_MONITOR || vma->vm_pgoff ||
	    vma->vm_end - vma->vm_start != PAGE_SIZE)
		return -EINVAL;
	tlfs_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	return vm_insert_page(vma, vma->vm_start, tlfs_monitor_page(port));
}

static void inbox_set_eventfd(struct tlfs_port_inbox *inbox, struct eventfd_ctx *eventfd)
{
	spin_lock_irq(&inbox->lock);
	inbox->eventfd = eventfd;
	/* what came before */
	if (eventfd && !inbox_empty(inbox))
		tlfs_eventfd_signal(eventfd);
	spin_unlock_irq(&inbox->lock);
}

static int port_release(struct inode *inode, struct file *file)
{
	struct tlfs_port *port = file->private_data;
	struct tlfs_port_inbox *inbox = port->inbox;
	struct eventfd_ctx *eventfd = inbox->eventfd;

	inbox_set_eventfd(inbox, NULL);
	if (eventfd)
		eventfd_ctx_put(eventfd);
	WRITE_ONCE(inbox->open, false);
	tlfs_port_put(port);
	return 0;
}

static const struct file_operations port_fops = {
	.owner = THIS_MODULE,
	.release = port_release,
	.read = port_read,
	.poll = port_poll,
	.mmap = port_mmap,
	.llseek = noop_llseek,
};

/* one reader: a second one would take the first one's messages away */
static bool inbox_open(struct tlfs_port_inbox *inbox)
{
	bool was;

	spin_lock_irq(&inbox->lock);
	was = inbox->open;
	inbox->open = true;
	spin_unlock_irq(&inbox->lock);
	return !was;
}

static int port_getfd(struct tlfs_port *port, s32 eventfd)
{
	struct eventfd_ctx *ctx = NULL;
	int fd;

	if (eventfd >= 0) {
		ctx = eventfd_ctx_fdget(eventfd);
		if (IS_ERR(ctx))
			return PTR_ERR(ctx);
	}
	inbox_set_eventfd(port->inbox, ctx);
	fd = anon_inode_getfd("tlfs-port", &port_fops, port, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		inbox_set_eventfd(port->inbox, NULL);
		if (ctx)
			eventfd_ctx_put(ctx);
	}
	return fd;
}

long tlfs_open_port(const struct tlfs_open_port *arg)
{
	struct tlfs_port *port;
	int fd = -EBUSY;

	if (arg->rsvd || arg->eventfd < -1)
		return -EINVAL;
	port = tlfs_root_port_find(arg->port_id);
	if (!port)
		return -ENOENT;
	if (inbox_open(port->inbox)) {
		/* the descriptor takes the reference over */
		fd = port_getfd(port, arg->eventfd);
		if (fd >= 0)
			return fd;
		WRITE_ONCE(port->inbox->open, false);
	}
	tlfs_port_put(port);
	return fd;
}
