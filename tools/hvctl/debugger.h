/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's debug session at a socket */
#ifndef HVCTL_DEBUGGER_H
#define HVCTL_DEBUGGER_H

struct machine;

/* Status 0, or the line printed: before there is a partition */
int debugger_listen(struct machine *m, const char *where);
/* of a partition with the privilege Debugging; signals are blocked. Nothing to do: 0 */
int debugger_start(struct machine *m);
void debugger_close(struct machine *m);

#endif
