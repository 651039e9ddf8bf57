// SPDX-License-Identifier: GPL-2.0
/*
 * PCI Interrupt Message Store (IMS)
 *
 * IMS is a second MSI domain of a PCI device, beside MSI or MSI-X. The messages
 * live where the device wants them, see Documentation/PCI/ims.rst.
 */
#include <linux/device.h>
#include <linux/export.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/sysfs.h>

#include "pci.h"

/* A device which is not in D0 is left alone, as for MSI-X */
static const int *pci_ims_power(struct device *dev)
{
	BUILD_BUG_ON((int __force)PCI_D0 != 0);
	return (const int __force *)&to_pci_dev(dev)->current_state;
}

static bool pci_ims_gone(struct device *dev)
{
	return pci_dev_is_disconnected(to_pci_dev(dev));
}

static const struct ims_bus pci_ims_bus = {
	.chip_name	= "PCI-IMS",
	.bus_token	= DOMAIN_BUS_PCI_DEVICE_IMS,
	.flags		= MSI_FLAG_PCI_IMS,
	.power		= pci_ims_power,
	.gone		= pci_ims_gone,
};

static bool pci_ims_possible(struct pci_dev *pdev)
{
	struct irq_domain *domain = dev_get_msi_domain(&pdev->dev);

	return pci_msi_enabled() && !pdev->no_msi && domain && irq_domain_is_msi_parent(domain);
}

/**
 * pci_ims_reason - Reason of a verdict in words
 * @verdict:	What pci_ims_check() returned
 *
 * Return: A constant string
 */
const char *pci_ims_reason(struct ims_verdict verdict)
{
	return ims_reason_text(verdict.reason);
}
EXPORT_SYMBOL_GPL(pci_ims_reason);

/**
 * pci_ims_check - Find out whether a device may use IMS on this machine
 * @pdev:	The PCI device
 * @kind:	The kind of store which is to be used
 *
 * Context: Task context
 *
 * Return: The verdict of the platform check. pci_ims_reason() tells the reason in
 * words.
 */
struct ims_verdict pci_ims_check(struct pci_dev *pdev, enum ims_store_kind kind)
{
	if (!pci_ims_possible(pdev)) {
		const struct ims_verdict none = { .reason = IMS_REASON_NO_PARENT };

		dev_info_once(&pdev->dev, "IMS refused: %s\n", pci_ims_reason(none));
		return none;
	}

	return ims_check(&pdev->dev, kind);
}
EXPORT_SYMBOL_GPL(pci_ims_check);

static ssize_t store_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	guard(msi_descs_lock)(dev);
	return sysfs_emit(buf, "%s\n", ims_store_kind_text(ims_device_store(dev)->kind));
}
static DEVICE_ATTR_RO(store);

static ssize_t size_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	guard(msi_descs_lock)(dev);
	return sysfs_emit(buf, "%u\n", ims_device_store(dev)->size);
}
static DEVICE_ATTR_RO(size);

static ssize_t in_use_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	guard(msi_descs_lock)(dev);
	return sysfs_emit(buf, "%u\n", ims_vectors_in_use(dev));
}
static DEVICE_ATTR_RO(in_use);

static struct attribute *pci_ims_attrs[] = {
	&dev_attr_store.attr,
	&dev_attr_size.attr,
	&dev_attr_in_use.attr,
	NULL
};

static const struct attribute_group pci_ims_attr_group = {
	.name	= "ims",
	.attrs	= pci_ims_attrs,
};

/* The files go first and wait for their readers, so these always find the domain */
static void pci_ims_release(struct device *dev, void *res)
{
	WRITE_ONCE(to_pci_dev(dev)->ims_enabled, false);
	sysfs_remove_group(&dev->kobj, &pci_ims_attr_group);
	ims_remove_domain(dev);
}

/* The domain goes with the driver, before its mapping of the store does */
static int pci_ims_publish(struct device *dev)
{
	void *res = devres_alloc(pci_ims_release, 0, GFP_KERNEL);
	int ret = res ? sysfs_create_group(&dev->kobj, &pci_ims_attr_group) : -ENOMEM;

	if (ret) {
		devres_free(res);
		ims_remove_domain(dev);
		return ret;
	}
	devres_add(dev, res);
	WRITE_ONCE(to_pci_dev(dev)->ims_enabled, true);
	return 0;
}

/**
 * pci_ims_create - Create the IMS domain of a PCI device
 * @pdev:	The PCI device
 * @store:	Description of the store, copied
 *
 * Independent of MSI and MSI-X on the same device. The whole store is masked
 * first. The domain is removed when the driver is unbound, or earlier by
 * pci_ims_destroy().
 *
 * Context: Task context, may sleep. Not concurrently on one device.
 *
 * Return: 0 on success, -EINVAL when @store contradicts itself, -EBUSY when
 * there is an IMS domain already, -ENODEV when MSI is not available in the form
 * that is needed or the device is gone, -EOPNOTSUPP when the platform check says
 * no, -EPROBE_DEFER when it cannot know yet because the driver probes early during
 * boot, -EAGAIN when the device is not in D0, -ENOMEM when out of memory, or what
 * the quiesce callback of the store returned
 */
