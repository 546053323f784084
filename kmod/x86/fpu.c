// SPDX-License-Identifier: GPL-2.0-only
/*
 * fpu.c - x87, SSE, AVX and AVX-512 state of a VP
 *
 * Inside the run window the guest's state is in the registers and the thread's own state is where
 * kernel_fpu_begin() put it.  Outside it is in vp->fpu.area, in the standard XSAVE format: some
 * processors (and emulators) have no XSAVEC and XSAVES.
 *
 * An XRSTOR of the area must never fault.  So nothing gets into it unchecked: XSTATE_BV is within
 * tlfs_fpu_features, the reserved header is zero and MXCSR has no reserved bit.
 *
 * Protection keys, AMX, CET and processor trace are not switched here and not offered.
 */
#include <linux/cpufeature.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <asm/fpu/api.h>
#include <asm/pkru.h>
#include <asm/processor.h>
#include <asm/special_insns.h>

#include "tlfs.h"

#define FPU_LEGACY	(XFEATURE_MASK_FP | XFEATURE_MASK_SSE)
#define FPU_AVX512	XFEATURE_MASK_AVX512
/* what load and put move; anything else stays the host's */
#define FPU_SWITCHED	(FPU_LEGACY | XFEATURE_MASK_YMM | FPU_AVX512)

#define FPU_COMPONENTS	63
#define FPU_EXTENDED	2		/* first component after the legacy area */
#define FPU_EXT_OFFSET	sizeof(struct xregs_state)
#define FPU_XMMS	16
#define FPU_FPRS	8

/* MXCSR bits of processors whose FXSAVE image says 0 */
#define FPU_MXCSR_MASK_DEFAULT	0xffbf
#define FPU_CWD_INIT		0x037f	/* FNINIT, and XRSTOR of an unset component */
#define FPU_CWD_RESET		0x0040	/* power-on */
#define FPU_TWD_RESET		0xff	/* all valid: 0x5555 in the long form */

/* CPUID 0xD */
struct fpu_component {
	u32 offset;	/* in the standard format */
	u32 size;
	bool align;	/* to 64 bytes in the compacted format */
};

static struct fpu_component fpu_component[FPU_COMPONENTS] __ro_after_init;
static u64 fpu_known __ro_after_init;		/* components CPUID describes */
static u64 host_xcr0 __ro_after_init;		/* 0: no XSAVE here */
static u64 host_xss __ro_after_init;
static bool has_xsaveopt __ro_after_init;
static u32 mxcsr_mask __ro_after_init;
static unsigned int area_size __ro_after_init;
static unsigned int state_size __ro_after_init;

u64 tlfs_fpu_features __ro_after_init;

/* ---- the instructions ---- */

static u64 fpu_xgetbv(void)
{
	u32 lo, hi;

	asm volatile("xgetbv" : "=a" (lo), "=d" (hi) : "c" (0));
	return lo | (u64)hi << 32;
}

static void fpu_xsetbv(u64 val)
{
	asm volatile("xsetbv" : : "a" ((u32)val), "d" ((u32)(val >> 32)), "c" (0) : "memory");
}

static void fpu_fxsave(struct xregs_state *area)
{
	asm volatile("fxsave64 %0" : "+m" (area->i387));
}

static void fpu_fxrstor(const struct xregs_state *area)
{
	asm volatile("fxrstor64 %0" : : "m" (area->i387));
}

static void fpu_save(struct xregs_state *area)
{
	u32 lo = tlfs_fpu_features, hi = tlfs_fpu_features >> 32;

	if (!host_xcr0)
		fpu_fxsave(area);
	else if (has_xsaveopt)
		asm volatile("xsaveopt64 %0" : "+m" (*area) : "a" (lo), "d" (hi) : "memory");
	else
		asm volatile("xsave64 %0" : "+m" (*area) : "a" (lo), "d" (hi) : "memory");
}

/*
 * Some processors restore the x87 instruction and data pointers only from an image with an
 * exception pending, and so would show the guest those of the thread before.  This image has one
 * pending, and zero pointers.
 */
static const struct fxregs_state fpu_no_pointers = {
	.cwd = FPU_CWD_INIT & ~1,	/* invalid operation not masked */
	.swd = 0x81,			/* and pending */
	.mxcsr = MXCSR_DEFAULT,
};

