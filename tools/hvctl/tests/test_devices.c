// SPDX-License-Identifier: GPL-2.0-only
/* Device models through their ports, with the interrupt lines and messages recorded. */
#include <string.h>

#include "../devices.h"
#include "../libtlfs.h"
#include "tap.h"

static struct bus pio, mmio;
static struct timers timers = { .fd = -1 };

static void out(u16 port, u8 v)
{
	bus_write(&pio, port, 1, v);
}

static u8 in(u16 port)
{
	return bus_read(&pio, port, 1);
}

static bool level;
static unsigned int rises;

static void line(void *dev, unsigned int pin, bool on)
{
	(void)dev;
	(void)pin;
	rises += on && !level;
	level = on;
}

static void fresh(void)
{
	memset(&pio, 0, sizeof(pio));
	memset(&mmio, 0, sizeof(mmio));
	timers.head = NULL;
	level = false;
	rises = 0;
}

/* ---- bus ---- */

static void test_bus(void)
{
	fresh();
	ok(bus_read(&pio, 0x1234, 1) == 0xff && bus_read(&pio, 0x1234, 2) == 0xffff &&
	   bus_read(&pio, 0x1234, 4) == 0xffffffff, "unclaimed ports read all ones");
	ok(bus_read(&mmio, 1ULL << 40, 8) == ~0ULL, "and so does unclaimed memory");
}

/* ---- UART ---- */

static u8 sent[16];
static unsigned int nr_sent;

static void tx(void *dev, u8 c)
{
	(void)dev;
	sent[nr_sent++ % sizeof(sent)] = c;
}

static void test_uart(void)
{
	struct uart u = { .irq = { line, NULL, 4 }, .tx = tx };
	int i;

	fresh();
	uart_init(&u, &pio, 0x3f8);
	ok(in(0x3fd) == 0x60 && in(0x3fa) == 0x01, "idle: transmitter empty, no interrupt");
	out(0x3f8, 'A');
	ok(nr_sent == 1 && sent[0] == 'A' && !level, "a byte goes out, interrupts are off");
	out(0x3f9, 0x02);
	ok(level && in(0x3fa) == 0x02 && !level, "THRE interrupt, gone when identified");
	out(0x3f8, 'B');
	ok(level, "and back after the next byte");
	out(0x3f9, 0x01);
	ok(!level, "masked with IER");
	out(0x3fa, 0x81);
	ok((in(0x3fa) & 0xc0) == 0xc0, "FIFO shown in IIR");
	for (i = 0; i < 16; i++)
		uart_receive(&u, i);
	ok(level && (in(0x3fa) & 0x0f) == 0x04 && !uart_rx_room(&u), "full FIFO, data interrupt");
	uart_receive(&u, 99);
	ok(in(0x3fd) & 0x02 && !(in(0x3fd) & 0x02), "overrun reported once");
	for (i = 0; i < 9; i++)
		ok(in(0x3f8) == i, "byte %d in order", i);
	ok((in(0x3fa) & 0x0f) == 0x0c, "below the trigger level: timeout interrupt");
	out(0x3fa, 0x03);
	ok(!level && !(in(0x3fd) & 1) && uart_rx_room(&u) == 16, "FIFO reset");
	out(0x3fb, 0x80);
	out(0x3f8, 1);
	out(0x3f9, 0);
	ok(in(0x3f8) == 1 && in(0x3f9) == 0, "divisor latch");
	out(0x3fb, 3);
	out(0x3fc, 0x1a);
	ok((in(0x3fe) & 0xf0) == 0x90, "loopback of the modem lines");
	out(0x3f8, 'L');
	ok(in(0x3f8) == 'L' && nr_sent == 2, "loopback of data");
	out(0x3ff, 0x5a);
	ok(in(0x3ff) == 0x5a, "scratch");
}

/* ---- IOAPIC ---- */

static struct {
	u32 type, dest;
	bool level, logical;
	u8 vector;
	unsigned int count;
} msg;

