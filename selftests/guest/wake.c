// SPDX-License-Identifier: GPL-2.0-only
/*
 * wake.c - no wake-up gets lost: timers, IPIs and the idle state, all at once on all VPs
 *
 * Every VP does over and over what an operating system does: it arms a direct timer, sends the
 * others IPIs, spends some time with interrupts off, and halts, until its tick has come.  A second
 * timer, seconds later, comes only if something did not: or if the host stood still, which shows in
 * the others not having got anywhere either.
 */
#include "sim.h"

void payload(void);

#ifndef SECONDS
#define SECONDS		2
#endif
#define GUARD_MS	4000	/* the host is an emulator, and shares its processor */
#define GUARD_TURNS	100
#define MIN_TICKS	25	/* of a VP, where a thousand may be expected */

#define TICK		0xed
#define GUARD		0xfe
#define IPI		0xfb
#define KICK		0xf7

#define GUEST_IDLE	HV_X64_MSR_GUEST_IDLE

/* of one VP; found through GS */
static struct vp {
	struct vp *self;
	u32 index;
	u32 random;
	volatile u64 due;		/* of the tick that has not come, 0: none */
	volatile u64 ipi_at;		/* when an IPI was sent that has not come, 0: none */
	volatile u32 wants_kick;
	volatile u32 ticks, ipis, kicks, idles, turns;
	u32 others_then;		/* how far the others were when the tick was armed */
	volatile u32 late_ticks, late_ipis;
	volatile u32 *assist;
	struct {
		u64 now, due, ipi_at;
		u32 irr, isr, wants_kick, tick_bit;
	} seen;
} vp[MAX_VPS] __attribute__((aligned(64)));

static u32 assist_pages[MAX_VPS][1024] __page_aligned;
static unsigned int vps;
static volatile u32 waiting, ready, finished;
static u64 end;

static struct vp *this_vp(void)
{
	struct vp *me;

	asm volatile("mov %%gs:0, %0" : "=r" (me));
	return me;
}

static u32 random(struct vp *me)
{
	me->random = me->random * 1664525 + 1013904223;
	return me->random >> 8;
}

/* as Linux does it: a write of the page, or, if that is withdrawn, of the MSR */
static void eoi(struct vp *me)
{
	u32 old = 0;

	asm volatile("xchg %0, %1" : "+r" (old), "+m" (*me->assist) : : "memory");
	if (!(old & HV_APIC_ASSIST_NO_EOI_REQUIRED))
		wrmsr(HV_X64_MSR_EOI, 0);
}

static void on_tick(struct trap_frame *f)
{
	struct vp *me = this_vp();

	(void)f;
	me->due = 0;
	me->ticks++;
	eoi(me);
}

static void on_ipi(struct trap_frame *f)
{
	struct vp *me = this_vp();

	(void)f;
	eoi(me);
	__atomic_store_n(&me->ipi_at, 0, __ATOMIC_SEQ_CST);
	me->ipis++;
}

static void on_kick(struct trap_frame *f)
{
	struct vp *me = this_vp();

	(void)f;
	me->kicks++;
	eoi(me);
}

static u32 others_turns(const struct vp *me)
{
	u32 turns = 0, i;

	for (i = 0; i < MAX_VPS; i++)
		if (i != me->index)
			turns += vp[i].turns;
	return turns;
}

static void on_guard(struct trap_frame *f)
{
	struct vp *me = this_vp();
	u64 now = ref_time(), due = me->due, ipi_at = me->ipi_at;

	(void)f;
	/* go on without it */
	me->due = 0;
	if (others_turns(me) - me->others_then < GUARD_TURNS) {
		eoi(me);
		return;
	}
	if (!me->late_ticks && !me->late_ipis) {
		me->seen.now = now;
		me->seen.due = due;
		me->seen.ipi_at = ipi_at;
		me->seen.wants_kick = me->wants_kick;
		me->seen.irr = apic_read(APIC_IRR + 0x70);
		me->seen.isr = apic_read(APIC_ISR + 0x70);
	}
	if (due && now > due + GUARD_MS / 2 * UNITS_MS)
		me->late_ticks++;
	if (ipi_at && now > ipi_at + GUARD_MS / 2 * UNITS_MS)
		me->late_ipis++;
	eoi(me);
}

/* one IPI is on its way at a time: a lost one is never made up for by the next */
static void send_ipi(u32 to)
{
	u64 none = 0;

	if (__atomic_compare_exchange_n(&vp[to].ipi_at, &none, ref_time(), false, __ATOMIC_SEQ_CST,
					__ATOMIC_SEQ_CST))
		hypercall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI | HV_FAST, IPI, 1ULL << to);
}

static void kick_others(struct vp *me)
{
	u32 i;

	for (i = 0; i < vps; i++)
		if (i != me->index && __atomic_exchange_n(&vp[i].wants_kick, 0, __ATOMIC_SEQ_CST))
			hypercall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI | HV_FAST, KICK, 1ULL << i);
}

