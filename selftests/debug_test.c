// SPDX-License-Identifier: GPL-2.0-only
/*
 * debug_test.c - guest debugging (TLFS 20): what a guest posts and retrieves, and the descriptor at
 * the far end
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>

#include "harness.h"
#include "ports.h"

#define CHANNEL		0x1234
#define MAX_DATA	HV_DEBUG_MAXIMUM_DATA_SIZE
#define ROOM		8192		/* each way, as documented */

static const u16 calls[] = {
	HVCALL_POST_DEBUG_DATA, HVCALL_RETRIEVE_DEBUG_DATA, HVCALL_RESET_DEBUG_SESSION,
};

/* ---- the guest's side ---- */

static u16 post_at(struct vmm_vp *vp, u64 gpa, u32 count, u32 options, const void *data)
{
	const u32 head[2] = { count, options };
	u32 there = count < MAX_DATA ? count : MAX_DATA;

	vmm_write(vp->vm, gpa, head, sizeof(head));
	if (data)
		vmm_write(vp->vm, gpa + sizeof(head), data, there);
	return guest_call(vp, HVCALL_POST_DEBUG_DATA, gpa, GUEST_OUT);
}

static u16 post(struct vmm_vp *vp, u32 count, u32 options, const void *data)
{
	return post_at(vp, GUEST_IN, count, options, data);
}

static u16 retrieve_at(struct vmm_vp *vp, u64 out, u32 count, u32 options, u64 timeout)
{
	const struct hv_input_retrieve_debug_data in = {
		.count = count, .options = options, .timeout = timeout,
	};

	memset(vmm_gpa(vp->vm, GUEST_OUT), 0xee, TLFS_PAGE_SIZE);
	vmm_write(vp->vm, GUEST_IN, &in, sizeof(in));
	return guest_call(vp, HVCALL_RETRIEVE_DEBUG_DATA, GUEST_IN, out);
}

static u16 retrieve(struct vmm_vp *vp, u32 count, u32 options)
{
	return retrieve_at(vp, GUEST_OUT, count, options, 0);
}

static u16 reset(struct vmm_vp *vp, u32 options)
{
	return guest_call(vp, HVCALL_RESET_DEBUG_SESSION | HV_HYPERCALL_FAST, options, 0);
}

static const struct hv_output_retrieve_debug_data *got(struct vmm_vp *vp)
{
	return vmm_gpa(vp->vm, GUEST_OUT);
}

static u32 pending(struct vmm_vp *vp)
{
	return *(u32 *)vmm_gpa(vp->vm, GUEST_OUT);
}

static int open_debug(int pt, u64 id)
{
	struct tlfs_open_debug arg = { .partition_id = id };

	return vmm_ioctl(pt, TLFS_OPEN_DEBUG, &arg);
}

FIXTURE(debug) {
	struct vmm vm;
	struct vmm_vp *vp;
	int fd;
	u8 data[3 * ROOM];
};

FIXTURE_SETUP(debug)
{
	unsigned int i;

	pt_setup(&self->vm, HV_PRIV_DEBUGGING, 1);
	self->vp = &self->vm.vp[0];
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID,
				      CHANNEL));
	self->fd = open_debug(self->vm.pt, 0);
	ASSERT_LE(0, self->fd);
	for (i = 0; i < sizeof(self->data); i++)
		self->data[i] = i * 7 + i / 256;
}

FIXTURE_TEARDOWN(debug)
{
	close(self->fd);
	vmm_teardown(&self->vm);
	EXPECT_TRUE(vmm_count_settles("partitions", 0));
}

