// SPDX-License-Identifier: GPL-2.0-only
/*
 * save_restore.c - saving and restoring a partition (TLFS 17)
 *
 * A save takes a snapshot at its first call and hands it out piece by piece.  A restore collects
 * the whole stream, and changes the partition only when its end has come and the check is right.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "tlfs.h"
#include "hv/save_restore.h"

/**
 * struct tlfs_save - a save or restore under way
 * @flags:	HV_SAVE_RESTORE_STATE_SUMMARY or 0
 * @head:	a restore's header, until it is complete
 * @head_size:	bytes of it so far
 * @buf:	the stream; @buf.pos: handed out, or received
 */
struct tlfs_save {
	u32 flags;
	u32 head_size;
	struct tlfs_save_header head;
	struct tlfs_save_buf buf;
};

static void save_free(struct tlfs_save **save)
{
	if (!*save)
		return;
	/* registers of a guest */
	if ((*save)->buf.data)
		memzero_explicit((*save)->buf.data, (*save)->buf.size);
	kvfree((*save)->buf.data);
	kfree(*save);
	*save = NULL;
}

void tlfs_save_destroy(struct tlfs_partition *pt)
{
	save_free(&pt->save);
	save_free(&pt->restore);
}

void tlfs_save_put(struct tlfs_save_buf *b, const void *data, u32 size)
{
	if (b->bad || size > b->size - b->pos) {
		b->bad = true;
		return;
	}
	memcpy(b->data + b->pos, data, size);
	b->pos += size;
}

void tlfs_save_get(struct tlfs_save_buf *b, void *data, u32 size)
{
	if (b->bad || size > b->size - b->pos) {
		b->bad = true;
		memset(data, 0, size);
		return;
	}
	memcpy(data, b->data + b->pos, size);
	b->pos += size;
}

/* FNV-1a: whatever single byte is changed, the result is another */
static u64 check_add(u64 check, const void *data, u32 size)
{
	const u8 *p = data, *end = p + size;

	for (; p < end; p++)
		check = (check ^ *p) * 0x100000001b3ULL;
	return check;
}

#define CHECK_FROM	offsetofend(struct tlfs_save_header, check)

static u64 check_stream(const void *data, u32 size)
{
	const struct tlfs_save_header *head = data;
	u64 check = 0xcbf29ce484222325ULL;

	/* what comes before it, but for itself, as well */
	check = check_add(check, head, offsetof(struct tlfs_save_header, check));
	return check_add(check, data + CHECK_FROM, size - CHECK_FROM);
}

/* ---- compatibility (17.1.3) ---- */

static void header_fill(struct tlfs_partition *pt, struct tlfs_save_header *h)
{
	bool root = pt == &tlfs_root;
	unsigned int i;

	memset(h, 0, sizeof(*h));
	h->magic = TLFS_SAVE_MAGIC;
	h->version = TLFS_SAVE_VERSION;
	h->size = sizeof(*h);
	h->vendor = tlfs_processor_vendor();
	for (i = 0; i < TLFS_CPU_FEATURE_BANKS; i++)
		h->features[i] = tlfs_processor_features(i) & ~pt->disabled_features[i];
	h->features[i] = tlfs_xsave_features() & ~pt->disabled_xsave;
	h->xsave_states = tlfs_fpu_features;
	h->xsave_size = tlfs_fpu_state_size(NULL);
	h->clflush_size = root ? boot_cpu_data.x86_clflush_size / 8 : pt->clflush_size;
	h->address_bits = tlfs_gpa_bits();
	if (pt->create_flags & TLFS_PT_X2APIC)
		h->flags |= TLFS_SAVE_X2APIC;
	if (root)
		return;
	for (i = 0; i < READ_ONCE(pt->nr_vps); i++) {
		if (!tlfs_vp_get(pt, i))
			continue;
		h->vps[i / 64] |= BIT_ULL(i % 64);
		h->nr_vps++;
	}
}

