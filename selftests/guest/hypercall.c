// SPDX-License-Identifier: GPL-2.0-only
/*
 * hypercall.c - the hypercall interface as a guest meets it (TLFS 4)
 */
#include "modes.h"

static u8 page_a[4096] __page_aligned, page_b[4096] __page_aligned;
static u64 in[512] __page_aligned, out[512] __page_aligned;
static unsigned int nr_cpus;

#define SPIN_WAIT	(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST)
#define GPA_LIMIT(bits)	(1ULL << (bits))

static u64 call_page(const u8 *page, u64 control, u64 a, u64 b)
{
	register u64 r8 asm("r8") = b;
	u64 ret;

	asm volatile("call *%4" : "=a" (ret), "+c" (control), "+d" (a), "+r" (r8)
		     : "r" (page) : "memory", "cc", "r9", "r10", "r11");
	return ret;
}

static bool all_bytes(const u8 *p, u8 c)
{
	for (unsigned int i = 0; i < PAGE_SIZE; i++)
		if (p[i] != c)
			return false;
	return true;
}

static unsigned int phys_bits(void)
{
	u32 r[4];

	cpuid(0x80000008, 0, r);
	return r[0] & 0xff;
}

/* ---- establishing the interface (4.12, 3.6) ---- */

struct remote {
	u64 value;
	u64 status;
	bool seen;
};

static void remote_msrs(void *arg)
{
	struct remote *r = arg;

	r->value = rdmsr(HV_X64_MSR_HYPERCALL);
	r->status = rdmsr(HV_X64_MSR_GUEST_OS_ID);
}

static void remote_call(void *arg)
{
	struct remote *r = arg;

	r->status = call_page(page_a, SPIN_WAIT, 1, 0);
}

static void remote_look(void *arg)
{
	struct remote *r = arg;

	r->seen = all_bytes(page_a, 0x5a);
}

static void test_before(void)
{
	u64 v;

	check_eq(rdmsr(HV_X64_MSR_GUEST_OS_ID), 0, "GUEST_OS_ID is zero at first [B-3-017]");
	check_eq(rdmsr(HV_X64_MSR_HYPERCALL), 0, "HYPERCALL is zero at first [MSR-40000001]");
	check_eq(hypercall_safe(SPIN_WAIT, 1, 0, &v), UD_FAULT,
		 "no interface, no hypercall: #UD");
	memset(page_a, 0x5a, sizeof(page_a));
	check_eq(wrmsr_safe(HV_X64_MSR_HYPERCALL, (u64)page_a | 1), 0,
		 "enabling without an OS id does not fault [B-4-058 MSR-40000001]");
	check_eq(rdmsr(HV_X64_MSR_HYPERCALL) & 1, 0,
		 "and does not take [B-4-058 MSR-40000001]");
	check(all_bytes(page_a, 0x5a), "nor lays a page [B-4-058]");
	wrmsr(HV_X64_MSR_HYPERCALL, 0);
}

static void test_os_id(void)
{
	static const u64 ids[] = { ~0ULL, 1, 1ULL << 63, GUEST_OS_ID };
	struct remote r = { };
	bool all = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(ids); i++) {
		all &= !wrmsr_safe(HV_X64_MSR_GUEST_OS_ID, ids[i]);
		all &= rdmsr(HV_X64_MSR_GUEST_OS_ID) == ids[i];
	}
	check(all, "GUEST_OS_ID takes any value [B-3-017 MSR-40000000]");
	check(on_cpu(1, remote_msrs, &r, 500) && r.status == GUEST_OS_ID,
	      "and is the partition's [B-3-017 MSR-40000000]");
}

