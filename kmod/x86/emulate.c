// SPDX-License-Identifier: GPL-2.0-only
/*
 * emulate.c - accesses to the xAPIC page and writes to doorbell pages
 *
 * The TLFS (13.2.2) promises six instruction forms at aligned 32-bit operands for the APIC page.
 * Compilers and older drivers use more, so whatever has one memory operand and plain integer
 * semantics is done here, in every width; both #GP and a message would be allowed (13.2.1, 13.2.2).
 * Anything else becomes a memory message.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>

#include <asm/processor-flags.h>

#include "eventfd.h"
#include "tlfs.h"
#include "x86/insn.h"

#define ALU_FLAGS	((u64)(X86_EFLAGS_CF | X86_EFLAGS_PF | X86_EFLAGS_AF |		\
			       X86_EFLAGS_ZF | X86_EFLAGS_SF | X86_EFLAGS_OF))

/* order of the opcodes 00-3F and of group 1 */
enum alu_op {
	ALU_ADD,
	ALU_OR,
	ALU_ADC,
	ALU_SBB,
	ALU_AND,
	ALU_SUB,
	ALU_XOR,
	ALU_CMP,
};

struct mmio {
	struct tlfs_vp *vp;
	struct tlfs_insn insn;
	u64 gpa;
	unsigned int offset;	/* within the page */
	u64 rflags;
};

/* the instruction is not one of ours: nothing has been changed */
#define MMIO_UNKNOWN	(-ENOENT)

static u64 size_mask(u8 size)
{
	return size < 8 ? BIT_ULL(size * 8) - 1 : ~0ULL;
}

/* ---- the xAPIC page: registers of 4 bytes, 16 bytes apart ---- */

static u32 apic_dword(struct tlfs_vp *vp, unsigned int offset)
{
	return offset & 0xc ? 0 : tlfs_lapic_read(vp, offset);
}

static u64 apic_read(struct mmio *m, u8 size)
{
	unsigned int pos = m->offset & ~3, shift = (m->offset & 3) * 8;
	u64 val;

	val = apic_dword(m->vp, pos);
	if (shift + size * 8 > 32)
		val |= (u64)apic_dword(m->vp, pos + 4) << 32;
	val >>= shift;
	if (shift + size * 8 > 64)
		val |= (u64)apic_dword(m->vp, pos + 8) << (64 - shift);
	return val & size_mask(size);
}

/*
 * A part of a register keeps the rest of it.  Returns what the register's write says; of more
 * than one, the last that had something to say.
 */
static int apic_write(struct mmio *m, u8 size, u64 val)
{
	unsigned int pos, end = m->offset + size;
	int r, ret = TLFS_RESUME;

	for (pos = m->offset & ~3; pos < end; pos += 4) {
		u32 bits = val, mask = ~0U;

		if (pos & 0xc)
			goto next;
		if (pos < m->offset) {
			bits = val << ((m->offset - pos) * 8);
			mask <<= (m->offset - pos) * 8;
		} else {
			bits = val >> ((pos - m->offset) * 8);
		}
		if (end - pos < 4)
			mask &= BIT((end - pos) * 8) - 1;
		if (mask != ~0U)
			bits = (bits & mask) | (tlfs_lapic_read(m->vp, pos) & ~mask);
		r = tlfs_lapic_write(m->vp, pos, bits);
		if (r == TLFS_SLOW)
			return r;
		if (r == TLFS_USER)
			ret = r;
next:
		;
	}
	return ret;
}

/* ---- arithmetic ---- */

static void alu_result_flags(struct mmio *m, u64 res, u8 size)
{
	m->rflags &= ~ALU_FLAGS;
	if (!res)
		m->rflags |= X86_EFLAGS_ZF;
	if (res >> (size * 8 - 1))
		m->rflags |= X86_EFLAGS_SF;
	if (!(hweight8(res) & 1))
		m->rflags |= X86_EFLAGS_PF;
}

static u64 alu_add(struct mmio *m, u64 dst, u64 src, bool carry, u8 size)
{
	u64 res = (dst + src + carry) & size_mask(size);
	unsigned int top = size * 8 - 1;

	alu_result_flags(m, res, size);
	if (((dst & src) | ((dst | src) & ~res)) >> top & 1)
		m->rflags |= X86_EFLAGS_CF;
	if (((dst ^ res) & (src ^ res)) >> top & 1)
		m->rflags |= X86_EFLAGS_OF;
	if ((dst ^ src ^ res) & 0x10)
		m->rflags |= X86_EFLAGS_AF;
	return res;
}

