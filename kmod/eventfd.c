// SPDX-License-Identifier: GPL-2.0-only
/*
 * eventfd.c - interrupts from and doorbells to eventfds
 *
 *	irqfd		eventfd -> MSI route of a GSI -> tlfs_interrupt_deliver()
 *	resample	EOI of a level-triggered route -> eventfd
 *	ioeventfd	guest write to an address or port -> eventfd
 *
 * Lifetimes.  An irqfd belongs to whoever takes it off irqfds->list under irqfds->lock: the
 * deassigning thread, or the work that reaps those whose eventfd was closed.  Routes and doorbell
 * tables are replaced whole and read under RCU, so that a signal or a guest's write takes no lock.
 *
 * Locks: irqfds->mutex (inside partition->lock) > eventfd's wait queue lock > irqfds->lock.
 */
#include <linux/eventfd.h>
#include <linux/file.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/rculist.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "eventfd.h"
#include "tlfs.h"

/* doorbells of one partition; each change copies the table */
#define DOORBELLS_MAX	4096

struct irq_route {
	struct tlfs_interrupt irq;
	u32 address;
	u32 data;
	bool valid;
};

/* by GSI */
struct irq_routes {
	struct rcu_head rcu;
	unsigned int nr;
	struct irq_route route[];
};

/* one ioeventfd */
struct doorbell {
	u64 addr;
	u64 value;
	struct eventfd_ctx *eventfd;
	u8 len;			/* 0: any */
	bool any_value;		/* no datamatch */
};

/* sorted by address */
struct doorbells {
	struct rcu_head rcu;
	unsigned int nr;
	struct doorbell bell[];
};

struct irqfd {
	struct tlfs_partition *pt;
	struct tlfs_irqfds *irqfds;
	struct eventfd_ctx *eventfd;
	struct eventfd_ctx *resample;	/* or NULL */
	struct list_head link;		/* in irqfds->list, or on its way to be freed */
	struct list_head resample_link;	/* in irqfds->resamplers */
	wait_queue_entry_t wait;
	poll_table poll;
	u32 gsi;
};

/**
 * struct tlfs_irqfds - eventfds of a partition
 * @mutex:	assign, deassign, routing
 * @lock:	@list and @closed; taken in wakeups with interrupts off
 * @list:	irqfds
 * @closed:	irqfds whose eventfd was closed, for @reap
 * @reap:	frees them
 * @resample_lock: changes of @resamplers, by whoever holds @mutex and by @reap
 * @resamplers:	irqfds with a resample eventfd; RCU
 * @routes:	by GSI; RCU
 * @mmio:	doorbells, NULL if there is none; RCU
 * @pio:	the same for ports
 */
struct tlfs_irqfds {
	struct mutex mutex;		/* changes */
	spinlock_t lock;		/* list, closed */
	struct list_head list;
	struct list_head closed;
	struct work_struct reap;
	spinlock_t resample_lock;	/* changes of resamplers */
	struct list_head resamplers;
	struct irq_routes __rcu *routes;
	struct doorbells __rcu *mmio;
	struct doorbells __rcu *pio;
};

/* ---- routes ---- */

static const struct irq_route *irq_route(struct tlfs_irqfds *irqfds, u32 gsi)
{
	struct irq_routes *routes = rcu_dereference(irqfds->routes);

	if (!routes || gsi >= routes->nr)
		return NULL;
	gsi = array_index_nospec(gsi, routes->nr);
	return routes->route[gsi].valid ? &routes->route[gsi] : NULL;
}

/* any context */
static void irqfd_inject(struct irqfd *irqfd)
{
	const struct irq_route *route;

	rcu_read_lock();
	route = irq_route(irqfd->irqfds, irqfd->gsi);
	if (route && !tlfs_device_deliver(irqfd->pt, irqfd->gsi, route->address, route->data))
		tlfs_interrupt_deliver(irqfd->pt, &route->irq);
	rcu_read_unlock();
}

bool tlfs_msi_is(struct tlfs_partition *pt, u32 gsi, u32 address, u32 data)
{
	const struct irq_route *route;
	bool is;

	rcu_read_lock();
	route = pt->irqfds ? irq_route(pt->irqfds, gsi) : NULL;
	is = route && route->address == address && route->data == data;
	rcu_read_unlock();
	return is;
}

