/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest_code.h - guest code that more than one program runs
 */
#ifndef TLFS_SELFTEST_GUEST_CODE_H
#define TLFS_SELFTEST_GUEST_CODE_H

#include "vmm.h"

/* text: a guest OS id, and the hypercall page at 0x30000 */
#define GUEST_HYPERCALL_PAGE		\
	"mov	$0x40000000, %ecx\n\t"	\
	"mov	$1, %eax\n\t"		\
	"xor	%edx, %edx\n\t"		\
	"wrmsr\n\t"			\
	"inc	%ecx\n\t"		\
	"mov	$0x30001, %eax\n\t"	\
	"wrmsr\n\t"

/* the call in RBX, input at 0x20000 and output at 0x21000; its result goes to GUEST_PORT */
GUEST_CODE(hypercalls, "64",
	   GUEST_HYPERCALL_PAGE
	   "1:	mov	%rbx, %rcx\n\t"
	   "mov	$0x20000, %edx\n\t"
	   "mov	$0x21000, %r8d\n\t"
	   "mov	$0x30000, %eax\n\t"
	   "call	*%rax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

/* interrupts are let in between two writes to GUEST_PORT */
GUEST_CODE(take_irqs, "64",
	   "1:	sti\n\t"
	   "nop\n\t"
	   "nop\n\t"
	   "cli\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

/* a debug exception at offset 10 */
GUEST_CODE(single_step, "64",
	   "pushf\n\t"
	   "orl	$0x100, (%rsp)\n\t"
	   "popf\n\t"
	   "nop\n\t"
	   "nop\n\t"
	   "hlt");

/* at VMM_CODE, in 32 bits without paging: a jump to the task of a TSS of @type */
void vmm_start_task_switch(struct vmm_vp *vp, u8 type);

#endif /* TLFS_SELFTEST_GUEST_CODE_H */
