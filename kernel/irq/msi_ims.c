// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): MSI domains on device specific storage
 *
 * A store is either device memory, which can be updated at any time, or queue
 * memory, which only the device can update and which takes a command to do so.
 * The first maps directly onto the mask, unmask and write callbacks of an
 * interrupt chip. For the second these callbacks only record the change and
 * irq_bus_sync_unlock() hands it to the device from sleepable context.
 */
#define pr_fmt(fmt) "ims: " fmt

#include <linux/cleanup.h>
#include <linux/device.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/msi.h>
#include <linux/mutex.h>
#include <linux/slab.h>

#include "internals.h"

/**
 * struct ims_domain - State of the IMS domain of a device
 * @store:	Copy of the driver's description
 *
 * Lives in the device resources, so that the domain goes before the driver's
 * mapping of the store does.
 */
struct ims_domain {
	struct ims_store	store;
};

/**
 * struct ims_vector_state - A vector of a store which uses callbacks
 * @vec:	What the callbacks get to see
 * @store:	The store which holds the vector
 * @lock:	Queue memory: serializes commits, taken as the chip bus lock
 * @error:	Queue memory: why the vector is not in the state that was asked
 *		for, 0 if it is
 * @dirty:	Queue memory: the device does not have the recorded state.
 *		Set under the interrupt descriptor lock.
 * @stopped:	Queue memory: the core has disabled the interrupt after a failed
 *		commit
 */
struct ims_vector_state {
	struct ims_vector	vec;
	const struct ims_store	*store;
	/* Outside of the interrupt descriptor lock */
	struct mutex		lock;
	int			error;
	bool			dirty;
	bool			stopped;
};

/* Device memory with the ready-made slot layout */

static void __iomem *ims_slot(struct irq_data *d)
{
	return (void __iomem __force *)irq_data_get_irq_chip_data(d);
}

static u32 ims_slot_control(struct irq_data *d)
{
	struct msi_domain_info *info = d->domain->host_data;
	struct ims_domain *ims = info->data;

	if (!ims->store.slots.control)
		return 0;
	return ims->store.slots.control(irq_data_get_msi_desc(d)->data.icookie) &
		~IMS_SLOT_CONTROL_MASK;
}

static void ims_slot_mask(struct irq_data *d)
{
	void __iomem *slot = ims_slot(d);

	writel(ims_slot_control(d) | IMS_SLOT_CONTROL_MASK, slot + IMS_SLOT_CONTROL);
	/* The caller relies on no message being sent from here on */
	readl(slot + IMS_SLOT_CONTROL);
}

static void ims_slot_unmask(struct irq_data *d)
{
	writel(ims_slot_control(d), ims_slot(d) + IMS_SLOT_CONTROL);
}

static void ims_slot_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	bool unmasked = !irqd_irq_masked(d);
	void __iomem *slot = ims_slot(d);

	/*
	 * The device must not send half of the old and half of the new message.
	 * An event which happens meanwhile sets the pending bit of the slot and
	 * is sent with the new message on unmask.
	 */
	if (unmasked)
		ims_slot_mask(d);

	writel(msg->address_lo, slot + IMS_SLOT_ADDRESS_LO);
	writel(msg->address_hi, slot + IMS_SLOT_ADDRESS_HI);
	writel(msg->data, slot + IMS_SLOT_DATA);
	irq_data_get_msi_desc(d)->msg = *msg;

	if (unmasked)
		ims_slot_unmask(d);
	/* The old target may go away once this returns */
	readl(slot + IMS_SLOT_DATA);
}

static int ims_slot_init(struct irq_domain *domain, struct msi_domain_info *info,
			 unsigned int virq, irq_hw_number_t hwirq, msi_alloc_info_t *arg)
{
	struct ims_domain *ims = info->data;
	void __iomem *slot = ims->store.slots.base + hwirq * ims->store.slots.stride;

	/* A vector which was never requested was never cleared on free either */
	writel(IMS_SLOT_CONTROL_MASK, slot + IMS_SLOT_CONTROL);
	writel(0, slot + IMS_SLOT_ADDRESS_LO);
	writel(0, slot + IMS_SLOT_ADDRESS_HI);
	writel(0, slot + IMS_SLOT_DATA);

	irq_domain_set_info(domain, virq, hwirq, info->chip, (void __force *)slot,
			    info->handler, info->handler_data, info->handler_name);
	return 0;
}

