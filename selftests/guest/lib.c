// SPDX-License-Identifier: GPL-2.0-only
/*
 * lib.c - console, traps, APIC and other processors for the guest test payloads
 */
#include <stdarg.h>

#include "guest.h"

extern u8 vectors[], idt[], gdt_tss[];
extern u8 trampoline[], trampoline_end[];
extern u64 ex_table_start[], ex_table_end[];
extern volatile u64 ap_stack;
extern u32 pvh_info;

u64 last_error, last_cr2;
volatile u32 cpus_up = 1;
u32 cpu_apic_id[MAX_CPUS];

static irq_handler handlers[256];
static unsigned int nr_tests, nr_failed;
static bool x2apic;

#define COM1		0x3f8
#define DEBUG_EXIT	0xf4

/* ---- console ---- */

/* an empty transmitter takes a FIFO full: every access is an exit */
static void putc(char c)
{
	static unsigned int room;

	if (c == '\n')
		putc('\r');
	if (!room) {
		outb(COM1 + 2, 1);
		while (!(inb(COM1 + 5) & 0x20))
			cpu_relax();
		room = 16;
	}
	room--;
	outb(COM1, c);
}

static void put_num(u64 v, unsigned int base, int width, char pad, bool negative)
{
	/* base 32 stands for capital letters */
	const char *digits = base == 32 ? "0123456789ABCDEF" : "0123456789abcdef";
	char buf[24];
	int n = 0;

	if (base == 32)
		base = 16;
	do {
		buf[n++] = digits[v % base];
		v /= base;
	} while (v);
	if (negative)
		buf[n++] = '-';
	while (n < width && n < (int)sizeof(buf))
		buf[n++] = pad;
	while (n)
		putc(buf[--n]);
}

static void vprintf(const char *fmt, va_list ap)
{
	for (; *fmt; fmt++) {
		int width = 0, l = 0;
		char pad = ' ';
		const char *s;
		long v;

		if (*fmt != '%') {
			putc(*fmt);
			continue;
		}
		if (*++fmt == '0')
			pad = '0';
		while (*fmt >= '0' && *fmt <= '9')
			width = width * 10 + *fmt++ - '0';
		while (*fmt == 'l') {
			l++;
			fmt++;
		}
		switch (*fmt) {
		case 'd':
			v = l ? va_arg(ap, long) : va_arg(ap, int);
			put_num(v < 0 ? -(u64)v : (u64)v, 10, width, pad, v < 0);
			break;
		case 'u':
			put_num(l ? va_arg(ap, u64) : va_arg(ap, u32), 10, width, pad, false);
			break;
		case 'x':
			put_num(l ? va_arg(ap, u64) : va_arg(ap, u32), 16, width, pad, false);
			break;
		case 'X':
			put_num(l ? va_arg(ap, u64) : va_arg(ap, u32), 32, width, pad, false);
			break;
		case 'p':
			put_num(va_arg(ap, u64), 16, width, pad, false);
			break;
		case 'c':
			putc(va_arg(ap, int));
			break;
		case 's':
			for (s = va_arg(ap, const char *); *s; s++)
				putc(*s);
			break;
		default:
			putc(*fmt);
		}
	}
}

