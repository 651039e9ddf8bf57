// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests for the domain of messages which a host hands out
 *
 * A fake host writes down how it is called, and can fail at each place. A fake parent
 * domain stands for the interrupts of the guest, a fake device for those who send.
 */
#include <kunit/device.h>
#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain.h>
#include <linux/msi.h>
#include <linux/msi_translate.h>
#include <linux/sprintf.h>

#include "internals.h"

/**
 * struct xlat_test - State of a test
 * @dev:	The device, its number is 7
 * @parent:	The domain of the guest's interrupts
 * @domain:	The translating domain
 * @info:	What it was created from
 * @target:	Where the parent has the interrupts now
 * @parent_error: What the parent says to a move, 0 if it takes it
 * @parent_live: Number of interrupts in the parent
 * @fail:	The n-th call of the host fails, 0 for none
 * @calls:	Number of calls
 * @live:	Number of messages which are allocated
 * @epoch:	Part of all messages, changes when they are replaced
 * @route:	What the host raises for the message which was routed last
 * @sent:	The message that the device has
 * @written:	How often it got one
 * @handled:	Number of handler invocations
 * @retriggered: Number of interrupts which were raised in software
 * @raised:	Completed by each of them
 * @query:	Answer of the host
 * @log_len:	Used part of @log
 * @log:	What has happened
 */
struct xlat_test {
	struct device			*dev;
	struct irq_domain		*parent;
	struct irq_domain		*domain;
	struct msi_translate_info	info;
	unsigned int			target;
	int				parent_error;
	unsigned int			parent_live;
	unsigned int			fail;
	unsigned int			calls;
	unsigned int			live;
	unsigned int			epoch;
	u32				route;
	struct msi_msg			sent;
	unsigned int			written;
	unsigned int			handled;
	unsigned int			retriggered;
	struct completion		raised;
	bool				query;
	size_t				log_len;
	char				log[512];
};

/* Where interrupt messages go */
#define XLAT_ADDRESS	0xfee00000

/* The fake host gets no pointer */
static struct xlat_test *xlat_ctx;

#define XLAT_EXPECT_LOG(test, ctx, expected)				\
do {									\
	struct xlat_test *_ctx = ctx;					\
									\
	KUNIT_EXPECT_STREQ(test, _ctx->log, expected);			\
	_ctx->log_len = 0;						\
	_ctx->log[0] = '\0';						\
} while (0)

/* Returns the error of a call which is to fail */
static __printf(1, 2) int xlat_call(const char *fmt, ...)
{
	struct xlat_test *ctx = xlat_ctx;
	va_list args;

	va_start(args, fmt);
	ctx->log_len += vscnprintf(ctx->log + ctx->log_len, sizeof(ctx->log) - ctx->log_len,
				   fmt, args);
	va_end(args);
	if (!irqs_disabled())
		ctx->log_len += scnprintf(ctx->log + ctx->log_len,
					  sizeof(ctx->log) - ctx->log_len, "(irqs on!) ");
	return ++ctx->calls == ctx->fail ? -EIO : 0;
}

static void xlat_message(struct msi_translate_handle *handle)
{
	handle->msg = (struct msi_msg){
		.address_lo	= XLAT_ADDRESS | xlat_ctx->epoch << 12,
		.data		= 0x8000 | handle->handle,
	};
}

static int xlat_alloc(struct msi_translate_handle *handle)
{
	int ret = xlat_call("alloc:%u ", handle->device);

	if (ret)
		return ret;
	handle->handle = ++xlat_ctx->live;
	xlat_message(handle);
	return 0;
}

static int xlat_read(struct msi_translate_handle *handle)
{
	int ret = xlat_call("read:%u ", handle->handle);

	if (!ret)
		xlat_message(handle);
	return ret;
}

static int xlat_retarget(const struct msi_translate_handle *handle, const struct msi_msg *route)
{
	int ret = xlat_call("retarget:%u/%x ", handle->handle, route->data);

	if (!ret)
		xlat_ctx->route = route->data;
	return ret;
}

