// SPDX-License-Identifier: GPL-2.0
/*
 * Many vectors: what they cost, and whether each of them works.
 */
#include <linux/delay.h>
#include <linux/irq.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/vmstat.h>

#include "bench.h"

/* So long may nothing happen before a storm is given up */
#define PATIENCE_MS	60000
#define POLL_MS		20
#define GRACE_PERIODS	5
#define FREE_AT_ONCE	32

/* With what the CPUs have not added to the counter yet; there is one node. */
static long node_pages(enum node_stat_item item)
{
	long pages = global_node_page_state_pages(item);
	int cpu;

	for_each_online_cpu(cpu)
		pages += per_cpu_ptr(NODE_DATA(0)->per_cpu_nodestats, cpu)->vm_node_stat_diff[item];
	return pages;
}

/* Memory in slabs: where descriptors, their names in sysfs and the state of chips are */
static unsigned long slab_bytes(void)
{
	return (node_pages(NR_SLAB_RECLAIMABLE_B) + node_pages(NR_SLAB_UNRECLAIMABLE_B)) *
		PAGE_SIZE;
}

/* What was freed before goes in several steps, each after a grace period. */
void let_settle(void)
{
	unsigned int i;

	for (i = 0; i < GRACE_PERIODS; i++) {
		rcu_barrier();
		msleep(POLL_MS);
	}
}

/* Returns how many were allocated, which is less than wanted only at the end of a resource. */
static unsigned int sweep_up(struct bench *b, const struct bench_store *store, unsigned int max,
			     unsigned int step)
{
	unsigned int i, nr = 0;
	u64 start;

	while (nr < max) {
		start = bench_now();
		for (i = 0; i < step && nr + i < max; i++) {
			b->vecs[nr + i].map = store->alloc(b);
			if (b->vecs[nr + i].map.index < 0) {
				bench_row("limit,%s,%u,%d", store->name, nr + i,
					  b->vecs[nr + i].map.index);
				return nr + i;
			}
		}
		nr += i;
		bench_row("up,%s,%u,%u,%llu", store->name, nr, i, bench_now() - start);
	}
	return nr;
}

/* Without what is freed later, after a grace period: let that happen in between. */
static u64 free_some(struct bench *b, const struct bench_store *store, struct bench_vec *vecs,
		     unsigned int nr)
{
	u64 start, took = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (i % FREE_AT_ONCE == 0)
			rcu_barrier();
		start = bench_now();
		store->free(b, vecs[i].map);
		took += bench_now() - start;
	}
	return took;
}

static void sweep_down(struct bench *b, const struct bench_store *store, unsigned int nr,
		       unsigned int step)
{
	unsigned int done, n;

	for (done = 0; done < nr; done += n) {
		n = min(step, nr - done);
		bench_row("down,%s,%u,%u,%llu", store->name, nr - done - n, n,
			  free_some(b, store, b->vecs + done, n));
	}
}

int bench_sweep(struct bench *b, const char *name, unsigned int max, unsigned int step)
{
	const struct bench_store *store = bench_find_store(name);
	unsigned long before;
	unsigned int nr;
	int ret;

	if (!store || !step || max > BENCH_MAX_VECTORS)
		return -EINVAL;
	ret = store->enter(b);
	if (ret)
		return ret;
	let_settle();
	before = slab_bytes();
	nr = sweep_up(b, store, max, step);
	let_settle();
	bench_row("memory,%s,%u,%ld", name, nr, (long)(slab_bytes() - before));
	sweep_down(b, store, nr, step);
	store->leave(b);
	return 0;
}

/* Where the emulator's log of instructions is cut */
noinline void bench_mark(void)
{
	barrier();
}

/* Allocate and free some more on top of what is held: for a profile. */
int bench_trace(struct bench *b, const char *name, unsigned int nr)
{
	const struct bench_store *store = bench_find_store(name);
	struct bench_vec *vecs = b->vecs + b->held;
	unsigned int i, n;

	if (!store || b->holder != store || b->held + nr > BENCH_MAX_VECTORS)
		return -EINVAL;
	bench_row("mark,%px", bench_mark);
	bench_mark();
	for (n = 0; n < nr; n++) {
		vecs[n].map = store->alloc(b);
		if (vecs[n].map.index < 0)
			break;
	}
	bench_mark();
	for (i = 0; i < n; i++)
		store->free(b, vecs[i].map);
	bench_mark();
	return n < nr ? -ENOSPC : 0;
}

/* Keep so many vectors, none to free them. */
int bench_hold(struct bench *b, const char *name, unsigned int nr)
{
	const struct bench_store *store = bench_find_store(name);
	int ret;

	if (b->holder) {
		bench_free(b, b->holder, b->held);
		b->holder->leave(b);
		b->holder = NULL;
	}
	if (!nr)
		return 0;
	if (!store || nr > BENCH_MAX_VECTORS)
		return -EINVAL;
	ret = store->enter(b);
	if (ret)
		return ret;
	ret = bench_alloc(b, store, nr);
	if (ret) {
		store->leave(b);
		return ret;
	}
	b->holder = store;
	b->held = nr;
	let_settle();
	return 0;
}

