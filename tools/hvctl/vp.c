// SPDX-License-Identifier: GPL-2.0-only
/* Thread of a virtual processor: run, look at the message, carry it out, run again. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "emu.h"
#include "machine.h"

#define CRASH_NOTIFY	BIT_ULL(63)
#define CRASH_MESSAGE	BIT_ULL(62)
#define CRASH_TEXT_MAX	4096

/* ---- registers ---- */

/* What the register page has, by name; the order is that of own_values() */
static const u32 page_names[] = {
	HV_X64_REGISTER_RAX, HV_X64_REGISTER_RCX, HV_X64_REGISTER_RDX, HV_X64_REGISTER_RBX,
	HV_X64_REGISTER_RSP, HV_X64_REGISTER_RBP, HV_X64_REGISTER_RSI, HV_X64_REGISTER_RDI,
	HV_X64_REGISTER_R8, HV_X64_REGISTER_R9, HV_X64_REGISTER_R10, HV_X64_REGISTER_R11,
	HV_X64_REGISTER_R12, HV_X64_REGISTER_R13, HV_X64_REGISTER_R14, HV_X64_REGISTER_R15,
	HV_X64_REGISTER_RIP, HV_X64_REGISTER_RFLAGS,
	HV_X64_REGISTER_XMM0, HV_X64_REGISTER_XMM1, HV_X64_REGISTER_XMM2, HV_X64_REGISTER_XMM3,
	HV_X64_REGISTER_XMM4, HV_X64_REGISTER_XMM5,
	HV_X64_REGISTER_ES, HV_X64_REGISTER_CS, HV_X64_REGISTER_SS, HV_X64_REGISTER_DS,
	HV_X64_REGISTER_FS, HV_X64_REGISTER_GS,
	HV_X64_REGISTER_CR0, HV_X64_REGISTER_CR3, HV_X64_REGISTER_CR4, HV_X64_REGISTER_CR8,
	HV_X64_REGISTER_EFER,
};

enum { AT_RIP = 16, AT_RFLAGS, AT_XMM, AT_SEG = AT_XMM + 6, AT_CR = AT_SEG + 6 };

bool vp_load(struct vp *vp)
{
	union hv_register_value v[ARRAY_SIZE(page_names)];
	struct hv_vp_register_page *p = vp->own;
	struct hv_x64_segment_register *segs[] = { &p->es, &p->cs, &p->ss, &p->ds, &p->fs, &p->gs };
	u64 *control[] = { &p->cr0, &p->cr3, &p->cr4, &p->cr8, &p->efer };
	unsigned int i;
	int rc;

	if (vp->regs != vp->own || vp->loaded)
		return true;
	rc = tlfs_get_regs(vp->fd, vp->index, page_names, v, ARRAY_SIZE(page_names));
	if (rc) {
		machine_end(vp->m, ST_HOST, "VP %u: cannot read registers: %s", vp->index,
			    tlfs_strerror(rc));
		return false;
	}
	for (i = 0; i < 16; i++)
		p->gprs[i] = v[i].reg64;
	p->rip = v[AT_RIP].reg64;
	p->rflags = v[AT_RFLAGS].reg64;
	for (i = 0; i < 6; i++) {
		p->xmm[i] = v[AT_XMM + i].reg128;
		*segs[i] = v[AT_SEG + i].segment;
	}
	for (i = 0; i < ARRAY_SIZE(control); i++)
		*control[i] = v[AT_CR + i].reg64;
	p->dirty = 0;
	vp->loaded = true;
	return true;
}

/* Without a page: changed classes back by hypercall.  The module does that itself with a page. */
static bool vp_flush(struct vp *vp)
{
	struct hv_register_assoc regs[AT_SEG] = { 0 };
	struct hv_vp_register_page *p = vp->own;
	unsigned int i, n = 0;
	int rc;

	if (vp->regs != p || !p->dirty)
		return true;
	for (i = 0; i < AT_SEG; i++) {
		u32 class = i < AT_RIP ? HV_REGISTER_PAGE_DIRTY_GPRS :
			    i == AT_RIP ? HV_REGISTER_PAGE_DIRTY_RIP :
			    i == AT_RFLAGS ? HV_REGISTER_PAGE_DIRTY_RFLAGS :
			    HV_REGISTER_PAGE_DIRTY_XMM;

		if (!(p->dirty & class))
			continue;
		regs[n].name = page_names[i];
		if (i < AT_RIP)
			regs[n].value.reg64 = p->gprs[i];
		else if (i == AT_RIP)
			regs[n].value.reg64 = p->rip;
		else if (i == AT_RFLAGS)
			regs[n].value.reg64 = p->rflags;
		else
			regs[n].value.reg128 = p->xmm[i - AT_XMM];
		n++;
	}
	p->dirty = 0;
	rc = tlfs_set_regs(vp->fd, vp->index, regs, n);
	if (rc)
		machine_end(vp->m, ST_HOST, "VP %u: cannot write registers: %s", vp->index,
			    tlfs_strerror(rc));
	return !rc;
}

