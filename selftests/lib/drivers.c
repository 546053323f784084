// SPDX-License-Identifier: GPL-2.0-only
/*
 * drivers.c - what Linux's drivers for Hyper-V say in a stock guest
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "drivers.h"

#define INITRD	"initrd-drivers.cpio"
#define LOG	DRIVERS_LOG
#define SOME	9	/* every kernel of Debian's has more */

static bool append(FILE *to, const char *path)
{
	FILE *from = fopen(path, "r");
	char buf[65536];
	size_t n;

	if (!from)
		return false;
	while ((n = fread(buf, 1, sizeof(buf), from)) > 0)
		if (fwrite(buf, 1, n, to) != n)
			break;
	fclose(from);
	return !n;
}

/* A table of ACPI is looked for in the first archive only. */
static bool make_initrd(enum bus bus, const char *drivers)
{
	const char *host = getenv("HOST_DIR"), *initrd = getenv("TLFS_INITRD");
	FILE *f = fopen(INITRD, "w");
	char table[256];
	bool ok;

	snprintf(table, sizeof(table), "%s/guest/vmbus.cpio", host ? host : ".");
	ok = f && initrd && (bus == NO_BUS || append(f, table)) && append(f, initrd) &&
	     append(f, drivers);
	return f && !fclose(f) && ok;
}

/*
 * What each driver has to come to.  hv_vmbus: -ENODEV where ACPI has no such device; -EDOM when all
 * versions of its protocol have been tried and HvPostMessage said INVALID_CONNECTION_ID each time.
 * What needs hv_vmbus is not loaded then; where hv_vmbus is not a module but part of the kernel,
 * each driver is told -ENODEV.  The interface beside it needs no bus.
 */
static bool as_expected(enum bus bus, bool builtin, const char *name, const char *said)
{
	if (!strcmp(name, "pci-hyperv-intf"))
		return !strcmp(said, "loaded");
	if (bus == NO_BUS || builtin)
		return !strcmp(said, "No such device");
	return !strcmp(said, "Numerical argument out of domain");
}

static const char *look(enum bus bus)
{
	static char why[256];
	char line[1024], name[64], said[128];
	bool done = false, builtin, asked;
	FILE *f = fopen(LOG, "r");
	unsigned int n = 0;

	*why = 0;
	builtin = !boot_saw(LOG, "guest: driver hv_vmbus:");
	while (f && !*why && fgets(line, sizeof(line), f)) {
		done |= !strncmp(line, "guest: drivers done", 19);
		if (!strncmp(line, "guest: warnings", 15) || strstr(line, "Call Trace:"))
			snprintf(why, sizeof(why), "warnings in its log");
		if (sscanf(line, "guest: driver %63[^:]: %127[^\r\n]", name, said) != 2)
			continue;
		n++;
		if (!as_expected(bus, builtin, name, said))
			snprintf(why, sizeof(why), "%s: %s", name, said);
	}
	if (f)
		fclose(f);
	if (!*why && (!done || n < SOME))
		snprintf(why, sizeof(why), "%u drivers%s", n, done ? "" : ", not done");
	if (!*why && boot_saw(LOG, "hv_post_msg() failed"))
		snprintf(why, sizeof(why), "a message's status is not INVALID_CONNECTION_ID");
	asked = boot_saw(LOG, "Unable to connect to host");
	if (!*why && (bus == NO_BUS ? asked : !asked))
		snprintf(why, sizeof(why), "hv_vmbus asked for %s host", asked ? "a" : "no");
	return *why ? why : NULL;
}

const char *drivers_run(enum bus bus, unsigned int cpus, const char *drivers)
{
	struct boot b = { cpus, "256M", "drivers", LOG, 300, NULL, INITRD };
	static char why[64];
	const char *wrong;
	int status;

	if (!make_initrd(bus, drivers))
		return "no initramfs";
	status = boot_wait(boot_start(&b), b.seconds);
	unlink(INITRD);
	snprintf(why, sizeof(why), "tlfsctl's status is %d", status);
	wrong = status ? why : look(bus);
	if (!wrong)
		unlink(LOG);
	return wrong;
}
