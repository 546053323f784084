// SPDX-License-Identifier: GPL-2.0-only
/*
 * parent_rules_test.c - privileges and properties a parent gives (TLFS 5), limits of a tree, and
 * hypercalls whose blocks are not there (TLFS 4.6)
 */
#include "harness.h"
#include "ports.h"

#define FAR		0x50000000ULL
#define CHILDREN	64		/* of one guest, as documented */

static int set(struct vmm *vm, u32 code, u64 val)
{
	return vmm_set_property(vm->pt, code, val);
}

static u64 get(struct vmm *vm, u32 code)
{
	u64 val;

	return vmm_get_property(vm->pt, code, &val) ? ~0ULL : val;
}

/* ---- privileges (5.2.3) ---- */

GUEST_CODE(privileges_leaf, "64",
	   "mov	$0x40000003, %eax\n\t"
	   "cpuid\n\t"
	   "out	%eax, $0xe0\n\t"
	   "mov	%ebx, %eax\n\t"
	   "out	%eax, $0xe1\n\t");

#define EVEN	0x5555555555555555ULL
#define GIVEN	(0x7ffULL | 0x1ffULL << 32 | HV_PRIV_DEBUGGING)

/* set alone and with others, read back, and seen by the guest; each bit in one of the halves */
TEST(privileges)
{
	static const u64 halves[] = { GIVEN & EVEN, GIVEN & ~EVEN };
	unsigned int bit, i;
	struct vmm vm;
	char id[40];
	u64 mask;

	for (i = 0; i < 2; i++) {
		vmm_setup(&vm, 0);
		for (bit = 0; bit < 64; bit++) {
			mask = 1ULL << bit;
			if (!(mask & GIVEN))
				continue;
			EXPECT_EQ(0, set(&vm, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, mask))
				TH_LOG("bit %u", bit);
			EXPECT_EQ(mask, get(&vm, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS));
		}
		for (bit = 44; bit <= 45; bit++)
			EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
				  set(&vm, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, 1ULL << bit));
		ASSERT_EQ(0, set(&vm, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, halves[i]));
		vm.vp[0].fd = vmm_create_vp(vm.pt, 0);
		vmm_start64(&vm.vp[0], &privileges_leaf);
		mask = vmm_run_out(&vm.vp[0], 0xe0);
		mask |= (u64)vmm_run_out(&vm.vp[0], 0xe1) << 32;
		EXPECT_EQ(halves[i], mask);
		EXPECT_EQ(halves[i], get(&vm, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS));
		vmm_teardown(&vm);
	}
	/* the root has them all */
	vmm_setup(&vm, 0);
	EXPECT_EQ(0, vmm_get_property(vm.dev, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, &mask));
	EXPECT_EQ(GIVEN | HV_PRIV_CPU_MANAGEMENT | 1ULL << 45,
		  mask & (GIVEN | HV_PRIV_CPU_MANAGEMENT | 1ULL << 45));
	vmm_teardown(&vm);
	for (bit = 0; bit < 46; bit++) {
		if (!(1ULL << bit & GIVEN) && bit < 44)
			continue;
		snprintf(id, sizeof(id), "PROP-privilege-bit-%u", bit);
		PROVES(id);
	}
	PROVES("PROP-partition-property-0x00010000 B-5-008");
}

/* ---- other properties (5.2.2) ---- */

TEST(defaults_last)
{
	static const struct {
		u32 code;
		u64 val;
	} defaults[] = {
		{ HV_PARTITION_PROPERTY_CPU_RESERVE, 0 },
		{ HV_PARTITION_PROPERTY_CPU_CAP, 0x10000 },
		{ HV_PARTITION_PROPERTY_CPU_WEIGHT, 100 },
		{ HV_PARTITION_PROPERTY_EMULATED_TIMER_PERIOD, 0 },
		{ HV_PARTITION_PROPERTY_EMULATED_TIMER_CONTROL, 0 },
		{ HV_PARTITION_PROPERTY_PM_TIMER_ASSIST, 0 },
		{ HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, 0 },
	};
	struct vmm vm;
	unsigned int i;

	pt_setup(&vm, 0, 1);
	for (i = 0; i < ARRAY_SIZE(defaults); i++)
		EXPECT_EQ(defaults[i].val, get(&vm, defaults[i].code))
			TH_LOG("property %#x", defaults[i].code);
	ASSERT_EQ(0, set(&vm, HV_PARTITION_PROPERTY_CPU_WEIGHT, 1234));
	/* refused values leave it, and so does the guest */
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  set(&vm, HV_PARTITION_PROPERTY_CPU_WEIGHT, 0));
	guest_call(&vm.vp[0], HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_HYPERCALL_FAST, 1, 0);
	EXPECT_EQ(1234, get(&vm, HV_PARTITION_PROPERTY_CPU_WEIGHT));
	vmm_teardown(&vm);
	PROVES("B-5-003 B-5-004");
}

