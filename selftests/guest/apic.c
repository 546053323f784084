// SPDX-License-Identifier: GPL-2.0-only
/*
 * apic.c - the local APIC of one VP: registers, priorities, EOI assist (TLFS 13.2, 13.3)
 *
 * What holds in both modes runs first on the xAPIC page, then on x2APIC MSRs.
 */
#include "intr.h"

void payload(void);

#define LOW		0x41
#define MID		0x51
#define HIGH		0x61
#define TOP		0x71

static const char *mode = "xAPIC";
static bool x2;

static void self_ipi(u8 vector)
{
	wrmsr(HV_X64_MSR_ICR, ICR_SELF | ICR_ASSERT | vector);
}

static bool idle_apic(void)
{
	return vectors_clear(APIC_ISR) && vectors_clear(APIC_IRR);
}

/* ---- reset state ---- */

static void reset_state(void)
{
	bool ok = true;
	u32 reg;

	for (reg = APIC_LVTT; reg <= APIC_LVTERR; reg += 0x10)
		ok &= reg == APIC_LVT0 || reg == APIC_LVT1 || apic_read(reg) == LVT_MASKED;
	check(ok, "LVT entries are masked at reset, but those the firmware sets [B-13-003]");
	check_eq(apic_read(APIC_SVR), 0xff, "spurious vector register at reset [B-13-003]");
	check(vectors_clear(APIC_ISR) && vectors_clear(APIC_IRR) && vectors_clear(APIC_TMR),
	      "ISR, IRR and TMR are empty at reset [B-13-003]");
	check(!apic_read(APIC_TPR) && !apic_read(APIC_PPR) && !apic_read(APIC_LDR) &&
	      !apic_read(APIC_ESR) && !apic_read(APIC_TMICT) && !apic_read(APIC_TMCCT) &&
	      !apic_read(APIC_TDCR) && apic_read(APIC_DFR) == 0xffffffff,
	      "the other registers at reset [B-13-003]");
	check_eq(rdmsr(HV_X64_MSR_ICR), 0, "ICR MSR at reset [MSR-40000071]");
	check_eq(rdmsr(HV_X64_MSR_TPR), 0, "TPR MSR at reset [MSR-40000072]");
	check_eq(rdmsr(HV_X64_MSR_APIC_ASSIST_PAGE), 0, "assist page MSR at reset [MSR-40000073]");
	check_eq(rdmsr(MSR_APIC_BASE), 0xfee00900, "APIC base: default, enabled, boot processor "
		 "[B-13-002]");
}

/* ---- registers of the page ---- */

static void page_registers(void)
{
	u32 v = apic_read(APIC_VERSION);

	check((v & 0xff) >= 0x10 && (v & 0xff) <= 0x15 && (v >> 16 & 0xff) >= 4,
	      "integrated APIC of the P4/Xeon with five LVT entries or more [B-13-002]");
	apic_write(APIC_VERSION, 0);
	apic_write(APIC_ISR, 0xffffffff);
	check(apic_read(APIC_VERSION) == v && vectors_clear(APIC_ISR),
	      "read-only registers stay [B-13-002]");

	/* SVR is at its reset value: software-disabled */
	apic_write(APIC_LVTERR, 0x33);
	check_eq(apic_read(APIC_LVTERR), LVT_MASKED | 0x33, "LVT mask is stuck while disabled "
		 "[B-13-002]");
	self_ipi(LOW);
	check(!vector_bit(APIC_IRR, LOW), "a disabled APIC takes no fixed interrupt [B-13-002]");
	apic_enable(false);
	check_eq(apic_read(APIC_SVR), 0x1ff, "APIC is enabled");
	check_eq(apic_read(APIC_LVTERR), LVT_MASKED | 0x33, "enabling does not unmask [B-13-002]");
	apic_write(APIC_LVTERR, 0x33);
	check_eq(apic_read(APIC_LVTERR), 0x33, "LVT entry is unmasked [B-13-002]");

	apic_write(APIC_LDR, 0xffffffff);
	check_eq(apic_read(APIC_LDR), 0xff000000, "LDR has eight bits [B-13-002]");
	apic_write(APIC_DFR, 0);
	check_eq(apic_read(APIC_DFR), 0x0fffffff, "DFR has four bits [B-13-002]");
	apic_write(APIC_DFR, 0xffffffff);
	apic_write(APIC_LDR, 0);

	apic_write(APIC_SVR, 0xff);
	check_eq(apic_read(APIC_LVTERR), LVT_MASKED | 0x33, "disabling masks the LVT [B-13-002]");
	apic_enable(false);
}

