// SPDX-License-Identifier: GPL-2.0-only
/*
 * cpuid.c - discovery (TLFS 3) and what CPUID says of the processor (11.11, Appendix D)
 *
 * What is passed through is compared with the host's CPUID on the command line, if it is there.
 */
#include "guest.h"
#include "appendix.h"

/* ---- chapter 3 ---- */

static void test_identity(void)
{
	u32 r[4], n[4];

	cpuid(1, 0, r);
	check(r[2] >> 31, "hypervisor present [B-3-001 ACPUID-00000001-ECX-31]");
	cpuid(0x40000000, 0, r);
	check(r[0] >= 0x40000005 && r[0] < 0x40000100,
	      "last hypervisor leaf 0x%x [CPUID-40000000-EAX-31_0 B-3-003]", r[0]);
	check(r[1] == 0x7263694d && r[2] == 0x666f736f && r[3] == 0x76482074,
	      "vendor [CPUID-40000000-EBX-31_0 CPUID-40000000-ECX-31_0 CPUID-40000000-EDX-31_0]");
	cpuid(0x40000001, 0, r);
	check_eq(r[0], 0x31237648, "Hv#1 [CPUID-40000001-EAX-31_0 B-3-002]");
	check(!r[1] && !r[2] && !r[3],
	      "rest of 0x40000001 [CPUID-40000001-EBX-31_0 CPUID-40000001-ECX-31_0 "
	      "CPUID-40000001-EDX-31_0 B-3-014 B-3-004]");

	cpuid(0x40000002, 0, r);
	wrmsr(HV_X64_MSR_GUEST_OS_ID, GUEST_OS_ID);
	cpuid(0x40000002, 0, n);
	check(!r[0] && !r[1] && !r[2] && !r[3] && n[0],
	      "no version before the guest says who it is [B-3-006 CPUID-40000002-EAX-31_0]");
	check(n[1] >> 16 || n[1] & 0xffff, "version %u.%u.%u [B-3-016 CPUID-40000002-EBX-31_16]",
	      n[1] >> 16, n[1] & 0xffff, n[0]);
	/* the service fields: there is none, in either state */
	check(!r[1] && !(n[1] & 0xffff) && !r[2] && !n[2] && !r[3] && !n[3],
	      "minor and service version [CPUID-40000002-EBX-15_0 CPUID-40000002-ECX-31_0 "
	      "CPUID-40000002-EDX-31_24 CPUID-40000002-EDX-23_0]");
	wrmsr(HV_X64_MSR_GUEST_OS_ID, 0);
	cpuid(0x40000002, 0, r);
	check(!r[0] && !r[1], "and none after it took that back [B-3-006]");
}

enum probe_kind { MSR_READS, MSR_WRITES, CALL_EXISTS, CALL_ABSENT, NO_MSR, BIT_ONLY };

