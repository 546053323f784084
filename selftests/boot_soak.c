// SPDX-License-Identifier: GPL-2.0-only
/*
 * boot_soak.c - twenty boots each of a stock guest with 1 and 4 VPs
 */
#include <stdio.h>

#include "boot.h"
#include "kselftest.h"

#define BOOTS	20

static void boots(unsigned int cpus)
{
	char log[32];
	struct boot boot = { cpus, "512M", "load", log, 200 };
	const char *why;
	int i, good = 0;

	for (i = 0; i < BOOTS; i++) {
		snprintf(log, sizeof(log), "guest-%u-%d.log", cpus, i);
		why = boot_run(&boot);
		if (why)
			ksft_print_msg("%u VPs, boot %d: %s\n", cpus, i, why);
		else
			good++;
	}
	ksft_test_result(good == BOOTS, "%d of %d boots with %u VPs\n", good, BOOTS, cpus);
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(2);
	boots(1);
	boots(4);
	ksft_finished();
}
