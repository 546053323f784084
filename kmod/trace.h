/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace.h - trace points: events/tlfs/
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tlfs

#if !defined(TLFS_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TLFS_TRACE_H

#include <linux/tracepoint.h>

#include "tlfs.h"

#define TLFS_TRACE_EXITS						\
	{ TLFS_EXIT_NONE,		"none" },			\
	{ TLFS_EXIT_CPUID,		"cpuid" },			\
	{ TLFS_EXIT_RDMSR,		"rdmsr" },			\
	{ TLFS_EXIT_WRMSR,		"wrmsr" },			\
	{ TLFS_EXIT_HYPERCALL,		"hypercall" },			\
	{ TLFS_EXIT_HLT,		"hlt" },			\
	{ TLFS_EXIT_IO,			"io" },				\
	{ TLFS_EXIT_MEMORY,		"memory" },			\
	{ TLFS_EXIT_INTR_WINDOW,	"intr_window" },		\
	{ TLFS_EXIT_NMI_WINDOW,		"nmi_window" },			\
	{ TLFS_EXIT_EXCEPTION,		"exception" },			\
	{ TLFS_EXIT_CR,			"cr" },				\
	{ TLFS_EXIT_DR,			"dr" },				\
	{ TLFS_EXIT_XSETBV,		"xsetbv" },			\
	{ TLFS_EXIT_PAUSE,		"pause" },			\
	{ TLFS_EXIT_WBINVD,		"wbinvd" },			\
	{ TLFS_EXIT_INVLPG,		"invlpg" },			\
	{ TLFS_EXIT_RDPMC,		"rdpmc" },			\
	{ TLFS_EXIT_MONITOR,		"monitor" },			\
	{ TLFS_EXIT_MWAIT,		"mwait" },			\
	{ TLFS_EXIT_UNDEFINED,		"undefined" },			\
	{ TLFS_EXIT_TASK_SWITCH,	"task_switch" },		\
	{ TLFS_EXIT_TRIPLE_FAULT,	"triple_fault" },		\
	{ TLFS_EXIT_INIT,		"init" },			\
	{ TLFS_EXIT_SMI,		"smi" },			\
	{ TLFS_EXIT_FAILED,		"failed" },			\
	{ TLFS_EXIT_LOST,		"lost" }

/* before the guest is entered; RIP is not read, it may still be in the control structure only */
TRACE_EVENT(tlfs_enter,
	TP_PROTO(const struct tlfs_vp *vp),
	TP_ARGS(vp),

	TP_STRUCT__entry(
		__field(u64,	partition)
		__field(u32,	vp)
	),

	TP_fast_assign(
		__entry->partition = vp->pt->id;
		__entry->vp = vp->index;
	),

	TP_printk("partition %llu vp %u", __entry->partition, __entry->vp)
);

TRACE_EVENT(tlfs_exit,
	TP_PROTO(struct tlfs_vp *vp),
	TP_ARGS(vp),

	TP_STRUCT__entry(
		__field(u64,	partition)
		__field(u64,	hw)
		__field(u64,	rip)
		__field(u32,	vp)
		__field(u8,	kind)
	),

	TP_fast_assign(
		__entry->partition = vp->pt->id;
		__entry->hw = vp->exit.hw;
		__entry->rip = vp_reg(vp, VP_RIP);
		__entry->vp = vp->index;
		__entry->kind = vp->exit.kind;
	),

	TP_printk("partition %llu vp %u %s hw 0x%llx rip 0x%llx", __entry->partition,
		  __entry->vp, __print_symbolic(__entry->kind, TLFS_TRACE_EXITS),
		  __entry->hw, __entry->rip)
);

/* @input: the hypercall input value as the caller gave it; @result: the result value */
TRACE_EVENT(tlfs_hypercall,
	TP_PROTO(const struct tlfs_vp *vp, u64 input, u64 result),
	TP_ARGS(vp, input, result),

	TP_STRUCT__entry(
		__field(u64,	partition)
		__field(u64,	input)
		__field(u64,	result)
		__field(u32,	vp)
	),

	TP_fast_assign(
		__entry->partition = vp->pt->id;
		__entry->input = input;
		__entry->result = result;
		__entry->vp = vp->index;
	),

	TP_printk("partition %llu vp %u code 0x%04x input 0x%llx status 0x%04x reps %u",
		  __entry->partition, __entry->vp, (u16)__entry->input, __entry->input,
		  (u16)__entry->result, (u32)(__entry->result >> 32) & 0xfff)
);

