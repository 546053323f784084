// SPDX-License-Identifier: GPL-2.0-only
#include "guest_code.h"

#define TSS_SELECTOR	0x30

GUEST_CODE(jump_to_task, "32", "ljmp $0x30, $0");

void vmm_start_task_switch(struct vmm_vp *vp, u8 type)
{
	u64 *gdt = vmm_gpa(vp->vm, VMM_GDT);

	vmm_start64(vp, &jump_to_task);
	gdt[TSS_SELECTOR / 8] = 0x67 | 0x8000ULL << 32 | (u64)type << 40;
	gdt[TSS_SELECTOR / 8] |= (u64)VMM_DATA << 16;
	/* protected mode without paging */
	vmm_set_reg(vp, HV_X64_REGISTER_CR0, 0x11);
	vmm_set_reg(vp, HV_X64_REGISTER_EFER, 0);
	vmm_set_reg(vp, HV_X64_REGISTER_CR4, 0);
	vmm_set_segment(vp, HV_X64_REGISTER_CS, 0, ~0u, VMM_CS64, 0xc09b);
}
