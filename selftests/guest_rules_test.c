// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_rules_test.c - what a guest sees, where it takes the parent to bring it about (TLFS 5, 8,
 * 11, 13, 15)
 */
#include "harness.h"

#define PAGE		TLFS_PAGE_SIZE
#define HANDLER		(VMM_CODE + 0x800)
#define FAULT_PORT	0xe5
#define READ_ONLY	0x400000ULL

FIXTURE(guest_rules) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct hv_message msg;
	struct vmm_thread t;
};

FIXTURE_SETUP(guest_rules)
{
	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
}

FIXTURE_TEARDOWN(guest_rules)
{
	vmm_thread_stop(&self->t);
	vmm_teardown(&self->vm);
}

GUEST_CODE(show_fault, "64", "outl %eax, $0xe5\n\t hlt");

/* ---- ports nobody asked for (11.9) ---- */

GUEST_CODE(ports, "64",
	   "mov	$0x11223344, %eax\n\t"
	   "mov	$0x2f0, %edx\n\t"
	   "outl	%eax, %dx\n\t"
	   "in	%dx, %al\n\t"
	   "mov	%eax, %ebx\n\t"
	   "xor	%eax, %eax\n\t"
	   "inw	%dx, %ax\n\t"
	   "mov	%eax, %esi\n\t"
	   "xor	%eax, %eax\n\t"
	   "inl	%dx, %eax\n\t"
	   "mov	%eax, %edi\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "in	$0xe0, %al\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

TEST_F(guest_rules, ports_without_intercept)
{
	unsigned int port;

	for (port = 0x2f0; port < 0x2f4; port++)
		ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_NONE,
						   HV_INTERCEPT_TYPE_X64_IO_PORT, port));
	vmm_start64(self->vp, &ports);
	EXPECT_EQ(0xffffffff, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0x112233ff, vmm_reg(self->vp, HV_X64_REGISTER_RBX));
	EXPECT_EQ(0xffff, vmm_reg(self->vp, HV_X64_REGISTER_RSI));
	EXPECT_EQ(0xffffffff, vmm_reg(self->vp, HV_X64_REGISTER_RDI));
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(HV_INTERCEPT_ACCESS_READ, vmm_io_msg(&self->msg)->header.intercept_access_type);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0xffffff42);
	vmm_skip(self->vp, &self->msg);
	EXPECT_EQ(0xffffff42, vmm_run_out(self->vp, GUEST_PORT));
	PROVES("B-11-017 B-11-019");
}

/* ---- registers whose privilege is missing (5.2.3, 11.10) ---- */

GUEST_CODE(read_runtime, "64",
	   "mov	$0x40000010, %ecx\n\t"
	   "rdmsr\n\t"
	   "shl	$16, %edx\n\t"
	   "or	%edx, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

static void without_runtime(struct __test_metadata *_metadata, struct vmm *vm)
{
	u64 features;

	vmm_teardown(vm);
	vmm_setup_bare(vm, VMM_FLAGS);
	ASSERT_EQ(0, vmm_get_property(vm->pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      &features));
	features &= ~HV_SYNTHETIC_FEATURE_ACCESS_VP_RUN_TIME_REG;
	ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      features));
	ASSERT_EQ(0, vmm_ioctl(vm->pt, TLFS_INITIALIZE_PARTITION, NULL));
	vm->ram = vmm_add_memory(vm, 0, VMM_RAM, VMM_RWX);
	vm->vp[0].fd = vmm_create_vp(vm->pt, 0);
	ASSERT_LE(0, vm->vp[0].fd);
}

