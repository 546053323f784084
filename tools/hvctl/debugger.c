// SPDX-License-Identifier: GPL-2.0-only
/*
 * --debugger unix:PATH: the far end of the guest's debug session (TLFS 20) is whoever connects to a
 * socket, one at a time.  While nobody does, what the guest posts waits in the session.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "debugger.h"
#include "machine.h"

#define PREFIX		"unix:"
#define CHANNELS	1024		/* ids to try */

/* bytes on their way; @at of @n are through */
struct way {
	u8 buf[4096];
	size_t at, n;
};

/**
 * struct debugger - session, socket and their thread
 * @listener:	the socket
 * @session:	from TLFS_OPEN_DEBUG
 * @client:	who is connected, or -1
 * @stop:	eventfd that ends the thread
 */
struct debugger {
	struct sockaddr_un addr;
	int listener, session, client, stop;
	struct way in, out;
	pthread_t thread;
	bool started;
};

/* what a run that was killed has left is in the way; a socket somebody listens at is his */
static void remove_stale(const struct sockaddr_un *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return;
	if (!lstat(a->sun_path, &st) && S_ISSOCK(st.st_mode) &&
	    connect(fd, (const struct sockaddr *)a, sizeof(*a)) && errno == ECONNREFUSED)
		unlink(a->sun_path);
	close(fd);
}

int debugger_listen(struct machine *m, const char *where)
{
	struct debugger *d;
	const char *path;
	mode_t mask;
	int rc;

	if (strncmp(where, PREFIX, strlen(PREFIX)) || !where[strlen(PREFIX)])
		return usage_error("--debugger: '%s' is not unix:PATH", where);
	path = where + strlen(PREFIX);
	if (strlen(path) >= sizeof(d->addr.sun_path))
		return usage_error("--debugger: the path is too long");
	d = calloc(1, sizeof(*d));
	if (!d)
		return host_error("out of memory");
	d->session = -1;
	d->client = -1;
	d->addr.sun_family = AF_UNIX;
	strcpy(d->addr.sun_path, path);
	d->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	remove_stale(&d->addr);
	mask = umask(0177);
	rc = d->stop < 0 || d->listener < 0 ||
	     bind(d->listener, (const struct sockaddr *)&d->addr, sizeof(d->addr)) ||
	     listen(d->listener, 1);
	umask(mask);
	if (rc) {
		rc = usage_error("--debugger: %s: %s", path, strerror(errno));
		close(d->listener);
		close(d->stop);
		free(d);
		return rc;
	}
	m->debugger = d;
	return 0;
}

static void hang_up(struct debugger *d)
{
	close(d->client);
	d->client = -1;
	/* what was not delivered is lost with the connection */
	d->in.n = 0;
	d->out.n = 0;
}

/* fill @w from @from: false when that has come to its end */
static bool way_read(struct way *w, int from)
{
	ssize_t n = read(from, w->buf, sizeof(w->buf));

	w->at = 0;
	w->n = n > 0 ? n : 0;
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

/* false: nobody takes it any more */
static bool way_write(struct way *w, int to, bool sock)
{
	ssize_t n;

	n = sock ? send(to, w->buf + w->at, w->n - w->at, MSG_NOSIGNAL) :
		   write(to, w->buf + w->at, w->n - w->at);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	w->at += n;
	if (w->at == w->n)
		w->n = 0;
	return true;
}

static void take_client(struct debugger *d)
{
	d->client = accept4(d->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

/* false: the partition is gone */
static bool serve(struct debugger *d, short client, short session)
{
	if (d->client >= 0 && client & POLLOUT && d->out.n && !way_write(&d->out, d->client, true))
		hang_up(d);
	if (session & POLLOUT && d->in.n && !way_write(&d->in, d->session, false))
		return false;
	if (d->client >= 0 && client & (POLLIN | POLLHUP | POLLERR) && !d->in.n &&
	    !way_read(&d->in, d->client))
		hang_up(d);
	if (d->client >= 0 && session & POLLIN && !d->out.n)
		return way_read(&d->out, d->session);
	return !(session & POLLERR);
}

static void *debugger_thread(void *arg)
{
	enum { STOP, LISTENER, CLIENT, SESSION, COUNT };
	struct debugger *d = arg;
	struct pollfd p[COUNT];

	do {
		memset(p, 0, sizeof(p));
		p[STOP] = (struct pollfd){ .fd = d->stop, .events = POLLIN };
		p[LISTENER] = (struct pollfd){ .fd = d->client < 0 ? d->listener : -1,
					       .events = POLLIN };
		p[CLIENT].fd = d->client;
		p[CLIENT].events = (d->in.n ? 0 : POLLIN) | (d->out.n ? POLLOUT : 0);
		p[SESSION].fd = d->session;
		p[SESSION].events = (d->client >= 0 && !d->out.n ? POLLIN : 0) |
				    (d->in.n ? POLLOUT : 0);
		if (poll(p, COUNT, -1) < 0)
			continue;
		if (p[LISTENER].revents & POLLIN)
			take_client(d);
		else if (!serve(d, p[CLIENT].revents, p[SESSION].revents))
			break;
	} while (!p[STOP].revents);
	return NULL;
}

/* 20.1.1: the session is active once it has a channel, whose id nobody else uses; 0 is none */
static int choose_channel(int part)
{
	unsigned int i, id;
	int rc = 0;

	for (i = 0; i < CHANNELS; i++) {
		id = ((getpid() + i) & 0xffff) ?: 1;
		rc = tlfs_set_property(part, HV_PARTITION_PROPERTY_DEBUG_CHANNEL_ID, id);
		if (rc != HV_STATUS_OBJECT_IN_USE)
			break;
	}
	return rc;
}

int debugger_start(struct machine *m)
{
	struct debugger *d = m->debugger;
	int rc;

	if (!d)
		return 0;
	d->session = tlfs_open_debug(m->part);
	if (d->session < 0)
		return host_error("no debug session: %s", tlfs_strerror(d->session));
	fcntl(d->session, F_SETFL, O_NONBLOCK);
	rc = choose_channel(m->part);
	if (rc)
		return host_error("no debug session: %s", tlfs_strerror(rc));
	rc = pthread_create(&d->thread, NULL, debugger_thread, d);
	if (rc)
		return host_error("debug session: no thread: %s", strerror(rc));
	d->started = true;
	return 0;
}

void debugger_close(struct machine *m)
{
	struct debugger *d = m->debugger;

	if (!d)
		return;
	if (d->started && !eventfd_write(d->stop, 1))
		pthread_join(d->thread, NULL);
	if (d->client >= 0)
		close(d->client);
	if (d->session >= 0)
		close(d->session);
	close(d->listener);
	close(d->stop);
	unlink(d->addr.sun_path);
	free(d);
	m->debugger = NULL;
}
