// SPDX-License-Identifier: GPL-2.0-only
/*
 * translate_test.c - HvTranslateVirtualAddress (TLFS 12.4.4) in each paging mode, and TLB flushes
 * that wait for a parent (12.1.4)
 */
#include <errno.h>
#include <unistd.h>

#include "harness.h"
#include "ports.h"

#define PAGE	TLFS_PAGE_SIZE
#define NOBODY	(1ULL << 60)

#define READ	HV_TRANSLATE_GVA_VALIDATE_READ
#define WRITE	HV_TRANSLATE_GVA_VALIDATE_WRITE
#define EXEC	HV_TRANSLATE_GVA_VALIDATE_EXECUTE
#define EXEMPT	HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT
#define SET_AD	HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS
#define INHIBIT	HV_TRANSLATE_GVA_TLB_FLUSH_INHIBIT

#define OK		HV_TRANSLATE_GVA_SUCCESS
#define ABSENT		HV_TRANSLATE_GVA_PAGE_NOT_PRESENT
#define VIOLATION	HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION
#define BAD_BITS	HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS
#define UNMAPPED	HV_TRANSLATE_GVA_GPA_UNMAPPED
#define NO_READ		HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS
#define NO_WRITE	HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS
#define ON_OVERLAY	HV_TRANSLATE_GVA_GPA_ILLEGAL_OVERLAY_ACCESS

/* bits of a table entry */
#define P	1ULL
#define W	2ULL
#define U	4ULL
#define PCD	0x10ULL
#define A	0x20ULL
#define D	0x40ULL
#define PS	0x80ULL
#define NX	(1ULL << 63)

/* tables of the test's own, level by level from the top */
#define TOP	0x140000ULL
#define L3	0x141000ULL
#define L2	0x142000ULL
#define L1	0x143000ULL

/* memory without a region, one that is read-only, one without any right */
#define NOWHERE	0x40000000ULL
#define FIXED	0x40001000ULL
#define NONE	0x40002000ULL

#define CR0_PG	0x80000000ULL
#define CR4_PSE	0x10ULL
#define CR4_PAE	0x20ULL

FIXTURE(gva) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct hv_output_translate_virtual_address out;
};

FIXTURE_SETUP(gva)
{
	pt_setup(&self->vm, 0, 1);
	self->vp = &self->vm.vp[0];
}

FIXTURE_TEARDOWN(gva)
{
	vmm_teardown(&self->vm);
}

static int translate_page(FIXTURE_DATA(gva) *self, u64 page, u64 flags)
{
	struct hv_input_translate_virtual_address in = {
		.vp_index = 0, .control_flags = flags, .gva_page = page,
	};

	memset(&self->out, 0xa5, sizeof(self->out));
	return vmm_call(self->vm.pt, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in), &self->out,
			sizeof(self->out));
}

/* the result's code, and the page where it is valid: ~0 is any */
#define CODE(gva, flags, code, gpa) do {						\
	u64 gpa_ = (gpa);								\
	EXPECT_EQ(0, translate_page(self, (u64)(gva) / PAGE, flags));			\
	EXPECT_EQ(code, self->out.result_code)						\
		TH_LOG("GVA %#llx", (unsigned long long)(gva));				\
	if (~gpa_)									\
		EXPECT_EQ(gpa_ / PAGE, self->out.gpa_page)				\
			TH_LOG("GVA %#llx", (unsigned long long)(gva));			\
} while (0)

#define ANY	(~0ULL)

static u64 *table(FIXTURE_DATA(gva) *self, u64 gpa)
{
	return vmm_gpa(&self->vm, gpa);
}

/* four levels: GVA 0 goes through entry 0 of each */
static void four_levels(FIXTURE_DATA(gva) *self)
{
	vmm_long_mode(self->vp, VMM_CODE);
	table(self, TOP)[0] = L3 | P | W | U;
	table(self, L3)[0] = L2 | P | W | U;
	table(self, L2)[0] = L1 | P | W | U;
	table(self, L1)[0] = 0x55000 | P | W | U;
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR3, TOP);
}

