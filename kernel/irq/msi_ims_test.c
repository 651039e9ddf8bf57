// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the MSI domains on device specific storage (IMS)
 *
 * A fake MSI parent domain hands out messages and fake stores write down what
 * is done to them. The expectations are on the exact sequence, because the order
 * of mask, write, unmask and commit is the contract with the hardware.
 */
#include <kunit/device.h>
#include <kunit/static_stub.h>
#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/irqdomain_ims.h>
#include <linux/logic_iomem.h>
#include <linux/msi.h>
#include <linux/sprintf.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "internals.h"

#define IMS_TEST_VECTORS	4
#define IMS_TEST_STRIDE		0x20
#define IMS_TEST_IO_SIZE	(IMS_TEST_VECTORS * IMS_TEST_STRIDE)
#define IMS_TEST_IO_START	0xe0000000

/**
 * struct ims_test_vector - What a fake device knows about a vector
 * @msg:	The message it holds
 * @masked:	It must not send
 * @pending:	An event happened while masked
 */
struct ims_test_vector {
	struct msi_msg		msg;
	bool			masked;
	bool			pending;
};

/**
 * struct ims_test - State of a test
 * @dev:		The device which has the store
 * @parent:		The fake MSI parent domain
 * @facts:		Evidence for the platform check
 * @refuse_domain:	The parent refuses device domains
 * @fail_alloc:		The n-th allocation in the parent fails, 0 for none
 * @fail_activate:	Activation in the parent fails
 * @live:		Number of interrupts in the parent
 * @next_hwirq:		Next hardware interrupt number in the parent
 * @target:		Part of the message which changes with the affinity
 * @asleep:		The power state which the bus keeps, 0 for accessible
 * @gone:		The device was pulled
 * @fail_commits:	The next n commits fail
 * @commit_error:	How they fail
 * @quiesced:		Number of calls of the quiesce callback
 * @quiesce_error:	How it fails, 0 if it does not
 * @max_size:	What the parent allows where the driver names no size, 0 for no limit
 * @bare_parent:	The parent sets the flow handler itself and masks
 * @event_in_write:	The device has an event while the message is written
 * @handled:		Number of handler invocations
 * @vectors:		Device with callbacks: its vectors
 * @mem:		Device with slots: its memory
 * @base:		Mapping of @mem
 * @log_len:		Used part of @log
 * @log:		What has happened
 */
struct ims_test {
	struct device		*dev;
	struct irq_domain	*parent;
	struct ims_facts	facts;
	bool			refuse_domain;
	unsigned int		fail_alloc;
	bool			fail_activate;
	unsigned int		live;
	unsigned int		next_hwirq;
	unsigned int		target;
	int			asleep;
	bool			gone;
	unsigned int		fail_commits;
	int			commit_error;
	unsigned int		quiesced;
	int			quiesce_error;
	unsigned int		max_size;
	bool			bare_parent;
	bool			event_in_write;
	unsigned int		handled;
	struct ims_test_vector	vectors[IMS_TEST_VECTORS];
	u32			mem[IMS_TEST_IO_SIZE / sizeof(u32)];
	void __iomem		*base;
	size_t			log_len;
	char			log[1024];
};

static __printf(2, 3) void ims_test_log(struct ims_test *ctx, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	ctx->log_len += vscnprintf(ctx->log + ctx->log_len, sizeof(ctx->log) - ctx->log_len,
				   fmt, args);
	va_end(args);
}

static void ims_test_log_reset(struct ims_test *ctx)
{
	ctx->log_len = 0;
	ctx->log[0] = '\0';
}

/* Expects exactly these events since the last time */
#define IMS_EXPECT_LOG(test, ctx, expected)				\
do {									\
	struct ims_test *_ctx = ctx;					\
									\
	KUNIT_EXPECT_STREQ(test, _ctx->log, expected);			\
	ims_test_log_reset(_ctx);					\
} while (0)

/* The fake MSI parent domain */

static int ims_test_set_parent_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	struct ims_test *ctx = d->domain->host_data;

	irq_data_update_effective_affinity(d, cpumask_of(cpumask_first(mask)));
	if (ctx->facts.parent != IMS_PARENT_REWRITES)
		return IRQ_SET_MASK_OK_DONE;
	ctx->target++;
	return IRQ_SET_MASK_OK;
}

static void ims_test_compose_msg(struct irq_data *d, struct msi_msg *msg)
{
	struct ims_test *ctx = d->domain->host_data;

	msg->address_hi = 0x1;
	msg->address_lo = 0xfee00000 | ctx->target << 12;
	msg->data = 0x4000 | d->hwirq;
}

static int ims_test_retrigger(struct irq_data *d)
{
	struct ims_test *ctx = d->domain->host_data;

	ims_test_log(ctx, "retrigger ");
	return 1;
}

static void ims_test_ack(struct irq_data *d)
{
}

static void ims_test_parent_mask(struct irq_data *d)
{
	ims_test_log(d->domain->host_data, "parent-mask ");
}

static void ims_test_parent_unmask(struct irq_data *d)
{
	ims_test_log(d->domain->host_data, "parent-unmask ");
}

static struct irq_chip ims_test_parent_chip = {
	.name			= "IMS-TEST-PARENT",
	.irq_ack		= ims_test_ack,
	.irq_mask		= ims_test_parent_mask,
	.irq_unmask		= ims_test_parent_unmask,
	.irq_retrigger		= ims_test_retrigger,
	.irq_set_affinity	= ims_test_set_parent_affinity,
	.irq_compose_msi_msg	= ims_test_compose_msg,
};

static int ims_test_parent_alloc(struct irq_domain *d, unsigned int virq, unsigned int nr,
				 void *arg)
{
	struct ims_test *ctx = d->host_data;

	if (ctx->fail_alloc && !--ctx->fail_alloc)
		return -ENOSPC;

	ctx->live++;
	if (ctx->bare_parent)
		__irq_set_handler(virq, handle_simple_irq, 0, "simple");
	return irq_domain_set_hwirq_and_chip(d, virq, ctx->next_hwirq++, &ims_test_parent_chip,
					     NULL);
}

static void ims_test_parent_free(struct irq_domain *d, unsigned int virq, unsigned int nr)
{
	struct ims_test *ctx = d->host_data;

	ctx->live--;
	irq_domain_reset_irq_data(irq_domain_get_irq_data(d, virq));
}

static int ims_test_parent_activate(struct irq_domain *d, struct irq_data *data, bool reserve)
{
	struct ims_test *ctx = d->host_data;

	return ctx->fail_activate ? -ENOSPC : 0;
}

static const struct irq_domain_ops ims_test_parent_ops = {
	.alloc		= ims_test_parent_alloc,
	.free		= ims_test_parent_free,
	.activate	= ims_test_parent_activate,
};

static bool ims_test_init_dev_msi_info(struct device *dev, struct irq_domain *domain,
				       struct irq_domain *real_parent,
				       struct msi_domain_info *info)
{
	struct ims_test *ctx = domain->host_data;

	if (ctx->refuse_domain)
		return false;

	if (!info->hwsize)
		info->hwsize = ctx->max_size;
	info->flags &= real_parent->msi_parent_ops->supported_flags;
	info->flags |= MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS;
	if (ctx->bare_parent) {
		info->flags |= MSI_FLAG_PCI_MSI_MASK_PARENT;
		return true;
	}
	info->handler = handle_edge_irq;
	info->handler_name = "edge";
	info->chip->irq_ack = irq_chip_ack_parent;
	info->chip->irq_retrigger = irq_chip_retrigger_hierarchy;
	return true;
}

static const struct msi_parent_ops ims_test_msi_parent_ops = {
	.supported_flags	= MSI_GENERIC_FLAGS_MASK | MSI_FLAG_PCI_IMS,
	.prefix			= "TEST-",
	.init_dev_msi_info	= ims_test_init_dev_msi_info,
};

static void ims_test_remove_parent(void *data)
{
	struct irq_domain *domain = data;
	struct fwnode_handle *fwnode = domain->fwnode;

	irq_domain_remove(domain);
	irq_domain_free_fwnode(fwnode);
}

static void ims_test_add_parent(struct kunit *test, struct ims_test *ctx)
{
	struct fwnode_handle *fwnode = irq_domain_alloc_named_fwnode("ims-test-parent");

	KUNIT_ASSERT_NOT_NULL(test, fwnode);
	ctx->parent = irq_domain_create_tree(fwnode, &ims_test_parent_ops, ctx);
	if (!ctx->parent)
		irq_domain_free_fwnode(fwnode);
	KUNIT_ASSERT_NOT_NULL(test, ctx->parent);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ims_test_remove_parent, ctx->parent),
			0);

	ctx->parent->flags |= IRQ_DOMAIN_FLAG_MSI_PARENT;
	ctx->parent->msi_parent_ops = &ims_test_msi_parent_ops;
}

static void ims_test_facts(struct device *dev, struct ims_facts *facts)
{
	struct ims_test *ctx = kunit_get_current_test()->priv;

	*facts = ctx->facts;
}

/* Device memory with callbacks */

static struct ims_test_vector *ims_test_vector(const struct ims_vector *vec, const char *what)
{
	struct ims_test *ctx = vec->data;

	ims_test_log(ctx, "%s%u%s ", what, vec->index, irqs_disabled() ? "" : "(irqs on!)");
	return &ctx->vectors[vec->index];
}

static void ims_test_send(struct ims_test *ctx, struct ims_test_vector *v)
{
	v->pending = v->masked;
	if (v->masked)
		ims_test_log(ctx, "pend ");
	else
		ims_test_log(ctx, "send:%x/%x ", v->msg.address_lo, v->msg.data);
}

static void ims_test_device_write(const struct ims_vector *vec, const struct msi_msg *msg)
{
	struct ims_test_vector *v = ims_test_vector(vec, "write");
	struct ims_test *ctx = vec->data;

	v->msg.address_lo = msg->address_lo;
	if (ctx->event_in_write)
		ims_test_send(ctx, v);
	v->msg = *msg;
}

static void ims_test_device_mask(const struct ims_vector *vec)
{
	ims_test_vector(vec, "mask")->masked = true;
}

static void ims_test_device_unmask(const struct ims_vector *vec)
{
	struct ims_test_vector *v = ims_test_vector(vec, "unmask");

	v->masked = false;
	if (v->pending)
		ims_test_send(vec->data, v);
}

static const struct ims_device_ops ims_test_device_ops = {
	.write_msg	= ims_test_device_write,
	.mask		= ims_test_device_mask,
	.unmask		= ims_test_device_unmask,
};

static int ims_test_quiesce(void *data)
{
	struct ims_test *ctx = data;

	ctx->quiesced++;
	return ctx->quiesce_error;
}

/* Queue memory */

