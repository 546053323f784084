// SPDX-License-Identifier: GPL-2.0-only
/*
 * intercept_test.c - when there is an intercept and when not (TLFS 9.1, 11.7 to 11.12)
 *
 * What is in the messages is in message_test.c.
 */
#include <cpuid.h>
#include <errno.h>
#include <x86intrin.h>

#include "guest_code.h"
#include "harness.h"
#include "ports.h"

#define PAGE		TLFS_PAGE_SIZE
#define PFN(p)		((u64)(p) / PAGE)
#define RW_ACCESS	(HV_INTERCEPT_ACCESS_MASK_READ | HV_INTERCEPT_ACCESS_MASK_WRITE)
#define X_ACCESS	HV_INTERCEPT_ACCESS_MASK_EXECUTE
#define PORT		HV_INTERCEPT_TYPE_X64_IO_PORT
#define MSR		HV_INTERCEPT_TYPE_X64_MSR
#define CPUID		HV_INTERCEPT_TYPE_X64_CPUID
#define EXCEPTION	HV_INTERCEPT_TYPE_X64_EXCEPTION
#define HANDLER		(VMM_CODE + 0x800)
#define FAULT_PORT	0xe5

#define UD		6
#define DF		8
#define NP		11
#define GP		13
#define PF		14

FIXTURE(intercept) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct hv_message msg;
};

FIXTURE_SETUP(intercept)
{
	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
}

FIXTURE_TEARDOWN(intercept)
{
	vmm_teardown(&self->vm);
}

/* one of version 2.0 instead */
static void be_v2(struct __test_metadata *_metadata, FIXTURE_DATA(intercept) *self)
{
	vmm_teardown(&self->vm);
	vmm_setup_bare(&self->vm, VMM_FLAGS);
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION,
				      HV_COMPATIBILITY_VERSION_2_0));
	ASSERT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	self->vm.ram = vmm_add_memory(&self->vm, 0, VMM_RAM, VMM_RWX);
	self->vp->fd = vmm_create_vp(self->vm.pt, 0);
	ASSERT_LE(0, self->vp->fd);
}

static void install(struct __test_metadata *_metadata, FIXTURE_DATA(intercept) *self, u32 access,
		    u32 type, u64 param)
{
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, access, type, param))
		TH_LOG("type %u, %#llx", type, (unsigned long long)param);
}

/* the message's part that all of instructions have */
#define HEADER(self)	(&vmm_io_msg(&(self)->msg)->header)

/* ---- CPUID (11.11) ---- */

GUEST_CODE(cpuid_leaf, "64",
	   "1:	mov	%r8d, %eax\n\t"
	   "xor	%ecx, %ecx\n\t"
	   "cpuid\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

/* 0x40000080 to 0x400000ff are the parent's: nothing is there, and what it says is the answer */
TEST_F(intercept, leaves_of_the_parent)
{
	static const u32 leaves[] = { 0x40000080, 0x400000a5, 0x400000ff };
	struct hv_x64_cpuid_intercept_message *m = (void *)self->msg.payload;
	unsigned int i;

	vmm_start64(self->vp, &cpuid_leaf);
	for (i = 0; i < ARRAY_SIZE(leaves); i++)
		install(_metadata, self, X_ACCESS, CPUID, leaves[i]);
	for (i = 0; i < ARRAY_SIZE(leaves); i++) {
		vmm_set_reg(self->vp, HV_X64_REGISTER_R8, leaves[i]);
		vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
		EXPECT_EQ(leaves[i], m->rax);
		EXPECT_EQ(0, m->default_result_rax);
		EXPECT_EQ(0, m->default_result_rbx);
		EXPECT_EQ(0, m->default_result_rcx);
		EXPECT_EQ(0, m->default_result_rdx);
		EXPECT_EQ(HV_SUSPEND_SUSPENDED, vmm_reg(self->vp, HV_REGISTER_INTERCEPT_SUSPEND));
		vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0x1234 + i);
		vmm_skip(self->vp, &self->msg);
		EXPECT_EQ(0x1234 + i, vmm_run_out(self->vp, GUEST_PORT));
	}
	/* one that is in between is not intercepted, and nothing as well */
	vmm_set_reg(self->vp, HV_X64_REGISTER_R8, 0x40000081);
	EXPECT_EQ(0, vmm_run_out(self->vp, GUEST_PORT));
	PROVES("B-3-013");
}