/* privilege, session, channel, in this order; the session is made at INITIALIZE or not at all */
TEST(who_may)
{
	struct hv_input_retrieve_debug_data in = { .count = 0 };
	struct vmm vm;
	unsigned int i;
	u64 mask;

	pt_setup(&vm, 0, 1);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		EXPECT_EQ(HV_STATUS_ACCESS_DENIED, guest_call_in(&vm.vp[0], calls[i], &in,
								 sizeof(in)));
	EXPECT_EQ(-ENXIO, open_debug(vm.pt, 0));
	vmm_teardown(&vm);

	vmm_setup(&vm, 0);
	ASSERT_EQ(0, vmm_get_property(vm.pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, &mask));
	ASSERT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS,
				      mask | HV_PRIV_DEBUGGING));
	ASSERT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, CHANNEL));
	EXPECT_EQ(-ENXIO, open_debug(vm.pt, 0));
	pt_add_vp(&vm, 0);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		EXPECT_EQ(HV_STATUS_FEATURE_UNAVAILABLE,
			  guest_call_in(&vm.vp[0], calls[i], &in, sizeof(in)));
	vmm_teardown(&vm);

	pt_setup(&vm, HV_PRIV_DEBUGGING, 1);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		EXPECT_EQ(HV_STATUS_OPERATION_DENIED, guest_call_in(&vm.vp[0], calls[i], &in,
								    sizeof(in)));
	vmm_teardown(&vm);
	PROVES("HC-0069/ACCESS_DENIED HC-006A/ACCESS_DENIED HC-006B/ACCESS_DENIED");
	PROVES("HC-0069/FEATURE_UNAVAILABLE HC-006A/FEATURE_UNAVAILABLE");
	PROVES("HC-006B/FEATURE_UNAVAILABLE HC-0069/OPERATION_DENIED HC-006A/OPERATION_DENIED");
	PROVES("HC-006B/OPERATION_DENIED B-20-001 B-20-002 PROP-privilege-bit-43");
}

TEST_F(debug, parameters)
{
	struct vmm_vp *vp = self->vp;

	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, post(vp, MAX_DATA + 1, 0, NULL));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, post(vp, ~0u, 0, NULL));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, post(vp, 1, 2, NULL));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retrieve(vp, MAX_DATA + 1, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retrieve(vp, ~0u, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retrieve(vp, 1, 4));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, reset(vp, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, reset(vp, 4));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, reset(vp, 7));

	/* up to the end of the page, and no further */
	EXPECT_EQ(0, post_at(vp, GUEST_IN + 0xff0, 8, 0, self->data));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, post_at(vp, GUEST_IN + 0xff0, 9, 0, self->data));
	ASSERT_EQ(1, write(self->fd, self->data, 1));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, retrieve_at(vp, GUEST_OUT + 0xff0, 9, 0, 0));
	EXPECT_EQ(0, retrieve_at(vp, GUEST_OUT + 0xff0, 8, 0, 0));
	EXPECT_EQ(HV_STATUS_INVALID_ALIGNMENT, post_at(vp, GUEST_IN + 4, 1, 0, self->data));
	PROVES("HC-0069/INVALID_PARAMETER HC-006A/INVALID_PARAMETER HC-006B/INVALID_PARAMETER");
	PROVES("B-20-011 PROP-constant-4088");
}

/* all or nothing, in order, and told how much waits */
TEST_F(debug, posting)
{
	struct vmm_vp *vp = self->vp;
	u8 back[ROOM];

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	EXPECT_EQ(-1, read(self->fd, back, sizeof(back)));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, post(vp, 0, 0, NULL));
	EXPECT_EQ(0, pending(vp));
	EXPECT_EQ(0, post(vp, 5, 0, self->data));
	EXPECT_EQ(5, pending(vp));
	EXPECT_EQ(0, post(vp, MAX_DATA, 0, self->data + 5));
	EXPECT_EQ(5 + MAX_DATA, pending(vp));
	EXPECT_EQ(0, post(vp, 0, 0, NULL));
	EXPECT_EQ(5 + MAX_DATA, pending(vp));
	EXPECT_EQ(0, post(vp, MAX_DATA - 5, 0, self->data + 5 + MAX_DATA));
	EXPECT_EQ(2 * MAX_DATA, pending(vp));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_BUFFERS, post(vp, MAX_DATA, 0, self->data));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_BUFFERS,
		  post(vp, MAX_DATA, HV_DEBUG_POST_LOOP, self->data));
	/* none of what was refused is there */
	EXPECT_EQ(2 * MAX_DATA, read(self->fd, back, sizeof(back)));
	EXPECT_EQ(0, memcmp(back, self->data, 2 * MAX_DATA));
	EXPECT_EQ(0, post(vp, 3, HV_DEBUG_POST_LOOP, self->data + 100));
	EXPECT_EQ(3, pending(vp));
	EXPECT_EQ(2, read(self->fd, back, 2));
	EXPECT_EQ(1, read(self->fd, back + 2, sizeof(back) - 2));
	EXPECT_EQ(0, memcmp(back, self->data + 100, 3));
	PROVES("HC-0069 HC-0069/INSUFFICIENT_BUFFERS B-20-005 B-20-010 PROP-debug-option-0x1");
}

