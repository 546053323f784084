/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * vmm.h - a small VMM for tests
 *
 * The calls with an int result give 0 or a descriptor, a negative errno, or, where a hypercall is
 * behind them, a positive HV_STATUS_*.  The others end the test with a line that says why.
 *
 * A partition has one block of RAM at GPA 0:
 *
 *	0x1000	GDT
 *	0x2000	IDT
 *	0x3000	page tables (PML4, PDPT, four page directories): 4 GiB, 2 MiB pages, identity
 *	0xa000	code of other VPs (a SIPI vector can name it)
 *	0x10000	code
 *	0x20000	data
 *	0x80000	top of the stacks, 4 KiB for each VP
 */
#ifndef TLFS_SELFTEST_VMM_H
#define TLFS_SELFTEST_VMM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tlfs.h>
#include <hv/hv.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

/* of memory that a guest or another thread works on */
#define LOAD(p)		__atomic_load_n(p, __ATOMIC_RELAXED)
#define STORE(p, val)	__atomic_store_n(p, val, __ATOMIC_RELAXED)

#define VMM_DEVICE	"/dev/tlfs"
#define VMM_COUNTS	"/sys/class/misc/tlfs"
#define VMM_VPS		4

#define VMM_GDT		0x1000
#define VMM_IDT		0x2000
#define VMM_TABLES	0x3000
#define VMM_AP_CODE	0xa000
#define VMM_CODE	0x10000
#define VMM_DATA	0x20000
#define VMM_STACK	0x80000
#define VMM_RAM		0x200000

/* what a VMM of the published interface asks for */
#define VMM_FLAGS	(TLFS_PT_LAPIC | TLFS_PT_X2APIC | TLFS_PT_GPA_LARGE_PAGES)

/* patience, in milliseconds: an emulated host is slow */
#define VMM_LONG	(10000 * vmm_factor())
#define VMM_SHORT	150

#define VMM_RW		TLFS_MEM_WRITABLE
#define VMM_RWX		(TLFS_MEM_WRITABLE | TLFS_MEM_EXECUTABLE)

/* selectors of the GDT */
#define VMM_CS64	0x08
#define VMM_DS		0x10
#define VMM_TR		0x20

struct vmm;

/**
 * struct vmm_vp - a virtual processor
 * @fd:		its descriptor
 * @index:	its index
 * @vm:		its partition
 */
struct vmm_vp {
	int fd;
	u32 index;
	struct vmm *vm;
};

/**
 * struct vmm - a partition
 * @dev:	/dev/tlfs
 * @pt:		the partition's descriptor
 * @ram:	RAM at GPA 0, %VMM_RAM bytes, or NULL
 * @vp:		VPs 0 to VMM_VPS - 1; fd is -1 where there is none
 */
struct vmm {
	int dev;
	int pt;
	unsigned char *ram;
	struct vmm_vp vp[VMM_VPS];
};

/**
 * struct vmm_thread - RUN_VP in a thread of its own, until a message comes
 * @vp:		what runs
 * @ret:	what RUN_VP returned at last: 0 or a negative errno
 * @again:	how often that was -EINTR
 * @msg:	the message, if @ret is 0
 */
struct vmm_thread {
	struct vmm_vp *vp;
	int ret;
	unsigned int again;
	struct hv_message msg;
	pthread_t thread;
	bool started;
	bool stop;
	bool done;
};

/*
 * Name requirements that the test proves: at the end of its body, so that the line precedes the
 * result.  Once it is printed a failure counts against them.
 */
#define PROVES(ids)	vmm_proves(ids)
void vmm_proves(const char *ids);

/* end the test, with errno's or @status' meaning left to the reader */
void vmm_die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* ioctl with a negative errno for -1 */
long vmm_ioctl(int fd, unsigned long cmd, void *arg);
/* the module's count of partitions, vps or pages; -1 if there is none */
long vmm_count(const char *what);
/* wait until the count is @want; false if it does not become so */
bool vmm_count_settles(const char *what, long want);
/* of this processor: HV_PROCESSOR_VENDOR_* */
u64 vmm_vendor(void);
/* how many times longer than elsewhere everything takes on this host */
unsigned int vmm_factor(void);
u64 vmm_now_ms(void);
void vmm_sleep_ms(unsigned int ms);

/* ---- partitions ---- */

int vmm_open(void);
int vmm_create_partition(int dev, u64 flags);
int vmm_create_vp(int pt, u32 index);
/* flags: TLFS_MEM_* */
int vmm_set_memory(int pt, u64 gpa, void *addr, u64 size, u8 flags);
int vmm_get_property(int fd, u32 code, u64 *val);
int vmm_set_property(int fd, u32 code, u64 val);

/* open, create, initialize, RAM, @vps VPs; vmm_setup_bare: up to and without INITIALIZE */
void vmm_setup_bare(struct vmm *vm, u64 flags);
void vmm_setup(struct vmm *vm, unsigned int vps);
void vmm_teardown(struct vmm *vm);
/* page aligned memory of the VMM's, zero */
void *vmm_alloc(size_t size);
/* vmm_alloc() and map at @gpa */
void *vmm_add_memory(struct vmm *vm, u64 gpa, size_t size, u8 flags);
void *vmm_gpa(struct vmm *vm, u64 gpa);

