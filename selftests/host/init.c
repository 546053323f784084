// SPDX-License-Identifier: GPL-2.0-only
/*
 * init.c - the first process of a test host, and outside of one (HOST=local) its runner
 *
 * As the first process it takes its orders from the kernel's command line:
 *
 *	host.run=MODE		what to run, see runner.h
 *	host.after=NAME		skip the programs up to this one
 *	host.only=PATTERN,...	only these programs
 *	host.skip=NAME,...	not these
 *	host.retries=N		run so many that fail once more
 *	host.factor=N		everything takes N times as long here
 *	host.pulse=1		interrupts of a device, one in a second at least
 *	host.args="..."		$HOST_ARGS of what is run
 *
 * reports on the second serial port, and powers the machine off.  (The prefix is not "tlfs.": the
 * kernel would offer such words to the module of that name.)
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/rtc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "runner.h"

#define HOST_DIR	"/host"
#define CONSOLE		"/dev/ttyS0"
#define CONTROL		"/dev/ttyS1"

static const struct {
	const char *type, *target;
} mounts[] = {
	{ "proc", "/proc" },
	{ "sysfs", "/sys" },
	{ "devtmpfs", "/dev" },
	{ "devpts", "/dev/pts" },
	{ "tmpfs", "/dev/shm" },
	{ "tmpfs", "/tmp" },
	{ "tmpfs", "/run" },
	{ "debugfs", "/sys/kernel/debug" },
	{ "tracefs", "/sys/kernel/tracing" },
};

static char cmdline[4096];

/* The value of KEY=VALUE or KEY="VA LUE" in the kernel's command line, as a new string. */
static char *parameter(const char *key)
{
	size_t len = strlen(key);
	bool quoted = false;
	const char *p, *end;

	for (p = cmdline; *p; p++) {
		if (*p == '"')
			quoted = !quoted;
		if ((p == cmdline || p[-1] == ' ') && !quoted && !strncmp(p, key, len) &&
		    p[len] == '=') {
			p += len + 1;
			if (*p == '"')
				end = strchr(++p, '"');
			else
				end = p + strcspn(p, "\n ");
			return end ? strndup(p, end - p) : NULL;
		}
	}
	return NULL;
}

static void set_up(void)
{
	size_t i;
	ssize_t n;
	int fd;

	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].target, 0755);
		mount(mounts[i].type, mounts[i].target, mounts[i].type, 0, NULL);
	}
	fd = open(CONSOLE, O_RDWR | O_NOCTTY);
	if (fd >= 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		if (fd > 2)
			close(fd);
	}
	fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, cmdline, sizeof(cmdline) - 1);
	cmdline[n > 0 ? n : 0] = '\0';
	close(fd);
	setenv("PATH", "/sbin:/bin:/usr/sbin:/usr/bin", 1);
	setenv("HOME", "/", 1);
	setenv("TERM", "linux", 1);
}

static int open_control(void)
{
	struct termios raw;
	int fd = open(CONTROL, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	tcgetattr(fd, &raw);
	cfmakeraw(&raw);
	cfsetspeed(&raw, B115200);
	tcsetattr(fd, TCSANOW, &raw);
	return fd;
}

static void environment(const char *dir)
{
	static const char * const names[][2] = {
		{ "TLFS_KERNEL", "guest/vmlinuz" },
		{ "TLFS_INITRD", "guest/initrd.cpio" },
		{ "TLFSCTL", "tlfsctl" },
		{ "TLFS_MODULE", "tlfs.ko" },
	};
	char path[4096];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i][1]);
		setenv(names[i][0], path, 1);
	}
	/* Where decompressing is expensive, the host brings the same kernel uncompressed. */
	setenv("TLFS_BZIMAGE", getenv("TLFS_KERNEL"), 1);
	snprintf(path, sizeof(path), "%s/guest/vmlinux", dir);
	if (!access(path, R_OK))
		setenv("TLFS_KERNEL", path, 1);
	setenv("HOST_DIR", dir, 1);
}

/*
 * In QEMU before 10 two threads change the set of what is pending for its processor: a VMEXIT at
 * the very moment the local APIC's timer expires makes it forget that, and a guest that spins runs
 * for ever.  Whatever comes to the local APIC next brings it back.
 */
static void start_pulse(void)
{
	int fd = open("/dev/rtc0", O_RDONLY | O_CLOEXEC);

	if (fd < 0 || ioctl(fd, RTC_UIE_ON, 0))
		dprintf(2, "init: no interrupts of the real-time clock\n");
	/* on as long as it is open */
}

static void first_process(void)
{
	struct runner r = { .dir = HOST_DIR, .console = CONSOLE };
	char *args, *retries, *factor;

	set_up();
	r.control = open_control();
	if (r.control < 0) {
		dprintf(2, "init: no " CONTROL "\n");
		goto off;
	}
	r.mode = parameter("host.run");
	if (!r.mode)
		r.mode = "shell";
	r.after = parameter("host.after");
	r.only = parameter("host.only");
	r.skip = parameter("host.skip");
	retries = parameter("host.retries");
	r.retries = retries ? strtoul(retries, NULL, 10) : 0;
	factor = parameter("host.factor");
	r.factor = factor ? strtoul(factor, NULL, 10) : 1;
	setenv("HOST_FACTOR", factor ? factor : "1", 1);
	args = parameter("host.args");
	setenv("HOST_ARGS", args ? args : "", 1);
	environment(HOST_DIR);
	if (parameter("host.pulse"))
		start_pulse();
	runner_run(&r);
	tcdrain(r.control);
	tcdrain(1);
off:
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	struct runner r = { .factor = 1 };

	if (getpid() == 1)
		first_process();
	if (argc < 4 || argc > 6) {
		fprintf(stderr, "usage: %s DIR CONTROL MODE [AFTER [ONLY]]\n", argv[0]);
		return 2;
	}
	r.dir = argv[1];
	r.mode = argv[3];
	r.after = argc > 4 && *argv[4] ? argv[4] : NULL;
	r.only = argc > 5 && *argv[5] ? argv[5] : NULL;
	r.control = open(argv[2], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (r.control < 0) {
		perror(argv[2]);
		return 2;
	}
	environment(r.dir);
	return runner_run(&r);
}
