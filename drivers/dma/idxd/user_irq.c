// SPDX-License-Identifier: GPL-2.0
/*
 * Completion interrupts of processes
 *
 * A process which has opened a work queue can have a slot of the IMS table, bound to
 * its PASID, and an eventfd which is signalled when one of its descriptors asks for
 * a completion interrupt. See include/uapi/linux/idxd.h and
 * Documentation/driver-api/dmaengine/idxd.rst.
 *
 * The interrupt is one-shot: the handler disables it, and the process enables it
 * again when it is about to sleep. What happens in between sets the pending bit of
 * the slot. So a process which does not listen costs one interrupt.
 *
 * Locks: wq->wq_lock, wq->user_irq_lock, idxd_user_irq::lock, in this order. The worker
 * which handles faults must not wait for a command of the device, because the thread
 * which completes commands can wait for it. So what it needs is protected by
 * wq->user_wake_lock, too: the list and the eventfds.
 */
#include <linux/cleanup.h>
#include <linux/eventfd.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/uaccess.h>
#include <uapi/linux/idxd.h>

#include "idxd.h"
#include "registers.h"

/* Bits of idxd_user_irq::flags */
enum {
	/* The handler has disabled the interrupt */
	IDXD_USER_IRQ_FIRED,
	/* There is another handle, which the process has not been told */
	IDXD_USER_IRQ_RENEWED,
};

/*
 * FIRED is set after the interrupt is disabled: who finds it set may enable the
 * interrupt once. Who looks in between is called by the eventfd right after.
 */
static irqreturn_t idxd_user_irq_handler(int irq, void *data)
{
	struct idxd_user_irq *ui = data;

	disable_irq_nosync(irq);
	set_bit(IDXD_USER_IRQ_FIRED, &ui->flags);
	eventfd_signal(ui->eventfd);
	return IRQ_HANDLED;
}

static int idxd_user_irq_get_handle(struct idxd_user_irq *ui, int *handle)
{
	struct idxd_device *idxd = ui->wq->idxd;

	if (idxd->request_int_handles)
		return idxd_device_request_int_handle(idxd, ui->ie.index, handle, IDXD_IRQ_IMS);

	*handle = ui->ie.index;
	return 0;
}

/* The eventfd stays, so that the process can be told */
static void idxd_user_irq_release(struct idxd_user_irq *ui)
{
	struct idxd_wq *wq = ui->wq;
	struct idxd_device *idxd = wq->idxd;

	lockdep_assert_held(&wq->user_irq_lock);
	lockdep_assert_held(&ui->lock);

	if (ui->ie.vector < 0)
		return;

	if (idxd->request_int_handles && ui->ie.int_handle != INVALID_INT_HANDLE)
		idxd_device_release_int_handle(idxd, ui->ie.int_handle, IDXD_IRQ_IMS);
	ui->ie.int_handle = INVALID_INT_HANDLE;
	free_irq(ui->ie.vector, ui);
	idxd_ims_free_vector(idxd, &ui->ie);
	ui->ie.vector = -1;
	wq->user_irqs--;
}

static void idxd_user_irq_set_eventfd(struct idxd_user_irq *ui, struct eventfd_ctx *eventfd)
{
	guard(spinlock)(&ui->wq->user_wake_lock);
	ui->eventfd = eventfd;
}

static void idxd_user_irq_unbind(struct idxd_user_irq *ui)
{
	struct eventfd_ctx *eventfd = ui->eventfd;

	if (!eventfd)
		return;

	idxd_user_irq_release(ui);
	idxd_user_irq_set_eventfd(ui, NULL);
	eventfd_ctx_put(eventfd);
}

