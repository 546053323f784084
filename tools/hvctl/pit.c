// SPDX-License-Identifier: GPL-2.0-only
/*
 * 8254: three counters at 1.193182 MHz, all six modes as far as a program can see them, and port
 * 0x61 with the gate and output of channel 2.  Channel 0 drives IRQ 0.
 */
#include "devices.h"

#define PIT_HZ		1193182ULL
#define NS		1000000000ULL

#define RW_LATCH	0
#define RW_LSB		1
#define RW_MSB		2
#define RW_BOTH		3

#define PORT61_GATE2	0x01
#define PORT61_SPEAKER	0x02
#define PORT61_REFRESH	0x10
#define PORT61_OUT2	0x20

static u64 to_ticks(u64 ns)
{
	return (u64)((u128)ns * PIT_HZ / NS);
}

static u64 to_ns(u64 ticks)
{
	/* rounded up: the tick must have passed at that time */
	return (u64)(((u128)ticks * NS + PIT_HZ - 1) / PIT_HZ);
}

/* Modes 1 and 5 begin at a gate edge, the others need the gate high to count */
static bool gate_triggers(const struct pit_channel *c)
{
	return c->mode == 1 || c->mode == 5;
}

static u64 elapsed(const struct pit_channel *c, u64 now)
{
	if (!c->triggered || (!c->gate && !gate_triggers(c)))
		return 0;
	return now > c->start ? to_ticks(now - c->start) : 0;
}

static u16 to_bcd(u32 v)
{
	return v % 10 | v / 10 % 10 << 4 | v / 100 % 10 << 8 | v / 1000 % 10 << 12;
}

static u32 from_bcd(u16 v)
{
	return (v & 0xf) + (v >> 4 & 0xf) * 10 + (v >> 8 & 0xf) * 100 + (v >> 12) * 1000;
}

static u16 counter(const struct pit_channel *c, u64 now)
{
	u64 t = elapsed(c, now);
	u32 wrap = c->bcd ? 10000 : 0x10000, v;

	switch (c->mode) {
	case 2:
		v = c->count - t % c->count;
		break;
	case 3:		/* counts down by two */
		v = c->count - 2 * t % c->count;
		break;
	default:	/* goes on below zero */
		v = (c->count + wrap - t % wrap) % wrap;
		break;
	}
	v %= wrap;
	return c->bcd ? to_bcd(v) : v;
}

static bool output(const struct pit_channel *c, u64 now)
{
	u64 t = elapsed(c, now);

	if (!c->loaded || !c->triggered)
		return c->mode != 0;
	switch (c->mode) {
	case 0:
	case 1:
		return t >= c->count;
	case 2:
		return !c->gate || t % c->count != c->count - 1;
	case 3:
		return !c->gate || t % c->count < (c->count + 1) / 2;
	default:
		return t != c->count;
	}
}

/* When channel 0's output next rises, 0 if never */
static u64 next_rise(const struct pit_channel *c, u64 now)
{
	u64 t = elapsed(c, now);

	if (!c->loaded)
		return 0;
	switch (c->mode) {
	case 2:
	case 3:
		return c->start + to_ns((t / c->count + 1) * c->count);
	case 0:
		return t < c->count ? c->start + to_ns(c->count) : 0;
	case 4:
		return t <= c->count ? c->start + to_ns(c->count + 1) : 0;
	default:	/* 1 and 5 wait for a gate edge, which channel 0 never gets */
		return 0;
	}
}

static void rearm(struct pit *pit, u64 now)
{
	u64 at = next_rise(&pit->ch[0], now);

	if (at)
		timer_arm(pit->timers, &pit->tick, at);
	else
		timer_cancel(pit->timers, &pit->tick);
}

static void tick(void *dev, u64 now)
{
	struct pit *pit = dev;

	/* ticks the host was too late for are lost, as on a machine with interrupts off */
	irq_set(&pit->irq, false);
	irq_set(&pit->irq, true);
	rearm(pit, now);
}

static void load(struct pit *pit, unsigned int n, u16 v)
{
	struct pit_channel *c = &pit->ch[n];
	u32 count = c->bcd ? from_bcd(v) : v;

	if (!count)
		count = c->bcd ? 10000 : 0x10000;
	c->count = count;
	c->start = now_ns();
	c->loaded = true;
	c->triggered = !gate_triggers(c);
	if (!n) {
		irq_set(&pit->irq, c->mode != 0);
		rearm(pit, c->start);
	}
}

static void latch_count(struct pit_channel *c)
{
	if (c->latched)
		return;
	c->latch = counter(c, now_ns());
	c->latched = true;
	c->hi_next_read = false;
}

