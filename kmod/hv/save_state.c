// SPDX-License-Identifier: GPL-2.0-only
/*
 * save_state.c - what is in the stream of a saved partition (TLFS 17.1.5)
 *
 * Saved is what a guest can change.  What its parent set, it sets again on the other side: flags,
 * properties, memory, intercepts, CPUID results, ports (17.1.4).
 *
 * A stream that has the right check may still be somebody's invention: every value goes through the
 * checks of the interface by which a parent could have set it.
 */
#include <linux/slab.h>
#include <linux/string.h>

#include "tlfs.h"
#include "hv/timers.h"
#include "hv/save_restore.h"

/* ---- the partition ---- */

struct save_partition {
	u64 ref_time;
	u64 tsc;
	u64 assist[4];
	u64 crash_ctl;
	u32 tsc_page_sequence;
	u32 nr_msrs;
};

struct save_msr {
	u32 msr;
	u32 reserved;
	u64 value;
};

/* partition-wide, in the order they are loaded in */
static const u32 partition_msrs[] = {
	HV_X64_MSR_GUEST_OS_ID, HV_X64_MSR_HYPERCALL, HV_X64_MSR_REFERENCE_TSC,
	HV_X64_MSR_CRASH_P0, HV_X64_MSR_CRASH_P1, HV_X64_MSR_CRASH_P2, HV_X64_MSR_CRASH_P3,
	HV_X64_MSR_CRASH_P4, HV_X64_MSR_REENLIGHTENMENT_CONTROL,
	HV_X64_MSR_TSC_EMULATION_CONTROL, HV_X64_MSR_TSC_EMULATION_STATUS,
};

static u64 partition_msr(struct tlfs_partition *pt, u32 msr)
{
	switch (msr) {
	case HV_X64_MSR_GUEST_OS_ID:
		return pt->guest_os_id;
	case HV_X64_MSR_HYPERCALL:
		return pt->hypercall_msr;
	case HV_X64_MSR_REFERENCE_TSC:
		return pt->time.tsc_page_msr;
	case HV_X64_MSR_CRASH_P0 ... HV_X64_MSR_CRASH_P4:
		return pt->crash_param[msr - HV_X64_MSR_CRASH_P0];
	case HV_X64_MSR_REENLIGHTENMENT_CONTROL:
		return pt->reenlightenment;
	case HV_X64_MSR_TSC_EMULATION_CONTROL:
		return pt->tsc_emulation_control;
	case HV_X64_MSR_TSC_EMULATION_STATUS:
		return pt->tsc_emulation_status;
	}
	return 0;
}

void tlfs_save_partition(struct tlfs_partition *pt, struct tlfs_save_buf *b)
{
	struct save_partition sp = {
		.crash_ctl = pt->crash_ctl,
		.nr_msrs = ARRAY_SIZE(partition_msrs),
	};
	struct save_msr m = {};
	unsigned int i;

	tlfs_time_get_state(pt, &sp.ref_time, &sp.tsc, &sp.tsc_page_sequence);
	tlfs_assist_get_state(pt, sp.assist);
	tlfs_save_put(b, &sp, sizeof(sp));
	for (i = 0; i < ARRAY_SIZE(partition_msrs); i++) {
		m.msr = partition_msrs[i];
		m.value = partition_msr(pt, m.msr);
		tlfs_save_put(b, &m, sizeof(m));
	}
}

/* is @msr one of those, and not one of some VP's */
static bool partition_has_msr(u32 msr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(partition_msrs); i++)
		if (partition_msrs[i] == msr)
			return true;
	return false;
}

/* @vp: any of them, locked */
int tlfs_restore_partition(struct tlfs_partition *pt, struct tlfs_vp *vp, struct tlfs_save_buf *b)
{
	struct save_partition sp;
	struct save_msr m;
	unsigned int i;

	tlfs_save_get(b, &sp, sizeof(sp));
	if (b->bad || sp.nr_msrs != ARRAY_SIZE(partition_msrs))
		return HV_STATE_CORRUPT_DATA;
	tlfs_time_set_state(pt, sp.ref_time, sp.tsc, sp.tsc_page_sequence);
	if (tlfs_assist_set_state(pt, sp.assist) != HV_STATUS_SUCCESS)
		return HV_STATE_CORRUPT_DATA;
	WRITE_ONCE(pt->crash_ctl, sp.crash_ctl);
	for (i = 0; i < sp.nr_msrs; i++) {
		tlfs_save_get(b, &m, sizeof(m));
		if (b->bad || m.reserved || !partition_has_msr(m.msr) ||
		    tlfs_wrmsr(vp, m.msr, m.value, false) != TLFS_RESUME)
			return HV_STATE_CORRUPT_DATA;
	}
	return HV_STATE_COMPLETE;
}

