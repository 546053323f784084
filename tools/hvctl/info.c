// SPDX-License-Identifier: GPL-2.0-only
#include "info.h"
#include "libtlfs.h"

const struct opt info_opts[] = {
	{ "json", 'j', ARG_NONE, NULL, "print JSON" },
	OPT_HELP_ROW,
	OPT_LAST_ROW,
};

bool info_options(const struct command *cmd, int at, int argc, char **argv, bool *json,
		  int *status)
{
	struct opt_state st = { .cmd = cmd, .argc = argc, .argv = argv, .at = at };
	const char *val;
	int key;

	*json = false;
	while ((key = opt_next(&st, &val)) != OPT_END) {
		if (key == OPT_BAD || key == OPT_HELP) {
			*status = key == OPT_BAD ? ST_USAGE : opt_help(cmd);
			return false;
		}
		*json = true;
	}
	return true;
}

int info_device(void)
{
	int dev = tlfs_open();

	if (dev >= 0)
		return dev;
	host_error("%s: %s (tlfsctl check says what to do)", TLFS_DEVICE, tlfs_strerror(dev));
	return -1;
}
