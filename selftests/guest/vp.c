// SPDX-License-Identifier: GPL-2.0-only
/*
 * vp.c - virtual processors as they see themselves (TLFS 10) and the processor under them (11)
 */
#include "guest.h"

static unsigned int nr_cpus;
static u64 in[64] __page_aligned, out[64] __page_aligned;

/* ---- identity (10.1, 10.2.1) ---- */

static struct {
	u64 index, apic_base, reset;
	bool write_faults;
	bool reset_ok;
} vps[4];

static void look_at_self(void *arg)
{
	unsigned int i = (u64)arg;

	vps[i].index = rdmsr(HV_X64_MSR_VP_INDEX);
	vps[i].apic_base = rdmsr(0x1b);
	vps[i].write_faults = wrmsr_safe(HV_X64_MSR_VP_INDEX, i) == GP_FAULT &&
			      wrmsr_safe(HV_X64_MSR_VP_INDEX, 9) == GP_FAULT;
	vps[i].reset_ok = !rdmsr_safe(HV_X64_MSR_RESET, &vps[i].reset) && !vps[i].reset &&
			  !wrmsr_safe(HV_X64_MSR_RESET, 0);
}

static void test_identity(void)
{
	bool index = true, bsp = true, id = true, reset = true;

	for (unsigned int i = 0; i < nr_cpus && i < 4; i++) {
		if (!i)
			look_at_self(NULL);
		else
			index &= on_cpu(i, look_at_self, (void *)(u64)i, 500);
		index &= vps[i].index == i && vps[i].write_faults;
		bsp &= (vps[i].apic_base >> 8 & 1) == !i;
		id &= cpu_apic_id[i] == vps[i].index;
		reset &= vps[i].reset_ok;
	}
	check(index, "VP_INDEX of each VP, read-only [MSR-40000002 B-3-005]");
	check(bsp, "VP 0 is the BSP, and nobody else [B-10-009]");
	check(id, "APIC ids are VP indexes at first [B-10-011]");
	check(reset,
	      "RESET: all VPs, reads zero, zero has no effect [MSR-40000003 B-6-006]");
}

/* ---- runtime (10.3.2) ---- */

static u64 ref_time(void)
{
	return rdmsr(HV_X64_MSR_TIME_REF_COUNT);
}

static void spin_ref(u64 units)
{
	u64 end = ref_time() + units;

	while (ref_time() < end)
		cpu_relax();
}

static void test_runtime(void)
{
	u64 r0 = rdmsr(HV_X64_MSR_VP_RUNTIME), t0 = ref_time(), r1, t1;
	bool up = true;

	spin_ref(500000);
	r1 = rdmsr(HV_X64_MSR_VP_RUNTIME);
	t1 = ref_time();
	printf("# runtime %lu, reference time %lu\n", r1 - r0, t1 - t0);
	check(r1 > r0 && r1 - r0 <= t1 - t0 + 20000 && r1 - r0 >= (t1 - t0) / 50,
	      "VP_RUNTIME counts 100 ns units [B-10-022 MSR-40000010]");
	for (unsigned int i = 0; i < 20; i++) {
		r0 = r1;
		r1 = rdmsr(HV_X64_MSR_VP_RUNTIME);
		up &= r1 >= r0;
	}
	check(up && wrmsr_safe(HV_X64_MSR_VP_RUNTIME, 0) == GP_FAULT,
	      "and only grows [B-10-022 MSR-40000010]");

	/* asleep it stands still, near enough */
	r0 = rdmsr(HV_X64_MSR_VP_RUNTIME);
	t0 = ref_time();
	apic_write(0x320, 0x41);
	apic_write(0x380, 200 * 1000 * 1000 / 2);
	hlt();
	r1 = rdmsr(HV_X64_MSR_VP_RUNTIME);
	t1 = ref_time();
	printf("# asleep: runtime %lu, reference time %lu\n", r1 - r0, t1 - t0);
	check(t1 - t0 > 100000 && r1 - r0 < (t1 - t0) / 2,
	      "a VP in HLT does not run [B-10-022]");
}

/* ---- guest idle (10.1.4) ---- */

static volatile u32 ticks;

static void tick(struct trap_frame *f)
{
	(void)f;
	ticks++;
	apic_eoi();
}

static bool irr(u8 vector)
{
	return apic_read(0x200 + (vector >> 5) * 16) >> (vector & 31) & 1;
}