/* Stores with callbacks */

static int ims_state_init(struct irq_domain *domain, struct msi_domain_info *info,
			  unsigned int virq, irq_hw_number_t hwirq, msi_alloc_info_t *arg)
{
	struct ims_domain *ims = info->data;
	struct ims_vector_state *state;

	state = kzalloc_obj(*state);
	if (!state)
		return -ENOMEM;

	state->store = &ims->store;
	state->vec.index = hwirq;
	state->vec.cookie = arg->desc->data.icookie;
	state->vec.data = ims->store.data;
	mutex_init(&state->lock);

	irq_domain_set_info(domain, virq, hwirq, info->chip, state,
			    info->handler, info->handler_data, info->handler_name);
	return 0;
}

static void ims_state_free(struct irq_domain *domain, struct msi_domain_info *info,
			   unsigned int virq)
{
	struct irq_data *d = irq_domain_get_irq_data(domain, virq);

	kfree(irq_data_get_irq_chip_data(d));
}

static void ims_device_mask(struct irq_data *d)
{
	struct ims_vector_state *state = irq_data_get_irq_chip_data(d);

	state->store->device_ops->mask(&state->vec);
}

static void ims_device_unmask(struct irq_data *d)
{
	struct ims_vector_state *state = irq_data_get_irq_chip_data(d);

	state->store->device_ops->unmask(&state->vec);
}

static void ims_device_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct ims_vector_state *state = irq_data_get_irq_chip_data(d);
	bool unmasked = !irqd_irq_masked(d);

	if (unmasked)
		ims_device_mask(d);

	state->store->device_ops->write_msg(&state->vec, msg);
	irq_data_get_msi_desc(d)->msg = *msg;

	if (unmasked)
		ims_device_unmask(d);
}

/*
 * Queue memory: the mask state itself is recorded by the interrupt core, which
 * updates it under the same descriptor lock as these callbacks run under.
 *
 * A vector which is masked from its flow handler reaches the device with the
 * next commit only. Until then the core keeps interrupts pending, which is safe
 * because they are edge triggered.
 */
static void ims_queue_mask_changed(struct irq_data *d)
{
	struct ims_vector_state *state = irq_data_get_irq_chip_data(d);

	if (!(state->store->flags & IMS_STORE_NO_MASK))
		WRITE_ONCE(state->dirty, true);
}

static void ims_queue_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct ims_vector_state *state = irq_data_get_irq_chip_data(d);

	irq_data_get_msi_desc(d)->msg = *msg;
	WRITE_ONCE(state->dirty, true);
}

static void ims_queue_bus_lock(struct irq_data *d)
{
	struct ims_vector_state *state = irq_data_get_irq_chip_data(d);

	mutex_lock(&state->lock);
}

/*
 * What the device has to know of the mask state. A mask which the flow handler
 * or the suspend code undo on their own is none of its business, because they do
 * so without the chip bus lock and nothing would be committed then.
 */
static bool ims_queue_masked(struct irq_desc *desc)
{
	lockdep_assert_held(&desc->lock);

	if (!irqd_irq_masked(&desc->irq_data) || !irqd_irq_disabled(&desc->irq_data))
		return false;
	return !(desc->istate & IRQS_SUSPENDED) || desc->depth > 1;
}

static int ims_queue_commit(struct irq_data *d, struct ims_vector_state *state)
{
	struct irq_desc *desc = irq_data_to_desc(d);
	struct msi_msg msg;
	bool masked;
	int ret;

	scoped_guard(raw_spinlock_irqsave, &desc->lock) {
		msg = irq_data_get_msi_desc(d)->msg;
		masked = ims_queue_masked(desc);
		/* A change from now on, e.g. by the flow handler, is for the next commit */
		WRITE_ONCE(state->dirty, false);
	}

	/* Nothing to send is the next best to a mask */
	if (masked && (state->store->flags & IMS_STORE_NO_MASK))
		msg = (struct msi_msg){ };

	ret = state->store->queue_ops->commit(&state->vec, &msg, masked);
	if (ret)
		WRITE_ONCE(state->dirty, true);
	return ret;
}

/*
 * The device has refused the change. Disable the interrupt the way that
 * disable_irq() does, so that enable_irq() is the way to try again, and make one
 * attempt to get the masked state to the device.
 */
