// SPDX-License-Identifier: GPL-2.0
/*
 * PCI IMS sample: queue memory store in QEMU's educational device
 *
 * The device has an internal buffer which the CPU cannot access. Only the DMA
 * engine of the device can load it from memory and write it to the bus. That
 * makes it queue memory: a message is stored by a DMA to the buffer, which takes
 * about 100 ms, and it is sent by a DMA of the data word from the buffer to the
 * address. The device knows nothing of interrupt messages, so a doorbell is rung
 * here in software: read back what the device holds and, if it is not masked,
 * have it sent.
 *
 * Register layout: docs/specs/edu.txt in the QEMU sources.
 */
#include <linux/bitmap.h>
#include <linux/debugfs.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/iopoll.h>
#include <linux/irq.h>
#include <linux/irqdomain_ims.h>
#include <linux/module.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define EDU_IRQ_STATUS		0x24
#define EDU_IRQ_RAISE		0x60
#define EDU_IRQ_ACK		0x64
#define EDU_DMA_SRC		0x80
#define EDU_DMA_DST		0x88
#define EDU_DMA_CNT		0x90
#define EDU_DMA_CMD		0x98
#define EDU_DMA_RUN		BIT(0)
#define EDU_DMA_FROM_BUFFER	BIT(1)
#define EDU_BUFFER		0x40000
#define EDU_BUFFER_SIZE		4096

/* A DMA takes 100 ms, more when the host is busy */
#define EDU_DMA_POLL_US		2000
#define EDU_DMA_TIMEOUT_US	(5 * USEC_PER_SEC)

/* The device checks a transfer to end before the last byte of the buffer */
#define EDU_MAX_VECTORS		(EDU_BUFFER_SIZE / sizeof(struct edu_context) - 1)

static unsigned int vectors = 16;
module_param(vectors, uint, 0444);
MODULE_PARM_DESC(vectors, "Number of IMS vectors (default 16, at most 255)");

static unsigned int commits;
module_param(commits, uint, 0644);
MODULE_PARM_DESC(commits, "How many commits the device was asked for");

/* What the device holds for one vector. All zeros is masked. */
struct edu_context {
	__le64	address;
	__le32	data;
	__le32	enabled;
};

/**
 * struct edu_vector - A vector and what happened to it
 * @map:	Index and interrupt number, virq 0 when not allocated
 * @fired:	How often the device was made to send the message
 * @received:	How often the handler ran
 */
struct edu_vector {
	struct msi_map	map;
	unsigned int	fired;
	atomic_t	received;
};

/**
 * struct edu_ims - State of one device
 * @pdev:	The PCI device
 * @regs:	Mapped registers
 * @debugfs:	Directory of the device
 * @dma_lock:	The device has one DMA engine
 * @vec_lock:	Serializes what debugfs does to @vecs
 * @bounce:	Memory side of the transfers, as large as the buffer
 * @bounce_dma:	Bus address of @bounce
 * @verdict:	Result of the platform check
 * @error:	Why IMS is not used although the check allows it, 0 if it is
 * @nvec:	Number of entries in @vecs, 0 when IMS is not used
 * @fail_commit: How many commits of enabled vectors are to fail
 * @dead:	No commit is to succeed any more, as if the device had hung up
 * @enable_noirq: Bit mask of the vectors to enable early in resume
 * @msi:	The ordinary MSI
 * @vecs:	The IMS vectors, by index in the store
 */
struct edu_ims {
	struct pci_dev		*pdev;
	void __iomem		*regs;
	struct dentry		*debugfs;
	/* Inside of vec_lock and of the chip bus lock of a vector */
	struct mutex		dma_lock;
	/* Outermost */
	struct mutex		vec_lock;
	struct edu_context	*bounce;
	dma_addr_t		bounce_dma;
	struct ims_verdict	verdict;
	int			error;
	unsigned int		nvec;
	u32			fail_commit;
	bool			dead;
	u32			enable_noirq;
	struct edu_vector	msi;
	struct edu_vector	*vecs;
};

