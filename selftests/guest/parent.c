// SPDX-License-Identifier: GPL-2.0-only
/*
 * parent.c - a guest with children of its own (TLFS 5, 7, 8, 9, 10), and grandchildren
 *
 * The child runs a copy of this image at the same addresses, in memory its parent maps.  The child
 * of the first level does the same again, and says which line failed instead of printing.
 */
#include "parent.h"

#define IMAGE		0x200000ULL
#define COPY		0x4000000ULL	/* the child's image, in our memory */
#define POOL		0x5000000ULL	/* pages to deposit */
#define SPARE		0x5100000ULL	/* pages the child asks for while it runs */
#define CHILD_COPY	0x6000000ULL	/* what the child has at COPY and POOL */
#define CHILD_POOL	0x7000000ULL
#define POOL_PAGES	80
#define CHILD_POOL_PAGES 80
#define SAVED		0x9000000ULL	/* what is saved of the child */
#define SAVED_MAX	0x100000ULL
#define LATE		0x30000000ULL	/* not mapped until the child reads it */
#define READ_ONLY	0x30001000ULL
#define MAGIC		0x746e65726150ULL

#define PRIVILEGES	(HV_PRIV_CREATE_PARTITIONS | HV_PRIV_ACCESS_PARTITION_ID | \
			 HV_PRIV_ACCESS_MEMORY_POOL)

#define PORT_HELLO	0x500
#define PORT_READ	0x501
#define PORT_RESULT	0x502
#define PORT_SPIN	0x503
#define NO_PORT		0x504
#define CPUID_LEAF	0x1234

extern u8 _end[];

static u8 sim[4096] __page_aligned;
static u8 child_stack[16384] __attribute__((aligned(16)));
static volatile u64 spins;
static bool top = true;
static u64 child;

/* at the top a line of TAP, below it the number of the line that failed */
#define T(cond, ...) do {							\
	bool ok_ = (cond);							\
	if (top)								\
		check(ok_, __VA_ARGS__);					\
	else if (!ok_)								\
		return __LINE__;						\
} while (0)

#define S(got, want, ...) do {							\
	u64 got_ = (got), want_ = (want);					\
	if (top && got_ != want_)						\
		printf("# got 0x%lx, want 0x%lx\n", got_, want_);		\
	T(got_ == want_, __VA_ARGS__);						\
} while (0)

#define MUST(what) do {								\
	int line_ = (what);							\
	if (line_) {								\
		T(false, #what " failed in line %d", line_);			\
		return line_;							\
	}									\
} while (0)

/* ---- the child ---- */

static int be_parent(void);

static void child_main(u64 level)
{
	volatile u64 *late = (void *)LATE, *fixed = (void *)READ_ONLY;
	u32 r[4];
	int result = 0;

	top = false;
	outl(PORT_HELLO, 0x12345678);
	if (inb(PORT_READ) != 0x5a)
		result = __LINE__;
	/* nobody has asked for this one: ones, and no message */
	if (!result && inb(NO_PORT) != 0xff)
		result = __LINE__;
	if (!result && *late != MAGIC)
		result = __LINE__;
	*fixed = MAGIC + 1;
	cpuid(CPUID_LEAF, 7, r);
	if (!result && r[0] != 0x11223344)
		result = __LINE__;
	hv_enable();
	if (!result && level)
		result = be_parent();
	else if (!result && create(0, 0, 0) != HV_STATUS_PARTITION_TOO_DEEP)
		result = __LINE__;
	outl(PORT_RESULT, result);
	for (;;)
		spins++;
}

void child_entry(void);
asm("child_entry:\n"
    "	call child_start\n"
    "1:	jmp 1b\n");
void child_start(void);
static u64 child_level;

void child_start(void)
{
	child_main(child_level);
}

/* where @p of the child's image is in our memory */
#define OF_CHILD(p)	((__typeof__(&(p)))((u64)&(p) - IMAGE + COPY))

static u16 set_registers(u64 id)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) gdt, idt;
	u16 status = 0;

	asm volatile("sgdt %0" : "=m" (gdt));
	asm volatile("sidt %0" : "=m" (idt));
	status |= set_reg(id, HV_X64_REGISTER_CR4, read_cr(4));
	status |= set_reg(id, HV_X64_REGISTER_CR3, read_cr(3));
	status |= set_reg(id, HV_X64_REGISTER_EFER, rdmsr(0xc0000080));
	status |= set_reg(id, HV_X64_REGISTER_CR0, read_cr(0));
	status |= set_segment(id, HV_X64_REGISTER_CS, 0x18, 0xa09b, 0xffffffff);
	status |= set_segment(id, HV_X64_REGISTER_SS, 0x20, 0xc093, 0xffffffff);
	status |= set_segment(id, HV_X64_REGISTER_DS, 0x20, 0xc093, 0xffffffff);
	status |= set_segment(id, HV_X64_REGISTER_ES, 0x20, 0xc093, 0xffffffff);
	status |= set_segment(id, HV_X64_REGISTER_TR, 0, 0x8b, 0x67);
	status |= set_table(id, HV_X64_REGISTER_GDTR, gdt.base, gdt.limit);
	status |= set_table(id, HV_X64_REGISTER_IDTR, idt.base, idt.limit);
	status |= set_reg(id, HV_X64_REGISTER_RFLAGS, 2);
	status |= set_reg(id, HV_X64_REGISTER_RSP, (u64)child_stack + sizeof(child_stack) - 16);
	status |= set_reg(id, HV_X64_REGISTER_RIP, (u64)child_entry);
	return status;
}

