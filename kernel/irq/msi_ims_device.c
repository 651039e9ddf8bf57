// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): messages in device memory
 *
 * The device has them in registers, so the chip callbacks write them as the
 * interrupt core asks for it, with the interrupt descriptor locked. What the
 * device shall hold is kept here as well: CPU hotplug masks a vector around the
 * change of its message without a trace in the interrupt descriptor, and a device
 * which is in a low power state gets everything when it is back.
 */
#include <linux/cleanup.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irqflags.h>
#include <linux/slab.h>

#include "internals.h"
#include "msi_ims.h"

/* If not, a change is not for the device now. ims_bus_restore() makes up for it. */
static __always_inline bool ims_store_open(struct ims_domain *ims)
{
	if (likely(!READ_ONCE(*READ_ONCE(ims->gate))))
		return true;

	set_bit(IMS_DOMAIN_STALE, &ims->flags);
	return false;
}

/* Where it would be more than a write or two, also ask whether the device is still there */
static bool ims_store_accessible(struct ims_domain *ims)
{
	return ims_store_open(ims) && !ims->bus->gone(ims->dev);
}

/* The ready-made slot layout. The copy of the control word is the domain cookie. */

static void __iomem *ims_slot(struct irq_data *d)
{
	return (void __iomem __force *)irq_data_get_irq_chip_data(d);
}

static u64 *ims_slot_control(struct irq_data *d)
{
	return &irq_data_get_msi_desc(d)->data.dcookie.value;
}

/* The slot is masked. Leaves it as @control says. */
static void ims_slot_write(void __iomem *slot, u32 control, const struct msi_msg *msg)
{
	writel(msg->address_lo, slot + IMS_SLOT_ADDRESS_LO);
	writel(msg->address_hi, slot + IMS_SLOT_ADDRESS_HI);
	writel(msg->data, slot + IMS_SLOT_DATA);

	if (!(control & IMS_SLOT_CONTROL_MASK))
		writel(control, slot + IMS_SLOT_CONTROL);
	/* The old target may go away once this returns */
	readl(slot + IMS_SLOT_DATA);
}

static void ims_slot_mask(struct irq_data *d)
{
	void __iomem *slot = ims_slot(d);
	u64 *control = ims_slot_control(d);

	*control |= IMS_SLOT_CONTROL_MASK;
	if (!ims_store_open(ims_of(d)))
		return;

	writel(*control, slot + IMS_SLOT_CONTROL);
	/* The caller relies on no message being sent from here on */
	readl(slot + IMS_SLOT_CONTROL);
}

static void ims_slot_unmask(struct irq_data *d)
{
	u64 *control = ims_slot_control(d);

	*control &= ~(u64)IMS_SLOT_CONTROL_MASK;
	if (ims_store_open(ims_of(d)))
		writel(*control, ims_slot(d) + IMS_SLOT_CONTROL);
}

static unsigned int ims_slot_startup(struct irq_data *d)
{
	ims_startup_parent(d);
	ims_slot_unmask(d);
	return 0;
}

static void ims_slot_shutdown(struct irq_data *d)
{
	ims_slot_mask(d);
	ims_shutdown_parent(d);
}

static void ims_slot_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	void __iomem *slot = ims_slot(d);
	u32 control = *ims_slot_control(d);

	irq_data_get_msi_desc(d)->msg = *msg;
	if (!ims_store_accessible(ims_of(d)))
		return;

	/*
	 * The device must not send half of the old and half of the new message.
	 * An event which happens meanwhile sets the pending bit of the slot and
	 * is sent with the new message on unmask.
	 */
	if (!(control & IMS_SLOT_CONTROL_MASK))
		writel(control | IMS_SLOT_CONTROL_MASK, slot + IMS_SLOT_CONTROL);
	ims_slot_write(slot, control, msg);
}

static int ims_slot_init(struct irq_domain *domain, struct msi_domain_info *info,
			 unsigned int virq, irq_hw_number_t hwirq, msi_alloc_info_t *arg)
{
	struct msi_desc_data *data = &arg->desc->data;
	const struct msi_msg cleared = { };
	struct ims_domain *ims = info->chip_data;
	const struct ims_slot_array *slots = &ims->store.slots;
	void __iomem *slot = slots->base + hwirq * slots->stride;

	data->dcookie.value = IMS_SLOT_CONTROL_MASK;
	if (slots->control)
		data->dcookie.value |= slots->control(data->icookie);

	if (ims_store_accessible(ims)) {
		writel(data->dcookie.value, slot + IMS_SLOT_CONTROL);
		ims_slot_write(slot, data->dcookie.value, &cleared);
	}

	ims_init_irq(domain, info, virq, hwirq, (void __force *)slot);
	return 0;
}

/* Masks only, as many slots as there are: a slot is cleared when it is allocated */
static int ims_slot_quiesce(struct ims_domain *ims)
{
	const struct ims_slot_array *slots = &ims->store.slots;
	void __iomem *control = slots->base + IMS_SLOT_CONTROL;
	unsigned int i;

	for (i = 0; i < ims->store.size; i++, control += slots->stride)
		writel(IMS_SLOT_CONTROL_MASK, control);
	readl(slots->base + IMS_SLOT_CONTROL);
	return 0;
}

