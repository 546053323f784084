// SPDX-License-Identifier: GPL-2.0-only
/*
 * parent_test.c - what the root does through the device's descriptor: partitions by hypercall,
 * their pools, mappings and VPs; and what is left of a guest that has children when it is killed
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "boot.h"
#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define PAGES	64
#define HIGH	0x40000000ULL
#define PFN(p)	((u64)(p) / PAGE)
#define RWX	(HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE | HV_MAP_GPA_EXECUTABLE)

FIXTURE(parent) {
	struct vmm vm;
	int dev;
	u64 id;
	char *pool;
	u64 in[512], out[512];
	u16 reps;
};

/* HV_STATUS_*, or a negative errno where no call was made */
static long call_fd(FIXTURE_DATA(parent) *self, int fd, u16 code, u16 reps)
{
	struct tlfs_root_hvcall arg = {
		.code = code, .reps = reps, .in_sz = sizeof(self->in),
		.out_sz = sizeof(self->out),
		.in_ptr = (uintptr_t)self->in, .out_ptr = (uintptr_t)self->out,
	};
	long ret = vmm_ioctl(fd, TLFS_ROOT_HVCALL, &arg);

	self->reps = arg.reps;
	return arg.status ? arg.status : ret;
}

static long call(FIXTURE_DATA(parent) *self, u16 code, u16 reps)
{
	return call_fd(self, self->dev, code, reps);
}

static long on(FIXTURE_DATA(parent) *self, u64 id, u16 code)
{
	memset(self->in, 0, sizeof(self->in));
	self->in[0] = id;
	return call(self, code, 0);
}

static long deposit(FIXTURE_DATA(parent) *self, u64 id, void *page, unsigned int n)
{
	unsigned int i;

	self->in[0] = id;
	for (i = 0; i < n; i++)
		self->in[1 + i] = PFN(page) + i;
	return call(self, HVCALL_DEPOSIT_MEMORY, n);
}

static long withdraw(FIXTURE_DATA(parent) *self, u64 id, unsigned int n)
{
	self->in[0] = id;
	self->in[1] = 0;
	return call(self, HVCALL_WITHDRAW_MEMORY, n);
}

static long map(FIXTURE_DATA(parent) *self, int fd, u64 id, u64 gpa, void *page, u32 flags)
{
	self->in[0] = id;
	self->in[1] = gpa / PAGE;
	self->in[2] = flags;
	self->in[3] = PFN(page);
	return call_fd(self, fd, HVCALL_MAP_GPA_PAGES, 1);
}

static long unmap(FIXTURE_DATA(parent) *self, int fd, u64 id, u64 gpa)
{
	self->in[0] = id;
	self->in[1] = gpa / PAGE;
	return call_fd(self, fd, HVCALL_UNMAP_GPA_PAGES, 1);
}

static long create_vp(FIXTURE_DATA(parent) *self, u64 id, u32 index)
{
	memset(self->in, 0, sizeof(self->in));
	self->in[0] = id;
	self->in[1] = index;
	return call(self, HVCALL_CREATE_VP, 0);
}

FIXTURE_SETUP(parent)
{
	ASSERT_EQ(0, vmm_count("partitions"));
	vmm_setup(&self->vm, 1);
	self->dev = vmm_open();
	ASSERT_LE(0, self->dev);
	self->pool = vmm_alloc(PAGES * PAGE);
	memset(self->in, 0, sizeof(self->in));
	ASSERT_EQ(0, call(self, HVCALL_CREATE_PARTITION, 0));
	self->id = self->out[0];
}

