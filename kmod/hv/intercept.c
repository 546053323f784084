// SPDX-License-Identifier: GPL-2.0-only
/*
 * intercept.c - intercepts and their messages (TLFS 9 and 16)
 *
 * A message is composed in vp->msg, a page the VMM may have mapped: nothing is ever read back
 * from it.
 */
#include <linux/bitmap.h>
#include <linux/build_bug.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/trapnr.h>

#include "tlfs.h"

#define PORTS		65536
#define EXCEPTIONS	32
#define CPUID_FIRST	ARRAY_SIZE(((struct tlfs_intercepts *)0)->cpuid_leaf)
#define CPUID_MORE	(PAGE_SIZE / sizeof(u32))

/* ---- installing (9.3.1) ---- */

/* The parent's wishes are read by running VPs without a lock; writers hold pt->lock. */

static u16 install_port(struct tlfs_partition *pt, u64 port, bool on)
{
	unsigned long *map = pt->intercepts.ports[0];

	if (port >= PORTS)
		return HV_STATUS_INVALID_PARAMETER;
	if (!map) {
		/* a VMM has all of them until it gives the first one back, a guest none */
		if (on == pt->hosted)
			return HV_STATUS_SUCCESS;
		/* it never fails for want of memory (9.3.1), and two pages are not much */
		map = bitmap_alloc(PORTS, GFP_KERNEL_ACCOUNT | __GFP_NOFAIL);
		if (pt->hosted)
			bitmap_fill(map, PORTS);
		else
			bitmap_zero(map, PORTS);
		assign_bit(port, map, on);
		/*
		 * One map serves both: reads and writes can only be asked for together.  Pairs
		 * with the acquire of tlfs_io_intercepted()
		 */
		smp_store_release(&pt->intercepts.ports[1], map);
		/* likewise */
		smp_store_release(&pt->intercepts.ports[0], map);
		return HV_STATUS_SUCCESS;
	}
	assign_bit(port, map, on);
	return HV_STATUS_SUCCESS;
}

static u32 *cpuid_slot(struct tlfs_intercepts *ic, unsigned int i)
{
	return i < CPUID_FIRST ? &ic->cpuid_leaf[i] : &ic->cpuid_more[i - CPUID_FIRST];
}

/* the only intercepts that may want memory (9.3.1): the first few leaves do not */
static bool cpuid_room(struct tlfs_partition *pt, unsigned int i)
{
	struct tlfs_intercepts *ic = &pt->intercepts;

	if (i < CPUID_FIRST || (ic->cpuid_more && i < CPUID_FIRST + CPUID_MORE))
		return true;
	if (ic->cpuid_more || !tlfs_pool_charge(pt, 1))
		return false;
	ic->cpuid_more = kcalloc(CPUID_MORE, sizeof(u32), GFP_KERNEL_ACCOUNT);
	if (!ic->cpuid_more)
		tlfs_pool_uncharge(pt, 1);
	return ic->cpuid_more;
}

/*
 * A leaf taken off the list leaves a copy of another one in its slot, so that a VP scanning the
 * list at this moment misses nothing that is to stay; a slot that repeats the first one is free.
 */
