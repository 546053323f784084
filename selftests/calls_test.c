// SPDX-License-Identifier: GPL-2.0-only
/*
 * calls_test.c - every call of TLFS 2.0, by callers with and without the right to it, bad inputs
 *
 * The calls are the rows of conformance/tables/hypercalls.tsv; the Makefile makes an array of them.
 */
#include "harness.h"
#include "ports.h"

#define NOBODY		(1ULL << 60)
#define COUNT_SHIFT	32
#define RESERVED_BIT	(1ULL << 27)
#define ALL_PRIVILEGES	(HV_PRIV_CREATE_PARTITIONS | HV_PRIV_ACCESS_PARTITION_ID | \
			 HV_PRIV_ACCESS_MEMORY_POOL | HV_PRIV_POST_MESSAGES | \
			 HV_PRIV_SIGNAL_EVENTS | HV_PRIV_CREATE_PORT | HV_PRIV_CONNECT_PORT | \
			 HV_PRIV_ACCESS_STATS | HV_PRIV_DEBUGGING)

/**
 * struct spec - a row of the table
 * @code:	call code
 * @name:	of the call
 * @rep:	"y": has a list
 * @fast:	"y": may be called through registers
 * @caller:	who may: "any", "parent", "root", "parent/self", ...
 * @privilege:	which it takes, "none" and more words
 * @bytes:	of the input header
 * @fields:	of the input, the first is "0:name:size"
 * @statuses:	it may return
 */
struct spec {
	u16 code;
	const char *name, *rep, *fast, *caller, *privilege;
	unsigned int bytes;
	const char *fields, *statuses;
};

static const struct spec calls[] = {
#include "hypercalls.inc"
};

static bool starts(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

/* a guest may make it for itself without any privilege */
static bool open_to_all(const struct spec *c)
{
	return starts(c->caller, "any") && starts(c->privilege, "none");
}

/* no guest ever has it */
static bool for_the_root(const struct spec *c)
{
	return starts(c->caller, "root") || starts(c->privilege, "CpuManagement") ||
	       starts(c->privilege, "ConfigureProfiler");
}

static bool names_partition(const struct spec *c)
{
	return starts(c->fields, "0:") && strstr(c->fields, "PartitionId:8") &&
	       strcspn(c->fields, ";") > strlen("0:PartitionId");
}

static bool first_is_partition(const struct spec *c)
{
	size_t len = strcspn(c->fields, ";");
	char first[64];

	if (len >= sizeof(first))
		return false;
	memcpy(first, c->fields, len);
	first[len] = 0;
	return names_partition(c) && strstr(first, "Partition");
}

/* its own number of elements: one, if it has any */
static u64 control(const struct spec *c)
{
	return c->code | (*c->rep == 'y' ? 1ULL << COUNT_SHIFT : 0);
}

static u16 make(struct vmm *vm, u64 control, u64 in, u64 out)
{
	return guest_call(&vm->vp[0], control, in, out);
}

/* a status the table gives the call: then a test that saw it has proven that row */
static void saw(const struct spec *c, const char *status)
{
	char text[64], id[64];

	snprintf(text, sizeof(text), "HV_STATUS_%s:", status);
	if (!strstr(c->statuses, text))
		return;
	snprintf(id, sizeof(id), "HC-%04X/%s", c->code, status);
	PROVES(id);
}

static void set_input(struct vmm *vm, u64 first)
{
	u8 *in = vm->ram + GUEST_IN;

	memset(in, 0, 2 * TLFS_PAGE_SIZE);
	memcpy(in, &first, sizeof(first));
}

static bool denied_to_plain(const struct spec *c)
{
	return !open_to_all(c);
}

/* what the control word says comes before all else (4.7, 4.11.2) */
static void check_shape(struct __test_metadata *_metadata, struct vmm *vm, const struct spec *c)
{
	u64 other = *c->rep == 'y' ? c->code : c->code | 1ULL << COUNT_SHIFT;

	set_input(vm, NOBODY);
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT,
		  make(vm, control(c) | RESERVED_BIT, GUEST_IN, GUEST_OUT))
		TH_LOG("reserved bit, call %#x", c->code);
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT, make(vm, other, GUEST_IN, GUEST_OUT))
		TH_LOG("reps, call %#x", c->code);
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_INPUT,
		  make(vm, control(c) | 1ULL << 48, GUEST_IN, GUEST_OUT))
		TH_LOG("start beyond the count, call %#x", c->code);
}

/* a guest that has no privilege of calls, nor children */
TEST(plain_guest)
{
	const struct spec *c;
	struct vmm vm;
	u16 status;

	pt_setup(&vm, 0, 1);
	EXPECT_LE(50, ARRAY_SIZE(calls));
	for (c = calls; c < calls + ARRAY_SIZE(calls); c++) {
		check_shape(_metadata, &vm, c);
		set_input(&vm, NOBODY);
		status = make(&vm, control(c), GUEST_IN, GUEST_OUT);
		EXPECT_NE(HV_STATUS_INVALID_HYPERCALL_CODE, status) TH_LOG("call %#x", c->code);
		if (!denied_to_plain(c)) {
			EXPECT_NE(HV_STATUS_ACCESS_DENIED, status) TH_LOG("call %#x", c->code);
			continue;
		}
		/* nor is it told whether there is such a partition, or whether the input is good */
		EXPECT_EQ(HV_STATUS_ACCESS_DENIED, status) TH_LOG("call %#x", c->code);
		/* later editions let a VP set registers of its own */
		if (c->bytes && !starts(c->caller, "parent/self") &&
		    c->code != HVCALL_SET_VP_REGISTERS)
			EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
				  make(&vm, control(c), GUEST_IN + 4, GUEST_OUT))
				TH_LOG("call %#x", c->code);
	}
	vmm_teardown(&vm);
	for (c = calls; c < calls + ARRAY_SIZE(calls); c++)
		if (denied_to_plain(c))
			saw(c, "ACCESS_DENIED");
	PROVES("B-4-052 B-4-055 B-5-011 B-5-012");
}

