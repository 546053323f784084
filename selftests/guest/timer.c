// SPDX-License-Identifier: GPL-2.0-only
/*
 * timer.c - reference time, reference TSC page, synthetic timers, re-enlightenment (TLFS 15)
 */
#include "sim.h"

void payload(void);

#define SINT		3
#define VECTOR		0x51
#define DIRECT_VECTOR	0x61
#define TIMERS		HV_SYNIC_STIMER_COUNT

static volatile struct hv_message *slot;
static unsigned int vps;

/* rows of a timer's two registers */
#define TIMER_IDS(n)	"MSR-400000B%u MSR-400000B%u]", n, 2 * (n), 2 * (n) + 1

/* ---- reference counter ---- */

static void counter(u64 first)
{
	u64 last = ref_time(), now, v;
	bool ok = true;
	u32 i;

	check(first < 8000 * UNITS_MS, "the counter began at zero with the partition "
	      "[B-15-004 MSR-40000020]");
	check_eq(wrmsr_safe(HV_X64_MSR_TIME_REF_COUNT, 0), GP_FAULT,
		 "the counter is read-only [B-15-020 MSR-40000020]");
	for (i = 0; i < 2000; i++) {
		now = ref_time();
		ok &= now > last;
		last = now;
	}
	check(ok, "the counter always increases [B-15-002 MSR-40000020]");
	check(!rdmsr_safe(HV_X64_MSR_TIME_REF_COUNT, &v), "the counter is readable");
}

static volatile u32 lock, went_back, readers;
static volatile u64 shared_last;

static void read_in_turn(void *unused)
{
	u64 now;
	u32 i;

	(void)unused;
	__atomic_add_fetch(&readers, 1, __ATOMIC_SEQ_CST);
	for (i = 0; i < 300; i++) {
		while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE))
			cpu_relax();
		now = ref_time();
		if (now <= shared_last)
			went_back++;
		shared_last = now;
		__atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
	}
}

static void counter_vps(void)
{
	u32 i;
	bool ok = true;

	for (i = 1; i < vps; i++)
		vp_start(i, read_in_turn, NULL);
	read_in_turn(NULL);
	for (i = 1; i < vps; i++)
		ok &= vp_done(i, 5 * WAIT_MS);
	check(ok && readers == vps, "all VPs have read the counter");
	check_eq(went_back, 0, "it increases from VP to VP [B-15-002 MSR-40000020]");
}

/* @a differs from @b by less than one part in @part */
static bool close_to(u64 a, u64 b, u32 part)
{
	return a + a / part >= b && b + b / part >= a;
}

/* reference time against another clock: the APIC timer's, which the host's own clock drives */
static void rates(void)
{
	u64 hz = rdmsr(HV_X64_MSR_TSC_FREQUENCY), apic_hz = rdmsr(HV_X64_MSR_APIC_FREQUENCY);
	u64 r0, r1, t0, t1, slack;
	u32 a0, a1;

	check_eq(wrmsr_safe(HV_X64_MSR_TSC_FREQUENCY, hz), GP_FAULT,
		 "TSC frequency is read-only [MSR-40000022]");
	check_eq(wrmsr_safe(HV_X64_MSR_APIC_FREQUENCY, apic_hz), GP_FAULT,
		 "APIC frequency is read-only [MSR-40000023]");

	apic_write(APIC_LVTT, LVT_MASKED | 0x70);
	apic_write(APIC_TDCR, 0xb);
	apic_write(APIC_TMICT, 0xffffffff);
	r0 = ref_time();
	t0 = rdtsc();
	a0 = apic_read(APIC_TMCCT);
	slack = ref_time() - r0;
	wait_quiet(200);
	r1 = ref_time();
	t1 = rdtsc();
	a1 = apic_read(APIC_TMCCT);
	slack += ref_time() - r1;
	check(close_to((t1 - t0) / (hz / 1000) * UNITS_MS, r1 - r0 + slack / 2, 20),
	      "the TSC runs at the frequency said [MSR-40000022]");
	check(close_to((u64)(a0 - a1) / (apic_hz / 1000) * UNITS_MS, r1 - r0 + slack / 2, 20),
	      "so does the APIC timer; reference time has units of 100 ns "
	      "[B-15-003 MSR-40000020 MSR-40000023]");
	apic_write(APIC_TMICT, 0);
}

