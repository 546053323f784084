// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmmu.c - virtual MMU (TLFS 12)
 *
 * A virtual TLB is one hardware address space with second-level paging under it, so a flush of any
 * part of it is a flush of all of it: always allowed, and no slower than a list would be.
 */
#include <linux/bitmap.h>
#include <linux/kernel.h>

#include <asm/trap_pf.h>

#include "tlfs.h"

#define FLUSH_SPACE_FLAGS	(HV_FLUSH_ALL_PROCESSORS | HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES | \
				 HV_FLUSH_NON_GLOBAL_MAPPINGS_ONLY)
/* the whole TLB goes, so what a range looks like does not matter */
#define FLUSH_LIST_FLAGS	(HV_FLUSH_ALL_PROCESSORS | HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES | \
				 HV_FLUSH_USE_EXTENDED_RANGE_FORMAT)

/* HvSwitchVirtualAddressSpace (12.4.1) */
TLFS_HANDLER(switch_virtual_address_space)
{
	const struct hv_input_switch_virtual_address_space *in = call->in;

	vp_count(call->vp, HV_VP_STAT_ADDRESS_SPACE_SWITCHES);
	return tlfs_set_cr3(call->vp, in->address_space) ? HV_STATUS_INVALID_PARAMETER
							  : HV_STATUS_SUCCESS;
}

/* ---- flushes ---- */

static u16 flush_check(const struct tlfs_hvcall *call, u64 space, u64 flags, u64 valid)
{
	if (flags & ~valid)
		return HV_STATUS_INVALID_PARAMETER;
	/* an address space is a CR3 value; its low bits may be a PCID or cache bits */
	if (!(flags & HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES) &&
	    space >> HV_PAGE_SHIFT >= call->caller->gpa.max_gfn)
		return HV_STATUS_INVALID_PARAMETER;
	return HV_STATUS_SUCCESS;
}

/* ---- inhibited flushes (12.1.4) ---- */

/* who waits for another one's inhibit finds that out when it makes the call again */
static void flush_wake(struct tlfs_partition *pt)
{
	struct tlfs_vp *vp;
	unsigned int i;

	WRITE_ONCE(pt->flush_waiters, false);
	/* pairs with flush_suspend(): whose flag this took back is seen below */
	smp_mb();
	tlfs_for_each_vp(vp, pt, i) {
		if (!READ_ONCE(vp->flush_wait))
			continue;
		WRITE_ONCE(vp->flush_wait, false);
		tlfs_vp_kick(vp);
	}
}

void tlfs_flush_inhibit(struct tlfs_vp *vp, bool on)
{
	struct tlfs_partition *pt = vp->pt;

	if (READ_ONCE(vp->flush_inhibit) == on || xchg(&vp->flush_inhibit, on) == on)
		return;
	if (on) {
		atomic_inc(&pt->flush_inhibits);
		return;
	}
	atomic_dec(&pt->flush_inhibits);
	/* pairs with flush_suspend(): either we see who waits, or he that there is nothing */
	smp_mb__after_atomic();
	if (unlikely(READ_ONCE(pt->flush_waiters)))
		flush_wake(pt);
}

/* a VP may flush its own TLB whatever its parent does */
static bool flush_inhibited(const struct tlfs_hvcall *call, const unsigned long *mask)
{
	struct tlfs_vp *vp;
	unsigned int i;

	tlfs_for_each_vp(vp, call->caller, i)
		if (READ_ONCE(vp->flush_inhibit) && vp != call->vp && (!mask || test_bit(i, mask)))
			return true;
	return false;
}

/* the caller does not go on before the inhibit of a target is over: true, it waits */
static bool flush_suspend(const struct tlfs_hvcall *call, const unsigned long *mask)
{
	WRITE_ONCE(call->vp->flush_wait, true);
	/* pairs with flush_wake(): it finds us if it takes the flag back */
	smp_wmb();
	WRITE_ONCE(call->caller->flush_waiters, true);
	/* pairs with tlfs_flush_inhibit() */
	smp_mb();
	if (flush_inhibited(call, mask))
		return true;
	WRITE_ONCE(call->vp->flush_wait, false);
	return false;
}

