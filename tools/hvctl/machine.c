// SPDX-License-Identifier: GPL-2.0-only
/* Wiring of the devices, the main loop (console, timers, signals), start and end of the VPs. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "debugger.h"
#include "machine.h"
#include "save.h"

#define KICK_PERIOD_NS	10000000
#define PTY_PERIOD_MS	200	/* how often a pty is asked whether somebody opened it */

static void wake_main(struct machine *m)
{
	const u64 one = 1;

	if (write(m->wake, &one, sizeof(one)) < 0)
		return;		/* the counter is full: awake anyway */
}

static void end(struct machine *m, int status, const char *fmt, va_list ap)
{
	char text[512];

	if (m->ended)
		return;
	m->ended = true;
	m->status = status;
	if (fmt) {
		vsnprintf(text, sizeof(text), fmt, ap);
		note("%s: %s", m->name, text);
	}
	wake_main(m);
}

void machine_end_locked(struct machine *m, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end(m, status, fmt, ap);
	va_end(ap);
}

void machine_end(struct machine *m, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	pthread_mutex_lock(&m->lock);
	end(m, status, fmt, ap);
	pthread_mutex_unlock(&m->lock);
	va_end(ap);
}

/* ---- what the devices are wired to ---- */

/* An ISA interrupt reaches both controllers; the timer's pin on the IOAPIC is 2 */
static void isa_irq(void *dev, unsigned int irq, bool level)
{
	struct machine *m = dev;

	pic_set_line(&m->pic, irq, level);
	ioapic_set_line(&m->ioapic, irq ? irq : 2, level);
}

static void ioapic_deliver(void *dev, u32 type, bool level, bool logical, u32 dest, u8 vector)
{
	struct machine *m = dev;

	/*
	 * Errors are the guest's: a vector below 16, a destination that is not there.  The bus
	 * of a real machine would drop those messages as well.
	 */
	tlfs_assert_interrupt(m->part, type, level, logical, dest, vector);
}

static bool pic_intr(void *dev, bool assert, u8 vector)
{
	struct machine *m = dev;
	int rc = tlfs_assert_interrupt(m->part, HV_X64_INTERRUPT_TYPE_EXT_INT, true, false, 0,
				       assert ? vector : HV_INTERRUPT_VECTOR_NONE);

	return rc != HV_STATUS_ACKNOWLEDGED;
}

static bool pic_acked(void *dev)
{
	struct machine *m = dev;

	return !tlfs_clear_interrupt(m->part);
}

static void uart_tx(void *dev, u8 c)
{
	struct machine *m = dev;

	console_put(&m->console, c);
}

static bool uart_tx_room(void *dev)
{
	struct machine *m = dev;

	return console_room(&m->console);
}

/* The main loop left the console alone while the receiver was full */
static void uart_rx_space(void *dev)
{
	wake_main(dev);
}

static void power_off(void *dev)
{
	machine_end_locked(dev, ST_OK, NULL);
}

static void guest_reset(void *dev, const char *how)
{
	machine_end_locked(dev, ST_RESET, "guest asked for a reset (%s)", how);
}

/* x87 errors of a system that does not want #MF: IRQ 13, until something is written to port 0xf0 */
#define FERR_IRQ	13
#define FERR_PORT	0xf0

void machine_ferr(struct machine *m)
{
	pthread_mutex_lock(&m->lock);
	isa_irq(m, FERR_IRQ, true);
	pthread_mutex_unlock(&m->lock);
}

static u64 ferr_read(void *dev, u64 off, unsigned int size)
{
	(void)dev;
	(void)off;
	(void)size;
	return ~0ULL;
}

static void ferr_clear(void *dev, u64 off, unsigned int size, u64 val)
{
	(void)off;
	(void)size;
	(void)val;
	isa_irq(dev, FERR_IRQ, false);
}

static u64 debug_exit_read(void *dev, u64 off, unsigned int size)
{
	(void)dev;
	(void)off;
	(void)size;
	return 0;
}