#define PAGE_FORM(name, insns)								\
static u32 name(u32 v)									\
{											\
	u32 out = 0;									\
											\
	asm volatile(insns : "=&a" (out) : "c" (v), "d" (0xfee00080ULL) : "memory", "rbx"); \
	return out;									\
}

PAGE_FORM(form_89_8b, "movl %%ecx, (%%rdx)\n\tmovl (%%rdx), %%eax")
PAGE_FORM(form_a3_a1, "movl %%ecx, %%eax\n\t.byte 0xa3\n\t.quad 0xfee00080\n\t"
	  "xorl %%eax, %%eax\n\t.byte 0xa1\n\t.quad 0xfee00080")
PAGE_FORM(form_c7, "movl $0x2b, (%%rdx)\n\tmovl (%%rdx), %%eax")
/* m32 has PUSH only outside 64-bit mode */
PAGE_FORM(form_ff6, "movl %%ecx, (%%rdx)\n\tpushq $8\n\tpushq $1f\n\tlretq\n\t"
	  ".code32\n1:	pushl (%%edx)\n\tpopl %%eax\n\tljmp $0x18, $2f\n\t.code64\n2:")

static void page_forms(void)
{
	/* the register is the TPR, which nobody minds */
	check_eq(form_89_8b(0x13), 0x13, "APIC page by MOV m,r and MOV r,m");
	check_eq(form_a3_a1(0x24), 0x24, "APIC page by MOV moffs");
	check_eq(form_c7(0), 0x2b, "APIC page by MOV m,imm");
	check_eq(form_ff6(0x35), 0x35, "APIC page by PUSH");
	check(form_89_8b(0x46) == 0x46 && form_a3_a1(0x57) == 0x57 && form_c7(0) == 0x2b &&
	      form_ff6(0x68) == 0x68, "all forms of access there have to be [B-13-010]");
	apic_write(APIC_TPR, 0);
}

static void errors(void)
{
	set_handler(0x33, on_irq);
	forget_hits();
	apic_write(APIC_LVTERR, 0x33);
	apic_write(APIC_ESR, 0);
	(void)apic_read(0x40);
	check_eq(apic_read(APIC_ESR), 0, "ESR shows nothing before it is written [B-13-002]");
	take_irqs();
	check_eq(hits[0x33], 1, "error interrupt [B-13-002]");
	apic_write(APIC_ESR, 0);
	check_eq(apic_read(APIC_ESR), 0x80, "ESR: illegal register [B-13-002]");
	apic_icr(0, ICR_ASSERT | 5);
	apic_write(APIC_ESR, 0);
	check_eq(apic_read(APIC_ESR), 0x20, "ESR: illegal vector sent [B-13-002]");
	apic_write(APIC_ESR, 0);
	check_eq(apic_read(APIC_ESR), 0, "ESR is clear once written twice [B-13-002]");
	take_irqs();
	check_eq(hits[0x33], 2, "error interrupt for the illegal vector [B-13-002]");
	apic_write(APIC_LVTERR, LVT_MASKED | 0x33);
}

/* ---- the TLFS's MSRs ---- */

