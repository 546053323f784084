// SPDX-License-Identifier: GPL-2.0-only
/*
 * startvp.c - what later editions let a guest do with its VPs: start them where it wants them, set
 * its own registers, ask for their indexes (5.0C 7.10), and the invariant TSC
 */
#include "guest.h"

static u64 in[512] __page_aligned, out[512] __page_aligned;
static u8 stack[4][4096] __attribute__((aligned(16)));
static volatile u32 started[4];
static volatile u64 found[4][8];

extern u64 gdt[], gdt_end[];
extern u8 idt[];

#define START		HVCALL_START_VIRTUAL_PROCESSOR
#define SET_REGS(n)	(HVCALL_SET_VP_REGISTERS | HV_REPS(n))
#define BY_APIC_ID(n)	(HVCALL_GET_VP_INDEX_FROM_APIC_ID | HV_REPS(n))

/* first argument: the stack pointer says which VP it is */
static void entry64(void)
{
	u32 me = rdmsr(HV_X64_MSR_VP_INDEX);

	found[me][0] = read_cr(0);
	found[me][1] = read_cr(3);
	found[me][2] = read_cr(4);
	found[me][3] = rdmsr(0xc0000080);
	found[me][4] = rdmsr(0x277);
	asm volatile("pushfq; pop %0" : "=r" (found[me][5]));
	asm volatile("mov %%rsp, %0" : "=r" (found[me][6]));
	__atomic_store_n(&started[me], 1, __ATOMIC_RELEASE);
	for (;;)
		asm volatile("cli; hlt");
}

static struct hv_x64_segment_register segment(u16 selector, u16 attributes)
{
	struct hv_x64_segment_register s = { };

	s.limit = 0xffffffff;
	s.selector = selector;
	s.attributes = attributes;
	return s;
}

static struct hv_input_start_virtual_processor *start_block(u32 vp)
{
	struct hv_input_start_virtual_processor *b = (void *)in;
	struct hv_initial_vp_context *c = &b->vp_context;

	memset(in, 0, sizeof(in));
	b->partition_id = HV_PARTITION_ID_SELF;
	b->vp_index = vp;
	c->rip = (u64)entry64;
	c->rsp = (u64)stack[vp & 3] + sizeof(stack[0]) - 8;
	c->rflags = 2;
	c->cs = segment(0x18, 0xa09b);
	c->ss = segment(0x20, 0xc093);
	c->ds = c->ss;
	c->es = c->ss;
	c->fs = c->ss;
	c->gs = c->ss;
	c->tr = segment(0, 0x008b);
	c->tr.limit = 0x67;
	c->ldtr = segment(0, 0x0082);
	c->gdtr.base = (u64)gdt;
	c->gdtr.limit = (u8 *)gdt_end - (u8 *)gdt - 1;
	c->idtr.base = (u64)idt;
	c->idtr.limit = 4095;
	c->efer = rdmsr(0xc0000080);
	c->cr0 = read_cr(0);
	c->cr3 = read_cr(3);
	c->cr4 = read_cr(4);
	c->msr_cr_pat = 0x0007040600070406ULL;
	return b;
}

static u16 start(void)
{
	return hv_status(hypercall(START, (u64)in, 0));
}

static void test_start_refused(void)
{
	struct hv_input_start_virtual_processor *b;
	bool all = true;

	start_block(99);
	check_eq(start(), HV_STATUS_INVALID_VP_INDEX,
		 "a VP that does not exist [HC-0099/INVALID_VP_INDEX]");
	b = start_block(1);
	b->target_vtl = 1;
	check_eq(start(), HV_STATUS_INVALID_VTL_STATE,
		 "a VTL that does not exist [HC-0099/INVALID_VTL_STATE B-v50-017]");
	start_block(0);
	check_eq(start(), HV_STATUS_INVALID_VP_STATE,
		 "oneself [HC-0099/INVALID_VP_STATE B-v50-010]");
	b = start_block(1);
	b->partition_id = 1;
	check_eq(start(), HV_STATUS_ACCESS_DENIED, "somebody else's [HC-0099/ACCESS_DENIED]");

	start_block(1)->vp_context.cr0 |= 1ULL << 40;
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	start_block(1)->vp_context.cr0 &= ~1ULL;
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	start_block(1)->vp_context.cr4 &= ~(1ULL << 5);
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	start_block(1)->vp_context.cr4 |= 1ULL << 13;
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	start_block(1)->vp_context.efer |= 1 << 12;
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	start_block(1)->vp_context.rflags |= 1ULL << 32;
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	start_block(1)->vp_context.rip = 1ULL << 50;
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	start_block(1)->vp_context.msr_cr_pat = 2;
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	start_block(1)->vp_context.cs.attributes |= 0x4000;
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	start_block(1)->vp_context.cr3 = 1ULL << 51;
	all &= start() == HV_STATUS_INVALID_REGISTER_VALUE;
	check(all, "registers a processor would not take [HC-0099/INVALID_REGISTER_VALUE]");
}