static void ims_queue_commit_failed(struct irq_data *d, struct ims_vector_state *state,
				    bool known)
{
	struct irq_desc *desc = irq_data_to_desc(d);
	int ret;

	scoped_guard(raw_spinlock_irqsave, &desc->lock) {
		if (desc->action && !irqd_irq_disabled(d)) {
			__disable_irq(desc);
			state->stopped = true;
		}
		mask_irq(desc);
	}
	ret = ims_queue_commit(d, state);

	/* Once, until the device takes a change again */
	if (!known) {
		dev_err(irq_data_get_msi_desc(d)->dev,
			"IMS vector %u: commit failed with error %d, vector is %s\n",
			state->vec.index, state->error,
			ret ? "disabled but its state in the device unknown" : "masked");
	}
}

static void ims_queue_bus_sync_unlock(struct irq_data *d)
{
	struct ims_vector_state *state = irq_data_get_irq_chip_data(d);

	/* Enabled again or freed: what follows is a new attempt */
	if (state->stopped && (!irqd_irq_disabled(d) || !irq_data_to_desc(d)->action))
		state->stopped = false;

	if (READ_ONCE(state->dirty)) {
		bool known = state->error;
		int ret = ims_queue_commit(d, state);

		/* That the mask got through does not make a stopped vector work */
		if (ret || !state->stopped)
			WRITE_ONCE(state->error, ret);
		if (ret)
			ims_queue_commit_failed(d, state, known);
	}
	mutex_unlock(&state->lock);
}

static void ims_set_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	arg->desc = desc;
	arg->hwirq = desc->msi_index;
}

#define IMS_DOMAIN_FLAGS	(MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS |	\
				 MSI_FLAG_FREE_MSI_DESCS)

static const struct msi_domain_template ims_slot_template = {
	.chip = {
		.irq_mask		= ims_slot_mask,
		.irq_unmask		= ims_slot_unmask,
		.irq_write_msi_msg	= ims_slot_write_msg,
		.flags			= IRQCHIP_ONESHOT_SAFE,
	},

	.ops = {
		.msi_init		= ims_slot_init,
		.set_desc		= ims_set_desc,
	},

	.info = {
		.flags			= IMS_DOMAIN_FLAGS,
	},
};

static const struct msi_domain_template ims_device_template = {
	.chip = {
		.irq_mask		= ims_device_mask,
		.irq_unmask		= ims_device_unmask,
		.irq_write_msi_msg	= ims_device_write_msg,
		.flags			= IRQCHIP_ONESHOT_SAFE,
	},

	.ops = {
		.msi_init		= ims_state_init,
		.msi_free		= ims_state_free,
		.set_desc		= ims_set_desc,
	},

	.info = {
		.flags			= IMS_DOMAIN_FLAGS,
	},
};

static const struct msi_domain_template ims_queue_template = {
	.chip = {
		.irq_mask		= ims_queue_mask_changed,
		.irq_unmask		= ims_queue_mask_changed,
		.irq_write_msi_msg	= ims_queue_write_msg,
		.irq_bus_lock		= ims_queue_bus_lock,
		.irq_bus_sync_unlock	= ims_queue_bus_sync_unlock,
		.flags			= IRQCHIP_ONESHOT_SAFE,
	},

	.ops = {
		.msi_init		= ims_state_init,
		.msi_free		= ims_state_free,
		.set_desc		= ims_set_desc,
	},

	.info = {
		.flags			= IMS_DOMAIN_FLAGS,
	},
};

/* Returns NULL when the description contradicts itself */
static const struct msi_domain_template *ims_store_template(const struct ims_store *store)
{
	const struct ims_slot_array *slots = &store->slots;
	const struct ims_device_ops *dops = store->device_ops;
	const struct ims_queue_ops *qops = store->queue_ops;

	if (store->size > MSI_MAX_INDEX + 1 || !!slots->base + !!dops + !!qops != 1)
		return NULL;

	switch (store->kind) {
	case IMS_STORE_DEVICE_MEMORY:
		if (slots->base && store->size && slots->stride >= IMS_SLOT_SIZE &&
		    IS_ALIGNED(slots->stride, sizeof(u32)))
			return &ims_slot_template;
		if (dops && dops->write_msg && dops->mask && dops->unmask)
			return &ims_device_template;
		return NULL;
	case IMS_STORE_QUEUE_MEMORY:
		return qops && qops->commit ? &ims_queue_template : NULL;
	default:
		return NULL;
	}
}