FIXTURE_TEARDOWN(parent)
{
	close(self->dev);
	vmm_teardown(&self->vm);
	EXPECT_TRUE(vmm_count_settles("partitions", 0));
	EXPECT_TRUE(vmm_count_settles("vps", 0));
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

/* state by state, each of the calls that are not for it is refused */
TEST_F(parent, life)
{
	EXPECT_EQ(2, vmm_count("partitions"));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, on(self, self->id, HVCALL_CREATE_VP));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  on(self, self->id, HVCALL_FINALIZE_PARTITION));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY, on(self, self->id, HVCALL_INITIALIZE_PARTITION));
	ASSERT_EQ(0, deposit(self, self->id, self->pool, PAGES));
	EXPECT_EQ(0, on(self, self->id, HVCALL_INITIALIZE_PARTITION));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  on(self, self->id, HVCALL_INITIALIZE_PARTITION));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, on(self, self->id, HVCALL_DELETE_PARTITION));
	EXPECT_EQ(0, create_vp(self, self->id, 3));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, create_vp(self, self->id, 3));
	EXPECT_EQ(2, vmm_count("vps"));
	EXPECT_EQ(0, on(self, self->id, HVCALL_FINALIZE_PARTITION));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  on(self, self->id, HVCALL_FINALIZE_PARTITION));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, on(self, self->id, HVCALL_DELETE_PARTITION));
	EXPECT_EQ(0, withdraw(self, self->id, PAGES));
	EXPECT_EQ(HV_STATUS_NO_RESOURCES, withdraw(self, self->id, 1));
	EXPECT_EQ(0, on(self, self->id, HVCALL_DELETE_PARTITION));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, on(self, self->id, HVCALL_DELETE_PARTITION));
	EXPECT_EQ(1, vmm_count("partitions"));
	PROVES("HC-0040 HC-0041 HC-0042 HC-0043 HC-0041/INVALID_PARTITION_STATE");
	PROVES("HC-0041/INSUFFICIENT_MEMORY HC-0043/OPERATION_DENIED B-5-027 B-5-033 B-5-035");
	PROVES("HC-0042/INVALID_PARTITION_STATE HC-0043/INVALID_PARTITION_STATE");
	PROVES("PROP-partition-state-0 PROP-partition-state-1 PROP-partition-state-3");
}

/* those of this process, in the order they were made */
TEST_F(parent, children_of_the_root)
{
	u64 hosted;

	self->in[0] = HV_PARTITION_ID_SELF;
	self->in[1] = 0;
	ASSERT_EQ(0, call(self, HVCALL_GET_NEXT_CHILD_PARTITION, 0));
	hosted = self->out[0];
	EXPECT_LT(hosted, self->id);
	self->in[1] = hosted;
	ASSERT_EQ(0, call(self, HVCALL_GET_NEXT_CHILD_PARTITION, 0));
	EXPECT_EQ(self->id, self->out[0]);
	self->in[1] = self->id;
	ASSERT_EQ(0, call(self, HVCALL_GET_NEXT_CHILD_PARTITION, 0));
	EXPECT_EQ(0, self->out[0]);
	self->in[1] = 1ULL << 60;
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  call(self, HVCALL_GET_NEXT_CHILD_PARTITION, 0));
	self->in[0] = 1ULL << 60;
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  call(self, HVCALL_GET_NEXT_CHILD_PARTITION, 0));
	PROVES("HC-0047 HC-0047/INVALID_PARTITION_ID B-5-036 B-5-037");
}

TEST_F(parent, pools)
{
	char *hole = vmm_alloc(PAGE);
	unsigned int i;

	/* the root's own is the kernel's */
	EXPECT_EQ(0, on(self, HV_PARTITION_ID_SELF, HVCALL_GET_MEMORY_BALANCE));
	EXPECT_NE(0, self->out[0]);
	EXPECT_NE(0, self->out[1]);
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  deposit(self, HV_PARTITION_ID_SELF, self->pool, 1));
	EXPECT_EQ(HV_STATUS_NO_RESOURCES, withdraw(self, HV_PARTITION_ID_SELF, 1));

	/* only pages that are there, are in no guest, and in no pool */
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, deposit(self, self->id, self->vm.ram, 1));
	munmap(hole, PAGE);
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, deposit(self, self->id, hole, 1));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  deposit(self, self->id, (void *)0xffff888000000000, 1));
	memset(self->pool, 0xa5, PAGES * PAGE);
	EXPECT_EQ(0, deposit(self, self->id, self->pool, PAGES));
	EXPECT_EQ(PAGES, self->reps);
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, deposit(self, self->id, self->pool, 1));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  map(self, self->vm.pt, 0, HIGH, self->pool, RWX));
	self->in[0] = self->id;
	self->in[1] = (u64)HV_PROXIMITY_INFO_VALID << 32 | 0x7777;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, call(self, HVCALL_GET_MEMORY_BALANCE, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, call(self, HVCALL_WITHDRAW_MEMORY, 1));
	EXPECT_EQ(0, on(self, self->id, HVCALL_GET_MEMORY_BALANCE));
	EXPECT_EQ(PAGES, self->out[0]);
	EXPECT_EQ(0, self->out[1]);
	EXPECT_EQ(HV_STATUS_NO_RESOURCES, withdraw(self, self->id, PAGES + 1));
	EXPECT_EQ(PAGES, self->reps);
	for (i = 0; i < PAGES; i++) {
		EXPECT_LE(PFN(self->pool), self->out[i]);
		EXPECT_GT(PFN(self->pool) + PAGES, self->out[i]);
	}
	for (i = 0; i < PAGES * PAGE; i++)
		ASSERT_EQ(0, self->pool[i]);
	PROVES("HC-0048 HC-0049 HC-004A HC-0048/OPERATION_DENIED HC-0049/NO_RESOURCES");
	PROVES("HC-0049/INVALID_PARAMETER HC-004A/INVALID_PARAMETER");
	PROVES("B-7-009 B-7-010 B-7-014 B-7-015 B-7-016 B-7-018");
}

