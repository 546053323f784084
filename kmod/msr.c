// SPDX-License-Identifier: GPL-2.0-only
/*
 * msr.c - model-specific registers (TLFS 11.10, Appendixes F, G and H)
 *
 * In the order of 11.10: a register that is virtualized and that the guest may use is accessed;
 * else it is the parent's if it installed an intercept; else the access is #GP.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include <asm/msr-index.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "tlfs.h"
#include "hv/timers.h"
#include "cpuid.h"
#include "feature_table.h"

/* of the architectural part only: no such register here */
#define MSR_UNKNOWN		(-1)

/* ---- synthetic registers ---- */

#define SYNTH_BASE		0x40000000U
#define SYNTH_COUNT		0x200U

/* who implements a register */
enum synth_room {
	ROOM_HV,		/* hypercall.c */
	ROOM_TIME,		/* hv/timer.c */
	ROOM_APIC,		/* hv/interrupt.c */
	ROOM_SYNIC,		/* hv/synic.c */
	ROOM_STIMER,		/* hv/stimer.c */
	ROOM_STATS,		/* hv/stats.c */
	ROOM_UNHALTED,		/* hv/unhalted_timer.c */
	ROOM_NPIEP,		/* below */
	ROOM_PARENT,		/* the VMM's: each access is a message */
};

#define SYNTH_READ		BIT(0)
#define SYNTH_WRITE		BIT(1)
#define SYNTH_RW		(SYNTH_READ | SYNTH_WRITE)

/**
 * struct synth_msr - a row: registers first to last
 * @privilege:	HV_PRIV_* a guest needs, 0 if @synthetic says who may
 * @synthetic:	feature that opens it where no privilege does
 * @room:	enum synth_room
 * @access:	SYNTH_*
 */
struct synth_msr {
	u64 privilege;
	u64 synthetic;
	u8 room;
	u8 access;
};

