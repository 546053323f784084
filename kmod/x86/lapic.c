// SPDX-License-Identifier: GPL-2.0-only
/*
 * lapic.c - registers of the local APIC, as xAPIC page and as x2APIC MSRs (TLFS 13.2)
 *
 * Lockless.  Everybody may set a bit of the IRR; all other registers belong to the VP's thread,
 * and whoever routes an interrupt reads what he needs of them with READ_ONCE.
 */
#include <linux/nospec.h>

#include <asm/apicdef.h>

#include "../eventfd.h"
#include "../tlfs.h"

#define REG(offset)		((offset) >> 4)
#define REG_BIT(offset)		BIT_ULL(REG(offset))
#define REG_BITS(first, last)	GENMASK_ULL(REG(last), REG(first))

/* P4/Xeon, seven LVT entries (CMCI the last), no EOI broadcast suppression */
#define LAPIC_VERSION		0x00060014

#define LVT_TIMER_BITS		(APIC_VECTOR_MASK | APIC_LVT_MASKED | (3 << 17))
#define LVT_LOCAL_BITS		(APIC_VECTOR_MASK | APIC_MODE_MASK | APIC_LVT_MASKED)
#define LVT_LINT_BITS		(LVT_LOCAL_BITS | APIC_INPUT_POLARITY | APIC_LVT_LEVEL_TRIGGER)
#define LVT_ERROR_BITS		(APIC_VECTOR_MASK | APIC_LVT_MASKED)
/* the hypervisor's, ignored on write: delivery status, remote IRR */
#define LVT_STATUS_BITS		(APIC_SEND_PENDING | APIC_LVT_REMOTE_IRR)

#define SVR_BITS		(APIC_VECTOR_MASK | APIC_SPIV_APIC_ENABLED | \
				 APIC_SPIV_FOCUS_DISABLED)
#define ICR_BITS		0x000ccfffULL
#define ESR_BITS		0xff

/* what a write may change, by register number */
static const u32 lapic_bits[64] = {
	[REG(APIC_TASKPRI)]	= APIC_TPRI_MASK,
	[REG(APIC_EOI)]		= ~0,
	[REG(APIC_LDR)]		= APIC_LDR_MASK,
	[REG(APIC_DFR)]		= 0xf0000000,
	[REG(APIC_SPIV)]	= SVR_BITS,
	[REG(APIC_LVTCMCI)]	= LVT_LOCAL_BITS,
	[REG(APIC_ICR)]		= ICR_BITS,
	[REG(APIC_ICR2)]	= 0xff000000,
	[REG(APIC_LVTT)]	= LVT_TIMER_BITS,
	[REG(APIC_LVTTHMR)]	= LVT_LOCAL_BITS,
	[REG(APIC_LVTPC)]	= LVT_LOCAL_BITS,
	[REG(APIC_LVT0)]	= LVT_LINT_BITS,
	[REG(APIC_LVT1)]	= LVT_LINT_BITS,
	[REG(APIC_LVTERR)]	= LVT_ERROR_BITS,
	[REG(APIC_TMICT)]	= ~0,
	[REG(APIC_TDCR)]	= 0xb,
};

#define LVT_REGS	(REG_BIT(APIC_LVTCMCI) | REG_BITS(APIC_LVTT, APIC_LVTERR))

#define X2APIC_WRITE	(REG_BIT(APIC_TASKPRI) | REG_BIT(APIC_EOI) | REG_BIT(APIC_SPIV) |	\
			 REG_BIT(APIC_ESR) | REG_BIT(APIC_ICR) | LVT_REGS |			\
			 REG_BIT(APIC_TMICT) | REG_BIT(APIC_TDCR))
#define XAPIC_WRITE	(X2APIC_WRITE | REG_BIT(APIC_LDR) | REG_BIT(APIC_DFR) | REG_BIT(APIC_ICR2))

#define X2APIC_READ	(REG_BIT(APIC_ID) | REG_BIT(APIC_LVR) | REG_BIT(APIC_TASKPRI) |	\
			 REG_BIT(APIC_PROCPRI) | REG_BIT(APIC_LDR) | REG_BIT(APIC_SPIV) |	\
			 REG_BITS(APIC_ISR, APIC_ESR) | REG_BIT(APIC_ICR) | LVT_REGS |		\
			 REG_BIT(APIC_TMICT) | REG_BIT(APIC_TMCCT) | REG_BIT(APIC_TDCR))