/* ---- VPs ---- */

#define SAVE_SIMP	BIT(0)
#define SAVE_SIEFP	BIT(1)
#define SAVE_ASSIST	BIT(2)
#define SAVE_PAGES	(SAVE_SIMP | SAVE_SIEFP | SAVE_ASSIST)

/* requests that are state of the VP, not of a run */
#define SAVE_REQUESTS	(BIT(TLFS_REQ_NMI) | BIT(TLFS_REQ_INIT) | BIT(TLFS_REQ_SIPI) | \
			 BIT(TLFS_REQ_EXTINT) | BIT(TLFS_REQ_TRIPLE_FAULT))

#define EXTINT_VALID	(TLFS_EXTINT_ASSERTED | TLFS_EXTINT_ACKNOWLEDGED | 0xff)

/*
 * struct save_vp - one VP; behind it registers, XSAVE image, pages, messages
 * @flags:	0
 * @pages:	SAVE_*: which of the pages follow; the others are zero
 * @lapic_tpr:	the task priority with what CR8 does not show
 */
struct save_vp {
	u32 index;
	u32 flags;
	u32 nr_regs;
	u32 xsave_size;
	u32 nr_messages;
	u32 requests;
	u32 nmi_pending;
	u32 extint;
	u64 apic_base;
	u64 tsc_deadline;
	u64 tsc_adjust;
	u64 runtime_ns;
	u64 event_param;
	u32 event_error;
	u8 event_pending;
	u8 event_type;
	u8 event_vector;
	u8 event_insn_len;
	u8 event_has_error;
	u8 halted;
	u8 idle;
	u8 startup_suspend;
	u8 intercept_suspend;
	u8 shutdown;
	u8 sipi_vector;
	u8 extint_vector;
	u8 extint_pending;
	u8 lapic_asserted;
	u8 lapic_tpr;
	u8 pages;
	u32 reserved;
	struct hv_local_interrupt_controller_state lapic;
	struct hv_synthetic_timers_state stimers;
};

struct save_reg {
	u32 name;
	u32 reserved;
	union hv_register_value value;
};

struct save_message {
	u32 sint;
	u32 reserved;
	struct hv_message msg;
};

/* in the order they are loaded in: what others are checked against comes first */
static const struct {
	u32 name;
	u32 count;
} saved_regs[] = {
	{ HV_X64_REGISTER_EFER, 1 }, { HV_X64_REGISTER_CR0, 5 }, { HV_X64_REGISTER_XFEM, 1 },
	{ HV_X64_REGISTER_RAX, 18 }, { HV_X64_REGISTER_ES, 8 }, { HV_X64_REGISTER_IDTR, 2 },
	{ HV_X64_REGISTER_DR0, 6 }, { HV_X64_REGISTER_KERNEL_GS_BASE, 1 },
	{ HV_X64_REGISTER_PAT, 8 },		/* to SFMASK */
	{ HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 1 }, { HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 8 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0, 8 }, { HV_X64_REGISTER_MSR_MTRR_FIX64K00000, 11 },
	{ HV_X64_REGISTER_TSC_AUX, 1 }, { HV_X64_REGISTER_DEBUG_CTL, 1 },
	{ HV_REGISTER_SINT0, 17 },		/* and SCONTROL */
	{ HV_REGISTER_SIEFP, 2 }, { HV_REGISTER_VP_ASSIST_PAGE, 1 },
	{ HV_X64_REGISTER_INTERRUPT_STATE, 1 }, { HV_REGISTER_STIME_UNHALTED_TIMER_CONFIG, 2 },
};

static unsigned int nr_saved_regs(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(saved_regs); i++)
		nr += saved_regs[i].count;
	return nr;
}

static bool is_saved_reg(u32 name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(saved_regs); i++)
		if (name - saved_regs[i].name < saved_regs[i].count)
			return true;
	return false;
}

