// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl monitor: what happens to partitions, a line each. */
#include <inttypes.h>
#include <stdio.h>

#include "info.h"
#include "nl.h"

static const char *event_name(u8 cmd)
{
	switch (cmd) {
	case TLFS_GENL_PARTITION_CREATED:
		return "partition-created";
	case TLFS_GENL_PARTITION_DELETED:
		return "partition-deleted";
	case TLFS_GENL_VP_CREATED:
		return "vp-created";
	case TLFS_GENL_VP_STARTED:
		return "vp-started";
	case TLFS_GENL_RESET:
		return "reset";
	case TLFS_GENL_CRASH:
		return "crash";
	case TLFS_GENL_TRIPLE_FAULT:
		return "triple-fault";
	default:
		return "unknown";
	}
}

static void print_crash(const struct nl_message *msg, const char *open, const char *close)
{
	unsigned int i;

	fputs(open, stdout);
	for (i = 0; i < 5; i++)
		printf("%s\"0x%" PRIx64 "\"", i ? ", " : "",
		       (uint64_t)nl_item(msg, TLFS_GENL_A_CRASH, i));
	fputs(close, stdout);
}

static int print_json(const struct nl_message *msg)
{
	printf("{ \"event\": \"%s\", \"partition\": %" PRIu64 ", \"parent\": %" PRIu64,
	       event_name(msg->cmd), (uint64_t)nl_num(msg, TLFS_GENL_A_ID),
	       (uint64_t)nl_num(msg, TLFS_GENL_A_PARENT));
	if (msg->attr[TLFS_GENL_A_VP])
		printf(", \"vp\": %" PRIu64, (uint64_t)nl_num(msg, TLFS_GENL_A_VP));
	if (msg->attr[TLFS_GENL_A_RIP])
		printf(", \"rip\": \"0x%" PRIx64 "\"", (uint64_t)nl_num(msg, TLFS_GENL_A_RIP));
	if (msg->attr[TLFS_GENL_A_CRASH])
		print_crash(msg, ", \"parameters\": [ ", " ]");
	puts(" }");
	return fflush(stdout) ? host_error("cannot write") : ST_OK;
}

static int print_line(const struct nl_message *msg)
{
	printf("%-18s partition %" PRIu64, event_name(msg->cmd),
	       (uint64_t)nl_num(msg, TLFS_GENL_A_ID));
	if (msg->attr[TLFS_GENL_A_VP])
		printf(" vp %" PRIu64, (uint64_t)nl_num(msg, TLFS_GENL_A_VP));
	else
		printf(" parent %" PRIu64, (uint64_t)nl_num(msg, TLFS_GENL_A_PARENT));
	if (msg->attr[TLFS_GENL_A_RIP])
		printf(" rip 0x%" PRIx64, (uint64_t)nl_num(msg, TLFS_GENL_A_RIP));
	if (msg->attr[TLFS_GENL_A_CRASH])
		print_crash(msg, " parameters ", "");
	putchar('\n');
	return fflush(stdout) ? host_error("cannot write") : ST_OK;
}

static int take(const struct nl_message *msg, void *arg)
{
	const bool *json = arg;

	return *json ? print_json(msg) : print_line(msg);
}

/* who started this can tell from it that nothing is missed from here on */
static void ready(void *arg)
{
	const bool *json = arg;

	if (*json)
		puts("{ \"event\": \"listening\" }");
	else
		puts("listening");
	fflush(stdout);
}

static int monitor(const struct command *cmd, int argc, char **argv)
{
	bool json;
	int rc;

	if (!info_options(cmd, 1, argc, argv, &json, &rc))
		return rc;
	return nl_listen(take, ready, &json);
}

const struct command cmd_monitor = {
	.name = "monitor",
	.summary = "Print what happens to partitions as it happens (CAP_NET_ADMIN).",
	.opts = info_opts,
	.run = monitor,
};
