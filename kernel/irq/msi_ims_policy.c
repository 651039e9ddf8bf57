// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): the platform check
 *
 * A hypervisor cannot trap a message which is written to memory that belongs to
 * a driver, so in a guest nobody translates it and IMS is refused. There is no
 * reliable way to know that a machine is bare metal. Therefore evidence is
 * collected by the architecture and judged here, and the reason is always
 * visible.
 */
#define pr_fmt(fmt) "ims: " fmt

#include <linux/bitops.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/init.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/kobject.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/printk.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include <kunit/static_stub.h>

static const char * const ims_mode_names[] = {
	[IMS_MODE_AUTO]			= "auto",
	[IMS_MODE_OFF]			= "off",
	[IMS_MODE_ON]			= "on",
};

static const char * const ims_kind_names[] = {
	[IMS_STORE_DEVICE_MEMORY]	= "device-memory",
	[IMS_STORE_QUEUE_MEMORY]	= "queue-memory",
	[IMS_STORE_HANDED_OUT]		= "handed-out",
};

static const char * const ims_reasons[] = {
	[IMS_REASON_BARE_IMMUTABLE]	= "bare metal, messages never change",
	[IMS_REASON_BARE_REWRITES]	= "bare metal, messages change with the affinity",
	[IMS_REASON_TRANSLATED]		= "guest, host hands out the messages",
	[IMS_REASON_FORCED]		= "guest, but enabled on the command line",
	[IMS_REASON_OFF]		= "disabled on the command line",
	[IMS_REASON_ARCH]		= "not supported by this architecture",
	[IMS_REASON_EARLY]		= "asked too early during boot",
	[IMS_REASON_FOREIGN]		= "MSI is owned by the hypervisor",
	[IMS_REASON_NO_PARENT]		= "MSI parent domain does not support IMS",
	[IMS_REASON_GUEST]		= "guest, host is not known to translate messages",
	[IMS_REASON_VIRTUAL_IOMMU]	= "virtual IOMMU, counts as a guest",
	[IMS_REASON_REWRITE]		= "message would be rewritten on every affinity change",
	[IMS_REASON_NOT_ISOLATED]	= "device could raise interrupts of others",
	[IMS_REASON_REPLACED]		= "host can replace a message which was handed out",
};

/* What an administrator can do about a refusal, as far as anything can be done */
static const char * const ims_hints[IMS_REASONS] = {
	[IMS_REASON_OFF]		= "; boot without ims=off to change that",
	[IMS_REASON_GUEST]		= "; boot with ims=on if it does",
	[IMS_REASON_VIRTUAL_IOMMU]	= "; boot with ims=on if messages are translated",
	[IMS_REASON_REWRITE]		= "; enable interrupt remapping if the machine has it",
};

static const char * const ims_parent_names[] = {
	[IMS_PARENT_NONE]		= "none",
	[IMS_PARENT_REWRITES]		= "rewrites",
	[IMS_PARENT_IMMUTABLE]		= "immutable",
	[IMS_PARENT_TRANSLATED]		= "translated",
};

static enum ims_mode ims_mode __ro_after_init = IMS_MODE_AUTO;

static int __init ims_setup(char *str)
{
	int mode = str ? match_string(ims_mode_names, ARRAY_SIZE(ims_mode_names), str) : -EINVAL;

	if (mode < 0) {
		pr_warn_once("unknown value '%.16s' on the command line, using auto. Known: auto, off, on\n",
			     str ?: "");
		mode = IMS_MODE_AUTO;
	}
	ims_mode = mode;
	return 0;
}
early_param("ims", ims_setup);

/**
 * ims_reason_text - Reason of a verdict in words
 * @reason:	The reason
 *
 * Return: A constant string
 */
const char *ims_reason_text(enum ims_reason reason)
{
	return ims_reasons[reason];
}

/**
 * ims_store_kind_text - Name of a kind of store
 * @kind:	The kind
 *
 * Return: A constant string
 */
const char *ims_store_kind_text(enum ims_store_kind kind)
{
	return ims_kind_names[kind];
}

static struct ims_verdict ims_refuse(enum ims_reason reason)
{
	return (struct ims_verdict){ .reason = reason };
}

static struct ims_verdict ims_allow(enum ims_reason reason)
{
	return (struct ims_verdict){ .allowed = true, .reason = reason };
}

/**
 * ims_decide - Judge the evidence
 * @facts:	The evidence
 * @kind:	The kind of store which is to be used
 * @mode:	What the command line asks for
 *
 * Depends on nothing but its arguments.
 *
 * Return: The verdict and its reason
 */