TEST(values)
{
	u64 in[3] = { 1ULL << 60, HV_PARTITION_PROPERTY_CPU_WEIGHT, 100 };
	struct vmm vm;

	vmm_setup(&vm, 0);
	EXPECT_EQ(0, set(&vm, HV_PARTITION_PROPERTY_VIRTUAL_TLB_PAGE_COUNT, 0));
	EXPECT_LT(0, get(&vm, HV_PARTITION_PROPERTY_VIRTUAL_TLB_PAGE_COUNT));
	EXPECT_EQ(0, set(&vm, HV_PARTITION_PROPERTY_VIRTUAL_TLB_PAGE_COUNT, ~0ULL));
	EXPECT_GT(1 << 30, get(&vm, HV_PARTITION_PROPERTY_VIRTUAL_TLB_PAGE_COUNT));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  set(&vm, HV_PARTITION_PROPERTY_PROCESSOR_VENDOR, vmm_vendor()));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  set(&vm, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES, 1ULL << 63));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  set(&vm, HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES, 1ULL << 63));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  vmm_call(vm.dev, HVCALL_SET_PARTITION_PROPERTY, in, sizeof(in), NULL, 0));
	/* good in itself, but not beside the other one */
	EXPECT_EQ(0, set(&vm, HV_PARTITION_PROPERTY_CPU_CAP, 0x4000));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  set(&vm, HV_PARTITION_PROPERTY_CPU_RESERVE, 0x4001));
	vmm_teardown(&vm);
	PROVES("B-5-019 B-5-021 B-5-023 B-5-046");
}

/* ---- the tree ---- */

TEST(children)
{
	struct hv_input_create_partition_20 in = { .flags = 0 };
	unsigned int i;
	struct vmm vm;
	u64 id;

	pt_setup(&vm, HV_PRIV_CREATE_PARTITIONS, 1);
	for (i = 0; i < CHILDREN; i++)
		ASSERT_EQ(0, guest_call_in(&vm.vp[0], HVCALL_CREATE_PARTITION, &in, sizeof(in)))
			TH_LOG("child %u", i);
	EXPECT_EQ(HV_STATUS_NO_RESOURCES,
		  guest_call_in(&vm.vp[0], HVCALL_CREATE_PARTITION, &in, sizeof(in)));
	EXPECT_EQ(CHILDREN + 1, vmm_count("partitions"));
	id = pt_id(vm.pt);
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  vmm_call(vm.dev, HVCALL_FINALIZE_PARTITION, &id, sizeof(id), NULL, 0));
	vmm_teardown(&vm);
	EXPECT_TRUE(vmm_count_settles("partitions", 0));
	PROVES("HC-0040/NO_RESOURCES HC-0042/OPERATION_DENIED B-5-031");
}

/* the root's own memory is not the root's to unmap */
TEST(root_memory)
{
	u64 in[4] = { HV_PARTITION_ID_SELF, 0x1000 };
	struct vmm vm;
	u16 reps = 1;

	vmm_setup(&vm, 0);
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  vmm_call_reps(vm.dev, HVCALL_UNMAP_GPA_PAGES, &reps, in, 16, NULL, 0));
	vmm_teardown(&vm);
	PROVES("B-8-004");
}

/* ---- a deposited page, and blocks of a call that are not there ---- */

GUEST_CODE(touch, "64",
	   "mov	0x70000, %rax\n\t"
	   "out	%eax, $0xe0\n\t");

TEST(deposited_page)
{
	struct hv_input_create_partition_20 create = { .flags = 0 };
	struct hv_message msg;
	struct vmm vm;
	u64 in[2];
	int ret;

	pt_setup(&vm, HV_PRIV_CREATE_PARTITIONS | HV_PRIV_ACCESS_MEMORY_POOL, 1);
	ASSERT_EQ(0, guest_call_in(&vm.vp[0], HVCALL_CREATE_PARTITION, &create, sizeof(create)));
	in[0] = *(u64 *)vmm_gpa(&vm, GUEST_OUT);
	in[1] = 0x70000 >> 12;
	vmm_write(&vm, GUEST_IN, in, sizeof(in));
	ASSERT_EQ(0, (u16)guest_call(&vm.vp[0], HVCALL_DEPOSIT_MEMORY | 1ULL << 32, GUEST_IN,
				     GUEST_OUT));
	vmm_start64(&vm.vp[0], &touch);
	ret = vmm_run(&vm.vp[0], &msg, VMM_LONG);
	ASSERT_EQ(0, ret);
	EXPECT_TRUE(msg.header.message_type == HVMSG_UNMAPPED_GPA ||
		    msg.header.message_type == HVMSG_GPA_INTERCEPT);
	EXPECT_EQ(0x70000, vmm_mem_msg(&msg)->base.gpa);
	vmm_teardown(&vm);
	PROVES("B-7-002");
}

