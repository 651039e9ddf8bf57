// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): messages in queue memory
 *
 * Only the device can change them, which takes a command of the driver that may
 * sleep and may fail. The chip callbacks run with the interrupt descriptor locked
 * and often without the chip bus lock: from a flow handler, after suspend, from
 * CPU hotplug. So they only write down what is wanted, and ims_queue_sync() gets
 * the device there, in irq_bus_sync_unlock() or in a worker.
 *
 * What is wanted of a vector follows from @started, @masked, msi_desc::msg and
 * @failed. @acked is what the device has confirmed, if @known. There is no record
 * of changes, the two are compared. This cannot miss one:
 *
 * - The callbacks change what is wanted under the descriptor lock.
 * - @busy is set under that lock by whoever holds @lock and is going to compare.
 *   ims_queue_next() compares under the descriptor lock and clears @busy in the
 *   same critical section only if there is nothing (more) to be done.
 * - So a change either finds @busy set and is seen by a later comparison, or it
 *   finds it clear and schedules the worker, which compares.
 *
 * A difference stays only
 *
 * - when the device has refused it. The vector is reported, and quiet unless the
 *   device has refused that as well. A parent which can mask ignores it until the
 *   next attempt. What enables the interrupt sets @retry under the descriptor lock,
 *   and the comparison which follows makes that attempt.
 * - when the device is in a low power state or does not answer. The driver has the
 *   store restored as soon as the device takes commands again, and
 *   ims_queue_restore() compares.
 * - when the worker finds that interrupts are suspended, because the driver's own
 *   completion interrupt may be as well. It looks again a little later.
 * - when the worker finds that the bus is about to reset the device or has done so,
 *   and the driver has not set it up yet. The same ims_queue_restore() follows.
 *
 * In the last two cases what the driver does to an interrupt goes to the device.
 */
#define pr_fmt(fmt) "ims: " fmt

#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/irq.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "internals.h"
#include "msi_ims.h"

#define CREATE_TRACE_POINTS
#include <trace/events/ims.h>

/* What frees memory may wait for an interrupt that is to be unmasked */
static struct workqueue_struct *ims_queue_wq __ro_after_init;

/* How long the worker waits for interrupts that are suspended, in jiffies */
#define IMS_QUEUE_AGAIN		(HZ / 10)

/**
 * struct ims_queue_state - State of a vector in the device
 * @msg:	The message, all zero when there is nothing to be sent
 * @masked:	The device must not send the message
 */
struct ims_queue_state {
	struct msi_msg		msg;
	bool			masked;
};

/**
 * struct ims_queue_vector - A vector in queue memory
 * @vec:	What the callbacks get to see
 * @irq_data:	The interrupt in the IMS domain
 * @work:	Synchronizes when nobody else does
 * @lock:	The chip bus lock, held across commits
 * @acked:	What the device has confirmed, protected by @lock
 * @known:	The device holds @acked, protected by @lock
 * @failed:	A commit failed and no new attempt was asked for since, protected
 *		by @lock
 * @error:	Why the vector does not work, 0 if it does, protected by @lock
 * @orphan:	Freed, but the device still has its message, protected by @lock
 * @started:	The interrupt is in use, protected by the descriptor lock
 * @masked:	The interrupt core wants it masked, protected by the descriptor lock
 * @retry:	A new attempt is asked for, protected by the descriptor lock
 * @busy:	The holder of @lock is going to look, protected by the descriptor
 *		lock
 * @muted:	Masked in the parent, protected by the descriptor lock
 */
struct ims_queue_vector {
	struct ims_vector	vec;
	struct irq_data		*irq_data;
	struct delayed_work	work;
	/* Outside of the interrupt descriptor lock */
	struct mutex		lock;
	struct ims_queue_state	acked;
	int			error;
	bool			known;
	bool			failed;
	bool			orphan;
	bool			started;
	bool			masked;
	bool			retry;
	bool			busy;
	bool			muted;
};

static raw_spinlock_t *ims_queue_desc_lock(struct ims_queue_vector *v)
{
	return &irq_data_to_desc(v->irq_data)->lock;
}

static struct ims_domain *ims_queue_domain(struct ims_queue_vector *v)
{
	return ims_of(v->irq_data);
}

