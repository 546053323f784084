// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm_run.c - a small VMM for tests: the modes of a processor, running
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

#define KICK_SIGNAL	SIGUSR1
#define KICK_EVERY_MS	20

#define CODE16		0x009b	/* present, code, accessed */
#define DATA16		0x0093
#define CODE64		0xa09b	/* granular, long */
#define DATA64		0xc093
#define TSS_BUSY	0x008b
#define LDT		0x0082

/* ---- modes ---- */

static void set_segments(struct vmm_vp *vp, const u32 *names, unsigned int nr, u32 limit,
			 u16 selector, u16 attributes)
{
	while (nr--)
		vmm_set_segment(vp, *names++, 0, limit, selector, attributes);
}

static const u32 data_segments[] = {
	HV_X64_REGISTER_DS, HV_X64_REGISTER_ES, HV_X64_REGISTER_FS, HV_X64_REGISTER_GS,
	HV_X64_REGISTER_SS,
};

/* what both modes begin with: nothing pending, nothing waited for */
static void fresh_state(struct vmm_vp *vp)
{
	u32 name;

	vmm_set_reg(vp, HV_X64_REGISTER_PENDING_INTERRUPTION, 0);
	vmm_set_reg(vp, HV_X64_REGISTER_INTERRUPT_STATE, 0);
	vmm_set_reg(vp, HV_REGISTER_INTERNAL_ACTIVITY_STATE, 0);
	for (name = HV_X64_REGISTER_RAX; name <= HV_X64_REGISTER_R15; name++)
		vmm_set_reg(vp, name, 0);
	vmm_set_reg(vp, HV_X64_REGISTER_RFLAGS, 2);
	vmm_set_reg(vp, HV_X64_REGISTER_RSP, VMM_STACK - vp->index * TLFS_PAGE_SIZE);
}

void vmm_real_mode(struct vmm_vp *vp, u32 address)
{
	fresh_state(vp);
	vmm_set_reg(vp, HV_X64_REGISTER_CR0, 0x10);
	vmm_set_reg(vp, HV_X64_REGISTER_CR4, 0);
	vmm_set_reg(vp, HV_X64_REGISTER_EFER, 0);
	vmm_set_reg(vp, HV_X64_REGISTER_CR3, 0);
	vmm_set_segment(vp, HV_X64_REGISTER_CS, address & ~0xfff, 0xffff, (address & ~0xfff) >> 4,
			CODE16);
	set_segments(vp, data_segments, 5, 0xffff, 0, DATA16);
	vmm_set_segment(vp, HV_X64_REGISTER_TR, 0, 0xffff, 0, TSS_BUSY);
	vmm_set_segment(vp, HV_X64_REGISTER_LDTR, 0, 0xffff, 0, LDT);
	vmm_set_table(vp, HV_X64_REGISTER_IDTR, 0, 0x3ff);
	vmm_set_table(vp, HV_X64_REGISTER_GDTR, 0, 0xffff);
	vmm_set_reg(vp, HV_X64_REGISTER_RSP, 0x8000);
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, address & 0xfff);
}

static void build_tables(struct vmm *vm)
{
	u64 *pml4 = vmm_gpa(vm, VMM_TABLES);
	u64 *pdpt = vmm_gpa(vm, VMM_TABLES + 0x1000);
	u64 *pd = vmm_gpa(vm, VMM_TABLES + 0x2000);
	u64 *gdt = vmm_gpa(vm, VMM_GDT);
	unsigned int i;

	pml4[0] = (VMM_TABLES + 0x1000) | 7;
	for (i = 0; i < 4; i++)
		pdpt[i] = (VMM_TABLES + 0x2000 + i * 0x1000) | 7;
	for (i = 0; i < 4 * 512; i++)
		pd[i] = ((u64)i << 21) | 0x87;
	gdt[VMM_CS64 / 8] = 0x00af9b000000ffff;
	gdt[VMM_DS / 8] = 0x00cf93000000ffff;
}

