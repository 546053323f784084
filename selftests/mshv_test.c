// SPDX-License-Identifier: GPL-2.0-only
/*
 * mshv_test.c - a VMM of the published interface starts up: the calls, their order, their values
 *
 * The sequence is that of QEMU's accelerator "mshv" (11.1): what it asks before it creates
 * anything, what each of its VP threads sets up before there is memory, the full load of registers,
 * the run loop on the register page, and the same registers read and written back.  Then Cloud
 * Hypervisor's: created frozen, and saved and continued, which QEMU cannot do.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness.h"

#define PAGE		TLFS_PAGE_SIZE
#define ARRAY(a)	(sizeof(a) / sizeof((a)[0]))

#define DEVICE		"/dev/mshv"

/* what it asks for: see the names of HV_SYNTHETIC_FEATURE_* */
#define QEMU_FEATURES	0x06400ffbULL
#define QEMU_FLAGS	(TLFS_PT_LAPIC | TLFS_PT_X2APIC | TLFS_PT_GPA_LARGE_PAGES | \
			 TLFS_PT_CPU_FEATURES)
#define LA57		(1ULL << 4)	/* of bank 1 */
#define IOAPIC_PINS	24
#define MAX_REGS	64

FIXTURE(mshv) {
	struct vmm vm;
	struct vmm_vp *vp;
	struct hv_vp_register_page *page;
	u8 *state;
};

static int features(int fd, u64 bank[2])
{
	return vmm_get_property(fd, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, &bank[0]) ?:
	       vmm_get_property(fd, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1, &bank[1]);
}

/* the accelerator's start, in its main thread */
FIXTURE_SETUP(mshv)
{
	struct tlfs_create_partition_v2 create = { .v1.flags = QEMU_FLAGS, .num_banks = 2 };
	struct {
		struct tlfs_user_irq_table head;
		struct tlfs_user_irq_entry entry[IOAPIC_PINS];
	} routes = { .head.nr = IOAPIC_PINS };
	struct vmm *vm = &self->vm;
	u64 host[2], guest[2];
	unsigned int i;

	for (i = 0; i < VMM_VPS; i++)
		vm->vp[i] = (struct vmm_vp) { .fd = -1, .index = i, .vm = vm };
	self->vp = &vm->vp[0];
	vm->dev = open(DEVICE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, vm->dev)
		TH_LOG("%s: is tlfs.ko loaded with mshv=1?", DEVICE);

	ASSERT_EQ(0, features(vm->dev, host));
	create.disabled_features[0] = ~host[0];
	create.disabled_features[1] = ~host[1] | LA57;
	vm->pt = vmm_ioctl(vm->dev, TLFS_CREATE_PARTITION, &create);
	ASSERT_LE(0, vm->pt);
	ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      QEMU_FEATURES));
	ASSERT_EQ(0, vmm_ioctl(vm->pt, TLFS_INITIALIZE_PARTITION, NULL));
	ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1));
	ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	ASSERT_EQ(0, vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
	ASSERT_EQ(0, features(vm->pt, guest));
	ASSERT_EQ(host[0], guest[0]);
	ASSERT_EQ(host[1] & ~LA57, guest[1]);
	for (i = 0; i < IOAPIC_PINS; i++)
		routes.entry[i].gsi = i;
	ASSERT_EQ(0, vmm_ioctl(vm->pt, TLFS_SET_MSI_ROUTING, &routes));

	vm->vp[0].fd = vmm_create_vp(vm->pt, 0);
	ASSERT_LE(0, vm->vp[0].fd);
	self->page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, vm->vp[0].fd, 0);
	ASSERT_NE(MAP_FAILED, self->page);
	self->state = vmm_alloc(PAGE);
}

FIXTURE_TEARDOWN(mshv)
{
	munmap(self->page, PAGE);
	vmm_teardown(&self->vm);
	EXPECT_TRUE(vmm_count_settles("pages", 0));
}

/* ---- blocks of registers, one call each ---- */