/* of features that are missing here, the first that has a result of its own (17.2.1) */
static int features_missing(const struct tlfs_save_header *h, const struct tlfs_save_header *here)
{
	u64 missing = h->features[0] & ~here->features[0];
	u64 xsave = h->features[TLFS_CPU_FEATURE_BANKS] & ~here->features[TLFS_CPU_FEATURE_BANKS];

	/* bits and results are in the same order */
	if (missing & GENMASK_ULL(15, 0))
		return HV_STATE_PROCESSOR_FEATURE_SSE3_MISMATCH + __ffs(missing);
	if (missing || h->features[1] & ~here->features[1])
		return HV_STATE_PROCESSOR_FEATURE_MISMATCH;
	if (xsave & HV_XSAVE_FEATURE_XSAVE)
		return HV_STATE_PROCESSOR_FEATURE_XSAVE_MISMATCH;
	if (xsave & HV_XSAVE_FEATURE_XSAVEOPT)
		return HV_STATE_PROCESSOR_FEATURE_XSAVEOPT_MISMATCH;
	if (xsave & HV_XSAVE_FEATURE_AVX)
		return HV_STATE_PROCESSOR_FEATURE_XSAVE_AVX_MISMATCH;
	if (xsave)
		return HV_STATE_PROCESSOR_FEATURE_XSAVE_UNKNOWN_FEATURE_MISMATCH;
	return HV_STATE_RESTORABLE;
}

/* x87 and SSE state: there is nobody without */
#define LEGACY_STATES	GENMASK_ULL(1, 0)

static int header_check(struct tlfs_partition *pt, const struct tlfs_save_header *h)
{
	struct tlfs_save_header here;
	int r;

	header_fill(pt, &here);
	if (h->vendor != here.vendor)
		return HV_STATE_INCOMPATIBLE_PROCESSOR;
	r = features_missing(h, &here);
	if (r != HV_STATE_RESTORABLE)
		return r;
	if (h->clflush_size != here.clflush_size)
		return HV_STATE_PROCESSOR_CACHE_LINE_FLUSH_SIZE_MISMATCH;
	if ((h->xsave_states & LEGACY_STATES) != LEGACY_STATES)
		return HV_STATE_PROCESSOR_FEATURE_XSAVE_LEGACY_SSE_MISMATCH;
	if (h->xsave_states & ~here.xsave_states || h->xsave_size > here.xsave_size)
		return HV_STATE_PROCESSOR_XSAVE_SAVE_AREA_MISMATCH;
	if (h->address_bits > here.address_bits)
		return HV_STATE_HARDWARE_FEATURE_MISMATCH;
	return HV_STATE_RESTORABLE;
}

/* VPs are those of the saved partition, by count and by index (17.1.8) */
static int header_check_vps(struct tlfs_partition *pt, const struct tlfs_save_header *h)
{
	struct tlfs_save_header here;

	header_fill(pt, &here);
	if ((h->flags ^ here.flags) & TLFS_SAVE_X2APIC)
		return HV_STATE_PROCESSOR_FLAGS_MISMATCH;
	if (h->nr_vps != here.nr_vps)
		return HV_STATE_PROCESSOR_COUNT_MISMATCH;
	if (memcmp(h->vps, here.vps, sizeof(here.vps)))
		return HV_STATE_PROCESSOR_INDEX_MISMATCH;
	return HV_STATE_RESTORABLE;
}

/* is it a header at all: before anything it says is believed */
static int header_sane(const struct tlfs_save_header *h)
{
	unsigned int i, nr = 0;

	if (h->magic != TLFS_SAVE_MAGIC)
		return HV_STATE_CORRUPT_DATA;
	if (h->version != TLFS_SAVE_VERSION)
		return HV_STATE_UNSUPPORTED_VERSION;
	for (i = 0; i < ARRAY_SIZE(h->vps); i++)
		nr += hweight64(h->vps[i]);
	if (h->flags & ~TLFS_SAVE_FLAGS || h->nr_vps != nr)
		return HV_STATE_CORRUPT_DATA;
	if (h->flags & TLFS_SAVE_SUMMARY ? h->size != sizeof(*h) :
	    h->size <= sizeof(*h) ||
	    h->size > sizeof(*h) + TLFS_SAVE_PARTITION_MAX + (u64)nr * TLFS_SAVE_VP_MAX)
		return HV_STATE_CORRUPT_DATA;
	return HV_STATE_RESTORABLE;
}

/* ---- all VPs explicitly suspended, and nobody at them ---- */

/* a kernel thread leaves a VP that is suspended; a thread in RUN_VP stays at it */
static bool vp_lock_suspended(struct tlfs_vp *vp)
{
	if (!READ_ONCE(vp->explicit_suspend))
		return false;
	if (vp->pt->threaded ? mutex_lock_killable(&vp->lock) : !mutex_trylock(&vp->lock))
		return false;
	WRITE_ONCE(vp->lock_owner, current);
	if (READ_ONCE(vp->explicit_suspend))
		return true;
	tlfs_vp_unlock(vp);
	return false;
}

