// SPDX-License-Identifier: GPL-2.0-only
/*
 * port.c - ports and connections: life and properties (TLFS 14.4, 14.9)
 *
 * Ports belong to the partition that receives, connections to the one that sends.  Neither holds
 * the other's partition: a connection holds its port, and a port whose partition is gone is
 * deleted, which senders find out.
 *
 * The root is every process with partitions of its own, and none knows the others' ports: ports
 * and connections of the root are kept for each address space (struct root_ports), which its
 * partitions share and hold.
 */
#include <linux/list.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "hv/port.h"

/**
 * struct root_ports - the root's, of one process
 * @link:	in root_tables; RCU
 * @ref:	partitions with this memory, and calls
 * @rcu:	for readers of the list
 * @mm:		that memory; for comparing.  The partitions keep it from being reused
 * @ports:	the root's
 */
struct root_ports {
	struct list_head link;
	refcount_t ref;
	struct rcu_head rcu;
	const struct mm_struct *mm;
	struct tlfs_ports ports;
};

static LIST_HEAD(root_tables);
static DEFINE_MUTEX(root_tables_lock);

/* ---- tables ---- */

static void ports_init(struct tlfs_ports *ports, struct tlfs_partition *pt)
{
	ports->pt = pt;
	xa_init_flags(&ports->ports, XA_FLAGS_ACCOUNT);
	xa_init_flags(&ports->connections, XA_FLAGS_ACCOUNT);
	atomic_set(&ports->nr_ports, 0);
	atomic_set(&ports->nr_connections, 0);
	atomic_set(&ports->nr_monitors, 0);
}

struct tlfs_ports *tlfs_ports_of_root(const struct mm_struct *mm)
{
	struct root_ports *root;

	list_for_each_entry_rcu(root, &root_tables, link)
		if (root->mm == mm)
			return &root->ports;
	return NULL;
}

static struct root_ports *to_root(struct tlfs_ports *ports)
{
	return container_of(ports, struct root_ports, ports);
}

static void root_ports_put(struct tlfs_ports *ports);

/* table of @pt, which @call may name; NULL: the caller is the root and has no partition any more */
static struct tlfs_ports *ports_get(const struct tlfs_hvcall *call, struct tlfs_partition *pt)
{
	struct tlfs_ports *ports;

	if (pt != &tlfs_root)
		return &pt->ports;
	rcu_read_lock();
	ports = call->vp ? call->caller->ports.root : tlfs_ports_of_root(current->mm);
	if (ports && !refcount_inc_not_zero(&to_root(ports)->ref))
		ports = NULL;
	rcu_read_unlock();
	return ports;
}

static void ports_put(struct tlfs_ports *ports)
{
	if (ports && ports->pt == &tlfs_root)
		root_ports_put(ports);
}

/* one more of @nr, if the limit allows */
static bool count_up(atomic_t *nr)
{
	return atomic_add_unless(nr, 1, TLFS_MAX_PORTS);
}

/* how many monitor ports the process has: each of its partitions holds its root table */
static atomic_t *monitors_of(struct tlfs_ports *ports)
{
	return ports->root ? &ports->root->nr_monitors : &ports->nr_monitors;
}

bool tlfs_partition_communicates(const struct tlfs_partition *pt)
{
	return READ_ONCE(pt->initialized) && !READ_ONCE(pt->ports.closed);
}

/* ---- ports ---- */

struct tlfs_port *tlfs_port_find(struct tlfs_ports *ports, u32 id)
{
	struct tlfs_port *port;

	if (id & ~HV_PORT_ID_MASK)
		return NULL;
	rcu_read_lock();
	port = xa_load(&ports->ports, id);
	if (port && !refcount_inc_not_zero(&port->ref))
		port = NULL;
	rcu_read_unlock();
	return port;
}