/* X(row, first, last, room, access, privilege, synthetic feature) */
#define SYNTH_MSRS(X)									\
	X(OS_ID, HV_X64_MSR_GUEST_OS_ID, HV_X64_MSR_HYPERCALL, ROOM_HV, SYNTH_RW,	\
	  HV_PRIV_ACCESS_HYPERCALL_MSRS, 0)						\
	X(VP_INDEX, HV_X64_MSR_VP_INDEX, HV_X64_MSR_VP_INDEX, ROOM_HV, SYNTH_READ,	\
	  HV_PRIV_ACCESS_VP_INDEX, 0)							\
	X(RESET, HV_X64_MSR_RESET, HV_X64_MSR_RESET, ROOM_HV, SYNTH_RW,			\
	  HV_PRIV_ACCESS_RESET_REG, 0)							\
	X(RUNTIME, HV_X64_MSR_VP_RUNTIME, HV_X64_MSR_VP_RUNTIME, ROOM_HV, SYNTH_READ,	\
	  HV_PRIV_ACCESS_VP_RUN_TIME_REG, 0)						\
	X(REF_COUNT, HV_X64_MSR_TIME_REF_COUNT, HV_X64_MSR_TIME_REF_COUNT, ROOM_TIME,	\
	  SYNTH_READ, HV_PRIV_ACCESS_PARTITION_REFERENCE_COUNTER, 0)			\
	X(TSC_PAGE, HV_X64_MSR_REFERENCE_TSC, HV_X64_MSR_REFERENCE_TSC, ROOM_TIME,	\
	  SYNTH_RW, HV_PRIV_ACCESS_PARTITION_REFERENCE_TSC, 0)				\
	X(FREQUENCY, HV_X64_MSR_TSC_FREQUENCY, HV_X64_MSR_APIC_FREQUENCY, ROOM_TIME,	\
	  SYNTH_READ, HV_PRIV_ACCESS_FREQUENCY_REGS, 0)					\
	X(EOI, HV_X64_MSR_EOI, HV_X64_MSR_EOI, ROOM_APIC, SYNTH_WRITE,			\
	  HV_PRIV_ACCESS_INTR_CTRL_REGS, 0)						\
	X(APIC, HV_X64_MSR_ICR, HV_X64_MSR_VP_ASSIST_PAGE, ROOM_APIC, SYNTH_RW,		\
	  HV_PRIV_ACCESS_INTR_CTRL_REGS, 0)						\
	X(SCONTROL, HV_X64_MSR_SCONTROL, HV_X64_MSR_SCONTROL, ROOM_SYNIC, SYNTH_RW,	\
	  HV_PRIV_ACCESS_SYNIC_REGS, 0)							\
	X(SVERSION, HV_X64_MSR_SVERSION, HV_X64_MSR_SVERSION, ROOM_SYNIC, SYNTH_READ,	\
	  HV_PRIV_ACCESS_SYNIC_REGS, 0)							\
	X(SYNIC, HV_X64_MSR_SIEFP, HV_X64_MSR_EOM, ROOM_SYNIC, SYNTH_RW,		\
	  HV_PRIV_ACCESS_SYNIC_REGS, 0)							\
	X(SINT, HV_X64_MSR_SINT0, HV_X64_MSR_SINT15, ROOM_SYNIC, SYNTH_RW,		\
	  HV_PRIV_ACCESS_SYNIC_REGS, 0)							\
	X(STIMER, HV_X64_MSR_STIMER0_CONFIG, HV_X64_MSR_STIMER3_COUNT, ROOM_STIMER,	\
	  SYNTH_RW, HV_PRIV_ACCESS_SYNTHETIC_TIMER_REGS, 0)				\
	X(STATS, HV_X64_MSR_STATS_PARTITION_RETAIL_PAGE,				\
	  HV_X64_MSR_STATS_VP_INTERNAL_PAGE, ROOM_STATS, SYNTH_RW,			\
	  HV_PRIV_ACCESS_STATS_REG, 0)							\
	X(UNHALTED, HV_X64_MSR_STIME_UNHALTED_TIMER_CONFIG,				\
	  HV_X64_MSR_STIME_UNHALTED_TIMER_COUNT, ROOM_UNHALTED, SYNTH_RW,		\
	  HV_PRIV_ACCESS_SYNTHETIC_TIMER_REGS, HV_SYNTHETIC_FEATURE_TIME_UNHALTED_TIMER) \
	X(NPIEP, HV_X64_MSR_NPIEP_CONFIG, HV_X64_MSR_NPIEP_CONFIG, ROOM_NPIEP, SYNTH_RW,	\
	  0, TLFS_SYNTHETIC_FEATURE_NPIEP)						\
	X(DEBUG, HV_X64_MSR_SYNTH_DEBUG_CONTROL, HV_X64_MSR_SYNTH_DEBUG_PENDING_BUFFER,	\
	  ROOM_PARENT, SYNTH_RW, HV_PRIV_ACCESS_DEBUG_REGS, 0)				\
	X(IDLE, HV_X64_MSR_GUEST_IDLE, HV_X64_MSR_GUEST_IDLE, ROOM_HV, SYNTH_READ,	\
	  HV_PRIV_ACCESS_GUEST_IDLE_REG, 0)						\
	X(CRASH, HV_X64_MSR_CRASH_P0, HV_X64_MSR_CRASH_CTL, ROOM_HV, SYNTH_RW,		\
	  0, TLFS_SYNTHETIC_FEATURE_CRASH)						\
	X(REENLIGHTEN, HV_X64_MSR_REENLIGHTENMENT_CONTROL, HV_X64_MSR_TSC_EMULATION_STATUS, \
	  ROOM_TIME, SYNTH_RW, HV_PRIV_ACCESS_REENLIGHTENMENT_CONTROLS, 0)		\
	X(TSC_INVARIANT, HV_X64_MSR_TSC_INVARIANT_CONTROL, HV_X64_MSR_TSC_INVARIANT_CONTROL, \
	  ROOM_TIME, SYNTH_RW, HV_PRIV_ACCESS_TSC_INVARIANT_CONTROLS, 0)

