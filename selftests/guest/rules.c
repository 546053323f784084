// SPDX-License-Identifier: GPL-2.0-only
/*
 * rules.c - rules that run through the whole specification: types, reserved fields, what is not
 * there, overlays, atomicity (TLFS 1, 2, 4, 8, 11, 25, and the Requirements of 2012)
 */
#include "guest.h"

static u64 in[512] __page_aligned, out[512] __page_aligned;
static u8 page[4096] __page_aligned;
static u64 high_pdpt[512] __page_aligned, high_pd[512] __page_aligned;
extern u64 pml4[];

#define GET_REGS(n)	(HVCALL_GET_VP_REGISTERS | HV_REPS(n))
#define HIGH_GPA	0x140000000ULL		/* above 4 GiB; nothing is mapped there */
#define HIGH_GVA	0x8000000000ULL

static void fill_get(unsigned int n, u32 name)
{
	u32 *names = (u32 *)(in + 2);

	memset(in, 0, sizeof(in));
	in[0] = HV_PARTITION_ID_SELF;
	((u32 *)in)[2] = HV_VP_INDEX_SELF;
	while (n--)
		names[n] = name;
}

/* ---- chapter 1, 2 and 4: numbers and blocks ---- */

static void test_types(void)
{
	const u8 *bytes = (const u8 *)out;
	u32 *words = (u32 *)in;
	u64 r;

	fill_get(1, HV_REGISTER_GUEST_OS_ID);
	memset(out, 0xee, sizeof(out));
	r = hypercall(GET_REGS(1), (u64)in, (u64)out);
	check(r == HV_REPS(1), "a status is 16 bits, what is between it and the count is zero "
	      "[B-2-001 B-4-049]");
	check(bytes[7] == 0x81 && bytes[3] == 0x06 && bytes[2] == 0x01 && !bytes[0],
	      "little-endian [B-2-004]");
	check(!out[1] && out[2] == 0xeeeeeeeeeeeeeeeeULL,
	      "what a value does not fill is zero, and nothing is behind it [B-4-002]");

	/* PartitionId at 0, VpIndex at 8, VTL in the byte at 12, names of 4 bytes from 16 */
	words[2] = 0x1234;
	check_eq(hypercall(GET_REGS(1), (u64)in, (u64)out), HV_STATUS_INVALID_VP_INDEX,
		 "fields of 4 bytes at multiples of 4 [B-2-003 B-4-003]");
	words[2] = HV_VP_INDEX_SELF;
	words[3] = 1;
	check_eq(hypercall(GET_REGS(1), (u64)in, (u64)out), HV_STATUS_INVALID_PARAMETER,
		 "fields of a byte one after the other [B-2-003 B-4-003]");
	words[3] = 1 << 8;
	check_eq(hypercall(GET_REGS(1), (u64)in, (u64)out), HV_STATUS_INVALID_PARAMETER,
		 "a reserved field that is not zero [B-1-003]");
	words[3] = 0;
	words[5] = 0x7fffffff;
	r = hypercall(GET_REGS(2), (u64)in, (u64)out);
	check(hv_reps(r) == 1 && hv_status(r) == HV_STATUS_INVALID_PARAMETER,
	      "elements are packed [B-2-003 B-4-003]");

	/* nothing of the last call's output comes out of one that fails */
	memset(out, 0xee, sizeof(out));
	words[4] = 0x7fffffff;
	hypercall(GET_REGS(2), (u64)in, (u64)out);
	check(out[0] == 0xeeeeeeeeeeeeeeeeULL || !out[0],
	      "output of a call that failed [B-4-054]");
}

