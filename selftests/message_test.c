// SPDX-License-Identifier: GPL-2.0-only
/*
 * message_test.c - what is in the messages RUN_VP comes back with (TLFS 9 and 16)
 *
 * Memory intercepts are in memory_test.c.
 */
#include <cpuid.h>

#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define VECTOR	0x61
#define HANDLER	(VMM_CODE + 0x800)

#define LONG_MODE	(HV_X64_EXECUTION_STATE_CR0_PE | HV_X64_EXECUTION_STATE_EFER_LMA)

FIXTURE(message) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct hv_message msg;
	struct vmm_thread t;
};

FIXTURE_SETUP(message)
{
	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
}

FIXTURE_TEARDOWN(message)
{
	vmm_thread_stop(&self->t);
	vmm_teardown(&self->vm);
}

/* the header that most messages begin with, in 64-bit code at @rip */
static void check_header(struct __test_metadata *_metadata, struct vmm_vp *vp,
			 const struct hv_message *msg, u32 type, u8 size, u8 access,
			 u64 rip, u8 len)
{
	const struct hv_x64_intercept_message_header *h = (const void *)msg->payload;

	ASSERT_EQ(type, msg->header.message_type);
	EXPECT_EQ(size, msg->header.payload_size);
	EXPECT_EQ(0, msg->header.message_flags);
	EXPECT_EQ(0, msg->header.reserved);
	EXPECT_NE(0, msg->header.sender);
	EXPECT_NE(HV_PARTITION_ID_SELF, msg->header.sender);
	EXPECT_EQ(vp->index, h->vp_index);
	EXPECT_EQ(len, h->instruction_length_cr8 & HV_X64_INTERCEPT_INSTRUCTION_LENGTH_MASK);
	EXPECT_EQ(access, h->intercept_access_type);
	EXPECT_EQ(rip, h->rip);
	EXPECT_EQ(rip, vmm_reg(vp, HV_X64_REGISTER_RIP));
	EXPECT_EQ(vmm_reg(vp, HV_X64_REGISTER_RFLAGS), h->rflags);
}

/* ---- I/O ports ---- */

/* all plain forms: with the port in the instruction and in DX, of each size */
GUEST_CODE(port_forms, "64",
	   "mov	$0x1122334455667788, %rax\n\t"
	   "mov	$0x3f8, %edx\n\t"
	   "out	%al, $0x80\n\t"
	   "out	%al, %dx\n\t"
	   "out	%ax, $0x80\n\t"
	   "out	%ax, %dx\n\t"
	   "out	%eax, $0x80\n\t"
	   "out	%eax, %dx\n\t"
	   "in	$0x80, %al\n\t"
	   "in	%dx, %al\n\t"
	   "in	$0x80, %ax\n\t"
	   "in	%dx, %ax\n\t"
	   "in	$0x80, %eax\n\t"
	   "in	%dx, %eax\n\t"
	   "hlt");

static const struct {
	u8 len, size;
	u16 port;
} forms[] = {
	{ 2, 1, 0x80 }, { 1, 1, 0x3f8 }, { 3, 2, 0x80 }, { 2, 2, 0x3f8 }, { 2, 4, 0x80 },
	{ 1, 4, 0x3f8 },
};

TEST_F(message, port_access)
{
	struct hv_x64_io_port_intercept_message *io = vmm_io_msg(&self->msg);
	u64 rip = VMM_CODE + 15;
	unsigned int i, j;

	vmm_start64(self->vp, &port_forms);
	for (i = 0; i < 2 * ARRAY_SIZE(forms); i++) {
		j = i % ARRAY_SIZE(forms);
		vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
		check_header(_metadata, self->vp, &self->msg, HVMSG_X64_IO_PORT_INTERCEPT,
			     sizeof(*io), i == j ? HV_INTERCEPT_ACCESS_WRITE :
			     HV_INTERCEPT_ACCESS_READ, rip, forms[j].len);
		EXPECT_EQ(forms[j].port, io->port_number);
		EXPECT_EQ(forms[j].size, io->access_info);
		EXPECT_EQ(0x1122334455667788, io->rax);
		EXPECT_EQ(VMM_CS64, io->header.cs_segment.selector);
		EXPECT_EQ(0, io->header.cs_segment.base);
		EXPECT_EQ(0xa09b, io->header.cs_segment.attributes);
		EXPECT_EQ(LONG_MODE, io->header.execution_state);
		/* what belongs to string forms is zero */
		EXPECT_EQ(0, io->instruction_byte_count);
		for (j = offsetof(typeof(*io), instruction_bytes); j < HV_MESSAGE_PAYLOAD_SIZE; j++)
			EXPECT_EQ(0, self->msg.payload_bytes[j]);
		vmm_skip(self->vp, &self->msg);
		rip += io->header.instruction_length_cr8 & 0xf;
	}
	PROVES("B-16-014");
}