static int ims_test_commit(const struct ims_vector *vec, const struct msi_msg *msg, bool masked)
{
	struct ims_test *ctx = vec->data;
	bool fail = ctx->fail_commits;

	might_sleep();
	ims_test_log(ctx, "commit%u:%x/%x/%s%s%s ", vec->index, msg->address_lo, msg->data,
		     masked ? "masked" : "unmasked", irqs_disabled() ? "(irqs off!)" : "",
		     fail ? "=fail" : "");
	if (fail) {
		ctx->fail_commits--;
		return ctx->commit_error;
	}
	ctx->vectors[vec->index].msg = *msg;
	ctx->vectors[vec->index].masked = masked;
	return 0;
}

static const struct ims_queue_ops ims_test_queue_ops = {
	.commit		= ims_test_commit,
	.quiesce	= ims_test_quiesce,
};

/* Device memory with slots */

#ifdef CONFIG_INDIRECT_IOMEM
static struct ims_test *ims_test_io;

static const char * const ims_test_regs[] = { "lo", "hi", "data", "ctl" };

static void ims_test_log_io(struct ims_test *ctx, unsigned int offset)
{
	unsigned int reg = offset % IMS_TEST_STRIDE / sizeof(u32);

	ims_test_log(ctx, "%u:%s", offset / IMS_TEST_STRIDE,
		     reg < ARRAY_SIZE(ims_test_regs) ? ims_test_regs[reg] : "outside");
}

static unsigned long ims_test_io_read(void *priv, unsigned int offset, int size)
{
	ims_test_log_io(ims_test_io, offset);
	ims_test_log(ims_test_io, "? ");
	return ims_test_io->mem[offset / sizeof(u32)];
}

static void ims_test_io_write(void *priv, unsigned int offset, int size, unsigned long val)
{
	ims_test_log_io(ims_test_io, offset);
	ims_test_log(ims_test_io, "=%lx ", val);
	ims_test_io->mem[offset / sizeof(u32)] = val;
}

static const struct logic_iomem_ops ims_test_io_ops = {
	.read	= ims_test_io_read,
	.write	= ims_test_io_write,
};

static long ims_test_io_map(unsigned long offset, size_t size, const struct logic_iomem_ops **ops,
			    void **priv)
{
	*ops = &ims_test_io_ops;
	return offset;
}

static const struct logic_iomem_region_ops ims_test_io_region_ops = {
	.map	= ims_test_io_map,
};

static struct resource ims_test_io_res =
	DEFINE_RES_MEM_NAMED(IMS_TEST_IO_START, IMS_TEST_IO_SIZE, "ims-test");

/* A region cannot be removed again, so it is added once */
static int ims_test_suite_init(struct kunit_suite *suite)
{
	static bool added;
	int ret;

	if (added)
		return 0;
	ret = logic_iomem_add_region(&ims_test_io_res, &ims_test_io_region_ops);
	added = !ret;
	return ret;
}

static void ims_test_unmap(void *data)
{
	iounmap((void __iomem __force *)data);
	ims_test_io = NULL;
}

static void ims_test_map(struct kunit *test, struct ims_test *ctx)
{
	ims_test_io = ctx;
	ctx->base = ioremap(IMS_TEST_IO_START, IMS_TEST_IO_SIZE);
	KUNIT_ASSERT_NOT_NULL(test, (void __force *)ctx->base);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ims_test_unmap,
							(void __force *)ctx->base), 0);
}
#else /* CONFIG_INDIRECT_IOMEM */
static int ims_test_suite_init(struct kunit_suite *suite)
{
	return 0;
}

/* MMIO accessors work on normal memory as well, but nobody sees the order */
static void ims_test_map(struct kunit *test, struct ims_test *ctx)
{
	ctx->base = (void __iomem __force *)ctx->mem;
}
#endif /* !CONFIG_INDIRECT_IOMEM */

static void ims_test_need_io_log(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_INDIRECT_IOMEM))
		kunit_skip(test, "order of MMIO accesses is only visible with INDIRECT_IOMEM");
}

static u32 ims_test_control(union msi_instance_cookie cookie)
{
	/* The mask bit is not the driver's to set */
	return cookie.value << 12 | IMS_SLOT_CONTROL_MASK;
}

static void ims_test_expect_slot(struct kunit *test, unsigned int index, u32 lo, u32 hi,
				 u32 data, u32 control)
{
	struct ims_test *ctx = test->priv;
	void __iomem *slot = ctx->base + index * IMS_TEST_STRIDE;

	KUNIT_EXPECT_EQ(test, readl(slot + 0x0), lo);
	KUNIT_EXPECT_EQ(test, readl(slot + 0x4), hi);
	KUNIT_EXPECT_EQ(test, readl(slot + 0x8), data);
	KUNIT_EXPECT_EQ(test, readl(slot + 0xc), control);
	ims_test_log_reset(ctx);
}

/* Stores and vectors */

static const int *ims_test_power(struct device *dev)
{
	struct ims_test *ctx = dev_get_drvdata(dev);

	return &ctx->asleep;
}

static bool ims_test_bus_gone(struct device *dev)
{
	struct ims_test *ctx = dev_get_drvdata(dev);

	return ctx->gone;
}

static const struct ims_bus ims_test_bus = {
	.chip_name	= "IMS",
	.bus_token	= DOMAIN_BUS_PCI_DEVICE_IMS,
	.flags		= MSI_FLAG_PCI_IMS,
	.power		= ims_test_power,
	.gone		= ims_test_bus_gone,
};

static struct ims_store ims_test_slot_store(struct ims_test *ctx)
{
	return (struct ims_store) {
		.kind		= IMS_STORE_DEVICE_MEMORY,
		.size		= IMS_TEST_VECTORS,
		.slots.base	= ctx->base,
		.slots.stride	= IMS_TEST_STRIDE,
		.slots.control	= ims_test_control,
	};
}

static struct ims_store ims_test_device_store(struct ims_test *ctx)
{
	return (struct ims_store) {
		.kind		= IMS_STORE_DEVICE_MEMORY,
		.size		= IMS_TEST_VECTORS,
		.device_ops	= &ims_test_device_ops,
		.data		= ctx,
	};
}

static struct ims_store ims_test_queue_store(struct ims_test *ctx)
{
	return (struct ims_store) {
		.kind		= IMS_STORE_QUEUE_MEMORY,
		.size		= IMS_TEST_VECTORS,
		.queue_ops	= &ims_test_queue_ops,
		.data		= ctx,
	};
}

/* Handed out: what the parent still has is what nobody else can have yet */

static void ims_test_revoke(const struct ims_vector *vec)
{
	struct ims_test *ctx = vec->data;

	might_sleep();
	ims_test_log(ctx, "revoke%u/%llx:%u-live ", vec->index, vec->cookie.value, ctx->live);
}

static struct ims_store ims_test_handed_store(struct ims_test *ctx)
{
	return (struct ims_store) {
		.kind		= IMS_STORE_HANDED_OUT,
		.size		= IMS_TEST_VECTORS,
		.revoke		= ims_test_revoke,
		.data		= ctx,
	};
}

static void ims_test_expect_msg(struct kunit *test, unsigned int index, u32 data)
{
	struct ims_test *ctx = test->priv;
	struct msi_msg msg = { };

	KUNIT_EXPECT_EQ(test, ims_read_msg(ctx->dev, index, &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.address_hi, 1);
	KUNIT_EXPECT_EQ(test, msg.address_lo, 0xfee00000);
	KUNIT_EXPECT_EQ(test, msg.data, data);
}

/* The log starts after the store has been made silent */
static int ims_test_create(struct ims_test *ctx, struct ims_store store)
{
	int ret = ims_create_domain(ctx->dev, &store, &ims_test_bus);

	ims_test_log_reset(ctx);
	return ret;
}

static const struct ims_store *ims_test_store(struct ims_test *ctx)
{
	if (!ctx->dev->msi.data)
		return NULL;

	guard(msi_descs_lock)(ctx->dev);
	return ims_device_store(ctx->dev);
}

static unsigned int ims_test_in_use(struct ims_test *ctx)
{
	guard(msi_descs_lock)(ctx->dev);
	return ims_vectors_in_use(ctx->dev);
}

static struct msi_map ims_test_alloc(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	union msi_instance_cookie cookie = { .value = 0x5a };
	struct msi_map map = ims_alloc_irq_at(ctx->dev, MSI_ANY_INDEX, &cookie, NULL);

	KUNIT_ASSERT_GE(test, map.index, 0);
	KUNIT_ASSERT_GT(test, map.virq, 0);
	return map;
}

/**
 * struct ims_test_irq - A requested interrupt
 * @map:	Which one
 * @ctx:	Test state
 */
struct ims_test_irq {
	struct msi_map		map;
	struct ims_test		*ctx;
};

static irqreturn_t ims_test_handler(int irq, void *data)
{
	struct ims_test_irq *irqt = data;

	irqt->ctx->handled++;
	return IRQ_HANDLED;
}

static void ims_test_free_irq(void *data)
{
	struct ims_test_irq *irqt = data;

	free_irq(irqt->map.virq, irqt);
}

static struct ims_test_irq *ims_test_request(struct kunit *test, struct msi_map map)
{
	struct ims_test_irq *irqt = kunit_kzalloc(test, sizeof(*irqt), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, irqt);
	irqt->map = map;
	irqt->ctx = test->priv;
	KUNIT_ASSERT_EQ(test, request_irq(map.virq, ims_test_handler, 0, "ims-test", irqt), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, ims_test_free_irq, irqt), 0);
	return irqt;
}

static void ims_test_release(struct kunit *test, struct ims_test_irq *irqt)
{
	kunit_release_action(test, ims_test_free_irq, irqt);
}

/* Domain, vector and requested interrupt in one go, the log starts after it */
static struct ims_test_irq *ims_test_start(struct kunit *test, struct ims_store store)
{
	struct ims_test_irq *irqt;

	KUNIT_ASSERT_EQ(test, ims_test_create(test->priv, store), 0);
	irqt = ims_test_request(test, ims_test_alloc(test));
	ims_test_log_reset(test->priv);
	return irqt;
}

/* What irq_set_affinity() does, which does not exist on UP: no chip bus lock */
static void ims_test_migrate(unsigned int virq)
{
	struct irq_desc *desc = irq_to_desc(virq);

	guard(raw_spinlock_irqsave)(&desc->lock);
	desc->irq_data.chip->irq_set_affinity(&desc->irq_data, cpumask_of(0), false);
}

/* What a CPU which goes offline does: it masks behind the back of the descriptor */
static void ims_test_unplug(unsigned int virq)
{
	struct irq_desc *desc = irq_to_desc(virq);
	struct irq_data *d = &desc->irq_data;

	guard(raw_spinlock_irqsave)(&desc->lock);
	d->chip->irq_mask(d);
	d->chip->irq_set_affinity(d, cpumask_of(0), false);
	d->chip->irq_unmask(d);
}

