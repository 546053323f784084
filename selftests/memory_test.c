// SPDX-License-Identifier: GPL-2.0-only
/*
 * memory_test.c - guest memory: regions, rights, intercepts, the VMM's memory behind it
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE
#define HUGE	(2UL << 20)

/* where regions under test are; the tables of the guest map 4 GiB */
#define REGION	0x40000000ULL
#define OTHER	0x60000000ULL
#define HOLE	0x80000000ULL

FIXTURE(memory) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct vmm_thread t;
};

FIXTURE_SETUP(memory)
{
	ASSERT_EQ(0, vmm_count("pages"));
	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
}

FIXTURE_TEARDOWN(memory)
{
	vmm_thread_stop(&self->t);
	vmm_teardown(&self->vm);
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

/* RBX: address.  Reads 8 bytes there, then writes RCX */
GUEST_CODE(read_and_write, "64",
	   "mov	(%rbx), %rax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "mov	%rcx, (%rbx)\n\t"
	   "outl	%eax, $0xe1\n\t"
	   "jmp	guest_read_and_write");

/* for ever: what is at RBX goes to VMM_DATA, a count to VMM_DATA + 8 */
GUEST_CODE(reader, "64",
	   "1:	mov	(%rbx), %rax\n\t"
	   "mov	%rax, 0x20000\n\t"
	   "incq	0x20008\n\t"
	   "jmp	1b");

/* for ever: a count to RBX and to VMM_DATA + 8 */
GUEST_CODE(writer, "64",
	   "1:	inc	%rax\n\t"
	   "mov	%rax, (%rbx)\n\t"
	   "mov	%rax, 0x20008\n\t"
	   "jmp	1b");

/* RBX: first address, RCX: stride, RDX: how many.  Writes its number to each */
GUEST_CODE(sweep, "64",
	   "xor	%eax, %eax\n"
	   "1:	inc	%eax\n\t"
	   "mov	%rax, (%rbx)\n\t"
	   "add	%rcx, %rbx\n\t"
	   "cmp	%edx, %eax\n\t"
	   "jb	1b\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

GUEST_CODE(jump, "64", "jmp *%rbx");

/* what a page that is executed has: a port write and back */
GUEST_CODE(out_code, "64", "outl %eax, $0xe0\n\t jmp guest_out_code");

static void start_at(struct vmm_vp *vp, u64 rbx, u64 rcx, u64 rdx)
{
	vmm_set_reg(vp, HV_X64_REGISTER_RBX, rbx);
	vmm_set_reg(vp, HV_X64_REGISTER_RCX, rcx);
	vmm_set_reg(vp, HV_X64_REGISTER_RDX, rdx);
}

static u64 *seen(struct vmm *vm)
{
	return vmm_gpa(vm, VMM_DATA);
}

static u64 *progress(struct vmm *vm)
{
	return vmm_gpa(vm, VMM_DATA + 8);
}

static void *anonymous(size_t size, int share)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, share | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	if (p == MAP_FAILED)
		vmm_die("mmap: %s", strerror(errno));
	return p;
}

/* ---- regions ---- */

TEST_F(memory, regions_do_not_overlap)
{
	unsigned char *mem = anonymous(16 * PAGE, MAP_PRIVATE);
	int pt = self->vm.pt, i;

	ASSERT_EQ(0, vmm_set_memory(pt, REGION, mem, 4 * PAGE, VMM_RWX));
	for (i = -3; i <= 3; i++)
		EXPECT_EQ(-EEXIST, vmm_set_memory(pt, REGION + i * PAGE, mem + 4 * PAGE, 4 * PAGE,
						  VMM_RWX));
	EXPECT_EQ(-EEXIST, vmm_set_memory(pt, REGION + PAGE, mem, PAGE, VMM_RWX));
	EXPECT_EQ(-EEXIST, vmm_set_memory(pt, REGION - PAGE, mem + 8 * PAGE, 6 * PAGE, VMM_RWX));
	/* neighbours are fine */
	EXPECT_EQ(0, vmm_set_memory(pt, REGION - 4 * PAGE, mem + 4 * PAGE, 4 * PAGE, VMM_RWX));
	EXPECT_EQ(0, vmm_set_memory(pt, REGION + 4 * PAGE, mem + 8 * PAGE, 4 * PAGE, VMM_RWX));
	/* and so is memory that is a region already */
	EXPECT_EQ(0, vmm_set_memory(pt, OTHER, mem, 4 * PAGE, VMM_RWX));
}

TEST_F(memory, unmap_names_a_region_exactly)
{
	unsigned char *mem = anonymous(16 * PAGE, MAP_PRIVATE);
	int pt = self->vm.pt;

	ASSERT_EQ(0, vmm_set_memory(pt, REGION, mem, 4 * PAGE, VMM_RWX));
	EXPECT_EQ(-ENOENT, vmm_set_memory(pt, REGION + 4 * PAGE, mem, 4 * PAGE, TLFS_MEM_UNMAP));
	EXPECT_EQ(-ENOENT, vmm_set_memory(pt, OTHER, mem, 4 * PAGE, TLFS_MEM_UNMAP));
	EXPECT_EQ(-EINVAL, vmm_set_memory(pt, REGION, mem, 3 * PAGE, TLFS_MEM_UNMAP));
	EXPECT_EQ(-EINVAL, vmm_set_memory(pt, REGION, mem, 5 * PAGE, TLFS_MEM_UNMAP));
	EXPECT_EQ(-EINVAL, vmm_set_memory(pt, REGION + PAGE, mem + PAGE, 3 * PAGE,
					  TLFS_MEM_UNMAP));
	EXPECT_EQ(-EINVAL, vmm_set_memory(pt, REGION, mem + PAGE, 4 * PAGE, TLFS_MEM_UNMAP));
	EXPECT_EQ(0, vmm_set_memory(pt, REGION, mem, 4 * PAGE, TLFS_MEM_UNMAP));
	EXPECT_EQ(-ENOENT, vmm_set_memory(pt, REGION, mem, 4 * PAGE, TLFS_MEM_UNMAP));
	EXPECT_EQ(0, vmm_set_memory(pt, REGION, mem, 8 * PAGE, VMM_RWX));
	/* the VMM's memory may be gone by then */
	munmap(mem, 16 * PAGE);
	EXPECT_EQ(0, vmm_set_memory(pt, REGION, mem, 8 * PAGE, TLFS_MEM_UNMAP));
	EXPECT_EQ(-EINVAL, vmm_set_memory(pt, REGION, mem, 8 * PAGE, VMM_RWX));
}

/* the regions of a machine, and then some, in any order */
TEST_F(memory, many_regions)
{
	unsigned char *mem = anonymous(512 * PAGE, MAP_PRIVATE);
	unsigned int i, nr = 509;

	for (i = 0; i < nr; i++) {
		unsigned int n = i * 211 % nr;

		ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION + n * 2 * PAGE, mem + n * PAGE,
					    PAGE, VMM_RWX));
	}
	vmm_start64(self->vp, &sweep);
	start_at(self->vp, REGION, 2 * PAGE, nr);
	EXPECT_EQ(nr, vmm_run_out(self->vp, GUEST_PORT));
	for (i = 0; i < nr; i++)
		EXPECT_EQ(i + 1, *(u64 *)(mem + i * PAGE));
	for (i = 0; i < nr; i++) {
		unsigned int n = i * 317 % nr;

		ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION + n * 2 * PAGE, mem + n * PAGE,
					    PAGE, TLFS_MEM_UNMAP));
	}
	EXPECT_EQ(-ENOENT, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, TLFS_MEM_UNMAP));
}