/* @result: enum tlfs_handled */
TRACE_EVENT(tlfs_msr,
	TP_PROTO(const struct tlfs_vp *vp, u32 msr, u64 val, bool write, int result),
	TP_ARGS(vp, msr, val, write, result),

	TP_STRUCT__entry(
		__field(u64,	partition)
		__field(u64,	val)
		__field(u32,	vp)
		__field(u32,	msr)
		__field(int,	result)
		__field(bool,	write)
	),

	TP_fast_assign(
		__entry->partition = vp->pt->id;
		__entry->val = val;
		__entry->vp = vp->index;
		__entry->msr = msr;
		__entry->result = result;
		__entry->write = write;
	),

	TP_printk("partition %llu vp %u %s 0x%x 0x%llx%s", __entry->partition, __entry->vp,
		  __entry->write ? "wrmsr" : "rdmsr", __entry->msr, __entry->val,
		  __print_symbolic(__entry->result, { TLFS_RESUME, "" }, { TLFS_GP, " #GP" },
				   { TLFS_SLOW, " slow" }, { TLFS_USER, " message" }))
);

TRACE_EVENT(tlfs_inject,
	TP_PROTO(const struct tlfs_vp *vp, const struct tlfs_event *event),
	TP_ARGS(vp, event),

	TP_STRUCT__entry(
		__field(u64,	partition)
		__field(u32,	vp)
		__field(u32,	error)
		__field(u8,	type)
		__field(u8,	vector)
		__field(bool,	has_error)
	),

	TP_fast_assign(
		__entry->partition = vp->pt->id;
		__entry->vp = vp->index;
		__entry->error = event->has_error ? event->error : 0;
		__entry->type = event->type;
		__entry->vector = event->vector;
		__entry->has_error = event->has_error;
	),

	TP_printk("partition %llu vp %u %s vector 0x%x%s error 0x%x", __entry->partition,
		  __entry->vp,
		  __print_symbolic(__entry->type,
				   { TLFS_EVENT_EXTINT, "interrupt" },
				   { TLFS_EVENT_NMI, "nmi" },
				   { TLFS_EVENT_EXCEPTION, "exception" },
				   { TLFS_EVENT_SOFTINT, "software interrupt" },
				   { TLFS_EVENT_PRIV_SOFTEXC, "int1" },
				   { TLFS_EVENT_SOFTEXC, "software exception" }),
		  __entry->vector, __entry->has_error ? "" : " no", __entry->error)
);

/* the message RUN_VP comes back with */
TRACE_EVENT(tlfs_message,
	TP_PROTO(const struct tlfs_vp *vp, u32 type),
	TP_ARGS(vp, type),

	TP_STRUCT__entry(
		__field(u64,	partition)
		__field(u32,	vp)
		__field(u32,	type)
	),

	TP_fast_assign(
		__entry->partition = vp->pt->id;
		__entry->vp = vp->index;
		__entry->type = type;
	),

	TP_printk("partition %llu vp %u %s", __entry->partition, __entry->vp,
		  __print_symbolic(__entry->type,
				   { HVMSG_UNMAPPED_GPA, "unmapped gpa" },
				   { HVMSG_GPA_INTERCEPT, "gpa intercept" },
				   { HVMSG_UNRECOVERABLE_EXCEPTION, "unrecoverable exception" },
				   { HVMSG_UNSUPPORTED_FEATURE, "unsupported feature" },
				   { HVMSG_INVALID_VP_REGISTER_VALUE, "invalid register" },
				   { HVMSG_X64_IO_PORT_INTERCEPT, "io port" },
				   { HVMSG_X64_MSR_INTERCEPT, "msr" },
				   { HVMSG_X64_CPUID_INTERCEPT, "cpuid" },
				   { HVMSG_X64_EXCEPTION_INTERCEPT, "exception" },
				   { HVMSG_X64_APIC_EOI, "apic eoi" },
				   { HVMSG_X64_INTERRUPTION_DELIVERABLE, "deliverable" },
				   { HVMSG_SYNIC_SINT_DELIVERABLE, "sint deliverable" }))
);

#endif /* TLFS_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