int pci_ims_create(struct pci_dev *pdev, const struct ims_store *store)
{
	int ret;

	if (!pci_ims_possible(pdev))
		return -ENODEV;

	ret = ims_create_domain(&pdev->dev, store, &pci_ims_bus);
	return ret ?: pci_ims_publish(&pdev->dev);
}
EXPORT_SYMBOL_GPL(pci_ims_create);

/**
 * pci_ims_destroy - Remove the IMS domain of a PCI device
 * @pdev:	The PCI device
 *
 * Vectors which are still allocated are freed, but their interrupts must have
 * been freed by the caller. Does nothing when there is no IMS domain.
 *
 * Context: Task context, may sleep. Not concurrently on one device.
 */
void pci_ims_destroy(struct pci_dev *pdev)
{
	devres_release(&pdev->dev, pci_ims_release, NULL, NULL);
}
EXPORT_SYMBOL_GPL(pci_ims_destroy);

/**
 * pci_create_ims_domain - Create an IMS domain with the driver's own irq_chip
 * @pdev:	The PCI device
 * @template:	Template of the domain. Has to carry the bus token
 *		DOMAIN_BUS_PCI_DEVICE_IMS, MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS,
 *		MSI_FLAG_FREE_MSI_DESCS and the chip callbacks irq_mask,
 *		irq_unmask and irq_write_msi_msg, but not irq_set_affinity
 * @hwsize:	Number of vectors, 0 when the index is managed in software
 * @data:	Stored in msi_domain_info::data
 *
 * The low-level entry. pci_ims_create() needs less of the driver.
 *
 * Context: Task context, may sleep. Not concurrently on one device.
 *
 * Return: True on success
 */
bool pci_create_ims_domain(struct pci_dev *pdev, const struct msi_domain_template *template,
			   unsigned int hwsize, void *data)
{
	const u32 needed = MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS | MSI_FLAG_FREE_MSI_DESCS;
	const struct msi_domain_info *info = &template->info;
	const struct irq_chip *chip = &template->chip;

	if (!pci_ims_possible(pdev))
		return false;
	if (info->bus_token != DOMAIN_BUS_PCI_DEVICE_IMS || (info->flags & needed) != needed)
		return false;
	if (!chip->irq_mask || !chip->irq_unmask || !chip->irq_write_msi_msg)
		return false;
	/* Affinity is the business of the parent domain */
	if (chip->irq_set_affinity)
		return false;

	if (ims_create_template_domain(&pdev->dev, template, hwsize, data))
		return false;
	return !pci_ims_publish(&pdev->dev);
}
EXPORT_SYMBOL_GPL(pci_create_ims_domain);

/**
 * pci_ims_alloc_irq - Allocate one vector from the IMS domain
 * @pdev:	The PCI device
 * @icookie:	Cookie for the callbacks of the store, NULL for none
 * @affdesc:	Initial affinity, NULL for the default
 *
 * Context: Task context, may sleep
 *
 * Return: On success map.index is the index in the store and map.virq the Linux
 * interrupt number. On failure map.virq is 0 and map.index a negative error
 * code.
 */
struct msi_map pci_ims_alloc_irq(struct pci_dev *pdev, union msi_instance_cookie *icookie,
				 const struct irq_affinity_desc *affdesc)
{
	return ims_alloc_irq_at(&pdev->dev, MSI_ANY_INDEX, icookie, affdesc);
}
EXPORT_SYMBOL_GPL(pci_ims_alloc_irq);

/**
 * pci_ims_alloc_irq_at - Allocate a given vector of the IMS domain
 * @pdev:	The PCI device
 * @index:	Index in the store
 * @icookie:	Cookie for the callbacks of the store, NULL for none
 * @affdesc:	Initial affinity, NULL for the default
 *
 * For devices where the index has a meaning, such as the number of a queue.
 *
 * Context: Task context, may sleep
 *
 * Return: As pci_ims_alloc_irq(), map.index is -EBUSY when the vector is allocated
 * already and -ERANGE when the store has no such vector
 */
struct msi_map pci_ims_alloc_irq_at(struct pci_dev *pdev, unsigned int index,
				    union msi_instance_cookie *icookie,
				    const struct irq_affinity_desc *affdesc)
{
	if (index > MSI_MAX_INDEX)
		return (struct msi_map){ .index = -ERANGE };

	return ims_alloc_irq_at(&pdev->dev, index, icookie, affdesc);
}
EXPORT_SYMBOL_GPL(pci_ims_alloc_irq_at);

/**
 * pci_ims_alloc_irqs - Allocate several vectors from the IMS domain, all or none
 * @pdev:	The PCI device
 * @nvec:	Number of vectors
 * @cookies:	Array of @nvec cookies, NULL for none
 * @affd:	How to spread the vectors over the CPUs, NULL to leave them alone.
 *		They have managed affinity then, except in queue memory.
 * @maps:	Array of @nvec entries, filled in on success
 *
 * Context: Task context, may sleep
 *
 * Return: 0 on success, otherwise a negative error code and nothing is allocated
 */
