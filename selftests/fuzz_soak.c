// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz_soak.c - random calls, half of them valid, through every descriptor and from guests
 *
 * Each round is a process with partitions of its own and a seed that is printed; the soak ends
 * after so many rounds.  What is looked for is in the host's kernel log, best on a kernel that
 * looks for faults (make soak KERNEL=debug TESTS=fuzz_soak); besides, each round has to end and to
 * leave nothing.
 *
 *	HOST_ARGS="seed=N rounds=N ops=N fail=N"
 *
 * fail: where the kernel can do that, an allocation or copy fails in one of so many calls.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "fuzz.h"
#include "kselftest.h"

#define PAGE		TLFS_PAGE_SIZE
#define MEM_SIZE	(4 << 20)
#define SLOTS		6
#define WORKERS		3
#define KICK_MS		5
#define PATIENCE_S	120

#define PRIVILEGES	(HV_PRIV_CREATE_PARTITIONS | HV_PRIV_ACCESS_PARTITION_ID | \
			 HV_PRIV_ACCESS_MEMORY_POOL | HV_PRIV_ACCESS_VP_REGISTERS | \
			 HV_PRIV_CREATE_PORT | HV_PRIV_CONNECT_PORT | HV_PRIV_POST_MESSAGES | \
			 HV_PRIV_SIGNAL_EVENTS | HV_PRIV_CPU_MANAGEMENT | HV_PRIV_DEBUGGING | \
			 HV_PRIV_ACCESS_STATS | HV_PRIV_START_VIRTUAL_PROCESSOR)

/* guest: a batch of operations of 128 bytes, and the index of the next one */
#define BATCH		64
#define OP_SIZE		128
#define OP_CODE		96		/* where its code is */
#define INDEX		0x20000
#define OPS		0x21000
#define HC_PAGE		0x9		/* number of the hypercall page */
#define APIC		0xfee00000
#define INPUTS		0x30		/* first of the pages calls have their input in */

enum { DEV, PT, VP, PORT, DEBUG, EVENT, KINDS };

/**
 * struct world - what a round works on
 * @fd:		descriptors, -1: none; anybody may close and replace any of them
 * @ids:	partitions that calls have made
 * @mem:	memory, of which parts come, go and change their protection
 * @vm:		a partition with two VPs that run guest code
 */
struct world {
	int fd[KINDS][SLOTS];
	u64 ids[FUZZ_IDS];
	char *mem;
	struct vmm vm;
};

struct worker {
	struct world *w;
	struct fuzz f;
	unsigned int ops;
	unsigned int vp;
	pthread_t thread;
};

static unsigned long seed, rounds = 60, ops = 400, fail;
static u64 calls, exits;
static int fail_nth_file = -1;

/* ---- descriptors ---- */

static int any_fd(struct worker *wk, int kind)
{
	/* of another kind now and then */
	if (fuzz_one_in(&wk->f, 32))
		kind = fuzz_below(&wk->f, KINDS);
	return LOAD(&wk->w->fd[kind][fuzz_below(&wk->f, SLOTS)]);
}

static void keep_fd(struct worker *wk, int kind, int fd)
{
	int *slot = &wk->w->fd[kind][fuzz_below(&wk->f, SLOTS)], old;

	if (fd < 0)
		return;
	old = __atomic_exchange_n(slot, fd, __ATOMIC_RELAXED);
	if (old >= 0)
		close(old);
}

/*
 * One in @fail calls meets a failure of the nth allocation or copy.  Not of a signal's frame:
 * signals wait, so it cannot be a call that they end
 */
static long failing_ioctl(struct worker *wk, int fd, unsigned long cmd, void *arg)
{
	sigset_t all, old;
	char nth[16];
	long ret;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	snprintf(nth, sizeof(nth), "%u", 1 + fuzz_below(&wk->f, 24));
	if (pwrite(fail_nth_file, nth, strlen(nth), 0) < 0)
		fail = 0;
	ret = vmm_ioctl(fd, cmd, arg);
	if (pwrite(fail_nth_file, "0", 1, 0) < 0)
		fail = 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ret;
}

static long call_ioctl(struct worker *wk, int fd, unsigned long cmd, void *arg)
{
	__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
	if (fd < 0)
		return -EBADF;
	if (cmd != TLFS_RUN_VP && fail_nth_file >= 0 && fail && fuzz_one_in(&wk->f, fail))
		return failing_ioctl(wk, fd, cmd, arg);
	return vmm_ioctl(fd, cmd, arg);
}

