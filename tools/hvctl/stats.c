// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl stats: the counters of the hypervisor and of the logical processors (TLFS 21). */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "info.h"
#include "libtlfs.h"
#include "report.h"

static const char * const columns[] = { "OBJECT", "COUNTER", "VALUE", NULL };

/* by place in the page */
#define NAME(index, name, tag)	[index] = name,

static const char * const hypervisor_names[] = { HV_STATS_HYPERVISOR_ARCHITECTED(NAME) };
static const char * const lp_names[] = { HV_STATS_LP_ARCHITECTED(NAME) };

static int add_page(struct report *r, const char *object, const u64 *page,
		    const char * const *names, size_t nr)
{
	char value[24];
	const char *cells[] = { object, NULL, value };
	int rc = ST_OK;
	size_t i;

	for (i = 1; i < nr && !rc; i++) {
		cells[1] = names[i];
		snprintf(value, sizeof(value), "%llu", (unsigned long long)page[i]);
		rc = report_row(r, cells);
	}
	return rc;
}

/* the page appears in @window for the length of the copy */
static int read_page(int dev, u32 type, u32 index, const void *window, u64 *page)
{
	struct hv_input_map_stats_page map = {
		.stats_type = type, .object_identity = { index },
		.target_gpa_page = (u64)window / HV_PAGE_SIZE,
	};
	struct hv_input_unmap_stats_page unmap = {
		.stats_type = type, .object_identity = { index },
	};
	int rc;

	rc = tlfs_hvcall(dev, HVCALL_MAP_STATS_PAGE, NULL, &map, sizeof(map), NULL, 0);
	if (rc)
		return rc;
	memcpy(page, window, HV_PAGE_SIZE);
	return tlfs_hvcall(dev, HVCALL_UNMAP_STATS_PAGE, NULL, &unmap, sizeof(unmap), NULL, 0);
}

static int fill(struct report *r, int dev, const void *window)
{
	u64 page[HV_PAGE_SIZE / sizeof(u64)];
	char object[24];
	u64 lps, i;
	int rc;

	rc = read_page(dev, HV_STATS_OBJECT_HYPERVISOR, 0, window, page);
	if (rc)
		return host_error("cannot map the hypervisor's statistics: %s", tlfs_strerror(rc));
	lps = page[HV_HYPERVISOR_STAT_LOGICAL_PROCESSORS];
	rc = add_page(r, "hypervisor", page, hypervisor_names, ARRAY_SIZE(hypervisor_names));
	for (i = 0; i < lps && !rc; i++) {
		rc = read_page(dev, HV_STATS_OBJECT_LOGICAL_PROCESSOR, i, window, page);
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
	struct report *r;
	int dev, rc;
	bool json;
	void *window;

	if (!info_options(cmd, 1, argc, argv, &json, &rc))
		return rc;
	dev = info_device();
	if (dev < 0)
		return ST_HOST;
	window = mmap(NULL, HV_PAGE_SIZE, PROT_READ, MAP_SHARED, dev, 0);
	if (window == MAP_FAILED) {
		close(dev);
		return host_error("cannot map %s: %s", TLFS_DEVICE, strerror(errno));
	}
	r = report_new("stats", columns, json);
	rc = r ? fill(r, dev, window) : host_error("out of memory");
	munmap(window, HV_PAGE_SIZE);
	close(dev);
	if (rc)
		return rc;
	return report_print(r);
}

const struct command cmd_stats = {
	.name = "stats",
	.summary = "Show the counters of the hypervisor and of the logical processors.",
	.opts = info_opts,
	.run = stats,
};
