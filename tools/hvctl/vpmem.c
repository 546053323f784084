// SPDX-License-Identifier: GPL-2.0-only
/* Guest memory as an instruction of a VP sees it: linear address, page tables, RAM or device. */
#include <string.h>

#include "emu.h"
#include "machine.h"

#define PF_PRESENT	0x01
#define PF_WRITE	0x02
#define PF_USER		0x04
#define PF_RESERVED	0x08

#define PAGE_OFFSET(a)	((a) & (HV_PAGE_SIZE - 1))

static int page_fault(struct vp *vp, u64 linear, bool write, u32 error, struct emu_fault *fault)
{
	fault->vector = VECTOR_PF;
	fault->has_error = true;
	fault->error = error | (write ? PF_WRITE : 0) | (vp->user ? PF_USER : 0);
	fault->cr2 = linear;
	return -1;
}

/* Address of one page's worth; the message may have brought the translation along */
static int translate(struct vp *vp, u64 linear, u64 flags, u64 *gpa, struct emu_fault *fault)
{
	bool write = flags & HV_TRANSLATE_GVA_VALIDATE_WRITE;
	u32 result;
	int rc;

	if (vp->hint && (linear & HV_PAGE_MASK) == vp->hint_gva) {
		*gpa = vp->hint_gpa | PAGE_OFFSET(linear);
		return 0;
	}
	rc = tlfs_translate(vp->fd, vp->index, linear, flags, &result, gpa);
	if (rc) {
		machine_end(vp->m, ST_HOST, "VP %u: cannot translate 0x%llx: %s", vp->index,
			    linear, tlfs_strerror(rc));
		return -2;
	}
	switch (result) {
	case HV_TRANSLATE_GVA_SUCCESS:
	case HV_TRANSLATE_GVA_GPA_UNMAPPED:
	case HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS:
	case HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS:
		return 0;	/* where there is no RAM there is a device, or nothing */
	case HV_TRANSLATE_GVA_PAGE_NOT_PRESENT:
		return page_fault(vp, linear, write, 0, fault);
	case HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION:
		return page_fault(vp, linear, write, PF_PRESENT, fault);
	case HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS:
		return page_fault(vp, linear, write, PF_PRESENT | PF_RESERVED, fault);
	default:
		machine_end(vp->m, ST_HOST, "VP %u: translation of 0x%llx gave result %u",
			    vp->index, linear, result);
		return -2;
	}
}

/* Devices see naturally sized accesses; anything else goes to them byte by byte */
static void device_access(struct machine *m, u64 gpa, u8 *buf, unsigned int len, bool write)
{
	unsigned int step = len == 1 || len == 2 || len == 4 || len == 8 ? len :
			    len == 16 ? 8 : 1;
	unsigned int i;
	u64 v;

	pthread_mutex_lock(&m->lock);
	for (i = 0; i < len; i += step) {
		v = 0;
		if (write) {
			memcpy(&v, buf + i, step);
			bus_write(&m->mmio, gpa + i, step, v);
		} else {
			v = bus_read(&m->mmio, gpa + i, step);
			memcpy(buf + i, &v, step);
		}
	}
	pthread_mutex_unlock(&m->lock);
}

static void gpa_access(struct vp *vp, u64 gpa, u8 *buf, unsigned int len, bool write)
{
	u8 *ram = ram_ptr(&vp->m->ram, gpa, len);

	if (!ram)
		device_access(vp->m, gpa, buf, len, write);
	else if (write)
		memcpy(ram, buf, len);
	else
		memcpy(buf, ram, len);
}

int vp_access(struct vp *vp, u64 linear, void *data, unsigned int len, bool write,
	      struct emu_fault *fault)
{
	u64 flags = HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS |
		    (write ? HV_TRANSLATE_GVA_VALIDATE_WRITE : HV_TRANSLATE_GVA_VALIDATE_READ);
	unsigned int first = MIN((u64)len, HV_PAGE_SIZE - PAGE_OFFSET(linear));
	u64 gpa, gpa2 = 0;
	u8 *buf = data;
	int rc;

	/* both pages before the first byte: a fault must leave nothing half written */
	rc = translate(vp, linear, flags, &gpa, fault);
	if (!rc && first < len)
		rc = translate(vp, linear + first, flags, &gpa2, fault);
	if (rc)
		return rc;
	gpa_access(vp, gpa, buf, first, write);
	if (first < len)
		gpa_access(vp, gpa2, buf + first, len - first, write);
	return 0;
}

unsigned int vp_fetch(struct vp *vp, u8 *buf, unsigned int len)
{
	u64 at = emu_linear(vp->regs, ZYDIS_REGISTER_CS, vp->regs->rip), gpa;
	unsigned int got = 0, n;
	u32 result;
	void *ram;

	/* the processor just executed this: what cannot be read now does not count as a fault */
	while (got < len) {
		n = MIN((u64)len - got, HV_PAGE_SIZE - PAGE_OFFSET(at + got));
		if (tlfs_translate(vp->fd, vp->index, at + got, HV_TRANSLATE_GVA_VALIDATE_EXECUTE,
				   &result, &gpa) || result)
			break;
		ram = ram_ptr(&vp->m->ram, gpa, n);
		if (!ram)
			break;
		memcpy(buf + got, ram, n);
		got += n;
	}
	return got;
}
