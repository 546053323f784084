// SPDX-License-Identifier: GPL-2.0-only
/*
 * clock_test.c - the clocks of a partition that is suspended, or saved and restored (TLFS 15.1.2)
 *
 * What the guest reads is compared with the time of the host before and after, so that a host that
 * stalls is given that much more room.
 */
#include <stdlib.h>
#include <time.h>

#include "harness.h"
#include "save.h"

#define TSC_PAGE	0x3e000ULL
#define READING		0x100
#define READINGS	20

/* in units of 100 ns: the clock is right within 10 ms, and the host's clocks agree as well */
#define NEAR		100000
#define AWAY_MS		40

/* TSC, reference time by the TSC page and by the counter, and the page's sequence and scale */
struct reading {
	u64 tsc;
	u64 page;
	u64 count;
	u64 sequence;
	u64 scale;
};

GUEST_CODE(read_clocks, "64",
	   "1:	mov	0x3e000, %eax\n\t"
	   "mov	%rax, 0x20118\n\t"
	   "mov	0x3e008, %rax\n\t"
	   "mov	%rax, 0x20120\n\t"
	   "rdtsc\n\t"
	   "shl	$32, %rdx\n\t"
	   "or	%rdx, %rax\n\t"
	   "mov	%rax, 0x20100\n\t"
	   "mulq	0x3e008\n\t"
	   "add	0x3e010, %rdx\n\t"
	   "mov	%rdx, 0x20108\n\t"
	   "mov	$0x40000020, %ecx\n\t"			/* HV_X64_MSR_TIME_REF_COUNT */
	   "rdmsr\n\t"
	   "shl	$32, %rdx\n\t"
	   "or	%rdx, %rax\n\t"
	   "mov	%rax, 0x20110\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

FIXTURE(clock) {
	struct vmm vm;
};

/* both VPs have run, and one of them reads the clocks */
FIXTURE_SETUP(clock)
{
	vmm_setup(&self->vm, 2);
	vmm_set_reg(&self->vm.vp[0], HV_REGISTER_REFERENCE_TSC, TSC_PAGE | 1);
	vmm_start64(&self->vm.vp[1], &read_clocks);
	vmm_run_out(&self->vm.vp[1], GUEST_PORT);
	vmm_start64(&self->vm.vp[0], &read_clocks);
	vmm_run_out(&self->vm.vp[0], GUEST_PORT);
}

FIXTURE_TEARDOWN(clock)
{
	vmm_teardown(&self->vm);
}

static u64 host_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 10000000ULL + ts.tv_nsec / 100;
}

static u64 ref_time(struct vmm *vm)
{
	u64 val = 0;
	int ret = vmm_get_property(vm->pt, HV_PARTITION_PROPERTY_REFERENCE_TIME, &val);

	if (ret)
		vmm_die("reference time: %d", ret);
	return val;
}

static void suspend(struct vmm *vm, u32 vp, bool suspended)
{
	vmm_set_reg(&vm->vp[vp], HV_REGISTER_EXPLICIT_SUSPEND, suspended);
}

static bool counts(struct vmm *vm)
{
	u64 was = ref_time(vm), end = vmm_now_ms() + VMM_LONG;

	while (ref_time(vm) == was)
		if (vmm_now_ms() > end)
			return false;
	return true;
}

static u64 tsc(struct vmm *vm)
{
	return vmm_reg(&vm->vp[0], HV_X64_REGISTER_TSC);
}

/* does it stand; the TSC runs (11.7) unless time is @frozen */
static bool stands(struct vmm *vm, bool frozen)
{
	u64 ref = ref_time(vm), was = tsc(vm);

	vmm_sleep_ms(AWAY_MS);
	return ref_time(vm) == ref && (tsc(vm) == was) == frozen;
}

/**
 * struct moment - a TSC of the guest's
 * @before, @after: it was read, or goes on, between these times of the host
 */
struct moment {
	u64 tsc;
	u64 before;
	u64 after;
};

static struct moment tsc_now(struct vmm *vm)
{
	struct moment m = { .before = host_time() };

	m.tsc = tsc(vm);
	m.after = host_time();
	return m;
}

/* reference time stood at @ref, and goes on when VP 0 is run: so much later, and no later */
static void goes_on(struct __test_metadata *_metadata, struct vmm *vm, u64 ref,
		    const struct moment *m)
{
	u64 start = host_time(), first = 0, before, after, least, most, passed;
	struct reading *r = vmm_gpa(vm, VMM_DATA + READING);
	unsigned int i;

	for (i = 0; i < READINGS; i++) {
		before = host_time();
		vmm_run_out(&vm->vp[0], GUEST_PORT);
		after = host_time();
		if (!i)
			first = after;
		least = before > first ? before - first : 0;
		most = after - start;
		EXPECT_LT(ref, r->count);
		EXPECT_GE(r->count + NEAR, ref + least);
		EXPECT_LE(r->count, ref + most + NEAR)
			TH_LOG("reading %u: %llu, at most %llu", i,
			       (unsigned long long)(r->count - ref), (unsigned long long)most);
		if (!r->sequence)	/* the host's TSC is no clock */
			continue;
		EXPECT_LE(ref, r->page);
		EXPECT_LE(r->page, r->count);
		EXPECT_GE(r->page + NEAR, ref + least);
		EXPECT_LT(m->tsc, r->tsc);
		passed = (unsigned __int128)(r->tsc - m->tsc) * r->scale >> 64;
		EXPECT_GE(passed + m->after + NEAR, before);
		EXPECT_LE(passed + m->before, after + NEAR);
	}
}

