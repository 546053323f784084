// SPDX-License-Identifier: GPL-2.0-only
/*
 * boot_bench.c - what it takes to bring a stock guest to its userspace, under tlfs.ko and under KVM
 *
 * The same kernel and initramfs on one processor with 512 MiB: `tlfsctl run`, and QEMU with KVM and
 * all its Hyper-V enlightenments.  Two figures each:
 *
 *	boot_userspace		run time of all threads of the VMM until the guest's first process
 *				speaks; in an instruction-counting host a nanosecond of a 1 GHz
 *				processor is an instruction
 *	boot_elapsed		clock time meanwhile, waiting included, in the same unit
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_kvm.h"
#include "kselftest.h"

#define MARK	"guest: userspace"
#define HV_BASE	"hv-relaxed,hv-vpindex,hv-runtime,hv-time,hv-synic,hv-stimer,hv-stimer-direct"
#define HV_MORE	"hv-frequencies,hv-reenlightenment,hv-tlbflush,hv-ipi,hv-reset,hv-crash,hv-vapic"
#define APPEND	"console=ttyS0 guest.run=off"

/* these stand for what the environment says */
static const char kernel[] = "TLFS_KERNEL", initrd[] = "TLFS_INITRD", tlfsctl[] = "TLFSCTL";

static char *tlfs_command[] = {
	tlfsctl, "run", "--kernel", kernel, "--initrd", initrd, "--append", APPEND,
	"--cpus", "1", "--memory", "512M", NULL
};

static char *kvm_command[] = {
	"qemu-system-x86_64", "-L", "/usr/share/qemu", "-nodefaults", "-no-user-config",
	"-display", "none", "-no-reboot", "-machine", "q35", "-accel", "kvm", "-cpu",
	"host,kvm=off," HV_BASE "," HV_MORE,
	"-smp", "1", "-m", "512", "-serial", "stdio", "-kernel", kernel, "-initrd", initrd,
	"-append", APPEND, NULL
};

static const struct {
	const char *name, *load, *unload;
	char **command;
} hypervisors[] = {
	{ "tlfs", "[ -c /dev/tlfs ] || insmod \"$TLFS_MODULE\"", "rmmod tlfs", tlfs_command },
	{ "kvm", BENCH_LOAD_KVM, BENCH_UNLOAD_KVM, kvm_command },
};

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* nanoseconds the threads of @pid have run */
static uint64_t run_ns(pid_t pid)
{
	unsigned long long ns, sum = 0;
	char path[300];
	struct dirent *d;
	DIR *tasks;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	while (tasks && (d = readdir(tasks))) {
		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%.20s/schedstat", pid, d->d_name);
		f = fopen(path, "re");
		if (!f)
			continue;
		if (fscanf(f, "%llu", &ns) == 1)
			sum += ns;
		fclose(f);
	}
	if (tasks)
		closedir(tasks);
	return sum;
}

static char *expand(char *word)
{
	return word == kernel || word == initrd || word == tlfsctl ? getenv(word) : word;
}

static pid_t start(char **command, FILE **out)
{
	char *argv[32] = { NULL };
	unsigned int i;
	int fd[2];
	pid_t pid;

	for (i = 0; command[i]; i++) {
		argv[i] = expand(command[i]);
		if (!argv[i])
			return -1;
	}
	if (pipe(fd))
		return -1;
	pid = fork();
	if (!pid) {
		dup2(fd[1], 1);
		dup2(fd[1], 2);
		close(fd[0]);
		close(fd[1]);
		close(0);
		open("/dev/null", O_RDONLY);
		execvp(argv[0], argv);
		_exit(127);
	}
	close(fd[1]);
	*out = fdopen(fd[0], "r");
	return pid;
}

static bool measure(unsigned int i)
{
	uint64_t begin = clock_ns(), elapsed = 0, run = 0;
	const char *name = hypervisors[i].name;
	char line[1024];
	bool ok = false;
	int status = 0;
	FILE *out;
	pid_t pid;

	pid = start(hypervisors[i].command, &out);
	if (pid < 0)
		return false;
	while (fgets(line, sizeof(line), out)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (!ok && strstr(line, MARK)) {
			elapsed = clock_ns() - begin;
			run = run_ns(pid);
			ok = true;
		}
		printf("# %s: %s\n", name, line);
	}
	fclose(out);
	waitpid(pid, &status, 0);
	if (!ok || status) {
		printf("# %s: status 0x%x\n", name, status);
		return false;
	}
	printf("bench %s boot_userspace %llu\n", name, (unsigned long long)run);
	printf("bench %s boot_elapsed %llu\n", name, (unsigned long long)elapsed);
	return true;
}

static bool run_command(const char *command)
{
	fflush(stdout);
	return !system(command);
}

int main(void)
{
	unsigned int i;

	setlinebuf(stdout);
	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(hypervisors));
	for (i = 0; i < ARRAY_SIZE(hypervisors); i++) {
		bool ok = run_command(hypervisors[i].load) && measure(i);

		ksft_test_result(run_command(hypervisors[i].unload) && ok,
				 "a stock guest under %s reached its userspace\n",
				 hypervisors[i].name);
	}
	ksft_finished();
}