static void protected_mode(FIXTURE_DATA(gva) *self, u64 cr4)
{
	vmm_real_mode(self->vp, VMM_CODE);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR3, TOP);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR4, cr4);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0, CR0_PG | 0x10031);
}

static void as_user(FIXTURE_DATA(gva) *self)
{
	vmm_set_segment(self->vp, HV_X64_REGISTER_CS, 0, ~0u, 0x1b, 0xa0fb);
	vmm_set_segment(self->vp, HV_X64_REGISTER_SS, 0, ~0u, 0x23, 0xc0f3);
}

/* ---- paging modes ---- */

TEST_F(gva, no_paging)
{
	vmm_real_mode(self->vp, VMM_CODE);
	/* tables that would say something else */
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR3, TOP);
	CODE(0x12345000, READ, OK, 0x12345000);
	CODE(VMM_DATA, READ | WRITE | EXEC, OK, VMM_DATA);
	EXPECT_EQ(HV_CACHE_TYPE_X64_WRITE_BACK, self->out.cache_type);
	CODE(0xfffff000, WRITE, OK, 0xfffff000);
	EXPECT_EQ(0, table(self, TOP)[0]);
	PROVES("B-12-031 B-12-017 PROP-translate-gva-result-0");
}

TEST_F(gva, two_levels)
{
	u32 *top = vmm_gpa(&self->vm, TOP), *pt = vmm_gpa(&self->vm, L1);

	top[0] = L1 | P | W | U;
	top[1] = 0x00400000 | PS | P | W;
	top[2] = L1 | P;
	pt[0] = 0x55000 | P | W | U;
	pt[1] = 0x66000 | P;
	protected_mode(self, CR4_PSE);
	CODE(0, READ | WRITE, OK, 0x55000);
	CODE(0x1000, READ | EXEC, OK, 0x66000);
	CODE(0x1000, WRITE, VIOLATION, ANY);
	CODE(0x2000, READ, ABSENT, ANY);
	CODE(0x00712000, READ, OK, 0x00712000);
	CODE(0x00c00000, READ, ABSENT, ANY);
	/* the directory does not let write, whatever the table does */
	CODE(0x00800000, READ, OK, 0x55000);
	CODE(0x00800000, WRITE, VIOLATION, ANY);
	/* bits 39:32 of the address of a 4 MiB page are in 20:13, the one above them is reserved */
	top[1] |= 1 << 21;
	CODE(0x00712000, READ, BAD_BITS, ANY);
	/* 20 bits of page number */
	EXPECT_EQ(0, translate_page(self, 1 << 20, READ));
	EXPECT_EQ(ABSENT, self->out.result_code);
	EXPECT_EQ(0, translate_page(self, 1ULL << 52, READ));
	EXPECT_EQ(ABSENT, self->out.result_code);
	/* without PSE it is the address of a table */
	top[1] = L1 | PS | P | W;
	protected_mode(self, 0);
	CODE(0x00400000, READ, OK, 0x55000);
	PROVES("B-12-030 B-12-038 PROP-translate-gva-result-1 PROP-translate-gva-result-2");
}

TEST_F(gva, three_levels)
{
	u64 *top = table(self, TOP), *pd = table(self, L2), *pt = table(self, L1);

	top[0] = L2 | P;
	top[3] = L2 | P;
	pd[0] = L1 | P | W | U;
	pd[1] = 0x00600000 | PS | P | W;
	pt[0] = 0x55000 | P | W | U;
	pt[511] = 0x66000 | P;
	protected_mode(self, CR4_PAE);
	CODE(0, READ | WRITE, OK, 0x55000);
	CODE(0x001ff000, READ, OK, 0x66000);
	CODE(0x001ff000, WRITE, VIOLATION, ANY);
	CODE(0x00345000, WRITE, OK, 0x00745000);
	CODE(0x40000000, READ, ABSENT, ANY);
	CODE(0xc0000000, READ, OK, 0x55000);
	EXPECT_EQ(0, translate_page(self, 1 << 20, READ));
	EXPECT_EQ(ABSENT, self->out.result_code);
	/* rights are not in the top entries: there these bits are reserved */
	top[0] |= W;
	CODE(0, READ, BAD_BITS, ANY);
	top[0] = L2 | P;
	/* XD is reserved while EFER.NXE is clear, then means something */
	pt[0] |= NX;
	CODE(0, READ, BAD_BITS, ANY);
	vmm_set_reg(self->vp, HV_X64_REGISTER_EFER, 0x800);
	CODE(0, READ, OK, 0x55000);
	CODE(0, EXEC, VIOLATION, ANY);
	PROVES("B-12-030 B-12-038 B-12-039 PROP-translate-gva-result-3");
}

