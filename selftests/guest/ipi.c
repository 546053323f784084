// SPDX-License-Identifier: GPL-2.0-only
/*
 * ipi.c - interrupts between VPs: ICR, INIT and SIPI, EOI assist, cluster IPI (TLFS 13; 5.0C 10.5)
 */
#include "intr.h"

void payload(void);

#define LOW		0x41
#define VECTOR		0x51
#define HIGH		0x61
#define SERVE_PAGE	8	/* where SIPI starts the others */

static const char *mode = "xAPIC";
static unsigned int vps;
static bool x2;
static u32 all;		/* mask of VPs */

/* they sleep, and take interrupts there */
static bool came_to(u8 vector, u32 mask)
{
	unsigned int i, want = 0;
	bool ok = true;

	for (i = 0; i < vps; i++)
		want += mask >> i & 1;
	wait_for(&hits[vector], want, WAIT_MS);
	wait_quiet(2);
	for (i = 0; i < vps; i++)
		ok &= hits_on[i][vector] == (mask >> i & 1);
	if (!ok)
		printf("# vector 0x%x came %u %u %u %u times, want mask 0x%x\n", vector,
		       hits_on[0][vector], hits_on[1][vector], hits_on[2][vector],
		       hits_on[3][vector], mask);
	for (i = 0; i < vps; i++)
		hits_on[i][vector] = 0;
	hits[vector] = 0;
	return ok;
}

/* ---- fixed ---- */

static void physical(void)
{
	u64 shift = x2 ? 32 : 56;

	apic_icr(cpu_apic_id[2], ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 1 << 2), "%s: fixed IPI to one VP [B-13-005 B-13-036]", mode);
	wrmsr(HV_X64_MSR_ICR, (u64)cpu_apic_id[3] << shift | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 1 << 3),
	      "%s: the ICR MSR sends with both halves at once [B-13-011 MSR-40000071]", mode);
	wrmsr(HV_X64_MSR_ICR, (u64)cpu_apic_id[1] << shift | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 1 << 1), "%s: and so the next one [B-13-011 MSR-40000071]", mode);
	apic_icr(0x77, ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0), "%s: nobody has the APIC id [B-13-036]", mode);
	apic_icr(x2 ? 0xffffffff : 0xff, ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, all), "%s: broadcast id [B-13-005]", mode);
}

static void shorthands(void)
{
	apic_icr(cpu_apic_id[2], ICR_SELF | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 1), "%s: self [B-13-005]", mode);
	apic_icr(cpu_apic_id[2], ICR_ALL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, all), "%s: all [B-13-005]", mode);
	apic_icr(cpu_apic_id[2], ICR_OTHERS | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, all & ~1), "%s: all but self [B-13-005]", mode);
}

/* ---- logical ---- */

struct logical {
	u32 ldr;
	u32 dfr;
};

static void set_logical(void *arg)
{
	const struct logical *l = arg;

	apic_write(APIC_DFR, l->dfr);
	apic_write(APIC_LDR, l->ldr << 24);
}

static void set_all_logical(u32 dfr, const u8 *ldr)
{
	for (unsigned int i = 0; i < vps; i++) {
		struct logical l = { ldr[i], dfr };

		if (i)
			vp_run(i, set_logical, &l);
		else
			set_logical(&l);
	}
}

static void logical_page(void)
{
	static const u8 flat[] = { 0x01, 0x12, 0x24, 0x28 };
	static const u8 cluster[] = { 0x11, 0x12, 0x21, 0x22 };

	set_all_logical(0xffffffff, flat);
	apic_icr(0x0a, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0x0a), "flat: those with a bit of it [B-13-005 B-13-036]");
	apic_icr(0x20, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0x0c), "flat: a bit several have [B-13-036]");
	apic_icr(0x40, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0), "flat: a bit nobody has [B-13-036]");
	apic_icr(0xff, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, all), "flat: all [B-13-036]");

	set_all_logical(0x0fffffff, cluster);
	apic_icr(0x22, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0x08), "cluster: one of one [B-13-005 B-13-036]");
	apic_icr(0x13, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0x03), "cluster: two of one [B-13-036]");
	apic_icr(0x33, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0), "cluster: one that is empty [B-13-036]");
	apic_icr(0xff, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, all), "cluster: all of all [B-13-036]");
	set_all_logical(0xffffffff, flat);
}

