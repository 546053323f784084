// SPDX-License-Identifier: GPL-2.0-only
/*
 * save_test.c - saving and restoring a partition by the calls of TLFS 17
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness.h"
#include "save.h"

#define START	HV_SAVE_RESTORE_STATE_START
#define SUMMARY	HV_SAVE_RESTORE_STATE_SUMMARY
#define CHUNK	SAVE_CHUNK
#define STREAM	SAVE_STREAM

/* what the test knows of the stream: kmod/hv/save_restore.h */
#define AT_VERSION	8
#define AT_FLAGS	12
#define AT_CHECK	16
#define AT_SIZE		24
#define AT_VENDOR	32
#define AT_NR_VPS	36
#define AT_FEATURES	40
#define AT_XSAVE_STATES	64
#define AT_XSAVE_SIZE	72
#define AT_CLFLUSH	76
#define AT_ADDRESS_BITS	78
#define AT_VPS		80
#define HEADER		112

FIXTURE(save) {
	struct vmm vm;
	struct vmm_vp *vp;
	unsigned char *stream;
	u32 size;
};

FIXTURE_SETUP(save)
{
	vmm_setup(&self->vm, 2);
	self->vp = &self->vm.vp[0];
	self->stream = calloc(1, STREAM);
}

FIXTURE_TEARDOWN(save)
{
	vmm_teardown(&self->vm);
	free(self->stream);
}

/* make the check right again, as somebody would who wants to fool us */
static void seal(unsigned char *stream, u32 size)
{
	u64 check = 0xcbf29ce484222325ULL;
	u32 i;

	for (i = 0; i < size; i++)
		if (i < AT_CHECK || i >= AT_CHECK + 8)
			check = (check ^ stream[i]) * 0x100000001b3ULL;
	memcpy(stream + AT_CHECK, &check, sizeof(check));
}

/* another partition of the same shape */
static void same_shape(struct vmm *vm)
{
	vmm_setup(vm, 2);
}

/* ---- what comes back ---- */

static const u32 compared[] = {
	HV_X64_REGISTER_RAX, HV_X64_REGISTER_R15, HV_X64_REGISTER_RIP, HV_X64_REGISTER_RFLAGS,
	HV_X64_REGISTER_CR0, HV_X64_REGISTER_CR2, HV_X64_REGISTER_CR3, HV_X64_REGISTER_CR4,
	HV_X64_REGISTER_CR8, HV_X64_REGISTER_XFEM, HV_X64_REGISTER_EFER, HV_X64_REGISTER_DR0,
	HV_X64_REGISTER_DR3, HV_X64_REGISTER_DR7, HV_X64_REGISTER_CS, HV_X64_REGISTER_SS,
	HV_X64_REGISTER_FS, HV_X64_REGISTER_TR, HV_X64_REGISTER_LDTR, HV_X64_REGISTER_IDTR,
	HV_X64_REGISTER_GDTR, HV_X64_REGISTER_XMM0, HV_X64_REGISTER_XMM0 + 15,
	HV_X64_REGISTER_FP_MMX0, HV_X64_REGISTER_FP_CONTROL_STATUS, HV_X64_REGISTER_PAT,
	HV_X64_REGISTER_KERNEL_GS_BASE, HV_X64_REGISTER_STAR, HV_X64_REGISTER_LSTAR,
	HV_X64_REGISTER_SFMASK, HV_X64_REGISTER_SYSENTER_ESP, HV_X64_REGISTER_TSC_AUX,
	HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0,
	HV_X64_REGISTER_MSR_MTRR_FIX4KF8000, HV_X64_REGISTER_APIC_BASE, HV_X64_REGISTER_APIC_TPR,
	HV_X64_REGISTER_APIC_SPURIOUS, HV_X64_REGISTER_APIC_IRR2, HV_X64_REGISTER_APIC_ISR1,
	HV_X64_REGISTER_APIC_LVT_TIMER, HV_X64_REGISTER_APIC_DIVIDE, HV_REGISTER_SINT0,
	HV_REGISTER_SINT0 + 5, HV_REGISTER_SCONTROL, HV_REGISTER_SIMP, HV_REGISTER_SIEFP,
	HV_REGISTER_VP_ASSIST_PAGE, HV_REGISTER_GUEST_OS_ID, HV_X64_REGISTER_HYPERCALL,
	HV_REGISTER_REFERENCE_TSC, HV_X64_REGISTER_PENDING_INTERRUPTION,
	HV_X64_REGISTER_INTERRUPT_STATE, HV_REGISTER_INTERNAL_ACTIVITY_STATE,
	HV_REGISTER_STIMER0_CONFIG, HV_REGISTER_STIMER0_CONFIG + 1,
	HV_X64_REGISTER_EMULATED_TIMER_PERIOD, HV_X64_REGISTER_EMULATED_TIMER_CONTROL,
	HV_X64_REGISTER_PM_TIMER_ASSIST, HV_REGISTER_GUEST_CRASH_P0,
};

