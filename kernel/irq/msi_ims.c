// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): MSI domains on device specific storage
 *
 * The life of domains and vectors, whatever the kind of store. What differs is in
 * a file for each kind, see struct ims_kind_ops.
 *
 * The domain of a device and its vectors come and go under the MSI descriptor lock
 * of the device, and whoever walks the vectors holds it.
 */
#include <linux/cleanup.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/slab.h>

#include "internals.h"
#include "msi_ims.h"

void ims_set_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	arg->desc = desc;
	arg->hwirq = desc->msi_index;
}

/* The flow handler may as well be a matter of a domain further up */
void ims_init_irq(struct irq_domain *domain, struct msi_domain_info *info, unsigned int virq,
		  irq_hw_number_t hwirq, void *chip_data)
{
	irq_domain_set_hwirq_and_chip(domain, virq, hwirq, info->chip, chip_data);
	if (info->handler && info->handler_name) {
		__irq_set_handler(virq, info->handler, 0, info->handler_name);
		if (info->handler_data)
			irq_set_handler_data(virq, info->handler_data);
	}
}

/* Returns NULL when the description contradicts itself */
static const struct ims_kind_ops *ims_kind(const struct ims_store *store)
{
	const struct ims_slot_array *slots = &store->slots;
	const struct ims_device_ops *dops = store->device_ops;
	const struct ims_queue_ops *qops = store->queue_ops;
	const bool handed_out = store->kind == IMS_STORE_HANDED_OUT;

	if (store->size > MSI_MAX_INDEX + 1 || !!slots->base + !!dops + !!qops != !handed_out ||
	    (store->revoke && !handed_out))
		return NULL;

	switch (store->kind) {
	case IMS_STORE_DEVICE_MEMORY:
		if (slots->base && store->size && slots->stride >= IMS_SLOT_SIZE &&
		    IS_ALIGNED(slots->stride, sizeof(u32)))
			return &ims_slot_kind;
		if (dops && dops->write_msg && dops->mask && dops->unmask &&
		    (dops->quiesce || store->size))
			return &ims_device_kind;
		return NULL;
	case IMS_STORE_QUEUE_MEMORY:
		return qops && qops->commit ? &ims_queue_kind : NULL;
	case IMS_STORE_HANDED_OUT:
		return &ims_handed_kind;
	default:
		return NULL;
	}
}

/* The IMS domain of a device, NULL if it has none */
static struct ims_domain *ims_domain(struct device *dev)
{
	struct msi_domain_info *info;
	struct irq_domain *domain;

	domain = msi_get_device_domain(dev, MSI_SECONDARY_DOMAIN);
	if (!domain)
		return NULL;

	info = domain->host_data;
	return info->chip_data;
}

static bool ims_has_domain(struct device *dev)
{
	if (!dev->msi.data)
		return false;

	guard(msi_descs_lock)(dev);
	return ims_domain(dev);
}

/* Before the evidence is complete a driver is to come back, not to be turned away */
static int ims_permit(struct device *dev, enum ims_store_kind kind)
{
	struct ims_verdict verdict = ims_check(dev, kind);

	if (verdict.allowed)
		return 0;
	return verdict.reason == IMS_REASON_EARLY ? -EPROBE_DEFER : -EOPNOTSUPP;
}

/* No vector of an earlier kernel must fire once this one has a use for the store */
static int ims_quiesce(struct ims_domain *ims)
{
	if (!ims->ops || !ims->ops->quiesce)
		return 0;
	return ims_access(ims) ?: ims->ops->quiesce(ims);
}

/* Where the driver set no limit the parent domain may have done so */
static void ims_learn_size(struct ims_domain *ims)
{
	const struct msi_domain_info *info;

	guard(msi_descs_lock)(ims->dev);
	info = msi_get_device_domain(ims->dev, MSI_SECONDARY_DOMAIN)->host_data;
	ims->store.size = info->hwsize;
}

static int ims_add_domain(struct ims_domain *new, const struct msi_domain_template *template,
			  void *data)
{
	struct device *dev = new->dev;
	int ret;

	if (ims_has_domain(dev))
		return -EBUSY;
	ret = ims_permit(dev, new->store.kind);
	if (ret)
		return ret;

	struct ims_domain *ims __free(kfree) = kmemdup(new, sizeof(*new), GFP_KERNEL);
	if (!ims)
		return -ENOMEM;
	ret = ims_quiesce(ims);
	if (ret)
		return ret;

	if (!msi_create_device_irq_domain(dev, MSI_SECONDARY_DOMAIN, template, ims->store.size,
					  data, ims))
		return -ENODEV;
	ims_learn_size(ims);
	/* The domain has it now */
	retain_and_null_ptr(ims);
	return 0;
}

