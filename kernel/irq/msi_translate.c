// SPDX-License-Identifier: GPL-2.0
/*
 * MSI messages which a host hands to its guest
 *
 * A guest cannot know what a device has to send. So it asks the host for a message
 * when an interrupt is allocated, lets the device send that, wherever the device
 * keeps its messages, and tells the host which interrupt of the guest it is to
 * raise. The message stays while the interrupt moves.
 *
 * This is the domain between the MSI domains of the devices and the one which the
 * interrupts of the guest come from. How the host is reached is said by the
 * architecture.
 *
 * An interrupt is told to the host when it is activated, not before: an interrupt
 * which is only reserved has no CPU. It is not taken back when it is deactivated,
 * as the device has no message then. The host forgets it with the message. A device
 * which refuses to give its message up is masked here, see msi_translate_mask(). One
 * which somebody else programs may still send the message of an interrupt which is
 * deactivated, and raise what the CPU vector belongs to now. So the domain does not
 * say that it isolates (IRQ_DOMAIN_FLAG_ISOLATED_MSI), and VFIO stays away.
 *
 * Locking: The calls of the host do not sleep. A message is allocated and freed
 * under msi_translate::lock, together with its place in the list, and with
 * interrupts disabled, so that msi_translate_resume() can do without the lock. What
 * the host raises is changed under the interrupt descriptor lock, or before anybody
 * else has the interrupt. A message which the host has replaced is fetched and
 * written under the descriptor lock as well, while the MSI descriptors of the device
 * are locked: an activation which has composed the old one is over then.
 */
#define pr_fmt(fmt) "msi: " fmt

#include <linux/cleanup.h>
#include <linux/delay.h>
#include <linux/device.h>
#include <linux/export.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/list.h>
#include <linux/msi.h>
#include <linux/msi_translate.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "internals.h"

/**
 * struct msi_translate - A domain
 * @info:	What the architecture contributes
 * @domain:	The domain
 * @lock:	Protects @vectors and msi_translate_vector::seen. Inside of the locks
 *		of the MSI descriptors of a device and of the domain.
 * @vectors:	The interrupts which have a message of the host
 * @work:	Fetches the messages which the host has replaced
 * @round:	Number of times that it did, in msi_translate_vector::seen
 * @irq:	The interrupt which says that there are some, 0 for none
 */
struct msi_translate {
	const struct msi_translate_info	*info;
	struct irq_domain		*domain;
	/* Held across calls of the host */
	struct mutex			lock;
	struct list_head		vectors;
	struct work_struct		work;
	unsigned int			round;
	unsigned int			irq;
};

/**
 * struct msi_translate_vector - An interrupt
 * @node:	In msi_translate::vectors
 * @dev:	The device, NULL for the interrupt of the host itself
 * @host:	The message, changed under the interrupt descriptor lock
 * @irq:	Linux interrupt number
 * @seen:	msi_translate::round of when the message was fetched
 * @route:	Where the interrupt goes, as the host was told
 * @told:	It was told, and has not forgotten
 * @masked:	It is told that the interrupt goes nowhere
 * @stale:	The host could not be told where the interrupt is now
 * @lost:	There was none for it after sleep. The handle may be another one's now.
 */
struct msi_translate_vector {
	struct list_head		node;
	struct device			*dev;
	struct msi_translate_handle	host;
	unsigned int			irq;
	unsigned int			seen;
	struct msi_msg			route;
	bool				told;
	bool				masked;
	bool				stale;
	bool				lost;
};

static struct msi_translate *msi_translate_of(struct irq_domain *domain)
{
	return domain->host_data;
}

static bool msi_translate_same(const struct msi_msg *a, const struct msi_msg *b)
{
	return a->address_lo == b->address_lo && a->address_hi == b->address_hi &&
	       a->data == b->data;
}

static int msi_translate_tell(struct irq_data *d, const struct msi_msg *route)
{
	const struct msi_translate_ops *ops = msi_translate_of(d->domain)->info->ops;
	struct msi_translate_vector *v = d->chip_data;
	int ret;

	/* Who activates an interrupt while it is allocated has no lock */
	guard(irqsave)();
	ret = v->dev ? ops->retarget(&v->host, route) : ops->notify(route);
	v->stale = ret;
	if (!ret)
		v->route = *route;
	return ret;
}

