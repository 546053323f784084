// SPDX-License-Identifier: GPL-2.0-only
/*
 * port_message_test.c - messages and event flags through connections (TLFS 14.2, 14.3, 14.9.7,
 * 14.9.8): from a guest to a guest
 */
#include <errno.h>
#include <string.h>

#include "guest_code.h"
#include "harness.h"
#include "ports.h"

#define PORT	0x101
#define CONN	0x202
#define SINT	3
#define VECTOR	0x61
#define BUFFERS	16

/* a: receives on VPs 0 and 1; b: sends */
FIXTURE(post) {
	struct vmm a, b;
	struct vmm_vp *r0, *r1, *s;
	u64 a_id, b_id;
};

FIXTURE_SETUP(post)
{
	pt_setup(&self->a, 0, 2);
	pt_setup(&self->b, PRIV_SEND, 1);
	self->a_id = pt_id(self->a.pt);
	self->b_id = pt_id(self->b.pt);
	self->r0 = &self->a.vp[0];
	self->r1 = &self->a.vp[1];
	self->s = &self->b.vp[0];
}

FIXTURE_TEARDOWN(post)
{
	vmm_teardown(&self->b);
	vmm_teardown(&self->a);
}

static void open_channel(struct vmm *a, struct vmm *b, u32 nr, struct hv_port_info info)
{
	int ret = create_port(a->pt, 0, PORT + nr, pt_id(b->pt), info);

	if (!ret)
		ret = connect_port(b->pt, 0, CONN + nr, pt_id(a->pt), PORT + nr, 0);
	if (ret)
		vmm_die("channel %u: %d", nr, ret);
}

static u16 post_number(struct vmm_vp *vp, u32 number)
{
	return guest_post(vp, CONN, 1, &number, sizeof(number));
}

static u32 message_number(const struct hv_message *m)
{
	u32 number;

	memcpy(&number, m->payload, sizeof(number));
	return m->header.message_type == 1 ? number : ~0u;
}

static u32 take_number(struct vmm_vp *vp)
{
	struct hv_message m = take_message(vp, SINT);

	return message_number(&m);
}

/* the same when the slot may have to be looked at again by itself */
static struct hv_message wait_message(struct vmm_vp *vp, u32 sint)
{
	u64 end = vmm_now_ms() + VMM_LONG;
	struct hv_message m;

	do {
		m = take_message(vp, sint);
	} while (!m.header.message_type && vmm_now_ms() < end);
	return m;
}

/* ---- HvPostMessage: what arrives ---- */

TEST_F(post, contents)
{
	static const u32 types[] = { 1, 0x12345678, 0x7fffffff };
	static const u32 sizes[] = { 0, 1, 7, 8, 239, 240 };
	u8 payload[240];
	struct hv_message m;
	unsigned int i;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	synic_on(self->r0);
	for (i = 0; i < sizeof(payload); i++)
		payload[i] = i + 1;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, guest_post(self->s, CONN, types[i % 3], payload, sizes[i]));
		m = take_message(self->r0, SINT);
		EXPECT_EQ(types[i % 3], m.header.message_type);
		EXPECT_EQ(sizes[i], m.header.payload_size);
		EXPECT_EQ(0, m.header.message_flags);
		EXPECT_EQ(0, m.header.reserved);
		EXPECT_EQ(PORT, m.header.sender);
		EXPECT_EQ(0, memcmp(payload, m.payload, sizes[i]));
	}
	PROVES("B-14-057 B-14-077 MSG-00000001 MSG-all");
}

