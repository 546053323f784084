// SPDX-License-Identifier: GPL-2.0-only
/*
 * eventlog_entry_test.c - what the event log tells of guests, by group (TLFS 19.1.8, Appendix I)
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

#include "eventlog.h"
#include "guest_code.h"

#define PAGES		16
#define HANDLER		(VMM_CODE + 0x800)
#define HC_PAGE		0x30000ULL
#define SHOWN		0xe5
#define IM		HV_EVENTLOG_GROUP_INTERCEPT_MANAGER
#define MS		(VMM_SHORT / 2)

FIXTURE(entry) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct hv_message msg;
	int dev;
	u8 *window;
	const struct hv_eventlog_buffer_header *h;
	u64 id;
	u64 at;
};

/* one buffer of diagnostics, and a partition whose making is not in it */
FIXTURE_SETUP(entry)
{
	cpu_set_t set;
	const u64 *p;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	sched_setaffinity(0, sizeof(set), &set);
	self->dev = open(VMM_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->dev);
	self->window = mmap(NULL, 2 * PAGES * PAGE, PROT_READ, MAP_SHARED, self->dev, 0);
	ASSERT_NE(MAP_FAILED, (void *)self->window);
	ASSERT_EQ(0, init(self->dev, DIAG, 1, PAGES, 1));
	self->h = add(_metadata, self->dev, DIAG, 0);
	ASSERT_EQ(0, sources(self->dev, DIAG, HV_EVENTLOG_GROUP_OBJECT_MANAGER));
	vmm_setup(&self->vm, 1);
	ASSERT_EQ(0, sources(self->dev, DIAG, 0));
	self->vp = &self->vm.vp[0];
	p = entry(self->h, HV_TR_OB_CREATE_PARTITION);
	ASSERT_NE(NULL, p);
	self->id = p[0];
}

