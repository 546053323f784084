// SPDX-License-Identifier: GPL-2.0-only
/*
 * runner.c - runs the programs of a mode, each under a time limit and with the kernel log watched
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "runner.h"

#define DEFAULT_TIMEOUT	300	/* seconds for one program; "settings" overrides it */
#define TICK		5	/* seconds between signs of life */
#define DUMP_MAX	65536	/* bytes shown of one file after a failure */
#define LEAKS		"/sys/kernel/debug/kmemleak"
#define LAST_EXITS	"/sys/kernel/tracing/trace"	/* steps/before keeps it short */

#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define __noreturn	__attribute__((noreturn))

struct child {
	pid_t pid;
	int out;	/* pty master, -1 on the console */
	int status;
	bool exited;
	bool timed_out;
	bool said_not_ok;
	size_t fill;
	char line[4096];
};

static int control;
static int kmsg = -1;
static unsigned int splats;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void put(const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(control, data, len);

		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return;
		if (n > 0) {
			data += n;
			len -= n;
		}
	}
}

static void __printf(1, 2) report(const char *fmt, ...)
{
	char *line;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&line, fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	put(line, len);
	free(line);
}

/* What the kernel says when something is wrong with it. */
static bool is_splat(const char *text)
{
	static const char * const signs[] = {
		"WARNING:", "BUG:", "Oops:", "Call Trace:", "kernel BUG at", "UBSAN:", "KASAN:",
		"general protection fault", "INFO: task ", "INFO: rcu", "rcu: INFO:",
		"unchecked MSR access", "refcount_t:", "list_add corruption",
		"list_del corruption", "scheduling while atomic", "Bad page state",
		"possible circular locking", "inconsistent lock state",
		/* of a kernel that looks for faults */
		"ODEBUG:", "non-static key", "INFO: lockdep is turned off",
		"locking correctness validator", "pagealloc: ", "new suspicious memory leaks",
		"Kernel memory exposure", "Kernel memory overwrite",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(signs); i++)
		if (strstr(text, signs[i]))
			return true;
	return false;
}

/* One record of /dev/kmsg: "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT\n KEY=VALUE\n...". */
static void log_record(char *record)
{
	unsigned long long us = 0;
	unsigned int prio = 0;
	char *text = strchr(record, ';');
	char *end;

	if (!text)
		return;
	*text++ = '\0';
	end = strchr(text, '\n');
	if (end)
		*end = '\0';
	if (sscanf(record, "%u,%*u,%llu", &prio, &us) != 2)
		return;
	/* Only the kernel's own word counts, not what a process wrote into its log. */
	if (prio >> 3 == 0 && is_splat(text))
		splats++;
	report("k%u [%5llu.%06llu] %s\n", prio & 7, us / 1000000, us % 1000000, text);
}

static void drain_log(void)
{
	char record[8192];
	ssize_t n;

	while (kmsg >= 0) {
		n = read(kmsg, record, sizeof(record) - 1);
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;	/* EPIPE: the ring overran us; the next read is fine */
		if (n <= 0)
			break;
		record[n] = '\0';
		log_record(record);
	}
}

static void put_line(struct child *c)
{
	c->line[c->fill] = '\0';
	if (c->fill && c->line[c->fill - 1] == '\r')
		c->line[c->fill - 1] = '\0';
	if (!strncmp(c->line, "not ok", 6) && !strstr(c->line, "# TODO"))
		c->said_not_ok = true;
	report("|%s\n", c->line);
	c->fill = 0;
}

