// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt messages which a KVM host hands to its guest
 *
 * See Documentation/virt/kvm/x86/device-msi.rst for the calls. Each of them is one
 * exit and may be made in any context.
 */
#define pr_fmt(fmt) "kvm-msi: " fmt

#include <linux/cc_platform.h>
#include <linux/cleanup.h>
#include <linux/init.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/kvm_para.h>
#include <linux/msi.h>
#include <linux/msi_translate.h>
#include <linux/pci.h>
#include <linux/percpu.h>
#include <linux/pgtable.h>
#include <linux/syscore_ops.h>

#include <asm/apic.h>
#include <asm/hw_irq.h>
#include <asm/irqdomain.h>
#include <asm/kvm_msi.h>
#include <asm/reboot.h>
#include <asm/x86_init.h>

/* The host reads and writes it */
static DEFINE_PER_CPU(struct kvm_device_msi, kvm_msi_shared) __aligned(KVM_DEVICE_MSI_ALIGN);

static struct irq_domain *kvm_msi_domain __ro_after_init;

static int kvm_msi_call(unsigned int op, struct kvm_device_msi *args)
{
	struct kvm_device_msi *shared;
	long ret;

	args->version = KVM_DEVICE_MSI_VERSION;
	args->size = sizeof(*args);

	guard(irqsave)();
	shared = this_cpu_ptr(&kvm_msi_shared);
	*shared = *args;
	ret = kvm_hypercall2(KVM_HC_DEVICE_MSI, op, slow_virt_to_phys(shared));
	*args = *shared;
	if (ret == -KVM_ENOSYS)
		return -EOPNOTSUPP;
	/* Whoever called takes nothing above 0 for an error */
	return ret > 0 ? -EIO : ret;
}

/* What an earlier kernel has left does not raise anything any more */
static int kvm_msi_hello(void)
{
	struct kvm_device_msi args = { };

	return kvm_msi_call(KVM_DEVICE_MSI_HELLO, &args);
}

static int kvm_msi_bye(void)
{
	struct kvm_device_msi args = { };

	return kvm_msi_call(KVM_DEVICE_MSI_BYE, &args);
}

static int kvm_msi_number(struct device *dev, u32 *number)
{
	struct pci_dev *pdev;

	if (!dev_is_pci(dev))
		return -ENODEV;

	pdev = to_pci_dev(dev);
	*number = pci_domain_nr(pdev->bus) << 16 | pci_dev_id(pdev);
	return 0;
}

static bool kvm_msi_query(struct device *dev)
{
	struct kvm_device_msi args = { };

	return !kvm_msi_number(dev, &args.device) &&
	       !kvm_msi_call(KVM_DEVICE_MSI_QUERY, &args) &&
	       args.flags & KVM_DEVICE_MSI_TRANSLATED;
}

/* Both ops give a message and differ in where it comes from */
static int kvm_msi_get(unsigned int op, struct msi_translate_handle *handle)
{
	struct kvm_device_msi args = {
		.device	= handle->device,
		.handle	= op == KVM_DEVICE_MSI_READ ? handle->handle : 0,
	};
	int ret = kvm_msi_call(op, &args);

	if (ret)
		return ret;

	handle->handle = args.handle;
	handle->msg = (struct msi_msg){
		.address_lo	= lower_32_bits(args.address),
		.address_hi	= upper_32_bits(args.address),
		.data		= args.data,
	};
	return 0;
}

static int kvm_msi_alloc(struct msi_translate_handle *handle)
{
	return kvm_msi_get(KVM_DEVICE_MSI_ALLOC, handle);
}

static int kvm_msi_read(struct msi_translate_handle *handle)
{
	return kvm_msi_get(KVM_DEVICE_MSI_READ, handle);
}

static int kvm_msi_retarget(const struct msi_translate_handle *handle,
			    const struct msi_msg *route)
{
	struct kvm_device_msi args = {
		.device		= handle->device,
		.handle		= handle->handle,
		.address	= (u64)route->address_hi << 32 | route->address_lo,
		.data		= route->data,
	};

	return kvm_msi_call(KVM_DEVICE_MSI_RETARGET, &args);
}

static int kvm_msi_free(const struct msi_translate_handle *handle)
{
	struct kvm_device_msi args = {
		.device	= handle->device,
		.handle	= handle->handle,
	};

	return kvm_msi_call(KVM_DEVICE_MSI_FREE, &args);
}

static int kvm_msi_notify(const struct msi_msg *route)
{
	struct kvm_device_msi args = {
		.address	= (u64)route->address_hi << 32 | route->address_lo,
		.data		= route->data,
	};

	return kvm_msi_call(KVM_DEVICE_MSI_NOTIFY, &args);
}

/* No device ever sends this, so there is room for the whole APIC ID */
static void kvm_msi_compose_route(struct irq_data *d, struct msi_msg *route)
{
	__irq_msi_compose_msg(irqd_cfg(d), route, true);
}

