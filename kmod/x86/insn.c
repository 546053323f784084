// SPDX-License-Identifier: GPL-2.0-only
/*
 * insn.c - the small instruction decoder
 *
 * Used where the processor does not say how long the exiting instruction is, and to emulate
 * accesses to the APIC page and to doorbells.
 */
#include <linux/bitops.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "tlfs.h"
#include "x86/insn.h"

/* what follows an opcode, and what its operands are */
#define INSN_MODRM	BIT(0)
#define INSN_BYTE	BIT(1)		/* 8-bit operand */
#define INSN_IMM8	BIT(2)
#define INSN_IMMZ	BIT(3)		/* 16 or 32 bits by operand size */
#define INSN_MOFFS	BIT(4)		/* absolute address of address size */
#define INSN_GRP3	BIT(5)		/* an immediate in /0 and /1 only */
#define INSN_CRDR	BIT(6)		/* mod is ignored, operand is a whole register */
#define INSN_PUSH	BIT(7)		/* /6 and /4, /2: operand 64 bits in 64-bit code */
#define INSN_VALID	BIT(15)

#define M	(INSN_VALID | INSN_MODRM)
#define MB	(M | INSN_BYTE)

static u16 insn_attr_one(u8 op)
{
	switch (op) {
	case 0x00 ... 0x3f:
		/* add or adc sbb and sub xor cmp: six forms of each */
		switch (op & 7) {
		case 0:
		case 2:
			return MB;
		case 1:
		case 3:
			return M;
		case 4:
			return INSN_VALID | INSN_BYTE | INSN_IMM8;
		case 5:
			return INSN_VALID | INSN_IMMZ;
		}
		return 0;
	case 0x63:			/* movsxd */
	case 0x85:			/* test */
	case 0x87:			/* xchg */
	case 0x89:			/* mov */
	case 0x8b:
		return M;
	case 0x84:
	case 0x86:
	case 0x88:
	case 0x8a:
	case 0xfe:
		return MB;
	case 0x6c:			/* ins, outs */
	case 0x6e:
	case 0xa4:			/* movs, stos, lods */
	case 0xaa:
	case 0xac:
	case 0xec:			/* in, out with DX */
	case 0xee:
		return INSN_VALID | INSN_BYTE;
	case 0x6d:
	case 0x6f:
	case 0xa5:
	case 0xab:
	case 0xad:
	case 0xed:
	case 0xef:
	case 0x90:			/* pause */
	case 0xcc:			/* int3 */
	case 0xce:			/* into */
	case 0xf1:			/* int1 */
	case 0xf4:			/* hlt */
		return INSN_VALID;
	case 0x80:			/* group 1 */
	case 0xc6:			/* mov */
		return MB | INSN_IMM8;
	case 0x81:
	case 0xc7:
		return M | INSN_IMMZ;
	case 0x83:
		return M | INSN_IMM8;
	case 0xa0:			/* mov with an absolute address */
	case 0xa2:
		return INSN_VALID | INSN_BYTE | INSN_MOFFS;
	case 0xa1:
	case 0xa3:
		return INSN_VALID | INSN_MOFFS;
	case 0xcd:			/* int */
	case 0xe4:			/* in, out with a port */
	case 0xe6:
		return INSN_VALID | INSN_BYTE | INSN_IMM8;
	case 0xe5:
	case 0xe7:
		return INSN_VALID | INSN_IMM8;
	case 0xf6:			/* group 3 */
		return MB | INSN_GRP3 | INSN_IMM8;
	case 0xf7:
		return M | INSN_GRP3 | INSN_IMMZ;
	case 0xff:			/* group 5 */
		return M | INSN_PUSH;
	}
	return 0;
}