static void deliver(void *dev, u32 type, bool lev, bool logical, u32 dest, u8 vector)
{
	(void)dev;
	msg.type = type;
	msg.level = lev;
	msg.logical = logical;
	msg.dest = dest;
	msg.vector = vector;
	msg.count++;
}

static void io_write(u8 reg, u32 v)
{
	bus_write(&mmio, IOAPIC_BASE, 4, reg);
	bus_write(&mmio, IOAPIC_BASE + 0x10, 4, v);
}

static u32 io_read(u8 reg)
{
	bus_write(&mmio, IOAPIC_BASE, 4, reg);
	return bus_read(&mmio, IOAPIC_BASE + 0x10, 4);
}

static void test_ioapic(void)
{
	struct ioapic io = { .deliver = deliver };

	fresh();
	ioapic_init(&io, &mmio);
	ok(io_read(1) == 0x170020, "version 0x20, 24 pins");
	ok(io_read(0x10 + 2 * 5) == 0x10000, "pins start masked");
	ioapic_set_line(&io, 5, true);
	ok(!msg.count, "masked pin sends nothing");
	ioapic_set_line(&io, 5, false);
	io_write(0x11 + 2 * 5, 0x03000000);
	io_write(0x10 + 2 * 5, 0x0931);
	ioapic_set_line(&io, 5, true);
	ok(msg.count == 1 && msg.vector == 0x31 && msg.dest == 3 && msg.logical && !msg.level &&
	   msg.type == HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY, "edge message");
	ioapic_set_line(&io, 5, true);
	ok(msg.count == 1, "no edge, no message");

	io_write(0x10 + 2 * 9, 0x8041);
	ioapic_set_line(&io, 9, true);
	ok(msg.count == 2 && msg.level && io_read(0x10 + 2 * 9) & 0x4000,
	   "level message sets the remote IRR");
	ioapic_set_line(&io, 9, true);
	ok(msg.count == 2, "no second one before the EOI");
	ioapic_eoi(&io, 0x41);
	ok(msg.count == 3, "EOI with the line still high: again");
	ioapic_set_line(&io, 9, false);
	bus_write(&mmio, IOAPIC_BASE + 0x40, 4, 0x41);
	ok(msg.count == 3 && !(io_read(0x10 + 2 * 9) & 0x4000), "EOI register, line low: over");
	io_write(0x10 + 2 * 9, 0xffffffff);
	ok((io_read(0x10 + 2 * 9) & 0x5000) == 0, "read-only bits stay");
	io_write(0x10 + 2 * 9, 0x18041);
	ioapic_set_line(&io, 9, true);
	io_write(0x10 + 2 * 9, 0x8041);
	ok(msg.count == 4, "unmasking with the level high sends");
	io_write(0x10 + 2 * 9, 0x10041);
	io_write(0x10 + 2 * 9, 0x18041);
	io_write(0x10 + 2 * 9, 0x8041);
	ok(msg.count == 5, "the edge trick clears the remote IRR");
}

/* ---- PIC ---- */

static int offered = -1;
static bool taken;

static bool intr(void *dev, bool assert, u8 vector)
{
	(void)dev;
	if (taken)
		return false;
	offered = assert ? vector : -1;
	return true;
}

static bool acked(void *dev)
{
	bool was = taken;

	(void)dev;
	taken = false;
	return was;
}

/* The processor takes what is offered */
static int take(void)
{
	int v = offered;

	taken = v >= 0;
	offered = -1;
	return v;
}

static void pic_program(u8 icw4)
{
	static const u8 bases[] = { 0x20, 0x28 };
	int i;

	for (i = 0; i < 2; i++) {
		u16 port = i ? 0xa0 : 0x20;

		out(port, 0x11);
		out(port + 1, bases[i]);
		out(port + 1, i ? 2 : 4);
		out(port + 1, icw4);
		out(port + 1, 0);
	}
}

