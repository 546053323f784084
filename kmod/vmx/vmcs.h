/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmcs.h - access to the current VMCS, and what <asm/vmx.h> does not name
 *
 * Section and table numbers are those of the Intel 64 and IA-32 Architectures Software Developer's
 * Manual, volume 3 (SDM).
 */
#ifndef TLFS_VMCS_H
#define TLFS_VMCS_H

#include <linux/percpu.h>
#include <linux/types.h>
#include <asm/asm.h>
#include <asm/vmx.h>

/* IA32_VMX_BASIC, A.1 */
#define VMCS_BASIC_REVISION_MASK	0x7fffffffU
#define VMCS_BASIC_INS_OUTS		BIT_ULL(54)	/* string I/O is described */
#define VMCS_BASIC_TRUE_CONTROLS	BIT_ULL(55)

/* IA32_VMX_EPT_VPID_CAP, A.10 */
#define VMCS_EPT_4_LEVELS		BIT_ULL(6)
#define VMCS_EPT_WB			BIT_ULL(14)
#define VMCS_EPT_2M			BIT_ULL(16)
#define VMCS_EPT_1G			BIT_ULL(17)
#define VMCS_INVEPT			BIT_ULL(20)
#define VMCS_EPT_AD			BIT_ULL(21)
#define VMCS_INVEPT_SINGLE		BIT_ULL(25)
#define VMCS_INVEPT_ALL			BIT_ULL(26)
#define VMCS_INVVPID			BIT_ULL(32)
#define VMCS_INVVPID_SINGLE		BIT_ULL(41)
#define VMCS_INVVPID_ALL		BIT_ULL(42)

/* EPT entries and pointer, 29.3 */
#define VMCS_EPTE_READ			BIT_ULL(0)
#define VMCS_EPTE_WRITE			BIT_ULL(1)
#define VMCS_EPTE_EXEC			BIT_ULL(2)
#define VMCS_EPTE_WB			(6ULL << 3)
#define VMCS_EPTE_LARGE			BIT_ULL(7)
#define VMCS_EPTE_ACCESSED		BIT_ULL(8)
#define VMCS_EPTE_DIRTY			BIT_ULL(9)
#define VMCS_EPTP_WB			6ULL
#define VMCS_EPTP_4_LEVELS		(3ULL << 3)
#define VMCS_EPTP_AD			BIT_ULL(6)

#define VMCS_INV_SINGLE			1UL
#define VMCS_INV_ALL			2UL

/* exit reason, 28.2.1 */
#define VMCS_EXIT_ENTRY_FAILED		BIT(31)
#define VMCS_EXIT_BASIC_MASK		0xffffU

/* access rights, table 25-2: as in the TLFS, but for this bit */
#define VMCS_AR_UNUSABLE		BIT(16)
#define VMCS_AR_MASK			0xf0ffU

/* exit qualifications, 28.2.1 */
#define VMCS_DB_PARAM			0x600fULL	/* B0-3, BD, BS */
#define VMCS_IO_SIZE			7
#define VMCS_IO_IN			BIT(3)
#define VMCS_IO_STRING			BIT(4)
#define VMCS_IO_REP			BIT(5)
#define VMCS_IO_PORT_SHIFT		16
#define VMCS_IO_INFO_ADDR_SHIFT		7
#define VMCS_IO_INFO_SEG_SHIFT		15
#define VMCS_CR_TYPE_SHIFT		4
#define VMCS_CR_MOV_TO			0
#define VMCS_CR_MOV_FROM		1
#define VMCS_CR_GPR_SHIFT		8
#define VMCS_DR_FROM			BIT(4)
#define VMCS_EPTV_WRITE			BIT(1)
#define VMCS_EPTV_FETCH			BIT(2)
#define VMCS_EPTV_GVA_VALID		BIT(7)
#define VMCS_EPTV_FINAL			BIT(8)		/* not of the page walk */
#define VMCS_EPTV_UNBLOCK_NMI		BIT(12)
#define VMCS_TASK_REASON_SHIFT		30

#define VMCS_INTR_TYPE_SHIFT		8
#define VMCS_INTR_SHADOW		(GUEST_INTR_STATE_STI | GUEST_INTR_STATE_MOV_SS)

/* segment fields are 2 apart in the order of enum tlfs_seg, table and all */
#define VMCS_SEG(field, seg)		(GUEST_ES_##field + 2 * (seg))

void vmcs_write_failed(unsigned long field, u64 val);

/* see count.c */
#ifdef TLFS_VMX_COUNT
struct vmcs_count {
	u64 reads;
	u64 writes;
};

DECLARE_PER_CPU(struct vmcs_count, vmcs_counts);
#define vmcs_count(what)	this_cpu_inc(vmcs_counts.what)
#else
#define vmcs_count(what)	do { } while (0)
#endif

/*
 * The processor may be taken from us inside the run window (reboot, panic): then these fault, and
 * what they read is zero.
 */
static __always_inline u64 vmcs_read(unsigned long field)
{
	u64 val = 0;

	vmcs_count(reads);
	asm volatile("1:	vmread %1, %0\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+r" (val) : "r" (field) : "cc");
	return val;
}

static __always_inline void vmcs_write(unsigned long field, u64 val)
{
	bool failed;

	vmcs_count(writes);
	asm volatile("1:	vmwrite %2, %1\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "=@ccbe" (failed) : "r" (field), "r" (val));
	if (unlikely(failed))
		vmcs_write_failed(field, val);
}

static inline bool vmcs_clear(u64 pa)
{
	bool failed;

	asm volatile("1:	vmclear %1\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "=@ccbe" (failed) : "m" (pa) : "memory");
	return failed;
}

static inline bool vmcs_load(u64 pa)
{
	bool failed;

	asm volatile("1:	vmptrld %1\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "=@ccbe" (failed) : "m" (pa) : "memory");
	return failed;
}

static inline void vmcs_invept(unsigned long type, u64 eptp)
{
	struct {
		u64 eptp;
		u64 zero;
	} desc = { eptp, 0 };

	asm volatile("1:	invept %0, %1\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : : "m" (desc), "r" (type) : "cc", "memory");
}

static inline void vmcs_invvpid(unsigned long type, u16 vpid)
{
	struct {
		u64 vpid;
		u64 linear;
	} desc = { vpid, 0 };

	asm volatile("1:	invvpid %0, %1\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : : "m" (desc), "r" (type) : "cc", "memory");
}

#endif /* TLFS_VMCS_H */
