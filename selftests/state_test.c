// SPDX-License-Identifier: GPL-2.0-only
/*
 * state_test.c - VP state blocks, partition properties, address translation for the VMM
 */
#include "harness.h"

#define PAGE	TLFS_PAGE_SIZE

FIXTURE(state) {
	struct vmm vm;
	struct vmm_vp *vp;
	unsigned char *page;
};

FIXTURE_SETUP(state)
{
	vmm_setup(&self->vm, 1);
	self->vp = &self->vm.vp[0];
	self->page = vmm_alloc(PAGE);
}

FIXTURE_TEARDOWN(state)
{
	vmm_teardown(&self->vm);
}

static int state(struct vmm_vp *vp, u8 type, void *page, bool set)
{
	struct tlfs_get_set_vp_state arg = {
		.type = type, .buf_sz = PAGE, .buf_ptr = (uintptr_t)page,
	};

	return vmm_ioctl(vp->fd, set ? TLFS_SET_VP_STATE : TLFS_GET_VP_STATE, &arg);
}

/* ---- local APIC ---- */

TEST_F(state, lapic_after_reset)
{
	struct hv_local_interrupt_controller_state *s = (void *)self->page;
	unsigned int i;

	memset(s, 0xa5, PAGE);
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_LAPIC, s, false));
	EXPECT_EQ(0, s->apic_id);
	EXPECT_LE(0x10, s->apic_version & 0xff);
	EXPECT_EQ(0xff, s->apic_spurious);
	EXPECT_EQ(~0u, s->apic_dfr);
	EXPECT_EQ(0, s->apic_ldr);
	EXPECT_EQ(0x10000, s->apic_lvt_timer);
	EXPECT_EQ(0x10000, s->apic_lvt_lint0);
	EXPECT_EQ(0x10000, s->apic_lvt_lint1);
	EXPECT_EQ(0x10000, s->apic_lvt_error);
	EXPECT_EQ(0, s->apic_initial_count);
	for (i = 0; i < 8; i++) {
		EXPECT_EQ(0, s->apic_irr[i]);
		EXPECT_EQ(0, s->apic_isr[i]);
		EXPECT_EQ(0, s->apic_tmr[i]);
	}
	/* nothing of the host's behind it */
	for (i = sizeof(*s); i < PAGE; i++)
		EXPECT_EQ(0, self->page[i]);
}

/* what QEMU does with every VP: the pins of an AT */
TEST_F(state, lapic_round_trip)
{
	struct hv_local_interrupt_controller_state *s = (void *)self->page, seen;

	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_LAPIC, s, false));
	s->apic_lvt_lint0 = 0x700;
	s->apic_lvt_lint1 = 0x400;
	s->apic_spurious = 0x1f0;
	s->apic_ldr = 0x01000000;
	s->apic_irr[2] = 0x10;
	s->apic_isr[5] = 0x80000000;
	s->apic_tmr[2] = 0x10;
	s->apic_lvt_timer = 0x200ef;
	s->apic_lvt_error = 0xfe;
	s->apic_icr_high = 0x02000000;
	s->apic_divide_configuration = 0xb;
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_LAPIC, s, true));
	seen = *s;
	memset(s, 0, PAGE);
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_LAPIC, s, false));
	EXPECT_EQ(0x700, s->apic_lvt_lint0);
	EXPECT_EQ(0x400, s->apic_lvt_lint1);
	EXPECT_EQ(0x1f0, s->apic_spurious);
	EXPECT_EQ(0x01000000, s->apic_ldr);
	EXPECT_EQ(0x10, s->apic_irr[2]);
	EXPECT_EQ(0x80000000, s->apic_isr[5]);
	EXPECT_EQ(0x10, s->apic_tmr[2]);
	EXPECT_EQ(0x200ef, s->apic_lvt_timer);
	EXPECT_EQ(0xfe, s->apic_lvt_error);
	EXPECT_EQ(0x02000000, s->apic_icr_high);
	EXPECT_EQ(0xb, s->apic_divide_configuration);
	EXPECT_EQ(0, memcmp(&seen, s, sizeof(seen)));
}