FIXTURE_TEARDOWN(entry)
{
	vmm_teardown(&self->vm);
	munmap(self->window, 2 * PAGES * PAGE);
	close(self->dev);
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

/* from now on the groups of @mask */
static void log_groups(struct __test_metadata *_metadata, FIXTURE_DATA(entry) *self, u64 mask)
{
	ASSERT_EQ(0, sources(self->dev, DIAG, mask));
	self->at = LOAD(&self->h->next_buffer_offset);
}

/* entries of @type since then, @param those of the last one */
static unsigned int logged(FIXTURE_DATA(entry) *self, u16 type, const u64 **param)
{
	const struct hv_eventlog_entry_header *e;
	unsigned int nr = 0;
	u64 at;

	for (at = self->at; at < LOAD(&self->h->next_buffer_offset); at += e->size) {
		e = (const void *)((const u8 *)self->h + at);
		if (e->type != type)
			continue;
		nr++;
		*param = (const u64 *)(e + 1);
	}
	return nr;
}

static bool nothing_logged(FIXTURE_DATA(entry) *self)
{
	return LOAD(&self->h->next_buffer_offset) == self->at &&
	       LOAD(&self->h->events_lost) == 0;
}

GUEST_CODE(show, "64", "outl %eax, $0xe5\n\t hlt");

/* a hypercall that flushes, CPUID, and an exception */
GUEST_CODE(program, "64",
	   GUEST_HYPERCALL_PAGE
	   "outl	%eax, $0xe0\n"
	   "1:	mov	$2, %ecx\n\t"			/* HvFlushVirtualAddressSpace */
	   "mov	$0x20000, %edx\n\t"
	   "mov	$0x30000, %eax\n\t"
	   "call	*%rax\n\t"
	   "outl	%eax, $0xe1\n\t"
	   "mov	$1, %eax\n\t"
	   "cpuid\n\t"
	   "jmp	1b");

static void program_start(FIXTURE_DATA(entry) *self)
{
	static const u64 all[3] = { 0, HV_FLUSH_ALL_PROCESSORS |
				       HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES };

	vmm_start64(self->vp, &program);
	vmm_write(&self->vm, VMM_DATA, all, sizeof(all));
	vmm_run_out(self->vp, 0xe0);
}

static void cycle_partition(FIXTURE_DATA(entry) *self)
{
	cycle(self->dev);
}

TEST_F(entry, hypercall)
{
	const u64 *p = NULL;

	program_start(self);
	log_groups(_metadata, self, HV_EVENTLOG_GROUP_HYPERCALL);
	EXPECT_EQ(0, vmm_run_out(self->vp, 0xe1));
	EXPECT_EQ(0, vmm_run_out(self->vp, 0xe1));
	cycle_partition(self);
	ASSERT_EQ(2, logged(self, HV_TR_HC_HYPERCALL, &p));
	EXPECT_EQ(HC_PAGE, p[0] & ~(PAGE - 1));
	EXPECT_EQ(HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE, p[1]);
	EXPECT_EQ(32, ((const struct hv_eventlog_entry_header *)p)[-1].size);
	/* nothing else */
	EXPECT_EQ(self->at + 2 * 32, self->h->next_buffer_offset);
	PROVES("PORT-event-log-group-Hypercall PORT-event-log-entry-HV-TR-HC-HYPERCALL");
}

TEST_F(entry, virtual_tlb)
{
	const u64 *p = NULL;

	program_start(self);
	log_groups(_metadata, self, HV_EVENTLOG_GROUP_ADDRESS_MANAGER_GVA);
	EXPECT_EQ(0, vmm_run_out(self->vp, 0xe1));
	cycle_partition(self);
	ASSERT_EQ(1, logged(self, HV_TR_AM_GVA_FLUSH_VIRTUAL_TLB, &p));
	EXPECT_EQ(self->id, p[0]);
	EXPECT_EQ(self->at + 24, self->h->next_buffer_offset);
	PROVES("PORT-event-log-group-Address-Manager-GVA "
	       "PORT-event-log-entry-HV-TR-AM-GVA-FLUSH-VIRTUAL-TLB");
}

/* partitions and VPs, in groups of their own */
TEST_F(entry, objects)
{
	const u64 *p = NULL;
	struct vmm vm;

	program_start(self);
	log_groups(_metadata, self, HV_EVENTLOG_GROUP_OBJECT_MANAGER);
	vmm_setup(&vm, 1);
	EXPECT_EQ(0, vmm_run_out(self->vp, 0xe1));
	vmm_teardown(&vm);
	EXPECT_TRUE(vmm_count_settles("partitions", 1));
	ASSERT_EQ(1, logged(self, HV_TR_OB_CREATE_PARTITION, &p));
	EXPECT_LT(self->id, p[0]);
	EXPECT_EQ(HV_STATUS_SUCCESS, p[1]);
	EXPECT_EQ(1, logged(self, HV_TR_OB_DELETE_PARTITION, &p));
	EXPECT_EQ(self->at + 2 * 32, self->h->next_buffer_offset);
	log_groups(_metadata, self, HV_EVENTLOG_GROUP_VIRTUAL_PROCESSOR_MANAGER);
	vmm_setup(&vm, 2);
	EXPECT_EQ(0, vmm_run_out(self->vp, 0xe1));
	vmm_teardown(&vm);
	EXPECT_TRUE(vmm_count_settles("vps", 1));
	ASSERT_EQ(2, logged(self, HV_TR_VP_CREATE_VP, &p));
	EXPECT_LT(self->id, p[0]);
	EXPECT_EQ(1, p[1]);
	EXPECT_EQ(HV_STATUS_SUCCESS, p[2]);
	EXPECT_EQ(2, logged(self, HV_TR_VP_DELETE_VP, &p));
	EXPECT_EQ(self->at + 4 * 40, self->h->next_buffer_offset);
	PROVES("PORT-event-log-group-Object-Manager "
	       "PORT-event-log-group-Virtual-Processor-Manager");
}

/* the perf source stands for hypercalls, intercepts, the virtual TLB and the scheduler */
TEST_F(entry, perf_source)
{
	const u64 *p = NULL;

	program_start(self);
	log_groups(_metadata, self, HV_EVENTLOG_ENABLE_DIAG_PERF_GENERAL);
	EXPECT_EQ(0, vmm_run_out(self->vp, 0xe1));
	EXPECT_EQ(0, vmm_run_out(self->vp, 0xe1));
	cycle_partition(self);
	EXPECT_EQ(2, logged(self, HV_TR_HC_HYPERCALL, &p));
	EXPECT_EQ(2, logged(self, HV_TR_AM_GVA_FLUSH_VIRTUAL_TLB, &p));
	EXPECT_EQ(1, logged(self, HV_TR_IM_CPUID_INSTRUCTION, &p));
	EXPECT_EQ(2, logged(self, HV_TR_IM_IO_PORT_WRITE, &p));
	EXPECT_EQ(0, logged(self, HV_TR_OB_CREATE_PARTITION, &p));
	PROVES("PORT-event-log-enable-HV-EVENTLOG-ENABLE-DIAG-PERF-GENERAL");
}

static const struct {
	u64 mask;
	const char *proves;
} quiet[] = {
#define QUIET(name, text)	{ HV_EVENTLOG_GROUP_##name, "PORT-event-log-group-" text }
	QUIET(BOOT_MANAGER, "Boot-Manager"),
	QUIET(DISPATCH_MANAGER, "Dispatch-Manager"),
	QUIET(INSTRUCTION_COMPLETION, "Instruction-Completion"),
	QUIET(SYNTHETIC_INTERRUPT_CONTROLLER, "Synthetic-Interrupt-Controller"),
	QUIET(SYNTHETIC_TIMERS, "Synthetic-Timers"),
	QUIET(ADDRESS_MANAGER, "Address-Manager"),
	QUIET(VIRTUAL_ABSTRACTION_LAYER, "Virtual-Abstraction-Layer"),
	QUIET(VIRTUALIZATION_MANAGER, "Virtualization-Manager"),
	QUIET(THREADS, "Threads"),
	QUIET(TIMERS, "Timers"),
	QUIET(KERNEL, "Kernel"),
	QUIET(MEMORY_MANAGER, "Memory-Manager"),
};

/* groups without entries of their own have none of any other group's, alone and together */
TEST_F(entry, groups_without_entries)
{
	unsigned int i;
	u64 all = 0;
	const u64 *p;

	program_start(self);
	for (i = 0; i < ARRAY_SIZE(quiet); i++) {
		all |= quiet[i].mask;
		log_groups(_metadata, self, quiet[i].mask);
		EXPECT_EQ(0, vmm_run_out(self->vp, 0xe1));
		cycle_partition(self);
		EXPECT_TRUE(nothing_logged(self))
			TH_LOG("source %#llx", (unsigned long long)quiet[i].mask);
	}
	/* with all the others everything is there */
	log_groups(_metadata, self, (0x0ffffe00 | HV_EVENTLOG_GROUP_BOOT_MANAGER) & ~all);
	EXPECT_EQ(0, vmm_run_out(self->vp, 0xe1));
	cycle_partition(self);
	EXPECT_EQ(1, logged(self, HV_TR_HC_HYPERCALL, &p));
	EXPECT_EQ(1, logged(self, HV_TR_IM_CPUID_INSTRUCTION, &p));
	EXPECT_EQ(1, logged(self, HV_TR_AM_GVA_FLUSH_VIRTUAL_TLB, &p));
	EXPECT_EQ(1, logged(self, HV_TR_OB_CREATE_PARTITION, &p));
	for (i = 0; i < ARRAY_SIZE(quiet); i++)
		PROVES(quiet[i].proves);
}

/* ---- intercepts ---- */

GUEST_CODE(ud, "64", "nop\n\t ud2");

TEST_F(entry, exceptions)
{
	const u64 *p = NULL;

	vmm_start64(self->vp, &ud);
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_EXECUTE,
					   HV_INTERCEPT_TYPE_X64_EXCEPTION, 6));
	log_groups(_metadata, self, IM);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	ASSERT_EQ(1, logged(self, HV_TR_IM_GUEST_EXCEPTION, &p));
	EXPECT_EQ(VMM_CODE + 1, p[0]);
	EXPECT_EQ(6, p[1]);
	/* one the parent has not asked for is reflected */
	EXPECT_EQ(0, logged(self, HV_TR_IM_REFLECTED_EXCEPTION, &p));
	vmm_start64(self->vp, &single_step);
	vmm_load(&self->vm, HANDLER, &show);
	vmm_set_gate(&self->vm, 1, HANDLER);
	vmm_run_out(self->vp, SHOWN);
	ASSERT_EQ(1, logged(self, HV_TR_IM_REFLECTED_EXCEPTION, &p));
	EXPECT_EQ(VMM_CODE + 10, p[0]);
	EXPECT_EQ(1, p[1]);
	PROVES("PORT-event-log-entry-HV-TR-IM-GUEST-EXCEPTION "
	       "PORT-event-log-entry-HV-TR-IM-REFLECTED-EXCEPTION");
}

