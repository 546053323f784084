/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tlfs.h - partitions, virtual processors and what every room of the module shares
 *
 * Lock order is in Documentation/architecture.rst:
 *
 *	partition->lock > vp->lock > gpa.srcu > msr_lock > gpa.lock > synic.lock > (lapic: lockless)
 */
#ifndef TLFS_H
#define TLFS_H

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/kref.h>
#include <linux/mm_types.h>
#include <linux/mutex.h>
#include <linux/nospec.h>
#include <linux/refcount.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/swait.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include <asm/debugreg.h>
#include <asm/msr-index.h>
#include <asm/processor-flags.h>
#include <asm/trapnr.h>

#include <uapi/tlfs.h>
#include <uapi/hv/hv.h>

#include "event.h"
#include "hypercall.h"
#include "netlink.h"
#include "ops.h"
#include "hv/intercept.h"
#include "hv/scheduler.h"
#include "hv/eventlog.h"
#include "hv/stats.h"
#include "hv/synic.h"
#include "mem/mem.h"
#include "x86/fpu.h"
#include "x86/lapic.h"

#define tlfs_err(fmt, ...)	pr_err("tlfs: " fmt, ##__VA_ARGS__)
#define tlfs_info(fmt, ...)	pr_info("tlfs: " fmt, ##__VA_ARGS__)

/**
 * enum tlfs_handled - what becomes of an exit
 * @TLFS_RESUME:	done, enter the guest again
 * @TLFS_GP:		MSR and port handlers only: the access is #GP (their caller injects it)
 * @TLFS_SLOW:		cannot be done with preemption off and nothing has been changed: call the
 *			same handler again outside the run window
 * @TLFS_USER:		a message for the VMM is in vp->msg
 */
enum tlfs_handled {
	TLFS_RESUME,
	TLFS_GP,
	TLFS_SLOW,
	TLFS_USER,
};

/* ---- partition (TLFS 5) ---- */

/* levels of the tree below the root, children of a guest; bound what one guest can have built */
#define TLFS_MAX_DEPTH		3
#define TLFS_MAX_CHILDREN	64

/**
 * struct tlfs_pool - memory pool (TLFS 7): an account in pages
 * @deposited:	pages deposited and not withdrawn
 * @in_use:	of these; both under @lock
 * @pages:	which they are, by page number of the parent; writers under partition->lock
 */
struct tlfs_pool {
	spinlock_t lock;	/* both counts */
	u64 deposited;
	u64 in_use;
	struct xarray pages;
};

#define TLFS_POOL_INIT(name) {							\
	.lock = __SPIN_LOCK_UNLOCKED((name).lock),				\
	.pages = XARRAY_INIT((name).pages, XA_FLAGS_ACCOUNT),			\
}

/* what things cost a pool, in pages: about what the kernel allocates for them */
#define TLFS_PAGES_CREATE	8	/* the creator's pool */
#define TLFS_PAGES_INITIALIZE	2
#define TLFS_PAGES_VP		16
#define TLFS_PAGES_PORT		2	/* with 16 message buffers, or a monitor page */
#define TLFS_PAGES_CONNECTION	1
#define TLFS_PAGES_DEBUG	5	/* a buffer each way */
#define TLFS_PAGES_MAP_BLOCK	3	/* 512 pages of a GPA space: two of mappings, one table */

struct tlfs_cpuid_results;	/* hv/intercept.c */
struct tlfs_irqfds;		/* eventfd.c */
struct tlfs_devices;		/* hv/device.c */
struct tlfs_debug;		/* hv/debug.c */

/* tlfs_timer_assist.pm_port */
#define TLFS_PM_PORT_VALID	BIT(16)

/**
 * struct tlfs_timer_assist - timers the parent lends a guest (15.1.5, 15.1.6)
 * @lock:	all of the periodic one; innermost but for the local APICs' and host timers'
 * @timer:	host timer behind it; its callback believes only @armed and @next
 * @period, @control: the properties
 * @next:	partition time (tlfs_time_ns) of the next tick
 * @armed:	@next means something
 * @pm:		property of the PM timer
 * @pm_port:	its port and TLFS_PM_PORT_VALID, or 0
 */
struct tlfs_timer_assist {
	raw_spinlock_t lock;
	struct hrtimer timer;
	u64 period;
	u64 control;
	u64 next;
	bool armed;
	u64 pm;
	u32 pm_port;
};

/**
 * struct tlfs_ports - ports and connections of a partition, or of the root as one process sees it
 * @pt:		whose
 * @root:	those of the root, for the partition's process
 * @ports:	struct tlfs_port by id; RCU
 * @connections: struct tlfs_connection by id; RCU
 * @nr_ports, @nr_connections: how many
 * @nr_monitors: of the root's: monitor ports of all partitions of the process
 * @closed:	there are none any more, nor will be
 * @used:	there have been ports
 */