TEST_F(state, lapic_invalid)
{
	struct hv_local_interrupt_controller_state *s = (void *)self->page, good;

	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_LAPIC, s, false));
	good = *s;
#define REFUSED(field, value) do {							\
	*s = good;									\
	(*s).field = (value);								\
	EXPECT_EQ(-EINVAL, state(self->vp, TLFS_VP_STATE_LAPIC, s, true))		\
		TH_LOG("accepted " #field " = " #value);				\
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_LAPIC, s, false));			\
	EXPECT_EQ(0, memcmp(s, &good, sizeof(good)));					\
} while (0)
	REFUSED(apic_irr[0], 1);		/* vectors below 16 do not exist */
	REFUSED(apic_isr[0], 0x8000);
	REFUSED(apic_tmr[0], 2);
	REFUSED(apic_spurious, 0xffffffff);
	REFUSED(apic_lvt_timer, 0x80000000);
	REFUSED(apic_lvt_error, 0xfff00000);
	REFUSED(apic_lvt_lint0, 0x00800000);
	REFUSED(apic_divide_configuration, 0x10);
	REFUSED(apic_counter_value, 5);		/* of a timer that does not run */
#undef REFUSED
}

GUEST_CODE(take_interrupt, "64", "1: sti\n\t nop\n\t jmp 1b");
GUEST_CODE(say_so, "64", "outl %eax, $0xe1\n\t hlt");

/* an interrupt that was on its way is */
TEST_F(state, lapic_restored_interrupt_is_delivered)
{
	struct hv_local_interrupt_controller_state *s = (void *)self->page;

	vmm_start64(self->vp, &take_interrupt);
	vmm_load(&self->vm, VMM_CODE + 0x800, &say_so);
	vmm_set_gate(&self->vm, 0x45, VMM_CODE + 0x800);
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_LAPIC, s, false));
	s->apic_spurious = 0x1ff;
	s->apic_irr[2] = 1 << 5;
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_LAPIC, s, true));
	vmm_run_out(self->vp, GUEST_PORT + 1);
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_LAPIC, s, false));
	EXPECT_EQ(0, s->apic_irr[2]);
	EXPECT_EQ(1 << 5, s->apic_isr[2]);
}

/* ---- XSAVE ---- */

#define XSTATE_BV(p)	(*(u64 *)((p) + 512))
#define XCOMP_BV(p)	(*(u64 *)((p) + 520))
#define MXCSR(p)	(*(u32 *)((p) + 24))
#define XMM(p, i)	((u64 *)((p) + 160 + 16 * (i)))
#define YMM_HIGH(p, i)	((u64 *)((p) + 576 + 16 * (i)))
#define COMPACTED	(1ULL << 63)

static u64 property(struct vmm *vm, u32 code)
{
	u64 val = 0;
	int ret = vmm_get_property(vm->pt, code, &val);

	if (ret)
		vmm_die("get %#x: %#x", code, ret);
	return val;
}

TEST_F(state, xsave_get)
{
	u64 states = property(&self->vm, HV_PARTITION_PROPERTY_XSAVE_STATES);
	union hv_register_value val = { .reg128 = { 0x1122334455667788, 0x99aabbccddeeff00 } };
	struct tlfs_get_set_vp_state arg = {
		.type = TLFS_VP_STATE_XSAVE, .buf_sz = PAGE, .buf_ptr = (uintptr_t)self->page,
	};

	memset(self->page, 0xa5, PAGE);
	ASSERT_EQ(0, vmm_set_register(self->vp->fd, 0, HV_X64_REGISTER_XMM3, &val));
	ASSERT_EQ(0, vmm_ioctl(self->vp->fd, TLFS_GET_VP_STATE, &arg));
	EXPECT_EQ(property(&self->vm, HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE), arg.buf_sz);
	EXPECT_GE(PAGE, arg.buf_sz);
	/* QEMU asserts this */
	EXPECT_TRUE(XCOMP_BV(self->page) & COMPACTED);
	EXPECT_EQ(0, XCOMP_BV(self->page) & ~(COMPACTED | states));
	EXPECT_EQ(0, XSTATE_BV(self->page) & ~XCOMP_BV(self->page));
	EXPECT_EQ(val.reg128.low, XMM(self->page, 3)[0]);
	EXPECT_EQ(val.reg128.high, XMM(self->page, 3)[1]);
	EXPECT_EQ(0x1f80, MXCSR(self->page));
	EXPECT_EQ(0, self->page[PAGE - 1]);
}