#define XAPIC_READ	(X2APIC_READ | REG_BIT(APIC_ARBPRI) | REG_BIT(APIC_EOI) |		\
			 REG_BIT(APIC_RRR) | REG_BIT(APIC_DFR) | REG_BIT(APIC_ICR2))
/* read-only in the xAPIC page: a write does nothing */
#define XAPIC_RO	(XAPIC_READ & ~XAPIC_WRITE)

static u32 lapic_reg(const struct tlfs_lapic *lapic, u32 offset)
{
	return lapic->reg[REG(offset)];
}

static void lapic_set(struct tlfs_lapic *lapic, u32 offset, u32 val)
{
	WRITE_ONCE(lapic->reg[REG(offset)], val);
}

static bool lapic_present(const struct tlfs_lapic *lapic)
{
	return READ_ONCE(lapic->base) & XAPIC_ENABLE;
}

/* the run loop looks at the requests before it enters: no kick in the VP's own thread */
static void lapic_recheck(struct tlfs_vp *vp)
{
	if (tlfs_vector_top(vp->lapic.irr) >= 0)
		set_bit(TLFS_REQ_EVENT, &vp->requests);
}

/* ---- requests: any context ---- */

void tlfs_lapic_set_irr(struct tlfs_vp *vp, u8 vector, bool level)
{
	struct tlfs_lapic *lapic = &vp->lapic;

	if (unlikely(!READ_ONCE(lapic->enabled)))
		return;
	/* before the IRR bit: the VP may take and end the interrupt as soon as that is set */
	if (unlikely(level != test_bit(vector, lapic->level)))
		assign_bit(vector, lapic->level, level);
	/* who set it first kicks */
	if (!test_and_set_bit(vector, lapic->irr))
		tlfs_vp_request(vp, TLFS_REQ_EVENT);
}

void tlfs_lapic_error(struct tlfs_vp *vp, u32 error)
{
	u32 lvt = READ_ONCE(vp->lapic.reg[REG(APIC_LVTERR)]);
	u8 vector = lvt & APIC_VECTOR_MASK;

	atomic_or(error, &vp->lapic.esr);
	/* a bad vector here is not one more error: that would not end */
	if (!(lvt & APIC_LVT_MASKED) && vector >= 16)
		tlfs_lapic_set_irr(vp, vector, false);
}

/* ---- priority, acceptance, end: the VP's thread ---- */

int tlfs_lapic_highest_irr(struct tlfs_vp *vp)
{
	/* who had seen the APIC enabled may have set a bit after it was disabled */
	if (unlikely(!lapic_present(&vp->lapic)))
		return -1;
	return tlfs_vector_top(vp->lapic.irr);
}

/* class of the processor priority; who looks for the lowest one from outside gets to know it */
static int lapic_priority(struct tlfs_vp *vp)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	/* classes are enough: isrv is -1 if none, and that stays below all of them */
	int priority = max_t(int, tlfs_call(get_cr)(vp, 8), lapic->isrv >> 4);

	if (lapic->ppr != priority << 4)
		WRITE_ONCE(lapic->ppr, priority << 4);
	return priority;
}

int tlfs_lapic_pending(struct tlfs_vp *vp)
{
	int priority = lapic_priority(vp);
	int irrv = tlfs_lapic_highest_irr(vp);

	return irrv >> 4 > priority ? irrv : -1;
}

void tlfs_lapic_accept(struct tlfs_vp *vp, u8 vector)
{
	struct tlfs_lapic *lapic = &vp->lapic;

	clear_bit(vector, lapic->irr);
	if (unlikely(test_bit(vector, vp->synic.auto_eoi)))
		return;
	__set_bit(vector, lapic->isr);
	lapic->isrv = vector;
}

void tlfs_lapic_requeue(struct tlfs_vp *vp, u8 vector)
{
	struct tlfs_lapic *lapic = &vp->lapic;

	tlfs_eoi_assist_flush(vp);
	if (lapic->isrv == vector) {
		__clear_bit(vector, lapic->isr);
		lapic->isrv = tlfs_vector_top(lapic->isr);
	} else if (!test_bit(vector, vp->synic.auto_eoi)) {
		/* never in service: it was an ExtINT */
		tlfs_extint_requeue(vp, vector);
		return;
	}
	set_bit(vector, lapic->irr);
	set_bit(TLFS_REQ_EVENT, &vp->requests);
}

