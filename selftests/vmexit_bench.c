// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmexit_bench.c - what exits cost under tlfs.ko and under stock KVM
 *
 * One machine (lib/bench_vmm.c) with the same memory and devices on either hypervisor, and in it
 * the same payload (guest/bench.c), which counts.  Figures come as
 *
 *	bench HYPERVISOR CASE INSTRUCTIONS
 *
 * usage: vmexit_bench [tlfs|kvm [PAYLOAD]]; without arguments it runs both, changing the modules.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench_vmm.h"
#include "kselftest.h"

static const char *hypervisor;
static unsigned int figures;

static const struct {
	const char *name;
	int (*run)(struct bench_vm *vm);
	const char *load, *unload;
} hypervisors[] = {
	{ "tlfs", bench_run_tlfs, "[ -c /dev/tlfs ] || insmod \"$TLFS_MODULE\"", "rmmod tlfs" },
	{ "kvm", bench_run_kvm, "modprobe kvm_amd", "rmmod kvm_amd kvm" },
};

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
	char payload[256];
	unsigned int i;

	setlinebuf(stdout);
	snprintf(payload, sizeof(payload), "%s/data/guest-bench", dir ? dir : ".");
	for (i = 0; argc > 1 && i < ARRAY_SIZE(hypervisors); i++)
		if (!strcmp(argv[1], hypervisors[i].name))
			return !measure(i, argc > 2 ? argv[2] : payload);
	if (argc > 1) {
		fprintf(stderr, "usage: %s [tlfs|kvm [PAYLOAD]]\n", argv[0]);
		return 2;
	}

	ksft_print_header();
	ksft_set_plan(ARRAY_SIZE(hypervisors));
	for (i = 0; i < ARRAY_SIZE(hypervisors); i++) {
		bool ok = run_command(hypervisors[i].load) && measure(i, payload);

		ksft_test_result(run_command(hypervisors[i].unload) && ok,
				 "exits measured under %s\n", hypervisors[i].name);
	}
	ksft_finished();
}