static void debug_exit_write(void *dev, u64 off, unsigned int size, u64 val)
{
	(void)off;
	(void)size;
	machine_end_locked(dev, (val << 1 | 1) & 0xff, NULL);
}

int machine_init_devices(struct machine *m)
{
	struct region debug_exit = {
		.len = 4, .dev = m, .read = debug_exit_read, .write = debug_exit_write,
	};
	const struct region ferr = {
		.base = FERR_PORT, .len = 1, .dev = m, .read = ferr_read, .write = ferr_clear,
	};

	pthread_mutex_init(&m->lock, NULL);
	m->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	m->timers.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (m->wake < 0 || m->timers.fd < 0)
		return host_error("eventfd and timerfd: %s", strerror(errno));

	m->uart.irq = (struct irq_line){ isa_irq, m, 4 };
	m->uart.tx = uart_tx;
	m->uart.tx_room = uart_tx_room;
	m->uart.rx_space = uart_rx_space;
	m->uart.dev = m;
	m->console.wake = m->wake;
	uart_init(&m->uart, &m->pio, 0x3f8);

	m->ioapic.deliver = ioapic_deliver;
	m->ioapic.dev = m;
	ioapic_init(&m->ioapic, &m->mmio);

	m->pic.intr = pic_intr;
	m->pic.acked = pic_acked;
	m->pic.dev = m;
	pic_init(&m->pic, &m->pio, &m->timers);

	m->pit.irq = (struct irq_line){ isa_irq, m, 0 };
	pit_init(&m->pit, &m->pio, &m->timers);

	m->rtc.irq = (struct irq_line){ isa_irq, m, 8 };
	rtc_init(&m->rtc, &m->pio, &m->timers, m->ram.low, m->ram.high, m->nr_vps);

	m->pm.sci = (struct irq_line){ isa_irq, m, PM_SCI_IRQ };
	m->pm.power_off = power_off;
	m->pm.reset = guest_reset;
	m->pm.dev = m;
	pm_init(&m->pm, &m->pio, &m->timers);

	bus_add(&m->pio, &ferr);

	if (m->debug_exit >= 0) {
		debug_exit.base = m->debug_exit;
		bus_add(&m->pio, &debug_exit);
	}
	return 0;
}

/* ---- the main loop ---- */

static void kick_handler(int sig)
{
	(void)sig;	/* only there to make RUN_VP return EINTR */
}

