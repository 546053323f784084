// SPDX-License-Identifier: GPL-2.0-only
/*
 * register_table_test.c - every register name of TLFS 2.0 (10.2.2) and the later ones there are:
 * who may write it, what comes back, what is refused
 */
#include "harness.h"

FIXTURE(table) {
	struct vmm vm;
	struct vmm_vp *vp;
	bool avx;
};

FIXTURE_SETUP(table)
{
	u64 features;

	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
	if (vmm_get_property(self->vm.pt, HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES,
			     &features))
		vmm_die("no XSAVE features");
	self->avx = features & HV_XSAVE_FEATURE_AVX;
}

FIXTURE_TEARDOWN(table)
{
	vmm_teardown(&self->vm);
}

static int get(struct vmm_vp *vp, u32 name, union hv_register_value *val)
{
	return vmm_get_register(vp->fd, vp->index, name, val);
}

static int set(struct vmm_vp *vp, u32 name, const union hv_register_value *val)
{
	return vmm_set_register(vp->fd, vp->index, name, val);
}

#define ROUND_TRIP(name, value)	round_trip(_metadata, self->vp, name, value)
#define REFUSED(name, value)	refused(_metadata, self->vp, name, value)

/* ---- all of them ---- */

enum access {
	RW,
	RO,
	CLEAR,		/* may be cleared only */
	AVX,		/* RW where there is AVX, else no such name */
};

/* @nr names from @first on, 64 or 128 bits wide */
static const struct {
	u32 first, nr;
	enum access access;
	unsigned int bits;
} names[] = {
	{ HV_REGISTER_EXPLICIT_SUSPEND, 1, RW, 64 },
	{ HV_REGISTER_INTERCEPT_SUSPEND, 1, CLEAR, 64 },
	{ HV_X64_REGISTER_PENDING_INTERRUPTION, 2, RW, 64 },
	{ HV_X64_REGISTER_RAX, 18, RW, 64 },
	{ HV_X64_REGISTER_XMM0, 26, RW, 128 },
	{ HV_X64_REGISTER_CR0, 6, RW, 64 },
	{ HV_X64_REGISTER_DR0, 6, RW, 64 },
	{ HV_X64_REGISTER_ES, 8, RW, 128 },
	{ HV_X64_REGISTER_IDTR, 2, RW, 128 },
	{ HV_X64_REGISTER_TSC, 13, RW, 64 },		/* to INITIAL_APIC_ID */
	{ HV_X64_REGISTER_MSR_MTRR_CAP, 1, RO, 64 },
	{ HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 1, RW, 64 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 8, RW, 64 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0, 8, RW, 64 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX64K00000, 11, RW, 64 },
	{ HV_REGISTER_VP_RUNTIME, 1, RO, 64 },
	{ HV_X64_REGISTER_HYPERCALL, 2, RW, 64 },
	{ HV_REGISTER_VP_INDEX, 2, RO, 64 },
	{ HV_X64_REGISTER_EOI, 4, RW, 64 },
	{ HV_REGISTER_SINT0, 17, RW, 64 },
	{ HV_REGISTER_SVERSION, 1, RO, 64 },
	{ HV_REGISTER_SIEFP, 3, RW, 64 },
	{ HV_REGISTER_STIMER0_CONFIG, 8, RW, 64 },
	{ HV_X64_REGISTER_YMM0_LOW, 16, RW, 128 },
	{ HV_X64_REGISTER_YMM0_HIGH, 16, AVX, 128 },
};

/*
 * Each is there; its value fits its size (10.2.3); writing back what was read changes nothing, or
 * is refused where the register is read-only.
 */
