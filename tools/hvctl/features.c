// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl features: what host and module offer to a guest. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "feature_names.h"
#include "info.h"
#include "libtlfs.h"
#include "report.h"

static const char * const columns[] = { "KIND", "NAME", "OFFERED", "TLFS", "WHAT", NULL };

static int add_rows(struct report *r, const char *kind, const struct feature *table, u64 offered)
{
	const struct feature *f;
	int rc = ST_OK;

	for (f = table; f->name && !rc; f++) {
		const char * const cells[] = {
			kind, f->name, offered & f->mask ? "yes" : "no", f->section, f->what,
		};

		rc = report_row(r, cells);
		offered &= ~f->mask;
	}
	/* bits a newer module knows and this table does not */
	while (offered && !rc) {
		u64 bit = offered & -offered;
		char name[24];
		const char * const cells[] = { kind, name, "yes", "", "" };

		snprintf(name, sizeof(name), "bit-%d", __builtin_ctzll(bit));
		rc = report_row(r, cells);
		offered &= ~bit;
	}
	return rc;
}

static int fill(struct report *r, int dev)
{
	static const struct {
		const char *kind;
		u32 property;
		const struct feature *table;
	} banks[] = {
		{ "processor", HV_PARTITION_PROPERTY_PROCESSOR_FEATURES0, processor_features0 },
		{ "processor", HV_PARTITION_PROPERTY_PROCESSOR_FEATURES1, processor_features1 },
		{ "xsave", HV_PARTITION_PROPERTY_PROCESSOR_XSAVE_FEATURES, xsave_features },
	};
	size_t i;
	u64 val;
	int rc;

	rc = tlfs_offered_features(dev, &val);
	if (rc)
		return host_error("cannot read the synthetic features: %s", tlfs_strerror(rc));
	rc = add_rows(r, "synthetic", synthetic_features, val);
	for (i = 0; i < ARRAY_SIZE(banks) && !rc; i++) {
		rc = tlfs_get_property(dev, banks[i].property, &val);
		if (rc)
			return host_error("cannot read property 0x%08x: %s", banks[i].property,
					  tlfs_strerror(rc));
		rc = add_rows(r, banks[i].kind, banks[i].table, val);
	}
	return rc;
}

static int features(const struct command *cmd, int argc, char **argv)
{
	struct report *r;
	int dev, rc;
	bool json;

	if (!info_options(cmd, 1, argc, argv, &json, &rc))
		return rc;
	dev = info_device();
	if (dev < 0)
		return ST_HOST;
	r = report_new("features", columns, json);
	rc = r ? fill(r, dev) : host_error("out of memory");
	close(dev);
	if (rc)
		return rc;
	return report_print(r);
}

const struct command cmd_features = {
	.name = "features",
	.summary = "List the features host and module offer, with their TLFS sections.",
	.opts = info_opts,
	.run = features,
};
