/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench_vmm.h - the little VMM of the benchmark: one machine, two hypervisors under it
 */
#ifndef BENCH_VMM_H
#define BENCH_VMM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "guest/bench.h"

#define BENCH_REGIONS	5

struct bench_region {
	uint64_t gpa;
	uint64_t size;
	void *hva;
};

/**
 * struct bench_vm - the machine as both hypervisors see it
 * @mem:	guest memory, RAM first
 * @entry:	PVH entry, 32-bit
 * @doorbell:	eventfd that BENCH_PORT_DOORBELL signals
 * @line, @fill: what the guest has written of a line
 * @put_line:	gets each line the guest has written
 * @mark:	the guest's repetitions of a case begin (true) or are over, NULL: nobody asks
 * @status:	what the guest wrote to BENCH_PORT_EXIT, -1 until then
 */
struct bench_vm {
	struct bench_region mem[BENCH_REGIONS];
	uint32_t entry;
	int doorbell;
	char line[256];
	size_t fill;
	void (*put_line)(const char *line);
	void (*mark)(bool begin);
	int status;
};

/* all return 0 or -1 with one line on stderr */
int bench_vm_create(struct bench_vm *vm, const char *payload);
void bench_vm_destroy(struct bench_vm *vm);
int bench_run_kvm(struct bench_vm *vm);
int bench_run_tlfs(struct bench_vm *vm);

/* prints @what with errno and returns -1 */
int bench_error(const char *what);

/* the devices: a byte written to, or read from, a port of theirs */
void bench_port_write(struct bench_vm *vm, uint16_t port, uint8_t val);

static inline uint8_t bench_port_read(uint16_t port)
{
	return port == BENCH_PORT_LSR ? 0x60 : 0xff;	/* transmitter empty */
}

#endif /* BENCH_VMM_H */