static int edu_dma(struct edu_ims *edu, u64 src, u64 dst, u32 len, u32 flags)
{
	u32 cmd;

	lockdep_assert_held(&edu->dma_lock);

	/* The registers take more, but only when written with 64 bits at once */
	if (upper_32_bits(src) || upper_32_bits(dst))
		return -ERANGE;

	if (!pci_device_is_present(edu->pdev))
		return -ENODEV;

	/* The device ignores the registers while a transfer is running */
	if (readl(edu->regs + EDU_DMA_CMD) & EDU_DMA_RUN)
		return -EBUSY;

	writel(src, edu->regs + EDU_DMA_SRC);
	writel(dst, edu->regs + EDU_DMA_DST);
	writel(len, edu->regs + EDU_DMA_CNT);
	writel(EDU_DMA_RUN | flags, edu->regs + EDU_DMA_CMD);

	return read_poll_timeout(readl, cmd, !(cmd & EDU_DMA_RUN), EDU_DMA_POLL_US,
				 EDU_DMA_TIMEOUT_US, false, edu->regs + EDU_DMA_CMD);
}

static u64 edu_slot(unsigned int index)
{
	return EDU_BUFFER + index * sizeof(struct edu_context);
}

static int edu_commit(const struct ims_vector *vec, const struct msi_msg *msg, bool masked)
{
	struct edu_ims *edu = vec->data;
	struct edu_context *ctx = edu->bounce;

	guard(mutex)(&edu->dma_lock);
	commits++;
	if (edu->dead)
		return -ETIMEDOUT;
	if (!masked && edu->fail_commit) {
		edu->fail_commit--;
		return -EIO;
	}

	ctx->address = cpu_to_le64((u64)msg->address_hi << 32 | msg->address_lo);
	ctx->data = cpu_to_le32(msg->data);
	ctx->enabled = cpu_to_le32(!masked);
	return edu_dma(edu, edu->bounce_dma, edu_slot(vec->index), sizeof(*ctx), 0);
}

/* One transfer, as long as the device takes, and nothing is sent from here on */
static int edu_quiesce(void *data)
{
	struct edu_ims *edu = data;
	u32 len = EDU_MAX_VECTORS * sizeof(struct edu_context);

	guard(mutex)(&edu->dma_lock);
	memset(edu->bounce, 0, len);
	return edu_dma(edu, edu->bounce_dma, EDU_BUFFER, len, 0);
}

static const struct ims_queue_ops edu_queue_ops = {
	.commit		= edu_commit,
	.quiesce	= edu_quiesce,
};

/* Make the device read out what it holds for all vectors */
static int edu_read_back(struct edu_ims *edu)
{
	return edu_dma(edu, edu_slot(0), edu->bounce_dma,
		       EDU_MAX_VECTORS * sizeof(*edu->bounce), EDU_DMA_FROM_BUFFER);
}

/* The data word goes straight from the buffer of the device to the address */
static int edu_emit(struct edu_ims *edu, unsigned int index)
{
	const struct edu_context *ctx = edu->bounce + index;
	int ret;

	if (!ctx->enabled)
		return -ENXIO;

	ret = edu_dma(edu, edu_slot(index) + offsetof(struct edu_context, data),
		      le64_to_cpu(ctx->address), sizeof(ctx->data), EDU_DMA_FROM_BUFFER);
	if (!ret)
		edu->vecs[index].fired++;
	return ret;
}

static int edu_fire(struct edu_ims *edu, const unsigned long *which)
{
	unsigned int index;
	int ret;

	guard(mutex)(&edu->vec_lock);
	guard(mutex)(&edu->dma_lock);
	ret = edu_read_back(edu);
	if (ret)
		return ret;

	for_each_set_bit(index, which, edu->nvec) {
		ret = edu_emit(edu, index);
		if (ret)
			return ret;
	}
	return 0;
}