static bool ims_queue_same(const struct ims_queue_state *a, const struct ims_queue_state *b)
{
	return a->masked == b->masked && a->msg.address_lo == b->msg.address_lo &&
		a->msg.address_hi == b->msg.address_hi && a->msg.data == b->msg.data;
}

/* Neither in use nor to be tried again: nothing is to be sent */
static bool ims_queue_quiet(struct ims_queue_vector *v)
{
	return !v->started || v->failed;
}

static void ims_queue_wanted(struct ims_queue_vector *v, struct ims_queue_state *want)
{
	lockdep_assert_held(ims_queue_desc_lock(v));

	*want = (struct ims_queue_state){ .masked = true };
	if (ims_queue_quiet(v))
		return;

	want->msg = irq_data_get_msi_desc(v->irq_data)->msg;
	want->masked = v->masked && !(ims_queue_domain(v)->store.flags & IMS_STORE_NO_MASK);
}

static bool ims_queue_settled(struct ims_queue_vector *v, struct ims_queue_state *want)
{
	lockdep_assert_held(&v->lock);

	ims_queue_wanted(v, want);
	return v->known && ims_queue_same(want, &v->acked);
}

/* Why the device cannot be asked, 0 if it can be */
static int ims_queue_unable(struct ims_domain *ims)
{
	int ret = ims_access(ims);

	if (ret)
		return ret;
	return test_bit(IMS_DOMAIN_DEAD, &ims->flags) ? -ENODEV : 0;
}

static void ims_queue_begin(struct ims_queue_vector *v)
{
	lockdep_assert_held(&v->lock);

	guard(raw_spinlock_irqsave)(ims_queue_desc_lock(v));
	v->busy = true;
}

/* The device may send a message which it should not have any more: nobody expects that */
static void ims_queue_mute(struct ims_queue_vector *v, bool mute)
{
	lockdep_assert_held(ims_queue_desc_lock(v));

	if (v->muted == mute || !v->irq_data->parent_data->chip->irq_mask)
		return;

	v->muted = mute;
	if (mute)
		irq_chip_mask_parent(v->irq_data);
	else
		irq_chip_unmask_parent(v->irq_data);
}

/*
 * The step which decides what is sent next. Returns false and ends the busy phase
 * when nothing is. What the device has just refused is not sent again.
 */
static bool ims_queue_next(struct ims_queue_vector *v, struct ims_queue_state *want,
			   const struct ims_queue_state *refused)
{
	guard(raw_spinlock_irqsave)(ims_queue_desc_lock(v));

	if (v->retry) {
		v->retry = false;
		v->failed = false;
		refused = NULL;
		/* Before the device can send */
		if (v->started)
			ims_queue_mute(v, false);
	}
	if (ims_queue_settled(v, want)) {
		v->busy = false;
	} else {
		v->busy = !ims_queue_unable(ims_queue_domain(v)) &&
			  !(refused && ims_queue_same(want, refused));
		if (!v->busy && ims_queue_quiet(v))
			ims_queue_mute(v, true);
	}
	return v->busy;
}

static void ims_queue_refused(struct ims_queue_vector *v, int error)
{
	struct ims_domain *ims = ims_queue_domain(v);
	bool reported = v->error;

	v->known = false;
	v->failed = true;
	v->error = error;

	/* The next vector would wait for nothing once more */
	if (error == -ENODEV || error == -ETIMEDOUT) {
		reported = true;
		if (!test_and_set_bit(IMS_DOMAIN_DEAD, &ims->flags))
			dev_err(ims->dev, "IMS vector %u: commit failed with error %d, device is not asked again until it is restored\n",
				v->vec.index, error);
	}
	if (!reported)
		dev_err(ims->dev, "IMS vector %u: commit failed with error %d, vector is disabled\n",
			v->vec.index, error);
}

static int ims_queue_commit(struct ims_queue_vector *v, const struct ims_queue_state *want)
{
	int ret = ims_queue_domain(v)->store.queue_ops->commit(&v->vec, &want->msg, want->masked);

	trace_ims_commit(ims_queue_domain(v)->dev, &v->vec, &want->msg, want->masked, ret);
	if (ret) {
		ims_queue_refused(v, ret);
		return ret;
	}

	v->acked = *want;
	v->known = true;
	if (!v->failed)
		v->error = 0;
	return 0;
}

