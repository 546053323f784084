// SPDX-License-Identifier: GPL-2.0-only
/*
 * hvcall_abi_test.c - ROOT_HVCALL: what it refuses, what it writes, which call which descriptor has
 */
#include <sys/wait.h>

#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE

FIXTURE(hvcall) {
	struct vmm vm;
	int fd[3];		/* device, partition, VP */
	struct tlfs_root_hvcall good;
	struct hv_input_get_partition_property *in;
	u64 *out;
};

/* HvGetPartitionProperty of the vendor: any descriptor may */
FIXTURE_SETUP(hvcall)
{
	vmm_setup(&self->vm, 1);
	self->fd[0] = self->vm.dev;
	self->fd[1] = self->vm.pt;
	self->fd[2] = self->vm.vp[0].fd;
	self->in = vmm_alloc(PAGE);
	self->out = vmm_alloc(2 * PAGE);
	self->in->property_code = HV_PARTITION_PROPERTY_PROCESSOR_VENDOR;
	self->good = (struct tlfs_root_hvcall) {
		.code = HVCALL_GET_PARTITION_PROPERTY,
		.in_sz = sizeof(*self->in), .out_sz = 8,
		.in_ptr = (uintptr_t)self->in, .out_ptr = (uintptr_t)self->out,
	};
}

FIXTURE_TEARDOWN(hvcall)
{
	vmm_teardown(&self->vm);
}

TEST_F(hvcall, arguments)
{
	struct tlfs_root_hvcall arg;
	unsigned int f, i;

#define REFUSED(err, field, value) do {						\
	arg = self->good;							\
	arg.field = (value);							\
	EXPECT_EQ(err, vmm_ioctl(self->fd[f], TLFS_ROOT_HVCALL, &arg))		\
		TH_LOG("descriptor %u, " #field " = " #value, f);		\
} while (0)

	for (f = 0; f < 3; f++) {
		arg = self->good;
		*self->out = ~0ULL;
		ASSERT_EQ(0, vmm_ioctl(self->fd[f], TLFS_ROOT_HVCALL, &arg));
		EXPECT_EQ(vmm_vendor(), *self->out);
		EXPECT_EQ(0, arg.status);

		EXPECT_EQ(-EFAULT, vmm_ioctl(self->fd[f], TLFS_ROOT_HVCALL, NULL));
		EXPECT_EQ(-EFAULT, vmm_ioctl(self->fd[f], TLFS_ROOT_HVCALL,
					     (void *)0xffff888000000000UL));
		REFUSED(-EINVAL, status, 1);
		REFUSED(-EINVAL, status, 0x8000);
		for (i = 0; i < sizeof(arg.rsvd); i++)
			REFUSED(-EINVAL, rsvd[i], 1);
		REFUSED(-EINVAL, in_ptr, 0);
		REFUSED(-EINVAL, in_sz, 0);
		REFUSED(-EINVAL, in_sz, 7);
		REFUSED(-EINVAL, in_sz, PAGE + 1);
		REFUSED(-EINVAL, in_sz, 0xffff);
		REFUSED(-EINVAL, out_sz, 0);
		REFUSED(-EINVAL, out_sz, PAGE + 1);
		REFUSED(-EFAULT, in_ptr, 8);
		REFUSED(-EFAULT, in_ptr, 0xffff888000000000ULL);
		REFUSED(-EFAULT, out_ptr, 8);
		REFUSED(-EFAULT, out_ptr, 0xffff888000000000ULL);
		/* input that ends before the call's does */
		REFUSED(-EINVAL, in_sz, 8);
		/* nobody wants to know */
		REFUSED(0, out_ptr, 0);
		arg = self->good;
		arg.out_ptr = 0;
		arg.out_sz = 0;
		EXPECT_EQ(0, vmm_ioctl(self->fd[f], TLFS_ROOT_HVCALL, &arg));
		/* not on any boundary, and a page that ends with the input */
		memmove((char *)self->in + PAGE - 16, self->in, 16);
		REFUSED(0, in_ptr, (uintptr_t)self->in + PAGE - 16);
		memmove((char *)self->in + 3, self->in, 16);
		REFUSED(0, in_ptr, (uintptr_t)self->in + 3);
		memmove(self->in, (char *)self->in + 3, 16);
	}
#undef REFUSED
}