static int xlat_free(const struct msi_translate_handle *handle)
{
	int ret = xlat_call("free:%u ", handle->handle);

	xlat_ctx->live--;
	return ret;
}

static int xlat_notify(const struct msi_msg *route)
{
	return xlat_call("notify:%x ", route->data);
}

static bool xlat_query(struct device *dev)
{
	return xlat_ctx->query;
}

static int xlat_number(struct device *dev, u32 *number)
{
	*number = 7;
	return 0;
}

static void xlat_compose_route(struct irq_data *d, struct msi_msg *route)
{
	irq_chip_compose_msi_msg(d->parent_data, route);
}

static const struct msi_translate_ops xlat_ops = {
	.query		= xlat_query,
	.alloc		= xlat_alloc,
	.read		= xlat_read,
	.retarget	= xlat_retarget,
	.free		= xlat_free,
	.notify		= xlat_notify,
	.number		= xlat_number,
	.compose_route	= xlat_compose_route,
};

/* The fake parent */

static void xlat_ack(struct irq_data *d)
{
}

static int xlat_parent_set_affinity(struct irq_data *d, const struct cpumask *mask, bool force)
{
	if (xlat_ctx->parent_error)
		return xlat_ctx->parent_error;
	xlat_ctx->target++;
	return IRQ_SET_MASK_OK;
}

static void xlat_parent_compose(struct irq_data *d, struct msi_msg *msg)
{
	msg->address_lo = XLAT_ADDRESS;
	msg->data = xlat_ctx->target;
}

static int xlat_parent_retrigger(struct irq_data *d)
{
	xlat_ctx->retriggered++;
	complete(&xlat_ctx->raised);
	return 1;
}

static struct irq_chip xlat_parent_chip = {
	.name			= "XLAT-TEST-PARENT",
	.irq_ack		= xlat_ack,
	.irq_set_affinity	= xlat_parent_set_affinity,
	.irq_compose_msi_msg	= xlat_parent_compose,
	.irq_retrigger		= xlat_parent_retrigger,
};

static int xlat_parent_alloc(struct irq_domain *d, unsigned int virq, unsigned int nr, void *arg)
{
	xlat_ctx->parent_live++;
	return irq_domain_set_hwirq_and_chip(d, virq, virq, &xlat_parent_chip, NULL);
}

static void xlat_parent_free(struct irq_domain *d, unsigned int virq, unsigned int nr)
{
	xlat_ctx->parent_live--;
	irq_domain_reset_irq_data(irq_domain_get_irq_data(d, virq));
}

static const struct irq_domain_ops xlat_parent_ops = {
	.alloc	= xlat_parent_alloc,
	.free	= xlat_parent_free,
};

/* The domain under test */

static struct irq_chip xlat_chip = {
	.name			= "XLAT-TEST",
	.irq_ack		= irq_chip_ack_parent,
	.irq_mask		= msi_translate_mask,
	.irq_unmask		= msi_translate_unmask,
	.irq_set_affinity	= msi_translate_set_affinity,
	.irq_compose_msi_msg	= msi_translate_compose_msg,
	.irq_retrigger		= irq_chip_retrigger_hierarchy,
};

static bool xlat_init_dev_msi_info(struct device *dev, struct irq_domain *domain,
				   struct irq_domain *real_parent, struct msi_domain_info *info)
{
	info->flags |= MSI_FLAG_USE_DEF_DOM_OPS | MSI_FLAG_USE_DEF_CHIP_OPS;
	info->handler = handle_edge_irq;
	info->handler_name = "edge";
	info->chip->irq_ack = irq_chip_ack_parent;
	info->chip->irq_retrigger = irq_chip_retrigger_hierarchy;
	return true;
}

static const struct msi_parent_ops xlat_msi_parent_ops = {
	.supported_flags	= MSI_GENERIC_FLAGS_MASK,
	.init_dev_msi_info	= xlat_init_dev_msi_info,
};

