// SPDX-License-Identifier: GPL-2.0-only
/*
 * kill_soak.c - a hundred guests killed in the middle of their boot, a hundred amid their children
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

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

/* what others may still look at goes a moment later */
static bool nothing_left(void)
{
	const struct timespec tick = { 0, 10000000 };
	int i;

	for (i = 0; i < 1000; i++) {
		if (!count("partitions") && !count("vps") && !count("pages"))
			return true;
		nanosleep(&tick, NULL);
	}
	return false;
}

static pid_t start_linux(void)
{
	struct boot boot = { 2, "256M", "load", "guest-killed.log" };

	return boot_start(&boot);
}

static void kills(const char *what, pid_t (*start)(void), int longest)
{
	struct timespec delay;
	int i, left = 0;
	pid_t pid;

	srand(1);
	for (i = 0; i < KILLS; i++) {
		long ms = rand() % longest;

		delay.tv_sec = ms / 1000;
		delay.tv_nsec = ms % 1000 * 1000000;
		pid = start();
		nanosleep(&delay, NULL);
		kill(pid, SIGKILL);
		boot_wait(pid, 0);
		if (!nothing_left()) {
			ksft_print_msg("killed after %ld ms: partitions %ld, VPs %ld, pages %ld\n",
				       ms, count("partitions"), count("vps"), count("pages"));
			left++;
		}
	}
	ksft_test_result(!left, "%d %s killed at random moments leave nothing\n", KILLS, what);
}

int main(void)
{
	ksft_print_header();
	ksft_set_plan(2);
	kills("guests with children", boot_start_parent, 1800);
	kills("guests", start_linux, 6000);
	ksft_finished();
}
