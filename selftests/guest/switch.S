/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * switch.S - the assembly of modes.c: into other modes and back
 *
 * From long mode down: compatibility segment, paging off, and from there to real mode or virtual
 * 8086 mode through code copied below 1 MiB.  Interrupts are off all the way.
 */
#define LOW		0x9000		/* home of the 16-bit code; its stack is below */

	.text
	.code64
	.globl run_mode_asm
/* u32 run_mode_asm(u32 mode, struct mode_regs *regs, void *page) */
run_mode_asm:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	pushfq
	cli
	mov	%rsp, saved_rsp
	mov	%edi, mode
	mov	%esi, regs
	mov	%edx, page
	movl	$0, result
	push	$0x08
	push	$compat
	lretq

	.code32
compat:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	cmpl	$0, mode
	je	call_page
	/* leave long mode */
	mov	%cr0, %eax
	and	$0x7fffffff, %eax
	mov	%eax, %cr0
	mov	$0xc0000080, %ecx
	rdmsr
	and	$~0x100, %eax
	wrmsr
	cmpl	$1, mode
	je	call_page
	cmpl	$2, mode
	je	to_real
	jmp	to_v86

call_page:
	mov	regs, %edx
	mov	0(%edx), %eax
	mov	4(%edx), %ebx
	mov	8(%edx), %ecx
	mov	16(%edx), %esi
	mov	20(%edx), %edi
	mov	24(%edx), %ebp
	mov	12(%edx), %edx
	call	*page
	push	%edx
	mov	regs, %edx
	mov	%eax, 0(%edx)
	mov	%ebx, 4(%edx)
	mov	%ecx, 8(%edx)
	mov	%esi, 16(%edx)
	mov	%edi, 20(%edx)
	mov	%ebp, 24(%edx)
	pop	12(%edx)

to_long:
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	ljmp	$0x18, $long_again
	.code64
long_again:
	mov	$0x20, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	saved_rsp, %rsp
	lidt	idt_desc
	popfq
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	mov	result, %eax
	ret

/* ---- real mode ---- */

	.code32
to_real:
	lidt	real_idt
	ljmp	$0x48, $LOW + (low_real - low_code)
	.globl back_from_real
back_from_real:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	jmp	to_long

/* ---- virtual 8086 mode ---- */

to_v86:
	lidt	idt32_desc
	andl	$~0x200, gdt_tss32 + 4	/* not busy */
	mov	$0x58, %eax
	ltr	%ax
	mov	$tss32_stack_end, %esp
	pushl	$0			/* gs fs ds es */
	pushl	$0
	pushl	$0
	pushl	$0
	pushl	$0			/* ss:esp */
	pushl	$LOW - 16
	pushl	$0x20002		/* VM */
	pushl	$0
	pushl	$LOW + (low_v86 - low_code)
	iretl

	.globl v86_ud, v86_gp
v86_ud:
	movl	$0x10, %eax
	mov	%eax, %ds
	movl	$7, result
	jmp	v86_out
v86_gp:
	movl	$0x10, %eax
	mov	%eax, %ds
	movl	$14, result
v86_out:
	mov	%eax, %es
	mov	%eax, %ss
	jmp	to_long

	.section .rodata
	.globl low_code, low_insn_real, low_insn_v86, low_code_end
	.balign 16
low_code:
	.code16
low_real:
	mov	$0x50, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	%cr0, %eax
	and	$~1, %eax
	mov	%eax, %cr0
	ljmp	$0, $LOW + (1f - low_code)
1:	xor	%ax, %ax
	mov	%ax, %ds
	mov	%ax, %es
	mov	%ax, %ss
	mov	$LOW - 16, %sp
	/* interrupt 6 of the real-mode table is ours for the moment */
	mov	24, %esi
	movw	$LOW + (low_ud - low_code), 24
	movw	$0, 26
	xor	%ebx, %ebx
	mov	$8, %eax		/* HvNotifyLongSpinWait, fast */
	or	$0x10000, %eax
	xor	%edx, %edx
	xor	%ecx, %ecx
low_insn_real:
	vmmcall
	mov	%esi, 24
	mov	%cr0, %eax
	or	$1, %al
	mov	%eax, %cr0
	mov	%ebx, %edi
	ljmpl	$0x08, $real_result
low_ud:
	mov	$7, %ebx
	mov	%sp, %bp
	addw	$3, (%bp)
	iretw

low_v86:
	mov	$8, %eax
	or	$0x10000, %eax
	xor	%edx, %edx
low_insn_v86:
	vmmcall
	hlt				/* #GP */
low_code_end:

	.text
	.code32
real_result:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%edi, result
	jmp	back_from_real

/* ---- CPL 3 ---- */

	.code64
	.globl enter_user, leave_user
/* enter_user(rip, cs, ss, rsp) */
enter_user:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, saved_rsp
	push	%rdx
	push	%rcx
	push	$2
	push	%rsi
	push	%rdi
	iretq
leave_user:
	mov	saved_rsp, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.globl user_call64, user_insn64, user_call32, user_insn32
user_call64:
	mov	$0x10008, %ecx
	xor	%edx, %edx
	mov	$0x1234, %eax
user_insn64:
	vmmcall
	hlt
	.code32
user_call32:
	mov	$0x10008, %eax
	xor	%edx, %edx
user_insn32:
	vmmcall
	hlt

/* ---- all registers ---- */

	.code64
	.globl call_with_all
call_with_all:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rdi, all_page
	mov	%rsi, all_ptr
	mov	%rsp, saved_rsp
	.set	n, 0
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	128 + 16 * \n(%rsi), %xmm\n
	.endr
	mov	0(%rsi), %rax
	mov	8(%rsi), %rcx
	mov	16(%rsi), %rdx
	mov	24(%rsi), %rbx
	mov	40(%rsi), %rbp
	mov	56(%rsi), %rdi
	mov	64(%rsi), %r8
	mov	72(%rsi), %r9
	mov	80(%rsi), %r10
	mov	88(%rsi), %r11
	mov	96(%rsi), %r12
	mov	104(%rsi), %r13
	mov	112(%rsi), %r14
	mov	120(%rsi), %r15
	mov	48(%rsi), %rsi
	call	*all_page
	push	%rsi
	pushfq
	mov	all_ptr, %rsi
	pop	384(%rsi)
	pop	48(%rsi)
	mov	%rax, 0(%rsi)
	mov	%rcx, 8(%rsi)
	mov	%rdx, 16(%rsi)
	mov	%rbx, 24(%rsi)
	mov	%rbp, 40(%rsi)
	mov	%rdi, 56(%rsi)
	mov	%r8, 64(%rsi)
	mov	%r9, 72(%rsi)
	mov	%r10, 80(%rsi)
	mov	%r11, 88(%rsi)
	mov	%r12, 96(%rsi)
	mov	%r13, 104(%rsi)
	mov	%r14, 112(%rsi)
	mov	%r15, 120(%rsi)
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movups	%xmm\n, 128 + 16 * \n(%rsi)
	.endr
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.data
	.balign 8
saved_rsp:
	.quad	0
all_page:
	.quad	0
all_ptr:
	.quad	0
mode:	.long	0
regs:	.long	0
page:	.long	0
result:	.long	0
real_idt:
	.word	0x3ff
	.long	0
idt32_desc:
	.word	32 * 8 - 1
	.long	idt32
	.bss
	.balign 16
	.globl idt32, tss32_stack_end
idt32:	.skip	32 * 8
	.skip	4096
tss32_stack_end:
	.section .note.GNU-stack, "", @progbits
