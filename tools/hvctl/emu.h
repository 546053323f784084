/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Emulation of one instruction that touches a device's memory.  Knows registers by the register
 * page and memory by two callbacks, so it runs without a partition.
 */
#ifndef HVCTL_EMU_H
#define HVCTL_EMU_H

#include <Zydis/Zydis.h>

#include "util.h"
#include "../../uapi/hv/register.h"

#define VECTOR_UD	6
#define VECTOR_SS	12
#define VECTOR_GP	13
#define VECTOR_PF	14

#define CR0_PE		0x00000001ULL
#define EFER_LMA	0x00000400ULL
#define RFLAGS_VM	BIT_ULL(17)
#define RFLAGS_DF	BIT_ULL(10)

#define INSN_MAX	15

/* struct emu_fault - exception the instruction ends in; @cr2 counts for page faults */
struct emu_fault {
	u8 vector;
	bool has_error;
	u32 error;
	u64 cr2;
};

enum emu_result {
	EMU_DONE,		/* registers advanced, RIP too unless a string has more to do */
	EMU_FAULT,		/* emu.fault is to be raised */
	EMU_UNSUPPORTED,	/* not an instruction this knows; nothing was changed */
	EMU_ABORT,		/* a callback gave up */
};

/**
 * struct emu - state of the emulation
 * @regs:	registers, changed in place with the dirty bits set
 * @read:	linear address into buffer: 0, -1 with the fault filled, -2 to give up
 * @write:	the other way
 * @get_xmm:	register not in the page (6 and up); 0 or -2
 * @set_xmm:	the same
 * @opaque:	first argument of all
 * @fault:	set for EMU_FAULT
 */
struct emu {
	struct hv_vp_register_page *regs;
	int (*read)(void *opaque, u64 addr, void *buf, unsigned int len, struct emu_fault *f);
	int (*write)(void *opaque, u64 addr, const void *buf, unsigned int len,
		     struct emu_fault *f);
	int (*get_xmm)(void *opaque, unsigned int n, struct hv_u128 *val);
	int (*set_xmm)(void *opaque, unsigned int n, const struct hv_u128 *val);
	void *opaque;
	struct emu_fault fault;

	/* private */
	ZydisDecodedInstruction insn;
	ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
	int err;
};

enum emu_result emu_step(struct emu *e, const u8 *bytes, size_t len);

/* Decode only; false if the bytes are not an instruction in the current mode */
bool emu_decode(struct emu *e, const u8 *bytes, size_t len);
/* Processor runs 64-bit code */
bool emu_long_mode(const struct hv_vp_register_page *regs);
/* Linear address of an offset in a segment: what the segment adds and cuts off in this mode */
u64 emu_linear(const struct hv_vp_register_page *regs, ZydisRegister seg, u64 offset);
u64 emu_width_mask(unsigned int bits);
/* Write the low @size bytes of a general register as the processor does: 4 bytes clear the rest */
void emu_set_gpr(struct hv_vp_register_page *regs, unsigned int n, unsigned int size, u64 val);

#endif