/* ---- operations: device and partition ---- */

static void op_open(struct worker *wk)
{
	const char *name = fuzz_one_in(&wk->f, 2) ? VMM_DEVICE : "/dev/mshv";

	keep_fd(wk, DEV, open(name, O_RDWR | O_CLOEXEC));
}

static void op_partition(struct worker *wk)
{
	struct tlfs_create_partition_v2 arg = { .v1.flags = VMM_FLAGS };

	if (fuzz_one_in(&wk->f, 4)) {
		arg.v1.flags = TLFS_PT_LAPIC | fuzz_odd(&wk->f);
		arg.num_banks = fuzz_about(&wk->f, 3);
		arg.disabled_features[0] = fuzz_odd(&wk->f);
		arg.disabled_features[1] = fuzz_odd(&wk->f);
		arg.disabled_xsave = fuzz_odd(&wk->f);
	}
	keep_fd(wk, PT, call_ioctl(wk, any_fd(wk, DEV), TLFS_CREATE_PARTITION, &arg));
}

static void op_initialize(struct worker *wk)
{
	call_ioctl(wk, any_fd(wk, PT), TLFS_INITIALIZE_PARTITION, NULL);
}

static void op_vp(struct worker *wk)
{
	struct tlfs_create_vp arg = { .vp_index = fuzz_about(&wk->f, 4) };

	keep_fd(wk, VP, call_ioctl(wk, any_fd(wk, PT), TLFS_CREATE_VP, &arg));
}

static void op_memory(struct worker *wk)
{
	struct tlfs_user_mem_region arg = {
		.size = fuzz_about(&wk->f, 600) * PAGE,
		.guest_pfn = fuzz_about(&wk->f, 0x400),
		.userspace_addr = (uintptr_t)fuzz_pointer(&wk->f),
		.flags = fuzz_about(&wk->f, 8),
	};

	call_ioctl(wk, any_fd(wk, PT), TLFS_SET_GUEST_MEMORY, &arg);
}

static void op_irqfd(struct worker *wk)
{
	struct tlfs_user_irqfd arg = {
		.fd = any_fd(wk, EVENT), .resamplefd = any_fd(wk, EVENT),
		.gsi = fuzz_about(&wk->f, 8), .flags = fuzz_about(&wk->f, 4),
	};

	call_ioctl(wk, any_fd(wk, PT), TLFS_IRQFD, &arg);
}

static void op_ioeventfd(struct worker *wk)
{
	struct tlfs_user_ioeventfd arg = {
		.datamatch = fuzz_about(&wk->f, 4), .addr = fuzz_about(&wk->f, 0x400) * 8,
		.len = fuzz_about(&wk->f, 9), .fd = any_fd(wk, EVENT),
		.flags = fuzz_about(&wk->f, 8),
	};

	call_ioctl(wk, any_fd(wk, PT), TLFS_IOEVENTFD, &arg);
}

static void op_routes(struct worker *wk)
{
	struct {
		struct tlfs_user_irq_table table;
		struct tlfs_user_irq_entry entry[16];
	} arg = { .table.nr = fuzz_about(&wk->f, 17) };
	unsigned int i;

	for (i = 0; i < 16; i++) {
		arg.entry[i].gsi = fuzz_about(&wk->f, 8);
		arg.entry[i].address_lo = 0xfee00000 | fuzz_odd(&wk->f);
		arg.entry[i].address_hi = fuzz_one_in(&wk->f, 8) ? fuzz_odd(&wk->f) : 0;
		arg.entry[i].data = fuzz_odd(&wk->f);
	}
	call_ioctl(wk, any_fd(wk, PT), TLFS_SET_MSI_ROUTING, &arg);
}

static void op_bitmap(struct worker *wk)
{
	struct tlfs_gpap_access_bitmap arg = {
		.access_type = fuzz_about(&wk->f, 2), .access_op = fuzz_about(&wk->f, 3),
		.page_count = fuzz_about(&wk->f, 0x1000), .gpap_base = fuzz_about(&wk->f, 0x400),
		.bitmap_ptr = (uintptr_t)fuzz_pointer(&wk->f),
	};

	call_ioctl(wk, any_fd(wk, PT), TLFS_GET_GPAP_ACCESS_BITMAP, &arg);
}

/* ---- operations: what is read and written ---- */

