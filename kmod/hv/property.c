// SPDX-License-Identifier: GPL-2.0-only
/*
 * property.c - properties of partitions (TLFS 5.2.2)
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/mutex.h>

#include <asm/cpufeature.h>
#include <asm/processor.h>
#include <asm/tsc.h>

#include "tlfs.h"
#include "hv/timers.h"

/* the virtual TLB is the processor's here: the number is kept for the parent that asks */
#define TLB_PAGES_DEFAULT	64
#define TLB_PAGES_MIN		4
#define TLB_PAGES_MAX		0x10000

/* bits of PROCESSOR_FEATURES that 2.0 defines: the others are not touched by that name */
#define FEATURES_2_0		GENMASK_ULL(14, 0)

void tlfs_partition_set_features(struct tlfs_partition *pt, u64 features)
{
	pt->synthetic_features = features;
	pt->privileges = tlfs_synthetic_to_privileges(features) & pt->parent->privileges;
}

#define PROP_ROOT	BIT(0)	/* the root has it too */
#define PROP_EARLY	BIT(1)	/* settable before INITIALIZE only */
#define PROP_ACTIVE	BIT(2)	/* settable after INITIALIZE only */

/**
 * struct property - one row of the table
 * @name:	as in HV_PARTITION_PROPERTY_*, for reports
 * @code:	HV_PARTITION_PROPERTY_*
 * @flags:	PROP_*
 * @arg:	for @get and @set that serve several properties
 * @get:	any time, under pt->lock
 * @set:	under pt->lock; NULL: read-only.  Returns HV_STATUS_*
 */
struct property {
	const char *name;
	u32 code;
	u32 flags;
	u32 arg;
	u64 (*get)(struct tlfs_partition *pt, u32 arg);
	u16 (*set)(struct tlfs_partition *pt, u32 arg, u64 val);
};

/* what no synthetic processor feature stands for: the parent says it here (5.2.3) */
#define PARENT_PRIVILEGES						\
	(HV_PRIV_CREATE_PARTITIONS | HV_PRIV_ACCESS_PARTITION_ID |	\
	 HV_PRIV_ACCESS_MEMORY_POOL | HV_PRIV_ADJUST_MESSAGE_BUFFERS |	\
	 HV_PRIV_POST_MESSAGES | HV_PRIV_SIGNAL_EVENTS |		\
	 HV_PRIV_CREATE_PORT | HV_PRIV_CONNECT_PORT |			\
	 HV_PRIV_ACCESS_STATS | HV_PRIV_DEBUGGING)

static u64 get_privileges(struct tlfs_partition *pt, u32 arg)
{
	return pt->privileges;
}

/*
 * Nobody gives away what he has not: through a child of its own a guest could reach whatever it was
 * denied itself.  An invariant (5.6.6), whoever calls: all of a partition's privileges are its
 * parent's, whose can no more change once it has a VP to create children with.
 */
static u16 set_privileges(struct tlfs_partition *pt, u32 arg, u64 val)
{
	u64 all = PARENT_PRIVILEGES | tlfs_synthetic_to_privileges(tlfs_synthetic_supported());

	/* the rest of them is for the root, or not there at all */
	if (val & ~(all & pt->parent->privileges))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	/* the same for all VPs, all their life; VMMs of the published interface know less time */
	if (pt->nr_vps || (pt->mshv && READ_ONCE(pt->initialized)))
		return HV_STATUS_INVALID_PARTITION_STATE;
	/*
	 * 20.1.1 has the buffers of a debug session come from the pool when the partition is
	 * initialized; but one that is made by hypercall can have no property before that (5.6.6)
	 */
	if (!pt->hosted && val & HV_PRIV_DEBUGGING) {
		u16 status = tlfs_debug_create(pt);

		if (status != HV_STATUS_SUCCESS)
			return status;
	}
	pt->privileges = val;
	return HV_STATUS_SUCCESS;
}

u64 tlfs_partition_features(const struct tlfs_partition *pt)
{
	return pt == &tlfs_root ? tlfs_synthetic_supported() : pt->synthetic_features;
}

static u64 get_synthetic(struct tlfs_partition *pt, u32 arg)
{
	return tlfs_partition_features(pt);
}