void tlfs_port_put(struct tlfs_port *port)
{
	if (!refcount_dec_and_test(&port->ref))
		return;
	tlfs_monitor_free(port);
	tlfs_inbox_free(port);
	mutex_destroy(&port->lock);
	kfree_rcu(port, rcu);
}

/* it is off the table and the caller has the table's reference */
static void port_kill(struct tlfs_ports *ports, struct tlfs_port *port)
{
	mutex_lock(&port->lock);
	WRITE_ONCE(port->deleted, true);
	if (port->monitor) {
		tlfs_monitor_close(port);
		atomic_dec(monitors_of(ports));
	}
	if (port->inbox)
		tlfs_inbox_close(port);
	else
		tlfs_messages_cancel(port->pt, port->buffer, port->nr_buffers);
	mutex_unlock(&port->lock);
	atomic_dec(&ports->nr_ports);
	tlfs_pool_uncharge(ports->pt, TLFS_PAGES_PORT);
	tlfs_port_put(port);
}

static struct tlfs_port *port_alloc(struct tlfs_partition *pt, u32 id, u64 connection_partition,
				    const struct hv_port_info *info)
{
	unsigned int buffers = info->port_type == HV_PORT_TYPE_MESSAGE ?
			       HV_MESSAGE_BUFFERS_PER_PORT : 0, i;
	struct tlfs_port *port;

	port = kzalloc(struct_size(port, buffer, buffers), GFP_KERNEL_ACCOUNT);
	if (!port)
		return NULL;
	refcount_set(&port->ref, 1);
	mutex_init(&port->lock);
	port->pt = pt;
	port->id = id;
	port->type = info->port_type;
	port->connection_partition = connection_partition;
	if (tlfs_port_targets(port)) {
		port->sint = info->message.target_sint;
		port->vp = info->message.target_vp;
	}
	port->preferred = HV_ANY_VP;
	if (port->type == HV_PORT_TYPE_EVENT) {
		port->base = info->event.base_flag_number;
		port->flags = info->event.flag_count;
	}
	port->nr_buffers = buffers;
	port->free = buffers ? GENMASK(buffers - 1, 0) : 0;
	for (i = 0; i < buffers; i++) {
		tlfs_message_init(&port->buffer[i], tlfs_port_buffer_done);
		port->buffer[i].owner = port;
	}
	return port;
}

/* the port's own part of the memory, and of the partition */
static u16 port_setup(struct tlfs_ports *ports, struct tlfs_port *port,
		      const struct hv_port_info *info)
{
	u16 status;

	if (port->pt == &tlfs_root && tlfs_inbox_create(port))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	if (port->type != HV_PORT_TYPE_MONITOR)
		return HV_STATUS_SUCCESS;
	if (!atomic_add_unless(monitors_of(ports), 1, TLFS_MAX_MONITORS))
		return HV_STATUS_NO_RESOURCES;
	mutex_lock(&port->lock);
	status = tlfs_monitor_create(port, info->monitor.monitor_address);
	mutex_unlock(&port->lock);
	if (status != HV_STATUS_SUCCESS)
		atomic_dec(monitors_of(ports));
	return status;
}

/* take it off again: as deleting does, but nobody has seen it */
static u16 port_discard(struct tlfs_ports *ports, struct tlfs_port *port, u16 status)
{
	port_kill(ports, port);
	return status;
}