TEST_F(entry, shutdown)
{
	const u64 *p = NULL;

	vmm_start64(self->vp, &ud);
	vmm_set_table(self->vp, HV_X64_REGISTER_IDTR, 0, 0);
	log_groups(_metadata, self, IM);
	vmm_run_to(self->vp, HVMSG_UNRECOVERABLE_EXCEPTION, &self->msg);
	ASSERT_EQ(1, logged(self, HV_TR_IM_GUEST_SHUTDOWN, &p));
	EXPECT_EQ(VMM_CODE + 1, p[0]);
	PROVES("PORT-event-log-entry-HV-TR-IM-GUEST-SHUTDOWN");
}

GUEST_CODE(mwait, "64",
	   "mov	$0x21, %eax\n\t"
	   "mov	$0, %ecx\n\t"
	   "mwait\n\t"				/* VMM_CODE + 10 */
	   "hlt");

TEST_F(entry, mwait)
{
	const u64 *p = NULL;

	vmm_start64(self->vp, &mwait);
	vmm_load(&self->vm, HANDLER, &show);
	vmm_set_gate(&self->vm, 6, HANDLER);
	log_groups(_metadata, self, IM);
	vmm_run_out(self->vp, SHOWN);
	ASSERT_EQ(1, logged(self, HV_TR_IM_MWAIT_INSTRUCTION, &p));
	EXPECT_EQ(VMM_CODE + 10, p[0]);
	EXPECT_EQ(0, p[1]);
	EXPECT_EQ(0x21, p[2]);
	EXPECT_EQ(40, ((const struct hv_eventlog_entry_header *)p)[-1].size);
	PROVES("PORT-event-log-entry-HV-TR-IM-MWAIT-INSTRUCTION");
}

