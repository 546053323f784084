/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - all knowledge of kernel versions; force-included in every object
 *
 * Oldest supported kernel: 6.1 (Debian 12).
 */
#ifndef TLFS_COMPAT_H
#define TLFS_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "tlfs needs Linux 6.1 or later"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#ifndef __ASSEMBLY__
#include <linux/hrtimer.h>

static inline void hrtimer_setup(struct hrtimer *timer,
				 enum hrtimer_restart (*function)(struct hrtimer *timer),
				 clockid_t clock, enum hrtimer_mode mode)
{
	hrtimer_init(timer, clock, mode);
	timer->function = function;
}
#endif
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define tlfs_vm_flags_set(vma, flags)	((vma)->vm_flags |= (flags))
#else
#define tlfs_vm_flags_set(vma, flags)	vm_flags_set(vma, flags)
#endif

/* eventfd_signal() lost its count */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 8, 0)
#define tlfs_eventfd_signal(ctx)	eventfd_signal(ctx, 1)
#else
#define tlfs_eventfd_signal(ctx)	eventfd_signal(ctx)
#endif

/* the tracepoint that 6.4 put around this is not for modules of every kernel */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define tlfs_send_reschedule(cpu)	smp_send_reschedule(cpu)
#else
#define tlfs_send_reschedule(cpu)	arch_smp_send_reschedule(cpu)
#endif

#endif /* TLFS_COMPAT_H */