static void save_regs(struct tlfs_vp *vp, struct tlfs_save_buf *b)
{
	struct save_reg r = {};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(saved_regs); i++) {
		for (j = 0; j < saved_regs[i].count; j++) {
			r.name = saved_regs[i].name + j;
			/* one that this partition does not have is 0 */
			tlfs_get_register(vp, r.name, &r.value);
			tlfs_save_put(b, &r, sizeof(r));
		}
	}
}

static int restore_regs(struct tlfs_vp *vp, struct tlfs_save_buf *b, u32 nr)
{
	union hv_register_value now;
	struct save_reg r;

	if (nr != nr_saved_regs())
		return -EINVAL;
	while (nr--) {
		tlfs_save_get(b, &r, sizeof(r));
		if (b->bad || r.reserved || !is_saved_reg(r.name))
			return -EINVAL;
		if (tlfs_set_register(vp, r.name, &r.value) == HV_STATUS_SUCCESS)
			continue;
		/* not here, and nothing in it there */
		if (tlfs_get_register(vp, r.name, &now) == HV_STATUS_SUCCESS ||
		    r.value.reg128.low || r.value.reg128.high)
			return -EINVAL;
	}
	return 0;
}

static void save_xsave(struct tlfs_vp *vp, struct tlfs_save_buf *b)
{
	/* in place: the stream has room for a page */
	if (b->size - b->pos < TLFS_PAGE_SIZE) {
		b->bad = true;
		return;
	}
	tlfs_fpu_get_state(vp, b->data + b->pos);
	b->pos += ALIGN(tlfs_fpu_state_size(vp), 8);
}

static int restore_xsave(struct tlfs_vp *vp, struct tlfs_save_buf *b, u32 size)
{
	void *page;
	int err;

	if (size > tlfs_fpu_state_size(vp))
		return -EINVAL;
	page = kzalloc(TLFS_PAGE_SIZE, GFP_KERNEL_ACCOUNT);
	if (!page)
		return -ENOMEM;
	tlfs_save_get(b, page, ALIGN(size, 8));
	err = b->bad ? -EINVAL : tlfs_fpu_set_state(vp, page);
	kfree_sensitive(page);
	return err;
}

/* pages of the hypervisor a guest and messages write to at any time */
static struct tlfs_overlay *save_page(struct tlfs_vp *vp, unsigned int page)
{
	switch (page) {
	case SAVE_SIMP:
		return &vp->synic.simp;
	case SAVE_SIEFP:
		return &vp->synic.siefp;
	default:
		return &vp->vp_assist;
	}
}

static void save_page_copy(struct tlfs_vp *vp, void *to, const void *from)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&vp->synic.lock, flags);
	memcpy(to, from, TLFS_PAGE_SIZE);
	raw_spin_unlock_irqrestore(&vp->synic.lock, flags);
}

static void save_pages(struct tlfs_vp *vp, struct tlfs_save_buf *b, u8 pages)
{
	unsigned int page;

	for (page = SAVE_SIMP; page & SAVE_PAGES; page <<= 1) {
		if (!(pages & page))
			continue;
		if (b->size - b->pos < TLFS_PAGE_SIZE) {
			b->bad = true;
			return;
		}
		save_page_copy(vp, b->data + b->pos, save_page(vp, page)->va);
		b->pos += TLFS_PAGE_SIZE;
	}
}

static int restore_pages(struct tlfs_vp *vp, struct tlfs_save_buf *b, u8 pages)
{
	unsigned int page;

	for (page = SAVE_SIMP; page & SAVE_PAGES; page <<= 1) {
		if (!(pages & page))
			continue;
		if (b->size - b->pos < TLFS_PAGE_SIZE)
			return -EINVAL;
		save_page_copy(vp, save_page(vp, page)->va, b->data + b->pos);
		b->pos += TLFS_PAGE_SIZE;
	}
	return 0;
}

/* ---- messages that wait for their slot (14.2.2); those of timers are the timers' ---- */

/* @b NULL: count only */
static u32 save_messages(struct tlfs_vp *vp, struct tlfs_save_buf *b, u32 max)
{
	struct tlfs_synic *synic = &vp->synic;
	struct save_message sm = {};
	const struct tlfs_queued *q;
	unsigned long flags;
	unsigned int sint;
	u32 nr = 0;

	raw_spin_lock_irqsave(&synic->lock, flags);
	for (sint = 0; sint < TLFS_SINTS; sint++) {
		list_for_each_entry(q, &synic->queue[sint], link) {
			if (q->timer || nr == max)
				continue;
			nr++;
			if (!b)
				continue;
			sm.sint = sint;
			sm.msg = container_of(q, struct tlfs_message, queued)->msg;
			tlfs_save_put(b, &sm, sizeof(sm));
		}
	}
	raw_spin_unlock_irqrestore(&synic->lock, flags);
	return nr;
}

