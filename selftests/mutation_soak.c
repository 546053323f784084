// SPDX-License-Identifier: GPL-2.0-only
/*
 * mutation_soak.c - modules that were broken on purpose, and the payload that has to notice
 *
 * mutations/run builds them.  Each line of $HOST_DIR/data/mutations is "NAME PAYLOAD [TEST]": the
 * module is data/mutation-NAME.ko, "none" is the whole one, under which nothing may fail.  TEST is
 * in the name of the test that has to.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest.h"

static const char *host;

static int load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, "mshv=1", 0) ? -errno : 0;
	close(fd);
	return ret;
}

static int unload(void)
{
	int tries, ret = -EAGAIN;

	/* the VMM has ended; the kernel may not have closed all it had open yet */
	for (tries = 0; tries < 100 && ret == -EAGAIN; tries++) {
		ret = syscall(SYS_delete_module, "tlfs", O_NONBLOCK) ? -errno : 0;
		if (ret == -EAGAIN)
			usleep(100000);
	}
	return ret;
}

/* the first failed test with @test in its name to @red, "" if there is none; -1: it did not run */
static int run_payload(const char *payload, const char *test, char *red, size_t size)
{
	char cmd[512], line[1024];
	bool ran = false;
	FILE *out;

	snprintf(cmd, sizeof(cmd), "%s/check.d/guest_test guest-%s 2>&1", host, payload);
	out = popen(cmd, "r");
	if (!out)
		return -1;
	*red = 0;
	while (fgets(line, sizeof(line), out)) {
		line[strcspn(line, "\n")] = 0;
		ran |= !strncmp(line, "1..", 3);
		if (!*red && !strncmp(line, "not ok", 6) && strstr(line, test))
			snprintf(red, size, "%.200s", strstr(line, "guest-") ?: line);
	}
	pclose(out);
	return ran ? 0 : -1;
}

static void try(const char *name, const char *payload, const char *test)
{
	char path[512], red[256] = "";
	bool whole = !strcmp(name, "none");
	int err;

	if (whole)
		snprintf(path, sizeof(path), "%s", getenv("TLFS_MODULE"));
	else
		snprintf(path, sizeof(path), "%s/data/mutation-%s.ko", host, name);
	err = unload();
	if (!err)
		err = load(path);
	if (err) {
		ksft_test_result_fail("%s: cannot be loaded: %s\n", name, strerror(-err));
		return;
	}
	if (run_payload(payload, test, red, sizeof(red)))
		ksft_test_result_fail("%s: guest_test does not run\n", name);
	else if (whole)
		ksft_test_result(!*red, "%s passes with the module as it is %s\n", payload, red);
	else
		ksft_test_result(*red, "%s is noticed: %s\n", name, red);
}

int main(void)
{
	char path[512], line[256], name[64], payload[64], test[128];
	unsigned int n = 0;
	FILE *list;

	host = getenv("HOST_DIR");
	snprintf(path, sizeof(path), "%s/data/mutations", host ? host : ".");
	list = fopen(path, "r");
	if (!list)
		ksft_exit_skip("no mutations: selftests/mutations/run makes them\n");
	ksft_print_header();
	while (fgets(line, sizeof(line), list))
		n++;
	ksft_set_plan(n);
	rewind(list);
	while (fgets(line, sizeof(line), list)) {
		*test = 0;
		if (sscanf(line, "%63s %63s %127[^\n]", name, payload, test) >= 2)
			try(name, payload, test);
	}
	fclose(list);
	unload();
	load(getenv("TLFS_MODULE"));
	ksft_finished();
}
