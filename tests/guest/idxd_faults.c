// SPDX-License-Identifier: GPL-2.0
/*
 * Steps with a device that misbehaves. A second device is the victim: one of its work
 * queues is set up and idle, so its interrupt must not count.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define COPIES		10

/* Few with a forged message, as the kernel logs three faults in five seconds, not more */
#define FORGED		1
#define NOBODY		"4294967295"

/* Handles in the address of a message, for VT-d, and one that is far from those in use */
#define ALL_HANDLES	0xfffe0
#define UNUSED		0x8000

/* Of VT-d, when a message has not the source that its entry wants */
#define BLOCKED		"source-id verification"

static const char *requester_id(int dev)
{
	unsigned int bus, slot, fn;

	if (sscanf(dsa_pci(dev), "%*x:%x:%x.%u", &bus, &slot, &fn) != 3)
		return NOBODY;
	return txt("%u", bus << 8 | slot << 3 | fn);
}

static bool bring_up_two(struct dsa_wq wqs[2])
{
	int i, ret;

	if (!dsa_load("enable=0"))
		return false;
	for (i = 0; i < 2; i++) {
		if (!wq_config(&wqs[i], "ims") || !dsa_enable(wqs[i].dev))
			return false;
		ret = wq_enable(&wqs[i]);
		if (!check(!ret && wqs[i].irq.irq, strerror(-ret), "%s is enabled with ims",
			   wq_name(&wqs[i])))
			return false;
	}
	return true;
}

/* Copy on the first device. Returns what the idle interrupt of the other one got. */
static long copy_beside(struct dsa_wq wqs[2], int copies)
{
	long before = irq_count(wqs[1].irq.irq);

	if (dma_start(wqs, 1, copies))
		dma_finish(wqs, 1);
	check(wqs[0].copies == (unsigned long)copies && !wqs[0].failures, wqs[0].bad,
	      "%s: %lu copies, %lu errors", wq_name(&wqs[0]), wqs[0].copies, wqs[0].failures);
	return irq_count(wqs[1].irq.irq) - before;
}

/*
 * With remapping the IOMMU takes messages only from the device they are meant for, and
 * reports others with the @source that they claim to have.
 */
static void check_fault(bool blocked, const char *what, int source)
{
	/* Newer kernels put the segment before it */
	const char *device = txt("%s]", dsa_pci(source) + strlen("0000:"));
	char line[512] = "no such line";
	int ret = log_count("DMAR", BLOCKED, device, line, sizeof(line));

	if (blocked)
		check(ret > 0, line, "%s: log holds the IOMMU's fault of %s", what,
		      dsa_pci(source));
	else
		check(!ret, line, "%s: there is no IOMMU which could report it", what);
	if (ret > 0)
		say("%s", line);
}

/* Beside its own message the device sends the one of the other device. */
static void forge_message(struct dsa_wq wqs[2], bool blocked)
{
	unsigned int slot = wqs[1].irq.index;
	long hits;

	dsa_misbehave(0, "fault-data", txt("%u", dsa_peek(1, slot, 8)));
	dsa_misbehave(0, "fault-address", txt("%u", dsa_peek(1, slot, 0)));
	hits = copy_beside(wqs, FORGED);
	check(blocked ? !hits : hits > 0, txt("it ran %ld times", hits),
	      "message of %s sent by dsa0: handler %s", wq_name(&wqs[1]),
	      blocked ? "does not run" : "of the victim runs");
	check_fault(blocked, "another device's message", 0);
	say("message 0x%08x/0x%x: sent by dsa0, handler of dsa1 ran %ld times",
	    dsa_peek(1, slot, 0), dsa_peek(1, slot, 8), hits);
	dsa_misbehave(0, "fault-address", "0");
}

/*
 * It sends its message in the name of the other device. Where that is blocked it sends
 * the right one, too, as otherwise the copies would be lost. Two that arrive at once
 * count as one, so the count tells nothing.
 */