#define SYNTH_ENUM(row, from, to, r, acc, priv, syn)	SYNTH_##row,
#define SYNTH_ROW(row, from, to, r, acc, priv, syn)	\
	[SYNTH_##row] = { .privilege = (priv), .synthetic = (syn), .room = (r), .access = (acc) },
#define SYNTH_INDEX(row, from, to, r, acc, priv, syn)	\
	[(from) - SYNTH_BASE ... (to) - SYNTH_BASE] = SYNTH_##row,

enum {
	SYNTH_NONE,
	SYNTH_MSRS(SYNTH_ENUM)
	SYNTH_ROWS,
};

static const struct synth_msr synth_msr[SYNTH_ROWS] = {
	SYNTH_MSRS(SYNTH_ROW)
};

static const u8 synth_index[SYNTH_COUNT] = {
	SYNTH_MSRS(SYNTH_INDEX)
};

/* the row of @msr if the caller may do @access; a guest may when its partition may */
static const struct synth_msr *synth_row(const struct tlfs_vp *vp, u32 msr, u8 access, bool guest)
{
	u32 index = msr - SYNTH_BASE;
	const struct synth_msr *row;

	if (index >= SYNTH_COUNT)
		return NULL;
	row = &synth_msr[synth_index[array_index_nospec(index, SYNTH_COUNT)]];
	if (!(row->access & access))
		return NULL;
	if (!guest)
		return row;
	if (!tlfs_has_privilege(vp->pt, row->privilege) ||
	    (vp->pt->synthetic_features & row->synthetic) != row->synthetic)
		return NULL;
	return row;
}

static int synth_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val, bool guest)
{
	const struct synth_msr *row = synth_row(vp, msr, SYNTH_READ, guest);

	if (!row)
		return TLFS_GP;
	switch (row->room) {
	case ROOM_HV:
		/* the run loop lets the VP sleep once the instruction is complete (10.1.4) */
		if (guest && msr == HV_X64_MSR_GUEST_IDLE)
			vp->idle = true;
		return tlfs_hv_rdmsr(vp, msr, val);
	case ROOM_TIME:
		return tlfs_time_rdmsr(vp, msr, val);
	case ROOM_APIC:
		return tlfs_apic_rdmsr(vp, msr, val);
	case ROOM_SYNIC:
		return tlfs_synic_rdmsr(vp, msr, val);
	case ROOM_STIMER:
		return tlfs_stimer_rdmsr(vp, msr, val);
	case ROOM_STATS:
		return tlfs_stats_rdmsr(vp, msr, val);
	case ROOM_UNHALTED:
		return tlfs_unhalted_rdmsr(vp, msr, val);
	case ROOM_NPIEP:
		*val = vp->npiep;
		return TLFS_RESUME;
	case ROOM_PARENT:
		return guest ? TLFS_USER : TLFS_GP;
	}
	return TLFS_GP;
}

/* non-privileged instruction execution prevention (5.0C 8.12) */
static int npiep_write(struct tlfs_vp *vp, u64 val)
{
	if (val & ~(HV_NPIEP_PREVENT_SGDT | HV_NPIEP_PREVENT_SIDT | HV_NPIEP_PREVENT_SLDT |
		    HV_NPIEP_PREVENT_STR))
		return TLFS_GP;
	vp->npiep = val;
	tlfs_call(exceptions)(vp, READ_ONCE(vp->pt->intercepts.exceptions));
	return TLFS_RESUME;
}

static int synth_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val, bool guest)
{
	const struct synth_msr *row = synth_row(vp, msr, SYNTH_WRITE, guest);

	if (!row)
		return TLFS_GP;
	switch (row->room) {
	case ROOM_HV:
		return tlfs_hv_wrmsr(vp, msr, val, guest);
	case ROOM_TIME:
		return tlfs_time_wrmsr(vp, msr, val);
	case ROOM_APIC:
		return tlfs_apic_wrmsr(vp, msr, val);
	case ROOM_SYNIC:
		return tlfs_synic_wrmsr(vp, msr, val);
	case ROOM_STIMER:
		return tlfs_stimer_wrmsr(vp, msr, val);
	case ROOM_STATS:
		return tlfs_stats_wrmsr(vp, msr, val);
	case ROOM_UNHALTED:
		return tlfs_unhalted_wrmsr(vp, msr, val);
	case ROOM_NPIEP:
		return npiep_write(vp, val);
	case ROOM_PARENT:
		return guest ? TLFS_RESUME : TLFS_GP;
	}
	return TLFS_GP;
}