struct tlfs_ports {
	struct tlfs_partition *pt;
	struct tlfs_ports *root;
	struct xarray ports;
	struct xarray connections;
	atomic_t nr_ports;
	atomic_t nr_connections;
	atomic_t nr_monitors;
	bool closed;
	bool used;
};

/**
 * struct tlfs_partition - a partition
 * @ref:	the partition descriptor and each VP descriptor hold one
 * @id:		HV_PARTITION_ID; never reused
 * @lock:	partition ioctls, properties, regions, routing.  Killable
 * @mm:		address space its memory comes from: only a thread of it may run VPs
 * @memory:	users of the structure itself: its children, and @ref as long as there are any
 * @parent:	never NULL but for the root; good for as long as one has a reference to the child
 * @link:	list of all, in the order of creation; empty: deleted
 * @depth:	0 is the root
 * @nr_children: changes under the list's lock
 * @gone:	nothing is linked below any more; the list's lock
 * @owner:	descriptor of the device through which the root made it by hypercall
 * @who:	who made it, for netlink.c
 * @hosted:	made through a descriptor: its pool draws on the kernel
 * @threaded:	made by hypercall: kernel threads run its VPs
 * @create_flags: TLFS_PT_*
 * @initialized: "active": INITIALIZE has been called, and HvFinalizePartition has not
 * @finalized:	it has (5.2.5)
 * @calls:	of a threaded partition: held, outermost, by hypercalls of others that name it; for
 *		writing by who frees VPs
 * @create_charge: pages of the parent's pool to be given back
 * @mshv:	made through /dev/mshv: its VMM gets what such VMMs need beyond the interface
 * @disabled_features, @disabled_xsave: processor features hidden at creation
 * @v2:	compatibility version 2.0: later editions' features are not there
 * @synthetic_features: HV_PARTITION_SYNTHETIC_PROCESSOR_FEATURES
 * @privileges:	HV_PRIV_* mask; CPUID 0x40000003.EAX/EBX
 * @vps:	by index; entries change under @lock.  What they point to lives as long as the
 *		partition, deleted or not, unless that is threaded: then it lives while a VP of
 *		the partition runs or handles an exit, for hypercalls that hold @calls, under
 *		gpa.lock, and for readers of RCU.  Read with READ_ONCE from anywhere
 * @vp_map:	which indexes exist (same life)
 * @guest_os_id, @hypercall_msr: chapter 3 and 4 MSRs
 * @hypercall_page: overlay
 * @sched:	scheduling policies
 * @save, @restore: of a save, a restore under way (hv/save_restore.c)
 * @assist:	periodic and PM timer assists
 * @debug_channel: property DEBUG_CHANNEL_ID (20.1.1)
 * @debug:	session of chapter 20, of one that has had the privilege; set once, under @lock
 * @tlb_pages:	property VIRTUAL_TLB_PAGE_COUNT
 * @clflush_size: of CPUID, in units of 8 bytes
 * @msr_ignore_unknown: property UNIMPLEMENTED_MSR_ACTION = 1
 * @cpuid:	registered CPUID results; RCU
 * @ports:	chapter 14
 * @stats:	statistics of the partition
 * @flush_calls: hypercalls that flushed the whole virtual TLB of VPs
 */
struct tlfs_partition {
	struct kref ref;
	refcount_t memory;
	u64 id;
	struct mutex lock;
	struct mm_struct *mm;
	struct tlfs_partition *parent;
	struct list_head link;
	unsigned int depth;
	unsigned int nr_children;
	bool gone;
	bool hosted;
	bool threaded;
	void *owner;
	struct tlfs_owner who;

	u64 create_flags;
	bool initialized;
	bool finalized;
	u8 create_charge;
	struct tlfs_pool pool;
	bool mshv;
	struct rw_semaphore calls;
	bool dying;
	u64 disabled_features[TLFS_CPU_FEATURE_BANKS];
	u64 disabled_xsave;
	u64 synthetic_features;
	u64 privileges;
	u64 cpus_per_socket;
	bool v2;

	struct tlfs_vp *vps[TLFS_MAX_VPS];
	struct tlfs_vp *deleted_vps[TLFS_MAX_VPS];	/* under @lock; see tlfs_vp_delete() */
	DECLARE_BITMAP(vp_map, TLFS_MAX_VPS);
	unsigned int nr_vps;		/* highest index + 1 */

