// SPDX-License-Identifier: GPL-2.0
/*
 * Commands and their results in debugfs: ims_stress/run takes a command, ims_stress/said
 * has what it has to say.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/pm_runtime.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "stress.h"

#define LATE_MS		1000

static DEFINE_MUTEX(stress_lock);
static struct stress *stress_dev;
static struct dentry *stress_dir;
static char said[4096];
static size_t said_len;

void stress_say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	said_len += vscnprintf(said + said_len, sizeof(said) - said_len, fmt, args);
	va_end(args);
	said_len += scnprintf(said + said_len, sizeof(said) - said_len, "\n");
}

/* Queue memory of which no device has ever heard */
static int stress_commit(const struct ims_vector *vec, const struct msi_msg *msg, bool masked)
{
	return 0;
}

static const struct ims_queue_ops stress_queue_ops = {
	.commit	= stress_commit,
};

int stress_create(struct stress *s, bool queue)
{
	struct ims_store store = {
		.kind	= queue ? IMS_STORE_QUEUE_MEMORY : IMS_STORE_DEVICE_MEMORY,
		.size	= s->b.ims_slots,
	};

	if (queue) {
		store.queue_ops = &stress_queue_ops;
	} else {
		store.slots.base = s->b.ims_table;
		store.slots.stride = IMS_SLOT_SIZE;
	}
	return pci_ims_create(s->b.pdev, &store);
}

static irqreturn_t stress_handler(int irq, void *data)
{
	struct bench_vec *v = data;

	WRITE_ONCE(v->received, v->received + 1);
	return IRQ_HANDLED;
}

int stress_request(struct bench_vec *v, struct msi_map map)
{
	v->map = map;
	v->received = 0;
	return request_irq(map.virq, stress_handler, 0, "ims_stress", v);
}

/* Returns whether one interrupt came, and only one. */
int stress_fire(struct stress *s, struct bench_vec *v, unsigned int wq)
{
	unsigned long before = READ_ONCE(v->received);
	unsigned int ms, resets = READ_ONCE(s->resets);
	int ret;

	mutex_lock(&s->cmd_lock);
	ret = dsa_arm(&s->b, v, true, wq);
	mutex_unlock(&s->cmd_lock);
	if (ret)
		return ret;
	v->received = before;
	dsa_fire(v);
	/* A reset may take the event with it */
	for (ms = 0; ms < LATE_MS && READ_ONCE(s->resets) == resets; ms++) {
		if (READ_ONCE(v->received) != before)
			break;
		usleep_range(1000, 2000);
	}

	mutex_lock(&s->cmd_lock);
	dsa_disarm(&s->b, v, true);
	mutex_unlock(&s->cmd_lock);
	return READ_ONCE(v->received) == before + 1 ? 0 : -ETIMEDOUT;
}

static void stress_drop(struct stress *s, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (i < s->nvec)
			free_irq(s->maps[i].virq, &s->vecs[i]);
		pci_ims_free_irq(s->b.pdev, s->maps[i]);
	}
	s->nvec = 0;
	pci_ims_destroy(s->b.pdev);
}

/* Create a domain and request so many vectors. */
static int stress_hold(struct stress *s, unsigned int nr, bool queue)
{
	int ret;

	if (s->nvec || nr > STRESS_VECTORS)
		return -EINVAL;
	ret = stress_create(s, queue);
	if (ret)
		return ret;
	ret = pci_ims_alloc_irqs(s->b.pdev, nr, NULL, NULL, s->maps);
	if (ret) {
		pci_ims_destroy(s->b.pdev);
		return ret;
	}
	for (s->nvec = 0; !ret && s->nvec < nr; s->nvec++)
		ret = stress_request(&s->vecs[s->nvec], s->maps[s->nvec]);
	if (ret) {
		s->nvec--;
		stress_drop(s, nr);
	}
	return ret;
}

static int stress_cycle(struct stress *s, unsigned int nr, bool queue)
{
	int ret = stress_hold(s, nr, queue);

	if (!ret)
		stress_drop(s, nr);
	return ret;
}

/* Vectors which are allocated, were requested, and are not any more. Says how many there are. */
static int stress_idle(struct stress *s, unsigned int nr)
{
	struct msi_map *maps __free(kvfree) = kvcalloc(nr, sizeof(*maps), GFP_KERNEL);
	unsigned int i;
	int ret;

	if (!maps || s->nvec)
		return -ENOMEM;
	ret = stress_create(s, false);
	for (i = 0; !ret && i < nr; i++) {
		maps[i] = pci_ims_alloc_irq(s->b.pdev, NULL, NULL);
		ret = maps[i].index < 0 ? maps[i].index : stress_request(&s->vecs[0], maps[i]);
		if (!ret)
			free_irq(maps[i].virq, &s->vecs[0]);
	}
	stress_say("idle %u error %d", ret ? i - 1 : i, ret);
	/* Frees the vectors, too */
	pci_ims_destroy(s->b.pdev);
	return 0;
}

/* Each of the vectors that are held fires once */
static int stress_fire_all(struct stress *s)
{
	unsigned int i, lost = 0;

	for (i = 0; i < s->nvec; i++)
		lost += !!stress_fire(s, &s->vecs[i], i % s->b.nr_wqs);
	stress_say("fired %u lost %u", s->nvec, lost);
	return 0;
}

/* An event of a vector which nobody has allocated */
static int stress_stale(struct stress *s, unsigned int index)
{
	struct bench_vec *v __free(kfree) = kzalloc(sizeof(*v), GFP_KERNEL);
	int ret;

	if (!v)
		return -ENOMEM;
	v->map.index = index;
	ret = dsa_arm(&s->b, v, true, 0);
	if (ret)
		return ret;
	ret = dsa_fire_sync(&s->b, v);
	dsa_disarm(&s->b, v, true);
	return ret;
}