/* What suspend_device_irqs() and resume_device_irqs() do to one interrupt */
static void ims_test_suspend(unsigned int virq)
{
	struct irq_desc *desc = irq_to_desc(virq);

	guard(raw_spinlock_irqsave)(&desc->lock);
	desc->istate |= IRQS_SUSPENDED;
	__disable_irq(desc);
}

static void ims_test_resume(unsigned int virq)
{
	struct irq_desc *desc = irq_to_desc(virq);

	guard(raw_spinlock_irqsave)(&desc->lock);
	desc->istate &= ~IRQS_SUSPENDED;
	__enable_irq(desc);
}

/* The device sends its message */
static void ims_test_fire(unsigned int virq)
{
	generic_handle_irq_safe(virq);
}

/* Waits for the worker */
static int ims_test_error(struct ims_test *ctx, unsigned int index)
{
	return ims_vector_error(ctx->dev, index);
}

static bool ims_test_disabled(unsigned int virq)
{
	return irqd_irq_disabled(irq_get_irq_data(virq));
}

/* Without SPARSE_IRQ the descriptor itself never goes */
static bool ims_test_gone(unsigned int virq)
{
	struct irq_data *d = irq_get_irq_data(virq);

	return !d || !d->domain;
}

/* Life of a vector */

static void ims_test_slot_life(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;
	struct msi_map map;

	ims_test_need_io_log(test);
	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_slot_store(ctx)), 0);
	map = ims_test_alloc(test);
	IMS_EXPECT_LOG(test, ctx, "0:ctl=5a001 0:lo=0 0:hi=0 0:data=0 0:data? ");

	irqt = ims_test_request(test, map);
	IMS_EXPECT_LOG(test, ctx,
		       "0:lo=fee00000 0:hi=1 0:data=4000 0:data? 0:ctl=5a000 ");
	ims_test_release(test, irqt);
	IMS_EXPECT_LOG(test, ctx,
		       "0:ctl=5a001 0:ctl? 0:lo=0 0:hi=0 0:data=0 0:data? ");
	ims_free_irq(ctx->dev, map);
	IMS_EXPECT_LOG(test, ctx, "");
}

static void ims_test_slot_layout(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt[3];
	unsigned int i;

	memset(ctx->mem, 0xff, sizeof(ctx->mem));
	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_slot_store(ctx)), 0);
	for (i = 0; i < 3; i++)
		irqt[i] = ims_test_request(test, ims_test_alloc(test));

	ims_test_expect_slot(test, 0, 0xfee00000, 1, 0x4000, 0x5a000);
	ims_test_expect_slot(test, 2, 0xfee00000, 1, 0x4002, 0x5a000);
	/* Not allocated, masked and nothing else */
	ims_test_expect_slot(test, 3, ~0, ~0, ~0, IMS_SLOT_CONTROL_MASK);
	KUNIT_EXPECT_EQ(test, ctx->mem[IMS_SLOT_SIZE / sizeof(u32)], ~0);

	disable_irq(irqt[1]->map.virq);
	ims_test_fire(irqt[1]->map.virq);
	ims_test_expect_slot(test, 1, 0xfee00000, 1, 0x4001, 0x5a001);
	enable_irq(irqt[1]->map.virq);
	ims_test_expect_slot(test, 1, 0xfee00000, 1, 0x4001, 0x5a000);
}

/* A freed slot is masked and clear before its index can be used again */
static void ims_test_slot_cleared(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct msi_map map, again;
	struct ims_test_irq *irqt;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_slot_store(ctx)), 0);
	map = ims_test_alloc(test);
	irqt = ims_test_request(test, map);
	ims_test_release(test, irqt);
	ims_free_irq(ctx->dev, map);
	ims_test_expect_slot(test, 0, 0, 0, 0, 0x5a001);

	/* Neither is what the device had in there before */
	memset(ctx->mem, 0xff, sizeof(ctx->mem));
	again = ims_test_alloc(test);
	KUNIT_EXPECT_EQ(test, again.index, map.index);
	ims_test_expect_slot(test, 0, 0, 0, 0, 0x5a001);
}

static void ims_test_device_life(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;
	struct msi_map map;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_device_store(ctx)), 0);
	map = ims_test_alloc(test);
	IMS_EXPECT_LOG(test, ctx, "mask0 ");

	irqt = ims_test_request(test, map);
	IMS_EXPECT_LOG(test, ctx, "write0 unmask0 ");
	KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.data, 0x4000);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, map.index), 0);

	ims_test_release(test, irqt);
	IMS_EXPECT_LOG(test, ctx, "mask0 write0 ");
	KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.address_lo, 0);
	KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.data, 0);
}

static void ims_test_queue_life(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;
	struct msi_map map;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	map = ims_test_alloc(test);
	IMS_EXPECT_LOG(test, ctx, "");

	irqt = ims_test_request(test, map);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/unmasked ");
	ims_test_release(test, irqt);
	IMS_EXPECT_LOG(test, ctx, "commit0:0/0/masked ");
	ims_free_irq(ctx->dev, map);
	IMS_EXPECT_LOG(test, ctx, "");
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 0);
}

/* The message is the same from allocation to free, and nobody but the owner moves it */
static void ims_test_handed_life(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;
	struct msi_map map;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_handed_store(ctx)), 0);
	map = ims_test_alloc(test);
	ims_test_expect_msg(test, 0, 0x4000);
	irqt = ims_test_request(test, map);
	ims_test_expect_msg(test, 0, 0x4000);
	ims_test_migrate(map.virq);
	ims_test_unplug(map.virq);
	disable_irq(map.virq);
	enable_irq(map.virq);
	ims_test_fire(map.virq);
	KUNIT_EXPECT_EQ(test, ctx->handled, 1);
	ims_test_expect_msg(test, 0, 0x4000);
	ims_test_release(test, irqt);
	ims_test_expect_msg(test, 0, 0x4000);
	IMS_EXPECT_LOG(test, ctx, "");

	/* The parent has it until the owner has been told */
	ims_free_irq(ctx->dev, map);
	IMS_EXPECT_LOG(test, ctx, "revoke0/5a:1-live ");
	KUNIT_EXPECT_EQ(test, ctx->live, 0);
	/* The index again is not the message again */
	KUNIT_EXPECT_EQ(test, ims_test_alloc(test).index, 0);
	ims_test_expect_msg(test, 0, 0x4001);
}

/* There is nothing to be taken back of a message which nobody has read */
static void ims_test_handed_unread(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct msi_map map;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_handed_store(ctx)), 0);
	map = ims_test_alloc(test);
	ims_free_irq(ctx->dev, map);
	IMS_EXPECT_LOG(test, ctx, "");
	ctx->fail_alloc = 1;
	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, 0, NULL, NULL).index, -ENOSPC);
	IMS_EXPECT_LOG(test, ctx, "");
	KUNIT_EXPECT_EQ(test, ctx->live, 0);
}

static void ims_test_handed_removal(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_handed_store(ctx)), 0);
	for (i = 0; i < 3; i++) {
		irqt = ims_test_request(test, ims_test_alloc(test));
		ims_test_release(test, irqt);
	}
	ims_test_expect_msg(test, 0, 0x4000);
	ims_test_expect_msg(test, 2, 0x4002);
	ims_remove_domain(ctx->dev);
	IMS_EXPECT_LOG(test, ctx, "revoke0/5a:3-live revoke2/5a:3-live ");
	KUNIT_EXPECT_EQ(test, ctx->live, 0);
}

static void ims_test_handed_refused(struct kunit *test)
{
	struct ims_test *ctx = test->priv;

	ctx->facts.isolated = false;
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_handed_store(ctx)), -EOPNOTSUPP);
	ctx->facts.isolated = true;
	ctx->facts.parent = IMS_PARENT_REWRITES;
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_handed_store(ctx)), -EOPNOTSUPP);
	KUNIT_EXPECT_NULL(test, ims_test_store(ctx));
}

/* Nothing is written to the device, so it does not matter how it is */
static void ims_test_handed_access(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;

	ctx->asleep = 1;
	irqt = ims_test_start(test, ims_test_handed_store(ctx));
	ims_test_expect_msg(test, 0, 0x4000);
	ctx->asleep = 0;
	ims_bus_restore(ctx->dev);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	ctx->gone = true;
	ims_test_release(test, irqt);
	ims_free_irq(ctx->dev, irqt->map);
	IMS_EXPECT_LOG(test, ctx, "revoke0/5a:1-live ");
}

/* Where the device has the message it is for nobody else */
static void ims_test_handed_others(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_store stores[] = {
		ims_test_slot_store(ctx), ims_test_device_store(ctx), ims_test_queue_store(ctx),
	};
	struct msi_msg msg;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, ims_read_msg(ctx->dev, 0, &msg), -ENOENT);
	for (i = 0; i < ARRAY_SIZE(stores); i++) {
		KUNIT_ASSERT_EQ(test, ims_test_create(ctx, stores[i]), 0);
		KUNIT_EXPECT_EQ(test, ims_read_msg(ctx->dev, 0, &msg), -ENOENT);
		ims_test_alloc(test);
		KUNIT_EXPECT_EQ(test, ims_read_msg(ctx->dev, 0, &msg), -EINVAL);
		ims_remove_domain(ctx->dev);
	}
	KUNIT_EXPECT_EQ(test, ims_read_msg(ctx->dev, 0, &msg), -ENOENT);
}

/* A device which cannot mask is not bothered with mask changes */
static void ims_test_no_mask(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_store store = ims_test_queue_store(ctx);
	struct ims_test_irq *irqt;

	store.flags = IMS_STORE_NO_MASK;
	irqt = ims_test_start(test, store);
	disable_irq(irqt->map.virq);
	ims_test_fire(irqt->map.virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "");
	/* It has its message although it is disabled, the event counts */
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/unmasked ");
	enable_irq(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx, "retrigger ");
	ims_test_release(test, irqt);
	IMS_EXPECT_LOG(test, ctx, "commit0:0/0/masked ");
}

/* Requested but not enabled: the message comes with enable_irq() */
static void ims_test_no_autoen(struct kunit *test)
{
	static const unsigned int flags[] = { 0, IMS_STORE_NO_MASK };
	struct ims_test *ctx = test->priv;
	struct ims_test_irq irqt = { .ctx = ctx };
	struct ims_store store;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		store = ims_test_queue_store(ctx);
		store.flags = flags[i];
		KUNIT_ASSERT_EQ(test, ims_test_create(ctx, store), 0);
		irqt.map = ims_test_alloc(test);
		KUNIT_ASSERT_EQ(test, request_irq(irqt.map.virq, ims_test_handler, IRQF_NO_AUTOEN,
						  "ims-test", &irqt), 0);
		IMS_EXPECT_LOG(test, ctx, "");
		enable_irq(irqt.map.virq);
		KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.address_lo, 0xfee00000);
		KUNIT_EXPECT_FALSE(test, ctx->vectors[0].masked);
		free_irq(irqt.map.virq, &irqt);
		KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.address_lo, 0);
		ims_remove_domain(ctx->dev);
		ims_test_log_reset(ctx);
	}
}