/* The fake device */

static void xlat_mask(struct irq_data *d)
{
}

static void xlat_write_msg(struct irq_data *d, struct msi_msg *msg)
{
	/* Other stores rely on it */
	lockdep_assert_held(&irq_data_to_desc(d)->lock);
	xlat_ctx->sent = *msg;
	xlat_ctx->written++;
}

static void xlat_set_desc(msi_alloc_info_t *arg, struct msi_desc *desc)
{
	arg->desc = desc;
	arg->hwirq = desc->msi_index;
}

static const struct msi_domain_template xlat_template = {
	.chip = {
		.name			= "DEVICE",
		.irq_mask		= xlat_mask,
		.irq_unmask		= xlat_mask,
		.irq_write_msi_msg	= xlat_write_msg,
	},

	.ops = {
		.set_desc		= xlat_set_desc,
	},

	.info = {
		.flags			= MSI_FLAG_ALLOC_SIMPLE_MSI_DESCS | MSI_FLAG_FREE_MSI_DESCS,
		.bus_token		= DOMAIN_BUS_DEVICE_MSI,
	},
};

static irqreturn_t xlat_handler(int irq, void *data)
{
	xlat_ctx->handled++;
	return IRQ_HANDLED;
}

/* Negative error code or the interrupt, which is requested */
static int xlat_get(struct xlat_test *ctx)
{
	struct msi_map map = msi_domain_alloc_irq_at(ctx->dev, MSI_DEFAULT_DOMAIN, MSI_ANY_INDEX,
						     NULL, NULL);
	int ret;

	if (map.index < 0)
		return map.index;

	/* With more than one CPU the request would be a move as well */
	ret = request_irq(map.virq, xlat_handler, IRQF_NOBALANCING, "xlat-test", ctx);
	if (!ret)
		return map.virq;

	msi_domain_free_irqs_range(ctx->dev, MSI_DEFAULT_DOMAIN, map.index, map.index);
	return ret;
}

static void xlat_put(struct xlat_test *ctx, int virq)
{
	unsigned int index = irq_get_msi_desc(virq)->msi_index;

	free_irq(virq, ctx);
	msi_domain_free_irqs_range(ctx->dev, MSI_DEFAULT_DOMAIN, index, index);
}

static struct irq_data *xlat_data(struct xlat_test *ctx, int virq)
{
	return irq_domain_get_irq_data(ctx->domain, virq);
}

static int xlat_move(int virq)
{
	struct irq_data *d = irq_get_irq_data(virq);

	guard(raw_spinlock_irqsave)(&irq_data_to_desc(d)->lock);
	return d->chip->irq_set_affinity(d, cpumask_of(0), false);
}

static void xlat_remove_domains(void *data)
{
	struct xlat_test *ctx = data;
	struct fwnode_handle *fwnode = ctx->parent->fwnode;

	/* The device is gone, and its domain with it */
	if (ctx->domain)
		msi_translate_remove_domain(ctx->domain);
	irq_domain_remove(ctx->parent);
	irq_domain_free_fwnode(fwnode);
}

static int xlat_test_init(struct kunit *test)
{
	struct xlat_test *ctx = kunit_kzalloc(test, sizeof(*ctx), GFP_KERNEL);
	struct fwnode_handle *fwnode = irq_domain_alloc_named_fwnode("xlat-test-parent");

	KUNIT_ASSERT_NOT_NULL(test, ctx);
	init_completion(&ctx->raised);
	KUNIT_ASSERT_NOT_NULL(test, fwnode);
	xlat_ctx = ctx;
	test->priv = ctx;
	ctx->target = 0x20;

	ctx->parent = irq_domain_create_tree(fwnode, &xlat_parent_ops, NULL);
	KUNIT_ASSERT_NOT_NULL(test, ctx->parent);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, xlat_remove_domains, ctx), 0);

	ctx->info = (struct msi_translate_info){
		.name		= "xlat-test",
		.parent		= ctx->parent,
		.chip		= &xlat_chip,
		.parent_ops	= &xlat_msi_parent_ops,
		.ops		= &xlat_ops,
	};
	ctx->domain = msi_translate_create_domain(&ctx->info);
	KUNIT_ASSERT_NOT_NULL(test, ctx->domain);

	struct device *dev = kunit_device_register(test, "xlat-test");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	dev_set_msi_domain(dev, ctx->domain);
	KUNIT_ASSERT_TRUE(test, msi_create_device_irq_domain(dev, MSI_DEFAULT_DOMAIN,
							     &xlat_template, 4, NULL, NULL));
	ctx->dev = dev;
	return 0;
}

