// SPDX-License-Identifier: GPL-2.0-only
/*
 * Instructions on device memory: moves, string moves, integer arithmetic, bit tests, exchanges,
 * and the SSE moves compilers use for copies.  Every memory access comes before the first
 * register write, so that a fault leaves nothing half done; strings commit element by element.
 */
#include <string.h>

#include "emu.h"
#include "emu_alu.h"

#define STRING_CHUNK	512	/* elements per exit: interrupts stay deliverable */

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI };

/* ---- registers ---- */

bool emu_long_mode(const struct hv_vp_register_page *regs)
{
	return regs->efer & EFER_LMA && regs->cs.attributes & HV_SEGMENT_LONG;
}

u64 emu_width_mask(unsigned int bits)
{
	return bits >= 64 ? ~0ULL : (1ULL << bits) - 1;
}

static u64 size_mask(unsigned int size)
{
	return emu_width_mask(8 * size);
}

static const struct hv_x64_segment_register *segment(const struct hv_vp_register_page *regs,
						     ZydisRegister seg)
{
	switch (seg) {
	case ZYDIS_REGISTER_ES:
		return &regs->es;
	case ZYDIS_REGISTER_CS:
		return &regs->cs;
	case ZYDIS_REGISTER_SS:
		return &regs->ss;
	case ZYDIS_REGISTER_FS:
		return &regs->fs;
	case ZYDIS_REGISTER_GS:
		return &regs->gs;
	default:
		return &regs->ds;
	}
}

u64 emu_linear(const struct hv_vp_register_page *regs, ZydisRegister seg, u64 offset)
{
	if (!emu_long_mode(regs))
		return (u32)(segment(regs, seg)->base + offset);
	if (seg == ZYDIS_REGISTER_FS || seg == ZYDIS_REGISTER_GS)
		return segment(regs, seg)->base + offset;
	return offset;
}

void emu_set_gpr(struct hv_vp_register_page *regs, unsigned int n, unsigned int size, u64 val)
{
	u64 mask = size_mask(size);

	if (size == 4)
		regs->gprs[n] = (u32)val;
	else
		regs->gprs[n] = (regs->gprs[n] & ~mask) | (val & mask);
	regs->dirty |= HV_REGISTER_PAGE_DIRTY_GPRS;
}

static bool high_byte(ZydisRegister r)
{
	return r >= ZYDIS_REGISTER_AH && r <= ZYDIS_REGISTER_BH;
}

/* Number of a general register; SPL follows BH in Zydis' numbers of byte registers */
static unsigned int gpr_number(ZydisRegister r)
{
	unsigned int id = ZydisRegisterGetId(r);

	if (ZydisRegisterGetClass(r) != ZYDIS_REGCLASS_GPR8)
		return id;
	return id < 4 ? id : id - 4;
}

static u64 get_reg(const struct emu *e, ZydisRegister r)
{
	u64 v;

	switch (ZydisRegisterGetClass(r)) {
	case ZYDIS_REGCLASS_SEGMENT:
		return segment(e->regs, r)->selector;
	case ZYDIS_REGCLASS_IP:
		return e->regs->rip + e->insn.length;
	default:
		break;
	}
	v = e->regs->gprs[gpr_number(r)];
	return high_byte(r) ? v >> 8 : v;
}

static void put_reg(struct emu *e, ZydisRegister r, unsigned int size, u64 val)
{
	unsigned int n = gpr_number(r);

	if (high_byte(r))
		val = (e->regs->gprs[n] & ~0xff00ULL) | (val & 0xff) << 8, size = 8;
	emu_set_gpr(e->regs, n, size, val);
}

static bool is_gpr(const ZydisDecodedOperand *op)
{
	switch (op->type == ZYDIS_OPERAND_TYPE_REGISTER ?
		ZydisRegisterGetClass(op->reg.value) : ZYDIS_REGCLASS_INVALID) {
	case ZYDIS_REGCLASS_GPR8:
	case ZYDIS_REGCLASS_GPR16:
	case ZYDIS_REGCLASS_GPR32:
	case ZYDIS_REGCLASS_GPR64:
		return true;
	default:
		return false;
	}
}

