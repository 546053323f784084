/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * harness.h - kselftest's harness, for tests that compare what the hypervisor says with constants
 */
#ifndef TLFS_SELFTEST_HARNESS_H
#define TLFS_SELFTEST_HARNESS_H

#include <unistd.h>

#include "vmm.h"

/* its time limits are in seconds of a host like others */
#define alarm(seconds)	(alarm)((seconds) * vmm_factor())
#include "kselftest_harness.h"
#undef alarm

/* a host may be an emulator that has a fifth of a processor: who is slow does not fail */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	120

/* EXPECT_EQ(0, unsigned): its constants are int, and the values far from either's limits */
#pragma GCC diagnostic ignored "-Wsign-compare"

/* a register by name: what is set is got */
static inline void round_trip(struct __test_metadata *_metadata, struct vmm_vp *vp, u32 name,
			      u64 value)
{
	EXPECT_EQ(0, vmm_set_reg_status(vp, name, value))
		TH_LOG("set %#x to %#llx", name, (unsigned long long)value);
	EXPECT_EQ(value, vmm_reg(vp, name))
		TH_LOG("register %#x", name);
}

/* a register by name: what is refused changes nothing */
static inline void refused(struct __test_metadata *_metadata, struct vmm_vp *vp, u32 name,
			   u64 value)
{
	u64 was = vmm_reg(vp, name);

	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, vmm_set_reg_status(vp, name, value))
		TH_LOG("register %#x took %#llx", name, (unsigned long long)value);
	EXPECT_EQ(was, vmm_reg(vp, name));
}

#endif /* TLFS_SELFTEST_HARNESS_H */
