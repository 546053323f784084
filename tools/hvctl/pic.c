// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 8259 pair.  There is no INTA cycle to answer: a request goes to the hypervisor together
 * with its vector and may be replaced or withdrawn until the boot processor takes it.  Taking is
 * noticed when the guest next touches a PIC port or a line changes - before either is looked at -
 * and, where nothing of that kind need follow (automatic EOI), by a timer.
 */
#include "devices.h"

#define ICW1		0x10
#define ICW1_ICW4	0x01
#define ICW1_SINGLE	0x02
#define ICW1_LEVEL	0x08
#define ICW4_AUTO_EOI	0x02
#define ICW4_NESTED	0x10
#define OCW3		0x08
#define OCW3_READ_ISR	0x01
#define OCW3_READ_REG	0x02
#define OCW3_POLL	0x04
#define OCW3_SET_MASK	0x40
#define OCW3_SMM	0x20

#define CASCADE		2
#define POLL_NS		1000000

/* Bits of @set in order of priority: number of the first, 8 if none */
static unsigned int first(const struct i8259 *c, u8 set)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		if (set >> ((i + c->priority_add) & 7) & 1)
			return i;
	}
	return 8;
}

/* Input the chip asks its INT output for, or -1 */
static int request(const struct i8259 *c)
{
	unsigned int prio, in_service;
	u8 isr = c->isr;

	if (!c->ready)
		return -1;
	prio = first(c, c->irr & ~c->imr);
	if (prio == 8)
		return -1;
	if (c->special_mask)
		isr &= ~c->imr;
	/* the slave may interrupt again while the master still services its line */
	if (c->special_nested)
		isr &= ~(1 << CASCADE);
	in_service = first(c, isr);
	return prio < in_service ? (int)((prio + c->priority_add) & 7) : -1;
}

static void take(struct i8259 *c, unsigned int n)
{
	u8 bit = 1 << n;

	if (c->auto_eoi) {
		if (c->rotate_aeoi)
			c->priority_add = (n + 1) & 7;
	} else {
		c->isr |= bit;
	}
	if (!(c->level || c->elcr & bit))
		c->irr &= ~bit;
}

static void chip_line(struct i8259 *c, unsigned int n, bool level)
{
	u8 bit = 1 << n;

	if (c->level || c->elcr & bit)
		c->irr = level ? c->irr | bit : c->irr & ~bit;
	else if (level && !(c->lines & bit))
		c->irr |= bit;
	c->lines = level ? c->lines | bit : c->lines & ~bit;
}

/* The slave's INT output is a level; the master samples it as its line 2 */
static void cascade(struct pic *pic)
{
	struct i8259 *m = &pic->chip[0];

	if (request(&pic->chip[1]) >= 0) {
		m->irr |= 1 << CASCADE;
		m->lines |= 1 << CASCADE;
	} else {
		m->irr &= ~(1 << CASCADE);
		m->lines &= ~(1 << CASCADE);
	}
}

static int pair_request(struct pic *pic)
{
	int n;

	cascade(pic);
	n = request(&pic->chip[0]);
	if (n != CASCADE)
		return n;
	return 8 + request(&pic->chip[1]);
}

static void pair_take(struct pic *pic, int irq)
{
	if (irq >= 8) {
		take(&pic->chip[1], irq - 8);
		take(&pic->chip[0], CASCADE);
	} else {
		take(&pic->chip[0], irq);
	}
	cascade(pic);
}

static void sync_ack(struct pic *pic)
{
	if (pic->offered < 0 || !pic->acked(pic->dev))
		return;
	pair_take(pic, pic->offered);
	pic->offered = -1;
}

static u8 vector_of(struct pic *pic, int irq)
{
	return pic->chip[irq >> 3].base | (irq & 7);
}

/* Offer what is now due.  An offer fails when the last was taken meanwhile: account it, retry. */
static void update(struct pic *pic)
{
	int irq, tries;
	u8 vector;

	for (tries = 0; tries < 4; tries++) {
		irq = pair_request(pic);
		vector = irq < 0 ? 0 : vector_of(pic, irq);
		if (irq == pic->offered && (irq < 0 || vector == pic->offered_vector))
			break;
		if (pic->intr(pic->dev, irq >= 0, vector)) {
			pic->offered = irq;
			pic->offered_vector = vector;
			break;
		}
		sync_ack(pic);
	}
	if (pic->offered >= 0 && (pic->chip[0].auto_eoi || pic->chip[1].auto_eoi))
		timer_arm(pic->timers, &pic->poll_timer, now_ns() + POLL_NS);
}

static void poll_tick(void *dev, u64 now)
{
	(void)now;
	sync_ack(dev);
	update(dev);
}

void pic_set_line(void *dev, unsigned int irq, bool level)
{
	struct pic *pic = dev;

	if (!(pic->chip[irq >> 3].lines >> (irq & 7) & 1) == !level)
		return;
	sync_ack(pic);
	chip_line(&pic->chip[irq >> 3], irq & 7, level);
	update(pic);
}

