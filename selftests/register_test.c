// SPDX-License-Identifier: GPL-2.0-only
/*
 * register_test.c - VP registers by name: what they hold, what they refuse (TLFS 10.2 and 10.3)
 *
 * Those that are MSRs are in register_msr_test.c, VP state blocks in state_test.c.
 */
#include <cpuid.h>

#include "harness.h"

FIXTURE(registers) {
	struct vmm vm;
	struct vmm_vp *vp;
};

FIXTURE_SETUP(registers)
{
	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
}

FIXTURE_TEARDOWN(registers)
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

/* ---- general registers ---- */

TEST_F(registers, general)
{
	unsigned int i;

	for (i = 0; i < 17; i++)
		ROUND_TRIP(HV_X64_REGISTER_RAX + i, 0x8877665544332200ULL + i);
	/* all at once, not one by the other */
	for (i = 0; i < 17; i++)
		EXPECT_EQ(0x8877665544332200ULL + i, vmm_reg(self->vp, HV_X64_REGISTER_RAX + i));
	PROVES("REG-00020000 REG-00020001 REG-00020002 REG-00020003 REG-00020004 REG-00020005");
	PROVES("REG-00020006 REG-00020007 REG-00020008 REG-00020009 REG-0002000A REG-0002000B");
	PROVES("REG-0002000C REG-0002000D REG-0002000E REG-0002000F REG-00020010");
}

TEST_F(registers, rflags)
{
	static const unsigned int reserved[] = { 3, 5, 15, 22, 31, 32, 63 };
	unsigned int i;

	ROUND_TRIP(HV_X64_REGISTER_RFLAGS, 0x2);
	ROUND_TRIP(HV_X64_REGISTER_RFLAGS, 0x246);
	ROUND_TRIP(HV_X64_REGISTER_RFLAGS, 0x3f7fd7);	/* all there are */
	/* the bit that is always one */
	EXPECT_EQ(0, vmm_set_reg_status(self->vp, HV_X64_REGISTER_RFLAGS, 0x200));
	EXPECT_EQ(0x202, vmm_reg(self->vp, HV_X64_REGISTER_RFLAGS));
	for (i = 0; i < ARRAY_SIZE(reserved); i++)
		REFUSED(HV_X64_REGISTER_RFLAGS, 2 | 1ULL << reserved[i]);
	PROVES("REG-00020011");
}

/* registers, by the guest that has them */
GUEST_CODE(show_registers, "64",
	   "outl	%eax, $0xe0\n\t"
	   "mov	%ecx, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%edx, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%ebx, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%esp, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%ebp, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%esi, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%edi, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%r8d, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%r9d, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%r10d, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%r11d, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%r12d, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%r13d, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%r14d, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%r15d, %eax\n\t outl %eax, $0xe0\n\t"
	   "movd	%xmm0, %eax\n\t outl %eax, $0xe0\n\t"
	   "movd	%xmm7, %eax\n\t outl %eax, $0xe0\n\t"
	   "movd	%xmm15, %eax\n\t outl %eax, $0xe0\n\t"
	   "mov	%cr2, %rax\n\t outl %eax, $0xe0\n\t"
	   "mov	%cr8, %rax\n\t outl %eax, $0xe0\n\t"
	   "mov	%dr3, %rax\n\t outl %eax, $0xe0\n\t"
	   "mov	%gs:0, %rax\n\t outl %eax, $0xe0\n\t"
	   "str	%ax\n\t outl %eax, $0xe0\n\t"
	   "hlt");

TEST_F(registers, are_what_the_guest_has)
{
	union hv_register_value val = { .reg128 = { 0xaaaa0000, 0xbbbb } };
	unsigned int i;

	vmm_start64(self->vp, &show_registers);
	for (i = 0; i < 16; i++)
		vmm_set_reg(self->vp, HV_X64_REGISTER_RAX + i, 0xc0de00 + i);
	for (i = 0; i < 16; i++) {
		val.reg128.low = 0xaaaa0000 + i;
		ASSERT_EQ(0, set(self->vp, HV_X64_REGISTER_XMM0 + i, &val));
	}
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR2, 0xc2c2c2);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR8, 0xb);
	vmm_set_reg(self->vp, HV_X64_REGISTER_DR3, 0xd3d3d3);
	*(u64 *)vmm_gpa(&self->vm, VMM_DATA + 0x40) = 0x65656565;
	vmm_set_segment(self->vp, HV_X64_REGISTER_GS, VMM_DATA + 0x40, ~0u, VMM_DS, 0xc093);
	for (i = 0; i < 16; i++)
		EXPECT_EQ(0xc0de00 + i, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0xaaaa0000, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0xaaaa0007, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0xaaaa000f, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0xc2c2c2, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0xb, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0xd3d3d3, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0x65656565, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(VMM_TR, vmm_run_out(self->vp, GUEST_PORT) & 0xffff);
}

