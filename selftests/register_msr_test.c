// SPDX-License-Identifier: GPL-2.0-only
/*
 * register_msr_test.c - VP registers that are MSRs of the guest (TLFS 10.2 and Appendix G)
 */
#include "harness.h"

FIXTURE(register_msr) {
	struct vmm vm;
	struct vmm_vp *vp;
};

FIXTURE_SETUP(register_msr)
{
	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
}

FIXTURE_TEARDOWN(register_msr)
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

/* R8: MSR.  Reads it, then writes R9 to it */
GUEST_CODE(msr_and_back, "64",
	   "1:	mov	%r8d, %ecx\n\t"
	   "rdmsr\n\t"
	   "shl	$32, %rdx\n\t"
	   "or	%rdx, %rax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "mov	%r9, %rax\n\t"
	   "mov	%r9, %rdx\n\t"
	   "shr	$32, %rdx\n\t"
	   "wrmsr\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

/* @nr registers that follow each other, their MSRs @step apart */
static const struct {
	u32 name, nr, msr, step;
	u64 vmm, guest;
} images[] = {
	{ HV_X64_REGISTER_KERNEL_GS_BASE, 1, 0xc0000102, 0, 0xffff888000001000, 0x1234000 },
	{ HV_X64_REGISTER_PAT, 1, 0x277, 0, 0x0407050600070106, 0x0007040600070406 },
	{ HV_X64_REGISTER_SYSENTER_CS, 1, 0x174, 0, 0x10, 0x20 },
	{ HV_X64_REGISTER_SYSENTER_EIP, 1, 0x176, 0, 0xffffffff81a01000, 0x1000 },
	{ HV_X64_REGISTER_SYSENTER_ESP, 1, 0x175, 0, 0xfffffe0000003000, 0x2000 },
	{ HV_X64_REGISTER_STAR, 1, 0xc0000081, 0, 0x0023001000000000, 0x001b000800000000 },
	{ HV_X64_REGISTER_LSTAR, 2, 0xc0000082, 1, 0xffffffff81a00000, 0x257000 },
	{ HV_X64_REGISTER_SFMASK, 1, 0xc0000084, 0, 0x257fd5, 0x47700 },
	{ HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 1, 0x2ff, 0, 0xc06, 0x806 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 8, 0x200, 2, 0xc0000000, 0xe0000006 },
	{ HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0, 8, 0x201, 2, 0xffc0000800, 0xfff0000000 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX64K00000, 1, 0x250, 0, 0x0606060606060606, 0x0505 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX16K80000, 2, 0x258, 1, 0x0606060606060606, 0x0404 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KC0000, 8, 0x268, 1, 0x0505050505050505, 0x0101 },
	{ HV_REGISTER_GUEST_OS_ID, 1, 0x40000000, 0, 0x8100000000010000, 0x8100000000020000 },
	{ HV_X64_REGISTER_HYPERCALL, 1, 0x40000001, 0, 0x33001, 0x34001 },
	{ HV_X64_REGISTER_TPR, 1, 0x40000072, 0, 0x40, 0x20 },
	{ HV_REGISTER_VP_ASSIST_PAGE, 1, 0x40000073, 0, 0x35001, 0x36001 },
	{ HV_REGISTER_SCONTROL, 1, 0x40000080, 0, 1, 0 },
	{ HV_REGISTER_SIEFP, 1, 0x40000082, 0, 0x37001, 0x38001 },
	{ HV_REGISTER_SIMP, 1, 0x40000083, 0, 0x39001, 0x3a001 },
	{ HV_REGISTER_SINT0, 16, 0x40000090, 1, 0x20030, 0x10040 },
	{ HV_REGISTER_STIMER0_CONFIG, 8, 0x400000b0, 1, 0x30000, 0x20000 },
};

TEST_F(register_msr, are_the_msrs_of_the_guest)
{
	unsigned int i, j;
	char id[16];

	vmm_start64(self->vp, &msr_and_back);
	for (i = 0; i < ARRAY_SIZE(images); i++) {
		for (j = 0; j < images[i].nr; j++) {
			u32 name = images[i].name + j;

			vmm_set_reg(self->vp, HV_X64_REGISTER_R8,
				    images[i].msr + j * images[i].step);
			vmm_set_reg(self->vp, HV_X64_REGISTER_R9, images[i].guest);
			vmm_set_reg(self->vp, name, images[i].vmm);
			vmm_run_out(self->vp, GUEST_PORT);
			EXPECT_EQ(images[i].vmm, vmm_reg(self->vp, HV_X64_REGISTER_RAX))
				TH_LOG("register %#x", name);
			vmm_run_out(self->vp, GUEST_PORT);
			EXPECT_EQ(images[i].guest, vmm_reg(self->vp, name))
				TH_LOG("register %#x", name);
		}
	}
	/* bases of FS and GS are the segments' */
	vmm_set_segment(self->vp, HV_X64_REGISTER_FS, 0xf5000, ~0u, VMM_DS, 0xc093);
	vmm_set_reg(self->vp, HV_X64_REGISTER_R8, 0xc0000100);
	vmm_set_reg(self->vp, HV_X64_REGISTER_R9, 0xffff8880f5f50000);
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_EQ(0xf5000, vmm_reg(self->vp, HV_X64_REGISTER_RAX));
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_EQ(0xffff8880f5f50000, vmm_reg(self->vp, HV_X64_REGISTER_FS));
	vmm_set_reg(self->vp, HV_X64_REGISTER_R8, 0xc0000101);
	vmm_run_out(self->vp, GUEST_PORT);
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_EQ(0xffff8880f5f50000, vmm_reg(self->vp, HV_X64_REGISTER_GS));
	for (i = 0; i < ARRAY_SIZE(images); i++) {
		for (j = 0; j < images[i].nr; j++) {
			snprintf(id, sizeof(id), "REG-%08X", images[i].name + j);
			PROVES(id);
		}
	}
	PROVES("B-10-016 B-10-032");
}

/* what QEMU loads at reset, in its order and with its values, and values of a running guest */
static const struct {
	u32 name;
	u64 reset, other;
} msrs[] = {
	{ HV_X64_REGISTER_EFER, 0, 0x901 },
	{ HV_X64_REGISTER_PAT, 0x0007040600070406, 0x0407050600070106 },
	{ HV_X64_REGISTER_SYSENTER_CS, 0, 0x10 },
	{ HV_X64_REGISTER_SYSENTER_ESP, 0, 0xfffffe0000003000 },
	{ HV_X64_REGISTER_SYSENTER_EIP, 0, 0xffffffff81a01000 },
	{ HV_X64_REGISTER_STAR, 0, 0x0023001000000000 },
	{ HV_X64_REGISTER_LSTAR, 0, 0xffffffff81a00000 },
	{ HV_X64_REGISTER_CSTAR, 0, 0xffffffff81a02000 },
	{ HV_X64_REGISTER_SFMASK, 0, 0x257fd5 },
	{ HV_X64_REGISTER_KERNEL_GS_BASE, 0, 0xffff888000001000 },
	{ HV_X64_REGISTER_TSC_AUX, 0, 0x1001 },
	{ HV_X64_REGISTER_HYPERCALL, 0, 0 },
	{ HV_REGISTER_GUEST_OS_ID, 0, 0x8100000000010000 },
	{ HV_REGISTER_REFERENCE_TSC, 0, 0 },
	{ HV_REGISTER_SCONTROL, 0, 1 },
	{ HV_REGISTER_SIEFP, 0, 0x30001 },
	{ HV_REGISTER_SIMP, 0, 0x31001 },
	{ HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 0x806, 0xc06 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX64K00000, 0, 0x0606060606060606 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX16K80000, 0, 0x0606060606060606 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX16KA0000, 0, 0 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KC0000, 0, 0x0505050505050505 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KC8000, 0, 0x0505050505050505 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KD0000, 0, 0x0505050505050505 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KD8000, 0, 0x0505050505050505 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KE0000, 0, 0x0505050505050505 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KE8000, 0, 0x0505050505050505 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KF0000, 0, 0x0505050505050505 },
	{ HV_X64_REGISTER_MSR_MTRR_FIX4KF8000, 0, 0x0505050505050505 },
	{ HV_X64_REGISTER_DEBUG_CTL, 0, 0 },
	{ HV_REGISTER_VP_ASSIST_PAGE, 0, 0x32001 },
};

TEST_F(register_msr, msrs_of_a_vmm)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		ROUND_TRIP(msrs[i].name, msrs[i].reset);
	for (i = 0; i < 8; i++) {
		ROUND_TRIP(HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0 + i, 0);
		ROUND_TRIP(HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0 + i, 0);
	}
	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		ROUND_TRIP(msrs[i].name, msrs[i].other);
	ROUND_TRIP(HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 0xc0000000);
	ROUND_TRIP(HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0, 0xffc0000800);
	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		EXPECT_EQ(msrs[i].other, vmm_reg(self->vp, msrs[i].name));
	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		ROUND_TRIP(msrs[i].name, msrs[i].reset);
}