/* an APIC register, and an interrupt that waits for the guest to allow it */
GUEST_CODE(held_off, "64",
	   "mov	$0xfee000f0, %edi\n\t"
	   "movl	$0x1ff, (%rdi)\n\t"		/* VMM_CODE + 5 */
	   "outl	%eax, $0xe0\n\t"
	   "sti\n\t"
	   "nop\n\t"
	   "hlt");

TEST_F(entry, interrupts)
{
	const u64 *p = NULL;

	vmm_start64(self->vp, &held_off);
	vmm_load(&self->vm, HANDLER, &show);
	vmm_set_gate(&self->vm, 0x61, HANDLER);
	log_groups(_metadata, self, IM);
	vmm_run_out(self->vp, 0xe0);
	ASSERT_EQ(1, logged(self, HV_TR_IM_EMULATED_INSTRUCTION, &p));
	EXPECT_EQ(VMM_CODE + 5, p[0]);
	EXPECT_EQ(0, logged(self, HV_TR_IM_INTERRUPT_PENDING, &p));
	ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_FIXED, 0, 0x61));
	vmm_run_out(self->vp, SHOWN);
	ASSERT_EQ(1, logged(self, HV_TR_IM_INTERRUPT_PENDING, &p));
	EXPECT_EQ(VMM_CODE + vmm_code_size(&held_off) - 1, p[0]);
	PROVES("PORT-event-log-entry-HV-TR-IM-EMULATED-INSTRUCTION "
	       "PORT-event-log-entry-HV-TR-IM-INTERRUPT-PENDING");
}

GUEST_CODE(spin, "64", "1: jmp 1b");
GUEST_CODE(nmi_handler, "64", "outl %eax, $0xe5\n\t iretq");

/* a second NMI waits for the end of the first one's handler */
TEST_F(entry, nmi)
{
	const u64 *p = NULL;

	vmm_start64(self->vp, &spin);
	vmm_load(&self->vm, HANDLER, &nmi_handler);
	vmm_set_gate(&self->vm, 2, HANDLER);
	log_groups(_metadata, self, IM);
	ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_NMI, 0, 0));
	vmm_run_out(self->vp, SHOWN);
	ASSERT_EQ(1, logged(self, HV_TR_IM_NMI_INTERRUPT, &p));
	EXPECT_EQ(VMM_CODE, p[0]);
	EXPECT_EQ(0, logged(self, HV_TR_IM_IRET_INSTRUCTION, &p));
	ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_NMI, 0, 0));
	vmm_run_out(self->vp, SHOWN);
	EXPECT_EQ(2, logged(self, HV_TR_IM_NMI_INTERRUPT, &p));
	ASSERT_LE(1, logged(self, HV_TR_IM_IRET_INSTRUCTION, &p));
	/* VMX comes out behind it */
	EXPECT_TRUE(p[0] == HANDLER + 2 || p[0] == VMM_CODE);
	/* to its end: an emulated VMX forgets to unmask NMIs for the next VP */
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &self->msg, MS));
	PROVES("PORT-event-log-entry-HV-TR-IM-NMI-INTERRUPT "
	       "PORT-event-log-entry-HV-TR-IM-IRET-INSTRUCTION");
}