/* ---- floating point and vectors ---- */

TEST_F(registers, xmm)
{
	union hv_register_value val, seen;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		val.reg128 = (struct hv_u128) { 0x1111111100000000 + i, 0x2222222200000000 + i };
		EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_XMM0 + i, &val));
	}
	for (i = 0; i < 16; i++) {
		EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_XMM0 + i, &seen));
		EXPECT_EQ(0x1111111100000000 + i, seen.reg128.low);
		EXPECT_EQ(0x2222222200000000 + i, seen.reg128.high);
	}
	PROVES("REG-00030000 REG-00030001 REG-00030002 REG-00030003 REG-00030004 REG-00030005");
	PROVES("REG-00030006 REG-00030007 REG-00030008 REG-00030009 REG-0003000A REG-0003000B");
	PROVES("REG-0003000C REG-0003000D REG-0003000E REG-0003000F");
}

TEST_F(registers, x87)
{
	union hv_register_value val, seen;
	unsigned int i;

	for (i = 0; i < 8; i++) {
		memset(&val, 0, sizeof(val));
		val.fp.mantissa = 0x8000000000000000ULL + i;
		val.fp.sign_exponent = 0xc000 + i;
		EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_FP_MMX0 + i, &val));
	}
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_FP_MMX0 + i, &seen));
		EXPECT_EQ(0x8000000000000000ULL + i, seen.fp.mantissa);
		EXPECT_EQ(0xc000 + i, seen.fp.sign_exponent);
		EXPECT_EQ(0, seen.fp.reserved[0]);
	}
	PROVES("REG-00030010 REG-00030011 REG-00030012 REG-00030013 REG-00030014 REG-00030015");
	PROVES("REG-00030016 REG-00030017");
}

TEST_F(registers, fp_control)
{
	union hv_register_value val = {}, seen;

	val.fp_control_status.fp_control = 0x27f;
	val.fp_control_status.fp_status = 0x3841;
	val.fp_control_status.fp_tag = 0x81;
	val.fp_control_status.last_fp_op = 0x123;
	val.fp_control_status.last_fp_rip = 0x123456789a;
	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_FP_CONTROL_STATUS, &val));
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_FP_CONTROL_STATUS, &seen));
	EXPECT_EQ(0x27f, seen.fp_control_status.fp_control);
	EXPECT_EQ(0x3841, seen.fp_control_status.fp_status);
	EXPECT_EQ(0x81, seen.fp_control_status.fp_tag);
	EXPECT_EQ(0x123, seen.fp_control_status.last_fp_op);
	EXPECT_EQ(0x123456789a, seen.fp_control_status.last_fp_rip);
	memset(&val, 0, sizeof(val));
	val.xmm_control_status.xmm_status_control = 0x1f80;
	val.xmm_control_status.xmm_status_control_mask = 0xffff;	/* QEMU's */
	val.xmm_control_status.last_fp_rdp = 0xabcdef0123;
	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_XMM_CONTROL_STATUS, &val));
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_XMM_CONTROL_STATUS, &seen));
	EXPECT_EQ(0x1f80, seen.xmm_control_status.xmm_status_control);
	EXPECT_NE(0, seen.xmm_control_status.xmm_status_control_mask);
	EXPECT_EQ(0xabcdef0123, seen.xmm_control_status.last_fp_rdp);
	/* MXCSR has reserved bits: an FXRSTOR of them would be #GP, in the host */
	val.xmm_control_status.xmm_status_control = 0x80001f80;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  set(self->vp, HV_X64_REGISTER_XMM_CONTROL_STATUS, &val));
	val.xmm_control_status.xmm_status_control = 0x10000;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  set(self->vp, HV_X64_REGISTER_XMM_CONTROL_STATUS, &val));
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_XMM_CONTROL_STATUS, &seen));
	EXPECT_EQ(0x1f80, seen.xmm_control_status.xmm_status_control);
	PROVES("B-10-029");
}

