/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * tlfs.h - the ioctl interface of /dev/tlfs
 *
 * Three kinds of file descriptor, each made by the one before it:
 *
 *	/dev/tlfs  --TLFS_CREATE_PARTITION-->  partition  --TLFS_CREATE_VP-->  VP
 *
 * A file descriptor is the whole authority: whoever holds a partition's may do everything to that
 * partition and nothing to another.  Numbers and layouts follow the interface that VMMs for the
 * Microsoft hypervisor on Linux already speak, so that those run here unmodified; numbers from
 * TLFS_IOC_OWN up are this module's.
 *
 * Rules for all of them: reserved fields are zero and unknown flags are EINVAL; an unknown number
 * is ENOTTY; structures never change size.
 */
#ifndef _UAPI_TLFS_H
#define _UAPI_TLFS_H

#include <linux/types.h>
#include <linux/ioctl.h>

#define TLFS_IOCTL		0xB8
#define TLFS_IOC_OWN		0x40

#define TLFS_PAGE_SIZE		4096
#define TLFS_MAX_VPS		256
#define TLFS_MAX_GSI		4096

/* ---- device ---- */

/* struct tlfs_create_partition.flags */
#define TLFS_PT_LAPIC		(1ULL << 0)	/* local APIC in the hypervisor; required */
#define TLFS_PT_X2APIC		(1ULL << 1)	/* x2APIC may be enabled by the guest */
#define TLFS_PT_GPA_LARGE_PAGES	(1ULL << 2)	/* second-level large pages allowed */
#define TLFS_PT_CPU_FEATURES	(1ULL << 3)	/* the v2 part of the structure follows */
#define TLFS_PT_NESTED		(1ULL << 4)	/* nested virtualization: not offered, EINVAL */
#define TLFS_PT_SMT		(1ULL << 5)	/* the guest is told of SMT siblings */
#define TLFS_PT_FLAGS		(TLFS_PT_LAPIC | TLFS_PT_X2APIC | TLFS_PT_GPA_LARGE_PAGES | \
				 TLFS_PT_CPU_FEATURES | TLFS_PT_NESTED | TLFS_PT_SMT)

#define TLFS_CPU_FEATURE_BANKS	2

/**
 * struct tlfs_create_partition - argument of TLFS_CREATE_PARTITION
 * @flags:	TLFS_PT_*
 * @isolation:	0
 *
 * Returns a partition file descriptor.
 */
struct tlfs_create_partition {
	__u64 flags;
	__u64 isolation;
};

/**
 * struct tlfs_create_partition_v2 - the same when %TLFS_PT_CPU_FEATURES is set
 * @v1:			the short form
 * @num_banks:		%TLFS_CPU_FEATURE_BANKS
 * @rsvd:		0
 * @disabled_features:	HV_PARTITION_PROCESSOR_FEATURES banks; a set bit hides the feature
 * @rsvd1:		0
 * @disabled_xsave:	HV_PARTITION_PROCESSOR_XSAVE_FEATURES; a set bit hides the feature
 */
struct tlfs_create_partition_v2 {
	struct tlfs_create_partition v1;
	__u16 num_banks;
	__u8  rsvd[6];
	__u64 disabled_features[TLFS_CPU_FEATURE_BANKS];
	__u64 rsvd1[2];
	__u64 disabled_xsave;
};

/**
 * struct tlfs_root_hvcall - a hypercall by the root partition
 * @code:	call code, HVCALL_*
 * @reps:	in: rep count; out: reps completed
 * @in_sz:	bytes at @in_ptr, 8 to 4096
 * @out_sz:	bytes at @out_ptr, 0 to 4096
 * @status:	in: 0; out: HV_STATUS_*
 * @rsvd:	0
 * @in_ptr:	user address of the input; the first 8 bytes (partition id) are
 *		replaced by the id the descriptor stands for
 * @out_ptr:	user address of the output or 0
 *
 * Through a partition's or VP's descriptor the call acts on that partition, through
 * the device's on the root itself.  Output is copied on HV_STATUS_SUCCESS only.
 */
struct tlfs_root_hvcall {
	__u16 code;
	__u16 reps;
	__u16 in_sz;
	__u16 out_sz;
	__u16 status;
	__u8  rsvd[6];
	__u64 in_ptr;
	__u64 out_ptr;
};

#define TLFS_CREATE_PARTITION	_IOW(TLFS_IOCTL, 0x00, struct tlfs_create_partition)
#define TLFS_ROOT_HVCALL	_IOWR(TLFS_IOCTL, 0x07, struct tlfs_root_hvcall)