/* a bit of 0x40000003 or 4, and what it promises (or, when clear, what is then not there) */
static const struct {
	u32 leaf;
	u8 reg;
	u8 bit;
	bool set;
	u8 kind;
	u32 what;
} features[] = {
	{ 3, 0, 0, true, MSR_READS, HV_X64_MSR_VP_RUNTIME },
	{ 3, 0, 1, true, MSR_READS, HV_X64_MSR_TIME_REF_COUNT },
	{ 3, 0, 2, true, MSR_READS, HV_X64_MSR_SINT0 },
	{ 3, 0, 3, true, MSR_READS, HV_X64_MSR_STIMER3_COUNT },
	{ 3, 0, 4, true, MSR_READS, HV_X64_MSR_VP_ASSIST_PAGE },
	{ 3, 0, 5, true, MSR_READS, HV_X64_MSR_HYPERCALL },
	{ 3, 0, 6, true, MSR_READS, HV_X64_MSR_VP_INDEX },
	{ 3, 0, 7, true, MSR_READS, HV_X64_MSR_RESET },
	{ 3, 0, 8, true, MSR_READS, HV_X64_MSR_STATS_VP_RETAIL_PAGE },
	{ 3, 0, 9, true, MSR_READS, HV_X64_MSR_REFERENCE_TSC },
	/* reading it sleeps: vp.c does */
	{ 3, 0, 10, true, BIT_ONLY, 0 },
	{ 3, 0, 11, true, MSR_READS, HV_X64_MSR_APIC_FREQUENCY },
	{ 3, 0, 12, true, MSR_READS, HV_X64_MSR_SYNTH_DEBUG_STATUS },
	{ 3, 0, 13, true, MSR_READS, HV_X64_MSR_REENLIGHTENMENT_CONTROL },
	{ 3, 0, 15, true, MSR_READS, HV_X64_MSR_TSC_INVARIANT_CONTROL },
	{ 3, 1, 0, false, CALL_ABSENT, HVCALL_CREATE_PARTITION },
	{ 3, 1, 1, false, CALL_ABSENT, HVCALL_GET_PARTITION_ID },
	{ 3, 1, 2, false, CALL_ABSENT, HVCALL_DEPOSIT_MEMORY },
	{ 3, 1, 3, false, BIT_ONLY, 0 },
	{ 3, 1, 4, true, CALL_EXISTS, HVCALL_POST_MESSAGE },
	{ 3, 1, 5, true, CALL_EXISTS, HVCALL_SIGNAL_EVENT },
	{ 3, 1, 6, true, BIT_ONLY, 0 },
	{ 3, 1, 7, true, BIT_ONLY, 0 },
	{ 3, 1, 8, true, CALL_EXISTS, HVCALL_UNMAP_STATS_PAGE },
	{ 3, 1, 11, false, CALL_ABSENT, HVCALL_RESET_DEBUG_SESSION },
	{ 3, 1, 12, false, NO_MSR, HV_X64_MSR_POWER_STATE_CONFIG_C1 },
	{ 3, 1, 13, false, CALL_ABSENT, HVCALL_INITIALIZE_EVENT_LOG_BUFFER_GROUP },
	{ 3, 1, 16, false, CALL_ABSENT, HVCALL_ENABLE_PARTITION_VTL },
	/* startvp.c makes these calls */
	{ 3, 1, 17, true, BIT_ONLY, 0 },
	{ 3, 1, 20, true, CALL_EXISTS, HV_EXT_CALL_QUERY_CAPABILITIES },
	{ 3, 1, 21, true, BIT_ONLY, 0 },
	{ 3, 1, 22, false, BIT_ONLY, 0 },
	{ 3, 2, 5, false, BIT_ONLY, 0 },
	{ 3, 2, 6, false, BIT_ONLY, 0 },
	{ 3, 2, 7, false, BIT_ONLY, 0 },
	{ 3, 2, 8, false, BIT_ONLY, 0 },
	{ 3, 2, 9, false, BIT_ONLY, 0 },
	{ 3, 2, 10, false, BIT_ONLY, 0 },
	{ 3, 3, 0, false, BIT_ONLY, 0 },
	{ 3, 3, 1, false, CALL_ABSENT, HVCALL_POST_DEBUG_DATA },
	{ 3, 3, 2, false, BIT_ONLY, 0 },
	{ 3, 3, 3, false, BIT_ONLY, 0 },
	{ 3, 3, 4, true, BIT_ONLY, 0 },
	{ 3, 3, 5, true, BIT_ONLY, 0 },
	{ 3, 3, 6, false, CALL_ABSENT, HVCALL_PREPARE_FOR_SLEEP },
	{ 3, 3, 7, false, CALL_ABSENT, HVCALL_QUERY_NUMA_DISTANCE },
	{ 3, 3, 8, true, MSR_READS, HV_X64_MSR_TSC_FREQUENCY },
	{ 3, 3, 9, false, CALL_ABSENT, HVCALL_INJECT_SYNTHETIC_MACHINE_CHECK },
	{ 3, 3, 10, true, MSR_READS, HV_X64_MSR_CRASH_P4 },
	{ 3, 3, 11, true, MSR_READS, HV_X64_MSR_SYNTH_DEBUG_CONTROL },
	{ 3, 3, 13, false, CALL_ABSENT, HVCALL_DISABLE_HYPERVISOR },
	{ 3, 3, 15, true, BIT_ONLY, 0 },
	{ 3, 3, 17, true, BIT_ONLY, 0 },
	{ 3, 3, 20, false, BIT_ONLY, 0 },
	{ 3, 3, 21, false, BIT_ONLY, 0 },
	{ 3, 3, 23, true, MSR_READS, HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG },
	{ 3, 3, 26, false, BIT_ONLY, 0 },
	/* recommended only where it is worth it: a switch by hypercall is not */
	{ 4, 0, 0, false, BIT_ONLY, 0 },
	{ 4, 0, 1, false, BIT_ONLY, 0 },
	{ 4, 0, 2, true, CALL_EXISTS, HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE },
	{ 4, 0, 3, true, MSR_READS, HV_X64_MSR_TPR },
	{ 4, 0, 4, false, BIT_ONLY, 0 },
	{ 4, 0, 5, true, BIT_ONLY, 0 },
	{ 4, 0, 6, false, BIT_ONLY, 0 },
	{ 4, 0, 7, false, BIT_ONLY, 0 },
	{ 4, 0, 8, false, BIT_ONLY, 0 },
	{ 4, 0, 9, true, MSR_READS, HV_X64_MSR_SINT15 },
	{ 4, 0, 10, true, CALL_EXISTS, HVCALL_SEND_SYNTHETIC_CLUSTER_IPI },
	{ 4, 0, 11, true, CALL_EXISTS, HVCALL_FLUSH_VIRTUAL_ADDRESS_SPACE_EX },
	{ 4, 0, 12, false, BIT_ONLY, 0 },
	{ 4, 0, 13, false, BIT_ONLY, 0 },
	{ 4, 0, 14, false, BIT_ONLY, 0 },
	{ 4, 0, 15, false, BIT_ONLY, 0 },
	{ 4, 0, 17, false, BIT_ONLY, 0 },
	{ 4, 0, 18, false, BIT_ONLY, 0 },
	{ 4, 0, 21, false, CALL_ABSENT, HVCALL_MMIO_READ },
};