/* ---- control and debug registers ---- */

TEST_F(registers, cr0)
{
	unsigned int bit;

	ROUND_TRIP(HV_X64_REGISTER_CR0, 0x60000010);
	ROUND_TRIP(HV_X64_REGISTER_CR0, 0x11);
	ROUND_TRIP(HV_X64_REGISTER_CR0, 0x80050033);
	for (bit = 32; bit < 64; bit++)
		REFUSED(HV_X64_REGISTER_CR0, 0x11 | 1ULL << bit);
	REFUSED(HV_X64_REGISTER_CR0, 0x20000011);	/* NW without CD */
	REFUSED(HV_X64_REGISTER_CR0, 0x80000010);	/* PG without PE */
	ROUND_TRIP(HV_X64_REGISTER_INTERMEDIATE_CR0, 0x80000011);
	EXPECT_EQ(0x80000011, vmm_reg(self->vp, HV_X64_REGISTER_CR0));
	PROVES("REG-00040000");
}

TEST_F(registers, cr2_cr3)
{
	ROUND_TRIP(HV_X64_REGISTER_CR2, 0xffff800012345678ULL);
	ROUND_TRIP(HV_X64_REGISTER_CR2, 0);
	ROUND_TRIP(HV_X64_REGISTER_CR3, 0x12345000ULL);
	ROUND_TRIP(HV_X64_REGISTER_CR3, 0x12345018ULL);
	ROUND_TRIP(HV_X64_REGISTER_INTERMEDIATE_CR3, 0x55000ULL);
	EXPECT_EQ(0x55000, vmm_reg(self->vp, HV_X64_REGISTER_CR3));
	REFUSED(HV_X64_REGISTER_CR3, 1ULL << 62);
	REFUSED(HV_X64_REGISTER_CR3, 1ULL << 52);
	PROVES("REG-00040001 REG-00040002");
}

TEST_F(registers, cr4)
{
	unsigned int bit;

	ROUND_TRIP(HV_X64_REGISTER_CR4, 0);
	ROUND_TRIP(HV_X64_REGISTER_CR4, 0x6f0);
	ROUND_TRIP(HV_X64_REGISTER_INTERMEDIATE_CR4, 0x620);
	EXPECT_EQ(0x620, vmm_reg(self->vp, HV_X64_REGISTER_CR4));
	/* VMXE, SMXE, and what is not defined at all */
	REFUSED(HV_X64_REGISTER_CR4, 1 << 13);
	REFUSED(HV_X64_REGISTER_CR4, 1 << 14);
	REFUSED(HV_X64_REGISTER_CR4, 1 << 15);
	REFUSED(HV_X64_REGISTER_CR4, 1 << 19);
	for (bit = 26; bit < 64; bit++)
		REFUSED(HV_X64_REGISTER_CR4, 1ULL << bit);
	PROVES("REG-00040003");
}

/* a feature that was hidden at creation has no CR4 bit */
TEST_F(registers, hidden_features)
{
	struct tlfs_create_partition_v2 arg = {
		.v1.flags = VMM_FLAGS | TLFS_PT_CPU_FEATURES,
		.num_banks = TLFS_CPU_FEATURE_BANKS,
		.disabled_features = {
			HV_PROCESSOR_FEATURE0_SMEP | HV_PROCESSOR_FEATURE0_SMAP |
			HV_PROCESSOR_FEATURE0_RDWRFSGS, HV_PROCESSOR_FEATURE1_LA57,
		},
		.disabled_xsave = HV_XSAVE_FEATURE_XSAVE,
	};
	u64 bank;
	int pt, fd;

	if (!vmm_set_reg_status(self->vp, HV_X64_REGISTER_CR4, 0x620 | 1 << 20))
		TH_LOG("the host has SMEP");
	pt = vmm_ioctl(self->vm.dev, TLFS_CREATE_PARTITION, &arg);
	ASSERT_LE(0, pt);
	ASSERT_EQ(0, vmm_ioctl(pt, TLFS_INITIALIZE_PARTITION, NULL));
	fd = vmm_create_vp(pt, 0);
	ASSERT_LE(0, fd);
	self->vp->fd = fd;
	ROUND_TRIP(HV_X64_REGISTER_CR4, 0x620);
	REFUSED(HV_X64_REGISTER_CR4, 0x620 | 1 << 20);
	REFUSED(HV_X64_REGISTER_CR4, 0x620 | 1 << 21);
	REFUSED(HV_X64_REGISTER_CR4, 0x620 | 1 << 16);
	REFUSED(HV_X64_REGISTER_CR4, 0x620 | 1 << 12);
	REFUSED(HV_X64_REGISTER_CR4, 0x620 | 1 << 18);
	EXPECT_EQ(0, vmm_get_property(pt, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, &bank));
	EXPECT_EQ(0, bank & arg.disabled_features[0]);
	EXPECT_TRUE(bank & HV_PROCESSOR_FEATURE0_SSE3);
	EXPECT_EQ(0, vmm_get_property(pt, HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES, &bank));
	EXPECT_EQ(0, bank & HV_XSAVE_FEATURE_XSAVE);
	close(pt);
}

