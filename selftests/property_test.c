// SPDX-License-Identifier: GPL-2.0-only
/*
 * property_test.c - partition properties: what they are, what they refuse, what they do (TLFS 5.2)
 */
#include <errno.h>
#include <unistd.h>

#include "harness.h"

#define PROPERTY(id)	HV_PARTITION_PROPERTY_##id

FIXTURE(property) {
	struct vmm vm;
	struct vmm_vp *vp;
};

FIXTURE_SETUP(property)
{
	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
}

FIXTURE_TEARDOWN(property)
{
	vmm_teardown(&self->vm);
}

static u64 property(int fd, u32 code)
{
	u64 val = ~0ULL;
	int ret = vmm_get_property(fd, code, &val);

	if (ret)
		vmm_die("%#x: %d", code, ret);
	return val;
}

/* ---- the settable ones of 2.0 ---- */

#define NONE	0xdeadULL

/* values that are kept as they are, values that are refused with @status */
static const struct {
	u32 code;
	u64 reset;
	u64 good[4];
	u64 bad[4];
	int status;
} rows[] = {
	{ PROPERTY(CPU_RESERVE), 0, { 1, 0x4000, 0x10000, 0 }, { 0x10001, 1ULL << 32, NONE },
	  HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE },
	{ PROPERTY(CPU_CAP), 0x10000, { 0, 0x8000, 0xffff, 0x10000 }, { 0x10001, ~0ULL, NONE },
	  HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE },
	{ PROPERTY(CPU_WEIGHT), 100, { 1, 10000, 50, 100 }, { 0, 10001, 1ULL << 32, NONE },
	  HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE },
	{ PROPERTY(EMULATED_TIMER_PERIOD), 0, { 10000000, ~0ULL, 1, 0 }, { NONE }, 0 },
	{ PROPERTY(EMULATED_TIMER_CONTROL), 0, { 0x31, 0x930, 0x0300000000000840, 0 },
	  { 1ULL << 13, 1ULL << 31, 1ULL << 32, 1ULL << 55 }, HV_STATUS_INVALID_PARAMETER },
	{ PROPERTY(PM_TIMER_ASSIST), 0, { 0x20608, 0x3ffff, 0x10000, 0 },
	  { 1 << 18, 1ULL << 31, 1ULL << 32, 1ULL << 63 }, HV_STATUS_INVALID_PARAMETER },
	{ PROPERTY(DEBUG_CHANNEL_ID), 0, { 1, 0xffff, 0x1234, 0 }, { 0x10000, ~0ULL, NONE },
	  HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE },
};

TEST_F(property, values)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		EXPECT_EQ(rows[i].reset, property(self->vm.pt, rows[i].code))
			TH_LOG("property %#x", rows[i].code);
		for (j = 0; j < ARRAY_SIZE(rows[i].good); j++) {
			EXPECT_EQ(0, vmm_set_property(self->vm.pt, rows[i].code, rows[i].good[j]))
				TH_LOG("property %#x: %#llx", rows[i].code,
				       (unsigned long long)rows[i].good[j]);
			EXPECT_EQ(rows[i].good[j], property(self->vm.pt, rows[i].code));
		}
		for (j = 0; j < ARRAY_SIZE(rows[i].bad) && rows[i].bad[j] != NONE; j++) {
			EXPECT_EQ(rows[i].status,
				  vmm_set_property(self->vm.pt, rows[i].code, rows[i].bad[j]))
				TH_LOG("property %#x took %#llx", rows[i].code,
				       (unsigned long long)rows[i].bad[j]);
			EXPECT_EQ(rows[i].good[3], property(self->vm.pt, rows[i].code));
		}
	}
	PROVES("HC-0045/INVALID_PARAMETER B-18-009");
}

/* the root has them, and they are the host's */
TEST_F(property, of_the_root)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 val = property(self->vm.dev, rows[i].code);

		EXPECT_EQ(rows[i].reset, val);
		EXPECT_NE(0, vmm_set_property(self->vm.dev, rows[i].code, rows[i].good[0]));
		EXPECT_EQ(val, property(self->vm.dev, rows[i].code));
	}
	EXPECT_NE(0, vmm_set_property(self->vm.dev, PROPERTY(PROCESSOR_FEATURES), 0));
	EXPECT_NE(0, vmm_set_property(self->vm.dev, PROPERTY(PROCESSOR_XSAVE_FEATURES), 0));
	EXPECT_NE(0, vmm_set_property(self->vm.dev, PROPERTY(PROCESSOR_CL_FLUSH_SIZE), 1));
}

