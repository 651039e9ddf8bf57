// SPDX-License-Identifier: GPL-2.0
/*
 * What one operation on one vector costs.
 */
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/vmalloc.h>

#include "bench.h"

bool bench_icount;

/* What a pair of bench_now() says when there is nothing between them */
static u64 overhead;

enum op {
	OP_ALLOC,
	OP_REQUEST,
	OP_MASK,
	OP_UNMASK,
	OP_MASK_ALONE,
	OP_DISABLE,
	OP_ENABLE,
	OP_DELIVER,
	OP_RETURN,
	OP_AFFINITY,
	OP_MOVE,
	OP_FREE_IRQ,
	OP_FREE,
	OPS,
};

static const char * const op_names[OPS] = {
	[OP_ALLOC]	= "allocate",
	[OP_REQUEST]	= "request_irq",
	[OP_MASK]	= "mask",
	[OP_UNMASK]	= "unmask",
	[OP_MASK_ALONE]	= "mask by a handler",
	[OP_DISABLE]	= "disable_irq",
	[OP_ENABLE]	= "enable_irq",
	[OP_DELIVER]	= "event to handler",
	[OP_RETURN]	= "event to end",
	[OP_AFFINITY]	= "affinity",
	[OP_MOVE]	= "event that moves",
	[OP_FREE_IRQ]	= "free_irq",
	[OP_FREE]	= "free",
};

/* Samples of each operation, of which @max fit */
struct costs {
	u32		*samples[OPS];
	unsigned int	nr[OPS];
	unsigned int	max;
};

static void cost_add(struct costs *c, enum op op, u64 time)
{
	if (c->nr[op] < c->max)
		c->samples[op][c->nr[op]++] = time - min(time, overhead);
}

#define COST(c, op, what)				\
do {							\
	u64 start = bench_now();			\
							\
	what;						\
	cost_add(c, op, bench_now() - start);		\
} while (0)

#define SPINS	1000000

/* Does the counter count instructions? Three for each turn of this loop, and a few. */
int bench_clock(void)
{
	unsigned long n = SPINS;
	u64 start, took;
	int i;

	local_irq_disable();
	start = get_cycles();
	asm volatile(BENCH_LOOP : "+r" (n) : : "cc");
	took = get_cycles() - start;
	local_irq_enable();
	bench_icount = took >= 3 * SPINS && took < 3 * SPINS + SPINS / 20;

	overhead = U64_MAX;
	for (i = 0; i < 100; i++) {
		start = bench_now();
		overhead = min(overhead, bench_now() - start);
	}
	bench_row("unit,%s", bench_icount ? "instructions" : "ns");
	return 0;
}

/* An IMS domain with its first vector */
static int first_ims(struct bench *b, u64 *took)
{
	const struct bench_store *ims = bench_find_store("ims");
	u64 start = bench_now();
	struct msi_map map;
	int ret;

	ret = ims->enter(b);
	if (ret)
		return ret;
	map = ims->alloc(b);
	*took = bench_now() - start;
	if (map.index >= 0)
		ims->free(b, map);
	ims->leave(b);
	return min(map.index, 0);
}

/*
 * The GIC ITS has one table for all messages of a device, which does not grow while
 * MSI-X is in use, and does not shrink either.
 */
static int make_room(struct bench *b)
{
	const struct bench_store *ims = bench_find_store("ims");
	int ret;

	pci_free_irq_vectors(b->pdev);
	ret = ims->enter(b);
	if (ret)
		return ret;
	ret = pci_alloc_irq_vectors(b->pdev, 1, 1, PCI_IRQ_MSIX);
	ims->leave(b);
	return min(ret, 0);
}

/*
 * Both domains with their first vector, on a device that was bound just now. Creation
 * masks the whole store, so IMS once more with a store as large as that of MSI-X.
 */
int bench_first(struct bench *b)
{
	u64 start = bench_now(), msix, ims, same;
	int ret;

	ret = pci_alloc_irq_vectors(b->pdev, 1, 1, PCI_IRQ_MSIX);
	msix = bench_now() - start;
	if (ret < 0)
		return ret;

	ret = first_ims(b, &ims);
	/* MSI-X can be had all the same, and who wants figures of IMS sees that there are none */
	if (ret == -EOPNOTSUPP)
		return 0;
	if (ret == -ENODEV && !make_room(b))
		ret = first_ims(b, &ims);
	if (ret)
		return ret;
	b->limit = pci_msix_vec_count(b->pdev);
	ret = first_ims(b, &same);
	if (ret)
		return ret;
	b->limit = 0;
	bench_row("cost,msix,create,1,1,%llu", msix);
	bench_row("cost,ims,create,1,1,%llu", ims);
	bench_row("cost,msix,create with 2048 slots,1,1,%llu", msix);
	bench_row("cost,ims,create with 2048 slots,1,1,%llu", same);
	return 0;
}

