// SPDX-License-Identifier: GPL-2.0-only
/*
 * vp.c - virtual processors: life, lock, and the hypercalls about them (TLFS 10)
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "tlfs.h"
#include "hv/timers.h"

/* ---- life (10.1) ---- */

static void *vp_page(void)
{
	struct page *page = tlfs_alloc_page(GFP_KERNEL_ACCOUNT);

	return page ? page_address(page) : NULL;
}

static void vp_free_pages(struct tlfs_vp *vp)
{
	void *pages[] = { vp->msg, vp->regpage, vp->hc_in, vp->hc_out };
	unsigned int i;

	/* the VMM may still hold references to the first two: they are then freed with the last */
	for (i = 0; i < ARRAY_SIZE(pages); i++)
		if (pages[i])
			tlfs_free_page(virt_to_page(pages[i]));
}

/* A new VP is in the processor's reset state and explicitly suspended (10.4.1) */
static void vp_power_on(struct tlfs_vp *vp)
{
	tlfs_vp_reset(vp, false);
	vp->explicit_suspend = true;
	vp->intercept_suspend = false;
	vp->runtime_ns = 0;
	vp->requests = 0;
	/* the backend learns these in the run window */
	set_bit(TLFS_REQ_TSC_OFFSET, &vp->requests);
	set_bit(TLFS_REQ_FLUSH_TLB, &vp->requests);
	set_bit(TLFS_REQ_INTERCEPTS, &vp->requests);
	vp->regpage->version = HV_REGISTER_PAGE_VERSION_1;
	tlfs_regpage_store(vp);
	WRITE_ONCE(vp->deleted, false);
}

struct tlfs_vp *tlfs_vp_create(struct tlfs_partition *pt, u32 index)
{
	struct tlfs_vp *vp;
	int err;

	lockdep_assert_held(&pt->lock);
	vp = pt->deleted_vps[index];
	if (vp) {
		pt->deleted_vps[index] = NULL;
		vp_power_on(vp);
		return vp;
	}
	vp = kzalloc(sizeof(*vp), GFP_KERNEL_ACCOUNT);
	if (!vp)
		return ERR_PTR(-ENOMEM);
	if (!tlfs_sched_add_vp(pt)) {
		kfree(vp);
		return ERR_PTR(-EBUSY);
	}
	vp->pt = pt;
	vp->index = index;
	vp->cpu = raw_smp_processor_id();
	mutex_init(&vp->lock);
	tlfs_lock_by_depth(&vp->lock, pt, TLFS_LOCK_VP);
	init_swait_queue_head(&vp->wait);
	tlfs_sched_create_vp(vp);

	err = -ENOMEM;
	vp->msg = vp_page();
	vp->regpage = vp_page();
	vp->hc_in = vp_page();
	vp->hc_out = vp_page();
	if (!vp->msg || !vp->regpage || !vp->hc_in || !vp->hc_out)
		goto err_pages;
	err = tlfs_stats_vp_create(vp);
	if (err)
		goto err_pages;
	err = tlfs_call(vp_create)(vp);
	if (err)
		goto err_stats;
	err = tlfs_fpu_create(vp);
	if (err)
		goto err_backend;
	err = tlfs_lapic_create(vp);
	if (err)
		goto err_fpu;
	tlfs_unhalted_create(vp);
	err = tlfs_synic_create(vp);
	if (err)
		goto err_lapic;
	err = tlfs_interrupt_create(vp);
	if (err)
		goto err_synic;

	vp_power_on(vp);
	atomic_long_inc(&tlfs_nr_vps);
	return vp;

err_synic:
	tlfs_synic_destroy(vp);
err_lapic:
	tlfs_lapic_destroy(vp);
err_fpu:
	tlfs_fpu_destroy(vp);
err_backend:
	tlfs_call(vp_destroy)(vp);
err_stats:
	tlfs_stats_vp_destroy(vp);
err_pages:
	vp_free_pages(vp);
	mutex_destroy(&vp->lock);
	tlfs_sched_del_vp(pt);
	kfree(vp);
	return ERR_PTR(err);
}

