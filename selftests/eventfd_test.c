// SPDX-License-Identifier: GPL-2.0-only
/*
 * eventfd_test.c - IRQFD, SET_MSI_ROUTING, IOEVENTFD: what they refuse, and what they do
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define DOORBELL_GPA	0xd0000000ULL
#define VECTOR	0x51
#define LEVEL	(1 << 15)

FIXTURE(eventfd) {
	struct vmm vm;
	int fd, fd2, null;
};

FIXTURE_SETUP(eventfd)
{
	vmm_setup(&self->vm, 1);
	self->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	self->fd2 = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	self->null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, self->fd);
	ASSERT_LE(0, self->fd2);
	ASSERT_LE(0, self->null);
}

FIXTURE_TEARDOWN(eventfd)
{
	vmm_teardown(&self->vm);
}

static int irqfd(struct vmm *vm, int fd, u32 gsi, u32 flags)
{
	struct tlfs_user_irqfd arg = { .fd = fd, .resamplefd = -1, .gsi = gsi, .flags = flags };

	return vmm_ioctl(vm->pt, TLFS_IRQFD, &arg);
}

static int resample(struct vmm *vm, int fd, int resamplefd, u32 gsi)
{
	struct tlfs_user_irqfd arg = {
		.fd = fd, .resamplefd = resamplefd, .gsi = gsi, .flags = TLFS_IRQFD_RESAMPLE,
	};

	return vmm_ioctl(vm->pt, TLFS_IRQFD, &arg);
}

static int ioeventfd(struct vmm *vm, int fd, u64 addr, u32 len, u32 flags,
		     u64 match)
{
	struct tlfs_user_ioeventfd arg = {
		.datamatch = match, .addr = addr, .len = len, .fd = fd, .flags = flags,
	};

	return vmm_ioctl(vm->pt, TLFS_IOEVENTFD, &arg);
}

struct table {
	struct tlfs_user_irq_table head;
	struct tlfs_user_irq_entry entry[TLFS_MAX_GSI + 1];
};

static int route(struct vmm *vm, u32 gsi, u32 data)
{
	struct {
		struct tlfs_user_irq_table head;
		struct tlfs_user_irq_entry entry[1];
	} arg = { .head.nr = 1, .entry = { { gsi, 0xfee00000, 0, data } } };

	return vmm_ioctl(vm->pt, TLFS_SET_MSI_ROUTING, &arg);
}

static u64 count_of(int fd)
{
	u64 n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static void signal_fd(int fd)
{
	u64 one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		vmm_die("eventfd write: %s", strerror(errno));
}

/* ---- what is refused ---- */

TEST_F(eventfd, irqfd_arguments)
{
	struct vmm *vm = &self->vm;
	unsigned int bit;

	EXPECT_EQ(-EFAULT, vmm_ioctl(vm->pt, TLFS_IRQFD, NULL));
	EXPECT_EQ(-EFAULT, vmm_ioctl(vm->pt, TLFS_IRQFD, (void *)0xffff888000000000UL));
	for (bit = 2; bit < 32; bit++)
		EXPECT_EQ(-EINVAL, irqfd(vm, self->fd, 1, 1u << bit));
	EXPECT_EQ(-EBADF, irqfd(vm, -1, 1, 0));
	EXPECT_EQ(-EBADF, irqfd(vm, 1000, 1, 0));
	EXPECT_EQ(-EINVAL, irqfd(vm, self->null, 1, 0));
	EXPECT_EQ(-EINVAL, irqfd(vm, vm->pt, 1, 0));
	EXPECT_EQ(-EBADF, irqfd(vm, -1, 1, TLFS_IRQFD_DEASSIGN));
	EXPECT_EQ(-EINVAL, irqfd(vm, self->null, 1, TLFS_IRQFD_DEASSIGN));
	/* nothing to deassign is no error */
	EXPECT_EQ(0, irqfd(vm, self->fd, 1, TLFS_IRQFD_DEASSIGN));
	/* no route yet is none either */
	EXPECT_EQ(0, irqfd(vm, self->fd, TLFS_MAX_GSI - 1, 0));
	EXPECT_EQ(-EBUSY, irqfd(vm, self->fd, TLFS_MAX_GSI - 1, 0));
	EXPECT_EQ(-EBUSY, irqfd(vm, self->fd, 2, 0));
	EXPECT_EQ(0, irqfd(vm, self->fd2, 2, 0));
	EXPECT_EQ(0, irqfd(vm, self->fd, TLFS_MAX_GSI - 1, TLFS_IRQFD_DEASSIGN));
	EXPECT_EQ(0, irqfd(vm, self->fd, 2, 0));
}

