// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmm.c - a small VMM for tests: descriptors, memory, hypercalls, registers
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "vmm.h"

void vmm_proves(const char *ids)
{
	fflush(stdout);
	dprintf(STDOUT_FILENO, "# proves: %s\n", ids);
}

void vmm_die(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fflush(stdout);
	dprintf(STDERR_FILENO, "# vmm: %s\n", line);
	_exit(1);
}

long vmm_ioctl(int fd, unsigned long cmd, void *arg)
{
	long ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

u64 vmm_vendor(void)
{
	u32 eax, ebx, ecx, edx;

	__cpuid(0, eax, ebx, ecx, edx);
	return ebx == signature_INTEL_ebx ? HV_PROCESSOR_VENDOR_INTEL : HV_PROCESSOR_VENDOR_AMD;
}

unsigned int vmm_factor(void)
{
	const char *factor = getenv("HOST_FACTOR");
	int n = factor ? atoi(factor) : 1;

	return n > 0 ? n : 1;
}

u64 vmm_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000ULL + ts.tv_nsec / 1000000;
}

void vmm_sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

long vmm_count(const char *what)
{
	char path[128];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", VMM_COUNTS, what);
	f = fopen(path, "re");
	if (!f)
		return -1;
	if (fscanf(f, "%ld", &n) != 1)
		n = -1;
	fclose(f);
	return n;
}

bool vmm_count_settles(const char *what, long want)
{
	u64 end = vmm_now_ms() + 2 * VMM_LONG;

	while (vmm_count(what) != want) {
		if (vmm_now_ms() > end)
			return false;
		vmm_sleep_ms(10);
	}
	return true;
}

/* ---- partitions ---- */