/* ---- messages ---- */

static volatile struct hv_message *const slot = (void *)sim;

static bool message_waits(void)
{
	u64 end = rdtsc() + 60000000000ULL;

	while (!slot->header.message_type && rdtsc() < end)
		cpu_relax();
	return slot->header.message_type;
}

static void message_done(void)
{
	u8 pending;

	slot->header.message_type = 0;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	pending = slot->header.message_flags;
	if (pending & HV_MESSAGE_FLAG_PENDING)
		wrmsr(HV_X64_MSR_EOM, 0);
}

static u16 resume(u64 rip)
{
	u16 status = rip ? set_reg(child, HV_X64_REGISTER_RIP, rip) : 0;

	message_done();
	return status | set_reg(child, HV_REGISTER_INTERCEPT_SUSPEND, 0);
}

static struct hv_x64_io_port_intercept_message io_message(void)
{
	struct hv_x64_io_port_intercept_message m;

	memcpy(&m, (void *)slot->payload, sizeof(m));
	return m;
}

static u64 after(const struct hv_x64_intercept_message_header *h)
{
	return h->rip + (h->instruction_length_cr8 & 15);
}

/* ---- what a parent does, in order ---- */

static int create_child(void)
{
	u64 available, in_use, me;

	S(create(1, 0, 0), HV_STATUS_INVALID_PARAMETER,
	  "creation flag [HC-0040/INVALID_PARAMETER B-5-040 PROP-creation-flag-all]");
	S(create(0, 0, 2), HV_STATUS_INVALID_PARAMETER,
	  "reserved proximity flag [PROP-proximity-domain-62-33]");
	S(create(0, 0x12345, 1U << 31), HV_STATUS_INVALID_PARAMETER,
	  "node that is not there [PROP-proximity-domain-63 PROP-proximity-domain-31-0]");
	S(create(0, 0, 1U << 31), HV_STATUS_SUCCESS, "one that is [B-7-006]");
	S(on_partition(HVCALL_DELETE_PARTITION, out64(0)), HV_STATUS_SUCCESS, "and away");
	S(create(0, 0x12345, 0), HV_STATUS_SUCCESS,
	  "the node counts only when it is said to [B-7-007]");
	S(on_partition(HVCALL_DELETE_PARTITION, out64(0)), HV_STATUS_SUCCESS,
	  "an uninitialized partition is deleted [HC-0043 B-5-034]");
	S(create(0, 0, 0), HV_STATUS_SUCCESS, "a guest creates a partition [HC-0040 B-5-012]");
	child = out64(0);
	S(call(HVCALL_GET_PARTITION_ID, 0), HV_STATUS_SUCCESS, "own id [HC-0046 B-5-048]");
	me = out64(0);
	T(child && child != me && me != HV_PARTITION_ID_INVALID, "ids differ [B-5-001]");
	S(balance(child, &available, &in_use), HV_STATUS_SUCCESS, "balance [HC-004A]");
	T(!available && !in_use, "a new pool is empty [B-5-041]");
	S(next_child(HV_PARTITION_ID_SELF, 0), HV_STATUS_SUCCESS, "first child [HC-0047]");
	S(out64(0), child, "is the one just made [B-5-036]");
	S(next_child(HV_PARTITION_ID_SELF, child), HV_STATUS_SUCCESS, "and then");
	S(out64(0), HV_PARTITION_ID_INVALID, "there is none [B-5-037 PROP-constant-0]");
	S(next_child(HV_PARTITION_ID_SELF, child + 1000), HV_STATUS_INVALID_PARTITION_ID,
	  "after one that is not there [HC-0047/INVALID_PARTITION_ID B-5-038]");
	return 0;
}

