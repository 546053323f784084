// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - control and debug registers, EFER and XCR0
 *
 * Two ways lead here.  An instruction of the guest (tlfs_guest_set_*, the exits) obeys every rule
 * of the processor.  The register interface (tlfs_set_*) loads a whole state piece by piece, in an
 * order that is the VMM's business, so only what a register could never hold is refused; if the
 * sum makes no sense the entry fails, and says so.
 */
#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <asm/debugreg.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>

#include "tlfs.h"
#include "x86/insn.h"

#define CR0_DEFINED	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS | X86_CR0_ET |	\
			 X86_CR0_NE | X86_CR0_WP | X86_CR0_AM | X86_CR0_NW | X86_CR0_CD |	\
			 X86_CR0_PG)
/* a change of these changes what the guest's page tables mean */
#define CR0_FLUSH	(X86_CR0_PE | X86_CR0_WP | X86_CR0_PG)
#define CR4_FLUSH	(X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_LA57 |		\
			 X86_CR4_PCIDE | X86_CR4_SMEP | X86_CR4_SMAP)
/* a change of these reloads the PDPTEs in PAE paging */
#define CR0_PDPTR	(X86_CR0_PG | X86_CR0_CD | X86_CR0_NW)
#define CR4_PDPTR	(X86_CR4_PSE | X86_CR4_PAE | X86_CR4_PGE | X86_CR4_SMEP)

#define CR3_NOFLUSH	BIT_ULL(63)
#define CR8_TPR		0xfULL
#define LMSW_BITS	(X86_CR0_PE | X86_CR0_MP | X86_CR0_EM | X86_CR0_TS)

#define EFER_TCE_BIT	BIT_ULL(15)

/* fixed and reserved bits of DR6 and DR7 without the later features (RTM, bus lock) */
#define DR6_WRITABLE	(DR_TRAP_BITS | DR6_BD_BIT | DR_STEP | DR6_BT_BIT)
#define DR6_BD_BIT	BIT_ULL(13)
#define DR6_BT_BIT	BIT_ULL(15)
#define DR6_ONES	0xffff0ff0ULL
#define DR7_WRITABLE	0xffff23ffULL
#define DR7_ONES	0x00000400ULL
#define DR7_GD_BIT	BIT_ULL(13)

/* ---- what this guest may set ---- */

struct control_bit {
	u64 bit;
	u8 leaf;	/* index of the leaf, see control_leaf */
	u8 reg;		/* eax ebx ecx edx */
	u8 shift;
};

enum { LEAF_1, LEAF_7, LEAF_80000001, LEAF_COUNT };

static const u32 control_leaf[LEAF_COUNT] = { 1, 7, 0x80000001 };

static const struct control_bit cr4_bits[] = {
	{ X86_CR4_VME | X86_CR4_PVI,		LEAF_1, 3, 1 },
	{ X86_CR4_TSD,				LEAF_1, 3, 4 },
	{ X86_CR4_DE,				LEAF_1, 3, 2 },
	{ X86_CR4_PSE,				LEAF_1, 3, 3 },
	{ X86_CR4_PAE,				LEAF_1, 3, 6 },
	{ X86_CR4_MCE,				LEAF_1, 3, 7 },
	{ X86_CR4_PGE,				LEAF_1, 3, 13 },
	{ X86_CR4_OSFXSR,			LEAF_1, 3, 24 },
	{ X86_CR4_OSXMMEXCPT,			LEAF_1, 3, 25 },
	{ X86_CR4_UMIP,				LEAF_7, 2, 2 },
	{ X86_CR4_LA57,				LEAF_7, 2, 16 },
	{ X86_CR4_FSGSBASE,			LEAF_7, 1, 0 },
	{ X86_CR4_PCIDE,			LEAF_1, 2, 17 },
	{ X86_CR4_OSXSAVE,			LEAF_1, 2, 26 },
	{ X86_CR4_SMEP,				LEAF_7, 1, 7 },
	{ X86_CR4_SMAP,				LEAF_7, 1, 20 },
};

static const struct control_bit efer_bits[] = {
	{ EFER_SCE,				LEAF_80000001, 3, 11 },
	{ EFER_LME | EFER_LMA,			LEAF_80000001, 3, 29 },
	{ EFER_NX,				LEAF_80000001, 3, 20 },
	{ EFER_FFXSR,				LEAF_80000001, 3, 25 },
	{ EFER_TCE_BIT,				LEAF_80000001, 2, 17 },
};

