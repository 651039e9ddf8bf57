// SPDX-License-Identifier: GPL-2.0
/*
 * What user space cannot do to the interrupts and channels of a driver, by
 * writing to a parameter in /sys/module/dsa_client/parameters:
 *
 * mask, unmask		disable this interrupt and mask it at once, the reverse
 * disable, enable	the same, but it is masked when the next event comes
 * terminate		terminate the transfers of this channel where nothing may sleep
 */
#include <linux/device.h>
#include <linux/dmaengine.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/string.h>

enum what {
	MASK,
	UNMASK,
	DISABLE,
	ENABLE,
};

static int set_irq(const char *val, const struct kernel_param *kp)
{
	enum what what = (uintptr_t)kp->arg;
	unsigned int irq;
	int ret;

	ret = kstrtouint(val, 0, &irq);
	if (ret)
		return ret;
	if (what == MASK)
		irq_set_status_flags(irq, IRQ_DISABLE_UNLAZY);
	if (what == MASK || what == DISABLE)
		disable_irq(irq);
	else
		enable_irq(irq);
	if (what == UNMASK)
		irq_clear_status_flags(irq, IRQ_DISABLE_UNLAZY);
	return 0;
}

static const struct kernel_param_ops irq_ops = { .set = set_irq };
module_param_cb(mask, &irq_ops, (void *)MASK, 0200);
module_param_cb(unmask, &irq_ops, (void *)UNMASK, 0200);
module_param_cb(disable, &irq_ops, (void *)DISABLE, 0200);
module_param_cb(enable, &irq_ops, (void *)ENABLE, 0200);

static bool is_named(struct dma_chan *chan, void *name)
{
	return sysfs_streq(dma_chan_name(chan), name);
}

static int set_terminate(const char *val, const struct kernel_param *kp)
{
	struct dma_chan *chan;
	dma_cap_mask_t caps;
	int ret;

	dma_cap_zero(caps);
	dma_cap_set(DMA_MEMCPY, caps);
	chan = dma_request_channel(caps, is_named, (void *)val);
	if (!chan)
		return -ENODEV;
	local_irq_disable();
	ret = dmaengine_terminate_async(chan);
	local_irq_enable();
	if (!ret)
		dmaengine_synchronize(chan);
	dma_release_channel(chan);
	return ret;
}

static const struct kernel_param_ops terminate_ops = { .set = set_terminate };
module_param_cb(terminate, &terminate_ops, NULL, 0200);

MODULE_DESCRIPTION("Client of Intel DSA for the tests of IMS");
MODULE_LICENSE("GPL");