static u16 set_synthetic(struct tlfs_partition *pt, u32 arg, u64 val)
{
	if (val & ~(pt->v2 ? tlfs_synthetic_v2() : tlfs_synthetic_supported()) ||
	    val & ~tlfs_partition_features(pt->parent))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	tlfs_partition_set_features(pt, val);
	return HV_STATUS_SUCCESS;
}

static u64 get_time_freeze(struct tlfs_partition *pt, u32 arg)
{
	return pt->time.frozen;
}

static u16 set_time_freeze(struct tlfs_partition *pt, u32 arg, u64 val)
{
	if (val > 1)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	if (val != pt->time.frozen)
		tlfs_time_freeze(pt, val);
	return HV_STATUS_SUCCESS;
}

static u64 get_reference_time(struct tlfs_partition *pt, u32 arg)
{
	return tlfs_ref_time(pt);
}

static u16 set_reference_time(struct tlfs_partition *pt, u32 arg, u64 val)
{
	tlfs_set_ref_time(pt, val);
	return HV_STATUS_SUCCESS;
}

static u64 get_access_tracking(struct tlfs_partition *pt, u32 arg)
{
	return pt->gpa.tracking;
}

static u16 set_access_tracking(struct tlfs_partition *pt, u32 arg, u64 val)
{
	if (val > 1)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	return tlfs_gpa_track(pt, val) ? HV_STATUS_INSUFFICIENT_MEMORY : HV_STATUS_SUCCESS;
}

static u64 get_cpus_per_socket(struct tlfs_partition *pt, u32 arg)
{
	return pt->cpus_per_socket;
}

static u16 set_cpus_per_socket(struct tlfs_partition *pt, u32 arg, u64 val)
{
	if (!val || val > TLFS_MAX_VPS)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	pt->cpus_per_socket = val;
	return HV_STATUS_SUCCESS;
}

static u64 get_msr_action(struct tlfs_partition *pt, u32 arg)
{
	return pt->msr_ignore_unknown ? HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO :
					HV_UNIMPLEMENTED_MSR_ACTION_FAULT;
}

static u16 set_msr_action(struct tlfs_partition *pt, u32 arg, u64 val)
{
	if (val > HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	WRITE_ONCE(pt->msr_ignore_unknown,
		   val == HV_UNIMPLEMENTED_MSR_ACTION_IGNORE_WRITE_READ_ZERO);
	return HV_STATUS_SUCCESS;
}

u32 tlfs_processor_vendor(void)
{
	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_INTEL:
		return HV_PROCESSOR_VENDOR_INTEL;
	case X86_VENDOR_HYGON:
		return HV_PROCESSOR_VENDOR_HYGON;
	default:
		return HV_PROCESSOR_VENDOR_AMD;
	}
}

static u64 get_vendor(struct tlfs_partition *pt, u32 arg)
{
	return tlfs_processor_vendor();
}

/* the same for all VPs, for all their life */
static bool features_fixed(const struct tlfs_partition *pt)
{
	return pt->nr_vps;
}

static u64 get_features(struct tlfs_partition *pt, u32 bank)
{
	return tlfs_processor_features(bank) & ~pt->disabled_features[bank];
}

/* what is hidden from the parent it cannot show its child */
static u16 set_features_2_0(struct tlfs_partition *pt, u32 bank, u64 val)
{
	if (val & ~get_features(pt->parent, bank))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	if (features_fixed(pt))
		return HV_STATUS_INVALID_PARTITION_STATE;
	pt->disabled_features[bank] &= ~FEATURES_2_0;
	pt->disabled_features[bank] |= ~val & FEATURES_2_0;
	return HV_STATUS_SUCCESS;
}

static u16 set_features(struct tlfs_partition *pt, u32 bank, u64 val)
{
	if (val & ~get_features(pt->parent, bank))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	if (features_fixed(pt))
		return HV_STATUS_INVALID_PARTITION_STATE;
	pt->disabled_features[bank] = ~val;
	return HV_STATUS_SUCCESS;
}

static u64 get_xsave_features(struct tlfs_partition *pt, u32 arg)
{
	return tlfs_xsave_features() & ~pt->disabled_xsave;
}

