// SPDX-License-Identifier: GPL-2.0-only
/*
 * smoke.c - a payload that shows a partition runs at all: long mode, faults, MSRs, a hypercall
 */
#include "guest.h"

void payload(void);

void payload(void)
{
	u32 r[4];
	u64 v;

	check(true, "long mode reached");
	cpuid(0x40000001, 0, r);
	check(r[0] == 0x31237648 && !r[1] && !r[2] && !r[3], "interface is Hv#1 [B-3-004]");
	check_eq(rdmsr_safe(0x12345678, &v), GP_FAULT, "unknown MSR is #GP");
	hv_enable();
	check_eq(rdmsr(HV_X64_MSR_VP_INDEX), 0, "VP index of the first VP");
	check_eq(hv_status(hypercall(HVCALL_NOTIFY_LONG_SPIN_WAIT | HV_FAST, 100, 0)),
		 HV_STATUS_SUCCESS, "HvNotifyLongSpinWait, fast [HC-0008]");
	check_eq(hv_status(hypercall(0x7ff0, 0, 0)), HV_STATUS_INVALID_HYPERCALL_CODE,
		 "unknown call code");
}