static void test_reserved_bits(void)
{
	u64 base = (u64)page;
	bool kept = true;

	for (u32 msr = HV_X64_MSR_SIEFP; msr <= HV_X64_MSR_SIMP; msr++) {
		wrmsr(msr, base | 0xffe);
		kept &= rdmsr(msr) == (base | 0xffe);
		wrmsr(msr, base);
		kept &= rdmsr(msr) == base;
		wrmsr(msr, 0);
	}
	check(kept && wrmsr_safe(HV_X64_MSR_RESET, 2) == GP_FAULT,
	      "preserved bits are, zero bits have to be [B-1-003]");
}

static void map_high(void)
{
	high_pd[0] = HIGH_GPA | 0x83;
	high_pdpt[0] = (u64)high_pd | 3;
	pml4[1] = (u64)high_pdpt | 3;
	write_cr(3, read_cr(3));
}

static u64 call_at(u64 code, u64 input, u64 a)
{
	register u64 r8 asm("r8") = 0;
	u64 ret;

	asm volatile("call *%4" : "=a" (ret), "+c" (input), "+d" (a), "+r" (r8)
		     : "r" (code) : "memory", "cc", "r9", "r10", "r11");
	return ret;
}

/* every register that holds a page number takes one above 4 GiB */
static void test_high(void)
{
	static const u32 pages[] = {
		HV_X64_MSR_SIEFP, HV_X64_MSR_SIMP, HV_X64_MSR_VP_ASSIST_PAGE,
	};
	volatile u64 *at = (volatile u64 *)(HIGH_GVA + 5 * PAGE_SIZE);
	u64 v;
	bool ok = true;

	map_high();
	wrmsr(HV_X64_MSR_HYPERCALL, HIGH_GPA + 3 * PAGE_SIZE + 1);
	check_eq(call_at(HIGH_GVA + 3 * PAGE_SIZE, HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, 1), 0,
		 "hypercall page above 4 GiB: its number is the address over 4096 "
		 "[B-1-002 B-2-002]");
	wrmsr(HV_X64_MSR_HYPERCALL, (u64)hypercall_page | 1);
	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		wrmsr(pages[i], HIGH_GPA + 5 * PAGE_SIZE + 1);
		ok &= !read_safe(at, &v);
		*at = 0x1000 + i;
		ok &= *at == 0x1000 + i;
		/* the same page wherever it is */
		wrmsr(pages[i], (u64)page | 1);
		ok &= *(u64 *)page == 0x1000 + i;
		*(u64 *)page = 0;
		wrmsr(pages[i], 0);
	}
	check(ok, "SIEFP, SIMP, assist page too [B-1-002 B-2-002]");
	in[0] = HV_PARTITION_ID_SELF;
	wrmsr(HV_X64_MSR_SIMP, HIGH_GPA + 5 * PAGE_SIZE + 1);
	memcpy((void *)at, in, 64);
	v = hypercall(GET_REGS(1), HIGH_GPA + 5 * PAGE_SIZE, (u64)out);
	check(hv_status(v) == HV_STATUS_SUCCESS || hv_status(v) == HV_STATUS_INVALID_PARAMETER,
	      "parameters in an overlay page: undefined, and it is status 0x%x [B-4-029]",
	      hv_status(v));
	/* page tables in one: a fault or a mapping, and the guest lives */
	for (unsigned int i = 0; i < 8; i++)
		((volatile u64 *)at)[i] = 0x83;
	pml4[2] = (HIGH_GPA + 5 * PAGE_SIZE) | 3;
	read_safe((void *)0x10000000000ULL, &v);
	pml4[2] = 0;
	write_cr(3, read_cr(3));
	wrmsr(HV_X64_MSR_SIMP, 0);
	check(true, "page tables in an overlay page: we are still here [B-8-017]");
}

/* ---- overlays (8.1.3) ---- */

