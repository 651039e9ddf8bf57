// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): virtual machines which say so in firmware tables
 *
 * Names in DMI which VMMs and clouds fill in, and an ACPI table. They are evidence
 * for a guest and nothing else, for those which hide what the CPU has to say. A
 * name which is missing here is in most cases found by other evidence, and no name
 * ever allows anything.
 */
#include <linux/acpi.h>
#include <linux/bits.h>
#include <linux/dmi.h>
#include <linux/glob.h>
#include <linux/init.h>
#include <linux/irqdomain_ims.h>
#include <linux/mod_devicetable.h>
#include <linux/string.h>

/*
 * DMTF DSP0134, System Management BIOS Reference Specification, "BIOS
 * Information (Type 0)", BIOS Characteristics Extension Byte 2
 */
#define SMBIOS_BIOS_EXT2	0x13
#define SMBIOS_BIOS_EXT2_VM	BIT(4)

/**
 * struct ims_dmi_row - A name and what it tells
 * @name:	What the machine is, NULL for a real one
 * @fields:	BIT(enum dmi_field) for each field in which it may be found
 * @pattern:	What is found there, for glob_match()
 * @with:	Another field which has to match as well, or DMI_NONE
 * @value:	What is found there
 */
struct ims_dmi_row {
	const char	*name;
	u32		fields;
	const char	*pattern;
	enum dmi_field	with;
	const char	*value;
};

/* Where systemd looks for its names, see detect_vm_dmi_vendor() */
#define IMS_DMI_MAKER	(BIT(DMI_PRODUCT_NAME) | BIT(DMI_SYS_VENDOR) | BIT(DMI_BOARD_VENDOR) | \
			 BIT(DMI_BIOS_VENDOR) | BIT(DMI_PRODUCT_VERSION))

#define IMS_DMI_ANY(_name, _pattern)	\
	{ .name = _name, .fields = IMS_DMI_MAKER, .pattern = _pattern, }