/* The first message is refused, the device cannot mask */
static void ims_test_no_mask_retry(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_store store = ims_test_queue_store(ctx);
	struct ims_test_irq *irqt;

	store.flags = IMS_STORE_NO_MASK;
	ctx->fail_commits = 1;
	irqt = ims_test_start(test, store);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -EIO);
	KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.address_lo, 0);
	disable_irq(irqt->map.virq);
	enable_irq(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/unmasked ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
}

static void ims_test_handled(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));

	ims_test_fire(irqt->map.virq);
	ims_test_fire(irqt->map.virq);
	KUNIT_EXPECT_EQ(test, ctx->handled, 2);
	IMS_EXPECT_LOG(test, ctx, "");
}

/* Masked by the flow handler, which cannot commit: a worker does, so no storm */
static void ims_test_queue_pending(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));

	disable_irq(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx, "");
	ims_test_fire(irqt->map.virq);
	KUNIT_EXPECT_EQ(test, ctx->handled, 0);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/masked ");
	enable_irq(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx, "retrigger commit0:fee00000/4000/unmasked ");
}

/* Masked and unmasked by the flow handler before the worker has come around to it */
static void ims_test_queue_flicker(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));
	struct irq_desc *desc = irq_to_desc(irqt->map.virq);

	scoped_guard(raw_spinlock_irqsave, &desc->lock) {
		mask_irq(desc);
		unmask_irq(desc);
	}
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "");
}

static irqreturn_t ims_test_nobody(int irq, void *data)
{
	return IRQ_NONE;
}

/* The interrupt core gives up on an interrupt that nobody handles */
static void ims_test_nobody_cared(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct msi_map map;
	unsigned int i;

	if (noirqdebug)
		kunit_skip(test, "booted with noirqdebug");
	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	map = ims_test_alloc(test);
	KUNIT_ASSERT_EQ(test, request_irq(map.virq, ims_test_nobody, 0, "ims-test", ctx), 0);
	ims_test_log_reset(ctx);

	for (i = 0; i < 100000 && !ims_test_disabled(map.virq); i++)
		ims_test_fire(map.virq);
	KUNIT_EXPECT_TRUE(test, ims_test_disabled(map.virq));
	ims_test_fire(map.virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/masked ");
	/* Nothing pending is left for the next one who gets the number */
	enable_irq(map.virq);
	free_irq(map.virq, ctx);
}

/* The same when the interrupt is masked at once, for which the core needs the lock */
static void ims_test_nobody_cared_unlazy(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct msi_map map;
	unsigned int i;

	if (noirqdebug)
		kunit_skip(test, "booted with noirqdebug");
	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	map = ims_test_alloc(test);
	irq_modify_status(map.virq, 0, _IRQ_DISABLE_UNLAZY);
	KUNIT_ASSERT_EQ(test, request_irq(map.virq, ims_test_nobody, 0, "ims-test", ctx), 0);
	ims_test_log_reset(ctx);

	for (i = 0; i < 100000 && !ims_test_disabled(map.virq); i++)
		ims_test_fire(map.virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/masked ");
	enable_irq(map.virq);
	free_irq(map.virq, ctx);
}

/**
 * struct ims_test_reclaim - What a driver does when memory is short
 * @work:	On a workqueue for that
 * @ctx:	State of the test
 * @virq:	Interrupt with index 0
 * @error:	What the store says
 */
struct ims_test_reclaim {
	struct work_struct	work;
	struct ims_test		*ctx;
	unsigned int		virq;
	int			error;
};

static void ims_test_reclaim_work(struct work_struct *work)
{
	struct ims_test_reclaim *r = container_of(work, struct ims_test_reclaim, work);
	struct irq_desc *desc = irq_to_desc(r->virq);

	scoped_guard(raw_spinlock_irqsave, &desc->lock)
		mask_irq(desc);
	r->error = ims_test_error(r->ctx, 0);
}

/* A workqueue which frees memory may wait for the worker: WARN_ON() otherwise */
static void ims_test_reclaim(struct kunit *test)
{
	struct workqueue_struct *wq = alloc_workqueue("ims-test", WQ_MEM_RECLAIM, 0);
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));
	struct ims_test_reclaim r = { .ctx = ctx, .virq = irqt->map.virq };

	KUNIT_ASSERT_NOT_NULL(test, wq);
	INIT_WORK_ONSTACK(&r.work, ims_test_reclaim_work);
	queue_work(wq, &r.work);
	destroy_workqueue(wq);
	destroy_work_on_stack(&r.work);
	KUNIT_EXPECT_EQ(test, r.error, 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/masked ");
}

static int ims_test_cookie_commit(const struct ims_vector *vec, const struct msi_msg *msg,
				  bool masked)
{
	struct ims_test *ctx = vec->data;

	ims_test_log(ctx, "%u:%llx ", vec->index, vec->cookie.value);
	return 0;
}

static void ims_test_cookies(struct kunit *test)
{
	static const struct ims_queue_ops ops = { .commit = ims_test_cookie_commit };
	const union msi_instance_cookie cookies[] = { { .value = 0x11 }, { .value = 0x22 } };
	struct ims_test *ctx = test->priv;
	struct ims_store store = ims_test_queue_store(ctx);
	struct msi_map maps[2];

	store.queue_ops = &ops;
	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, store), 0);
	KUNIT_ASSERT_EQ(test, ims_alloc_irqs(ctx->dev, 2, cookies, NULL, maps), 0);
	ims_test_request(test, maps[0]);
	ims_test_request(test, maps[1]);
	IMS_EXPECT_LOG(test, ctx, "0:11 1:22 ");
}

/* Affinity */

static void ims_test_device_rewrite(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;

	ctx->facts.parent = IMS_PARENT_REWRITES;
	irqt = ims_test_start(test, ims_test_device_store(ctx));
	/* An event at the worst time is sent with the whole of the new message */
	ctx->event_in_write = true;
	ctx->target = 6;
	ims_test_migrate(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx, "mask0 write0 pend unmask0 send:fee07000/4000 ");
}

static void ims_test_device_rewrite_masked(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;

	ctx->facts.parent = IMS_PARENT_REWRITES;
	irqt = ims_test_start(test, ims_test_device_store(ctx));
	disable_irq(irqt->map.virq);
	ims_test_fire(irqt->map.virq);
	ims_test_migrate(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx, "mask0 write0 ");
	KUNIT_EXPECT_TRUE(test, ctx->vectors[0].masked);
}

static void ims_test_slot_rewrite(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;

	ims_test_need_io_log(test);
	ctx->facts.parent = IMS_PARENT_REWRITES;
	irqt = ims_test_start(test, ims_test_slot_store(ctx));
	ctx->target = 6;
	ims_test_migrate(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx,
		       "0:ctl=5a001 0:lo=fee07000 0:hi=1 0:data=4000 0:ctl=5a000 0:data? ");
}

/* CPU hotplug has masked the vector, it must not be unmasked in the middle */
static void ims_test_unplug_slot(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;

	ims_test_need_io_log(test);
	ctx->facts.parent = IMS_PARENT_REWRITES;
	irqt = ims_test_start(test, ims_test_slot_store(ctx));
	ims_test_unplug(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx,
		       "0:ctl=5a001 0:ctl? 0:lo=fee01000 0:hi=1 0:data=4000 0:data? 0:ctl=5a000 ");
}

static void ims_test_unplug_device(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;

	ctx->facts.parent = IMS_PARENT_REWRITES;
	irqt = ims_test_start(test, ims_test_device_store(ctx));
	ims_test_unplug(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx, "mask0 write0 unmask0 ");
}

/* A parent which sets the flow handler and has to unmask, such as the GIC ITS */
static void ims_test_bare_parent(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_store stores[] = {
		ims_test_slot_store(ctx), ims_test_device_store(ctx), ims_test_queue_store(ctx),
	};
	struct ims_test_irq *irqt;
	unsigned int i;

	ctx->bare_parent = true;
	for (i = 0; i < ARRAY_SIZE(stores); i++) {
		KUNIT_ASSERT_EQ(test, ims_test_create(ctx, stores[i]), 0);
		irqt = ims_test_request(test, ims_test_alloc(test));
		KUNIT_EXPECT_NOT_NULL(test, strstr(ctx->log, "parent-unmask "));
		KUNIT_EXPECT_NULL(test, strstr(ctx->log, "parent-mask "));
		ims_test_fire(irqt->map.virq);
		KUNIT_EXPECT_EQ(test, ctx->handled, i + 1);
		ims_test_release(test, irqt);
		KUNIT_EXPECT_NOT_NULL(test, strstr(ctx->log, "parent-mask "));
		ims_remove_domain(ctx->dev);
	}
}

/* With remapping the device does not notice */
static void ims_test_no_rewrite(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_store stores[] = {
		ims_test_slot_store(ctx), ims_test_device_store(ctx), ims_test_queue_store(ctx),
	};
	struct ims_test_irq *irqt;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stores); i++) {
		irqt = ims_test_start(test, stores[i]);
		ims_test_migrate(irqt->map.virq);
		IMS_EXPECT_LOG(test, ctx, "");
		ims_test_release(test, irqt);
		ims_remove_domain(ctx->dev);
	}
}

/* Failed commits */

static void ims_test_commit_fails(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct msi_map map;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	map = ims_test_alloc(test);
	ctx->fail_commits = 1;
	ims_test_request(test, map);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/unmasked=fail commit0:0/0/masked ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, map.index), -EIO);

	/* The depth is the driver's alone: this is balanced */
	disable_irq(map.virq);
	IMS_EXPECT_LOG(test, ctx, "");
	enable_irq(map.virq);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/unmasked ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, map.index), 0);
	ims_test_fire(map.virq);
	KUNIT_EXPECT_EQ(test, ctx->handled, 1);
}

#define REFUSED	"commit0:fee00000/4000/unmasked=fail commit0:0/0/masked=fail parent-mask "

/* The quiet state is refused as well. Each enable_irq() is a new attempt. */
static void ims_test_commit_keeps_failing(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct msi_map map;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	map = ims_test_alloc(test);
	ctx->fail_commits = 5;
	ims_test_request(test, map);
	IMS_EXPECT_LOG(test, ctx, REFUSED);
	disable_irq(map.virq);
	IMS_EXPECT_LOG(test, ctx, "commit0:0/0/masked=fail ");
	enable_irq(map.virq);
	IMS_EXPECT_LOG(test, ctx, "parent-unmask " REFUSED);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, map.index), -EIO);

	disable_irq(map.virq);
	enable_irq(map.virq);
	IMS_EXPECT_LOG(test, ctx,
		       "commit0:0/0/masked parent-unmask commit0:fee00000/4000/unmasked ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, map.index), 0);
	KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.address_lo, 0xfee00000);
	KUNIT_EXPECT_FALSE(test, ctx->vectors[0].masked);
}