static void hv_msrs(void)
{
	u64 v;

	check_eq(rdmsr_safe(HV_X64_MSR_EOI, &v), GP_FAULT,
		 "%s: reading the EOI MSR is #GP [B-13-012 MSR-40000070]", mode);

	/* two in service, the EOI MSR ends the higher one; its upper half is ignored */
	set_handler(LOW, on_irq_no_eoi);
	set_handler(HIGH, on_irq_no_eoi);
	forget_hits();
	self_ipi(LOW);
	take_irqs();
	self_ipi(HIGH);
	take_irqs();
	check(vector_bit(APIC_ISR, LOW) && vector_bit(APIC_ISR, HIGH),
	      "%s: both vectors are in service", mode);
	check_eq(wrmsr_safe(HV_X64_MSR_EOI, 0xffffffff00000000), 0,
		 "%s: EOI MSR: upper half is ignored [MSR-40000070]", mode);
	check(vector_bit(APIC_ISR, LOW) && !vector_bit(APIC_ISR, HIGH),
	      "%s: EOI MSR ends the highest vector in service [MSR-40000070]", mode);
	wrmsr(HV_X64_MSR_EOI, 0);
	check(vectors_clear(APIC_ISR), "%s: and then the other [MSR-40000070]", mode);
	check_eq(wrmsr_safe(HV_X64_MSR_EOI, 0), 0, "%s: EOI with nothing in service", mode);

	wrmsr(HV_X64_MSR_ICR, 0x1200000000000000 | ICR_SELF | ICR_ASSERT | LOW);
	check_eq(rdmsr(HV_X64_MSR_ICR), 0x1200000000000000 | ICR_SELF | ICR_ASSERT | LOW,
		 "%s: ICR MSR reads high and low half [B-13-015 MSR-40000071]", mode);
	if (!x2) {
		check(apic_read(APIC_ICR) == (ICR_SELF | ICR_ASSERT | LOW) &&
		      apic_read(APIC_ICR2) == 0x12000000, "ICR MSR is the APIC's ICR "
		      "[B-13-015 MSR-40000071]");
		/* the high half alone sends nothing, and shows in the MSR */
		apic_write(APIC_ICR2, 0x34000000);
		check_eq(rdmsr(HV_X64_MSR_ICR) >> 32, 0x34000000, "ICR2 shows in the ICR MSR "
			 "[B-13-015 MSR-40000071]");
	}
	take_irqs();
	check_eq(hits[LOW], 2, "%s: ICR MSR has sent the interrupt [MSR-40000071]", mode);
	wrmsr(HV_X64_MSR_EOI, 0);
}

static void task_priority(void)
{
	wrmsr(HV_X64_MSR_TPR, 0x75);
	check(read_cr(8) == 7 && apic_read(APIC_TPR) == 0x75 && rdmsr(HV_X64_MSR_TPR) == 0x75,
	      "%s: TPR MSR shows in CR8 and APIC [B-13-013 MSR-40000072]", mode);
	write_cr(8, 3);
	check(rdmsr(HV_X64_MSR_TPR) == 0x30 && apic_read(APIC_TPR) == 0x30,
	      "%s: CR8 shows in TPR MSR and APIC [B-13-013 MSR-40000072]", mode);
	apic_write(APIC_TPR, 0x5a);
	check(rdmsr(HV_X64_MSR_TPR) == 0x5a && read_cr(8) == 5,
	      "%s: APIC TPR shows in TPR MSR and CR8 [B-13-013 MSR-40000072]", mode);
	write_cr(8, 0);
}

static void lower_by_cr8(void) { write_cr(8, 4); }
static void lower_by_msr(void) { wrmsr(HV_X64_MSR_TPR, 0x4f); }
static void lower_by_apic(void) { apic_write(APIC_TPR, 0x4f); }

static void priority(const char *how, void (*lower)(void))
{
	set_handler(MID, on_irq);
	set_handler(HIGH, on_irq);
	forget_hits();
	write_cr(8, 5);
	irq_enable();
	self_ipi(MID);
	self_ipi(HIGH);
	check(!hits[MID] && hits[HIGH] == 1 && vector_bit(APIC_IRR, MID) &&
	      (apic_read(APIC_PPR) & 0xf0) == 0x50,
	      "%s: the TPR holds back its class and those below [B-13-002]", mode);
	lower();
	cpu_relax();
	check_eq(hits[MID], 1, "%s: lowered by %s it lets the interrupt through [B-13-013]", mode,
		 how);
	irq_disable();
	write_cr(8, 0);
}

