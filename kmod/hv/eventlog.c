// SPDX-License-Identifier: GPL-2.0-only
/*
 * eventlog.c - event log (TLFS 19, Appendix I)
 *
 * One group of buffers for each of the two types.  A group belongs to the process of the root that
 * initialized it, which has to be privileged: the log tells of everybody's partitions.  It goes
 * with the process's last window, where its buffers are mapped.
 */
#include <linux/capability.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/nodemask.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/wait.h>

#include <asm/tsc.h>

#include "tlfs.h"
#include "root_message.h"
#include "window.h"

#define TYPES		2
#define UNIT_NS		100
#define PARAMS_MAX	4
#define HEADER_SIZE	sizeof(struct hv_eventlog_buffer_header)

/* what a perf source and the administrative one stand for */
#define GROUPS_PERF	(HV_EVENTLOG_GROUP_HYPERCALL | HV_EVENTLOG_GROUP_INTERCEPT_MANAGER | \
			 HV_EVENTLOG_GROUP_SCHEDULER | HV_EVENTLOG_GROUP_ADDRESS_MANAGER_GVA)
#define GROUPS_ADMIN	(HV_EVENTLOG_GROUP_OBJECT_MANAGER | HV_EVENTLOG_GROUP_PARTITION_MANAGER | \
			 HV_EVENTLOG_GROUP_VIRTUAL_PROCESSOR_MANAGER)
#define GROUPS_ALL	(0x000000000ffffe00ULL | HV_EVENTLOG_GROUP_BOOT_MANAGER)

/**
 * struct buffer - an event log buffer
 * @index:	its index, the owner's choice
 * @link:	in group.free or lp.pending
 * @state:	HV_EVENTLOG_BUFFER_STATE_*; the header has a copy the reader sees
 * @node:	NUMA node whose logical processors may use it, NUMA_NO_NODE: all
 * @offset:	where the next entry goes
 * @pages:	its pages
 * @header:	they, mapped in one piece
 */
struct buffer {
	struct list_head link;
	u32 index;
	u32 state;
	int node;
	u32 offset;
	struct page **pages;
	struct hv_eventlog_buffer_header *header;
};

/* what a logical processor fills; of a global group there is one */
struct lp {
	struct buffer *active;
	struct list_head pending;
	unsigned int nr_pending;
	bool flushed;		/* what is pending is not to wait for the threshold */
	u32 lost;
	u32 count;
};

/*
 * struct group - event log buffer group (19.1.2)
 * @lock:	everything below but @buffer and the geometry; innermost, interrupts off
 * @owner:	address space of the process, NULL: not initialized; under eventlog_lock
 * @buffer:	by index; under eventlog_lock
 * @max, @nr_pages, @threshold, @basis: as it was initialized
 * @sources:	enable flags
 * @nr:		buffers
 * @lps:	of a global group 1
 * @lp:		what each fills
 * @free:	buffers nobody fills
 * @told:	the one message buffer (14.2.1) is taken: nobody has read of the last list yet
 * @first:	where that list begins
 */
struct group {
	spinlock_t lock;
	struct mm_struct *owner;
	u32 max;
	u32 nr_pages;
	u32 threshold;
	u32 basis;
	u64 sources;
	struct buffer **buffer;
	unsigned int nr;
	struct lp *lp;
	unsigned int lps;
	struct list_head free;
	u32 first;
	bool told;
};

static DEFINE_MUTEX(eventlog_lock);
static struct group groups[TYPES];
static u64 load_ns;

u64 tlfs_eventlog_groups;

/* ---- recording (19.1.9); group.lock held ---- */

static void set_state(struct buffer *b, u32 state)
{
	b->state = state;
	/* what the reader concludes from the state is there before it */
	smp_store_release(&b->header->buffer_state, state);
}

static struct lp *this_lp(struct group *g)
{
	return &g->lp[g->lps == 1 ? 0 : raw_smp_processor_id()];
}

