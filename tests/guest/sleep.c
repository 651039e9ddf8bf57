// SPDX-License-Identifier: GPL-2.0
/*
 * Steps that put the machine to sleep, with vectors in each state in which a driver can
 * leave them. The runner wakes it through the emulator's monitor: that is what a user does,
 * or the power button.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"


/* What happens to these vectors of edu, the others just sleep */
#define DISABLED	"1"
#define NOIRQ		"2"
#define PENDING		"3"
#define MOVED		4

static bool edu_write(const char *file, const char *text)
{
	int ret = write_file(edu_debugfs(file), text);

	return check(!ret, strerror(-ret), "edu: %s %s", file, text);
}

/* Exactly the vectors of @want, while that of @either does not matter */
void edu_check_armed(const char *want, const char *either, const char *when)
{
	char buf[256];
	int ret = read_file(edu_debugfs("armed"), buf, sizeof(buf));
	const char *bad = ret < 0 ? strerror(-ret) : NULL;
	unsigned int i;

	for (i = 0; !bad && i < MAX_VECTORS; i++) {
		if (!in_list(either, i) && in_list(want, i) != in_list(buf, i))
			bad = txt("it can send '%s'", buf);
	}
	check(!bad, bad, "%s the device can send '%s'", when, want);
}

static void move_to(unsigned int irq, int cpu)
{
	int ret = write_file(txt("/proc/irq/%u/smp_affinity_list", irq), txt("%d", cpu));

	check(!ret, strerror(-ret), "irq %u moves to CPU %d", irq, cpu);
}

static void go_to_sleep(const char *how)
{
	bool mem = !strcmp(how, "mem");
	int ret = 0;

	if (!mem && strcmp(how, "freeze"))
		ret = write_file("/sys/power/pm_test", how);
	if (!ret)
		ret = write_file("/sys/power/state", mem ? "mem" : "freeze");
	check(!ret, strerror(-ret), "machine sleeps (%s) and wakes up", how);
	write_file("/sys/power/pm_test", "none");
}

static void edu_prepare(bool noirq)
{
	struct vectors vs;

	edu_fire("0-15", 1, "edu: all vectors fire");
	edu_write("disable", DISABLED);
	edu_write("disable", NOIRQ);
	edu_write("disable", PENDING);
	edu_write("fire", NOIRQ "," PENDING);
	if (!edu_read_vectors(&vs) && vs.nr > MOVED)
		move_to(vs.v[MOVED].irq, 1);
	if (noirq)
		edu_write("enable_noirq", "0x4");
}

/* What the driver disabled stays so, everything else works without another word. */
static void edu_after(bool noirq)
{
	struct vectors vs;

	if (!noirq)
		edu_write("enable", NOIRQ);
	edu_check_armed("0,2,4-15", DISABLED "," PENDING, "edu: afterwards");
	edu_write("enable", DISABLED);
	edu_write("enable", PENDING);
	edu_check_armed("0-15", "", "edu: when all are enabled");
	check(edu_settle(&vs) >= 0, NULL, "edu: events from before the sleep have arrived");
	edu_fire("0-15", 1, "edu: all vectors fire, also those moved or enabled early");
	edu_check_msi();
}

/* The device refuses the first message that it is to take again, until the next sleep. */
static void edu_refuses(const char *how)
{
	edu_write("fail_commit", "1");
	go_to_sleep(how);
	edu_check_armed("1-15", "", "edu: a commit that failed costs one vector, and");
	go_to_sleep(how);
	edu_check_armed("0-15", "", "edu: with the next attempt");
	edu_fire("0-15", 1, "edu: all vectors fire");
	edu_write("disable", "0");
	edu_write("enable", "0");
	edu_fire("0", 1, "edu: the driver's disable depth is as before");
}

/* With the work queues running, or at least still set up */
static void dsa_after(struct dsa_wq *wqs, int nr, bool lost, uint32_t lo, uint32_t data)
{
	dsa_check_ims(0, "in_use", "2");
	check_slot(&wqs[0], true);
	check_slot(&wqs[1], true);
	check(lo == dsa_peek(0, wqs[0].irq.index, 0) && data == dsa_peek(0, wqs[0].irq.index, 8),
	      NULL, "its message is the one from before");
	if (lost) {
		take_down(wqs, nr);
		dsa_check_ims(0, "in_use", "0");
		bring_up(wqs, nr);
	}
	copy_and_check(wqs, nr);
	take_down(wqs, nr);
	dsa_check_ims(0, "in_use", "0");
}

/* pm-test=platform or another: the same without DSA, as far as /sys/power/pm_test goes: nobody wakes the machine */
void step_pm_test(const char *arg)
{
	const char *how = arg ? arg : "devices";
	bool noirq = strcmp(how, "devices");

	edu_prepare(noirq);
	go_to_sleep(how);
	edu_after(noirq);
	edu_refuses(how);
}

/* sleep=mem, freeze, or what /sys/power/pm_test offers; edu and DSA */
void step_sleep(const char *arg)
{
	struct dsa_wq wqs[] = {
		{ .id = 0, .want = "ims" }, { .id = 1, .want = "ims" }, { .id = 2, .want = "msix" },
	};
	const char *how = arg ? arg : "mem";
	bool noirq = strcmp(how, "devices");
	uint32_t lo, data;

	if (!dsa_load("enable=0") || !bring_up(wqs, ARRAY_SIZE(wqs)))
		return;
	move_to(wqs[1].irq.irq, 1);
	copy_and_check(wqs, ARRAY_SIZE(wqs));
	lo = dsa_peek(0, wqs[0].irq.index, 0);
	data = dsa_peek(0, wqs[0].irq.index, 8);
	edu_prepare(noirq);

	go_to_sleep(how);
	edu_after(noirq);
	dsa_after(wqs, ARRAY_SIZE(wqs), !strcmp(how, "mem"), lo, data);
	edu_refuses(how);
}