/* 5.2.6: what is out of range becomes the nearest that is not */
TEST_F(property, tlb_pages)
{
	u64 low, high;

	EXPECT_NE(0, property(self->vm.pt, PROPERTY(VIRTUAL_TLB_PAGE_COUNT)));
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(VIRTUAL_TLB_PAGE_COUNT), 0));
	low = property(self->vm.pt, PROPERTY(VIRTUAL_TLB_PAGE_COUNT));
	EXPECT_LT(0, low);
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(VIRTUAL_TLB_PAGE_COUNT), ~0ULL));
	high = property(self->vm.pt, PROPERTY(VIRTUAL_TLB_PAGE_COUNT));
	EXPECT_LT(low, high);
	EXPECT_GT(~0ULL, high);
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(VIRTUAL_TLB_PAGE_COUNT), low + 1));
	EXPECT_EQ(low + 1, property(self->vm.pt, PROPERTY(VIRTUAL_TLB_PAGE_COUNT)));
	PROVES("PROP-partition-property-0x00050000");
}

/* 20.1.1: an id is one partition's, until that gives it back or goes */
TEST_F(property, debug_channel)
{
	int pt = vmm_create_partition(self->vm.dev, VMM_FLAGS);

	ASSERT_LE(0, pt);
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_INITIALIZE_PARTITION, NULL));
	EXPECT_EQ(0, vmm_set_property(pt, PROPERTY(DEBUG_CHANNEL_ID), 0x77));
	EXPECT_EQ(0, vmm_set_property(pt, PROPERTY(DEBUG_CHANNEL_ID), 0x77));
	EXPECT_EQ(HV_STATUS_OBJECT_IN_USE,
		  vmm_set_property(self->vm.pt, PROPERTY(DEBUG_CHANNEL_ID), 0x77));
	EXPECT_EQ(0, property(self->vm.pt, PROPERTY(DEBUG_CHANNEL_ID)));
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(DEBUG_CHANNEL_ID), 0x78));
	EXPECT_EQ(0, vmm_set_property(pt, PROPERTY(DEBUG_CHANNEL_ID), 0));
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(DEBUG_CHANNEL_ID), 0x77));
	EXPECT_EQ(HV_STATUS_OBJECT_IN_USE, vmm_set_property(pt, PROPERTY(DEBUG_CHANNEL_ID), 0x77));
	EXPECT_EQ(0, vmm_set_property(pt, PROPERTY(DEBUG_CHANNEL_ID), 0x78));
	close(pt);
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(DEBUG_CHANNEL_ID), 0x78));
	PROVES("PROP-partition-property-0x00040000 HC-0045/OBJECT_IN_USE");
}

/* ---- processor features ---- */

/* CPUID of VP 0 of @vm, as the guest would see it */
static void guest_cpuid(struct vmm *vm, u32 leaf, u32 sub, struct hv_cpuid_result *r)
{
	struct {
		struct hv_input_get_vp_cpuid_values head;
		struct hv_cpuid_leaf_info leaf;
	} in = {
		.head.flags = 3,
		.leaf = { .eax = leaf, .ecx = sub },
	};
	u16 reps = 1;
	int ret = vmm_call_reps(vm->pt, HVCALL_GET_VP_CPUID_VALUES, &reps, &in, sizeof(in), r,
				sizeof(*r));

	if (ret)
		vmm_die("CPUID %#x: %d", leaf, ret);
}

