// SPDX-License-Identifier: GPL-2.0-only
/*
 * run_test.c - RUN_VP: signals, halting, waking, suspending, several VPs, the register page
 *
 * The contents of messages are in message_test.c.
 */
#include <signal.h>
#include <sys/time.h>

#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define VECTOR	0x61
#define HANDLER	(VMM_CODE + 0x800)

FIXTURE(run) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct vmm_thread t[2];
};

FIXTURE_SETUP(run)
{
	vmm_setup(&self->vm, 2);
	self->vp = &self->vm.vp[0];
}

FIXTURE_TEARDOWN(run)
{
	vmm_thread_stop(&self->t[0]);
	vmm_thread_stop(&self->t[1]);
	vmm_teardown(&self->vm);
}

/* counts in VMM_DATA, for ever */
GUEST_CODE(counting, "64", "1: incq 0x20000\n\t jmp 1b");

/* counts in VMM_DATA + 0x18, for ever */
GUEST_CODE(busy, "64", "1: incq 0x20018\n\t jmp 1b");

/* each port write has the next number */
GUEST_CODE(numbered, "64",
	   "1:	inc	%eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

/* APIC on, says so, then halts with interrupts on; VMM_DATA + 8 counts what ended a halt */
GUEST_CODE(halting, "64",
	   "mov	$0xfee000f0, %edi\n\t"
	   "movl	$0x1ff, (%rdi)\n\t"
	   "outl	%eax, $0xe0\n"
	   "1:	sti\n\t"
	   "hlt\n\t"
	   "incq	0x20008\n\t"
	   "jmp	1b");

/* the same with interrupts off */
GUEST_CODE(halting_cli, "64",
	   "mov	$0xfee000f0, %edi\n\t"
	   "movl	$0x1ff, (%rdi)\n\t"
	   "outl	%eax, $0xe0\n"
	   "1:	cli\n\t"
	   "hlt\n\t"
	   "incq	0x20008\n\t"
	   "jmp	1b");

/* counts in VMM_DATA */
GUEST_CODE(handler, "64",
	   "push	%rax\n\t"
	   "push	%rdi\n\t"
	   "lock incq 0x20000\n\t"
	   "mov	$0xfee000b0, %edi\n\t"
	   "xor	%eax, %eax\n\t"
	   "mov	%eax, (%rdi)\n\t"
	   "pop	%rdi\n\t"
	   "pop	%rax\n\t"
	   "iretq");

/* of an NMI: no EOI */
GUEST_CODE(nmi_handler, "64", "lock incq 0x20010\n\t iretq");

/* INIT and SIPI to APIC 1, by a VP that has the time; then counts in VMM_DATA */
GUEST_CODE(start_ap, "64",
	   "mov	$0xfee00000, %edi\n\t"
	   "movl	$0x1ff, 0xf0(%rdi)\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "movl	$0x01000000, 0x310(%rdi)\n\t"
	   "movl	$0x00004500, 0x300(%rdi)\n\t"	/* INIT, assert */
	   "outl	%eax, $0xe1\n\t"
	   "movl	$0x01000000, 0x310(%rdi)\n\t"
	   "movl	$0x0000460a, 0x300(%rdi)\n\t"	/* SIPI: 0xa000 */
	   "outl	%eax, $0xe2\n"
	   "1:	incq	0x20000\n\t"
	   "jmp	1b");

/* where it starts, then counts at 0x100 from there */
GUEST_CODE(ap_code, "16",
	   "mov	%cs, %ax\n\t"
	   "outw	%ax, $0xe0\n"
	   "1:	incl	%cs:0x100\n\t"
	   "jmp	1b");

static u64 *data(struct vmm *vm, unsigned int offset)
{
	return vmm_gpa(vm, VMM_DATA + offset);
}

static u64 value(struct vmm *vm, unsigned int offset)
{
	return LOAD(data(vm, offset));
}

static int interrupt(struct vmm *vm)
{
	return vmm_assert(vm, HV_X64_INTERRUPT_TYPE_FIXED, 0, VECTOR);
}

static void start_halting(struct vmm *vm, struct vmm_thread *t, bool sti)
{
	if (sti)
		vmm_start64(&vm->vp[0], &halting);
	else
		vmm_start64(&vm->vp[0], &halting_cli);
	vmm_load(vm, HANDLER, &handler);
	vmm_set_gate(vm, VECTOR, HANDLER);
	vmm_load(vm, HANDLER + 0x100, &nmi_handler);
	vmm_set_gate(vm, 2, HANDLER + 0x100);
	vmm_run_out(&vm->vp[0], GUEST_PORT);
	vmm_thread_start(t, &vm->vp[0]);
}

/* ---- signals ---- */

TEST_F(run, a_signal_ends_it)
{
	struct hv_message msg;
	u64 was;

	vmm_start64(self->vp, &counting);
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &msg, VMM_SHORT));
	was = value(&self->vm, 0);
	EXPECT_LT(0, was);
	/* while nobody runs it, it does not run */
	EXPECT_FALSE(vmm_moves(data(&self->vm, 0), 20));
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &msg, VMM_SHORT));
	EXPECT_LT(was, value(&self->vm, 0));
}