	struct tlfs_gpa gpa;
	struct tlfs_time time;
	struct tlfs_timer_assist assist;
	struct tlfs_sched sched;
	struct tlfs_save *save;
	struct tlfs_save *restore;
	u16 debug_channel;
	struct tlfs_debug *debug;
	u8 clflush_size;
	u32 tlb_pages;

	spinlock_t msr_lock;		/* the partition-wide MSRs below */
	u64 guest_os_id;
	u64 hypercall_msr;
	struct tlfs_overlay hypercall_page;
	u64 crash_ctl;
	u64 crash_param[5];
	u64 reenlightenment;
	u64 tsc_emulation_control;
	u64 tsc_emulation_status;
	u64 tsc_invariant_control;
	bool msr_ignore_unknown;

	struct tlfs_intercepts intercepts;
	struct tlfs_cpuid_results __rcu *cpuid;
	struct tlfs_irqfds *irqfds;
	struct tlfs_devices __rcu *devices;
	struct tlfs_ports ports;
	struct tlfs_stats stats;
	atomic_long_t flush_calls;
	atomic_t flush_inhibits;
	bool flush_waiters;		/* some VP may have @flush_wait set */
};

extern struct tlfs_partition tlfs_root;

struct tlfs_partition *tlfs_partition_create(const struct tlfs_create_partition_v2 *arg);
/* the first child with an id above @after (of @mm unless NULL), with a reference, or NULL */
struct tlfs_partition *tlfs_partition_next(struct tlfs_partition *parent, u64 after,
					   const struct mm_struct *mm);
/* the descriptor is closed: what is below @pt goes, and what the root made through @owner */
void tlfs_partition_kill_children(struct tlfs_partition *pt);
void tlfs_partitions_disown(void *owner);
/* are there any of these */
bool tlfs_partitions_owned(const void *owner);

/* locks of one kind have an order between parent and child: one class for each depth */
enum tlfs_lock_kind {
	TLFS_LOCK_CALLS,
	TLFS_LOCK_PARTITION,
	TLFS_LOCK_VP,
	TLFS_LOCK_MAPS,
	TLFS_LOCK_KINDS,
};

void tlfs_lock_by_depth(struct mutex *lock, const struct tlfs_partition *pt,
			enum tlfs_lock_kind kind);

/* memory pools: hv/pool.c */
void tlfs_pool_init(struct tlfs_pool *pool);
void tlfs_pool_destroy(struct tlfs_pool *pool);
/* false: the pool is dry (HV_STATUS_INSUFFICIENT_MEMORY); never for a hosted partition */
bool tlfs_pool_charge(struct tlfs_partition *pt, unsigned int pages);
void tlfs_pool_uncharge(struct tlfs_partition *pt, unsigned int pages);
void tlfs_pool_release(struct tlfs_partition *pt);
bool tlfs_pool_empty(struct tlfs_pool *pool);
/* is page @gpn of the process in a pool that the root filled */
bool tlfs_pool_holds(struct mm_struct *mm, u64 gpn);
bool tlfs_proximity_ok(const struct hv_proximity_domain_info *info);

/* by id, with a reference, or NULL; not for ids a guest may name while preemption is off */
struct tlfs_partition *tlfs_partition_find(u64 id);
/* is @pt somewhere below @top (not @top itself) */
bool tlfs_partition_below(const struct tlfs_partition *pt, const struct tlfs_partition *top);
/*
 * All but the root, in the order they were created: the first with an id above @id, with a
 * reference; the one after @pt, whose reference is given back
 */
struct tlfs_partition *tlfs_partition_after(u64 id);
struct tlfs_partition *tlfs_partition_follow(struct tlfs_partition *pt);
/* the host goes to sleep or wakes up: one CPU, interrupts off */
void tlfs_partitions_suspend(bool suspend);
int tlfs_partition_initialize(struct tlfs_partition *pt);
/* synthetic features, and the privileges that follow from them, of the parent's: hv/property.c */
void tlfs_partition_set_features(struct tlfs_partition *pt, u64 features);
u64 tlfs_partition_features(const struct tlfs_partition *pt);
u32 tlfs_processor_vendor(void);	/* HV_PROCESSOR_VENDOR_* */
unsigned int tlfs_gpa_bits(void);
void tlfs_property_init(struct tlfs_partition *pt);
void tlfs_property_destroy(struct tlfs_partition *pt);
void tlfs_partition_get(struct tlfs_partition *pt);
void tlfs_partition_put(struct tlfs_partition *pt);

/* 5.2.5 */
static inline bool tlfs_partition_active(const struct tlfs_partition *pt)
{
	return pt->initialized;
}

static inline bool tlfs_has_privilege(const struct tlfs_partition *pt, u64 privilege)
{
	return (pt->privileges & privilege) == privilege;
}

