/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * eventfd.h - doorbells, and interrupts by eventfd
 */
#ifndef TLFS_EVENTFD_H
#define TLFS_EVENTFD_H

#include "tlfs.h"

/* true if a doorbell took the write */
bool tlfs_doorbell_mmio(struct tlfs_partition *pt, u64 gpa, unsigned int len, u64 val);
bool tlfs_doorbell_pio(struct tlfs_partition *pt, u16 port, unsigned int len, u64 val);
/* is there an MMIO doorbell in this page: then the write is worth decoding */
bool tlfs_doorbell_page(struct tlfs_partition *pt, u64 gpa);
int tlfs_irqfd(struct tlfs_partition *pt, const struct tlfs_user_irqfd *arg);
/* VP thread, any preemption state: @vector was EOId; signals the resample eventfds of its routes */
void tlfs_irqfd_eoi(struct tlfs_partition *pt, u8 vector);
int tlfs_ioeventfd(struct tlfs_partition *pt, const struct tlfs_user_ioeventfd *arg);
int tlfs_set_msi_routing(struct tlfs_partition *pt, const struct tlfs_user_irq_table __user *arg);
/* is that the MSI of @gsi's route; any context */
bool tlfs_msi_is(struct tlfs_partition *pt, u32 gsi, u32 address, u32 data);
int tlfs_eventfd_create(struct tlfs_partition *pt);
/* the partition descriptor is closed (VPs may still run): everything is detached */
void tlfs_eventfd_detach(struct tlfs_partition *pt);
void tlfs_eventfd_destroy(struct tlfs_partition *pt);	/* nothing else uses the partition */

/* hv/device.c; under partition->lock */
int tlfs_set_device_irqs(struct tlfs_partition *pt, const struct tlfs_device_irq_table __user *arg);
void tlfs_devices_destroy(struct tlfs_partition *pt);
/* under RCU, any context: the guest has retargeted this interrupt, and it is delivered */
bool tlfs_device_deliver(struct tlfs_partition *pt, u32 gsi, u32 address, u32 data);

#endif /* TLFS_EVENTFD_H */
