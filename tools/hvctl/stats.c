// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl stats: counters of the hypervisor and its processors, or of a partition (TLFS 21). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "info.h"
#include "libtlfs.h"
#include "nl.h"
#include "report.h"
#include "util.h"

static const char * const columns[] = { "OBJECT", "COUNTER", "VALUE", NULL };

/* by place in the page */
#define NAME(index, name, tag)	[index] = name,

static const char * const hypervisor_names[] = { HV_STATS_HYPERVISOR_ARCHITECTED(NAME) };
static const char * const lp_names[] = { HV_STATS_LP_ARCHITECTED(NAME) };

#undef NAME
#define PARTITION_NAME(index, name, tag)	[HV_PARTITION_STAT_##tag] = name,
#define VP_NAME(index, name, tag)		[HV_VP_STAT_##tag] = name,

static const char * const partition_names[] = {
	HV_STATS_PARTITION_ARCHITECTED(PARTITION_NAME)
	HV_STATS_PARTITION_RELEASE_SPECIFIC(PARTITION_NAME)
};

static const char * const vp_names[] = {
	HV_STATS_VP_ARCHITECTED(VP_NAME)
	HV_STATS_VP_RELEASE_SPECIFIC(VP_NAME)
};

static int add_page(struct report *r, const char *object, const u64 *page,
		    const char * const *names, size_t nr)
{
	char value[24];
	const char *cells[] = { object, NULL, value };
	int rc = ST_OK;
	size_t i;

	for (i = 1; i < nr && !rc; i++) {
		/* the header of a group */
		if (!names[i])
			continue;
		cells[1] = names[i];
		snprintf(value, sizeof(value), "%llu", (unsigned long long)page[i]);
		rc = report_row(r, cells);
	}
	return rc;
}

/* the page appears in @window for the length of the copy */
static int read_page(int dev, u32 type, u64 id, u32 vp, const void *window, u64 *page)
{
	struct hv_input_map_stats_page map = {
		.stats_type = type, .object_identity = { id, vp },
		.target_gpa_page = (u64)window / HV_PAGE_SIZE,
	};
	struct hv_input_unmap_stats_page unmap = {
		.stats_type = type, .object_identity = { id, vp },
	};
	int rc;

	rc = tlfs_hvcall(dev, HVCALL_MAP_STATS_PAGE, NULL, &map, sizeof(map), NULL, 0);
	if (rc)
		return rc;
	memcpy(page, window, HV_PAGE_SIZE);
	return tlfs_hvcall(dev, HVCALL_UNMAP_STATS_PAGE, NULL, &unmap, sizeof(unmap), NULL, 0);
}

struct one {
	struct report *r;
	int dev;
	const void *window;
	u64 id;
};

/* one that has gone meanwhile has nothing to say */
static int fill_vp(const struct nl_message *msg, void *arg)
{
	u64 page[HV_PAGE_SIZE / sizeof(u64)];
	u32 index = nl_num(msg, TLFS_GENL_A_VP);
	const struct one *one = arg;
	char object[24];

	if (nl_num(msg, TLFS_GENL_A_ID) != one->id ||
	    read_page(one->dev, HV_STATS_OBJECT_VP, one->id, index, one->window, page))
		return ST_OK;
	snprintf(object, sizeof(object), "vp%u", index);
	return add_page(one->r, object, page, vp_names, ARRAY_SIZE(vp_names));
}

static int fill_partition(struct report *r, int dev, const void *window, u64 id)
{
	struct one one = { .r = r, .dev = dev, .window = window, .id = id };
	u64 page[HV_PAGE_SIZE / sizeof(u64)];
	int rc;

	rc = read_page(dev, HV_STATS_OBJECT_PARTITION, id, 0, window, page);
	if (rc)
		return host_error("cannot map the statistics of partition %llu: %s",
				  (unsigned long long)id, tlfs_strerror(rc));
	rc = add_page(r, "partition", page, partition_names, ARRAY_SIZE(partition_names));
	return rc ?: nl_ask(TLFS_GENL_VP_GET, fill_vp, &one);
}

static int fill(struct report *r, int dev, const void *window)
{
	u64 page[HV_PAGE_SIZE / sizeof(u64)];
	char object[24];
	u64 lps, i;
	int rc;

	rc = read_page(dev, HV_STATS_OBJECT_HYPERVISOR, 0, 0, window, page);
	if (rc)
		return host_error("cannot map the hypervisor's statistics: %s", tlfs_strerror(rc));
	lps = page[HV_HYPERVISOR_STAT_LOGICAL_PROCESSORS];
	rc = add_page(r, "hypervisor", page, hypervisor_names, ARRAY_SIZE(hypervisor_names));
	for (i = 0; i < lps && !rc; i++) {
		rc = read_page(dev, HV_STATS_OBJECT_LOGICAL_PROCESSOR, i, 0, window, page);
		if (rc)
			return host_error("cannot map the statistics of processor %llu: %s",
					  (unsigned long long)i, tlfs_strerror(rc));
		snprintf(object, sizeof(object), "lp%llu", (unsigned long long)i);
		rc = add_page(r, object, page, lp_names, ARRAY_SIZE(lp_names));
	}
	return rc;
}

static int stats(const struct command *cmd, int argc, char **argv)
{
	bool named = argc > 1 && argv[1][0] != '-', json;
	struct report *r;
	void *window;
	int dev, rc;
	u64 id = 0;

	if (!info_options(cmd, named ? 2 : 1, argc, argv, &json, &rc))
		return rc;
	if (named && !parse_uint(argv[1], &id))
		return usage_error("stats: '%s' is not a partition id", argv[1]);
	dev = info_device();
	if (dev < 0)
		return ST_HOST;
	window = mmap(NULL, HV_PAGE_SIZE, PROT_READ, MAP_SHARED, dev, 0);
	if (window == MAP_FAILED) {
		close(dev);
		return host_error("cannot map %s: %s", TLFS_DEVICE, strerror(errno));
	}
	r = report_new("stats", columns, json);
	if (!r)
		rc = host_error("out of memory");
	else
		rc = named ? fill_partition(r, dev, window, id) : fill(r, dev, window);
	munmap(window, HV_PAGE_SIZE);
	close(dev);
	if (rc)
		return rc;
	return report_print(r);
}

const struct command cmd_stats = {
	.name = "stats",
	.summary = "Show the counters of the hypervisor and its processors: tlfsctl stats [ID].",
	.opts = info_opts,
	.run = stats,
};