GUEST_CODE(busy, "64", "1: incq 0x20100\n\t jmp 1b");

/* state that is nobody's reset state, on VP @n */
static void fill(struct vmm_vp *vp, u64 n)
{
	union hv_register_value val = { .reg128 = { 0x1111 + n, 0x2222 + n } };

	vmm_long_mode(vp, VMM_CODE);
	vmm_set_reg(vp, HV_X64_REGISTER_RAX, 0xaaaa + n);
	vmm_set_reg(vp, HV_X64_REGISTER_R15, 0xffff + n);
	vmm_set_reg(vp, HV_X64_REGISTER_CR2, 0xc2c2000 + n);
	vmm_set_reg(vp, HV_X64_REGISTER_CR8, 3);
	vmm_set_reg(vp, HV_X64_REGISTER_DR0, 0xd0d0 + n);
	vmm_set_reg(vp, HV_X64_REGISTER_LSTAR, 0xffffffff81a00000 + n);
	vmm_set_reg(vp, HV_X64_REGISTER_KERNEL_GS_BASE, 0xffff888000001000 + n);
	vmm_set_reg(vp, HV_X64_REGISTER_TSC_AUX, 7 + n);
	vmm_set_reg(vp, HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 0xc06);
	vmm_set_reg(vp, HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0, 0xc0000006);
	vmm_set_register(vp->fd, vp->index, HV_X64_REGISTER_XMM0, &val);
	vmm_set_register(vp->fd, vp->index, HV_X64_REGISTER_XMM0 + 15, &val);
	vmm_set_reg(vp, HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
	vmm_set_reg(vp, HV_X64_REGISTER_APIC_IRR2, 0x80 << n);
	vmm_set_reg(vp, HV_X64_REGISTER_APIC_ISR1, 0x10);
	vmm_set_reg(vp, HV_X64_REGISTER_APIC_LVT_TIMER, 0x100ef);
	vmm_set_reg(vp, HV_REGISTER_SCONTROL, 1);
	vmm_set_reg(vp, HV_REGISTER_SIMP, (0x30000 + n * 0x1000) | 1);
	vmm_set_reg(vp, HV_REGISTER_SIEFP, (0x34000 + n * 0x1000) | 1);
	vmm_set_reg(vp, HV_REGISTER_SINT0 + 5, 0x20045 + n);
	vmm_set_reg(vp, HV_REGISTER_VP_ASSIST_PAGE, (0x38000 + n * 0x1000) | 1);
	/* in a year: it must not come */
	vmm_set_reg(vp, HV_REGISTER_STIMER0_CONFIG + 1, 315360000000000ULL + n);
	vmm_set_reg(vp, HV_REGISTER_STIMER0_CONFIG, 0x50001);
	vmm_set_reg(vp, HV_X64_REGISTER_INTERRUPT_STATE, HV_INTERRUPT_STATE_NMI_MASKED);
	vmm_set_reg(vp, HV_X64_REGISTER_PENDING_INTERRUPTION,
		    HV_PENDING_INTERRUPTION_PENDING |
		    0x33ULL << HV_PENDING_INTERRUPTION_VECTOR_SHIFT);
	vmm_set_reg(vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE, n ? HV_ACTIVITY_HALT_SUSPEND : 0);
}

static void fill_partition(struct vmm *vm)
{
	struct vmm_vp *vp = &vm->vp[0];

	vmm_set_reg(vp, HV_REGISTER_GUEST_OS_ID, 0x8100000000010000);
	vmm_set_reg(vp, HV_X64_REGISTER_HYPERCALL, 0x3d001);
	vmm_set_reg(vp, HV_REGISTER_REFERENCE_TSC, 0x3e001);
	vmm_set_reg(vp, HV_REGISTER_GUEST_CRASH_P0, 0xc0a5);
	vmm_set_reg(vp, HV_X64_REGISTER_EMULATED_TIMER_PERIOD, 36000000000ULL);
	vmm_set_reg(vp, HV_X64_REGISTER_EMULATED_TIMER_CONTROL, 0x1041);
	vmm_set_reg(vp, HV_X64_REGISTER_PM_TIMER_ASSIST, 0x20608);
}

/* two messages and an event flag for SINT 5 of VP @n: one in its slot, one waits for it */
static void send(struct vmm *vm, u32 n)
{
	struct hv_input_post_message_direct post = { .vp_index = n, .sint_index = 5 };
	struct hv_input_signal_event_direct event = {
		.target_vp = n, .target_sint = 5, .flag_number = 77 + n,
	};
	struct hv_output_signal_event_direct signaled;
	struct hv_message msg = { .header.message_type = 0x1234, .header.payload_size = 8 };
	int ret;

	msg.payload[0] = 0xfeed + n;
	memcpy(post.message, &msg, sizeof(msg));
	ret = vmm_call(vm->pt, HVCALL_POST_MESSAGE_DIRECT, &post, sizeof(post), NULL, 0);
	if (ret)
		vmm_die("message: %d", ret);
	ret = vmm_call(vm->pt, HVCALL_SIGNAL_EVENT_DIRECT, &event, sizeof(event), &signaled,
		       sizeof(signaled));
	if (ret)
		vmm_die("event: %d", ret);
}

static void get_page(struct vmm_vp *vp, u8 type, void *page)
{
	struct tlfs_get_set_vp_state arg = {
		.type = type, .buf_sz = TLFS_PAGE_SIZE, .buf_ptr = (uintptr_t)page,
	};
	int ret = vmm_ioctl(vp->fd, TLFS_GET_VP_STATE, &arg);

	if (ret)
		vmm_die("VP state %u: %d", type, ret);
}

TEST_F(save, comes_back)
{
	static const u8 pages[] = {
		TLFS_VP_STATE_XSAVE, TLFS_VP_STATE_SIMP, TLFS_VP_STATE_SIEFP,
		TLFS_VP_STATE_SYNTHETIC_TIMERS, TLFS_VP_STATE_LAPIC,
	};
	unsigned char *a = vmm_alloc(TLFS_PAGE_SIZE), *b = vmm_alloc(TLFS_PAGE_SIZE);
	union hv_register_value was, now;
	struct vmm other;
	unsigned int n, i;
	u64 before, after;
	int size;

	fill_partition(&self->vm);
	for (n = 0; n < 2; n++) {
		fill(&self->vm.vp[n], n);
		send(&self->vm, n);
	}
	size = save(self->vm.pt, self->stream);
	ASSERT_LT(CHUNK, size);
	before = vmm_reg(self->vp, HV_REGISTER_TIME_REF_COUNT);
	same_shape(&other);
	EXPECT_EQ(HV_STATE_COMPLETE, restore(other.pt, self->stream, size, CHUNK));
	after = vmm_reg(&other.vp[0], HV_REGISTER_TIME_REF_COUNT);
	/* on from where it was saved: a few moments ago */
	EXPECT_LE(before, after + 10000000);
	EXPECT_GE(before + 50000000, after);
	for (n = 0; n < 2; n++) {
		for (i = 0; i < ARRAY_SIZE(compared); i++) {
			EXPECT_EQ(0, vmm_get_register(self->vm.vp[n].fd, n, compared[i], &was));
			EXPECT_EQ(0, vmm_get_register(other.vp[n].fd, n, compared[i], &now));
			EXPECT_EQ(0, memcmp(&was, &now, sizeof(was)))
				TH_LOG("VP %u register %#x: %#llx, was %#llx", n, compared[i],
				       (unsigned long long)now.reg64,
				       (unsigned long long)was.reg64);
		}
		for (i = 0; i < ARRAY_SIZE(pages); i++) {
			get_page(&self->vm.vp[n], pages[i], a);
			get_page(&other.vp[n], pages[i], b);
			EXPECT_EQ(0, memcmp(a, b, TLFS_PAGE_SIZE))
				TH_LOG("VP %u state %u", n, pages[i]);
		}
		EXPECT_EQ(1, vmm_reg(&other.vp[n], HV_REGISTER_EXPLICIT_SUSPEND));
	}
	/* saved again it is the same, clocks aside */
	EXPECT_EQ(size, save(other.pt, self->stream));
	vmm_teardown(&other);
	PROVES("B-17-005 B-17-007 B-17-009 B-17-012 HC-005E HC-005F PROP-save-restore-state-0");
	PROVES("PROP-save-restore-state-1 B-15-043 PROP-save-restore-flag-0x1");
}

/* it goes on where it was; and what the parent sets is not in the stream (17.1.4) */
TEST_F(save, goes_on)
{
	struct vmm_thread t;
	struct vmm other;
	u64 *n, was, val;
	int size;

	vmm_start64(self->vp, &busy);
	n = vmm_gpa(&self->vm, VMM_DATA + 0x100);
	vmm_thread_start(&t, self->vp);
	ASSERT_TRUE(vmm_wait_change(n, 0));
	vmm_thread_stop(&t);
	vmm_set_reg(self->vp, HV_REGISTER_EXPLICIT_SUSPEND, 1);
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_CPU_WEIGHT, 77));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, 9));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	ASSERT_EQ(0, vmm_get_property(self->vm.pt, HV_PARTITION_PROPERTY_REFERENCE_TIME, &was));
	size = save(self->vm.pt, self->stream);
	ASSERT_LT(0, size);
	same_shape(&other);
	ASSERT_EQ(0, vmm_set_property(other.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	memcpy(other.ram, self->vm.ram, VMM_RAM);
	ASSERT_EQ(HV_STATE_COMPLETE, restore(other.pt, self->stream, size, CHUNK));
	/* reference time stood: it is not a wall clock */
	ASSERT_EQ(0, vmm_get_property(other.pt, HV_PARTITION_PROPERTY_REFERENCE_TIME, &val));
	EXPECT_EQ(was, val);
	ASSERT_EQ(0, vmm_set_property(other.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
	ASSERT_EQ(0, vmm_get_property(other.pt, HV_PARTITION_PROPERTY_CPU_WEIGHT, &val));
	EXPECT_EQ(100, val);
	ASSERT_EQ(0, vmm_get_property(other.pt, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, &val));
	EXPECT_EQ(0, val);
	n = vmm_gpa(&other, VMM_DATA + 0x100);
	was = LOAD(n);
	vmm_thread_start(&t, &other.vp[0]);
	EXPECT_TRUE(vmm_wait_change(n, was));
	EXPECT_LT(was, LOAD(n));
	vmm_thread_stop(&t);
	vmm_teardown(&other);
	PROVES("B-17-004 B-15-019");
}

/* ---- who, when and with what ---- */

TEST_F(save, arguments)
{
	u32 count, state, size;
	struct vmm bare;

	/* not begun */
	EXPECT_EQ(HV_STATUS_INVALID_SAVE_RESTORE_STATE,
		  save_call(self->vm.pt, 0, self->stream, &count, &state));
	count = CHUNK;
	EXPECT_EQ(HV_STATUS_INVALID_SAVE_RESTORE_STATE,
		  restore_call(self->vm.pt, 0, self->stream, &count, &state));
	/* flags */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  save_call(self->vm.pt, START | 4, self->stream, &count, &state));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  restore_call(self->vm.pt, START | 1 << 31, self->stream, &count, &state));
	count = CHUNK + 1;
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  restore_call(self->vm.pt, START, self->stream, &count, &state));
	/* one that is not active */
	vmm_setup_bare(&bare, VMM_FLAGS);
	count = 0;
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  save_call(bare.pt, START, self->stream, &count, &state));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  restore_call(bare.pt, START, self->stream, &count, &state));
	vmm_teardown(&bare);

	/* START in the middle begins again: the same stream */
	EXPECT_EQ(0, save_call(self->vm.pt, START, self->stream, &count, &state));
	EXPECT_EQ(HV_STATE_INCOMPLETE, state);
	size = save(self->vm.pt, self->stream);
	EXPECT_LT(CHUNK, size);
	/* it was complete */
	EXPECT_EQ(HV_STATUS_INVALID_SAVE_RESTORE_STATE,
		  save_call(self->vm.pt, 0, self->stream, &count, &state));
	/* nothing, in the middle: no error, nothing done */
	count = 0;
	EXPECT_EQ(0, restore_call(self->vm.pt, START, self->stream, &count, &state));
	EXPECT_EQ(HV_STATE_INCOMPLETE, state);
	count = 1000;
	EXPECT_EQ(0, restore_call(self->vm.pt, 0, self->stream, &count, &state));
	EXPECT_EQ(HV_STATE_INCOMPLETE, state);
	EXPECT_EQ(HV_STATE_COMPLETE, restore(self->vm.pt, self->stream, size, CHUNK));
	count = 8;
	EXPECT_EQ(HV_STATUS_INVALID_SAVE_RESTORE_STATE,
		  restore_call(self->vm.pt, 0, self->stream, &count, &state));
	/* in any pieces; what is behind the end is not taken */
	EXPECT_EQ(HV_STATE_COMPLETE, restore(self->vm.pt, self->stream, size, 777));
	count = CHUNK;
	EXPECT_EQ(0, restore_call(self->vm.pt, START, self->stream, &count, &state));
	while (state == HV_STATE_INCOMPLETE) {
		static u32 pos;

		pos += count;
		count = CHUNK;
		EXPECT_EQ(0, restore_call(self->vm.pt, 0, self->stream + pos, &count, &state));
		if (state == HV_STATE_COMPLETE)
			EXPECT_EQ(size, pos + count);
	}
	PROVES("HC-005E/INVALID_SAVE_RESTORE_STATE HC-005F/INVALID_SAVE_RESTORE_STATE");
	PROVES("HC-005E/INVALID_PARAMETER HC-005F/INVALID_PARAMETER B-17-006 B-17-011 B-17-013");
	PROVES("HC-005E/INVALID_PARTITION_STATE HC-005F/INVALID_PARTITION_STATE");
}

