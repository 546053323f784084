// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypercall.c - decode, check, dispatch (TLFS 4)
 *
 * A guest's call and one through a descriptor go the same way: the control word is checked against
 * the call's row, then the caller against the row and the target, then the input is copied, once,
 * to a page nobody else writes.
 */
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <asm/processor-flags.h>

#include "tlfs.h"

/* elements a handler gets at a time: a few microseconds' worth, far below the 50 us of 4.3 */
#define HC_PIECE	16

#define HC_GPR_BYTES	HV_HYPERCALL_FAST_INPUT_BYTES
#define HC_MAX_BYTES	HV_HYPERCALL_XMM_FAST_BYTES

/**
 * struct hc - a guest's call on its way
 * @call:	what the handler sees
 * @control:	hypercall input value
 * @param:	input and output GPA, or 16 bytes of fast input
 * @in_total:	bytes of headers and input list
 * @out_total:	bytes of output and output list
 * @reps:	rep count of the whole list
 * @start:	rep start index
 * @is64:	64-bit register mapping
 */
struct hc {
	struct tlfs_hvcall call;
	u64 control;
	u64 param[2];
	u32 in_total;
	u32 out_total;
	u16 reps;
	u16 start;
	bool is64;
};

/* ---- what guest and descriptor calls share ---- */

/* shape of a call by its row; sizes are those of the whole list */
static u16 hc_check_shape(const struct tlfs_hvcall_desc *desc, u32 var, u16 reps, u16 start,
			  u32 *in_total, u32 *out_total)
{
	if (var && !(desc->flags & TLFS_HC_VARHEAD))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (desc->flags & TLFS_HC_REP ? start >= reps : start | reps)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	*in_total = desc->in_size + var + (u32)reps * desc->rep_in;
	*out_total = desc->out_size + (u32)reps * desc->rep_out;
	return HV_STATUS_SUCCESS;
}

/* the next piece of a list; false: done, or failed with *status */
static bool hc_run_piece(struct tlfs_hvcall *call, u16 reps, u16 *status)
{
	call->reps = reps;
	if (!(call->desc->flags & TLFS_HC_WHOLE) && reps - call->rep > HC_PIECE)
		call->reps = call->rep + HC_PIECE;
	*status = call->desc->handler(call);
	return *status == HV_STATUS_SUCCESS && call->rep == call->reps && call->rep < reps;
}

/* ---- a guest's registers (4.7, 4.8) ---- */

static u64 hc_pair(const struct tlfs_vp *vp, unsigned int high, unsigned int low)
{
	return vp->regs[high] << 32 | (u32)vp->regs[low];
}

static void hc_get_regs(struct tlfs_vp *vp, struct hc *hc)
{
	if (likely(hc->is64)) {
		hc->control = vp->regs[VP_RCX];
		hc->param[0] = vp->regs[VP_RDX];
		hc->param[1] = vp->regs[VP_R8];
	} else {
		hc->control = hc_pair(vp, VP_RDX, VP_RAX);
		hc->param[0] = hc_pair(vp, VP_RBX, VP_RCX);
		hc->param[1] = hc_pair(vp, VP_RDI, VP_RSI);
	}
}

/* the call is over: result value, and on behind the instruction */
static int hc_finish(struct tlfs_vp *vp, bool is64, u16 status, u16 reps)
{
	u64 result = status | (u64)reps << HV_HYPERCALL_RESULT_REP_COMP_SHIFT;

	if (likely(is64)) {
		vp_set_reg(vp, VP_RAX, result);
	} else {
		vp_set_reg(vp, VP_RAX, lower_32_bits(result));
		vp_set_reg(vp, VP_RDX, upper_32_bits(result));
	}
	tlfs_skip_insn(vp);
	return TLFS_RESUME;
}

