// SPDX-License-Identifier: GPL-2.0-only
/*
 * tracking_test.c - which guest pages were accessed and written: GET_GPAP_ACCESS_BITMAP
 */
#include <string.h>

#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define REGION	0x40000000ULL
#define ALIAS	0x60000000ULL
#define PAGES	1024
#define TRACKING HV_PARTITION_PROPERTY_GPA_PAGE_ACCESS_TRACKING

FIXTURE(tracking) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct vmm_thread t;
	unsigned char *mem;
	u8 bits[PAGES / 8 + 1];
};

FIXTURE_SETUP(tracking)
{
	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
	self->mem = vmm_add_memory(&self->vm, REGION, PAGES * PAGE, VMM_RWX);
}

FIXTURE_TEARDOWN(tracking)
{
	vmm_thread_stop(&self->t);
	vmm_teardown(&self->vm);
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

/* RBX: first address, RCX: stride, RDX: how many.  Writes to each */
GUEST_CODE(sweep, "64",
	   "1:	mov	%rdx, (%rbx)\n\t"
	   "add	%rcx, %rbx\n\t"
	   "dec	%edx\n\t"
	   "jnz	1b\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

/* the same, but reads */
GUEST_CODE(peruse, "64",
	   "1:	mov	(%rbx), %rax\n\t"
	   "add	%rcx, %rbx\n\t"
	   "dec	%edx\n\t"
	   "jnz	1b\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

/* for ever: a count to RBX */
GUEST_CODE(writer, "64",
	   "1:	inc	%rax\n\t"
	   "mov	%rax, (%rbx)\n\t"
	   "jmp	1b");

static void touch(struct vmm_vp *vp, const struct guest_code *code, u64 first, u64 stride, u64 nr)
{
	vmm_start64(vp, code);
	vmm_set_reg(vp, HV_X64_REGISTER_RBX, first);
	vmm_set_reg(vp, HV_X64_REGISTER_RCX, stride);
	vmm_set_reg(vp, HV_X64_REGISTER_RDX, nr);
	vmm_run_out(vp, GUEST_PORT);
}

/* @nr pages from @gpa on, to @bits */
static int ask(struct vmm *vm, u8 *bits, u8 type, u8 op, u64 gpa, u64 nr)
{
	struct tlfs_gpap_access_bitmap arg = {
		.access_type = type, .access_op = op, .page_count = nr,
		.gpap_base = gpa / PAGE, .bitmap_ptr = (uintptr_t)bits,
	};

	return vmm_ioctl(vm->pt, TLFS_GET_GPAP_ACCESS_BITMAP, &arg);
}

static bool bit(const u8 *bits, unsigned int i)
{
	return bits[i / 8] >> i % 8 & 1;
}

/* how many of @nr bits differ from those of every @stride-th page; 0: from none */
static int wrong(const u8 *bits, unsigned int nr, unsigned int stride)
{
	unsigned int i, n = 0;

	for (i = 0; i < nr; i++)
		n += bit(bits, i) != (stride && i % stride == 0);
	return n;
}

#define ASK(type, op)	EXPECT_EQ(0, ask(&self->vm, self->bits, TLFS_GPAP_##type,	\
					 TLFS_GPAP_OP_##op, REGION, PAGES))

TEST_F(tracking, errors)
{
	struct tlfs_gpap_access_bitmap good = {
		.access_type = TLFS_GPAP_DIRTY, .access_op = TLFS_GPAP_OP_CLEAR,
		.page_count = PAGES, .gpap_base = REGION / PAGE,
		.bitmap_ptr = (uintptr_t)self->bits,
	}, arg;
	unsigned int i;

#define REFUSED(err, field, value) do {							\
	arg = good;									\
	arg.field = (value);								\
	EXPECT_EQ(err, vmm_ioctl(self->vm.pt, TLFS_GET_GPAP_ACCESS_BITMAP, &arg));	\
} while (0)
	REFUSED(-EINVAL, page_count, 0);
	REFUSED(-EINVAL, bitmap_ptr, 0);
	REFUSED(-EINVAL, access_type, 2);
	REFUSED(-EINVAL, access_op, 3);
	for (i = 0; i < sizeof(arg.rsvd); i++)
		REFUSED(-EINVAL, rsvd[i], 1);
	REFUSED(-E2BIG, page_count, ~0ULL);
	REFUSED(-EINVAL, gpap_base, ~0ULL);
	REFUSED(-EINVAL, gpap_base, ~0ULL - PAGES + 1);
	REFUSED(-EFAULT, bitmap_ptr, 8);
#undef REFUSED
}

TEST_F(tracking, without_it_every_page_may_have_been_written)
{
	memset(self->bits, 0, sizeof(self->bits));
	ASK(DIRTY, CLEAR);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 1));
	ASK(ACCESSED, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 1));
	/* and where there is no memory, none */
	EXPECT_EQ(0, ask(&self->vm, self->bits, TLFS_GPAP_DIRTY, TLFS_GPAP_OP_NONE,
			 REGION + PAGES * PAGE, PAGES));
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	/* nothing beyond the last page's byte is written */
	self->bits[1] = 0x5a;
	EXPECT_EQ(0, ask(&self->vm, self->bits, TLFS_GPAP_DIRTY, TLFS_GPAP_OP_NONE, REGION, 3));
	EXPECT_EQ(7, self->bits[0]);
	EXPECT_EQ(0x5a, self->bits[1]);
}