/* one that has all a guest may have: its input is looked at */
TEST(guest_parent)
{
	const struct spec *c;
	struct vmm vm;
	u16 status;

	pt_setup(&vm, ALL_PRIVILEGES, 1);
	for (c = calls; c < calls + ARRAY_SIZE(calls); c++) {
		check_shape(_metadata, &vm, c);
		set_input(&vm, NOBODY);
		status = make(&vm, control(c), GUEST_IN, GUEST_OUT);
		if (for_the_root(c)) {
			EXPECT_EQ(HV_STATUS_ACCESS_DENIED, status) TH_LOG("call %#x", c->code);
			continue;
		}
		if (first_is_partition(c)) {
			EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, status)
				TH_LOG("call %#x", c->code);
			set_input(&vm, ROOT_ID);
			if (!strstr(c->name, "Port"))
				EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
					  make(&vm, control(c), GUEST_IN, GUEST_OUT))
					TH_LOG("call %#x of the root", c->code);
		}
		if (!c->bytes)
			continue;
		EXPECT_EQ(HV_STATUS_INVALID_ALIGNMENT,
			  make(&vm, control(c), GUEST_IN + 4, GUEST_OUT))
			TH_LOG("call %#x", c->code);
		EXPECT_EQ(HV_STATUS_INVALID_ALIGNMENT, make(&vm, control(c), ~7ULL, GUEST_OUT))
			TH_LOG("call %#x", c->code);
		if (c->bytes > 8)
			EXPECT_EQ(HV_STATUS_INVALID_ALIGNMENT,
				  make(&vm, control(c), GUEST_IN + TLFS_PAGE_SIZE - 8,
				       GUEST_OUT + 0x100)) TH_LOG("call %#x", c->code);
	}
	vmm_teardown(&vm);
	for (c = calls; c < calls + ARRAY_SIZE(calls); c++)
		if (!for_the_root(c) && first_is_partition(c))
			saw(c, "INVALID_PARTITION_ID");
}

/* registers suffice where the table says so; with nothing in them a call may still fail */
TEST(fast_calls)
{
	const struct spec *c;
	struct vmm vm;

	pt_setup(&vm, ALL_PRIVILEGES, 1);
	for (c = calls; c < calls + ARRAY_SIZE(calls); c++)
		if (*c->fast == 'y')
			EXPECT_NE(HV_STATUS_INVALID_HYPERCALL_INPUT,
				  make(&vm, control(c) | HV_HYPERCALL_FAST, NOBODY, 0))
				TH_LOG("call %#x", c->code);
	vmm_teardown(&vm);
}

/* the root through either descriptor; -EINVAL without a status: not a call for this descriptor */
TEST(root)
{
	u64 in[512] = { NOBODY }, out[512];
	const struct spec *c;
	struct vmm vm;
	u16 reps;
	int ret;

	vmm_setup(&vm, 1);
	for (c = calls; c < calls + ARRAY_SIZE(calls); c++) {
		reps = *c->rep == 'y';
		ret = vmm_call_reps(vm.dev, c->code, &reps, in, sizeof(in), out, sizeof(out));
		EXPECT_NE(HV_STATUS_INVALID_HYPERCALL_CODE, ret) TH_LOG("call %#x", c->code);
		EXPECT_NE(HV_STATUS_ACCESS_DENIED, ret) TH_LOG("call %#x", c->code);
		if (first_is_partition(c))
			EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, ret) TH_LOG("call %#x", c->code);
		reps = *c->rep != 'y';
		ret = vmm_call_reps(vm.dev, c->code, &reps, in, sizeof(in), out, sizeof(out));
		EXPECT_NE(0, ret) TH_LOG("reps, call %#x", c->code);
	}
	/* a VP's descriptor is for the VP's state only */
	for (c = calls; c < calls + ARRAY_SIZE(calls); c++) {
		reps = *c->rep != 'y';
		EXPECT_NE(0, vmm_call_reps(vm.vp[0].fd, c->code, &reps, in, 8, out, sizeof(out)))
			TH_LOG("call %#x", c->code);
		reps = *c->rep != 'y';
		EXPECT_NE(0, vmm_call_reps(vm.pt, c->code, &reps, in, 8, out, sizeof(out)))
			TH_LOG("call %#x", c->code);
	}
	vmm_teardown(&vm);
}

/* what 2.0 reserves, in a partition of that version */
TEST(reserved_codes)
{
	struct vmm vm;
	u16 code;

	vmm_setup_bare(&vm, VMM_FLAGS);
	ASSERT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION,
				      HV_COMPATIBILITY_VERSION_2_0));
	ASSERT_EQ(0, vmm_ioctl(vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	vm.ram = vmm_add_memory(&vm, 0, VMM_RAM, VMM_RWX);
	pt_add_vp(&vm, 0);
	for (code = 0; code < 0x180; code++)
		if (!code || (code >= 5 && code <= 7) || (code >= 0xa && code <= 0x3f) ||
		    code > 0x71)
			EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_CODE,
				  make(&vm, code, GUEST_IN, GUEST_OUT)) TH_LOG("%#x", code);
	EXPECT_EQ(HV_STATUS_INVALID_HYPERCALL_CODE, make(&vm, 0xffff, GUEST_IN, GUEST_OUT));
	vmm_teardown(&vm);
	PROVES("HC-0005-0007/INVALID_HYPERCALL_CODE HC-000A-003F/INVALID_HYPERCALL_CODE");
}

TEST_HARNESS_MAIN
