/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmcb.h - the virtual machine control block (AMD64 APM volume 2, chapter 15 and appendix B)
 */
#ifndef TLFS_SVM_VMCB_H
#define TLFS_SVM_VMCB_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

/* MSRs and bits of the SVM extension */
#define SVM_MSR_VM_CR			0xc0010114
#define SVM_VM_CR_SVMDIS		BIT(4)
#define SVM_MSR_HSAVE_PA		0xc0010117

/* CPUID 8000000A EDX */
#define SVM_CPUID_NP			BIT(0)
#define SVM_CPUID_NRIPS			BIT(3)
#define SVM_CPUID_CLEAN			BIT(5)
#define SVM_CPUID_FLUSH_ASID		BIT(6)
#define SVM_CPUID_DECODE		BIT(7)
#define SVM_CPUID_PAUSE_FILTER		BIT(10)
#define SVM_CPUID_PAUSE_THRESHOLD	BIT(12)

/* intercept words, as bit numbers from offset 0 */
enum svm_intercept {
	SVM_ICPT_CR_READ	= 0,		/* + CR number */
	SVM_ICPT_CR_WRITE	= 16,
	SVM_ICPT_DR_READ	= 32,
	SVM_ICPT_DR_WRITE	= 48,
	SVM_ICPT_EXCEPTION	= 64,		/* + vector */
	SVM_ICPT_INTR		= 96,
	SVM_ICPT_NMI,
	SVM_ICPT_SMI,
	SVM_ICPT_INIT,
	SVM_ICPT_VINTR,
	SVM_ICPT_CR0_SEL_WRITE,
	SVM_ICPT_IDTR_READ,
	SVM_ICPT_GDTR_READ,
	SVM_ICPT_LDTR_READ,
	SVM_ICPT_TR_READ,
	SVM_ICPT_RDPMC		= 96 + 15,
	SVM_ICPT_CPUID		= 96 + 18,
	SVM_ICPT_RSM,
	SVM_ICPT_IRET,
	SVM_ICPT_INTN,
	SVM_ICPT_INVD,
	SVM_ICPT_PAUSE,
	SVM_ICPT_HLT,
	SVM_ICPT_INVLPG,
	SVM_ICPT_INVLPGA,
	SVM_ICPT_IOIO,
	SVM_ICPT_MSR,
	SVM_ICPT_TASK_SWITCH,
	SVM_ICPT_FERR_FREEZE,
	SVM_ICPT_SHUTDOWN,
	SVM_ICPT_VMRUN		= 128,
	SVM_ICPT_VMMCALL,
	SVM_ICPT_VMLOAD,
	SVM_ICPT_VMSAVE,
	SVM_ICPT_STGI,
	SVM_ICPT_CLGI,
	SVM_ICPT_SKINIT,
	SVM_ICPT_RDTSCP,
	SVM_ICPT_ICEBP,
	SVM_ICPT_WBINVD,
	SVM_ICPT_MONITOR,
	SVM_ICPT_MWAIT,
	SVM_ICPT_MWAIT_ARMED,
	SVM_ICPT_XSETBV,
	SVM_ICPT_RDPRU,
	SVM_ICPT_INVLPGB	= 160,
	SVM_ICPT_INVPCID	= 162,
	SVM_ICPT_MCOMMIT,
	SVM_ICPT_TLBSYNC,
};

#define SVM_INTERCEPT_WORDS	6

/* control.tlb_control */
#define SVM_TLB_NOTHING		0
#define SVM_TLB_FLUSH_ALL	1
#define SVM_TLB_FLUSH_ASID	3

/* control.int_ctl */
#define SVM_V_TPR_MASK		0x0fu
#define SVM_V_IRQ		BIT(8)
#define SVM_V_PRIO_SHIFT	16
#define SVM_V_PRIO_MASK		(0xfu << SVM_V_PRIO_SHIFT)
#define SVM_V_IGN_TPR		BIT(20)
#define SVM_V_INTR_MASKING	BIT(24)

#define SVM_SHADOW		BIT(0)		/* control.int_state */

