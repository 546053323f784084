// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "devices.h"
#include "libtlfs.h"

#define REG_SELECT	0x00
#define REG_WINDOW	0x10
#define REG_EOI		0x40

#define IND_ID		0x00
#define IND_VERSION	0x01
#define IND_ARB		0x02
#define IND_RTE0	0x10

#define IOAPIC_VERSION	0x20

#define RTE_VECTOR	0x00000000000000ffULL
#define RTE_MODE	0x0000000000000700ULL
#define RTE_MODE_SHIFT	8
#define RTE_LOGICAL	BIT_ULL(11)
#define RTE_STATUS	BIT_ULL(12)
#define RTE_REMOTE_IRR	BIT_ULL(14)
#define RTE_LEVEL	BIT_ULL(15)
#define RTE_MASKED	BIT_ULL(16)
#define RTE_DEST_SHIFT	56
#define RTE_READONLY	(RTE_STATUS | RTE_REMOTE_IRR)
#define RTE_WRITABLE	(0xff0000000001ffffULL & ~RTE_READONLY)

#define MODE_EXTINT	7

static void send(struct ioapic *io, unsigned int pin)
{
	u64 rte = io->rte[pin];
	u32 mode = (rte & RTE_MODE) >> RTE_MODE_SHIFT;
	bool level = rte & RTE_LEVEL && mode <= HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY;

	/*
	 * ExtINT through the IOAPIC means "ask the 8259", whose pin goes to the boot processor
	 * by itself (pic.c); the reserved modes 3 and 6 send nothing.
	 */
	if (mode == MODE_EXTINT || mode == HV_X64_INTERRUPT_TYPE_REMOTE_READ ||
	    mode == HV_X64_INTERRUPT_TYPE_SIPI)
		return;
	if (level)
		io->rte[pin] |= RTE_REMOTE_IRR;
	io->deliver(io->dev, mode, level, rte & RTE_LOGICAL, rte >> RTE_DEST_SHIFT,
		    mode <= HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY ? rte & RTE_VECTOR : 0);
}

static void service_level(struct ioapic *io, unsigned int pin)
{
	u64 rte = io->rte[pin];

	if (rte & RTE_LEVEL && !(rte & (RTE_MASKED | RTE_REMOTE_IRR)) && io->lines >> pin & 1)
		send(io, pin);
}

void ioapic_set_line(void *dev, unsigned int pin, bool level)
{
	struct ioapic *io = dev;
	u32 bit = 1U << pin;
	bool rose = level && !(io->lines & bit);

	if (level)
		io->lines |= bit;
	else
		io->lines &= ~bit;
	if (io->rte[pin] & RTE_LEVEL)
		service_level(io, pin);
	else if (rose && !(io->rte[pin] & RTE_MASKED))
		send(io, pin);
}

void ioapic_eoi(struct ioapic *io, u8 vector)
{
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++) {
		u64 *rte = &io->rte[pin];

		if ((*rte & RTE_VECTOR) != vector || !(*rte & RTE_REMOTE_IRR))
			continue;
		*rte &= ~RTE_REMOTE_IRR;
		service_level(io, pin);
	}
}

static void write_rte(struct ioapic *io, unsigned int index, u32 val)
{
	unsigned int pin = index / 2, shift = index & 1 ? 32 : 0;
	u64 old = io->rte[pin], rte;

	rte = (old & ~(0xffffffffULL << shift)) | (u64)val << shift;
	rte = (rte & RTE_WRITABLE) | (old & RTE_READONLY);
	/* turning the pin to edge clears the remote IRR: how systems without EOI register do it */
	if (!(rte & RTE_LEVEL))
		rte &= ~RTE_REMOTE_IRR;
	io->rte[pin] = rte;
	service_level(io, pin);
}

static u32 read_indirect(struct ioapic *io)
{
	unsigned int index;

	switch (io->select) {
	case IND_ID:
	case IND_ARB:
		return (u32)io->id << 24;
	case IND_VERSION:
		return (IOAPIC_PINS - 1) << 16 | IOAPIC_VERSION;
	}
	index = io->select - IND_RTE0;
	if (io->select < IND_RTE0 || index >= 2 * IOAPIC_PINS)
		return 0;
	return io->rte[index / 2] >> (index & 1 ? 32 : 0);
}

static void write_indirect(struct ioapic *io, u32 val)
{
	if (io->select == IND_ID)
		io->id = val >> 24 & 0x0f;
	else if (io->select >= IND_RTE0 && io->select - IND_RTE0 < 2 * IOAPIC_PINS)
		write_rte(io, io->select - IND_RTE0, val);
}

static u64 ioapic_read(void *dev, u64 off, unsigned int size)
{
	struct ioapic *io = dev;

	(void)size;
	switch (off & ~0xfULL) {
	case REG_SELECT:
		return io->select >> 8 * (off & 3);
	case REG_WINDOW:
		return read_indirect(io) >> 8 * (off & 3);
	}
	return 0;
}

/* The registers want aligned 32-bit accesses; a narrower write gives the low bytes */
static void ioapic_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct ioapic *io = dev;

	(void)size;
	switch (off) {
	case REG_SELECT:
		io->select = val;
		break;
	case REG_WINDOW:
		write_indirect(io, val);
		break;
	case REG_EOI:
		ioapic_eoi(io, val);
		break;
	}
}

void ioapic_init(struct ioapic *io, struct bus *mmio)
{
	const struct region r = {
		.base = IOAPIC_BASE,
		.len = 0x1000,
		.dev = io,
		.read = ioapic_read,
		.write = ioapic_write,
	};
	unsigned int pin;

	for (pin = 0; pin < IOAPIC_PINS; pin++)
		io->rte[pin] = RTE_MASKED;
	bus_add(mmio, &r);
}