TEST_F(guest_rules, msr_without_privilege)
{
	struct hv_x64_msr_intercept_message *m = (void *)self->msg.payload;

	without_runtime(_metadata, &self->vm);
	vmm_start64(self->vp, &read_runtime);
	vmm_load(&self->vm, HANDLER, &show_fault);
	vmm_set_gate(&self->vm, 13, HANDLER);
	vmm_run_out(self->vp, FAULT_PORT);
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_READ |
					   HV_INTERCEPT_ACCESS_MASK_WRITE,
					   HV_INTERCEPT_TYPE_X64_MSR, 0));
	vmm_start64(self->vp, &read_runtime);
	vmm_run_to(self->vp, HVMSG_X64_MSR_INTERCEPT, &self->msg);
	EXPECT_EQ(HV_X64_MSR_VP_RUNTIME, m->msr_number);
	/* the parent completes it: both halves, and RIP */
	vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0x1234);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RDX, 0x5678);
	vmm_skip(self->vp, &self->msg);
	EXPECT_EQ(0x56781234, vmm_run_out(self->vp, GUEST_PORT));
	PROVES("B-5-006 B-11-022");
}

/* ---- CPUID says less, the processor does no less (11.2) ---- */

GUEST_CODE(count_bits, "64",
	   "mov	$1, %eax\n\t"
	   "cpuid\n\t"
	   "mov	%ecx, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "mov	$0xff, %ebx\n\t"
	   "popcnt	%ebx, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

TEST_F(guest_rules, cpuid_of_the_parent)
{
	struct hv_input_register_intercept_result in = {
		.partition_id = HV_PARTITION_ID_SELF,
		.vp_index = HV_ANY_VP,
		.intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
	};

	vmm_start64(self->vp, &count_bits);
	if (!(vmm_run_out(self->vp, GUEST_PORT) & 1 << 23))
		SKIP(return, "no POPCNT here");
	in.parameters.cpuid.eax = 1;
	in.parameters.cpuid.result.ecx_mask = 1 << 23;
	ASSERT_EQ(0, vmm_call(self->vm.pt, HVCALL_REGISTER_INTERCEPT_RESULT, &in, sizeof(in), NULL,
			      0));
	vmm_start64(self->vp, &count_bits);
	EXPECT_EQ(0, vmm_run_out(self->vp, GUEST_PORT) & 1 << 23);
	EXPECT_EQ(8, vmm_run_out(self->vp, GUEST_PORT));
	PROVES("B-11-002");
}

/* ---- an overlay over memory that cannot be written (8.1.3) ---- */

GUEST_CODE(overlay_rights, "64",
	   "mov	$0x40000073, %ecx\n\t"
	   "mov	$0x400001, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "mov	$0x400000, %ebx\n\t"
	   "movl	$0x1234, 8(%rbx)\n\t"
	   "mov	8(%rbx), %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "xor	%eax, %eax\n\t"
	   "wrmsr\n\t"
	   "mov	8(%rbx), %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "movl	$0x1234, 8(%rbx)\n\t"
	   "hlt");

TEST_F(guest_rules, overlay_over_read_only_memory)
{
	u32 *rom = vmm_add_memory(&self->vm, READ_ONLY, PAGE, 0);

	rom[2] = 0x77;
	vmm_start64(self->vp, &overlay_rights);
	EXPECT_EQ(0x1234, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0x77, vmm_run_out(self->vp, GUEST_PORT));
	vmm_run_to(self->vp, HVMSG_GPA_INTERCEPT, &self->msg);
	EXPECT_EQ(READ_ONLY + 8, vmm_mem_msg(&self->msg)->base.gpa);
	EXPECT_EQ(0x77, rom[2]);
	PROVES("B-8-014");
}

/* ---- the reset register (6.3.5) ---- */

GUEST_CODE(reset, "64",
	   "mov	$0x40000003, %ecx\n\t"
	   "xor	%eax, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "mov	$-1, %rax\n\t"
	   "mov	%rax, %rdx\n\t"
	   "rdmsr\n\t"
	   "or	%edx, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "mov	$1, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "hlt");

TEST_F(guest_rules, reset_by_register)
{
	struct hv_x64_msr_intercept_message *m = (void *)self->msg.payload;
	u64 features;

	vmm_teardown(&self->vm);
	vmm_setup_bare(&self->vm, VMM_FLAGS);
	ASSERT_EQ(0, vmm_get_property(self->vm.dev, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      &features));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      features));
	ASSERT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	self->vm.ram = vmm_add_memory(&self->vm, 0, VMM_RAM, VMM_RWX);
	self->vp->fd = vmm_create_vp(self->vm.pt, 0);
	ASSERT_LE(0, self->vp->fd);
	vmm_start64(self->vp, &reset);
	EXPECT_EQ(0, vmm_run_out(self->vp, GUEST_PORT));
	/* the parent is told, who is the one that can reset */
	vmm_run_to(self->vp, HVMSG_X64_MSR_INTERCEPT, &self->msg);
	EXPECT_EQ(HV_X64_MSR_RESET, m->msr_number);
	EXPECT_EQ(1, m->rax);
	PROVES("B-6-014");
}