TEST_F(eventfd, resample_arguments)
{
	struct vmm *vm = &self->vm;

	EXPECT_EQ(-EINVAL, resample(vm, self->fd, self->fd2, 5));	/* no route */
	ASSERT_EQ(0, route(vm, 5, VECTOR));
	EXPECT_EQ(-EINVAL, resample(vm, self->fd, self->fd2, 5));	/* an edge */
	ASSERT_EQ(0, route(vm, 5, VECTOR | LEVEL));
	EXPECT_EQ(-EBADF, resample(vm, self->fd, -1, 5));
	EXPECT_EQ(-EINVAL, resample(vm, self->fd, self->null, 5));
	EXPECT_EQ(0, resample(vm, self->fd, self->fd2, 5));
	EXPECT_EQ(-EBUSY, resample(vm, self->fd, self->fd2, 5));
	EXPECT_EQ(0, irqfd(vm, self->fd, 5, TLFS_IRQFD_DEASSIGN));
}

TEST_F(eventfd, msi_routing_arguments)
{
	struct table *t = vmm_alloc(sizeof(*t));
	unsigned char *hole = vmm_alloc(2 * PAGE);
	int pt = self->vm.pt;
	unsigned int i;

	EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, NULL));
	/* what QEMU begins with: 24 entries of nothing */
	t->head.nr = 24;
	for (i = 0; i < 24; i++)
		t->entry[i].gsi = i;
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->head.rsvd = 1;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->head.rsvd = 0;
	t->entry[23].gsi = 7;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->entry[23].gsi = TLFS_MAX_GSI;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->entry[23].gsi = ~0u;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->entry[23].gsi = TLFS_MAX_GSI - 1;
	t->entry[23].address_hi = 1;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->entry[23].address_hi = 0;
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	/* as many as there can be, and one more */
	for (i = 0; i <= TLFS_MAX_GSI; i++)
		t->entry[i].gsi = i;
	t->head.nr = TLFS_MAX_GSI;
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->head.nr = TLFS_MAX_GSI + 1;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->head.nr = ~0u;
	EXPECT_EQ(-EINVAL, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->head.nr = 0;
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	/* entries that are not there */
	ASSERT_EQ(0, mprotect(hole + PAGE, PAGE, PROT_NONE));
	t = (void *)(hole + PAGE - sizeof(t->head) - sizeof(t->entry[0]));
	t->head.nr = 1;
	EXPECT_EQ(0, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
	t->head.nr = 2;
	EXPECT_EQ(-EFAULT, vmm_ioctl(pt, TLFS_SET_MSI_ROUTING, t));
}

static const u32 both_kinds[] = { 0, TLFS_IOEVENTFD_PIO };

TEST_F(eventfd, ioeventfd_arguments)
{
	struct tlfs_user_ioeventfd arg;
	struct vmm *vm = &self->vm;
	unsigned int k, i;

	EXPECT_EQ(-EFAULT, vmm_ioctl(vm->pt, TLFS_IOEVENTFD, NULL));
	for (k = 0; k < 2; k++) {
		u32 kind = both_kinds[k];

		for (i = 3; i < 32; i++)
			EXPECT_EQ(-EINVAL, ioeventfd(vm, self->fd, 0x1000, 4, kind | 1u << i, 0));
		for (i = 0; i < sizeof(arg.rsvd); i++) {
			arg = (struct tlfs_user_ioeventfd) {
				.addr = 0x1000, .len = 4, .fd = self->fd, .flags = kind,
			};
			arg.rsvd[i] = 1;
			EXPECT_EQ(-EINVAL, vmm_ioctl(vm->pt, TLFS_IOEVENTFD, &arg));
		}
		EXPECT_EQ(-EINVAL, ioeventfd(vm, self->fd, 0x1000, 3, kind, 0));
		EXPECT_EQ(-EINVAL, ioeventfd(vm, self->fd, 0x1000, 5, kind, 0));
		EXPECT_EQ(-EINVAL, ioeventfd(vm, self->fd, 0x1000, 16, kind, 0));
		EXPECT_EQ(-EINVAL, ioeventfd(vm, self->fd, 0x1000, ~0u, kind, 0));
		EXPECT_EQ(-EBADF, ioeventfd(vm, -1, 0x1000, 4, kind, 0));
		EXPECT_EQ(-EINVAL, ioeventfd(vm, self->null, 0x1000, 4, kind, 0));
		for (i = 0; i <= (k ? 4 : 8); i = i ? 2 * i : 1) {
			EXPECT_EQ(0, ioeventfd(vm, self->fd, 0x1000, i, kind, 0));
			EXPECT_EQ(0, ioeventfd(vm, self->fd, 0x1000, i,
					       kind | TLFS_IOEVENTFD_DEASSIGN, 0));
		}
	}
}

TEST_F(eventfd, ioeventfd_conflicts)
{
	struct vmm *vm = &self->vm;
	unsigned int k;

	for (k = 0; k < 2; k++) {
		u32 any = both_kinds[k], match = any | TLFS_IOEVENTFD_DATAMATCH;
		u32 off = TLFS_IOEVENTFD_DEASSIGN;

		EXPECT_EQ(0, ioeventfd(vm, self->fd, 0x1000, 4, match, 1));
		EXPECT_EQ(-EEXIST, ioeventfd(vm, self->fd2, 0x1000, 4, match, 1));
		EXPECT_EQ(-EEXIST, ioeventfd(vm, self->fd2, 0x1000, 4, any, 0));
		EXPECT_EQ(0, ioeventfd(vm, self->fd2, 0x1000, 4, match, 2));
		EXPECT_EQ(0, ioeventfd(vm, self->fd, 0x1000, 2, any, 0));
		EXPECT_EQ(-EEXIST, ioeventfd(vm, self->fd, 0x1000, 2, match, 9));
		EXPECT_EQ(0, ioeventfd(vm, self->fd, 0x1004, 4, match, 1));
		/* all of it has to be right */
		EXPECT_EQ(-ENOENT, ioeventfd(vm, self->fd2, 0x1000, 4, match | off, 1));
		EXPECT_EQ(-ENOENT, ioeventfd(vm, self->fd, 0x1008, 4, match | off, 1));
		EXPECT_EQ(-ENOENT, ioeventfd(vm, self->fd, 0x1000, 1, match | off, 1));
		EXPECT_EQ(-ENOENT, ioeventfd(vm, self->fd, 0x1000, 4, any | off, 1));
		EXPECT_EQ(-ENOENT, ioeventfd(vm, self->fd, 0x1000, 4, match | off, 2));
		EXPECT_EQ(-ENOENT, ioeventfd(vm, self->fd, 0x1000, 4,
					     (match ^ TLFS_IOEVENTFD_PIO) | off, 1));
		EXPECT_EQ(0, ioeventfd(vm, self->fd, 0x1000, 4, match | off, 1));
		EXPECT_EQ(-ENOENT, ioeventfd(vm, self->fd, 0x1000, 4, match | off, 1));
		EXPECT_EQ(0, ioeventfd(vm, self->fd2, 0x1000, 4, match | off, 2));
		EXPECT_EQ(0, ioeventfd(vm, self->fd, 0x1000, 2, any | off, 0));
		EXPECT_EQ(0, ioeventfd(vm, self->fd, 0x1004, 4, match | off, 1));
	}
}

/* ---- doorbells ---- */

GUEST_CODE(port_writes, "64",
	   "mov	$0x600, %edx\n\t"
	   "mov	$0x11223344, %eax\n\t"
	   "out	%al, %dx\n\t"
	   "out	%ax, %dx\n\t"
	   "out	%eax, %dx\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	guest_port_writes");

GUEST_CODE(mmio_writes, "64",
	   "mov	$0xd0000000, %edi\n\t"
	   "mov	$0x5566778811223344, %rax\n\t"
	   "movb	%al, (%rdi)\n\t"
	   "movw	%ax, (%rdi)\n\t"
	   "movl	%eax, (%rdi)\n\t"
	   "movq	%rax, (%rdi)\n\t"
	   "movl	$7, (%rdi)\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	guest_mmio_writes");

TEST_F(eventfd, port_doorbell)
{
	struct vmm_vp *vp = &self->vm.vp[0];
	struct hv_message msg;

	vmm_start64(vp, &port_writes);
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, 0x600, 0, TLFS_IOEVENTFD_PIO, 0));
	vmm_run_out(vp, GUEST_PORT);
	EXPECT_EQ(3, count_of(self->fd));
	/* an access of one size, of one value */
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, 0x600, 0,
			       TLFS_IOEVENTFD_PIO | TLFS_IOEVENTFD_DEASSIGN, 0));
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, 0x600, 1,
			       TLFS_IOEVENTFD_PIO | TLFS_IOEVENTFD_DATAMATCH, 0x44));
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd2, 0x600, 2, TLFS_IOEVENTFD_PIO, 0));
	vmm_run_to(vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	EXPECT_EQ(0x600, vmm_io_msg(&msg)->port_number);
	EXPECT_EQ(4, vmm_io_msg(&msg)->access_info);
	EXPECT_EQ(1, count_of(self->fd));
	EXPECT_EQ(1, count_of(self->fd2));
	vmm_skip(vp, &msg);
	vmm_run_out(vp, GUEST_PORT);
	/* the wrong value */
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, 0x600, 1, TLFS_IOEVENTFD_PIO |
			       TLFS_IOEVENTFD_DATAMATCH | TLFS_IOEVENTFD_DEASSIGN, 0x44));
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, 0x600, 1,
			       TLFS_IOEVENTFD_PIO | TLFS_IOEVENTFD_DATAMATCH, 0x45));
	vmm_run_to(vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	EXPECT_EQ(1, vmm_io_msg(&msg)->access_info);
	EXPECT_EQ(0, count_of(self->fd));
}