int tlfs_lapic_end_interrupt(struct tlfs_vp *vp)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	int vector = lapic->isrv;

	if (vector < 0)
		return -1;
	__clear_bit(vector, lapic->isr);
	lapic->isrv = tlfs_vector_top(lapic->isr);
	lapic_recheck(vp);
	return vector;
}

int tlfs_lapic_eoi(struct tlfs_vp *vp)
{
	int vector;

	vp_count(vp, HV_VP_STAT_APIC_EOI);
	/* the guest may have made one EOI without telling: that one comes first */
	if (unlikely(vp->eoi_assist_armed))
		tlfs_eoi_assist_flush(vp);
	vector = tlfs_lapic_end_interrupt(vp);
	tlfs_synic_scan(vp);
	if (unlikely(vector >= 0 && test_bit(vector, vp->lapic.level))) {
		tlfs_irqfd_eoi(vp->pt, vector);
		return tlfs_msg_apic_eoi(vp, vector);
	}
	return TLFS_RESUME;
}

u8 tlfs_lapic_tpr(struct tlfs_vp *vp)
{
	u8 class = tlfs_call(get_cr)(vp, 8);
	u8 tpr = lapic_reg(&vp->lapic, APIC_TASKPRI);

	/* MOV to CR8 clears the low bits, and does so without an exit */
	return tpr >> 4 == class ? tpr : class << 4;
}

void tlfs_lapic_set_tpr(struct tlfs_vp *vp, u8 tpr)
{
	vp_count(vp, HV_VP_STAT_APIC_TPR);
	lapic_set(&vp->lapic, APIC_TASKPRI, tpr);
	tlfs_call(set_cr)(vp, 8, tpr >> 4);
	lapic_priority(vp);
	lapic_recheck(vp);
}

static u8 lapic_ppr(struct tlfs_vp *vp)
{
	u8 tpr = tlfs_lapic_tpr(vp);
	u8 isrv = max(vp->lapic.isrv, 0);

	return tpr >> 4 >= isrv >> 4 ? tpr : isrv & 0xf0;
}

/* ---- interrupt command ---- */

static void lapic_shorthand(struct tlfs_vp *vp, const struct tlfs_interrupt *irq, u32 shorthand)
{
	DECLARE_BITMAP(mask, TLFS_MAX_VPS);

	if (shorthand == APIC_DEST_SELF) {
		bitmap_zero(mask, TLFS_MAX_VPS);
		__set_bit(vp->index, mask);
	} else {
		bitmap_copy(mask, vp->pt->vp_map, TLFS_MAX_VPS);
		if (shorthand == APIC_DEST_ALLBUT)
			__clear_bit(vp->index, mask);
	}
	tlfs_interrupt_deliver_mask(vp->pt, irq, mask);
}

static void lapic_self_ipi(struct tlfs_vp *vp, u8 vector)
{
	struct tlfs_lapic *lapic = &vp->lapic;

	vp_count(vp, HV_VP_STAT_SELF_IPIS_SENT);
	if (unlikely(!lapic->enabled))
		return;
	if (unlikely(test_bit(vector, lapic->level)))
		clear_bit(vector, lapic->level);
	set_bit(vector, lapic->irr);
	set_bit(TLFS_REQ_EVENT, &vp->requests);
}

