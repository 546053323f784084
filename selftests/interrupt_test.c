// SPDX-License-Identifier: GPL-2.0-only
/*
 * interrupt_test.c - interrupts a parent asserts, by the calls of TLFS 2.0 (13.3, 13.5)
 */
#include <errno.h>
#include <unistd.h>

#include "guest_code.h"
#include "harness.h"
#include "ports.h"

#define NOBODY		(1ULL << 60)
#define NONE		HV_INTERRUPT_VECTOR_NONE
#define OPEN_PORT	0xe0
#define SIPI_PORT	0xe4

#define FIXED		HV_X64_INTERRUPT_TYPE_FIXED
#define LOWEST		HV_X64_INTERRUPT_TYPE_LOWEST_PRIORITY
#define NMI		HV_X64_INTERRUPT_TYPE_NMI
#define INIT		HV_X64_INTERRUPT_TYPE_INIT
#define SIPI		HV_X64_INTERRUPT_TYPE_SIPI
#define EXTINT		HV_X64_INTERRUPT_TYPE_EXT_INT
#define LEVEL		HV_INTERRUPT_CONTROL_LEVEL

/* handlers of vectors from 0x20 on, 8 bytes each: they write to the port of their number */
#define HANDLERS	(VMM_CODE + 0x1000)

FIXTURE(irq) {
	struct vmm vm;
	struct vmm_vp *vp;
	u64 id;
};

GUEST_CODE(spin, "64",
	   "sti\n\t"
	   "1:	jmp 1b");

GUEST_CODE(started, "16",
	   "mov	%cs, %ax\n\t"
	   "outw	%ax, $0xe4\n\t"
	   "1:	outw	%ax, $0xe4\n\t"
	   "jmp	1b");

FIXTURE_SETUP(irq)
{
	unsigned int v;

	pt_setup(&self->vm, 0, 2);
	self->vp = &self->vm.vp[0];
	self->id = pt_id(self->vm.pt);
	vmm_start64(self->vp, &take_irqs);
	vmm_load(&self->vm, VMM_AP_CODE, &started);
	for (v = 0x20; v < 0x100; v++) {
		/* out %eax, $v; iretq */
		u8 code[] = { 0xe7, v, 0x48, 0xcf };

		vmm_write(&self->vm, HANDLERS + v * 8, code, sizeof(code));
		vmm_set_gate(&self->vm, v, HANDLERS + v * 8);
	}
}

FIXTURE_TEARDOWN(irq)
{
	vmm_teardown(&self->vm);
}

static int assert_in(FIXTURE_DATA(irq) *self, u64 id, u64 control, u64 dest, u32 vector)
{
	struct hv_input_assert_virtual_interrupt in = {
		.partition_id = id, .control = control, .dest_addr = dest, .vector = vector,
	};

	return vmm_call(self->vm.dev, HVCALL_ASSERT_VIRTUAL_INTERRUPT, &in, sizeof(in), NULL, 0);
}

static int assert_irq(FIXTURE_DATA(irq) *self, u64 control, u64 dest, u32 vector)
{
	return assert_in(self, self->id, control, dest, vector);
}

static int clear_in(FIXTURE_DATA(irq) *self, u64 id)
{
	return vmm_call(self->vm.dev, HVCALL_CLEAR_VIRTUAL_INTERRUPT, &id, sizeof(id), NULL, 0);
}

static int clear_irq(FIXTURE_DATA(irq) *self)
{
	return clear_in(self, self->id);
}

/* the port VP 0 writes to next: that of an interrupt, or OPEN_PORT if there was none */
static u16 next(FIXTURE_DATA(irq) *self)
{
	struct hv_message msg;

	vmm_run_to(self->vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	vmm_skip(self->vp, &msg);
	return vmm_io_msg(&msg)->port_number;
}

/* ---- ExtINT: the line of an 8259, of VP 0 ---- */

TEST_F(irq, external)
{
	/* the APIC is off, as after a reset */
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_APIC_SPURIOUS) & 0x100);
	EXPECT_EQ(OPEN_PORT, next(self));
	EXPECT_EQ(HV_STATUS_NOT_ACKNOWLEDGED, clear_irq(self));
	EXPECT_EQ(0, assert_irq(self, EXTINT, 0, 0x40));
	/* not taken, so not acknowledged; the second takes its place */
	EXPECT_EQ(HV_STATUS_NOT_ACKNOWLEDGED, clear_irq(self));
	EXPECT_EQ(0, assert_irq(self, EXTINT, 0, 0x41));
	EXPECT_EQ(0x41, next(self));
	EXPECT_EQ(OPEN_PORT, next(self));
	EXPECT_EQ(OPEN_PORT, next(self));

	/* acknowledged: no other until that has been looked at */
	EXPECT_EQ(HV_STATUS_ACKNOWLEDGED, assert_irq(self, EXTINT, 0, 0x42));
	EXPECT_EQ(HV_STATUS_ACKNOWLEDGED, assert_irq(self, EXTINT, 0, 0x41));
	EXPECT_EQ(OPEN_PORT, next(self));
	EXPECT_EQ(0, clear_irq(self));
	EXPECT_EQ(HV_STATUS_NOT_ACKNOWLEDGED, clear_irq(self));
	EXPECT_EQ(OPEN_PORT, next(self));
	EXPECT_EQ(0, assert_irq(self, EXTINT, 0, 0x42));
	EXPECT_EQ(0x42, next(self));
	EXPECT_EQ(0, clear_irq(self));

	/* the line goes down before it is seen */
	EXPECT_EQ(0, assert_irq(self, EXTINT, 0, 0x43));
	EXPECT_EQ(0, assert_irq(self, EXTINT, 0, NONE));
	EXPECT_EQ(OPEN_PORT, next(self));
	EXPECT_EQ(HV_STATUS_NOT_ACKNOWLEDGED, clear_irq(self));

	/* priorities are the APIC's */
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR8, 15);
	EXPECT_EQ(0, assert_irq(self, EXTINT, 0, 0x44));
	EXPECT_EQ(0x44, next(self));

	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, assert_irq(self, EXTINT, 1, 0x45));
	PROVES("HC-0055 HC-0056 HC-0055/ACKNOWLEDGED HC-0056/NOT_ACKNOWLEDGED B-13-024 B-13-025");
	PROVES("B-13-038 PROP-interrupt-type-7 PROP-constant-0xFFFFFFFF~2");
}