TEST_F(eventfd, memory_doorbell)
{
	struct vmm_vp *vp = &self->vm.vp[0];
	struct hv_message msg;

	vmm_start64(vp, &mmio_writes);
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, DOORBELL_GPA, 0, 0, 0));
	EXPECT_EQ(0x11223344, vmm_run_out(vp, GUEST_PORT));
	EXPECT_EQ(5, count_of(self->fd));
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, DOORBELL_GPA, 0, TLFS_IOEVENTFD_DEASSIGN, 0));
	/* one of 4 bytes with a 7 only: the first that goes to the VMM is the byte */
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, DOORBELL_GPA, 4, TLFS_IOEVENTFD_DATAMATCH, 7));
	vmm_run_to(vp, HVMSG_UNMAPPED_GPA, &msg);
	EXPECT_EQ(DOORBELL_GPA, vmm_mem_msg(&msg)->base.gpa);
	EXPECT_EQ(0x88, vmm_mem_msg(&msg)->base.instruction_bytes[0]);
	EXPECT_EQ(0, count_of(self->fd));
	/* the quad word is in the way of nothing: skip to the 7 */
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, VMM_CODE + vmm_code_size(&mmio_writes) - 10);
	EXPECT_EQ(0x11223344, vmm_run_out(vp, GUEST_PORT));
	EXPECT_EQ(1, count_of(self->fd));
}