int tlfs_lapic_icr(struct tlfs_vp *vp, u64 icr)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 low = icr & ICR_BITS;
	u32 shorthand = low & APIC_DEST_ALLBUT;
	struct tlfs_interrupt irq;

	if (unlikely(!lapic_present(lapic)))
		return TLFS_RESUME;
	vp_count(vp, HV_VP_STAT_IPIS_SENT);
	lapic_set(lapic, APIC_ICR, low);
	lapic_set(lapic, APIC_ICR2, icr >> 32);

	irq.type = (low & APIC_MODE_MASK) >> 8;
	irq.dest = lapic->x2apic ? icr >> 32 : icr >> 56;
	irq.vector = low & APIC_VECTOR_MASK;
	irq.level = false;
	irq.logical = low & APIC_DEST_LOGICAL;
	irq.x2apic = lapic->x2apic;
	irq.supersede = false;

	switch (irq.type) {
	case HV_X64_INTERRUPT_TYPE_FIXED:
		if (unlikely(irq.vector < 16)) {
			tlfs_lapic_error(vp, APIC_ESR_SENDILL);
			return TLFS_RESUME;
		}
		if (shorthand == APIC_DEST_SELF ||
		    (!shorthand && !irq.logical && irq.dest == vp->index &&
		     (irq.x2apic || irq.dest != 0xff))) {
			lapic_self_ipi(vp, irq.vector);
			return TLFS_RESUME;
		}
		break;
	case HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY:
		if (irq.vector < 16) {
			tlfs_lapic_error(vp, APIC_ESR_SENDILL);
			return TLFS_RESUME;
		}
		break;
	case HV_X64_INTERRUPT_TYPE_INIT:
		/* de-assertion: no processor since the Pentium 4 takes it */
		if ((low & (APIC_INT_LEVELTRIG | APIC_INT_ASSERT)) == APIC_INT_LEVELTRIG)
			return TLFS_RESUME;
		break;
	case HV_X64_INTERRUPT_TYPE_NMI:
	case HV_X64_INTERRUPT_TYPE_SIPI:
		break;
	default:
		/* SMI, remote read, reserved: nothing is sent (13.2.1) */
		return TLFS_RESUME;
	}

	if (shorthand)
		lapic_shorthand(vp, &irq, shorthand);
	else
		tlfs_interrupt_deliver(vp->pt, &irq);
	return TLFS_RESUME;
}

/* ---- registers ---- */

/* software enable changes with SVR, the other half with IA32_APIC_BASE */
static void lapic_update_enabled(struct tlfs_lapic *lapic)
{
	WRITE_ONCE(lapic->enabled, lapic_present(lapic) &&
		   (lapic_reg(lapic, APIC_SPIV) & APIC_SPIV_APIC_ENABLED));
}

static void lapic_write_lvt(struct tlfs_vp *vp, u32 reg, u32 val)
{
	struct tlfs_lapic *lapic = &vp->lapic;

	if (!(lapic_reg(lapic, APIC_SPIV) & APIC_SPIV_APIC_ENABLED))
		val |= APIC_LVT_MASKED;
	if (reg == REG(APIC_LVTT))
		tlfs_lapic_timer_set_lvt(vp, val);
	else
		WRITE_ONCE(lapic->reg[reg], val);
}

static void lapic_mask_lvts(struct tlfs_vp *vp)
{
	unsigned int reg;

	lapic_write_lvt(vp, REG(APIC_LVTCMCI), lapic_reg(&vp->lapic, APIC_LVTCMCI));
	for (reg = REG(APIC_LVTT); reg <= REG(APIC_LVTERR); reg++)
		lapic_write_lvt(vp, reg, vp->lapic.reg[reg]);
}

static u64 lapic_icr_value(const struct tlfs_lapic *lapic)
{
	return (u64)lapic_reg(lapic, APIC_ICR2) << 32 | lapic_reg(lapic, APIC_ICR);
}

/* @val within lapic_bits[] */
static int lapic_write_reg(struct tlfs_vp *vp, u32 reg, u32 val)
{
	struct tlfs_lapic *lapic = &vp->lapic;

	switch (reg) {
	case REG(APIC_TASKPRI):
		tlfs_lapic_set_tpr(vp, val);
		break;
	case REG(APIC_EOI):
		return tlfs_lapic_eoi(vp);
	case REG(APIC_DFR):
		lapic_set(lapic, APIC_DFR, val | APIC_DFR_CLUSTER);
		break;
	case REG(APIC_SPIV):
		lapic_set(lapic, APIC_SPIV, val);
		lapic_update_enabled(lapic);
		if (!(val & APIC_SPIV_APIC_ENABLED))
			lapic_mask_lvts(vp);
		break;
	case REG(APIC_ESR):
		lapic_set(lapic, APIC_ESR, atomic_xchg(&lapic->esr, 0));
		break;
	case REG(APIC_ICR):
		return tlfs_lapic_icr(vp, (u64)lapic_reg(lapic, APIC_ICR2) << 32 | val);
	case REG(APIC_LVTCMCI):
	case REG(APIC_LVTT) ... REG(APIC_LVTERR):
		lapic_write_lvt(vp, reg, val);
		break;
	case REG(APIC_TMICT):
		tlfs_lapic_timer_set_count(vp, val, val);
		break;
	case REG(APIC_TDCR):
		tlfs_lapic_timer_set_divide(vp, val);
		break;
	default:
		WRITE_ONCE(lapic->reg[reg], val);
	}
	return TLFS_RESUME;
}