/* All that was taken was given back */
static void xlat_expect_nothing(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;

	KUNIT_EXPECT_EQ(test, ctx->live, 0);
	KUNIT_EXPECT_EQ(test, ctx->parent_live, 0);
}

/* A life: which calls there are, and that the message is the host's */
static void xlat_life(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	int virq = xlat_get(ctx);

	KUNIT_ASSERT_GT(test, virq, 0);
	XLAT_EXPECT_LOG(test, ctx, "alloc:7 retarget:1/20 ");
	KUNIT_EXPECT_EQ(test, ctx->sent.address_lo, XLAT_ADDRESS);
	KUNIT_EXPECT_EQ(test, ctx->sent.data, 0x8001);

	disable_irq(virq);
	enable_irq(virq);
	XLAT_EXPECT_LOG(test, ctx, "");

	xlat_put(ctx, virq);
	XLAT_EXPECT_LOG(test, ctx, "free:1 ");
	KUNIT_EXPECT_EQ(test, ctx->sent.data, 0);
	xlat_expect_nothing(test);
}

/* An interrupt which is only reserved has no CPU that the host could be told */
static void xlat_reserve(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	int virq = xlat_get(ctx);

	KUNIT_ASSERT_GT(test, virq, 0);
	free_irq(virq, ctx);
	XLAT_EXPECT_LOG(test, ctx, "alloc:7 retarget:1/20 ");
	KUNIT_EXPECT_EQ(test, irq_domain_activate_irq(irq_get_irq_data(virq), true), 0);
	XLAT_EXPECT_LOG(test, ctx, "");
	irqd_clr_activated(irq_get_irq_data(virq));
	ctx->target++;
	KUNIT_ASSERT_EQ(test, request_irq(virq, xlat_handler, IRQF_NOBALANCING, "xlat-test", ctx),
			0);
	XLAT_EXPECT_LOG(test, ctx, "retarget:1/21 ");

	/* It is told once */
	ctx->target--;
	KUNIT_EXPECT_EQ(test, xlat_move(virq), IRQ_SET_MASK_OK_DONE);
	XLAT_EXPECT_LOG(test, ctx, "");
	xlat_put(ctx, virq);
}

/* A move is one call and does not touch the device */
static void xlat_affinity(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	int virq = xlat_get(ctx);
	unsigned int written;

	KUNIT_ASSERT_GT(test, virq, 0);
	written = ctx->written;
	ctx->log_len = 0;
	KUNIT_EXPECT_EQ(test, xlat_move(virq), IRQ_SET_MASK_OK_DONE);
	XLAT_EXPECT_LOG(test, ctx, "retarget:1/21 ");
	KUNIT_EXPECT_EQ(test, ctx->written, written);

	/* The parent says no, so there is nothing to be said to the host */
	ctx->parent_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, xlat_move(virq), -EBUSY);
	XLAT_EXPECT_LOG(test, ctx, "");
	xlat_put(ctx, virq);
}

/*
 * The host does not take a move. The parent has moved and says that it is busy until
 * an interrupt arrives there, which takes another attempt.
 */
