// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "libtlfs.h"

#define STATUS_NAME(name)	{ HV_STATUS_##name, #name }

static const struct {
	u16 status;
	const char *name;
} status_names[] = {
	STATUS_NAME(INVALID_HYPERCALL_CODE),
	STATUS_NAME(INVALID_HYPERCALL_INPUT),
	STATUS_NAME(INVALID_ALIGNMENT),
	STATUS_NAME(INVALID_PARAMETER),
	STATUS_NAME(ACCESS_DENIED),
	STATUS_NAME(INVALID_PARTITION_STATE),
	STATUS_NAME(OPERATION_DENIED),
	STATUS_NAME(UNKNOWN_PROPERTY),
	STATUS_NAME(PROPERTY_VALUE_OUT_OF_RANGE),
	STATUS_NAME(INSUFFICIENT_MEMORY),
	STATUS_NAME(INVALID_PARTITION_ID),
	STATUS_NAME(INVALID_VP_INDEX),
	STATUS_NAME(NOT_FOUND),
	STATUS_NAME(INSUFFICIENT_BUFFERS),
	STATUS_NAME(NOT_ACKNOWLEDGED),
	STATUS_NAME(INVALID_VP_STATE),
	STATUS_NAME(ACKNOWLEDGED),
	STATUS_NAME(INVALID_REGISTER_VALUE),
	STATUS_NAME(INVALID_PORT_ID),
	STATUS_NAME(INVALID_CONNECTION_ID),
	STATUS_NAME(INVALID_SYNIC_STATE),
	STATUS_NAME(NO_RESOURCES),
};

const char *tlfs_strerror(int rc)
{
	static __thread char text[48];
	size_t i;

	if (rc <= 0)
		return strerror(-rc);
	for (i = 0; i < ARRAY_SIZE(status_names); i++) {
		if (status_names[i].status == rc) {
			snprintf(text, sizeof(text), "HV_STATUS_%s", status_names[i].name);
			return text;
		}
	}
	snprintf(text, sizeof(text), "hypervisor status 0x%04x", rc);
	return text;
}

static int call_ioctl(int fd, unsigned long nr, void *arg)
{
	int rc = ioctl(fd, nr, arg);

	return rc < 0 ? -errno : rc;
}