static u16 set_xsave_features(struct tlfs_partition *pt, u32 arg, u64 val)
{
	if (val & ~get_xsave_features(pt->parent, 0))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	if (features_fixed(pt))
		return HV_STATUS_INVALID_PARTITION_STATE;
	pt->disabled_xsave = ~val;
	return HV_STATUS_SUCCESS;
}

static u64 get_xsave_states(struct tlfs_partition *pt, u32 arg)
{
	return tlfs_fpu_features;
}

static u64 get_xsave_size(struct tlfs_partition *pt, u32 arg)
{
	return tlfs_fpu_state_size(NULL);
}

/* 5.2.10: in the unit of CPUID 1.EBX, 8 bytes */
static u64 host_clflush_size(void)
{
	return boot_cpu_data.x86_clflush_size / 8;
}

static u64 get_clflush_size(struct tlfs_partition *pt, u32 arg)
{
	return pt == &tlfs_root ? host_clflush_size() : pt->clflush_size;
}

/* a guest that flushes by smaller lines than there are flushes all the same */
static u16 set_clflush_size(struct tlfs_partition *pt, u32 arg, u64 val)
{
	if (!val || val > get_clflush_size(pt->parent, 0))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	if (features_fixed(pt))
		return HV_STATUS_INVALID_PARTITION_STATE;
	pt->clflush_size = val;
	return HV_STATUS_SUCCESS;
}

static u64 get_compatibility(struct tlfs_partition *pt, u32 arg)
{
	return pt->v2 ? HV_COMPATIBILITY_VERSION_2_0 : HV_COMPATIBILITY_VERSION_21_H2;
}

/* from the current one to 2.0, and not back: what that hides is not remembered */
static u16 set_compatibility(struct tlfs_partition *pt, u32 arg, u64 val)
{
	if (val == get_compatibility(pt, 0))
		return HV_STATUS_SUCCESS;
	if (val != HV_COMPATIBILITY_VERSION_2_0)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	tlfs_cpuid_set_v2(pt);
	return HV_STATUS_SUCCESS;
}

unsigned int tlfs_gpa_bits(void)
{
	return min_t(unsigned int, boot_cpu_data.x86_phys_bits, TLFS_GPA_BITS_MAX);
}

static u64 get_address_bits(struct tlfs_partition *pt, u32 arg)
{
	return tlfs_gpa_bits();
}

static u64 get_frequency(struct tlfs_partition *pt, u32 arg)
{
	return pt == &tlfs_root ? tsc_khz * 1000ULL : tlfs_tsc_hz(pt);
}

static u64 get_sched(struct tlfs_partition *pt, u32 policy)
{
	switch (policy) {
	case TLFS_SCHED_RESERVE:
		return READ_ONCE(pt->sched.reserve);
	case TLFS_SCHED_CAP:
		return READ_ONCE(pt->sched.cap);
	default:
		return READ_ONCE(pt->sched.weight);
	}
}

/* a guest's child runs beside it, on time that is not its own: it gets no better terms */
static u16 set_sched(struct tlfs_partition *pt, u32 policy, u64 val)
{
	if (pt->parent != &tlfs_root && val > get_sched(pt->parent, policy))
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	return tlfs_sched_set(pt, policy, val);
}

static u64 get_timer_period(struct tlfs_partition *pt, u32 arg)
{
	return READ_ONCE(pt->assist.period);
}

static u16 set_timer_period(struct tlfs_partition *pt, u32 arg, u64 val)
{
	return tlfs_assist_set_period(pt, val);
}

static u64 get_timer_control(struct tlfs_partition *pt, u32 arg)
{
	return READ_ONCE(pt->assist.control);
}

static u16 set_timer_control(struct tlfs_partition *pt, u32 arg, u64 val)
{
	return tlfs_assist_set_control(pt, val);
}

static u64 get_pm_timer(struct tlfs_partition *pt, u32 arg)
{
	return READ_ONCE(pt->assist.pm);
}

static u16 set_pm_timer(struct tlfs_partition *pt, u32 arg, u64 val)
{
	return tlfs_assist_set_pm(pt, val);
}

