// SPDX-License-Identifier: GPL-2.0
/*
 * The stores that are compared, and vectors in them.
 */
#include <linux/interrupt.h>
#include <linux/irqdomain_ims.h>

#include "bench.h"

/* The driver has one vector already, unless the store was removed. */
static int msix_enter(struct bench *b)
{
	int ret;

	if (b->pdev->msix_enabled)
		return 0;
	ret = pci_alloc_irq_vectors(b->pdev, 1, 1, PCI_IRQ_MSIX);
	return min(ret, 0);
}

static void msix_leave(struct bench *b)
{
}

static void msix_remove(struct bench *b)
{
	pci_free_irq_vectors(b->pdev);
}

static int state_restore(struct bench *b)
{
	pci_restore_state(b->pdev);
	return 0;
}

static struct msi_map msix_alloc(struct bench *b)
{
	return pci_msix_alloc_irq_at(b->pdev, MSI_ANY_INDEX, NULL);
}

static void msix_free(struct bench *b, struct msi_map map)
{
	pci_msix_free_irq(b->pdev, map);
}

static int ims_enter(struct bench *b)
{
	const struct ims_store store = {
		.kind	= IMS_STORE_DEVICE_MEMORY,
		.size	= b->limit ? b->limit : b->ims_slots,
		.slots	= {
			.base	= b->ims_table,
			.stride	= IMS_SLOT_SIZE,
		},
	};

	return pci_ims_create(b->pdev, &store);
}

atomic_t bench_commands = ATOMIC_INIT(0);

/* A device which takes every command at once */
static int queue_commit(const struct ims_vector *vec, const struct msi_msg *msg, bool masked)
{
	atomic_inc(&bench_commands);
	return 0;
}

static const struct ims_queue_ops queue_ops = {
	.commit	= queue_commit,
};

static int queue_enter(struct bench *b)
{
	const struct ims_store store = {
		.kind		= IMS_STORE_QUEUE_MEMORY,
		.size		= b->limit,
		.queue_ops	= &queue_ops,
	};

	return pci_ims_create(b->pdev, &store);
}

static void ims_leave(struct bench *b)
{
	pci_ims_destroy(b->pdev);
}

static int queue_restore(struct bench *b)
{
	return pci_ims_restore(b->pdev);
}

static struct msi_map ims_alloc(struct bench *b)
{
	return pci_ims_alloc_irq(b->pdev, NULL, NULL);
}

static void ims_free(struct bench *b, struct msi_map map)
{
	pci_ims_free_irq(b->pdev, map);
}

const struct bench_store bench_stores[BENCH_STORES] = {
	{
		.name	= "msix",
		.fires	= true,
		.enter	= msix_enter,
		.leave	= msix_leave,
		.remove	= msix_remove,
		.restore = state_restore,
		.alloc	= msix_alloc,
		.free	= msix_free,
	},
	{
		.name	= "ims",
		.fires	= true,
		.ims	= true,
		.enter	= ims_enter,
		.leave	= ims_leave,
		.remove	= ims_leave,
		.restore = state_restore,
		.alloc	= ims_alloc,
		.free	= ims_free,
	},
	{
		.name	= "queue",
		.enter	= queue_enter,
		.leave	= ims_leave,
		.remove	= ims_leave,
		.restore = queue_restore,
		.alloc	= ims_alloc,
		.free	= ims_free,
	},
};

const struct bench_store *bench_find_store(const char *name)
{
	unsigned int i;

	for (i = 0; i < BENCH_STORES; i++) {
		if (!strcmp(bench_stores[i].name, name))
			return &bench_stores[i];
	}
	return NULL;
}

/* All or none */
int bench_alloc(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		b->vecs[i].map = store->alloc(b);
		if (b->vecs[i].map.index < 0) {
			bench_free(b, store, i);
			return b->vecs[i].map.index;
		}
	}
	return 0;
}

void bench_free(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	while (nr--)
		store->free(b, b->vecs[nr].map);
}

/* The next one is on its way only when this one is here, so that none can merge. */
static irqreturn_t bench_handler(int irq, void *data)
{
	struct bench_vec *v = data;

	v->seen = bench_now();
	WRITE_ONCE(v->received, v->received + 1);
	if (v->sent < v->budget)
		dsa_fire(v);
	return IRQ_HANDLED;
}

int bench_request(struct bench *b, unsigned int nr)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = request_irq(b->vecs[i].map.virq, bench_handler, 0, "ims_bench",
				  &b->vecs[i]);
		if (ret) {
			bench_row("limit,live,%u,%d", i, ret);
			bench_release(b, i);
			return ret;
		}
	}
	return 0;
}

void bench_release(struct bench *b, unsigned int nr)
{
	while (nr--)
		free_irq(b->vecs[nr].map.virq, &b->vecs[nr]);
}