/* ---- memory type registers: kept, but a guest's memory is what the PAT says ---- */

#define MTRR_VARIABLE		8
#define MTRR_PHYS_BASE0		0x200
#define MTRR_CAP_FIXED		BIT(8)
#define MTRR_CAP_WC		BIT(10)
#define MTRR_DEF_VALID		0xcffULL	/* type, FE, E */
#define MTRR_MASK_VALID		BIT_ULL(11)

static bool memory_type_ok(u8 type)
{
	return type < 8 && BIT(type) & (BIT(0) | BIT(1) | BIT(4) | BIT(5) | BIT(6));
}

static bool memory_types_ok(u64 types, u8 extra)
{
	unsigned int i;

	for (i = 0; i < 64; i += 8) {
		u8 type = types >> i;

		if (!memory_type_ok(type) && type != extra)
			return false;
	}
	return true;
}

static u64 *mtrr_slot(struct tlfs_vp *vp, u32 msr)
{
	unsigned int i;

	switch (msr) {
	case MSR_MTRRdefType:
		return &vp->mtrr_def_type;
	case MTRR_PHYS_BASE0 ... MTRR_PHYS_BASE0 + 2 * MTRR_VARIABLE - 1:
		i = msr - MTRR_PHYS_BASE0;
		return &vp->mtrr_var[array_index_nospec(i, 2 * MTRR_VARIABLE)];
	case MSR_MTRRfix64K_00000:
		return &vp->mtrr_fixed[0];
	case MSR_MTRRfix16K_80000:
		return &vp->mtrr_fixed[1];
	case MSR_MTRRfix16K_A0000:
		return &vp->mtrr_fixed[2];
	case MSR_MTRRfix4K_C0000 ... MSR_MTRRfix4K_F8000:
		return &vp->mtrr_fixed[3 + array_index_nospec(msr - MSR_MTRRfix4K_C0000, 8)];
	}
	return NULL;
}

static int mtrr_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	u64 address = GENMASK_ULL(tlfs_cpuid_phys_bits() - 1, 12);
	u64 *slot = mtrr_slot(vp, msr);
	bool ok;

	if (!slot)
		return MSR_UNKNOWN;
	if (msr == MSR_MTRRdefType)
		ok = !(val & ~MTRR_DEF_VALID) && memory_type_ok(val & 0xff);
	else if (msr >= MSR_MTRRfix64K_00000)
		ok = memory_types_ok(val, 0);
	else if (msr & 1)
		ok = !(val & ~(address | MTRR_MASK_VALID));
	else
		ok = !(val & ~(address | 0xff)) && memory_type_ok(val & 0xff);
	if (!ok)
		return TLFS_GP;
	*slot = val;
	return TLFS_RESUME;
}

/* ---- architectural and vendors' registers ---- */

#define MISC_ENABLE_RESET	(MSR_IA32_MISC_ENABLE_FAST_STRING | \
				 MSR_IA32_MISC_ENABLE_BTS_UNAVAIL | \
				 MSR_IA32_MISC_ENABLE_PEBS_UNAVAIL)
#define DEBUGCTL_VALID		(DEBUGCTLMSR_LBR | DEBUGCTLMSR_BTF)
#define UCODE_LOADED		0x8fffffffULL	/* Appendix G: nothing left to load */
#define PAT_UC_MINUS		7

/* vendor registers a guest finds empty; bits it may write without effect */
struct quiet_msr {
	u32 msr;
	bool amd;
	u64 value;
	u64 writable;
};