/* ---- kinds of memory ---- */

TEST_F(memory, pages_come_when_the_guest_touches_them)
{
	size_t size = 64UL << 20, i, resident = 0;
	unsigned char *mem = anonymous(size, MAP_PRIVATE);
	static unsigned char vec[(64UL << 20) / PAGE];

	madvise(mem, size, MADV_NOHUGEPAGE);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, size, VMM_RWX));
	vmm_start64(self->vp, &sweep);
	start_at(self->vp, REGION, size / 16, 16);
	EXPECT_EQ(16, vmm_run_out(self->vp, GUEST_PORT));
	ASSERT_EQ(0, mincore(mem, size, vec));
	for (i = 0; i < size / PAGE; i++)
		resident += vec[i] & 1;
	EXPECT_EQ(16, resident);
	for (i = 0; i < 16; i++)
		EXPECT_EQ(i + 1, *(u64 *)(mem + i * size / 16));
}

static void check_both_ways(struct __test_metadata *_metadata, struct vmm *vm,
			    u64 *mem)
{
	struct vmm_vp *vp = &vm->vp[0];

	vmm_start64(vp, &read_and_write);
	start_at(vp, REGION, 0xfeedf00d, 0);
	STORE(mem, 0x12345678);
	EXPECT_EQ(0x12345678, vmm_run_out(vp, GUEST_PORT));
	vmm_run_out(vp, GUEST_PORT + 1);
	EXPECT_EQ(0xfeedf00d, LOAD(mem));
	STORE(mem, 0x0badcafe);
	EXPECT_EQ(0x0badcafe, vmm_run_out(vp, GUEST_PORT));
}