/* nothing runs the VP, delivers to it or has it in a table any more; its timers may still fire */
void tlfs_vp_destroy(struct tlfs_vp *vp)
{
	tlfs_sched_del_vp(vp->pt);
	tlfs_sched_destroy_vp(vp);
	kfree(vp->start);
	if (test_bit(vp->index, vp->pt->vp_map))
		tlfs_eventlog_system(HV_EVENTLOG_GROUP_VIRTUAL_PROCESSOR_MANAGER,
				     HV_TR_VP_DELETE_VP, vp->pt->id, vp->index,
				     HV_STATUS_SUCCESS);
	tlfs_interrupt_destroy(vp);
	tlfs_synic_destroy(vp);
	tlfs_lapic_destroy(vp);
	tlfs_fpu_destroy(vp);
	tlfs_call(vp_destroy)(vp);
	tlfs_stats_vp_destroy(vp);
	vp_free_pages(vp);
	mutex_destroy(&vp->lock);
	kfree(vp);
	atomic_long_dec(&tlfs_nr_vps);
}

/* the thread of a VP lets go of vp->lock at its next exit, and comes back after the last resume */
static void vp_pause(struct tlfs_vp *vp)
{
	atomic_inc(&vp->paused);
	tlfs_vp_request(vp, TLFS_REQ_STOP);
}

static void vp_resume(struct tlfs_vp *vp)
{
	if (atomic_dec_and_test(&vp->paused))
		tlfs_vp_kick(vp);
}

void tlfs_vp_discard(struct tlfs_vp *vp)
{
	lockdep_assert_held(&vp->pt->lock);
	if (vp->public) {
		WRITE_ONCE(vp->deleted, true);
		vp->pt->deleted_vps[vp->index] = vp;
	} else {
		tlfs_vp_destroy(vp);
	}
}

void tlfs_vp_delete(struct tlfs_vp *vp)
{
	struct tlfs_partition *pt = vp->pt;

	lockdep_assert_held(&pt->lock);
	tlfs_eventlog_system(HV_EVENTLOG_GROUP_VIRTUAL_PROCESSOR_MANAGER, HV_TR_VP_DELETE_VP,
			     pt->id, vp->index, HV_STATUS_SUCCESS);
	clear_bit(vp->index, pt->vp_map);
	WRITE_ONCE(pt->vps[vp->index], NULL);
	WRITE_ONCE(vp->deleted, true);
	tlfs_vp_request(vp, TLFS_REQ_STOP);
	tlfs_vp_thread_stop(vp);
	/* a VMM's thread leaves RUN_VP with EIO */
	mutex_lock(&vp->lock);
	tlfs_vp_reset(vp, false);
	mutex_unlock(&vp->lock);
	tlfs_stats_hide(pt, &vp->stats);
	pt->deleted_vps[vp->index] = vp;
	tlfs_pool_uncharge(pt, TLFS_PAGES_VP);
}

/*
 * Who may still have found the VP: MMU notifiers, under gpa.lock; other VPs of the partition in a
 * handler, which are made to come out of it; everybody who does not sleep.
 */
void tlfs_vps_reap(struct tlfs_partition *pt)
{
	bool waited = false;
	struct tlfs_vp *vp;
	unsigned int i, k;

	if (!pt->threaded)
		return;
	lockdep_assert_held_write(&pt->calls);
	for (i = 0; i < pt->nr_vps; i++) {
		if (!pt->deleted_vps[i])
			continue;
		if (!waited) {
			spin_lock(&pt->gpa.lock);
			spin_unlock(&pt->gpa.lock);
			tlfs_for_each_vp(vp, pt, k) {
				vp_pause(vp);
				mutex_lock(&vp->lock);
				mutex_unlock(&vp->lock);
				vp_resume(vp);
			}
			synchronize_rcu_expedited();
			waited = true;
		}
		tlfs_vp_destroy(pt->deleted_vps[i]);
		pt->deleted_vps[i] = NULL;
	}
}