static void test_start(void)
{
	struct hv_initial_vp_context *c;
	bool good = true;

	for (u32 vp = 1; vp < 4; vp++) {
		c = &start_block(vp)->vp_context;
		/* the write-protect bit tells that it is this context */
		if (vp == 2)
			c->cr0 &= ~(1ULL << 16);
		if (vp == 3)
			c->msr_cr_pat = 0x0006040600070406ULL;
		good &= start() == HV_STATUS_SUCCESS;
		good &= wait_for(&started[vp], 1, 2000);
		good &= found[vp][0] == c->cr0 && found[vp][1] == c->cr3 && found[vp][2] == c->cr4;
		good &= found[vp][3] == c->efer && found[vp][4] == c->msr_cr_pat;
		good &= found[vp][6] <= c->rsp && found[vp][6] > c->rsp - 512;
		good &= (found[vp][5] & ~0xffULL) == 0;
		if (!good)
			printf("# VP %u: cr0 0x%lx cr4 0x%lx efer 0x%lx pat 0x%lx flags 0x%lx\n",
			       vp, found[vp][0], found[vp][2], found[vp][3], found[vp][4],
			       found[vp][5]);
	}
	check(good, "VPs start in long mode with the registers given [HC-0099 B-v50-009]");
	start_block(2);
	check_eq(start(), HV_STATUS_INVALID_VP_STATE,
		 "and not a second time [HC-0099/INVALID_VP_STATE B-v50-010]");
}

/* ---- registers of one's own ---- */

static struct hv_register_assoc *set_block(u32 vp)
{
	struct hv_input_set_vp_registers *b = (void *)in;

	memset(in, 0, sizeof(in));
	b->partition_id = HV_PARTITION_ID_SELF;
	b->vp_index = vp;
	return b->elements;
}

static u16 set_one(u32 vp, u32 name, u64 value)
{
	struct hv_register_assoc *e = set_block(vp);

	e->name = name;
	e->value.reg64 = value;
	return hv_status(hypercall(SET_REGS(1), (u64)in, 0));
}

static void test_self(void)
{
	struct hv_register_assoc *e = set_block(HV_VP_INDEX_SELF);
	u64 r;

	e[0].name = HV_X64_REGISTER_KERNEL_GS_BASE;
	e[0].value.reg64 = 0x1234567000ULL;
	e[1].name = HV_X64_REGISTER_SFMASK;
	e[1].value.reg64 = 0x700;
	r = hypercall(SET_REGS(2), (u64)in, 0);
	check(r == HV_REPS(2) && rdmsr(0xc0000102) == 0x1234567000ULL && rdmsr(0xc0000084) == 0x700,
	      "a VP sets its own registers [HC-0051~2]");
	((u32 *)in)[4] = HV_X64_REGISTER_KERNEL_GS_BASE;
	((u32 *)in)[5] = HV_X64_REGISTER_SFMASK;
	r = hypercall(HVCALL_GET_VP_REGISTERS | HV_REPS(2), (u64)in, (u64)out);
	check(r == HV_REPS(2) && out[0] == 0x1234567000ULL && out[2] == 0x700,
	      "and gets them [HC-0050~2]");
	check_eq(set_one(77, HV_X64_REGISTER_SFMASK, 0), HV_STATUS_INVALID_VP_INDEX,
		 "of a VP that does not exist [HC-0051~2/INVALID_VP_INDEX]");
	check_eq(set_one(HV_VP_INDEX_SELF, 0x7fffffff, 0), HV_STATUS_INVALID_PARAMETER,
		 "a register that does not exist [HC-0051~2/INVALID_PARAMETER]");
	check_eq(set_one(HV_VP_INDEX_SELF, HV_REGISTER_EXPLICIT_SUSPEND, 1),
		 HV_STATUS_INVALID_PARAMETER, "suspending oneself [HC-0051~2/INVALID_PARAMETER]");
	check_eq(set_one(HV_VP_INDEX_SELF, HV_X64_REGISTER_CR0, 0), HV_STATUS_INVALID_PARAMETER,
		 "registers of the mode are for instructions [HC-0051~2/INVALID_PARAMETER]");
	set_block(HV_VP_INDEX_SELF)->name = HV_X64_REGISTER_SFMASK;
	in[0] = 1;
	check_eq(hv_status(hypercall(SET_REGS(1), (u64)in, 0)), HV_STATUS_ACCESS_DENIED,
		 "of another partition [HC-0051~2/ACCESS_DENIED HC-0051/ACCESS_DENIED]");

	in[0] = 1;
	in[1] = HV_VP_INDEX_SELF;
	((u32 *)in)[4] = HV_X64_REGISTER_SFMASK;
	check_eq(hv_status(hypercall(HVCALL_GET_VP_REGISTERS | HV_REPS(1), (u64)in, (u64)out)),
		 HV_STATUS_ACCESS_DENIED, "nor read there [HC-0050~2/ACCESS_DENIED]");
	in[0] = HV_PARTITION_ID_SELF;
	in[1] = 77;
	check_eq(hv_status(hypercall(HVCALL_GET_VP_REGISTERS | HV_REPS(1), (u64)in, (u64)out)),
		 HV_STATUS_INVALID_VP_INDEX, "nor of VP 77 [HC-0050~2/INVALID_VP_INDEX]");
	in[1] = HV_VP_INDEX_SELF;
	((u32 *)in)[4] = 0x7fffffff;
	check_eq(hv_status(hypercall(HVCALL_GET_VP_REGISTERS | HV_REPS(1), (u64)in, (u64)out)),
		 HV_STATUS_INVALID_PARAMETER, "nor a name nobody has [HC-0050~2/INVALID_PARAMETER]");
	wrmsr(0xc0000102, 0);
	wrmsr(0xc0000084, 0);
}