static u8 scratch[4096] __page_aligned;

/* does a call do more than say no; never with input that it could obey */
static bool call_refused(u32 code)
{
	u16 status = hv_status(hypercall(code, (u64)scratch, (u64)scratch + 2048));

	if (status == HV_STATUS_INVALID_HYPERCALL_INPUT)
		status = hv_status(hypercall(code | HV_REPS(1), (u64)scratch,
					     (u64)scratch + 2048));
	return status == HV_STATUS_INVALID_HYPERCALL_CODE || status == HV_STATUS_ACCESS_DENIED;
}

static bool backed(u8 kind, u32 what)
{
	u64 v;

	switch (kind) {
	case MSR_READS:
		return !rdmsr_safe(what, &v);
	case NO_MSR:
		return rdmsr_safe(what, &v) == GP_FAULT;
	case CALL_EXISTS:
		return !call_refused(what);
	case CALL_ABSENT:
		return call_refused(what);
	}
	return true;
}

/* where the processor tells the hypervisor of these instructions */
static void test_npiep_bit(void)
{
	u32 r[4];
	u64 v;
	bool set;

	cpuid(0x40000003, 0, r);
	set = r[3] >> 12 & 1;
	check(rdmsr_safe(HV_X64_MSR_NPIEP_CONFIG, &v) == (set ? 0 : GP_FAULT),
	      "0x40000003 EDX[12] is %u and so is its register [CPUID-40000003-EDX-12]", set);
}