/* The worker cannot get the mask to the device */
static void ims_test_worker_fails(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));

	disable_irq(irqt->map.virq);
	ctx->fail_commits = 1;
	ims_test_fire(irqt->map.virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -EIO);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/masked=fail commit0:0/0/masked ");
	enable_irq(irqt->map.virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "retrigger commit0:fee00000/4000/unmasked ");
}

/* A device which does not answer is asked once, however many vectors it has */
static void ims_test_dead(struct kunit *test, int error)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt[IMS_TEST_VECTORS];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	for (i = 0; i < IMS_TEST_VECTORS; i++)
		irqt[i] = ims_test_request(test, ims_test_alloc(test));
	ims_test_log_reset(ctx);

	ctx->commit_error = error;
	ctx->fail_commits = UINT_MAX;
	for (i = 0; i < IMS_TEST_VECTORS; i++) {
		ims_test_release(test, irqt[i]);
		ims_free_irq(ctx->dev, irqt[i]->map);
	}
	ims_remove_domain(ctx->dev);
	KUNIT_EXPECT_EQ(test, ctx->fail_commits, UINT_MAX - 1);
	/* All four are ignored, as nobody knows what the device still sends */
	IMS_EXPECT_LOG(test, ctx,
		       "commit0:0/0/masked=fail parent-mask parent-mask parent-mask parent-mask ");
	KUNIT_EXPECT_EQ(test, ctx->live, 0);
}

static void ims_test_dead_timeout(struct kunit *test)
{
	ims_test_dead(test, -ETIMEDOUT);
}

static void ims_test_dead_nodev(struct kunit *test)
{
	ims_test_dead(test, -ENODEV);
}

/* It answers again: one restore brings everything that was missed */
static void ims_test_dead_revived(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *first = ims_test_start(test, ims_test_queue_store(ctx));
	struct ims_test_irq *second = ims_test_request(test, ims_test_alloc(test));

	ims_test_log_reset(ctx);
	ctx->commit_error = -ETIMEDOUT;
	ctx->fail_commits = 1;
	disable_irq(first->map.virq);
	ims_test_fire(first->map.virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -ETIMEDOUT);
	disable_irq(second->map.virq);
	ims_test_fire(second->map.virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 1), -ENODEV);
	enable_irq(second->map.virq);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/masked=fail parent-mask retrigger ");

	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	IMS_EXPECT_LOG(test, ctx,
		       "parent-unmask commit0:fee00000/4000/masked commit1:fee00000/4001/unmasked ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 1), 0);
}

/* The device may still send the old message, so nobody else gets the index */
static void ims_test_clear_fails(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));
	struct msi_map map = irqt->map;

	ctx->fail_commits = 3;
	ims_test_release(test, irqt);
	ims_free_irq(ctx->dev, map);
	KUNIT_EXPECT_EQ(test, ctx->fail_commits, 0);
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 1);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, map.index), -EIO);
	KUNIT_EXPECT_NE(test, ims_test_alloc(test).index, map.index);

	/* Until the domain goes */
	ims_remove_domain(ctx->dev);
	KUNIT_EXPECT_EQ(test, ctx->live, 0);
	KUNIT_EXPECT_TRUE(test, ims_test_gone(map.virq));
}

static void ims_test_clear_late(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));
	struct msi_map map = irqt->map;

	ctx->fail_commits = 2;
	ims_test_release(test, irqt);
	ims_test_log_reset(ctx);
	ims_free_irq(ctx->dev, map);
	IMS_EXPECT_LOG(test, ctx, "commit0:0/0/masked ");
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 0);
	KUNIT_EXPECT_EQ(test, ims_test_alloc(test).index, map.index);
}

/* Allocation */

static void ims_test_exhaustion(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct msi_map maps[IMS_TEST_VECTORS], map;
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	for (i = 0; i < IMS_TEST_VECTORS; i++) {
		maps[i] = ims_test_alloc(test);
		KUNIT_EXPECT_EQ(test, maps[i].index, i);
	}
	map = ims_alloc_irq_at(ctx->dev, MSI_ANY_INDEX, NULL, NULL);
	KUNIT_EXPECT_EQ(test, map.index, -EBUSY);
	KUNIT_EXPECT_EQ(test, map.virq, 0);

	ims_free_irq(ctx->dev, maps[2]);
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), IMS_TEST_VECTORS - 1);
	KUNIT_EXPECT_EQ(test, ims_test_alloc(test).index, 2);
}

static void ims_test_all_or_none(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct msi_map maps[IMS_TEST_VECTORS + 1];
	unsigned int k;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_device_store(ctx)), 0);
	for (k = 1; k <= IMS_TEST_VECTORS; k++) {
		ctx->fail_alloc = k;
		KUNIT_EXPECT_EQ(test, ims_alloc_irqs(ctx->dev, IMS_TEST_VECTORS, NULL, NULL, maps),
				-ENOSPC);
		KUNIT_EXPECT_EQ(test, ctx->live, 0);
		KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 0);
	}
	/* One more than there are */
	KUNIT_EXPECT_EQ(test, ims_alloc_irqs(ctx->dev, IMS_TEST_VECTORS + 1, NULL, NULL, maps),
			-EBUSY);
	KUNIT_EXPECT_EQ(test, ctx->live, 0);

	/* No index got lost on the way */
	KUNIT_EXPECT_EQ(test, ims_alloc_irqs(ctx->dev, IMS_TEST_VECTORS, NULL, NULL, maps), 0);
	KUNIT_EXPECT_EQ(test, ctx->live, IMS_TEST_VECTORS);
	for (k = 0; k < IMS_TEST_VECTORS; k++)
		KUNIT_EXPECT_EQ(test, maps[k].index, k);
}

static void ims_test_activate_fails(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq irqt = { .ctx = ctx };

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	irqt.map = ims_test_alloc(test);
	ctx->fail_activate = true;
	KUNIT_EXPECT_EQ(test, request_irq(irqt.map.virq, ims_test_handler, 0, "ims-test", &irqt),
			-ENOSPC);
	IMS_EXPECT_LOG(test, ctx, "");
	ims_free_irq(ctx->dev, irqt.map);
	KUNIT_EXPECT_EQ(test, ctx->live, 0);
}

static void ims_test_no_domain(struct kunit *test)
{
	struct ims_test *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, MSI_ANY_INDEX, NULL, NULL).index, -ENODEV);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -ENOENT);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	ims_bus_reset_prepare(ctx->dev);
	ims_bus_restore(ctx->dev);
	KUNIT_EXPECT_NULL(test, ims_test_store(ctx));
	ims_remove_domain(ctx->dev);

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -ENOENT);
	ims_remove_domain(ctx->dev);
	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, MSI_ANY_INDEX, NULL, NULL).index, -ENODEV);
}

/* Creation */

static void ims_test_expect_bad(struct kunit *test, struct ims_store store)
{
	struct ims_test *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, store), -EINVAL);
	KUNIT_EXPECT_NULL(test, ims_test_store(ctx));
	ims_remove_domain(ctx->dev);
}

#define IMS_EXPECT_BAD(test, good, change)				\
do {									\
	struct ims_store store = good;					\
									\
	store.change;							\
	ims_test_expect_bad(test, store);				\
} while (0)

static void ims_test_bad_stores(struct kunit *test)
{
	static const struct ims_device_ops no_write = {
		.mask = ims_test_device_mask, .unmask = ims_test_device_unmask,
	};
	static const struct ims_device_ops no_mask = {
		.write_msg = ims_test_device_write, .unmask = ims_test_device_unmask,
	};
	static const struct ims_device_ops no_unmask = {
		.write_msg = ims_test_device_write, .mask = ims_test_device_mask,
	};
	static const struct ims_queue_ops no_commit;
	struct ims_test *ctx = test->priv;

	IMS_EXPECT_BAD(test, ims_test_slot_store(ctx), kind = IMS_STORE_QUEUE_MEMORY);
	IMS_EXPECT_BAD(test, ims_test_slot_store(ctx), kind = IMS_STORE_KINDS);
	IMS_EXPECT_BAD(test, ims_test_slot_store(ctx), size = 0);
	IMS_EXPECT_BAD(test, ims_test_slot_store(ctx), slots.base = NULL);
	IMS_EXPECT_BAD(test, ims_test_slot_store(ctx), slots.stride = IMS_SLOT_SIZE - 4);
	IMS_EXPECT_BAD(test, ims_test_slot_store(ctx), slots.stride = IMS_SLOT_SIZE + 2);
	IMS_EXPECT_BAD(test, ims_test_slot_store(ctx), device_ops = &ims_test_device_ops);
	IMS_EXPECT_BAD(test, ims_test_device_store(ctx), kind = IMS_STORE_QUEUE_MEMORY);
	IMS_EXPECT_BAD(test, ims_test_device_store(ctx), device_ops = &no_write);
	IMS_EXPECT_BAD(test, ims_test_device_store(ctx), device_ops = &no_mask);
	IMS_EXPECT_BAD(test, ims_test_device_store(ctx), device_ops = &no_unmask);
	IMS_EXPECT_BAD(test, ims_test_device_store(ctx), queue_ops = &ims_test_queue_ops);
	/* Nobody could make it silent */
	IMS_EXPECT_BAD(test, ims_test_device_store(ctx), size = 0);
	IMS_EXPECT_BAD(test, ims_test_queue_store(ctx), kind = IMS_STORE_DEVICE_MEMORY);
	IMS_EXPECT_BAD(test, ims_test_queue_store(ctx), queue_ops = &no_commit);
	IMS_EXPECT_BAD(test, ims_test_queue_store(ctx), size = MSI_MAX_INDEX + 2);
	IMS_EXPECT_BAD(test, ims_test_queue_store(ctx), revoke = ims_test_revoke);
	IMS_EXPECT_BAD(test, ims_test_handed_store(ctx), device_ops = &ims_test_device_ops);
	IMS_EXPECT_BAD(test, ims_test_handed_store(ctx), queue_ops = &ims_test_queue_ops);
	IMS_EXPECT_BAD(test, ims_test_handed_store(ctx), slots.base = ctx->base);
	IMS_EXPECT_BAD(test, ims_test_handed_store(ctx), size = MSI_MAX_INDEX + 2);
}