static void test_overlays(void)
{
	volatile u64 *p = (volatile u64 *)page;
	u64 base = (u64)page | 1;

	*p = 0x11;
	wrmsr(HV_X64_MSR_SIMP, base);
	*p = 0x22;
	wrmsr(HV_X64_MSR_SIEFP, base);
	*p = 0x33;
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, base);
	*p = 0x44;
	check(*p == 0x44, "three overlays at one page: the last is seen [B-8-016]");
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0);
	check_eq(*p, 0x33, "the next appears when it goes [B-8-016]");
	wrmsr(HV_X64_MSR_SIMP, 0);
	check_eq(*p, 0x33, "one below that goes is not noticed [B-8-016 B-14-053]");
	wrmsr(HV_X64_MSR_SIEFP, 0);
	check_eq(*p, 0x11, "and at last the memory itself [B-8-016 B-8-015]");
	wrmsr(HV_X64_MSR_SIMP, base);
	check_eq(*p, 0x22, "an overlay keeps what is in it [B-8-015]");
	wrmsr(HV_X64_MSR_SIMP, (u64)in | 1);
	check_eq(*p, 0x11, "moved: the memory below is back [B-8-015]");
	wrmsr(HV_X64_MSR_SIMP, 0);
}

/* ---- calls that are not there (25; Requirements of 2012) ---- */

static const struct {
	u16 first, last;
	const char *ids;
} reserved_calls[] = {
	{ 0x0005, 0x0007, "HC-0005-0007" },
	{ 0x0016, 0x003f, "HC-0016-003F" },
	{ 0x0072, 0x0075, "HC-0071-0075" },
	{ 0x007f, 0x007f, "HC-007F" },
	{ 0x0098, 0x0098, "HC-0098" },
	{ 0x009b, 0x00ab, "HC-009B-00AE" },
	{ 0x00ae, 0x00ae, "HC-009B-00AE" },
	/* no nested virtualization, and leaf 0x4000000a says so */
	{ 0x00af, 0x00b0, "HC-00AF HC-00B0" },
	{ 0x0200, 0x0210, "B-R2012-001" },
	{ 0x7ff0, 0x7fff, "B-R2012-001" },
	{ 0xfff0, 0xffff, "B-R2012-001" },
};

static void test_reserved_calls(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(reserved_calls); i++) {
		bool ok = true;

		for (u32 c = reserved_calls[i].first; c <= reserved_calls[i].last; c++) {
			ok &= hypercall(c, (u64)in, (u64)out) == HV_STATUS_INVALID_HYPERCALL_CODE;
			ok &= hypercall(c | HV_FAST, 0, 0) == HV_STATUS_INVALID_HYPERCALL_CODE;
			ok &= hypercall(c | HV_REPS(1), (u64)in, (u64)out) ==
			      HV_STATUS_INVALID_HYPERCALL_CODE;
		}
		check(ok, "calls 0x%04x to 0x%04x are reserved [%s]", reserved_calls[i].first,
		      reserved_calls[i].last, reserved_calls[i].ids);
	}
}

/* calls of a parent, none of which a partition without CreatePartitions may make */
static const u16 parent_calls[] = {
	HVCALL_GET_PARTITION_PROPERTY, HVCALL_SET_PARTITION_PROPERTY, HVCALL_INSTALL_INTERCEPT,
	HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL,
	HVCALL_TRANSLATE_VIRTUAL_ADDRESS, HVCALL_CLEAR_VIRTUAL_INTERRUPT,
};

static void test_parent_calls(void)
{
	bool all = true;
	u16 s;

	memset(in, 0, sizeof(in));
	in[0] = HV_PARTITION_ID_SELF;
	for (unsigned int i = 0; i < ARRAY_SIZE(parent_calls); i++) {
		s = hv_status(hypercall(parent_calls[i], (u64)in, (u64)out));
		if (s != HV_STATUS_ACCESS_DENIED)
			printf("# 0x%x: 0x%x\n", parent_calls[i], s);
		all &= s == HV_STATUS_ACCESS_DENIED;
	}
	check(all,
	      "calls on children want CreatePartitions [B-5-012 B-5-045 HC-0094/ACCESS_DENIED]");
	check_eq(hv_status(hypercall(HVCALL_GET_PARTITION_ID, 0, (u64)out)),
		 HV_STATUS_ACCESS_DENIED,
		 "a privilege is missing, not the call [B-5-011 HC-0046/ACCESS_DENIED]");
}

