// SPDX-License-Identifier: GPL-2.0-only
/*
 * bochs-fixes.c - preloaded into Bochs, whose packaged binary is used as it comes
 *
 * Random numbers: Bochs seeds the C library's generator, from which RDRAND is answered, with the
 * time of day.  Here every run gets the same ones.
 *
 * VMRUN, in Bochs 2.7 and 3.0:
 *
 * - The guest's RFLAGS are loaded before Bochs knows that it is in a guest.  When IF changes by
 *   that from 1 to 0, it masks the host's interrupts although the host has them enabled (APM 2,
 *   15.21.1), and a guest that spins without interrupts is never left again: two virtual
 *   processors that wait for each other hang.  When IF stays 1, a virtual interrupt that the VMCB
 *   asks for stays masked.
 * - The guest's CR2 is read from the VMCB and, in 2.7, dropped.
 * - When the guest's state is refused, what stands in the VMCB is overwritten with the host's.
 *
 * #VMEXIT, in both: out of virtual-8086 mode it loads the host's EFER before it clears the guest's
 * VM flag, finds that flag in long mode, and stops the machine.
 *
 * MOV to CR0, in both: a guest may turn paging on with protection off, which only VMRUN can (APM 2,
 * 15.18); in long mode that, too, stops the machine.  One that is intercepted has changed EFER.LMA
 * already when it exits.
 *
 * Triple faults, in Bochs 2.7: a guest's is the whole machine's, intercepted or not.
 *
 * #DB, in both: an intercepted one exits before DR6 and DR7 are written (APM 2, 15.12.2), so that
 * nobody learns what it was about.  And when an instruction exits under the trap flag, for any
 * reason, the trap that would have followed it comes in the host.
 *
 * So six calls in Bochs come here: those of the functions that load and save the guest's state and
 * load the host's, of the one that checks CR0, of the one which lets a triple fault of a VMX guest
 * exit, and of the one that intercepts exceptions.  Where the processor's fields are is taken from
 * Bochs's own code, and nothing is changed unless that looks as expected.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LOOK		0x300	/* bytes of a function that are searched for a field or a call */
#define NEAR		0x40000000L
#define STEP		0x1000000L
#define VMCB_INTERCEPTS	0x00c
#define VMCB_EXITCODE	0x070
#define VMCB_SAVE	0x400	/* the state save area */
#define VMCB_SAVE_SIZE	0x298
#define VMCB_EFER	0x4d0
#define VMCB_CR0	0x558
#define VMCB_CR2	0x640
#define EXIT_INVALID	-1
#define EFLAGS_VM	0x20000
#define CR0_PE		0x1
#define CR0_PG		0x80000000
#define EFER_LME	0x100
#define EFER_LMA	0x400
#define SHUTDOWN	31	/* its bit there */
#define EXIT_SHUTDOWN	0x7f
#define DB_VECTOR	1
#define DR6_KEPT	0xffff6ff0	/* only software clears these */
#define DR6_EVENTS	0xe00f
#define DR7_GD		0x2000

/* Offsets in Bochs's processor, which is a C++ object. */
static uint32_t in_guest, vmcb, cr2, eflags, dr6, dr7, debug_trap;

static bool (*load_state)(uint8_t *cpu);
static void (*save_state)(uint8_t *cpu);
static void (*load_host_state)(uint8_t *cpu, void *host);
static void (*interrupt_masks_change)(uint8_t *cpu);
static bool (*check_cr0)(uint8_t *cpu, uint64_t val);
static void (*vmx_triple_fault)(uint8_t *cpu);
static void (*svm_exit)(uint8_t *cpu, int reason, uint64_t info1, uint64_t info2);
static void (*intercept)(uint8_t *cpu, unsigned int type, unsigned int vector, uint16_t code,
			 bool has_code, uint64_t info);

void srand(unsigned int seed)
{
	(void)seed;
}

static uint8_t *vmcb_of(const uint8_t *cpu)
{
	uint8_t *page;

	memcpy(&page, cpu + vmcb, sizeof(page));
	return page;
}

static uint32_t get(const uint8_t *from, uint32_t field)
{
	uint32_t value;

	memcpy(&value, from + field, sizeof(value));
	return value;
}

static void set(uint8_t *to, uint32_t field, uint32_t value)
{
	memcpy(to + field, &value, sizeof(value));
}