GUEST_CODE(in_and_show, "64",
	   "mov	$-1, %rax\n\t"
	   "in	$0x60, %al\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

/* what the VMM puts into RAX is what IN returns */
TEST_F(message, port_read_is_completed_by_the_vmm)
{
	vmm_start64(self->vp, &in_and_show);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(~0ULL, vmm_io_msg(&self->msg)->rax);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0xffffff42);
	vmm_skip(self->vp, &self->msg);
	EXPECT_EQ(0xffffff42, vmm_run_out(self->vp, GUEST_PORT));
}

/* string forms, with prefixes */
GUEST_CODE(string_forms, "64",
	   "mov	$0x1f0, %edx\n\t"
	   "mov	$0x20100, %esi\n\t"
	   "mov	$0x20200, %edi\n\t"
	   "mov	$5, %ecx\n\t"
	   "outsb\n\t"
	   "rep outsw\n\t"
	   "outsl	%fs:(%rsi), %dx\n\t"
	   "insb\n\t"
	   "rep insl\n\t"
	   "insw	%dx, %es:(%edi)\n\t"
	   "hlt");

static const struct {
	u8 len, info, access;
} strings[] = {
	{ 1, 1 | HV_X64_IO_PORT_ACCESS_STRING, HV_INTERCEPT_ACCESS_WRITE },
	{ 3, 2 | HV_X64_IO_PORT_ACCESS_STRING | HV_X64_IO_PORT_ACCESS_REP,
	  HV_INTERCEPT_ACCESS_WRITE },
	{ 2, 4 | HV_X64_IO_PORT_ACCESS_STRING, HV_INTERCEPT_ACCESS_WRITE },
	{ 1, 1 | HV_X64_IO_PORT_ACCESS_STRING, HV_INTERCEPT_ACCESS_READ },
	{ 2, 4 | HV_X64_IO_PORT_ACCESS_STRING | HV_X64_IO_PORT_ACCESS_REP,
	  HV_INTERCEPT_ACCESS_READ },
	{ 3, 2 | HV_X64_IO_PORT_ACCESS_STRING, HV_INTERCEPT_ACCESS_READ },
};

TEST_F(message, string_port_access)
{
	struct hv_x64_io_port_intercept_message *io = vmm_io_msg(&self->msg);
	u64 rip = VMM_CODE + 20;
	unsigned int i;

	vmm_start64(self->vp, &string_forms);
	for (i = 0; i < ARRAY_SIZE(strings); i++) {
		vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
		check_header(_metadata, self->vp, &self->msg, HVMSG_X64_IO_PORT_INTERCEPT,
			     sizeof(*io), strings[i].access, rip, strings[i].len);
		EXPECT_EQ(0x1f0, io->port_number);
		EXPECT_EQ(strings[i].info, io->access_info);
		EXPECT_EQ(5, io->rcx);
		EXPECT_EQ(0x20100, io->rsi);
		EXPECT_EQ(0x20200, io->rdi);
		EXPECT_EQ(VMM_DS, io->ds_segment.selector);
		EXPECT_EQ(0xc093, io->ds_segment.attributes);
		EXPECT_EQ(VMM_DS, io->es_segment.selector);
		EXPECT_LE(strings[i].len, io->instruction_byte_count);
		EXPECT_EQ(0, memcmp(io->instruction_bytes, vmm_gpa(&self->vm, rip),
				    io->instruction_byte_count));
		vmm_skip(self->vp, &self->msg);
		rip += strings[i].len;
	}
	PROVES("MSG-80010000 B-16-006 MSG-type~3");
}

/* nothing to do is nothing to do */
GUEST_CODE(string_of_none, "64",
	   "mov	$0x1f0, %edx\n\t"
	   "xor	%ecx, %ecx\n\t"
	   "mov	$0x20000, %esi\n\t"
	   "rep outsb\n\t"
	   "mov	$0x77, %eax\n\t"
	   "outl	%eax, $0xe0");

