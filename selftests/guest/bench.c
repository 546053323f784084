// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench.c - what exits cost, counted by the guest
 *
 * Prints "bench CASE TICKS" lines.  In an emulator that counts a tick of the TSC for an instruction
 * the figures are instructions, those of the host included, and the same on every run.  A case is
 * the least of many repetitions, so the host's own timer tick is not in it; memory is touched
 * only once, so there it is the mean over all pages.  What the measuring itself costs is taken off.
 */
#include "guest.h"
#include "bench.h"

#define REPEATS		BENCH_REPEATS
#define WARM_UP		BENCH_WARM_UP

#define VECTOR		0x51
#define ICR_SELF	(1 << 18)
#define X2APIC_ICR	0x830
#define UNKNOWN_CALL	0x7ff0

void payload(void);

/* ---- an interrupt handler that looks at the clock first ---- */

extern u8 bench_isr[], idt[];

volatile u64 isr_entry, isr_exit;
volatile u32 isr_count;

asm(".pushsection .text\n"
	"bench_isr:\n"
	"	push	%rax\n"
	"	push	%rdx\n"
	"	rdtsc\n"
	"	shl	$32, %rdx\n"
	"	or	%rdx, %rax\n"
	"	mov	%rax, isr_entry\n"
	"	push	%rcx\n"
	"	mov	$0x40000070, %ecx\n"	/* HV_X64_MSR_EOI */
	"	xor	%eax, %eax\n"
	"	xor	%edx, %edx\n"
	"	wrmsr\n"
	"	rdtsc\n"
	"	shl	$32, %rdx\n"
	"	or	%rdx, %rax\n"
	"	mov	%rax, isr_exit\n"
	"	incl	isr_count\n"
	"	pop	%rcx\n"
	"	pop	%rdx\n"
	"	pop	%rax\n"
	"	iretq\n"
	".popsection\n");

static void set_gate(u8 vector, void *entry)
{
	u64 *gate = (u64 *)(idt + 16 * vector), addr = (u64)entry;

	gate[0] = (addr & 0xffff) | 0x18 << 16 | 0x8e00ULL << 32 | (addr >> 16 & 0xffff) << 48;
	gate[1] = addr >> 32;
}

/* ---- measuring ---- */

static u64 clock_cost, isr_entry_cost, isr_exit_cost;

/* the least number of ticks @what takes; @end is when it is over */
#define LEAST(what, end) ({							\
	u64 least_ = ~0ULL, begin_, took_;					\
										\
	for (int i_ = 0; i_ < WARM_UP + REPEATS; i_++) {			\
		begin_ = rdtsc();						\
		what;								\
		took_ = (end) - begin_;						\
		if (i_ >= WARM_UP && took_ < least_)				\
			least_ = took_;						\
	}									\
	least_;									\
})

static void result(const char *name, u64 ticks)
{
	printf("bench %s %lu\n", name, ticks);
}

#define BENCH(name, what) ({							\
	u64 ticks_;								\
										\
	outb(BENCH_PORT_COUNT, 1);						\
	ticks_ = LEAST(what, rdtsc());						\
	outb(BENCH_PORT_COUNT, 0);						\
	result(name, ticks_ - clock_cost);					\
})
#define BENCH_ISR(name, what)	result(name, LEAST(what, isr_entry) - isr_entry_cost)

static void calibrate(void)
{
	u32 r[4];

	cpuid(0, 0, r);		/* the clock runs and the first exit has been */
	clock_cost = LEAST((void)0, rdtsc());
	/* INT n is not intercepted: what is left is the way to the handler's clock */
	isr_entry_cost = LEAST(asm volatile("int %0" : : "i" (VECTOR) : "memory"), isr_entry) - 1;
	/* SHL, OR, MOV, PUSH, MOV, XOR, XOR and RDTSC beside the WRMSR */
	isr_exit_cost = 8;
}

/* the EOI inside the handler: one that ends an interrupt */
static u64 least_eoi(void)
{
	u64 least = ~0ULL, took;

	for (int i = 0; i < WARM_UP + REPEATS; i++) {
		wrmsr(X2APIC_ICR, ICR_SELF | VECTOR);
		took = isr_exit - isr_entry;
		if (i >= WARM_UP && took < least)
			least = took;
	}
	return least - isr_exit_cost;
}

static u64 touch(u64 base, u64 size, u64 step)
{
	u64 begin = rdtsc();

	for (u64 p = base; p < base + size; p += step)
		*(volatile u8 *)p = 1;
	return rdtsc() - begin;
}

/* the second time there is no fault: what remains is the loop */
static void bench_touch(const char *name, u64 base, u64 size, u64 step)
{
	u64 first = touch(base, size, step);
	u64 again = touch(base, size, step);

	result(name, (first - again) / (size / step));
}

static bool interrupts_work(void)
{
	u32 count = isr_count;

	wrmsr(X2APIC_ICR, ICR_SELF | VECTOR);
	return isr_count == count + 1;
}

static void bench_interrupts(void)
{
	u32 count;

	set_gate(VECTOR, bench_isr);
	irq_enable();
	calibrate();
	if (!interrupts_work()) {
		printf("Bail out! a self-IPI did not arrive\n");
		machine_exit(2);
	}
	BENCH_ISR("self_ipi", wrmsr(X2APIC_ICR, ICR_SELF | VECTOR));
	result("wrmsr_eoi", least_eoi());

	/* enabled by each write of COUNT; the time in it has long passed, so it expires at once */
	wrmsr(HV_X64_MSR_STIMER0_CONFIG, HV_STIMER_AUTOENABLE | HV_STIMER_DIRECT |
	      (u64)VECTOR << HV_STIMER_APIC_VECTOR_SHIFT);
	count = isr_count;
	BENCH_ISR("stimer_direct", wrmsr(HV_X64_MSR_STIMER0_COUNT, 1));
	if (isr_count != count + WARM_UP + REPEATS) {
		printf("Bail out! %u of %u timer interrupts\n", isr_count - count,
		       WARM_UP + REPEATS);
		machine_exit(2);
	}
	wrmsr(HV_X64_MSR_STIMER0_CONFIG, 0);
	irq_disable();
}

void payload(void)
{
	u32 r[4];

	hv_enable();
	apic_enable(true);
	bench_interrupts();

	BENCH("cpuid", cpuid(0, 0, r));
	BENCH("rdmsr_vp_index", rdmsr(HV_X64_MSR_VP_INDEX));
	BENCH("rdmsr_time_ref_count", rdmsr(HV_X64_MSR_TIME_REF_COUNT));
	BENCH("wrmsr_eoi_idle", wrmsr(HV_X64_MSR_EOI, 0));
	BENCH("hypercall_fast_0x8", hypercall(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, 0, 0));
	BENCH("hypercall_unknown", hypercall(UNKNOWN_CALL | HV_FAST, 0, 0));
	BENCH("pio_ioeventfd", outb(BENCH_PORT_DOORBELL, 1));
	BENCH("pio_user", outb(BENCH_PORT_USER, 1));

	bench_touch("fault_4k", BENCH_4K_RESIDENT, BENCH_4K_SIZE, 4096);
	bench_touch("fault_4k_fresh", BENCH_4K_FRESH, BENCH_4K_SIZE, 4096);
	bench_touch("fault_2m", BENCH_2M_RESIDENT, BENCH_2M_SIZE, 2 << 20);
	bench_touch("fault_2m_fresh", BENCH_2M_FRESH, BENCH_2M_SIZE, 2 << 20);
	check(true, "all cases were measured");
}