/* the call is to be made again from element @rep (4.3) */
static void hc_set_start(struct tlfs_vp *vp, const struct hc *hc, u16 rep)
{
	u64 control = (hc->control & ~HV_HYPERCALL_REP_START_MASK) |
		      (u64)rep << HV_HYPERCALL_REP_START_SHIFT;

	if (hc->is64) {
		vp_set_reg(vp, VP_RCX, control);
	} else {
		vp_set_reg(vp, VP_RAX, lower_32_bits(control));
		vp_set_reg(vp, VP_RDX, upper_32_bits(control));
	}
}

/* protected mode, CPL 0 (4.5), and the interface established (4.12) */
static bool hc_legal(struct tlfs_vp *vp, bool is64)
{
	if (!(READ_ONCE(vp->pt->hypercall_msr) & HV_X64_MSR_HYPERCALL_ENABLE))
		return false;
	if (tlfs_call(cpl)(vp))
		return false;
	/* virtual 8086 mode is CPL 3 */
	return is64 || (tlfs_call(get_cr)(vp, 0) & X86_CR0_PE);
}

static int hc_insn_len(struct tlfs_vp *vp)
{
	/*
	 * The instruction is the first thing in the hypercall page, and has no prefix there.  A
	 * guest that puts one with a prefix at the start of a page of its own has only itself to
	 * surprise: calls from elsewhere than the hypercall page are undefined.
	 */
	if (!vp->exit.insn_len && !(vp_reg(vp, VP_RIP) & ~HV_PAGE_MASK))
		vp->exit.insn_len = sizeof(tlfs_ops->hypercall_insn);
	return tlfs_insn_len(vp);
}

/* ---- input and output of a guest's call ---- */

/* bounds and alignment of a parameter block (4.6) */
static bool hc_block_ok(const struct tlfs_vp *vp, u64 gpa, u32 len)
{
	return !(gpa & 7) && (gpa & ~HV_PAGE_MASK) + len <= HV_PAGE_SIZE &&
	       gpa >> HV_PAGE_SHIFT < vp->pt->gpa.max_gfn;
}

static bool hc_overlap(const struct hc *hc)
{
	return hc->param[0] < hc->param[1] + hc->out_total &&
	       hc->param[1] < hc->param[0] + hc->in_total;
}

/* a parameter block that is not accessible is the parent's business; the call is made again */
static int hc_inaccessible(struct tlfs_vp *vp, u64 gpa, bool write)
{
	bool writable, overlay;
	u32 type = tlfs_gpa_present(vp->pt, gpa, &writable, &overlay) ? HVMSG_GPA_INTERCEPT
								       : HVMSG_UNMAPPED_GPA;

	return tlfs_msg_memory(vp, type, gpa, write ? TLFS_ACCESS_WRITE : TLFS_ACCESS_READ);
}

/* registers to vp->hc_in; output goes to the registers behind the input */
static u16 hc_fast_input(struct tlfs_vp *vp, const struct hc *hc)
{
	u32 in = ALIGN(hc->in_total, 16);
	u64 *block = vp->hc_in;

	if (hc->in_total > HC_MAX_BYTES)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	if (hc->out_total && (!hc->is64 || in + hc->out_total > HC_MAX_BYTES))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	block[0] = hc->param[0];
	block[1] = hc->param[1];
	/* offered together with the hypercall MSRs: no caller lacks 0x40000003.EDX[4] */
	if (unlikely(in > HC_GPR_BYTES))
		tlfs_fpu_get_xmm(vp, 0, (in - HC_GPR_BYTES) / 16, block + 2);
	return HV_STATUS_SUCCESS;
}

