// SPDX-License-Identifier: GPL-2.0-only
/* tlfsctl restore: a guest that was put into a file by tlfsctl save runs on. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loader.h"
#include "opts.h"
#include "save.h"

#define CHUNK		(2 * MiB)
#define STREAM_MAX	(64 * MiB)

static const struct opt restore_opts[] = {
	{ "console", 'C', ARG_REQUIRED, "WHERE",
	  "serial port: stdio (default), pty, or a file to write" },
	{ "name", 'n', ARG_REQUIRED, "NAME", "another name than it had" },
	OPT_HELP_ROW,
	OPT_LAST_ROW,
};

/**
 * struct saved - an open file
 * @devices, @stream: read and checked
 */
struct saved {
	const char *file;
	int fd;
	struct save_head head;
	void *devices;
	void *stream;
};

static bool read_all(int fd, void *buf, u64 size, u64 at)
{
	u8 *p = buf;

	while (size) {
		ssize_t n = pread(fd, p, MIN(size, CHUNK), at);

		if (n <= 0) {
			if (n < 0 && errno == EINTR)
				continue;
			return false;
		}
		p += n;
		at += n;
		size -= n;
	}
	return true;
}

static bool head_ok(const struct saved *s, u64 file_size)
{
	const struct save_head *h = &s->head;

	return h->nr_vps && h->nr_vps <= TLFS_MAX_VPS && h->devices_size == devices_size() &&
	       h->stream_size && h->stream_size <= STREAM_MAX && !(h->memory % HV_PAGE_SIZE) &&
	       h->memory_at == ALIGN_UP(sizeof(*h) + h->devices_size + h->stream_size,
					HV_PAGE_SIZE) &&
	       file_size >= h->memory_at && file_size - h->memory_at == h->memory &&
	       memchr(h->name, 0, sizeof(h->name));
}

static int open_saved(struct saved *s)
{
	struct save_head unchecked;
	struct stat st;

	s->fd = open(s->file, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st))
		return usage_error("%s: %s", s->file, strerror(errno));
	if (!read_all(s->fd, &s->head, sizeof(s->head), 0) ||
	    memcmp(s->head.magic, "tlfsctl", 8))
		return usage_error("%s: not a saved guest", s->file);
	if (s->head.version != SAVE_VERSION)
		return usage_error("%s: of version %u, this is for %u", s->file, s->head.version,
				   SAVE_VERSION);
	if (!head_ok(s, st.st_size))
		return usage_error("%s: damaged, or not complete", s->file);
	s->devices = malloc(s->head.devices_size);
	s->stream = malloc(s->head.stream_size);
	if (!s->devices || !s->stream)
		return host_error("out of memory");
	unchecked = s->head;
	unchecked.check = 0;
	if (!read_all(s->fd, s->devices, s->head.devices_size, sizeof(s->head)) ||
	    !read_all(s->fd, s->stream, s->head.stream_size,
		      sizeof(s->head) + s->head.devices_size) ||
	    save_check(&unchecked, s->devices, s->stream) != s->head.check)
		return usage_error("%s: damaged", s->file);
	return 0;
}

/* holes are zero, as fresh memory is */
static int read_memory(const struct saved *s, const struct guest_ram *ram)
{
	u64 at = s->head.memory_at, end = at + s->head.memory, n;
	off_t data = at, hole;

	while ((data = lseek(s->fd, data, SEEK_DATA)) >= 0 && (u64)data < end) {
		hole = lseek(s->fd, data, SEEK_HOLE);
		if (hole < 0)
			break;
		while (data < hole && (u64)data < end) {
			n = MIN(MIN((u64)(hole - data), end - data), CHUNK);
			if (!read_all(s->fd, ram->host + (data - at), n, data))
				return host_error("%s: %s", s->file, strerror(errno));
			data += n;
			save_show_progress((data - at) * 99 / s->head.memory);
		}
	}
	if (data < 0 && errno != ENXIO)
		return host_error("%s: %s", s->file, strerror(errno));
	save_show_progress(100);
	return 0;
}

static const char *state_text(u32 state)
{
	switch (state) {
	case HV_STATE_CORRUPT_DATA:
		return "the state is damaged";
	case HV_STATE_UNSUPPORTED_VERSION:
		return "the state is of another version of the hypervisor";
	case HV_STATE_PROCESSOR_COUNT_MISMATCH:
	case HV_STATE_PROCESSOR_FLAGS_MISMATCH:
	case HV_STATE_PROCESSOR_INDEX_MISMATCH:
		return "it had other virtual processors";
	case HV_STATE_INCOMPATIBLE_PROCESSOR:
		return "it ran on a processor of another vendor";
	case HV_STATE_PROCESSOR_INSUFFICIENT_MEMORY:
		return "out of memory";
	case HV_STATE_HARDWARE_FEATURE_MISMATCH:
		return "this machine has less than the one it ran on";
	default:
		return "this processor lacks features of the one it ran on";
	}
}

