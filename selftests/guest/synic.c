// SPDX-License-Identifier: GPL-2.0-only
/*
 * synic.c - synthetic interrupt controller: registers, pages, messages (TLFS 14)
 *
 * The messages are those of synthetic timers, which is what a guest gets without a partner.
 */
#include "sim.h"

void payload(void);

#define SINT		2
#define VECTOR		0x51

static volatile struct hv_message *slot;

/* ---- registers ---- */

static bool reserved_kept(u32 msr, u64 val)
{
	wrmsr(msr, val);
	return rdmsr(msr) == val;
}

static void registers(void)
{
	u64 v;

	check_eq(rdmsr(HV_X64_MSR_SCONTROL), 0, "SCONTROL at creation [B-14-039 MSR-40000080]");
	check_eq(rdmsr(HV_X64_MSR_SVERSION), 1, "SVERSION is 1 [B-14-040 MSR-40000081]");
	check_eq(wrmsr_safe(HV_X64_MSR_SVERSION, 1), GP_FAULT,
		 "SVERSION is read-only [B-14-040 MSR-40000081]");
	check_eq(rdmsr(HV_X64_MSR_SIEFP), 0, "SIEFP at creation [B-14-041 MSR-40000082]");
	check_eq(rdmsr(HV_X64_MSR_SIMP), 0, "SIMP at creation [B-14-042 MSR-40000083]");
	check(!rdmsr_safe(HV_X64_MSR_EOM, &v) && !v, "EOM reads zero [B-14-049 MSR-40000084]");
	check(!wrmsr_safe(HV_X64_MSR_EOM, 0) && !rdmsr_safe(HV_X64_MSR_EOM, &v) && !v,
	      "EOM without messages does nothing [B-14-047 MSR-40000084]");

	check(reserved_kept(HV_X64_MSR_SCONTROL, 0x8000000000000101) &&
	      reserved_kept(HV_X64_MSR_SCONTROL, 0),
	      "SCONTROL keeps reserved bits [MSR-40000080]");
	check(reserved_kept(HV_X64_MSR_SIEFP, (u64)&sief_page[0] | 0xffe),
	      "SIEFP keeps reserved bits [MSR-40000082]");
	check(reserved_kept(HV_X64_MSR_SIMP, (u64)&sim_page[0] | 0xffe),
	      "SIMP keeps reserved bits [MSR-40000083]");
}

/* one row each, and the masks are this VP's alone */
static void sint_registers(void)
{
	u32 i;

	for (i = 0; i < HV_SYNIC_SINT_COUNT; i++) {
		u32 msr = HV_X64_MSR_SINT0 + i;
		char id = i < 10 ? '0' + i : 'A' + i - 10;
		u64 odd = 0xc000000100005a00 | HV_SYNIC_SINT_MASKED | HV_SYNIC_SINT_AUTO_EOI | 0x77;

		check_eq(rdmsr(msr), HV_SYNIC_SINT_RESET_VALUE,
			 "SINT%u at creation [B-14-043 MSR-4000009%c]", i, id);
		check(reserved_kept(msr, odd) && reserved_kept(msr, 0x60) &&
		      reserved_kept(msr, 0x10) && reserved_kept(msr, 0xff),
		      "SINT%u is kept, reserved bits and all [MSR-4000009%c]", i, id);
		check(wrmsr_safe(msr, 0) == GP_FAULT && wrmsr_safe(msr, 5) == GP_FAULT &&
		      wrmsr_safe(msr, HV_SYNIC_SINT_AUTO_EOI | 15) == GP_FAULT &&
		      rdmsr(msr) == 0xff,
		      "SINT%u: vectors 0 to 15 are #GP and change nothing [B-14-043 "
		      "MSR-4000009%c]", i, id);
		check(reserved_kept(msr, HV_SYNIC_SINT_MASKED | 5) &&
		      reserved_kept(msr, HV_SYNIC_SINT_POLLING | 5) &&
		      reserved_kept(msr, HV_SYNIC_SINT_RESET_VALUE),
		      "SINT%u: but not where they are not used [B-14-044 MSR-4000009%c]", i, id);
	}
}