static irqreturn_t edu_ims_handler(int irq, void *data)
{
	struct edu_vector *vec = data;

	atomic_inc(&vec->received);
	return IRQ_HANDLED;
}

static irqreturn_t edu_msi_handler(int irq, void *data)
{
	struct edu_ims *edu = data;
	u32 status = readl(edu->regs + EDU_IRQ_STATUS);

	if (!status)
		return IRQ_NONE;

	writel(status, edu->regs + EDU_IRQ_ACK);
	atomic_inc(&edu->msi.received);
	return IRQ_HANDLED;
}

static void edu_free_vector(struct edu_ims *edu, struct edu_vector *vec)
{
	if (!vec->map.virq)
		return;

	free_irq(vec->map.virq, vec);
	pci_ims_free_irq(edu->pdev, vec->map);
	vec->map.virq = 0;
}

/* Takes over a vector which was just allocated, frees it on failure */
static int edu_start_vector(struct edu_ims *edu, struct msi_map map)
{
	struct edu_vector *vec = edu->vecs + map.index;
	int ret;

	vec->map = map;
	vec->fired = 0;
	atomic_set(&vec->received, 0);

	ret = request_irq(map.virq, edu_ims_handler, 0, "edu_ims", vec);
	if (ret) {
		vec->map.virq = 0;
		pci_ims_free_irq(edu->pdev, map);
		return ret;
	}

	ret = pci_ims_vector_error(edu->pdev, map.index);
	if (ret)
		edu_free_vector(edu, vec);
	return ret;
}

static int edu_reload(struct edu_ims *edu, unsigned int index)
{
	struct msi_map map;

	guard(mutex)(&edu->vec_lock);
	edu_free_vector(edu, edu->vecs + index);

	map = pci_ims_alloc_irq_at(edu->pdev, index, NULL, NULL);
	if (map.index < 0)
		return map.index;
	return edu_start_vector(edu, map);
}

static int edu_disable(struct edu_ims *edu, unsigned int index)
{
	guard(mutex)(&edu->vec_lock);
	if (!edu->vecs[index].map.virq)
		return -ENOENT;
	disable_irq(edu->vecs[index].map.virq);
	return 0;
}

static int edu_enable(struct edu_ims *edu, unsigned int index)
{
	guard(mutex)(&edu->vec_lock);
	if (!edu->vecs[index].map.virq)
		return -ENOENT;
	enable_irq(edu->vecs[index].map.virq);
	return pci_ims_vector_error(edu->pdev, index);
}

static void edu_stop(struct edu_ims *edu)
{
	unsigned int i;

	for (i = 0; i < edu->nvec; i++)
		edu_free_vector(edu, edu->vecs + i);
	edu->nvec = 0;
	pci_ims_destroy(edu->pdev);
	kfree(edu->vecs);
	edu->vecs = NULL;
}

static int edu_start_vectors(struct edu_ims *edu)
{
	struct msi_map *maps __free(kfree) = kcalloc(edu->nvec, sizeof(*maps), GFP_KERNEL);
	unsigned int i;
	int ret;

	if (!maps)
		return -ENOMEM;

	ret = pci_ims_alloc_irqs(edu->pdev, edu->nvec, NULL, NULL, maps);
	if (ret)
		return ret;

	for (i = 0; i < edu->nvec; i++) {
		ret = edu_start_vector(edu, maps[i]);
		if (ret)
			break;
	}
	/* The vectors which were started are freed by the caller */
	while (ret && ++i < edu->nvec)
		pci_ims_free_irq(edu->pdev, maps[i]);
	return ret;
}

/*
 * Comes before MSI is enabled: the GIC ITS has one table for all messages of a
 * device, which cannot grow any more when a vector is in use.
 */
