// SPDX-License-Identifier: GPL-2.0-only
/*
 * tsc-khz.c - the frequency of this machine's TSC, which is also that of an emulated one
 *
 * A kernel that boots in an emulator calibrates against a PIT that may stand still while other
 * processes run.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

static unsigned long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

int main(void)
{
	unsigned long long ns = now_ns(), tsc = __rdtsc(), passed;

	do {
		passed = now_ns() - ns;
	} while (passed < 200000000);
	printf("%llu\n", (__rdtsc() - tsc) * 1000000 / passed);
	return 0;
}