static u64 control_valid(struct tlfs_vp *vp, const struct control_bit *bits, unsigned int nr)
{
	u32 regs[LEAF_COUNT][4] = {};
	unsigned int i, used = 0;
	u64 valid = 0;

	for (i = 0; i < nr; i++) {
		u32 *r = regs[bits[i].leaf];

		if (!(used & BIT(bits[i].leaf))) {
			used |= BIT(bits[i].leaf);
			r[0] = control_leaf[bits[i].leaf];
			tlfs_cpuid(vp, &r[0], &r[1], &r[2], &r[3]);
		}
		if (r[bits[i].reg] & BIT(bits[i].shift))
			valid |= bits[i].bit;
	}
	return valid;
}

u64 tlfs_cr4_valid(struct tlfs_vp *vp)
{
	/* PCE has no CPUID bit */
	return control_valid(vp, cr4_bits, ARRAY_SIZE(cr4_bits)) | X86_CR4_PCE;
}

u64 tlfs_efer_valid(struct tlfs_vp *vp)
{
	return control_valid(vp, efer_bits, ARRAY_SIZE(efer_bits));
}

/* physical address bits beyond what this guest was told it has */
static u64 control_high_gpa(struct tlfs_vp *vp)
{
	u32 eax = 0x80000008, ebx = 0, ecx = 0, edx = 0;
	unsigned int bits;

	tlfs_cpuid(vp, &eax, &ebx, &ecx, &edx);
	bits = eax & 0xff;
	return ~(BIT_ULL(clamp(bits, 36U, 52U)) - 1);
}

/* ---- register interface ---- */

int tlfs_set_cr0(struct tlfs_vp *vp, u64 val)
{
	u64 old = tlfs_call(get_cr)(vp, 0), efer, lma;

	if (val >> 32)
		return -EINVAL;
	/* undefined bits of the low half do not stick, and ET is always set */
	val = (val & CR0_DEFINED) | X86_CR0_ET;
	if (val & X86_CR0_PG && !(val & X86_CR0_PE))
		return -EINVAL;
	if (val & X86_CR0_NW && !(val & X86_CR0_CD))
		return -EINVAL;

	efer = tlfs_call(get_efer)(vp);
	lma = val & X86_CR0_PG && efer & EFER_LME ? EFER_LMA : 0;
	if ((efer & EFER_LMA) != lma)
		tlfs_call(set_efer)(vp, (efer & ~(u64)EFER_LMA) | lma);
	tlfs_call(set_cr)(vp, 0, val);
	if ((old ^ val) & CR0_FLUSH)
		tlfs_call(flush_tlb)(vp);
	return 0;
}

int tlfs_set_cr3(struct tlfs_vp *vp, u64 val)
{
	if (val & control_high_gpa(vp))
		return -EINVAL;
	tlfs_call(set_cr)(vp, 3, val);
	tlfs_call(flush_tlb)(vp);
	return 0;
}

int tlfs_set_cr4(struct tlfs_vp *vp, u64 val)
{
	u64 old = tlfs_call(get_cr)(vp, 4);

	if (val & ~tlfs_cr4_valid(vp))
		return -EINVAL;
	tlfs_call(set_cr)(vp, 4, val);
	if ((old ^ val) & CR4_FLUSH)
		tlfs_call(flush_tlb)(vp);
	return 0;
}

int tlfs_set_cr8(struct tlfs_vp *vp, u64 val)
{
	if (val & ~CR8_TPR)
		return -EINVAL;
	tlfs_call(set_cr)(vp, 8, val);
	/* a lower TPR lets through what waited */
	set_bit(TLFS_REQ_EVENT, &vp->requests);
	return 0;
}

int tlfs_set_efer(struct tlfs_vp *vp, u64 val)
{
	u64 old = tlfs_call(get_efer)(vp);

	if (val & ~tlfs_efer_valid(vp))
		return -EINVAL;
	val &= ~(u64)EFER_LMA;
	if (val & EFER_LME && tlfs_call(get_cr)(vp, 0) & X86_CR0_PG)
		val |= EFER_LMA;
	tlfs_call(set_efer)(vp, val);
	if ((old ^ val) & (EFER_NX | EFER_LMA))
		tlfs_call(flush_tlb)(vp);
	return 0;
}