static void test_features(void)
{
	u32 r[4], seen[2][4] = { };
	bool all_known;

	test_npiep_bit();
	seen[0][3] |= 1U << 12;
	for (unsigned int i = 0; i < ARRAY_SIZE(features); i++) {
		u32 leaf = 0x40000000 + features[i].leaf;
		bool set;

		cpuid(leaf, 0, r);
		set = r[features[i].reg] >> features[i].bit & 1;
		seen[features[i].leaf - 3][features[i].reg] |= 1U << features[i].bit;
		check(set == features[i].set && backed(features[i].kind, features[i].what),
		      "0x%x E%cX[%u] is %u [CPUID-%08X-E%cX-%u B-3-00%u]", leaf,
		      "ABCD"[features[i].reg], features[i].bit, set, leaf,
		      "ABCD"[features[i].reg], features[i].bit,
		      features[i].leaf == 3 ? 8 : 9);
	}

	cpuid(0x40000003, 0, r);
	all_known = !(r[0] & ~seen[0][0]) && !(r[1] & ~seen[0][1]) && !(r[2] & ~seen[0][2]);
	check(all_known, "no privilege without a name [CPUID-40000003-EBX-10_9]");
	check(!(r[0] >> 16) && !(r[0] >> 14 & 1),
	      "reserved privileges are not given [CPUID-40000003-EAX-31_11]");
	check_eq(r[2] & 0xf, 0, "no deep power state [CPUID-40000003-ECX-3_0 B-3-015]");
	cpuid(0x40000004, 0, r);
	check(!(r[0] & ~seen[1][0]), "no recommendation without a name [B-3-009]");
	check(r[1] && r[1] != 0xffffffff,
	      "a number of spins [CPUID-40000004-EBX-31_0 B-18-012]");
	check_eq(r[3], 0, "0x40000004 EDX [CPUID-40000004-EDX-31_0]");
}

static void test_limits(void)
{
	u32 r[4], ext[4];

	cpuid(0x40000004, 0, r);
	cpuid(0x80000008, 0, ext);
	check((r[2] & 0x7f) == (ext[0] & 0xff) && !(r[2] >> 7),
	      "physical address bits [CPUID-40000004-ECX-6_0 CPUID-40000004-ECX-31_0]");
	cpuid(0x40000005, 0, r);
	check(r[0] >= 4 && rdmsr(HV_X64_MSR_VP_INDEX) < r[0],
	      "%u VPs at most [CPUID-40000005-EAX-31_0 B-3-010]", r[0]);
	check(r[1] >= 1 && r[1] < 4096, "%u LPs [CPUID-40000005-EBX-31_0]", r[1]);
	check(!r[2] && !r[3],
	      "rest of 0x40000005 [CPUID-40000005-ECX-31_0 CPUID-40000005-EDX-31_0]");
	cpuid(0x40000006, 0, r);
	check(r[0] & 1 << 3, "SLAT in use [CPUID-40000006-EAX-3 B-3-011]");
	check(r[0] & 1 << 1, "MSR bitmaps in use [CPUID-40000006-EAX-1]");
	check(!(r[0] & ~0xaU), "nothing else [CPUID-40000006-EAX-0 CPUID-40000006-EAX-2 "
	      "CPUID-40000006-EAX-4 CPUID-40000006-EAX-5 CPUID-40000006-EAX-6 CPUID-40000006-EAX-7 "
	      "CPUID-40000006-EAX-8 CPUID-40000006-EAX-9 CPUID-40000006-EAX-13_10]");
	check(!(r[0] >> 14), "nor of the later [CPUID-40000006-EAX-14 CPUID-40000006-EAX-15 "
	      "CPUID-40000006-EAX-16 CPUID-40000006-EAX-17 CPUID-40000006-EAX-18 "
	      "CPUID-40000006-EAX-19 CPUID-40000006-EAX-20 CPUID-40000006-EAX-21 "
	      "CPUID-40000006-EAX-22 CPUID-40000006-EAX-23 CPUID-40000006-EAX-24]");
	check(!r[1] && !r[2] && !r[3], "rest of 0x40000006 [CPUID-40000006-EBX-31_0 "
	      "CPUID-40000006-ECX-31_0 CPUID-40000006-EDX-31_0]");
}

static bool leaf_zero(u32 leaf)
{
	u32 r[4];

	cpuid(leaf, 0, r);
	return !(r[0] | r[1] | r[2] | r[3]);
}

