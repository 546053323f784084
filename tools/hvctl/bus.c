// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>

#include "bus.h"

void bus_add(struct bus *bus, const struct region *region)
{
	if (bus->nr == BUS_MAX_REGIONS)
		abort();	/* the set of devices is fixed at build time */
	bus->regions[bus->nr++] = *region;
}

static struct region *bus_find(struct bus *bus, u64 addr)
{
	unsigned int i;

	for (i = 0; i < bus->nr; i++) {
		if (addr - bus->regions[i].base < bus->regions[i].len)
			return &bus->regions[i];
	}
	return NULL;
}

static u64 size_mask(unsigned int size)
{
	return size >= 8 ? ~0ULL : (1ULL << (8 * size)) - 1;
}

static bool whole(const struct region *r, u64 addr, unsigned int size)
{
	return r && addr - r->base + size <= r->len && (size == 1 || !r->bytewise);
}

/* An access that no single region covers is made byte by byte: each finds its own device */
u64 bus_read(struct bus *bus, u64 addr, unsigned int size)
{
	struct region *r = bus_find(bus, addr);
	unsigned int i;
	u64 val = 0;

	if (whole(r, addr, size))
		return r->read(r->dev, addr - r->base, size) & size_mask(size);
	for (i = 0; i < size; i++) {
		r = bus_find(bus, addr + i);
		val |= (whole(r, addr + i, 1) ?
			r->read(r->dev, addr + i - r->base, 1) & 0xff : 0xffULL) << (8 * i);
	}
	return val;
}

void bus_write(struct bus *bus, u64 addr, unsigned int size, u64 val)
{
	struct region *r = bus_find(bus, addr);
	unsigned int i;

	val &= size_mask(size);
	if (whole(r, addr, size)) {
		r->write(r->dev, addr - r->base, size, val);
		return;
	}
	for (i = 0; i < size; i++) {
		r = bus_find(bus, addr + i);
		if (whole(r, addr + i, 1))
			r->write(r->dev, addr + i - r->base, 1, val >> (8 * i) & 0xff);
	}
}

static void timers_program(struct timers *ts)
{
	struct itimerspec its = { 0 };

	if (ts->fd < 0)
		return;
	if (ts->head) {
		/* all zeroes would disarm: a deadline of 0 means at once */
		u64 at = MAX(ts->head->deadline, 1ULL);

		its.it_value.tv_sec = at / 1000000000;
		its.it_value.tv_nsec = at % 1000000000;
	}
	timerfd_settime(ts->fd, TFD_TIMER_ABSTIME, &its, NULL);
}

static void unlink_timer(struct timers *ts, struct timer *t)
{
	struct timer **at;

	for (at = &ts->head; *at; at = &(*at)->next) {
		if (*at == t) {
			*at = t->next;
			break;
		}
	}
	t->armed = false;
}

void timer_arm(struct timers *ts, struct timer *t, u64 deadline)
{
	struct timer *first = ts->head;
	struct timer **at;

	if (t->armed)
		unlink_timer(ts, t);
	t->deadline = deadline;
	for (at = &ts->head; *at && (*at)->deadline <= deadline; at = &(*at)->next)
		;
	t->next = *at;
	*at = t;
	t->armed = true;
	if (ts->head != first || first == t)
		timers_program(ts);
}

void timer_cancel(struct timers *ts, struct timer *t)
{
	if (!t->armed)
		return;
	unlink_timer(ts, t);
	timers_program(ts);
}

void timers_run(struct timers *ts, u64 now)
{
	while (ts->head && ts->head->deadline <= now) {
		struct timer *t = ts->head;

		unlink_timer(ts, t);
		t->fn(t->dev, now);
	}
	timers_program(ts);
}
