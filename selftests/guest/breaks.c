// SPDX-License-Identifier: GPL-2.0-only
/*
 * breaks.c - breakpoints: software interrupts and exceptions, debug registers that match (TLFS 11)
 */
#include "intr.h"

void payload(void);

#define SOFT_VECTOR	0x55
#define FLAG_RF		0x10000ULL
#define DR6_CLEAR	0xffff0ff0ULL
#define DR7_L(n)	(1ULL << (2 * (n)))
#define DR7_WRITE4(n)	(0xdULL << (16 + 4 * (n)))

#define write_dr(n, v) asm volatile("mov %0, %%dr" #n : : "r" ((u64)(v)))
#define read_dr(n) ({ u64 v_; asm volatile("mov %%dr" #n ", %0" : "=r" (v_)); v_; })

static volatile u32 breaks[256];
static volatile u64 break_rip, break_dr6;
static volatile u64 watched;

static void on_break(struct trap_frame *f)
{
	breaks[f->vector]++;
	break_rip = f->rip;
	if (f->vector == 1) {
		break_dr6 = read_dr(6);
		write_dr(6, DR6_CLEAR);
		/* or an instruction breakpoint comes again at once */
		f->rflags |= FLAG_RF;
	}
}

/* @insn, and where it ends: each ends the run of the guest or does not, as the processor likes */
#define SOFT(vector, insn) ({								\
	u64 end_;									\
											\
	breaks[vector] = 0;								\
	asm volatile("lea 1f(%%rip), %0\n\t" insn "\n1:" : "=&r" (end_) : : "memory");	\
	breaks[vector] == 1 && break_rip == end_;					\
})

/* QEMU has no INT1, and its emulation of SVM loads DR7 without looking at what it sets */
static bool emulated(void)
{
	u32 r[4];

	cpuid(0x80000002, 0, r);
	return r[0] == 0x554d4551;	/* "QEMU" */
}

static void test_soft(void)
{
	bool ok = true;

	check(SOFT(3, "int3"), "INT3 is #BP behind it");
	check(SOFT(3, ".byte 0xcd, 3"), "so is INT 3, two bytes long");
	check(SOFT(SOFT_VECTOR, "int $0x55"), "INT n");
	if (!emulated())
		check(SOFT(1, ".byte 0xf1") && !(break_dr6 & 0xe00f),
		      "INT1 is #DB for no reason of DR6");
	for (u32 i = 0; i < 200; i++)
		ok &= SOFT(3, "int3") && SOFT(SOFT_VECTOR, "int $0x55");
	check(ok, "each once, however often");
}

extern u8 break_here[], break_behind[];

/* with an exit between where the registers are set and where they match */
static void __attribute__((noinline)) run_into(void)
{
	asm volatile("xor %%eax, %%eax\n\tcpuid\n\t"
		     ".globl break_here, break_behind\n"
		     "break_here:\n\tnop\n\t"
		     "movq $1, %0\n"
		     "break_behind:\n\tnop"
		     : "=m" (watched) : : "rax", "rbx", "rcx", "rdx", "memory");
}

static void elsewhere(void *unused)
{
	(void)unused;
	run_into();
}

static void test_instruction(void)
{
	breaks[1] = 0;
	write_dr(0, break_here);
	write_dr(7, 0x400 | DR7_L(0));
	run_into();
	check(breaks[1] == 1 && break_rip == (u64)break_here && break_dr6 & 1,
	      "an instruction breakpoint: before it, once");
	check(on_cpu(1, elsewhere, NULL, WAIT_MS) && breaks[1] == 1, "on this VP alone");
	run_into();
	check_eq(breaks[1], 2, "it stays, whoever ran meanwhile");
	write_dr(7, 0x400);
	run_into();
	check_eq(breaks[1], 2, "until it is off");
}

static void test_data(void)
{
	breaks[1] = 0;
	write_dr(3, &watched);
	write_dr(7, 0x400 | DR7_L(3) | DR7_WRITE4(3));
	run_into();
	check(breaks[1] == 1 && break_rip == (u64)break_behind && break_dr6 & 8,
	      "a data breakpoint: behind the write");
	write_dr(7, 0x400);
}

void payload(void)
{
	apic_enable(false);
	hv_enable();
	check_eq(start_aps(), MAX_VPS, "four VPs");
	set_handler(1, on_break);
	set_handler(3, on_break);
	set_handler(SOFT_VECTOR, on_break);
	test_soft();
	if (emulated()) {
		skip("the emulated SVM has no breakpoints", "breakpoints by debug registers");
		return;
	}
	test_instruction();
	test_data();
}
