// SPDX-License-Identifier: GPL-2.0-only
/*
 * dev.c - /dev/tlfs: descriptors and ioctls
 *
 * Each descriptor has a table of its ioctls.  A partition's and a VP's descriptor are good in the
 * address space that created the partition only: the guest's memory is in there.
 *
 * References: a partition's descriptor holds one to the partition, a VP's holds one too, and a VP
 * lives as long as its partition.  A mapping of a VP's pages holds the VP's file.
 */
#include <linux/anon_inodes.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/uaccess.h>

#include <asm/hypervisor.h>

#include "eventfd.h"
#include "tlfs.h"
#include "root_message.h"
#include "window.h"

/* ---- counters ---- */

atomic_long_t tlfs_nr_partitions;
atomic_long_t tlfs_nr_vps;
atomic_long_t tlfs_nr_pages;

struct page *tlfs_alloc_page(gfp_t gfp)
{
	struct page *page = alloc_page(gfp | __GFP_ZERO);

	if (page)
		atomic_long_inc(&tlfs_nr_pages);
	return page;
}

void tlfs_free_page(struct page *page)
{
	__free_page(page);
	atomic_long_dec(&tlfs_nr_pages);
}

#define COUNTER_ATTR(name)							\
static ssize_t name##_show(struct device *dev, struct device_attribute *attr,	\
			   char *buf)						\
{										\
	return sysfs_emit(buf, "%ld\n", atomic_long_read(&tlfs_nr_##name));	\
}										\
static DEVICE_ATTR_RO(name)

COUNTER_ATTR(partitions);
COUNTER_ATTR(vps);
COUNTER_ATTR(pages);

static struct attribute *tlfs_attrs[] = {
	&dev_attr_partitions.attr,
	&dev_attr_vps.attr,
	&dev_attr_pages.attr,
	NULL,
};
ATTRIBUTE_GROUPS(tlfs);

/* ---- what descriptors have in common ---- */

/* call @handler of the row with this number; the object is the descriptor's */
struct ioctl {
	unsigned int cmd;
	long (*handler)(void *object, void __user *arg);
};

static long ioctl_dispatch(const struct ioctl *table, unsigned int nr, unsigned int cmd,
			   void *object, void __user *arg)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (table[i].cmd == cmd)
			return table[i].handler(object, arg);
	return -ENOTTY;
}

/* a number that no table has is ENOTTY for anybody, the rest is for the partition's own process */
static long ioctl_dispatch_mm(const struct ioctl *table, unsigned int nr, unsigned int cmd,
			      struct tlfs_partition *pt, void *object, void __user *arg)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (table[i].cmd != cmd)
			continue;
		return current->mm == pt->mm ? table[i].handler(object, arg) : -EIO;
	}
	return -ENOTTY;
}

/* ROOT_HVCALL: status and reps are written back whenever the call was made */
static long root_hvcall(struct tlfs_partition *pt, struct tlfs_root_hvcall *arg,
			struct tlfs_root_hvcall __user *uarg, u16 fd_flag, void *owner)
{
	int err = tlfs_root_hypercall(pt, arg, fd_flag, owner);

	if (err && arg->status == HV_STATUS_SUCCESS)
		return err;
	if (put_user(arg->status, &uarg->status) || put_user(arg->reps, &uarg->reps))
		return -EFAULT;
	return err;
}

/* ---- VP ---- */

static int copy_message(struct tlfs_run_vp __user *to, const struct hv_message *msg)
{
	u64 __user *out = (u64 __user *)to;
	const u64 *in = (const u64 *)msg;
	unsigned int i;

	BUILD_BUG_ON(sizeof(*msg) != sizeof(*to) || sizeof(*msg) % (4 * sizeof(*in)));

	/* sizes are fixed: an unrolled copy beats the string instructions */
	if (!user_write_access_begin(to, sizeof(*to)))
		return -EFAULT;
	for (i = 0; i < sizeof(*msg) / sizeof(*in); i += 4) {
		unsafe_put_user(in[i], out + i, err_fault);
		unsafe_put_user(in[i + 1], out + i + 1, err_fault);
		unsafe_put_user(in[i + 2], out + i + 2, err_fault);
		unsafe_put_user(in[i + 3], out + i + 3, err_fault);
	}
	user_write_access_end();
	return 0;

err_fault:
	user_write_access_end();
	return -EFAULT;
}