/* ---- reference TSC page ---- */

static u32 tsc_pages[2][1024] __page_aligned;
static volatile struct hv_reference_tsc_page *tsc_page;

static u64 tsc_page_time(u64 tsc)
{
	return (u64)(((unsigned __int128)tsc * tsc_page->tsc_scale) >> 64) + tsc_page->tsc_offset;
}

/* the page's time lies between two readings of the counter */
static void compare(void *result)
{
	bool ok = true;
	u64 a, b, c;
	u32 i;

	for (i = 0; i < 200; i++) {
		a = ref_time();
		b = tsc_page_time(rdtsc());
		c = ref_time();
		ok &= a <= b && b <= c;
	}
	*(bool *)result = ok;
}

static void tsc_page_on(u32 *page)
{
	tsc_page = (void *)page;
	wrmsr(HV_X64_MSR_REFERENCE_TSC, (u64)page | HV_X64_MSR_REFERENCE_TSC_ENABLE);
}

static void set_tsc(u64 tsc)
{
	wrmsr(0x10, tsc);
}

static void get_tsc_msr(void *val)
{
	*(u64 *)val = rdmsr(HV_X64_MSR_REFERENCE_TSC);
}

static void page_msr(void)
{
	u64 msr = (u64)tsc_pages[0] | 0xfff, v = 0;
	u32 i;
	bool ok = true;

	check_eq(rdmsr(HV_X64_MSR_REFERENCE_TSC), 0, "reference TSC page MSR at creation "
		 "[B-15-036 MSR-40000021]");
	tsc_pages[0][0] = 0x11223344;
	tsc_pages[0][4] = 0x55667788;
	wrmsr(HV_X64_MSR_REFERENCE_TSC, msr & ~1ULL);
	check(tsc_pages[0][0] == 0x11223344, "not enabled the page is not there "
	      "[B-15-036 MSR-40000021]");
	wrmsr(HV_X64_MSR_REFERENCE_TSC, msr);
	check_eq(rdmsr(HV_X64_MSR_REFERENCE_TSC), msr, "its MSR keeps reserved bits "
		 "[MSR-40000021]");
	check(vp_run(1, get_tsc_msr, &v) && v == msr, "and is the same on another VP "
	      "[MSR-40000021]");
	tsc_page_on(tsc_pages[0]);
	check(tsc_page->tsc_scale && tsc_pages[0][4] != 0x55667788,
	      "enabled the page is there [B-15-036 MSR-40000021]");
	for (i = 6; i < 1024; i++)
		ok &= !tsc_pages[0][i];
	check(ok && !tsc_pages[0][1], "the rest of the page is zero [MSR-40000021 "
	      "PORT-reference-tsc-page-Reserved1 PORT-reference-tsc-page-Reserved2]");
	check(tsc_page->tsc_sequence && tsc_page->tsc_sequence != 0xffffffff,
	      "its sequence number is a valid one [B-15-042 "
	      "PORT-reference-tsc-page-TscSequence]");
	tsc_page_on(tsc_pages[1]);
	check(tsc_pages[0][0] == 0x11223344 && tsc_pages[0][4] == 0x55667788 &&
	      tsc_page->tsc_scale, "it moves [B-15-036 MSR-40000021]");
	check_eq(wrmsr_safe(HV_X64_MSR_REFERENCE_TSC, 1ULL << 51 | 1), 0,
		 "beyond the GPA space it is no fault [B-15-037 MSR-40000021]");
	check(!tsc_pages[1][0] && !tsc_pages[1][2],
	      "but then not accessible [B-15-037 MSR-40000021]");
	tsc_page_on(tsc_pages[0]);
}

