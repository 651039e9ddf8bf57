/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Interrupt Message Store (IMS): what the core and the kinds of store share
 */
#ifndef _KERNEL_IRQ_MSI_IMS_H
#define _KERNEL_IRQ_MSI_IMS_H

#include <linux/device.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/msi.h>

/* Bits in ims_domain::flags, changed with atomic operations */
enum {
	/* Device memory: a change was not written, the device was not accessible */
	IMS_DOMAIN_STALE,
	/* Queue memory: is going to be lost or was, the driver has not restored it yet */
	IMS_DOMAIN_LOST,
	/* Queue memory: the device does not answer and is not asked any more */
	IMS_DOMAIN_DEAD,
};

/* The device has forgotten a vector which could not be freed because it did not */
#define IMS_RESTORED_ORPHAN	1

struct ims_domain;

/**
 * struct ims_kind_ops - What differs between the kinds of store
 * @template:	Chip and domain callbacks
 * @quiesce:	Optional: make the whole store silent, before there is a vector
 * @drain:	Optional: wait for a command for a vector which is under way
 * @restore:	Optional: bring the state of a vector to the device once more. Returns 0,
 *		an error code, or IMS_RESTORED_ORPHAN.
 * @release:	Optional: called before a vector is freed. Returns an error code
 *		when the device may still send its message. The vector is an
 *		orphan then.
 * @error:	Optional: why the device is not in the state that is wanted
 * @read:	Optional: get the message of a vector for somebody else. Returns 0 or an
 *		error code.
 *
 * All but @template are called with the MSI descriptors locked, or before the
 * domain exists. May sleep.
 */
struct ims_kind_ops {
	const struct msi_domain_template	*template;
	int	(*quiesce)(struct ims_domain *ims);
	int	(*drain)(struct irq_data *d);
	int	(*restore)(struct irq_data *d);
	int	(*release)(struct irq_data *d);
	int	(*error)(struct irq_data *d);
	int	(*read)(struct irq_data *d, struct msi_msg *msg);
};

/**
 * struct ims_domain - The IMS domain of a device, in msi_domain_info::chip_data
 * @dev:	The device
 * @store:	Copy of the driver's description
 * @bus:	What the bus contributes, NULL for a domain with the driver's chip
 * @ops:	What the kind of store contributes, NULL likewise
 * @power:	The power state of the device, 0 while it can be accessed
 * @gate:	Device memory: @power, or &ims_closed while the bus resets the device
 * @flags:	IMS_DOMAIN_* bits
 */
struct ims_domain {
	struct device			*dev;
	struct ims_store		store;
	const struct ims_bus		*bus;
	const struct ims_kind_ops	*ops;
	const int			*power;
	const int			*gate;
	unsigned long			flags;
};

extern const int ims_closed;

extern const struct ims_kind_ops ims_slot_kind;
extern const struct ims_kind_ops ims_device_kind;
extern const struct ims_kind_ops ims_queue_kind;
extern const struct ims_kind_ops ims_handed_kind;

static inline struct ims_domain *ims_of(struct irq_data *d)
{
	struct msi_domain_info *info = d->domain->host_data;

	return info->chip_data;
}

/* 0 when the device can be accessed, -EAGAIN when not now, -ENODEV when it is gone */
static inline int ims_access(struct ims_domain *ims)
{
	if (ims->bus->gone(ims->dev))
		return -ENODEV;
	return READ_ONCE(*ims->power) ? -EAGAIN : 0;
}

/* A parent which masks, such as the GIC ITS, has to know when a vector is in use */
static inline void ims_startup_parent(struct irq_data *d)
{
	struct msi_domain_info *info = d->domain->host_data;

	if (info->flags & MSI_FLAG_PCI_MSI_MASK_PARENT)
		irq_chip_unmask_parent(d);
}

static inline void ims_shutdown_parent(struct irq_data *d)
{
	struct msi_domain_info *info = d->domain->host_data;

	if (info->flags & MSI_FLAG_PCI_MSI_MASK_PARENT)
		irq_chip_mask_parent(d);
}

void ims_set_desc(msi_alloc_info_t *arg, struct msi_desc *desc);
void ims_init_irq(struct irq_domain *domain, struct msi_domain_info *info, unsigned int virq,
		  irq_hw_number_t hwirq, void *chip_data);

#endif /* _KERNEL_IRQ_MSI_IMS_H */