/* the other features' MSRs are there when the banks say so */
TEST_F(register_msr, msrs_of_features)
{
	union hv_register_value val;
	u64 bank[2];

	ASSERT_EQ(0, vmm_get_property(self->vm.pt, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0,
				      &bank[0]));
	ASSERT_EQ(0, vmm_get_property(self->vm.pt, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1,
				      &bank[1]));
	if (bank[1] & HV_PROCESSOR_FEATURE1_TSC_ADJUST) {
		EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_TSC_ADJUST, &val));
		EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_TSC_ADJUST, &val));
	}
	if (bank[0] & HV_PROCESSOR_FEATURE0_IBRS) {
		EXPECT_EQ(0, get(self->vp, HV_X64_REGISTER_SPEC_CTRL, &val));
		EXPECT_EQ(0, set(self->vp, HV_X64_REGISTER_SPEC_CTRL, &val));
	}
	if (bank[1] & (HV_PROCESSOR_FEATURE1_CET_SS | HV_PROCESSOR_FEATURE1_CET_IBT)) {
		static const u32 names[] = {
			HV_X64_REGISTER_U_CET, HV_X64_REGISTER_S_CET, HV_X64_REGISTER_PL0_SSP,
			HV_X64_REGISTER_PL1_SSP, HV_X64_REGISTER_PL2_SSP, HV_X64_REGISTER_PL3_SSP,
			HV_X64_REGISTER_INTERRUPT_SSP_TABLE_ADDR, HV_X64_REGISTER_XSS,
		};
		unsigned int i;

		for (i = 0; i < ARRAY_SIZE(names); i++) {
			EXPECT_EQ(0, get(self->vp, names[i], &val));
			EXPECT_EQ(0, set(self->vp, names[i], &val));
		}
	}
}