/**
 * ims_create_domain - Create the IMS domain of a device
 * @dev:	The device
 * @store:	Description of the store, copied
 * @bus:	What the bus contributes, must stay
 *
 * The domain is the secondary MSI domain of @dev, beside MSI or MSI-X. The whole
 * store is masked before.
 *
 * Context: Task context, may sleep. Serialized by the caller.
 *
 * Return: 0 on success, -EINVAL when @store contradicts itself, -EBUSY when the
 * device has an IMS domain already, -EOPNOTSUPP when the platform check says
 * no, -EPROBE_DEFER when it cannot say yet, -ENOMEM when out of memory, -EAGAIN when
 * the device is in a low power state,
 * -ENODEV when it is gone or when the MSI parent domain refused, or what the
 * quiesce callback of the store returned
 */
int ims_create_domain(struct device *dev, const struct ims_store *store,
		      const struct ims_bus *bus)
{
	struct ims_domain ims = {
		.dev	= dev,
		.store	= *store,
		.bus	= bus,
		.ops	= ims_kind(store),
		.power	= bus->power(dev),
	};
	struct msi_domain_template template;

	if (!ims.ops)
		return -EINVAL;

	ims.gate = ims.power;
	template = *ims.ops->template;
	template.chip.name = bus->chip_name;
	template.info.bus_token = bus->bus_token;
	template.info.flags = MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS | MSI_FLAG_FREE_MSI_DESCS |
			      MSI_FLAG_DEV_SYSFS | bus->flags;
	/* An interrupt which is not requested takes no CPU vector */
	if (IS_ENABLED(CONFIG_GENERIC_IRQ_RESERVATION_MODE))
		template.info.flags |= MSI_FLAG_MUST_REACTIVATE;
	return ims_add_domain(&ims, &template, NULL);
}

/* The driver's chip knows nothing of a parent which masks */
static unsigned int ims_template_startup(struct irq_data *d)
{
	const struct irq_chip *chip = irq_data_get_irq_chip(d);

	ims_startup_parent(d);
	if (chip->irq_enable)
		chip->irq_enable(d);
	else
		chip->irq_unmask(d);
	return 0;
}

static void ims_template_shutdown(struct irq_data *d)
{
	const struct irq_chip *chip = irq_data_get_irq_chip(d);

	if (chip->irq_disable)
		chip->irq_disable(d);
	else
		chip->irq_mask(d);
	ims_shutdown_parent(d);
}

/**
 * ims_create_template_domain - Create an IMS domain with the driver's own chip
 * @dev:	The device
 * @template:	Template with complete chip and domain callbacks
 * @hwsize:	Number of vectors, 0 when only limited by software
 * @data:	Optional: stored in msi_domain_info::data
 *
 * A template with irq_bus_sync_unlock() is taken to be for queue memory. The
 * core knows nothing of the store of such a domain: it neither masks it before nor
 * restores it after a reset. A chip with irq_startup() or irq_shutdown() has to tell
 * a parent which masks (MSI_FLAG_PCI_MSI_MASK_PARENT) by itself.
 *
 * Context: Task context, may sleep. Serialized by the caller.
 *
 * Return: 0 on success or an error code as from ims_create_domain()
 */
int ims_create_template_domain(struct device *dev, const struct msi_domain_template *template,
			       unsigned int hwsize, void *data)
{
	struct msi_domain_template copy = *template;
	struct ims_domain ims = {
		.dev		= dev,
		.store.kind	= template->chip.irq_bus_sync_unlock ?
				  IMS_STORE_QUEUE_MEMORY : IMS_STORE_DEVICE_MEMORY,
		.store.size	= hwsize,
	};

	/* The index is the hardware interrupt number, nothing else is unique */
	if (!copy.ops.set_desc)
		copy.ops.set_desc = ims_set_desc;
	if (!copy.chip.irq_startup && !copy.chip.irq_shutdown) {
		copy.chip.irq_startup = ims_template_startup;
		copy.chip.irq_shutdown = ims_template_shutdown;
	}
	return ims_add_domain(&ims, &copy, data);
}

/* Calls @fn for each allocated vector and returns the first error */
static int ims_walk_vectors(struct device *dev, int (*fn)(struct irq_data *d))
{
	struct msi_desc *desc;
	int ret = 0, err;

	msi_domain_for_each_desc(desc, dev, MSI_SECONDARY_DOMAIN, MSI_DESC_ASSOCIATED) {
		err = fn(irq_get_irq_data(desc->irq));
		if (!ret)
			ret = err;
	}
	return ret;
}