TEST_F(table, names)
{
	union hv_register_value val, seen;
	unsigned int i, total = 0;
	u32 name;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		total += names[i].nr;
		for (name = names[i].first; name < names[i].first + names[i].nr; name++) {
			memset(&val, 0xff, sizeof(val));
			if (names[i].access == AVX && !self->avx) {
				EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, get(self->vp, name, &val));
				EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, set(self->vp, name, &val));
				continue;
			}
			EXPECT_EQ(0, get(self->vp, name, &val)) TH_LOG("register %#x", name);
			if (names[i].bits == 64)
				EXPECT_EQ(0, val.reg128.high) TH_LOG("register %#x", name);
			EXPECT_EQ(names[i].access == RO ? HV_STATUS_INVALID_PARAMETER : 0,
				  set(self->vp, name, &val)) TH_LOG("register %#x", name);
			/* clocks go on meanwhile */
			if (name == HV_X64_REGISTER_TSC || name == HV_REGISTER_TIME_REF_COUNT)
				continue;
			EXPECT_EQ(0, get(self->vp, name, &seen));
			EXPECT_EQ(0, memcmp(&val, &seen, sizeof(val)))
				TH_LOG("register %#x", name);
		}
	}
	/* and four of statistics pages, which have tests of their own */
	EXPECT_EQ(186 - 4, total);
	PROVES("B-10-015 B-10-018 HC-0050");
}

/* values that none of them can have; it keeps the one it has */
static const struct {
	u32 name;
	u64 bad;
} bad_values[] = {
	{ HV_REGISTER_EXPLICIT_SUSPEND, 2 },
	{ HV_REGISTER_EXPLICIT_SUSPEND, 1ULL << 63 },
	{ HV_REGISTER_INTERCEPT_SUSPEND, 1 },
	{ HV_REGISTER_INTERCEPT_SUSPEND, 2 },
	{ HV_REGISTER_INTERCEPT_SUSPEND, 1ULL << 32 },
	{ HV_X64_REGISTER_INTERRUPT_STATE, 1 << 5 },
	{ HV_X64_REGISTER_RFLAGS, 1ULL << 32 | 2 },
	{ HV_X64_REGISTER_CR0, 1ULL << 32 | 0x10 },
	{ HV_X64_REGISTER_CR4, 1ULL << 63 },
	{ HV_X64_REGISTER_CR8, 0x10 },
	{ HV_X64_REGISTER_XFEM, 2 },
	{ HV_X64_REGISTER_DR6, 1ULL << 32 },
	{ HV_X64_REGISTER_DR7, 1ULL << 32 },
	{ HV_X64_REGISTER_EFER, 1ULL << 63 },
	{ HV_X64_REGISTER_EFER, 2 },
	{ HV_X64_REGISTER_KERNEL_GS_BASE, 1ULL << 47 },
	{ HV_X64_REGISTER_APIC_BASE, 0xfee00900 | 1ULL << 62 },
	{ HV_X64_REGISTER_APIC_BASE, 0xfee00900 | 1 },
	{ HV_X64_REGISTER_PAT, 0x02 },
	{ HV_X64_REGISTER_INITIAL_APIC_ID, 1ULL << 32 },
	{ HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 2 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 0x100 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0, 1 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KC0000, 7 },
	{ HV_X64_REGISTER_TPR, 0x100 },
	{ HV_REGISTER_SINT0, 0xf },
};

TEST_F(table, bad_values)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad_values); i++)
		REFUSED(bad_values[i].name, bad_values[i].bad);
	PROVES("HC-0051/INVALID_PARAMETER B-10-020");
}

/* ---- those that no other test has ---- */

TEST_F(table, clocks_and_modes)
{
	u64 a, b;

	vmm_set_reg(self->vp, HV_X64_REGISTER_TSC, 1ULL << 40);
	a = vmm_reg(self->vp, HV_X64_REGISTER_TSC);
	b = vmm_reg(self->vp, HV_X64_REGISTER_TSC);
	EXPECT_LE(1ULL << 40, a);
	EXPECT_LT(a, b);
	EXPECT_GT((1ULL << 40) + (1ULL << 38), b);
	a = vmm_reg(self->vp, HV_REGISTER_TIME_REF_COUNT);
	EXPECT_LT(a, vmm_reg(self->vp, HV_REGISTER_TIME_REF_COUNT));
	ROUND_TRIP(HV_X64_REGISTER_EFER, 0x901);
	ROUND_TRIP(HV_X64_REGISTER_EFER, 0);
	ROUND_TRIP(HV_X64_REGISTER_APIC_BASE, 0xfee00d00);
	ROUND_TRIP(HV_X64_REGISTER_APIC_BASE, 0xfee00900);
	REFUSED(HV_X64_REGISTER_EFER, 1 << 1);
	REFUSED(HV_X64_REGISTER_APIC_BASE, 0xfee00400);
	PROVES("REG-00080000 REG-00080001 REG-00080003");
}

