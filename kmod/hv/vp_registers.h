/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vp_registers.h - the register table, and what else of a VP has names
 */
#ifndef TLFS_VP_REGISTERS_H
#define TLFS_VP_REGISTERS_H

#include <linux/types.h>

#include <asm/processor-flags.h>

struct tlfs_vp;
union hv_register_value;

#define VP_RFLAGS_DEFINED	0x00000000003f7fd5ULL	/* without bit 1, which is always set */
#define VP_DR6_WRITABLE		0x000000000000e00fULL
#define VP_DR6_ONES		0x00000000ffff0ff0ULL
#define VP_DR7_WRITABLE		0x00000000ffff23ffULL
#define VP_DR7_ONES		0x0000000000000400ULL

/* value of HV_X64_REGISTER_PENDING_INTERRUPTION */
u64 tlfs_pending_interruption(struct tlfs_vp *vp);

/* x86/lapic_registers.c, for the table: HV_STATUS_*; @reg as the x2APIC numbers them */
#define APIC_REG_ID		0x02
#define APIC_REG_EOI		0x0b
u16 tlfs_lapic_get_register(struct tlfs_vp *vp, u32 reg, union hv_register_value *val);
u16 tlfs_lapic_set_register(struct tlfs_vp *vp, u32 reg, const union hv_register_value *val);

/* deliverability.c, for the table */
u16 tlfs_get_notifications(struct tlfs_vp *vp, u32 arg, union hv_register_value *val);
u16 tlfs_set_notifications(struct tlfs_vp *vp, u32 arg, const union hv_register_value *val);

static inline u16 tlfs_reg_status(int err)
{
	return err ? HV_STATUS_INVALID_REGISTER_VALUE : HV_STATUS_SUCCESS;
}

#endif /* TLFS_VP_REGISTERS_H */