struct block {
	unsigned int nr;
	u32 name[MAX_REGS];
	union hv_register_value val[MAX_REGS];
};

static void add(struct block *b, u32 name, u64 val)
{
	b->name[b->nr] = name;
	b->val[b->nr].reg64 = val;
	b->nr++;
}

static int set_block(struct vmm_vp *vp, const struct block *b)
{
	struct {
		struct hv_input_set_vp_registers head;
		struct hv_register_assoc reg[MAX_REGS];
	} in = { .head.vp_index = vp->index };
	u16 reps = b->nr;
	unsigned int i;
	int ret;

	for (i = 0; i < b->nr; i++)
		in.reg[i] = (struct hv_register_assoc) { .name = b->name[i], .value = b->val[i] };
	ret = vmm_call_reps(vp->fd, HVCALL_SET_VP_REGISTERS, &reps, &in,
			    sizeof(in.head) + b->nr * sizeof(in.reg[0]), NULL, 0);
	if (ret || reps != b->nr)
		fprintf(stderr, "# register %#x: %#x\n", b->name[reps < b->nr ? reps : 0], ret);
	return ret ?: reps != b->nr;
}

static int get_block(struct vmm_vp *vp, struct block *b)
{
	struct {
		struct hv_input_get_vp_registers head;
		u32 name[MAX_REGS];
	} in = { .head.vp_index = vp->index };
	u16 reps = b->nr;
	int ret;

	memcpy(in.name, b->name, b->nr * sizeof(u32));
	ret = vmm_call_reps(vp->fd, HVCALL_GET_VP_REGISTERS, &reps, &in,
			    sizeof(in.head) + b->nr * sizeof(u32), b->val,
			    b->nr * sizeof(b->val[0]));
	if (ret || reps != b->nr)
		fprintf(stderr, "# register %#x: %#x\n", b->name[reps < b->nr ? reps : 0], ret);
	return ret ?: reps != b->nr;
}

/* ---- a VP's own thread, before there is memory ---- */

struct cpuid_leaf {
	u32 eax, ebx, ecx, edx;
};

static struct cpuid_leaf host_cpuid(u32 leaf, u32 index)
{
	struct cpuid_leaf r;

	asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx)
		     : "0"(leaf), "2"(index));
	return r;
}

static int register_leaf(struct vmm_vp *vp, u32 leaf, u32 index, bool single)
{
	struct cpuid_leaf r = host_cpuid(leaf, index);
	struct hv_input_register_intercept_result in = {
		.vp_index = vp->index, .intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
		.parameters.cpuid = {
			.eax = leaf, .ecx = index,
			.subleaf_specific = single, .always_override = 1,
			.result = {
				.eax = r.eax, .eax_mask = ~0u,
				/* the hypervisor's to compute: it follows XCR0 */
				.ebx = r.ebx, .ebx_mask = leaf == 0xd && index < 2 ? 0 : ~0u,
				.ecx = r.ecx, .ecx_mask = ~0u,
				.edx = r.edx, .edx_mask = ~0u,
			},
		},
	};

	return vmm_call(vp->fd, HVCALL_REGISTER_INTERCEPT_RESULT, &in, sizeof(in), NULL, 0);
}

static bool has_subleaves(u32 leaf)
{
	return leaf == 4 || leaf == 7 || leaf == 0xf || leaf == 0x10;
}

/* @calls: how many it took */
static int register_leaves(struct vmm_vp *vp, u32 first, unsigned int *calls)
{
	u32 last = host_cpuid(first, 0).eax, leaf, i, nr;
	int ret;

	/* a leaf of many, and no more than the emulated host has */
	last = last > first + 0x26 ? first + 0x26 : last;
	for (leaf = first; leaf <= last; leaf++) {
		bool single = has_subleaves(leaf) || leaf == 0xb || leaf == 0xd || leaf == 0x1f ||
			      leaf == 0x8000001e || leaf == 0x80000026;

		nr = leaf == 0xd ? 64 : has_subleaves(leaf) ? 32 : 1;
		for (i = 0; i < nr; i++) {
			struct cpuid_leaf r = host_cpuid(leaf, i);

			if (i && has_subleaves(leaf) && !(r.eax | r.ebx | r.ecx | r.edx))
				break;
			ret = register_leaf(vp, leaf, i, single);
			if (ret)
				return ret;
			(*calls)++;
		}
	}
	return 0;
}

