// SPDX-License-Identifier: GPL-2.0-only
/*
 * run.c - the VP loop
 *
 * A VP runs in the thread that called RUN_VP.  Between tlfs_fpu_load() and tlfs_fpu_put() lies the
 * run window: preemption is off, the guest's FPU state and the backend's per-CPU state are loaded,
 * and exits that need nothing but the processor are handled without leaving it.  A handler that
 * has to sleep returns TLFS_SLOW before it has changed anything and is called again outside.
 */
#include <linux/cpumask.h>
#include <linux/interrupt.h>
#include <linux/sched/clock.h>
#include <linux/sched/signal.h>
#include <linux/smp.h>
#include <linux/task_work.h>

#include "eventfd.h"
#include "tlfs.h"
#include "hv/timers.h"
#include "run.h"
#include "trace.h"

/* run_once(): out of the window, nothing to finish */
#define RUN_LEAVE	(TLFS_USER + 1)

/* what makes a thread leave the guest */
#define RUN_WORK	(TLFS_TIF_RESCHED | _TIF_SIGPENDING | _TIF_NOTIFY_SIGNAL)

/*
 * Work the thread has for its way to user mode: task work, a memory cgroup over its limit.  The
 * flag alone means nothing: a thread with a registered rseq has it after every switch.  A thread of
 * the kernel's has no such way: what is flagged there (its cgroup over memory.high) stays.
 */
static bool user_work(void)
{
	if (likely(!test_thread_flag(TIF_NOTIFY_RESUME)) || (current->flags & PF_KTHREAD))
		return false;
#ifdef CONFIG_MEMCG
	if (current->memcg_nr_pages_over_high)
		return true;
#endif
	return task_work_pending(current);
}

/*
 * It is done where signals are, and the system call made again unless there is one that the VMM
 * handles.  A VMM that saw EINTR would call again itself, and that ends an explicit suspension
 * somebody else has asked for meanwhile.
 */
static int do_user_work(void)
{
	set_thread_flag(TIF_NOTIFY_SIGNAL);
	return -ERESTARTNOHAND;
}

/*
 * VMMs of the published interface stop a VP by a signal to its thread, and look for a reason
 * before they call RUN_VP: a signal that comes in between is lost.  They call again after EINTR,
 * so it is enough to come back with that now and then.  A message is no substitute, it only makes
 * them call again; so the time runs on from one call to the next.
 */
#define RUN_PERIOD	(HZ / 4)

static bool run_overdue(const struct tlfs_vp *vp)
{
	return unlikely(vp->pt->mshv) && time_after_eq(jiffies, vp->run_deadline);
}

static DEFINE_PER_CPU(cpumask_var_t, run_kick_mask);

int tlfs_run_setup(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		if (!zalloc_cpumask_var_node(per_cpu_ptr(&run_kick_mask, cpu), GFP_KERNEL,
					     cpu_to_node(cpu)))
			goto err_mask;
	return 0;

err_mask:
	tlfs_run_teardown();
	return -ENOMEM;
}

void tlfs_run_teardown(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		free_cpumask_var(*per_cpu_ptr(&run_kick_mask, cpu));
}

/* ---- requests from elsewhere ---- */

void tlfs_vp_kick(struct tlfs_vp *vp)
{
	int this, cpu;

	/* pairs with smp_store_mb() in run_once() and the barrier of prepare_to_swait */
	smp_mb();
	if (swq_has_sleeper(&vp->wait)) {
		swake_up_one(&vp->wait);
		return;
	}
	if (READ_ONCE(vp->mode) != TLFS_VP_IN_GUEST)
		return;

	/* in interrupt context on its own CPU the guest has stopped already, and will look */
	this = get_cpu();
	cpu = READ_ONCE(vp->cpu);
	if (cpu != this && cpu_online(cpu)) {
		tlfs_stats_ipi();
		tlfs_send_reschedule(cpu);
	}
	put_cpu();
}

static void run_kicked(void *unused)
{
	/* the interrupt has ended the guest's run */
}

void tlfs_vps_request(struct tlfs_partition *pt, const unsigned long *mask,
		      enum tlfs_request req, bool wait)
{
	struct cpumask *cpus;
	struct tlfs_vp *vp;
	unsigned int i;
	bool any = false;
	int this;