/* by the value of EAX, with what the guest would have seen */
TEST_F(intercept, default_results)
{
	struct hv_x64_cpuid_intercept_message *m = (void *)self->msg.payload;
	u32 regs[4];

	vmm_start64(self->vp, &cpuid_leaf);
	vmm_set_reg(self->vp, HV_X64_REGISTER_R8, 0x40000003);
	regs[0] = vmm_run_out(self->vp, GUEST_PORT);
	regs[1] = vmm_reg(self->vp, HV_X64_REGISTER_RBX);
	regs[2] = vmm_reg(self->vp, HV_X64_REGISTER_RCX);
	regs[3] = vmm_reg(self->vp, HV_X64_REGISTER_RDX);
	EXPECT_NE(0, regs[0]);
	install(_metadata, self, X_ACCESS, CPUID, 0x40000003);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
	EXPECT_EQ(regs[0], m->default_result_rax);
	EXPECT_EQ(regs[1], m->default_result_rbx);
	EXPECT_EQ(regs[2], m->default_result_rcx);
	EXPECT_EQ(regs[3], m->default_result_rdx);
	EXPECT_EQ(0x40000003, vmm_reg(self->vp, HV_X64_REGISTER_RAX));
	EXPECT_EQ(VMM_CODE + 5, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	EXPECT_EQ(HV_SUSPEND_SUSPENDED, vmm_reg(self->vp, HV_REGISTER_INTERCEPT_SUSPEND));
	PROVES("B-11-024");
}

/* as a mask when they are asked for, as a number when they come (9.2.3, contradiction C63) */
GUEST_CODE(three_accesses, "64",
	   "inb	$0x60, %al\n\t"
	   "outb	%al, $0x61\n\t"
	   "mov	$5, %eax\n\t"
	   "cpuid\n\t");

TEST_F(intercept, access_types)
{
	static const u8 wanted[] = {
		HV_INTERCEPT_ACCESS_READ, HV_INTERCEPT_ACCESS_WRITE, HV_INTERCEPT_ACCESS_EXECUTE,
	};
	unsigned int i;

	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_READ, PORT, 0x60));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_WRITE, PORT, 0x60));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_install_intercept(&self->vm, RW_ACCESS, CPUID, 5));
	install(_metadata, self, X_ACCESS, CPUID, 5);
	vmm_start64(self->vp, &three_accesses);
	for (i = 0; i < ARRAY_SIZE(wanted); i++) {
		EXPECT_EQ(0, vmm_run(self->vp, &self->msg, VMM_LONG));
		EXPECT_EQ(wanted[i], HEADER(self)->intercept_access_type);
		EXPECT_EQ(i, HEADER(self)->intercept_access_type);
		vmm_skip(self->vp, &self->msg);
	}
	PROVES("MSG-type~4");
}

/* ---- I/O ports (11.9) ---- */

