/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * debug.h - the host's breakpoints around a run window
 *
 * An exit switches them all off in DR7, and DR0-3 may be the guest's by then.  By hand: the kernel
 * keeps hw_breakpoint_restore() to itself from 6.19 on.
 */
#ifndef TLFS_DEBUG_H
#define TLFS_DEBUG_H

#include <asm/debugreg.h>

#define TLFS_DR7_ENABLED	(DR_GLOBAL_ENABLE_MASK | DR_LOCAL_ENABLE_MASK)

/**
 * struct tlfs_host_debug - debug registers of the host, while a VP is loaded
 * @dr:		DR0-3, if @dr7 has a breakpoint on
 * @dr7:	DR7
 */
struct tlfs_host_debug {
	unsigned long dr[4];
	unsigned long dr7;
};

static inline void tlfs_host_debug_save(struct tlfs_host_debug *d)
{
	get_debugreg(d->dr7, 7);
	if (likely(!(d->dr7 & TLFS_DR7_ENABLED)))
		return;
	get_debugreg(d->dr[0], 0);
	get_debugreg(d->dr[1], 1);
	get_debugreg(d->dr[2], 2);
	get_debugreg(d->dr[3], 3);
}

static inline void tlfs_host_debug_restore(const struct tlfs_host_debug *d)
{
	if (likely(!(d->dr7 & TLFS_DR7_ENABLED)))
		return;
	set_debugreg(d->dr[0], 0);
	set_debugreg(d->dr[1], 1);
	set_debugreg(d->dr[2], 2);
	set_debugreg(d->dr[3], 3);
	set_debugreg(d->dr7, 7);
}

#endif /* TLFS_DEBUG_H */