static void logical_x2(void)
{
	apic_icr(0x0000a, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0x0a), "x2APIC: two of cluster 0 [B-13-005 B-13-036]");
	apic_icr(0x1000f, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0), "x2APIC: cluster 1 is empty [B-13-036]");
	apic_icr(0xffffffff, ICR_LOGICAL | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, all), "x2APIC: all of all [B-13-036]");
}

/* ---- lowest priority ---- */

static void set_tpr(void *tpr)
{
	wrmsr(HV_X64_MSR_TPR, *(u32 *)tpr);
}

static void set_tprs(const u8 *tpr)
{
	for (unsigned int i = 0; i < vps; i++) {
		u32 t = tpr[i];

		if (i)
			vp_run(i, set_tpr, &t);
		else
			set_tpr(&t);
	}
}

static void lowest_priority(void)
{
	static const u8 equal[MAX_VPS];
	static const u8 three[] = { 0x90, 0x80, 0x80, 0x30 };
	static const u8 one[] = { 0x90, 0x30, 0x80, 0x80 };
	u32 dest = x2 ? 0x0e : 0x3e, n = 0, i;

	for (i = 0; i < 12; i++) {
		apic_icr(dest, ICR_LOGICAL | ICR_LOWEST | ICR_ASSERT | VECTOR);
		wait_for(&hits[VECTOR], i + 1, WAIT_MS);
	}
	wait_quiet(2);
	for (i = 1; i < vps; i++)
		n += hits_on[i][VECTOR];
	check(n == 12 && hits[VECTOR] == 12, "%s: lowest priority goes to one of the set "
	      "[B-13-005 B-13-019]", mode);
	forget_hits();
	set_tprs(three);
	apic_icr(dest, ICR_LOGICAL | ICR_LOWEST | ICR_ASSERT | 0xa1);
	check(came_to(0xa1, 1 << 3), "%s: to the one with the lowest TPR [B-13-019]", mode);
	set_tprs(one);
	apic_icr(dest, ICR_LOGICAL | ICR_LOWEST | ICR_ASSERT | 0xa1);
	check(came_to(0xa1, 1 << 1), "%s: which may change [B-13-019]", mode);
	set_tprs(equal);
}

/* ---- NMI, SMI ---- */

static void nmis(void)
{
	apic_icr(cpu_apic_id[2], ICR_NMI | ICR_ASSERT);
	check(came_to(2, 1 << 2), "%s: NMI to one VP [B-13-005]", mode);
	apic_icr(0, ICR_OTHERS | ICR_NMI | ICR_ASSERT);
	check(came_to(2, all & ~1), "%s: NMI to all but self [B-13-005]", mode);
	wrmsr(HV_X64_MSR_ICR, (u64)cpu_apic_id[3] << (x2 ? 32 : 56) | ICR_NMI | ICR_ASSERT);
	check(came_to(2, 1 << 3), "%s: NMI by the ICR MSR [B-13-011]", mode);
	apic_icr(cpu_apic_id[1], ICR_SMI | ICR_ASSERT);
	apic_icr(cpu_apic_id[1], ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 1 << 1), "%s: a VP that was sent an SMI goes on [B-13-007]", mode);
}

/* ---- INIT and SIPI ---- */

#define BIT_OF_CALL	(1U << CALL_VECTOR % 32)

struct apic_state {
	u32 isr, irr, tpr, lvtt, lvterr, tmict, ldr, dfr;
	u64 assist, icr;
};

static u32 spare_page[1024] __page_aligned;

static void no_irqs(struct trap_frame *f)
{
	(void)f;	/* stays in service */
}

/* a state that INIT has to undo; interrupts stay off */
static void make_state(void *unused)
{
	(void)unused;
	set_handler(LOW, no_irqs);
	wrmsr(HV_X64_MSR_ICR, ICR_SELF | ICR_ASSERT | LOW);
	take_irqs();
	wrmsr(HV_X64_MSR_ICR, ICR_SELF | ICR_ASSERT | HIGH);
	wrmsr(HV_X64_MSR_TPR, 0x20);
	wrmsr(HV_X64_MSR_APIC_ASSIST_PAGE, (u64)spare_page | 1);
	if (!x2)
		apic_write(APIC_LDR, 0x30000000);
	apic_write(APIC_LVTERR, 0x35);
	apic_write(APIC_LVTT, LVT_PERIODIC | HIGH);
	apic_write(APIC_TMICT, 1000000000);
}

