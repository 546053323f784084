// SPDX-License-Identifier: GPL-2.0-only
/*
 * bochs-fixes.c - preloaded into Bochs, whose packaged binary is used as it comes
 *
 * Random numbers: Bochs seeds the C library's generator, from which RDRAND is answered, with the time
 * of day.  Here every run gets the same ones.
 *
 * VMRUN: Bochs (2.7 and 3.0) loads the guest's RFLAGS before it knows that it is in a guest.  When
 * RFLAGS.IF changes by that from 1 to 0, it masks the host's interrupts although the host has them
 * enabled (APM 2, 15.21.1), and a guest that spins without interrupts is never left again; two
 * virtual processors that wait for each other hang.  When IF stays 1, a virtual interrupt that the
 * VMCB asks for stays masked.  So VMRUN's call of the function that loads the state goes through
 * a few instructions of ours: they say "in a guest" first, and have the masks worked out afterwards.
 * Nothing is changed unless all of VMRUN that is relied upon looks as expected.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define VMRUN_SIZE	0x200	/* no more than this of it is looked at */
#define STUB_MAX	64
#define NEAR		0x40000000L

void srand(unsigned int seed)
{
	(void)seed;
}

/* cmpb $0, OFFSET(%rdi): is this processor in a guest? */
static bool tests_field(const uint8_t *code, uint32_t offset)
{
	for (int i = 0; i + 7 <= VMRUN_SIZE; i++)
		if (code[i] == 0x80 && code[i + 1] == 0xbf && !code[i + 6] &&
		    !memcmp(code + i + 2, &offset, 4))
			return true;
	return false;
}

/* The field set after the call: mov %ax, OFFSET(%rbx), or movb $1, OFFSET(%rbx). */
static uint32_t field_set(const uint8_t *code)
{
	uint32_t offset;

	for (int i = 0; i < 64; i++) {
		if (code[i] == 0x66 && code[i + 1] == 0x89 && code[i + 2] == 0x83)
			memcpy(&offset, code + i + 3, 4);
		else if (code[i] == 0xc6 && code[i + 1] == 0x83 && code[i + 6] == 1)
			memcpy(&offset, code + i + 2, 4);
		else
			continue;
		return offset;
	}
	return 0;
}

static uint8_t *emit(uint8_t *to, const void *code, size_t len)
{
	memcpy(to, code, len);
	return to + len;
}

static uint8_t *emit_call(uint8_t *to, const void *target)
{
	to = emit(to, "\x48\xb8", 2);			/* mov $target, %rax */
	to = emit(to, &target, 8);
	return emit(to, "\xff\xd0", 2);			/* call *%rax */
}

static void *make_stub(const uint8_t *near, uint32_t field, const void *load, const void *masks)
{
	uintptr_t page = getpagesize(), at = (uintptr_t)near & -page;
	uint8_t *stub = MAP_FAILED, *p;

	for (long d = 1 << 24; d < NEAR && stub == MAP_FAILED; d += 1 << 24)
		stub = mmap((void *)(at - d), page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (stub == MAP_FAILED)
		return NULL;
	p = emit(stub, "\x53\x48\x89\xfb", 4);		/* push %rbx; mov %rdi, %rbx */
	p = emit(p, "\xc6\x87", 2);			/* movb $1, field(%rdi) */
	p = emit(p, &field, 4);
	p = emit(p, "\x01", 1);
	p = emit_call(p, load);
	p = emit(p, "\x84\xc0\x74\x14", 4);		/* test %al, %al; je 1f */
	p = emit(p, "\x48\x89\xdf", 3);			/* mov %rbx, %rdi */
	p = emit_call(p, masks);
	p = emit(p, "\xb8\x01\x00\x00\x00", 5);		/* mov $1, %eax */
	emit(p, "\x5b\xc3", 2);				/* 1: pop %rbx; ret */
	if (mprotect(stub, page, PROT_READ | PROT_EXEC))
		return NULL;
	return stub;
}

/* Where VMRUN calls @target, or NULL unless it does so exactly once. */
static uint8_t *find_call(uint8_t *code, const void *target)
{
	uint8_t *found = NULL;
	int32_t distance;

	for (int i = 0; i + 5 <= VMRUN_SIZE; i++) {
		memcpy(&distance, code + i + 1, 4);
		if (code[i] != 0xe8 || code + i + 5 + distance != target)
			continue;
		if (found)
			return NULL;
		found = code + i;
	}
	return found;
}

static bool fix_vmrun(uint8_t *vmrun, const void *load, const void *masks)
{
	uintptr_t page = getpagesize(), at;
	uint8_t *call = find_call(vmrun, load), *stub;
	int32_t distance;
	uint32_t field;

	if (!call)
		return false;
	field = field_set(call + 5);
	if (!field || !tests_field(vmrun, field))
		return false;
	stub = make_stub(call, field, load, masks);
	if (!stub)
		return false;
	distance = stub - (call + 5);
	at = (uintptr_t)call & -page;
	if (mprotect((void *)at, 2 * page, PROT_READ | PROT_WRITE | PROT_EXEC))
		return false;
	memcpy(call + 1, &distance, 4);
	return !mprotect((void *)at, 2 * page, PROT_READ | PROT_EXEC);
}

static __attribute__((constructor)) void fix(void)
{
	void *vmrun = dlsym(RTLD_DEFAULT, "_ZN8BX_CPU_C5VMRUNEP15bxInstruction_c");
	void *load = dlsym(RTLD_DEFAULT, "_ZN8BX_CPU_C27SvmEnterLoadCheckGuestStateEv");
	void *masks = dlsym(RTLD_DEFAULT, "_ZN8BX_CPU_C25handleInterruptMaskChangeEv");

	if (!vmrun || !load || !masks)
		return;			/* the shell that starts it, or another build */
	if (!fix_vmrun(vmrun, load, masks))
		fprintf(stderr, "bochs-fixes: this Bochs is not known, VMRUN is left as it is\n");
}