struct ims_verdict ims_decide(const struct ims_facts *facts, enum ims_store_kind kind,
			      enum ims_mode mode)
{
	if (!facts->supported)
		return ims_refuse(IMS_REASON_ARCH);
	if (mode == IMS_MODE_OFF)
		return ims_refuse(IMS_REASON_OFF);
	if (!facts->complete)
		return ims_refuse(IMS_REASON_EARLY);
	if (facts->foreign)
		return ims_refuse(IMS_REASON_FOREIGN);
	if (facts->parent == IMS_PARENT_NONE)
		return ims_refuse(IMS_REASON_NO_PARENT);
	/* A guest which moves to another host gets other messages */
	if (facts->parent == IMS_PARENT_TRANSLATED)
		return kind == IMS_STORE_HANDED_OUT ? ims_refuse(IMS_REASON_REPLACED) :
		       ims_allow(IMS_REASON_TRANSLATED);
	if (facts->guest && mode != IMS_MODE_ON)
		return ims_refuse(facts->guest == IMS_GUEST_IOMMU ? IMS_REASON_VIRTUAL_IOMMU :
				  IMS_REASON_GUEST);

	/*
	 * Such a domain changes the message under a raw spinlock and relies on
	 * the device using the new one right after. A store which needs a device
	 * command to get there cannot do that, whatever the command line says.
	 * Neither can somebody else who has the message.
	 */
	if (kind != IMS_STORE_DEVICE_MEMORY && facts->parent != IMS_PARENT_IMMUTABLE)
		return ims_refuse(IMS_REASON_REWRITE);

	/* Who has the message is not trusted, so the device must not be either */
	if (kind == IMS_STORE_HANDED_OUT && !facts->isolated)
		return ims_refuse(IMS_REASON_NOT_ISOLATED);

	if (facts->guest)
		return ims_allow(IMS_REASON_FORCED);
	return ims_allow(facts->parent == IMS_PARENT_IMMUTABLE ? IMS_REASON_BARE_IMMUTABLE :
			 IMS_REASON_BARE_REWRITES);
}

/**
 * ims_platform_facts - Collect the evidence which is the same for all devices
 * @facts:	Where to store it, zeroed
 *
 * Overridden by architectures which support IMS.
 *
 * Context: Task context
 */
void __weak ims_platform_facts(struct ims_facts *facts)
{
}

static enum ims_parent ims_parent_of(struct device *dev)
{
	struct irq_domain *domain = dev_get_msi_domain(dev);

	if (!domain || !irq_domain_is_msi_parent(domain) ||
	    !(domain->msi_parent_ops->supported_flags & MSI_FLAG_PCI_IMS))
		return IMS_PARENT_NONE;

	if (irq_domain_is_msi_translated(domain))
		return IMS_PARENT_TRANSLATED;
	return irq_domain_is_msi_immutable(domain) ? IMS_PARENT_IMMUTABLE : IMS_PARENT_REWRITES;
}

static void ims_parent_facts(struct device *dev, struct ims_facts *facts)
{
	facts->parent = ims_parent_of(dev);
	facts->isolated = msi_device_has_isolated_msi(dev);
}

static void ims_first_parent_facts(struct ims_facts *facts)
{
	struct pci_dev *pdev = NULL;

	for_each_pci_dev(pdev) {
		ims_parent_facts(&pdev->dev, facts);
		if (facts->parent != IMS_PARENT_NONE)
			break;
	}
	pci_dev_put(pdev);
}

/**
 * ims_gather_facts - Collect the evidence, replaceable by tests
 * @dev:	The device, or NULL for the platform. The parent domain is then the
 *		one that the first device has which has one at all.
 * @facts:	Where to store it
 *
 * Context: Task context
 */
void ims_gather_facts(struct device *dev, struct ims_facts *facts)
{
	KUNIT_STATIC_STUB_REDIRECT(ims_gather_facts, dev, facts);

	*facts = (struct ims_facts){ };
	ims_platform_facts(facts);
	if (dev)
		ims_parent_facts(dev, facts);
	else
		ims_first_parent_facts(facts);
}

static const char *ims_hint(struct ims_verdict verdict)
{
	return ims_hints[verdict.reason] ?: "";
}

static void ims_report(enum ims_store_kind kind, struct ims_verdict verdict)
{
	static unsigned long reported[IMS_STORE_KINDS];

	/* No verdict yet */
	if (verdict.reason == IMS_REASON_EARLY)
		return;
	if (test_and_set_bit(verdict.reason, &reported[kind]))
		return;

	pr_info("%s store %s: %s (ims=%s)%s\n", ims_kind_names[kind],
		verdict.allowed ? "allowed" : "refused", ims_reasons[verdict.reason],
		ims_mode_names[ims_mode], ims_hint(verdict));

	if (verdict.reason == IMS_REASON_FORCED)
		pr_warn_once("messages may not be translated by the hypervisor, interrupts may get lost or hit the wrong guest\n");
}

/**
 * ims_check - Find out whether a device may use IMS on this machine
 * @dev:	The device
 * @kind:	The kind of store which is to be used
 *
 * The first time that a verdict is reached for a reason it goes to the log.
 *
 * Context: Task context
 *
 * Return: The verdict and its reason
 */
struct ims_verdict ims_check(struct device *dev, enum ims_store_kind kind)
{
	struct ims_verdict verdict;
	struct ims_facts facts;

	ims_gather_facts(dev, &facts);
	verdict = ims_decide(&facts, kind, ims_mode);
	ims_report(kind, verdict);
	return verdict;
}

/*
 * What is the same for all devices is under /sys/kernel/ims. It is judged when
 * it is read, so it agrees with what a driver would be told now.
 */