static int restore_stream(struct machine *m, const struct saved *s)
{
	struct hv_input_restore_partition_state in = { .flags = HV_SAVE_RESTORE_STATE_START };
	struct hv_output_restore_partition_state out = { .restore_state = HV_STATE_INCOMPLETE };
	u64 pos = 0, n;
	int rc;

	while (out.restore_state == HV_STATE_INCOMPLETE && pos < s->head.stream_size) {
		n = MIN(s->head.stream_size - pos, sizeof(in.restore_data));
		in.restore_data_count = n;
		memcpy(in.restore_data, s->stream + pos, n);
		rc = tlfs_hvcall(m->part, HVCALL_RESTORE_PARTITION_STATE, NULL, &in, sizeof(in),
				 &out, sizeof(out));
		if (rc)
			return host_error("cannot restore: %s", tlfs_strerror(rc));
		pos += out.restore_data_consumed;
		in.flags = 0;
	}
	if (out.restore_state != HV_STATE_COMPLETE)
		return usage_error("%s: %s (%u)", s->file, state_text(out.restore_state),
				   out.restore_state);
	return 0;
}

static int start(struct machine *m, const struct saved *s, const char *console)
{
	const char *why;
	int rc;

	m->dev = tlfs_open();
	if (m->dev < 0)
		return host_error("%s: %s (tlfsctl check)", TLFS_DEVICE, tlfs_strerror(m->dev));
	rc = console_open(&m->console, console);
	if (!rc)
		rc = machine_init_devices(m);
	if (!rc)
		rc = partition_create(m, s->head.features, s->head.compat, NULL);
	if (!rc)
		rc = read_memory(s, &m->ram);
	if (rc)
		return rc;
	rc = tlfs_set_property(m->part, HV_PARTITION_PROPERTY_TIME_FREEZE, 1);
	if (rc)
		return host_error("cannot stop the clock: %s", tlfs_strerror(rc));
	rc = restore_stream(m, s);
	if (rc)
		return rc;
	m->paused = malloc(devices_size());
	if (!m->paused)
		return host_error("out of memory");
	memcpy(m->paused, s->devices, devices_size());
	why = guest_go_on(m);
	if (why)
		return usage_error("%s: %s", s->file, why);
	return machine_run(m);
}

static int restore_machine(struct saved *s, const char *name, const char *console)
{
	struct machine *m;
	unsigned int i;
	int rc;

	rc = open_saved(s);
	if (rc)
		return rc;
	m = calloc(1, sizeof(*m));
	if (!m)
		return host_error("out of memory");
	m->name = name ? name : s->head.name;
	m->features = s->head.features;
	m->compat = s->head.compat;
	m->dev = -1;
	m->part = -1;
	m->debug_exit = s->head.debug_exit;
	m->nr_vps = s->head.nr_vps;
	m->vps = calloc(m->nr_vps, sizeof(*m->vps));
	if (!m->vps) {
		free(m);
		return host_error("out of memory");
	}
	for (i = 0; i < m->nr_vps; i++)
		m->vps[i].fd = -1;
	rc = ram_alloc(&m->ram, s->head.memory);
	if (!rc)
		rc = start(m, s, console);
	partition_destroy(m);
	ram_free(&m->ram);
	free(m->vps);
	free(m);
	return rc;
}

static int restore(const struct command *cmd, int argc, char **argv)
{
	struct opt_state st = { .cmd = cmd, .argc = argc, .argv = argv, .at = 2 };
	const char *console = "stdio", *name = NULL, *val;
	struct saved s = { .fd = -1 };
	int key, rc;

	if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
		return opt_help(cmd);
	if (argc < 2 || argv[1][0] == '-')
		return usage_error("restore: needs FILE first (see tlfsctl restore --help)");
	while ((key = opt_next(&st, &val)) != OPT_END) {
		if (key == OPT_BAD)
			return ST_USAGE;
		if (key == OPT_HELP)
			return opt_help(cmd);
		if (key == 'C')
			console = val;
		else
			name = val;
	}
	s.file = argv[1];
	rc = restore_machine(&s, name, console);
	if (s.fd >= 0)
		close(s.fd);
	free(s.devices);
	free(s.stream);
	return rc;
}

const struct command cmd_restore = {
	.name = "restore",
	.summary = "Continue a guest from a file: tlfsctl restore FILE [options].",
	.opts = restore_opts,
	.notes =
		"Its clock goes on from where it stood.  The file is only read, and can be used\n"
		"again.  Exit status as of tlfsctl run.\n",
	.run = restore,
};
