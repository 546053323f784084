// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_test.c - runs the guest payloads in partitions and passes their TAP on
 *
 * Every $HOST_DIR/data/guest-NAME (but guest-bench* and guest-control) is one payload; its lines
 * become ours with running numbers.  A payload fails besides when it does not end by its plan, in
 * time, through the debug exit port.  If there is a file data/only, only the payloads it names, one
 * a line.
 */
#include <cpuid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kselftest.h"

#define SECONDS_EACH	120

static unsigned int nr, failed;

/* payloads for partitions of their own kind */
static const struct {
	const char *payload;
	const char *features;
	const char *compat;
	const char *cpus;
	const char *privileges;
} variants[] = {
	{ "guest-bare", "hypervisor,hv1,hypercall,vpindex" },
	{ "guest-nohv", "none" },
	{ "guest-child", "all", .privileges = "0x1ff00000000" },
	{ "guest-parent", "all", .privileges = "0x1ff00000000" },
	{ "guest-privilege1", "all,!refcount,!stimer,!directstimer,!tscpage,!reenlightenment" },
	{ "guest-privilege2", "all,!synic,!stimer,!directstimer,!frequency,!reenlightenment" },
	{ "guest-privilege3", "all,!apicmsrs,!tscpage,!frequency,!reenlightenment,!exthypercalls" },
	{ "guest-many64", "all", .cpus = "64" },
	{ "guest-many96", "all", .cpus = "96" },
	{ "guest-v2", "all", .compat = "2.0" },
	{ NULL, "all" },
};

/* a payload's command line: the host's CPUID, to compare with */
static char host_cpuid[4096];

static void append_cpuid(unsigned int leaf, unsigned int sub)
{
	size_t len = strlen(host_cpuid);
	unsigned int a = 0, b = 0, c = 0, d = 0;

	/* what the processor does not have is not there, whatever it answers */
	if (leaf <= __get_cpuid_max(leaf & 0x80000000, NULL))
		__cpuid_count(leaf, sub, a, b, c, d);
	snprintf(host_cpuid + len, sizeof(host_cpuid) - len, "cpuid=%x,%x,%x,%x,%x,%x ", leaf, sub,
		 a, b, c, d);
}

static void read_host_cpuid(void)
{
	unsigned int i;

	for (i = 0; i <= 2; i++)
		append_cpuid(i, 0);
	for (i = 0; i < 4; i++)
		append_cpuid(4, i);
	for (i = 0x80000000; i <= 0x80000008; i++)
		append_cpuid(i, 0);
	append_cpuid(0x8000001a, 0);
}

static size_t variant(const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(variants) - 1; i++)
		if (!strcmp(name, variants[i].payload))
			break;
	return i;
}

static long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

static void result(bool ok, const char *payload, const char *text)
{
	nr++;
	if (!ok)
		failed++;
	printf("%sok %u - %s: %s\n", ok ? "" : "not ", nr, payload, text);
	fflush(stdout);
}

/* what a payload was about to do that could end it; "" when it came out of that */
static char attempt[200];

/* one line of the payload's console; returns true when it was the plan */
static bool take_line(const char *payload, char *line)
{
	char *text;
	bool ok;

	line[strcspn(line, "\r\n")] = 0;
	ok = !strncmp(line, "ok ", 3);
	if (!strncmp(line, "# attempt: ", 11)) {
		snprintf(attempt, sizeof(attempt), "%.190s", line + 11);
	} else if (ok || !strncmp(line, "not ok ", 7)) {
		*attempt = 0;
		text = strstr(line, " - ");
		result(ok, payload, text ? text + 3 : line);
	} else if (!strncmp(line, "1..", 3)) {
		return true;
	} else if (*line) {
		printf("# %s: %s\n", payload, line);
	}
	return false;
}