static void test_page(void)
{
	static u8 copy[4096];
	struct remote r = { };
	u64 v;

	wrmsr(HV_X64_MSR_HYPERCALL, (u64)page_a | 0xffd);
	check_eq(rdmsr(HV_X64_MSR_HYPERCALL), (u64)page_a | 0xffd,
		 "GPFN, enable and preserved bits read back [B-4-067 B-4-068 MSR-40000001]");
	wrmsr(HV_X64_MSR_HYPERCALL, (u64)page_a | 1);
	check(!all_bytes(page_a, 0x5a), "the page is laid over [B-4-060]");
	memcpy(copy, page_a, sizeof(copy));
	check_eq(write_safe(page_a + 8, 0), GP_FAULT,
		 "writing to it is #GP [B-4-061 MSR-40000001]");
	check_eq(write_safe(page_a + 4088, 0), GP_FAULT, "to its end too [B-4-061]");
	check_eq(call_page(page_a, SPIN_WAIT, 1, 0), 0, "CALL makes a hypercall [B-4-062]");
	check(!memcmp(copy, page_a, sizeof(copy)), "and the page stays as it is [B-4-063]");
	check(on_cpu(1, remote_msrs, &r, 500) && r.value == ((u64)page_a | 1),
	      "the MSR is the partition's [B-4-057 MSR-40000001]");
	for (unsigned int i = 1; i < nr_cpus; i++) {
		r.status = ~0ULL;
		check(on_cpu(i, remote_call, &r, 500) && !r.status,
		      "a call from VP %u [B-4-064]", i);
	}

	/* moved while enabled */
	memset(page_b, 0xa5, sizeof(page_b));
	wrmsr(HV_X64_MSR_HYPERCALL, (u64)page_b | 1);
	check(all_bytes(page_a, 0x5a), "moved: the old place is uncovered [B-4-065 B-4-060]");
	check(!memcmp(copy, page_b, sizeof(copy)),
	      "the same bytes at the new one [B-4-063 B-4-065]");
	check_eq(call_page(page_b, SPIN_WAIT, 1, 0), 0, "that works there [B-4-065]");

	/* beyond the GPA space: nothing changes */
	check_eq(wrmsr_safe(HV_X64_MSR_HYPERCALL, GPA_LIMIT(phys_bits()) | 1), GP_FAULT,
		 "a GPFN beyond the GPA space is #GP [B-4-059 MSR-40000001]");
	check_eq(wrmsr_safe(HV_X64_MSR_HYPERCALL, 0xfffffffffffff001ULL), GP_FAULT,
		 "the highest one too [B-4-059 MSR-40000001]");
	check(rdmsr(HV_X64_MSR_HYPERCALL) == ((u64)page_b | 1) &&
	      !call_page(page_b, SPIN_WAIT, 1, 0), "and the value stays [B-4-059]");

	/* where nothing is mapped */
	v = 0xd0000000ULL;
	wrmsr(HV_X64_MSR_HYPERCALL, v | 1);
	check_eq(call_page((u8 *)v, SPIN_WAIT, 1, 0), 0, "over unmapped GPAs as well [B-11-015]");
	check(all_bytes(page_b, 0xa5), "page B is back [B-4-060]");
	/* the first page, and the last of memory */
	wrmsr(HV_X64_MSR_HYPERCALL, (256ULL << 20) - 4096 + 1);
	check_eq(call_page((u8 *)(256ULL << 20) - 4096, SPIN_WAIT, 1, 0), 0,
		 "at the end of memory [B-4-065]");

	wrmsr(HV_X64_MSR_HYPERCALL, (u64)page_a | 1);
	wrmsr(HV_X64_MSR_HYPERCALL, (u64)page_a);
	check(all_bytes(page_a, 0x5a), "disabled: what was there is back [B-4-060]");
	check_eq(hypercall_safe(SPIN_WAIT, 1, 0, &v), UD_FAULT, "disabled: #UD");

	wrmsr(HV_X64_MSR_HYPERCALL, (u64)page_a | 1);
	wrmsr(HV_X64_MSR_GUEST_OS_ID, 0);
	check_eq(rdmsr(HV_X64_MSR_HYPERCALL) & 1, 0,
		 "clearing the OS id disables the page [B-3-018 MSR-40000000]");
	check(all_bytes(page_a, 0x5a), "and uncovers what is below [B-3-018]");
	r.seen = false;
	check(on_cpu(1, remote_look, &r, 500) && r.seen, "for all VPs [B-3-018 B-4-069]");
	wrmsr(HV_X64_MSR_GUEST_OS_ID, GUEST_OS_ID);
	check_eq(rdmsr(HV_X64_MSR_HYPERCALL) & 1, 0, "it does not come back by itself [B-3-018]");
}

/* ---- the control word (4.7) ---- */

#define GET_REGS(n)	(HVCALL_GET_VP_REGISTERS | HV_REPS(n))
#define LIST(n)		(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | HV_REPS(n))

