/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * start.S - from a PVH entry to long mode, for test payloads
 *
 * Identity map of the first 4 GiB in 2 MiB pages.  APs come through the 16-bit trampoline that
 * start_aps() copies below 1 MiB.
 */
	.section .note.pvh, "a", @note
	.align 4
	.long	4, 4, 18		/* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz	"Xen"
	.long	_start

	.section .text.start, "ax"
	.code32
	.globl _start
_start:
	cli
	cld
	mov	$stacks_end - 8, %esp
	mov	%ebx, pvh_info

	/* four page directories of 2 MiB pages */
	mov	$pd, %edi
	mov	$0x83, %eax
	xor	%edx, %edx
	mov	$2048, %ecx
1:	mov	%eax, (%edi)
	mov	%edx, 4(%edi)
	add	$0x200000, %eax
	add	$8, %edi
	loop	1b
	mov	$pdpt, %edi
	mov	$pd + 3, %eax
	mov	$4, %ecx
1:	mov	%eax, (%edi)
	add	$0x1000, %eax
	add	$8, %edi
	loop	1b
	movl	$pdpt + 3, pml4
	call	enable_long
	ljmp	$0x18, $start64

enable_long:
	mov	%cr4, %eax
	or	$0x620, %eax		/* PAE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$pml4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx
	rdmsr
	or	$0x901, %eax		/* LME, NXE, SCE */
	wrmsr
	mov	%cr0, %eax
	and	$0x9fffffff, %eax	/* CD, NW off */
	and	$~4, %eax		/* EM off */
	or	$0x80010023, %eax	/* PG, WP, NE, MP, PE */
	mov	%eax, %cr0
	lgdt	gdt_desc
	ret

	.code64
start64:
	mov	$0x20, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$stacks_end - 8, %rsp
	lidt	idt_desc
	xor	%ebp, %ebp
	call	guest_main
1:	hlt
	jmp	1b

/* 16-bit entry of an AP, copied to trampoline_base; the parameters are absolute */
	.section .rodata
	.globl trampoline, trampoline_end
	.balign 16
trampoline:
	.code16
	cli
	xor	%ax, %ax
	mov	%ax, %ds
	lgdtl	%cs:(trampoline_gdt - trampoline)
	mov	%cr0, %eax
	or	$1, %eax
	mov	%eax, %cr0
	ljmpl	$0x08, $ap32
	.balign 8
trampoline_gdt:
	.word	gdt_end - gdt - 1
	.long	gdt
trampoline_end:

	.section .text.start
	.code32
ap32:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	ap_stack, %esp
	call	enable_long
	ljmp	$0x18, $ap64
	.code64
ap64:
	mov	$0x20, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	ap_stack, %rsp
	lidt	idt_desc
	xor	%ebp, %ebp
	call	ap_main
1:	hlt
	jmp	1b

/* one stub a vector: error code (or 0), vector, then common */
	.text
	.globl vectors
	.balign 16
vectors:
	.set	i, 0
	.rept	256
	.balign 16
	.if	!(i == 8 || (i >= 10 && i <= 14) || i == 17 || i == 21)
	push	$0
	.endif
	push	$i
	jmp	common
	.set	i, i + 1
	.endr

common:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %rdi
	cld
	call	guest_trap
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

	.data
	.balign 16
	.globl gdt
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08 code32 */
	.quad	0x00cf93000000ffff	/* 0x10 data32 */
	.quad	0x00af9b000000ffff	/* 0x18 code64 */
	.quad	0x00cf93000000ffff	/* 0x20 data64 */
	.quad	0x00affb000000ffff	/* 0x28 user code64 */
	.quad	0x00cff3000000ffff	/* 0x30 user data */
	.globl gdt_tss
gdt_tss:
	.quad	0, 0			/* 0x38 TSS */
	.quad	0x00009b000000ffff	/* 0x48 code16 */
	.quad	0x000093000000ffff	/* 0x50 data16 */
	.globl gdt_tss32
gdt_tss32:
	.quad	0			/* 0x58 TSS of 32-bit mode */
	.quad	0x00cffb000000ffff	/* 0x60 user code32 */
	.globl gdt_end
gdt_end:
gdt_desc:
	.word	gdt_end - gdt - 1
	.quad	gdt
	.globl idt_desc
idt_desc:
	.word	256 * 16 - 1
	.quad	idt
	.globl pvh_info
pvh_info:
	.long	0
	.globl ap_stack
	.balign 8
ap_stack:
	.quad	0

	.bss
	.balign 4096
	.globl pml4
pml4:	.skip	4096
pdpt:	.skip	4096
	.globl pd
pd:	.skip	4 * 4096
	.globl idt
idt:	.skip	4096
	.globl stacks_end
	.skip	16384
stacks_end:
	.section .note.GNU-stack, "", @progbits
