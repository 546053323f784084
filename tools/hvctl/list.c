// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl list, show: the partitions there are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "info.h"
#include "nl.h"
#include "report.h"

static const char *partition_state(u64 state)
{
	static const char * const names[] = { "uninitialized", "active", "finalized" };

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static const char *vp_state(u64 state)
{
	static const char * const names[] = {
		"ready", "running", "halted", "startup", "suspended", "intercepted",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

static const char *port_type(u64 type)
{
	static const char * const names[] = { "unknown", "message", "event", "monitor" };

	return type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

/* ---- list ---- */

static const char * const list_columns[] = {
	"ID", "PARENT", "STATE", "VPS", "CHILDREN", "POOL", "PID", "UID", NULL,
};

static int list_row(const struct nl_message *msg, void *arg)
{
	static const u8 attrs[] = {
		TLFS_GENL_A_ID, TLFS_GENL_A_PARENT, TLFS_GENL_A_STATE, TLFS_GENL_A_VPS,
		TLFS_GENL_A_CHILDREN, TLFS_GENL_A_POOL, TLFS_GENL_A_PID, TLFS_GENL_A_UID,
	};
	char text[ARRAY_SIZE(attrs)][24];
	const char *cells[ARRAY_SIZE(attrs)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		snprintf(text[i], sizeof(text[i]), "%llu",
			 (unsigned long long)nl_num(msg, attrs[i]));
		cells[i] = text[i];
	}
	cells[2] = partition_state(nl_num(msg, TLFS_GENL_A_STATE));
	return report_row(arg, cells);
}

static int list(const struct command *cmd, int argc, char **argv)
{
	struct report *r;
	bool json;
	int rc;

	if (!info_options(cmd, 1, argc, argv, &json, &rc))
		return rc;
	r = report_new("partitions", list_columns, json);
	rc = r ? nl_ask(TLFS_GENL_PARTITION_GET, list_row, r) : host_error("out of memory");
	return rc ? rc : report_print(r);
}

const struct command cmd_list = {
	.name = "list",
	.summary = "List the partitions: yours, or with CAP_SYS_ADMIN everybody's.",
	.opts = info_opts,
	.run = list,
};

/* ---- show ---- */

static const char * const show_columns[] = { "OBJECT", "WHAT", "VALUE", NULL };

struct show {
	struct report *r;
	u64 id;
	bool found;
};

static int show_text(struct show *s, const char *object, const char *what, const char *value)
{
	const char * const cells[] = { object, what, value };

	return report_row(s->r, cells);
}

static int show_num(struct show *s, const char *object, const char *what, const char *format,
		    u64 value)
{
	char text[32];

	snprintf(text, sizeof(text), format, value);
	return show_text(s, object, what, text);
}

static int show_percent(struct show *s, const char *what, u64 value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.1f%%", (double)value * 100 / 65536);
	return show_text(s, "partition", what, text);
}

static int show_partition(const struct nl_message *msg, void *arg)
{
	u64 flags = nl_num(msg, TLFS_GENL_A_FLAGS);
	struct show *s = arg;

	if (nl_num(msg, TLFS_GENL_A_ID) != s->id)
		return ST_OK;
	s->found = true;
	return show_num(s, "partition", "id", "%" PRIu64, s->id) ||
	       show_num(s, "partition", "parent", "%" PRIu64, nl_num(msg, TLFS_GENL_A_PARENT)) ||
	       show_text(s, "partition", "state",
			 partition_state(nl_num(msg, TLFS_GENL_A_STATE))) ||
	       show_text(s, "partition", "made through",
			 flags & TLFS_GENL_F_HOSTED ? "a descriptor" : "a hypercall") ||
	       show_text(s, "partition", "compatibility",
			 flags & TLFS_GENL_F_V2 ? "2.0" : "current") ||
	       show_text(s, "partition", "time", flags & TLFS_GENL_F_FROZEN ? "frozen" : "runs") ||
	       show_num(s, "partition", "pid", "%" PRIu64, nl_num(msg, TLFS_GENL_A_PID)) ||
	       show_num(s, "partition", "uid", "%" PRIu64, nl_num(msg, TLFS_GENL_A_UID)) ||
	       show_num(s, "partition", "children", "%" PRIu64,
			nl_num(msg, TLFS_GENL_A_CHILDREN)) ||
	       show_num(s, "partition", "privileges", "0x%" PRIx64,
			nl_num(msg, TLFS_GENL_A_PRIVILEGES)) ||
	       show_num(s, "partition", "guest os id", "0x%" PRIx64,
			nl_num(msg, TLFS_GENL_A_GUEST_OS_ID)) ||
	       show_num(s, "partition", "pool pages", "%" PRIu64, nl_num(msg, TLFS_GENL_A_POOL)) ||
	       show_num(s, "partition", "pool pages in use", "%" PRIu64,
			nl_num(msg, TLFS_GENL_A_POOL_USED)) ||
	       show_percent(s, "reserve", nl_num(msg, TLFS_GENL_A_RESERVE)) ||
	       show_percent(s, "cap", nl_num(msg, TLFS_GENL_A_CAP)) ||
	       show_num(s, "partition", "weight", "%" PRIu64, nl_num(msg, TLFS_GENL_A_WEIGHT));
}

static int show_vp(const struct nl_message *msg, void *arg)
{
	struct show *s = arg;
	char object[24];

	if (nl_num(msg, TLFS_GENL_A_ID) != s->id)
		return ST_OK;
	snprintf(object, sizeof(object), "vp%u", (unsigned int)nl_num(msg, TLFS_GENL_A_VP));
	return show_text(s, object, "state", vp_state(nl_num(msg, TLFS_GENL_A_STATE))) ||
	       show_num(s, object, "cpu", "%" PRIu64, nl_num(msg, TLFS_GENL_A_CPU)) ||
	       show_num(s, object, "run time us", "%" PRIu64,
			nl_num(msg, TLFS_GENL_A_RUNTIME) / 10);
}

static int show_port(const struct nl_message *msg, void *arg)
{
	struct show *s = arg;
	char object[24];

	if (nl_num(msg, TLFS_GENL_A_ID) != s->id)
		return ST_OK;
	snprintf(object, sizeof(object), "port%u", (unsigned int)nl_num(msg, TLFS_GENL_A_PORT));
	return show_text(s, object, "type", port_type(nl_num(msg, TLFS_GENL_A_PORT_TYPE))) ||
	       show_num(s, object, "for partition", "%" PRIu64, nl_num(msg, TLFS_GENL_A_PEER)) ||
	       show_num(s, object, "sint", "%" PRIu64, nl_num(msg, TLFS_GENL_A_SINT)) ||
	       show_num(s, object, "messages posted", "%" PRIu64, nl_num(msg, TLFS_GENL_A_POSTS));
}

static int show(const struct command *cmd, int argc, char **argv)
{
	struct show s = { .id = 0 };
	bool named = argc > 1 && argv[1][0] != '-', json;
	int rc;

	if (!info_options(cmd, named ? 2 : 1, argc, argv, &json, &rc))
		return rc;
	if (!named)
		return usage_error("show: which partition? (see tlfsctl list)");
	if (!parse_uint(argv[1], &s.id))
		return usage_error("show: '%s' is not a partition id", argv[1]);
	s.r = report_new("partition", show_columns, json);
	if (!s.r)
		return host_error("out of memory");
	rc = nl_ask(TLFS_GENL_PARTITION_GET, show_partition, &s);
	if (!rc && !s.found)
		return host_error("no partition %s that you may see", argv[1]);
	if (!rc)
		rc = nl_ask(TLFS_GENL_VP_GET, show_vp, &s);
	if (!rc)
		rc = nl_ask(TLFS_GENL_PORT_GET, show_port, &s);
	return rc ? rc : report_print(s.r);
}

const struct command cmd_show = {
	.name = "show",
	.summary = "Show a partition, its VPs and ports: tlfsctl show ID.",
	.opts = info_opts,
	.run = show,
};