static void fpu_restore(const struct xregs_state *area)
{
	u32 lo = tlfs_fpu_features, hi = tlfs_fpu_features >> 32;

	if (static_cpu_has_bug(X86_BUG_FXSAVE_LEAK))
		asm volatile("fxrstor64 %0" : : "m" (fpu_no_pointers));
	if (host_xcr0)
		asm volatile("xrstor64 %0" : : "m" (*area), "a" (lo), "d" (hi) : "memory");
	else
		fpu_fxrstor(area);
}

/* ---- module and VP ---- */

static unsigned int fpu_compacted_end(u64 components)
{
	unsigned int i, end = FPU_EXT_OFFSET;

	for (i = FPU_EXTENDED; i < FPU_COMPONENTS; i++) {
		if (!(components & BIT_ULL(i)))
			continue;
		if (fpu_component[i].align)
			end = ALIGN(end, 64);
		end += fpu_component[i].size;
	}
	return end;
}

static void fpu_read_cpuid(void)
{
	u32 eax, ebx, ecx, edx;
	unsigned int i;

	cpuid_count(0xd, 0, &eax, &ebx, &ecx, &edx);
	fpu_known = (eax | (u64)edx << 32) & ~BIT_ULL(63);
	for (i = FPU_EXTENDED; i < FPU_COMPONENTS; i++) {
		if (!(fpu_known & BIT_ULL(i)))
			continue;
		cpuid_count(0xd, i, &eax, &ebx, &ecx, &edx);
		fpu_component[i].size = eax;
		fpu_component[i].offset = ebx;
		fpu_component[i].align = ecx & BIT(1);
	}
}

int __init tlfs_fpu_setup(void)
{
	struct xregs_state *area;
	unsigned int i;

	area = kzalloc(roundup_pow_of_two(sizeof(*area)), GFP_KERNEL);
	if (!area)
		return -ENOMEM;
	kernel_fpu_begin();
	fpu_fxsave(area);
	kernel_fpu_end();
	mxcsr_mask = area->i387.mxcsr_mask ?: FPU_MXCSR_MASK_DEFAULT;
	kfree(area);

	tlfs_fpu_features = FPU_LEGACY;
	fpu_known = FPU_LEGACY;
	if (boot_cpu_has(X86_FEATURE_XSAVE) && (__read_cr4() & X86_CR4_OSXSAVE)) {
		host_xcr0 = fpu_xgetbv();
		has_xsaveopt = boot_cpu_has(X86_FEATURE_XSAVEOPT);
		if (boot_cpu_has(X86_FEATURE_XSAVES))
			rdmsrl(MSR_IA32_XSS, host_xss);
		fpu_read_cpuid();
		tlfs_fpu_features = host_xcr0 & fpu_known & FPU_SWITCHED;
		/* the three AVX-512 components come together and upon AVX, or not at all */
		if ((tlfs_fpu_features & FPU_AVX512) != FPU_AVX512 ||
		    !(tlfs_fpu_features & XFEATURE_MASK_YMM) ||
		    fpu_compacted_end(tlfs_fpu_features) > TLFS_PAGE_SIZE)
			tlfs_fpu_features &= ~(u64)FPU_AVX512;
	}

	area_size = FPU_EXT_OFFSET;
	for (i = FPU_EXTENDED; i < FPU_COMPONENTS; i++)
		if (tlfs_fpu_features & BIT_ULL(i))
			area_size = max(area_size, fpu_component[i].offset + fpu_component[i].size);
	state_size = fpu_compacted_end(tlfs_fpu_features);
	return 0;
}

int tlfs_fpu_create(struct tlfs_vp *vp)
{
	/* a power of two from the slab is aligned to itself: XSAVE wants 64 bytes */
	vp->fpu.area = kzalloc(roundup_pow_of_two(area_size), GFP_KERNEL_ACCOUNT);
	if (!vp->fpu.area)
		return -ENOMEM;
	tlfs_fpu_reset(vp, false);
	return 0;
}

void tlfs_fpu_destroy(struct tlfs_vp *vp)
{
	kfree_sensitive(vp->fpu.area);
	vp->fpu.area = NULL;
}