/* on return no VP of @mask runs with a translation from before the call (12.4.2) */
static u16 flush_vps(const struct tlfs_hvcall *call, const unsigned long *mask)
{
	if (unlikely(atomic_read(&call->caller->flush_inhibits)) && flush_suspend(call, mask))
		return TLFS_HC_SUSPEND;
	atomic_long_inc(&call->caller->flush_calls);
	tlfs_eventlog(HV_EVENTLOG_GROUP_ADDRESS_MANAGER_GVA, HV_TR_AM_GVA_FLUSH_VIRTUAL_TLB,
		      call->caller->id);
	tlfs_vps_request(call->caller, mask, TLFS_REQ_FLUSH_TLB, true);
	return HV_STATUS_SUCCESS;
}

static u16 flush_masked(const struct tlfs_hvcall *call, u64 flags, u64 processors)
{
	DECLARE_BITMAP(mask, TLFS_MAX_VPS);

	if (flags & HV_FLUSH_ALL_PROCESSORS)
		return flush_vps(call, NULL);
	if (!processors)
		return HV_STATUS_INVALID_PARAMETER;
	bitmap_zero(mask, TLFS_MAX_VPS);
	mask[0] = processors;
	return flush_vps(call, mask);
}

static u16 flush_set(struct tlfs_hvcall *call, u64 flags, const struct hv_vpset *set)
{
	DECLARE_BITMAP(mask, TLFS_MAX_VPS);
	u16 status;

	if (flags & HV_FLUSH_ALL_PROCESSORS)
		return flush_vps(call, NULL);
	status = tlfs_vpset_parse(call, set->format, set->valid_bank_mask, set->bank,
				  call->var_size / sizeof(u64), mask);
	if (status != HV_STATUS_SUCCESS)
		return status;
	/* a set may be empty, unlike a mask */
	return bitmap_empty(mask, TLFS_MAX_VPS) ? HV_STATUS_SUCCESS : flush_vps(call, mask);
}

static void count_space(const struct tlfs_hvcall *call, u64 flags)
{
	vp_count(call->vp, flags & HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES ?
		 HV_VP_STAT_ADDRESS_DOMAIN_FLUSHES : HV_VP_STAT_ADDRESS_SPACE_FLUSHES);
}

static void count_list(const struct tlfs_hvcall *call, u64 flags)
{
	vp_count(call->vp, flags & HV_FLUSH_ALL_VIRTUAL_ADDRESS_SPACES ?
		 HV_VP_STAT_GLOBAL_RANGE_FLUSHES : HV_VP_STAT_LOCAL_RANGE_FLUSHES);
}

/* HvFlushVirtualAddressSpace (12.4.2) */
TLFS_HANDLER(flush_virtual_address_space)
{
	const struct hv_input_flush_virtual_address_space *in = call->in;
	u16 status = flush_check(call, in->address_space, in->flags, FLUSH_SPACE_FLAGS);

	count_space(call, in->flags);
	return status ? status : flush_masked(call, in->flags, in->processor_mask);
}

/* HvFlushVirtualAddressList (12.4.3) */
TLFS_HANDLER(flush_virtual_address_list)
{
	const struct hv_input_flush_virtual_address_list *in = call->in;
	u16 status = flush_check(call, in->address_space, in->flags, FLUSH_LIST_FLAGS);

	count_list(call, in->flags);
	if (!status)
		status = flush_masked(call, in->flags, in->processor_mask);
	if (!status)
		call->rep = call->reps;
	return status;
}

/* HvFlushVirtualAddressSpaceEx (5.0C 9.4.3) */
TLFS_HANDLER(flush_virtual_address_space_ex)
{
	const struct hv_input_flush_virtual_address_space_ex *in = call->in;
	u16 status = flush_check(call, in->address_space, in->flags, FLUSH_SPACE_FLAGS);

	count_space(call, in->flags);
	return status ? status : flush_set(call, in->flags, &in->vp_set);
}

/* HvFlushVirtualAddressListEx (5.0C 9.4.5) */
TLFS_HANDLER(flush_virtual_address_list_ex)
{
	const struct hv_input_flush_virtual_address_list_ex *in = call->in;
	u16 status = flush_check(call, in->address_space, in->flags, FLUSH_LIST_FLAGS);

	count_list(call, in->flags);
	if (!status)
		status = flush_set(call, in->flags, &in->vp_set);
	if (!status)
		call->rep = call->reps;
	return status;
}

/* ---- HvTranslateVirtualAddress (12.4.4) ---- */

#define TRANSLATE_ACCESS	(HV_TRANSLATE_GVA_VALIDATE_READ | \
				 HV_TRANSLATE_GVA_VALIDATE_WRITE | \
				 HV_TRANSLATE_GVA_VALIDATE_EXECUTE)
