/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * Basic types and constants shared by the hypervisor interface headers.
 */
#ifndef _UAPI_HV_TYPES_H
#define _UAPI_HV_TYPES_H

#include <linux/const.h>
#include <linux/types.h>

#ifdef __cplusplus
#define HV_ASSERT_SIZE(type, size)	static_assert(sizeof(type) == (size), #type)
#else
#define HV_ASSERT_SIZE(type, size)	_Static_assert(sizeof(type) == (size), #type)
#endif

#define HV_PACKED			__attribute__((packed))

#define HV_PAGE_SHIFT			12
#define HV_PAGE_SIZE			4096
#define HV_PAGE_MASK			0xfffffffffffff000ULL

/* Partition and virtual processor identifiers */
#define HV_PARTITION_ID_INVALID		0ULL
#define HV_PARTITION_ID_SELF		0xffffffffffffffffULL
#define HV_ANY_VP			0xffffffffU
#define HV_VP_INDEX_SELF		0xfffffffeU

#define HV_INTERRUPT_VECTOR_NONE	0xffffffffU

/* HV_INPUT_VTL byte: target VTL number in 3:0, bit 4 says that it is to be used */
#define HV_INPUT_VTL_TARGET_MASK	0x0f
#define HV_INPUT_VTL_USE_TARGET		0x10

/* struct hv_u128 - 128-bit quantity, low half first */
struct hv_u128 {
	__u64 low;
	__u64 high;
};
HV_ASSERT_SIZE(struct hv_u128, 16);

/* HV_PROXIMITY_DOMAIN_INFO flags (bits of struct hv_proximity_domain_info.flags) */
#define HV_PROXIMITY_PREFERRED		0x00000001
#define HV_PROXIMITY_INFO_VALID		0x80000000

/* struct hv_proximity_domain_info - memory placement hint (5.5, 7.2) */
struct hv_proximity_domain_info {
	__u32 id;
	__u32 flags;
};
HV_ASSERT_SIZE(struct hv_proximity_domain_info, 8);

#endif /* _UAPI_HV_TYPES_H */