	if (!wait) {
		tlfs_for_each_vp(vp, pt, i)
			if (!mask || test_bit(i, mask))
				tlfs_vp_request(vp, req);
		return;
	}

	this = get_cpu();
	cpus = *this_cpu_ptr(&run_kick_mask);
	cpumask_clear(cpus);
	tlfs_for_each_vp(vp, pt, i) {
		if (mask && !test_bit(i, mask))
			continue;
		set_bit(req, &vp->requests);
		/* pairs with smp_store_mb() in run_once() */
		smp_mb__after_atomic();
		if (READ_ONCE(vp->mode) == TLFS_VP_IN_GUEST && READ_ONCE(vp->cpu) != this) {
			cpumask_set_cpu(READ_ONCE(vp->cpu), cpus);
			any = true;
		}
	}
	if (any) {
		tlfs_stats_ipi();
		smp_call_function_many(cpus, run_kicked, NULL, true);
	}
	put_cpu();
}

/* ---- INIT, SIPI, sleeping ---- */

static void vp_sipi(struct tlfs_vp *vp)
{
	struct hv_x64_segment_register cs;

	if (!vp->startup_suspend)
		return;
	tlfs_call(get_segment)(vp, TLFS_SEG_CS, &cs);
	cs.selector = vp->sipi_vector << 8;
	cs.base = vp->sipi_vector << 12;
	tlfs_call(set_segment)(vp, TLFS_SEG_CS, &cs);
	vp_set_reg(vp, VP_RIP, 0);
	WRITE_ONCE(vp->startup_suspend, false);
	tlfs_nl_vp(TLFS_GENL_VP_STARTED, vp, cs.base);
}

/* may leave the sleep: pure check, called with the task state set */
bool tlfs_vp_has_work(struct tlfs_vp *vp)
{
	unsigned long requests = READ_ONCE(vp->requests);

	/* to leave: the loop sees why */
	if (READ_ONCE(vp->deleted))
		return true;

	if (READ_ONCE(vp->pt->time.frozen) || READ_ONCE(vp->explicit_suspend))
		return false;
	if (requests & (BIT(TLFS_REQ_INIT) | BIT(TLFS_REQ_SIPI) | BIT(TLFS_REQ_START) |
			BIT(TLFS_REQ_NOTIFY)))
		return true;
	if (vp->startup_suspend || READ_ONCE(vp->flush_wait))
		return false;
	if (!vp->halted && !vp->idle)
		return true;
	return tlfs_event_wakes(vp);
}

static int vp_sleep(struct tlfs_vp *vp)
{
	long left;

	if (unlikely(vp->sched.cpu >= 0))
		tlfs_sched_leave_slow(vp);
	if (vp->pt->threaded)
		return tlfs_vp_thread_rest(vp);
	if (likely(!vp->pt->mshv))
		return swait_event_interruptible_exclusive(vp->wait, tlfs_vp_has_work(vp));
	left = max_t(long, vp->run_deadline - jiffies, 1);
	left = swait_event_interruptible_timeout_exclusive(vp->wait, tlfs_vp_has_work(vp),
							   left);
	return left > 0 ? 0 : -EINTR;
}

/* bring the VP to where it can run: 0, TLFS_USER, or -EINTR */
static int vp_make_runnable(struct tlfs_vp *vp)
{
	/* HLT opens what interrupts were closed before, and is where the VP stops */
	if (unlikely(vp->notify || READ_ONCE(vp->synic.deliverable)))
		set_bit(TLFS_REQ_NOTIFY, &vp->requests);
	for (;;) {
		if (unlikely(!tlfs_vp_has_work(vp)) && vp_sleep(vp))
			return -EINTR;
		if (unlikely(READ_ONCE(vp->deleted)))
			return -EIO;
		/* a SIPI that came after the INIT is still requested; without one, wait for it */
		if (test_and_clear_bit(TLFS_REQ_INIT, &vp->requests))
			tlfs_vp_reset(vp, true);
		else if (test_and_clear_bit(TLFS_REQ_SIPI, &vp->requests))
			vp_sipi(vp);
		else if (test_and_clear_bit(TLFS_REQ_START, &vp->requests))
			tlfs_vp_start(vp);
		else if (!test_and_clear_bit(TLFS_REQ_NOTIFY, &vp->requests))
			break;
		else if (tlfs_notify(vp) == TLFS_USER)
			return TLFS_USER;
	}
	if (vp->halted || vp->idle) {
		vp->halted = false;
		vp->idle = false;
		set_bit(TLFS_REQ_EVENT, &vp->requests);
	}
	return 0;
}