/* Passes on what the program wrote; false once nobody has the other end any more. */
static bool drain_output(struct child *c)
{
	char buf[4096];
	ssize_t n, i;

	for (;;) {
		n = read(c->out, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;	/* a pty answers EIO then */
		for (i = 0; i < n; i++) {
			if (buf[i] != '\n')
				c->line[c->fill++] = buf[i];
			if (buf[i] == '\n' || c->fill == sizeof(c->line) - 1)
				put_line(c);
		}
	}
}

/* A pty and not a pipe, so that the lines of stdout and stderr arrive as they are written. */
static int open_output(int *slave)
{
	struct termios raw;
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		goto fail;
	*slave = open(ptsname(fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0)
		goto fail;
	tcgetattr(*slave, &raw);
	cfmakeraw(&raw);
	tcsetattr(*slave, TCSANOW, &raw);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
fail:
	if (fd >= 0)
		close(fd);
	return -1;
}

/*
 * The end of a session leader hangs its terminal up, and what a slow serial port has not sent yet
 * is lost.  So the leader is we, and the program a child that is waited for.
 */
static void lead_session(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid <= 0)
		return;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	tcdrain(1);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static void __noreturn exec_child(const char *path, const char *cwd, int stdio, const char *console)
{
	int null;

	setsid();
	if (stdio >= 0) {
		null = open("/dev/null", O_RDWR);
		dup2(null, 0);
		dup2(stdio, 1);
		dup2(stdio, 2);
	} else if (console) {
		/* The console as controlling terminal: job control and ^C in a shell. */
		stdio = open(console, O_RDWR);
		if (stdio >= 0) {
			ioctl(stdio, TIOCSCTTY, 1);
			dup2(stdio, 0);
			dup2(stdio, 1);
			dup2(stdio, 2);
			lead_session();
		}
	}
	if (chdir(cwd))
		_exit(126);
	execl(path, path, NULL);
	_exit(127);
}

static void reap(struct child *c)
{
	int status;
	pid_t pid;

	/* As the first process we inherit everybody's orphans. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != c->pid)
			continue;
		c->exited = true;
		c->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	}
}

/* What a program left behind goes with it: the next one wants the machine to itself. */
static void kill_leftovers(struct child *c)
{
	double start = now();
	pid_t pid;

	if (getpid() != 1) {
		kill(-c->pid, SIGKILL);
		return;
	}
	kill(-1, SIGKILL);
	/* As long as one of them lives, so may a partition. */
	while ((pid = waitpid(-1, NULL, WNOHANG)) >= 0 && now() - start < 10)
		if (!pid)
			usleep(10 * 1000);
}

/* Runs one program to its end; @timeout 0 is none.  Returns false when it could not start. */
static bool run_child(struct child *c, const char *path, const char *cwd, unsigned int timeout,
		      const char *console, bool capture)
{
	double start = now(), tick = start;
	int slave = -1;

	c->out = -1;
	if (capture) {
		c->out = open_output(&slave);
		if (c->out < 0)
			return false;
	}
	c->pid = fork();
	if (c->pid == 0)
		exec_child(path, cwd, slave, console);
	if (slave >= 0)
		close(slave);
	while (c->pid > 0 && !c->exited) {
		struct pollfd fds[] = { { .fd = c->out, .events = POLLIN } };

		poll(fds, 1, 100);
		/* A program that closed its output early is waited for all the same. */
		if (c->out >= 0 && !drain_output(c)) {
			close(c->out);
			c->out = -1;
		}
		drain_log();
		reap(c);
		if (now() - tick >= TICK) {
			tick = now();
			report("@tick\n");
		}
		if (timeout && !c->timed_out && now() - start > timeout) {
			c->timed_out = true;
			kill(-c->pid, SIGKILL);
		}
	}
	if (capture && c->pid > 0)
		kill_leftovers(c);
	if (c->out >= 0) {
		drain_output(c);
		close(c->out);
	}
	if (c->fill)
		put_line(c);
	return c->pid > 0;
}

static int dump_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t left = DUMP_MAX;
	char line[1024];
	FILE *f;

	(void)ftw;
	if (type != FTW_F || !S_ISREG(st->st_mode) || !(st->st_mode & 0444))
		return 0;
	f = fopen(path, "re");
	if (!f)
		return 0;
	/* Of a long log the end counts; the trace has no size and is read whole. */
	if (st->st_size > DUMP_MAX)
		fseek(f, -DUMP_MAX, SEEK_END);
	while (left && fgets(line, sizeof(line), f)) {
		size_t len = strlen(line);

		left -= len < left ? len : left;
		line[strcspn(line, "\n")] = '\0';
		report("d%s: %s\n", path, line);
	}
	fclose(f);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* "timeout=N" for all or "NAME.timeout=N" for one program, in DIR/settings. */
static unsigned int time_limit(const struct runner *r, const char *name)
{
	unsigned int limit = DEFAULT_TIMEOUT, value;
	char path[PATH_MAX], line[256], *key;
	bool own = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/settings", r->dir);
	f = fopen(path, "re");
	if (!f)
		return limit;
	while (fgets(line, sizeof(line), f)) {
		char *eq = strchr(line, '=');

		if (!eq || line[0] == '#' || sscanf(eq + 1, "%u", &value) != 1)
			continue;
		*eq = '\0';
		key = strrchr(line, '.');
		if (!key && !strcmp(line, "timeout") && !own) {
			limit = value;
		} else if (key && !strcmp(key, ".timeout")) {
			*key = '\0';
			if (!strcmp(line, name)) {
				limit = value;
				own = true;
			}
		}
	}
	fclose(f);
	return limit;
}

static int run_one(const struct runner *r, const char *path, const char *name, bool capture,
		   bool *again)
{
	char cwd[] = "/tmp/tlfs-run.XXXXXX";
	struct child c = { .status = 127 };
	char before[PATH_MAX];
	double start;
	bool bad;

	if (!mkdtemp(cwd))
		return 1;
	drain_log();
	report("@begin %s\n", name);
	start = now();

	/* Puts the host into the state every program may count on; its log is the program's. */
	splats = 0;
	snprintf(before, sizeof(before), "%s/before", r->dir);
	if (capture && !access(before, X_OK)) {
		struct child b = {};

		run_child(&b, before, cwd, 60 * r->factor, NULL, true);
	}

	run_child(&c, path, cwd, capture ? time_limit(r, name) * r->factor : 0, r->console,
		  capture);
	drain_log();
	bad = c.timed_out || splats || c.said_not_ok || (c.status && c.status != 4);
	*again = *again && bad && !splats;
	if (bad && capture) {
		nftw(LAST_EXITS, dump_file, 16, FTW_PHYS);
		nftw(cwd, dump_file, 16, FTW_PHYS);
	}
	report("@end %s status=%d timeout=%d splats=%u seconds=%d again=%d\n", name, c.status,
	       c.timed_out, splats, (int)(now() - start + 0.5), *again);
	nftw(cwd, remove_one, 16, FTW_PHYS | FTW_DEPTH);
	return bad;
}

/* NAME.sh is what programs share.  A program that may not be executed is one that fails. */
static int is_program(const struct dirent *d)
{
	const char *end = strrchr(d->d_name, '.');

	return d->d_name[0] != '.' && !(end && !strcmp(end, ".sh"));
}

/* whether one of the comma-separated shell patterns in @list matches @name */
static bool in_list(const char *list, const char *name)
{
	char pattern[NAME_MAX + 1];

	for (; list && *list; list += strcspn(list, ","), list += *list == ',') {
		snprintf(pattern, sizeof(pattern), "%.*s", (int)strcspn(list, ","), list);
		if (!fnmatch(pattern, name, 0))
			return true;
	}
	return false;
}

/* The last of all programs, whatever was chosen, where the kernel counts what nobody refers to. */
static int run_leaks(const struct runner *r)
{
	char path[PATH_MAX];
	bool again = false;

	if (access(LEAKS, W_OK))
		return 0;
	snprintf(path, sizeof(path), "%s/leaks", r->dir);
	return run_one(r, path, "zz-unload-leaks", true, &again);
}

static int run_directory(const struct runner *r, const char *dir)
{
	char path[PATH_MAX + NAME_MAX + 2];
	unsigned int retries = r->retries;
	struct dirent **list;
	int i, n, bad = 0;
	bool again;

	n = scandir(dir, &list, is_program, alphasort);
	for (i = 0; i < n; i++) {
		const char *name = list[i]->d_name;

		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if ((r->after && strcmp(name, r->after) <= 0) ||
		    (r->only && !in_list(r->only, name)) || in_list(r->skip, name))
			continue;
		again = retries > 0;
		if (run_one(r, path, name, true, &again) && !again)
			bad = 1;
		if (!again)
			continue;
		retries--;
		again = false;
		bad |= run_one(r, path, name, true, &again);
	}
	bad |= run_leaks(r);
	return n < 0 || bad;
}

/**
 * runner_run() - run a mode
 * @r: which, and where to report
 *
 * Return: 0 when every program succeeded.
 */
int runner_run(const struct runner *r)
{
	char path[PATH_MAX];
	bool again = false;
	int bad;

	control = r->control;
	signal(SIGPIPE, SIG_IGN);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	drain_log();

	snprintf(path, sizeof(path), "%s/%s.d", r->dir, r->mode);
	if (!access(path, X_OK)) {
		bad = run_directory(r, path);
	} else {
		snprintf(path, sizeof(path), "%s/%s.sh", r->dir, r->mode);
		bad = run_one(r, path, r->mode, false, &again);
	}
	report("@done\n");
	return bad;
}
