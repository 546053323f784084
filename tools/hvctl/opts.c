// SPDX-License-Identifier: GPL-2.0-only
/*
 * getopt_long() prints messages of its own shape and accepts abbreviations, which would make
 * every new option a change of meaning for old scripts; hence a small parser of our own.
 */
#include <stdio.h>
#include <string.h>

#include "opts.h"

static const struct opt *find_long(const struct command *cmd, const char *name, size_t len)
{
	const struct opt *o;

	for (o = cmd->opts; o->name; o++) {
		if (strlen(o->name) == len && !memcmp(o->name, name, len))
			return o;
	}
	return NULL;
}

static const struct opt *find_short(const struct command *cmd, const char *s)
{
	const struct opt *o;

	for (o = cmd->opts; o->name; o++) {
		if (s[0] == o->key && !s[1])
			return o;
	}
	return NULL;
}

int opt_next(struct opt_state *st, const char **val)
{
	const char *word, *eq = NULL;
	const struct opt *o;

	*val = NULL;
	if (st->at >= st->argc)
		return OPT_END;
	word = st->argv[st->at++];
	if (word[0] != '-' || !word[1]) {
		usage_error("%s: unexpected argument '%s'", st->cmd->name, word);
		return OPT_BAD;
	}
	if (word[1] == '-') {
		eq = strchr(word, '=');
		o = find_long(st->cmd, word + 2, eq ? (size_t)(eq - word - 2) : strlen(word + 2));
	} else {
		o = find_short(st->cmd, word + 1);
	}
	if (!o) {
		usage_error("%s: unknown option '%s' (see tlfsctl %s --help)", st->cmd->name,
			    word, st->cmd->name);
		return OPT_BAD;
	}
	if (eq) {
		*val = eq + 1;
		if (o->arg == ARG_NONE) {
			usage_error("%s: option --%s takes no argument", st->cmd->name, o->name);
			return OPT_BAD;
		}
	} else if (o->arg == ARG_REQUIRED) {
		if (st->at >= st->argc) {
			usage_error("%s: option --%s needs an argument", st->cmd->name, o->name);
			return OPT_BAD;
		}
		*val = st->argv[st->at++];
	}
	return o->key;
}

int opt_help(const struct command *cmd)
{
	const struct opt *o;
	char left[64];

	printf("usage: tlfsctl %s%s\n\n%s\n\n", cmd->name, cmd->opts->name ? " [options]" : "",
	       cmd->summary);
	for (o = cmd->opts; o->name; o++) {
		if (o->arg == ARG_NONE)
			snprintf(left, sizeof(left), "--%s", o->name);
		else if (o->arg == ARG_REQUIRED)
			snprintf(left, sizeof(left), "--%s %s", o->name, o->meta);
		else
			snprintf(left, sizeof(left), "--%s[=%s]", o->name, o->meta);
		printf("  %-26s %s\n", left, o->help);
	}
	if (cmd->notes)
		printf("\n%s", cmd->notes);
	return ST_OK;
}