static int vp_state(struct vmm_vp *vp, u8 type, void *page, bool set)
{
	struct tlfs_get_set_vp_state arg = {
		.type = type, .buf_sz = PAGE, .buf_ptr = (uintptr_t)page,
	};

	return vmm_ioctl(vp->fd, set ? TLFS_SET_VP_STATE : TLFS_GET_VP_STATE, &arg);
}

TEST_F(mshv, vp_thread)
{
	struct hv_local_interrupt_controller_state *lapic = (void *)self->state;
	struct vmm_vp *vp = self->vp;
	struct block msrs = { 0 };
	unsigned int calls = 0;

	EXPECT_EQ(0, register_leaves(vp, 0, &calls));
	EXPECT_EQ(0, register_leaves(vp, 0x80000000, &calls));
	EXPECT_LT(80, calls);

	add(&msrs, HV_X64_REGISTER_SYSENTER_CS, 0);
	add(&msrs, HV_X64_REGISTER_SYSENTER_ESP, 0);
	add(&msrs, HV_X64_REGISTER_SYSENTER_EIP, 0);
	add(&msrs, HV_X64_REGISTER_STAR, 0);
	add(&msrs, HV_X64_REGISTER_CSTAR, 0);
	add(&msrs, HV_X64_REGISTER_LSTAR, 0);
	add(&msrs, HV_X64_REGISTER_KERNEL_GS_BASE, 0);
	add(&msrs, HV_X64_REGISTER_SFMASK, 0);
	add(&msrs, HV_X64_REGISTER_MSR_MTRR_DEF_TYPE, 0x806);
	EXPECT_EQ(0, set_block(vp, &msrs));

	/* LINT0 is ExtINT, LINT1 NMI; their mask bits stay */
	EXPECT_EQ(0, vp_state(vp, TLFS_VP_STATE_LAPIC, lapic, false));
	lapic->apic_lvt_lint0 = (lapic->apic_lvt_lint0 & ~0x700u) | 0x700;
	lapic->apic_lvt_lint1 = (lapic->apic_lvt_lint1 & ~0x700u) | 0x400;
	EXPECT_EQ(0, vp_state(vp, TLFS_VP_STATE_LAPIC, lapic, true));
	memset(lapic, 0, PAGE);
	EXPECT_EQ(0, vp_state(vp, TLFS_VP_STATE_LAPIC, lapic, false));
	EXPECT_EQ(0x10700, lapic->apic_lvt_lint0);
	EXPECT_EQ(0x10400, lapic->apic_lvt_lint1);
}

/* ---- the register load ---- */

static void segment(struct block *b, u32 name, u64 base, u32 limit, u16 selector, u16 attributes)
{
	add(b, name, 0);
	b->val[b->nr - 1].segment = (struct hv_x64_segment_register) {
		.base = base, .limit = limit, .selector = selector, .attributes = attributes,
	};
}

static void table(struct block *b, u32 name, u64 base, u16 limit)
{
	add(b, name, 0);
	b->val[b->nr - 1].table.base = base;
	b->val[b->nr - 1].table.limit = limit;
}