static void test_by_apic_id(void)
{
	u32 *ids = (u32 *)(in + 2), *index = (u32 *)out;
	bool ok;
	u64 r;

	memset(in, 0, sizeof(in));
	in[0] = HV_PARTITION_ID_SELF;
	for (u32 i = 0; i < 4; i++)
		ids[i] = 3 - i;
	memset(out, 0xee, sizeof(out));
	r = hypercall(BY_APIC_ID(4), (u64)in, (u64)out);
	ok = r == HV_REPS(4);
	for (u32 i = 0; i < 4; i++)
		ok &= index[i] == 3 - i;
	check(ok && index[4] == 0xeeeeeeee, "VP indexes by APIC ids [HC-009A]");
	ids[1] = 99;
	r = hypercall(BY_APIC_ID(4), (u64)in, (u64)out);
	check(hv_status(r) == HV_STATUS_INVALID_VP_INDEX && hv_reps(r) == 1,
	      "nobody has this one [HC-009A/INVALID_VP_INDEX]");
	in[1] = 1;
	check_eq(hv_status(hypercall(BY_APIC_ID(1), (u64)in, (u64)out)),
		 HV_STATUS_INVALID_VTL_STATE, "in a VTL that does not exist [HC-009A/INVALID_VTL_STATE]");
	in[1] = 1 << 8;
	check_eq(hv_status(hypercall(BY_APIC_ID(1), (u64)in, (u64)out)),
		 HV_STATUS_INVALID_PARAMETER, "padding [HC-009A/INVALID_PARAMETER]");
	in[0] = 1;
	in[1] = 0;
	check_eq(hv_status(hypercall(BY_APIC_ID(1), (u64)in, (u64)out)), HV_STATUS_ACCESS_DENIED,
		 "of another partition [HC-009A/ACCESS_DENIED]");
}

/* the guest asks for it: CPUID says so from then on, if the processor has it at all */
static void test_invariant_tsc(void)
{
	u32 before[4], after[4];

	cpuid(0x80000007, 0, before);
	wrmsr(HV_X64_MSR_TSC_INVARIANT_CONTROL, 1);
	cpuid(0x80000007, 0, after);
	if (!(after[3] & 1 << 8)) {
		skip("the host's TSC is not invariant", "invariant TSC on demand");
		return;
	}
	check(!(before[3] & 1 << 8), "invariant TSC on demand [MSR-40000118 CPUID-40000003-EAX-15]");
}

void payload(void);

void payload(void)
{
	apic_enable(false);
	hv_enable();
	test_start_refused();
	test_start();
	test_self();
	test_by_apic_id();
	test_invariant_tsc();
}
