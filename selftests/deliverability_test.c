// SPDX-License-Identifier: GPL-2.0-only
/*
 * deliverability_test.c - a parent is told when a VP can take what it has for it (register 0x10006)
 */
#include "guest_code.h"
#include "harness.h"
#include "ports.h"

#define NOTIFY		HV_REGISTER_DELIVERABILITY_NOTIFICATIONS
#define NMI		HV_DELIVERABILITY_NMI
#define INTERRUPT	HV_DELIVERABILITY_INTERRUPT
#define PRIORITY(n)	(INTERRUPT | (u64)(n) << HV_DELIVERABILITY_PRIORITY_SHIFT)
#define SINT(n)		(1ULL << ((n) + HV_DELIVERABILITY_SINT_SHIFT))

/* what the guest's interrupt handlers write to: the port of their number */
#define HANDLERS	(VMM_CODE + 0x1000)
#define SLOT		5

FIXTURE(deliverable) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct hv_message msg;
	struct vmm_thread t;
};

FIXTURE_SETUP(deliverable)
{
	unsigned int v;

	pt_setup(&self->vm, 0, 2);
	self->vp = &self->vm.vp[0];
	for (v = 0x20; v < 0x100; v++) {
		/* out %eax, $v; iretq */
		u8 code[] = { 0xe7, v, 0x48, 0xcf };

		vmm_write(&self->vm, HANDLERS + v * 8, code, sizeof(code));
		vmm_set_gate(&self->vm, v, HANDLERS + v * 8);
	}
}

FIXTURE_TEARDOWN(deliverable)
{
	vmm_thread_stop(&self->t);
	vmm_teardown(&self->vm);
}

/* the port the guest writes to next, or 0 and the message */
static u16 next(FIXTURE_DATA(deliverable) *self)
{
	int ret = vmm_run(self->vp, &self->msg, VMM_LONG);

	if (ret)
		vmm_die("RUN_VP: %d", ret);
	if (self->msg.header.message_type != HVMSG_X64_IO_PORT_INTERCEPT)
		return 0;
	vmm_skip(self->vp, &self->msg);
	return vmm_io_msg(&self->msg)->port_number;
}