static void test_idle(void)
{
	u64 t0, t1, v;

	irq_disable();
	ticks = 0;
	apic_write(0x320, 0x41);
	t0 = ref_time();
	apic_write(0x380, 40 * 1000 * 1000);
	attempt("it blocks until an interrupt, IF or not [B-10-007 MSR-400000F0]");
	check_eq(rdmsr_safe(HV_X64_MSR_GUEST_IDLE, &v), 0, "GUEST_IDLE can be read [MSR-400000F0]");
	t1 = ref_time();
	check(t1 - t0 > 20000 && apic_read(0x390) == 0,
	      "it blocks until an interrupt, IF or not [B-10-007 MSR-400000F0]");
	check(irr(0x41) && !ticks, "which stays pending [B-10-008]");
	wait_for(&ticks, 1, 100);
	check_eq(ticks, 1, "and comes with STI [B-10-008]");

	/* with one pending already there is nothing to wait for */
	apic_write(0x300, 0x40000 | 0x41);
	t0 = ref_time();
	rdmsr_safe(HV_X64_MSR_GUEST_IDLE, &v);
	check(ref_time() - t0 < 10 * 1000 * 1000 && irr(0x41),
	      "no sleep with work waiting [B-10-007]");
	wait_for(&ticks, 2, 100);
	check_eq(ticks, 2, "that comes too [B-10-008]");
	check_eq(wrmsr_safe(HV_X64_MSR_GUEST_IDLE, 0), GP_FAULT, "read-only [MSR-400000F0]");
}

static volatile bool woken, was_pending;

/* a spinlock taken in an interrupt handler waits like this for another VP's IPI */
static void idle_in_service(struct trap_frame *f)
{
	u64 v;

	(void)f;
	apic_write(0x320, 0x41);
	apic_write(0x380, 10 * 1000 * 1000);
	woken = !rdmsr_safe(HV_X64_MSR_GUEST_IDLE, &v);
	was_pending = irr(0x41);
	apic_eoi();
}

static void test_idle_priority(void)
{
	u64 v;

	/* held back by the TPR */
	irq_disable();
	ticks = 0;
	apic_write(0x80, 0xf0);
	apic_write(0x320, 0x41);
	apic_write(0x380, 10 * 1000 * 1000);
	attempt("an interrupt below the TPR ends it [B-10-007]");
	rdmsr_safe(HV_X64_MSR_GUEST_IDLE, &v);
	check(irr(0x41) && !ticks, "an interrupt below the TPR ends it [B-10-007]");
	apic_write(0x80, 0);
	wait_for(&ticks, 1, 100);
	check_eq(ticks, 1, "and comes when the TPR lets it [B-10-008]");

	/* held back by one in service, of the same class and of a higher one */
	for (unsigned int vector = 0x42; vector <= 0x52; vector += 0x10) {
		set_handler(vector, idle_in_service);
		woken = false;
		ticks = 0;
		attempt("one of no higher class than that in service ends it [B-10-007]");
		apic_write(0x300, 0x40000 | vector);
		wait_for(&ticks, 1, 100);
		check(woken && was_pending,
		      "one of no higher class than that in service ends it [B-10-007]");
		check_eq(ticks, 1, "and comes after its EOI [B-10-008]");
	}
}

/* ---- assist page (13.3.4.1): where it is ---- */

static u8 place[2][4096] __page_aligned;

static void enable_assist(void *arg)
{
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, (u64)arg | 1);
}

static u64 remote_assist;

static void read_assist(void *arg)
{
	(void)arg;
	remote_assist = rdmsr(HV_X64_MSR_VP_ASSIST_PAGE);
}

static bool filled(const u8 *p, u8 c)
{
	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		if (p[i] != c)
			return false;
	return true;
}

static void test_assist(void)
{
	bool zero;

	memset(place[0], 0x11, PAGE_SIZE);
	memset(place[1], 0x22, PAGE_SIZE);
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, (u64)place[0] | 1);
	zero = filled(place[0], 0);
	place[0][100] = 0x77;
	check(zero && place[0][100] == 0x77,
	      "assist page: an overlay, zero, writable [MSR-40000073]");
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, (u64)place[1] | 1);
	check(filled(place[0], 0x11) && place[1][100] == 0x77,
	      "moved, with what is in it [MSR-40000073]");
	check(on_cpu(1, read_assist, NULL, 500) && !remote_assist &&
	      on_cpu(1, enable_assist, place[0], 500) && filled(place[0], 0),
	      "each VP has its own [MSR-40000073]");
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, (u64)place[1]);
	check(filled(place[1], 0x22), "disabled: memory is back [MSR-40000073]");
	check(!wrmsr_safe(HV_X64_MSR_VP_ASSIST_PAGE, 0xd0000001), "over nothing [MSR-40000073]");
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0);
}

/* ---- registers as a VP may ask for them (10.4.3) ---- */

static u64 get_register(u32 name, u64 *high)
{
	in[0] = HV_PARTITION_ID_SELF;
	in[1] = HV_VP_INDEX_SELF;
	in[2] = name;
	if (hypercall(HVCALL_GET_VP_REGISTERS | HV_REPS(1), (u64)in, (u64)out) != HV_REPS(1))
		return ~0ULL;
	if (high)
		*high = out[1];
	return out[0];
}

