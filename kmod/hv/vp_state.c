// SPDX-License-Identifier: GPL-2.0-only
/*
 * vp_state.c - state of a VP as a whole: the register page shared with the VMM, and the blocks of
 * GET_VP_STATE and SET_VP_STATE (later editions of TLFS 10)
 */
#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "tlfs.h"
#include "hv/vp_registers.h"

/* ---- register page ---- */

#define REGPAGE_XMM	6
#define REGPAGE_SEGS	6

/* The VMM writes the page whenever it likes: every field is read once. */

static void regpage_load_xmm(struct tlfs_vp *vp)
{
	struct hv_u128 xmm[REGPAGE_XMM];

	memcpy(xmm, vp->regpage->xmm, sizeof(xmm));
	barrier();
	tlfs_fpu_set_xmm(vp, 0, REGPAGE_XMM, xmm);
}

static void regpage_load_segments(struct tlfs_vp *vp)
{
	/* they follow each other in the order of enum tlfs_seg */
	const struct hv_x64_segment_register *from = &vp->regpage->es;
	struct hv_x64_segment_register seg;
	unsigned int i;

	BUILD_BUG_ON(offsetof(struct hv_vp_register_page, gs) -
		     offsetof(struct hv_vp_register_page, es) != TLFS_SEG_GS * sizeof(seg));
	for (i = 0; i < REGPAGE_SEGS; i++) {
		seg = from[i];
		barrier();
		seg.attributes &= ~HV_SEGMENT_RESERVED_MASK;
		tlfs_call(set_segment)(vp, i, &seg);
	}
}

void tlfs_regpage_load(struct tlfs_vp *vp)
{
	struct hv_vp_register_page *page = vp->regpage;
	unsigned int i;
	u32 dirty;

	dirty = READ_ONCE(page->dirty);
	if (likely(!dirty))
		return;
	WRITE_ONCE(page->dirty, 0);
	if (dirty & HV_REGISTER_PAGE_DIRTY_GPRS)
		for (i = VP_RAX; i <= VP_R15; i++)
			vp_set_reg(vp, i, READ_ONCE(page->gprs[i]));
	if (dirty & HV_REGISTER_PAGE_DIRTY_RIP)
		tlfs_vmm_moves_rip(vp, READ_ONCE(page->rip));
	if (dirty & HV_REGISTER_PAGE_DIRTY_RFLAGS)
		vp_set_reg(vp, VP_RFLAGS,
			   (READ_ONCE(page->rflags) & VP_RFLAGS_DEFINED) | X86_EFLAGS_FIXED);
	if (dirty & HV_REGISTER_PAGE_DIRTY_XMM)
		regpage_load_xmm(vp);
	if (dirty & HV_REGISTER_PAGE_DIRTY_SEGMENTS)
		regpage_load_segments(vp);
}

void tlfs_regpage_store(struct tlfs_vp *vp)
{
	struct hv_vp_register_page *page = vp->regpage;
	struct hv_x64_segment_register *segs = &page->es;
	unsigned int i;

	/* nobody looks: say that it is stale, for the one who maps it at this moment */
	if (!READ_ONCE(vp->regpage_mapped)) {
		WRITE_ONCE(page->is_valid, 0);
		return;
	}
	vp_reg(vp, VP_RSP);
	memcpy(page->gprs, vp->regs, sizeof(page->gprs));
	page->rip = vp_reg(vp, VP_RIP);
	page->rflags = vp_reg(vp, VP_RFLAGS);
	tlfs_fpu_get_xmm(vp, 0, REGPAGE_XMM, page->xmm);
	for (i = 0; i < REGPAGE_SEGS; i++)
		tlfs_call(get_segment)(vp, i, &segs[i]);
	page->cr0 = tlfs_call(get_cr)(vp, 0);
	page->cr3 = tlfs_call(get_cr)(vp, 3);
	page->cr4 = tlfs_call(get_cr)(vp, 4);
	page->cr8 = tlfs_call(get_cr)(vp, 8);
	page->efer = tlfs_call(get_efer)(vp);
	page->dr7 = tlfs_call(get_dr)(vp, 7);
	page->pending_interruption = tlfs_pending_interruption(vp);
	page->interrupt_state = tlfs_call(get_shadow)(vp);
	page->xfem = vp->fpu.xcr0;
	WRITE_ONCE(page->is_valid, 1);
}

/* ---- state blocks ---- */