static u16 port_add(struct tlfs_ports *ports, struct tlfs_partition *pt, u32 id,
		    u64 connection_partition, const struct hv_port_info *info)
{
	struct tlfs_port *port;
	u16 status;
	int err;

	if (!count_up(&ports->nr_ports))
		return HV_STATUS_NO_RESOURCES;
	status = HV_STATUS_INSUFFICIENT_MEMORY;
	if (!tlfs_pool_charge(pt, TLFS_PAGES_PORT))
		goto err_count;
	port = port_alloc(pt, id, connection_partition, info);
	if (!port)
		goto err_pool;
	status = port_setup(ports, port, info);
	if (status != HV_STATUS_SUCCESS)
		return port_discard(ports, port, status);
	err = xa_insert(&ports->ports, id, port, GFP_KERNEL_ACCOUNT);
	if (err)
		return port_discard(ports, port, err == -EBUSY ? HV_STATUS_INVALID_PORT_ID :
								  HV_STATUS_INSUFFICIENT_MEMORY);
	WRITE_ONCE(ports->used, true);
	/* after the entry: whoever closes the table looks at the entries afterwards */
	smp_mb();
	if (READ_ONCE(ports->closed) && xa_erase(&ports->ports, id) == port)
		return port_discard(ports, port, HV_STATUS_INVALID_PARTITION_STATE);
	return HV_STATUS_SUCCESS;

err_pool:
	tlfs_pool_uncharge(pt, TLFS_PAGES_PORT);
err_count:
	atomic_dec(&ports->nr_ports);
	return status;
}

/* ---- HvCreatePort (14.9.1) ---- */

static u16 check_target(struct tlfs_partition *pt, u32 sint, u32 vp)
{
	if (!sint || sint >= TLFS_SINTS)
		return HV_STATUS_INVALID_PARAMETER;
	/* processors of the root are the host's, and which of them reads is up to the reader */
	if (vp != HV_ANY_VP && pt != &tlfs_root && !tlfs_vp_get(pt, vp))
		return HV_STATUS_INVALID_VP_INDEX;
	if (vp != HV_ANY_VP && pt == &tlfs_root && vp >= nr_cpu_ids)
		return HV_STATUS_INVALID_VP_INDEX;
	return HV_STATUS_SUCCESS;
}

static u16 check_port_info(struct tlfs_partition *pt, const struct hv_port_info *info)
{
	if (info->padding)
		return HV_STATUS_INVALID_PARAMETER;

	switch (info->port_type) {
	case HV_PORT_TYPE_MESSAGE:
		if (info->message.reserved)
			return HV_STATUS_INVALID_PARAMETER;
		break;
	case HV_PORT_TYPE_EVENT:
		/* flag 2047 is as good as the others, though 14.9.1 would not have it */
		if (info->event.reserved || !info->event.flag_count ||
		    info->event.base_flag_number + info->event.flag_count > HV_EVENT_FLAGS_COUNT)
			return HV_STATUS_INVALID_PARAMETER;
		break;
	case HV_PORT_TYPE_MONITOR:
		if (info->monitor.reserved)
			return HV_STATUS_INVALID_PARAMETER;
		if (info->monitor.monitor_address & ~HV_PAGE_MASK)
			return HV_STATUS_INVALID_ALIGNMENT;
		return HV_STATUS_SUCCESS;
	default:
		return HV_STATUS_INVALID_PARAMETER;
	}
	return check_target(pt, info->message.target_sint, info->message.target_vp);
}

/* monitor pages are laid over memory by parents only (14.5.4) */
static bool may_monitor(const struct tlfs_hvcall *call)
{
	return !call->vp || call->target != call->caller;
}

static u16 create_port(struct tlfs_hvcall *call, u32 id, u64 connection_partition,
		       const struct hv_port_info *info)
{
	struct tlfs_partition *pt = call->target, *peer;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (info->port_type == HV_PORT_TYPE_MONITOR && !may_monitor(call))
		return HV_STATUS_ACCESS_DENIED;
	peer = tlfs_hc_peer(call, connection_partition, &status);
	if (!peer)
		return status;

	if (peer == pt)
		status = HV_STATUS_INVALID_PARTITION_ID;
	else if (!tlfs_partition_communicates(pt) || !tlfs_partition_communicates(peer))
		status = HV_STATUS_INVALID_PARTITION_STATE;
	else if (id & ~HV_PORT_ID_MASK)
		status = HV_STATUS_INVALID_PORT_ID;
	else
		status = check_port_info(pt, info);
	if (status == HV_STATUS_SUCCESS) {
		struct tlfs_ports *ports = ports_get(call, pt);

		status = ports ? port_add(ports, pt, id, peer->id, info) :
				 HV_STATUS_INVALID_PARTITION_STATE;
		ports_put(ports);
	}
	tlfs_partition_put(peer);
	return status;
}