/* RDX, RBX: a port, and what comes from there */
GUEST_CODE(wide_ports, "64",
	   "1:	xor	%eax, %eax\n\t"
	   "inl	%dx, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "xor	%eax, %eax\n\t"
	   "inw	%dx, %ax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "outl	%eax, %dx\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

/* the next write is to GUEST_PORT: @value; or there is a message of @port before it */
static void expect_port(struct __test_metadata *_metadata, FIXTURE_DATA(intercept) *self, u16 port,
			bool intercepted, u32 value)
{
	if (intercepted) {
		vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
		EXPECT_EQ(port, vmm_io_msg(&self->msg)->port_number);
		vmm_skip(self->vp, &self->msg);
		value = 0;
	}
	EXPECT_EQ(value, vmm_run_out(self->vp, GUEST_PORT)) TH_LOG("port %#x", port);
}

TEST_F(intercept, wide_accesses)
{
	u16 port;

	for (port = 0x78; port < 0x90; port++)
		if (port != 0x83)
			install(_metadata, self, HV_INTERCEPT_ACCESS_MASK_NONE, PORT, port);
	vmm_start64(self->vp, &wide_ports);
	for (port = 0x7e; port < 0x86; port++) {
		bool four = port >= 0x80 && port <= 0x83, two = port == 0x82 || port == 0x83;

		vmm_set_reg(self->vp, HV_X64_REGISTER_RDX, port);
		vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
		expect_port(_metadata, self, port, four, ~0u);
		expect_port(_metadata, self, port, two, 0xffff);
		/* and writes */
		vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0);
		expect_port(_metadata, self, port, four, 0);
	}
	PROVES("B-11-018");
}

#define PM_PORT		0x608
#define PM_ENABLED	(1 << 17)

/* the hypervisor's own, then the parent's, then nobody's */
TEST_F(intercept, order_of_ports)
{
	vmm_start64(self->vp, &wide_ports);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RDX, PM_PORT);
	install(_metadata, self, RW_ACCESS, PORT, PM_PORT);
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_PM_TIMER_ASSIST,
				      PM_ENABLED | PM_PORT));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_REFERENCE_TIME,
				      10000000ULL));
	/* one second and more has passed for the timer: there it is, and no message */
	EXPECT_LT(3579544, vmm_run_out(self->vp, GUEST_PORT));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_PM_TIMER_ASSIST, PM_PORT));
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
	expect_port(_metadata, self, PM_PORT, true, 0);
	install(_metadata, self, HV_INTERCEPT_ACCESS_MASK_NONE, PORT, PM_PORT);
	install(_metadata, self, HV_INTERCEPT_ACCESS_MASK_NONE, PORT, PM_PORT + 1);
	install(_metadata, self, HV_INTERCEPT_ACCESS_MASK_NONE, PORT, PM_PORT + 2);
	install(_metadata, self, HV_INTERCEPT_ACCESS_MASK_NONE, PORT, PM_PORT + 3);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
	expect_port(_metadata, self, PM_PORT, false, ~0u);
	PROVES("B-11-016");
}

/* ---- exceptions (11.12) ---- */

GUEST_CODE(fault_port, "64", "outl %eax, $0xe5\n\t hlt");

/* a selector beyond the table: #GP, whose gate is not present: #NP, so #DF */
GUEST_CODE(bad_selector, "64",
	   "mov	$0x1000, %eax\n\t"
	   "mov	%eax, %ds\n\t");

#define FAULTING	(VMM_CODE + 5)

static void start_double_fault(FIXTURE_DATA(intercept) *self)
{
	u64 *gate;

	vmm_start64(self->vp, &bad_selector);
	vmm_load(&self->vm, HANDLER, &fault_port);
	vmm_set_gate(&self->vm, DF, HANDLER);
	vmm_set_gate(&self->vm, GP, HANDLER);
	gate = vmm_gpa(&self->vm, VMM_IDT + GP * 16);
	gate[0] &= ~(1ULL << 47);
}

