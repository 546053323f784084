// SPDX-License-Identifier: GPL-2.0-only
#include "emu_alu.h"

static u64 top_bit(unsigned int size)
{
	return 1ULL << (8 * size - 1);
}

static u64 mask_of(unsigned int size)
{
	return top_bit(size) | (top_bit(size) - 1);
}

/* Sign, zero and parity of a result */
static u64 result_flags(u64 r, unsigned int size)
{
	return (r & top_bit(size) ? ALU_SF : 0) | (r ? 0 : ALU_ZF) |
	       (__builtin_parity(r & 0xff) ? 0 : ALU_PF);
}

/* Carries out of each position of a + b + c, by which carry and overflow are bits of one word */
static u64 add(u64 a, u64 b, u64 c, unsigned int size, u64 *f)
{
	u64 r = (a + b + c) & mask_of(size);
	u64 carries = (a & b) | ((a | b) & ~r);

	*f = result_flags(r, size) | (carries & top_bit(size) ? ALU_CF : 0) |
	     (carries & 8 ? ALU_AF : 0) |
	     ((a ^ r) & (b ^ r) & top_bit(size) ? ALU_OF : 0);
	return r;
}

static u64 sub(u64 a, u64 b, u64 c, unsigned int size, u64 *f)
{
	u64 r = (a - b - c) & mask_of(size);
	u64 borrows = (~a & b) | ((~a | b) & r);

	*f = result_flags(r, size) | (borrows & top_bit(size) ? ALU_CF : 0) |
	     (borrows & 8 ? ALU_AF : 0) |
	     ((a ^ b) & (a ^ r) & top_bit(size) ? ALU_OF : 0);
	return r;
}

static u64 logic(u64 r, unsigned int size, u64 *f)
{
	*f = result_flags(r, size);
	return r;
}

u64 alu(enum alu_op op, u64 a, u64 b, unsigned int size, u64 *flags)
{
	u64 old = *flags & ALU_FLAGS, rest = *flags & ~ALU_FLAGS, f = old, r;

	a &= mask_of(size);
	b &= mask_of(size);
	switch (op) {
	case ALU_ADD:
		r = add(a, b, 0, size, &f);
		break;
	case ALU_ADC:
		r = add(a, b, !!(old & ALU_CF), size, &f);
		break;
	case ALU_SUB:
		r = sub(a, b, 0, size, &f);
		break;
	case ALU_SBB:
		r = sub(a, b, !!(old & ALU_CF), size, &f);
		break;
	case ALU_AND:
		r = logic(a & b, size, &f);
		break;
	case ALU_OR:
		r = logic(a | b, size, &f);
		break;
	case ALU_XOR:
		r = logic(a ^ b, size, &f);
		break;
	case ALU_INC:	/* these two leave the carry alone */
		r = add(a, 1, 0, size, &f);
		f = (f & ~ALU_CF) | (old & ALU_CF);
		break;
	case ALU_DEC:
		r = sub(a, 1, 0, size, &f);
		f = (f & ~ALU_CF) | (old & ALU_CF);
		break;
	case ALU_NEG:
		r = sub(0, a, 0, size, &f);
		break;
	default:	/* NOT touches no flag */
		r = ~a & mask_of(size);
		break;
	}
	*flags = rest | f;
	return r;
}

u64 alu_shift(enum alu_op op, u64 a, unsigned int count, unsigned int size, u64 *flags)
{
	unsigned int bits = 8 * size;
	u64 mask = mask_of(size), r, carry, overflow;

	a &= mask;
	if (!count)
		return a;
	if (op == ALU_SHL) {
		r = count < 64 ? a << count & mask : 0;
		carry = count <= bits ? a >> (bits - count) & 1 : 0;
		overflow = !!(r & top_bit(size)) ^ carry;
	} else if (op == ALU_SHR) {
		r = count < 64 ? a >> count : 0;
		carry = a >> (count - 1) & 1;
		overflow = !!(a & top_bit(size));
	} else {
		s64 s = (s64)(a << (64 - bits)) >> (64 - bits);

		r = (u64)(s >> count) & mask;
		carry = (u64)(s >> (count - 1)) & 1;
		overflow = 0;
	}
	*flags = (*flags & ~ALU_FLAGS) | result_flags(r, size) | (carry ? ALU_CF : 0) |
		 (overflow ? ALU_OF : 0);
	return r;
}