/* but for the one that calls for this, which comes when it comes */
static bool other_vectors(u32 regs)
{
	u32 i, any = 0;

	for (i = 0; i < 8; i++)
		any |= apic_read(regs + i * 16) & (i == CALL_VECTOR / 32 ? ~BIT_OF_CALL : ~0U);
	return any;
}

static void get_state(void *arg)
{
	struct apic_state *s = arg;

	s->isr = other_vectors(APIC_ISR);
	s->irr = other_vectors(APIC_IRR);
	s->tpr = apic_read(APIC_TPR);
	s->lvtt = apic_read(APIC_LVTT);
	s->lvterr = apic_read(APIC_LVTERR);
	s->tmict = apic_read(APIC_TMICT);
	s->ldr = x2 ? 0 : apic_read(APIC_LDR);
	s->dfr = x2 ? 0xffffffff : apic_read(APIC_DFR);
	s->assist = rdmsr(HV_X64_MSR_APIC_ASSIST_PAGE);
	s->icr = rdmsr(HV_X64_MSR_ICR);
}

static void init_sipi(void)
{
	struct apic_state s = { 0 };

	/* level-triggered without level: the de-assertion, which no processor takes */
	apic_icr(cpu_apic_id[1], ICR_INIT | 0x8000);
	apic_icr(cpu_apic_id[1], ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 1 << 1), "%s: INIT de-assertion does nothing [B-13-005]", mode);
	/* no VP waits for it */
	apic_icr(cpu_apic_id[1], ICR_SIPI | ICR_ASSERT | 0x70);
	apic_icr(cpu_apic_id[1], ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 1 << 1), "%s: SIPI to a running VP is ignored [B-13-020]", mode);

	check(vp_run(1, make_state, NULL), "%s: VP 1 has a state", mode);
	check(vp_run(1, get_state, &s) && s.isr && s.tpr == 0x20 && s.tmict &&
	      s.lvterr == 0x35 && s.assist, "%s: which shows", mode);
	vp_init(1);
	apic_icr(cpu_apic_id[1], ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0), "%s: after INIT a VP runs no more [B-13-005 B-13-021]", mode);
	memset((void *)(SERVE_PAGE * PAGE_SIZE), 0xf4, 64);
	check(vp_restart(1, 0x6a), "%s: SIPI starts it at vector * 4096 [B-13-005 B-13-020 "
	      "B-13-021]", mode);
	check(vp_run(1, get_state, &s), "%s: it serves again", mode);
	check(!s.isr && !s.irr, "%s: INIT clears ISR and IRR [B-13-003 B-13-021]", mode);
	check(!s.tpr && s.lvtt == LVT_MASKED && s.lvterr == LVT_MASKED && !s.tmict && !s.ldr &&
	      s.dfr == 0xffffffff && !s.icr,
	      "%s: INIT resets the other registers of the APIC [B-13-003 B-13-021]", mode);
	check(!s.icr && !s.tpr && !s.assist, "%s: and the APIC MSRs "
	      "[MSR-40000071 MSR-40000072 MSR-40000073]", mode);
	apic_icr(0, ICR_OTHERS | ICR_INIT | ICR_ASSERT);
	wait_quiet(1);
	apic_icr(0, ICR_OTHERS | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 0), "%s: INIT to all but self [B-13-005]", mode);
	check(vp_restart(1, SERVE_PAGE) && vp_restart(2, SERVE_PAGE) && vp_restart(3, SERVE_PAGE),
	      "%s: and a SIPI for each of them [B-13-005 B-13-020]", mode);
	apic_icr(0, ICR_OTHERS | ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, all & ~1), "%s: all are back", mode);
}

/* ---- APIC base ---- */

static void move_base(void *arg)
{
	u64 *base = arg;
	u64 old = rdmsr(MSR_APIC_BASE);

	wrmsr(MSR_APIC_BASE, (old & 0xfff) | base[0]);
	base[1] = *(volatile u32 *)(base[0] + APIC_ID) >> 24;
	base[2] = rdmsr(MSR_APIC_BASE);
}

static void apic_base(void)
{
	u64 base[3] = { 0xfee40000 }, mine = rdmsr(MSR_APIC_BASE);

	check(vp_run(1, move_base, base), "VP 1 moves its APIC page");
	check(base[1] == cpu_apic_id[1] && (base[2] & ~0xfffULL) == 0xfee40000,
	      "the APIC answers at its new base [B-13-006]");
	check_eq(rdmsr(MSR_APIC_BASE), mine, "each VP has a base of its own [B-13-006]");
	base[0] = 0xfee00000;
	check(vp_run(1, move_base, base) && base[1] == cpu_apic_id[1], "and back [B-13-006]");
}