TEST_F(intercept, nested_exceptions)
{
	struct hv_x64_exception_intercept_message *m = (void *)self->msg.payload;

	/* the first one is intercepted before it is delivered */
	install(_metadata, self, X_ACCESS, EXCEPTION, GP);
	install(_metadata, self, X_ACCESS, EXCEPTION, NP);
	install(_metadata, self, X_ACCESS, EXCEPTION, DF);
	start_double_fault(self);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(GP, m->exception_vector);
	EXPECT_EQ(0x1000, m->error_code);

	/* the second before it becomes a double fault */
	install(_metadata, self, HV_INTERCEPT_ACCESS_MASK_NONE, EXCEPTION, GP);
	start_double_fault(self);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(NP, m->exception_vector);
	/* of the table of gates; QEMU gives the gate's offset there */
	EXPECT_EQ(2, m->error_code & 6);
	EXPECT_EQ(FAULTING, m->header.rip);
	PROVES("B-11-026");
}

/* QEMU looks at the second exception's intercept and never at that of what it becomes */
static bool host_is_qemu(void)
{
	unsigned int r[4];

	return __get_cpuid(0x80000002, &r[0], &r[1], &r[2], &r[3]) && r[0] == 0x554d4551;
}

TEST_F(intercept, double_fault)
{
	struct hv_x64_exception_intercept_message *m = (void *)self->msg.payload;

	start_double_fault(self);
	vmm_run_out(self->vp, FAULT_PORT);
	if (host_is_qemu())
		SKIP(return, "the emulated processor does not intercept #DF");
	install(_metadata, self, X_ACCESS, EXCEPTION, DF);
	start_double_fault(self);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(DF, m->exception_vector);
	EXPECT_EQ(HV_X64_EXCEPTION_ERROR_CODE_VALID, m->exception_info);
	EXPECT_EQ(0, m->error_code);

	install(_metadata, self, HV_INTERCEPT_ACCESS_MASK_NONE, EXCEPTION, DF);
	start_double_fault(self);
	vmm_run_out(self->vp, FAULT_PORT);
	PROVES("B-11-027");
}

/* RBX: an address.  The instruction is made again when what it wanted is there */
GUEST_CODE(load, "64",
	   "mov	$0x90000000, %ebx\n\t"
	   "mov	(%rbx), %eax\n\t"
	   "outl	%eax, $0xe0\n\t");

TEST_F(intercept, restartable)
{
	struct hv_x64_exception_intercept_message *m = (void *)self->msg.payload;
	u64 *pd;

	vmm_start64(self->vp, &load);
	pd = vmm_gpa(&self->vm, VMM_TABLES + 0x2000);
	pd[0x90000000 >> 21] = 0;
	install(_metadata, self, X_ACCESS, EXCEPTION, PF);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(PF, m->exception_vector);
	EXPECT_EQ(FAULTING, m->header.rip);
	EXPECT_EQ(FAULTING, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	*(u32 *)vmm_gpa(&self->vm, 0x120000) = 0x4711;
	pd[0x90000000 >> 21] = 0x87;
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, 0x90120000);
	EXPECT_EQ(0x4711, vmm_run_out(self->vp, GUEST_PORT));
	PROVES("B-11-029");
}

GUEST_CODE(int3, "64", "int3\n\t outl %eax, $0xe0\n\t");
GUEST_CODE(int_n, "64", "int $14\n\t outl %eax, $0xe0\n\t");
GUEST_CODE(into, "64", ".byte 0xce\n\t outl %eax, $0xe0\n\t");	/* 32-bit code */
GUEST_CODE(icebp, "64", ".byte 0xf1\n\t outl %eax, $0xe0\n\t");

/* @vector's handler is reached, and no message comes before it */
static void expect_handler(struct __test_metadata *_metadata, FIXTURE_DATA(intercept) *self,
			   const struct guest_code *code, u8 vector)
{
	install(_metadata, self, X_ACCESS, EXCEPTION, vector);
	vmm_start64(self->vp, code);
	vmm_load(&self->vm, HANDLER, &fault_port);
	vmm_set_gate(&self->vm, vector, HANDLER);
	if (code == &into) {
		vmm_set_segment(self->vp, HV_X64_REGISTER_CS, 0, ~0u, VMM_CS64, 0xc09b);
		vmm_set_reg(self->vp, HV_X64_REGISTER_RFLAGS, 0x802);
	}
	vmm_run_out(self->vp, FAULT_PORT);
}