static pid_t start(const char *path, int *out)
{
	const char *ctl = getenv("TLFSCTL");
	size_t i = variant(path);
	const char *compat = variants[i].compat ? variants[i].compat : "current";
	const char *cpus = variants[i].cpus ? variants[i].cpus : "4";
	const char *privileges = variants[i].privileges ? variants[i].privileges : "0";
	int fd[2];
	pid_t pid;

	if (pipe(fd))
		exit(KSFT_FAIL);
	pid = fork();
	if (!pid) {
		dup2(fd[1], 1);
		dup2(fd[1], 2);
		close(fd[0]);
		close(fd[1]);
		close(0);
		open("/dev/null", 0);
		execl(ctl ? ctl : "tlfsctl", "tlfsctl", "run", "--kernel", path, "--cpus", cpus,
		      "--memory", "256M", "--debug-exit", "--console", "stdio", "--features",
		      variants[i].features, "--compat", compat,
		      "--privileges", privileges, "--append", host_cpuid, NULL);
		_exit(127);
	}
	close(fd[1]);
	*out = fd[0];
	return pid;
}

/* where the threads of the VMM are and how its VPs left the guest, into this directory */
static void keep_state(const char *payload, pid_t pid)
{
	char text[600];

	snprintf(text, sizeof(text),
		 "{ for t in /proc/%d/task/*; do cat $t/comm $t/stack; done;"
		 " tail -n 200 /sys/kernel/tracing/trace; } > %s.state 2>&1", pid, payload);
	if (system(text))
		printf("# no state of %s\n", payload);
}

static void run(const char *dir, const char *payload)
{
	char path[512], line[512];
	long end = now() + SECONDS_EACH;
	bool plan = false, late = false;
	size_t len = 0;
	int fd, status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", dir, payload);
	pid = start(path, &fd);
	*attempt = 0;
	for (;;) {
		struct pollfd p = { fd, POLLIN };
		long left = end - now();

		if (left <= 0 || poll(&p, 1, left * 1000) <= 0) {
			late = true;
			break;
		}
		if (len == sizeof(line) - 1)
			len = 0;
		if (read(fd, line + len, 1) != 1)
			break;
		if (line[len++] == '\n') {
			line[len] = 0;
			len = 0;
			plan |= take_line(payload, line);
		}
	}
	if (late) {
		keep_state(payload, pid);
		kill(pid, SIGKILL);
	}
	close(fd);
	waitpid(pid, &status, 0);
	if (late)
		result(false, payload, *attempt ? attempt : "ended in time");
	else if (!plan)
		result(false, payload, *attempt ? attempt : "came to its end");
	else if (!WIFEXITED(status) || (WEXITSTATUS(status) != 1 && WEXITSTATUS(status) != 3))
		result(false, payload, "left through the debug exit port");
}

/* $HOST_DIR/data/only as "\nguest-NAME\n...", or "" */
static char only[1024];

static void read_only(const char *dir)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/only", dir);
	f = fopen(path, "r");
	if (!f)
		return;
	only[0] = '\n';
	only[1 + fread(only + 1, 1, sizeof(only) - 2, f)] = 0;
	fclose(f);
}

static int is_payload(const struct dirent *d)
{
	char line[300];

	snprintf(line, sizeof(line), "\n%s\n", d->d_name);
	if (*only && !strstr(only, line))
		return 0;
	return !strncmp(d->d_name, "guest-", 6) && strncmp(d->d_name, "guest-bench", 11) &&
	       strcmp(d->d_name, "guest-control");
}

int main(int argc, char **argv)
{
	const char *host = getenv("HOST_DIR");
	struct dirent **list;
	char dir[256];
	int i, n;

	snprintf(dir, sizeof(dir), "%s/data", host ? host : "build/selftests");
	read_only(dir);
	n = scandir(dir, &list, is_payload, alphasort);
	if (n <= 0)
		ksft_exit_skip("no guest payloads in %s\n", dir);
	read_host_cpuid();
	printf("TAP version 13\n");
	for (i = 0; i < n; i++)
		if (argc < 2 || !strcmp(argv[1], list[i]->d_name))
			run(dir, list[i]->d_name);
	printf("1..%u\n", nr);
	return failed ? KSFT_FAIL : KSFT_PASS;
}