/* bit f: descriptor f has the call; -1: this test does not say */
static int has_call(u16 code)
{
	switch (code) {
	case HVCALL_GET_PARTITION_PROPERTY:
	case HVCALL_GET_PARTITION_PROPERTY_EX:
		return 7;
	case HVCALL_SET_PARTITION_PROPERTY:
		return 3;
	case HVCALL_INSTALL_INTERCEPT:
	case HVCALL_GET_VP_REGISTERS:
	case HVCALL_SET_VP_REGISTERS:
	case HVCALL_TRANSLATE_VIRTUAL_ADDRESS:
	case HVCALL_CLEAR_VIRTUAL_INTERRUPT:
	case HVCALL_REGISTER_INTERCEPT_RESULT:
	case HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL:
	case HVCALL_SIGNAL_EVENT_DIRECT:
	case HVCALL_POST_MESSAGE_DIRECT:
	case HVCALL_GET_VP_CPUID_VALUES:
		return 7;
	case HVCALL_SWITCH_VIRTUAL_ADDRESS_SPACE:
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE:
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST:
	case HVCALL_NOTIFY_LONG_SPIN_WAIT:
	case 5 ... 7:
	case 10 ... 0x3f:
	case 0x200 ... 0xffff:
		return 0;
	default:
		return -1;
	}
}

/* A call that a descriptor has says how it went; one that it has not is EINVAL without that. */
TEST_F(hvcall, each_descriptor_has_its_calls)
{
	struct tlfs_root_hvcall arg;
	unsigned int f, code;
	long ret;

	for (code = 0; code < 0x10000; code += code < 0x200 || code >= 0x8000 ? 1 : 0x100) {
		if (code == 0x8010)
			break;
		if (has_call(code) < 0)
			continue;
		for (f = 0; f < 3; f++) {
			memset(self->in, 0, PAGE);
			arg = self->good;
			arg.code = code;
			arg.in_sz = PAGE;
			arg.out_sz = PAGE;
			ret = vmm_ioctl(self->fd[f], TLFS_ROOT_HVCALL, &arg);
			if (has_call(code) & 1 << f) {
				EXPECT_TRUE(!ret || arg.status)
					TH_LOG("call %#x of descriptor %u: %ld", code, f, ret);
			} else {
				EXPECT_EQ(-EINVAL, ret)
					TH_LOG("call %#x of descriptor %u", code, f);
				EXPECT_EQ(0, arg.status)
					TH_LOG("call %#x of descriptor %u", code, f);
			}
		}
	}
}

/* A partition's descriptor says which partition, whatever the input says. */
TEST_F(hvcall, partition_id_is_replaced)
{
	static const u64 ids[] = { HV_PARTITION_ID_SELF, 0xdeadbeefcafe, 1ULL << 63 };
	struct tlfs_root_hvcall arg;
	struct vmm other;
	unsigned int i;

	vmm_setup(&other, 1);
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET, 2));
	ASSERT_EQ(0, vmm_set_property(other.pt, HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET, 3));
	self->in->property_code = HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET;
	for (i = 0; i < 64 + ARRAY_SIZE(ids); i++) {
		self->in->partition_id = i < 64 ? i : ids[i - 64];
		arg = self->good;
		EXPECT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_ROOT_HVCALL, &arg));
		EXPECT_EQ(2, *self->out);
		arg = self->good;
		EXPECT_EQ(0, vmm_ioctl(other.vp[0].fd, TLFS_ROOT_HVCALL, &arg));
		EXPECT_EQ(3, *self->out);
		/* and the caller's memory is not written */
		EXPECT_EQ(i < 64 ? i : ids[i - 64], self->in->partition_id);
	}
	vmm_teardown(&other);
}

