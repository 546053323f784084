// SPDX-License-Identifier: GPL-2.0-only
/*
 * v2.c - a partition of compatibility version 2.0: leaves (3.4) and Appendix D to the letter
 */
#include "guest.h"
#include "appendix.h"

static void test_hypervisor_leaves(void)
{
	u32 r[4];
	u64 v;

	cpuid(0x40000000, 0, r);
	check_eq(r[0], 0x40000006, "last leaf of 2.0 [CPUID-40000000-EAX-31_0]");
	cpuid(0x40000003, 0, r);
	check(!(r[0] >> 11), "no privilege of later editions [CPUID-40000003-EAX-31_11]");
	check(!(r[3] & ~0x3fU), "no feature of later editions, EDX 0x%x", r[3]);
	check(rdmsr_safe(HV_X64_MSR_TSC_FREQUENCY, &v) == GP_FAULT &&
	      rdmsr_safe(HV_X64_MSR_CRASH_P0, &v) == GP_FAULT &&
	      rdmsr_safe(HV_X64_MSR_REENLIGHTENMENT_CONTROL, &v) == GP_FAULT,
	      "and none of their registers [B-AH-001]");
	cpuid(0x40000004, 0, r);
	check(!(r[0] & ~0x3fU) && !r[2] && !r[3],
	      "no later recommendation [CPUID-40000004-ECX-31_0 CPUID-40000004-EDX-31_0]");
	for (u32 leaf = 0x40000007; leaf <= 0x4000000c; leaf++) {
		cpuid(leaf, 0, r);
		check(!(r[0] | r[1] | r[2] | r[3]), "leaf 0x%x is reserved", leaf);
	}
}

/* what 2.0 reserves, and what later editions put there and elsewhere */
static void test_calls(void)
{
	static const u16 later[] = {
		HVCALL_SEND_SYNTHETIC_CLUSTER_IPI, HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX,
		HVCALL_REGISTER_INTERCEPT_RESULT, HVCALL_START_VIRTUAL_PROCESSOR,
		HVCALL_GET_VP_INDEX_FROM_APIC_ID,
	};
	bool ok = true;

	for (u32 c = 0xa; c <= 0x3f; c++)
		ok &= hypercall(c | HV_FAST, 0, 0) == HV_STATUS_INVALID_HYPERCALL_CODE &&
		      hypercall(c | HV_REPS(1), 0, 0) == HV_STATUS_INVALID_HYPERCALL_CODE;
	check(ok, "codes 2.0 reserves [HC-000A-003F]");
	for (unsigned int i = 0; i < ARRAY_SIZE(later); i++)
		ok &= hypercall(later[i], 0, 0) == HV_STATUS_INVALID_HYPERCALL_CODE;
	check(ok, "calls of later editions are not there");
	check_eq(hypercall(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, 1, 0), 0, "those of 2.0 are");
}

static void test_limits(void)
{
	const struct leaf *h;
	u32 basic[4], ext[4], r[4];

	cpuid(0, 0, basic);
	cpuid(0x80000000, 0, ext);
	h = host_leaf(0, 0);
	if (!h)
		return;
	check_eq(basic[0], h->r[0] < 6 ? h->r[0] : 6, "last leaf [ACPUID-00000000-EAX-31_0]");
	h = host_leaf(0x80000000, 0);
	check_eq(ext[0], h->r[0] < 0x8000001a ? h->r[0] : 0x8000001a,
		 "last extended leaf [ACPUID-80000000-EAX-31_0]");
	check(basic[0] <= 6 && ext[0] <= 0x8000001a, "leaf limits [B-AD-001]");

	cpuid(1, 0, basic);
	cpuid(0x80000001, 0, ext);
	check(!(basic[2] & (1 << 26 | 1 << 27 | 1 << 5 | 1 << 3 | 1 << 15)) &&
	      !(basic[3] & 1 << 21) && !(ext[2] & 1 << 2) && !(ext[3] & 1 << 26),
	      "XSAVE, VMX, SVM, MONITOR, PDCM, DS, 1 GiB pages are not there [B-AD-002]");
	check(!(basic[2] & (1 << 7 | 1 << 8 | 1 << 14 | 1 << 10)) &&
	      !(basic[3] & (1 << 22 | 1 << 28 | 1 << 29 | 1U << 31)),
	      "EST, TM2, ACPI, HTT, TM, PBE, xTPR, CNXTID are not there [B-AD-003]");
	cpuid(5, 0, basic);
	cpuid(6, 0, r);
	check(!(basic[0] | basic[1] | basic[2] | basic[3] | r[0] | r[1] | r[2] | r[3]),
	      "leaves 5 and 6 [B-AD-004]");
	cpuid(0x80000007, 0, r);
	check(!(ext[3] & 1 << 27) && !r[3], "RDTSCP, invariant TSC [B-AD-005]");
	cpuid(0x80000008, 0, r);
	check((r[0] & 0xff) >= 32 && (r[0] & 0xff) <= 48, "a GPA space of %u bits [B-AD-006]",
	      r[0] & 0xff);
}

/* a feature that CPUID does not show cannot be switched on either */
static unsigned int set_cr4(u64 bits)
{
	u64 rax = read_cr(4) | bits, fault;

	asm volatile("xor %%esi, %%esi\n"
		     "1:	mov %%rax, %%cr4\n"
		     "	jmp 3f\n"
		     "2:	mov %%rax, %%rsi\n"
		     "3:\n" EX_TABLE(1b, 2b)
		     : "+a" (rax), "=&S" (fault) : : "memory");
	return fault;
}

void payload(void);

void payload(void)
{
	u32 r[4];

	parse_host();
	v2 = true;
	cpuid(0, 0, r);
	intel = r[2] == 0x6c65746e;
	hv_enable();
	test_hypervisor_leaves();
	test_calls();
	test_appendix_d();
	test_limits();
	cpuid(1, 0, r);
	check(!host_leaf(1, 0) || !((r[0] ^ host_leaf(1, 0)->r[0]) & 0x0fff3fff),
	      "family, model and stepping of processors that are all alike [B-11-003 B-11-025]");
	check(set_cr4(1 << 18) == GP_FAULT && set_cr4(1 << 17) == GP_FAULT &&
	      set_cr4(1 << 20) == GP_FAULT,
	      "CR4 has no OSXSAVE, PCIDE, SMEP [ACPUID-00000001-ECX-30_24 B-5-022]");
}