/* ---- virtual processor (TLFS 10) ---- */

/* vp->regs: HV_X64_REGISTER_RAX order */
enum {
	VP_RAX, VP_RCX, VP_RDX, VP_RBX, VP_RSP, VP_RBP, VP_RSI, VP_RDI,
	VP_R8, VP_R9, VP_R10, VP_R11, VP_R12, VP_R13, VP_R14, VP_R15,
	VP_RIP, VP_RFLAGS, VP_REGS,
};

#define VP_REGS_LAZY	(BIT(VP_RSP) | BIT(VP_RIP) | BIT(VP_RFLAGS))

/* vp->requests: bit numbers; set from any context, then tlfs_vp_kick() */
enum tlfs_request {
	TLFS_REQ_EVENT,		/* something to inject may have come: look */
	TLFS_REQ_FLUSH_TLB,
	TLFS_REQ_NMI,
	TLFS_REQ_INIT,
	TLFS_REQ_SIPI,
	TLFS_REQ_TSC_OFFSET,	/* the partition's guest TSC offset changed */
	TLFS_REQ_STOP,		/* freeze, explicit suspend: leave the guest and look */
	TLFS_REQ_EXTINT,
	TLFS_REQ_INTERCEPTS,	/* the partition's exception intercepts changed */
	TLFS_REQ_START,		/* a guest's HvStartVirtualProcessor: vp->start */
	TLFS_REQ_TRIPLE_FAULT,	/* an exception could not be delivered */
	TLFS_REQ_EXCEPTION,	/* one we have raised is intercepted: it is in vp->exit */
	TLFS_REQ_UNHALTED,	/* the time-unhalted timer's host timer came */
	TLFS_REQ_NOTIFY,	/* the parent can be told of what it asked for in vp->notify */
};

enum tlfs_vp_mode {
	TLFS_VP_OUTSIDE,
	TLFS_VP_IN_GUEST,	/* or so close to it that only a kick is noticed */
};

/**
 * struct tlfs_unhalted_timer - synthetic time-unhalted timer (hv/unhalted_timer.c)
 * @timer:	host timer, set inside of run windows only
 * @config, @count: the MSRs
 * @left:	of the period, ns; of the window @began when it did
 */
struct tlfs_unhalted_timer {
	struct hrtimer timer;
	u64 config;
	u64 count;
	u64 left;
	ktime_t began;
};

/* where code of the guest was when it last exited there: linear page, and page of the VMM */
struct tlfs_code_page {
	u64 linear;
	u64 cr3;
	unsigned long uaddr;
	unsigned long generation;	/* gpa.generation when it was looked up */
};

#define TLFS_CODE_PAGES	4

/**
 * struct tlfs_vp - a virtual processor
 * @lock:	VP ioctls, held over RUN_VP; killable.  Taken by tlfs_vp_lock() only
 * @lock_owner:	thread that holds @lock: tlfs_vp_borrow() asks
 * @regs, @regs_avail, @regs_dirty: general registers; RSP, RIP and RFLAGS are brought from and
 *		to the control structure on demand: use vp_reg() and vp_set_reg()
 * @arch:	the backend's own
 * @exit:	the last exit
 * @stat:	counters, HV_VP_STAT_*: the words of @stats; the VP's thread counts
 * @code_pages:	for the length of the exiting instruction, where the processor does not say it
 * @event:	what the next entry injects (exceptions, re-injections, interrupts)
 * @requests:	enum tlfs_request
 * @mode:	enum tlfs_vp_mode; with @requests a Dekker pair, see tlfs_vp_kick()
 * @cpu:	host CPU it runs or last ran on
 * @wait:	where a halted or suspended VP sleeps
 * @halted:	HLT; ends with an interrupt that can be taken, NMI, INIT
 * @idle:	HV_X64_MSR_GUEST_IDLE: ends with any pending interrupt, IF or not (10.x)
 * @deleted:	HvDeleteVp: leave RUN_VP, and do not come back
 * @public:	was in pt->vps: others may still have a pointer
 * @thread:	of a threaded partition; under pt->lock
 * @paused:	how many want the VP's state while its thread stands aside
 * @mm_gone:	the thread found its process ended
 * @intercept:	copy of @msg on its way to the parent of a threaded partition
 * @root_link:	it is on its way to the root; root_message.c
 * @unsent:	the parent's SynIC took no messages; the thread's own
 * @startup_suspend: waits for INIT/SIPI (an AP)
 * @explicit_suspend, @intercept_suspend: registers of these names
 * @restarted:	the last RUN_VP was cut short and is made again by the kernel
 * @flush_inhibit: nobody else flushes its TLB by hypercall; see tlfs_flush_inhibit()
 * @flush_wait:	suspended in such a call, until the inhibit of somebody ends
 * @nmi_pending: NMIs not yet injected, at most 2
 * @notify:	HV_DELIVERABILITY_*, without the SINTs: what the parent is to be told
 * @start:	context a guest left for it; taken by xchg()
 * @sipi_vector: of the last SIPI
 * @shutdown:	triple fault: RUN_VP says so again until RIP is set or INIT comes
 * @in_window:	inside the run window: preemption is off, guest FPU loaded
 * @msg:	message RUN_VP comes back with
 * @msg_used:	bytes of payload the last message used: what is behind them is zero
 * @regpage:	register page shared with the VMM (mmap)
 * @regpage_mapped: the VMM has mapped it, so it is worth refreshing
 * @hc_in, @hc_out: hypercall parameter pages of this VP
 */
