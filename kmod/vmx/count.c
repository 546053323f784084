// SPDX-License-Identifier: GPL-2.0-only
/*
 * count.c - accesses to the VMCS, counted
 *
 * Only in the build that "make bench" makes for the purpose.  /sys/module/tlfs/parameters/vmreads
 * and vmwrites are the sums over all CPUs.
 */
#include <linux/cpumask.h>
#include <linux/moduleparam.h>
#include <linux/sysfs.h>

#include "vmx.h"

DEFINE_PER_CPU(struct vmcs_count, vmcs_counts);

static int get_vmreads(char *buf, const struct kernel_param *kp)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(vmcs_counts, cpu).reads;
	return sysfs_emit(buf, "%llu\n", sum);
}

static int get_vmwrites(char *buf, const struct kernel_param *kp)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += per_cpu(vmcs_counts, cpu).writes;
	return sysfs_emit(buf, "%llu\n", sum);
}

static const struct kernel_param_ops vmreads_ops = { .get = get_vmreads };
static const struct kernel_param_ops vmwrites_ops = { .get = get_vmwrites };

module_param_cb(vmreads, &vmreads_ops, NULL, 0444);
module_param_cb(vmwrites, &vmwrites_ops, NULL, 0444);
