/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bochs-boot.S - starts a Linux kernel from the first hard disk of a Bochs machine
 *
 * Bochs has no way to hand over a kernel, and emulating the decompressor of a bzImage takes longer
 * than all the rest of the boot.  So the disk that bochs-disk writes carries the uncompressed
 * kernel, and this is its boot sector and loader: it reads the extents of the table below to where
 * they belong, adds the BIOS's memory map to the boot_params page that is one of them, and enters
 * the kernel by the 64-bit boot protocol (Documentation/x86/boot.rst).
 *
 * The machine boots once: after a reset the loader ends Bochs instead.
 */

#define CMOS_MARK	0x7e	/* a register that neither BIOS nor kernel know */
#define CMOS_BOOTED	0x5a

#define BOOT_PARAMS	0x10000
#define BP_E820_COUNT	0x1e8
#define BP_E820_TABLE	0x2d0
#define E820_MAX	128

#define E820_BUFFER	0x20000
#define PAGE_TABLES	0x30000
#define CR4_PAE		0x20
#define CR0_PG_PE	0x80000001
#define EFER		0xc0000080
#define EFER_LME	0x100
#define PTE_TABLE	0x3	/* present, writable */
#define PDE_2M		0x83	/* present, writable, large */

#define ATA		0x1f0
#define ATA_CONTROL	0x3f6
#define ATA_READ_EXT	0x24
#define ATA_BSY_DRQ	0x88
#define ATA_DRQ		0x08
#define ATA_ERR		0x01

#define LOADER_SECTORS	8	/* with the boot sector; bochs-disk knows this number */

	.code16
	.text
	.globl	start
start:
	cli
	cld
	xorw	%ax, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movw	$0x7c00, %sp
	ljmp	$0, $1f
1:
	sti
	movb	$CMOS_MARK, %al
	outb	%al, $0x70
	inb	$0x71, %al
	cmpb	$CMOS_BOOTED, %al
	je	shut_down
	movb	$CMOS_MARK, %al
	outb	%al, $0x70
	movb	$CMOS_BOOTED, %al
	outb	%al, $0x71

	movw	$packet, %si
	movb	$0x42, %ah
	movb	$0x80, %dl
	int	$0x13
	jc	shut_down
	jmp	memory_map

shut_down:
	movw	$0x8900, %dx
	movw	$shutdown, %si
	movw	$8, %cx
	rep outsb
	cli
2:	hlt
	jmp	2b

shutdown:
	.ascii	"Shutdown"

	.balign	4
packet:
	.byte	16, 0
	.word	LOADER_SECTORS - 1
	.word	0x7e00, 0
	.quad	1

	.org	510
	.word	0xaa55

/* What bochs-disk fills in: the kernel's entry point, then address, first sector and sectors. */
entry:
	.long	0
table:
	.fill	3 * 42, 4, 0
	.org	1024

memory_map:
	movw	$(E820_BUFFER >> 4), %ax
	movw	%ax, %es
	xorl	%ebx, %ebx
	xorw	%di, %di
	xorw	%bp, %bp
3:
	movl	$0xe820, %eax
	movl	$20, %ecx
	movl	$0x534d4150, %edx
	int	$0x15
	jc	4f
	cmpl	$0x534d4150, %eax
	jne	4f
	addw	$20, %di
	incw	%bp
	cmpw	$E820_MAX, %bp
	jae	4f
	testl	%ebx, %ebx
	jnz	3b
4:
	cli
	inb	$0x92, %al
	orb	$2, %al
	outb	%al, $0x92
	lgdtl	gdt_pointer
	movl	%cr0, %eax
	orb	$1, %al
	movl	%eax, %cr0
	ljmpl	$0x8, $protected

	.code32
protected:
	movw	$0x18, %ax
	movw	%ax, %ds
	movw	%ax, %es
	movw	%ax, %ss
	movl	$0x7c00, %esp
	movw	$ATA_CONTROL, %dx
	movb	$2, %al			/* no interrupts, we poll */
	outb	%al, %dx

	movl	$table, %ebx
5:
	movl	8(%ebx), %ecx
	jecxz	6f
	movl	(%ebx), %edi
	call	read_extent
	addl	$12, %ebx
	jmp	5b
6:
	/* The memory map goes where the kernel looks for it. */
	movzwl	%bp, %eax
	movb	%al, BOOT_PARAMS + BP_E820_COUNT
	imull	$20, %eax, %ecx
	movl	$E820_BUFFER, %esi
	movl	$(BOOT_PARAMS + BP_E820_TABLE), %edi
	rep movsb

	/* The first 4 GiB, mapped one to one. */
	movl	$PAGE_TABLES, %edi
	movl	%edi, %cr3
	xorl	%eax, %eax
	movl	$(6 * 1024), %ecx
	rep stosl
	movl	$(PAGE_TABLES + 0x1000 + PTE_TABLE), PAGE_TABLES
	movl	$(PAGE_TABLES + 0x2000 + PTE_TABLE), %eax
	movl	$(PAGE_TABLES + 0x1000), %edi
	movl	$4, %ecx
7:
	movl	%eax, (%edi)
	addl	$0x1000, %eax
	addl	$8, %edi
	loop	7b
	movl	$PDE_2M, %eax
	movl	$(PAGE_TABLES + 0x2000), %edi
	movl	$2048, %ecx
8:
	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	8b

	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$EFER, %ecx
	rdmsr
	orl	$EFER_LME, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$CR0_PG_PE, %eax
	movl	%eax, %cr0
	ljmpl	$0x10, $long_mode

	.code64
long_mode:
	movl	$BOOT_PARAMS, %esi
	movl	entry, %eax
	jmp	*%rax

/* %ecx (at most 65536) sectors from sector 4(%ebx) to %edi */
	.code32
read_extent:
	movl	4(%ebx), %esi
	movw	$(ATA + 2), %dx
	movb	%ch, %al
	outb	%al, %dx
	incw	%dx
	movl	%esi, %eax
	shrl	$24, %eax
	outb	%al, %dx
	xorb	%al, %al
	incw	%dx
	outb	%al, %dx
	incw	%dx
	outb	%al, %dx
	movw	$(ATA + 2), %dx
	movb	%cl, %al
	outb	%al, %dx
	incw	%dx
	movl	%esi, %eax
	outb	%al, %dx
	incw	%dx
	shrl	$8, %eax
	outb	%al, %dx
	incw	%dx
	shrl	$8, %eax
	outb	%al, %dx
	incw	%dx
	movb	$0x40, %al
	outb	%al, %dx
	incw	%dx
	movb	$ATA_READ_EXT, %al
	outb	%al, %dx
	movl	%ecx, %esi
9:
	movw	$(ATA + 7), %dx
	inb	%dx, %al
	testb	$ATA_ERR, %al
	jnz	10f
	andb	$ATA_BSY_DRQ, %al
	cmpb	$ATA_DRQ, %al
	jne	9b
	movw	$ATA, %dx
	movl	$256, %ecx
	rep insw
	decl	%esi
	jnz	9b
	ret
10:
	movw	$0x8900, %dx
	movl	$shutdown, %esi
	movl	$8, %ecx
	rep outsb
11:	hlt
	jmp	11b

	.balign	8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* 0x08: 32-bit code */
	.quad	0x00af9b000000ffff	/* 0x10: 64-bit code, the kernel's __BOOT_CS */
	.quad	0x00cf93000000ffff	/* 0x18: data, the kernel's __BOOT_DS */
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

	.org	LOADER_SECTORS * 512
