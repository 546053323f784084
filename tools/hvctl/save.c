// SPDX-License-Identifier: GPL-2.0-only
/*
 * tlfsctl save: ask a running guest to put itself into a file.  The guest's own process does it and
 * then ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "opts.h"
#include "save.h"

#define CHUNK	(2 * MiB)

static const char save_magic[8] = "tlfsctl";

/* ---- in the guest's process ---- */

static int suspend_vps(struct machine *m)
{
	struct hv_register_assoc reg = {
		.name = HV_REGISTER_EXPLICIT_SUSPEND, .value.reg64 = HV_SUSPEND_SUSPENDED,
	};
	unsigned int i;
	int rc = 0;

	for (i = 0; !rc && i < m->nr_vps; i++)
		rc = tlfs_set_regs(m->vps[i].fd, i, &reg, 1);
	return rc;
}

/* HvSavePartitionState until it is complete; a buffer of the caller's, or NULL */
static void *save_stream(struct machine *m, u64 *size)
{
	struct hv_input_save_partition_state in = { .flags = HV_SAVE_RESTORE_STATE_START };
	struct hv_output_save_partition_state out;
	u8 *buf = NULL, *more;

	*size = 0;
	do {
		if (tlfs_hvcall(m->part, HVCALL_SAVE_PARTITION_STATE, NULL, &in, sizeof(in), &out,
				sizeof(out)) ||
		    out.save_data_count > sizeof(out.save_data))
			goto fail;
		more = realloc(buf, *size + out.save_data_count);
		if (!more)
			goto fail;
		buf = more;
		memcpy(buf + *size, out.save_data, out.save_data_count);
		*size += out.save_data_count;
		in.flags = 0;
	} while (out.save_state == HV_STATE_INCOMPLETE);
	if (out.save_state == HV_STATE_COMPLETE)
		return buf;
fail:
	free(buf);
	return NULL;
}

static bool write_all(int fd, const void *buf, u64 size, u64 at)
{
	const u8 *p = buf;

	while (size) {
		ssize_t n = pwrite(fd, p, MIN(size, CHUNK), at);

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

static bool all_zero(const u8 *page)
{
	return !page[0] && !memcmp(page, page + 1, HV_PAGE_SIZE - 1);
}

/* pages that are zero become holes */
static bool write_memory(const struct guest_ram *ram, int fd, u64 at, save_progress progress,
			 void *arg)
{
	u64 size = ram->low + ram->high, pos = 0, end;
	unsigned int percent = 0;

	while (pos < size) {
		while (pos < size && all_zero(ram->host + pos))
			pos += HV_PAGE_SIZE;
		end = pos;
		while (end < size && end - pos < CHUNK && !all_zero(ram->host + end))
			end += HV_PAGE_SIZE;
		if (!write_all(fd, ram->host + pos, end - pos, at + pos))
			return false;
		pos = end;
		if (progress && pos * 100 / size > percent) {
			percent = pos * 100 / size;
			progress(arg, percent);
		}
	}
	return !ftruncate(fd, at + size);
}

u64 save_check(const struct save_head *head, const void *devices, const void *stream)
{
	const void *parts[] = { head, devices, stream };
	const u64 sizes[] = { sizeof(*head), head->devices_size, head->stream_size };
	u64 check = 0xcbf29ce484222325ULL, j;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++)
		for (j = 0; j < sizes[i]; j++)
			check = (check ^ ((const u8 *)parts[i])[j]) * 0x100000001b3ULL;
	return check;
}

static const char *write_file(struct machine *m, struct save_head *head, const void *devices,
			      const void *stream, int fd, save_progress progress, void *arg)
{
	u64 at = sizeof(*head) + head->devices_size;

	head->memory_at = ALIGN_UP(at + head->stream_size, HV_PAGE_SIZE);
	head->check = save_check(head, devices, stream);
	/* the head comes last: a file that is not complete has none */
	if (!write_all(fd, devices, head->devices_size, sizeof(*head)) ||
	    !write_all(fd, stream, head->stream_size, at) ||
	    !write_memory(&m->ram, fd, head->memory_at, progress, arg) ||
	    !write_all(fd, head, sizeof(*head), 0) || fsync(fd))
		return strerror(errno);
	return NULL;
}

const char *machine_save(struct machine *m, int fd, save_progress progress, void *arg)
{
	struct save_head head = {
		.version = SAVE_VERSION, .nr_vps = m->nr_vps, .memory = m->ram.low + m->ram.high,
		.features = m->features, .compat = m->compat, .devices_size = devices_size(),
		.debug_exit = m->debug_exit,
	};
	const char *why;
	void *stream;
	int rc;

	memcpy(head.magic, save_magic, sizeof(head.magic));
	snprintf(head.name, sizeof(head.name), "%s", m->name);
	rc = suspend_vps(m);
	if (rc)
		return tlfs_strerror(rc);
	stream = save_stream(m, &head.stream_size);
	why = stream ? write_file(m, &head, m->paused, stream, fd, progress, arg) :
		       "the hypervisor does not give its state";
	free(stream);
	return why;
}

/* ---- the command ---- */

static const struct opt save_opts[] = {
	OPT_HELP_ROW,
	OPT_LAST_ROW,
};

void save_show_progress(unsigned int percent)
{
	static const char bar[] = "########################################";
	int n = percent * 40 / 100;

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r[%-40.*s] %3u %%%s", n, bar, percent,
			percent == 100 ? "\n" : "");
}

/* "p N" lines, then "ok" or "error: ..." */
static int follow(int sock)
{
	char line[256];
	FILE *f = fdopen(sock, "r");
	unsigned int percent;

	if (!f) {
		close(sock);
		return host_error("save: %s", strerror(errno));
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (sscanf(line, "p %u", &percent) == 1) {
			save_show_progress(MIN(percent, 100U));
			continue;
		}
		fclose(f);
		return strcmp(line, "ok") ? host_error("save: %s", line) : ST_OK;
	}
	fclose(f);
	return host_error("save: the guest's process went away");
}

static int send_request(int sock, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { .iov_base = "save", .iov_len = 4 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(sock, &msg, MSG_NOSIGNAL) == 4 ? 0 : -1;
}

static int save_to(const char *name, const char *file)
{
	int sock, fd, rc;

	sock = control_connect(name);
	if (sock < 0)
		return ST_USAGE;
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		rc = usage_error("save: %s: %s", file, strerror(errno));
		close(sock);
		return rc;
	}
	if (send_request(sock, fd)) {
		rc = host_error("save: %s", strerror(errno));
		close(sock);
	} else {
		rc = follow(sock);
	}
	close(fd);
	if (rc)
		unlink(file);
	return rc;
}

static int save(const struct command *cmd, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return opt_help(cmd);
	if (argc != 3 || argv[1][0] == '-')
		return usage_error("save: needs NAME and FILE (see tlfsctl save --help)");
	return save_to(argv[1], argv[2]);
}

const struct command cmd_save = {
	.name = "save",
	.summary = "Put a running guest into a file: tlfsctl save NAME FILE.",
	.opts = save_opts,
	.notes =
		"The guest stops, is written to FILE, which must not exist yet, and ends.  If that\n"
		"fails it runs on.  tlfsctl restore FILE continues it.\n",
	.run = save,
};
