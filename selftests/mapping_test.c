// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapping_test.c - HvMapGpaPages, HvUnmapGpaPages and HvMapSparseGpaPages (TLFS 8.3): pages that
 * are in use, pools that are dry, rights a parent need not have; and what is not memory
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"
#include "ports.h"

#define PAGE	TLFS_PAGE_SIZE
#define PFN(p)	((u64)(p) / PAGE)
#define RWX	(HV_MAP_GPA_READABLE | HV_MAP_GPA_WRITABLE | HV_MAP_GPA_EXECUTABLE)

/* pages of the guest that the test is about, and those it fills a pool with */
#define DEPOSITED	0x70000ULL
#define NO_RIGHTS	0x71000ULL
#define ABSENT		0x72000ULL
#define POOL		0x100000ULL
#define POOL_PAGES	64

static int root_map(int fd, u64 id, u64 gpa, void *page, u32 flags)
{
	u64 in[4] = { id, PFN(gpa), flags, PFN(page) };
	u16 reps = 1;

	return vmm_call_reps(fd, HVCALL_MAP_GPA_PAGES, &reps, in, sizeof(in), NULL, 0);
}

static int root_map_sparse(int fd, u64 id, u64 gpa, void *page, u32 flags)
{
	u64 in[4] = { id, flags, PFN(gpa), PFN(page) };
	u16 reps = 1;

	return vmm_call_reps(fd, HVCALL_MAP_SPARSE_GPA_PAGES, &reps, in, sizeof(in), NULL, 0);
}

static int root_unmap(int fd, u64 id, u64 gpa)
{
	u64 in[2] = { id, PFN(gpa) };
	u16 reps = 1;

	return vmm_call_reps(fd, HVCALL_UNMAP_GPA_PAGES, &reps, in, sizeof(in), NULL, 0);
}

/* ---- a guest that is a parent ---- */

FIXTURE(mapping) {
	struct vmm vm;
	struct vmm_vp *vp;
	u64 child;
};

static u16 guest_list(FIXTURE_DATA(mapping) *self, u16 code, const void *in, size_t size,
		      unsigned int reps)
{
	vmm_write(&self->vm, GUEST_IN, in, size);
	return guest_call(self->vp, code | (u64)reps << HV_HYPERCALL_REP_COUNT_SHIFT, GUEST_IN,
			  GUEST_OUT);
}

static u16 guest_deposit(FIXTURE_DATA(mapping) *self, u64 gpa, unsigned int n)
{
	u64 in[1 + POOL_PAGES] = { self->child };
	unsigned int i;

	for (i = 0; i < n; i++)
		in[1 + i] = PFN(gpa) + i;
	return guest_list(self, HVCALL_DEPOSIT_MEMORY, in, sizeof(in), n);
}

static u16 guest_map(FIXTURE_DATA(mapping) *self, u64 gpa, u64 source, u32 flags)
{
	u64 in[4] = { self->child, PFN(gpa), flags, PFN(source) };

	return guest_list(self, HVCALL_MAP_GPA_PAGES, in, sizeof(in), 1);
}

FIXTURE_SETUP(mapping)
{
	struct hv_input_create_partition_20 create = { .flags = 0 };

	pt_setup(&self->vm, HV_PRIV_CREATE_PARTITIONS | HV_PRIV_ACCESS_MEMORY_POOL, 1);
	self->vp = &self->vm.vp[0];
	ASSERT_EQ(0, guest_call_in(self->vp, HVCALL_CREATE_PARTITION, &create, sizeof(create)));
	self->child = *(u64 *)vmm_gpa(&self->vm, GUEST_OUT);
}

FIXTURE_TEARDOWN(mapping)
{
	vmm_teardown(&self->vm);
}

/* in a pool it stays where it is, until it is withdrawn */
TEST_F(mapping, pages_in_a_pool)
{
	int fd = self->vm.pt;
	void *page = vmm_alloc(PAGE);
	u64 withdraw[2] = { self->child };

	ASSERT_EQ(0, guest_deposit(self, DEPOSITED, 1));
	EXPECT_EQ(HV_STATUS_OBJECT_IN_USE, root_map(fd, 0, DEPOSITED, page, RWX));
	EXPECT_EQ(HV_STATUS_OBJECT_IN_USE, root_map(fd, 0, DEPOSITED, page, 0));
	EXPECT_EQ(HV_STATUS_OBJECT_IN_USE, root_map_sparse(fd, 0, DEPOSITED, page, RWX));
	EXPECT_EQ(HV_STATUS_OBJECT_IN_USE, root_unmap(fd, 0, DEPOSITED));
	EXPECT_EQ(0, root_map(fd, 0, DEPOSITED + PAGE, page, RWX));

	ASSERT_EQ(0, guest_list(self, HVCALL_WITHDRAW_MEMORY, withdraw, sizeof(withdraw), 1));
	EXPECT_EQ(PFN(DEPOSITED), *(u64 *)vmm_gpa(&self->vm, GUEST_OUT));
	EXPECT_EQ(0, root_map(fd, 0, DEPOSITED, page, RWX));
	EXPECT_EQ(0, root_map_sparse(fd, 0, DEPOSITED, page, RWX));
	EXPECT_EQ(0, root_unmap(fd, 0, DEPOSITED));
	PROVES("HC-004B/OBJECT_IN_USE HC-004C/OBJECT_IN_USE HC-006E/OBJECT_IN_USE");
}