/* of this processor: without DAZ on the oldest, with misaligned exceptions on some of AMD's */
static u32 mxcsr_mask(void)
{
	static u32 image[128] __attribute__((aligned(16)));

	asm volatile("fxsave %0" : "=m" (image));
	return image[7] ?: 0xffbf;
}

TEST_F(table, fp_status)
{
	union hv_register_value val = {}, seen;

	val.fp_control_status.fp_control = 0x27f;
	val.fp_control_status.fp_status = 0x3841;
	val.fp_control_status.fp_tag = 0x81;
	val.fp_control_status.last_fp_op = 0x123;
	val.fp_control_status.last_fp_rip = 0x123456789a;
	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_FP_CONTROL_STATUS, &val));
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_FP_CONTROL_STATUS, &seen));
	EXPECT_EQ(0, memcmp(&val, &seen, sizeof(val)));
	memset(&val, 0, sizeof(val));
	val.xmm_control_status.xmm_status_control = 0x1f80;
	val.xmm_control_status.last_fp_rdp = 0xabcdef0123;
	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_XMM_CONTROL_STATUS, &val));
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_XMM_CONTROL_STATUS, &seen));
	EXPECT_EQ(0x1f80, seen.xmm_control_status.xmm_status_control);
	EXPECT_EQ(0xabcdef0123, seen.xmm_control_status.last_fp_rdp);
	/* the mask says which bits there are: those and no others are taken */
	EXPECT_EQ(mxcsr_mask(), seen.xmm_control_status.xmm_status_control_mask);
	val.xmm_control_status.xmm_status_control = 1 << 16;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  set(self->vp, HV_X64_REGISTER_XMM_CONTROL_STATUS, &val));
	PROVES("REG-00030018 REG-00030019");
}

TEST_F(table, ymm)
{
	union hv_register_value low, high, seen;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		low.reg128 = (struct hv_u128) { 0x1111000000000000 + i, 0x2222000000000000 + i };
		high.reg128 = (struct hv_u128) { 0x3333000000000000 + i, 0x4444000000000000 + i };
		EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_YMM0_LOW + i, &low));
		if (self->avx)
			EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_YMM0_HIGH + i, &high));
	}
	for (i = 0; i < 16; i++) {
		low.reg128 = (struct hv_u128) { 0x1111000000000000 + i, 0x2222000000000000 + i };
		high.reg128 = (struct hv_u128) { 0x3333000000000000 + i, 0x4444000000000000 + i };
		EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_YMM0_LOW + i, &seen));
		EXPECT_EQ(0, memcmp(&low, &seen, sizeof(low)));
		EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_XMM0 + i, &seen));
		EXPECT_EQ(0, memcmp(&low, &seen, sizeof(low)));
		if (!self->avx)
			continue;
		EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_YMM0_HIGH + i, &seen));
		EXPECT_EQ(0, memcmp(&high, &seen, sizeof(high)));
	}
	PROVES("REG-000C0000 REG-000C0001 REG-000C0002 REG-000C0003 REG-000C0004 REG-000C0005");
	PROVES("REG-000C0006 REG-000C0007 REG-000C0008 REG-000C0009 REG-000C000A REG-000C000B");
	PROVES("REG-000C000C REG-000C000D REG-000C000E REG-000C000F");
	if (!self->avx) {
		PROVES("B-10-017");
		return;
	}
	PROVES("REG-000C0010 REG-000C0011 REG-000C0012 REG-000C0013 REG-000C0014 REG-000C0015");
	PROVES("REG-000C0016 REG-000C0017 REG-000C0018 REG-000C0019 REG-000C001A REG-000C001B");
	PROVES("REG-000C001C REG-000C001D REG-000C001E REG-000C001F");
}