/* elements before the start index, and what the last register has left over, stay as they are */
static void hc_fast_output(struct tlfs_vp *vp, const struct hc *hc)
{
	const struct tlfs_hvcall_desc *desc = hc->call.desc;
	unsigned int at = ALIGN(hc->in_total, 16), end = at + hc->out_total;
	unsigned int list = desc->out_size + hc->start * desc->rep_out;
	unsigned int first = at ? at / 16 - 1 : 0, nr = 0;
	u64 block[HC_MAX_BYTES / sizeof(u64)];
	u8 *bytes = (u8 *)block;

	block[0] = hc->param[0];
	block[1] = hc->param[1];
	if (end > HC_GPR_BYTES) {
		nr = DIV_ROUND_UP(end - HC_GPR_BYTES, 16) - first;
		tlfs_fpu_get_xmm(vp, first, nr, bytes + HC_GPR_BYTES + first * 16);
	}
	memcpy(bytes + at, vp->hc_out, desc->out_size);
	memcpy(bytes + at + list, vp->hc_out + list, hc->out_total - list);
	if (!at) {
		vp_set_reg(vp, VP_RDX, block[0]);
		vp_set_reg(vp, VP_R8, block[1]);
	}
	if (nr)
		tlfs_fpu_set_xmm(vp, first, nr, bytes + HC_GPR_BYTES + first * 16);
}

/*
 * Fetch the input and see that the output has somewhere to go.  TLFS_RESUME: go on, or *status is
 * an error; else what becomes of the exit.
 */
static int hc_memory_input(struct tlfs_vp *vp, struct hc *hc, u16 *status)
{
	bool writable, overlay;
	int r;

	*status = HV_STATUS_INVALID_ALIGNMENT;
	if (hc->in_total && !hc_block_ok(vp, hc->param[0], hc->in_total))
		return TLFS_RESUME;
	if (hc->out_total && !hc_block_ok(vp, hc->param[1], hc->out_total))
		return TLFS_RESUME;
	if (hc->in_total && hc->out_total && hc_overlap(hc))
		return TLFS_RESUME;
	*status = HV_STATUS_SUCCESS;
	if (unlikely(hc->call.desc->flags & TLFS_HC_TAIL)) {
		hc->in_total = HV_PAGE_SIZE - (hc->param[0] & ~HV_PAGE_MASK);
		hc->out_total = HV_PAGE_SIZE - (hc->param[1] & ~HV_PAGE_MASK);
	}

	/* writing the output may have to sleep, and by then it is too late to start again */
	if (hc->out_total && vp->in_window)
		return TLFS_SLOW;
	if (hc->in_total) {
		r = tlfs_gpa_read(vp->pt, hc->param[0], vp->hc_in, hc->in_total, vp->in_window);
		if (r == -EAGAIN)
			return TLFS_SLOW;
		if (r)
			return hc_inaccessible(vp, hc->param[0], false);
	}
	if (hc->out_total &&
	    (!tlfs_gpa_present(vp->pt, hc->param[1], &writable, &overlay) || !writable))
		return hc_inaccessible(vp, hc->param[1], true);
	return TLFS_RESUME;
}

/* the elements done, and of a call that succeeded the fixed part */
static int hc_memory_output(struct tlfs_vp *vp, const struct hc *hc, u16 status)
{
	const struct tlfs_hvcall_desc *desc = hc->call.desc;
	u32 from = desc->out_size + hc->start * desc->rep_out;
	u32 len = (hc->call.rep - hc->start) * desc->rep_out;
	u32 fixed = desc->flags & TLFS_HC_TAIL ? hc->call.out_size : desc->out_size;
	int r = 0;

	if (fixed && status == HV_STATUS_SUCCESS)
		r = tlfs_gpa_write(vp->pt, hc->param[1], vp->hc_out, fixed, false);
	if (!r && len)
		r = tlfs_gpa_write(vp->pt, hc->param[1] + from, vp->hc_out + from, len, false);
	return r ? hc_inaccessible(vp, hc->param[1], true) : TLFS_RESUME;
}

/* ---- a guest's call ---- */