static volatile u32 order[8], nr_order;

static void on_nest(struct trap_frame *f)
{
	u32 ppr = apic_read(APIC_PPR);

	count_hit(f->vector);
	order[nr_order++] = f->vector;
	if (f->vector == MID) {
		irq_enable();
		self_ipi(LOW);		/* below: waits */
		self_ipi(MID + 1);	/* same class: waits */
		self_ipi(HIGH);		/* above: nests */
		irq_disable();
		order[nr_order++] = ppr;
	}
	apic_eoi();
}

static void nesting(void)
{
	static const u8 vectors[] = { LOW, MID, MID + 1, HIGH };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++)
		set_handler(vectors[i], on_nest);
	forget_hits();
	nr_order = 0;
	self_ipi(MID);
	take_irqs();
	take_irqs();
	check(nr_order == 5 && order[0] == MID && order[1] == HIGH && (order[2] & 0xf0) == 0x50 &&
	      order[3] == MID + 1 && order[4] == LOW,
	      "%s: higher classes nest, others wait for the EOI [B-13-002]", mode);
	check(idle_apic(), "%s: nothing stays in service", mode);

	/* while masked, two of one vector are one */
	forget_hits();
	set_handler(LOW, on_irq);
	self_ipi(LOW);
	self_ipi(LOW);
	take_irqs();
	check_eq(hits[LOW], 1, "%s: one vector waits once in the IRR [B-13-002]", mode);
}

/* ---- self-IPI: before the next instruction ---- */

static u32 self_by_msr(u32 msr, u64 val)
{
	u32 seen;

	asm volatile("sti\n\tnop\n\twrmsr\n\tmovl %1, %0\n\tcli"
		     : "=&b" (seen) : "m" (hits[LOW]), "c" (msr), "a" ((u32)val),
		       "d" ((u32)(val >> 32)) : "memory");
	return seen;
}

static u32 self_by_page(u32 val)
{
	u32 seen;

	asm volatile("sti\n\tnop\n\tmovl %2, (%3)\n\tmovl %1, %0\n\tcli"
		     : "=&b" (seen) : "m" (hits[LOW]), "r" (val), "r" (0xfee00300ULL) : "memory");
	return seen;
}

static void self_before_next(void)
{
	u32 me = apic_id();
	u64 dest = x2 ? (u64)me << 32 : (u64)me << 56;

	set_handler(LOW, on_irq);
	forget_hits();
	check_eq(self_by_msr(HV_X64_MSR_ICR, ICR_SELF | ICR_ASSERT | LOW), 1,
		 "%s: self-IPI by ICR MSR comes before the next instruction [B-13-014]", mode);
	check_eq(self_by_msr(HV_X64_MSR_ICR, dest | ICR_ASSERT | LOW), 2,
		 "%s: and by its own APIC id [B-13-014]", mode);
	if (!x2) {
		check_eq(self_by_page(ICR_SELF | ICR_ASSERT | LOW), 3,
			 "%s: and by the ICR of the page [B-13-014]", mode);
		return;
	}
	check_eq(self_by_msr(MSR_X2APIC + 0x30, ICR_SELF | ICR_ASSERT | LOW), 3,
		 "%s: and by the x2APIC ICR [B-13-014]", mode);
	check_eq(self_by_msr(MSR_SELF_IPI, LOW), 4, "%s: and by SELF_IPI [B-13-014]", mode);
}

/* ---- NMI ---- */

static volatile u32 nmis, nmi_nested;
static volatile bool in_nmi;