static u16 insn_attr_0f(u8 op)
{
	switch (op) {
	case 0x00:			/* groups 6 and 7 */
	case 0x01:
	case 0xa3:			/* bt, bts, btr, btc */
	case 0xab:
	case 0xb3:
	case 0xbb:
	case 0xb1:			/* cmpxchg */
	case 0xb6 ... 0xb7:		/* movzx */
	case 0xbe ... 0xbf:		/* movsx */
	case 0xc1:			/* xadd */
	case 0xae:			/* clflush, fences */
		return M;
	case 0xb0:
	case 0xc0:
		return MB;
	case 0xba:
		return M | INSN_IMM8;
	case 0x20 ... 0x23:		/* mov CR, DR */
		return M | INSN_CRDR;
	case 0x06:			/* clts */
	case 0x08:			/* invd */
	case 0x09:			/* wbinvd, wbnoinvd */
	case 0x30:			/* wrmsr */
	case 0x31:			/* rdtsc */
	case 0x32:			/* rdmsr */
	case 0x33:			/* rdpmc */
	case 0xa2:			/* cpuid */
		return INSN_VALID;
	}
	return 0;
}

static u16 insn_attr_0f38(u8 op)
{
	switch (op) {
	case 0x80 ... 0x82:		/* invept, invvpid, invpcid */
		return M;
	case 0xf0 ... 0xf1:		/* movbe */
		return M;
	}
	return 0;
}

struct insn_cursor {
	const u8 *bytes;
	unsigned int nr;
	unsigned int pos;
};

/* the next @size bytes, sign extended */
static bool insn_next(struct insn_cursor *c, unsigned int size, s64 *val)
{
	u64 v = 0;

	if (size > c->nr - c->pos)
		return false;
	memcpy(&v, c->bytes + c->pos, size);
	c->pos += size;
	*val = sign_extend64(v, size * 8 - 1);
	return true;
}

static bool insn_prefixes(struct insn_cursor *c, struct tlfs_insn *insn, u8 *opcode)
{
	bool op_size = false, addr_size = false;
	s64 byte;

	for (;;) {
		if (!insn_next(c, 1, &byte))
			return false;
		switch ((u8)byte) {
		case 0x26:
		case 0x2e:
		case 0x36:
		case 0x3e:
			/* 64-bit code: without effect, not even on FS and GS before it */
			if (insn->mode != 8)
				insn->seg = ((u8)byte >> 3) & 3;
			break;
		case 0x64:
			insn->seg = TLFS_SEG_FS;
			break;
		case 0x65:
			insn->seg = TLFS_SEG_GS;
			break;
		case 0x66:
			op_size = true;
			break;
		case 0x67:
			addr_size = true;
			break;
		case 0xf0:
			insn->lock = true;
			break;
		case 0xf2:
		case 0xf3:
			insn->rep = byte;
			break;
		default:
			if (insn->mode == 8 && (byte & 0xf0) == 0x40) {
				/* counts only when it is the last prefix */
				insn->rex = byte;
				continue;
			}
			goto done;
		}
		insn->rex = 0;
	}
done:
	if (insn->mode == 8) {
		insn->op_size = insn->rex & 8 ? 8 : op_size ? 2 : 4;
		insn->addr_size = addr_size ? 4 : 8;
	} else {
		insn->op_size = (insn->mode == 4) != op_size ? 4 : 2;
		insn->addr_size = (insn->mode == 4) != addr_size ? 4 : 2;
	}
	*opcode = byte;
	return true;
}

static bool insn_modrm16(struct insn_cursor *c, struct tlfs_insn *insn)
{
	static const u8 bases[8] = { VP_RBX, VP_RBX, VP_RBP, VP_RBP,
				     VP_RSI, VP_RDI, VP_RBP, VP_RBX };
	static const u8 indexes[8] = { VP_RSI, VP_RDI, VP_RSI, VP_RDI, TLFS_INSN_NO_REG,
				       TLFS_INSN_NO_REG, TLFS_INSN_NO_REG, TLFS_INSN_NO_REG };

	insn->base = bases[insn->rm];
	insn->index = indexes[insn->rm];
	if (insn->mod == 0 && insn->rm == 6) {
		insn->base = TLFS_INSN_NO_REG;
		return insn_next(c, 2, &insn->disp);
	}
	return insn->mod == 0 || insn_next(c, insn->mod, &insn->disp);
}

