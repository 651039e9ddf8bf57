// SPDX-License-Identifier: GPL-2.0
/*
 * The sample driver and its device as user space sees them: debugfs of the
 * driver, sysfs of the PCI device and /proc/interrupts, which must agree.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"

/* Another driver with the same files can take its place, see slots.c */
const char *edu_driver = "edu_ims";
const char *edu_store = "queue-memory";
char edu_name[32];

bool edu_find(void)
{
	DIR *dir = opendir(txt("/sys/bus/pci/drivers/%s", edu_driver));
	struct dirent *d;

	edu_name[0] = '\0';
	while (dir && (d = readdir(dir))) {
		if (strchr(d->d_name, ':'))
			snprintf(edu_name, sizeof(edu_name), "%.31s", d->d_name);
	}
	if (dir)
		closedir(dir);
	return check(edu_name[0], dir ? "no device" : "no such driver",
		     "driver %s is bound", edu_driver);
}

bool edu_is_bound(void)
{
	return !access(txt("/sys/bus/pci/drivers/%s/%s", edu_driver, edu_name), F_OK);
}

const char *edu_debugfs(const char *file)
{
	return txt("/sys/kernel/debug/%s/%s/%s", edu_driver, edu_name, file);
}

int edu_sysfs(const char *file, char *buf, size_t size)
{
	return read_file(txt("/sys/bus/pci/devices/%s/ims/%s", edu_name, file), buf, size);
}

int edu_read_vectors(struct vectors *vs)
{
	char buf[16384], *line, *save = NULL;
	struct vector *v;
	int ret;

	vs->nr = 0;
	ret = read_file(edu_debugfs("vectors"), buf, sizeof(buf));
	if (ret < 0)
		return ret;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (line[0] == '#')
			continue;
		v = &vs->v[vs->nr];
		if (vs->nr == MAX_VECTORS ||
		    sscanf(line, "%u %u %31s %63s %llx %x %lu %lu", &v->index, &v->irq,
			   v->store, v->chip, &v->address, &v->data, &v->fired,
			   &v->received) != 8)
			return -EINVAL;
		vs->nr++;
	}
	return 0;
}

/*
 * Wait until each vector has received what was fired, for LATE_MS at most.
 * Returns how long that took, negative when something is missing.
 */
long edu_settle(struct vectors *vs)
{
	long start = now_ms(), spent;
	int i;

	for (;;) {
		if (edu_read_vectors(vs))
			return -1;
		spent = now_ms() - start;
		for (i = 0; i < vs->nr && vs->v[i].received >= vs->v[i].fired; i++)
			;
		if (i == vs->nr)
			return spent;
		if (spent > LATE_MS)
			return -1;
		usleep(1000);
	}
}

bool in_list(const char *list, unsigned int index)
{
	unsigned int from, to;
	char *end;

	for (; *list; list = *end ? end + 1 : end) {
		from = strtoul(list, &end, 10);
		to = from;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		if (index >= from && index <= to)
			return true;
	}
	return false;
}

/* Did exactly the vectors of @list get exactly @times interrupts? */
static const char *compare(const char *list, int times, const struct vectors *a,
			   const struct vectors *b)
{
	unsigned long want, got, fired;
	int i;

	if (a->nr != b->nr)
		return txt("%d vectors became %d", a->nr, b->nr);
	for (i = 0; i < a->nr; i++) {
		want = in_list(list, a->v[i].index) ? times : 0;
		fired = b->v[i].fired - a->v[i].fired;
		got = b->v[i].received - a->v[i].received;
		if (fired != want || got != want)
			return txt("vector %u: wanted %lu, fired %lu, received %lu",
				   a->v[i].index, want, fired, got);
	}
	return NULL;
}

/* Fire the vectors of @list @times over: none lost, doubled, astray or late. */
bool edu_fire(const char *list, int times, const char *what)
{
	struct vectors before, after;
	const char *bad = NULL;
	char title[128];
	int i, ret;
	long ms;

	/* Polling uses up txt()'s buffers, and @what may be one of them. */
	snprintf(title, sizeof(title), "%s", what);
	ret = edu_read_vectors(&before);
	for (i = 0; !ret && i < times; i++)
		ret = write_file(edu_debugfs("fire"), list);
	if (ret)
		return check(false, strerror(-ret), "%s", title);
	ms = edu_settle(&after);
	bad = compare(list, times, &before, &after);
	if (!bad && ms < 0)
		bad = txt("late by more than %d ms", LATE_MS);
	return check(!bad, bad, "%s", title);
}

void edu_check_in_use(int want)
{
	char buf[64];

	edu_sysfs("in_use", buf, sizeof(buf));
	check(buf[0] && atoi(buf) == want, txt("it says '%s'", buf),
	      "sysfs says that %d vectors are in use", want);
}

static bool read_msi(unsigned int *irq, unsigned long *fired, unsigned long *received)
{
	char buf[256];

	read_file(edu_debugfs("msi"), buf, sizeof(buf));
	return sscanf(buf, "%u %lu %lu", irq, fired, received) == 3;
}

/* The ordinary MSI of the same device: one raised, one received. */
void edu_check_msi(void)
{
	unsigned long before[2] = { 0 }, after[2] = { 0 };
	long start, total = 0, total_before;
	char buf[512] = "no interrupt";
	unsigned int irq = 0;
	int ret;

	if (!read_msi(&irq, &before[0], &before[1])) {
		check(false, NULL, "driver has an ordinary MSI");
		return;
	}
	total_before = irq_total(irq, NULL, 0);
	ret = write_file(edu_debugfs("msi"), "1");
	start = now_ms();
	do {
		read_msi(&irq, &after[0], &after[1]);
		total = irq_total(irq, buf, sizeof(buf)) - total_before;
	} while (after[1] <= before[1] && now_ms() - start <= LATE_MS && !usleep(1000));
	check(!ret && after[0] == before[0] + 1 && after[1] == before[1] + 1 && total == 1,
	      txt("write gives %d, fired %lu, received %lu, /proc/interrupts %ld", ret,
		  after[0] - before[0], after[1] - before[1], total),
	      "MSI beside it works (irq %u)", irq);
	say("MSI: %s", buf);
}

/* The interrupts of @irq on all CPUs, or -1 if it has no line. */
long irq_total(unsigned int irq, char *line, size_t size)
{
	char buf[16384], *p, *end, *text, *save = NULL;
	long total = -1;
	int cpus = 0;

	if (read_file("/proc/interrupts", buf, sizeof(buf)) < 0)
		return -1;
	p = strtok_r(buf, "\n", &save);
	for (; p && (p = strstr(p, "CPU")); p++)
		cpus++;
	while ((text = strtok_r(NULL, "\n", &save))) {
		if (strtoul(text, &end, 10) != irq || *end != ':')
			continue;
		if (line)
			snprintf(line, size, "%s", text);
		for (total = 0, p = end + 1; cpus; cpus--)
			total += strtoul(p, &p, 10);
		break;
	}
	return total;
}

bool interrupts_mention(const char *word)
{
	char buf[16384];

	return read_file("/proc/interrupts", buf, sizeof(buf)) > 0 && strstr(buf, word);
}