static const struct {
	u64 feature;
	u32 leaf, sub, reg, bit;
	bool xsave;
	const char *id;
} features[] = {
	{ HV_PROCESSOR_FEATURE0_SSE3, 1, 0, 2, 0, false, "PROP-processor-feature-bit-0" },
	{ HV_PROCESSOR_FEATURE0_LAHF_SAHF, 0x80000001, 0, 2, 0, false,
	  "PROP-processor-feature-bit-1" },
	{ HV_PROCESSOR_FEATURE0_SSSE3, 1, 0, 2, 9, false, "PROP-processor-feature-bit-2" },
	{ HV_PROCESSOR_FEATURE0_SSE4_1, 1, 0, 2, 19, false, "PROP-processor-feature-bit-3" },
	{ HV_PROCESSOR_FEATURE0_SSE4_2, 1, 0, 2, 20, false, "PROP-processor-feature-bit-4" },
	{ HV_PROCESSOR_FEATURE0_SSE4A, 0x80000001, 0, 2, 6, false,
	  "PROP-processor-feature-bit-5" },
	{ HV_PROCESSOR_FEATURE0_XOP, 0x80000001, 0, 2, 11, false, "PROP-processor-feature-bit-6" },
	{ HV_PROCESSOR_FEATURE0_POPCNT, 1, 0, 2, 23, false, "PROP-processor-feature-bit-7" },
	{ HV_PROCESSOR_FEATURE0_CMPXCHG16B, 1, 0, 2, 13, false, "PROP-processor-feature-bit-8" },
	{ HV_PROCESSOR_FEATURE0_ALTMOVCR8, 0x80000001, 0, 2, 4, false,
	  "PROP-processor-feature-bit-9" },
	{ HV_PROCESSOR_FEATURE0_LZCNT, 0x80000001, 0, 2, 5, false,
	  "PROP-processor-feature-bit-10" },
	{ HV_PROCESSOR_FEATURE0_MISALIGN_SSE, 0x80000001, 0, 2, 7, false,
	  "PROP-processor-feature-bit-11" },
	{ HV_PROCESSOR_FEATURE0_MMX_EXT, 0x80000001, 0, 3, 22, false,
	  "PROP-processor-feature-bit-12" },
	{ HV_PROCESSOR_FEATURE0_3DNOW, 0x80000001, 0, 3, 31, false,
	  "PROP-processor-feature-bit-13" },
	{ HV_PROCESSOR_FEATURE0_EXTENDED_3DNOW, 0x80000001, 0, 3, 30, false,
	  "PROP-processor-feature-bit-14" },
	{ HV_XSAVE_FEATURE_XSAVE, 1, 0, 2, 26, true, "PROP-xsave-feature-bit-0" },
	{ HV_XSAVE_FEATURE_XSAVEOPT, 0xd, 1, 0, 0, true, "PROP-xsave-feature-bit-1" },
	{ HV_XSAVE_FEATURE_AVX, 1, 0, 2, 28, true, "PROP-xsave-feature-bit-2" },
};

static bool shown(struct vmm *vm, unsigned int i)
{
	struct hv_cpuid_result r;
	u32 regs[4];

	guest_cpuid(vm, features[i].leaf, features[i].sub, &r);
	regs[0] = r.eax;
	regs[1] = r.ebx;
	regs[2] = r.ecx;
	regs[3] = r.edx;
	return regs[features[i].reg] >> features[i].bit & 1;
}

/* a feature is in the mask if and only if CPUID has it, and goes when it is taken out */
TEST_F(property, features)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++) {
		u32 code = features[i].xsave ? PROPERTY(PROCESSOR_XSAVE_FEATURES) :
					       PROPERTY(PROCESSOR_FEATURES);
		u64 have = property(self->vm.pt, code);
		struct vmm vm;

		EXPECT_EQ(!!(have & features[i].feature), shown(&self->vm, i))
			TH_LOG("%s", features[i].id);
		vmm_setup_bare(&vm, VMM_FLAGS);
		ASSERT_EQ(0, vmm_ioctl(vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
		if (have & features[i].feature) {
			EXPECT_EQ(0, vmm_set_property(vm.pt, code, have & ~features[i].feature));
			EXPECT_EQ(have & ~features[i].feature, property(vm.pt, code));
		} else {
			EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
				  vmm_set_property(vm.pt, code, have | features[i].feature));
			EXPECT_EQ(have, property(vm.pt, code));
		}
		vm.vp[0].fd = vmm_create_vp(vm.pt, 0);
		ASSERT_LE(0, vm.vp[0].fd);
		EXPECT_FALSE(shown(&vm, i)) TH_LOG("%s", features[i].id);
		/* the same for all VPs, for all their life */
		EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, vmm_set_property(vm.pt, code, 0));
		vmm_teardown(&vm);
	}
	for (i = 0; i < ARRAY_SIZE(features); i++)
		PROVES(features[i].id);
	PROVES("PROP-partition-property-0x00060001 PROP-partition-property-0x00060002");
}