static void xlat_affinity_fails(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	int virq = xlat_get(ctx);

	KUNIT_ASSERT_GT(test, virq, 0);
	ctx->fail = ctx->calls + 1;
	KUNIT_EXPECT_EQ(test, xlat_move(virq), -EIO);
	KUNIT_EXPECT_EQ(test, ctx->route, 0x20);
	KUNIT_EXPECT_FALSE(test, msi_translate_is_told(xlat_data(ctx, virq)));

	ctx->log_len = 0;
	ctx->parent_error = -EBUSY;
	KUNIT_EXPECT_EQ(test, xlat_move(virq), -EBUSY);
	XLAT_EXPECT_LOG(test, ctx, "retarget:1/21 ");
	KUNIT_EXPECT_EQ(test, ctx->route, 0x21);
	KUNIT_EXPECT_TRUE(test, msi_translate_is_told(xlat_data(ctx, virq)));
	KUNIT_EXPECT_EQ(test, xlat_move(virq), -EBUSY);
	XLAT_EXPECT_LOG(test, ctx, "");

	ctx->parent_error = 0;
	KUNIT_EXPECT_EQ(test, xlat_move(virq), IRQ_SET_MASK_OK_DONE);
	xlat_put(ctx, virq);
}

/*
 * A device which does not stop to send is masked, also while its interrupt is moved or
 * deactivated. If the host does not take it then it is told once more.
 */
static void xlat_masked(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	int virq = xlat_get(ctx);
	struct irq_data *d;

	KUNIT_ASSERT_GT(test, virq, 0);
	d = irq_get_irq_data(virq);
	ctx->log_len = 0;
	ctx->fail = ctx->calls + 1;
	irq_chip_mask_parent(d);
	XLAT_EXPECT_LOG(test, ctx, "retarget:1/0 ");
	KUNIT_EXPECT_EQ(test, ctx->route, 0x20);
	irq_chip_mask_parent(d);
	XLAT_EXPECT_LOG(test, ctx, "retarget:1/0 ");
	KUNIT_EXPECT_EQ(test, ctx->route, 0);
	irq_chip_mask_parent(d);
	XLAT_EXPECT_LOG(test, ctx, "");
	KUNIT_EXPECT_EQ(test, xlat_move(virq), IRQ_SET_MASK_OK_DONE);
	XLAT_EXPECT_LOG(test, ctx, "");
	KUNIT_EXPECT_TRUE(test, msi_translate_is_told(xlat_data(ctx, virq)));
	irq_chip_unmask_parent(d);
	XLAT_EXPECT_LOG(test, ctx, "retarget:1/21 ");
	irq_chip_unmask_parent(d);
	XLAT_EXPECT_LOG(test, ctx, "");

	irq_chip_mask_parent(d);
	free_irq(virq, ctx);
	KUNIT_ASSERT_EQ(test, request_irq(virq, xlat_handler, IRQF_NOBALANCING, "xlat-test", ctx),
			0);
	XLAT_EXPECT_LOG(test, ctx, "retarget:1/0 ");
	irq_chip_unmask_parent(d);
	XLAT_EXPECT_LOG(test, ctx, "retarget:1/21 ");
	xlat_put(ctx, virq);
}

/* Each call of a life fails once: the error gets to whoever asked and nothing leaks */
static void xlat_each_call_fails(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	unsigned int n;
	int virq;

	for (n = 1; n <= 4; n++) {
		ctx->calls = 0;
		ctx->fail = n;
		virq = xlat_get(ctx);
		/* The MSI core has one error for whatever goes wrong in an allocation */
		KUNIT_EXPECT_EQ(test, min(virq, 0), n == 1 ? -ENOSPC : n == 2 ? -EIO : 0);
		if (virq > 0) {
			KUNIT_EXPECT_EQ(test, xlat_move(virq) < 0, n == 3);
			xlat_put(ctx, virq);
		}
		KUNIT_EXPECT_GE(test, ctx->calls, n);
		xlat_expect_nothing(test);
	}
	ctx->fail = 0;
	virq = xlat_get(ctx);
	KUNIT_ASSERT_GT(test, virq, 0);
	xlat_put(ctx, virq);
}