/*
 * Gets the device to where it is wanted. If it refuses then what is wanted next is
 * a quiet vector, so there is one more attempt.
 */
static void ims_queue_sync(struct ims_queue_vector *v)
{
	const struct ims_queue_state *last = NULL;
	struct ims_queue_state want, refused;

	lockdep_assert_held(&v->lock);

	while (ims_queue_next(v, &want, last)) {
		last = NULL;
		if (ims_queue_commit(v, &want)) {
			refused = want;
			last = &refused;
		}
	}
}

/* Nobody may be there yet to complete a command, see above */
static bool ims_queue_hold(struct ims_queue_vector *v)
{
	lockdep_assert_held(ims_queue_desc_lock(v));

	if (test_bit(IMS_DOMAIN_LOST, &ims_queue_domain(v)->flags))
		return true;
	if (!(irq_data_to_desc(v->irq_data)->istate & IRQS_SUSPENDED))
		return false;

	/* The resume tells nobody if the driver has disabled the interrupt as well */
	queue_delayed_work(ims_queue_wq, &v->work, IMS_QUEUE_AGAIN);
	return true;
}

static void ims_queue_work(struct work_struct *work)
{
	struct ims_queue_vector *v = container_of(work, struct ims_queue_vector, work.work);

	guard(mutex)(&v->lock);
	scoped_guard(raw_spinlock_irqsave, ims_queue_desc_lock(v)) {
		if (ims_queue_hold(v))
			return;
		v->busy = true;
	}
	ims_queue_sync(v);
}

/* Chip callbacks */

static struct ims_queue_vector *ims_queue_vector(struct irq_data *d)
{
	return irq_data_get_irq_chip_data(d);
}

static void ims_queue_changed(struct ims_queue_vector *v)
{
	lockdep_assert_held(ims_queue_desc_lock(v));

	if (!v->busy)
		mod_delayed_work(ims_queue_wq, &v->work, 0);
}

static void ims_queue_mask(struct irq_data *d)
{
	struct ims_queue_vector *v = ims_queue_vector(d);

	v->masked = true;
	ims_queue_changed(v);
}

static void ims_queue_unmask(struct irq_data *d)
{
	struct ims_queue_vector *v = ims_queue_vector(d);

	v->masked = false;
	ims_queue_changed(v);
}

/* Called by enable_irq() although disable_irq() may have left the vector unmasked */
static void ims_queue_enable(struct irq_data *d)
{
	ims_queue_vector(d)->retry = true;
	ims_queue_unmask(d);
}

static unsigned int ims_queue_startup(struct irq_data *d)
{
	ims_startup_parent(d);
	ims_queue_vector(d)->started = true;
	ims_queue_enable(d);
	return 0;
}

static void ims_queue_shutdown(struct irq_data *d)
{
	ims_queue_vector(d)->started = false;
	ims_queue_mask(d);
	ims_shutdown_parent(d);
}

/* The message of a vector which is not in use is written down only */
static void ims_queue_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct ims_queue_vector *v = ims_queue_vector(d);

	irq_data_get_msi_desc(d)->msg = *msg;
	if (v->started)
		ims_queue_changed(v);
}

static void ims_queue_bus_lock(struct irq_data *d)
{
	struct ims_queue_vector *v = ims_queue_vector(d);

	mutex_lock(&v->lock);
	ims_queue_begin(v);
}

static void ims_queue_bus_sync_unlock(struct irq_data *d)
{
	struct ims_queue_vector *v = ims_queue_vector(d);

	ims_queue_sync(v);
	mutex_unlock(&v->lock);
}

/* Life of a vector */

static int ims_queue_init(struct irq_domain *domain, struct msi_domain_info *info,
			  unsigned int virq, irq_hw_number_t hwirq, msi_alloc_info_t *arg)
{
	struct ims_domain *ims = info->chip_data;
	struct ims_queue_vector *v;

	v = kzalloc_obj(*v);
	if (!v)
		return -ENOMEM;

	v->vec.index = hwirq;
	v->vec.cookie = arg->desc->data.icookie;
	v->vec.data = ims->store.data;
	v->irq_data = irq_domain_get_irq_data(domain, virq);
	v->masked = true;
	/* The store was made silent when the domain was created */
	v->acked.masked = true;
	v->known = true;
	mutex_init(&v->lock);
	INIT_DELAYED_WORK(&v->work, ims_queue_work);
	ims_init_irq(domain, info, virq, hwirq, v);
	return 0;
}