/* ---- registers that are not there ---- */

static void test_unlisted_msrs(void)
{
	static const struct {
		u32 first, last;
	} holes[] = {
		{ 0x40000004, 0x4000000f }, { 0x40000011, 0x4000001f }, { 0x40000024, 0x4000003f },
		{ 0x40000041, 0x4000006f }, { 0x40000074, 0x4000007f }, { 0x40000086, 0x4000008f },
		{ 0x400000a0, 0x400000af }, { 0x400000b8, 0x400000bf }, { 0x400000c4, 0x400000d0 },
		{ 0x400000d4, 0x400000df }, { 0x400000e4, 0x400000ef }, { 0x400000f6, 0x400000ff },
	};
	bool ok = true;
	u64 v;

	for (unsigned int i = 0; i < ARRAY_SIZE(holes); i++)
		for (u32 msr = holes[i].first; msr <= holes[i].last; msr++)
			if (rdmsr_safe(msr, &v) != GP_FAULT || wrmsr_safe(msr, 0) != GP_FAULT) {
				printf("# MSR 0x%x\n", msr);
				ok = false;
			}
	check(ok, "the synthetic registers nobody lists [B-AH-001]");
}

/* ---- atomicity ---- */

#define ID_A	0x8111111111111111ULL
#define ID_B	0x8222222222222222ULL

static volatile u32 stop;

static void toggle_id(void *arg)
{
	(void)arg;
	while (!stop) {
		wrmsr(HV_X64_MSR_GUEST_OS_ID, ID_A);
		wrmsr(HV_X64_MSR_GUEST_OS_ID, ID_B);
	}
}

static void test_atomic(void)
{
	bool whole = true;
	u64 r;

	wrmsr(HV_X64_MSR_GUEST_OS_ID, ID_A);
	fill_get(8, HV_REGISTER_GUEST_OS_ID);
	on_cpu_async(1, toggle_id, NULL);
	for (unsigned int i = 0; i < 40; i++) {
		r = hypercall(GET_REGS(8), (u64)in, (u64)out);
		whole &= r == HV_REPS(8);
		for (unsigned int n = 0; n < 8; n++)
			whole &= out[2 * n] == ID_A || out[2 * n] == ID_B;
	}
	stop = 1;
	while (!cpu_idle(1))
		cpu_relax();
	check(whole, "elements are read whole while another VP writes [B-4-012 B-4-013]");
	wrmsr(HV_X64_MSR_GUEST_OS_ID, GUEST_OS_ID);
}

/* ---- four timers at one time (15.3) ---- */

static void test_timers_together(void)
{
	volatile u32 *type = (volatile u32 *)page;
	u64 when, end;
	u32 came = 0;

	memset(page, 0, sizeof(page));
	wrmsr(HV_X64_MSR_SIMP, (u64)page | 1);
	wrmsr(HV_X64_MSR_SCONTROL, 1);
	for (u32 i = 0; i < 4; i++)
		wrmsr(HV_X64_MSR_SINT0 + 4 + i, 0x40000 | 0x80 | i);
	when = rdmsr(HV_X64_MSR_TIME_REF_COUNT) + 50000;
	for (u32 i = 0; i < 4; i++) {
		wrmsr(HV_X64_MSR_STIMER0_CONFIG + 2 * i, (4 + i) << 16 | 1 << 3);
		wrmsr(HV_X64_MSR_STIMER0_COUNT + 2 * i, when);
	}
	end = when + 20000000;
	while (came != 0xf && rdmsr(HV_X64_MSR_TIME_REF_COUNT) < end)
		for (u32 i = 0; i < 4; i++)
			if (type[(4 + i) * 64] == HVMSG_TIMER_EXPIRED)
				came |= 1 << i;
	check_eq(came, 0xf, "four timers of one time all expire, in whatever order [B-15-017]");
	for (u32 i = 0; i < 4; i++)
		wrmsr(HV_X64_MSR_SINT0 + 4 + i, 0x10000);
	wrmsr(HV_X64_MSR_SCONTROL, 0);
	wrmsr(HV_X64_MSR_SIMP, 0);
}