static int before_initialization(void)
{
	S(get_property(child, HV_PARTITION_PROPERTY_CPU_WEIGHT), HV_STATUS_INVALID_PARTITION_STATE,
	  "property of an uninitialized one [HC-0044/INVALID_PARTITION_STATE B-5-013]");
	S(set_property(child, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, 0),
	  HV_STATUS_INVALID_PARTITION_STATE, "nor set [HC-0045/INVALID_PARTITION_STATE]");
	S(create_vp(child, 0, 0), HV_STATUS_INVALID_PARTITION_STATE,
	  "no VP [HC-004E/INVALID_PARTITION_STATE B-4-053]");
	S(delete_vp(child, 0), HV_STATUS_INVALID_PARTITION_STATE,
	  "none to delete [HC-004F/INVALID_PARTITION_STATE]");
	S(map(child, IMAGE, COPY, 1), HV_STATUS_INVALID_PARTITION_STATE,
	  "no memory [HC-004B/INVALID_PARTITION_STATE]");
	S(map_sparse(child, IMAGE, COPY), HV_STATUS_INVALID_PARTITION_STATE,
	  "no memory [HC-006E/INVALID_PARTITION_STATE]");
	S(unmap(child, IMAGE, 1), HV_STATUS_INVALID_PARTITION_STATE,
	  "nor any to take [HC-004C/INVALID_PARTITION_STATE]");
	S(install(child, HV_INTERCEPT_TYPE_X64_CPUID, 4, 1), HV_STATUS_INVALID_PARTITION_STATE,
	  "no intercept [HC-004D/INVALID_PARTITION_STATE]");
	S(on_partition(HVCALL_FINALIZE_PARTITION, child), HV_STATUS_INVALID_PARTITION_STATE,
	  "not finalized [HC-0042/INVALID_PARTITION_STATE B-5-018]");
	return 0;
}

static int feed_child(void)
{
	u64 available, in_use;

	S(on_partition(HVCALL_INITIALIZE_PARTITION, child), HV_STATUS_INSUFFICIENT_MEMORY,
	  "dry pool [HC-0041/INSUFFICIENT_MEMORY B-5-025 B-7-004]");
	memset((void *)POOL, 0xa5, POOL_PAGES * PAGE_SIZE);
	S(deposit(child, POOL, POOL_PAGES), HV_STATUS_SUCCESS, "deposit [HC-0048 B-7-012]");
	S(reps_done, POOL_PAGES, "all of it");
	S(deposit(child, POOL + PAGE_SIZE, 1), HV_STATUS_OPERATION_DENIED,
	  "a page twice [HC-0048/OPERATION_DENIED B-7-010]");
	S(deposit(child, 0x3f0000000ULL, 1), HV_STATUS_OPERATION_DENIED,
	  "no page at all [HC-0048/OPERATION_DENIED]");
	S(balance(child, &available, &in_use), HV_STATUS_SUCCESS, "balance");
	T(available == POOL_PAGES && !in_use, "is what was deposited [B-7-018]");
	S(on_partition(HVCALL_INITIALIZE_PARTITION, child), HV_STATUS_SUCCESS,
	  "initialized after the deposit [HC-0041 B-5-026]");
	S(on_partition(HVCALL_INITIALIZE_PARTITION, child), HV_STATUS_INVALID_PARTITION_STATE,
	  "once [HC-0041/INVALID_PARTITION_STATE B-5-017]");
	S(balance(child, &available, &in_use), HV_STATUS_SUCCESS, "balance");
	T(in_use && available + in_use == POOL_PAGES, "adds up [B-7-001 B-7-018]");
	S(on_partition(HVCALL_DELETE_PARTITION, child), HV_STATUS_INVALID_PARTITION_STATE,
	  "an active one is not deleted [HC-0043/INVALID_PARTITION_STATE B-5-014]");
	S(get_property(child, 0x12345678), HV_STATUS_UNKNOWN_PROPERTY,
	  "unknown property [HC-0044/UNKNOWN_PROPERTY B-5-005]");
	S(get_property(child, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS), HV_STATUS_SUCCESS,
	  "privileges of the child [HC-0044]");
	T(!(out64(0) >> 32), "none of calls by default [B-5-007]");
	S(set_property(child, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, out64(0) | PRIVILEGES),
	  HV_STATUS_SUCCESS, "the child may have children [HC-0045]");
	S(set_property(child, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, HV_PRIV_CPU_MANAGEMENT),
	  HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
	  "but not manage processors [HC-0045/PROPERTY_VALUE_OUT_OF_RANGE B-5-010]");
	return 0;
}

/*
 * A guest gives its child nothing it has not itself: of all 64 bits those that CPUID shows as its
 * own.  The child that does this has a few of its parent's only.
 */
