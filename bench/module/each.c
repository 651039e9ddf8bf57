// SPDX-License-Identifier: GPL-2.0
/*
 * One operation on each of some vectors and nothing else, for who counts from outside what
 * that takes.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq.h>
#include <linux/timex.h>

#include "bench.h"

#define FIRE_MS	1000

static int each_mask(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	struct irq_data *d;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		d = irq_get_irq_data(b->vecs[i].map.virq);
		local_irq_disable();
		d->chip->irq_mask(d);
		local_irq_enable();
	}
	return 0;
}

static int each_unmask(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	struct irq_data *d;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		d = irq_get_irq_data(b->vecs[i].map.virq);
		local_irq_disable();
		d->chip->irq_unmask(d);
		local_irq_enable();
	}
	return 0;
}

static int each_affinity(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	const struct cpumask *now;
	unsigned int i, cpu;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++) {
		now = irq_data_get_effective_affinity_mask(irq_get_irq_data(b->vecs[i].map.virq));
		cpu = cpumask_any_but(cpu_online_mask, cpumask_first(now));
		ret = cpu < nr_cpu_ids ? irq_set_affinity(b->vecs[i].map.virq, cpumask_of(cpu)) :
		      -ENODEV;
	}
	return ret;
}

static int each_arm(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < nr; i++)
		ret = dsa_arm(b, &b->vecs[i], store->ims, i % b->nr_wqs);
	return ret;
}

static int each_fire(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	struct bench_vec *v;
	unsigned int ms;

	for (v = b->vecs; v < b->vecs + nr; v++) {
		dsa_fire(v);
		for (ms = 0; READ_ONCE(v->received) != v->sent; ms++) {
			if (ms == FIRE_MS)
				return -ETIMEDOUT;
			usleep_range(1000, 2000);
		}
	}
	return 0;
}

static int each_disarm(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	while (nr--)
		dsa_disarm(b, &b->vecs[nr], store->ims);
	return 0;
}

static int each_enter(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	return store->enter(b);
}

static int each_leave(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	store->leave(b);
	return 0;
}

static int each_request(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	return bench_request(b, nr);
}

static int each_release(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	bench_release(b, nr);
	return 0;
}

static int each_free(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	bench_free(b, store, nr);
	return 0;
}

static const struct {
	const char	*name;
	int		(*run)(struct bench *b, const struct bench_store *store, unsigned int nr);
} each_ops[] = {
	{ "enter",	each_enter },
	{ "allocate",	bench_alloc },
	{ "request",	each_request },
	{ "mask",	each_mask },
	{ "unmask",	each_unmask },
	{ "arm",	each_arm },
	{ "deliver",	each_fire },
	{ "disarm",	each_disarm },
	{ "affinity",	each_affinity },
	{ "release",	each_release },
	{ "free",	each_free },
	{ "leave",	each_leave },
};

/* In the order of the table, with as many vectors each time: nobody checks that */
int bench_each(struct bench *b, const char *store, const char *op, unsigned int nr)
{
	const struct bench_store *s = bench_find_store(store);
	cycles_t start;
	unsigned int i;
	int ret;

	if (!s || nr > BENCH_MAX_VECTORS)
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(each_ops) && strcmp(each_ops[i].name, op); i++)
		;
	if (i == ARRAY_SIZE(each_ops))
		return -EINVAL;
	start = get_cycles();
	ret = each_ops[i].run(b, s, nr);
	bench_row("%llu", (u64)(get_cycles() - start));
	return ret;
}