/* The host has replaced all messages: they are read, written and raised */
static void xlat_refresh(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	int a = xlat_get(ctx), b = xlat_get(ctx);

	KUNIT_ASSERT_GT(test, a, 0);
	KUNIT_ASSERT_GT(test, b, 0);
	ctx->log_len = 0;
	ctx->epoch = 5;
	KUNIT_EXPECT_EQ(test, msi_translate_refresh(ctx->domain), 0);
	XLAT_EXPECT_LOG(test, ctx, "read:1 read:2 ");
	KUNIT_EXPECT_EQ(test, ctx->sent.address_lo, 0xfee05000);
	KUNIT_EXPECT_EQ(test, ctx->retriggered, 2);

	/* One cannot be read and keeps its message, the other one is not held up */
	ctx->epoch = 6;
	ctx->fail = ctx->calls + 1;
	KUNIT_EXPECT_EQ(test, msi_translate_refresh(ctx->domain), -EIO);
	XLAT_EXPECT_LOG(test, ctx, "read:1 read:2 ");
	KUNIT_EXPECT_EQ(test, irq_get_msi_desc(b)->irq, b);
	KUNIT_EXPECT_EQ(test, ctx->sent.address_lo, 0xfee06000);

	/* An interrupt which is not in use gets its message when it is */
	free_irq(a, ctx);
	ctx->epoch = 7;
	ctx->written = 0;
	ctx->retriggered = 0;
	KUNIT_EXPECT_EQ(test, msi_translate_refresh(ctx->domain), 0);
	KUNIT_EXPECT_EQ(test, ctx->written, 1);
	KUNIT_EXPECT_EQ(test, ctx->retriggered, 1);
	KUNIT_ASSERT_EQ(test, request_irq(a, xlat_handler, IRQF_NOBALANCING, "xlat-test", ctx), 0);
	KUNIT_EXPECT_EQ(test, ctx->sent.address_lo, 0xfee07000);

	xlat_put(ctx, b);
	xlat_put(ctx, a);
	xlat_expect_nothing(test);
}

/* The host says with an interrupt that it has replaced messages */
static void xlat_watch(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	msi_alloc_info_t arg = { };
	int virq = xlat_get(ctx);
	unsigned long flags;

	KUNIT_ASSERT_GT(test, virq, 0);
	ctx->log_len = 0;
	KUNIT_ASSERT_EQ(test, msi_translate_watch(ctx->domain, &arg), 0);
	/* Where there may be more than one CPU the request moves it */
	XLAT_EXPECT_LOG(test, ctx, IS_ENABLED(CONFIG_SMP) ? "notify:20 notify:21 " : "notify:20 ");

	ctx->epoch = 9;
	local_irq_save(flags);
	generic_handle_irq(virq + 1);
	local_irq_restore(flags);
	KUNIT_ASSERT_GT(test, wait_for_completion_timeout(&ctx->raised, 10 * HZ), 0);
	KUNIT_EXPECT_EQ(test, ctx->sent.address_lo, 0xfee09000);
	KUNIT_EXPECT_EQ(test, ctx->retriggered, 1);
	xlat_put(ctx, virq);
}

/* Whether the host can say so or not, nothing is left behind */
static void xlat_watch_fails(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	msi_alloc_info_t arg = { };

	ctx->fail = 1;
	KUNIT_EXPECT_EQ(test, msi_translate_watch(ctx->domain, &arg), -EIO);
	xlat_expect_nothing(test);
}

/* A host which has forgotten everything */
static void xlat_resume(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	int virq = xlat_get(ctx);
	unsigned long flags;

	KUNIT_ASSERT_GT(test, virq, 0);
	ctx->log_len = 0;
	ctx->live = 0;
	ctx->epoch = 3;
	local_irq_save(flags);
	KUNIT_EXPECT_EQ(test, msi_translate_resume(ctx->domain), 0);
	local_irq_restore(flags);
	XLAT_EXPECT_LOG(test, ctx, "alloc:7 retarget:1/20 ");
	KUNIT_EXPECT_EQ(test, ctx->sent.address_lo, 0xfee03000);

	xlat_put(ctx, virq);
}