/* contents of an overlay of the SynIC: messages come into it from any context */
static void synic_page(struct tlfs_vp *vp, struct tlfs_overlay *ov, void *buf, bool set)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vp->synic.lock, flags);
	if (set)
		memcpy(ov->va, buf, TLFS_PAGE_SIZE);
	else
		memcpy(buf, ov->va, TLFS_PAGE_SIZE);
	raw_spin_unlock_irqrestore(&vp->synic.lock, flags);
}

static int vp_state_get(struct tlfs_vp *vp, u8 type, void *buf)
{
	switch (type) {
	case TLFS_VP_STATE_LAPIC:
		tlfs_lapic_get_state(vp, buf);
		return 0;
	case TLFS_VP_STATE_XSAVE:
		/* XMM the VMM wrote into the register page are a part of it */
		tlfs_regpage_load(vp);
		tlfs_fpu_get_state(vp, buf);
		return 0;
	case TLFS_VP_STATE_SIMP:
		synic_page(vp, &vp->synic.simp, buf, false);
		return 0;
	case TLFS_VP_STATE_SIEFP:
		synic_page(vp, &vp->synic.siefp, buf, false);
		return 0;
	case TLFS_VP_STATE_SYNTHETIC_TIMERS:
		tlfs_stimers_get_state(vp, buf);
		return 0;
	default:
		return -EINVAL;
	}
}

static int vp_state_set(struct tlfs_vp *vp, u8 type, void *buf)
{
	int err;

	switch (type) {
	case TLFS_VP_STATE_LAPIC:
		return tlfs_lapic_set_state(vp, buf);
	case TLFS_VP_STATE_XSAVE:
		tlfs_regpage_load(vp);
		err = tlfs_fpu_set_state(vp, buf);
		tlfs_regpage_store(vp);
		return err;
	case TLFS_VP_STATE_SIMP:
		synic_page(vp, &vp->synic.simp, buf, true);
		return 0;
	case TLFS_VP_STATE_SIEFP:
		synic_page(vp, &vp->synic.siefp, buf, true);
		return 0;
	case TLFS_VP_STATE_SYNTHETIC_TIMERS:
		return tlfs_stimers_set_state(vp, buf);
	default:
		return -EINVAL;
	}
}

static u32 vp_state_size(struct tlfs_vp *vp, u8 type)
{
	switch (type) {
	case TLFS_VP_STATE_XSAVE:
		return tlfs_fpu_state_size(vp);
	case TLFS_VP_STATE_SYNTHETIC_TIMERS:
		return sizeof(struct hv_synthetic_timers_state);
	default:
		return TLFS_PAGE_SIZE;
	}
}

long tlfs_vp_state_ioctl(struct tlfs_vp *vp, void __user *uarg, bool set)
{
	struct tlfs_get_set_vp_state __user *ustate = uarg;
	struct tlfs_get_set_vp_state arg;
	struct page *page;
	void __user *ubuf;
	void *buf;
	u32 size;
	int err;

	if (copy_from_user(&arg, ustate, sizeof(arg)))
		return -EFAULT;
	if (arg.type >= TLFS_VP_STATE_COUNT || memchr_inv(arg.rsvd, 0, sizeof(arg.rsvd)) ||
	    !arg.buf_sz || arg.buf_sz & (TLFS_PAGE_SIZE - 1) ||
	    arg.buf_ptr & (TLFS_PAGE_SIZE - 1))
		return -EINVAL;
	ubuf = u64_to_user_ptr(arg.buf_ptr);
	size = vp_state_size(vp, arg.type);
	if (put_user(size, &ustate->buf_sz))
		return -EFAULT;
	if (size > arg.buf_sz || WARN_ON_ONCE(size > TLFS_PAGE_SIZE))
		return -EINVAL;

	page = tlfs_alloc_page(GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	buf = page_address(page);
	err = -EFAULT;
	/* compacted images may be longer than the state they come to: a whole page each way */
	if (set && copy_from_user(buf, ubuf, TLFS_PAGE_SIZE))
		goto out_page;
	err = tlfs_vp_lock(vp);
	if (err)
		goto out_page;
	err = set ? vp_state_set(vp, arg.type, buf) : vp_state_get(vp, arg.type, buf);
	tlfs_vp_unlock(vp);
	if (!err && !set && copy_to_user(ubuf, buf, TLFS_PAGE_SIZE))
		err = -EFAULT;
out_page:
	tlfs_free_page(page);
	return err;
}