/* not here: the SMAP and shadow stack options of later editions */
#define TRANSLATE_FLAGS		(TRANSLATE_ACCESS | HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT | \
				 HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS | \
				 HV_TRANSLATE_GVA_TLB_FLUSH_INHIBIT | \
				 HV_TRANSLATE_GVA_SUPERVISOR_ACCESS | \
				 HV_TRANSLATE_GVA_USER_ACCESS)

static u64 translate_input_vtl(u64 flags)
{
	return flags >> HV_TRANSLATE_GVA_INPUT_VTL_SHIFT;
}

static unsigned int translate_walk_flags(struct tlfs_vp *vp, u64 flags)
{
	unsigned int walk = 0;

	if (vp->in_window)
		walk |= TLFS_WALK_ATOMIC;
	if (flags & HV_TRANSLATE_GVA_SET_PAGE_TABLE_BITS)
		walk |= TLFS_WALK_SET_AD;
	if (flags & HV_TRANSLATE_GVA_PRIVILEGE_EXEMPT)
		walk |= TLFS_WALK_PRIV_EXEMPT;
	else if (flags & HV_TRANSLATE_GVA_USER_ACCESS)
		walk |= TLFS_WALK_USER;
	else if (!(flags & HV_TRANSLATE_GVA_SUPERVISOR_ACCESS) && tlfs_call(cpl)(vp) == 3)
		walk |= TLFS_WALK_USER;
	return walk;
}

/* of memory, as the guest has chosen it (12.2.1) */
static u32 cache_type(struct tlfs_vp *vp, u8 pat_index)
{
	u64 pat = 0;
	u8 type;

	if (tlfs_call(get_cr)(vp, 0) & X86_CR0_CD)
		return HV_CACHE_TYPE_X64_UNCACHED;
	if (!(tlfs_call(get_cr)(vp, 0) & X86_CR0_PG))
		return HV_CACHE_TYPE_X64_WRITE_BACK;
	tlfs_call(get_msr)(vp, MSR_IA32_CR_PAT, &pat);
	type = pat >> (pat_index & 7) * 8;
	/* UC-, which a guest's MTRRs do not change here */
	return type == 7 ? HV_CACHE_TYPE_X64_UNCACHED : type;
}

/* a page number is one of the paging mode's; without paging any will do (12.4.4) */
static bool gva_in_range(struct tlfs_vp *vp, u64 page)
{
	if (!(tlfs_call(get_cr)(vp, 0) & X86_CR0_PG))
		return true;
	return !(page >> (tlfs_call(get_efer)(vp) & EFER_LMA ? 64 - HV_PAGE_SHIFT :
							       32 - HV_PAGE_SHIFT));
}

/* why a page of the guest's tables could not be accessed */
static u32 table_failure(struct tlfs_vp *vp, const struct tlfs_walk *walk)
{
	bool writable, overlay;

	if (!tlfs_gpa_present(vp->pt, walk->unmapped, &writable, &overlay))
		return HV_TRANSLATE_GVA_GPA_UNMAPPED;
	if (overlay)
		return HV_TRANSLATE_GVA_GPA_ILLEGAL_OVERLAY_ACCESS;
	return walk->unmapped_write ? HV_TRANSLATE_GVA_GPA_NO_WRITE_ACCESS :
				      HV_TRANSLATE_GVA_GPA_NO_READ_ACCESS;
}

/* one access type of those asked for; 0 or as tlfs_walk() */
static int translate_one(struct tlfs_vp *vp, u64 gva, unsigned int flags,
			 struct hv_output_translate_virtual_address *out, struct tlfs_walk *walk)
{
	int r = tlfs_walk(vp, gva, flags, walk);

	switch (r) {
	case 0:
		out->result_code = HV_TRANSLATE_GVA_SUCCESS;
		break;
	case -EACCES:
		if (walk->reserved)
			out->result_code = HV_TRANSLATE_GVA_INVALID_PAGE_TABLE_FLAGS;
		else if (walk->error & X86_PF_PROT)
			out->result_code = HV_TRANSLATE_GVA_PRIVILEGE_VIOLATION;
		else
			out->result_code = HV_TRANSLATE_GVA_PAGE_NOT_PRESENT;
		break;
	case -EFAULT:
		out->result_code = table_failure(vp, walk);
		out->gpa_page = walk->unmapped >> HV_PAGE_SHIFT;
		break;
	}
	return r;
}

