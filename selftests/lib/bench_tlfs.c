// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_tlfs.c - the benchmark's machine on /dev/tlfs
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <tlfs.h>
#include <hv/hv.h>

#include "bench_vmm.h"

#define SEG_FLAT	(HV_SEGMENT_PRESENT | HV_SEGMENT_NON_SYSTEM | HV_SEGMENT_GRANULARITY | \
			 HV_SEGMENT_DEFAULT)
#define RAX		0

struct tlfs {
	int dev, pt, vp;
	struct hv_vp_register_page *page;
};

static int hvcall(int fd, uint16_t code, uint16_t reps, void *in, size_t in_sz, void *out,
		  size_t out_sz)
{
	struct tlfs_root_hvcall arg = {
		.code = code,
		.reps = reps,
		.in_sz = in_sz,
		.out_sz = out_sz,
		.in_ptr = (uintptr_t)in,
		.out_ptr = (uintptr_t)out,
	};

	if (!ioctl(fd, TLFS_ROOT_HVCALL, &arg))
		return 0;
	fprintf(stderr, "# hypercall 0x%x: status 0x%x\n", code, arg.status);
	return -1;
}

/* everything the module has, as KVM_GET_SUPPORTED_HV_CPUID is everything KVM has */
static int set_features(struct tlfs *t)
{
	struct hv_input_get_partition_property_ex get = {
		.property_code = HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES,
	};
	struct hv_input_set_partition_property set = {
		.property_code = HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES,
	};
	struct {
		uint16_t bank_count;
		uint16_t reserved[3];
		uint64_t banks[1];
	} offered = { 0 };

	if (hvcall(t->dev, HVCALL_GET_PARTITION_PROPERTY_EX, 0, &get, sizeof(get), &offered,
		   sizeof(offered)))
		return -1;
	set.property_value = offered.banks[0];
	return hvcall(t->pt, HVCALL_SET_PARTITION_PROPERTY, 0, &set, sizeof(set), NULL, 0);
}

static int set_memory(struct tlfs *t, const struct bench_vm *vm)
{
	unsigned int i;

	for (i = 0; i < BENCH_REGIONS; i++) {
		struct tlfs_user_mem_region r = {
			.size = vm->mem[i].size,
			.guest_pfn = vm->mem[i].gpa >> 12,
			.userspace_addr = (uintptr_t)vm->mem[i].hva,
			.flags = TLFS_MEM_WRITABLE | TLFS_MEM_EXECUTABLE,
		};

		if (ioctl(t->pt, TLFS_SET_GUEST_MEMORY, &r))
			return bench_error("TLFS_SET_GUEST_MEMORY");
	}
	return 0;
}

static int create_partition(struct tlfs *t, const struct bench_vm *vm)
{
	struct tlfs_create_partition create = {
		.flags = TLFS_PT_LAPIC | TLFS_PT_X2APIC | TLFS_PT_GPA_LARGE_PAGES,
	};
	struct tlfs_user_ioeventfd doorbell = {
		.addr = BENCH_PORT_DOORBELL,
		.len = 1,
		.fd = vm->doorbell,
		.flags = TLFS_IOEVENTFD_PIO,
	};

	t->dev = open("/dev/tlfs", O_RDWR | O_CLOEXEC);
	if (t->dev < 0)
		return bench_error("/dev/tlfs");
	t->pt = ioctl(t->dev, TLFS_CREATE_PARTITION, &create);
	if (t->pt < 0)
		return bench_error("TLFS_CREATE_PARTITION");
	if (set_features(t))
		return -1;
	if (ioctl(t->pt, TLFS_INITIALIZE_PARTITION))
		return bench_error("TLFS_INITIALIZE_PARTITION");
	if (ioctl(t->pt, TLFS_IOEVENTFD, &doorbell))
		return bench_error("TLFS_IOEVENTFD");
	return set_memory(t, vm);
}