/* what another process has is not there to be named */
TEST_F(parent, other_processes)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		bool ok = on(self, self->id, HVCALL_GET_MEMORY_BALANCE) == HV_STATUS_ACCESS_DENIED;

		ok &= on(self, self->id, HVCALL_DELETE_PARTITION) == HV_STATUS_ACCESS_DENIED;
		self->in[0] = HV_PARTITION_ID_SELF;
		self->in[1] = 0;
		ok &= !call(self, HVCALL_GET_NEXT_CHILD_PARTITION, 0) && !self->out[0];
		_exit(!ok);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(0, status);
	PROVES("HC-004A/ACCESS_DENIED HC-0043/ACCESS_DENIED");
}

/* the descriptor they were made through is their life */
TEST_F(parent, descriptor_closed)
{
	u64 id = self->id;

	ASSERT_EQ(0, deposit(self, id, self->pool, PAGES));
	ASSERT_EQ(0, on(self, id, HVCALL_INITIALIZE_PARTITION));
	ASSERT_EQ(0, create_vp(self, id, 0));
	close(self->dev);
	EXPECT_EQ(1, vmm_count("partitions"));
	EXPECT_EQ(1, vmm_count("vps"));
	self->dev = vmm_open();
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, on(self, id, HVCALL_GET_MEMORY_BALANCE));
	PROVES("B-5-033");
}

/* RBX: address.  Reads 8 bytes there, then writes RCX, for ever */
GUEST_CODE(both, "64",
	   "1:	mov	(%rbx), %rax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "mov	%rcx, (%rbx)\n\t"
	   "outl	%eax, $0xe1\n\t"
	   "jmp	1b");