/* Where it is not intercepted, the same is written once more. */
static void intercept_exception(uint8_t *cpu, unsigned int type, unsigned int vector,
				uint16_t code, bool has_code, uint64_t info)
{
	if (cpu[in_guest] && vector == DB_VECTOR) {
		set(cpu, dr6, (get(cpu, dr6) & DR6_KEPT) | (get(cpu, debug_trap) & DR6_EVENTS));
		set(cpu, dr7, get(cpu, dr7) & ~DR7_GD);
	}
	intercept(cpu, type, vector, code, has_code, info);
}

static void triple_fault(uint8_t *cpu)
{
	uint32_t intercepts = 0;

	if (cpu[in_guest] && vmcb_of(cpu))
		intercepts = get(vmcb_of(cpu), VMCB_INTERCEPTS);
	if (intercepts >> SHUTDOWN & 1)
		svm_exit(cpu, EXIT_SHUTDOWN, 0, 0);	/* does not return */
	vmx_triple_fault(cpu);
}

static bool load_guest(uint8_t *cpu)
{
	uint8_t *page;

	cpu[in_guest] = 1;
	if (!load_state(cpu))
		return false;
	page = vmcb_of(cpu);
	if (page)
		memcpy(cpu + cr2, page + VMCB_CR2, 8);
	interrupt_masks_change(cpu);
	return true;
}

static bool check_mov_cr0(uint8_t *cpu, uint64_t val)
{
	if ((val & CR0_PG) && !(val & CR0_PE))
		return false;
	return check_cr0(cpu, val);
}

static void correct_lma(uint8_t *page)
{
	uint32_t efer = get(page, VMCB_EFER);
	bool active = (efer & EFER_LME) && (get(page, VMCB_CR0) & CR0_PG);

	set(page, VMCB_EFER, active ? efer | EFER_LMA : efer & ~EFER_LMA);
}

static void save_guest(uint8_t *cpu)
{
	uint8_t *page = vmcb_of(cpu), saved[VMCB_SAVE_SIZE];
	int64_t code = 0;

	set(cpu, debug_trap, 0);
	if (page)
		memcpy(&code, page + VMCB_EXITCODE, sizeof(code));
	if (code != EXIT_INVALID) {
		save_state(cpu);
		if (page)
			correct_lma(page);
		return;
	}
	memcpy(saved, page + VMCB_SAVE, sizeof(saved));
	save_state(cpu);
	memcpy(page + VMCB_SAVE, saved, sizeof(saved));
}

static void load_host(uint8_t *cpu, void *host)
{
	set(cpu, eflags, get(cpu, eflags) & ~EFLAGS_VM);
	load_host_state(cpu, host);
}

/* The 32-bit number that comes after @pattern in the code of a function, or 0. */
static uint32_t operand(const uint8_t *code, const char *pattern, size_t len)
{
	const uint8_t *at = memmem(code, LOOK, pattern, len);
	uint32_t value = 0;

	if (at)
		memcpy(&value, at + len, 4);
	return value;
}

/* Where the function at @code calls @target, or NULL. */
static uint8_t *find_call(uint8_t *code, const void *target)
{
	int32_t distance;

	for (int i = 0; i < LOOK; i++) {
		memcpy(&distance, code + i + 1, 4);
		if (code[i] == 0xe8 && code + i + 5 + distance == target)
			return code + i;
	}
	return NULL;
}

