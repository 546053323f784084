// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_kernel_soak.c - stock kernels of several versions as guests: they find what they look for
 * on Hyper-V, use it, and complain of nothing
 *
 * The kernels are $HOST_DIR/data/vmlinuz-RELEASE, each with an initrd-RELEASE and its drivers for
 * Hyper-V in drivers-RELEASE.cpio (host/guest-kernels brings them), and the one every other guest
 * runs, whose drivers are drivers_test's.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "drivers.h"
#include "kselftest.h"

static const struct {
	const char *what;
	const char *line;
	unsigned int cpus;	/* with at least so many */
} evidence[] = {
	{ "the hypervisor", "Hypervisor detected: Microsoft Hyper-V", 1 },
	{ "reference TSC page", "evidence: clocksource hyperv_clocksource_tsc_page", 1 },
	{ "direct synthetic timers", "evidence: HVS interrupts counting", 1 },
	{ "remote TLB flush", "Hyper-V: Using hypercall for remote TLB flush", 1 },
	{ "IPIs by hypercall", "Hyper-V: Using IPI hypercalls", 1 },
	{ "sparse sets", "Hyper-V: Using ext hypercall for remote TLB flush", 65 },
	{ "its own end", "guest: power off", 1 },
};

static const char *const complaints[] = {
	"guest: warnings in its log", "guest: fork failed", "guest: pipe failed", "Call Trace:",
	"unchecked MSR access", "as unstable", "Marking clocksource", "soft lockup", "rcu: INFO",
	"Hyper-V: Error",
};

/* what went wrong is rarely in one line */
static void show(const char *log)
{
	char line[1024];
	FILE *f = fopen(log, "r");

	while (f && fgets(line, sizeof(line), f))
		printf("# %s", line);
	if (f)
		fclose(f);
}

static void boot(const char *release, unsigned int cpus)
{
	char log[128], why[160] = "";
	/* where the invariant TSC may be asked for, it takes the place of the reference TSC page */
	struct boot b = { cpus, "512M", "demo", log, 400, "all,!tscinvariant" };
	unsigned int i;
	int status;

	snprintf(log, sizeof(log), "guest-%s-%u.log", release, cpus);
	status = boot_wait(boot_start(&b), b.seconds);
	if (status)
		snprintf(why, sizeof(why), ": status %d", status);
	for (i = 0; i < ARRAY_SIZE(evidence) && !*why; i++)
		if (cpus >= evidence[i].cpus && !boot_saw(log, evidence[i].line))
			snprintf(why, sizeof(why), ": no sign of %s", evidence[i].what);
	for (i = 0; i < ARRAY_SIZE(complaints) && !*why; i++)
		if (boot_saw(log, complaints[i]))
			snprintf(why, sizeof(why), ": it says \"%s\"", complaints[i]);
	if (!*why && cpus > 1) {
		char line[64];

		snprintf(line, sizeof(line), "load done on %u processors", cpus);
		if (!boot_saw(log, line))
			snprintf(why, sizeof(why), ": not all processors");
	}
	ksft_test_result(!*why, "stock guest %s, %u VPs%s\n", release, cpus, why);
	if (*why)
		show(log);
	unlink(log);
}

static void drivers(const char *release, const char *archive, enum bus bus, unsigned int cpus)
{
	const char *why = drivers_run(bus, cpus, archive);

	ksft_test_result(!why, "drivers of %s, %u VPs, %s%s%s\n", release, cpus,
			 bus == NO_BUS ? "no VMBus" : "a VMBus that nobody answers at",
			 why ? ": " : "", why ? why : "");
	if (why)
		show(DRIVERS_LOG);
}

int main(void)
{
	const char *host = getenv("HOST_DIR");
	char dir[200], path[512];
	struct dirent *d;
	unsigned int n = 0;
	DIR *list;

	snprintf(dir, sizeof(dir), "%s/data", host ? host : ".");
	list = opendir(dir);
	while (list && (d = readdir(list)))
		n += !strncmp(d->d_name, "vmlinuz-", 8);
	ksft_print_header();
	ksft_set_plan(2 + 6 * n);
	boot("of-all-tests", 1);
	boot("of-all-tests", 4);
	if (list)
		rewinddir(list);
	while (list && (d = readdir(list))) {
		if (strncmp(d->d_name, "vmlinuz-", 8))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		setenv("TLFS_KERNEL", path, 1);
		snprintf(path, sizeof(path), "%s/initrd-%s", dir, d->d_name + 8);
		if (!access(path, R_OK))
			setenv("TLFS_INITRD", path, 1);
		boot(d->d_name + 8, 1);
		boot(d->d_name + 8, 4);
		snprintf(path, sizeof(path), "%s/drivers-%s.cpio", dir, d->d_name + 8);
		drivers(d->d_name + 8, path, NO_BUS, 1);
		drivers(d->d_name + 8, path, NO_BUS, 4);
		drivers(d->d_name + 8, path, BUS_WITHOUT_HOST, 1);
		drivers(d->d_name + 8, path, BUS_WITHOUT_HOST, 4);
	}
	if (list)
		closedir(list);
	ksft_finished();
}