#define AMD_SYSCFG		0xc0010010
#define AMD_TOP_MEM		0xc001001a
#define AMD_TOP_MEM2		0xc001001d
#define AMD_INT_PENDING		0xc0010055
#define AMD_VM_CR		0xc0010114
#define AMD_VM_CR_SVMDIS	BIT_ULL(4)
#define AMD_HWCR_TSC_FREQ_SEL	BIT_ULL(24)
#define AMD_DE_CFG		0xc0011029
#define AMD_DE_CFG_LFENCE	BIT_ULL(1)

static const struct quiet_msr quiet_msrs[] = {
	{ MSR_IA32_PLATFORM_ID, false, 0, ~0ULL },
	{ MSR_IA32_UCODE_WRITE, false, 0, ~0ULL },
	{ AMD_SYSCFG, true, 0, ~0ULL },
	{ MSR_AMD64_NB_CFG, true, 0, ~0ULL },
	{ MSR_AMD64_PATCH_LOADER, true, 0, ~0ULL },
	{ AMD_TOP_MEM, true, 0, ~0ULL },
	{ AMD_TOP_MEM2, true, 0, ~0ULL },
	/* the TSC runs at the same rate in all states */
	{ MSR_K7_HWCR, true, AMD_HWCR_TSC_FREQ_SEL, ~0ULL },
	/* no C1E to clear */
	{ AMD_INT_PENDING, true, 0, ~0ULL },
	{ AMD_VM_CR, true, AMD_VM_CR_SVMDIS, ~0ULL },
	/* LFENCE serializes, and cannot be told not to */
	{ AMD_DE_CFG, true, AMD_DE_CFG_LFENCE, ~0ULL },
};

static bool is_intel(void)
{
	return boot_cpu_data.x86_vendor == X86_VENDOR_INTEL;
}

static const struct quiet_msr *quiet_msr(u32 msr)
{
	const struct quiet_msr *q;

	for (q = quiet_msrs; q < quiet_msrs + ARRAY_SIZE(quiet_msrs); q++)
		if (q->msr == msr && q->amd != is_intel())
			return q;
	return NULL;
}

static bool canonical(u64 va)
{
	return (u64)((s64)(va << 16) >> 16) == va;
}

static u64 ucode_rev(void)
{
	return is_intel() ? UCODE_LOADED << 32 : boot_cpu_data.microcode;
}

/* registers with a fixed home; MSR_UNKNOWN for the rest */
static int arch_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val, bool guest)
{
	const struct quiet_msr *quiet;
	const u64 *slot;

	switch (msr) {
	case MSR_EFER:
		*val = tlfs_call(get_efer)(vp);
		return TLFS_RESUME;
	case MSR_IA32_TSC:
		*val = tlfs_guest_tsc(vp->pt);
		return TLFS_RESUME;
	case MSR_TSC_AUX:
		*val = vp->tsc_aux;
		return TLFS_RESUME;
	case MSR_IA32_TSC_ADJUST:
		/* not offered to guests; VMMs save it */
		*val = vp->tsc_adjust;
		return guest ? MSR_UNKNOWN : TLFS_RESUME;
	case MSR_IA32_XSS:
		*val = vp->xss;
		return guest ? MSR_UNKNOWN : TLFS_RESUME;
	case MSR_IA32_MISC_ENABLE:
		*val = vp->misc_enable;
		return is_intel() || !guest ? TLFS_RESUME : MSR_UNKNOWN;
	case MSR_IA32_UCODE_REV:
		*val = ucode_rev();
		return TLFS_RESUME;
	case MSR_MTRRcap:
		*val = MTRR_VARIABLE | MTRR_CAP_FIXED | MTRR_CAP_WC;
		return TLFS_RESUME;
	case MSR_IA32_MCG_CAP:
	case MSR_IA32_MCG_STATUS:
		*val = 0;
		return TLFS_RESUME;
	}
	slot = mtrr_slot(vp, msr);
	if (slot) {
		*val = *slot;
		return TLFS_RESUME;
	}
	quiet = quiet_msr(msr);
	if (quiet) {
		*val = quiet->value;
		return TLFS_RESUME;
	}
	return tlfs_call(get_msr)(vp, msr, val) ? MSR_UNKNOWN : TLFS_RESUME;
}