static long vp_run(void *object, void __user *arg)
{
	struct tlfs_vp *vp = object;
	int err;

	err = tlfs_vp_lock(vp);
	if (err)
		return err;
	err = tlfs_vp_run(vp);
	if (!err)
		err = copy_message(arg, vp->msg);
	tlfs_vp_unlock(vp);
	return err;
}

static long vp_get_state(void *object, void __user *arg)
{
	return tlfs_vp_state_ioctl(object, arg, false);
}

static long vp_set_state(void *object, void __user *arg)
{
	return tlfs_vp_state_ioctl(object, arg, true);
}

/*
 * Calls that name a VP's state wait for a run of this descriptor's VP to end; the handler finds
 * the lock taken by its own thread (tlfs_vp_borrow()).  Others may take the partition's lock,
 * which comes before the VP's.
 */
static bool hvcall_wants_vp(u16 code)
{
	switch (code) {
	case HVCALL_GET_VP_REGISTERS:
	case HVCALL_SET_VP_REGISTERS:
	case HVCALL_TRANSLATE_VIRTUAL_ADDRESS:
	case HVCALL_GET_VP_CPUID_VALUES:
		return true;
	default:
		return false;
	}
}

static long vp_hvcall(void *object, void __user *uarg)
{
	struct tlfs_root_hvcall arg;
	struct tlfs_vp *vp = object;
	bool lock;
	long err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	lock = hvcall_wants_vp(arg.code);
	if (lock) {
		err = tlfs_vp_lock(vp);
		if (err)
			return err;
	}
	err = root_hvcall(vp->pt, &arg, uarg, TLFS_HC_VP_FD, NULL);
	if (lock)
		tlfs_vp_unlock(vp);
	return err;
}

static const struct ioctl vp_ioctls[] = {
	{ TLFS_RUN_VP, vp_run },
	{ TLFS_ROOT_HVCALL, vp_hvcall },
	{ TLFS_GET_VP_STATE, vp_get_state },
	{ TLFS_SET_VP_STATE, vp_set_state },
};

static long vp_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tlfs_vp *vp = file->private_data;

	return ioctl_dispatch_mm(vp_ioctls, ARRAY_SIZE(vp_ioctls), cmd, vp->pt, vp,
				 (void __user *)arg);
}

/* every page of a mapping is the same one: the one its offset chose when it was made */
static vm_fault_t vp_fault(struct vm_fault *vmf)
{
	struct page *page = vmf->vma->vm_private_data;

	get_page(page);
	vmf->page = page;
	return 0;
}

static const struct vm_operations_struct vp_vm_ops = {
	.fault = vp_fault,
};

static int vp_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct tlfs_vp *vp = file->private_data;

	switch (vma->vm_pgoff) {
	case TLFS_VP_MMAP_REGISTERS:
		vma->vm_private_data = virt_to_page(vp->regpage);
		WRITE_ONCE(vp->regpage_mapped, true);
		/*
		 * The lock of a VP is taken outside that of the address space, so do not wait:
		 * if the VP is busy it refreshes the page when it is done
		 */
		if (mutex_trylock(&vp->lock)) {
			tlfs_regpage_load(vp);
			tlfs_regpage_store(vp);
			mutex_unlock(&vp->lock);
		}
		break;
	case TLFS_VP_MMAP_INTERCEPT:
		vma->vm_private_data = virt_to_page(vp->msg);
		break;
	case TLFS_VP_MMAP_INTERCEPT + 1:
		return -ENODEV;		/* of encrypted partitions only */
	default:
		return -EINVAL;
	}
	/* parts of a split mapping keep the page; they must never be joined with a neighbour */
	tlfs_vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_ops = &vp_vm_ops;
	return 0;
}