static void disarm_all(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	while (nr--)
		dsa_disarm(b, &b->vecs[nr], store->ims);
}

static int arm_all(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = dsa_arm(b, &b->vecs[i], store->ims, i % b->nr_wqs);
		if (ret) {
			disarm_all(b, store, i);
			return ret;
		}
	}
	return 0;
}

/* Allocated, requested and armed; live_down() undoes it. */
static int live_up(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	int ret = store->enter(b);

	if (ret)
		return ret;
	ret = bench_alloc(b, store, nr);
	if (ret)
		goto leave;
	ret = arm_all(b, store, nr);
	if (ret)
		goto free;
	ret = bench_request(b, nr);
	if (ret)
		goto disarm;
	WRITE_ONCE(b->live, nr);
	return 0;

disarm:
	disarm_all(b, store, nr);
free:
	bench_free(b, store, nr);
leave:
	store->leave(b);
	return ret;
}

static void live_down(struct bench *b, const struct bench_store *store, unsigned int nr)
{
	WRITE_ONCE(b->live, 0);
	bench_release(b, nr);
	disarm_all(b, store, nr);
	bench_free(b, store, nr);
	store->leave(b);
}

static unsigned long count_received(struct bench *b, unsigned int nr)
{
	unsigned long sum = 0;

	while (nr--)
		sum += READ_ONCE(b->vecs[nr].received);
	return sum;
}

/* Wait until @want interrupts have come in, or none for a long time. */
static void wait_received(struct bench *b, unsigned int nr, unsigned long want)
{
	unsigned long now, last = 0;
	unsigned int idle = 0;

	while (idle < PATIENCE_MS) {
		now = count_received(b, nr);
		if (now >= want)
			break;
		idle = now == last ? idle + POLL_MS : 0;
		last = now;
		msleep(POLL_MS);
	}
	/* Time for one too many to show up */
	msleep(POLL_MS);
}

static unsigned int cpus_in_use(struct bench *b, unsigned int nr)
{
	cpumask_var_t cpus;
	unsigned int n;

	if (!zalloc_cpumask_var(&cpus, GFP_KERNEL))
		return 0;
	while (nr--) {
		struct irq_data *d = irq_get_irq_data(b->vecs[nr].map.virq);

		cpumask_or(cpus, cpus, irq_data_get_effective_affinity_mask(d));
	}
	n = cpumask_weight(cpus);
	free_cpumask_var(cpus);
	return n;
}

/* Every vector has got what was sent to it, neither less nor more. */
static int live_report(struct bench *b, const char *what, const struct bench_store *store,
		       unsigned int nr)
{
	unsigned long sent = 0, received = count_received(b, nr);
	unsigned int i, good = 0;

	for (i = 0; i < nr; i++) {
		sent += b->vecs[i].sent;
		good += b->vecs[i].sent && b->vecs[i].sent == b->vecs[i].received;
	}
	bench_row("%s,%s,%u,%u,%lu,%lu,%u", what, store->name, nr, good, sent, received,
		  cpus_in_use(b, nr));
	return good == nr ? 0 : -EIO;
}

/* All vectors are live at the same time, and each is fired once. */
int bench_fire(struct bench *b, const char *name, unsigned int nr)
{
	const struct bench_store *store = bench_find_store(name);
	unsigned int i, burst;
	int ret;

	if (!store || !store->fires || !nr || nr > BENCH_MAX_VECTORS)
		return -EINVAL;
	ret = live_up(b, store, nr);
	if (ret)
		return ret;
	/* A queue takes one at a time for sure */
	for (i = 0; i < nr; i += burst) {
		for (burst = 0; burst < b->nr_wqs && i + burst < nr; burst++)
			dsa_fire(&b->vecs[i + burst]);
		wait_received(b, nr, i + burst);
	}
	ret = live_report(b, "fire", store, nr);
	live_down(b, store, nr);
	return ret;
}

/* Each handler fires its vector again until it has had its share: see bench_settle(). */
int bench_storm(struct bench *b, const char *name, unsigned int nr, unsigned int each)
{
	const struct bench_store *store = bench_find_store(name);
	unsigned int i;
	int ret;

	if (!store || !store->fires || !nr || !each || nr > BENCH_MAX_VECTORS || b->storm)
		return -EINVAL;
	ret = live_up(b, store, nr);
	if (ret)
		return ret;
	b->storm = store;
	for (i = 0; i < nr; i++) {
		b->vecs[i].budget = each;
		dsa_fire(&b->vecs[i]);
	}
	return 0;
}

/* Wait for the end of the storm and count. */
int bench_settle(struct bench *b)
{
	const struct bench_store *store = b->storm;
	unsigned int nr = b->live;
	int ret;

	if (!store)
		return -EINVAL;
	wait_received(b, nr, nr * b->vecs[0].budget);
	ret = live_report(b, "storm", store, nr);
	live_down(b, store, nr);
	b->storm = NULL;
	return ret;
}