static void nothing(int sig)
{
}

/* also one whose handler asks for calls to be restarted */
TEST_F(run, restartable_signal_is_eintr_too)
{
	struct sigaction sa = { .sa_handler = nothing, .sa_flags = SA_RESTART };
	struct itimerval tv = { { 0, 20000 }, { 0, 50000 } }, off = {};
	struct hv_message msg;

	vmm_start64(self->vp, &counting);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &tv, NULL);
	EXPECT_EQ(-EINTR, vmm_ioctl(self->vp->fd, TLFS_RUN_VP, &msg));
	setitimer(ITIMER_REAL, &off, NULL);
}

TEST_F(run, no_message_is_lost_to_a_signal)
{
	struct sigaction sa = { .sa_handler = nothing };
	struct itimerval tv = { { 0, 500 }, { 0, 500 } }, off = {};
	unsigned int i, interrupted = 0;
	struct hv_message msg;
	long ret;

	vmm_start64(self->vp, &numbered);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &tv, NULL);
	for (i = 1; i <= 2000; i++) {
		while ((ret = vmm_ioctl(self->vp->fd, TLFS_RUN_VP, &msg)) == -EINTR)
			interrupted++;
		ASSERT_EQ(0, ret);
		ASSERT_EQ(HVMSG_X64_IO_PORT_INTERCEPT, msg.header.message_type);
		ASSERT_EQ(i, vmm_io_msg(&msg)->rax);
		vmm_skip(self->vp, &msg);
	}
	setitimer(ITIMER_REAL, &off, NULL);
	TH_LOG("%u signals ended RUN_VP", interrupted);
}

TEST_F(run, a_signal_ends_a_halt)
{
	start_halting(&self->vm, &self->t[0], true);
	EXPECT_FALSE(vmm_thread_wait(&self->t[0], VMM_SHORT));
	vmm_thread_stop(&self->t[0]);
	EXPECT_EQ(-EINTR, self->t[0].ret);
	/* and it halts again */
	vmm_thread_start(&self->t[0], self->vp);
	EXPECT_FALSE(vmm_thread_wait(&self->t[0], VMM_SHORT));
	EXPECT_EQ(0, value(&self->vm, 8));
}

/* ---- HLT, interrupts ---- */

TEST_F(run, an_interrupt_ends_a_halt)
{
	unsigned int i;

	start_halting(&self->vm, &self->t[0], true);
	for (i = 1; i <= 50; i++) {
		/* through the partition's descriptor, while the VP's is in RUN_VP */
		ASSERT_EQ(0, interrupt(&self->vm));
		ASSERT_TRUE(vmm_wait_u64(data(&self->vm, 0), i));
		ASSERT_TRUE(vmm_wait_u64(data(&self->vm, 8), i));
	}
	EXPECT_FALSE(vmm_moves(data(&self->vm, 8), VMM_SHORT));
	EXPECT_FALSE(vmm_thread_wait(&self->t[0], 0));
}

