// SPDX-License-Identifier: GPL-2.0-only
/*
 * MC146818: the clock runs on the host's UTC plus an offset the guest may set; periodic, alarm
 * and update interrupts; 114 bytes of CMOS memory with the memory sizes where firmware leaves
 * them.
 */
#include <string.h>
#include <time.h>

#include "devices.h"

enum {
	SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM,
	WEEKDAY, DAY, MONTH, YEAR, REG_A, REG_B, REG_C, REG_D,
	BASE_MEM = 0x15, EXT_MEM = 0x17, EXT_MEM2 = 0x30, CENTURY = 0x32,
	HIGH_MEM = 0x34, ABOVE_4G = 0x5b, CPUS = 0x5f,
};

#define A_UIP		0x80
#define A_RATE		0x0f
#define B_SET		0x80
#define B_PIE		0x40
#define B_AIE		0x20
#define B_UIE		0x10
#define B_BINARY	0x04
#define B_24H		0x02
#define C_IRQ		0x80
#define C_PF		0x40
#define C_AF		0x20
#define C_UF		0x10
#define D_VALID		0x80

#define NS		1000000000LL
#define UIP_NS		244000

static long long host_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NS + ts.tv_nsec;
}

static u8 encode(const struct rtc *rtc, int v)
{
	return rtc->ram[REG_B] & B_BINARY ? v : v % 10 | v / 10 << 4;
}

static int decode(const struct rtc *rtc, u8 v)
{
	return rtc->ram[REG_B] & B_BINARY ? v : (v & 0xf) + (v >> 4) * 10;
}

static u8 encode_hour(const struct rtc *rtc, int hour)
{
	if (rtc->ram[REG_B] & B_24H)
		return encode(rtc, hour);
	return encode(rtc, hour % 12 ? hour % 12 : 12) | (hour >= 12 ? 0x80 : 0);
}

static int decode_hour(const struct rtc *rtc, u8 v)
{
	if (rtc->ram[REG_B] & B_24H)
		return decode(rtc, v);
	return decode(rtc, v & 0x7f) % 12 + (v & 0x80 ? 12 : 0);
}

/* Host time into the clock's registers; while SET is on they hold what the guest wrote */
static void refresh(struct rtc *rtc)
{
	time_t t = host_ns() / NS + rtc->offset;
	struct tm tm;

	if (rtc->ram[REG_B] & B_SET || !gmtime_r(&t, &tm))
		return;
	rtc->ram[SECONDS] = encode(rtc, tm.tm_sec > 59 ? 59 : tm.tm_sec);
	rtc->ram[MINUTES] = encode(rtc, tm.tm_min);
	rtc->ram[HOURS] = encode_hour(rtc, tm.tm_hour);
	rtc->ram[WEEKDAY] = encode(rtc, tm.tm_wday + 1);
	rtc->ram[DAY] = encode(rtc, tm.tm_mday);
	rtc->ram[MONTH] = encode(rtc, tm.tm_mon + 1);
	rtc->ram[YEAR] = encode(rtc, tm.tm_year % 100);
	rtc->ram[CENTURY] = encode(rtc, tm.tm_year / 100 + 19);
}

static void adopt(struct rtc *rtc)
{
	struct tm tm = {
		.tm_sec = decode(rtc, rtc->ram[SECONDS]),
		.tm_min = decode(rtc, rtc->ram[MINUTES]),
		.tm_hour = decode_hour(rtc, rtc->ram[HOURS]),
		.tm_mday = decode(rtc, rtc->ram[DAY]),
		.tm_mon = decode(rtc, rtc->ram[MONTH]) - 1,
		.tm_year = decode(rtc, rtc->ram[YEAR]) +
			   (decode(rtc, rtc->ram[CENTURY]) - 19) * 100,
	};

	rtc->offset = timegm(&tm) - host_ns() / NS;
}

static u64 period_ns(const struct rtc *rtc)
{
	unsigned int rate = rtc->ram[REG_A] & A_RATE;

	if (!rate)
		return 0;
	/* rates 1 and 2 repeat 8 and 9 */
	if (rate < 3)
		rate += 7;
	return (u64)NS * (1ULL << (rate - 1)) / 32768;
}

static void update_irq(struct rtc *rtc)
{
	u8 due = rtc->ram[REG_C] & rtc->ram[REG_B] & (C_PF | C_AF | C_UF);

	if (due)
		rtc->ram[REG_C] |= C_IRQ;
	else
		rtc->ram[REG_C] &= ~C_IRQ;
	irq_set(&rtc->irq, due);
}

static bool alarm_matches(const struct rtc *rtc)
{
	static const u8 pairs[][2] = {
		{ SECONDS, SECONDS_ALARM }, { MINUTES, MINUTES_ALARM }, { HOURS, HOURS_ALARM },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(pairs); i++) {
		u8 want = rtc->ram[pairs[i][1]];

		/* the two top bits set mean "any" */
		if ((want & 0xc0) != 0xc0 && want != rtc->ram[pairs[i][0]])
			return false;
	}
	return true;
}

