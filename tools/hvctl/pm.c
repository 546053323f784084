// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI fixed hardware - PM1a event and control block, 32-bit PM timer - and the ports that reset
 * a PC.  There is no SMI command port: the machine is always in ACPI mode.
 */
#include "devices.h"

#define STS_TIMER	0x0001
#define EN_TIMER	0x0001
#define EN_WRITABLE	0x0721	/* timer, global lock, buttons, clock */
#define CNT_SCI_EN	0x0001
#define CNT_TYPE_SHIFT	10
#define CNT_TYPE_MASK	7
#define CNT_SLP_EN	0x2000
#define CNT_KEPT	0x1c07

#define PCI_ADDRESS_PORT 0xcf8

#define RESET_CPU	0x04
#define RESET_KEPT	0x0a

#define KBD_RESET	0xfe
#define PORT92_RESET	0x01
#define PORT92_A20	0x02

#define NS		1000000000ULL

static u64 ticks(const struct pm *pm, u64 now)
{
	return (u64)((u128)(now - pm->start) * PM_TIMER_HZ / NS);
}

/* The status bit follows every change of the counter's top bit */
static void arm_overflow(struct pm *pm, u64 now)
{
	u64 next = (ticks(pm, now) >> 31) + 1;

	timer_arm(pm->timers, &pm->overflow,
		  pm->start + (u64)(((u128)(next << 31) * NS + PM_TIMER_HZ - 1) /
				    PM_TIMER_HZ));
}

static void update_sci(struct pm *pm)
{
	irq_set(&pm->sci, pm->sts & pm->en);
}

static void overflow(void *dev, u64 now)
{
	struct pm *pm = dev;

	pm->sts |= STS_TIMER;
	update_sci(pm);
	arm_overflow(pm, now);
}

static u64 evt_read(void *dev, u64 off, unsigned int size)
{
	struct pm *pm = dev;
	u32 both = (u32)pm->en << 16 | pm->sts;

	(void)size;
	return both >> 8 * off;
}

static void evt_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct pm *pm = dev;
	u32 mask = (size >= 4 ? ~0U : (1U << 8 * size) - 1) << 8 * off;
	u32 v = (u32)val << 8 * off;

	pm->sts &= ~(v & mask & 0xffff);
	pm->en = ((pm->en & ~(mask >> 16)) | (v & mask) >> 16) & EN_WRITABLE;
	update_sci(pm);
}

static u64 cnt_read(void *dev, u64 off, unsigned int size)
{
	struct pm *pm = dev;

	(void)size;
	return (pm->cnt | CNT_SCI_EN) >> 8 * off;
}

static void cnt_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct pm *pm = dev;
	u16 mask = (size >= 2 ? 0xffff : 0xff) << 8 * off;
	u16 v = (pm->cnt & ~mask) | ((u16)val << 8 * off & mask);

	pm->cnt = v & CNT_KEPT;
	if (v & CNT_SLP_EN && (v >> CNT_TYPE_SHIFT & CNT_TYPE_MASK) == PM_S5_TYPE)
		pm->power_off(pm->dev);
}

static u64 tmr_read(void *dev, u64 off, unsigned int size)
{
	struct pm *pm = dev;

	(void)size;
	return (u32)ticks(pm, now_ns()) >> 8 * off;
}

static void tmr_write(void *dev, u64 off, unsigned int size, u64 val)
{
	(void)dev;
	(void)off;
	(void)size;
	(void)val;
}

/*
 * The reset register is a byte amid the PCI address port, which is not there but is probed with
 * dwords: those must not reach it.
 */
static u64 reset_read(void *dev, u64 off, unsigned int size)
{
	struct pm *pm = dev;

	return size == 1 && off == PM_RESET_PORT - PCI_ADDRESS_PORT ? pm->reset_reg : ~0ULL;
}

static void reset_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct pm *pm = dev;

	if (size != 1 || off != PM_RESET_PORT - PCI_ADDRESS_PORT)
		return;
	pm->reset_reg = val & RESET_KEPT;
	if (val & RESET_CPU)
		pm->reset(pm->dev, "reset register 0xcf9");
}

/* No keyboard controller: all ones, but every PC resets by this command */
static u64 kbd_read(void *dev, u64 off, unsigned int size)
{
	(void)dev;
	(void)off;
	(void)size;
	return 0xff;
}

static void kbd_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct pm *pm = dev;

	(void)off;
	(void)size;
	if (val == KBD_RESET)
		pm->reset(pm->dev, "keyboard controller command 0xfe");
}

static u64 port92_read(void *dev, u64 off, unsigned int size)
{
	struct pm *pm = dev;

	(void)off;
	(void)size;
	return pm->port92;
}

static void port92_write(void *dev, u64 off, unsigned int size, u64 val)
{
	struct pm *pm = dev;

	(void)off;
	(void)size;
	pm->port92 = val & ~PORT92_RESET;
	if (val & PORT92_RESET)
		pm->reset(pm->dev, "port 0x92");
}

void pm_init(struct pm *pm, struct bus *pio, struct timers *timers)
{
	const struct region regions[] = {
		{ PM_EVT_PORT, 4, false, pm, evt_read, evt_write },
		{ PM_CNT_PORT, 2, false, pm, cnt_read, cnt_write },
		{ PM_TMR_PORT, 4, false, pm, tmr_read, tmr_write },
		{ PCI_ADDRESS_PORT, 4, false, pm, reset_read, reset_write },
		{ 0x64, 1, true, pm, kbd_read, kbd_write },
		{ 0x92, 1, true, pm, port92_read, port92_write },
	};
	size_t i;

	pm->start = now_ns();
	pm->port92 = PORT92_A20;
	pm->timers = timers;
	pm->overflow.fn = overflow;
	pm->overflow.dev = pm;
	arm_overflow(pm, pm->start);
	for (i = 0; i < ARRAY_SIZE(regions); i++)
		bus_add(pio, &regions[i]);
}
