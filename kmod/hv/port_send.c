// SPDX-License-Identifier: GPL-2.0-only
/*
 * port_send.c - messages and events through connections (TLFS 14.2, 14.3, 14.9.7, 14.9.8)
 *
 * No lock but that of the target's SynIC: tables are read under RCU, buffers are taken with a bit
 * each.  A port that is deleted meanwhile is noticed under that lock (port.h).
 */
#include <linux/bitops.h>
#include <linux/rcupdate.h>

#include "hv/port.h"

/* ---- buffers ---- */

static struct tlfs_message *port_take_buffer(struct tlfs_port *port)
{
	unsigned long free;

	/* each turn somebody else has taken the one we saw: at most as many as there are senders */
	while ((free = READ_ONCE(port->free)) != 0) {
		unsigned int i = __ffs(free);

		if (test_and_clear_bit(i, &port->free))
			return &port->buffer[i];
	}
	return NULL;
}

void tlfs_port_buffer_done(struct tlfs_message *m)
{
	struct tlfs_port *port = m->owner;

	/* whoever takes it next writes it after we have read it */
	smp_mb__before_atomic();
	set_bit(m - port->buffer, &port->free);
}

/* ---- lookup; under RCU ---- */

static struct tlfs_port *sender_port(struct tlfs_ports *ports, u32 id, u32 type, u16 *status)
{
	struct tlfs_connection *conn = NULL;
	struct tlfs_port *port;

	if (ports && !(id & ~HV_CONNECTION_ID_MASK))
		conn = xa_load(&ports->connections, id);
	*status = HV_STATUS_INVALID_CONNECTION_ID;
	if (!conn)
		return NULL;

	port = conn->port;
	*status = HV_STATUS_INVALID_PORT_ID;
	if (port->type != type || READ_ONCE(port->deleted))
		return NULL;
	/* it is good as long as the port was not deleted when we came */
	return tlfs_partition_communicates(port->pt) ? port : NULL;
}

/* ---- messages ---- */

static u16 port_deliver(struct tlfs_port *port, struct tlfs_message *m)
{
	struct tlfs_vp *vp;

	if (port->inbox)
		return tlfs_inbox_post(port, m);
	if (port->vp == HV_ANY_VP)
		return tlfs_message_queue_any(port->pt, port->sint, READ_ONCE(port->preferred), m,
					      &port->deleted);
	vp = tlfs_vp_get(port->pt, port->vp);
	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;
	return tlfs_message_queue(vp, port->sint, m, &port->deleted);
}

static u16 port_post(struct tlfs_port *port, const struct hv_input_post_message *in)
{
	struct tlfs_message *m = port_take_buffer(port);
	u16 status;

	if (!m)
		return HV_STATUS_INSUFFICIENT_BUFFERS;
	m->msg.header = (struct hv_message_header) {
		.message_type = in->message_type,
		.payload_size = in->payload_size,
		.sender = port->id,
	};
	memcpy(m->msg.payload, in->payload, in->payload_size);

	status = port_deliver(port, m);
	if (status == HV_STATUS_SUCCESS)
		atomic64_inc(&port->posts);
	else
		tlfs_port_buffer_done(m);
	return status;
}

/* connections the caller has: those of a guest, or of the process that is the root; under RCU */
static struct tlfs_ports *sender(const struct tlfs_hvcall *call)
{
	return call->vp ? &call->caller->ports : tlfs_ports_of_root(current->mm);
}

/* HvPostMessage (14.9.7) */
TLFS_HANDLER(post_message)
{
	const struct hv_input_post_message *in = call->in;
	struct tlfs_port *port;
	u16 status;

	if (!in->message_type || in->message_type & HVMSG_HYPERVISOR_FLAG ||
	    in->payload_size > HV_MESSAGE_PAYLOAD_SIZE)
		return HV_STATUS_INVALID_PARAMETER;

	rcu_read_lock();
	port = sender_port(sender(call), in->connection_id, HV_PORT_TYPE_MESSAGE, &status);
	if (port)
		status = port_post(port, in);
	rcu_read_unlock();
	return status;
}

/* ---- events ---- */

/*
 * The first VP that takes it, so that a flag which is still set is found set again; the preferred
 * one before the others.
 */
static u16 port_signal_any(struct tlfs_port *port, unsigned int flag)
{
	struct tlfs_partition *pt = port->pt;
	u16 status = HV_STATUS_INVALID_VP_INDEX;
	struct tlfs_vp *vp;
	unsigned int i;
	bool newly;

	vp = tlfs_vp_get(pt, READ_ONCE(port->preferred));
	if (vp && tlfs_synic_signal(vp, port->sint, flag, &newly) == HV_STATUS_SUCCESS)
		return HV_STATUS_SUCCESS;
	tlfs_for_each_vp(vp, pt, i) {
		/* most that do not take it need no lock to say so */
		status = HV_STATUS_INVALID_SYNIC_STATE;
		if (READ_ONCE(vp->synic.control) & HV_SYNIC_CONTROL_ENABLE)
			status = tlfs_synic_signal(vp, port->sint, flag, &newly);
		if (status == HV_STATUS_SUCCESS)
			break;
	}
	return status;
}

u16 tlfs_port_signal(struct tlfs_ports *ports, u32 connection, u16 flag)
{
	struct tlfs_port *port;
	struct tlfs_vp *vp;
	bool newly;
	u16 status;

	port = sender_port(ports, connection, HV_PORT_TYPE_EVENT, &status);
	if (!port)
		return status;
	if (flag >= port->flags)
		return HV_STATUS_INVALID_PARAMETER;
	if (port->inbox)
		return tlfs_inbox_signal(port, port->base + flag);
	if (port->vp == HV_ANY_VP)
		return port_signal_any(port, port->base + flag);
	vp = tlfs_vp_get(port->pt, port->vp);
	if (!vp)
		return HV_STATUS_INVALID_VP_INDEX;
	return tlfs_synic_signal(vp, port->sint, port->base + flag, &newly);
}

/* HvSignalEvent (14.9.8) */
TLFS_HANDLER(signal_event)
{
	const struct hv_input_signal_event *in = call->in;
	u16 status;

	if (in->reserved)
		return HV_STATUS_INVALID_PARAMETER;
	rcu_read_lock();
	status = tlfs_port_signal(sender(call), in->connection_id, in->flag_number);
	rcu_read_unlock();
	return status;
}