/* ---- exits ---- */

/* told once, whatever RUN_VP says how often */
static void vp_shutdown(struct tlfs_vp *vp)
{
	if (!vp->shutdown)
		tlfs_nl_vp(TLFS_GENL_TRIPLE_FAULT, vp, 0);
	vp->shutdown = true;
}

int tlfs_skip_insn(struct tlfs_vp *vp)
{
	int len = tlfs_insn_len(vp);
	u64 rip, next;

	if (unlikely(len < 0))
		return len;
	rip = vp_reg(vp, VP_RIP);
	next = rip + len;
	if (unlikely((rip ^ next) >> 32))
		next = tlfs_rip_beyond(vp, next);
	vp_set_reg(vp, VP_RIP, next);

	tlfs_call(end_shadow)(vp);
	if (unlikely(vp_reg(vp, VP_RFLAGS) & (X86_EFLAGS_TF | X86_EFLAGS_RF)))
		tlfs_insn_flags(vp);
	return 0;
}

static int skip_exit(struct tlfs_vp *vp)
{
	return tlfs_skip_insn(vp) ? TLFS_SLOW : TLFS_RESUME;
}

static int handle_hlt(struct tlfs_vp *vp)
{
	if (tlfs_skip_insn(vp))
		return TLFS_SLOW;
	vp->halted = true;
	if (tlfs_event_wakes(vp)) {
		vp->halted = false;
		set_bit(TLFS_REQ_EVENT, &vp->requests);
	} else {
		set_bit(TLFS_REQ_STOP, &vp->requests);
	}
	return TLFS_RESUME;
}

static int handle_rdmsr(struct tlfs_vp *vp)
{
	int r = tlfs_rdmsr_exit(vp);

	if (unlikely(vp->idle))
		set_bit(TLFS_REQ_STOP, &vp->requests);
	return r;
}

/* IN of @size bytes is @val */
static void io_result(struct tlfs_vp *vp, unsigned int size, u32 val)
{
	u64 mask = size == 4 ? ~0u : BIT(size * 8) - 1;
	u64 keep = size == 4 ? 0 : ~mask;

	vp_set_reg(vp, VP_RAX, (vp_reg(vp, VP_RAX) & keep) | (val & mask));
}

/* the parent lets us answer (15.1.6) */
static int handle_pm_timer(struct tlfs_vp *vp)
{
	if (tlfs_insn_len(vp) < 0)
		return TLFS_SLOW;
	io_result(vp, vp->exit.io.size, tlfs_assist_pm_timer(vp->pt));
	return skip_exit(vp);
}

static int handle_io(struct tlfs_vp *vp)
{
	const struct tlfs_exit *x = &vp->exit;

	if (x->io.string)
		return tlfs_msg_io(vp);
	if (!x->io.in &&
	    tlfs_doorbell_pio(vp->pt, x->io.port, x->io.size, vp->regs[VP_RAX]))
		return skip_exit(vp);
	if (unlikely(x->io.in && (x->io.port | TLFS_PM_PORT_VALID) ==
				 READ_ONCE(vp->pt->assist.pm_port)))
		return handle_pm_timer(vp);
	if (likely(tlfs_io_intercepted(vp->pt, x->io.port, x->io.size, !x->io.in)))
		return tlfs_msg_io(vp);

	/* a port nobody has: writes go nowhere, reads are all ones (TLFS 11.9) */
	if (tlfs_insn_len(vp) < 0)
		return TLFS_SLOW;
	if (x->io.in)
		io_result(vp, x->io.size, ~0u);
	return skip_exit(vp);
}

static int emulate(struct tlfs_vp *vp)
{
	u64 *count = &vp->stat[HV_VP_STAT_EMULATED], tsc;
	int r;

	/* the second time for what had to sleep */
	if (!vp->in_window)
		return tlfs_emulate_mmio(vp);
	tlfs_eventlog(HV_EVENTLOG_GROUP_INTERCEPT_MANAGER, HV_TR_IM_EMULATED_INSTRUCTION,
		      vp_reg(vp, VP_RIP));
	if (likely(++*count % TLFS_STATS_SAMPLE != 1))
		return tlfs_emulate_mmio(vp);
	tsc = rdtsc();
	r = tlfs_emulate_mmio(vp);
	tlfs_stats_cost(count, rdtsc() - tsc);
	return r;
}

