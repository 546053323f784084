// SPDX-License-Identifier: GPL-2.0-only
/*
 * gpa_access_test.c - HvReadGpa and HvWriteGpa (TLFS 12.4.5, 12.4.6); HvParkLogicalProcessors
 */
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"
#include "ports.h"

#define PAGE		TLFS_PAGE_SIZE
#define HIGH		0x40000000ULL
#define APIC		0xfee00000ULL
#define SIM		0x44000ULL
#define APIC_ON		0xfee00900ULL

FIXTURE(gpa) {
	struct vmm vm;
	struct hv_output_read_gpa out;
	u32 written;
};

FIXTURE_SETUP(gpa)
{
	pt_setup(&self->vm, 0, 1);
}

FIXTURE_TEARDOWN(gpa)
{
	vmm_teardown(&self->vm);
}

static int get(FIXTURE_DATA(gpa) *self, u32 vp, u64 gpa, u32 count, u64 flags)
{
	struct hv_input_read_gpa in = {
		.vp_index = vp, .byte_count = count, .base_gpa = gpa, .control_flags = flags,
	};

	memset(&self->out, 0xee, sizeof(self->out));
	return vmm_call(self->vm.pt, HVCALL_READ_GPA, &in, sizeof(in), &self->out,
			sizeof(self->out));
}

static int put(FIXTURE_DATA(gpa) *self, u32 vp, u64 gpa, u32 count, u64 flags, const void *data)
{
	struct hv_input_write_gpa in = {
		.vp_index = vp, .byte_count = count, .base_gpa = gpa, .control_flags = flags,
	};
	struct hv_output_write_gpa out;
	int ret;

	memcpy(in.data, data, count < sizeof(in.data) ? count : sizeof(in.data));
	ret = vmm_call(self->vm.pt, HVCALL_WRITE_GPA, &in, sizeof(in), &out, sizeof(out));
	self->written = out.result_code;
	return ret;
}

static const u8 bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

/* every length at odd addresses; nothing beyond it */
TEST_F(gpa, memory)
{
	u8 *ram = self->vm.ram + 0x50000;
	unsigned int n, i;

	for (n = 1; n <= 16; n++) {
		memset(ram, 0, 64);
		ASSERT_EQ(0, put(self, 0, 0x50003, n, HV_CACHE_TYPE_X64_WRITE_BACK, bytes));
		EXPECT_EQ(HV_ACCESS_GPA_SUCCESS, self->written);
		EXPECT_EQ(0, memcmp(ram + 3, bytes, n));
		EXPECT_EQ(0, ram[2]);
		EXPECT_EQ(0, ram[3 + n]);
		memset(ram, 0x77, 64);
		memcpy(ram + 5, bytes, n);
		ASSERT_EQ(0, get(self, 0, 0x50005, n, 0));
		EXPECT_EQ(HV_ACCESS_GPA_SUCCESS, self->out.result_code);
		EXPECT_EQ(0, self->out.reserved);
		EXPECT_EQ(0, memcmp(self->out.data, bytes, n));
		for (i = n; i < 16; i++)
			EXPECT_EQ(0, self->out.data[i]);
	}
	/* up to the end of the page */
	ASSERT_EQ(0, put(self, 0, 0x50ff0, 16, 0, bytes));
	EXPECT_EQ(0, memcmp(ram + 0xff0, bytes, 16));
	PROVES("HC-0053 HC-0054 B-12-043 PROP-access-gpa-result-0");
}

TEST_F(gpa, parameters)
{
	static const u64 bad_flags[] = { 2, 3, 7, 8, 0xff, 0x106, 1ULL << 63 };
	static const struct {
		u64 gpa;
		u32 count;
	} bad[] = {
		{ 0x50000, 0 }, { 0x50000, 17 }, { 0x50000, ~0u }, { 0x50ff1, 16 },
		{ 0x50fff, 2 }, { 1ULL << 52, 1 }, { ~0ULL, 1 }, { ~0ULL & ~0xfffULL, 1 },
	};
	static const u8 types[] = { 0, 1, 4, 5, 6 };
	unsigned int i;
	u64 id = 1ULL << 60, in[6] = { id, 0x100000000 };

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, get(self, 0, bad[i].gpa, bad[i].count, 0));
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
			  put(self, 0, bad[i].gpa, bad[i].count, 0, bytes));
	}
	for (i = 0; i < ARRAY_SIZE(bad_flags); i++) {
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, get(self, 0, 0x50000, 1, bad_flags[i]));
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
			  put(self, 0, 0x50000, 1, bad_flags[i], bytes));
	}
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		EXPECT_EQ(0, get(self, 0, 0x50000, 1, types[i]));
		EXPECT_EQ(0, put(self, 0, 0x50000, 1, types[i], bytes));
	}
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, get(self, 1, 0x50000, 1, 0));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, put(self, 1, 0x50000, 1, 0, bytes));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, get(self, ~0u, 0x50000, 1, 0));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, put(self, ~0u, 0x50000, 1, 0, bytes));

	/* whom it may name */
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  vmm_call(self->vm.dev, HVCALL_READ_GPA, in, 32, &self->out, 24));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  vmm_call(self->vm.dev, HVCALL_WRITE_GPA, in, 48, &self->out, 8));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED, guest_call_in(&self->vm.vp[0], HVCALL_READ_GPA, in, 32));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(&self->vm.vp[0], HVCALL_WRITE_GPA, in, 48));
	PROVES("HC-0053/INVALID_PARAMETER HC-0054/INVALID_PARAMETER HC-0053/INVALID_VP_INDEX");
	PROVES("HC-0054/INVALID_VP_INDEX HC-0053/INVALID_PARTITION_ID HC-0053/ACCESS_DENIED");
	PROVES("HC-0054/INVALID_PARTITION_ID HC-0054/ACCESS_DENIED B-12-044");
	PROVES("PROP-cache-type-0 PROP-cache-type-1 PROP-cache-type-4 PROP-cache-type-5");
	PROVES("PROP-cache-type-6");
}

