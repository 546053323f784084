// SPDX-License-Identifier: GPL-2.0-only
/*
 * ports.c - partitions that send and receive: a VMM's calls of TLFS 14, a guest's, and its SynIC
 */
#include <string.h>

#include "ports.h"

#define OS_ID		0x8100000006010000ULL
#define HC_FAST		(1ULL << 16)

/* call through the hypercall page, and show that it is done; the result is in RAX */
GUEST_CODE(call_stub, "64",
	   "call	*%rbx\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

void pt_add_vp(struct vmm *vm, u32 index)
{
	struct vmm_vp *vp = &vm->vp[index];

	vp->fd = vmm_create_vp(vm->pt, index);
	if (vp->fd < 0)
		vmm_die("CREATE_VP %u: %d", index, vp->fd);
	vmm_start64(vp, &call_stub);
	vmm_set_reg(vp, HV_X64_REGISTER_RSP, VMM_STACK - index * TLFS_PAGE_SIZE);
	if (index)
		return;
	vmm_set_reg(vp, HV_REGISTER_GUEST_OS_ID, OS_ID);
	vmm_set_reg(vp, HV_X64_REGISTER_HYPERCALL, GUEST_CALLS | 1);
}

void pt_setup(struct vmm *vm, u64 privileges, unsigned int vps)
{
	unsigned int i;
	u64 mask;
	int ret;

	vmm_setup_bare(vm, VMM_FLAGS);
	ret = vmm_get_property(vm->pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, &mask);
	if (!ret)
		ret = vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS,
				       mask | privileges);
	if (ret)
		vmm_die("privileges %#llx: %d", (unsigned long long)privileges, ret);
	ret = vmm_ioctl(vm->pt, TLFS_INITIALIZE_PARTITION, NULL);
	if (ret)
		vmm_die("INITIALIZE_PARTITION: %d", ret);
	vm->ram = vmm_add_memory(vm, 0, VMM_RAM, VMM_RWX);
	for (i = 0; i < vps; i++)
		pt_add_vp(vm, i);
}

u64 pt_id(int fd)
{
	u64 in = 0, id = 0;
	int ret = vmm_call(fd, HVCALL_GET_PARTITION_ID, &in, sizeof(in), &id, sizeof(id));

	if (ret)
		vmm_die("HvGetPartitionId: %d", ret);
	return id;
}

/* ---- HV_PORT_INFO ---- */

struct hv_port_info message_port(u32 sint, u32 vp)
{
	return (struct hv_port_info) {
		.port_type = HV_PORT_TYPE_MESSAGE,
		.message = { .target_sint = sint, .target_vp = vp },
	};
}

struct hv_port_info event_port(u32 sint, u32 vp, u16 base, u16 count)
{
	return (struct hv_port_info) {
		.port_type = HV_PORT_TYPE_EVENT,
		.event = {
			.target_sint = sint, .target_vp = vp,
			.base_flag_number = base, .flag_count = count,
		},
	};
}

struct hv_port_info monitor_port(u64 gpa)
{
	return (struct hv_port_info) {
		.port_type = HV_PORT_TYPE_MONITOR, .monitor = { .monitor_address = gpa },
	};
}

/* ---- by the root ---- */

int create_port(int fd, u64 port_pt, u32 id, u64 peer, struct hv_port_info info)
{
	struct hv_input_create_port in = {
		.port_partition = port_pt, .port_id = id, .connection_partition = peer,
		.port_info = info,
	};

	return vmm_call(fd, HVCALL_CREATE_PORT, &in, sizeof(in), NULL, 0);
}

int delete_port(int fd, u64 port_pt, u32 id)
{
	struct hv_input_delete_port in = { .port_partition = port_pt, .port_id = id };

	return vmm_call(fd, HVCALL_DELETE_PORT, &in, sizeof(in), NULL, 0);
}

int connect_port(int fd, u64 pt, u32 id, u64 port_pt, u32 port, u64 info)
{
	struct hv_input_connect_port in = {
		.connection_partition = pt, .connection_id = id,
		.port_partition = port_pt, .port_id = port, .connection_info = info,
	};

	return vmm_call(fd, HVCALL_CONNECT_PORT, &in, sizeof(in), NULL, 0);
}

int disconnect_port(int fd, u64 pt, u32 id)
{
	struct hv_input_disconnect_port in = { .connection_partition = pt, .connection_id = id };

	return vmm_call(fd, HVCALL_DISCONNECT_PORT, &in, sizeof(in), NULL, 0);
}

int get_port_property(int fd, u64 pt, u32 id, u32 code, u64 *val)
{
	struct hv_input_get_port_property in = {
		.partition_id = pt, .port_id = id, .property_code = code,
	};

	return vmm_call(fd, HVCALL_GET_PORT_PROPERTY, &in, sizeof(in), val, sizeof(*val));
}

int set_port_property(int fd, u64 pt, u32 id, u32 code, u64 val, u64 *out)
{
	struct hv_input_set_port_property in = {
		.partition_id = pt, .port_id = id, .property_code = code, .property_value = val,
	};

	return vmm_call(fd, HVCALL_SET_PORT_PROPERTY, &in, sizeof(in), out, sizeof(*out));
}

static struct hv_input_post_message post_input(u32 connection, u32 type, const void *payload,
					       u32 size)
{
	struct hv_input_post_message in = {
		.connection_id = connection, .message_type = type, .payload_size = size,
	};

	memcpy(in.payload, payload, size < sizeof(in.payload) ? size : sizeof(in.payload));
	return in;
}