static int handle_memory(struct tlfs_vp *vp)
{
	const struct tlfs_exit *x = &vp->exit;
	int r;

	/* the local APIC wins over whatever the VMM has mapped there */
	if (unlikely(tlfs_lapic_hit(vp, x->mem.gpa))) {
		if (vp->in_window)
			vp_count(vp, HV_VP_STAT_APIC_MMIO);
		return emulate(vp);
	}

	r = tlfs_gpa_fault(vp, x->mem.gpa, x->mem.access, vp->in_window);
	switch (r) {
	case TLFS_FAULT_RETRY:
		return TLFS_RESUME;
	case TLFS_FAULT_AGAIN:
		return TLFS_SLOW;
	case TLFS_FAULT_UNMAPPED:
		if (x->mem.access == TLFS_ACCESS_WRITE && tlfs_doorbell_page(vp->pt, x->mem.gpa))
			return emulate(vp);
		return tlfs_msg_memory(vp, HVMSG_UNMAPPED_GPA, x->mem.gpa, x->mem.access);
	case TLFS_FAULT_OVERLAY:
		/* overlay pages refuse a write with #GP (TLFS 5.3.1, 4.12) */
		tlfs_inject_gp(vp);
		return TLFS_RESUME;
	case TLFS_FAULT_LENT:
		/* and some with #MC (11.8) */
		tlfs_raise_exception(vp, X86_TRAP_MC, false, 0, 0);
		return TLFS_RESUME;
	case TLFS_FAULT_DENIED:
		return tlfs_msg_memory(vp, HVMSG_GPA_INTERCEPT, x->mem.gpa, x->mem.access);
	}
	return r;
}

static int handle_exception(struct tlfs_vp *vp)
{
	const struct tlfs_exit *x = &vp->exit;

	if (x->exc.vector == X86_TRAP_MF && !(tlfs_call(get_cr)(vp, 0) & X86_CR0_NE))
		return tlfs_ferr_exit(vp);
	if (vp->pt->intercepts.exceptions & BIT(x->exc.vector & 31))
		return tlfs_msg_exception(vp);
	tlfs_eventlog(HV_EVENTLOG_GROUP_INTERCEPT_MANAGER, HV_TR_IM_REFLECTED_EXCEPTION,
		      vp_reg(vp, VP_RIP), x->exc.vector);
	if (x->exc.vector == X86_TRAP_PF)
		vp_count(vp, HV_VP_STAT_REFLECTED_PAGE_FAULTS);
	tlfs_queue_exception(vp, x->exc.vector, x->exc.has_error, x->exc.error, x->exc.param);
	return TLFS_RESUME;
}

static int handle_failed(struct tlfs_vp *vp)
{
	if (printk_ratelimit())
		tlfs_call(dump)(vp);
	return tlfs_msg_invalid_register(vp);
}

