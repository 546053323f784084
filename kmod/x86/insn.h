/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * insn.h - the small instruction decoder
 *
 * Knows the instructions that exit and those that compilers and drivers access device registers
 * with.  Everything else is the VMM's.
 */
#ifndef TLFS_INSN_H
#define TLFS_INSN_H

#include <linux/types.h>

#include "../ops.h"

struct tlfs_vp;

/* struct tlfs_insn.map */
enum tlfs_insn_map {
	TLFS_MAP_ONE,		/* one byte */
	TLFS_MAP_0F,
	TLFS_MAP_0F38,
};

#define TLFS_INSN_NO_REG	0xff

/**
 * struct tlfs_insn - a decoded instruction
 * @len:	bytes, prefixes included
 * @map:	enum tlfs_insn_map
 * @opcode:	last opcode byte
 * @mode:	2, 4 or 8: 16, 32 or 64-bit code
 * @op_size:	operand size in bytes, 1 for the byte forms
 * @addr_size:	2, 4 or 8
 * @rex:	REX prefix or 0
 * @lock:	F0
 * @rep:	0, 0xf2 or 0xf3: the last one
 * @seg:	segment of the memory operand, enum tlfs_seg, with overrides and defaults
 * @has_modrm:	there is a ModRM byte
 * @mem:	it names memory (mod is not 3), or the form has an absolute address
 * @mod, @reg, @rm: of ModRM, @reg and @rm with REX.R and REX.B
 * @base, @index: registers of the address or TLFS_INSN_NO_REG
 * @scale:	shift of @index
 * @rip_relative: add the address of the next instruction
 * @disp:	displacement, or absolute address
 * @imm:	immediate, sign extended
 */
struct tlfs_insn {
	u8 len;
	u8 map;
	u8 opcode;
	u8 mode;
	u8 op_size;
	u8 addr_size;
	u8 rex;
	bool lock;
	u8 rep;
	u8 seg;
	bool has_modrm;
	bool mem;
	u8 mod;
	u8 reg;
	u8 rm;
	u8 base;
	u8 index;
	u8 scale;
	bool rip_relative;
	s64 disp;
	s64 imm;
};

/* 2, 4 or 8 */
u8 tlfs_insn_mode(struct tlfs_vp *vp);
/* 0, or -EINVAL: not among those known, or longer than @nr bytes */
int tlfs_insn_decode(struct tlfs_insn *insn, const u8 *bytes, unsigned int nr, u8 mode);
/*
 * Fetch and decode the exiting instruction: 0, -EINVAL, -EAGAIN (in the window).  From the bytes
 * the processor gave, if it did.
 */
int tlfs_insn_fetch(struct tlfs_vp *vp, struct tlfs_insn *insn);
/* linear address of the memory operand; @offset, if wanted, is the part within the segment */
u64 tlfs_insn_address(struct tlfs_vp *vp, const struct tlfs_insn *insn, u64 *offset);
/*
 * Access guest memory for @insn with the guest's rights.  0; -EAGAIN (in the window); -EFAULT: the
 * access is an exception, which is queued; -EIO: it does not go to memory
 */
int tlfs_insn_access(struct tlfs_vp *vp, const struct tlfs_insn *insn, enum tlfs_seg seg,
		     u64 offset, void *buf, unsigned int size, bool write);
/* general registers by ModRM number; a byte register is AH.. when there is no REX */
u64 tlfs_insn_get_reg(struct tlfs_vp *vp, const struct tlfs_insn *insn, u8 reg, u8 size);
void tlfs_insn_set_reg(struct tlfs_vp *vp, const struct tlfs_insn *insn, u8 reg, u8 size, u64 val);

#endif /* TLFS_INSN_H */
