// SPDX-License-Identifier: GPL-2.0-only
/*
 * message_format_test.c - messages to a parent, field by field (TLFS 9.4, 10.3.4, 16)
 *
 * By the offsets of the specification's figures, counted from the message's beginning: the
 * structures of uapi/ are not asked.
 */
#include <string.h>

#include "guest_code.h"
#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define HANDLER	(VMM_CODE + 0x800)
#define SHOWN	0xe5
#define HOLE	0x80000000ULL
#define ALIAS	0xc0000000ULL		/* is HOLE, too */
#define VECTOR	0x61
#define STATE64	0x14			/* protected, long mode */

FIXTURE(format) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct hv_message msg;
	const u8 *m;
};

/* it is VP 1 that runs, so that its index is to be seen */
FIXTURE_SETUP(format)
{
	vmm_setup(&self->vm, 2);
	self->vp = &self->vm.vp[1];
	self->m = (const u8 *)&self->msg;
}

FIXTURE_TEARDOWN(format)
{
	vmm_teardown(&self->vm);
}

#define FIELD(name, type)							\
	static type name(FIXTURE_DATA(format) *self, unsigned int at)		\
	{									\
		type val;							\
										\
		memcpy(&val, self->m + at, sizeof(val));			\
		return val;							\
	}

FIELD(f1, u8)
FIELD(f2, u16)
FIELD(f4, u32)
FIELD(f8, u64)

/* 16.2.1 and 16.2.2: in code that began at @rip, with segments of vmm_long_mode() */
static void check_header(struct __test_metadata *_metadata, FIXTURE_DATA(format) *self, u32 type,
			 u8 size, u8 access, u16 state, u64 rip)
{
	EXPECT_EQ(type, f4(self, 0));
	EXPECT_EQ(size, f1(self, 4));
	EXPECT_EQ(0, f1(self, 5) | f2(self, 6));
	EXPECT_LT(1, f8(self, 8));
	EXPECT_EQ(1, f4(self, 16));
	EXPECT_EQ(access, f1(self, 21));
	EXPECT_EQ(state, f2(self, 22));
	EXPECT_EQ(0, f8(self, 24));
	EXPECT_EQ(~0u, f4(self, 32));
	EXPECT_EQ(VMM_CS64, f2(self, 36));
	EXPECT_EQ(0xa09b, f2(self, 38));
	EXPECT_EQ(rip, f8(self, 40));
	EXPECT_EQ(vmm_reg(self->vp, HV_X64_REGISTER_RFLAGS), f8(self, 48));
}

/* DS and SS from @at on, then general registers in the processor's order */
static void check_registers(struct __test_metadata *_metadata, FIXTURE_DATA(format) *self)
{
	unsigned int i;

	for (i = 96; i <= 112; i += 16) {
		EXPECT_EQ(0, f8(self, i));
		EXPECT_EQ(~0u, f4(self, i + 8));
		EXPECT_EQ(VMM_DS, f2(self, i + 12));
		EXPECT_EQ(0xc093, f2(self, i + 14));
	}
	for (i = 0; i < 16; i++)
		EXPECT_EQ(vmm_reg(self->vp, HV_X64_REGISTER_RAX + i), f8(self, 128 + 8 * i));
}

/* all different */
static void fill_registers(struct vmm_vp *vp)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		if (i != 3 && i != 4)
			vmm_set_reg(vp, HV_X64_REGISTER_RAX + i, 0x1111111100000000ULL * (i & 7) +
				    i + 1);
}

static void check_bytes(struct __test_metadata *_metadata, FIXTURE_DATA(format) *self,
			unsigned int count, unsigned int at, unsigned int least)
{
	EXPECT_LE(least, count);
	EXPECT_GE(16, count);
	EXPECT_EQ(0, memcmp(self->m + at, vmm_gpa(&self->vm, f8(self, 40)), count));
}

static void intercept(struct __test_metadata *_metadata, FIXTURE_DATA(format) *self, u32 type,
		      u64 param)
{
	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_EXECUTE, type,
					   param));
}

/* ---- memory (16.3) ---- */

GUEST_CODE(store, "64", "mov %r12, (%rbx)\n\t outl %eax, $0xe0\n\t hlt");

