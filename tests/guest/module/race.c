// SPDX-License-Identifier: GPL-2.0
/*
 * Vectors come, fire and go on all CPUs but one, while the PCI core writes all messages
 * anew on that one, or somebody resets the function.
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/kthread.h>
#include <linux/slab.h>

#include "stress.h"

#define BATCH		16
#define MAX_THREADS	16

struct churn {
	struct stress		*s;
	struct task_struct	*task;
	struct bench_vec	*vecs;
	struct msi_map		maps[BATCH];
	unsigned int		wq;
	unsigned long		rounds;
	unsigned long		fired;
	unsigned long		lost;
	int			error;
};

/* A reset in between may take the event with it. */
static void churn_fire(struct churn *c, struct bench_vec *v)
{
	unsigned int resets = READ_ONCE(c->s->resets);
	int ret = stress_fire(c->s, v, c->wq);

	if (resets & 1 || READ_ONCE(c->s->resets) != resets)
		return;
	c->fired++;
	if (ret)
		c->lost++;
}

static int churn_once(struct churn *c)
{
	struct pci_dev *pdev = c->s->b.pdev;
	int i, nr, ret;

	ret = pci_ims_alloc_irqs(pdev, BATCH, NULL, NULL, c->maps);
	if (ret)
		return ret;
	for (nr = 0; !ret && nr < BATCH; nr++)
		ret = stress_request(&c->vecs[nr], c->maps[nr]);
	if (ret)
		nr--;
	else
		churn_fire(c, &c->vecs[c->rounds % BATCH]);
	for (i = 0; i < BATCH; i++) {
		if (i < nr)
			free_irq(c->maps[i].virq, &c->vecs[i]);
		pci_ims_free_irq(pdev, c->maps[i]);
	}
	return ret;
}

static int churn_thread(void *arg)
{
	struct churn *c = arg;

	while (!kthread_should_stop()) {
		if (!c->error)
			c->error = churn_once(c);
		c->rounds++;
		cond_resched();
	}
	return 0;
}

static unsigned long restore_for(struct pci_dev *pdev, unsigned int ms, bool restore)
{
	unsigned long end = jiffies + msecs_to_jiffies(ms), n = 0;

	if (!restore)
		msleep(ms);
	while (time_before(jiffies, end)) {
		pci_save_state(pdev);
		pci_restore_state(pdev);
		n++;
		cond_resched();
	}
	return n;
}

static int churn_start(struct stress *s, struct churn *c, unsigned int cpu)
{
	c->s = s;
	c->wq = cpu % s->b.nr_wqs;
	c->vecs = kcalloc(BATCH, sizeof(*c->vecs), GFP_KERNEL);
	if (!c->vecs)
		return -ENOMEM;
	c->task = kthread_run_on_cpu(churn_thread, c, cpu, "ims_churn/%u");
	return PTR_ERR_OR_ZERO(c->task);
}

static void churn_stop(struct churn *c)
{
	if (!IS_ERR_OR_NULL(c->task)) {
		kthread_stop(c->task);
		stress_say("rounds %lu fired %lu lost %lu error %d", c->rounds, c->fired, c->lost,
			   c->error);
	}
	kfree(c->vecs);
}

int stress_race(struct stress *s, unsigned int ms, bool restore)
{
	struct churn *churns = kcalloc(MAX_THREADS, sizeof(*churns), GFP_KERNEL);
	unsigned int cpu, nr = 0;
	unsigned long n = 0;
	int ret;

	if (!churns)
		return -ENOMEM;
	ret = stress_create(s, false);
	if (ret)
		goto out;
	for_each_online_cpu(cpu) {
		if (!ret && cpu && nr < MAX_THREADS)
			ret = churn_start(s, &churns[nr++], cpu);
	}
	if (!ret)
		n = restore_for(s->b.pdev, ms, restore);
	while (nr--)
		churn_stop(&churns[nr]);
	stress_say("restored %lu", n);
	pci_ims_destroy(s->b.pdev);
out:
	kfree(churns);
	return ret;
}
