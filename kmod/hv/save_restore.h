/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * save_restore.h - the stream of a saved partition (TLFS 17)
 *
 * Header, state of the partition, states of its VPs by index.  Little endian, every part a multiple
 * of 8 bytes.  The format is ours and may change with TLFS_SAVE_VERSION.
 */
#ifndef TLFS_SAVE_RESTORE_H
#define TLFS_SAVE_RESTORE_H

#include <linux/types.h>

#include <uapi/hv/hv.h>
#include <uapi/tlfs.h>

#define TLFS_SAVE_MAGIC		0x65746174736c7674ULL	/* "tvlstate" */
#define TLFS_SAVE_VERSION	1

/* struct tlfs_save_header.flags */
#define TLFS_SAVE_SUMMARY	BIT(0)	/* the header is all */
#define TLFS_SAVE_X2APIC	BIT(1)	/* the guest may use it */
#define TLFS_SAVE_FLAGS		(TLFS_SAVE_SUMMARY | TLFS_SAVE_X2APIC)

/**
 * struct tlfs_save_header - what the other side must be to take the stream
 * @check:	over everything behind it, to the end of the stream
 * @size:	of the stream
 * @features:	processor features of the partition; [TLFS_CPU_FEATURE_BANKS]: XSAVE features
 * @vps:	which VPs there are
 */
struct tlfs_save_header {
	u64 magic;
	u32 version;
	u32 flags;
	u64 check;
	u64 size;
	u32 vendor;
	u32 nr_vps;
	u64 features[TLFS_CPU_FEATURE_BANKS + 1];
	u64 xsave_states;
	u32 xsave_size;
	u16 clflush_size;
	u16 address_bits;
	u64 vps[TLFS_MAX_VPS / 64];
};

/**
 * struct tlfs_save_buf - a stream, or a part of it, in memory
 * @pos:	next byte to write or read
 * @bad:	something went beyond @size
 */
struct tlfs_save_buf {
	u8 *data;
	u32 size;
	u32 pos;
	bool bad;
};

/* bounds of a stream */
#define TLFS_SAVE_PARTITION_MAX	1024
#define TLFS_SAVE_MESSAGES_MAX	256
#define TLFS_SAVE_VP_MAX	(5 * TLFS_PAGE_SIZE + 4096 + TLFS_SAVE_MESSAGES_MAX * 264)

void tlfs_save_put(struct tlfs_save_buf *b, const void *data, u32 size);
void tlfs_save_get(struct tlfs_save_buf *b, void *data, u32 size);

/* save_state.c; under partition->lock, VPs locked one after the other.  HV_STATE_* */
void tlfs_save_partition(struct tlfs_partition *pt, struct tlfs_save_buf *b);
void tlfs_save_vp(struct tlfs_vp *vp, struct tlfs_save_buf *b);
int tlfs_restore_partition(struct tlfs_partition *pt, struct tlfs_vp *vp, struct tlfs_save_buf *b);
int tlfs_restore_vp(struct tlfs_vp *vp, struct tlfs_save_buf *b);

#endif /* TLFS_SAVE_RESTORE_H */