TEST_F(memory, anonymous_memory)
{
	void *mem = anonymous(PAGE, MAP_PRIVATE);

	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	check_both_ways(_metadata, &self->vm, mem);
}

TEST_F(memory, shared_memory)
{
	void *mem = anonymous(PAGE, MAP_SHARED);

	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	check_both_ways(_metadata, &self->vm, mem);
}

static int new_file(size_t size)
{
	int fd = open("memory-file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, size))
		vmm_die("file: %s", strerror(errno));
	unlink("memory-file");
	return fd;
}

TEST_F(memory, shared_file)
{
	int fd = new_file(PAGE);
	void *mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	u64 val = 0;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	vmm_start64(self->vp, &read_and_write);
	start_at(self->vp, REGION, 0x600dc0de, 0);
	vmm_run_out(self->vp, GUEST_PORT);
	vmm_run_out(self->vp, GUEST_PORT + 1);
	ASSERT_EQ(8, pread(fd, &val, 8, 0));
	EXPECT_EQ(0x600dc0de, val);
	check_both_ways(_metadata, &self->vm, mem);
}

TEST_F(memory, private_file)
{
	int fd = new_file(PAGE);
	u64 val = 0x11111111, *mem;

	ASSERT_EQ(8, pwrite(fd, &val, 8, 0));
	mem = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	vmm_start64(self->vp, &read_and_write);
	start_at(self->vp, REGION, 0x22222222, 0);
	EXPECT_EQ(0x11111111, vmm_run_out(self->vp, GUEST_PORT));
	vmm_run_out(self->vp, GUEST_PORT + 1);
	/* the guest has its copy, the file is what it was */
	EXPECT_EQ(0x22222222, *mem);
	ASSERT_EQ(8, pread(fd, &val, 8, 0));
	EXPECT_EQ(0x11111111, val);
	EXPECT_EQ(0x22222222, vmm_run_out(self->vp, GUEST_PORT));
}

/* a mapping with nothing behind its end: RUN_VP says so, and goes on once there is */
TEST_F(memory, file_that_ends_early)
{
	int fd = new_file(PAGE);
	u64 *mem = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	struct hv_message msg;

	ASSERT_NE(MAP_FAILED, mem);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, 2 * PAGE, VMM_RWX));
	vmm_start64(self->vp, &read_and_write);
	start_at(self->vp, REGION + PAGE, 1, 0);
	EXPECT_EQ(-EFAULT, vmm_run(self->vp, &msg, VMM_LONG));
	EXPECT_EQ(VMM_CODE, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	ASSERT_EQ(0, ftruncate(fd, 2 * PAGE));
	mem[PAGE / 8] = 77;
	EXPECT_EQ(77, vmm_run_out(self->vp, GUEST_PORT));
}

TEST_F(memory, same_memory_at_two_addresses)
{
	u64 *mem = anonymous(2 * PAGE, MAP_PRIVATE), *again;
	struct vmm other;

	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, 2 * PAGE, VMM_RWX));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, OTHER, mem, 2 * PAGE, VMM_RWX));
	vmm_start64(self->vp, &read_and_write);
	start_at(self->vp, REGION, 1234, 0);
	vmm_run_out(self->vp, GUEST_PORT);
	vmm_run_out(self->vp, GUEST_PORT + 1);
	start_at(self->vp, OTHER, 5678, 0);
	EXPECT_EQ(1234, vmm_run_out(self->vp, GUEST_PORT));
	vmm_run_out(self->vp, GUEST_PORT + 1);
	start_at(self->vp, REGION, 0, 0);
	EXPECT_EQ(5678, vmm_run_out(self->vp, GUEST_PORT));
	/* new memory comes to both */
	again = mmap(mem, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		     -1, 0);
	ASSERT_EQ(mem, again);
	*mem = 99;
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
	start_at(self->vp, OTHER, 98, 0);
	EXPECT_EQ(99, vmm_run_out(self->vp, GUEST_PORT));
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
	start_at(self->vp, REGION, 98, 0);
	EXPECT_EQ(99, vmm_run_out(self->vp, GUEST_PORT));
	/* and it may be another partition's, too */
	vmm_setup(&other, 1);
	ASSERT_EQ(0, vmm_set_memory(other.pt, OTHER, mem, 2 * PAGE, VMM_RWX));
	vmm_start64(&other.vp[0], &read_and_write);
	start_at(&other.vp[0], OTHER, 4321, 0);
	EXPECT_EQ(99, vmm_run_out(&other.vp[0], GUEST_PORT));
	vmm_run_out(&other.vp[0], GUEST_PORT + 1);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
	EXPECT_EQ(4321, vmm_run_out(self->vp, GUEST_PORT));
	vmm_teardown(&other);
	PROVES("B-8-022");
}