struct tlfs_vp {
	struct tlfs_partition *pt;
	u32 index;
	struct mutex lock;
	struct task_struct *lock_owner;

	u64 regs[VP_REGS];
	u32 regs_avail;
	u32 regs_dirty;
	u64 cr2;
	void *arch;
	struct tlfs_exit exit;
	u64 *stat;
	struct tlfs_code_page code_pages[TLFS_CODE_PAGES];	/* x86/insn.c */
	struct tlfs_event event;

	unsigned long requests;
	int mode;
	int cpu;
	bool in_window;
	struct swait_queue_head wait;

	struct task_struct *thread;
	struct tlfs_message intercept;
	struct list_head root_link;
	bool unsent;
	atomic_t paused;
	bool mm_gone;
	bool deleted;
	bool public;

	bool halted;
	bool idle;
	bool startup_suspend;
	struct hv_initial_vp_context *start;	/* hv/vp_start.c */
	bool explicit_suspend;
	bool intercept_suspend;
	bool restarted;
	bool flush_inhibit;
	bool flush_wait;
	bool shutdown;
	u8 notify;
	atomic_t nmi_pending;
	u8 sipi_vector;
	u8 extint_vector;
	bool extint_pending;	/* taken from TLFS_REQ_EXTINT, waits for IF */

	struct tlfs_fpu fpu;
	struct tlfs_lapic lapic;
	struct tlfs_synic synic;
	struct tlfs_sched_vp sched;
	struct tlfs_unhalted_timer unhalted;

	/* chapter 7/13 MSRs of a VP */
	u64 vp_assist_msr;
	struct tlfs_overlay vp_assist;
	bool eoi_assist_armed;		/* "no EOI required" is set in the page */
	u64 runtime_ns;			/* RUN_VP time in the guest, for VP_RUNTIME */
	u64 run_start_ns;
	unsigned long run_deadline;	/* jiffies, 0: none; see run_overdue() */
	u64 hypervisor_ns;		/* of that, estimated, in exit handlers */
	struct tlfs_stats stats;

	/* architectural MSRs the hardware does not switch; x86/msr.c */
	u64 tsc_aux;
	u64 misc_enable;
	u64 mtrr_def_type;
	u64 mtrr_fixed[11];
	u64 mtrr_var[16];
	u64 tsc_adjust;
	u64 xss;
	u64 npiep;			/* HV_X64_MSR_NPIEP_CONFIG; 5.0C 8.12 */

	struct hv_message *msg;
	u8 msg_used;
	bool regpage_mapped;
	struct hv_vp_register_page *regpage;
	void *hc_in;
	void *hc_out;
};

/* VP thread */
static inline void vp_count(struct tlfs_vp *vp, unsigned int stat)
{
	vp->stat[stat]++;
}

static inline u64 vp_reg(struct tlfs_vp *vp, unsigned int reg)
{
	if (unlikely(!(vp->regs_avail & BIT(reg))))
		tlfs_call(cache_reg)(vp, reg);
	return vp->regs[reg];
}

static inline void vp_set_reg(struct tlfs_vp *vp, unsigned int reg, u64 val)
{
	vp->regs[reg] = val;
	vp->regs_avail |= BIT(reg);
	vp->regs_dirty |= BIT(reg);
}

/* under partition->lock; not in pt->vps yet: nobody else sees it until tlfs_vp_publish() */
struct tlfs_vp *tlfs_vp_create(struct tlfs_partition *pt, u32 index);
void tlfs_vp_publish(struct tlfs_vp *vp);
void tlfs_vp_destroy(struct tlfs_vp *vp);
/* what tlfs_vp_create() returned is not wanted after all; under partition->lock */
void tlfs_vp_discard(struct tlfs_vp *vp);
/*
 * HvDeleteVp; under partition->lock.  On return the VP does not run, and is found by nobody.  The
 * structure stays, reset, for those who still have a pointer, and is the next VP of this index
 */
