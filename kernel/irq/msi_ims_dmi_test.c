// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for what DMI tells the platform check of the Interrupt Message
 * Store (IMS)
 *
 * Machines as their firmware describes them. The first part has a row for each
 * name that the kernel knows, the second one the real machines which share
 * something with them. Nothing here is derived from the code under test.
 */
#include <kunit/test.h>

#include <linux/init.h>
#include <linux/irqdomain_ims.h>
#include <linux/mod_devicetable.h>

#define PAIRS	4

struct ims_dmi_pair {
	enum dmi_field	field;
	const char	*string;
};

/**
 * struct ims_dmi_machine - A machine and what is expected
 * @name:	What it is to be taken for, NULL for a real machine
 * @dmi:	What its firmware says
 */
struct ims_dmi_machine {
	const char		*name;
	struct ims_dmi_pair	dmi[PAIRS];
};

#define VENDOR(s)	{ DMI_SYS_VENDOR, s, }
#define PRODUCT(s)	{ DMI_PRODUCT_NAME, s, }
#define VERSION(s)	{ DMI_PRODUCT_VERSION, s, }
#define SERIAL(s)	{ DMI_PRODUCT_SERIAL, s, }
#define UUID(s)		{ DMI_PRODUCT_UUID, s, }
#define BOARD(s)	{ DMI_BOARD_NAME, s, }
#define MAKER(s)	{ DMI_BOARD_VENDOR, s, }
#define BIOS(s)		{ DMI_BIOS_VENDOR, s, }
#define TAG(s)		{ DMI_CHASSIS_ASSET_TAG, s, }
#define DELL		VENDOR("Dell Inc.")