TEST_F(save, suspended)
{
	u32 count = 0, state;
	struct vmm_thread t;
	int size;

	size = save(self->vm.pt, self->stream);
	ASSERT_LT(0, size);
	/* one VP that is not suspended is enough, summaries aside */
	vmm_set_reg(&self->vm.vp[1], HV_REGISTER_EXPLICIT_SUSPEND, 0);
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  save_call(self->vm.pt, START, self->stream + size, &count, &state));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  restore_call(self->vm.pt, START, self->stream, &count, &state));
	EXPECT_EQ(0, save_call(self->vm.pt, START | SUMMARY, self->stream + size, &count,
			       &state));
	EXPECT_EQ(HV_STATE_COMPLETE, state);
	vmm_set_reg(&self->vm.vp[1], HV_REGISTER_EXPLICIT_SUSPEND, 1);
	/* or one that runs */
	vmm_start64(self->vp, &busy);
	vmm_thread_start(&t, self->vp);
	ASSERT_TRUE(vmm_wait_change(vmm_gpa(&self->vm, VMM_DATA + 0x100), 0));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  save_call(self->vm.pt, START, self->stream + size, &count, &state));
	EXPECT_EQ(0, save_call(self->vm.pt, START | SUMMARY, self->stream + size, &count,
			       &state));
	vmm_thread_stop(&t);
	vmm_set_reg(self->vp, HV_REGISTER_EXPLICIT_SUSPEND, 1);
	EXPECT_EQ(size, save(self->vm.pt, self->stream));
	/* and one that begins to run in the middle of a restore */
	count = 1000;
	EXPECT_EQ(0, restore_call(self->vm.pt, START, self->stream, &count, &state));
	vmm_set_reg(&self->vm.vp[1], HV_REGISTER_EXPLICIT_SUSPEND, 0);
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  restore_call(self->vm.pt, 0, self->stream + 1000, &count, &state));
	PROVES("HC-005E/OPERATION_DENIED HC-005F/OPERATION_DENIED B-17-001");
}