GUEST_CODE(show_ymm, "64",
	   "movd	%xmm0, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "vextractf128 $1, %ymm0, %xmm1\n\t"
	   "movd	%xmm1, %eax\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "mov	$0x77777777, %eax\n\t"
	   "movd	%eax, %xmm2\n\t"
	   "vinsertf128 $1, %xmm2, %ymm2, %ymm2\n\t"
	   "outl	%eax, $0xe0\n\t"
	   "hlt");

TEST_F(state, xsave_set)
{
	union hv_register_value val;

	if (!(property(&self->vm, HV_PARTITION_PROPERTY_XSAVE_STATES) & 4))
		SKIP(return, "the host has no AVX");
	vmm_start64(self->vp, &show_ymm);
	vmm_set_reg(self->vp, HV_X64_REGISTER_CR4, 0x40620);
	vmm_set_reg(self->vp, HV_X64_REGISTER_XFEM, 7);
	memset(self->page, 0, PAGE);
	XCOMP_BV(self->page) = COMPACTED | 7;
	XSTATE_BV(self->page) = 7;
	MXCSR(self->page) = 0x1f80;
	*(u16 *)self->page = 0x37f;
	XMM(self->page, 0)[0] = 0x11112222;
	YMM_HIGH(self->page, 0)[0] = 0x33334444;
	YMM_HIGH(self->page, 15)[1] = 0x5555;
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_XSAVE, self->page, true));
	ASSERT_EQ(0, vmm_get_register(self->vp->fd, 0, HV_X64_REGISTER_XMM0, &val));
	EXPECT_EQ(0x11112222, val.reg128.low);
	EXPECT_EQ(0x11112222, vmm_run_out(self->vp, GUEST_PORT));
	EXPECT_EQ(0x33334444, vmm_run_out(self->vp, GUEST_PORT));
	vmm_run_out(self->vp, GUEST_PORT);
	memset(self->page, 0, PAGE);
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_XSAVE, self->page, false));
	EXPECT_EQ(4, XSTATE_BV(self->page) & 4);
	EXPECT_EQ(0x77777777, YMM_HIGH(self->page, 2)[0]);
	EXPECT_EQ(0x5555, YMM_HIGH(self->page, 15)[1]);
	EXPECT_EQ(0x33334444, YMM_HIGH(self->page, 0)[0]);
	/* of a component that is not in XSTATE_BV the initial state, whatever the bytes are */
	XSTATE_BV(self->page) = 3;
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_XSAVE, self->page, true));
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_XSAVE, self->page, false));
	EXPECT_EQ(0, YMM_HIGH(self->page, 2)[0]);
	/* what QEMU writes for a model without XSAVE */
	XCOMP_BV(self->page) = COMPACTED;
	XSTATE_BV(self->page) = 3;
	XMM(self->page, 1)[0] = 0x6666;
	EXPECT_EQ(0, state(self->vp, TLFS_VP_STATE_XSAVE, self->page, true));
	ASSERT_EQ(0, vmm_get_register(self->vp->fd, 0, HV_X64_REGISTER_XMM1, &val));
	EXPECT_EQ(0x6666, val.reg128.low);
}

TEST_F(state, xsave_invalid)
{
	static unsigned char good[PAGE], now[PAGE];
	union hv_register_value val = { .reg128 = { 0xabcdef, 1 } };

	ASSERT_EQ(0, vmm_set_register(self->vp->fd, 0, HV_X64_REGISTER_XMM3, &val));
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_XSAVE, self->page, false));
	memcpy(good, self->page, PAGE);
