// SPDX-License-Identifier: GPL-2.0-only
/* Port instructions: IN and OUT, and INS and OUTS with and without REP. */
#include <string.h>

#include "emu.h"
#include "machine.h"

#define STRING_CHUNK	1024	/* elements per exit: interrupts and the end of the run get in */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

static u64 port_in(struct machine *m, u16 port, unsigned int size)
{
	u64 v;

	pthread_mutex_lock(&m->lock);
	v = bus_read(&m->pio, port, size);
	pthread_mutex_unlock(&m->lock);
	return v;
}

static void port_out(struct machine *m, u16 port, unsigned int size, u64 val)
{
	pthread_mutex_lock(&m->lock);
	bus_write(&m->pio, port, size, val);
	pthread_mutex_unlock(&m->lock);
}

static void next_instruction(struct vp *vp, unsigned int length)
{
	vp->regs->rip += length;
	if (!emu_long_mode(vp->regs))
		vp->regs->rip = (u32)vp->regs->rip;
	vp->regs->dirty |= HV_REGISTER_PAGE_DIRTY_RIP;
}

/* Address size and segment of the memory operand, which the message does not tell */
static void string_form(struct vp *vp, const struct hv_x64_io_port_intercept_message *msg,
			unsigned int *width, ZydisRegister *seg)
{
	struct emu e = { .regs = vp->regs };
	unsigned int n = MIN(msg->instruction_byte_count, INSN_MAX), i;
	u8 bytes[INSN_MAX];

	memcpy(bytes, msg->instruction_bytes, n);
	if (!n || !emu_decode(&e, bytes, n))
		n = vp_fetch(vp, bytes, INSN_MAX);
	*seg = ZYDIS_REGISTER_DS;
	*width = emu_long_mode(vp->regs) ? 64 :
		 vp->regs->cs.attributes & HV_SEGMENT_DEFAULT ? 32 : 16;
	if (!n || !emu_decode(&e, bytes, n))
		return;
	*width = e.insn.address_width;
	for (i = 0; i < e.insn.operand_count; i++) {
		if (e.ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
			*seg = e.ops[i].mem.segment;
	}
}

static bool string_io(struct vp *vp, const struct hv_x64_io_port_intercept_message *msg,
		      unsigned int size, unsigned int length)
{
	bool out = msg->header.intercept_access_type == HV_INTERCEPT_ACCESS_WRITE;
	bool rep = msg->access_info & HV_X64_IO_PORT_ACCESS_REP;
	struct hv_vp_register_page *r = vp->regs;
	unsigned int width, reg = out ? RSI : RDI, i;
	struct emu_fault fault;
	ZydisRegister seg;
	u64 mask, step, v;
	int rc = 0;

	string_form(vp, msg, &width, &seg);
	if (!out)
		seg = ZYDIS_REGISTER_ES;
	mask = emu_width_mask(width);
	step = r->rflags & RFLAGS_DF ? -(u64)size : size;
	for (i = 0; i < STRING_CHUNK && (!rep || r->gprs[RCX] & mask); i++) {
		u64 addr = emu_linear(r, seg, r->gprs[reg] & mask);

		v = 0;
		if (!out)
			v = port_in(vp->m, msg->port_number, size);
		rc = vp_access(vp, addr, &v, size, !out, &fault);
		if (rc)
			break;
		if (out)
			port_out(vp->m, msg->port_number, size, v);
		emu_set_gpr(r, reg, width / 8, (r->gprs[reg] + step) & mask);
		if (!rep)
			break;
		emu_set_gpr(r, RCX, width / 8, (r->gprs[RCX] & mask) - 1);
	}
	if (rc == -1)
		return vp_inject(vp, &fault);
	if (rc)
		return false;
	/* what is left is done when the instruction is executed again */
	if (!rep || !(r->gprs[RCX] & mask))
		next_instruction(vp, length);
	return true;
}

bool vp_handle_pio(struct vp *vp, const struct hv_x64_io_port_intercept_message *msg)
{
	unsigned int length = msg->header.instruction_length_cr8 &
			      HV_X64_INTERCEPT_INSTRUCTION_LENGTH_MASK;
	unsigned int size = msg->access_info & HV_X64_IO_PORT_ACCESS_SIZE_MASK;

	if (!vp_load(vp))
		return false;
	if (size != 1 && size != 2 && size != 4) {
		machine_end(vp->m, ST_HOST, "VP %u: port message with size %u", vp->index, size);
		return false;
	}
	vp->hint = false;
	if (msg->access_info & HV_X64_IO_PORT_ACCESS_STRING)
		return string_io(vp, msg, size, length);
	if (msg->header.intercept_access_type == HV_INTERCEPT_ACCESS_WRITE)
		port_out(vp->m, msg->port_number, size, msg->rax);
	else
		emu_set_gpr(vp->regs, RAX, size, port_in(vp->m, msg->port_number, size));
	next_instruction(vp, length);
	return true;
}
