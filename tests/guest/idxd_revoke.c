// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt handles that the device takes back while work queues come and go, and
 * transfers that are terminated where nothing may sleep.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define COPIES	10

/* How often a work queue comes and goes, how many revocations count as beside it */
#define CYCLES	60

static bool cycle(struct dsa_wq *wq)
{
	return wq_config(wq, wq->want) && !wq_enable(wq) && !wq_disable(wq);
}

static void copy_on(struct dsa_wq *wqs, int nr)
{
	int i;

	if (dma_start(wqs, nr, COPIES))
		dma_finish(wqs, nr);
	for (i = 0; i < nr; i++)
		check(wqs[i].copies == COPIES && !wqs[i].failures, wqs[i].bad,
		      "%s: %d copies, %lu errors", wq_name(&wqs[i]), COPIES, wqs[i].failures);
}

/*
 * One work queue comes and goes with the slot and the handle that it has, while the
 * driver renews the handles of all that are there.
 */
void step_dsa_revoke_race(const char *arg)
{
	struct dsa_wq wqs[] = { { .id = 0, .want = "ims" }, { .id = 1, .want = "ims" } };
	int status = -1, revoked = 0, i, ended = 0;
	pid_t child;

	(void)arg;
	if (!dsa_load("enable=0") || !wq_config(&wqs[0], "ims") || !wq_config(&wqs[1], "ims") ||
	    !dsa_enable(0) || !check(!wq_enable(&wqs[1]), NULL, "wq0.1 is enabled"))
		return;
	child = fork();
	if (!child) {
		for (i = 0; i < CYCLES && cycle(&wqs[0]); i++)
			;
		_exit(i < CYCLES);
	}
	while (!ended && dsa_misbehave(0, "revoke-handles", "true")) {
		revoked++;
		ended = waitpid(child, &status, WNOHANG);
	}
	check(ended == child && !status, txt("exit status 0x%x", status),
	      "wq0.0 comes and goes %d times", CYCLES);
	check(revoked > CYCLES / 2, txt("%d", revoked), "handles are revoked meanwhile");
	say("%d revocations", revoked);
	check(!log_count("get int handle", NULL, NULL, NULL, 0), NULL,
	      "no handle is asked for in vain");
	dsa_check_ims(0, "in_use", "1");

	if (wq_config(&wqs[0], "ims") && check(!wq_enable(&wqs[0]), NULL, "wq0.0 is enabled"))
		copy_on(wqs, 2);
	for (i = 0; i < 2; i++)
		wq_disable(&wqs[i]);
	dsa_disable(0);
	dsa_check_ims(0, "in_use", "0");
}

/* There is no new handle for one that is revoked: the work queue is of no use any more. */
void step_dsa_revoke_refused(const char *arg)
{
	struct dsa_wq wq = { .id = 0, .want = "ims" };
	long end = now_ms() + PATIENCE_MS;

	(void)arg;
	if (!dsa_load("enable=0") || !wq_config(&wq, "ims") || !dsa_enable(0) ||
	    !check(!wq_enable(&wq), NULL, "wq0.0 is enabled"))
		return;
	dsa_misbehave(0, "fault-cmd", "13");
	dsa_misbehave(0, "revoke-handles", "true");
	while (!log_count("get int handle", NULL, NULL, NULL, 0) && now_ms() < end)
		usleep(1000);
	check(log_count("get int handle", NULL, NULL, NULL, 0) == 1, NULL,
	      "log says that there is no handle");
	dsa_misbehave(0, "fault-cmd", "0");
	check(!wq_disable(&wq), NULL, "wq0.0 is disabled");
	dsa_check_ims(0, "in_use", "0");
	if (wq_config(&wq, "ims") && check(!wq_enable(&wq), NULL, "wq0.0 is enabled again"))
		copy_on(&wq, 1);
	wq_disable(&wq);
	dsa_disable(0);
}

/* Only since Linux 7.0 the driver can terminate. */
void step_dsa_terminate(const char *arg)
{
	struct dsa_wq wq = { .want = "ims" };
	bool can = kernel_since(7, 0);
	int i, ret;

	(void)arg;
	if (!dsa_load("enable=0") || !wq_config(&wq, "ims") || !dsa_enable(0) ||
	    !check(!wq_enable(&wq), NULL, "wq0.0 is enabled"))
		return;
	for (i = 0; i < 3; i++) {
		if (dma_start(&wq, 1, COPIES))
			dma_finish(&wq, 1);
		if (!check(wq.copies == COPIES && !wq.failures && wq.received == COPIES, wq.bad,
			   "%d copies, 0 errors, as many interrupts", COPIES))
			return;
		ret = dsa_client("terminate", wq.chan);
		check(ret == (can ? 0 : -EINVAL), strerror(-ret), "transfers %s terminated",
		      can ? "are" : "cannot be");
	}
	wq_disable(&wq);
	dsa_disable(0);
}