TEST_F(run, halted_with_interrupts_off)
{
	start_halting(&self->vm, &self->t[0], false);
	ASSERT_EQ(0, interrupt(&self->vm));
	EXPECT_FALSE(vmm_moves(data(&self->vm, 8), VMM_SHORT));
	EXPECT_EQ(0, value(&self->vm, 0));
	/* an NMI does not care */
	ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_NMI, 0, 0));
	EXPECT_TRUE(vmm_wait_u64(data(&self->vm, 8), 1));
	EXPECT_EQ(1, value(&self->vm, 0x10));
	EXPECT_EQ(0, value(&self->vm, 0));
	PROVES("PROP-interrupt-type-4");
}

/* an interrupt for a VP that runs guest code all the time */
TEST_F(run, an_interrupt_reaches_a_busy_guest)
{
	unsigned int i;

	start_halting(&self->vm, &self->t[0], true);
	vmm_thread_stop(&self->t[0]);
	vmm_load(&self->vm, VMM_CODE + 0x400, &busy);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE + 0x400);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RFLAGS, 0x202);
	vmm_set_reg(self->vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0);
	vmm_thread_start(&self->t[0], self->vp);
	ASSERT_TRUE(vmm_wait_change(data(&self->vm, 0x18), 0));
	for (i = 1; i <= 20; i++) {
		ASSERT_EQ(0, interrupt(&self->vm));
		ASSERT_TRUE(vmm_wait_u64(data(&self->vm, 0), i));
	}
}

/* ---- several VPs ---- */

TEST_F(run, init_and_sipi)
{
	struct vmm_vp *ap = &self->vm.vp[1];

	vmm_start64(self->vp, &start_ap);
	vmm_load(&self->vm, VMM_AP_CODE, &ap_code);
	/* every VP but the first waits for a SIPI, whoever runs it */
	EXPECT_EQ(HV_ACTIVITY_STARTUP_SUSPEND,
		  vmm_reg(ap, HV_REGISTER_INTERNAL_ACTIVITY_STATE));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE));
	vmm_thread_start(&self->t[1], ap);
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_FALSE(vmm_thread_wait(&self->t[1], VMM_SHORT));
	vmm_run_out(self->vp, GUEST_PORT + 1);
	EXPECT_FALSE(vmm_thread_wait(&self->t[1], VMM_SHORT));
	vmm_run_out(self->vp, GUEST_PORT + 2);
	ASSERT_TRUE(vmm_thread_wait(&self->t[1], VMM_LONG));
	ASSERT_EQ(0, self->t[1].ret);
	ASSERT_EQ(HVMSG_X64_IO_PORT_INTERCEPT, self->t[1].msg.header.message_type);
	EXPECT_EQ(1, vmm_io_msg(&self->t[1].msg)->header.vp_index);
	EXPECT_EQ(VMM_AP_CODE >> 4, vmm_io_msg(&self->t[1].msg)->rax & 0xffff);
	EXPECT_EQ(VMM_AP_CODE, vmm_io_msg(&self->t[1].msg)->header.cs_segment.base);
	EXPECT_EQ(2, vmm_io_msg(&self->t[1].msg)->header.rip);
	EXPECT_EQ(0, vmm_io_msg(&self->t[1].msg)->header.execution_state);
	vmm_thread_stop(&self->t[1]);
	vmm_skip(ap, &self->t[1].msg);
	/* both run, each in its thread */
	vmm_thread_start(&self->t[1], ap);
	vmm_thread_start(&self->t[0], self->vp);
	EXPECT_TRUE(vmm_moves(data(&self->vm, 0), VMM_LONG));
	EXPECT_TRUE(vmm_moves(vmm_gpa(&self->vm, VMM_AP_CODE + 0x100), VMM_LONG));
	EXPECT_TRUE(vmm_moves(data(&self->vm, 0), VMM_LONG));
	PROVES("B-10-035");
}

