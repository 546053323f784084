// SPDX-License-Identifier: GPL-2.0-only
/*
 * child.c - who may be named in calls of a guest: a child that is not active, nobody, itself
 * (TLFS 4.11, 5.6, 7.1, 10.4)
 */
#include "guest.h"

#define NOBODY		0x7777777777ULL

static u64 in[512] __page_aligned, out[512] __page_aligned;

/* calls on a VP of the partition they name first; with input that is right but for that */
static const struct {
	const char *name;
	u16 code;
	bool rep;
	const char *id, *state;
} calls[] = {
	{ "HvGetVpRegisters", HVCALL_GET_VP_REGISTERS, true,
	  "HC-0050/INVALID_PARTITION_ID HC-0050~2/INVALID_PARTITION_ID",
	  "HC-0050/INVALID_PARTITION_STATE" },
	{ "HvSetVpRegisters", HVCALL_SET_VP_REGISTERS, true,
	  "HC-0051~2/INVALID_PARTITION_ID", "HC-0051/INVALID_PARTITION_STATE" },
	{ "HvAssertVirtualInterrupt", HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL, false,
	  "HC-0094/INVALID_PARTITION_ID", NULL },
	{ "HvStartVirtualProcessor", HVCALL_START_VIRTUAL_PROCESSOR, false,
	  "HC-0099/INVALID_PARTITION_ID", "HC-0099/INVALID_PARTITION_STATE" },
	{ "HvGetVpIndexFromApicId", HVCALL_GET_VP_INDEX_FROM_APIC_ID, true,
	  "HC-009A/INVALID_PARTITION_ID", "HC-009A/INVALID_PARTITION_STATE" },
};

static u64 call_on(unsigned int i, u64 id)
{
	memset(in, 0, sizeof(in));
	in[0] = id;
	if (calls[i].code == HVCALL_GET_VP_REGISTERS)
		in[2] = HV_REGISTER_VP_INDEX;
	if (calls[i].code == HVCALL_SET_VP_REGISTERS)
		in[2] = HV_X64_REGISTER_RAX;
	if (calls[i].code == HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL)
		in[3] = 0x40;
	return hypercall(calls[i].code | (calls[i].rep ? HV_REPS(1) : 0), (u64)in, (u64)out);
}

static u16 on_partition(u16 code, u64 id, u64 reps)
{
	memset(in, 0, sizeof(in));
	in[0] = id;
	in[1] = (u64)in >> 12;
	return hv_status(hypercall(code | reps, (u64)in, (u64)out));
}

void payload(void);

void payload(void)
{
	struct hv_input_create_partition_20 create = {};
	u64 child, self;

	hv_enable();
	check_eq(hv_status(hypercall(HVCALL_GET_PARTITION_ID, 0, (u64)out)), 0, "who we are");
	self = out[0];
	memcpy(in, &create, sizeof(create));
	check_eq(hv_status(hypercall(HVCALL_CREATE_PARTITION, (u64)in, (u64)out)), 0,
		 "a child that is not active");
	child = out[0];

	for (unsigned int i = 0; i < ARRAY_SIZE(calls); i++) {
		check_eq(call_on(i, NOBODY), HV_STATUS_INVALID_PARTITION_ID,
			 "%s names nobody [%s]", calls[i].name, calls[i].id);
		if (calls[i].state)
			check_eq(call_on(i, child), HV_STATUS_INVALID_PARTITION_STATE,
				 "%s on a child that is not active [%s]", calls[i].name,
				 calls[i].state);
		else
			check_eq(call_on(i, child), HV_STATUS_INVALID_PARTITION_STATE,
				 "%s on a child that is not active", calls[i].name);
	}
	check(on_partition(HVCALL_INITIALIZE_PARTITION, self, 0) == HV_STATUS_ACCESS_DENIED &&
	      on_partition(HVCALL_INITIALIZE_PARTITION, HV_PARTITION_ID_SELF, 0) ==
	      HV_STATUS_ACCESS_DENIED, "HvInitializePartition on who is no child [B-5-042]");
	check(on_partition(HVCALL_DEPOSIT_MEMORY, self, HV_REPS(1)) == HV_STATUS_ACCESS_DENIED &&
	      on_partition(HVCALL_WITHDRAW_MEMORY, self, HV_REPS(1)) == HV_STATUS_ACCESS_DENIED,
	      "a pool is its parent's to fill and to empty [B-7-005]");
	check_eq(on_partition(HVCALL_DELETE_PARTITION, child, 0), 0, "and it goes");
}