static int translate(struct tlfs_vp *vp, const struct hv_input_translate_virtual_address *in,
		     struct hv_output_translate_virtual_address *out)
{
	unsigned int flags = translate_walk_flags(vp, in->control_flags);
	u64 gva = in->gva_page << HV_PAGE_SHIFT;
	struct tlfs_walk walk = {};
	bool writable, overlay = false, first = true;
	int r = 0;

	if (!gva_in_range(vp, in->gva_page)) {
		out->result_code = HV_TRANSLATE_GVA_PAGE_NOT_PRESENT;
		return -EACCES;
	}
	/* a walk checks a write or a fetch, and either is a read too */
	if (in->control_flags & HV_TRANSLATE_GVA_VALIDATE_WRITE) {
		r = translate_one(vp, gva, flags | TLFS_WALK_WRITE, out, &walk);
		first = false;
	}
	if (!r && in->control_flags & HV_TRANSLATE_GVA_VALIDATE_EXECUTE) {
		r = translate_one(vp, gva, flags | TLFS_WALK_EXECUTE, out, &walk);
		first = false;
	}
	if (!r && first)
		r = translate_one(vp, gva, flags, out, &walk);
	if (r)
		return r;
	/*
	 * Later editions leave what is at the address to the access that follows: parents use this
	 * call to find out where an access to a device goes, and nothing is mapped there.
	 */
	out->gpa_page = walk.gpa >> HV_PAGE_SHIFT;
	out->cache_type = HV_CACHE_TYPE_X64_UNCACHED;
	if (tlfs_gpa_present(vp->pt, walk.gpa, &writable, &overlay)) {
		out->cache_type = cache_type(vp, walk.pat);
		out->overlay_page = overlay ? HV_TRANSLATE_OVERLAY_PAGE : 0;
	}
	if (in->control_flags & HV_TRANSLATE_GVA_TLB_FLUSH_INHIBIT)
		tlfs_flush_inhibit(vp, true);
	return 0;
}

TLFS_HANDLER(translate_virtual_address)
{
	const struct hv_input_translate_virtual_address *in = call->in;
	struct hv_output_translate_virtual_address *out = call->out;
	u64 flags = in->control_flags, vtl = translate_input_vtl(flags);
	struct tlfs_vp *vp;
	bool locked;
	u16 status;

	flags &= ~(0xffULL << HV_TRANSLATE_GVA_INPUT_VTL_SHIFT);
	if (!(flags & TRANSLATE_ACCESS) || flags & ~TRANSLATE_FLAGS ||
	    vtl & ~HV_INPUT_VTL_USE_TARGET)
		return HV_STATUS_INVALID_PARAMETER;
	/* its registers decide how the tables are read: it must not run */
	vp = tlfs_vp_borrow(call, in->vp_index, &locked, &status);
	if (!vp)
		return status;
	if (translate(vp, in, out) == -EAGAIN)
		status = TLFS_HC_SLEEP;
	tlfs_vp_return(vp, locked);
	return status;
}

/* ---- HvReadGpa, HvWriteGpa (12.4.5, 12.4.6) ---- */

#define ACCESS_BYTES	16

static bool cache_type_ok(u64 flags)
{
	switch (flags) {
	case HV_CACHE_TYPE_X64_UNCACHED:
	case HV_CACHE_TYPE_X64_WRITE_COMBINING:
	case HV_CACHE_TYPE_X64_WRITE_THROUGH:
	case HV_CACHE_TYPE_X64_WRITE_PROTECTED:
	case HV_CACHE_TYPE_X64_WRITE_BACK:
		return true;
	}
	/* of no such type, or with reserved bits */
	return false;
}

/*
 * @flags: control flags, all of them.  The cache type itself has no effect: the access is one to
 * memory of the host
 */
static u16 access_check(const struct tlfs_hvcall *call, u32 index, u64 gpa, u32 count, u64 flags)
{
	const struct tlfs_partition *pt = call->target;

	if (!count || count > ACCESS_BYTES || (gpa & ~HV_PAGE_MASK) + count > HV_PAGE_SIZE ||
	    gpa >> HV_PAGE_SHIFT >= pt->gpa.max_gfn || !cache_type_ok(flags))
		return HV_STATUS_INVALID_PARAMETER;
	return tlfs_vp_get(call->target, index) ? HV_STATUS_SUCCESS : HV_STATUS_INVALID_VP_INDEX;
}

/* aligned parts of 4, 2 and 1 bytes, in ascending order */
static unsigned int access_part(u64 gpa, unsigned int left)
{
	if (!(gpa & 3) && left >= 4)
		return 4;
	return !(gpa & 1) && left >= 2 ? 2 : 1;
}