#define REFUSED(lvalue, value) do {							\
	memcpy(self->page, good, PAGE);							\
	XMM(self->page, 3)[0] = 0x666;							\
	lvalue = (value);								\
	EXPECT_EQ(-EINVAL, state(self->vp, TLFS_VP_STATE_XSAVE, self->page, true))	\
		TH_LOG("accepted " #lvalue " = " #value);				\
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_XSAVE, self->page, false));		\
	memcpy(now, self->page, PAGE);							\
	EXPECT_EQ(0, memcmp(now, good, PAGE));						\
} while (0)
	REFUSED(XCOMP_BV(self->page), 7);			/* not compacted */
	REFUSED(XCOMP_BV(self->page), COMPACTED | 1ULL << 62 | 7);
	REFUSED(XCOMP_BV(self->page), COMPACTED | 1 << 18 | 7);
	REFUSED(XSTATE_BV(self->page), 1ULL << 62);
	REFUSED(XSTATE_BV(self->page), 1ULL << 63);
	REFUSED(MXCSR(self->page), 0xffff0000);
	REFUSED(self->page[512 + 16], 1);			/* reserved in the header */
	REFUSED(self->page[512 + 63], 1);
#undef REFUSED
}

/* ---- SynIC ---- */

GUEST_CODE(read_page, "64", "mov (%rbx), %eax\n\t outl %eax, $0xe0\n\t jmp guest_read_page");

static void synic_page(struct __test_metadata *_metadata, struct vmm_vp *vp, unsigned char *page,
		       u8 type, u32 name)
{
	unsigned int i;

	ASSERT_EQ(0, state(vp, type, page, false));
	for (i = 0; i < PAGE; i++)
		EXPECT_EQ(0, page[i]);
	for (i = 0; i < PAGE; i++)
		page[i] = i * 7;
	ASSERT_EQ(0, state(vp, type, page, true));
	memset(page, 0, PAGE);
	ASSERT_EQ(0, state(vp, type, page, false));
	for (i = 0; i < PAGE; i++)
		EXPECT_EQ((unsigned char)(i * 7), page[i]);
	/* it is the page the guest sees where it has it laid over its memory */
	vmm_start64(vp, &read_page);
	vmm_set_reg(vp, HV_X64_REGISTER_RBX, 0x31000);
	EXPECT_EQ(0, vmm_run_out(vp, GUEST_PORT));
	vmm_set_reg(vp, name, 0x31001);
	EXPECT_EQ(*(u32 *)page, vmm_run_out(vp, GUEST_PORT));
	vmm_set_reg(vp, name, 0);
	EXPECT_EQ(0, vmm_run_out(vp, GUEST_PORT));
}

TEST_F(state, message_page)
{
	synic_page(_metadata, self->vp, self->page, TLFS_VP_STATE_SIMP, HV_REGISTER_SIMP);
}

TEST_F(state, event_flags_page)
{
	synic_page(_metadata, self->vp, self->page, TLFS_VP_STATE_SIEFP, HV_REGISTER_SIEFP);
}

#define STIMER_ENABLE	1ULL
#define STIMER_PERIODIC	2ULL
#define STIMER_SINT(n)	((u64)(n) << 16)

TEST_F(state, synthetic_timers)
{
	struct hv_synthetic_timers_state *s = (void *)self->page, good;
	unsigned int i;

	/* so that nothing expires meanwhile */
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	memset(self->page, 0xa5, PAGE);
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_SYNTHETIC_TIMERS, s, false));
	for (i = 0; i < sizeof(*s); i++)
		EXPECT_EQ(0, self->page[i]);
	for (i = 0; i < 4; i++) {
		s->timers[i].config = STIMER_SINT(2 + i) | (i & 1 ? STIMER_ENABLE : 0);
		s->timers[i].count = 1ULL << (50 + i);
	}
	s->timers[3].config |= STIMER_PERIODIC;
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_SYNTHETIC_TIMERS, s, true));
	memset(s, 0, PAGE);
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_SYNTHETIC_TIMERS, s, false));
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(0, s->timers[i].flags);
		EXPECT_EQ(STIMER_SINT(2 + i) | (i & 1 ? STIMER_ENABLE : 0) |
			  (i == 3 ? STIMER_PERIODIC : 0), s->timers[i].config);
		EXPECT_EQ(1ULL << (50 + i), s->timers[i].count);
		/* the MSRs are the same timers */
		EXPECT_EQ(s->timers[i].config,
			  vmm_reg(self->vp, HV_REGISTER_STIMER0_CONFIG + 2 * i));
		EXPECT_EQ(s->timers[i].count,
			  vmm_reg(self->vp, HV_REGISTER_STIMER0_COUNT + 2 * i));
	}
	good = *s;