static bool all_suspended(struct tlfs_partition *pt)
{
	struct tlfs_vp *vp;
	unsigned int i;

	tlfs_for_each_vp(vp, pt, i) {
		if (!vp_lock_suspended(vp))
			return false;
		tlfs_vp_unlock(vp);
	}
	return true;
}

/* ---- HvSavePartitionState (17.3.1); under pt->lock ---- */

static u16 save_fill(struct tlfs_partition *pt, struct tlfs_save_buf *b)
{
	struct tlfs_save_header *head = (struct tlfs_save_header *)b->data;
	struct tlfs_vp *vp;
	unsigned int i;

	tlfs_save_put(b, head, sizeof(*head));
	tlfs_save_partition(pt, b);
	tlfs_for_each_vp(vp, pt, i) {
		if (!vp_lock_suspended(vp))
			return HV_STATUS_OPERATION_DENIED;
		tlfs_save_vp(vp, b);
		tlfs_vp_unlock(vp);
	}
	return WARN_ON_ONCE(b->bad) ? HV_STATUS_NO_RESOURCES : HV_STATUS_SUCCESS;
}

static void save_seal(struct tlfs_save_buf *b)
{
	struct tlfs_save_header *head = (struct tlfs_save_header *)b->data;

	b->size = b->pos;
	b->pos = 0;
	head->size = b->size;
	head->check = check_stream(b->data, b->size);
}