static bool is_mem(const ZydisDecodedOperand *op)
{
	return op->type == ZYDIS_OPERAND_TYPE_MEMORY && op->mem.type == ZYDIS_MEMOP_TYPE_MEM;
}

/* ---- operands; errors collect in e->err ---- */

static u64 effective(const struct emu *e, const ZydisDecodedOperand *op)
{
	u64 off = op->mem.disp.has_displacement ? op->mem.disp.value : 0;

	if (op->mem.base != ZYDIS_REGISTER_NONE)
		off += get_reg(e, op->mem.base);
	if (op->mem.index != ZYDIS_REGISTER_NONE)
		off += get_reg(e, op->mem.index) * op->mem.scale;
	return off & emu_width_mask(e->insn.address_width);
}

static u64 address(const struct emu *e, const ZydisDecodedOperand *op)
{
	return emu_linear(e->regs, op->mem.segment, effective(e, op));
}

static u64 load(struct emu *e, u64 addr, unsigned int size)
{
	u64 v = 0;

	if (!e->err)
		e->err = e->read(e->opaque, addr, &v, size, &e->fault);
	return v;
}

static void store(struct emu *e, u64 addr, unsigned int size, u64 val)
{
	if (!e->err)
		e->err = e->write(e->opaque, addr, &val, size, &e->fault);
}

static u64 get_op(struct emu *e, const ZydisDecodedOperand *op, unsigned int size)
{
	switch (op->type) {
	case ZYDIS_OPERAND_TYPE_REGISTER:
		return get_reg(e, op->reg.value) & size_mask(size);
	case ZYDIS_OPERAND_TYPE_MEMORY:
		return load(e, address(e, op), size);
	default:
		return op->imm.value.u & size_mask(size);
	}
}

static void put_op(struct emu *e, const ZydisDecodedOperand *op, unsigned int size, u64 val)
{
	if (op->type == ZYDIS_OPERAND_TYPE_MEMORY)
		store(e, address(e, op), size, val);
	else if (!e->err)
		put_reg(e, op->reg.value, size, val);
}

static void set_flags(struct emu *e, u64 flags)
{
	if (e->err)
		return;
	e->regs->rflags = (e->regs->rflags & ~ALU_FLAGS) | (flags & ALU_FLAGS);
	e->regs->dirty |= HV_REGISTER_PAGE_DIRTY_RFLAGS;
}

static u64 sign_extend(u64 v, unsigned int size)
{
	unsigned int shift = 64 - 8 * size;

	return (u64)((s64)(v << shift) >> shift);
}

static bool scalar(const ZydisDecodedOperand *op)
{
	return is_mem(op) || is_gpr(op) || op->type == ZYDIS_OPERAND_TYPE_IMMEDIATE;
}

/* ---- instruction classes; false: not supported ---- */

static bool do_mov(struct emu *e)
{
	unsigned int size = e->ops[0].size / 8;

	if (e->ops[1].type == ZYDIS_OPERAND_TYPE_REGISTER && !is_gpr(&e->ops[1])) {
		/* a segment register may go to memory; loading one is not a device's business */
		if (ZydisRegisterGetClass(e->ops[1].reg.value) != ZYDIS_REGCLASS_SEGMENT)
			return false;
	} else if (!scalar(&e->ops[1])) {
		return false;
	}
	if (!is_mem(&e->ops[0]) && !is_gpr(&e->ops[0]))
		return false;
	put_op(e, &e->ops[0], size, get_op(e, &e->ops[1], size));
	return true;
}

static bool do_extend(struct emu *e, bool sign)
{
	unsigned int from = e->ops[1].size / 8;
	u64 v = get_op(e, &e->ops[1], from);

	put_op(e, &e->ops[0], e->ops[0].size / 8, sign ? sign_extend(v, from) : v);
	return true;
}