/* the host's clock, at least */
TEST_F(entry, host_interrupts)
{
	const u64 *p = NULL;
	u64 end = vmm_now_ms() + VMM_LONG;

	vmm_start64(self->vp, &spin);
	log_groups(_metadata, self, IM);
	while (!logged(self, HV_TR_IM_EXTERNAL_INTERRUPT, &p) && vmm_now_ms() < end)
		EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &self->msg, MS));
	ASSERT_NE(NULL, p);
	EXPECT_LE(32, p[0]);
	EXPECT_GE(255, p[0]);
	EXPECT_EQ(24, ((const struct hv_eventlog_entry_header *)p)[-1].size);
	PROVES("PORT-event-log-entry-HV-TR-IM-EXTERNAL-INTERRUPT");
}

/* 1 / 0, unmasked, and CR0.NE clear */
GUEST_CODE(divide, "64",
	   "fninit\n\t"
	   "movl	$0x37b, (%rbx)\n\t"
	   "fldcw	(%rbx)\n\t"
	   "fld1\n\t"
	   "fldz\n\t"
	   "fdivrp	%st, %st(1)\n\t"
	   "fwait");				/* VMM_CODE + 16 */

TEST_F(entry, float_error)
{
	const u64 *p = NULL;

	vmm_start64(self->vp, &divide);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, VMM_DATA);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0,
		    vmm_reg(self->vp, HV_X64_REGISTER_CR0) & ~0x20ULL);
	log_groups(_metadata, self, IM);
	vmm_run_to(self->vp, HVMSG_X64_LEGACY_FP_ERROR, &self->msg);
	ASSERT_EQ(1, logged(self, HV_TR_IM_FERR_FREEZE, &p));
	EXPECT_EQ(VMM_CODE + 16, p[0]);
	PROVES("PORT-event-log-entry-HV-TR-IM-FERR-FREEZE");
}

/* with caches off SVM keeps the guest's CR0 from the processor; VMX never needs to see a read */
GUEST_CODE(read_cr0, "64",
	   "mov	%cr0, %rax\n\t"
	   "bts	$30, %rax\n\t"
	   "mov	%rax, %cr0\n\t"
	   "mov	%cr0, %rbx\n\t"			/* VMM_CODE + 11 */
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

TEST_F(entry, control_register)
{
	const u64 *p = NULL;

	if (vmm_vendor() != HV_PROCESSOR_VENDOR_AMD)
		SKIP(return, "no exits");
	vmm_start64(self->vp, &read_cr0);
	log_groups(_metadata, self, IM);
	vmm_run_out(self->vp, 0xe0);
	ASSERT_EQ(1, logged(self, HV_TR_IM_CR_READ, &p));
	EXPECT_EQ(VMM_CODE + 11, p[0]);
	EXPECT_EQ(0, p[1]);
	EXPECT_EQ(vmm_reg(self->vp, HV_X64_REGISTER_RBX), p[2]);
	EXPECT_TRUE(p[2] & 1 << 30);
	PROVES("PORT-event-log-entry-HV-TR-IM-CR-READ");
}

/* SVM switches tasks by itself; VMX leaves it to software */
TEST_F(entry, task_switch)
{
	const u64 *p = NULL;

	if (vmm_vendor() != HV_PROCESSOR_VENDOR_INTEL)
		SKIP(return, "the processor switches tasks");
	vmm_start_task_switch(self->vp, 9);
	log_groups(_metadata, self, IM);
	vmm_run_to(self->vp, HVMSG_UNSUPPORTED_FEATURE, &self->msg);
	ASSERT_EQ(1, logged(self, HV_TR_IM_TASK_SWITCH, &p));
	EXPECT_EQ(VMM_CODE, p[0]);
	PROVES("PORT-event-log-entry-HV-TR-IM-TASK-SWITCH");
}

TEST_HARNESS_MAIN
