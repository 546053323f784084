// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmu.c - the virtual MMU (TLFS 12): flushes by hypercall on one and on all VPs, sparse VP sets,
 * address space switch, and what the processor's own flushes do
 */
#include "modes.h"

#define ALL_CPUS	HV_FLUSH_ALL_PROCESSORS
#define ALL_SPACES	HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES
#define NON_GLOBAL	HV_FLUSH_NON_GLOBAL_MAPPINGS_ONLY
#define EX_RANGES	HV_FLUSH_USE_EXTENDED_RANGE_FORMAT

#define SPACE		HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE
#define SPACE_EX	HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX
#define LIST(n)		(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | HV_REPS(n))
#define LIST_EX(n)	(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | HV_REPS(n))
#define SWITCH		HVCALL_SWITCH_VIRTUAL_ADDRESS_SPACE

#define BAD		HV_STATUS_INVALID_PARAMETER

static u64 in[512] __page_aligned;
static u8 pages[2][4096] __page_aligned, window[4096] __page_aligned;
static volatile u64 *pte;
static unsigned int nr_cpus, phys_bits;

/* ---- one flush: three words and a list ---- */

static u64 flush(u64 control, u64 space, u64 flags, u64 mask, u64 range)
{
	in[0] = space;
	in[1] = flags;
	in[2] = mask;
	in[3] = range;
	return hypercall(control, (u64)in, 0);
}

static u64 flush_ex(u64 control, u64 flags, u64 format, u64 valid, unsigned int banks)
{
	in[0] = read_cr(3);
	in[1] = flags;
	in[2] = format;
	in[3] = valid;
	return hypercall(control | HV_VAR(banks), (u64)in, 0);
}

/* ---- flags and operands ---- */

static void test_space_flags(void)
{
	u64 cr3 = read_cr(3), beyond = 1ULL << phys_bits;
	bool all = true;

	for (u64 flags = 0; flags < 8; flags++)
		all &= !flush(SPACE, cr3, flags, 0xf, 0);
	check(all, "HvFlushVirtualAddressSpace with all flags [HC-0002 B-12-026]");
	all = true;
	for (unsigned int bit = 3; bit < 64; bit++)
		all &= flush(SPACE, cr3, 1ULL << bit, 1, 0) == BAD;
	check(all, "reserved flags [HC-0002/INVALID_PARAMETER B-12-020]");
	check_eq(flush(SPACE, cr3, 0, 0, 0), BAD, "no processor [HC-0002/INVALID_PARAMETER]");
	check_eq(flush(SPACE, beyond, 0, 1, 0), BAD,
		 "an address space beyond memory [HC-0002/INVALID_PARAMETER]");
	check_eq(flush(SPACE, 1ULL << 63 | cr3, 0, 1, 0), BAD,
		 "reserved bits of CR3 [HC-0002/INVALID_PARAMETER]");
	check_eq(flush(SPACE, ~0ULL, ALL_SPACES, 1, 0), 0,
		 "all address spaces: the operand is ignored [B-12-027 PROP-flush-flag-0x2]");
	check_eq(flush(SPACE, cr3, ALL_CPUS, 0, 0), 0,
		 "all processors: no mask needed [B-12-027 PROP-flush-flag-0x1]");
	check_eq(flush(SPACE, ~0ULL, ALL_CPUS | ALL_SPACES, 0x123456789abcdef0, 0), 0,
		 "all of all: garbage in both [B-12-027]");
	check_eq(flush(SPACE, cr3, 0, ~0ULL, 0), 0, "VPs that do not exist [B-12-025]");
	check_eq(flush(SPACE, cr3, 0, 1ULL << 63, 0), 0, "none that exists [B-12-025]");
	check_eq(flush(SPACE, 0, 0, 1, 0), 0, "some other address space [B-12-019]");
}