static const u32 unknown[] = {
	0, 0x5, 0x6, 0x7, 0xa, 0x16, 0x3f, 0x72, 0x75, 0x1ff, 0x200, 0x4000, 0x7fff, 0x8000, 0x8003,
	0x8004, 0x800f, 0x8010, 0x81ff, 0xc000, 0xffff,
};

static void test_codes(void)
{
	bool all = true;

	for (unsigned int i = 0; i < ARRAY_SIZE(unknown); i++) {
		u64 r = hypercall(unknown[i], (u64)in, (u64)out);

		if (r != HV_STATUS_INVALID_HYPERCALL_CODE) {
			printf("# code 0x%x: 0x%lx\n", unknown[i], r);
			all = false;
		}
		all &= hypercall(unknown[i] | HV_FAST, 0, 0) == HV_STATUS_INVALID_HYPERCALL_CODE;
		all &= hypercall(unknown[i] | HV_REPS(1), 3, 5) == HV_STATUS_INVALID_HYPERCALL_CODE;
	}
	check(all, "unknown codes [B-4-031 B-4-043 B-R2012-001]");
}

static bool refused(u64 control, u64 a, u64 b)
{
	u64 r = hypercall(control, a, b);

	if (r != HV_STATUS_INVALID_HYPERCALL_INPUT)
		printf("# control 0x%lx: 0x%lx\n", control, r);
	return r == HV_STATUS_INVALID_HYPERCALL_INPUT;
}

/* INVALID_HYPERCALL_INPUT, and nothing of the parameters looked at */
static void test_control_word(void)
{
	bool all = true, rep = true;

	for (unsigned int bit = 17; bit < 64; bit++) {
		if ((bit >= 32 && bit < 44) || (bit >= 48 && bit < 60))
			continue;
		if (bit < 27) {
			all &= refused(SPIN_WAIT | 1ULL << bit, 1, 0);
			continue;
		}
		rep &= refused(SPIN_WAIT | 1ULL << bit, 1, 0);
		rep &= refused(LIST(1) | 1ULL << bit, (u64)in, 0);
	}
	check(all, "a variable header for a call without [B-v50-005 B-4-032]");
	check(rep, "reserved bits [B-4-032 B-4-043]");

	check(refused(LIST(0), (u64)in, 0), "a rep call without reps [B-4-033]");
	check(refused(GET_REGS(0), (u64)in, (u64)out), "HvGetVpRegisters too [B-4-033]");
	check(refused(SPIN_WAIT | HV_REPS(1), 1, 0) & refused(SPIN_WAIT | HV_START(1), 1, 0) &
	      refused(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_REPS(4095), (u64)in, 0),
	      "reps for a simple call [B-4-034 B-4-036]");
	check(refused(LIST(5) | HV_START(5), (u64)in, 0) &
	      refused(LIST(1) | HV_START(4095), (u64)in, 0) &
	      refused(GET_REGS(3) | HV_START(4), (u64)in, (u64)out),
	      "start at or after the end [B-4-035]");
	/* every code answers the common statuses: one bad control word for each that is there */
	check(refused(1 | HV_REPS(1), 0, 0) & refused(2 | HV_REPS(1), 0, 0) & refused(3, 0, 0) &
	      refused(8 | HV_REPS(1), 0, 0) & refused(0xb | HV_REPS(1), 0, 0) &
	      refused(0x13 | HV_REPS(1), 0, 0) & refused(0x14, 0, 0) &
	      refused(0x15 | HV_REPS(1), 0, 0) & refused(0x50, 0, 0),
	      "on each call [B-4-056]");
}

/* ---- where parameters may be (4.6) ---- */

static u64 get_regs(u64 input, u64 output, unsigned int n)
{
	return hypercall(GET_REGS(n), input, output);
}

static void fill_get(u64 *block, unsigned int n, u32 name)
{
	u32 *names = (u32 *)(block + 2);

	block[0] = HV_PARTITION_ID_SELF;
	block[1] = HV_VP_INDEX_SELF;
	while (n--)
		names[n] = name;
}

