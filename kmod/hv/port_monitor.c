// SPDX-License-Identifier: GPL-2.0-only
/*
 * port_monitor.c - monitored notifications (TLFS 14.5)
 *
 * A monitor port and its connection share one page, laid over the GPA space of both partitions.
 * While they are connected a host timer looks at it and signals events for the sender.  The page is
 * written by two guests meanwhile: every word is read once, triggers change by cmpxchg only.
 */
#include <linux/bitops.h>
#include <linux/hrtimer.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/slab.h>

#include "hv/port.h"

#define GROUPS		4
#define TRIGGERS	32

/*
 * Time between two looks, in ns: the shortest latency of the enabled groups, but below the lower
 * bound a guest could keep the host busy, and with no group enabled the upper one applies.
 */
#define LOOK_MIN	(500 * NSEC_PER_USEC)
#define LOOK_DEFAULT	NSEC_PER_MSEC		/* of groups without any latency */
#define LOOK_MAX	(10 * NSEC_PER_MSEC)

/* a guest that changes its triggers all the time is looked at next time */
#define GROUP_TRIES	4

/**
 * struct tlfs_monitor - monitor page and who looks at it
 * @page:	of the port's partition; holds the page
 * @peer:	the same page in the connection's partition
 * @peer_pt:	that partition; NULL: not connected, or it is the root
 * @origin:	connections to signal through; NULL: nobody looks
 * @timer:	looks
 * @due:	when the latency of an armed trigger has passed, ns; @timer's own
 */
struct tlfs_monitor {
	struct tlfs_overlay page;
	struct tlfs_overlay peer;
	struct tlfs_partition *peer_pt;
	struct tlfs_ports *origin;
	struct hrtimer timer;
	u64 due[GROUPS][TRIGGERS];
};

static struct hv_monitor_page *monitor_page(struct tlfs_monitor *mon)
{
	return mon->page.va;
}

struct page *tlfs_monitor_page(const struct tlfs_port *port)
{
	return port->monitor->page.page;
}

/* the flag is ours, the rest of the word the guests' */
static void set_disabled(struct tlfs_monitor *mon, bool disabled)
{
	unsigned long *word = (unsigned long *)&monitor_page(mon)->trigger_state;
	unsigned int bit = ilog2(HV_MONITOR_DISABLED);

	if (disabled)
		set_bit(bit, word);
	else
		clear_bit(bit, word);
}

/* ---- looking ---- */

static u64 latency_ns(struct tlfs_monitor *mon, unsigned int group, unsigned int i)
{
	return READ_ONCE(monitor_page(mon)->latency[group][i]) * (u64)TLFS_UNIT_NS;
}

/* by the sender, whose failure is nobody's business (14.5.3) */
static void monitor_signal(struct tlfs_monitor *mon, unsigned int group, unsigned int i)
{
	struct hv_monitor_parameter *param = &monitor_page(mon)->parameter[group][i];
	u32 connection = READ_ONCE(param->connection_id);
	u16 flag = READ_ONCE(param->flag_number);

	if (tlfs_has_privilege(mon->origin->pt, HV_PRIV_SIGNAL_EVENTS))
		tlfs_port_signal(mon->origin, connection, flag);
}

/* which of @pending go off, and from when on the others will */
static u32 group_due(struct tlfs_monitor *mon, unsigned int group, unsigned long pending,
		     u32 armed, u64 now)
{
	unsigned int i;
	u32 fire = 0;

	for_each_set_bit(i, &pending, TRIGGERS) {
		if (!(armed & BIT(i)))
			mon->due[group][i] = now + latency_ns(mon, group, i);
		else if (now >= mon->due[group][i])
			fire |= BIT(i);
	}
	return fire;
}

/*
 * A pending trigger is armed when it is seen first; one that is armed still when its latency has
 * passed is signalled.  Whoever sets it clears the armed bit, so that it waits anew (14.8.9.1).
 */
static void monitor_group(struct tlfs_monitor *mon, unsigned int group, u64 now)
{
	u64 *word = (u64 *)&monitor_page(mon)->trigger_group[group];
	u64 old = READ_ONCE(*word), new;
	unsigned int i, tries = 0;
	unsigned long fire;
	u32 left;

	do {
		if (!lower_32_bits(old) || tries++ == GROUP_TRIES)
			return;
		fire = group_due(mon, group, lower_32_bits(old), upper_32_bits(old), now);
		left = lower_32_bits(old) & ~fire;
		new = (u64)left << 32 | left;
		/* as it is: nothing to write */
	} while (new != old && !try_cmpxchg64(word, &old, new));

	for_each_set_bit(i, &fire, TRIGGERS)
		monitor_signal(mon, group, i);
}

static u64 group_latency(struct tlfs_monitor *mon, unsigned int group)
{
	u64 shortest = U64_MAX;
	unsigned int i;

	for (i = 0; i < TRIGGERS; i++) {
		u64 ns = latency_ns(mon, group, i);

		if (ns)
			shortest = min(shortest, ns);
	}
	return shortest == U64_MAX ? LOOK_DEFAULT : shortest;
}