static const struct ims_dmi_machine ims_dmi_guests[] __initconst = {
	/* Each prefix, and each of the five fields at least twice */
	{ "KVM",		{ VENDOR("Red"), PRODUCT("KVM"), } },
	{ "KVM",		{ VENDOR("QEMU"), PRODUCT("KVM Virtual Machine"), } },
	{ "OpenStack",		{ VENDOR("OpenStack Foundation"), PRODUCT("Nova"), } },
	{ "OpenStack",		{ VENDOR("Fedora Project"), PRODUCT("OpenStack Nova"), } },
	{ "OpenStack",		{ VENDOR("RDO"), PRODUCT("OpenStack Compute"), } },
	{ "KubeVirt",		{ VENDOR("KubeVirt"), PRODUCT("None"), } },
	{ "Amazon-EC2",		{ VENDOR("Amazon EC2"), PRODUCT("m7i.large"), } },
	{ "Amazon-EC2",		{ VENDOR("Amazon EC2"), PRODUCT("m7i.metallic"), } },
	{ "Amazon-EC2",		{ DELL, BIOS("Amazon EC2"), } },
	{ "QEMU",		{ VENDOR("QEMU"), PRODUCT("Standard PC (Q35 + ICH9, 2009)"), } },
	{ "QEMU",		{ DELL, MAKER("QEMU"), } },
	{ "QEMU",		{ VENDOR("QEMU"), TAG("OracleCloud.com"), } },
	{ "VMware",		{ VENDOR("VMware, Inc."), PRODUCT("VMware20,1"), } },
	{ "VMware",		{ DELL, BIOS("VMware, Inc."), } },
	{ "VMware",		{ DELL, BIOS("VMW"), } },
	{ "VirtualBox",		{ VENDOR("innotek GmbH"), PRODUCT("VBOX"), } },
	{ "VirtualBox",		{ DELL, BIOS("innotek GmbH"), } },
	{ "VirtualBox",		{ DELL, PRODUCT("VirtualBox"), } },
	{ "VirtualBox",		{ VENDOR("Sun Microsystems, Inc."), PRODUCT("VirtualBox"), } },
	{ "VirtualBox",		{ DELL, BOARD("VirtualBox"), } },
	{ "VirtualBox",		{ VENDOR("LENOVO"), MAKER("Oracle Corporation"), } },
	{ "Xen",		{ VENDOR("Xen"), PRODUCT("HVM domU"), } },
	{ "Xen",		{ DELL, BIOS("Xen"), } },
	{ "Bochs",		{ DELL, BIOS("Bochs"), } },
	{ "Bochs",		{ VENDOR("Bochs"), } },
	{ "Parallels",		{ VENDOR("Parallels International GmbH."), } },
	{ "Parallels",		{ DELL, VERSION("Parallels 19"), } },
	{ "bhyve",		{ VENDOR("FreeBSD"), PRODUCT("BHYVE"), } },
	{ "bhyve",		{ DELL, BIOS("BHYVE"), } },
	{ "Hyper-V",		{ DELL, VERSION("Hyper-V UEFI Release v4.1"), } },
	{ "Hyper-V",		{ VENDOR("Microsoft Corporation"), PRODUCT("Virtual Machine"), } },
	{ "Hyper-V",		{ DELL, BOARD("Virtual Machine"), } },
	{ "Apple",		{ VENDOR("Apple Inc."),
				  PRODUCT("Apple Virtualization Generic Platform"), } },
	{ "Google-Cloud",	{ VENDOR("Google"), PRODUCT("Google Compute Engine"), } },
	{ "LXD",		{ VENDOR("Canonical"), BOARD("LXD"), } },
	{ "Red-Hat",		{ VENDOR("Red Hat"), PRODUCT("RHEV Hypervisor"), } },
	{ "oVirt",		{ VENDOR("oVirt"), PRODUCT("oVirt Node"), } },
	{ "Cloud-Hypervisor",	{ VENDOR("Cloud Hypervisor"), PRODUCT("cloud-hypervisor"), } },
	{ "Nutanix-AHV",	{ VENDOR("Nutanix"), PRODUCT("AHV"), } },

	/* Clouds */
	{ "Akamai",		{ VENDOR("Linode"), PRODUCT("Compute Instance"), } },
	{ "Akamai",		{ VENDOR("Akamai"), PRODUCT("Compute Instance"), } },
	{ "DigitalOcean",	{ VENDOR("DigitalOcean"), PRODUCT("Droplet"), } },
	{ "E24cloud",		{ VENDOR("e24cloud"), } },
	{ "Hetzner",		{ VENDOR("Hetzner"), PRODUCT("vServer"), } },
	{ "NWCS",		{ VENDOR("NWCS"), } },
	{ "Scaleway",		{ VENDOR("Scaleway"), PRODUCT("SCW-PRO2-S"), } },
	{ "Tilaa",		{ VENDOR("Tilaa"), } },
	{ "UpCloud",		{ VENDOR("UpCloud"), PRODUCT("Server"), } },
	{ "Vultr",		{ VENDOR("Vultr"), PRODUCT("VC2"), } },
	{ "Alibaba-Cloud",	{ VENDOR("Alibaba Cloud"), PRODUCT("Alibaba Cloud ECS"), } },
	{ "CloudCIX",		{ VENDOR("CIX"), PRODUCT("CloudCIX"), } },
	{ "CloudSigma",		{ VENDOR("Custom"), PRODUCT("CloudSigma"), } },
	{ "CloudStack",		{ VENDOR("Apache"), PRODUCT("CloudStack KVM Hypervisor"), } },
	{ "Exoscale",		{ VENDOR("Custom"), PRODUCT("Exoscale Compute Platform"), } },
	{ "SmartOS",		{ VENDOR("Joyent"), PRODUCT("SmartDC HVM"), } },
	{ "Outscale",		{ VENDOR("3DS Outscale"), PRODUCT("3DS Outscale VM"), } },
	{ "Tencent-Cloud",	{ VENDOR("Tencent Cloud"), PRODUCT("CVM"), } },
	{ "Azure",		{ DELL, TAG("7783-7084-3265-9085-8269-3286-77"), } },
	{ "Huawei-Cloud",	{ VENDOR("Custom"), TAG("HUAWEICLOUD"), } },
	{ "OpenStack",		{ DELL, TAG("OpenStack Nova"), } },
	{ "OpenStack",		{ DELL, TAG("OpenStack Compute"), } },
	{ "Open-Telekom",	{ DELL, TAG("OpenTelekomCloud"), } },
	{ "Oracle-Cloud",	{ VENDOR("Custom"), TAG("OracleCloud.com"), } },
	{ "Samsung-Cloud",	{ DELL, TAG("Samsung Cloud Platform"), } },
	{ "SAP-Cloud",		{ DELL, TAG("SAP CCloud VM"), } },
	{ "ZStack",		{ DELL, TAG("c4f5b1e2.zstack.io"), } },
	{ "Brightbox",		{ DELL, SERIAL("srv-lv426.gb1.brightbox.com"), } },
	{ "Google-Cloud",	{ VENDOR("Google"), SERIAL("GoogleCloud-0123456789ABCDEF"), } },
	{ "NoCloud",		{ DELL, SERIAL("ds=nocloud;s=http://10.0.2.2/"), } },
	{ "NoCloud",		{ DELL, SERIAL("a ds=nocloud-net"), } },
	{ "Amazon-EC2",		{ DELL, UUID("ec2e1916-9099-7caf-fd21-012345abcdef"),
				  SERIAL("EC2E1916-9099-7CAF-FD21-012345ABCDEF"), } },

	/* Firmware pads its strings */
	{ "Hetzner",		{ VENDOR("  Hetzner "), PRODUCT("vServer "), } },
	{ "Azure",		{ DELL, TAG("7783-7084-3265-9085-8269-3286-77 "), } },
};