static void page_time(void)
{
	bool ok;
	u64 v, before, tsc;
	u32 i, seq = tsc_page->tsc_sequence;

	compare(&ok);
	check(ok, "page and counter agree [B-15-038 PORT-reference-tsc-page-TscScale "
	      "PORT-reference-tsc-page-TscOffset]");
	check(rdtsc() > ~0ULL / tsc_page->tsc_scale, "the product has more than 64 bits "
	      "[B-15-039]");
	for (i = 1; i < vps; i++) {
		ok = false;
		check(vp_run(i, compare, &ok) && ok, "page and counter agree on VP %u "
		      "[B-15-038]", i);
	}
	check_eq(write_safe(&tsc_pages[0][2], 0), GP_FAULT, "the page is read-only");

	/* a jump of more than an hour: reference time goes on as if nothing had been */
	before = ref_time();
	tsc = rdtsc() + (1ULL << 45);
	set_tsc(tsc);
	check(rdtsc() >= tsc && rdtsc() < tsc + (1ULL << 44), "the TSC was set");
	v = ref_time();
	check(v > before && v < before + 10000 * UNITS_MS, "reference time is not [B-15-003]");
	check(tsc_page->tsc_sequence != seq && tsc_page->tsc_sequence,
	      "the sequence number has changed [B-15-042]");
	compare(&ok);
	check(ok, "page and counter agree with the new TSC [B-15-038 B-15-039]");
	ok = false;
	check(vp_run(vps - 1, compare, &ok) && ok, "on another VP too [B-15-038 B-15-039]");
}

/* ---- one timer ---- */

static volatile u64 came_at;

static void on_message(struct trap_frame *f)
{
	came_at = ref_time();
	hits[f->vector]++;
	wrmsr(HV_X64_MSR_EOI, 0);
}

static void new_timer(u32 n)
{
	stimer_stop(n);
	memset((void *)slot, 0, sizeof(*slot));
	set_handler(VECTOR, on_message);
	set_handler(DIRECT_VECTOR, on_message);
	forget_hits();
}

static bool enabled(u32 n)
{
	return rdmsr(STIMER_CONFIG(n)) & HV_STIMER_ENABLE;
}

static void timer_registers(u32 n)
{
	const u64 reserved = HV_STIMER_RESERVED_MASK;
	u64 valid = STIMER_SINT(SINT) | HV_STIMER_PERIODIC | HV_STIMER_LAZY | HV_STIMER_AUTOENABLE;
	unsigned int fault;

	check(!rdmsr(STIMER_CONFIG(n)) && !rdmsr(STIMER_COUNT(n)),
	      "timer %u at creation [B-15-024 " TIMER_IDS(n));
	wrmsr(STIMER_CONFIG(n), valid);
	check_eq(rdmsr(STIMER_CONFIG(n)), valid, "timer %u: configuration is kept [" TIMER_IDS(n));
	fault = wrmsr_safe(STIMER_CONFIG(n), valid | reserved);
	check(fault == GP_FAULT || !(rdmsr(STIMER_CONFIG(n)) & reserved),
	      "timer %u: reserved bits are not [B-15-025 " TIMER_IDS(n));
	wrmsr(STIMER_CONFIG(n), STIMER_SINT(SINT));
	wrmsr(STIMER_COUNT(n), 0x8000000000000123);
	check_eq(rdmsr(STIMER_COUNT(n)), 0x8000000000000123, "timer %u: count is kept ["
		 TIMER_IDS(n));
	wrmsr(STIMER_COUNT(n), 0);
}