static unsigned int irq_cpu(struct irq_data *d)
{
	return cpumask_first(irq_data_get_effective_affinity_mask(d));
}

/*
 * With interrupts disabled until the message has arrived nothing but the path from
 * there to the handler, and back, is in between.
 */
static int deliver(struct bench *b, struct bench_vec *v, u64 *handler, u64 *end)
{
	unsigned long before = v->received;
	unsigned int i;
	u64 start;
	int ret;

	ret = set_cpus_allowed_ptr(current, cpumask_of(irq_cpu(irq_get_irq_data(v->map.virq))));
	if (ret)
		return ret;
	local_irq_disable();
	ret = dsa_fire_sync(b, v);
	start = bench_now();
	bench_irq_enable();
	for (i = 0; READ_ONCE(v->received) == before && i < SPINS; i++)
		cpu_relax();
	*end = bench_now() - start;
	*handler = v->seen - start;
	if (!ret && v->received == before)
		ret = -ETIMEDOUT;
	return ret;
}

/* Without remapping the next interrupt takes the vector to the other CPU. */
static int move_away(struct bench *b, const struct bench_store *store, struct bench_vec *v,
		     struct costs *c)
{
	unsigned int cpu = irq_cpu(irq_get_irq_data(v->map.virq));
	u64 handler, end;
	int ret;

	cpu = cpumask_any_but(cpu_online_mask, cpu);
	if (cpu >= nr_cpu_ids)
		return 0;
	COST(c, OP_AFFINITY, ret = irq_set_affinity(v->map.virq, cpumask_of(cpu)));
	if (ret || irq_cpu(irq_get_irq_data(v->map.virq)) == cpu)
		return ret;
	ret = store->fires ? deliver(b, v, &handler, &end) : -EBUSY;
	if (ret)
		return ret;
	cost_add(c, OP_MOVE, end);
	return irq_cpu(irq_get_irq_data(v->map.virq)) == cpu ? 0 : -EBUSY;
}

static void mask_unmask(struct bench_vec *v, struct costs *c)
{
	struct irq_data *d = irq_get_irq_data(v->map.virq);

	/* As disable_irq() and enable_irq() do, and as a flow handler does */
	if (d->chip->irq_bus_lock)
		d->chip->irq_bus_lock(d);
	local_irq_disable();
	COST(c, OP_MASK, d->chip->irq_mask(d));
	COST(c, OP_UNMASK, d->chip->irq_unmask(d));
	local_irq_enable();
	if (d->chip->irq_bus_sync_unlock)
		d->chip->irq_bus_sync_unlock(d);
	local_irq_disable();
	COST(c, OP_MASK_ALONE, d->chip->irq_mask(d));
	d->chip->irq_unmask(d);
	local_irq_enable();

	/* Disable at once, not when the next interrupt arrives */
	irq_set_status_flags(v->map.virq, IRQ_DISABLE_UNLAZY);
	COST(c, OP_DISABLE, disable_irq(v->map.virq));
	COST(c, OP_ENABLE, enable_irq(v->map.virq));
	irq_clear_status_flags(v->map.virq, IRQ_DISABLE_UNLAZY);
}

static irqreturn_t no_handler(int irq, void *data)
{
	return IRQ_NONE;
}

/* request_irq() alone, the vector is used with another handler afterwards */
static int request_once(struct bench_vec *v, struct costs *c)
{
	int ret;

	COST(c, OP_REQUEST, ret = request_irq(v->map.virq, no_handler, 0, "ims_bench", v));
	if (!ret)
		COST(c, OP_FREE_IRQ, free_irq(v->map.virq, v));
	return ret;
}

static int fire_move(struct bench *b, const struct bench_store *store, struct bench_vec *v,
		     struct costs *c)
{
	u64 handler, end;
	int ret;