static bool do_movbe(struct emu *e)
{
	unsigned int size = e->ops[0].size / 8;
	u64 v = get_op(e, &e->ops[1], size);

	put_op(e, &e->ops[0], size, __builtin_bswap64(v) >> (64 - 8 * size));
	return true;
}

static bool do_alu(struct emu *e, enum alu_op op, bool write_back)
{
	unsigned int size = e->ops[0].size / 8;
	u64 flags = e->regs->rflags, a, b, r;

	if (!scalar(&e->ops[0]) || !scalar(&e->ops[1]))
		return false;
	a = get_op(e, &e->ops[0], size);
	b = get_op(e, &e->ops[1], size);
	r = alu(op, a, b, size, &flags);
	if (write_back)
		put_op(e, &e->ops[0], size, r);
	set_flags(e, flags);
	return true;
}

static bool do_unary(struct emu *e, enum alu_op op)
{
	unsigned int size = e->ops[0].size / 8;
	u64 flags = e->regs->rflags, a = get_op(e, &e->ops[0], size), r;

	if (op == ALU_NEG)
		r = alu(ALU_SUB, 0, a, size, &flags);
	else
		r = alu(op, a, 1, size, &flags);
	put_op(e, &e->ops[0], size, r);
	set_flags(e, flags);
	return true;
}

static bool do_xchg(struct emu *e)
{
	unsigned int size = e->ops[0].size / 8;
	u64 a = get_op(e, &e->ops[0], size), b = get_op(e, &e->ops[1], size);
	bool mem_first = is_mem(&e->ops[0]);

	/* memory first: it may fault */
	put_op(e, &e->ops[mem_first ? 0 : 1], size, mem_first ? b : a);
	put_op(e, &e->ops[mem_first ? 1 : 0], size, mem_first ? a : b);
	return true;
}

static bool do_xadd(struct emu *e)
{
	unsigned int size = e->ops[0].size / 8;
	u64 flags = e->regs->rflags, a = get_op(e, &e->ops[0], size);
	u64 r = alu(ALU_ADD, a, get_op(e, &e->ops[1], size), size, &flags);

	if (is_mem(&e->ops[0])) {
		put_op(e, &e->ops[0], size, r);
		put_op(e, &e->ops[1], size, a);
	} else {
		put_op(e, &e->ops[1], size, a);
		put_op(e, &e->ops[0], size, r);
	}
	set_flags(e, flags);
	return true;
}

static bool do_cmpxchg(struct emu *e)
{
	unsigned int size = e->ops[0].size / 8;
	u64 flags = e->regs->rflags, old = get_op(e, &e->ops[0], size);
	u64 acc = e->regs->gprs[RAX] & size_mask(size);

	alu(ALU_SUB, acc, old, size, &flags);
	/* the destination is written either way */
	put_op(e, &e->ops[0], size, acc == old ? get_op(e, &e->ops[1], size) : old);
	if (!e->err && acc != old)
		emu_set_gpr(e->regs, RAX, size, old);
	set_flags(e, flags);
	return true;
}