/* the message is that @type can be delivered, at @rip; the VP stands there */
static void check_event(struct __test_metadata *_metadata, FIXTURE_DATA(deliverable) *self,
			u32 type, u64 rip)
{
	const struct hv_x64_interruption_deliverable_message *m = (void *)self->msg.payload;

	ASSERT_EQ(HVMSG_X64_INTERRUPTION_DELIVERABLE, self->msg.header.message_type);
	EXPECT_EQ(sizeof(*m), self->msg.header.payload_size);
	EXPECT_EQ(self->vp->index, m->header.vp_index);
	EXPECT_EQ(0, m->header.instruction_length_cr8 & HV_X64_INTERCEPT_INSTRUCTION_LENGTH_MASK);
	EXPECT_EQ(rip, m->header.rip);
	EXPECT_EQ(rip, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	EXPECT_EQ(type, m->deliverable_type);
	EXPECT_EQ(0, m->reserved);
}

static void check_sints(struct __test_metadata *_metadata, FIXTURE_DATA(deliverable) *self,
			u16 sints)
{
	const struct hv_x64_sint_deliverable_message *m = (void *)self->msg.payload;

	ASSERT_EQ(HVMSG_SYNIC_SINT_DELIVERABLE, self->msg.header.message_type);
	EXPECT_EQ(sizeof(*m), self->msg.header.payload_size);
	EXPECT_EQ(self->vp->index, m->header.vp_index);
	EXPECT_EQ(vmm_reg(self->vp, HV_X64_REGISTER_RIP), m->header.rip);
	EXPECT_EQ(sints, m->deliverable_sints);
	EXPECT_EQ(0, m->reserved0);
	EXPECT_EQ(0, m->reserved1);
}

static void inject(struct vmm_vp *vp, u64 type, u8 vector)
{
	vmm_set_reg(vp, HV_X64_REGISTER_PENDING_INTERRUPTION, HV_PENDING_INTERRUPTION_PENDING |
		    type << HV_PENDING_INTERRUPTION_TYPE_SHIFT |
		    (u64)vector << HV_PENDING_INTERRUPTION_VECTOR_SHIFT);
}

/* ---- interrupts ---- */

GUEST_CODE(closed, "64",
	   "cli\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "sti\n\t"
	   "nop\n\t"
	   "outl	%eax, $0xe1\n\t"	/* at 5: the shadow of STI is over */
	   "1:	outl	%eax, $0xe2\n\t"
	   "jmp	1b");

TEST_F(deliverable, interrupt)
{
	vmm_start64(self->vp, &closed);
	EXPECT_EQ(0xe0, next(self));
	vmm_set_reg(self->vp, NOTIFY, INTERRUPT);
	EXPECT_EQ(INTERRUPT, vmm_reg(self->vp, NOTIFY));
	EXPECT_EQ(0, next(self));
	check_event(_metadata, self, HV_PENDING_INTERRUPT, VMM_CODE + 5);
	/* once */
	EXPECT_EQ(0, vmm_reg(self->vp, NOTIFY));
	inject(self->vp, HV_PENDING_INTERRUPT, 0x44);
	EXPECT_EQ(0x44, next(self));
	EXPECT_EQ(0xe1, next(self));
	EXPECT_EQ(0xe2, next(self));
	/* open already: before anything is run */
	vmm_set_reg(self->vp, NOTIFY, INTERRUPT);
	EXPECT_EQ(0, next(self));
	check_event(_metadata, self, HV_PENDING_INTERRUPT, VMM_CODE + 9);
	EXPECT_EQ(0xe2, next(self));
	/* what is on its way goes first; its handler is closed */
	inject(self->vp, HV_PENDING_INTERRUPT, 0x45);
	vmm_set_reg(self->vp, NOTIFY, INTERRUPT);
	EXPECT_EQ(0x45, next(self));
	EXPECT_EQ(0, next(self));
	check_event(_metadata, self, HV_PENDING_INTERRUPT, VMM_CODE + 9);
	/* taken back */
	vmm_start64(self->vp, &closed);
	EXPECT_EQ(0xe0, next(self));
	vmm_set_reg(self->vp, NOTIFY, INTERRUPT);
	vmm_set_reg(self->vp, NOTIFY, 0);
	EXPECT_EQ(0xe1, next(self));
	PROVES("REG-00010006 MSG-80010008");
}

/* priority class 9 down to 4, a port behind each */
GUEST_CODE(priorities, "64",
	   "mov	$9, %eax\n\t"
	   "mov	%rax, %cr8\n\t"
	   "sti\n\t"
	   "nop\n\t"
	   "1:	outl	%eax, $0xe0\n\t"
	   "dec	%eax\n\t"
	   "mov	%rax, %cr8\n\t"
	   "cmp	$4, %eax\n\t"
	   "jae	1b\n\t"
	   "2:	outl	%eax, $0xe1\n\t"
	   "jmp	2b");

/* runs until CR8 is @cr8, which is said by a port */
static void lower_to(struct __test_metadata *_metadata, FIXTURE_DATA(deliverable) *self, u64 cr8)
{
	do {
		ASSERT_EQ(0xe0, next(self));
	} while (vmm_reg(self->vp, HV_X64_REGISTER_CR8) != cr8);
}

TEST_F(deliverable, priority)
{
	vmm_start64(self->vp, &priorities);
	EXPECT_EQ(0xe0, next(self));
	vmm_set_reg(self->vp, NOTIFY, PRIORITY(6));
	EXPECT_EQ(PRIORITY(6), vmm_reg(self->vp, NOTIFY));
	lower_to(_metadata, self, 6);
	EXPECT_EQ(0, next(self));
	EXPECT_EQ(HVMSG_X64_INTERRUPTION_DELIVERABLE, self->msg.header.message_type);
	EXPECT_EQ(5, vmm_reg(self->vp, HV_X64_REGISTER_CR8));
	EXPECT_EQ(0, vmm_reg(self->vp, NOTIFY));
	EXPECT_EQ(0xe0, next(self));
	EXPECT_EQ(5, vmm_reg(self->vp, HV_X64_REGISTER_CR8));

	/* as an 8259 interrupts: whatever the priority */
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR8, 15);
	vmm_set_reg(self->vp, NOTIFY, PRIORITY(0));
	EXPECT_EQ(0, next(self));
	EXPECT_EQ(HVMSG_X64_INTERRUPTION_DELIVERABLE, self->msg.header.message_type);
	EXPECT_EQ(15, vmm_reg(self->vp, HV_X64_REGISTER_CR8));
	PROVES("REG-00010006 MSG-80010008");
}