/* VMX tells the linear address; where nobody does, nothing is in its place */
static void check_gva(struct __test_metadata *_metadata, FIXTURE_DATA(format) *self, u64 gva)
{
	EXPECT_EQ(f1(self, 61) & 1 ? gva : 0, f8(self, 64));
	EXPECT_EQ(vmm_vendor() != HV_PROCESSOR_VENDOR_AMD, f1(self, 61) & 1);
}

static void map_alias(FIXTURE_DATA(format) *self)
{
	u64 *pd = vmm_gpa(&self->vm, VMM_TABLES + 0x2000);

	pd[512 * 3] = HOLE | 0x87;
}

TEST_F(format, unmapped_gpa)
{
	vmm_start64(self->vp, &store);
	map_alias(self);
	fill_registers(self->vp);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, ALIAS + 0x128);
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &self->msg);
	check_header(_metadata, self, 0x80000000, 240, 1, STATE64, VMM_CODE);
	/* unknown, or right (16.2.2) */
	EXPECT_TRUE(!(f1(self, 20) & 15) || (f1(self, 20) & 15) == 3);
	EXPECT_EQ(6, f4(self, 56));
	EXPECT_EQ(0, f1(self, 63));
	check_gva(_metadata, self, ALIAS + 0x128);
	EXPECT_EQ(HOLE + 0x128, f8(self, 72));
	check_bytes(_metadata, self, f1(self, 60), 80, 3);
	check_registers(_metadata, self);
	PROVES("MSG-80000000 B-16-008");
}

TEST_F(format, gpa_access_violation)
{
	void *mem = vmm_add_memory(&self->vm, HOLE, PAGE, TLFS_MEM_EXECUTABLE);

	vmm_start64(self->vp, &store);
	map_alias(self);
	fill_registers(self->vp);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, ALIAS + 0x340);
	vmm_run_to(self->vp, HVMSG_GPA_INTERCEPT, &self->msg);
	check_header(_metadata, self, 0x80000001, 240, 1, STATE64, VMM_CODE);
	EXPECT_EQ(6, f4(self, 56));
	check_gva(_metadata, self, ALIAS + 0x340);
	EXPECT_EQ(HOLE + 0x340, f8(self, 72));
	check_bytes(_metadata, self, f1(self, 60), 80, 3);
	check_registers(_metadata, self);
	EXPECT_EQ(0, *(u64 *)((u8 *)mem + 0x340));
	PROVES("MSG-80000001");
}

/* a table of the guest's is where nothing is mapped: no linear address, write-back */
TEST_F(format, page_table_access)
{
	u64 *pd;

	vmm_start64(self->vp, &store);
	pd = vmm_gpa(&self->vm, VMM_TABLES + 0x2000);
	pd[512 * 3] = (HOLE + 5 * PAGE) | 7;
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, ALIAS + 3 * PAGE);
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &self->msg);
	EXPECT_EQ(HOLE + 5 * PAGE + 3 * 8, f8(self, 72));
	EXPECT_EQ(0, f1(self, 61));
	EXPECT_EQ(0, f8(self, 64));
	EXPECT_EQ(6, f4(self, 56));
	EXPECT_EQ(VMM_CODE, f8(self, 40));
	PROVES("B-16-011");
}

GUEST_CODE(load, "64", "mov (%rbx), %al");
GUEST_CODE(ud, "16", "ud2");

/* fetched is what can be: not the next page if it is not there, nor behind the segment's end */
TEST_F(format, instruction_bytes)
{
	const u64 last = VMM_RAM - vmm_code_size(&load);

	vmm_load(&self->vm, last, &load);
	vmm_long_mode(self->vp, last);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, HOLE);
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &self->msg);
	EXPECT_EQ(last, f8(self, 40));
	EXPECT_EQ(2, f1(self, 60));
	check_bytes(_metadata, self, 2, 80, 2);
	EXPECT_EQ(0, f8(self, 82));

	intercept(_metadata, self, HV_INTERCEPT_TYPE_X64_EXCEPTION, 6);
	vmm_start16(self->vp, &ud);
	vmm_set_segment(self->vp, HV_X64_REGISTER_CS, VMM_CODE, 1, VMM_CODE >> 4, 0x9b);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(2, f1(self, 59));
	EXPECT_EQ(0x0b0f, f2(self, 80));
	EXPECT_EQ(0, f8(self, 82));
	PROVES("B-16-009");
}

