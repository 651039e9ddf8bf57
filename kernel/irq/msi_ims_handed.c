// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): messages which are handed out
 *
 * Nobody in this kernel writes the message anywhere. The owner of the domain reads it
 * and gives it to a peer, which has the device send it: the user of a device that is
 * assigned with VFIO, or the other side of a bridge. The peer is not trusted, so
 *
 * - the message never changes while the vector is allocated. The platform check asks
 *   for a parent domain with IRQ_DOMAIN_FLAG_MSI_IMMUTABLE.
 * - whatever the peer makes the device send can only raise interrupts of that device.
 *   The platform check asks for isolated MSI.
 * - there is no mask: nobody here can reach the place where the message is.
 * - freeing the vector is what takes the message away. The owner is told before the
 *   parent domain can give what the message stands for to another vector.
 */
#include <linux/irq.h>
#include <linux/slab.h>

#include "internals.h"
#include "msi_ims.h"

/**
 * struct ims_handed_vector - A vector whose message is handed out
 * @vec:	What the owner gets to see
 * @read:	The owner has read the message, protected by the MSI descriptor lock
 */
struct ims_handed_vector {
	struct ims_vector	vec;
	bool			read;
};

static struct ims_handed_vector *ims_handed_vector(struct irq_data *d)
{
	return irq_data_get_irq_chip_data(d);
}

/* Kept in the descriptor only, where debugfs and the like look for it */
static void ims_handed_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	irq_data_get_msi_desc(d)->msg = *msg;
}

static int ims_handed_init(struct irq_domain *domain, struct msi_domain_info *info,
			   unsigned int virq, irq_hw_number_t hwirq, msi_alloc_info_t *arg)
{
	struct ims_domain *ims = info->chip_data;
	struct ims_handed_vector *v;

	v = kzalloc_obj(*v, GFP_KERNEL_ACCOUNT);
	if (!v)
		return -ENOMEM;

	v->vec.index = hwirq;
	v->vec.cookie = arg->desc->data.icookie;
	v->vec.data = ims->store.data;
	ims_init_irq(domain, info, virq, hwirq, v);
	return 0;
}

static void ims_handed_free(struct irq_domain *domain, struct msi_domain_info *info,
			    unsigned int virq)
{
	kfree(ims_handed_vector(irq_domain_get_irq_data(domain, virq)));
}

/*
 * A message that never changes is known to the parent domain as soon as the vector is
 * allocated. It need not be in use.
 */
static int ims_handed_read(struct irq_data *d, struct msi_msg *msg)
{
	int ret = irq_chip_compose_msi_msg(d, msg);

	if (!ret)
		ims_handed_vector(d)->read = true;
	return ret;
}

/* The parent domain still has the vector */
static int ims_handed_release(struct irq_data *d)
{
	struct ims_handed_vector *v = ims_handed_vector(d);
	struct ims_store *store = &ims_of(d)->store;

	if (v->read && store->revoke)
		store->revoke(&v->vec);
	v->read = false;
	return 0;
}

static const struct msi_domain_template ims_handed_template = {
	.chip = {
		.irq_mask		= ims_shutdown_parent,
		.irq_unmask		= ims_startup_parent,
		.irq_write_msi_msg	= ims_handed_write_msg,
		.flags			= IRQCHIP_ONESHOT_SAFE,
	},

	.ops = {
		.msi_init		= ims_handed_init,
		.msi_free		= ims_handed_free,
		.set_desc		= ims_set_desc,
	},
};

const struct ims_kind_ops ims_handed_kind = {
	.template	= &ims_handed_template,
	.release	= ims_handed_release,
	.read		= ims_handed_read,
};