/* ---- intercepts ---- */

static void check_memory_header(struct __test_metadata *_metadata, struct vmm_vp *vp,
				const struct hv_message *msg, u8 access, u64 gpa)
{
	const struct hv_x64_memory_intercept_message_20 *m = (const void *)msg->payload;
	const struct hv_x64_intercept_message_header *h = &m->base.header;
	u64 rip = vmm_reg(vp, HV_X64_REGISTER_RIP);

	EXPECT_EQ(sizeof(*m), msg->header.payload_size);
	EXPECT_EQ(0, msg->header.message_flags);
	EXPECT_NE(0, msg->header.sender);
	EXPECT_EQ(vp->index, h->vp_index);
	EXPECT_EQ(access, h->intercept_access_type);
	EXPECT_EQ(rip, h->rip);
	EXPECT_EQ(vmm_reg(vp, HV_X64_REGISTER_RFLAGS), h->rflags);
	EXPECT_EQ(VMM_CS64, h->cs_segment.selector);
	EXPECT_EQ(0, h->cs_segment.base);
	EXPECT_EQ(0xa09b, h->cs_segment.attributes);
	EXPECT_EQ(HV_X64_EXECUTION_STATE_CR0_PE | HV_X64_EXECUTION_STATE_EFER_LMA,
		  h->execution_state);
	EXPECT_EQ(0, h->instruction_length_cr8 >> HV_X64_INTERCEPT_CR8_SHIFT);
	EXPECT_EQ(gpa, m->base.gpa);
	EXPECT_TRUE(!(m->base.memory_access_info & HV_X64_MEMORY_ACCESS_GVA_VALID) ||
		    m->base.gva == gpa);
	EXPECT_EQ(VMM_DS, m->ds_segment.selector);
	EXPECT_EQ(0, m->ss_segment.base);
	EXPECT_EQ(vmm_reg(vp, HV_X64_REGISTER_RBX), m->gprs[3]);
	EXPECT_EQ(vmm_reg(vp, HV_X64_REGISTER_RSP), m->gprs[4]);
	EXPECT_EQ(vmm_reg(vp, HV_X64_REGISTER_RCX), m->gprs[1]);
	EXPECT_TRUE(vmm_reg(vp, HV_REGISTER_INTERCEPT_SUSPEND) & HV_SUSPEND_SUSPENDED);
}

static void check_bytes(struct __test_metadata *_metadata, struct vmm *vm,
			const struct hv_message *msg, unsigned int len)
{
	const struct hv_x64_memory_intercept_message *m = (const void *)msg->payload;

	/* all of the instruction at least; what follows it is there too */
	EXPECT_LE(len, m->instruction_byte_count);
	EXPECT_GE(16, m->instruction_byte_count);
	EXPECT_EQ(0, memcmp(m->instruction_bytes, vmm_gpa(vm, m->header.rip),
			    m->instruction_byte_count));
}

TEST_F(memory, unmapped_read_and_write)
{
	struct hv_message msg;

	vmm_start64(self->vp, &read_and_write);
	start_at(self->vp, HOLE + 0x128, 1, 0);
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &msg);
	check_memory_header(_metadata, self->vp, &msg, HV_INTERCEPT_ACCESS_READ, HOLE + 0x128);
	check_bytes(_metadata, &self->vm, &msg, 3);
	/* unhandled, it happens again; handled, the guest goes on */
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &msg);
	EXPECT_EQ(VMM_CODE, vmm_mem_msg(&msg)->base.header.rip);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RAX, 0x4444);
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE + 3);
	EXPECT_EQ(0x4444, vmm_run_out(self->vp, GUEST_PORT));
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &msg);
	check_memory_header(_metadata, self->vp, &msg, HV_INTERCEPT_ACCESS_WRITE, HOLE + 0x128);
	check_bytes(_metadata, &self->vm, &msg, 3);
	/* a mapping made meanwhile resolves it */
	vmm_add_memory(&self->vm, HOLE, PAGE, VMM_RWX);
	vmm_run_out(self->vp, GUEST_PORT + 1);
	EXPECT_EQ(1, vmm_run_out(self->vp, GUEST_PORT));
	PROVES("B-8-002 B-9-001 B-9-002 B-16-003");
}

