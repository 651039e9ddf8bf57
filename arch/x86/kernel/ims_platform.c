// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): evidence for the platform check on x86
 */
#include <linux/device.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/msi.h>

#include <xen/xen.h>

#include <asm/cpufeature.h>
#include <asm/irqdomain.h>

static enum ims_parent ims_parent_of(struct device *dev)
{
	struct irq_domain *domain = dev_get_msi_domain(dev);

	if (!domain || !irq_domain_is_msi_parent(domain) ||
	    !(domain->msi_parent_ops->supported_flags & MSI_FLAG_PCI_IMS))
		return IMS_PARENT_NONE;

	switch (domain->bus_token) {
	case DOMAIN_BUS_DMAR:
	case DOMAIN_BUS_AMDVI:
		return domain->flags & IRQ_DOMAIN_FLAG_MSI_VIRTUAL ?
			IMS_PARENT_REMAP_VIRTUAL : IMS_PARENT_REMAP;
	default:
		return domain == x86_vector_domain ? IMS_PARENT_VECTOR : IMS_PARENT_NONE;
	}
}

/*
 * The CPUID bit is set by every hypervisor which does not hide. Xen PV guests
 * and dom0 have their MSI messages composed by Xen, so nothing that the kernel
 * composes means anything to the hardware.
 */
void ims_platform_facts(struct device *dev, struct ims_facts *facts)
{
	facts->supported = true;
	facts->hypervisor = boot_cpu_has(X86_FEATURE_HYPERVISOR);
	facts->foreign = xen_pv_domain() || xen_initial_domain();
	facts->parent = ims_parent_of(dev);
}