static void test_registers(void)
{
	u64 was = rdmsr(0xc0000100);

	wrmsr(HV_X64_MSR_SINT2, 0x20055);
	check_eq(get_register(HV_X64_REGISTER_SINT2, NULL), 0x20055,
		 "SINT2 as register and as MSR [B-10-016]");
	wrmsr(HV_X64_MSR_SINT2, 0x10000);
	check_eq(get_register(HV_X64_REGISTER_SINT2, NULL), 0x10000, "both ways [B-10-016]");
	wrmsr(0xc0000100, 0x12345678);
	check_eq(get_register(HV_X64_REGISTER_FS, NULL), 0x12345678,
		 "FS base as MSR and in the segment [B-10-032]");
	wrmsr(0xc0000100, was);
	check(get_register(HV_REGISTER_EXPLICIT_SUSPEND, NULL) == ~0ULL,
	      "the suspend registers are not for oneself");
	check(get_register(HV_REGISTER_DELIVERABILITY_NOTIFICATIONS, NULL) == ~0ULL,
	      "nor are the parent's notifications [REG-00010006]");
}

/* ---- the processor (11) ---- */

/* one instruction with RAX and RCX as given, RDX zero; 0 or vector + 1 */
#define FAULTS(insn, rax, rcx) ({							\
	u64 fault_, rax_ = (rax), rcx_ = (rcx), rdx_ = 0;				\
	asm volatile("xor %%esi, %%esi\n"						\
		     "1:	" insn "\n"						\
		     "	jmp 3f\n"							\
		     "2:	mov %%rax, %%rsi\n"					\
		     "3:\n" EX_TABLE(1b, 2b)						\
		     : "=&S" (fault_), "+a" (rax_), "+c" (rcx_), "+d" (rdx_)		\
		     : : "memory", "cc");						\
	fault_;										\
})

static void test_exceptions(void)
{
	volatile u64 *hole = (volatile u64 *)0x7ffffffff000ULL;
	u32 brand[4];
	u64 v;

	check_eq(FAULTS("monitor", (u64)in, 0), UD_FAULT, "MONITOR: #UD [B-11-006]");
	check_eq(FAULTS("mwait", 0, 0), UD_FAULT, "MWAIT: #UD [B-11-007]");
	check_eq(FAULTS("ud2", 0, 0), UD_FAULT, "UD2: #UD");
	check_eq(FAULTS("div %%cl", 0, 0), 1, "DIV by zero: #DE");
	check_eq(read_safe(hole, &v), PF_FAULT, "read of an unmapped page: #PF");
	check(last_cr2 == (u64)hole && last_error == 0, "its address and error code");
	check(write_safe(hole, 0) == PF_FAULT && last_error == 2, "of a write");
	check(FAULTS("mov %%cx, %%ds", 0, 0x78) == GP_FAULT && last_error == 0x78,
	      "a selector beyond the GDT: #GP with it");
	check_eq(FAULTS("mov %%rcx, %%cr4", 0, 1ULL << 40), GP_FAULT,
		 "reserved bits of CR4: #GP");
	/* QEMU's TCG does what it is told, here and on its own */
	cpuid(0x80000002, 0, brand);
	if (brand[0] == 0x554d4551)
		return;
	check_eq(FAULTS("mov %%rcx, %%cr0", 0, 1ULL << 40), GP_FAULT, "of CR0: #GP");
	check_eq(FAULTS("mov %%rcx, %%cr0", 0, 0x10 | 1ULL << 31), GP_FAULT,
		 "paging without protection: #GP");
	check_eq(FAULTS("mov %%rcx, %%cr8", 0, 0x10), GP_FAULT, "of CR8: #GP");
}

static void test_caches(void)
{
	u64 cr0 = read_cr(0), cr3 = read_cr(3);

	in[5] = 0x1234;
	asm volatile("invd" : : : "memory");
	check_eq(in[5], 0x1234, "INVD loses nothing [B-12-005]");
	asm volatile("wbinvd" : : : "memory");
	write_cr(0, cr0 | 1 << 30);
	check(read_cr(0) == (cr0 | 1 << 30) || read_cr(0) == cr0, "CR0.CD [B-12-003]");
	write_cr(0, cr0);
	write_cr(3, cr3 | 0x18);
	check(read_cr(3) == (cr3 | 0x18) || read_cr(3) == cr3, "CR3.PWT and PCD [B-12-002]");
	write_cr(3, cr3);
}

/* ---- time stamps (11.7) ---- */

static volatile u64 stamp;
static volatile bool backwards;

static void pass_on(void *arg)
{
	u64 now = rdtsc();

	(void)arg;
	if (now < stamp)
		backwards = true;
	stamp = now;
}

static void test_tsc(void)
{
	u64 last = rdtsc(), now;
	bool up = true;

	for (unsigned int i = 0; i < 200000; i++) {
		now = rdtsc();
		up &= now >= last;
		last = now;
	}
	check(up, "a VP's TSC does not go back [B-11-010]");
	for (unsigned int i = 0; i < 40; i++) {
		pass_on(NULL);
		on_cpu(1 + i % 3, pass_on, NULL, 1000);
	}
	check(!backwards, "nor from one VP to the next [B-11-012]");
}

void payload(void);

void payload(void)
{
	apic_enable(false);
	nr_cpus = start_aps();
	check_eq(nr_cpus, 4, "four VPs");
	hv_enable();
	set_handler(0x41, tick);
	apic_write(0x3e0, 0xb);
	test_identity();
	test_tsc();
	test_runtime();
	test_idle();
	test_idle_priority();
	test_assist();
	test_registers();
	test_exceptions();
	test_caches();
}
