// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to all vectors of a domain at once, and how many commands it takes to
 * have one.
 */
#include <linux/irq.h>

#include "bench.h"

/* Few vectors are often over before a timer comes, but not each time. */
#define FEW		16
#define SMALL		64
#define ROUNDS		9
#define SPINS		1000000

static int remove_once(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	int ret = store->enter(b);
	u64 start;

	if (ret)
		return ret;
	ret = bench_alloc(b, store, nr);
	if (ret) {
		store->leave(b);
		return ret;
	}
	let_settle();
	start = bench_now();
	store->remove(b);
	bench_row("remove,%s,%u,%u,%llu", store->name, b->limit, nr, bench_now() - start);
	return 0;
}

static int restore_requested(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	int ret = pci_save_state(b->pdev);
	u64 start;

	if (ret)
		return ret;
	let_settle();
	start = bench_now();
	ret = store->restore(b);
	bench_row("restore,%s,%u,%u,%llu", store->name, b->limit, nr, bench_now() - start);
	return ret;
}

static int restore_once(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	int ret = store->enter(b);

	if (ret)
		return ret;
	ret = bench_alloc(b, store, nr);
	if (ret)
		goto leave;
	ret = bench_request(b, nr);
	if (ret)
		goto free;
	ret = restore_requested(b, store, nr);
	bench_release(b, nr);
free:
	bench_free(b, store, nr);
leave:
	store->leave(b);
	return ret;
}

/* With none, few and many vectors, and with few in a small index space */
static int series(struct bench *b, const char *name, unsigned int nr,
		  int (*once)(struct bench *b, const struct bench_store *store, unsigned int nr))
{
	const struct { unsigned int nr, limit; } steps[] = { { }, { FEW }, { nr }, { FEW, SMALL } };
	const struct bench_store *store = bench_find_store(name);
	unsigned int i, round;
	int ret = 0;

	if (!store || nr < FEW || nr > BENCH_MAX_VECTORS)
		return -EINVAL;
	for (i = 0; !ret && i < ARRAY_SIZE(steps); i++) {
		b->limit = steps[i].limit;
		for (round = 0; !ret && round < (steps[i].nr > FEW ? 1 : ROUNDS); round++)
			ret = once(b, store, steps[i].nr);
	}
	b->limit = 0;
	return ret;
}

/* The domain goes while vectors are allocated. */
int bench_unbind(struct bench *b, const char *name, unsigned int nr)
{
	int ret = series(b, name, nr, remove_once);

	/* As it was when the driver was bound */
	return ret ? ret : bench_find_store("msix")->enter(b);
}

/* The device gets the messages once more, of vectors which are all requested. */
int bench_restore(struct bench *b, const char *name, unsigned int nr)
{
	return series(b, name, nr, restore_once);
}

/* An interrupt without a device: the CPU sends it to itself. */
static int event(struct bench_vec *v)
{
	struct irq_data *d = irq_get_irq_data(v->map.virq);
	unsigned int i;

	if (!d->chip->irq_retrigger)
		return -EOPNOTSUPP;
	v->received = 0;
	v->budget = 0;
	local_irq_disable();
	d->chip->irq_retrigger(d);
	local_irq_enable();
	for (i = 0; !READ_ONCE(v->received) && i < SPINS; i++)
		cpu_relax();
	return READ_ONCE(v->received) == 1 ? 0 : -ETIMEDOUT;
}

static int one_life(struct bench *b, const struct bench_store *store)
{
	int ret = bench_alloc(b, store, 1);

	if (ret)
		return ret;
	ret = bench_request(b, 1);
	if (!ret) {
		ret = event(b->vecs);
		bench_release(b, 1);
	}
	bench_free(b, store, 1);
	return ret;
}

/* Allocate, request, one interrupt, free: how many commands does the device get? */
int bench_life(struct bench *b, unsigned int nr)
{
	const struct bench_store *store = bench_find_store("queue");
	unsigned int i;
	int ret = store->enter(b);

	if (ret)
		return ret;
	atomic_set(&bench_commands, 0);
	for (i = 0; !ret && i < nr; i++)
		ret = one_life(b, store);
	bench_row("commands,queue,%u,%u", nr, atomic_read(&bench_commands));
	store->leave(b);
	return ret;
}