TEST_F(eventfd, doorbell_survives_its_partition)
{
	ASSERT_EQ(0, ioeventfd(&self->vm, self->fd, DOORBELL_GPA, 0, 0, 0));
	ASSERT_EQ(0, irqfd(&self->vm, self->fd2, 3, 0));
	vmm_teardown(&self->vm);
	/* nobody is connected any more, and the eventfds are as good as new */
	signal_fd(self->fd2);
	EXPECT_EQ(1, count_of(self->fd2));
	EXPECT_TRUE(vmm_count_settles("pages", 0));
	vmm_setup(&self->vm, 1);
	EXPECT_EQ(0, irqfd(&self->vm, self->fd2, 3, 0));
}

/* ---- interrupts ---- */

GUEST_CODE(wait_for_interrupts, "64",
	   "mov	$0xfee000f0, %edi\n\t"
	   "movl	$0x1ff, (%rdi)\n\t"		/* APIC on */
	   "mov	$0xe0, %edx\n\t"
	   "outl	%eax, %dx\n"
	   "1:	sti\n\t"
	   "hlt\n\t"
	   "jmp	1b");

/* counts in VMM_DATA */
GUEST_CODE(eoi_handler, "64",
	   "push	%rax\n\t"
	   "push	%rdi\n\t"
	   "lock incq 0x20000\n\t"
	   "mov	$0xfee000b0, %edi\n\t"
	   "xor	%eax, %eax\n\t"
	   "movl	%eax, (%rdi)\n\t"
	   "pop	%rdi\n\t"
	   "pop	%rax\n\t"
	   "iretq");

#define HANDLER		(VMM_CODE + 0x800)
#define INTERRUPTS(vm)	((u64 *)vmm_gpa(vm, VMM_DATA))

static void start_waiting(struct vmm *vm, struct vmm_thread *t)
{
	vmm_start64(&vm->vp[0], &wait_for_interrupts);
	vmm_load(vm, HANDLER, &eoi_handler);
	vmm_set_gate(vm, VECTOR, HANDLER);
	vmm_set_gate(vm, VECTOR + 1, HANDLER);
	vmm_run_out(&vm->vp[0], GUEST_PORT);
	vmm_thread_start(t, &vm->vp[0]);
}