static u64 alu_sub(struct mmio *m, u64 dst, u64 src, bool borrow, u8 size)
{
	u64 res = (dst - src - borrow) & size_mask(size);
	unsigned int top = size * 8 - 1;

	alu_result_flags(m, res, size);
	if (((~dst & src) | ((~dst | src) & res)) >> top & 1)
		m->rflags |= X86_EFLAGS_CF;
	if (((dst ^ src) & (dst ^ res)) >> top & 1)
		m->rflags |= X86_EFLAGS_OF;
	if ((dst ^ src ^ res) & 0x10)
		m->rflags |= X86_EFLAGS_AF;
	return res;
}

/* @dst and @src are within @size */
static u64 alu(struct mmio *m, enum alu_op op, u64 dst, u64 src, u8 size)
{
	bool carry = m->rflags & X86_EFLAGS_CF;
	u64 res;

	switch (op) {
	case ALU_ADD:
		return alu_add(m, dst, src, false, size);
	case ALU_ADC:
		return alu_add(m, dst, src, carry, size);
	case ALU_SUB:
	case ALU_CMP:
		return alu_sub(m, dst, src, false, size);
	case ALU_SBB:
		return alu_sub(m, dst, src, carry, size);
	case ALU_OR:
		res = dst | src;
		break;
	case ALU_AND:
		res = dst & src;
		break;
	default:
		res = dst ^ src;
	}
	alu_result_flags(m, res, size);
	return res;
}

/* ---- instructions; all return enum tlfs_handled or MMIO_UNKNOWN ---- */

static u64 get_reg(struct mmio *m, u8 size)
{
	return tlfs_insn_get_reg(m->vp, &m->insn, m->insn.reg, size);
}

static void set_reg(struct mmio *m, u8 size, u64 val)
{
	tlfs_insn_set_reg(m->vp, &m->insn, m->insn.reg, size, val);
}

/* dst is memory: op it with @src and, unless it is only compared, write it back */
static int alu_to_mem(struct mmio *m, enum alu_op op, u64 src, u8 size)
{
	u64 res = alu(m, op, apic_read(m, size), src & size_mask(size), size);

	return op == ALU_CMP ? TLFS_RESUME : apic_write(m, size, res);
}

static int do_alu(struct mmio *m)
{
	enum alu_op op = m->insn.opcode >> 3;
	u8 size = m->insn.op_size;
	u64 res;

	if (!(m->insn.opcode & 2))
		return alu_to_mem(m, op, get_reg(m, size), size);
	res = alu(m, op, get_reg(m, size), apic_read(m, size), size);
	if (op != ALU_CMP)
		set_reg(m, size, res);
	return TLFS_RESUME;
}

static int do_group3(struct mmio *m)
{
	u8 size = m->insn.op_size;
	u64 old = apic_read(m, size);

	switch (m->insn.reg & 7) {
	case 0:			/* test */
	case 1:
		alu(m, ALU_AND, old, m->insn.imm & size_mask(size), size);
		return TLFS_RESUME;
	case 2:			/* not */
		return apic_write(m, size, ~old & size_mask(size));
	case 3:			/* neg */
		return apic_write(m, size, alu_sub(m, 0, old, false, size));
	}
	return MMIO_UNKNOWN;
}

/* inc and dec leave CF alone */
static int do_incdec(struct mmio *m, enum alu_op op)
{
	u8 size = m->insn.op_size;
	u64 carry = m->rflags & X86_EFLAGS_CF, res;

	res = alu(m, op, apic_read(m, size), 1, size);
	m->rflags = (m->rflags & ~(u64)X86_EFLAGS_CF) | carry;
	return apic_write(m, size, res);
}

/* TLFS 13.2.2: PUSH of a register is one of the forms a guest may use */
static int do_push(struct mmio *m)
{
	struct hv_x64_segment_register ss;
	u64 val, rsp, mask = ~0ULL;
	u8 size = m->insn.op_size;
	int r;

	if (m->insn.mode != 8) {
		tlfs_call(get_segment)(m->vp, TLFS_SEG_SS, &ss);
		mask = ss.attributes & HV_SEGMENT_DEFAULT ? U32_MAX : U16_MAX;
	}
	val = apic_read(m, size);
	rsp = (vp_reg(m->vp, VP_RSP) - size) & mask;
	r = tlfs_insn_access(m->vp, &m->insn, TLFS_SEG_SS, rsp, &val, size, true);
	if (r == -EIO)
		return MMIO_UNKNOWN;
	if (r)
		return r;
	vp_set_reg(m->vp, VP_RSP, (vp_reg(m->vp, VP_RSP) & ~mask) | rsp);
	return TLFS_RESUME;
}

