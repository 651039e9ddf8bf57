// SPDX-License-Identifier: GPL-2.0
/*
 * Steps with work queues of Intel DSA that complete through IMS, and with those
 * beside them that complete through MSI-X.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define COPIES		25
#define NO_KUNIT	"enable=0"

/* How many interrupts more per WQ count as progress */
#define PROGRESS	4

static const char *cmd_status(const struct dsa_wq *wq)
{
	static char status[32];

	read_file(txt(DSA_BUS "devices/dsa%d/cmd_status", wq->dev), status, sizeof(status));
	return status;
}

/* Sets WQs up as their member want says, with the device they belong to. */
bool bring_up(struct dsa_wq *wqs, int nr)
{
	int i, ret;

	for (i = 0; i < nr; i++) {
		if (!wq_config(&wqs[i], wqs[i].want))
			return false;
	}
	for (i = 0; i < nr; i++) {
		if ((!i || wqs[i].dev != wqs[i - 1].dev) && !dsa_enable(wqs[i].dev))
			return false;
	}
	for (i = 0; i < nr; i++) {
		ret = wq_enable(&wqs[i]);
		if (!check(!ret && wqs[i].chan[0] && wqs[i].irq.irq,
			   ret ? txt("%s, status %s", strerror(-ret), cmd_status(&wqs[i])) :
			   "no channel or no interrupt",
			   "%s is enabled with %s", wq_name(&wqs[i]), wqs[i].want))
			return false;
	}
	return true;
}

void take_down(struct dsa_wq *wqs, int nr)
{
	int i, ret;

	for (i = 0; i < nr; i++) {
		ret = wq_disable(&wqs[i]);
		if (ret)
			check(false, strerror(-ret), "%s is disabled", wq_name(&wqs[i]));
	}
	for (i = 0; i < nr; i++) {
		if (!i || wqs[i].dev != wqs[i - 1].dev)
			dsa_disable(wqs[i].dev);
	}
}

static void show(const struct dsa_wq *wqs, int nr)
{
	const struct dsa_wq *wq;
	char line[512] = "";

	say(" ");
	say("%-6s %-6s %5s %4s  %-26s %-14s %6s %6s %10s", "wq", "table", "index", "irq", "chip",
	    "message", "copies", "errors", "interrupts");
	for (wq = wqs; wq < wqs + nr; wq++)
		say("%-6s %-6s %5u %4u  %-26s %-14s %6lu %6lu %10ld", wq_name(wq), wq->want,
		    wq->irq.index, wq->irq.irq, wq->irq.chip, dsa_message(wq), wq->copies,
		    wq->failures, wq->received);
	say(" ");
	say("/proc/interrupts");
	for (wq = wqs; wq < wqs + nr; wq++) {
		irq_total(wq->irq.irq, line, sizeof(line));
		say("%s", line);
	}
}

/* Each copy raises one interrupt, unless @more come for other reasons. */
static void check_copies(const struct dsa_wq *wqs, int nr, bool more)
{
	const struct dsa_wq *wq;
	long copies;

	for (wq = wqs; wq < wqs + nr; wq++) {
		copies = wq->copies;
		check(copies && !wq->failures && wq->received >= copies &&
		      (more || wq->received == copies),
		      txt("%ld copies, %lu errors, %ld interrupts: %s", copies, wq->failures,
			  wq->received, wq->bad),
		      "%s, %s %u, irq %u: %ld copies, 0 errors, %ld interrupts", wq_name(wq),
		      wq->ims ? "IMS slot" : "MSI-X entry", wq->irq.index, wq->irq.irq, copies,
		      wq->received);
	}
}

void copy_and_check(struct dsa_wq *wqs, int nr)
{
	if (dma_start(wqs, nr, COPIES))
		dma_finish(wqs, nr);
	check_copies(wqs, nr, false);
}

/* Wait until each WQ has had @more interrupts than it had @from. */
static bool wait_for(const struct dsa_wq *wqs, int nr, const long *from, int more)
{
	long end = now_ms() + PATIENCE_MS;
	int i;

	for (i = 0; i < nr; i++) {
		while (irq_count(wqs[i].irq.irq) < from[i] + more) {
			if (now_ms() > end)
				return false;
			usleep(1000);
		}
	}
	return true;
}

/* Returns whether each WQ goes on. */
static bool progress(const struct dsa_wq *wqs, int nr)
{
	long from[MAX_WQS];
	int i;

	for (i = 0; i < nr; i++)
		from[i] = irq_count(wqs[i].irq.irq);
	return wait_for(wqs, nr, from, PROGRESS);
}

