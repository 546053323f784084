/* SPDX-License-Identifier: GPL-2.0-only */
/* What the commands share that only show something. */
#ifndef HVCTL_INFO_H
#define HVCTL_INFO_H

#include "opts.h"

/* option table of a command with --json and nothing else */
extern const struct opt info_opts[];

/* Reads them from argv[@at] on; true to go on, else *status is the command's */
bool info_options(const struct command *cmd, int at, int argc, char **argv, bool *json,
		  int *status);

/* The device's descriptor, or -1 with the line printed */
int info_device(void);

#endif