#define REFUSED(field, value) do {							\
	*s = good;									\
	(*s).field = (value);								\
	EXPECT_EQ(-EINVAL, state(self->vp, TLFS_VP_STATE_SYNTHETIC_TIMERS, s, true))	\
		TH_LOG("accepted " #field " = " #value);				\
	ASSERT_EQ(0, state(self->vp, TLFS_VP_STATE_SYNTHETIC_TIMERS, s, false));	\
	EXPECT_EQ(0, memcmp(s->timers, good.timers, sizeof(good.timers)));		\
} while (0)
	REFUSED(reserved[0], 1);
	REFUSED(reserved[4], 1ULL << 63);
	REFUSED(timers[1].flags, 2);
	REFUSED(timers[2].reserved, 1);
	REFUSED(timers[0].config, 1ULL << 63);
#undef REFUSED
}

/* ---- properties ---- */

/* the ones QEMU sets, with its values */
TEST_F(state, properties_of_a_vmm)
{
	u64 val, host;
	struct vmm vm;

	vmm_setup_bare(&vm, VMM_FLAGS | TLFS_PT_CPU_FEATURES);
	EXPECT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				      0x06400ffb));
	EXPECT_EQ(0x06400ffb, property(&vm, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES));
	ASSERT_EQ(0, vmm_ioctl(vm.pt, TLFS_INITIALIZE_PARTITION, NULL));
	EXPECT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 1));
	EXPECT_EQ(1, property(&vm, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION));
	EXPECT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	EXPECT_EQ(1, property(&vm, HV_PARTITION_PROPERTY_TIME_FREEZE));
	EXPECT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
	EXPECT_EQ(0, property(&vm, HV_PARTITION_PROPERTY_TIME_FREEZE));
	/* nothing was hidden: what the host offers */
	ASSERT_EQ(0, vmm_get_property(vm.dev, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, &host));
	EXPECT_EQ(host, property(&vm, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0));
	ASSERT_EQ(0, vmm_get_property(vm.dev, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1, &host));
	EXPECT_EQ(host, property(&vm, HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1));
	EXPECT_EQ(0, host & HV_PROCESSOR_FEATURE1_NESTED_VIRT);
	/* tracking of page accesses can be switched off, whether or not it is there */
	EXPECT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_GPA_PAGE_ACCESS_TRACKING, 0));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_UNIMPLEMENTED_MSR_ACTION, 2));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1ULL << 32));
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY, vmm_get_property(vm.pt, 0, &val));
	EXPECT_EQ(HV_STATUS_UNKNOWN_PROPERTY, vmm_get_property(vm.pt, 0xffffffff, &val));
	vmm_teardown(&vm);
}

TEST_F(state, features_nobody_has)
{
	struct vmm vm;

	vmm_setup_bare(&vm, VMM_FLAGS);
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
				   1ULL << 63 | 3));
	EXPECT_EQ(HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE,
		  vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, ~0ULL));
	EXPECT_EQ(0, vmm_set_property(vm.pt, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, 3));
	EXPECT_EQ(3, property(&vm, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES));
	vmm_teardown(&vm);
	PROVES("HC-0045/PROPERTY_VALUE_OUT_OF_RANGE");
}

TEST_F(state, read_only_properties)
{
	static const u32 codes[] = {
		HV_PARTITION_PROPERTY_PROCESSOR_VENDOR, HV_PARTITION_PROPERTY_XSAVE_STATES,
		HV_PARTITION_PROPERTY_MAX_XSAVE_DATA_SIZE,
		HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION,
		HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY,
		HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH,
	};
	unsigned int i;
	u64 val;

	for (i = 0; i < ARRAY_SIZE(codes); i++) {
		val = property(&self->vm, codes[i]);
		EXPECT_NE(0, vmm_set_property(self->vm.pt, codes[i], val))
			TH_LOG("property %#x", codes[i]);
		EXPECT_EQ(val, property(&self->vm, codes[i]));
	}
	EXPECT_EQ(vmm_vendor(),
		  property(&self->vm, HV_PARTITION_PROPERTY_PROCESSOR_VENDOR));
	val = property(&self->vm, HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH);
	EXPECT_LE(36, val);
	EXPECT_GE(52, val);
	EXPECT_LT(1000000, property(&self->vm, HV_PARTITION_PROPERTY_PROCESSOR_CLOCK_FREQUENCY));
	PROVES("PROP-partition-property-0x00060000");
}