static int limits(void)
{
	u64 own, mine, bit;
	u32 r[4];

	cpuid(HV_CPUID_FEATURES, 0, r);
	own = r[0] | (u64)r[1] << 32;
	get_property(child, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS);
	mine = out64(0);
	S(mine & ~own, 0, "privileges of the child are its parent's [B-5-006]");
	for (bit = 1; bit; bit <<= 1)
		S(set_property(child, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, mine | bit),
		  own & bit ? HV_STATUS_SUCCESS : HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  "privilege 0x%lx is given by who has it [HC-0045/PROPERTY_VALUE_OUT_OF_RANGE]",
		  bit);
	S(set_property(child, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, mine), HV_STATUS_SUCCESS,
	  "and taken back");
	S(set_property(child, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, ~0ULL),
	  HV_STATUS_INVALID_PARTITION_STATE, "features are for before it is active");
	S(set_property(child, HV_PARTITION_PROPERTY_CPU_RESERVE, 1),
	  HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, "who has no reserve gives none");
	S(set_property(child, HV_PARTITION_PROPERTY_CPU_WEIGHT, 101),
	  HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE, "nor more weight than its own");
	S(set_property(child, HV_PARTITION_PROPERTY_CPU_WEIGHT, 100), HV_STATUS_SUCCESS,
	  "as much it gives");
	return 0;
}

