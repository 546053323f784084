// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill_soak.c - a hundred guests killed in the middle of their boot
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "boot.h"
#include "kselftest.h"

#define KILLS	100

static long count(const char *what)
{
	char path[64];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/class/misc/tlfs/%s", what);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%ld", &n) != 1)
			n = -1;
		fclose(f);
	}
	return n;
}

static void kills(void)
{
	struct boot boot = { 2, "256M", "load", "guest-killed.log" };
	struct timespec delay;
	int i, left = 0;
	pid_t pid;

	srand(1);
	for (i = 0; i < KILLS; i++) {
		long ms = rand() % 6000;

		delay.tv_sec = ms / 1000;
		delay.tv_nsec = ms % 1000 * 1000000;
		pid = boot_start(&boot);
		nanosleep(&delay, NULL);
		kill(pid, SIGKILL);
		boot_wait(pid, 0);
		if (count("partitions") || count("vps") || count("pages")) {
			ksft_print_msg("killed after %ld ms: partitions %ld, VPs %ld, pages %ld\n",
				       ms, count("partitions"), count("vps"), count("pages"));
			left++;
		}
	}
	ksft_test_result(!left, "%d guests killed at random moments leave nothing\n", KILLS);
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(1);
	kills();
	ksft_finished();
}