static u16 hc_check_control(struct hc *hc)
{
	const struct tlfs_hvcall_desc *desc = hc->call.desc;
	u32 var;

	if (hc->control & (HV_HYPERCALL_RESERVED_MASK | HV_HYPERCALL_NESTED))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	hc->call.fast = hc->control & HV_HYPERCALL_FAST;
	if (hc->call.fast && !(desc->flags & TLFS_HC_FAST))
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	var = (hc->control & HV_HYPERCALL_VARHEAD_MASK) >> HV_HYPERCALL_VARHEAD_SHIFT;
	hc->reps = (hc->control & HV_HYPERCALL_REP_COUNT_MASK) >> HV_HYPERCALL_REP_COUNT_SHIFT;
	hc->start = (hc->control & HV_HYPERCALL_REP_START_MASK) >> HV_HYPERCALL_REP_START_SHIFT;
	hc->call.var_size = var * 8;
	return hc_check_shape(desc, hc->call.var_size, hc->reps, hc->start, &hc->in_total,
			      &hc->out_total);
}

/*
 * May a guest make this call at all (4.10).  Said before its input is looked at; what depends on
 * whom it names comes after.
 */
static u16 hc_check_caller(const struct tlfs_vp *vp, const struct tlfs_hvcall_desc *desc)
{
	u64 privilege = desc->flags & TLFS_HC_PRIV_SELF ? 0 : desc->privilege;

	if (!(desc->flags & (TLFS_HC_GUEST | TLFS_HC_SELF))) {
		if (!(desc->flags & TLFS_HC_PARENT))
			return HV_STATUS_ACCESS_DENIED;
		/* who may not have children is nobody's parent */
		privilege |= HV_PRIV_CREATE_PARTITIONS;
	}
	return tlfs_has_privilege(vp->pt, privilege) ? HV_STATUS_SUCCESS : HV_STATUS_ACCESS_DENIED;
}

/*
 * 5.2.5.  Of a partition made through a descriptor some calls are for the time before it is
 * initialized: their handlers know.
 */
static u16 hc_check_state(const struct tlfs_hvcall *call)
{
	const struct tlfs_partition *pt = call->target;

	if (likely(READ_ONCE(pt->initialized)) || call->desc->flags & TLFS_HC_ANY_STATE)
		return HV_STATUS_SUCCESS;
	return pt->hosted && !READ_ONCE(pt->finalized) ? HV_STATUS_SUCCESS :
							 HV_STATUS_INVALID_PARTITION_STATE;
}

/* VPs of a threaded partition go while it lives: not while a call from outside may look at them */
static u16 hc_hold_target(struct tlfs_hvcall *call)
{
	struct rw_semaphore *calls = &call->target->calls;

	if (likely(!call->target->threaded || call->target == call->caller))
		return HV_STATUS_SUCCESS;
	if (call->desc->flags & TLFS_HC_EXCLUSIVE ? down_write_killable(calls) :
						    down_read_killable(calls))
		return HV_STATUS_TIME_OUT;
	call->held = true;
	return HV_STATUS_SUCCESS;
}

/* the caller itself is not counted: it lives at least as long as its call */
static u16 hc_check_target(struct tlfs_hvcall *call, const void *in)
{
	u64 id = *(const u64 *)in;
	u16 status;

	call->target = NULL;
	if (!(call->desc->flags & TLFS_HC_PARTITION))
		return HV_STATUS_SUCCESS;
	if (id == HV_PARTITION_ID_SELF && call->vp) {
		call->target = call->caller;
	} else {
		call->target = tlfs_hc_partition(call, id, &status);
		if (!call->target)
			return status;
		if (call->target == call->caller)
			tlfs_partition_put(call->target);
	}
	status = tlfs_hc_relation(call);
	if (status == HV_STATUS_SUCCESS)
		status = hc_check_state(call);
	return status == HV_STATUS_SUCCESS ? hc_hold_target(call) : status;
}

static void hc_put_target(struct tlfs_hvcall *call)
{
	if (call->held) {
		if (call->desc->flags & TLFS_HC_EXCLUSIVE)
			up_write(&call->target->calls);
		else
			up_read(&call->target->calls);
		call->held = false;
	}
	if (call->target && call->target != call->caller)
		tlfs_partition_put(call->target);
	call->target = NULL;
}

static bool hc_yield(struct tlfs_vp *vp)
{
	return READ_ONCE(vp->requests) || need_resched() || signal_pending(current);
}

