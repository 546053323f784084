/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's netlink family, by libnl-genl. */
#ifndef HVCTL_NL_H
#define HVCTL_NL_H

#include "util.h"
#include "../../uapi/tlfs_netlink.h"

struct nlattr;

/**
 * struct nl_message - a message of the family
 * @cmd:	TLFS_GENL_*
 * @attr:	by TLFS_GENL_A_*, NULL where there is none
 */
struct nl_message {
	u8 cmd;
	struct nlattr *attr[TLFS_GENL_A_MAX + 1];
};

/* ST_OK, or another status with the line printed, which ends it */
typedef int (*nl_take)(const struct nl_message *msg, void *arg);

/* All that @cmd answers, to @take */
int nl_ask(u8 cmd, nl_take take, void *arg);
/* Events as they come, until @take ends it or the process is ended; @ready once they are heard */
int nl_listen(nl_take take, void (*ready)(void *arg), void *arg);

/* 0 or "" where the attribute is missing */
u64 nl_num(const struct nl_message *msg, unsigned int attr);
const char *nl_text(const struct nl_message *msg, unsigned int attr);
/* @index-th of an array of u64 */
u64 nl_item(const struct nl_message *msg, unsigned int attr, unsigned int index);

#endif