TEST_F(property, clflush)
{
	u64 host = property(self->vm.dev, PROPERTY(PROCESSOR_CL_FLUSH_SIZE));
	struct hv_cpuid_result r;
	struct vmm vm;

	guest_cpuid(&self->vm, 1, 0, &r);
	EXPECT_EQ(host, r.ebx >> 8 & 0xff);
	EXPECT_EQ(host, property(self->vm.pt, PROPERTY(PROCESSOR_CL_FLUSH_SIZE)));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  vmm_set_property(self->vm.pt, PROPERTY(PROCESSOR_CL_FLUSH_SIZE), host));
	vmm_setup_bare(&vm, VMM_FLAGS);
	ASSERT_EQ(0, vmm_ioctl(vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(vm.pt, PROPERTY(PROCESSOR_CL_FLUSH_SIZE), host + 1));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(vm.pt, PROPERTY(PROCESSOR_CL_FLUSH_SIZE), 0));
	EXPECT_EQ(0, vmm_set_property(vm.pt, PROPERTY(PROCESSOR_CL_FLUSH_SIZE), host / 2));
	vm.vp[0].fd = vmm_create_vp(vm.pt, 0);
	guest_cpuid(&vm, 1, 0, &r);
	EXPECT_EQ(host / 2, r.ebx >> 8 & 0xff);
	vmm_teardown(&vm);
	PROVES("PROP-partition-property-0x00060003");
}

/* the masks of 5.2.11, with which a VM may move to any processor of its vendor */
#define COMPAT_INTEL	(HV_PROCESSOR_FEATURE0_SSE3 | HV_PROCESSOR_FEATURE0_LAHF_SAHF | \
			 HV_PROCESSOR_FEATURE0_CMPXCHG16B)
#define COMPAT_AMD	(COMPAT_INTEL | HV_PROCESSOR_FEATURE0_ALTMOVCR8 | \
			 HV_PROCESSOR_FEATURE0_MMX_EXT)
#define FEATURES_20	0x7fffULL
#define COMPAT_CLFLUSH	8