/* the reset state of a processor */
TEST_F(run, new_vp_has_reset_state)
{
	union hv_register_value cs;
	struct vmm_vp *vp;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		vp = &self->vm.vp[i];
		EXPECT_EQ(0xfff0, vmm_reg(vp, HV_X64_REGISTER_RIP));
		EXPECT_EQ(2, vmm_reg(vp, HV_X64_REGISTER_RFLAGS));
		EXPECT_EQ(0x60000010, vmm_reg(vp, HV_X64_REGISTER_CR0));
		EXPECT_EQ(0, vmm_reg(vp, HV_X64_REGISTER_CR2));
		EXPECT_EQ(0, vmm_reg(vp, HV_X64_REGISTER_CR3));
		EXPECT_EQ(0, vmm_reg(vp, HV_X64_REGISTER_CR4));
		EXPECT_EQ(0, vmm_reg(vp, HV_X64_REGISTER_CR8));
		EXPECT_EQ(0, vmm_reg(vp, HV_X64_REGISTER_EFER));
		EXPECT_EQ(1, vmm_reg(vp, HV_X64_REGISTER_XFEM));
		EXPECT_EQ(0xffff0ff0, vmm_reg(vp, HV_X64_REGISTER_DR6));
		EXPECT_EQ(0x400, vmm_reg(vp, HV_X64_REGISTER_DR7));
		EXPECT_EQ(0x0007040600070406ULL, vmm_reg(vp, HV_X64_REGISTER_PAT));
		ASSERT_EQ(0, vmm_get_register(vp->fd, i, HV_X64_REGISTER_CS, &cs));
		EXPECT_EQ(0xf000, cs.segment.selector);
		EXPECT_EQ(0xffff0000, cs.segment.base);
		EXPECT_EQ(0xffff, cs.segment.limit);
		EXPECT_EQ(0x9b, cs.segment.attributes);
		EXPECT_EQ(HV_SUSPEND_SUSPENDED, vmm_reg(vp, HV_REGISTER_EXPLICIT_SUSPEND));
		EXPECT_EQ(0, vmm_reg(vp, HV_REGISTER_INTERCEPT_SUSPEND));
		EXPECT_EQ(i, vmm_reg(vp, HV_REGISTER_VP_INDEX));
	}
	PROVES("B-10-034");
}

/* ---- freezing and suspending ---- */

static int freeze(struct vmm *vm, bool on)
{
	return vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, on);
}

static u64 reference_time(struct vmm *vm)
{
	u64 val = 0;

	if (vmm_get_property(vm->pt, HV_PARTITION_PROPERTY_REFERENCE_TIME, &val))
		vmm_die("no reference time");
	return val;
}

TEST_F(run, frozen_time)
{
	u64 *n = data(&self->vm, 0);
	u64 then;

	vmm_start64(self->vp, &counting);
	/* frozen before the VP is run at all */
	ASSERT_EQ(0, freeze(&self->vm, true));
	then = reference_time(&self->vm);
	vmm_thread_start(&self->t[0], self->vp);
	EXPECT_FALSE(vmm_thread_wait(&self->t[0], VMM_SHORT));
	EXPECT_EQ(0, LOAD(n));
	EXPECT_EQ(then, reference_time(&self->vm));
	ASSERT_EQ(0, freeze(&self->vm, false));
	EXPECT_TRUE(vmm_wait_change(n, 0));
	/* and while it runs */
	ASSERT_EQ(0, freeze(&self->vm, true));
	EXPECT_FALSE(vmm_moves(n, VMM_SHORT));
	/* a signal still gets through */
	vmm_thread_stop(&self->t[0]);
	EXPECT_EQ(-EINTR, self->t[0].ret);
	then = reference_time(&self->vm);
	vmm_thread_start(&self->t[0], self->vp);
	EXPECT_FALSE(vmm_moves(n, 400));
	EXPECT_EQ(then, reference_time(&self->vm));
	ASSERT_EQ(0, freeze(&self->vm, false));
	/* the time of the freeze, in units of 100 ns, is not made up for */
	EXPECT_GT(then + 200 * 10000, reference_time(&self->vm));
	EXPECT_TRUE(vmm_moves(n, VMM_LONG));
	EXPECT_LT(then, reference_time(&self->vm));
}

