// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS) of Intel data accelerators
 *
 * Beside MSI-X the device can have a table of interrupt messages in its register
 * space, with room for many more vectors. A work queue takes its completion
 * interrupts from the one or from the other. The misc interrupt is always MSI-X.
 *
 * A slot of the table can be bound to a PASID. The device then uses it only for
 * descriptors with that PASID, which is how the MSI-X permission table works, too.
 */
#include <linux/bitops.h>
#include <linux/cleanup.h>
#include <linux/compiler.h>
#include <linux/irqdomain_ims.h>
#include <linux/mutex.h>
#include <linux/pci.h>
#include <linux/string.h>

#include "idxd.h"
#include "registers.h"

static const char * const idxd_interrupt_names[] = {
	[IDXD_IRQ_MSIX]	= "msix",
	[IDXD_IRQ_IMS]	= "ims",
};

/* The cookie of a vector is its PASID */
static u32 idxd_ims_control(union msi_instance_cookie cookie)
{
	return idxd_int_perm(cookie.value);
}

/**
 * idxd_ims_table_error - Check what the device says about its IMS table
 * @offset:	Offset of the table in the register BAR in bytes
 * @slots:	Number of slots
 * @bar_len:	Length of the register BAR in bytes
 *
 * Return: NULL when there is a table and it can be used, otherwise why not
 */
const char *idxd_ims_table_error(u32 offset, u32 slots, resource_size_t bar_len)
{
	if (!slots)
		return "device has no IMS table";
	/* The registers are there */
	if (!offset)
		return "IMS table has no offset";
	if (offset + (u64)slots * IMS_SLOT_SIZE > bar_len)
		return "IMS table lies outside of the register BAR";
	return NULL;
}

/**
 * idxd_ims_describe - Describe the IMS table for the interrupt core
 * @idxd:	The device, its registers are mapped and its capabilities are read
 * @store:	Filled in
 */
void idxd_ims_describe(struct idxd_device *idxd, struct ims_store *store)
{
	*store = (struct ims_store) {
		.kind	= IMS_STORE_DEVICE_MEMORY,
		.size	= idxd->hw.gen_cap.max_ims_mult * IDXD_IMS_MULT,
		.slots	= {
			.base		= idxd->reg_base + idxd->ims_offset,
			.stride		= IMS_SLOT_SIZE,
			.control	= idxd_ims_control,
		},
	};
}

/* Returns why IMS cannot be used, NULL if it can be */
static const char *idxd_ims_create(struct idxd_device *idxd)
{
	struct pci_dev *pdev = idxd->pdev;
	struct ims_verdict verdict;
	struct ims_store store;
	const char *error;
	int rc;

	idxd_ims_describe(idxd, &store);
	error = idxd_ims_table_error(idxd->ims_offset, store.size,
				     pci_resource_len(pdev, IDXD_MMIO_BAR));
	if (error)
		return error;

	verdict = pci_ims_check(pdev, store.kind);
	if (!verdict.allowed)
		return pci_ims_reason(verdict);

	rc = pci_ims_create(pdev, &store);
	if (rc < 0) {
		dev_warn(&pdev->dev, "Creating the IMS domain failed: %d\n", rc);
		return "IMS domain could not be created";
	}
	return NULL;
}

/**
 * idxd_ims_too_early - Find out whether to wait for the verdict about IMS
 * @pdev:	The PCI device
 *
 * Return: True when the platform check cannot say yet whether IMS may be used
 */
bool idxd_ims_too_early(struct pci_dev *pdev)
{
	return pci_ims_check(pdev, IMS_STORE_DEVICE_MEMORY).reason == IMS_REASON_EARLY;
}

/**
 * idxd_setup_ims - Set up the IMS table, if there is one and it may be used
 * @idxd:	The device, with MSI-X enabled
 *
 * The device works without IMS. Why it cannot be used is logged and kept for those
 * who ask for it later.
 *
 * Context: Task context, may sleep. After a reset work queues can be configured
 * meanwhile, so ims_unavail is read once by those who do that.
 */