TEST_F(post, statuses)
{
	u8 payload[240] = { 0 };
	struct vmm c;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	open_channel(&self->a, &self->b, 1, event_port(SINT, 0, 0, 4));
	open_channel(&self->a, &self->b, 2, message_port(SINT, HV_ANY_VP));
	synic_on(self->r0);
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, guest_post(self->s, CONN + 9, 1, payload, 8));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID,
		  guest_post(self->s, 0x1000000 | CONN, 1, payload, 8));
	PROVES("HC-005C/INVALID_CONNECTION_ID");
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, guest_post(self->s, CONN, 0, payload, 8));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, guest_post(self->s, CONN, 0x80000000, payload, 8));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  guest_post(self->s, CONN, HVMSG_TIMER_EXPIRED, payload, 8));
	PROVES("B-14-055");
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, guest_post(self->s, CONN, 1, payload, 241));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, guest_post(self->s, CONN, 1, payload, ~0u));
	EXPECT_EQ(0, guest_post(self->s, CONN, 1, payload, 240));
	PROVES("HC-005C/INVALID_PARAMETER B-14-076");
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, guest_post(self->s, CONN + 1, 1, payload, 8));
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, guest_signal(self->s, CONN, 0));
	PROVES("B-14-079 HC-005C/INVALID_PORT_ID");

	/* SynIC off, SIM page off; then of all VPs */
	vmm_set_reg(self->r0, HV_REGISTER_SCONTROL, 0);
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, guest_post(self->s, CONN, 1, payload, 8));
	vmm_set_reg(self->r0, HV_REGISTER_SCONTROL, 1);
	EXPECT_EQ(0, guest_post(self->s, CONN + 2, 1, payload, 8));
	vmm_set_reg(self->r0, HV_REGISTER_SIMP, 0);
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, guest_post(self->s, CONN, 1, payload, 8));
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, guest_post(self->s, CONN + 2, 1, payload, 8));
	EXPECT_EQ(0xffffffff, HV_ANY_VP);
	PROVES("HC-005C/INVALID_SYNIC_STATE B-14-009 PROP-constant-0xFFFFFFFF");

	/* a partition without VPs */
	pt_setup(&c, 0, 0);
	ASSERT_EQ(0, create_port(c.pt, 0, 1, self->b_id, message_port(SINT, HV_ANY_VP)));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, 1, pt_id(c.pt), 1, 0));
	ASSERT_EQ(0, create_port(c.pt, 0, 2, self->b_id, event_port(SINT, HV_ANY_VP, 0, 1)));
	ASSERT_EQ(0, connect_port(self->b.pt, 0, 2, pt_id(c.pt), 2, 0));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, guest_post(self->s, 1, 1, payload, 8));
	PROVES("HC-005C/INVALID_VP_INDEX");
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, guest_signal(self->s, 2, 0));
	PROVES("HC-005D/INVALID_VP_INDEX");
	vmm_teardown(&c);
}

TEST_F(post, privileges)
{
	struct vmm c;

	pt_setup(&c, 0, 1);
	ASSERT_EQ(0, create_port(self->a.pt, 0, 1, pt_id(c.pt), message_port(SINT, 0)));
	ASSERT_EQ(0, connect_port(c.pt, 0, 1, self->a_id, 1, 0));
	synic_on(self->r0);
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED, guest_post(&c.vp[0], 1, 1, "", 0));
	PROVES("HC-005C/ACCESS_DENIED");
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED, guest_signal(&c.vp[0], 1, 0));
	PROVES("HC-005D/ACCESS_DENIED");
	vmm_teardown(&c);
}

/* ---- queues ---- */

/* 16 buffers, and the slot that holds a copy */
TEST_F(post, buffers)
{
	u64 count = 0;
	u32 i;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	synic_on(self->r0);
	for (i = 0; i < BUFFERS + 1; i++)
		EXPECT_EQ(0, post_number(self->s, i));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_BUFFERS, post_number(self->s, i));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_BUFFERS, post_number(self->s, i));
	PROVES("HC-005C/INSUFFICIENT_BUFFERS B-14-002");
	EXPECT_EQ(0, get_port_property(self->a.pt, 0, PORT, HV_PORT_PROPERTY_POST_COUNT, &count));
	EXPECT_EQ(BUFFERS + 1, count);
	PROVES("B-14-061 PORT-port-property-HvPortPropertyPostCount");

	/* one delivered is one buffer free */
	EXPECT_EQ(0, take_number(self->r0));
	end_of_message(self->r0);
	EXPECT_EQ(0, post_number(self->s, i));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_BUFFERS, post_number(self->s, i));
	/* of another port they are others */
	open_channel(&self->a, &self->b, 1, message_port(SINT, 0));
	EXPECT_EQ(0, guest_post(self->s, CONN + 1, 1, "", 0));
}