void tlfs_vp_delete(struct tlfs_vp *vp);
/* after it, of a threaded partition: free them; under calls for writing, without partition->lock */
void tlfs_vps_reap(struct tlfs_partition *pt);
/* VP thread or vp->lock: power-on state, or what INIT leaves (10.1.3 and the architecture) */
void tlfs_vp_reset(struct tlfs_vp *vp, bool init);
void tlfs_vp_infer_reset(struct tlfs_vp *vp);

/* VP thread: HvStartVirtualProcessor on this VP; hv/vp_start.c */
void tlfs_vp_start(struct tlfs_vp *vp);

int tlfs_vp_lock(struct tlfs_vp *vp);		/* 0 or -EINTR */
void tlfs_vp_unlock(struct tlfs_vp *vp);

/*
 * Hypercall handlers that read or change the state of VP @index of @pt: NULL with *status set
 * (INVALID_VP_INDEX; INVALID_VP_STATE: it is running, or another thread is at it; TLFS_HC_SLEEP:
 * not in the window, of another VP than the caller's).  Never waits.
 * Works for a guest's own VP and for an ioctl through the VP's descriptor, whose thread holds
 * the lock already.  Undone by tlfs_vp_return(vp, *locked).
 */
struct tlfs_vp *tlfs_vp_borrow(struct tlfs_hvcall *call, u32 index, bool *locked, u16 *status);
void tlfs_vp_return(struct tlfs_vp *vp, bool locked);

static inline struct tlfs_vp *tlfs_vp_get(struct tlfs_partition *pt, u32 index)
{
	return index < TLFS_MAX_VPS ? READ_ONCE(pt->vps[array_index_nospec(index, TLFS_MAX_VPS)])
				    : NULL;
}

#define tlfs_for_each_vp(vp, pt, i)						\
	for ((i) = 0; (i) < READ_ONCE((pt)->nr_vps); (i)++)			\
		if (((vp) = READ_ONCE((pt)->vps[i])) != NULL)

/* ---- hv/vmmu.c ---- */

/*
 * HV_INTERCEPT_SUSPEND_TLB_FLUSH_INHIBIT (12.1.4), any context: while it is on, a sibling that
 * flushes this VP's TLB by hypercall is suspended in the call; the end of it wakes all that are.
 */
void tlfs_flush_inhibit(struct tlfs_vp *vp, bool on);

/* ---- run.c ---- */

/*
 * RUN_VP: 0 with a message in vp->msg, -EINTR, -ERESTARTNOHAND, or of the host (-EIO, -ENOMEM).
 * vp->lock held, current->mm is the partition's.
 */
int tlfs_vp_run(struct tlfs_vp *vp);

/* the same by the VP's own kernel thread, in the process's memory: also -EINTR when it is held */
int tlfs_vp_run_thread(struct tlfs_vp *vp);
/* has it anything to do: pure check, for the VP's thread */
bool tlfs_vp_has_work(struct tlfs_vp *vp);

/* ---- hv/vp_thread.c: VPs of children of a guest ---- */

int tlfs_vp_thread_start(struct tlfs_vp *vp);
void tlfs_vp_thread_stop(struct tlfs_vp *vp);
/* suspended, deleted, or its state is wanted: the thread leaves */
bool tlfs_vp_thread_held(struct tlfs_vp *vp);
int tlfs_vp_thread_rest(struct tlfs_vp *vp);

/* any context, interrupts on or off: make the VP look at its requests, awake or asleep */
void tlfs_vp_kick(struct tlfs_vp *vp);

static inline void tlfs_vp_request(struct tlfs_vp *vp, enum tlfs_request req)
{
	set_bit(req, &vp->requests);
	tlfs_vp_kick(vp);
}

/*
 * Set @req on the VPs in @mask (NULL: all) and, with @wait, come back only when none of them runs
 * guest code it entered before the call.  Interrupts on; preemption may be off.
 */
void tlfs_vps_request(struct tlfs_partition *pt, const unsigned long *mask,
		      enum tlfs_request req, bool wait);

/*
 * VP thread: length of the exiting instruction: exit.insn_len, or found by decoding and kept
 * there.  -EAGAIN: in the window and its bytes are not resident; 0: RIP does not hold such an
 * instruction (any more), run the guest again without skipping.
 *
 * Handlers with side effects ask first, act, then skip:
 *	len = tlfs_insn_len(vp); if (len <= 0) return len ? TLFS_SLOW : TLFS_RESUME;
 *	...; tlfs_skip_insn(vp);
 */
