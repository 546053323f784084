// SPDX-License-Identifier: GPL-2.0-only
/*
 * bare.c - a partition with the least that is Hv#1: what it may not use is not there (TLFS 3.4,
 * 4.10, 11.10).  guest_test gives it the features hypervisor, hv1, hypercall and vpindex
 */
#include "guest.h"

/* the same rows as in msr.c, and there is the rest of what they promise */
static const u32 closed[] = {
	HV_X64_MSR_RESET, HV_X64_MSR_VP_RUNTIME, HV_X64_MSR_TIME_REF_COUNT,
	HV_X64_MSR_REFERENCE_TSC, HV_X64_MSR_TSC_FREQUENCY, HV_X64_MSR_APIC_FREQUENCY,
	HV_X64_MSR_EOI, HV_X64_MSR_ICR, HV_X64_MSR_TPR, HV_X64_MSR_VP_ASSIST_PAGE,
	HV_X64_MSR_SCONTROL, HV_X64_MSR_SVERSION, HV_X64_MSR_SIEFP, HV_X64_MSR_SIMP,
	HV_X64_MSR_EOM, HV_X64_MSR_SINT0, HV_X64_MSR_SINT1, HV_X64_MSR_SINT2, HV_X64_MSR_SINT3,
	HV_X64_MSR_SINT4, HV_X64_MSR_SINT5, HV_X64_MSR_SINT6, HV_X64_MSR_SINT7, HV_X64_MSR_SINT8,
	HV_X64_MSR_SINT9, HV_X64_MSR_SINT10, HV_X64_MSR_SINT11, HV_X64_MSR_SINT12,
	HV_X64_MSR_SINT13, HV_X64_MSR_SINT14, HV_X64_MSR_SINT15, HV_X64_MSR_STIMER0_CONFIG,
	HV_X64_MSR_STIMER0_COUNT, HV_X64_MSR_STIMER1_CONFIG, HV_X64_MSR_STIMER1_COUNT,
	HV_X64_MSR_STIMER2_CONFIG, HV_X64_MSR_STIMER2_COUNT, HV_X64_MSR_STIMER3_CONFIG,
	HV_X64_MSR_STIMER3_COUNT, HV_X64_MSR_GUEST_IDLE, HV_X64_MSR_CRASH_P0, HV_X64_MSR_CRASH_P1,
	HV_X64_MSR_CRASH_P2, HV_X64_MSR_CRASH_P3, HV_X64_MSR_CRASH_P4, HV_X64_MSR_CRASH_CTL,
	HV_X64_MSR_REENLIGHTENMENT_CONTROL, HV_X64_MSR_TSC_EMULATION_CONTROL,
	HV_X64_MSR_TSC_EMULATION_STATUS, HV_X64_MSR_SYNTH_DEBUG_CONTROL,
	HV_X64_MSR_SYNTH_DEBUG_STATUS, HV_X64_MSR_SYNTH_DEBUG_SEND_BUFFER,
	HV_X64_MSR_SYNTH_DEBUG_RECEIVE_BUFFER, HV_X64_MSR_SYNTH_DEBUG_PENDING_BUFFER,
	HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG, HV_X64_MSR_STIME_UNHALTED_TIMER_COUNT,
	HV_X64_MSR_NPIEP_CONFIG,
};

void payload(void);

void payload(void)
{
	u32 r[4];
	u64 v;

	cpuid(0x40000001, 0, r);
	check_eq(r[0], 0x31237648, "Hv#1 all the same [CPUID-40000001-EAX-31_0]");
	cpuid(0x40000003, 0, r);
	check_eq(r[0], 1 << 5 | 1 << 6, "hypercall MSRs and VP index only [CPUID-40000003-EAX-0 "
		 "CPUID-40000003-EAX-1 CPUID-40000003-EAX-2 CPUID-40000003-EAX-3 "
		 "CPUID-40000003-EAX-4 CPUID-40000003-EAX-5 CPUID-40000003-EAX-6 "
		 "CPUID-40000003-EAX-7 CPUID-40000003-EAX-9 CPUID-40000003-EAX-10 "
		 "CPUID-40000003-EAX-11 CPUID-40000003-EAX-13 B-3-007]");
	check_eq(r[1], 0, "no privilege of the upper half [B-3-007]");
	check(!(r[3] & (1 << 5 | 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 14 | 1 << 19 |
			 1 << 23)),
	      "features that were not given [CPUID-40000003-EDX-5 CPUID-40000003-EDX-8 "
	      "CPUID-40000003-EDX-10 CPUID-40000003-EDX-11 CPUID-40000003-EDX-14 "
	      "CPUID-40000003-EDX-19 CPUID-40000003-EDX-23]");
	cpuid(0x40000004, 0, r);
	check(!(r[0] & ~(1U << 5)), "nothing is recommended that is not there "
	      "[CPUID-40000004-EAX-2 CPUID-40000004-EAX-3 CPUID-40000004-EAX-9 "
	      "CPUID-40000004-EAX-10 CPUID-40000004-EAX-11 B-3-009]");
	check_eq(r[1], 0xffffffff, "never mind spinning [CPUID-40000004-EBX-31_0]");

	check(!rdmsr_safe(HV_X64_MSR_GUEST_OS_ID, &v) && !rdmsr_safe(HV_X64_MSR_HYPERCALL, &v) &&
	      !rdmsr_safe(HV_X64_MSR_VP_INDEX, &v), "the three every Hv#1 has [B-3-005]");
	for (unsigned int i = 0; i < ARRAY_SIZE(closed); i++) {
		bool read = rdmsr_safe(closed[i], &v) == GP_FAULT;
		bool write = wrmsr_safe(closed[i], 0) == GP_FAULT;

		check(read && write, "0x%x without its privilege: #GP [MSR-%08X B-11-020]",
		      closed[i], closed[i]);
	}
	hv_enable();
	check_eq(hypercall(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, ~0U, 0), 0,
		 "HvNotifyLongSpinWait needs no privilege [HC-0008 B-18-013]");
	check_eq(hypercall(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, 0, 0), 0,
		 "and takes any count [B-18-013]");
}