GUEST_CODE(pop_and_show, "64", "pop %rax\n\t outl %eax, $0xe5\n\t hlt");
GUEST_CODE(nothing, "64", "outl %eax, $0xe0\n\t hlt");

static u64 pending(u32 vector, bool deliver, u32 error)
{
	return 1 | 3 << 1 | (deliver ? 1 << 4 : 0) | vector << 16 | (u64)error << 32;
}

/* the IDT is where nothing is mapped: the event waits, is shown, and comes again */
TEST_F(format, interruption_pending)
{
	void *idt, *own;

	vmm_start64(self->vp, &nothing);
	vmm_load(&self->vm, HANDLER, &pop_and_show);
	vmm_set_gate(&self->vm, 14, HANDLER);
	own = vmm_gpa(&self->vm, VMM_IDT);
	vmm_set_table(self->vp, HV_X64_REGISTER_IDTR, HOLE, 0xfff);
	vmm_set_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION, pending(14, true, 0x6));
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &self->msg);
	check_header(_metadata, self, 0x80000000, 240, 0, STATE64 | 0x40, VMM_CODE);
	EXPECT_EQ(HOLE + 14 * 16, f8(self, 72) & ~15ULL);
	EXPECT_EQ(0, f1(self, 60));
	EXPECT_EQ(0, f8(self, 80) | f8(self, 88));
	EXPECT_EQ(pending(14, true, 0x6),
		  vmm_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION));
	/* again, until there is an IDT */
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &self->msg);
	idt = vmm_add_memory(&self->vm, HOLE, PAGE, VMM_RWX);
	memcpy(idt, own, PAGE);
	EXPECT_EQ(0x6, vmm_run_out(self->vp, SHOWN));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION));
	/* taken away by the parent it does not come again */
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, HOLE, idt, PAGE, TLFS_MEM_UNMAP));
	vmm_long_mode(self->vp, VMM_CODE);
	vmm_set_table(self->vp, HV_X64_REGISTER_IDTR, HOLE, 0xfff);
	vmm_set_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION, pending(14, true, 0x6));
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &self->msg);
	vmm_set_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION, 0);
	vmm_run_out(self->vp, GUEST_PORT);
	PROVES("B-10-025");
}

/* ---- pending interruption (10.3.4) ---- */

TEST_F(format, pending_interruption_fields)
{
	vmm_start64(self->vp, &nothing);
	vmm_load(&self->vm, HANDLER, &pop_and_show);
	vmm_set_gate(&self->vm, 13, HANDLER);
	vmm_set_gate(&self->vm, 6, HANDLER);
	/* an error code, if it says so: else RIP is on top of the stack */
	vmm_set_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION, pending(13, true, 0x1238));
	EXPECT_EQ(0x1238, vmm_run_out(self->vp, SHOWN));
	vmm_long_mode(self->vp, VMM_CODE);
	vmm_set_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION, pending(6, false, 0x1238));
	EXPECT_EQ(VMM_CODE, vmm_run_out(self->vp, SHOWN));
	PROVES("B-10-027");
	/* nothing is pending: the rest means nothing, and is refused for nothing */
	vmm_long_mode(self->vp, VMM_CODE);
	EXPECT_EQ(0, vmm_set_reg_status(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION,
					pending(13, true, 0x55) & ~1ULL));
	EXPECT_EQ(0, vmm_set_reg_status(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION,
					0xffff001eULL));
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION) & 1);
	vmm_run_out(self->vp, GUEST_PORT);
	PROVES("B-10-026");
}

/* ---- interrupt state (10.3.3) ---- */

GUEST_CODE(shadow, "64", "sti\n\t outl %eax, $0xe1\n 1: outl %eax, $0xe2\n\t jmp 1b");
GUEST_CODE(nmi_handler, "64", "outl %eax, $0xe5\n\t iretq");