TEST_F(tracking, property)
{
	u64 val = 2;

	EXPECT_EQ(0, vmm_get_property(self->vm.pt, TRACKING, &val));
	EXPECT_EQ(0, val);
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(self->vm.pt, TRACKING, 2));
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 1));
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 1));
	EXPECT_EQ(0, vmm_get_property(self->vm.pt, TRACKING, &val));
	EXPECT_EQ(1, val);
	ASK(DIRTY, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 0));
	ASK(DIRTY, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 1));
}

TEST_F(tracking, writes)
{
	/* entries of before, large ones maybe, must not hide what comes */
	touch(self->vp, &sweep, REGION, PAGE, PAGES);
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 1));
	touch(self->vp, &sweep, REGION, 5 * PAGE, PAGES / 5 + 1);
	ASK(DIRTY, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 5));
	/* NONE took nothing away; what CLEAR took comes back with the next write only */
	ASK(DIRTY, CLEAR);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 5));
	ASK(DIRTY, CLEAR);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	touch(self->vp, &sweep, REGION, 15 * PAGE, PAGES / 15 + 1);
	ASK(DIRTY, CLEAR);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 15));
	/* clearing "dirty" leaves "accessed" */
	ASK(ACCESSED, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 5));
}

TEST_F(tracking, reads)
{
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 1));
	touch(self->vp, &peruse, REGION, 3 * PAGE, PAGES / 3 + 1);
	ASK(DIRTY, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	ASK(ACCESSED, CLEAR);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 3));
	ASK(ACCESSED, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	touch(self->vp, &peruse, REGION, 6 * PAGE, PAGES / 6 + 1);
	ASK(ACCESSED, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 6));
	/* a page that was read, and is written later */
	touch(self->vp, &sweep, REGION, 6 * PAGE, PAGES / 6 + 1);
	ASK(DIRTY, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 6));
}

TEST_F(tracking, setting)
{
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 1));
	ASK(ACCESSED, SET);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	ASK(DIRTY, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	ASK(ACCESSED, CLEAR);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 1));
	ASK(DIRTY, SET);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	ASK(ACCESSED, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 1));
	/* clearing "accessed" takes "dirty" along */
	ASK(ACCESSED, CLEAR);
	ASK(DIRTY, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
}

TEST_F(tracking, by_guest_page)
{
	u8 bits[PAGES / 8];

	/* a region that comes while accesses are tracked, with the same memory behind it */
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 1));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, ALIAS, self->mem, PAGES * PAGE, VMM_RWX));
	touch(self->vp, &sweep, ALIAS, 7 * PAGE, PAGES / 7 + 1);
	ASK(DIRTY, NONE);
	EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	EXPECT_EQ(0, ask(&self->vm, bits, TLFS_GPAP_DIRTY, TLFS_GPAP_OP_CLEAR, ALIAS, PAGES));
	EXPECT_EQ(0, wrong(bits, PAGES, 7));
	/* and one that goes takes its log along */
	touch(self->vp, &sweep, ALIAS, 7 * PAGE, PAGES / 7 + 1);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, ALIAS, self->mem, PAGES * PAGE,
				    TLFS_MEM_UNMAP));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, ALIAS, self->mem, PAGES * PAGE, VMM_RWX));
	EXPECT_EQ(0, ask(&self->vm, bits, TLFS_GPAP_DIRTY, TLFS_GPAP_OP_NONE, ALIAS, PAGES));
	EXPECT_EQ(0, wrong(bits, PAGES, 0));
}

TEST_F(tracking, hypervisor_writes)
{
	struct hv_input_translate_virtual_address in = {
		.vp_index = 0, .control_flags = HV_TRANSLATE_GVA_VALIDATE_WRITE |
						HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS,
		.gva_page = REGION / PAGE,
	};
	struct hv_output_translate_virtual_address out;
	unsigned int i;
	u8 bits;

	/* the accessed and dirty bits of the guest's tables */
	vmm_start64(self->vp, &sweep);
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 1));
	EXPECT_EQ(0, vmm_call(self->vm.pt, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in),
			      &out, sizeof(out)));
	EXPECT_EQ(0, ask(&self->vm, &bits, TLFS_GPAP_DIRTY, TLFS_GPAP_OP_CLEAR, VMM_TABLES, 6));
	for (i = 0; i < 6; i++)
		/* PML4, PDPT, and the directory of the second GiB */
		EXPECT_EQ(i == 0 || i == 1 || i == 3, bit(&bits, i));
}

TEST_F(tracking, of_a_guest_that_runs)
{
	int i;

	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 1));
	vmm_start64(self->vp, &writer);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RBX, REGION + 77 * PAGE);
	vmm_thread_start(&self->t, self->vp);
	for (i = 0; i < 50; i++) {
		u64 was = LOAD((u64 *)(self->mem + 77 * PAGE));

		/* whatever it wrote after the last look is seen by this one */
		ASSERT_TRUE(vmm_wait_change((u64 *)(self->mem + 77 * PAGE), was));
		ASK(DIRTY, CLEAR);
		EXPECT_TRUE(bit(self->bits, 77));
		self->bits[77 / 8] &= ~(1 << 77 % 8);
		EXPECT_EQ(0, wrong(self->bits, PAGES, 0));
	}
	EXPECT_EQ(0, vmm_set_property(self->vm.pt, TRACKING, 0));
	ASSERT_TRUE(vmm_wait_change((u64 *)(self->mem + 77 * PAGE),
				    LOAD((u64 *)(self->mem + 77 * PAGE))));
}

TEST_HARNESS_MAIN
