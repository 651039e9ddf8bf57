// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): evidence for the platform check on x86
 *
 * What is the same for all devices is collected once. The firmware tables and
 * the hypervisor are known from early on, but an AMD IOMMU says in its PCI
 * function that it is emulated, so the PCI bus must have been scanned. Until
 * then there is no verdict.
 */
#include <linux/acpi.h>
#include <linux/bitfield.h>
#include <linux/bits.h>
#include <linux/cc_platform.h>
#include <linux/cpufeature.h>
#include <linux/dmar.h>
#include <linux/dmi.h>
#include <linux/init.h>
#include <linux/irqdomain_ims.h>
#include <linux/pci.h>

#include <xen/xen.h>

#include <asm/hypervisor.h>
#include <asm/irqdomain.h>
#include <asm/x86_init.h>

/*
 * DMTF DSP0134, System Management BIOS Reference Specification, "BIOS
 * Information (Type 0)", BIOS Characteristics Extension Byte 2
 */
#define SMBIOS_BIOS_EXT2	0x13
#define SMBIOS_BIOS_EXT2_VM	BIT(4)

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

#define IMS_DMI_IS(_ident, _slot, _text)		\
	{						\
		.ident		= _ident,		\
		.matches	= {			\
			DMI_EXACT_MATCH(_slot, _text),	\
		},					\
	}

#define IMS_DMI_HAS(_ident, _slot, _text)		\
	{						\
		.ident		= _ident,		\
		.matches	= {			\
			DMI_MATCH(_slot, _text),	\
		},					\
	}

/*
 * Names of machines which a VMM makes up. This is evidence for a guest and
 * nothing else: an entry which is missing here is found by the CPUID bit in most
 * cases, and an offer of the hypervisor outranks all of them. The first entry
 * which matches counts, one without a name is a real machine.
 */
static const struct dmi_system_id ims_dmi_table[] __initconst = {
	{
		/* Whole servers of a vendor which is known for its guests */
		.matches	= {
			DMI_MATCH(DMI_SYS_VENDOR, "Amazon EC2"),
			DMI_MATCH(DMI_PRODUCT_NAME, ".metal"),
		},
	},
	IMS_DMI_HAS("Amazon-EC2",	DMI_SYS_VENDOR,		"Amazon EC2"),
	IMS_DMI_HAS("VMware",		DMI_SYS_VENDOR,		"VMware"),
	IMS_DMI_HAS("VMware",		DMI_BOARD_VENDOR,	"VMware"),
	IMS_DMI_HAS("Parallels",	DMI_SYS_VENDOR,		"Parallels"),
	IMS_DMI_HAS("OpenStack",	DMI_PRODUCT_NAME,	"OpenStack"),
	IMS_DMI_IS("QEMU",		DMI_SYS_VENDOR,		"QEMU"),
	IMS_DMI_IS("Red-Hat",		DMI_SYS_VENDOR,		"Red Hat"),
	IMS_DMI_IS("Xen",		DMI_SYS_VENDOR,		"Xen"),
	IMS_DMI_IS("Nutanix-AHV",	DMI_PRODUCT_NAME,	"AHV"),
	IMS_DMI_IS("oVirt",		DMI_SYS_VENDOR,		"oVirt"),
	IMS_DMI_IS("Cloud-Hypervisor",	DMI_SYS_VENDOR,		"Cloud Hypervisor"),
	IMS_DMI_IS("DigitalOcean",	DMI_SYS_VENDOR,		"DigitalOcean"),
	IMS_DMI_IS("KVM",		DMI_PRODUCT_NAME,	"KVM"),
	IMS_DMI_IS("VirtualBox",	DMI_PRODUCT_NAME,	"VirtualBox"),
	IMS_DMI_IS("VirtualBox",	DMI_BOARD_NAME,		"VirtualBox"),
	IMS_DMI_IS("bhyve",		DMI_PRODUCT_NAME,	"BHYVE"),
	IMS_DMI_IS("Google-Cloud",	DMI_PRODUCT_NAME,	"Google Compute Engine"),
	IMS_DMI_IS("Alibaba-Cloud",	DMI_PRODUCT_NAME,	"Alibaba Cloud ECS"),
	/* Virtual PC and Hyper-V, the vendor makes real machines, too */
	IMS_DMI_IS("Hyper-V",		DMI_PRODUCT_NAME,	"Virtual Machine"),
	IMS_DMI_IS("Hyper-V",		DMI_BOARD_NAME,		"Virtual Machine"),
	IMS_DMI_IS("Bochs",		DMI_BIOS_VENDOR,	"Bochs"),
	IMS_DMI_IS("Xen",		DMI_BIOS_VENDOR,	"Xen"),
	IMS_DMI_IS("bhyve",		DMI_BIOS_VENDOR,	"BHYVE"),
	IMS_DMI_IS("VirtualBox",	DMI_BIOS_VENDOR,	"innotek GmbH"),
	{ }
};

/* The table in memory is the firmware's, its length is not to be relied on */
static void __init ims_dmi_bios(const struct dmi_header *header, void *vm)
{
	const u8 *bios = (const u8 *)header;

	if (header->type == 0 && header->length > SMBIOS_BIOS_EXT2 &&
	    bios[SMBIOS_BIOS_EXT2] & SMBIOS_BIOS_EXT2_VM)
		*(bool *)vm = true;
}

static const char * __init ims_dmi_guest(void)
{
	const struct dmi_system_id *id = dmi_first_match(ims_dmi_table);
	bool vm = false;

	if (id && id->ident)
		return id->ident;

	dmi_walk(ims_dmi_bios, &vm);
	return vm ? "SMBIOS-VM-bit" : NULL;
}

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
 * replace the function which creates the PCI/MSI domain: the hypervisor composes
 * the messages. Nothing that the kernel composes means anything to the hardware.
 */
static bool __init ims_msi_is_foreign(void)
{
	return xen_pv_domain() || xen_initial_domain() ||
	       x86_init.irqs.create_pci_msi_domain != native_create_pci_msi_domain;
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

/* The firmware of a virtual machine describes its virtio-iommu in this table */
static bool __init ims_has_viot(void)
{
	struct acpi_table_header *viot;

	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(ACPI_SIG_VIOT, 0, &viot)))
		return false;

	acpi_put_table(viot);
	return true;
}

/*
 * Whether the units remap interrupts, or are used at all, makes no difference:
 * no machine of this kind is without a hypervisor.
 */
static bool __init ims_iommu_is_emulated(void)
{
	return dmar_unit_is_emulated() || ims_amd_iommu_is_emulated() || ims_has_viot();
}

/* Linked before all drivers, so none of the same level asks before it has run */
static int __init ims_collect_evidence(void)
{
	ims_evidence.hypervisor = ims_hypervisor_name();
	ims_evidence.dmi = ims_dmi_guest();
	ims_evidence.foreign = ims_msi_is_foreign();
	ims_evidence.offered = x86_init.hyper.ims_offered();

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