TEST_F(gva, four_levels)
{
	u64 *l4 = table(self, TOP), *l2 = table(self, L2), *l1 = table(self, L1);

	four_levels(self);
	l4[511] = L3 | P | W | U;
	l2[1] = 0x00600000 | PS | P | W;
	l1[1] = 0x66000 | P | W | NX;
	CODE(0, READ | WRITE | EXEC, OK, 0x55000);
	CODE(0x00345000, WRITE, OK, 0x00745000);
	CODE(0x1000, READ | WRITE, OK, 0x66000);
	CODE(0x1000, READ | EXEC, VIOLATION, ANY);
	CODE(0xffffff8000000000, READ, OK, 0x55000);
	CODE(0x40000000, READ, ABSENT, ANY);
	/* not canonical, and no page number at all */
	CODE(0x0000800000000000, READ, ABSENT, ANY);
	CODE(0x8000000000000000, READ, ABSENT, ANY);
	EXPECT_EQ(0, translate_page(self, 1ULL << 52, READ));
	EXPECT_EQ(ABSENT, self->out.result_code);
	EXPECT_EQ(0, translate_page(self, ~0ULL << 52, READ));
	EXPECT_EQ(ABSENT, self->out.result_code);
	PROVES("HC-0052 B-12-030 B-12-038 PROP-translate-gva-result-0");
	PROVES("PROP-translate-gva-flag-0x1 PROP-translate-gva-flag-0x2");
	PROVES("PROP-translate-gva-flag-0x4");
}

/* of several failures the one that the walk meets first */
TEST_F(gva, order)
{
	u64 *l4 = table(self, TOP), *l3 = table(self, L3), *l2 = table(self, L2);
	u64 *l1 = table(self, L1);

	four_levels(self);
	CODE(0, READ, OK, 0x55000);
	l1[0] = 0;
	l2[0] = 1 << 13 | PS | P | W;		/* reserved in a large page */
	CODE(0, READ, BAD_BITS, ANY);
	l3[0] &= ~P;
	CODE(0, READ, ABSENT, ANY);
	l4[0] |= PS;
	CODE(0, READ, BAD_BITS, ANY);
	l4[0] = 0;
	CODE(0, READ, ABSENT, ANY);
	/* a table that cannot be read comes before what its entries would say */
	l4[0] = NOWHERE | P;
	CODE(0, WRITE, UNMAPPED, NOWHERE);
	/* rights are of the whole walk, and looked at in the end */
	l4[0] = L3 | P;
	l3[0] = L2 | P | W;
	l2[0] = L1 | P | W;
	CODE(0, WRITE, ABSENT, ANY);
	l1[0] = 0x55000 | P | W;
	CODE(0, WRITE, VIOLATION, ANY);
	PROVES("B-12-032 B-12-039 PROP-translate-gva-result-3");
}

/* ---- privilege ---- */

TEST_F(gva, privilege)
{
	u64 *l1 = table(self, L1);

	four_levels(self);
	l1[1] = 0x66000 | P | W;
	l1[2] = 0x77000 | P | U;
	CODE(0x1000, READ | WRITE, OK, 0x66000);
	as_user(self);
	CODE(0, READ | WRITE, OK, 0x55000);
	CODE(0x1000, READ, VIOLATION, ANY);
	CODE(0x2000, READ, OK, 0x77000);
	CODE(0x2000, WRITE, VIOLATION, ANY);
	CODE(0x1000, READ | WRITE | EXEMPT, OK, 0x66000);
	/* exempt from that, not from write protection */
	CODE(0x2000, WRITE | EXEMPT, VIOLATION, ANY);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0, 0x80000033);
	CODE(0x2000, WRITE | EXEMPT, OK, 0x77000);
	CODE(0x2000, WRITE, VIOLATION, ANY);
	PROVES("B-12-037 PROP-translate-gva-flag-0x8 PROP-translate-gva-result-2");
}

