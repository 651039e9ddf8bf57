// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO PCI interrupts of which the user gets the message
 *
 * The vectors of VFIO_PCI_MSG_IRQ_INDEX have no place in the device that the kernel
 * knows of. The user reads the message, an address and some data, and puts it wherever
 * the device takes one from. What the device sends raises the interrupt, which signals an
 * eventfd as an MSI-X vector does.
 *
 * Nothing that the user does with a message gets at interrupts of another device: the
 * platform check of the Interrupt Message Store wants isolated MSI. It is the same that
 * lets VFIO map an MSI-X table.
 *
 * vfio_pci_core_device::igate protects the vectors, and none of this accesses the
 * device. So unlike for MSI-X there is no need for memory_lock.
 */
#include <linux/cleanup.h>
#include <linux/eventfd.h>
#include <linux/interrupt.h>
#include <linux/irqbypass.h>
#include <linux/irqdomain_ims.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vfio.h>
#include <linux/xarray.h>

#include "vfio_pci_priv.h"

/*
 * Where the messages go is up to the user, so nothing about the device says how many
 * there can be. Each takes an entry of the remapping unit and a CPU vector from all
 * other users of the machine. The default is what the largest MSI-X table takes.
 */
static unsigned int msg_vectors = PCI_MSIX_FLAGS_QSIZE + 1;

static int vfio_pci_msg_set_vectors(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, 0, MSI_MAX_INDEX + 1);
}

static const struct kernel_param_ops vfio_pci_msg_vectors_ops = {
	.set	= vfio_pci_msg_set_vectors,
	.get	= param_get_uint,
};
module_param_cb(msg_vectors, &vfio_pci_msg_vectors_ops, &msg_vectors, 0644);
MODULE_PARM_DESC(msg_vectors,
		 "Number of interrupt vectors of which the user of a device can get the message, 0 to 65536, from the next open of the device (default: 2048)");

/**
 * struct vfio_pci_msg_ctx - A vector of VFIO_PCI_MSG_IRQ_INDEX
 * @map:	Index and Linux interrupt number
 * @trigger:	What is signaled
 * @name:	In /proc/interrupts
 * @producer:	For those who take the interrupt without the detour by @trigger
 */
struct vfio_pci_msg_ctx {
	struct msi_map			map;
	struct eventfd_ctx		*trigger;
	char				*name;
	struct irq_bypass_producer	producer;
};

/* Why the user gets no message, 0 if the user does. The log has the reason in words. */
static int vfio_pci_msg_permit(struct vfio_pci_core_device *vdev)
{
	struct pci_dev *pdev = vdev->pdev;

	if (!pdev->msi_cap && !pdev->msix_cap)
		return -ENODEV;
	return pci_ims_check(pdev, IMS_STORE_HANDED_OUT).allowed ? 0 : -EOPNOTSUPP;
}

/**
 * vfio_pci_msg_open - The device is being opened
 * @vdev:	The device
 */
void vfio_pci_msg_open(struct vfio_pci_core_device *vdev)
{
	vdev->msg_limit = READ_ONCE(msg_vectors);
}

/**
 * vfio_pci_msg_count - How many vectors the user of a device can have
 * @vdev:	The device
 *
 * Context: Task context
 *
 * Return: The number of vectors, 0 when the platform or the device does not allow any
 */
unsigned int vfio_pci_msg_count(struct vfio_pci_core_device *vdev)
{
	return vfio_pci_msg_permit(vdev) ? 0 : vdev->msg_limit;
}

static irqreturn_t vfio_pci_msg_handler(int irq, void *arg)
{
	struct vfio_pci_msg_ctx *ctx = arg;

	/* Pairs with vfio_pci_msg_replace(), which waits for this handler */
	eventfd_signal(READ_ONCE(ctx->trigger));
	return IRQ_HANDLED;
}

static int vfio_pci_msg_create_domain(struct vfio_pci_core_device *vdev)
{
	const struct ims_store store = {
		.kind	= IMS_STORE_HANDED_OUT,
		.size	= vdev->msg_limit,
	};
	int ret;

	if (vdev->msg_domain)
		return 0;

	ret = pci_ims_create(vdev->pdev, &store);
	vdev->msg_domain = !ret;
	return ret;
}

static int vfio_pci_msg_start(struct vfio_pci_core_device *vdev, struct vfio_pci_msg_ctx *ctx,
			      unsigned int vector)
{
	struct pci_dev *pdev = vdev->pdev;
	int ret;

	ret = vfio_pci_msg_create_domain(vdev);
	if (ret)
		return ret;

	ctx->map = pci_ims_alloc_irq_at(pdev, vector, NULL, NULL);
	if (ctx->map.index < 0)
		return ctx->map.index;

	ret = request_irq(ctx->map.virq, vfio_pci_msg_handler, 0, ctx->name, ctx);
	if (ret)
		pci_ims_free_irq(pdev, ctx->map);
	return ret;
}

