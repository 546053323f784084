// SPDX-License-Identifier: GPL-2.0-only
/*
 * mshv_errno_test.c - every error the published interface promises, call by call
 *
 * VMMs take some of them for answers: ENOTTY for "an older driver", ENODEV for "no such page",
 * EINTR for "look whether to stop".  What differs from the published interface says so.  See
 * mshv_test.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

#define PAGE		TLFS_PAGE_SIZE
#define ARRAY(a)	(sizeof(a) / sizeof((a)[0]))

#define DEVICE		"/dev/mshv"
#define FLAGS		(VMM_FLAGS | TLFS_PT_CPU_FEATURES)
#define NOWHERE		((void *)8)

FIXTURE(mshv) {
	struct vmm vm;
	struct vmm_vp *vp;
	u8 *state;
};

FIXTURE_SETUP(mshv)
{
	struct vmm *vm = &self->vm;
	unsigned int i;

	for (i = 0; i < VMM_VPS; i++)
		vm->vp[i] = (struct vmm_vp) { .fd = -1, .index = i, .vm = vm };
	self->vp = &vm->vp[0];
	vm->dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, vm->dev)
		TH_LOG("%s: is tlfs.ko loaded with mshv=1?", DEVICE);
	vm->pt = vmm_create_partition(vm->dev, VMM_FLAGS);
	ASSERT_LE(0, vm->pt);
	ASSERT_EQ(0, vmm_ioctl(vm->pt, TLFS_INITIALIZE_PARTITION, NULL));
	vm->vp[0].fd = vmm_create_vp(vm->pt, 0);
	ASSERT_LE(0, vm->vp[0].fd);
	self->state = vmm_alloc(PAGE);
}

FIXTURE_TEARDOWN(mshv)
{
	vmm_teardown(&self->vm);
	munmap(self->state, PAGE);
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

/* @call with @field of a copy of @good being @value is @err */
#define REFUSED(err, fd, call, good, field, value) do {			\
	typeof(good) arg_ = good;					\
	arg_.field = (value);						\
	EXPECT_EQ(err, vmm_ioctl(fd, call, &arg_))			\
		TH_LOG("%s: %s = %s", #call, #field, #value);		\
} while (0)

TEST_F(mshv, numbers)
{
	/* VFIO, SEV-SNP, the old forms, translation, and those of another device */
	static const unsigned int cmds[] = {
		0x4004b800, 0x4008b808, 0x4008b809, 0xc008b80a, 0x40b8f0, 0xc010b8f2, 0xc018b8f4,
		0xb8ff,
	};
	const int fds[] = { self->vm.dev, self->vm.pt, self->vp->fd };
	unsigned int i, j;
	u8 page[256] = { 0 };

	for (i = 0; i < ARRAY(fds); i++)
		for (j = 0; j < ARRAY(cmds); j++)
			EXPECT_EQ(-ENOTTY, vmm_ioctl(fds[i], cmds[j], page))
				TH_LOG("descriptor %u, %#x", i, cmds[j]);
	/* the same number is another call on another descriptor, or none */
	EXPECT_EQ(-ENOTTY, vmm_ioctl(self->vm.dev, TLFS_CREATE_VP, page));
	EXPECT_EQ(-ENOTTY, vmm_ioctl(self->vm.pt, TLFS_RUN_VP, page));
	EXPECT_EQ(-ENOTTY, vmm_ioctl(self->vp->fd, TLFS_IRQFD, page));
}

