/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * privilege.h - synthetic MSRs of chapters 13 to 15 against the privileges a partition has
 *
 * Three payloads run with different halves of the privileges taken away, such that any two
 * registers with different privileges differ in one of them.
 */
#ifndef PRIVILEGE_H
#define PRIVILEGE_H

#include "guest.h"

static const struct privileged {
	u32 first, last;
	u64 privilege;
	bool read, write;
} privileged[] = {
	{ HV_X64_MSR_TIME_REF_COUNT, HV_X64_MSR_TIME_REF_COUNT,
	  HV_PRIV_ACCESS_PARTITION_REFERENCE_COUNTER, true, false },
	{ HV_X64_MSR_REFERENCE_TSC, HV_X64_MSR_REFERENCE_TSC,
	  HV_PRIV_ACCESS_PARTITION_REFERENCE_TSC, true, true },
	{ HV_X64_MSR_TSC_FREQUENCY, HV_X64_MSR_APIC_FREQUENCY,
	  HV_PRIV_ACCESS_FREQUENCY_REGS, true, false },
	{ HV_X64_MSR_EOI, HV_X64_MSR_EOI, HV_PRIV_ACCESS_APIC_MSRS, false, true },
	{ HV_X64_MSR_ICR, HV_X64_MSR_VP_ASSIST_PAGE, HV_PRIV_ACCESS_APIC_MSRS, true, true },
	{ HV_X64_MSR_SCONTROL, HV_X64_MSR_SCONTROL, HV_PRIV_ACCESS_SYNIC_MSRS, true, true },
	{ HV_X64_MSR_SVERSION, HV_X64_MSR_SVERSION, HV_PRIV_ACCESS_SYNIC_MSRS, true, false },
	{ HV_X64_MSR_SIEFP, HV_X64_MSR_EOM, HV_PRIV_ACCESS_SYNIC_MSRS, true, true },
	{ HV_X64_MSR_SINT0, HV_X64_MSR_SINT15, HV_PRIV_ACCESS_SYNIC_MSRS, true, true },
	{ HV_X64_MSR_STIMER0_CONFIG, HV_X64_MSR_STIMER3_COUNT,
	  HV_PRIV_ACCESS_SYNTHETIC_TIMER_MSRS, true, true },
	{ HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG, HV_X64_MSR_STIME_UNHALTED_TIMER_COUNT,
	  HV_PRIV_ACCESS_SYNTHETIC_TIMER_MSRS, true, true },
	/* taken away in none of the three; guest-bare does not have it */
	{ HV_X64_MSR_SYNTH_DEBUG_CONTROL, HV_X64_MSR_SYNTH_DEBUG_PENDING_BUFFER,
	  HV_PRIV_ACCESS_DEBUG_REGS, true, true },
	{ HV_X64_MSR_REENLIGHTENMENT_CONTROL, HV_X64_MSR_TSC_EMULATION_STATUS,
	  HV_PRIV_ACCESS_REENLIGHTENMENT_CONTROLS, true, true },
};

static inline void privileged_msr(const struct privileged *p, u32 msr, bool has)
{
	unsigned int want = has ? 0 : GP_FAULT;
	bool ok = true;
	u64 val = 0;

	if (p->read || !has)
		ok &= rdmsr_safe(msr, &val) == want;
	if (p->write || !has)
		ok &= wrmsr_safe(msr, val) == want;
	check(ok, "MSR 0x%x %s privilege bit %u [MSR-%X]", msr, has ? "with" : "without",
	      __builtin_ctzll(p->privilege), msr);
}

/* @taken: privileges the partition was not given */
static inline void privileges(u64 taken)
{
	u64 of_interest = 0, mask;
	u32 r[4], msr;

	cpuid(0x40000003, 0, r);
	mask = (u64)r[1] << 32 | r[0];
	for (unsigned int i = 0; i < ARRAY_SIZE(privileged); i++)
		of_interest |= privileged[i].privilege;
	check_eq(mask & of_interest, of_interest & ~taken, "CPUID says which privileges there are");
	for (unsigned int i = 0; i < ARRAY_SIZE(privileged); i++)
		for (msr = privileged[i].first; msr <= privileged[i].last; msr++)
			privileged_msr(&privileged[i], msr, !(taken & privileged[i].privilege));
	if (taken & HV_PRIV_ACCESS_PARTITION_REFERENCE_TSC)
		check(wrmsr_safe(HV_X64_MSR_REFERENCE_TSC, 0x100001) == GP_FAULT,
		      "no reference TSC page without its privilege [B-15-035]");
}

#endif /* PRIVILEGE_H */
