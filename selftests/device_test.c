// SPDX-License-Identifier: GPL-2.0-only
/*
 * device_test.c - interrupts of devices that the guest retargets (5.0C, 10.5.4)
 */
#include <sys/eventfd.h>
#include <unistd.h>

#include "harness.h"
#include "ports.h"

#define VPS		4
#define DEVICE		0x123456789abcULL
#define ADDRESS		0xfee00000U
#define MULTICAST	HV_DEVICE_INTERRUPT_TARGET_MULTICAST
#define SET		HV_DEVICE_INTERRUPT_TARGET_PROCESSOR_SET

FIXTURE(device) {
	struct vmm vm;
	int fd[3];		/* GSI 0 to 2: vectors 0x50 to 0x52 on VP 0 */
};

static int routes(struct vmm *vm, u32 data0)
{
	struct {
		struct tlfs_user_irq_table head;
		struct tlfs_user_irq_entry entry[3];
	} arg = {
		.head.nr = 3,
		.entry = {
			{ 0, ADDRESS, 0, data0 }, { 1, ADDRESS, 0, 0x51 }, { 2, ADDRESS, 0, 0x52 },
		},
	};

	return vmm_ioctl(vm->pt, TLFS_SET_MSI_ROUTING, &arg);
}

struct devices {
	struct tlfs_device_irq_table head;
	struct tlfs_device_irq irq[2];
};

/* GSIs 0 and 1 are DEVICE's */
static int devices(struct vmm *vm, u32 nr)
{
	struct devices arg = {
		.head.nr = nr, .irq = { { DEVICE, 0, 0 }, { DEVICE, 1, 0 } },
	};

	return vmm_ioctl(vm->pt, TLFS_SET_DEVICE_IRQS, &arg);
}

FIXTURE_SETUP(device)
{
	unsigned int i;

	pt_setup(&self->vm, HV_PRIV_CREATE_PARTITIONS, VPS);
	for (i = 0; i < VPS; i++)
		vmm_set_reg(&self->vm.vp[i], HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
	for (i = 0; i < 3; i++) {
		struct tlfs_user_irqfd arg = { .resamplefd = -1, .gsi = i };

		self->fd[i] = eventfd(0, EFD_CLOEXEC);
		ASSERT_LE(0, self->fd[i]);
		arg.fd = self->fd[i];
		ASSERT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_IRQFD, &arg));
	}
	ASSERT_EQ(0, routes(&self->vm, 0x50));
}

FIXTURE_TEARDOWN(device)
{
	unsigned int i;

	for (i = 0; i < 3; i++)
		close(self->fd[i]);
	vmm_teardown(&self->vm);
}

/* which VPs have @vector requested */
static u32 who_has(struct vmm *vm, u8 vector)
{
	u32 who = 0, i;

	for (i = 0; i < VPS; i++)
		who |= irr_has(&vm->vp[i], vector) << i;
	return who;
}

static void interrupt(int fd)
{
	u64 one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		vmm_die("eventfd");
}

static struct hv_input_retarget_device_interrupt request(u32 data, u32 vector, u32 flags, u64 mask)
{
	return (struct hv_input_retarget_device_interrupt) {
		.partition_id = HV_PARTITION_ID_SELF, .device_id = DEVICE,
		.entry = { HV_INTERRUPT_SOURCE_MSI, 0, ADDRESS, data },
		.vector = vector, .flags = flags, .vp_mask = mask,
	};
}

static u16 ask(struct vmm *vm, const struct hv_input_retarget_device_interrupt *in)
{
	return guest_call_in(&vm->vp[0], HVCALL_RETARGET_DEVICE_INTERRUPT, in, sizeof(*in));
}

static u16 retarget(struct vmm *vm, u32 data, u32 vector, u32 flags, u64 mask)
{
	struct hv_input_retarget_device_interrupt in = request(data, vector, flags, mask);

	return ask(vm, &in);
}

static u16 retarget_set(struct vmm *vm, u32 vector, u64 format, u64 banks, u64 bank0, u32 qwords)
{
	struct {
		struct hv_input_retarget_device_interrupt in;
		u64 var[2];
	} arg = { request(0x50, vector, SET | MULTICAST, format), { banks, bank0 } };

	vmm_write(vm, GUEST_IN, &arg, sizeof(arg));
	return guest_call(&vm->vp[0], HVCALL_RETARGET_DEVICE_INTERRUPT |
			  (u64)qwords << HV_HYPERCALL_VARHEAD_SHIFT, GUEST_IN, 0);
}