TEST_F(mshv, create_partition)
{
	struct tlfs_create_partition_v2 good = { .v1.flags = FLAGS, .num_banks = 2 };
	struct tlfs_create_partition *edge = vmm_alloc(2 * PAGE);
	unsigned int i;
	int fd, dev;

	/* one of the clients opens the device for reading only */
	dev = open(DEVICE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ASSERT_LE(0, dev);
	EXPECT_EQ(-EFAULT, vmm_ioctl(dev, TLFS_CREATE_PARTITION, NOWHERE));
	REFUSED(-EINVAL, dev, TLFS_CREATE_PARTITION, good, v1.flags, FLAGS | 1 << 6);
	REFUSED(-EINVAL, dev, TLFS_CREATE_PARTITION, good, v1.flags, FLAGS | 1ULL << 63);
	REFUSED(-EINVAL, dev, TLFS_CREATE_PARTITION, good, v1.isolation, 1);
	REFUSED(-EINVAL, dev, TLFS_CREATE_PARTITION, good, num_banks, 1);
	REFUSED(-EINVAL, dev, TLFS_CREATE_PARTITION, good, num_banks, 3);
	for (i = 0; i < sizeof(good.rsvd); i++)
		REFUSED(-EINVAL, dev, TLFS_CREATE_PARTITION, good, rsvd[i], 1);
	for (i = 0; i < ARRAY(good.rsvd1); i++)
		REFUSED(-EINVAL, dev, TLFS_CREATE_PARTITION, good, rsvd1[i], 1);

	/* the long form's rest is looked at only if a flag says that it is there */
	ASSERT_EQ(0, munmap((u8 *)edge + PAGE, PAGE));
	edge = (void *)((u8 *)edge + PAGE - sizeof(*edge));
	edge->flags = FLAGS;
	EXPECT_EQ(-EFAULT, vmm_ioctl(dev, TLFS_CREATE_PARTITION, edge));
	edge->flags = VMM_FLAGS;
	fd = vmm_ioctl(dev, TLFS_CREATE_PARTITION, edge);
	EXPECT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	close(fd);
	close(dev);
}

TEST_F(mshv, state)
{
	int pt = vmm_create_partition(self->vm.dev, VMM_FLAGS);
	void *mem = vmm_alloc(PAGE);
	u64 mask;

	ASSERT_LE(0, pt);
	EXPECT_EQ(-EIO, vmm_create_vp(pt, 0));
	EXPECT_EQ(-EIO, vmm_set_memory(pt, 0, mem, PAGE, VMM_RWX));
	EXPECT_EQ(0, vmm_get_property(pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, &mask));
	EXPECT_EQ(0, vmm_set_property(pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, mask));
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_INITIALIZE_PARTITION, NULL));
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_INITIALIZE_PARTITION, NULL));
	/* one of the crates VMMs use has a test that this comes too late */
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  vmm_set_property(pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, mask));
	close(pt);
}

TEST_F(mshv, vps)
{
	struct tlfs_create_vp arg = { .vp_index = 0 };
	int pt = self->vm.pt, fd;
	volatile u32 *pages;

	EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_CREATE_VP, NOWHERE));
	EXPECT_EQ(-EINVAL, vmm_create_vp(pt, 256));
	EXPECT_EQ(-EINVAL, vmm_create_vp(pt, ~0u));
	EXPECT_EQ(-EEXIST, vmm_ioctl(pt, TLFS_CREATE_VP, &arg));
	fd = vmm_create_vp(pt, 255);
	ASSERT_LE(0, fd);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	/* a VP lives as long as its partition, whatever becomes of its descriptor */
	close(fd);
	EXPECT_EQ(-EEXIST, vmm_create_vp(pt, 255));

	fd = self->vp->fd;
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE));
	EXPECT_EQ(ENODEV, errno);
	EXPECT_EQ(MAP_FAILED, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 3 * PAGE));
	EXPECT_EQ(EINVAL, errno);
	/* as long as one likes, and every page is the same one */
	pages = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE);
	ASSERT_NE(MAP_FAILED, pages);
	pages[1] = 0x5a;
	EXPECT_EQ(0x5a, pages[PAGE / 4 + 1]);
	EXPECT_EQ(0x5a, pages[2 * PAGE / 4 + 1]);
	munmap((void *)pages, 3 * PAGE);
}