TEST_F(message, repeated_no_times)
{
	vmm_start64(self->vp, &string_of_none);
	EXPECT_EQ(0x77, vmm_run_out(self->vp, GUEST_PORT));
}

GUEST_CODE(real_mode_out, "16", "movw $0xabcd, %ax\n\t outw %ax, $0x10\n\t hlt");

/* real mode has privilege 0, virtual-8086 mode 3 */
TEST_F(message, execution_state_of_other_modes)
{
	struct hv_x64_io_port_intercept_message *io = vmm_io_msg(&self->msg);

	vmm_start16(self->vp, &real_mode_out);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR8, 9);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(0, io->header.execution_state);
	EXPECT_EQ(0xabcd, io->rax);
	EXPECT_EQ(3, io->header.rip);
	EXPECT_EQ(VMM_CODE, io->header.cs_segment.base);
	EXPECT_EQ(VMM_CODE >> 4, io->header.cs_segment.selector);
	EXPECT_EQ(9, io->header.instruction_length_cr8 >> HV_X64_INTERCEPT_CR8_SHIFT);
	/* an armed breakpoint, alignment checks */
	vmm_start64(self->vp, &port_forms);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0, 0x80050033);
	vmm_set_reg(self->vp, HV_X64_REGISTER_DR0, 0x1000);
	vmm_set_reg(self->vp, HV_X64_REGISTER_DR7, 0x403);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(LONG_MODE | HV_X64_EXECUTION_STATE_CR0_AM | HV_X64_EXECUTION_STATE_DEBUG_ACTIVE,
		  io->header.execution_state);
}

GUEST_CODE(shadowed_out, "64", "sti\n\t outl %eax, $0xe0\n\t outl %eax, $0xe0\n\t hlt");

TEST_F(message, interrupt_shadow)
{
	struct hv_x64_io_port_intercept_message *io = vmm_io_msg(&self->msg);

	vmm_start64(self->vp, &shadowed_out);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(LONG_MODE | HV_X64_EXECUTION_STATE_INTERRUPT_SHADOW,
		  io->header.execution_state);
	EXPECT_EQ(HV_INTERRUPT_STATE_SHADOW,
		  vmm_reg(self->vp, HV_X64_REGISTER_INTERRUPT_STATE));
	/* the VMM that completes the instruction ends it */
	vmm_set_reg(self->vp, HV_X64_REGISTER_INTERRUPT_STATE, 0);
	vmm_skip(self->vp, &self->msg);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(LONG_MODE, io->header.execution_state);
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_INTERRUPT_STATE));
}

/* ---- unrecoverable exceptions ---- */

GUEST_CODE(crash, "64", "ud2");

TEST_F(message, triple_fault)
{
	unsigned int i;

	vmm_start64(self->vp, &crash);
	vmm_set_table(self->vp, HV_X64_REGISTER_IDTR, 0, 0);
	/* as often as it is asked for */
	for (i = 0; i < 3; i++) {
		vmm_run_to(self->vp, HVMSG_UNRECOVERABLE_EXCEPTION, &self->msg);
		EXPECT_EQ(sizeof(struct hv_x64_unrecoverable_exception_message),
			  self->msg.header.payload_size);
		EXPECT_EQ(0, vmm_io_msg(&self->msg)->header.vp_index);
		EXPECT_EQ(VMM_CODE, vmm_io_msg(&self->msg)->header.rip);
		EXPECT_EQ(0, vmm_io_msg(&self->msg)->header.instruction_length_cr8 & 0xf);
		EXPECT_EQ(LONG_MODE, vmm_io_msg(&self->msg)->header.execution_state);
	}
	/* a VMM that resets the machine loads the registers and goes on */
	vmm_start16(self->vp, &real_mode_out);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(0xabcd, vmm_io_msg(&self->msg)->rax);
	PROVES("MSG-80000021 B-16-019");
}

