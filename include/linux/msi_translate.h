/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MSI messages which a host hands to its guest
 */
#ifndef _LINUX_MSI_TRANSLATE_H
#define _LINUX_MSI_TRANSLATE_H

#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>

struct device;

/**
 * struct msi_translate_handle - A message of the host
 * @device:	Number of the device, in the words of the host
 * @handle:	Number of the message, in the words of the host
 * @msg:	What the device has to send
 */
struct msi_translate_handle {
	u32		device;
	u32		handle;
	struct msi_msg	msg;
};

/**
 * struct msi_translate_ops - How a guest talks to its host about messages
 * @query:	Whether the host wants to hand out the messages of a device. Asked
 *		before a driver is bound.
 * @alloc:	Get a message for a device. The device number in the handle is
 *		set. The message raises nothing yet.
 * @read:	Get the message once more, after the host has replaced it
 * @retarget:	Have the message raise what @route says, nothing if that is all zero.
 *		When it returns then nothing arrives any more at where it went before.
 * @free:	Give the message back
 * @notify:	Have the host raise what @route says after it has replaced messages,
 *		nothing if that is all zero
 * @number:	Number of a device, in the words of the host
 * @compose_route: Compose what the parent domain would have the device send
 *
 * All but @query, @number and @compose_route are one call of the host. They are
 * invoked in any context, with interrupts disabled, and return 0 or a negative
 * error code.
 */
struct msi_translate_ops {
	bool	(*query)(struct device *dev);
	int	(*alloc)(struct msi_translate_handle *handle);
	int	(*read)(struct msi_translate_handle *handle);
	int	(*retarget)(const struct msi_translate_handle *handle,
			    const struct msi_msg *route);
	int	(*free)(const struct msi_translate_handle *handle);
	int	(*notify)(const struct msi_msg *route);
	int	(*number)(struct device *dev, u32 *number);
	void	(*compose_route)(struct irq_data *d, struct msi_msg *route);
};

/**
 * struct msi_translate_info - What an architecture contributes
 * @name:	Name of the domain
 * @parent:	The domain which the interrupts of the guest come from
 * @chip:	The interrupt chip. Takes msi_translate_mask(), msi_translate_unmask(),
 *		msi_translate_set_affinity() and msi_translate_compose_msg(), which it
 *		may wrap.
 * @parent_ops:	What the domain is as an MSI parent
 * @ops:	The host
 *
 * Has to stay.
 */
struct msi_translate_info {
	const char			*name;
	struct irq_domain		*parent;
	struct irq_chip			*chip;
	const struct msi_parent_ops	*parent_ops;
	const struct msi_translate_ops	*ops;
};

#ifdef CONFIG_IRQ_MSI_TRANSLATE
struct irq_domain *msi_translate_create_domain(const struct msi_translate_info *info);
void msi_translate_remove_domain(struct irq_domain *domain);
int msi_translate_watch(struct irq_domain *domain, msi_alloc_info_t *arg);
bool msi_translate_device(struct irq_domain *domain, struct device *dev);
int msi_translate_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force);
void msi_translate_mask(struct irq_data *d);
void msi_translate_unmask(struct irq_data *d);
bool msi_translate_is_told(struct irq_data *d);
void msi_translate_compose_msg(struct irq_data *d, struct msi_msg *msg);
int msi_translate_refresh(struct irq_domain *domain);
int msi_translate_resume(struct irq_domain *domain);
#else
static inline bool msi_translate_device(struct irq_domain *domain, struct device *dev)
{
	return true;
}
#endif

#endif /* _LINUX_MSI_TRANSLATE_H */
