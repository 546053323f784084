// SPDX-License-Identifier: GPL-2.0-only
/*
 * vp_thread.c - VPs of partitions made by hypercall, that no VMM runs; where their intercepts go
 *
 * Each has a kernel thread that lends itself the memory of the tree's process while guest code
 * runs, and gives it back whenever the VP rests, so that a process that is killed can go.  The
 * thread holds vp->lock while it runs; who wants the VP's state (tlfs_vp_borrow()) raises
 * vp->paused first, and the thread lets go at its next exit.
 *
 * An intercept message goes to SINT0 of the parent's VP 0, or another one that takes messages
 * (TLFS 9.1.1, 14.1); one for the root is read from the device.  Until there is a free slot it
 * waits in the queue, in the order of detection.  A parent that lets the VP go on before it has the
 * message gets the next one in its place (14.2.6).
 */
#include <linux/cgroup.h>
#include <linux/kthread.h>
#include <linux/mmu_context.h>
#include <linux/sched/mm.h>

#include "tlfs.h"
#include "hv/park.h"
#include "root_message.h"
#include "run.h"

/* a parent whose SynIC takes no messages is asked again so often */
#define RETRY	(HZ / 50 + 1)

/* ---- messages to the parent ---- */

/* under synic.lock of the parent's VP */
static void intercept_done(struct tlfs_message *m)
{
	struct tlfs_vp *vp = container_of(m, struct tlfs_vp, intercept);

	/* the parent may have said already that the VP is to run */
	swake_up_one(&vp->wait);
}

static bool parent_is_root(const struct tlfs_vp *vp)
{
	return vp->pt->parent == &tlfs_root;
}

static bool intercept_waits(const struct tlfs_vp *vp)
{
	if (parent_is_root(vp))
		return tlfs_root_intercept_waits(vp);
	/* pairs with the release of tlfs_queue_del() */
	return smp_load_acquire(&vp->intercept.queued.vp);
}

/* out of whatever queue it is in; may sleep */
static void intercept_cancel(struct tlfs_vp *vp)
{
	if (parent_is_root(vp)) {
		tlfs_root_intercept_cancel(vp);
		return;
	}
	rcu_read_lock();
	tlfs_messages_cancel(vp->pt->parent, &vp->intercept, 1);
	rcu_read_unlock();
	/* in the queue of a VP that is being deleted: the reset that belongs to it takes it out */
	while (intercept_waits(vp))
		schedule_timeout_uninterruptible(1);
}

/* false: to be tried again */
static bool intercept_send(struct tlfs_vp *vp)
{
	u16 status;

	if (parent_is_root(vp)) {
		tlfs_root_intercept(vp);
		return true;
	}
	/* the parent's own VPs may be deleted */
	rcu_read_lock();
	status = tlfs_message_queue_any(vp->pt->parent, 0, 0, &vp->intercept, NULL);
	rcu_read_unlock();
	return status == HV_STATUS_SUCCESS;
}

/* ---- the thread ---- */

bool tlfs_vp_thread_held(struct tlfs_vp *vp)
{
	return READ_ONCE(vp->deleted) || atomic_read(&vp->paused) ||
	       READ_ONCE(vp->explicit_suspend) || READ_ONCE(vp->intercept_suspend);
}

/* the process has ended: nothing runs any more, until the tree is taken down */
static bool thread_take_mm(struct tlfs_vp *vp)
{
	if (!mmget_not_zero(vp->pt->mm))
		return false;
	kthread_use_mm(vp->pt->mm);
	return true;
}

static void thread_drop_mm(struct tlfs_vp *vp)
{
	kthread_unuse_mm(vp->pt->mm);
	/* may be the last user, and take the process's memory down: no lock but vp->lock is held */
	mmput(vp->pt->mm);
}

/* in tlfs_vp_run_thread(), the VP has nothing to do: 0, or -EINTR when it is not to go on */
int tlfs_vp_thread_rest(struct tlfs_vp *vp)
{
	thread_drop_mm(vp);
	swait_event_idle_exclusive(vp->wait, tlfs_vp_thread_held(vp) || tlfs_vp_has_work(vp));
	if (thread_take_mm(vp))
		return tlfs_vp_thread_held(vp) ? -EINTR : 0;
	WRITE_ONCE(vp->deleted, true);
	vp->mm_gone = true;
	return -EINTR;
}

/* a host that cannot go on with the VP: the parent gets what is nearest to it */
static void thread_failed(struct tlfs_vp *vp)
{
	if (vp->exit.kind == TLFS_EXIT_MEMORY)
		tlfs_msg_memory(vp, HVMSG_UNMAPPED_GPA, vp->exit.mem.gpa, vp->exit.mem.access);
	else
		tlfs_msg_unrecoverable(vp);
}

static void thread_run(struct tlfs_vp *vp)
{
	int r;

	mutex_lock(&vp->lock);
	WRITE_ONCE(vp->lock_owner, current);
	if (tlfs_vp_thread_held(vp))
		goto out;
	if (!thread_take_mm(vp)) {
		WRITE_ONCE(vp->deleted, true);
		goto out;
	}
	r = tlfs_vp_run_thread(vp);
	if (r < 0 && r != -EINTR) {
		thread_failed(vp);
		r = 0;
	}
	if (!vp->mm_gone)
		thread_drop_mm(vp);
	if (!r) {
		if (unlikely(intercept_waits(vp)))
			intercept_cancel(vp);
		memcpy(&vp->intercept.msg, vp->msg, sizeof(*vp->msg));
		vp->unsent = !intercept_send(vp);
	}
out:
	WRITE_ONCE(vp->lock_owner, NULL);
	mutex_unlock(&vp->lock);
}

static int vp_thread(void *data)
{
	struct tlfs_vp *vp = data;
	struct tlfs_park park = { .seen = 0 };

	while (!kthread_should_stop()) {
		tlfs_park(&park);
		if (unlikely(vp->unsent)) {
			vp->unsent = !intercept_send(vp);
			if (vp->unsent)
				schedule_timeout_idle(RETRY);
			continue;
		}
		swait_event_idle_exclusive(vp->wait, !tlfs_vp_thread_held(vp) ||
					   kthread_should_stop());
		if (!kthread_should_stop())
			thread_run(vp);
	}
	tlfs_park_end(&park);
	return 0;
}

/* under pt->lock; the VP is suspended and unknown to everybody */
int tlfs_vp_thread_start(struct tlfs_vp *vp)
{
	struct task_struct *task;
	int err;

	task = kthread_create(vp_thread, vp, "tlfs-%llu/%u", vp->pt->id, vp->index);
	if (IS_ERR(task))
		return PTR_ERR(task);
	/* what it uses is the VMM's use */
	err = cgroup_attach_task_all(current, task);
	if (err) {
		kthread_stop(task);
		return err;
	}
	tlfs_message_init(&vp->intercept, intercept_done);
	INIT_LIST_HEAD(&vp->root_link);
	vp->unsent = false;
	vp->mm_gone = false;
	vp->thread = task;
	wake_up_process(task);
	return 0;
}

/* vp->deleted is set: the thread ends at its next look */
void tlfs_vp_thread_stop(struct tlfs_vp *vp)
{
	if (!vp->thread)
		return;
	kthread_stop(vp->thread);
	vp->thread = NULL;
	intercept_cancel(vp);
}
