/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of feature bits.  Those of the synthetic features are the module's own table. */
#ifndef HVCTL_FEATURE_NAMES_H
#define HVCTL_FEATURE_NAMES_H

#include "util.h"

/**
 * struct feature - bit of a property with a name
 * @mask:	the bit
 * @name:	as on the command line
 * @section:	of the TLFS 2.0a; "5.0:12" is section 12 of 5.0C
 * @what:	one phrase
 */
struct feature {
	u64 mask;
	const char *name;
	const char *section;
	const char *what;
};

extern const struct feature synthetic_features[];
extern const struct feature processor_features0[];
extern const struct feature processor_features1[];
extern const struct feature xsave_features[];

/**
 * struct feature_choice - what --features asked for
 * @all:	start from everything offered, else from nothing
 * @set:	named
 * @clear:	named with '!'
 */
struct feature_choice {
	bool all;
	u64 set;
	u64 clear;
};

/* 0 or ST_USAGE with the line printed */
int features_parse(const char *list, struct feature_choice *choice);
int features_resolve(const struct feature_choice *choice, u64 offered, u64 *mask);

#endif