TEST_F(memory, read_only_region)
{
	u64 *mem = anonymous(PAGE, MAP_PRIVATE);
	struct hv_message msg;

	*mem = 0x5555;
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, TLFS_MEM_EXECUTABLE));
	vmm_start64(self->vp, &read_and_write);
	start_at(self->vp, REGION, 0x6666, 0);
	EXPECT_EQ(0x5555, vmm_run_out(self->vp, GUEST_PORT));
	vmm_run_to(self->vp, HVMSG_GPA_INTERCEPT, &msg);
	check_memory_header(_metadata, self->vp, &msg, HV_INTERCEPT_ACCESS_WRITE, REGION);
	check_bytes(_metadata, &self->vm, &msg, 3);
	EXPECT_EQ(0x5555, *mem);
	/* writable now: the write is made again, and succeeds */
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, TLFS_MEM_UNMAP));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	vmm_run_out(self->vp, GUEST_PORT + 1);
	EXPECT_EQ(0x6666, *mem);
	PROVES("B-8-009 B-8-013 B-16-003");
}

TEST_F(memory, page_table_in_read_only_memory)
{
	u64 *table = anonymous(PAGE, MAP_PRIVATE), *pd;
	struct hv_message msg;

	/* the processor wants to set an accessed bit in there */
	table[0] = VMM_DATA | 7;
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, table, PAGE, TLFS_MEM_EXECUTABLE));
	vmm_start64(self->vp, &read_and_write);
	pd = vmm_gpa(&self->vm, VMM_TABLES + 0x2000);
	pd[512 * 2] = REGION | 7;		/* 0x80000000: 4 KiB pages */
	start_at(self->vp, HOLE + 8, 1, 0);
	vmm_run_to(self->vp, HVMSG_GPA_INTERCEPT, &msg);
	EXPECT_EQ(HV_INTERCEPT_ACCESS_WRITE,
		  vmm_mem_msg(&msg)->base.header.intercept_access_type);
	EXPECT_EQ(REGION, vmm_mem_msg(&msg)->base.gpa & ~7ULL);
	EXPECT_EQ(VMM_DATA | 7, table[0]);
	PROVES("B-8-008");
}

TEST_F(memory, write_across_into_read_only)
{
	unsigned char *mem = anonymous(2 * PAGE, MAP_PRIVATE);
	struct hv_message msg;
	int i;

	memset(mem, 0x77, 2 * PAGE);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION + PAGE, mem + PAGE, PAGE,
				    TLFS_MEM_EXECUTABLE));
	vmm_start64(self->vp, &read_and_write);
	start_at(self->vp, REGION + PAGE - 4, 0, 0);
	vmm_run_out(self->vp, GUEST_PORT);
	vmm_run_to(self->vp, HVMSG_GPA_INTERCEPT, &msg);
	EXPECT_EQ(REGION + PAGE, vmm_mem_msg(&msg)->base.gpa);
	for (i = -4; i < 4; i++)
		EXPECT_EQ(0x77, mem[PAGE + i]);
	/* both pages forbid it: the first is named */
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, TLFS_MEM_UNMAP));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, TLFS_MEM_EXECUTABLE));
	vmm_run_to(self->vp, HVMSG_GPA_INTERCEPT, &msg);
	EXPECT_EQ(REGION + PAGE - 4, vmm_mem_msg(&msg)->base.gpa);
	PROVES("B-8-010 B-16-010");
}

TEST_F(memory, execute_from_region_without_the_right)
{
	unsigned char *mem = anonymous(PAGE, MAP_PRIVATE);
	struct hv_message msg;

	memcpy(mem + 0x40, out_code.start, vmm_code_size(&out_code));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RW));
	vmm_start64(self->vp, &jump);
	start_at(self->vp, REGION + 0x40, 0, 0);
	vmm_run_to(self->vp, HVMSG_GPA_INTERCEPT, &msg);
	check_memory_header(_metadata, self->vp, &msg, HV_INTERCEPT_ACCESS_EXECUTE,
			    REGION + 0x40);
	EXPECT_EQ(REGION + 0x40, vmm_mem_msg(&msg)->base.header.rip);
	/* data it is all the same */
	vmm_start64(self->vp, &read_and_write);
	start_at(self->vp, REGION, 3, 0);
	vmm_run_out(self->vp, GUEST_PORT);
	vmm_run_out(self->vp, GUEST_PORT + 1);
	EXPECT_EQ(3, *(u64 *)mem);
	/* with the right it runs */
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, TLFS_MEM_UNMAP));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	vmm_start64(self->vp, &jump);
	start_at(self->vp, REGION + 0x40, 0, 0);
	vmm_run_out(self->vp, GUEST_PORT);
	EXPECT_EQ(REGION + 0x42, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	PROVES("B-8-012 B-16-003");
}