static void ims_test_verdicts(struct kunit *test)
{
	struct ims_test *ctx = test->priv;

	ctx->facts.foreign = true;
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_device_store(ctx)), -EOPNOTSUPP);
	ctx->facts.foreign = false;
	/* The same driver is to be probed again when more is known */
	ctx->facts.complete = false;
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_device_store(ctx)), -EPROBE_DEFER);
	ctx->facts.complete = true;
	/* A parent which rewrites: device memory yes, queue memory no */
	ctx->facts.parent = IMS_PARENT_REWRITES;
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), -EOPNOTSUPP);
	KUNIT_EXPECT_NULL(test, ims_test_store(ctx));
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_device_store(ctx)), 0);
}

static void ims_test_one_domain(struct kunit *test)
{
	struct ims_test *ctx = test->priv;

	ctx->refuse_domain = true;
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_device_store(ctx)), -ENODEV);
	KUNIT_EXPECT_NULL(test, ims_test_store(ctx));

	ctx->refuse_domain = false;
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_device_store(ctx)), 0);
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), -EBUSY);
	KUNIT_ASSERT_NOT_NULL(test, ims_test_store(ctx));
	KUNIT_EXPECT_EQ(test, ims_test_store(ctx)->kind, IMS_STORE_DEVICE_MEMORY);

	ims_remove_domain(ctx->dev);
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
}

/* Stores which an earlier kernel has left behind */

static void ims_test_quiesce_slots(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_store store = ims_test_slot_store(ctx);
	unsigned int i;

	ims_test_need_io_log(test);
	KUNIT_ASSERT_EQ(test, ims_create_domain(ctx->dev, &store, &ims_test_bus), 0);
	IMS_EXPECT_LOG(test, ctx, "0:ctl=1 1:ctl=1 2:ctl=1 3:ctl=1 0:ctl? ");
	for (i = 0; i < IMS_TEST_VECTORS; i++)
		ims_test_expect_slot(test, i, 0, 0, 0, IMS_SLOT_CONTROL_MASK);
}

static void ims_test_quiesce_device(struct kunit *test)
{
	struct ims_device_ops ops = ims_test_device_ops;
	struct ims_test *ctx = test->priv;
	struct ims_store store = ims_test_device_store(ctx);

	KUNIT_ASSERT_EQ(test, ims_create_domain(ctx->dev, &store, &ims_test_bus), 0);
	IMS_EXPECT_LOG(test, ctx, "mask0 mask1 mask2 mask3 ");
	ims_remove_domain(ctx->dev);

	/* The driver knows better, and it need not know the size */
	ops.quiesce = ims_test_quiesce;
	store.device_ops = &ops;
	store.size = 0;
	KUNIT_ASSERT_EQ(test, ims_create_domain(ctx->dev, &store, &ims_test_bus), 0);
	IMS_EXPECT_LOG(test, ctx, "");
	KUNIT_EXPECT_EQ(test, ctx->quiesced, 1);
}

static void ims_test_quiesce_queue(struct kunit *test)
{
	struct ims_test *ctx = test->priv;

	ctx->quiesce_error = -EIO;
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), -EIO);
	KUNIT_EXPECT_NULL(test, ims_test_store(ctx));
	ctx->quiesce_error = 0;
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	KUNIT_EXPECT_EQ(test, ctx->quiesced, 2);
}

/* An index which is managed in software ends where the parent or Linux says */
static void ims_test_software_index(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_store store = ims_test_handed_store(ctx);
	unsigned int i;

	store.size = 0;
	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, store), 0);
	KUNIT_EXPECT_EQ(test, ims_test_store(ctx)->size, MSI_MAX_INDEX + 1);
	ims_remove_domain(ctx->dev);

	ctx->max_size = 3;
	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, store), 0);
	KUNIT_EXPECT_EQ(test, ims_test_store(ctx)->size, 3);
	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_EQ(test, ims_test_alloc(test).index, i);
	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, MSI_ANY_INDEX, NULL, NULL).index, -EBUSY);
}

/* Restore: the first vector is in use, the second is masked by its driver */

static struct msi_map ims_test_start_masked(struct kunit *test)
{
	struct msi_map map = ims_test_request(test, ims_test_alloc(test))->map;

	disable_irq(map.virq);
	ims_test_fire(map.virq);
	ims_test_error(test->priv, map.index);
	return map;
}

static void ims_test_restore_slots(struct kunit *test)
{
	struct ims_test *ctx = test->priv;

	ims_test_start(test, ims_test_slot_store(ctx));
	ims_test_start_masked(test);
	memset(ctx->mem, 0, sizeof(ctx->mem));
	/* From the core's copy: the parent is not asked again */
	ctx->target = 6;

	/* That of the driver is for queue memory */
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	ims_test_expect_slot(test, 0, 0, 0, 0, 0);
	ims_bus_restore(ctx->dev);
	ims_test_expect_slot(test, 0, 0xfee00000, 1, 0x4000, 0x5a000);
	ims_test_expect_slot(test, 1, 0xfee00000, 1, 0x4001, 0x5a001);
	/* The cost is that of the vectors, nothing else is touched */
	ims_test_expect_slot(test, 2, 0, 0, 0, 0);
}

static void ims_test_restore_device(struct kunit *test)
{
	struct ims_test *ctx = test->priv;

	ims_test_start(test, ims_test_device_store(ctx));
	ims_test_start_masked(test);
	memset(ctx->vectors, 0, sizeof(ctx->vectors));
	ims_test_log_reset(ctx);

	ims_bus_restore(ctx->dev);
	IMS_EXPECT_LOG(test, ctx, "mask0 write0 unmask0 mask1 write1 ");
	KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.data, 0x4000);
	KUNIT_EXPECT_EQ(test, ctx->vectors[1].msg.data, 0x4001);
}

static void ims_test_restore_queue(struct kunit *test)
{
	struct ims_test *ctx = test->priv;

	ims_test_start(test, ims_test_queue_store(ctx));
	ims_test_start_masked(test);
	/* Not in use, nothing to lose */
	ims_test_alloc(test);
	ims_test_log_reset(ctx);
	ctx->target = 6;

	ims_bus_restore(ctx->dev);
	IMS_EXPECT_LOG(test, ctx, "");
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	IMS_EXPECT_LOG(test, ctx,
		       "commit0:fee00000/4000/unmasked commit1:fee00000/4001/masked ");
}

static void ims_test_restore_fails(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *first = ims_test_start(test, ims_test_queue_store(ctx));
	struct ims_test_irq *second = ims_test_request(test, ims_test_alloc(test));

	ims_test_log_reset(ctx);
	ctx->fail_commits = 1;
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), -EIO);
	IMS_EXPECT_LOG(test, ctx,
		       "commit0:fee00000/4000/unmasked=fail commit0:0/0/masked commit1:fee00000/4001/unmasked ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, first->map.index), -EIO);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, second->map.index), 0);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, first->map.index), 0);
}

/* The disable depth is the driver's, whatever fails and is restored in between */
static void ims_test_restore_depth(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));

	disable_irq(irqt->map.virq);
	ctx->fail_commits = 2;
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), -EIO);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	KUNIT_EXPECT_EQ(test, irq_to_desc(irqt->map.virq)->depth, 1);
	KUNIT_EXPECT_TRUE(test, ims_test_disabled(irqt->map.virq));
	enable_irq(irqt->map.virq);
	KUNIT_EXPECT_FALSE(test, ims_test_disabled(irqt->map.virq));
}

/* Suspend and low power states */

/* The driver enables in resume_noirq: takes effect later, without the chip bus lock */
static void ims_test_resume_noirq(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));
	unsigned int virq = irqt->map.virq;

	disable_irq(virq);
	ims_test_fire(virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	ims_test_log_reset(ctx);

	ims_test_suspend(virq);
	enable_irq(virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "");
	ims_test_resume(virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "retrigger commit0:fee00000/4000/unmasked ");
}

/* An event while suspended: no command before the driver's own interrupts work */
static void ims_test_suspended_event(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));
	unsigned int virq = irqt->map.virq;

	ims_test_suspend(virq);
	ims_test_fire(virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -EAGAIN);
	IMS_EXPECT_LOG(test, ctx, "");
	/* Unmasked by the resume, so there was nothing to be done after all */
	ims_test_resume(virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "retrigger ");

	/* Disabled by the driver as well: masked as soon as the driver restores */
	disable_irq(virq);
	ims_test_suspend(virq);
	ims_test_fire(virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -EAGAIN);
	ims_test_resume(virq);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/masked ");
	enable_irq(virq);
	ims_test_log_reset(ctx);

	/* Restored before that, so nobody is to come but the worker */
	disable_irq(virq);
	ims_test_suspend(virq);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	ims_test_fire(virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -EAGAIN);
	ims_test_resume(virq);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/unmasked ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/masked ");
}

/* A commit which fails between suspend and resume: quiet, one error, one retry */
static void ims_test_suspended_failure(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));
	unsigned int virq = irqt->map.virq;

	ims_test_suspend(virq);
	ctx->fail_commits = 1;
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), -EIO);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/unmasked=fail commit0:0/0/masked ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -EIO);

	/* The resume enables it, and that is the retry */
	ims_test_resume(virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/unmasked ");
	KUNIT_EXPECT_FALSE(test, ims_test_disabled(virq));
	KUNIT_EXPECT_EQ(test, irq_to_desc(virq)->depth, 0);
}

/* The device has lost its memory and the driver has not set it up yet */
static void ims_test_lost(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));

	disable_irq(irqt->map.virq);
	ims_bus_restore(ctx->dev);
	ims_test_fire(irqt->map.virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -EAGAIN);
	IMS_EXPECT_LOG(test, ctx, "");
	/* What the driver does goes to the device */
	enable_irq(irqt->map.virq);
	disable_irq(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx, "retrigger ");
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/unmasked ");
}

/* Not in D0: nothing is written, everything is when the device is back */
static void ims_test_low_power_slots(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;
	struct msi_map freed;

	ctx->facts.parent = IMS_PARENT_REWRITES;
	irqt = ims_test_start(test, ims_test_slot_store(ctx));
	freed = ims_test_alloc(test);
	ims_test_release(test, ims_test_request(test, freed));
	ims_test_log_reset(ctx);

	ctx->asleep = 1;
	ctx->target = 6;
	ims_test_unplug(irqt->map.virq);
	ims_free_irq(ctx->dev, freed);
	IMS_EXPECT_LOG(test, ctx, "");
	ims_bus_restore(ctx->dev);
	IMS_EXPECT_LOG(test, ctx, "");

	/* A slot that was freed meanwhile is masked again, with all the others */
	ctx->mem[IMS_TEST_STRIDE / sizeof(u32) + 3] = 0;
	ctx->asleep = 0;
	ims_bus_restore(ctx->dev);
	ims_test_expect_slot(test, 0, 0xfee07000, 1, 0x4000, 0x5a000);
	KUNIT_EXPECT_EQ(test, ctx->mem[IMS_TEST_STRIDE / sizeof(u32) + 3], IMS_SLOT_CONTROL_MASK);
}