static void test_list_flags(void)
{
	u64 cr3 = read_cr(3);
	bool all = true;

	for (u64 flags = 0; flags < 4; flags++)
		all &= flush(LIST(1), cr3, flags, 0xf, (u64)window) == HV_REPS(1);
	check(all, "HvFlushVirtualAddressList with all flags [HC-0003]");
	check(flush(LIST(1), cr3, NON_GLOBAL, 1, 0) == BAD &&
	      flush(LIST(1), cr3, NON_GLOBAL | ALL_CPUS | ALL_SPACES, 1, 0) == BAD,
	      "non-global only is not for lists [HC-0003/INVALID_PARAMETER PROP-flush-flag-0x4]");
	all = true;
	for (unsigned int bit = 4; bit < 64; bit++)
		all &= flush(LIST(1), cr3, 1ULL << bit, 1, 0) == BAD;
	check(all, "reserved flags [HC-0003/INVALID_PARAMETER B-12-020]");
	check_eq(flush(LIST(1), cr3, 0, 0, 0), BAD, "no processor [HC-0003/INVALID_PARAMETER]");
	check_eq(flush(LIST(1), 1ULL << phys_bits, 0, 1, 0), BAD,
		 "an address space beyond memory [HC-0003/INVALID_PARAMETER]");
	check_eq(flush(LIST(1), ~0ULL, ALL_SPACES, 1, 0), HV_REPS(1),
		 "all address spaces: the operand is ignored [B-12-027]");
	check_eq(flush(LIST(1), cr3, 0, 1, 0xfff), HV_REPS(1), "4096 pages [B-12-028]");
	check_eq(flush(LIST(1), cr3, 0, 1, 0x8000000000000000), HV_REPS(1),
		 "no canonical address [B-12-029]");
	check_eq(flush(LIST(1), cr3, 0, 1, ~0ULL), HV_REPS(1), "the end of all [B-12-029]");
	memset(in, 0, sizeof(in));
	in[2] = 1;
	check_eq(hypercall(LIST(509), (u64)in, 0), HV_REPS(509), "as many as fit a page [HC-0003]");
	check_eq(hypercall(LIST(510), (u64)in, 0), HV_STATUS_INVALID_ALIGNMENT, "and one more");
	check_eq(hypercall(LIST(509) | HV_START(100), (u64)in, 0), HV_REPS(509),
		 "from the middle [HC-0003 B-4-048]");
	check_eq(flush(LIST(1), cr3, EX_RANGES, 1, (u64)window | 1 << 11), HV_REPS(1),
		 "extended ranges [B-v50-012 CPUID-40000003-EDX-14]");
	check_eq(flush(SPACE, cr3, EX_RANGES, 1, 0), BAD, "are for lists [B-v50-012]");
}

/* ---- sparse sets (5.0) ---- */

static void test_ex(void)
{
	bool all = true;

	in[4] = 0xf;
	for (u64 flags = 0; flags < 8; flags++)
		all &= !flush_ex(SPACE_EX, flags, 0, 1, 1);
	check(all, "HvFlushVirtualAddressSpaceEx with all flags [HC-0013 B-v50-001]");
	all = true;
	for (unsigned int bit = 3; bit < 64; bit++)
		all &= flush_ex(SPACE_EX, 1ULL << bit, 0, 1, 1) == BAD;
	check(all, "reserved flags [HC-0013/INVALID_PARAMETER]");
	check_eq(flush_ex(SPACE_EX, 0, 1, 0, 0), 0, "the set of all VPs [HC-0013]");
	check_eq(flush_ex(SPACE_EX, 0, 0, 0, 0), 0, "the empty set [HC-0013]");
	check_eq(flush_ex(SPACE_EX, 0, 2, 1, 1), BAD, "unknown format [HC-0013/INVALID_PARAMETER]");
	check_eq(flush_ex(SPACE_EX, 0, ~0ULL, 1, 1), BAD,
		 "no format at all [HC-0013/INVALID_PARAMETER]");
	memset(in + 4, 0xff, 64 * 8);
	check_eq(flush_ex(SPACE_EX, 0, 0, ~0ULL, 64), 0, "all banks, all bits [HC-0013 B-12-025]");
	check_eq(flush_ex(SPACE_EX, 0, 0, 1ULL << 63, 1), 0, "the last bank alone [HC-0013]");
	/* as many banks as the mask has bits */
	check_eq(flush_ex(SPACE_EX, 0, 0, 3, 1), HV_STATUS_INVALID_HYPERCALL_INPUT,
		 "a bank too few [B-v50-001]");
	check_eq(flush_ex(SPACE_EX, 0, 0, 1, 2), HV_STATUS_INVALID_HYPERCALL_INPUT,
		 "a bank too many [B-v50-001]");
	check_eq(flush_ex(SPACE_EX, 0, 0, ~0ULL, 0), HV_STATUS_INVALID_HYPERCALL_INPUT,
		 "64 banks that are not there [B-v50-001]");
	check_eq(flush_ex(SPACE_EX, 0, 0, 1, 1023), HV_STATUS_INVALID_ALIGNMENT,
		 "a header longer than the page [B-v50-001]");

	/* the list begins behind the banks */
	in[4] = 0xf;
	in[5] = (u64)window;
	check_eq(flush_ex(LIST_EX(1), 0, 0, 1, 1), HV_REPS(1),
		 "HvFlushVirtualAddressListEx [HC-0014 B-v50-001]");
	check_eq(flush_ex(LIST_EX(1), EX_RANGES, 0, 1, 1), HV_REPS(1), "extended ranges [HC-0014]");
	check_eq(flush_ex(LIST_EX(508), 0, 1, 0, 0), HV_REPS(508), "a full page [HC-0014]");
	check_eq(flush_ex(LIST_EX(508), 0, 0, 1, 1), HV_STATUS_INVALID_ALIGNMENT,
		 "and one bank more");
	check(flush_ex(LIST_EX(1), NON_GLOBAL, 0, 1, 1) == BAD &&
	      flush_ex(LIST_EX(1), 1 << 4, 0, 1, 1) == BAD &&
	      flush_ex(LIST_EX(1), 0, 2, 1, 1) == BAD,
	      "flags and formats [HC-0014/INVALID_PARAMETER]");
	check_eq(flush_ex(LIST_EX(1), 0, 0, 3, 1), HV_STATUS_INVALID_HYPERCALL_INPUT,
		 "a bank too few [B-v50-001]");
}