/* the device's descriptor: status of a property of partition @id by the root, here and elsewhere */
static u16 device_names(int dev, u64 id, u64 *val)
{
	struct hv_input_get_partition_property in = {
		.partition_id = id,
		.property_code = HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET,
	};
	struct tlfs_root_hvcall arg = {
		.code = HVCALL_GET_PARTITION_PROPERTY, .in_sz = sizeof(in), .out_sz = 8,
		.in_ptr = (uintptr_t)&in, .out_ptr = (uintptr_t)val,
	};
	long ret = vmm_ioctl(dev, TLFS_ROOT_HVCALL, &arg);

	return ret && !arg.status ? 0xffff : arg.status;
}

/* Through the device's descriptor the root names its own partitions, and nobody else's. */
TEST_F(hvcall, device_names_partitions_of_the_process)
{
	u64 id, mine = 0, val;
	int child, status;

	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_PROCESSORS_PER_SOCKET, 2));
	/* the root itself has no such property */
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY, device_names(self->vm.dev, 0, &val));
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY,
		  device_names(self->vm.dev, HV_PARTITION_ID_SELF, &val));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, device_names(self->vm.dev, 1ULL << 63, &val));
	for (id = 2; id < 100000 && !mine; id++) {
		status = device_names(self->vm.dev, id, &val);
		if (status == HV_STATUS_SUCCESS && val == 2)
			mine = id;
		else
			ASSERT_EQ(HV_STATUS_INVALID_PARTITION_ID, status);
	}
	ASSERT_NE(0, mine);
	child = fork();
	if (!child)
		_exit(device_names(self->vm.dev, mine, &val) == HV_STATUS_ACCESS_DENIED ? 0 : 1);
	ASSERT_EQ(child, waitpid(child, &status, 0));
	EXPECT_EQ(0, status);
	PROVES("HC-0044/INVALID_PARTITION_ID HC-0044/ACCESS_DENIED");
}

TEST_F(hvcall, output_only_on_success)
{
	struct tlfs_root_hvcall arg = self->good;
	unsigned int i;

	memset(self->out, 0xa5, 2 * PAGE);
	self->in->property_code = 0xdead;
	arg.out_sz = PAGE;
	EXPECT_EQ(-EIO, vmm_ioctl(self->vm.pt, TLFS_ROOT_HVCALL, &arg));
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY, arg.status);
	for (i = 0; i < PAGE / 8; i++)
		EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, self->out[i]);
	/* what is asked for beyond the call's output is nobody's data */
	self->in->property_code = HV_PARTITION_PROPERTY_PROCESSOR_VENDOR;
	arg = self->good;
	arg.out_sz = PAGE;
	EXPECT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_ROOT_HVCALL, &arg));
	for (i = 1; i < PAGE / 8; i++)
		EXPECT_TRUE(!self->out[i] || self->out[i] == 0xa5a5a5a5a5a5a5a5ULL);
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, self->out[PAGE / 8]);
	/* no more than asked for */
	memset(self->out, 0xa5, PAGE);
	arg = self->good;
	arg.out_sz = 4;
	EXPECT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_ROOT_HVCALL, &arg));
	EXPECT_EQ(0xa5a5a5a5ULL, self->out[0] >> 32);
	EXPECT_NE(0xa5a5a5a5U, (__u32)self->out[0]);
	PROVES("HC-0044/UNKNOWN_PROPERTY");
}

/* ---- each status' errno ---- */

static int errno_and_status(int fd, u16 code, u16 reps, void *in, u16 in_sz,
			    u16 *status)
{
	u64 out[8];
	struct tlfs_root_hvcall arg = {
		.code = code, .reps = reps, .in_sz = in_sz, .out_sz = sizeof(out),
		.in_ptr = (uintptr_t)in, .out_ptr = (uintptr_t)out,
	};
	int ret = vmm_ioctl(fd, TLFS_ROOT_HVCALL, &arg);

	*status = arg.status;
	return ret;
}

#define EXPECT_STATUS(err, want, fd, code, reps, in) do {				\
	u16 status_;								\
	EXPECT_EQ(err, errno_and_status(fd, code, reps, &(in), sizeof(in), &status_));	\
	EXPECT_EQ(want, status_);							\
} while (0)