static int idxd_user_irq_request(struct idxd_user_irq *ui)
{
	struct idxd_device *idxd = ui->wq->idxd;
	int rc, handle;

	rc = idxd_ims_alloc_vector(idxd, &ui->ie);
	if (rc < 0)
		return rc == -EBUSY ? -ENOSPC : rc;

	ui->flags = 0;
	/* Masked at once, or the device would send again before that is noticed */
	irq_set_status_flags(ui->ie.vector, IRQ_DISABLE_UNLAZY);
	rc = request_irq(ui->ie.vector, idxd_user_irq_handler, 0, "idxd-user", ui);
	if (rc < 0)
		goto err_irq;

	rc = idxd_user_irq_get_handle(ui, &handle);
	if (rc < 0)
		goto err_handle;

	ui->ie.int_handle = handle;
	ui->wq->user_irqs++;
	return 0;

err_handle:
	free_irq(ui->ie.vector, ui);
err_irq:
	idxd_ims_free_vector(idxd, &ui->ie);
	ui->ie.vector = -1;
	return rc;
}

static int idxd_user_irq_bind(struct idxd_user_irq *ui, struct idxd_irq_bind *bind)
{
	struct idxd_wq *wq = ui->wq;
	struct eventfd_ctx *eventfd;
	int rc;

	guard(mutex)(&wq->user_irq_lock);
	guard(mutex)(&ui->lock);

	if (bind->eventfd == -1) {
		if (!ui->eventfd)
			return -ENOENT;
		idxd_user_irq_unbind(ui);
		return 0;
	}

	if (ui->gone)
		return -ENODEV;
	if (wq_irq_type(wq) != IDXD_IRQ_IMS)
		return -EOPNOTSUPP;
	if (ui->eventfd)
		return -EBUSY;
	if (wq->user_irqs >= wq->interrupts_max)
		return -EDQUOT;

	eventfd = eventfd_ctx_fdget(bind->eventfd);
	if (IS_ERR(eventfd))
		return PTR_ERR(eventfd);

	idxd_user_irq_set_eventfd(ui, eventfd);
	rc = idxd_user_irq_request(ui);
	if (rc < 0) {
		idxd_user_irq_unbind(ui);
		return rc;
	}
	ui->generation++;
	bind->handle = ui->ie.int_handle;
	bind->generation = ui->generation;
	return 0;
}

static int idxd_user_irq_arm(struct idxd_user_irq *ui, struct idxd_irq_arm *arm)
{
	guard(mutex)(&ui->lock);

	if (ui->gone)
		return -ENODEV;
	if (!ui->eventfd)
		return -ENOENT;
	/* The device has refused to renew the handle */
	if (ui->ie.int_handle == INVALID_INT_HANDLE)
		return -EIO;

	if (test_and_clear_bit(IDXD_USER_IRQ_FIRED, &ui->flags))
		enable_irq(ui->ie.vector);
	arm->handle = ui->ie.int_handle;
	arm->generation = ui->generation;
	return 0;
}

static long idxd_user_irq_ioctl_bind(struct idxd_user_irq *ui, void __user *arg)
{
	struct idxd_irq_bind bind;
	int rc;

	if (copy_from_user(&bind, arg, sizeof(bind)))
		return -EFAULT;
	if (bind.argsz < sizeof(bind) || bind.flags || bind.eventfd < -1)
		return -EINVAL;

	rc = idxd_user_irq_bind(ui, &bind);
	if (rc < 0 || bind.eventfd == -1)
		return rc;
	if (!copy_to_user(arg, &bind, sizeof(bind)))
		return 0;

	bind.eventfd = -1;
	idxd_user_irq_bind(ui, &bind);
	return -EFAULT;
}

static long idxd_user_irq_ioctl_arm(struct idxd_user_irq *ui, void __user *arg)
{
	struct idxd_irq_arm arm;
	int rc;

	if (copy_from_user(&arm, arg, sizeof(arm)))
		return -EFAULT;
	if (arm.argsz < sizeof(arm) || arm.flags)
		return -EINVAL;

	rc = idxd_user_irq_arm(ui, &arm);
	if (rc < 0)
		return rc;
	return copy_to_user(arg, &arm, sizeof(arm)) ? -EFAULT : 0;
}