static void test_pic(void)
{
	struct pic pic = { .intr = intr, .acked = acked };

	fresh();
	pic_init(&pic, &pio, &timers);
	out(0x21, 0xab);
	ok(in(0x21) == 0xab, "the mask reads back: how the chip is found");
	pic_set_line(&pic, 4, true);
	pic_set_line(&pic, 4, false);
	ok(offered == -1, "nothing before it is programmed");
	pic_program(1);
	pic_set_line(&pic, 4, true);
	ok(offered == 0x24, "request with its vector");
	pic_set_line(&pic, 1, true);
	ok(offered == 0x21, "a higher one takes its place");
	ok(take() == 0x21, "taken");
	out(0x20, 0x0b);
	ok(in(0x20) == 0x02, "in service, noticed at the next access");
	ok(offered == -1, "the lower one waits");
	pic_set_line(&pic, 0, true);
	ok(offered == 0x20, "a higher one does not");
	take();
	out(0x20, 0x20);
	ok(offered == -1 && in(0x20) == 0x02, "EOI ends the highest");
	out(0x20, 0x20);
	ok(offered == 0x24, "then the waiting one is due");
	out(0x21, 0x10);
	ok(offered == -1, "masking withdraws it");
	out(0x21, 0);
	take();
	out(0x20, 0x64);
	ok(offered == -1 && !in(0x20), "specific EOI");
	pic_set_line(&pic, 8, true);
	ok(offered == 0x28, "slave's request with the slave's vector");
	take();
	pic_set_line(&pic, 12, true);
	ok(offered == -1, "not again through the slave before its EOI");
	out(0xa0, 0x20);
	out(0x20, 0x20);
	ok(offered == 0x2c, "after both EOIs");
	take();
	out(0xa0, 0x20);
	out(0x20, 0x20);
	/* taken between the look and the new request */
	pic_set_line(&pic, 3, true);
	take();
	pic_set_line(&pic, 5, true);
	out(0x20, 0x0b);
	ok(in(0x20) == 0x08 && offered == -1, "a request taken meanwhile is accounted");
	out(0x20, 0x20);
	ok(offered == 0x25, "and the next follows");
	take();
	out(0x20, 0x20);
	pic_program(3);
	pic_set_line(&pic, 5, false);
	pic_set_line(&pic, 5, true);
	take();
	timers_run(&timers, now_ns() + 10000000);
	out(0x20, 0x0b);
	ok(!in(0x20), "automatic EOI leaves nothing in service");
}

/* ---- PIT ---- */

static void test_pit(void)
{
	struct pit pit = { .irq = { line, NULL, 0 } };
	u64 start;
	u16 a, b;

	fresh();
	pit_init(&pit, &pio, &timers);
	ok(!timers.head, "silent until programmed");
	out(0x43, 0x34);
	out(0x40, 0x9c);
	out(0x40, 0x2e);	/* 11932: 10 ms */
	start = pit.ch[0].start;
	ok(timers.head && timers.head->deadline - start > 9999000 &&
	   timers.head->deadline - start < 10001000, "rate generator: next tick in 10 ms");
	rises = 0;
	timers_run(&timers, start + 10001000);
	ok(rises == 1 && timers.head && timers.head->deadline - start > 19999000,
	   "tick, and the one after");
	timers_run(&timers, start + 95000000);
	ok(rises == 2 && timers.head->deadline - start > 99999000, "late ticks are not piled up");
	out(0x43, 0x00);
	a = in(0x40);
	a |= in(0x40) << 8;
	ok(a && a <= 11932, "latched count");
	out(0x43, 0xc2);
	b = in(0x40);
	ok((b & 0x3f) == 0x34, "read-back status");
	out(0x43, 0x30);
	ok(!timers.head, "mode 0 waits for its count");
	out(0x40, 0);
	out(0x40, 0x10);
	rises = 0;
	level = false;
	timers_run(&timers, pit.ch[0].start + 10000000);
	ok(rises == 1 && !timers.head, "one shot fires once");

	out(0x61, 0x00);
	out(0x43, 0xb0);
	out(0x42, 0x10);
	out(0x42, 0x00);
	ok(!(in(0x61) & 0x20), "channel 2 waits for its gate");
	out(0x61, 0x01);
	start = now_ns();
	while (!(in(0x61) & 0x20) && now_ns() - start < 100000000)
		;
	ok(in(0x61) & 0x20, "and its output comes up after the count");
}