TEST_F(hvcall, errno_of_property_calls)
{
	struct hv_input_get_partition_property get = { .property_code = 0x12345678 };
	struct hv_input_set_partition_property set = {
		.property_code = HV_PARTITION_PROPERTY_TIME_FREEZE, .property_value = 2,
	};

	EXPECT_STATUS(-EIO, HV_STATUS_UNKNOWN_PROPERTY, self->vm.pt,
		      HVCALL_GET_PARTITION_PROPERTY, 0, get);
	EXPECT_STATUS(-EIO, HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, self->vm.pt,
		      HVCALL_SET_PARTITION_PROPERTY, 0, set);
	set.property_code = HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES;
	EXPECT_STATUS(-EIO, HV_STATUS_INVALID_PARTITION_STATE, self->vm.pt,
		      HVCALL_SET_PARTITION_PROPERTY, 0, set);
	set.property_code = HV_PARTITION_PROPERTY_PROCESSOR_VENDOR;
	EXPECT_STATUS(-EIO, HV_STATUS_OPERATION_DENIED, self->vm.pt,
		      HVCALL_SET_PARTITION_PROPERTY, 0, set);
	set.property_code = 0x12345678;
	EXPECT_STATUS(-EIO, HV_STATUS_UNKNOWN_PROPERTY, self->vm.pt,
		      HVCALL_SET_PARTITION_PROPERTY, 0, set);
	/* a simple call has no rep count */
	get.property_code = HV_PARTITION_PROPERTY_PROCESSOR_VENDOR;
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_HYPERCALL_INPUT, self->vm.pt,
		      HVCALL_GET_PARTITION_PROPERTY, 1, get);
	PROVES("HC-0045/UNKNOWN_PROPERTY");
}

TEST_F(hvcall, errno_of_register_calls)
{
	struct {
		struct hv_input_get_vp_registers head;
		u32 name[2];
	} get = { .name = { HV_X64_REGISTER_RIP } };
	struct {
		struct hv_input_set_vp_registers head;
		struct hv_register_assoc reg;
	} set = { .reg.name = HV_X64_REGISTER_CR8, .reg.value.reg64 = 0x10 };
	unsigned int i;

	EXPECT_STATUS(0, 0, self->vm.pt, HVCALL_GET_VP_REGISTERS, 1, get);
	/* a rep call has one */
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_HYPERCALL_INPUT, self->vm.pt,
		      HVCALL_GET_VP_REGISTERS, 0, get);
	get.name[0] = 0x12345678;
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_PARAMETER, self->vm.pt,
		      HVCALL_GET_VP_REGISTERS, 1, get);
	get.name[0] = HV_X64_REGISTER_RIP;
	/* virtual trust levels: there is only the lowest */
	get.head.input_vtl = HV_INPUT_VTL_USE_TARGET | 1;
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_PARAMETER, self->vm.pt,
		      HVCALL_GET_VP_REGISTERS, 1, get);
	get.head.input_vtl = 0;
	for (i = 0; i < 3; i++) {
		get.head.reserved[i] = 1;
		EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_PARAMETER, self->vm.pt,
			      HVCALL_GET_VP_REGISTERS, 1, get);
		get.head.reserved[i] = 0;
	}
	get.head.vp_index = 1;
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_VP_INDEX, self->vm.pt,
		      HVCALL_GET_VP_REGISTERS, 1, get);
	get.head.vp_index = 0x80000000;
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_VP_INDEX, self->vm.vp[0].fd,
		      HVCALL_GET_VP_REGISTERS, 1, get);

	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_PARAMETER, self->vm.pt,
		      HVCALL_SET_VP_REGISTERS, 1, set);
	set.reg.name = 0x12345678;
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_PARAMETER, self->vm.pt,
		      HVCALL_SET_VP_REGISTERS, 1, set);
	set.reg.name = HV_X64_REGISTER_RAX;
	set.head.vp_index = 255;
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_VP_INDEX, self->vm.pt,
		      HVCALL_SET_VP_REGISTERS, 1, set);
	PROVES("HC-0050/INVALID_VP_INDEX HC-0050/INVALID_PARAMETER");
	PROVES("HC-0051/INVALID_VP_INDEX B-10-044");
}