static void irq_route_decode(struct irq_route *route, const struct tlfs_user_irq_entry *entry)
{
	route->irq.vector = entry->data & 0xff;
	route->irq.type = (entry->data >> 8) & 7;
	route->irq.level = entry->data & BIT(15);
	route->irq.dest = (entry->address_lo >> 12) & 0xff;
	route->irq.logical = entry->address_lo & BIT(2);
	route->address = entry->address_lo;
	route->data = entry->data;
	route->valid = true;
}

/* -EINVAL for what the contract forbids; *max_gsi is one more than the highest */
static int irq_entries_check(const struct tlfs_user_irq_entry *entries, u32 nr, u32 *max_gsi)
{
	u32 i;

	*max_gsi = 0;
	for (i = 0; i < nr; i++) {
		if (entries[i].gsi >= TLFS_MAX_GSI || entries[i].address_hi)
			return -EINVAL;
		*max_gsi = max(*max_gsi, entries[i].gsi + 1);
	}
	return 0;
}

static struct irq_routes *irq_routes_build(const struct tlfs_user_irq_entry *entries, u32 nr)
{
	struct irq_routes *routes;
	u32 i, max_gsi;
	int r;

	r = irq_entries_check(entries, nr, &max_gsi);
	if (r)
		return ERR_PTR(r);
	routes = kvzalloc(struct_size(routes, route, max_gsi), GFP_KERNEL_ACCOUNT);
	if (!routes)
		return ERR_PTR(-ENOMEM);
	routes->nr = max_gsi;
	for (i = 0; i < nr; i++) {
		struct irq_route *route = &routes->route[entries[i].gsi];

		if (route->valid) {
			kvfree(routes);
			return ERR_PTR(-EINVAL);
		}
		irq_route_decode(route, &entries[i]);
	}
	return routes;
}