TEST_F(property, compatibility_mode)
{
	u64 mask = vmm_vendor() == HV_PROCESSOR_VENDOR_INTEL ? COMPAT_INTEL : COMPAT_AMD;
	u64 have = property(self->vm.pt, PROPERTY(PROCESSOR_FEATURES));
	struct hv_cpuid_result r;
	unsigned int i;
	struct vmm vm;

	ASSERT_EQ(mask, have & mask);
	vmm_setup_bare(&vm, VMM_FLAGS);
	ASSERT_EQ(0, vmm_ioctl(vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	ASSERT_EQ(0, vmm_set_property(vm.pt, PROPERTY(PROCESSOR_FEATURES),
				      (have & ~FEATURES_20) | mask));
	ASSERT_EQ(0, vmm_set_property(vm.pt, PROPERTY(PROCESSOR_XSAVE_FEATURES), 0));
	ASSERT_EQ(0, vmm_set_property(vm.pt, PROPERTY(PROCESSOR_CL_FLUSH_SIZE), COMPAT_CLFLUSH));
	vm.vp[0].fd = vmm_create_vp(vm.pt, 0);
	ASSERT_LE(0, vm.vp[0].fd);
	for (i = 0; i < ARRAY_SIZE(features); i++) {
		if (!features[i].xsave && !(features[i].feature & FEATURES_20))
			continue;
		EXPECT_EQ(!features[i].xsave && (features[i].feature & mask), shown(&vm, i))
			TH_LOG("%s", features[i].id);
	}
	guest_cpuid(&vm, 1, 0, &r);
	EXPECT_EQ(COMPAT_CLFLUSH, r.ebx >> 8 & 0xff);
	vmm_teardown(&vm);
	PROVES("B-5-024");
}

TEST_F(property, vendor)
{
	u64 vendor = property(self->vm.pt, PROPERTY(PROCESSOR_VENDOR));

	EXPECT_EQ(vmm_vendor(), vendor);
	EXPECT_NE(0, vmm_set_property(self->vm.pt, PROPERTY(PROCESSOR_VENDOR), vendor));
	PROVES(vendor == HV_PROCESSOR_VENDOR_INTEL ? "PROP-processor-vendor-1" :
						     "PROP-processor-vendor-0");
}

/* ---- scheduling policies: what is refused ---- */

TEST_F(property, policies)
{
	u32 cpus = sysconf(_SC_NPROCESSORS_ONLN), i;
	int pt = self->vm.pt, other;

	/* a reserve is not above the cap (18.2.1, 18.2.2) */
	EXPECT_EQ(0, vmm_set_property(pt, PROPERTY(CPU_CAP), 0x8000));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(pt, PROPERTY(CPU_RESERVE), 0x8001));
	EXPECT_EQ(0, vmm_set_property(pt, PROPERTY(CPU_RESERVE), 0x8000));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(pt, PROPERTY(CPU_CAP), 0x7fff));
	EXPECT_EQ(0x8000, property(pt, PROPERTY(CPU_CAP)));
	/* reserved bits are another error (5.6.6) */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_property(pt, PROPERTY(PM_TIMER_ASSIST), 1 << 18));
	EXPECT_EQ(0, vmm_set_property(pt, PROPERTY(CPU_CAP), 0x10000));

	/* and all of them no more than there are processors */
	EXPECT_EQ(0, vmm_set_property(pt, PROPERTY(CPU_RESERVE), 0x10000));
	other = vmm_create_partition(self->vm.dev, VMM_FLAGS);
	ASSERT_LE(0, other);
	EXPECT_EQ(0, vmm_ioctl(other, TLFS_INITIALIZE_PARTITION, NULL));
	/* without VPs it promises nothing yet */
	EXPECT_EQ(0, vmm_set_property(other, PROPERTY(CPU_RESERVE), 0x10000));
	for (i = 0; i < cpus - 1; i++)
		EXPECT_LE(0, vmm_create_vp(other, i));
	EXPECT_EQ(-EBUSY, vmm_create_vp(other, cpus - 1));
	EXPECT_EQ(0, vmm_set_property(other, PROPERTY(CPU_RESERVE), 0));
	EXPECT_LE(0, vmm_create_vp(other, cpus - 1));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(other, PROPERTY(CPU_RESERVE), 0x10000));
	EXPECT_EQ(0, vmm_set_property(pt, PROPERTY(CPU_RESERVE), 0));
	EXPECT_EQ(0, vmm_set_property(other, PROPERTY(CPU_RESERVE), 0x10000));
	close(other);
	PROVES("B-18-004 B-18-007 B-10-037 B-5-047");
}

/* ---- timer assists (15.1.5, 15.1.6) ---- */

#define TICKS		(VMM_DATA + 0x100)
#define TICK_VECTOR	0x41

GUEST_CODE(wait_for_ticks, "64",
	   /* software-enable the local APIC */
	   "mov	$0x1b, %ecx\n\t rdmsr\n\t or $0xc00, %eax\n\t wrmsr\n\t"
	   "mov	$0x80f, %ecx\n\t mov $0x1ff, %eax\n\t xor %edx, %edx\n\t wrmsr\n\t"
	   "1:	sti\n\t hlt\n\t jmp 1b");
GUEST_CODE(tick, "64",
	   "push %rax\n\t push %rcx\n\t push %rdx\n\t"
	   "incq	0x20100\n\t"
	   "mov	$0x80b, %ecx\n\t xor %eax, %eax\n\t xor %edx, %edx\n\t wrmsr\n\t"
	   "pop %rdx\n\t pop %rcx\n\t pop %rax\n\t iretq");
GUEST_CODE(tick2, "64",
	   "push %rax\n\t push %rcx\n\t push %rdx\n\t"
	   "incq	0x20108\n\t"
	   "mov	$0x80b, %ecx\n\t xor %eax, %eax\n\t xor %edx, %edx\n\t wrmsr\n\t"
	   "pop %rdx\n\t pop %rcx\n\t pop %rax\n\t iretq");

/* ticks in @ms of partition time per 100 */
static u64 rate(struct vmm *vm, const u64 *ticks, unsigned int ms)
{
	u64 from = property(vm->pt, PROPERTY(REFERENCE_TIME)), first = LOAD(ticks), units;

	vmm_sleep_ms(ms);
	first = LOAD(ticks) - first;
	units = property(vm->pt, PROPERTY(REFERENCE_TIME)) - from;
	return first * 1000000 / units;
}