static int hc_run(struct tlfs_vp *vp, struct hc *hc)
{
	const struct tlfs_hvcall_desc *desc = hc->call.desc;
	u16 status;
	int r;

	hc->call.in = vp->hc_in;
	hc->call.out = vp->hc_out;
	hc->call.in_size = hc->in_total;
	hc->call.out_size = hc->out_total;
	hc->call.code = desc->code;
	hc->call.rep = hc->start;
	if (hc->out_total) {
		u32 list = desc->out_size + hc->start * desc->rep_out;

		memset(vp->hc_out, 0, desc->out_size);
		memset(vp->hc_out + list, 0, hc->out_total - list);
	}

	/* what fits registers is short, and its output would not last until the next try */
	while (hc_run_piece(&hc->call, hc->reps, &status) && (hc->call.fast || !hc_yield(vp)))
		;
	if (status == TLFS_HC_SLEEP) {
		/* what it put out so far is lost: such a call starts over */
		if (hc->call.rep != hc->start && !hc->out_total)
			hc_set_start(vp, hc, hc->call.rep);
		return TLFS_SLOW;
	}

	if (unlikely(status == TLFS_HC_SUSPEND)) {
		set_bit(TLFS_REQ_STOP, &vp->requests);
		return TLFS_RESUME;
	}

	if (hc->out_total && !hc->call.fast) {
		r = hc_memory_output(vp, hc, status);
		if (r != TLFS_RESUME)
			return r;
	}
	if (status == HV_STATUS_SUCCESS && hc->call.rep < hc->reps) {
		/* whatever waits comes first, then the guest makes the call again */
		hc_set_start(vp, hc, hc->call.rep);
		return TLFS_RESUME;
	}
	if (hc->out_total && hc->call.fast && status == HV_STATUS_SUCCESS)
		hc_fast_output(vp, hc);
	return hc_finish(vp, hc->is64, status, hc->call.rep);
}

int tlfs_hypercall_exit(struct tlfs_vp *vp)
{
	struct hc hc;
	u16 status;
	int r;

	hc.is64 = vp_long_mode(vp);
	if (unlikely(!hc_legal(vp, hc.is64))) {
		tlfs_inject_ud(vp);
		return TLFS_RESUME;
	}
	r = hc_insn_len(vp);
	if (unlikely(r <= 0))
		return r ? TLFS_SLOW : TLFS_RESUME;

	hc_get_regs(vp, &hc);
	hc.call.caller = vp->pt;
	hc.call.vp = vp;
	hc.call.fd = NULL;
	hc.call.owner = NULL;
	hc.call.held = false;
	hc.call.target = NULL;
	hc.call.atomic = vp->in_window;
	hc.call.desc = tlfs_hvcall_lookup(hc.control & HV_HYPERCALL_CODE_MASK);
	/* counted once, though what has to sleep comes here again */
	if (vp->in_window)
		vp_count(vp, hc.call.desc ? hc.call.desc->stat : HV_VP_STAT_OTHER_HYPERCALLS);
	if (!hc.call.desc || (unlikely(vp->pt->v2) && tlfs_hvcall_later(hc.call.desc)))
		return hc_finish(vp, hc.is64, HV_STATUS_INVALID_HYPERCALL_CODE, 0);
	status = hc_check_control(&hc);
	if (status == HV_STATUS_SUCCESS)
		status = hc_check_caller(vp, hc.call.desc);
	if (status != HV_STATUS_SUCCESS)
		return hc_finish(vp, hc.is64, status, 0);

	if (hc.call.fast) {
		status = hc_fast_input(vp, &hc);
	} else {
		r = hc_memory_input(vp, &hc, &status);
		if (r != TLFS_RESUME)
			return r;
	}
	if (status == HV_STATUS_SUCCESS)
		status = hc_check_target(&hc.call, vp->hc_in);
	if (status == TLFS_HC_SLEEP)
		r = TLFS_SLOW;
	else if (status != HV_STATUS_SUCCESS)
		r = hc_finish(vp, hc.is64, status, 0);
	else
		r = hc_run(vp, &hc);
	hc_put_target(&hc.call);
	return r;
}