static const struct ims_dmi_machine ims_dmi_real[] __initconst = {
	{ NULL, { DELL, PRODUCT("PowerEdge R760"), BIOS("Dell Inc."), TAG(""), } },
	{ NULL, { VENDOR("HPE"), PRODUCT("ProLiant DL380 Gen11"), BIOS("HPE"), } },
	{ NULL, { VENDOR("Supermicro"), PRODUCT("SYS-221H-TNR"), TAG("Default string"), } },
	{ NULL, { VENDOR("Amazon EC2"), PRODUCT("i3.metal"), BIOS("Amazon EC2"), } },
	{ NULL, { VENDOR("Amazon EC2"), PRODUCT("m7i.metal-24xl"), MAKER("Amazon EC2"),
		  UUID("ec2e1916-9099-7caf-fd21-012345abcdef"), } },
	{ NULL, { VENDOR("Alibaba"), PRODUCT("Alibaba Cloud ECS"), } },
	{ NULL, { VENDOR("Alibaba"), PRODUCT("AliServer-Thor"), } },
	{ NULL, { VENDOR("Tencent Cloud"), PRODUCT("BM.S5"), } },
	{ NULL, { VENDOR("Tencent"), PRODUCT("Tencent S5"), } },
	{ NULL, { VENDOR("Oracle Corporation"), PRODUCT("ORACLE SERVER X9-2"),
		  MAKER("Oracle Corporation"), BIOS("American Megatrends Inc."), } },
	{ NULL, { VENDOR("Oracle Corporation"), PRODUCT("ORACLE SERVER E4-2c"),
		  MAKER("Oracle Corporation"), TAG("OracleCloud.com"), } },
	{ NULL, { VENDOR("Oracle Corporation"), PRODUCT("SUN FIRE X4170 M2 SERVER"), } },
	{ NULL, { VENDOR("SUN MICROSYSTEMS"), PRODUCT("SUN FIRE X4270 SERVER"),
		  MAKER("Oracle Corporation"), } },
	{ NULL, { VENDOR("Sun Microsystems"), PRODUCT("Sun Fire X2200 M2"),
		  MAKER("Sun Microsystems"), } },
	{ NULL, { VENDOR("Apple Inc."), PRODUCT("MacBookPro16,1"), MAKER("Apple Inc."), } },
	{ NULL, { VENDOR("Apple Inc."), PRODUCT("MacPro7,1"), BIOS("Apple Inc."), } },
	{ NULL, { VENDOR("IBM"), PRODUCT("System x3650 M4 -[7915AC1]-"), BIOS("IBM"), } },
	{ NULL, { VENDOR("Microsoft Corporation"), PRODUCT("Surface Laptop 4"),
		  BOARD("Surface Laptop 4"), BIOS("Microsoft Corporation"), } },
	{ NULL, { VENDOR("Google"), PRODUCT("Eve"), BIOS("coreboot"), } },
	{ NULL, { VENDOR("GOOGLE"), PRODUCT("Samus"), } },
	{ NULL, { VENDOR("Huawei"), PRODUCT("2288H V5"), MAKER("Huawei"), BIOS("INSYDE Corp."), } },
	{ NULL, { VENDOR("HUAWEI"), PRODUCT("KLVL-WXX9"), } },
	{ NULL, { VENDOR("LENOVO"), PRODUCT("ThinkSystem SR650 V3"), BIOS("LENOVO"), } },
	{ NULL, { VENDOR("Nutanix"), PRODUCT("NX-3060-G7"), } },
	{ NULL, { VENDOR("XENON"), PRODUCT("RADON Duo R1885"), } },
	{ NULL, { VENDOR("SAMSUNG ELECTRONICS CO., LTD."), PRODUCT("950XED"), } },
	{ NULL, { VENDOR("3DS Outscale"), PRODUCT("Another"), } },
	{ NULL, { DELL, UUID("ec2e1916-9099-7caf-fd21-012345abcdef"), SERIAL("7XK3JS3"), } },

	/* The name of a cloud in another field, or as a part of another word */
	{ NULL, { DELL, PRODUCT("Hetzner"), TAG("Hetzner"), } },
	{ NULL, { VENDOR("Not QEMU"), PRODUCT("MyKVM"), } },
	{ NULL, { VENDOR("Hetzner Hardware"), TAG("HUAWEICLOUD-7"), } },
	{ NULL, { DELL, SERIAL("xds=nocloud"), TAG("zstack.io"), } },

	/* Nobody has filled them in, or with care */
	{ NULL, { } },
	{ NULL, { VENDOR(""), PRODUCT(""), SERIAL(""), TAG(""), } },
	{ NULL, { VENDOR("   "), PRODUCT("*"), SERIAL("[") } },
	{ NULL, { VENDOR("\x01\xff%s%n\x7f"), PRODUCT("\xc3\x28\x1b[31m"), } },
};