/* ---- EOI assist of several VPs ---- */

static volatile u32 assist[MAX_VPS][1024] __page_aligned;
static volatile u32 seen[MAX_VPS], others[MAX_VPS], cleared[MAX_VPS], entered;

static void assist_on(void *arg)
{
	*(u64 *)arg = rdmsr(HV_X64_MSR_APIC_ASSIST_PAGE);
	wrmsr(HV_X64_MSR_APIC_ASSIST_PAGE, (u64)assist[vp_index()] | 1);
}

static void assist_off(void *unused)
{
	(void)unused;
	wrmsr(HV_X64_MSR_APIC_ASSIST_PAGE, 0);
}

static void on_assisted(struct trap_frame *f)
{
	u32 me = vp_index(), other = me == 1 ? 2 : 1;
	u64 end = ref_time() + WAIT_MS * 10000ULL;

	seen[me] = assist[me][0];
	others[me] = assist[other][0];
	entered++;
	if (f->vector == HIGH) {
		while (assist[me][0] & 1 && ref_time() < end)
			cpu_relax();
		cleared[me] = !(assist[me][0] & 1);
	}
	count_hit(f->vector);
	wrmsr(HV_X64_MSR_EOI, 0);
}

static void eoi_assist(void)
{
	u64 was[2] = { 1, 1 };

	set_handler(VECTOR, on_assisted);
	set_handler(HIGH, on_assisted);
	set_handler(LOW, on_irq);
	check(vp_run(1, assist_on, &was[0]) && vp_run(2, assist_on, &was[1]) && !was[0] && !was[1],
	      "%s: assist page MSRs of the VPs are independent [MSR-40000073]", mode);
	assist[1][5] = 0x1111;
	check(assist[2][5] == 0, "%s: assist pages are as many [B-13-034]", mode);
	apic_icr(cpu_apic_id[1], ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 1 << 1) && seen[1] == 1 && !others[1],
	      "%s: the interrupt of one VP shows in its page [B-13-034]", mode);
	apic_icr(cpu_apic_id[2], ICR_ASSERT | VECTOR);
	check(came_to(VECTOR, 1 << 2) && seen[2] == 1, "%s: of the other in the other [B-13-034]",
	      mode);

	entered = 0;
	forget_hits();
	apic_icr(cpu_apic_id[1], ICR_ASSERT | HIGH);
	wait_for(&entered, 1, WAIT_MS);
	apic_icr(cpu_apic_id[1], ICR_ASSERT | LOW);
	check(came_to(HIGH, 1 << 1) && cleared[1],
	      "%s: a lower IPI of another VP clears No EOI Required [B-13-029]", mode);
	check(came_to(LOW, 1 << 1), "%s: and comes after the EOI [B-13-029]", mode);
	vp_run(1, assist_off, NULL);
	vp_run(2, assist_off, NULL);
	set_handler(VECTOR, on_irq);
	set_handler(HIGH, on_irq);
}

/* ---- cluster IPI ---- */

static struct {
	u32 vector;
	u8 vtl;
	u8 reserved[3];
	u64 mask;		/* Ex: format */
	u64 banks;
	u64 bank[8];
} input __page_aligned;

static u16 send_slow(u32 vector, u8 vtl, u64 mask)
{
	memset(&input, 0, sizeof(input));
	input.vector = vector;
	input.vtl = vtl;
	input.mask = mask;
	return hv_status(hypercall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI, (u64)&input, 0));
}

static u16 send_fast(u64 first, u64 mask)
{
	return hv_status(hypercall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI | HV_FAST, first, mask));
}