static void test_reserved_leaves(void)
{
	bool all = true;

	check(leaf_zero(0x40000007), "0x40000007 is the root's [CPUID-40000007-EAX-0 "
	      "CPUID-40000007-EAX-1 CPUID-40000007-EAX-2 CPUID-40000007-EAX-31 "
	      "CPUID-40000007-EBX-0 CPUID-40000007-EBX-1 CPUID-40000007-EBX-2 "
	      "CPUID-40000007-ECX-0]");
	check(leaf_zero(0x40000008), "no shared virtual memory [CPUID-40000008-EAX-0 "
	      "CPUID-40000008-EAX-31_11]");
	check(leaf_zero(0x40000009), "not nested [CPUID-40000009-EAX-2 CPUID-40000009-EAX-4 "
	      "CPUID-40000009-EAX-5 CPUID-40000009-EAX-6 CPUID-40000009-EAX-12 "
	      "CPUID-40000009-EDX-4 CPUID-40000009-EDX-15 CPUID-40000009-EDX-17]");
	check(leaf_zero(0x4000000a), "no nested virtualization [CPUID-4000000A-EAX-7_0 "
	      "CPUID-4000000A-EAX-15_8 CPUID-4000000A-EAX-17 CPUID-4000000A-EAX-18 "
	      "CPUID-4000000A-EAX-19 CPUID-4000000A-EAX-20 CPUID-4000000A-EAX-21 "
	      "CPUID-4000000A-EAX-22 CPUID-4000000A-EBX-0]");
	check(leaf_zero(0x4000000c), "no isolation [CPUID-4000000C-EAX-0 CPUID-4000000C-EBX-3_0 "
	      "CPUID-4000000C-EBX-5 CPUID-4000000C-EBX-11_6]");
	for (u32 leaf = 0x40000007; leaf < 0x40000080; leaf += leaf < 0x40000010 ? 1 : 13)
		all &= leaf_zero(leaf);
	check(all, "leaves of the hypervisor without content [CPUID-40000007-all-31_0]");
	all = true;
	for (u32 leaf = 0x40000080; leaf < 0x40000100; leaf += 11)
		all &= leaf_zero(leaf);
	check(all, "leaves of the parent, which has none [CPUID-40000080-all-31_0]");
	check(leaf_zero(0x40000081) && leaf_zero(0x40000082), "no VMBus stack here "
	      "[CPUID-40000081-EAX-31_0 CPUID-40000082-EAX-2 CPUID-40000082-EAX-3]");
}

/* ---- every VP the same ---- */

static const u32 same_leaves[] = {
	0, 2, 3, 5, 6, 7, 0x40000000, 0x40000001, 0x40000002, 0x40000003, 0x40000004, 0x40000005,
	0x40000006, 0x80000000, 0x80000001, 0x80000002, 0x80000005, 0x80000006, 0x80000008,
};

static struct {
	u32 r[ARRAY_SIZE(same_leaves)][4];
	u32 one[4];
} of_vp[4];

static void read_leaves(void *arg)
{
	unsigned int me = (u64)arg;

	for (unsigned int i = 0; i < ARRAY_SIZE(same_leaves); i++)
		cpuid(same_leaves[i], 0, of_vp[me].r[i]);
	cpuid(1, 0, of_vp[me].one);
}

static void test_all_vps(void)
{
	unsigned int n = start_aps();
	bool same = n == 4, ids = n == 4;
	u32 in_package, r[4];

	for (unsigned int i = 0; i < n && i < 4; i++) {
		if (!i)
			read_leaves(0);
		else
			same &= on_cpu(i, read_leaves, (void *)(u64)i, 500);
		same &= !memcmp(of_vp[i].r, of_vp[0].r, sizeof(of_vp[i].r));
		ids &= of_vp[i].one[1] >> 24 == cpu_apic_id[i];
	}
	check(same, "leaves are the same on all VPs [B-3-012 B-R2012-002]");
	check(ids, "initial APIC id [ACPUID-00000001-EBX-31_24 B-10-011]");
	/* as many as leaf 0xb says, and then HTT; or one a package */
	cpuid(0xb, 1, r);
	in_package = of_vp[0].one[3] >> 28 & 1 ? of_vp[0].one[1] >> 16 & 0xff : 1;
	check(in_package >= r[1] && in_package < 2 * r[1],
	      "%u ids for the %u VPs of a package [ACPUID-00000001-EBX-23_16]", in_package, r[1]);
}

void payload(void);

void payload(void)
{
	u32 r[4];

	parse_host();
	cpuid(0, 0, r);
	intel = r[2] == 0x6c65746e;
	apic_enable(false);
	test_identity();
	hv_enable();
	test_features();
	test_limits();
	test_reserved_leaves();
	test_appendix_d();
	test_all_vps();
	if (!nr_host)
		printf("# no CPUID of the host to compare with\n");
}
