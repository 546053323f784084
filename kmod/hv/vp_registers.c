// SPDX-License-Identifier: GPL-2.0-only
/*
 * vp_registers.c - virtual processor registers by name (TLFS 10.2.2 and 10.3)
 */
#include <linux/kernel.h>
#include <linux/nospec.h>
#include <linux/string.h>

#include <asm/debugreg.h>
#include <asm/msr-index.h>
#include <asm/mtrr.h>
#include <asm/processor-flags.h>

#include "tlfs.h"
#include "hv/timers.h"
#include "hv/vp_registers.h"

#define REG_SHARED	BIT(0)	/* may be had while the VP runs */

/**
 * struct vp_register - one row of the table: @count registers from @first on
 * @first:	HV_REGISTER_NAME
 * @count:	how many follow each other
 * @step:	what each adds to @arg
 * @flags:	REG_*
 * @arg:	for @get and @set: an index, MSR number, CPUID leaf
 * @get:	*val is zeroed before; returns HV_STATUS_*
 * @set:	NULL: read-only
 */
struct vp_register {
	u32 first;
	u8 count;
	u8 step;
	u16 flags;
	u32 arg;
	u16 (*get)(struct tlfs_vp *vp, u32 arg, union hv_register_value *val);
	u16 (*set)(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val);
};

/* ---- what the processor has ---- */

static u16 get_gpr(struct tlfs_vp *vp, u32 i, union hv_register_value *val)
{
	val->reg64 = vp_reg(vp, array_index_nospec(i, VP_REGS));
	return HV_STATUS_SUCCESS;
}

static u16 set_gpr(struct tlfs_vp *vp, u32 i, const union hv_register_value *val)
{
	if (i == VP_RIP) {
		tlfs_vmm_moves_rip(vp, val->reg64);
		return HV_STATUS_SUCCESS;
	}
	vp_set_reg(vp, array_index_nospec(i, VP_REGS), val->reg64);
	return HV_STATUS_SUCCESS;
}

static u16 set_rflags(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	if (val->reg64 & ~(VP_RFLAGS_DEFINED | X86_EFLAGS_FIXED))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp_set_reg(vp, VP_RFLAGS, val->reg64 | X86_EFLAGS_FIXED);
	return HV_STATUS_SUCCESS;
}

static u16 get_cr(struct tlfs_vp *vp, u32 nr, union hv_register_value *val)
{
	val->reg64 = tlfs_call(get_cr)(vp, nr);
	return HV_STATUS_SUCCESS;
}

static u16 set_cr(struct tlfs_vp *vp, u32 nr, const union hv_register_value *val)
{
	switch (nr) {
	case 0:
		return tlfs_reg_status(tlfs_set_cr0(vp, val->reg64));
	case 3:
		return tlfs_reg_status(tlfs_set_cr3(vp, val->reg64));
	case 4:
		return tlfs_reg_status(tlfs_set_cr4(vp, val->reg64));
	case 8:
		return tlfs_reg_status(tlfs_set_cr8(vp, val->reg64));
	default:
		tlfs_call(set_cr)(vp, nr, val->reg64);
		return HV_STATUS_SUCCESS;
	}
}

static u16 get_efer(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = tlfs_call(get_efer)(vp);
	return HV_STATUS_SUCCESS;
}

static u16 set_efer(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	return tlfs_reg_status(tlfs_set_efer(vp, val->reg64));
}

static u16 get_xfem(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = vp->fpu.xcr0;
	return HV_STATUS_SUCCESS;
}

static u16 set_xfem(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	return tlfs_reg_status(tlfs_fpu_set_xcr0(vp, val->reg64));
}

static u16 get_dr(struct tlfs_vp *vp, u32 nr, union hv_register_value *val)
{
	val->reg64 = tlfs_call(get_dr)(vp, nr);
	return HV_STATUS_SUCCESS;
}

