/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables for people and JSON for programs from the same rows. */
#ifndef HVCTL_REPORT_H
#define HVCTL_REPORT_H

#include "util.h"

struct report;

/* @columns: names, ends with NULL; they are the JSON keys too */
struct report *report_new(const char *name, const char * const *columns, bool json);
/* One string per column; "yes" and "no" are true and false in JSON */
int report_row(struct report *r, const char * const *cells);
/* Prints and frees; ST_OK or ST_HOST */
int report_print(struct report *r);

#endif
