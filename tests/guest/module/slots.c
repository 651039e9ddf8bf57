// SPDX-License-Identifier: GPL-2.0
/*
 * A store in device memory beside MSI-X: the IMS table of the emulated DSA device. Files in
 * debugfs, those of the sample driver for edu, show and fire the vectors.
 *
 * The domain is created before MSI-X is enabled, or after that with late=1, which a parent
 * with a table for each device may refuse. With handed=1 the messages are for somebody else, who is
 * not there: such a store can have any size, or none.
 */
#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/irqdomain_ims.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

#include "bench.h"

#define MAX_FIRED	64

static uint size;
module_param(size, uint, 0444);
MODULE_PARM_DESC(size, "vectors in the domain, 0 for all slots of the device");

static bool handed;
module_param(handed, bool, 0444);
MODULE_PARM_DESC(handed, "messages are handed out, size 0 is no limit");

static uint nr = 16;
module_param(nr, uint, 0444);
MODULE_PARM_DESC(nr, "vectors to allocate, the first " __stringify(MAX_FIRED) " are requested");

static uint msix = 4;
module_param(msix, uint, 0444);
MODULE_PARM_DESC(msix, "vectors of MSI-X");

static bool late;
module_param(late, bool, 0444);
MODULE_PARM_DESC(late, "create the domain when MSI-X is in use");

/* This many vectors in all devices, and why one of them could get no more */
static uint allocated;
module_param(allocated, uint, 0444);

static int failed;
module_param(failed, int, 0444);

static struct dentry *slots_dir;

/**
 * struct slots - The device
 * @b:		What device.c works on, @b.vecs are first MSI-X and then IMS
 * @dir:	Files in debugfs
 * @verdict:	What the platform check says
 * @error:	Why there is no vector, or no further one
 * @nvec:	So many IMS vectors are allocated
 */
struct slots {
	struct bench		b;
	struct dentry		*dir;
	struct ims_verdict	verdict;
	int			error;
	unsigned int		nvec;
};

static irqreturn_t slots_handler(int irq, void *data)
{
	struct bench_vec *v = data;

	WRITE_ONCE(v->received, v->received + 1);
	return IRQ_HANDLED;
}

static int slots_start(struct slots *s, struct bench_vec *v, bool ims)
{
	int ret = dsa_arm(&s->b, v, ims, v->map.index % s->b.nr_wqs);

	if (!ret)
		ret = request_irq(v->map.virq, slots_handler, 0, KBUILD_MODNAME, v);
	return ret;
}

static int slots_create(struct slots *s)
{
	const struct ims_store peer = {
		.kind	= IMS_STORE_HANDED_OUT,
		.size	= size,
	};
	const struct ims_store store = {
		.kind	= IMS_STORE_DEVICE_MEMORY,
		.size	= size ?: s->b.ims_slots,
		.slots	= {
			.base	= s->b.ims_table,
			.stride	= IMS_SLOT_SIZE,
		},
	};

	return pci_ims_create(s->b.pdev, handed ? &peer : &store);
}

static struct bench_vec *slots_ims(struct slots *s, unsigned int index)
{
	return s->b.vecs + msix + index;
}

/* Those which nobody will fire have no handler */
static bool slots_fired(unsigned int index)
{
	return !handed && index < MAX_FIRED;
}

/* As many as there are */
static int slots_alloc(struct slots *s)
{
	struct bench_vec *v;
	int ret;

	for (; s->nvec < nr; s->nvec++, allocated++) {
		v = slots_ims(s, s->nvec);
		v->map = pci_ims_alloc_irq(s->b.pdev, NULL, NULL);
		if (v->map.index < 0)
			return v->map.index;
		ret = slots_fired(s->nvec) ? slots_start(s, v, true) : 0;
		if (ret) {
			pci_ims_free_irq(s->b.pdev, v->map);
			return ret;
		}
		cond_resched();
	}
	return 0;
}

static void slots_free(struct slots *s)
{
	struct bench_vec *v;

	while (s->nvec) {
		v = slots_ims(s, --s->nvec);
		if (slots_fired(s->nvec)) {
			free_irq(v->map.virq, v);
			dsa_disarm(&s->b, v, true);
		}
		pci_ims_free_irq(s->b.pdev, v->map);
	}
}

static int slots_start_msix(struct slots *s)
{
	struct bench_vec *v = s->b.vecs;
	unsigned int i;
	int ret = pci_alloc_irq_vectors(s->b.pdev, msix, msix, PCI_IRQ_MSIX);

	for (i = 0; ret >= 0 && i < msix; i++, v++) {
		v->map.index = i;
		v->map.virq = pci_irq_vector(s->b.pdev, i);
		ret = slots_start(s, v, false);
	}
	return ret;
}

static int mode_show(struct seq_file *m, void *unused)
{
	struct slots *s = m->private;

	if (!s->verdict.allowed)
		seq_printf(m, "msi: %s\n", pci_ims_reason(s->verdict));
	else if (s->error)
		seq_printf(m, "error %d after %u vectors\n", s->error, s->nvec);
	else
		seq_puts(m, "ims\n");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mode);