TEST_F(mshv, memory)
{
	u8 *mem = vmm_alloc(4 * PAGE), *hole = vmm_alloc(PAGE);
	struct tlfs_user_mem_region good = {
		.size = 2 * PAGE, .guest_pfn = 0x100, .userspace_addr = (uintptr_t)mem,
		.flags = VMM_RWX,
	}, unmap = {
		.size = 2 * PAGE, .guest_pfn = 0x100, .userspace_addr = (uintptr_t)mem,
		.flags = TLFS_MEM_UNMAP,
	};
	struct tlfs_user_mem_region arg = good;
	int pt = self->vm.pt;
	unsigned int i;

	EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_SET_GUEST_MEMORY, NOWHERE));
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, good, size, 0);
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, good, size, PAGE + 1);
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, good, userspace_addr, good.userspace_addr + 8);
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, good, userspace_addr, 1ULL << 63);
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, good, userspace_addr, ~0ULL << 12);
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, good, flags, VMM_RWX | 1 << 3);
	for (i = 0; i < sizeof(good.rsvd); i++)
		REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, good, rsvd[i], 1);
	/* nothing is mapped there */
	munmap(hole, PAGE);
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, good, userspace_addr, (uintptr_t)hole);

	ASSERT_EQ(0, vmm_ioctl(pt, TLFS_SET_GUEST_MEMORY, &arg));
	for (i = 0; i < 3; i++)
		REFUSED(-EEXIST, pt, TLFS_SET_GUEST_MEMORY, good, guest_pfn, 0xff + i);
	/* the same memory elsewhere is an alias */
	EXPECT_EQ(0, vmm_set_memory(pt, 0x200 * PAGE, mem, 2 * PAGE, TLFS_MEM_EXECUTABLE));

	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, unmap, size, PAGE);
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, unmap, size, 3 * PAGE);
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, unmap, guest_pfn, 0x101);
	REFUSED(-EINVAL, pt, TLFS_SET_GUEST_MEMORY, unmap, userspace_addr, (uintptr_t)mem + PAGE);
	/* where the published interface says ENOENT: this device forgives, for QEMU's flash */
	REFUSED(0, pt, TLFS_SET_GUEST_MEMORY, unmap, guest_pfn, 0x300);
	arg = unmap;
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_SET_GUEST_MEMORY, &arg));
	/* mem stays mapped for the alias until the partition goes */
}

TEST_F(mshv, irqfd)
{
	int pt = self->vm.pt, event = eventfd(0, EFD_CLOEXEC), other = eventfd(0, EFD_CLOEXEC);
	struct tlfs_user_irqfd good = { .fd = event, .resamplefd = -1, .gsi = 40 };
	struct {
		struct tlfs_user_irq_table head;
		struct tlfs_user_irq_entry entry[2];
	} routes = {
		.head.nr = 2,
		.entry = { { .gsi = 40, .address_lo = 0xfee00000, .data = 0x40 },
			   { .gsi = 41, .address_lo = 0xfee00000, .data = 0x8041 } },
	};
	struct tlfs_user_irqfd arg = good;

	EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_IRQFD, NOWHERE));
	REFUSED(-EINVAL, pt, TLFS_IRQFD, good, flags, 1 << 2);
	REFUSED(-EBADF, pt, TLFS_IRQFD, good, fd, -1);
	REFUSED(-EINVAL, pt, TLFS_IRQFD, good, fd, self->vm.dev);
	/* one without a route may be assigned, once; and taken away twice */
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_IRQFD, &arg));
	EXPECT_EQ(-EBUSY, vmm_ioctl(pt, TLFS_IRQFD, &arg));
	REFUSED(0, pt, TLFS_IRQFD, good, flags, TLFS_IRQFD_DEASSIGN);
	REFUSED(0, pt, TLFS_IRQFD, good, flags, TLFS_IRQFD_DEASSIGN);

	/* resampling is of level-triggered ones */
	REFUSED(0, pt, TLFS_SET_MSI_ROUTING, routes, head.rsvd, 0);
	arg = (struct tlfs_user_irqfd) { .fd = event, .resamplefd = other, .gsi = 40,
					 .flags = TLFS_IRQFD_RESAMPLE };
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_IRQFD, &arg));
	arg.gsi = 41;
	arg.resamplefd = self->vm.dev;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_IRQFD, &arg));
	arg.resamplefd = other;
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_IRQFD, &arg));
	close(event);
	close(other);

	EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, NOWHERE));
	REFUSED(-EINVAL, pt, TLFS_SET_MSI_ROUTING, routes, head.nr, 4097);
	REFUSED(-EINVAL, pt, TLFS_SET_MSI_ROUTING, routes, head.rsvd, 1);
	REFUSED(-EINVAL, pt, TLFS_SET_MSI_ROUTING, routes, entry[1].gsi, 4096);
	REFUSED(-EINVAL, pt, TLFS_SET_MSI_ROUTING, routes, entry[1].gsi, 40);
	REFUSED(-EINVAL, pt, TLFS_SET_MSI_ROUTING, routes, entry[1].address_hi, 1);
	REFUSED(0, pt, TLFS_SET_MSI_ROUTING, routes, head.nr, 0);
}