static void op_debug(struct worker *wk)
{
	struct tlfs_open_debug arg = { .partition_id = fuzz_about(&wk->f, 2) };
	char buf[512];
	int fd = any_fd(wk, DEBUG);

	if (fuzz_one_in(&wk->f, 3)) {
		keep_fd(wk, DEBUG, call_ioctl(wk, any_fd(wk, PT), TLFS_OPEN_DEBUG, &arg));
	} else if (fd >= 0) {
		fcntl(fd, F_SETFL, O_NONBLOCK);
		if (read(fd, buf, fuzz_about(&wk->f, sizeof(buf)) % sizeof(buf)) < 0 ||
		    write(fd, fuzz_pointer(&wk->f), fuzz_below(&wk->f, 5000)) < 0)
			return;
	}
}

static void op_port(struct worker *wk)
{
	struct tlfs_open_port arg = {
		.port_id = fuzz_about(&wk->f, 6),
		.eventfd = fuzz_one_in(&wk->f, 2) ? -1 : any_fd(wk, EVENT),
	};
	int fd = any_fd(wk, PORT);
	void *page;

	if (fuzz_one_in(&wk->f, 2)) {
		keep_fd(wk, PORT, call_ioctl(wk, any_fd(wk, DEV), TLFS_OPEN_PORT, &arg));
	} else if (fd >= 0) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		poll(&p, 1, 0);
		fcntl(fd, F_SETFL, O_NONBLOCK);
		page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, fuzz_about(&wk->f, 2) * PAGE);
		if (page != MAP_FAILED)
			munmap(page, PAGE);
		if (read(fd, fuzz_pointer(&wk->f), 256) < 0)
			return;
	}
}

/* messages to the root come out of the device */
static void op_read_device(struct worker *wk)
{
	size_t size = fuzz_one_in(&wk->f, 4) ? fuzz_below(&wk->f, 600) : 256;
	int fd = any_fd(wk, DEV);

	if (fd < 0)
		return;
	fcntl(fd, F_SETFL, O_NONBLOCK);
	if (read(fd, fuzz_pointer(&wk->f), size) < 0)
		return;
}

static void op_window(struct worker *wk)
{
	int fd = any_fd(wk, fuzz_one_in(&wk->f, 2) ? VP : DEV);
	int prot = fuzz_one_in(&wk->f, 2) ? PROT_READ : PROT_READ | PROT_WRITE;
	size_t size = PAGE * (1 + fuzz_below(&wk->f, 3));
	u64 words[64];
	struct iovec to = { words, sizeof(words) }, from = { NULL, sizeof(words) };
	char *p;

	if (fd < 0)
		return;
	p = mmap(NULL, size, prot, MAP_SHARED, fd, fuzz_about(&wk->f, 3) * PAGE);
	if (p == MAP_FAILED)
		return;
	from.iov_base = p + fuzz_below(&wk->f, PAGE / sizeof(words)) * sizeof(words);
	/* there may be nothing, and it may be read-only: let the kernel look */
	if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) > 0) {
		words[fuzz_below(&wk->f, ARRAY_SIZE(words))] = fuzz_odd(&wk->f);
		process_vm_writev(getpid(), &to, 1, &from, 1, 0);
	}
	if (mprotect(p, PAGE, PROT_READ))
		errno = 0;
	if (fuzz_one_in(&wk->f, 4) && fork() == 0)
		_exit(0);
	munmap(p, size);
}

static void op_signal(struct worker *wk)
{
	u64 one = 1;

	if (write(any_fd(wk, EVENT), &one, sizeof(one)) < 0)
		errno = 0;
}

/* ---- operations: VP ---- */

static void op_run(struct worker *wk)
{
	struct tlfs_run_vp msg;
	bool well = !fuzz_one_in(&wk->f, 16);

	call_ioctl(wk, any_fd(wk, VP), TLFS_RUN_VP, well ? &msg : fuzz_pointer(&wk->f));
}