/* Bit offset in a register reaches beyond the operand, an immediate does not */
static bool do_bit(struct emu *e, enum alu_op op)
{
	unsigned int size = e->ops[0].size / 8, bit;
	u64 flags = e->regs->rflags, addr = 0, v, mask;
	bool mem = is_mem(&e->ops[0]);
	s64 off;

	if (!is_gpr(&e->ops[1]) && e->ops[1].type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
		return false;
	off = sign_extend(get_op(e, &e->ops[1], size), size);
	bit = off & (8 * size - 1);
	if (mem) {
		u64 ea = effective(e, &e->ops[0]);

		if (is_gpr(&e->ops[1]))
			ea += (off >> (size == 8 ? 6 : size == 4 ? 5 : 4)) * size;
		addr = emu_linear(e->regs, e->ops[0].mem.segment,
				  ea & emu_width_mask(e->insn.address_width));
	}
	v = mem ? load(e, addr, size) : get_op(e, &e->ops[0], size);
	mask = 1ULL << bit;
	flags = v & mask ? flags | ALU_CF : flags & ~ALU_CF;
	switch (op) {
	case ALU_OR:
		v |= mask;
		break;
	case ALU_AND:
		v &= ~mask;
		break;
	case ALU_XOR:
		v ^= mask;
		break;
	default:
		set_flags(e, flags);
		return true;
	}
	if (mem)
		store(e, addr, size, v);
	else
		put_op(e, &e->ops[0], size, v);
	set_flags(e, flags);
	return true;
}

static bool do_shift(struct emu *e, enum alu_op op)
{
	unsigned int size = e->ops[0].size / 8;
	u64 flags = e->regs->rflags, a = get_op(e, &e->ops[0], size);
	u64 count = get_op(e, &e->ops[1], 1) & (size == 8 ? 63 : 31);
	u64 r = alu_shift(op, a, count, size, &flags);

	put_op(e, &e->ops[0], size, r);
	set_flags(e, flags);
	return true;
}

static bool do_stack(struct emu *e, bool push)
{
	unsigned int size = e->insn.operand_width / 8;
	unsigned int width = emu_long_mode(e->regs) ? 64 :
			     e->regs->ss.attributes & HV_SEGMENT_DEFAULT ? 32 : 16;
	u64 mask = emu_width_mask(width), old = e->regs->gprs[RSP], sp, v;

	if (!is_mem(&e->ops[0]))
		return false;
	sp = ((push ? old - size : old) & mask) | (old & ~mask);
	if (push) {
		v = get_op(e, &e->ops[0], size);
		store(e, emu_linear(e->regs, ZYDIS_REGISTER_SS, sp & mask), size, v);
	} else {
		v = load(e, emu_linear(e->regs, ZYDIS_REGISTER_SS, sp & mask), size);
		/* an address with RSP as base counts with RSP already raised */
		sp = ((old + size) & mask) | (old & ~mask);
		e->regs->gprs[RSP] = sp;
		put_op(e, &e->ops[0], size, v);
		if (e->err)
			e->regs->gprs[RSP] = old;
	}
	if (!e->err) {
		e->regs->gprs[RSP] = sp;
		e->regs->dirty |= HV_REGISTER_PAGE_DIRTY_GPRS;
	}
	return true;
}

/* ---- SSE moves ---- */

static int get_xmm(struct emu *e, unsigned int n, struct hv_u128 *v)
{
	if (n < ARRAY_SIZE(e->regs->xmm)) {
		*v = e->regs->xmm[n];
		return 0;
	}
	return e->get_xmm ? e->get_xmm(e->opaque, n, v) : -2;
}

static int set_xmm(struct emu *e, unsigned int n, const struct hv_u128 *v)
{
	if (n < ARRAY_SIZE(e->regs->xmm)) {
		e->regs->xmm[n] = *v;
		e->regs->dirty |= HV_REGISTER_PAGE_DIRTY_XMM;
		return 0;
	}
	return e->set_xmm ? e->set_xmm(e->opaque, n, v) : -2;
}

static bool is_xmm(const ZydisDecodedOperand *op)
{
	return op->type == ZYDIS_OPERAND_TYPE_REGISTER &&
	       ZydisRegisterGetClass(op->reg.value) == ZYDIS_REGCLASS_XMM;
}

static bool do_sse_mov(struct emu *e)
{
	const ZydisDecodedOperand *mem = &e->ops[is_mem(&e->ops[0]) ? 0 : 1];
	const ZydisDecodedOperand *reg = &e->ops[is_mem(&e->ops[0]) ? 1 : 0];
	unsigned int size = mem->size / 8, n;
	struct hv_u128 v = { 0 };

	if (!is_mem(mem) || !is_xmm(reg) || size > sizeof(v))
		return false;
	n = ZydisRegisterGetId(reg->reg.value);
	if (mem == &e->ops[0]) {
		e->err = get_xmm(e, n, &v);
		if (!e->err)
			e->err = e->write(e->opaque, address(e, mem), &v, size, &e->fault);
	} else {
		e->err = e->read(e->opaque, address(e, mem), &v, size, &e->fault);
		if (!e->err)
			e->err = set_xmm(e, n, &v);
	}
	return true;
}

/* ---- strings ---- */

static void advance(struct emu *e, unsigned int reg, unsigned int size)
{
	u64 mask = emu_width_mask(e->insn.address_width);
	u64 v = e->regs->gprs[reg], step = e->regs->rflags & RFLAGS_DF ? -(u64)size : size;

	emu_set_gpr(e->regs, reg, e->insn.address_width / 8, (v + step) & mask);
}

static u64 string_source(struct emu *e, ZydisRegister seg)
{
	return emu_linear(e->regs, seg,
			  e->regs->gprs[RSI] & emu_width_mask(e->insn.address_width));
}

static u64 string_target(struct emu *e)
{
	return emu_linear(e->regs, ZYDIS_REGISTER_ES,
			  e->regs->gprs[RDI] & emu_width_mask(e->insn.address_width));
}

/* One element; *equal is the outcome of a comparison */
static void string_element(struct emu *e, ZydisRegister seg, unsigned int size, bool *equal)
{
	u64 flags = e->regs->rflags, a, b;

	switch (e->insn.mnemonic) {
	case ZYDIS_MNEMONIC_MOVSB:
	case ZYDIS_MNEMONIC_MOVSW:
	case ZYDIS_MNEMONIC_MOVSD:
	case ZYDIS_MNEMONIC_MOVSQ:
		a = load(e, string_source(e, seg), size);
		store(e, string_target(e), size, a);
		if (!e->err) {
			advance(e, RSI, size);
			advance(e, RDI, size);
		}
		break;
	case ZYDIS_MNEMONIC_STOSB:
	case ZYDIS_MNEMONIC_STOSW:
	case ZYDIS_MNEMONIC_STOSD:
	case ZYDIS_MNEMONIC_STOSQ:
		store(e, string_target(e), size, e->regs->gprs[RAX]);
		if (!e->err)
			advance(e, RDI, size);
		break;
	case ZYDIS_MNEMONIC_LODSB:
	case ZYDIS_MNEMONIC_LODSW:
	case ZYDIS_MNEMONIC_LODSD:
	case ZYDIS_MNEMONIC_LODSQ:
		a = load(e, string_source(e, seg), size);
		if (!e->err) {
			emu_set_gpr(e->regs, RAX, size, a);
			advance(e, RSI, size);
		}
		break;
	default:	/* CMPS, SCAS */
		a = e->insn.mnemonic <= ZYDIS_MNEMONIC_CMPSW &&
		    e->insn.mnemonic >= ZYDIS_MNEMONIC_CMPSB ?
		    load(e, string_source(e, seg), size) : e->regs->gprs[RAX] & size_mask(size);
		b = load(e, string_target(e), size);
		alu(ALU_SUB, a, b, size, &flags);
		set_flags(e, flags);
		*equal = a == b;
		if (e->err)
			break;
		if (e->insn.mnemonic <= ZYDIS_MNEMONIC_CMPSW &&
		    e->insn.mnemonic >= ZYDIS_MNEMONIC_CMPSB)
			advance(e, RSI, size);
		advance(e, RDI, size);
		break;
	}
}

/* Segment of RSI: the one operand with an override */
static ZydisRegister source_segment(const struct emu *e)
{
	unsigned int i;

	for (i = 0; i < e->insn.operand_count; i++) {
		if (e->ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY &&
		    gpr_number(e->ops[i].mem.base) == RSI)
			return e->ops[i].mem.segment;
	}
	return ZYDIS_REGISTER_DS;
}

/* *again: elements are left, the instruction is to be executed once more */
static bool do_string(struct emu *e, unsigned int size, bool compare, bool *again)
{
	bool rep = e->insn.attributes & (ZYDIS_ATTRIB_HAS_REP | ZYDIS_ATTRIB_HAS_REPE);
	bool repne = e->insn.attributes & ZYDIS_ATTRIB_HAS_REPNE;
	u64 mask = emu_width_mask(e->insn.address_width);
	ZydisRegister seg = source_segment(e);
	unsigned int i;
	bool equal = false;

	if (!rep && !repne) {
		string_element(e, seg, size, &equal);
		return true;
	}
	for (i = 0; i < STRING_CHUNK && e->regs->gprs[RCX] & mask; i++) {
		string_element(e, seg, size, &equal);
		if (e->err)
			return true;
		emu_set_gpr(e->regs, RCX, e->insn.address_width / 8,
			    (e->regs->gprs[RCX] & mask) - 1);
		if (compare && equal == repne)
			return true;
	}
	*again = e->regs->gprs[RCX] & mask;
	return true;
}

/* ---- decode and dispatch ---- */

bool emu_decode(struct emu *e, const u8 *bytes, size_t len)
{
	const struct hv_vp_register_page *r = e->regs;
	ZydisMachineMode mode = ZYDIS_MACHINE_MODE_LEGACY_16;
	ZydisStackWidth stack = ZYDIS_STACK_WIDTH_16;
	ZydisDecoder dec;

	if (emu_long_mode(r)) {
		mode = ZYDIS_MACHINE_MODE_LONG_64;
		stack = ZYDIS_STACK_WIDTH_64;
	} else if (!(r->cr0 & CR0_PE)) {
		mode = ZYDIS_MACHINE_MODE_REAL_16;
	} else if (!(r->rflags & RFLAGS_VM) && r->cs.attributes & HV_SEGMENT_DEFAULT) {
		mode = ZYDIS_MACHINE_MODE_LEGACY_32;
		stack = ZYDIS_STACK_WIDTH_32;
	}
	return ZYAN_SUCCESS(ZydisDecoderInit(&dec, mode, stack)) &&
	       ZYAN_SUCCESS(ZydisDecoderDecodeFull(&dec, bytes, len, &e->insn, e->ops));
}

static bool execute(struct emu *e, bool *again)
{
	switch (e->insn.mnemonic) {
	case ZYDIS_MNEMONIC_MOV:
	case ZYDIS_MNEMONIC_MOVNTI:
		return do_mov(e);
	case ZYDIS_MNEMONIC_MOVZX:
		return do_extend(e, false);
	case ZYDIS_MNEMONIC_MOVSX:
	case ZYDIS_MNEMONIC_MOVSXD:
		return do_extend(e, true);
	case ZYDIS_MNEMONIC_MOVBE:
		return do_movbe(e);
	case ZYDIS_MNEMONIC_ADD:
		return do_alu(e, ALU_ADD, true);
	case ZYDIS_MNEMONIC_ADC:
		return do_alu(e, ALU_ADC, true);
	case ZYDIS_MNEMONIC_SUB:
		return do_alu(e, ALU_SUB, true);
	case ZYDIS_MNEMONIC_SBB:
		return do_alu(e, ALU_SBB, true);
	case ZYDIS_MNEMONIC_AND:
		return do_alu(e, ALU_AND, true);
	case ZYDIS_MNEMONIC_OR:
		return do_alu(e, ALU_OR, true);
	case ZYDIS_MNEMONIC_XOR:
		return do_alu(e, ALU_XOR, true);
	case ZYDIS_MNEMONIC_CMP:
		return do_alu(e, ALU_SUB, false);
	case ZYDIS_MNEMONIC_TEST:
		return do_alu(e, ALU_AND, false);
	case ZYDIS_MNEMONIC_INC:
		return do_unary(e, ALU_INC);
	case ZYDIS_MNEMONIC_DEC:
		return do_unary(e, ALU_DEC);
	case ZYDIS_MNEMONIC_NEG:
		return do_unary(e, ALU_NEG);
	case ZYDIS_MNEMONIC_NOT:
		return do_unary(e, ALU_NOT);
	case ZYDIS_MNEMONIC_XCHG:
		return do_xchg(e);
	case ZYDIS_MNEMONIC_XADD:
		return do_xadd(e);
	case ZYDIS_MNEMONIC_CMPXCHG:
		return do_cmpxchg(e);
	case ZYDIS_MNEMONIC_BT:
		return do_bit(e, ALU_NOT);
	case ZYDIS_MNEMONIC_BTS:
		return do_bit(e, ALU_OR);
	case ZYDIS_MNEMONIC_BTR:
		return do_bit(e, ALU_AND);
	case ZYDIS_MNEMONIC_BTC:
		return do_bit(e, ALU_XOR);
	case ZYDIS_MNEMONIC_SHL:
		return do_shift(e, ALU_SHL);
	case ZYDIS_MNEMONIC_SHR:
		return do_shift(e, ALU_SHR);
	case ZYDIS_MNEMONIC_SAR:
		return do_shift(e, ALU_SAR);
	case ZYDIS_MNEMONIC_PUSH:
		return do_stack(e, true);
	case ZYDIS_MNEMONIC_POP:
		return do_stack(e, false);
	case ZYDIS_MNEMONIC_MOVSB:
	case ZYDIS_MNEMONIC_MOVSW:
	case ZYDIS_MNEMONIC_MOVSQ:
	case ZYDIS_MNEMONIC_STOSB:
	case ZYDIS_MNEMONIC_STOSW:
	case ZYDIS_MNEMONIC_STOSD:
	case ZYDIS_MNEMONIC_STOSQ:
	case ZYDIS_MNEMONIC_LODSB:
	case ZYDIS_MNEMONIC_LODSW:
	case ZYDIS_MNEMONIC_LODSD:
	case ZYDIS_MNEMONIC_LODSQ:
		return do_string(e, e->ops[0].size / 8, false, again);
	case ZYDIS_MNEMONIC_CMPSB:
	case ZYDIS_MNEMONIC_CMPSW:
	case ZYDIS_MNEMONIC_CMPSQ:
	case ZYDIS_MNEMONIC_SCASB:
	case ZYDIS_MNEMONIC_SCASW:
	case ZYDIS_MNEMONIC_SCASD:
	case ZYDIS_MNEMONIC_SCASQ:
		return do_string(e, e->ops[0].size / 8, true, again);
	case ZYDIS_MNEMONIC_MOVSD:	/* the string, or the SSE scalar of that name */
		if (e->insn.meta.category == ZYDIS_CATEGORY_STRINGOP)
			return do_string(e, 4, false, again);
		return is_mem(&e->ops[0]) && do_sse_mov(e);
	case ZYDIS_MNEMONIC_CMPSD:
		return e->insn.meta.category == ZYDIS_CATEGORY_STRINGOP &&
		       do_string(e, 4, true, again);
	case ZYDIS_MNEMONIC_MOVSS:
	case ZYDIS_MNEMONIC_MOVUPS:
	case ZYDIS_MNEMONIC_MOVAPS:
	case ZYDIS_MNEMONIC_MOVUPD:
	case ZYDIS_MNEMONIC_MOVAPD:
	case ZYDIS_MNEMONIC_MOVDQU:
	case ZYDIS_MNEMONIC_MOVDQA:
	case ZYDIS_MNEMONIC_MOVNTPS:
	case ZYDIS_MNEMONIC_MOVNTPD:
	case ZYDIS_MNEMONIC_MOVNTDQ:
	case ZYDIS_MNEMONIC_MOVD:
	case ZYDIS_MNEMONIC_MOVQ:
		return do_sse_mov(e);
	default:
		return false;
	}
}

enum emu_result emu_step(struct emu *e, const u8 *bytes, size_t len)
{
	bool again = false;

	e->err = 0;
	if (!emu_decode(e, bytes, len) || !execute(e, &again))
		return EMU_UNSUPPORTED;
	if (e->err)
		return e->err == -1 ? EMU_FAULT : EMU_ABORT;
	if (!again) {
		e->regs->rip += e->insn.length;
		if (!emu_long_mode(e->regs))
			e->regs->rip = (u32)e->regs->rip;
		e->regs->dirty |= HV_REGISTER_PAGE_DIRTY_RIP;
	}
	return EMU_DONE;
}
