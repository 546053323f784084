// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_kvm.c - the benchmark's machine on /dev/kvm
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench_vmm.h"

#define CPUID_MAX	256
#define HV_CPUID_FIRST	0x40000000U
#define HV_CPUID_LAST	0x400000ffU

struct kvm {
	int dev, vm, vcpu;
	struct kvm_run *run;
	size_t run_size;
};

static int set_memory(struct kvm *k, const struct bench_vm *vm)
{
	unsigned int i;

	for (i = 0; i < BENCH_REGIONS; i++) {
		struct kvm_userspace_memory_region r = {
			.slot = i,
			.guest_phys_addr = vm->mem[i].gpa,
			.memory_size = vm->mem[i].size,
			.userspace_addr = (uintptr_t)vm->mem[i].hva,
		};

		if (ioctl(k->vm, KVM_SET_USER_MEMORY_REGION, &r))
			return bench_error("KVM_SET_USER_MEMORY_REGION");
	}
	return 0;
}

static int create_vm(struct kvm *k, const struct bench_vm *vm)
{
	struct kvm_ioeventfd doorbell = {
		.addr = BENCH_PORT_DOORBELL,
		.len = 1,
		.fd = vm->doorbell,
		.flags = KVM_IOEVENTFD_FLAG_PIO,
	};

	k->dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (k->dev < 0)
		return bench_error("/dev/kvm");
	k->vm = ioctl(k->dev, KVM_CREATE_VM, 0);
	if (k->vm < 0)
		return bench_error("KVM_CREATE_VM");
	if (ioctl(k->vm, KVM_CREATE_IRQCHIP, 0))
		return bench_error("KVM_CREATE_IRQCHIP");
	if (ioctl(k->vm, KVM_IOEVENTFD, &doorbell))
		return bench_error("KVM_IOEVENTFD");
	return set_memory(k, vm);
}

static bool is_hv_leaf(uint32_t leaf)
{
	return leaf >= HV_CPUID_FIRST && leaf <= HV_CPUID_LAST;
}

/* what KVM offers, its own leaves replaced by its Hyper-V ones */
static int set_cpuid(struct kvm *k)
{
	size_t size = sizeof(struct kvm_cpuid2) + CPUID_MAX * sizeof(struct kvm_cpuid_entry2);
	struct kvm_cpuid2 *all = calloc(1, size), *hv = calloc(1, size);
	unsigned int i, n = 0;
	int rc = -1;

	if (!all || !hv)
		goto out;
	all->nent = CPUID_MAX;
	hv->nent = CPUID_MAX;
	if (ioctl(k->dev, KVM_GET_SUPPORTED_CPUID, all) ||
	    ioctl(k->vcpu, KVM_GET_SUPPORTED_HV_CPUID, hv)) {
		bench_error("KVM_GET_SUPPORTED_CPUID");
		goto out;
	}
	for (i = 0; i < all->nent; i++)
		if (!is_hv_leaf(all->entries[i].function))
			all->entries[n++] = all->entries[i];
	for (i = 0; i < hv->nent && n < CPUID_MAX; i++)
		all->entries[n++] = hv->entries[i];
	all->nent = n;
	rc = ioctl(k->vcpu, KVM_SET_CPUID2, all);
	if (rc)
		bench_error("KVM_SET_CPUID2");
out:
	free(all);
	free(hv);
	return rc;
}

/* where PVH starts: 32-bit protected mode, flat segments, no paging */
static int set_registers(struct kvm *k, const struct bench_vm *vm)
{
	struct kvm_segment code = {
		.limit = 0xffffffff, .selector = 0x08, .type = 0xb, .present = 1, .db = 1,
		.s = 1, .g = 1,
	};
	struct kvm_regs regs = { .rip = vm->entry, .rflags = 2 };
	struct kvm_segment data = code;
	struct kvm_sregs sregs;

	if (ioctl(k->vcpu, KVM_GET_SREGS, &sregs))
		return bench_error("KVM_GET_SREGS");
	data.selector = 0x10;
	data.type = 3;
	sregs.cs = code;
	sregs.ds = data;
	sregs.es = data;
	sregs.fs = data;
	sregs.gs = data;
	sregs.ss = data;
	/* with KVM's 16-bit TSS there is no way to long mode on a processor that looks (Bochs) */
	sregs.tr.type = 0xb;
	sregs.tr.limit = 0x67;
	sregs.cr0 = 0x11;	/* PE, ET */
	if (ioctl(k->vcpu, KVM_SET_SREGS, &sregs))
		return bench_error("KVM_SET_SREGS");
	if (ioctl(k->vcpu, KVM_SET_REGS, &regs))
		return bench_error("KVM_SET_REGS");
	return 0;
}

static int create_vcpu(struct kvm *k, const struct bench_vm *vm)
{
	struct kvm_enable_cap synic = { .cap = KVM_CAP_HYPERV_SYNIC };

	k->vcpu = ioctl(k->vm, KVM_CREATE_VCPU, 0);
	if (k->vcpu < 0)
		return bench_error("KVM_CREATE_VCPU");
	k->run_size = ioctl(k->dev, KVM_GET_VCPU_MMAP_SIZE, 0);
	k->run = mmap(NULL, k->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, k->vcpu, 0);
	if (k->run == MAP_FAILED) {
		k->run = NULL;
		return bench_error("vCPU");
	}
	if (ioctl(k->vcpu, KVM_ENABLE_CAP, &synic))
		return bench_error("KVM_CAP_HYPERV_SYNIC");
	if (set_cpuid(k))
		return -1;
	return set_registers(k, vm);
}

static int run(struct kvm *k, struct bench_vm *vm)
{
	struct kvm_run *run = k->run;

	while (vm->status < 0) {
		uint8_t *data;

		if (ioctl(k->vcpu, KVM_RUN, 0)) {
			if (errno == EINTR)
				continue;
			return bench_error("KVM_RUN");
		}
		if (run->exit_reason != KVM_EXIT_IO) {
			fprintf(stderr, "# KVM exit %u\n", run->exit_reason);
			return -1;
		}
		data = (uint8_t *)run + run->io.data_offset;
		if (run->io.direction == KVM_EXIT_IO_OUT)
			bench_port_write(vm, run->io.port, *data);
		else
			*data = bench_port_read(run->io.port);
	}
	return 0;
}

int bench_run_kvm(struct bench_vm *vm)
{
	struct kvm k = { .dev = -1, .vm = -1, .vcpu = -1 };
	int rc = -1;

	if (!create_vm(&k, vm) && !create_vcpu(&k, vm))
		rc = run(&k, vm);
	if (k.run)
		munmap(k.run, k.run_size);
	if (k.vcpu >= 0)
		close(k.vcpu);
	if (k.vm >= 0)
		close(k.vm);
	if (k.dev >= 0)
		close(k.dev);
	return rc;
}