static u64 interrupt_state(FIXTURE_DATA(format) *self)
{
	return vmm_reg(self->vp, HV_X64_REGISTER_INTERRUPT_STATE);
}

TEST_F(format, interrupt_state)
{
	vmm_start64(self->vp, &shadow);
	vmm_load(&self->vm, HANDLER, &nmi_handler);
	vmm_set_gate(&self->vm, 2, HANDLER);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(1, interrupt_state(self));
	vmm_skip(self->vp, &self->msg);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &self->msg);
	EXPECT_EQ(0, interrupt_state(self));
	/* in an NMI's handler, until its end; a parent may end it */
	ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_NMI, 1, 0));
	vmm_run_out(self->vp, SHOWN);
	EXPECT_EQ(2, interrupt_state(self));
	vmm_run_out(self->vp, 0xe2);
	EXPECT_EQ(0, interrupt_state(self));
	/* masked by the parent, it waits */
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE + 3);
	vmm_set_reg(self->vp, HV_X64_REGISTER_INTERRUPT_STATE, 2);
	ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_NMI, 1, 0));
	vmm_run_out(self->vp, 0xe2);
	EXPECT_EQ(2, interrupt_state(self));
	vmm_set_reg(self->vp, HV_X64_REGISTER_INTERRUPT_STATE, 0);
	vmm_run_out(self->vp, SHOWN);
	vmm_run_out(self->vp, 0xe2);
	PROVES("B-10-023");
}

/* ---- exceptions (16.5.4) ---- */

TEST_F(format, exception)
{
	vmm_start64(self->vp, &store);
	intercept(_metadata, self, HV_INTERCEPT_TYPE_X64_EXCEPTION, 14);
	((u64 *)vmm_gpa(&self->vm, VMM_TABLES + 0x2000))[512 * 3] = 0;
	fill_registers(self->vp);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, ALIAS + 0x10);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR2, 0x5678);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	check_header(_metadata, self, 0x80010003, 240, 2, STATE64, VMM_CODE);
	EXPECT_EQ(0, f1(self, 20) & 15);
	EXPECT_EQ(14, f2(self, 56));
	EXPECT_EQ(1, f1(self, 58));
	EXPECT_EQ(2, f4(self, 60));
	EXPECT_EQ(ALIAS + 0x10, f8(self, 64));
	EXPECT_EQ(0, f8(self, 72));
	check_bytes(_metadata, self, f1(self, 59), 80, 3);
	check_registers(_metadata, self);
	EXPECT_EQ(0x5678, vmm_reg(self->vp, HV_X64_REGISTER_CR2));
	PROVES("MSG-80010003");
}

/* DR6 for a debug exception; an error code only where there is one */
TEST_F(format, exception_parameter)
{
	vmm_start64(self->vp, &single_step);
	intercept(_metadata, self, HV_INTERCEPT_TYPE_X64_EXCEPTION, 1);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(1, f2(self, 56));
	EXPECT_EQ(0, f1(self, 58));
	EXPECT_EQ(0, f4(self, 60));
	EXPECT_EQ(0x4000, f8(self, 64) & 0xe00f);
	EXPECT_EQ(VMM_CODE + 10, f8(self, 40));
	intercept(_metadata, self, HV_INTERCEPT_TYPE_X64_EXCEPTION, 6);
	vmm_long_mode(self->vp, VMM_CODE);
	vmm_write(&self->vm, VMM_CODE, "\x0f\x0b", 2);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(6, f2(self, 56));
	EXPECT_EQ(0, f1(self, 58));
	EXPECT_EQ(0, f8(self, 64));
	intercept(_metadata, self, HV_INTERCEPT_TYPE_X64_EXCEPTION, 13);
	vmm_long_mode(self->vp, VMM_CODE);
	vmm_write(&self->vm, VMM_CODE, "\x8e\xd8", 2);		/* mov %eax, %ds */
	vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0x1230);
	vmm_run_to(self->vp, HVMSG_X64_EXCEPTION_INTERCEPT, &self->msg);
	EXPECT_EQ(13, f2(self, 56));
	EXPECT_EQ(1, f1(self, 58));
	EXPECT_EQ(0x1230, f4(self, 60));
	PROVES("B-16-007 B-16-015");
}