TEST_F(register_msr, msrs_refuse)
{
	REFUSED(HV_X64_REGISTER_PAT, 0x0807040600070406);	/* no such memory type */
	REFUSED(HV_X64_REGISTER_PAT, 0x0207040600070406);
	REFUSED(HV_X64_REGISTER_LSTAR, 0x8000000000000000);	/* not canonical */
	REFUSED(HV_X64_REGISTER_CSTAR, 0x0000800000000000);
	REFUSED(HV_X64_REGISTER_KERNEL_GS_BASE, 0x1234000000000000);
	REFUSED(HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 0x802);
	REFUSED(HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 1ULL << 32);
	REFUSED(HV_X64_REGISTER_MSR_MTRR_FIX64K00000, 0x0206060606060606);
	/* beyond the GPA space: refused for the hypercall page, out of reach for the others */
	REFUSED(HV_X64_REGISTER_HYPERCALL, 1ULL << 62 | 1);
	ROUND_TRIP(HV_REGISTER_SIMP, 1ULL << 62 | 1);
	ROUND_TRIP(HV_REGISTER_SIEFP, 1ULL << 62 | 1);
}

TEST_F(register_msr, tsc)
{
	u64 a, b;

	vmm_set_reg(self->vp, HV_X64_REGISTER_TSC, 1000000);
	a = vmm_reg(self->vp, HV_X64_REGISTER_TSC);
	b = vmm_reg(self->vp, HV_X64_REGISTER_TSC);
	EXPECT_LE(1000000, a);
	EXPECT_LT(a, b);
	/* minutes from there at most, not the host's hours */
	EXPECT_GT(1000000 + 60 * 10000000000ULL, b);
}

TEST_F(register_msr, apic_base)
{
	ROUND_TRIP(HV_X64_REGISTER_APIC_BASE, 0xfee00900);
	ROUND_TRIP(HV_X64_REGISTER_APIC_BASE, 0xfee00d00);
	ROUND_TRIP(HV_X64_REGISTER_APIC_BASE, 0xfee00900);
	REFUSED(HV_X64_REGISTER_APIC_BASE, 0xfee00d00 | 1ULL << 60);
	/* x2APIC in an APIC that is off */
	REFUSED(HV_X64_REGISTER_APIC_BASE, 0xfee00400);
}

/* ---- the SynIC ---- */

TEST_F(register_msr, synic)
{
	unsigned int i;

	for (i = 0; i < 16; i++) {
		EXPECT_EQ(0x10000, vmm_reg(self->vp, HV_REGISTER_SINT0 + i));
		ROUND_TRIP(HV_REGISTER_SINT0 + i, 0x20030 + i);
		ROUND_TRIP(HV_REGISTER_SINT0 + i, 0x10000);
		/* vectors below 16 are nobody's */
		REFUSED(HV_REGISTER_SINT0 + i, 0x0f);
	}
	EXPECT_EQ(1, vmm_reg(self->vp, HV_REGISTER_SVERSION));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_REGISTER_EOM));
	EXPECT_EQ(0, vmm_set_reg_status(self->vp, HV_REGISTER_EOM, 0));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, vmm_reg(self->vp, HV_REGISTER_STIMER0_CONFIG + i));
}

TEST_HARNESS_MAIN