static bool insn_modrm32(struct insn_cursor *c, struct tlfs_insn *insn)
{
	u8 rm = insn->rm & 7;
	s64 sib;

	insn->base = insn->rm;
	if (rm == 4) {
		if (!insn_next(c, 1, &sib))
			return false;
		insn->scale = (u8)sib >> 6;
		insn->index = ((sib >> 3) & 7) | (insn->rex & 2) << 2;
		if (insn->index == VP_RSP)
			insn->index = TLFS_INSN_NO_REG;
		rm = sib & 7;
		insn->base = rm | (insn->rex & 1) << 3;
	}
	if (insn->mod == 0 && rm == 5) {
		/* without SIB in 64-bit code it counts from the next instruction */
		insn->rip_relative = insn->mode == 8 && (insn->rm & 7) == 5;
		insn->base = TLFS_INSN_NO_REG;
		return insn_next(c, 4, &insn->disp);
	}
	return insn->mod == 0 || insn_next(c, insn->mod == 1 ? 1 : 4, &insn->disp);
}

static bool insn_modrm(struct insn_cursor *c, struct tlfs_insn *insn, u16 attr)
{
	s64 byte;

	if (!insn_next(c, 1, &byte))
		return false;
	insn->has_modrm = true;
	insn->mod = (u8)byte >> 6;
	insn->reg = ((byte >> 3) & 7) | (insn->rex & 4) << 1;
	insn->rm = byte & 7;
	if (insn->mod == 3 || attr & INSN_CRDR) {
		insn->rm |= (insn->rex & 1) << 3;
		return true;
	}

	insn->mem = true;
	if (insn->addr_size == 2) {
		if (!insn_modrm16(c, insn))
			return false;
	} else {
		insn->rm |= (insn->rex & 1) << 3;
		if (!insn_modrm32(c, insn))
			return false;
	}
	if (insn->seg == TLFS_SEG_COUNT)
		insn->seg = insn->base == VP_RSP || insn->base == VP_RBP ? TLFS_SEG_SS
									 : TLFS_SEG_DS;
	return true;
}

static bool insn_operands(struct insn_cursor *c, struct tlfs_insn *insn, u16 attr)
{
	if (attr & INSN_BYTE)
		insn->op_size = 1;
	if (attr & INSN_MODRM && !insn_modrm(c, insn, attr))
		return false;
	/* push and near branches of group 5 have no 32-bit form in 64-bit code */
	if (attr & INSN_PUSH && insn->mode == 8 && insn->op_size == 4 &&
	    ((insn->reg & 7) == 2 || (insn->reg & 7) == 4 || (insn->reg & 7) == 6))
		insn->op_size = 8;
	if (attr & INSN_MOFFS) {
		insn->mem = true;
		if (!insn_next(c, insn->addr_size, &insn->disp))
			return false;
		if (insn->seg == TLFS_SEG_COUNT)
			insn->seg = TLFS_SEG_DS;
	}
	if (attr & INSN_GRP3 && (insn->reg & 7) > 1)
		return true;
	if (attr & INSN_IMM8)
		return insn_next(c, 1, &insn->imm);
	if (attr & INSN_IMMZ)
		return insn_next(c, insn->op_size == 2 ? 2 : 4, &insn->imm);
	return true;
}

