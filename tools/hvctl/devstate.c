// SPDX-License-Identifier: GPL-2.0-only
/*
 * State of the devices as bytes of a file.  Each device has a structure of fixed layout and a
 * version of its own; what it holds is checked when it is loaded, as a file is anybody's.
 */
#include <string.h>

#include "save.h"

struct timer_state {
	u64 left;		/* ns from the moment of the save */
	u32 armed;
	u32 reserved;
};

struct uart_state {
	u32 version;
	u16 divisor;
	u8 ier, lcr, mcr, scr, fcr, lsr_err, msr_delta, thre_pending;
	u8 rx_count;
	u8 rx[UART_FIFO];
};

struct ioapic_state {
	u32 version;
	u32 lines;
	u64 rte[IOAPIC_PINS];
	u8 id, select;
	u8 reserved[6];
};

struct i8259_state {
	u8 irr, isr, imr, lines, elcr, base, icw_step, priority_add;
	u8 icw4, read_isr, poll, auto_eoi, rotate_aeoi, special_mask, special_nested, level;
	u8 ready;
	u8 reserved[7];
};

struct pic_state {
	u32 version;
	int offered;
	struct i8259_state chip[2];
	struct timer_state poll;
	u8 offered_vector;
	u8 reserved[7];
};

struct pit_channel_state {
	u64 running;		/* ns since counting began */
	u32 count;
	u16 latch;
	u8 status_latch, rw, mode, write_lo;
	u8 bcd, gate, latched, status_latched, hi_next_read, hi_next_write, loaded, triggered;
	u8 reserved[6];
};

struct pit_state {
	u32 version;
	u32 speaker;
	struct timer_state tick;
	struct pit_channel_state ch[3];
};

struct rtc_state {
	u32 version;
	u32 index;
	s64 offset;
	s64 update_seen;
	u64 periodic_left;
	struct timer_state tick;
	u8 ram[128];
};

struct pm_state {
	u32 version;
	u16 sts, en, cnt;
	u8 reset_reg, port92;
	u32 reserved;
	u64 running;
	struct timer_state overflow;
};

struct devices_state {
	struct uart_state uart;
	struct ioapic_state ioapic;
	struct pic_state pic;
	struct pit_state pit;
	struct rtc_state rtc;
	struct pm_state pm;
};

size_t devices_size(void)
{
	return sizeof(struct devices_state);
}

static struct timer_state timer_save(const struct timer *t, u64 now)
{
	struct timer_state s = { .armed = t->armed };

	if (t->armed && t->deadline > now)
		s.left = t->deadline - now;
	return s;
}

static void timer_load(struct timers *ts, struct timer *t, const struct timer_state *s, u64 now)
{
	timer_cancel(ts, t);
	if (s->armed)
		timer_arm(ts, t, now + s->left);
}

/* ---- 16550A ---- */

static void uart_save(const struct uart *u, struct uart_state *s)
{
	unsigned int i;

	*s = (struct uart_state) {
		.version = 1, .divisor = u->divisor, .ier = u->ier, .lcr = u->lcr, .mcr = u->mcr,
		.scr = u->scr, .fcr = u->fcr, .lsr_err = u->lsr_err, .msr_delta = u->msr_delta,
		.thre_pending = u->thre_pending, .rx_count = u->rx_count,
	};
	for (i = 0; i < u->rx_count; i++)
		s->rx[i] = u->rx[(u->rx_head + i) % UART_FIFO];
}

static bool uart_load(struct uart *u, const struct uart_state *s)
{
	if (s->version != 1 || s->rx_count > UART_FIFO)
		return false;
	u->divisor = s->divisor;
	u->ier = s->ier;
	u->lcr = s->lcr;
	u->mcr = s->mcr;
	u->scr = s->scr;
	u->fcr = s->fcr;
	u->lsr_err = s->lsr_err;
	u->msr_delta = s->msr_delta;
	u->thre_pending = s->thre_pending;
	u->rx_head = 0;
	u->rx_count = s->rx_count;
	memcpy(u->rx, s->rx, UART_FIFO);
	return true;
}