/* registers the backend keeps: what may be written to them */
static int backend_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val)
{
	switch (msr) {
	case MSR_FS_BASE:
	case MSR_GS_BASE:
	case MSR_KERNEL_GS_BASE:
	case MSR_LSTAR:
	case MSR_CSTAR:
	case MSR_IA32_SYSENTER_ESP:
	case MSR_IA32_SYSENTER_EIP:
		if (!canonical(val))
			return TLFS_GP;
		break;
	case MSR_SYSCALL_MASK:
	case MSR_IA32_SYSENTER_CS:
		val = (u32)val;
		break;
	case MSR_IA32_CR_PAT:
		if (!memory_types_ok(val, PAT_UC_MINUS))
			return TLFS_GP;
		break;
	case MSR_IA32_DEBUGCTLMSR:
		if (val & ~(u64)DEBUGCTL_VALID)
			return TLFS_GP;
		break;
	}
	return tlfs_call(set_msr)(vp, msr, val) ? MSR_UNKNOWN : TLFS_RESUME;
}

static int tsc_adjust_write(struct tlfs_vp *vp, u64 val)
{
	u64 delta = val - vp->tsc_adjust;

	vp->tsc_adjust = val;
	if (delta)
		tlfs_set_guest_tsc(vp, tlfs_guest_tsc(vp->pt) + delta);
	return TLFS_RESUME;
}

static int arch_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val, bool guest)
{
	const struct quiet_msr *quiet;
	int r;

	switch (msr) {
	case MSR_EFER:
		r = guest ? tlfs_guest_set_efer(vp, val) : tlfs_set_efer(vp, val);
		return r ? TLFS_GP : TLFS_RESUME;
	case MSR_IA32_TSC:
		tlfs_set_guest_tsc(vp, val);
		return TLFS_RESUME;
	case MSR_TSC_AUX:
		if (upper_32_bits(val))
			return TLFS_GP;
		vp->tsc_aux = val;
		return TLFS_RESUME;
	case MSR_IA32_TSC_ADJUST:
		return guest ? MSR_UNKNOWN : tsc_adjust_write(vp, val);
	case MSR_IA32_XSS:
		if (guest)
			return MSR_UNKNOWN;
		return val ? TLFS_GP : TLFS_RESUME;
	case MSR_IA32_MISC_ENABLE:
		/* Appendix G: writes are ignored */
		return is_intel() || !guest ? TLFS_RESUME : MSR_UNKNOWN;
	case MSR_IA32_UCODE_REV:
	case MSR_IA32_MCG_STATUS:
		return TLFS_RESUME;
	case MSR_MTRRcap:
	case MSR_IA32_MCG_CAP:
		return TLFS_GP;
	}
	r = mtrr_wrmsr(vp, msr, val);
	if (r != MSR_UNKNOWN)
		return r;
	quiet = quiet_msr(msr);
	if (quiet)
		return val & ~quiet->writable ? TLFS_GP : TLFS_RESUME;
	return backend_wrmsr(vp, msr, val);
}

void tlfs_msr_reset(struct tlfs_vp *vp, bool init)
{
	/* INIT leaves all of these alone */
	if (init)
		return;
	vp->tsc_aux = 0;
	vp->misc_enable = MISC_ENABLE_RESET;
	vp->mtrr_def_type = 0;
	memset(vp->mtrr_fixed, 0, sizeof(vp->mtrr_fixed));
	memset(vp->mtrr_var, 0, sizeof(vp->mtrr_var));
	vp->tsc_adjust = 0;
	vp->xss = 0;
	if (vp->npiep)
		npiep_write(vp, 0);
}

/* ---- one register ---- */

static bool is_synth(u32 msr)
{
	return (msr & 0xf0000000) == SYNTH_BASE;
}

/* the local APIC's, x2APIC mode or not */
static bool is_lapic(u32 msr)
{
	return (msr & ~0xffU) == APIC_BASE_MSR || msr == MSR_IA32_APICBASE ||
	       msr == MSR_IA32_TSC_DEADLINE;
}