/* in order, one at a time; the pending flag says when to write EOM */
TEST_F(post, order)
{
	struct hv_message m;
	u32 i;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	synic_on(self->r0);
	for (i = 0; i < BUFFERS; i++)
		ASSERT_EQ(0, post_number(self->s, i));
	for (i = 0; i < BUFFERS; i++) {
		m = take_message(self->r0, SINT);
		ASSERT_EQ(i, message_number(&m));
		EXPECT_EQ(i < BUFFERS - 1 ? HV_MESSAGE_FLAG_PENDING : 0, m.header.message_flags);
		end_of_message(self->r0);
	}
	EXPECT_EQ(0, take_message(self->r0, SINT).header.message_type);
	PROVES("B-14-008 B-14-010 B-14-015 B-14-056");
}

GUEST_CODE(empty_and_eom, "64",
	   "movl	$0, (%rsi)\n\t"
	   "mov	$0x40000084, %ecx\n\t"
	   "xor	%eax, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "mov	16(%rsi), %eax\n\t"
	   "outl	%eax, $0xe0");

GUEST_CODE(empty_and_eoi, "64",
	   "movl	$0, (%rsi)\n\t"
	   "mov	$0x40000070, %ecx\n\t"
	   "xor	%eax, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "mov	16(%rsi), %eax\n\t"
	   "outl	%eax, $0xe0");

/* A guest that empties the slot and says so finds the next message there at once. */
TEST_F(post, next_at_once)
{
	u64 slot = GUEST_SIM(0) + SINT * HV_MESSAGE_SIZE;
	u32 i;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	synic_on(self->r0);
	for (i = 0; i < 8; i++)
		ASSERT_EQ(0, post_number(self->s, i));
	/* so many tries by itself that the next one is far off */
	vmm_sleep_ms(250);
	vmm_load(&self->a, VMM_CODE + 0x100, &empty_and_eom);
	vmm_load(&self->a, VMM_CODE + 0x200, &empty_and_eoi);
	vmm_set_reg(self->r0, HV_X64_REGISTER_RSI, slot);
	for (i = 1; i < 7; i++) {
		vmm_set_reg(self->r0, HV_X64_REGISTER_RIP, VMM_CODE + (i & 1 ? 0x100 : 0x200));
		EXPECT_EQ(i, vmm_run_out(self->r0, GUEST_PORT));
	}
	PROVES("B-14-012 B-14-047");
	/* a message that is queued behind another gives that one a try, too */
	EXPECT_EQ(6, take_number(self->r0));
	ASSERT_EQ(0, post_number(self->s, 8));
	EXPECT_EQ(7, take_number(self->r0));
}

TEST_F(post, next_after_a_while)
{
	struct hv_message m;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	synic_on(self->r0);
	ASSERT_EQ(0, post_number(self->s, 1));
	ASSERT_EQ(0, post_number(self->s, 2));
	EXPECT_EQ(1, take_number(self->r0));
	m = wait_message(self->r0, SINT);
	EXPECT_EQ(2, message_number(&m));
	PROVES("B-14-013");
}

/* messages queued for a SynIC that is off come when it is on again */
TEST_F(post, synic_off_and_on)
{
	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	synic_on(self->r0);
	ASSERT_EQ(0, post_number(self->s, 1));
	ASSERT_EQ(0, post_number(self->s, 2));
	vmm_set_reg(self->r0, HV_REGISTER_SCONTROL, 0);
	EXPECT_EQ(1, take_number(self->r0));
	vmm_sleep_ms(20);
	EXPECT_EQ(0, take_message(self->r0, SINT).header.message_type);
	vmm_set_reg(self->r0, HV_REGISTER_SCONTROL, 1);
	EXPECT_EQ(2, take_number(self->r0));
}

