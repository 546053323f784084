// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl - run guests on tlfs.ko and ask what it offers */
#include <stdio.h>
#include <string.h>

#include "opts.h"

#ifndef VERSION
#define VERSION "unknown"
#endif

static const struct command * const commands[] = {
	&cmd_run, &cmd_save, &cmd_restore, &cmd_pause, &cmd_resume, &cmd_reset, &cmd_stop,
	&cmd_list, &cmd_show, &cmd_monitor, &cmd_features, &cmd_hypercalls, &cmd_stats, &cmd_check,
};

static int help(FILE *to)
{
	size_t i;

	fprintf(to, "usage: tlfsctl COMMAND [options]\n\n");
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fprintf(to, "  %-10s Show this text, or a command's with its name.\n", "help");
	fprintf(to, "\ntlfsctl COMMAND --help shows the options of one.\n");
	return ST_OK;
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(commands[i]->name, name))
			return commands[i];
	}
	return NULL;
}

int main(int argc, char **argv)
{
	const struct command *cmd;
	const char *name = argc > 1 ? argv[1] : NULL;

	if (!name)
		return usage_error("no command given (see tlfsctl help)");
	if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
		printf("tlfsctl %s\n", VERSION);
		return ST_OK;
	}
	if (!strcmp(name, "help") || !strcmp(name, "--help") || !strcmp(name, "-h")) {
		if (argc < 3)
			return help(stdout);
		cmd = find(argv[2]);
		return cmd ? opt_help(cmd) : usage_error("unknown command '%s'", argv[2]);
	}
	cmd = find(name);
	if (!cmd)
		return usage_error("unknown command '%s' (see tlfsctl help)", name);
	return cmd->run(cmd, argc - 1, argv + 1);
}