/* A jump to @target within reach of a call at @from, or NULL. */
static uint8_t *near_jump(const uint8_t *from, const void *target)
{
	size_t page = getpagesize();
	uintptr_t at = (uintptr_t)from & -page;
	uint8_t *jump = MAP_FAILED;

	for (long d = STEP; d < NEAR && jump == MAP_FAILED; d += STEP)
		jump = mmap((void *)(at - d), page, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (jump == MAP_FAILED)
		return NULL;
	memcpy(jump, "\x48\xb8", 2);			/* mov $target, %rax */
	memcpy(jump + 2, &target, 8);
	memcpy(jump + 10, "\xff\xe0", 2);		/* jmp *%rax */
	return mprotect(jump, page, PROT_READ | PROT_EXEC) ? NULL : jump;
}

/* Has the function at @code call @ours where it calls @theirs. */
static bool redirect(uint8_t *code, const void *theirs, const void *ours)
{
	uint8_t *call = find_call(code, theirs), *jump;
	size_t page = getpagesize();
	void *at = (void *)((uintptr_t)call & -page);
	int32_t distance;

	if (!call)
		return false;
	jump = near_jump(call, ours);
	if (!jump || mprotect(at, 2 * page, PROT_READ | PROT_WRITE | PROT_EXEC))
		return false;
	distance = jump - (call + 5);
	memcpy(call + 1, &distance, 4);
	return !mprotect(at, 2 * page, PROT_READ | PROT_EXEC);
}

/* exception() writes them for a #DB that is not intercepted. */
static bool find_debug_fields(const uint8_t *exception)
{
	uint8_t look_for[] = "\x8b\x83    \x8b\x93";

	/* and $DR6_KEPT, %eax; and $DR6_EVENTS, %edx; or %edx, %eax; mov %eax, dr6(%rbx) */
	dr6 = operand(exception, "\x25\xf0\x6f\xff\xff\x81\xe2\x0f\xe0\0\0\x09\xd0\x89\x83", 15);
	/* mov dr6(%rbx), %eax; mov debug_trap(%rbx), %edx; andl $~DR7_GD, dr7(%rbx) */
	memcpy(look_for + 2, &dr6, sizeof(dr6));
	debug_trap = operand(exception, (char *)look_for, 8);
	dr7 = operand(exception, "\x81\xa3", 2);
	return dr6 && dr7 == dr6 + 4 && debug_trap == dr6 + 8;
}

static bool find_fields(const uint8_t *vmrun, const uint8_t *mov_cr2, const uint8_t *set_eflags)
{
	/* cmpb $0, in_guest(%rdi) comes second, after the one for the privilege level */
	in_guest = operand(mov_cr2, "\x0f\x85\x86\x00\x00\x00\x80\xbf", 8);
	/* movq $0, vmcb(%rbx) */
	vmcb = operand(vmrun, "\x48\xc7\x83", 3);
	/* mov registers(%rbx, %rax, 8), %rax; mov %rax, cr2(%rbx) */
	cr2 = operand(mov_cr2, "\x48\x8b\x44\xc3\x58\x48\x89\x83", 8);
	/* mov eflags(%rdi), %r12d */
	eflags = operand(set_eflags, "\x44\x8b\xa7", 3);
	/* VMRUN looks whether it is itself in a guest. */
	return in_guest && vmcb && cr2 && eflags &&
	       operand(vmrun, "\x0f\x85\x4e\x01\x00\x00\x80\xbf", 8) == in_guest;
}

/* BX_CPU_C is Bochs's processor. */
static void *member(const char *name)
{
	char symbol[80];

	snprintf(symbol, sizeof(symbol), "_ZN8BX_CPU_C%s", name);
	return dlsym(RTLD_DEFAULT, symbol);
}

static __attribute__((constructor)) void fix(void)
{
	void *vmrun = member("5VMRUNEP15bxInstruction_c");
	void *mov_cr2 = member("9MOV_CR2RqEP15bxInstruction_c");
	void *exception = member("9exceptionEjt");
	void *set_cr0 = member("6SetCR0EP15bxInstruction_cm");
	void *set_eflags = member("9setEFlagsEj");

	load_state = member("27SvmEnterLoadCheckGuestStateEv");
	save_state = member("21SvmExitSaveGuestStateEv");
	load_host_state = member("20SvmExitLoadHostStateEP17bx_SVM_HOST_STATE");
	interrupt_masks_change = member("25handleInterruptMaskChangeEv");
	check_cr0 = member("9check_CR0Em");
	vmx_triple_fault = member("18VMexit_TripleFaultEv");
	svm_exit = member("10Svm_VmexitEimm");
	intercept = member("21SvmInterceptExceptionEjjtbm");
	if (!vmrun)
		return;			/* the shell that starts it, or another build */
	if (!mov_cr2 || !exception || !set_cr0 || !set_eflags || !load_state || !save_state ||
	    !load_host_state || !interrupt_masks_change || !check_cr0 || !vmx_triple_fault ||
	    !svm_exit || !intercept || !find_fields(vmrun, mov_cr2, set_eflags) ||
	    !find_debug_fields(exception) || !redirect(exception, intercept, intercept_exception) ||
	    !redirect(vmrun, load_state, load_guest) ||
	    !redirect((void *)svm_exit, save_state, save_guest) ||
	    !redirect((void *)svm_exit, load_host_state, load_host) ||
	    !redirect(set_cr0, check_cr0, check_mov_cr0) ||
	    !redirect(exception, vmx_triple_fault, triple_fault))
		fprintf(stderr, "bochs-fixes: this Bochs is not known and stays as it is\n");
}