/*
 * What is pending is handed over, as one list in the order of completion (19.1.11); not before the
 * message about the last list was read: until then it grows (19.1.10)
 */
static void hand_over(struct group *g, struct lp *lp)
{
	struct buffer *b, *next;

	if (g->told || (lp->nr_pending < g->threshold && !lp->flushed) || list_empty(&lp->pending))
		return;
	g->first = list_first_entry(&lp->pending, struct buffer, link)->index;
	list_for_each_entry_safe(b, next, &lp->pending, link) {
		b->header->next_buffer_index = list_is_last(&b->link, &lp->pending) ?
			HV_EVENTLOG_BUFFER_INDEX_NONE : next->index;
		set_state(b, HV_EVENTLOG_BUFFER_STATE_READY);
	}
	while (!list_empty(&lp->pending))
		list_del_init(lp->pending.next);
	lp->nr_pending = 0;
	lp->flushed = false;
	WRITE_ONCE(g->told, true);
	wake_up_interruptible(&tlfs_root_wait);
}

static void complete_active(struct group *g, struct lp *lp)
{
	struct buffer *b = lp->active;

	lp->active = NULL;
	set_state(b, HV_EVENTLOG_BUFFER_STATE_COMPLETE);
	list_add_tail(&b->link, &lp->pending);
	lp->nr_pending++;
	hand_over(g, lp);
}

static bool take_free(struct group *g, struct lp *lp)
{
	int node = cpu_to_node(raw_smp_processor_id());
	struct hv_eventlog_buffer_header *h;
	struct buffer *b;

	list_for_each_entry(b, &g->free, link) {
		if (b->node != NUMA_NO_NODE && b->node != node)
			continue;
		list_del_init(&b->link);
		h = b->header;
		h->events_lost = lp->lost;
		h->event_count = lp->count;
		h->time_stamp = (ktime_get_mono_fast_ns() - load_ns) / UNIT_NS;
		h->logical_processor = raw_smp_processor_id();
		h->next_buffer_index = HV_EVENTLOG_BUFFER_INDEX_NONE;
		h->next_buffer_offset = HEADER_SIZE;
		b->offset = HEADER_SIZE;
		lp->lost = 0;
		lp->active = b;
		set_state(b, HV_EVENTLOG_BUFFER_STATE_IN_USE);
		return true;
	}
	return false;
}

static void record(struct group *g, u16 type, const u64 *params, unsigned int nr)
{
	struct hv_eventlog_entry_header entry = {
		.size = sizeof(entry) + nr * sizeof(u64), .type = type,
	};
	struct lp *lp = this_lp(g);
	void *at;

	if (lp->active && lp->active->offset + entry.size > g->nr_pages << PAGE_SHIFT)
		complete_active(g, lp);
	if (!lp->active && !take_free(g, lp)) {
		lp->lost++;
		lp->count++;
		return;
	}
	entry.time_stamp = g->basis == HV_EVENTLOG_ENTRY_TIME_TSC ? rdtsc_ordered() :
			   (ktime_get_mono_fast_ns() - load_ns) / UNIT_NS;
	at = (void *)lp->active->header + lp->active->offset;
	memcpy(at, &entry, sizeof(entry));
	memcpy(at + sizeof(entry), params, nr * sizeof(u64));
	lp->active->offset += entry.size;
	lp->count++;
	/* the entry before what says that it is there */
	smp_store_release(&lp->active->header->next_buffer_offset, lp->active->offset);
}

void tlfs_eventlog_write(u64 group, u16 type, const u64 *params, unsigned int nr)
{
	struct group *g = &groups[HV_EVENTLOG_TYPE_LOCAL_DIAGNOSTICS];
	unsigned long flags;

	if (WARN_ON_ONCE(nr > PARAMS_MAX))
		return;
	spin_lock_irqsave(&g->lock, flags);
	if (tlfs_eventlog_groups & group)
		record(g, type, params, nr);
	spin_unlock_irqrestore(&g->lock, flags);
}