/* Cannot fail */
void tlfs_vp_publish(struct tlfs_vp *vp)
{
	struct tlfs_partition *pt = vp->pt;

	lockdep_assert_held(&pt->lock);
	vp->public = true;
	/* pairs with the address dependency of who follows the pointer */
	smp_store_release(&pt->vps[vp->index], vp);
	/* after the pointer; a reader that sees it late only misses a VP that is just coming */
	if (vp->index >= pt->nr_vps)
		WRITE_ONCE(pt->nr_vps, vp->index + 1);
	/* who finds the bit finds the pointer */
	smp_mb__before_atomic();
	set_bit(vp->index, pt->vp_map);
	tlfs_eventlog_system(HV_EVENTLOG_GROUP_VIRTUAL_PROCESSOR_MANAGER, HV_TR_VP_CREATE_VP,
			     pt->id, vp->index, HV_STATUS_SUCCESS);
	tlfs_nl_vp(TLFS_GENL_VP_CREATED, vp, 0);
}

void tlfs_vp_reset(struct tlfs_vp *vp, bool init)
{
	vp->event.pending = false;
	vp->halted = false;
	vp->idle = false;
	vp->shutdown = false;
	vp->flush_wait = false;
	clear_bit(TLFS_REQ_EXCEPTION, &vp->requests);
	tlfs_flush_inhibit(vp, false);
	vp->extint_pending = false;
	vp->cr2 = 0;
	atomic_set(&vp->nmi_pending, 0);
	tlfs_call(vp_reset)(vp, init);
	tlfs_interrupt_reset(vp);
	tlfs_lapic_reset(vp, init);
	tlfs_synic_reset(vp);
	tlfs_unhalted_reset(vp);
	tlfs_fpu_reset(vp, init);
	tlfs_msr_reset(vp, init);
	tlfs_stats_vp_reset(vp);
	/* VP 0 starts at the reset vector, the others wait for a SIPI (10.1.3) */
	vp->startup_suspend = vp->index != 0;
}

static bool at_reset_vector(struct tlfs_vp *vp)
{
	struct hv_x64_segment_register cs;

	if (vp_reg(vp, VP_RIP) != 0xfff0 || tlfs_call(get_cr)(vp, 0) & X86_CR0_PE)
		return false;
	tlfs_call(get_segment)(vp, TLFS_SEG_CS, &cs);
	return cs.selector == 0xf000 && cs.base == 0xffff0000;
}

/*
 * VMMs of the published interface reset a machine by the registers they know of, and have no call
 * for the rest: interrupts, local APIC, timers, and that all VPs but the first wait for a SIPI.  So
 * a VP that is put where a reset puts it is reset.  What was loaded stays, and so does what such a
 * VMM has wired the local pins to, which it does once.  Harmless to a VP that has not run yet.
 */
void tlfs_vp_infer_reset(struct tlfs_vp *vp)
{
	struct hv_local_interrupt_controller_state s;
	u32 lint0, lint1;
	u64 regs[16];

	if (vp->in_window || !at_reset_vector(vp))
		return;
	tlfs_lapic_get_state(vp, &s);
	lint0 = s.apic_lvt_lint0;
	lint1 = s.apic_lvt_lint1;
	memcpy(regs, vp->regs, sizeof(regs));
	tlfs_vp_reset(vp, true);
	memcpy(vp->regs, regs, sizeof(regs));
	tlfs_lapic_get_state(vp, &s);
	s.apic_lvt_lint0 = lint0 | APIC_LVT_MASKED;
	s.apic_lvt_lint1 = lint1 | APIC_LVT_MASKED;
	WARN_ON_ONCE(tlfs_lapic_set_state(vp, &s));
}

/* ---- lock ---- */

int tlfs_vp_lock(struct tlfs_vp *vp)
{
	int err = mutex_lock_killable(&vp->lock);

	if (!err)
		WRITE_ONCE(vp->lock_owner, current);
	return err;
}

void tlfs_vp_unlock(struct tlfs_vp *vp)
{
	WRITE_ONCE(vp->lock_owner, NULL);
	mutex_unlock(&vp->lock);
}

struct tlfs_vp *tlfs_vp_borrow(struct tlfs_hvcall *call, u32 index, bool *locked, u16 *status)
{
	struct tlfs_vp *vp;