void vp_dump(struct vp *vp)
{
	static const char * const gpr[] = {
		"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
		"r8 ", "r9 ", "r10", "r11", "r12", "r13", "r14", "r15",
	};
	struct hv_vp_register_page *r = vp->regs;
	char line[160];
	unsigned int i;
	int n;

	if (!vp_load(vp))
		return;
	note("VP %u: rip %016llx rflags %08llx", vp->index, r->rip,
	     r->rflags);
	for (i = 0; i < 16; i += 4) {
		unsigned int k;

		for (k = 0, n = 0; k < 4; k++)
			n += snprintf(line + n, sizeof(line) - n, " %s %016llx", gpr[i + k],
				      r->gprs[i + k]);
		note("VP %u:%s", vp->index, line);
	}
	note("VP %u: cr0 %08llx cr3 %016llx cr4 %08llx efer %04llx", vp->index,
	     r->cr0, r->cr3, r->cr4,
	     r->efer);
	note("VP %u: cs %04x base %016llx attributes %04x, ss %04x, ds %04x, es %04x", vp->index,
	     r->cs.selector, r->cs.base, r->cs.attributes, r->ss.selector,
	     r->ds.selector, r->es.selector);
}

bool vp_inject(struct vp *vp, const struct emu_fault *fault)
{
	struct hv_register_assoc regs[2] = {
		{
			.name = HV_X64_REGISTER_PENDING_INTERRUPTION,
			.value.reg64 = HV_PENDING_INTERRUPTION_PENDING |
				HV_PENDING_EXCEPTION << HV_PENDING_INTERRUPTION_TYPE_SHIFT |
				(u64)fault->vector << HV_PENDING_INTERRUPTION_VECTOR_SHIFT,
		}, {
			.name = HV_X64_REGISTER_CR2,
			.value.reg64 = fault->cr2,
		},
	};
	int rc;

	if (fault->has_error)
		regs[0].value.reg64 |= HV_PENDING_INTERRUPTION_DELIVER_ERROR_CODE |
			(u64)fault->error << HV_PENDING_INTERRUPTION_ERROR_CODE_SHIFT;
	rc = tlfs_set_regs(vp->fd, vp->index, regs, fault->vector == VECTOR_PF ? 2 : 1);
	if (rc)
		machine_end(vp->m, ST_HOST, "VP %u: cannot raise exception %u: %s", vp->index,
			    fault->vector, tlfs_strerror(rc));
	return !rc;
}

/* ---- messages ---- */

static void skip(struct vp *vp, const struct hv_x64_intercept_message_header *h)
{
	vp->regs->rip = h->rip + (h->instruction_length_cr8 &
				  HV_X64_INTERCEPT_INSTRUCTION_LENGTH_MASK);
	vp->regs->dirty |= HV_REGISTER_PAGE_DIRTY_RIP;
}

/* Text a guest left for its crash (P3 the address, P4 the length), printable part only */
static void print_crash_text(struct vp *vp, u64 gpa, u64 len)
{
	char text[512];
	const char *from;
	size_t i, n = 0;

	len = MIN(len, (u64)CRASH_TEXT_MAX);
	from = ram_ptr(&vp->m->ram, gpa, len);
	if (!from || !len)
		return;
	for (i = 0; i <= len; i++) {
		char c = i < len ? from[i] : '\n';

		if (n && (!c || c == '\n' || n == sizeof(text) - 1)) {
			text[n] = 0;
			note("guest: %s", text);
			n = 0;
		}
		if (!c && i < len)
			i = len;
		else if (c >= ' ' && c < 0x7f)
			text[n++] = c;
	}
}

static bool guest_crash(struct vp *vp, u64 ctl)
{
	static const u32 names[] = {
		HV_REGISTER_GUEST_CRASH_P0, HV_REGISTER_GUEST_CRASH_P1,
		HV_REGISTER_GUEST_CRASH_P2, HV_REGISTER_GUEST_CRASH_P3,
		HV_REGISTER_GUEST_CRASH_P4,
	};
	union hv_register_value v[ARRAY_SIZE(names)] = { 0 };
	int rc = tlfs_get_regs(vp->fd, vp->index, names, v, ARRAY_SIZE(names));

	if (rc)
		machine_end(vp->m, ST_CRASH, "VP %u: guest crashed; parameters unreadable: %s",
			    vp->index, tlfs_strerror(rc));
	else
		machine_end(vp->m, ST_CRASH,
			    "VP %u: guest crashed: P0 0x%llx P1 0x%llx P2 0x%llx P3 0x%llx P4 0x%llx",
			    vp->index, v[0].reg64,
			    v[1].reg64, v[2].reg64,
			    v[3].reg64, v[4].reg64);
	if (!rc && ctl & CRASH_MESSAGE)
		print_crash_text(vp, v[3].reg64, v[4].reg64);
	return false;
}

/*
 * The module completes what the MSR does and tells of two of them: the crash notification and
 * the reset request.  Any other was not to be intercepted.
 */
/*
 * Synthetic debugger MSRs.  The specification does not say what is in them and no debugger is
 * attached: they keep what the guest writes, for all VPs.
 */