/* parameters the guest reaches uncached are the same parameters (12.1.3) */
static void test_uncached(void)
{
	volatile u64 *at;
	u64 r;

	/* our own page once more, with PCD and PWT */
	high_pd[1] = ((u64)in & ~0x1fffffULL) | 0x9b;
	write_cr(3, read_cr(3));
	at = (volatile u64 *)(HIGH_GVA + 0x200000 + ((u64)in & 0x1fffff));
	fill_get(1, HV_REGISTER_VP_INDEX);
	((volatile u32 *)at)[4] = HV_REGISTER_GUEST_OS_ID;
	r = hypercall(GET_REGS(1), (u64)in, (u64)out);
	check(r == HV_REPS(1) && out[0] == GUEST_OS_ID,
	      "parameters written through an uncached mapping [B-12-018]");
	high_pd[1] = 0;
	write_cr(3, read_cr(3));
}

/* ---- chapter 11 ---- */

static volatile u32 smi_seen;

static void on_smi(struct trap_frame *f)
{
	(void)f;
	smi_seen++;
	apic_eoi();
}

static void test_smm(void)
{
	u64 fault, r;

	asm volatile("xor %%esi, %%esi\n"
		     "1:	rsm\n"
		     "	jmp 3f\n"
		     "2:	mov %%rax, %%rsi\n"
		     "3:\n" EX_TABLE(1b, 2b)
		     : "=&S" (fault), "=a" (r) : : "memory");
	set_handler(0, on_smi);
	/* delivery mode 2 to ourselves */
	apic_icr(apic_id(), 0x4200);
	irq_enable();
	for (unsigned int i = 0; i < 100; i++)
		cpu_relax();
	irq_disable();
	check(fault == UD_FAULT && !smi_seen, "no SMM: RSM is #UD, an SMI is nothing [B-11-008]");
}

static void test_processor(void)
{
	u32 r[4];
	u64 v;

	check(read_safe((void *)0xffff900000000000ULL, &v) == PF_FAULT &&
	      read_safe((void *)0x800000000000ULL, &v) == GP_FAULT,
	      "page and canonical faults as the manuals have them [B-11-001]");
	cpuid(0x80000008, 0, r);
	check(wrmsr_safe(HV_X64_MSR_SIMP, 1ULL << (r[0] & 0xff)) != UD_FAULT &&
	      wrmsr_safe(HV_X64_MSR_HYPERCALL, 1ULL << (r[0] & 0xff) | 1) == GP_FAULT &&
	      !wrmsr_safe(HV_X64_MSR_VP_ASSIST_PAGE, (1ULL << (r[0] & 0xff)) - PAGE_SIZE),
	      "the GPA space is as wide as CPUID says [B-8-006]");
	wrmsr(HV_X64_MSR_SIMP, 0);
	check(!hypercall_safe(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, 1, 0, &v) && !v,
	      "the instruction outside of the hypercall page works here [B-4-018]");
}

void payload(void);

void payload(void)
{
	apic_enable(false);
	hv_enable();
	check_eq(start_aps(), 4, "four VPs");
	test_types();
	test_reserved_bits();
	test_high();
	test_overlays();
	test_reserved_calls();
	test_parent_calls();
	test_unlisted_msrs();
	test_atomic();
	test_timers_together();
	test_uncached();
	test_smm();
	test_processor();
}