/* registers that make no sense together are found when the VP is run */
TEST_F(message, invalid_state)
{
	struct hv_x64_invalid_vp_register_message *m = (void *)self->msg.payload;

	vmm_start64(self->vp, &port_forms);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR4, 0);	/* long mode without PAE */
	vmm_run_to(self->vp, HVMSG_INVALID_VP_REGISTER_VALUE, &self->msg);
	EXPECT_EQ(8, self->msg.header.payload_size);
	EXPECT_EQ(0, m->vp_index);
	EXPECT_EQ(0, m->reserved);
	vmm_run_to(self->vp, HVMSG_INVALID_VP_REGISTER_VALUE, &self->msg);
	vmm_start64(self->vp, &port_forms);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	PROVES("B-10-002 B-16-018 MSG-80000020");
}

/* ---- intercepts that are asked for ---- */

GUEST_CODE(cpuid_leaf, "64",
	   "1:	mov	%r8d, %eax\n\t"
	   "mov	%r9d, %ecx\n\t"
	   "cpuid\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

static void set_leaf(struct vmm_vp *vp, u32 leaf, u32 sub)
{
	vmm_set_reg(vp, HV_X64_REGISTER_R8, leaf);
	vmm_set_reg(vp, HV_X64_REGISTER_R9, sub);
}

TEST_F(message, cpuid)
{
	struct hv_x64_cpuid_intercept_message *m = (void *)self->msg.payload;
	static const u32 leaves[] = { 1, 4, 0x80000001 };
	u32 regs[4][4];
	unsigned int i;

	vmm_start64(self->vp, &cpuid_leaf);
	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		set_leaf(self->vp, leaves[i], 0);
		regs[i][0] = vmm_run_out(self->vp, GUEST_PORT);
		regs[i][1] = vmm_reg(self->vp, HV_X64_REGISTER_RBX);
		regs[i][2] = vmm_reg(self->vp, HV_X64_REGISTER_RCX);
		regs[i][3] = vmm_reg(self->vp, HV_X64_REGISTER_RDX);
		ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_EXECUTE,
						   HV_INTERCEPT_TYPE_X64_CPUID, leaves[i]));
	}
	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		set_leaf(self->vp, leaves[i], 0);
		vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
		check_header(_metadata, self->vp, &self->msg, HVMSG_X64_CPUID_INTERCEPT,
			     sizeof(*m), HV_INTERCEPT_ACCESS_EXECUTE, VMM_CODE + 6, 2);
		EXPECT_EQ(leaves[i], m->rax);
		EXPECT_EQ(0, m->rcx);
		EXPECT_EQ(regs[i][0], m->default_result_rax);
		EXPECT_EQ(regs[i][1], m->default_result_rbx);
		EXPECT_EQ(regs[i][2], m->default_result_rcx);
		EXPECT_EQ(regs[i][3], m->default_result_rdx);
		/* the VMM's answer is the guest's */
		vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0xabc0 + i);
		vmm_skip(self->vp, &self->msg);
		EXPECT_EQ(0xabc0 + i, vmm_run_out(self->vp, GUEST_PORT));
	}
	/* by leaf, whatever the subleaf; other leaves not */
	set_leaf(self->vp, 4, 3);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
	EXPECT_EQ(3, m->rcx);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
	set_leaf(self->vp, 0, 0);
	vmm_run_out(self->vp, GUEST_PORT);
	/* and off again */
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_NONE,
					   HV_INTERCEPT_TYPE_X64_CPUID, 4));
	set_leaf(self->vp, 4, 0);
	EXPECT_EQ(regs[1][0], vmm_run_out(self->vp, GUEST_PORT));
	set_leaf(self->vp, 1, 0);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
	PROVES("MSG-80010002 B-9-010 B-16-012 PROP-intercept-type-2");
}