/* ---- execution state (16.2.3) ---- */

GUEST_CODE(cpuid64, "64", "1: cpuid\n\t jmp 1b");

/* CPUID is for every privilege level and mode */
TEST_F(format, execution_state)
{
	static const u32 names[] = {
		HV_X64_REGISTER_SS, HV_X64_REGISTER_DS, HV_X64_REGISTER_ES, HV_X64_REGISTER_FS,
		HV_X64_REGISTER_GS,
	};
	unsigned int i;

	intercept(_metadata, self, HV_INTERCEPT_TYPE_X64_CPUID, 0);
	/* real mode */
	vmm_start16(self->vp, &cpuid64);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
	EXPECT_EQ(0, f2(self, 22));
	EXPECT_EQ(2, f1(self, 20) & 15);
	EXPECT_EQ(VMM_CODE, f8(self, 24));
	/* virtual-8086 mode */
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0, 0x11);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RFLAGS, 1 << 17 | 2);
	vmm_set_segment(self->vp, HV_X64_REGISTER_CS, VMM_CODE, 0xffff, VMM_CODE >> 4, 0xf3);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		vmm_set_segment(self->vp, names[i], 0, 0xffff, 0, 0xf3);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
	EXPECT_EQ(4 | 3, f2(self, 22));
	EXPECT_EQ(1 << 17, f8(self, 48) & 1 << 17);
	PROVES("B-16-005");
	/* long mode, as a user; alignment checks; a breakpoint */
	vmm_start64(self->vp, &cpuid64);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
	EXPECT_EQ(STATE64, f2(self, 22));
	vmm_set_segment(self->vp, HV_X64_REGISTER_CS, 0, ~0u, 0x1b, 0xa0fb);
	vmm_set_segment(self->vp, HV_X64_REGISTER_SS, 0, ~0u, 0x23, 0xc0f3);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
	EXPECT_EQ(STATE64 | 3, f2(self, 22));
	EXPECT_EQ(0x1b, f2(self, 36));
	EXPECT_EQ(0xa0fb, f2(self, 38));
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0,
		    vmm_reg(self->vp, HV_X64_REGISTER_CR0) | 1 << 18);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
	EXPECT_EQ(STATE64 | 3 | 8, f2(self, 22));
	vmm_set_reg(self->vp, HV_X64_REGISTER_DR0, 0x1000);
	vmm_set_reg(self->vp, HV_X64_REGISTER_DR7, 0x403);
	vmm_run_to(self->vp, HVMSG_X64_CPUID_INTERCEPT, &self->msg);
	EXPECT_EQ(STATE64 | 3 | 8 | 0x20, f2(self, 22));
	/* and one of an interruption's delivery: there is an IDT, but no stack */
	vmm_long_mode(self->vp, VMM_CODE);
	vmm_set_gate(&self->vm, 6, HANDLER);
	vmm_set_reg(self->vp, HV_X64_REGISTER_DR7, 0x400);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RSP, HOLE + 0x800);
	vmm_set_reg(self->vp, HV_X64_REGISTER_PENDING_INTERRUPTION, pending(6, false, 0));
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &self->msg);
	EXPECT_EQ(STATE64 | 0x40, f2(self, 22));
	PROVES("MSG-type B-16-004");
}

/* ---- segment registers (10.3.6) ---- */

/* by their bytes: base, limit, selector, attributes */
TEST_F(format, segment_register)
{
	union hv_register_value val;
	const u8 *p = (const u8 *)&val;
	u8 want[16] = {
		0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0, 0xff, 0xff, 0x0f, 0, 0x10, 0, 0x93, 0x40,
	};

	vmm_start64(self->vp, &nothing);
	ASSERT_EQ(0, vmm_get_register(self->vp->fd, 1, HV_X64_REGISTER_FS, &val));
	EXPECT_EQ(0, val.reg64);
	memcpy(&val, want, sizeof(want));
	ASSERT_EQ(0, vmm_set_register(self->vp->fd, 1, HV_X64_REGISTER_FS, &val));
	memset(&val, 0, sizeof(val));
	ASSERT_EQ(0, vmm_get_register(self->vp->fd, 1, HV_X64_REGISTER_FS, &val));
	EXPECT_EQ(0, memcmp(want, p, sizeof(want)));
	EXPECT_EQ(0x12345678, val.segment.base);
	EXPECT_EQ(0xfffff, val.segment.limit);
	/* what the guest has in CS: type, S, DPL, P, and L */
	ASSERT_EQ(0, vmm_get_register(self->vp->fd, 1, HV_X64_REGISTER_CS, &val));
	EXPECT_EQ(VMM_CS64, p[12] | p[13] << 8);
	EXPECT_EQ(0xb, p[14] & 15);
	EXPECT_EQ(0x90, p[14] & 0xf0);
	EXPECT_EQ(0x20, p[15] & 0x60);
	PROVES("MSG-type~2");
}

