// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): evidence for the platform check on arm64
 *
 * What a hypervisor says in a call, and what the firmware says of the machine in
 * ACPI, in the device tree or in DMI. All of it is known before the first driver
 * probes.
 *
 * The exception level at which the kernel was entered is no evidence. Firmware of
 * many a real machine keeps EL2 to itself or to a hypervisor which does nothing
 * but start Linux, and one which nests gives EL2 to its guests.
 */
#include <linux/acpi.h>
#include <linux/arm-smccc.h>
#include <linux/cc_platform.h>
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/irqdomain_ims.h>
#include <linux/of.h>
#include <linux/string.h>

#include <asm/hypervisor.h>

static struct ims_facts ims_evidence __ro_after_init = {
	.supported	= true,
};

/*
 * Arm DEN0028, SMC Calling Convention, "Call UID Query" of the vendor specific
 * hypervisor service. Who answers HVC is a hypervisor, but an answer which is an
 * error may come from one that just starts Linux. KVM answers a guest at EL2 when
 * it calls SMC, which elsewhere is the firmware's.
 */
static const char * __init ims_smccc_hypervisor(void)
{
	struct arm_smccc_res res = { };

	if (kvm_arm_hyp_service_available(ARM_SMCCC_KVM_FUNC_FEATURES))
		return "KVM";
	if (arm_smccc_1_1_get_conduit() != SMCCC_CONDUIT_HVC)
		return NULL;

	arm_smccc_1_1_invoke(ARM_SMCCC_VENDOR_HYP_CALL_UID_FUNC_ID, &res);
	return (s32)res.a0 == SMCCC_RET_NOT_SUPPORTED ? NULL : "SMCCC";
}

#ifdef CONFIG_ACPI
/* ACPI specification, "Fixed ACPI Description Table", Hypervisor Vendor Identity */
static const char * __init ims_acpi_hypervisor(void)
{
	static char name[sizeof(acpi_gbl_FADT.hypervisor_id) + 1] __ro_after_init;

	if (acpi_disabled || !acpi_gbl_FADT.hypervisor_id)
		return NULL;

	memcpy(name, &acpi_gbl_FADT.hypervisor_id, sizeof(acpi_gbl_FADT.hypervisor_id));
	return name;
}
#else
static const char * __init ims_acpi_hypervisor(void)
{
	return NULL;
}
#endif

/* Devices which exist in virtual machines only */
static const struct of_device_id ims_of_guest[] __initconst = {
	{ .compatible = "qemu,fw-cfg-mmio", .data = "QEMU" },
	{ }
};

static const struct of_device_id ims_of_viommu[] __initconst = {
	{ .compatible = "virtio,pci-iommu" },
	{ }
};

static const char * __init ims_of_device(void)
{
	const struct of_device_id *match;
	struct device_node *node;

	node = of_find_matching_node_and_match(NULL, ims_of_guest, &match);
	of_node_put(node);
	return node ? match->data : NULL;
}

static const char * __init ims_of_hypervisor(void)
{
	struct device_node *node __free(device_node) = of_find_node_by_path("/hypervisor");
	const char *name;

	if (node)
		return of_property_read_string(node, "compatible", &name) ? "other" : name;
	if (of_machine_is_compatible("linux,dummy-virt"))
		return "linux,dummy-virt";
	return ims_of_device();
}

static bool __init ims_has_viommu(void)
{
	struct device_node *node = of_find_matching_node(NULL, ims_of_viommu);

	of_node_put(node);
	return node || ims_viot_guest();
}

/* A realm, or a guest which KVM is protected from */
static bool __init ims_is_confidential(void)
{
	return cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT) ||
	       kvm_arm_hyp_service_available(ARM_SMCCC_KVM_FUNC_MEM_SHARE);
}

static int __init ims_collect_evidence(void)
{
	ims_evidence.hypervisor = ims_smccc_hypervisor() ?: ims_acpi_hypervisor() ?:
				  ims_of_hypervisor();
	ims_evidence.dmi = ims_dmi_guest();

	if (ims_evidence.hypervisor)
		ims_evidence.guest |= IMS_GUEST_DETECTED;
	if (ims_evidence.dmi)
		ims_evidence.guest |= IMS_GUEST_DMI;
	if (ims_is_confidential())
		ims_evidence.guest |= IMS_GUEST_CONFIDENTIAL;
	if (ims_has_viommu())
		ims_evidence.guest |= IMS_GUEST_IOMMU;

	ims_evidence.complete = true;
	return 0;
}
arch_initcall(ims_collect_evidence);

void ims_platform_facts(struct ims_facts *facts)
{
	*facts = ims_evidence;
}