TEST_F(post, disconnect_keeps_and_delete_drops)
{
	struct hv_message m;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	synic_on(self->r0);
	ASSERT_EQ(0, post_number(self->s, 1));
	ASSERT_EQ(0, post_number(self->s, 2));
	ASSERT_EQ(0, post_number(self->s, 3));
	ASSERT_EQ(0, disconnect_port(self->b.pt, 0, CONN));
	EXPECT_EQ(1, take_number(self->r0));
	m = wait_message(self->r0, SINT);
	EXPECT_EQ(2, message_number(&m));
	PROVES("B-14-006");
	m = wait_message(self->r0, SINT);
	EXPECT_EQ(3, message_number(&m));

	ASSERT_EQ(0, connect_port(self->b.pt, 0, CONN, self->a_id, PORT, 0));
	ASSERT_EQ(0, post_number(self->s, 4));
	ASSERT_EQ(0, post_number(self->s, 5));
	ASSERT_EQ(0, delete_port(self->a.pt, 0, PORT));
	/* what is in the slot already stays there */
	m = take_message(self->r0, SINT);
	EXPECT_EQ(4, message_number(&m));
	end_of_message(self->r0);
	vmm_sleep_ms(20);
	EXPECT_EQ(0, take_message(self->r0, SINT).header.message_type);
	EXPECT_EQ(HV_STATUS_INVALID_PORT_ID, post_number(self->s, 6));
	PROVES("B-14-007");
}

/* INIT empties the queues, and gives the buffers back */
TEST_F(post, reset_of_the_vp)
{
	struct hv_message msg;
	u32 i;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 1));
	synic_on(self->r1);
	for (i = 0; i < BUFFERS + 1; i++)
		ASSERT_EQ(0, post_number(self->s, i));
	ASSERT_EQ(0, vmm_assert(&self->a, HV_X64_INTERRUPT_TYPE_INIT, 1, 0));
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->r1, &msg, 10));
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, post_number(self->s, 99));
	synic_on(self->r1);
	EXPECT_EQ(0, take_message(self->r1, SINT).header.message_type);
	PROVES("B-14-005 B-14-050");
	for (i = 0; i < BUFFERS + 1; i++)
		EXPECT_EQ(0, post_number(self->s, i + 100));
	EXPECT_EQ(100, take_number(self->r1));
}

/* ---- which VP ---- */

TEST_F(post, any_vp)
{
	struct hv_message m;
	u64 val;

	open_channel(&self->a, &self->b, 0, message_port(SINT, HV_ANY_VP));
	open_channel(&self->a, &self->b, 1, event_port(SINT, HV_ANY_VP, 0, 1));
	synic_on(self->r1);
	sint_set(self->r1, SINT, VECTOR);
	ASSERT_EQ(0, post_number(self->s, 1));
	m = take_message(self->r1, SINT);
	EXPECT_EQ(1, message_number(&m));
	ASSERT_EQ(0, guest_signal(self->s, CONN + 1, 0));
	EXPECT_TRUE(take_flag(self->r1, SINT, 0));
	PROVES("B-14-025");

	/* both could: the one that is asked for */
	synic_on(self->r0);
	sint_set(self->r0, SINT, VECTOR);
	ASSERT_EQ(0, set_port_property(self->a.pt, 0, PORT, HV_PORT_PROPERTY_PREFERRED_TARGET_VP,
				       1, &val));
	ASSERT_EQ(0, set_port_property(self->a.pt, 0, PORT + 1,
				       HV_PORT_PROPERTY_PREFERRED_TARGET_VP, 1, &val));
	ASSERT_EQ(0, post_number(self->s, 2));
	ASSERT_EQ(0, guest_signal(self->s, CONN + 1, 0));
	EXPECT_EQ(2, take_number(self->r1));
	EXPECT_TRUE(take_flag(self->r1, SINT, 0));
	ASSERT_EQ(0, set_port_property(self->a.pt, 0, PORT, HV_PORT_PROPERTY_PREFERRED_TARGET_VP,
				       0, &val));
	ASSERT_EQ(0, set_port_property(self->a.pt, 0, PORT + 1,
				       HV_PORT_PROPERTY_PREFERRED_TARGET_VP, 0, &val));
	ASSERT_EQ(0, post_number(self->s, 3));
	ASSERT_EQ(0, guest_signal(self->s, CONN + 1, 0));
	EXPECT_EQ(3, take_number(self->r0));
	EXPECT_TRUE(take_flag(self->r0, SINT, 0));
	PROVES("B-14-062");
	/* but only while it takes them */
	vmm_set_reg(self->r0, HV_REGISTER_SCONTROL, 0);
	ASSERT_EQ(0, post_number(self->s, 4));
	EXPECT_EQ(4, take_number(self->r1));
}

/* ---- interrupts ---- */