TEST_F(registers, cr8)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		ROUND_TRIP(HV_X64_REGISTER_CR8, i);
	REFUSED(HV_X64_REGISTER_CR8, 0x10);
	REFUSED(HV_X64_REGISTER_CR8, 1ULL << 32);
	PROVES("REG-00040004");
}

TEST_F(registers, xfem)
{
	u64 states;

	ASSERT_EQ(0, vmm_get_property(self->vm.pt, HV_PARTITION_PROPERTY_XSAVE_STATES, &states));
	EXPECT_EQ(3, states & 3);
	ROUND_TRIP(HV_X64_REGISTER_XFEM, 1);
	ROUND_TRIP(HV_X64_REGISTER_XFEM, 3);
	ROUND_TRIP(HV_X64_REGISTER_XFEM, states & 7);
	REFUSED(HV_X64_REGISTER_XFEM, 0);		/* x87 is always there */
	REFUSED(HV_X64_REGISTER_XFEM, 2);
	REFUSED(HV_X64_REGISTER_XFEM, 5);		/* AVX without SSE */
	REFUSED(HV_X64_REGISTER_XFEM, 1ULL << 62 | 3);
	REFUSED(HV_X64_REGISTER_XFEM, 1 << 18 | 3);	/* tile data is too large for anybody */
	PROVES("REG-00040005");
}

TEST_F(registers, debug)
{
	unsigned int i;

	for (i = 0; i < 4; i++)
		ROUND_TRIP(HV_X64_REGISTER_DR0 + i, 0xffff800000001000ULL + i);
	ROUND_TRIP(HV_X64_REGISTER_DR6, 0xffff0ff0);
	ROUND_TRIP(HV_X64_REGISTER_DR6, 0xffff4ff1);
	ROUND_TRIP(HV_X64_REGISTER_DR7, 0x400);
	ROUND_TRIP(HV_X64_REGISTER_DR7, 0xffff07ff);
	REFUSED(HV_X64_REGISTER_DR6, 1ULL << 32);
	REFUSED(HV_X64_REGISTER_DR7, 1ULL << 63);
	PROVES("REG-00050000 REG-00050001 REG-00050002 REG-00050003 REG-00050004 REG-00050005");
}

TEST_F(registers, efer)
{
	unsigned int bit;

	ROUND_TRIP(HV_X64_REGISTER_EFER, 0);
	ROUND_TRIP(HV_X64_REGISTER_EFER, 0x901);
	/* the guest does not see that the host's SVME is on, nor can it have its own */
	REFUSED(HV_X64_REGISTER_EFER, 0x1000);
	for (bit = 1; bit < 8; bit++)
		REFUSED(HV_X64_REGISTER_EFER, 1 << bit);
	for (bit = 16; bit < 64; bit++)
		REFUSED(HV_X64_REGISTER_EFER, 1ULL << bit);
}

/*
 * The order QEMU loads them in: CR0 with paging before CR4 has PAE and before EFER has LME, in a
 * processor in real mode; and back.
 */
TEST_F(registers, any_order)
{
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0, 0x80050033);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR3, 0x1000);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR4, 0x6a0);
	vmm_set_reg(self->vp, HV_X64_REGISTER_EFER, 0xd01);
	EXPECT_EQ(0xd01, vmm_reg(self->vp, HV_X64_REGISTER_EFER));
	EXPECT_EQ(0x80050033, vmm_reg(self->vp, HV_X64_REGISTER_CR0));
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0, 0x60000010);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR4, 0);
	vmm_set_reg(self->vp, HV_X64_REGISTER_EFER, 0);
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_EFER));
}

