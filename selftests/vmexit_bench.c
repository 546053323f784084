// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmexit_bench.c - what exits cost under tlfs.ko and under stock KVM
 *
 * One machine (lib/bench_vmm.c) with the same memory and devices on either hypervisor, and in it
 * the same payload (guest/bench.c), which counts.  Figures come as
 *
 *	bench HYPERVISOR CASE INSTRUCTIONS
 *
 * and, where there is a tlfs-count.ko that counts accesses to the VMCS (kmod/vmx/count.c),
 *
 *	bench tlfs CASE.vmread N
 *	bench tlfs CASE.vmwrite N
 *
 * usage: vmexit_bench [tlfs|kvm [PAYLOAD]]; without arguments it runs all, changing the modules.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_kvm.h"
#include "bench_vmm.h"
#include "kselftest.h"

#define COUNTING_MODULE	"tlfs-count.ko"

static const char *hypervisor;
static unsigned int figures;

/* VMREADs and VMWRITEs since the module was loaded; of the last case */
static const char * const counters[] = { "vmread", "vmwrite" };

#define COUNTERS	ARRAY_SIZE(counters)

static unsigned long counts[COUNTERS];

static const struct {
	const char *name;
	int (*run)(struct bench_vm *vm);
	const char *load, *unload;
	bool counts;
} hypervisors[] = {
	{ "tlfs", bench_run_tlfs, "[ -c /dev/tlfs ] || insmod \"$TLFS_MODULE\"", "rmmod tlfs" },
	{ "kvm", bench_run_kvm, BENCH_LOAD_KVM, BENCH_UNLOAD_KVM },
	{ "tlfs", bench_run_tlfs, "insmod \"$HOST_DIR/" COUNTING_MODULE "\"", "rmmod tlfs", true },
};

static unsigned long read_counter(unsigned int i)
{
	unsigned long n = 0;
	char path[64];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/tlfs/parameters/%ss", counters[i]);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%lu", &n) != 1)
		printf("# %s cannot be read\n", path);
	if (f)
		fclose(f);
	return n;
}

static void mark(bool begin)
{
	(void)begin;
	for (unsigned int i = 0; i < COUNTERS; i++)
		counts[i] = read_counter(i) - counts[i];
}

/* Less than one access a repetition is of what went on between: the host's timer, the marks. */
static void put_counts(const char *line)
{
	char name[64];

	if (sscanf(line, "bench %63s", name) != 1)
		return;
	for (unsigned int i = 0; i < COUNTERS; i++) {
		if (counts[i])
			printf("bench %s %s.%s %lu\n", hypervisor, name, counters[i],
			       counts[i] / (BENCH_WARM_UP + BENCH_REPEATS));
		counts[i] = 0;
	}
	figures++;
}

static void put_line(const char *line)
{
	if (strncmp(line, "bench ", 6)) {
		printf("# %s: %s\n", hypervisor, line);
		return;
	}
	printf("bench %s %s\n", hypervisor, line + 6);
	figures++;
}

static bool measure(unsigned int i, const char *payload)
{
	struct bench_vm vm = { .put_line = put_line };
	int rc;

	hypervisor = hypervisors[i].name;
	figures = 0;
	if (hypervisors[i].counts) {
		vm.put_line = put_counts;
		vm.mark = mark;
	}
	if (bench_vm_create(&vm, payload))
		return false;
	rc = hypervisors[i].run(&vm);
	bench_vm_destroy(&vm);
	return !rc && !vm.status && figures;
}

static bool run_command(const char *command)
{
	fflush(stdout);
	return !system(command);
}

int main(int argc, char **argv)
{
	const char *dir = getenv("HOST_DIR");
	char payload[256], module[256];
	unsigned int i, n = ARRAY_SIZE(hypervisors);

	setlinebuf(stdout);
	snprintf(payload, sizeof(payload), "%s/data/guest-bench", dir ? dir : ".");
	for (i = 0; argc > 1 && i < ARRAY_SIZE(hypervisors); i++)
		if (!strcmp(argv[1], hypervisors[i].name))
			return !measure(i, argc > 2 ? argv[2] : payload);
	if (argc > 1) {
		fprintf(stderr, "usage: %s [tlfs|kvm [PAYLOAD]]\n", argv[0]);
		return 2;
	}

	snprintf(module, sizeof(module), "%s/" COUNTING_MODULE, dir ? dir : ".");
	if (access(module, R_OK))
		n--;
	ksft_print_header();
	ksft_set_plan(n);
	for (i = 0; i < n; i++) {
		bool ok = run_command(hypervisors[i].load) && measure(i, payload);

		ksft_test_result(run_command(hypervisors[i].unload) && ok,
				 "exits %s under %s\n",
				 hypervisors[i].counts ? "counted" : "measured",
				 hypervisors[i].name);
	}
	ksft_finished();
}