/* ---- a call by the root, through a descriptor ---- */

static int hc_errno(u16 status)
{
	switch (status) {
	case HV_STATUS_SUCCESS:
		return 0;
	case HV_STATUS_INVALID_HYPERCALL_CODE:
	case HV_STATUS_INVALID_HYPERCALL_INPUT:
	case HV_STATUS_INVALID_PARAMETER:
	case HV_STATUS_INVALID_PARTITION_ID:
	case HV_STATUS_INVALID_VP_INDEX:
	case HV_STATUS_INVALID_PORT_ID:
	case HV_STATUS_INVALID_CONNECTION_ID:
	case HV_STATUS_INVALID_LP_INDEX:
	case HV_STATUS_INVALID_REGISTER_VALUE:
		return -EINVAL;
	case HV_STATUS_INSUFFICIENT_MEMORY:
	case HV_STATUS_INSUFFICIENT_ROOT_MEMORY:
	case HV_STATUS_INSUFFICIENT_CONTIGUOUS_MEMORY:
	case HV_STATUS_INSUFFICIENT_CONTIGUOUS_ROOT_MEMORY:
		return -ENOMEM;
	}
	return -EIO;
}

static bool hc_root_args_ok(const struct tlfs_root_hvcall *arg)
{
	if (arg->status || memchr_inv(arg->rsvd, 0, sizeof(arg->rsvd)))
		return false;
	if (!arg->in_ptr || arg->in_sz < sizeof(u64) || arg->in_sz > HV_PAGE_SIZE)
		return false;
	return !arg->out_ptr || (arg->out_sz && arg->out_sz <= HV_PAGE_SIZE);
}

/* the root itself may call what it has children for, too, and names them in the input */
static const struct tlfs_hvcall_desc *hc_root_desc(u16 code, u16 fd_flag)
{
	const struct tlfs_hvcall_desc *desc = tlfs_hvcall_lookup(code);

	if (fd_flag == TLFS_HC_ROOT)
		fd_flag |= TLFS_HC_PARENT;
	return desc && desc->flags & fd_flag ? desc : NULL;
}

/*
 * A partition's descriptor is the authority, whatever id the caller wrote: programs made for the
 * interface ours follows write none.  Unless it names a partition below that one.
 */
static u16 hc_root_target(struct tlfs_hvcall *call, u64 *id)
{
	struct tlfs_partition *pt;
	u16 status;

	if (!(call->desc->flags & TLFS_HC_PARTITION))
		return HV_STATUS_SUCCESS;
	if (call->fd != &tlfs_root && *id != call->fd->id) {
		pt = *id == HV_PARTITION_ID_INVALID || *id == HV_PARTITION_ID_SELF ? NULL :
		     tlfs_partition_find(*id);
		if (!pt || !tlfs_partition_below(pt, call->fd))
			*id = call->fd->id;
		if (pt)
			tlfs_partition_put(pt);
	}
	status = hc_check_target(call, id);
	if (status == HV_STATUS_SUCCESS)
		*id = call->target == &tlfs_root ? HV_PARTITION_ID_SELF : call->target->id;
	return status;
}

/* rows open to descriptors have no variable header */
static u16 hc_root_run(struct tlfs_hvcall *call, const struct tlfs_root_hvcall *arg)
{
	u32 in_total, out_total;
	u16 status;

	status = hc_check_shape(call->desc, 0, arg->reps, 0, &in_total, &out_total);
	if (status != HV_STATUS_SUCCESS)
		return status;
	/* blocks are padded to 8 bytes: the padding may be missing */
	if (in_total > ALIGN(arg->in_sz, 8) || out_total > HV_PAGE_SIZE)
		return HV_STATUS_INVALID_HYPERCALL_INPUT;
	call->in_size = in_total;
	call->out_size = out_total;
	while (hc_run_piece(call, arg->reps, &status) && !fatal_signal_pending(current))
		cond_resched();
	return status;
}

