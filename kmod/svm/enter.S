/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * enter.S - the SVM world switch
 */
#include <linux/linkage.h>
#include <asm/asm.h>
#include <asm/nospec-branch.h>

#include "../compat.h"

/* offsets in vp->regs; RAX and RSP live in the VMCB */
#define RCX_	(1 * 8)
#define RDX_	(2 * 8)
#define RBX_	(3 * 8)
#define RBP_	(5 * 8)
#define RSI_	(6 * 8)
#define RDI_	(7 * 8)
#define R8_	(8 * 8)
#define R9_	(9 * 8)
#define R10_	(10 * 8)
#define R11_	(11 * 8)
#define R12_	(12 * 8)
#define R13_	(13 * 8)
#define R14_	(14 * 8)
#define R15_	(15 * 8)

/*
 * void svm_enter_guest(u64 vmcb_pa, u64 *regs, u64 host_pa)
 *
 * Called and left with interrupts off.  Between CLGI and STGI nothing, not even an NMI, reaches
 * the host, so that GS and TR may be the guest's there.  RFLAGS.IF must be set at VMRUN: with
 * V_INTR_MASKING it is the host's flag that lets a physical interrupt end the guest's run.
 */
SYM_FUNC_START(svm_enter_guest)
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdx
	push	%rsi
	mov	%rdi, %rax

	mov	RCX_(%rsi), %rcx
	mov	RDX_(%rsi), %rdx
	mov	RBX_(%rsi), %rbx
	mov	RBP_(%rsi), %rbp
	mov	RDI_(%rsi), %rdi
	mov	R8_(%rsi), %r8
	mov	R9_(%rsi), %r9
	mov	R10_(%rsi), %r10
	mov	R11_(%rsi), %r11
	mov	R12_(%rsi), %r12
	mov	R13_(%rsi), %r13
	mov	R14_(%rsi), %r14
	mov	R15_(%rsi), %r15
	mov	RSI_(%rsi), %rsi

	clgi
	sti
	vmload	%rax
	vmrun	%rax
	vmsave	%rax
	cli

	pop	%rax
	mov	%rcx, RCX_(%rax)
	mov	%rdx, RDX_(%rax)
	mov	%rbx, RBX_(%rax)
	mov	%rbp, RBP_(%rax)
	mov	%rsi, RSI_(%rax)
	mov	%rdi, RDI_(%rax)
	mov	%r8, R8_(%rax)
	mov	%r9, R9_(%rax)
	mov	%r10, R10_(%rax)
	mov	%r11, R11_(%rax)
	mov	%r12, R12_(%rax)
	mov	%r13, R13_(%rax)
	mov	%r14, R14_(%rax)
	mov	%r15, R15_(%rax)

	pop	%rax
	vmload	%rax
	/*
	 * Keep the guest out of the return predictor before the first RET.  It counts calls in
	 * per-CPU data: GS has to be the host's
	 */
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT
	stgi

	/* nor in what predicts RETs by their own address (Zen 1 to 4) */
	TLFS_UNTRAIN_RET

	/* no guest value stays in a register for speculation to use */
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d

	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	RET
SYM_FUNC_END(svm_enter_guest)