TLFS_HANDLER(create_port)
{
	const struct hv_input_create_port *in = call->in;

	return create_port(call, in->port_id, in->connection_partition, &in->port_info);
}

/* there is VTL 0 only; where memory comes from is a wish */
TLFS_HANDLER(create_port_vtl)
{
	const struct hv_input_create_port_vtl *in = call->in;

	if (in->port_vtl || in->min_connection_vtl || in->padding)
		return HV_STATUS_INVALID_PARAMETER;
	return create_port(call, in->port_id, in->connection_partition, &in->port_info);
}

/* HvDeletePort (14.9.2) */
static u16 delete_port(struct tlfs_hvcall *call, struct tlfs_ports *ports, u32 id)
{
	struct tlfs_port *port = tlfs_port_find(ports, id);
	u16 status = HV_STATUS_SUCCESS;

	if (!port)
		return HV_STATUS_INVALID_PORT_ID;
	if (port->type == HV_PORT_TYPE_MONITOR && !may_monitor(call))
		status = HV_STATUS_ACCESS_DENIED;
	/* another one may have deleted it meanwhile, and created its like */
	else if (xa_cmpxchg(&ports->ports, id, port, NULL, 0) != port)
		status = HV_STATUS_INVALID_PORT_ID;
	else
		port_kill(ports, port);
	tlfs_port_put(port);
	return status;
}

TLFS_HANDLER(delete_port)
{
	const struct hv_input_delete_port *in = call->in;
	struct tlfs_ports *ports;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (!tlfs_partition_communicates(call->target))
		return HV_STATUS_INVALID_PARTITION_STATE;
	ports = ports_get(call, call->target);
	status = ports ? delete_port(call, ports, in->port_id) : HV_STATUS_INVALID_PORT_ID;
	ports_put(ports);
	return status;
}

/* ---- connections ---- */

/* it is off the table */
static void connection_kill(struct tlfs_ports *ports, struct tlfs_connection *conn)
{
	struct tlfs_port *port = conn->port;

	mutex_lock(&port->lock);
	if (port->monitor)
		tlfs_monitor_disconnect(port);
	port->connection = NULL;
	mutex_unlock(&port->lock);
	atomic_dec(&ports->nr_connections);
	tlfs_pool_uncharge(ports->pt, TLFS_PAGES_CONNECTION);
	kfree_rcu(conn, rcu);
	tlfs_port_put(port);
}

/* under port->lock */
static u16 connection_insert(struct tlfs_ports *ports, struct tlfs_connection *conn)
{
	struct tlfs_port *port = conn->port;
	int err;

	err = xa_insert(&ports->connections, conn->id, conn, GFP_KERNEL_ACCOUNT);
	if (err)
		return err == -EBUSY ? HV_STATUS_INVALID_CONNECTION_ID :
				       HV_STATUS_INSUFFICIENT_MEMORY;
	port->connection = conn;
	smp_mb();	/* as in port_add() */
	if (READ_ONCE(ports->closed) && xa_erase(&ports->connections, conn->id) == conn) {
		port->connection = NULL;
		return HV_STATUS_INVALID_PARTITION_STATE;
	}
	return HV_STATUS_SUCCESS;
}

static u16 port_connect(struct tlfs_port *port, struct tlfs_ports *ports,
			struct tlfs_partition *pt, struct tlfs_connection *conn, u64 info)
{
	u16 status;