/* ---- accessed and dirty bits ---- */

TEST_F(gva, table_bits)
{
	u64 *l4 = table(self, TOP), *l3 = table(self, L3), *l2 = table(self, L2);
	u64 *l1 = table(self, L1);

	four_levels(self);
	CODE(0, READ | WRITE, OK, 0x55000);
	EXPECT_EQ(0, (l4[0] | l3[0] | l2[0] | l1[0]) & (A | D));
	CODE(0, READ | SET_AD, OK, 0x55000);
	EXPECT_EQ(A, l4[0] & l3[0] & l2[0] & (A | D));
	EXPECT_EQ(A, l1[0] & (A | D));
	CODE(0, EXEC | SET_AD, OK, 0x55000);
	EXPECT_EQ(A, l1[0] & (A | D));
	CODE(0, WRITE | SET_AD, OK, 0x55000);
	EXPECT_EQ(A | D, l1[0] & (A | D));
	EXPECT_EQ(0, (l4[0] | l3[0] | l2[0]) & D);

	/* as far as it came */
	l4[0] &= ~A;
	l3[0] &= ~A;
	l2[0] &= ~(A | P);
	CODE(0, READ | SET_AD, ABSENT, ANY);
	EXPECT_EQ(A, l4[0] & l3[0] & A);
	EXPECT_EQ(0, l2[0] & A);
	/* nor without the right to it */
	l2[0] |= P;
	l1[0] = 0x55000 | P;
	CODE(0, WRITE | SET_AD, VIOLATION, ANY);
	EXPECT_EQ(A, l2[0] & A);
	EXPECT_EQ(0, l1[0] & (A | D));
	PROVES("B-12-034 PROP-translate-gva-flag-0x10");
}

/* ---- tables that are not accessible ---- */

static void no_rights(struct __test_metadata *_metadata, FIXTURE_DATA(gva) *self, u64 gpa)
{
	u64 map[4] = { 0, gpa / PAGE, 0, (u64)vmm_alloc(PAGE) / PAGE };
	u16 reps = 1;

	ASSERT_EQ(0, vmm_call_reps(self->vm.pt, HVCALL_MAP_GPA_PAGES, &reps, map, sizeof(map),
				   NULL, 0));
}

TEST_F(gva, tables_out_of_reach)
{
	u64 *l3 = table(self, L3), *l2 = table(self, L2), *fixed;
	unsigned int i;

	four_levels(self);
	fixed = vmm_add_memory(&self->vm, FIXED, PAGE, 0);
	vmm_add_memory(&self->vm, NONE, PAGE, VMM_RW);
	no_rights(_metadata, self, NONE);
	fixed[0] = 0x77000 | P | W | U;
	l2[1] = NOWHERE | P | W;
	l2[2] = FIXED | P | W;
	l2[3] = NONE | P | W;
	l2[4] = GUEST_CALLS | P | W;
	l3[1] = NOWHERE | P | W;

	CODE(1 << 21, READ, UNMAPPED, NOWHERE);
	CODE(1 << 30, READ, UNMAPPED, NOWHERE);
	CODE(3 << 21, READ, NO_READ, NONE);
	/* it can be read, and that is all that is needed; A and D are writes */
	CODE(2 << 21, READ, OK, 0x77000);
	CODE(2 << 21, WRITE, OK, 0x77000);
	CODE(2 << 21, READ | SET_AD, NO_WRITE, FIXED);
	CODE(2 << 21, WRITE | SET_AD, NO_WRITE, FIXED);
	EXPECT_EQ(0x77000 | P | W | U, fixed[0]);
	fixed[0] |= A;
	CODE(2 << 21, READ | SET_AD, OK, 0x77000);
	CODE(2 << 21, WRITE | SET_AD, NO_WRITE, FIXED);

	/* the hypercall page has code in it that is a present entry, and is not written */
	CODE(4 << 21, READ | SET_AD, ON_OVERLAY, GUEST_CALLS);
	for (i = 0; i < 512; i++)
		EXPECT_EQ(0, table(self, GUEST_CALLS)[i]);
	/* the top of all */
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR3, NOWHERE);
	CODE(0, READ, UNMAPPED, NOWHERE);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR3, NONE);
	CODE(0, READ, NO_READ, NONE);
	PROVES("B-12-033 PROP-translate-gva-result-4 PROP-translate-gva-result-5");
	PROVES("PROP-translate-gva-result-6 PROP-translate-gva-result-7");
}

