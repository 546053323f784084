/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fpu.h - x87, SSE and AVX state of a VP
 *
 * The guest's state is in the registers only inside the run window, between
 * kernel_fpu_begin() and kernel_fpu_end(): the one mechanism modules have on all kernels.
 */
#ifndef TLFS_FPU_H
#define TLFS_FPU_H

#include <linux/types.h>

struct tlfs_vp;
union hv_register_value;

/**
 * struct tlfs_fpu - extended state
 * @area:	XSAVE area, standard format, 64-byte aligned; tlfs_fpu_features wide
 * @xcr0:	guest's XCR0
 * @host_pkru:	of the thread that runs the VP, while @loaded
 * @loaded:	the registers hold it (run window)
 * @ign_ne:	IGNNE# is active (10.3.5); the parent's to say
 */
struct tlfs_fpu {
	void *area;
	u64 xcr0;
	u32 host_pkru;
	bool loaded;
	bool ign_ne;
};

/* XCR0 bits a guest may have: host's, without what cannot be switched here (PKRU, AMX, ...) */
extern u64 tlfs_fpu_features;

int tlfs_fpu_setup(void);			/* at module load */
int tlfs_fpu_create(struct tlfs_vp *vp);
void tlfs_fpu_destroy(struct tlfs_vp *vp);
void tlfs_fpu_reset(struct tlfs_vp *vp, bool init);	/* not loaded */
/* window start and end: include kernel_fpu_begin()/end(), which turn preemption off and on */
void tlfs_fpu_load(struct tlfs_vp *vp);
void tlfs_fpu_put(struct tlfs_vp *vp);
/* XSETBV by guest or register XFEM: 0 or -EINVAL (#GP).  Loaded or not */
int tlfs_fpu_set_xcr0(struct tlfs_vp *vp, u64 xcr0);
/* the guest's XCR0 as it is now, loaded or not */
u64 tlfs_fpu_xcr0(struct tlfs_vp *vp);
/* XMM registers 0-15 while loaded or not: fast hypercalls */
void tlfs_fpu_get_xmm(struct tlfs_vp *vp, unsigned int first, unsigned int nr, void *buf);
void tlfs_fpu_set_xmm(struct tlfs_vp *vp, unsigned int first, unsigned int nr, const void *buf);
/* HV_X64_REGISTER_XMM0.., FP_MMX0.., FP_CONTROL_STATUS, XMM_CONTROL_STATUS; HV_STATUS_* */
u16 tlfs_fpu_get_register(struct tlfs_vp *vp, u32 name, union hv_register_value *val);
u16 tlfs_fpu_set_register(struct tlfs_vp *vp, u32 name, const union hv_register_value *val);
/* upper halves of YMM registers, not while loaded; false: no AVX here */
bool tlfs_fpu_get_ymm_high(struct tlfs_vp *vp, unsigned int i, void *buf);
bool tlfs_fpu_set_ymm_high(struct tlfs_vp *vp, unsigned int i, const void *buf);
/* VP state XSAVE: compacted format in one page.  Sizes in bytes; -EINVAL for a bad image */
unsigned int tlfs_fpu_state_size(struct tlfs_vp *vp);
void tlfs_fpu_get_state(struct tlfs_vp *vp, void *page);
int tlfs_fpu_set_state(struct tlfs_vp *vp, const void *page);

#endif /* TLFS_FPU_H */
