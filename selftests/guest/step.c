// SPDX-License-Identifier: GPL-2.0-only
/*
 * step.c - single step and debug registers across instructions that are not the processor's own:
 * those the hypervisor or the VMM completes (TLFS 11; APM volume 2, 13.1)
 */
#include "intr.h"
#include "modes.h"

#define FLAG_TF		0x100ULL
#define FLAG_RF		0x10000ULL
#define DR6_BD		(1 << 13)
#define DR6_BS		(1 << 14)
#define DR7_GD		(1 << 13)
#define SCRATCH_PORT	0x80

#define read_dr(n) ({ u64 v_; asm volatile("mov %%dr" #n ", %0" : "=r" (v_)); v_; })
#define write_dr(n, v) asm volatile("mov %0, %%dr" #n : : "r" ((u64)(v)))

static volatile u32 traps;
static volatile u64 trap_rip, trap_flags, trap_dr6, trap_dr7;
static volatile bool go_on;	/* leave TF as it is: the next one traps as well */

static void on_debug(struct trap_frame *f)
{
	traps++;
	trap_rip = f->rip;
	trap_flags = f->rflags;
	trap_dr6 = read_dr(6);
	trap_dr7 = read_dr(7);
	write_dr(6, 0xffff0ff0);
	if (!go_on || traps > 20)
		f->rflags &= ~FLAG_TF;
	else
		f->rflags |= FLAG_RF;
}

/* TF is on for one instruction, at the end of which (label 1) there is a trap */
#define STEP(insn, a, c, d) ({								\
	u64 end_, a_ = (a), c_ = (c), d_ = (d);						\
											\
	traps = 0;									\
	asm volatile("lea 1f(%%rip), %0\n\t"						\
		     "pushf\n\torl %4, (%%rsp)\n\tpopf\n\t"				\
		     insn "\n1:\tnop\n\tnop\n"						\
		     : "=&r" (end_), "+a" (a_), "+c" (c_), "+d" (d_) : "i" (FLAG_TF)	\
		     : "rbx", "r8", "memory", "cc");					\
	traps == 1 && trap_rip == end_ && trap_dr6 & DR6_BS && !(trap_dr6 & 0xf);	\
})

static void test_step(void)
{
	/* Bochs 2.7 also traps before what it has to begin twice: no first touch below */
	*(volatile u32 *)0xfee00030;
	*(volatile u32 *)0xfed00000;
	hypercall(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, 1, 0);
	check(STEP("nop", 0, 0, 0), "TF: a trap behind NOP, by the processor itself");
	check(!STEP("nop\n\tnop", 0, 0, 0) && traps == 1, "one trap for each time TF is set");
	check(STEP("cpuid", 0x40000000, 0, 0), "TF: CPUID traps behind it [B-11-001]");
	check(STEP("rdmsr", 0, HV_X64_MSR_VP_INDEX, 0), "TF: RDMSR [B-11-001]");
	check(STEP("wrmsr", 0, HV_X64_MSR_TPR, 0), "TF: WRMSR");
	check(STEP("in %%dx, %%al", 0, 0, SCRATCH_PORT), "TF: IN, which the VMM completes");
	check(STEP("out %%al, %%dx", 0, 0, SCRATCH_PORT), "TF: OUT");
	check(STEP("mov (%%rcx), %%eax", 0, 0xfee00030, 0), "TF: a read of the APIC page");
	check(STEP("mov %%eax, (%%rcx)", 0, 0xfee00080, 0), "TF: and a write");
	check(STEP("mov (%%rcx), %%eax", 0, 0xfed00000, 0), "TF: a read from no device");
	check(STEP("wbinvd", 0, 0, 0), "TF: WBINVD");
	check(STEP("mov %%rcx, %%cr4", 0, read_cr(4), 0), "TF: MOV to CR4");
	check(STEP("mov %%dr0, %%rax", 0, 0, 0), "TF: MOV from DR0");
}

static void test_step_call(void)
{
	u64 result = 1;
	register u64 r8 asm("r8") = 0;

	/* into the hypercall page: the call, VMCALL or VMMCALL, the return: three traps */
	traps = 0;
	go_on = true;
	asm volatile("pushf\n\torl %4, (%%rsp)\n\tpopf\n\t"
		     "call *%3\n\t"
		     "pushf\n\tandl %5, (%%rsp)\n\tpopf\n\tnop\n"
		     : "=a" (result), "+r" (r8)
		     : "c" (HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST), "r" ((u64)hypercall_page),
		       "i" (FLAG_TF), "i" (~FLAG_TF), "d" (1)
		     : "memory", "cc");
	go_on = false;
	/* call, hypercall, ret, pushf, and, popf */
	check(result == 0 && traps == 6, "TF: a hypercall is one step (%u in all)", traps);
}