int tlfs_open(void)
{
	int fd = open(TLFS_DEVICE, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int tlfs_create_partition(int dev, u64 flags)
{
	struct tlfs_create_partition arg = { .flags = flags };

	return call_ioctl(dev, TLFS_CREATE_PARTITION, &arg);
}

int tlfs_create_vp(int part, u32 index)
{
	struct tlfs_create_vp arg = { .vp_index = index };

	return call_ioctl(part, TLFS_CREATE_VP, &arg);
}

int tlfs_initialize(int part)
{
	return call_ioctl(part, TLFS_INITIALIZE_PARTITION, NULL);
}

int tlfs_open_debug(int part)
{
	struct tlfs_open_debug arg = { 0 };

	return call_ioctl(part, TLFS_OPEN_DEBUG, &arg);
}

int tlfs_map_memory(int part, u64 gpa, void *hva, u64 size, u8 flags)
{
	struct tlfs_user_mem_region arg = {
		.size = size,
		.guest_pfn = gpa >> HV_PAGE_SHIFT,
		.userspace_addr = (uintptr_t)hva,
		.flags = flags,
	};

	return call_ioctl(part, TLFS_SET_GUEST_MEMORY, &arg);
}

int tlfs_run_vp(int vp, struct hv_message *msg)
{
	_Static_assert(sizeof(*msg) == sizeof(struct tlfs_run_vp), "message size");
	return call_ioctl(vp, TLFS_RUN_VP, msg);
}

struct hv_vp_register_page *tlfs_map_registers(int vp, int *err)
{
	void *page = mmap(NULL, HV_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, vp,
			  TLFS_VP_MMAP_REGISTERS * HV_PAGE_SIZE);

	*err = 0;
	if (page != MAP_FAILED)
		return page;
	if (errno != ENODEV)
		*err = -errno;
	return NULL;
}

int tlfs_hvcall(int fd, u16 code, u16 *reps, void *in, size_t in_sz, void *out, size_t out_sz)
{
	struct tlfs_root_hvcall arg = {
		.code = code,
		.reps = reps ? *reps : 0,
		.in_sz = in_sz,
		.out_sz = out_sz,
		.in_ptr = (uintptr_t)in,
		.out_ptr = (uintptr_t)out,
	};
	int rc = call_ioctl(fd, TLFS_ROOT_HVCALL, &arg);

	if (reps)
		*reps = arg.reps;
	if (arg.status)
		return arg.status;
	return rc < 0 ? rc : 0;
}

int tlfs_get_property(int fd, u32 code, u64 *val)
{
	struct hv_input_get_partition_property in = { .property_code = code };
	struct hv_output_get_partition_property out = { 0 };
	int rc = tlfs_hvcall(fd, HVCALL_GET_PARTITION_PROPERTY, NULL, &in, sizeof(in), &out,
			     sizeof(out));

	*val = out.property_value;
	return rc;
}

int tlfs_set_property(int fd, u32 code, u64 val)
{
	struct hv_input_set_partition_property in = {
		.property_code = code,
		.property_value = val,
	};

	return tlfs_hvcall(fd, HVCALL_SET_PARTITION_PROPERTY, NULL, &in, sizeof(in), NULL, 0);
}

int tlfs_get_property_ex(int fd, u32 code, u64 arg, void *out, size_t out_sz)
{
	struct hv_input_get_partition_property_ex in = {
		.property_code = code,
		.argument = arg,
	};

	return tlfs_hvcall(fd, HVCALL_GET_PARTITION_PROPERTY_EX, NULL, &in, sizeof(in), out,
			   out_sz);
}

/* A rep call that stops early without a status is a failure of the module */
static int reps_done(int rc, u16 want, u16 done)
{
	return rc ? rc : done == want ? 0 : -EIO;
}

int tlfs_get_regs(int fd, u32 vp, const u32 *names, union hv_register_value *vals, u16 n)
{
	union {
		struct hv_input_get_vp_registers in;
		u8 bytes[sizeof(struct hv_input_get_vp_registers) + 4 * TLFS_MAX_REGS];
	} u = { .in.vp_index = vp };
	u16 reps = n;
	int rc;

	if (n > TLFS_MAX_REGS)
		return -E2BIG;
	memcpy(u.bytes + sizeof(u.in), names, n * sizeof(*names));
	rc = tlfs_hvcall(fd, HVCALL_GET_VP_REGISTERS, &reps, &u,
			 sizeof(u.in) + n * sizeof(*names), vals, n * sizeof(*vals));
	return reps_done(rc, n, reps);
}

int tlfs_set_regs(int fd, u32 vp, const struct hv_register_assoc *regs, u16 n)
{
	union {
		struct hv_input_set_vp_registers in;
		u8 bytes[HV_PAGE_SIZE];
	} u = { .in.vp_index = vp };
	u16 reps = n;
	int rc;

	if (n > TLFS_MAX_REGS)
		return -E2BIG;
	memcpy(u.bytes + sizeof(u.in), regs, n * sizeof(*regs));
	rc = tlfs_hvcall(fd, HVCALL_SET_VP_REGISTERS, &reps, &u,
			 sizeof(u.in) + n * sizeof(*regs), NULL, 0);
	return reps_done(rc, n, reps);
}

int tlfs_get_reg64(int fd, u32 vp, u32 name, u64 *val)
{
	union hv_register_value v = { 0 };
	int rc = tlfs_get_regs(fd, vp, &name, &v, 1);

	*val = v.reg64;
	return rc;
}

int tlfs_translate(int fd, u32 vp, u64 gva, u64 flags, u32 *result, u64 *gpa)
{
	struct hv_input_translate_virtual_address in = {
		.vp_index = vp,
		.control_flags = flags,
		.gva_page = gva >> HV_PAGE_SHIFT,
	};
	struct hv_output_translate_virtual_address out = { 0 };
	int rc = tlfs_hvcall(fd, HVCALL_TRANSLATE_VIRTUAL_ADDRESS, NULL, &in, sizeof(in), &out,
			     sizeof(out));

	*result = out.result_code;
	*gpa = out.gpa_page << HV_PAGE_SHIFT | (gva & (HV_PAGE_SIZE - 1));
	return rc;
}

int tlfs_assert_interrupt(int part, u32 type, bool level, bool logical, u64 dest, u32 vector)
{
	struct hv_input_assert_virtual_interrupt in = {
		.control = type | (level ? HV_INTERRUPT_CONTROL_LEVEL : 0) |
			   (logical ? HV_INTERRUPT_CONTROL_LOGICAL_DEST : 0),
		.dest_addr = dest,
		.vector = vector,
	};

	return tlfs_hvcall(part, HVCALL_ASSERT_VIRTUAL_INTERRUPT_VTL, NULL, &in, sizeof(in),
			   NULL, 0);
}

int tlfs_clear_interrupt(int part)
{
	struct hv_input_clear_virtual_interrupt in = { 0 };

	return tlfs_hvcall(part, HVCALL_CLEAR_VIRTUAL_INTERRUPT, NULL, &in, sizeof(in), NULL, 0);
}

int tlfs_install_intercept(int part, u32 access, u32 type, u64 param)
{
	struct hv_input_install_intercept in = {
		.access_type = access,
		.intercept_type = type,
		.intercept_parameter = param,
	};

	return tlfs_hvcall(part, HVCALL_INSTALL_INTERCEPT, NULL, &in, sizeof(in), NULL, 0);
}

int tlfs_register_cpuid(int fd, u32 vp, const struct hv_register_cpuid_result *res)
{
	struct hv_input_register_intercept_result in = {
		.vp_index = vp,
		.intercept_type = HV_INTERCEPT_TYPE_X64_CPUID,
		.parameters.cpuid = *res,
	};

	return tlfs_hvcall(fd, HVCALL_REGISTER_INTERCEPT_RESULT, NULL, &in, sizeof(in), NULL, 0);
}

static int vp_state(int vp, unsigned long nr, u8 type, void *page)
{
	struct tlfs_get_set_vp_state arg = {
		.type = type,
		.buf_sz = HV_PAGE_SIZE,
		.buf_ptr = (uintptr_t)page,
	};

	return call_ioctl(vp, nr, &arg);
}

int tlfs_get_lapic(int vp, struct hv_local_interrupt_controller_state *st)
{
	u8 page[HV_PAGE_SIZE] __aligned(HV_PAGE_SIZE) = { 0 };
	int rc = vp_state(vp, TLFS_GET_VP_STATE, TLFS_VP_STATE_LAPIC, page);

	memcpy(st, page, sizeof(*st));
	return rc;
}

int tlfs_set_lapic(int vp, const struct hv_local_interrupt_controller_state *st)
{
	u8 page[HV_PAGE_SIZE] __aligned(HV_PAGE_SIZE) = { 0 };

	memcpy(page, st, sizeof(*st));
	return vp_state(vp, TLFS_SET_VP_STATE, TLFS_VP_STATE_LAPIC, page);
}

int tlfs_offered_features(int dev, u64 *mask)
{
	/* bank count, padding, then the banks of the synthetic feature mask */
	struct {
		u16 bank_count;
		u16 reserved[3];
		u64 banks[1];
	} ex = { 0 };

	if (!tlfs_get_property_ex(dev, HV_PARTITION_PROPERTY_ASSIGNABLE_SYNTHETIC_PROC_FEATURES,
				  0, &ex, sizeof(ex)) && ex.bank_count >= 1) {
		*mask = ex.banks[0];
		return 0;
	}
	return tlfs_get_property(dev, HV_PARTITION_PROPERTY_SYNTHETIC_PROC_FEATURES, mask);
}
