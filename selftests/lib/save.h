/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * save.h - HvSavePartitionState and HvRestorePartitionState
 */
#ifndef TLFS_SELFTEST_SAVE_H
#define TLFS_SELFTEST_SAVE_H

#include "vmm.h"

#define SAVE_CHUNK	HV_SAVE_RESTORE_DATA_MAX
/* no partition of the tests has more */
#define SAVE_STREAM	(256 * 1024)

/* one call: its status; *state and what came */
int save_call(int fd, u32 flags, void *data, u32 *count, u32 *state);
int restore_call(int fd, u32 flags, const void *data, u32 *count, u32 *state);
/* the whole stream, up to SAVE_STREAM bytes; its size, or a negative status */
int save(int fd, void *stream);
/* HV_STATE_*, INCOMPLETE if @size was not enough, or a negative status; in pieces of @piece */
int restore(int fd, const void *stream, u32 size, u32 piece);

#endif /* TLFS_SELFTEST_SAVE_H */