static bool ims_is_queue(struct irq_data *d)
{
	return d->chip->irq_bus_sync_unlock == ims_queue_bus_sync_unlock;
}

/* Let a queue memory store commit what is outstanding. Returns whether it did. */
static bool ims_queue_flush(struct irq_data *d)
{
	struct ims_vector_state *state = irq_data_get_irq_chip_data(d);

	if (READ_ONCE(state->dirty)) {
		ims_queue_bus_lock(d);
		ims_queue_bus_sync_unlock(d);
	}
	return !READ_ONCE(state->dirty);
}

/*
 * Calls @fn for each allocated vector. The descriptors are not locked meanwhile,
 * because @fn runs device commands, so nobody must free a vector concurrently.
 * Returns the first error.
 */
static int ims_walk_vectors(struct device *dev, const struct ims_store *store,
			    int (*fn)(struct irq_data *d))
{
	unsigned int index, virq, size = store->size ?: MSI_MAX_INDEX + 1;
	int ret = 0, err;

	for (index = 0; index < size; index++) {
		virq = msi_domain_get_virq(dev, MSI_SECONDARY_DOMAIN, index);
		err = virq ? fn(irq_get_irq_data(virq)) : 0;
		if (!ret)
			ret = err;
	}
	return ret;
}

static int ims_release_vector(struct irq_data *d)
{
	if (ims_is_queue(d) && !ims_queue_flush(d)) {
		dev_err(irq_data_get_msi_desc(d)->dev,
			"IMS vector %lu: not cleared by the device, reset the device\n", d->hwirq);
	}
	return 0;
}

static void ims_domain_release(struct device *dev, void *res)
{
	struct ims_domain *ims = res;

	ims_walk_vectors(dev, &ims->store, ims_release_vector);
	msi_domain_free_irqs_all(dev, MSI_SECONDARY_DOMAIN);
	msi_remove_device_irq_domain(dev, MSI_SECONDARY_DOMAIN);
}

static struct ims_domain *ims_find_domain(struct device *dev)
{
	return devres_find(dev, ims_domain_release, NULL, NULL);
}

/* Before the evidence is complete a driver is to come back, not to be turned away */
static int ims_permit(struct device *dev, enum ims_store_kind kind)
{
	struct ims_verdict verdict = ims_check(dev, kind);

	if (verdict.allowed)
		return 0;
	return verdict.reason == IMS_REASON_EARLY ? -EPROBE_DEFER : -EOPNOTSUPP;
}

/* A template of the driver comes with its own domain data, which may be NULL */
static int ims_add_domain(struct device *dev, const struct msi_domain_template *template,
			  const struct ims_store *store, bool own, void *data)
{
	struct ims_domain *ims;
	int ret;

	if (ims_find_domain(dev))
		return -EBUSY;
	ret = ims_permit(dev, store->kind);
	if (ret)
		return ret;

	ims = devres_alloc(ims_domain_release, sizeof(*ims), GFP_KERNEL);
	if (!ims)
		return -ENOMEM;
	ims->store = *store;

	if (!msi_create_device_irq_domain(dev, MSI_SECONDARY_DOMAIN, template, store->size,
					  own ? data : ims, NULL)) {
		devres_free(ims);
		return -ENODEV;
	}
	devres_add(dev, ims);
	return 0;
}

/**
 * ims_create_domain - Create the IMS domain of a device
 * @dev:	The device
 * @store:	Description of the store, copied
 * @bus:	What the bus contributes
 *
 * The domain is the secondary MSI domain of @dev, beside MSI or MSI-X. It goes
 * away with ims_remove_domain() or when the driver is unbound, including the
 * vectors which are still allocated. Interrupts have to be freed before.
 *
 * Context: Task context, may sleep. Serialized by the caller.
 *
 * Return: 0 on success, -EINVAL when @store contradicts itself, -EBUSY when the
 * device has an IMS domain already, -EOPNOTSUPP when the platform check says
 * no, -ENOMEM when out of memory, -ENODEV when the MSI parent domain refused
 */
int ims_create_domain(struct device *dev, const struct ims_store *store,
		      const struct ims_bus *bus)
{
	const struct msi_domain_template *base = ims_store_template(store);
	struct msi_domain_template template;

	if (!base)
		return -EINVAL;

	template = *base;
	template.chip.name = bus->chip_name;
	template.info.bus_token = bus->bus_token;
	template.info.flags |= bus->flags;
	return ims_add_domain(dev, &template, store, false, NULL);
}

