/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sim.h - SynIC and synthetic timers as the payloads use them
 */
#ifndef SIM_H
#define SIM_H

#include "intr.h"

/* SIM and SIEF page of each VP */
static struct hv_message_page sim_page[MAX_VPS] __page_aligned;
static struct hv_event_flags_page sief_page[MAX_VPS] __page_aligned;

#define SLOTS(vp)	((volatile struct hv_message *)sim_page[vp].sint_message)
#define STIMER_CONFIG(n)	(HV_X64_MSR_STIMER0_CONFIG + 2 * (n))
#define STIMER_COUNT(n)		(HV_X64_MSR_STIMER0_COUNT + 2 * (n))
#define STIMER_SINT(n)		((u64)(n) << HV_STIMER_SINTX_SHIFT)
#define STIMER_ONE_SHOT(sint)	(STIMER_SINT(sint) | HV_STIMER_AUTOENABLE)
#define STIMER_PERIODIC(sint)	(STIMER_ONE_SHOT(sint) | HV_STIMER_PERIODIC)
#define UNITS_MS	10000ULL

static inline void sint_set(u32 sint, u64 val)
{
	wrmsr(HV_X64_MSR_SINT0 + sint, val);
}

static inline void synic_enable(void *unused)
{
	u32 me = vp_index();

	(void)unused;
	wrmsr(HV_X64_MSR_SIMP, (u64)&sim_page[me] | 1);
	wrmsr(HV_X64_MSR_SIEFP, (u64)&sief_page[me] | 1);
	wrmsr(HV_X64_MSR_SCONTROL, 1);
}

/* an expiry at once */
static inline void stimer_now(u32 timer, u32 sint)
{
	wrmsr(STIMER_CONFIG(timer), STIMER_ONE_SHOT(sint));
	wrmsr(STIMER_COUNT(timer), 1);
}

static inline void stimer_stop(u32 timer)
{
	wrmsr(STIMER_CONFIG(timer), 0);
	wrmsr(STIMER_COUNT(timer), 0);
}

static inline const volatile struct hv_timer_message_payload *
timer_message(const volatile struct hv_message *m)
{
	return (const volatile void *)m->payload;
}

static inline bool slot_has(const volatile struct hv_message *m, u32 timer)
{
	return m->header.message_type == HVMSG_TIMER_EXPIRED &&
	       timer_message(m)->timer_index == timer;
}

/* empties the slot; true if more messages wait */
static inline bool slot_take(volatile struct hv_message *m)
{
	m->header.message_type = HVMSG_NONE;
	asm volatile("mfence" : : : "memory");
	return m->header.message_flags & HV_MESSAGE_FLAG_PENDING;
}

static inline bool slot_wait(const volatile struct hv_message *m, u32 timer)
{
	u64 end = ref_time() + WAIT_MS * UNITS_MS;

	while (!slot_has(m, timer) && ref_time() < end)
		cpu_relax();
	return slot_has(m, timer);
}

#endif /* SIM_H */