void tlfs_eventlog_system(u64 group, u16 type, u64 first, u64 second, u16 status)
{
	struct group *g = &groups[HV_EVENTLOG_TYPE_GLOBAL_SYSTEM_EVENTS];
	const bool is_vp = type == HV_TR_VP_CREATE_VP || type == HV_TR_VP_DELETE_VP;
	const u64 params[] = { first, is_vp ? second : status, status };
	unsigned int nr = is_vp ? 3 : 2;
	unsigned long flags;

	spin_lock_irqsave(&g->lock, flags);
	if (g->sources & (status ? HV_EVENTLOG_ENABLE_SYSTEM_FAILURE
				 : HV_EVENTLOG_ENABLE_SYSTEM_SUCCESS))
		record(g, type, params, nr);
	spin_unlock_irqrestore(&g->lock, flags);
	if (READ_ONCE(tlfs_eventlog_groups) & group)
		tlfs_eventlog_write(group, type, params, nr);
}

/* ---- groups and buffers; eventlog_lock held ---- */

static void set_sources(unsigned int type, u64 sources)
{
	struct group *g = &groups[type];
	unsigned long flags;
	u64 all = sources & GROUPS_ALL;

	if (sources & HV_EVENTLOG_ENABLE_DIAG_PERF_GENERAL)
		all |= GROUPS_PERF;
	if (sources & HV_EVENTLOG_ENABLE_DIAG_ADMIN)
		all |= GROUPS_ADMIN;
	spin_lock_irqsave(&g->lock, flags);
	g->sources = sources;
	if (type == HV_EVENTLOG_TYPE_LOCAL_DIAGNOSTICS)
		WRITE_ONCE(tlfs_eventlog_groups, all);
	spin_unlock_irqrestore(&g->lock, flags);
}

static void group_free(struct group *g)
{
	kvfree(g->buffer);
	kvfree(g->lp);
	g->buffer = NULL;
	g->lp = NULL;
	g->owner = NULL;
}

