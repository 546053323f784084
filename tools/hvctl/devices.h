/* SPDX-License-Identifier: GPL-2.0-only */
/* The platform devices; each lives in the file of its name. */
#ifndef HVCTL_DEVICES_H
#define HVCTL_DEVICES_H

#include "bus.h"

/* ---- uart.c: 16550A ---- */

#define UART_FIFO	16

/**
 * struct uart - 16550A
 * @irq:	interrupt output
 * @tx:		takes a byte the guest sent
 * @tx_room:	whether @tx can take one now
 * @rx_space:	told when the receiver can take bytes again
 * @dev:	first argument of the three
 */
struct uart {
	struct irq_line irq;
	void (*tx)(void *dev, u8 c);
	bool (*tx_room)(void *dev);
	void (*rx_space)(void *dev);
	void *dev;

	u8 ier, lcr, mcr, scr, fcr, lsr_err, msr_delta;
	u16 divisor;
	u8 rx[UART_FIFO];
	unsigned int rx_head, rx_count;
	bool thre_pending;
};

void uart_init(struct uart *u, struct bus *pio, u16 base);
/* Bytes the receiver takes now */
unsigned int uart_rx_room(struct uart *u);
void uart_receive(struct uart *u, u8 c);
/* @tx_room may have become true */
void uart_tx_drained(struct uart *u);

/* ---- ioapic.c: 82093AA-like with the EOI register of version 0x20 ---- */

#define IOAPIC_BASE	0xfec00000ULL
#define IOAPIC_PINS	24

/**
 * struct ioapic - 24 pins
 * @deliver:	sends an interrupt message: type is HV_X64_INTERRUPT_TYPE_*
 * @dev:	first argument of @deliver
 */
struct ioapic {
	void (*deliver)(void *dev, u32 type, bool level, bool logical, u32 dest, u8 vector);
	void *dev;

	u8 id, select;
	u64 rte[IOAPIC_PINS];
	u32 lines;
};

void ioapic_init(struct ioapic *io, struct bus *mmio);
void ioapic_set_line(void *ioapic, unsigned int pin, bool level);
/* The local APIC ended a level-triggered interrupt of this vector */
void ioapic_eoi(struct ioapic *io, u8 vector);

/* ---- pic.c: the 8259 pair ---- */

struct i8259 {
	u8 irr, isr, imr, lines, elcr;
	u8 base, icw_step, priority_add;
	bool icw4, read_isr, poll, auto_eoi, rotate_aeoi, special_mask, special_nested, level;
	bool ready;		/* initialised by the guest: no request goes out before */
};

/**
 * struct pic - master and slave
 * @intr:	INTR pin with the vector INTA would give; false withdraws it
 * @acked:	whether the processor took the vector @intr offered last; clears that state
 * @dev:	first argument of both
 *
 * The pin's other end is the hypervisor (HvAssertVirtualInterrupt, external interrupt): the
 * vector goes along with the request, and whether it was taken is learnt by asking (13.5.1).
 */
struct pic {
	bool (*intr)(void *dev, bool assert, u8 vector);
	bool (*acked)(void *dev);
	void *dev;

	struct i8259 chip[2];
	int offered;		/* irq offered to the processor or -1 */
	u8 offered_vector;
	struct timers *timers;
	struct timer poll_timer;
};

void pic_init(struct pic *pic, struct bus *pio, struct timers *timers);
void pic_set_line(void *pic, unsigned int irq, bool level);

/* ---- pit.c: 8254 and port 0x61 ---- */

struct pit_channel {
	u64 start;		/* ns when counting began */
	u32 count;		/* 1..65536 */
	u16 latch;
	u8 status_latch, rw, mode, write_lo;
	bool bcd, gate, latched, status_latched, hi_next_read, hi_next_write, loaded, triggered;
};

struct pit {
	struct irq_line irq;
	struct timers *timers;
	struct timer tick;
	struct pit_channel ch[3];
	bool speaker;
};

void pit_init(struct pit *pit, struct bus *pio, struct timers *timers);

/* ---- rtc.c: MC146818 clock and CMOS memory ---- */

struct rtc {
	struct irq_line irq;
	struct timers *timers;
	struct timer tick;
	u8 index;
	u8 ram[128];
	long long offset;	/* guest's clock minus the host's, seconds */
	u64 periodic_next;	/* ns */
	long long update_seen;	/* last second an update was reported for */
};

void rtc_init(struct rtc *rtc, struct bus *pio, struct timers *timers, u64 low_ram, u64 high_ram,
	      unsigned int cpus);

/* ---- pm.c: ACPI fixed hardware and the ways to reset ---- */

#define PM_EVT_PORT	0x600
#define PM_CNT_PORT	0x604
#define PM_TMR_PORT	0x608
#define PM_SCI_IRQ	9
#define PM_S5_TYPE	5
#define PM_RESET_PORT	0xcf9
#define PM_RESET_VALUE	0x06
#define PM_TIMER_HZ	3579545ULL

/**
 * struct pm - PM1a block, PM timer, reset ports
 * @power_off:	guest entered S5
 * @reset:	guest asked for a reset by the way named
 * @dev:	first argument of both
 */
struct pm {
	struct irq_line sci;
	void (*power_off)(void *dev);
	void (*reset)(void *dev, const char *how);
	void *dev;
	struct timers *timers;
	struct timer overflow;
	u64 start;
	u16 sts, en, cnt;
	u8 reset_reg, port92;
};

void pm_init(struct pm *pm, struct bus *pio, struct timers *timers);

#endif
