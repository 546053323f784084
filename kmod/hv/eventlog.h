/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * eventlog.h - event log (TLFS 19, Appendix I)
 */
#ifndef TLFS_EVENTLOG_H
#define TLFS_EVENTLOG_H

#include <linux/compiler.h>
#include <linux/types.h>

#include <uapi/hv/eventlog.h>

struct hv_message;
struct mm_struct;
struct tlfs_vp;

void tlfs_eventlog_setup(void);
/* the last window of @mm went: with it ends the log of the process */
void tlfs_eventlog_mm_gone(const struct mm_struct *mm);

/* HVMSG_EVENT_LOG_BUFFERS_COMPLETE messages (19.1.10) for this process; root_message.c */
bool tlfs_eventlog_take(struct hv_message *msg);
bool tlfs_eventlog_waits(void);

/* sources of diagnostic events that are enabled: groups of Appendix I */
extern u64 tlfs_eventlog_groups;

/* any context but interrupts: an entry with @nr parameters, if its group is enabled */
void tlfs_eventlog_write(u64 group, u16 type, const u64 *params, unsigned int nr);

#define tlfs_eventlog(group, type, ...) do {						\
	if (unlikely(READ_ONCE(tlfs_eventlog_groups) & (group))) {			\
		const u64 params_[] = { __VA_ARGS__ };					\
											\
		tlfs_eventlog_write(group, type, params_, ARRAY_SIZE(params_));		\
	}										\
} while (0)

/* a change of partitions or VPs: a system event, and a diagnostic one of @group */
void tlfs_eventlog_system(u64 group, u16 type, u64 first, u64 second, u16 status);

/* general registers before an exit was handled, and the vector of the host's interrupt */
struct tlfs_eventlog_regs {
	u64 rip, rax, rcx, rdx;
	u8 vector;
};

/* interrupts off: of the one that is about to be taken, 0: none is pending any more */
u8 tlfs_host_vector(void);

#define TLFS_EVENTLOG_EXITS	(HV_EVENTLOG_GROUP_HYPERCALL |				\
				 HV_EVENTLOG_GROUP_INTERCEPT_MANAGER |			\
				 HV_EVENTLOG_GROUP_PROFILER)
/* VP thread: the exit was handled with result @r */
void tlfs_eventlog_exit(struct tlfs_vp *vp, const struct tlfs_eventlog_regs *was, int r);

#endif /* TLFS_EVENTLOG_H */