static void forge_source(struct dsa_wq wqs[2], bool blocked)
{
	dsa_misbehave(0, "fault-extra", blocked ? "true" : "false");
	dsa_misbehave(0, "fault-rid", requester_id(1));
	check(!copy_beside(wqs, FORGED), NULL, "message in the name of dsa1: %s",
	      blocked ? "the victim notices nothing" : "is as good as the right one");
	check_fault(blocked, "forged requester ID", 1);
	dsa_misbehave(0, "fault-rid", NOBODY);
}

/* Beside its own message it sends one with the handle of the next entry. */
static void forge_handle(struct dsa_wq wqs[2])
{
	long hits;

	dsa_misbehave(0, "fault-handle-add", "1");
	hits = copy_beside(wqs, FORGED);
	check(!hits && wqs[0].received == FORGED,
	      txt("%ld interrupts, %ld of the victim", wqs[0].received, hits),
	      "message with the next handle does not arrive");
	dsa_misbehave(0, "fault-handle-add", "0");
}

/* The emulator counts what is no message that it has handed out for the device */
static void forge_dropped(struct dsa_wq wqs[2], const char *what, unsigned int address,
			  unsigned int data)
{
	long dropped = machine_property("x-device-msi-dropped"), hits;

	dsa_misbehave(0, "fault-data", txt("%u", data));
	dsa_misbehave(0, "fault-address", txt("%u", address));
	hits = copy_beside(wqs, FORGED);
	dropped = machine_property("x-device-msi-dropped") - dropped;
	check(!hits && dropped == FORGED, txt("%ld interrupts, %ld dropped", hits, dropped),
	      "%s sent by dsa0 raises nothing", what);
	dsa_misbehave(0, "fault-address", "0");
}

static void forge_handed_out(struct dsa_wq wqs[2])
{
	unsigned int slot = wqs[1].irq.index, address = dsa_peek(1, slot, 0);
	unsigned int data = dsa_peek(1, slot, 8);

	forge_dropped(wqs, "message of dsa1", address, data);
	forge_dropped(wqs, "own message with other data", dsa_peek(0, wqs[0].irq.index, 0), data ^ 1);
	forge_dropped(wqs, "message with a vector of the guest", 0xfee00000, 0x24);
	forge_dropped(wqs, "handle which nobody has", 0xfeefff00, data);
}

/* The guest has the table to itself, so it can have the device send what it likes */
static void forge_slot(struct dsa_wq *wq, const char *what, uint32_t address, uint32_t data)
{
	dsa_poke(0, wq->irq.index, 0, address);
	dsa_poke(0, wq->irq.index, 8, data);
	if (dma_start_lost(wq, 1, FORGED))
		dma_finish(wq, 1);
	check(!wq->received && wq->failures == FORGED,
	      txt("%ld interrupts, %lu errors", wq->received, wq->failures),
	      "%s, 0x%x/0x%x, raises nothing", what, address, data);
}

void step_dsa_forge_slot(const char *arg)
{
	struct dsa_wq wq = { .want = "ims" };
	uint32_t address, data;

	(void)arg;
	if (!dsa_load("enable=0") || !bring_up(&wq, 1))
		return;
	address = dsa_peek(0, wq.irq.index, 0);
	data = dsa_peek(0, wq.irq.index, 8);
	say("slot %u has %s", wq.irq.index, dsa_message(&wq));
	forge_slot(&wq, "message which the guest made up", 0xfee00000, 0x24);
	forge_slot(&wq, "handle which nobody has", address ^ UNUSED, data);
	forge_slot(&wq, "handle of another device", address & ~ALL_HANDLES, data);
	dsa_poke(0, wq.irq.index, 0, address);
	dsa_poke(0, wq.irq.index, 8, data);
}