static int handle_exit(struct tlfs_vp *vp)
{
	switch (vp->exit.kind) {
	case TLFS_EXIT_HYPERCALL:
		return tlfs_hypercall_exit(vp);
	case TLFS_EXIT_WRMSR:
		return tlfs_wrmsr_exit(vp);
	case TLFS_EXIT_RDMSR:
		return handle_rdmsr(vp);
	case TLFS_EXIT_MEMORY:
		return handle_memory(vp);
	case TLFS_EXIT_IO:
		return handle_io(vp);
	case TLFS_EXIT_CPUID:
		return tlfs_cpuid_exit(vp);
	case TLFS_EXIT_HLT:
		return handle_hlt(vp);
	case TLFS_EXIT_NONE:
		/* who brings such work sends an interrupt */
		return unlikely(user_work()) || run_overdue(vp) ? RUN_LEAVE : TLFS_RESUME;
	case TLFS_EXIT_INIT:
	case TLFS_EXIT_SMI:
		return TLFS_RESUME;
	case TLFS_EXIT_INTR_WINDOW:
	case TLFS_EXIT_NMI_WINDOW:
		set_bit(TLFS_REQ_EVENT, &vp->requests);
		return TLFS_RESUME;
	case TLFS_EXIT_EXCEPTION:
		return handle_exception(vp);
	case TLFS_EXIT_CR:
		return tlfs_cr_exit(vp);
	case TLFS_EXIT_DR:
		return tlfs_dr_exit(vp);
	case TLFS_EXIT_XSETBV:
		return tlfs_xsetbv_exit(vp);
	case TLFS_EXIT_TABLE:
		return tlfs_table_exit(vp);
	case TLFS_EXIT_TASK_SWITCH:
		return tlfs_task_switch_exit(vp);
	case TLFS_EXIT_PAUSE:
		set_bit(TLFS_REQ_STOP, &vp->requests);
		return skip_exit(vp);
	case TLFS_EXIT_WBINVD:
		/* no device of the guest bypasses the caches: nothing to write back for */
	case TLFS_EXIT_INVLPG:
		return skip_exit(vp);
	case TLFS_EXIT_RDPMC:
		tlfs_inject_gp(vp);
		return TLFS_RESUME;
	case TLFS_EXIT_MONITOR:
	case TLFS_EXIT_MWAIT:
	case TLFS_EXIT_UNDEFINED:
		tlfs_inject_ud(vp);
		return TLFS_RESUME;
	case TLFS_EXIT_TRIPLE_FAULT:
		/* what could not be delivered is not going to be */
		vp->event.pending = false;
		vp_shutdown(vp);
		return tlfs_msg_unrecoverable(vp);
	case TLFS_EXIT_LOST:
		return -EBUSY;
	default:
		return handle_failed(vp);
	}
}

/* ---- statistics (Appendix J) ---- */

static const u8 exit_stat[TLFS_EXIT_COUNT] = {
	[TLFS_EXIT_NMI_WINDOW ... TLFS_EXIT_EXCEPTION] = HV_VP_STAT_OTHER,
	[TLFS_EXIT_XSETBV ... TLFS_EXIT_WBINVD]	= HV_VP_STAT_OTHER,
	[TLFS_EXIT_RDPMC ... TLFS_EXIT_MONITOR]	= HV_VP_STAT_OTHER,
	[TLFS_EXIT_UNDEFINED ... TLFS_EXIT_FAILED] = HV_VP_STAT_OTHER,
	[TLFS_EXIT_NONE]		= HV_VP_STAT_EXTERNAL_INTERRUPTS,
	[TLFS_EXIT_CPUID]		= HV_VP_STAT_CPUID,
	[TLFS_EXIT_RDMSR]		= HV_VP_STAT_MSR,
	[TLFS_EXIT_WRMSR]		= HV_VP_STAT_MSR,
	[TLFS_EXIT_HYPERCALL]		= HV_VP_STAT_HYPERCALLS,
	[TLFS_EXIT_HLT]			= HV_VP_STAT_HLT,
	[TLFS_EXIT_IO]			= HV_VP_STAT_IO,
	[TLFS_EXIT_MEMORY]		= HV_VP_STAT_PAGE_FAULT,
	[TLFS_EXIT_INTR_WINDOW]		= HV_VP_STAT_PENDING_INTERRUPTS,
	[TLFS_EXIT_CR]			= HV_VP_STAT_CR,
	[TLFS_EXIT_DR]			= HV_VP_STAT_DR,
	[TLFS_EXIT_INVLPG]		= HV_VP_STAT_INVLPG,
	[TLFS_EXIT_MWAIT]		= HV_VP_STAT_MWAIT,
};

/* every exit counts, few are timed */
static __always_inline int count_exit(struct tlfs_vp *vp)
{
	u64 *count = &vp->stat[exit_stat[vp->exit.kind]], tsc;
	int r;

	if (likely(++*count % TLFS_STATS_SAMPLE != 1))
		return handle_exit(vp);
	tsc = rdtsc();
	r = handle_exit(vp);
	tlfs_stats_sample(vp, count, rdtsc() - tsc);
	return r;
}