/**
 * ims_create_template_domain - Create an IMS domain with the driver's own chip
 * @dev:	The device
 * @template:	Template with complete chip and domain callbacks
 * @hwsize:	Number of vectors, 0 when only limited by software
 * @data:	Optional: stored in msi_domain_info::data
 *
 * A template with irq_bus_sync_unlock() is taken to be for queue memory. The
 * core does not restore the messages of such a domain, see ims_restore().
 *
 * Context: Task context, may sleep. Serialized by the caller.
 *
 * Return: 0 on success or an error code as from ims_create_domain()
 */
int ims_create_template_domain(struct device *dev, const struct msi_domain_template *template,
			       unsigned int hwsize, void *data)
{
	struct msi_domain_template copy = *template;
	struct ims_store store = {
		.kind	= template->chip.irq_bus_sync_unlock ?
			  IMS_STORE_QUEUE_MEMORY : IMS_STORE_DEVICE_MEMORY,
		.size	= hwsize,
	};

	/* The index is the hardware interrupt number, nothing else is unique */
	if (!copy.ops.set_desc)
		copy.ops.set_desc = ims_set_desc;
	return ims_add_domain(dev, &copy, &store, true, data);
}

/**
 * ims_remove_domain - Remove the IMS domain of a device
 * @dev:	The device
 *
 * Frees the vectors which are still allocated. Their interrupts must have been
 * freed. Does nothing when there is no domain made by ims_create_domain().
 *
 * Context: Task context, may sleep. Serialized by the caller.
 */
void ims_remove_domain(struct device *dev)
{
	devres_release(dev, ims_domain_release, NULL, NULL);
}

/**
 * ims_alloc_irq - Allocate one vector from the IMS domain of a device
 * @dev:	The device
 * @cookie:	Optional: handed to the callbacks of the store
 * @affdesc:	Optional: initial affinity. Queue memory does not support
 *		managed affinity.
 *
 * Context: Task context, may sleep
 *
 * Return: map.index >= 0 and map.virq > 0 on success, otherwise map.virq is 0
 * and map.index a negative error code
 */
struct msi_map ims_alloc_irq(struct device *dev, union msi_instance_cookie *cookie,
			     const struct irq_affinity_desc *affdesc)
{
	struct ims_domain *ims;

	if (!dev->msi.data)
		return (struct msi_map){ .index = -ENODEV };

	/* CPU hotplug shuts managed interrupts down without the chip bus lock */
	if (affdesc && affdesc->is_managed) {
		ims = ims_find_domain(dev);
		if (ims && ims->store.kind == IMS_STORE_QUEUE_MEMORY)
			return (struct msi_map){ .index = -EINVAL };
	}

	return msi_domain_alloc_irq_at(dev, MSI_SECONDARY_DOMAIN, MSI_ANY_INDEX, affdesc, cookie);
}

/**
 * ims_alloc_irqs - Allocate several vectors, all or none
 * @dev:	The device
 * @nvec:	Number of vectors
 * @cookies:	Optional: array of @nvec cookies
 * @affdesc:	Optional: array of @nvec initial affinities
 * @maps:	Array of @nvec entries for the result
 *
 * Context: Task context, may sleep
 *
 * Return: 0 on success, otherwise a negative error code and nothing is allocated
 */
int ims_alloc_irqs(struct device *dev, unsigned int nvec,
		   const union msi_instance_cookie *cookies,
		   const struct irq_affinity_desc *affdesc, struct msi_map *maps)
{
	union msi_instance_cookie cookie = { };
	unsigned int i;
	int ret;

	for (i = 0; i < nvec; i++) {
		if (cookies)
			cookie = cookies[i];
		maps[i] = ims_alloc_irq(dev, &cookie, affdesc ? affdesc + i : NULL);
		if (maps[i].index < 0)
			goto unwind;
	}
	return 0;

unwind:
	ret = maps[i].index;
	while (i--)
		ims_free_irq(dev, maps[i]);
	return ret;
}

/**
 * ims_free_irq - Free a vector
 * @dev:	The device
 * @map:	What ims_alloc_irq() or ims_alloc_irqs() returned
 *
 * The interrupt must have been freed, which has masked the vector and cleared
 * its message. If a queue memory store could not commit that then another
 * attempt is made here. If this fails as well the device may still send the old
 * message, so the vector is kept until the domain is removed.
 *
 * Context: Task context, may sleep
 */
