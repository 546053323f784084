// SPDX-License-Identifier: GPL-2.0-only
/*
 * access.c - the module's own accesses to guest memory, as the guest sees it
 *
 * Overlay pages are kernel memory and copied under gpa.lock, which keeps what is mapped where (the
 * guest itself may write them meanwhile).  Regions are the VMM's memory and reached as such, inside
 * a gpa.srcu section: when SET_GUEST_MEMORY has removed a region, no access to it is under way.
 */
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/srcu.h>
#include <linux/uaccess.h>

#include "slp.h"

enum op {
	OP_READ,
	OP_WRITE,
	OP_READ_ENTRY,
	OP_CMPXCHG,
};

/* one access, within a page */
struct gpa_access {
	enum op op;
	bool atomic;
	unsigned int len;
	union {
		void *in;		/* OP_READ */
		const void *out;	/* OP_WRITE */
		u64 *entry;		/* OP_READ_ENTRY */
		struct {
			u64 old, new;	/* OP_CMPXCHG */
		};
	};
};

static bool is_write(const struct gpa_access *a)
{
	return a->op == OP_WRITE || a->op == OP_CMPXCHG;
}

static int kernel_access(void *va, const struct gpa_access *a)
{
	switch (a->op) {
	case OP_READ:
		memcpy(a->in, va, a->len);
		return 0;
	case OP_WRITE:
		memcpy(va, a->out, a->len);
		return 0;
	case OP_READ_ENTRY:
		*a->entry = a->len == 8 ? READ_ONCE(*(u64 *)va) : READ_ONCE(*(u32 *)va);
		return 0;
	case OP_CMPXCHG:
		if (a->len == 8)
			return cmpxchg((u64 *)va, a->old, a->new) == a->old ? 0 : -EAGAIN;
		return cmpxchg((u32 *)va, (u32)a->old, (u32)a->new) == (u32)a->old ? 0 : -EAGAIN;
	}
	return -EFAULT;
}

/* 0, 1 (the value was another), -EFAULT */
static int user_cmpxchg(void __user *uaddr, const struct gpa_access *a)
{
	u64 old64 = a->old;
	u32 old32 = a->old;

	if (!access_ok(uaddr, a->len))
		return -EFAULT;
	if (a->len == 8)
		return __try_cmpxchg_user((u64 __user *)uaddr, &old64, a->new, fault64);
	return __try_cmpxchg_user((u32 __user *)uaddr, &old32, (u32)a->new, fault32);
}

static int user_read_entry(const void __user *uaddr, const struct gpa_access *a)
{
	u32 val32 = 0;
	int ret;

	if (a->len == 8)
		return get_user(*a->entry, (const u64 __user *)uaddr);
	ret = get_user(val32, (const u32 __user *)uaddr);
	*a->entry = val32;
	return ret;
}

static int user_copy(void __user *uaddr, const struct gpa_access *a)
{
	unsigned long left;

	/* the range was checked with access_ok() when it became a region */
	if (a->op == OP_READ)
		left = a->atomic ? __copy_from_user_inatomic(a->in, uaddr, a->len) :
				   copy_from_user(a->in, uaddr, a->len);
	else
		left = a->atomic ? __copy_to_user_inatomic(uaddr, a->out, a->len) :
				   copy_to_user(uaddr, a->out, a->len);
	return left ? -EFAULT : 0;
}

static int user_access(void __user *uaddr, const struct gpa_access *a)
{
	int ret;

	if (a->atomic)
		pagefault_disable();
	switch (a->op) {
	case OP_CMPXCHG:
		ret = user_cmpxchg(uaddr, a);
		break;
	case OP_READ_ENTRY:
		ret = user_read_entry(uaddr, a);
		break;
	default:
		ret = user_copy(uaddr, a);
	}
	if (a->atomic)
		pagefault_enable();

	if (ret > 0)
		return -EAGAIN;
	if (ret)
		return a->atomic ? -EAGAIN : -EFAULT;
	return 0;
}

/* false: no overlay at @gpa */
static bool overlay_access(struct tlfs_gpa *gpas, u64 gpa, const struct gpa_access *a, int *ret)
{
	struct tlfs_overlay *ov;

	lockdep_assert_irqs_enabled();
	spin_lock(&gpas->lock);
	ov = tlfs_overlay_find(gpas, gpa >> PAGE_SHIFT);
	if (ov) {
		if (is_write(a) && !ov->writable)
			*ret = -EFAULT;
		else
			*ret = kernel_access(ov->va + offset_in_page(gpa), a);
	}
	spin_unlock(&gpas->lock);
	return ov;
}