/* control.event_inj, control.exit_int_info */
#define SVM_EVENT_TYPE_SHIFT	8
#define SVM_EVENT_TYPE_MASK	(7u << SVM_EVENT_TYPE_SHIFT)
#define SVM_EVENT_HAS_ERROR	BIT(11)
#define SVM_EVENT_VALID		BIT(31)
#define SVM_EVENT_INTR		0
#define SVM_EVENT_NMI		2
#define SVM_EVENT_EXCEPTION	3
#define SVM_EVENT_SOFTINT	4

/* control.clean */
#define SVM_CLEAN_INTERCEPTS	BIT(0)
#define SVM_CLEAN_PERM		BIT(1)
#define SVM_CLEAN_ASID		BIT(2)
#define SVM_CLEAN_INTR		BIT(3)
#define SVM_CLEAN_NP		BIT(4)
#define SVM_CLEAN_CR		BIT(5)
#define SVM_CLEAN_DR		BIT(6)
#define SVM_CLEAN_DT		BIT(7)
#define SVM_CLEAN_SEG		BIT(8)
#define SVM_CLEAN_CR2		BIT(9)
#define SVM_CLEAN_LBR		BIT(10)
#define SVM_CLEAN_ALL		0x7ffu

enum svm_exit_code {
	SVM_EXIT_CR_READ	= 0x000,
	SVM_EXIT_CR_WRITE	= 0x010,
	SVM_EXIT_DR_READ	= 0x020,
	SVM_EXIT_DR_WRITE	= 0x030,
	SVM_EXIT_EXCEPTION	= 0x040,
	SVM_EXIT_INTR		= 0x060,
	SVM_EXIT_NMI		= 0x061,
	SVM_EXIT_SMI		= 0x062,
	SVM_EXIT_INIT		= 0x063,
	SVM_EXIT_VINTR		= 0x064,
	SVM_EXIT_CR0_SEL_WRITE	= 0x065,
	SVM_EXIT_IDTR_READ	= 0x066,
	SVM_EXIT_TR_READ	= 0x069,
	SVM_EXIT_RDPMC		= 0x06f,
	SVM_EXIT_CPUID		= 0x072,
	SVM_EXIT_IRET		= 0x074,
	SVM_EXIT_INVD		= 0x076,
	SVM_EXIT_PAUSE		= 0x077,
	SVM_EXIT_HLT		= 0x078,
	SVM_EXIT_INVLPG		= 0x079,
	SVM_EXIT_INVLPGA	= 0x07a,
	SVM_EXIT_IOIO		= 0x07b,
	SVM_EXIT_MSR		= 0x07c,
	SVM_EXIT_TASK_SWITCH	= 0x07d,
	SVM_EXIT_SHUTDOWN	= 0x07f,
	SVM_EXIT_VMRUN		= 0x080,
	SVM_EXIT_VMMCALL	= 0x081,
	SVM_EXIT_VMLOAD		= 0x082,
	SVM_EXIT_VMSAVE		= 0x083,
	SVM_EXIT_STGI		= 0x084,
	SVM_EXIT_CLGI		= 0x085,
	SVM_EXIT_SKINIT		= 0x086,
	SVM_EXIT_WBINVD		= 0x089,
	SVM_EXIT_MONITOR	= 0x08a,
	SVM_EXIT_MWAIT		= 0x08b,
	SVM_EXIT_MWAIT_ARMED	= 0x08c,
	SVM_EXIT_XSETBV		= 0x08d,
	SVM_EXIT_RDPRU		= 0x08e,
	SVM_EXIT_LAST		= 0x0a4,
	SVM_EXIT_NPF		= 0x400,
};

#define SVM_EXIT_INVALID	(~0ULL)

/* exit_info_1 of an I/O exit */
#define SVM_IO_IN		BIT(0)
#define SVM_IO_STRING		BIT(2)
#define SVM_IO_REP		BIT(3)
#define SVM_IO_SIZE_SHIFT	4
#define SVM_IO_ADDR_SHIFT	7
#define SVM_IO_SEG_SHIFT	10
#define SVM_IO_PORT_SHIFT	16

