// SPDX-License-Identifier: GPL-2.0-only
/*
 * nohv.c - a partition that is told nothing of a hypervisor: guest_test gives it no feature
 */
#include "guest.h"

void payload(void);

void payload(void)
{
	bool zero = true;
	u32 r[4];
	u64 v;

	cpuid(1, 0, r);
	check(!(r[2] >> 31), "no hypervisor present");
	for (u32 leaf = 0x40000000; leaf < 0x40000010; leaf++) {
		cpuid(leaf, 0, r);
		zero &= !(r[0] | r[1] | r[2] | r[3]);
	}
	check(zero, "no leaves");
	for (u32 msr = HV_X64_MSR_GUEST_OS_ID; msr <= HV_X64_MSR_VP_INDEX; msr++)
		check(rdmsr_safe(msr, &v) == GP_FAULT && wrmsr_safe(msr, 1) == GP_FAULT,
		      "0x%x: #GP [MSR-%08X]", msr, msr);
	check_eq(hypercall_safe(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, 1, 0, &v), UD_FAULT,
		 "no interface, no hypercall: #UD");
}