static void op_state(struct worker *wk)
{
	struct tlfs_get_set_vp_state arg = {
		.type = fuzz_about(&wk->f, TLFS_VP_STATE_COUNT),
		.buf_sz = PAGE * fuzz_about(&wk->f, 4),
		.buf_ptr = (uintptr_t)fuzz_pointer(&wk->f),
	};
	int fd = any_fd(wk, VP);

	/* what was got, with something changed, is better than noise */
	call_ioctl(wk, fd, TLFS_GET_VP_STATE, &arg);
	if (arg.buf_ptr >= (uintptr_t)wk->w->mem &&
	    arg.buf_ptr < (uintptr_t)wk->w->mem + MEM_SIZE / 2 && fuzz_one_in(&wk->f, 2))
		*(u64 *)(arg.buf_ptr + fuzz_below(&wk->f, 500) * 8) = fuzz_odd(&wk->f);
	arg.buf_sz = PAGE * fuzz_about(&wk->f, 4);
	call_ioctl(wk, fd, TLFS_SET_VP_STATE, &arg);
}

static void op_hvcall(struct worker *wk)
{
	struct fuzz_call call;
	u64 out[512] = {};
	struct tlfs_root_hvcall arg = {
		.in_sz = fuzz_one_in(&wk->f, 8) ? fuzz_odd(&wk->f) : PAGE,
		.out_sz = fuzz_one_in(&wk->f, 8) ? fuzz_odd(&wk->f) : PAGE,
		.in_ptr = (uintptr_t)call.in, .out_ptr = (uintptr_t)out,
	};

	fuzz_call(&wk->f, &call);
	arg.code = call.code;
	arg.reps = call.reps;
	if (fuzz_one_in(&wk->f, 32))
		arg.in_ptr = (uintptr_t)fuzz_pointer(&wk->f);
	if (fuzz_one_in(&wk->f, 32) || arg.out_sz > PAGE)
		arg.out_ptr = (uintptr_t)fuzz_pointer(&wk->f);
	if (!call_ioctl(wk, any_fd(wk, fuzz_below(&wk->f, VP + 1)), TLFS_ROOT_HVCALL, &arg))
		fuzz_called(&wk->f, &call, out[0]);
}

/* ---- operations: anything ---- */

static void op_noise(struct worker *wk)
{
	unsigned long cmd = _IOC(fuzz_below(&wk->f, 4), TLFS_IOCTL, fuzz_below(&wk->f, 0x48),
				 fuzz_odd(&wk->f) & 0x3fff);

	call_ioctl(wk, any_fd(wk, fuzz_below(&wk->f, KINDS)), cmd, fuzz_pointer(&wk->f));
}

