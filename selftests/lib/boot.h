/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * boot.h - a stock Linux guest, started by tlfsctl
 */
#ifndef SELFTESTS_BOOT_H
#define SELFTESTS_BOOT_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct boot - one guest to boot
 * @cpus: processors
 * @memory: as --memory takes it
 * @run: guest.run= of the initramfs: "load", "off", "idle", ...
 * @log: file its console goes to; kept when something is wrong
 * @seconds: it has to end within; 0 is 120
 * @features: as --features takes it; NULL is all
 * @initrd: its initramfs; NULL is that of all guests
 */
struct boot {
	unsigned int cpus;
	const char *memory;
	const char *run;
	const char *log;
	unsigned int seconds;
	const char *features;
	const char *initrd;
};

/* start it, console to boot->log: its process */
pid_t boot_start(const struct boot *boot);
pid_t boot_start_named(const struct boot *boot, const char *name);
/* a payload that has children and grandchildren within its second or two, without a console */
pid_t boot_start_parent(void);
/* wait for its end: exit status, -1 signal, -2 time over (killed) */
int boot_wait(pid_t pid, unsigned int seconds);
/* @text occurs in file @log */
bool boot_saw(const char *log, const char *text);
/* boot, run, power off: NULL, or what was wrong */
const char *boot_run(const struct boot *boot);

#endif /* SELFTESTS_BOOT_H */