/* ---- pages ---- */

static void page(u32 msr, volatile u32 *page, const char *name, const char *ids)
{
	u32 i;
	bool ok = true;

	page[0] = 0x1234;
	page[1000] = 0x5678;
	wrmsr(msr, (u64)page);
	check(page[0] == 0x1234, "%s: not enabled, not there [%s]", name, ids);
	wrmsr(msr, (u64)page | 1);
	for (i = 0; i < 1024; i++)
		ok &= !page[i];
	check(ok, "%s: the page is empty at first [B-14-050 %s]", name, ids);
	ok = true;
	for (i = 0; i < 1024; i++)
		page[i] = i * 0x10001;
	for (i = 0; i < 1024; i++)
		ok &= page[i] == i * 0x10001;
	check(ok, "%s: the page is as memory [B-14-051 %s]", name, ids);
	/* beyond any GPA space: no fault, and no page */
	check_eq(wrmsr_safe(msr, 1ULL << 51 | 1), 0,
		 "%s: beyond the GPA space it is no fault [B-14-041 %s]", name, ids);
	check(page[0] == 0x1234 && page[1000] == 0x5678,
	      "%s: but then not accessible [B-14-041 %s]", name, ids);
	wrmsr(msr, (u64)page | 1);
	check(page[1000] == 1000 * 0x10001, "%s: it kept its contents [%s]", name, ids);
	for (i = 0; i < 1024; i++)
		page[i] = 0;
	wrmsr(msr, 0);
	check(page[0] == 0x1234, "%s: disabled it uncovers what was there [%s]", name, ids);
}

/* ---- one message ---- */

static void new_vector(u64 sint)
{
	set_handler(VECTOR, on_irq);
	forget_hits();
	sint_set(SINT, sint);
	memset((void *)slot, 0, sizeof(*slot));
}

static void message(void)
{
	const volatile u8 *bytes = (const volatile u8 *)slot;
	u64 when, now;
	u32 i;
	bool ok = true;

	new_vector(VECTOR);
	for (i = 64; i < 256; i++)
		((volatile u8 *)slot)[i] = 0xee;
	when = ref_time() + 2 * UNITS_MS;
	wrmsr(STIMER_CONFIG(1), STIMER_ONE_SHOT(SINT));
	wrmsr(STIMER_COUNT(1), when);
	check(wait_for(&hits[VECTOR], 1, WAIT_MS) && slot_has(slot, 1),
	      "a message comes with an interrupt [B-14-010 B-15-018]");
	now = ref_time();
	check(slot->header.payload_size == 24 && !slot->header.reserved && !slot->header.sender,
	      "its header: size, origin [MSG-80000010 MSG-all]");
	check_eq(slot->header.message_flags, 0, "its flags: nothing else waits [B-14-056 MSG-all]");
	check(slot->header.message_type == 0x80000010 && *(volatile u32 *)(bytes + 16) == 1 &&
	      !*(volatile u32 *)(bytes + 20) && *(volatile u64 *)(bytes + 24) == when,
	      "its payload: timer and expiration [MSG-80000010 B-15-022]");
	check(*(volatile u64 *)(bytes + 32) >= when && *(volatile u64 *)(bytes + 32) <= now,
	      "its payload: time of delivery [MSG-80000010 B-15-022]");
	for (i = 64; i < 256; i++)
		ok &= bytes[i] == 0xee || !bytes[i];
	check(ok, "beyond its size there is nothing of the hypervisor's [B-14-016]");
	for (i = 0, ok = true; i < HV_SYNIC_SINT_COUNT; i++)
		ok &= i == SINT || !SLOTS(0)[i].header.message_type;
	check(ok, "the other slots stay empty [PORT-SIM-page-slot-16]");
	check(!slot_take(slot), "nothing else waits [B-14-056]");
}