	lockdep_assert_held(&port->lock);
	if (port->deleted || port->connection)
		return HV_STATUS_INVALID_PORT_ID;
	if (port->type != HV_PORT_TYPE_MONITOR) {
		if (info)
			return HV_STATUS_INVALID_PARAMETER;
		return connection_insert(ports, conn);
	}
	if (info & ~HV_PAGE_MASK)
		return HV_STATUS_INVALID_ALIGNMENT;
	status = tlfs_monitor_connect(port, pt, ports, info);
	if (status != HV_STATUS_SUCCESS)
		return status;
	status = connection_insert(ports, conn);
	if (status != HV_STATUS_SUCCESS)
		tlfs_monitor_disconnect(port);
	return status;
}

/* the port holds one reference of the caller's, which the connection takes over on success */
static u16 connection_add(struct tlfs_ports *ports, struct tlfs_partition *pt, u32 id,
			  struct tlfs_port *port, u64 info)
{
	struct tlfs_connection *conn;
	u16 status;

	if (!count_up(&ports->nr_connections))
		return HV_STATUS_NO_RESOURCES;
	status = HV_STATUS_INSUFFICIENT_MEMORY;
	if (!tlfs_pool_charge(pt, TLFS_PAGES_CONNECTION))
		goto err_count;
	conn = kzalloc(sizeof(*conn), GFP_KERNEL_ACCOUNT);
	if (!conn)
		goto err_pool;
	conn->id = id;
	conn->port = port;
	mutex_lock(&port->lock);
	status = port_connect(port, ports, pt, conn, info);
	mutex_unlock(&port->lock);
	if (status == HV_STATUS_SUCCESS)
		return status;
	/* a sender may have seen it for a moment */
	kfree_rcu(conn, rcu);
err_pool:
	tlfs_pool_uncharge(pt, TLFS_PAGES_CONNECTION);
err_count:
	atomic_dec(&ports->nr_connections);
	return status;
}

/* ---- HvConnectPort (14.9.3) ---- */

static u16 connect_to_port(struct tlfs_hvcall *call, u32 id, struct tlfs_ports *from,
			   struct tlfs_port *port, u32 type, u64 info)
{
	if (port->connection_partition != call->target->id)
		return HV_STATUS_INVALID_PARTITION_ID;
	if (type && type != port->type)
		return HV_STATUS_INVALID_PARAMETER;
	if (port->type == HV_PORT_TYPE_MONITOR && !may_monitor(call))
		return HV_STATUS_ACCESS_DENIED;
	return connection_add(from, call->target, id, port, info);
}

static u16 connect_to(struct tlfs_hvcall *call, u32 id, struct tlfs_partition *peer, u32 port_id,
		      u32 type, u64 info)
{
	struct tlfs_ports *from = ports_get(call, call->target), *to = ports_get(call, peer);
	u16 status = HV_STATUS_INVALID_PORT_ID;
	struct tlfs_port *port = NULL;

	if (to)
		port = tlfs_port_find(to, port_id);
	if (port) {
		status = from ? connect_to_port(call, id, from, port, type, info) :
				HV_STATUS_INVALID_PARTITION_STATE;
		/* a connection keeps it */
		if (status != HV_STATUS_SUCCESS)
			tlfs_port_put(port);
	}
	ports_put(to);
	ports_put(from);
	return status;
}

/* @type: of the port, 0 if the caller does not say */
static u16 connect_port(struct tlfs_hvcall *call, u32 id, u64 port_partition, u32 port_id,
			u32 type, u64 info)
{
	struct tlfs_partition *pt = call->target, *peer;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	peer = tlfs_hc_peer(call, port_partition, &status);
	if (!peer)
		return status;
	if (peer == pt)
		status = HV_STATUS_INVALID_PARTITION_ID;
	else if (!tlfs_partition_communicates(pt) || !tlfs_partition_communicates(peer))
		status = HV_STATUS_INVALID_PARTITION_STATE;
	else if (id & ~HV_CONNECTION_ID_MASK)
		status = HV_STATUS_INVALID_CONNECTION_ID;
	else
		status = connect_to(call, id, peer, port_id, type, info);
	tlfs_partition_put(peer);
	return status;
}