static void add_up(struct dsa_wq *sum, const struct dsa_wq *wqs, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		sum[i].copies += wqs[i].copies;
		sum[i].failures += wqs[i].failures;
		sum[i].received += wqs[i].received;
		if (wqs[i].bad[0])
			memcpy(sum[i].bad, wqs[i].bad, sizeof(sum[i].bad));
	}
}

/* Copy again and again until @child, which disturbs, has ended. Leaves the sums. */
static void copy_while(struct dsa_wq *wqs, int nr, pid_t child)
{
	struct dsa_wq sum[MAX_WQS];
	int status = -1, ended = 0;

	memcpy(sum, wqs, nr * sizeof(sum[0]));
	while (!ended && dma_start(wqs, nr, COPIES)) {
		ended = waitpid(child, &status, WNOHANG);
		dma_finish(wqs, nr);
		add_up(sum, wqs, nr);
	}
	memcpy(wqs, sum, nr * sizeof(sum[0]));
	check(ended == child && !status, txt("exit status 0x%x", status),
	      "the copies go on under the disturbance");
}

/* What the device itself holds. A slot which is not in use: masked and empty. */
void check_slot(const struct dsa_wq *wq, bool live)
{
	uint32_t lo = dsa_peek(wq->dev, wq->irq.index, 0), hi = dsa_peek(wq->dev, wq->irq.index, 4);
	uint32_t data = dsa_peek(wq->dev, wq->irq.index, 8);
	uint32_t control = dsa_peek(wq->dev, wq->irq.index, 12);

	check(live ? lo >> 20 == 0xfee && !hi && !(control & 1) : !lo && !hi && !data && control & 1,
	      txt("address 0x%x%08x, data 0x%x, control 0x%x", hi, lo, data, control),
	      "slot %u of dsa%d is %s", wq->irq.index, wq->dev,
	      live ? "live" : "masked and empty");
}

/* MSI-X of the same device: the misc interrupt works, and no WQ has one unasked. */
static void check_msix(const struct dsa_wq *wqs, int nr)
{
	struct dsa_wq any = { .dev = wqs->dev };
	struct dsa_irq irqs[MAX_WQS];
	char line[512] = "no line";
	int i, want = 0, have;
	long total;

	for (i = 0; i < nr; i++)
		want += !wqs[i].ims;
	have = dsa_irqs(&any, WQ_ACTION, irqs);
	check(have == want, txt("%d have", have), "%d of %d WQs have an MSI-X interrupt", want,
	      nr);
	have = dsa_irqs(&any, MISC_ACTION, irqs);
	total = have == 1 ? irq_total(irqs[0].irq, line, sizeof(line)) : 0;
	check(total > 0 && strstr(line, "MSIX"), line, "MSI-X works for commands (irq %u)",
	      irqs[0].irq);
	say("%s", line);
}

static void check_refused(const struct dsa_wq *wq, const char *value, int want)
{
	int ret = wq_set(wq, "interrupt", value);

	check(ret == want, ret ? strerror(-ret) : "it is taken",
	      "%s: interrupt=%s gives '%s'", wq_name(wq), value, strerror(-want));
}

static void check_attribute(const struct dsa_wq *wq)
{
	check(!strcmp(wq_get(wq, "interrupt"), wq->want), wq_get(wq, "interrupt"),
	      "%s says interrupt=%s", wq_name(wq), wq->want);
	check_refused(wq, "msix", -EPERM);
	check_refused(wq, "ims", -EPERM);
	check_refused(wq, "intx", -EINVAL);
}