/* the call waits for its block, and is made again */
TEST(missing_blocks)
{
	struct hv_message msg;
	struct vmm vm;
	u64 *block, in = HV_PARTITION_ID_SELF;
	struct vmm_vp *vp;

	pt_setup(&vm, HV_PRIV_CREATE_PARTITIONS | HV_PRIV_ACCESS_PARTITION_ID, 1);
	vp = &vm.vp[0];

	/* input: HvGetNextChildPartition of itself */
	vmm_set_reg(vp, HV_X64_REGISTER_RBX, GUEST_CALLS);
	vmm_set_reg(vp, HV_X64_REGISTER_RCX, HVCALL_GET_NEXT_CHILD_PARTITION);
	vmm_set_reg(vp, HV_X64_REGISTER_RDX, FAR);
	vmm_set_reg(vp, HV_X64_REGISTER_R8, GUEST_OUT);
	vmm_run_to(vp, HVMSG_UNMAPPED_GPA, &msg);
	EXPECT_EQ(FAR, vmm_mem_msg(&msg)->base.gpa);
	EXPECT_EQ(HV_INTERCEPT_ACCESS_READ, vmm_mem_msg(&msg)->base.header.intercept_access_type);
	block = vmm_add_memory(&vm, FAR, TLFS_PAGE_SIZE, 0);
	block[0] = in;
	block[1] = 0;
	vmm_run_out(vp, GUEST_PORT);
	EXPECT_EQ(0, (u16)vmm_reg(vp, HV_X64_REGISTER_RAX));

	/* output: where it can be read only */
	vmm_set_reg(vp, HV_X64_REGISTER_RCX, HVCALL_GET_PARTITION_ID);
	vmm_set_reg(vp, HV_X64_REGISTER_R8, FAR);
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, VMM_CODE);
	vmm_run_to(vp, HVMSG_GPA_INTERCEPT, &msg);
	EXPECT_EQ(FAR, vmm_mem_msg(&msg)->base.gpa);
	EXPECT_EQ(HV_INTERCEPT_ACCESS_WRITE,
		  vmm_mem_msg(&msg)->base.header.intercept_access_type);
	ASSERT_EQ(0, vmm_set_memory(vm.pt, FAR, block, TLFS_PAGE_SIZE, TLFS_MEM_UNMAP));
	ASSERT_EQ(0, vmm_set_memory(vm.pt, FAR, block, TLFS_PAGE_SIZE, VMM_RW));
	vmm_run_out(vp, GUEST_PORT);
	EXPECT_EQ(0, (u16)vmm_reg(vp, HV_X64_REGISTER_RAX));
	EXPECT_EQ(pt_id(vm.pt), block[0]);
	vmm_teardown(&vm);
	PROVES("B-4-025 B-4-026 B-4-027");
}

/* the root has no parent to do this to it (22.4) */
TEST(the_root_itself)
{
	static const u16 codes[] = {
		HVCALL_INITIALIZE_PARTITION, HVCALL_FINALIZE_PARTITION, HVCALL_DELETE_PARTITION,
		HVCALL_CREATE_VP, HVCALL_INSTALL_INTERCEPT,
	};
	u64 in[8] = { 0 }, root = 0;
	int dev = vmm_open();
	unsigned int i;

	ASSERT_LE(0, dev);
	ASSERT_EQ(0, vmm_call(dev, HVCALL_GET_PARTITION_ID, in, sizeof(in), &root, sizeof(root)));
	EXPECT_NE(0, root);
	for (i = 0; i < 2 * ARRAY_SIZE(codes); i++) {
		in[0] = i & 1 ? root : HV_PARTITION_ID_SELF;
		EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
			  vmm_call(dev, codes[i / 2], in, sizeof(in), NULL, 0))
			TH_LOG("call %#x", codes[i / 2]);
	}
	close(dev);
	PROVES("B-22-008");
}

TEST_HARNESS_MAIN