void ims_free_irq(struct device *dev, struct msi_map map)
{
	struct msi_desc *desc;
	struct irq_data *d;

	if (WARN_ON_ONCE(map.index < 0 || map.virq <= 0))
		return;

	d = irq_get_irq_data(map.virq);
	desc = d ? irq_data_get_msi_desc(d) : NULL;
	if (WARN_ON_ONCE(!desc || desc->dev != dev || desc->msi_index != map.index))
		return;

	if (ims_is_queue(d) && !ims_queue_flush(d)) {
		dev_err(dev, "IMS vector %d: not cleared by the device, index stays in use\n",
			map.index);
		return;
	}
	msi_domain_free_irqs_range(dev, MSI_SECONDARY_DOMAIN, map.index, map.index);
}

/**
 * ims_vector_error - Ask whether the device has taken the last change
 * @dev:	The device
 * @index:	Index of the vector
 *
 * request_irq() and friends cannot tell that a queue memory store failed to
 * commit. The vector is disabled then, enable_irq() tries again.
 *
 * Context: Task context, may sleep
 *
 * Return: 0 when it has, what the commit callback returned when not, -ENOENT
 * when there is no such vector
 */
int ims_vector_error(struct device *dev, unsigned int index)
{
	unsigned int virq = msi_domain_get_virq(dev, MSI_SECONDARY_DOMAIN, index);
	struct ims_vector_state *state;
	struct irq_data *d;

	if (!virq)
		return -ENOENT;

	d = irq_get_irq_data(virq);
	if (!ims_is_queue(d))
		return 0;

	state = irq_data_get_irq_chip_data(d);
	return READ_ONCE(state->error);
}

static int ims_restore_vector(struct irq_data *d)
{
	struct irq_desc *desc = irq_data_to_desc(d);

	if (ims_is_queue(d)) {
		struct ims_vector_state *state = irq_data_get_irq_chip_data(d);

		WRITE_ONCE(state->dirty, true);
		/* Stopped by an earlier failure: this is the next attempt */
		if (state->stopped)
			enable_irq(d->irq);
		else
			ims_queue_flush(d);
		return READ_ONCE(state->error);
	}

	scoped_guard(raw_spinlock_irqsave, &desc->lock) {
		struct msi_msg msg = irq_data_get_msi_desc(d)->msg;

		/* Writing the message unmasks again, if that is the state */
		d->chip->irq_mask(d);
		d->chip->irq_write_msi_msg(d, &msg);
	}
	return 0;
}

/**
 * ims_restore - Rewrite all messages after the device lost its store
 * @dev:	The device
 * @kind:	Restore only if the store of @dev is of this kind. Device memory
 *		can be restored as soon as it is accessible, queue memory when
 *		the driver has set the device up again.
 *
 * Context: Task context, may sleep. The device must not raise events and no
 * vector must be freed concurrently.
 *
 * Return: 0 on success, otherwise the first error. The failed vectors are
 * disabled, the others are restored.
 */
int ims_restore(struct device *dev, enum ims_store_kind kind)
{
	struct ims_domain *ims = ims_find_domain(dev);

	/* Without operations the chip is the driver's own and so is the restore */
	if (!ims || ims->store.kind != kind || !ims_store_template(&ims->store))
		return 0;

	return ims_walk_vectors(dev, &ims->store, ims_restore_vector);
}

/**
 * ims_device_store - Get the description of the store of a device
 * @dev:	The device
 *
 * Context: The device is locked or its driver does not go away otherwise
 *
 * Return: The description or NULL when the device has no IMS domain
 */
const struct ims_store *ims_device_store(struct device *dev)
{
	struct ims_domain *ims = ims_find_domain(dev);

	return ims ? &ims->store : NULL;
}

/**
 * ims_vectors_in_use - Count the allocated vectors
 * @dev:	The device, must have an IMS domain
 *
 * Context: Task context, may sleep
 *
 * Return: Number of vectors which are allocated in the IMS domain of @dev
 */
unsigned int ims_vectors_in_use(struct device *dev)
{
	struct msi_desc *desc;
	unsigned int n = 0;

	guard(msi_descs_lock)(dev);
	msi_domain_for_each_desc(desc, dev, MSI_SECONDARY_DOMAIN, MSI_DESC_ASSOCIATED)
		n++;
	return n;
}