void printf(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

void *memset(void *p, int c, size_t n)
{
	void *d = p;

	asm volatile("rep stosb" : "+D" (d), "+c" (n) : "a" (c) : "memory");
	return p;
}

void *memcpy(void *d, const void *s, size_t n)
{
	void *to = d;

	asm volatile("rep movsb" : "+D" (to), "+S" (s), "+c" (n) : : "memory");
	return d;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

void check(bool ok, const char *fmt, ...)
{
	va_list ap;

	if (!ok)
		nr_failed++;
	printf("%sok %u - ", ok ? "" : "not ", ++nr_tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
}

void check_open(bool ok, const char *fmt, ...)
{
	va_list ap;

	if (!ok)
		nr_failed++;
	printf("%sok %u - ", ok ? "" : "not ", ++nr_tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

void attempt(const char *what)
{
	printf("# attempt: %s\n", what);
}

void skip(const char *why, const char *fmt, ...)
{
	va_list ap;

	printf("ok %u - ", ++nr_tests);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(" # SKIP %s\n", why);
}

const char *cmdline(void)
{
	/* struct hvm_start_info: magic, ..., command line at 24 */
	const u8 *info = (const u8 *)(u64)pvh_info;

	if (!info || *(const u32 *)info != 0x336ec578 || !*(const u64 *)(info + 24))
		return "";
	return (const char *)*(const u64 *)(info + 24);
}

void machine_exit(u8 code)
{
	for (;;) {
		outb(DEBUG_EXIT, code);
		asm volatile("cli; hlt");
	}
}

void done(void)
{
	printf("1..%u\n", nr_tests);
	machine_exit(nr_failed ? 1 : 0);
}

/* ---- traps ---- */

static void idt_init(void)
{
	for (int i = 0; i < 256; i++) {
		u64 addr = (u64)vectors + 16 * i;
		u64 *gate = (u64 *)(idt + 16 * i);

		gate[0] = (addr & 0xffff) | 0x18 << 16 | 0x8e00ULL << 32 |
			  (addr >> 16 & 0xffff) << 48;
		gate[1] = addr >> 32;
	}
}


void set_handler(u8 vector, irq_handler fn)
{
	handlers[vector] = fn;
}

void guest_trap(struct trap_frame *f)
{
	u64 *e;

	if (f->vector < 32) {
		last_error = f->error;
		if (f->vector == 14)
			last_cr2 = read_cr(2);
		for (e = ex_table_start; e < ex_table_end; e += 2) {
			if (e[0] == f->rip) {
				f->rip = e[1];
				f->rax = f->vector + 1;
				return;
			}
		}
	}
	if (handlers[f->vector]) {
		handlers[f->vector](f);
		return;
	}
	printf("Bail out! unexpected vector %lu error 0x%lx rip 0x%lx cr2 0x%lx\n", f->vector,
	       f->error, f->rip, read_cr(2));
	machine_exit(2);
}

/* the first thing any payload runs */
void guest_main(void);
void payload(void);

void guest_main(void)
{
	idt_init();
	/* firmware may have left the 8259s open, on vectors that are exceptions here */
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
	payload();
	done();
}

bool wait_for(volatile u32 *flag, u32 want, unsigned int ms)
{
	/* at most 4 GHz: a slower clock waits longer, never shorter than it says */
	u64 end = rdtsc() + (u64)ms * 4000000;

	irq_enable();
	while (*flag < want && rdtsc() < end)
		cpu_relax();
	irq_disable();
	return *flag >= want;
}

/* ---- local APIC ---- */

void apic_enable(bool x2)
{
	u64 base = rdmsr(0x1b) | 1 << 11;

	if (x2)
		base |= 1 << 10;
	wrmsr(0x1b, base);
	x2apic = base & 1 << 10;
	apic_write(0xf0, 0x1ff);
}

u32 apic_read(u32 offset)
{
	if (x2apic)
		return rdmsr(0x800 + (offset >> 4));
	return *(volatile u32 *)(0xfee00000ULL + offset);
}

void apic_write(u32 offset, u32 v)
{
	if (x2apic)
		wrmsr(0x800 + (offset >> 4), v);
	else
		*(volatile u32 *)(0xfee00000ULL + offset) = v;
}

void apic_icr(u32 dest, u32 low)
{
	if (x2apic) {
		wrmsr(0x830, (u64)dest << 32 | low);
		return;
	}
	apic_write(0x310, dest << 24);
	apic_write(0x300, low);
}

void apic_eoi(void)
{
	apic_write(0xb0, 0);
}

u32 apic_id(void)
{
	return x2apic ? apic_read(0x20) : apic_read(0x20) >> 24;
}

/* ---- other processors ---- */

#define TRAMPOLINE	0x8000

struct ap {
	void (*volatile fn)(void *);
	void *arg;
};

static struct ap aps[MAX_CPUS];
static u8 ap_stacks[MAX_CPUS][8192] __attribute__((aligned(16)));

static u8 wake_vector;

static void on_wake(struct trap_frame *f)
{
	(void)f;
	apic_eoi();
}

void aps_sleep(u8 wake)
{
	wake_vector = wake;
	set_handler(wake, on_wake);
}

void ap_main(void)
{
	u32 me = cpus_up;

	if (x2apic)
		wrmsr(0x1b, rdmsr(0x1b) | 3 << 10);
	apic_write(0xf0, 0x1ff);
	cpu_apic_id[me] = apic_id();
	__atomic_store_n(&cpus_up, me + 1, __ATOMIC_SEQ_CST);
	for (;;) {
		void (*fn)(void *) = __atomic_load_n(&aps[me].fn, __ATOMIC_ACQUIRE);

		if (fn) {
			fn(aps[me].arg);
			__atomic_store_n(&aps[me].fn, (void (*)(void *))0, __ATOMIC_RELEASE);
		} else if (wake_vector) {
			hlt();
		}
		cpu_relax();
	}
}

/* a host may be an emulator with a fifth of a processor, and a VP of ours one of its threads */
#define PATIENCE_MS	10000

/* of a package, which is all in most partitions; 0 where CPUID does not say */
static u32 vps_of_package(void)
{
	u32 r[4];

	cpuid(0, 0, r);
	if (r[0] < 0xb)
		return 0;
	cpuid(0xb, 1, r);
	return r[1] & 0xffff;
}

unsigned int start_aps(void)
{
	u32 id, up, known = vps_of_package();

	memcpy((void *)TRAMPOLINE, trampoline, trampoline_end - trampoline);
	cpu_apic_id[0] = apic_id();
	/* ids are dense: stop at the first that does not answer */
	for (id = 0; id < MAX_CPUS; id++) {
		if (id == cpu_apic_id[0])
			continue;
		up = cpus_up;
		ap_stack = (u64)ap_stacks[up] + sizeof(ap_stacks[up]) - 8;
		apic_icr(id, 0x4500);
		apic_icr(id, 0x4600 | TRAMPOLINE >> 12);
		/* one that is there may wait for the host; one that is not is not waited for */
		if (!wait_for(&cpus_up, up + 1, id < known ? PATIENCE_MS : 200))
			break;
	}
	return cpus_up;
}

bool restart_ap(unsigned int cpu, u8 page)
{
	u32 up = cpus_up;
	bool back;

	memcpy((void *)(page * PAGE_SIZE), trampoline, trampoline_end - trampoline);
	aps[cpu].fn = NULL;
	ap_stack = (u64)ap_stacks[cpu] + sizeof(ap_stacks[cpu]) - 8;
	/* it takes the number it finds */
	cpus_up = cpu;
	apic_icr(cpu_apic_id[cpu], 0x4600 | page);
	back = wait_for(&cpus_up, cpu + 1, 2000);
	cpus_up = up;
	return back;
}

void on_cpu_async(unsigned int cpu, void (*fn)(void *), void *arg)
{
	aps[cpu].arg = arg;
	__atomic_store_n(&aps[cpu].fn, fn, __ATOMIC_RELEASE);
	if (wake_vector)
		apic_icr(cpu_apic_id[cpu], 0x4000 | wake_vector);
}

bool cpu_idle(unsigned int cpu)
{
	return !__atomic_load_n(&aps[cpu].fn, __ATOMIC_ACQUIRE);
}

bool on_cpu(unsigned int cpu, void (*fn)(void *), void *arg, unsigned int ms)
{
	u64 end = rdtsc() + (u64)(ms > PATIENCE_MS ? ms : PATIENCE_MS) * 4000000;

	on_cpu_async(cpu, fn, arg);
	while (!cpu_idle(cpu) && rdtsc() < end)
		cpu_relax();
	return cpu_idle(cpu);
}

/* ---- hypercalls ---- */

u8 hypercall_page[4096] __page_aligned;

void hv_enable(void)
{
	wrmsr(HV_X64_MSR_GUEST_OS_ID, GUEST_OS_ID);
	wrmsr(HV_X64_MSR_HYPERCALL, (u64)hypercall_page | 1);
}

u64 hypercall(u64 input, u64 a, u64 b)
{
	register u64 r8 asm("r8") = b;
	u64 ret;

	asm volatile("call *%4" : "=a" (ret), "+c" (input), "+d" (a), "+r" (r8)
		     : "r" (hypercall_page) : "memory", "cc", "r9", "r10", "r11");
	return ret;
}

unsigned int hypercall_safe(u64 input, u64 a, u64 b, u64 *result)
{
	register u64 r8 asm("r8") = b;
	u64 ret = 0, fault;
	u32 r[4];

	/* the instruction itself, not the page's: it has to be one the table knows */
	cpuid(0, 0, r);
	if (r[2] == 0x6c65746e) {
		asm volatile("xor %%esi, %%esi\n"
			     "1:	vmcall\n"
			     "	jmp 3f\n"
			     "2:	mov %%rax, %%rsi\n"
			     "3:\n" EX_TABLE(1b, 2b)
			     : "+a" (ret), "=&S" (fault), "+c" (input), "+d" (a), "+r" (r8)
			     : : "memory");
	} else {
		asm volatile("xor %%esi, %%esi\n"
			     "1:	vmmcall\n"
			     "	jmp 3f\n"
			     "2:	mov %%rax, %%rsi\n"
			     "3:\n" EX_TABLE(1b, 2b)
			     : "+a" (ret), "=&S" (fault), "+c" (input), "+d" (a), "+r" (r8)
			     : : "memory");
	}
	*result = ret;
	return fault;
}

u64 hypercall_xmm(u64 input, u64 a, u64 b, const void *xmm96)
{
	register u64 r8 asm("r8") = b;
	u64 ret;

	asm volatile("movups (%5), %%xmm0\n"
		     "movups 16(%5), %%xmm1\n"
		     "movups 32(%5), %%xmm2\n"
		     "movups 48(%5), %%xmm3\n"
		     "movups 64(%5), %%xmm4\n"
		     "movups 80(%5), %%xmm5\n"
		     "call *%4"
		     : "=a" (ret), "+c" (input), "+d" (a), "+r" (r8)
		     : "r" (hypercall_page), "r" (xmm96) : "memory", "cc", "r9", "r10", "r11");
	return ret;
}