/* the processor's reset, as this VMM has it */
static void reset_blocks(struct block b[5])
{
	unsigned int i;

	memset(b, 0, 5 * sizeof(*b));
	for (i = 0; i < 16; i++)
		add(&b[0], HV_X64_REGISTER_RAX + i, i == 3 ? 0x600 : 0);
	add(&b[0], HV_X64_REGISTER_RIP, 0xfff0);
	add(&b[0], HV_X64_REGISTER_RFLAGS, 2);

	segment(&b[1], HV_X64_REGISTER_CS, 0xffff0000, 0xffff, 0xf000, 0x9b);
	for (i = 0; i < 5; i++) {
		static const u32 names[] = {
			HV_X64_REGISTER_DS, HV_X64_REGISTER_ES, HV_X64_REGISTER_FS,
			HV_X64_REGISTER_GS, HV_X64_REGISTER_SS,
		};

		segment(&b[1], names[i], 0, 0xffff, 0, 0x93);
	}
	segment(&b[1], HV_X64_REGISTER_TR, 0, 0xffff, 0, 0x8b);
	segment(&b[1], HV_X64_REGISTER_LDTR, 0, 0xffff, 0, 0x82);
	table(&b[1], HV_X64_REGISTER_GDTR, 0, 0xffff);
	table(&b[1], HV_X64_REGISTER_IDTR, 0, 0xffff);
	add(&b[1], HV_X64_REGISTER_CR0, 0x60000010);
	add(&b[1], HV_X64_REGISTER_CR2, 0);
	add(&b[1], HV_X64_REGISTER_CR3, 0);
	add(&b[1], HV_X64_REGISTER_CR4, 0);
	add(&b[1], HV_X64_REGISTER_CR8, 0);
	add(&b[1], HV_X64_REGISTER_EFER, 0);
	add(&b[1], HV_X64_REGISTER_APIC_BASE, 0xfee00900);

	add(&b[2], HV_X64_REGISTER_XFEM, 1);

	for (i = 0; i < 16; i++)
		add(&b[3], HV_X64_REGISTER_XMM0 + i, 0);
	for (i = 0; i < 8; i++)
		add(&b[3], HV_X64_REGISTER_FP_MMX0 + i, 0);
	add(&b[3], HV_X64_REGISTER_FP_CONTROL_STATUS, 0x37f);
	add(&b[3], HV_X64_REGISTER_XMM_CONTROL_STATUS, 0);
	b[3].val[25].reg128.high = 0xffff00001f80;
}

static void msr_block(struct block *b)
{
	static const u32 names[] = {
		HV_X64_REGISTER_EFER, HV_X64_REGISTER_PAT, HV_X64_REGISTER_SYSENTER_CS,
		HV_X64_REGISTER_SYSENTER_ESP, HV_X64_REGISTER_SYSENTER_EIP, HV_X64_REGISTER_STAR,
		HV_X64_REGISTER_LSTAR, HV_X64_REGISTER_CSTAR, HV_X64_REGISTER_SFMASK,
		HV_X64_REGISTER_KERNEL_GS_BASE, HV_X64_REGISTER_TSC, HV_X64_REGISTER_TSC_AUX,
		HV_X64_REGISTER_HYPERCALL, HV_X64_REGISTER_GUEST_OS_ID,
		HV_REGISTER_REFERENCE_TSC, HV_X64_REGISTER_SCONTROL, HV_X64_REGISTER_SIEFP,
		HV_X64_REGISTER_SIMP, HV_X64_REGISTER_MSR_MTRR_DEF_TYPE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY(names); i++)
		add(b, names[i], names[i] == HV_X64_REGISTER_PAT ? 0x0007040600070406ULL : 0);
	for (i = 0; i < 8; i++)
		add(b, HV_X64_REGISTER_MSR_MTRR_PHYS_BASE0 + i, 0);
	for (i = 0; i < 8; i++)
		add(b, HV_X64_REGISTER_MSR_MTRR_PHYS_MASK0 + i, 0);
	for (i = 0; i < 11; i++)
		add(b, HV_X64_REGISTER_MSR_MTRR_FIX64K00000 + i, 0);
}

static void event_block(struct block *b)
{
	add(b, HV_X64_REGISTER_PENDING_INTERRUPTION, 0);
	add(b, HV_X64_REGISTER_INTERRUPT_STATE, 0);
	add(b, HV_REGISTER_PENDING_EVENT0, 0);
}