/* ---- EOI (16.5.5) ---- */

GUEST_CODE(wait_for_interrupts, "64",
	   "mov	$0xfee000f0, %edi\n\t"
	   "movl	$0x1ff, (%rdi)\n"
	   "1:	sti\n\t"
	   "hlt\n\t"
	   "jmp	1b");

GUEST_CODE(eoi_handler, "64",
	   "mov	$0xfee000b0, %edi\n\t"
	   "movl	$0, (%rdi)\n\t"			/* HANDLER + 5 */
	   "outl	%eax, $0xe5\n\t"
	   "iretq");

static void end_of_interrupt(struct __test_metadata *_metadata, FIXTURE_DATA(format) *self,
			     u32 type)
{
	struct hv_local_interrupt_controller_state *s = vmm_alloc(PAGE);
	struct tlfs_get_set_vp_state arg = {
		.type = TLFS_VP_STATE_LAPIC, .buf_sz = PAGE, .buf_ptr = (uintptr_t)s,
	};

	vmm_start64(self->vp, &wait_for_interrupts);
	vmm_load(&self->vm, HANDLER, &eoi_handler);
	vmm_set_gate(&self->vm, VECTOR, HANDLER);
	ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_FIXED |
				HV_INTERRUPT_CONTROL_LEVEL, self->vp->index, VECTOR));
	/* the APIC is off: it takes nothing yet */
	if (vmm_run(self->vp, &self->msg, VMM_SHORT) == -ETIMEDOUT) {
		ASSERT_EQ(0, vmm_assert(&self->vm, HV_X64_INTERRUPT_TYPE_FIXED |
					HV_INTERRUPT_CONTROL_LEVEL, self->vp->index, VECTOR));
		vmm_run_to(self->vp, type, &self->msg);
	}
	ASSERT_EQ(type, f4(self, 0));
	EXPECT_EQ(8, f1(self, 4));
	EXPECT_EQ(self->vp->index, f4(self, 16));
	EXPECT_EQ(VECTOR, f4(self, 20));
	/* it is no longer in service, and the instruction has been executed */
	ASSERT_EQ(0, vmm_ioctl(self->vp->fd, TLFS_GET_VP_STATE, &arg));
	EXPECT_EQ(0, s->apic_isr[VECTOR / 32]);
	EXPECT_EQ(HANDLER + 11, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	vmm_run_out(self->vp, SHOWN);
}

TEST_F(format, apic_eoi)
{
	end_of_interrupt(_metadata, self, 0x80010004);
	PROVES("B-16-016 MSG-80010004");
}

