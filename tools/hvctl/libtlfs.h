/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libtlfs - thin layer over /dev/tlfs: one function per ioctl or root hypercall
 *
 * Every call returns 0, a negative errno, or a positive hypervisor status (HV_STATUS_*);
 * tlfs_strerror() words either.
 */
#ifndef HVCTL_LIBTLFS_H
#define HVCTL_LIBTLFS_H

#include "util.h"
#include "../../uapi/tlfs.h"
#include "../../uapi/hv/hv.h"

#define TLFS_DEVICE	"/dev/tlfs"

/* Most registers one get or set call may carry: header and list fit a page */
#define TLFS_MAX_REGS	((HV_PAGE_SIZE - 16) / sizeof(struct hv_register_assoc))

const char *tlfs_strerror(int rc);

/* Descriptors; >= 0 or negative errno */
int tlfs_open(void);
int tlfs_create_partition(int dev, u64 flags);
int tlfs_create_vp(int part, u32 index);

int tlfs_initialize(int part);
/* the far end of the partition's debug session: a descriptor, or a negative errno */
int tlfs_open_debug(int part);
int tlfs_map_memory(int part, u64 gpa, void *hva, u64 size, u8 flags);
int tlfs_run_vp(int vp, struct hv_message *msg);

/* Register page, or NULL with *err 0 where the module offers none */
struct hv_vp_register_page *tlfs_map_registers(int vp, int *err);

/* Hypercall through any descriptor; *reps (may be NULL) in: count, out: completed */
int tlfs_hvcall(int fd, u16 code, u16 *reps, void *in, size_t in_sz, void *out, size_t out_sz);

int tlfs_get_property(int fd, u32 code, u64 *val);
int tlfs_set_property(int fd, u32 code, u64 val);
int tlfs_get_property_ex(int fd, u32 code, u64 arg, void *out, size_t out_sz);

int tlfs_get_regs(int fd, u32 vp, const u32 *names, union hv_register_value *vals, u16 n);
int tlfs_set_regs(int fd, u32 vp, const struct hv_register_assoc *regs, u16 n);
int tlfs_get_reg64(int fd, u32 vp, u32 name, u64 *val);

/* *result is the HV_TRANSLATE_GVA result code */
int tlfs_translate(int fd, u32 vp, u64 gva, u64 flags, u32 *result, u64 *gpa);
int tlfs_assert_interrupt(int part, u32 type, bool level, bool logical, u64 dest, u32 vector);
int tlfs_clear_interrupt(int part);
int tlfs_install_intercept(int part, u32 access, u32 type, u64 param);
int tlfs_register_cpuid(int fd, u32 vp, const struct hv_register_cpuid_result *res);

int tlfs_get_lapic(int vp, struct hv_local_interrupt_controller_state *st);
int tlfs_set_lapic(int vp, const struct hv_local_interrupt_controller_state *st);

/* Synthetic features a partition may have: the ex property if there is one, else the plain */
int tlfs_offered_features(int dev, u64 *mask);

#endif