static u64 get_debug_channel(struct tlfs_partition *pt, u32 arg)
{
	return pt->debug_channel;
}

/* ids in use, 0 is none (20.1.1) */
static DECLARE_BITMAP(debug_channels, U16_MAX + 1);

static u16 set_debug_channel(struct tlfs_partition *pt, u32 arg, u64 val)
{
	if (val > U16_MAX)
		return HV_STATUS_PROPERTY_VALUE_OUT_OF_RANGE;
	if (val == pt->debug_channel)
		return HV_STATUS_SUCCESS;
	if (val && test_and_set_bit(val, debug_channels))
		return HV_STATUS_OBJECT_IN_USE;
	if (pt->debug_channel)
		clear_bit(pt->debug_channel, debug_channels);
	pt->debug_channel = val;
	return HV_STATUS_SUCCESS;
}

static u64 get_tlb_pages(struct tlfs_partition *pt, u32 arg)
{
	return pt->tlb_pages;
}

/* 5.2.6: out of range is no error */
static u16 set_tlb_pages(struct tlfs_partition *pt, u32 arg, u64 val)
{
	pt->tlb_pages = clamp_t(u64, val, TLB_PAGES_MIN, TLB_PAGES_MAX);
	return HV_STATUS_SUCCESS;
}

void tlfs_property_init(struct tlfs_partition *pt)
{
	pt->tlb_pages = TLB_PAGES_DEFAULT;
	pt->clflush_size = get_clflush_size(pt->parent, 0);
}

void tlfs_property_destroy(struct tlfs_partition *pt)
{
	if (pt->debug_channel)
		clear_bit(pt->debug_channel, debug_channels);
}

static u64 get_guest_os_id(struct tlfs_partition *pt, u32 arg)
{
	return READ_ONCE(pt->guest_os_id);
}

#define PROP(id, flag, argument, getter, setter) {		\
	.name = #id, .code = HV_PARTITION_PROPERTY_##id,	\
	.flags = flag, .arg = argument, .get = getter, .set = setter }

static const struct property properties[] = {
	PROP(PRIVILEGE_FLAGS, PROP_ROOT, 0, get_privileges, set_privileges),
	PROP(CPU_RESERVE, PROP_ROOT, TLFS_SCHED_RESERVE, get_sched, set_sched),
	PROP(CPU_CAP, PROP_ROOT, TLFS_SCHED_CAP, get_sched, set_sched),
	PROP(CPU_WEIGHT, PROP_ROOT, TLFS_SCHED_WEIGHT, get_sched, set_sched),
	PROP(EMULATED_TIMER_PERIOD, PROP_ROOT | PROP_ACTIVE, 0, get_timer_period,
	     set_timer_period),
	PROP(EMULATED_TIMER_CONTROL, PROP_ROOT | PROP_ACTIVE, 0, get_timer_control,
	     set_timer_control),
	PROP(PM_TIMER_ASSIST, PROP_ROOT | PROP_ACTIVE, 0, get_pm_timer, set_pm_timer),
	PROP(DEBUG_CHANNEL_ID, PROP_ROOT, 0, get_debug_channel, set_debug_channel),
	PROP(VIRTUAL_TLB_PAGE_COUNT, PROP_ROOT, 0, get_tlb_pages, set_tlb_pages),
	PROP(SYNTHETIC_PROC_FEATURES, PROP_ROOT | PROP_EARLY, 0, get_synthetic, set_synthetic),
	PROP(TIME_FREEZE, PROP_ACTIVE, 0, get_time_freeze, set_time_freeze),
	PROP(REFERENCE_TIME, PROP_ACTIVE, 0, get_reference_time, set_reference_time),
	PROP(PROCESSORS_PER_SOCKET, 0, 0, get_cpus_per_socket, set_cpus_per_socket),
	PROP(GPA_PAGE_ACCESS_TRACKING, PROP_ACTIVE, 0, get_access_tracking, set_access_tracking),
	PROP(IMPLEMENTED_PHYSICAL_ADDRESS_BITS, PROP_ROOT, 0, get_address_bits, NULL),
	PROP(UNIMPLEMENTED_MSR_ACTION, PROP_ACTIVE, 0, get_msr_action, set_msr_action),
	PROP(PROCESSOR_VENDOR, PROP_ROOT, 0, get_vendor, NULL),
	PROP(PROCESSOR_FEATURES, PROP_ROOT, 0, get_features, set_features_2_0),
	PROP(PROCESSOR_XSAVE_FEATURES, PROP_ROOT, 0, get_xsave_features, set_xsave_features),
	PROP(PROCESSOR_CL_FLUSH_SIZE, PROP_ROOT, 0, get_clflush_size, set_clflush_size),
	PROP(COMPATIBILITY_VERSION, PROP_ROOT | PROP_EARLY, 0, get_compatibility,
	     set_compatibility),
	PROP(PHYSICAL_ADDRESS_WIDTH, PROP_ROOT, 0, get_address_bits, NULL),
	PROP(XSAVE_STATES, PROP_ROOT, 0, get_xsave_states, NULL),
	PROP(MAX_XSAVE_DATA_SIZE, PROP_ROOT, 0, get_xsave_size, NULL),
	PROP(PROCESSOR_CLOCK_FREQUENCY, PROP_ROOT, 0, get_frequency, NULL),
	PROP(PROCESSOR_FEATURES0, PROP_ROOT, 0, get_features, set_features),
	PROP(PROCESSOR_FEATURES1, PROP_ROOT, 1, get_features, set_features),
	PROP(GUEST_OS_ID, 0, 0, get_guest_os_id, NULL),
};

