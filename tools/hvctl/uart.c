// SPDX-License-Identifier: GPL-2.0-only
/* 16550A: FIFOs, interrupts, loopback; the line speed is stored and otherwise ignored. */
#include <string.h>

#include "devices.h"

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };

#define IER_RDA		0x01
#define IER_THRE	0x02
#define IER_RLS		0x04
#define IER_MSR		0x08

#define IIR_NONE	0x01
#define IIR_MSR		0x00
#define IIR_THRE	0x02
#define IIR_RDA		0x04
#define IIR_RLS		0x06
#define IIR_TIMEOUT	0x0c
#define IIR_FIFO	0xc0

#define FCR_ENABLE	0x01
#define FCR_CLEAR_RX	0x02
#define FCR_CLEAR_TX	0x04
#define FCR_KEEP	0xc9	/* the two clear bits read as done */

#define LCR_DLAB	0x80

#define MCR_LOOP	0x10

#define LSR_DR		0x01
#define LSR_OE		0x02
#define LSR_THRE	0x20
#define LSR_TEMT	0x40

#define MSR_IDLE	0xb0	/* carrier, data set ready, clear to send */

static unsigned int fifo_depth(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? UART_FIFO : 1;
}

static unsigned int rx_trigger(const struct uart *u)
{
	static const u8 levels[] = { 1, 4, 8, 14 };

	return u->fcr & FCR_ENABLE ? levels[u->fcr >> 6] : 1;
}

static bool tx_ready(struct uart *u)
{
	return u->mcr & MCR_LOOP || !u->tx_room || u->tx_room(u->dev);
}

/*
 * Bytes below the FIFO trigger raise the character timeout at once: no later byte is on its way
 * that would be worth waiting for.
 */
static u8 pending(struct uart *u)
{
	if (u->ier & IER_RLS && u->lsr_err)
		return IIR_RLS;
	if (u->ier & IER_RDA && u->rx_count >= rx_trigger(u))
		return IIR_RDA;
	if (u->ier & IER_RDA && u->rx_count)
		return IIR_TIMEOUT;
	if (u->ier & IER_THRE && u->thre_pending && tx_ready(u))
		return IIR_THRE;
	if (u->ier & IER_MSR && u->msr_delta)
		return IIR_MSR;
	return IIR_NONE;
}

static void update_irq(struct uart *u)
{
	irq_set(&u->irq, pending(u) != IIR_NONE);
}

static u8 modem_lines(const struct uart *u)
{
	u8 m = u->mcr;

	if (!(m & MCR_LOOP))
		return MSR_IDLE;
	/* loopback: DTR to DSR, RTS to CTS, OUT1 to RI, OUT2 to DCD */
	return (m & 0x01) << 5 | (m & 0x02) << 3 | (m & 0x04) << 4 | (m & 0x08) << 4;
}

static void push_rx(struct uart *u, u8 c)
{
	if (u->rx_count >= fifo_depth(u)) {
		u->lsr_err |= LSR_OE;
		return;
	}
	u->rx[(u->rx_head + u->rx_count++) % UART_FIFO] = c;
}

static u8 pop_rx(struct uart *u)
{
	u8 c = 0;

	if (!u->rx_count)
		return 0;
	c = u->rx[u->rx_head];
	u->rx_head = (u->rx_head + 1) % UART_FIFO;
	if (!--u->rx_count && u->rx_space)
		u->rx_space(u->dev);
	return c;
}

static u8 read_lsr(struct uart *u)
{
	u8 v = u->lsr_err | (u->rx_count ? LSR_DR : 0);

	if (tx_ready(u))
		v |= LSR_THRE | LSR_TEMT;
	u->lsr_err = 0;
	return v;
}

static u8 read_iir(struct uart *u)
{
	u8 v = pending(u);

	if (v == IIR_THRE)
		u->thre_pending = false;
	return v | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0);
}

static u64 uart_read(void *dev, u64 off, unsigned int size)
{
	struct uart *u = dev;
	u8 v = 0xff;

	(void)size;
	switch (off) {
	case RBR_THR:
		v = u->lcr & LCR_DLAB ? u->divisor & 0xff : pop_rx(u);
		break;
	case IER:
		v = u->lcr & LCR_DLAB ? u->divisor >> 8 : u->ier;
		break;
	case IIR_FCR:
		v = read_iir(u);
		break;
	case LCR:
		v = u->lcr;
		break;
	case MCR:
		v = u->mcr;
		break;
	case LSR:
		v = read_lsr(u);
		break;
	case MSR:
		v = modem_lines(u) | u->msr_delta;
		u->msr_delta = 0;
		break;
	case SCR:
		v = u->scr;
		break;
	}
	update_irq(u);
	return v;
}

static void write_thr(struct uart *u, u8 c)
{
	if (u->mcr & MCR_LOOP)
		push_rx(u, c);
	else if (u->tx)
		u->tx(u->dev, c);
	u->thre_pending = true;
}

static void write_fcr(struct uart *u, u8 v)
{
	/* switching the FIFOs on or off empties them */
	if ((v ^ u->fcr) & FCR_ENABLE)
		v |= FCR_CLEAR_RX | FCR_CLEAR_TX;
	if (v & FCR_CLEAR_RX) {
		u->rx_head = 0;
		u->rx_count = 0;
		if (u->rx_space)
			u->rx_space(u->dev);
	}
	if (v & FCR_CLEAR_TX)
		u->thre_pending = true;
	u->fcr = v & FCR_ENABLE ? v & FCR_KEEP : 0;
}

static void write_mcr(struct uart *u, u8 v)
{
	u8 old = modem_lines(u), changed;

	u->mcr = v & 0x1f;
	changed = old ^ modem_lines(u);
	u->msr_delta |= changed >> 4 & 0x0b;
	if (old & ~modem_lines(u) & 0x40)	/* trailing edge of ring */
		u->msr_delta |= 0x04;
}

static void uart_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct uart *u = dev;
	u8 v = val;

	(void)size;
	switch (off) {
	case RBR_THR:
		if (u->lcr & LCR_DLAB)
			u->divisor = (u->divisor & 0xff00) | v;
		else
			write_thr(u, v);
		break;
	case IER:
		if (u->lcr & LCR_DLAB) {
			u->divisor = (u->divisor & 0xff) | v << 8;
			break;
		}
		/* enabling the interrupt while the transmitter is empty raises it */
		if (v & ~u->ier & IER_THRE)
			u->thre_pending = true;
		u->ier = v & 0x0f;
		break;
	case IIR_FCR:
		write_fcr(u, v);
		break;
	case LCR:
		u->lcr = v;
		break;
	case MCR:
		write_mcr(u, v);
		break;
	case SCR:
		u->scr = v;
		break;
	}
	update_irq(u);
}

unsigned int uart_rx_room(struct uart *u)
{
	if (u->mcr & MCR_LOOP || u->rx_count >= fifo_depth(u))
		return 0;
	return fifo_depth(u) - u->rx_count;
}

void uart_receive(struct uart *u, u8 c)
{
	push_rx(u, c);
	update_irq(u);
}

void uart_tx_drained(struct uart *u)
{
	update_irq(u);
}

void uart_init(struct uart *u, struct bus *pio, u16 base)
{
	const struct region r = {
		.base = base,
		.len = 8,
		.bytewise = true,
		.dev = u,
		.read = uart_read,
		.write = uart_write,
	};

	u->divisor = 12;	/* 9600 baud */
	bus_add(pio, &r);
}