GUEST_CODE(msr_access, "64",
	   "mov	$0x12345, %ecx\n\t"
	   "mov	$0x11112222, %eax\n\t"
	   "mov	$0x33334444, %edx\n\t"
	   "wrmsr\n\t"
	   "rdmsr\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

GUEST_CODE(show_fault, "64", "outl %eax, $0xe5\n\t hlt");

/* an MSR that nobody has: #GP, or the VMM's */
TEST_F(message, msr)
{
	struct hv_x64_msr_intercept_message *m = (void *)self->msg.payload;

	vmm_start64(self->vp, &msr_access);
	vmm_load(&self->vm, HANDLER, &show_fault);
	vmm_set_gate(&self->vm, 13, HANDLER);
	vmm_run_out(self->vp, 0xe5);
	vmm_start64(self->vp, &msr_access);
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_READ |
					   HV_INTERCEPT_ACCESS_MASK_WRITE,
					   HV_INTERCEPT_TYPE_X64_MSR, 0));
	vmm_run_to(self->vp, HVMSG_X64_MSR_INTERCEPT, &self->msg);
	check_header(_metadata, self->vp, &self->msg, HVMSG_X64_MSR_INTERCEPT, sizeof(*m),
		     HV_INTERCEPT_ACCESS_WRITE, VMM_CODE + 15, 2);
	EXPECT_EQ(0x12345, m->msr_number);
	EXPECT_EQ(0, m->reserved);
	EXPECT_EQ(0x11112222, m->rax);
	EXPECT_EQ(0x33334444, m->rdx);
	vmm_skip(self->vp, &self->msg);
	vmm_run_to(self->vp, HVMSG_X64_MSR_INTERCEPT, &self->msg);
	check_header(_metadata, self->vp, &self->msg, HVMSG_X64_MSR_INTERCEPT, sizeof(*m),
		     HV_INTERCEPT_ACCESS_READ, VMM_CODE + 17, 2);
	EXPECT_EQ(0x12345, m->msr_number);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0x5555);
	vmm_skip(self->vp, &self->msg);
	EXPECT_EQ(0x5555, vmm_run_out(self->vp, GUEST_PORT));
	/* removed */
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_NONE,
					   HV_INTERCEPT_TYPE_X64_MSR, 0));
	vmm_start64(self->vp, &msr_access);
	vmm_run_out(self->vp, 0xe5);
	PROVES("MSG-80010001 B-16-013 PROP-intercept-type-1");
}

/* the property that lets such accesses pass unseen */
TEST_F(message, unimplemented_msr_action)
{
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION,
				      HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO));
	vmm_start64(self->vp, &msr_access);
	EXPECT_EQ(0, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_RDX));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION,
				      HV_UNIMPLEMENTED_MSR_ACTION_FAULT));
	vmm_start64(self->vp, &msr_access);
	vmm_load(&self->vm, HANDLER, &show_fault);
	vmm_set_gate(&self->vm, 13, HANDLER);
	vmm_run_out(self->vp, 0xe5);
}

GUEST_CODE(faults, "64",
	   "mov	$0x90000000, %ebx\n\t"
	   "mov	(%rbx), %rax\n\t"
	   "ud2\n\t"
	   "outl	%eax, $0xe0");

TEST_F(message, exception)
{
	struct hv_x64_exception_intercept_message *m = (void *)self->msg.payload;
	u64 *pd;

	vmm_start64(self->vp, &faults);
	vmm_load(&self->vm, HANDLER, &show_fault);
	vmm_set_gate(&self->vm, 6, HANDLER);
	vmm_set_gate(&self->vm, 14, HANDLER);
	pd = vmm_gpa(&self->vm, VMM_TABLES + 0x2000);
	pd[0x90000000 >> 21] = 0;
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_EXECUTE,
					   HV_INTERCEPT_TYPE_X64_EXCEPTION, 14));
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_EXECUTE,
					   HV_INTERCEPT_TYPE_X64_EXCEPTION, 6));
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(sizeof(*m), self->msg.header.payload_size);
	EXPECT_EQ(HV_INTERCEPT_ACCESS_EXECUTE, m->header.intercept_access_type);
	EXPECT_EQ(VMM_CODE + 5, m->header.rip);
	EXPECT_EQ(14, m->exception_vector);
	EXPECT_EQ(HV_X64_EXCEPTION_ERROR_CODE_VALID, m->exception_info);
	EXPECT_EQ(0, m->error_code);
	EXPECT_EQ(0x90000000, m->exception_parameter);
	EXPECT_EQ(0x90000000, m->gprs[3]);
	EXPECT_EQ(VMM_STACK, m->gprs[4]);
	EXPECT_EQ(VMM_DS, m->ss_segment.selector);
	EXPECT_EQ(0, memcmp(m->instruction_bytes, vmm_gpa(&self->vm, VMM_CODE + 5),
			    m->instruction_byte_count));
	/* before the guest's handler runs, and before it knows of anything */
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_CR2));
	EXPECT_EQ(VMM_STACK, vmm_reg(self->vp, HV_X64_REGISTER_RSP));
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE + 8);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(6, m->exception_vector);
	EXPECT_EQ(0, m->exception_info);
	EXPECT_EQ(VMM_CODE + 8, m->header.rip);
	/* handed on to the guest */
	vmm_set_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION,
		    HV_PENDING_INTERRUPTION_PENDING |
		    HV_PENDING_EXCEPTION << HV_PENDING_INTERRUPTION_TYPE_SHIFT |
		    6 << HV_PENDING_INTERRUPTION_VECTOR_SHIFT);
	vmm_run_out(self->vp, 0xe5);
	/* off: the guest's own again */
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_NONE,
					   HV_INTERCEPT_TYPE_X64_EXCEPTION, 14));
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
	vmm_run_out(self->vp, 0xe5);
	EXPECT_EQ(0x90000000, vmm_reg(self->vp, HV_X64_REGISTER_CR2));
	PROVES("B-9-009 B-10-024 PROP-intercept-type-3");
}

