// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for PCI Interrupt Message Store (IMS)
 *
 * What the PCI glue adds to the core: the checks of the interface, the lookup and
 * which store is restored when. The device is a struct pci_dev without a bus,
 * below a MSI parent domain which hands out a constant message.
 */
#include <kunit/static_stub.h>
#include <kunit/test.h>

#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "pci.h"

#define PCI_IMS_TEST_DATA	0x1234

/**
 * struct pci_ims_test - State of a test
 * @pdev:	The PCI device
 * @parent:	Its MSI parent domain
 * @written:	Last message data which reached the store
 * @writes:	How many messages reached the store
 * @masked:	The store holds the vector masked
 */
struct pci_ims_test {
	struct pci_dev		*pdev;
	struct irq_domain	*parent;
	u32			written;
	unsigned int		writes;
	bool			masked;
};

static void pci_ims_test_write(const struct ims_vector *vec, const struct msi_msg *msg)
{
	struct pci_ims_test *ctx = vec->data;

	ctx->written = msg->data;
	ctx->writes++;
}

static void pci_ims_test_mask(const struct ims_vector *vec)
{
	((struct pci_ims_test *)vec->data)->masked = true;
}

static void pci_ims_test_unmask(const struct ims_vector *vec)
{
	((struct pci_ims_test *)vec->data)->masked = false;
}

static const struct ims_device_ops pci_ims_test_device_ops = {
	.write_msg	= pci_ims_test_write,
	.mask		= pci_ims_test_mask,
	.unmask		= pci_ims_test_unmask,
};

static int pci_ims_test_commit(const struct ims_vector *vec, const struct msi_msg *msg, bool masked)
{
	struct pci_ims_test *ctx = vec->data;

	pci_ims_test_write(vec, msg);
	ctx->masked = masked;
	return 0;
}

static const struct ims_queue_ops pci_ims_test_queue_ops = {
	.commit		= pci_ims_test_commit,
};

static void pci_ims_test_compose(struct irq_data *d, struct msi_msg *msg)
{
	*msg = (struct msi_msg){ .data = PCI_IMS_TEST_DATA };
}

static void pci_ims_test_ack(struct irq_data *d)
{
}

static int pci_ims_test_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	return IRQ_SET_MASK_OK_DONE;
}

static struct irq_chip pci_ims_test_chip = {
	.name			= "PCI-IMS-TEST",
	.irq_ack		= pci_ims_test_ack,
	.irq_set_affinity	= pci_ims_test_set_affinity,
	.irq_compose_msi_msg	= pci_ims_test_compose,
};

static int pci_ims_test_alloc(struct irq_domain *d, unsigned int virq, unsigned int nr, void *arg)
{
	return irq_domain_set_hwirq_and_chip(d, virq, virq, &pci_ims_test_chip, NULL);
}

static void pci_ims_test_free(struct irq_domain *d, unsigned int virq, unsigned int nr)
{
	irq_domain_reset_irq_data(irq_domain_get_irq_data(d, virq));
}

static const struct irq_domain_ops pci_ims_test_domain_ops = {
	.alloc	= pci_ims_test_alloc,
	.free	= pci_ims_test_free,
};

static bool pci_ims_test_init_info(struct device *dev, struct irq_domain *domain,
				   struct irq_domain *real_parent, struct msi_domain_info *info)
{
	info->flags |= MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS;
	info->chip->irq_ack = irq_chip_ack_parent;
	info->handler = handle_edge_irq;
	info->handler_name = "edge";
	return true;
}

static const struct msi_parent_ops pci_ims_test_parent_ops = {
	.supported_flags	= MSI_GENERIC_FLAGS_MASK | MSI_FLAG_PCI_IMS,
	.init_dev_msi_info	= pci_ims_test_init_info,
};

static void pci_ims_test_facts(struct device *dev, struct ims_facts *facts)
{
	*facts = (struct ims_facts){
		.supported	= true,
		.complete	= true,
		.parent		= IMS_PARENT_IMMUTABLE,
		.isolated	= true,
	};
}

static void pci_ims_test_remove_parent(void *data)
{
	struct irq_domain *domain = data;
	struct fwnode_handle *fwnode = domain->fwnode;

	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
}

static void pci_ims_test_release(struct device *dev)
{
	kfree(to_pci_dev(dev));
}

static void pci_ims_test_unregister(void *data)
{
	device_unregister(data);
}