/* HvMapGpaPages on a partition with regions: page by page, over them and where there are none */
TEST_F(parent, maps_over_regions)
{
	struct vmm_vp *vp = &self->vm.vp[0];
	u64 *page = vmm_alloc(PAGE), *region = vmm_add_memory(&self->vm, HIGH, 4 * PAGE, VMM_RWX);
	struct hv_message msg;
	int pt = self->vm.pt;

	*page = 0x1111;
	*region = 0x2222;
	vmm_start64(vp, &both);
	vmm_set_reg(vp, HV_X64_REGISTER_RBX, HIGH);
	vmm_set_reg(vp, HV_X64_REGISTER_RCX, 0x3333);
	EXPECT_EQ(0x2222, vmm_run_out(vp, 0xe0));
	vmm_run_out(vp, 0xe1);
	EXPECT_EQ(0x3333, *region);

	/* another page in its place, to be read only */
	ASSERT_EQ(0, map(self, pt, 0, HIGH, page, HV_MAP_GPA_READABLE));
	EXPECT_EQ(0x1111, vmm_run_out(vp, 0xe0));
	vmm_run_to(vp, HVMSG_GPA_INTERCEPT, &msg);
	EXPECT_EQ(HIGH, vmm_mem_msg(&msg)->base.gpa);
	ASSERT_EQ(0, map(self, pt, 0, HIGH, page, RWX));
	vmm_run_out(vp, 0xe1);
	EXPECT_EQ(0x3333, *page);
	EXPECT_EQ(0x3333, *region);

	/* no rights at all, and not there at all */
	ASSERT_EQ(0, map(self, pt, 0, HIGH, page, 0));
	vmm_run_to(vp, HVMSG_GPA_INTERCEPT, &msg);
	ASSERT_EQ(0, unmap(self, pt, 0, HIGH));
	vmm_run_to(vp, HVMSG_UNMAPPED_GPA, &msg);
	EXPECT_EQ(HIGH, vmm_mem_msg(&msg)->base.gpa);

	/* the page goes from under it */
	ASSERT_EQ(0, map(self, pt, 0, HIGH, page, RWX));
	*page = 0x4444;
	EXPECT_EQ(0x4444, vmm_run_out(vp, 0xe0));
	ASSERT_EQ(page, mmap(page, PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	vmm_run_out(vp, 0xe1);
	EXPECT_EQ(0x3333, *page);
	PROVES("HC-004B HC-004C B-8-001 B-8-009 B-8-013 B-8-021");
}

/* ---- VPs of a partition made by hypercall: kernel threads run them ---- */

#define VP_CODE		0x1000
#define VP_COUNT	0x2000
#define VP_LATE		0x8000

/* real mode at VP_CODE: a write, a read whose answer it passes on, memory that is not there yet */
GUEST_CODE(thread_code, "16",
	   "mov	$0x1234, %ax\n\t"
	   "out	%ax, $0xe0\n\t"
	   "in	$0xe1, %al\n\t"
	   "out	%al, $0xe2\n\t"
	   "mov	0x8000, %ax\n\t"
	   "out	%ax, $0xe0\n\t"
	   "1:	incl	0x2000\n\t"
	   "jmp	1b");

static long set_reg(FIXTURE_DATA(parent) *self, u32 vp, u32 name, union hv_register_value val)
{
	struct hv_input_set_vp_registers *in = (void *)self->in;

	memset(self->in, 0, sizeof(self->in));
	in->partition_id = self->id;
	in->vp_index = vp;
	in->elements[0].name = name;
	in->elements[0].value = val;
	return call(self, HVCALL_SET_VP_REGISTERS, 1);
}

static long set_reg64(FIXTURE_DATA(parent) *self, u32 vp, u32 name, u64 val)
{
	union hv_register_value v = { .reg64 = val };

	return set_reg(self, vp, name, v);
}

static u64 get_reg64(FIXTURE_DATA(parent) *self, u32 vp, u32 name)
{
	struct hv_input_get_vp_registers *in = (void *)self->in;

	memset(self->in, 0, sizeof(self->in));
	in->partition_id = self->id;
	in->vp_index = vp;
	in->names[0] = name;
	return call(self, HVCALL_GET_VP_REGISTERS, 1) ? ~0ULL : self->out[0];
}

static long intercept_port(FIXTURE_DATA(parent) *self, u16 port)
{
	struct hv_input_install_intercept in = {
		.partition_id = self->id,
		.access_type = HV_INTERCEPT_ACCESS_MASK_READ | HV_INTERCEPT_ACCESS_MASK_WRITE,
		.intercept_type = HV_INTERCEPT_TYPE_X64_IO_PORT, .intercept_parameter = port,
	};

	memset(self->in, 0, sizeof(self->in));
	memcpy(self->in, &in, sizeof(in));
	return call(self, HVCALL_INSTALL_INTERCEPT, 0);
}

static bool next_message(FIXTURE_DATA(parent) *self, struct hv_message *msg)
{
	struct pollfd p = { .fd = self->dev, .events = POLLIN };

	return poll(&p, 1, 3 * VMM_LONG) == 1 && read(self->dev, msg, sizeof(*msg)) == sizeof(*msg);
}

/* on behind the instruction of @msg */
static void resume(FIXTURE_DATA(parent) *self, u32 vp, const struct hv_message *msg, bool skip)
{
	const struct hv_x64_intercept_message_header *h = (const void *)msg->payload;

	if (skip)
		set_reg64(self, vp, HV_X64_REGISTER_RIP,
			  h->rip + (h->instruction_length_cr8 & 15));
	set_reg64(self, vp, HV_REGISTER_INTERCEPT_SUSPEND, 0);
}

/* active, with memory and @vps VPs that are about to start at VP_CODE: its memory */
static char *make_runnable(struct __test_metadata *_metadata, FIXTURE_DATA(parent) *self,
			   unsigned int vps)
{
	union hv_register_value cs = {
		.segment = { .limit = 0xffff, .attributes = 0x9b },
	};
	char *ram = vmm_alloc(8 * PAGE);
	unsigned int i;

	EXPECT_EQ(0, deposit(self, self->id, self->pool, PAGES));
	EXPECT_EQ(0, on(self, self->id, HVCALL_INITIALIZE_PARTITION));
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, map(self, self->dev, self->id, i * PAGE, ram + i * PAGE, RWX));
	memcpy(ram + VP_CODE, thread_code.start, vmm_code_size(&thread_code));
	for (i = 0xe0; i <= 0xe2; i++)
		EXPECT_EQ(0, intercept_port(self, i));
	for (i = 0; i < vps; i++) {
		EXPECT_EQ(0, create_vp(self, self->id, i));
		EXPECT_EQ(0, set_reg(self, i, HV_X64_REGISTER_CS, cs));
		EXPECT_EQ(0, set_reg64(self, i, HV_X64_REGISTER_RIP, VP_CODE));
		if (i)
			EXPECT_EQ(0, set_reg64(self, i, HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0));
	}
	return ram;
}

TEST_F(parent, threads_run_vps)
{
	char *ram = make_runnable(_metadata, self, 1);
	u64 *late = vmm_alloc(PAGE);
	struct hv_message msg;
	u64 count;

	/* not before it is said */
	EXPECT_EQ(0, *(u32 *)(ram + VP_COUNT));
	EXPECT_EQ(1, get_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND));
	ASSERT_EQ(0, set_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND, 0));

	ASSERT_TRUE(next_message(self, &msg));
	EXPECT_EQ(HVMSG_X64_IO_PORT_INTERCEPT, msg.header.message_type);
	EXPECT_EQ(self->id, msg.header.sender);
	EXPECT_EQ(0xe0, vmm_io_msg(&msg)->port_number);
	EXPECT_EQ(0x1234, (u16)vmm_io_msg(&msg)->rax);
	EXPECT_EQ(1, get_reg64(self, 0, HV_REGISTER_INTERCEPT_SUSPEND));
	resume(self, 0, &msg, true);

	ASSERT_TRUE(next_message(self, &msg));
	EXPECT_EQ(0xe1, vmm_io_msg(&msg)->port_number);
	EXPECT_EQ(HV_INTERCEPT_ACCESS_READ, vmm_io_msg(&msg)->header.intercept_access_type);
	ASSERT_EQ(0, set_reg64(self, 0, HV_X64_REGISTER_RAX, 0x5a));
	resume(self, 0, &msg, true);

	ASSERT_TRUE(next_message(self, &msg));
	EXPECT_EQ(0xe2, vmm_io_msg(&msg)->port_number);
	EXPECT_EQ(0x5a, (u8)vmm_io_msg(&msg)->rax);
	resume(self, 0, &msg, true);

	ASSERT_TRUE(next_message(self, &msg));
	EXPECT_EQ(HVMSG_UNMAPPED_GPA, msg.header.message_type);
	EXPECT_EQ(VP_LATE, vmm_mem_msg(&msg)->base.gpa);
	*late = 0x7777;
	ASSERT_EQ(0, map(self, self->dev, self->id, VP_LATE, late, HV_MAP_GPA_READABLE));
	resume(self, 0, &msg, false);

	ASSERT_TRUE(next_message(self, &msg));
	EXPECT_EQ(0x7777, (u16)vmm_io_msg(&msg)->rax);
	resume(self, 0, &msg, true);
	count = LOAD((u32 *)(ram + VP_COUNT));
	EXPECT_TRUE(vmm_wait_change((u64 *)(ram + VP_COUNT), count));

	/* at its registers while it runs, suspended, deleted while it runs */
	EXPECT_LE(VP_CODE, get_reg64(self, 0, HV_X64_REGISTER_RIP));
	EXPECT_EQ(0, set_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND, 1));
	get_reg64(self, 0, HV_X64_REGISTER_RIP);
	EXPECT_FALSE(vmm_moves((u64 *)(ram + VP_COUNT), 20));
	EXPECT_EQ(0, set_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND, 0));
	EXPECT_TRUE(vmm_moves((u64 *)(ram + VP_COUNT), VMM_LONG));
	EXPECT_EQ(0, on(self, self->id, HVCALL_DELETE_VP));
	EXPECT_FALSE(vmm_moves((u64 *)(ram + VP_COUNT), 20));
	PROVES("HC-004E HC-004F B-10-010 B-10-019 B-9-001 B-9-002 B-9-003 B-8-002");
}