TEST_F(mshv, ioeventfd)
{
	int pt = self->vm.pt, event = eventfd(0, EFD_CLOEXEC), other = eventfd(0, EFD_CLOEXEC);
	struct tlfs_user_ioeventfd good = {
		.datamatch = 7, .addr = 0xfe000000, .len = 4, .fd = event,
		.flags = TLFS_IOEVENTFD_DATAMATCH,
	}, gone = {
		.datamatch = 7, .addr = 0xfe000000, .len = 4, .fd = event,
		.flags = TLFS_IOEVENTFD_DATAMATCH | TLFS_IOEVENTFD_DEASSIGN,
	};
	struct tlfs_user_ioeventfd arg = good;
	unsigned int i;

	EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_IOEVENTFD, NOWHERE));
	REFUSED(-EINVAL, pt, TLFS_IOEVENTFD, good, flags, 1 << 3);
	for (i = 0; i < sizeof(good.rsvd); i++)
		REFUSED(-EINVAL, pt, TLFS_IOEVENTFD, good, rsvd[i], 1);
	for (i = 3; i < 10; i += i == 3 ? 2 : 1)
		if (i != 8)
			REFUSED(-EINVAL, pt, TLFS_IOEVENTFD, good, len, i);
	REFUSED(-EBADF, pt, TLFS_IOEVENTFD, good, fd, -1);
	REFUSED(-EINVAL, pt, TLFS_IOEVENTFD, good, fd, self->vm.dev);

	ASSERT_EQ(0, vmm_ioctl(pt, TLFS_IOEVENTFD, &arg));
	EXPECT_EQ(-EEXIST, vmm_ioctl(pt, TLFS_IOEVENTFD, &arg));
	REFUSED(-EEXIST, pt, TLFS_IOEVENTFD, good, fd, other);
	REFUSED(-EEXIST, pt, TLFS_IOEVENTFD, good, flags, 0);
	/* another value is another doorbell */
	REFUSED(0, pt, TLFS_IOEVENTFD, good, datamatch, 8);

	REFUSED(-ENOENT, pt, TLFS_IOEVENTFD, gone, fd, other);
	REFUSED(-ENOENT, pt, TLFS_IOEVENTFD, gone, addr, gone.addr + 4);
	REFUSED(-ENOENT, pt, TLFS_IOEVENTFD, gone, len, 2);
	REFUSED(-ENOENT, pt, TLFS_IOEVENTFD, gone, datamatch, 9);
	REFUSED(-ENOENT, pt, TLFS_IOEVENTFD, gone, flags, TLFS_IOEVENTFD_DEASSIGN);
	REFUSED(0, pt, TLFS_IOEVENTFD, gone, len, 4);
	REFUSED(-ENOENT, pt, TLFS_IOEVENTFD, gone, len, 4);
	/* where the published interface has no port doorbells (EOPNOTSUPP), this one has */
	arg = good;
	arg.addr = 0xcafe;
	arg.flags |= TLFS_IOEVENTFD_PIO;
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_IOEVENTFD, &arg));
	close(event);
	close(other);
}