/* beside an interrupt that waits in the local APIC: neither holds the other's window back */
TEST_F(deliverable, beside_the_apic)
{
	vmm_set_reg(self->vp, HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
	vmm_start64(self->vp, &priorities);
	EXPECT_EQ(0xe0, next(self));
	EXPECT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_FIXED, 0, 0x61));
	vmm_set_reg(self->vp, NOTIFY, PRIORITY(7));
	lower_to(_metadata, self, 7);
	EXPECT_EQ(0, next(self));
	EXPECT_EQ(HVMSG_X64_INTERRUPTION_DELIVERABLE, self->msg.header.message_type);
	EXPECT_EQ(6, vmm_reg(self->vp, HV_X64_REGISTER_CR8));

	/* and the other way around: told while the interrupt is in service */
	vmm_set_reg(self->vp, NOTIFY, PRIORITY(5));
	EXPECT_EQ(0xe0, next(self));
	EXPECT_EQ(0x61, next(self));
	EXPECT_EQ(5, vmm_reg(self->vp, HV_X64_REGISTER_CR8));
	EXPECT_EQ(0xe0, next(self));
	EXPECT_EQ(0, next(self));
	EXPECT_EQ(HVMSG_X64_INTERRUPTION_DELIVERABLE, self->msg.header.message_type);
	EXPECT_EQ(4, vmm_reg(self->vp, HV_X64_REGISTER_CR8));
	EXPECT_EQ(1 << (0x61 - 0x60), vmm_reg(self->vp, HV_X64_REGISTER_APIC_ISR0 + 3));
	PROVES("REG-00010006 MSG-80010008");
}

GUEST_CODE(halts, "64",
	   "cli\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "sti\n\t"
	   "hlt\n\t"
	   "outl	%eax, $0xe1\n\t"
	   "1:	jmp	1b");

/* a halted VP can take an interrupt; the message is none */
TEST_F(deliverable, halted)
{
	unsigned int i;

	vmm_start64(self->vp, &halts);
	EXPECT_EQ(0xe0, next(self));
	for (i = 0; i < 2; i++) {
		vmm_set_reg(self->vp, NOTIFY, INTERRUPT);
		EXPECT_EQ(0, next(self));
		check_event(_metadata, self, HV_PENDING_INTERRUPT, VMM_CODE + 5);
		EXPECT_EQ(HV_ACTIVITY_HALT_SUSPEND,
			  vmm_reg(self->vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE));
		EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &self->msg, VMM_SHORT));
	}
	vmm_set_reg(self->vp, NOTIFY, INTERRUPT);
	EXPECT_EQ(0, next(self));
	inject(self->vp, HV_PENDING_INTERRUPT, 0x46);
	EXPECT_EQ(0x46, next(self));
	EXPECT_EQ(0xe1, next(self));
	PROVES("REG-00010006 MSG-80010008");
}

/* ---- NMIs ---- */

GUEST_CODE(in_nmi, "64",
	   "outl	%eax, $0xe0\n\t"
	   "mov	%rsp, %rbx\n\t"
	   "pushq	$0x10\n\t"
	   "pushq	%rbx\n\t"
	   "pushf\n\t"
	   "pushq	$0x08\n\t"
	   "lea	1f(%rip), %rax\n\t"
	   "pushq	%rax\n\t"
	   "iretq\n\t"
	   "1:	outl	%eax, $0xe1\n\t"
	   "jmp	1b");