/* a vector for each of the sources a timer may have */
static void sources(void)
{
	u32 i, k;
	bool ok = true;

	forget_hits();
	for (i = 1; i < HV_SYNIC_SINT_COUNT; i++) {
		set_handler(0x80 + i, on_irq);
		sint_set(i, 0x80 + i);
	}
	for (i = 1; i < HV_SYNIC_SINT_COUNT; i++) {
		stimer_now(i % HV_SYNIC_STIMER_COUNT, i);
		take_irqs();
		for (k = 0; k < HV_SYNIC_SINT_COUNT; k++)
			ok &= slot_has(&SLOTS(0)[k], i % HV_SYNIC_STIMER_COUNT) == (k == i) &&
			      hits[0x80 + k] == (k && k <= i);
		slot_take(&SLOTS(0)[i]);
	}
	check(ok, "each source has its slot and its vector "
	      "[PORT-synic-sint-SINT1-15 PORT-SIM-page-slot-16]");
	for (i = 1; i < HV_SYNIC_SINT_COUNT; i++)
		sint_set(i, HV_SYNIC_SINT_RESET_VALUE);
}

/* ---- queue ---- */

/* until tries to deliver by itself have become rare */
static void long_wait(void)
{
	wait_quiet(150);
}

static void fill(void)
{
	new_vector(VECTOR);
	stimer_now(0, SINT);
	take_irqs();
	stimer_now(1, SINT);
	stimer_now(2, SINT);
	long_wait();
}

static void queue(void)
{
	fill();
	check(slot_has(slot, 0) && hits[VECTOR] == 1,
	      "a message waits for its slot, without interrupt [B-14-010 B-15-031]");
	check(slot->header.message_flags & HV_MESSAGE_FLAG_PENDING,
	      "the message before it says so [B-14-015]");
	check(slot_take(slot), "the flag stays when the slot is emptied [B-14-015]");
	wrmsr(HV_X64_MSR_EOM, 0);
	check(slot_has(slot, 1), "EOM delivers the next, in order [B-14-012 B-14-047 MSR-40000084 "
	      "MSG-00000000]");
	take_irqs();
	check_eq(hits[VECTOR], 2, "with an interrupt [B-14-047 MSR-40000084]");
	check(slot->header.message_flags & HV_MESSAGE_FLAG_PENDING,
	      "and the flag for the last one [B-14-015]");
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOM, 0);
	check(slot_has(slot, 2), "EOM delivers the last [B-14-012 B-14-047]");
	check_eq(slot->header.message_flags, 0, "which has no flag [B-14-056]");
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOM, 0);
	check(!slot->header.message_type, "EOM with nothing queued does nothing [B-14-047]");
	take_irqs();
	check_eq(hits[VECTOR], 3, "three messages, three interrupts [B-14-010]");
}

static void queue_triggers(void)
{
	fill();
	slot_take(slot);
	apic_eoi();
	check(slot_has(slot, 1), "EOI delivers a queued message [B-14-012]");
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOI, 0);
	check(slot_has(slot, 2), "so does the EOI MSR [B-14-012]");
	slot_take(slot);

	fill();
	slot_take(slot);
	stimer_now(3, SINT);
	check(slot_has(slot, 1), "a new message pushes the queue, and is behind it [B-14-012]");
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOM, 0);
	check(slot_has(slot, 2), "the second of the queue [B-14-012]");
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOM, 0);
	check(slot_has(slot, 3), "and the new one [B-14-012]");
	slot_take(slot);

	fill();
	slot_take(slot);
	check(slot_wait(slot, 1), "a free slot is found after a while [B-14-013]");
	slot_take(slot);
	check(slot_wait(slot, 2), "and again [B-14-013]");
	slot_take(slot);
	take_irqs();
}

/* ---- masks ---- */