static void pci_ims_test_add_device(struct kunit *test, struct pci_ims_test *ctx)
{
	struct pci_dev *pdev = kzalloc(sizeof(*pdev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, pdev);
	device_initialize(&pdev->dev);
	pdev->dev.release = pci_ims_test_release;
	dev_set_msi_domain(&pdev->dev, ctx->parent);
	if (dev_set_name(&pdev->dev, "pci-ims-test") || device_add(&pdev->dev)) {
		put_device(&pdev->dev);
		KUNIT_FAIL_AND_ABORT(test, "cannot add the device");
	}
	ctx->pdev = pdev;
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, pci_ims_test_unregister, &pdev->dev),
			0);
}

static int pci_ims_test_init(struct kunit *test)
{
	struct fwnode_handle *fwnode = irq_domain_alloc_named_fwnode("pci-ims-test");
	struct pci_ims_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fwnode);
	KUNIT_ASSERT_NOT_NULL(test, ctx);
	ctx->parent = irq_domain_create_tree(fwnode, &pci_ims_test_domain_ops, ctx);
	KUNIT_ASSERT_NOT_NULL(test, ctx->parent);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, pci_ims_test_remove_parent,
							ctx->parent), 0);
	ctx->parent->flags |= IRQ_DOMAIN_FLAG_MSI_PARENT;
	ctx->parent->msi_parent_ops = &pci_ims_test_parent_ops;

	pci_ims_test_add_device(test, ctx);
	kunit_activate_static_stub(test, ims_gather_facts, pci_ims_test_facts);
	test->priv = ctx;
	return 0;
}

static irqreturn_t pci_ims_test_handler(int irq, void *data)
{
	return IRQ_HANDLED;
}

/* One vector, requested, on a store of the given kind */
static struct msi_map pci_ims_test_start(struct kunit *test, enum ims_store_kind kind)
{
	bool queue = kind == IMS_STORE_QUEUE_MEMORY;
	struct pci_ims_test *ctx = test->priv;
	struct ims_store store = {
		.kind		= kind,
		.size		= 2,
		.device_ops	= queue ? NULL : &pci_ims_test_device_ops,
		.queue_ops	= queue ? &pci_ims_test_queue_ops : NULL,
		.data		= ctx,
	};
	struct msi_map map;

	KUNIT_ASSERT_EQ(test, pci_ims_create(ctx->pdev, &store), 0);
	map = pci_ims_alloc_irq(ctx->pdev, NULL, NULL);
	KUNIT_ASSERT_EQ(test, map.index, 0);
	KUNIT_ASSERT_EQ(test, request_irq(map.virq, pci_ims_test_handler, 0, "test", ctx), 0);
	KUNIT_EXPECT_EQ(test, ctx->written, PCI_IMS_TEST_DATA);
	return map;
}

static void pci_ims_test_stop(struct kunit *test, struct msi_map map)
{
	struct pci_ims_test *ctx = test->priv;

	free_irq(map.virq, ctx);
	KUNIT_EXPECT_EQ(test, ctx->written, 0);
	KUNIT_EXPECT_TRUE(test, ctx->masked);
	pci_ims_free_irq(ctx->pdev, map);
}