static void test_ex_fast(void)
{
	u64 xmm[12] = { 0, 1, 0xf };

	/* address space, flags | format, valid banks, bank */
	check_eq(hypercall_xmm(SPACE_EX | HV_FAST | HV_VAR(1), read_cr(3), 0, xmm), 0,
		 "Ex by XMM registers [HC-0013 B-4-045]");
	xmm[0] = 2;
	check_eq(hypercall_xmm(SPACE_EX | HV_FAST | HV_VAR(1), read_cr(3), 0, xmm), BAD,
		 "with a bad format [HC-0013/INVALID_PARAMETER]");
}

/* ---- what a flush does ---- */

static volatile u32 ready, go;
static volatile u8 second[4];

/*
 * QEMU's TCG empties its TLB at every exit: a flush that does nothing passes there, so the check
 * is made but proves no requirement
 */
static void effect(bool ok, const char *what, const char *ids)
{
	u32 brand[4];

	cpuid(0x80000002, 0, brand);
	if (brand[0] == 0x554d4551)
		check(ok, "%s", what);
	else
		check(ok, "%s [%s]", what, ids);
}

static void watch(void *arg)
{
	volatile u8 *p = window;
	u8 first = *p;

	(void)first;
	__atomic_fetch_add(&ready, 1, __ATOMIC_SEQ_CST);
	while (!go)
		(void)*p;
	second[(u64)arg] = *p;
}

static void map_window(unsigned int i)
{
	*pte = (u64)pages[i] | 7;
}

/* all VPs look through the window; it is moved to page 1; they shall see that */
static bool flush_works(u64 (*fn)(void))
{
	bool ok;

	map_window(0);
	flush(SPACE, 0, ALL_CPUS | ALL_SPACES, 0, 0);
	ready = 0;
	go = 0;
	for (unsigned int i = 1; i < nr_cpus; i++)
		on_cpu_async(i, watch, (void *)(u64)i);
	if (!wait_for(&ready, nr_cpus - 1, 2000))
		return false;
	ok = *(volatile u8 *)window == 0xaa;
	map_window(1);
	ok &= !hv_status(fn());
	go = 1;
	second[0] = *(volatile u8 *)window;
	for (unsigned int i = 1; i < nr_cpus; i++) {
		u64 end = rdtsc() + 8000000000ULL;

		while (!cpu_idle(i) && rdtsc() < end)
			cpu_relax();
	}
	for (unsigned int i = 0; i < nr_cpus; i++)
		ok &= second[i] == 0xbb;
	return ok;
}

static u64 by_mask(void)
{
	return flush(SPACE, read_cr(3), 0, 0xf, 0);
}

static u64 by_all(void)
{
	return flush(SPACE, 0, ALL_CPUS | ALL_SPACES, 0, 0);
}

static u64 by_list(void)
{
	return flush(LIST(1), read_cr(3), 0, 0xf, (u64)window);
}

static u64 by_range(void)
{
	return flush(LIST(1), read_cr(3), ALL_CPUS, 0, (u64)window - 16 * PAGE_SIZE + 32);
}

static u64 by_set(void)
{
	in[4] = 0xf;
	return flush_ex(SPACE_EX, 0, 0, 1, 1);
}

