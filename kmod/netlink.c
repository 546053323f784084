// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink.c - generic netlink family "tlfs": what there is, what happens
 *
 * It only tells.  A partition is shown to the user who made it and to CAP_SYS_ADMIN in the user
 * namespace it was made in, by the credentials of whoever opened the socket.  Events go to
 * the network namespace a partition was made in, to listeners with CAP_NET_ADMIN there.
 */
#include <linux/cred.h>
#include <linux/mm_types.h>
#include <linux/nsproxy.h>
#include <linux/pid.h>
#include <linux/pid_namespace.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/sock.h>

#include <uapi/tlfs_netlink.h>

#include "hv/port.h"
#include "netlink.h"

static struct genl_family nl_family;

/* ---- whose a partition is ---- */

void tlfs_owner_init(struct tlfs_owner *owner, const struct tlfs_owner *parent)
{
	/* a guest makes children from whatever thread runs its VP */
	if (parent->net) {
		owner->uid = parent->uid;
		owner->user_ns = get_user_ns(parent->user_ns);
		owner->net = get_net(parent->net);
		owner->pid = get_pid(parent->pid);
		return;
	}
	owner->uid = current_euid();
	owner->user_ns = get_user_ns(current_user_ns());
	owner->net = get_net(current->nsproxy->net_ns);
	owner->pid = get_pid(task_tgid(current));
}

void tlfs_owner_destroy(struct tlfs_owner *owner)
{
	put_user_ns(owner->user_ns);
	put_net(owner->net);
	put_pid(owner->pid);
}

/* by who opened the socket: whoever reads from it, it tells no more */
static bool nl_visible(const struct sk_buff *request, const struct tlfs_partition *pt)
{
	return uid_eq(READ_ONCE(NETLINK_CB(request).sk->sk_uid), pt->who.uid) ||
	       netlink_ns_capable(request, pt->who.user_ns, CAP_SYS_ADMIN);
}

/* ---- dumps ---- */

static int put_u64(struct sk_buff *skb, int attr, u64 val)
{
	return nla_put_u64_64bit(skb, attr, val, TLFS_GENL_A_PAD);
}

static u32 partition_state(const struct tlfs_partition *pt)
{
	if (READ_ONCE(pt->finalized))
		return TLFS_GENL_FINALIZED;
	return READ_ONCE(pt->initialized) ? TLFS_GENL_ACTIVE : TLFS_GENL_UNINITIALIZED;
}

static u32 partition_flags(const struct tlfs_partition *pt)
{
	return (pt->hosted ? TLFS_GENL_F_HOSTED : 0) | (pt->threaded ? TLFS_GENL_F_THREADED : 0) |
	       (READ_ONCE(pt->v2) ? TLFS_GENL_F_V2 : 0) |
	       (READ_ONCE(pt->time.frozen) ? TLFS_GENL_F_FROZEN : 0);
}

static int put_owner(struct sk_buff *skb, const struct tlfs_owner *owner)
{
	pid_t pid = pid_nr_ns(owner->pid, task_active_pid_ns(current));

	return nla_put_u32(skb, TLFS_GENL_A_PID, pid) ||
	       nla_put_u32(skb, TLFS_GENL_A_UID, from_kuid_munged(current_user_ns(), owner->uid));
}

static int put_pool(struct sk_buff *skb, struct tlfs_pool *pool)
{
	u64 deposited, in_use;

	spin_lock(&pool->lock);
	deposited = pool->deposited;
	in_use = pool->in_use;
	spin_unlock(&pool->lock);
	return put_u64(skb, TLFS_GENL_A_POOL, deposited) ||
	       put_u64(skb, TLFS_GENL_A_POOL_USED, in_use);
}

static int put_sched(struct sk_buff *skb, const struct tlfs_sched *sched)
{
	return nla_put_u32(skb, TLFS_GENL_A_RESERVE, READ_ONCE(sched->reserve)) ||
	       nla_put_u32(skb, TLFS_GENL_A_CAP, READ_ONCE(sched->cap)) ||
	       nla_put_u32(skb, TLFS_GENL_A_WEIGHT, READ_ONCE(sched->weight));
}