TEST_F(memory, execute_from_unmapped)
{
	struct hv_message msg;

	vmm_start64(self->vp, &jump);
	start_at(self->vp, HOLE + 0x10, 0, 0);
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &msg);
	check_memory_header(_metadata, self->vp, &msg, HV_INTERCEPT_ACCESS_EXECUTE, HOLE + 0x10);
	EXPECT_EQ(HOLE + 0x10, vmm_mem_msg(&msg)->base.header.rip);
	/* there is nothing there to fetch */
	EXPECT_EQ(0, vmm_mem_msg(&msg)->base.instruction_byte_count);
}

/* an instruction whose last bytes are not there */
TEST_F(memory, instruction_runs_into_the_hole)
{
	unsigned char *mem = anonymous(PAGE, MAP_PRIVATE);
	struct hv_message msg;

	memcpy(mem + PAGE - 2, "\x48\x8b\x03", 2);	/* mov (%rbx), %rax without its last */
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, HOLE - PAGE, mem, PAGE, VMM_RWX));
	vmm_start64(self->vp, &jump);
	start_at(self->vp, HOLE - 2, 0, 0);
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &msg);
	EXPECT_EQ(HV_INTERCEPT_ACCESS_EXECUTE,
		  vmm_mem_msg(&msg)->base.header.intercept_access_type);
	EXPECT_EQ(HOLE, vmm_mem_msg(&msg)->base.gpa);
	EXPECT_EQ(HOLE - 2, vmm_mem_msg(&msg)->base.header.rip);
}

/* ---- the VMM's memory changes while the guest runs ---- */

static void run_on(struct __test_metadata *_metadata, struct vmm *vm, struct vmm_thread *t,
		   u64 gpa)
{
	start_at(&vm->vp[0], gpa, 0, 0);
	vmm_thread_start(t, &vm->vp[0]);
	ASSERT_TRUE(vmm_wait_change(progress(vm), 0));
}

TEST_F(memory, munmap_under_a_reader)
{
	u64 *mem = anonymous(4 * PAGE, MAP_PRIVATE);
	unsigned int i;

	*mem = 1;
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, 4 * PAGE, VMM_RWX));
	vmm_start64(self->vp, &reader);
	run_on(_metadata, &self->vm, &self->t, REGION);
	ASSERT_TRUE(vmm_wait_u64(seen(&self->vm), 1));
	for (i = 2; i < 20; i++) {
		/* a page that is ready takes the place of the old one at once */
		u64 *fresh = anonymous(PAGE, MAP_PRIVATE);

		*fresh = i;
		ASSERT_EQ(mem, mremap(fresh, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, mem));
		ASSERT_TRUE(vmm_wait_u64(seen(&self->vm), i));
	}
	/* with nothing there RUN_VP comes back */
	munmap(mem, 4 * PAGE);
	ASSERT_TRUE(vmm_thread_wait(&self->t, VMM_LONG));
	EXPECT_EQ(-EFAULT, self->t.ret);
	vmm_thread_stop(&self->t);
}