static void on_nmi(struct trap_frame *f)
{
	(void)f;
	if (in_nmi)
		nmi_nested++;
	in_nmi = true;
	if (!nmis++) {
		/* one is kept, the other is that one */
		apic_icr(apic_id(), ICR_NMI | ICR_ASSERT);
		apic_icr(apic_id(), ICR_NMI | ICR_ASSERT);
		for (int i = 0; i < 10; i++)
			(void)apic_read(APIC_ID);
	}
	in_nmi = false;
}

static void nmi(void)
{
	set_handler(2, on_nmi);
	nmis = 0;
	apic_icr(apic_id(), ICR_NMI | ICR_ASSERT);
	check(nmis, "%s: NMI comes with interrupts disabled [B-13-022]", mode);
	wait_quiet(1);
	check(!nmi_nested, "%s: NMI is masked until IRET [B-13-022]", mode);
	check_eq(nmis, 2, "%s: NMIs that came meanwhile are one after it [B-13-022]", mode);
}

/* ---- EOI assist ---- */

static u32 assist_pages[2][1024] __page_aligned;
static volatile u32 *assist = assist_pages[0];
static volatile u32 bit_seen[256], bit_after[256];
/* what the handler of a vector does before its EOI */
static void (*on_entry[256])(void);

#define WRMSR_EOI	1	/* handler ends with the MSR whatever the bit says */
#define APIC_REG_EOI	2
static u8 eoi_how[256];

static bool no_eoi_required(void)
{
	bool was;

	asm volatile("btrl $0, %0" : "+m" (*assist), "=@ccc" (was) : : "memory");
	return was;
}

static void on_assisted(struct trap_frame *f)
{
	u8 v = f->vector;

	bit_seen[v] = *assist & 1;
	hits[v]++;
	if (on_entry[v])
		on_entry[v]();
	bit_after[v] = *assist & 1;
	if (eoi_how[v] == APIC_REG_EOI)
		apic_eoi();
	else if (eoi_how[v] == WRMSR_EOI || !no_eoi_required())
		wrmsr(HV_X64_MSR_EOI, 0);
}

static void assist_on(volatile u32 *page)
{
	assist = page;
	wrmsr(HV_X64_MSR_APIC_ASSIST_PAGE, (u64)page | 1);
}

static void assist_off(void)
{
	wrmsr(HV_X64_MSR_APIC_ASSIST_PAGE, 0);
}

static void assist_new(void)
{
	static const u8 vectors[] = { LOW, MID, HIGH, TOP };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		u8 v = vectors[i];

		set_handler(v, on_assisted);
		on_entry[v] = NULL;
		eoi_how[v] = 0;
		bit_seen[v] = 0xff;
		bit_after[v] = 0xff;
	}
	forget_hits();
}

static void send_low(void) { self_ipi(LOW); }

static void send_high_nested(void)
{
	irq_enable();
	self_ipi(HIGH);
	irq_disable();
}

static void assist_page(void)
{
	u64 msr = (u64)assist_pages[0] | 0xfff, v;

	assist_pages[0][0] = 0x5a5a5a5a;
	assist_pages[0][9] = 0x12345678;
	wrmsr(HV_X64_MSR_APIC_ASSIST_PAGE, (u64)assist_pages[0]);
	check_eq(assist_pages[0][0], 0x5a5a5a5a, "a disabled assist page is not there "
		 "[MSR-40000073]");
	wrmsr(HV_X64_MSR_APIC_ASSIST_PAGE, msr);
	check_eq(rdmsr(HV_X64_MSR_APIC_ASSIST_PAGE), msr, "assist page MSR keeps reserved bits "
		 "[MSR-40000073]");
	assist = assist_pages[0];
	check(!assist[0] && !assist[1] && !assist[9],
	      "assist page is an overlay of zeroes [MSR-40000073 PORT-vp-assist-page-Reserved]");
	assist[9] = 0x77777777;
	check_eq(assist[9], 0x77777777, "the guest may read and write it [B-13-034]");
	assist_on(assist_pages[1]);
	check(assist_pages[0][0] == 0x5a5a5a5a && assist_pages[0][9] == 0x12345678,
	      "what lay under it is back when it moves [MSR-40000073]");
	assist_off();
	check_eq(rdmsr_safe(HV_X64_MSR_APIC_ASSIST_PAGE, &v), 0, "assist page is off");
}