/* frozen in a halt, with an interrupt that comes meanwhile */
TEST_F(run, frozen_halt)
{
	start_halting(&self->vm, &self->t[0], true);
	EXPECT_FALSE(vmm_thread_wait(&self->t[0], 20));
	ASSERT_EQ(0, freeze(&self->vm, true));
	ASSERT_EQ(0, interrupt(&self->vm));
	EXPECT_FALSE(vmm_moves(data(&self->vm, 0), VMM_SHORT));
	ASSERT_EQ(0, freeze(&self->vm, false));
	EXPECT_TRUE(vmm_wait_u64(data(&self->vm, 8), 1));
	EXPECT_EQ(1, value(&self->vm, 0));
}

static u64 shared_register(struct vmm *vm, u32 name)
{
	union hv_register_value val;

	/* through the partition's descriptor: the VP's waits for RUN_VP to end */
	if (vmm_get_register(vm->pt, 0, name, &val))
		vmm_die("register %#x of a running VP", name);
	return val.reg64;
}

static int suspend(struct vmm *vm, u64 how)
{
	union hv_register_value val = { .reg64 = how };

	return vmm_set_register(vm->pt, 0, HV_REGISTER_EXPLICIT_SUSPEND, &val);
}

TEST_F(run, explicit_suspend)
{
	u64 *n = data(&self->vm, 0);

	vmm_start64(self->vp, &counting);
	EXPECT_EQ(1, shared_register(&self->vm, HV_REGISTER_EXPLICIT_SUSPEND));
	vmm_thread_start(&self->t[0], self->vp);
	ASSERT_TRUE(vmm_wait_change(n, 0));
	/* running it has ended that */
	EXPECT_EQ(0, shared_register(&self->vm, HV_REGISTER_EXPLICIT_SUSPEND));
	ASSERT_EQ(0, suspend(&self->vm, HV_SUSPEND_SUSPENDED));
	vmm_sleep_ms(20);
	EXPECT_EQ(1, shared_register(&self->vm, HV_REGISTER_EXPLICIT_SUSPEND));
	EXPECT_FALSE(vmm_moves(n, VMM_SHORT));
	/* RUN_VP stays where it is, a signal ends it, the next one starts the VP again */
	EXPECT_FALSE(vmm_thread_wait(&self->t[0], 0));
	ASSERT_EQ(0, suspend(&self->vm, 0));
	EXPECT_TRUE(vmm_moves(n, VMM_LONG));
	ASSERT_EQ(0, suspend(&self->vm, HV_SUSPEND_SUSPENDED));
	vmm_sleep_ms(20);
	EXPECT_FALSE(vmm_moves(n, VMM_SHORT));
	vmm_thread_stop(&self->t[0]);
	EXPECT_EQ(-EINTR, self->t[0].ret);
	vmm_thread_start(&self->t[0], self->vp);
	EXPECT_TRUE(vmm_moves(n, VMM_LONG));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, suspend(&self->vm, 2));
	PROVES("B-10-019 REG-00000000");
}

/*
 * What the kernel has to do in the VMM's thread itself, here CPU timers whose signal is ignored,
 * is no signal: a VMM that called RUN_VP again for it would end the suspension.
 */
TEST_F(run, suspended_with_work)
{
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = {};
	u64 *n = data(&self->vm, 0);
	unsigned int i;

	signal(SIGPROF, SIG_IGN);
	vmm_start64(self->vp, &counting);
	vmm_thread_start(&self->t[0], self->vp);
	ASSERT_TRUE(vmm_wait_change(n, 0));
	ASSERT_EQ(0, setitimer(ITIMER_PROF, &often, NULL));
	for (i = 0; i < 10; i++) {
		ASSERT_EQ(0, suspend(&self->vm, HV_SUSPEND_SUSPENDED));
		EXPECT_FALSE(vmm_moves(n, 20));
		EXPECT_EQ(1, shared_register(&self->vm, HV_REGISTER_EXPLICIT_SUSPEND));
		ASSERT_EQ(0, suspend(&self->vm, 0));
		EXPECT_TRUE(vmm_moves(n, VMM_LONG));
		vmm_sleep_ms(20);
	}
	ASSERT_EQ(0, setitimer(ITIMER_PROF, &never, NULL));
	EXPECT_EQ(0, LOAD(&self->t[0].again));
	vmm_thread_stop(&self->t[0]);
	EXPECT_EQ(-EINTR, self->t[0].ret);
	PROVES("B-10-019");
}