TEST_F(deliverable, nmi)
{
	u64 rax;

	vmm_start64(self->vp, &in_nmi);
	vmm_set_gate(&self->vm, 2, HANDLERS + 0x40 * 8);
	EXPECT_EQ(0xe0, next(self));
	vmm_set_reg(self->vp, HV_X64_REGISTER_INTERRUPT_STATE, HV_INTERRUPT_STATE_NMI_MASKED);
	vmm_set_reg(self->vp, NOTIFY, NMI);
	EXPECT_EQ(0, next(self));
	rax = vmm_reg(self->vp, HV_X64_REGISTER_RAX);
	check_event(_metadata, self, HV_PENDING_NMI, rax);
	EXPECT_EQ(0, vmm_reg(self->vp, NOTIFY));
	EXPECT_EQ(0xe1, next(self));

	/* not in a handler; interrupts stay closed, and are asked for still */
	vmm_set_reg(self->vp, NOTIFY, NMI | INTERRUPT);
	EXPECT_EQ(0, next(self));
	check_event(_metadata, self, HV_PENDING_NMI, rax + 2);
	EXPECT_EQ(INTERRUPT, vmm_reg(self->vp, NOTIFY));
	inject(self->vp, HV_PENDING_NMI, 2);
	EXPECT_EQ(0x40, next(self));
	EXPECT_EQ(0xe1, next(self));
	vmm_set_reg(self->vp, HV_X64_REGISTER_RFLAGS, 0x202);
	EXPECT_EQ(0, next(self));
	EXPECT_EQ(HVMSG_X64_INTERRUPTION_DELIVERABLE, self->msg.header.message_type);
	EXPECT_EQ(0, vmm_reg(self->vp, NOTIFY));
	PROVES("REG-00010006 MSG-80010008");
}

GUEST_CODE(started, "16",
	   "1:	outl	%eax, $0xe0\n\t"
	   "jmp	1b");

/* what waits for INIT or SIPI takes nothing; what was asked for outlasts both */
TEST_F(deliverable, startup)
{
	self->vp = &self->vm.vp[1];
	vmm_load(&self->vm, VMM_AP_CODE, &started);
	vmm_set_reg(self->vp, NOTIFY, NMI | INTERRUPT);
	EXPECT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_INIT, 1, 0));
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &self->msg, VMM_SHORT));
	EXPECT_EQ(HV_ACTIVITY_STARTUP_SUSPEND,
		  vmm_reg(self->vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE));
	EXPECT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_SIPI, 1, VMM_AP_CODE >> 12));
	EXPECT_EQ(0, next(self));
	check_event(_metadata, self, HV_PENDING_NMI, 0);
	EXPECT_EQ(INTERRUPT, vmm_reg(self->vp, NOTIFY));
	EXPECT_EQ(0xe0, next(self));
	PROVES("REG-00010006");
}

/* ---- slots of SINTs ---- */

static int post(FIXTURE_DATA(deliverable) *self, u32 sint)
{
	struct hv_input_post_message_direct in = {
		.vp_index = self->vp->index, .sint_index = sint,
	};
	struct hv_message msg = { .header.message_type = 0x77, .header.payload_size = 8 };

	memcpy(in.message, &msg, sizeof(msg));
	return vmm_call(self->vm.pt, HVCALL_POST_MESSAGE_DIRECT, &in, sizeof(in), NULL, 0);
}

/* empties the slot of SINT 5, and says so by EOM where the flag in it asks for that */
GUEST_CODE(takes, "64",
	   "1:	outl	%eax, $0xe0\n\t"
	   "movl	$0, 0x40500\n\t"
	   "testb	$1, 0x40505\n\t"
	   "jz	2f\n\t"
	   "xor	%eax, %eax\n\t"
	   "xor	%edx, %edx\n\t"
	   "mov	$0x40000084, %ecx\n\t"
	   "wrmsr\n\t"
	   "2:	outl	%eax, $0xe1\n\t"
	   "jmp	1b");