/* a partition of 2.0: some messages have other numbers */
static void setup_20(struct __test_metadata *_metadata, FIXTURE_DATA(format) *self)
{
	memset(self, 0, sizeof(*self));
	vmm_setup_bare(&self->vm, VMM_FLAGS & ~TLFS_PT_X2APIC);
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION,
				      HV_COMPATIBILITY_VERSION_2_0));
	ASSERT_EQ(0, vmm_ioctl(self->vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	self->vm.vp[0].fd = vmm_create_vp(self->vm.pt, 0);
	ASSERT_LE(0, self->vm.vp[0].fd);
	self->vm.ram = vmm_add_memory(&self->vm, 0, VMM_RAM, VMM_RWX);
	self->vp = &self->vm.vp[0];
	self->m = (const u8 *)&self->msg;
}

TEST(apic_eoi_20)
{
	FIXTURE_DATA(format) own;

	setup_20(_metadata, &own);
	end_of_interrupt(_metadata, &own, 0x80000030);
	vmm_teardown(&own.vm);
	PROVES("B-16-016 MSG-80000030");
}

/* ---- x87 errors (16.5.6) ---- */

/* 1 / 0, unmasked: found by the first instruction that waits */
GUEST_CODE(divide, "64",
	   "fninit\n\t"
	   "movl	$0x37b, (%rbx)\n\t"
	   "fldcw	(%rbx)\n\t"
	   "fld1\n\t"
	   "fldz\n\t"
	   "fdivrp	%st, %st(1)\n\t"
	   "fwait\n\t"			/* VMM_CODE + 16 */
	   "fld1\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

#define NE	(1 << 5)

static void ignore_errors(struct __test_metadata *_metadata, struct vmm_vp *vp)
{
	union hv_register_value val;

	ASSERT_EQ(0, vmm_get_register(vp->fd, vp->index, HV_X64_REGISTER_FP_CONTROL_STATUS, &val));
	EXPECT_EQ(0x37b, val.fp_control_status.fp_control);
	/* divided by zero, and summary */
	EXPECT_EQ(0x84, val.fp_control_status.fp_status & 0xff);
	EXPECT_EQ(0, val.fp_control_status.ign_ne);
	val.fp_control_status.ign_ne = 1;
	ASSERT_EQ(0, vmm_set_register(vp->fd, vp->index, HV_X64_REGISTER_FP_CONTROL_STATUS, &val));
	ASSERT_EQ(0, vmm_get_register(vp->fd, vp->index, HV_X64_REGISTER_FP_CONTROL_STATUS, &val));
	EXPECT_EQ(1, val.fp_control_status.ign_ne);
}

static void float_error(struct __test_metadata *_metadata, FIXTURE_DATA(format) *self, u32 type)
{
	u64 cr0;

	vmm_start64(self->vp, &divide);
	vmm_load(&self->vm, HANDLER, &pop_and_show);
	vmm_set_gate(&self->vm, 16, HANDLER);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, VMM_DATA);
	cr0 = vmm_reg(self->vp, HV_X64_REGISTER_CR0);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0, cr0 & ~NE);
	EXPECT_EQ(cr0 & ~NE, vmm_reg(self->vp, HV_X64_REGISTER_CR0));
	vmm_run_to(self->vp, type, &self->msg);
	EXPECT_EQ(8, f1(self, 4));
	EXPECT_EQ(self->vp->index, f4(self, 16));
	EXPECT_EQ(0, f4(self, 20));
	EXPECT_EQ(VMM_CODE + 16, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	/* it stands there until something is done; IGNNE# lets it pass, also beyond FWAIT */
	vmm_run_to(self->vp, type, &self->msg);
	ignore_errors(_metadata, self->vp);
	vmm_run_out(self->vp, GUEST_PORT);
	/* with NE it is the guest's */
	vmm_long_mode(self->vp, VMM_CODE);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0, cr0 | NE);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, VMM_DATA);
	EXPECT_EQ(VMM_CODE + 16, vmm_run_out(self->vp, SHOWN));
}

TEST_F(format, float_error)
{
	float_error(_metadata, self, 0x80010005);
	PROVES("B-16-017 B-10-028 MSG-80010005");
}

/* what the guest reads of CR0 is what it wrote, whatever the processor has */
GUEST_CODE(cr0_ne, "64",
	   "mov	%cr0, %rax\n\t"
	   "btr	$5, %rax\n\t"
	   "mov	%rax, %cr0\n\t"
	   "mov	%cr0, %rax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "bts	$5, %rax\n\t"
	   "mov	%rax, %cr0\n\t"
	   "mov	%cr0, %rax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

TEST_F(format, numeric_error_bit)
{
	vmm_start64(self->vp, &cr0_ne);
	EXPECT_EQ(0, vmm_run_out(self->vp, GUEST_PORT) & NE);
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_CR0) & NE);
	EXPECT_EQ(NE, vmm_run_out(self->vp, GUEST_PORT) & NE);
	EXPECT_EQ(NE, vmm_reg(self->vp, HV_X64_REGISTER_CR0) & NE);
}