void tlfs_fpu_reset(struct tlfs_vp *vp, bool init)
{
	struct xregs_state *area = vp->fpu.area;

	/* INIT changes none of this, nor XCR0 */
	if (init)
		return;

	vp->fpu.ign_ne = false;
	memset(area, 0, area_size);
	area->i387.cwd = FPU_CWD_RESET;
	area->i387.twd = FPU_TWD_RESET;
	area->i387.mxcsr = MXCSR_DEFAULT;
	area->header.xfeatures = FPU_LEGACY;
	vp->fpu.xcr0 = XFEATURE_MASK_FP;
}

/* ---- run window ---- */

void tlfs_fpu_load(struct tlfs_vp *vp)
{
	struct tlfs_fpu *fpu = &vp->fpu;

	kernel_fpu_begin();
	fpu->host_pkru = read_pkru();
	/*
	 * XSAVES cannot be intercepted on SVM, whatever CPUID says: with the host's XSS a guest
	 * would read and write the host's supervisor state
	 */
	if (host_xss)
		wrmsrl(MSR_IA32_XSS, 0);
	/* under the host's XCR0, so that state the guest's XCR0 hides is kept too */
	fpu_restore(fpu->area);
	if (host_xcr0 && fpu->xcr0 != host_xcr0)
		fpu_xsetbv(fpu->xcr0);
	fpu->loaded = true;
}

void tlfs_fpu_put(struct tlfs_vp *vp)
{
	struct tlfs_fpu *fpu = &vp->fpu;
	u64 xcr0;

	if (host_xcr0) {
		/*
		 * Ask the processor instead of believing fpu->xcr0: QEMU before 8 as an SVM host
		 * lets XSETBV through.
		 */
		xcr0 = fpu_xgetbv();
		if (unlikely(xcr0 != fpu->xcr0))
			fpu->xcr0 = xcr0 & tlfs_fpu_features;
		if (xcr0 != host_xcr0)
			fpu_xsetbv(host_xcr0);
	}
	fpu_save(fpu->area);
	/* a guest can set CR4.PKE where CR4 is not intercepted, and then write PKRU */
	write_pkru(fpu->host_pkru);
	if (host_xss)
		wrmsrl(MSR_IA32_XSS, host_xss);
	fpu->loaded = false;
	kernel_fpu_end();
}

u64 tlfs_fpu_xcr0(struct tlfs_vp *vp)
{
	/* see tlfs_fpu_put() for why not what we last set */
	if (host_xcr0 && vp->fpu.loaded)
		vp->fpu.xcr0 = fpu_xgetbv() & tlfs_fpu_features;
	return vp->fpu.xcr0;
}

int tlfs_fpu_set_xcr0(struct tlfs_vp *vp, u64 xcr0)
{
	/* without XSAVE it says what it says, and what was read can be written */
	if (!host_xcr0)
		return xcr0 == vp->fpu.xcr0 ? 0 : -EINVAL;
	if (!(xcr0 & XFEATURE_MASK_FP) || xcr0 & ~tlfs_fpu_features)
		return -EINVAL;
	if (xcr0 & XFEATURE_MASK_YMM && !(xcr0 & XFEATURE_MASK_SSE))
		return -EINVAL;
	if (xcr0 & FPU_AVX512 &&
	    ((xcr0 & FPU_AVX512) != FPU_AVX512 || !(xcr0 & XFEATURE_MASK_YMM)))
		return -EINVAL;

	vp->fpu.xcr0 = xcr0;
	if (vp->fpu.loaded)
		fpu_xsetbv(xcr0);
	return 0;
}

/* ---- registers ---- */

/*
 * Bring the legacy part of the area up to date, and write out the initial state of what XSAVE
 * left out because it was initial.
 */
static struct fxregs_state *fpu_legacy_get(struct tlfs_vp *vp)
{
	struct xregs_state *area = vp->fpu.area;
	struct fxregs_state *fx = &area->i387;