static int vectors_show(struct seq_file *m, void *unused)
{
	struct slots *s = m->private;
	struct bench_vec *v;
	struct msi_msg msg;
	unsigned int i;

	for (i = 0; i < min(s->nvec, MAX_FIRED); i++) {
		v = slots_ims(s, i);
		get_cached_msi_msg(v->map.virq, &msg);
		seq_printf(m, "%d %d device-memory %s 0x%016llx 0x%08x %lu %lu\n", v->map.index,
			   v->map.virq, irq_get_irq_data(v->map.virq)->chip->name,
			   (u64)msg.address_hi << 32 | msg.address_lo, msg.data, v->sent,
			   READ_ONCE(v->received));
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vectors);

static ssize_t fire_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	DECLARE_BITMAP(which, MAX_FIRED);
	struct slots *s = file->private_data;
	unsigned int i;
	int ret = bitmap_parselist_user(buf, count, which, MAX_FIRED);

	if (ret)
		return ret;
	if (!s->nvec)
		return -ENODEV;
	for_each_set_bit(i, which, min(s->nvec, MAX_FIRED))
		dsa_fire(slots_ims(s, i));
	return count;
}

static const struct file_operations fire_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= fire_write,
};

/* All of MSI-X fires, and the one which got least is shown */
static int msi_show(struct seq_file *m, void *unused)
{
	struct slots *s = m->private;
	struct bench_vec *v, *least = s->b.vecs;

	for (v = least + 1; v < s->b.vecs + msix; v++) {
		if (READ_ONCE(v->received) < READ_ONCE(least->received))
			least = v;
	}
	seq_printf(m, "%d %lu %lu\n", least->map.virq, least->sent, READ_ONCE(least->received));
	return 0;
}

static int msi_open(struct inode *inode, struct file *file)
{
	return single_open(file, msi_show, inode->i_private);
}

static ssize_t msi_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct slots *s = file_inode(file)->i_private;
	unsigned int i;

	for (i = 0; i < msix; i++)
		dsa_fire(s->b.vecs + i);
	return count;
}

static const struct file_operations msi_fops = {
	.owner		= THIS_MODULE,
	.open		= msi_open,
	.read		= seq_read,
	.write		= msi_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static void slots_files(struct slots *s)
{
	s->dir = debugfs_create_dir(pci_name(s->b.pdev), slots_dir);
	debugfs_create_file("mode", 0444, s->dir, s, &mode_fops);
	debugfs_create_file("vectors", 0444, s->dir, s, &vectors_fops);
	debugfs_create_file("fire", 0200, s->dir, s, &fire_fops);
	debugfs_create_file("msi", 0644, s->dir, s, &msi_fops);
}

static int slots_map(struct bench *b)
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
	if (!b->regs || !b->portals)
		return -ENOMEM;
	b->vecs = vzalloc(array_size(msix + nr, sizeof(*b->vecs)));
	if (!b->vecs)
		return -ENOMEM;
	ret = dsa_start(b);
	if (ret)
		vfree(b->vecs);
	return ret;
}

static int slots_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct slots *s = devm_kzalloc(&pdev->dev, sizeof(*s), GFP_KERNEL);
	int ret;

	if (!s)
		return -ENOMEM;
	s->b.pdev = pdev;
	s->verdict = pci_ims_check(pdev, handed ? IMS_STORE_HANDED_OUT : IMS_STORE_DEVICE_MEMORY);
	ret = slots_map(&s->b);
	if (ret)
		return ret;
	pci_set_drvdata(pdev, s);
	if (!late)
		s->error = slots_create(s);
	ret = slots_start_msix(s);
	if (ret < 0) {
		/* What was requested is left to a reboot: this is a test */
		dev_err(&pdev->dev, "no MSI-X: %d\n", ret);
		return ret;
	}
	if (late)
		s->error = slots_create(s);
	if (!s->error)
		s->error = slots_alloc(s);
	if (s->error)
		failed = s->error;
	slots_files(s);
	return 0;
}

static void slots_remove(struct pci_dev *pdev)
{
	struct slots *s = pci_get_drvdata(pdev);
	unsigned int i;

	debugfs_remove(s->dir);
	slots_free(s);
	pci_ims_destroy(pdev);
	for (i = 0; i < msix; i++) {
		free_irq(s->b.vecs[i].map.virq, s->b.vecs + i);
		dsa_disarm(&s->b, s->b.vecs + i, false);
	}
	pci_free_irq_vectors(pdev);
	dsa_stop(&s->b);
	vfree(s->b.vecs);
}

static const struct pci_device_id slots_ids[] = {
	{ PCI_DEVICE(PCI_VENDOR_ID_INTEL, 0x0b25) },
	{ }
};
MODULE_DEVICE_TABLE(pci, slots_ids);

static struct pci_driver slots_driver = {
	.name		= KBUILD_MODNAME,
	.id_table	= slots_ids,
	.probe		= slots_probe,
	.remove		= slots_remove,
};

static int __init slots_init(void)
{
	int ret;

	slots_dir = debugfs_create_dir(KBUILD_MODNAME, NULL);
	ret = pci_register_driver(&slots_driver);
	if (ret)
		debugfs_remove(slots_dir);
	return ret;
}
module_init(slots_init);

static void __exit slots_exit(void)
{
	pci_unregister_driver(&slots_driver);
	debugfs_remove(slots_dir);
}
module_exit(slots_exit);

MODULE_DESCRIPTION("A device memory store on an emulated DSA device");
MODULE_LICENSE("GPL");
