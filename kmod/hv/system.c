// SPDX-License-Identifier: GPL-2.0-only
/*
 * system.c - physical hardware (TLFS 6) and system properties (TLFS 23)
 */
#include <linux/capability.h>
#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/sched.h>

#include "tlfs.h"
#include "hv/park.h"

/* ---- HvGetLogicalProcessorRunTime (6.4.1) ---- */

/* of the processor the caller runs on, the VP's or that of the root's thread */
TLFS_HANDLER(get_logical_processor_run_time)
{
	struct hv_output_get_logical_processor_run_time *out = call->out;
	unsigned int cpu = raw_smp_processor_id();
	const u64 *word = per_cpu(tlfs_lp_stats, cpu).word;

	tlfs_stats_compose_lp(cpu);
	out->global_time = READ_ONCE(word[HV_LP_STAT_GLOBAL_TIME]);
	out->local_run_time = READ_ONCE(word[HV_LP_STAT_TOTAL_RUN_TIME]);
	out->hypervisor_time = READ_ONCE(word[HV_LP_STAT_HYPERVISOR_RUN_TIME]);
	return HV_STATUS_SUCCESS;
}

/* ---- HvParkLogicalProcessors (6.4.2) ---- */

/* of the first 64; what is not there counts for nothing */
static u64 parked;

static void park(struct tlfs_park *p, u64 mask)
{
	cpumask_var_t allowed;
	unsigned int cpu;

	if (!alloc_cpumask_var(&allowed, GFP_KERNEL))
		return;
	cpumask_copy(allowed, p->own);
	for (cpu = 0; cpu < 64 && cpu < nr_cpu_ids; cpu++)
		if (mask & BIT_ULL(cpu))
			cpumask_clear_cpu(cpu, allowed);
	/* a hint: where nothing is left it is not taken */
	set_cpus_allowed_ptr(current, cpumask_intersects(allowed, cpu_online_mask) ? allowed :
										     p->own);
	p->seen = mask;
	free_cpumask_var(allowed);
}

void tlfs_park(struct tlfs_park *p)
{
	u64 mask = READ_ONCE(parked);

	if (likely(mask == p->seen))
		return;
	if (!p->valid) {
		if (!alloc_cpumask_var(&p->own, GFP_KERNEL))
			return;
		cpumask_copy(p->own, current->cpus_ptr);
		p->valid = true;
	}
	park(p, mask);
}

void tlfs_park_end(struct tlfs_park *p)
{
	if (p->valid)
		free_cpumask_var(p->own);
}

/* the processors are everybody's */
TLFS_HANDLER(park_logical_processors)
{
	const struct hv_input_park_logical_processors *in = call->in;

	if (call->vp || !capable(CAP_SYS_ADMIN))
		return HV_STATUS_ACCESS_DENIED;
	WRITE_ONCE(parked, in->processor_mask);
	return HV_STATUS_SUCCESS;
}

/* ---- system properties (23) ---- */

static DEFINE_MUTEX(property_lock);
static struct hv_perf_counter_configuration perf_counter;

u64 tlfs_profile_period;

/*
 * Sources other than cycles would take the processor's counters, which are the kernel's.  0 is no
 * source, which is what it begins with.
 */
static u16 set_perf_counter(const struct hv_perf_counter_configuration *val)
{
	if (val->reserved || val->profile_source > HV_PROFILE_SOURCE_CYCLES_NOT_HALTED ||
	    !val->profile_source != !val->period)
		return HV_STATUS_INVALID_PARAMETER;
	/* the profiler runs while its events are logged */
	if (READ_ONCE(tlfs_eventlog_groups) & HV_EVENTLOG_GROUP_PROFILER)
		return HV_STATUS_OPERATION_DENIED;
	mutex_lock(&property_lock);
	perf_counter = *val;
	WRITE_ONCE(tlfs_profile_period, val->period);
	mutex_unlock(&property_lock);
	return HV_STATUS_SUCCESS;
}

TLFS_HANDLER(set_system_property)
{
	const struct hv_input_set_system_property *in = call->in;

	BUILD_BUG_ON(sizeof(perf_counter) != sizeof(in->property_value));
	if (!capable(CAP_SYS_ADMIN))
		return HV_STATUS_ACCESS_DENIED;
	switch (in->property_code) {
	case HV_SYSTEM_PROPERTY_PERF_COUNTER_CONFIGURATION:
		return set_perf_counter((const void *)in->property_value);
	case HV_SYSTEM_PROPERTY_SCHEDULER_TYPE:
		return HV_STATUS_INVALID_PARAMETER;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
}

static u16 get_property(u32 code, struct hv_u128 *val)
{
	val->low = 0;
	val->high = 0;
	switch (code) {
	case HV_SYSTEM_PROPERTY_PERF_COUNTER_CONFIGURATION:
		mutex_lock(&property_lock);
		memcpy(val, &perf_counter, sizeof(*val));
		mutex_unlock(&property_lock);
		return HV_STATUS_SUCCESS;
	case HV_SYSTEM_PROPERTY_SCHEDULER_TYPE:
		/* who runs a VP when is decided by the root */
		val->low = HV_SCHEDULER_TYPE_ROOT;
		return HV_STATUS_SUCCESS;
	default:
		return HV_STATUS_UNKNOWN_PROPERTY;
	}
}

TLFS_HANDLER(get_system_property)
{
	const struct hv_input_get_system_property *in = call->in;

	return get_property(in->property_code, call->out);
}

/* later editions: 64 bits of it */
TLFS_HANDLER(get_system_property_ex)
{
	const struct hv_input_get_system_property_ex *in = call->in;
	struct hv_u128 val;
	u16 status;

	if (in->reserved)
		return HV_STATUS_INVALID_PARAMETER;
	status = get_property(in->property_id, &val);
	if (status == HV_STATUS_SUCCESS)
		*(u64 *)call->out = val.low;
	return status;
}
