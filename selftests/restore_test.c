// SPDX-License-Identifier: GPL-2.0-only
/*
 * restore_test.c - a stock Linux guest under load is saved by tlfsctl, and another one continues it
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "boot.h"
#include "kselftest.h"

#define NAME	"saved-guest"
#define FILE_	"guest.saved"
#define AWAY_S	6

static void nap(unsigned int ms)
{
	const struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

static bool wait_for(const char *log, const char *text, unsigned int seconds)
{
	time_t end = time(NULL) + seconds;

	while (!boot_saw(log, text)) {
		if (time(NULL) > end)
			return false;
		nap(50);
	}
	return true;
}

/* tlfsctl with these arguments, output to @log */
static pid_t tlfsctl(const char *log, const char *const argv[])
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	dup2(fd, 1);
	dup2(fd, 2);
	close(0);
	open("/dev/null", O_RDONLY);
	execv(getenv("TLFSCTL"), (char *const *)argv);
	_exit(127);
}

/* numbers and uptimes (in 1/100 s) of the first or last tick of a log */
static bool tick_of(const char *log, bool last, unsigned int *nr, double *up, long *date)
{
	char line[512];
	FILE *f = fopen(log, "r");
	bool found = false;

	while (f && (last || !found) && fgets(line, sizeof(line), f)) {
		char *at = strstr(line, "guest: tick ");
		unsigned int n;
		double u;
		long d;

		/* a guest may have been saved in the middle of its line */
		if (at && strstr(at, " ns ") &&
		    sscanf(at, "guest: tick %u uptime %lf date %ld", &n, &u, &d) == 3) {
			*nr = n;
			*up = u;
			*date = d;
			found = true;
		}
	}
	if (f)
		fclose(f);
	return found;
}

int main(void)
{
	static const struct boot boot = { 2, "256M", "ticks", "before.log" };
	static const char * const save[] = { "tlfsctl", "save", NAME, FILE_, NULL };
	static const char * const restore[] = {
		"tlfsctl", "restore", FILE_, "--console", "stdio", NULL
	};
	static const char * const nobody[] = { "tlfsctl", "save", "nobody", "x.saved", NULL };
	unsigned int first, last;
	long date0, date1;
	double up0, up1;
	struct stat st;
	pid_t guest;
	int status;

	ksft_print_header();
	ksft_set_plan(8);
	guest = boot_start_named(&boot, NAME);
	ksft_test_result(wait_for("before.log", "guest: tick 5 ", 120), "guest ticks\n");
	ksft_test_result(boot_wait(tlfsctl("x.log", nobody), 20) == 2,
			 "no guest of that name: refused\n");
	status = boot_wait(tlfsctl("save.log", save), 60);
	ksft_test_result(!status, "saved: status %d\n", status);
	status = boot_wait(guest, 20);
	ksft_test_result(!status && !boot_saw("before.log", "ticks done"),
			 "its process ends: status %d\n", status);
	ksft_test_result(!stat(FILE_, &st) && st.st_blocks * 512LL < st.st_size &&
			 boot_wait(tlfsctl("x.log", save), 20) == 2,
			 "the file has holes, and nobody is there to save any more\n");

	sleep(AWAY_S);
	guest = tlfsctl("after.log", restore);
	status = boot_wait(guest, 120);
	ksft_test_result(!status && boot_saw("after.log", "ticks done"),
			 "restored it comes to its end: status %d\n", status);
	ksft_test_result(!boot_saw("after.log", "Call Trace") &&
			 !boot_saw("after.log", "warnings in its log") &&
			 !boot_saw("after.log", "as unstable") && !boot_saw("after.log", "stall"),
			 "without a warning\n");
	if (!tick_of("before.log", true, &last, &up0, &date0) ||
	    !tick_of("after.log", false, &first, &up1, &date1)) {
		ksft_test_result_fail("no ticks\n");
		ksft_finished();
	}
	ksft_print_msg("tick %u at %.2f, tick %u at %.2f\n", last, up0, first, up1);
	/* on where it was, by line and by both clocks, although the host's went on */
	ksft_test_result(first <= last + 2 && up1 >= up0 && up1 - up0 < AWAY_S - 1 &&
			 date1 - date0 < AWAY_S - 1, "its clocks do not jump\n");
	unlink(FILE_);
	ksft_finished();
}