static int mapping_rules(void)
{
	u32 bad[] = { HV_MAP_GPA_WRITABLE, HV_MAP_GPA_EXECUTABLE,
		      HV_MAP_GPA_WRITABLE | HV_MAP_GPA_EXECUTABLE, 0x20, 1U << 30 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		S(map_flags(child, IMAGE, COPY, 1, bad[i]), HV_STATUS_INVALID_PARAMETER,
		  "map flags %x [HC-004B/INVALID_PARAMETER B-8-007 B-8-011 B-8-020 "
		  "PROP-map-gpa-flag-0x2 PROP-map-gpa-flag-0x4]", bad[i]);
	S(map(child, 1ULL << 52, COPY, 1), HV_STATUS_INVALID_PARAMETER,
	  "target beyond the space [B-8-024]");
	S(map(child, IMAGE, 1ULL << 52, 1), HV_STATUS_INVALID_PARAMETER,
	  "source beyond the space [B-8-024]");
	S(map(child, IMAGE, 0x3f0000000ULL, 1), HV_STATUS_OPERATION_DENIED,
	  "unmapped source [HC-004B/OPERATION_DENIED B-8-026]");
	S(map(child, IMAGE, POOL, 1), HV_STATUS_OPERATION_DENIED,
	  "deposited source [HC-004B/OPERATION_DENIED B-7-011]");
	S(map_sparse(child, IMAGE, POOL), HV_STATUS_OPERATION_DENIED,
	  "likewise sparse [HC-006E/OPERATION_DENIED]");
	S(map_sparse(child, 1ULL << 52, COPY), HV_STATUS_INVALID_PARAMETER,
	  "sparse beyond the space [HC-006E/INVALID_PARAMETER]");
	S(map_sparse(child, IMAGE, SPARE), HV_STATUS_SUCCESS, "sparse [HC-006E B-8-029]");
	S(deposit(child, SPARE, 1), HV_STATUS_OPERATION_DENIED,
	  "a page the child can reach is not deposited [B-7-009]");
	S(unmap(child, IMAGE, 2), HV_STATUS_SUCCESS, "unmap, also what is not [HC-004C B-8-027 B-4-009]");
	S(unmap(child, 1ULL << 52, 1), HV_STATUS_INVALID_PARAMETER,
	  "unmap beyond the space [HC-004C/INVALID_PARAMETER]");
	return 0;
}

static int vp_rules(void)
{
	S(create_vp(child, 0, 1), HV_STATUS_INVALID_PARAMETER,
	  "VP flags [HC-004E/INVALID_PARAMETER B-10-036 PROP-vp-creation-flag-all]");
	S(create_vp(child, 0x10000, 0), HV_STATUS_INVALID_VP_INDEX,
	  "index too large [HC-004E/INVALID_VP_INDEX B-10-014]");
	S(create_vp(child, 0, 0), HV_STATUS_SUCCESS, "VP 0");
	S(create_vp(child, 0, 0), HV_STATUS_INVALID_VP_INDEX,
	  "twice [HC-004E/INVALID_VP_INDEX B-10-038]");
	S(reg(child, HV_REGISTER_EXPLICIT_SUSPEND), 1, "suspended at first [B-10-034]");
	S(delete_vp(child, 0), HV_STATUS_SUCCESS, "deleted [HC-004F B-10-010]");
	S(delete_vp(child, 0), HV_STATUS_INVALID_VP_INDEX, "once [HC-004F/INVALID_VP_INDEX]");
	S(create_vp(child, 0, 0), HV_STATUS_SUCCESS, "and made again [HC-004E B-10-010]");
	S(reg(child, HV_X64_REGISTER_RIP), 0xfff0, "in the reset state [B-10-034]");
	return 0;
}

static int start_child(u64 level)
{
	unsigned int pages = ((u64)_end - IMAGE + PAGE_SIZE - 1) / PAGE_SIZE;

	memcpy((void *)COPY, (void *)IMAGE, pages * PAGE_SIZE);
	*OF_CHILD(child_level) = level;
	*OF_CHILD(child) = 0;
	memset(OF_CHILD(sim), 0, sizeof(sim));
	S(map(child, IMAGE, COPY, pages), HV_STATUS_SUCCESS, "image mapped [HC-004B B-8-025]");
	if (level) {
		S(map(child, COPY, CHILD_COPY, pages), HV_STATUS_SUCCESS, "memory for its child");
		S(map(child, POOL, CHILD_POOL, CHILD_POOL_PAGES), HV_STATUS_SUCCESS,
		  "and pages for its pool");
		S(map(child, SPARE, CHILD_POOL + CHILD_POOL_PAGES * PAGE_SIZE, 4),
		  HV_STATUS_SUCCESS, "and spare ones");
	}
	S(set_registers(child), HV_STATUS_SUCCESS, "registers [HC-0051 HC-0050]");
	S(install(child, HV_INTERCEPT_TYPE_X64_IO_PORT, 3, PORT_HELLO), HV_STATUS_SUCCESS,
	  "port intercept [HC-004D]");
	install(child, HV_INTERCEPT_TYPE_X64_IO_PORT, 3, PORT_READ);
	install(child, HV_INTERCEPT_TYPE_X64_IO_PORT, 3, PORT_RESULT);
	S(install(child, HV_INTERCEPT_TYPE_X64_IO_PORT, 1, PORT_READ), HV_STATUS_INVALID_PARAMETER,
	  "not for reads alone [HC-004D/INVALID_PARAMETER B-9-007]");
	S(install(child, HV_INTERCEPT_TYPE_X64_CPUID, 4, CPUID_LEAF), HV_STATUS_SUCCESS,
	  "CPUID intercept");
	S(set_reg(child, HV_REGISTER_EXPLICIT_SUSPEND, 0), HV_STATUS_SUCCESS, "off it goes");
	return 0;
}

static int io_intercepts(void)
{
	struct hv_x64_io_port_intercept_message m;

	T(message_waits(), "a message in SINT0's slot [B-9-001 B-14-018]");
	S(slot->header.message_type, HVMSG_X64_IO_PORT_INTERCEPT, "of an I/O port");
	S(slot->header.sender, child, "from the child [B-14-058]");
	m = io_message();
	T(m.port_number == PORT_HELLO && (u32)m.rax == 0x12345678 &&
	  m.header.intercept_access_type == HV_INTERCEPT_ACCESS_WRITE &&
	  (m.access_info & 7) == 4, "with port, size and value");
	S(reg(child, HV_X64_REGISTER_RIP), m.header.rip, "before the instruction [B-9-002]");
	S(reg(child, HV_REGISTER_INTERCEPT_SUSPEND), 1, "suspended by it [B-9-001]");
	S(set_reg(child, HV_REGISTER_INTERCEPT_SUSPEND, 2), HV_STATUS_INVALID_PARAMETER,
	  "which a parent cannot ask for [B-10-020]");
	S(resume(after(&m.header)), HV_STATUS_SUCCESS, "resumed [B-9-003]");

	T(message_waits(), "the next");
	m = io_message();
	T(m.port_number == PORT_READ && m.header.intercept_access_type == HV_INTERCEPT_ACCESS_READ,
	  "is a read");
	set_reg(child, HV_X64_REGISTER_RAX, 0x5a);
	S(resume(after(&m.header)), HV_STATUS_SUCCESS, "answered");
	return 0;
}

static int memory_intercepts(void)
{
	struct hv_x64_memory_intercept_message_20 m;

	T(message_waits(), "a port that nobody asked for makes no message, memory does");
	S(slot->header.message_type, HVMSG_UNMAPPED_GPA, "unmapped GPA [B-8-002]");
	memcpy(&m, (void *)slot->payload, sizeof(m));
	S(m.base.gpa, LATE, "at its address");
	*(volatile u64 *)SPARE = MAGIC;
	S(map(child, LATE, SPARE, 1), HV_STATUS_SUCCESS, "mapped now");
	S(map_flags(child, READ_ONLY, SPARE + PAGE_SIZE, 1, HV_MAP_GPA_READABLE),
	  HV_STATUS_SUCCESS, "and one to be read only");
	S(resume(0), HV_STATUS_SUCCESS, "again");

	T(message_waits(), "a write to that");
	S(slot->header.message_type, HVMSG_GPA_INTERCEPT, "GPA intercept [B-8-009 PROP-map-gpa-flag-0x1]");
	memcpy(&m, (void *)slot->payload, sizeof(m));
	T(m.base.gpa == READ_ONLY && m.base.header.intercept_access_type ==
	  HV_INTERCEPT_ACCESS_WRITE, "at its address, a write");
	S(map(child, READ_ONLY, SPARE + PAGE_SIZE, 1), HV_STATUS_SUCCESS,
	  "mapped anew [B-8-021]");
	S(resume(0), HV_STATUS_SUCCESS, "again [B-8-013]");
	return 0;
}

static int cpuid_intercept(void)
{
	struct hv_x64_cpuid_intercept_message m;

	T(message_waits(), "CPUID");
	S(slot->header.message_type, HVMSG_X64_CPUID_INTERCEPT, "intercepted [B-9-006]");
	S(*(volatile u64 *)(SPARE + PAGE_SIZE), MAGIC + 1, "the write has been made [B-8-013]");
	memcpy(&m, (void *)slot->payload, sizeof(m));
	T(m.rax == CPUID_LEAF && m.rcx == 7, "leaf and subleaf [B-9-010]");
	set_reg(child, HV_X64_REGISTER_RAX, 0x11223344);
	S(resume(after(&m.header)), HV_STATUS_SUCCESS, "answered");
	return 0;
}

static int last_words(u64 level)
{
	struct hv_x64_io_port_intercept_message m;
	volatile u64 *count = OF_CHILD(spins);
	u64 seen, end;

	T(message_waits(), "the child has something to say");
	m = io_message();
	T(m.port_number == PORT_RESULT, "its result");
	/* the line of its own that failed: there are the tests that are for below the top */
	S((u32)m.rax, 0, level ? "a child is a parent itself [HC-0040 HC-0048 B-5-039 "
				 "HC-0040/PARTITION_TOO_DEEP HC-0040/INSUFFICIENT_MEMORY B-5-044]" :
				 "no deeper than that [HC-0040/PARTITION_TOO_DEEP B-5-039]");
	S(resume(after(&m.header)), HV_STATUS_SUCCESS, "and on it runs");
	end = rdtsc() + 60000000000ULL;
	while (*count < 1000 && rdtsc() < end)
		cpu_relax();
	T(*count >= 1000, "by itself");
	T(reg(child, HV_X64_REGISTER_RIP) != 0xbadbadbadULL,
	  "its registers can be read meanwhile [B-10-003]");
	S(set_reg(child, HV_REGISTER_EXPLICIT_SUSPEND, 1), HV_STATUS_SUCCESS, "suspended");
	reg(child, HV_X64_REGISTER_RIP);
	seen = *count;
	for (end = rdtsc() + 50000000; rdtsc() < end;)
		cpu_relax();
	S(*count, seen, "it stands still [B-10-019 B-10-004]");
	S(set_reg(child, HV_REGISTER_EXPLICIT_SUSPEND, 0), HV_STATUS_SUCCESS, "released");
	end = rdtsc() + 60000000000ULL;
	while (*count == seen && rdtsc() < end)
		cpu_relax();
	T(*count != seen, "it goes on [B-10-019]");
	return 0;
}

/* the stream at SAVED; its length, or 0 */
static u64 save_child(void)
{
	const struct hv_output_save_partition_state *out = (void *)out_page;
	u32 flags = HV_SAVE_RESTORE_STATE_START;
	u64 len = 0;

	do {
		if (save(child, flags) || len + out->save_data_count > SAVED_MAX)
			return 0;
		memcpy((void *)(SAVED + len), out->save_data, out->save_data_count);
		len += out->save_data_count;
		flags = 0;
	} while (out->save_state == HV_STATE_INCOMPLETE);
	return out->save_state == HV_STATE_COMPLETE ? len : 0;
}

/* state of the last chunk taken */
static u32 restore_child(u64 len)
{
	const struct hv_output_restore_partition_state *out = (void *)out_page;
	u32 flags = HV_SAVE_RESTORE_STATE_START, n;
	u64 pos = 0;

	do {
		n = len - pos < HV_SAVE_RESTORE_DATA_MAX ? len - pos : HV_SAVE_RESTORE_DATA_MAX;
		if (restore(child, flags, (void *)(SAVED + pos), n))
			return ~0U;
		pos += out->restore_data_consumed;
		flags = 0;
	} while (out->restore_state == HV_STATE_INCOMPLETE && out->restore_data_consumed &&
		 pos < len);
	return out->restore_state;
}

/* a running child is put aside, made another, and goes on as it was */
static int save_and_restore(void)
{
	volatile u64 *count = OF_CHILD(spins);
	u64 len, rip, rsp, seen, end;

	if (!top)
		return 0;
	S(save(child, HV_SAVE_RESTORE_STATE_START), HV_STATUS_OPERATION_DENIED,
	  "a child that runs is not saved [HC-005E/OPERATION_DENIED]");
	S(save(HV_PARTITION_ID_SELF, HV_SAVE_RESTORE_STATE_START), HV_STATUS_ACCESS_DENIED,
	  "nor is oneself [HC-005E/ACCESS_DENIED]");
	S(set_reg(child, HV_REGISTER_EXPLICIT_SUSPEND, 1), HV_STATUS_SUCCESS, "suspended");
	rip = reg(child, HV_X64_REGISTER_RIP);
	rsp = reg(child, HV_X64_REGISTER_RSP);
	len = save_child();
	T(len, "saved by its parent [HC-005E]");

	S(set_reg(child, HV_X64_REGISTER_RIP, 0x1000), HV_STATUS_SUCCESS, "led astray");
	set_reg(child, HV_X64_REGISTER_RSP, 0x2000);
	set_reg(child, HV_X64_REGISTER_CR3, 0);
	*(volatile u8 *)(SAVED + len / 2) ^= 1;
	S(restore_child(len), HV_STATE_CORRUPT_DATA, "what was tampered with is refused");
	S(reg(child, HV_X64_REGISTER_RSP), 0x2000, "and changes nothing");
	*(volatile u8 *)(SAVED + len / 2) ^= 1;
	S(restore_child(len), HV_STATE_COMPLETE, "restored by its parent [HC-005F]");
	S(reg(child, HV_X64_REGISTER_RIP), rip, "to where it was");
	S(reg(child, HV_X64_REGISTER_RSP), rsp, "with its stack");
	S(reg(child, HV_REGISTER_EXPLICIT_SUSPEND), 1, "suspended as it was");
	seen = *count;
	S(set_reg(child, HV_REGISTER_EXPLICIT_SUSPEND, 0), HV_STATUS_SUCCESS, "released");
	end = rdtsc() + 60000000000ULL;
	while (*count == seen && rdtsc() < end)
		cpu_relax();
	T(*count != seen, "it goes on");
	return 0;
}

static bool zeroed(u64 gpa)
{
	const u64 *p = (void *)gpa;
	unsigned int i;

	for (i = 0; i < PAGE_SIZE / 8; i++)
		if (p[i])
			return false;
	return true;
}

static int end_child(void)
{
	u64 available, in_use, gpa;
	unsigned int i, n = 0;
	bool ok = true;

	S(withdraw(child, POOL_PAGES), HV_STATUS_NO_RESOURCES,
	  "what is in use stays [HC-0049/NO_RESOURCES B-7-016]");
	n = reps_done;
	T(n && n < POOL_PAGES, "and what is not comes");
	for (i = 0; i < n; i++)
		ok &= zeroed(out64(i) << 12);
	T(ok, "zeroed, where it was [HC-0049 B-7-014]");
	S(deposit(child, out64(0) << 12, 1), HV_STATUS_SUCCESS, "to be deposited again");
	S(on_partition(HVCALL_FINALIZE_PARTITION, child), HV_STATUS_SUCCESS,
	  "finalized [HC-0042 B-5-028]");
	S(on_partition(HVCALL_FINALIZE_PARTITION, child), HV_STATUS_INVALID_PARTITION_STATE,
	  "for good [B-5-030]");
	S(on_partition(HVCALL_INITIALIZE_PARTITION, child), HV_STATUS_INVALID_PARTITION_STATE,
	  "for good [B-5-030]");
	S(create_vp(child, 1, 0), HV_STATUS_INVALID_PARTITION_STATE,
	  "no VP any more [B-5-015 B-5-029]");
	S(deposit(child, SPARE, 1), HV_STATUS_INVALID_PARTITION_STATE,
	  "no deposit [HC-0048/INVALID_PARTITION_STATE B-7-012]");
	S(on_partition(HVCALL_DELETE_PARTITION, child), HV_STATUS_OPERATION_DENIED,
	  "pool not drained [HC-0043/OPERATION_DENIED B-5-032]");
	S(balance(child, &available, &in_use), HV_STATUS_SUCCESS, "balance");
	T(available == POOL_PAGES - n + 1 && !in_use, "nothing is in use [B-5-028 B-7-018]");
	S(withdraw(child, available), HV_STATUS_SUCCESS, "all of it [B-7-015]");
	for (i = 0; i < available; i++) {
		gpa = out64(i) << 12;
		ok &= gpa >= POOL && gpa < POOL + POOL_PAGES * PAGE_SIZE && zeroed(gpa);
	}
	T(ok, "zeroed and ours [B-7-014 B-7-003]");
	S(on_partition(HVCALL_DELETE_PARTITION, child), HV_STATUS_SUCCESS,
	  "deleted [HC-0043 B-5-035]");
	S(on_partition(HVCALL_DELETE_PARTITION, child), HV_STATUS_INVALID_PARTITION_ID,
	  "its id is nobody's [HC-0043/INVALID_PARTITION_ID B-5-033]");
	return 0;
}

static void synic_on(void)
{
	wrmsr(HV_X64_MSR_SIMP, (u64)sim | 1);
	wrmsr(HV_X64_MSR_SCONTROL, 1);
}

/*
 * A guest whose pool is filled by deposits makes children until it is dry, and when they are gone
 * there is room again.  Ends with as many pages as before
 */
static int dry_pool(void)
{
	u64 ids[32];
	unsigned int i, n, round;
	u16 status;

	for (round = 0; round < 2; round++) {
		for (n = 0; n < ARRAY_SIZE(ids); n++) {
			status = create(0, 0, 0);
			if (status)
				break;
			ids[n] = out64(0);
		}
		T(n && status == HV_STATUS_INSUFFICIENT_MEMORY, "dry");
		for (i = 0; i < n; i++)
			S(on_partition(HVCALL_DELETE_PARTITION, ids[i]), HV_STATUS_SUCCESS, "gone");
	}
	return 0;
}

/* below the top: everything, with a child that has none of its own */
static int be_parent(void)
{
	synic_on();
	MUST(dry_pool());
	MUST(create_child());
	MUST(before_initialization());
	MUST(feed_child());
	MUST(limits());
	MUST(mapping_rules());
	MUST(vp_rules());
	MUST(start_child(0));
	MUST(io_intercepts());
	MUST(memory_intercepts());
	MUST(cpuid_intercept());
	MUST(last_words(0));
	MUST(end_child());
	return 0;
}

/* whom a guest may name */
static int names(void)
{
	static const u16 codes[] = {
		HVCALL_INITIALIZE_PARTITION, HVCALL_FINALIZE_PARTITION, HVCALL_DELETE_PARTITION,
		HVCALL_GET_PARTITION_PROPERTY, HVCALL_SET_PARTITION_PROPERTY,
		HVCALL_CREATE_VP, HVCALL_DELETE_VP, HVCALL_INSTALL_INTERCEPT,
		HVCALL_TRANSLATE_VIRTUAL_ADDRESS, HVCALL_ASSERT_VIRTUAL_INTERRUPT,
		HVCALL_GET_MEMORY_BALANCE,
	};
	static const u16 lists[] = {
		HVCALL_DEPOSIT_MEMORY, HVCALL_WITHDRAW_MEMORY, HVCALL_MAP_GPA_PAGES,
		HVCALL_UNMAP_GPA_PAGES, HVCALL_MAP_SPARSE_GPA_PAGES, HVCALL_SET_VP_REGISTERS,
	};
	unsigned int i;

	memset(in_page, 0, sizeof(in_page));
	for (i = 0; i < ARRAY_SIZE(codes) + ARRAY_SIZE(lists); i++) {
		bool list = i >= ARRAY_SIZE(codes);
		u16 code = list ? lists[i - ARRAY_SIZE(codes)] : codes[i];

		*(u64 *)in_page = HV_PARTITION_ID_SELF;
		/* registers of one's own are later editions' */
		if (code != HVCALL_SET_VP_REGISTERS)
			S(call(code, list), HV_STATUS_ACCESS_DENIED,
			  "call %x on oneself [HC-%04X/ACCESS_DENIED]", code, code);
		*(u64 *)in_page = 1;
		S(call(code, list), HV_STATUS_ACCESS_DENIED, "call %x on the root", code);
		*(u64 *)in_page = 1ULL << 60;
		S(call(code, list), HV_STATUS_INVALID_PARTITION_ID,
		  "call %x on nobody [HC-%04X/INVALID_PARTITION_ID]", code, code);
	}
	S(on_partition(HVCALL_INITIALIZE_PARTITION, HV_PARTITION_ID_SELF), HV_STATUS_ACCESS_DENIED,
	  "who is no child is not initialized [B-5-042]");
	S(get_property(HV_PARTITION_ID_SELF, HV_PARTITION_PROPERTY_CPU_WEIGHT),
	  HV_STATUS_ACCESS_DENIED, "nor are its properties read [B-5-045]");
	S(deposit(HV_PARTITION_ID_SELF, POOL, 1), HV_STATUS_ACCESS_DENIED,
	  "nobody fills his own pool [B-7-005]");
	S(next_child(1, 0), HV_STATUS_ACCESS_DENIED,
	  "children of the root [HC-0047/ACCESS_DENIED B-5-049]");
	return 0;
}

void payload(void);

void payload(void)
{
	hv_enable();
	synic_on();
	if (names() || create_child() || before_initialization() || feed_child() || limits() ||
	    mapping_rules() || vp_rules() || start_child(1) || io_intercepts() ||
	    memory_intercepts() || cpuid_intercept() || last_words(1) || save_and_restore() ||
	    end_child())
		check(false, "came to the end");
}