static int vfio_pci_msg_add(struct vfio_pci_core_device *vdev, unsigned int vector,
			    struct eventfd_ctx *trigger)
{
	struct vfio_pci_msg_ctx *ctx;
	int ret = -ENOMEM;

	ctx = kzalloc_obj(*ctx, GFP_KERNEL_ACCOUNT);
	if (!ctx)
		return ret;

	ctx->trigger = trigger;
	ctx->name = kasprintf(GFP_KERNEL_ACCOUNT, "vfio-msg[%u](%s)", vector,
			      pci_name(vdev->pdev));
	if (!ctx->name)
		goto free_ctx;

	ret = xa_insert(&vdev->msg_ctx, vector, ctx, GFP_KERNEL_ACCOUNT);
	if (ret)
		goto free_name;

	ret = vfio_pci_msg_start(vdev, ctx, vector);
	if (ret)
		goto erase;

	vfio_pci_irq_bypass_register(vdev, &ctx->producer, trigger, ctx->map.virq);
	return 0;

erase:
	xa_erase(&vdev->msg_ctx, vector);
free_name:
	kfree(ctx->name);
free_ctx:
	kfree(ctx);
	return ret;
}

/* The interrupt stays requested and the message what it is, so nothing gets lost */
static void vfio_pci_msg_replace(struct vfio_pci_core_device *vdev, struct vfio_pci_msg_ctx *ctx,
				 struct eventfd_ctx *trigger)
{
	struct eventfd_ctx *old = ctx->trigger;

	irq_bypass_unregister_producer(&ctx->producer);
	WRITE_ONCE(ctx->trigger, trigger);
	synchronize_irq(ctx->map.virq);
	eventfd_ctx_put(old);
	vfio_pci_irq_bypass_register(vdev, &ctx->producer, trigger, ctx->map.virq);
}

static void vfio_pci_msg_del(struct vfio_pci_core_device *vdev, struct vfio_pci_msg_ctx *ctx)
{
	irq_bypass_unregister_producer(&ctx->producer);
	xa_erase(&vdev->msg_ctx, ctx->map.index);
	free_irq(ctx->map.virq, ctx);
	pci_ims_free_irq(vdev->pdev, ctx->map);
	eventfd_ctx_put(ctx->trigger);
	kfree(ctx->name);
	kfree(ctx);
}

static void vfio_pci_msg_del_range(struct vfio_pci_core_device *vdev, unsigned int start,
				   unsigned int last)
{
	struct vfio_pci_msg_ctx *ctx;
	unsigned long vector;

	xa_for_each_range(&vdev->msg_ctx, vector, ctx, start, last)
		vfio_pci_msg_del(vdev, ctx);
}

static int vfio_pci_msg_set_vector(struct vfio_pci_core_device *vdev, unsigned int vector, int fd)
{
	struct vfio_pci_msg_ctx *ctx = xa_load(&vdev->msg_ctx, vector);
	struct eventfd_ctx *trigger;
	int ret;

	if (fd == -1) {
		if (ctx)
			vfio_pci_msg_del(vdev, ctx);
		return 0;
	}

	trigger = eventfd_ctx_fdget(fd);
	if (IS_ERR(trigger))
		return PTR_ERR(trigger);

	if (ctx) {
		vfio_pci_msg_replace(vdev, ctx, trigger);
		return 0;
	}

	ret = vfio_pci_msg_add(vdev, vector, trigger);
	if (ret)
		eventfd_ctx_put(trigger);
	return ret;
}

/* On failure what comes before, and the one that failed, is not set up, as for MSI-X */
static int vfio_pci_msg_set_block(struct vfio_pci_core_device *vdev, unsigned int start,
				  unsigned int count, const int32_t *fds)
{
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++) {
		ret = vfio_pci_msg_set_vector(vdev, start + i, fds[i]);
		if (ret) {
			vfio_pci_msg_del_range(vdev, start, start + i);
			return ret;
		}
	}
	return 0;
}

/**
 * vfio_pci_msg_set_trigger - VFIO_DEVICE_SET_IRQS with ACTION_TRIGGER
 * @vdev:	The device
 * @index:	VFIO_PCI_MSG_IRQ_INDEX
 * @start:	First vector
 * @count:	Number of vectors
 * @flags:	VFIO_IRQ_SET_DATA_*
 * @data:	As @flags say: nothing, or an element for each vector
 *
 * Context: Task context, may sleep. vfio_pci_core_device::igate is held.
 *
 * Return: 0 on success, -EBADF or -EINVAL when what should be an eventfd is not, -ENOMEM,
 * -ENOSPC when the machine has no interrupt left, -EBUSY when the driver uses the
 * Interrupt Message Store of the device itself, or another error of pci_ims_create(),
 * pci_ims_alloc_irq_at() or request_irq()
 */