static const struct property *property_lookup(struct tlfs_partition *pt, u32 code)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(properties); i++) {
		if (properties[i].code != code)
			continue;
		if (pt == &tlfs_root && !(properties[i].flags & PROP_ROOT))
			return NULL;
		return &properties[i];
	}
	return NULL;
}

TLFS_HANDLER(get_partition_property)
{
	const struct hv_input_get_partition_property *in = call->in;
	struct hv_output_get_partition_property *out = call->out;
	struct tlfs_partition *pt = call->target;
	const struct property *prop;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	prop = property_lookup(pt, in->property_code);
	if (!prop)
		return HV_STATUS_UNKNOWN_PROPERTY;
	if (mutex_lock_killable(&pt->lock))
		return HV_STATUS_TIME_OUT;
	out->property_value = prop->get(pt, prop->arg);
	mutex_unlock(&pt->lock);
	return HV_STATUS_SUCCESS;
}

static u16 property_set(struct tlfs_partition *pt, const struct property *prop, u64 val)
{
	/* the root's are the host's; nothing of it is settable */
	if (!prop->set || pt == &tlfs_root)
		return HV_STATUS_OPERATION_DENIED;
	if (prop->flags & PROP_EARLY && pt->initialized)
		return HV_STATUS_INVALID_PARTITION_STATE;
	if (prop->flags & PROP_ACTIVE && !pt->initialized)
		return HV_STATUS_INVALID_PARTITION_STATE;
	return prop->set(pt, prop->arg, val);
}

TLFS_HANDLER(set_partition_property)
{
	const struct hv_input_set_partition_property *in = call->in;
	struct tlfs_partition *pt = call->target;
	const struct property *prop;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	prop = property_lookup(pt, in->property_code);
	if (!prop)
		return HV_STATUS_UNKNOWN_PROPERTY;
	if (mutex_lock_killable(&pt->lock))
		return HV_STATUS_TIME_OUT;
	status = property_set(pt, prop, in->property_value);
	mutex_unlock(&pt->lock);
	return status;
}

/* properties wider than 64 bits (later editions) */
TLFS_HANDLER(get_partition_property_ex)
{
	const struct hv_input_get_partition_property_ex *in = call->in;
	struct {
		u16 bank_count;
		u16 reserved[3];
		u64 bank[1];
	} *features = call->out;

	switch (in->property_code) {
	case HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES:
		features->bank_count = 1;
		features->bank[0] = tlfs_synthetic_supported();
		return HV_STATUS_SUCCESS;
	case HV_PARTITION_PROPERTY_VMM_CAPABILITIES:
		/* what callers take for "none" */
		return HV_STATUS_ACCESS_DENIED;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
}
