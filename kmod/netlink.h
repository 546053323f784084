/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * netlink.h - whom a partition is shown to, and the events that are told
 */
#ifndef TLFS_NETLINK_H
#define TLFS_NETLINK_H

#include <linux/uidgid.h>

#include <uapi/tlfs_netlink.h>

struct net;
struct pid;
struct user_namespace;

struct tlfs_partition;
struct tlfs_vp;

/**
 * struct tlfs_owner - who made a partition; those of a guest's tree are its maker's
 * @uid:	effective user, who is shown it
 * @user_ns:	CAP_SYS_ADMIN in it is shown it, too
 * @net:	where its events are told; NULL: the root's
 * @pid:	process
 */
struct tlfs_owner {
	kuid_t uid;
	struct user_namespace *user_ns;
	struct net *net;
	struct pid *pid;
};

void tlfs_owner_init(struct tlfs_owner *owner, const struct tlfs_owner *parent);
void tlfs_owner_destroy(struct tlfs_owner *owner);

int tlfs_nl_register(void);
void tlfs_nl_unregister(void);

/* any context but hard interrupts; nothing is allocated while nobody listens */
void tlfs_nl_partition(enum tlfs_genl_cmd kind, const struct tlfs_partition *pt);
void tlfs_nl_vp(enum tlfs_genl_cmd kind, const struct tlfs_vp *vp, u64 rip);

#endif /* TLFS_NETLINK_H */
