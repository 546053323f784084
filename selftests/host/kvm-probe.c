// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm-probe.c - does KVM run a guest here?  Exit status 0 when it does.
 *
 * A /dev/kvm inside a virtual machine says little: the nested guest must have run.  This one writes
 * a byte to a port and halts.
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define PORT	0xe9
#define LOAD	0x1000

static const unsigned char code[] = {
	0xba, PORT, 0x00,	/* mov	$PORT, %dx */
	0xb0, 'K',		/* mov	$'K', %al */
	0xee,			/* out	%al, %dx */
	0xf4,			/* hlt */
};

static int fail(const char *what)
{
	perror(what);
	return 1;
}

static int set_registers(int vcpu)
{
	struct kvm_regs regs = { .rip = LOAD, .rflags = 2 };
	struct kvm_sregs sregs;

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return -1;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	return ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs);
}

int main(void)
{
	struct kvm_userspace_memory_region region = { .memory_size = 0x10000 };
	int kvm, vm, vcpu, size, exits;
	struct kvm_run *run;
	void *memory;

	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm < 0)
		return fail("/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		return fail("KVM_CREATE_VM");
	memory = mmap(NULL, region.memory_size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return fail("mmap");
	memcpy((char *)memory + LOAD, code, sizeof(code));
	region.userspace_addr = (unsigned long)memory;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		return fail("KVM_SET_USER_MEMORY_REGION");
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		return fail("KVM_CREATE_VCPU");
	size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	run = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED || set_registers(vcpu))
		return fail("vcpu");

	for (exits = 0; exits < 2; exits++) {
		if (ioctl(vcpu, KVM_RUN, 0))
			return fail("KVM_RUN");
		if (run->exit_reason == KVM_EXIT_HLT && exits == 1)
			return 0;
		if (run->exit_reason != KVM_EXIT_IO || run->io.port != PORT)
			break;
	}
	fprintf(stderr, "kvm-probe: exit reason %u\n", run->exit_reason);
	return 1;
}