/**
 * struct tlfs_open_port - argument of TLFS_OPEN_PORT: what arrives at a port of the root
 * @port_id:	HV_PORT_ID of a port the calling process created with the root as PortPartition
 * @eventfd:	signalled when a message arrives or a clear event flag is set; -1: none
 * @rsvd:	0
 *
 * Returns a descriptor.  read() of at least 256 bytes takes the first message (struct hv_message;
 * its pending flag says whether another waits) of a message port, or all event flags that are set
 * (struct hv_synic_event_flags, numbered from flag 0, not from the base) of an event port; it waits
 * for one, and returns 0 when the port is deleted.  poll() works.  mmap() of one page at offset 0
 * shows the monitor page of a monitor port.
 *
 * ENOENT: no such port; EBUSY: it is open already.  Closing leaves the port as it is; messages that
 * are not read fill its 16 buffers.
 */
struct tlfs_open_port {
	__u32 port_id;
	__s32 eventfd;
	__u64 rsvd;
};

#define TLFS_OPEN_PORT		_IOW(TLFS_IOCTL, 0x40, struct tlfs_open_port)

/* ---- partition ---- */

struct tlfs_create_vp {
	__u32 vp_index;
};

/* struct tlfs_user_mem_region.flags */
#define TLFS_MEM_WRITABLE	(1 << 0)
#define TLFS_MEM_EXECUTABLE	(1 << 1)
#define TLFS_MEM_UNMAP		(1 << 2)
#define TLFS_MEM_FLAGS		(TLFS_MEM_WRITABLE | TLFS_MEM_EXECUTABLE | TLFS_MEM_UNMAP)

/**
 * struct tlfs_user_mem_region - guest memory is a range of the VMM's own
 * @size:		bytes, a multiple of the page size, not 0
 * @guest_pfn:		first guest physical page
 * @userspace_addr:	page aligned
 * @flags:		TLFS_MEM_*
 * @rsvd:		0
 *
 * Mapped lazily.  Overlap with a region is EEXIST.  An unmap names a region exactly (EINVAL
 * if it differs, ENOENT if nothing is there).
 */
struct tlfs_user_mem_region {
	__u64 size;
	__u64 guest_pfn;
	__u64 userspace_addr;
	__u8  flags;
	__u8  rsvd[7];
};

#define TLFS_IRQFD_DEASSIGN	(1 << 0)
#define TLFS_IRQFD_RESAMPLE	(1 << 1)
#define TLFS_IRQFD_FLAGS	(TLFS_IRQFD_DEASSIGN | TLFS_IRQFD_RESAMPLE)

/** struct tlfs_user_irqfd - signalling @fd asserts the interrupt routed to @gsi */
struct tlfs_user_irqfd {
	__s32 fd;
	__s32 resamplefd;
	__u32 gsi;
	__u32 flags;
};

#define TLFS_IOEVENTFD_DATAMATCH (1 << 0)
#define TLFS_IOEVENTFD_PIO	 (1 << 1)
#define TLFS_IOEVENTFD_DEASSIGN	 (1 << 2)
#define TLFS_IOEVENTFD_FLAGS	 (TLFS_IOEVENTFD_DATAMATCH | TLFS_IOEVENTFD_PIO | \
				  TLFS_IOEVENTFD_DEASSIGN)

/**
 * struct tlfs_user_ioeventfd - a guest write to @addr signals @fd and does not exit
 * @datamatch:	value to match, with %TLFS_IOEVENTFD_DATAMATCH
 * @addr:	guest physical address, or port with %TLFS_IOEVENTFD_PIO
 * @len:	0 (any), 1, 2, 4 or 8
 * @fd:		eventfd
 * @flags:	TLFS_IOEVENTFD_*
 * @rsvd:	0
 */
struct tlfs_user_ioeventfd {
	__u64 datamatch;
	__u64 addr;
	__u32 len;
	__s32 fd;
	__u32 flags;
	__u8  rsvd[4];
};

struct tlfs_user_irq_entry {
	__u32 gsi;
	__u32 address_lo;
	__u32 address_hi;
	__u32 data;
};

/** struct tlfs_user_irq_table - replaces the partition's MSI routes */
struct tlfs_user_irq_table {
	__u32 nr;
	__u32 rsvd;
	struct tlfs_user_irq_entry entries[];
};

#define TLFS_MAX_DEVICE_IRQS	1024

/** struct tlfs_device_irq - the MSI route @gsi is an interrupt of device @device_id */
struct tlfs_device_irq {
	__u64 device_id;
	__u32 gsi;
	__u32 rsvd;
};

/**
 * struct tlfs_device_irq_table - replaces the list of devices' interrupts
 * @nr:		elements, at most %TLFS_MAX_DEVICE_IRQS
 * @rsvd:	0
 * @irqs:	each GSI at most once
 *
 * The guest may retarget these (HvRetargetDeviceInterrupt), which it knows by the device and by the
 * address and data of the route: from then on the route's eventfd interrupts what the guest said,
 * until the route has another address or data.  A new list takes back what the guest did before.
 */
struct tlfs_device_irq_table {
	__u32 nr;
	__u32 rsvd;
	struct tlfs_device_irq irqs[];
};

enum tlfs_gpap_access_type {
	TLFS_GPAP_ACCESSED,
	TLFS_GPAP_DIRTY,
};