/* wait for a kick with interrupts off, as for a spinlock; never all at once */
static void idle(struct vp *me)
{
	if (__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST) < vps) {
		__atomic_store_n(&me->wants_kick, 1, __ATOMIC_SEQ_CST);
		while (me->wants_kick && ref_time() < end) {
			rdmsr(GUEST_IDLE);
			/* what else has come is let in, or idling would be spinning */
			take_irqs();
		}
		me->wants_kick = 0;
		me->idles++;
	}
	__atomic_sub_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
}

static void spin(u32 turns)
{
	while (turns--)
		cpu_relax();
}

static u64 arm(struct vp *me, u32 how)
{
	static const u32 ahead[4] = { 0, 20 * 10, 500 * 10, 3000 * 10 };	/* 0.1 us */
	u64 now = ref_time(), due;

	due = ahead[how] ? now + random(me) % ahead[how] : now - 10;
	wrmsr(STIMER_COUNT(1), now + GUARD_MS * UNITS_MS);
	me->turns++;
	me->others_then = others_turns(me);
	me->due = due;
	wrmsr(STIMER_COUNT(0), due);
	return now;
}

static void stress(void *unused)
{
	u32 index = vp_index();
	struct vp *me = &vp[index];
	u32 r;

	(void)unused;
	me->self = me;
	me->index = index;
	me->random = 12345 * (index + 1) + rdtsc();
	me->assist = assist_pages[index];
	wrmsr(0xc0000101, (u64)me);
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, (u64)me->assist | HV_X64_MSR_VP_ASSIST_PAGE_ENABLE);
	wrmsr(STIMER_CONFIG(0), HV_STIMER_ENABLE | HV_STIMER_AUTOENABLE | HV_STIMER_DIRECT |
	      (u64)TICK << HV_STIMER_APIC_VECTOR_SHIFT);
	wrmsr(STIMER_CONFIG(1), HV_STIMER_ENABLE | HV_STIMER_AUTOENABLE | HV_STIMER_DIRECT |
	      (u64)GUARD << HV_STIMER_APIC_VECTOR_SHIFT);

	/* nobody gets an IPI before it can tell whose it is, nor afterwards */
	__atomic_add_fetch(&ready, 1, __ATOMIC_SEQ_CST);
	while (ready < vps)
		cpu_relax();
	while (arm(me, random(me) % 4) < end) {
		r = random(me);
		kick_others(me);
		if (r & 1)
			send_ipi((r >> 4) % vps);
		if (!(r & 6))
			apic_icr(0, ICR_SELF | ICR_ASSERT | KICK);
		if (r & 8)
			spin((r >> 6) % 2000);
		if (!(r & 0x70))
			idle(me);
		while (me->due) {
			kick_others(me);
			if (r & 0x80) {
				irq_enable();
				spin(50);
				irq_disable();
			} else {
				hlt();
			}
		}
	}
	stimer_stop(0);
	stimer_stop(1);
	/* who has gone kicks nobody any more: the last one does not wait for it */
	__atomic_add_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
	kick_others(me);
	__atomic_add_fetch(&finished, 1, __ATOMIC_SEQ_CST);
	while (finished < vps || me->ipi_at)
		take_irqs();
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0);
	wrmsr(0xc0000101, 0);
}

void payload(void)
{
	u32 i, ticks = 0, ipis = 0, kicks = 0, idles = 0, late_ticks = 0, late_ipis = 0;

	apic_enable(true);
	hv_enable();
	set_handler(TICK, on_tick);
	set_handler(GUARD, on_guard);
	set_handler(IPI, on_ipi);
	set_handler(KICK, on_kick);
	vps = vps_start();
	attempt("no wake-up gets lost");
	end = ref_time() + SECONDS * 1000 * UNITS_MS;
	for (i = 1; i < vps; i++)
		vp_start(i, stress, NULL);
	stress(NULL);
	for (i = 1; i < vps; i++)
		check(vp_done(i, 5 * WAIT_MS), "VP %u comes to its end", i);
	for (i = 0; i < vps; i++) {
		struct vp *v = &vp[i];

		ticks += v->ticks;
		ipis += v->ipis;
		kicks += v->kicks;
		idles += v->idles;
		late_ticks += v->late_ticks;
		late_ipis += v->late_ipis;
		if (v->late_ticks || v->late_ipis)
			printf("# VP %u: %u ticks and %u IPIs late; first at %lu: tick %lu, "
			       "IPI %lu, IRR 0x%x ISR 0x%x%s\n", i, v->late_ticks,
			       v->late_ipis, v->seen.now, v->seen.due, v->seen.ipi_at,
			       v->seen.irr, v->seen.isr, v->seen.wants_kick ? ", idle" : "");
	}
	printf("# %u ticks, %u IPIs, %u kicks, %u times idle on %u VPs\n", ticks, ipis, kicks,
	       idles, vps);
	check(vps > 1 && ticks > MIN_TICKS * vps, "timers end HLT and the idle state, short ones and past ones "
	      "[B-15-030 MSR-400000B0]");
	check_eq(late_ticks, 0, "no tick of %u got lost", ticks);
	check_eq(late_ipis, 0, "no IPI of %u got lost", ipis);
	check(idles && kicks, "IPIs end the idle state");
}