static u32 vector_word(const unsigned long *map, u32 word)
{
	return READ_ONCE(((const u32 *)map)[word]);
}

static u32 lapic_read_reg(struct tlfs_vp *vp, u32 reg)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u32 id = vp->index;

	if (unlikely(vp->eoi_assist_armed))
		tlfs_eoi_assist_sync(vp);
	switch (reg) {
	case REG(APIC_ID):
		return lapic->x2apic ? id : id << 24;
	case REG(APIC_LVR):
		return LAPIC_VERSION;
	case REG(APIC_TASKPRI):
		vp_count(vp, HV_VP_STAT_APIC_TPR);
		return tlfs_lapic_tpr(vp);
	case REG(APIC_ARBPRI):
	case REG(APIC_PROCPRI):
		return lapic_ppr(vp);
	case REG(APIC_LDR):
		if (lapic->x2apic)
			return (id >> 4) << 16 | BIT(id & 0xf);
		break;
	case REG(APIC_ISR) ... REG(APIC_ISR) + 7:
		return vector_word(lapic->isr, reg & 7);
	case REG(APIC_TMR) ... REG(APIC_TMR) + 7:
		/*
		 * Edge always: a guest that sees a level-triggered vector leaves the EOI of the
		 * IOAPIC to a broadcast that some VMMs never hear of
		 */
		return 0;
	case REG(APIC_IRR) ... REG(APIC_IRR) + 7:
		return vector_word(lapic->irr, reg & 7);
	case REG(APIC_TMCCT):
		return tlfs_lapic_timer_count(vp);
	}
	return lapic->reg[reg];
}

/* ---- xAPIC page ---- */

bool tlfs_lapic_hit(struct tlfs_vp *vp, u64 gpa)
{
	u64 base = vp->lapic.base;

	return (base & (XAPIC_ENABLE | X2APIC_ENABLE)) == XAPIC_ENABLE &&
	       !((gpa ^ base) & PAGE_MASK);
}

/* number of the register at @offset if it is one of @regs, or -1 */
static int xapic_reg(struct tlfs_vp *vp, u32 offset, u64 regs)
{
	u32 reg = REG(offset & ~PAGE_MASK);

	if ((offset & 0xf) || reg >= 64 || !(regs & BIT_ULL(reg))) {
		tlfs_lapic_error(vp, APIC_ESR_ILLREGA);
		return -1;
	}
	return array_index_nospec(reg, 64);
}

u32 tlfs_lapic_read(struct tlfs_vp *vp, u32 offset)
{
	int reg = xapic_reg(vp, offset, XAPIC_READ);

	return reg < 0 ? 0 : lapic_read_reg(vp, reg);
}

int tlfs_lapic_write(struct tlfs_vp *vp, u32 offset, u32 val)
{
	int reg = xapic_reg(vp, offset, XAPIC_WRITE | XAPIC_RO);

	if (reg < 0 || !(XAPIC_WRITE & BIT_ULL(reg)))
		return TLFS_RESUME;
	return lapic_write_reg(vp, reg, val & lapic_bits[reg]);
}

/* ---- MSRs ---- */

static int x2apic_read(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	u32 reg = msr - APIC_BASE_MSR;

	if (!vp->lapic.x2apic || reg >= 64 || !(X2APIC_READ & BIT_ULL(reg)))
		return TLFS_GP;
	if (reg == REG(APIC_ICR))
		*val = lapic_icr_value(&vp->lapic);
	else
		*val = lapic_read_reg(vp, array_index_nospec(reg, 64));
	return TLFS_RESUME;
}