int tlfs_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val, bool guest)
{
	int r;

	*val = 0;
	if (is_synth(msr))
		return synth_rdmsr(vp, msr, val, guest);
	if (is_lapic(msr))
		return tlfs_lapic_rdmsr(vp, msr, val);
	r = arch_rdmsr(vp, msr, val, guest);
	if (likely(r != MSR_UNKNOWN))
		return r;
	*val = 0;
	return guest && READ_ONCE(vp->pt->msr_ignore_unknown) ? TLFS_RESUME : TLFS_GP;
}

int tlfs_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val, bool guest)
{
	int r;

	if (is_synth(msr))
		return synth_wrmsr(vp, msr, val, guest);
	if (is_lapic(msr))
		return tlfs_lapic_wrmsr(vp, msr, val);
	r = arch_wrmsr(vp, msr, val, guest);
	if (likely(r != MSR_UNKNOWN))
		return r;
	return guest && READ_ONCE(vp->pt->msr_ignore_unknown) ? TLFS_RESUME : TLFS_GP;
}

/* ---- the exits ---- */

int tlfs_rdmsr_exit(struct tlfs_vp *vp)
{
	u32 msr = (u32)vp->regs[VP_RCX];
	int len = tlfs_insn_len(vp), r;
	u64 val;

	if (unlikely(len <= 0))
		return len ? TLFS_SLOW : TLFS_RESUME;
	r = tlfs_rdmsr(vp, msr, &val, true);
	if (likely(r == TLFS_RESUME)) {
		vp_set_reg(vp, VP_RAX, lower_32_bits(val));
		vp_set_reg(vp, VP_RDX, upper_32_bits(val));
		tlfs_skip_insn(vp);
		return TLFS_RESUME;
	}
	if (r == TLFS_SLOW)
		return r;
	if (r == TLFS_USER || READ_ONCE(vp->pt->intercepts.msr_read))
		return tlfs_msg_msr(vp, msr, false);
	tlfs_inject_gp(vp);
	return TLFS_RESUME;
}

/* writes that are done, and that the VMM acts on: it moves RIP on as well */
static bool wrmsr_tells_parent(u32 msr, u64 val)
{
	if (msr - HV_X64_MSR_SYNTH_DEBUG_CONTROL <= HV_X64_MSR_SYNTH_DEBUG_PENDING_BUFFER -
						    HV_X64_MSR_SYNTH_DEBUG_CONTROL)
		return true;
	if (msr == HV_X64_MSR_RESET)
		return val & HV_X64_MSR_RESET_RESET;
	return msr == HV_X64_MSR_CRASH_CTL && (val & HV_CRASH_CTL_CRASH_NOTIFY);
}

static int tell_parent(struct tlfs_vp *vp, u32 msr)
{
	int r = tlfs_msg_msr(vp, msr, true);

	if (r == TLFS_USER)
		tlfs_nl_vp(msr == HV_X64_MSR_RESET ? TLFS_GENL_RESET : TLFS_GENL_CRASH, vp, 0);
	return r;
}

int tlfs_wrmsr_exit(struct tlfs_vp *vp)
{
	u32 msr = (u32)vp->regs[VP_RCX];
	int len = tlfs_insn_len(vp), r;
	u64 val;

	if (unlikely(len <= 0))
		return len ? TLFS_SLOW : TLFS_RESUME;
	val = vp->regs[VP_RDX] << 32 | (u32)vp->regs[VP_RAX];
	r = tlfs_wrmsr(vp, msr, val, true);
	switch (r) {
	case TLFS_RESUME:
		if (unlikely(wrmsr_tells_parent(msr, val)))
			return tell_parent(vp, msr);
		tlfs_skip_insn(vp);
		return TLFS_RESUME;
	case TLFS_USER:
		/* EOI of a level-triggered interrupt: the message is about something complete */
		tlfs_skip_insn(vp);
		return r;
	case TLFS_GP:
		if (READ_ONCE(vp->pt->intercepts.msr_write))
			return tlfs_msg_msr(vp, msr, true);
		tlfs_inject_gp(vp);
		return TLFS_RESUME;
	}
	return r;
}