/* ---- what is there ---- */

TEST_F(gva, overlay)
{
	u64 *l1 = table(self, L1);

	four_levels(self);
	l1[1] = GUEST_CALLS | P | W;
	l1[2] = GUEST_SIM(0) | P | W;
	CODE(0, READ, OK, 0x55000);
	EXPECT_EQ(0, self->out.overlay_page);
	CODE(0x1000, READ, OK, GUEST_CALLS);
	EXPECT_EQ(HV_TRANSLATE_OVERLAY_PAGE, self->out.overlay_page);
	CODE(0x2000, WRITE, OK, GUEST_SIM(0));
	EXPECT_EQ(0, self->out.overlay_page);
	vmm_set_reg(self->vp, HV_REGISTER_SIMP, GUEST_SIM(0) | 1);
	CODE(0x2000, WRITE, OK, GUEST_SIM(0));
	EXPECT_EQ(HV_TRANSLATE_OVERLAY_PAGE, self->out.overlay_page);
	vmm_set_reg(self->vp, HV_REGISTER_SIMP, 0);
	CODE(0x2000, WRITE, OK, GUEST_SIM(0));
	EXPECT_EQ(0, self->out.overlay_page);
	PROVES("B-12-035");
}

TEST_F(gva, cache_types)
{
	u64 *l1 = table(self, L1);

	four_levels(self);
	l1[1] = 0x66000 | P | W | PCD | 8;
	CODE(0, READ, OK, 0x55000);
	EXPECT_EQ(HV_CACHE_TYPE_X64_WRITE_BACK, self->out.cache_type);
	CODE(0x1000, READ, OK, 0x66000);
	EXPECT_EQ(HV_CACHE_TYPE_X64_UNCACHED, self->out.cache_type);
	/* the entry's index is into the guest's own PAT */
	vmm_set_reg(self->vp, HV_X64_REGISTER_PAT, 0x0007040601070405);
	CODE(0x1000, READ, OK, 0x66000);
	EXPECT_EQ(HV_CACHE_TYPE_X64_WRITE_COMBINING, self->out.cache_type);
	CODE(0, READ, OK, 0x55000);
	EXPECT_EQ(HV_CACHE_TYPE_X64_WRITE_PROTECTED, self->out.cache_type);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR0, 0xc0010033);
	CODE(0, READ, OK, 0x55000);
	EXPECT_EQ(HV_CACHE_TYPE_X64_UNCACHED, self->out.cache_type);
	PROVES("B-12-040");
}

/* ---- whom and what a caller names ---- */

TEST_F(gva, parameters)
{
	u64 in[4] = { NOBODY, 0, READ, 0 }, id, create[2] = { 0, 0 };
	unsigned int bit;
	int dev;

	four_levels(self);
	for (bit = 0; bit < 64; bit++) {
		bool good = bit <= 7 || bit >= 56;

		if (bit == 60)
			continue;		/* later editions': the VTL is given; it is 0 */
		if (!good || bit >= 56) {
			EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
				  translate_page(self, 0, READ | 1ULL << bit))
				TH_LOG("flag %u", bit);
		}
	}
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, translate_page(self, 0, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, translate_page(self, 0, EXEMPT | SET_AD));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID,
		  vmm_call(self->vm.dev, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, in, 32, &self->out,
			   16));
	in[1] = 3;
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX,
		  vmm_call(self->vm.pt, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, in, 32, &self->out,
			   16));

	/* of a partition that is not active */
	dev = vmm_open();
	ASSERT_EQ(0, vmm_call(dev, HVCALL_CREATE_PARTITION, create, 16, &id, 8));
	in[0] = id;
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE,
		  vmm_call(dev, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, in, 32, &self->out, 16));
	close(dev);
	PROVES("HC-0052/INVALID_PARTITION_STATE HC-0052/INVALID_PARTITION_ID B-12-021");
	PROVES("HC-0052/INVALID_VP_INDEX HC-0052/INVALID_PARAMETER");
}