/* each has a message of its own; whoever made the partition reads them, and nobody else */
TEST_F(parent, messages_to_the_root)
{
	struct hv_message msg, other;
	unsigned int i, seen = 0;
	int dev = vmm_open();

	make_runnable(_metadata, self, 2);
	ASSERT_EQ(0, fcntl(dev, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->dev, &msg, sizeof(msg) - 1));
	EXPECT_EQ(EINVAL, errno);
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, set_reg64(self, i, HV_REGISTER_EXPLICIT_SUSPEND, 0));
	for (i = 0; i < 2; i++) {
		struct pollfd ready = { .fd = self->dev, .events = POLLIN };

		/* while one is there nobody else's descriptor has it */
		ASSERT_EQ(1, poll(&ready, 1, VMM_LONG));
		EXPECT_EQ(-1, read(dev, &other, sizeof(other)));
		EXPECT_EQ(EAGAIN, errno);
		ASSERT_TRUE(next_message(self, &msg));
		EXPECT_EQ(0xe0, vmm_io_msg(&msg)->port_number);
		seen |= 1 << vmm_io_msg(&msg)->header.vp_index;
	}
	EXPECT_EQ(3, seen);
	ASSERT_EQ(0, fcntl(self->dev, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->dev, &msg, sizeof(msg)));
	EXPECT_EQ(EAGAIN, errno);

	/* one that nobody reads goes with its VP */
	for (i = 0; i < 2; i++)
		resume(self, i, &msg, true);
	EXPECT_EQ(0, on(self, self->id, HVCALL_FINALIZE_PARTITION));
	EXPECT_EQ(-1, read(self->dev, &msg, sizeof(msg)));
	close(dev);
	PROVES("B-9-001 HC-0042");
}