TEST_F(run, intercept_suspend)
{
	struct vmm_vp *vp = self->vp;

	vmm_start64(vp, &numbered);
	EXPECT_EQ(0, vmm_reg(vp, HV_REGISTER_INTERCEPT_SUSPEND));
	/* what is clear cannot be set */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_reg_status(vp, HV_REGISTER_INTERCEPT_SUSPEND, HV_SUSPEND_SUSPENDED));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_reg_status(vp, HV_REGISTER_INTERCEPT_SUSPEND, 1ULL << 40));
	vmm_run_out(vp, GUEST_PORT);
	EXPECT_TRUE(vmm_reg(vp, HV_REGISTER_INTERCEPT_SUSPEND) & HV_SUSPEND_SUSPENDED);
	EXPECT_EQ(0, vmm_set_reg_status(vp, HV_REGISTER_INTERCEPT_SUSPEND, 0));
	EXPECT_EQ(0, vmm_reg(vp, HV_REGISTER_INTERCEPT_SUSPEND));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  vmm_set_reg_status(vp, HV_REGISTER_INTERCEPT_SUSPEND, HV_SUSPEND_SUSPENDED));
	PROVES("B-10-020 REG-00000001");
}

/* one VP intercepted, the other runs on */
TEST_F(run, intercepts_are_each_vps_own)
{
	struct vmm_vp *other = &self->vm.vp[1];

	vmm_start64(self->vp, &numbered);
	vmm_load(&self->vm, VMM_AP_CODE, &counting);
	vmm_long_mode(other, VMM_AP_CODE);
	vmm_thread_start(&self->t[1], other);
	ASSERT_TRUE(vmm_wait_change(data(&self->vm, 0), 0));
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_TRUE(vmm_moves(data(&self->vm, 0), VMM_LONG));
	vmm_thread_stop(&self->t[1]);
	vmm_load(&self->vm, VMM_AP_CODE, &numbered);
	vmm_set_reg(other, HV_X64_REGISTER_RIP, VMM_AP_CODE);
	EXPECT_EQ(1, vmm_run_out(other, GUEST_PORT));
	EXPECT_EQ(2, vmm_run_out(self->vp, GUEST_PORT));
	PROVES("B-9-004");
}

/* ---- register page ---- */

static struct hv_vp_register_page *register_page(struct vmm_vp *vp)
{
	void *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vp->fd, 0);

	if (p == MAP_FAILED)
		vmm_die("register page: %s", strerror(errno));
	return p;
}

/* all that a message's VMM looks at: RAX to R15 by number, then the rest */
GUEST_CODE(show_all, "64",
	   "mov	$1, %eax\n\t mov $2, %ecx\n\t mov $3, %edx\n\t mov $4, %ebx\n\t"
	   "mov	$6, %ebp\n\t mov $7, %esi\n\t mov $8, %edi\n\t"
	   "mov	$9, %r8d\n\t mov $10, %r9d\n\t mov $11, %r10d\n\t mov $12, %r11d\n\t"
	   "mov	$13, %r12d\n\t mov $14, %r13d\n\t mov $15, %r14d\n\t mov $16, %r15d\n\t"
	   "movq	%rbp, %xmm0\n\t"
	   "movq	%rsi, %xmm5\n\t"
	   "stc\n"
	   "1:	outl	%eax, $0xe0\n\t"
	   "jmp	1b");