/* everything, in its order; the XSAVE image comes behind the FPU's registers and wins */
static int load_all(struct vmm_vp *vp, struct block b[5], u8 *xsave)
{
	struct block events = { 0 };
	unsigned int i;
	int ret;

	for (i = 0; i < 5; i++) {
		ret = set_block(vp, &b[i]);
		if (ret)
			return ret;
	}
	ret = vp_state(vp, TLFS_VP_STATE_XSAVE, xsave, true);
	if (ret)
		return ret;
	event_block(&events);
	return set_block(vp, &events);
}

static int read_all(struct vmm_vp *vp, struct block b[5], u8 *xsave)
{
	struct block events = { 0 };
	unsigned int i;
	int ret;

	for (i = 0; i < 5; i++) {
		ret = get_block(vp, &b[i]);
		if (ret)
			return ret;
	}
	event_block(&events);
	return get_block(vp, &events) ?: vp_state(vp, TLFS_VP_STATE_XSAVE, xsave, false);
}

static int reset_load(struct vmm_vp *vp, struct block b[5], u8 *xsave)
{
	reset_blocks(b);
	msr_block(&b[4]);
	if (vp_state(vp, TLFS_VP_STATE_XSAVE, xsave, false))
		return -1;
	/* control and tag words of FNINIT, and the components are in use */
	memcpy(xsave, "\x7f\x03\0\0\0", 5);
	memcpy(xsave + 24, "\x80\x1f\0\0", 4);
	xsave[512] |= 3;
	return load_all(vp, b, xsave);
}

TEST_F(mshv, reset_load)
{
	struct block b[5], back[5];
	unsigned int i, j;

	ASSERT_EQ(0, reset_load(self->vp, b, self->state));
	/* in the compacted format */
	EXPECT_NE(0, self->state[527] & 0x80);
	memcpy(back, b, sizeof(b));
	ASSERT_EQ(0, read_all(self->vp, back, self->state));
	for (i = 0; i < 5; i++)
		for (j = 0; j < b[i].nr; j++) {
			if (b[i].name[j] == HV_X64_REGISTER_TSC)
				continue;
			EXPECT_EQ(b[i].val[j].reg64, back[i].val[j].reg64)
				TH_LOG("register %#x", b[i].name[j]);
		}
	/* what was read can be loaded, TSC and all */
	EXPECT_EQ(0, load_all(self->vp, back, self->state));
}

/* ---- the run loop ---- */

/* counts at 0x2000, writes to a port, to a doorbell's page, and to nowhere */
GUEST_CODE(start16, "16",
	   "1:	incw	0x2000\n\t"
	   "mov	0x2000, %ax\n\t"
	   "mov	$0xcafe, %dx\n\t"
	   "outw	%ax, %dx\n\t"
	   "mov	$0x8000, %bx\n\t"
	   "mov	%bx, %ds\n\t"
	   "mov	%ax, 0x10\n\t"
	   "xor	%bx, %bx\n\t"
	   "mov	%bx, %ds\n\t"
	   "jmp	1b");

#define RAM	0x10000