/* of two VPs, read when both have come: in the order in which they were made */
TEST_F(parent, messages_in_order)
{
	unsigned int round, i, first;
	struct hv_message msg;
	u64 end;

	make_runnable(_metadata, self, 2);
	for (round = 0; round < 4; round++) {
		first = round & 1;
		for (i = 0; i < 2; i++) {
			u32 vp = i ^ first;

			set_reg64(self, vp, HV_X64_REGISTER_RIP, VP_CODE);
			ASSERT_EQ(0, set_reg64(self, vp, round ? HV_REGISTER_INTERCEPT_SUSPEND :
					       HV_REGISTER_EXPLICIT_SUSPEND, 0));
			end = vmm_now_ms() + VMM_LONG;
			while (!get_reg64(self, vp, HV_REGISTER_INTERCEPT_SUSPEND) &&
			       vmm_now_ms() < end)
				vmm_sleep_ms(1);
		}
		for (i = 0; i < 2; i++) {
			ASSERT_TRUE(next_message(self, &msg));
			EXPECT_EQ(i ^ first, vmm_io_msg(&msg)->header.vp_index)
				TH_LOG("round %u", round);
		}
	}
	PROVES("B-9-005");
}

/* a partition of the other kind has VPs with descriptors */
TEST_F(parent, vps_of_hosted_partitions)
{
	u64 hosted;

	self->in[0] = HV_PARTITION_ID_SELF;
	self->in[1] = 0;
	ASSERT_EQ(0, call(self, HVCALL_GET_NEXT_CHILD_PARTITION, 0));
	hosted = self->out[0];
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, create_vp(self, hosted, 1));
}

/* until the VP is suspended by an intercept */
static bool intercepted(FIXTURE_DATA(parent) *self, u32 vp)
{
	u64 end = vmm_now_ms() + VMM_LONG;

	while (get_reg64(self, vp, HV_REGISTER_INTERCEPT_SUSPEND) != HV_SUSPEND_SUSPENDED) {
		if (vmm_now_ms() > end)
			return false;
		vmm_sleep_ms(1);
	}
	return true;
}

/* one message buffer a VP: an intercept whose message nobody has read yet gives way (14.2.6) */
TEST_F(parent, unread_message)
{
	struct hv_message msg;

	make_runnable(_metadata, self, 1);
	ASSERT_EQ(0, set_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND, 0));
	ASSERT_TRUE(intercepted(self, 0));
	EXPECT_EQ(VP_CODE + 3, get_reg64(self, 0, HV_X64_REGISTER_RIP));
	set_reg64(self, 0, HV_X64_REGISTER_RIP, VP_CODE + 5);
	set_reg64(self, 0, HV_REGISTER_INTERCEPT_SUSPEND, 0);
	ASSERT_TRUE(intercepted(self, 0));
	EXPECT_EQ(VP_CODE + 5, get_reg64(self, 0, HV_X64_REGISTER_RIP));
	ASSERT_TRUE(next_message(self, &msg));
	EXPECT_EQ(0xe1, vmm_io_msg(&msg)->port_number);
	EXPECT_EQ(VP_CODE + 5, vmm_io_msg(&msg)->header.rip);
	EXPECT_EQ(0, msg.header.message_flags);
	ASSERT_EQ(0, fcntl(self->dev, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->dev, &msg, sizeof(msg)));
	PROVES("B-14-003 B-14-019");
}

static long delete_vp(FIXTURE_DATA(parent) *self, u32 vp)
{
	memset(self->in, 0, sizeof(self->in));
	self->in[0] = self->id;
	self->in[1] = vp;
	return call(self, HVCALL_DELETE_VP, 0);
}