TEST_F(run, register_page_shows_the_vp)
{
	struct hv_vp_register_page *page = register_page(self->vp);
	struct hv_message msg;
	unsigned int i;

	EXPECT_EQ(HV_REGISTER_PAGE_VERSION_1, page->version);
	EXPECT_EQ(1, page->is_valid);
	EXPECT_EQ(0, page->dirty);
	EXPECT_EQ(0xfff0, page->rip);
	EXPECT_EQ(0x60000010, page->cr0);
	vmm_start64(self->vp, &show_all);
	/* a hypercall changes the page too */
	EXPECT_EQ(VMM_CODE, page->rip);
	EXPECT_EQ(VMM_TABLES, page->cr3);
	EXPECT_EQ(0x80010033, page->cr0);
	EXPECT_EQ(0x620, page->cr4);
	EXPECT_EQ(0xd00, page->efer);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	EXPECT_EQ(1, page->is_valid);
	EXPECT_EQ(0, page->dirty);
	for (i = 0; i < 16; i++)
		EXPECT_EQ(i == 4 ? VMM_STACK : i + 1, page->gprs[i]);
	EXPECT_EQ(vmm_io_msg(&msg)->header.rip, page->rip);
	EXPECT_EQ(vmm_io_msg(&msg)->header.rflags, page->rflags);
	EXPECT_EQ(1, page->rflags & 1);
	EXPECT_EQ(6, page->xmm[0].low);
	EXPECT_EQ(7, page->xmm[5].low);
	EXPECT_EQ(VMM_CS64, page->cs.selector);
	EXPECT_EQ(VMM_DS, page->gs.selector);
	EXPECT_EQ(0x400, page->dr7);
	EXPECT_EQ(1, page->xfem);
	EXPECT_EQ(0, page->pending_interruption);
	EXPECT_EQ(0, page->vector_count);
}

/* writes of the VMM count when they are declared, and only then */
TEST_F(run, register_page_changes_the_vp)
{
	struct hv_vp_register_page *page = register_page(self->vp);
	struct hv_message msg;
	union hv_register_value val;

	vmm_start64(self->vp, &numbered);
	EXPECT_EQ(1, vmm_run_out(self->vp, GUEST_PORT));
	page->gprs[0] = 0x1000;
	page->gprs[3] = 0xbbbb;
	EXPECT_EQ(2, vmm_run_out(self->vp, GUEST_PORT));

	/* as VMMs do: a port access is done by way of the page */
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	page->gprs[0] = 0x1000;
	page->gprs[3] = 0xbbbb;
	page->rip = vmm_io_msg(&msg)->header.rip + 2;
	page->rflags = 0x2 | 0x400;
	page->dirty |= HV_REGISTER_PAGE_DIRTY_GPRS | HV_REGISTER_PAGE_DIRTY_RIP |
		       HV_REGISTER_PAGE_DIRTY_RFLAGS;
	/* a get by hypercall sees them */
	EXPECT_EQ(0x1000, vmm_reg(self->vp, HV_X64_REGISTER_RAX));
	EXPECT_EQ(0xbbbb, vmm_reg(self->vp, HV_X64_REGISTER_RBX));
	EXPECT_EQ(vmm_io_msg(&msg)->header.rip + 2, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	EXPECT_EQ(0x402, vmm_reg(self->vp, HV_X64_REGISTER_RFLAGS));

	/* each in turn, in the same breath: the page, then a hypercall for what is not in there */
	page->gprs[0] = 0x2000;
	page->xmm[1] = (struct hv_u128) { 0x1111, 0x2222 };
	page->dirty |= HV_REGISTER_PAGE_DIRTY_GPRS | HV_REGISTER_PAGE_DIRTY_XMM;
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR2, 0xc2c2);
	EXPECT_EQ(0x2000, page->gprs[0]);
	EXPECT_EQ(0x2001, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0, page->dirty);
	EXPECT_EQ(0x400, page->rflags & 0x400);
	EXPECT_EQ(0xc2c2, vmm_reg(self->vp, HV_X64_REGISTER_CR2));
	ASSERT_EQ(0, vmm_get_register(self->vp->fd, 0, HV_X64_REGISTER_XMM1, &val));
	EXPECT_EQ(0x1111, val.reg128.low);
	EXPECT_EQ(0x2222, val.reg128.high);

	/* a set by hypercall after a write to the page: the later one counts */
	page->gprs[0] = 0x3000;
	page->dirty |= HV_REGISTER_PAGE_DIRTY_GPRS;
	vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0x4000);
	EXPECT_EQ(0x4000, page->gprs[0]);
	EXPECT_EQ(0x4001, vmm_run_out(self->vp, GUEST_PORT));
}