void step_dsa_forge(const char *arg)
{
	struct dsa_wq wqs[2] = { { .dev = 0 }, { .dev = 1 } };
	bool blocked = arg && !strcmp(arg, "blocked");

	if (!bring_up_two(wqs))
		return;
	check(!copy_beside(wqs, COPIES), NULL, "a device that behaves disturbs nobody");
	dsa_misbehave(0, "fault-extra", "true");
	if (arg && !strcmp(arg, "dropped")) {
		forge_handed_out(wqs);
	} else {
		forge_message(wqs, blocked);
		forge_source(wqs, blocked);
		if (blocked)
			forge_handle(wqs);
	}
	dsa_misbehave(0, "fault-extra", "false");
	check(!copy_beside(wqs, COPIES), NULL, "nothing stays behind");
}

/* The driver refuses a device that has halted, leaves nothing behind, and takes it after a reset. */
void step_dsa_halted(const char *arg)
{
	struct dsa_wq wq = { .want = "ims" };
	char pci[32];
	int ret;

	(void)arg;
	if (!dsa_load("enable=0"))
		return;
	snprintf(pci, sizeof(pci), "%s", dsa_pci(0));
	ret = write_file(IDXD_DRIVER "unbind", pci);
	check(!ret, strerror(-ret), "driver is unbound");
	dsa_misbehave(0, "halt", "1");
	ret = write_file(IDXD_DRIVER "bind", pci);
	check(ret == -ENXIO, strerror(-ret), "driver does not take a device that has halted");
	ret = write_file(txt("/sys/bus/pci/devices/%s/reset", pci), "1");
	check(!ret, strerror(-ret), "function is reset");
	ret = write_file(IDXD_DRIVER "bind", pci);
	if (!check(!ret && dsa_pci(0)[0], strerror(-ret), "driver takes it, and it is dsa0 again") ||
	    !bring_up(&wq, 1))
		return;
	copy_and_check(&wq, 1);
	take_down(&wq, 1);
}

/* A command that hangs holds up who waits for it, and nobody else. */
void step_dsa_hang(const char *arg)
{
	struct dsa_wq wqs[2] = { { .id = 0 }, { .id = 1 } };
	int status = -1;
	pid_t child;

	(void)arg;
	if (!dsa_load("enable=0") || !wq_config(&wqs[0], "ims") || !wq_config(&wqs[1], "ims") ||
	    !dsa_enable(0) || !check(!wq_enable(&wqs[0]), NULL, "wq0.0 is enabled"))
		return;
	dsa_misbehave(0, "fault-cmd-hang", "true");
	dsa_misbehave(0, "fault-cmd", "13");
	child = fork();
	if (!child)
		_exit(wq_enable(&wqs[1]) ? 1 : 0);
	while (dsa_peek(0, -1, 0xa8) >> 31 == 0)
		usleep(1000);
	if (dma_start(wqs, 1, COPIES))
		dma_wait(wqs, 1);
	check(wqs[0].copies == COPIES && !wqs[0].failures, wqs[0].bad,
	      "wq0.0 works while a command hangs");
	check(!waitpid(child, &status, WNOHANG), NULL, "the one who waits for it does so");
	dsa_misbehave(0, "fault-cmd", "0");
	dma_release();
	check(waitpid(child, &status, 0) == child && !status, txt("status 0x%x", status),
	      "it goes on when the command ends");
	check(!strcmp(wq_get(&wqs[1], "state"), "enabled"), NULL, "wq0.1 is enabled");
	dsa_check_ims(0, "in_use", "2");
	wq_disable(&wqs[0]);
	wq_disable(&wqs[1]);
	dsa_disable(0);
	dsa_check_ims(0, "in_use", "0");
}