static void __init ims_dmi_check(struct kunit *test, const struct ims_dmi_machine *machine)
{
	const char *strings[DMI_STRING_MAX] = { };
	const char *name;
	unsigned int i;

	for (i = 0; i < PAIRS; i++) {
		if (machine->dmi[i].string)
			strings[machine->dmi[i].field] = machine->dmi[i].string;
	}

	name = ims_dmi_match(strings);
	KUNIT_EXPECT_TRUE_MSG(test, !name == !machine->name &&
			      (!name || !strcmp(name, machine->name)),
			      "'%s', '%s', '%s', '%s': got %s, expected %s",
			      machine->dmi[0].string, machine->dmi[1].string,
			      machine->dmi[2].string, machine->dmi[3].string,
			      name ?: "a real machine", machine->name ?: "a real machine");
}

static void __init ims_dmi_virtual(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ims_dmi_guests); i++)
		ims_dmi_check(test, &ims_dmi_guests[i]);
}

static void __init ims_dmi_bare(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ims_dmi_real); i++)
		ims_dmi_check(test, &ims_dmi_real[i]);
}

/* Longer than any name, and without an end for a pattern to find */
static void __init ims_dmi_long(struct kunit *test)
{
	const char *strings[DMI_STRING_MAX] = { };
	char *text = kunit_kzalloc(test, PAGE_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, text);
	memset(text, '.', PAGE_SIZE - 1);
	strings[DMI_SYS_VENDOR] = text;
	strings[DMI_CHASSIS_ASSET_TAG] = text;
	KUNIT_EXPECT_NULL(test, ims_dmi_match(strings));

	memcpy(text, "QEMU", 4);
	KUNIT_EXPECT_STREQ(test, ims_dmi_match(strings), "QEMU");
}

static struct kunit_case ims_dmi_cases[] __refdata = {
	KUNIT_CASE(ims_dmi_virtual),
	KUNIT_CASE(ims_dmi_bare),
	KUNIT_CASE(ims_dmi_long),
	{ }
};

static struct kunit_suite ims_dmi_suite __refdata = {
	.name		= "msi_ims_dmi",
	.test_cases	= ims_dmi_cases,
};

kunit_test_init_section_suite(ims_dmi_suite);

MODULE_DESCRIPTION("KUnit tests for what DMI tells the IMS platform check");
MODULE_LICENSE("GPL");
