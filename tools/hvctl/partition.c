// SPDX-License-Identifier: GPL-2.0-only
/* Creation of the partition: features, memory, VPs and their first registers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader.h"

#define CR0_PE		0x00000001ULL
#define CR0_ET		0x00000010ULL
#define CR0_NE		0x00000020ULL
#define CR0_PG		0x80000000ULL
#define CR4_PAE		0x00000020ULL
#define EFER_LME	0x00000100ULL
#define EFER_LMA	0x00000400ULL
#define RFLAGS_FIXED	0x00000002ULL

/* MTRRs on, everything write-back: what firmware leaves behind on a machine without device RAM */
#define MTRR_DEF_TYPE_WB	0x806ULL

#define LVT_EXTINT	0x700
#define LVT_NMI		0x400
#define VP_BOOT		0

#define SEL_CODE	0x10
#define SEL_DATA	0x18
#define SEL_TSS		0x20

#define SEG_FLAT	(HV_SEGMENT_PRESENT | HV_SEGMENT_NON_SYSTEM | HV_SEGMENT_GRANULARITY)
#define SEG_CODE32	(SEG_FLAT | HV_SEGMENT_DEFAULT | 0x0b)
#define SEG_CODE64	(SEG_FLAT | HV_SEGMENT_LONG | 0x0b)
#define SEG_DATA	(SEG_FLAT | HV_SEGMENT_DEFAULT | 0x03)
#define SEG_TSS_BUSY	(HV_SEGMENT_PRESENT | 0x0b)
#define SEG_LDT		(HV_SEGMENT_PRESENT | 0x02)

/* The descriptors the selectors stand for, should the guest reload a segment before its own GDT */
static u64 descriptor(u16 attributes, u32 limit)
{
	return (limit & 0xffffULL) | (u64)(limit >> 16 & 0xf) << 48 |
	       (u64)(attributes & 0xf0ff) << 40;
}

static void write_gdt(struct guest_ram *ram, bool long_mode)
{
	u64 *gdt = ram_ptr(ram, BOOT_GDT, 64);

	memset(gdt, 0, 64);
	gdt[SEL_CODE / 8] = descriptor(long_mode ? SEG_CODE64 : SEG_CODE32, 0xfffff);
	gdt[SEL_DATA / 8] = descriptor(SEG_DATA, 0xfffff);
	gdt[SEL_TSS / 8] = descriptor(SEG_TSS_BUSY, 0x67);
}

struct reg_list {
	struct hv_register_assoc regs[40];
	u16 n;
};

static void add64(struct reg_list *l, u32 name, u64 val)
{
	l->regs[l->n].name = name;
	l->regs[l->n++].value.reg64 = val;
}

static void add_segment(struct reg_list *l, u32 name, u16 selector, u32 limit, u16 attributes)
{
	struct hv_register_assoc *r = &l->regs[l->n++];

	r->name = name;
	r->value.segment.selector = selector;
	r->value.segment.limit = limit;
	r->value.segment.attributes = attributes;
}

static int set_boot_registers(struct machine *m, const struct boot_state *boot)
{
	static const u32 data_segments[] = {
		HV_X64_REGISTER_DS, HV_X64_REGISTER_ES, HV_X64_REGISTER_FS, HV_X64_REGISTER_GS,
		HV_X64_REGISTER_SS,
	};
	struct reg_list l = { .n = 0 };
	struct hv_register_assoc *table;
	size_t i;

	write_gdt(&m->ram, boot->long_mode);
	add64(&l, HV_X64_REGISTER_CR0, CR0_PE | CR0_ET | CR0_NE | (boot->long_mode ? CR0_PG : 0));
	add64(&l, HV_X64_REGISTER_CR3, boot->long_mode ? BOOT_TABLES : 0);
	add64(&l, HV_X64_REGISTER_CR4, boot->long_mode ? CR4_PAE : 0);
	add64(&l, HV_X64_REGISTER_EFER, boot->long_mode ? EFER_LME | EFER_LMA : 0);
	add_segment(&l, HV_X64_REGISTER_CS, SEL_CODE, 0xffffffff,
		    boot->long_mode ? SEG_CODE64 : SEG_CODE32);
	for (i = 0; i < ARRAY_SIZE(data_segments); i++)
		add_segment(&l, data_segments[i], SEL_DATA, 0xffffffff, SEG_DATA);
	add_segment(&l, HV_X64_REGISTER_TR, SEL_TSS, 0x67, SEG_TSS_BUSY);
	add_segment(&l, HV_X64_REGISTER_LDTR, 0, 0xffff, SEG_LDT);
	table = &l.regs[l.n++];
	table->name = HV_X64_REGISTER_GDTR;
	table->value.table.base = BOOT_GDT;
	table->value.table.limit = 5 * 8 - 1;
	table = &l.regs[l.n++];
	table->name = HV_X64_REGISTER_IDTR;
	add64(&l, HV_X64_REGISTER_RIP, boot->entry);
	add64(&l, HV_X64_REGISTER_RFLAGS, RFLAGS_FIXED);
	add64(&l, HV_X64_REGISTER_RSP, boot->rsp);
	add64(&l, HV_X64_REGISTER_RAX, boot->rax);
	add64(&l, HV_X64_REGISTER_RBX, boot->rbx);
	add64(&l, HV_X64_REGISTER_RSI, boot->rsi);
	add64(&l, HV_X64_REGISTER_RCX, 0);
	add64(&l, HV_X64_REGISTER_RDX, 0);
	add64(&l, HV_X64_REGISTER_RDI, 0);
	add64(&l, HV_X64_REGISTER_RBP, 0);
	return tlfs_set_regs(m->vps[VP_BOOT].fd, VP_BOOT, l.regs, l.n);
}

