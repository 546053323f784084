// SPDX-License-Identifier: GPL-2.0-only
/*
 * modes.c - hypercalls from other modes and from CPL 3, and page tables in 4 KiB pieces
 */
#include "modes.h"

#define LOW		0x9000
#define USER_CS64	(0x28 | 3)
#define USER_CS32	(0x60 | 3)
#define USER_SS		(0x30 | 3)
#define PTE_PS		0x80
#define PTE_USER	0x4

extern u8 low_code[], low_code_end[], low_insn_real[], low_insn_v86[];
extern u8 user_insn64[], user_insn32[];
extern u8 v86_ud[], v86_gp[], tss32_stack_end[], gdt_tss[], gdt_tss32[];
extern u64 idt32[];
extern u64 pml4[];

u32 run_mode_asm(u32 mode, struct mode_regs *regs, void *page);
void enter_user(u64 rip, u64 cs, u64 ss, u64 rsp);
void leave_user(void);

static u32 tss32[26], tss64[26];
static u8 ring0_stack[4096] __attribute__((aligned(16)));
static u8 user_stack[4096] __attribute__((aligned(16)));

/* VMMCALL as assembled, or what Intel has */
static void patch_insn(u8 *insn)
{
	u32 r[4];

	cpuid(0, 0, r);
	insn[2] = r[2] == 0x6c65746e ? 0xc1 : 0xd9;
}

static void set_tss(u8 *desc, const void *base, u8 type)
{
	u64 b = (u64)base;

	*(u64 *)desc = 103 | (b & 0xffffff) << 16 | (0x80ULL | type) << 40 | (b >> 24 & 0xff) << 56;
}

unsigned int run_mode(enum run_mode mode, struct mode_regs *regs)
{
	static struct mode_regs none;

	memcpy((void *)LOW, low_code, low_code_end - low_code);
	patch_insn((u8 *)LOW + (low_insn_real - low_code));
	patch_insn((u8 *)LOW + (low_insn_v86 - low_code));

	memset(tss32, 0, sizeof(tss32));
	tss32[1] = (u32)(u64)tss32_stack_end;
	tss32[2] = 0x10;
	tss32[25] = 104 << 16;
	set_tss(gdt_tss32, tss32, 0x9);
	memset(idt32, 0, 32 * 8);
	idt32[6] = ((u64)v86_ud & 0xffff) | 0x08 << 16 | 0x8e00ULL << 32 |
		   ((u64)v86_ud >> 16) << 48;
	idt32[13] = ((u64)v86_gp & 0xffff) | 0x08 << 16 | 0x8e00ULL << 32 |
		    ((u64)v86_gp >> 16) << 48;
	return run_mode_asm(mode, regs ? regs : &none, hypercall_page);
}

/* ---- CPL 3 ---- */

static u64 user_rax;

static void user_fault(struct trap_frame *f)
{
	user_rax = f->rax;
	f->rax = f->vector + 1;
	f->rip = (u64)leave_user;
	f->cs = 0x18;
	f->ss = 0x20;
	f->rflags = 2;
	f->rsp = (u64)ring0_stack + sizeof(ring0_stack);
}

/* the whole identity map, tables split off later included */
static void allow_user(void)
{
	u64 *pdpt = (u64 *)(pml4[0] & ~0xfffULL);

	pml4[0] |= PTE_USER;
	for (int i = 0; i < 4; i++) {
		u64 *pd = (u64 *)(pdpt[i] & ~0xfffULL);

		pdpt[i] |= PTE_USER;
		for (int j = 0; j < 512; j++)
			pd[j] |= PTE_USER;
	}
	write_cr(3, read_cr(3));
}

unsigned int run_user(const void *code, bool is64, u64 *rax)
{
	unsigned int (*enter)(u64, u64, u64, u64) = (void *)enter_user;
	unsigned int vector;

	allow_user();
	patch_insn(user_insn64);
	patch_insn(user_insn32);
	memset(tss64, 0, sizeof(tss64));
	*(u64 *)(tss64 + 1) = (u64)ring0_stack + sizeof(ring0_stack);
	tss64[25] = 104 << 16;
	set_tss(gdt_tss, tss64, 0x9);
	asm volatile("ltr %w0" : : "r" (0x38));
	set_handler(6, user_fault);
	set_handler(13, user_fault);
	set_handler(14, user_fault);
	vector = enter((u64)code, is64 ? USER_CS64 : USER_CS32, USER_SS,
		       (u64)user_stack + sizeof(user_stack));
	set_handler(6, NULL);
	set_handler(13, NULL);
	set_handler(14, NULL);
	*rax = user_rax;
	return vector;
}

/* ---- page tables ---- */

volatile u64 *pte_of(volatile void *va)
{
	static u64 tables[8][512] __page_aligned;
	static unsigned int used;
	u64 *pdpt = (u64 *)(pml4[0] & ~0xfffULL), *table;
	u64 *pde = (u64 *)(pdpt[(u64)va >> 30 & 3] & ~0xfffULL) + ((u64)va >> 21 & 511);

	if (*pde & PTE_PS) {
		if (used == ARRAY_SIZE(tables))
			return NULL;
		table = tables[used++];
		for (u64 i = 0; i < 512; i++)
			table[i] = ((*pde & ~(u64)PTE_PS) + i * PAGE_SIZE) | PTE_USER;
		*pde = (u64)table | 7;
		write_cr(3, read_cr(3));
	}
	return (u64 *)(*pde & ~0xfffULL) + ((u64)va >> 12 & 511);
}