static void test_alignment(void)
{
	u64 limit = GPA_LIMIT(phys_bits());
	const u16 bad = HV_STATUS_INVALID_ALIGNMENT;

	fill_get(in, 4, HV_REGISTER_VP_INDEX);
	check_eq(get_regs((u64)in, (u64)out, 4), HV_REPS(4), "a good call");
	for (unsigned int i = 1; i < 8; i++)
		check(get_regs((u64)in + i, (u64)out, 1) == bad &&
		      get_regs((u64)in, (u64)out + i, 1) == bad,
		      "parameters at +%u [B-4-019 B-4-020]", i);
	check_eq(get_regs((u64)in + 4096 - 16, (u64)out, 1), bad,
		 "input over the end of its page [B-4-021]");
	check_eq(get_regs((u64)in, (u64)out + 4096 - 8, 1), bad,
		 "output over the end of its page [B-4-021]");
	check_eq(get_regs((u64)in, (u64)out, 257), bad, "a list longer than a page [B-4-021]");
	check_eq(hypercall(LIST(4095), (u64)in, 0), bad, "the longest list there is [B-4-021]");
	/* exactly to the end is fine */
	fill_get(in + 512 - 3, 1, HV_REGISTER_VP_INDEX);
	check_eq(get_regs((u64)(in + 512 - 3), (u64)(out + 510), 1), HV_REPS(1),
		 "input and output that end with their pages [B-4-021]");

	check_eq(get_regs(limit, (u64)out, 1), bad, "input beyond the GPA space [B-4-022]");
	check_eq(get_regs((u64)in, limit, 1), bad, "output beyond the GPA space [B-4-022]");
	check_eq(get_regs(0xfffffffffffffff8ULL, (u64)out, 1), bad,
		 "input at the very end [B-4-022]");
	check_eq(get_regs((u64)in, 0xfffffffffffff000ULL, 1), bad,
		 "output at the very end [B-4-022]");
	check_eq(get_regs((u64)in, (u64)in, 1), bad, "input and output in one place [B-4-023]");
	check_eq(get_regs((u64)in, (u64)in + 16, 1), bad, "or overlapping [B-4-023]");
	fill_get(in, 1, HV_REGISTER_VP_INDEX);
	check_eq(get_regs((u64)in, (u64)in + 24, 1), HV_REPS(1),
		 "next to each other in one page is fine [B-4-023]");
	/* a block is padded to 8 bytes: a name alone ends at 20 */
	fill_get(in, 2, HV_REGISTER_VP_INDEX);
	((u32 *)in)[5] = 0xdeadbeef;
	check_eq(get_regs((u64)in, (u64)out, 1), HV_REPS(1), "padding is not looked at [B-4-001]");

	/* pointers a call has no use for */
	in[0] = 3;
	check_eq(hypercall(HVCALL_NOTIFY_LONG_SPIN_WAIT, (u64)in, limit + 3), 0,
		 "an output pointer nobody needs [B-4-024]");
	check_eq(hypercall(SPIN_WAIT, limit + 5, ~0ULL), 0,
		 "a fast call takes no pointers at all [B-4-041 B-18-013]");
}

/* ---- rep calls (4.2, 4.9) ---- */

static void test_rep(void)
{
	u32 *names = (u32 *)(in + 2);
	bool same = true;
	u64 r;

	/* an element that fails stops the list behind those done */
	fill_get(in, 10, HV_REGISTER_VP_INDEX);
	names[0] = HV_REGISTER_GUEST_OS_ID;
	names[6] = 0x7fffffff;
	memset(out, 0xee, sizeof(out));
	r = get_regs((u64)in, (u64)out, 10);
	check(hv_status(r) == HV_STATUS_INVALID_PARAMETER && hv_reps(r) == 6,
	      "an error in element 6 of 10 [B-4-004 B-4-005 HC-0050/INVALID_PARAMETER]");
	check(out[0] == GUEST_OS_ID && !out[1] && !out[2] && !out[10] && !out[11],
	      "the elements before it are done [B-4-004 B-4-051]");
	for (unsigned int i = 12; i < 20; i++)
		same &= out[i] == 0xeeeeeeeeeeeeeeeeULL;
	check(same, "those behind it are not [B-4-004]");

	/* from the middle */
	fill_get(in, 10, HV_REGISTER_GUEST_OS_ID);
	for (unsigned int i = 0; i < 5; i++)
		names[i] = 0x7fffffff;
	memset(out, 0xee, sizeof(out));
	r = hypercall(GET_REGS(10) | HV_START(5), (u64)in, (u64)out);
	check_eq(r, HV_REPS(10), "start 5 of 10: the count is absolute [B-4-007 B-4-048]");
	same = true;
	for (unsigned int i = 0; i < 10; i++)
		same &= out[i] == 0xeeeeeeeeeeeeeeeeULL;
	check(same, "outputs before the start are not touched [B-4-007]");
	same = true;
	for (unsigned int i = 10; i < 20; i += 2)
		same &= out[i] == GUEST_OS_ID && !out[i + 1];
	check(same, "those from it are there [B-4-007 B-4-051]");
	check_eq(out[20], 0xeeeeeeeeeeeeeeeeULL, "and none behind [B-4-051]");

	/* the list begins behind the fixed header */
	in[0] = 0;
	in[1] = 3;
	in[2] = 0;
	in[3] = (u64)page_a;
	check_eq(hypercall(LIST(1), (u64)in, 0), HV_REPS(1),
		 "flush of a list behind its 24 bytes [B-4-050]");
}

