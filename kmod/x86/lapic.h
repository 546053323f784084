/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lapic.h - the local APIC of a VP (TLFS 13; xAPIC and x2APIC)
 */
#ifndef TLFS_LAPIC_H
#define TLFS_LAPIC_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/hrtimer.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct tlfs_vp;
struct tlfs_partition;
struct hv_local_interrupt_controller_state;

/**
 * struct tlfs_lapic - local APIC state
 * @irr:	requested vectors; set_bit/clear_bit from any context
 * @isr:	vectors in service; VP thread
 * @level:	vectors whose EOI the VMM wants to hear of (level-triggered asserts).  Not the
 *		TMR the guest sees: a VMM's IOAPIC may depend on the guest's own EOI write
 * @isrv:	highest vector in service, -1 if none (cache of @isr)
 * @enabled:	enabled in SVR and in @base: takes fixed interrupts
 * @x2apic:	in x2APIC mode
 * @asserted:	vector of the last level-triggered assertion, 0 if none: what an assertion of
 *		HV_INTERRUPT_VECTOR_NONE withdraws.  xchg() from any context
 * @ppr:	processor priority when last looked at; a hint for lowest-priority arbitration
 * @base:	IA32_APIC_BASE
 * @esr:	errors not yet latched into the ESR; atomic, any context
 * @extint:	TLFS_EXTINT_* and the vector: the ExtINT line of this VP; atomic, any context
 * @rotor:	breaks ties of lowest-priority arbitration
 * @reg:	every other register by xAPIC offset >> 4.  Written by the VP's thread; others read
 *		LDR, DFR and LVT entries with READ_ONCE
 * @timer:	host timer behind the APIC timer; may run once more after that was stopped, so its
 *		callback believes only @timer_armed
 * @timer_lock:	the timer's fields, LVT entry, initial count and divide register; read without
 *		it by the VP's thread.  Innermost: nothing but @irr, the kick and @timer under it
 * @timer_expiry: partition time (tlfs_time_ns) of the first expiry, 0: not counting
 * @timer_wake:	partition time of the next expiry
 * @timer_period: of the periodic mode
 * @timer_armed: an expiry will raise an interrupt
 * @tsc_deadline: IA32_TSC_DEADLINE, 0 disarmed
 */
struct tlfs_lapic {
	DECLARE_BITMAP(irr, 256);
	DECLARE_BITMAP(isr, 256);
	DECLARE_BITMAP(level, 256);
	int isrv;
	bool enabled;
	bool x2apic;
	u8 asserted;
	u8 ppr;
	u64 base;
	atomic_t esr;
	atomic_t extint;
	atomic_t rotor;
	u32 reg[64];
	struct hrtimer timer;
	raw_spinlock_t timer_lock;
	u64 timer_expiry;
	u64 timer_wake;
	u64 timer_period;
	bool timer_armed;
	u64 tsc_deadline;
};

#define TLFS_EXTINT_ASSERTED		BIT(8)	/* waits for the VP */
#define TLFS_EXTINT_ACKNOWLEDGED	BIT(9)	/* taken; HvClearVirtualInterrupt ends it */

/**
 * struct tlfs_interrupt - an interrupt to deliver (HvAssertVirtualInterrupt, IPI, MSI, LINT)
 * @type:	HV_INTERRUPT_TYPE: 0 fixed, 1 lowest priority, 4 NMI, 5 INIT, 6 SIPI, 7 ExtINT,
 *		8 local int 0, 9 local int 1
 * @dest:	APIC id, logical destination or 0xff/0xffffffff broadcast
 * @x2apic:	@dest is of an x2APIC's ICR: 0xff is no broadcast, logical ids have 32 bits
 * @supersede:	a level-triggered one replaces the target's last one if that still waits (13.5.1)
 */
struct tlfs_interrupt {
	u32 type;
	u32 dest;
	u8 vector;
	bool level;
	bool logical;
	bool x2apic;
	bool supersede;
};

#define TLFS_APIC_DEFAULT_BASE	0xfee00000ULL
/* the APIC bus clock a guest sees; TLFS frequency MSR 0x40000023 says so */
#define TLFS_APIC_FREQUENCY_HZ	200000000ULL

int tlfs_lapic_create(struct tlfs_vp *vp);
void tlfs_lapic_destroy(struct tlfs_vp *vp);
void tlfs_lapic_reset(struct tlfs_vp *vp, bool init);

/* any context, interrupts on or off */
void tlfs_lapic_set_irr(struct tlfs_vp *vp, u8 vector, bool level);
/*
 * Any context.  Returns how many VPs it was sent to (0: the destination names none), -EINVAL for a
 * bad type or a fixed vector < 16, -EBUSY for an ExtINT while the last one taken is not cleared
 */
int tlfs_interrupt_deliver(struct tlfs_partition *pt, const struct tlfs_interrupt *irq);
/* any context: the same for a set of VPs, whatever irq->dest says */
int tlfs_interrupt_deliver_mask(struct tlfs_partition *pt, const struct tlfs_interrupt *irq,
				const unsigned long *mask);
