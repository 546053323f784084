// SPDX-License-Identifier: GPL-2.0-only
/* Exits on memory that is not RAM. */
#include <string.h>

#include "emu.h"
#include "machine.h"

static int mem_read(void *opaque, u64 addr, void *buf, unsigned int len, struct emu_fault *f)
{
	return vp_access(opaque, addr, buf, len, false, f);
}

static int mem_write(void *opaque, u64 addr, const void *buf, unsigned int len,
		     struct emu_fault *f)
{
	return vp_access(opaque, addr, (void *)buf, len, true, f);
}

static int get_xmm(void *opaque, unsigned int n, struct hv_u128 *val)
{
	struct vp *vp = opaque;
	union hv_register_value v = { 0 };
	u32 name = HV_X64_REGISTER_XMM0 + n;
	int rc = tlfs_get_regs(vp->fd, vp->index, &name, &v, 1);

	*val = v.reg128;
	if (rc)
		machine_end(vp->m, ST_HOST, "VP %u: cannot read XMM%u: %s", vp->index, n,
			    tlfs_strerror(rc));
	return rc ? -2 : 0;
}

static int set_xmm(void *opaque, unsigned int n, const struct hv_u128 *val)
{
	struct vp *vp = opaque;
	struct hv_register_assoc r = {
		.name = HV_X64_REGISTER_XMM0 + n,
		.value.reg128 = *val,
	};
	int rc = tlfs_set_regs(vp->fd, vp->index, &r, 1);

	if (rc)
		machine_end(vp->m, ST_HOST, "VP %u: cannot write XMM%u: %s", vp->index, n,
			    tlfs_strerror(rc));
	return rc ? -2 : 0;
}

static bool unsupported(struct vp *vp, const u8 *bytes, unsigned int n, u64 gpa)
{
	char hex[3 * INSN_MAX + 1] = "";
	unsigned int i;

	for (i = 0; i < n; i++) {
		static const char digits[] = "0123456789abcdef";

		hex[3 * i] = ' ';
		hex[3 * i + 1] = digits[bytes[i] >> 4];
		hex[3 * i + 2] = digits[bytes[i] & 15];
		hex[3 * i + 3] = 0;
	}
	machine_end(vp->m, ST_HOST,
		    "VP %u: cannot emulate the instruction at 0x%llx on address 0x%llx:%s",
		    vp->index, vp->regs->rip, gpa,
		    n ? hex : " no bytes");
	vp_dump(vp);
	return false;
}

bool vp_handle_mmio(struct vp *vp, const struct hv_x64_memory_intercept_message *msg)
{
	static const struct emu_fault undefined = { .vector = VECTOR_UD };
	const u8 both = HV_X64_MEMORY_ACCESS_GVA_VALID | HV_X64_MEMORY_ACCESS_GVA_GPA_VALID;
	struct emu e = {
		.read = mem_read,
		.write = mem_write,
		.get_xmm = get_xmm,
		.set_xmm = set_xmm,
		.opaque = vp,
	};
	unsigned int n = MIN(msg->instruction_byte_count, INSN_MAX);
	u8 bytes[INSN_MAX];

	if (!vp_load(vp))
		return false;
	/* an empty bus answers a fetch with ones, and FF FF is no instruction */
	if (msg->header.intercept_access_type == HV_INTERCEPT_ACCESS_EXECUTE)
		return vp_inject(vp, &undefined);
	e.regs = vp->regs;
	vp->hint = (msg->memory_access_info & both) == both;
	vp->hint_gva = msg->gva & HV_PAGE_MASK;
	vp->hint_gpa = msg->gpa & HV_PAGE_MASK;
	memcpy(bytes, msg->instruction_bytes, n);
	/* fewer bytes than an instruction may have: perhaps cut at a page end */
	if (!n || (n < INSN_MAX && !emu_decode(&e, bytes, n)))
		n = vp_fetch(vp, bytes, INSN_MAX);
	switch (n ? emu_step(&e, bytes, n) : EMU_UNSUPPORTED) {
	case EMU_DONE:
		return true;
	case EMU_FAULT:
		return vp_inject(vp, &e.fault);
	case EMU_UNSUPPORTED:
		return unsupported(vp, bytes, n, msg->gpa);
	case EMU_ABORT:
		break;
	}
	return false;
}