static void masks(void)
{
	new_vector(HV_SYNIC_SINT_MASKED | VECTOR);
	stimer_now(0, SINT);
	check(slot_has(slot, 0), "a masked SINT takes messages [B-14-011]");
	stimer_now(1, SINT);
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOM, 0);
	check(slot_has(slot, 1), "EOM drains the queue of a masked SINT [B-14-048]");
	slot_take(slot);
	sint_set(SINT, VECTOR);
	take_irqs();
	check_eq(hits[VECTOR], 0, "their interrupts are lost [B-14-011]");

	new_vector(HV_SYNIC_SINT_POLLING);
	stimer_now(0, SINT);
	take_irqs();
	check(slot_has(slot, 0) && !hits[VECTOR], "a polling SINT has messages and no interrupts "
	      "[B-v50-015]");
	slot_take(slot);

	new_vector(VECTOR);
	apic_write(APIC_SVR, 0xff);
	stimer_now(0, SINT);
	apic_write(APIC_SVR, 0x1ff);
	take_irqs();
	check(slot_has(slot, 0) && !hits[VECTOR],
	      "a software-disabled APIC loses the interrupt, not the message [B-14-011]");
	slot_take(slot);

	new_vector(VECTOR);
	wrmsr(HV_X64_MSR_TPR, 0x50);
	stimer_now(0, SINT);
	take_irqs();
	check(slot_has(slot, 0) && !hits[VECTOR] && vector_bit(APIC_IRR, VECTOR),
	      "the TPR holds the interrupt back [B-14-014]");
	irq_enable();
	wrmsr(HV_X64_MSR_TPR, 0x40);
	cpu_relax();
	irq_disable();
	check_eq(hits[VECTOR], 1, "until it is lowered [B-14-014]");
	slot_take(slot);
	stimer_now(0, SINT);
	check_eq(hits[VECTOR], 1, "so does the interrupt flag [B-14-014]");
	take_irqs();
	check_eq(hits[VECTOR], 2, "until it is set [B-14-014]");
	slot_take(slot);
	wrmsr(HV_X64_MSR_TPR, 0);
}

static void disabled(void)
{
	new_vector(VECTOR);
	wrmsr(HV_X64_MSR_SCONTROL, 0);
	stimer_now(0, SINT);
	wait_quiet(QUIET_MS);
	check(!slot->header.message_type && !hits[VECTOR],
	      "no message comes while the SynIC is disabled [MSR-40000080]");
	wrmsr(HV_X64_MSR_SCONTROL, 1);
	check(slot_wait(slot, 0), "it comes when that is enabled [B-15-031 MSR-40000080]");
	take_irqs();
	slot_take(slot);

	wrmsr(HV_X64_MSR_SIMP, (u64)&sim_page[0]);
	stimer_now(0, SINT);
	wait_quiet(QUIET_MS);
	check_eq(hits[VECTOR], 1, "no interrupt comes while there is no page [MSR-40000083]");
	wrmsr(HV_X64_MSR_SIMP, (u64)&sim_page[0] | 1);
	check(slot_wait(slot, 0), "the message comes when there is [B-15-031 MSR-40000083]");
	take_irqs();
	slot_take(slot);
}

/* ---- automatic EOI ---- */

static volatile u32 in_service, in_service_later;

static void on_auto(struct trap_frame *f)
{
	in_service = vector_bit(APIC_ISR, f->vector);
	hits[f->vector]++;
	slot_take(slot);
}

static void on_toggle(struct trap_frame *f)
{
	sint_set(SINT, HV_SYNIC_SINT_AUTO_EOI | VECTOR);
	in_service = vector_bit(APIC_ISR, f->vector);
	hits[f->vector]++;
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOI, 0);
	in_service_later = vector_bit(APIC_ISR, f->vector);
}

static void auto_eoi(void)
{
	new_vector(HV_SYNIC_SINT_AUTO_EOI | VECTOR);
	set_handler(VECTOR, on_auto);
	in_service = 1;
	stimer_now(0, SINT);
	take_irqs();
	check(hits[VECTOR] == 1 && !in_service, "AutoEOI: never in service [B-14-045]");
	stimer_now(0, SINT);
	take_irqs();
	check_eq(hits[VECTOR], 2, "AutoEOI: the next one comes without EOI [B-14-045]");

	new_vector(VECTOR);
	set_handler(VECTOR, on_toggle);
	in_service_later = 1;
	stimer_now(0, SINT);
	take_irqs();
	check(hits[VECTOR] == 1 && in_service && !in_service_later,
	      "AutoEOI set in the handler is not for that interrupt [B-14-046]");
	set_handler(VECTOR, on_auto);
	stimer_now(0, SINT);
	take_irqs();
	check(hits[VECTOR] == 2 && !in_service, "but for the next [B-14-046]");
}