/*
 * What VMMs of the published interface call for each exit: it needs no whole pages, which take
 * longer to clear than the call takes.  These handlers write what their row says and no more.
 */
static void hc_root_sizes(const struct tlfs_hvcall_desc *desc, const struct tlfs_root_hvcall *arg,
			  size_t *in_size, size_t *out_size)
{
	u32 in_total, out_total;

	*in_size = HV_PAGE_SIZE;
	*out_size = HV_PAGE_SIZE;
	switch (arg->code) {
	case HVCALL_GET_VP_REGISTERS:
	case HVCALL_SET_VP_REGISTERS:
	case HVCALL_TRANSLATE_VIRTUAL_ADDRESS:
	case HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL:
		break;
	default:
		return;
	}
	if (hc_check_shape(desc, 0, arg->reps, 0, &in_total, &out_total) || out_total > *out_size)
		return;
	*in_size = ALIGN(arg->in_sz, 8);
	*out_size = max_t(u32, out_total, arg->out_ptr ? arg->out_sz : 0);
}

int tlfs_root_hypercall(struct tlfs_partition *pt, struct tlfs_root_hvcall *arg, u16 fd_flag,
			void *owner)
{
	struct tlfs_hvcall call = {
		.caller = &tlfs_root, .fd = pt, .owner = owner, .code = arg->code,
	};
	size_t in_size, out_size;
	void *in, *out;
	int r;

	if (!hc_root_args_ok(arg))
		return -EINVAL;
	call.desc = hc_root_desc(arg->code, fd_flag);
	if (!call.desc)
		return -EINVAL;
	hc_root_sizes(call.desc, arg, &in_size, &out_size);
	r = -ENOMEM;
	in = kzalloc(in_size, GFP_KERNEL_ACCOUNT);
	out = kzalloc(out_size, GFP_KERNEL_ACCOUNT);
	if (!in || !out)
		goto out_free;

	r = -EFAULT;
	if (copy_from_user(in, u64_to_user_ptr(arg->in_ptr), arg->in_sz))
		goto out_free;
	call.in = in;
	call.out = out;

	arg->status = hc_root_target(&call, in);
	if (arg->status == HV_STATUS_SUCCESS)
		arg->status = hc_root_run(&call, arg);
	hc_put_target(&call);
	arg->reps = call.rep;
	r = hc_errno(arg->status);
	if ((!r || (call.rep && call.desc->flags & TLFS_HC_OUT_PARTIAL)) && arg->out_ptr &&
	    copy_to_user(u64_to_user_ptr(arg->out_ptr), out, arg->out_sz))
		r = -EFAULT;
out_free:
	kfree(out);
	kfree(in);
	return r;
}

/* ---- MSRs of chapters 3, 4, 6 and 10 ---- */

/* under msr_lock; a lock stays: only a reset takes it away */
static void hypercall_page_off(struct tlfs_partition *pt)
{
	tlfs_overlay_unmap(pt, &pt->hypercall_page);
	WRITE_ONCE(pt->hypercall_msr, pt->hypercall_msr & ~HV_X64_MSR_HYPERCALL_ENABLE);
}

static int hypercall_page_on(struct tlfs_partition *pt, u64 gfn)
{
	static const u8 near_ret = 0xc3;
	u8 *code = pt->hypercall_page.va;

	/* the same bytes every time: a guest that looks sees no change (4.12) */
	memcpy(code, tlfs_ops->hypercall_insn, sizeof(tlfs_ops->hypercall_insn));
	code[sizeof(tlfs_ops->hypercall_insn)] = near_ret;
	return tlfs_overlay_map(pt, &pt->hypercall_page, gfn, false, true);
}