/* a page has to be there, whatever may be done with it */
TEST_F(mapping, source_without_rights)
{
	u64 *page = vmm_alloc(PAGE);
	int fd = self->vm.pt;

	ASSERT_EQ(0, guest_deposit(self, POOL, POOL_PAGES));
	ASSERT_EQ(0, guest_call_in(self->vp, HVCALL_INITIALIZE_PARTITION, &self->child, 8));
	ASSERT_EQ(0, root_map(fd, 0, NO_RIGHTS, page, 0));
	ASSERT_EQ(0, root_unmap(fd, 0, ABSENT));
	EXPECT_EQ(0, guest_map(self, 0, NO_RIGHTS, RWX));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, guest_map(self, 0x1000, ABSENT, RWX));
	PROVES("B-8-005");
}

/* ---- a pool that is dry ---- */

static int pool_call(int dev, u16 code, u64 id, u16 n, void *pages)
{
	u64 in[POOL_PAGES + 2] = { id }, out[POOL_PAGES];
	unsigned int i;

	if (pages)
		for (i = 0; i < n; i++)
			in[1 + i] = PFN(pages) + i;
	return vmm_call_reps(dev, code, &n, in, sizeof(in), out, sizeof(out));
}

TEST(dry_pool)
{
	u64 create[2] = { 0, 0 }, id, gpa = 0;
	char *pages = vmm_alloc((POOL_PAGES + 8) * PAGE);
	void *page = vmm_alloc(PAGE);
	int dev = vmm_open(), ret = 0;

	ASSERT_EQ(0, vmm_call(dev, HVCALL_CREATE_PARTITION, create, 16, &id, 8));
	ASSERT_EQ(0, pool_call(dev, HVCALL_DEPOSIT_MEMORY, id, POOL_PAGES, pages));
	ASSERT_EQ(0, vmm_call(dev, HVCALL_INITIALIZE_PARTITION, &id, 8, NULL, 0));
	/* far from each other, so that each wants tables of its own */
	for (gpa = 0; !ret && gpa < 1ULL << 36; gpa += 1ULL << 30)
		ret = root_map(dev, id, gpa, page, RWX);
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY, ret);
	EXPECT_EQ(HV_STATUS_INSUFFICIENT_MEMORY, root_map_sparse(dev, id, gpa, page, RWX));
	/* what has been mapped needs no more */
	EXPECT_EQ(0, root_map(dev, id, PAGE, page, RWX));
	EXPECT_EQ(0, root_map_sparse(dev, id, 2 * PAGE, page, RWX));
	ASSERT_EQ(0, pool_call(dev, HVCALL_DEPOSIT_MEMORY, id, 8, pages + POOL_PAGES * PAGE));
	EXPECT_EQ(0, root_map_sparse(dev, id, gpa, page, RWX));
	EXPECT_EQ(0, root_map(dev, id, gpa + (1ULL << 30), page, RWX));
	close(dev);
	EXPECT_TRUE(vmm_count_settles("partitions", 0));
	PROVES("HC-004B/INSUFFICIENT_MEMORY HC-006E/INSUFFICIENT_MEMORY");
}

/* ---- what is not memory (6.1.1) ---- */

#define VGA	0xa0000
#define HIGH	0x40000000ULL

GUEST_CODE(read_high, "64",
	   "mov	$0x40000000, %ebx\n\t"
	   "1:	mov	(%rbx), %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "jmp	1b");

TEST(device_memory)
{
	int fd = open("/dev/mem", O_RDWR), pt, flags = PROT_READ | PROT_WRITE;
	u32 *page = vmm_alloc(PAGE);
	struct hv_message msg;
	struct vmm vm;
	void *device;

	if (fd < 0)
		SKIP(return, "no /dev/mem");
	device = mmap(NULL, PAGE, flags, MAP_SHARED, fd, VGA);
	ASSERT_NE(MAP_FAILED, device);
	vmm_setup(&vm, 1);
	pt = vm.pt;
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, root_map(pt, 0, HIGH, device, RWX));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED, root_map_sparse(pt, 0, HIGH, device, RWX));
	EXPECT_EQ(-EINVAL, vmm_set_memory(pt, HIGH, device, PAGE, VMM_RWX));
	EXPECT_EQ(HV_STATUS_OPERATION_DENIED,
		  pool_call(pt, HVCALL_DEPOSIT_MEMORY, 0, 1, device));
	/* nor in the place of memory that was mapped */
	*page = 0x600d;
	ASSERT_EQ(0, vmm_set_memory(pt, HIGH, page, PAGE, VMM_RWX));
	vmm_start64(&vm.vp[0], &read_high);
	EXPECT_EQ(0x600d, vmm_run_out(&vm.vp[0], GUEST_PORT));
	ASSERT_EQ(page, mmap(page, PAGE, flags, MAP_SHARED | MAP_FIXED, fd, VGA));
	EXPECT_EQ(-EFAULT, vmm_run(&vm.vp[0], &msg, VMM_LONG));
	ASSERT_EQ(page, mmap(page, PAGE, flags, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	EXPECT_EQ(0, vmm_run_out(&vm.vp[0], GUEST_PORT));
	vmm_teardown(&vm);
	munmap(device, PAGE);
	close(fd);
	PROVES("B-6-001");
}

TEST_HARNESS_MAIN