/* An interrupt which is requested gets its affinity set as well, so ask before */
static int msi_translate_retarget(struct irq_data *d)
{
	struct msi_translate_vector *v = d->chip_data;
	struct msi_msg route = { };
	int ret;

	if (v->lost)
		return -EIO;

	if (!v->masked)
		msi_translate_of(d->domain)->info->ops->compose_route(d, &route);
	if (v->told && !v->stale && msi_translate_same(&route, &v->route))
		return 0;

	ret = msi_translate_tell(d, &route);
	if (!ret)
		v->told = true;
	return ret;
}

/**
 * msi_translate_set_affinity - Move an interrupt, without a change to its device
 * @d:		The interrupt in the translating domain
 * @mask:	The CPUs
 * @force:	As for irq_chip::irq_set_affinity
 *
 * When the host does not take it then the interrupt arrives where it did before,
 * where the parent domain still expects it. The parent is busy then until the next
 * attempt gets through to the host, see msi_translate_is_told().
 *
 * Context: The interrupt descriptor is locked
 *
 * Return: IRQ_SET_MASK_* or a negative error code of the parent or of the host
 */
int msi_translate_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	struct msi_translate_vector *v = d->chip_data;
	struct irq_data *parent = d->parent_data;
	int ret, err;

	ret = parent->chip->irq_set_affinity(parent, mask, force);
	if (ret < 0 && !(ret == -EBUSY && v->stale))
		return ret;

	err = msi_translate_retarget(d);
	if (err)
		return err;
	return ret < 0 ? ret : IRQ_SET_MASK_OK_DONE;
}

/**
 * msi_translate_mask - Have the host raise nothing, whatever the device sends
 * @d:		The interrupt in the translating domain
 *
 * For a device which cannot be kept from sending. Its CPU vector may be somebody
 * else's soon.
 *
 * Context: The interrupt descriptor is locked
 */
void msi_translate_mask(struct irq_data *d)
{
	struct msi_translate_vector *v = d->chip_data;
	int ret;

	v->masked = true;
	ret = v->told ? msi_translate_retarget(d) : 0;
	if (ret)
		pr_warn_once("host still raises an interrupt that is masked: error %d\n", ret);
}

/**
 * msi_translate_unmask - Have the host raise an interrupt again
 * @d:		The interrupt in the translating domain
 *
 * Context: The interrupt descriptor is locked
 */
void msi_translate_unmask(struct irq_data *d)
{
	struct msi_translate_vector *v = d->chip_data;
	int ret;

	v->masked = false;
	ret = irqd_is_activated(d) ? msi_translate_retarget(d) : 0;
	if (ret)
		pr_warn_once("host does not raise an interrupt any more: error %d\n", ret);
}

/**
 * msi_translate_is_told - Whether the host knows where an interrupt is
 * @d:		The interrupt in the translating domain
 *
 * The parent domain may release what the interrupt had before it was moved then, as
 * nothing arrives there any more.
 *
 * Context: The interrupt descriptor is locked
 *
 * Return: True if the host has taken the last change
 */
bool msi_translate_is_told(struct irq_data *d)
{
	struct msi_translate_vector *v = d->chip_data;

	return v->told && !v->stale;
}

/**
 * msi_translate_compose_msg - Compose the message of an interrupt
 * @d:		The interrupt in the translating domain
 * @msg:	Where to store the message, which is that of the host
 */
void msi_translate_compose_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct msi_translate_vector *v = d->chip_data;

	*msg = v->host.msg;
}

static int msi_translate_activate(struct irq_domain *domain, struct irq_data *d, bool reserve)
{
	/* There is no CPU yet, or none any more */
	if (reserve || irqd_is_managed_and_shutdown(d))
		return 0;
	return msi_translate_retarget(d);
}