/* ---- messages in the recommended way, and under load ---- */

#define ROUNDS	150

static volatile u32 rounds[HV_SYNIC_STIMER_COUNT], finished, bad_messages;

static void on_chain(struct trap_frame *f)
{
	struct hv_timer_message_payload m;
	volatile struct hv_message *s = &SLOTS(0)[SINT];
	bool more, got = s->header.message_type == HVMSG_TIMER_EXPIRED;

	hits[f->vector]++;
	m.timer_index = timer_message(s)->timer_index;
	more = slot_take(s);
	if (more)
		wrmsr(HV_X64_MSR_EOM, 0);
	wrmsr(HV_X64_MSR_EOI, 0);
	if (!got)
		return;
	if (m.timer_index >= HV_SYNIC_STIMER_COUNT) {
		bad_messages++;
		return;
	}
	if (++rounds[m.timer_index] == ROUNDS)
		finished++;
	else
		wrmsr(STIMER_COUNT(m.timer_index), ref_time() + 500 * (m.timer_index + 1));
}

static void stress(void)
{
	u32 i;

	new_vector(VECTOR);
	set_handler(VECTOR, on_chain);
	for (i = 0; i < HV_SYNIC_STIMER_COUNT; i++)
		wrmsr(STIMER_CONFIG(i), STIMER_ONE_SHOT(SINT));
	for (i = 0; i < HV_SYNIC_STIMER_COUNT; i++)
		wrmsr(STIMER_COUNT(i), 1);
	wait_for(&finished, HV_SYNIC_STIMER_COUNT, 20000);
	check(finished == HV_SYNIC_STIMER_COUNT && !bad_messages,
	      "four timers, one slot, each message asks for the next: none is lost [B-14-003 B-14-017]");
}

/* one buffer for each timer: a periodic one survives a guest that does not read */
static void periodic_unread(void)
{
	new_vector(VECTOR);
	wrmsr(STIMER_CONFIG(0), STIMER_PERIODIC(SINT));
	wrmsr(STIMER_COUNT(0), 2 * UNITS_MS);
	wait_quiet(40);
	check_eq(hits[VECTOR], 1, "a full slot holds a periodic timer's messages back [B-14-020]");
	check(rdmsr(STIMER_CONFIG(0)) & HV_STIMER_ENABLE, "but does not stop it [B-14-020]");
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOM, 0);
	check(slot_wait(slot, 0), "its message comes when there is room [B-14-020]");
	slot_take(slot);
	wrmsr(HV_X64_MSR_EOM, 0);
	check(slot_wait(slot, 0), "and it goes on [B-14-020]");
	stimer_stop(0);
	take_irqs();
	slot_take(slot);
}

/* ---- other VPs ---- */

struct synic_regs {
	u64 control, siefp, simp, version;
	u64 sint[HV_SYNIC_SINT_COUNT];
	u64 config[HV_SYNIC_STIMER_COUNT], count[HV_SYNIC_STIMER_COUNT];
};

static void get_regs(void *arg)
{
	struct synic_regs *r = arg;
	u32 i;

	r->control = rdmsr(HV_X64_MSR_SCONTROL);
	r->version = rdmsr(HV_X64_MSR_SVERSION);
	r->siefp = rdmsr(HV_X64_MSR_SIEFP);
	r->simp = rdmsr(HV_X64_MSR_SIMP);
	for (i = 0; i < HV_SYNIC_SINT_COUNT; i++)
		r->sint[i] = rdmsr(HV_X64_MSR_SINT0 + i);
	for (i = 0; i < HV_SYNIC_STIMER_COUNT; i++) {
		r->config[i] = rdmsr(STIMER_CONFIG(i));
		r->count[i] = rdmsr(STIMER_COUNT(i));
	}
}

static bool regs_reset(const struct synic_regs *r)
{
	bool ok = !r->control && !r->siefp && !r->simp && r->version == 1;
	u32 i;

	for (i = 0; i < HV_SYNIC_SINT_COUNT; i++)
		ok &= r->sint[i] == HV_SYNIC_SINT_RESET_VALUE;
	return ok;
}

