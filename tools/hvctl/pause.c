// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest that stands still: its processors, its clocks and its devices, for which no time passes.
 *
 * Devices live by the host's clock and the guest by its partition's, so both are read as one before
 * the partition's clock stops and after it goes on.  However long the host stays away in between,
 * devices stop and go on at the moments the partition's clock does.
 */
#include <stdlib.h>

#include "save.h"

#define UNIT_NS		100	/* of reference time */
#define TRIES		8

/* reference time is @ref when the host's clock is @ns */
struct both_clocks {
	u64 ns;
	u64 ref;
};

static int reference_time(struct machine *m, u64 *ref)
{
	return tlfs_get_property(m->part, HV_PARTITION_PROPERTY_REFERENCE_TIME, ref);
}

/* the closest of some readings */
static int read_clocks(struct machine *m, struct both_clocks *c)
{
	u64 best = UINT64_MAX, before, took, ref;
	unsigned int i;
	int rc;

	for (i = 0; i < TRIES; i++) {
		before = now_ns();
		rc = reference_time(m, &ref);
		if (rc)
			return rc;
		took = now_ns() - before;
		if (took < best) {
			best = took;
			c->ns = before + took / 2;
			c->ref = ref;
		}
	}
	return 0;
}

static int set_freeze(struct machine *m, bool freeze)
{
	return tlfs_set_property(m->part, HV_PARTITION_PROPERTY_TIME_FREEZE, freeze);
}

const char *guest_pause(struct machine *m)
{
	struct both_clocks c;
	u64 ref;
	int rc;

	if (m->paused)
		return NULL;
	m->paused = malloc(devices_size());
	if (!m->paused)
		return "out of memory";
	machine_pause(m);
	rc = read_clocks(m, &c);
	if (!rc)
		rc = set_freeze(m, true);
	if (!rc)
		rc = reference_time(m, &ref);
	if (rc) {
		free(m->paused);
		m->paused = NULL;
		set_freeze(m, false);
		machine_resume(m);
		return tlfs_strerror(rc);
	}
	pthread_mutex_lock(&m->lock);
	devices_save(m, m->paused, c.ns + (ref - c.ref) * UNIT_NS);
	pthread_mutex_unlock(&m->lock);
	return NULL;
}

/* explicitly suspended they were saved; the clocks stand while all of them are */
static int unsuspend_vps(struct machine *m)
{
	const struct hv_register_assoc reg = { .name = HV_REGISTER_EXPLICIT_SUSPEND };
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < m->nr_vps; i++)
		rc = tlfs_set_regs(m->vps[i].fd, i, &reg, 1);
	return rc;
}

const char *guest_go_on(struct machine *m)
{
	struct both_clocks c;
	u64 ref;
	bool ok;
	int rc;

	rc = reference_time(m, &ref);
	if (!rc)
		rc = unsuspend_vps(m);
	if (!rc)
		rc = set_freeze(m, false);
	if (!rc)
		rc = read_clocks(m, &c);
	if (rc)
		return tlfs_strerror(rc);
	pthread_mutex_lock(&m->lock);
	ok = devices_load(m, m->paused, devices_size(), c.ns - (c.ref - ref) * UNIT_NS);
	pthread_mutex_unlock(&m->lock);
	free(m->paused);
	m->paused = NULL;
	return ok ? NULL : "the devices do not take their state back";
}

const char *guest_resume(struct machine *m)
{
	const char *why;

	if (!m->paused)
		return NULL;
	why = guest_go_on(m);
	if (why)
		return why;
	pthread_mutex_lock(&m->lock);
	uart_tx_drained(&m->uart);
	pthread_mutex_unlock(&m->lock);
	machine_resume(m);
	return NULL;
}