/* what a VP has goes with it: its index is free, its pages are, its message is not read */
TEST_F(parent, deleted_vp)
{
	struct hv_message msg;
	u64 in_use;

	make_runnable(_metadata, self, 1);
	ASSERT_EQ(0, on(self, self->id, HVCALL_GET_MEMORY_BALANCE));
	in_use = self->out[1];
	ASSERT_EQ(0, create_vp(self, self->id, 3));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, create_vp(self, self->id, 3));
	EXPECT_EQ(3, get_reg64(self, 3, HV_REGISTER_VP_INDEX));
	ASSERT_EQ(0, on(self, self->id, HVCALL_GET_MEMORY_BALANCE));
	EXPECT_LT(in_use, self->out[1]);
	ASSERT_EQ(0, delete_vp(self, 3));
	EXPECT_EQ(~0ULL, get_reg64(self, 3, HV_REGISTER_VP_INDEX));
	ASSERT_EQ(0, on(self, self->id, HVCALL_GET_MEMORY_BALANCE));
	EXPECT_EQ(in_use, self->out[1]);
	ASSERT_EQ(0, create_vp(self, self->id, 3));
	EXPECT_EQ(3, get_reg64(self, 3, HV_REGISTER_VP_INDEX));
	/* a message that waits */
	ASSERT_EQ(0, set_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND, 0));
	ASSERT_TRUE(intercepted(self, 0));
	ASSERT_EQ(0, delete_vp(self, 0));
	ASSERT_EQ(0, fcntl(self->dev, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->dev, &msg, sizeof(msg)));
	PROVES("B-10-001 B-10-039");
}

/* a pool that has enough for the partition and not for a VP; a reserve beyond the processors */
TEST_F(parent, vp_refused)
{
	unsigned int pages, cpus = sysconf(_SC_NPROCESSORS_ONLN), i;

	for (pages = 0; on(self, self->id, HVCALL_INITIALIZE_PARTITION); pages++)
		ASSERT_EQ(0, deposit(self, self->id, self->pool + pages * PAGE, 1));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY, create_vp(self, self->id, 0));
	ASSERT_EQ(0, deposit(self, self->id, self->pool + pages * PAGE, PAGES - pages));
	EXPECT_EQ(0, create_vp(self, self->id, 0));
	PROVES("HC-004E/INSUFFICIENT_MEMORY");
	if (cpus > 2)
		return;
	memset(self->in, 0, sizeof(self->in));
	self->in[0] = self->id;
	self->in[1] = HV_PARTITION_PROPERTY_CPU_RESERVE;
	self->in[2] = 0x10000;
	ASSERT_EQ(0, call(self, HVCALL_SET_PARTITION_PROPERTY, 0));
	for (i = 1; i < cpus; i++)
		EXPECT_EQ(0, create_vp(self, self->id, i));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, create_vp(self, self->id, i));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, create_vp(self, self->id, i));
	PROVES("HC-004E/OPERATION_DENIED");
}

/* between two instructions of its own, and costing nothing (10.1.3) */
TEST_F(parent, suspended_vp)
{
	char *ram = make_runnable(_metadata, self, 1);
	u64 rip, time;

	ASSERT_EQ(0, set_reg64(self, 0, HV_X64_REGISTER_RIP,
			       VP_CODE + vmm_code_size(&thread_code) - 7));
	ASSERT_EQ(0, set_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND, 0));
	ASSERT_TRUE(vmm_wait_change((u64 *)(ram + VP_COUNT), 0));
	ASSERT_EQ(0, set_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND, 1));
	rip = get_reg64(self, 0, HV_X64_REGISTER_RIP) - VP_CODE;
	time = get_reg64(self, 0, HV_REGISTER_VP_RUNTIME);
	EXPECT_TRUE(rip == vmm_code_size(&thread_code) - 7 ||
		    rip == vmm_code_size(&thread_code) - 2);
	EXPECT_LT(0, time);
	vmm_sleep_ms(50);
	EXPECT_EQ(time, get_reg64(self, 0, HV_REGISTER_VP_RUNTIME));
	EXPECT_EQ(rip, get_reg64(self, 0, HV_X64_REGISTER_RIP) - VP_CODE);
	ASSERT_EQ(0, set_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND, 0));
	EXPECT_TRUE(vmm_moves((u64 *)(ram + VP_COUNT), VMM_LONG));
	PROVES("B-10-005");
}

