/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * root_message.h - messages to the root
 */
#ifndef TLFS_ROOT_MESSAGE_H
#define TLFS_ROOT_MESSAGE_H

#include <linux/types.h>
#include <linux/wait.h>

struct file;
struct poll_table_struct;
struct tlfs_vp;

/* readers of all descriptors; each looks whether there is something for it */
extern wait_queue_head_t tlfs_root_wait;

/*
 * VP thread: vp->intercept is for the root, and the VP waits with it until it is read.  It is
 * cancelled before the VP goes
 */
void tlfs_root_intercept(struct tlfs_vp *vp);
bool tlfs_root_intercept_waits(const struct tlfs_vp *vp);
void tlfs_root_intercept_cancel(struct tlfs_vp *vp);

/* of /dev/tlfs */
ssize_t tlfs_root_read(struct file *file, char __user *buf, size_t len, loff_t *pos);
__poll_t tlfs_root_poll(struct file *file, struct poll_table_struct *wait);

#endif /* TLFS_ROOT_MESSAGE_H */