/**
 * idxd_user_irq_ioctl - Serve the ioctls of an open work queue
 * @ui:		The interrupt of the open file
 * @cmd:	IDXD_IOC_IRQ_BIND or IDXD_IOC_IRQ_ARM
 * @arg:	Its argument in user space
 *
 * Context: The process which has opened the work queue, may sleep
 *
 * Return: 0 or an error code as described in include/uapi/linux/idxd.h
 */
long idxd_user_irq_ioctl(struct idxd_user_irq *ui, unsigned int cmd, void __user *arg)
{
	switch (cmd) {
	case IDXD_IOC_IRQ_BIND:
		return idxd_user_irq_ioctl_bind(ui, arg);
	case IDXD_IOC_IRQ_ARM:
		return idxd_user_irq_ioctl_arm(ui, arg);
	default:
		return -ENOTTY;
	}
}

/**
 * idxd_user_irq_fill - Put the interrupt handle into a descriptor
 * @ui:		The interrupt of the open file which the descriptor comes from
 * @desc:	The descriptor
 *
 * The device can revoke the handle any time. It refuses the descriptor then.
 *
 * Context: @ui->lock is held until the descriptor is submitted, so that the work queue
 * stays enabled
 *
 * Return: 0, -ENODEV if the work queue was disabled, -EINVAL if the descriptor asks for
 * an interrupt and there is none
 */
int idxd_user_irq_fill(struct idxd_user_irq *ui, struct dsa_hw_desc *desc)
{
	lockdep_assert_held(&ui->lock);

	if (ui->gone)
		return -ENODEV;
	if (!(desc->flags & IDXD_OP_FLAG_RCI))
		return 0;
	if (ui->ie.int_handle == INVALID_INT_HANDLE)
		return -EINVAL;

	desc->int_handle = ui->ie.int_handle;
	return 0;
}

/**
 * idxd_user_irq_open - Prepare for the interrupt of an open file
 * @ui:		The interrupt
 * @wq:		The work queue
 * @pasid:	PASID of the process
 *
 * Context: wq->wq_lock is held
 */
void idxd_user_irq_open(struct idxd_user_irq *ui, struct idxd_wq *wq, ioasid_t pasid)
{
	mutex_init(&ui->lock);
	ui->wq = wq;
	ui->ie.pasid = pasid;
	ui->ie.vector = -1;
	ui->ie.int_handle = INVALID_INT_HANDLE;

	guard(mutex)(&wq->user_irq_lock);
	guard(spinlock)(&wq->user_wake_lock);
	list_add_tail(&ui->node, &wq->user_irq_list);
}

/**
 * idxd_user_irq_close - Give back the interrupt of a file
 * @ui:	The interrupt
 *
 * To be called when no descriptor of the process is in the device any more, and
 * before its PASID can be that of another one.
 *
 * Context: Task context, may sleep
 */
void idxd_user_irq_close(struct idxd_user_irq *ui)
{
	struct idxd_wq *wq = ui->wq;

	guard(mutex)(&wq->user_irq_lock);
	scoped_guard(spinlock, &wq->user_wake_lock)
		list_del(&ui->node);

	guard(mutex)(&ui->lock);
	idxd_user_irq_unbind(ui);
}

/**
 * idxd_wq_stop_users - Let no process submit a descriptor any more
 * @wq:	The work queue, which is about to be disabled
 *
 * Who has it open gets -ENODEV from now on.
 *
 * Context: wq->wq_lock is held, may sleep
 */
void idxd_wq_stop_users(struct idxd_wq *wq)
{
	struct idxd_user_irq *ui;

	lockdep_assert_held(&wq->wq_lock);

	guard(mutex)(&wq->user_irq_lock);
	list_for_each_entry(ui, &wq->user_irq_list, node) {
		guard(mutex)(&ui->lock);
		ui->gone = true;
	}
}

static void idxd_wq_take_user_irqs(struct idxd_wq *wq, bool halted)
{
	struct idxd_user_irq *ui;

	lockdep_assert_held(&wq->wq_lock);

	guard(mutex)(&wq->user_irq_lock);
	list_for_each_entry(ui, &wq->user_irq_list, node) {
		guard(mutex)(&ui->lock);

		if (ui->ie.vector < 0)
			continue;
		/* The command would wait for the thread which handles the halt */
		if (halted)
			ui->ie.int_handle = INVALID_INT_HANDLE;
		idxd_user_irq_release(ui);
		eventfd_signal(ui->eventfd);
	}
}