/* what instructions raise is theirs in 2.0, and the guest's business */
TEST_F(intercept, software_interrupts)
{
	be_v2(_metadata, self);
	expect_handler(_metadata, self, &int3, 3);
	expect_handler(_metadata, self, &int_n, PF);
	expect_handler(_metadata, self, &into, 4);
	/* QEMU's own debugger takes it on an emulated AMD */
	if (vmm_vendor() == HV_PROCESSOR_VENDOR_INTEL)
		expect_handler(_metadata, self, &icebp, 1);
	/* others are intercepted */
	install(_metadata, self, X_ACCESS, EXCEPTION, GP);
	start_double_fault(self);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	PROVES("B-11-028");
}

/* ---- unsupported features (9.1.2, 9.2.4) ---- */

GUEST_CODE(refused_msr, "64", "mov $0x12345, %ecx\n\t rdmsr");
GUEST_CODE(refused_wrmsr, "64", "mov $0x12345, %ecx\n\t wrmsr");
GUEST_CODE(refused_monitor, "64", ".byte 0x0f, 0x01, 0xc8");
GUEST_CODE(refused_mwait, "64", ".byte 0x0f, 0x01, 0xc9");
GUEST_CODE(refused_vmrun, "64", ".byte 0x0f, 0x01, 0xd8");
GUEST_CODE(refused_vmxoff, "64", ".byte 0x0f, 0x01, 0xc4");
GUEST_CODE(refused_xsetbv, "64", "xor %ecx, %ecx\n\t xsetbv");
GUEST_CODE(refused_cr4, "64", "mov $0x80000000, %eax\n\t mov %rax, %cr4");

/* where the processor has a way to say no, that is what the guest gets */
TEST_F(intercept, refused_by_the_architecture)
{
	static const struct {
		const struct guest_code *code;
		u8 vector;
	} cases[] = {
		{ &refused_msr, GP }, { &refused_wrmsr, GP }, { &refused_monitor, UD },
		{ &refused_mwait, UD }, { &refused_vmrun, UD }, { &refused_vmxoff, UD },
		{ &refused_xsetbv, UD }, { &refused_cr4, GP },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vmm_start64(self->vp, cases[i].code);
		vmm_load(&self->vm, HANDLER, &fault_port);
		vmm_set_gate(&self->vm, GP, HANDLER);
		vmm_set_gate(&self->vm, UD, HANDLER);
		vmm_set_gate(&self->vm, cases[i].vector ^ UD ^ GP, VMM_CODE + 0xc00);
		vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
		EXPECT_EQ(FAULT_PORT, vmm_io_msg(&self->msg)->port_number) TH_LOG("case %u", i);
	}
	PROVES("B-9-013");
}

/* the hypervisor's own refusals are exceptions like others */
TEST_F(intercept, exceptions_we_raise)
{
	static const struct {
		const struct guest_code *code;
		u8 vector, offset, info;
	} cases[] = {
		{ &refused_msr, GP, 5, HV_X64_EXCEPTION_ERROR_CODE_VALID },
		{ &refused_wrmsr, GP, 5, HV_X64_EXCEPTION_ERROR_CODE_VALID },
		{ &refused_monitor, UD, 0, 0 },
	};
	struct hv_x64_exception_intercept_message *m = (void *)self->msg.payload;
	unsigned int i;

	install(_metadata, self, X_ACCESS, EXCEPTION, GP);
	install(_metadata, self, X_ACCESS, EXCEPTION, UD);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		vmm_start64(self->vp, cases[i].code);
		vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
		EXPECT_EQ(cases[i].vector, m->exception_vector);
		EXPECT_EQ(cases[i].info, m->exception_info);
		EXPECT_EQ(0, m->error_code);
		EXPECT_EQ(VMM_CODE + cases[i].offset, m->header.rip);
		EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION) & 1);
		EXPECT_NE(0, m->instruction_byte_count);
	}
	/* none is left over */
	install(_metadata, self, HV_INTERCEPT_ACCESS_MASK_NONE, EXCEPTION, GP);
	vmm_start64(self->vp, &refused_msr);
	vmm_load(&self->vm, HANDLER, &fault_port);
	vmm_set_gate(&self->vm, GP, HANDLER);
	vmm_run_out(self->vp, FAULT_PORT);
}

