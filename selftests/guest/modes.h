/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * modes.h - hypercalls from where payloads do not live: other processor modes, CPL 3, and with
 * every register filled and looked at afterwards
 */
#ifndef MODES_H
#define MODES_H

#include "guest.h"

enum run_mode {
	MODE_COMPAT,		/* 32-bit code segment in long mode */
	MODE_PROTECTED,		/* 32-bit protected mode without paging */
	MODE_REAL,
	MODE_V86,
};

/* registers of the x86 mapping (TLFS 4.7) */
struct mode_regs {
	u32 eax, ebx, ecx, edx, esi, edi, ebp;
};

/*
 * One hypercall in another mode.  The first two call the hypercall page with @regs and store what
 * it leaves there; the others execute the bare instruction.  0, or vector + 1 of the fault
 */
unsigned int run_mode(enum run_mode mode, struct mode_regs *regs);

/* all registers a 64-bit call could touch */
struct all_regs {
	u64 gpr[16];		/* in the order of the encoding; [4] unused */
	u64 xmm[16][2];
	u64 rflags;
};

/* calls @page with @regs loaded, then stores them */
void call_with_all(const void *page, struct all_regs *regs);

/*
 * Runs @code at CPL 3, 64-bit or in a 32-bit segment, until it faults; *rax is RAX then.  Returns
 * the vector + 1
 */
unsigned int run_user(const void *code, bool is64, u64 *rax);
/* code that makes the hypercall HvNotifyLongSpinWait in 64-bit and 32-bit mode, then HLT */
extern u8 user_call64[], user_call32[];

/* the entry of the page table (4 KiB) for @va; splits a large page of the identity map */
volatile u64 *pte_of(volatile void *va);

#endif /* MODES_H */