	if (vp->fpu.loaded) {
		/* FXSAVE sees x87 and XMM whatever XCR0 says */
		fpu_fxsave(area);
	} else {
		if (!(area->header.xfeatures & XFEATURE_MASK_FP)) {
			memset(fx, 0, offsetof(struct fxregs_state, mxcsr));
			memset(fx->st_space, 0, sizeof(fx->st_space));
			fx->cwd = FPU_CWD_INIT;
		}
		if (!(area->header.xfeatures & XFEATURE_MASK_SSE))
			memset(fx->xmm_space, 0, sizeof(fx->xmm_space));
	}
	area->header.xfeatures |= FPU_LEGACY;
	return fx;
}

static void fpu_legacy_put(struct tlfs_vp *vp)
{
	if (vp->fpu.loaded)
		fpu_fxrstor(vp->fpu.area);
}

void tlfs_fpu_get_xmm(struct tlfs_vp *vp, unsigned int first, unsigned int nr, void *buf)
{
	const u64 *from = (const u64 *)fpu_legacy_get(vp)->xmm_space;
	u64 *to = buf;
	unsigned int i;

	if (WARN_ON_ONCE(first > FPU_XMMS || nr > FPU_XMMS - first)) {
		memset(buf, 0, nr * 16);
		return;
	}
	/* at every intercept, and few: faster than a string instruction gets going */
	from += first * 2;
	for (i = 0; i < nr * 2; i += 2) {
		WRITE_ONCE(to[i], from[i]);
		WRITE_ONCE(to[i + 1], from[i + 1]);
	}
}

void tlfs_fpu_set_xmm(struct tlfs_vp *vp, unsigned int first, unsigned int nr, const void *buf)
{
	struct fxregs_state *fx;

	if (WARN_ON_ONCE(first > FPU_XMMS || nr > FPU_XMMS - first))
		return;
	fx = fpu_legacy_get(vp);
	memcpy(&fx->xmm_space[first * 4], buf, nr * 16);
	fpu_legacy_put(vp);
}

u16 tlfs_fpu_get_register(struct tlfs_vp *vp, u32 name, union hv_register_value *val)
{
	struct fxregs_state *fx = fpu_legacy_get(vp);
	u32 *st;

	memset(val, 0, sizeof(*val));
	switch (name) {
	case HV_X64_REGISTER_XMM0 ... HV_X64_REGISTER_XMM15:
		name = array_index_nospec(name - HV_X64_REGISTER_XMM0, FPU_XMMS);
		memcpy(val, &fx->xmm_space[name * 4], sizeof(*val));
		break;
	case HV_X64_REGISTER_FP_MMX0 ... HV_X64_REGISTER_FP_MMX7:
		name = array_index_nospec(name - HV_X64_REGISTER_FP_MMX0, FPU_FPRS);
		st = &fx->st_space[name * 4];
		val->fp.mantissa = st[0] | (u64)st[1] << 32;
		val->fp.sign_exponent = st[2];
		break;
	case HV_X64_REGISTER_FP_CONTROL_STATUS:
		val->fp_control_status.fp_control = fx->cwd;
		val->fp_control_status.fp_status = fx->swd;
		val->fp_control_status.fp_tag = fx->twd;
		val->fp_control_status.ign_ne = vp->fpu.ign_ne;
		val->fp_control_status.last_fp_op = fx->fop;
		val->fp_control_status.last_fp_rip = fx->rip;
		break;
	case HV_X64_REGISTER_XMM_CONTROL_STATUS:
		val->xmm_control_status.last_fp_rdp = fx->rdp;
		val->xmm_control_status.xmm_status_control = fx->mxcsr;
		val->xmm_control_status.xmm_status_control_mask = mxcsr_mask;
		break;
	default:
		return HV_STATUS_INVALID_PARAMETER;
	}
	return HV_STATUS_SUCCESS;
}