int tlfs_insn_decode(struct tlfs_insn *insn, const u8 *bytes, unsigned int nr, u8 mode)
{
	struct insn_cursor c = { .bytes = bytes, .nr = min_t(unsigned int, nr, TLFS_INSN_MAX) };
	u16 attr;
	s64 byte;
	u8 op;

	memset(insn, 0, sizeof(*insn));
	insn->mode = mode;
	insn->seg = TLFS_SEG_COUNT;
	insn->base = TLFS_INSN_NO_REG;
	insn->index = TLFS_INSN_NO_REG;

	if (!insn_prefixes(&c, insn, &op))
		return -EINVAL;
	if (op != 0x0f) {
		attr = insn_attr_one(op);
	} else {
		if (!insn_next(&c, 1, &byte))
			return -EINVAL;
		op = byte;
		insn->map = TLFS_MAP_0F;
		attr = insn_attr_0f(op);
		if (op == 0x38) {
			if (!insn_next(&c, 1, &byte))
				return -EINVAL;
			op = byte;
			insn->map = TLFS_MAP_0F38;
			attr = insn_attr_0f38(op);
		}
	}
	insn->opcode = op;
	if (!attr || !insn_operands(&c, insn, attr))
		return -EINVAL;
	insn->len = c.pos;
	return 0;
}

u8 tlfs_insn_mode(struct tlfs_vp *vp)
{
	struct hv_x64_segment_register cs;

	tlfs_call(get_segment)(vp, TLFS_SEG_CS, &cs);
	if (cs.attributes & HV_SEGMENT_LONG && tlfs_call(get_efer)(vp) & EFER_LMA)
		return 8;
	return cs.attributes & HV_SEGMENT_DEFAULT ? 4 : 2;
}

int tlfs_insn_fetch(struct tlfs_vp *vp, struct tlfs_insn *insn)
{
	u8 bytes[TLFS_INSN_MAX];
	int nr;

	/* all the processor gave may be fewer than the most there can be, and enough */
	if (vp->exit.nr_bytes && vp->exit.nr_bytes <= TLFS_INSN_MAX &&
	    !tlfs_insn_decode(insn, vp->exit.bytes, vp->exit.nr_bytes, tlfs_insn_mode(vp)))
		return 0;
	nr = tlfs_fetch_insn(vp, bytes, sizeof(bytes), vp->in_window);
	if (nr < 0)
		return nr;
	return tlfs_insn_decode(insn, bytes, nr, tlfs_insn_mode(vp));
}

u64 tlfs_insn_address(struct tlfs_vp *vp, const struct tlfs_insn *insn, u64 *offset)
{
	struct hv_x64_segment_register seg;
	u64 addr = insn->disp, mask = ~0ULL;

	if (insn->base != TLFS_INSN_NO_REG)
		addr += vp_reg(vp, insn->base);
	if (insn->index != TLFS_INSN_NO_REG)
		addr += vp_reg(vp, insn->index) << insn->scale;
	if (insn->rip_relative)
		addr += vp_reg(vp, VP_RIP) + insn->len;
	if (insn->addr_size < 8)
		mask = BIT_ULL(insn->addr_size * 8) - 1;
	addr &= mask;
	if (offset)
		*offset = addr;

	/* 64-bit code: only FS and GS have a base */
	if (insn->mode == 8 && insn->seg != TLFS_SEG_FS && insn->seg != TLFS_SEG_GS)
		return addr;
	tlfs_call(get_segment)(vp, insn->seg, &seg);
	addr += seg.base;
	return insn->mode == 8 ? addr : (u32)addr;
}

/* is [@offset, @offset + @size) within the segment, and may it be used so */
static bool insn_segment_ok(struct tlfs_vp *vp, enum tlfs_seg nr, u64 offset, unsigned int size,
			    bool write, u64 *linear)
{
	struct hv_x64_segment_register seg;
	u64 last = offset + size - 1, top;
	u8 type;

	tlfs_call(get_segment)(vp, nr, &seg);
	*linear = (u32)(seg.base + offset);
	/* real and virtual-8086 mode have limits only */
	if (tlfs_call(get_cr)(vp, 0) & X86_CR0_PE && !(vp_reg(vp, VP_RFLAGS) & X86_EFLAGS_VM)) {
		type = seg.attributes & HV_SEGMENT_TYPE_MASK;
		if (!(seg.attributes & HV_SEGMENT_PRESENT))
			return false;
		if (type & 8 ? write || !(type & 2) : write && !(type & 2))
			return false;
		if (!(type & 8) && type & 4) {		/* expand down */
			top = seg.attributes & HV_SEGMENT_DEFAULT ? U32_MAX : U16_MAX;
			return offset > seg.limit && last <= top;
		}
	}
	return last <= seg.limit;
}