/* An oops, not a panic: the console must not hold that word when all goes well */
static noinline int stress_oops(struct stress *s)
{
	return READ_ONCE(s->nvec);
}

static int run_command(struct stress *s, const char *text)
{
	unsigned int x;

	if (sscanf(text, "restore %u", &x) == 1)
		return stress_race(s, x, true);
	if (sscanf(text, "churn %u", &x) == 1)
		return stress_race(s, x, false);
	if (sscanf(text, "slots %u", &x) == 1)
		return stress_cycle(s, x, false);
	if (sscanf(text, "queue %u", &x) == 1)
		return stress_cycle(s, x, true);
	if (sscanf(text, "hold %u", &x) == 1)
		return stress_hold(s, x, false);
	if (sscanf(text, "idle %u", &x) == 1)
		return stress_idle(s, x);
	if (sscanf(text, "stale %u", &x) == 1)
		return stress_stale(s, x);
	if (!strcmp(text, "oops"))
		return stress_oops(NULL);
	if (!strcmp(text, "fire"))
		return stress_fire_all(s);
	return -EINVAL;
}

static ssize_t run_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char text[32] = "";
	int ret;

	if (count >= sizeof(text) || copy_from_user(text, buf, count))
		return -EINVAL;
	guard(mutex)(&stress_lock);
	if (!stress_dev)
		return -ENODEV;
	said_len = 0;
	said[0] = '\0';
	ret = run_command(stress_dev, text);
	return ret ? ret : count;
}

static const struct file_operations run_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= run_write,
};

static int said_show(struct seq_file *m, void *unused)
{
	guard(mutex)(&stress_lock);
	seq_write(m, said, said_len);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(said);

static int stress_map(struct stress *s)
{
	struct pci_dev *pdev = s->b.pdev;
	int ret;

	ret = pcim_enable_device(pdev);
	if (!ret)
		ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	pci_set_master(pdev);
	s->b.regs = pcim_iomap(pdev, 0, 0);
	s->b.portals = pcim_iomap(pdev, 2, 0);
	return s->b.regs && s->b.portals ? 0 : -ENOMEM;
}

static int stress_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct stress *s = devm_kzalloc(&pdev->dev, sizeof(*s), GFP_KERNEL);
	int ret;

	if (!s)
		return -ENOMEM;
	s->b.pdev = pdev;
	mutex_init(&s->cmd_lock);
	s->vecs = devm_kcalloc(&pdev->dev, STRESS_VECTORS, sizeof(*s->vecs), GFP_KERNEL);
	s->maps = devm_kcalloc(&pdev->dev, STRESS_VECTORS, sizeof(*s->maps), GFP_KERNEL);
	if (!s->vecs || !s->maps)
		return -ENOMEM;
	ret = stress_map(s);
	if (!ret)
		ret = dsa_start(&s->b);
	if (ret)
		return ret;

	pci_set_drvdata(pdev, s);
	guard(mutex)(&stress_lock);
	stress_dev = s;
	/* The PCI core holds a reference for drivers that know nothing of runtime PM */
	pm_runtime_put_noidle(&pdev->dev);
	return 0;
}

static void stress_remove(struct pci_dev *pdev)
{
	struct stress *s = pci_get_drvdata(pdev);

	pm_runtime_get_noresume(&pdev->dev);
	guard(mutex)(&stress_lock);
	stress_dev = NULL;
	stress_drop(s, s->nvec);
	if (pci_device_is_present(pdev))
		dsa_stop(&s->b);
}

/* The work queues are gone after a reset or a sleep, the messages are the core's business. */
static int stress_resume(struct device *dev)
{
	struct stress *s = dev_get_drvdata(dev);

	guard(mutex)(&s->cmd_lock);
	return dsa_start(&s->b);
}

static int stress_suspend(struct device *dev)
{
	return 0;
}

static DEFINE_RUNTIME_DEV_PM_OPS(stress_pm_ops, stress_suspend, stress_resume, NULL);

static void stress_reset_prepare(struct pci_dev *pdev)
{
	struct stress *s = pci_get_drvdata(pdev);

	WRITE_ONCE(s->resets, s->resets + 1);
}

static void stress_reset_done(struct pci_dev *pdev)
{
	struct stress *s = pci_get_drvdata(pdev);

	stress_resume(&pdev->dev);
	WRITE_ONCE(s->resets, s->resets + 1);
}

static const struct pci_error_handlers stress_err_handler = {
	.reset_prepare	= stress_reset_prepare,
	.reset_done	= stress_reset_done,
};

static const struct pci_device_id stress_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, 0x0b25) },
	{ }
};
MODULE_DEVICE_TABLE(pci, stress_ids);

static struct pci_driver stress_driver = {
	.name		= "ims_stress",
	.id_table	= stress_ids,
	.probe		= stress_probe,
	.remove		= stress_remove,
	.driver.pm	= pm_ptr(&stress_pm_ops),
	.err_handler	= &stress_err_handler,
};

static int __init stress_init(void)
{
	int ret = pci_register_driver(&stress_driver);

	if (ret)
		return ret;
	stress_dir = debugfs_create_dir("ims_stress", NULL);
	debugfs_create_file("run", 0200, stress_dir, NULL, &run_fops);
	debugfs_create_file("said", 0400, stress_dir, NULL, &said_fops);
	return 0;
}
module_init(stress_init);

static void __exit stress_exit(void)
{
	debugfs_remove(stress_dir);
	pci_unregister_driver(&stress_driver);
}
module_exit(stress_exit);

MODULE_DESCRIPTION("Bad treatment of interrupt vectors on an emulated DSA device");
MODULE_LICENSE("GPL");