/* ---- what is not virtualized (16.5.9) ---- */

/* with caches off SVM exits for it, and what it wants to load is not memory */
GUEST_CODE(load_msw, "64", "lmsw (%rbx)");

TEST_F(format, unsupported_feature)
{
	bool amd = vmm_vendor() == HV_PROCESSOR_VENDOR_AMD;

	if (amd) {
		vmm_start64(self->vp, &load_msw);
		vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, HOLE);
		vmm_set_reg(self->vp, HV_X64_REGISTER_CR0,
			    vmm_reg(self->vp, HV_X64_REGISTER_CR0) | 1 << 30);
	} else {
		vmm_start_task_switch(self->vp, 9);
	}
	vmm_run_to(self->vp, HVMSG_UNSUPPORTED_FEATURE, &self->msg);
	EXPECT_EQ(0x80000022, f4(self, 0));
	EXPECT_EQ(16, f1(self, 4));
	EXPECT_EQ(1, f4(self, 16));
	EXPECT_EQ(amd ? 1 : 2, f4(self, 20));
	/* the exit's number; the type of the TSS */
	EXPECT_EQ(amd ? 0x10 : 9, f8(self, 24));
	PROVES("MSG-80000022 B-16-020");
	if (amd)
		PROVES("PROP-unsupported-feature-1");
	else
		PROVES("PROP-unsupported-feature-2");
}

TEST(float_error_20)
{
	FIXTURE_DATA(format) own;

	setup_20(_metadata, &own);
	float_error(_metadata, &own, 0x80000031);
	vmm_teardown(&own.vm);
	PROVES("B-16-017 MSG-80000031");
}

/* each has its size: what is written behind the header */
TEST_F(format, payload_sizes)
{
	static const struct {
		u32 type;
		u8 size;
		const char *code;
		unsigned int len;
	} msgs[] = {
		{ 0x80010000, 128, "\xe6\x80", 2 },		/* out %al, $0x80 */
		{ 0x80010001, 64, "\x0f\x30", 2 },		/* wrmsr */
		{ 0x80010002, 104, "\x0f\xa2", 2 },		/* cpuid */
		{ 0x80010003, 240, "\x0f\x0b", 2 },		/* ud2 */
		{ 0x80000000, 240, "\x8a\x03", 2 },		/* mov (%rbx), %al */
		{ 0x80000021, 40, "\xcc", 1 },			/* int3, and no IDT */
	};
	unsigned int i, j;

	ASSERT_EQ(0, vmm_install_intercept(&self->vm, HV_INTERCEPT_ACCESS_MASK_READ |
					   HV_INTERCEPT_ACCESS_MASK_WRITE,
					   HV_INTERCEPT_TYPE_X64_MSR, 0));
	intercept(_metadata, self, HV_INTERCEPT_TYPE_X64_CPUID, 0);
	intercept(_metadata, self, HV_INTERCEPT_TYPE_X64_EXCEPTION, 6);
	for (i = 0; i < ARRAY_SIZE(msgs); i++) {
		vmm_long_mode(self->vp, VMM_CODE);
		vmm_write(&self->vm, VMM_CODE, msgs[i].code, msgs[i].len);
		vmm_set_reg(self->vp, HV_X64_REGISTER_RCX, 0x12345);
		vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, HOLE);
		vmm_set_reg(self->vp, HV_X64_REGISTER_RDX, 0x1111222233334444);
		vmm_set_table(self->vp, HV_X64_REGISTER_IDTR, 0, 0);
		memset(&self->msg, 0xa5, sizeof(self->msg));
		ASSERT_EQ(0, vmm_run(self->vp, &self->msg, VMM_LONG));
		EXPECT_EQ(msgs[i].type, f4(self, 0));
		EXPECT_EQ(msgs[i].size, f1(self, 4));
		for (j = 16 + msgs[i].size; j < 256; j++)
			EXPECT_EQ(0, f1(self, j));
		if (msgs[i].type <= 0x80010002 && msgs[i].type >= 0x80010000)
			EXPECT_EQ(msgs[i].len, f1(self, 20) & 15);
	}
	PROVES("B-16-001 B-16-002");
}

TEST_HARNESS_MAIN