/* ---- continuation (4.3): interrupts in the middle of a long list ---- */

static volatile u32 irqs, irqs_inside;
static volatile u64 irq_rcx;
static u8 *call_place;

static void timer_irq(struct trap_frame *f)
{
	irqs++;
	if (f->rip == (u64)call_place && (f->rcx >> 48 & 0xfff)) {
		irqs_inside++;
		irq_rcx = f->rcx;
	}
	apic_eoi();
}

static void test_continuation(void)
{
	bool right = true;

	call_place = hypercall_page;
	set_handler(0x40, timer_irq);
	apic_write(0x3e0, 0xb);		/* by 1 */
	apic_write(0x320, 0x40);
	for (unsigned int i = 0; i < 400 && irqs_inside < 3; i++) {
		u64 r;

		fill_get(in, 250, HV_REGISTER_GUEST_OS_ID);
		memset(out, 0, sizeof(out));
		apic_write(0x380, 1000 + i * 997);
		irq_enable();
		r = hypercall(GET_REGS(250), (u64)in, (u64)out);
		irq_disable();
		apic_write(0x380, 0);
		right &= r == HV_REPS(250);
		for (unsigned int j = 0; j < 250; j++)
			right &= out[2 * j] == GUEST_OS_ID;
	}
	apic_write(0x320, 1 << 16);
	if (irqs_inside)
		check((irq_rcx & ~HV_START(0xfff)) == GET_REGS(250),
		      "interrupts inside a call: RIP at it, start index advanced "
		      "[B-4-008 B-4-010 B-1-001]");
	else
		skip("no interrupt hit a call", "interrupts inside a call [B-4-008 B-4-010]");
	check(right && irqs, "%u interrupts, all results right [B-4-006]", irqs);
}

/* ---- registers (4.7) ---- */

static struct all_regs before, after;

static void poison(struct all_regs *r)
{
	for (unsigned int i = 0; i < 16; i++) {
		r->gpr[i] = 0x1111111111111111ULL * i + 0x8000000000000000ULL;
		r->xmm[i][0] = 0xabcdef0000000000ULL + i;
		r->xmm[i][1] = 0x0123456789000000ULL + i;
	}
}

/* bit mask of general registers that differ, and 16 for any XMM */
static u32 changed(void)
{
	u32 mask = 0;

	for (unsigned int i = 0; i < 16; i++) {
		if (i != 4 && before.gpr[i] != after.gpr[i])
			mask |= 1U << i;
		if (memcmp(before.xmm[i], after.xmm[i], 16))
			mask |= 1U << 16;
	}
	return mask;
}

static void test_registers(void)
{
	poison(&before);
	before.gpr[1] = SPIN_WAIT;
	after = before;
	call_with_all(hypercall_page, &after);
	check_eq(changed(), 1 << 0, "a fast call changes RAX alone [B-4-040 B-v50-006 B-4-037]");
	check_eq(after.gpr[0], 0, "which holds the result [B-4-044]");

	poison(&before);
	before.gpr[1] = 0x7ff0;
	after = before;
	call_with_all(hypercall_page, &after);
	check_eq(changed(), 1 << 0, "so does one that fails [B-4-040 B-v50-006]");
	check_eq(after.gpr[0], HV_STATUS_INVALID_HYPERCALL_CODE, "with its status [B-4-044]");

	poison(&before);
	fill_get(in, 3, HV_REGISTER_GUEST_OS_ID);
	before.gpr[1] = GET_REGS(3);
	before.gpr[2] = (u64)in;
	before.gpr[8] = (u64)out;
	after = before;
	call_with_all(hypercall_page, &after);
	check(!(changed() & ~3U), "a rep call RAX and RCX at most [B-4-040 B-v50-006]");
	check_eq(after.gpr[0], HV_REPS(3), "through RCX, RDX and R8 [B-4-037 B-4-043]");
}