/* registers are set, and that is all: nothing is loaded, checked against memory or delivered */
TEST_F(parent, registers_without_side_effects)
{
	char *ram = make_runnable(_metadata, self, 1);
	u64 cr2 = get_reg64(self, 0, HV_X64_REGISTER_CR2);
	struct hv_message msg;

	/* no page table is there, and no code */
	ASSERT_EQ(0, set_reg64(self, 0, HV_X64_REGISTER_CR3, 0x7fff000));
	ASSERT_EQ(0, set_reg64(self, 0, HV_X64_REGISTER_CR0, 0x80000011));
	ASSERT_EQ(0, set_reg64(self, 0, HV_X64_REGISTER_RIP, 0x7ffff000));
	EXPECT_EQ(cr2, get_reg64(self, 0, HV_X64_REGISTER_CR2));
	EXPECT_EQ(0, get_reg64(self, 0, HV_X64_REGISTER_PENDING_INTERRUPTION));
	EXPECT_EQ(0, get_reg64(self, 0, HV_REGISTER_INTERCEPT_SUSPEND));
	ASSERT_EQ(0, fcntl(self->dev, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->dev, &msg, sizeof(msg)));
	ASSERT_EQ(0, set_reg64(self, 0, HV_X64_REGISTER_CR0, 0x10));
	ASSERT_EQ(0, set_reg64(self, 0, HV_X64_REGISTER_CR3, 0));
	ASSERT_EQ(0, set_reg64(self, 0, HV_X64_REGISTER_RIP,
			       VP_CODE + vmm_code_size(&thread_code) - 7));
	ASSERT_EQ(0, set_reg64(self, 0, HV_REGISTER_EXPLICIT_SUSPEND, 0));
	EXPECT_TRUE(vmm_wait_change((u64 *)(ram + VP_COUNT), 0));
	PROVES("B-10-042");
}

static u64 ref_time(FIXTURE_DATA(parent) *self, u64 id)
{
	memset(self->in, 0, sizeof(self->in));
	self->in[0] = id;
	self->in[1] = HV_PARTITION_PROPERTY_REFERENCE_TIME;
	return call(self, HVCALL_GET_PARTITION_PROPERTY, 0) ? ~0ULL : self->out[0];
}

/* who came later is behind, by as much at any time (15.1.2) */
TEST_F(parent, reference_times)
{
	u64 other, first, second, third, early, late;

	ASSERT_EQ(0, deposit(self, self->id, self->pool, PAGES / 2));
	ASSERT_EQ(0, on(self, self->id, HVCALL_INITIALIZE_PARTITION));
	vmm_sleep_ms(20);
	memset(self->in, 0, sizeof(self->in));
	ASSERT_EQ(0, call(self, HVCALL_CREATE_PARTITION, 0));
	other = self->out[0];
	ASSERT_EQ(0, deposit(self, other, self->pool + PAGES / 2 * PAGE, PAGES / 2));
	ASSERT_EQ(0, on(self, other, HVCALL_INITIALIZE_PARTITION));
	first = ref_time(self, self->id);
	early = ref_time(self, other);
	second = ref_time(self, self->id);
	EXPECT_LE(200000, first - early);
	vmm_sleep_ms(100);
	third = ref_time(self, self->id);
	late = ref_time(self, other);
	EXPECT_LE(1000000, late - early);
	/* what passed for one is what passed for the other, but for the time of the calls */
	EXPECT_LE(third - second, late - early);
	EXPECT_GE(ref_time(self, self->id) - first, late - early);
	PROVES("B-15-006");
}

/* ---- a guest that has children is killed ---- */

#define KILLS	12
#define LONG_MS	60000

static void kill_parent(struct __test_metadata *_metadata, pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ASSERT_TRUE(vmm_count_settles("partitions", 0));
	ASSERT_TRUE(vmm_count_settles("vps", 0));
	ASSERT_TRUE(vmm_count_settles("pages", 0));
}

TEST(kill_a_guest_with_children)
{
	unsigned int i, ms;
	pid_t pid;

	ASSERT_EQ(0, vmm_count("partitions"));
	for (i = 0; i < KILLS; i++) {
		pid = boot_start_parent();
		vmm_sleep_ms(200 + i * 150);
		kill_parent(_metadata, pid);
	}
	/* one at least is killed with a grandchild, however slow the host is */
	pid = boot_start_parent();
	for (ms = 0; ms < LONG_MS && vmm_count("partitions") < 3; ms += 20)
		vmm_sleep_ms(20);
	EXPECT_LE(3, vmm_count("partitions"));
	kill_parent(_metadata, pid);
}

TEST_HARNESS_MAIN
