/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bench.h - what guest/bench.c and the VMM that runs it (vmexit_bench.c) agree on
 */
#ifndef BENCH_H
#define BENCH_H

/* COM1 transmits, DEBUG_EXIT ends the run; as in lib.c */
#define BENCH_PORT_COM1		0x3f8
#define BENCH_PORT_LSR		0x3fd
#define BENCH_PORT_EXIT		0xf4

/* a write here signals an eventfd, in the kernel */
#define BENCH_PORT_DOORBELL	0x5f0
/* a write here goes to the VMM, which does nothing */
#define BENCH_PORT_USER		0x5f1
/* the exits of one case begin (1) and are over (0) */
#define BENCH_PORT_COUNT	0x5f2

/* of each case */
#define BENCH_REPEATS		256
#define BENCH_WARM_UP		16

#define BENCH_RAM_SIZE		(16UL << 20)

/*
 * Memory that the guest touches once.  "Resident" memory the VMM has touched before: what the
 * guest's first touch costs then is the hypervisor's share.  "Fresh" memory nobody has touched,
 * so the host has to find, clear and map a page too.  The first two come in 4 KiB pages, the
 * last two in 2 MiB pages where the host has those to give.
 */
#define BENCH_4K_RESIDENT	(256UL << 20)
#define BENCH_4K_FRESH		(288UL << 20)
#define BENCH_2M_RESIDENT	(512UL << 20)
#define BENCH_2M_FRESH		(640UL << 20)

#define BENCH_4K_SIZE		(2UL << 20)
#define BENCH_2M_SIZE		(32UL << 20)

#endif /* BENCH_H */