/**
 * idxd_wq_revoke_user_irqs - Take the interrupts from the processes and wake them
 * @wq:	The work queue, which is disabled
 *
 * Context: wq->wq_lock is held, may sleep. After idxd_wq_stop_users().
 */
void idxd_wq_revoke_user_irqs(struct idxd_wq *wq)
{
	idxd_wq_take_user_irqs(wq, false);
}

/**
 * idxd_wqs_revoke_users - Take the work queues of a device from all processes
 * @idxd:	The device, which is halted
 *
 * Context: Task context, may sleep. Sends no command to the device.
 */
void idxd_wqs_revoke_users(struct idxd_device *idxd)
{
	int i;

	for (i = 0; i < idxd->max_wqs; i++) {
		struct idxd_wq *wq = idxd->wqs[i];

		guard(mutex)(&wq->wq_lock);
		idxd_wq_stop_users(wq);
		idxd_wq_take_user_irqs(wq, true);
	}
}

static bool idxd_user_irq_renew(struct idxd_user_irq *ui)
{
	int handle;

	guard(mutex)(&ui->lock);

	if (ui->ie.vector < 0)
		return false;
	if (idxd_user_irq_get_handle(ui, &handle) < 0)
		handle = INVALID_INT_HANDLE;
	if (handle == ui->ie.int_handle)
		return false;

	ui->ie.int_handle = handle;
	ui->generation++;
	set_bit(IDXD_USER_IRQ_RENEWED, &ui->flags);
	return true;
}

/**
 * idxd_wq_renew_user_handles - The device has revoked interrupt handles
 * @wq:	The work queue
 *
 * Each process whose handle has changed is woken, in order that it asks for the new
 * one and repeats what has failed. What has the old handle ends without an interrupt,
 * so nobody is woken before the device is through with that.
 *
 * Context: wq->wq_lock is held, may sleep
 */
void idxd_wq_renew_user_handles(struct idxd_wq *wq)
{
	struct idxd_user_irq *ui;
	bool renewed = false;

	lockdep_assert_held(&wq->wq_lock);

	scoped_guard(mutex, &wq->user_irq_lock) {
		list_for_each_entry(ui, &wq->user_irq_list, node)
			renewed |= idxd_user_irq_renew(ui);
	}
	if (!renewed)
		return;

	idxd_wq_drain(wq);

	guard(mutex)(&wq->user_irq_lock);
	list_for_each_entry(ui, &wq->user_irq_list, node) {
		guard(mutex)(&ui->lock);

		if (ui->ie.vector >= 0 && test_and_clear_bit(IDXD_USER_IRQ_RENEWED, &ui->flags))
			eventfd_signal(ui->eventfd);
	}
}

/**
 * idxd_wq_wake_user - Wake a process without an interrupt of the device
 * @wq:		The work queue
 * @pasid:	PASID of the process
 *
 * For completion records which the device could not write, and the driver did.
 * Which file the descriptor came from is not known, so each of the process gets it.
 *
 * Context: Task context
 */
void idxd_wq_wake_user(struct idxd_wq *wq, ioasid_t pasid)
{
	struct idxd_user_irq *ui;

	guard(spinlock)(&wq->user_wake_lock);
	list_for_each_entry(ui, &wq->user_irq_list, node) {
		if (ui->ie.pasid == pasid && ui->eventfd)
			eventfd_signal(ui->eventfd);
	}
}

/**
 * idxd_wq_set_interrupts_max - Limit how many open files have an interrupt
 * @wq:		The work queue
 * @max:	The limit. Who has an interrupt keeps it if there are more.
 *
 * Context: Task context, may sleep
 */
void idxd_wq_set_interrupts_max(struct idxd_wq *wq, unsigned int max)
{
	guard(mutex)(&wq->user_irq_lock);
	wq->interrupts_max = max;
}
