/* SPDX-License-Identifier: GPL-2.0-only */
/* Integer arithmetic with the flags an x86 processor leaves. */
#ifndef HVCTL_EMU_ALU_H
#define HVCTL_EMU_ALU_H

#include "util.h"

#define ALU_CF		BIT_ULL(0)
#define ALU_PF		BIT_ULL(2)
#define ALU_AF		BIT_ULL(4)
#define ALU_ZF		BIT_ULL(6)
#define ALU_SF		BIT_ULL(7)
#define ALU_OF		BIT_ULL(11)
#define ALU_FLAGS	(ALU_CF | ALU_PF | ALU_AF | ALU_ZF | ALU_SF | ALU_OF)

enum alu_op {
	ALU_ADD, ALU_ADC, ALU_SUB, ALU_SBB, ALU_AND, ALU_OR, ALU_XOR,
	ALU_INC, ALU_DEC, ALU_NEG, ALU_NOT, ALU_SHL, ALU_SHR, ALU_SAR,
};

/* Result of @size bytes; *flags goes in and comes out */
u64 alu(enum alu_op op, u64 a, u64 b, unsigned int size, u64 *flags);
u64 alu_shift(enum alu_op op, u64 a, unsigned int count, unsigned int size, u64 *flags);

#endif