/* The main scenario: two WQs with IMS, one with MSI-X, then one changes sides. */
void step_dsa(const char *arg)
{
	struct dsa_wq wqs[] = {
		{ .id = 0, .want = "ims" }, { .id = 1, .want = "ims" }, { .id = 2, .want = "msix" },
	};

	if (!dsa_load(NO_KUNIT))
		return;
	check(!strcmp(wq_get(&wqs[0], "interrupt"), "msix"), wq_get(&wqs[0], "interrupt"),
	      "the default is msix");
	if (!bring_up(wqs, ARRAY_SIZE(wqs)))
		return;
	if (arg)
		check_verdict("device-memory", "allowed", arg);
	dsa_check_ims(0, "store", "device-memory");
	dsa_check_ims(0, "store", "device-memory");
	dsa_check_ims(0, "size", "2048");
	dsa_check_ims(0, "in_use", "2");
	check_attribute(&wqs[0]);
	check_slot(&wqs[0], true);
	check_slot(&wqs[1], true);

	copy_and_check(wqs, ARRAY_SIZE(wqs));
	show(wqs, ARRAY_SIZE(wqs));
	check_msix(wqs, ARRAY_SIZE(wqs));

	check(!wq_disable(&wqs[0]), NULL, "wq0.0 is disabled");
	dsa_check_ims(0, "in_use", "1");
	check_slot(&wqs[0], false);
	check(!strcmp(wq_get(&wqs[0], "interrupt"), "msix"), wq_get(&wqs[0], "interrupt"),
	      "wq0.0 is back to the default");
	wqs[0].want = "msix";
	if (wq_config(&wqs[0], "msix") && check(!wq_enable(&wqs[0]), NULL, "wq0.0 is enabled with msix"))
		copy_and_check(wqs, ARRAY_SIZE(wqs));
	check_msix(wqs, ARRAY_SIZE(wqs));
	take_down(wqs, ARRAY_SIZE(wqs));
	dsa_check_ims(0, "in_use", "0");
}

/* No IMS, for the reason given: the driver says so and works with MSI-X. */
void step_dsa_fallback(const char *arg)
{
	struct dsa_wq wq = { .want = "msix" };
	const char *reason = reason_of(arg);
	char line[512] = "no such line";
	int ret;

	if (!dsa_load(NO_KUNIT))
		return;
	dsa_check_ims(0, "store", "nothing");
	check_refused(&wq, "ims", -EOPNOTSUPP);
	ret = log_count("idxd", "no IMS", reason, line, sizeof(line));
	if (ret > 0)
		say("%s", line);
	check(ret == 1, line, "log says why: %s", reason);
	ret = log_count("IMS not used", NULL, NULL, line, sizeof(line));
	check(ret <= 1, txt("%d lines", ret), "nothing is said twice");
	if (!bring_up(&wq, 1))
		return;
	copy_and_check(&wq, 1);
	show(&wq, 1);
	check_msix(&wq, 1);
	take_down(&wq, 1);
}

/* The tests run when the module is loaded, and leave their results in debugfs. */
void step_dsa_kunit(const char *arg)
{
	char buf[8192], *line, *save = NULL, *p;
	int n = 0;

	(void)arg;
	if (!dsa_load("enable=1"))
		return;
	read_file("/sys/kernel/debug/kunit/idxd_ims/results", buf, sizeof(buf));
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		p = strstr(line, "ok ");
		if (line[0] != ' ' || !p || line[4] == '#')
			continue;
		check(!strstr(line, "not ok "), "see the log", "kunit:%s",
		      strrchr(p, ' ') ? strrchr(p, ' ') : p);
		n++;
	}
	check(n, "no results", "%d KUnit tests of the driver ran", n);
}

static void unload_once(struct dsa_wq *wqs, int nr, int round)
{
	char pci[32], buf[16] = "";
	int ret;

	snprintf(pci, sizeof(pci), "%s", dsa_pci(0));
	if (!dma_start(wqs, nr, COPIES))
		return;
	ret = module_unload("idxd");
	check(ret == -EAGAIN, strerror(-ret), "unload %d: refused while in use", round);
	dma_finish(wqs, nr);
	check_copies(wqs, nr, false);

	ret = module_unload("idxd");
	check(!ret, strerror(-ret), "unload %d: works with WQs enabled", round);
	check(!interrupts_mention("PCI-IMS"), NULL, "unload %d: no IMS line in /proc/interrupts",
	      round);
	ret = read_file(txt("/sys/bus/pci/devices/%s/ims/store", pci), buf, sizeof(buf));
	check(ret == -ENOENT, buf, "unload %d: the store is gone", round);
}

void step_dsa_unload(const char *arg)
{
	struct dsa_wq wqs[] = {
		{ .id = 0, .want = "ims" }, { .id = 1, .want = "msix" }, { .id = 2, .want = "ims" },
	};
	int i;

	(void)arg;
	for (i = 1; i <= 2; i++) {
		if (!dsa_load(NO_KUNIT) || !bring_up(wqs, ARRAY_SIZE(wqs)))
			return;
		unload_once(wqs, ARRAY_SIZE(wqs), i);
	}
}

void reset_function(void)
{
	int ret = write_file(txt("/sys/bus/pci/devices/%s/reset", dsa_pci(0)), "1");

	check(!ret, strerror(-ret), "function is reset");
}

/*
 * The device forgets its configuration and its messages. The core brings the latter
 * back. What was under way fails, and the WQs have to be set up again.
 */
