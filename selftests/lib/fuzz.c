// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz.c - random input that is half valid: values, hypercalls, instructions
 */
#include <string.h>

#include "fuzz.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE		TLFS_PAGE_SIZE

/* ---- values ---- */

/* xorshift64* */
u64 fuzz_next(struct fuzz *f)
{
	f->state ^= f->state >> 12;
	f->state ^= f->state << 25;
	f->state ^= f->state >> 27;
	return f->state * 0x2545f4914f6cdd1dULL;
}

u32 fuzz_below(struct fuzz *f, u32 n)
{
	return (fuzz_next(f) >> 32) % n;
}

bool fuzz_one_in(struct fuzz *f, u32 n)
{
	return !fuzz_below(f, n);
}

u64 fuzz_odd(struct fuzz *f)
{
	static const u64 limits[] = {
		0, 1, 7, 8, 15, 16, 63, 64, 255, 256, 0xfff, 0x1000, 0xffff, 0x7fffffff, 0x80000000,
		0xffffffff, 0x100000000, 0xfee00, 0xfee00000, 0xfee00300, 1ULL << 36, 1ULL << 40,
		1ULL << 47, 1ULL << 48, 1ULL << 51, 1ULL << 52, 1ULL << 63, 0x7fffffffffff,
		0x7ffffffff000, 0xffff800000000000, 0xffff888000000000, 0xfffffffffffff000, ~0ULL,
	};

	switch (fuzz_below(f, 8)) {
	case 0 ... 2:
		return fuzz_below(f, 8);
	case 3 ... 5:
		return limits[fuzz_below(f, ARRAY_SIZE(limits))] + fuzz_below(f, 3) - 1;
	case 6:
		return 1ULL << fuzz_below(f, 64);
	default:
		return fuzz_next(f) >> fuzz_below(f, 64);
	}
}

u64 fuzz_about(struct fuzz *f, u32 n)
{
	return fuzz_one_in(f, 16) ? fuzz_odd(f) : fuzz_below(f, n);
}

void *fuzz_pointer(struct fuzz *f)
{
	size_t page = fuzz_below(f, f->mem_size / PAGE) * PAGE;

	switch (fuzz_below(f, 8)) {
	case 0:
		return (void *)fuzz_odd(f);
	case 1:
		return f->mem + page + fuzz_below(f, PAGE);
	case 2:
		return f->mem + page + PAGE - 8 * fuzz_below(f, 8);
	default:
		return f->mem + page;
	}
}

/* RAM that guest code is not in, and what lies around it */
static u64 guest_page(struct fuzz *f)
{
	return 0x30 + fuzz_below(f, 0x200);
}

u64 fuzz_page(struct fuzz *f)
{
	if (fuzz_one_in(f, 16))
		return fuzz_odd(f);
	if (f->guest)
		return guest_page(f);
	return ((u64)f->mem + fuzz_below(f, f->mem_size)) / PAGE;
}

static u64 partition_id(struct fuzz *f)
{
	u64 id = LOAD(&f->ids[fuzz_below(f, FUZZ_IDS)]);

	if (fuzz_one_in(f, 3))
		return HV_PARTITION_ID_SELF;
	if (fuzz_one_in(f, 16))
		return fuzz_odd(f);
	return id;
}

/* ---- hypercalls ---- */

static const u16 codes[] = {
	0x01, 0x02, 0x03, 0x04, 0x08, 0x09, 0x0b, 0x13, 0x14, 0x15, 0x99, 0x9a, 0xc0, 0xc1, 0xf4,
	0x101, 0x131, 0x91, 0x94, 0x95, 0x96, 0x7b,
};

/* those of 2.0a are all from here to there */
#define FIRST_CODE	0x40
#define LAST_CODE	0x71

static u16 any_code(struct fuzz *f)
{
	switch (fuzz_below(f, 16)) {
	case 0:
		return fuzz_odd(f);
	case 1 ... 5:
		return codes[fuzz_below(f, ARRAY_SIZE(codes))];
	default:
		return FIRST_CODE + fuzz_below(f, LAST_CODE - FIRST_CODE + 1);
	}
}

static u32 register_name(struct fuzz *f)
{
	static const u32 first[] = {
		0, 0x100, 0x200, 0x210, 0x20000, 0x40000, 0x50000, 0x60000, 0x70000, 0x80000,
		0x80010, 0x80080, 0x90000, 0x90010, 0xa0000, 0xa0010, 0xb0000, 0xe0000, 0x10000,
		0x10004,
	};

	if (fuzz_one_in(f, 32))
		return fuzz_odd(f);
	return first[fuzz_below(f, ARRAY_SIZE(first))] + fuzz_below(f, 0x20);
}