TLFS_HANDLER(connect_port)
{
	const struct hv_input_connect_port *in = call->in;

	return connect_port(call, in->connection_id, in->port_partition, in->port_id, 0,
			    in->connection_info);
}

TLFS_HANDLER(connect_port_vtl)
{
	const struct hv_input_connect_port_vtl *in = call->in;
	const struct hv_connection_info *info = &in->connection_info;

	if (in->connection_vtl || memchr_inv(in->padding0, 0, sizeof(in->padding0)) ||
	    in->padding1 || !info->port_type || info->padding)
		return HV_STATUS_INVALID_PARAMETER;
	return connect_port(call, in->connection_id, in->port_partition, in->port_id,
			    info->port_type, info->monitor_address);
}

/* HvDisconnectPort (14.9.6): messages that are queued stay */
static u16 disconnect_port(struct tlfs_hvcall *call, struct tlfs_ports *ports, u32 id)
{
	struct tlfs_connection *conn = NULL;
	bool monitor;

	rcu_read_lock();
	if (!(id & ~HV_CONNECTION_ID_MASK))
		conn = xa_load(&ports->connections, id);
	monitor = conn && conn->port->type == HV_PORT_TYPE_MONITOR;
	rcu_read_unlock();
	if (monitor && !may_monitor(call))
		return HV_STATUS_ACCESS_DENIED;
	/* still the one that was looked at, or nothing */
	if (!conn || xa_cmpxchg(&ports->connections, id, conn, NULL, 0) != conn)
		return HV_STATUS_INVALID_CONNECTION_ID;
	connection_kill(ports, conn);
	return HV_STATUS_SUCCESS;
}

TLFS_HANDLER(disconnect_port)
{
	const struct hv_input_disconnect_port *in = call->in;
	struct tlfs_ports *ports;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (!tlfs_partition_communicates(call->target))
		return HV_STATUS_INVALID_PARTITION_STATE;
	ports = ports_get(call, call->target);
	status = ports ? disconnect_port(call, ports, in->connection_id) :
			 HV_STATUS_INVALID_CONNECTION_ID;
	ports_put(ports);
	return status;
}

/* ---- properties (14.8.7, 14.9.4, 14.9.5) ---- */

