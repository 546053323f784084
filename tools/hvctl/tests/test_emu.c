// SPDX-License-Identifier: GPL-2.0-only
/* Instruction emulator against a fake register page; arithmetic against the processor itself. */
#include <stdlib.h>
#include <string.h>

#include "../emu.h"
#include "../emu_alu.h"
#include "tap.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9 };

#define MEM_BASE	0x10000ULL
#define MEM_SIZE	0x4000ULL
#define HOLE		0x13000ULL	/* from here on: not present */

static u8 mem[MEM_SIZE];
static struct hv_vp_register_page regs;
static struct hv_u128 high_xmm[16];
static unsigned int accesses;

static int check(u64 addr, unsigned int len, bool write, struct emu_fault *f)
{
	accesses++;
	if (addr >= MEM_BASE && addr + len <= HOLE)
		return 0;
	f->vector = VECTOR_PF;
	f->has_error = true;
	f->error = write ? 2 : 0;
	f->cr2 = addr;
	return -1;
}

static int mem_read(void *opaque, u64 addr, void *buf, unsigned int len, struct emu_fault *f)
{
	int rc = check(addr, len, false, f);

	(void)opaque;
	if (!rc)
		memcpy(buf, mem + addr - MEM_BASE, len);
	return rc;
}

static int mem_write(void *opaque, u64 addr, const void *buf, unsigned int len,
		     struct emu_fault *f)
{
	int rc = check(addr, len, true, f);

	(void)opaque;
	if (!rc)
		memcpy(mem + addr - MEM_BASE, buf, len);
	return rc;
}

static int get_xmm(void *opaque, unsigned int n, struct hv_u128 *val)
{
	(void)opaque;
	*val = high_xmm[n];
	return 0;
}

static int set_xmm(void *opaque, unsigned int n, const struct hv_u128 *val)
{
	(void)opaque;
	high_xmm[n] = *val;
	return 0;
}

static struct emu emu = {
	.regs = &regs,
	.read = mem_read,
	.write = mem_write,
	.get_xmm = get_xmm,
	.set_xmm = set_xmm,
};

/* 64-bit code, RIP 0x1000, RAX to R15 0x1111.. times their number, memory 00 01 02 ... */
static void reset(void)
{
	unsigned int i;

	memset(&regs, 0, sizeof(regs));
	memset(&emu.fault, 0, sizeof(emu.fault));
	for (i = 0; i < 16; i++)
		regs.gprs[i] = 0x1111111111111111ULL * i;
	for (i = 0; i < MEM_SIZE; i++)
		mem[i] = i;
	regs.rip = 0x1000;
	regs.rflags = 2;
	regs.cr0 = 0x80000001;
	regs.efer = 0x500;
	regs.cs.attributes = HV_SEGMENT_LONG;
	regs.gprs[RDI] = MEM_BASE;
	regs.gprs[RSI] = MEM_BASE + 0x100;
	accesses = 0;
}

static void protected_mode(void)
{
	reset();
	regs.efer = 0;
	regs.cr0 = 1;
	regs.cs.attributes = HV_SEGMENT_DEFAULT;
	regs.ss.attributes = HV_SEGMENT_DEFAULT;
}

#define STEP(...)	step((const u8 []){ __VA_ARGS__ }, sizeof((const u8 []){ __VA_ARGS__ }))

static enum emu_result step(const u8 *bytes, size_t len)
{
	u8 padded[INSN_MAX];

	memset(padded, 0x90, sizeof(padded));
	memcpy(padded, bytes, len);
	return emu_step(&emu, padded, sizeof(padded));
}

static u64 peek(u64 addr, unsigned int len)
{
	u64 v = 0;

	memcpy(&v, mem + addr - MEM_BASE, len);
	return v;
}

static void poke(u64 addr, unsigned int len, u64 v)
{
	memcpy(mem + addr - MEM_BASE, &v, len);
}