/* 0, or that there is no room; @from: where to go on in the partition, for next time */
static int put_partition(struct sk_buff *skb, struct netlink_callback *cb,
			 struct tlfs_partition *pt, long *from)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &nl_family,
				NLM_F_MULTI, TLFS_GENL_PARTITION_GET);
	unsigned int vps = bitmap_weight(pt->vp_map, TLFS_MAX_VPS);

	if (!hdr)
		return -EMSGSIZE;
	if (put_u64(skb, TLFS_GENL_A_ID, pt->id) ||
	    put_u64(skb, TLFS_GENL_A_PARENT, pt->parent->id) ||
	    nla_put_u32(skb, TLFS_GENL_A_STATE, partition_state(pt)) ||
	    nla_put_u32(skb, TLFS_GENL_A_FLAGS, partition_flags(pt)) ||
	    put_owner(skb, &pt->who) ||
	    nla_put_u32(skb, TLFS_GENL_A_VPS, vps) ||
	    nla_put_u32(skb, TLFS_GENL_A_CHILDREN, READ_ONCE(pt->nr_children)) ||
	    put_u64(skb, TLFS_GENL_A_PRIVILEGES, READ_ONCE(pt->privileges)) ||
	    put_u64(skb, TLFS_GENL_A_GUEST_OS_ID, READ_ONCE(pt->guest_os_id)) ||
	    put_pool(skb, &pt->pool) || put_sched(skb, &pt->sched)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static u32 vp_state(const struct tlfs_vp *vp)
{
	if (READ_ONCE(vp->explicit_suspend))
		return TLFS_GENL_VP_SUSPENDED;
	if (READ_ONCE(vp->intercept_suspend))
		return TLFS_GENL_VP_INTERCEPTED;
	if (READ_ONCE(vp->startup_suspend))
		return TLFS_GENL_VP_STARTUP;
	if (READ_ONCE(vp->halted) || READ_ONCE(vp->idle))
		return TLFS_GENL_VP_HALTED;
	return READ_ONCE(vp->in_window) ? TLFS_GENL_VP_RUNNING : TLFS_GENL_VP_READY;
}

static int put_vp(struct sk_buff *skb, struct netlink_callback *cb, const struct tlfs_vp *vp)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &nl_family,
				NLM_F_MULTI, TLFS_GENL_VP_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (put_u64(skb, TLFS_GENL_A_ID, vp->pt->id) ||
	    nla_put_u32(skb, TLFS_GENL_A_VP, vp->index) ||
	    nla_put_u32(skb, TLFS_GENL_A_STATE, vp_state(vp)) ||
	    nla_put_u32(skb, TLFS_GENL_A_CPU, READ_ONCE(vp->cpu)) ||
	    put_u64(skb, TLFS_GENL_A_RUNTIME, READ_ONCE(vp->runtime_ns) / 100)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int put_vps(struct sk_buff *skb, struct netlink_callback *cb, struct tlfs_partition *pt,
		   long *from)
{
	const struct tlfs_vp *vp;
	int err = 0;

	for (; *from < TLFS_MAX_VPS && !err; (*from)++) {
		/* of a threaded partition VPs are freed meanwhile */
		rcu_read_lock();
		vp = tlfs_vp_get(pt, *from);
		if (vp)
			err = put_vp(skb, cb, vp);
		rcu_read_unlock();
		if (err)
			break;
	}
	return err;
}

static int put_port(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct tlfs_partition *pt, struct tlfs_port *port)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &nl_family,
				NLM_F_MULTI, TLFS_GENL_PORT_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (put_u64(skb, TLFS_GENL_A_ID, pt->id) ||
	    nla_put_u32(skb, TLFS_GENL_A_PORT, port->id) ||
	    nla_put_u32(skb, TLFS_GENL_A_PORT_TYPE, port->type) ||
	    put_u64(skb, TLFS_GENL_A_PEER, port->connection_partition) ||
	    nla_put_u32(skb, TLFS_GENL_A_SINT, port->sint) ||
	    put_u64(skb, TLFS_GENL_A_POSTS, atomic64_read(&port->posts))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int put_ports(struct sk_buff *skb, struct netlink_callback *cb, struct tlfs_partition *pt,
		     long *from)
{
	struct tlfs_port *port;
	unsigned long id = *from;
	int err = 0;

	rcu_read_lock();
	xa_for_each_start(&pt->ports.ports, id, port, *from) {
		err = put_port(skb, cb, pt, port);
		*from = id;
		if (err)
			break;
	}
	rcu_read_unlock();
	return err;
}

/* cb->args: the last partition that is done, and how far the next is */
static int dump_partitions(struct sk_buff *skb, struct netlink_callback *cb,
			   int (*put)(struct sk_buff *skb, struct netlink_callback *cb,
				      struct tlfs_partition *pt, long *from))
{
	struct tlfs_partition *pt;

	for (pt = tlfs_partition_after(cb->args[0]); pt; pt = tlfs_partition_follow(pt)) {
		if (nl_visible(cb->skb, pt) && put(skb, cb, pt, &cb->args[1])) {
			tlfs_partition_put(pt);
			break;
		}
		cb->args[0] = pt->id;
		cb->args[1] = 0;
	}
	return skb->len;
}

static int nl_get_partitions(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_partitions(skb, cb, put_partition);
}

static int nl_get_vps(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_partitions(skb, cb, put_vps);
}

static int nl_get_ports(struct sk_buff *skb, struct netlink_callback *cb)
{
	return dump_partitions(skb, cb, put_ports);
}

static u32 call_shape(const struct tlfs_hvcall_desc *desc)
{
	static const struct {
		u16 flags;
		u32 shape;
	} map[] = {
		{ TLFS_HC_REP, TLFS_GENL_C_REP },
		{ TLFS_HC_FAST, TLFS_GENL_C_FAST },
		{ TLFS_HC_GUEST | TLFS_HC_SELF, TLFS_GENL_C_SELF },
		{ TLFS_HC_PARENT, TLFS_GENL_C_PARENT },
		{ TLFS_HC_ROOT, TLFS_GENL_C_ROOT },
		{ TLFS_HC_PT_FD, TLFS_GENL_C_PARTITION },
		{ TLFS_HC_VP_FD, TLFS_GENL_C_VP },
	};
	u32 shape = tlfs_hvcall_later(desc) ? TLFS_GENL_C_LATER : 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(map); i++)
		if (desc->flags & map[i].flags)
			shape |= map[i].shape;
	return shape;
}

static int put_call(struct sk_buff *skb, struct netlink_callback *cb,
		    const struct tlfs_hvcall_desc *desc)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &nl_family,
				NLM_F_MULTI, TLFS_GENL_HYPERCALL_GET);

	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_u32(skb, TLFS_GENL_A_CODE, desc->code) ||
	    nla_put_string(skb, TLFS_GENL_A_NAME, desc->name) ||
	    nla_put_string(skb, TLFS_GENL_A_SECTION, desc->section) ||
	    put_u64(skb, TLFS_GENL_A_PRIVILEGES, desc->privilege) ||
	    nla_put_u32(skb, TLFS_GENL_A_SHAPE, call_shape(desc))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static int nl_get_hypercalls(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct tlfs_hvcall_desc *desc;

	for (; cb->args[0] <= U16_MAX; cb->args[0]++) {
		desc = tlfs_hvcall_lookup(cb->args[0]);
		if (desc && put_call(skb, cb, desc))
			break;
	}
	return skb->len;
}

/* ---- events ---- */

static const struct genl_multicast_group nl_groups[] = {
	{ .name = TLFS_GENL_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

static int put_event(struct sk_buff *skb, u8 kind, const struct tlfs_partition *pt,
		     const struct tlfs_vp *vp, u64 rip)
{
	void *hdr = genlmsg_put(skb, 0, 0, &nl_family, 0, kind);

	if (!hdr)
		return -EMSGSIZE;
	if (put_u64(skb, TLFS_GENL_A_ID, pt->id) ||
	    put_u64(skb, TLFS_GENL_A_PARENT, pt->parent->id) ||
	    (vp && nla_put_u32(skb, TLFS_GENL_A_VP, vp->index)) ||
	    (kind == TLFS_GENL_VP_STARTED && put_u64(skb, TLFS_GENL_A_RIP, rip)) ||
	    (kind == TLFS_GENL_CRASH &&
	     nla_put(skb, TLFS_GENL_A_CRASH, sizeof(pt->crash_param), pt->crash_param))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static void nl_event(u8 kind, const struct tlfs_partition *pt, const struct tlfs_vp *vp, u64 rip)
{
	struct sk_buff *skb;

	if (!genl_has_listeners(&nl_family, pt->who.net, 0))
		return;
	skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!skb)
		return;
	if (put_event(skb, kind, pt, vp, rip))
		nlmsg_free(skb);
	else
		genlmsg_multicast_netns(&nl_family, pt->who.net, skb, 0, 0, GFP_ATOMIC);
}

void tlfs_nl_partition(enum tlfs_genl_cmd kind, const struct tlfs_partition *pt)
{
	nl_event(kind, pt, NULL, 0);
}

void tlfs_nl_vp(enum tlfs_genl_cmd kind, const struct tlfs_vp *vp, u64 rip)
{
	nl_event(kind, vp->pt, vp, rip);
}

/* ---- the family ---- */

static const struct genl_ops nl_ops[] = {
	{ .cmd = TLFS_GENL_PARTITION_GET, .dumpit = nl_get_partitions },
	{ .cmd = TLFS_GENL_VP_GET, .dumpit = nl_get_vps },
	{ .cmd = TLFS_GENL_PORT_GET, .dumpit = nl_get_ports },
	{ .cmd = TLFS_GENL_HYPERCALL_GET, .dumpit = nl_get_hypercalls },
};

static struct genl_family nl_family __ro_after_init = {
	.name = TLFS_GENL_NAME,
	.version = TLFS_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.ops = nl_ops,
	.n_ops = ARRAY_SIZE(nl_ops),
	.mcgrps = nl_groups,
	.n_mcgrps = ARRAY_SIZE(nl_groups),
};

int __init tlfs_nl_register(void)
{
	return genl_register_family(&nl_family);
}

void tlfs_nl_unregister(void)
{
	genl_unregister_family(&nl_family);
}