/* ---- the guest's own ---- */

static bool control_64bit(struct tlfs_vp *vp)
{
	return tlfs_insn_mode(vp) == 8;
}

/* would the PDPTEs at @cr3 load: no reserved bit in a present one */
static int control_check_pdptrs(struct tlfs_vp *vp, u64 cr3)
{
	u64 pdpte[4], reserved = control_high_gpa(vp) | GENMASK_ULL(8, 5) | GENMASK_ULL(2, 1);
	unsigned int i;
	int r;

	r = tlfs_gpa_read(vp->pt, (u32)cr3 & ~0x1fU, pdpte, sizeof(pdpte), vp->in_window);
	if (r == -EAGAIN)
		return r;
	/* what is not there reads as all ones */
	if (r)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(pdpte); i++)
		if (pdpte[i] & _PAGE_PRESENT && pdpte[i] & reserved)
			return -EINVAL;
	return 0;
}

int tlfs_guest_set_cr0(struct tlfs_vp *vp, u64 val)
{
	u64 old = tlfs_call(get_cr)(vp, 0), cr4 = tlfs_call(get_cr)(vp, 4);
	u64 efer = tlfs_call(get_efer)(vp);
	bool pae;
	int r;

	if (val >> 32)
		return -EINVAL;
	pae = val & X86_CR0_PG && cr4 & X86_CR4_PAE;
	if (val & X86_CR0_PG && !(old & X86_CR0_PG) && efer & EFER_LME) {
		struct hv_x64_segment_register cs;

		/* into long mode: through compatibility mode, with PAE */
		tlfs_call(get_segment)(vp, TLFS_SEG_CS, &cs);
		if (!pae || cs.attributes & HV_SEGMENT_LONG)
			return -EINVAL;
	}
	if (!(val & X86_CR0_PG) && old & X86_CR0_PG &&
	    (control_64bit(vp) || cr4 & X86_CR4_PCIDE))
		return -EINVAL;
	if (pae && !(efer & EFER_LME) && (old ^ val) & CR0_PDPTR) {
		r = control_check_pdptrs(vp, tlfs_call(get_cr)(vp, 3));
		if (r)
			return r;
	}
	return tlfs_set_cr0(vp, val);
}

int tlfs_guest_set_cr3(struct tlfs_vp *vp, u64 val)
{
	u64 cr4 = tlfs_call(get_cr)(vp, 4);
	bool flush = true;
	int r;

	if (tlfs_call(get_efer)(vp) & EFER_LMA) {
		if (cr4 & X86_CR4_PCIDE) {
			flush = !(val & CR3_NOFLUSH);
			val &= ~CR3_NOFLUSH;
		}
	} else if (cr4 & X86_CR4_PAE && tlfs_call(get_cr)(vp, 0) & X86_CR0_PG) {
		r = control_check_pdptrs(vp, val);
		if (r)
			return r;
	}
	if (val & control_high_gpa(vp))
		return -EINVAL;
	tlfs_call(set_cr)(vp, 3, val);
	if (flush)
		tlfs_call(flush_tlb)(vp);
	return 0;
}

int tlfs_guest_set_cr4(struct tlfs_vp *vp, u64 val)
{
	u64 old = tlfs_call(get_cr)(vp, 4), cr3 = tlfs_call(get_cr)(vp, 3);
	int r;

	if (tlfs_call(get_efer)(vp) & EFER_LMA) {
		if (!(val & X86_CR4_PAE) || (old ^ val) & X86_CR4_LA57)
			return -EINVAL;
		if (val & X86_CR4_PCIDE && !(old & X86_CR4_PCIDE) && cr3 & 0xfff)
			return -EINVAL;
	} else {
		if (val & X86_CR4_PCIDE)
			return -EINVAL;
		if (val & X86_CR4_PAE && (old ^ val) & CR4_PDPTR &&
		    tlfs_call(get_cr)(vp, 0) & X86_CR0_PG) {
			if (val & ~tlfs_cr4_valid(vp))
				return -EINVAL;
			r = control_check_pdptrs(vp, cr3);
			if (r)
				return r;
		}
	}
	return tlfs_set_cr4(vp, val);
}