/* ---- summaries ---- */

TEST_F(save, summary)
{
	u32 count, state, size;

	/* of the system: through the device */
	EXPECT_EQ(0, save_call(self->vm.dev, START | SUMMARY, self->stream, &size, &state));
	EXPECT_EQ(HV_STATE_COMPLETE, state);
	EXPECT_EQ(HEADER, size);
	count = size;
	EXPECT_EQ(0, restore_call(self->vm.dev, START | SUMMARY, self->stream, &count, &state));
	EXPECT_EQ(HV_STATE_RESTORABLE, state);
	EXPECT_EQ(size, count);
	count = size;
	EXPECT_EQ(0, restore_call(self->vm.pt, START | SUMMARY, self->stream, &count, &state));
	EXPECT_EQ(HV_STATE_RESTORABLE, state);
	/* no more than a summary */
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  save_call(self->vm.dev, START, self->stream, &count, &state));
	EXPECT_EQ(HV_STATE_CORRUPT_DATA, restore(self->vm.pt, self->stream, size, CHUNK));
	/* of a partition, piece by piece */
	EXPECT_EQ(0, save_call(self->vm.pt, START | SUMMARY, self->stream, &size, &state));
	count = 50;
	EXPECT_EQ(0, restore_call(self->vm.pt, START | SUMMARY, self->stream, &count, &state));
	EXPECT_EQ(HV_STATE_INCOMPLETE, state);
	count = size - 50;
	EXPECT_EQ(0, restore_call(self->vm.pt, SUMMARY, self->stream + 50, &count, &state));
	EXPECT_EQ(HV_STATE_RESTORABLE, state);
	/* a complete stream says as much */
	size = save(self->vm.pt, self->stream);
	count = CHUNK;
	EXPECT_EQ(0, restore_call(self->vm.pt, START | SUMMARY, self->stream, &count, &state));
	EXPECT_EQ(HV_STATE_RESTORABLE, state);
	PROVES("B-17-002 B-17-014 PROP-save-restore-state-2 PROP-save-restore-flag-0x2");
	PROVES("HC-005E/INVALID_PARTITION_ID HC-005F/INVALID_PARTITION_ID");
}