/* in gpa.srcu, which keeps what is found here from being given to somebody else */
static int page_lookup(struct tlfs_gpa *gpas, u64 gfn, struct tlfs_region *r)
{
	int ret;

	if (likely(!READ_ONCE(gpas->has_maps)))
		return tlfs_gpa_page(gpas, gfn, r);
	spin_lock(&gpas->lock);
	ret = tlfs_gpa_page(gpas, gfn, r);
	spin_unlock(&gpas->lock);
	return ret;
}

static int page_access(struct tlfs_partition *pt, u64 gpa, const struct gpa_access *a)
{
	struct tlfs_gpa *gpas = &pt->gpa;
	struct tlfs_region r;
	unsigned long uaddr;
	int idx, ret;

	if (overlay_access(gpas, gpa, a, &ret))
		return ret;

	idx = srcu_read_lock(&gpas->srcu);
	ret = page_lookup(gpas, gpa >> PAGE_SHIFT, &r);
	if (ret || (is_write(a) && !(r.flags & TLFS_MEM_WRITABLE))) {
		ret = -EFAULT;
	} else {
		uaddr = tlfs_region_uaddr(&r, gpa >> PAGE_SHIFT) + offset_in_page(gpa);
		ret = user_access((void __user *)uaddr, a);
		/* after it: who takes the bit in between has not read the page yet */
		if (unlikely(r.log) && !ret)
			tlfs_region_touch(&r, gpa >> PAGE_SHIFT, is_write(a));
	}
	srcu_read_unlock(&gpas->srcu, idx);
	return ret;
}

/* is [gpa, gpa + len) in the GPA space at all, and are we who may touch it */
static int check_access(struct tlfs_partition *pt, u64 gpa, size_t len)
{
	u64 end = pt->gpa.max_gfn << PAGE_SHIFT;

	if (current->mm != pt->mm)
		return -EIO;
	if (gpa >= end || len > end - gpa)
		return -EFAULT;
	return 0;
}

int tlfs_gpa_read(struct tlfs_partition *pt, u64 gpa, void *buf, size_t len, bool atomic)
{
	struct gpa_access a = { .op = OP_READ, .atomic = atomic, .in = buf };
	int ret;

	ret = check_access(pt, gpa, len);
	for (; !ret && len; len -= a.len, gpa += a.len, a.in += a.len) {
		a.len = min_t(size_t, len, PAGE_SIZE - offset_in_page(gpa));
		ret = page_access(pt, gpa, &a);
	}
	return ret;
}

int tlfs_gpa_write(struct tlfs_partition *pt, u64 gpa, const void *buf, size_t len, bool atomic)
{
	struct gpa_access a = { .op = OP_WRITE, .atomic = atomic, .out = buf };
	int ret;

	ret = check_access(pt, gpa, len);
	for (; !ret && len; len -= a.len, gpa += a.len, a.out += a.len) {
		a.len = min_t(size_t, len, PAGE_SIZE - offset_in_page(gpa));
		ret = page_access(pt, gpa, &a);
	}
	return ret;
}

static bool entry_shape(u64 gpa, unsigned int size)
{
	return (size == 4 || size == 8) && IS_ALIGNED(gpa, size);
}

int tlfs_gpa_read_entry(struct tlfs_partition *pt, u64 gpa, u64 *val, unsigned int size,
			bool atomic)
{
	struct gpa_access a = {
		.op = OP_READ_ENTRY, .atomic = atomic, .len = size, .entry = val,
	};
	int ret;

	if (WARN_ON_ONCE(!entry_shape(gpa, size)))
		return -EFAULT;
	ret = check_access(pt, gpa, size);
	return ret ? ret : page_access(pt, gpa, &a);
}

int tlfs_gpa_cmpxchg(struct tlfs_partition *pt, u64 gpa, u64 old, u64 new, unsigned int size,
		     bool atomic)
{
	struct gpa_access a = {
		.op = OP_CMPXCHG, .atomic = atomic, .len = size, .old = old, .new = new,
	};
	int ret;

	if (WARN_ON_ONCE(!entry_shape(gpa, size)))
		return -EFAULT;
	ret = check_access(pt, gpa, size);
	return ret ? ret : page_access(pt, gpa, &a);
}