static u16 set_dr(struct tlfs_vp *vp, u32 nr, const union hv_register_value *val)
{
	u64 dr = val->reg64;

	if (nr == 6 || nr == 7) {
		if (dr >> 32)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		/* the fixed bits are what they are */
		dr = nr == 6 ? (dr & VP_DR6_WRITABLE) | VP_DR6_ONES :
			       (dr & VP_DR7_WRITABLE) | VP_DR7_ONES;
	}
	tlfs_call(set_dr)(vp, nr, dr);
	return HV_STATUS_SUCCESS;
}

static u16 get_segment(struct tlfs_vp *vp, u32 seg, union hv_register_value *val)
{
	tlfs_call(get_segment)(vp, seg, &val->segment);
	return HV_STATUS_SUCCESS;
}

/* 10.3.6: can the processor express this limit?  Of 64-bit code segments it is ignored */
static bool segment_limit_ok(const struct hv_x64_segment_register *s)
{
	if (!(s->attributes & HV_SEGMENT_PRESENT) || !(s->attributes & HV_SEGMENT_NON_SYSTEM) ||
	    s->attributes & HV_SEGMENT_LONG)
		return true;
	if (s->attributes & HV_SEGMENT_GRANULARITY)
		return (s->limit & 0xfff) == 0xfff;
	return s->limit <= 0xfffff;
}

static u16 set_segment(struct tlfs_vp *vp, u32 seg, const union hv_register_value *val)
{
	if (val->segment.attributes & HV_SEGMENT_RESERVED_MASK || !segment_limit_ok(&val->segment))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	tlfs_call(set_segment)(vp, seg, &val->segment);
	return HV_STATUS_SUCCESS;
}

static u16 get_table(struct tlfs_vp *vp, u32 table, union hv_register_value *val)
{
	tlfs_call(get_table)(vp, table, &val->table);
	return HV_STATUS_SUCCESS;
}

static u16 set_table(struct tlfs_vp *vp, u32 table, const union hv_register_value *val)
{
	tlfs_call(set_table)(vp, table, &val->table);
	return HV_STATUS_SUCCESS;
}

static u16 get_fpu(struct tlfs_vp *vp, u32 name, union hv_register_value *val)
{
	return tlfs_fpu_get_register(vp, name, val);
}

static u16 set_fpu(struct tlfs_vp *vp, u32 name, const union hv_register_value *val)
{
	return tlfs_fpu_set_register(vp, name, val);
}