static int msi_translate_add(struct msi_translate *xlat, struct msi_translate_vector *v)
{
	int ret = 0;

	guard(mutex)(&xlat->lock);
	guard(irqsave)();
	if (v->dev)
		ret = xlat->info->ops->alloc(&v->host);
	if (!ret)
		list_add_tail(&v->node, &xlat->vectors);
	v->seen = xlat->round;
	return ret;
}

static void msi_translate_del(struct msi_translate *xlat, struct msi_translate_vector *v)
{
	int ret = 0;

	scoped_guard(mutex, &xlat->lock) {
		guard(irqsave)();
		list_del(&v->node);
		if (v->dev && !v->lost)
			ret = xlat->info->ops->free(&v->host);
	}
	if (ret)
		pr_warn_once("host does not take message %u of %s back: error %d\n",
			     v->host.handle, dev_name(v->dev), ret);
	kfree(v);
}

static int msi_translate_alloc_one(struct irq_domain *domain, unsigned int virq,
				   msi_alloc_info_t *arg)
{
	struct msi_translate *xlat = msi_translate_of(domain);
	int ret;

	struct msi_translate_vector *v __free(kfree) = kzalloc_obj(*v);
	if (!v)
		return -ENOMEM;

	v->irq = virq;
	v->dev = arg->desc ? arg->desc->dev : NULL;
	if (v->dev) {
		ret = xlat->info->ops->number(v->dev, &v->host.device);
		if (ret)
			return ret;
	}
	ret = msi_translate_add(xlat, v);
	if (ret)
		return ret;

	/* The number of a message is another one after sleep */
	irq_domain_set_info(domain, virq, virq, xlat->info->chip, no_free_ptr(v),
			    handle_edge_irq, NULL, "edge");
	return 0;
}

static int msi_translate_alloc(struct irq_domain *domain, unsigned int virq,
			       unsigned int nr_irqs, void *arg)
{
	int ret;

	/* Several messages of one MSI would have to be neighbours */
	if (nr_irqs > 1)
		return -ENOSPC;

	ret = irq_domain_alloc_irqs_parent(domain, virq, nr_irqs, arg);
	if (ret)
		return ret;

	ret = msi_translate_alloc_one(domain, virq, arg);
	if (ret)
		irq_domain_free_irqs_parent(domain, virq, nr_irqs);
	return ret;
}

static void msi_translate_free(struct irq_domain *domain, unsigned int virq, unsigned int nr_irqs)
{
	struct irq_data *d = irq_domain_get_irq_data(domain, virq);

	msi_translate_del(msi_translate_of(domain), d->chip_data);
	irq_domain_free_irqs_top(domain, virq, nr_irqs);
}

static const struct irq_domain_ops msi_translate_domain_ops = {
	.alloc		= msi_translate_alloc,
	.free		= msi_translate_free,
	.activate	= msi_translate_activate,
};

/**
 * msi_translate_device - Ask the host whether it hands out the messages of a device
 * @domain:	The translating domain
 * @dev:	The device
 *
 * Context: Task context, before a driver is bound
 *
 * Return: True if it does. The device belongs to the parent domain otherwise.
 */
bool msi_translate_device(struct irq_domain *domain, struct device *dev)
{
	return msi_translate_of(domain)->info->ops->query(dev);
}

/* Messages which the host has replaced */

/* The top of the hierarchy knows how to get a message to the device */
static void msi_translate_write(struct irq_data *d)
{
	struct msi_msg msg[2] = { };

	if (!irqd_is_activated(d) || irq_chip_compose_msi_msg(d, msg))
		return;
	d->chip->irq_write_msi_msg(d, msg);
}

static int msi_translate_fetch(struct msi_translate *xlat, struct msi_translate_vector *v)
{
	struct irq_desc *desc = irq_to_desc(v->irq);

	guard(raw_spinlock_irqsave)(&desc->lock);
	int ret = xlat->info->ops->read(&v->host);

	if (!ret)
		msi_translate_write(irq_desc_get_irq_data(desc));
	return ret;
}

/* What the device has sent while it had the old message is lost, so pretend */
static void msi_translate_raise(struct msi_translate_vector *v)
{
	struct irq_desc *desc = irq_to_desc(v->irq);

	guard(raw_spinlock_irqsave)(&desc->lock);
	if (irqd_is_started(irq_desc_get_irq_data(desc)))
		irq_chip_retrigger_hierarchy(irq_desc_get_irq_data(desc));
}