static u16 group_init(unsigned int type,
		      const struct hv_input_initialize_event_log_buffer_group *in)
{
	struct group *g = &groups[type];
	unsigned int i;

	g->lps = type == HV_EVENTLOG_TYPE_LOCAL_DIAGNOSTICS ? nr_cpu_ids : 1;
	g->buffer = kvcalloc(in->maximum_buffer_count, sizeof(*g->buffer), GFP_KERNEL_ACCOUNT);
	g->lp = kvcalloc(g->lps, sizeof(*g->lp), GFP_KERNEL_ACCOUNT);
	if (!g->buffer || !g->lp) {
		group_free(g);
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
	for (i = 0; i < g->lps; i++)
		INIT_LIST_HEAD(&g->lp[i].pending);
	INIT_LIST_HEAD(&g->free);
	g->max = in->maximum_buffer_count;
	g->nr_pages = in->buffer_pages;
	g->threshold = in->threshold;
	g->basis = in->time_basis;
	g->nr = 0;
	g->told = false;
	g->owner = current->mm;
	return HV_STATUS_SUCCESS;
}

static void buffer_free(struct group *g, struct buffer *b)
{
	unsigned int i;

	tlfs_window_purge(b);
	if (b->header)
		vunmap(b->header);
	for (i = 0; b->pages && i < g->nr_pages; i++)
		if (b->pages[i])
			tlfs_free_page(b->pages[i]);
	kvfree(b->pages);
	kfree(b);
}

static struct buffer *buffer_alloc(struct group *g, unsigned int type, u32 index, int node)
{
	struct buffer *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	unsigned int i;

	if (!b)
		return NULL;
	INIT_LIST_HEAD(&b->link);
	b->index = index;
	b->node = node;
	b->pages = kvcalloc(g->nr_pages, sizeof(*b->pages), GFP_KERNEL_ACCOUNT);
	for (i = 0; b->pages && i < g->nr_pages; i++) {
		b->pages[i] = tlfs_alloc_page(GFP_KERNEL_ACCOUNT);
		if (!b->pages[i])
			goto err;
	}
	if (b->pages)
		b->header = vmap(b->pages, g->nr_pages, VM_MAP, PAGE_KERNEL);
	if (!b->header)
		goto err;
	b->header->buffer_size = g->nr_pages << PAGE_SHIFT;
	b->header->buffer_index = index;
	b->header->type = type;
	b->header->next_buffer_index = HV_EVENTLOG_BUFFER_INDEX_NONE;
	return b;

err:
	buffer_free(g, b);
	return NULL;
}

/* the owner is gone, and so is what it saw */
static void group_drop(unsigned int type)
{
	struct group *g = &groups[type];
	unsigned int i;

	set_sources(type, 0);
	for (i = 0; i < g->max; i++)
		if (g->buffer[i])
			buffer_free(g, g->buffer[i]);
	group_free(g);
}

void tlfs_eventlog_mm_gone(const struct mm_struct *mm)
{
	unsigned int type;

	mutex_lock(&eventlog_lock);
	for (type = 0; type < TYPES; type++)
		if (groups[type].owner == mm)
			group_drop(type);
	mutex_unlock(&eventlog_lock);
}

/* ---- hypercalls (19.3) ---- */

/* the group of @type, eventlog_lock taken; else NULL with *status set, and not taken */
static struct group *group_open(u32 type, u16 *status)
{
	struct group *g;

	*status = HV_STATUS_ACCESS_DENIED;
	if (!capable(CAP_SYS_ADMIN))
		return NULL;
	*status = HV_STATUS_INVALID_PARAMETER;
	if (type >= TYPES)
		return NULL;
	g = &groups[array_index_nospec(type, TYPES)];
	mutex_lock(&eventlog_lock);
	*status = HV_STATUS_SUCCESS;
	if (!g->owner)
		*status = HV_STATUS_OPERATION_DENIED;
	else if (g->owner != current->mm)
		*status = HV_STATUS_ACCESS_DENIED;
	if (*status == HV_STATUS_SUCCESS)
		return g;
	mutex_unlock(&eventlog_lock);
	return NULL;
}

static struct buffer *buffer_open(const struct hv_input_event_log_buffer *in, struct group **g,
				  u16 *status)
{
	struct buffer *b = NULL;

	*g = group_open(in->type, status);
	if (!*g)
		return NULL;
	if (in->buffer_index < (*g)->max)
		b = (*g)->buffer[array_index_nospec(in->buffer_index, (*g)->max)];
	if (b)
		return b;
	*status = HV_STATUS_INVALID_PARAMETER;
	mutex_unlock(&eventlog_lock);
	return NULL;
}

TLFS_HANDLER(initialize_event_log_buffer_group)
{
	const struct hv_input_initialize_event_log_buffer_group *in = call->in;
	u16 status;

	if (!capable(CAP_SYS_ADMIN))
		return HV_STATUS_ACCESS_DENIED;
	if (in->type >= TYPES || !in->buffer_pages ||
	    in->buffer_pages > HV_EVENTLOG_BUFFER_PAGES_MAX || !in->maximum_buffer_count ||
	    in->maximum_buffer_count > HV_EVENTLOG_BUFFERS_MAX || !in->threshold ||
	    in->threshold > in->maximum_buffer_count ||
	    in->time_basis > HV_EVENTLOG_ENTRY_TIME_TSC)
		return HV_STATUS_INVALID_PARAMETER;
	mutex_lock(&eventlog_lock);
	if (groups[array_index_nospec(in->type, TYPES)].owner)
		status = HV_STATUS_OBJECT_IN_USE;
	else if (!tlfs_window_here())
		/* nowhere to see a buffer */
		status = HV_STATUS_INSUFFICIENT_MEMORY;
	else
		status = group_init(array_index_nospec(in->type, TYPES), in);
	mutex_unlock(&eventlog_lock);
	return status;
}

TLFS_HANDLER(finalize_event_log_buffer_group)
{
	const struct hv_input_finalize_event_log_buffer_group *in = call->in;
	struct group *g;
	u16 status;

	g = group_open(in->type, &status);
	if (!g)
		return status;
	if (g->nr || g->sources)
		status = HV_STATUS_OPERATION_DENIED;
	else
		group_free(g);
	mutex_unlock(&eventlog_lock);
	return status;
}

/* a node that exists; "preferred" is what allocation does anyhow */
static bool proximity_ok(const struct hv_proximity_domain_info *info, int *node)
{
	*node = NUMA_NO_NODE;
	if (info->flags & ~(HV_PROXIMITY_PREFERRED | HV_PROXIMITY_INFO_VALID))
		return false;
	if (!(info->flags & HV_PROXIMITY_INFO_VALID))
		return true;
	if (info->id >= nr_node_ids || !node_online(info->id))
		return false;
	*node = info->id;
	return true;
}

TLFS_HANDLER(create_event_log_buffer)
{
	const struct hv_input_create_event_log_buffer *in = call->in;
	struct group *g;
	struct buffer *b;
	u16 status;
	int node;
	u32 i;

	g = group_open(in->type, &status);
	if (!g)
		return status;
	status = HV_STATUS_INVALID_PARAMETER;
	if (in->buffer_index >= g->max || !proximity_ok(&in->proximity_info, &node))
		goto out;
	i = array_index_nospec(in->buffer_index, g->max);
	if (g->buffer[i])
		goto out;
	status = HV_STATUS_INSUFFICIENT_MEMORY;
	b = buffer_alloc(g, in->type, i, in->type ? node : NUMA_NO_NODE);
	if (!b)
		goto out;
	g->buffer[i] = b;
	g->nr++;
	status = HV_STATUS_SUCCESS;
out:
	mutex_unlock(&eventlog_lock);
	return status;
}

TLFS_HANDLER(delete_event_log_buffer)
{
	const struct hv_input_event_log_buffer *in = call->in;
	struct group *g;
	struct buffer *b;
	u16 status;

	b = buffer_open(in, &g, &status);
	if (!b)
		return status;
	if (b->state != HV_EVENTLOG_BUFFER_STATE_STANDBY) {
		status = HV_STATUS_OPERATION_DENIED;
	} else {
		g->buffer[b->index] = NULL;
		g->nr--;
		buffer_free(g, b);
	}
	mutex_unlock(&eventlog_lock);
	return status;
}

static void buffer_set_free(struct group *g, struct buffer *b)
{
	unsigned long flags;

	spin_lock_irqsave(&g->lock, flags);
	set_state(b, HV_EVENTLOG_BUFFER_STATE_FREE);
	list_add_tail(&b->link, &g->free);
	spin_unlock_irqrestore(&g->lock, flags);
}

TLFS_HANDLER(map_event_log_buffer)
{
	const struct hv_input_event_log_buffer *in = call->in;
	struct group *g;
	struct buffer *b;
	u16 status;

	b = buffer_open(in, &g, &status);
	if (!b)
		return status;
	if (b->state != HV_EVENTLOG_BUFFER_STATE_STANDBY)
		status = HV_STATUS_OPERATION_DENIED;
	else if (tlfs_window_place(b, b->pages, g->nr_pages, call->out))
		status = HV_STATUS_INSUFFICIENT_MEMORY;
	else
		buffer_set_free(g, b);
	mutex_unlock(&eventlog_lock);
	return status;
}

TLFS_HANDLER(unmap_event_log_buffer)
{
	const struct hv_input_event_log_buffer *in = call->in;
	unsigned long flags;
	struct group *g;
	struct buffer *b;
	u16 status;

	b = buffer_open(in, &g, &status);
	if (!b)
		return status;
	spin_lock_irqsave(&g->lock, flags);
	if (b->state == HV_EVENTLOG_BUFFER_STATE_FREE)
		list_del_init(&b->link);
	else if (b->state != HV_EVENTLOG_BUFFER_STATE_READY)
		/* as 19.3.6 prints it, where its siblings have OPERATION_DENIED */
		status = HV_STATUS_ACCESS_DENIED;
	if (status == HV_STATUS_SUCCESS)
		set_state(b, HV_EVENTLOG_BUFFER_STATE_STANDBY);
	spin_unlock_irqrestore(&g->lock, flags);
	if (status == HV_STATUS_SUCCESS)
		tlfs_window_unmap(b);
	mutex_unlock(&eventlog_lock);
	return status;
}

TLFS_HANDLER(set_event_log_group_sources)
{
	const struct hv_input_set_event_log_group_sources *in = call->in;
	struct group *g;
	u16 status;

	g = group_open(in->type, &status);
	if (!g)
		return status;
	set_sources(g - groups, in->enable_flags);
	mutex_unlock(&eventlog_lock);
	return HV_STATUS_SUCCESS;
}

TLFS_HANDLER(release_event_log_buffer)
{
	const struct hv_input_event_log_buffer *in = call->in;
	struct group *g;
	struct buffer *b;
	u16 status;

	b = buffer_open(in, &g, &status);
	if (!b)
		return status;
	/* nobody but its owner takes it out of this state */
	if (READ_ONCE(b->state) != HV_EVENTLOG_BUFFER_STATE_READY)
		status = HV_STATUS_OPERATION_DENIED;
	else
		buffer_set_free(g, b);
	mutex_unlock(&eventlog_lock);
	return status;
}

TLFS_HANDLER(flush_event_log_buffer)
{
	const struct hv_input_event_log_buffer *in = call->in;
	unsigned long flags;
	struct group *g;
	struct buffer *b;
	unsigned int i;
	u16 status;

	b = buffer_open(in, &g, &status);
	if (!b)
		return status;
	status = HV_STATUS_OPERATION_DENIED;
	spin_lock_irqsave(&g->lock, flags);
	for (i = 0; i < g->lps; i++) {
		if (g->lp[i].active != b)
			continue;
		g->lp[i].flushed = true;
		complete_active(g, &g->lp[i]);
		status = HV_STATUS_SUCCESS;
		break;
	}
	spin_unlock_irqrestore(&g->lock, flags);
	mutex_unlock(&eventlog_lock);
	return status;
}

/* ---- messages: what a root with a SynIC would get at SINT0 ---- */

bool tlfs_eventlog_take(struct hv_message *msg)
{
	struct hv_event_log_buffers_complete_message *payload = (void *)msg->payload;
	unsigned long flags;
	unsigned int type, i;
	bool any = false;
	struct group *g;

	mutex_lock(&eventlog_lock);
	for (type = 0; type < TYPES && !any; type++) {
		g = &groups[type];
		if (g->owner != current->mm)
			continue;
		spin_lock_irqsave(&g->lock, flags);
		if (g->told) {
			memset(msg, 0, sizeof(*msg));
			msg->header.message_type = HVMSG_EVENT_LOG_BUFFERS_COMPLETE;
			msg->header.payload_size = sizeof(*payload);
			payload->event_log_type = type;
			payload->buffer_index = g->first;
			WRITE_ONCE(g->told, false);
			for (i = 0; i < g->lps; i++)
				hand_over(g, &g->lp[i]);
			any = true;
		}
		spin_unlock_irqrestore(&g->lock, flags);
	}
	mutex_unlock(&eventlog_lock);
	return any;
}

/* for this process; who is woken for another goes on waiting */
bool tlfs_eventlog_waits(void)
{
	unsigned int type;

	for (type = 0; type < TYPES; type++)
		if (READ_ONCE(groups[type].owner) == current->mm &&
		    READ_ONCE(groups[type].told))
			return true;
	return false;
}

void tlfs_eventlog_setup(void)
{
	unsigned int type;

	load_ns = ktime_get_mono_fast_ns();
	for (type = 0; type < TYPES; type++)
		spin_lock_init(&groups[type].lock);
}
