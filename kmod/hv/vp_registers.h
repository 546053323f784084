/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vp_registers.h - between the register table and the register page
 */
#ifndef TLFS_VP_REGISTERS_H
#define TLFS_VP_REGISTERS_H

#include <linux/types.h>

#include <asm/processor-flags.h>

struct tlfs_vp;

#define VP_RFLAGS_DEFINED	0x00000000003f7fd5ULL	/* without bit 1, which is always set */
#define VP_DR6_WRITABLE		0x000000000000e00fULL
#define VP_DR6_ONES		0x00000000ffff0ff0ULL
#define VP_DR7_WRITABLE		0x00000000ffff23ffULL
#define VP_DR7_ONES		0x0000000000000400ULL

/* value of HV_X64_REGISTER_PENDING_INTERRUPTION */
u64 tlfs_pending_interruption(struct tlfs_vp *vp);

#endif /* TLFS_VP_REGISTERS_H */
