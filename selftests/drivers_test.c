// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers_test.c - Linux's drivers for Hyper-V in a stock guest
 */
#include <stdio.h>
#include <stdlib.h>

#include "drivers.h"
#include "kselftest.h"

int main(void)
{
	static const struct {
		enum bus bus;
		unsigned int cpus;
		const char *what;
	} runs[] = {
		{ NO_BUS, 1, "without a VMBus" },
		{ NO_BUS, 4, "without a VMBus" },
		{ BUS_WITHOUT_HOST, 1, "with a VMBus that nobody answers at" },
		{ BUS_WITHOUT_HOST, 4, "with a VMBus that nobody answers at" },
	};
	const char *host = getenv("HOST_DIR"), *why;
	char drivers[256];
	unsigned int i;

	snprintf(drivers, sizeof(drivers), "%s/guest/drivers.cpio", host ? host : ".");
	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(runs));
	for (i = 0; i < ARRAY_SIZE(runs); i++) {
		why = drivers_run(runs[i].bus, runs[i].cpus, drivers);
		ksft_test_result(!why, "drivers for Hyper-V, %u VPs, %s%s%s\n", runs[i].cpus,
				 runs[i].what, why ? ": " : "", why ? why : "");
	}
	ksft_finished();
}
