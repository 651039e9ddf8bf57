// SPDX-License-Identifier: GPL-2.0
/*
 * Commands and results in debugfs: ims_bench/run takes a command, ims_bench/rows has what
 * it measured, ims_bench/irqs the interrupts that are live and what they are still to send.
 */
#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define ROWS_SIZE	(256 << 10)
#define NAME_LEN	16

static DEFINE_MUTEX(bench_lock);
static struct bench *bench_dev;
static struct dentry *bench_dir;
static char *rows;
static size_t rows_len;

void bench_row(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	rows_len += vscnprintf(rows + rows_len, ROWS_SIZE - rows_len, fmt, args);
	va_end(args);
	rows_len += scnprintf(rows + rows_len, ROWS_SIZE - rows_len, "\n");
}

static int run_command(struct bench *b, const char *text)
{
	unsigned int x = 0, y = 0;
	char name[NAME_LEN] = "", op[NAME_LEN] = "";

	if (!strcmp(text, "clock"))
		return bench_clock();
	if (sscanf(text, "ops %u %u", &x, &y) == 2 && x && x <= 1000 && y && y <= 1000)
		return bench_ops(b, x, y);
	if (sscanf(text, "sweep %15s %u %u", name, &x, &y) == 3)
		return bench_sweep(b, name, x, y);
	if (sscanf(text, "hold %15s %u", name, &x) == 2)
		return bench_hold(b, name, x);
	if (sscanf(text, "trace %15s %u", name, &x) == 2)
		return bench_trace(b, name, x);
	if (sscanf(text, "fire %15s %u", name, &x) == 2)
		return bench_fire(b, name, x);
	if (sscanf(text, "storm %15s %u %u", name, &x, &y) == 3)
		return bench_storm(b, name, x, y);
	if (sscanf(text, "remove %15s %u", name, &x) == 2)
		return bench_unbind(b, name, x);
	if (sscanf(text, "restore %15s %u", name, &x) == 2)
		return bench_restore(b, name, x);
	if (sscanf(text, "each %15s %15s %u", name, op, &x) == 3)
		return bench_each(b, name, op, x);
	if (sscanf(text, "life %u", &x) == 1)
		return bench_life(b, x);
	if (!strcmp(text, "settle"))
		return bench_settle(b);
	return -EINVAL;
}

static ssize_t run_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char *text __free(kfree) = memdup_user_nul(buf, min(count, PAGE_SIZE - 1));
	int ret;

	if (IS_ERR(text))
		return PTR_ERR(text);
	guard(mutex)(&bench_lock);
	if (!bench_dev)
		return -ENODEV;
	rows_len = 0;
	ret = run_command(bench_dev, strim(text));
	return ret ? ret : count;
}

static const struct file_operations run_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= run_write,
};

/* Of the latest command, or of the devices that were bound since */
static int rows_show(struct seq_file *s, void *unused)
{
	guard(mutex)(&bench_lock);
	seq_write(s, rows, rows_len);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(rows);

static int irqs_show(struct seq_file *s, void *unused)
{
	struct bench_vec *v;
	unsigned int i;

	guard(mutex)(&bench_lock);
	for (i = 0; bench_dev && i < bench_dev->live; i++) {
		v = &bench_dev->vecs[i];
		seq_printf(s, "%d %lu\n", v->map.virq, v->budget - READ_ONCE(v->received));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(irqs);

static int bench_map(struct bench *b)
{
	struct pci_dev *pdev = b->pdev;
	int ret;

	ret = pcim_enable_device(pdev);
	if (!ret)
		ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (ret)
		return ret;
	pci_set_master(pdev);
	b->regs = pcim_iomap(pdev, 0, 0);
	b->portals = pcim_iomap(pdev, 2, 0);
	return b->regs && b->portals ? 0 : -ENOMEM;
}

static int bench_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct bench *b = devm_kzalloc(&pdev->dev, sizeof(*b), GFP_KERNEL);
	int ret;

	if (!b)
		return -ENOMEM;
	b->pdev = pdev;
	ret = bench_map(b);
	if (!ret)
		ret = dsa_start(b);
	if (ret)
		return ret;
	b->vecs = vzalloc(array_size(BENCH_MAX_VECTORS, sizeof(*b->vecs)));
	if (!b->vecs)
		return -ENOMEM;

	guard(mutex)(&bench_lock);
	ret = bench_first(b);
	if (ret) {
		pci_free_irq_vectors(pdev);
		vfree(b->vecs);
		return ret;
	}
	pci_set_drvdata(pdev, b);
	bench_dev = b;
	return 0;
}

static void bench_remove(struct pci_dev *pdev)
{
	struct bench *b = pci_get_drvdata(pdev);

	guard(mutex)(&bench_lock);
	bench_dev = NULL;
	dsa_stop(b);
	pci_free_irq_vectors(pdev);
	vfree(b->vecs);
}

static const struct pci_device_id bench_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, 0x0b25) },
	{ }
};
MODULE_DEVICE_TABLE(pci, bench_ids);

static struct pci_driver bench_driver = {
	.name		= "ims_bench",
	.id_table	= bench_ids,
	.probe		= bench_probe,
	.remove		= bench_remove,
};

static int __init bench_init(void)
{
	int ret;

	rows = vzalloc(ROWS_SIZE);
	if (!rows)
		return -ENOMEM;
	bench_clock();
	ret = pci_register_driver(&bench_driver);
	if (ret) {
		vfree(rows);
		return ret;
	}
	bench_dir = debugfs_create_dir("ims_bench", NULL);
	debugfs_create_file("run", 0200, bench_dir, NULL, &run_fops);
	debugfs_create_file("rows", 0400, bench_dir, NULL, &rows_fops);
	debugfs_create_file("irqs", 0400, bench_dir, NULL, &irqs_fops);
	return 0;
}
module_init(bench_init);

static void __exit bench_exit(void)
{
	debugfs_remove(bench_dir);
	pci_unregister_driver(&bench_driver);
	vfree(rows);
}
module_exit(bench_exit);

MODULE_DESCRIPTION("Cost of interrupt vectors on an emulated DSA device");
MODULE_LICENSE("GPL");