static int do_group45(struct mmio *m)
{
	switch (m->insn.reg & 7) {
	case 0:
		return do_incdec(m, ALU_ADD);
	case 1:
		return do_incdec(m, ALU_SUB);
	case 6:
		if (m->insn.opcode == 0xff)
			return do_push(m);
	}
	return MMIO_UNKNOWN;
}

/* bt, bts, btr, btc: @op 0-3 */
static int do_bit(struct mmio *m, unsigned int op, u64 bit)
{
	u8 size = m->insn.op_size;
	u64 val = apic_read(m, size), mask;

	mask = BIT_ULL(bit & (size * 8 - 1));
	m->rflags &= ~(u64)X86_EFLAGS_CF;
	if (val & mask)
		m->rflags |= X86_EFLAGS_CF;
	switch (op) {
	case 0:
		return TLFS_RESUME;
	case 1:
		val |= mask;
		break;
	case 2:
		val &= ~mask;
		break;
	default:
		val ^= mask;
	}
	return apic_write(m, size, val);
}

/* the register's exchange partner is written only once the device took the value */
static int do_xchg(struct mmio *m, bool add)
{
	u8 size = m->insn.op_size;
	u64 old = apic_read(m, size), val = get_reg(m, size);
	int r;

	r = apic_write(m, size, add ? alu_add(m, old, val, false, size) : val);
	if (r != TLFS_SLOW)
		set_reg(m, size, old);
	return r;
}

static int do_cmpxchg(struct mmio *m)
{
	u8 size = m->insn.op_size;
	u64 old = apic_read(m, size);
	struct tlfs_insn acc = {};

	alu_sub(m, tlfs_insn_get_reg(m->vp, &acc, VP_RAX, size), old, false, size);
	if (m->rflags & X86_EFLAGS_ZF)
		return apic_write(m, size, get_reg(m, size));
	tlfs_insn_set_reg(m->vp, &acc, VP_RAX, size, old);
	return TLFS_RESUME;
}

static int do_load(struct mmio *m, u8 from, u8 to, bool sign)
{
	u64 val = apic_read(m, from);

	if (sign)
		val = sign_extend64(val, from * 8 - 1);
	set_reg(m, to, val);
	return TLFS_RESUME;
}

static int apic_0f(struct mmio *m)
{
	u8 size = m->insn.op_size;
	u64 bit;

	switch (m->insn.opcode) {
	case 0xb6:
		return do_load(m, 1, size, false);
	case 0xb7:
		return do_load(m, 2, size, false);
	case 0xbe:
		return do_load(m, 1, size, true);
	case 0xbf:
		return do_load(m, 2, size, true);
	case 0xa3:
	case 0xab:
	case 0xb3:
	case 0xbb:
		/* a bit number beyond the operand is in another place */
		bit = get_reg(m, size);
		if (bit >= size * 8)
			return MMIO_UNKNOWN;
		return do_bit(m, (m->insn.opcode >> 3) & 3, bit);
	case 0xba:
		if ((m->insn.reg & 7) < 4)
			return MMIO_UNKNOWN;
		return do_bit(m, m->insn.reg & 3, m->insn.imm);
	case 0xb0:
	case 0xb1:
		return do_cmpxchg(m);
	case 0xc0:
	case 0xc1:
		return do_xchg(m, true);
	}
	return MMIO_UNKNOWN;
}

/* a plain store: true and its value */
static bool store_value(struct mmio *m, u64 *val)
{
	struct tlfs_insn acc = {};

	if (m->insn.map != TLFS_MAP_ONE)
		return false;
	switch (m->insn.opcode) {
	case 0x88:
	case 0x89:
		*val = get_reg(m, m->insn.op_size);
		return true;
	case 0xa2:
	case 0xa3:
		*val = tlfs_insn_get_reg(m->vp, &acc, VP_RAX, m->insn.op_size);
		return true;
	case 0xc6:
	case 0xc7:
		if (m->insn.reg & 7)
			return false;
		*val = m->insn.imm & size_mask(m->insn.op_size);
		return true;
	}
	return false;
}