struct ims_attribute {
	struct kobj_attribute	attr;
	enum ims_store_kind	kind;
};

static struct ims_verdict ims_platform_verdict(struct kobj_attribute *attr)
{
	struct ims_attribute *ims_attr = container_of(attr, struct ims_attribute, attr);
	struct ims_facts facts;

	ims_gather_facts(NULL, &facts);
	return ims_decide(&facts, ims_attr->kind, ims_mode);
}

static ssize_t verdict_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", ims_platform_verdict(attr).allowed ? "allowed" : "refused");
}

static ssize_t reason_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	struct ims_verdict verdict = ims_platform_verdict(attr);

	return sysfs_emit(buf, "%s%s\n", ims_reasons[verdict.reason], ims_hint(verdict));
}

static ssize_t mode_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", ims_mode_names[ims_mode]);
}

static struct kobj_attribute ims_mode_attr = __ATTR_RO(mode);

static struct attribute *ims_attrs[] = {
	&ims_mode_attr.attr,
	NULL
};

static const struct attribute_group ims_group = {
	.attrs	= ims_attrs,
};

#define IMS_ATTR(_name, _kind)			\
	{					\
		.attr	= __ATTR_RO(_name),	\
		.kind	= _kind,		\
	}

static struct ims_attribute ims_kind_attrs[IMS_STORE_KINDS][2] = {
	[IMS_STORE_DEVICE_MEMORY] = {
		IMS_ATTR(verdict, IMS_STORE_DEVICE_MEMORY),
		IMS_ATTR(reason, IMS_STORE_DEVICE_MEMORY),
	},
	[IMS_STORE_QUEUE_MEMORY] = {
		IMS_ATTR(verdict, IMS_STORE_QUEUE_MEMORY),
		IMS_ATTR(reason, IMS_STORE_QUEUE_MEMORY),
	},
	[IMS_STORE_HANDED_OUT] = {
		IMS_ATTR(verdict, IMS_STORE_HANDED_OUT),
		IMS_ATTR(reason, IMS_STORE_HANDED_OUT),
	},
};

static struct attribute *ims_device_memory_attrs[] = {
	&ims_kind_attrs[IMS_STORE_DEVICE_MEMORY][0].attr.attr,
	&ims_kind_attrs[IMS_STORE_DEVICE_MEMORY][1].attr.attr,
	NULL
};

static const struct attribute_group ims_device_memory_group = {
	.name	= "device_memory",
	.attrs	= ims_device_memory_attrs,
};

static struct attribute *ims_queue_memory_attrs[] = {
	&ims_kind_attrs[IMS_STORE_QUEUE_MEMORY][0].attr.attr,
	&ims_kind_attrs[IMS_STORE_QUEUE_MEMORY][1].attr.attr,
	NULL
};

static const struct attribute_group ims_queue_memory_group = {
	.name	= "queue_memory",
	.attrs	= ims_queue_memory_attrs,
};

static struct attribute *ims_handed_out_attrs[] = {
	&ims_kind_attrs[IMS_STORE_HANDED_OUT][0].attr.attr,
	&ims_kind_attrs[IMS_STORE_HANDED_OUT][1].attr.attr,
	NULL
};

static const struct attribute_group ims_handed_out_group = {
	.name	= "handed_out",
	.attrs	= ims_handed_out_attrs,
};

static const struct attribute_group *ims_groups[] = {
	&ims_group,
	&ims_device_memory_group,
	&ims_queue_memory_group,
	&ims_handed_out_group,
	NULL
};

static int evidence_show(struct seq_file *m, void *unused)
{
	struct ims_facts facts;

	ims_gather_facts(NULL, &facts);
	seq_printf(m, "supported=%d\n", facts.supported);
	seq_printf(m, "complete=%d\n", facts.complete);
	seq_printf(m, "cpuid=%d\n", !!(facts.guest & IMS_GUEST_CPUID));
	seq_printf(m, "hypervisor=%s\n", facts.hypervisor ?: "none");
	seq_printf(m, "dmi=%s\n", facts.dmi ?: "none");
	seq_printf(m, "confidential=%d\n", !!(facts.guest & IMS_GUEST_CONFIDENTIAL));
	seq_printf(m, "viommu=%d\n", !!(facts.guest & IMS_GUEST_IOMMU));
	seq_printf(m, "msi=%s\n", facts.foreign ? "foreign" : "native");
	seq_printf(m, "parent=%s\n", ims_parent_names[facts.parent]);
	seq_printf(m, "isolated=%d\n", facts.isolated);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(evidence);

static int __init ims_sysfs_init(void)
{
	struct kobject *kobj = kobject_create_and_add("ims", kernel_kobj);
	int ret;

	debugfs_create_file("evidence", 0444, debugfs_create_dir("ims", NULL), NULL,
			    &evidence_fops);
	if (!kobj)
		return -ENOMEM;

	ret = sysfs_create_groups(kobj, ims_groups);
	if (ret)
		kobject_put(kobj);
	return ret;
}
subsys_initcall(ims_sysfs_init);