/* comes with interrupts off: the one that ended the run is still pending */
static noinline int logged_exit(struct tlfs_vp *vp)
{
	struct tlfs_eventlog_regs was = {
		.rip = vp_reg(vp, VP_RIP), .rax = vp->regs[VP_RAX], .rcx = vp->regs[VP_RCX],
		.rdx = vp->regs[VP_RDX],
	};
	int r;

	if (vp->exit.kind == TLFS_EXIT_NONE)
		was.vector = tlfs_host_vector();
	local_irq_enable();
	trace_tlfs_exit(vp);
	r = count_exit(vp);
	tlfs_eventlog_exit(vp, &was, r);
	return r;
}

/* ---- the loop ---- */

/* in the window: TLFS_RESUME, or RUN_LEAVE for what has to be done outside */
static int process_requests(struct tlfs_vp *vp)
{
	unsigned long requests = READ_ONCE(vp->requests);

	if (requests & BIT(TLFS_REQ_FLUSH_TLB)) {
		clear_bit(TLFS_REQ_FLUSH_TLB, &vp->requests);
		tlfs_call(flush_tlb)(vp);
	}
	if (requests & BIT(TLFS_REQ_TSC_OFFSET)) {
		clear_bit(TLFS_REQ_TSC_OFFSET, &vp->requests);
		tlfs_call(tsc_offset)(vp, READ_ONCE(vp->pt->time.guest_tsc_offset));
	}
	if (requests & BIT(TLFS_REQ_INTERCEPTS)) {
		clear_bit(TLFS_REQ_INTERCEPTS, &vp->requests);
		tlfs_call(exceptions)(vp, READ_ONCE(vp->pt->intercepts.exceptions));
	}
	if (requests & BIT(TLFS_REQ_UNHALTED)) {
		clear_bit(TLFS_REQ_UNHALTED, &vp->requests);
		tlfs_unhalted_expire(vp);
	}
	if (requests & BIT(TLFS_REQ_STOP)) {
		clear_bit(TLFS_REQ_STOP, &vp->requests);
		return RUN_LEAVE;
	}
	if (requests & (BIT(TLFS_REQ_INIT) | BIT(TLFS_REQ_SIPI) | BIT(TLFS_REQ_START) |
			BIT(TLFS_REQ_NOTIFY) | BIT(TLFS_REQ_TRIPLE_FAULT) |
			BIT(TLFS_REQ_EXCEPTION)))
		return RUN_LEAVE;
	if (requests & (BIT(TLFS_REQ_EVENT) | BIT(TLFS_REQ_NMI) | BIT(TLFS_REQ_EXTINT)))
		tlfs_event_prepare(vp);
	return TLFS_RESUME;
}

/*
 * From 6.16 on kernel_fpu_begin() holds softirqs off.  Nobody wakes ksoftirqd for them then: they
 * would wait until something else ends the window
 */
static bool softirqs_wait(void)
{
	return softirq_count() && local_softirq_pending();
}

static __always_inline int __run_once(struct tlfs_vp *vp, bool first)
{
	unsigned long work;
	u64 tsc;

	local_irq_disable();
	/*
	 * From here on a kick is an interrupt, and it ends the guest's run.  Pairs with the
	 * barriers of tlfs_vp_kick() and tlfs_vps_request(): either they see the mode, or we
	 * see the request
	 */
	smp_store_mb(vp->mode, TLFS_VP_IN_GUEST);
	work = READ_ONCE(current_thread_info()->flags) & RUN_WORK;
	/* a reboot takes the CPU back by an interrupt, also in the middle of a window */
	work |= !__this_cpu_read(tlfs_lp_owned) || softirqs_wait();
	if (unlikely(READ_ONCE(vp->requests) | work)) {
		WRITE_ONCE(vp->mode, TLFS_VP_OUTSIDE);
		local_irq_enable();
		return work ? RUN_LEAVE : process_requests(vp);
	}
	if (vp->event.pending) {
		vp->event.pending = false;
		if (vp->event.type == TLFS_EVENT_EXCEPTION)
			tlfs_fault_flags(vp);
		trace_tlfs_inject(vp, &vp->event);
		tlfs_call(inject)(vp, &vp->event);
	}
	if (first)
		tsc = rdtsc();
	tlfs_call(enter)(vp);
	if (first)
		tlfs_stats_transition(rdtsc() - tsc);
	WRITE_ONCE(vp->mode, TLFS_VP_OUTSIDE);
	if (unlikely(READ_ONCE(tlfs_eventlog_groups) & TLFS_EVENTLOG_EXITS))
		return logged_exit(vp);
	local_irq_enable();
	trace_tlfs_exit(vp);
	return count_exit(vp);
}