static void assist_bit(void)
{
	assist_new();
	assist_on(assist_pages[0]);
	self_ipi(HIGH);
	take_irqs();
	check(hits[HIGH] == 1 && bit_seen[HIGH] == 1,
	      "%s: No EOI Required is set with an edge interrupt [B-13-028 "
	      "PORT-apic-assist-page-EoiAssist PORT-vp-assist-page-ApicAssist]", mode);
	check_eq(*assist, 0, "%s: and the guest has cleared it", mode);
	self_ipi(HIGH);
	take_irqs();
	check_eq(hits[HIGH], 2, "%s: clearing it was the EOI [B-13-030]", mode);
	check(!vector_bit(APIC_ISR, HIGH), "%s: the ISR says so too [B-13-030]", mode);
	self_ipi(LOW);
	take_irqs();
	check_eq(hits[LOW], 1, "%s: a lower one comes after it [B-13-030]", mode);

	assist_new();
	self_ipi(LOW);
	self_ipi(HIGH);
	take_irqs();
	take_irqs();
	check(hits[HIGH] == 1 && bit_seen[HIGH] == 0,
	      "%s: not set while a lower one is pending [B-13-028]", mode);
	check(hits[LOW] == 1 && bit_seen[LOW] == 1, "%s: set for the last one [B-13-028]", mode);

	assist_new();
	on_entry[HIGH] = send_low;
	self_ipi(HIGH);
	take_irqs();
	take_irqs();
	check(bit_seen[HIGH] == 1 && bit_after[HIGH] == 0,
	      "%s: cleared when a lower one becomes pending [B-13-029]", mode);
	check_eq(hits[LOW], 1, "%s: which the EOI lets through [B-13-029]", mode);
	check(idle_apic(), "%s: nothing stays in service", mode);
}

static u32 isr_in_low[2];

static void nest_and_look(void)
{
	send_high_nested();
	isr_in_low[0] = vector_bit(APIC_ISR, LOW);
	isr_in_low[1] = vector_bit(APIC_ISR, HIGH);
}

static void assist_nested(void)
{
	assist_new();
	on_entry[LOW] = nest_and_look;
	self_ipi(LOW);
	take_irqs();
	check(bit_seen[LOW] == 1 && hits[HIGH] == 1 && bit_seen[HIGH] == 1,
	      "%s: a nested interrupt has the bit [B-13-031]", mode);
	check(isr_in_low[0] && !isr_in_low[1],
	      "%s: its EOI is saved, the other stays in service [B-13-031]", mode);
	check_eq(bit_after[LOW], 0, "%s: and the outer one's EOI is not saved [B-13-031]", mode);
	check(idle_apic(), "%s: both are over in the end [B-13-031]", mode);
	self_ipi(LOW);
	take_irqs();
	check_eq(hits[LOW], 2, "%s: and may come again [B-13-031]", mode);

	assist_new();
	eoi_how[HIGH] = WRMSR_EOI;
	on_entry[LOW] = nest_and_look;
	self_ipi(LOW);
	take_irqs();
	check(bit_seen[HIGH] == 1 && isr_in_low[0] && !isr_in_low[1],
	      "%s: EOI by MSR ends just the one with the bit [B-13-032]", mode);
	assist_new();
	eoi_how[HIGH] = APIC_REG_EOI;
	on_entry[LOW] = nest_and_look;
	self_ipi(LOW);
	take_irqs();
	check(bit_seen[HIGH] == 1 && isr_in_low[0] && !isr_in_low[1],
	      "%s: so does EOI by the APIC [B-13-032]", mode);
	self_ipi(HIGH);
	take_irqs();
	check(hits[HIGH] == 2 && idle_apic(), "%s: and it may come again [B-13-032]", mode);
}