static int x2apic_write(struct tlfs_vp *vp, u32 msr, u64 val)
{
	u32 reg = msr - APIC_BASE_MSR;
	u64 bits;

	if (!vp->lapic.x2apic || reg >= 64)
		return TLFS_GP;
	switch (reg) {
	case REG(APIC_EOI):
		return val ? TLFS_GP : tlfs_lapic_eoi(vp);
	case REG(APIC_ICR):
		if ((u32)val & ~(ICR_BITS | APIC_ICR_BUSY))
			return TLFS_GP;
		return tlfs_lapic_icr(vp, val);
	case REG(APIC_SELF_IPI):
		if (val > APIC_VECTOR_MASK)
			return TLFS_GP;
		if (val < 16) {
			tlfs_lapic_error(vp, APIC_ESR_SENDILL);
			return TLFS_RESUME;
		}
		vp_count(vp, HV_VP_STAT_IPIS_SENT);
		lapic_self_ipi(vp, val);
		return TLFS_RESUME;
	}
	reg = array_index_nospec(reg, 64);
	bits = lapic_bits[reg];
	if (LVT_REGS & BIT_ULL(reg))
		bits |= LVT_STATUS_BITS;
	if (!(X2APIC_WRITE & BIT_ULL(reg)) || (val & ~bits))
		return TLFS_GP;
	return lapic_write_reg(vp, reg, val & lapic_bits[reg]);
}

int tlfs_lapic_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	switch (msr) {
	case MSR_IA32_APICBASE:
		*val = vp->lapic.base;
		return TLFS_RESUME;
	case MSR_IA32_TSC_DEADLINE:
		*val = tlfs_lapic_timer_deadline(vp);
		return TLFS_RESUME;
	default:
		return x2apic_read(vp, msr, val);
	}
}

int tlfs_lapic_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	switch (msr) {
	case MSR_IA32_APICBASE:
		return tlfs_lapic_set_base(vp, val, true);
	case MSR_IA32_TSC_DEADLINE:
		tlfs_lapic_timer_set_deadline(vp, val);
		return TLFS_RESUME;
	default:
		return x2apic_write(vp, msr, val);
	}
}

/* ---- reset and IA32_APIC_BASE ---- */

/* all but ID, base and mode; a setter that races with it leaves a request or does not */
static void lapic_reset_regs(struct tlfs_vp *vp)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	unsigned int reg;

	tlfs_eoi_assist_flush(vp);
	tlfs_lapic_timer_stop(vp);
	for (reg = 0; reg < ARRAY_SIZE(lapic->reg); reg++)
		WRITE_ONCE(lapic->reg[reg], (LVT_REGS & BIT_ULL(reg)) ? APIC_LVT_MASKED : 0);
	lapic_set(lapic, APIC_DFR, APIC_DFR_FLAT);
	lapic_set(lapic, APIC_SPIV, APIC_VECTOR_MASK);
	lapic_update_enabled(lapic);
	bitmap_zero(lapic->irr, 256);
	bitmap_zero(lapic->isr, 256);
	bitmap_zero(lapic->level, 256);
	lapic->isrv = -1;
	WRITE_ONCE(lapic->asserted, 0);
	WRITE_ONCE(lapic->ppr, 0);
	atomic_set(&lapic->esr, 0);
}

/* modes a guest may go to from each mode (EXTD, EN), as bits: SDM "x2APIC state transitions" */
static const u8 lapic_transitions[4] = {
	[0] = BIT(0) | BIT(2),
	[2] = BIT(0) | BIT(2) | BIT(3),
	[3] = BIT(0) | BIT(3),
};

int tlfs_lapic_set_base(struct tlfs_vp *vp, u64 val, bool guest)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u64 old = lapic->base;
	u32 mode = (val & (XAPIC_ENABLE | X2APIC_ENABLE)) >> 10;

	if ((val & ~PAGE_MASK & ~(u64)(MSR_IA32_APICBASE_BSP | XAPIC_ENABLE | X2APIC_ENABLE)) ||
	    val >> PAGE_SHIFT >= vp->pt->gpa.max_gfn)
		return TLFS_GP;
	if (mode == X2APIC_ENABLE >> 10)
		return TLFS_GP;
	if ((val & X2APIC_ENABLE) && !(vp->pt->create_flags & TLFS_PT_X2APIC))
		return TLFS_GP;
	if (guest && !(lapic_transitions[(old & (XAPIC_ENABLE | X2APIC_ENABLE)) >> 10] & BIT(mode)))
		return TLFS_GP;

	/* who is the boot processor is not the guest's to say */
	val = (val & ~(u64)MSR_IA32_APICBASE_BSP) | (old & MSR_IA32_APICBASE_BSP);
	if (!(val & XAPIC_ENABLE) && (old & XAPIC_ENABLE)) {
		WRITE_ONCE(lapic->base, val);
		lapic_reset_regs(vp);
		tlfs_call(set_cr)(vp, 8, 0);
	}
	WRITE_ONCE(lapic->base, val);
	WRITE_ONCE(lapic->x2apic, !!(val & X2APIC_ENABLE));
	lapic_update_enabled(lapic);
	/* what a late setter left while it was disabled: nobody else would kick for that vector */
	lapic_recheck(vp);
	return TLFS_RESUME;
}