static void pci_ims_test_lookup(struct kunit *test)
{
	struct msi_map map = pci_ims_test_start(test, IMS_STORE_DEVICE_MEMORY);
	struct pci_ims_test *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, pci_ims_irq_vector(ctx->pdev, 0), map.virq);
	KUNIT_EXPECT_EQ(test, pci_ims_irq_vector(ctx->pdev, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, pci_ims_irq_vector(ctx->pdev, UINT_MAX), -EINVAL);
	KUNIT_EXPECT_EQ(test, pci_ims_vector_error(ctx->pdev, 0), 0);
	KUNIT_EXPECT_EQ(test, pci_ims_vector_error(ctx->pdev, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, pci_ims_vector_error(ctx->pdev, UINT_MAX), -ENOENT);
	pci_ims_test_stop(test, map);
	KUNIT_EXPECT_EQ(test, pci_ims_irq_vector(ctx->pdev, 0), -EINVAL);
}

/* Device memory comes back with the state of the device, queue memory on request */
static void pci_ims_test_restore(struct kunit *test)
{
	struct pci_ims_test *ctx = test->priv;
	enum ims_store_kind kind;
	struct msi_map map;

	for (kind = 0; kind <= IMS_STORE_QUEUE_MEMORY; kind++) {
		map = pci_ims_test_start(test, kind);

		ctx->written = 0;
		ctx->masked = true;
		pci_restore_ims_state(ctx->pdev);
		KUNIT_EXPECT_EQ(test, ctx->written,
				kind == IMS_STORE_DEVICE_MEMORY ? PCI_IMS_TEST_DATA : 0);
		KUNIT_EXPECT_EQ(test, ctx->masked, kind != IMS_STORE_DEVICE_MEMORY);

		ctx->written = 0;
		ctx->masked = true;
		KUNIT_EXPECT_EQ(test, pci_ims_restore(ctx->pdev), 0);
		KUNIT_EXPECT_EQ(test, ctx->written,
				kind == IMS_STORE_QUEUE_MEMORY ? PCI_IMS_TEST_DATA : 0);
		KUNIT_EXPECT_EQ(test, ctx->masked, kind != IMS_STORE_QUEUE_MEMORY);

		pci_ims_test_stop(test, map);
		pci_ims_destroy(ctx->pdev);
	}
}

/* Freed between the two, and the reset did not happen: masked all the same */
static void pci_ims_test_reset(struct kunit *test)
{
	struct msi_map map = pci_ims_test_start(test, IMS_STORE_DEVICE_MEMORY);
	struct pci_ims_test *ctx = test->priv;

	pci_ims_reset_prepare(ctx->pdev);
	free_irq(map.virq, ctx);
	pci_ims_free_irq(ctx->pdev, map);
	KUNIT_EXPECT_FALSE(test, ctx->masked);
	KUNIT_EXPECT_EQ(test, ctx->written, PCI_IMS_TEST_DATA);
	pci_restore_ims_state(ctx->pdev);
	KUNIT_EXPECT_TRUE(test, ctx->masked);

	/* Without a store there is nothing to do */
	pci_ims_destroy(ctx->pdev);
	pci_ims_reset_prepare(ctx->pdev);
	pci_restore_ims_state(ctx->pdev);
}

/* A device in D3 is left alone, and so is one which is gone */
static void pci_ims_test_access(struct kunit *test)
{
	struct msi_map map = pci_ims_test_start(test, IMS_STORE_QUEUE_MEMORY);
	struct pci_ims_test *ctx = test->priv;

	ctx->writes = 0;
	ctx->pdev->current_state = PCI_D3hot;
	KUNIT_EXPECT_EQ(test, pci_ims_restore(ctx->pdev), -EAGAIN);
	ctx->pdev->current_state = PCI_D0;
	ctx->pdev->error_state = pci_channel_io_perm_failure;
	KUNIT_EXPECT_EQ(test, pci_ims_restore(ctx->pdev), -ENODEV);
	ctx->pdev->error_state = pci_channel_io_normal;
	KUNIT_EXPECT_EQ(test, ctx->writes, 0);
	KUNIT_EXPECT_EQ(test, pci_ims_restore(ctx->pdev), 0);
	KUNIT_EXPECT_EQ(test, ctx->writes, 1);
	pci_ims_test_stop(test, map);
}

static void pci_ims_test_alloc_at(struct kunit *test)
{
	struct msi_map map = pci_ims_test_start(test, IMS_STORE_DEVICE_MEMORY);
	struct pci_ims_test *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, pci_ims_alloc_irq_at(ctx->pdev, 0, NULL, NULL).index, -EBUSY);
	KUNIT_EXPECT_EQ(test, pci_ims_alloc_irq_at(ctx->pdev, 1, NULL, NULL).index, 1);
	KUNIT_EXPECT_EQ(test, pci_ims_alloc_irq_at(ctx->pdev, 2, NULL, NULL).index, -ERANGE);
	KUNIT_EXPECT_EQ(test, pci_ims_alloc_irq_at(ctx->pdev, MSI_ANY_INDEX, NULL, NULL).index,
			-ERANGE);
	pci_ims_test_stop(test, map);
}

/* What is handed out can be read and is not brought back by anybody */
static void pci_ims_test_handed(struct kunit *test)
{
	const struct ims_store store = { .kind = IMS_STORE_HANDED_OUT, .size = 2 };
	struct pci_ims_test *ctx = test->priv;
	struct msi_msg msg = { };
	struct msi_map map;

	ctx->pdev->current_state = PCI_D3hot;
	KUNIT_ASSERT_EQ(test, pci_ims_create(ctx->pdev, &store), 0);
	map = pci_ims_alloc_irq_at(ctx->pdev, 1, NULL, NULL);
	KUNIT_ASSERT_EQ(test, map.index, 1);
	KUNIT_EXPECT_EQ(test, pci_ims_read_msg(ctx->pdev, 1, &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.data, PCI_IMS_TEST_DATA);
	KUNIT_EXPECT_EQ(test, pci_ims_read_msg(ctx->pdev, 0, &msg), -ENOENT);
	KUNIT_EXPECT_EQ(test, pci_ims_read_msg(ctx->pdev, UINT_MAX, &msg), -ENOENT);
	ctx->pdev->current_state = PCI_D0;
	pci_restore_ims_state(ctx->pdev);
	KUNIT_EXPECT_EQ(test, pci_ims_restore(ctx->pdev), 0);
	KUNIT_EXPECT_EQ(test, ctx->writes, 0);
	pci_ims_free_irq(ctx->pdev, map);
	KUNIT_EXPECT_EQ(test, pci_ims_read_msg(ctx->pdev, 1, &msg), -ENOENT);
}

static void pci_ims_test_no_msi(struct kunit *test)
{
	struct pci_ims_test *ctx = test->priv;
	struct ims_store store = {
		.kind		= IMS_STORE_DEVICE_MEMORY,
		.size		= 1,
		.device_ops	= &pci_ims_test_device_ops,
		.data		= ctx,
	};

	KUNIT_EXPECT_TRUE(test, pci_ims_check(ctx->pdev, store.kind).allowed);
	ctx->pdev->no_msi = 1;
	KUNIT_EXPECT_FALSE(test, pci_ims_check(ctx->pdev, store.kind).allowed);
	KUNIT_EXPECT_EQ(test, pci_ims_create(ctx->pdev, &store), -ENODEV);
	ctx->pdev->no_msi = 0;
	KUNIT_EXPECT_EQ(test, pci_ims_create(ctx->pdev, &store), 0);
}

static void pci_ims_test_irq_op(struct irq_data *d)
{
}

static void pci_ims_test_irq_write(struct irq_data *d, struct msi_msg *msg)
{
}

static int pci_ims_test_irq_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	return -EINVAL;
}

