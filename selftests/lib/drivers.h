/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * drivers.h - what Linux's drivers for Hyper-V say in a stock guest
 */
#ifndef SELFTESTS_DRIVERS_H
#define SELFTESTS_DRIVERS_H

#define DRIVERS_LOG	"drivers.log"

/*
 * What of a VMBus the guest finds.  The ACPI device is in a table that its own initramfs brings: no
 * VMM may claim one (B-R2012-005).
 */
enum bus {
	NO_BUS,		/* nothing, as with every VMM of ours: hv_vmbus gives up at once */
	BUS_WITHOUT_HOST, /* the device: hv_vmbus sets up SynICs, nobody takes its messages */
};

/*
 * Boot the guest with archive @drivers (host/lib.sh: driver_archive) behind the initramfs of all
 * guests, load each of the drivers: NULL, or what was wrong; DRIVERS_LOG is kept then.
 */
const char *drivers_run(enum bus bus, unsigned int cpus, const char *drivers);

#endif /* SELFTESTS_DRIVERS_H */