	*locked = false;
	*status = HV_STATUS_SUCCESS;
	if (index == HV_VP_INDEX_SELF && call->vp && call->target == call->vp->pt)
		return call->vp;
	vp = tlfs_vp_get(call->target, index);
	if (!vp) {
		*status = HV_STATUS_INVALID_VP_INDEX;
		return NULL;
	}
	/* only this very thread can have put itself there */
	if (READ_ONCE(vp->lock_owner) == current)
		return vp;
	/*
	 * In the window the caller's own VP is loaded on this CPU; to reach the registers of
	 * another one a backend may have to load that in its place
	 */
	if (call->atomic) {
		*status = TLFS_HC_SLEEP;
		return NULL;
	}
	if (call->target->threaded) {
		/* its thread stands aside: running or not is no difference to the parent */
		vp_pause(vp);
		if (mutex_lock_killable(&vp->lock)) {
			vp_resume(vp);
			*status = HV_STATUS_TIME_OUT;
			return NULL;
		}
	} else if (!mutex_trylock(&vp->lock)) {
		*status = HV_STATUS_INVALID_VP_STATE;
		return NULL;
	}
	*locked = true;
	WRITE_ONCE(vp->lock_owner, current);
	return vp;
}

void tlfs_vp_return(struct tlfs_vp *vp, bool locked)
{
	if (!locked)
		return;
	tlfs_vp_unlock(vp);
	if (vp->pt->threaded)
		vp_resume(vp);
}

/* ---- hypercalls ---- */

static u16 vp_add(struct tlfs_partition *pt, u32 index)
{
	u16 status = HV_STATUS_NO_RESOURCES;
	struct tlfs_vp *vp;

	if (!pt->initialized)
		return HV_STATUS_INVALID_PARTITION_STATE;
	/* nobody could run it: those have a descriptor each, from CREATE_VP */
	if (pt->hosted)
		return HV_STATUS_OPERATION_DENIED;
	if (tlfs_vp_get(pt, index))
		return HV_STATUS_INVALID_VP_INDEX;
	if (!tlfs_pool_charge(pt, TLFS_PAGES_VP))
		return HV_STATUS_INSUFFICIENT_MEMORY;
	vp = tlfs_vp_create(pt, index);
	if (IS_ERR(vp)) {
		/* a reserve that cannot be given (10.4.1) */
		if (PTR_ERR(vp) == -EBUSY)
			status = HV_STATUS_OPERATION_DENIED;
		goto err_pool;
	}
	if (pt->threaded && tlfs_vp_thread_start(vp))
		goto err_vp;
	tlfs_vp_publish(vp);
	return HV_STATUS_SUCCESS;

err_vp:
	tlfs_vp_discard(vp);
err_pool:
	tlfs_pool_uncharge(pt, TLFS_PAGES_VP);
	return status;
}

/* HvCreateVp (10.4.1) */
TLFS_HANDLER(create_vp)
{
	const struct hv_input_create_vp_20 *in = call->in;
	struct tlfs_partition *pt = call->target;
	u16 status;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (in->flags || !tlfs_proximity_ok(&in->proximity_domain_info))
		return HV_STATUS_INVALID_PARAMETER;
	if (in->vp_index >= TLFS_MAX_VPS)
		return HV_STATUS_INVALID_VP_INDEX;
	if (mutex_lock_killable(&pt->lock))
		return HV_STATUS_TIME_OUT;
	status = vp_add(pt, in->vp_index);
	mutex_unlock(&pt->lock);
	return status;
}

/* HvDeleteVp (10.4.2) */
TLFS_HANDLER(delete_vp)
{
	const struct hv_input_delete_vp *in = call->in;
	struct tlfs_partition *pt = call->target;
	u16 status = HV_STATUS_SUCCESS;
	struct tlfs_vp *vp;

	if (call->atomic)
		return TLFS_HC_SLEEP;
	if (mutex_lock_killable(&pt->lock))
		return HV_STATUS_TIME_OUT;
	vp = tlfs_vp_get(pt, in->vp_index);
	if (!pt->initialized)
		status = HV_STATUS_INVALID_PARTITION_STATE;
	else if (!vp)
		status = HV_STATUS_INVALID_VP_INDEX;
	else
		tlfs_vp_delete(vp);
	mutex_unlock(&pt->lock);
	if (call->held)
		tlfs_vps_reap(pt);
	return status;
}

/* no VTL but 0 exists */
static bool vtl_ok(u8 vtl, const u8 reserved[3])
{
	return !(vtl & ~HV_INPUT_VTL_USE_TARGET) && !reserved[0] && !reserved[1] && !reserved[2];
}