u16 tlfs_fpu_set_register(struct tlfs_vp *vp, u32 name, const union hv_register_value *val)
{
	struct fxregs_state *fx = fpu_legacy_get(vp);
	u32 *st;

	switch (name) {
	case HV_X64_REGISTER_XMM0 ... HV_X64_REGISTER_XMM15:
		name = array_index_nospec(name - HV_X64_REGISTER_XMM0, FPU_XMMS);
		memcpy(&fx->xmm_space[name * 4], val, sizeof(*val));
		break;
	case HV_X64_REGISTER_FP_MMX0 ... HV_X64_REGISTER_FP_MMX7:
		name = array_index_nospec(name - HV_X64_REGISTER_FP_MMX0, FPU_FPRS);
		st = &fx->st_space[name * 4];
		st[0] = val->fp.mantissa;
		st[1] = val->fp.mantissa >> 32;
		st[2] = val->fp.sign_exponent;
		st[3] = 0;
		break;
	case HV_X64_REGISTER_FP_CONTROL_STATUS:
		fx->cwd = val->fp_control_status.fp_control;
		fx->swd = val->fp_control_status.fp_status;
		fx->twd = val->fp_control_status.fp_tag;
		vp->fpu.ign_ne = val->fp_control_status.ign_ne & 1;
		fx->fop = val->fp_control_status.last_fp_op;
		fx->rip = val->fp_control_status.last_fp_rip;
		break;
	case HV_X64_REGISTER_XMM_CONTROL_STATUS:
		/* the mask is the processor's: not written, and VMMs put what they like there */
		if (val->xmm_control_status.xmm_status_control & ~mxcsr_mask)
			return HV_STATUS_INVALID_REGISTER_VALUE;
		fx->rdp = val->xmm_control_status.last_fp_rdp;
		fx->mxcsr = val->xmm_control_status.xmm_status_control;
		break;
	default:
		return HV_STATUS_INVALID_PARAMETER;
	}
	fpu_legacy_put(vp);
	return HV_STATUS_SUCCESS;
}

/* ---- x87 errors the legacy way (16.5.6) ---- */

#define FPU_FWAIT		0x9b
#define FPU_SWD_EXCEPTIONS	0x80ff	/* busy, error summary and flags: what FNCLEX clears */

/*
 * #MF of a guest whose CR0.NE is clear: at the first instruction that waits for the x87 after
 * the one that went wrong.  A processor would raise FERR# and stand still there until an interrupt
 * comes, unless IGNNE# lets it go on.  So the parent is told, again and again if it resumes the VP
 * as it is.  With IgnNe FWAIT does nothing; any other instruction finds the error forgotten, where
 * on a processor it would find the flags.
 */
int tlfs_ferr_exit(struct tlfs_vp *vp)
{
	struct fxregs_state *fx;
	u8 opcode;
	int n;

	if (!vp->fpu.ign_ne)
		return tlfs_msg_ferr(vp);
	n = tlfs_fetch_insn(vp, &opcode, 1, vp->in_window);
	if (n < 0)
		return TLFS_SLOW;
	if (n == 1 && opcode == FPU_FWAIT) {
		vp->exit.insn_len = 1;
		return tlfs_skip_insn(vp) ? TLFS_SLOW : TLFS_RESUME;
	}
	fx = fpu_legacy_get(vp);
	fx->swd &= ~FPU_SWD_EXCEPTIONS;
	fpu_legacy_put(vp);
	return TLFS_RESUME;
}

#define FPU_YMM_HIGH	2		/* component of XFEATURE_MASK_YMM */

/* upper half of a YMM register; outside the run window: the area has it.  False: no AVX */
bool tlfs_fpu_get_ymm_high(struct tlfs_vp *vp, unsigned int i, void *buf)
{
	const struct xregs_state *area = vp->fpu.area;

	if (!(tlfs_fpu_features & XFEATURE_MASK_YMM))
		return false;
	i = array_index_nospec(i, FPU_XMMS);
	if (area->header.xfeatures & XFEATURE_MASK_YMM)
		memcpy(buf, (void *)area + fpu_component[FPU_YMM_HIGH].offset + i * 16, 16);
	else
		memset(buf, 0, 16);
	return true;
}

bool tlfs_fpu_set_ymm_high(struct tlfs_vp *vp, unsigned int i, const void *buf)
{
	struct xregs_state *area = vp->fpu.area;
	void *high;

	if (!(tlfs_fpu_features & XFEATURE_MASK_YMM))
		return false;
	high = (void *)area + fpu_component[FPU_YMM_HIGH].offset;
	if (!(area->header.xfeatures & XFEATURE_MASK_YMM))
		memset(high, 0, fpu_component[FPU_YMM_HIGH].size);
	area->header.xfeatures |= XFEATURE_MASK_YMM;
	memcpy(high + array_index_nospec(i, FPU_XMMS) * 16, buf, 16);
	return true;
}