/* ---- TlbFlushInhibit (12.1.4) ---- */

FIXTURE(inhibit) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct vmm_vp *other;
	struct vmm_thread t;
	struct hv_message msg;
};

FIXTURE_SETUP(inhibit)
{
	pt_setup(&self->vm, 0, 3);
	self->vp = &self->vm.vp[0];
	self->other = &self->vm.vp[1];
}

FIXTURE_TEARDOWN(inhibit)
{
	vmm_thread_stop(&self->t);
	vmm_teardown(&self->vm);
}

#define REG(vp)		vmm_reg(vp, HV_REGISTER_INTERCEPT_SUSPEND)
#define CLEAR(vp, val)	vmm_set_reg_status(vp, HV_REGISTER_INTERCEPT_SUSPEND, val)

#define SUSPENDED	HV_SUSPEND_SUSPENDED
#define INHIBITED	HV_INTERCEPT_SUSPEND_TLB_FLUSH_INHIBIT

#define FLUSH_SPACE	HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE
#define FLUSH_LIST	(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST | 1ULL << HV_HYPERCALL_REP_COUNT_SHIFT)

GUEST_CODE(touch, "64",
	   "mov	$0x40000000, %ebx\n\t"
	   "mov	(%rbx), %rax\n\t"
	   "outl	%eax, $0xe2\n\t");

#define TOUCH	(VMM_CODE + 0x400)

/* VP 0 is in the hands of its parent, over memory that is not there */
static void intercept_vp0(struct __test_metadata *_metadata, FIXTURE_DATA(inhibit) *self)
{
	vmm_load(&self->vm, TOUCH, &touch);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, TOUCH);
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &self->msg);
	EXPECT_EQ(SUSPENDED | INHIBITED, REG(self->vp));
}

/* a flush of the VPs in @mask is about to be made by VP 1 */
static void prepare_flush(FIXTURE_DATA(inhibit) *self, u64 code, u64 flags, u64 mask)
{
	u64 in[4] = { VMM_TABLES, flags, mask, 0x200000 };

	vmm_write(&self->vm, GUEST_IN, in, sizeof(in));
	vmm_set_reg(self->other, HV_X64_REGISTER_RBX, GUEST_CALLS);
	vmm_set_reg(self->other, HV_X64_REGISTER_RCX, code);
	vmm_set_reg(self->other, HV_X64_REGISTER_RDX, GUEST_IN);
	vmm_set_reg(self->other, HV_X64_REGISTER_RAX, 0x7777);
	vmm_set_reg(self->other, HV_X64_REGISTER_RIP, VMM_CODE);
	vmm_set_reg(self->other, HV_X64_REGISTER_RSP, VMM_STACK - PAGE);
}

/* it does not come back from it, and stands before the instruction */
static void expect_waiting(struct __test_metadata *_metadata, FIXTURE_DATA(inhibit) *self)
{
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->other, &self->msg, VMM_SHORT));
	EXPECT_EQ(GUEST_CALLS, vmm_reg(self->other, HV_X64_REGISTER_RIP));
	EXPECT_EQ(0x7777, vmm_reg(self->other, HV_X64_REGISTER_RAX));
}

static void expect_done(struct __test_metadata *_metadata, FIXTURE_DATA(inhibit) *self)
{
	vmm_run_out(self->other, GUEST_PORT);
	EXPECT_EQ(0, (u16)vmm_reg(self->other, HV_X64_REGISTER_RAX));
}

