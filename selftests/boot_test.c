// SPDX-License-Identifier: GPL-2.0-only
/*
 * boot_test.c - stock Linux guests of several sizes boot, work and power off
 */
#include <stdio.h>

#include "boot.h"
#include "kselftest.h"

int main(void)
{
	static const struct boot boots[] = {
		{ 1, "128M", "load", "guest-1.log" },
		{ 2, "512M", "load", "guest-2.log" },
		{ 4, "1G", "load", "guest-4.log" },
		{ 8, "4G", "load", "guest-8.log", 200 },
	};
	const char *why;
	unsigned int i;

	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(boots));
	for (i = 0; i < ARRAY_SIZE(boots); i++) {
		why = boot_run(&boots[i]);
		ksft_test_result(!why, "stock guest, %u VPs, %s%s%s\n", boots[i].cpus,
				 boots[i].memory, why ? ": " : "", why ? why : "");
	}
	ksft_finished();
}