#define TIMER_ENABLED	(1ULL << 12)

TEST_F(property, periodic_timer)
{
	u64 *ticks = vmm_gpa(&self->vm, TICKS), seen;
	struct vmm_thread t;

	vmm_start64(self->vp, &wait_for_ticks);
	vmm_load(&self->vm, VMM_CODE + 0x800, &tick);
	vmm_load(&self->vm, VMM_CODE + 0x900, &tick2);
	vmm_set_gate(&self->vm, TICK_VECTOR, VMM_CODE + 0x800);
	vmm_set_gate(&self->vm, TICK_VECTOR + 1, VMM_CODE + 0x900);
	vmm_thread_start(&t, self->vp);
	vmm_sleep_ms(VMM_SHORT);
	EXPECT_EQ(0, LOAD(ticks));

	/* no period: not enabled */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_CONTROL),
				      TIMER_ENABLED | TICK_VECTOR));
	EXPECT_EQ(TICK_VECTOR, property(self->vm.pt, PROPERTY(EMULATED_TIMER_CONTROL)));
	/* every 10 ms */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_PERIOD), 100000));
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_CONTROL),
				      TIMER_ENABLED | TICK_VECTOR));
	EXPECT_TRUE(vmm_wait_change(ticks, 0));
	seen = rate(&self->vm, ticks, 500);
	EXPECT_LE(8, seen) TH_LOG("%llu ticks in 100 ms", (unsigned long long)seen);
	EXPECT_GE(12, seen) TH_LOG("%llu ticks in 100 ms", (unsigned long long)seen);
	/* every 40 ms, at once */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_PERIOD), 400000));
	seen = rate(&self->vm, ticks, 800);
	EXPECT_LE(1, seen);
	EXPECT_GE(4, seen) TH_LOG("%llu ticks in 100 ms", (unsigned long long)seen);
	/* another vector */
	EXPECT_EQ(0, LOAD(ticks + 1));
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_CONTROL),
				      TIMER_ENABLED | (TICK_VECTOR + 1)));
	EXPECT_TRUE(vmm_wait_change(ticks + 1, 0));
	/* a destination that is nobody */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_CONTROL),
				      TIMER_ENABLED | TICK_VECTOR | 5ULL << 56));
	vmm_sleep_ms(50);
	EXPECT_FALSE(vmm_moves(ticks, VMM_SHORT));
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_CONTROL),
				      TIMER_ENABLED | TICK_VECTOR));
	EXPECT_TRUE(vmm_moves(ticks, VMM_LONG));
	/* a period of 0 switches it off */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_PERIOD), 0));
	EXPECT_EQ(TICK_VECTOR, property(self->vm.pt, PROPERTY(EMULATED_TIMER_CONTROL)));
	vmm_sleep_ms(50);
	EXPECT_FALSE(vmm_moves(ticks, VMM_SHORT));
	/* modes that are no interrupt with a vector */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_PERIOD), 100000));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_CONTROL),
				   TIMER_ENABLED | 4 << 8 | TICK_VECTOR));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_property(self->vm.pt, PROPERTY(EMULATED_TIMER_CONTROL),
				   TIMER_ENABLED | 15));
	vmm_thread_stop(&t);
	PROVES("B-15-011 B-15-012 B-15-013 PROP-partition-property-0x00030000");
	PROVES("PROP-partition-property-0x00030001");
}

#define PM_PORT		0x608
#define PM_WIDTH24	(1ULL << 16)
#define PM_ENABLED	(1ULL << 17)

GUEST_CODE(read_pm_timer, "64",
	   "1:	mov	$0x608, %edx\n\t"
	   "inl	%dx, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");
GUEST_CODE(pm_neighbours, "64",
	   "mov	$0x608, %edx\n\t"
	   "outl	%eax, %dx\n\t"
	   "mov	$0x609, %edx\n\t"
	   "inb	%dx, %al\n\t"
	   "mov	$0x605, %edx\n\t"
	   "inl	%dx, %eax\n\t"
	   "mov	$0x608, %edx\n\t"
	   "mov	$0x20200, %edi\n\t"
	   "insl\n\t"
	   "hlt");

static u64 pm_now(struct vmm *vm, u64 mask)
{
	return (u64)((unsigned __int128)property(vm->pt, PROPERTY(REFERENCE_TIME)) * 3579545 /
		     10000000) & mask;
}