TEST_F(mshv, access_bitmap)
{
	struct tlfs_gpap_access_bitmap good = {
		.access_type = TLFS_GPAP_DIRTY, .access_op = TLFS_GPAP_OP_CLEAR, .page_count = 8,
		.bitmap_ptr = (uintptr_t)self->state,
	};
	int pt = self->vm.pt;
	unsigned int i;

	EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_GET_GPAP_ACCESS_BITMAP, NOWHERE));
	REFUSED(-EINVAL, pt, TLFS_GET_GPAP_ACCESS_BITMAP, good, page_count, 0);
	REFUSED(-EINVAL, pt, TLFS_GET_GPAP_ACCESS_BITMAP, good, bitmap_ptr, 0);
	REFUSED(-EFAULT, pt, TLFS_GET_GPAP_ACCESS_BITMAP, good, bitmap_ptr, 8);
	REFUSED(-EINVAL, pt, TLFS_GET_GPAP_ACCESS_BITMAP, good, access_type, 2);
	REFUSED(-EINVAL, pt, TLFS_GET_GPAP_ACCESS_BITMAP, good, access_op, 3);
	for (i = 0; i < sizeof(good.rsvd); i++)
		REFUSED(-EINVAL, pt, TLFS_GET_GPAP_ACCESS_BITMAP, good, rsvd[i], 1);
	REFUSED(-E2BIG, pt, TLFS_GET_GPAP_ACCESS_BITMAP, good, page_count, ~0ULL);
	/* a display asks for this without tracking, and at each of its updates */
	REFUSED(0, pt, TLFS_GET_GPAP_ACCESS_BITMAP, good, page_count, 0x10000);
}

TEST_F(mshv, vp_state)
{
	struct tlfs_get_set_vp_state good = {
		.type = TLFS_VP_STATE_LAPIC, .buf_sz = PAGE, .buf_ptr = (uintptr_t)self->state,
	};
	static const unsigned int cmds[] = { TLFS_GET_VP_STATE, TLFS_SET_VP_STATE };
	struct tlfs_get_set_vp_state arg;
	unsigned int i, j;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-EFAULT, vmm_ioctl(self->vp->fd, cmds[i], NOWHERE));
		REFUSED(-EINVAL, self->vp->fd, cmds[i], good, type, TLFS_VP_STATE_COUNT);
		for (j = 0; j < sizeof(good.rsvd); j++)
			REFUSED(-EINVAL, self->vp->fd, cmds[i], good, rsvd[j], 1);
		REFUSED(-EINVAL, self->vp->fd, cmds[i], good, buf_sz, PAGE + 8);
		REFUSED(-EINVAL, self->vp->fd, cmds[i], good, buf_ptr, good.buf_ptr + 8);
		REFUSED(-EFAULT, self->vp->fd, cmds[i], good, buf_ptr, PAGE);
		arg = good;
		arg.buf_sz = 0;
		EXPECT_EQ(-EINVAL, vmm_ioctl(self->vp->fd, cmds[i], &arg));
	}
	/* how large it would have to be */
	for (i = 0; i < TLFS_VP_STATE_COUNT; i++) {
		arg = good;
		arg.type = i;
		EXPECT_EQ(0, vmm_ioctl(self->vp->fd, TLFS_GET_VP_STATE, &arg));
		EXPECT_LT(0, arg.buf_sz);
		EXPECT_GE(PAGE, arg.buf_sz);
	}
}

static void nothing(int sig)
{
}

/* a message for its VMM, and again */
GUEST_CODE(chatter, "16", "1: outb %al, $0xe0\n\tjmp 1b");

static void *signal_later(void *thread)
{
	usleep(100 * 1000);
	pthread_kill(*(pthread_t *)thread, SIGUSR1);
	return NULL;
}

TEST_F(mshv, run)
{
	struct sigaction sa = { .sa_handler = nothing };
	pthread_t self_thread = pthread_self(), other;
	struct tlfs_run_vp out;
	struct vmm_vp *vp = self->vp;
	u64 start;
	long ret;
	int ap;

	/* waits for a SIPI that never comes; a signal brings it back, without a message */
	ap = vmm_create_vp(self->vm.pt, 1);
	ASSERT_LE(0, ap);
	sigaction(SIGUSR1, &sa, NULL);
	memset(&out, 0x5a, sizeof(out));
	ASSERT_EQ(0, pthread_create(&other, NULL, signal_later, &self_thread));
	ret = vmm_ioctl(ap, TLFS_RUN_VP, &out);
	EXPECT_EQ(-EINTR, ret);
	EXPECT_EQ(0x5a, out.msg_buf[0]);
	pthread_join(other, NULL);
	/* and without one it does so now and then: a signal before the call was perhaps missed */
	EXPECT_EQ(-EINTR, vmm_ioctl(ap, TLFS_RUN_VP, &out));
	close(ap);

	/* also if the VP has a message each time: nobody looks whether to stop because of those */
	self->vm.ram = vmm_add_memory(&self->vm, 0, VMM_RAM, VMM_RWX);
	vmm_start16(vp, &chatter);
	start = vmm_now_ms();
	do {
		ret = vmm_ioctl(vp->fd, TLFS_RUN_VP, &out);
		if (!ret)
			vmm_skip(vp, (struct hv_message *)&out);
	} while (!ret && vmm_now_ms() - start < VMM_LONG);
	EXPECT_EQ(-EINTR, ret);

	/* the message has to go somewhere */
	EXPECT_EQ(-EFAULT, vmm_ioctl(vp->fd, TLFS_RUN_VP, NOWHERE));
}

