/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fuzz.h - random input that is half valid: values, hypercalls, instructions
 */
#ifndef TLFS_SELFTEST_FUZZ_H
#define TLFS_SELFTEST_FUZZ_H

#include "vmm.h"

#define FUZZ_IDS	16

/**
 * struct fuzz - a source of random things; each thread has one
 * @state:	of the generator, not 0: the seed
 * @ids:	partitions that are or were there, 0: none; shared by threads
 * @mem:	memory of the process that calls may name: @mem_size bytes
 * @guest:	input is made for a guest: pages are its own, not the process's
 */
struct fuzz {
	u64 state;
	u64 *ids;
	char *mem;
	size_t mem_size;
	bool guest;
};

u64 fuzz_next(struct fuzz *f);
/* less than @n */
u32 fuzz_below(struct fuzz *f, u32 n);
/* one in @n */
bool fuzz_one_in(struct fuzz *f, u32 n);
/* small, at some limit, an address nobody may use, or anything */
u64 fuzz_odd(struct fuzz *f);
/* mostly less than @n, else odd */
u64 fuzz_about(struct fuzz *f, u32 n);
/* an address in @mem that may be anywhere in a page or run out of it; else odd */
void *fuzz_pointer(struct fuzz *f);
/* a page number as a caller names memory */
u64 fuzz_page(struct fuzz *f);

/**
 * struct fuzz_call - a hypercall
 * @code:	call code
 * @reps:	rep count
 * @var:	words of variable header
 * @in:		a page of input
 */
struct fuzz_call {
	u16 code;
	u16 reps;
	u16 var;
	u64 in[512];
};

void fuzz_call(struct fuzz *f, struct fuzz_call *call);
/* control word of it by a guest; bits that are reserved now and then */
u64 fuzz_control(struct fuzz *f, const struct fuzz_call *call);
/* its result: what it made may be named from then on */
void fuzz_called(struct fuzz *f, const struct fuzz_call *call, u64 out);

/* an MSR that may mean something */
u32 fuzz_msr(struct fuzz *f);
/* at most @room bytes of guest code with one instruction worth an exit; how many they are */
unsigned int fuzz_insn(struct fuzz *f, unsigned char *code, unsigned int room);

#endif /* TLFS_SELFTEST_FUZZ_H */