/* ---- RTC, PM ---- */

static void test_rtc(void)
{
	struct rtc rtc = { .irq = { line, NULL, 8 } };

	fresh();
	rtc_init(&rtc, &pio, &timers, 64 * MiB, 5 * GiB, 4);
	out(0x70, 0x0d);
	ok(in(0x71) == 0x80, "register D: valid");
	out(0x70, 0x8b);
	ok(in(0x71) == 0x02, "register B: 24 hours, BCD; NMI bit ignored");
	out(0x70, 0x34);
	ok(in(0x71) == 0x00, "memory above 16 MiB, low byte");
	out(0x70, 0x35);
	ok(in(0x71) == 0x03, "and high byte");
	out(0x70, 0x0b);
	out(0x71, 0x06);
	out(0x71, 0x86);
	out(0x70, 0x00);
	out(0x71, 30);
	out(0x70, 0x04);
	out(0x71, 23);
	out(0x70, 0x09);
	out(0x71, 42);
	out(0x70, 0x0b);
	out(0x71, 0x06);
	out(0x70, 0x09);
	ok(in(0x71) == 42, "the clock can be set");
	out(0x70, 0x04);
	ok(in(0x71) == 23, "hours in binary");
	out(0x70, 0x0b);
	out(0x71, 0x46);
	ok(timers.head, "periodic interrupt enabled");
	timers_run(&timers, timers.head->deadline);
	ok(level, "and raised");
	out(0x70, 0x0c);
	ok((in(0x71) & 0xc0) == 0xc0 && !level, "register C tells and clears");
	ok(!(in(0x71) & 0xc0), "once");
}

static unsigned int offs, resets;

static void power_off(void *dev)
{
	(void)dev;
	offs++;
}

static void reset(void *dev, const char *how)
{
	(void)dev;
	(void)how;
	resets++;
}

static void test_pm(void)
{
	struct pm pm = {
		.sci = { line, NULL, 9 }, .power_off = power_off, .reset = reset,
	};
	u32 t;

	fresh();
	pm_init(&pm, &pio, &timers);
	t = bus_read(&pio, PM_TMR_PORT, 4);
	while (bus_read(&pio, PM_TMR_PORT, 4) == t)
		;
	ok(bus_read(&pio, PM_TMR_PORT, 4) > t, "the timer runs");
	ok(bus_read(&pio, PM_CNT_PORT, 2) & 1, "ACPI mode is on");
	bus_write(&pio, PM_EVT_PORT + 2, 2, 1);
	timers_run(&timers, timers.head->deadline);
	ok(level && bus_read(&pio, PM_EVT_PORT, 2) == 1, "timer overflow raises the SCI");
	bus_write(&pio, PM_EVT_PORT, 2, 1);
	ok(!level && !bus_read(&pio, PM_EVT_PORT, 2), "status is cleared by writing one");
	bus_write(&pio, PM_CNT_PORT, 2, 0x2400);
	ok(!offs, "sleep type 1 is no power-off");
	bus_write(&pio, PM_CNT_PORT, 2, 0x3400);
	ok(offs == 1, "S5 is");
	bus_write(&pio, 0xcf8, 4, 0x80000600);
	ok(!resets && bus_read(&pio, 0xcf8, 4) == 0xffffffff && bus_read(&pio, 0xcfc, 4) ==
	   0xffffffff, "a PCI probe finds nothing and resets nothing");
	out(0xcf9, 0x02);
	ok(!resets && in(0xcf9) == 0x02, "reset type stored");
	out(0xcf9, 0x06);
	ok(resets == 1, "reset register");
	out(0x64, 0xfe);
	ok(resets == 2 && in(0x64) == 0xff, "keyboard controller reset, no controller");
	out(0x92, 0x02);
	out(0x92, 0x03);
	ok(resets == 3, "port 0x92");
}

int main(void)
{
	test_bus();
	test_uart();
	test_ioapic();
	test_pic();
	test_pit();
	test_rtc();
	test_pm();
	return done_testing();
}