#define IMS_DMI_ONE(_name, _field, _pattern)	\
	{ .name = _name, .fields = BIT(DMI_##_field), .pattern = _pattern, }
#define IMS_DMI_TWO(_name, _field, _pattern, _with, _value)	\
	{ .name = _name, .fields = BIT(DMI_##_field), .pattern = _pattern, \
	  .with = DMI_##_with, .value = _value, }

/* The first one which matches counts, so a real machine comes before a name it shares */
static const struct ims_dmi_row ims_dmi_rows[] __initconst = {
	/* Whole servers of a cloud */
	IMS_DMI_TWO(NULL,		SYS_VENDOR, "Amazon EC2*", PRODUCT_NAME, "*.metal"),
	IMS_DMI_TWO(NULL,		SYS_VENDOR, "Amazon EC2*", PRODUCT_NAME, "*.metal-*"),
	IMS_DMI_TWO(NULL,		SYS_VENDOR, "Alibaba", PRODUCT_NAME, "Alibaba Cloud*"),

	/* Hypervisors, and clouds which put their names in the same fields */
	IMS_DMI_ANY("KVM",		"KVM*"),
	IMS_DMI_ANY("OpenStack",	"OpenStack*"),
	IMS_DMI_ANY("KubeVirt",		"KubeVirt*"),
	IMS_DMI_ANY("Amazon-EC2",	"Amazon EC2*"),
	IMS_DMI_ANY("QEMU",		"QEMU*"),
	IMS_DMI_ANY("VMware",		"VMware*"),
	IMS_DMI_ANY("VMware",		"VMW*"),
	IMS_DMI_ANY("VirtualBox",	"innotek GmbH*"),
	IMS_DMI_ANY("VirtualBox",	"VirtualBox*"),
	IMS_DMI_ANY("Xen",		"Xen*"),
	IMS_DMI_ANY("Bochs",		"Bochs*"),
	IMS_DMI_ANY("Parallels",	"Parallels*"),
	IMS_DMI_ANY("bhyve",		"BHYVE*"),
	IMS_DMI_ANY("Hyper-V",		"Hyper-V*"),
	IMS_DMI_ANY("Apple",		"Apple Virtualization*"),
	IMS_DMI_ANY("Google-Cloud",	"Google Compute Engine*"),
	IMS_DMI_ONE("VirtualBox",	BOARD_NAME, "VirtualBox"),
	IMS_DMI_ONE("LXD",		BOARD_NAME, "LXD"),
	/* Virtual PC and Hyper-V, the vendor makes real machines, too */
	IMS_DMI_ONE("Hyper-V",		PRODUCT_NAME, "Virtual Machine"),
	IMS_DMI_ONE("Hyper-V",		BOARD_NAME, "Virtual Machine"),
	IMS_DMI_ONE("Red-Hat",		SYS_VENDOR, "Red Hat"),
	IMS_DMI_ONE("oVirt",		SYS_VENDOR, "oVirt"),
	IMS_DMI_ONE("Cloud-Hypervisor",	SYS_VENDOR, "Cloud Hypervisor"),
	IMS_DMI_ONE("Nutanix-AHV",	PRODUCT_NAME, "AHV"),

	/*
	 * On other makers' machines the name is that of VirtualBox. The servers
	 * of this one have the asset tag of its cloud, too.
	 */
	IMS_DMI_ONE(NULL,		SYS_VENDOR, "Oracle Corporation*"),
	IMS_DMI_ONE(NULL,		SYS_VENDOR, "S[Uu][Nn] M[Ii][Cc][Rr][Oo]*"),
	IMS_DMI_ANY("VirtualBox",	"Oracle Corporation*"),

	/* Clouds, as tools/ds-identify of cloud-init knows them */
	IMS_DMI_ONE("Akamai",		SYS_VENDOR, "Linode"),
	IMS_DMI_ONE("Akamai",		SYS_VENDOR, "Akamai"),
	IMS_DMI_ONE("DigitalOcean",	SYS_VENDOR, "DigitalOcean"),
	IMS_DMI_ONE("E24cloud",		SYS_VENDOR, "e24cloud"),
	IMS_DMI_ONE("Hetzner",		SYS_VENDOR, "Hetzner"),
	IMS_DMI_ONE("NWCS",		SYS_VENDOR, "NWCS"),
	IMS_DMI_ONE("Scaleway",		SYS_VENDOR, "Scaleway"),
	IMS_DMI_ONE("Tilaa",		SYS_VENDOR, "Tilaa"),
	IMS_DMI_ONE("UpCloud",		SYS_VENDOR, "UpCloud"),
	IMS_DMI_ONE("Vultr",		SYS_VENDOR, "Vultr"),
	IMS_DMI_ONE("Alibaba-Cloud",	PRODUCT_NAME, "Alibaba Cloud ECS"),
	IMS_DMI_ONE("CloudCIX",		PRODUCT_NAME, "CloudCIX"),
	IMS_DMI_ONE("CloudSigma",	PRODUCT_NAME, "CloudSigma"),
	IMS_DMI_ONE("CloudStack",	PRODUCT_NAME, "CloudStack*"),
	IMS_DMI_ONE("Exoscale",		PRODUCT_NAME, "Exoscale*"),
	IMS_DMI_ONE("SmartOS",		PRODUCT_NAME, "SmartDC*"),
	IMS_DMI_TWO("Outscale",		SYS_VENDOR, "3DS Outscale",
		    PRODUCT_NAME, "3DS Outscale VM"),
	/* The vendor rents whole servers under other product names */
	IMS_DMI_TWO("Tencent-Cloud",	SYS_VENDOR, "Tencent Cloud", PRODUCT_NAME, "CVM*"),
	IMS_DMI_ONE("Azure",		CHASSIS_ASSET_TAG, "7783-7084-3265-9085-8269-3286-77"),
	IMS_DMI_ONE("Huawei-Cloud",	CHASSIS_ASSET_TAG, "HUAWEICLOUD"),
	IMS_DMI_ONE("OpenStack",	CHASSIS_ASSET_TAG, "OpenStack Nova"),
	IMS_DMI_ONE("OpenStack",	CHASSIS_ASSET_TAG, "OpenStack Compute"),
	IMS_DMI_ONE("Open-Telekom",	CHASSIS_ASSET_TAG, "OpenTelekomCloud"),
	IMS_DMI_ONE("Oracle-Cloud",	CHASSIS_ASSET_TAG, "OracleCloud.com"),
	IMS_DMI_ONE("Samsung-Cloud",	CHASSIS_ASSET_TAG, "Samsung Cloud Platform"),
	IMS_DMI_ONE("SAP-Cloud",	CHASSIS_ASSET_TAG, "SAP CCloud VM"),
	IMS_DMI_ONE("ZStack",		CHASSIS_ASSET_TAG, "*.zstack.io"),
	IMS_DMI_ONE("Brightbox",	PRODUCT_SERIAL, "*.brightbox.com"),
	IMS_DMI_ONE("Google-Cloud",	PRODUCT_SERIAL, "GoogleCloud-*"),
	IMS_DMI_ONE("NoCloud",		PRODUCT_SERIAL, "ds=nocloud*"),
	IMS_DMI_ONE("NoCloud",		PRODUCT_SERIAL, "* ds=nocloud*"),
	IMS_DMI_TWO("Amazon-EC2",	PRODUCT_UUID, "[Ee][Cc]2*", PRODUCT_SERIAL, "[Ee][Cc]2*"),
};

/* Firmware pads its strings with blanks. The longest name is much shorter than this. */
static bool __init ims_dmi_matches(const char *string, const char *pattern)
{
	char buf[128];

	if (!string)
		return false;

	strscpy(buf, string, sizeof(buf));
	return glob_match(pattern, strim(buf));
}

static bool __init ims_dmi_row_matches(const struct ims_dmi_row *row, const char * const *strings)
{
	const unsigned long fields = row->fields;
	unsigned int field;

	if (row->with != DMI_NONE && !ims_dmi_matches(strings[row->with], row->value))
		return false;

	for_each_set_bit(field, &fields, DMI_STRING_MAX) {
		if (ims_dmi_matches(strings[field], row->pattern))
			return true;
	}
	return false;
}

/**
 * ims_dmi_match - Find out whether names are those of a virtual machine
 * @strings:	What DMI says, DMI_STRING_MAX of them, by enum dmi_field. NULL where
 *		there is nothing.
 *
 * Depends on nothing but its argument. Can be called during boot only.
 *
 * Return: A constant string with the name of the VMM or of the cloud, or NULL
 */
const char * __init ims_dmi_match(const char * const *strings)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ims_dmi_rows); i++) {
		if (ims_dmi_row_matches(&ims_dmi_rows[i], strings))
			return ims_dmi_rows[i].name;
	}
	return NULL;
}

/* The table in memory is the firmware's, its length is not to be relied on */
static void __init ims_dmi_bios(const struct dmi_header *header, void *vm)
{
	const u8 *bios = (const u8 *)header;

	if (header->type == 0 && header->length > SMBIOS_BIOS_EXT2 &&
	    bios[SMBIOS_BIOS_EXT2] & SMBIOS_BIOS_EXT2_VM)
		*(bool *)vm = true;
}

/**
 * ims_dmi_guest - Find out whether DMI describes a virtual machine
 *
 * Context: Task context during boot, when DMI has been scanned
 *
 * Return: A constant string which says what it is, or NULL
 */
const char * __init ims_dmi_guest(void)
{
	const char *strings[DMI_STRING_MAX];
	const char *name;
	bool vm = false;
	int field;

	for (field = 0; field < DMI_STRING_MAX; field++)
		strings[field] = dmi_get_system_info(field);

	name = ims_dmi_match(strings);
	if (name)
		return name;

	dmi_walk(ims_dmi_bios, &vm);
	return vm ? "SMBIOS-VM-bit" : NULL;
}

/**
 * ims_viot_guest - Find out whether ACPI describes a paravirtualized IOMMU
 *
 * Context: Task context during boot, when the ACPI tables can be used
 *
 * Return: True if it has the table for a virtio-iommu, which no real machine has
 */
bool __init ims_viot_guest(void)
{
	struct acpi_table_header *viot;

	if (acpi_disabled || ACPI_FAILURE(acpi_get_table(ACPI_SIG_VIOT, 0, &viot)))
		return false;

	acpi_put_table(viot);
	return true;
}
