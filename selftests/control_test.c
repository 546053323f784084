// SPDX-License-Identifier: GPL-2.0-only
/*
 * control_test.c - tlfsctl pause, resume, reset and stop of a running guest; its debug session at a
 * socket
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "harness.h"

#define LONG_MS		30000		/* a host that emulates starts tlfsctl in seconds */
#define NOBODY		65534
#define SOCKET		"debug.sock"

FIXTURE(control) {
	pid_t pid;
	FILE *out;
	char name[16];
	long least, most;	/* us the PM timer is ahead of the guest's clock */
	bool told;
};

static const char *ctl(void)
{
	const char *path = getenv("TLFSCTL");

	return path ? path : "tlfsctl";
}

/* status of tlfsctl @verb @who, as user @uid */
static int manage_as(uid_t uid, const char *verb, const char *who)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 2);
		if (uid && setuid(uid))
			_exit(99);
		execl(ctl(), "tlfsctl", verb, who, NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int manage(const char *verb, const char *who)
{
	return manage_as(0, verb, who);
}

FIXTURE_SETUP(control)
{
	const char *dir = getenv("HOST_DIR");
	char path[256];
	int fd[2];

	ASSERT_EQ(0, vmm_count("partitions"));
	snprintf(self->name, sizeof(self->name), "t%d", getpid());
	snprintf(path, sizeof(path), "%s/data/guest-control", dir ? dir : ".");
	ASSERT_EQ(0, pipe(fd));
	self->pid = fork();
	if (!self->pid) {
		dup2(fd[1], 1);
		close(fd[0]);
		close(fd[1]);
		close(0);
		open("/dev/null", O_RDONLY);
		execl(ctl(), "tlfsctl", "run", "--kernel", path, "--memory", "32M", "--name",
		      self->name, "--debugger", "unix:" SOCKET, NULL);
		_exit(127);
	}
	close(fd[1]);
	fcntl(fd[0], F_SETFL, O_NONBLOCK);
	self->out = fdopen(fd[0], "r");
	ASSERT_NE(NULL, self->out);
}

FIXTURE_TEARDOWN(control)
{
	if (self->pid) {
		kill(self->pid, SIGKILL);
		waitpid(self->pid, NULL, 0);
	}
	fclose(self->out);
	EXPECT_TRUE(vmm_count_settles("partitions", 0));
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

/* a line with @text, within @ms: what follows; -1 if there is none */
static long line(FIXTURE_DATA(control) *self, const char *text, unsigned int ms)
{
	struct pollfd p = { .fd = fileno(self->out), .events = POLLIN };
	u64 end = vmm_now_ms() + ms;
	static char buf[256];
	static size_t len;
	char c;

	do {
		while (read(p.fd, &c, 1) == 1) {
			if (c != '\n') {
				if (len < sizeof(buf) - 1)
					buf[len++] = c;
				continue;
			}
			buf[len] = 0;
			len = 0;
			/* a guest that was reset may have left the beginning of a line */
			if (!strstr(buf, text))
				continue;
			if (strstr(buf, "device "))
				self->told = sscanf(strstr(buf, "device "), "device %ld %ld",
						    &self->least, &self->most) == 2;
			return atol(strstr(buf, text) + strlen(text));
		}
		poll(&p, 1, 20);
	} while (vmm_now_ms() < end);
	return -1;
}

/* what was on its way: the last of it, or @was */
static long last_time(FIXTURE_DATA(control) *self, long was)
{
	long t;

	while ((t = line(self, "time ", 100)) >= 0)
		was = t;
	return was;
}

static bool is_quiet(FIXTURE_DATA(control) *self)
{
	last_time(self, 0);
	return line(self, "time ", 300) < 0;
}

/* the id tlfsctl list shows, there being one guest */
static void find_id(char *id, size_t size)
{
	char cmd[256], text[256];
	FILE *f;

	snprintf(cmd, sizeof(cmd), "%s list", ctl());
	f = popen(cmd, "r");
	*id = 0;
	while (f && fgets(text, sizeof(text), f))
		if (strstr(text, "active"))
			snprintf(id, size, "%lu", strtoul(text, NULL, 10));
	if (f)
		pclose(f);
}

/* nothing moves, and for the guest no time passes */
TEST_F(control, pause_and_resume)
{
	long before, after, least, most;

	ASSERT_LE(0, line(self, "hello", LONG_MS));
	before = line(self, "time ", LONG_MS);
	ASSERT_LT(0, before);
	ASSERT_EQ(0, manage("pause", self->name));
	before = last_time(self, before);
	EXPECT_TRUE(is_quiet(self));
	EXPECT_EQ(0, manage("pause", self->name));
	least = self->least;
	most = self->most;
	ASSERT_TRUE(self->told);
	self->told = false;
	vmm_sleep_ms(3000);
	EXPECT_TRUE(is_quiet(self));
	EXPECT_EQ(0, manage("resume", self->name));
	after = line(self, "time ", LONG_MS);
	ASSERT_LT(before, after);
	/* it was held for more than that */
	EXPECT_GT(before + 2500, after);
	/* nor any for the devices: within 10 ms */
	ASSERT_TRUE(self->told);
	EXPECT_GE(most + 10000, self->least);
	EXPECT_LE(least - 10000, self->most);
	EXPECT_EQ(0, manage("resume", self->name));
	EXPECT_LT(after, line(self, "time ", LONG_MS));
}

/* by its partition's id, and by its owner only */
TEST_F(control, by_id)
{
	char id[32];

	ASSERT_LE(0, line(self, "hello", LONG_MS));
	find_id(id, sizeof(id));
	ASSERT_NE(0, *id);
	EXPECT_NE(0, manage_as(NOBODY, "pause", id));
	EXPECT_NE(0, manage_as(NOBODY, "pause", self->name));
	EXPECT_LE(0, line(self, "time ", LONG_MS));
	ASSERT_EQ(0, manage("pause", id));
	EXPECT_TRUE(is_quiet(self));
	ASSERT_EQ(0, manage("resume", id));
	EXPECT_LE(0, line(self, "time ", LONG_MS));
	EXPECT_EQ(2, manage("pause", "999999"));
	EXPECT_EQ(2, manage("pause", "nobody-here"));
	EXPECT_EQ(2, manage("stop", ""));
}

/* from the beginning: the same command, the same process; also of one that is paused */
TEST_F(control, reset)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		ASSERT_LE(0, line(self, "hello", LONG_MS));
		ASSERT_LE(0, line(self, "time ", LONG_MS));
		if (i)
			ASSERT_EQ(0, manage("pause", self->name));
		ASSERT_EQ(0, manage("reset", self->name));
	}
	ASSERT_LE(0, line(self, "hello", LONG_MS));
	EXPECT_EQ(0, kill(self->pid, 0));
}