static u64 *debug_msr(struct vp *vp, u32 msr)
{
	u32 i = msr - HV_X64_MSR_SYNTH_DEBUG_CONTROL;

	return i < ARRAY_SIZE(vp->m->debug_msr) ? &vp->m->debug_msr[i] : NULL;
}

static void handle_debug_msr(struct vp *vp, const struct hv_x64_msr_intercept_message *msg,
			     u64 *reg)
{
	u64 val = msg->rdx << 32 | (u32)msg->rax;

	pthread_mutex_lock(&vp->m->lock);
	if (msg->header.intercept_access_type == HV_INTERCEPT_ACCESS_WRITE)
		*reg = val;
	val = *reg;
	pthread_mutex_unlock(&vp->m->lock);
	if (msg->header.intercept_access_type != HV_INTERCEPT_ACCESS_WRITE) {
		vp->regs->gprs[0] = (u32)val;
		vp->regs->gprs[2] = val >> 32;
		vp->regs->dirty |= HV_REGISTER_PAGE_DIRTY_GPRS;
	}
	skip(vp, &msg->header);
}

static bool handle_msr(struct vp *vp, const struct hv_x64_msr_intercept_message *msg)
{
	static const struct emu_fault gp = { .vector = VECTOR_GP, .has_error = true };
	u64 val = msg->rdx << 32 | (u32)msg->rax;
	u64 *debug;

	if (!vp_load(vp))
		return false;
	debug = debug_msr(vp, msg->msr_number);
	if (debug) {
		handle_debug_msr(vp, msg, debug);
		return true;
	}
	if (msg->header.intercept_access_type == HV_INTERCEPT_ACCESS_WRITE) {
		if (msg->msr_number == HV_X64_MSR_CRASH_CTL) {
			skip(vp, &msg->header);
			return val & CRASH_NOTIFY ? guest_crash(vp, val) : true;
		}
		if (msg->msr_number == HV_X64_MSR_RESET) {
			skip(vp, &msg->header);
			if (!(val & 1))
				return true;
			machine_end(vp->m, ST_RESET, "guest asked for a reset (reset MSR)");
			return false;
		}
	}
	return vp_inject(vp, &gp);
}

static bool handle_eoi(struct vp *vp, const struct hv_x64_apic_eoi_message *msg)
{
	pthread_mutex_lock(&vp->m->lock);
	ioapic_eoi(&vp->m->ioapic, msg->interrupt_vector);
	pthread_mutex_unlock(&vp->m->lock);
	return true;
}

static bool triple_fault(struct vp *vp)
{
	/* registers first: the line that says why is the last one */
	if (!atomic_load(&vp->m->stopping))
		vp_dump(vp);
	machine_end(vp->m, ST_TRIPLE_FAULT, "VP %u: triple fault at 0x%llx", vp->index,
		    vp->regs->rip);
	return false;
}

static bool handle(struct vp *vp, const struct hv_message *msg)
{
	const void *payload = msg->payload;
	const struct hv_x64_intercept_message_header *h = payload;

	switch (msg->header.message_type) {
	case HVMSG_X64_IO_PORT_INTERCEPT:
		vp->user = (h->execution_state & HV_X64_EXECUTION_STATE_CPL_MASK) == 3;
		return vp_handle_pio(vp, payload);
	case HVMSG_UNMAPPED_GPA:
	case HVMSG_GPA_INTERCEPT:
		vp->user = (h->execution_state & HV_X64_EXECUTION_STATE_CPL_MASK) == 3;
		return vp_handle_mmio(vp, payload);
	case HVMSG_X64_APIC_EOI:
	case HVMSG_APIC_EOI_20:
		return handle_eoi(vp, payload);
	case HVMSG_X64_MSR_INTERCEPT:
		return handle_msr(vp, payload);
	case HVMSG_X64_LEGACY_FP_ERROR:
	case HVMSG_FERR_ASSERTED_20:
		machine_ferr(vp->m);
		return true;
	case HVMSG_UNRECOVERABLE_EXCEPTION:
		return triple_fault(vp);
	case HVMSG_NONE:
		return true;
	default:
		machine_end(vp->m, ST_HOST, "VP %u: unexpected message 0x%08x from the module",
			    vp->index, msg->header.message_type);
		return false;
	}
}

void *vp_thread(void *arg)
{
	struct vp *vp = arg;
	struct hv_message msg;
	int rc;

	while (!atomic_load(&vp->m->stopping)) {
		rc = tlfs_run_vp(vp->fd, &msg);
		if (rc == -EINTR)
			continue;
		if (rc) {
			machine_end(vp->m, ST_HOST, "VP %u: cannot run: %s", vp->index,
				    tlfs_strerror(rc));
			break;
		}
		vp->regs = vp->page && vp->page->is_valid ? vp->page : vp->own;
		vp->loaded = false;
		if (!handle(vp, &msg) || !vp_flush(vp))
			break;
	}
	atomic_store(&vp->done, true);
	return NULL;
}