TEST_F(state, reference_time)
{
	u64 a, b;

	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 1));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_REFERENCE_TIME,
				      0x123456789abc));
	a = property(&self->vm, HV_PARTITION_PROPERTY_REFERENCE_TIME);
	EXPECT_LE(0x123456789abc - 1, a);
	EXPECT_GE(0x123456789abc + 1, a);
	EXPECT_EQ(a, vmm_reg(self->vp, HV_REGISTER_TIME_REF_COUNT));
	ASSERT_EQ(0, vmm_set_property(self->vm.pt, HV_PARTITION_PROPERTY_TIME_FREEZE, 0));
	vmm_sleep_ms(50);
	b = property(&self->vm, HV_PARTITION_PROPERTY_REFERENCE_TIME);
	/* 100 ns each */
	EXPECT_LE(a + 40 * 10000, b);
	EXPECT_GE(a + 5000 * 10000ULL, b);
}

TEST_F(state, guest_os_id)
{
	vmm_set_reg(self->vp, HV_REGISTER_GUEST_OS_ID, 0x8100000000060000);
	EXPECT_EQ(0x8100000000060000, property(&self->vm, HV_PARTITION_PROPERTY_GUEST_OS_ID));
	/* without an identity there is no hypercall page */
	vmm_set_reg(self->vp, HV_X64_REGISTER_HYPERCALL, 0x33001);
	vmm_set_reg(self->vp, HV_REGISTER_GUEST_OS_ID, 0);
	EXPECT_EQ(0, vmm_reg(self->vp, HV_X64_REGISTER_HYPERCALL) & 1);
}

/* ---- HvTranslateVirtualAddress ---- */

static int translate(struct vmm_vp *vp, u64 gva, u64 flags,
		     struct hv_output_translate_virtual_address *out)
{
	struct hv_input_translate_virtual_address in = {
		.vp_index = vp->index, .control_flags = flags, .gva_page = gva / PAGE,
	};

	memset(out, 0xa5, sizeof(*out));
	return vmm_call(vp->fd, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, &in, sizeof(in), out,
			sizeof(*out));
}

#define READ	HV_TRANSLATE_GVA_VALIDATE_READ
#define WRITE	HV_TRANSLATE_GVA_VALIDATE_WRITE
#define EXEC	HV_TRANSLATE_GVA_VALIDATE_EXECUTE

#define EXPECT_GPA(gva, flags, gpa) do {						\
	EXPECT_EQ(0, translate(self->vp, gva, flags, &out));				\
	EXPECT_EQ(HV_TRANSLATE_GVA_SUCCESS, out.result_code);				\
	EXPECT_EQ((gpa) / PAGE, out.gpa_page);						\
} while (0)

#define EXPECT_RESULT(gva, flags, code) do {						\
	EXPECT_EQ(0, translate(self->vp, gva, flags, &out));				\
	EXPECT_EQ(code, out.result_code);						\
} while (0)

