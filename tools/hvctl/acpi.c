// SPDX-License-Identifier: GPL-2.0-only
/*
 * ACPI tables: RSDP, RSDT and XSDT, FADT (with FACS), MADT, and the DSDT that iasl compiled from
 * dsdt.asl.  Layouts by the ACPI specification 6.3, chapter 5.
 */
#include <stddef.h>
#include <string.h>

#include "dsdt.hex"
#include "loader.h"

struct header {
	char signature[4];
	u32 length;
	u8 revision;
	u8 checksum;
	char oem_id[6];
	char oem_table_id[8];
	u32 oem_revision;
	char creator_id[4];
	u32 creator_revision;
} __packed;
_Static_assert(sizeof(struct header) == 36, "table header");

struct gas {
	u8 space, width, offset, access;
	u64 address;
} __packed;

#define GAS_IO(bits, size, port)	{ 1, bits, 0, size, port }
#define GAS_BYTE	1
#define GAS_WORD	2
#define GAS_DWORD	3

struct rsdp {
	char signature[8];
	u8 checksum;
	char oem_id[6];
	u8 revision;
	u32 rsdt;
	u32 length;
	u64 xsdt;
	u8 extended_checksum;
	u8 reserved[3];
} __packed;
_Static_assert(sizeof(struct rsdp) == 36, "RSDP");

struct fadt {
	struct header h;
	u32 facs, dsdt;
	u8 reserved0, profile;
	u16 sci;
	u32 smi_cmd;
	u8 acpi_enable, acpi_disable, s4bios_req, pstate_cnt;
	u32 pm1a_evt, pm1b_evt, pm1a_cnt, pm1b_cnt, pm2_cnt, pm_tmr, gpe0, gpe1;
	u8 pm1_evt_len, pm1_cnt_len, pm2_cnt_len, pm_tmr_len, gpe0_len, gpe1_len, gpe1_base,
	   cst_cnt;
	u16 p_lvl2_lat, p_lvl3_lat, flush_size, flush_stride;
	u8 duty_offset, duty_width, day_alarm, month_alarm, century;
	u16 boot_arch;
	u8 reserved1;
	u32 flags;
	struct gas reset_reg;
	u8 reset_value;
	u16 arm_boot_arch;
	u8 minor;
	u64 x_facs, x_dsdt;
	struct gas x_pm1a_evt, x_pm1b_evt, x_pm1a_cnt, x_pm1b_cnt, x_pm2_cnt, x_pm_tmr, x_gpe0,
		   x_gpe1, sleep_control, sleep_status;
	u64 hypervisor_vendor;
} __packed;
_Static_assert(sizeof(struct fadt) == 276, "FADT revision 6");

#define FADT_WBINVD		BIT(0)
#define FADT_PROC_C1		BIT(2)
#define FADT_NO_PWR_BUTTON	BIT(4)
#define FADT_NO_SLP_BUTTON	BIT(5)
#define FADT_TMR_32BIT		BIT(8)
#define FADT_RESET_REG		BIT(10)

#define ARCH_LEGACY_DEVICES	BIT(0)
#define ARCH_NO_VGA		BIT(2)

struct facs {
	char signature[4];
	u32 length, hardware_signature, waking_vector, global_lock, flags;
	u64 x_waking_vector;
	u8 version, reserved[31];
} __packed;
_Static_assert(sizeof(struct facs) == 64, "FACS");

struct madt {
	struct header h;
	u32 lapic_address;
	u32 flags;
} __packed;

#define MADT_PCAT_COMPAT	1	/* there is an 8259 pair */
#define LAPIC_ADDRESS		0xfee00000
#define LAPIC_ENABLED		1
#define XAPIC_IDS		255	/* higher ones need x2APIC entries */
#define ALL_XAPIC		0xff
#define ALL_X2APIC		0xffffffff

/* Interrupt flags of source overrides: active high with edge or level */
#define INTI_EDGE_HIGH		0x05
#define INTI_LEVEL_HIGH		0x0d