static void ims_queue_free(struct irq_domain *domain, struct msi_domain_info *info,
			   unsigned int virq)
{
	struct ims_queue_vector *v = ims_queue_vector(irq_domain_get_irq_data(domain, virq));

	cancel_delayed_work_sync(&v->work);
	mutex_destroy(&v->lock);
	kfree(v);
}

static int ims_queue_quiesce(struct ims_domain *ims)
{
	const struct ims_queue_ops *ops = ims->store.queue_ops;

	if (!ims_queue_wq)
		return -ENOMEM;
	return ops->quiesce ? ops->quiesce(ims->store.data) : 0;
}

/* Why the device is not where it is wanted */
static int ims_queue_status(struct ims_queue_vector *v)
{
	struct ims_queue_state want;

	lockdep_assert_held(&v->lock);

	scoped_guard(raw_spinlock_irqsave, ims_queue_desc_lock(v)) {
		if (ims_queue_settled(v, &want) && !(v->error && v->started))
			return 0;
	}
	/* The device cannot be asked, or it could not until just now */
	return v->error ?: ims_queue_unable(ims_queue_domain(v)) ?: -EAGAIN;
}

/* What comes of a command from before must not count as the word of the device now */
static int ims_queue_drain(struct irq_data *d)
{
	guard(mutex)(&ims_queue_vector(d)->lock);
	return 0;
}

static int ims_queue_restore(struct irq_data *d)
{
	struct ims_queue_vector *v = ims_queue_vector(d);
	int ret;

	guard(mutex)(&v->lock);
	scoped_guard(raw_spinlock_irqsave, ims_queue_desc_lock(v)) {
		/* A vector which is not in use has nothing to lose */
		if (v->started)
			v->known = false;
		v->retry = true;
		v->busy = true;
	}
	ims_queue_sync(v);
	ret = ims_queue_status(v);
	return !ret && v->orphan ? IMS_RESTORED_ORPHAN : ret;
}

static int ims_queue_release(struct irq_data *d)
{
	struct ims_queue_vector *v = ims_queue_vector(d);
	int ret;

	/* Nobody is there to send anything */
	if (ims_access(ims_queue_domain(v)) == -ENODEV)
		return 0;

	guard(mutex)(&v->lock);
	ims_queue_begin(v);
	ims_queue_sync(v);
	ret = ims_queue_status(v);
	v->orphan = ret;
	return ret;
}

static int ims_queue_error(struct irq_data *d)
{
	struct ims_queue_vector *v = ims_queue_vector(d);

	/* What was just enabled without the chip bus lock counts, too */
	flush_delayed_work(&v->work);
	guard(mutex)(&v->lock);
	return ims_queue_status(v);
}

static const struct msi_domain_template ims_queue_template = {
	.chip = {
		.irq_startup		= ims_queue_startup,
		.irq_shutdown		= ims_queue_shutdown,
		.irq_enable		= ims_queue_enable,
		.irq_mask		= ims_queue_mask,
		.irq_unmask		= ims_queue_unmask,
		.irq_write_msi_msg	= ims_queue_write_msg,
		.irq_bus_lock		= ims_queue_bus_lock,
		.irq_bus_sync_unlock	= ims_queue_bus_sync_unlock,
		.flags			= IRQCHIP_ONESHOT_SAFE,
	},

	.ops = {
		.msi_init		= ims_queue_init,
		.msi_free		= ims_queue_free,
		.set_desc		= ims_set_desc,
	},
};

const struct ims_kind_ops ims_queue_kind = {
	.template	= &ims_queue_template,
	.quiesce	= ims_queue_quiesce,
	.drain		= ims_queue_drain,
	.restore	= ims_queue_restore,
	.release	= ims_queue_release,
	.error		= ims_queue_error,
};

/* Before the evidence of the platform check is complete nobody gets a store */
static int __init ims_queue_wq_init(void)
{
	ims_queue_wq = alloc_workqueue("ims", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	return ims_queue_wq ? 0 : -ENOMEM;
}
subsys_initcall(ims_queue_wq_init);