/**
 * ims_remove_domain - Remove the IMS domain of a device
 * @dev:	The device
 *
 * Frees the vectors which are still allocated. Their interrupts must have been
 * freed. Does nothing when there is no domain.
 *
 * Context: Task context, may sleep. Serialized by the caller.
 */
void ims_remove_domain(struct device *dev)
{
	struct ims_domain *ims;

	if (!ims_has_domain(dev))
		return;

	scoped_guard(msi_descs_lock, dev) {
		ims = ims_domain(dev);
		if (ims->ops && ims->ops->release && ims_walk_vectors(dev, ims->ops->release))
			dev_err(dev, "IMS: device may still send messages, reset it\n");
		msi_domain_free_irqs_all_locked(dev, MSI_SECONDARY_DOMAIN);
	}
	msi_remove_device_irq_domain(dev, MSI_SECONDARY_DOMAIN);
	kfree(ims);
}

/**
 * ims_alloc_irq_at - Allocate one vector from the IMS domain of a device
 * @dev:	The device
 * @index:	Index of the vector in the store, MSI_ANY_INDEX for any
 * @cookie:	Optional: handed to the callbacks of the store
 * @affdesc:	Optional: initial affinity. Queue memory does not support
 *		managed affinity.
 *
 * Context: Task context, may sleep
 *
 * Return: map.index >= 0 and map.virq > 0 on success, otherwise map.virq is 0
 * and map.index a negative error code
 */
struct msi_map ims_alloc_irq_at(struct device *dev, unsigned int index,
				union msi_instance_cookie *cookie,
				const struct irq_affinity_desc *affdesc)
{
	struct ims_domain *ims;

	if (!dev->msi.data)
		return (struct msi_map){ .index = -ENODEV };

	/* CPU hotplug deactivates managed interrupts in a context which cannot wait */
	if (affdesc && affdesc->is_managed) {
		guard(msi_descs_lock)(dev);
		ims = ims_domain(dev);
		if (ims && ims->store.kind == IMS_STORE_QUEUE_MEMORY)
			return (struct msi_map){ .index = -EINVAL };
	}

	return msi_domain_alloc_irq_at(dev, MSI_SECONDARY_DOMAIN, index, affdesc, cookie);
}

/* Queue memory gets the same spreading, but the masks are the user's to change */
static struct irq_affinity_desc *ims_spread(struct device *dev, unsigned int nvec,
					    struct irq_affinity *affd)
{
	struct irq_affinity_desc *masks = irq_create_affinity_masks(nvec, affd);
	const struct ims_store *store;
	unsigned int i;

	if (!masks || !dev->msi.data)
		return masks;

	guard(msi_descs_lock)(dev);
	store = ims_device_store(dev);
	for (i = 0; store && store->kind == IMS_STORE_QUEUE_MEMORY && i < nvec; i++)
		masks[i].is_managed = 0;
	return masks;
}

/**
 * ims_alloc_irqs - Allocate several vectors, all or none
 * @dev:	The device
 * @nvec:	Number of vectors
 * @cookies:	Optional: array of @nvec cookies
 * @affd:	Optional: how to spread the vectors over the CPUs. They have
 *		managed affinity then, except in queue memory.
 * @maps:	Array of @nvec entries for the result
 *
 * Context: Task context, may sleep
 *
 * Return: 0 on success, otherwise a negative error code and nothing is allocated
 */
int ims_alloc_irqs(struct device *dev, unsigned int nvec,
		   const union msi_instance_cookie *cookies,
		   struct irq_affinity *affd, struct msi_map *maps)
{
	struct irq_affinity_desc *masks __free(kfree) = NULL;
	union msi_instance_cookie cookie = { };
	unsigned int i;
	int ret;

	if (affd)
		masks = ims_spread(dev, nvec, affd);

