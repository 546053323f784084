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
#ifndef __ASSEMBLER__
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

/* the counts of a processor's own interrupts became an array; see Kbuild */
#ifdef TLFS_HAVE_IRQ_COUNTS
#define tlfs_irq_timer(irq)		((irq)->counts[IRQ_COUNT_APIC_TIMER])
#define tlfs_irq_call(irq)		((irq)->counts[IRQ_COUNT_CALL_FUNCTION])
#define tlfs_irq_reschedule(irq)	((irq)->counts[IRQ_COUNT_RESCHEDULE])
#else
#define tlfs_irq_timer(irq)		((irq)->apic_timer_irqs)
#define tlfs_irq_call(irq)		((irq)->irq_call_count)
#define tlfs_irq_reschedule(irq)	((irq)->irq_resched_count)
#endif

/* who may listen was said by the flag of operations once */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 68)
#define GENL_MCAST_CAP_NET_ADMIN	GENL_UNS_ADMIN_PERM
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define tlfs_vm_flags_set(vma, flags)	((vma)->vm_flags |= (flags))
#define tlfs_vm_flags_clear(vma, flags)	((vma)->vm_flags &= ~(flags))
#else
#define tlfs_vm_flags_set(vma, flags)	vm_flags_set(vma, flags)
#define tlfs_vm_flags_clear(vma, flags)	vm_flags_clear(vma, flags)
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

/*
 * Turning VMX on takes CR4.VMXE, and the kernel has to know of it: it rewrites CR4 from a copy of
 * its own.  From 6.19 on that copy is closed to modules other than KVM, and VMX may be on only
 * while interrupts are off.  (KCFLAGS=-DTLFS_VMX_BRIEF=1 tries that out on other kernels.)
 */
#ifndef TLFS_VMX_BRIEF
#define TLFS_VMX_BRIEF	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0))
#endif
#if TLFS_VMX_BRIEF
#define tlfs_cr4_set(mask)	tlfs_cr4_write(__read_cr4() | (mask))
#define tlfs_cr4_clear(mask)	tlfs_cr4_write(__read_cr4() & ~(mask))
#else
#define tlfs_cr4_set(mask)	cr4_set_bits_irqsoff(mask)
#define tlfs_cr4_clear(mask)	cr4_clear_bits_irqsoff(mask)
#endif

/*
 * Against branch history injection: came to the stable trees as well.  From 6.19 on what it calls
 * is closed, and vmx/enter.S has one of its own.
 */
#if (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 86) &&		\
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)) ||	\
    (LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0) &&		\
	LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0))
#define TLFS_CLEAR_BRANCH_HISTORY	CLEAR_BRANCH_HISTORY_VMEXIT
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define TLFS_OWN_CLEAR_BHB
#define TLFS_CLEAR_BRANCH_HISTORY						\
	ALTERNATIVE "", "call tlfs_clear_bhb", X86_FEATURE_CLEAR_BHB_VMEXIT
#else
#define TLFS_CLEAR_BRANCH_HISTORY
#endif

/*
 * Against RET predictions a guest has trained.  From 6.19 on what untrains is still open, but the
 * barrier is not: by hand
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 19, 0)
#define TLFS_UNTRAIN_RET							\
	CALL_UNTRAIN_RET;							\
	ALTERNATIVE "", __stringify(mov $MSR_IA32_PRED_CMD, %ecx;		\
				    mov $PRED_CMD_IBPB, %eax;			\
				    xor %edx, %edx; wrmsr),			\
		X86_FEATURE_IBPB_ON_VMEXIT
#elif LINUX_VERSION_CODE >= KERNEL_VERSION(6, 9, 0)
#define TLFS_UNTRAIN_RET	UNTRAIN_RET_VM
#else
#define TLFS_UNTRAIN_RET	UNTRAIN_RET
#endif

/* what helps when KVM has the processors: from 6.12 on it takes them when it is loaded */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#define TLFS_REMEDY_BUSY							\
	"KVM does from its load on, unless /etc/modprobe.d has "		\
	"\"options kvm enable_virt_at_load=0\" (then load kvm anew); or stop its guests, or VirtualBox's"