static void one_shot(u32 n)
{
	u64 when;

	new_timer(n);
	when = ref_time() + 3 * UNITS_MS;
	wrmsr(STIMER_CONFIG(n), STIMER_SINT(SINT));
	wrmsr(STIMER_COUNT(n), when);
	check(!enabled(n), "timer %u: a count does not enable it [B-15-027 " TIMER_IDS(n));
	wait_quiet(8);
	check(!slot->header.message_type, "timer %u: nor start it [B-15-027 " TIMER_IDS(n));

	when = ref_time() + 3 * UNITS_MS;
	wrmsr(STIMER_COUNT(n), when);
	wrmsr(STIMER_CONFIG(n), STIMER_SINT(SINT) | HV_STIMER_ENABLE);
	check(wait_for(&hits[VECTOR], 1, WAIT_MS) && slot_has(slot, n),
	      "timer %u: enabled it expires [B-15-018 " TIMER_IDS(n));
	check(came_at >= when && timer_message(slot)->expiration_time == when &&
	      timer_message(slot)->delivery_time >= when,
	      "timer %u: not before its time [B-15-007 B-15-033 " TIMER_IDS(n));
	check(!enabled(n), "timer %u: and is then disabled [B-15-028 " TIMER_IDS(n));
	wait_quiet(8);
	check_eq(hits[VECTOR], 1, "timer %u: one shot [B-15-033 " TIMER_IDS(n));

	new_timer(n);
	wrmsr(STIMER_CONFIG(n), STIMER_ONE_SHOT(SINT));
	wrmsr(STIMER_COUNT(n), ref_time() + 1000000 * UNITS_MS);
	check(enabled(n), "timer %u: auto-enable [B-15-026 " TIMER_IDS(n));
	wrmsr(STIMER_COUNT(n), 0);
	check(!enabled(n), "timer %u: count 0 disables [B-15-032 " TIMER_IDS(n));
	wrmsr(STIMER_COUNT(n), ref_time() + STALL_MS * UNITS_MS);
	wrmsr(STIMER_COUNT(n), 0);
	wait_quiet(STALL_MS + QUIET_MS);
	check(!slot->header.message_type, "timer %u: and stops [B-15-032 " TIMER_IDS(n));
	wrmsr(STIMER_COUNT(n), 1);
	check(slot_has(slot, n) && !enabled(n), "timer %u: a time in the past is now [B-15-029 "
	      TIMER_IDS(n));
	take_irqs();

	/* far enough that it could be seen waiting */
	new_timer(n);
	wrmsr(STIMER_COUNT(n), ref_time() + 3600 * 1000 * UNITS_MS);
	wrmsr(STIMER_CONFIG(n), HV_STIMER_ENABLE);
	check(!enabled(n) && !slot->header.message_type,
	      "timer %u: SINT 0 keeps it disabled [B-15-030 " TIMER_IDS(n));
	wrmsr(STIMER_CONFIG(n), HV_STIMER_AUTOENABLE);
	wrmsr(STIMER_COUNT(n), ref_time() + 3600 * 1000 * UNITS_MS);
	check(!enabled(n), "timer %u: with auto-enable too [B-15-030 " TIMER_IDS(n));

	new_timer(n);
	wrmsr(STIMER_CONFIG(n), STIMER_ONE_SHOT(SINT));
	wrmsr(STIMER_COUNT(n), ~0ULL);
	wait_quiet(2);
	check(enabled(n) && !slot->header.message_type, "timer %u: the last time there is "
	      "[B-15-034 " TIMER_IDS(n));
	wrmsr(STIMER_CONFIG(n), STIMER_PERIODIC(SINT));
	wrmsr(STIMER_COUNT(n), ~0ULL);
	wait_quiet(2);
	check(enabled(n) && !slot->header.message_type, "timer %u: the longest period "
	      "[B-15-034 " TIMER_IDS(n));
	stimer_stop(n);
}

static volatile u64 expirations[64], deliveries[64], delivered_before;

static void on_periodic(struct trap_frame *f)
{
	if (hits[f->vector] < ARRAY_SIZE(expirations)) {
		expirations[hits[f->vector]] = timer_message(slot)->expiration_time;
		deliveries[hits[f->vector]] = timer_message(slot)->delivery_time;
	}
	hits[f->vector]++;
	if (slot_take(slot))
		wrmsr(HV_X64_MSR_EOM, 0);
	wrmsr(HV_X64_MSR_EOI, 0);
}

static void periodic(u32 n)
{
	const u64 period = 2 * UNITS_MS + 777;
	u64 before, after;
	u32 i, count;
	bool ok = true;

	new_timer(n);
	set_handler(VECTOR, on_periodic);
	wrmsr(STIMER_COUNT(n), period);
	before = ref_time();
	wrmsr(STIMER_CONFIG(n), STIMER_SINT(SINT) | HV_STIMER_PERIODIC | HV_STIMER_ENABLE);
	after = ref_time();
	wait_for(&hits[VECTOR], 6, WAIT_MS);
	check(hits[VECTOR] >= 6 && enabled(n), "timer %u: periodic, it stays enabled [B-15-028 "
	      TIMER_IDS(n));
	check(expirations[0] >= before + period && expirations[0] <= after + period,
	      "timer %u: the first period begins when it is enabled [B-15-033 " TIMER_IDS(n));
	for (i = 1; i < 6; i++)
		ok &= expirations[i] > expirations[i - 1] &&
		      !((expirations[i] - expirations[0]) % period);
	check(ok, "timer %u: expirations are whole periods apart [B-15-033 " TIMER_IDS(n));
	wrmsr(STIMER_COUNT(n), 0);
	take_irqs();
	count = hits[VECTOR];
	wait_quiet(8);
	check(!enabled(n) && hits[VECTOR] == count, "timer %u: count 0 stops it [B-15-032 "
	      TIMER_IDS(n));
	stimer_stop(n);
}