/* ---- results ---- */

/* restore with @len bytes at @at of the header changed to @val, and the check made right */
static int restore_as(struct vmm *vm, const unsigned char *stream, u32 size, u32 at, u64 val,
		      u32 len)
{
	unsigned char *copy = malloc(size);
	int state;

	memcpy(copy, stream, size);
	memcpy(copy + at, &val, len);
	seal(copy, size);
	state = restore(vm->pt, copy, size, CHUNK);
	free(copy);
	return state;
}

TEST_F(save, results)
{
	u64 features[3], states, all = ~0ULL, vps = 3;
	struct vmm *vm = &self->vm;
	unsigned int bit;
	char id[40];
	int size;

	size = save(vm->pt, self->stream);
	ASSERT_LT(0, size);
	memcpy(features, self->stream + AT_FEATURES, sizeof(features));
	memcpy(&states, self->stream + AT_XSAVE_STATES, sizeof(states));
	/* the test knows the format */
	EXPECT_EQ(HV_STATE_COMPLETE, restore_as(vm, self->stream, size, AT_VPS, vps, 8));

	EXPECT_EQ(HV_STATE_CORRUPT_DATA, restore_as(vm, self->stream, size, 0, 0, 8));
	EXPECT_EQ(HV_STATE_UNSUPPORTED_VERSION,
		  restore_as(vm, self->stream, size, AT_VERSION, 2, 4));
	EXPECT_EQ(HV_STATE_INCOMPATIBLE_PROCESSOR,
		  restore_as(vm, self->stream, size, AT_VENDOR, !vmm_vendor(), 4));
	/* a count that its own map denies */
	EXPECT_EQ(HV_STATE_CORRUPT_DATA, restore_as(vm, self->stream, size, AT_NR_VPS, 1, 4));
	/* another feature than this partition has: 15 with results of their own, and the rest */
	for (bit = 0; bit < 16; bit++) {
		struct vmm less;
		u64 have;

		vmm_setup_bare(&less, VMM_FLAGS);
		ASSERT_EQ(0, vmm_ioctl(less.pt, TLFS_INITIALIZE_PARTITION, NULL));
		ASSERT_EQ(0, vmm_get_property(less.pt, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0,
					      &have));
		ASSERT_EQ(0, vmm_set_property(less.pt, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0,
					      have & ~(1ULL << bit)));
		vmm_create_vp(less.pt, 0);
		vmm_create_vp(less.pt, 1);
		EXPECT_EQ(HV_STATE_PROCESSOR_FEATURE_SSE3_MISMATCH + bit,
			  restore_as(&less, self->stream, size, AT_FEATURES,
				     features[0] | 1ULL << bit, 8));
		vmm_teardown(&less);
		snprintf(id, sizeof(id), "PROP-save-restore-state-%u", 12 + bit);
		PROVES(id);
	}
	EXPECT_EQ(HV_STATE_PROCESSOR_FEATURE_MISMATCH,
		  restore_as(vm, self->stream, size, AT_FEATURES, features[0] | 1ULL << 62, 8));
	EXPECT_EQ(HV_STATE_PROCESSOR_FEATURE_MISMATCH,
		  restore_as(vm, self->stream, size, AT_FEATURES + 8, all, 8));
	EXPECT_EQ(HV_STATE_PROCESSOR_CACHE_LINE_FLUSH_SIZE_MISMATCH,
		  restore_as(vm, self->stream, size, AT_CLFLUSH, 16, 2));
	EXPECT_EQ(HV_STATE_PROCESSOR_FEATURE_XSAVE_LEGACY_SSE_MISMATCH,
		  restore_as(vm, self->stream, size, AT_XSAVE_STATES, states & ~2, 8));
	EXPECT_EQ(HV_STATE_PROCESSOR_XSAVE_SAVE_AREA_MISMATCH,
		  restore_as(vm, self->stream, size, AT_XSAVE_STATES, states | 1 << 18, 8));
	EXPECT_EQ(HV_STATE_PROCESSOR_XSAVE_SAVE_AREA_MISMATCH,
		  restore_as(vm, self->stream, size, AT_XSAVE_SIZE, 4096, 4));
	EXPECT_EQ(HV_STATE_PROCESSOR_FEATURE_XSAVE_UNKNOWN_FEATURE_MISMATCH,
		  restore_as(vm, self->stream, size, AT_FEATURES + 16, features[2] | 1ULL << 60,
			     8));
	EXPECT_EQ(HV_STATE_HARDWARE_FEATURE_MISMATCH,
		  restore_as(vm, self->stream, size, AT_ADDRESS_BITS, 52, 2));
	EXPECT_EQ(HV_STATE_PROCESSOR_FLAGS_MISMATCH,
		  restore_as(vm, self->stream, size, AT_FLAGS, 0, 4));
	EXPECT_EQ(HV_STATE_PROCESSOR_INDEX_MISMATCH,
		  restore_as(vm, self->stream, size, AT_VPS, 5, 8));
	/* still what it was */
	EXPECT_EQ(HV_STATE_COMPLETE, restore(vm->pt, self->stream, size, CHUNK));
	PROVES("PROP-save-restore-state-3 PROP-save-restore-state-4 PROP-save-restore-state-5");
	PROVES("PROP-save-restore-state-6 PROP-save-restore-state-8 PROP-save-restore-state-9");
	PROVES("PROP-save-restore-state-11 PROP-save-restore-state-28");
	PROVES("PROP-save-restore-state-31 PROP-save-restore-state-33");
	PROVES("PROP-save-restore-state-34 B-17-003 B-17-010");
}