/* The host has fewer messages after sleep: what was the handle of one is that of the next */
static void xlat_resume_fails(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;
	int virq[3] = { xlat_get(ctx), xlat_get(ctx), xlat_get(ctx) };
	unsigned long flags;
	struct msi_msg msg;

	KUNIT_ASSERT_GT(test, virq[2], 0);
	ctx->log_len = 0;
	ctx->live = 0;
	ctx->fail = ctx->calls + 3;
	local_irq_save(flags);
	KUNIT_EXPECT_EQ(test, msi_translate_resume(ctx->domain), -EIO);
	local_irq_restore(flags);
	XLAT_EXPECT_LOG(test, ctx, "alloc:7 retarget:1/20 alloc:7 alloc:7 retarget:2/20 ");

	/* Nobody takes what the device sends, and it does not write to memory */
	KUNIT_EXPECT_EQ(test, irq_chip_compose_msi_msg(irq_get_irq_data(virq[1]), &msg), 0);
	KUNIT_EXPECT_EQ(test, msg.address_lo, XLAT_ADDRESS);
	KUNIT_EXPECT_LT(test, msg.data, 0x8000);

	/* It is not told to the host, nor fetched, nor given back */
	KUNIT_EXPECT_EQ(test, xlat_move(virq[1]), -EIO);
	KUNIT_EXPECT_FALSE(test, msi_translate_is_told(xlat_data(ctx, virq[1])));
	KUNIT_EXPECT_EQ(test, msi_translate_refresh(ctx->domain), 0);
	XLAT_EXPECT_LOG(test, ctx, "read:1 read:2 ");
	xlat_put(ctx, virq[1]);
	XLAT_EXPECT_LOG(test, ctx, "");
	xlat_put(ctx, virq[0]);
	xlat_put(ctx, virq[2]);
	XLAT_EXPECT_LOG(test, ctx, "free:1 free:2 ");
}

static void xlat_asks(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;

	KUNIT_EXPECT_FALSE(test, msi_translate_device(ctx->domain, ctx->dev));
	ctx->query = true;
	KUNIT_EXPECT_TRUE(test, msi_translate_device(ctx->domain, ctx->dev));
}

static void xlat_declares(struct kunit *test)
{
	struct xlat_test *ctx = test->priv;

	KUNIT_EXPECT_TRUE(test, irq_domain_is_msi_parent(ctx->domain));
	KUNIT_EXPECT_TRUE(test, irq_domain_is_msi_immutable(ctx->domain));
	KUNIT_EXPECT_TRUE(test, irq_domain_is_msi_translated(ctx->domain));
	KUNIT_EXPECT_FALSE(test, ctx->domain->flags & IRQ_DOMAIN_FLAG_ISOLATED_MSI);
}

static struct kunit_case xlat_test_cases[] = {
	KUNIT_CASE(xlat_life),
	KUNIT_CASE(xlat_reserve),
	KUNIT_CASE(xlat_affinity),
	KUNIT_CASE(xlat_affinity_fails),
	KUNIT_CASE(xlat_masked),
	KUNIT_CASE(xlat_each_call_fails),
	KUNIT_CASE(xlat_refresh),
	KUNIT_CASE(xlat_watch),
	KUNIT_CASE(xlat_watch_fails),
	KUNIT_CASE(xlat_resume),
	KUNIT_CASE(xlat_resume_fails),
	KUNIT_CASE(xlat_asks),
	KUNIT_CASE(xlat_declares),
	{ }
};

static struct kunit_suite xlat_test_suite = {
	.name		= "msi-translate",
	.init		= xlat_test_init,
	.test_cases	= xlat_test_cases,
};

kunit_test_suite(xlat_test_suite);

MODULE_DESCRIPTION("KUnit tests for the domain of messages which a host hands out");
MODULE_LICENSE("GPL");