int tlfs_insn_access(struct tlfs_vp *vp, const struct tlfs_insn *insn, enum tlfs_seg seg,
		     u64 offset, void *buf, unsigned int size, bool write)
{
	unsigned int flags = TLFS_WALK_SET_AD, first, va_bits;
	struct tlfs_walk walk = {};
	u64 gva;
	int r;

	if (insn->mode == 8) {
		struct hv_x64_segment_register s = {};

		if (seg == TLFS_SEG_FS || seg == TLFS_SEG_GS)
			tlfs_call(get_segment)(vp, seg, &s);
		gva = s.base + offset;
		va_bits = tlfs_call(get_cr)(vp, 4) & X86_CR4_LA57 ? 57 : 48;
		r = sign_extend64(gva, va_bits - 1) != gva ||
		    sign_extend64(gva + size - 1, va_bits - 1) != gva + size - 1;
	} else {
		r = !insn_segment_ok(vp, seg, offset, size, write, &gva);
	}
	if (r) {
		tlfs_raise_exception(vp, seg == TLFS_SEG_SS ? X86_TRAP_SS : X86_TRAP_GP,
				     true, 0, 0);
		return -EFAULT;
	}

	if (vp->in_window)
		flags |= TLFS_WALK_ATOMIC;
	if (write)
		flags |= TLFS_WALK_WRITE;
	if (tlfs_call(cpl)(vp) == 3)
		flags |= TLFS_WALK_USER;

	/* a write over two pages: see that the second can be written before the first is */
	first = min_t(u64, size, TLFS_PAGE_SIZE - (gva & ~HV_PAGE_MASK));
	if (write && first < size) {
		r = tlfs_walk(vp, gva + first, flags, &walk);
		if (r) {
			gva += first;
			goto fail;
		}
	}
	while (size) {
		if (write)
			r = tlfs_gva_write(vp, gva, buf, first, flags, &walk);
		else
			r = tlfs_gva_read(vp, gva, buf, first, flags, &walk);
		if (r)
			goto fail;
		gva += first;
		buf += first;
		size -= first;
		first = size;
	}
	return 0;

fail:
	if (r == -EACCES) {
		tlfs_raise_exception(vp, X86_TRAP_PF, true, walk.error, gva);
		return -EFAULT;
	}
	return r == -EAGAIN ? -EAGAIN : -EIO;
}

/* AH, CH, DH, BH */
static bool insn_high_byte(const struct tlfs_insn *insn, u8 reg, u8 size)
{
	return size == 1 && !insn->rex && reg >= 4;
}

u64 tlfs_insn_get_reg(struct tlfs_vp *vp, const struct tlfs_insn *insn, u8 reg, u8 size)
{
	u64 val;

	if (insn_high_byte(insn, reg, size))
		return (vp_reg(vp, reg & 3) >> 8) & 0xff;
	val = vp_reg(vp, reg & 15);
	return size < 8 ? val & (BIT_ULL(size * 8) - 1) : val;
}

void tlfs_insn_set_reg(struct tlfs_vp *vp, const struct tlfs_insn *insn, u8 reg, u8 size, u64 val)
{
	u64 old, mask;

	if (insn_high_byte(insn, reg, size)) {
		old = vp_reg(vp, reg & 3);
		vp_set_reg(vp, reg & 3, (old & ~0xff00ULL) | (val & 0xff) << 8);
		return;
	}
	reg &= 15;
	switch (size) {
	case 8:
		break;
	case 4:
		val = (u32)val;
		break;
	default:
		mask = BIT_ULL(size * 8) - 1;
		val = (vp_reg(vp, reg) & ~mask) | (val & mask);
	}
	vp_set_reg(vp, reg, val);
}