TEST_F(save, xsave_features)
{
	static const u64 bits[] = {
		HV_XSAVE_FEATURE_XSAVE, HV_XSAVE_FEATURE_XSAVEOPT, HV_XSAVE_FEATURE_AVX,
	};
	static const u32 results[] = {
		HV_STATE_PROCESSOR_FEATURE_XSAVE_MISMATCH,
		HV_STATE_PROCESSOR_FEATURE_XSAVEOPT_MISMATCH,
		HV_STATE_PROCESSOR_FEATURE_XSAVE_AVX_MISMATCH,
	};
	unsigned int i;
	u64 have;
	int size;

	size = save(self->vm.pt, self->stream);
	memcpy(&have, self->stream + AT_FEATURES + 16, sizeof(have));
	for (i = 0; i < ARRAY_SIZE(bits); i++) {
		struct vmm less;

		vmm_setup_bare(&less, VMM_FLAGS);
		ASSERT_EQ(0, vmm_ioctl(less.pt, TLFS_INITIALIZE_PARTITION, NULL));
		ASSERT_EQ(0, vmm_set_property(less.pt,
					      HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES,
					      have & ~bits[i]));
		vmm_create_vp(less.pt, 0);
		vmm_create_vp(less.pt, 1);
		EXPECT_EQ(results[i], restore_as(&less, self->stream, size, AT_FEATURES + 16,
						 have | bits[i], 8));
		vmm_teardown(&less);
	}
	PROVES("PROP-save-restore-state-29 PROP-save-restore-state-30");
	PROVES("PROP-save-restore-state-32");
}