static u64 by_list_ex(void)
{
	in[4] = (u64)window;
	return flush_ex(LIST_EX(1), 0, 1, 0, 0);
}

static void test_remote(void)
{
	effect(flush_works(by_mask), "remote flush by mask", "HC-0002 B-12-024");
	effect(flush_works(by_all), "of all by flags", "HC-0002 B-12-024");
	effect(flush_works(by_list), "of a page", "HC-0003 B-12-024");
	effect(flush_works(by_range), "of a range", "HC-0003 B-12-028");
	effect(flush_works(by_set), "of a sparse set", "HC-0013 B-12-024");
	effect(flush_works(by_list_ex), "of a page for all", "HC-0014 B-12-024");
}

/* ---- the processor's own (12.1.2) ---- */

static bool sees(u8 v)
{
	return *(volatile u8 *)window == v;
}

static void test_local(void)
{
	u64 cr4 = read_cr(4);
	bool ok;

	map_window(0);
	write_cr(3, read_cr(3));
	ok = sees(0xaa);
	map_window(1);
	invlpg(window);
	check(ok && sees(0xbb), "INVLPG [B-12-008 B-12-001]");
	map_window(0);
	write_cr(3, read_cr(3));
	check(sees(0xaa), "MOV CR3 [B-12-009]");
	*pte |= 0x100;
	write_cr(4, cr4 | 0x80);
	ok = sees(0xaa);
	*pte = (u64)pages[1] | 0x107;
	invlpg(window);
	check(ok && sees(0xbb), "INVLPG of a global page [B-12-008]");
	*pte = (u64)pages[0] | 0x107;
	write_cr(4, cr4);
	check(sees(0xaa), "a change of CR4.PGE [B-12-010]");
	write_cr(4, cr4 | 0x80);
	*pte = (u64)pages[1] | 0x107;
	flush(SPACE, read_cr(3), 0, 1, 0);
	effect(sees(0xbb), "the hypercall takes global pages too", "B-12-012");
	write_cr(4, cr4);

	*pte = (u64)pages[0] | 3;
	invlpg(window);
	(void)*(volatile u8 *)window;
	ok = (*pte & 0x60) == 0x20;
	*(volatile u8 *)window = 0xaa;
	check(ok && (*pte & 0x60) == 0x60, "accessed and dirty bits [B-12-006]");
	*pte = (u64)pages[0] | 1;
	invlpg(window);
	check(write_safe(window, 0) == PF_FAULT && last_error == 3,
	      "write protection [B-12-006]");
	map_window(0);
	invlpg(window);
}

/* ---- HvSwitchVirtualAddressSpace (12.4.1) ---- */

static void test_switch(void)
{
	static u64 other[512] __page_aligned;
	static const u8 high[] = { 52, 62, 63 };
	extern u64 pml4[];
	u64 cr3 = read_cr(3);
	bool bad = true;

	memcpy(other, pml4, sizeof(other));
	check(!hypercall(SWITCH | HV_FAST, (u64)other, 0) && read_cr(3) == (u64)other,
	      "HvSwitchVirtualAddressSpace, fast [HC-0001 B-12-022]");
	in[0] = cr3;
	check(!hypercall(SWITCH, (u64)in, 0) && read_cr(3) == cr3,
	      "from memory [HC-0001 B-12-022]");
	for (unsigned int i = 0; i < ARRAY_SIZE(high); i++)
		bad &= hypercall(SWITCH | HV_FAST, (u64)other | 1ULL << high[i], 0) == BAD &&
		       read_cr(3) == cr3;
	bad &= hypercall(SWITCH | HV_FAST, 1ULL << phys_bits, 0) == BAD && read_cr(3) == cr3;
	bad &= hypercall(SWITCH | HV_FAST, ~0ULL, 0) == BAD && read_cr(3) == cr3;
	check(bad, "reserved bits: refused, CR3 as it was [HC-0001/INVALID_PARAMETER B-12-023]");
}

void payload(void);

void payload(void)
{
	u32 r[4];

	cpuid(0x80000008, 0, r);
	phys_bits = r[0] & 0xff;
	apic_enable(false);
	nr_cpus = start_aps();
	check_eq(nr_cpus, 4, "four VPs");
	hv_enable();
	memset(pages[0], 0xaa, PAGE_SIZE);
	memset(pages[1], 0xbb, PAGE_SIZE);
	pte = pte_of(window);
	test_space_flags();
	test_list_flags();
	test_ex();
	test_ex_fast();
	test_local();
	test_remote();
	test_switch();
}