/* what can be installed, and with which access mask */
TEST_F(message, install_intercept)
{
	static const struct {
		u32 type, access;
		u64 good, bad;
	} types[] = {
		{ HV_INTERCEPT_TYPE_X64_IO_PORT, HV_INTERCEPT_ACCESS_MASK_READ |
		  HV_INTERCEPT_ACCESS_MASK_WRITE, 0xffff, 0x10000 },
		{ HV_INTERCEPT_TYPE_X64_MSR, HV_INTERCEPT_ACCESS_MASK_READ |
		  HV_INTERCEPT_ACCESS_MASK_WRITE, 0, 1 },
		{ HV_INTERCEPT_TYPE_X64_CPUID, HV_INTERCEPT_ACCESS_MASK_EXECUTE, 0xffffffff,
		  1ULL << 32 },
		{ HV_INTERCEPT_TYPE_X64_EXCEPTION, HV_INTERCEPT_ACCESS_MASK_EXECUTE, 31, 32 },
	};
	unsigned int i, access;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (access = 1; access < 16; access++) {
			int want = access == types[i].access ? 0 : HV_STATUS_INVALID_PARAMETER;

			EXPECT_EQ(want, vmm_install_intercept(&self->vm, access, types[i].type,
							      types[i].good));
		}
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
			  vmm_install_intercept(&self->vm, types[i].access, types[i].type,
						types[i].bad));
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
			  vmm_install_intercept(&self->vm, types[i].access, types[i].type,
						1ULL << 63));
		EXPECT_EQ(0, vmm_install_intercept(&self->vm, 0, types[i].type, types[i].good));
	}
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_EXECUTE, 4, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_EXECUTE, 0x1000, 0));
	PROVES("HC-004D/INVALID_PARAMETER B-9-006 B-9-007 B-9-014 B-9-017");
}

/* ports are the VMM's from the start; one given back reads as ones and takes what is written */
TEST_F(message, port_intercept_removed)
{
	vmm_start64(self->vp, &in_and_show);
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_NONE,
					   HV_INTERCEPT_TYPE_X64_IO_PORT, 0x60));
	vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0);
	EXPECT_EQ(0xffffffff, vmm_run_out(self->vp, GUEST_PORT));
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_READ |
					   HV_INTERCEPT_ACCESS_MASK_WRITE,
					   HV_INTERCEPT_TYPE_X64_IO_PORT, 0x60));
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(0x60, vmm_io_msg(&self->msg)->port_number);
	/* a wide access is one of each port it covers */
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_NONE,
					   HV_INTERCEPT_TYPE_X64_IO_PORT, 0x80));
	vmm_start64(self->vp, &port_forms);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(0x3f8, vmm_io_msg(&self->msg)->port_number);
	vmm_skip(self->vp, &self->msg);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(0x80, vmm_io_msg(&self->msg)->port_number);
	EXPECT_EQ(2, vmm_io_msg(&self->msg)->access_info);
	PROVES("B-9-008 MSG-80010000 PROP-intercept-type-0");
}

/* ---- answers given in advance ---- */

static int register_cpuid(struct vmm *vm, u32 vp, const struct hv_register_cpuid_result *r)
{
	struct hv_input_register_intercept_result in = {
		.vp_index = vp, .intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
		.parameters.cpuid = *r,
	};

	return vmm_call(vm->pt, HVCALL_REGISTER_INTERCEPT_RESULT, &in, sizeof(in), NULL, 0);
}