int root_post(int fd, u32 connection, u32 type, const void *payload, u32 size)
{
	struct hv_input_post_message in = post_input(connection, type, payload, size);

	return vmm_call(fd, HVCALL_POST_MESSAGE, &in, sizeof(in), NULL, 0);
}

int root_signal(int fd, u32 connection, u16 flag)
{
	struct hv_input_signal_event in = { .connection_id = connection, .flag_number = flag };

	return vmm_call(fd, HVCALL_SIGNAL_EVENT, &in, sizeof(in), NULL, 0);
}

int open_port(int fd, u32 id, int eventfd)
{
	struct tlfs_open_port arg = { .port_id = id, .eventfd = eventfd };

	return vmm_ioctl(fd, TLFS_OPEN_PORT, &arg);
}

/* ---- by a guest ---- */

u64 guest_call(struct vmm_vp *vp, u64 control, u64 a, u64 b)
{
	vmm_set_reg(vp, HV_X64_REGISTER_RBX, GUEST_CALLS);
	vmm_set_reg(vp, HV_X64_REGISTER_RCX, control);
	vmm_set_reg(vp, HV_X64_REGISTER_RDX, a);
	vmm_set_reg(vp, HV_X64_REGISTER_R8, b);
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, VMM_CODE);
	vmm_run_out(vp, GUEST_PORT);
	return vmm_reg(vp, HV_X64_REGISTER_RAX);
}

u16 guest_call_in(struct vmm_vp *vp, u16 code, const void *in, size_t size)
{
	vmm_write(vp->vm, GUEST_IN, in, size);
	return guest_call(vp, code, GUEST_IN, GUEST_OUT);
}

u16 guest_post(struct vmm_vp *vp, u32 connection, u32 type, const void *payload, u32 size)
{
	struct hv_input_post_message in = post_input(connection, type, payload, size);

	return guest_call_in(vp, HVCALL_POST_MESSAGE, &in, sizeof(in));
}

u16 guest_signal(struct vmm_vp *vp, u32 connection, u16 flag)
{
	return guest_call(vp, HVCALL_SIGNAL_EVENT | HC_FAST, connection | (u64)flag << 32, 0);
}

/* ---- SynIC ---- */

void synic_on(struct vmm_vp *vp)
{
	vmm_set_reg(vp, HV_REGISTER_SIMP, GUEST_SIM(vp->index) | 1);
	vmm_set_reg(vp, HV_REGISTER_SIEFP, GUEST_SIEF(vp->index) | 1);
	vmm_set_reg(vp, HV_REGISTER_SCONTROL, 1);
}

void sint_set(struct vmm_vp *vp, u32 sint, u64 val)
{
	vmm_set_reg(vp, HV_REGISTER_SINT0 + sint, val);
}

static void page_state(struct vmm_vp *vp, u8 type, void *page, bool set)
{
	static __thread u8 buf[TLFS_PAGE_SIZE] __attribute__((aligned(TLFS_PAGE_SIZE)));
	struct tlfs_get_set_vp_state arg = {
		.type = type, .buf_sz = sizeof(buf), .buf_ptr = (uintptr_t)buf,
	};
	long ret;

	if (set)
		memcpy(buf, page, sizeof(buf));
	ret = vmm_ioctl(vp->fd, set ? TLFS_SET_VP_STATE : TLFS_GET_VP_STATE, &arg);
	if (ret)
		vmm_die("state %u of VP %u: %ld", type, vp->index, ret);
	if (!set)
		memcpy(page, buf, sizeof(buf));
}

void get_sim(struct vmm_vp *vp, struct hv_message_page *page)
{
	page_state(vp, TLFS_VP_STATE_SIMP, page, false);
}

void get_sief(struct vmm_vp *vp, struct hv_event_flags_page *page)
{
	page_state(vp, TLFS_VP_STATE_SIEFP, page, false);
}

struct hv_message take_message(struct vmm_vp *vp, u32 sint)
{
	struct hv_message_page page;
	struct hv_message msg;

	get_sim(vp, &page);
	msg = page.sint_message[sint];
	if (msg.header.message_type) {
		page.sint_message[sint].header.message_type = HVMSG_NONE;
		page_state(vp, TLFS_VP_STATE_SIMP, &page, true);
	}
	return msg;
}

void end_of_message(struct vmm_vp *vp)
{
	vmm_set_reg(vp, HV_REGISTER_EOM, 0);
}

bool take_flag(struct vmm_vp *vp, u32 sint, u32 flag)
{
	struct hv_event_flags_page page;
	u8 *byte = &page.sint_event_flags[sint].flags8[flag / 8];
	bool set;

	get_sief(vp, &page);
	set = *byte & (1 << flag % 8);
	if (set) {
		*byte &= ~(1 << flag % 8);
		page_state(vp, TLFS_VP_STATE_SIEFP, &page, true);
	}
	return set;
}

bool irr_has(struct vmm_vp *vp, u8 vector)
{
	union {
		struct hv_local_interrupt_controller_state s;
		u8 page[TLFS_PAGE_SIZE];
	} lapic;

	page_state(vp, TLFS_VP_STATE_LAPIC, &lapic, false);
	return lapic.s.apic_irr[vector / 32] >> vector % 32 & 1;
}