int vfio_pci_msg_set_trigger(struct vfio_pci_core_device *vdev, unsigned int index,
			     unsigned int start, unsigned int count, uint32_t flags, void *data)
{
	const u8 *bools = flags & VFIO_IRQ_SET_DATA_BOOL ? data : NULL;
	struct vfio_pci_msg_ctx *ctx;
	unsigned long vector;

	lockdep_assert_held(&vdev->igate);

	if (!count && flags & VFIO_IRQ_SET_DATA_NONE) {
		vfio_pci_msg_del_range(vdev, 0, UINT_MAX);
		return 0;
	}
	if (flags & VFIO_IRQ_SET_DATA_EVENTFD)
		return vfio_pci_msg_set_block(vdev, start, count, data);
	if (!count)
		return 0;

	xa_for_each_range(&vdev->msg_ctx, vector, ctx, start, start + count - 1) {
		if (!bools || bools[vector - start])
			eventfd_signal(ctx->trigger);
	}
	return 0;
}

/**
 * vfio_pci_msg_revoke - Take all vectors from the user after a reset
 * @vdev:	The device
 *
 * Context: Task context, may sleep. Takes vfio_pci_core_device::igate.
 */
void vfio_pci_msg_revoke(struct vfio_pci_core_device *vdev)
{
	guard(mutex)(&vdev->igate);
	vfio_pci_msg_del_range(vdev, 0, UINT_MAX);
}

/**
 * vfio_pci_msg_close - The device has no user any more
 * @vdev:	The device
 *
 * Context: Task context, may sleep. There is no user who could set up vectors.
 */
void vfio_pci_msg_close(struct vfio_pci_core_device *vdev)
{
	vfio_pci_msg_del_range(vdev, 0, UINT_MAX);
	if (vdev->msg_domain)
		pci_ims_destroy(vdev->pdev);
	vdev->msg_domain = false;
}

/* Returns -ENOENT for a vector which is not set up, whether it could be or not */
static int vfio_pci_msg_read(struct vfio_pci_core_device *vdev, u32 index, u32 vector,
			     struct msi_msg *msg)
{
	int irq;

	if (index == VFIO_PCI_MSG_IRQ_INDEX)
		return xa_load(&vdev->msg_ctx, vector) ?
		       pci_ims_read_msg(vdev->pdev, vector, msg) : -ENOENT;

	irq = vfio_pci_msi_irq(vdev, index, vector);
	if (irq < 0)
		return irq;

	get_cached_msi_msg(irq, msg);
	/* There is one message for all vectors. The device puts the number in. */
	if (index == VFIO_PCI_MSI_IRQ_INDEX)
		msg->data |= vector;
	return 0;
}

/**
 * vfio_pci_msg_feature - VFIO_DEVICE_FEATURE_PCI_IRQ_MSG
 * @vdev:	The device
 * @flags:	VFIO_DEVICE_FEATURE_* flags
 * @arg:	struct vfio_device_feature_pci_irq_msg of the user
 * @argsz:	Its size
 *
 * Context: Task context, may sleep. Takes vfio_pci_core_device::igate.
 *
 * Return: 0 on success, -EOPNOTSUPP when the platform check says no, -ENODEV when the
 * device has neither MSI nor MSI-X, -EINVAL for what cannot be right, -ENOENT for a
 * vector which is not set up, -EFAULT
 */
int vfio_pci_msg_feature(struct vfio_pci_core_device *vdev, u32 flags, void __user *arg,
			 size_t argsz)
{
	struct vfio_device_feature_pci_irq_msg user;
	struct msi_msg msg;
	int ret, permit;

	ret = vfio_check_feature(flags, argsz, VFIO_DEVICE_FEATURE_GET, sizeof(user));
	if (ret < 0)
		return ret;
	permit = vfio_pci_msg_permit(vdev);
	if (permit || !ret)
		return permit;

	if (copy_from_user(&user, arg, sizeof(user)))
		return -EFAULT;
	if (user.flags || (user.index != VFIO_PCI_MSI_IRQ_INDEX &&
			   user.index != VFIO_PCI_MSIX_IRQ_INDEX &&
			   user.index != VFIO_PCI_MSG_IRQ_INDEX))
		return -EINVAL;

	scoped_guard(mutex, &vdev->igate)
		ret = vfio_pci_msg_read(vdev, user.index, user.vector, &msg);
	if (ret)
		return ret;

	user.address = (u64)msg.address_hi << 32 | msg.address_lo;
	user.data = msg.data;
	return copy_to_user(arg, &user, sizeof(user)) ? -EFAULT : 0;
}
