/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ports.h - partitions that send and receive: a VMM's calls of TLFS 14, a guest's, and its SynIC
 */
#ifndef TLFS_SELFTEST_PORTS_H
#define TLFS_SELFTEST_PORTS_H

#include "vmm.h"

#define ROOT_ID		1ULL

/* privileges of 5.2.3 that a test partition gets besides those it has anyway */
#define PRIV_SEND	(HV_PRIV_POST_MESSAGES | HV_PRIV_SIGNAL_EVENTS)
#define PRIV_PORTS	(HV_PRIV_CREATE_PORT | HV_PRIV_CONNECT_PORT)

/* where a guest's parameter block, its hypercall page and its SynIC pages are */
#define GUEST_IN	VMM_DATA
#define GUEST_OUT	(VMM_DATA + 0x1000)
#define GUEST_CALLS	0x30000
#define GUEST_MONITOR	0x60000ULL
#define GUEST_SIM(vp)	(0x40000ULL + (vp) * 0x2000)
#define GUEST_SIEF(vp)	(GUEST_SIM(vp) + 0x1000)

/* an initialized partition with these privileges in addition and @vps VPs in 64-bit mode */
void pt_setup(struct vmm *vm, u64 privileges, unsigned int vps);
/* a VP in 64-bit mode that makes guest_call()s */
void pt_add_vp(struct vmm *vm, u32 index);
/* the id of what @fd, a partition's or the device's, stands for */
u64 pt_id(int fd);

/* ---- HV_PORT_INFO ---- */

struct hv_port_info message_port(u32 sint, u32 vp);
struct hv_port_info event_port(u32 sint, u32 vp, u16 base, u16 count);
struct hv_port_info monitor_port(u64 gpa);

/* ---- by the root, through descriptor @fd; 0, HV_STATUS_* or a negative errno ---- */

/* HvCreatePort in @port_pt (0: what @fd stands for) for connections of @peer */
int create_port(int fd, u64 port_pt, u32 id, u64 peer, struct hv_port_info info);
int delete_port(int fd, u64 port_pt, u32 id);
/* HvConnectPort of @pt's connection @id with port @port of @port_pt */
int connect_port(int fd, u64 pt, u32 id, u64 port_pt, u32 port, u64 info);
int disconnect_port(int fd, u64 pt, u32 id);
int get_port_property(int fd, u64 pt, u32 id, u32 code, u64 *val);
int set_port_property(int fd, u64 pt, u32 id, u32 code, u64 val, u64 *out);
/* HvPostMessage, HvSignalEvent of the root itself */
int root_post(int fd, u32 connection, u32 type, const void *payload, u32 size);
int root_signal(int fd, u32 connection, u16 flag);
int open_port(int fd, u32 id, int eventfd);

/* ---- by a guest: RUN_VP until it has made the call ---- */

/* result value of a call with its input at GUEST_IN (slow) or in @a and @b */
u64 guest_call(struct vmm_vp *vp, u64 control, u64 a, u64 b);
/* a call with @in copied to GUEST_IN and output at GUEST_OUT; its status */
u16 guest_call_in(struct vmm_vp *vp, u16 code, const void *in, size_t size);
u16 guest_post(struct vmm_vp *vp, u32 connection, u32 type, const void *payload, u32 size);
u16 guest_signal(struct vmm_vp *vp, u32 connection, u16 flag);

/* ---- SynIC of a VP ---- */

/* SynIC, SIM and SIEF page on; SINTs stay masked */
void synic_on(struct vmm_vp *vp);
void sint_set(struct vmm_vp *vp, u32 sint, u64 val);
void get_sim(struct vmm_vp *vp, struct hv_message_page *page);
void get_sief(struct vmm_vp *vp, struct hv_event_flags_page *page);
/* the message in the slot of @sint, and the slot empty; type 0: there is none */
struct hv_message take_message(struct vmm_vp *vp, u32 sint);
void end_of_message(struct vmm_vp *vp);
/* is flag @flag of @sint set; it is cleared */
bool take_flag(struct vmm_vp *vp, u32 sint, u32 flag);
/* is @vector in the VP's IRR */
bool irr_has(struct vmm_vp *vp, u8 vector);

#endif /* TLFS_SELFTEST_PORTS_H */