static void turn_on(void) { assist_on(assist_pages[0]); }

static void move(void)
{
	volatile u32 *to = assist == assist_pages[0] ? assist_pages[1] : assist_pages[0];

	to[0] = 0;
	assist_on(to);
}

static void assist_toggle(void)
{
	assist_new();
	on_entry[HIGH] = assist_off;
	eoi_how[HIGH] = WRMSR_EOI;
	self_ipi(HIGH);
	take_irqs();
	check(bit_seen[HIGH] == 1 && idle_apic(),
	      "%s: turned off in the handler, the EOI is due [B-13-033]", mode);
	on_entry[HIGH] = turn_on;
	self_ipi(HIGH);
	take_irqs();
	check(hits[HIGH] == 2 && idle_apic(),
	      "%s: turned on in the handler, the EOI is due [B-13-033]", mode);
	on_entry[HIGH] = move;
	eoi_how[HIGH] = 0;
	bit_seen[HIGH] = 0xff;
	self_ipi(HIGH);
	take_irqs();
	check(hits[HIGH] == 3 && bit_seen[HIGH] == 1 && idle_apic(),
	      "%s: on again it works, and may move in the handler [B-13-033]", mode);
	on_entry[HIGH] = NULL;
	self_ipi(HIGH);
	take_irqs();
	check(hits[HIGH] == 4 && bit_seen[HIGH] == 1 && idle_apic(),
	      "%s: and works where it moved to [B-13-033]", mode);
	assist_off();
}

/* ---- level-triggered: COM1 through the IO-APIC ---- */

#define IOAPIC		0xfec00000ULL
#define COM1_IER	0x3f9
#define COM1_IIR	0x3fa
#define COM1_PIN	4

static void ioapic_write(u32 reg, u32 val)
{
	*(volatile u32 *)IOAPIC = reg;
	*(volatile u32 *)(IOAPIC + 0x10) = val;
}

static void on_level(struct trap_frame *f)
{
	bit_seen[f->vector] = *assist & 1;
	if (++hits[f->vector] == 3)
		outb(COM1_IER, 0);
	if (!no_eoi_required())
		wrmsr(HV_X64_MSR_EOI, 0);
}

static void level(void)
{
	assist_on(assist_pages[0]);
	set_handler(HIGH, on_level);
	forget_hits();
	bit_seen[HIGH] = 0xff;
	ioapic_write(0x11 + 2 * COM1_PIN, apic_id() << 24);
	ioapic_write(0x10 + 2 * COM1_PIN, 1 << 15 | HIGH);
	/* "may transmit" is true all the time: the line stays up until that is disabled */
	outb(COM1_IER, 2);
	wait_for(&hits[HIGH], 3, WAIT_MS);
	outb(COM1_IER, 0);
	wait_quiet(2);
	check(hits[HIGH], "a level-triggered interrupt comes");
	check_eq(bit_seen[HIGH], 0, "No EOI Required is not set for it [B-13-028]");
	check(hits[HIGH] >= 3, "its EOI is told to the parent, which asserts it again [B-13-026]");
	check(!vector_bit(APIC_ISR, HIGH), "and it is over");
	ioapic_write(0x10 + 2 * COM1_PIN, LVT_MASKED);
	(void)inb(COM1_IIR);
	assist_off();
}

/* ---- ExtINT: the 8254 through the 8259 ---- */

static void on_ext(struct trap_frame *f)
{
	hits[f->vector]++;
	outb(0x20, 0x20);
}

