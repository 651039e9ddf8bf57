// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): evidence for the platform check on x86
 *
 * What is the same for all devices is collected once. The firmware tables and
 * the hypervisor are known from early on, but an AMD IOMMU says in its PCI
 * function that it is emulated, so the PCI bus must have been scanned. Until
 * then there is no verdict.
 */
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/cc_platform.h>
#include <linux/cpufeature.h>
#include <linux/dmar.h>
#include <linux/init.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/pci.h>

#include <xen/xen.h>

#include <asm/hypervisor.h>
#include <asm/irqdomain.h>

/*
 * AMD I/O Virtualization Technology (IOMMU) Specification, document 48882,
 * "IOMMU Capability Block Registers", Capability Header
 */
#define AMD_IOMMU_CAP_TYPE	GENMASK(18, 16)
#define AMD_IOMMU_CAP_TYPE_IOMMU	3
#define AMD_IOMMU_CAP_NPCACHE	BIT(26)

static struct ims_facts ims_evidence __ro_after_init = {
	.supported	= true,
};

static const char * __init ims_hypervisor_name(void)
{
	static const char * const names[] = {
		[X86_HYPER_VMWARE]	= "VMware",
		[X86_HYPER_MS_HYPERV]	= "Hyper-V",
		[X86_HYPER_XEN_PV]	= "Xen-PV",
		[X86_HYPER_XEN_HVM]	= "Xen-HVM",
		[X86_HYPER_KVM]		= "KVM",
		[X86_HYPER_JAILHOUSE]	= "Jailhouse",
		[X86_HYPER_ACRN]	= "ACRN",
	};
	unsigned int type;

	if (hypervisor_is_type(X86_HYPER_NATIVE))
		return NULL;

	for (type = 0; type < ARRAY_SIZE(names); type++) {
		if (names[type] && hypervisor_is_type(type))
			return names[type];
	}
	return "other";
}

/*
 * Xen PV, Xen HVM with event channels, dom0 and the Hyper-V root partition
 * replace the domain of PCI/MSI: the hypervisor composes the messages. Nothing that
 * the kernel composes means anything to the hardware. A domain which translates
 * replaces it as well, but its messages are good for any store.
 */
static bool __init ims_msi_is_foreign(void)
{
	struct irq_domain *domain = x86_pci_msi_default_domain;

	if (xen_pv_domain() || xen_initial_domain())
		return true;
	return domain && domain != x86_vector_domain && !irq_domain_is_msi_translated(domain);
}

/*
 * An IOMMU which caches entries that are not present wants to be told when they
 * become present. Hardware has no use for that, an emulator does.
 */
static bool __init ims_amd_iommu_is_emulated(void)
{
	struct pci_dev *pdev = NULL;
	bool emulated = false;
	u32 header;
	u8 pos;

	for_each_pci_dev(pdev) {
		pos = pci_find_capability(pdev, PCI_CAP_ID_SECDEV);
		if (!pos || pci_read_config_dword(pdev, pos, &header))
			continue;

		if (FIELD_GET(AMD_IOMMU_CAP_TYPE, header) == AMD_IOMMU_CAP_TYPE_IOMMU &&
		    header & AMD_IOMMU_CAP_NPCACHE)
			emulated = true;
	}
	return emulated;
}

/*
 * Whether the units remap interrupts, or are used at all, makes no difference:
 * no machine of this kind is without a hypervisor.
 */
static bool __init ims_iommu_is_emulated(void)
{
	return dmar_unit_is_emulated() || ims_amd_iommu_is_emulated() || ims_viot_guest();
}

/* Linked before all drivers, so none of the same level asks before it has run */
static int __init ims_collect_evidence(void)
{
	ims_evidence.hypervisor = ims_hypervisor_name();
	ims_evidence.dmi = ims_dmi_guest();
	ims_evidence.foreign = ims_msi_is_foreign();

	if (boot_cpu_has(X86_FEATURE_HYPERVISOR))
		ims_evidence.guest |= IMS_GUEST_CPUID;
	if (ims_evidence.hypervisor)
		ims_evidence.guest |= IMS_GUEST_DETECTED;
	if (ims_evidence.dmi)
		ims_evidence.guest |= IMS_GUEST_DMI;
	if (cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		ims_evidence.guest |= IMS_GUEST_CONFIDENTIAL;
	if (ims_iommu_is_emulated())
		ims_evidence.guest |= IMS_GUEST_IOMMU;

	ims_evidence.complete = true;
	return 0;
}
device_initcall(ims_collect_evidence);

void ims_platform_facts(struct ims_facts *facts)
{
	*facts = ims_evidence;
}