/* A device that ignores masks, and one that sends the message of a slot's last user */
void step_dsa_badmask(const char *arg)
{
	static const char * const faults[] = { "fault-ignore-mask", "fault-stale" };
	struct dsa_wq wqs[2] = { { .dev = 0 }, { .dev = 1 } };
	size_t i;

	(void)arg;
	if (!bring_up_two(wqs))
		return;
	dsa_misbehave(0, "fault-extra", "true");
	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		dsa_misbehave(0, faults[i], "true");
		check(!wq_disable(&wqs[0]), NULL, "%s: wq0.0 is disabled", faults[i]);
		dsa_check_ims(0, "in_use", "0");
		if (!wq_config(&wqs[0], "ims") ||
		    !check(!wq_enable(&wqs[0]), NULL, "%s: wq0.0 is enabled again", faults[i]))
			return;
		check(!copy_beside(wqs, COPIES), NULL, "%s: nobody else is disturbed", faults[i]);
		dsa_misbehave(0, faults[i], "false");
	}
}

int run_command(const char *command)
{
	char *argv[24] = { NULL }, text[256], *save = NULL;
	int nr = 0, status = -1;
	pid_t child;

	snprintf(text, sizeof(text), "%s", command);
	for (argv[0] = strtok_r(text, " ", &save); argv[nr] && nr < 22;)
		argv[++nr] = strtok_r(NULL, " ", &save);
	child = fork();
	if (!child) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The administrator's tool does everything but the choice of the interrupt. */
void step_dsa_accel(const char *arg)
{
	static const char * const up[] = {
		"config-engine dsa0/engine0.1 --group-id=0",
		"config-wq dsa0/wq0.1 --group-id=0 --wq-size=16 --priority=10 --type=kernel "
		"--name=copy --mode=dedicated --driver-name=dmaengine",
		"enable-device dsa0", "enable-wq dsa0/wq0.1",
	};
	static const char * const down[] = { "disable-wq dsa0/wq0.1", "disable-device dsa0" };
	/* What it has saved, and the samples which are delivered with it */
	static const char * const files[] = {
		"saved", "storage_profile.conf", "net_profile.conf", "os_profile.conf", "app_profile.conf",
	};
	struct dsa_wq wq = { .id = 1 };
	size_t i;
	int ret;

	(void)arg;
	if (!dsa_load("enable=0"))
		return;
	for (i = 0; i < ARRAY_SIZE(up); i++) {
		if (i == 2)
			check(!wq_set(&wq, "interrupt", "ims"), NULL, "wq0.1 takes interrupt=ims");
		if (i == 3)
			wq_watch(&wq);
		ret = run_command(txt("/bin/accel-config %s", up[i]));
		if (!check(!ret, txt("exit status %d", ret), "accel-config %s", up[i]))
			return;
	}
	wq_found(&wq);
	dsa_check_ims(0, "in_use", "1");
	if (dma_start(&wq, 1, COPIES))
		dma_finish(&wq, 1);
	check(wq.copies == COPIES && !wq.failures && wq.received == COPIES, wq.bad,
	      "%lu copies, %ld interrupts through IMS", wq.copies, wq.received);
	ret = run_command("/bin/accel-config list");
	check(!ret, txt("exit status %d", ret), "accel-config list");
	ret = run_command("/bin/accel-config save-config -s /conf/saved");
	check(!ret, txt("exit status %d", ret), "accel-config saves what is configured");
	for (i = 0; i < ARRAY_SIZE(down); i++) {
		ret = run_command(txt("/bin/accel-config %s", down[i]));
		check(!ret, txt("exit status %d", ret), "accel-config %s", down[i]);
	}
	dsa_check_ims(0, "in_use", "0");
	check(!strcmp(wq_get(&wq, "type"), "none"), wq_get(&wq, "type"), "wq0.1 has lost its type");
	/* The driver shows traffic classes of such a device, but takes them with this only */
	write_file("/sys/module/idxd/parameters/tc_override", "Y");
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		ret = run_command(txt("/bin/accel-config load-config -c /conf/%s", files[i]));
		check(!ret, txt("exit status %d", ret), "accel-config loads %s", files[i]);
		if (!i)
			check(!strcmp(wq_get(&wq, "type"), "kernel"), wq_get(&wq, "type"),
			      "wq0.1 has its type again");
	}
}