#define COUNT	(VMM_DATA + 0x2000)
#define HANDLER	(VMM_CODE + 0x800)

GUEST_CODE(count_irq, "64",
	   "push	%rax\n\t"
	   "push	%rcx\n\t"
	   "push	%rdx\n\t"
	   "lock incq	0x22000\n\t"
	   "mov	$0x40000070, %ecx\n\t"
	   "xor	%eax, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "pop	%rdx\n\t"
	   "pop	%rcx\n\t"
	   "pop	%rax\n\t"
	   "iretq");

/* SVR of the APIC: software enabled */
GUEST_CODE(enable_apic, "64",
	   "mov	$0x1b, %ecx\n\t"
	   "rdmsr\n\t"
	   "or	$0xc00, %eax\n\t"
	   "wrmsr\n\t"
	   "mov	$0x80f, %ecx\n\t"
	   "mov	$0x1ff, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "wrmsr\n\t"
	   "outl	%eax, $0xe0");

static void irqs_on(struct vmm_vp *vp)
{
	vmm_load(vp->vm, HANDLER, &count_irq);
	vmm_set_gate(vp->vm, VECTOR, HANDLER);
	vmm_load(vp->vm, VMM_CODE + 0x400, &take_irqs);
	vmm_load(vp->vm, VMM_CODE + 0x500, &enable_apic);
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, VMM_CODE + 0x500);
	vmm_run_out(vp, GUEST_PORT);
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, VMM_CODE + 0x400);
}

/* interrupts the VP has taken, after it has had the opportunity */
static u64 irqs(struct vmm_vp *vp)
{
	vmm_run_out(vp, GUEST_PORT);
	return *(u64 *)vmm_gpa(vp->vm, COUNT);
}

TEST_F(post, interrupt)
{
	u64 slot = GUEST_SIM(0) + SINT * HV_MESSAGE_SIZE;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	irqs_on(self->r0);
	synic_on(self->r0);

	/* masked: the message is there, the interrupt is not, nor does it come later */
	ASSERT_EQ(0, post_number(self->s, 1));
	EXPECT_EQ(0, irqs(self->r0));
	sint_set(self->r0, SINT, VECTOR);
	EXPECT_EQ(0, irqs(self->r0));
	EXPECT_EQ(1, take_number(self->r0));
	PROVES("B-14-011");

	/* one for each message that reaches the slot */
	ASSERT_EQ(0, post_number(self->s, 2));
	EXPECT_EQ(1, irqs(self->r0));
	ASSERT_EQ(0, post_number(self->s, 3));
	EXPECT_EQ(1, irqs(self->r0));
	vmm_sleep_ms(250);
	vmm_load(&self->a, VMM_CODE + 0x100, &empty_and_eom);
	vmm_set_reg(self->r0, HV_X64_REGISTER_RSI, slot);
	vmm_set_reg(self->r0, HV_X64_REGISTER_RIP, VMM_CODE + 0x100);
	EXPECT_EQ(3, vmm_run_out(self->r0, GUEST_PORT));
	vmm_set_reg(self->r0, HV_X64_REGISTER_RIP, VMM_CODE + 0x400);
	EXPECT_EQ(2, irqs(self->r0));
	PROVES("B-14-001");

	/* EOM drains the queue of a masked SINT */
	ASSERT_EQ(0, post_number(self->s, 4));
	sint_set(self->r0, SINT, HV_SYNIC_SINT_MASKED);
	vmm_sleep_ms(250);
	vmm_set_reg(self->r0, HV_X64_REGISTER_RIP, VMM_CODE + 0x100);
	EXPECT_EQ(4, vmm_run_out(self->r0, GUEST_PORT));
	vmm_set_reg(self->r0, HV_X64_REGISTER_RIP, VMM_CODE + 0x400);
	EXPECT_EQ(2, irqs(self->r0));
	PROVES("B-14-048");

	/* polled: neither masked nor interrupted */
	sint_set(self->r0, SINT, HV_SYNIC_SINT_POLLING);
	take_message(self->r0, SINT);
	ASSERT_EQ(0, post_number(self->s, 5));
	EXPECT_EQ(2, irqs(self->r0));
	EXPECT_EQ(5, take_number(self->r0));
	PROVES("B-v50-015");
}

/* ---- events ---- */