TEST_F(debug, retrieving)
{
	const struct hv_output_retrieve_debug_data *out = got(self->vp);
	struct vmm_vp *vp = self->vp;

	EXPECT_EQ(HV_STATUS_NO_DATA, retrieve(vp, MAX_DATA, 0));
	EXPECT_EQ(HV_STATUS_NO_DATA, retrieve(vp, 0, 0));
	ASSERT_EQ(100, write(self->fd, self->data, 100));
	EXPECT_EQ(0, retrieve(vp, 0, 0));
	EXPECT_EQ(0, out->retrieved_count);
	EXPECT_EQ(100, out->remaining_count);
	EXPECT_EQ(0xee, out->data[0]);
	EXPECT_EQ(0, retrieve(vp, 40, 0));
	EXPECT_EQ(40, out->retrieved_count);
	EXPECT_EQ(60, out->remaining_count);
	EXPECT_EQ(0, memcmp(out->data, self->data, 40));
	/* nothing of ours behind it */
	EXPECT_EQ(0xee, out->data[40]);
	EXPECT_EQ(0, retrieve(vp, MAX_DATA, 0));
	EXPECT_EQ(60, out->retrieved_count);
	EXPECT_EQ(0, out->remaining_count);
	EXPECT_EQ(0, memcmp(out->data, self->data + 40, 60));
	EXPECT_EQ(HV_STATUS_NO_DATA, retrieve(vp, MAX_DATA, 0));
	PROVES("HC-006A HC-006A/NO_DATA B-20-012");
}

/* a wire: what there is no room for is lost */
TEST_F(debug, flood)
{
	const struct hv_output_retrieve_debug_data *out = got(self->vp);
	struct pollfd p = { .fd = self->fd, .events = POLLOUT };
	unsigned int n = 0;

	EXPECT_EQ(1, poll(&p, 1, 0));
	ASSERT_EQ(sizeof(self->data), write(self->fd, self->data, sizeof(self->data)));
	EXPECT_EQ(0, poll(&p, 1, 0));
	while (!retrieve(self->vp, MAX_DATA, 0)) {
		ASSERT_EQ(0, memcmp(out->data, self->data + n, out->retrieved_count));
		n += out->retrieved_count;
	}
	EXPECT_EQ(ROOM, n);
	EXPECT_EQ(1, poll(&p, 1, 0));
	PROVES("B-20-006");
}

TEST_F(debug, activity)
{
	const u32 test = HV_DEBUG_RETRIEVE_TEST_ACTIVITY;

	EXPECT_EQ(HV_STATUS_INACTIVE, retrieve(self->vp, 10, test));
	ASSERT_EQ(2, write(self->fd, self->data, 2));
	EXPECT_EQ(0, retrieve(self->vp, 1, test));
	/* a byte is left, but none has come since */
	EXPECT_EQ(HV_STATUS_INACTIVE, retrieve(self->vp, 1, test));
	EXPECT_EQ(0, retrieve(self->vp, 1, 0));
	ASSERT_EQ(1, write(self->fd, self->data, 1));
	EXPECT_EQ(0, reset(self->vp, HV_DEBUG_PURGE_INCOMING_DATA));
	EXPECT_EQ(HV_STATUS_NO_DATA, retrieve(self->vp, 1, test));
	PROVES("HC-006A/INACTIVE B-20-008 PROP-debug-option-0x2");
}

TEST_F(debug, purging)
{
	struct vmm_vp *vp = self->vp;
	unsigned int what;
	u8 back[16];

	ASSERT_EQ(0, fcntl(self->fd, F_SETFL, O_NONBLOCK));
	for (what = 1; what <= 3; what++) {
		EXPECT_EQ(HV_STATUS_NO_DATA, reset(vp, what));
		ASSERT_EQ(4, write(self->fd, self->data, 4));
		ASSERT_EQ(0, post(vp, 4, 0, self->data));
		EXPECT_EQ(0, reset(vp, what));
		EXPECT_EQ(HV_STATUS_NO_DATA, reset(vp, what));
		EXPECT_EQ(what & HV_DEBUG_PURGE_INCOMING_DATA ? HV_STATUS_NO_DATA : 0,
			  retrieve(vp, 16, 0));
		EXPECT_EQ(what & HV_DEBUG_PURGE_OUTGOING_DATA ? -1 : 4,
			  read(self->fd, back, sizeof(back)));
	}
	PROVES("HC-006B HC-006B/NO_DATA B-20-007 B-20-013 PROP-debug-option-0x1~3");
	PROVES("PROP-debug-option-0x2~2");
}

static void *write_later(void *arg)
{
	int fd = *(int *)arg;

	vmm_sleep_ms(100);
	if (write(fd, "x", 1) != 1)
		abort();
	return NULL;
}