TEST_F(save, other_shape)
{
	struct vmm other;
	int size;

	size = save(self->vm.pt, self->stream);
	vmm_setup(&other, 1);
	EXPECT_EQ(HV_STATE_PROCESSOR_COUNT_MISMATCH,
		  restore(other.pt, self->stream, size, CHUNK));
	ASSERT_LE(0, vmm_create_vp(other.pt, 3));
	EXPECT_EQ(HV_STATE_PROCESSOR_INDEX_MISMATCH,
		  restore(other.pt, self->stream, size, CHUNK));
	vmm_teardown(&other);
	PROVES("PROP-save-restore-state-7 B-17-008");
}

/* ---- broken, shortened, foreign, made up ---- */

#define MUTATIONS	1000

static u64 lcg(u64 *seed)
{
	*seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return *seed >> 33;
}

TEST_F(save, mutations)
{
	unsigned char *copy = malloc(STREAM);
	u64 seed = 0x17;
	int size, state, want;
	unsigned int i;

	fill_partition(&self->vm);
	fill(&self->vm.vp[0], 0);
	size = save(self->vm.pt, self->stream);
	ASSERT_LT(0, size);
	for (i = 0; i < MUTATIONS; i++) {
		u32 at = lcg(&seed) % size, len = size;

		memcpy(copy, self->stream, size);
		switch (i % 4) {
		case 0:		/* one bit */
			copy[at] ^= 1 << lcg(&seed) % 8;
			break;
		case 1:		/* the end is missing */
			len = at;
			break;
		case 2:		/* a stretch is something else */
			for (; at < (u32)size && at % 97; at++)
				copy[at] = lcg(&seed);
			copy[at % size] ^= 0x55;
			break;
		case 3:		/* a part is missing in the middle */
			len = (size - at) / 2;
			memmove(copy + at, copy + at + len, size - at - len);
			len = size;
			copy[lcg(&seed) % size]++;
			break;
		}
		state = restore(self->vm.pt, copy, len, CHUNK);
		ASSERT_NE(HV_STATE_COMPLETE, state) TH_LOG("mutation %u at %u", i, at);
		if (i % 4 == 1)
			want = HV_STATE_INCOMPLETE;
		else
			want = at >= HEADER && i % 4 != 3 ? HV_STATE_CORRUPT_DATA : state;
		ASSERT_EQ(want, state) TH_LOG("mutation %u at %u", i, at);
	}
	/* nothing of it has come through */
	EXPECT_EQ(0xaaaa, vmm_reg(&self->vm.vp[0], HV_X64_REGISTER_RAX));
	EXPECT_EQ(HV_STATE_COMPLETE, restore(self->vm.pt, self->stream, size, CHUNK));
	free(copy);
}