int tlfs_guest_set_efer(struct tlfs_vp *vp, u64 val)
{
	u64 old = tlfs_call(get_efer)(vp);

	if ((old ^ val) & EFER_LME && tlfs_call(get_cr)(vp, 0) & X86_CR0_PG)
		return -EINVAL;
	return tlfs_set_efer(vp, val);
}

/* ---- exits ---- */

/* -EINVAL: #GP; -ENOENT: there is no such register, #UD; -EAGAIN */
static int control_write(struct tlfs_vp *vp, u8 nr, u64 val)
{
	switch (nr) {
	case 0:
		return tlfs_guest_set_cr0(vp, val);
	case 2:
		tlfs_call(set_cr)(vp, 2, val);
		return 0;
	case 3:
		return tlfs_guest_set_cr3(vp, val);
	case 4:
		return tlfs_guest_set_cr4(vp, val);
	case 8:
		return tlfs_set_cr8(vp, val);
	}
	return -ENOENT;
}

/* the exit handlers' common end: @r as of control_write() or tlfs_insn_access() */
static int control_finish(struct tlfs_vp *vp, int r)
{
	switch (r) {
	case 0:
		return tlfs_skip_insn(vp);
	case -EAGAIN:
		return TLFS_SLOW;
	case -EINVAL:
		tlfs_inject_gp(vp);
		return TLFS_RESUME;
	case -ENOENT:
		tlfs_inject_ud(vp);
		return TLFS_RESUME;
	case -EFAULT:
		/* queued already */
		return TLFS_RESUME;
	}
	return tlfs_msg_unsupported(vp, HV_UNSUPPORTED_FEATURE_INTERCEPT, vp->exit.hw);
}

static int control_mov(struct tlfs_vp *vp, u8 nr, u8 gpr, bool write)
{
	u8 size = control_64bit(vp) ? 8 : 4;
	u64 val;

	if (tlfs_call(cpl)(vp))
		return -EINVAL;
	if (write) {
		val = vp_reg(vp, gpr & 15);
		return control_write(vp, nr, size == 8 ? val : (u32)val);
	}
	if (nr != 0 && nr != 2 && nr != 3 && nr != 4 && nr != 8)
		return -ENOENT;
	val = tlfs_call(get_cr)(vp, nr);
	vp_set_reg(vp, gpr & 15, size == 8 ? val : (u32)val);
	return 0;
}

static int control_smsw(struct tlfs_vp *vp, const struct tlfs_insn *insn)
{
	u64 cr0 = tlfs_call(get_cr)(vp, 0), offset;

	if (tlfs_call(get_cr)(vp, 4) & X86_CR4_UMIP && tlfs_call(cpl)(vp))
		return -EINVAL;
	if (!insn->mem) {
		tlfs_insn_set_reg(vp, insn, insn->rm, insn->op_size, cr0);
		return 0;
	}
	tlfs_insn_address(vp, insn, &offset);
	return tlfs_insn_access(vp, insn, insn->seg, offset, &cr0, 2, true);
}

static int control_lmsw(struct tlfs_vp *vp, const struct tlfs_insn *insn)
{
	u64 cr0 = tlfs_call(get_cr)(vp, 0), msw = 0, offset;
	int r;

	if (tlfs_call(cpl)(vp))
		return -EINVAL;
	if (insn->mem) {
		tlfs_insn_address(vp, insn, &offset);
		r = tlfs_insn_access(vp, insn, insn->seg, offset, &msw, 2, false);
		if (r)
			return r;
	} else {
		msw = vp_reg(vp, insn->rm);
	}
	/* it can set PE but not clear it */
	msw |= cr0 & X86_CR0_PE;
	return tlfs_guest_set_cr0(vp, (cr0 & ~(u64)LMSW_BITS) | (msw & LMSW_BITS));
}