enum tlfs_gpap_access_op {
	TLFS_GPAP_OP_NONE,
	TLFS_GPAP_OP_CLEAR,
	TLFS_GPAP_OP_SET,
};

/**
 * struct tlfs_gpap_access_bitmap - which guest pages were accessed or written
 * @access_type: enum tlfs_gpap_access_type
 * @access_op:	what to do with what is read, in the same step: clearing "accessed" clears "dirty"
 *		as well, setting "dirty" sets "accessed" as well
 * @rsvd:	zero
 * @page_count:	pages, not 0
 * @gpap_base:	number of the first guest page
 * @bitmap_ptr:	out: a bit for each page as it was before, lowest first, (page_count + 7) / 8 bytes
 *
 * Pages nobody tracks (property GPA_PAGE_ACCESS_TRACKING is 0) are dirty and accessed; pages
 * without memory are neither.  -EINVAL: bad type, operation, reserved byte, count or range;
 * -E2BIG: more pages than a GPA space can have; -EFAULT; -ENOMEM.
 */
struct tlfs_gpap_access_bitmap {
	__u8  access_type;
	__u8  access_op;
	__u8  rsvd[6];
	__u64 page_count;
	__u64 gpap_base;
	__u64 bitmap_ptr;
};

/**
 * struct tlfs_open_debug - argument of TLFS_OPEN_DEBUG: the far end of a debug session (TLFS 20)
 * @partition_id: 0: of this partition; else of one below it
 * @rsvd:	0
 *
 * Returns a descriptor.  What the guest posts is read() from it, what is written to it the guest
 * retrieves.  Of what is written, more than there is room for is lost: poll() says when there is
 * some.  When the partition is gone read() returns 0 and write() fails with EPIPE.
 *
 * ENOENT: no such partition; ENXIO: it has no session, which takes the privilege Debugging (before
 * INITIALIZE); EBUSY: it is open already.
 */
struct tlfs_open_debug {
	__u64 partition_id;
	__u64 rsvd;
};

#define TLFS_INITIALIZE_PARTITION	_IO(TLFS_IOCTL, 0x00)
#define TLFS_CREATE_VP			_IOW(TLFS_IOCTL, 0x01, struct tlfs_create_vp)
#define TLFS_SET_GUEST_MEMORY		_IOW(TLFS_IOCTL, 0x02, struct tlfs_user_mem_region)
#define TLFS_IRQFD			_IOW(TLFS_IOCTL, 0x03, struct tlfs_user_irqfd)
#define TLFS_IOEVENTFD			_IOW(TLFS_IOCTL, 0x04, struct tlfs_user_ioeventfd)
#define TLFS_SET_MSI_ROUTING		_IOW(TLFS_IOCTL, 0x05, struct tlfs_user_irq_table)
#define TLFS_GET_GPAP_ACCESS_BITMAP	_IOWR(TLFS_IOCTL, 0x06, struct tlfs_gpap_access_bitmap)
#define TLFS_SET_DEVICE_IRQS		_IOW(TLFS_IOCTL, 0x42, struct tlfs_device_irq_table)
#define TLFS_OPEN_DEBUG			_IOW(TLFS_IOCTL, 0x41, struct tlfs_open_debug)

/* ---- VP ---- */

#define TLFS_RUN_VP_MSG_SIZE	256

/** struct tlfs_run_vp - the intercept message RUN_VP came back with (struct hv_message) */
struct tlfs_run_vp {
	__u8 msg_buf[TLFS_RUN_VP_MSG_SIZE];
};

enum tlfs_vp_state_type {
	TLFS_VP_STATE_LAPIC,
	TLFS_VP_STATE_XSAVE,		/* compacted format */
	TLFS_VP_STATE_SIMP,
	TLFS_VP_STATE_SIEFP,
	TLFS_VP_STATE_SYNTHETIC_TIMERS,
	TLFS_VP_STATE_COUNT,
};

/**
 * struct tlfs_get_set_vp_state - state that does not fit a register
 * @type:	enum tlfs_vp_state_type
 * @rsvd:	0
 * @buf_sz:	in: bytes at @buf_ptr, a multiple of the page size, not 0; out: true size
 * @buf_ptr:	page aligned
 */
struct tlfs_get_set_vp_state {
	__u8  type;
	__u8  rsvd[3];
	__u32 buf_sz;
	__u64 buf_ptr;
};

/* pages of a VP descriptor's mmap, by page offset */
#define TLFS_VP_MMAP_REGISTERS	0
#define TLFS_VP_MMAP_INTERCEPT	1

#define TLFS_RUN_VP		_IOR(TLFS_IOCTL, 0x00, struct tlfs_run_vp)
#define TLFS_GET_VP_STATE	_IOWR(TLFS_IOCTL, 0x01, struct tlfs_get_set_vp_state)
#define TLFS_SET_VP_STATE	_IOWR(TLFS_IOCTL, 0x02, struct tlfs_get_set_vp_state)

#endif /* _UAPI_TLFS_H */