static int apic_access(struct mmio *m)
{
	struct tlfs_insn *insn = &m->insn;
	u8 size = insn->op_size;
	struct tlfs_insn acc = {};
	u64 val;

	if (store_value(m, &val))
		return apic_write(m, size, val);
	if (insn->map == TLFS_MAP_0F)
		return apic_0f(m);
	if (insn->map != TLFS_MAP_ONE)
		return MMIO_UNKNOWN;

	switch (insn->opcode) {
	case 0x8a:
	case 0x8b:
		return do_load(m, size, size, false);
	case 0xa0:
	case 0xa1:
		tlfs_insn_set_reg(m->vp, &acc, VP_RAX, size, apic_read(m, size));
		return TLFS_RESUME;
	case 0x63:
		return insn->mode == 8 ? do_load(m, min_t(u8, size, 4), size, true) : MMIO_UNKNOWN;
	case 0x00 ... 0x3f:
		return do_alu(m);
	case 0x80:
	case 0x81:
	case 0x83:
		return alu_to_mem(m, insn->reg & 7, insn->imm, size);
	case 0x84:
	case 0x85:
		alu(m, ALU_AND, apic_read(m, size), get_reg(m, size), size);
		return TLFS_RESUME;
	case 0x86:
	case 0x87:
		return do_xchg(m, false);
	case 0xf6:
	case 0xf7:
		return do_group3(m);
	case 0xfe:
	case 0xff:
		return do_group45(m);
	}
	return MMIO_UNKNOWN;
}

/* bytes of memory the instruction touches, for those above */
static u8 operand_size(const struct tlfs_insn *insn)
{
	if (insn->map == TLFS_MAP_0F) {
		if (insn->opcode == 0xb6 || insn->opcode == 0xbe)
			return 1;
		if (insn->opcode == 0xb7 || insn->opcode == 0xbf)
			return 2;
	} else if (insn->map == TLFS_MAP_ONE && insn->opcode == 0x63) {
		return min_t(u8, insn->op_size, 4);
	}
	return insn->op_size;
}

/*
 * The processor gave the GPA of one byte of the operand.  It has to be the first, or the operand
 * begins in another page.
 */
static int mmio_decode(struct mmio *m)
{
	struct tlfs_vp *vp = m->vp;
	int r;

	if (vp->exit.mem.walk || vp->exit.mem.access == TLFS_ACCESS_EXECUTE)
		return MMIO_UNKNOWN;
	r = tlfs_insn_fetch(vp, &m->insn);
	if (r == -EAGAIN)
		return r;
	if (r || !m->insn.mem)
		return MMIO_UNKNOWN;
	if ((tlfs_insn_address(vp, &m->insn, NULL) ^ m->gpa) & ~HV_PAGE_MASK ||
	    m->offset + operand_size(&m->insn) > HV_PAGE_SIZE)
		return MMIO_UNKNOWN;
	return 0;
}

int tlfs_emulate_mmio(struct tlfs_vp *vp)
{
	struct mmio m = {
		.vp = vp,
		.gpa = vp->exit.mem.gpa,
		.offset = vp->exit.mem.gpa & ~HV_PAGE_MASK,
	};
	u64 val;
	int r;

	r = mmio_decode(&m);
	if (!r) {
		m.rflags = vp_reg(vp, VP_RFLAGS);
		if (tlfs_lapic_hit(vp, m.gpa))
			r = apic_access(&m);
		else if (!store_value(&m, &val) ||
			 !tlfs_doorbell_mmio(vp->pt, m.gpa, m.insn.op_size, val))
			r = MMIO_UNKNOWN;
	}
	switch (r) {
	case TLFS_RESUME:
	case TLFS_USER:
		break;
	case MMIO_UNKNOWN:
		/* a parent of today completes it, with HvReadGpa; one of 2.0 is told so (13.2.1) */
		if (vp->pt->v2 && tlfs_lapic_hit(vp, m.gpa))
			return tlfs_msg_unsupported(vp, HV_UNSUPPORTED_FEATURE_INTERCEPT,
						    vp->exit.hw);
		return tlfs_msg_memory(vp, HVMSG_UNMAPPED_GPA, m.gpa, vp->exit.mem.access);
	case -EFAULT:		/* an exception of its own is queued */
		return TLFS_RESUME;
	default:		/* TLFS_SLOW, -EAGAIN */
		return TLFS_SLOW;
	}

	if (m.rflags != vp_reg(vp, VP_RFLAGS))
		vp_set_reg(vp, VP_RFLAGS, m.rflags);
	vp->exit.insn_len = m.insn.len;
	tlfs_skip_insn(vp);
	return r;
}
