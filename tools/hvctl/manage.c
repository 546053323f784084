// SPDX-License-Identifier: GPL-2.0-only
/*
 * tlfsctl pause, resume, reset, stop: ask the process that runs a guest, by the guest's name or its
 * partition's id.  That process decides whether it is to be asked (control.c).
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nl.h"
#include "opts.h"
#include "save.h"

static const struct opt manage_opts[] = {
	OPT_HELP_ROW,
	OPT_LAST_ROW,
};

/* ---- who is meant ---- */

struct search {
	u64 id;
	bool found;
	bool hosted;
	pid_t pid;
};

static int take_partition(const struct nl_message *msg, void *arg)
{
	struct search *s = arg;

	if (nl_num(msg, TLFS_GENL_A_ID) != s->id)
		return ST_OK;
	s->found = true;
	s->hosted = nl_num(msg, TLFS_GENL_A_FLAGS) & TLFS_GENL_F_HOSTED;
	s->pid = nl_num(msg, TLFS_GENL_A_PID);
	return ST_OK;
}

/* a connection, or -1 with the line printed and *rc the status */
static int connect_id(u64 id, int *rc)
{
	struct search s = { .id = id };
	int sock;

	*rc = nl_ask(TLFS_GENL_PARTITION_GET, take_partition, &s);
	if (*rc)
		return -1;
	if (!s.found) {
		*rc = usage_error("there is no partition %llu", (unsigned long long)id);
		return -1;
	}
	if (!s.hosted) {
		*rc = usage_error("partition %llu is a guest's: that manages it",
				  (unsigned long long)id);
		return -1;
	}
	sock = s.pid ? control_connect_pid(s.pid) : -1;
	if (sock < 0)
		*rc = usage_error("partition %llu is not one of tlfsctl run, or not yours",
				  (unsigned long long)id);
	return sock;
}

/* ---- the commands ---- */

static int ask(int sock, const char *op, const char *what)
{
	char line[256] = "";
	int rc;
	FILE *f;

	if (send(sock, op, 4, MSG_NOSIGNAL) != 4) {
		close(sock);
		return host_error("%s: the guest's process went away", what);
	}
	f = fdopen(sock, "r");
	if (!f) {
		close(sock);
		return host_error("out of memory");
	}
	if (!fgets(line, sizeof(line), f))
		rc = host_error("%s: the guest's process went away", what);
	else
		rc = strcmp(line, "ok\n") ? host_error("%s: %.*s", what, (int)strcspn(line, "\n"),
						       line) : ST_OK;
	fclose(f);
	return rc;
}

static int manage(const struct command *cmd, const char *op, int argc, char **argv)
{
	int i, sock, rc = ST_USAGE;
	u64 id;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return opt_help(cmd);
	if (argc != 2 || argv[1][0] == '-')
		return usage_error("%s: needs NAME or ID (see tlfsctl %s --help)", cmd->name,
				   cmd->name);
	sock = parse_uint(argv[1], &id) ? connect_id(id, &rc) : control_connect(argv[1]);
	return sock < 0 ? rc : ask(sock, op, cmd->name);
}

#define MANAGE(verb, request, text)							\
	static int do_##verb(const struct command *cmd, int argc, char **argv)		\
	{										\
		return manage(cmd, request, argc, argv);				\
	}										\
	const struct command cmd_##verb = {						\
		.name = #verb, .summary = text, .opts = manage_opts, .run = do_##verb,	\
		.notes = "A number is the id of a partition, as tlfsctl list shows it; "	\
			 "anything else is the name\nof a guest.\n",			\
	}

MANAGE(pause, CONTROL_PAUSE, "Stop a guest and its clocks: tlfsctl pause NAME|ID.");
MANAGE(resume, CONTROL_RESUME, "Let a guest go on that was paused: tlfsctl resume NAME|ID.");
MANAGE(reset, CONTROL_RESET, "Start a guest anew: tlfsctl reset NAME|ID.");
MANAGE(stop, CONTROL_STOP, "End a guest: tlfsctl stop NAME|ID.");