static void pci_ims_test_bus_token(struct msi_domain_template *t)
{
	t->info.bus_token = DOMAIN_BUS_PCI_DEVICE_MSIX;
}

static void pci_ims_test_no_alloc_flag(struct msi_domain_template *t)
{
	t->info.flags &= ~MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS;
}

static void pci_ims_test_no_free_flag(struct msi_domain_template *t)
{
	t->info.flags &= ~MSI_FLAG_FREE_MSI_DESCS;
}

static void pci_ims_test_no_mask(struct msi_domain_template *t)
{
	t->chip.irq_mask = NULL;
}

static void pci_ims_test_no_unmask(struct msi_domain_template *t)
{
	t->chip.irq_unmask = NULL;
}

static void pci_ims_test_no_write(struct msi_domain_template *t)
{
	t->chip.irq_write_msi_msg = NULL;
}

static void pci_ims_test_affinity(struct msi_domain_template *t)
{
	t->chip.irq_set_affinity = pci_ims_test_irq_affinity;
}

static const struct msi_domain_template pci_ims_test_template = {
	.chip = {
		.name			= "PCI-IMS",
		.irq_mask		= pci_ims_test_irq_op,
		.irq_unmask		= pci_ims_test_irq_op,
		.irq_write_msi_msg	= pci_ims_test_irq_write,
	},

	.info = {
		.flags			= MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS |
					  MSI_FLAG_FREE_MSI_DESCS,
		.bus_token		= DOMAIN_BUS_PCI_DEVICE_IMS,
	},
};

/* Things that a template can do wrong */
static void (* const pci_ims_test_spoil[])(struct msi_domain_template *t) = {
	pci_ims_test_bus_token,
	pci_ims_test_no_alloc_flag,
	pci_ims_test_no_free_flag,
	pci_ims_test_no_mask,
	pci_ims_test_no_unmask,
	pci_ims_test_no_write,
	pci_ims_test_affinity,
};

static void pci_ims_test_template_checks(struct kunit *test)
{
	struct pci_ims_test *ctx = test->priv;
	struct msi_domain_template t;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pci_ims_test_spoil); i++) {
		t = pci_ims_test_template;
		pci_ims_test_spoil[i](&t);
		KUNIT_EXPECT_FALSE_MSG(test, pci_create_ims_domain(ctx->pdev, &t, 1, NULL),
				       "fault %u", i);
	}

	KUNIT_EXPECT_TRUE(test, pci_create_ims_domain(ctx->pdev, &pci_ims_test_template, 1, NULL));
	/* One is enough */
	KUNIT_EXPECT_FALSE(test, pci_create_ims_domain(ctx->pdev, &pci_ims_test_template, 1, NULL));
}

static struct kunit_case pci_ims_test_cases[] = {
	KUNIT_CASE(pci_ims_test_lookup),
	KUNIT_CASE(pci_ims_test_restore),
	KUNIT_CASE(pci_ims_test_reset),
	KUNIT_CASE(pci_ims_test_access),
	KUNIT_CASE(pci_ims_test_alloc_at),
	KUNIT_CASE(pci_ims_test_handed),
	KUNIT_CASE(pci_ims_test_no_msi),
	KUNIT_CASE(pci_ims_test_template_checks),
	{}
};

static struct kunit_suite pci_ims_test_suite = {
	.name		= "pci_ims",
	.init		= pci_ims_test_init,
	.test_cases	= pci_ims_test_cases,
};

kunit_test_suite(pci_ims_test_suite);