/* ---- reference TSC (15.4) ---- */

GUEST_CODE(tsc_page, "64",
	   "mov	$0x40000021, %ecx\n\t"
	   "mov	$0x20001, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "1:	mov	0x20000, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

TEST_F(guest_rules, tsc_page_follows_the_time)
{
	u64 features;
	u32 first, second;

	vmm_teardown(&self->vm);
	vmm_setup_bare(&self->vm, VMM_FLAGS);
	ASSERT_EQ(0, vmm_get_property(self->vm.pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      &features));
	features |= HV_SYNTHETIC_FEATURE_ACCESS_PARTITION_REFERENCE_TSC;
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      features));
	ASSERT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	self->vm.ram = vmm_add_memory(&self->vm, 0, VMM_RAM, VMM_RWX);
	self->vp->fd = vmm_create_vp(self->vm.pt, 0);
	ASSERT_LE(0, self->vp->fd);
	vmm_start64(self->vp, &tsc_page);
	first = vmm_run_out(self->vp, GUEST_PORT);
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_REFERENCE_TIME,
				      100000000000ULL));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
	second = vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_NE(second, first);
	EXPECT_NE(0xffffffff, second);
	if (first)
		EXPECT_NE(0, second);
	PROVES("B-15-041");
}

/* ---- HvAssertVirtualInterrupt (5.0C 10.5.1) ---- */

static int assert_call(int fd, struct hv_input_assert_virtual_interrupt *in)
{
	return vmm_call(fd, HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL, in, sizeof(*in), NULL, 0);
}

GUEST_CODE(wait_for_interrupt, "64", "sti\n 1: jmp 1b");

TEST_F(guest_rules, assert_statuses)
{
	struct hv_input_assert_virtual_interrupt in = {
		.partition_id = HV_PARTITION_ID_SELF, .vector = 0x60,
	};
	struct vmm bare;

	EXPECT_EQ(0, assert_call(self->vm.pt, &in));
	in.dest_addr = 0x70;
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, assert_call(self->vm.pt, &in));
	in.dest_addr = 0;
	in.control = 1ULL << 63;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, assert_call(self->vm.pt, &in));
	in.control = 0;
	in.vector = 256;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, assert_call(self->vm.pt, &in));
	in.vector = 0x60;
	in.target_vtl = 1;
	EXPECT_EQ(HV_STATUS_INVALID_VTL_STATE, assert_call(self->vm.pt, &in));
	in.target_vtl = 0;
	in.control = HV_X64_INTERRUPT_TYPE_EXT_INT;
	vmm_start64(self->vp, &wait_for_interrupt);
	vmm_load(&self->vm, HANDLER, &show_fault);
	vmm_set_gate(&self->vm, 0x60, HANDLER);
	EXPECT_EQ(0, assert_call(self->vm.pt, &in));
	vmm_run_out(self->vp, FAULT_PORT);
	EXPECT_EQ(HV_STATUS_ACKNOWLEDGED, assert_call(self->vm.pt, &in));
	in.control = 0;
	vmm_setup_bare(&bare, VMM_FLAGS);
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, assert_call(bare.pt, &in));
	vmm_teardown(&bare);
	PROVES("HC-0094 HC-0094/INVALID_VP_INDEX HC-0094/INVALID_PARAMETER "
	       "HC-0094/INVALID_VTL_STATE HC-0094/ACKNOWLEDGED "
	       "HC-0094/INVALID_PARTITION_STATE");
}

TEST_HARNESS_MAIN