static void cluster_ipi(void)
{
	const u64 with = HVCALL_SEND_SYNTHETIC_CLUSTER_IPI;

	check(send_slow(VECTOR, 0, 0x0a) == HV_STATUS_SUCCESS && came_to(VECTOR, 0x0a),
	      "cluster IPI, slow [HC-000B]");
	check(send_fast(VECTOR, 0x0d) == HV_STATUS_SUCCESS && came_to(VECTOR, 0x0d),
	      "cluster IPI, fast, self too [HC-000B]");
	check(send_fast(VECTOR, 0) == HV_STATUS_SUCCESS && came_to(VECTOR, 0),
	      "cluster IPI to nobody [HC-000B]");
	check(send_fast(VECTOR, 1ULL << 63 | 4) == HV_STATUS_SUCCESS && came_to(VECTOR, 4),
	      "cluster IPI to VPs that do not exist [HC-000B]");
	check(send_fast(0x10, 2) == HV_STATUS_SUCCESS && came_to(0x10, 2) &&
	      send_fast(0xff, 2) == HV_STATUS_SUCCESS && came_to(0xff, 2),
	      "cluster IPI: first and last vector [HC-000B]");
	check(send_slow(VECTOR, 0x10, 4) == HV_STATUS_SUCCESS && came_to(VECTOR, 4),
	      "cluster IPI to VTL 0 by name [HC-000B]");

	check(send_fast(0x0f, 2) == HV_STATUS_INVALID_PARAMETER &&
	      send_fast(0x100, 2) == HV_STATUS_INVALID_PARAMETER &&
	      send_slow(2, 0, 2) == HV_STATUS_INVALID_PARAMETER &&
	      send_slow(0x80000051, 0, 2) == HV_STATUS_INVALID_PARAMETER &&
	      came_to(2, 0) && came_to(VECTOR, 0),
	      "cluster IPI: vectors out of range [HC-000B/INVALID_PARAMETER]");
	check(send_fast(VECTOR | 1ULL << 40, 2) == HV_STATUS_INVALID_PARAMETER &&
	      send_fast(VECTOR | 1ULL << 63, 2) == HV_STATUS_INVALID_PARAMETER &&
	      send_fast(VECTOR | 0x20ULL << 32, 2) == HV_STATUS_INVALID_PARAMETER &&
	      send_fast(VECTOR | 0x11ULL << 32, 2) == HV_STATUS_INVALID_PARAMETER &&
	      came_to(VECTOR, 0),
	      "cluster IPI: reserved bits, another VTL [HC-000B/INVALID_PARAMETER]");
	check(hv_status(hypercall(with | HV_FAST | HV_VAR(1), VECTOR, 2)) ==
	      HV_STATUS_INVALID_HYPERCALL_INPUT &&
	      hv_status(hypercall(with | HV_FAST | HV_REPS(1), VECTOR, 2)) ==
	      HV_STATUS_INVALID_HYPERCALL_INPUT && came_to(VECTOR, 0),
	      "cluster IPI has neither variable header nor list [HC-000B]");
}

static u16 send_ex(u32 vector, u8 vtl, u64 format, u64 banks, unsigned int nr)
{
	input.vector = vector;
	input.vtl = vtl;
	input.mask = format;
	input.banks = banks;
	return hv_status(hypercall(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | HV_VAR(nr),
				   (u64)&input, 0));
}

static u16 send_ex_fast(u64 first, u64 format, u64 banks, u64 bank, unsigned int nr)
{
	u64 xmm[12] = { banks, bank };

	return hv_status(hypercall_xmm(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI_EX | HV_FAST | HV_VAR(nr),
				       first, format, xmm));
}