int tlfs_set_msi_routing(struct tlfs_partition *pt, const struct tlfs_user_irq_table __user *arg)
{
	struct tlfs_irqfds *irqfds = pt->irqfds;
	struct irq_routes *routes = NULL, *old;
	struct tlfs_user_irq_entry *entries;
	struct tlfs_user_irq_table head;

	/* all of it before the lock: the VMM's memory may be long in coming */
	if (copy_from_user(&head, arg, sizeof(head)))
		return -EFAULT;
	if (head.rsvd || head.nr > TLFS_MAX_GSI)
		return -EINVAL;
	if (head.nr) {
		entries = vmemdup_user(arg->entries, head.nr * sizeof(*entries));
		if (IS_ERR(entries))
			return PTR_ERR(entries);
		routes = irq_routes_build(entries, head.nr);
		kvfree(entries);
		if (IS_ERR(routes))
			return PTR_ERR(routes);
	}

	mutex_lock(&irqfds->mutex);
	old = rcu_replace_pointer(irqfds->routes, routes, lockdep_is_held(&irqfds->mutex));
	mutex_unlock(&irqfds->mutex);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

/* ---- irqfd ---- */

static void irqfd_free(struct irqfd *irqfd)
{
	u64 count;

	/* after this no wakeup runs or will */
	eventfd_ctx_remove_wait_queue(irqfd->eventfd, &irqfd->wait, &count);
	if (irqfd->resample) {
		spin_lock(&irqfd->irqfds->resample_lock);
		list_del_rcu(&irqfd->resample_link);
		spin_unlock(&irqfd->irqfds->resample_lock);
		synchronize_rcu_expedited();
		eventfd_ctx_put(irqfd->resample);
	}
	eventfd_ctx_put(irqfd->eventfd);
	kfree(irqfd);
}

static void irqfd_reap(struct work_struct *work)
{
	struct tlfs_irqfds *irqfds = container_of(work, struct tlfs_irqfds, reap);
	struct irqfd *irqfd, *next;
	LIST_HEAD(closed);

	spin_lock_irq(&irqfds->lock);
	list_splice_init(&irqfds->closed, &closed);
	spin_unlock_irq(&irqfds->lock);
	list_for_each_entry_safe(irqfd, next, &closed, link)
		irqfd_free(irqfd);
}

/* the eventfd was closed; under its wait queue's lock, so the rest is for a work */
static void irqfd_hup(struct irqfd *irqfd)
{
	struct tlfs_irqfds *irqfds = irqfd->irqfds;
	struct irqfd *i;
	unsigned long flags;

	spin_lock_irqsave(&irqfds->lock, flags);
	/* a deassign may have taken it already */
	list_for_each_entry(i, &irqfds->list, link) {
		if (i == irqfd) {
			list_move(&irqfd->link, &irqfds->closed);
			schedule_work(&irqfds->reap);
			break;
		}
	}
	spin_unlock_irqrestore(&irqfds->lock, flags);
}

static int irqfd_wakeup(wait_queue_entry_t *wait, unsigned int mode, int sync, void *key)
{
	struct irqfd *irqfd = container_of(wait, struct irqfd, wait);
	__poll_t events = key_to_poll(key);
	u64 count;

	if (events & EPOLLIN) {
		eventfd_ctx_do_read(irqfd->eventfd, &count);
		irqfd_inject(irqfd);
	}
	if (events & EPOLLHUP)
		irqfd_hup(irqfd);
	return 0;
}

static void irqfd_queue(struct file *file, wait_queue_head_t *head, poll_table *poll)
{
	struct irqfd *irqfd = container_of(poll, struct irqfd, poll);

	add_wait_queue(head, &irqfd->wait);
}

/* irqfds->mutex held.  -EBUSY: the eventfd has an irqfd already */
static int irqfd_insert(struct irqfd *irqfd)
{
	struct tlfs_irqfds *irqfds = irqfd->irqfds;
	struct irqfd *i;
	int r = 0;

	spin_lock_irq(&irqfds->lock);
	list_for_each_entry(i, &irqfds->list, link) {
		if (i->eventfd == irqfd->eventfd) {
			r = -EBUSY;
			break;
		}
	}
	if (!r)
		list_add_tail(&irqfd->link, &irqfds->list);
	spin_unlock_irq(&irqfds->lock);
	return r;
}

static bool irqfd_level(struct tlfs_irqfds *irqfds, u32 gsi)
{
	const struct irq_route *route;
	bool level;

	rcu_read_lock();
	route = irq_route(irqfds, gsi);
	level = route && route->irq.level;
	rcu_read_unlock();
	return level;
}

/* irqfds->mutex held; @file is the eventfd's: referenced, so that it cannot hang up meanwhile */
static int irqfd_start(struct irqfd *irqfd, struct file *file)
{
	struct tlfs_irqfds *irqfds = irqfd->irqfds;
	int r;

	r = irqfd_insert(irqfd);
	if (r)
		return r;
	if (irqfd->resample) {
		spin_lock(&irqfds->resample_lock);
		list_add_tail_rcu(&irqfd->resample_link, &irqfds->resamplers);
		spin_unlock(&irqfds->resample_lock);
	}
	init_waitqueue_func_entry(&irqfd->wait, irqfd_wakeup);
	init_poll_funcptr(&irqfd->poll, irqfd_queue);
	/* signalled before: nobody wakes us for that */
	if (vfs_poll(file, &irqfd->poll) & EPOLLIN)
		irqfd_inject(irqfd);
	return 0;
}

static int irqfd_assign(struct tlfs_partition *pt, const struct tlfs_user_irqfd *arg)
{
	struct tlfs_irqfds *irqfds = pt->irqfds;
	struct irqfd *irqfd;
	struct file *file;
	int r;

	irqfd = kzalloc(sizeof(*irqfd), GFP_KERNEL_ACCOUNT);
	if (!irqfd)
		return -ENOMEM;
	irqfd->pt = pt;
	irqfd->irqfds = irqfds;
	irqfd->gsi = arg->gsi;

	file = eventfd_fget(arg->fd);
	if (IS_ERR(file)) {
		r = PTR_ERR(file);
		goto err_free;
	}
	irqfd->eventfd = eventfd_ctx_fileget(file);
	if (IS_ERR(irqfd->eventfd)) {
		r = PTR_ERR(irqfd->eventfd);
		goto err_file;
	}
	if (arg->flags & TLFS_IRQFD_RESAMPLE) {
		irqfd->resample = eventfd_ctx_fdget(arg->resamplefd);
		if (IS_ERR(irqfd->resample)) {
			r = PTR_ERR(irqfd->resample);
			irqfd->resample = NULL;
			goto err_eventfd;
		}
	}

	mutex_lock(&irqfds->mutex);
	if (irqfd->resample && !irqfd_level(irqfds, irqfd->gsi))
		r = -EINVAL;
	else
		r = irqfd_start(irqfd, file);
	mutex_unlock(&irqfds->mutex);
	if (r)
		goto err_resample;
	/* from here on it can go away at any moment: somebody else may hold the last reference */
	fput(file);
	return 0;

err_resample:
	if (irqfd->resample)
		eventfd_ctx_put(irqfd->resample);
err_eventfd:
	eventfd_ctx_put(irqfd->eventfd);
err_file:
	fput(file);
err_free:
	kfree(irqfd);
	return r;
}

static int irqfd_deassign(struct tlfs_irqfds *irqfds, const struct tlfs_user_irqfd *arg)
{
	struct irqfd *i, *irqfd = NULL;
	struct eventfd_ctx *eventfd;

	eventfd = eventfd_ctx_fdget(arg->fd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	mutex_lock(&irqfds->mutex);
	spin_lock_irq(&irqfds->lock);
	list_for_each_entry(i, &irqfds->list, link) {
		if (i->eventfd == eventfd && i->gsi == arg->gsi) {
			list_del_init(&i->link);
			irqfd = i;
			break;
		}
	}
	spin_unlock_irq(&irqfds->lock);
	if (irqfd)
		irqfd_free(irqfd);
	mutex_unlock(&irqfds->mutex);
	eventfd_ctx_put(eventfd);

	/* no interrupt comes from a descriptor the caller has closed either */
	flush_work(&irqfds->reap);
	return 0;
}

int tlfs_irqfd(struct tlfs_partition *pt, const struct tlfs_user_irqfd *arg)
{
	if (arg->flags & ~TLFS_IRQFD_FLAGS)
		return -EINVAL;
	if (arg->flags & TLFS_IRQFD_DEASSIGN)
		return irqfd_deassign(pt->irqfds, arg);
	return irqfd_assign(pt, arg);
}

void tlfs_irqfd_eoi(struct tlfs_partition *pt, u8 vector)
{
	struct tlfs_irqfds *irqfds = READ_ONCE(pt->irqfds);
	const struct irq_route *route;
	struct irqfd *irqfd;

	if (!irqfds || list_empty(&irqfds->resamplers))
		return;
	rcu_read_lock();
	list_for_each_entry_rcu(irqfd, &irqfds->resamplers, resample_link) {
		route = irq_route(irqfds, irqfd->gsi);
		if (route && route->irq.level && route->irq.vector == vector)
			tlfs_eventfd_signal(irqfd->resample);
	}
	rcu_read_unlock();
}

/* ---- ioeventfd ---- */

/* first entry at or above @addr */
static unsigned int doorbells_find(const struct doorbells *bells, u64 addr)
{
	unsigned int lo = 0, hi = bells->nr, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (bells->bell[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* RCU */
static bool doorbells_ring(const struct doorbells *bells, u64 addr, unsigned int len, u64 val)
{
	const struct doorbell *bell;
	unsigned int i;

	if (len < 8)
		val &= BIT_ULL(len * 8) - 1;
	for (i = doorbells_find(bells, addr); i < bells->nr; i++) {
		bell = &bells->bell[i];
		if (bell->addr != addr)
			break;
		if (bell->len && bell->len != len)
			continue;
		if (!bell->any_value && bell->value != val)
			continue;
		tlfs_eventfd_signal(bell->eventfd);
		return true;
	}
	return false;
}

static bool doorbell_ring(struct doorbells __rcu *const *table, u64 addr, unsigned int len, u64 val)
{
	struct doorbells *bells;
	bool rung = false;

	/* in the run window preemption is off already; RCU waits for that as well, at less cost */
	rcu_read_lock_sched();
	bells = rcu_dereference_sched(*table);
	if (bells)
		rung = doorbells_ring(bells, addr, len, val);
	rcu_read_unlock_sched();
	return rung;
}

bool tlfs_doorbell_mmio(struct tlfs_partition *pt, u64 gpa, unsigned int len, u64 val)
{
	struct tlfs_irqfds *irqfds = pt->irqfds;

	return rcu_access_pointer(irqfds->mmio) && doorbell_ring(&irqfds->mmio, gpa, len, val);
}

bool tlfs_doorbell_pio(struct tlfs_partition *pt, u16 port, unsigned int len, u64 val)
{
	struct tlfs_irqfds *irqfds = pt->irqfds;

	return rcu_access_pointer(irqfds->pio) && doorbell_ring(&irqfds->pio, port, len, val);
}

bool tlfs_doorbell_page(struct tlfs_partition *pt, u64 gpa)
{
	struct tlfs_irqfds *irqfds = pt->irqfds;
	struct doorbells *bells;
	bool found = false;
	unsigned int i;

	if (!rcu_access_pointer(irqfds->mmio))
		return false;
	rcu_read_lock();
	bells = rcu_dereference(irqfds->mmio);
	if (bells) {
		i = doorbells_find(bells, gpa & HV_PAGE_MASK);
		found = i < bells->nr && !((bells->bell[i].addr ^ gpa) & HV_PAGE_MASK);
	}
	rcu_read_unlock();
	return found;
}

/* irqfds->mutex held.  @old with @bell added at @pos, or without the one at @pos */
static struct doorbells *doorbells_copy(const struct doorbells *old, unsigned int pos,
					const struct doorbell *bell)
{
	unsigned int nr = old ? old->nr : 0, after = nr - pos - (bell ? 0 : 1);
	struct doorbells *bells;

	bells = kvmalloc(struct_size(bells, bell, pos + after + 1), GFP_KERNEL_ACCOUNT);
	if (!bells)
		return NULL;
	bells->nr = pos + after;
	if (pos)
		memcpy(bells->bell, old->bell, pos * sizeof(*bell));
	if (after)
		memcpy(&bells->bell[pos + !!bell], &old->bell[nr - after], after * sizeof(*bell));
	if (bell) {
		bells->bell[pos] = *bell;
		bells->nr++;
	}
	return bells;
}

/* takes over bell->eventfd */
static int doorbell_add(struct tlfs_irqfds *irqfds, struct doorbells __rcu **table,
			const struct doorbell *bell)
{
	struct doorbells *old, *bells;
	unsigned int i, pos = 0;

	old = rcu_dereference_protected(*table, lockdep_is_held(&irqfds->mutex));
	if (old) {
		if (old->nr >= DOORBELLS_MAX)
			return -ENOSPC;
		pos = doorbells_find(old, bell->addr);
		for (i = pos; i < old->nr && old->bell[i].addr == bell->addr; i++)
			if (old->bell[i].len == bell->len &&
			    (old->bell[i].any_value || bell->any_value ||
			     old->bell[i].value == bell->value))
				return -EEXIST;
	}
	bells = doorbells_copy(old, pos, bell);
	if (!bells)
		return -ENOMEM;
	rcu_assign_pointer(*table, bells);
	if (old)
		kvfree_rcu(old, rcu);
	return 0;
}

static int doorbell_remove(struct tlfs_irqfds *irqfds, struct doorbells __rcu **table,
			   const struct doorbell *bell)
{
	struct doorbells *old, *bells = NULL;
	unsigned int i;

	old = rcu_dereference_protected(*table, lockdep_is_held(&irqfds->mutex));
	if (!old)
		return -ENOENT;
	for (i = doorbells_find(old, bell->addr);
	     i < old->nr && old->bell[i].addr == bell->addr; i++)
		if (old->bell[i].eventfd == bell->eventfd && old->bell[i].len == bell->len &&
		    old->bell[i].any_value == bell->any_value &&
		    (bell->any_value || old->bell[i].value == bell->value))
			break;
	if (i == old->nr || old->bell[i].addr != bell->addr)
		return -ENOENT;

	if (old->nr > 1) {
		bells = doorbells_copy(old, i, NULL);
		if (!bells)
			return -ENOMEM;
	}
	rcu_assign_pointer(*table, bells);
	/* a guest's write may be signalling it */
	synchronize_rcu_expedited();
	eventfd_ctx_put(bell->eventfd);
	kvfree(old);
	return 0;
}

static int doorbell_check(const struct tlfs_user_ioeventfd *arg)
{
	if (arg->flags & ~TLFS_IOEVENTFD_FLAGS ||
	    memchr_inv(arg->rsvd, 0, sizeof(arg->rsvd)))
		return -EINVAL;
	if (arg->len > 8 || (arg->len && !is_power_of_2(arg->len)))
		return -EINVAL;
	if (arg->addr + arg->len < arg->addr)
		return -EINVAL;
	/* there is no port access of 8 bytes */
	if (arg->flags & TLFS_IOEVENTFD_PIO &&
	    (arg->len > 4 || arg->addr > U16_MAX || arg->addr + arg->len > 0x10000))
		return -EINVAL;
	return 0;
}

int tlfs_ioeventfd(struct tlfs_partition *pt, const struct tlfs_user_ioeventfd *arg)
{
	struct tlfs_irqfds *irqfds = pt->irqfds;
	struct doorbells __rcu **table;
	struct doorbell bell = {
		.addr = arg->addr,
		.len = arg->len,
		.any_value = !(arg->flags & TLFS_IOEVENTFD_DATAMATCH),
	};
	int r;

	r = doorbell_check(arg);
	if (r)
		return r;
	if (!bell.any_value)
		bell.value = arg->datamatch;
	table = arg->flags & TLFS_IOEVENTFD_PIO ? &irqfds->pio : &irqfds->mmio;
	bell.eventfd = eventfd_ctx_fdget(arg->fd);
	if (IS_ERR(bell.eventfd))
		return PTR_ERR(bell.eventfd);

	mutex_lock(&irqfds->mutex);
	if (arg->flags & TLFS_IOEVENTFD_DEASSIGN)
		r = doorbell_remove(irqfds, table, &bell);
	else
		r = doorbell_add(irqfds, table, &bell);
	mutex_unlock(&irqfds->mutex);
	/* the table keeps the reference of an assigned one */
	if (r || arg->flags & TLFS_IOEVENTFD_DEASSIGN)
		eventfd_ctx_put(bell.eventfd);
	return r;
}

/* ---- partition ---- */

int tlfs_eventfd_create(struct tlfs_partition *pt)
{
	struct tlfs_irqfds *irqfds = kzalloc(sizeof(*irqfds), GFP_KERNEL_ACCOUNT);

	if (!irqfds)
		return -ENOMEM;
	mutex_init(&irqfds->mutex);
	spin_lock_init(&irqfds->lock);
	spin_lock_init(&irqfds->resample_lock);
	INIT_LIST_HEAD(&irqfds->list);
	INIT_LIST_HEAD(&irqfds->closed);
	INIT_LIST_HEAD(&irqfds->resamplers);
	INIT_WORK(&irqfds->reap, irqfd_reap);
	pt->irqfds = irqfds;
	return 0;
}

/* irqfds->mutex held */
static struct doorbells *doorbells_take(struct tlfs_irqfds *irqfds,
					struct doorbells __rcu **table)
{
	return rcu_replace_pointer(*table, NULL, lockdep_is_held(&irqfds->mutex));
}

static void doorbells_free(struct doorbells *bells)
{
	unsigned int i;

	for (i = 0; bells && i < bells->nr; i++)
		eventfd_ctx_put(bells->bell[i].eventfd);
	kvfree(bells);
}

void tlfs_eventfd_detach(struct tlfs_partition *pt)
{
	struct tlfs_irqfds *irqfds = pt->irqfds;
	struct doorbells *mmio, *pio;
	struct irq_routes *routes;
	struct irqfd *irqfd, *next;
	LIST_HEAD(list);

	mutex_lock(&irqfds->mutex);
	spin_lock_irq(&irqfds->lock);
	list_splice_init(&irqfds->list, &list);
	spin_unlock_irq(&irqfds->lock);
	list_for_each_entry_safe(irqfd, next, &list, link)
		irqfd_free(irqfd);
	flush_work(&irqfds->reap);

	mmio = doorbells_take(irqfds, &irqfds->mmio);
	pio = doorbells_take(irqfds, &irqfds->pio);
	routes = rcu_replace_pointer(irqfds->routes, NULL, lockdep_is_held(&irqfds->mutex));
	mutex_unlock(&irqfds->mutex);

	if (mmio || pio || routes)
		synchronize_rcu_expedited();
	doorbells_free(mmio);
	doorbells_free(pio);
	kvfree(routes);
}

void tlfs_eventfd_destroy(struct tlfs_partition *pt)
{
	if (!pt->irqfds)
		return;
	tlfs_eventfd_detach(pt);
	tlfs_devices_destroy(pt);
	kfree(pt->irqfds);
	pt->irqfds = NULL;
}