int vmm_open(void)
{
	int fd = open(VMM_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int vmm_create_partition(int dev, u64 flags)
{
	struct tlfs_create_partition_v2 arg = {
		.v1.flags = flags,
		.num_banks = flags & TLFS_PT_CPU_FEATURES ? TLFS_CPU_FEATURE_BANKS : 0,
	};

	return vmm_ioctl(dev, TLFS_CREATE_PARTITION, &arg);
}

int vmm_create_vp(int pt, u32 index)
{
	struct tlfs_create_vp arg = { .vp_index = index };

	return vmm_ioctl(pt, TLFS_CREATE_VP, &arg);
}

int vmm_set_memory(int pt, u64 gpa, void *addr, u64 size, u8 flags)
{
	struct tlfs_user_mem_region arg = {
		.size = size,
		.guest_pfn = gpa / TLFS_PAGE_SIZE,
		.userspace_addr = (uintptr_t)addr,
		.flags = flags,
	};

	return vmm_ioctl(pt, TLFS_SET_GUEST_MEMORY, &arg);
}

int vmm_get_property(int fd, u32 code, u64 *val)
{
	struct hv_input_get_partition_property in = { .property_code = code };

	return vmm_call(fd, HVCALL_GET_PARTITION_PROPERTY, &in, sizeof(in), val, sizeof(*val));
}

int vmm_set_property(int fd, u32 code, u64 val)
{
	struct hv_input_set_partition_property in = {
		.property_code = code, .property_value = val,
	};

	return vmm_call(fd, HVCALL_SET_PARTITION_PROPERTY, &in, sizeof(in), NULL, 0);
}

void *vmm_alloc(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		vmm_die("mmap of %zu bytes: %s", size, strerror(errno));
	return p;
}

void *vmm_add_memory(struct vmm *vm, u64 gpa, size_t size, u8 flags)
{
	void *p = vmm_alloc(size);
	int ret = vmm_set_memory(vm->pt, gpa, p, size, flags);

	if (ret)
		vmm_die("SET_GUEST_MEMORY at %#llx: %d", (unsigned long long)gpa, ret);
	return p;
}

void vmm_setup_bare(struct vmm *vm, u64 flags)
{
	unsigned int i;

	memset(vm, 0, sizeof(*vm));
	for (i = 0; i < VMM_VPS; i++)
		vm->vp[i] = (struct vmm_vp) { .fd = -1, .index = i, .vm = vm };
	vm->dev = vmm_open();
	if (vm->dev < 0)
		vmm_die("%s: %s", VMM_DEVICE, strerror(-vm->dev));
	vm->pt = vmm_create_partition(vm->dev, flags);
	if (vm->pt < 0)
		vmm_die("CREATE_PARTITION: %s", strerror(-vm->pt));
}

void vmm_setup(struct vmm *vm, unsigned int vps)
{
	unsigned int i;
	int ret;

	vmm_setup_bare(vm, VMM_FLAGS);
	ret = vmm_ioctl(vm->pt, TLFS_INITIALIZE_PARTITION, NULL);
	if (ret)
		vmm_die("INITIALIZE_PARTITION: %s", strerror(-ret));
	for (i = 0; i < vps; i++) {
		vm->vp[i].fd = vmm_create_vp(vm->pt, i);
		if (vm->vp[i].fd < 0)
			vmm_die("CREATE_VP %u: %s", i, strerror(-vm->vp[i].fd));
	}
	vm->ram = vmm_add_memory(vm, 0, VMM_RAM, VMM_RWX);
}

void vmm_teardown(struct vmm *vm)
{
	unsigned int i;

	for (i = 0; i < VMM_VPS; i++)
		if (vm->vp[i].fd >= 0)
			close(vm->vp[i].fd);
	if (vm->pt > 0)
		close(vm->pt);
	if (vm->dev > 0)
		close(vm->dev);
	if (vm->ram)
		munmap(vm->ram, VMM_RAM);
	vm->ram = NULL;
}

void *vmm_gpa(struct vmm *vm, u64 gpa)
{
	if (!vm->ram || gpa >= VMM_RAM)
		vmm_die("GPA %#llx is not in RAM", (unsigned long long)gpa);
	return vm->ram + gpa;
}

void vmm_write(struct vmm *vm, u64 gpa, const void *data, size_t len)
{
	memcpy(vmm_gpa(vm, gpa), data, len);
}

size_t vmm_code_size(const struct guest_code *code)
{
	return code->end - code->start;
}

void vmm_load(struct vmm *vm, u64 gpa, const struct guest_code *code)
{
	vmm_write(vm, gpa, code->start, vmm_code_size(code));
}

/* ---- root hypercalls ---- */

int vmm_call_reps(int fd, u16 code, u16 *reps, void *in, u16 in_sz, void *out,
		  u16 out_sz)
{
	struct tlfs_root_hvcall arg = {
		.code = code, .reps = reps ? *reps : 0,
		.in_sz = in_sz, .out_sz = out_sz,
		.in_ptr = (uintptr_t)in, .out_ptr = (uintptr_t)out,
	};
	long ret = vmm_ioctl(fd, TLFS_ROOT_HVCALL, &arg);

	if (reps)
		*reps = arg.reps;
	return ret && arg.status ? arg.status : ret;
}

int vmm_call(int fd, u16 code, void *in, u16 in_sz, void *out, u16 out_sz)
{
	return vmm_call_reps(fd, code, NULL, in, in_sz, out, out_sz);
}

int vmm_assert(struct vmm *vm, u64 control, u64 dest, u32 vector)
{
	struct hv_input_assert_virtual_interrupt in = {
		.control = control, .dest_addr = dest, .vector = vector,
	};

	return vmm_call(vm->pt, HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL, &in, sizeof(in), NULL, 0);
}

int vmm_install_intercept(struct vmm *vm, u32 access, u32 type, u64 param)
{
	struct hv_input_install_intercept in = {
		.access_type = access, .intercept_type = type, .intercept_parameter = param,
	};

	return vmm_call(vm->pt, HVCALL_INSTALL_INTERCEPT, &in, sizeof(in), NULL, 0);
}

/* ---- registers ---- */

int vmm_get_register(int fd, u32 index, u32 name, union hv_register_value *val)
{
	struct {
		struct hv_input_get_vp_registers head;
		u32 name[2];
	} in = { .head.vp_index = index, .name = { name } };
	u16 reps = 1;

	return vmm_call_reps(fd, HVCALL_GET_VP_REGISTERS, &reps, &in,
			     sizeof(in.head) + sizeof(u32), val, sizeof(*val));
}

int vmm_set_register(int fd, u32 index, u32 name, const union hv_register_value *val)
{
	struct {
		struct hv_input_set_vp_registers head;
		struct hv_register_assoc reg;
	} in = { .head.vp_index = index, .reg = { .name = name, .value = *val } };
	u16 reps = 1;

	return vmm_call_reps(fd, HVCALL_SET_VP_REGISTERS, &reps, &in, sizeof(in), NULL, 0);
}

int vmm_set_reg_status(struct vmm_vp *vp, u32 name, u64 val)
{
	union hv_register_value v = { .reg128.low = val };

	return vmm_set_register(vp->fd, vp->index, name, &v);
}

u64 vmm_reg(struct vmm_vp *vp, u32 name)
{
	union hv_register_value v;
	int ret = vmm_get_register(vp->fd, vp->index, name, &v);

	if (ret)
		vmm_die("get register %#x: %#x", name, ret);
	return v.reg64;
}

void vmm_set_reg(struct vmm_vp *vp, u32 name, u64 val)
{
	int ret = vmm_set_reg_status(vp, name, val);

	if (ret)
		vmm_die("set register %#x to %#llx: %#x", name, (unsigned long long)val, ret);
}

void vmm_set_segment(struct vmm_vp *vp, u32 name, u64 base, u32 limit,
		     u16 selector, u16 attributes)
{
	union hv_register_value v = {
		.segment = { base, limit, selector, attributes },
	};
	int ret = vmm_set_register(vp->fd, vp->index, name, &v);

	if (ret)
		vmm_die("set segment %#x: %#x", name, ret);
}

void vmm_set_table(struct vmm_vp *vp, u32 name, u64 base, u16 limit)
{
	union hv_register_value v = { .table = { .base = base, .limit = limit } };
	int ret = vmm_set_register(vp->fd, vp->index, name, &v);

	if (ret)
		vmm_die("set table %#x: %#x", name, ret);
}