/* A stale entry would let the guest go on writing to pages that are somebody else's by now. */
TEST_F(memory, no_stale_page_under_a_writer)
{
	u64 *mem = anonymous(PAGE, MAP_PRIVATE), *old;
	unsigned int i;

	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	vmm_start64(self->vp, &writer);
	run_on(_metadata, &self->vm, &self->t, REGION);
	for (i = 0; i < 10; i++) {
		old = anonymous(PAGE, MAP_PRIVATE);
		/* the page moves away, with what it holds, and another one takes its place */
		ASSERT_EQ(old, mremap(mem, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, old));
		ASSERT_EQ(mem, mmap(mem, PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
		while (!vmm_moves(mem, VMM_SHORT)) {
			/* it came between the two, and found nothing */
			ASSERT_TRUE(vmm_thread_wait(&self->t, VMM_LONG));
			ASSERT_EQ(-EFAULT, self->t.ret);
			vmm_thread_stop(&self->t);
			vmm_thread_start(&self->t, self->vp);
		}
		EXPECT_FALSE(vmm_moves(old, 5));
		EXPECT_TRUE(vmm_moves(mem, VMM_LONG));
		munmap(old, PAGE);
	}
}

TEST_F(memory, dontneed_under_a_reader)
{
	u64 *mem = anonymous(PAGE, MAP_PRIVATE);
	unsigned int i;

	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	*mem = 1;
	vmm_start64(self->vp, &reader);
	run_on(_metadata, &self->vm, &self->t, REGION);
	for (i = 1; i < 10; i++) {
		ASSERT_TRUE(vmm_wait_u64(seen(&self->vm), i));
		ASSERT_EQ(0, madvise(mem, PAGE, MADV_DONTNEED));
		ASSERT_TRUE(vmm_wait_u64(seen(&self->vm), 0));
		/* the zeros the guest reads are everybody's: the VMM's write makes a page */
		STORE(mem, i + 1);
	}
}

TEST_F(memory, mprotect_under_a_writer)
{
	u64 *mem = anonymous(PAGE, MAP_PRIVATE);
	u64 was;

	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	vmm_start64(self->vp, &writer);
	run_on(_metadata, &self->vm, &self->t, REGION);
	/* the guest may do no more with the memory than the VMM may */
	ASSERT_EQ(0, mprotect(mem, PAGE, PROT_READ));
	ASSERT_TRUE(vmm_thread_wait(&self->t, VMM_LONG));
	EXPECT_EQ(0, self->t.ret);
	EXPECT_EQ(HVMSG_GPA_INTERCEPT, self->t.msg.header.message_type);
	EXPECT_EQ(REGION, vmm_mem_msg(&self->t.msg)->base.gpa);
	was = LOAD(mem);
	vmm_thread_stop(&self->t);
	ASSERT_EQ(0, mprotect(mem, PAGE, PROT_NONE));
	vmm_thread_start(&self->t, self->vp);
	ASSERT_TRUE(vmm_thread_wait(&self->t, VMM_LONG));
	EXPECT_EQ(-EFAULT, self->t.ret);
	vmm_thread_stop(&self->t);
	ASSERT_EQ(0, mprotect(mem, PAGE, PROT_READ | PROT_WRITE));
	EXPECT_EQ(was, LOAD(mem));
	vmm_thread_start(&self->t, self->vp);
	EXPECT_TRUE(vmm_wait_change(mem, was));
	EXPECT_LT(was, LOAD(mem));
}

/* the child of a fork has the memory of that moment, whatever the guest does then */
TEST_F(memory, fork_under_a_writer)
{
	u64 *mem = anonymous(PAGE, MAP_PRIVATE);
	int up[2], down[2], status;
	u64 at_fork, later;
	pid_t pid;
	char c;

	ASSERT_EQ(0, pipe(up));
	ASSERT_EQ(0, pipe(down));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	vmm_start64(self->vp, &writer);
	run_on(_metadata, &self->vm, &self->t, REGION);
	pid = fork();
	ASSERT_LE(0, pid);
	if (!pid) {
		at_fork = LOAD(mem);
		c = write(up[1], "1", 1);
		c = read(down[0], &c, 1);
		later = LOAD(mem);
		_exit(at_fork == later ? 0 : 1);
	}
	ASSERT_EQ(1, read(up[0], &c, 1));
	/* the guest goes on in the parent's memory */
	EXPECT_TRUE(vmm_moves(mem, VMM_LONG));
	EXPECT_TRUE(vmm_moves(mem, VMM_LONG));
	ASSERT_EQ(1, write(down[1], "1", 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(0, WEXITSTATUS(status));
	EXPECT_TRUE(vmm_moves(mem, VMM_LONG));
}

TEST_F(memory, region_removed_under_a_reader)
{
	u64 *mem = anonymous(PAGE, MAP_PRIVATE), *other = anonymous(PAGE, MAP_PRIVATE);
	unsigned int i;

	*mem = 1;
	*other = 2;
	vmm_start64(self->vp, &reader);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
	run_on(_metadata, &self->vm, &self->t, REGION);
	for (i = 0; i < 5; i++) {
		ASSERT_TRUE(vmm_wait_u64(seen(&self->vm), 1));
		ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, TLFS_MEM_UNMAP));
		ASSERT_TRUE(vmm_thread_wait(&self->t, VMM_LONG));
		ASSERT_EQ(0, self->t.ret);
		EXPECT_EQ(HVMSG_UNMAPPED_GPA, self->t.msg.header.message_type);
		EXPECT_EQ(REGION, vmm_mem_msg(&self->t.msg)->base.gpa);
		ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, other, PAGE, VMM_RWX));
		vmm_thread_stop(&self->t);
		vmm_thread_start(&self->t, self->vp);
		ASSERT_TRUE(vmm_wait_u64(seen(&self->vm), 2));
		ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, other, PAGE, TLFS_MEM_UNMAP));
		ASSERT_TRUE(vmm_thread_wait(&self->t, VMM_LONG));
		ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION, mem, PAGE, VMM_RWX));
		vmm_thread_stop(&self->t);
		vmm_thread_start(&self->t, self->vp);
	}
}

/* ---- large pages ---- */