static u16 save_start(struct tlfs_partition *pt, u32 flags)
{
	struct tlfs_save_header head;
	struct tlfs_save *save;
	u16 status;

	save_free(&pt->save);
	if (!all_suspended(pt))
		return HV_STATUS_OPERATION_DENIED;
	save = kzalloc(sizeof(*save), GFP_KERNEL_ACCOUNT);
	if (!save)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	header_fill(pt, &head);
	save->flags = flags;
	save->buf.size = sizeof(head) + TLFS_SAVE_PARTITION_MAX + head.nr_vps * TLFS_SAVE_VP_MAX;
	save->buf.data = kvzalloc(save->buf.size, GFP_KERNEL_ACCOUNT);
	pt->save = save;
	if (!save->buf.data) {
		save_free(&pt->save);
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
	memcpy(save->buf.data, &head, sizeof(head));
	status = save_fill(pt, &save->buf);
	if (status != HV_STATUS_SUCCESS)
		save_free(&pt->save);
	else
		save_seal(&save->buf);
	return status;
}

static u16 save_next(struct tlfs_partition *pt, struct hv_output_save_partition_state *out)
{
	struct tlfs_save_buf *b;
	u32 count;

	if (!pt->save)
		return HV_STATUS_INVALID_SAVE_RESTORE_STATE;
	b = &pt->save->buf;
	count = min_t(u32, b->size - b->pos, HV_SAVE_RESTORE_DATA_MAX);
	memcpy(out->save_data, b->data + b->pos, count);
	b->pos += count;
	out->save_data_count = count;
	out->save_state = HV_STATE_INCOMPLETE;
	if (b->pos == b->size) {
		out->save_state = HV_STATE_COMPLETE;
		save_free(&pt->save);
	}
	return HV_STATUS_SUCCESS;
}

/* one piece, and no state kept: it is the system's and anybody's */
static u16 save_summary(struct tlfs_partition *pt, struct hv_output_save_partition_state *out)
{
	struct tlfs_save_header head;

	header_fill(pt, &head);
	head.flags |= TLFS_SAVE_SUMMARY;
	head.check = check_stream(&head, sizeof(head));
	memcpy(out->save_data, &head, sizeof(head));
	out->save_data_count = sizeof(head);
	out->save_state = HV_STATE_COMPLETE;
	return HV_STATUS_SUCCESS;
}

/* ---- HvRestorePartitionState (17.3.2); under pt->lock ---- */

/* bytes of the piece that are taken; *status: HV_STATE_RESTORABLE while there is no error */
static u32 restore_take(struct tlfs_save *r, const u8 *data, u32 count, int *state)
{
	u32 used = 0, part;

	*state = HV_STATE_RESTORABLE;
	if (r->head_size < sizeof(r->head)) {
		used = min_t(u32, count, sizeof(r->head) - r->head_size);
		memcpy((u8 *)&r->head + r->head_size, data, used);
		r->head_size += used;
		if (r->head_size < sizeof(r->head))
			return used;
		*state = header_sane(&r->head);
		if (*state != HV_STATE_RESTORABLE || r->flags & HV_SAVE_RESTORE_STATE_SUMMARY)
			return used;
		if (r->head.flags & TLFS_SAVE_SUMMARY) {
			*state = HV_STATE_CORRUPT_DATA;
			return used;
		}
		r->buf.size = r->head.size;
		r->buf.data = kvmalloc(r->buf.size, GFP_KERNEL_ACCOUNT);
		if (!r->buf.data) {
			*state = HV_STATE_PROCESSOR_INSUFFICIENT_MEMORY;
			return used;
		}
		tlfs_save_put(&r->buf, &r->head, sizeof(r->head));
	}
	part = min_t(u32, count - used, r->buf.size - r->buf.pos);
	tlfs_save_put(&r->buf, data + used, part);
	return used + part;
}

/* the stream is complete */
static int restore_apply(struct tlfs_partition *pt, struct tlfs_save *r)
{
	struct tlfs_save_buf b = { .data = r->buf.data, .size = r->buf.size };
	struct tlfs_vp *vp, *first = NULL;
	unsigned int i;
	int state;

	if (check_stream(b.data, b.size) != r->head.check)
		return HV_STATE_CORRUPT_DATA;
	state = header_check(pt, &r->head);
	if (state == HV_STATE_RESTORABLE)
		state = header_check_vps(pt, &r->head);
	if (state != HV_STATE_RESTORABLE)
		return state;
	tlfs_for_each_vp(vp, pt, i) {
		first = vp;
		break;
	}
	b.pos = sizeof(r->head);
	if (!first || !vp_lock_suspended(first))
		return HV_STATE_CORRUPT_DATA;
	state = tlfs_restore_partition(pt, first, &b);
	tlfs_vp_unlock(first);
	tlfs_for_each_vp(vp, pt, i) {
		if (state != HV_STATE_COMPLETE)
			break;
		if (!vp_lock_suspended(vp))
			return HV_STATE_CORRUPT_DATA;
		state = tlfs_restore_vp(vp, &b);
		tlfs_vp_unlock(vp);
	}
	/* what is left over belongs to nothing */
	return state == HV_STATE_COMPLETE && (b.bad || b.pos != b.size) ? HV_STATE_CORRUPT_DATA :
									   state;
}

static u16 restore_start(struct tlfs_partition *pt, u32 flags)
{
	save_free(&pt->restore);
	if (!(flags & HV_SAVE_RESTORE_STATE_SUMMARY) && !all_suspended(pt))
		return HV_STATUS_OPERATION_DENIED;
	pt->restore = kzalloc(sizeof(*pt->restore), GFP_KERNEL_ACCOUNT);
	if (!pt->restore)
		return HV_STATUS_INSUFFICIENT_MEMORY;
	pt->restore->flags = flags & HV_SAVE_RESTORE_STATE_SUMMARY;
	return HV_STATUS_SUCCESS;
}

static u16 restore_next(struct tlfs_partition *pt, u32 flags,
			const struct hv_input_restore_partition_state *in,
			struct hv_output_restore_partition_state *out)
{
	struct tlfs_save *r = pt->restore;
	int state;

	if (!r || r->flags != (flags & HV_SAVE_RESTORE_STATE_SUMMARY))
		return HV_STATUS_INVALID_SAVE_RESTORE_STATE;
	if (!r->flags && !all_suspended(pt))
		return HV_STATUS_OPERATION_DENIED;
	out->restore_data_consumed = restore_take(r, in->restore_data, in->restore_data_count,
						  &state);
	if (state == HV_STATE_RESTORABLE) {
		if (r->flags && r->head_size == sizeof(r->head))
			state = header_check(pt, &r->head);
		else if (!r->flags && r->buf.data && r->buf.pos == r->buf.size)
			state = restore_apply(pt, r);
		else
			state = HV_STATE_INCOMPLETE;
	}
	out->restore_state = state;
	/* 20.1.1: the session appears reset */
	if (!(flags & HV_SAVE_RESTORE_STATE_SUMMARY) && state == HV_STATE_COMPLETE)
		tlfs_debug_reset(pt);
	if (state != HV_STATE_INCOMPLETE)
		save_free(&pt->restore);
	return HV_STATUS_SUCCESS;
}

/* the system's summary, which is tested at one go: nobody may keep state there */
static u16 restore_system(const struct hv_input_restore_partition_state *in,
			  struct hv_output_restore_partition_state *out)
{
	struct tlfs_save_header head;
	int state = HV_STATE_CORRUPT_DATA;

	if (in->restore_data_count >= sizeof(head)) {
		memcpy(&head, in->restore_data, sizeof(head));
		state = header_sane(&head);
		if (state == HV_STATE_RESTORABLE)
			state = header_check(&tlfs_root, &head);
		out->restore_data_consumed = sizeof(head);
	}
	out->restore_state = state;
	return HV_STATUS_SUCCESS;
}

/* ---- the calls ---- */

/*
 * Partition zero is the system; through a partition's descriptor zero is that partition, as with
 * all calls.  A child, or for the root what is below it; counted
 */
static struct tlfs_partition *save_target(struct tlfs_hvcall *call, u64 id, u16 *status)
{
	struct tlfs_partition *pt;

	*status = HV_STATUS_SUCCESS;
	if (call->vp && id == HV_PARTITION_ID_INVALID) {
		tlfs_partition_get(&tlfs_root);
		return &tlfs_root;
	}
	pt = tlfs_hc_partition(call, id, status);
	if (pt && pt == call->caller && call->vp) {
		tlfs_partition_put(pt);
		*status = HV_STATUS_ACCESS_DENIED;
		return NULL;
	}
	return pt;
}

static bool flags_ok(u32 flags)
{
	return !(flags & ~(HV_SAVE_RESTORE_STATE_START | HV_SAVE_RESTORE_STATE_SUMMARY));
}

TLFS_HANDLER(save_partition_state)
{
	const struct hv_input_save_partition_state *in = call->in;
	bool summary = in->flags & HV_SAVE_RESTORE_STATE_SUMMARY;
	bool start = in->flags & HV_SAVE_RESTORE_STATE_START;
	struct tlfs_partition *pt;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (!flags_ok(in->flags))
		return HV_STATUS_INVALID_PARAMETER;
	pt = save_target(call, in->partition_id, &status);
	if (!pt)
		return status;
	if (pt == &tlfs_root) {
		status = !summary ? HV_STATUS_INVALID_PARTITION_ID :
			 !start ? HV_STATUS_INVALID_SAVE_RESTORE_STATE :
			 save_summary(pt, call->out);
		goto out;
	}
	status = HV_STATUS_TIME_OUT;
	if (mutex_lock_killable(&pt->lock))
		goto out;
	if (!tlfs_partition_active(pt))
		status = HV_STATUS_INVALID_PARTITION_STATE;
	else if (summary)
		status = start ? save_summary(pt, call->out) : HV_STATUS_INVALID_SAVE_RESTORE_STATE;
	else
		status = start ? save_start(pt, in->flags) : HV_STATUS_SUCCESS;
	if (status == HV_STATUS_SUCCESS && !summary)
		status = save_next(pt, call->out);
	mutex_unlock(&pt->lock);
out:
	tlfs_partition_put(pt);
	return status;
}

TLFS_HANDLER(restore_partition_state)
{
	const struct hv_input_restore_partition_state *in = call->in;
	bool start = in->flags & HV_SAVE_RESTORE_STATE_START;
	struct tlfs_partition *pt;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (!flags_ok(in->flags) || in->restore_data_count > HV_SAVE_RESTORE_DATA_MAX)
		return HV_STATUS_INVALID_PARAMETER;
	pt = save_target(call, in->partition_id, &status);
	if (!pt)
		return status;
	if (pt == &tlfs_root) {
		status = !(in->flags & HV_SAVE_RESTORE_STATE_SUMMARY) ?
			 HV_STATUS_INVALID_PARTITION_ID :
			 !start ? HV_STATUS_INVALID_SAVE_RESTORE_STATE :
			 restore_system(in, call->out);
		goto out;
	}
	status = HV_STATUS_TIME_OUT;
	if (mutex_lock_killable(&pt->lock))
		goto out;
	if (!tlfs_partition_active(pt))
		status = HV_STATUS_INVALID_PARTITION_STATE;
	else
		status = start ? restore_start(pt, in->flags) : HV_STATUS_SUCCESS;
	if (status == HV_STATUS_SUCCESS)
		status = restore_next(pt, in->flags, in, call->out);
	mutex_unlock(&pt->lock);
out:
	tlfs_partition_put(pt);
	return status;
}