TEST_F(gpa, states)
{
	u64 in[6] = { 0, 0x100000000, 0x1000 }, out[3], id;
	int dev = vmm_open();

	ASSERT_EQ(0, vmm_call(dev, HVCALL_CREATE_PARTITION, in + 3, 16, &id, 8));
	in[0] = id;
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  vmm_call(dev, HVCALL_READ_GPA, in, 32, out, 24));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  vmm_call(dev, HVCALL_WRITE_GPA, in, 48, out, 8));
	close(dev);
	PROVES("HC-0053/INVALID_PARTITION_STATE HC-0054/INVALID_PARTITION_STATE");
}

/* as the mapping says, and overlay pages before it */
TEST_F(gpa, results)
{
	u64 map[4] = { 0, (HIGH >> 12) + 1, 0, (u64)vmm_alloc(PAGE) >> 12 };
	u16 reps = 1;
	u64 word;

	EXPECT_EQ(0, get(self, 0, HIGH, 4, 0));
	EXPECT_EQ(HV_ACCESS_GPA_UNMAPPED, self->out.result_code);
	EXPECT_EQ(0, put(self, 0, HIGH, 4, 0, bytes));
	EXPECT_EQ(HV_ACCESS_GPA_UNMAPPED, self->written);

	vmm_add_memory(&self->vm, HIGH, PAGE, 0);
	EXPECT_EQ(0, get(self, 0, HIGH, 4, 0));
	EXPECT_EQ(HV_ACCESS_GPA_SUCCESS, self->out.result_code);
	EXPECT_EQ(0, put(self, 0, HIGH, 4, 0, bytes));
	EXPECT_EQ(HV_ACCESS_GPA_WRITE_INTERCEPT, self->written);

	/* there, but with no right at all */
	vmm_add_memory(&self->vm, HIGH + PAGE, PAGE, VMM_RW);
	ASSERT_EQ(0, vmm_call_reps(self->vm.pt, HVCALL_MAP_GPA_PAGES, &reps, map, sizeof(map),
				   NULL, 0));
	EXPECT_EQ(0, get(self, 0, HIGH + PAGE, 4, 0));
	EXPECT_EQ(HV_ACCESS_GPA_READ_INTERCEPT, self->out.result_code);

	/* the hypercall page is read, not written; what is under it is untouched */
	memcpy(self->vm.ram + GUEST_CALLS, bytes, 16);
	EXPECT_EQ(0, get(self, 0, GUEST_CALLS, 4, 0));
	EXPECT_EQ(HV_ACCESS_GPA_SUCCESS, self->out.result_code);
	EXPECT_EQ(0xc3, self->out.data[3]);
	EXPECT_EQ(0, put(self, 0, GUEST_CALLS, 4, 0, bytes + 4));
	EXPECT_EQ(HV_ACCESS_GPA_ILLEGAL_OVERLAY_ACCESS, self->written);
	EXPECT_EQ(0, memcmp(self->vm.ram + GUEST_CALLS, bytes, 16));

	/* a message page is both, and not what is under it */
	vmm_set_reg(&self->vm.vp[0], HV_REGISTER_SIMP, SIM | 1);
	EXPECT_EQ(0, put(self, 0, SIM + 0x800, 8, 0, bytes));
	EXPECT_EQ(HV_ACCESS_GPA_SUCCESS, self->written);
	EXPECT_EQ(0, get(self, 0, SIM + 0x800, 8, 0));
	EXPECT_EQ(0, memcmp(self->out.data, bytes, 8));
	memcpy(&word, self->vm.ram + SIM + 0x800, 8);
	EXPECT_EQ(0, word);

	/* another page mapped beneath it does not show through until it is gone */
	map[1] = SIM >> 12;
	map[2] = HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE;
	memcpy((void *)(map[3] << 12) + 0x800, bytes + 8, 8);
	ASSERT_EQ(0, vmm_call_reps(self->vm.pt, HVCALL_MAP_GPA_PAGES, &reps, map, sizeof(map),
				   NULL, 0));
	EXPECT_EQ(0, get(self, 0, SIM + 0x800, 8, 0));
	EXPECT_EQ(0, memcmp(self->out.data, bytes, 8));
	vmm_set_reg(&self->vm.vp[0], HV_REGISTER_SIMP, 0);
	EXPECT_EQ(0, get(self, 0, SIM + 0x800, 8, 0));
	EXPECT_EQ(0, memcmp(self->out.data, bytes + 8, 8));
	PROVES("B-8-018 B-8-019");
	PROVES("PROP-access-gpa-result-1 PROP-access-gpa-result-2 PROP-access-gpa-result-3");
	PROVES("PROP-access-gpa-result-4 B-12-045");
}