#else
#define TLFS_REMEDY_BUSY							\
	"stop its guests (KVM: kvm_amd, kvm_intel; or VirtualBox) or unload it"
#endif

#ifndef __ASSEMBLER__
#include <linux/sched.h>
#include <linux/thread_info.h>

/* a kernel that preempts lazily asks for it with another flag, and cond_resched() does nothing */
#ifdef _TIF_NEED_RESCHED_LAZY
#define TLFS_TIF_RESCHED	(_TIF_NEED_RESCHED | _TIF_NEED_RESCHED_LAZY)
#else
#define TLFS_TIF_RESCHED	_TIF_NEED_RESCHED
#endif

static inline void tlfs_cond_resched(void)
{
	if (READ_ONCE(current_thread_info()->flags) & TLFS_TIF_RESCHED)
		schedule();
	cond_resched();
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#include <asm/cpuid/api.h>
#include <asm/msr.h>

#define rdmsrl(msr, val)	rdmsrq(msr, val)
#define rdmsrl_safe(msr, p)	rdmsrq_safe(msr, p)
#define wrmsrl(msr, val)	wrmsrq(msr, val)
#define wrmsrl_safe(msr, val)	wrmsrq_safe(msr, val)
#endif

#include <linux/syscore_ops.h>

#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/nospec-branch.h>
#include <asm/smp.h>
#include <asm/topology.h>

/* smp_num_siblings has another name from 6.9 on */
static inline unsigned int tlfs_threads_per_core(void)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
	return smp_num_siblings;
#else
	return __max_threads_per_core;
#endif
}

/* behind the back of the kernel's copy: for as long as nobody else can write CR4 */
static inline void tlfs_cr4_write(unsigned long val)
{
	asm volatile("mov %0, %%cr4" : : "r" (val) : "memory");
}

/* between two VPs on a CPU; write_ibpb() is the kernel's own from 6.19 on */
static inline void tlfs_ibpb(void)
{
#ifdef X86_FEATURE_USE_IBPB
	if (boot_cpu_has(X86_FEATURE_USE_IBPB))
#else
	if (boot_cpu_has(X86_FEATURE_IBPB))
#endif
		wrmsrl(MSR_IA32_PRED_CMD, PRED_CMD_IBPB);
}

/*
 * The VMM must not run on branch predictions of its guest (VMSCAPE): where the kernel says so, it
 * issues a barrier before this CPU goes to user space.  Came to stable trees.
 */
static inline void tlfs_left_guest(void)
{
#ifdef X86_FEATURE_IBPB_EXIT_TO_USER
	if (cpu_feature_enabled(X86_FEATURE_IBPB_EXIT_TO_USER))
		this_cpu_write(x86_ibpb_exit_to_user, true);
#endif
}

/*
 * Suspend and resume of the last CPU, interrupts off.
 * TLFS_SYSCORE(name, suspend, resume): then
 * tlfs_syscore_register(&name), tlfs_syscore_unregister(&name)
 * Changed in 6.19, and in the middle of stable series; Kbuild has looked.
 */
#ifdef TLFS_HAVE_SYSCORE
#define TLFS_SYSCORE(name, suspend_fn, resume_fn)					\
	static int name##_suspend(void *data) { return suspend_fn(); }			\
	static void name##_resume(void *data) { resume_fn(); }				\
	static const struct syscore_ops name##_ops = {					\
		.suspend = name##_suspend, .resume = name##_resume,			\
	};										\
	static struct syscore name = { .ops = &name##_ops }
#define tlfs_syscore_register(s)	register_syscore(s)
#define tlfs_syscore_unregister(s)	unregister_syscore(s)
#else
#define TLFS_SYSCORE(name, suspend_fn, resume_fn)					\
	static struct syscore_ops name = { .suspend = suspend_fn, .resume = resume_fn }
#define tlfs_syscore_register(s)	register_syscore_ops(s)
#define tlfs_syscore_unregister(s)	unregister_syscore_ops(s)
#endif
#endif

#endif /* TLFS_COMPAT_H */