/* ---- IOAPIC ---- */

static void ioapic_save(const struct ioapic *io, struct ioapic_state *s)
{
	*s = (struct ioapic_state) {
		.version = 1, .lines = io->lines, .id = io->id, .select = io->select,
	};
	memcpy(s->rte, io->rte, sizeof(s->rte));
}

static bool ioapic_load(struct ioapic *io, const struct ioapic_state *s)
{
	if (s->version != 1 || s->lines >> IOAPIC_PINS)
		return false;
	io->lines = s->lines;
	io->id = s->id;
	io->select = s->select;
	memcpy(io->rte, s->rte, sizeof(io->rte));
	return true;
}

/* ---- 8259 pair ---- */

static void pic_save(const struct pic *pic, struct pic_state *s, u64 now)
{
	unsigned int i;

	*s = (struct pic_state) {
		.version = 1, .offered = pic->offered, .offered_vector = pic->offered_vector,
		.poll = timer_save(&pic->poll_timer, now),
	};
	for (i = 0; i < 2; i++) {
		const struct i8259 *c = &pic->chip[i];

		s->chip[i] = (struct i8259_state) {
			.irr = c->irr, .isr = c->isr, .imr = c->imr, .lines = c->lines,
			.elcr = c->elcr, .base = c->base, .icw_step = c->icw_step,
			.priority_add = c->priority_add, .icw4 = c->icw4, .read_isr = c->read_isr,
			.poll = c->poll, .auto_eoi = c->auto_eoi, .rotate_aeoi = c->rotate_aeoi,
			.special_mask = c->special_mask, .special_nested = c->special_nested,
			.level = c->level, .ready = c->ready,
		};
	}
}

static bool pic_load(struct pic *pic, const struct pic_state *s, u64 now)
{
	unsigned int i;

	if (s->version != 1 || s->offered < -1 || s->offered > 15)
		return false;
	for (i = 0; i < 2; i++) {
		const struct i8259_state *c = &s->chip[i];

		if (c->priority_add > 7 || c->icw_step > 4)
			return false;
		pic->chip[i] = (struct i8259) {
			.irr = c->irr, .isr = c->isr, .imr = c->imr, .lines = c->lines,
			.elcr = c->elcr, .base = c->base, .icw_step = c->icw_step,
			.priority_add = c->priority_add, .icw4 = c->icw4, .read_isr = c->read_isr,
			.poll = c->poll, .auto_eoi = c->auto_eoi, .rotate_aeoi = c->rotate_aeoi,
			.special_mask = c->special_mask, .special_nested = c->special_nested,
			.level = c->level, .ready = c->ready,
		};
	}
	pic->offered = s->offered;
	pic->offered_vector = s->offered_vector;
	timer_load(pic->timers, &pic->poll_timer, &s->poll, now);
	return true;
}

/* ---- 8254 ---- */

static void pit_save(const struct pit *pit, struct pit_state *s, u64 now)
{
	unsigned int i;

	*s = (struct pit_state) {
		.version = 1, .speaker = pit->speaker, .tick = timer_save(&pit->tick, now),
	};
	for (i = 0; i < 3; i++) {
		const struct pit_channel *c = &pit->ch[i];

		s->ch[i] = (struct pit_channel_state) {
			.running = now - c->start, .count = c->count, .latch = c->latch,
			.status_latch = c->status_latch, .rw = c->rw, .mode = c->mode,
			.write_lo = c->write_lo, .bcd = c->bcd, .gate = c->gate,
			.latched = c->latched, .status_latched = c->status_latched,
			.hi_next_read = c->hi_next_read, .hi_next_write = c->hi_next_write,
			.loaded = c->loaded, .triggered = c->triggered,
		};
	}
}