/* ---- through the APIC ---- */

TEST_F(irq, edge)
{
	vmm_set_reg(self->vp, HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
	EXPECT_EQ(0, assert_irq(self, FIXED, 0, 0x51));
	EXPECT_EQ(0, assert_irq(self, FIXED, 0, 0x62));
	EXPECT_EQ(0, assert_irq(self, FIXED, 0, NONE));
	EXPECT_TRUE(irr_has(self->vp, 0x51));
	EXPECT_TRUE(irr_has(self->vp, 0x62));
	EXPECT_EQ(0x62, next(self));
	EXPECT_FALSE(irr_has(self->vp, 0x62));
	EXPECT_TRUE(irr_has(self->vp, 0x51));
	PROVES("B-13-017");
}

TEST_F(irq, level)
{
	vmm_set_reg(self->vp, HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
	EXPECT_EQ(0, assert_irq(self, FIXED, 0, 0x51));
	EXPECT_EQ(0, assert_irq(self, FIXED | LEVEL, 0, 0x52));
	EXPECT_TRUE(irr_has(self->vp, 0x52));
	EXPECT_EQ(0, assert_irq(self, FIXED | LEVEL, 0, NONE));
	EXPECT_FALSE(irr_has(self->vp, 0x52));
	EXPECT_TRUE(irr_has(self->vp, 0x51));
	/* again, with another vector before anybody has seen it */
	EXPECT_EQ(0, assert_irq(self, FIXED | LEVEL, 0, 0x63));
	EXPECT_EQ(0, assert_irq(self, FIXED | LEVEL, 0, 0x54));
	EXPECT_FALSE(irr_has(self->vp, 0x63));
	EXPECT_EQ(0x54, next(self));
	/* one that has been acknowledged is not touched */
	EXPECT_EQ(0, assert_irq(self, FIXED | LEVEL, 0, NONE));
	EXPECT_EQ(1 << (0x54 - 0x40), vmm_reg(self->vp, HV_X64_REGISTER_APIC_ISR0 + 2));
	EXPECT_EQ(0, assert_irq(self, LOWEST | LEVEL, 0, 0x75));
	EXPECT_EQ(0x75, next(self));
	PROVES("B-13-018 B-13-025");
}

/* ---- INIT and SIPI, for VP 1 ---- */

TEST_F(irq, init_and_sipi)
{
	struct vmm_vp *vp = &self->vm.vp[1];
	struct hv_message msg;

	/* a SIPI that nobody waits for is none */
	vmm_start64(vp, &take_irqs);
	EXPECT_EQ(0, assert_irq(self, SIPI, 1, VMM_AP_CODE >> 12));
	vmm_run_out(vp, OPEN_PORT);
	EXPECT_EQ(0, vmm_reg(vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE));

	EXPECT_EQ(0, assert_irq(self, INIT, 1, 0));
	EXPECT_EQ(-ETIMEDOUT, vmm_run(vp, &msg, VMM_SHORT));
	EXPECT_EQ(HV_ACTIVITY_STARTUP_SUSPEND,
		  vmm_reg(vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE));
	EXPECT_EQ(0xfff0, vmm_reg(vp, HV_X64_REGISTER_RIP));
	EXPECT_EQ(0, vmm_reg(vp, HV_X64_REGISTER_CR0) & 1);

	EXPECT_EQ(0, assert_irq(self, SIPI, 1, VMM_AP_CODE >> 12));
	EXPECT_EQ(VMM_AP_CODE >> 4, (u16)vmm_run_out(vp, SIPI_PORT));
	/* the first one counts */
	EXPECT_EQ(0, assert_irq(self, SIPI, 1, 0x20));
	EXPECT_EQ(VMM_AP_CODE >> 4, (u16)vmm_run_out(vp, SIPI_PORT));
	PROVES("PROP-interrupt-type-5 PROP-interrupt-type-6");
}

/* ---- what is refused ---- */

TEST_F(irq, refused)
{
	static const u32 no_type[] = {
		HV_X64_INTERRUPT_TYPE_SMI, HV_X64_INTERRUPT_TYPE_REMOTE_READ, 10, 0x100, ~0u,
	};
	static const u32 types[] = { FIXED, LOWEST, NMI, INIT, SIPI, EXTINT };
	static const u32 no_vector[] = { 256, 0x10000, NONE - 1 };
	unsigned int i, k, bit;

	vmm_set_reg(self->vp, HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
	for (i = 0; i < ARRAY_SIZE(no_type); i++) {
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, assert_irq(self, no_type[i], 0, 0x40))
			TH_LOG("type %#x", no_type[i]);
	}
	for (bit = 34; bit < 64; bit++) {
		EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
			  assert_irq(self, FIXED | 1ULL << bit, 0, 0x40)) TH_LOG("bit %u", bit);
	}
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		for (k = 0; k < ARRAY_SIZE(no_vector); k++) {
			EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
				  assert_irq(self, types[i], 0, no_vector[k]))
				TH_LOG("type %u, vector %#x", types[i], no_vector[k]);
		}
	}
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, assert_irq(self, NMI, 0, 2));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, assert_irq(self, INIT, 1, 0x40));
	/* nobody has this address */
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, assert_irq(self, FIXED, 200, 0x40));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, assert_irq(self, LOWEST, 2, 0x40));
	EXPECT_EQ(HV_STATUS_INVALID_VP_INDEX, assert_irq(self, NMI, 200, 0));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, assert_irq(self, FIXED, 1ULL << 32, 0x40));
	/* none of them has left anything */
	for (i = 0; i < 8; i++)
		EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_APIC_IRR0 + i));
	EXPECT_EQ(OPEN_PORT, next(self));
	EXPECT_EQ(0, assert_irq(self, FIXED, 0, 255));
	EXPECT_EQ(255, next(self));
	PROVES("HC-0055/INVALID_PARAMETER HC-0055/INVALID_VP_INDEX B-13-016 B-13-035 B-13-037");
	PROVES("PROP-interrupt-type-2");
}

