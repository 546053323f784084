/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * many.h - a partition of many VPs: each starts, and flush and IPI calls reach the right ones
 */
#ifndef MANY_H
#define MANY_H

#include "guest.h"

#define WAKE		0x40
#define VECTOR		0x50
#define WINDOW		0x8000000000ULL
#define SPACE_EX	HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX
#define LIST_EX		(HVCALL_FLUSH_VIRTUAL_ADDRESS_LIST_EX | HV_REPS(1))
#define IPI_EX		HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX
#define SPARSE		0
#define EVERYBODY	1

static volatile u32 hits[MAX_CPUS], vp_index_of[MAX_CPUS], total;
static volatile u8 seen[MAX_CPUS];
static u8 pages[2][4096] __page_aligned;
static u64 pdpt2[512] __page_aligned, pd2[512] __page_aligned, pt2[512] __page_aligned;
static u64 in[64] __page_aligned;
extern u64 pml4[];
static unsigned int vps;

static void on_vector(struct trap_frame *f)
{
	(void)f;
	__atomic_fetch_add(&hits[rdmsr(HV_X64_MSR_VP_INDEX)], 1, __ATOMIC_SEQ_CST);
	__atomic_fetch_add(&total, 1, __ATOMIC_SEQ_CST);
	apic_eoi();
}

static void tell_index(void *arg)
{
	vp_index_of[(u64)arg] = rdmsr(HV_X64_MSR_VP_INDEX);
}

static void look(void *arg)
{
	seen[(u64)arg] = *(volatile u8 *)WINDOW;
}

/* banks of 64 for the VPs in @list (-1 ends it); returns how many, from in[@at] on */
static unsigned int make_set(const int *list, unsigned int at, u64 *valid)
{
	unsigned int n = 0;
	u64 bank[2] = { };

	*valid = 0;
	for (; *list >= 0; list++) {
		bank[*list / 64] |= 1ULL << (*list % 64);
		*valid |= 1ULL << (*list / 64);
	}
	for (unsigned int i = 0; i < 2; i++)
		if (*valid >> i & 1)
			in[at + n++] = bank[i];
	return n;
}

static bool in_list(const int *list, int vp)
{
	for (; *list >= 0; list++)
		if (*list == vp)
			return true;
	return false;
}

static bool ipi_to(const int *list)
{
	unsigned int n, want = 0;
	u64 valid;
	bool ok;

	memset(in, 0, sizeof(in));
	memset((void *)hits, 0, sizeof(hits));
	total = 0;
	n = make_set(list, 3, &valid);
	in[0] = VECTOR;
	in[1] = SPARSE;
	in[2] = valid;
	ok = !hypercall(IPI_EX | HV_VAR(n), (u64)in, 0);
	while (list[want] >= 0)
		want++;
	wait_for(&total, want, 5000);
	wait_for(&total, want + 1, 5);
	for (unsigned int i = 0; i < vps; i++)
		ok &= hits[i] == in_list(list, i);
	return ok;
}

static bool ipi_to_all(void)
{
	bool ok;

	memset(in, 0, sizeof(in));
	memset((void *)hits, 0, sizeof(hits));
	total = 0;
	in[0] = VECTOR;
	in[1] = EVERYBODY;
	ok = !hypercall(IPI_EX, (u64)in, 0);
	wait_for(&total, vps, 20000);
	wait_for(&total, vps + 1, 5);
	for (unsigned int i = 0; i < vps; i++)
		ok &= hits[i] == 1;
	return ok;
}

/* @list and all in between have the old page in their TLBs; those of @list must see the new one */
static bool flush_reaches(const int *list, bool pages_only)
{
	unsigned int n;
	bool ok = true;
	u64 valid;

	pt2[0] = (u64)pages[0] | 3;
	write_cr(3, read_cr(3));
	for (const int *p = list; *p >= 0; p++)
		ok &= on_cpu(*p, look, (void *)(u64)*p, 5000) && seen[*p];
	pt2[0] = (u64)pages[1] | 3;
	memset(in, 0, sizeof(in));
	in[0] = read_cr(3);
	n = make_set(list, 4, &valid);
	in[2] = SPARSE;
	in[3] = valid;
	if (pages_only) {
		in[4 + n] = WINDOW;
		ok &= hypercall(LIST_EX | HV_VAR(n), (u64)in, 0) == HV_REPS(1);
	} else {
		ok &= !hypercall(SPACE_EX | HV_VAR(n), (u64)in, 0);
	}
	for (const int *p = list; *p >= 0; p++)
		ok &= on_cpu(*p, look, (void *)(u64)*p, 5000) && seen[*p] == 0xbb;
	return ok;
}

static void many(unsigned int want)
{
	const int ends[] = { 1, 31, 32, want - 2, want - 1, -1 };
	const int last[] = { want - 1, -1 };
	bool unique = true;

	vps = want;
	apic_enable(false);
	hv_enable();
	aps_sleep(WAKE);
	set_handler(VECTOR, on_vector);
	check_eq(start_aps(), want, "%u VPs on this host start", want);
	for (unsigned int i = 1; i < want; i++)
		unique &= on_cpu(i, tell_index, (void *)(u64)i, 5000) &&
			  vp_index_of[i] == cpu_apic_id[i] && vp_index_of[i] == i;
	check(unique, "each with an index of its own [B-R2012-003 B-10-011]");

	check(ipi_to(last), "an IPI to the last of them [HC-0015]");
	check(ipi_to(ends), "to some of all banks, and nobody else [HC-0015 B-v50-008 B-v50-013]");
	check(ipi_to_all(), "to all of them [HC-0015 B-v50-008 B-v50-013]");
	in[0] = 15;
	in[1] = EVERYBODY;
	check(hypercall(IPI_EX, (u64)in, 0) == HV_STATUS_INVALID_PARAMETER &&
	      (in[0] = 256, hypercall(IPI_EX, (u64)in, 0) == HV_STATUS_INVALID_PARAMETER),
	      "vectors below 16 and above 255 [HC-0015/INVALID_PARAMETER B-v50-014]");

	memset(pages[0], 0xaa, sizeof(pages[0]));
	memset(pages[1], 0xbb, sizeof(pages[1]));
	pd2[0] = (u64)pt2 | 3;
	pdpt2[0] = (u64)pd2 | 3;
	pml4[1] = (u64)pdpt2 | 3;
	check(flush_reaches(ends, false), "a flush of some of all banks [HC-0013 B-v50-008]");
	check(flush_reaches(last, true), "of a page of the last [HC-0014 B-v50-008]");
	check(flush_reaches(ends, true), "of a page of some [HC-0014 B-v50-008]");
}

#endif /* MANY_H */