static u16 port_get_property(const struct tlfs_port *port, u32 code, u64 *val)
{
	switch (code) {
	case HV_PORT_PROPERTY_POST_COUNT:
		*val = atomic64_read(&port->posts);
		return HV_STATUS_SUCCESS;
	case HV_PORT_PROPERTY_PREFERRED_TARGET_VP:
		*val = READ_ONCE(port->preferred);
		return HV_STATUS_SUCCESS;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
}

/* a hint: it is looked at for ports that may choose */
static u16 port_set_property(struct tlfs_port *port, u32 code, u64 val)
{
	switch (code) {
	case HV_PORT_PROPERTY_POST_COUNT:
		return HV_STATUS_OPERATION_DENIED;
	case HV_PORT_PROPERTY_PREFERRED_TARGET_VP:
		if (val != HV_ANY_VP && (val > U32_MAX ||
					 (port->pt != &tlfs_root && !tlfs_vp_get(port->pt, val))))
			return HV_STATUS_INVALID_VP_INDEX;
		WRITE_ONCE(port->preferred, val);
		return HV_STATUS_SUCCESS;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
}

/* the port of @target, which is active; with a reference */
static struct tlfs_port *property_port(struct tlfs_hvcall *call, u32 id, u16 *status)
{
	struct tlfs_port *port = NULL;
	struct tlfs_ports *ports;

	*status = HV_STATUS_INVALID_PARTITION_STATE;
	if (!tlfs_partition_communicates(call->target))
		return NULL;
	*status = HV_STATUS_INVALID_PORT_ID;
	ports = ports_get(call, call->target);
	if (ports)
		port = tlfs_port_find(ports, id);
	ports_put(ports);
	return port;
}

TLFS_HANDLER(get_port_property)
{
	const struct hv_input_get_port_property *in = call->in;
	struct hv_output_get_port_property *out = call->out;
	struct tlfs_port *port;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	port = property_port(call, in->port_id, &status);
	if (!port)
		return status;
	status = port_get_property(port, in->property_code, &out->property_value);
	tlfs_port_put(port);
	return status;
}

TLFS_HANDLER(set_port_property)
{
	const struct hv_input_set_port_property *in = call->in;
	struct hv_output_get_port_property *out = call->out;
	struct tlfs_port *port;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	port = property_port(call, in->port_id, &status);
	if (!port)
		return status;
	status = port_set_property(port, in->property_code, in->property_value);
	if (status == HV_STATUS_SUCCESS)
		status = port_get_property(port, in->property_code, &out->property_value);
	tlfs_port_put(port);
	return status;
}

/* ---- life of the tables ---- */

static void ports_empty(struct tlfs_ports *ports)
{
	struct tlfs_connection *conn;
	struct tlfs_port *port;
	unsigned long id;

	xa_for_each(&ports->connections, id, conn)
		if (xa_cmpxchg(&ports->connections, id, conn, NULL, 0) == conn)
			connection_kill(ports, conn);
	xa_for_each(&ports->ports, id, port)
		if (xa_cmpxchg(&ports->ports, id, port, NULL, 0) == port)
			port_kill(ports, port);
}

/* under root_tables_lock */
static void root_ports_get(struct tlfs_partition *pt, struct root_ports *fresh)
{
	struct root_ports *root;

	list_for_each_entry(root, &root_tables, link) {
		if (root->mm == pt->mm && refcount_inc_not_zero(&root->ref)) {
			pt->ports.root = &root->ports;
			return;
		}
	}
	refcount_set(&fresh->ref, 1);
	fresh->mm = pt->mm;
	ports_init(&fresh->ports, &tlfs_root);
	/* before one that is just going away */
	list_add_rcu(&fresh->link, &root_tables);
	pt->ports.root = &fresh->ports;
}

static void root_ports_put(struct tlfs_ports *ports)
{
	struct root_ports *root = to_root(ports);

	if (!refcount_dec_and_test(&root->ref))
		return;
	mutex_lock(&root_tables_lock);
	list_del_rcu(&root->link);
	mutex_unlock(&root_tables_lock);
	ports_empty(ports);
	xa_destroy(&ports->ports);
	xa_destroy(&ports->connections);
	kfree_rcu(root, rcu);
}

struct tlfs_port *tlfs_root_port_find(u32 id)
{
	struct tlfs_port *port = NULL;
	struct tlfs_ports *ports;

	rcu_read_lock();
	ports = tlfs_ports_of_root(current->mm);
	if (ports)
		port = tlfs_port_find(ports, id);
	rcu_read_unlock();
	return port;
}

int tlfs_ports_create(struct tlfs_partition *pt)
{
	struct root_ports *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL_ACCOUNT);

	if (!fresh)
		return -ENOMEM;
	ports_init(&pt->ports, pt);
	mutex_lock(&root_tables_lock);
	root_ports_get(pt, fresh);
	mutex_unlock(&root_tables_lock);
	if (pt->ports.root != &fresh->ports)
		kfree(fresh);
	return 0;
}

void tlfs_ports_close(struct tlfs_partition *pt)
{
	WRITE_ONCE(pt->ports.closed, true);
	/* before the entries are looked at: port_add() */
	smp_mb();
	ports_empty(&pt->ports);
}

void tlfs_ports_destroy(struct tlfs_partition *pt)
{
	tlfs_ports_close(pt);
	xa_destroy(&pt->ports.ports);
	xa_destroy(&pt->ports.connections);
	root_ports_put(pt->ports.root);
	/*
	 * A sender that found one of the ports may still look for a VP.  Only a partition that had
	 * any waits: creating and destroying the others is as fast as ever.
	 */
	if (pt->ports.used)
		synchronize_rcu();
}