static void op_close(struct worker *wk)
{
	int kind = fuzz_below(&wk->f, KINDS), fd;

	if (kind == EVENT)
		keep_fd(wk, EVENT, eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	fd = __atomic_exchange_n(&wk->w->fd[kind][fuzz_below(&wk->f, SLOTS)], -1, __ATOMIC_RELAXED);
	if (fd >= 0)
		close(fd);
}

/* the upper half only: the lower is where calls have what they work with */
static void op_change_memory(struct worker *wk)
{
	char *p = wk->w->mem + MEM_SIZE / 2 + fuzz_below(&wk->f, MEM_SIZE / 2 / PAGE - 64) * PAGE;
	size_t size = (1 + fuzz_below(&wk->f, 64)) * PAGE;

	switch (fuzz_below(&wk->f, 6)) {
	case 0:
		mprotect(p, size, PROT_NONE);
		break;
	case 1:
		mprotect(p, size, PROT_READ);
		break;
	case 2:
		mprotect(p, size, PROT_READ | PROT_WRITE);
		break;
	case 3:
		munmap(p, size);
		break;
	case 4:
		mmap(p, size, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
		break;
	default:
		madvise(p, size, fuzz_one_in(&wk->f, 2) ? MADV_DONTNEED : MADV_HUGEPAGE);
		break;
	}
}

typedef void (*operation)(struct worker *wk);

/* in a process that has the descriptors but not the memory */
static void op_stranger(struct worker *wk)
{
	static const operation other[] = {
		op_partition, op_vp, op_memory, op_hvcall, op_run, op_state, op_port, op_window,
	};
	unsigned int i;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return;
	if (!pid) {
		alarm(10);
		for (i = 0; i < 16; i++)
			other[fuzz_below(&wk->f, ARRAY_SIZE(other))](wk);
		_exit(0);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static const struct {
	operation op;
	unsigned int weight;
} operations[] = {
	{ op_open, 2 }, { op_partition, 4 }, { op_initialize, 4 }, { op_vp, 6 }, { op_memory, 10 },
	{ op_irqfd, 6 }, { op_ioeventfd, 6 }, { op_routes, 4 }, { op_bitmap, 4 }, { op_debug, 4 },
	{ op_port, 6 }, { op_read_device, 2 }, { op_window, 4 }, { op_signal, 4 }, { op_run, 6 },
	{ op_state, 6 }, { op_hvcall, 80 }, { op_noise, 6 }, { op_close, 3 },
	{ op_change_memory, 8 }, { op_stranger, 1 },
};

static void random_op(struct worker *wk)
{
	unsigned int i, at = 0, n;

	for (i = 0; i < ARRAY_SIZE(operations); i++)
		at += operations[i].weight;
	n = fuzz_below(&wk->f, at);
	for (i = 0; n >= operations[i].weight; i++)
		n -= operations[i].weight;
	operations[i].op(wk);
}

/* ---- a guest ---- */

/*
 * Runs the operations of a batch one after the other: registers and code are the VMM's.  Each ends
 * in an exception, or an interrupt comes first; every gate leads to "next", with a stack that is
 * whole.  At the end of the batch port 0xe0 asks for another.
 */
GUEST_CODE(batch, "64",
	   "next:\n\t"
	   "mov $0x70000, %rsp\n\t"
	   "mov 0x20000, %rax\n\t"
	   "cmp $64, %rax\n\t"
	   "jb 1f\n\t"
	   "out %eax, $0xe0\n\t"
	   "jmp next\n"
	   "1:	incq 0x20000\n\t"
	   "shl $7, %rax\n\t"
	   "lea 0x21000(%rax), %r15\n\t"
	   "mov 8(%r15), %rcx\n\t"
	   "mov 16(%r15), %rdx\n\t"
	   "mov 24(%r15), %rbx\n\t"
	   "mov 32(%r15), %rsi\n\t"
	   "mov 40(%r15), %rdi\n\t"
	   "mov 48(%r15), %r8\n\t"
	   "mov (%r15), %rax\n\t"
	   "add $96, %r15\n\t"
	   "jmp *%r15");

/* a call by the hypercall page: MOV of its address, CALL */
static unsigned int hypercall_code(unsigned char *code)
{
	static const unsigned char call[] = {
		0x41, 0xbe, 0x00, 0x90, 0x00, 0x00, 0x41, 0xff, 0xd6, 0xcc,
	};

	memcpy(code, call, sizeof(call));
	return sizeof(call);
}

static void make_op(struct worker *wk, unsigned int i)
{
	struct vmm *vm = &wk->w->vm;
	u64 *reg = vmm_gpa(vm, OPS + i * OP_SIZE);
	unsigned char *code = (unsigned char *)reg + OP_CODE;
	struct fuzz *f = &wk->f;
	struct fuzz_call call;
	u32 gpa = (INPUTS + i % 16) * PAGE;
	unsigned int r;

	for (r = 0; r < OP_CODE / sizeof(u64); r++)
		reg[r] = fuzz_odd(f);
	memset(code, 0xcc, OP_SIZE - OP_CODE);
	if (fuzz_one_in(f, 2)) {
		fuzz_call(f, &call);
		memcpy(vmm_gpa(vm, gpa), call.in, PAGE);
		reg[1] = fuzz_control(f, &call);
		reg[2] = fuzz_one_in(f, 8) ? fuzz_odd(f) : gpa;
		reg[6] = fuzz_one_in(f, 8) ? fuzz_odd(f) : gpa + 16 * PAGE;
		hypercall_code(code);
		return;
	}
	/* MSR or port, its value; what memory operands name: APIC, doorbells, holes, RAM */
	reg[1] = fuzz_msr(f);
	if (fuzz_one_in(f, 2))
		reg[2] = 0;
	if (fuzz_one_in(f, 2))
		reg[0] = fuzz_page(f) * PAGE | fuzz_below(f, 2);
	reg[4] = fuzz_one_in(f, 2) ? APIC + fuzz_below(f, 0x40) * 16 : fuzz_page(f) * PAGE;
	reg[5] = fuzz_one_in(f, 2) ? APIC + fuzz_below(f, 0x40) * 16 : (u32)fuzz_odd(f);
	fuzz_insn(f, code, 16);
}

static void make_batch(struct worker *wk)
{
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		make_op(wk, i);
	STORE((u64 *)vmm_gpa(&wk->w->vm, INDEX), 0);
}

static void restart_guest(struct vmm_vp *vp)
{
	vmm_load(vp->vm, VMM_CODE, &batch);
	vmm_long_mode(vp, VMM_CODE);
	vmm_set_reg(vp, HV_X64_REGISTER_GUEST_OS_ID, 1);
	vmm_set_reg(vp, HV_X64_REGISTER_HYPERCALL, HC_PAGE << 12 | 1);
}

static void *run_guest(void *arg)
{
	struct worker *wk = arg;
	struct vmm_vp *vp = &wk->w->vm.vp[wk->vp];
	struct hv_x64_io_port_intercept_message *io;
	struct hv_message msg;
	unsigned int batches = wk->ops / BATCH, idle = 0, restarts = 0;
	u32 type;
	int ret;

	while (batches) {
		ret = vmm_run(vp, &msg, 40 * KICK_MS);
		__atomic_add_fetch(&exits, 1, __ATOMIC_RELAXED);
		io = vmm_io_msg(&msg);
		if (!ret && msg.header.message_type == HVMSG_X64_IO_PORT_INTERCEPT &&
		    io->port_number == GUEST_PORT) {
			if (LOAD((u64 *)vmm_gpa(vp->vm, INDEX)) >= BATCH) {
				make_batch(wk);
				batches--;
			}
			vmm_skip(vp, &msg);
			idle = 0;
			continue;
		}
		if (ret && ret != -ETIMEDOUT)
			break;
		/* whatever it is in, the next operation is not */
		type = msg.header.message_type;
		if (ret || ++idle > 200 || type == HVMSG_UNRECOVERABLE_EXCEPTION ||
		    type == HVMSG_INVALID_VP_REGISTER_VALUE) {
			if (++restarts > 100)
				break;
			restart_guest(vp);
			idle = 0;
		} else {
			vmm_set_reg_status(vp, HV_X64_REGISTER_RIP, VMM_CODE);
			vmm_set_reg_status(vp, HV_X64_REGISTER_RFLAGS, 2);
		}
	}
	return NULL;
}

/* ---- a round ---- */

static void kicked(int sig)
{
}

static void *run_ops(void *arg)
{
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	struct itimerspec its = { { 0, KICK_MS * 1000000 }, { 0, KICK_MS * 1000000 } };
	struct worker *wk = arg;
	timer_t timer;

	ev._sigev_un._tid = syscall(SYS_gettid);
	if (timer_create(CLOCK_MONOTONIC, &ev, &timer) || timer_settime(timer, 0, &its, NULL))
		vmm_die("timer: %s", strerror(errno));
	while (wk->ops--)
		random_op(wk);
	timer_delete(timer);
	return NULL;
}

static void make_world(struct world *w, bool guest)
{
	unsigned int kind, i;
	u64 mask;

	memset(w->fd, 0xff, sizeof(w->fd));
	w->mem = vmm_alloc(MEM_SIZE);
	w->fd[EVENT][0] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	w->fd[EVENT][1] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	vmm_setup_bare(&w->vm, VMM_FLAGS);
	if (!vmm_get_property(w->vm.pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS, &mask))
		vmm_set_property(w->vm.pt, HV_PARTITION_PROPERTY_PRIVILEGE_FLAGS,
				 mask | PRIVILEGES);
	if (vmm_ioctl(w->vm.pt, TLFS_INITIALIZE_PARTITION, NULL))
		vmm_die("INITIALIZE_PARTITION");
	w->vm.ram = vmm_add_memory(&w->vm, 0, VMM_RAM, VMM_RWX);
	for (i = 0; i < 2; i++)
		w->vm.vp[i].fd = vmm_create_vp(w->vm.pt, i);
	for (i = 0; guest && i < 256; i++)
		vmm_set_gate(&w->vm, i, VMM_CODE);
	/* others get at it, too, and may close what is in these slots: not the VMM's own */
	w->fd[DEV][0] = dup(w->vm.dev);
	w->fd[PT][0] = dup(w->vm.pt);
	w->fd[VP][0] = dup(w->vm.vp[0].fd);
	for (kind = 0; kind < KINDS; kind++)
		for (i = 0; i < SLOTS; i++)
			if (w->fd[kind][i] >= 0)
				fcntl(w->fd[kind][i], F_SETFD, FD_CLOEXEC);
}

static void injection(void)
{
	static const char * const quiet[] = {
		"failslab/verbose", "fail_page_alloc/verbose", "fail_usercopy/verbose",
	}, * const sleeping[] = {
		"failslab/ignore-gfp-wait", "fail_page_alloc/ignore-gfp-wait",
	};
	char path[96];
	unsigned int i;
	int fd;

	for (i = 0; i < ARRAY_SIZE(quiet) + ARRAY_SIZE(sleeping); i++) {
		snprintf(path, sizeof(path), "/sys/kernel/debug/%s",
			 i < ARRAY_SIZE(quiet) ? quiet[i] : sleeping[i - ARRAY_SIZE(quiet)]);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 || write(fd, i < ARRAY_SIZE(quiet) ? "0" : "N", 1) < 0)
			fail = 0;
		close(fd);
	}
}

/*
 * By number: operations of one thread, which the seed repeats; of several; a guest; all of it
 * together, and killed in the middle of it.
 */
static void run_round(unsigned long nr)
{
	bool guest = nr % 4 > 1;
	static const unsigned int nr_threads[] = { 1, WORKERS, 0, WORKERS - 1 };
	unsigned int i, threads = nr_threads[nr % 4];
	struct sigaction sa = { .sa_handler = kicked };
	struct worker workers[WORKERS + 2] = {};
	static struct world w;

	sigaction(SIGUSR1, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
	make_world(&w, guest);
	for (i = 0; i < threads + 2 * guest; i++) {
		workers[i] = (struct worker) {
			.w = &w, .ops = ops, .vp = i - threads,
			.f = { (seed + nr) * 0x9e3779b97f4a7c15ULL + i + 1, w.ids, w.mem, MEM_SIZE,
			       i >= threads },
		};
		if (i >= threads) {
			make_batch(&workers[i]);
			restart_guest(&w.vm.vp[i - threads]);
		}
		if (i && pthread_create(&workers[i].thread, NULL,
					i < threads ? run_ops : run_guest, &workers[i]))
			vmm_die("pthread_create");
	}
	fail_nth_file = threads == 1 ? open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC) : -1;
	(threads ? run_ops : run_guest)(&workers[0]);
	/* who is in the middle of something is killed there */
	for (i = 1; nr % 8 < 4 && i < threads + 2 * guest; i++)
		pthread_join(workers[i].thread, NULL);
	printf("# round %lu: %llu calls, %llu runs\n", nr, (unsigned long long)calls,
	       (unsigned long long)exits);
	fflush(stdout);
	kill(getpid(), SIGKILL);
}

/* a killed process ends, and what was its own with it */
static bool ends(pid_t pid)
{
	u64 end = vmm_now_ms() + PATIENCE_S * 1000;
	bool killed = false;
	int status = 0;

	while (waitpid(pid, &status, WNOHANG) != pid) {
		if (vmm_now_ms() > end) {
			if (killed)
				return false;
			ksft_print_msg("killed after %u s\n", PATIENCE_S);
			kill(pid, SIGKILL);
			killed = true;
			end += 60000;
		}
		vmm_sleep_ms(20);
	}
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		ksft_print_msg("ended early, status %#x\n", status);
	return true;
}

static unsigned long argument(const char *name, unsigned long def)
{
	const char *args = getenv("HOST_ARGS"), *p = args ? strstr(args, name) : NULL;

	return p ? strtoul(p + strlen(name), NULL, 0) : def;
}

int main(void)
{
	unsigned long i, hung = 0, left = 0;
	pid_t pid;

	ksft_print_header();
	ksft_set_plan(2);
	seed = argument("seed=", time(NULL));
	rounds = argument("rounds=", rounds);
	ops = argument("ops=", ops);
	fail = argument("fail=", 6);
	if (fail)
		injection();
	ksft_print_msg("seed=%lu rounds=%lu ops=%lu fail=%lu\n", seed, rounds, ops, fail);
	for (i = 0; i < rounds && !hung; i++) {
		fflush(stdout);
		pid = fork();
		if (!pid)
			run_round(i);
		hung += !ends(pid);
		if (!vmm_count_settles("partitions", 0) || !vmm_count_settles("vps", 0) ||
		    !vmm_count_settles("pages", 0)) {
			ksft_print_msg("round %lu left %ld partitions, %ld VPs, %ld pages\n", i,
				       vmm_count("partitions"), vmm_count("vps"),
				       vmm_count("pages"));
			left++;
		}
	}
	ksft_test_result(!hung, "every round ends\n");
	ksft_test_result(!left, "no round leaves anything\n");
	ksft_finished();
}