static void eoi(struct i8259 *c, u8 cmd)
{
	unsigned int n = cmd & 7, prio;

	switch (cmd >> 5) {
	case 0:		/* rotate in automatic EOI mode: clear */
	case 4:		/* set */
		c->rotate_aeoi = cmd >> 7;
		break;
	case 1:		/* EOI of the highest in service */
	case 5:		/* and rotate */
		prio = first(c, c->special_mask ? c->isr & ~c->imr : c->isr);
		if (prio == 8)
			break;
		n = (prio + c->priority_add) & 7;
		c->isr &= ~(1 << n);
		if (cmd >> 7)
			c->priority_add = (n + 1) & 7;
		break;
	case 3:		/* EOI of the one named */
		c->isr &= ~(1 << n);
		break;
	case 7:		/* and rotate */
		c->isr &= ~(1 << n);
		c->priority_add = (n + 1) & 7;
		break;
	case 6:		/* set priority */
		c->priority_add = (n + 1) & 7;
		break;
	}
}

static void command(struct i8259 *c, u8 v)
{
	if (v & ICW1) {
		c->level = v & ICW1_LEVEL;
		c->icw4 = v & ICW1_ICW4;
		c->icw_step = v & ICW1_SINGLE ? 0x12 : 2;
		c->ready = false;
		c->irr = 0;
		c->isr = 0;
		c->imr = 0;
		c->priority_add = 0;
		c->read_isr = false;
		c->poll = false;
		c->special_mask = false;
		c->rotate_aeoi = false;
		if (!c->icw4) {
			c->auto_eoi = false;
			c->special_nested = false;
		}
	} else if (v & OCW3) {
		if (v & OCW3_POLL)
			c->poll = true;
		if (v & OCW3_READ_REG)
			c->read_isr = v & OCW3_READ_ISR;
		if (v & OCW3_SET_MASK)
			c->special_mask = v & OCW3_SMM;
	} else {
		eoi(c, v);
	}
}

/* Initialisation words 2 to 4, then the mask; bit 4 of the step says there is no slave */
static void data(struct i8259 *c, u8 v)
{
	bool single = c->icw_step & 0x10;

	switch (c->icw_step & 0x0f) {
	case 2:
		c->base = v & 0xf8;
		c->icw_step = single ? (c->icw4 ? 4 : 0) : 3;
		break;
	case 3:
		c->icw_step = c->icw4 ? 4 : 0;
		break;
	case 4:
		c->auto_eoi = v & ICW4_AUTO_EOI;
		c->special_nested = v & ICW4_NESTED;
		c->icw_step = 0;
		break;
	default:
		c->imr = v;
		return;
	}
	c->ready = !c->icw_step;
}

static void pic_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct pic *pic = dev;
	struct i8259 *c = &pic->chip[off >> 1];

	(void)size;
	sync_ack(pic);
	if (off & 1)
		data(c, val);
	else
		command(c, val);
	update(pic);
}

/* Poll command: the read that follows is the acknowledge */
static u8 poll_read(struct pic *pic, struct i8259 *c)
{
	int n;

	c->poll = false;
	cascade(pic);
	n = request(c);
	if (n < 0)
		return 0;
	take(c, n);
	return 0x80 | n;
}

static u64 pic_read(void *dev, u64 off, unsigned int size)
{
	struct pic *pic = dev;
	struct i8259 *c = &pic->chip[off >> 1];
	u8 v;

	(void)size;
	sync_ack(pic);
	if (c->poll)
		v = poll_read(pic, c);
	else if (off & 1)
		v = c->imr;
	else
		v = c->read_isr ? c->isr : c->irr;
	update(pic);
	return v;
}

static u64 elcr_read(void *dev, u64 off, unsigned int size)
{
	struct pic *pic = dev;

	(void)size;
	return pic->chip[off].elcr;
}

static void elcr_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct pic *pic = dev;

	(void)size;
	/* timer, keyboard, cascade, clock and coprocessor are wired as edges */
	pic->chip[off].elcr = val & (off ? 0xde : 0xf8);
}

static u64 slave_read(void *dev, u64 off, unsigned int size)
{
	return pic_read(dev, off + 2, size);
}

static void slave_write(void *dev, u64 off, unsigned int size, u64 val)
{
	pic_write(dev, off + 2, size, val);
}

void pic_init(struct pic *pic, struct bus *pio, struct timers *timers)
{
	const struct region master = {
		.base = 0x20, .len = 2, .bytewise = true, .dev = pic,
		.read = pic_read, .write = pic_write,
	};
	const struct region slave = {
		.base = 0xa0, .len = 2, .bytewise = true, .dev = pic,
		.read = slave_read, .write = slave_write,
	};
	const struct region elcr = {
		.base = 0x4d0, .len = 2, .bytewise = true, .dev = pic,
		.read = elcr_read, .write = elcr_write,
	};

	pic->offered = -1;
	pic->chip[0].imr = 0xff;
	pic->chip[1].imr = 0xff;
	pic->timers = timers;
	pic->poll_timer.fn = poll_tick;
	pic->poll_timer.dev = pic;
	bus_add(pio, &master);
	bus_add(pio, &slave);
	bus_add(pio, &elcr);
}