TEST_F(eventfd, irqfd_delivers)
{
	u64 *n = INTERRUPTS(&self->vm);
	struct vmm_thread t;
	unsigned int i;

	ASSERT_EQ(0, route(&self->vm, 9, VECTOR));
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, 9, 0));
	start_waiting(&self->vm, &t);
	for (i = 1; i <= 20; i++) {
		signal_fd(self->fd);
		ASSERT_TRUE(vmm_wait_u64(n, i));
	}
	/* the counter was consumed each time */
	EXPECT_EQ(0, count_of(self->fd));
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, 9, TLFS_IRQFD_DEASSIGN));
	signal_fd(self->fd);
	EXPECT_FALSE(vmm_moves(n, VMM_SHORT));
	EXPECT_EQ(20, LOAD(n));
	/* signalled already: it fires at once */
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, 9, 0));
	EXPECT_TRUE(vmm_wait_u64(n, 21));
	vmm_thread_stop(&t);
}

TEST_F(eventfd, routes_are_replaced)
{
	u64 *n = INTERRUPTS(&self->vm);
	struct tlfs_user_irq_table none = {};
	struct vmm_thread t;

	ASSERT_EQ(0, irqfd(&self->vm, self->fd, 9, 0));
	start_waiting(&self->vm, &t);
	/* no route, no interrupt, and the signal is not kept for later */
	signal_fd(self->fd);
	EXPECT_FALSE(vmm_moves(n, VMM_SHORT));
	ASSERT_EQ(0, route(&self->vm, 9, VECTOR));
	EXPECT_FALSE(vmm_moves(n, VMM_SHORT));
	signal_fd(self->fd);
	EXPECT_TRUE(vmm_wait_u64(n, 1));
	/* a table replaces the one before as a whole */
	ASSERT_EQ(0, route(&self->vm, 10, VECTOR));
	signal_fd(self->fd);
	EXPECT_FALSE(vmm_moves(n, VMM_SHORT));
	ASSERT_EQ(0, route(&self->vm, 9, VECTOR + 1));
	signal_fd(self->fd);
	EXPECT_TRUE(vmm_wait_u64(n, 2));
	ASSERT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_SET_MSI_ROUTING, &none));
	signal_fd(self->fd);
	EXPECT_FALSE(vmm_moves(n, VMM_SHORT));
	vmm_thread_stop(&t);
}

TEST_F(eventfd, a_closed_eventfd_is_detached)
{
	u64 *n = INTERRUPTS(&self->vm);
	struct vmm_thread t;
	int again;

	ASSERT_EQ(0, route(&self->vm, 9, VECTOR));
	ASSERT_EQ(0, irqfd(&self->vm, self->fd, 9, 0));
	start_waiting(&self->vm, &t);
	signal_fd(self->fd);
	EXPECT_TRUE(vmm_wait_u64(n, 1));
	close(self->fd);
	again = eventfd(0, EFD_CLOEXEC);
	EXPECT_EQ(0, irqfd(&self->vm, again, 9, 0));
	signal_fd(again);
	EXPECT_TRUE(vmm_wait_u64(n, 2));
	vmm_thread_stop(&t);
}

/* A level-triggered interrupt: its EOI is the VMM's business, and signals the resample eventfd. */
TEST_F(eventfd, resample_on_eoi)
{
	u64 *n = INTERRUPTS(&self->vm);
	struct hv_x64_apic_eoi_message *eoi;
	struct vmm_thread t;
	u64 end;

	ASSERT_EQ(0, route(&self->vm, 9, VECTOR | LEVEL));
	ASSERT_EQ(0, resample(&self->vm, self->fd, self->fd2, 9));
	start_waiting(&self->vm, &t);
	signal_fd(self->fd);
	ASSERT_TRUE(vmm_thread_wait(&t, VMM_LONG));
	EXPECT_EQ(0, t.ret);
	EXPECT_EQ(HVMSG_X64_APIC_EOI, t.msg.header.message_type);
	eoi = (void *)t.msg.payload;
	EXPECT_EQ(0, eoi->vp_index);
	EXPECT_EQ(VECTOR, eoi->interrupt_vector);
	EXPECT_EQ(1, LOAD(n));
	end = vmm_now_ms() + VMM_LONG;
	while (!count_of(self->fd2) && vmm_now_ms() < end)
		vmm_sleep_ms(1);
	EXPECT_LT(vmm_now_ms(), end);
	vmm_thread_stop(&t);
}

TEST_HARNESS_MAIN
