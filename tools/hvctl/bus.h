/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two address spaces of device registers (ports and MMIO), interrupt lines and timers: all a
 * device model may use.  Everything here and every device callback runs under the machine's one
 * device lock.
 */
#ifndef HVCTL_BUS_H
#define HVCTL_BUS_H

#include "util.h"

#define BUS_MAX_REGIONS	32

/**
 * struct region - registers of a device
 * @base:	first port or address
 * @len:	number of them
 * @bytewise:	the device has byte registers only; wider accesses are split
 * @dev:	handed to the callbacks
 * @read:	offset into the region, size 1, 2, 4 or 8
 * @write:	the same
 */
struct region {
	u64 base;
	u64 len;
	bool bytewise;
	void *dev;
	u64 (*read)(void *dev, u64 off, unsigned int size);
	void (*write)(void *dev, u64 off, unsigned int size, u64 val);
};

struct bus {
	struct region regions[BUS_MAX_REGIONS];
	unsigned int nr;
};

void bus_add(struct bus *bus, const struct region *region);
/* What nobody claims reads as all ones and ignores writes, as an empty bus does */
u64 bus_read(struct bus *bus, u64 addr, unsigned int size);
void bus_write(struct bus *bus, u64 addr, unsigned int size, u64 val);

/**
 * struct irq_line - output pin of a device
 * @set:	called with the new level at every change and may be called without one
 * @dev:	first argument of @set
 * @pin:	second argument of @set
 */
struct irq_line {
	void (*set)(void *dev, unsigned int pin, bool level);
	void *dev;
	unsigned int pin;
};

static inline void irq_set(const struct irq_line *line, bool level)
{
	if (line->set)
		line->set(line->dev, line->pin, level);
}

/**
 * struct timer - one-shot callback at a CLOCK_MONOTONIC time
 * @deadline:	nanoseconds
 * @fn:		called with @dev; may arm the timer again
 * @next:	private
 * @armed:	private
 */
struct timer {
	u64 deadline;
	void (*fn)(void *dev, u64 now);
	void *dev;
	struct timer *next;
	bool armed;
};

/* Pending timers, earliest first; @fd is a timerfd set to the first of them, or -1 */
struct timers {
	struct timer *head;
	int fd;
};

void timer_arm(struct timers *ts, struct timer *t, u64 deadline);
void timer_cancel(struct timers *ts, struct timer *t);
/* Run what is due */
void timers_run(struct timers *ts, u64 now);

#endif