static void ext_int(void)
{
	static const u8 init[][2] = {
		{ 0x20, 0x11 }, { 0x21, 0x30 }, { 0x21, 4 }, { 0x21, 1 },
		{ 0xa0, 0x11 }, { 0xa1, 0x38 }, { 0xa1, 2 }, { 0xa1, 1 },
		{ 0xa1, 0xff }, { 0x21, 0xfe },
		/* counter 0, once, after 1 ms */
		{ 0x43, 0x30 }, { 0x40, 0xa9 }, { 0x40, 0x04 },
	};
	unsigned int i;
	u64 end;

	for (i = 0x30; i < 0x38; i++)
		set_handler(i, on_ext);
	forget_hits();
	/* first: QEMU 7.2 ends at a MOV to CR8 while an interrupt window is asked for */
	write_cr(8, 15);
	for (i = 0; i < ARRAY_SIZE(init); i++)
		outb(init[i][0], init[i][1]);
	/* it comes while interrupts are disabled, so that they have to be waited for */
	end = ref_time() + QUIET_MS * 10000;
	while (ref_time() < end)
		cpu_relax();
	wait_for(&hits[0x30], 1, WAIT_MS);
	check_eq(hits[0x30], 1, "ExtINT is not held back by the TPR [B-13-023]");
	outb(0x43, 0x34);		/* 1 kHz */
	outb(0x40, 0xa9);
	outb(0x40, 0x04);
	wait_for(&hits[0x30], 4, WAIT_MS);
	check(hits[0x30] >= 4, "and again, once it was cleared [B-13-023]");
	forget_hits();
	apic_write(APIC_SVR, 0xff);
	wait_for(&hits[0x30], 3, WAIT_MS);
	check(hits[0x30] >= 3, "and comes while the APIC is software-disabled [B-13-023]");
	check(vectors_clear(APIC_ISR), "and is never in service [B-13-023]");
	outb(0x21, 0xff);
	take_irqs();
	apic_write(APIC_SVR, 0x1ff);
	write_cr(8, 0);
}

/* ---- x2APIC's own ---- */

static void x2_registers(void)
{
	u64 v;

	check_eq(wrmsr_safe(MSR_APIC_BASE, 0xfee00900), GP_FAULT, "x2APIC to xAPIC is #GP");
	check_eq(rdmsr(MSR_X2APIC + 2), apic_id(), "x2APIC id is readable");
	check_eq(rdmsr(MSR_X2APIC + 0xd), 1, "x2APIC logical id comes from the id");
	check_eq(wrmsr_safe(MSR_X2APIC + 0xd, 2), GP_FAULT, "x2APIC logical id is read-only");
	check_eq(rdmsr_safe(MSR_X2APIC + 0xe, &v), GP_FAULT, "x2APIC has no DFR");
	check_eq(rdmsr_safe(MSR_X2APIC + 0x31, &v), GP_FAULT, "x2APIC has no ICR2");
	check_eq(rdmsr_safe(MSR_SELF_IPI, &v), GP_FAULT, "SELF_IPI is write-only");
	check_eq(rdmsr_safe(MSR_X2APIC + 0xb, &v), GP_FAULT, "x2APIC EOI is write-only");
	check_eq(wrmsr_safe(MSR_X2APIC + 0xb, 1), GP_FAULT, "x2APIC EOI takes only zero");
	check_eq(wrmsr_safe(MSR_X2APIC + 8, 0x100), GP_FAULT, "x2APIC TPR has eight bits");
	check_eq(wrmsr_safe(MSR_X2APIC + 0x28, 1), GP_FAULT, "x2APIC ESR takes only zero");
	check_eq(rdmsr_safe(0x8ff, &v), GP_FAULT, "last MSR of the range is #GP");
}

static void both_modes(void)
{
	hv_msrs();
	task_priority();
	priority("CR8", lower_by_cr8);
	priority("the MSR", lower_by_msr);
	priority("the APIC", lower_by_apic);
	nesting();
	self_before_next();
	nmi();
	assist_bit();
	assist_nested();
	assist_toggle();
}

void payload(void)
{
	u32 r[4];

	reset_state();
	page_registers();
	page_forms();
	errors();
	assist_page();
	both_modes();
	level();
	ext_int();

	cpuid(1, 0, r);
	if (!(r[2] & 1 << 21)) {
		skip("no x2APIC", "x2APIC");
		return;
	}
	apic_enable(true);
	x2 = true;
	mode = "x2APIC";
	x2_registers();
	both_modes();
}