static void test_fast_xmm(void)
{
	u64 xmm[12] = { };

	/* 24 bytes: address space, flags, and the processor mask in XMM0 */
	xmm[0] = 1;
	for (unsigned int i = 1; i < 12; i++)
		xmm[i] = ~0ULL;
	check_eq(hypercall_xmm(HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE | HV_FAST, 0, 2, xmm), 0,
		 "flush with its mask in XMM0, garbage behind [B-4-045 B-4-047]");
	xmm[0] = 0;
	check_eq(hypercall_xmm(HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE | HV_FAST, 0, 2, xmm),
		 HV_STATUS_INVALID_PARAMETER, "a mask of zero in XMM0 [B-4-045]");
	/* 24 + 11 * 8 = 112 bytes: the last that fit */
	xmm[0] = 1;
	check_eq(hypercall_xmm(LIST(11) | HV_FAST, 0, 2, xmm), HV_REPS(11),
		 "112 bytes of fast input [B-4-045]");
	check_eq(hypercall_xmm(LIST(12) | HV_FAST, 0, 2, xmm), HV_STATUS_INVALID_HYPERCALL_INPUT,
		 "and not one more [B-4-042 B-4-045]");
}

static void test_fast_output(void)
{
	bool same = true;

	poison(&before);
	before.gpr[1] = GET_REGS(2) | HV_FAST;
	before.gpr[2] = HV_PARTITION_ID_SELF;
	before.gpr[8] = HV_VP_INDEX_SELF;
	before.xmm[0][0] = HV_REGISTER_GUEST_OS_ID | (u64)HV_REGISTER_VP_INDEX << 32;
	after = before;
	call_with_all(hypercall_page, &after);
	check_eq(after.gpr[0], HV_REPS(2), "two registers by the fast form [B-v50-002]");
	check(after.xmm[1][0] == GUEST_OS_ID && !after.xmm[1][1] && !after.xmm[2][0] &&
	      !after.xmm[2][1], "their values behind the input, in XMM1 and 2 [B-v50-002]");
	for (unsigned int i = 3; i < 16; i++)
		same &= !memcmp(before.xmm[i], after.xmm[i], 16);
	check(same && !memcmp(before.xmm[0], after.xmm[0], 16) && !(changed() & 0xfffc),
	      "and no other register changed [B-v50-002 B-v50-006]");

	before.gpr[1] = GET_REGS(2) | HV_FAST | HV_START(1);
	before.xmm[0][0] = HV_REGISTER_VP_INDEX | (u64)HV_REGISTER_GUEST_OS_ID << 32;
	after = before;
	call_with_all(hypercall_page, &after);
	check(after.gpr[0] == HV_REPS(2) && !memcmp(before.xmm[1], after.xmm[1], 16) &&
	      after.xmm[2][0] == GUEST_OS_ID,
	      "from start index 1: XMM1 as it was [B-v50-002 B-4-007]");

	/* 16 + 4 * 6 names padded, 6 * 16 of values: too much */
	before.gpr[1] = GET_REGS(6) | HV_FAST;
	after = before;
	call_with_all(hypercall_page, &after);
	check(hv_status(after.gpr[0]) == HV_STATUS_INVALID_HYPERCALL_INPUT && changed() == 1,
	      "output that does not fit [B-4-042 B-v50-002]");
}

/* ---- who may call what (4.10) ---- */

static const struct {
	u32 code;
	bool rep;
} privileged[] = {
	{ HVCALL_GET_PARTITION_PROPERTY, false }, { HVCALL_SET_PARTITION_PROPERTY, false },
	{ HVCALL_GET_PARTITION_ID, false }, { HVCALL_INSTALL_INTERCEPT, false },
	{ HVCALL_TRANSLATE_VIRTUAL_ADDRESS, false },
	{ HVCALL_ASSERT_VIRTUAL_INTERRUPT, false }, { HVCALL_CLEAR_VIRTUAL_INTERRUPT, false },
};