static int vp_release(struct inode *inode, struct file *file)
{
	struct tlfs_vp *vp = file->private_data;

	tlfs_partition_put(vp->pt);
	return 0;
}

static const struct file_operations vp_fops = {
	.owner = THIS_MODULE,
	.release = vp_release,
	.unlocked_ioctl = vp_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = vp_mmap,
	.llseek = noop_llseek,
};

/* ---- partition ---- */

static long pt_initialize(void *object, void __user *arg)
{
	struct tlfs_partition *pt = object;
	int err;

	if (mutex_lock_killable(&pt->lock))
		return -EINTR;
	err = tlfs_partition_initialize(pt);
	mutex_unlock(&pt->lock);
	return err;
}

/* under pt->lock.  Returns a descriptor; the VP is there for good once nothing can fail any more */
static int pt_add_vp(struct tlfs_partition *pt, u32 index)
{
	struct tlfs_vp *vp;
	struct file *file;
	int fd;

	if (!pt->initialized)
		return -EIO;
	if (tlfs_vp_get(pt, index))
		return -EEXIST;
	vp = tlfs_vp_create(pt, index);
	if (IS_ERR(vp))
		return PTR_ERR(vp);
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		goto err_vp;
	file = anon_inode_getfile("tlfs-vp", &vp_fops, vp, O_RDWR);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		fd = PTR_ERR(file);
		goto err_vp;
	}
	tlfs_partition_get(pt);
	tlfs_vp_publish(vp);
	fd_install(fd, file);
	return fd;

err_vp:
	tlfs_vp_discard(vp);
	return fd;
}

/* what HvCreateVp would have said */
static u16 vp_status(int fd)
{
	switch (fd) {
	case -EIO:
		return HV_STATUS_INVALID_PARTITION_STATE;
	case -EEXIST:
		return HV_STATUS_INVALID_VP_INDEX;
	default:
		return HV_STATUS_INSUFFICIENT_MEMORY;
	}
}

static long pt_create_vp(void *object, void __user *uarg)
{
	struct tlfs_partition *pt = object;
	struct tlfs_create_vp arg;
	int fd;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.vp_index >= TLFS_MAX_VPS)
		return -EINVAL;
	if (mutex_lock_killable(&pt->lock))
		return -EINTR;
	fd = pt_add_vp(pt, arg.vp_index);
	if (fd < 0)
		tlfs_eventlog_system(HV_EVENTLOG_GROUP_VIRTUAL_PROCESSOR_MANAGER,
				     HV_TR_VP_CREATE_VP, pt->id, arg.vp_index, vp_status(fd));
	mutex_unlock(&pt->lock);
	return fd;
}

static long pt_set_guest_memory(void *object, void __user *uarg)
{
	struct tlfs_partition *pt = object;
	struct tlfs_user_mem_region arg;
	int err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~TLFS_MEM_FLAGS || memchr_inv(arg.rsvd, 0, sizeof(arg.rsvd)))
		return -EINVAL;
	if (mutex_lock_killable(&pt->lock))
		return -EINTR;
	err = pt->initialized ? tlfs_gpa_set_region(pt, &arg) : -EIO;
	mutex_unlock(&pt->lock);
	return err;
}

static long pt_irqfd(void *object, void __user *uarg)
{
	struct tlfs_partition *pt = object;
	struct tlfs_user_irqfd arg;
	int err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~TLFS_IRQFD_FLAGS)
		return -EINVAL;
	if (mutex_lock_killable(&pt->lock))
		return -EINTR;
	err = tlfs_irqfd(pt, &arg);
	mutex_unlock(&pt->lock);
	return err;
}

static long pt_access_bitmap(void *object, void __user *uarg)
{
	struct tlfs_partition *pt = object;
	struct tlfs_gpap_access_bitmap arg;
	int err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (mutex_lock_killable(&pt->lock))
		return -EINTR;
	err = tlfs_gpa_access_bitmap(pt, &arg);
	mutex_unlock(&pt->lock);
	return err;
}