/* a guest's own upper halves: AVX code puts something there */
GUEST_CODE(fill_ymm, "64",
	   "mov	%cr4, %rax\n\t or $0x40600, %eax\n\t mov %rax, %cr4\n\t"
	   "xor	%ecx, %ecx\n\t xor %edx, %edx\n\t mov $7, %eax\n\t xsetbv\n\t"
	   "vmovdqu 0x20300, %ymm5\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "vmovdqu %ymm9, 0x20340\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

TEST_F(table, ymm_of_the_guest)
{
	u64 *data = vmm_gpa(&self->vm, VMM_DATA + 0x300);
	union hv_register_value val = { .reg128 = { 0x99990001, 0x99990002 } };
	unsigned int i;

	if (!self->avx)
		SKIP(return, "no AVX");
	for (i = 0; i < 4; i++)
		data[i] = 0x5550000 + i;
	vmm_start64(self->vp, &fill_ymm);
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_YMM0_HIGH + 9, &val));
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_YMM0_HIGH + 5, &val));
	EXPECT_EQ(0x5550002, val.reg128.low);
	EXPECT_EQ(0x5550003, val.reg128.high);
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_EQ(0x99990001, data[10]);
	EXPECT_EQ(0x99990002, data[11]);
	PROVES("B-10-017");
}

TEST_F(table, apic_id)
{
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_INITIAL_APIC_ID));
	ROUND_TRIP(HV_X64_REGISTER_INITIAL_APIC_ID, 0);
}

/* EOI and ICR do what the guest's MSRs do */
TEST_F(table, interrupt_registers)
{
	union hv_register_value val = {};
	struct hv_local_interrupt_controller_state *s = vmm_alloc(TLFS_PAGE_SIZE);
	struct tlfs_get_set_vp_state arg = {
		.type = TLFS_VP_STATE_LAPIC, .buf_sz = TLFS_PAGE_SIZE, .buf_ptr = (uintptr_t)s,
	};

	/* two in service: EOI ends the higher */
	ASSERT_EQ(0, vmm_ioctl(self->vp->fd, TLFS_GET_VP_STATE, &arg));
	s->apic_spurious = 0x1ff;
	s->apic_isr[1] = 1 << 5;
	s->apic_isr[2] = 1 << 7;
	arg.buf_sz = TLFS_PAGE_SIZE;
	ASSERT_EQ(0, vmm_ioctl(self->vp->fd, TLFS_SET_VP_STATE, &arg));
	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_EOI, &val));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_APIC_ISR2));
	EXPECT_EQ(1 << 5, vmm_reg(self->vp, HV_X64_REGISTER_APIC_ISR1));
	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_APIC_EOI, &val));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_APIC_ISR1));
	REFUSED(HV_X64_REGISTER_EOI, 1);
	/* an IPI to itself */
	EXPECT_EQ(0, vmm_set_reg_status(self->vp, HV_X64_REGISTER_ICR, 0x40000 | 0x51));
	EXPECT_EQ(1 << 17, vmm_reg(self->vp, HV_X64_REGISTER_APIC_IRR2));
	EXPECT_EQ(0x51, vmm_reg(self->vp, HV_X64_REGISTER_ICR) & 0xff);
	/* end of message: nothing waits, nothing happens */
	EXPECT_EQ(0, set(self->vp, HV_REGISTER_EOM, &val));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_REGISTER_EOM));
	PROVES("REG-00090010 REG-00090011 REG-000A0014 REG-0008480B");
}

/* ---- the local APIC, register by register ---- */

#define NONE_BAD	0xdeadULL

