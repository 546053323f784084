// SPDX-License-Identifier: GPL-2.0-only
/*
 * The serial port's other end: standard input and output, a pseudo-terminal, or a file.  A
 * terminal is put into raw mode and always given back: on return, at exit and by the handlers of
 * the signals that kill.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "machine.h"

#define ESCAPE		1	/* Ctrl-A */
#define GATHER_NS	1000000	/* wait that long for more before writing few bytes */
#define FEW		256
#define CLOSE_WAIT_S	2

static struct termios saved_tty;
static volatile sig_atomic_t tty_saved;

static void restore_tty(void)
{
	if (!tty_saved)
		return;
	tty_saved = 0;
	tcsetattr(STDIN_FILENO, TCSANOW, &saved_tty);
}

static void fatal_signal(int sig)
{
	restore_tty();
	/* SA_RESETHAND put the default action back */
	raise(sig);
}

static int raw_mode(void)
{
	static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
	struct sigaction sa = { .sa_handler = fatal_signal, .sa_flags = SA_RESETHAND };
	struct termios raw;
	size_t i;

	if (tcgetattr(STDIN_FILENO, &saved_tty))
		return -errno;
	for (i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &sa, NULL);
	atexit(restore_tty);
	raw = saved_tty;
	cfmakeraw(&raw);
	tty_saved = 1;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw)) {
		tty_saved = 0;
		return -errno;
	}
	return 0;
}

static int open_pty(struct console *c)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct termios raw;
	char name[64];

	if (fd < 0 || grantpt(fd) || unlockpt(fd) || ptsname_r(fd, name, sizeof(name)))
		return usage_error("--console pty: %s", strerror(errno));
	/* no echo: what the guest prints before anybody attaches must not come back as input */
	if (!tcgetattr(fd, &raw)) {
		cfmakeraw(&raw);
		tcsetattr(fd, TCSANOW, &raw);
	}
	fcntl(fd, F_SETFL, O_NONBLOCK);
	c->in = fd;
	c->out = fd;
	note("console: %s", name);
	return 0;
}

int console_open(struct console *c, const char *spec)
{
	c->in = -1;
	c->out = -1;
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->more, NULL);
	if (!strcmp(spec, "stdio")) {
		c->kind = CONSOLE_STDIO;
		c->in = STDIN_FILENO;
		c->out = STDOUT_FILENO;
		c->tty = isatty(STDIN_FILENO);
		return 0;
	}
	if (!strcmp(spec, "pty")) {
		c->kind = CONSOLE_PTY;
		return open_pty(c);
	}
	c->kind = CONSOLE_FILE;
	c->out = open(spec, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
	if (c->out < 0)
		return usage_error("--console %s: %s", spec, strerror(errno));
	return 0;
}

/* False: nobody will ever read this */
static bool write_some(struct console *c, const u8 *buf, size_t len, size_t *done)
{
	ssize_t n = write(c->out, buf, len);
	struct pollfd p = { .fd = c->out, .events = POLLOUT };

	*done = 0;
	if (n >= 0) {
		*done = n;
		return true;
	}
	if (errno == EINTR)
		return true;
	if (errno != EAGAIN)
		return false;
	/* a pty that nobody has open, or a slow reader */
	if (poll(&p, 1, 100) > 0 && p.revents & POLLOUT)
		return true;
	return c->kind != CONSOLE_PTY;
}

static size_t peek(struct console *c, u8 *buf, size_t len)
{
	size_t first = MIN(MIN((size_t)c->count, len), (size_t)(CONSOLE_RING - c->head));

	memcpy(buf, c->ring + c->head, first);
	return first;
}

static void *writer(void *arg)
{
	struct console *c = arg;
	const struct timespec gather = { .tv_nsec = GATHER_NS };
	const u64 one = 1;
	size_t len, done;
	bool was_full;
	u8 buf[4096];

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (!c->count && !c->closing)
			pthread_cond_wait(&c->more, &c->lock);
		if (!c->count)
			break;
		if (c->count < FEW && !c->closing) {
			pthread_mutex_unlock(&c->lock);
			nanosleep(&gather, NULL);
			pthread_mutex_lock(&c->lock);
		}
		len = peek(c, buf, sizeof(buf));
		pthread_mutex_unlock(&c->lock);
		if (!write_some(c, buf, len, &done))
			done = len;	/* dropped, as by a cable that is not plugged in */
		pthread_mutex_lock(&c->lock);
		was_full = c->count >= CONSOLE_RING - 1;
		c->head = (c->head + done) % CONSOLE_RING;
		c->count -= done;
		if (was_full && done && write(c->wake, &one, sizeof(one)) < 0)
			continue;	/* the main loop is awake already */
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

int console_start(struct console *c)
{
	int rc;

	if (c->tty) {
		rc = raw_mode();
		if (rc)
			return rc;
	}
	rc = -pthread_create(&c->writer, NULL, writer, c);
	c->writing = !rc;
	return rc;
}

void console_put(struct console *c, u8 byte)
{
	pthread_mutex_lock(&c->lock);
	if (c->count < CONSOLE_RING)
		c->ring[(c->head + c->count++) % CONSOLE_RING] = byte;
	if (c->count == 1)
		pthread_cond_signal(&c->more);
	pthread_mutex_unlock(&c->lock);
}

bool console_room(struct console *c)
{
	bool room;

	pthread_mutex_lock(&c->lock);
	room = c->count < CONSOLE_RING - 1;
	pthread_mutex_unlock(&c->lock);
	return room;
}

/* Ctrl-A x quits, Ctrl-A Ctrl-A is one Ctrl-A; only a terminal's user can mean that */
static int filter(struct console *c, u8 *buf, int n)
{
	int i, out = 0;

	for (i = 0; i < n; i++) {
		if (c->escape) {
			c->escape = false;
			if (buf[i] == 'x' || buf[i] == 'X')
				return -1;
			buf[out++] = buf[i];
		} else if (buf[i] == ESCAPE) {
			c->escape = true;
		} else {
			buf[out++] = buf[i];
		}
	}
	return out;
}

int console_input(const struct console *c)
{
	return c->tty || c->typed_count < CONSOLE_TYPED ? c->in : -1;
}

int console_read(struct console *c)
{
	unsigned int room = CONSOLE_TYPED - c->typed_count;
	u8 buf[CONSOLE_TYPED];
	ssize_t n = read(c->in, buf, c->tty ? sizeof(buf) : room);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	if (n <= 0) {
		/* EIO on a pty only says that nobody has it open now */
		if (c->kind != CONSOLE_PTY)
			c->in = -1;
		return 0;
	}
	if (c->tty)
		n = filter(c, buf, n);
	if (n < 0)
		return -1;
	n = MIN(n, (ssize_t)room);
	memcpy(c->typed + c->typed_count, buf, n);
	c->typed_count += n;
	return 0;
}

unsigned int console_get(struct console *c, u8 *buf, unsigned int len)
{
	len = MIN(len, c->typed_count);
	memcpy(buf, c->typed, len);
	c->typed_count -= len;
	memmove(c->typed, c->typed + len, c->typed_count);
	return len;
}

void console_close(struct console *c)
{
	struct timespec until;

	if (c->writing) {
		pthread_mutex_lock(&c->lock);
		c->closing = true;
		pthread_cond_signal(&c->more);
		pthread_mutex_unlock(&c->lock);
		/* output that nobody takes does not keep the program alive */
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += CLOSE_WAIT_S;
		if (pthread_timedjoin_np(c->writer, NULL, &until))
			pthread_cancel(c->writer);
		c->writing = false;
	}
	restore_tty();
}
