// SPDX-License-Identifier: GPL-2.0-only
/*
 * boot.c - a stock Linux guest, started by tlfsctl
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "boot.h"

static const char *need(const char *name)
{
	const char *val = getenv(name);

	if (val)
		return val;
	fprintf(stderr, "%s is not set\n", name);
	exit(1);
}

/* What a kernel spends half of its boot on, and no hypervisor has a part in. */
#define WITHOUT	"cryptomgr.notests=1 initcall_blacklist=load_system_certificate_list," \
		"trace_eval_init,cubictcp_register,init_kprobe_trace"

pid_t boot_start(const struct boot *boot)
{
	return boot_start_named(boot, "guest");
}

pid_t boot_start_named(const struct boot *boot, const char *name)
{
	const char *ctl = need("TLFSCTL"), *kernel = need("TLFS_KERNEL");
	const char *initrd = boot->initrd ? boot->initrd : need("TLFS_INITRD");
	char append[256], cpus[16];
	pid_t pid;
	int fd;

	snprintf(append, sizeof(append), "console=ttyS0 quiet %s guest.run=%s", WITHOUT,
		 boot->run);
	snprintf(cpus, sizeof(cpus), "%u", boot->cpus);
	pid = fork();
	if (pid)
		return pid;

	fd = open(boot->log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	if (fd < 0)
		_exit(126);
	dup2(fd, 1);
	dup2(fd, 2);
	close(0);
	open("/dev/null", O_RDONLY);
	execl(ctl, "tlfsctl", "run", "--kernel", kernel, "--initrd", initrd, "--append", append,
	      "--cpus", cpus, "--memory", boot->memory, "--console", "stdio", "--name", name,
	      "--features", boot->features ? boot->features : "all", NULL);
	_exit(127);
}

pid_t boot_start_parent(void)
{
	const char *ctl = need("TLFSCTL"), *dir = need("HOST_DIR");
	char path[256];
	pid_t pid;
	int null;

	snprintf(path, sizeof(path), "%s/data/guest-parent", dir);
	pid = fork();
	if (pid)
		return pid;

	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	execl(ctl, "tlfsctl", "run", "--kernel", path, "--cpus", "2", "--memory", "256M",
	      "--debug-exit", "--console", "stdio", "--privileges", "0x1ff00000000", NULL);
	_exit(127);
}

/* What a guest waits for that does not end: its threads, and twice its VPs and their counters. */
static void show_hung(pid_t pid)
{
	char cmd[512];

	snprintf(cmd, sizeof(cmd),
		 "(cd /proc/%d/task && for t in *; do cat $t/comm $t/stack; done; "
		 "t='timeout 20 '$TLFSCTL; for i in 1 2; do $t list | awk '$7 == %d { print $1 }' | "
		 "while read -r id; do $t show $id; $t stats $id; done; sleep 1; done) 2>&1 | "
		 "sed 's/^/# /'",
		 pid, pid);
	fflush(stdout);
	if (system(cmd))
		printf("# cannot be shown\n");
}

int boot_wait(pid_t pid, unsigned int seconds)
{
	const struct timespec tick = { .tv_nsec = 20000000 };
	time_t end = time(NULL) + (seconds ? seconds : 120);
	int status;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (time(NULL) > end) {
			show_hung(pid);
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -2;
		}
		nanosleep(&tick, NULL);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool boot_saw(const char *log, const char *text)
{
	char line[1024];
	bool found = false;
	FILE *f = fopen(log, "r");

	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, text);
	if (f)
		fclose(f);
	return found;
}

const char *boot_run(const struct boot *boot)
{
	static char why[64], done[64];
	int status = boot_wait(boot_start(boot), boot->seconds);

	if (status == -2)
		return "did not end in time";
	if (status) {
		snprintf(why, sizeof(why), "tlfsctl's status is %d", status);
		return why;
	}
	snprintf(done, sizeof(done), "load done on %u processors", boot->cpus);
	if (!strcmp(boot->run, "load") && !boot_saw(boot->log, done))
		return "its load was not done on all processors";
	if (boot_saw(boot->log, "Call Trace:"))
		return "a warning in its log";
	unlink(boot->log);
	return NULL;
}