static void reset_without_driver(struct dsa_wq *wqs, int nr, bool load)
{
	uint32_t lo = dsa_peek(0, wqs[0].irq.index, 0), data = dsa_peek(0, wqs[0].irq.index, 8);

	if (load && !dma_start_slow(wqs, nr, 8))
		return;
	if (load)
		check(wait_for(wqs, nr, (long []){ wqs[0].before, wqs[1].before }, 1), NULL,
		      "copies are under way");
	reset_function();
	check_slot(&wqs[0], true);
	check(lo == dsa_peek(0, wqs[0].irq.index, 0) && data == dsa_peek(0, wqs[0].irq.index, 8),
	      NULL, "its message is the one from before");
	if (load) {
		dma_finish(wqs, nr);
		check(wqs[0].failures && wqs[1].failures, NULL,
		      "the rest is lost, and dmatest says so");
		say("%lu and %lu copies, %lu and %lu of them lost", wqs[0].copies, wqs[1].copies,
		    wqs[0].failures, wqs[1].failures);
	}

	take_down(wqs, nr);
	dsa_check_ims(0, "in_use", "0");
	bring_up(wqs, nr);
}

/*
 * The driver takes part since Linux 6.14. It disables kernel WQs, whose users must be
 * gone, keeps their configuration, and sets up interrupts anew.
 */
static bool driver_resets(void)
{
	return kernel_since(6, 14);
}

/*
 * What a reset by the driver leaves behind, and that the WQs can be enabled again. A worker of
 * the driver resets a device which has halted; the last that it does is to give up a kernel WQ.
 */
static void check_after_reset(struct dsa_wq *wqs, int nr)
{
	long end = now_ms() + PATIENCE_MS;
	int i, ret;

	while (log_count("unable to re-enable wq", wq_name(&wqs[nr - 1]), NULL, NULL, 0) < 1 &&
	       now_ms() < end)
		usleep(1000);
	dsa_check_ims(0, "store", "device-memory");
	dsa_check_ims(0, "in_use", "0");
	for (i = 0; i < nr; i++) {
		check(!strcmp(wq_get(&wqs[i], "state"), "disabled"), wq_get(&wqs[i], "state"),
		      "%s is disabled", wq_name(&wqs[i]));
		check(!strcmp(wq_get(&wqs[i], "interrupt"), wqs[i].want),
		      wq_get(&wqs[i], "interrupt"), "%s keeps its choice", wq_name(&wqs[i]));
		ret = wq_enable(&wqs[i]);
		check(!ret, strerror(-ret), "%s is enabled again", wq_name(&wqs[i]));
	}
}

/*
 * dsa-flr, or dsa-flr=idle: nothing is under way. With a trapped portal, as it is while the device
 * is reset, KVM cannot emulate the instruction which submits.
 */
void step_dsa_flr(const char *arg)
{
	struct dsa_wq wqs[] = { { .id = 0, .want = "ims" }, { .id = 1, .want = "msix" } };

	if (!dsa_load(NO_KUNIT) || !bring_up(wqs, ARRAY_SIZE(wqs)))
		return;
	if (driver_resets()) {
		copy_and_check(wqs, ARRAY_SIZE(wqs));
		reset_function();
		check_after_reset(wqs, ARRAY_SIZE(wqs));
	} else {
		reset_without_driver(wqs, ARRAY_SIZE(wqs), !arg);
	}
	copy_and_check(wqs, ARRAY_SIZE(wqs));
	if (arg)
		show(wqs, ARRAY_SIZE(wqs));
	take_down(wqs, ARRAY_SIZE(wqs));
}

/*
 * The device halts and wants to be reset. Before Linux 6.14 the driver leaves that to
 * the administrator, and there is no way back for kernel WQs.
 */
void step_dsa_halt(const char *arg)
{
	struct dsa_wq wqs[] = { { .id = 0, .want = "ims" }, { .id = 1, .want = "msix" } };
	long end = now_ms() + PATIENCE_MS;

	(void)arg;
	if (!dsa_load(NO_KUNIT) || !bring_up(wqs, ARRAY_SIZE(wqs)))
		return;
	copy_and_check(wqs, ARRAY_SIZE(wqs));
	if (driver_resets()) {
		dsa_misbehave(0, "halt", "1");
		check_after_reset(wqs, ARRAY_SIZE(wqs));
		copy_and_check(wqs, ARRAY_SIZE(wqs));
		take_down(wqs, ARRAY_SIZE(wqs));
		return;
	}
	dsa_misbehave(0, "halt", "1");
	while (log_count("halted, need FLR", NULL, NULL, NULL, 0) < 1 && now_ms() < end)
		usleep(1000);
	check(log_count("halted, need FLR", NULL, NULL, NULL, 0) == 1, NULL,
	      "driver says that the device needs a reset");
	dsa_check_ims(0, "in_use", "1");
}

