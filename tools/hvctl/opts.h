/* SPDX-License-Identifier: GPL-2.0-only */
/* One table per subcommand describes its options; parsing and help text are read off it. */
#ifndef HVCTL_OPTS_H
#define HVCTL_OPTS_H

#include "util.h"

enum opt_arg {
	ARG_NONE,
	ARG_REQUIRED,
	ARG_OPTIONAL,
};

/**
 * struct opt - one row of a subcommand's option table
 * @name:	long name without the dashes
 * @key:	what opt_next() returns, also the short option if printable
 * @arg:	whether there is an argument
 * @meta:	name of the argument in the help text
 * @help:	one line
 */
struct opt {
	const char *name;
	int key;
	enum opt_arg arg;
	const char *meta;
	const char *help;
};

/**
 * struct command - a subcommand
 * @name:	as typed
 * @summary:	one line for `tlfsctl help`
 * @opts:	table, ends with a row without a name
 * @notes:	lines below the options in the help text, or NULL
 * @run:	entry; argv[0] is the subcommand's name; returns the exit status
 */
struct command {
	const char *name;
	const char *summary;
	const struct opt *opts;
	const char *notes;
	int (*run)(const struct command *cmd, int argc, char **argv);
};

enum {
	OPT_END = -1,		/* no more options */
	OPT_BAD = -2,		/* the one line was printed */
	OPT_HELP = 'h',
};

#define OPT_HELP_ROW	{ "help", OPT_HELP, ARG_NONE, NULL, "show this text" }
#define OPT_LAST_ROW	{ NULL, 0, ARG_NONE, NULL, NULL }

struct opt_state {
	const struct command *cmd;
	int argc;
	char **argv;
	int at;
};

/* Next option's key; *val is its argument or NULL.  Anything not an option is OPT_BAD. */
int opt_next(struct opt_state *st, const char **val);
int opt_help(const struct command *cmd);

extern const struct command cmd_run, cmd_save, cmd_restore, cmd_pause, cmd_resume,
	cmd_reset, cmd_stop, cmd_features, cmd_stats, cmd_check;
extern const struct command cmd_list, cmd_show, cmd_monitor, cmd_hypercalls;

#endif