TEST_F(property, pm_timer)
{
	static const struct {
		u16 port;
		u8 write;
	} accesses[] = { { PM_PORT, 1 }, { PM_PORT + 1, 0 }, { PM_PORT - 3, 0 }, { PM_PORT, 0 } };
	struct hv_message msg;
	unsigned int i;
	u64 a, b, seen;

	vmm_start64(self->vp, &read_pm_timer);
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(PM_TIMER_ASSIST),
				      PM_ENABLED | PM_PORT));
	/* far enough for bit 24 to matter */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(REFERENCE_TIME), 10000000000ULL));
	for (i = 0; i < 3; i++) {
		a = pm_now(&self->vm, ~0u);
		seen = vmm_run_out(self->vp, GUEST_PORT);
		b = pm_now(&self->vm, ~0u);
		EXPECT_LE(a, seen);
		EXPECT_GE(b, seen);
	}
	EXPECT_LT(1 << 24, seen);
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(PM_TIMER_ASSIST),
				      PM_ENABLED | PM_WIDTH24 | PM_PORT));
	a = pm_now(&self->vm, 0xffffff);
	seen = vmm_run_out(self->vp, GUEST_PORT);
	b = pm_now(&self->vm, 0xffffff);
	EXPECT_GE(0xffffff, seen);
	EXPECT_LE((seen - a) & 0xffffff, (b - a) & 0xffffff);

	/* it wins over an intercept, for IN of this port only */
	EXPECT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_READ |
					   HV_INTERCEPT_ACCESS_MASK_WRITE,
					   HV_INTERCEPT_TYPE_X64_IO_PORT, PM_PORT));
	EXPECT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_READ |
					   HV_INTERCEPT_ACCESS_MASK_WRITE,
					   HV_INTERCEPT_TYPE_X64_IO_PORT, GUEST_PORT));
	a = pm_now(&self->vm, 0xffffff);
	seen = vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_LE((seen - a) & 0xffffff, 0x7fffff);
	EXPECT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_READ |
					   HV_INTERCEPT_ACCESS_MASK_WRITE,
					   HV_INTERCEPT_TYPE_X64_IO_PORT, PM_PORT + 1));
	EXPECT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_READ |
					   HV_INTERCEPT_ACCESS_MASK_WRITE,
					   HV_INTERCEPT_TYPE_X64_IO_PORT, PM_PORT - 3));
	vmm_start64(self->vp, &pm_neighbours);
	for (i = 0; i < ARRAY_SIZE(accesses); i++) {
		vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
		EXPECT_EQ(accesses[i].port, vmm_io_msg(&msg)->port_number);
		EXPECT_EQ(accesses[i].write, vmm_io_msg(&msg)->header.intercept_access_type);
		vmm_skip(self->vp, &msg);
	}
	/* and off again it is a port like others */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, PROPERTY(PM_TIMER_ASSIST), PM_PORT));
	vmm_start64(self->vp, &read_pm_timer);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	EXPECT_EQ(PM_PORT, vmm_io_msg(&msg)->port_number);
	PROVES("B-15-014 B-15-015 B-15-016 PROP-partition-property-0x00030002");
}

