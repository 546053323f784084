// SPDX-License-Identifier: GPL-2.0-only
/*
 * lapic_registers.c - the local APIC as VP registers, one by one (later editions)
 */
#include <linux/kernel.h>
#include <linux/nospec.h>

#include "tlfs.h"
#include "hv/vp_registers.h"

#define APIC_REG_TPR		0x08
#define APIC_REG_PPR		0x0a
#define APIC_REG_ICR		0x30
#define APIC_REG_INIT_COUNT	0x38
#define APIC_REG_SELF_IPI	0x3f

#define APIC_FIELD(f)	(offsetof(struct hv_local_interrupt_controller_state, f) / sizeof(u32))

/* where the VP state of the APIC has the register, or -1 */
static int apic_field(u32 reg)
{
	switch (reg) {
	case 0x02:
		return APIC_FIELD(apic_id);
	case 0x03:
		return APIC_FIELD(apic_version);
	case 0x0d:
		return APIC_FIELD(apic_ldr);
	case 0x0f:
		return APIC_FIELD(apic_spurious);
	case 0x10 ... 0x17:
		return APIC_FIELD(apic_isr) + reg - 0x10;
	case 0x18 ... 0x1f:
		return APIC_FIELD(apic_tmr) + reg - 0x18;
	case 0x20 ... 0x27:
		return APIC_FIELD(apic_irr) + reg - 0x20;
	case 0x28:
		return APIC_FIELD(apic_esr);
	case APIC_REG_ICR:
		return APIC_FIELD(apic_icr_low);
	case 0x32 ... 0x37:
		return APIC_FIELD(apic_lvt_timer) + reg - 0x32;
	case APIC_REG_INIT_COUNT ... 0x39:
		return APIC_FIELD(apic_initial_count) + reg - APIC_REG_INIT_COUNT;
	case 0x3e:
		return APIC_FIELD(apic_divide_configuration);
	}
	return -1;
}

u16 tlfs_lapic_get_register(struct tlfs_vp *vp, u32 reg, union hv_register_value *val)
{
	struct hv_local_interrupt_controller_state s;
	int field = apic_field(reg);

	switch (reg) {
	case APIC_REG_TPR:
		val->reg64 = tlfs_lapic_tpr(vp);
		return HV_STATUS_SUCCESS;
	case APIC_REG_PPR:
		val->reg64 = tlfs_lapic_read(vp, APIC_REG_PPR << 4);
		return HV_STATUS_SUCCESS;
	case APIC_REG_EOI:
	case APIC_REG_SELF_IPI:
		return HV_STATUS_SUCCESS;
	}
	if (field < 0)
		return HV_STATUS_INVALID_PARAMETER;
	tlfs_lapic_get_state(vp, &s);
	val->reg64 = ((u32 *)&s)[array_index_nospec(field, sizeof(s) / sizeof(u32))];
	if (reg == APIC_REG_ICR)
		val->reg64 |= (u64)s.apic_icr_high << 32;
	return HV_STATUS_SUCCESS;
}

/* 10.4.4: a state is loaded, nothing is made to happen: no IPI by the ICR */
static u16 set_apic_state(struct tlfs_vp *vp, u32 reg, u64 data)
{
	struct hv_local_interrupt_controller_state s;
	int field = apic_field(reg);

	if (field < 0 || reg == APIC_REG_PPR)
		return HV_STATUS_INVALID_PARAMETER;
	if (reg != APIC_REG_ICR && upper_32_bits(data))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	tlfs_lapic_get_state(vp, &s);
	/* the version is what it is */
	if (field == APIC_FIELD(apic_version))
		return tlfs_reg_status(data != s.apic_version);
	((u32 *)&s)[array_index_nospec(field, sizeof(s) / sizeof(u32))] = data;
	if (reg == APIC_REG_ICR)
		s.apic_icr_high = upper_32_bits(data);
	if (reg == APIC_REG_INIT_COUNT)
		s.apic_counter_value = data;
	return tlfs_reg_status(tlfs_lapic_set_state(vp, &s));
}

u16 tlfs_lapic_set_register(struct tlfs_vp *vp, u32 reg, const union hv_register_value *val)
{
	u64 data = val->reg64;

	switch (reg) {
	case APIC_REG_TPR:
		if (data > 0xff)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		tlfs_lapic_set_tpr(vp, data);
		return HV_STATUS_SUCCESS;
	case APIC_REG_EOI:
		if (data)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		tlfs_lapic_end_interrupt(vp);
		return HV_STATUS_SUCCESS;
	case APIC_REG_SELF_IPI:
		if (data < HV_SYNIC_SINT_MIN_VECTOR || data > 0xff)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		tlfs_lapic_set_irr(vp, data, false);
		return HV_STATUS_SUCCESS;
	}
	return set_apic_state(vp, reg, data);
}