/* What firmware would have done to each processor */
static int set_firmware_state(struct vp *vp)
{
	struct hv_register_assoc mtrr = {
		.name = HV_X64_REGISTER_MSR_MTRR_DEF_TYPE,
		.value.reg64 = MTRR_DEF_TYPE_WB,
	};
	struct hv_local_interrupt_controller_state lapic;
	int rc;

	rc = tlfs_set_regs(vp->fd, vp->index, &mtrr, 1);
	if (rc)
		return rc;
	/* virtual wire: the 8259's output at LINT0 of the boot processor, NMI at LINT1 */
	rc = tlfs_get_lapic(vp->fd, &lapic);
	if (rc || vp->index != VP_BOOT)
		return rc;
	lapic.apic_lvt_lint0 = LVT_EXTINT;
	lapic.apic_lvt_lint1 = LVT_NMI;
	return tlfs_set_lapic(vp->fd, &lapic);
}

static int create_vp(struct machine *m, u32 index)
{
	struct vp *vp = &m->vps[index];
	int rc;

	vp->m = m;
	vp->index = index;
	vp->fd = tlfs_create_vp(m->part, index);
	if (vp->fd < 0)
		return host_error("VP %u: cannot create: %s", index, tlfs_strerror(vp->fd));
	vp->page = tlfs_map_registers(vp->fd, &rc);
	if (rc)
		return host_error("VP %u: register page: %s", index, tlfs_strerror(rc));
	vp->own = calloc(1, sizeof(*vp->own));
	if (!vp->own)
		return host_error("VP %u: out of memory", index);
	rc = set_firmware_state(vp);
	if (rc)
		return host_error("VP %u: cannot set start-up state: %s", index,
				  tlfs_strerror(rc));
	return 0;
}

/* RAM without the VGA hole; three regions at most */
static int map_ram(struct machine *m)
{
	const u8 flags = TLFS_MEM_WRITABLE | TLFS_MEM_EXECUTABLE;
	u8 *host = m->ram.host;
	int rc;

	rc = tlfs_map_memory(m->part, 0, host, VGA_HOLE, flags);
	if (!rc)
		rc = tlfs_map_memory(m->part, VGA_HOLE_END, host + VGA_HOLE_END,
				     m->ram.low - VGA_HOLE_END, flags);
	if (!rc && m->ram.high)
		rc = tlfs_map_memory(m->part, HIGH_RAM, host + m->ram.low, m->ram.high, flags);
	return rc ? host_error("cannot map guest memory: %s", tlfs_strerror(rc)) : 0;
}

/* what no feature stands for, in addition to what the features give */
static int add_privileges(struct machine *m)
{
	u64 have;
	int rc;

	if (!m->privileges)
		return 0;
	rc = tlfs_get_property(m->part, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, &have);
	if (!rc)
		rc = tlfs_set_property(m->part, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS,
				       have | m->privileges);
	return rc ? host_error("cannot set the partition's privileges: %s", tlfs_strerror(rc)) : 0;
}

static int initialize(struct machine *m, u64 features, u64 compat)
{
	int rc;

	m->part = tlfs_create_partition(m->dev, TLFS_PT_LAPIC | TLFS_PT_X2APIC |
					TLFS_PT_GPA_LARGE_PAGES);
	if (m->part < 0)
		return host_error("cannot create a partition: %s", tlfs_strerror(m->part));
	rc = tlfs_set_property(m->part, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, features);
	if (rc)
		return host_error("cannot set the partition's features: %s", tlfs_strerror(rc));
	/* after the features: it takes away what that version does not know */
	if (compat)
		rc = tlfs_set_property(m->part, HV_PARTITION_PROPERTY_COMPATIBILITY_VERSION,
				       compat);
	if (rc)
		return host_error("cannot set the compatibility version: %s", tlfs_strerror(rc));
	/* before it is active: a debug session is made then, or not */
	rc = add_privileges(m);
	if (rc)
		return rc;
	rc = tlfs_initialize(m->part);
	return rc ? host_error("cannot initialize the partition: %s", tlfs_strerror(rc)) : 0;
}

int partition_create(struct machine *m, u64 features, u64 compat, const struct boot_state *boot)
{
	unsigned int i;
	int rc;

	rc = initialize(m, features, compat);
	if (!rc)
		rc = map_ram(m);
	for (i = 0; !rc && i < m->nr_vps; i++)
		rc = create_vp(m, i);
	if (rc)
		return rc;
	/* what is restored has registers already */
	rc = boot ? set_boot_registers(m, boot) : 0;
	return rc ? host_error("VP 0: cannot set registers: %s", tlfs_strerror(rc)) : 0;
}

void partition_destroy(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < m->nr_vps; i++) {
		struct vp *vp = &m->vps[i];

		if (vp->page)
			munmap(vp->page, HV_PAGE_SIZE);
		free(vp->own);
		if (vp->fd >= 0)
			close(vp->fd);
	}
	if (m->part >= 0)
		close(m->part);
	if (m->dev >= 0)
		close(m->dev);
}