void idxd_setup_ims(struct idxd_device *idxd)
{
	const char *unavail = idxd_ims_create(idxd);
	struct device *dev = &idxd->pdev->dev;

	WRITE_ONCE(idxd->ims_unavail, unavail);
	if (!unavail)
		dev_dbg(dev, "IMS table with %u slots\n",
			idxd->hw.gen_cap.max_ims_mult * IDXD_IMS_MULT);
	else if (idxd->hw.gen_cap.max_ims_mult)
		dev_info(dev, "IMS not used: %s\n", unavail);
}

/**
 * idxd_cleanup_ims - Undo idxd_setup_ims()
 * @idxd:	The device, no WQ has an interrupt any more
 *
 * To be called before the registers, and with them the table, are unmapped.
 *
 * Context: Task context, may sleep
 */
void idxd_cleanup_ims(struct idxd_device *idxd)
{
	WRITE_ONCE(idxd->ims_unavail, "device is going away");
	pci_ims_destroy(idxd->pdev);
}

/**
 * idxd_ims_alloc_vector - Allocate a slot of the IMS table
 * @idxd:	The device
 * @ie:		The interrupt, its PASID is known
 *
 * Context: Task context, may sleep, @ie is locked by its owner
 *
 * Return: 0 on success or a negative error code, then @ie is unchanged. It is
 * -EOPNOTSUPP if IMS cannot be used.
 */
int idxd_ims_alloc_vector(struct idxd_device *idxd, struct idxd_irq_entry *ie)
{
	union msi_instance_cookie cookie = { .value = ie->pasid };
	struct msi_map map;

	if (READ_ONCE(idxd->ims_unavail))
		return -EOPNOTSUPP;

	map = pci_ims_alloc_irq(idxd->pdev, &cookie, NULL);
	if (map.index < 0)
		return map.index;

	ie->type = IDXD_IRQ_IMS;
	ie->index = map.index;
	ie->vector = map.virq;
	return 0;
}

/**
 * idxd_ims_free_vector - Free a slot of the IMS table
 * @idxd:	The device
 * @ie:		The interrupt, it is freed and its interrupt handle released
 *
 * Context: Task context, may sleep, @ie is locked by its owner
 */
void idxd_ims_free_vector(struct idxd_device *idxd, struct idxd_irq_entry *ie)
{
	const struct msi_map map = { .index = ie->index, .virq = ie->vector };

	pci_ims_free_irq(idxd->pdev, map);
}

/**
 * idxd_wq_get_interrupt - Get the name of the table which is chosen for a WQ
 * @wq:	The WQ
 *
 * Return: A constant string
 */
const char *idxd_wq_get_interrupt(struct idxd_wq *wq)
{
	return idxd_interrupt_names[wq_irq_type(wq)];
}

/**
 * idxd_wq_set_interrupt - Choose the table which the interrupt of a WQ comes from
 * @wq:		The WQ
 * @name:	Name of the table, may end in a newline
 *
 * Takes effect when the WQ is enabled.
 *
 * Context: Task context, takes wq->wq_lock
 *
 * Return: 0 on success, -EINVAL when there is no such table, -EPERM when the WQ is
 * not disabled, -EOPNOTSUPP when IMS cannot be used
 */
int idxd_wq_set_interrupt(struct idxd_wq *wq, const char *name)
{
	int type = sysfs_match_string(idxd_interrupt_names, name);
	struct idxd_device *idxd = wq->idxd;
	const char *unavail;

	if (type < 0)
		return type;

	guard(mutex)(&wq->wq_lock);

	if (wq->state != IDXD_WQ_DISABLED)
		return -EPERM;

	unavail = READ_ONCE(idxd->ims_unavail);
	if (type == IDXD_IRQ_IMS && unavail) {
		dev_warn(&idxd->pdev->dev, "wq %d: no IMS: %s\n", wq->id, unavail);
		return -EOPNOTSUPP;
	}

	assign_bit(WQ_FLAG_IMS, &wq->flags, type == IDXD_IRQ_IMS);
	return 0;
}