/* no form in which the APIC's registers are accessed (13.2.2) */
GUEST_CODE(wide_apic, "64",
	   "mov	$0xfee00080, %edi\n\t"
	   "movdqu	(%rdi), %xmm0\n\t"
	   "outl	%eax, $0xe0\n\t");

GUEST_CODE(narrow_apic, "64",
	   "mov	$0xfee00080, %edi\n\t"
	   "mov	(%rdi), %eax\n\t"
	   "outl	%eax, $0xe0\n\t");

TEST_F(intercept, apic_forms)
{
	struct hv_x64_unsupported_feature_message *m = (void *)self->msg.payload;

	be_v2(_metadata, self);
	vmm_start64(self->vp, &narrow_apic);
	EXPECT_EQ(0, vmm_run_out(self->vp, GUEST_PORT));
	vmm_start64(self->vp, &wide_apic);
	vmm_run_to(self->vp, HVMSG_UNSUPPORTED_FEATURE, &self->msg);
	EXPECT_EQ(sizeof(*m), self->msg.header.payload_size);
	EXPECT_EQ(0, m->vp_index);
	EXPECT_EQ(HV_UNSUPPORTED_FEATURE_INTERCEPT, m->feature_code);
	/* the vendor's number of a second-level fault */
	EXPECT_EQ(vmm_vendor() == HV_PROCESSOR_VENDOR_INTEL ? 48 : 0x400, m->feature_parameter);
	EXPECT_EQ(FAULTING, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	EXPECT_EQ(HV_SUSPEND_SUSPENDED, vmm_reg(self->vp, HV_REGISTER_INTERCEPT_SUSPEND));
	PROVES("B-13-008 PROP-unsupported-feature-1");
}

/* SVM switches tasks by itself; VMX leaves it to software */
TEST_F(intercept, task_switch)
{
	static const u8 types[] = { 1, 9 };
	struct hv_x64_unsupported_feature_message *m = (void *)self->msg.payload;
	unsigned int i;

	if (vmm_vendor() != HV_PROCESSOR_VENDOR_INTEL)
		SKIP(return, "the processor switches tasks");
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		vmm_start_task_switch(self->vp, types[i]);
		vmm_run_to(self->vp, HVMSG_UNSUPPORTED_FEATURE, &self->msg);
		EXPECT_EQ(HV_UNSUPPORTED_FEATURE_TASK_SWITCH_TSS, m->feature_code);
		EXPECT_EQ(types[i], m->feature_parameter);
		EXPECT_EQ(VMM_CODE, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	}
	PROVES("B-9-015 PROP-unsupported-feature-2");
}

/* ---- memory for intercepts (9.3.1) ---- */

#define POOL		64
#define FREE_LEAVES	16

static int pool_call(int dev, u16 code, u64 id, u16 n, void *pages)
{
	u64 in[POOL + 2] = { id }, out[POOL];
	unsigned int i;

	if (pages)
		for (i = 0; i < n; i++)
			in[1 + i] = PFN(pages) + i;
	return vmm_call_reps(dev, code, &n, in, sizeof(in), out, sizeof(out));
}

static int child_install(int dev, u64 id, u32 access, u32 type, u64 param)
{
	struct hv_input_install_intercept in = {
		.partition_id = id, .access_type = access, .intercept_type = type,
		.intercept_parameter = param,
	};

	return vmm_call(dev, HVCALL_INSTALL_INTERCEPT, &in, sizeof(in), NULL, 0);
}

TEST_F(intercept, memory)
{
	u64 create[2] = { 0, 0 }, id;
	int dev = self->vm.dev;
	char *pages = vmm_alloc((POOL + 1) * PAGE);
	unsigned int i;

	ASSERT_EQ(0, vmm_call(dev, HVCALL_CREATE_PARTITION, create, 16, &id, 8));
	ASSERT_EQ(0, pool_call(dev, HVCALL_DEPOSIT_MEMORY, id, POOL, pages));
	ASSERT_EQ(0, vmm_call(dev, HVCALL_INITIALIZE_PARTITION, &id, 8, NULL, 0));
	EXPECT_EQ(HV_STATUS_NO_RESOURCES, pool_call(dev, HVCALL_WITHDRAW_MEMORY, id, POOL, NULL));
	/* dry; most of them want nothing */
	for (i = 0; i < 0x10000; i += 0x111)
		EXPECT_EQ(0, child_install(dev, id, RW_ACCESS, PORT, i));
	EXPECT_EQ(0, child_install(dev, id, RW_ACCESS, MSR, 0));
	for (i = 0; i < 32; i++)
		EXPECT_EQ(0, child_install(dev, id, X_ACCESS, EXCEPTION, i));
	for (i = 0; i < FREE_LEAVES; i++)
		EXPECT_EQ(0, child_install(dev, id, X_ACCESS, CPUID, 0x1000 + i));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY,
		  child_install(dev, id, X_ACCESS, CPUID, 0x1000 + i));
	ASSERT_EQ(0, pool_call(dev, HVCALL_DEPOSIT_MEMORY, id, 1, pages + POOL * PAGE));
	for (; i < 300; i++)
		EXPECT_EQ(0, child_install(dev, id, X_ACCESS, CPUID, 0x1000 + i));
	PROVES("HC-004D/INSUFFICIENT_MEMORY B-9-016");
}