TEST_F(mshv, run_loop)
{
	struct hv_vp_register_page *page = self->page;
	struct vmm_vp *vp = self->vp;
	struct block b[5];
	struct hv_message msg;
	u8 *ram = vmm_alloc(RAM);
	unsigned int i;

	/* memory comes last, the same twice: low and below 4 GiB */
	memcpy(ram + RAM - 16 - 0x100, start16.start, vmm_code_size(&start16));
	memcpy(ram + RAM - 16, "\xe9\xfd\xfe", 3);	/* jmp to it, 0x100 before */
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, 0, ram, RAM, VMM_RWX));
	ASSERT_EQ(0, vmm_set_memory(self->vm.pt, 0xffff0000, ram, RAM, TLFS_MEM_EXECUTABLE));
	ASSERT_EQ(0, reset_load(vp, b, self->state));
	ASSERT_NE(0, page->is_valid);

	for (i = 1; i <= 20; i++) {
		vmm_run_to(vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
		EXPECT_EQ(0xcafe, vmm_io_msg(&msg)->port_number);
		EXPECT_EQ(i, vmm_io_msg(&msg)->rax & 0xffff);
		/* after a port it uses hypercalls only */
		vmm_skip(vp, &msg);

		vmm_run_to(vp, HVMSG_UNMAPPED_GPA, &msg);
		EXPECT_EQ(0x80010, vmm_mem_msg(&msg)->base.gpa);
		/* and the page to step over an instruction it emulated */
		EXPECT_EQ(i, page->gprs[0] & 0xffff);
		EXPECT_EQ(vmm_mem_msg(&msg)->base.header.rip, page->rip);
		EXPECT_EQ(0x8000, page->ds.selector);
		page->rip += 3;
		page->gprs[1] = i;
		page->dirty |= 0x13;
		/* in the same breath, special registers by hypercall */
		ASSERT_EQ(0, get_block(vp, &b[1]));
		ASSERT_EQ(0, set_block(vp, &b[1]));
		EXPECT_EQ(i, vmm_reg(vp, HV_X64_REGISTER_RCX));
		if (i % 5)
			continue;
		/* now and then somebody looks at everything */
		ASSERT_EQ(0, read_all(vp, b, self->state));
		ASSERT_EQ(0, load_all(vp, b, self->state));
	}
	munmap(ram, RAM);
}

/* ---- Cloud Hypervisor: a guest is created frozen, saved, and continued elsewhere ---- */

/* VP registers, GPA flushes */
#define CLH_FEATURES	(QEMU_FEATURES | 1ULL << 38 | 1ULL << 53)
#define CLH_XSAVE	(1ULL << 0 | 1ULL << 1 | 1ULL << 2 | 1ULL << 3 | 1ULL << 4 | 1ULL << 11 | \
			 1ULL << 12)
#define RESERVED0	(1ULL << 63)
#define NESTED		(1ULL << 6)	/* of bank 1 */

/* each output is one more than the last */
GUEST_CODE(counter, "16", "1: inc %bx\n\tmov %bx, %ax\n\toutw %ax, $0xe0\n\tjmp 1b");

static int clh_create(struct vmm *vm)
{
	struct tlfs_create_partition_v2 create = {
		.v1.flags = QEMU_FLAGS, .num_banks = 2, .disabled_xsave = ~CLH_XSAVE,
	};
	struct hv_input_get_partition_property_ex in = {
		.property_code = HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES,
	};
	static u64 offered[HV_PARTITION_PROPERTY_EX_MAX_SIZE / sizeof(u64)];
	u64 host[2], val;

	vm->dev = open(DEVICE, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (vm->dev < 0 || features(vm->dev, host) ||
	    vmm_call(vm->dev, HVCALL_GET_PARTITION_PROPERTY_EX, &in, sizeof(in), offered,
		     sizeof(offered)))
		return -1;
	create.disabled_features[0] = ~host[0] | RESERVED0;
	create.disabled_features[1] = ~host[1] | NESTED;
	vm->pt = vmm_ioctl(vm->dev, TLFS_CREATE_PARTITION, &create);
	if (vm->pt < 0)
		return -2;
	/* it asks for what is offered, which has to be enough for its guests */
	val = CLH_FEATURES & offered[1];
	if ((val & QEMU_FEATURES) != QEMU_FEATURES ||
	    vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, val) ||
	    vmm_ioctl(vm->pt, TLFS_INITIALIZE_PARTITION, NULL) ||
	    vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1) ||
	    vmm_set_property(vm->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1))
		return -3;
	/* what decides which MSRs it saves */
	if (vmm_get_property(vm->pt, HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES, &val) ||
	    val & ~CLH_XSAVE || features(vm->pt, host) ||
	    vmm_get_property(vm->pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, &val))
		return -4;
	vm->vp[0].fd = vmm_create_vp(vm->pt, 0);
	return vm->vp[0].fd < 0 ? -5 : 0;
}