struct madt_lapic {
	u8 type, length, uid, apic_id;
	u32 flags;
} __packed;

struct madt_ioapic {
	u8 type, length, id, reserved;
	u32 address, gsi_base;
} __packed;

struct madt_override {
	u8 type, length, bus, source;
	u32 gsi;
	u16 flags;
} __packed;

struct madt_lapic_nmi {
	u8 type, length, uid;
	u16 flags;
	u8 lint;
} __packed;

struct madt_x2apic {
	u8 type, length;
	u16 reserved;
	u32 apic_id, flags, uid;
} __packed;

struct madt_x2apic_nmi {
	u8 type, length;
	u16 flags;
	u32 uid;
	u8 lint, reserved[3];
} __packed;

/* Writes tables one after the other into the ACPI area, which holds far more than they need */
struct writer {
	struct guest_ram *ram;
	u64 at;
};

static void *reserve(struct writer *w, u64 len, u64 *addr)
{
	*addr = ALIGN_UP(w->at, 64);
	w->at = *addr + len;
	return memset(ram_ptr(w->ram, *addr, len), 0, len);
}

static u8 checksum(const void *p, size_t len)
{
	const u8 *b = p;
	u8 sum = 0;

	while (len--)
		sum += *b++;
	return -sum;
}

static void seal(struct header *h, const char *signature, u8 revision, u32 length)
{
	memcpy(h->signature, signature, 4);
	h->length = length;
	h->revision = revision;
	memcpy(h->oem_id, "TLFS  ", 6);
	memcpy(h->oem_table_id, "TLFSCTL ", 8);
	h->oem_revision = 1;
	memcpy(h->creator_id, "TLFS", 4);
	h->creator_revision = 1;
	h->checksum = 0;
	h->checksum = checksum(h, length);
}

static u64 build_dsdt(struct writer *w)
{
	u64 addr;

	memcpy(reserve(w, sizeof(dsdt_aml_code), &addr), dsdt_aml_code, sizeof(dsdt_aml_code));
	return addr;
}

static u64 build_facs(struct writer *w)
{
	struct facs *f;
	u64 addr;

	f = reserve(w, sizeof(*f), &addr);
	memcpy(f->signature, "FACS", 4);
	f->length = sizeof(*f);
	f->version = 2;
	return addr;
}

static u64 build_fadt(struct writer *w, u64 dsdt, u64 facs)
{
	struct fadt *f;
	u64 addr;

	f = reserve(w, sizeof(*f), &addr);
	f->facs = facs;
	f->dsdt = dsdt;
	f->x_dsdt = dsdt;
	f->sci = PM_SCI_IRQ;
	f->pm1a_evt = PM_EVT_PORT;
	f->pm1a_cnt = PM_CNT_PORT;
	f->pm_tmr = PM_TMR_PORT;
	f->pm1_evt_len = 4;
	f->pm1_cnt_len = 2;
	f->pm_tmr_len = 4;
	f->x_pm1a_evt = (struct gas)GAS_IO(32, GAS_WORD, PM_EVT_PORT);
	f->x_pm1a_cnt = (struct gas)GAS_IO(16, GAS_WORD, PM_CNT_PORT);
	f->x_pm_tmr = (struct gas)GAS_IO(32, GAS_DWORD, PM_TMR_PORT);
	/* larger than any real latency: no C2 and C3 */
	f->p_lvl2_lat = 0xfff;
	f->p_lvl3_lat = 0xfff;
	f->century = 0x32;
	f->boot_arch = ARCH_LEGACY_DEVICES | ARCH_NO_VGA;
	f->flags = FADT_WBINVD | FADT_PROC_C1 | FADT_NO_PWR_BUTTON | FADT_NO_SLP_BUTTON |
		   FADT_TMR_32BIT | FADT_RESET_REG;
	f->reset_reg = (struct gas)GAS_IO(8, GAS_BYTE, PM_RESET_PORT);
	f->reset_value = PM_RESET_VALUE;
	f->minor = 3;
	seal(&f->h, "FACP", 6, sizeof(*f));
	return addr;
}