/*
 * Open @vp for the registers of one call.  A VP that runs keeps its lock: then *vp is set and only
 * the registers that tlfs_register_shared() names can be had.
 */
static u16 registers_open(struct tlfs_hvcall *call, u32 index, struct tlfs_vp **vp, bool *mine,
			  bool *locked)
{
	u16 status;

	*vp = tlfs_vp_borrow(call, index, locked, &status);
	*mine = *vp;
	if (!*vp && status == HV_STATUS_INVALID_VP_STATE) {
		*vp = tlfs_vp_get(call->target, index);
		status = HV_STATUS_SUCCESS;
	}
	/*
	 * While it runs guest code the page is stale, and not looked at.  Of a VP that does not run
	 * it is the VMM's, who may be in the middle of writing it: no guest decides that it is done
	 */
	if (*mine && !call->vp)
		tlfs_regpage_load(*vp);
	return status;
}

/* HvGetVpRegisters (10.4.3) */
TLFS_HANDLER(get_vp_registers)
{
	const struct hv_input_get_vp_registers *in = call->in;
	union hv_register_value *out = call->out;
	struct tlfs_vp *vp;
	bool mine, locked;
	u16 status;

	if (!vtl_ok(in->input_vtl, in->reserved) ||
	    call->reps > HV_PAGE_SIZE / sizeof(*out))
		return HV_STATUS_INVALID_PARAMETER;
	status = registers_open(call, in->vp_index, &vp, &mine, &locked);
	for (; status == HV_STATUS_SUCCESS && call->rep < call->reps; call->rep++) {
		u32 name = in->names[call->rep];

		/* 10.3.1: the suspend registers are not for those they suspend, nor is this one */
		if (call->vp && call->target == call->caller &&
		    (name == HV_REGISTER_EXPLICIT_SUSPEND ||
		     name == HV_REGISTER_INTERCEPT_SUSPEND ||
		     name == HV_REGISTER_DELIVERABILITY_NOTIFICATIONS))
			status = HV_STATUS_INVALID_PARAMETER;
		else if (!mine && !tlfs_register_shared(name))
			status = HV_STATUS_INVALID_VP_STATE;
		else
			status = tlfs_get_register(vp, name, &out[call->rep]);
		if (status != HV_STATUS_SUCCESS)
			break;
	}
	if (mine)
		tlfs_vp_return(vp, locked);
	return status;
}

/*
 * A VP sets its own registers where an instruction would do as well: system registers that neither
 * change its mode nor need a privilege of their own (5.0C 7.10.1 leaves the list open).
 */
static bool register_self_settable(u32 name)
{
	switch (name) {
	case HV_X64_REGISTER_KERNEL_GS_BASE:
	case HV_X64_REGISTER_PAT:
	case HV_X64_REGISTER_SYSENTER_CS:
	case HV_X64_REGISTER_SYSENTER_EIP:
	case HV_X64_REGISTER_SYSENTER_ESP:
	case HV_X64_REGISTER_STAR:
	case HV_X64_REGISTER_LSTAR:
	case HV_X64_REGISTER_CSTAR:
	case HV_X64_REGISTER_SFMASK:
	case HV_X64_REGISTER_TSC_AUX:
		return true;
	}
	return false;
}

/* HvSetVpRegisters (10.4.4) */
TLFS_HANDLER(set_vp_registers)
{
	const struct hv_input_set_vp_registers *in = call->in;
	struct tlfs_vp *vp;
	bool mine, locked;
	u16 status;

	if (!vtl_ok(in->input_vtl, in->reserved) ||
	    call->reps > (HV_PAGE_SIZE - sizeof(*in)) / sizeof(in->elements[0]))
		return HV_STATUS_INVALID_PARAMETER;
	/* some of what registers do has to sleep */
	if (call->atomic)
		return TLFS_HC_SLEEP;
	status = registers_open(call, in->vp_index, &vp, &mine, &locked);
	for (; status == HV_STATUS_SUCCESS && call->rep < call->reps; call->rep++) {
		const struct hv_register_assoc *reg = &in->elements[call->rep];

		if (call->vp && call->target == call->caller &&
		    (vp != call->vp || !register_self_settable(reg->name)))
			status = HV_STATUS_INVALID_PARAMETER;
		else if (!mine && !tlfs_register_shared(reg->name))
			status = HV_STATUS_INVALID_VP_STATE;
		else
			status = tlfs_set_register(vp, reg->name, &reg->value);
		/* 10.4.4 has one status for a bad name and a bad value */
		if (status == HV_STATUS_INVALID_REGISTER_VALUE)
			status = HV_STATUS_INVALID_PARAMETER;
		if (status != HV_STATUS_SUCCESS)
			break;
	}
	if (mine) {
		if (vp != call->vp)
			tlfs_regpage_store(vp);
		tlfs_vp_return(vp, locked);
	}
	return status;
}