/* what it saves of a VP, in the order in which it is put back; a call each */
static void clh_blocks(struct block b[8])
{
	static const u32 more[] = {
		HV_X64_REGISTER_APIC_BASE, HV_X64_REGISTER_DEBUG_CTL, HV_REGISTER_EOM,
	};
	unsigned int i;

	reset_blocks(b);
	/* registers, special ones, XCR0 and FPU go behind MSRs and events */
	b[5] = b[2];
	b[4] = b[3];
	b[3] = b[1];
	b[2] = b[0];
	memset(b, 0, 2 * sizeof(*b));
	memset(&b[6], 0, 2 * sizeof(*b));
	msr_block(&b[0]);
	for (i = 0; i < ARRAY(more); i++)
		add(&b[0], more[i], 0);
	event_block(&b[1]);
	add(&b[1], HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0);
	add(&b[1], HV_REGISTER_PENDING_EVENT1, 0);
	add(&b[6], HV_X64_REGISTER_HYPERCALL, 0);
	for (i = 0; i < 4; i++)
		add(&b[7], HV_X64_REGISTER_DR0 + i, 0);
	add(&b[7], HV_X64_REGISTER_DR6, 0);
	add(&b[7], HV_X64_REGISTER_DR7, 0);
	for (i = 0; i < 16; i++)
		add(&b[7], HV_REGISTER_SINT0 + i, 0);
}

TEST(cloud_hypervisor)
{
	static struct vmm vm[2];
	static struct block b[8];
	u8 *ram = vmm_alloc(RAM), *states = vmm_alloc(TLFS_VP_STATE_COUNT * PAGE);
	struct tlfs_run_vp out;
	struct hv_message msg;
	unsigned int i, j, round;
	u64 time = 0, now;

	memcpy(ram + 0x1000, counter.start, vmm_code_size(&counter));
	for (round = 0; round < 2; round++) {
		struct vmm *v = &vm[round];
		struct vmm_vp *vp = &v->vp[0];

		for (i = 0; i < VMM_VPS; i++)
			v->vp[i] = (struct vmm_vp) { .fd = -1, .index = i, .vm = v };
		ASSERT_EQ(0, clh_create(v));
		ASSERT_EQ(0, vmm_set_memory(v->pt, 0, ram, RAM, VMM_RWX));
		if (!round) {
			vmm_real_mode(vp, 0x1000);
			vmm_set_reg(vp, HV_X64_REGISTER_RBX, 0);
		} else {
			for (j = 0; j < 8; j++)
				ASSERT_EQ(0, set_block(vp, &b[j]));
			for (j = 0; j < TLFS_VP_STATE_COUNT; j++)
				ASSERT_EQ(0, vp_state(vp, j, states + j * PAGE, true));
			ASSERT_EQ(0, vmm_set_property(v->pt, HV_PARTITION_PROPERTY_REFERENCE_TIME,
						      time));
		}
		/* frozen, nothing runs, and nothing comes of it */
		EXPECT_EQ(-EINTR, vmm_ioctl(vp->fd, TLFS_RUN_VP, &out));
		ASSERT_EQ(0, vmm_set_property(v->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
		for (i = 1; i <= 5; i++) {
			vmm_run_to(vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
			EXPECT_EQ(round * 5 + i, vmm_io_msg(&msg)->rax & 0xffff);
			vmm_skip(vp, &msg);
		}
		ASSERT_EQ(0, vmm_set_property(v->pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
		ASSERT_EQ(0, vmm_get_property(v->pt, HV_PARTITION_PROPERTY_REFERENCE_TIME, &now));
		EXPECT_LT(time, now);
		time = now;
		clh_blocks(b);
		for (j = 0; j < 8; j++)
			ASSERT_EQ(0, get_block(vp, &b[j]));
		for (j = 0; j < TLFS_VP_STATE_COUNT; j++)
			ASSERT_EQ(0, vp_state(vp, j, states + j * PAGE, false));
		vmm_teardown(v);
	}
	munmap(ram, RAM);
}

TEST_HARNESS_MAIN