static void direct(u32 n)
{
	const u64 mode = HV_STIMER_DIRECT | (u64)DIRECT_VECTOR << HV_STIMER_APIC_VECTOR_SHIFT;
	u32 r[4];
	u64 when;

	cpuid(0x40000003, 0, r);
	if (!(r[3] & HV_FEATURE_EDX_DIRECT_SYNTHETIC_TIMERS)) {
		skip("not offered", "timer %u: direct", n);
		return;
	}
	new_timer(n);
	when = ref_time() + 2 * UNITS_MS;
	wrmsr(STIMER_CONFIG(n), mode | HV_STIMER_AUTOENABLE);
	wrmsr(STIMER_COUNT(n), when);
	check(wait_for(&hits[DIRECT_VECTOR], 1, WAIT_MS) && came_at >= when &&
	      !SLOTS(0)[0].header.message_type && !slot->header.message_type && !enabled(n),
	      "timer %u: direct, an interrupt and no message [B-v50-018 " TIMER_IDS(n));
	wrmsr(STIMER_CONFIG(n), mode | HV_STIMER_PERIODIC | HV_STIMER_AUTOENABLE);
	wrmsr(STIMER_COUNT(n), UNITS_MS);
	wait_for(&hits[DIRECT_VECTOR], 5, WAIT_MS);
	check(hits[DIRECT_VECTOR] >= 5 && enabled(n), "timer %u: direct and periodic [B-v50-018 "
	      TIMER_IDS(n));
	stimer_stop(n);
	take_irqs();
	wrmsr(STIMER_COUNT(n), 1);
	wrmsr(STIMER_CONFIG(n), HV_STIMER_DIRECT | 5 << HV_STIMER_APIC_VECTOR_SHIFT |
	      HV_STIMER_ENABLE);
	check(!enabled(n), "timer %u: direct with a vector below 16 is not enabled", n);
	stimer_stop(n);
}

/* ---- several ---- */

static volatile u32 came[TIMERS];

static void on_shared(struct trap_frame *f)
{
	u32 n = timer_message(slot)->timer_index;

	if (slot->header.message_type == HVMSG_TIMER_EXPIRED && n < TIMERS)
		came[n]++;
	hits[f->vector]++;
	if (slot_take(slot))
		wrmsr(HV_X64_MSR_EOM, 0);
	wrmsr(HV_X64_MSR_EOI, 0);
}

static void shared(void)
{
	u64 now = ref_time();
	u32 i;

	new_timer(0);
	set_handler(VECTOR, on_shared);
	for (i = 0; i < TIMERS; i++) {
		wrmsr(STIMER_CONFIG(i), STIMER_ONE_SHOT(SINT));
		wrmsr(STIMER_COUNT(i), now + 4 * UNITS_MS);
	}
	wait_for(&hits[VECTOR], TIMERS, WAIT_MS);
	wait_quiet(2);
	check(came[0] == 1 && came[1] == 1 && came[2] == 1 && came[3] == 1,
	      "four timers share a SINT [B-15-023]");
	stimer_now(1, SINT);
	take_irqs();
	check(came[0] == 1 && came[1] == 2 && came[2] == 1 && came[3] == 1,
	      "each is for itself [B-15-023]");
}

/*
 * A guest that did not read for some periods reads again, until it is up to date.  Returns how many
 * messages it has then, and since when it could read; their expirations are in expirations[]
 */
#define OUTAGE_PERIOD	(16 * UNITS_MS)
#define OUTAGE_MS	100
/* a timer may skip what it missed if that is so many periods (15.1.4; the module's choice) */
#define OUTAGE_MAX	16