TEST_F(state, translate)
{
	struct hv_output_translate_virtual_address out;
	u64 *pml4, *pd, *pt, i;

	/* no paging: what is asked for */
	vmm_real_mode(self->vp, VMM_CODE);
	EXPECT_GPA(0x12345000, READ, 0x12345000);

	vmm_long_mode(self->vp, VMM_CODE);
	EXPECT_GPA(VMM_CODE, READ | WRITE | EXEC, VMM_CODE);
	/* nothing there is no reason to refuse: a VMM asks for its devices' addresses, too */
	EXPECT_GPA(0xd0001000, READ, 0xd0001000);
	EXPECT_GPA(0xd0001000, WRITE, 0xd0001000);
	EXPECT_RESULT(0x100000000, READ, HV_TRANSLATE_GVA_PAGE_NOT_PRESENT);

	/* a 4 KiB page, elsewhere */
	pml4 = vmm_gpa(&self->vm, VMM_TABLES);
	pd = vmm_gpa(&self->vm, VMM_TABLES + 0x2000);
	pt = vmm_gpa(&self->vm, 0x40000);
	pd[0x200000 >> 21] = 0x40000 | 7;
	pt[0] = 0x55000 | 7;
	pt[1] = 0x66000 | 5;				/* user, read-only */
	pt[2] = 0x77000 | 3;				/* supervisor */
	pt[3] = 0x88000 | 7 | 1ULL << 63;		/* not to be executed */
	pt[4] = 0x99000 | 7 | 1ULL << 51;		/* beyond any physical address */
	EXPECT_GPA(0x200000, READ | WRITE, 0x55000);
	EXPECT_GPA(0x201000, READ, 0x66000);
	EXPECT_RESULT(0x201000, WRITE, HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	EXPECT_GPA(0x202000, READ, 0x77000);
	EXPECT_GPA(0x203000, READ | WRITE, 0x88000);
	EXPECT_RESULT(0x203000, EXEC, HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	EXPECT_RESULT(0x205000, READ, HV_TRANSLATE_GVA_PAGE_NOT_PRESENT);
	if (property(&self->vm, HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH) < 52)
		EXPECT_RESULT(0x204000, READ, HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS);
	/* bits of the tables change when that is asked for, and only then */
	EXPECT_EQ(0x55000 | 7, pt[0]);
	EXPECT_GPA(0x200000, READ | HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS, 0x55000);
	EXPECT_EQ(0x55000 | 0x27, pt[0]);
	EXPECT_GPA(0x200000, WRITE | HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS, 0x55000);
	EXPECT_EQ(0x55000 | 0x67, pt[0]);
	EXPECT_EQ(0x20, pml4[0] & 0x20);

	/* the guest's PAT and the bits of its entries say what kind of memory it is (12.2.1) */
	vmm_set_reg(self->vp, HV_X64_REGISTER_PAT, 0x0605040100070406);
	for (i = 0; i < 8; i++) {
		static const u8 types[] = { 6, 4, 0, 0, 1, 4, 5, 6 };

		pt[5] = 0xaa000 | 3 | (i & 3) << 3 | (i & 4) << 5;
		EXPECT_GPA(0x205000, READ, 0xaa000);
		EXPECT_EQ(types[i], out.cache_type);
		pd[3] = 0x83 | (i & 3) << 3 | (i & 4) << 10;
		EXPECT_GPA(0x600000, READ, 0);
		EXPECT_EQ(types[i], out.cache_type);
	}
	PROVES("B-12-016");
	pt[5] = 0;

	/* as a user */
	vmm_set_segment(self->vp, HV_X64_REGISTER_CS, 0, ~0u, 0x1b, 0xa0fb);
	vmm_set_segment(self->vp, HV_X64_REGISTER_SS, 0, ~0u, 0x23, 0xc0f3);
	EXPECT_RESULT(0x202000, READ, HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION);
	EXPECT_GPA(0x202000, READ | HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT, 0x77000);
	/* an access has to be named, and nothing that is not known */
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER, translate(self->vp, 0x200000, 0, &out));
	EXPECT_EQ(HV_STATUS_INVALID_PARAMETER,
		  translate(self->vp, 0x200000, READ | 1ULL << 40, &out));
	PROVES("HC-0052/INVALID_PARAMETER PROP-translate-gva-flag-0x1");
	PROVES("PROP-translate-gva-flag-0x2 PROP-translate-gva-flag-0x4");
	PROVES("PROP-translate-gva-flag-0x8 PROP-translate-gva-flag-0x10");
	PROVES("PROP-translate-gva-result-0 PROP-translate-gva-result-1");
	PROVES("PROP-translate-gva-result-2");
	if (property(&self->vm, HV_PARTITION_PROPERTY_PHYSICAL_ADDRESS_WIDTH) < 52)
		PROVES("PROP-translate-gva-result-3");
}

TEST_HARNESS_MAIN