void tlfs_lapic_reset(struct tlfs_vp *vp, bool init)
{
	struct tlfs_lapic *lapic = &vp->lapic;

	if (!init) {
		WRITE_ONCE(lapic->base, TLFS_APIC_DEFAULT_BASE | XAPIC_ENABLE |
			   (vp->index ? 0 : MSR_IA32_APICBASE_BSP));
		WRITE_ONCE(lapic->x2apic, false);
		atomic_set(&lapic->extint, 0);
	} else if (atomic_read(&lapic->extint) & TLFS_EXTINT_ASSERTED) {
		/* the line is still up, but the VP has just forgotten that it was told */
		set_bit(TLFS_REQ_EXTINT, &vp->requests);
	}
	lapic_reset_regs(vp);
}

int tlfs_lapic_create(struct tlfs_vp *vp)
{
	tlfs_lapic_timer_create(vp);
	tlfs_lapic_reset(vp, false);
	return 0;
}

void tlfs_lapic_destroy(struct tlfs_vp *vp)
{
	tlfs_lapic_timer_destroy(vp);
}

/* ---- VP state ---- */

void tlfs_lapic_get_state(struct tlfs_vp *vp, struct hv_local_interrupt_controller_state *s)
{
	const struct tlfs_lapic *lapic = &vp->lapic;
	unsigned int i;

	tlfs_eoi_assist_flush(vp);
	memset(s, 0, sizeof(*s));
	s->apic_id = vp->index;
	s->apic_version = LAPIC_VERSION;
	s->apic_ldr = lapic_read_reg(vp, REG(APIC_LDR));
	s->apic_dfr = lapic_reg(lapic, APIC_DFR);
	s->apic_spurious = lapic_reg(lapic, APIC_SPIV);
	for (i = 0; i < 8; i++) {
		s->apic_isr[i] = vector_word(lapic->isr, i);
		s->apic_irr[i] = vector_word(lapic->irr, i);
		/* not what the guest sees: the other side must know whose EOI it waits for */
		s->apic_tmr[i] = vector_word(lapic->level, i) & (s->apic_isr[i] | s->apic_irr[i]);
	}
	s->apic_esr = lapic_reg(lapic, APIC_ESR);
	s->apic_icr_high = lapic_reg(lapic, APIC_ICR2);
	s->apic_icr_low = lapic_reg(lapic, APIC_ICR);
	s->apic_lvt_timer = lapic_reg(lapic, APIC_LVTT);
	s->apic_lvt_thermal = lapic_reg(lapic, APIC_LVTTHMR);
	s->apic_lvt_perfmon = lapic_reg(lapic, APIC_LVTPC);
	s->apic_lvt_lint0 = lapic_reg(lapic, APIC_LVT0);
	s->apic_lvt_lint1 = lapic_reg(lapic, APIC_LVT1);
	s->apic_lvt_error = lapic_reg(lapic, APIC_LVTERR);
	s->apic_lvt_cmci = lapic_reg(lapic, APIC_LVTCMCI);
	s->apic_error_status = atomic_read(&lapic->esr);
	s->apic_initial_count = lapic_reg(lapic, APIC_TMICT);
	s->apic_counter_value = tlfs_lapic_timer_count(vp);
	s->apic_divide_configuration = lapic_reg(lapic, APIC_TDCR);
}