int tlfs_insn_len_find(struct tlfs_vp *vp);

static inline int tlfs_insn_len(struct tlfs_vp *vp)
{
	return likely(vp->exit.insn_len) ? vp->exit.insn_len : tlfs_insn_len_find(vp);
}

/* VP thread: advance RIP over it (ends the interrupt shadow, honours TF and RF); 0 or -EAGAIN */
int tlfs_skip_insn(struct tlfs_vp *vp);

/* ---- x86/step.c ---- */

/* after an instruction that was completed for the guest: RF is over, and TF traps */
void tlfs_insn_flags(struct tlfs_vp *vp);
/* where a VP goes behind an instruction that ends at @rip, 4 GiB from where it began */
u64 tlfs_rip_beyond(struct tlfs_vp *vp, u64 rip);
/* before vp->event, an exception, is injected: what it pushes */
void tlfs_fault_flags(struct tlfs_vp *vp);
/* the VMM moves RIP to @rip: past an instruction that it completed for the guest, perhaps */
void tlfs_vmm_moves_rip(struct tlfs_vp *vp, u64 rip);

/* VP thread: queue an exception; a second one becomes #DF, a third a triple fault */
void tlfs_queue_exception(struct tlfs_vp *vp, u8 vector, bool has_error, u32 error, u64 param);
/* likewise, of an exit's handler: a message if the parent intercepts it, before anything else */
void tlfs_raise_exception(struct tlfs_vp *vp, u8 vector, bool has_error, u32 error, u64 param);

static inline void tlfs_inject_gp(struct tlfs_vp *vp)
{
	tlfs_raise_exception(vp, X86_TRAP_GP, true, 0, 0);
}

static inline void tlfs_inject_ud(struct tlfs_vp *vp)
{
	tlfs_raise_exception(vp, X86_TRAP_UD, false, 0, 0);
}

static inline bool vp_long_mode(struct tlfs_vp *vp)
{
	if (!(tlfs_call(get_efer)(vp) & EFER_LMA))
		return false;
	return tlfs_call(cs_attributes)(vp) & HV_SEGMENT_LONG;
}

/* an instruction that was completed for the guest ends the shadow of the one before it */
static inline void tlfs_vp_end_shadow(struct tlfs_vp *vp)
{
	u8 shadow = tlfs_call(get_shadow)(vp);

	if (unlikely(shadow & HV_INTERRUPT_STATE_SHADOW))
		tlfs_call(set_shadow)(vp, shadow & ~HV_INTERRUPT_STATE_SHADOW);
}

/* ---- boot.c: the rules for processors (TLFS 22) ---- */

void tlfs_boot_setup(void);
int tlfs_boot_check(unsigned int cpu);

/* ---- exit handlers outside run.c: return enum tlfs_handled ---- */

int tlfs_cpuid_exit(struct tlfs_vp *vp);				/* cpuid.c */
int tlfs_rdmsr_exit(struct tlfs_vp *vp);				/* msr.c */
int tlfs_wrmsr_exit(struct tlfs_vp *vp);
/* one MSR, by guest or register interface: TLFS_RESUME, TLFS_GP, TLFS_SLOW, TLFS_USER */
int tlfs_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val, bool guest);
int tlfs_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val, bool guest);
void tlfs_msr_reset(struct tlfs_vp *vp, bool init);
void tlfs_cpuid(struct tlfs_vp *vp, u32 *eax, u32 *ebx, u32 *ecx, u32 *edx);
int tlfs_cpuid_setup(void);				/* after tlfs_fpu_setup() */
void tlfs_cpuid_teardown(void);
int tlfs_cpuid_register(struct tlfs_partition *pt, u32 vp_index, const void *params);
void tlfs_cpuid_free(struct tlfs_partition *pt);

/* checks of CR, DR, EFER, XCR0 writes by guest or register interface: x86/control.c */
/*
 * By register interface: a VMM loads registers one by one in any order, so each is checked by
 * itself only, and EFER.LMA follows LME and CR0.PG.  0 or -EINVAL
 */