	for (i = 0; i < nvec; i++) {
		if (cookies)
			cookie = cookies[i];
		maps[i] = ims_alloc_irq_at(dev, MSI_ANY_INDEX, &cookie, masks ? masks + i : NULL);
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

/* Returns an error code when the vector cannot be freed */
static int ims_release_vector(struct device *dev, struct ims_domain *ims, struct msi_map map)
{
	struct irq_data *d = irq_get_irq_data(map.virq);
	int ret;

	if (WARN_ON_ONCE(!d || d->domain != msi_get_device_domain(dev, MSI_SECONDARY_DOMAIN) ||
			 irq_data_get_msi_desc(d)->msi_index != map.index))
		return -EINVAL;

	ret = ims->ops->release(d);
	/* The device was reported when it stopped to answer, not for each vector */
	if (ret && !test_bit(IMS_DOMAIN_DEAD, &ims->flags))
		dev_err(dev, "IMS vector %d: not cleared by the device, index stays in use\n",
			map.index);
	return ret;
}

/**
 * ims_free_irq - Free a vector
 * @dev:	The device
 * @map:	What the allocation returned
 *
 * The interrupt must have been freed, which has masked the vector and cleared
 * its message. If a queue memory store could not commit that then another
 * attempt is made here. If this fails as well the device may still send the old
 * message, so the vector is kept until ims_restore() gets the device to forget it, or
 * until the domain is removed.
 *
 * Context: Task context, may sleep
 */
void ims_free_irq(struct device *dev, struct msi_map map)
{
	struct ims_domain *ims;

	if (WARN_ON_ONCE(map.index < 0 || map.virq <= 0))
		return;

	guard(msi_descs_lock)(dev);
	ims = ims_domain(dev);
	if (WARN_ON_ONCE(!ims))
		return;
	if (ims->ops && ims->ops->release && ims_release_vector(dev, ims, map))
		return;
	msi_domain_free_irqs_range_locked(dev, MSI_SECONDARY_DOMAIN, map.index, map.index);
}

/* The interrupt of an index, NULL if there is none */
static struct irq_data *ims_find_vector(struct device *dev, unsigned int index)
{
	struct irq_domain *domain = msi_get_device_domain(dev, MSI_SECONDARY_DOMAIN);
	unsigned int virq = domain ? irq_find_mapping(domain, index) : 0;

	return virq ? irq_get_irq_data(virq) : NULL;
}

/**
 * ims_vector_error - Ask whether the device is where it is wanted
 * @dev:	The device
 * @index:	Index of the vector
 *
 * request_irq() and friends cannot tell that a queue memory store failed to
 * commit. Waits for a commit which is under way.
 *
 * Context: Task context, may sleep
 *
 * Return: 0 when the vector works, what the commit callback returned when it does
 * not, -ENODEV when the device does not answer or is gone, -EAGAIN when it gets
 * the vector from ims_restore(), -ENOENT when there is no such vector
 */
int ims_vector_error(struct device *dev, unsigned int index)
{
	struct irq_data *d;

	if (!dev->msi.data)
		return -ENOENT;

	guard(msi_descs_lock)(dev);
	d = ims_find_vector(dev, index);
	if (!d)
		return -ENOENT;
	return ims_of(d)->ops && ims_of(d)->ops->error ? ims_of(d)->ops->error(d) : 0;
}

/**
 * ims_read_msg - Read the message of a vector in order to hand it out
 * @dev:	The device
 * @index:	Index of the vector
 * @msg:	Where to store the message
 *
 * The message is valid until the vector is freed, whether its interrupt is requested or
 * not. The device must not send it while the interrupt is not requested: nobody is there
 * to receive it, and a remapping unit reports it as an error of the device.
 *
 * Context: Task context, may sleep
 *
 * Return: 0 on success, -ENOENT when there is no such vector, -EINVAL when the
 * messages of the store are not for others, what the parent domain said otherwise
 */
int ims_read_msg(struct device *dev, unsigned int index, struct msi_msg *msg)
{
	struct irq_data *d;

	if (!dev->msi.data)
		return -ENOENT;

	guard(msi_descs_lock)(dev);
	d = ims_find_vector(dev, index);
	if (!d)
		return -ENOENT;
	return ims_of(d)->ops && ims_of(d)->ops->read ? ims_of(d)->ops->read(d, msg) : -EINVAL;
}

/* A power state in which device memory is not accessible, see ims_domain::gate */
const int ims_closed = 1;

/**
 * ims_bus_reset_prepare - The bus is about to reset a device
 * @dev:	The device
 *
 * Device memory is left alone from here until ims_bus_restore(), which has to
 * follow, whatever comes of the reset. For queue memory the core sends no command of
 * its own before ims_restore(). One for what the driver does fails if it has to.
 *
 * Context: Task context, may sleep
 */
void ims_bus_reset_prepare(struct device *dev)
{
	struct ims_domain *ims;

	if (!dev->msi.data)
		return;

	guard(msi_descs_lock)(dev);
	ims = ims_domain(dev);
	if (!ims)
		return;

	if (ims->store.kind == IMS_STORE_QUEUE_MEMORY) {
		set_bit(IMS_DOMAIN_LOST, &ims->flags);
		return;
	}
	/*
	 * A vector which is masked on another CPU right now may get to the device too
	 * late, and may be freed when it is restored.
	 */
	set_bit(IMS_DOMAIN_STALE, &ims->flags);
	WRITE_ONCE(ims->gate, &ims_closed);
}

/**
 * ims_bus_restore - The bus has restored a device after reset or power loss
 * @dev:	The device
 *
 * Device memory is accessible again and is rewritten. Queue memory is left to
 * ims_restore(), because the device takes no commands yet. What was handed out is the
 * business of who has it.
 *
 * Context: Task context, may sleep. The device must not raise events.
 */
void ims_bus_restore(struct device *dev)
{
	struct ims_domain *ims;

	if (!dev->msi.data)
		return;

	guard(msi_descs_lock)(dev);
	ims = ims_domain(dev);
	if (!ims || !ims->ops || !ims->ops->restore || ims_access(ims))
		return;

	if (ims->store.kind == IMS_STORE_QUEUE_MEMORY) {
		set_bit(IMS_DOMAIN_LOST, &ims->flags);
		return;
	}
	/* From here on a change goes to the device, and what was held back follows */
	WRITE_ONCE(ims->gate, ims->power);
	/* A vector which was freed meanwhile is not there to be masked */
	if (test_and_clear_bit(IMS_DOMAIN_STALE, &ims->flags) && ims->ops->quiesce(ims)) {
		set_bit(IMS_DOMAIN_STALE, &ims->flags);
		dev_err(dev, "IMS: vectors which were freed may still be live, reset the device\n");
	}
	ims_walk_vectors(dev, ims->ops->restore);
}

static int ims_restore_vector(struct irq_data *d)
{
	struct msi_desc *desc = irq_data_get_msi_desc(d);
	int ret = ims_of(d)->ops->restore(d);

	if (ret != IMS_RESTORED_ORPHAN)
		return ret;

	msi_domain_free_irqs_range_locked(desc->dev, MSI_SECONDARY_DOMAIN, desc->msi_index,
					  desc->msi_index);
	return 0;
}

/**
 * ims_restore - Bring all vectors to queue memory once more
 * @dev:	The device
 *
 * To be called by the driver when the device takes commands again, after a reset,
 * after resume, or after it has not answered. Vectors which could not be freed before
 * are freed.
 *
 * Context: Task context, may sleep. The device must not raise events.
 *
 * Return: 0 on success, otherwise the first error. The vectors which failed are
 * quiet, the others work.
 */
int ims_restore(struct device *dev)
{
	struct ims_domain *ims;
	int ret;

	if (!dev->msi.data)
		return 0;

	guard(msi_descs_lock)(dev);
	ims = ims_domain(dev);
	if (!ims || !ims->ops || ims->store.kind != IMS_STORE_QUEUE_MEMORY)
		return 0;

	ret = ims_access(ims);
	if (ret)
		return ret;

	/* A timeout from before would declare the device dead once more */
	ims_walk_vectors(dev, ims->ops->drain);
	clear_bit(IMS_DOMAIN_LOST, &ims->flags);
	clear_bit(IMS_DOMAIN_DEAD, &ims->flags);
	return ims_walk_vectors(dev, ims_restore_vector);
}

/**
 * ims_flush - Wait until the device has what was written to its store
 * @dev:	The device
 *
 * Device memory has it at once, queue memory when a command is through. Does nothing
 * when there is no IMS domain.
 *
 * Context: Task context, may sleep. The MSI descriptors of @dev are locked.
 */
void ims_flush(struct device *dev)
{
	struct ims_domain *ims = ims_domain(dev);

	if (ims && ims->ops && ims->ops->error)
		ims_walk_vectors(dev, ims->ops->error);
}

/**
 * ims_device_store - Get the description of the store of a device
 * @dev:	The device
 *
 * Context: The MSI descriptors of @dev are locked
 *
 * Return: The description or NULL when the device has no IMS domain
 */
const struct ims_store *ims_device_store(struct device *dev)
{
	struct ims_domain *ims = ims_domain(dev);

	return ims ? &ims->store : NULL;
}

/**
 * ims_vectors_in_use - Count the allocated vectors
 * @dev:	The device, must have an IMS domain
 *
 * Context: The MSI descriptors of @dev are locked
 *
 * Return: Number of vectors which are allocated in the IMS domain of @dev
 */
unsigned int ims_vectors_in_use(struct device *dev)
{
	struct msi_desc *desc;
	unsigned int n = 0;

	msi_domain_for_each_desc(desc, dev, MSI_SECONDARY_DOMAIN, MSI_DESC_ASSOCIATED)
		n++;
	return n;
}