static const struct msi_translate_ops kvm_msi_ops = {
	.query		= kvm_msi_query,
	.alloc		= kvm_msi_alloc,
	.read		= kvm_msi_read,
	.retarget	= kvm_msi_retarget,
	.free		= kvm_msi_free,
	.notify		= kvm_msi_notify,
	.number		= kvm_msi_number,
	.compose_route	= kvm_msi_compose_route,
};

static int kvm_msi_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	int ret = msi_translate_set_affinity(d, mask, force);

	/* Also if an earlier change is made good, for which this one was too early */
	if (msi_translate_is_told(d))
		vector_schedule_cleanup(irqd_cfg(d));
	return ret;
}

static struct irq_chip kvm_msi_chip = {
	.name			= "HOST-MSI",
	.irq_ack		= apic_ack_irq,
	.irq_mask		= msi_translate_mask,
	.irq_unmask		= msi_translate_unmask,
	.irq_set_affinity	= kvm_msi_set_affinity,
	.irq_compose_msi_msg	= msi_translate_compose_msg,
	.irq_retrigger		= irq_chip_retrigger_hierarchy,
	.flags			= IRQCHIP_SKIP_SET_WAKE | IRQCHIP_AFFINITY_PRE_STARTUP,
};

static const struct msi_parent_ops kvm_msi_parent_ops = {
	.supported_flags	= X86_VECTOR_MSI_FLAGS_SUPPORTED,
	.prefix			= "HOST-",
	.init_dev_msi_info	= msi_parent_init_dev_msi_info,
};

static struct msi_translate_info kvm_msi_info __ro_after_init = {
	.name		= "HOST-MSI",
	.chip		= &kvm_msi_chip,
	.parent_ops	= &kvm_msi_parent_ops,
	.ops		= &kvm_msi_ops,
};

static struct irq_domain * __init kvm_create_pci_msi_domain(void)
{
	struct irq_domain *parent = native_create_pci_msi_domain();
	int ret;

	if (!parent)
		return NULL;

	ret = kvm_msi_hello();
	if (ret) {
		pr_warn("host offers to hand out interrupt messages and then does not: error %d\n",
			ret);
		return parent;
	}

	kvm_msi_info.parent = parent;
	kvm_msi_domain = msi_translate_create_domain(&kvm_msi_info);
	if (!kvm_msi_domain) {
		kvm_msi_bye();
		return parent;
	}
	pr_info("host hands out interrupt messages\n");
	return kvm_msi_domain;
}

static void kvm_msi_resume(void *data)
{
	int ret = kvm_msi_hello() ?: msi_translate_resume(kvm_msi_domain);

	if (ret)
		pr_err("host does not hand out all messages once more: error %d\n", ret);
}

/* The kernel which follows may be one which does not say hello */
static void kvm_msi_shutdown(void *data)
{
	kvm_msi_bye();
}

static const struct syscore_ops kvm_msi_syscore_ops = {
	.resume		= kvm_msi_resume,
	.shutdown	= kvm_msi_shutdown,
};

static struct syscore kvm_msi_syscore = {
	.ops		= &kvm_msi_syscore_ops,
};

#ifdef CONFIG_CRASH_DUMP
static void (*kvm_msi_next_crash_shutdown)(struct pt_regs *regs) __ro_after_init;

static void kvm_msi_crash_shutdown(struct pt_regs *regs)
{
	kvm_msi_bye();
	kvm_msi_next_crash_shutdown(regs);
}

static void __init kvm_msi_crash_init(void)
{
	kvm_msi_next_crash_shutdown = machine_ops.crash_shutdown;
	machine_ops.crash_shutdown = kvm_msi_crash_shutdown;
}
#else
static void __init kvm_msi_crash_init(void) { }
#endif

static int __init kvm_msi_init(void)
{
	struct irq_alloc_info info;
	int ret;

	if (!kvm_msi_domain)
		return 0;

	kvm_msi_crash_init();

	init_irq_alloc_info(&info, NULL);
	info.type = X86_IRQ_ALLOC_TYPE_PCI_MSIX;
	ret = msi_translate_watch(kvm_msi_domain, &info);
	if (ret)
		pr_warn("host cannot say when it replaces messages: error %d\n", ret);
	return 0;
}
subsys_initcall(kvm_msi_init);

/*
 * A store in queue memory wakes a worker, for which the scheduler wants to know the
 * time. What is registered later resumes later, so this has to be after timekeeping.
 */
static int __init kvm_msi_syscore_init(void)
{
	if (kvm_msi_domain)
		register_syscore(&kvm_msi_syscore);
	return 0;
}
late_initcall(kvm_msi_syscore_init);

/**
 * kvm_msi_setup - Have the host hand out the interrupt messages if it wants to
 *
 * Not in a guest whose memory the host cannot see.
 *
 * Context: Early boot
 */
void __init kvm_msi_setup(void)
{
	if (kvm_para_has_feature(KVM_FEATURE_DEVICE_MSI) &&
	    !cc_platform_has(CC_ATTR_GUEST_MEM_ENCRYPT))
		x86_init.irqs.create_pci_msi_domain = kvm_create_pci_msi_domain;
}
