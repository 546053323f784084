// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - a guest for tlfsctl_test: says the time for ever, and echoes what its debugger says
 */
#include "guest.h"

#define TICK		200000		/* 20 ms */
#define PM_TIMER	0x608
#define PM_TIMER_HZ	3579545

static u8 in_page[PAGE_SIZE] __page_aligned, out_page[PAGE_SIZE] __page_aligned;

static u16 post(const void *data, u32 count)
{
	struct hv_input_post_debug_data *in = (void *)in_page;

	in->count = count;
	in->options = 0;
	memcpy(in->data, data, count);
	return hv_status(hypercall(HVCALL_POST_DEBUG_DATA, (u64)in_page, (u64)out_page));
}

static u32 retrieve(void)
{
	struct hv_input_retrieve_debug_data in = { .count = 256 };
	struct hv_output_retrieve_debug_data *out = (void *)out_page;

	memcpy(in_page, &in, sizeof(in));
	if (hv_status(hypercall(HVCALL_RETRIEVE_DEBUG_DATA, (u64)in_page, (u64)out_page)))
		return 0;
	return out->retrieved_count;
}

/* by how many us a device's clock is ahead of the guest's: between *least and *most */
static void device_ahead(long *least, long *most)
{
	u64 before = rdmsr(HV_X64_MSR_TIME_REF_COUNT), after;
	u32 ticks;

	asm volatile("inl %1, %0" : "=a" (ticks) : "d" ((u16)PM_TIMER));
	after = rdmsr(HV_X64_MSR_TIME_REF_COUNT);
	*least = ticks * 1000000ULL / PM_TIMER_HZ - after / 10;
	*most = ticks * 1000000ULL / PM_TIMER_HZ - before / 10;
}

void payload(void);

void payload(void)
{
	long least, most;
	u8 text[256];
	u64 next;
	u32 n;

	hv_enable();
	printf("hello\n");
	post("hello", 5);
	for (;;) {
		next = rdmsr(HV_X64_MSR_TIME_REF_COUNT) + TICK;
		while (rdmsr(HV_X64_MSR_TIME_REF_COUNT) < next)
			;
		device_ahead(&least, &most);
		printf("time %lu device %ld %ld\n", rdmsr(HV_X64_MSR_TIME_REF_COUNT) / 10000,
		       least, most);
		n = retrieve();
		if (!n)
			continue;
		memcpy(text, ((struct hv_output_retrieve_debug_data *)out_page)->data, n);
		post(text, n);
	}
}