static u32 property_code(struct fuzz *f)
{
	static const u32 first[] = {
		0x10000, 0x20000, 0x30000, 0x40000, 0x50000, 0x50010, 0x50020, 0x60000, 0x70000,
		0x80000, 0x90000,
	};

	return first[fuzz_below(f, ARRAY_SIZE(first))] + fuzz_below(f, 0x10);
}

/* a page number, a small number, or anything */
static u64 word(struct fuzz *f)
{
	switch (fuzz_below(f, 4)) {
	case 0:
		return fuzz_page(f);
	case 1:
		return fuzz_odd(f);
	case 2:
		return (u64)fuzz_below(f, 4) << 32 | fuzz_below(f, 20);
	default:
		return fuzz_below(f, 8);
	}
}

/* all of an input that one need not know better */
static void any_input(struct fuzz *f, struct fuzz_call *call)
{
	unsigned int i, nr = fuzz_one_in(f, 16) ? 512 : 40;

	call->in[0] = partition_id(f);
	for (i = 1; i < nr; i++)
		call->in[i] = word(f);
}

static u32 port_id(struct fuzz *f)
{
	return fuzz_about(f, 6);
}

static void port_input(struct fuzz *f, struct fuzz_call *call)
{
	call->in[1] = port_id(f);
	switch (call->code) {
	case HVCALL_CREATE_PORT:
	case HVCALL_CREATE_PORT_VTL:
		call->in[2] = partition_id(f);
		call->in[3] = 1 + fuzz_about(f, 4);			/* type */
		call->in[4] = fuzz_about(f, 16) | fuzz_about(f, 3) << 32;	/* SINT, VP */
		call->in[5] = fuzz_about(f, 2048) | fuzz_about(f, 2048) << 16;	/* flags */
		if (fuzz_one_in(f, 4))
			call->in[4] = fuzz_page(f) * PAGE;		/* monitor page */
		if (!fuzz_one_in(f, 4))
			call->in[6] = 0;
		break;
	case HVCALL_CONNECT_PORT:
	case HVCALL_CONNECT_PORT_VTL:
		call->in[2] = partition_id(f);
		call->in[3] = port_id(f);
		call->in[4] = fuzz_one_in(f, 2) ? 0 : fuzz_page(f) * PAGE;
		break;
	case HVCALL_POST_MESSAGE:
		call->in[0] = port_id(f);
		call->in[1] = (1 + fuzz_about(f, 4)) | fuzz_about(f, 241) << 32;
		break;
	case HVCALL_SIGNAL_EVENT:
		call->in[0] = port_id(f) | fuzz_about(f, 2048) << 32;
		break;
	default:
		call->in[2] = fuzz_about(f, 2);
		break;
	}
}

/* from a state on: what a partition is made of, in the order that works more often than not */
static void life_input(struct fuzz *f, struct fuzz_call *call)
{
	unsigned int i;

	switch (call->code) {
	case HVCALL_CREATE_PARTITION:
		call->in[0] = fuzz_one_in(f, 4) ? fuzz_odd(f) : 0;
		call->in[1] = 0;
		break;
	case HVCALL_CREATE_VP:
		call->in[1] = fuzz_about(f, 3);
		call->in[2] = 0;
		call->in[3] = 0;
		break;
	case HVCALL_DEPOSIT_MEMORY:
		for (i = 1; i < 512; i++)
			call->in[i] = fuzz_page(f);
		break;
	case HVCALL_WITHDRAW_MEMORY:
		call->in[1] = 0;
		break;
	case HVCALL_MAP_GPA_PAGES:
	case HVCALL_UNMAP_GPA_PAGES:
	case HVCALL_MAP_SPARSE_GPA_PAGES:
		call->in[1] = call->code == HVCALL_MAP_SPARSE_GPA_PAGES ? fuzz_about(f, 16) :
									  guest_page(f);
		call->in[2] = fuzz_about(f, 16);
		for (i = 3; i < 512; i++)
			call->in[i] = fuzz_page(f);
		break;
	case HVCALL_SET_PARTITION_PROPERTY:
	case HVCALL_GET_PARTITION_PROPERTY:
	case HVCALL_GET_PARTITION_PROPERTY_EX:
		call->in[1] = property_code(f);
		break;
	}
}