/* ---- root hypercalls ---- */

int vmm_call_reps(int fd, u16 code, u16 *reps, void *in, u16 in_sz, void *out,
		  u16 out_sz);
int vmm_call(int fd, u16 code, void *in, u16 in_sz, void *out, u16 out_sz);
/* HvAssertVirtualInterrupt (0x94) through the partition's descriptor */
int vmm_assert(struct vmm *vm, u64 control, u64 dest, u32 vector);
int vmm_install_intercept(struct vmm *vm, u32 access, u32 type, u64 param);

/* ---- registers ---- */

/* @fd may be the partition's too */
int vmm_get_register(int fd, u32 index, u32 name, union hv_register_value *val);
int vmm_set_register(int fd, u32 index, u32 name, const union hv_register_value *val);
int vmm_set_reg_status(struct vmm_vp *vp, u32 name, u64 val);
u64 vmm_reg(struct vmm_vp *vp, u32 name);
void vmm_set_reg(struct vmm_vp *vp, u32 name, u64 val);
void vmm_set_segment(struct vmm_vp *vp, u32 name, u64 base, u32 limit,
		     u16 selector, u16 attributes);
void vmm_set_table(struct vmm_vp *vp, u32 name, u64 base, u16 limit);

/* ---- guest code ---- */

/**
 * struct guest_code - machine code for a guest
 * @start:	its bytes: position independent, they are copied to where they run
 * @end:	behind them
 */
struct guest_code {
	const unsigned char *start;
	const unsigned char *end;
};

/* by the assembler: GUEST_CODE(name, "16" or "64", "text"); it begins at the label guest_name */
#define GUEST_CODE(name, bits, text)						\
	asm(".pushsection .rodata\n\t"						\
	    ".balign 16\n"							\
	    ".code" bits "\n"							\
	    "guest_" #name ":\n\t"						\
	    text "\n"								\
	    "guest_" #name "_end:\n\t"						\
	    ".code64\n\t"							\
	    ".popsection\n");							\
	extern const unsigned char guest_##name[], guest_##name##_end[];	\
	static const struct guest_code name = { guest_##name, guest_##name##_end }

/* ports of guest code: a value in EAX for the test to see */
#define GUEST_PORT	0xe0

void vmm_write(struct vmm *vm, u64 gpa, const void *data, size_t len);
size_t vmm_code_size(const struct guest_code *code);
void vmm_load(struct vmm *vm, u64 gpa, const struct guest_code *code);

/* where the processor starts next; the state of a mode is complete, whatever was before */
void vmm_real_mode(struct vmm_vp *vp, u32 address);
void vmm_long_mode(struct vmm_vp *vp, u64 rip);
/* vmm_load() at VMM_CODE, then vmm_real_mode() or vmm_long_mode() there */
void vmm_start16(struct vmm_vp *vp, const struct guest_code *code);
void vmm_start64(struct vmm_vp *vp, const struct guest_code *code);
/* a 64-bit interrupt gate */
void vmm_set_gate(struct vmm *vm, u8 vector, u64 address);

/* ---- running ---- */

/* RUN_VP in this thread: 0 with a message, -ETIMEDOUT after @ms, or a negative errno */
int vmm_run(struct vmm_vp *vp, struct hv_message *msg, unsigned int ms);
/* RUN_VP until a message of @type; any other ends the test */
void vmm_run_to(struct vmm_vp *vp, u32 type, struct hv_message *msg);
/* RUN_VP until the guest writes to @port: what it wrote.  The instruction is skipped */
u32 vmm_run_out(struct vmm_vp *vp, u16 port);
/* payload of a message */
#define vmm_io_msg(m)	((struct hv_x64_io_port_intercept_message *)(m)->payload)
#define vmm_mem_msg(m)	((struct hv_x64_memory_intercept_message_20 *)(m)->payload)
/* set RIP behind the instruction of the message */
void vmm_skip(struct vmm_vp *vp, const struct hv_message *msg);
void vmm_print_message(const struct hv_message *msg);

void vmm_thread_start(struct vmm_thread *t, struct vmm_vp *vp);
/* true when RUN_VP is back: see @t->ret, @t->msg */
bool vmm_thread_wait(struct vmm_thread *t, unsigned int ms);
/* make it leave RUN_VP if it is still in there, and end the thread */
void vmm_thread_stop(struct vmm_thread *t);

/* wait until *@p is @want (or is not @was); false if it does not within VMM_LONG */
bool vmm_wait_u64(const u64 *p, u64 want);
bool vmm_wait_change(const u64 *p, u64 was);
/* does *@p move within @ms */
bool vmm_moves(const u64 *p, unsigned int ms);

#endif /* TLFS_SELFTEST_VMM_H */