static const struct {
	u32 name;
	u64 good, bad;
} apic[] = {
	{ HV_X64_REGISTER_APIC_TPR, 0x35, 0x100 },
	{ HV_X64_REGISTER_APIC_LDR, 0x02000000, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_SPURIOUS, 0x1f7, 1 << 20 },
	{ HV_X64_REGISTER_APIC_ISR0, 0x20000, 1 },
	{ HV_X64_REGISTER_APIC_ISR1, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_ISR2, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_ISR3, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_ISR4, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_ISR5, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_ISR6, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_ISR7, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_IRR0, 0x40000, 1 },
	{ HV_X64_REGISTER_APIC_IRR1, 0x90, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_IRR2, 0x90, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_IRR3, 0x90, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_IRR4, 0x90, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_IRR5, 0x90, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_IRR6, 0x90, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_IRR7, 0x90, 1ULL << 32 },
	/* level: of those that are requested or in service */
	{ HV_X64_REGISTER_APIC_TMR0, 0x40000, 1 },
	{ HV_X64_REGISTER_APIC_TMR1, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_TMR2, 0x90, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_TMR3, 0x80, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_TMR4, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_TMR5, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_TMR6, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_TMR7, 0x10, 1ULL << 32 },
	{ HV_X64_REGISTER_APIC_ESE, 0x40, 0x100 },
	{ HV_X64_REGISTER_APIC_ICR, 0x03000000000440f1, NONE_BAD },
	{ HV_X64_REGISTER_APIC_LVT_TIMER, 0x100ef, 0x80000 },
	{ HV_X64_REGISTER_APIC_LVT_THERMAL, 0x100fa, 0x40000 },
	{ HV_X64_REGISTER_APIC_LVT_PERFMON, 0x10400, 0x40000 },
	{ HV_X64_REGISTER_APIC_LVT_LINT0, 0x18700, 0x40000 },
	{ HV_X64_REGISTER_APIC_LVT_LINT1, 0x10400, 0x40000 },
	{ HV_X64_REGISTER_APIC_LVT_ERROR, 0x100fe, 0x40000 },
	{ HV_X64_REGISTER_APIC_DIVIDE, 0xb, 0x10 },
};

TEST_F(table, apic_registers)
{
	unsigned int i;
	char id[16];
	u64 count;

	vmm_set_reg(self->vp, HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
	for (i = 0; i < ARRAY_SIZE(apic); i++) {
		ROUND_TRIP(apic[i].name, apic[i].good);
		if (apic[i].bad != NONE_BAD)
			REFUSED(apic[i].name, apic[i].bad);
	}
	/* each where it belongs: none has changed another */
	for (i = 0; i < ARRAY_SIZE(apic); i++)
		EXPECT_EQ(apic[i].good, vmm_reg(self->vp, apic[i].name))
			TH_LOG("register %#x", apic[i].name);
	for (i = 0; i < ARRAY_SIZE(apic); i++) {
		snprintf(id, sizeof(id), "REG-%08X", apic[i].name);
		PROVES(id);
	}

	ROUND_TRIP(HV_X64_REGISTER_APIC_ID, 0);
	REFUSED(HV_X64_REGISTER_APIC_ID, 1);
	EXPECT_NE(0, vmm_reg(self->vp, HV_X64_REGISTER_APIC_VERSION));
	REFUSED(HV_X64_REGISTER_APIC_VERSION, 0);
	/* of the highest in service, 0xe4, and the TPR */
	EXPECT_EQ(0xe0, vmm_reg(self->vp, HV_X64_REGISTER_APIC_PPR));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_reg_status(self->vp, HV_X64_REGISTER_APIC_PPR, 0));
	ROUND_TRIP(HV_X64_REGISTER_APIC_INIT_COUNT, 1000000000);
	count = vmm_reg(self->vp, HV_X64_REGISTER_APIC_CURRENT_COUNT);
	EXPECT_GE(1000000000, count);
	EXPECT_LT(0, count);
	EXPECT_EQ(0, vmm_set_reg_status(self->vp, HV_X64_REGISTER_APIC_CURRENT_COUNT, 5000000));
	EXPECT_GE(5000000, vmm_reg(self->vp, HV_X64_REGISTER_APIC_CURRENT_COUNT));
	REFUSED(HV_X64_REGISTER_APIC_INIT_COUNT, 1ULL << 32);
	EXPECT_EQ(0, vmm_set_reg_status(self->vp, HV_X64_REGISTER_APIC_SELF_IPI, 0x62));
	EXPECT_EQ(0x94, vmm_reg(self->vp, HV_X64_REGISTER_APIC_IRR3));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_reg_status(self->vp, HV_X64_REGISTER_APIC_SELF_IPI, 0xf));
	PROVES("REG-00084802 REG-00084803 REG-0008480A REG-00084838 REG-00084839 REG-0008483F");
}