/* ---- segments and tables ---- */

TEST_F(registers, segments)
{
	static const struct hv_x64_segment_register good[] = {
		{ 0xffff0000, 0xffff, 0xf000, 0x9b },
		{ 0, 0xffffffff, 0x10, 0xc093 },
		{ 0, 0xffffffff, 0x08, 0xa09b },
		{ 0x12345678, 0xfffff, 0x1b, 0x40f3 },
		{ 0, 0, 0, 0 },
	};
	union hv_register_value val = {}, seen;
	unsigned int i, j;

	for (i = 0; i < 6; i++) {
		for (j = 0; j < ARRAY_SIZE(good); j++) {
			val.segment = good[j];
			EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_ES + i, &val));
			EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_ES + i, &seen));
			EXPECT_EQ(good[j].base, seen.segment.base);
			EXPECT_EQ(good[j].limit, seen.segment.limit);
			EXPECT_EQ(good[j].selector, seen.segment.selector);
			EXPECT_EQ(good[j].attributes, seen.segment.attributes);
		}
		/* reserved attributes; a limit that pages do not make */
		val.segment = good[1];
		val.segment.attributes |= 0x100;
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
			  set(self->vp, HV_X64_REGISTER_ES + i, &val));
		val.segment = good[1];
		val.segment.limit = 0xfffff000;
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
			  set(self->vp, HV_X64_REGISTER_ES + i, &val));
	}
	/* FS and GS have 64-bit bases */
	val.segment = good[1];
	val.segment.base = 0xffff888012345678ULL;
	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_GS, &val));
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_GS, &seen));
	EXPECT_EQ(0xffff888012345678ULL, seen.segment.base);
	PROVES("B-10-031 REG-00060000 REG-00060001 REG-00060002 REG-00060003 REG-00060004");
	PROVES("REG-00060005");
}

TEST_F(registers, task_and_tables)
{
	union hv_register_value val = { .segment = { 0x5000, 0x67, 0x40, 0x8b } }, seen;
	unsigned int i;

	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_TR, &val));
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_TR, &seen));
	EXPECT_EQ(0, memcmp(&val, &seen, sizeof(val)));
	val.segment.attributes = 0x82;
	EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_LDTR, &val));
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_LDTR, &seen));
	EXPECT_EQ(0, memcmp(&val, &seen, sizeof(val)));
	for (i = 0; i < 2; i++) {
		memset(&val, 0, sizeof(val));
		val.table.limit = 0xffef;
		val.table.base = 0xfffffe0000000000ULL + i * 0x1000;
		EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_IDTR + i, &val));
	}
	for (i = 0; i < 2; i++) {
		EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_IDTR + i, &seen));
		EXPECT_EQ(0xffef, seen.table.limit);
		EXPECT_EQ(0xfffffe0000000000ULL + i * 0x1000, seen.table.base);
		EXPECT_EQ(0, seen.table.pad[0]);
	}
	PROVES("REG-00060006 REG-00060007 REG-00070000 REG-00070001");
}

/* ---- events ---- */

#define PENDING(type, vector)	(HV_PENDING_INTERRUPTION_PENDING |				\
				 (u64)(type) << HV_PENDING_INTERRUPTION_TYPE_SHIFT |	\
				 (u64)(vector) << HV_PENDING_INTERRUPTION_VECTOR_SHIFT)