static int ims_slot_restore(struct irq_data *d)
{
	void __iomem *slot = ims_slot(d);
	u32 control;

	guard(raw_spinlock_irqsave)(&irq_data_to_desc(d)->lock);
	control = *ims_slot_control(d);
	writel(control | IMS_SLOT_CONTROL_MASK, slot + IMS_SLOT_CONTROL);
	ims_slot_write(slot, control, &irq_data_get_msi_desc(d)->msg);
	return 0;
}

static const struct msi_domain_template ims_slot_template = {
	.chip = {
		.irq_startup		= ims_slot_startup,
		.irq_shutdown		= ims_slot_shutdown,
		.irq_mask		= ims_slot_mask,
		.irq_unmask		= ims_slot_unmask,
		.irq_write_msi_msg	= ims_slot_write_msg,
		.flags			= IRQCHIP_ONESHOT_SAFE,
	},

	.ops = {
		.msi_init		= ims_slot_init,
		.set_desc		= ims_set_desc,
	},
};

const struct ims_kind_ops ims_slot_kind = {
	.template	= &ims_slot_template,
	.quiesce	= ims_slot_quiesce,
	.restore	= ims_slot_restore,
};

/* Another layout, the driver's callbacks write it */

/**
 * struct ims_device_vector - A vector of a store with callbacks
 * @vec:	What the callbacks get to see
 * @masked:	The device shall not send, protected by the descriptor lock
 */
struct ims_device_vector {
	struct ims_vector	vec;
	bool			masked;
};

static void ims_device_mask(struct irq_data *d)
{
	struct ims_device_vector *v = irq_data_get_irq_chip_data(d);
	struct ims_domain *ims = ims_of(d);

	v->masked = true;
	if (ims_store_accessible(ims))
		ims->store.device_ops->mask(&v->vec);
}

static void ims_device_unmask(struct irq_data *d)
{
	struct ims_device_vector *v = irq_data_get_irq_chip_data(d);
	struct ims_domain *ims = ims_of(d);

	v->masked = false;
	if (ims_store_accessible(ims))
		ims->store.device_ops->unmask(&v->vec);
}

static unsigned int ims_device_startup(struct irq_data *d)
{
	ims_startup_parent(d);
	ims_device_unmask(d);
	return 0;
}

static void ims_device_shutdown(struct irq_data *d)
{
	ims_device_mask(d);
	ims_shutdown_parent(d);
}

static void ims_device_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct ims_device_vector *v = irq_data_get_irq_chip_data(d);
	struct ims_domain *ims = ims_of(d);
	const struct ims_device_ops *ops = ims->store.device_ops;

	irq_data_get_msi_desc(d)->msg = *msg;
	if (!ims_store_accessible(ims))
		return;

	if (!v->masked)
		ops->mask(&v->vec);
	ops->write_msg(&v->vec, msg);
	if (!v->masked)
		ops->unmask(&v->vec);
}

static int ims_device_init(struct irq_domain *domain, struct msi_domain_info *info,
			   unsigned int virq, irq_hw_number_t hwirq, msi_alloc_info_t *arg)
{
	struct ims_domain *ims = info->chip_data;
	struct ims_device_vector *v;

	v = kzalloc_obj(*v);
	if (!v)
		return -ENOMEM;

	v->vec.index = hwirq;
	v->vec.cookie = arg->desc->data.icookie;
	v->vec.data = ims->store.data;
	v->masked = true;
	/* It may have been freed when the device could not be accessed */
	if (ims_store_accessible(ims)) {
		guard(irqsave)();
		ims->store.device_ops->mask(&v->vec);
	}
	ims_init_irq(domain, info, virq, hwirq, v);
	return 0;
}

static void ims_device_free(struct irq_domain *domain, struct msi_domain_info *info,
			    unsigned int virq)
{
	kfree(irq_data_get_irq_chip_data(irq_domain_get_irq_data(domain, virq)));
}

static int ims_device_quiesce(struct ims_domain *ims)
{
	const struct ims_device_ops *ops = ims->store.device_ops;
	struct ims_vector vec = { .data = ims->store.data };

	if (ops->quiesce)
		return ops->quiesce(ims->store.data);

	for (; vec.index < ims->store.size; vec.index++) {
		guard(irqsave)();
		ops->mask(&vec);
	}
	return 0;
}

static int ims_device_restore(struct irq_data *d)
{
	struct ims_device_vector *v = irq_data_get_irq_chip_data(d);
	const struct ims_device_ops *ops = ims_of(d)->store.device_ops;

	guard(raw_spinlock_irqsave)(&irq_data_to_desc(d)->lock);
	ops->mask(&v->vec);
	ops->write_msg(&v->vec, &irq_data_get_msi_desc(d)->msg);
	if (!v->masked)
		ops->unmask(&v->vec);
	return 0;
}

static const struct msi_domain_template ims_device_template = {
	.chip = {
		.irq_startup		= ims_device_startup,
		.irq_shutdown		= ims_device_shutdown,
		.irq_mask		= ims_device_mask,
		.irq_unmask		= ims_device_unmask,
		.irq_write_msi_msg	= ims_device_write_msg,
		.flags			= IRQCHIP_ONESHOT_SAFE,
	},

	.ops = {
		.msi_init		= ims_device_init,
		.msi_free		= ims_device_free,
		.set_desc		= ims_set_desc,
	},
};

const struct ims_kind_ops ims_device_kind = {
	.template	= &ims_device_template,
	.quiesce	= ims_device_quiesce,
	.restore	= ims_device_restore,
};
