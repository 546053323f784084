// SPDX-License-Identifier: GPL-2.0-only
/*
 * zeroed.c - extended hypercalls (5.0C, 3.14): which there are, and which memory is zero
 */
#include "guest.h"

void payload(void);

#define MB		(1ULL << 20)
#define PAGES(bytes)	((bytes) / PAGE_SIZE)

static struct hv_output_ext_get_boot_zeroed_memory zeroed __page_aligned;
static u64 out[1024] __page_aligned;
static u64 data = 1;

static u64 ask(void)
{
	memset(&zeroed, 0xff, sizeof(zeroed));
	return hypercall(HV_EXT_CALL_GET_BOOT_ZEROED_MEMORY, 0, (u64)&zeroed);
}

static bool told(const void *p)
{
	u64 gpn = (u64)p / PAGE_SIZE;

	for (u64 i = 0; i < zeroed.range_count; i++)
		if (gpn - zeroed.range[i].start_gpn < zeroed.range[i].page_count)
			return true;
	return false;
}

static bool page_is_zero(u64 gpn)
{
	const u64 *p = (const u64 *)(gpn * PAGE_SIZE);

	for (u32 i = 0; i < PAGE_SIZE / 8; i++)
		if (p[i])
			return false;
	return true;
}

static void test_capabilities(void)
{
	static const u16 absent[] = {
		HV_EXT_CALL_MEMORY_HEAT_HINT, HV_EXT_CALL_EPF_SETUP, 0x8005,
		HV_EXT_CALL_MEMORY_HEAT_HINT_ASYNC,
	};
	bool ok = true;
	u32 r[4];

	cpuid(0x40000003, 0, r);
	check(r[1] >> 20 & 1, "the partition may make extended hypercalls [B-v50-003]");
	memset(out, 0xff, PAGE_SIZE);
	check_eq(hypercall(HV_EXT_CALL_QUERY_CAPABILITIES, 0, (u64)out), HV_STATUS_SUCCESS,
		 "they are called like all others [B-v50-003 HC-8001]");
	check(out[0] == HV_EXT_CAPABILITY_GET_BOOT_ZEROED_MEMORY && out[1] == ~0ULL,
	      "one of them is there [HC-8001]");
	check_eq(hypercall(HV_EXT_CALL_QUERY_CAPABILITIES, 0, (u64)out + 4),
		 HV_STATUS_INVALID_ALIGNMENT, "output is aligned [HC-8001]");
	check(hypercall(HV_EXT_CALL_QUERY_CAPABILITIES | HV_REPS(1), 0, (u64)out) ==
	      HV_STATUS_INVALID_HYPERCALL_INPUT &&
	      hypercall(HV_EXT_CALL_QUERY_CAPABILITIES | HV_VAR(1), 0, (u64)out) ==
	      HV_STATUS_INVALID_HYPERCALL_INPUT &&
	      hypercall(HV_EXT_CALL_QUERY_CAPABILITIES | HV_FAST, 0, 0) ==
	      HV_STATUS_INVALID_HYPERCALL_INPUT, "a simple call [HC-8001 B-v50-003]");
	for (u32 i = 0; i < ARRAY_SIZE(absent); i++)
		ok &= hypercall(absent[i], (u64)out, (u64)out + PAGE_SIZE) ==
		      HV_STATUS_INVALID_HYPERCALL_CODE;
	check(ok, "what is no capability is no call [HC-8003 HC-8004 HC-8006]");
}

static void test_ranges(void)
{
	u64 pages = 0, sampled = 0;
	bool ordered = true, zero = true;

	check_eq(ask(), HV_STATUS_SUCCESS, "which memory is zero [HC-8002]");
	for (u64 i = 0; i < zeroed.range_count && i < 255; i++) {
		u64 first = zeroed.range[i].start_gpn, nr = zeroed.range[i].page_count;

		pages += nr;
		ordered &= nr && (!i || nr <= zeroed.range[i - 1].page_count);
		for (u64 at = 0; at < nr && sampled < 64; at += nr > 7 ? nr / 7 : 1, sampled++)
			zero &= page_is_zero(first + at);
	}
	printf("# %lu ranges, %lu pages\n", (u64)zeroed.range_count, pages);
	check(zeroed.range_count && zeroed.range_count <= 255 && pages >= PAGES(64 * MB) &&
	      pages <= PAGES(256 * MB), "a good part of 256 MiB is [HC-8002]");
	check(ordered, "the largest range comes first [HC-8002]");
	check(zero && sampled > 1, "what is told of reads as zero [HC-8002]");
	check(data && !told(&data) && !told((void *)payload) && !told(&zeroed),
	      "what holds anything is not told of [HC-8002]");
}

static void test_changes(void)
{
	u64 *p;
	u8 *overlay;

	ask();
	/* in the middle of the largest range, and far away from there */
	p = (u64 *)((zeroed.range[0].start_gpn + zeroed.range[0].page_count / 2) * PAGE_SIZE);
	overlay = (u8 *)p + 8 * MB;
	check(told(p) && told(overlay), "two pages of it");
	*p = 1;
	check(!ask() && !told(p) && told(overlay), "one is written: not any more [HC-8002]");
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, (u64)overlay | HV_X64_MSR_VP_ASSIST_PAGE_ENABLE);
	check(!ask() && !told(overlay), "a hypervisor page lies over the other [HC-8002]");
	wrmsr(HV_X64_MSR_VP_ASSIST_PAGE, 0);
	check(!ask() && told(overlay) && page_is_zero((u64)overlay / PAGE_SIZE),
	      "and is gone [HC-8002]");
}

static void test_output(void)
{
	check_eq(hypercall(HV_EXT_CALL_GET_BOOT_ZEROED_MEMORY, 0, (u64)out + 8), HV_STATUS_SUCCESS,
		 "the output has 0xff8 bytes [HC-8002]");
	check_eq(hypercall(HV_EXT_CALL_GET_BOOT_ZEROED_MEMORY, 0, (u64)out + 16),
		 HV_STATUS_INVALID_ALIGNMENT, "and crosses no page [HC-8002]");
}

void payload(void)
{
	apic_enable(true);
	hv_enable();
	test_capabilities();
	test_ranges();
	test_changes();
	test_output();
}