static void ims_test_low_power_device(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_device_store(ctx));

	ctx->asleep = 1;
	disable_irq(irqt->map.virq);
	ims_test_fire(irqt->map.virq);
	enable_irq(irqt->map.virq);
	IMS_EXPECT_LOG(test, ctx, "retrigger ");
	ctx->asleep = 0;
	ims_bus_restore(ctx->dev);
	IMS_EXPECT_LOG(test, ctx, "mask0 mask1 mask2 mask3 mask0 write0 unmask0 ");
}

/* The reset did not happen: what was freed meanwhile is quiet, what is live works */
static void ims_test_reset_slots(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_slot_store(ctx));
	struct ims_test_irq *freed = ims_test_request(test, ims_test_alloc(test));

	ims_bus_reset_prepare(ctx->dev);
	ims_test_release(test, freed);
	ims_free_irq(ctx->dev, freed->map);
	/* Nobody is there to take it */
	ims_test_expect_slot(test, 1, 0xfee00000, 1, 0x4001, 0x5a000);

	ims_bus_restore(ctx->dev);
	ims_test_expect_slot(test, 0, 0xfee00000, 1, 0x4000, 0x5a000);
	KUNIT_EXPECT_EQ(test, ctx->mem[IMS_TEST_STRIDE / sizeof(u32) + 3], IMS_SLOT_CONTROL_MASK);
	/* And a change reaches the device again */
	ims_test_release(test, irqt);
	KUNIT_EXPECT_EQ(test, ctx->mem[3] & IMS_SLOT_CONTROL_MASK, IMS_SLOT_CONTROL_MASK);
}

/* What was masked just before, and came too late, is masked once more */
static void ims_test_reset_device(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_device_store(ctx));

	ims_bus_reset_prepare(ctx->dev);
	IMS_EXPECT_LOG(test, ctx, "");
	ims_bus_restore(ctx->dev);
	IMS_EXPECT_LOG(test, ctx, "mask0 mask1 mask2 mask3 mask0 write0 unmask0 ");

	ims_bus_reset_prepare(ctx->dev);
	ims_test_release(test, irqt);
	ims_free_irq(ctx->dev, irqt->map);
	IMS_EXPECT_LOG(test, ctx, "");
	ims_bus_restore(ctx->dev);
	IMS_EXPECT_LOG(test, ctx, "mask0 mask1 mask2 mask3 ");
}

/* The driver's own way to silence the store fails: it is tried again, and said */
static void ims_test_reset_unquiet(struct kunit *test)
{
	struct ims_device_ops ops = ims_test_device_ops;
	struct ims_test *ctx = test->priv;
	struct ims_store store = ims_test_device_store(ctx);

	ops.quiesce = ims_test_quiesce;
	store.device_ops = &ops;
	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, store), 0);
	ims_bus_reset_prepare(ctx->dev);
	ctx->quiesced = 0;
	ctx->quiesce_error = -EIO;
	ims_bus_restore(ctx->dev);
	ctx->quiesce_error = 0;
	ims_bus_restore(ctx->dev);
	ims_bus_restore(ctx->dev);
	KUNIT_EXPECT_EQ(test, ctx->quiesced, 2);
}

/* No command on the core's own into a reset */
static void ims_test_reset_queue(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));

	disable_irq(irqt->map.virq);
	ims_bus_reset_prepare(ctx->dev);
	ims_test_fire(irqt->map.virq);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -EAGAIN);
	IMS_EXPECT_LOG(test, ctx, "");
	ims_bus_restore(ctx->dev);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:fee00000/4000/masked ");
}

/* Freed when it could not be masked: masked before it gets another message */
static void ims_test_device_reuse(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_device_store(ctx));
	struct msi_map map = irqt->map;

	ctx->asleep = 1;
	ims_test_release(test, irqt);
	ims_free_irq(ctx->dev, map);
	ctx->asleep = 0;
	map = ims_test_alloc(test);
	ctx->event_in_write = true;
	ims_test_request(test, map);
	IMS_EXPECT_LOG(test, ctx, "mask0 write0 pend unmask0 send:fee00000/4001 ");
}

static void ims_test_low_power_queue(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));

	ctx->asleep = 1;
	ims_test_release(test, irqt);
	ims_free_irq(ctx->dev, irqt->map);
	IMS_EXPECT_LOG(test, ctx, "parent-mask ");
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 1);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), -EAGAIN);
	ctx->asleep = 0;
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	IMS_EXPECT_LOG(test, ctx, "commit0:0/0/masked ");
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 0);

	ctx->asleep = 1;
	ims_remove_domain(ctx->dev);
	KUNIT_EXPECT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), -EAGAIN);
}

/* Nobody is asked and nothing is kept when the device is no longer there */
static void ims_test_gone_device(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_queue_store(ctx));

	ctx->gone = true;
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), -ENODEV);
	ims_test_release(test, irqt);
	ims_free_irq(ctx->dev, irqt->map);
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 0);
	IMS_EXPECT_LOG(test, ctx, "parent-mask ");
}

/* A callback may read from the device and wait */
static void ims_test_gone_memory(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt = ims_test_start(test, ims_test_device_store(ctx));

	ctx->gone = true;
	disable_irq(irqt->map.virq);
	enable_irq(irqt->map.virq);
	ims_test_release(test, irqt);
	ims_free_irq(ctx->dev, irqt->map);
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 0);
	IMS_EXPECT_LOG(test, ctx, "");
}

/* Freed while the device did not answer, which a reset has mended: nothing is lost */
static void ims_test_orphans(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt[IMS_TEST_VECTORS];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	for (i = 0; i < IMS_TEST_VECTORS; i++)
		irqt[i] = ims_test_request(test, ims_test_alloc(test));

	ctx->commit_error = -ETIMEDOUT;
	ctx->fail_commits = 1;
	for (i = 0; i < IMS_TEST_VECTORS; i++) {
		ims_test_release(test, irqt[i]);
		ims_free_irq(ctx->dev, irqt[i]->map);
	}
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), IMS_TEST_VECTORS);
	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, 0, NULL, NULL).index, -EBUSY);

	ims_bus_restore(ctx->dev);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 0);
	KUNIT_EXPECT_EQ(test, ctx->live, 0);
	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, 0, NULL, NULL).index, 0);
}

/**
 * struct ims_test_slow - A command which takes long
 * @slow:	The next command to mask does
 * @begun:	The device has it
 * @end:	It is to end
 * @work:	Ends it while the store is restored
 */
struct ims_test_slow {
	bool			slow;
	struct completion	begun;
	struct completion	end;
	struct delayed_work	work;
};

static struct ims_test_slow ims_test_slow;

static int ims_test_slow_commit(const struct ims_vector *vec, const struct msi_msg *msg,
				bool masked)
{
	if (!masked || !ims_test_slow.slow)
		return 0;
	ims_test_slow.slow = false;
	complete(&ims_test_slow.begun);
	wait_for_completion(&ims_test_slow.end);
	return -ETIMEDOUT;
}

static void ims_test_slow_end(struct work_struct *work)
{
	complete(&ims_test_slow.end);
}

/* A command from before the reset times out when the driver restores already */
static void ims_test_stale_timeout(struct kunit *test)
{
	static const struct ims_queue_ops ops = { .commit = ims_test_slow_commit };
	struct ims_test *ctx = test->priv;
	struct ims_store store = ims_test_queue_store(ctx);
	struct ims_test_irq *irqt;

	ims_test_slow.slow = true;
	init_completion(&ims_test_slow.begun);
	init_completion(&ims_test_slow.end);
	INIT_DELAYED_WORK(&ims_test_slow.work, ims_test_slow_end);
	store.queue_ops = &ops;
	irqt = ims_test_start(test, store);
	ims_test_request(test, ims_test_alloc(test));

	disable_irq(irqt->map.virq);
	ims_test_fire(irqt->map.virq);
	wait_for_completion(&ims_test_slow.begun);
	schedule_delayed_work(&ims_test_slow.work, HZ / 50);
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	flush_delayed_work(&ims_test_slow.work);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 1), 0);
	enable_irq(irqt->map.virq);
}

/* The end */

static void ims_test_removal(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_store stores[] = {
		ims_test_slot_store(ctx), ims_test_device_store(ctx), ims_test_queue_store(ctx),
	};
	struct msi_map map;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(stores); i++) {
		KUNIT_ASSERT_EQ(test, ims_test_create(ctx, stores[i]), 0);
		ims_test_alloc(test);
		map = ims_test_alloc(test);
		ims_test_release(test, ims_test_request(test, map));
		KUNIT_EXPECT_EQ(test, ctx->live, 2);

		ims_remove_domain(ctx->dev);
		KUNIT_EXPECT_EQ(test, ctx->live, 0);
		KUNIT_EXPECT_TRUE(test, ims_test_gone(map.virq));
		KUNIT_EXPECT_NULL(test, ims_test_store(ctx));
	}
}

/* Domains with the driver's own chip, as in v6.2 */

static void ims_test_template_mask(struct irq_data *d)
{
	struct msi_domain_info *info = d->domain->host_data;

	ims_test_log(info->data, "mask%lu ", d->hwirq);
}

static void ims_test_template_unmask(struct irq_data *d)
{
	struct msi_domain_info *info = d->domain->host_data;

	ims_test_log(info->data, "unmask%lu ", d->hwirq);
}

static void ims_test_template_write(struct irq_data *d, struct msi_msg *msg)
{
	struct msi_domain_info *info = d->domain->host_data;

	ims_test_log(info->data, "write%lu:%x ", d->hwirq, msg->data);
}

static void ims_test_template_unlock(struct irq_data *d)
{
}

static const struct msi_domain_template ims_test_template = {
	.chip = {
		.name			= "IMS-OLD",
		.irq_mask		= ims_test_template_mask,
		.irq_unmask		= ims_test_template_unmask,
		.irq_write_msi_msg	= ims_test_template_write,
	},
	.info = {
		.flags			= MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS |
					  MSI_FLAG_FREE_MSI_DESCS | MSI_FLAG_PCI_IMS,
		.bus_token		= DOMAIN_BUS_PCI_DEVICE_IMS,
	},
};