static int hypercall_msr_write(struct tlfs_partition *pt, u64 val, bool guest)
{
	u64 gfn = val >> HV_X64_MSR_HYPERCALL_PFN_SHIFT;
	int r = TLFS_RESUME;

	if (gfn >= pt->gpa.max_gfn)
		return TLFS_GP;
	spin_lock(&pt->msr_lock);
	if (guest && pt->hypercall_msr & HV_X64_MSR_HYPERCALL_LOCKED) {
		if (val != pt->hypercall_msr)
			r = TLFS_GP;
		goto out;
	}
	/*
	 * No identity, no interface: the bits stay zero without a fault.  A VMM that restores the
	 * registers does so in an order of its own.
	 */
	if (guest && !pt->guest_os_id)
		val &= ~HV_X64_MSR_HYPERCALL_ENABLE;
	if (!(val & HV_X64_MSR_HYPERCALL_ENABLE)) {
		/* a guest locks a page; a VMM may restore one that was locked and then lost */
		if (guest)
			val &= ~HV_X64_MSR_HYPERCALL_LOCKED;
		tlfs_overlay_unmap(pt, &pt->hypercall_page);
	} else if (hypercall_page_on(pt, gfn)) {
		r = TLFS_GP;
		goto out;
	}
	WRITE_ONCE(pt->hypercall_msr, val);
out:
	spin_unlock(&pt->msr_lock);
	return r;
}

static void guest_os_id_write(struct tlfs_partition *pt, u64 val)
{
	spin_lock(&pt->msr_lock);
	WRITE_ONCE(pt->guest_os_id, val);
	if (!val)
		hypercall_page_off(pt);
	spin_unlock(&pt->msr_lock);
}

int tlfs_hv_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val)
{
	struct tlfs_partition *pt = vp->pt;
	u64 ns;

	switch (msr) {
	case HV_X64_MSR_VP_INDEX:
		*val = vp->index;
		return TLFS_RESUME;
	case HV_X64_MSR_GUEST_OS_ID:
		*val = READ_ONCE(pt->guest_os_id);
		return TLFS_RESUME;
	case HV_X64_MSR_HYPERCALL:
		*val = READ_ONCE(pt->hypercall_msr);
		return TLFS_RESUME;
	case HV_X64_MSR_VP_RUNTIME:
		ns = vp->runtime_ns;
		if (vp->in_window)
			ns += local_clock() - vp->run_start_ns;
		*val = ns / 100;
		return TLFS_RESUME;
	case HV_X64_MSR_GUEST_IDLE:		/* blocking is the exit's part */
	case HV_X64_MSR_RESET:
		*val = 0;
		return TLFS_RESUME;
	case HV_X64_MSR_CRASH_P0 ... HV_X64_MSR_CRASH_P4:
		msr = array_index_nospec(msr - HV_X64_MSR_CRASH_P0, ARRAY_SIZE(pt->crash_param));
		*val = READ_ONCE(pt->crash_param[msr]);
		return TLFS_RESUME;
	case HV_X64_MSR_CRASH_CTL:
		/* what can be asked for, not what was */
		*val = HV_CRASH_CTL_CRASH_NOTIFY;
		return TLFS_RESUME;
	}
	return TLFS_GP;
}

/* @guest: by WRMSR, else by the register interface */
int tlfs_hv_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val, bool guest)
{
	struct tlfs_partition *pt = vp->pt;

	switch (msr) {
	case HV_X64_MSR_GUEST_OS_ID:
		guest_os_id_write(pt, val);
		return TLFS_RESUME;
	case HV_X64_MSR_HYPERCALL:
		return hypercall_msr_write(pt, val, guest);
	case HV_X64_MSR_RESET:
		return val & ~HV_X64_MSR_RESET_RESET ? TLFS_GP : TLFS_RESUME;
	case HV_X64_MSR_CRASH_P0 ... HV_X64_MSR_CRASH_P4:
		msr = array_index_nospec(msr - HV_X64_MSR_CRASH_P0, ARRAY_SIZE(pt->crash_param));
		WRITE_ONCE(pt->crash_param[msr], val);
		return TLFS_RESUME;
	case HV_X64_MSR_CRASH_CTL:
		WRITE_ONCE(pt->crash_ctl, val);
		return TLFS_RESUME;
	}
	return TLFS_GP;
}