TEST_F(hvcall, errno_of_intercept_calls)
{
	struct hv_input_install_intercept ic = {
		.access_type = HV_INTERCEPT_ACCESS_MASK_READ,
		.intercept_type = HV_INTERCEPT_TYPE_X64_IO_PORT,
	};
	struct hv_input_translate_virtual_address tr = {};
	struct hv_input_clear_virtual_interrupt clear = {};
	struct hv_input_register_intercept_result result = {
		.vp_index = 7, .intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
	};

	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_PARAMETER, self->vm.pt,
		      HVCALL_INSTALL_INTERCEPT, 0, ic);
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_PARAMETER, self->vm.pt,
		      HVCALL_TRANSLATE_VIRTUAL_ADDRESS, 0, tr);
	tr.control_flags = HV_TRANSLATE_GVA_VALIDATE_READ;
	tr.vp_index = 9;
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_VP_INDEX, self->vm.pt,
		      HVCALL_TRANSLATE_VIRTUAL_ADDRESS, 0, tr);
	EXPECT_STATUS(-EIO, HV_STATUS_NOT_ACKNOWLEDGED, self->vm.pt,
		      HVCALL_CLEAR_VIRTUAL_INTERRUPT, 0, clear);
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_VP_INDEX, self->vm.pt,
		      HVCALL_REGISTER_INTERCEPT_RESULT, 0, result);
	result.vp_index = 0;
	result.intercept_type = HV_INTERCEPT_TYPE_X64_APIC_SMI;
	EXPECT_STATUS(-EINVAL, HV_STATUS_INVALID_PARAMETER, self->vm.pt,
		      HVCALL_REGISTER_INTERCEPT_RESULT, 0, result);
	PROVES("HC-0052/INVALID_VP_INDEX");
}

/* a table of CPUID results is not endless */
TEST_F(hvcall, out_of_memory)
{
	struct hv_input_register_intercept_result in = {
		.vp_index = HV_ANY_VP, .intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
		.parameters.cpuid = { .eax = 4, .subleaf_specific = 1, .always_override = 1 },
	};
	u16 status = 0;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < 20000 && !ret; i++) {
		in.parameters.cpuid.ecx = i;
		ret = errno_and_status(self->vm.pt, HVCALL_REGISTER_INTERCEPT_RESULT, 0, &in,
				       sizeof(in), &status);
	}
	EXPECT_EQ(-ENOMEM, ret);
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY, status);
	/* QEMU registers 100 to 150 for each VP */
	EXPECT_LT(200, i);
}

/* A running VP's registers are not to be had; through its own descriptor one waits for it. */
TEST_F(hvcall, registers_of_a_running_vp)
{
	struct {
		struct hv_input_get_vp_registers head;
		u32 name[2];
	} in = { .name = { HV_X64_REGISTER_RAX } };
	struct vmm_thread t;
	u16 status;

	vmm_write(&self->vm, VMM_CODE, "\xeb\xfe", 2);		/* jmp . */
	vmm_real_mode(&self->vm.vp[0], VMM_CODE);
	vmm_thread_start(&t, &self->vm.vp[0]);
	EXPECT_FALSE(vmm_thread_wait(&t, VMM_SHORT));
	EXPECT_EQ(-EIO, errno_and_status(self->vm.pt, HVCALL_GET_VP_REGISTERS, 1, &in, sizeof(in),
					 &status));
	EXPECT_EQ(HV_STATUS_INVALID_VP_STATE, status);
	vmm_thread_stop(&t);
	EXPECT_EQ(-EINTR, t.ret);
	EXPECT_EQ(0, errno_and_status(self->vm.pt, HVCALL_GET_VP_REGISTERS, 1, &in, sizeof(in),
				      &status));
}

/* ---- rep counts ---- */