static void test_moves(void)
{
	reset();
	ok(STEP(0x8b, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x03020100 && regs.rip == 0x1002,
	   "mov eax, [rdi] clears the upper half and advances RIP");
	ok((regs.dirty & (HV_REGISTER_PAGE_DIRTY_GPRS | HV_REGISTER_PAGE_DIRTY_RIP)) ==
	   (HV_REGISTER_PAGE_DIRTY_GPRS | HV_REGISTER_PAGE_DIRTY_RIP), "its dirty bits");
	reset();
	regs.gprs[RAX] = 0x8877665544332211ULL;
	ok(STEP(0x66, 0x8b, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x8877665544330100ULL,
	   "mov ax, [rdi] keeps the rest");
	reset();
	regs.gprs[RAX] = 0x8877665544332211ULL;
	ok(STEP(0x8a, 0x67, 0x05) == EMU_DONE && regs.gprs[RAX] == 0x8877665544330511ULL,
	   "mov ah, [rdi+5]");
	reset();
	ok(STEP(0x40, 0x8a, 0x77, 0x05) == EMU_DONE &&
	   regs.gprs[RSI] == ((MEM_BASE + 0x100) & ~0xffULL) + 5, "mov sil, [rdi+5] with REX");
	reset();
	ok(STEP(0x4c, 0x89, 0x47, 0x10) == EMU_DONE &&
	   peek(MEM_BASE + 0x10, 8) == 0x8888888888888888ULL, "mov [rdi+16], r8");
	reset();
	ok(STEP(0xc7, 0x47, 0x04, 0x78, 0x56, 0x34, 0x92) == EMU_DONE &&
	   peek(MEM_BASE + 4, 4) == 0x92345678 && peek(MEM_BASE + 8, 1) == 8,
	   "mov dword [rdi+4], imm32");
	reset();
	ok(STEP(0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff) == EMU_DONE &&
	   peek(MEM_BASE, 8) == ~0ULL, "mov qword [rdi], -1 sign-extends");
	reset();
	ok(STEP(0xa3, 0x20, 0x00, 0x01, 0, 0, 0, 0, 0) == EMU_DONE &&
	   peek(MEM_BASE + 0x20, 4) == 0, "mov moffs64, eax");
	reset();
	ok(STEP(0x0f, 0xb6, 0x47, 0x90) == EMU_FAULT && regs.rip == 0x1000,
	   "movzx from below memory faults, RIP stays");
	reset();
	poke(MEM_BASE, 2, 0x8081);
	ok(STEP(0x0f, 0xb6, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x81, "movzx eax, byte");
	ok(STEP(0x0f, 0xb7, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x8081, "movzx eax, word");
	ok(STEP(0x0f, 0xbe, 0x07) == EMU_DONE && regs.gprs[RAX] == 0xffffff81, "movsx eax, byte");
	ok(STEP(0x48, 0x0f, 0xbf, 0x07) == EMU_DONE && regs.gprs[RAX] == 0xffffffffffff8081ULL,
	   "movsx rax, word");
	poke(MEM_BASE, 4, 0x80000000);
	ok(STEP(0x48, 0x63, 0x07) == EMU_DONE && regs.gprs[RAX] == 0xffffffff80000000ULL,
	   "movsxd rax, dword");
	poke(MEM_BASE, 4, 0x11223344);
	ok(STEP(0x0f, 0x38, 0xf0, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x44332211, "movbe load");
	reset();
	regs.es.selector = 0x2b;
	ok(STEP(0x8c, 0x07) == EMU_DONE && peek(MEM_BASE, 2) == 0x2b && peek(MEM_BASE + 2, 1) == 2,
	   "mov [rdi], es stores a word");
}

static void test_addresses(void)
{
	reset();
	regs.gprs[RCX] = 2;
	ok(STEP(0x8b, 0x44, 0x8f, 0x10) == EMU_DONE && regs.gprs[RAX] == 0x1b1a1918,
	   "[rdi+rcx*4+16]");
	reset();
	regs.gs.base = 0x80;
	ok(STEP(0x65, 0x8b, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x83828180, "gs base counts");
	reset();
	regs.ds.base = 0x80;
	ok(STEP(0x8b, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x03020100,
	   "ds base does not in 64-bit mode");
	reset();
	regs.rip = MEM_BASE;
	ok(STEP(0x8b, 0x05, 0x0a, 0, 0, 0) == EMU_DONE && regs.gprs[RAX] == 0x13121110,
	   "rip-relative counts from the next instruction");
	reset();
	regs.gprs[RDI] = 0xabcd00000000ULL | MEM_BASE;
	ok(STEP(0x67, 0x8b, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x03020100,
	   "address size prefix cuts the address");
	protected_mode();
	regs.ds.base = 0x80;
	ok(STEP(0x8b, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x83828180,
	   "ds base counts in protected mode");
	protected_mode();
	regs.cs.attributes = 0;
	regs.cr0 = 0;
	regs.ds.base = MEM_BASE;
	regs.gprs[RBX] = 0x30;
	ok(STEP(0x8b, 0x07) == EMU_DONE && (u16)regs.gprs[RAX] == 0x3130 && regs.rip == 0x1002,
	   "real mode: mov ax, [bx]");
}

static void test_read_modify_write(void)
{
	reset();
	poke(MEM_BASE, 4, 0xf0);
	ok(STEP(0x83, 0x0f, 0x01) == EMU_DONE && peek(MEM_BASE, 4) == 0xf1 && accesses == 2,
	   "or dword [rdi], 1: one read, one write");
	ok(STEP(0x83, 0x27, 0x0f) == EMU_DONE && peek(MEM_BASE, 4) == 1, "and");
	ok(STEP(0x83, 0x37, 0x03) == EMU_DONE && peek(MEM_BASE, 4) == 2, "xor");
	ok(STEP(0x83, 0x07, 0xfd) == EMU_DONE && peek(MEM_BASE, 4) == 0xffffffff &&
	   regs.rflags & ALU_SF, "add dword [rdi], -3");
	ok(STEP(0x83, 0x2f, 0xff) == EMU_DONE && !peek(MEM_BASE, 4) && regs.rflags & ALU_ZF, "sub");
	reset();
	ok(STEP(0x3b, 0x07) == EMU_DONE && regs.gprs[RAX] == 0 && regs.rflags & ALU_CF,
	   "cmp eax, [rdi] only sets flags");
	reset();
	ok(STEP(0xf7, 0x07, 0, 1, 0, 0) == EMU_DONE && !(regs.rflags & ALU_ZF) &&
	   peek(MEM_BASE, 4) == 0x03020100, "test dword [rdi], 0x100");
	reset();
	ok(STEP(0x87, 0x07) == EMU_DONE && regs.gprs[RAX] == 0x03020100 && !peek(MEM_BASE, 4),
	   "xchg [rdi], eax");
	reset();
	regs.gprs[RDI] = HOLE;
	regs.gprs[RAX] = 5;
	ok(STEP(0x87, 0x07) == EMU_FAULT && regs.gprs[RAX] == 5 && emu.fault.cr2 == HOLE,
	   "faulting xchg leaves the register");
	reset();
	regs.gprs[RCX] = 1;
	ok(STEP(0x0f, 0xc1, 0x0f) == EMU_DONE && regs.gprs[RCX] == 0x03020100 &&
	   peek(MEM_BASE, 4) == 0x03020101, "xadd [rdi], ecx");
	reset();
	regs.gprs[RAX] = 0x03020100;
	ok(STEP(0xf0, 0x0f, 0xb1, 0x0f) == EMU_DONE && peek(MEM_BASE, 4) == 0x11111111 &&
	   regs.rflags & ALU_ZF, "lock cmpxchg that matches");
	ok(STEP(0x0f, 0xb1, 0x0f) == EMU_DONE && regs.gprs[RAX] == 0x11111111 &&
	   !(regs.rflags & ALU_ZF), "cmpxchg that does not loads the accumulator");
	reset();
	ok(STEP(0xfe, 0x07) == EMU_DONE && peek(MEM_BASE, 1) == 1, "inc byte [rdi]");
	ok(STEP(0xff, 0x0f) == EMU_DONE && peek(MEM_BASE, 4) == 0x03020100, "dec dword [rdi]");
	ok(STEP(0xf7, 0x17) == EMU_DONE && peek(MEM_BASE, 4) == 0xfcfdfeff, "not dword [rdi]");
	ok(STEP(0xf7, 0x1f) == EMU_DONE && peek(MEM_BASE, 4) == 0x03020101 && regs.rflags & ALU_CF,
	   "neg dword [rdi]");
}

static void test_bits(void)
{
	reset();
	ok(STEP(0x0f, 0xba, 0x27, 0x08) == EMU_DONE && regs.rflags & ALU_CF,
	   "bt dword [rdi], 8");
	ok(STEP(0x0f, 0xba, 0x2f, 0x09) == EMU_DONE && peek(MEM_BASE, 4) == 0x03020300,
	   "bts dword [rdi], 9");
	ok(STEP(0x0f, 0xba, 0x37, 0x09) == EMU_DONE && regs.rflags & ALU_CF &&
	   peek(MEM_BASE, 4) == 0x03020100, "btr takes it back and reports it");
	ok(STEP(0x0f, 0xba, 0x3f, 0x1f) == EMU_DONE && peek(MEM_BASE, 4) == 0x83020100, "btc");
	reset();
	regs.gprs[RCX] = 67;
	ok(STEP(0x0f, 0xab, 0x0f) == EMU_DONE && peek(MEM_BASE + 8, 4) == 0x0b0a0908 &&
	   regs.rflags & ALU_CF, "bts [rdi], ecx reaches the dword two further on");
	reset();
	regs.gprs[RDI] = MEM_BASE + 0x10;
	regs.gprs[RCX] = -1ULL;
	ok(STEP(0x0f, 0xab, 0x0f) == EMU_DONE && peek(MEM_BASE + 0xc, 4) == 0x8f0e0d0c,
	   "and with a negative offset the one before");
}

static void test_strings(void)
{
	reset();
	regs.gprs[RAX] = 0x41424344;
	regs.gprs[RCX] = 3;
	ok(STEP(0xf3, 0xab) == EMU_DONE && peek(MEM_BASE + 8, 4) == 0x41424344 &&
	   peek(MEM_BASE + 12, 1) == 12 && !regs.gprs[RCX] && regs.gprs[RDI] == MEM_BASE + 12 &&
	   regs.rip == 0x1002, "rep stosd");
	reset();
	regs.gprs[RCX] = 4;
	ok(STEP(0xf3, 0xa4) == EMU_DONE && peek(MEM_BASE, 4) == 0x03020100 &&
	   regs.gprs[RSI] == MEM_BASE + 0x104 && !regs.gprs[RCX], "rep movsb");
	reset();
	regs.rflags |= RFLAGS_DF;
	ok(STEP(0x48, 0xa5) == EMU_DONE && regs.gprs[RDI] == MEM_BASE - 8 &&
	   regs.gprs[RSI] == MEM_BASE + 0xf8, "movsq backwards");
	reset();
	regs.gprs[RCX] = 1000;
	ok(STEP(0xf3, 0xaa) == EMU_DONE && regs.gprs[RCX] == 1000 - 512 && regs.rip == 0x1000,
	   "a long rep stops half way with RIP on the instruction");
	ok(STEP(0xf3, 0xaa) == EMU_DONE && !regs.gprs[RCX] && regs.rip == 0x1002,
	   "and goes on from there");
	reset();
	regs.gprs[RDI] = HOLE - 8;
	regs.gprs[RCX] = 4;
	ok(STEP(0xf3, 0xab) == EMU_FAULT && regs.gprs[RCX] == 2 && regs.gprs[RDI] == HOLE &&
	   regs.rip == 0x1000, "a fault in the middle keeps what was done");
	reset();
	regs.gprs[RCX] = 0;
	ok(STEP(0xf3, 0xab) == EMU_DONE && !accesses && regs.rip == 0x1002, "rep with RCX 0");
	reset();
	ok(STEP(0xad) == EMU_DONE && regs.gprs[RAX] == 0x03020100 &&
	   regs.gprs[RSI] == MEM_BASE + 0x104, "lodsd");
	reset();
	regs.gprs[RAX] = 7;
	regs.gprs[RCX] = 100;
	ok(STEP(0xf2, 0xae) == EMU_DONE && regs.gprs[RDI] == MEM_BASE + 8 &&
	   regs.gprs[RCX] == 92 && regs.rflags & ALU_ZF, "repne scasb finds");
	reset();
	poke(MEM_BASE + 0x105, 1, 0xee);
	regs.gprs[RCX] = 100;
	ok(STEP(0xf3, 0xa6) == EMU_DONE && regs.gprs[RCX] == 94 && !(regs.rflags & ALU_ZF),
	   "repe cmpsb stops at the difference");
	protected_mode();
	regs.es.base = 0x100;
	regs.gprs[RCX] = 0x100000002ULL;
	regs.gprs[RAX] = 0x55;
	ok(STEP(0xf3, 0xaa) == EMU_DONE && peek(MEM_BASE + 0x100, 2) == 0x5555 &&
	   !regs.gprs[RCX], "stosb in protected mode: es base, 32-bit count");
	reset();
	regs.fs.base = 0x10;
	ok(STEP(0x64, 0xa4) == EMU_DONE && peek(MEM_BASE, 1) == 0x10,
	   "movsb with fs override on the source only");
}

static void test_others(void)
{
	reset();
	regs.gprs[RSP] = MEM_BASE + 0x200;
	ok(STEP(0xff, 0x37) == EMU_DONE && regs.gprs[RSP] == MEM_BASE + 0x1f8 &&
	   peek(MEM_BASE + 0x1f8, 8) == 0x0706050403020100ULL, "push qword [rdi]");
	reset();
	regs.gprs[RSP] = MEM_BASE + 0x200;
	ok(STEP(0x8f, 0x04, 0x24) == EMU_DONE && regs.gprs[RSP] == MEM_BASE + 0x208 &&
	   peek(MEM_BASE + 0x208, 8) == 0x0706050403020100ULL,
	   "pop [rsp] addresses with RSP raised");
	reset();
	regs.xmm[1].low = 0x1122334455667788ULL;
	regs.xmm[1].high = 0x99aabbccddeeff00ULL;
	ok(STEP(0x0f, 0x11, 0x0f) == EMU_DONE && peek(MEM_BASE + 8, 8) == 0x99aabbccddeeff00ULL,
	   "movups [rdi], xmm1");
	ok(STEP(0x44, 0x0f, 0x10, 0x07) == EMU_DONE && high_xmm[8].low == 0x1122334455667788ULL,
	   "movups xmm8, [rdi] goes past the page's registers");
	reset();
	regs.xmm[2].high = 1;
	ok(STEP(0xf3, 0x0f, 0x7e, 0x17) == EMU_DONE && regs.xmm[2].low == 0x0706050403020100ULL &&
	   !regs.xmm[2].high && regs.dirty & HV_REGISTER_PAGE_DIRTY_XMM, "movq xmm2, [rdi]");
	reset();
	ok(STEP(0x0f, 0x01, 0x17) == EMU_UNSUPPORTED && regs.rip == 0x1000, "lgdt is refused");
	ok(STEP(0xff, 0x17) == EMU_UNSUPPORTED, "call [rdi] is refused");
	ok(STEP(0x0f, 0x0b) == EMU_UNSUPPORTED, "ud2 is refused");
	ok(STEP(0xc5, 0xfc, 0x10, 0x07) == EMU_UNSUPPORTED, "an AVX load is refused");
	ok(emu_step(&emu, (const u8 []){ 0x8b }, 1) == EMU_UNSUPPORTED, "half an instruction");
}

/* ---- arithmetic, the processor's own answer as the reference ---- */

#define FLAGS_OUT	"pushfq; popq %1"
#define NATIVE2(insn, type)						\
	({								\
		type r = (type)a;					\
		u64 fl;							\
		asm volatile("pushq %3; popfq; " insn " %2, %0; "	\
			     FLAGS_OUT					\
			     : "+q"(r), "=&r"(fl)			\
			     : "q"((type)b), "r"(in | 2) : "cc");	\
		out = fl & ALU_FLAGS;					\
		(u64)r;							\
	})
#define NATIVE(insn)							\
	(size == 1 ? NATIVE2(insn "b", u8) : size == 2 ? NATIVE2(insn "w", u16) : \
	 size == 4 ? NATIVE2(insn "l", u32) : NATIVE2(insn "q", u64))

static u64 native(enum alu_op op, u64 a, u64 b, unsigned int size, u64 in, u64 *flags)
{
	u64 r = 0, out = 0;

	switch (op) {
	case ALU_ADD:
		r = NATIVE("add");
		break;
	case ALU_ADC:
		r = NATIVE("adc");
		break;
	case ALU_SUB:
		r = NATIVE("sub");
		break;
	case ALU_SBB:
		r = NATIVE("sbb");
		break;
	case ALU_AND:
		r = NATIVE("and");
		break;
	case ALU_OR:
		r = NATIVE("or");
		break;
	case ALU_XOR:
		r = NATIVE("xor");
		break;
	default:
		break;
	}
	*flags = out;
	return r;
}

static u64 random_value(void)
{
	static const u64 edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff,
				     0x80000000, 0xffffffff, 1ULL << 63, ~0ULL, ~0ULL >> 1 };
	u64 v = (u64)random() << 42 ^ (u64)random() << 21 ^ (u64)random();

	return random() & 1 ? v : edges[random() % ARRAY_SIZE(edges)];
}

static void test_arithmetic(void)
{
	static const char * const names[] = { "add", "adc", "sub", "sbb", "and", "or", "xor" };
	static const unsigned int sizes[] = { 1, 2, 4, 8 };
	unsigned int op, s, i;

	srandom(1);
	for (op = ALU_ADD; op <= ALU_XOR; op++) {
		unsigned int bad = 0;

		for (s = 0; s < 4; s++) {
			for (i = 0; i < 5000; i++) {
				u64 a = random_value(), b = random_value();
				u64 in = random() & 1 ? ALU_CF : 0, want, got = in | 2;
				u64 rn = native(op, a, b, sizes[s], in, &want);
				u64 re = alu(op, a, b, sizes[s], &got);

				/* AND, OR and XOR leave AF undefined */
				if (op >= ALU_AND)
					want &= ~ALU_AF;
				bad += rn != re || want != (got & ALU_FLAGS) || !(got & 2);
			}
		}
		ok(!bad, "%s: 20000 operand pairs as the processor (%u differ)", names[op], bad);
	}
}

int main(void)
{
	test_moves();
	test_addresses();
	test_read_modify_write();
	test_bits();
	test_strings();
	test_others();
	test_arithmetic();
	return done_testing();
}