/* Wake when the next enabled event is due; flags nobody enabled are worked out on reading C */
static void rearm(struct rtc *rtc)
{
	u64 now = now_ns(), at = 0, second;
	u8 b = rtc->ram[REG_B];

	if (b & B_PIE && period_ns(rtc)) {
		if (!rtc->periodic_next)
			rtc->periodic_next = now + period_ns(rtc);
		at = rtc->periodic_next;
	} else {
		rtc->periodic_next = 0;
	}
	if (b & (B_UIE | B_AIE) && !(b & B_SET)) {
		second = now + NS - host_ns() % NS;
		at = at ? MIN(at, second) : second;
	}
	if (at)
		timer_arm(rtc->timers, &rtc->tick, at);
	else
		timer_cancel(rtc->timers, &rtc->tick);
}

static void collect(struct rtc *rtc)
{
	long long second = host_ns() / NS;

	if (rtc->update_seen == second || rtc->ram[REG_B] & B_SET)
		return;
	rtc->update_seen = second;
	rtc->ram[REG_C] |= C_UF;
	refresh(rtc);
	if (alarm_matches(rtc))
		rtc->ram[REG_C] |= C_AF;
}

static void tick(void *dev, u64 now)
{
	struct rtc *rtc = dev;

	if (rtc->periodic_next && now >= rtc->periodic_next) {
		u64 period = period_ns(rtc);

		rtc->ram[REG_C] |= C_PF;
		rtc->periodic_next += (now - rtc->periodic_next) / period * period + period;
	}
	collect(rtc);
	update_irq(rtc);
	rearm(rtc);
}

static u8 read_reg(struct rtc *rtc)
{
	u8 v;

	switch (rtc->index) {
	case SECONDS:
	case MINUTES:
	case HOURS:
	case WEEKDAY:
	case DAY:
	case MONTH:
	case YEAR:
	case CENTURY:
		refresh(rtc);
		break;
	case REG_A:
		v = rtc->ram[REG_A] & ~A_UIP;
		if (!(rtc->ram[REG_B] & B_SET) && host_ns() % NS >= NS - UIP_NS)
			v |= A_UIP;
		return v;
	case REG_C:
		collect(rtc);
		update_irq(rtc);
		v = rtc->ram[REG_C];
		rtc->ram[REG_C] = 0;
		update_irq(rtc);
		return v;
	}
	return rtc->ram[rtc->index];
}

static void write_reg(struct rtc *rtc, u8 v)
{
	u8 old;

	switch (rtc->index) {
	case SECONDS:
	case MINUTES:
	case HOURS:
	case WEEKDAY:
	case DAY:
	case MONTH:
	case YEAR:
	case CENTURY:
		refresh(rtc);
		rtc->ram[rtc->index] = v;
		if (!(rtc->ram[REG_B] & B_SET))
			adopt(rtc);
		break;
	case REG_A:
		rtc->ram[REG_A] = v & ~A_UIP;
		rtc->periodic_next = 0;
		rearm(rtc);
		break;
	case REG_B:
		refresh(rtc);
		old = rtc->ram[REG_B];
		rtc->ram[REG_B] = v;
		if (old & ~v & B_SET)
			adopt(rtc);
		update_irq(rtc);
		rearm(rtc);
		break;
	case REG_C:
	case REG_D:
		break;
	default:
		rtc->ram[rtc->index] = v;
		break;
	}
}

static u64 rtc_read(void *dev, u64 off, unsigned int size)
{
	(void)size;
	return off ? read_reg(dev) : 0xff;
}

static void rtc_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct rtc *rtc = dev;

	(void)size;
	if (off)
		write_reg(rtc, val);
	else
		rtc->index = val & 0x7f;	/* bit 7 is the NMI gate */
}

static void set_word(struct rtc *rtc, u8 index, u64 v)
{
	rtc->ram[index] = v;
	rtc->ram[index + 1] = v >> 8;
}

void rtc_init(struct rtc *rtc, struct bus *pio, struct timers *timers, u64 low_ram, u64 high_ram,
	      unsigned int cpus)
{
	const struct region r = {
		.base = 0x70, .len = 2, .bytewise = true, .dev = rtc,
		.read = rtc_read, .write = rtc_write,
	};
	u64 ext = low_ram > MiB ? (low_ram - MiB) / KiB : 0;
	u64 above_16m = low_ram > 16 * MiB ? (low_ram - 16 * MiB) / (64 * KiB) : 0;

	rtc->ram[REG_A] = 0x26;
	rtc->ram[REG_B] = B_24H;
	rtc->ram[REG_D] = D_VALID;
	set_word(rtc, BASE_MEM, 640);
	set_word(rtc, EXT_MEM, MIN(ext, 0xffffULL));
	set_word(rtc, EXT_MEM2, MIN(ext, 0xffffULL));
	set_word(rtc, HIGH_MEM, MIN(above_16m, 0xffffULL));
	set_word(rtc, ABOVE_4G, high_ram / (64 * KiB));
	rtc->ram[ABOVE_4G + 2] = high_ram / (64 * KiB) >> 16;
	rtc->ram[CPUS] = cpus - 1;
	rtc->update_seen = host_ns() / NS;
	rtc->timers = timers;
	rtc->tick.fn = tick;
	rtc->tick.dev = rtc;
	bus_add(pio, &r);
}