static void test_privileged(void)
{
	static const u64 ids[] = { HV_PARTITION_ID_SELF, 0, 1, 0xdeadbeef };

	for (unsigned int i = 0; i < ARRAY_SIZE(privileged); i++) {
		u64 control = privileged[i].code | (privileged[i].rep ? HV_REPS(1) : 0);
		bool all = true;

		for (unsigned int j = 0; j < ARRAY_SIZE(ids); j++) {
			memset(in, 0, sizeof(in));
			in[0] = ids[j];
			all &= hypercall(control, (u64)in, (u64)out) == HV_STATUS_ACCESS_DENIED;
		}
		check(all, "0x%04x is not a guest's [HC-%04X/ACCESS_DENIED B-4-052 B-4-055]",
		      privileged[i].code, privileged[i].code);
	}
	/* about others: whether they exist is none of a guest's business */
	fill_get(in, 1, HV_REGISTER_VP_INDEX);
	in[0] = 1;
	check_eq(get_regs((u64)in, (u64)out, 1), HV_STATUS_ACCESS_DENIED,
		 "registers of partition 1 [HC-0050/ACCESS_DENIED B-4-055]");
	in[0] = 0xdeadbeef;
	check_eq(get_regs((u64)in, (u64)out, 1), HV_STATUS_ACCESS_DENIED,
		 "of one that does not exist [HC-0050/ACCESS_DENIED B-4-055]");
	in[0] = HV_PARTITION_ID_SELF;
	in[1] = 4;
	check_eq(get_regs((u64)in, (u64)out, 1), HV_STATUS_INVALID_VP_INDEX,
		 "of a VP that does not exist [HC-0050/INVALID_VP_INDEX]");
	in[1] = 0xfffffff0;
	check_eq(get_regs((u64)in, (u64)out, 1), HV_STATUS_INVALID_VP_INDEX,
		 "nor this one [HC-0050/INVALID_VP_INDEX]");
	in[1] = HV_VP_INDEX_SELF | 1ULL << 32;
	check_eq(get_regs((u64)in, (u64)out, 1), HV_STATUS_INVALID_PARAMETER, "of another VTL");
}

static void test_own_registers(void)
{
	static const u32 names[] = {
		HV_REGISTER_GUEST_OS_ID, HV_X64_REGISTER_HYPERCALL, HV_REGISTER_VP_INDEX,
		HV_X64_REGISTER_CR3, HV_X64_REGISTER_CR4, HV_X64_REGISTER_RBX,
	};

	memset(in, 0, sizeof(in));
	in[0] = HV_PARTITION_ID_SELF;
	memcpy(in + 2, names, sizeof(names));
	poison(&before);
	before.gpr[1] = GET_REGS(ARRAY_SIZE(names));
	before.gpr[2] = (u64)in;
	before.gpr[8] = (u64)out;
	after = before;
	call_with_all(hypercall_page, &after);
	check_eq(after.gpr[0], HV_REPS(ARRAY_SIZE(names)), "own registers, VP 0 by number");
	check(out[0] == GUEST_OS_ID && out[2] == rdmsr(HV_X64_MSR_HYPERCALL) && out[4] == 0 &&
	      out[6] == read_cr(3) && out[8] == read_cr(4) && out[10] == before.gpr[3],
	      "as the VP itself sees them [HC-0050 B-10-040]");
}

/* ---- where calls may come from (4.5) ---- */

static u64 result32(const struct mode_regs *r)
{
	return (u64)r->edx << 32 | r->eax;
}