TEST_F(message, registered_cpuid_results)
{
	struct hv_register_cpuid_result r = {
		.eax = 4, .subleaf_specific = 1, .always_override = 1, .ecx = 1,
		.result = { 0x11111111, ~0u, 0x22222222, ~0u, 0x33333333, ~0u, 0x44444444, ~0u },
	};
	u32 plain;

	vmm_start64(self->vp, &cpuid_leaf);
	set_leaf(self->vp, 4, 0);
	plain = vmm_run_out(self->vp, GUEST_PORT);
	ASSERT_EQ(0, register_cpuid(&self->vm, 0, &r));
	EXPECT_EQ(plain, vmm_run_out(self->vp, GUEST_PORT));
	set_leaf(self->vp, 4, 1);
	EXPECT_EQ(0x11111111, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0x22222222, vmm_reg(self->vp, HV_X64_REGISTER_RBX));
	EXPECT_EQ(0x33333333, vmm_reg(self->vp, HV_X64_REGISTER_RCX));
	EXPECT_EQ(0x44444444, vmm_reg(self->vp, HV_X64_REGISTER_RDX));
	/* again, with a mask: bits outside of it are the hypervisor's */
	r.eax = 0x80000008;
	r.subleaf_specific = 0;
	r.result.eax = 0;
	r.result.eax_mask = 0xff;
	r.result.ebx_mask = 0;
	r.result.ecx_mask = 0;
	r.result.edx_mask = 0;
	set_leaf(self->vp, 0x80000008, 0);
	plain = vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_NE(0, plain & 0xff);
	ASSERT_EQ(0, register_cpuid(&self->vm, HV_ANY_VP, &r));
	EXPECT_EQ(plain & ~0xffu, vmm_run_out(self->vp, GUEST_PORT));
	/* OSXSAVE follows CR4, even for a VMM that overrides all of the leaf */
	r.eax = 1;
	r.result.ecx = 1 << 26 | 1 << 27;
	r.result.ecx_mask = ~0u;
	ASSERT_EQ(0, register_cpuid(&self->vm, 0, &r));
	set_leaf(self->vp, 1, 0);
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_EQ(1 << 26, vmm_reg(self->vp, HV_X64_REGISTER_RCX));
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR4, 0x40620);
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_EQ(1 << 26 | 1 << 27, vmm_reg(self->vp, HV_X64_REGISTER_RCX));
}

/* ---- the end of an interrupt ---- */

GUEST_CODE(wait_for_interrupts, "64",
	   "mov	$0xfee000f0, %edi\n\t"
	   "movl	$0x1ff, (%rdi)\n\t"
	   "outl	%eax, $0xe0\n"
	   "1:	sti\n\t"
	   "hlt\n\t"
	   "jmp	1b");

GUEST_CODE(eoi_handler, "64",
	   "incq	0x20000\n\t"
	   "mov	$0xfee000b0, %edi\n\t"
	   "movl	$0, (%rdi)\n\t"
	   "incq	0x20008\n\t"
	   "iretq");

TEST_F(message, eoi_of_a_level_triggered_interrupt)
{
	struct hv_x64_apic_eoi_message *eoi = (void *)self->msg.payload;
	u64 *n = vmm_gpa(&self->vm, VMM_DATA);
	unsigned int i;

	vmm_start64(self->vp, &wait_for_interrupts);
	vmm_load(&self->vm, HANDLER, &eoi_handler);
	vmm_set_gate(&self->vm, VECTOR, HANDLER);
	vmm_run_out(self->vp, GUEST_PORT);
	for (i = 1; i <= 3; i++) {
		ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_FIXED |
					HV_INTERRUPT_CONTROL_LEVEL, 0, VECTOR));
		vmm_run_to(self->vp, HVMSG_X64_APIC_EOI, &self->msg);
		EXPECT_EQ(sizeof(*eoi), self->msg.header.payload_size);
		EXPECT_EQ(0, eoi->vp_index);
		EXPECT_EQ(VECTOR, eoi->interrupt_vector);
		/* the EOI has been made: the guest goes on behind it */
		EXPECT_EQ(i, LOAD(&n[0]));
		EXPECT_EQ(i - 1, LOAD(&n[1]));
	}
	/* an edge needs no message */
	ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_FIXED, 0, VECTOR));
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &self->msg, VMM_SHORT));
	EXPECT_EQ(4, LOAD(&n[1]));
	PROVES("B-13-027");
}

TEST_HARNESS_MAIN