TEST_F(registers, pending_interruption)
{
	ROUND_TRIP(HV_X64_REGISTER_PENDING_INTERRUPTION, 0);
	ROUND_TRIP(HV_X64_REGISTER_PENDING_INTERRUPTION, PENDING(HV_PENDING_INTERRUPT, 0x31));
	ROUND_TRIP(HV_X64_REGISTER_PENDING_INTERRUPTION, PENDING(HV_PENDING_NMI, 2));
	EXPECT_EQ(0x20005, PENDING(HV_PENDING_NMI, 2));
	ROUND_TRIP(HV_X64_REGISTER_PENDING_INTERRUPTION, PENDING(HV_PENDING_EXCEPTION, 6));
	ROUND_TRIP(HV_X64_REGISTER_PENDING_INTERRUPTION,
		   PENDING(HV_PENDING_EXCEPTION, 13) | HV_PENDING_INTERRUPTION_DELIVER_ERROR_CODE |
		   0x1234ULL << HV_PENDING_INTERRUPTION_ERROR_CODE_SHIFT);
	ROUND_TRIP(HV_X64_REGISTER_PENDING_INTERRUPTION,
		   PENDING(HV_PENDING_SOFTWARE_INTERRUPT, 0x80) |
		   2 << HV_PENDING_INTERRUPTION_LENGTH_SHIFT);
	REFUSED(HV_X64_REGISTER_PENDING_INTERRUPTION, PENDING(1, 0x31));
	REFUSED(HV_X64_REGISTER_PENDING_INTERRUPTION, PENDING(7, 0x31));
	REFUSED(HV_X64_REGISTER_PENDING_INTERRUPTION, PENDING(HV_PENDING_INTERRUPT, 0x131));
	REFUSED(HV_X64_REGISTER_PENDING_INTERRUPTION, PENDING(HV_PENDING_EXCEPTION, 32));
	REFUSED(HV_X64_REGISTER_PENDING_INTERRUPTION,
		PENDING(HV_PENDING_INTERRUPT, 0x31) | 1 << 15);
	ROUND_TRIP(HV_X64_REGISTER_PENDING_INTERRUPTION, 0);
	PROVES("REG-00010002");
}

GUEST_CODE(nothing_much, "64", "1: outl %eax, $0xe0\n\t jmp 1b");
/* the error code, then CR2 */
GUEST_CODE(show_error, "64",
	   "pop %rax\n\t outl %eax, $0xe1\n\t"
	   "mov %cr2, %rax\n\t outl %eax, $0xe2");

TEST_F(registers, pending_event)
{
	union hv_register_value val = {
		.reg128.low = HV_PENDING_EVENT_PENDING | HV_PENDING_EVENT_DELIVER_ERROR_CODE |
			      14 << HV_PENDING_EVENT_VECTOR_SHIFT |
			      7ULL << HV_PENDING_EVENT_ERROR_CODE_SHIFT,
		.reg128.high = 0x77778888,
	}, seen;

	vmm_start64(self->vp, &nothing_much);
	vmm_load(&self->vm, VMM_CODE + 0x800, &show_error);
	vmm_set_gate(&self->vm, 14, VMM_CODE + 0x800);
	EXPECT_EQ(0, set(self->vp, HV_REGISTER_PENDING_EVENT0, &val));
	EXPECT_EQ(0, get(self->vp, HV_REGISTER_PENDING_EVENT0, &seen));
	EXPECT_EQ(val.reg128.low, seen.reg128.low);
	EXPECT_EQ(val.reg128.high, seen.reg128.high);
	/* the same event, by its older name */
	EXPECT_EQ(PENDING(HV_PENDING_EXCEPTION, 14) | HV_PENDING_INTERRUPTION_DELIVER_ERROR_CODE |
		  7ULL << 32, vmm_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION));
	EXPECT_EQ(7, vmm_run_out(self->vp, GUEST_PORT + 1));
	EXPECT_EQ(0x77778888, vmm_run_out(self->vp, GUEST_PORT + 2));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION));
	/* QEMU writes zeros when there is nothing */
	memset(&val, 0, sizeof(val));
	EXPECT_EQ(0, set(self->vp, HV_REGISTER_PENDING_EVENT0, &val));
	EXPECT_EQ(0, set(self->vp, HV_REGISTER_PENDING_EVENT1, &val));
	val.reg128.low = HV_PENDING_EVENT_PENDING | 40 << HV_PENDING_EVENT_VECTOR_SHIFT;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  set(self->vp, HV_REGISTER_PENDING_EVENT0, &val));
}

TEST_F(registers, interrupt_state)
{
	vmm_start64(self->vp, &nothing_much);
	ROUND_TRIP(HV_X64_REGISTER_INTERRUPT_STATE, 0);
	ROUND_TRIP(HV_X64_REGISTER_INTERRUPT_STATE, HV_INTERRUPT_STATE_SHADOW);
	ROUND_TRIP(HV_X64_REGISTER_INTERRUPT_STATE, HV_INTERRUPT_STATE_NMI_MASKED);
	ROUND_TRIP(HV_X64_REGISTER_INTERRUPT_STATE, 3);
	REFUSED(HV_X64_REGISTER_INTERRUPT_STATE, 4);
	REFUSED(HV_X64_REGISTER_INTERRUPT_STATE, 1ULL << 63);
	ROUND_TRIP(HV_X64_REGISTER_INTERRUPT_STATE, 0);
	PROVES("REG-00010003");
}

