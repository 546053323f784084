/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * parent.h - the calls of a guest that has children, one function each
 */
#ifndef GUEST_PARENT_H
#define GUEST_PARENT_H

#include "guest.h"

#define PFN(a)		((u64)(a) >> 12)
#define RWX	(HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE | HV_MAP_GPA_EXECUTABLE)

static u8 in_page[4096] __page_aligned, out_page[4096] __page_aligned;
static unsigned int reps_done;

static u16 call(u16 code, unsigned int reps)
{
	u64 r = hypercall(code | HV_REPS(reps), (u64)in_page, (u64)out_page);

	reps_done = hv_reps(r);
	return hv_status(r);
}

static u64 out64(unsigned int i)
{
	return ((u64 *)out_page)[i];
}

static u16 on_partition(u16 code, u64 id)
{
	*(u64 *)in_page = id;
	return call(code, 0);
}

static u16 create(u64 flags, u32 node, u32 node_flags)
{
	struct hv_input_create_partition_20 in = {
		.flags = flags,
		.proximity_domain_info = { .id = node, .flags = node_flags },
	};

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_CREATE_PARTITION, 0);
}

static u16 deposit(u64 id, u64 gpa, unsigned int n)
{
	struct hv_input_deposit_memory *in = (void *)in_page;
	unsigned int i;

	in->partition_id = id;
	for (i = 0; i < n; i++)
		in->gpa_page_list[i] = PFN(gpa) + i;
	return call(HVCALL_DEPOSIT_MEMORY, n);
}

static u16 withdraw(u64 id, unsigned int n)
{
	struct hv_input_withdraw_memory in = { .partition_id = id };

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_WITHDRAW_MEMORY, n);
}

static u16 balance(u64 id, u64 *available, u64 *in_use)
{
	struct hv_input_get_memory_balance in = { .partition_id = id };
	u16 status;

	memcpy(in_page, &in, sizeof(in));
	status = call(HVCALL_GET_MEMORY_BALANCE, 0);
	*available = out64(0);
	*in_use = out64(1);
	return status;
}

static u16 map_flags(u64 id, u64 target, u64 source, unsigned int n, u32 flags)
{
	struct hv_input_map_gpa_pages *in = (void *)in_page;
	unsigned int i;

	in->target_partition_id = id;
	in->target_gpa_base = PFN(target);
	in->map_flags = flags;
	in->padding = 0;
	for (i = 0; i < n; i++)
		in->source_gpa_page_list[i] = PFN(source) + i;
	return call(HVCALL_MAP_GPA_PAGES, n);
}

static u16 map(u64 id, u64 target, u64 source, unsigned int n)
{
	u16 status = HV_STATUS_SUCCESS;
	unsigned int some;

	for (; n && !status; n -= some, target += some * PAGE_SIZE, source += some * PAGE_SIZE) {
		some = n < 500 ? n : 500;
		status = map_flags(id, target, source, some, RWX);
	}
	return status;
}

static u16 map_sparse(u64 id, u64 target, u64 source)
{
	struct hv_input_map_sparse_gpa_pages *in = (void *)in_page;

	in->target_partition_id = id;
	in->map_flags = RWX;
	in->padding = 0;
	in->page_list[0].target_gpa_page = PFN(target);
	in->page_list[0].source_gpa_page = PFN(source);
	return call(HVCALL_MAP_SPARSE_GPA_PAGES, 1);
}

static u16 unmap(u64 id, u64 target, unsigned int n)
{
	struct hv_input_unmap_gpa_pages_20 in = {
		.target_partition_id = id, .target_gpa_base = PFN(target),
	};

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_UNMAP_GPA_PAGES, n);
}

static u16 create_vp(u64 id, u32 index, u64 flags)
{
	struct hv_input_create_vp_20 in = {
		.partition_id = id, .vp_index = index, .flags = flags,
	};

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_CREATE_VP, 0);
}

static u16 delete_vp(u64 id, u32 index)
{
	struct hv_input_delete_vp in = { .partition_id = id, .vp_index = index };

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_DELETE_VP, 0);
}

static u16 install(u64 id, u32 type, u32 access, u64 param)
{
	struct hv_input_install_intercept in = {
		.partition_id = id, .access_type = access, .intercept_type = type,
		.intercept_parameter = param,
	};

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_INSTALL_INTERCEPT, 0);
}

static u16 get_property(u64 id, u32 code)
{
	struct hv_input_get_partition_property in = { .partition_id = id, .property_code = code };

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_GET_PARTITION_PROPERTY, 0);
}

static u16 set_property(u64 id, u32 code, u64 value)
{
	struct hv_input_set_partition_property in = {
		.partition_id = id, .property_code = code, .property_value = value,
	};

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_SET_PARTITION_PROPERTY, 0);
}

static u16 next_child(u64 parent, u64 previous)
{
	struct hv_input_get_next_child_partition in = {
		.parent_id = parent, .previous_child_id = previous,
	};

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_GET_NEXT_CHILD_PARTITION, 0);
}

static u16 get_reg(u64 id, u32 name, union hv_register_value *val)
{
	struct hv_input_get_vp_registers *in = (void *)in_page;
	u16 status;

	memset(in, 0, sizeof(*in));
	in->partition_id = id;
	in->names[0] = name;
	status = call(HVCALL_GET_VP_REGISTERS, 1);
	memcpy(val, out_page, sizeof(*val));
	return status;
}

static u64 reg(u64 id, u32 name)
{
	union hv_register_value val;

	return get_reg(id, name, &val) ? 0xbadbadbadULL : val.reg64;
}

static u16 set_reg_val(u64 id, u32 name, const union hv_register_value *val)
{
	struct hv_input_set_vp_registers *in = (void *)in_page;

	memset(in, 0, sizeof(*in) + sizeof(in->elements[0]));
	in->partition_id = id;
	in->elements[0].name = name;
	in->elements[0].value = *val;
	return call(HVCALL_SET_VP_REGISTERS, 1);
}

static u16 set_reg(u64 id, u32 name, u64 v)
{
	union hv_register_value val = { .reg64 = v };

	val.reg128.high = 0;
	return set_reg_val(id, name, &val);
}

static u16 set_segment(u64 id, u32 name, u16 selector, u16 attributes, u32 limit)
{
	union hv_register_value val = {
		.segment = { .selector = selector, .attributes = attributes, .limit = limit },
	};

	return set_reg_val(id, name, &val);
}

static u16 set_table(u64 id, u32 name, u64 base, u16 limit)
{
	union hv_register_value val = { .table = { .limit = limit, .base = base } };

	return set_reg_val(id, name, &val);
}

static u16 save(u64 id, u32 flags)
{
	struct hv_input_save_partition_state in = { .partition_id = id, .flags = flags };

	memcpy(in_page, &in, sizeof(in));
	return call(HVCALL_SAVE_PARTITION_STATE, 0);
}

static u16 restore(u64 id, u32 flags, const void *data, u32 count)
{
	struct hv_input_restore_partition_state *in = (void *)in_page;

	in->partition_id = id;
	in->flags = flags;
	in->restore_data_count = count;
	memcpy(in->restore_data, data, count);
	return call(HVCALL_RESTORE_PARTITION_STATE, 0);
}

#endif /* GUEST_PARENT_H */