void vmm_long_mode(struct vmm_vp *vp, u64 rip)
{
	build_tables(vp->vm);
	fresh_state(vp);
	vmm_set_reg(vp, HV_X64_REGISTER_CR4, 0x620);		/* PAE, OSFXSR, OSXMMEXCPT */
	vmm_set_reg(vp, HV_X64_REGISTER_CR3, VMM_TABLES);
	vmm_set_reg(vp, HV_X64_REGISTER_EFER, 0xd00);		/* NXE, LMA, LME */
	vmm_set_reg(vp, HV_X64_REGISTER_CR0, 0x80010033);	/* PG, WP, NE, ET, MP, PE */
	vmm_set_segment(vp, HV_X64_REGISTER_CS, 0, ~0u, VMM_CS64, CODE64);
	set_segments(vp, data_segments, 5, ~0u, VMM_DS, DATA64);
	vmm_set_segment(vp, HV_X64_REGISTER_TR, 0, 0x67, VMM_TR, TSS_BUSY);
	vmm_set_segment(vp, HV_X64_REGISTER_LDTR, 0, 0, 0, LDT);
	vmm_set_table(vp, HV_X64_REGISTER_IDTR, VMM_IDT, 0xfff);
	vmm_set_table(vp, HV_X64_REGISTER_GDTR, VMM_GDT, 0xff);
	vmm_set_reg(vp, HV_X64_REGISTER_RIP, rip);
}

void vmm_set_gate(struct vmm *vm, u8 vector, u64 address)
{
	u64 *gate = vmm_gpa(vm, VMM_IDT + vector * 16);

	gate[0] = (address & 0xffff) | (u64)VMM_CS64 << 16 | 0x8e00ULL << 32 |
		  (address & 0xffff0000) << 32;
	gate[1] = address >> 32;
}

void vmm_start16(struct vmm_vp *vp, const struct guest_code *code)
{
	vmm_load(vp->vm, VMM_CODE, code);
	vmm_real_mode(vp, VMM_CODE);
}

void vmm_start64(struct vmm_vp *vp, const struct guest_code *code)
{
	vmm_load(vp->vm, VMM_CODE, code);
	vmm_long_mode(vp, VMM_CODE);
}

/* ---- running ---- */

static void kicked(int sig)
{
	/* being interrupted is all */
}

static void catch_kicks(void)
{
	struct sigaction sa = { .sa_handler = kicked };

	sigaction(KICK_SIGNAL, &sa, NULL);
}

/* A signal that comes between two ioctls is lost, so it comes again and again. */
static timer_t start_kicks(unsigned int ms)
{
	struct sigevent ev = {
		.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = KICK_SIGNAL,
	};
	struct itimerspec its = {
		.it_value = { ms / 1000, ms % 1000 * 1000000L },
		.it_interval = { 0, KICK_EVERY_MS * 1000000L },
	};
	timer_t timer;

	catch_kicks();
	ev._sigev_un._tid = syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &ev, &timer) || timer_settime(timer, 0, &its, NULL))
		vmm_die("timer: %s", strerror(errno));
	return timer;
}

int vmm_run(struct vmm_vp *vp, struct hv_message *msg, unsigned int ms)
{
	u64 end = vmm_now_ms() + ms;
	timer_t timer = start_kicks(ms);
	long ret;

	/* it may come back for the thread's own work, which is done by now */
	do {
		ret = vmm_ioctl(vp->fd, TLFS_RUN_VP, msg);
	} while (ret == -EINTR && vmm_now_ms() < end);
	timer_delete(timer);
	return ret == -EINTR ? -ETIMEDOUT : ret;
}

void vmm_print_message(const struct hv_message *msg)
{
	const struct hv_x64_intercept_message_header *h = (const void *)msg->payload;
	unsigned int i;

	dprintf(STDERR_FILENO, "# message %#x, VP %u, access %u, RIP %#llx, length %u\n# payload",
		msg->header.message_type, h->vp_index, h->intercept_access_type,
		(unsigned long long)h->rip, h->instruction_length_cr8 & 0xf);
	for (i = 5; i < 16; i++)
		dprintf(STDERR_FILENO, " %llx", (unsigned long long)msg->payload[i]);
	dprintf(STDERR_FILENO, "\n");
}