TEST_F(post, event_flags)
{
	static const u16 flags[] = { 0, 7, 8, 2047 };
	struct hv_event_flags_page page;
	unsigned int i;

	open_channel(&self->a, &self->b, 0, event_port(SINT, 0, 0, 2048));
	open_channel(&self->a, &self->b, 1, event_port(5, 0, 16, 4));
	synic_on(self->r0);
	sint_set(self->r0, SINT, VECTOR);
	sint_set(self->r0, 5, VECTOR);
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		EXPECT_EQ(0, guest_signal(self->s, CONN, flags[i]));
		get_sief(self->r0, &page);
		EXPECT_NE(0, page.sint_event_flags[SINT].flags8[flags[i] / 8] &
			     (1 << flags[i] % 8));
		EXPECT_TRUE(take_flag(self->r0, SINT, flags[i]));
	}
	PROVES("B-14-059");
	EXPECT_EQ(0, guest_signal(self->s, CONN + 1, 3));
	EXPECT_TRUE(take_flag(self->r0, 5, 19));
	/* and nothing else is set */
	get_sief(self->r0, &page);
	for (i = 0; i < sizeof(page); i++)
		ASSERT_EQ(0, ((u8 *)&page)[i]);
	PROVES("B-14-024 PORT-SIEF-page-flags-16");
}

TEST_F(post, event_statuses)
{
	unsigned int i;

	open_channel(&self->a, &self->b, 0, event_port(SINT, 0, 16, 4));
	synic_on(self->r0);
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, guest_signal(self->s, CONN, 0));
	PROVES("B-14-022");
	sint_set(self->r0, SINT, VECTOR);
	EXPECT_EQ(0, guest_signal(self->s, CONN, 0));
	vmm_set_reg(self->r0, HV_REGISTER_SIEFP, 0);
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, guest_signal(self->s, CONN, 0));
	vmm_set_reg(self->r0, HV_REGISTER_SIEFP, GUEST_SIEF(0) | 1);
	vmm_set_reg(self->r0, HV_REGISTER_SCONTROL, 0);
	EXPECT_EQ(HV_STATUS_INVALID_SYNIC_STATE, guest_signal(self->s, CONN, 0));
	vmm_set_reg(self->r0, HV_REGISTER_SCONTROL, 1);
	PROVES("HC-005D/INVALID_SYNIC_STATE B-14-023");

	EXPECT_EQ(0, guest_signal(self->s, CONN, 3));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, guest_signal(self->s, CONN, 4));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, guest_signal(self->s, CONN, 0xffff));
	PROVES("HC-005D/INVALID_PARAMETER B-14-078");
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  guest_call(self->s, HVCALL_SIGNAL_EVENT | 1 << 16, CONN | 1ULL << 48, 0));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, guest_signal(self->s, CONN + 1, 0));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, guest_signal(self->s, 0x1000000 | CONN, 0));
	PROVES("HC-005D/INVALID_CONNECTION_ID");
	/* the slow form as well */
	EXPECT_EQ(0, guest_call_in(self->s, HVCALL_SIGNAL_EVENT,
				   &(struct hv_input_signal_event){ .connection_id = CONN }, 8));
	/* it takes no buffers */
	for (i = 0; i < 200; i++)
		ASSERT_EQ(0, guest_signal(self->s, CONN, i % 4));
	PROVES("B-14-027");
}

TEST_F(post, event_interrupt)
{
	open_channel(&self->a, &self->b, 0, event_port(SINT, 0, 16, 4));
	irqs_on(self->r0);
	synic_on(self->r0);
	sint_set(self->r0, SINT, VECTOR);
	EXPECT_EQ(0, guest_signal(self->s, CONN, 1));
	EXPECT_EQ(1, irqs(self->r0));
	/* it is set still */
	EXPECT_EQ(0, guest_signal(self->s, CONN, 1));
	EXPECT_EQ(1, irqs(self->r0));
	EXPECT_EQ(0, guest_signal(self->s, CONN, 2));
	EXPECT_EQ(2, irqs(self->r0));
	EXPECT_TRUE(take_flag(self->r0, SINT, 17));
	EXPECT_EQ(0, guest_signal(self->s, CONN, 1));
	EXPECT_EQ(3, irqs(self->r0));
	PROVES("B-14-021");
}