/* ---- VP state: compacted format ---- */

unsigned int tlfs_fpu_state_size(struct tlfs_vp *vp)
{
	return state_size;
}

void tlfs_fpu_get_state(struct tlfs_vp *vp, void *page)
{
	struct fxregs_state *fx = fpu_legacy_get(vp);
	struct xregs_state *area = vp->fpu.area, *out = page;
	unsigned int i, end = FPU_EXT_OFFSET;

	WARN_ON_ONCE(vp->fpu.loaded);
	memset(page, 0, TLFS_PAGE_SIZE);
	memcpy(&out->i387, fx, offsetof(struct fxregs_state, padding));
	out->i387.mxcsr_mask = mxcsr_mask;
	out->header.xfeatures = area->header.xfeatures;
	out->header.xcomp_bv = XCOMP_BV_COMPACTED_FORMAT | tlfs_fpu_features;

	for (i = FPU_EXTENDED; i < FPU_COMPONENTS; i++) {
		const struct fpu_component *c = &fpu_component[i];

		if (!(tlfs_fpu_features & BIT_ULL(i)))
			continue;
		if (c->align)
			end = ALIGN(end, 64);
		/* what is not in XSTATE_BV is stale in the area and zero in its initial state */
		if (area->header.xfeatures & BIT_ULL(i))
			memcpy(page + end, (void *)area + c->offset, c->size);
		end += c->size;
	}
}

/*
 * Walk the components of a compacted image: check it (@area NULL), or copy it into @area.
 * @layout is XCOMP_BV; it may name components the host's CPUID has and we do not switch, as
 * the VMM lays the image out by its own CPUID, but those must be in their initial state, zero.
 */
static int fpu_walk_image(const void *page, u64 layout, u64 present, void *area)
{
	unsigned int i, end = FPU_EXT_OFFSET;

	for (i = FPU_EXTENDED; i < FPU_COMPONENTS; i++) {
		const struct fpu_component *c = &fpu_component[i];

		if (!(layout & BIT_ULL(i)))
			continue;
		if (c->align)
			end = ALIGN(end, 64);
		if (c->size > TLFS_PAGE_SIZE || end + c->size > TLFS_PAGE_SIZE)
			return -EINVAL;
		if (present & BIT_ULL(i)) {
			if (!(tlfs_fpu_features & BIT_ULL(i))) {
				if (memchr_inv(page + end, 0, c->size))
					return -EINVAL;
			} else if (area) {
				memcpy(area + c->offset, page + end, c->size);
			}
		}
		end += c->size;
	}
	return 0;
}

int tlfs_fpu_set_state(struct tlfs_vp *vp, const void *page)
{
	const struct xregs_state *in = page;
	struct xregs_state *area = vp->fpu.area;
	u64 present = in->header.xfeatures;
	u64 layout = in->header.xcomp_bv;

	WARN_ON_ONCE(vp->fpu.loaded);
	if (!(layout & XCOMP_BV_COMPACTED_FORMAT))
		return -EINVAL;
	/* the legacy part has a fixed place: VMMs of guests without XSAVE do not list it */
	layout = (layout & ~XCOMP_BV_COMPACTED_FORMAT) | FPU_LEGACY;
	if (layout & ~fpu_known || present & ~layout)
		return -EINVAL;
	if (memchr_inv(in->header.reserved, 0, sizeof(in->header.reserved)))
		return -EINVAL;
	if (present & XFEATURE_MASK_SSE && in->i387.mxcsr & ~mxcsr_mask)
		return -EINVAL;
	if (fpu_walk_image(page, layout, present, NULL))
		return -EINVAL;

	memset(area, 0, area_size);
	memcpy(&area->i387, &in->i387, offsetof(struct fxregs_state, padding));
	if (!(present & XFEATURE_MASK_SSE))
		area->i387.mxcsr = MXCSR_DEFAULT;
	area->i387.mxcsr_mask = 0;
	fpu_walk_image(page, layout, present, area);
	area->header.xfeatures = present & tlfs_fpu_features;
	/* writes the initial state of an absent x87 or SSE component out: FXRSTOR hosts need it */
	fpu_legacy_get(vp);
	return 0;
}