/* what ROOT_HVCALL returns, and the status it leaves */
static long call(int fd, const struct tlfs_root_hvcall *good, u16 *status)
{
	struct tlfs_root_hvcall arg = *good;
	long ret = vmm_ioctl(fd, TLFS_ROOT_HVCALL, &arg);

	*status = arg.status;
	return ret;
}

TEST_F(mshv, hypercalls)
{
	struct hv_input_get_partition_property in = {
		.property_code = HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0,
	};
	u64 out = 0x5a5a, *far = (void *)self->state;
	struct tlfs_root_hvcall good = {
		.code = HVCALL_GET_PARTITION_PROPERTY, .in_sz = sizeof(in), .out_sz = sizeof(out),
		.in_ptr = (uintptr_t)&in, .out_ptr = (uintptr_t)&out,
	};
	const int fds[] = { self->vm.dev, self->vm.pt, self->vp->fd };
	struct tlfs_root_hvcall arg = good;
	unsigned int i, j;
	u16 status;

	for (i = 0; i < ARRAY(fds); i++) {
		EXPECT_EQ(-EFAULT, vmm_ioctl(fds[i], TLFS_ROOT_HVCALL, NOWHERE));
		REFUSED(-EINVAL, fds[i], TLFS_ROOT_HVCALL, good, status, 1);
		REFUSED(-EINVAL, fds[i], TLFS_ROOT_HVCALL, good, in_ptr, 0);
		REFUSED(-EFAULT, fds[i], TLFS_ROOT_HVCALL, good, in_ptr, 8);
		REFUSED(-EINVAL, fds[i], TLFS_ROOT_HVCALL, good, in_sz, 7);
		REFUSED(-EINVAL, fds[i], TLFS_ROOT_HVCALL, good, in_sz, PAGE + 1);
		REFUSED(-EINVAL, fds[i], TLFS_ROOT_HVCALL, good, out_sz, 0);
		REFUSED(-EINVAL, fds[i], TLFS_ROOT_HVCALL, good, out_sz, PAGE + 1);
		REFUSED(-EFAULT, fds[i], TLFS_ROOT_HVCALL, good, out_ptr, 8);
		for (j = 0; j < sizeof(good.rsvd); j++)
			REFUSED(-EINVAL, fds[i], TLFS_ROOT_HVCALL, good, rsvd[j], 1);
		REFUSED(-EINVAL, fds[i], TLFS_ROOT_HVCALL, good, code, 0x7ff0);
	}
	/* not through a VP's.  (The device's takes all calls of the root here, not two only.) */
	REFUSED(-EINVAL, self->vp->fd, TLFS_ROOT_HVCALL, good, code, HVCALL_SET_PARTITION_PROPERTY);

	/* statuses come back in the structure, and what errno they are; output only with success */
	far[0] = 0x5a5a;
	arg.out_ptr = (uintptr_t)far;
	in.property_code = 0x7fffffff;
	EXPECT_EQ(-EIO, call(self->vm.pt, &arg, &status));
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY, status);
	EXPECT_EQ(0x5a5a, far[0]);
	in.property_code = HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0;
	EXPECT_EQ(0, call(self->vm.pt, &arg, &status));
	EXPECT_NE(0x5a5a, far[0]);
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 7));
}