static bool pit_load(struct pit *pit, const struct pit_state *s, u64 now)
{
	unsigned int i;

	if (s->version != 1)
		return false;
	for (i = 0; i < 3; i++) {
		const struct pit_channel_state *c = &s->ch[i];

		if (c->count > 0x10000 || c->mode > 7 || c->rw > 3 || (c->loaded && !c->count))
			return false;
		pit->ch[i] = (struct pit_channel) {
			.start = now - c->running, .count = c->count, .latch = c->latch,
			.status_latch = c->status_latch, .rw = c->rw, .mode = c->mode,
			.write_lo = c->write_lo, .bcd = c->bcd, .gate = c->gate,
			.latched = c->latched, .status_latched = c->status_latched,
			.hi_next_read = c->hi_next_read, .hi_next_write = c->hi_next_write,
			.loaded = c->loaded, .triggered = c->triggered,
		};
	}
	pit->speaker = s->speaker;
	timer_load(pit->timers, &pit->tick, &s->tick, now);
	return true;
}

/* ---- MC146818: the clock is the host's, the guest's offset goes along ---- */

static void rtc_save(const struct rtc *rtc, struct rtc_state *s, u64 now)
{
	*s = (struct rtc_state) {
		.version = 1, .index = rtc->index, .offset = rtc->offset,
		.update_seen = rtc->update_seen,
		.periodic_left = rtc->periodic_next > now ? rtc->periodic_next - now : 0,
		.tick = timer_save(&rtc->tick, now),
	};
	memcpy(s->ram, rtc->ram, sizeof(s->ram));
}

static bool rtc_load(struct rtc *rtc, const struct rtc_state *s, u64 now)
{
	if (s->version != 1 || s->index >= sizeof(rtc->ram))
		return false;
	rtc->index = s->index;
	rtc->offset = s->offset;
	rtc->update_seen = s->update_seen;
	rtc->periodic_next = now + s->periodic_left;
	memcpy(rtc->ram, s->ram, sizeof(rtc->ram));
	timer_load(rtc->timers, &rtc->tick, &s->tick, now);
	return true;
}

/* ---- ACPI fixed hardware ---- */

static void pm_save(const struct pm *pm, struct pm_state *s, u64 now)
{
	*s = (struct pm_state) {
		.version = 1, .sts = pm->sts, .en = pm->en, .cnt = pm->cnt,
		.reset_reg = pm->reset_reg, .port92 = pm->port92, .running = now - pm->start,
		.overflow = timer_save(&pm->overflow, now),
	};
}

static bool pm_load(struct pm *pm, const struct pm_state *s, u64 now)
{
	if (s->version != 1)
		return false;
	pm->sts = s->sts;
	pm->en = s->en;
	pm->cnt = s->cnt;
	pm->reset_reg = s->reset_reg;
	pm->port92 = s->port92;
	pm->start = now - s->running;
	timer_load(pm->timers, &pm->overflow, &s->overflow, now);
	return true;
}

void devices_save(struct machine *m, void *buf, u64 now)
{
	struct devices_state s;

	memset(&s, 0, sizeof(s));
	uart_save(&m->uart, &s.uart);
	ioapic_save(&m->ioapic, &s.ioapic);
	pic_save(&m->pic, &s.pic, now);
	pit_save(&m->pit, &s.pit, now);
	rtc_save(&m->rtc, &s.rtc, now);
	pm_save(&m->pm, &s.pm, now);
	memcpy(buf, &s, sizeof(s));
}

bool devices_load(struct machine *m, const void *buf, size_t size, u64 now)
{
	struct devices_state s;

	if (size != sizeof(s))
		return false;
	memcpy(&s, buf, sizeof(s));
	return uart_load(&m->uart, &s.uart) && ioapic_load(&m->ioapic, &s.ioapic) &&
	       pic_load(&m->pic, &s.pic, now) && pit_load(&m->pit, &s.pit, now) &&
	       rtc_load(&m->rtc, &s.rtc, now) && pm_load(&m->pm, &s.pm, now);
}