TEST_F(inhibit, memory_intercepts)
{
	struct hv_message msg;

	EXPECT_EQ(0, REG(self->vp));
	/* others do not ask for it */
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE + 2);
	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	EXPECT_EQ(SUSPENDED, REG(self->vp));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, CLEAR(self->vp, SUSPENDED | INHIBITED));
	intercept_vp0(_metadata, self);
	/* together or one by one, but nothing that is not there */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, CLEAR(self->vp, 4));
	EXPECT_EQ(0, CLEAR(self->vp, SUSPENDED));
	EXPECT_EQ(SUSPENDED, REG(self->vp));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, CLEAR(self->vp, INHIBITED));
	EXPECT_EQ(SUSPENDED, REG(self->vp));
	intercept_vp0(_metadata, self);
	EXPECT_EQ(0, CLEAR(self->vp, INHIBITED));
	EXPECT_EQ(INHIBITED, REG(self->vp));
	EXPECT_EQ(0, CLEAR(self->vp, 0));
	EXPECT_EQ(0, REG(self->vp));
	PROVES("B-12-013 B-10-020");
}

TEST_F(inhibit, flush_waits)
{
	static const struct {
		u64 code, flags, mask;
	} calls[] = {
		{ FLUSH_SPACE, 0, 1 }, { FLUSH_LIST, 0, 5 },
		{ FLUSH_SPACE, HV_FLUSH_ALL_PROCESSORS, 0 },
		{ FLUSH_LIST, HV_FLUSH_ALL_PROCESSORS, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		intercept_vp0(_metadata, self);
		prepare_flush(self, calls[i].code, calls[i].flags, calls[i].mask);
		expect_waiting(_metadata, self);
		/* suspended or not is another thing */
		EXPECT_EQ(0, CLEAR(self->vp, INHIBITED));
		if (!i)
			expect_waiting(_metadata, self);
		EXPECT_EQ(0, CLEAR(self->vp, 0));
		expect_done(_metadata, self);
	}
	/* not for who is no target, nor for itself */
	intercept_vp0(_metadata, self);
	prepare_flush(self, FLUSH_SPACE, 0, 6);
	expect_done(_metadata, self);
	PROVES("B-10-021 B-12-014 B-12-015 PROP-flush-flag-0x1");
}

/* in RUN_VP all the time: woken by the register, and by VP 0 going on */
TEST_F(inhibit, flush_goes_on)
{
	unsigned int i;
	u64 *page;

	page = vmm_alloc(PAGE);
	for (i = 0; i < 2; i++) {
		intercept_vp0(_metadata, self);
		prepare_flush(self, FLUSH_SPACE, 0, 1);
		vmm_thread_start(&self->t, self->other);
		EXPECT_FALSE(vmm_thread_wait(&self->t, VMM_SHORT));
		if (!i) {
			EXPECT_EQ(0, CLEAR(self->vp, 0));
		} else {
			ASSERT_EQ(0, vmm_set_memory(self->vm.pt, 0x40000000, page, PAGE, VMM_RW));
			vmm_run_out(self->vp, 0xe2);
		}
		EXPECT_TRUE(vmm_thread_wait(&self->t, VMM_LONG));
		vmm_thread_stop(&self->t);
		EXPECT_EQ(0, self->t.ret);
		EXPECT_EQ(HVMSG_X64_IO_PORT_INTERCEPT, self->t.msg.header.message_type);
	}
	PROVES("B-12-015");
}

static int translate_inhibit(struct vmm *vm, u64 gva)
{
	struct hv_input_translate_virtual_address in = {
		.control_flags = READ | INHIBIT, .gva_page = gva / PAGE,
	};
	struct hv_output_translate_virtual_address out;
	int ret = vmm_call(vm->pt, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in), &out,
			   sizeof(out));

	return ret ? -1 : (int)out.result_code;
}

TEST_F(inhibit, by_translation)
{
	EXPECT_EQ(ABSENT, translate_inhibit(&self->vm, 1ULL << 40));
	EXPECT_EQ(0, REG(self->vp));
	EXPECT_EQ(OK, translate_inhibit(&self->vm, VMM_CODE));
	EXPECT_EQ(INHIBITED, REG(self->vp));
	prepare_flush(self, FLUSH_LIST, 0, 1);
	expect_waiting(_metadata, self);
	EXPECT_EQ(0, CLEAR(self->vp, 0));
	expect_done(_metadata, self);
	PROVES("B-12-036 PROP-translate-gva-flag-0x20");
}

TEST_HARNESS_MAIN
