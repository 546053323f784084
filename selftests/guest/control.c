// SPDX-License-Identifier: GPL-2.0-only
/*
 * control.c - a guest for tlfsctl_test: says the time for ever, and echoes what its debugger says
 */
#include "guest.h"

#define TICK		200000		/* 20 ms */

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

void payload(void);

void payload(void)
{
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
		printf("time %lu\n", rdmsr(HV_X64_MSR_TIME_REF_COUNT) / 10000);
		n = retrieve();
		if (!n)
			continue;
		memcpy(text, ((struct hv_output_retrieve_debug_data *)out_page)->data, n);
		post(text, n);
	}
}