/* the VP is suspended while there is nothing, for as long as it asks at most */
TEST_F(debug, loops)
{
	u64 start = vmm_now_ms();
	pthread_t thread;
	unsigned int i;

	EXPECT_EQ(HV_STATUS_NO_DATA,
		  retrieve_at(self->vp, GUEST_OUT, 1, HV_DEBUG_RETRIEVE_LOOP, 600000));
	EXPECT_LE(55, vmm_now_ms() - start);

	ASSERT_EQ(0, pthread_create(&thread, NULL, write_later, &self->fd));
	/* a signal or an interrupt may end it sooner: then the guest asks again */
	for (i = 0; i < 100; i++)
		if (!retrieve_at(self->vp, GUEST_OUT, 1, HV_DEBUG_RETRIEVE_LOOP, 10000000))
			break;
	EXPECT_GT(100, i);
	EXPECT_EQ('x', got(self->vp)->data[0]);
	pthread_join(thread, NULL);
	PROVES("B-20-009 PROP-debug-option-0x1~2");
}

TEST_F(debug, descriptor)
{
	struct vmm other;
	u8 byte;

	EXPECT_EQ(-EBUSY, open_debug(self->vm.pt, 0));
	EXPECT_EQ(-ENOENT, open_debug(self->vm.pt, 1ULL << 60));
	vmm_setup(&other, 0);
	/* not below this one */
	EXPECT_EQ(-ENOENT, open_debug(self->vm.pt, pt_id(other.pt)));
	vmm_teardown(&other);
	close(self->fd);
	self->fd = open_debug(self->vm.pt, pt_id(self->vm.pt));
	ASSERT_LE(0, self->fd);

	/* it outlives the partition, and says so */
	ASSERT_EQ(0, post(self->vp, 4, 0, self->data));
	vmm_teardown(&self->vm);
	EXPECT_TRUE(vmm_count_settles("partitions", 0));
	EXPECT_EQ(0, read(self->fd, &byte, 1));
	EXPECT_EQ(-1, write(self->fd, &byte, 1));
	EXPECT_EQ(EPIPE, errno);
	pt_setup(&self->vm, 0, 0);
}

TEST_F(debug, channels)
{
	struct vmm other;
	u64 val;

	vmm_setup(&other, 0);
	EXPECT_EQ(HV_STATUS_OBJECT_IN_USE,
		  vmm_set_property(other.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, CHANNEL));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(other.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, 0x10000));
	EXPECT_EQ(0, vmm_set_property(other.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, 0xffff));
	EXPECT_EQ(0, vmm_get_property(other.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, &val));
	EXPECT_EQ(0xffff, val);
	/* zero is nobody's, and frees it */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, 0));
	EXPECT_EQ(0, vmm_set_property(other.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, CHANNEL));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, post(self->vp, 0, 0, NULL));
	vmm_teardown(&other);
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID,
				      CHANNEL));
	EXPECT_EQ(0, post(self->vp, 0, 0, NULL));
	PROVES("B-20-003 HC-0045/OBJECT_IN_USE PROP-partition-property-0x00040000");
}

