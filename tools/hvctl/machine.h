/* SPDX-License-Identifier: GPL-2.0-only */
/* One virtual machine: memory, devices, virtual processors, and how it ended. */
#ifndef HVCTL_MACHINE_H
#define HVCTL_MACHINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "devices.h"
#include "libtlfs.h"

/* Guest physical layout */
#define VGA_HOLE	0xa0000ULL
#define VGA_HOLE_END	0xc0000ULL
#define EBDA		0x9fc00ULL	/* end of conventional memory */
#define ACPI_AREA	0xe0000ULL
#define ACPI_AREA_END	0xf0000ULL	/* of the tables; reserved up to 1 MiB */
#define LOW_RAM_MAX	(3 * GiB)
#define HIGH_RAM	(4 * GiB)

#define MIN_MEMORY	(2 * MiB)

/**
 * struct guest_ram - guest memory, one anonymous mapping
 * @host:	the mapping: low RAM, then high RAM
 * @low:	bytes from guest address 0, the VGA hole included
 * @high:	bytes from 4 GiB
 */
struct guest_ram {
	u8 *host;
	u64 low;
	u64 high;
};

/* Status 0 or ST_USAGE with the line printed */
int ram_alloc(struct guest_ram *ram, u64 size);
void ram_free(struct guest_ram *ram);
/* Host address of a guest range that lies in RAM as a whole, else NULL */
void *ram_ptr(const struct guest_ram *ram, u64 gpa, u64 len);

struct machine;
struct debugger;

/**
 * struct vp - virtual processor and its thread
 * @m:		the machine
 * @index:	VP index, also its APIC id
 * @fd:		from TLFS_CREATE_VP
 * @page:	register page shared with the module, NULL if it offers none
 * @own:	the same filled by hypercalls, for when there is no valid page
 * @regs:	which of the two is good for this exit; changes need the dirty bit of their class
 * @loaded:	@own was filled for this exit
 * @user:	the exit was from CPL 3
 * @hint_gva:	page of the guest virtual address the message came with a translation for
 * @hint_gpa:	that translation
 * @hint:	the two are valid
 * @thread:	runs the VP
 * @started:	@thread exists
 * @done:	@thread is past its last RUN_VP
 */
struct vp {
	struct machine *m;
	u32 index;
	int fd;
	struct hv_vp_register_page *page;
	struct hv_vp_register_page *own;
	struct hv_vp_register_page *regs;
	bool loaded;
	bool user;
	bool hint;
	u64 hint_gva, hint_gpa;
	pthread_t thread;
	bool started;
	atomic_bool done;
};

enum console_kind { CONSOLE_STDIO, CONSOLE_PTY, CONSOLE_FILE };

#define CONSOLE_RING	65536
#define CONSOLE_TYPED	256

/**
 * struct console - other end of the serial port
 * @in:		descriptor bytes come from, -1 at end of file or if none
 * @out:	descriptor bytes go to
 * @wake:	eventfd to tell that there is room again
 *
 * Output is queued for a thread of its own, so that no VP waits for a terminal.  Input waits in
 * @typed until the guest takes it; a terminal is read even if that is full, or its user could not
 * get away from a guest that does not listen.
 */
struct console {
	enum console_kind kind;
	int in, out, wake;
	bool tty, escape;
	pthread_t writer;
	bool writing, closing;
	pthread_mutex_t lock;
	pthread_cond_t more;
	u8 ring[CONSOLE_RING];
	unsigned int head, count;
	u8 typed[CONSOLE_TYPED];
	unsigned int typed_count;
};

/**
 * struct machine - everything of a run
 * @lock:	the device lock: devices, buses, timers, @ended
 * @ended:	the run is over with @status; set once
 * @wake:	eventfd that tells the main loop of @ended
 * @features, @compat: of the partition, as it was created
 * @control_name: what the socket is called
 * @paused:	the devices' state, while the guest is stopped by tlfsctl pause; else NULL
 * @again:	to be started anew after this run
 * @debugger:	who is at the far end of the debug session, or NULL
 */
struct machine {
	const char *name;
	int dev, part;
	struct guest_ram ram;
	pthread_mutex_t lock;
	struct bus pio, mmio;
	struct timers timers;
	struct uart uart;
	struct ioapic ioapic;
	struct pic pic;
	struct pit pit;
	struct rtc rtc;
	struct pm pm;
	struct console console;
	u64 debug_msr[5];	/* the device lock's, too */
	u64 privileges;
	int debug_exit;			/* port, or -1 */
	struct vp *vps;
	unsigned int nr_vps;
	atomic_bool stopping;
	bool ended;
	int status;
	int wake;
	u64 features;
	u64 compat;
	int control;			/* listening socket, or -1 */
	bool control_system;		/* it is in /run */
	char control_name[80];
	void *paused;
	bool again;
	struct debugger *debugger;
};

/* machine.c; devices are wired before the partition exists, they only need it once it runs */
int machine_init_devices(struct machine *m);
int machine_run(struct machine *m);
/* a VP has an x87 error, and CR0.NE clear */
void machine_ferr(struct machine *m);
/* From the main loop: end the VPs' threads, each after what its last message asks; begin again */
void machine_pause(struct machine *m);
void machine_resume(struct machine *m);
/* End the run with a status and, if fmt is not NULL, one line that says why; first call wins */
void machine_end(struct machine *m, int status, const char *fmt, ...) __printf(3, 4);
void machine_end_locked(struct machine *m, int status, const char *fmt, ...) __printf(3, 4);

/* partition.c */
struct boot_state;
/* @compat: HV_COMPATIBILITY_VERSION_*, 0 for the module's own */
int partition_create(struct machine *m, u64 features, u64 compat, const struct boot_state *boot);
void partition_destroy(struct machine *m);

/* vp.c: body of a VP thread */
void *vp_thread(void *vp);
/* Make vp->regs readable; false ends the run */
bool vp_load(struct vp *vp);
/* Registers on stderr */
void vp_dump(struct vp *vp);
/* Raise an exception in the guest at the current instruction */
struct emu_fault;
bool vp_inject(struct vp *vp, const struct emu_fault *fault);

/*
 * vpmem.c: guest memory by linear address, RAM or device; 0, or -1 with the fault to raise, or
 * -2 if the run was ended
 */
int vp_access(struct vp *vp, u64 linear, void *buf, unsigned int len, bool write,
	      struct emu_fault *fault);
/* Instruction bytes at RIP; number got */
unsigned int vp_fetch(struct vp *vp, u8 *buf, unsigned int len);

/* pio.c, mmio.c: false ends the run */
bool vp_handle_pio(struct vp *vp, const struct hv_x64_io_port_intercept_message *msg);
bool vp_handle_mmio(struct vp *vp, const struct hv_x64_memory_intercept_message *msg);

/* console.c */
int console_open(struct console *c, const char *spec);
int console_start(struct console *c);
void console_put(struct console *c, u8 byte);
bool console_room(struct console *c);
/* Descriptor to poll for input, -1 if none is wanted */
int console_input(const struct console *c);
/* Take what the descriptor has; -1 when the user quits */
int console_read(struct console *c);
/* Next bytes for the guest */
unsigned int console_get(struct console *c, u8 *buf, unsigned int len);
void console_close(struct console *c);

#endif
