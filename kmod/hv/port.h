/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * port.h - ports and connections (TLFS 14.4, 14.5), between the port_*.c files
 *
 * Locks: port->lock is outside gpa.lock and an xarray's own.  Posting and signalling take none of
 * these: tables are read under RCU.
 */
#ifndef TLFS_PORT_H
#define TLFS_PORT_H

#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "tlfs.h"

/* implementation limits (HV_STATUS_NO_RESOURCES): ports, and connections, of one partition */
#define TLFS_MAX_PORTS		1024
/* monitor ports of a process and its partitions: each costs the host a look at its page */
#define TLFS_MAX_MONITORS	16

struct tlfs_port_inbox;		/* port_root.c */
struct tlfs_monitor;		/* port_monitor.c */

/**
 * struct tlfs_connection - a connection (14.8.8)
 * @id:		HV_CONNECTION_ID
 * @port:	where it leads; a reference.  May be deleted
 *
 * Freed after an RCU grace period.
 */
struct tlfs_connection {
	struct rcu_head rcu;
	u32 id;
	struct tlfs_port *port;
};

/**
 * struct tlfs_port - a port (14.8.6)
 * @ref:	the table, the connection, an open descriptor and slow calls hold one each; freed
 *		after an RCU grace period
 * @lock:	connect, disconnect, delete
 * @pt:		whose it is.  Good while @deleted is not set, for a reader under RCU
 * @deleted:	off the table; once every queue's lock has been taken after it nothing arrives
 * @id:		HV_PORT_ID
 * @type:	HV_PORT_TYPE_*
 * @connection_partition: id of the partition that may connect
 * @sint, @vp:	target; @vp may be HV_ANY_VP
 * @preferred:	VP to choose then, HV_ANY_VP: no preference
 * @base, @flags: event flags of an event port
 * @posts:	messages posted successfully
 * @connection:	the one there is, under @lock
 * @inbox:	of a port of the root: where messages and flags go instead of to a VP
 * @monitor:	of a monitor port
 * @free:	buffers that are free, bit mask
 * @nr_buffers:	of a message port
 * @buffer:	message buffers
 */
struct tlfs_port {
	refcount_t ref;
	struct rcu_head rcu;
	struct mutex lock;		/* connect, disconnect, delete */
	struct tlfs_partition *pt;
	bool deleted;
	u32 id;
	u32 type;
	u64 connection_partition;
	u32 sint;
	u32 vp;
	u32 preferred;
	u16 base;
	u16 flags;
	atomic64_t posts;
	struct tlfs_connection *connection;
	struct tlfs_port_inbox *inbox;
	struct tlfs_monitor *monitor;
	unsigned long free;
	unsigned int nr_buffers;
	struct tlfs_message buffer[];
};

static inline bool tlfs_port_targets(const struct tlfs_port *port)
{
	return port->type == HV_PORT_TYPE_MESSAGE || port->type == HV_PORT_TYPE_EVENT;
}

/* port.c */
struct tlfs_ports *tlfs_ports_of_root(const struct mm_struct *mm);	/* under RCU, or NULL */
struct tlfs_port *tlfs_port_find(struct tlfs_ports *ports, u32 id);	/* with a reference */
struct tlfs_port *tlfs_root_port_find(u32 id);	/* the same for the root: the calling process */
void tlfs_port_put(struct tlfs_port *port);
/* does it send and receive: under RCU or with a reference to it */
bool tlfs_partition_communicates(const struct tlfs_partition *pt);

/* port_send.c: by whoever has the connections @ports; under RCU, any context.  HV_STATUS_* */
u16 tlfs_port_signal(struct tlfs_ports *ports, u32 connection, u16 flag);
/* a buffer has been delivered, read, or lost */
void tlfs_port_buffer_done(struct tlfs_message *m);

/* port_root.c */
int tlfs_inbox_create(struct tlfs_port *port);
/* the port is deleted: what has not been read is lost, readers are woken */
void tlfs_inbox_close(struct tlfs_port *port);
void tlfs_inbox_free(struct tlfs_port *port);
/* any context, under RCU */
u16 tlfs_inbox_post(struct tlfs_port *port, struct tlfs_message *m);
u16 tlfs_inbox_signal(struct tlfs_port *port, u16 flag);

/* port_monitor.c; all but free under port->lock.  HV_STATUS_* */
u16 tlfs_monitor_create(struct tlfs_port *port, u64 gpa);
/* @pt may be the root: it has the page by mmap() */
u16 tlfs_monitor_connect(struct tlfs_port *port, struct tlfs_partition *pt,
			 struct tlfs_ports *origin, u64 gpa);
void tlfs_monitor_disconnect(struct tlfs_port *port);
void tlfs_monitor_close(struct tlfs_port *port);
/* last reference */
void tlfs_monitor_free(struct tlfs_port *port);
struct page *tlfs_monitor_page(const struct tlfs_port *port);

#endif /* TLFS_PORT_H */