static long pt_ioeventfd(void *object, void __user *uarg)
{
	struct tlfs_partition *pt = object;
	struct tlfs_user_ioeventfd arg;
	int err;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.flags & ~TLFS_IOEVENTFD_FLAGS || memchr_inv(arg.rsvd, 0, sizeof(arg.rsvd)))
		return -EINVAL;
	if (mutex_lock_killable(&pt->lock))
		return -EINTR;
	err = tlfs_ioeventfd(pt, &arg);
	mutex_unlock(&pt->lock);
	return err;
}

static long pt_set_msi_routing(void *object, void __user *uarg)
{
	return tlfs_set_msi_routing(object, uarg);
}

static long pt_set_device_irqs(void *object, void __user *uarg)
{
	return tlfs_set_device_irqs(object, uarg);
}

/* without pt->lock: interrupts are asserted here while others are at the partition's memory */
static long pt_hvcall(void *object, void __user *uarg)
{
	struct tlfs_root_hvcall arg;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	return root_hvcall(object, &arg, uarg, TLFS_HC_PT_FD, NULL);
}

/* of the partition itself, or of one below it */
static long pt_open_debug(void *object, void __user *uarg)
{
	struct tlfs_partition *top = object, *pt;
	struct tlfs_open_debug arg;
	long fd = -ENOENT;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	if (arg.rsvd)
		return -EINVAL;
	if (!arg.partition_id || arg.partition_id == top->id)
		return tlfs_debug_open(top);
	pt = tlfs_partition_find(arg.partition_id);
	if (!pt)
		return fd;
	if (tlfs_partition_below(pt, top))
		fd = tlfs_debug_open(pt);
	tlfs_partition_put(pt);
	return fd;
}

static const struct ioctl pt_ioctls[] = {
	{ TLFS_ROOT_HVCALL, pt_hvcall },
	{ TLFS_INITIALIZE_PARTITION, pt_initialize },
	{ TLFS_CREATE_VP, pt_create_vp },
	{ TLFS_SET_GUEST_MEMORY, pt_set_guest_memory },
	{ TLFS_IRQFD, pt_irqfd },
	{ TLFS_IOEVENTFD, pt_ioeventfd },
	{ TLFS_SET_MSI_ROUTING, pt_set_msi_routing },
	{ TLFS_GET_GPAP_ACCESS_BITMAP, pt_access_bitmap },
	{ TLFS_OPEN_DEBUG, pt_open_debug },
	{ TLFS_SET_DEVICE_IRQS, pt_set_device_irqs },
};

static long pt_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct tlfs_partition *pt = file->private_data;

	return ioctl_dispatch_mm(pt_ioctls, ARRAY_SIZE(pt_ioctls), cmd, pt, pt,
				 (void __user *)arg);
}

/* VPs that are still held keep the partition, but nothing is connected to it any more */
static int pt_release(struct inode *inode, struct file *file)
{
	struct tlfs_partition *pt = file->private_data;

	tlfs_eventfd_detach(pt);
	/*
	 * A guest's children end with the descriptor of the partition.  They run in the memory of
	 * the process, and that may hold VPs' descriptors: it would never go
	 */
	tlfs_partition_kill_children(pt);
	tlfs_partition_put(pt);
	return 0;
}