static u32 apic(FIXTURE_DATA(gpa) *self, u64 offset)
{
	u32 val;

	if (get(self, 0, APIC + offset, 4, 0) || self->out.result_code)
		return ~0u;
	memcpy(&val, self->out.data, sizeof(val));
	return val;
}

/* as the VP would do it */
TEST_F(gpa, apic_page)
{
	struct vmm_vp *vp = &self->vm.vp[0];
	u32 val = 0x50;

	vmm_set_reg(vp, HV_X64_REGISTER_APIC_BASE, APIC_ON);
	ASSERT_EQ(0, put(self, 0, APIC + 0x80, 4, 0, &val));
	EXPECT_EQ(HV_ACCESS_GPA_SUCCESS, self->written);
	EXPECT_EQ(5, vmm_reg(vp, HV_X64_REGISTER_CR8));
	EXPECT_EQ(0x50, apic(self, 0x80));
	/* part of a register, and what is not one */
	val = 0x60;
	ASSERT_EQ(0, put(self, 0, APIC + 0x80, 1, 0, &val));
	EXPECT_EQ(6, vmm_reg(vp, HV_X64_REGISTER_CR8));
	EXPECT_EQ(0, apic(self, 0x84));
	ASSERT_EQ(0, get(self, 0, APIC + 0x81, 7, 0));
	EXPECT_EQ(0, self->out.data[0]);

	/* an IPI to itself arrives; its EOI moves the next register of side effects */
	val = 0x1ff;
	ASSERT_EQ(0, put(self, 0, APIC + 0xf0, 4, 0, &val));
	val = 0x40000 | 0x55;
	ASSERT_EQ(0, put(self, 0, APIC + 0x300, 4, 0, &val));
	EXPECT_EQ(1u << (0x55 - 0x40), apic(self, 0x220));
	EXPECT_TRUE(irr_has(vp, 0x55));
	vmm_set_reg(vp, HV_X64_REGISTER_APIC_ISR0 + 2, 1 << (0x55 - 0x40));
	val = 0;
	ASSERT_EQ(0, put(self, 0, APIC + 0xb0, 4, 0, &val));
	EXPECT_EQ(0, apic(self, 0x120));

	/* elsewhere it is not */
	vmm_set_reg(vp, HV_X64_REGISTER_APIC_BASE, 0xfee00100);
	ASSERT_EQ(0, get(self, 0, APIC + 0x80, 4, 0));
	EXPECT_EQ(HV_ACCESS_GPA_UNMAPPED, self->out.result_code);
	PROVES("B-12-041 B-12-042");
}

static int park(int dev, u64 mask)
{
	return vmm_call(dev, HVCALL_PARK_LOGICAL_PROCESSORS, &mask, sizeof(mask), NULL, 0);
}

/* a hint of the privileged root's; guests are not asked */
TEST_F(gpa, parking)
{
	struct vmm_vp *vp = &self->vm.vp[0];
	u64 out[4] = { 0 };
	int status;
	pid_t pid;

	EXPECT_EQ(HV_STATUS_ACCESS_DENIED, guest_call_in(vp, HVCALL_PARK_LOGICAL_PROCESSORS, out,
							 8));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(vp, HVCALL_GET_LOGICAL_PROCESSOR_RUN_TIME, out, 0));
	EXPECT_EQ(0, park(self->vm.dev, 1));
	EXPECT_EQ(0, park(self->vm.dev, ~0ULL));
	EXPECT_EQ(0, park(self->vm.dev, 0));
	pid = fork();
	if (!pid) {
		int dev = vmm_open();

		if (setgid(65534) || setuid(65534))
			_exit(2);
		_exit(park(dev, 1) != HV_STATUS_ACCESS_DENIED);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	PROVES("HC-0009 HC-0009/ACCESS_DENIED HC-0004/ACCESS_DENIED");
}

TEST_HARNESS_MAIN