/* exit_info_1 of a nested page fault */
#define SVM_NPF_PRESENT		BIT_ULL(0)
#define SVM_NPF_WRITE		BIT_ULL(1)
#define SVM_NPF_USER		BIT_ULL(2)
#define SVM_NPF_RSVD		BIT_ULL(3)
#define SVM_NPF_FETCH		BIT_ULL(4)
#define SVM_NPF_WALK		BIT_ULL(33)

/* exit_info_1 of a CR access with decode assists */
#define SVM_CR_MOV		BIT_ULL(63)

/* exit_info_2 of a task switch */
#define SVM_TASK_IRET		BIT_ULL(36)
#define SVM_TASK_JMP		BIT_ULL(38)
#define SVM_TASK_HAS_ERROR	BIT_ULL(44)

struct vmcb_control {
	u32 intercepts[SVM_INTERCEPT_WORDS];
	u8 rsvd_18[0x3c - 0x18];
	u16 pause_threshold;
	u16 pause_count;
	u64 iopm;
	u64 msrpm;
	u64 tsc_offset;
	u32 asid;
	u8 tlb_control;
	u8 rsvd_5d[3];
	u32 int_ctl;
	u32 int_vector;
	u32 int_state;
	u32 rsvd_6c;
	u64 exit_code;
	u64 exit_info_1;
	u64 exit_info_2;
	u64 exit_int_info;
	u64 np_control;
	u64 avic_bar;
	u64 ghcb;
	u64 event_inj;
	u64 ncr3;
	u64 virt_ext;
	u32 clean;
	u32 rsvd_c4;
	u64 next_rip;
	u8 insn_len;
	u8 insn_bytes[15];
	u8 rsvd_e0[0x400 - 0xe0];
} __packed;

struct vmcb_seg {
	u16 selector;
	u16 attrib;
	u32 limit;
	u64 base;
} __packed;

struct vmcb_save {
	struct vmcb_seg seg[6];		/* ES CS SS DS FS GS */
	struct vmcb_seg gdtr;
	struct vmcb_seg ldtr;
	struct vmcb_seg idtr;
	struct vmcb_seg tr;
	u8 rsvd_a0[0xcb - 0xa0];
	u8 cpl;
	u32 rsvd_cc;
	u64 efer;
	u8 rsvd_d8[0x148 - 0xd8];
	u64 cr4;
	u64 cr3;
	u64 cr0;
	u64 dr7;
	u64 dr6;
	u64 rflags;
	u64 rip;
	u8 rsvd_180[0x1d8 - 0x180];
	u64 rsp;
	u64 s_cet;
	u64 ssp;
	u64 isst_addr;
	u64 rax;
	u64 star;
	u64 lstar;
	u64 cstar;
	u64 sfmask;
	u64 kernel_gs_base;
	u64 sysenter_cs;
	u64 sysenter_esp;
	u64 sysenter_eip;
	u64 cr2;
	u8 rsvd_248[0x268 - 0x248];
	u64 g_pat;
	u64 dbgctl;
	u8 rsvd_278[0xc00 - 0x278];
} __packed;

struct vmcb {
	struct vmcb_control control;
	struct vmcb_save save;
} __packed;

static_assert(sizeof(struct vmcb) == 4096);
static_assert(offsetof(struct vmcb, control.iopm) == 0x40);
static_assert(offsetof(struct vmcb, control.exit_code) == 0x70);
static_assert(offsetof(struct vmcb, control.event_inj) == 0xa8);
static_assert(offsetof(struct vmcb, control.next_rip) == 0xc8);
static_assert(offsetof(struct vmcb, save.cpl) == 0x400 + 0xcb);
static_assert(offsetof(struct vmcb, save.efer) == 0x400 + 0xd0);
static_assert(offsetof(struct vmcb, save.cr4) == 0x400 + 0x148);
static_assert(offsetof(struct vmcb, save.rsp) == 0x400 + 0x1d8);
static_assert(offsetof(struct vmcb, save.rax) == 0x400 + 0x1f8);
static_assert(offsetof(struct vmcb, save.cr2) == 0x400 + 0x240);
static_assert(offsetof(struct vmcb, save.g_pat) == 0x400 + 0x268);

#endif /* TLFS_SVM_VMCB_H */