/* RF of what comes out of an instruction the hypervisor completed: gone */
static void test_rf(void)
{
	traps = 0;
	go_on = true;
	asm volatile("pushf\n\torl %0, (%%rsp)\n\tpopf\n\t"
		     "nop\n\tcpuid\n\t"
		     "pushf\n\tandl %1, (%%rsp)\n\tpopf\n\tnop\n"
		     : : "i" (FLAG_TF), "i" (~FLAG_TF) : "rax", "rbx", "rcx", "rdx", "memory", "cc");
	go_on = false;
	check(traps == 5 && !(trap_flags & FLAG_RF), "RF lasts for one instruction, CPUID too");
}

static volatile u64 gp_flags;

static void on_gp(struct trap_frame *f)
{
	gp_flags = f->rflags;
	f->rip += 2;		/* RDMSR */
}

static void test_fault_rf(void)
{
	set_handler(13, on_gp);
	asm volatile("rdmsr" : : "c" (0x40000fff) : "rax", "rdx");
	check(gp_flags & FLAG_RF, "a fault pushes RF: an instruction breakpoint does not repeat");
}

/* MOV SS holds the trap back for one instruction */
static void test_shadow(void)
{
	check(STEP("mov %%edx, %%ss\n\tcpuid", 0, 0, 0), "TF: MOV SS and CPUID are one step");
	traps = 0;
}

static unsigned int dr_safe_write7(u64 v)
{
	u64 fault;

	asm volatile("xor %%eax, %%eax\n"
		     "1:	mov %1, %%dr7\n"
		     "2:\n" EX_TABLE(1b, 2b) : "=&a" (fault) : "r" (v));
	return fault;
}

static unsigned int dr_safe_read4(void)
{
	u64 fault;

	asm volatile("xor %%eax, %%eax\n"
		     "1:	mov %%dr4, %%rcx\n"
		     "2:\n" EX_TABLE(1b, 2b) : "=&a" (fault) : : "rcx");
	return fault;
}

static void test_registers(void)
{
	bool ok = true;

	for (u64 v = 0; v < 4; v++) {
		write_dr(0, v * 0x1111111111ULL);
		write_dr(3, ~v);
		ok &= read_dr(0) == v * 0x1111111111ULL && read_dr(3) == ~v;
	}
	write_dr(0, 0);
	write_dr(3, 0);
	write_dr(6, 0);
	ok &= read_dr(6) == 0xffff0ff0;
	write_dr(6, 0xffffffffULL);
	ok &= (read_dr(6) & 0xe00f) == 0xe00f;
	write_dr(6, 0xffff0ff0);
	write_dr(7, 0);
	ok &= read_dr(7) == 0x400;
	check(ok, "debug registers keep what they hold, and fixed bits stay [B-11-001]");
	check(dr_safe_write7(1ULL << 32) == GP_FAULT && read_dr(7) == 0x400,
	      "no upper half of DR7");
	check(!(read_cr(4) & 8) && !dr_safe_read4(), "without CR4.DE DR4 is DR6");
	write_cr(4, read_cr(4) | 8);
	check(dr_safe_read4() == UD_FAULT, "with it there is none");
	write_cr(4, read_cr(4) & ~8ULL);
}

static volatile u32 detects;

static void on_detect(struct trap_frame *f)
{
	/* GD is off in here, or this would not end */
	trap_dr6 = read_dr(6);
	trap_dr7 = read_dr(7);
	write_dr(6, 0xffff0ff0);
	detects++;
	f->rip += 3;		/* MOV RAX, DR0 */
}

static void test_general_detect(void)
{
	set_handler(1, on_detect);
	write_dr(7, 0x400 | DR7_GD);
	asm volatile("mov %%dr0, %%rax" : : : "rax");
	check(detects == 1 && trap_dr6 & DR6_BD && !(trap_dr7 & DR7_GD),
	      "general detect: #DB with BD, and GD is off in the handler");
	set_handler(1, on_debug);
}

void payload(void);

void payload(void)
{
	apic_enable(false);
	hv_enable();
	set_handler(1, on_debug);
	test_step();
	test_step_call();
	test_rf();
	test_fault_rf();
	test_shadow();
	test_registers();
	test_general_detect();
}