static u32 after_outage(u64 flags, u64 *before, u64 *since)
{
	u64 end = ref_time() + WAIT_MS * UNITS_MS;
	u32 n;

	new_timer(0);
	wrmsr(STIMER_CONFIG(0), STIMER_PERIODIC(SINT) | flags);
	wrmsr(STIMER_COUNT(0), OUTAGE_PERIOD);
	wait_quiet(OUTAGE_MS);
	set_handler(VECTOR, on_periodic);
	hits[VECTOR] = 0;
	*before = timer_message(slot)->expiration_time;
	delivered_before = timer_message(slot)->delivery_time;
	*since = ref_time();
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOM, 0);
	do {
		take_irqs();
		n = hits[VECTOR];
	} while (n < ARRAY_SIZE(expirations) && ref_time() < end &&
		 (n < 3 || ref_time() > expirations[n - 1] + OUTAGE_PERIOD));
	stimer_stop(0);
	take_irqs();
	slot_take(slot);
	return n;
}

/* expiration @now comes after @last, which was told of at @told: the next, or the next to come */
static bool follows(u64 last, u64 told, u64 now)
{
	u64 next = last + OUTAGE_PERIOD;

	if (now == next)
		return true;
	/* the host stalled, and it was too late to catch up with all of them */
	return told >= next + OUTAGE_MAX * OUTAGE_PERIOD && now > told &&
	       now <= told + OUTAGE_PERIOD && !((now - last) % OUTAGE_PERIOD);
}

static void outage(void)
{
	u64 last, told, since;
	u32 n, i, try, late = 0;
	bool ok = true, up_to_date = false;

	/* how long an emulator takes for an interrupt differs: it may be too slow for this now */
	for (try = 0; try < 10 && ok && !up_to_date; try++) {
		n = after_outage(0, &last, &since);
		told = delivered_before;
		for (i = 0; i < n; i++) {
			if (!follows(last, told, expirations[i]))
				printf("# %lu follows %lu, told of at %lu\n", expirations[i], last,
				       told);
			ok &= follows(last, told, expirations[i]);
			last = expirations[i];
			told = deliveries[i];
		}
		up_to_date = n >= 3 && n < ARRAY_SIZE(expirations) &&
			     expirations[0] + 3 * OUTAGE_PERIOD < since &&
			     expirations[1] == expirations[0] + OUTAGE_PERIOD;
	}
	check(ok && up_to_date, "a periodic timer catches up, period by period [B-15-008]");

	n = after_outage(HV_STIMER_LAZY, &last, &since);
	for (i = 0; i < n; i++)
		late += expirations[i] + OUTAGE_PERIOD < since;
	check(n >= 3 && last + 3 * OUTAGE_PERIOD < since && late <= 1,
	      "a lazy one leaves out what it missed [B-15-010]");

	new_timer(0);
	wrmsr(STIMER_CONFIG(0), STIMER_PERIODIC(SINT));
	wrmsr(STIMER_COUNT(0), UNITS_MS / 2);
	wait_quiet(40);
	set_handler(VECTOR, on_periodic);
	hits[VECTOR] = 0;
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOM, 0);
	wait_for(&hits[VECTOR], 10, WAIT_MS);
	check(hits[VECTOR] >= 10, "after many periods it goes on all the same [B-15-009]");
	stimer_stop(0);
	take_irqs();
	slot_take(slot);
}

static void sleep_in_hlt(void)
{
	new_timer(2);
	wrmsr(STIMER_CONFIG(2), STIMER_ONE_SHOT(SINT));
	wrmsr(STIMER_COUNT(2), ref_time() + 3 * UNITS_MS);
	hlt();
	check(hits[VECTOR] == 1 && slot_has(slot, 2), "a timer ends HLT [B-15-018]");
	slot_take(slot);
}

/* ---- other VPs ---- */

static void start_own(void *unused)
{
	(void)unused;
	synic_enable(NULL);
	sint_set(SINT, VECTOR);
	wrmsr(STIMER_CONFIG(1), STIMER_ONE_SHOT(SINT));
	wrmsr(STIMER_COUNT(1), ref_time() + 3 * UNITS_MS);
}