int tlfs_set_cr0(struct tlfs_vp *vp, u64 val);
int tlfs_set_cr3(struct tlfs_vp *vp, u64 val);
int tlfs_set_cr4(struct tlfs_vp *vp, u64 val);
int tlfs_set_cr8(struct tlfs_vp *vp, u64 val);
int tlfs_set_efer(struct tlfs_vp *vp, u64 val);
/* by an instruction of the guest, with all its rules: 0, -EINVAL (#GP), -EAGAIN (in the window) */
int tlfs_guest_set_cr0(struct tlfs_vp *vp, u64 val);
int tlfs_guest_set_cr3(struct tlfs_vp *vp, u64 val);
int tlfs_guest_set_cr4(struct tlfs_vp *vp, u64 val);
int tlfs_guest_set_efer(struct tlfs_vp *vp, u64 val);	/* never -EAGAIN */
u64 tlfs_cr4_valid(struct tlfs_vp *vp);			/* bits this guest may set */
u64 tlfs_efer_valid(struct tlfs_vp *vp);
int tlfs_cr_exit(struct tlfs_vp *vp);
int tlfs_dr_exit(struct tlfs_vp *vp);
int tlfs_xsetbv_exit(struct tlfs_vp *vp);
int tlfs_table_exit(struct tlfs_vp *vp);
int tlfs_task_switch_exit(struct tlfs_vp *vp);
int tlfs_ferr_exit(struct tlfs_vp *vp);			/* x86/fpu.c */

/* x86/emulate.c: xAPIC page accesses; TLFS_USER with a memory message if it cannot decode them */
int tlfs_emulate_mmio(struct tlfs_vp *vp);

/* hv/vp.c: registers by HV_REGISTER_NAME; HV_STATUS_* */
u16 tlfs_get_register(struct tlfs_vp *vp, u32 name, union hv_register_value *val);
u16 tlfs_set_register(struct tlfs_vp *vp, u32 name, const union hv_register_value *val);
/* may be had while the VP runs, without vp->lock */
bool tlfs_register_shared(u32 name);
/* register page: fold the VMM's changes in (before a run or register call), refresh it */
void tlfs_regpage_load(struct tlfs_vp *vp);
void tlfs_regpage_store(struct tlfs_vp *vp);
long tlfs_vp_state_ioctl(struct tlfs_vp *vp, void __user *arg, bool set);

/* hv/save_restore.c: what is under way is lost */
void tlfs_save_destroy(struct tlfs_partition *pt);

/* hv/debug.c: chapter 20 */
u16 tlfs_debug_create(struct tlfs_partition *pt);
/* what was posted and what was not retrieved is lost (20.1.1) */
void tlfs_debug_reset(struct tlfs_partition *pt);
void tlfs_debug_close(struct tlfs_partition *pt);
void tlfs_debug_destroy(struct tlfs_partition *pt);
long tlfs_debug_open(struct tlfs_partition *pt);

/* hv/interrupt.c: VP assist page and APIC MSRs (13) */
int tlfs_apic_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val);
int tlfs_apic_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val);
/* run loop: an interrupt was injected / before another is looked for: lazy EOI (13.x) */
void tlfs_eoi_assist_arm(struct tlfs_vp *vp);
int tlfs_eoi_assist_sync(struct tlfs_vp *vp);

void tlfs_send_nmi(struct tlfs_vp *vp);

/* hypercall.c: GUEST_OS_ID, HYPERCALL, VP_INDEX, RUNTIME, RESET, CRASH_*, GUEST_IDLE ... */
int tlfs_hv_rdmsr(struct tlfs_vp *vp, u32 msr, u64 *val);
int tlfs_hv_wrmsr(struct tlfs_vp *vp, u32 msr, u64 val, bool guest);

/* hv/system.c: cycles between two samples of the profiler (23.3), 0: none */
extern u64 tlfs_profile_period;

/* features.c: the one feature table */
u64 tlfs_synthetic_supported(void);
u64 tlfs_synthetic_v2(void);				/* cpuid_v2.c */
void tlfs_cpuid_set_v2(struct tlfs_partition *pt);
u64 tlfs_synthetic_to_privileges(u64 features);
void tlfs_feature_leaf(struct tlfs_partition *pt, u32 leaf, u32 regs[4]);
/* processor feature banks this host and module offer: set = available */
u64 tlfs_processor_features(unsigned int bank);
u64 tlfs_xsave_features(void);

/* hv/port.c */
int tlfs_ports_create(struct tlfs_partition *pt);
/* the partition is finalized: all ports and connections go, and there will be no others */
void tlfs_ports_close(struct tlfs_partition *pt);
/* before the VPs are: afterwards no sender knows of them */
void tlfs_ports_destroy(struct tlfs_partition *pt);
long tlfs_open_port(const struct tlfs_open_port *arg);

/* dev.c */
int tlfs_dev_register(void);
void tlfs_dev_unregister(void);

/* the module's own counts: /sys/class/misc/tlfs/{partitions,vps,pages} */
extern atomic_long_t tlfs_nr_partitions;
extern atomic_long_t tlfs_nr_vps;
extern atomic_long_t tlfs_nr_pages;
struct page *tlfs_alloc_page(gfp_t gfp);	/* zeroed, counted */
void tlfs_free_page(struct page *page);

#endif /* TLFS_H */