TEST_F(hvcall, reps_tell_how_far_it_came)
{
	struct {
		struct hv_input_get_vp_registers head;
		u32 name[8];
	} in = {
		.name = {
			HV_X64_REGISTER_RAX, HV_X64_REGISTER_RCX, HV_X64_REGISTER_RDX, 0x7777777,
			HV_X64_REGISTER_RBX,
		},
	};
	union hv_register_value out[8];
	u16 reps = 3;

	vmm_set_reg(&self->vm.vp[0], HV_X64_REGISTER_RAX, 0x1111);
	vmm_set_reg(&self->vm.vp[0], HV_X64_REGISTER_RCX, 0x2222);
	vmm_set_reg(&self->vm.vp[0], HV_X64_REGISTER_RDX, 0x3333);
	memset(out, 0xa5, sizeof(out));
	EXPECT_EQ(0, vmm_call_reps(self->vm.pt, HVCALL_GET_VP_REGISTERS, &reps, &in, sizeof(in),
				   out, sizeof(out[0]) * 3));
	EXPECT_EQ(3, reps);
	EXPECT_EQ(0x1111, out[0].reg64);
	EXPECT_EQ(0x2222, out[1].reg64);
	EXPECT_EQ(0x3333, out[2].reg64);
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, out[3].reg64);
	reps = 5;
	memset(out, 0xa5, sizeof(out));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_call_reps(self->vm.pt, HVCALL_GET_VP_REGISTERS, &reps, &in, sizeof(in), out,
				sizeof(out)));
	EXPECT_EQ(3, reps);
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, out[0].reg64);
	/* more names than the input has */
	reps = 1000;
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT,
		  vmm_call_reps(self->vm.pt, HVCALL_GET_VP_REGISTERS, &reps, &in, sizeof(in), out,
				sizeof(out)));
	reps = 0xffff;
	EXPECT_NE(0, vmm_call_reps(self->vm.pt, HVCALL_GET_VP_REGISTERS, &reps, &in, sizeof(in),
				   out, sizeof(out)));
	PROVES("B-4-005");
}

/* the largest list that input and output pages take, all of it right */
TEST_F(hvcall, a_full_page_of_registers)
{
	u16 reps = PAGE / sizeof(union hv_register_value), i;
	struct hv_input_get_vp_registers *in = vmm_alloc(PAGE);
	union hv_register_value *out = vmm_alloc(PAGE);

	for (i = 0; i < 16; i++)
		vmm_set_reg(&self->vm.vp[0], HV_X64_REGISTER_RAX + i, 0x100 + i);
	for (i = 0; i < reps; i++)
		in->names[i] = HV_X64_REGISTER_RAX + i % 16;
	EXPECT_EQ(0, vmm_call_reps(self->vm.pt, HVCALL_GET_VP_REGISTERS, &reps, in, PAGE, out,
				   PAGE));
	EXPECT_EQ(PAGE / sizeof(*out), reps);
	for (i = 0; i < reps; i++)
		EXPECT_EQ(0x100 + i % 16, out[i].reg64);
}

/* wide properties; what Cloud Hypervisor cannot do without */
TEST_F(hvcall, property_ex)
{
	struct hv_input_get_partition_property_ex in = {
		.property_code = HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES,
	};
	u64 *out = vmm_alloc(PAGE);
	unsigned int f;

	for (f = 0; f < 3; f++) {
		out[1] = 0;
		EXPECT_EQ(0, vmm_call(self->fd[f], HVCALL_GET_PARTITION_PROPERTY_EX, &in,
				      sizeof(in), out, HV_PARTITION_PROPERTY_EX_MAX_SIZE));
		EXPECT_TRUE(out[1] & HV_SYNTHETIC_FEATURE_HYPERVISOR_PRESENT);
		EXPECT_TRUE(out[1] & HV_SYNTHETIC_FEATURE_ACCESS_SYNIC_REGS);
		in.property_code = 0x1234;
		EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY,
			  vmm_call(self->fd[f], HVCALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in),
				   out, HV_PARTITION_PROPERTY_EX_MAX_SIZE));
		in.property_code = HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES;
	}
}

TEST_HARNESS_MAIN