/* takes flags 0 to 7 of the row at RSI and counts them at RDI, until it has RBX of them */
GUEST_CODE(take_flags, "64",
	   "1:	xor	%eax, %eax\n\t"
	   "xchgb	%al, (%rsi)\n\t"
	   "popcnt	%eax, %eax\n\t"
	   "add	%rax, (%rdi)\n\t"
	   "pause\n\t"
	   "cmp	%rbx, (%rdi)\n\t"
	   "jb	1b\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

/* Each signal that finds its flag clear is taken once, whoever clears others meanwhile. */
TEST_F(post, flags_are_atomic)
{
	u64 *count = vmm_gpa(&self->a, COUNT), set = 0;
	struct vmm_thread t;
	unsigned int i, f;
	u16 s;

	for (f = 0; f < 8; f++)
		open_channel(&self->a, &self->b, f, event_port(SINT, 0, f, 1));
	synic_on(self->r0);
	sint_set(self->r0, SINT, VECTOR);
	vmm_load(&self->a, VMM_CODE, &take_flags);
	vmm_set_reg(self->r0, HV_X64_REGISTER_RSI, GUEST_SIEF(0) + SINT * 256);
	vmm_set_reg(self->r0, HV_X64_REGISTER_RDI, COUNT);
	vmm_set_reg(self->r0, HV_X64_REGISTER_RBX, 400);
	vmm_set_reg(self->r0, HV_X64_REGISTER_RIP, VMM_CODE);
	vmm_thread_start(&t, self->r0);
	/* one is taken before its flag is signalled again: none may be lost */
	for (i = 0; i < 50; i++) {
		for (f = 0; f < 8; f++) {
			s = guest_signal(self->s, CONN + f, 0);
			ASSERT_EQ(0, s);
		}
		set += 8;
		ASSERT_TRUE(vmm_wait_u64(count, set));
	}
	EXPECT_TRUE(vmm_thread_wait(&t, VMM_LONG));
	EXPECT_EQ(0, t.ret);
	vmm_thread_stop(&t);
	EXPECT_EQ(400, LOAD(count));
	PROVES("B-14-026");
}

/* ---- a slot that is shared ---- */

#define STIMER_COUNT(n)		(HV_REGISTER_STIMER0_COUNT + 2 * (n))
#define STIMER_CONFIG(n)	(HV_REGISTER_STIMER0_CONFIG + 2 * (n))

/* timers and ports have one queue: first come, first served */
TEST_F(post, with_a_timer)
{
	struct hv_message m;

	open_channel(&self->a, &self->b, 0, message_port(SINT, 0));
	synic_on(self->r0);
	ASSERT_EQ(0, post_number(self->s, 1));
	/* has expired already */
	vmm_set_reg(self->r0, STIMER_CONFIG(0),
		    HV_STIMER_AUTOENABLE | SINT << HV_STIMER_SINTX_SHIFT);
	vmm_set_reg(self->r0, STIMER_COUNT(0), 1);
	ASSERT_EQ(0, post_number(self->s, 2));

	m = take_message(self->r0, SINT);
	EXPECT_EQ(1, message_number(&m));
	EXPECT_EQ(HV_MESSAGE_FLAG_PENDING, m.header.message_flags);
	end_of_message(self->r0);
	m = take_message(self->r0, SINT);
	EXPECT_EQ(HVMSG_TIMER_EXPIRED, m.header.message_type);
	EXPECT_EQ(0, m.header.sender);
	EXPECT_EQ(HV_MESSAGE_FLAG_PENDING, m.header.message_flags);
	PROVES("B-14-020");
	end_of_message(self->r0);
	m = take_message(self->r0, SINT);
	EXPECT_EQ(2, message_number(&m));
	EXPECT_EQ(0, m.header.message_flags);

	/* slots of other SINTs are not in the way */
	ASSERT_EQ(0, post_number(self->s, 3));
	open_channel(&self->a, &self->b, 1, message_port(SINT + 1, 0));
	EXPECT_EQ(0, guest_post(self->s, CONN + 1, 1, "", 0));
	EXPECT_EQ(1, take_message(self->r0, SINT + 1).header.message_type);
}

/* ---- a guest's own ports ---- */

TEST_F(post, guest_owns_ports)
{
	struct hv_input_create_port create = {
		.port_partition = HV_PARTITION_ID_SELF, .port_id = PORT,
		.connection_partition = self->b_id, .port_info = message_port(SINT, 0),
	};
	struct hv_input_connect_port connect = {
		.connection_partition = HV_PARTITION_ID_SELF, .connection_id = CONN,
		.port_id = PORT,
	};
	struct hv_input_delete_port del = {
		.port_partition = HV_PARTITION_ID_SELF, .port_id = PORT,
	};
	struct hv_input_disconnect_port disconnect = {
		.connection_partition = HV_PARTITION_ID_SELF, .connection_id = CONN,
	};
	struct hv_input_get_port_property get = {
		.partition_id = HV_PARTITION_ID_SELF, .port_id = PORT,
	};
	struct vmm c, d;
	u64 c_id;

	/* without the privilege */
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(self->s, HVCALL_CREATE_PORT, &create, sizeof(create)));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(self->s, HVCALL_DELETE_PORT, &del, sizeof(del)));
	connect.port_partition = self->a_id;
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(self->s, HVCALL_CONNECT_PORT, &connect, sizeof(connect)));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(self->s, HVCALL_DISCONNECT_PORT, &disconnect, sizeof(disconnect)));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(self->s, HVCALL_GET_PORT_PROPERTY, &get, sizeof(get)));

	pt_setup(&c, PRIV_PORTS, 1);
	pt_setup(&d, PRIV_PORTS | PRIV_SEND, 1);
	c_id = pt_id(c.pt);
	create.connection_partition = pt_id(d.pt);
	EXPECT_EQ(0, guest_call_in(&c.vp[0], HVCALL_CREATE_PORT, &create, sizeof(create)));
	connect.port_partition = c_id;
	EXPECT_EQ(0, guest_call_in(&d.vp[0], HVCALL_CONNECT_PORT, &connect, sizeof(connect)));
	synic_on(&c.vp[0]);
	EXPECT_EQ(0, guest_post(&d.vp[0], CONN, 7, "x", 1));
	EXPECT_EQ(7, take_message(&c.vp[0], SINT).header.message_type);
	EXPECT_EQ(0, guest_call_in(&c.vp[0], HVCALL_GET_PORT_PROPERTY, &get, sizeof(get)));
	EXPECT_EQ(1, *(u64 *)vmm_gpa(&c, GUEST_OUT));

	/* monitor pages are for parents */
	create.port_info = monitor_port(GUEST_MONITOR);
	create.port_id = PORT + 1;
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(&c.vp[0], HVCALL_CREATE_PORT, &create, sizeof(create)));
	ASSERT_EQ(0, create_port(c.pt, 0, PORT + 1, pt_id(d.pt), monitor_port(GUEST_MONITOR)));
	connect.port_id = PORT + 1;
	connect.connection_id = CONN + 1;
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(&d.vp[0], HVCALL_CONNECT_PORT, &connect, sizeof(connect)));
	ASSERT_EQ(0, connect_port(d.pt, 0, CONN + 1, c_id, PORT + 1, GUEST_MONITOR));
	disconnect.connection_id = CONN + 1;
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(&d.vp[0], HVCALL_DISCONNECT_PORT, &disconnect, sizeof(disconnect)));
	del.port_id = PORT + 1;
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(&c.vp[0], HVCALL_DELETE_PORT, &del, sizeof(del)));
	PROVES("B-14-036");

	/* both in the fast form */
	disconnect.connection_id = CONN;
	EXPECT_EQ(0, guest_call(&d.vp[0], HVCALL_DISCONNECT_PORT | 1 << 16, ~0ULL, CONN));
	EXPECT_EQ(HV_STATUS_INVALID_CONNECTION_ID, guest_post(&d.vp[0], CONN, 7, "x", 1));
	EXPECT_EQ(0, guest_call(&c.vp[0], HVCALL_DELETE_PORT | 1 << 16, ~0ULL, PORT));
	PROVES("HC-0057 HC-0058 HC-0059 HC-005A HC-005B HC-005C HC-005D");
	vmm_teardown(&d);
	vmm_teardown(&c);
}

TEST_HARNESS_MAIN