/* Several WQs at once while affinity moves and CPUs go away */
void step_dsa_storm(const char *arg)
{
	struct dsa_wq wqs[] = {
		{ .id = 0, .want = "ims" }, { .id = 1, .want = "ims" },
		{ .id = 2, .want = "ims" }, { .id = 3, .want = "ims" },
	};
	struct moves *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int cpus = sysconf(_SC_NPROCESSORS_CONF), cpu, i;
	struct vectors vs = { .nr = ARRAY_SIZE(wqs) };
	bool ok = true;
	pid_t child;

	(void)arg;
	if (!check(cpus > 1, NULL, "there are CPUs to take away") || !dsa_load(NO_KUNIT) ||
	    !bring_up(wqs, ARRAY_SIZE(wqs)))
		return;
	for (i = 0; i < vs.nr; i++)
		vs.v[i].irq = wqs[i].irq.irq;
	child = fork();
	if (!child) {
		for (cpu = 1; cpu < cpus; cpu++) {
			cpu_cycle(&vs, cpu, m);
			ok = ok && progress(wqs, ARRAY_SIZE(wqs));
		}
		_exit(!ok);
	}
	copy_while(wqs, ARRAY_SIZE(wqs), child);
	check_moves(&vs, cpus, m);
	check_copies(wqs, ARRAY_SIZE(wqs), false);
	show(wqs, ARRAY_SIZE(wqs));
	take_down(wqs, ARRAY_SIZE(wqs));
}

/* The device revokes all interrupt handles, and the driver gets new ones. */
void step_dsa_revoke(const char *arg)
{
	struct dsa_wq wqs[] = {
		{ .id = 0, .want = "ims" }, { .id = 1, .want = "msix" }, { .id = 2, .want = "ims" },
	};
	bool ok = true;
	pid_t child;
	int i;

	(void)arg;
	if (!dsa_load(NO_KUNIT) || !bring_up(wqs, ARRAY_SIZE(wqs)))
		return;
	child = fork();
	if (!child) {
		for (i = 0; ok && i < 3; i++)
			ok = progress(wqs, ARRAY_SIZE(wqs)) &&
			     dsa_misbehave(0, "revoke-handles", "true");
		_exit(!ok || !progress(wqs, ARRAY_SIZE(wqs)));
	}
	copy_while(wqs, ARRAY_SIZE(wqs), child);
	check_copies(wqs, ARRAY_SIZE(wqs), true);
	show(wqs, ARRAY_SIZE(wqs));
	take_down(wqs, ARRAY_SIZE(wqs));
}

static void check_not_enabled(struct dsa_wq *wq, const char *why)
{
	char line[512] = "no such line";
	int ret = wq_enable(wq);

	check(ret < 0, "it is", "%s is not enabled: %s", wq_name(wq), why);
	check(log_count("idxd", "no interrupt handle", NULL, line, sizeof(line)) == 1, line,
	      "log says why");
	check(!strcmp(wq_get(wq, "state"), "disabled"), wq_get(wq, "state"), "it is disabled");
	check(!strcmp(wq_get(wq, "interrupt"), "ims") && !strcmp(wq_get(wq, "size"), "16") &&
	      !strcmp(wq_get(wq, "group_id"), "0"), NULL, "it keeps its configuration");
}

/* Enabling a WQ fails for want of an interrupt, and works once that is mended. */
void step_dsa_refuse(const char *arg)
{
	struct dsa_wq wqs[] = { { .id = 0, .want = "ims" }, { .id = 1, .want = "ims" } };
	struct dsa_wq *wq = &wqs[1];

	(void)arg;
	if (!dsa_load(NO_KUNIT) || !wq_config(wq, "ims") || !bring_up(wqs, 1))
		return;
	dsa_misbehave(0, "fault-cmd", "13");
	check_not_enabled(wq, "no interrupt handle");
	dsa_check_ims(0, "in_use", "1");
	dsa_misbehave(0, "fault-cmd", "0");

	if (wq_config(wq, "ims") && check(!wq_enable(wq), NULL, "%s is enabled", wq_name(wq)))
		copy_and_check(wqs, ARRAY_SIZE(wqs));
	take_down(wqs, ARRAY_SIZE(wqs));
}
