// SPDX-License-Identifier: GPL-2.0
/*
 * A driver which uses the PCI/IMS interface of v6.2 and nothing else. It is
 * compiled by tests/host/api.sh to prove that such drivers rebuild without edits.
 */
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <linux/pci.h>

struct old_slot {
	u32	address_lo;
	u32	address_hi;
	u32	data;
	u32	control;
};

static void old_mask(struct irq_data *data)
{
	struct msi_desc *desc = irq_data_get_msi_desc(data);
	struct old_slot __iomem *slot = desc->data.dcookie.iobase;

	iowrite32(1, &slot->control);
}

static void old_unmask(struct irq_data *data)
{
	struct msi_desc *desc = irq_data_get_msi_desc(data);
	struct old_slot __iomem *slot = desc->data.dcookie.iobase;

	iowrite32(desc->data.icookie.value << 12, &slot->control);
}

static void old_write_msg(struct irq_data *data, struct msi_msg *msg)
{
	struct msi_desc *desc = irq_data_get_msi_desc(data);
	struct old_slot __iomem *slot = desc->data.dcookie.iobase;

	iowrite32(msg->address_lo, &slot->address_lo);
	iowrite32(msg->address_hi, &slot->address_hi);
	iowrite32(msg->data, &slot->data);
}

static void old_prepare_desc(struct irq_domain *domain, msi_alloc_info_t *arg,
			     struct msi_desc *desc)
{
	struct msi_domain_info *info = domain->host_data;
	struct old_slot __iomem *slots = (struct old_slot __iomem *)info->data;

	desc->data.dcookie.iobase = slots + desc->msi_index;
}

static const struct msi_domain_template old_template = {
	.chip = {
		.name			= "PCI-IMS",
		.irq_mask		= old_mask,
		.irq_unmask		= old_unmask,
		.irq_write_msi_msg	= old_write_msg,
		.flags			= IRQCHIP_ONESHOT_SAFE,
	},

	.ops = {
		.prepare_desc		= old_prepare_desc,
	},

	.info = {
		.flags			= MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS |
					  MSI_FLAG_FREE_MSI_DESCS |
					  MSI_FLAG_PCI_IMS,
		.bus_token		= DOMAIN_BUS_PCI_DEVICE_IMS,
	},
};

static irqreturn_t old_handler(int irq, void *data)
{
	return IRQ_HANDLED;
}

int old_driver(struct pci_dev *pdev, void *slots, u32 pasid);
int old_driver(struct pci_dev *pdev, void *slots, u32 pasid)
{
	union msi_instance_cookie cookie = { .value = pasid };
	struct msi_map map;
	int ret;

	if (!pci_create_ims_domain(pdev, &old_template, 64, slots))
		return -ENODEV;

	map = pci_ims_alloc_irq(pdev, &cookie, NULL);
	if (map.index < 0)
		return map.index;

	ret = request_irq(map.virq, old_handler, 0, "old", pdev);
	if (!ret)
		free_irq(map.virq, pdev);
	pci_ims_free_irq(pdev, map);
	return ret;
}