#define PUT(at, type, ...)						\
	do {								\
		*(type *)(at) = (type){ __VA_ARGS__ };			\
		(at) += sizeof(type);					\
	} while (0)

static u8 *put_cpu(u8 *p, u32 id)
{
	if (id < XAPIC_IDS)
		PUT(p, struct madt_lapic, 0, sizeof(struct madt_lapic), id, id, LAPIC_ENABLED);
	else
		PUT(p, struct madt_x2apic, 9, sizeof(struct madt_x2apic), 0, id, LAPIC_ENABLED,
		    id);
	return p;
}

static u64 build_madt(struct writer *w, unsigned int cpus)
{
	u64 max = sizeof(struct madt) + cpus * sizeof(struct madt_x2apic) + 128, addr;
	struct madt *m;
	unsigned int i;
	u8 *p;

	m = reserve(w, max, &addr);
	m->lapic_address = LAPIC_ADDRESS;
	m->flags = MADT_PCAT_COMPAT;
	p = (u8 *)(m + 1);
	for (i = 0; i < cpus; i++)
		p = put_cpu(p, i);
	/* the id register of the IOAPIC has four bits; its id does not compete with the CPUs' */
	PUT(p, struct madt_ioapic, 1, sizeof(struct madt_ioapic), 0, 0, IOAPIC_BASE, 0);
	PUT(p, struct madt_override, 2, sizeof(struct madt_override), 0, 0, 2, INTI_EDGE_HIGH);
	PUT(p, struct madt_override, 2, sizeof(struct madt_override), 0, PM_SCI_IRQ, PM_SCI_IRQ,
	    INTI_LEVEL_HIGH);
	PUT(p, struct madt_lapic_nmi, 4, sizeof(struct madt_lapic_nmi), ALL_XAPIC,
	    INTI_EDGE_HIGH, 1);
	if (cpus > XAPIC_IDS)
		PUT(p, struct madt_x2apic_nmi, 10, sizeof(struct madt_x2apic_nmi),
		    INTI_EDGE_HIGH, ALL_X2APIC, 1, { 0 });
	w->at = addr + (p - (u8 *)m);
	seal(&m->h, "APIC", 5, p - (u8 *)m);
	return addr;
}

/* RSDT or XSDT: the same list of tables with 4 or 8-byte addresses */
static u64 build_root(struct writer *w, const char *signature, const u64 *tables, unsigned int n,
		      unsigned int entry)
{
	u32 length = sizeof(struct header) + n * entry;
	struct header *h;
	unsigned int i;
	u64 addr;

	h = reserve(w, length, &addr);
	for (i = 0; i < n; i++)
		memcpy((u8 *)(h + 1) + i * entry, &tables[i], entry);
	seal(h, signature, 1, length);
	return addr;
}

u64 acpi_build(struct guest_ram *ram, unsigned int cpus)
{
	struct writer w = { ram, ACPI_AREA };
	u64 addr, dsdt, facs, tables[2];
	struct rsdp *r;

	/* first, at the start of the area: a search at 16-byte boundaries finds it too */
	r = reserve(&w, sizeof(*r), &addr);
	dsdt = build_dsdt(&w);
	facs = build_facs(&w);
	tables[0] = build_fadt(&w, dsdt, facs);
	tables[1] = build_madt(&w, cpus);
	memcpy(r->signature, "RSD PTR ", 8);
	memcpy(r->oem_id, "TLFS  ", 6);
	r->revision = 2;
	r->length = sizeof(*r);
	r->rsdt = build_root(&w, "RSDT", tables, ARRAY_SIZE(tables), 4);
	r->xsdt = build_root(&w, "XSDT", tables, ARRAY_SIZE(tables), 8);
	r->checksum = checksum(r, offsetof(struct rsdp, length));
	r->extended_checksum = checksum(r, sizeof(*r));
	return addr;
}
