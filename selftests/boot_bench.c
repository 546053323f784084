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
 *
 * Where the host has QEMU with the accelerator mshv (/qemu, see host/fetch-qemu), the same figures
 * of that one QEMU with either hypervisor are qemu_userspace and qemu_elapsed, and besides, at that
 * moment:
 *
 *	qemu_exits		how often the guest was left
 *	qemu_user_exits		and how often that went to QEMU
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

static const char * const tlfs_command[] = {
	tlfsctl, "run", "--kernel", kernel, "--initrd", initrd, "--append", APPEND,
	"--cpus", "1", "--memory", "512M", NULL
};

static const char * const kvm_command[] = {
	"qemu-system-x86_64", "-L", "/usr/share/qemu", "-nodefaults", "-no-user-config",
	"-display", "none", "-no-reboot", "-machine", "q35", "-accel", "kvm", "-cpu",
	"host,kvm=off," HV_BASE "," HV_MORE,
	"-smp", "1", "-m", "512", "-serial", "stdio", "-kernel", kernel, "-initrd", initrd,
	"-append", APPEND, NULL
};

#define QEMU	"/qemu/bin/qemu-system-x86_64"
#define OWN_LINKER	"/qemu/lib/ld-linux-x86-64.so.2", "--library-path", "/qemu/lib", QEMU
#define SAME_MACHINE(accel, cpu)							\
	"-L", "/qemu/share", "-nodefaults", "-no-user-config", "-display", "none",	\
	"-no-reboot", "-machine", "q35", "-accel", accel, "-cpu", cpu, "-smp", "1",	\
	"-m", "512", "-serial", "stdio", "-kernel", kernel, "-initrd", initrd, "-append", APPEND

static const char * const qemu_tlfs_command[] = { OWN_LINKER, SAME_MACHINE("mshv", "host"), NULL };
static const char * const qemu_kvm_command[] = {
	OWN_LINKER, SAME_MACHINE("kvm", "host,kvm=off," HV_BASE "," HV_MORE), NULL
};

struct exits {
	unsigned long long all, user;
};

static bool tlfs_exits(struct exits *x);
static bool kvm_exits(struct exits *x);

#define LOAD_TLFS	"rmmod tlfs 2>/dev/null; insmod \"$TLFS_MODULE\" mshv=1"

static const struct {
	const char *name, *load, *unload, *prefix, *needs;
	const char * const *command;
	bool (*exits)(struct exits *x);
} hypervisors[] = {
	{ "tlfs", LOAD_TLFS, "rmmod tlfs", "boot", NULL, tlfs_command },
	{ "kvm", BENCH_LOAD_KVM, BENCH_UNLOAD_KVM, "boot", NULL, kvm_command },
	{ "tlfs", LOAD_TLFS, "rmmod tlfs", "qemu", QEMU, qemu_tlfs_command, tlfs_exits },
	{ "kvm", BENCH_LOAD_KVM, BENCH_UNLOAD_KVM, "qemu", QEMU, qemu_kvm_command, kvm_exits },
};

/* of Appendix J's counters, those that every exit is one of, and those of messages to the VMM */
static const char * const exit_counters[] = {
	"Hypercalls", "Page Invalidations", "Control Register Accesses", "IO Instructions",
	"HLT Instructions", "MWAIT Instructions", "CPUID Instructions", "MSR Accesses",
	"Other Intercepts", "External Interrupts", "Pending Interrupts",
	"Debug Register Accesses", "Page Fault Intercepts",
};
static const char * const user_counters[] = {
	"IO Intercept Messages", "Memory Intercept Messages", "Other Messages",
};

static bool is_counter(const char *line, const char *const *names, unsigned int nr)
{
	char want[64];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		snprintf(want, sizeof(want), " %s/sec ", names[i]);
		if (strstr(line, want))
			return true;
	}
	return false;
}

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static bool tlfs_exits(struct exits *x)
{
	unsigned long long value;
	char line[256];
	FILE *f;

	*x = (struct exits){ };
	f = popen("\"$TLFSCTL\" list | grep -o '^[0-9]*' | "
		  "while read id; do \"$TLFSCTL\" stats $id; done", "r");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "vp", 2) || sscanf(strrchr(line, ' ') ?: "", "%llu", &value) != 1)
			continue;
		if (is_counter(line, exit_counters, COUNT(exit_counters)))
			x->all += value;
		if (is_counter(line, user_counters, COUNT(user_counters)))
			x->user += value;
	}
	return f && !pclose(f) && x->all;
}

static unsigned long long kvm_counter(const char *name)
{
	unsigned long long value = 0;
	char path[300];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/kvm/%s", name);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%llu", &value) != 1)
		value = 0;
	if (f)
		fclose(f);
	return value;
}

/* its "io_exits" has those handled in the kernel among them: there is no figure for ports alone */
static bool kvm_exits(struct exits *x)
{
	x->all = kvm_counter("exits");
	x->user = kvm_counter("io_exits") + kvm_counter("mmio_exits");
	return x->all;
}

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

static char *expand(const char *word)
{
	return word == kernel || word == initrd || word == tlfsctl ? getenv(word) : (char *)word;
}

static pid_t start(const char * const *command, FILE **out)
{
	char *argv[48] = { NULL };
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
	const char *name = hypervisors[i].name, *prefix = hypervisors[i].prefix;
	struct exits exits = { };
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
			ok = !hypervisors[i].exits || hypervisors[i].exits(&exits);
		}
		printf("# %s: %s\n", name, line);
	}
	fclose(out);
	waitpid(pid, &status, 0);
	if (!ok || status) {
		printf("# %s: status 0x%x\n", name, status);
		return false;
	}
	printf("bench %s %s_userspace %llu\n", name, prefix, (unsigned long long)run);
	printf("bench %s %s_elapsed %llu\n", name, prefix, (unsigned long long)elapsed);
	if (exits.all) {
		printf("bench %s %s_exits %llu\n", name, prefix, exits.all);
		printf("bench %s %s_user_exits %llu\n", name, prefix, exits.user);
	}
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
		bool ok;

		if (hypervisors[i].needs && access(hypervisors[i].needs, X_OK)) {
			ksft_test_result_skip("%s is not here\n", hypervisors[i].needs);
			continue;
		}
		ok = run_command(hypervisors[i].load) && measure(i);
		ksft_test_result(run_command(hypervisors[i].unload) && ok,
				 "a stock guest under %s reached its userspace (%s)\n",
				 hypervisors[i].name, hypervisors[i].prefix);
	}
	ksft_finished();
}