static void message_done(struct tlfs_message *m)
{
	kfree(m);
}

static int restore_messages(struct tlfs_vp *vp, struct tlfs_save_buf *b, u32 nr)
{
	struct tlfs_message *m;
	struct save_message sm;

	if (nr > TLFS_SAVE_MESSAGES_MAX)
		return -EINVAL;
	while (nr--) {
		tlfs_save_get(b, &sm, sizeof(sm));
		if (b->bad || sm.sint >= TLFS_SINTS || sm.reserved || !sm.msg.header.message_type ||
		    sm.msg.header.payload_size > HV_MESSAGE_PAYLOAD_SIZE)
			return -EINVAL;
		m = kzalloc(sizeof(*m), GFP_KERNEL_ACCOUNT);
		if (!m)
			return -ENOMEM;
		tlfs_message_init(m, message_done);
		m->msg = sm.msg;
		if (tlfs_message_queue(vp, sm.sint, m, NULL) != HV_STATUS_SUCCESS) {
			kfree(m);
			return -EINVAL;
		}
	}
	return 0;
}

/* ---- all of a VP; locked ---- */

static void fill_vp(struct tlfs_vp *vp, struct save_vp *s)
{
	unsigned int page;

	s->index = vp->index;
	s->nr_regs = nr_saved_regs();
	s->xsave_size = tlfs_fpu_state_size(vp);
	s->nr_messages = save_messages(vp, NULL, TLFS_SAVE_MESSAGES_MAX);
	s->requests = READ_ONCE(vp->requests) & SAVE_REQUESTS;
	s->nmi_pending = atomic_read(&vp->nmi_pending);
	s->extint = atomic_read(&vp->lapic.extint);
	s->apic_base = vp->lapic.base;
	s->tsc_deadline = vp->lapic.tsc_deadline;
	s->tsc_adjust = vp->tsc_adjust;
	s->runtime_ns = vp->runtime_ns;
	s->event_pending = vp->event.pending;
	s->event_type = vp->event.type;
	s->event_vector = vp->event.vector;
	s->event_insn_len = vp->event.insn_len;
	s->event_has_error = vp->event.has_error;
	s->event_error = vp->event.error;
	s->event_param = vp->event.param;
	s->halted = vp->halted;
	s->idle = vp->idle;
	s->startup_suspend = vp->startup_suspend;
	s->intercept_suspend = vp->intercept_suspend | vp->flush_inhibit << 1;
	s->shutdown = vp->shutdown;
	s->sipi_vector = vp->sipi_vector;
	s->extint_vector = vp->extint_vector;
	s->extint_pending = vp->extint_pending;
	s->lapic_asserted = vp->lapic.asserted;
	s->lapic_tpr = tlfs_lapic_tpr(vp);
	for (page = SAVE_SIMP; page & SAVE_PAGES; page <<= 1)
		if (memchr_inv(save_page(vp, page)->va, 0, TLFS_PAGE_SIZE))
			s->pages |= page;
}

void tlfs_save_vp(struct tlfs_vp *vp, struct tlfs_save_buf *b)
{
	struct save_vp s = {};

	tlfs_regpage_load(vp);
	/* first: it ends lazy EOI, which is in the assist page */
	tlfs_lapic_get_state(vp, &s.lapic);
	tlfs_stimers_get_state(vp, &s.stimers);
	fill_vp(vp, &s);
	tlfs_save_put(b, &s, sizeof(s));
	save_regs(vp, b);
	save_xsave(vp, b);
	save_pages(vp, b, s.pages);
	save_messages(vp, b, s.nr_messages);
}

static bool vp_valid(const struct tlfs_vp *vp, const struct save_vp *s)
{
	bool flags = (s->event_pending | s->event_has_error | s->halted | s->idle |
		      s->startup_suspend | s->shutdown | s->extint_pending) <= 1;

	return flags && s->intercept_suspend <= 3 && !s->flags && !s->reserved &&
	       !(s->pages & ~SAVE_PAGES) &&
	       !(s->requests & ~SAVE_REQUESTS) && s->nmi_pending <= 2 &&
	       !(s->extint & ~EXTINT_VALID) && s->event_insn_len <= TLFS_INSN_MAX;
}