TEST_F(irq, whom)
{
	u64 create[2] = { 0, 0 }, in[4] = { HV_PARTITION_ID_SELF, 0, 0, 0x40 }, id;
	int dev = vmm_open();

	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, assert_in(self, NOBODY, FIXED, 0, 0x40));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_ID, clear_in(self, NOBODY));
	ASSERT_EQ(0, vmm_call(dev, HVCALL_CREATE_PARTITION, create, 16, &id, 8));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, assert_in(self, id, FIXED, 0, 0x40));
	EXPECT_EQ(HV_STATUS_INVALID_PARTITION_STATE, clear_in(self, id));
	close(dev);
	/* a guest is not its own parent */
	pt_add_vp(&self->vm, 2);
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(&self->vm.vp[2], HVCALL_ASSERT_VIRTUAL_INTERRUPT, in, 32));
	EXPECT_EQ(HV_STATUS_ACCESS_DENIED,
		  guest_call_in(&self->vm.vp[2], HVCALL_CLEAR_VIRTUAL_INTERRUPT, in, 8));
	PROVES("HC-0055/INVALID_PARTITION_ID HC-0056/INVALID_PARTITION_ID HC-0055/ACCESS_DENIED");
	PROVES("HC-0055/INVALID_PARTITION_STATE HC-0056/INVALID_PARTITION_STATE");
	PROVES("HC-0056/ACCESS_DENIED");
}

/* ---- the host's own ---- */

static u64 host_interrupts(void)
{
	char line[4096];
	u64 n = 0;
	FILE *f = fopen("/proc/stat", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "intr %llu", (unsigned long long *)&n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

/* a guest that takes whatever comes sees nothing of the devices' interrupts */
TEST_F(irq, devices)
{
	struct hv_message msg;
	u64 before = host_interrupts();

	vmm_set_reg(self->vp, HV_X64_REGISTER_APIC_SPURIOUS, 0x1ff);
	vmm_start64(self->vp, &spin);
	EXPECT_EQ(-ETIMEDOUT, vmm_run(self->vp, &msg, VMM_SHORT));
	EXPECT_LT(before, host_interrupts());
	EXPECT_NE(0, vmm_reg(self->vp, HV_X64_REGISTER_RFLAGS) & 0x200);
	EXPECT_EQ(VMM_CODE + 1, vmm_reg(self->vp, HV_X64_REGISTER_RIP));
	PROVES("B-13-001");
}

TEST_HARNESS_MAIN