	if (!store->fires)
		return move_away(b, store, v, c);
	ret = dsa_arm(b, v, store->ims, (v - b->vecs) % b->nr_wqs);
	if (ret)
		return ret;
	ret = deliver(b, v, &handler, &end);
	if (!ret) {
		cost_add(c, OP_DELIVER, handler);
		cost_add(c, OP_RETURN, end);
		ret = move_away(b, store, v, c);
	}
	dsa_disarm(b, v, store->ims);
	return ret;
}

static int live_ops(struct bench *b, const struct bench_store *store, unsigned int nr,
		    struct costs *c)
{
	struct bench_vec *v;
	int ret = 0;

	for (v = b->vecs; !ret && v < b->vecs + nr; v++) {
		mask_unmask(v, c);
		ret = fire_move(b, store, v, c);
	}
	set_cpus_allowed_ptr(current, cpu_possible_mask);
	return ret;
}

static int ops_allocated(struct bench *b, const struct bench_store *store, unsigned int nr,
			 struct costs *c)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++)
		ret = request_once(&b->vecs[i], c);
	if (!ret)
		ret = bench_request(b, nr);
	if (ret)
		return ret;
	ret = live_ops(b, store, nr, c);
	bench_release(b, nr);
	return ret;
}

static int ops_round(struct bench *b, const struct bench_store *store, unsigned int nr,
		     struct costs *c)
{
	unsigned int i;
	int ret = store->enter(b);

	if (ret)
		return ret;
	for (i = 0; !ret && i < nr; i++) {
		COST(c, OP_ALLOC, b->vecs[i].map = store->alloc(b));
		ret = min(b->vecs[i].map.index, 0);
	}
	nr = ret ? i - 1 : nr;
	if (!ret)
		ret = ops_allocated(b, store, nr, c);
	for (i = 0; i < nr; i++)
		COST(c, OP_FREE, store->free(b, b->vecs[i].map));
	store->leave(b);
	return ret;
}

static int by_size(const void *a, const void *b)
{
	return *(const u32 *)a < *(const u32 *)b ? -1 : *(const u32 *)a > *(const u32 *)b;
}

/* The lower quartile, as timers and what they start hit some samples */
static void ops_report(const struct bench_store *store, unsigned int nr, struct costs *c)
{
	enum op op;

	for (op = 0; op < OPS; op++) {
		if (!c->nr[op])
			continue;
		sort(c->samples[op], c->nr[op], sizeof(u32), by_size, NULL);
		bench_row("cost,%s,%s,%u,%u,%u", store->name, op_names[op], nr, c->nr[op],
			  c->samples[op][c->nr[op] / 4]);
	}
}

static void costs_free(struct costs *costs)
{
	unsigned int i;

	for (i = 0; i < BENCH_STORES; i++)
		vfree(costs[i].samples[0]);
	kfree(costs);
}

static struct costs *costs_alloc(unsigned int max)
{
	struct costs *costs = kcalloc(BENCH_STORES, sizeof(*costs), GFP_KERNEL);
	unsigned int i;
	enum op op;

	for (i = 0; costs && i < BENCH_STORES; i++) {
		costs[i].max = max;
		costs[i].samples[0] = vzalloc(array3_size(OPS, max, sizeof(u32)));
		if (!costs[i].samples[0]) {
			costs_free(costs);
			return NULL;
		}
		for (op = 1; op < OPS; op++)
			costs[i].samples[op] = costs[i].samples[0] + op * max;
	}
	return costs;
}

/* In turns, so that what changes with time changes for all; the first turn is for practice. */
static int ops_rounds(struct bench *b, unsigned int nr, unsigned int rounds, struct costs *costs)
{
	unsigned int i, round;
	int ret;

	for (round = 0; round <= rounds; round++) {
		for (i = 0; i < BENCH_STORES; i++) {
			if (round == 1)
				memset(costs[i].nr, 0, sizeof(costs[i].nr));
			ret = ops_round(b, &bench_stores[i], nr, &costs[i]);
			if (ret && (ret != -EOPNOTSUPP || bench_stores[i].fires))
				return ret;
		}
	}
	return 0;
}

int bench_ops(struct bench *b, unsigned int nr, unsigned int rounds)
{
	struct costs *costs = costs_alloc(nr * rounds);
	unsigned int i;
	int ret;

	if (!costs)
		return -ENOMEM;
	ret = ops_rounds(b, nr, rounds, costs);
	for (i = 0; !ret && i < BENCH_STORES; i++)
		ops_report(&bench_stores[i], nr, &costs[i]);
	costs_free(costs);
	return ret;
}