/* bytes of the process' memory in transparent huge pages */
static long huge_bytes(void)
{
	char line[256];
	long kb, sum = 0;
	FILE *f = fopen("/proc/self/smaps", "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "AnonHugePages: %ld kB", &kb) == 1)
			sum += kb * 1024;
	if (f)
		fclose(f);
	return sum;
}

#define CHUNKS	4

/* the module's pages it costs to touch 64 pages in each of CHUNKS chunks of 2 MiB */
static long cost_of(struct __test_metadata *_metadata, struct vmm *vm, unsigned char *mem,
		    u64 gpa)
{
	long before;

	ASSERT_EQ(0, vmm_set_memory(vm->pt, gpa, mem, CHUNKS * HUGE, VMM_RWX));
	vmm_start64(&vm->vp[0], &sweep);
	start_at(&vm->vp[0], gpa + 8, HUGE / 64, 1);
	vmm_run_out(&vm->vp[0], GUEST_PORT);
	before = vmm_count("pages");
	vmm_start64(&vm->vp[0], &sweep);
	start_at(&vm->vp[0], gpa + HUGE, HUGE / 64, 64 * (CHUNKS - 1));
	EXPECT_EQ(64 * (CHUNKS - 1), vmm_run_out(&vm->vp[0], GUEST_PORT));
	return vmm_count("pages") - before;
}

TEST_F(memory, large_pages)
{
	unsigned char *raw = anonymous((2 * CHUNKS + 1) * HUGE, MAP_PRIVATE), *mem, *small;
	struct hv_message msg;
	unsigned int i;

	mem = (unsigned char *)(((uintptr_t)raw + HUGE - 1) & ~(HUGE - 1));
	small = mem + CHUNKS * HUGE;
	if (madvise(mem, CHUNKS * HUGE, MADV_HUGEPAGE))
		SKIP(return, "this kernel has no transparent huge pages");
	ASSERT_EQ(0, madvise(small, CHUNKS * HUGE, MADV_NOHUGEPAGE));
	for (i = 0; i < CHUNKS; i++)
		mem[i * HUGE] = 0;
	if (huge_bytes() < (long)(CHUNKS * HUGE))
		SKIP(return, "no huge page to be had");
	/* one entry of a directory each, or a table of 512 entries each */
	EXPECT_EQ(0, cost_of(_metadata, &self->vm, mem, REGION));
	EXPECT_EQ(CHUNKS - 1, cost_of(_metadata, &self->vm, small, OTHER));
	for (i = 0; i < 64 * (CHUNKS - 1); i++) {
		EXPECT_EQ(i + 1, *(u64 *)(mem + HUGE + i * HUGE / 64));
		EXPECT_EQ(i + 1, *(u64 *)(small + HUGE + i * HUGE / 64));
	}

	/* the host takes one page out of a large one, and gives back another */
	ASSERT_EQ(0, madvise(mem + HUGE + 5 * PAGE, PAGE, MADV_DONTNEED));
	STORE((u64 *)(mem + HUGE + 4 * PAGE), 0x444);
	STORE((u64 *)(mem + HUGE + 6 * PAGE), 0x666);
	vmm_start64(self->vp, &read_and_write);
	for (i = 4; i <= 6; i++) {
		vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
		start_at(self->vp, REGION + HUGE + i * PAGE, 0x1000 + i, 0);
		EXPECT_EQ(i == 5 ? 0 : 0x111 * i, vmm_run_out(self->vp, GUEST_PORT));
		vmm_run_out(self->vp, GUEST_PORT + 1);
		EXPECT_EQ(0x1000 + i, *(u64 *)(mem + HUGE + i * PAGE));
	}
	/* rights are the region's: a large page does not reach beyond it */
	vmm_set_reg(self->vp, HV_X64_REGISTER_RIP, VMM_CODE);
	start_at(self->vp, REGION + CHUNKS * HUGE, 0, 0);
	vmm_run_to(self->vp, HVMSG_UNMAPPED_GPA, &msg);
	PROVES("B-8-023");
}

/* memory that is huge in the host, at an address that is not */
TEST_F(memory, large_page_at_an_odd_address)
{
	unsigned char *raw = anonymous(3 * HUGE, MAP_PRIVATE), *mem;
	unsigned int i;

	mem = (unsigned char *)(((uintptr_t)raw + HUGE - 1) & ~(HUGE - 1));
	madvise(mem, 2 * HUGE, MADV_HUGEPAGE);
	memset(mem, 0, 2 * HUGE);
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, REGION + PAGE, mem, 2 * HUGE - PAGE, VMM_RWX));
	vmm_start64(self->vp, &sweep);
	start_at(self->vp, REGION + PAGE, PAGE, 511 + 512);
	EXPECT_EQ(511 + 512, vmm_run_out(self->vp, GUEST_PORT));
	for (i = 0; i < 511 + 512; i++)
		EXPECT_EQ(i + 1, *(u64 *)(mem + i * PAGE));
	EXPECT_EQ(0, *(u64 *)(mem + 1023 * PAGE));
}

TEST_HARNESS_MAIN