static bool timers_reset(const struct synic_regs *r)
{
	bool ok = true;
	u32 i;

	for (i = 0; i < HV_SYNIC_STIMER_COUNT; i++)
		ok &= !r->config[i] && !r->count[i];
	return ok;
}

/* a message in the slot, another one behind it, flags, every register not as at reset */
static void make_state(void *unused)
{
	u32 i;

	(void)unused;
	synic_enable(NULL);
	for (i = 0; i < HV_SYNIC_SINT_COUNT; i++)
		sint_set(i, HV_SYNIC_SINT_MASKED | (0x60 + i));
	stimer_now(0, SINT);
	stimer_now(1, SINT);
	wrmsr(STIMER_CONFIG(3), STIMER_PERIODIC(SINT));
	wrmsr(STIMER_COUNT(3), 1000 * UNITS_MS);
	wrmsr(STIMER_COUNT(2), 5);
	sief_page[1].sint_event_flags[3].flags32[7] = 0x55;
}

static void eom(void *unused)
{
	(void)unused;
	wrmsr(HV_X64_MSR_EOM, 0);
}

static bool all_zero(const volatile u32 *p)
{
	for (u32 i = 0; i < 1024; i++)
		if (p[i])
			return false;
	return true;
}

static void other_vps(void)
{
	const volatile struct hv_message *theirs = &SLOTS(1)[SINT];
	struct synic_regs r;
	u64 v;
	unsigned int fault;

	check(vp_run(1, get_regs, &r) && regs_reset(&r) && timers_reset(&r) &&
	      rdmsr(HV_X64_MSR_SCONTROL) == 1,
	      "another VP's registers are its own [B-14-037]");
	sint_set(SINT, 0x99);
	check(vp_run(1, make_state, NULL) && rdmsr(HV_X64_MSR_SINT0 + SINT) == 0x99 &&
	      rdmsr(HV_X64_MSR_SIMP) == ((u64)&sim_page[0] | 1),
	      "and it changes them for itself [B-14-037]");
	check(!SLOTS(0)[SINT].header.message_type, "messages come to the VP whose timer it is "
	      "[B-15-021]");
	fault = read_safe((volatile void *)&theirs->header, &v);
	check((!fault && (u32)v == HVMSG_TIMER_EXPIRED) || fault == 18 + 1,
	      "its page can be read from here, or is #MC [B-14-052]");
	check(vp_run(1, get_regs, &r) && !regs_reset(&r) && !timers_reset(&r), "VP 1 has a state");

	vp_init(1);
	check(vp_restart(1, 8), "VP 1 starts again");
	check(vp_run(1, get_regs, &r), "VP 1 is back");
	check(regs_reset(&r), "INIT resets the SynIC [B-14-038 B-14-039 B-14-041 B-14-042 "
	      "MSR-40000080 MSR-40000082 MSR-40000083]");
	check(timers_reset(&r), "INIT resets the timers [B-15-024]");
	check(vp_run(1, synic_enable, NULL) && all_zero((u32 *)&sim_page[1]) &&
	      all_zero((u32 *)&sief_page[1]), "INIT empties the pages [B-14-050]");
	check(vp_run(1, eom, NULL) && all_zero((u32 *)&sim_page[1]),
	      "INIT empties the queues [B-14-005]");
}

void payload(void)
{
	hv_enable();
	apic_enable(false);
	registers();
	sint_registers();
	page(HV_X64_MSR_SIEFP, (u32 *)&sief_page[0], "SIEF", "MSR-40000082");
	page(HV_X64_MSR_SIMP, (u32 *)&sim_page[0], "SIM", "MSR-40000083");

	synic_enable(NULL);
	slot = &SLOTS(0)[SINT];
	message();
	sources();
	queue();
	queue_triggers();
	masks();
	disabled();
	auto_eoi();
	stress();
	periodic_unread();
	if (vps_start() == MAX_VPS)
		other_vps();
	else
		check(false, "the other VPs start");
}