static int run_once(struct tlfs_vp *vp)
{
	return __run_once(vp, false);
}

/* of a window */
static int run_first(struct tlfs_vp *vp)
{
	return __run_once(vp, true);
}

static int run_window(struct tlfs_vp *vp)
{
	u64 tsc = rdtsc(), ran;
	int r;

	tlfs_fpu_load(vp);
	if (unlikely(!__this_cpu_read(tlfs_lp_owned))) {
		/* this CPU is going offline: the scheduler is about to move us */
		tlfs_fpu_put(vp);
		schedule_timeout_uninterruptible(1);
		return RUN_LEAVE;
	}
	vp->in_window = true;
	if (vp->cpu != smp_processor_id()) {
		if (vp->runtime_ns)
			vp_count(vp, HV_VP_STAT_MIGRATIONS);
		WRITE_ONCE(vp->cpu, smp_processor_id());
	}
	vp->run_start_ns = local_clock();
	tlfs_call(load)(vp);
	tlfs_stats_window_begin(vp, tsc);
	tlfs_unhalted_window(vp, true);
	r = run_first(vp);
	while (r == TLFS_RESUME)
		r = run_once(vp);
	tlfs_unhalted_window(vp, false);
	tlfs_call(put)(vp);
	tlfs_left_guest();
	ran = local_clock() - vp->run_start_ns;
	vp->runtime_ns += ran;
	tlfs_stats_window_end(vp);
	vp->in_window = false;
	tlfs_fpu_put(vp);
	if (static_branch_unlikely(&tlfs_sched_used))
		tlfs_sched_ran_slow(vp, ran);

	if (r == TLFS_SLOW)
		r = handle_exit(vp);
	return r;
}

static int run_loop(struct tlfs_vp *vp)
{
	int r;

	for (;;) {
		if (unlikely(test_and_clear_bit(TLFS_REQ_EXCEPTION, &vp->requests)))
			return tlfs_msg_exception(vp);
		if (test_and_clear_bit(TLFS_REQ_TRIPLE_FAULT, &vp->requests))
			vp_shutdown(vp);
		if (unlikely(vp->shutdown) && !test_bit(TLFS_REQ_INIT, &vp->requests))
			return tlfs_msg_unrecoverable(vp);
		if (signal_pending(current) || run_overdue(vp))
			return -EINTR;
		if (user_work())
			return do_user_work();
		if (unlikely(vp->pt->threaded) && tlfs_vp_thread_held(vp))
			return -EINTR;
		r = vp_make_runnable(vp);
		if (r)
			return r;
		if (static_branch_unlikely(&tlfs_sched_used)) {
			r = tlfs_sched_enter_slow(vp);
			if (r == -EAGAIN)
				continue;
			if (r)
				return r;
		}
		r = run_window(vp);
		if (r < 0 || r == TLFS_USER)
			return r;
		tlfs_cond_resched();
	}
}

int tlfs_vp_run_thread(struct tlfs_vp *vp)
{
	int r = run_loop(vp);

	if (unlikely(vp->sched.cpu >= 0))
		tlfs_sched_leave_slow(vp);
	return r == TLFS_USER ? 0 : r;
}

int tlfs_vp_run(struct tlfs_vp *vp)
{
	int r;

	tlfs_regpage_load(vp);
	if (likely(!vp->restarted)) {
		/* entering again says that the last intercept is dealt with */
		vp->intercept_suspend = false;
		if (unlikely(READ_ONCE(vp->explicit_suspend)))
			tlfs_vp_suspend(vp, false);
		tlfs_flush_inhibit(vp, false);
	}
	vp->restarted = false;
	if (!vp->run_deadline)
		vp->run_deadline = (jiffies + RUN_PERIOD) | 1;

	r = run_loop(vp);
	if (unlikely(vp->sched.cpu >= 0))
		tlfs_sched_leave_slow(vp);
	if (r == TLFS_USER) {
		vp->intercept_suspend = true;
		r = 0;
	} else if (r == -ERESTARTNOHAND) {
		vp->restarted = true;
	} else {
		vp->run_deadline = 0;
	}
	tlfs_regpage_store(vp);
	return r;
}