static void cluster_ipi_ex(void)
{
	memset(&input, 0, sizeof(input));
	input.bank[0] = 0x0a;
	check(send_ex(VECTOR, 0, HV_VPSET_FORMAT_SPARSE_4K, 1, 1) == HV_STATUS_SUCCESS &&
	      came_to(VECTOR, 0x0a), "cluster IPI Ex, one bank [HC-0015]");
	input.bank[0] = 0x05;
	input.bank[1] = 0x0f;
	input.bank[2] = ~0ULL;
	check(send_ex(VECTOR, 0, HV_VPSET_FORMAT_SPARSE_4K, 1ULL << 63 | 1ULL << 40 | 1, 3) ==
	      HV_STATUS_SUCCESS && came_to(VECTOR, 0x05),
	      "cluster IPI Ex, banks without VPs [HC-0015]");
	input.bank[0] = 0x0f;
	check(send_ex(VECTOR, 0, HV_VPSET_FORMAT_SPARSE_4K, 2, 1) == HV_STATUS_SUCCESS &&
	      came_to(VECTOR, 0), "cluster IPI Ex: the bank's number counts [HC-0015]");
	check(send_ex(VECTOR, 0, HV_VPSET_FORMAT_SPARSE_4K, 0, 0) == HV_STATUS_SUCCESS &&
	      came_to(VECTOR, 0), "cluster IPI Ex to nobody [HC-0015]");
	check(send_ex(VECTOR, 0, HV_VPSET_FORMAT_ALL, 0, 0) == HV_STATUS_SUCCESS &&
	      came_to(VECTOR, all), "cluster IPI Ex to all [HC-0015]");
	check(send_ex_fast(VECTOR, HV_VPSET_FORMAT_SPARSE_4K, 1, 0x0c, 1) == HV_STATUS_SUCCESS &&
	      came_to(VECTOR, 0x0c), "cluster IPI Ex in registers [HC-0015]");
	check(send_ex_fast(0x10, HV_VPSET_FORMAT_SPARSE_4K, 1, 2, 1) == HV_STATUS_SUCCESS &&
	      came_to(0x10, 2) &&
	      send_ex_fast(0xff, HV_VPSET_FORMAT_SPARSE_4K, 1, 2, 1) == HV_STATUS_SUCCESS &&
	      came_to(0xff, 2), "cluster IPI Ex: first and last vector [HC-0015]");

	input.bank[0] = 0x0f;
	check(send_ex(0x0f, 0, 0, 1, 1) == HV_STATUS_INVALID_PARAMETER &&
	      send_ex(0x100, 0, 0, 1, 1) == HV_STATUS_INVALID_PARAMETER &&
	      send_ex(2, 0, HV_VPSET_FORMAT_ALL, 0, 0) == HV_STATUS_INVALID_PARAMETER &&
	      came_to(2, 0), "cluster IPI Ex: vectors out of range [HC-0015/INVALID_PARAMETER]");
	check(send_ex(VECTOR, 0, 2, 1, 1) == HV_STATUS_INVALID_PARAMETER &&
	      send_ex(VECTOR, 0, 1ULL << 32, 1, 1) == HV_STATUS_INVALID_PARAMETER &&
	      came_to(VECTOR, 0),
	      "cluster IPI Ex: a set of another format [HC-0015/INVALID_PARAMETER]");
	check(send_ex_fast(VECTOR | 1ULL << 40, 0, 1, 0x0f, 1) == HV_STATUS_INVALID_PARAMETER &&
	      send_ex_fast(VECTOR | 0x20ULL << 32, 0, 1, 0x0f, 1) == HV_STATUS_INVALID_PARAMETER &&
	      send_ex_fast(VECTOR | 0x11ULL << 32, 0, 1, 0x0f, 1) == HV_STATUS_INVALID_PARAMETER &&
	      came_to(VECTOR, 0),
	      "cluster IPI Ex: reserved bits, another VTL [HC-0015/INVALID_PARAMETER]");
	check(send_ex(VECTOR, 0, 0, 3, 1) != HV_STATUS_SUCCESS &&
	      send_ex(VECTOR, 0, 0, 1, 2) != HV_STATUS_SUCCESS && came_to(VECTOR, 0),
	      "cluster IPI Ex: as many banks as the set says [HC-0015]");
}

static void to_x2apic(void *unused)
{
	(void)unused;
	wrmsr(MSR_APIC_BASE, rdmsr(MSR_APIC_BASE) | 1 << 10);
}

static void both_modes(void)
{
	physical();
	shorthands();
	if (x2)
		logical_x2();
	else
		logical_page();
	lowest_priority();
	nmis();
	init_sipi();
	eoi_assist();
}

void payload(void)
{
	u32 r[4], i;

	hv_enable();
	apic_enable(false);
	vps = vps_start();
	check_eq(vps, MAX_VPS, "INIT and SIPI start the other VPs [B-13-005 B-13-020]");
	if (vps != MAX_VPS)
		return;
	all = (1 << vps) - 1;
	set_handler(2, on_irq_no_eoi);
	for (i = 0x10; i < 0x100; i++)
		if (i != CALL_VECTOR && (i < 0x11 || i >= 0x20))
			set_handler(i, on_irq);
	both_modes();
	apic_base();
	cluster_ipi();
	cluster_ipi_ex();

	cpuid(1, 0, r);
	if (!(r[2] & 1 << 21)) {
		skip("no x2APIC", "x2APIC");
		return;
	}
	for (i = 1; i < vps; i++)
		vp_run(i, to_x2apic, NULL);
	apic_enable(true);
	x2 = true;
	mode = "x2APIC";
	both_modes();
	check(send_fast(VECTOR, 0x0d) == HV_STATUS_SUCCESS && came_to(VECTOR, 0x0d),
	      "x2APIC: cluster IPI [HC-000B]");
}