static void vp_input(struct fuzz *f, struct fuzz_call *call)
{
	unsigned int i;

	call->in[1] = fuzz_about(f, 3);
	switch (call->code) {
	case HVCALL_GET_VP_REGISTERS:
		for (i = 2; i < 512; i++)
			call->in[i] = (u64)register_name(f) << 32 | register_name(f);
		break;
	case HVCALL_SET_VP_REGISTERS:
		for (i = 2; i + 4 <= 512; i += 4) {
			call->in[i] = register_name(f);
			call->in[i + 1] = 0;
			call->in[i + 2] = word(f);
			call->in[i + 3] = fuzz_one_in(f, 2) ? 0 : word(f);
		}
		break;
	case HVCALL_READ_GPA:
	case HVCALL_WRITE_GPA:
		call->in[1] |= fuzz_about(f, 17) << 32;
		call->in[2] = guest_page(f) * PAGE + fuzz_below(f, PAGE);
		break;
	case HVCALL_TRANSLATE_VIRTUAL_ADDRESS:
		call->in[2] = fuzz_about(f, 64);
		break;
	}
}

static void other_input(struct fuzz *f, struct fuzz_call *call)
{
	switch (call->code) {
	case HVCALL_INSTALL_INTERCEPT:
		call->in[1] = fuzz_about(f, 8) | fuzz_about(f, 8) << 32;
		call->in[2] = fuzz_about(f, 256);
		break;
	case HVCALL_MAP_STATS_PAGE:
	case HVCALL_MAP_STATS_PAGE2:
	case HVCALL_UNMAP_STATS_PAGE:
		call->in[0] = (1 + fuzz_below(f, 2)) | (u64)fuzz_below(f, 2) << 16;
		call->in[1] = partition_id(f);
		call->in[2] = fuzz_about(f, 3);
		call->in[3] = fuzz_page(f);
		break;
	case HVCALL_INITIALIZE_EVENT_LOG_BUFFER_GROUP ... HVCALL_FLUSH_EVENT_LOG_BUFFER:
		call->in[0] = fuzz_about(f, 2) | fuzz_about(f, 4) << 32;
		call->in[1] = fuzz_about(f, 4) | fuzz_about(f, 4) << 32;
		break;
	case HVCALL_ASSERT_VIRTUAL_INTERRUPT:
	case HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL:
		call->in[1] = fuzz_about(f, 12) | fuzz_about(f, 4) << 32;
		call->in[2] = fuzz_about(f, 4);
		call->in[3] = fuzz_about(f, 256);
		break;
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE ... HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST:
	case HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX ... HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX:
		call->in[0] = fuzz_about(f, 256);
		call->in[1] = fuzz_about(f, 4);
		call->in[2] = fuzz_about(f, 4);
		break;
	}
}

void fuzz_call(struct fuzz *f, struct fuzz_call *call)
{
	memset(call, 0, sizeof(*call));
	call->code = any_code(f);
	if (fuzz_one_in(f, 2))
		call->reps = fuzz_one_in(f, 8) ? fuzz_odd(f) & 0xfff : 1 + fuzz_below(f, 40);
	if (fuzz_one_in(f, 8))
		call->var = fuzz_one_in(f, 8) ? fuzz_odd(f) & 0x3ff : fuzz_below(f, 4);
	any_input(f, call);
	/* some are better than random */
	if (fuzz_one_in(f, 8))
		return;
	switch (call->code) {
	case HVCALL_CREATE_PORT ... HVCALL_SIGNAL_EVENT:
	case HVCALL_CREATE_PORT_VTL:
	case HVCALL_CONNECT_PORT_VTL:
	case HVCALL_SET_PORT_PROPERTY:
		port_input(f, call);
		break;
	case HVCALL_DELETE_VP:
	case HVCALL_GET_VP_REGISTERS ... HVCALL_WRITE_GPA:
	case HVCALL_START_VIRTUAL_PROCESSOR:
	case HVCALL_SIGNAL_EVENT_DIRECT:
	case HVCALL_POST_MESSAGE_DIRECT:
	case HVCALL_GET_VP_CPUID_VALUES:
		vp_input(f, call);
		break;
	default:
		life_input(f, call);
		other_input(f, call);
		break;
	}
}

u64 fuzz_control(struct fuzz *f, const struct fuzz_call *call)
{
	u64 control = call->code | (u64)call->reps << HV_HYPERCALL_REP_COUNT_SHIFT |
		      (u64)call->var << HV_HYPERCALL_VARHEAD_SHIFT;

	if (fuzz_one_in(f, 4))
		control |= HV_HYPERCALL_FAST;
	if (fuzz_one_in(f, 8))
		control |= (fuzz_odd(f) & 0xfff) << HV_HYPERCALL_REP_START_SHIFT;
	if (fuzz_one_in(f, 64))
		control |= fuzz_odd(f);
	return control;
}

void fuzz_called(struct fuzz *f, const struct fuzz_call *call, u64 out)
{
	if (call->code == HVCALL_CREATE_PARTITION ||
	    call->code == HVCALL_GET_NEXT_CHILD_PARTITION || call->code == HVCALL_GET_PARTITION_ID)
		STORE(&f->ids[fuzz_below(f, FUZZ_IDS)], out);
}

/* ---- instructions ---- */

