// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

/*
 * One write, so that lines of several threads do not mix.  A raw terminal needs the carriage
 * return; anything else must not get one.
 */
static void emit(const char *fmt, va_list ap)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "tlfsctl: ");
	int m = vsnprintf(line + n, sizeof(line) - n - 3, fmt, ap);
	int i;

	if (m < 0)
		return;
	m = MIN(m, (int)sizeof(line) - n - 4);
	/* names the user gave may hold anything, the message is still one line */
	for (i = n; i < n + m; i++) {
		if (line[i] >= 0 && (line[i] < ' ' || line[i] == 0x7f))
			line[i] = '?';
	}
	n += m;
	if (isatty(STDERR_FILENO))
		line[n++] = '\r';
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return;
}

int usage_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(fmt, ap);
	va_end(ap);
	return ST_USAGE;
}

int host_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(fmt, ap);
	va_end(ap);
	return ST_HOST;
}

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(fmt, ap);
	va_end(ap);
}

static bool parse_prefix(const char *s, u64 *val, char **end)
{
	/* strtoull takes signs and blanks, which no number here has */
	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	*val = strtoull(s, end, 0);
	return !errno;
}

bool parse_uint(const char *s, u64 *val)
{
	char *end;

	return parse_prefix(s, val, &end) && !*end;
}

bool parse_size(const char *s, u64 *val)
{
	static const char units[] = "KMGT";
	unsigned int shift = 0;
	const char *unit;
	char *end;

	if (!parse_prefix(s, val, &end))
		return false;
	if (*end) {
		unit = strchr(units, toupper((unsigned char)*end));
		if (!unit)
			return false;
		shift = 10 * (unit - units + 1);
		end++;
		if (*end == 'i')
			end++;
		if (*end == 'B' || *end == 'b')
			end++;
	}
	if (*end || *val > UINT64_MAX >> shift)
		return false;
	*val <<= shift;
	return true;
}

u64 now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}