/* ---- length of the instruction that exited ---- */

/* is @insn one that makes this kind of exit */
static bool insn_is_exit(struct tlfs_vp *vp, const struct tlfs_insn *insn)
{
	u8 op = insn->opcode, modrm = insn->mod << 6 | (insn->reg & 7) << 3 | (insn->rm & 7);
	bool two = insn->map == TLFS_MAP_0F, one = insn->map == TLFS_MAP_ONE;

	switch (vp->exit.kind) {
	case TLFS_EXIT_CPUID:
		return two && op == 0xa2;
	case TLFS_EXIT_RDMSR:
		return two && op == 0x32;
	case TLFS_EXIT_WRMSR:
		return two && op == 0x30;
	case TLFS_EXIT_RDPMC:
		return two && op == 0x33;
	case TLFS_EXIT_HLT:
		return one && op == 0xf4;
	case TLFS_EXIT_PAUSE:
		return one && op == 0x90;
	case TLFS_EXIT_WBINVD:
		return two && (op == 0x08 || op == 0x09);
	case TLFS_EXIT_HYPERCALL:
		return two && op == 0x01 && (modrm == 0xc1 || modrm == 0xd9);
	case TLFS_EXIT_XSETBV:
		return two && op == 0x01 && modrm == 0xd1;
	case TLFS_EXIT_MONITOR:
		return two && op == 0x01 && (modrm == 0xc8 || modrm == 0xfa);
	case TLFS_EXIT_MWAIT:
		return two && op == 0x01 && (modrm == 0xc9 || modrm == 0xfb);
	case TLFS_EXIT_INVLPG:
		return (two && op == 0x01 && ((insn->mem && (insn->reg & 7) == 7) ||
					      modrm == 0xdf)) ||
		       (insn->map == TLFS_MAP_0F38 && op == 0x82);
	case TLFS_EXIT_IO:
		return one && ((op >= 0x6c && op <= 0x6f) || (op >= 0xe4 && op <= 0xe7) ||
			       (op >= 0xec && op <= 0xef));
	case TLFS_EXIT_CR:
		return two && (op == 0x20 || op == 0x22 || op == 0x06 ||
			       (op == 0x01 && ((insn->reg & 7) == 4 || (insn->reg & 7) == 6)));
	case TLFS_EXIT_DR:
		return two && (op == 0x21 || op == 0x23);
	case TLFS_EXIT_EXCEPTION:
		return one && ((op == 0xcc && vp->exit.exc.vector == X86_TRAP_BP) ||
			       (op == 0xcd && insn->imm == vp->exit.exc.vector) ||
			       (op == 0xce && vp->exit.exc.vector == X86_TRAP_OF) ||
			       (op == 0xf1 && vp->exit.exc.vector == X86_TRAP_DB));
	case TLFS_EXIT_MEMORY:
		return insn->mem;
	}
	return false;
}

/* the forms without a prefix, which is nearly all there is; @code: the first four bytes */
static u8 insn_common_len(const struct tlfs_exit *exit, u32 code)
{
	switch (exit->kind) {
	case TLFS_EXIT_CPUID:
		return (code & 0xffff) == 0xa20f ? 2 : 0;
	case TLFS_EXIT_RDMSR:
		return (code & 0xffff) == 0x320f ? 2 : 0;
	case TLFS_EXIT_WRMSR:
		return (code & 0xffff) == 0x300f ? 2 : 0;
	case TLFS_EXIT_HYPERCALL:
		return (code & 0xffffff) == 0xd9010f || (code & 0xffffff) == 0xc1010f ? 3 : 0;
	case TLFS_EXIT_HLT:
		return (code & 0xff) == 0xf4;
	case TLFS_EXIT_IO:
		return (code & 0xfc) == 0xec ? 1 : (code & 0xfc) == 0xe4 ? 2 : 0;
	}
	return 0;
}