/* B-10-017: the upper halves are there for a partition that is shown AVX */
static u16 get_ymm_high(struct tlfs_vp *vp, u32 i, union hv_register_value *val)
{
	if (vp->fpu.loaded)
		return TLFS_HC_SLEEP;
	if (vp->pt->disabled_xsave & HV_XSAVE_FEATURE_AVX || !tlfs_fpu_get_ymm_high(vp, i, val))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

static u16 set_ymm_high(struct tlfs_vp *vp, u32 i, const union hv_register_value *val)
{
	if (vp->fpu.loaded)
		return TLFS_HC_SLEEP;
	if (vp->pt->disabled_xsave & HV_XSAVE_FEATURE_AVX || !tlfs_fpu_set_ymm_high(vp, i, val))
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

static u16 get_msr(struct tlfs_vp *vp, u32 msr, union hv_register_value *val)
{
	u64 data = 0;

	switch (tlfs_rdmsr(vp, msr, &data, false)) {
	case TLFS_RESUME:
		val->reg64 = data;
		return HV_STATUS_SUCCESS;
	case TLFS_SLOW:
		return TLFS_HC_SLEEP;
	default:
		/* this partition does not have it */
		return HV_STATUS_INVALID_PARAMETER;
	}
}

static u16 set_msr(struct tlfs_vp *vp, u32 msr, const union hv_register_value *val)
{
	switch (tlfs_wrmsr(vp, msr, val->reg64, false)) {
	case TLFS_RESUME:
	case TLFS_USER:		/* EOI: the parent knows, it made it itself */
		return HV_STATUS_SUCCESS;
	case TLFS_SLOW:
		return TLFS_HC_SLEEP;
	default:
		return HV_STATUS_INVALID_REGISTER_VALUE;
	}
}

static u16 get_apic_base(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = READ_ONCE(vp->lapic.base);
	return HV_STATUS_SUCCESS;
}

/* not by MSR: a state that is loaded need not be reached by the transitions a guest is held to */
static u16 set_apic_base(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	if (tlfs_lapic_set_base(vp, val->reg64, false) != TLFS_RESUME)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	/* those VMMs write this one last, of all that a reset puts somewhere */
	if (vp->pt->mshv)
		tlfs_vp_infer_reset(vp);
	return HV_STATUS_SUCCESS;
}

/* ---- what only the hypervisor has ---- */

static u16 get_explicit_suspend(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = READ_ONCE(vp->explicit_suspend) ? HV_SUSPEND_SUSPENDED : 0;
	return HV_STATUS_SUCCESS;
}

static u16 set_explicit_suspend(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	DECLARE_BITMAP(this, TLFS_MAX_VPS);

	if (val->reg64 & ~HV_SUSPEND_SUSPENDED)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	tlfs_vp_suspend(vp, val->reg64 & HV_SUSPEND_SUSPENDED);
	/* out of the guest, or out of the sleep: the loop looks at it either way */
	tlfs_vp_request(vp, TLFS_REQ_STOP);
	if (val->reg64) {
		/* suspended is stopped (10.1.3): no guest code after the call */
		bitmap_zero(this, TLFS_MAX_VPS);
		__set_bit(vp->index, this);
		tlfs_vps_request(vp->pt, this, TLFS_REQ_STOP, true);
	}
	return HV_STATUS_SUCCESS;
}

static u64 intercept_suspend(const struct tlfs_vp *vp)
{
	return (READ_ONCE(vp->intercept_suspend) ? HV_SUSPEND_SUSPENDED : 0) |
	       (READ_ONCE(vp->flush_inhibit) ? HV_INTERCEPT_SUSPEND_TLB_FLUSH_INHIBIT : 0);
}

static u16 get_intercept_suspend(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = intercept_suspend(vp);
	return HV_STATUS_SUCCESS;
}

/* 10.3.1: a parent may clear what is set, and nothing else */
static u16 set_intercept_suspend(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	if (val->reg64 & ~intercept_suspend(vp))
		return HV_STATUS_INVALID_PARAMETER;
	if (!(val->reg64 & HV_INTERCEPT_SUSPEND_TLB_FLUSH_INHIBIT))
		tlfs_flush_inhibit(vp, false);
	if (!(val->reg64 & HV_SUSPEND_SUSPENDED))
		WRITE_ONCE(vp->intercept_suspend, false);
	/* a VMM's thread is outside; a kernel thread waits for this */
	tlfs_vp_kick(vp);
	return HV_STATUS_SUCCESS;
}

static u16 get_activity(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	if (vp->startup_suspend)
		val->reg64 |= HV_ACTIVITY_STARTUP_SUSPEND;
	if (vp->halted)
		val->reg64 |= HV_ACTIVITY_HALT_SUSPEND;
	if (vp->idle)
		val->reg64 |= HV_ACTIVITY_IDLE_SUSPEND;
	return HV_STATUS_SUCCESS;
}

static u16 set_activity(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	if (val->reg64 & ~(HV_ACTIVITY_STARTUP_SUSPEND | HV_ACTIVITY_HALT_SUSPEND |
			   HV_ACTIVITY_IDLE_SUSPEND))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp->startup_suspend = val->reg64 & HV_ACTIVITY_STARTUP_SUSPEND;
	vp->halted = val->reg64 & HV_ACTIVITY_HALT_SUSPEND;
	vp->idle = val->reg64 & HV_ACTIVITY_IDLE_SUSPEND;
	return HV_STATUS_SUCCESS;
}

static u16 get_feature_leaf(struct tlfs_vp *vp, u32 leaf, union hv_register_value *val)
{
	u32 regs[4] = {};

	tlfs_feature_leaf(vp->pt, leaf, regs);
	val->reg128.low = regs[0] | (u64)regs[1] << 32;
	val->reg128.high = regs[2] | (u64)regs[3] << 32;
	return HV_STATUS_SUCCESS;
}

/* what the guest wrote; by the MSR it reads what it may write */
static u16 get_crash_ctl(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = READ_ONCE(vp->pt->crash_ctl);
	return HV_STATUS_SUCCESS;
}

static u16 set_crash_ctl(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	WRITE_ONCE(vp->pt->crash_ctl, val->reg64);
	return HV_STATUS_SUCCESS;
}

static u16 get_tsc_frequency(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = tlfs_tsc_hz(vp->pt);
	return HV_STATUS_SUCCESS;
}

static u16 get_apic_frequency(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = TLFS_APIC_FREQUENCY_HZ;
	return HV_STATUS_SUCCESS;
}

static u16 get_index(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = vp->index;
	return HV_STATUS_SUCCESS;
}

/* timer assists: the partition's, by whichever VP */
static u16 get_assist(struct tlfs_vp *vp, u32 which, union hv_register_value *val)
{
	u64 state[4];

	tlfs_assist_get_state(vp->pt, state);
	val->reg64 = state[array_index_nospec(which, 3)];
	return HV_STATUS_SUCCESS;
}

static u16 set_assist(struct tlfs_vp *vp, u32 which, const union hv_register_value *val)
{
	u16 status;

	switch (which) {
	case 0:
		status = tlfs_assist_set_period(vp->pt, val->reg64);
		break;
	case 1:
		status = tlfs_assist_set_control(vp->pt, val->reg64);
		break;
	default:
		status = tlfs_assist_set_pm(vp->pt, val->reg64);
		break;
	}
	return tlfs_reg_status(status != HV_STATUS_SUCCESS);
}

/* VTL 0 is all there is (later editions) */
static u16 get_constant(struct tlfs_vp *vp, u32 value, union hv_register_value *val)
{
	val->reg64 = value;
	return HV_STATUS_SUCCESS;
}

#define VSM_VP_STATUS_VTL0		BIT(16)	/* active 0, enabled set: 0 */
#define VSM_PARTITION_STATUS_VTL0	BIT(0)	/* enabled set: 0, highest 0 */

/* the initial APIC id is the index, here for good */
static u16 set_apic_id(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	return tlfs_reg_status(val->reg64 != vp->index);
}

/* ---- events: one slot, seen through two windows ---- */

u64 tlfs_pending_interruption(struct tlfs_vp *vp)
{
	const struct tlfs_event *ev = &vp->event;

	if (!ev->pending)
		return 0;
	return HV_PENDING_INTERRUPTION_PENDING |
	       (u64)ev->type << HV_PENDING_INTERRUPTION_TYPE_SHIFT |
	       (ev->has_error ? HV_PENDING_INTERRUPTION_DELIVER_ERROR_CODE |
				(u64)ev->error << HV_PENDING_INTERRUPTION_ERROR_CODE_SHIFT : 0) |
	       ((u64)ev->insn_len << HV_PENDING_INTERRUPTION_LENGTH_SHIFT &
		HV_PENDING_INTERRUPTION_LENGTH_MASK) |
	       (u64)ev->vector << HV_PENDING_INTERRUPTION_VECTOR_SHIFT;
}

static u16 get_pending_interruption(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	val->reg64 = tlfs_pending_interruption(vp);
	return HV_STATUS_SUCCESS;
}

static u16 set_pending_interruption(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	u64 v = val->reg64;
	u32 vector = (v & HV_PENDING_INTERRUPTION_VECTOR_MASK) >>
		     HV_PENDING_INTERRUPTION_VECTOR_SHIFT;
	u8 type = (v & HV_PENDING_INTERRUPTION_TYPE_MASK) >> HV_PENDING_INTERRUPTION_TYPE_SHIFT;

	if (!(v & HV_PENDING_INTERRUPTION_PENDING)) {
		vp->event.pending = false;
		return HV_STATUS_SUCCESS;
	}
	if (v & (HV_PENDING_INTERRUPTION_RESERVED_MASK | HV_PENDING_INTERRUPTION_NESTED) ||
	    vector > 0xff)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	switch (type) {
	case TLFS_EVENT_EXTINT:
	case TLFS_EVENT_SOFTINT:
		break;
	case TLFS_EVENT_NMI:
		vector = X86_TRAP_NMI;
		break;
	case TLFS_EVENT_EXCEPTION:
	case TLFS_EVENT_PRIV_SOFTEXC:
	case TLFS_EVENT_SOFTEXC:
		if (vector >= 32)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		break;
	default:
		return HV_STATUS_INVALID_REGISTER_VALUE;
	}
	vp->event = (struct tlfs_event) {
		.pending = true,
		.type = type,
		.vector = vector,
		.insn_len = (v & HV_PENDING_INTERRUPTION_LENGTH_MASK) >>
			    HV_PENDING_INTERRUPTION_LENGTH_SHIFT,
		.has_error = type == TLFS_EVENT_EXCEPTION &&
			     v & HV_PENDING_INTERRUPTION_DELIVER_ERROR_CODE,
		.error = v >> HV_PENDING_INTERRUPTION_ERROR_CODE_SHIFT,
		.param = tlfs_call(get_cr)(vp, 2),
	};
	return HV_STATUS_SUCCESS;
}

static u16 get_interrupt_state(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	/* the backend's bits are the register's */
	val->reg64 = tlfs_call(get_shadow)(vp);
	return HV_STATUS_SUCCESS;
}

static u16 set_interrupt_state(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	if (val->reg64 & ~(HV_INTERRUPT_STATE_SHADOW | HV_INTERRUPT_STATE_NMI_MASKED))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	tlfs_call(set_shadow)(vp, val->reg64);
	set_bit(TLFS_REQ_EVENT, &vp->requests);
	return HV_STATUS_SUCCESS;
}

/* an exception with its parameter, which the older register has no room for */
static u16 get_pending_event(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	const struct tlfs_event *ev = &vp->event;

	if (!ev->pending || ev->type != TLFS_EVENT_EXCEPTION)
		return HV_STATUS_SUCCESS;
	val->reg128.low = HV_PENDING_EVENT_PENDING |
			  (u64)ev->vector << HV_PENDING_EVENT_VECTOR_SHIFT;
	if (ev->has_error)
		val->reg128.low |= HV_PENDING_EVENT_DELIVER_ERROR_CODE |
				   (u64)ev->error << HV_PENDING_EVENT_ERROR_CODE_SHIFT;
	val->reg128.high = ev->param;
	return HV_STATUS_SUCCESS;
}

static u16 set_pending_event(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	u64 v = val->reg128.low;
	u32 vector = (v & HV_PENDING_EVENT_VECTOR_MASK) >> HV_PENDING_EVENT_VECTOR_SHIFT;
	bool has_error = v & HV_PENDING_EVENT_DELIVER_ERROR_CODE;

	if (v & HV_PENDING_EVENT_PENDING &&
	    ((v & HV_PENDING_EVENT_TYPE_MASK) >> HV_PENDING_EVENT_TYPE_SHIFT !=
	     HV_PENDING_EVENT_TYPE_EXCEPTION || vector >= 32))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	/* replaces an exception; an interrupt that was to be injected comes after it */
	if (vp->event.pending && vp->event.type == TLFS_EVENT_EXCEPTION)
		vp->event.pending = false;
	if (v & HV_PENDING_EVENT_PENDING)
		tlfs_queue_exception(vp, vector, has_error, v >> HV_PENDING_EVENT_ERROR_CODE_SHIFT,
				     val->reg128.high);
	return HV_STATUS_SUCCESS;
}

/* events of kinds that cannot happen here */
static u16 get_no_event(struct tlfs_vp *vp, u32 arg, union hv_register_value *val)
{
	return HV_STATUS_SUCCESS;
}

static u16 set_no_event(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val)
{
	return tlfs_reg_status(val->reg64 & HV_PENDING_EVENT_PENDING);
}

/* ---- the table; what VMMs ask for at every exit is in front ---- */

#define REGS(name, n, a, s, g, w)	\
	{ .first = name, .count = n, .arg = a, .step = s, .get = g, .set = w }
#define REG(name, a, g, w)		REGS(name, 1, a, 0, g, w)
#define REG_ANY(name, a, g, w)		\
	{ .first = name, .count = 1, .arg = a, .flags = REG_SHARED, .get = g, .set = w }
#define MSR(name, msr)			REG(name, msr, get_msr, set_msr)
#define MSRS(name, n, msr, s)		REGS(name, n, msr, s, get_msr, set_msr)
#define MSR_RO(name, msr)		REG(name, msr, get_msr, NULL)

static const struct vp_register registers[] = {
	REGS(HV_X64_REGISTER_RAX, 17, VP_RAX, 1, get_gpr, set_gpr),	/* to RIP */
	REG(HV_X64_REGISTER_RFLAGS, VP_RFLAGS, get_gpr, set_rflags),
	REGS(HV_X64_REGISTER_ES, 8, TLFS_SEG_ES, 1, get_segment, set_segment),
	REG(HV_X64_REGISTER_CR0, 0, get_cr, set_cr),
	REG(HV_X64_REGISTER_CR2, 2, get_cr, set_cr),
	REG(HV_X64_REGISTER_CR3, 3, get_cr, set_cr),
	REG(HV_X64_REGISTER_CR4, 4, get_cr, set_cr),
	REG(HV_X64_REGISTER_CR8, 8, get_cr, set_cr),
	REG(HV_X64_REGISTER_XFEM, 0, get_xfem, set_xfem),
	REG(HV_X64_REGISTER_IDTR, TLFS_TABLE_IDTR, get_table, set_table),
	REG(HV_X64_REGISTER_GDTR, TLFS_TABLE_GDTR, get_table, set_table),
	REG(HV_X64_REGISTER_EFER, 0, get_efer, set_efer),
	REG(HV_X64_REGISTER_APIC_BASE, 0, get_apic_base, set_apic_base),
	REGS(HV_X64_REGISTER_XMM0, 26, HV_X64_REGISTER_XMM0, 1, get_fpu, set_fpu),
	REG(HV_X64_REGISTER_PENDING_INTERRUPTION, 0, get_pending_interruption,
	    set_pending_interruption),
	REG(HV_X64_REGISTER_INTERRUPT_STATE, 0, get_interrupt_state, set_interrupt_state),
	REG(HV_REGISTER_PENDING_EVENT0, 0, get_pending_event, set_pending_event),
	REG(HV_REGISTER_PENDING_EVENT1, 0, get_no_event, set_no_event),
	REGS(HV_REGISTER_PENDING_EVENT2, 2, 0, 0, get_no_event, set_no_event),
	REG(HV_REGISTER_DELIVERABILITY_NOTIFICATIONS, 0, tlfs_get_notifications,
	    tlfs_set_notifications),
	REGS(HV_X64_REGISTER_YMM0_LOW, 16, HV_X64_REGISTER_XMM0, 1, get_fpu, set_fpu),
	REGS(HV_X64_REGISTER_YMM0_HIGH, 16, 0, 1, get_ymm_high, set_ymm_high),

	REG_ANY(HV_REGISTER_EXPLICIT_SUSPEND, 0, get_explicit_suspend, set_explicit_suspend),
	REG_ANY(HV_REGISTER_INTERCEPT_SUSPEND, 0, get_intercept_suspend, set_intercept_suspend),
	REG(HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0, get_activity, set_activity),
	REG_ANY(HV_REGISTER_HYPERVISOR_VERSION, HV_CPUID_VERSION, get_feature_leaf, NULL),
	REG_ANY(HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO, HV_CPUID_FEATURES, get_feature_leaf,
		NULL),
	REG_ANY(HV_REGISTER_FEATURES_INFO, HV_CPUID_RECOMMENDATIONS, get_feature_leaf, NULL),
	REG_ANY(HV_REGISTER_IMPLEMENTATION_LIMITS_INFO, HV_CPUID_IMPLEMENTATION_LIMITS,
		get_feature_leaf, NULL),
	REG_ANY(HV_REGISTER_HARDWARE_FEATURES_INFO, HV_CPUID_HARDWARE_FEATURES, get_feature_leaf,
		NULL),
	REG_ANY(HV_REGISTER_CPU_MANAGEMENT_FEATURES_INFO, HV_CPUID_CPU_MANAGEMENT_FEATURES,
		get_feature_leaf, NULL),
	REG_ANY(HV_REGISTER_PROCESSOR_CLOCK_FREQUENCY, 0, get_tsc_frequency, NULL),
	REG_ANY(HV_REGISTER_INTERRUPT_CLOCK_FREQUENCY, 0, get_apic_frequency, NULL),
	MSRS(HV_REGISTER_GUEST_CRASH_P0, HV_CRASH_PARAM_COUNT, HV_X64_MSR_CRASH_P0, 1),
	REG_ANY(HV_REGISTER_GUEST_CRASH_CTL, 0, get_crash_ctl, set_crash_ctl),

	REG(HV_X64_REGISTER_INTERMEDIATE_CR0, 0, get_cr, set_cr),
	REG(HV_X64_REGISTER_INTERMEDIATE_CR3, 3, get_cr, set_cr),
	REG(HV_X64_REGISTER_INTERMEDIATE_CR4, 4, get_cr, set_cr),
	REG(HV_X64_REGISTER_INTERMEDIATE_CR8, 8, get_cr, set_cr),
	REGS(HV_X64_REGISTER_DR0, 4, 0, 1, get_dr, set_dr),
	REG(HV_X64_REGISTER_DR6, 6, get_dr, set_dr),
	REG(HV_X64_REGISTER_DR7, 7, get_dr, set_dr),

	MSR(HV_X64_REGISTER_TSC, MSR_IA32_TSC),
	MSR(HV_X64_REGISTER_KERNEL_GS_BASE, MSR_KERNEL_GS_BASE),
	MSR(HV_X64_REGISTER_PAT, MSR_IA32_CR_PAT),
	MSR(HV_X64_REGISTER_SYSENTER_CS, MSR_IA32_SYSENTER_CS),
	MSR(HV_X64_REGISTER_SYSENTER_EIP, MSR_IA32_SYSENTER_EIP),
	MSR(HV_X64_REGISTER_SYSENTER_ESP, MSR_IA32_SYSENTER_ESP),
	MSR(HV_X64_REGISTER_STAR, MSR_STAR),
	MSR(HV_X64_REGISTER_LSTAR, MSR_LSTAR),
	MSR(HV_X64_REGISTER_CSTAR, MSR_CSTAR),
	MSR(HV_X64_REGISTER_SFMASK, MSR_SYSCALL_MASK),
	REG_ANY(HV_X64_REGISTER_INITIAL_APIC_ID, 0, get_index, set_apic_id),
	MSR_RO(HV_X64_REGISTER_MSR_MTRR_CAP, MSR_MTRRcap),
	MSR(HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, MSR_MTRRdefType),
	MSRS(HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 16, MTRRphysBase_MSR(0), 2),
	MSRS(HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0, 16, MTRRphysMask_MSR(0), 2),
	MSR(HV_X64_REGISTER_MSR_MTRR_FIX64K00000, MSR_MTRRfix64K_00000),
	MSRS(HV_X64_REGISTER_MSR_MTRR_FIX16K80000, 2, MSR_MTRRfix16K_80000, 1),
	MSRS(HV_X64_REGISTER_MSR_MTRR_FIX4KC0000, 8, MSR_MTRRfix4K_C0000, 1),
	MSR(HV_X64_REGISTER_TSC_AUX, MSR_TSC_AUX),
	MSR(HV_X64_REGISTER_DEBUG_CTL, MSR_IA32_DEBUGCTLMSR),
	MSR(HV_X64_REGISTER_SPEC_CTRL, MSR_IA32_SPEC_CTRL),
	MSR(HV_X64_REGISTER_XSS, MSR_IA32_XSS),
	MSR(HV_X64_REGISTER_TSC_DEADLINE, MSR_IA32_TSC_DEADLINE),
	MSR(HV_X64_REGISTER_TSC_ADJUST, MSR_IA32_TSC_ADJUST),
	MSR(HV_X64_REGISTER_MSR_IA32_MISC_ENABLE, MSR_IA32_MISC_ENABLE),

	REGS(HV_X64_REGISTER_APIC_ID, 0x3e, APIC_REG_ID, 1,
	     tlfs_lapic_get_register, tlfs_lapic_set_register),

	MSR_RO(HV_REGISTER_VP_RUNTIME, HV_X64_MSR_VP_RUNTIME),
	MSR(HV_X64_REGISTER_HYPERCALL, HV_X64_MSR_HYPERCALL),
	MSR(HV_REGISTER_GUEST_OS_ID, HV_X64_MSR_GUEST_OS_ID),
	REG_ANY(HV_REGISTER_VP_INDEX, 0, get_index, NULL),
	MSR_RO(HV_REGISTER_TIME_REF_COUNT, HV_X64_MSR_TIME_REF_COUNT),
	REG(HV_X64_REGISTER_EOI, APIC_REG_EOI, tlfs_lapic_get_register, tlfs_lapic_set_register),
	MSRS(HV_X64_REGISTER_ICR, 2, HV_X64_MSR_ICR, 1),		/* ICR, TPR */
	MSR(HV_REGISTER_VP_ASSIST_PAGE, HV_X64_MSR_VP_ASSIST_PAGE),
	MSR(HV_REGISTER_REFERENCE_TSC, HV_X64_MSR_REFERENCE_TSC),

	MSRS(HV_REGISTER_STATS_PARTITION_RETAIL, 4, HV_X64_MSR_STATS_PARTITION_RETAIL_PAGE, 1),
	REGS(HV_X64_REGISTER_EMULATED_TIMER_PERIOD, 3, 0, 1, get_assist, set_assist),
	REG_ANY(HV_REGISTER_VSM_VP_STATUS, VSM_VP_STATUS_VTL0, get_constant, NULL),
	REG_ANY(HV_REGISTER_VSM_PARTITION_STATUS, VSM_PARTITION_STATUS_VTL0, get_constant, NULL),
	REG_ANY(HV_REGISTER_VSM_CAPABILITIES, 0, get_constant, NULL),

	MSRS(HV_REGISTER_SINT0, HV_SYNIC_SINT_COUNT, HV_X64_MSR_SINT0, 1),
	MSR(HV_REGISTER_SCONTROL, HV_X64_MSR_SCONTROL),
	MSR_RO(HV_REGISTER_SVERSION, HV_X64_MSR_SVERSION),
	MSR(HV_REGISTER_SIEFP, HV_X64_MSR_SIEFP),
	MSR(HV_REGISTER_SIMP, HV_X64_MSR_SIMP),
	MSR(HV_REGISTER_EOM, HV_X64_MSR_EOM),
	MSRS(HV_REGISTER_STIMER0_CONFIG, 2 * HV_SYNIC_STIMER_COUNT, HV_X64_MSR_STIMER0_CONFIG, 1),
	MSRS(HV_REGISTER_STIME_UNHALTED_TIMER_CONFIG, 2, HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG,
	     1),
};

static const struct vp_register *register_lookup(u32 name, u32 *arg)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		const struct vp_register *r = &registers[i];

		if (name - r->first >= r->count)
			continue;
		*arg = r->arg + array_index_nospec(name - r->first, r->count) * r->step;
		return r;
	}
	return NULL;
}

bool tlfs_register_shared(u32 name)
{
	const struct vp_register *r;
	u32 arg;

	r = register_lookup(name, &arg);
	/* an unknown one gets its answer without the VP, too */
	return !r || r->flags & REG_SHARED;
}

u16 tlfs_get_register(struct tlfs_vp *vp, u32 name, union hv_register_value *val)
{
	const struct vp_register *r;
	u32 arg;

	memset(val, 0, sizeof(*val));
	r = register_lookup(name, &arg);
	if (!r)
		return HV_STATUS_INVALID_PARAMETER;
	return r->get(vp, arg, val);
}

/* 10.4.4: a name that is unknown or read-only is an invalid parameter */
u16 tlfs_set_register(struct tlfs_vp *vp, u32 name, const union hv_register_value *val)
{
	const struct vp_register *r;
	u32 arg;

	r = register_lookup(name, &arg);
	if (!r || !r->set)
		return HV_STATUS_INVALID_PARAMETER;
	return r->set(vp, arg, val);
}