/* HvAssertVirtualInterrupt, seen in the requests of the local APIC */
TEST_F(table, interrupt_types)
{
	vmm_set_reg(self->vp, HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
	EXPECT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_FIXED, 0, 0x61));
	EXPECT_EQ(1 << 1, vmm_reg(self->vp, HV_X64_REGISTER_APIC_IRR3));
	EXPECT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY, 0, 0x62));
	EXPECT_EQ(3 << 1, vmm_reg(self->vp, HV_X64_REGISTER_APIC_IRR3));
	EXPECT_NE(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_FIXED, 0, 0xf));
	EXPECT_NE(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY, 0, 0xf));
	EXPECT_NE(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_REMOTE_READ, 0, 0x63));
	EXPECT_EQ(3 << 1, vmm_reg(self->vp, HV_X64_REGISTER_APIC_IRR3));
	PROVES("PROP-interrupt-type-0 PROP-interrupt-type-1");
}

/* ---- others of later editions ---- */

TEST_F(table, later)
{
	ROUND_TRIP(HV_X64_REGISTER_EMULATED_TIMER_PERIOD, 500000);
	ROUND_TRIP(HV_X64_REGISTER_EMULATED_TIMER_CONTROL, 0x1041);
	REFUSED(HV_X64_REGISTER_EMULATED_TIMER_CONTROL, 1ULL << 40);
	ROUND_TRIP(HV_X64_REGISTER_EMULATED_TIMER_PERIOD, 0);
	/* what ends the period ends the timer */
	EXPECT_EQ(0x41, vmm_reg(self->vp, HV_X64_REGISTER_EMULATED_TIMER_CONTROL));
	ROUND_TRIP(HV_X64_REGISTER_PM_TIMER_ASSIST, 0x30608);
	REFUSED(HV_X64_REGISTER_PM_TIMER_ASSIST, 1ULL << 18);
	ROUND_TRIP(HV_X64_REGISTER_PM_TIMER_ASSIST, 0);
	/* VTL 0 is enabled and active, and there is no other */
	EXPECT_EQ(0x10000, vmm_reg(self->vp, HV_REGISTER_VSM_VP_STATUS));
	EXPECT_EQ(1, vmm_reg(self->vp, HV_REGISTER_VSM_PARTITION_STATUS));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_REGISTER_VSM_CAPABILITIES));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_reg_status(self->vp, HV_REGISTER_VSM_VP_STATUS, 0x10000));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_reg_status(self->vp, HV_REGISTER_VSM_PARTITION_STATUS, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_reg_status(self->vp, HV_REGISTER_VSM_CAPABILITIES, 0));
	PROVES("REG-00090030 REG-00090031 REG-00090032 REG-000D0003 REG-000D0004 REG-000D0006");
}

/* the table is the VP's that is named, and names end where they end */
TEST_F(table, vp_index)
{
	union hv_register_value val = {};

	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX,
		  vmm_get_register(self->vm.pt, 1, HV_X64_REGISTER_RAX, &val));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX,
		  vmm_set_register(self->vm.pt, TLFS_MAX_VPS, HV_X64_REGISTER_RAX, &val));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_get_register(self->vm.pt, 0, HV_X64_REGISTER_YMM0_HIGH + 16, &val));
	PROVES("B-10-041");
}

TEST_HARNESS_MAIN