bool tlfs_gpa_present(struct tlfs_partition *pt, u64 gpa, bool *writable, bool *overlay)
{
	struct tlfs_gpa *gpas = &pt->gpa;
	struct tlfs_overlay *ov;
	struct tlfs_region r;
	int ret = 0;

	lockdep_assert_irqs_enabled();
	spin_lock(&gpas->lock);
	ov = tlfs_overlay_find(gpas, gpa >> PAGE_SHIFT);
	if (!ov)
		ret = tlfs_gpa_page(gpas, gpa >> PAGE_SHIFT, &r);
	*overlay = ov;
	*writable = ov ? ov->writable : !ret && (r.flags & TLFS_MEM_WRITABLE);
	spin_unlock(&gpas->lock);
	return ov || ret != TLFS_FAULT_UNMAPPED;
}

unsigned long tlfs_gpa_uaddr(struct tlfs_partition *pt, u64 gpa, unsigned long *generation)
{
	struct tlfs_gpa *gpas = &pt->gpa;
	unsigned long uaddr = 0;
	struct tlfs_region r;

	lockdep_assert_irqs_enabled();
	spin_lock(&gpas->lock);
	*generation = gpas->generation;
	if (!tlfs_overlay_find(gpas, gpa >> PAGE_SHIFT) &&
	    !tlfs_gpa_page(gpas, gpa >> PAGE_SHIFT, &r))
		uaddr = tlfs_region_uaddr(&r, gpa >> PAGE_SHIFT);
	spin_unlock(&gpas->lock);
	return uaddr;
}

/* ---- by linear address ---- */

int tlfs_gva_read(struct tlfs_vp *vp, u64 gva, void *buf, size_t len, unsigned int flags,
		  struct tlfs_walk *walk)
{
	size_t n;
	int ret;

	for (; len; len -= n, gva += n, buf += n) {
		n = min_t(size_t, len, PAGE_SIZE - offset_in_page(gva));
		ret = tlfs_walk(vp, gva, flags, walk);
		if (ret)
			return ret;
		ret = tlfs_gpa_read(vp->pt, walk->gpa, buf, n, flags & TLFS_WALK_ATOMIC);
		if (ret) {
			walk->unmapped = walk->gpa;
			return ret;
		}
	}
	return 0;
}

int tlfs_gva_write(struct tlfs_vp *vp, u64 gva, const void *buf, size_t len, unsigned int flags,
		   struct tlfs_walk *walk)
{
	u64 next = (gva | ~PAGE_MASK) + 1;
	size_t n;
	int ret;

	flags |= TLFS_WALK_WRITE;
	/* an access that faults on its second page has written nothing on its first */
	for (n = next - gva; n < len; n += PAGE_SIZE) {
		ret = tlfs_walk(vp, gva + n, flags, walk);
		if (ret)
			return ret;
	}
	for (; len; len -= n, gva += n, buf += n) {
		n = min_t(size_t, len, PAGE_SIZE - offset_in_page(gva));
		ret = tlfs_walk(vp, gva, flags, walk);
		if (ret)
			return ret;
		ret = tlfs_gpa_write(vp->pt, walk->gpa, buf, n, flags & TLFS_WALK_ATOMIC);
		if (ret) {
			walk->unmapped = walk->gpa;
			return ret;
		}
	}
	return 0;
}

int tlfs_fetch_insn(struct tlfs_vp *vp, u8 *buf, size_t len, bool atomic)
{
	unsigned int flags = TLFS_WALK_EXECUTE | (atomic ? TLFS_WALK_ATOMIC : 0);
	struct hv_x64_segment_register cs;
	u64 gva = vp_reg(vp, VP_RIP);
	struct tlfs_walk walk;
	size_t done = 0, n;
	int ret;

	if (!vp_long_mode(vp)) {
		tlfs_call(get_segment)(vp, TLFS_SEG_CS, &cs);
		/* not behind the end of the segment */
		if (lower_32_bits(gva) > cs.limit)
			return 0;
		len = min_t(u64, len, (u64)cs.limit - lower_32_bits(gva) + 1);
		gva = lower_32_bits(cs.base + lower_32_bits(gva));
	}
	if (tlfs_call(cpl)(vp) == 3)
		flags |= TLFS_WALK_USER;

	for (; done < len; done += n) {
		n = min_t(size_t, len - done, PAGE_SIZE - offset_in_page(gva + done));
		ret = tlfs_gva_read(vp, gva + done, buf + done, n, flags, &walk);
		/* the instruction may need the second page: try that with faults first */
		if (ret == -EAGAIN)
			return ret;
		if (ret)
			break;
	}
	return done;
}