/* Signals that end the run arrive through a descriptor; returns it */
static int catch_signals(void)
{
	struct sigaction sa = { .sa_handler = kick_handler };
	sigset_t set;

	sigaction(SIGUSR1, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void drain(int fd)
{
	u64 v;

	if (read(fd, &v, sizeof(v)) < 0)
		return;
}

static void take_signal(struct machine *m, int fd)
{
	struct signalfd_siginfo si;

	if (read(fd, &si, sizeof(si)) == sizeof(si))
		machine_end(m, ST_SIGNAL + si.ssi_signo, "ended by signal %u (%s)", si.ssi_signo,
			    sigabbrev_np(si.ssi_signo));
}

/* What was typed, as far as the receiver has room */
static void feed_uart(struct machine *m)
{
	u8 buf[UART_FIFO];
	unsigned int i, n;

	n = console_get(&m->console, buf, uart_rx_room(&m->uart));
	for (i = 0; i < n; i++)
		uart_receive(&m->uart, buf[i]);
}

static void main_loop(struct machine *m, int sigs)
{
	enum { WAKE, TIMER, SIGNAL, INPUT, CONTROL, COUNT };
	struct pollfd p[COUNT] = {
		[WAKE] = { .fd = m->wake, .events = POLLIN },
		[TIMER] = { .fd = m->timers.fd, .events = POLLIN },
		[SIGNAL] = { .fd = sigs, .events = POLLIN },
		[INPUT] = { .events = POLLIN },
		[CONTROL] = { .fd = m->control, .events = POLLIN },
	};
	bool hung_up = false, ended;

	for (;;) {
		pthread_mutex_lock(&m->lock);
		if (p[WAKE].revents) {
			drain(m->wake);
			uart_tx_drained(&m->uart);
		}
		/* time stands for the devices of a guest that is paused */
		if (p[TIMER].revents && !m->paused) {
			drain(m->timers.fd);
			timers_run(&m->timers, now_ns());
		}
		if (!m->paused)
			feed_uart(m);
		ended = m->ended;
		pthread_mutex_unlock(&m->lock);
		if (ended)
			return;
		/* a pty without a reader hangs up for good: look again only now and then */
		p[INPUT].fd = hung_up ? -1 : console_input(&m->console);
		p[INPUT].revents = 0;
		p[TIMER].fd = m->paused ? -1 : m->timers.fd;
		if (poll(p, COUNT, hung_up ? PTY_PERIOD_MS : -1) < 0) {
			if (errno != EINTR) {
				machine_end(m, ST_HOST, "poll: %s", strerror(errno));
				return;
			}
			continue;
		}
		hung_up = p[INPUT].revents & POLLHUP && m->console.kind == CONSOLE_PTY &&
			  !(p[INPUT].revents & POLLIN);
		if (p[SIGNAL].revents)
			take_signal(m, sigs);
		if (p[CONTROL].revents)
			control_serve(m);
		if (p[INPUT].revents && !hung_up && console_read(&m->console))
			machine_end(m, ST_OK, NULL);
	}
}

static int start_vps(struct machine *m)
{
	unsigned int i;
	char name[16];
	int rc;

	for (i = 0; i < m->nr_vps; i++) {
		rc = pthread_create(&m->vps[i].thread, NULL, vp_thread, &m->vps[i]);
		if (rc)
			return host_error("VP %u: no thread: %s", i, strerror(rc));
		m->vps[i].started = true;
		snprintf(name, sizeof(name), "vp%u", i);
		pthread_setname_np(m->vps[i].thread, name);
	}
	return 0;
}

/*
 * A signal that arrives between a thread's look at @stopping and its ioctl is lost, so the kicks
 * are repeated until the thread is gone.
 */
static void stop_vps(struct machine *m)
{
	const struct timespec pause = { .tv_nsec = KICK_PERIOD_NS };
	unsigned int i;

	atomic_store(&m->stopping, true);
	for (i = 0; i < m->nr_vps; i++) {
		if (m->vps[i].started)
			pthread_kill(m->vps[i].thread, SIGUSR1);
	}
	for (i = 0; i < m->nr_vps; i++) {
		if (!m->vps[i].started)
			continue;
		while (!atomic_load(&m->vps[i].done)) {
			pthread_kill(m->vps[i].thread, SIGUSR1);
			nanosleep(&pause, NULL);
		}
		pthread_join(m->vps[i].thread, NULL);
		m->vps[i].started = false;
	}
}

void machine_pause(struct machine *m)
{
	stop_vps(m);
}

void machine_resume(struct machine *m)
{
	unsigned int i;

	atomic_store(&m->stopping, false);
	for (i = 0; i < m->nr_vps; i++) {
		m->vps[i].started = false;
		atomic_store(&m->vps[i].done, false);
	}
	if (start_vps(m))
		machine_end(m, ST_HOST, NULL);
}

int machine_run(struct machine *m)
{
	int sigs = catch_signals(), rc;

	if (sigs < 0)
		return host_error("signalfd: %s", strerror(errno));
	rc = console_start(&m->console);
	if (rc) {
		close(sigs);
		return host_error("console: %s", strerror(-rc));
	}
	rc = debugger_start(m);
	if (!rc) {
		control_open(m);
		rc = start_vps(m);
	}
	if (!rc)
		main_loop(m, sigs);
	control_close(m);
	stop_vps(m);
	debugger_close(m);
	free(m->paused);
	m->paused = NULL;
	console_close(&m->console);
	close(sigs);
	return rc ? rc : m->status;
}