TEST_F(control, stop)
{
	int status;

	ASSERT_LE(0, line(self, "hello", LONG_MS));
	ASSERT_EQ(0, manage("pause", self->name));
	ASSERT_EQ(0, manage("stop", self->name));
	ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
	self->pid = 0;
	EXPECT_EQ(0, status);
	EXPECT_EQ(2, manage("stop", self->name));
	/* nor is there a socket any more */
	EXPECT_NE(0, access(SOCKET, F_OK));
}

/* ---- debug session ---- */

static int debugger(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* @text is what comes next, in however many pieces */
static bool says(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t n, len = strlen(text);
	char buf[64];
	ssize_t got;

	for (n = 0; n < len; n += got) {
		if (poll(&p, 1, LONG_MS) != 1)
			return false;
		got = read(fd, buf + n, len - n);
		if (got <= 0)
			return false;
	}
	return !memcmp(buf, text, len);
}

TEST_F(control, debug_session)
{
	int fd, again;

	ASSERT_LE(0, line(self, "hello", LONG_MS));
	/* what was posted while nobody was there */
	fd = debugger();
	ASSERT_LE(0, fd);
	EXPECT_TRUE(says(fd, "hello"));
	ASSERT_EQ(4, write(fd, "ping", 4));
	EXPECT_TRUE(says(fd, "ping"));
	/* one at a time: who comes next is served when the first has gone */
	again = debugger();
	ASSERT_LE(0, again);
	ASSERT_EQ(4, write(again, "next", 4));
	ASSERT_EQ(4, write(fd, "last", 4));
	EXPECT_TRUE(says(fd, "last"));
	close(fd);
	EXPECT_TRUE(says(again, "next"));
	ASSERT_EQ(0, manage("stop", self->name));
	/* the session ends with the guest */
	EXPECT_EQ(0, read(again, &fd, 1));
	close(again);
}

TEST_HARNESS_MAIN