static void test_x86_map(enum run_mode mode, const char *name)
{
	struct mode_regs r = { .eax = HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, .ebx = 0x11, .ecx = 1,
			       .esi = 0x55, .edi = 0x66, .ebp = 0x77 };

	run_mode(mode, &r);
	check(!result32(&r) && r.ebx == 0x11 && r.ecx == 1 && r.esi == 0x55 && r.edi == 0x66 &&
	      r.ebp == 0x77, "%s: a fast call by the x86 map [B-4-017 B-4-039 B-4-040]", name);

	r.eax = 0x7ff0;
	r.edx = 0;
	run_mode(mode, &r);
	check_eq(result32(&r), HV_STATUS_INVALID_HYPERCALL_CODE,
		 "%s: EDX and EAX hold the result [B-4-038 B-4-044]", name);

	/* EBX:ECX input, EDI:ESI output, reps in EDX */
	fill_get(in, 3, HV_REGISTER_GUEST_OS_ID);
	memset(out, 0, sizeof(out));
	r = (struct mode_regs){ .eax = HVCALL_GET_VP_REGISTERS, .edx = 3, .ecx = (u32)(u64)in,
				.esi = (u32)(u64)out };
	run_mode(mode, &r);
	check(result32(&r) == HV_REPS(3) && out[0] == GUEST_OS_ID && out[4] == GUEST_OS_ID,
	      "%s: parameters in memory [B-4-038 B-4-066]", name);
	r = (struct mode_regs){ .eax = HVCALL_GET_VP_REGISTERS, .edx = 3, .ecx = (u32)(u64)in,
				.ebx = 0xffff, .esi = (u32)(u64)out };
	run_mode(mode, &r);
	check_eq(result32(&r), HV_STATUS_INVALID_ALIGNMENT,
		 "%s: EBX is the input's high half [B-4-038]", name);
	/* XMM output is for 64-bit callers */
	r = (struct mode_regs){ .eax = HVCALL_GET_VP_REGISTERS | HV_FAST, .edx = 1, .ecx = ~0U,
				.ebx = ~0U, .esi = HV_VP_INDEX_SELF };
	run_mode(mode, &r);
	check_eq(hv_status(result32(&r)), HV_STATUS_INVALID_HYPERCALL_INPUT,
		 "%s: no fast output [B-v50-002]", name);
}

static void test_modes(void)
{
	u64 rax;

	test_x86_map(MODE_COMPAT, "compatibility mode");
	test_x86_map(MODE_PROTECTED, "protected mode");
	check_eq(run_user(user_call64, true, &rax), UD_FAULT, "CPL 3: #UD [B-4-014]");
	check_eq(run_user(user_call32, false, &rax), UD_FAULT, "CPL 3, 32-bit: #UD [B-4-016]");
	check_eq(run_mode(MODE_REAL, NULL), UD_FAULT, "real mode: #UD [B-4-015 B-11-005]");
	check_eq(run_mode(MODE_V86, NULL), UD_FAULT, "virtual 8086 mode: #UD [B-4-016]");
	check_eq(hypercall(SPIN_WAIT, 1, 0), 0, "and back home it works");
}

/* ---- locked for good (5.0) ---- */

static void test_lock(void)
{
	u64 locked = (u64)hypercall_page | 3;

	wrmsr(HV_X64_MSR_HYPERCALL, locked);
	check_eq(rdmsr(HV_X64_MSR_HYPERCALL), locked,
		 "locked [B-v50-007 MSR-40000001 CPUID-40000003-EDX-18]");
	check_eq(wrmsr_safe(HV_X64_MSR_HYPERCALL, (u64)page_a | 1), GP_FAULT,
		 "then it cannot be moved [B-v50-007 MSR-40000001]");
	check_eq(wrmsr_safe(HV_X64_MSR_HYPERCALL, 0), GP_FAULT, "nor disabled [B-v50-007]");
	check(rdmsr(HV_X64_MSR_HYPERCALL) == locked && !hypercall(SPIN_WAIT, 1, 0),
	      "and works on [B-v50-007]");
	/* taking the id back ends the interface, but only a reset the lock */
	wrmsr(HV_X64_MSR_GUEST_OS_ID, 0);
	wrmsr(HV_X64_MSR_GUEST_OS_ID, GUEST_OS_ID);
	check_eq(rdmsr(HV_X64_MSR_HYPERCALL), locked & ~1ULL,
		 "without an OS id it is off and stays locked [B-v50-007 B-3-018]");
	check_eq(wrmsr_safe(HV_X64_MSR_HYPERCALL, (u64)page_a | 1), GP_FAULT,
		 "for good [B-v50-007]");
}

void payload(void);

void payload(void)
{
	apic_enable(false);
	nr_cpus = start_aps();
	check_eq(nr_cpus, 4, "four VPs");
	test_before();
	test_os_id();
	test_page();
	hv_enable();
	test_codes();
	test_control_word();
	test_alignment();
	test_rep();
	test_continuation();
	test_registers();
	test_fast_xmm();
	test_fast_output();
	test_privileged();
	test_own_registers();
	test_modes();
	test_lock();
}