/* the processor did not say which instruction it was, or it was not MOV */
static int control_decode(struct tlfs_vp *vp)
{
	struct tlfs_insn insn;
	u8 nr;
	int r;

	r = tlfs_insn_fetch(vp, &insn);
	if (r == -EAGAIN)
		return TLFS_SLOW;
	if (r || insn.map != TLFS_MAP_0F)
		return TLFS_RESUME;	/* rewritten under our feet: run what is there now */
	vp->exit.insn_len = insn.len;

	switch (insn.opcode) {
	case 0x06:
		if (tlfs_call(cpl)(vp))
			return control_finish(vp, -EINVAL);
		r = tlfs_call(get_cr)(vp, 0) & X86_CR0_TS ?
		    tlfs_guest_set_cr0(vp, tlfs_call(get_cr)(vp, 0) & ~X86_CR0_TS) : 0;
		return control_finish(vp, r);
	case 0x01:
		if ((insn.reg & 7) == 4)
			return control_finish(vp, control_smsw(vp, &insn));
		if ((insn.reg & 7) == 6)
			return control_finish(vp, control_lmsw(vp, &insn));
		return TLFS_RESUME;
	case 0x20:
	case 0x22:
		/* LOCK is the legacy way to REX.R */
		nr = insn.reg | (insn.lock ? 8 : 0);
		return control_finish(vp, control_mov(vp, nr, insn.rm, insn.opcode == 0x22));
	}
	return TLFS_RESUME;
}

/* 0, or what the handler returns now */
static int control_have_len(struct tlfs_vp *vp, int *ret)
{
	int len = tlfs_insn_len(vp);

	if (len > 0)
		return 0;
	*ret = len == -EAGAIN ? TLFS_SLOW : TLFS_RESUME;
	return -1;
}

int tlfs_cr_exit(struct tlfs_vp *vp)
{
	int ret;

	if (vp->exit.cr.gpr == 0xff)
		return control_decode(vp);
	if (control_have_len(vp, &ret))
		return ret;
	return control_finish(vp, control_mov(vp, vp->exit.cr.nr, vp->exit.cr.gpr,
					      vp->exit.cr.write));
}

static int control_dr_write(struct tlfs_vp *vp, u8 nr, u64 val)
{
	if (nr >= 6 && val >> 32)
		return -EINVAL;
	if (nr == 6)
		val = (val & DR6_WRITABLE) | DR6_ONES;
	if (nr == 7)
		val = (val & DR7_WRITABLE) | DR7_ONES;
	tlfs_call(set_dr)(vp, nr, val);
	return 0;
}

static int control_dr(struct tlfs_vp *vp, u8 nr, u8 gpr, bool write)
{
	u8 size = control_64bit(vp) ? 8 : 4;
	u64 dr7, val;

	if (nr > 7)
		return -ENOENT;
	if (nr == 4 || nr == 5) {
		if (tlfs_call(get_cr)(vp, 4) & X86_CR4_DE)
			return -ENOENT;
		nr += 2;
	}
	if (tlfs_call(cpl)(vp))
		return -EINVAL;
	dr7 = tlfs_call(get_dr)(vp, 7);
	if (dr7 & DR7_GD_BIT) {
		/* cleared so that the handler can look */
		tlfs_call(set_dr)(vp, 7, dr7 & ~DR7_GD_BIT);
		tlfs_raise_exception(vp, X86_TRAP_DB, false, 0, DR6_BD_BIT);
		return -EFAULT;
	}
	if (write) {
		val = vp_reg(vp, gpr & 15);
		return control_dr_write(vp, nr, size == 8 ? val : (u32)val);
	}
	val = tlfs_call(get_dr)(vp, nr);
	vp_set_reg(vp, gpr & 15, size == 8 ? val : (u32)val);
	return 0;
}

int tlfs_dr_exit(struct tlfs_vp *vp)
{
	u8 nr = vp->exit.dr.nr, gpr = vp->exit.dr.gpr;
	bool write = vp->exit.dr.write;
	struct tlfs_insn insn;
	int ret;

	if (gpr == 0xff) {
		ret = tlfs_insn_fetch(vp, &insn);
		if (ret == -EAGAIN)
			return TLFS_SLOW;
		if (ret || insn.map != TLFS_MAP_0F || (insn.opcode & ~2) != 0x21)
			return TLFS_RESUME;
		vp->exit.insn_len = insn.len;
		nr = insn.reg;
		gpr = insn.rm;
		write = insn.opcode == 0x23;
	} else if (control_have_len(vp, &ret)) {
		return ret;
	}
	return control_finish(vp, control_dr(vp, nr, gpr, write));
}