int pci_ims_alloc_irqs(struct pci_dev *pdev, unsigned int nvec,
		       const union msi_instance_cookie *cookies,
		       struct irq_affinity *affd, struct msi_map *maps)
{
	return ims_alloc_irqs(&pdev->dev, nvec, cookies, affd, maps);
}
EXPORT_SYMBOL_GPL(pci_ims_alloc_irqs);

/**
 * pci_ims_free_irq - Free a vector of the IMS domain
 * @pdev:	The PCI device
 * @map:	What the allocation returned
 *
 * The interrupt must have been freed before.
 *
 * Context: Task context, may sleep
 */
void pci_ims_free_irq(struct pci_dev *pdev, struct msi_map map)
{
	ims_free_irq(&pdev->dev, map);
}
EXPORT_SYMBOL_GPL(pci_ims_free_irq);

/**
 * pci_ims_irq_vector - Look up the Linux interrupt number of an IMS index
 * @pdev:	The PCI device
 * @index:	Index in the store
 *
 * Context: Task context, may sleep
 *
 * Return: The interrupt number or -EINVAL when no such vector is allocated
 */
int pci_ims_irq_vector(struct pci_dev *pdev, unsigned int index)
{
	unsigned int virq = 0;

	if (index <= MSI_MAX_INDEX)
		virq = msi_domain_get_virq(&pdev->dev, MSI_SECONDARY_DOMAIN, index);
	return virq ? virq : -EINVAL;
}
EXPORT_SYMBOL_GPL(pci_ims_irq_vector);

/**
 * pci_ims_vector_error - Ask whether a vector works
 * @pdev:	The PCI device
 * @index:	Index in the store
 *
 * To be called after request_irq() and enable_irq() on a store in queue memory,
 * because these cannot tell that the device has refused the message. The vector is
 * quiet then. disable_irq() followed by enable_irq() tries again. Not to be called
 * with a lock held which the commit callback takes.
 *
 * Context: Task context, may sleep
 *
 * Return: 0 when the vector works, -ENOENT when no such vector is allocated,
 * -ENODEV when the device does not answer or is gone, -EAGAIN when the device gets
 * the vector by pci_ims_restore(), otherwise what the commit callback returned
 */
int pci_ims_vector_error(struct pci_dev *pdev, unsigned int index)
{
	if (index > MSI_MAX_INDEX)
		return -ENOENT;

	return ims_vector_error(&pdev->dev, index);
}
EXPORT_SYMBOL_GPL(pci_ims_vector_error);

/**
 * pci_ims_read_msg - Read the message of a vector in order to hand it out
 * @pdev:	The PCI device
 * @index:	Index in the store, which is of the kind IMS_STORE_HANDED_OUT
 * @msg:	Where to store the message
 *
 * Valid until the vector is freed. The device is to send it only while the interrupt is
 * requested.
 *
 * Context: Task context, may sleep
 *
 * Return: 0 on success, -ENOENT when no such vector is allocated, -EINVAL when the
 * store is of another kind
 */
int pci_ims_read_msg(struct pci_dev *pdev, unsigned int index, struct msi_msg *msg)
{
	if (index > MSI_MAX_INDEX)
		return -ENOENT;

	return ims_read_msg(&pdev->dev, index, msg);
}
EXPORT_SYMBOL_GPL(pci_ims_read_msg);

/**
 * pci_ims_restore - Rewrite all messages to queue memory
 * @pdev:	The PCI device
 *
 * A driver with a store in queue memory has to call this after each reset and
 * resume, as soon as the device takes commands again and before it raises events.
 * Vectors may be allocated and freed meanwhile. Device memory needs no call, the
 * PCI core rewrites it in pci_restore_state().
 *
 * Context: Task context, may sleep
 *
 * Return: 0 on success, otherwise the first error. The vectors which failed are
 * quiet.
 */
int pci_ims_restore(struct pci_dev *pdev)
{
	return ims_restore(&pdev->dev);
}
EXPORT_SYMBOL_GPL(pci_ims_restore);

/**
 * pci_ims_reset_prepare - Keep off the interrupt message store of a PCI device
 * @pdev:	The PCI device
 *
 * Called before the PCI core disables the memory of the device in order to reset
 * it, with the device in D0. pci_restore_ims_state() is called in the end even if the
 * reset fails.
 *
 * Context: Task context, may sleep
 */
void pci_ims_reset_prepare(struct pci_dev *pdev)
{
	if (READ_ONCE(pdev->ims_enabled))
		ims_bus_reset_prepare(&pdev->dev);
}

/**
 * pci_restore_ims_state - Restore the interrupt message store of a PCI device
 * @pdev:	The PCI device
 *
 * Called by pci_restore_state() when the memory of the device is accessible
 * again.
 */
void pci_restore_ims_state(struct pci_dev *pdev)
{
	if (READ_ONCE(pdev->ims_enabled))
		ims_bus_restore(&pdev->dev);
}