void vmm_run_to(struct vmm_vp *vp, u32 type, struct hv_message *msg)
{
	int ret = vmm_run(vp, msg, VMM_LONG);

	if (ret)
		vmm_die("RUN_VP of VP %u: %s at RIP %#llx, waiting for message %#x", vp->index,
			strerror(-ret), (unsigned long long)vmm_reg(vp, HV_X64_REGISTER_RIP), type);
	if (msg->header.message_type != type) {
		vmm_print_message(msg);
		vmm_die("VP %u: message %#x instead of %#x", vp->index, msg->header.message_type,
			type);
	}
}

void vmm_skip(struct vmm_vp *vp, const struct hv_message *msg)
{
	const struct hv_x64_intercept_message_header *h = (const void *)msg->payload;

	vmm_set_reg(vp, HV_X64_REGISTER_RIP, h->rip + (h->instruction_length_cr8 & 0xf));
}

u32 vmm_run_out(struct vmm_vp *vp, u16 port)
{
	struct hv_x64_io_port_intercept_message *io;
	struct hv_message msg;

	vmm_run_to(vp, HVMSG_X64_IO_PORT_INTERCEPT, &msg);
	io = vmm_io_msg(&msg);
	if (io->port_number != port ||
	    io->header.intercept_access_type != HV_INTERCEPT_ACCESS_WRITE) {
		vmm_print_message(&msg);
		vmm_die("VP %u: port %#x instead of a write to %#x", vp->index, io->port_number,
			port);
	}
	vmm_skip(vp, &msg);
	return io->rax;
}

/* ---- threads ---- */

static void *thread_main(void *arg)
{
	struct vmm_thread *t = arg;

	do {
		t->ret = vmm_ioctl(t->vp->fd, TLFS_RUN_VP, &t->msg);
		STORE(&t->again, t->again + (t->ret == -EINTR));
	} while (t->ret == -EINTR && !__atomic_load_n(&t->stop, __ATOMIC_ACQUIRE));
	__atomic_store_n(&t->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void vmm_thread_start(struct vmm_thread *t, struct vmm_vp *vp)
{
	catch_kicks();
	memset(t, 0, sizeof(*t));
	t->vp = vp;
	if (pthread_create(&t->thread, NULL, thread_main, t))
		vmm_die("pthread_create failed");
	t->started = true;
}

bool vmm_thread_wait(struct vmm_thread *t, unsigned int ms)
{
	u64 end = vmm_now_ms() + ms;

	while (!__atomic_load_n(&t->done, __ATOMIC_ACQUIRE)) {
		if (vmm_now_ms() >= end)
			return false;
		vmm_sleep_ms(1);
	}
	return true;
}

void vmm_thread_stop(struct vmm_thread *t)
{
	u64 end = vmm_now_ms() + VMM_LONG;

	if (!t->started)
		return;
	__atomic_store_n(&t->stop, true, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&t->done, __ATOMIC_ACQUIRE)) {
		if (vmm_now_ms() > end)
			vmm_die("VP %u does not leave RUN_VP on a signal", t->vp->index);
		pthread_kill(t->thread, KICK_SIGNAL);
		vmm_sleep_ms(2);
	}
	pthread_join(t->thread, NULL);
	t->started = false;
}

/* ---- waiting for a guest ---- */

bool vmm_wait_u64(const u64 *p, u64 want)
{
	u64 end = vmm_now_ms() + VMM_LONG;

	while (LOAD(p) != want) {
		if (vmm_now_ms() > end)
			return false;
		vmm_sleep_ms(1);
	}
	return true;
}

bool vmm_wait_change(const u64 *p, u64 was)
{
	u64 end = vmm_now_ms() + VMM_LONG;

	while (LOAD(p) == was) {
		if (vmm_now_ms() > end)
			return false;
		vmm_sleep_ms(1);
	}
	return true;
}

bool vmm_moves(const u64 *p, unsigned int ms)
{
	u64 end = vmm_now_ms() + ms, was = LOAD(p);

	while (vmm_now_ms() < end) {
		if (LOAD(p) != was)
			return true;
		vmm_sleep_ms(1);
	}
	return false;
}