TEST_F(device, retarget)
{
	struct vmm *vm = &self->vm;
	u32 who;

	ASSERT_EQ(0, devices(vm, 2));
	interrupt(self->fd[0]);
	EXPECT_EQ(1 << 0, who_has(vm, 0x50));

	/* one VP, one of several, all of several */
	EXPECT_EQ(HV_STATUS_SUCCESS, retarget(vm, 0x50, 0x61, 0, 1 << 2));
	interrupt(self->fd[0]);
	EXPECT_EQ(1 << 2, who_has(vm, 0x61));
	EXPECT_EQ(HV_STATUS_SUCCESS, retarget(vm, 0x50, 0x62, 0, 1 << 1 | 1 << 3));
	interrupt(self->fd[0]);
	who = who_has(vm, 0x62);
	EXPECT_TRUE(who == 1 << 1 || who == 1 << 3);
	EXPECT_EQ(HV_STATUS_SUCCESS, retarget(vm, 0x50, 0x63, MULTICAST, 1 << 1 | 1 << 3));
	interrupt(self->fd[0]);
	EXPECT_EQ(1 << 1 | 1 << 3, who_has(vm, 0x63));
	EXPECT_EQ(HV_STATUS_SUCCESS, retarget_set(vm, 0x64, HV_VPSET_FORMAT_SPARSE_4K, 1, 0xe, 2));
	interrupt(self->fd[0]);
	EXPECT_EQ(0xe, who_has(vm, 0x64));

	/* the device's other interrupt, and other devices', are where they were */
	interrupt(self->fd[1]);
	interrupt(self->fd[2]);
	EXPECT_EQ(1 << 0, who_has(vm, 0x51));
	EXPECT_EQ(1 << 0, who_has(vm, 0x52));

	/* it is the MSI that was retargeted: another one in its route is not */
	ASSERT_EQ(0, routes(vm, 0x65));
	interrupt(self->fd[0]);
	EXPECT_EQ(1 << 0, who_has(vm, 0x65));
	/* a new list takes it back */
	ASSERT_EQ(0, routes(vm, 0x50));
	EXPECT_EQ(HV_STATUS_SUCCESS, retarget(vm, 0x50, 0x66, 0, 1 << 3));
	ASSERT_EQ(0, devices(vm, 2));
	interrupt(self->fd[0]);
	EXPECT_EQ(0, who_has(vm, 0x66));
	PROVES("HC-007E");
}

TEST_F(device, statuses)
{
	struct hv_input_retarget_device_interrupt in;
	struct vmm *vm = &self->vm;
	unsigned int bit;

	/* nobody has devices: nothing to retarget */
	EXPECT_EQ(HV_STATUS_FEATURE_UNAVAILABLE, retarget(vm, 0x50, 0x61, 0, 1));
	ASSERT_EQ(0, devices(vm, 2));

	in = request(0x50, 0x61, 0, 1);
	in.device_id++;
	EXPECT_EQ(HV_STATUS_INVALID_DEVICE_ID, ask(vm, &in));
	/* an interrupt the device does not have, though it is there */
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, retarget(vm, 0x52, 0x61, 0, 1));
	in = request(0x50, 0x61, 0, 1);
	in.entry.msi_address += 0x1000;
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, ask(vm, &in));

	in = request(0x50, 0x61, 0, 1);
	in.partition_id = 0x7fffffffULL;
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, ask(vm, &in));
	in.partition_id = ROOT_ID;
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED, ask(vm, &in));
	in.partition_id = pt_id(vm->pt);
	EXPECT_EQ(HV_STATUS_SUCCESS, ask(vm, &in));

	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(vm, 0x50, 15, 0, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(vm, 0x50, 256, 0, 1));
	for (bit = 2; bit < 32; bit++)
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(vm, 0x50, 0x61, 1U << bit, 1));
	in = request(0x50, 0x61, 0, 1);
	in.reserved = 1;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, ask(vm, &in));
	in = request(0x50, 0x61, 0, 1);
	in.entry.reserved = 1;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, ask(vm, &in));
	in.entry.reserved = 0;
	in.entry.source++;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, ask(vm, &in));
	/* VPs that are not there, none, all */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(vm, 0x50, 0x61, 0, 1 << VPS));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retarget(vm, 0x50, 0x61, 0, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  retarget_set(vm, 0x61, HV_VPSET_FORMAT_ALL, 0, 0, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  retarget_set(vm, 0x61, HV_VPSET_FORMAT_SPARSE_4K, 1, 1 << VPS | 1, 2));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  retarget_set(vm, 0x61, HV_VPSET_FORMAT_SPARSE_4K, 1, 0, 2));
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT,
		  retarget_set(vm, 0x61, HV_VPSET_FORMAT_SPARSE_4K, 3, 1, 2));
	/* none of these has changed anything */
	interrupt(self->fd[0]);
	EXPECT_EQ(1 << 0, who_has(vm, 0x61));
	PROVES("HC-007E/INVALID_PARAMETER HC-007E/ACCESS_DENIED HC-007E/INVALID_PARTITION_ID");
	PROVES("HC-007E/FEATURE_UNAVAILABLE HC-007E/INVALID_DEVICE_ID HC-007E/OPERATION_DENIED");
}

TEST_F(device, lists)
{
	struct devices arg = { .head.nr = 2, .irq = { { 1, 5, 0 }, { 2, 6, 0 } } };
	int pt = self->vm.pt;

	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_SET_DEVICE_IRQS, &arg));
	EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_SET_DEVICE_IRQS, NULL));
	arg.head.rsvd = 1;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_DEVICE_IRQS, &arg));
	arg.head.rsvd = 0;
	arg.head.nr = TLFS_MAX_DEVICE_IRQS + 1;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_DEVICE_IRQS, &arg));
	arg.head.nr = 2;
	arg.irq[1].rsvd = 1;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_DEVICE_IRQS, &arg));
	arg.irq[1].rsvd = 0;
	arg.irq[1].gsi = TLFS_MAX_GSI;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_DEVICE_IRQS, &arg));
	/* one route is one device's */
	arg.irq[1].gsi = 5;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_DEVICE_IRQS, &arg));
	EXPECT_EQ(0, devices(&self->vm, 0));
}

TEST_HARNESS_MAIN