/* returns when to look again, in ns */
static u64 monitor_scan(struct tlfs_monitor *mon)
{
	u32 state = READ_ONCE(monitor_page(mon)->trigger_state);
	u64 now = ktime_get_ns(), look = LOOK_MAX;
	unsigned int group;

	for (group = 0; group < GROUPS; group++) {
		if (!(state & BIT(group)))
			continue;
		monitor_group(mon, group, now);
		look = min(look, group_latency(mon, group));
	}
	return max_t(u64, look, LOOK_MIN);
}

/* a partition whose time stands signals nothing, and finds what is pending when it goes on */
static bool monitor_paused(const struct tlfs_ports *origin)
{
	return origin->pt != &tlfs_root && READ_ONCE(origin->pt->time.frozen);
}

static enum hrtimer_restart monitor_look(struct hrtimer *timer)
{
	struct tlfs_monitor *mon = container_of(timer, struct tlfs_monitor, timer);
	struct tlfs_ports *origin;
	u64 look = LOOK_MAX;
	bool paused;

	rcu_read_lock();
	origin = READ_ONCE(mon->origin);
	if (origin) {
		paused = monitor_paused(origin);
		set_disabled(mon, paused);
		if (!paused)
			look = monitor_scan(mon);
	}
	rcu_read_unlock();
	if (!origin)
		return HRTIMER_NORESTART;
	hrtimer_forward_now(timer, ns_to_ktime(look));
	return HRTIMER_RESTART;
}

/* ---- life; under port->lock ---- */

/* overlays of the root are had by mmap() */
static u16 monitor_map(struct tlfs_partition *pt, struct tlfs_overlay *ov, u64 gpa)
{
	if (pt != &tlfs_root && tlfs_overlay_map(pt, ov, gpa >> HV_PAGE_SHIFT, true, false))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

u16 tlfs_monitor_create(struct tlfs_port *port, u64 gpa)
{
	struct tlfs_monitor *mon = kzalloc(sizeof(*mon), GFP_KERNEL_ACCOUNT);
	u16 status;

	if (!mon)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	if (tlfs_overlay_alloc(&mon->page)) {
		kfree(mon);
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
	hrtimer_setup(&mon->timer, monitor_look, CLOCK_MONOTONIC, HRTIMER_MODE_REL_SOFT);
	set_disabled(mon, true);
	status = monitor_map(port->pt, &mon->page, gpa);
	if (status != HV_STATUS_SUCCESS) {
		tlfs_free_page(mon->page.page);
		kfree(mon);
		return status;
	}
	port->monitor = mon;
	return HV_STATUS_SUCCESS;
}

u16 tlfs_monitor_connect(struct tlfs_port *port, struct tlfs_partition *pt,
			 struct tlfs_ports *origin, u64 gpa)
{
	struct tlfs_monitor *mon = port->monitor;
	u16 status;

	tlfs_overlay_share(&mon->peer, &mon->page);
	status = monitor_map(pt, &mon->peer, gpa);
	if (status != HV_STATUS_SUCCESS) {
		tlfs_free_page(mon->peer.page);
		return status;
	}
	mon->peer_pt = pt != &tlfs_root ? pt : NULL;
	WRITE_ONCE(mon->origin, origin);
	atomic_long_inc(&tlfs_nr_monitored);
	set_disabled(mon, false);
	hrtimer_start(&mon->timer, ns_to_ktime(LOOK_MIN), HRTIMER_MODE_REL_SOFT);
	return HV_STATUS_SUCCESS;
}

static void monitor_stop(struct tlfs_monitor *mon)
{
	/* once for each connection: the port's lock is held */
	if (mon->origin)
		atomic_long_dec(&tlfs_nr_monitored);
	WRITE_ONCE(mon->origin, NULL);
	hrtimer_cancel(&mon->timer);
	set_disabled(mon, true);
}

void tlfs_monitor_disconnect(struct tlfs_port *port)
{
	struct tlfs_monitor *mon = port->monitor;

	monitor_stop(mon);
	if (mon->peer_pt)
		tlfs_overlay_unmap(mon->peer_pt, &mon->peer);
	mon->peer_pt = NULL;
	if (mon->peer.page)
		tlfs_free_page(mon->peer.page);
	mon->peer.page = NULL;
}

/* the sender keeps the page until it disconnects, but nobody looks at it */
void tlfs_monitor_close(struct tlfs_port *port)
{
	struct tlfs_monitor *mon = port->monitor;

	monitor_stop(mon);
	if (port->pt != &tlfs_root)
		tlfs_overlay_unmap(port->pt, &mon->page);
}

void tlfs_monitor_free(struct tlfs_port *port)
{
	struct tlfs_monitor *mon = port->monitor;

	if (!mon)
		return;
	tlfs_free_page(mon->page.page);
	kfree(mon);
}
