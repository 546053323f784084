/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guest.h - the little kernel under the guest test payloads
 *
 * A payload is one file with guest_main().  It prints TAP on COM1 and ends the machine through the
 * ISA debug exit port.  The same image runs under any hypervisor that boots PVH and on bare QEMU.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uapi/hv/hv.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE_SIZE	4096ULL
#define __page_aligned	__attribute__((aligned(4096)))

/* ---- console and verdict ---- */

void printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void *memset(void *p, int c, size_t n);
void *memcpy(void *d, const void *s, size_t n);
int memcmp(const void *a, const void *b, size_t n);

/* one TAP line; @name ends with the requirement ids it proves in brackets */
void check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* check() without the end of the line: the caller prints the ids */
void check_open(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* what comes next may end the payload if it is broken: the failure has this name then */
void attempt(const char *what);
void skip(const char *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* like check(), and says what was found and what was wanted when they differ */
#define check_eq(got, want, fmt, ...) do {						\
	u64 got_ = (got), want_ = (want);						\
	if (got_ != want_)								\
		printf("# got 0x%lx, want 0x%lx\n", got_, want_);			\
	check(got_ == want_, fmt, ##__VA_ARGS__);					\
} while (0)
/* what the VMM passed on, perhaps "" */
const char *cmdline(void);
/* prints the plan and ends the machine: status 0 if no check failed */
void done(void) __attribute__((noreturn));
void machine_exit(u8 code) __attribute__((noreturn));

/* ---- processor ---- */

struct trap_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

/* faults with an entry here continue at the second address, vector + 1 in RAX */
#define EX_TABLE(from, to) \
	".pushsection ex_table, \"a\"\n\t.quad " #from ", " #to "\n\t.popsection\n"

extern u64 last_error, last_cr2;

typedef void (*irq_handler)(struct trap_frame *frame);
void set_handler(u8 vector, irq_handler fn);

static inline void outb(u16 port, u8 v) { asm volatile("outb %0, %1" : : "a" (v), "Nd" (port)); }
static inline void outl(u16 port, u32 v) { asm volatile("outl %0, %1" : : "a" (v), "Nd" (port)); }
static inline u8 inb(u16 port)
{
	u8 v;

	asm volatile("inb %1, %0" : "=a" (v) : "Nd" (port));
	return v;
}

static inline void cpuid(u32 leaf, u32 sub, u32 r[4])
{
	asm volatile("cpuid" : "=a" (r[0]), "=b" (r[1]), "=c" (r[2]), "=d" (r[3])
		     : "a" (leaf), "c" (sub));
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a" (lo), "=d" (hi) : "c" (msr) : "memory");
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 v)
{
	asm volatile("wrmsr" : : "c" (msr), "a" ((u32)v), "d" ((u32)(v >> 32)) : "memory");
}

/* 0, or vector + 1 of the fault */
static inline unsigned int rdmsr_safe(u32 msr, u64 *v)
{
	u32 lo = 0, hi = 0;
	u64 fault;

	asm volatile("xor %%esi, %%esi\n"
		     "1:	rdmsr\n"
		     "	jmp 3f\n"
		     "2:	mov %%rax, %%rsi\n"
		     "3:\n" EX_TABLE(1b, 2b)
		     : "=a" (lo), "=d" (hi), "=&S" (fault) : "c" (msr) : "memory");
	*v = (u64)hi << 32 | lo;
	return fault;
}

static inline unsigned int wrmsr_safe(u32 msr, u64 v)
{
	u64 rax = (u32)v, fault;

	asm volatile("xor %%esi, %%esi\n"
		     "1:	wrmsr\n"
		     "	jmp 3f\n"
		     "2:	mov %%rax, %%rsi\n"
		     "3:\n" EX_TABLE(1b, 2b)
		     : "+a" (rax), "=&S" (fault) : "c" (msr), "d" ((u32)(v >> 32)) : "memory");
	return fault;
}

/* 0, or vector + 1 of the fault; error code in last_error, address in last_cr2 */
static inline unsigned int read_safe(volatile void *p, u64 *v)
{
	u64 rax = 0, fault;

	asm volatile("xor %%esi, %%esi\n"
		     "1:	mov (%2), %%rax\n"
		     "	jmp 3f\n"
		     "2:	mov %%rax, %%rsi\n"
		     "3:\n" EX_TABLE(1b, 2b)
		     : "+a" (rax), "=&S" (fault) : "r" (p) : "memory");
	*v = rax;
	return fault;
}

static inline unsigned int write_safe(volatile void *p, u64 v)
{
	u64 rax = v, fault;

	asm volatile("xor %%esi, %%esi\n"
		     "1:	mov %%rax, (%2)\n"
		     "	jmp 3f\n"
		     "2:	mov %%rax, %%rsi\n"
		     "3:\n" EX_TABLE(1b, 2b)
		     : "+a" (rax), "=&S" (fault) : "r" (p) : "memory");
	return fault;
}

#define GP_FAULT	(13 + 1)
#define UD_FAULT	(6 + 1)
#define PF_FAULT	(14 + 1)

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("rdtsc" : "=a" (lo), "=d" (hi) : : "memory");
	return (u64)hi << 32 | lo;
}

#define read_cr(n) ({ u64 v_; asm volatile("mov %%cr" #n ", %0" : "=r" (v_) : : "memory"); v_; })
#define write_cr(n, v) asm volatile("mov %0, %%cr" #n : : "r" ((u64)(v)) : "memory")

static inline void irq_enable(void) { asm volatile("sti" : : : "memory"); }
static inline void irq_disable(void) { asm volatile("cli" : : : "memory"); }
static inline void hlt(void) { asm volatile("sti; hlt; cli" : : : "memory"); }
static inline void cpu_relax(void) { asm volatile("pause" : : : "memory"); }
static inline void invlpg(void *p) { asm volatile("invlpg (%0)" : : "r" (p) : "memory"); }

/* spin with interrupts on until *@flag >= @want or about @ms milliseconds of TSC went by */
bool wait_for(volatile u32 *flag, u32 want, unsigned int ms);

/* ---- local APIC (x2APIC if @x2, else the page at 0xfee00000) ---- */

void apic_enable(bool x2);
u32 apic_read(u32 offset);
void apic_write(u32 offset, u32 v);
void apic_icr(u32 dest, u32 low);
void apic_eoi(void);
u32 apic_id(void);

/* ---- other processors ---- */

#define MAX_CPUS	128
/* those started from now on sleep until there is something to do, on interrupts of @wake */
void aps_sleep(u8 wake);
/* starts what answers INIT-SIPI; returns how many run, this one included */
unsigned int start_aps(void);
extern volatile u32 cpus_up;
extern u32 cpu_apic_id[MAX_CPUS];
/* run @fn(@arg) on processor @cpu (1..) and wait for it, at most about @ms; false: timed out */
bool on_cpu(unsigned int cpu, void (*fn)(void *), void *arg, unsigned int ms);
/* start it and do not wait; cpu_idle() says whether it is done */
void on_cpu_async(unsigned int cpu, void (*fn)(void *), void *arg);
bool cpu_idle(unsigned int cpu);
/* SIPI with @page to a processor of start_aps() that an INIT has stopped: true if it is back */
bool restart_ap(unsigned int cpu, u8 page);

/* ---- hypercalls (TLFS 4) ---- */

#define GUEST_OS_ID	0x8100000006010000ULL	/* open source, Linux 6.1 */

/* writes GUEST_OS_ID and enables the hypercall page */
void hv_enable(void);
extern u8 hypercall_page[];
/* the register form: @a and @b are RDX and R8; returns RAX */
u64 hypercall(u64 input, u64 a, u64 b);
/* 0 or vector + 1 */
unsigned int hypercall_safe(u64 input, u64 a, u64 b, u64 *result);
u64 hypercall_xmm(u64 input, u64 a, u64 b, const void *xmm96);

static inline u16 hv_status(u64 result) { return result & 0xffff; }
static inline u16 hv_reps(u64 result) { return (result >> 32) & 0xfff; }
#define HV_FAST		(1ULL << 16)
#define HV_REPS(n)	((u64)(n) << 32)
#define HV_START(n)	((u64)(n) << 48)
#define HV_VAR(n)	((u64)(n) << 17)

#endif /* GUEST_H */