static int edu_create_ims(struct edu_ims *edu)
{
	struct ims_store store = {
		.kind		= IMS_STORE_QUEUE_MEMORY,
		.size		= clamp_t(unsigned int, vectors, 1, EDU_MAX_VECTORS),
		.queue_ops	= &edu_queue_ops,
		.data		= edu,
	};
	int ret;

	ret = pci_ims_create(edu->pdev, &store);
	if (ret)
		return ret;

	edu->vecs = kcalloc(store.size, sizeof(*edu->vecs), GFP_KERNEL);
	if (!edu->vecs) {
		pci_ims_destroy(edu->pdev);
		return -ENOMEM;
	}
	edu->nvec = store.size;
	return 0;
}

static int mode_show(struct seq_file *s, void *unused)
{
	struct edu_ims *edu = s->private;

	if (edu->nvec)
		seq_puts(s, "ims\n");
	else if (edu->verdict.allowed)
		seq_printf(s, "msi: error %d\n", edu->error);
	else
		seq_printf(s, "msi: %s\n", pci_ims_reason(edu->verdict));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(mode);

static void edu_show_vector(struct seq_file *s, struct edu_vector *vec)
{
	struct irq_data *d = irq_get_irq_data(vec->map.virq);
	struct msi_msg msg;

	get_cached_msi_msg(vec->map.virq, &msg);
	seq_printf(s, "%d %d queue-memory %s 0x%016llx 0x%08x %u %d\n", vec->map.index,
		   vec->map.virq, irq_data_get_irq_chip(d)->name,
		   (u64)msg.address_hi << 32 | msg.address_lo, msg.data, vec->fired,
		   atomic_read(&vec->received));
}

static int vectors_show(struct seq_file *s, void *unused)
{
	struct edu_ims *edu = s->private;
	unsigned int i;

	guard(mutex)(&edu->vec_lock);
	seq_puts(s, "# index irq store chip address data fired received\n");
	for (i = 0; i < edu->nvec; i++) {
		if (edu->vecs[i].map.virq)
			edu_show_vector(s, edu->vecs + i);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(vectors);

/* Which slots can send, as far as the device itself knows? */
static int armed_show(struct seq_file *s, void *unused)
{
	DECLARE_BITMAP(armed, EDU_MAX_VECTORS) = { };
	struct edu_ims *edu = s->private;
	unsigned int i;
	int ret;

	guard(mutex)(&edu->dma_lock);
	ret = edu_read_back(edu);
	if (ret)
		return ret;

	for (i = 0; i < EDU_MAX_VECTORS; i++)
		__assign_bit(i, armed, edu->bounce[i].enabled);
	seq_printf(s, "%*pbl\n", (int)EDU_MAX_VECTORS, armed);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(armed);

static ssize_t fire_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
	DECLARE_BITMAP(which, EDU_MAX_VECTORS);
	struct edu_ims *edu = file->private_data;
	int ret;

	if (!edu->nvec)
		return -ENODEV;

	ret = bitmap_parselist_user(buf, count, which, EDU_MAX_VECTORS);
	if (ret)
		return ret;
	if (find_next_bit(which, EDU_MAX_VECTORS, edu->nvec) < EDU_MAX_VECTORS)
		return -ENXIO;

	ret = edu_fire(edu, which);
	return ret ?: count;
}

static const struct file_operations fire_fops = {
	.owner	= THIS_MODULE,
	.open	= simple_open,
	.write	= fire_write,
};

static ssize_t edu_write_index(struct file *file, const char __user *buf, size_t count,
			       int (*fn)(struct edu_ims *edu, unsigned int index))
{
	struct edu_ims *edu = file->private_data;
	unsigned int index;
	int ret;

	ret = kstrtouint_from_user(buf, count, 0, &index);
	if (ret)
		return ret;
	if (index >= edu->nvec)
		return edu->nvec ? -ENXIO : -ENODEV;

	ret = fn(edu, index);
	return ret ?: count;
}

#define EDU_INDEX_FILE(name)								\
static ssize_t name##_write(struct file *file, const char __user *buf, size_t count,	\
			    loff_t *ppos)						\
{											\
	return edu_write_index(file, buf, count, edu_##name);				\
}											\
											\
static const struct file_operations name##_fops = {					\
	.owner	= THIS_MODULE,								\
	.open	= simple_open,								\
	.write	= name##_write,								\
}

EDU_INDEX_FILE(reload);
EDU_INDEX_FILE(disable);
EDU_INDEX_FILE(enable);

static int msi_show(struct seq_file *s, void *unused)
{
	struct edu_ims *edu = s->private;

	seq_printf(s, "%d %u %d\n", edu->msi.map.virq, edu->msi.fired,
		   atomic_read(&edu->msi.received));
	return 0;
}

static int msi_open(struct inode *inode, struct file *file)
{
	return single_open(file, msi_show, inode->i_private);
}

static ssize_t msi_write(struct file *file, const char __user *buf, size_t count, loff_t *ppos)
{
	struct edu_ims *edu = file_inode(file)->i_private;

	guard(mutex)(&edu->vec_lock);
	edu->msi.fired++;
	writel(1, edu->regs + EDU_IRQ_RAISE);
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

static void edu_debugfs(struct edu_ims *edu)
{
	struct dentry *root = debugfs_lookup("edu_ims", NULL);

	if (!root)
		root = debugfs_create_dir("edu_ims", NULL);
	else
		dput(root);

	edu->debugfs = debugfs_create_dir(pci_name(edu->pdev), root);
	debugfs_create_file("mode", 0444, edu->debugfs, edu, &mode_fops);
	debugfs_create_file("vectors", 0444, edu->debugfs, edu, &vectors_fops);
	debugfs_create_file("fire", 0200, edu->debugfs, edu, &fire_fops);
	debugfs_create_file("armed", 0400, edu->debugfs, edu, &armed_fops);
	debugfs_create_file("reload", 0200, edu->debugfs, edu, &reload_fops);
	debugfs_create_file("disable", 0200, edu->debugfs, edu, &disable_fops);
	debugfs_create_file("enable", 0200, edu->debugfs, edu, &enable_fops);
	debugfs_create_file("msi", 0644, edu->debugfs, edu, &msi_fops);
	debugfs_create_u32("fail_commit", 0644, edu->debugfs, &edu->fail_commit);
	debugfs_create_bool("dead", 0644, edu->debugfs, &edu->dead);
	debugfs_create_x32("enable_noirq", 0644, edu->debugfs, &edu->enable_noirq);
}

static int edu_setup(struct edu_ims *edu)
{
	struct pci_dev *pdev = edu->pdev;
	int ret;

	ret = pcim_enable_device(pdev);
	if (ret)
		return ret;

	edu->regs = pcim_iomap_region(pdev, 0, "edu_ims");
	if (IS_ERR(edu->regs))
		return PTR_ERR(edu->regs);

	ret = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(32));
	if (ret)
		return ret;

	edu->bounce = dmam_alloc_coherent(&pdev->dev, EDU_BUFFER_SIZE, &edu->bounce_dma,
					  GFP_KERNEL);
	if (!edu->bounce)
		return -ENOMEM;

	pci_set_master(pdev);
	return 0;
}

static int edu_start_msi(struct edu_ims *edu)
{
	struct pci_dev *pdev = edu->pdev;
	int ret;

	ret = pci_alloc_irq_vectors(pdev, 1, 1, PCI_IRQ_MSI);
	if (ret < 0)
		return ret;

	edu->msi.map.virq = pci_irq_vector(pdev, 0);
	ret = request_irq(edu->msi.map.virq, edu_msi_handler, 0, "edu_msi", edu);
	if (ret)
		pci_free_irq_vectors(pdev);
	return ret;
}

static int edu_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct edu_ims *edu;
	int ret;

	edu = devm_kzalloc(&pdev->dev, sizeof(*edu), GFP_KERNEL);
	if (!edu)
		return -ENOMEM;

	edu->pdev = pdev;
	edu->verdict = pci_ims_check(pdev, IMS_STORE_QUEUE_MEMORY);
	if (edu->verdict.reason == IMS_REASON_EARLY)
		return dev_err_probe(&pdev->dev, -EPROBE_DEFER, "platform is not known yet\n");

	mutex_init(&edu->dma_lock);
	mutex_init(&edu->vec_lock);
	pci_set_drvdata(pdev, edu);

	ret = edu_setup(edu);
	if (ret)
		return dev_err_probe(&pdev->dev, ret, "cannot set up the device\n");

	edu->error = edu_create_ims(edu);
	ret = edu_start_msi(edu);
	if (ret) {
		edu_stop(edu);
		return dev_err_probe(&pdev->dev, ret, "no MSI\n");
	}

	if (!edu->error) {
		edu->error = edu_start_vectors(edu);
		if (edu->error)
			edu_stop(edu);
	}
	if (!edu->verdict.allowed)
		pci_info(pdev, "IMS not available (%s), using MSI\n",
			 pci_ims_reason(edu->verdict));
	else if (edu->error)
		pci_warn(pdev, "IMS failed with error %d, using MSI\n", edu->error);
	else
		pci_info(pdev, "using %u IMS vectors beside MSI\n", edu->nvec);

	edu_debugfs(edu);
	return 0;
}

static void edu_remove(struct pci_dev *pdev)
{
	struct edu_ims *edu = pci_get_drvdata(pdev);

	debugfs_remove(edu->debugfs);
	edu_stop(edu);
	free_irq(edu->msi.map.virq, edu);
	pci_free_irq_vectors(pdev);
	pci_clear_master(pdev);
}

/* A real device loses its buffer in a sleep or a reset. This one is made to. */
static int edu_suspend(struct device *dev)
{
	return edu_quiesce(dev_get_drvdata(dev));
}

/* Some drivers enable an interrupt before the core resumes all of them */
static int edu_resume_noirq(struct device *dev)
{
	struct edu_ims *edu = dev_get_drvdata(dev);
	unsigned long which = edu->enable_noirq;
	unsigned int index;

	edu->enable_noirq = 0;
	for_each_set_bit(index, &which, min(edu->nvec, 32U))
		edu_enable(edu, index);
	return 0;
}

static int edu_resume(struct device *dev)
{
	struct edu_ims *edu = dev_get_drvdata(dev);

	guard(mutex)(&edu->vec_lock);
	return pci_ims_restore(edu->pdev);
}

static const struct dev_pm_ops edu_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(edu_suspend, edu_resume)
	NOIRQ_SYSTEM_SLEEP_PM_OPS(NULL, edu_resume_noirq)
};

static void edu_reset_prepare(struct pci_dev *pdev)
{
	edu_suspend(&pdev->dev);
}

static void edu_reset_done(struct pci_dev *pdev)
{
	edu_resume(&pdev->dev);
}

static const struct pci_error_handlers edu_err_handler = {
	.reset_prepare	= edu_reset_prepare,
	.reset_done	= edu_reset_done,
};

static const struct pci_device_id edu_ids[] = {
	{ PCI_DEVICE(0x1234, 0x11e8) },
	{ }
};
MODULE_DEVICE_TABLE(pci, edu_ids);

static struct pci_driver edu_driver = {
	.name		= "edu_ims",
	.id_table	= edu_ids,
	.probe		= edu_probe,
	.remove		= edu_remove,
	.driver.pm	= pm_sleep_ptr(&edu_pm_ops),
	.err_handler	= &edu_err_handler,
};
module_pci_driver(edu_driver);

MODULE_DESCRIPTION("PCI IMS sample on QEMU's edu device");
MODULE_LICENSE("GPL");