TEST_F(registers, activity_state)
{
	ROUND_TRIP(HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0);
	ROUND_TRIP(HV_REGISTER_INTERNAL_ACTIVITY_STATE, HV_ACTIVITY_HALT_SUSPEND);
	ROUND_TRIP(HV_REGISTER_INTERNAL_ACTIVITY_STATE, HV_ACTIVITY_STARTUP_SUSPEND);
	REFUSED(HV_REGISTER_INTERNAL_ACTIVITY_STATE, 1ULL << 40);
}

/* ---- names ---- */

TEST_F(registers, read_only)
{
	static const u32 names[] = {
		HV_REGISTER_VP_INDEX, HV_REGISTER_VP_RUNTIME, HV_REGISTER_TIME_REF_COUNT,
		HV_REGISTER_SVERSION, HV_REGISTER_HYPERVISOR_VERSION,
		HV_REGISTER_PRIVILEGES_AND_FEATURES_INFO, HV_X64_REGISTER_MSR_MTRR_CAP,
	};
	union hv_register_value val;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(0, get(self->vp, names[i], &val)) TH_LOG("register %#x", names[i]);
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, set(self->vp, names[i], &val))
			TH_LOG("register %#x", names[i]);
	}
	PROVES("B-10-043 REG-00090000 REG-00090003 REG-00090004 REG-0008000D REG-000A0011");
}

TEST_F(registers, unknown_names)
{
	static const u32 names[] = {
		0x5, 0xff, 0x10, 0x10001, 0x20012, 0x3001a, 0x40006, 0x41001, 0x50006, 0x60008,
		0x70002, 0x80100, 0x90005, 0xa0020, 0xb0008, 0xffffffff, 0x80000000,
	};
	union hv_register_value val;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, get(self->vp, names[i], &val))
			TH_LOG("register %#x", names[i]);
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, set(self->vp, names[i], &val))
			TH_LOG("register %#x", names[i]);
	}
}

GUEST_CODE(read_es, "32", "mov %es:0x20000, %eax\n\t out %eax, $0xe0\n\t hlt");

/* 32-bit protected mode, flat; ES is what the test makes of it */
static void protected_mode(struct vmm_vp *vp, u16 es_attributes)
{
	static const u32 names[] = {
		HV_X64_REGISTER_SS, HV_X64_REGISTER_DS, HV_X64_REGISTER_FS, HV_X64_REGISTER_GS,
	};
	unsigned int i;

	vmm_start16(vp, &read_es);
	vmm_set_reg(vp, HV_X64_REGISTER_CR0, 0x11);
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, VMM_CODE);
	vmm_set_segment(vp, HV_X64_REGISTER_CS, 0, ~0u, 0x08, 0xc09b);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		vmm_set_segment(vp, names[i], 0, ~0u, 0x10, 0xc093);
	vmm_set_segment(vp, HV_X64_REGISTER_ES, 0, ~0u, 0x10, es_attributes);
}

/* 10.3.6: one that is not present is a null one, whatever its selector */
TEST_F(registers, absent_segment)
{
	u32 *data = vmm_gpa(&self->vm, VMM_DATA), brand[4] = { 0 };
	union hv_register_value val;
	struct hv_message msg;

	*data = 0x12345678;
	protected_mode(self->vp, 0xc093);
	EXPECT_EQ(0x12345678, vmm_run_out(self->vp, GUEST_PORT));

	protected_mode(self->vp, 0xc013);
	EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_ES, &val));
	EXPECT_EQ(0, val.segment.attributes & HV_SEGMENT_PRESENT);
	__get_cpuid(0x80000002, brand, brand + 1, brand + 2, brand + 3);
	if (brand[0] == 0x554d4551)	/* "QEMU" */
		SKIP(return, "the emulated processor does not look at descriptors' presence");
	/* #GP, for which there is no handler */
	vmm_run_to(self->vp, HVMSG_UNRECOVERABLE_EXCEPTION, &msg);
	EXPECT_EQ(VMM_CODE, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	PROVES("B-10-030");
}

TEST_HARNESS_MAIN