/* what VMMs may ask of the hypervisor gets to it: that is who finds the input short */
TEST_F(mshv, offered_calls)
{
	static const u16 codes[] = {
		HVCALL_GET_PARTITION_PROPERTY, HVCALL_GET_PARTITION_PROPERTY_EX,
		HVCALL_SET_PARTITION_PROPERTY, HVCALL_INSTALL_INTERCEPT, HVCALL_GET_VP_REGISTERS,
		HVCALL_SET_VP_REGISTERS, HVCALL_TRANSLATE_VIRTUAL_ADDRESS,
		HVCALL_CLEAR_VIRTUAL_INTERRUPT, HVCALL_REGISTER_INTERCEPT_RESULT,
		HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL, HVCALL_SIGNAL_EVENT_DIRECT,
		HVCALL_POST_MESSAGE_DIRECT, HVCALL_GET_VP_CPUID_VALUES,
	};
	const int fds[] = { self->vm.dev, self->vm.pt, self->vp->fd };
	struct tlfs_root_hvcall arg;
	unsigned int i, j;
	u64 id = 0;

	for (i = 0; i < ARRAY(fds); i++)
		for (j = 0; j < ARRAY(codes); j++) {
			arg = (struct tlfs_root_hvcall) {
				.code = codes[j], .in_sz = sizeof(id), .in_ptr = (uintptr_t)&id,
			};
			/* nobody asks the device for more, or sets properties through a VP */
			if (i == 0 && j >= 2)
				break;
			if (i == 2 && codes[j] == HVCALL_SET_PARTITION_PROPERTY)
				continue;
			EXPECT_NE(0, vmm_ioctl(fds[i], TLFS_ROOT_HVCALL, &arg));
			EXPECT_NE(0, arg.status)
				TH_LOG("descriptor %u, call %#x", i, codes[j]);
		}
	/* GET_GPAP_ACCESS_BITMAP is that call; nobody makes it in this way */
	arg = (struct tlfs_root_hvcall) {
		.code = HVCALL_GET_GPA_PAGES_ACCESS_STATES, .in_sz = sizeof(id),
		.in_ptr = (uintptr_t)&id,
	};
	EXPECT_EQ(-EINVAL, vmm_ioctl(self->vm.pt, TLFS_ROOT_HVCALL, &arg));
	EXPECT_EQ(0, arg.status);
}