/* any context: note an error (APIC_ESR_*) and raise the error interrupt */
void tlfs_lapic_error(struct tlfs_vp *vp, u32 error);
/*
 * VP thread, to inject for TLFS_REQ_EXTINT: take the ExtINT.  Returns its vector, or -1 if it was
 * withdrawn.  Neither ISR nor processor priority have a part in it
 */
int tlfs_extint_accept(struct tlfs_vp *vp);
void tlfs_extint_requeue(struct tlfs_vp *vp, u8 vector);

/* VP thread: highest vector above the processor priority (TPR is the backend's CR8), or -1 */
int tlfs_lapic_pending(struct tlfs_vp *vp);
/* VP thread: highest requested vector whatever the priority, or -1: for HLT and V_TPR windows */
int tlfs_lapic_highest_irr(struct tlfs_vp *vp);
/* VP thread: @vector, as tlfs_lapic_pending() said, is being injected: IRR -> ISR */
void tlfs_lapic_accept(struct tlfs_vp *vp, u8 vector);
/*
 * VP thread: the interrupt with @vector was accepted, but the guest did not get it because
 * something else goes first: undo the acceptance.  An ExtINT goes back to its line
 */
void tlfs_lapic_requeue(struct tlfs_vp *vp, u8 vector);
/*
 * VP thread: EOI.  Returns TLFS_RESUME, or TLFS_USER with an APIC EOI message composed for a
 * level-triggered vector
 */
int tlfs_lapic_eoi(struct tlfs_vp *vp);

/* VP thread: 32-bit register access at @offset of the xAPIC page; #GP-free, sets ESR */
u32 tlfs_lapic_read(struct tlfs_vp *vp, u32 offset);
int tlfs_lapic_write(struct tlfs_vp *vp, u32 offset, u32 val);
/* VP thread: does @gpa hit the enabled xAPIC page */
bool tlfs_lapic_hit(struct tlfs_vp *vp, u64 gpa);
/* VP thread: MSRs 0x1b, 0x6e0, 0x800-0x8ff; TLFS_RESUME, TLFS_USER, or TLFS_GP */
int tlfs_lapic_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val);
int tlfs_lapic_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val);
/*
 * VP thread: IA32_APIC_BASE.  @guest: enforce the mode transitions of the architecture; the
 * register interface may go from any valid mode to any other
 */
int tlfs_lapic_set_base(struct tlfs_vp *vp, u64 val, bool guest);
/* VP thread: task priority, as CR8 and what the guest wrote in the low bits give it */
u8 tlfs_lapic_tpr(struct tlfs_vp *vp);
void tlfs_lapic_set_tpr(struct tlfs_vp *vp, u8 tpr);
/* ICR write of any origin; TLFS_RESUME or TLFS_GP */
int tlfs_lapic_icr(struct tlfs_vp *vp, u64 icr);

void tlfs_lapic_get_state(struct tlfs_vp *vp, struct hv_local_interrupt_controller_state *s);
int tlfs_lapic_set_state(struct tlfs_vp *vp, const struct hv_local_interrupt_controller_state *s);

/* x86/lapic_timer.c; VP thread */
void tlfs_lapic_timer_create(struct tlfs_vp *vp);
void tlfs_lapic_timer_stop(struct tlfs_vp *vp);
u32 tlfs_lapic_timer_count(struct tlfs_vp *vp);
void tlfs_lapic_timer_set_count(struct tlfs_vp *vp, u32 initial, u32 current_count);
void tlfs_lapic_timer_set_divide(struct tlfs_vp *vp, u32 divide);
void tlfs_lapic_timer_set_lvt(struct tlfs_vp *vp, u32 lvt);
u64 tlfs_lapic_timer_deadline(struct tlfs_vp *vp);
void tlfs_lapic_timer_set_deadline(struct tlfs_vp *vp, u64 deadline);
void tlfs_lapic_timer_destroy(struct tlfs_vp *vp);
/* any thread: partition time stands; it goes on, or the guest's TSC was set */
void tlfs_lapic_timer_pause(struct tlfs_vp *vp);
void tlfs_lapic_timer_resume(struct tlfs_vp *vp);

/* hv/interrupt.c: VP assist page; VP creation (may sleep), destruction, reset by the VP thread */
int tlfs_interrupt_create(struct tlfs_vp *vp);
void tlfs_interrupt_destroy(struct tlfs_vp *vp);
void tlfs_interrupt_reset(struct tlfs_vp *vp);
/* VP thread: end lazy EOI for now; an EOI the guest has made by it is carried out */
void tlfs_eoi_assist_flush(struct tlfs_vp *vp);
/* VP thread: EOI of the highest vector in service; returns it, or -1 */
int tlfs_lapic_end_interrupt(struct tlfs_vp *vp);

/* highest bit of a vector bitmap, -1 if none */
static inline int tlfs_vector_top(const unsigned long *map)
{
	int i;

	for (i = 256 / BITS_PER_LONG - 1; i >= 0; i--) {
		unsigned long word = READ_ONCE(map[i]);

		if (word)
			return i * BITS_PER_LONG + __fls(word);
	}
	return -1;
}

/* any context: is @vector requested and not yet taken */
static inline bool tlfs_lapic_requested(const struct tlfs_lapic *lapic, u8 vector)
{
	return test_bit(vector, lapic->irr);
}

#endif /* TLFS_LAPIC_H */