/* as HvSetVpRegisters would take it (10.3.4) */
static bool event_valid(const struct save_vp *s)
{
	if (!s->event_pending)
		return true;
	switch (s->event_type) {
	case TLFS_EVENT_EXTINT:
	case TLFS_EVENT_SOFTINT:
		return !s->event_has_error;
	case TLFS_EVENT_NMI:
		return s->event_vector == X86_TRAP_NMI && !s->event_has_error;
	case TLFS_EVENT_EXCEPTION:
		return s->event_vector < 32;
	case TLFS_EVENT_PRIV_SOFTEXC:
	case TLFS_EVENT_SOFTEXC:
		return s->event_vector < 32 && !s->event_has_error;
	}
	return false;
}

static int restore_apic(struct tlfs_vp *vp, const struct save_vp *s)
{
	if (tlfs_lapic_set_base(vp, s->apic_base, false) != TLFS_RESUME)
		return -EINVAL;
	if (tlfs_lapic_set_state(vp, &s->lapic))
		return -EINVAL;
	tlfs_lapic_set_tpr(vp, s->lapic_tpr);
	tlfs_lapic_timer_set_deadline(vp, s->tsc_deadline);
	WRITE_ONCE(vp->lapic.asserted, s->lapic_asserted);
	atomic_set(&vp->lapic.extint, s->extint);
	return 0;
}

static void restore_fields(struct tlfs_vp *vp, const struct save_vp *s)
{
	vp->tsc_adjust = s->tsc_adjust;
	vp->runtime_ns = s->runtime_ns;
	vp->event = (struct tlfs_event) {
		.pending = s->event_pending,
		.type = s->event_type,
		.vector = s->event_vector,
		.insn_len = s->event_insn_len,
		.has_error = s->event_has_error,
		.error = s->event_error,
		.param = s->event_param,
	};
	vp->halted = s->halted;
	vp->idle = s->idle;
	vp->startup_suspend = s->startup_suspend;
	WRITE_ONCE(vp->intercept_suspend, s->intercept_suspend & 1);
	tlfs_flush_inhibit(vp, s->intercept_suspend & 2);
	vp->shutdown = s->shutdown;
	vp->sipi_vector = s->sipi_vector;
	vp->extint_vector = s->extint_vector;
	vp->extint_pending = s->extint_pending;
	atomic_set(&vp->nmi_pending, s->nmi_pending);
}

static int restore_state(int err)
{
	switch (err) {
	case 0:
		return HV_STATE_COMPLETE;
	case -ENOMEM:
		return HV_STATE_PROCESSOR_INSUFFICIENT_MEMORY;
	default:
		return HV_STATE_CORRUPT_DATA;
	}
}

static int restore_parts(struct tlfs_vp *vp, const struct save_vp *s, struct tlfs_save_buf *b)
{
	int err;

	err = restore_regs(vp, b, s->nr_regs);
	if (!err)
		err = restore_xsave(vp, b, s->xsave_size);
	if (!err)
		err = restore_apic(vp, s);
	if (!err)
		err = restore_pages(vp, b, s->pages);
	if (!err)
		err = tlfs_stimers_set_state(vp, &s->stimers);
	if (!err)
		err = restore_messages(vp, b, s->nr_messages);
	return err;
}

int tlfs_restore_vp(struct tlfs_vp *vp, struct tlfs_save_buf *b)
{
	struct save_vp s;
	int err;

	tlfs_save_get(b, &s, sizeof(s));
	if (b->bad || s.index != vp->index || !vp_valid(vp, &s) || !event_valid(&s))
		return HV_STATE_CORRUPT_DATA;

	/* whatever it was before: timers, queues, requests */
	tlfs_vp_reset(vp, false);
	bitmap_clear(&vp->requests, 0, BITS_PER_LONG);
	err = restore_parts(vp, &s, b);
	if (err)
		tlfs_vp_reset(vp, false);
	else
		restore_fields(vp, &s);
	set_mask_bits(&vp->requests, 0, (err ? 0UL : s.requests) | BIT(TLFS_REQ_EVENT) |
		      BIT(TLFS_REQ_TSC_OFFSET) | BIT(TLFS_REQ_FLUSH_TLB) |
		      BIT(TLFS_REQ_INTERCEPTS));
	tlfs_regpage_store(vp);
	return restore_state(err);
}