int tlfs_xsetbv_exit(struct tlfs_vp *vp)
{
	u32 eax = 0xd, ebx = 0, ecx = 0, edx = 0;
	u64 val, offered;
	int ret;

	if (!(tlfs_call(get_cr)(vp, 4) & X86_CR4_OSXSAVE))
		return control_finish(vp, -ENOENT);
	if (tlfs_call(cpl)(vp) || (u32)vp_reg(vp, VP_RCX))
		return control_finish(vp, -EINVAL);
	if (control_have_len(vp, &ret))
		return ret;

	val = (u32)vp_reg(vp, VP_RAX) | vp_reg(vp, VP_RDX) << 32;
	tlfs_cpuid(vp, &eax, &ebx, &ecx, &edx);
	offered = eax | (u64)edx << 32;
	if (val & ~offered)
		return control_finish(vp, -EINVAL);
	return control_finish(vp, tlfs_fpu_set_xcr0(vp, val));
}

/* SGDT and SIDT store 16 bits and an address, the whole of it whatever the operand size */
static int control_store_table(struct tlfs_vp *vp, const struct tlfs_insn *insn)
{
	struct hv_x64_table_register table;
	u8 image[10];
	u64 offset;

	if (!insn->mem)
		return -ENOENT;
	tlfs_call(get_table)(vp, insn->reg & 1 ? TLFS_TABLE_IDTR : TLFS_TABLE_GDTR, &table);
	memcpy(image, &table.limit, 2);
	memcpy(image + 2, &table.base, 8);
	tlfs_insn_address(vp, insn, &offset);
	return tlfs_insn_access(vp, insn, insn->seg, offset, image, insn->mode == 8 ? 10 : 6, true);
}

static int control_store_selector(struct tlfs_vp *vp, const struct tlfs_insn *insn)
{
	struct hv_x64_segment_register seg;
	u64 offset;

	tlfs_call(get_segment)(vp, insn->reg & 1 ? TLFS_SEG_TR : TLFS_SEG_LDTR, &seg);
	if (!insn->mem) {
		tlfs_insn_set_reg(vp, insn, insn->rm, insn->op_size, seg.selector);
		return 0;
	}
	tlfs_insn_address(vp, insn, &offset);
	return tlfs_insn_access(vp, insn, insn->seg, offset, &seg.selector, 2, true);
}

/* the guest keeps them from user mode (5.0C 8.12) */
int tlfs_table_exit(struct tlfs_vp *vp)
{
	struct tlfs_insn insn;
	int r;

	if (tlfs_call(cpl)(vp))
		return control_finish(vp, -EINVAL);
	r = tlfs_insn_fetch(vp, &insn);
	if (r == -EAGAIN)
		return TLFS_SLOW;
	if (r || insn.map != TLFS_MAP_0F || insn.opcode > 1 || (insn.reg & 7) > 1)
		return TLFS_RESUME;	/* rewritten under our feet */
	vp->exit.insn_len = insn.len;
	r = insn.opcode ? control_store_table(vp, &insn) : control_store_selector(vp, &insn);
	return control_finish(vp, r);
}

/*
 * SVM switches tasks by itself; what remains is a processor that cannot.  The VMM is told, as
 * the TLFS has it: the type of the TSS (16.5.9), 0 if its descriptor is not to be had.
 */
int tlfs_task_switch_exit(struct tlfs_vp *vp)
{
	unsigned int flags = TLFS_WALK_PRIV_EXEMPT | (vp->in_window ? TLFS_WALK_ATOMIC : 0);
	u16 offset = vp->exit.task.selector & ~7;
	struct hv_x64_table_register gdt;
	struct tlfs_walk walk;
	u64 desc = 0;

	tlfs_call(get_table)(vp, TLFS_TABLE_GDTR, &gdt);
	if (offset + 7 <= gdt.limit &&
	    tlfs_gva_read(vp, gdt.base + offset, &desc, sizeof(desc), flags, &walk) == -EAGAIN)
		return TLFS_SLOW;
	return tlfs_msg_unsupported(vp, HV_UNSUPPORTED_FEATURE_TASK_SWITCH_TSS, desc >> 40 & 0xf);
}