static void latch_status(struct pit_channel *c)
{
	if (c->status_latched)
		return;
	c->status_latch = (output(c, now_ns()) ? 0x80 : 0) | (c->loaded ? 0 : 0x40) | c->rw << 4 |
			  c->mode << 1 | c->bcd;
	c->status_latched = true;
}

static void read_back(struct pit *pit, u8 v)
{
	unsigned int n;

	for (n = 0; n < 3; n++) {
		if (!(v >> (n + 1) & 1))
			continue;
		if (!(v & 0x20))
			latch_count(&pit->ch[n]);
		if (!(v & 0x10))
			latch_status(&pit->ch[n]);
	}
}

static void control(struct pit *pit, u8 v)
{
	unsigned int n = v >> 6;
	struct pit_channel *c;

	if (n == 3) {
		read_back(pit, v);
		return;
	}
	c = &pit->ch[n];
	if ((v >> 4 & 3) == RW_LATCH) {
		latch_count(c);
		return;
	}
	c->rw = v >> 4 & 3;
	c->mode = v >> 1 & 7;
	if (c->mode > 5)
		c->mode -= 4;	/* 6 and 7 are 2 and 3 again */
	c->bcd = v & 1;
	c->latched = false;
	c->status_latched = false;
	c->hi_next_read = false;
	c->hi_next_write = false;
	c->loaded = false;
	if (!n) {
		irq_set(&pit->irq, c->mode != 0);
		timer_cancel(pit->timers, &pit->tick);
	}
}

static void pit_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct pit *pit = dev;
	struct pit_channel *c;
	u8 v = val;

	(void)size;
	if (off == 3) {
		control(pit, v);
		return;
	}
	c = &pit->ch[off];
	switch (c->rw) {
	case RW_LSB:
		load(pit, off, v);
		break;
	case RW_MSB:
		load(pit, off, v << 8);
		break;
	case RW_BOTH:
		if (c->hi_next_write)
			load(pit, off, v << 8 | c->write_lo);
		else
			c->write_lo = v;
		c->hi_next_write = !c->hi_next_write;
		break;
	}
}

static u64 pit_read(void *dev, u64 off, unsigned int size)
{
	struct pit *pit = dev;
	struct pit_channel *c;
	bool hi;
	u16 v;

	(void)size;
	if (off == 3)
		return 0xff;
	c = &pit->ch[off];
	if (c->status_latched) {
		c->status_latched = false;
		return c->status_latch;
	}
	v = c->latched ? c->latch : c->loaded ? counter(c, now_ns()) : 0;
	hi = c->rw == RW_MSB || (c->rw == RW_BOTH && c->hi_next_read);
	if (c->rw == RW_BOTH)
		c->hi_next_read = !c->hi_next_read;
	if (c->rw != RW_BOTH || hi)
		c->latched = false;
	return hi ? v >> 8 : v & 0xff;
}

static u64 port61_read(void *dev, u64 off, unsigned int size)
{
	struct pit *pit = dev;
	u64 now = now_ns();

	(void)off;
	(void)size;
	return (pit->ch[2].gate ? PORT61_GATE2 : 0) | (pit->speaker ? PORT61_SPEAKER : 0) |
	       (now / 15085 & 1 ? PORT61_REFRESH : 0) |
	       (output(&pit->ch[2], now) ? PORT61_OUT2 : 0);
}

static void port61_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct pit *pit = dev;
	struct pit_channel *c = &pit->ch[2];
	bool gate = val & PORT61_GATE2;

	(void)off;
	(void)size;
	if (gate && !c->gate) {
		c->start = now_ns();
		c->triggered = true;
	}
	c->gate = gate;
	pit->speaker = val & PORT61_SPEAKER;
}

void pit_init(struct pit *pit, struct bus *pio, struct timers *timers)
{
	const struct region counters = {
		.base = 0x40, .len = 4, .bytewise = true, .dev = pit,
		.read = pit_read, .write = pit_write,
	};
	const struct region port61 = {
		.base = 0x61, .len = 1, .bytewise = true, .dev = pit,
		.read = port61_read, .write = port61_write,
	};
	unsigned int n;

	for (n = 0; n < 3; n++) {
		pit->ch[n].count = 0x10000;
		pit->ch[n].rw = RW_BOTH;
		pit->ch[n].mode = 3;
		pit->ch[n].gate = n != 2;
	}
	pit->timers = timers;
	pit->tick.fn = tick;
	pit->tick.dev = pit;
	bus_add(pio, &counters);
	bus_add(pio, &port61);
}