static u32 apic_dword(struct tlfs_vp *vp, u32 offset)
{
	return offset & 0xc ? 0 : tlfs_lapic_read(vp, offset & ~3);
}

static void apic_read(struct tlfs_vp *vp, u64 gpa, u8 *data, unsigned int count)
{
	unsigned int n;
	u32 val;

	for (; count; count -= n, gpa += n, data += n) {
		n = access_part(gpa, count);
		val = apic_dword(vp, gpa & ~HV_PAGE_MASK) >> (gpa & 3) * 8;
		memcpy(data, &val, n);
	}
}

/* what a write leaves alone of a register is written back */
static void apic_write(struct tlfs_vp *vp, u64 gpa, const u8 *data, unsigned int count)
{
	bool suspended = vp->intercept_suspend;
	unsigned int n, shift;
	u32 val, mask, part;

	for (; count; count -= n, gpa += n, data += n) {
		n = access_part(gpa, count);
		if (gpa & 0xc)
			continue;
		shift = (gpa & 3) * 8;
		mask = (n == 4 ? ~0U : (1U << n * 8) - 1) << shift;
		part = 0;
		memcpy(&part, data, n);
		val = part << shift;
		if (n != 4)
			val |= apic_dword(vp, gpa & ~HV_PAGE_MASK) & ~mask;
		tlfs_lapic_write(vp, gpa & ~HV_PAGE_MASK & ~3, val);
	}
	/* the message of an EOI is for the parent, who has done it himself */
	WRITE_ONCE(vp->intercept_suspend, suspended);
}

/* the VP's APIC page (13.2): true if the access went there, or *status says why not */
static bool access_apic(struct tlfs_hvcall *call, u32 index, u64 gpa, u8 *in, const u8 *out,
			u32 count, u16 *status)
{
	struct tlfs_vp *vp = tlfs_vp_get(call->target, index);
	bool locked, hit;

	if (!vp || !tlfs_lapic_hit(vp, gpa))
		return false;
	/* the registers are its thread's */
	vp = tlfs_vp_borrow(call, index, &locked, status);
	if (!vp)
		return true;
	hit = tlfs_lapic_hit(vp, gpa);
	if (hit && in)
		apic_read(vp, gpa, in, count);
	else if (hit)
		apic_write(vp, gpa, out, count);
	tlfs_vp_return(vp, locked);
	return hit;
}

static u32 access_failure(struct tlfs_partition *pt, u64 gpa, bool write)
{
	bool writable, overlay;

	if (!tlfs_gpa_present(pt, gpa, &writable, &overlay))
		return HV_ACCESS_GPA_UNMAPPED;
	if (overlay)
		return HV_ACCESS_GPA_ILLEGAL_OVERLAY_ACCESS;
	return write ? HV_ACCESS_GPA_WRITE_INTERCEPT : HV_ACCESS_GPA_READ_INTERCEPT;
}

TLFS_HANDLER(read_gpa)
{
	const struct hv_input_read_gpa *in = call->in;
	struct hv_output_read_gpa *out = call->out;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = access_check(call, in->vp_index, in->base_gpa, in->byte_count, in->control_flags);
	if (status != HV_STATUS_SUCCESS)
		return status;
	out->result_code = HV_ACCESS_GPA_SUCCESS;
	if (access_apic(call, in->vp_index, in->base_gpa, out->data, NULL, in->byte_count,
			&status))
		return status;
	if (tlfs_gpa_read(call->target, in->base_gpa, out->data, in->byte_count, false)) {
		memset(out->data, 0, sizeof(out->data));
		out->result_code = access_failure(call->target, in->base_gpa, false);
	}
	return HV_STATUS_SUCCESS;
}

TLFS_HANDLER(write_gpa)
{
	const struct hv_input_write_gpa *in = call->in;
	struct hv_output_write_gpa *out = call->out;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = access_check(call, in->vp_index, in->base_gpa, in->byte_count, in->control_flags);
	if (status != HV_STATUS_SUCCESS)
		return status;
	out->result_code = HV_ACCESS_GPA_SUCCESS;
	if (access_apic(call, in->vp_index, in->base_gpa, NULL, in->data, in->byte_count, &status))
		return status;
	if (tlfs_gpa_write(call->target, in->base_gpa, in->data, in->byte_count, false))
		out->result_code = access_failure(call->target, in->base_gpa, true);
	return HV_STATUS_SUCCESS;
}