/* many leaves, from both ends of the list */
TEST_F(intercept, many_leaves)
{
	unsigned int i;

	vmm_start64(self->vp, &cpuid_leaf);
	for (i = 0; i < 100; i++)
		install(_metadata, self, X_ACCESS, CPUID, 0x1000 + i);
	for (i = 0; i < 100; i += 9) {
		vmm_set_reg(self->vp, HV_X64_REGISTER_R8, 0x1000 + i);
		vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
		vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
		install(_metadata, self, HV_INTERCEPT_ACCESS_MASK_NONE, CPUID, 0x1000 + i);
		vmm_run_out(self->vp, GUEST_PORT);
	}
	vmm_set_reg(self->vp, HV_X64_REGISTER_R8, 0x1000 + 50);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
}

/* ---- the TSC (11.7) ---- */

GUEST_CODE(show_tsc, "64",
	   "1:	rdtsc\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

static u64 guest_tsc(FIXTURE_DATA(intercept) *self)
{
	u32 low = vmm_run_out(self->vp, GUEST_PORT);

	return vmm_reg(self->vp, HV_X64_REGISTER_RDX) << 32 | low;
}

TEST_F(intercept, tsc_of_a_suspended_vp)
{
	u64 first, second, begin, end;
	u32 name = HV_REGISTER_EXPLICIT_SUSPEND;

	vmm_start64(self->vp, &show_tsc);
	first = guest_tsc(self);
	begin = __rdtsc();
	vmm_sleep_ms(20);
	vmm_set_reg(self->vp, name, HV_SUSPEND_SUSPENDED);
	vmm_sleep_ms(20);
	end = __rdtsc();
	second = guest_tsc(self);
	EXPECT_LE(end - begin, second - first);
	PROVES("B-11-009");
}

TEST_HARNESS_MAIN