TEST_F(clock, all_suspended)
{
	struct vmm *vm = &self->vm;
	u64 ref;

	EXPECT_TRUE(counts(vm));
	suspend(vm, 0, true);
	EXPECT_TRUE(counts(vm));
	suspend(vm, 1, true);
	EXPECT_TRUE(stands(vm, false));
	ref = ref_time(vm);
	/* frozen besides, and no more */
	ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	EXPECT_TRUE(stands(vm, true));
	ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
	EXPECT_TRUE(stands(vm, false));
	EXPECT_EQ(ref, ref_time(vm));
	/* the other way round: thawed at last */
	ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	suspend(vm, 1, false);
	EXPECT_TRUE(stands(vm, true));
	EXPECT_EQ(ref, ref_time(vm));
	ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
	EXPECT_TRUE(counts(vm));
	PROVES("B-15-005");
}

TEST_F(clock, resumed)
{
	struct vmm *vm = &self->vm;
	struct moment m;
	unsigned int i;
	u64 ref;

	for (i = 0; i < 3; i++) {
		suspend(vm, 1, true);
		suspend(vm, 0, true);
		ref = ref_time(vm);
		m = tsc_now(vm);
		vmm_sleep_ms(AWAY_MS);
		goes_on(_metadata, vm, ref, &m);
	}
	PROVES("B-15-005");
}

/* a timer that would have expired meanwhile has its time to run yet */
TEST_F(clock, timer)
{
	const u32 config = HV_REGISTER_STIMER0_CONFIG;
	struct vmm *vm = &self->vm;
	u64 end, due;

	suspend(vm, 1, true);
	suspend(vm, 0, true);
	vmm_set_reg(&vm->vp[0], HV_REGISTER_SCONTROL, 1);
	vmm_set_reg(&vm->vp[0], HV_REGISTER_SIMP, 0x3f001);
	vmm_set_reg(&vm->vp[0], HV_REGISTER_SINT0 + 2, 0x81);
	due = ref_time(vm) + AWAY_MS / 2 * 10000;
	vmm_set_reg(&vm->vp[0], HV_REGISTER_STIMER0_COUNT, due);
	/* SINT 2, enabled: it is disabled when it expires */
	vmm_set_reg(&vm->vp[0], config, 0x20001);
	vmm_sleep_ms(AWAY_MS);
	EXPECT_EQ(1, vmm_reg(&vm->vp[0], config) & 1);
	suspend(vm, 1, false);
	end = vmm_now_ms() + VMM_LONG;
	while (vmm_reg(&vm->vp[0], config) & 1 && vmm_now_ms() < end)
		;
	EXPECT_EQ(0, vmm_reg(&vm->vp[0], config) & 1);
	EXPECT_LE(due, ref_time(vm));
}

static void restored(struct __test_metadata *_metadata, struct vmm *vm, bool freeze)
{
	void *stream = calloc(1, SAVE_STREAM);
	struct vmm other;
	struct moment m;
	u64 ref, saved;
	int size;

	suspend(vm, 0, true);
	suspend(vm, 1, true);
	if (freeze)
		ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	ref = ref_time(vm);
	vmm_sleep_ms(AWAY_MS);
	m = tsc_now(vm);
	size = save(vm->pt, stream);
	saved = host_time();
	ASSERT_LT(0, size);

	vmm_setup(&other, 2);
	memcpy(other.ram, vm->ram, VMM_RAM);
	if (freeze)
		ASSERT_EQ(0, vmm_set_property(other.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	vmm_sleep_ms(AWAY_MS);
	/* the TSC goes on when it is restored, or else at thaw */
	if (!freeze)
		m.before = host_time() - (saved - m.before);
	ASSERT_EQ(HV_STATE_COMPLETE, restore(other.pt, stream, size, SAVE_CHUNK));
	if (!freeze)
		m.after = host_time();
	vmm_sleep_ms(AWAY_MS);
	EXPECT_EQ(ref, ref_time(&other));
	if (freeze) {
		EXPECT_EQ(m.tsc, tsc(&other));
		m.before = host_time();
		ASSERT_EQ(0, vmm_set_property(other.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
		m.after = host_time();
	}
	EXPECT_EQ(ref, ref_time(&other));
	goes_on(_metadata, &other, ref, &m);
	vmm_teardown(&other);
	free(stream);
}

TEST_F(clock, restored)
{
	restored(_metadata, &self->vm, false);
}

TEST_F(clock, restored_frozen)
{
	restored(_metadata, &self->vm, true);
}

TEST_HARNESS_MAIN