static u16 install_cpuid(struct tlfs_partition *pt, u64 leaf, bool on)
{
	struct tlfs_intercepts *ic = &pt->intercepts;
	unsigned int i, nr = ic->cpuid_nr, free = nr, other = nr;

	if (leaf > U32_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	for (i = 0; i < nr; i++) {
		if (*cpuid_slot(ic, i) != leaf)
			other = i;
		else if (on)
			return HV_STATUS_SUCCESS;
		if (i && *cpuid_slot(ic, i) == ic->cpuid_leaf[0])
			free = i;
	}
	if (on) {
		if (!cpuid_room(pt, free))
			return HV_STATUS_INSUFFICIENT_MEMORY;
		WRITE_ONCE(*cpuid_slot(ic, free), leaf);
		if (free == nr) {
			/* pairs with tlfs_cpuid_intercepted(): the slot before the count */
			smp_store_release(&ic->cpuid_nr, free + 1);
		}
		return HV_STATUS_SUCCESS;
	}
	if (other == nr) {
		WRITE_ONCE(ic->cpuid_nr, 0);
		return HV_STATUS_SUCCESS;
	}
	/* slot 0 is the one the others repeat: give it a leaf that stays, then the rest */
	if (ic->cpuid_leaf[0] == leaf)
		WRITE_ONCE(ic->cpuid_leaf[0], *cpuid_slot(ic, other));
	for (i = 1; i < nr; i++)
		if (*cpuid_slot(ic, i) == leaf)
			WRITE_ONCE(*cpuid_slot(ic, i), ic->cpuid_leaf[0]);
	return HV_STATUS_SUCCESS;
}

static u16 install_exception(struct tlfs_partition *pt, u64 vector, bool on)
{
	u32 mask = pt->intercepts.exceptions;

	if (vector >= EXCEPTIONS)
		return HV_STATUS_INVALID_PARAMETER;
	/*
	 * Only instructions raise these, INT3 and INTO, which 2.0 does not intercept (11.12);
	 * debuggers of today rely on it
	 */
	if (pt->v2 && (vector == X86_TRAP_BP || vector == X86_TRAP_OF))
		return HV_STATUS_SUCCESS;
	mask = on ? mask | BIT(vector) : mask & ~BIT(vector);
	WRITE_ONCE(pt->intercepts.exceptions, mask);
	return HV_STATUS_SUCCESS;
}

static u16 install(struct tlfs_partition *pt, const struct hv_input_install_intercept *in)
{
	u32 wanted = HV_INTERCEPT_ACCESS_MASK_EXECUTE;
	bool on = in->access_type != HV_INTERCEPT_ACCESS_MASK_NONE;

	/* the table of 9.1.1: each type has exactly one mask that installs it */
	if (in->intercept_type == HV_INTERCEPT_TYPE_X64_IO_PORT ||
	    in->intercept_type == HV_INTERCEPT_TYPE_X64_MSR)
		wanted = HV_INTERCEPT_ACCESS_MASK_READ | HV_INTERCEPT_ACCESS_MASK_WRITE;
	if (on && in->access_type != wanted)
		return HV_STATUS_INVALID_PARAMETER;

	switch (in->intercept_type) {
	case HV_INTERCEPT_TYPE_X64_IO_PORT:
		return install_port(pt, in->intercept_parameter, on);
	case HV_INTERCEPT_TYPE_X64_MSR:
		if (in->intercept_parameter)
			return HV_STATUS_INVALID_PARAMETER;
		WRITE_ONCE(pt->intercepts.msr_read, on);
		WRITE_ONCE(pt->intercepts.msr_write, on);
		return HV_STATUS_SUCCESS;
	case HV_INTERCEPT_TYPE_X64_CPUID:
		return install_cpuid(pt, in->intercept_parameter, on);
	case HV_INTERCEPT_TYPE_X64_GLOBAL_CPUID:
		if (in->intercept_parameter)
			return HV_STATUS_INVALID_PARAMETER;
		WRITE_ONCE(pt->intercepts.cpuid, on);
		return HV_STATUS_SUCCESS;
	case HV_INTERCEPT_TYPE_X64_EXCEPTION:
		return install_exception(pt, in->intercept_parameter, on);
	default:
		return HV_STATUS_INVALID_PARAMETER;
	}
}

TLFS_HANDLER(install_intercept)
{
	const struct hv_input_install_intercept *in = call->in;
	struct tlfs_partition *pt = call->target;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (mutex_lock_killable(&pt->lock))
		return HV_STATUS_TIME_OUT;
	status = pt->initialized ? install(pt, in) : HV_STATUS_INVALID_PARTITION_STATE;
	mutex_unlock(&pt->lock);
	/* VPs leave the guest, and the backend arms what is new before the next entry */
	if (status == HV_STATUS_SUCCESS)
		tlfs_vps_request(pt, NULL, TLFS_REQ_INTERCEPTS, false);
	return status;
}

/* HvRegisterInterceptResult (later editions): answers the hypervisor gives in the parent's place */
TLFS_HANDLER(register_intercept_result)
{
	const struct hv_input_register_intercept_result *in = call->in;
	struct tlfs_partition *pt = call->target;
	int err;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (in->intercept_type != HV_INTERCEPT_TYPE_X64_CPUID)
		return HV_STATUS_INVALID_PARAMETER;
	if (in->vp_index != HV_ANY_VP && !tlfs_vp_get(pt, in->vp_index))
		return HV_STATUS_INVALID_VP_INDEX;
	err = tlfs_cpuid_register(pt, in->vp_index, &in->parameters);
	switch (err) {
	case 0:
		return HV_STATUS_SUCCESS;
	case -ENOMEM:
	case -ENOSPC:
		return HV_STATUS_INSUFFICIENT_MEMORY;
	case -EINTR:
		return HV_STATUS_TIME_OUT;
	default:
		return HV_STATUS_INVALID_PARAMETER;
	}
}

bool tlfs_io_intercepted(struct tlfs_partition *pt, u16 port, unsigned int size, bool write)
{
	const unsigned long *map;
	unsigned int i;

	/* pairs with install_port(): the bits before the map */
	map = smp_load_acquire(&pt->intercepts.ports[write]);
	if (likely(!map))
		return pt->hosted;
	/* a wide access counts as one of each port it covers (16.5.3) */
	for (i = 0; i < size && port + i < PORTS; i++)
		if (test_bit(port + i, map))
			return true;
	return false;
}

bool tlfs_cpuid_intercepted(struct tlfs_partition *pt, u32 leaf)
{
	struct tlfs_intercepts *ic = &pt->intercepts;
	unsigned int i, nr;

	if (READ_ONCE(ic->cpuid))
		return true;
	/* pairs with install_cpuid() */
	nr = smp_load_acquire(&ic->cpuid_nr);
	for (i = 0; i < nr; i++)
		if (READ_ONCE(*cpuid_slot(ic, i)) == leaf)
			return true;
	return false;
}

void tlfs_intercepts_free(struct tlfs_partition *pt)
{
	bitmap_free(pt->intercepts.ports[0]);
	kfree(pt->intercepts.cpuid_more);
}

/* ---- composing (16) ---- */

static unsigned int msg_stat(u32 type)
{
	switch (type) {
	case HVMSG_X64_IO_PORT_INTERCEPT:
		return HV_VP_STAT_IO_MESSAGES;
	case HVMSG_UNMAPPED_GPA:
	case HVMSG_GPA_INTERCEPT:
		return HV_VP_STAT_MEMORY_MESSAGES;
	default:
		return HV_VP_STAT_OTHER_MESSAGES;
	}
}

/* a message of @type with @size bytes of payload, all zero; the first @used will be written */
static void *msg_begin_used(struct tlfs_vp *vp, u32 type, unsigned int size, unsigned int used)
{
	struct hv_message *msg = vp->msg;

	vp_count(vp, msg_stat(type));
	BUILD_BUG_ON(HV_MESSAGE_PAYLOAD_SIZE > U8_MAX);
	msg->header.message_type = type;
	msg->header.payload_size = size;
	msg->header.message_flags = 0;
	msg->header.reserved = 0;
	msg->header.sender = vp->pt->id;
	/* behind what the last message used everything is zero already */
	memset(msg->payload_bytes, 0, max_t(unsigned int, used, vp->msg_used));
	vp->msg_used = used;
	vp->intercept_suspend = true;
	return msg->payload_bytes;
}

static void *msg_begin(struct tlfs_vp *vp, u32 type, unsigned int size)
{
	return msg_begin_used(vp, type, size, size);
}

static u16 execution_state(struct tlfs_vp *vp)
{
	u64 cr0 = tlfs_call(get_cr)(vp, 0);
	u16 state = tlfs_call(cpl)(vp);

	if (cr0 & X86_CR0_PE)
		state |= HV_X64_EXECUTION_STATE_CR0_PE;
	if (cr0 & X86_CR0_AM)
		state |= HV_X64_EXECUTION_STATE_CR0_AM;
	if (tlfs_call(get_efer)(vp) & EFER_LMA)
		state |= HV_X64_EXECUTION_STATE_EFER_LMA;
	if (tlfs_call(get_dr)(vp, 7) & 0xff)
		state |= HV_X64_EXECUTION_STATE_DEBUG_ACTIVE;
	if (vp->event.pending)
		state |= HV_X64_EXECUTION_STATE_INTERRUPTION_PENDING;
	if (tlfs_call(get_shadow)(vp) & HV_INTERRUPT_STATE_SHADOW)
		state |= HV_X64_EXECUTION_STATE_INTERRUPT_SHADOW;
	return state;
}

static void msg_header(struct tlfs_vp *vp, struct hv_x64_intercept_message_header *header,
		       u8 access, u8 insn_len)
{
	u8 cr8 = tlfs_call(get_cr)(vp, 8);

	header->vp_index = vp->index;
	header->instruction_length_cr8 = (insn_len & HV_X64_INTERCEPT_INSTRUCTION_LENGTH_MASK) |
					 cr8 << HV_X64_INTERCEPT_CR8_SHIFT;
	header->intercept_access_type = access;
	header->execution_state = execution_state(vp);
	tlfs_call(get_segment)(vp, TLFS_SEG_CS, &header->cs_segment);
	header->rip = vp_reg(vp, VP_RIP);
	header->rflags = vp_reg(vp, VP_RFLAGS);
}

/*
 * Instruction bytes: the processor's, or fetched; how many, or -EAGAIN.  None of an access by the
 * delivery of an interruption (16.3)
 */
static int msg_insn(struct tlfs_vp *vp, u8 buf[16])
{
	if (unlikely(vp->event.pending))
		return 0;
	if (vp->exit.nr_bytes) {
		memcpy(buf, vp->exit.bytes, vp->exit.nr_bytes);
		return vp->exit.nr_bytes;
	}
	return tlfs_fetch_insn(vp, buf, TLFS_INSN_MAX, vp->in_window);
}

static void msg_gprs(struct tlfs_vp *vp, u64 gprs[16])
{
	unsigned int i;

	vp_reg(vp, VP_RSP);
	for (i = VP_RAX; i <= VP_R15; i++)
		gprs[i] = vp->regs[i];
}

/* of a repeated string form: RCX, as wide as its addresses */
static u64 io_count(struct tlfs_vp *vp)
{
	u64 count = vp->regs[VP_RCX];

	switch (vp->exit.io.addr_size) {
	case 2:
		return (u16)count;
	case 4:
		return (u32)count;
	}
	return count;
}

/* 16.5.3: what is behind RAX is for string forms only and zero else */
int tlfs_msg_io(struct tlfs_vp *vp)
{
	const struct tlfs_exit *exit = &vp->exit;
	struct hv_x64_io_port_intercept_message *msg;
	u8 bytes[16], info;
	int len, nr = 0;

	len = tlfs_insn_len(vp);
	if (len <= 0)
		return len ? TLFS_SLOW : TLFS_RESUME;
	/* the processor may ask before it looks whether there is anything to repeat */
	if (exit->io.string && exit->io.rep && !io_count(vp))
		return tlfs_skip_insn(vp) ? TLFS_SLOW : TLFS_RESUME;
	if (exit->io.string) {
		nr = msg_insn(vp, bytes);
		if (nr < 0)
			return TLFS_SLOW;
	}

	msg = msg_begin_used(vp, HVMSG_X64_IO_PORT_INTERCEPT, sizeof(*msg), exit->io.string ?
			     sizeof(*msg) : offsetof(typeof(*msg), instruction_bytes));
	msg_header(vp, &msg->header,
		   exit->io.in ? HV_INTERCEPT_ACCESS_READ : HV_INTERCEPT_ACCESS_WRITE, len);
	msg->port_number = exit->io.port;
	info = exit->io.size & HV_X64_IO_PORT_ACCESS_SIZE_MASK;
	msg->access_info = info;
	msg->rax = vp->regs[VP_RAX];
	if (!exit->io.string)
		return TLFS_USER;

	info |= HV_X64_IO_PORT_ACCESS_STRING;
	if (exit->io.rep)
		info |= HV_X64_IO_PORT_ACCESS_REP;
	msg->access_info = info;
	msg->instruction_byte_count = nr;
	memcpy(msg->instruction_bytes, bytes, nr);
	tlfs_call(get_segment)(vp, TLFS_SEG_DS, &msg->ds_segment);
	tlfs_call(get_segment)(vp, TLFS_SEG_ES, &msg->es_segment);
	msg->rcx = vp->regs[VP_RCX];
	msg->rsi = vp->regs[VP_RSI];
	msg->rdi = vp->regs[VP_RDI];
	return TLFS_USER;
}

/*
 * 16.3.  Later editions end the message after the instruction bytes; 2.0 goes on with segments and
 * general registers, which does not hurt who expects the shorter form.
 *
 * Also for parameter pages of hypercalls: then vp->exit is not a memory exit.
 */
int tlfs_msg_memory(struct tlfs_vp *vp, u32 type, u64 gpa, u8 access)
{
	const struct tlfs_exit *exit = &vp->exit;
	struct hv_x64_memory_intercept_message_20 *msg;
	u8 bytes[16], info;
	int nr = 0;

	if (access != TLFS_ACCESS_EXECUTE) {
		nr = msg_insn(vp, bytes);
		if (nr < 0)
			return TLFS_SLOW;
	}

	tlfs_eventlog(HV_EVENTLOG_GROUP_INTERCEPT_MANAGER, HV_TR_IM_MEMORY_INTERCEPT,
		      vp_reg(vp, VP_RIP), type);
	msg = msg_begin(vp, type, sizeof(*msg));
	tlfs_flush_inhibit(vp, true);
	/* enum tlfs_access has the values of the message */
	msg_header(vp, &msg->base.header, access, exit->insn_len);
	msg->base.cache_type = HV_CACHE_TYPE_X64_WRITE_BACK;
	msg->base.tpr_priority = tlfs_call(get_cr)(vp, 8);
	msg->base.gpa = gpa;
	/* an access to the guest's page tables has none (16.3) */
	if (exit->kind == TLFS_EXIT_MEMORY && exit->mem.gva_valid && !exit->mem.walk) {
		info = HV_X64_MEMORY_ACCESS_GVA_VALID;
		if (exit->mem.gpa == gpa)
			info |= HV_X64_MEMORY_ACCESS_GVA_GPA_VALID;
		msg->base.memory_access_info = info;
		msg->base.gva = exit->mem.gva;
	}
	msg->base.instruction_byte_count = nr;
	memcpy(msg->base.instruction_bytes, bytes, nr);
	tlfs_call(get_segment)(vp, TLFS_SEG_DS, &msg->ds_segment);
	tlfs_call(get_segment)(vp, TLFS_SEG_SS, &msg->ss_segment);
	msg_gprs(vp, msg->gprs);
	return TLFS_USER;
}

int tlfs_msg_msr(struct tlfs_vp *vp, u32 msr, bool write)
{
	struct hv_x64_msr_intercept_message *msg;
	int len = tlfs_insn_len(vp);

	if (len <= 0)
		return len ? TLFS_SLOW : TLFS_RESUME;
	msg = msg_begin(vp, HVMSG_X64_MSR_INTERCEPT, sizeof(*msg));
	msg_header(vp, &msg->header,
		   write ? HV_INTERCEPT_ACCESS_WRITE : HV_INTERCEPT_ACCESS_READ, len);
	msg->msr_number = msr;
	msg->rdx = vp->regs[VP_RDX];
	msg->rax = vp->regs[VP_RAX];
	return TLFS_USER;
}

/* @def: EAX, EBX, ECX, EDX the guest would get */
int tlfs_msg_cpuid(struct tlfs_vp *vp, const u32 def[4])
{
	struct hv_x64_cpuid_intercept_message *msg;
	int len = tlfs_insn_len(vp);

	if (len <= 0)
		return len ? TLFS_SLOW : TLFS_RESUME;
	msg = msg_begin(vp, HVMSG_X64_CPUID_INTERCEPT, sizeof(*msg));
	msg_header(vp, &msg->header, HV_INTERCEPT_ACCESS_EXECUTE, len);
	msg->rax = vp->regs[VP_RAX];
	msg->rcx = vp->regs[VP_RCX];
	msg->rdx = vp->regs[VP_RDX];
	msg->rbx = vp->regs[VP_RBX];
	msg->default_result_rax = def[0];
	msg->default_result_rbx = def[1];
	msg->default_result_rcx = def[2];
	msg->default_result_rdx = def[3];
	return TLFS_USER;
}

int tlfs_msg_exception(struct tlfs_vp *vp)
{
	const struct tlfs_exit *exit = &vp->exit;
	struct hv_x64_exception_intercept_message *msg;
	u8 bytes[16];
	int nr;

	nr = msg_insn(vp, bytes);
	if (nr < 0)
		return TLFS_SLOW;
	msg = msg_begin(vp, HVMSG_X64_EXCEPTION_INTERCEPT, sizeof(*msg));
	msg_header(vp, &msg->header, HV_INTERCEPT_ACCESS_EXECUTE, exit->insn_len);
	msg->exception_vector = exit->exc.vector;
	if (exit->exc.has_error) {
		msg->exception_info = HV_X64_EXCEPTION_ERROR_CODE_VALID;
		msg->error_code = exit->exc.error;
	}
	msg->exception_parameter = exit->exc.param;
	msg->instruction_byte_count = nr;
	memcpy(msg->instruction_bytes, bytes, nr);
	tlfs_call(get_segment)(vp, TLFS_SEG_DS, &msg->ds_segment);
	tlfs_call(get_segment)(vp, TLFS_SEG_SS, &msg->ss_segment);
	msg_gprs(vp, msg->gprs);
	return TLFS_USER;
}

int tlfs_msg_unrecoverable(struct tlfs_vp *vp)
{
	struct hv_x64_unrecoverable_exception_message *msg;

	msg = msg_begin(vp, HVMSG_UNRECOVERABLE_EXCEPTION, sizeof(*msg));
	msg_header(vp, &msg->header, HV_INTERCEPT_ACCESS_EXECUTE, 0);
	return TLFS_USER;
}

int tlfs_msg_apic_eoi(struct tlfs_vp *vp, u8 vector)
{
	struct hv_x64_apic_eoi_message *msg;

	/* later editions have renumbered it */
	msg = msg_begin(vp, READ_ONCE(vp->pt->v2) ? HVMSG_APIC_EOI_20 : HVMSG_X64_APIC_EOI,
			sizeof(*msg));
	msg->vp_index = vp->index;
	msg->interrupt_vector = vector;
	return TLFS_USER;
}

int tlfs_msg_ferr(struct tlfs_vp *vp)
{
	struct hv_x64_legacy_fp_error_message *msg;

	msg = msg_begin(vp, READ_ONCE(vp->pt->v2) ? HVMSG_FERR_ASSERTED_20 :
			HVMSG_X64_LEGACY_FP_ERROR, sizeof(*msg));
	msg->vp_index = vp->index;
	return TLFS_USER;
}

int tlfs_msg_invalid_register(struct tlfs_vp *vp)
{
	struct hv_x64_invalid_vp_register_message *msg;

	msg = msg_begin(vp, HVMSG_INVALID_VP_REGISTER_VALUE, sizeof(*msg));
	msg->vp_index = vp->index;
	return TLFS_USER;
}

int tlfs_msg_unsupported(struct tlfs_vp *vp, u32 feature, u64 param)
{
	struct hv_x64_unsupported_feature_message *msg;

	msg = msg_begin(vp, HVMSG_UNSUPPORTED_FEATURE, sizeof(*msg));
	msg->vp_index = vp->index;
	msg->feature_code = feature;
	msg->feature_parameter = param;
	return TLFS_USER;
}

/* of no instruction, like the next */
int tlfs_msg_interruption_deliverable(struct tlfs_vp *vp, u8 type)
{
	struct hv_x64_interruption_deliverable_message *msg;

	msg = msg_begin(vp, HVMSG_X64_INTERRUPTION_DELIVERABLE, sizeof(*msg));
	msg_header(vp, &msg->header, HV_INTERCEPT_ACCESS_READ, 0);
	msg->deliverable_type = type;
	return TLFS_USER;
}

int tlfs_msg_sint_deliverable(struct tlfs_vp *vp, u16 sints)
{
	struct hv_x64_sint_deliverable_message *msg;

	msg = msg_begin(vp, HVMSG_SYNIC_SINT_DELIVERABLE, sizeof(*msg));
	msg_header(vp, &msg->header, HV_INTERCEPT_ACCESS_READ, 0);
	msg->deliverable_sints = sints;
	return TLFS_USER;
}
