/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * runner.h - runs the programs of a mode and reports on the control channel
 *
 * The channel carries lines to selftests/host/run, their kind in the first character:
 *
 *	@begin NAME
 *	|TEXT				a line the program printed
 *	kLEVEL [TIME] TEXT		a line of this kernel's log
 *	dFILE: TEXT			state shown because the program failed
 *	@tick				sign of life, every few seconds
 *	@end NAME status=N timeout=0|1 splats=N seconds=N again=0|1
 *	@done				everything ran; what follows is the power-off
 *
 * After again=1 the same program is begun once more, and what it did is of no account.
 * A status of 128 + N is death by signal N, as in a shell.
 */
#ifndef TLFS_RUNNER_H
#define TLFS_RUNNER_H

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/**
 * struct runner - what to run and where to report
 * @dir:	where this host's files are: MODE.d/ with programs to capture, or MODE.sh to run
 *		on the console
 * @mode:	what to run
 * @after:	skip the programs up to this one (a host died in it), or NULL
 * @only:	run only programs matching one of these shell patterns (a,b,...), or NULL
 * @skip:	names of programs not to run, with commas between them, or NULL
 * @retries:	so many programs that fail without a word from the kernel are run once more
 * @factor:	of all limits of time
 * @console:	terminal for a mode on the console, or NULL to inherit
 * @control:	the control channel
 */
struct runner {
	const char *dir;
	const char *mode;
	const char *after;
	const char *only;
	const char *skip;
	const char *console;
	unsigned int retries;
	unsigned int factor;
	int control;
};

int runner_run(const struct runner *r);

#endif /* TLFS_RUNNER_H */