/* what 15.1.1 lists, all in one partition */
GUEST_CODE(time_services, "64",
	   "mov	$0x1b, %ecx\n\t rdmsr\n\t or $0xc00, %eax\n\t wrmsr\n\t"
	   "mov	$0x80f, %ecx\n\t mov $0x1ff, %eax\n\t xor %edx, %edx\n\t wrmsr\n\t"
	   /* reference counter, reference TSC page */
	   "mov	$0x40000020, %ecx\n\t rdmsr\n\t"
	   "shl	$32, %rdx\n\t or %rdx, %rax\n\t mov %rax, 0x20200\n\t"
	   "mov	$0x40000021, %ecx\n\t mov $0x21001, %eax\n\t xor %edx, %edx\n\t wrmsr\n\t"
	   "rdmsr\n\t mov %rax, 0x20208\n\t mov 0x21000, %eax\n\t mov %rax, 0x20210\n\t"
	   /* four synthetic timers: direct, and over at once */
	   "mov	$4, %ebx\n\t mov $0x400000b0, %ecx\n\t xor %edx, %edx\n"
	   "1:	mov $0x1419, %eax\n\t wrmsr\n\t inc %ecx\n\t"
	   "mov	$1, %eax\n\t wrmsr\n\t inc %ecx\n\t"
	   "sti\n\t nop\n\t nop\n\t cli\n\t dec %ebx\n\t jnz 1b\n\t"
	   "mov	0x20100, %eax\n\t out %eax, $0xe0\n\t"
	   /* the APIC timer */
	   "mov	$0x832, %ecx\n\t mov $0x42, %eax\n\t wrmsr\n\t"
	   "mov	$0x838, %ecx\n\t mov $1000, %eax\n\t wrmsr\n"
	   "2:	sti\n\t nop\n\t cli\n\t cmpq $0, 0x20108\n\t je 2b\n\t"
	   "movq	$0, 0x20108\n\t"
	   /* the assists: PM timer, periodic timer */
	   "mov	$0x608, %edx\n\t in %dx, %eax\n\t out %eax, $0xe0\n"
	   "3:	sti\n\t nop\n\t cli\n\t cmpq $0, 0x20108\n\t je 3b\n\t"
	   "out	%eax, $0xe0\n\t hlt");

TEST_F(property, time_services)
{
	u64 a, b, pm, features;
	struct vmm_vp *vp;
	const u64 *seen;
	struct vmm vm;

	vmm_setup_bare(&vm, VMM_FLAGS);
	features = property(vm.pt, PROPERTY(SYNTHETIC_PROC_FEATURES));
	ASSERT_EQ(0, vmm_set_property(vm.pt, PROPERTY(SYNTHETIC_PROC_FEATURES), features |
				      HV_SYNTHETIC_FEATURE_ACCESS_PARTITION_REFERENCE_COUNTER |
				      HV_SYNTHETIC_FEATURE_ACCESS_PARTITION_REFERENCE_TSC |
				      HV_SYNTHETIC_FEATURE_ACCESS_SYNIC_REGS |
				      HV_SYNTHETIC_FEATURE_ACCESS_SYNTHETIC_TIMER_REGS |
				      HV_SYNTHETIC_FEATURE_DIRECT_SYNTHETIC_TIMERS));
	ASSERT_EQ(0, vmm_ioctl(vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	vm.vp[0].fd = vmm_create_vp(vm.pt, 0);
	vm.ram = vmm_add_memory(&vm, 0, VMM_RAM, VMM_RWX);
	vp = &vm.vp[0];
	vmm_start64(vp, &time_services);
	vmm_load(&vm, VMM_CODE + 0x800, &tick);
	vmm_load(&vm, VMM_CODE + 0x900, &tick2);
	vmm_set_gate(&vm, TICK_VECTOR, VMM_CODE + 0x800);
	vmm_set_gate(&vm, TICK_VECTOR + 1, VMM_CODE + 0x900);
	EXPECT_EQ(0, vmm_set_property(vm.pt, PROPERTY(PM_TIMER_ASSIST), PM_ENABLED | PM_PORT));
	seen = vmm_gpa(&vm, VMM_DATA + 0x200);
	a = property(vm.pt, PROPERTY(REFERENCE_TIME));
	EXPECT_EQ(4, vmm_run_out(vp, GUEST_PORT));
	b = property(vm.pt, PROPERTY(REFERENCE_TIME));
	EXPECT_LE(a, seen[0]);
	EXPECT_GE(b, seen[0]);
	EXPECT_EQ(0x21001, seen[1]);
	/* its sequence: 0 where the host's TSC is no clock */
	EXPECT_GT(0xffffffff, seen[2]);
	a = pm_now(&vm, ~0u);
	pm = vmm_run_out(vp, GUEST_PORT);
	EXPECT_LE(a, pm);
	EXPECT_GE(pm_now(&vm, ~0u), pm);
	EXPECT_EQ(0, vmm_set_property(vm.pt, PROPERTY(EMULATED_TIMER_PERIOD), 100000));
	EXPECT_EQ(0, vmm_set_property(vm.pt, PROPERTY(EMULATED_TIMER_CONTROL),
				      TIMER_ENABLED | (TICK_VECTOR + 1)));
	vmm_run_out(vp, GUEST_PORT);
	vmm_teardown(&vm);
	PROVES("B-15-001");
}

TEST_HARNESS_MAIN