/* save the partition and restore it in its place; what the debugger is owed is not in it */
TEST_F(debug, restored_and_finalized)
{
	static u8 stream[1 << 20];
	struct hv_input_save_partition_state save = { .flags = HV_SAVE_RESTORE_STATE_START };
	struct hv_output_save_partition_state saved;
	struct hv_input_restore_partition_state restore = { .flags = HV_SAVE_RESTORE_STATE_START };
	struct hv_output_restore_partition_state restored = {
		.restore_state = HV_STATE_INCOMPLETE,
	};
	u64 id = pt_id(self->vm.pt);
	size_t len = 0, pos, n;
	u8 byte;

	vmm_set_reg(self->vp, HV_REGISTER_EXPLICIT_SUSPEND, 1);
	do {
		ASSERT_EQ(0, vmm_call(self->vm.pt, HVCALL_SAVE_PARTITION_STATE, &save, sizeof(save),
				      &saved, sizeof(saved)));
		ASSERT_LE(len + saved.save_data_count, sizeof(stream));
		memcpy(stream + len, saved.save_data, saved.save_data_count);
		len += saved.save_data_count;
		save.flags = 0;
	} while (saved.save_state == HV_STATE_INCOMPLETE);
	ASSERT_EQ(HV_STATE_COMPLETE, saved.save_state);

	vmm_set_reg(self->vp, HV_REGISTER_EXPLICIT_SUSPEND, 0);
	ASSERT_EQ(0, post(self->vp, 4, 0, self->data));
	ASSERT_EQ(4, write(self->fd, self->data, 4));
	vmm_set_reg(self->vp, HV_REGISTER_EXPLICIT_SUSPEND, 1);
	for (pos = 0; pos < len && restored.restore_state == HV_STATE_INCOMPLETE; pos += n) {
		n = len - pos < sizeof(restore.restore_data) ? len - pos :
							       sizeof(restore.restore_data);
		memcpy(restore.restore_data, stream + pos, n);
		restore.restore_data_count = n;
		ASSERT_EQ(0, vmm_call(self->vm.pt, HVCALL_RESTORE_PARTITION_STATE, &restore,
				      sizeof(restore), &restored, sizeof(restored)));
		ASSERT_NE(0, restored.restore_data_consumed);
		n = restored.restore_data_consumed;
		restore.flags = 0;
	}
	ASSERT_EQ(HV_STATE_COMPLETE, restored.restore_state);
	vmm_set_reg(self->vp, HV_REGISTER_EXPLICIT_SUSPEND, 0);
	EXPECT_EQ(0, post(self->vp, 0, 0, NULL));
	EXPECT_EQ(0, pending(self->vp));
	EXPECT_EQ(HV_STATUS_NO_DATA, retrieve(self->vp, 4, 0));

	ASSERT_EQ(0, post(self->vp, 4, 0, self->data));
	ASSERT_EQ(0, vmm_call(self->vm.dev, HVCALL_FINALIZE_PARTITION, &id, sizeof(id), NULL, 0));
	EXPECT_EQ(0, read(self->fd, &byte, 1));
	PROVES("B-20-004");
}

GUEST_CODE(features, "64",
	   "mov	$0x40000003, %eax\n\t"
	   "cpuid\n\t"
	   "mov	%edx, %eax\n\t"
	   "out	%eax, $0xe0\n\t");

TEST_F(debug, cpuid)
{
	struct vmm other;

	vmm_start64(self->vp, &features);
	EXPECT_TRUE(vmm_run_out(self->vp, 0xe0) & HV_FEATURE_EDX_GUEST_DEBUGGING_AVAILABLE);
	vmm_setup(&other, 1);
	vmm_start64(&other.vp[0], &features);
	EXPECT_FALSE(vmm_run_out(&other.vp[0], 0xe0) & HV_FEATURE_EDX_GUEST_DEBUGGING_AVAILABLE);
	vmm_teardown(&other);
	PROVES("CPUID-40000003-EDX-1");
}

/* of a partition made by hypercall the buffers come from its pool */
TEST_F(debug, pool)
{
	u64 in[64] = { 0 }, out[2];
	char *pages = vmm_alloc(16 * TLFS_PAGE_SIZE);
	int dev = vmm_open();
	unsigned int i;
	u16 reps = 3;

	ASSERT_EQ(0, vmm_call(dev, HVCALL_CREATE_PARTITION, in, 16, out, 8));
	in[0] = out[0];
	for (i = 0; i < 16; i++)
		in[1 + i] = ((u64)pages >> 12) + i;
	ASSERT_EQ(0, vmm_call_reps(dev, HVCALL_DEPOSIT_MEMORY, &reps, in, 8 + 3 * 8, NULL, 0));
	ASSERT_EQ(0, vmm_call(dev, HVCALL_INITIALIZE_PARTITION, in, 8, NULL, 0));
	in[1] = HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS;
	in[2] = HV_PRIV_DEBUGGING;
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY,
		  vmm_call(dev, HVCALL_SET_PARTITION_PROPERTY, in, 24, NULL, 0));
	for (i = 0; i < 13; i++)
		in[1 + i] = ((u64)pages >> 12) + 3 + i;
	reps = 13;
	ASSERT_EQ(0, vmm_call_reps(dev, HVCALL_DEPOSIT_MEMORY, &reps, in, 8 + 13 * 8, NULL, 0));
	in[1] = HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS;
	in[2] = HV_PRIV_DEBUGGING;
	EXPECT_EQ(0, vmm_call(dev, HVCALL_SET_PARTITION_PROPERTY, in, 24, NULL, 0));
	in[1] = 0;
	EXPECT_EQ(0, vmm_call(dev, HVCALL_GET_MEMORY_BALANCE, in, 16, out, 16));
	EXPECT_EQ(16, out[0] + out[1]);
	EXPECT_LT(2, out[1]);
	close(dev);
	munmap(pages, 16 * TLFS_PAGE_SIZE);
	PROVES("HC-0045/INSUFFICIENT_MEMORY");
}

TEST_HARNESS_MAIN