/* what errno the published interface makes of a status */
TEST_F(mshv, statuses)
{
	int dev = self->vm.dev, pt = self->vm.pt, vp = self->vp->fd;
	const struct {
		int fd;
		u16 code, size, reps, status;
		int error;
		u64 in[4];
	} calls[] = {
		{ pt, HVCALL_GET_PARTITION_PROPERTY, 8, 0,
		  HV_STATUS_INVALID_HYPERCALL_INPUT, -EINVAL },
		{ pt, HVCALL_REGISTER_INTERCEPT_RESULT, 32, 0,
		  HV_STATUS_INVALID_HYPERCALL_INPUT, -EINVAL },
		{ pt, HVCALL_INSTALL_INTERCEPT, 24, 0,
		  HV_STATUS_INVALID_PARAMETER, -EINVAL, { 0, 7, 0 } },
		{ dev, HVCALL_DELETE_VP, 16, 0,
		  HV_STATUS_ACCESS_DENIED, -EIO, { HV_PARTITION_ID_SELF, 0 } },
		/* it has a VP */
		{ pt, HVCALL_SET_PARTITION_PROPERTY, 24, 0,
		  HV_STATUS_INVALID_PARTITION_STATE, -EIO,
		  { 0, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, 0 } },
		{ pt, HVCALL_CLEAR_VIRTUAL_INTERRUPT, 8, 0, HV_STATUS_NOT_ACKNOWLEDGED, -EIO },
		{ pt, HVCALL_SET_PARTITION_PROPERTY, 24, 0,
		  HV_STATUS_UNKNOWN_PROPERTY, -EIO, { 0, 0x7fffffff, 0 } },
		{ pt, HVCALL_SET_PARTITION_PROPERTY, 24, 0,
		  HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, -EIO,
		  { 0, HV_PARTITION_PROPERTY_TIME_FREEZE, 7 } },
		{ dev, HVCALL_GET_PARTITION_PROPERTY, 16, 0,
		  HV_STATUS_INVALID_PARTITION_ID, -EINVAL,
		  { 0x7fffffff, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0 } },
		{ vp, HVCALL_GET_VP_REGISTERS, 20, 1,
		  HV_STATUS_INVALID_VP_INDEX, -EINVAL, { 0, 5, HV_X64_REGISTER_RIP } },
		{ dev, HVCALL_DELETE_PORT, 16, 0,
		  HV_STATUS_INVALID_PORT_ID, -EINVAL, { HV_PARTITION_ID_SELF, 0x12345 } },
		{ dev, HVCALL_DISCONNECT_PORT, 16, 0,
		  HV_STATUS_INVALID_CONNECTION_ID, -EINVAL, { HV_PARTITION_ID_SELF, 0x12345 } },
	};
	struct {
		struct hv_input_set_vp_registers head;
		struct hv_register_assoc reg;
	} set = { .reg = { .name = HV_X64_REGISTER_RFLAGS, .value.reg64 = ~0ULL } };
	struct hv_input_register_intercept_result result = {
		.intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
	};
	struct tlfs_root_hvcall arg;
	unsigned int i;
	long ret;

	for (i = 0; i < ARRAY(calls); i++) {
		u64 out = 0;

		arg = (struct tlfs_root_hvcall) {
			.code = calls[i].code, .reps = calls[i].reps, .in_sz = calls[i].size,
			.in_ptr = (uintptr_t)calls[i].in, .out_sz = sizeof(out),
			.out_ptr = (uintptr_t)&out,
		};
		EXPECT_EQ(calls[i].error, vmm_ioctl(calls[i].fd, TLFS_ROOT_HVCALL, &arg))
			TH_LOG("line %u, call %#x", i, calls[i].code);
		EXPECT_EQ(calls[i].status, arg.status)
			TH_LOG("line %u, call %#x", i, calls[i].code);
	}

	arg = (struct tlfs_root_hvcall) {
		.code = HVCALL_SET_VP_REGISTERS, .reps = 1, .in_sz = sizeof(set),
		.in_ptr = (uintptr_t)&set,
	};
	EXPECT_EQ(-EINVAL, vmm_ioctl(vp, TLFS_ROOT_HVCALL, &arg));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, arg.status);
	/* more leaves of its own than a VP may have */
	for (i = 0; i < 0x10000; i++) {
		result.parameters.cpuid.eax = i;
		arg = (struct tlfs_root_hvcall) {
			.code = HVCALL_REGISTER_INTERCEPT_RESULT, .in_sz = sizeof(result),
			.in_ptr = (uintptr_t)&result,
		};
		ret = vmm_ioctl(vp, TLFS_ROOT_HVCALL, &arg);
		if (ret)
			break;
	}
	EXPECT_LT(150, i);
	EXPECT_EQ(-ENOMEM, ret);
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY, arg.status);
}

TEST_F(mshv, registers)
{
	struct {
		struct hv_input_get_vp_registers head;
		u32 name[2];
	} in = { .head.vp_index = 5, .name = { HV_X64_REGISTER_RAX, 0x7fffffff } };
	union hv_register_value out[2] = { };
	struct tlfs_root_hvcall arg = {
		.code = HVCALL_GET_VP_REGISTERS, .reps = 2, .in_sz = sizeof(in),
		.out_sz = sizeof(out), .in_ptr = (uintptr_t)&in, .out_ptr = (uintptr_t)out,
	};

	EXPECT_EQ(-EINVAL, vmm_ioctl(self->vp->fd, TLFS_ROOT_HVCALL, &arg));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, arg.status);
	EXPECT_EQ(0, arg.reps);
	/* how many came before the one that is wrong */
	in.head.vp_index = 0;
	arg.status = 0;
	arg.reps = 2;
	EXPECT_EQ(-EINVAL, vmm_ioctl(self->vp->fd, TLFS_ROOT_HVCALL, &arg));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, arg.status);
	EXPECT_EQ(1, arg.reps);
	EXPECT_NE(0, vmm_set_reg_status(self->vp, HV_X64_REGISTER_CR0, 0x80000000));
}

TEST_HARNESS_MAIN
