// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - load and unload; owning the logical processors
 *
 * Every online CPU belongs to us from load to unload.  It is given back when it goes offline, on
 * suspend (the boot CPU through syscore, the others through hotplug), on reboot and on panic.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/reboot.h>
#include <asm/cpu_device_id.h>

#include "tlfs.h"
#include "run.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

const struct tlfs_ops *tlfs_ops;

#define TLFS_OP_DEFINE(ret, op, params) \
	DEFINE_STATIC_CALL_NULL(tlfs_op_##op, *(((struct tlfs_ops *)0)->op));
TLFS_OPS(TLFS_OP_DEFINE)
#undef TLFS_OP_DEFINE

DEFINE_PER_CPU(bool, tlfs_lp_owned);

static enum cpuhp_state hotplug_state;

static void tlfs_set_ops(const struct tlfs_ops *ops)
{
	tlfs_ops = ops;
#define TLFS_OP_UPDATE(ret, op, params) static_call_update(tlfs_op_##op, ops->op);
	TLFS_OPS(TLFS_OP_UPDATE)
#undef TLFS_OP_UPDATE
}

/* ---- one logical processor ---- */

static int lp_enable(void)
{
	unsigned long flags;
	int err = 0;

	local_irq_save(flags);
	if (!__this_cpu_read(tlfs_lp_owned)) {
		err = tlfs_ops->lp_enable();
		__this_cpu_write(tlfs_lp_owned, !err);
	}
	local_irq_restore(flags);
	return err;
}

static void lp_disable(void *unused)
{
	unsigned long flags;

	local_irq_save(flags);
	if (__this_cpu_read(tlfs_lp_owned)) {
		__this_cpu_write(tlfs_lp_owned, false);
		tlfs_ops->lp_disable();
	}
	local_irq_restore(flags);
}

static int lp_online(unsigned int cpu)
{
	int err = tlfs_boot_check(cpu);

	if (err)
		return err;
	err = lp_enable();
	if (err == -EBUSY)
		tlfs_err("CPU %u: another hypervisor holds %s: " TLFS_REMEDY_BUSY "\n",
			 cpu, tlfs_ops->name);
	else if (err)
		tlfs_err("CPU %u: cannot enable %s: %d\n", cpu, tlfs_ops->name, err);
	return err;
}

static int lp_offline(unsigned int cpu)
{
	lp_disable(NULL);
	return 0;
}

static int tlfs_suspend(void)
{
	tlfs_partitions_suspend(true);
	lp_disable(NULL);
	return 0;
}

static void tlfs_resume(void)
{
	if (lp_enable())
		tlfs_err("%s was taken while suspended\n", tlfs_ops->name);
	tlfs_partitions_suspend(false);
}

TLFS_SYSCORE(tlfs_syscore, tlfs_suspend, tlfs_resume);

static int tlfs_reboot(struct notifier_block *nb, unsigned long event, void *data)
{
	on_each_cpu(lp_disable, NULL, 1);
	return NOTIFY_OK;
}

static struct notifier_block tlfs_reboot_nb = {
	.notifier_call = tlfs_reboot,
};

/* the other CPUs are stopped by the panic path itself, which turns virtualization off there */
static int tlfs_panic(struct notifier_block *nb, unsigned long event, void *data)
{
	lp_disable(NULL);
	return NOTIFY_OK;
}

static struct notifier_block tlfs_panic_nb = {
	.notifier_call = tlfs_panic,
};

/* ---- load, unload ---- */

static int tlfs_pick_backend(void)
{
	const struct tlfs_ops *ops;
	const char *why = NULL;
	int err;

	switch (boot_cpu_data.x86_vendor) {
	case X86_VENDOR_INTEL:
	case X86_VENDOR_CENTAUR:
	case X86_VENDOR_ZHAOXIN:
		ops = &tlfs_vmx_ops;
		break;
	default:
		ops = &tlfs_svm_ops;
	}
	err = ops->check(&why);
	if (err) {
		tlfs_err("%s\n", why);
		return err;
	}
	tlfs_set_ops(ops);
	return 0;
}

static int tlfs_take_processors(void)
{
	int err;

	err = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "tlfs:online", lp_online, lp_offline);
	if (err < 0)
		return err;
	hotplug_state = err;
	tlfs_syscore_register(&tlfs_syscore);
	register_reboot_notifier(&tlfs_reboot_nb);
	atomic_notifier_chain_register(&panic_notifier_list, &tlfs_panic_nb);
	return 0;
}

static void tlfs_give_processors(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &tlfs_panic_nb);
	unregister_reboot_notifier(&tlfs_reboot_nb);
	tlfs_syscore_unregister(&tlfs_syscore);
	cpuhp_remove_state(hotplug_state);
}

static int __init tlfs_init(void)
{
	int err;

	err = tlfs_pick_backend();
	if (err)
		return err;
	tlfs_boot_setup();
	err = tlfs_ops->setup();
	if (err)
		return err;
	err = tlfs_fpu_setup();
	if (err)
		goto err_fpu;
	err = tlfs_cpuid_setup();
	if (err)
		goto err_cpuid;
	tlfs_sched_setup();
	tlfs_eventlog_setup();
	err = tlfs_stats_setup();
	if (err)
		goto err_stats;
	err = tlfs_run_setup();
	if (err)
		goto err_run;
	err = tlfs_take_processors();
	if (err)
		goto err_processors;
	err = tlfs_nl_register();
	if (err)
		goto err_nl;
	err = tlfs_dev_register();
	if (err)
		goto err_dev;
	tlfs_info("root partition on %s, %u processors\n", tlfs_ops->name, num_online_cpus());
	return 0;

err_dev:
	tlfs_nl_unregister();
err_nl:
	tlfs_give_processors();
err_processors:
	tlfs_run_teardown();
err_run:
	tlfs_stats_teardown();
err_stats:
	tlfs_cpuid_teardown();
err_cpuid:
err_fpu:
	tlfs_ops->teardown();
	return err;
}

static void __exit tlfs_exit(void)
{
	tlfs_dev_unregister();
	tlfs_nl_unregister();
	tlfs_give_processors();
	/* MMU notifiers and RCU callbacks of the last partition may still be on their way */
	mmu_notifier_synchronize();
	rcu_barrier();
	tlfs_run_teardown();
	tlfs_stats_teardown();
	tlfs_cpuid_teardown();
	tlfs_ops->teardown();
}

module_init(tlfs_init);
module_exit(tlfs_exit);

static const struct x86_cpu_id tlfs_cpu_ids[] = {
	X86_MATCH_FEATURE(X86_FEATURE_SVM, NULL),
	X86_MATCH_FEATURE(X86_FEATURE_VMX, NULL),
	{}
};
MODULE_DEVICE_TABLE(x86cpu, tlfs_cpu_ids);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The tlfs authors");
MODULE_DESCRIPTION("Hypervisor that implements the Hypervisor Top-Level Functional Specification");
MODULE_VERSION("0.1");
