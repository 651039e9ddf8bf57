// SPDX-License-Identifier: GPL-2.0
/*
 * A slot is masked while a descriptor is under way: its completion waits in the slot.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define COPIES		10

/* In the control word of a slot */
#define MASKED		1u
#define PENDING		2u

static uint32_t control(const struct dsa_wq *wq)
{
	return dsa_peek(wq->dev, wq->irq.index, 12) & (MASKED | PENDING);
}

/* How the interrupt is held up, and what comes of it in the device and in the kernel */
struct hold {
	const char	*name;
	bool		ignored;
	const char	*on;
	const char	*off;
	uint32_t	before;
	uint32_t	after;
	int		sent;
};

static const struct hold holds[] = {
	{ "mask",	false,	"mask",		"unmask", MASKED, MASKED | PENDING, 0 },
	/* The slot is masked when the first event comes, and the kernel repeats that one. */
	{ "lazy",	false,	"disable",	"enable", 0,	  MASKED,	    1 },
	{ "ignored",	true,	"mask",		"unmask", MASKED, MASKED,	    1 },
};

static bool check_control(const struct dsa_wq *wq, uint32_t want, const char *name,
			  const char *when)
{
	long end = now_ms() + PATIENCE_MS;
	uint32_t is;

	while ((is = control(wq)) != want && now_ms() < end)
		usleep(1000);
	return check(is == want, txt("control 0x%x", is), "%s: slot %u is%s masked,%s pending %s",
		     name, wq->irq.index, want & MASKED ? "" : " not",
		     want & PENDING ? "" : " not", when);
}

static bool check_sent(const struct dsa_wq *wq, long before, int want)
{
	long sent = dsa_property(wq->dev, "ims-sent") - before;

	return check(before >= 0 && sent == want, txt("it has sent %ld", sent),
		     "messages sent: %d", want);
}

static bool tell_client(const struct dsa_wq *wq, const char *what)
{
	int ret = dsa_client(what, txt("%u", wq->irq.irq));

	return check(!ret, strerror(-ret), "irq %u: %s", wq->irq.irq, what);
}

/* The copy is done when the device has nothing more to do for it but to send. */
static void wait_until_done(const struct dsa_wq *wq, long sent)
{
	long end = now_ms() + PATIENCE_MS;

	while (!(control(wq) & PENDING) && dsa_property(wq->dev, "ims-sent") == sent &&
	       now_ms() < end)
		usleep(1000);
}

/* Ends with the first failure, as the device is in a strange state then. */
static bool copy_while_held(struct dsa_wq *wq, const struct hold *h)
{
	long sent = dsa_property(wq->dev, "ims-sent"), ran = irq_count(wq->irq.irq);

	if (!tell_client(wq, h->on) || !check_control(wq, h->before, h->name, "before the copy") ||
	    !dma_start(wq, 1, 1))
		return false;
	wait_until_done(wq, sent);
	if (!check_control(wq, h->after, h->name, "after the copy") ||
	    !check_sent(wq, sent, h->sent))
		return false;
	ran = irq_count(wq->irq.irq) - ran;
	check(!ran, txt("it ran %ld times", ran), "%s: the handler does not run", h->name);
	if (!tell_client(wq, h->off) || !check_control(wq, 0, h->name, "at the end"))
		return false;
	dma_finish(wq, 1);
	return check(wq->copies == 1 && !wq->failures && wq->received == 1,
		     txt("%ld interrupts: %s", wq->received, wq->bad),
		     "%s: then the interrupt arrives", h->name) && check_sent(wq, sent, 1);
}

static bool mask_bring_up(struct dsa_wq *wqs, int nr)
{
	int i, ret;

	for (i = 0; i < nr; i++) {
		if (!wq_config(&wqs[i], wqs[i].want))
			return false;
	}
	if (!dsa_enable(0))
		return false;
	for (i = 0; i < nr; i++) {
		ret = wq_enable(&wqs[i]);
		if (!check(!ret, strerror(-ret), "%s is enabled", wq_name(&wqs[i])))
			return false;
	}
	return true;
}

void step_dsa_mask(const char *arg)
{
	struct dsa_wq wqs[] = { { .id = 0, .want = "ims" }, { .id = 1, .want = "ims" } };
	const struct hold *h;
	long beside;
	int i;

	(void)arg;
	if (!dsa_load("enable=0") || !mask_bring_up(wqs, ARRAY_SIZE(wqs)))
		return;
	beside = irq_count(wqs[1].irq.irq);
	for (h = holds; h < holds + ARRAY_SIZE(holds); h++) {
		dsa_misbehave(0, "fault-ignore-mask", h->ignored ? "true" : "false");
		/* Twice, as the first one must leave nothing behind */
		if (!copy_while_held(&wqs[0], h) || !copy_while_held(&wqs[0], h))
			return;
	}
	dsa_misbehave(0, "fault-ignore-mask", "false");
	check(irq_count(wqs[1].irq.irq) == beside, NULL, "nobody else is disturbed");
	if (dma_start(wqs, 2, COPIES))
		dma_finish(wqs, 2);
	for (i = 0; i < 2; i++) {
		check(wqs[i].copies == COPIES && !wqs[i].failures && wqs[i].received == COPIES,
		      wqs[i].bad, "%s: %d copies, 0 errors, as many interrupts",
		      wq_name(&wqs[i]), COPIES);
		wq_disable(&wqs[i]);
	}
	dsa_disable(0);
}