/* where PVH starts: 32-bit protected mode, flat segments, no paging; the page has no CR0 */
static int set_registers(struct tlfs *t, const struct bench_vm *vm)
{
	const struct hv_x64_segment_register code = {
		.limit = 0xffffffff, .selector = 0x08, .attributes = SEG_FLAT | 0xb,
	};
	const struct hv_x64_segment_register data = {
		.limit = 0xffffffff, .selector = 0x10, .attributes = SEG_FLAT | 0x3,
	};
	struct hv_vp_register_page *p = t->page;
	struct {
		struct hv_input_set_vp_registers in;
		struct hv_register_assoc cr0;
	} set = {
		.cr0 = { .name = HV_X64_REGISTER_CR0, .value.reg64 = 0x11 },	/* PE, ET */
	};

	memset(p->gprs, 0, sizeof(p->gprs));
	p->rip = vm->entry;
	p->rflags = 2;
	p->cs = code;
	p->ds = data;
	p->es = data;
	p->fs = data;
	p->gs = data;
	p->ss = data;
	p->dirty |= HV_REGISTER_PAGE_DIRTY_GPRS | HV_REGISTER_PAGE_DIRTY_RIP |
		    HV_REGISTER_PAGE_DIRTY_RFLAGS | HV_REGISTER_PAGE_DIRTY_SEGMENTS;
	return hvcall(t->vp, HVCALL_SET_VP_REGISTERS, 1, &set, sizeof(set), NULL, 0);
}

static int create_vp(struct tlfs *t, const struct bench_vm *vm)
{
	struct tlfs_create_vp create = { .vp_index = 0 };

	t->vp = ioctl(t->pt, TLFS_CREATE_VP, &create);
	if (t->vp < 0)
		return bench_error("TLFS_CREATE_VP");
	t->page = mmap(NULL, TLFS_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, t->vp,
		       TLFS_VP_MMAP_REGISTERS * TLFS_PAGE_SIZE);
	if (t->page == MAP_FAILED) {
		t->page = NULL;
		return bench_error("register page");
	}
	return set_registers(t, vm);
}

/* one ioctl an exit: registers come and go by the page */
static void handle_io(struct tlfs *t, struct bench_vm *vm,
		      const struct hv_x64_io_port_intercept_message *io)
{
	const struct hv_x64_intercept_message_header *h = &io->header;
	struct hv_vp_register_page *p = t->page;

	if (h->intercept_access_type == HV_INTERCEPT_ACCESS_WRITE) {
		bench_port_write(vm, io->port_number, io->rax);
	} else {
		p->gprs[RAX] = (io->rax & ~0xffULL) | bench_port_read(io->port_number);
		p->dirty |= HV_REGISTER_PAGE_DIRTY_GPRS;
	}
	p->rip = h->rip + (h->instruction_length_cr8 & HV_X64_INTERCEPT_INSTRUCTION_LENGTH_MASK);
	p->dirty |= HV_REGISTER_PAGE_DIRTY_RIP;
}

static int run(struct tlfs *t, struct bench_vm *vm)
{
	struct hv_message msg;

	while (vm->status < 0) {
		if (ioctl(t->vp, TLFS_RUN_VP, &msg)) {
			if (errno == EINTR)
				continue;
			return bench_error("TLFS_RUN_VP");
		}
		if (msg.header.message_type != HVMSG_X64_IO_PORT_INTERCEPT) {
			fprintf(stderr, "# message 0x%x at rip 0x%llx\n", msg.header.message_type,
				(unsigned long long)t->page->rip);
			return -1;
		}
		handle_io(t, vm, (const void *)msg.payload);
	}
	return 0;
}

int bench_run_tlfs(struct bench_vm *vm)
{
	struct tlfs t = { .dev = -1, .pt = -1, .vp = -1 };
	int rc = -1;

	if (!create_partition(&t, vm) && !create_vp(&t, vm))
		rc = run(&t, vm);
	if (t.page)
		munmap(t.page, TLFS_PAGE_SIZE);
	if (t.vp >= 0)
		close(t.vp);
	if (t.pt >= 0)
		close(t.pt);
	if (t.dev >= 0)
		close(t.dev);
	return rc;
}