static struct msi_translate_vector *msi_translate_unseen(struct msi_translate *xlat)
{
	struct msi_translate_vector *v;

	lockdep_assert_held(&xlat->lock);

	list_for_each_entry(v, &xlat->vectors, node) {
		if (v->dev && v->seen != xlat->round)
			return v;
	}
	return NULL;
}

/*
 * Locks the MSI descriptors of a device which has messages that were not fetched yet,
 * and gets a reference of it. The order of the locks is the other one, so this is an
 * attempt. The device has descriptors as long as it has an interrupt in the list.
 */
static struct device *msi_translate_lock_next(struct msi_translate *xlat)
{
	struct msi_translate_vector *v;

	for (;;) {
		scoped_guard(mutex, &xlat->lock) {
			v = msi_translate_unseen(xlat);
			if (!v)
				return NULL;
			if (msi_descs_trylock(v->dev))
				return get_device(v->dev);
		}
		/* Who allocates or frees interrupts of the device is done soon */
		fsleep(1000);
	}
}

static int msi_translate_refresh_device(struct msi_translate *xlat, struct device *dev)
{
	struct msi_translate_vector *v;
	int ret = 0, err;

	scoped_guard(mutex, &xlat->lock) {
		list_for_each_entry(v, &xlat->vectors, node) {
			if (v->dev != dev)
				continue;
			v->seen = xlat->round;
			if (v->lost)
				continue;
			err = msi_translate_fetch(xlat, v);
			if (!ret)
				ret = err;
		}
	}

	/* Queue memory has it when the device has taken a command */
	if (IS_ENABLED(CONFIG_IRQ_MSI_IMS))
		ims_flush(dev);

	guard(mutex)(&xlat->lock);
	list_for_each_entry(v, &xlat->vectors, node) {
		if (v->dev == dev)
			msi_translate_raise(v);
	}
	return ret;
}

/**
 * msi_translate_refresh - Fetch all messages once more and get them to the devices
 * @domain:	The translating domain
 *
 * To be called after the host has replaced messages. Each interrupt is raised once
 * then, as the device may have sent an old message, which the host does not know any
 * more.
 *
 * Context: Task context, may sleep. Not concurrently for one domain.
 *
 * Return: 0 on success, otherwise the first error. An interrupt of which the message
 * could not be fetched keeps the old one.
 */
int msi_translate_refresh(struct irq_domain *domain)
{
	struct msi_translate *xlat = msi_translate_of(domain);
	struct device *dev;
	int ret = 0, err;

	scoped_guard(mutex, &xlat->lock)
		xlat->round++;

	while ((dev = msi_translate_lock_next(xlat))) {
		err = msi_translate_refresh_device(xlat, dev);
		msi_descs_unlock(dev);
		if (!ret)
			ret = err;
		put_device(dev);
	}
	return ret;
}

static void msi_translate_work(struct work_struct *work)
{
	struct msi_translate *xlat = container_of(work, struct msi_translate, work);
	int ret = msi_translate_refresh(xlat->domain);

	if (ret)
		pr_err("host has replaced messages, and some cannot be fetched: error %d\n", ret);
}

static irqreturn_t msi_translate_replaced(int irq, void *data)
{
	struct msi_translate *xlat = data;

	schedule_work(&xlat->work);
	return IRQ_HANDLED;
}

/**
 * msi_translate_watch - Have the host say when it has replaced messages
 * @domain:	The translating domain
 * @arg:	What the parent domain needs for an allocation, without a descriptor
 *
 * Context: Task context, may sleep
 *
 * Return: 0 on success or a negative error code. The host must not replace messages
 * then.
 */
int msi_translate_watch(struct irq_domain *domain, msi_alloc_info_t *arg)
{
	struct msi_translate *xlat = msi_translate_of(domain);
	int ret, virq;

	virq = irq_domain_alloc_irqs(domain, 1, NUMA_NO_NODE, arg);
	if (virq < 0)
		return virq;

	ret = request_irq(virq, msi_translate_replaced, IRQF_NO_SUSPEND, "msi-translate", xlat);
	if (ret)
		irq_domain_free_irqs(virq, 1);
	else
		xlat->irq = virq;
	return ret;
}

