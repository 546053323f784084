// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>

#include "nl.h"

struct taking {
	nl_take take;
	void *arg;
	int status;
};

u64 nl_num(const struct nl_message *msg, unsigned int attr)
{
	struct nlattr *a = msg->attr[attr];

	if (!a)
		return 0;
	return nla_len(a) >= (int)sizeof(u64) ? nla_get_u64(a) : nla_get_u32(a);
}

const char *nl_text(const struct nl_message *msg, unsigned int attr)
{
	return msg->attr[attr] ? nla_get_string(msg->attr[attr]) : "";
}

u64 nl_item(const struct nl_message *msg, unsigned int attr, unsigned int index)
{
	struct nlattr *a = msg->attr[attr];
	u64 val = 0;

	if (a && (size_t)nla_len(a) >= (index + 1) * sizeof(val))
		memcpy(&val, (const char *)nla_data(a) + index * sizeof(val), sizeof(val));
	return val;
}

static int take_message(struct nl_msg *raw, void *arg)
{
	struct taking *t = arg;
	struct nl_message msg;

	if (genlmsg_parse(nlmsg_hdr(raw), 0, msg.attr, TLFS_GENL_A_MAX, NULL))
		return NL_SKIP;
	msg.cmd = genlmsg_hdr(nlmsg_hdr(raw))->cmd;
	t->status = t->take(&msg, t->arg);
	return t->status == ST_OK ? NL_OK : NL_STOP;
}

static struct nl_sock *nl_open(struct taking *t, int *family)
{
	struct nl_sock *sock = nl_socket_alloc();
	int rc;

	if (!sock) {
		host_error("out of memory");
		return NULL;
	}
	rc = genl_connect(sock);
	if (!rc)
		rc = genl_ctrl_resolve(sock, TLFS_GENL_NAME);
	if (rc < 0) {
		host_error("no netlink family " TLFS_GENL_NAME ": %s (is the module loaded?)",
			   nl_geterror(rc));
		nl_socket_free(sock);
		return NULL;
	}
	*family = rc;
	nl_socket_modify_cb(sock, NL_CB_VALID, NL_CB_CUSTOM, take_message, t);
	return sock;
}

int nl_ask(u8 cmd, nl_take take, void *arg)
{
	struct taking t = { .take = take, .arg = arg, .status = ST_OK };
	int family, rc;
	struct nl_sock *sock = nl_open(&t, &family);

	if (!sock)
		return ST_HOST;
	rc = genl_send_simple(sock, family, cmd, TLFS_GENL_VERSION, NLM_F_DUMP);
	if (rc >= 0)
		rc = nl_recvmsgs_default(sock);
	nl_socket_free(sock);
	if (rc < 0)
		return host_error("netlink: %s", nl_geterror(rc));
	return t.status;
}

int nl_listen(nl_take take, void (*ready)(void *arg), void *arg)
{
	struct taking t = { .take = take, .arg = arg, .status = ST_OK };
	int family, group, rc;
	struct nl_sock *sock = nl_open(&t, &family);

	if (!sock)
		return ST_HOST;
	group = genl_ctrl_resolve_grp(sock, TLFS_GENL_NAME, TLFS_GENL_EVENTS);
	rc = group < 0 ? group : nl_socket_add_membership(sock, group);
	if (rc < 0) {
		nl_socket_free(sock);
		return host_error("cannot listen to events: %s (CAP_NET_ADMIN is needed)",
				  nl_geterror(rc));
	}
	/* events answer no request */
	nl_socket_disable_seq_check(sock);
	ready(arg);
	while (rc >= 0 && t.status == ST_OK) {
		rc = nl_recvmsgs_default(sock);
		if (rc == -NLE_NOMEM) {
			note("events were lost: too many at a time");
			rc = 0;
		}
	}
	nl_socket_free(sock);
	if (rc < 0)
		return host_error("netlink: %s", nl_geterror(rc));
	return t.status;
}
