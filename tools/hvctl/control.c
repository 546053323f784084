// SPDX-License-Identifier: GPL-2.0-only
/*
 * Socket of a running guest, /run/tlfs/NAME.sock (without the right to write there:
 * $XDG_RUNTIME_DIR/tlfs): whoever may, asks the guest's own process to do something.  That is its
 * owner and root, by the socket's mode and by what the kernel says of the other end.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "save.h"

#define PATIENCE_S	10

static bool name_ok(const char *name)
{
	const char *c;

	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
			return false;
	return *name && *name != '.' && strlen(name) < SAVE_NAME;
}

/* the directory sockets of this user are in */
static bool control_address(struct sockaddr_un *a, const char *name, bool system)
{
	const char *run = system ? "/run" : getenv("XDG_RUNTIME_DIR");
	int n;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	if (!run || !name_ok(name))
		return false;
	n = snprintf(a->sun_path, sizeof(a->sun_path), "%s/tlfs/%s.sock", run, name);
	return n > 0 && (size_t)n < sizeof(a->sun_path);
}

static void make_directory(const struct sockaddr_un *a)
{
	char dir[sizeof(a->sun_path)];

	memcpy(dir, a->sun_path, sizeof(dir));
	*strrchr(dir, '/') = 0;
	*strrchr(dir, '/') = 0;
	mkdir(dir, 0755);
	memcpy(dir, a->sun_path, sizeof(dir));
	*strrchr(dir, '/') = 0;
	mkdir(dir, 0755);
}

static int try_connect(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof(*a))) {
		close(fd);
		return -1;
	}
	return fd;
}

int control_connect(const char *name)
{
	struct sockaddr_un a;
	unsigned int system;
	int fd;

	if (!name_ok(name)) {
		usage_error("'%s' is no name of a guest", name);
		return -1;
	}
	for (system = 2; system--; ) {
		if (!control_address(&a, name, system))
			continue;
		fd = try_connect(&a);
		if (fd >= 0)
			return fd;
	}
	usage_error("no guest '%s' runs here, or it is not yours", name);
	return -1;
}

/* the guest's process is @pid: by what the kernel says of the other end */
static bool listener_is(int sock, pid_t pid)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred who;

	return !getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &len) && who.pid == pid;
}

static int connect_in(const char *run, pid_t pid)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct dirent *d;
	char path[96];
	int fd = -1;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/tlfs", run);
	dir = opendir(path);
	while (dir && fd < 0 && (d = readdir(dir)) != NULL) {
		if ((size_t)snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", path, d->d_name) >=
		    sizeof(a.sun_path))
			continue;
		fd = try_connect(&a);
		if (fd >= 0 && !listener_is(fd, pid)) {
			close(fd);
			fd = -1;
		}
	}
	if (dir)
		closedir(dir);
	return fd;
}

int control_connect_pid(pid_t pid)
{
	const char *own = getenv("XDG_RUNTIME_DIR");
	int fd = connect_in("/run", pid);

	return fd < 0 && own ? connect_in(own, pid) : fd;
}

/* -1: none, the guest runs without */
static int control_listen(const struct sockaddr_un *a)
{
	int fd, other;
	mode_t mask;

	make_directory(a);
	other = try_connect(a);
	if (other >= 0) {
		/* another guest of this name */
		close(other);
		return -1;
	}
	unlink(a->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	mask = umask(0177);
	if (bind(fd, (const struct sockaddr *)a, sizeof(*a)) || listen(fd, 4)) {
		close(fd);
		fd = -1;
	}
	umask(mask);
	return fd;
}

int control_open(struct machine *m)
{
	struct sockaddr_un a;
	unsigned int system, second;

	m->control = -1;
	snprintf(m->control_name, sizeof(m->control_name), "%s", m->name);
	/* if another guest has the name, it is reached by its id only */
	for (second = 0; m->control < 0 && second < 2; second++) {
		for (system = 2; m->control < 0 && system--; ) {
			if (!control_address(&a, m->control_name, system))
				continue;
			m->control = control_listen(&a);
			m->control_system = system;
		}
		if (m->control < 0)
			snprintf(m->control_name, sizeof(m->control_name), "pid-%d", getpid());
	}
	return m->control;
}

void control_close(struct machine *m)
{
	struct sockaddr_un a;

	if (m->control < 0)
		return;
	close(m->control);
	m->control = -1;
	if (control_address(&a, m->control_name, m->control_system))
		unlink(a.sun_path);
}

/* ---- a request ---- */

static void say(int sock, const char *text)
{
	/* whoever asked may have gone: no matter */
	if (send(sock, text, strlen(text), MSG_NOSIGNAL) < 0)
		return;
}

static void say_progress(void *arg, unsigned int percent)
{
	char text[16];

	snprintf(text, sizeof(text), "p %u\n", percent);
	say(*(int *)arg, text);
}

static bool allowed(int sock)
{
	socklen_t len = sizeof(struct ucred);
	struct ucred who;

	return !getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &len) &&
	       (!who.uid || who.uid == geteuid());
}

/* the four bytes of a request, "" if there are not; the descriptor that comes along, or -1 */
static int receive(int sock, char op[5])
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = op, .iov_len = 4 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *c;
	ssize_t n;
	int fd = -1;

	memset(op, 0, 5);
	n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	/* nothing came, and there is nothing in @control */
	if (n < 0)
		return -1;
	if (n != 4)
		memset(op, 0, 5);
	c = CMSG_FIRSTHDR(&msg);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(c), sizeof(fd));
	return fd;
}

/* ---- requests ---- */

static const char *guest_reset(struct machine *m)
{
	m->again = true;
	machine_end(m, ST_RESET, "reset by tlfsctl");
	return NULL;
}

static const char *guest_stop(struct machine *m)
{
	machine_end(m, ST_OK, "stopped by tlfsctl");
	return NULL;
}

static const struct {
	char op[5];
	const char *(*serve)(struct machine *m);
} requests[] = {
	{ CONTROL_PAUSE, guest_pause },
	{ CONTROL_RESUME, guest_resume },
	{ CONTROL_RESET, guest_reset },
	{ CONTROL_STOP, guest_stop },
};

static bool serve_request(struct machine *m, int sock, const char *op)
{
	const char *why;
	char text[256];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++) {
		if (strcmp(op, requests[i].op))
			continue;
		why = requests[i].serve(m);
		snprintf(text, sizeof(text), why ? "error: %s\n" : "ok\n", why);
		say(sock, text);
		return true;
	}
	return false;
}

static void serve_save(struct machine *m, int sock, int fd)
{
	const char *why;
	char text[256];

	why = guest_pause(m);
	if (!why)
		why = machine_save(m, fd, say_progress, &sock);
	if (!why) {
		say(sock, "ok\n");
		machine_end(m, ST_OK, "saved");
		return;
	}
	snprintf(text, sizeof(text), "error: %s\n", why);
	say(sock, text);
	guest_resume(m);
}

void control_serve(struct machine *m)
{
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int sock, fd;
	char op[5];

	sock = accept4(m->control, NULL, NULL, SOCK_CLOEXEC);
	if (sock < 0)
		return;
	setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (allowed(sock)) {
		fd = receive(sock, op);
		if (fd >= 0 && !strcmp(op, "save"))
			serve_save(m, sock, fd);
		else if (!serve_request(m, sock, op))
			say(sock, "error: not understood\n");
		if (fd >= 0)
			close(fd);
	} else {
		say(sock, "error: not yours\n");
	}
	close(sock);
}