static void ims_test_template_life(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt[2];
	unsigned int i;

	KUNIT_ASSERT_EQ(test, ims_create_template_domain(ctx->dev, &ims_test_template,
							 IMS_TEST_VECTORS, ctx), 0);
	for (i = 0; i < 2; i++) {
		irqt[i] = ims_test_request(test, ims_test_alloc(test));
		KUNIT_EXPECT_EQ(test, irq_get_irq_data(irqt[i]->map.virq)->hwirq, i);
	}
	IMS_EXPECT_LOG(test, ctx, "write0:4000 unmask0 write1:4001 unmask1 ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 1), 0);
	/* The core does not know how */
	ims_bus_restore(ctx->dev);
	IMS_EXPECT_LOG(test, ctx, "");

	ims_test_release(test, irqt[0]);
	ims_free_irq(ctx->dev, irqt[0]->map);
	KUNIT_EXPECT_EQ(test, ctx->live, 1);
	KUNIT_EXPECT_EQ(test, ims_test_alloc(test).index, 0);
}

/* Such a driver does not know that the parent has to unmask */
static void ims_test_template_bare_parent(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irqt;

	ctx->bare_parent = true;
	KUNIT_ASSERT_EQ(test, ims_create_template_domain(ctx->dev, &ims_test_template,
							 IMS_TEST_VECTORS, ctx), 0);
	irqt = ims_test_request(test, ims_test_alloc(test));
	IMS_EXPECT_LOG(test, ctx, "write0:4000 parent-unmask unmask0 ");
	ims_test_release(test, irqt);
	IMS_EXPECT_LOG(test, ctx, "mask0 parent-mask write0:0 ");
}

static void ims_test_template_verdict(struct kunit *test)
{
	struct msi_domain_template sleeps = ims_test_template;
	struct ims_test *ctx = test->priv;

	sleeps.chip.irq_bus_sync_unlock = ims_test_template_unlock;
	ctx->facts.parent = IMS_PARENT_REWRITES;
	KUNIT_EXPECT_EQ(test, ims_create_template_domain(ctx->dev, &sleeps, 0, ctx), -EOPNOTSUPP);
	ctx->facts.foreign = true;
	KUNIT_EXPECT_EQ(test, ims_create_template_domain(ctx->dev, &ims_test_template, 0, ctx),
			-EOPNOTSUPP);
	ctx->facts.foreign = false;
	KUNIT_EXPECT_EQ(test, ims_create_template_domain(ctx->dev, &ims_test_template, 0, ctx), 0);
	KUNIT_EXPECT_EQ(test, ims_create_template_domain(ctx->dev, &ims_test_template, 0, ctx),
			-EBUSY);
}

static void ims_test_remove_domain(void *dev)
{
	ims_remove_domain(dev);
}

static int ims_test_init(struct kunit *test)
{
	struct ims_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	test->priv = ctx;
	ctx->facts.supported = true;
	ctx->facts.complete = true;
	ctx->facts.parent = IMS_PARENT_IMMUTABLE;
	ctx->facts.isolated = true;
	kunit_activate_static_stub(test, ims_gather_facts, ims_test_facts);

	ims_test_add_parent(test, ctx);
	ims_test_map(test, ctx);
	ctx->dev = kunit_device_register(test, "ims-test");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, ctx->dev);
	dev_set_msi_domain(ctx->dev, ctx->parent);
	dev_set_drvdata(ctx->dev, ctx);
	ctx->commit_error = -EIO;
	return kunit_add_action_or_reset(test, ims_test_remove_domain, ctx->dev);
}

/* That it can be made quiet does not bring a vector back */
static void ims_test_error_stays(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irq = ims_test_start(test, ims_test_queue_store(ctx));
	unsigned int virq = irq->map.virq;

	ctx->fail_commits = 2;
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), -EIO);
	ims_test_log_reset(ctx);
	disable_irq(virq);
	IMS_EXPECT_LOG(test, ctx, "commit0:0/0/masked ");
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), -EIO);

	/* Restoring is an attempt to start it again */
	KUNIT_EXPECT_EQ(test, ims_restore(ctx->dev), 0);
	KUNIT_EXPECT_EQ(test, ims_test_error(ctx, 0), 0);
	enable_irq(virq);
	KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.address_lo, 0xfee00000);
}

static void ims_test_alloc_at(struct kunit *test)
{
	struct ims_test *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, 2, NULL, NULL).index, 2);
	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, 2, NULL, NULL).index, -EBUSY);
	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, IMS_TEST_VECTORS, NULL, NULL).index,
			-ERANGE);
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 1);
}

/* Spread over the CPUs: managed, unless the store needs a command to be cleared */
static void ims_test_spread(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_store stores[] = { ims_test_device_store(ctx), ims_test_queue_store(ctx) };
	struct irq_affinity affd = { .pre_vectors = 1 };
	struct msi_map maps[3];
	unsigned int i, k;

	if (num_possible_cpus() < 2)
		kunit_skip(test, "one CPU, nothing is spread");
	for (i = 0; i < ARRAY_SIZE(stores); i++) {
		KUNIT_ASSERT_EQ(test, ims_test_create(ctx, stores[i]), 0);
		KUNIT_ASSERT_EQ(test, ims_alloc_irqs(ctx->dev, 3, NULL, &affd, maps), 0);
		for (k = 0; k < 3; k++)
			KUNIT_EXPECT_EQ(test, !i && k,
					irqd_affinity_is_managed(irq_get_irq_data(maps[k].virq)));
		ims_remove_domain(ctx->dev);
	}
}

static void ims_test_managed(struct kunit *test)
{
	const struct irq_affinity_desc managed = { .mask = *cpu_possible_mask, .is_managed = 1 };
	struct ims_test *ctx = test->priv;

	KUNIT_ASSERT_EQ(test, ims_test_create(ctx, ims_test_queue_store(ctx)), 0);
	KUNIT_EXPECT_EQ(test, ims_alloc_irq_at(ctx->dev, MSI_ANY_INDEX, NULL, &managed).index,
			-EINVAL);
	KUNIT_EXPECT_EQ(test, ims_test_in_use(ctx), 0);
}

/* A clear which failed gets its last chance when the domain goes */
static void ims_test_clear_on_removal(struct kunit *test)
{
	struct ims_test *ctx = test->priv;
	struct ims_test_irq *irq = ims_test_start(test, ims_test_queue_store(ctx));

	ctx->fail_commits = 2;
	ims_test_release(test, irq);
	KUNIT_ASSERT_EQ(test, ctx->fail_commits, 0);
	KUNIT_ASSERT_NE(test, ctx->vectors[0].msg.address_lo, 0);
	ims_remove_domain(ctx->dev);
	KUNIT_EXPECT_EQ(test, ctx->vectors[0].msg.address_lo, 0);
	KUNIT_EXPECT_TRUE(test, ctx->vectors[0].masked);
}

static struct kunit_case ims_test_cases[] = {
	KUNIT_CASE(ims_test_slot_life),
	KUNIT_CASE(ims_test_slot_layout),
	KUNIT_CASE(ims_test_slot_cleared),
	KUNIT_CASE(ims_test_device_life),
	KUNIT_CASE(ims_test_queue_life),
	KUNIT_CASE(ims_test_handed_life),
	KUNIT_CASE(ims_test_handed_unread),
	KUNIT_CASE(ims_test_handed_removal),
	KUNIT_CASE(ims_test_handed_refused),
	KUNIT_CASE(ims_test_handed_access),
	KUNIT_CASE(ims_test_handed_others),
	KUNIT_CASE(ims_test_no_mask),
	KUNIT_CASE(ims_test_no_autoen),
	KUNIT_CASE(ims_test_no_mask_retry),
	KUNIT_CASE(ims_test_handled),
	KUNIT_CASE(ims_test_queue_pending),
	KUNIT_CASE(ims_test_queue_flicker),
	KUNIT_CASE(ims_test_nobody_cared),
	KUNIT_CASE(ims_test_nobody_cared_unlazy),
	KUNIT_CASE(ims_test_reclaim),
	KUNIT_CASE(ims_test_cookies),
	KUNIT_CASE(ims_test_device_rewrite),
	KUNIT_CASE(ims_test_device_rewrite_masked),
	KUNIT_CASE(ims_test_slot_rewrite),
	KUNIT_CASE(ims_test_unplug_slot),
	KUNIT_CASE(ims_test_unplug_device),
	KUNIT_CASE(ims_test_bare_parent),
	KUNIT_CASE(ims_test_no_rewrite),
	KUNIT_CASE(ims_test_commit_fails),
	KUNIT_CASE(ims_test_commit_keeps_failing),
	KUNIT_CASE(ims_test_worker_fails),
	KUNIT_CASE(ims_test_dead_timeout),
	KUNIT_CASE(ims_test_dead_nodev),
	KUNIT_CASE(ims_test_dead_revived),
	KUNIT_CASE(ims_test_clear_fails),
	KUNIT_CASE(ims_test_clear_late),
	KUNIT_CASE(ims_test_exhaustion),
	KUNIT_CASE(ims_test_all_or_none),
	KUNIT_CASE(ims_test_activate_fails),
	KUNIT_CASE(ims_test_no_domain),
	KUNIT_CASE(ims_test_bad_stores),
	KUNIT_CASE(ims_test_verdicts),
	KUNIT_CASE(ims_test_one_domain),
	KUNIT_CASE(ims_test_quiesce_slots),
	KUNIT_CASE(ims_test_quiesce_device),
	KUNIT_CASE(ims_test_quiesce_queue),
	KUNIT_CASE(ims_test_software_index),
	KUNIT_CASE(ims_test_restore_slots),
	KUNIT_CASE(ims_test_restore_device),
	KUNIT_CASE(ims_test_restore_queue),
	KUNIT_CASE(ims_test_restore_fails),
	KUNIT_CASE(ims_test_restore_depth),
	KUNIT_CASE(ims_test_resume_noirq),
	KUNIT_CASE(ims_test_suspended_event),
	KUNIT_CASE(ims_test_suspended_failure),
	KUNIT_CASE(ims_test_lost),
	KUNIT_CASE(ims_test_low_power_slots),
	KUNIT_CASE(ims_test_low_power_device),
	KUNIT_CASE(ims_test_reset_slots),
	KUNIT_CASE(ims_test_reset_device),
	KUNIT_CASE(ims_test_reset_unquiet),
	KUNIT_CASE(ims_test_reset_queue),
	KUNIT_CASE(ims_test_device_reuse),
	KUNIT_CASE(ims_test_low_power_queue),
	KUNIT_CASE(ims_test_gone_device),
	KUNIT_CASE(ims_test_gone_memory),
	KUNIT_CASE(ims_test_orphans),
	KUNIT_CASE(ims_test_stale_timeout),
	KUNIT_CASE(ims_test_removal),
	KUNIT_CASE(ims_test_template_life),
	KUNIT_CASE(ims_test_template_bare_parent),
	KUNIT_CASE(ims_test_template_verdict),
	KUNIT_CASE(ims_test_error_stays),
	KUNIT_CASE(ims_test_alloc_at),
	KUNIT_CASE(ims_test_spread),
	KUNIT_CASE(ims_test_managed),
	KUNIT_CASE(ims_test_clear_on_removal),
	{ }
};

static struct kunit_suite ims_test_suite = {
	.name		= "msi_ims",
	.suite_init	= ims_test_suite_init,
	.init		= ims_test_init,
	.test_cases	= ims_test_cases,
};

kunit_test_suite(ims_test_suite);

MODULE_DESCRIPTION("KUnit tests for the Interrupt Message Store");
MODULE_LICENSE("GPL");
