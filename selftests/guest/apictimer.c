// SPDX-License-Identifier: GPL-2.0-only
/*
 * apictimer.c - the timer of the local APIC, in both modes of that (TLFS 13.2)
 */
#include "intr.h"

void payload(void);

#define TOP		0x71

static const char *mode = "xAPIC";

static volatile u64 tsc_at, ref_at;

static void on_timer(struct trap_frame *f)
{
	tsc_at = rdtsc();
	ref_at = ref_time();
	hits[f->vector]++;
	apic_eoi();
}

/* counts of @ms at the highest rate */
static u32 timer_counts(unsigned int ms)
{
	return rdmsr(HV_X64_MSR_APIC_FREQUENCY) / 1000 * ms;
}

/* two clocks of the host lie behind these times: let them differ by one part in 50 */
static bool not_before(u64 got, u64 want)
{
	return got >= want - want / 50;
}

static void timer_one_shot(void)
{
	u64 start;
	u32 a, b;

	set_handler(TOP, on_timer);
	forget_hits();
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_LVTT, TOP);
	apic_write(APIC_TMICT, timer_counts(1000));
	a = apic_read(APIC_TMCCT);
	b = apic_read(APIC_TMCCT);
	check(a <= timer_counts(1000) && b < a && b, "%s: the timer counts down [B-13-004]", mode);
	start = ref_time();
	apic_write(APIC_TMICT, timer_counts(5));
	check(wait_for(&hits[TOP], 1, WAIT_MS), "%s: one-shot timer fires [B-13-004]", mode);
	check(not_before(ref_at - start, 50000), "%s: and not early [B-13-004]", mode);
	check_eq(apic_read(APIC_TMCCT), 0, "%s: its count is over [B-13-004]", mode);
	wait_quiet(12);
	check_eq(hits[TOP], 1, "%s: it fires once [B-13-004]", mode);

	apic_write(APIC_TMICT, timer_counts(STALL_MS));
	apic_write(APIC_TMICT, 0);
	check_eq(apic_read(APIC_TMCCT), 0, "%s: count 0 stops the timer [B-13-004]", mode);
	apic_write(APIC_LVTT, LVT_MASKED | TOP);
	apic_write(APIC_TMICT, timer_counts(1));
	wait_quiet(STALL_MS + QUIET_MS);
	check_eq(hits[TOP], 1, "%s: neither it nor a masked one fires [B-13-004]", mode);
}

static void timer_periodic(void)
{
	u64 start;
	u32 n;

	forget_hits();
	apic_write(APIC_LVTT, LVT_PERIODIC | TOP);
	start = ref_time();
	apic_write(APIC_TMICT, timer_counts(2));
	check(wait_for(&hits[TOP], 6, WAIT_MS), "%s: periodic timer repeats [B-13-004]", mode);
	check(not_before(ref_at - start, hits[TOP] * 20000),
	      "%s: at its period, not faster [B-13-004]", mode);
	check(apic_read(APIC_TMCCT) <= timer_counts(2) && apic_read(APIC_TMCCT),
	      "%s: its count goes on [B-13-004]", mode);
	apic_write(APIC_TMICT, 0);
	take_irqs();
	n = hits[TOP];
	wait_quiet(8);
	check_eq(hits[TOP], n, "%s: count 0 stops it [B-13-004]", mode);
}

/* 16 times as slow, and the same for the count that can be read */
static void timer_divide(void)
{
	u64 t0, t1, t2, t3;
	u32 a, b, rate = timer_counts(1) / 16;

	apic_write(APIC_LVTT, LVT_MASKED | TOP);
	apic_write(APIC_TDCR, 3);
	apic_write(APIC_TMICT, 0xffffffff);
	t0 = ref_time();
	a = apic_read(APIC_TMCCT);
	t1 = ref_time();
	wait_quiet(20);
	t2 = ref_time();
	b = apic_read(APIC_TMCCT);
	t3 = ref_time();
	check(a > b && not_before(a - b, (t2 - t1) * rate / 10000) &&
	      not_before((t3 - t0) * rate / 10000, a - b),
	      "%s: the timer's rate is APIC_FREQUENCY, divided [B-13-004 MSR-40000023]", mode);
	apic_write(APIC_TMICT, 0);
	apic_write(APIC_TDCR, 0xb);
}

static void timer_deadline(void)
{
	u64 ms = rdmsr(HV_X64_MSR_TSC_FREQUENCY) / 1000, when;
	u32 r[4];

	cpuid(1, 0, r);
	if (!(r[2] & 1 << 24)) {
		skip("no TSC deadline timer", "%s: TSC deadline [B-13-004]", mode);
		return;
	}
	forget_hits();
	wrmsr(MSR_DEADLINE, rdtsc() + ms);
	check_eq(rdmsr(MSR_DEADLINE), 0, "%s: no deadline in another mode [B-13-004]", mode);
	apic_write(APIC_LVTT, LVT_DEADLINE | TOP);
	when = rdtsc() + 5 * ms;
	wrmsr(MSR_DEADLINE, when);
	check(hits[TOP] || rdmsr(MSR_DEADLINE) == when || rdtsc() >= when,
	      "%s: the deadline can be read [B-13-004]", mode);
	check(wait_for(&hits[TOP], 1, WAIT_MS), "%s: TSC deadline fires [B-13-004]", mode);
	check(tsc_at >= when, "%s: and not early [B-13-004]", mode);
	check_eq(rdmsr(MSR_DEADLINE), 0, "%s: and is then disarmed [B-13-004]", mode);
	irq_enable();
	wrmsr(MSR_DEADLINE, 1);
	cpu_relax();
	irq_disable();
	check_eq(hits[TOP], 2, "%s: one in the past fires at once [B-13-004]", mode);
	wrmsr(MSR_DEADLINE, rdtsc() + STALL_MS * ms);
	wrmsr(MSR_DEADLINE, 0);
	wait_quiet(STALL_MS + QUIET_MS);
	check_eq(hits[TOP], 2, "%s: zero disarms it [B-13-004]", mode);
	wrmsr(MSR_DEADLINE, rdtsc() + STALL_MS * ms);
	apic_write(APIC_LVTT, TOP);
	wait_quiet(STALL_MS + QUIET_MS);
	check_eq(hits[TOP], 2, "%s: another mode disarms it [B-13-004]", mode);
	apic_write(APIC_LVTT, LVT_MASKED | TOP);
}

/* the timer ends HLT */
static void timer_hlt(void)
{
	forget_hits();
	apic_write(APIC_LVTT, TOP);
	apic_write(APIC_TMICT, timer_counts(2));
	hlt();
	check_eq(hits[TOP], 1, "%s: the timer ends HLT [B-13-004]", mode);
}

static void timers(void)
{
	timer_one_shot();
	timer_periodic();
	timer_divide();
	timer_deadline();
	timer_hlt();
}

void payload(void)
{
	u32 r[4];

	apic_enable(false);
	timers();
	cpuid(1, 0, r);
	if (!(r[2] & 1 << 21)) {
		skip("no x2APIC", "x2APIC");
		return;
	}
	apic_enable(true);
	mode = "x2APIC";
	timers();
}
