/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * intr.h - interrupts as the payloads of TLFS chapters 13 to 15 watch them
 *
 * One payload is one program: what is static here is its own.
 */
#ifndef INTR_H
#define INTR_H

#include "guest.h"

#define MAX_VPS		4
#define WAIT_MS		2000	/* for what must come: the host is an emulator and may stall */
#define QUIET_MS	5	/* for what must not come */
#define STALL_MS	60	/* what may lie between two instructions */

#define APIC_ID		0x20
#define APIC_VERSION	0x30
#define APIC_TPR	0x80
#define APIC_PPR	0xa0
#define APIC_EOI	0xb0
#define APIC_LDR	0xd0
#define APIC_DFR	0xe0
#define APIC_SVR	0xf0
#define APIC_ISR	0x100
#define APIC_TMR	0x180
#define APIC_IRR	0x200
#define APIC_ESR	0x280
#define APIC_CMCI	0x2f0
#define APIC_ICR	0x300
#define APIC_ICR2	0x310
#define APIC_LVTT	0x320
#define APIC_LVT0	0x350
#define APIC_LVT1	0x360
#define APIC_LVTERR	0x370
#define APIC_TMICT	0x380
#define APIC_TMCCT	0x390
#define APIC_TDCR	0x3e0

#define MSR_APIC_BASE	0x1b
#define MSR_DEADLINE	0x6e0
#define MSR_X2APIC	0x800
#define MSR_SELF_IPI	0x83f

#define ICR_SELF	0x40000
#define ICR_ALL		0x80000
#define ICR_OTHERS	0xc0000
#define ICR_LOGICAL	0x800
#define ICR_LOWEST	0x100
#define ICR_SMI		0x200
#define ICR_NMI		0x400
#define ICR_INIT	0x500
#define ICR_SIPI	0x600
#define ICR_ASSERT	0x4000

#define LVT_MASKED	0x10000
#define LVT_PERIODIC	0x20000
#define LVT_DEADLINE	0x40000

/* how often each vector came, and on which VP last */
static volatile u32 hits[256];
static volatile u32 hits_on[MAX_VPS][256];

static inline u32 vp_index(void) { return rdmsr(HV_X64_MSR_VP_INDEX); }
static inline u64 ref_time(void) { return rdmsr(HV_X64_MSR_TIME_REF_COUNT); }

static inline void count_hit(u8 vector)
{
	__atomic_add_fetch(&hits_on[vp_index() % MAX_VPS][vector], 1, __ATOMIC_SEQ_CST);
	__atomic_add_fetch(&hits[vector], 1, __ATOMIC_SEQ_CST);
}

/* the handlers: with and without EOI */
static inline void on_irq(struct trap_frame *f)
{
	count_hit(f->vector);
	/* whatever the mode of this VP's APIC */
	wrmsr(HV_X64_MSR_EOI, 0);
}

static inline void on_irq_no_eoi(struct trap_frame *f)
{
	count_hit(f->vector);
}

static inline void forget_hits(void)
{
	for (int v = 0; v < 256; v++) {
		hits[v] = 0;
		for (int i = 0; i < MAX_VPS; i++)
			hits_on[i][v] = 0;
	}
}

/* spend about @ms with interrupts on */
static inline void wait_quiet(unsigned int ms)
{
	u64 end = ref_time() + ms * 10000ULL;

	irq_enable();
	while (ref_time() < end)
		cpu_relax();
	irq_disable();
}

/* interrupts on for what is pending already */
static inline void take_irqs(void)
{
	asm volatile("sti; nop; nop; cli" : : : "memory");
}

static inline bool vector_bit(u32 regs, u8 vector)
{
	return apic_read(regs + (vector >> 5) * 16) >> (vector & 31) & 1;
}

static inline bool vectors_clear(u32 regs)
{
	for (unsigned int i = 0; i < 8; i++)
		if (apic_read(regs + i * 16))
			return false;
	return true;
}

/* ---- other VPs: they sleep in HLT and do what they are asked to ---- */

#define CALL_VECTOR	0xf1

static void (*volatile vp_job[MAX_VPS])(void *);
static void *volatile vp_arg[MAX_VPS];

static inline void vp_serve(void *unused)
{
	u32 me = vp_index() % MAX_VPS;

	(void)unused;
	for (;;) {
		void (*fn)(void *) = __atomic_load_n(&vp_job[me], __ATOMIC_ACQUIRE);

		if (fn) {
			fn(vp_arg[me]);
			__atomic_store_n(&vp_job[me], (void (*)(void *))0, __ATOMIC_RELEASE);
		}
		hlt();
	}
}

static inline bool vp_done(u32 vp, unsigned int ms)
{
	u64 end = ref_time() + ms * 10000ULL;

	while (__atomic_load_n(&vp_job[vp], __ATOMIC_ACQUIRE) && ref_time() < end)
		cpu_relax();
	return !vp_job[vp];
}

/* @fn runs on @vp with interrupts off; what it does not come back from in time is a failure */
static inline void vp_start(u32 vp, void (*fn)(void *), void *arg)
{
	vp_arg[vp] = arg;
	__atomic_store_n(&vp_job[vp], fn, __ATOMIC_RELEASE);
	apic_icr(cpu_apic_id[vp], ICR_ASSERT | CALL_VECTOR);
}

static inline bool vp_run(u32 vp, void (*fn)(void *), void *arg)
{
	vp_start(vp, fn, arg);
	return vp_done(vp, WAIT_MS);
}

/* all of them; returns how many VPs there are */
static inline unsigned int vps_start(void)
{
	unsigned int n = start_aps(), i;

	set_handler(CALL_VECTOR, on_irq);
	for (i = 1; i < n; i++)
		on_cpu_async(i, vp_serve, NULL);
	return n;
}

/* SIPI for one of them that waits for it; it serves again */
static inline bool vp_restart(u32 vp, u8 page)
{
	vp_job[vp] = NULL;
	if (!restart_ap(vp, page))
		return false;
	on_cpu_async(vp, vp_serve, NULL);
	return true;
}

static inline void vp_init(u32 vp)
{
	apic_icr(cpu_apic_id[vp], ICR_INIT | ICR_ASSERT);
	wait_quiet(1);
}

#endif /* INTR_H */