/* with the right check: whatever is taken, is what a parent could have set, and the host lives */
TEST_F(save, made_up)
{
	unsigned char *copy = malloc(STREAM);
	unsigned int i, j, taken = 0;
	struct hv_message msg;
	u64 seed = 0x18;
	int size, state;

	vmm_start64(self->vp, &busy);
	size = save(self->vm.pt, self->stream);
	ASSERT_LT(0, size);
	for (i = 0; i < 400; i++) {
		memcpy(copy, self->stream, size);
		for (j = 0; j < 1 + i % 3; j++)
			copy[HEADER + lcg(&seed) % (size - HEADER)] = lcg(&seed);
		seal(copy, size);
		state = restore(self->vm.pt, copy, size, CHUNK);
		ASSERT_TRUE(state == HV_STATE_COMPLETE || state == HV_STATE_CORRUPT_DATA)
			TH_LOG("state %d", state);
		if (state != HV_STATE_COMPLETE)
			continue;
		taken++;
		/* and let it run, whatever it is now */
		if (i % 8)
			continue;
		vmm_run(self->vp, &msg, 5);
		vmm_set_reg(self->vp, HV_REGISTER_EXPLICIT_SUSPEND, 1);
	}
	EXPECT_LT(0, taken);
	EXPECT_GT(400, taken);
	EXPECT_EQ(HV_STATE_COMPLETE, restore(self->vm.pt, self->stream, size, CHUNK));
	free(copy);
}

TEST_HARNESS_MAIN
