/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest in a file: its own state (the hypervisor's stream), devices, memory. */
#ifndef HVCTL_SAVE_H
#define HVCTL_SAVE_H

#include "machine.h"

#define SAVE_VERSION	1
#define SAVE_NAME	64

/**
 * struct save_head - start of the file; then devices, stream and, at a page boundary, memory
 * @check:	over head (this field 0), devices and stream
 * @memory_at:	where memory begins; holes are zero
 * @debug_exit:	port or -1
 */
struct save_head {
	char magic[8];
	u32 version;
	u32 nr_vps;
	u64 memory;
	u64 features;
	u64 compat;
	u64 devices_size;
	u64 stream_size;
	u64 memory_at;
	u64 check;
	s64 debug_exit;
	char name[SAVE_NAME];
};

/* told how many per cent of the memory are done; may be NULL */
typedef void (*save_progress)(void *arg, unsigned int percent);

/*
 * devstate.c: the devices' state as bytes; times are relative to @now.  Under the device lock or
 * before anything runs.  devices_load: false if it is not that of these devices
 */
size_t devices_size(void);
void devices_save(struct machine *m, void *buf, u64 now);
bool devices_load(struct machine *m, const void *buf, size_t size, u64 now);

/*
 * pause.c.  NULL, or what went wrong.  guest_go_on: clocks and devices, from m->paused; its VPs'
 * threads do not run yet
 */
const char *guest_pause(struct machine *m);
const char *guest_go_on(struct machine *m);
const char *guest_resume(struct machine *m);

/* save.c.  NULL, or what went wrong.  The guest is paused and stays so */
const char *machine_save(struct machine *m, int fd, save_progress progress, void *arg);

/* of head (its check 0), devices and stream */
u64 save_check(const struct save_head *head, const void *devices, const void *stream);
/* a bar, on a terminal */
void save_show_progress(unsigned int percent);

/* control.c: socket of a running guest */
int control_open(struct machine *m);
void control_serve(struct machine *m);
void control_close(struct machine *m);
/* connect to the guest of that name; -1 and the line printed */
int control_connect(const char *name);
/* to the guest that process runs, or -1 */
int control_connect_pid(pid_t pid);

/* requests without a descriptor; the answer is "ok" or "error: ..." and a newline */
#define CONTROL_PAUSE	"paus"
#define CONTROL_RESUME	"resu"
#define CONTROL_RESET	"rset"
#define CONTROL_STOP	"stop"

#endif