GUEST_CODE(fs_reader, "64", "1: mov %fs:0, %rax\n\t outl %eax, $0xe0\n\t jmp 1b");

TEST_F(run, register_page_segments)
{
	struct hv_vp_register_page *page = register_page(self->vp);
	union hv_register_value val;

	vmm_start64(self->vp, &fs_reader);
	*(u64 *)vmm_gpa(&self->vm, VMM_DATA + 0x500) = 0xf5f5;
	page->fs.base = VMM_DATA + 0x500;
	page->fs.attributes |= HV_SEGMENT_RESERVED_MASK;
	page->dirty |= HV_REGISTER_PAGE_DIRTY_SEGMENTS;
	EXPECT_EQ(0xf5f5, vmm_run_out(self->vp, GUEST_PORT));
	ASSERT_EQ(0, vmm_get_register(self->vp->fd, 0, HV_X64_REGISTER_FS, &val));
	EXPECT_EQ(VMM_DATA + 0x500, val.segment.base);
	EXPECT_EQ(0, val.segment.attributes & HV_SEGMENT_RESERVED_MASK);
}

/* what is read-only in the page, and what is nobody's, does nothing */
TEST_F(run, register_page_is_not_trusted)
{
	struct hv_vp_register_page *page = register_page(self->vp);
	unsigned int i;

	vmm_start64(self->vp, &numbered);
	for (i = 0; i < 20; i++) {
		unsigned char *bytes = (unsigned char *)page;
		unsigned int at;

		for (at = 0x160; at < PAGE; at++)
			bytes[at] = 0xff;
		page->dirty = ~0x1fu;
		EXPECT_EQ(i + 1, vmm_run_out(self->vp, GUEST_PORT));
		EXPECT_EQ(0x80010033, page->cr0);
	}
	page->rflags = ~0ULL & ~0x100ULL;
	page->dirty = HV_REGISTER_PAGE_DIRTY_RFLAGS;
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_RFLAGS) >> 22);
	EXPECT_EQ(2, vmm_reg(self->vp, HV_X64_REGISTER_RFLAGS) & 2);
}

/* the other page: the message RUN_VP came back with */
TEST_F(run, intercept_page)
{
	struct hv_message *shown;
	struct hv_message msg;

	shown = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, self->vp->fd,
		     TLFS_VP_MMAP_INTERCEPT * PAGE);
	ASSERT_NE(MAP_FAILED, shown);
	vmm_start64(self->vp, &numbered);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	EXPECT_EQ(0, memcmp(&msg, shown, sizeof(msg)));
}

/* ---- two threads and one VP ---- */

TEST_F(run, only_one_thread_runs_a_vp)
{
	struct vmm_thread second;
	struct hv_message msg;

	vmm_start64(self->vp, &counting);
	vmm_thread_start(&self->t[0], self->vp);
	ASSERT_TRUE(vmm_wait_change(data(&self->vm, 0), 0));
	/* the second waits for the first, however often it is interrupted */
	vmm_thread_start(&second, self->vp);
	EXPECT_FALSE(vmm_thread_wait(&second, VMM_SHORT));
	vmm_thread_stop(&self->t[0]);
	EXPECT_TRUE(vmm_moves(data(&self->vm, 0), VMM_LONG));
	vmm_thread_stop(&second);
	EXPECT_EQ(-EINTR, second.ret);
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &msg, 20));
}

TEST_HARNESS_MAIN