/*
 * The bytes at RIP by way of the page that was found there last time.  The guest may have mapped
 * another since, and nobody told us; so what is read counts only if it is the very instruction
 * that exited, and then its length is right unless the guest has replaced it by the same
 * instruction with other prefixes and left the old page as it was.  A region that goes meanwhile
 * does no harm either: what is at the address then is still the VMM's own, and is only compared.
 */
static u8 insn_cached_len(struct tlfs_vp *vp, const struct tlfs_code_page *page, u64 linear)
{
	u32 __user *code = (u32 __user *)(page->uaddr | (linear & ~HV_PAGE_MASK));
	u32 word;
	int r;

	if (page->linear != (linear & HV_PAGE_MASK) || page->cr3 != tlfs_call(get_cr)(vp, 3) ||
	    page->generation != READ_ONCE(vp->pt->gpa.generation) || !page->uaddr)
		return 0;
	/* access_ok() was asked when it became a region */
	pagefault_disable();
	r = __get_user(word, code);
	pagefault_enable();
	if (unlikely(r))
		return 0;
	return insn_common_len(&vp->exit, word);
}

/* the same by a walk, which fills the cache.  0: not of the common kind; -EAGAIN */
static int insn_walked_len(struct tlfs_vp *vp, struct tlfs_code_page *page, u64 linear)
{
	unsigned int flags = TLFS_WALK_EXECUTE | (vp->in_window ? TLFS_WALK_ATOMIC : 0);
	struct tlfs_walk walk;
	u32 word;
	int r;

	if (tlfs_call(cpl)(vp) == 3)
		flags |= TLFS_WALK_USER;
	r = tlfs_walk(vp, linear, flags, &walk);
	if (!r)
		r = tlfs_gpa_read(vp->pt, walk.gpa, &word, sizeof(word), vp->in_window);
	if (r)
		return r == -EAGAIN ? r : 0;
	page->linear = linear & HV_PAGE_MASK;
	page->cr3 = tlfs_call(get_cr)(vp, 3);
	page->uaddr = tlfs_gpa_uaddr(vp->pt, walk.gpa & HV_PAGE_MASK, &page->generation);
	return insn_common_len(&vp->exit, word);
}

/* length of an instruction without prefixes, or 0, or -EAGAIN */
static int insn_quick_len(struct tlfs_vp *vp)
{
	struct hv_x64_segment_register cs;
	struct tlfs_code_page *page;
	u64 linear;
	u32 word;
	u8 len;

	if (vp->exit.nr_bytes >= sizeof(word)) {
		memcpy(&word, vp->exit.bytes, sizeof(word));
		return insn_common_len(&vp->exit, word);
	}
	tlfs_call(get_segment)(vp, TLFS_SEG_CS, &cs);
	linear = vp_reg(vp, VP_RIP);
	if (!(cs.attributes & HV_SEGMENT_LONG))
		linear = (u32)(cs.base + linear);
	/* it may end on this page; what comes behind need not be there */
	if ((linear & ~HV_PAGE_MASK) > HV_PAGE_SIZE - sizeof(word))
		return 0;

	page = &vp->code_pages[(linear >> HV_PAGE_SHIFT) % TLFS_CODE_PAGES];
	len = insn_cached_len(vp, page, linear);
	if (likely(len))
		return len;
	return insn_walked_len(vp, page, linear);
}

int tlfs_insn_len_find(struct tlfs_vp *vp)
{
	struct tlfs_exit *exit = &vp->exit;
	struct tlfs_insn insn;
	int r;

	r = insn_quick_len(vp);
	if (r < 0)
		return r;
	if (likely(r)) {
		exit->insn_len = r;
		return r;
	}

	r = tlfs_insn_fetch(vp, &insn);
	if (r == -EAGAIN)
		return r;
	/* something else by now: another VP wrote here, the guest has to run it again */
	if (r || !insn_is_exit(vp, &insn))
		return 0;
	exit->insn_len = insn.len;
	return insn.len;
}