static const struct file_operations pt_fops = {
	.owner = THIS_MODULE,
	.release = pt_release,
	.unlocked_ioctl = pt_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/* ---- device ---- */

/* the short form, or with TLFS_PT_CPU_FEATURES the long one; the short part is read once */
static int copy_create_partition(struct tlfs_create_partition_v2 *arg, void __user *uarg)
{
	memset(arg, 0, sizeof(*arg));
	if (copy_from_user(&arg->v1, uarg, sizeof(arg->v1)))
		return -EFAULT;
	if (arg->v1.flags & ~TLFS_PT_FLAGS || arg->v1.isolation)
		return -EINVAL;
	/* nesting is not offered, and there is no other local APIC to be had */
	if (arg->v1.flags & TLFS_PT_NESTED || !(arg->v1.flags & TLFS_PT_LAPIC))
		return -EINVAL;
	if (!(arg->v1.flags & TLFS_PT_CPU_FEATURES))
		return 0;
	if (copy_from_user((void *)arg + sizeof(arg->v1), uarg + sizeof(arg->v1),
			   sizeof(*arg) - sizeof(arg->v1)))
		return -EFAULT;
	if (arg->num_banks != TLFS_CPU_FEATURE_BANKS ||
	    memchr_inv(arg->rsvd, 0, sizeof(arg->rsvd)) ||
	    memchr_inv(arg->rsvd1, 0, sizeof(arg->rsvd1)))
		return -EINVAL;
	return 0;
}

static struct miscdevice tlfs_mshv_misc;

static long dev_create_partition(void *object, void __user *uarg)
{
	struct tlfs_create_partition_v2 arg;
	struct tlfs_partition *pt;
	struct file *file;
	int fd, err;

	err = copy_create_partition(&arg, uarg);
	if (err)
		return err;
	pt = tlfs_partition_create(&arg);
	if (IS_ERR(pt))
		return PTR_ERR(pt);
	/* misc_open() left there which device it is */
	pt->mshv = ((struct file *)object)->private_data == &tlfs_mshv_misc;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0) {
		err = fd;
		goto err_pt;
	}
	file = anon_inode_getfile("tlfs-partition", &pt_fops, pt, O_RDWR);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		goto err_fd;
	}
	fd_install(fd, file);
	return fd;

err_fd:
	put_unused_fd(fd);
err_pt:
	tlfs_partition_put(pt);
	return err;
}

static long dev_hvcall(void *object, void __user *uarg)
{
	struct tlfs_root_hvcall arg;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	return root_hvcall(&tlfs_root, &arg, uarg, TLFS_HC_ROOT, object);
}

static long dev_open_port(void *object, void __user *uarg)
{
	struct tlfs_open_port arg;

	if (copy_from_user(&arg, uarg, sizeof(arg)))
		return -EFAULT;
	return tlfs_open_port(&arg);
}

static const struct ioctl dev_ioctls[] = {
	{ TLFS_CREATE_PARTITION, dev_create_partition },
	{ TLFS_ROOT_HVCALL, dev_hvcall },
	{ TLFS_OPEN_PORT, dev_open_port },
};

static long dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return ioctl_dispatch(dev_ioctls, ARRAY_SIZE(dev_ioctls), cmd, file, (void __user *)arg);
}

/* partitions the root has by descriptors of their own stay; those it made by hypercall go */
static int dev_release(struct inode *inode, struct file *file)
{
	tlfs_partitions_disown(file);
	return 0;
}

static const struct file_operations dev_fops = {
	.owner = THIS_MODULE,
	.open = nonseekable_open,
	.release = dev_release,
	.unlocked_ioctl = dev_ioctl,
	.mmap = tlfs_window_mmap,
	.read = tlfs_root_read,
	.poll = tlfs_root_poll,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice tlfs_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "tlfs",
	.mode = 0600,
	.fops = &dev_fops,
	.groups = tlfs_groups,
};

/* the same device under the name VMMs of the published interface open */
static struct miscdevice tlfs_mshv_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mshv",
	.mode = 0600,
	.fops = &dev_fops,
};

static bool mshv;
module_param(mshv, bool, 0444);
MODULE_PARM_DESC(mshv, "also be /dev/mshv, for the VMMs that know it by this name");

static int mshv_register(void)
{
	/* there the name is the real driver's, loaded or not */
	if (hypervisor_is_type(X86_HYPER_MS_HYPERV)) {
		tlfs_err("mshv=1: this is a partition of Microsoft's hypervisor, whose own driver is /dev/mshv; load without it\n");
		return -EBUSY;
	}
	return misc_register(&tlfs_mshv_misc);
}

int tlfs_dev_register(void)
{
	int err;

	err = misc_register(&tlfs_misc);
	if (err || !mshv)
		return err;
	err = mshv_register();
	if (err)
		misc_deregister(&tlfs_misc);
	return err;
}

void tlfs_dev_unregister(void)
{
	if (mshv)
		misc_deregister(&tlfs_mshv_misc);
	misc_deregister(&tlfs_misc);
}
