/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * enter.S - the VMX world switch
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/nospec-branch.h>

#include "../compat.h"

#define HOST_RSP_FIELD	0x6c14

/* offsets in vp->regs; RSP lives in the VMCS */
#define RAX_	(0 * 8)
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
 * int vmx_enter_guest(u64 *regs, bool launched, u64 *host_rsp)
 *
 * Called and left with interrupts off.  Returns 0 after an exit, 1 if the entry instruction itself
 * failed: the reason is in the VM-instruction error field, if there is a current VMCS.
 */
SYM_FUNC_START(vmx_enter_guest)
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi

	/* the stack is another one with every thread, seldom within one */
	cmp	%rsp, (%rdx)
	je	.Lhave_rsp
	mov	%rsp, (%rdx)
	mov	$HOST_RSP_FIELD, %eax
	vmwrite	%rsp, %rax
.Lhave_rsp:
	test	%sil, %sil

	/* MOV leaves the flags alone */
	mov	RCX_(%rdi), %rcx
	mov	RDX_(%rdi), %rdx
	mov	RBX_(%rdi), %rbx
	mov	RBP_(%rdi), %rbp
	mov	RSI_(%rdi), %rsi
	mov	R8_(%rdi), %r8
	mov	R9_(%rdi), %r9
	mov	R10_(%rdi), %r10
	mov	R11_(%rdi), %r11
	mov	R12_(%rdi), %r12
	mov	R13_(%rdi), %r13
	mov	R14_(%rdi), %r14
	mov	R15_(%rdi), %r15
	mov	RAX_(%rdi), %rax
	mov	RDI_(%rdi), %rdi
	jz	.Llaunch

.Lresume:
	vmresume
	jbe	.Lfailed
.Llaunch:
	vmlaunch
	jbe	.Lfailed

	/* nothing falls through: an exit lands here, with all registers but RSP the guest's */
SYM_INNER_LABEL(vmx_exit_guest, SYM_L_GLOBAL)
	ANNOTATE_NOENDBR
	push	%rax
	mov	8(%rsp), %rax
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
	pop	%rcx
	mov	%rcx, RAX_(%rax)
	xor	%ebx, %ebx

.Lout:
	/* keep the guest out of the return predictor before the first RET */
	FILL_RETURN_BUFFER %rcx, RSB_CLEAR_LOOPS, X86_FEATURE_RSB_VMEXIT, \
			   X86_FEATURE_RSB_VMEXIT_LITE
	TLFS_CLEAR_BRANCH_HISTORY

	/* no guest value stays in a register for speculation to use */
	mov	%ebx, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d

	add	$8, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
	RET

.Lfailed:
	mov	$1, %ebx
	jmp	.Lout

	/* VMX was turned off under us: it is #UD */
	_ASM_EXTABLE(.Lresume, .Lfailed)
	_ASM_EXTABLE(.Llaunch, .Lfailed)
SYM_FUNC_END(vmx_enter_guest)

#ifdef TLFS_OWN_CLEAR_BHB
/*
 * Intel's sequence for processors without a control for it: enough taken branches that none of the
 * guest's is left in the branch history.  Spoils RAX and RCX.
 */
	.p2align 6
SYM_FUNC_START_LOCAL(tlfs_clear_bhb)
	mov	$5, %ecx
	ANNOTATE_INTRA_FUNCTION_CALL
	call	.Lround
	jmp	.Lcleared
	.p2align 6
.Lround:
	ANNOTATE_INTRA_FUNCTION_CALL
	call	.Linner
	RET
	.p2align 6
.Linner:
	mov	$5, %eax
.Lbranch:
	jmp	.Lcount
	nop
.Lcount:
	sub	$1, %eax
	jnz	.Lbranch
	sub	$1, %ecx
	jnz	.Lround
	RET
.Lcleared:
	lfence
	RET
SYM_FUNC_END(tlfs_clear_bhb)
STACK_FRAME_NON_STANDARD tlfs_clear_bhb
#endif