static void other_vps(void)
{
	volatile struct hv_message *theirs = &SLOTS(2)[SINT];

	new_timer(1);
	set_handler(VECTOR, on_irq);
	wrmsr(STIMER_CONFIG(1), STIMER_PERIODIC(5));
	check(vp_run(2, start_own, NULL) && rdmsr(STIMER_CONFIG(1)) == STIMER_PERIODIC(5) &&
	      !rdmsr(STIMER_COUNT(1)), "another VP's timer is its own [B-15-021]");
	wait_for(&hits[VECTOR], 1, WAIT_MS);
	check(hits_on[2][VECTOR] == 1 && slot_has(theirs, 1) && !slot->header.message_type,
	      "and its message comes there [B-15-021]");
	stimer_stop(1);
}

/* ---- re-enlightenment ---- */

static bool rsvdz(u32 msr, u64 val, u64 reserved)
{
	unsigned int fault = wrmsr_safe(msr, val | reserved);

	return fault == GP_FAULT || !(rdmsr(msr) & reserved);
}

static void reenlightenment(void)
{
	const u64 want = 1ULL << 32 | HV_REENLIGHTENMENT_ENABLE | 0x55;
	u32 r[4];

	cpuid(0x40000003, 0, r);
	if (!(r[0] & HV_PRIV_ACCESS_REENLIGHTENMENT_CONTROLS)) {
		skip("not offered", "re-enlightenment");
		return;
	}
	check_eq(rdmsr(HV_X64_MSR_REENLIGHTENMENT_CONTROL), 0,
		 "re-enlightenment control at creation [MSR-40000106]");
	wrmsr(HV_X64_MSR_REENLIGHTENMENT_CONTROL, want);
	check_eq(rdmsr(HV_X64_MSR_REENLIGHTENMENT_CONTROL), want,
		 "re-enlightenment control is kept [MSR-40000106]");
	check(rsvdz(HV_X64_MSR_REENLIGHTENMENT_CONTROL, want, 0xfffeff00),
	      "but for reserved bits [MSR-40000106]");
	check_eq(wrmsr_safe(HV_X64_MSR_REENLIGHTENMENT_CONTROL, HV_REENLIGHTENMENT_ENABLE | 5),
		 GP_FAULT, "its vector must be one of an interrupt [MSR-40000106]");
	wrmsr(HV_X64_MSR_REENLIGHTENMENT_CONTROL, 0);
	check_eq(rdmsr(HV_X64_MSR_TSC_EMULATION_CONTROL), 0,
		 "TSC emulation control at creation [MSR-40000107]");
	wrmsr(HV_X64_MSR_TSC_EMULATION_CONTROL, 1);
	check_eq(rdmsr(HV_X64_MSR_TSC_EMULATION_CONTROL), 1, "it is kept [MSR-40000107]");
	check(rsvdz(HV_X64_MSR_TSC_EMULATION_CONTROL, 0, ~1ULL),
	      "but for reserved bits [MSR-40000107]");
	check_eq(rdmsr(HV_X64_MSR_TSC_EMULATION_STATUS), 0,
		 "TSC emulation status at creation [MSR-40000108]");
	check_eq(wrmsr_safe(HV_X64_MSR_TSC_EMULATION_STATUS, 0xf0), 0,
		 "it may be written [MSR-40000108]");
	check_eq(rdmsr(HV_X64_MSR_TSC_EMULATION_STATUS), 0xf0,
		 "and keeps reserved bits [MSR-40000108]");
	wrmsr(HV_X64_MSR_TSC_EMULATION_STATUS, 0);
	wrmsr(HV_X64_MSR_TSC_EMULATION_CONTROL, 0);
}

void payload(void)
{
	u64 first = ref_time();
	u32 i;

	hv_enable();
	apic_enable(false);
	counter(first);
	rates();

	synic_enable(NULL);
	slot = &SLOTS(0)[SINT];
	for (i = 0; i < TIMERS; i++)
		timer_registers(i);
	sint_set(SINT, VECTOR);
	for (i = 0; i < TIMERS; i++) {
		one_shot(i);
		periodic(i);
		direct(i);
	}
	shared();
	outage();
	sleep_in_hlt();
	reenlightenment();

	vps = vps_start();
	check_eq(vps, MAX_VPS, "the other VPs start");
	if (vps != MAX_VPS)
		return;
	counter_vps();
	page_msr();
	page_time();
	other_vps();
}