/* APIC ids are VP indexes (10.1.6) */
TLFS_HANDLER(get_vp_index_from_apic_id)
{
	const struct hv_input_get_vp_index_from_apic_id *in = call->in;
	u32 *out = call->out;
	unsigned int i;

	if (in->target_vtl & ~HV_INPUT_VTL_USE_TARGET)
		return HV_STATUS_INVALID_VTL_STATE;
	if (!call->target->initialized)
		return HV_STATUS_INVALID_PARTITION_STATE;
	for (i = 0; i < ARRAY_SIZE(in->padding); i++)
		if (in->padding[i])
			return HV_STATUS_INVALID_PARAMETER;
	if (call->reps > (HV_PAGE_SIZE - sizeof(*in)) / sizeof(u32))
		return HV_STATUS_INVALID_PARAMETER;
	for (; call->rep < call->reps; call->rep++) {
		u32 id = in->apic_ids[call->rep];

		if (!tlfs_vp_get(call->target, id))
			return HV_STATUS_INVALID_VP_INDEX;
		out[call->rep] = id;
	}
	return HV_STATUS_SUCCESS;
}

/* HvGetVpCpuidValues flags (later editions) */
#define CPUID_USE_VP_XFEM_XSS		BIT(0)
#define CPUID_APPLY_REGISTERED		BIT(1)

static u16 vp_cpuid_value(struct tlfs_vp *vp, const struct hv_cpuid_leaf_info *leaf, u32 flags,
			  struct hv_cpuid_result *out)
{
	u64 xcr0 = vp->fpu.xcr0, xss = vp->xss;
	u32 eax = leaf->eax, ebx = 0, ecx = leaf->ecx, edx = 0;

	if (!(flags & CPUID_USE_VP_XFEM_XSS)) {
		if (leaf->xfem & ~tlfs_fpu_features || leaf->xss)
			return HV_STATUS_INVALID_PARAMETER;
		vp->fpu.xcr0 = leaf->xfem;
		vp->xss = leaf->xss;
	}
	tlfs_cpuid(vp, &eax, &ebx, &ecx, &edx);
	vp->fpu.xcr0 = xcr0;
	vp->xss = xss;
	out->eax = eax;
	out->ebx = ebx;
	out->ecx = ecx;
	out->edx = edx;
	return HV_STATUS_SUCCESS;
}

TLFS_HANDLER(get_vp_cpuid_values)
{
	const struct hv_input_get_vp_cpuid_values *in = call->in;
	struct hv_cpuid_result *out = call->out;
	struct tlfs_vp *vp;
	bool locked;
	u16 status;

	/* answers without what the parent registered are not kept */
	if (in->flags & ~(CPUID_USE_VP_XFEM_XSS | CPUID_APPLY_REGISTERED) ||
	    !(in->flags & CPUID_APPLY_REGISTERED) || in->reserved ||
	    call->reps > (HV_PAGE_SIZE - sizeof(*in)) / sizeof(in->cpuid_leaf_info[0]))
		return HV_STATUS_INVALID_PARAMETER;
	vp = tlfs_vp_borrow(call, in->vp_index, &locked, &status);
	if (!vp)
		return status;
	for (; call->rep < call->reps; call->rep++) {
		status = vp_cpuid_value(vp, &in->cpuid_leaf_info[call->rep], in->flags,
					&out[call->rep]);
		if (status != HV_STATUS_SUCCESS)
			break;
	}
	tlfs_vp_return(vp, locked);
	return status;
}
