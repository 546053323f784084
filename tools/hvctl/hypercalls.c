// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl hypercalls: the module's own table, and what else the TLFS has. */
#include <stdio.h>
#include <string.h>

#include "info.h"
#include "nl.h"
#include "report.h"
#include "../../uapi/hv/hv.h"

/* what a module without it does not tell of; calls that are there come from the module */
static const struct {
	u16 code;
	const char *name;
	const char *section;
} known[] = {
	{ HVCALL_TRANSLATE_VIRTUAL_ADDRESS_EX, "HvTranslateVirtualAddressEx", "5.0:9.4.6" },
	{ HVCALL_FLUSH_GUEST_PHYSICAL_ADDRESS_SPACE, "HvFlushGuestPhysicalAddressSpace", "6.0" },
	{ HVCALL_FLUSH_GUEST_PHYSICAL_ADDRESS_LIST, "HvFlushGuestPhysicalAddressList", "6.0" },
};

static const char * const columns[] = {
	"CODE", "NAME", "IMPLEMENTED", "REP", "FAST", "CALLER", "PRIVILEGE", "TLFS", NULL,
};

struct calls {
	struct report *r;
	size_t next;		/* of known, in the order of codes */
};

static const char *yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static const char *privilege_name(u64 mask)
{
	static const struct {
		u64 mask;
		const char *name;
	} names[] = {
		{ HV_PRIV_CREATE_PARTITIONS, "CreatePartitions" },
		{ HV_PRIV_ACCESS_PARTITION_ID, "AccessPartitionId" },
		{ HV_PRIV_ACCESS_MEMORY_POOL, "AccessMemoryPool" },
		{ HV_PRIV_ADJUST_MESSAGE_BUFFERS, "AdjustMessageBuffers" },
		{ HV_PRIV_POST_MESSAGES, "PostMessages" },
		{ HV_PRIV_SIGNAL_EVENTS, "SignalEvents" },
		{ HV_PRIV_CREATE_PORT, "CreatePort" },
		{ HV_PRIV_CONNECT_PORT, "ConnectPort" },
		{ HV_PRIV_ACCESS_STATS, "AccessStats" },
		{ HV_PRIV_DEBUGGING, "Debugging" },
		{ HV_PRIV_CPU_MANAGEMENT, "CpuManagement" },
		{ HV_PRIV_ACCESS_VSM, "AccessVsm" },
		{ HV_PRIV_ACCESS_VP_REGISTERS, "AccessVpRegisters" },
		{ HV_PRIV_ENABLE_EXTENDED_HYPERCALLS, "EnableExtendedHypercalls" },
		{ HV_PRIV_START_VIRTUAL_PROCESSOR, "StartVirtualProcessor" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (mask == names[i].mask)
			return names[i].name;
	return mask ? "several" : "-";
}

static int add_absent(struct calls *c, u64 before)
{
	char code[8];
	int rc = ST_OK;

	for (; c->next < ARRAY_SIZE(known) && known[c->next].code < before && !rc; c->next++) {
		const char * const cells[] = {
			code, known[c->next].name, "no", "-", "-", "-", "-",
			known[c->next].section,
		};

		snprintf(code, sizeof(code), "0x%04x", known[c->next].code);
		rc = report_row(c->r, cells);
	}
	if (c->next < ARRAY_SIZE(known) && known[c->next].code == before)
		c->next++;
	return rc;
}

static int add_call(const struct nl_message *msg, void *arg)
{
	static const struct {
		u32 shape;
		const char *name;
	} callers[] = {
		{ TLFS_GENL_C_SELF, "self," }, { TLFS_GENL_C_PARENT, "parent," },
		{ TLFS_GENL_C_ROOT, "root," }, { TLFS_GENL_C_PARTITION, "partition-fd," },
		{ TLFS_GENL_C_VP, "vp-fd," },
	};
	u64 shape = nl_num(msg, TLFS_GENL_A_SHAPE);
	char code[8], who[64] = "";
	struct calls *c = arg;
	const char *cells[] = {
		code, nl_text(msg, TLFS_GENL_A_NAME), "yes", yes_no(shape & TLFS_GENL_C_REP),
		yes_no(shape & TLFS_GENL_C_FAST), who,
		privilege_name(nl_num(msg, TLFS_GENL_A_PRIVILEGES)),
		nl_text(msg, TLFS_GENL_A_SECTION),
	};
	size_t i;
	int rc;

	rc = add_absent(c, nl_num(msg, TLFS_GENL_A_CODE));
	if (rc)
		return rc;
	snprintf(code, sizeof(code), "0x%04x", (u16)nl_num(msg, TLFS_GENL_A_CODE));
	for (i = 0; i < ARRAY_SIZE(callers); i++)
		if (shape & callers[i].shape)
			strcat(who, callers[i].name);
	if (*who)
		who[strlen(who) - 1] = 0;
	return report_row(c->r, cells);
}

static int hypercalls(const struct command *cmd, int argc, char **argv)
{
	struct calls c = { .next = 0 };
	bool json;
	int rc;

	if (!info_options(cmd, 1, argc, argv, &json, &rc))
		return rc;
	c.r = report_new("hypercalls", columns, json);
	rc = c.r ? nl_ask(TLFS_GENL_HYPERCALL_GET, add_call, &c) : host_error("out of memory");
	if (!rc)
		rc = add_absent(&c, 0x10000);
	return rc ? rc : report_print(c.r);
}

const struct command cmd_hypercalls = {
	.name = "hypercalls",
	.summary = "List the hypercalls: who may make them, by which privilege, there or not.",
	.opts = info_opts,
	.run = hypercalls,
};