u32 fuzz_msr(struct fuzz *f)
{
	static const u32 first[] = {
		0x40000000, 0x40000010, 0x40000020, 0x40000070, 0x40000080, 0x40000090,
		0x400000b0, 0x400000c0, 0x400000e0, 0x400000f0, 0x40000100, 0x40000110, 0x800,
		0x810, 0x820, 0x830, 0xc0000080, 0xc0000100, 0xc0010000, 0x10, 0x1b, 0x170,
		0x1d0, 0x200, 0x250, 0x2f0, 0x3b, 0x6e0, 0xda0,
	};

	if (fuzz_one_in(f, 32))
		return fuzz_odd(f);
	return first[fuzz_below(f, ARRAY_SIZE(first))] + fuzz_below(f, 16);
}

/* with a memory operand at [RDI] or [RSI]: what is decoded where there is no memory */
static const char * const memory_insns[] = {
	"\x89\x07", "\x8b\x07", "\x88\x07", "\x8a\x07", "\x48\x89\x07", "\x48\x8b\x07",
	"\x66\x89\x07", "\xc7\x07\x44\x33\x22\x11", "\xc6\x07\x55", "\x48\xc7\x07\xff\xff\xff\xff",
	"\x0f\xb6\x07", "\x0f\xb7\x07", "\x48\x63\x07", "\x0f\xbe\x07", "\xa4", "\xa5", "\xf3\xa4",
	"\xf3\xa5", "\xf3\xaa", "\xf3\xab", "\xab", "\xad", "\xae", "\xa7", "\x01\x07", "\x09\x07",
	"\x21\x07", "\x31\x07", "\x39\x07", "\x85\x07", "\xf0\xff\x07", "\xff\x07", "\xf7\x17",
	"\x87\x07", "\xf0\x0f\xb1\x0f", "\x0f\xc1\x07", "\x0f\xc7\x0f", "\xff\x37", "\x8f\x07",
	"\x0f\x11\x07", "\x0f\x10\x07", "\x0f\xae\x07", "\xdd\x07", "\x0f\xc3\x07", "\x67\x89\x07",
	"\x64\x89\x07", "\x0f\x01\x17", "\x0f\x01\x07", "\xff\x17", "\x0f\xba\x2f\x05",
	"\x0f\xab\x07", "\x80\x0f\x01", "\x83\x27\x7f",
};

/* and those that exit, or change what the processor is */
static const char * const other_insns[] = {
	"\x0f\x30", "\x0f\x32", "\x0f\x30", "\x0f\x32", "\x0f\xa2", "\xf4", "\xee", "\xef", "\xec",
	"\xed", "\xf3\x6e", "\xf3\x6c", "\x6f", "\x6d", "\x0f\x22\xc0", "\x0f\x22\xd8",
	"\x0f\x22\xe0", "\x44\x0f\x22\xc0", "\x0f\x20\xc0", "\x44\x0f\x20\xc0", "\x0f\x23\xf8",
	"\x0f\x21\xf8", "\x0f\x23\xc0", "\x0f\x01\xd1", "\x0f\x01\xf9", "\x0f\x31", "\x0f\x33",
	"\x0f\x09", "\x0f\x08", "\x0f\x01\x3f", "\x0f\x01\xc8", "\x0f\x01\xc9", "\x0f\x01\xd9",
	"\x0f\x01\xc1", "\x0f\x01\xda", "\x0f\x01\xdd", "\xf3\x90", "\xfb\xf4", "\xfb\x90\xfa",
	"\xcc", "\xcd\x80", "\x8e\xd8", "\x0f\x05", "\x0f\x06", "\xcf", "\x9d", "\x0f\xc7\x37",
	"\x66\x0f\x38\x82\x07", "\x0f\x01\xca", "\x0f\x78\xc0", "\xf1",
};

unsigned int fuzz_insn(struct fuzz *f, unsigned char *code, unsigned int room)
{
	bool memory = fuzz_one_in(f, 2);
	const char *insn = memory ? memory_insns[fuzz_below(f, ARRAY_SIZE(memory_insns))] :
				    other_insns[fuzz_below(f, ARRAY_SIZE(other_insns))];
	unsigned int i, len;

	if (fuzz_one_in(f, 16)) {
		for (len = 0; len < room; len++)
			code[len] = fuzz_next(f) >> 56;
		return len;
	}
	/* immediate bytes may be zero: what follows INT3 is never run */
	for (len = 0; len < 8 && len < room; len++)
		code[len] = 0xcc;
	for (i = 0; insn[i] && i < room; i++)
		code[i] = insn[i];
	if (memory && fuzz_one_in(f, 16))
		code[fuzz_below(f, i)] = fuzz_next(f) >> 56;
	return len;
}