static int msi_translate_resume_one(struct msi_translate *xlat, struct msi_translate_vector *v)
{
	struct irq_data *mine = irq_domain_get_irq_data(xlat->domain, v->irq);
	struct irq_desc *desc = irq_to_desc(v->irq);
	struct irq_data *d = irq_desc_get_irq_data(desc);
	int ret;

	guard(raw_spinlock_irqsave)(&desc->lock);
	v->told = false;
	if (v->dev) {
		ret = xlat->info->ops->alloc(&v->host);
		v->lost = ret;
		/* The device must send something else, and the host drops this */
		if (ret)
			xlat->info->ops->compose_route(mine, &v->host.msg);
		msi_translate_write(d);
		if (ret)
			return ret;
	}
	return irqd_is_activated(d) ? msi_translate_retarget(mine) : 0;
}

/**
 * msi_translate_resume - Get all messages anew from a host which has none any more
 * @domain:	The translating domain
 *
 * For the time after sleep. What is written to devices which are still asleep gets to
 * them when they are restored.
 *
 * Context: The only running CPU, interrupts are disabled. Timekeeping has resumed.
 *
 * Return: 0 on success, otherwise the first error. An interrupt for which the host has
 * no message any more is dead until it is allocated again.
 */
int msi_translate_resume(struct irq_domain *domain)
{
	struct msi_translate *xlat = msi_translate_of(domain);
	struct msi_translate_vector *v;
	int ret = 0, err;

	list_for_each_entry(v, &xlat->vectors, node) {
		err = msi_translate_resume_one(xlat, v);
		if (!ret)
			ret = err;
	}
	return ret;
}

/**
 * msi_translate_create_domain - Create a domain for messages which the host hands out
 * @info:	What the architecture contributes
 *
 * Such a message never changes with the affinity, and it is good for no other device:
 * that is what the host vouches for.
 *
 * Context: Task context, may sleep
 *
 * Return: The domain, NULL when out of memory
 */
struct irq_domain *msi_translate_create_domain(const struct msi_translate_info *info)
{
	struct fwnode_handle *fwnode;

	struct msi_translate *xlat __free(kfree) = kzalloc_obj(*xlat);
	if (!xlat)
		return NULL;

	fwnode = irq_domain_alloc_named_fwnode(info->name);
	if (!fwnode)
		return NULL;

	xlat->info = info;
	mutex_init(&xlat->lock);
	INIT_LIST_HEAD(&xlat->vectors);
	INIT_WORK(&xlat->work, msi_translate_work);
	xlat->domain = irq_domain_create_hierarchy(info->parent, 0, 0, fwnode,
						   &msi_translate_domain_ops, xlat);
	if (!xlat->domain) {
		irq_domain_free_fwnode(fwnode);
		return NULL;
	}

	irq_domain_update_bus_token(xlat->domain, DOMAIN_BUS_NEXUS);
	xlat->domain->msi_parent_ops = info->parent_ops;
	xlat->domain->flags |= IRQ_DOMAIN_FLAG_MSI_PARENT | IRQ_DOMAIN_FLAG_MSI_IMMUTABLE |
			       IRQ_DOMAIN_FLAG_MSI_TRANSLATED;
	return no_free_ptr(xlat)->domain;
}

/**
 * msi_translate_remove_domain - Remove a domain
 * @domain:	The translating domain. Nobody has an interrupt of it.
 *
 * Context: Task context, may sleep
 */
void msi_translate_remove_domain(struct irq_domain *domain)
{
	struct msi_translate *xlat = msi_translate_of(domain);
	struct fwnode_handle *fwnode = domain->fwnode;

	if (xlat->irq) {
		free_irq(xlat->irq, xlat);
		irq_domain_free_irqs(xlat->irq, 1);
	}
	cancel_work_sync(&xlat->work);
	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
	mutex_destroy(&xlat->lock);
	kfree(xlat);
}
