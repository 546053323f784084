/* SPDX-License-Identifier: GPL-2.0-only */
/* Exit statuses, messages and number parsing shared by every subcommand. */
#ifndef HVCTL_UTIL_H
#define HVCTL_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>

/* the ABI headers' own types: a u64 prints as %llu everywhere */
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef unsigned __int128 u128;

/* Exit status of tlfsctl; the debug-exit port gives any odd number (see tlfsctl.rst) */
enum {
	ST_OK = 0,		/* done; guest powered itself off */
	ST_HOST = 1,		/* the host or the module failed */
	ST_USAGE = 2,		/* bad input, nothing was created */
	ST_CRASH = 3,		/* guest reported a crash through its crash MSRs */
	ST_TRIPLE_FAULT = 4,
	ST_RESET = 5,		/* guest asked for a reset */
	ST_SIGNAL = 128,	/* plus the signal's number */
};

#define BIT(n)		(1U << (n))
#define BIT_ULL(n)	(1ULL << (n))

#define KiB		BIT_ULL(10)
#define MiB		BIT_ULL(20)
#define GiB		BIT_ULL(30)

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)		(((x) + (a) - 1) & ~((u64)(a) - 1))
#define ALIGN_DOWN(x, a)	((x) & ~((u64)(a) - 1))
#define MIN(a, b)		((a) < (b) ? (a) : (b))
#define MAX(a, b)		((a) > (b) ? (a) : (b))

#define __printf(f, a)		__attribute__((format(printf, f, a)))
#ifndef __packed
#define __packed		__attribute__((packed))
#endif
#ifndef __aligned
#define __aligned(n)		__attribute__((aligned(n)))
#endif

/* Print "tlfsctl: MESSAGE" on stderr as one line and return the status named */
int usage_error(const char *fmt, ...) __printf(1, 2);
int host_error(const char *fmt, ...) __printf(1, 2);
void note(const char *fmt, ...) __printf(1, 2);

/* Every character must be part of the number; false otherwise or on overflow */
bool parse_uint(const char *s, u64 *val);
bool parse_size(const char *s, u64 *val);

/* CLOCK_MONOTONIC in nanoseconds */
u64 now_ns(void);

#endif