TEST_F(deliverable, slot)
{
	synic_on(self->vp);
	vmm_start64(self->vp, &takes);
	EXPECT_EQ(0xe0, next(self));
	EXPECT_EQ(0, post(self, SLOT));
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_BUFFERS, post(self, SLOT));
	/* another one's is free: that one is told alone, and the busy one stays asked for */
	vmm_set_reg(self->vp, NOTIFY, SINT(SLOT) | SINT(SLOT + 1));
	EXPECT_EQ(SINT(SLOT) | SINT(SLOT + 1), vmm_reg(self->vp, NOTIFY));
	EXPECT_EQ(0, next(self));
	check_sints(_metadata, self, 1 << (SLOT + 1));
	EXPECT_EQ(SINT(SLOT), vmm_reg(self->vp, NOTIFY));
	/* before the guest does anything else: at its EOM */
	EXPECT_EQ(0, next(self));
	check_sints(_metadata, self, 1 << SLOT);
	EXPECT_EQ(0, vmm_reg(self->vp, NOTIFY));
	EXPECT_EQ(0, post(self, SLOT));
	EXPECT_EQ(0xe1, next(self));
	/* empty now, asked by nobody */
	EXPECT_EQ(0xe0, next(self));
	EXPECT_EQ(0xe1, next(self));
	PROVES("REG-00010006 MSG-80000062");
}

GUEST_CODE(forgets, "64",
	   "outl	%eax, $0xe0\n\t"
	   "movl	$0, 0x40500\n\t"
	   "sti\n\t"
	   "hlt\n\t"
	   "outl	%eax, $0xe1\n\t"
	   "1:	jmp	1b");

/* a guest that does not say that the slot is empty, and sleeps: it is found, and sleeps on */
TEST_F(deliverable, slot_without_eom)
{
	synic_on(self->vp);
	vmm_start64(self->vp, &forgets);
	EXPECT_EQ(0xe0, next(self));
	EXPECT_EQ(0, post(self, SLOT));
	vmm_set_reg(self->vp, NOTIFY, SINT(SLOT));
	EXPECT_EQ(0, next(self));
	check_sints(_metadata, self, 1 << SLOT);
	EXPECT_EQ(HV_ACTIVITY_HALT_SUSPEND,
		  vmm_reg(self->vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE));
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &self->msg, VMM_SHORT));
	PROVES("REG-00010006 MSG-80000062");
}

/* no slot is free as long as the SynIC takes no messages */
TEST_F(deliverable, slot_disabled)
{
	vmm_start64(self->vp, &takes);
	EXPECT_EQ(0xe0, next(self));
	vmm_set_reg(self->vp, NOTIFY, SINT(3));
	EXPECT_EQ(0xe1, next(self));
	EXPECT_EQ(SINT(3), vmm_reg(self->vp, NOTIFY));
	synic_on(self->vp);
	EXPECT_EQ(0, next(self));
	check_sints(_metadata, self, 1 << 3);
	PROVES("REG-00010006");
}

/* ---- what is refused ---- */

GUEST_CODE(spin, "64", "1: jmp 1b");

TEST_F(deliverable, refused)
{
	union hv_register_value val = { .reg64 = INTERRUPT };
	unsigned int bit;

	for (bit = 6; bit < HV_DELIVERABILITY_SINT_SHIFT; bit++)
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
			  vmm_set_reg_status(self->vp, NOTIFY, 1ULL << bit)) TH_LOG("%u", bit);
	EXPECT_EQ(0, vmm_reg(self->vp, NOTIFY));

	/* the VP's own state: not while it runs */
	vmm_start64(self->vp, &spin);
	vmm_thread_start(&self->t, self->vp);
	EXPECT_FALSE(vmm_thread_wait(&self->t, VMM_SHORT));
	EXPECT_EQ(HV_STATUS_INVALID_VP_STATE, vmm_set_register(self->vm.pt, 0, NOTIFY, &val));
	vmm_thread_stop(&self->t);
	EXPECT_EQ(0, vmm_set_register(self->vm.pt, 0, NOTIFY, &val));
	vmm_set_reg(self->vp, HV_X64_REGISTER_RFLAGS, 2);
	PROVES("REG-00010006");
}

TEST_HARNESS_MAIN