static bool lapic_state_valid(struct tlfs_vp *vp,
			      const struct hv_local_interrupt_controller_state *s)
{
	u32 lvt = s->apic_lvt_thermal | s->apic_lvt_perfmon | s->apic_lvt_cmci;

	return s->apic_id == vp->index &&
	       !(s->apic_spurious & ~SVR_BITS) &&
	       /* no vector below 16 is ever accepted */
	       !((s->apic_isr[0] | s->apic_irr[0] | s->apic_tmr[0]) & 0xffff) &&
	       !((s->apic_esr | s->apic_error_status) & ~ESR_BITS) &&
	       !(s->apic_lvt_timer & ~(LVT_TIMER_BITS | LVT_STATUS_BITS)) &&
	       !(lvt & ~(LVT_LOCAL_BITS | LVT_STATUS_BITS)) &&
	       !((s->apic_lvt_lint0 | s->apic_lvt_lint1) & ~(LVT_LINT_BITS | LVT_STATUS_BITS)) &&
	       !(s->apic_lvt_error & ~(LVT_ERROR_BITS | LVT_STATUS_BITS)) &&
	       !(s->apic_divide_configuration & ~lapic_bits[REG(APIC_TDCR)]) &&
	       s->apic_counter_value <= s->apic_initial_count;
}

static void lapic_set_vectors(struct tlfs_lapic *lapic,
			      const struct hv_local_interrupt_controller_state *s)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		WRITE_ONCE(((u32 *)lapic->level)[i], s->apic_tmr[i]);
		WRITE_ONCE(((u32 *)lapic->isr)[i], s->apic_isr[i]);
		WRITE_ONCE(((u32 *)lapic->irr)[i], s->apic_irr[i]);
	}
	lapic->isrv = tlfs_vector_top(lapic->isr);
	WRITE_ONCE(lapic->asserted, 0);
}

/*
 * IA32_APIC_BASE may be set before or after this, so that LDR, DFR and the ICR's high half can be
 * those of either mode: no check, the hypervisor's bits are simply not taken over.  Neither are
 * the version and the (never filled) remote read register.
 */
int tlfs_lapic_set_state(struct tlfs_vp *vp, const struct hv_local_interrupt_controller_state *s)
{
	struct tlfs_lapic *lapic = &vp->lapic;
	u64 deadline = READ_ONCE(lapic->tsc_deadline);

	if (!lapic_state_valid(vp, s))
		return -EINVAL;
	tlfs_eoi_assist_flush(vp);
	tlfs_lapic_timer_stop(vp);

	lapic_set(lapic, APIC_LDR, s->apic_ldr & APIC_LDR_MASK);
	lapic_set(lapic, APIC_DFR, s->apic_dfr | APIC_DFR_CLUSTER);
	lapic_set(lapic, APIC_SPIV, s->apic_spurious);
	lapic_update_enabled(lapic);
	lapic_set_vectors(lapic, s);
	lapic_set(lapic, APIC_ESR, s->apic_esr);
	atomic_set(&lapic->esr, s->apic_error_status);
	lapic_set(lapic, APIC_ICR, s->apic_icr_low & ICR_BITS);
	lapic_set(lapic, APIC_ICR2, s->apic_icr_high);
	lapic_write_lvt(vp, REG(APIC_LVTTHMR), s->apic_lvt_thermal & LVT_LOCAL_BITS);
	lapic_write_lvt(vp, REG(APIC_LVTPC), s->apic_lvt_perfmon & LVT_LOCAL_BITS);
	lapic_write_lvt(vp, REG(APIC_LVT0), s->apic_lvt_lint0 & LVT_LINT_BITS);
	lapic_write_lvt(vp, REG(APIC_LVT1), s->apic_lvt_lint1 & LVT_LINT_BITS);
	lapic_write_lvt(vp, REG(APIC_LVTERR), s->apic_lvt_error & LVT_ERROR_BITS);
	lapic_write_lvt(vp, REG(APIC_LVTCMCI), s->apic_lvt_cmci & LVT_LOCAL_BITS);
	lapic_write_lvt(vp, REG(APIC_LVTT), s->apic_lvt_timer & LVT_TIMER_BITS);
	lapic_set(lapic, APIC_TDCR, s->apic_divide_configuration);
	lapic_set(lapic, APIC_TMICT, 0);
	tlfs_lapic_timer_set_count(vp, s->apic_initial_count, s->apic_counter_value);
	/* the structure has no room for it: what is armed stays so if the mode is still the same */
	tlfs_lapic_timer_set_deadline(vp, deadline);
	tlfs_vp_request(vp, TLFS_REQ_EVENT);
	return 0;
}
