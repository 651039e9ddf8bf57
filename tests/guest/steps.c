// SPDX-License-Identifier: GPL-2.0
/*
 * Steps that look at a machine as it is: IMS works and its numbers agree, or
 * IMS is refused for the reason that the platform calls for.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"

/* The words of the scenario table and the kernel's own. */
static const struct {
	const char *word;
	const char *reason;
} reasons[] = {
	{ "bare",	"bare metal, messages never change" },
	{ "vector",	"bare metal, messages change with the affinity" },
	{ "translated",	"guest, host hands out the messages" },
	{ "forced",	"guest, but enabled on the command line" },
	{ "early",	"asked too early during boot" },
	{ "rewrite",	"message would be rewritten on every affinity change" },
	{ "guest",	"guest, host is not known to translate messages" },
	{ "off",	"disabled on the command line" },
	{ "virtual",	"virtual IOMMU, counts as a guest" },
	{ "no-parent",	"MSI parent domain does not support IMS" },
	{ "no-table",	"device has no IMS table" },
	{ "outside",	"IMS table lies outside of the register BAR" },
};

const char *reason_of(const char *word)
{
	size_t i;

	for (i = 0; word && i < ARRAY_SIZE(reasons); i++) {
		if (!strcmp(word, reasons[i].word))
			return reasons[i].reason;
	}
	return word;
}

void check_verdict(const char *store, const char *verdict, const char *word)
{
	const char *start = txt("ims: %s store ", store);
	const char *want = txt("%s%s: %s", start, verdict, word ? reason_of(word) : "");
	char line[512] = "the log holds no verdict";
	int ret;

	ret = log_count(start, NULL, NULL, line, sizeof(line));
	if (ret > 0)
		say("%s", line);
	ret = log_count(want, NULL, NULL, NULL, 0);
	check(ret > 0, line, "verdict is '%s'", want);
}

static void check_mode(const char *mode, const char *reason)
{
	const char *want = reason ? txt("%s: %s", mode, reason) : mode;
	char buf[512];
	int ret;

	ret = read_file(edu_debugfs("mode"), buf, sizeof(buf));
	if (reason && ret > 0)
		say("mode: %s", buf);
	check(ret > 0 && !strncmp(buf, mode, strlen(mode)) && (!reason || strstr(buf, reason)),
	      ret < 0 ? strerror(-ret) : txt("it is '%s'", buf), "driver mode is '%s'", want);
}

static void check_sysfs(const char *file, const char *want)
{
	char buf[64];
	int ret;

	ret = edu_sysfs(file, buf, sizeof(buf));
	check(ret > 0 && !strcmp(buf, want), ret < 0 ? strerror(-ret) : txt("it is '%s'", buf),
	      "sysfs ims/%s is %s", file, want);
}

static void check_file(const char *path, bool whole, const char *want)
{
	char buf[512];
	int ret;

	ret = read_file(path, buf, sizeof(buf));
	check(ret > 0 && (whole ? !strcmp(buf, want) : !!strstr(buf, want)),
	      ret < 0 ? strerror(-ret) : txt("it is '%s'", buf), "%s %s '%s'", path,
	      whole ? "is" : "has", want);
}

/* device=VERDICT:REASON or queue=...: what the platform says of that kind of store */
static void check_platform(const char *kind, const char *arg)
{
	char verdict[16] = "";
	const char *word = arg ? strchr(arg, ':') : NULL;

	if (!check(word && word - arg < (long)sizeof(verdict), arg,
		   "scenario gives a verdict and a reason"))
		return;
	memcpy(verdict, arg, word - arg);
	check_file(txt("/sys/kernel/ims/%s_memory/verdict", kind), true, verdict);
	check_file(txt("/sys/kernel/ims/%s_memory/reason", kind), false, reason_of(word + 1));
}

void step_device(const char *arg)
{
	check_platform("device", arg);
}

void step_queue(const char *arg)
{
	check_platform("queue", arg);
}

void step_mode(const char *arg)
{
	check_file("/sys/kernel/ims/mode", true, arg ? arg : "");
}

/* evidence=NAME=VALUE,...: each of them is a line */
void step_evidence(const char *arg)
{
	static const char path[] = "/sys/kernel/debug/ims/evidence";
	char list[256], text[512] = "\n", *pair, *p;
	int ret;

	snprintf(list, sizeof(list), "%s", arg ? arg : "");
	if (!check(list[0], NULL, "scenario names some evidence"))
		return;
	ret = read_file(path, text + 1, sizeof(text) - 2);
	strcat(text, "\n");
	for (pair = strtok(list, ","); pair; pair = strtok(NULL, ",")) {
		/* Names in a device tree have commas of their own */
		for (p = pair; *p; p++) {
			if (*p == '~')
				*p = ',';
		}
		check(strstr(text, txt("\n%s\n", pair)), ret < 0 ? strerror(-ret) : text + 1,
		      "%s has '%s'", path, pair);
	}
}

/* The evidence never gets complete: the driver waits for it, nobody guesses */
void step_deferred(const char *arg)
{
	int ret;

	(void)arg;
	check_file("/sys/kernel/debug/devices_deferred", false, "platform is not known yet");
	ret = log_count("ims:", "store", NULL, NULL, 0);
	check(!ret, txt("%d lines", ret), "log holds no verdict");
}

static void show_table(const char *when, const struct vectors *vs)
{
	const struct vector *v;

	say(" ");
	say("%s", when);
	say("%4s %5s  %-13s %-26s %-18s %-10s %6s %9s", "irq", "index", "store",
	    "chip", "address", "data", "fired", "received");
	for (v = vs->v; v < vs->v + vs->nr; v++)
		say("%4u %5u  %-13s %-26s 0x%016llx 0x%08x %6lu %9lu", v->irq, v->index,
		    v->store, v->chip, v->address, v->data, v->fired, v->received);
}

/* Messages must be usable and the irq numbers must be vectors of their own. */
/* Only an x86 machine says in the address that it is a message */
static bool plausible(const struct vector *v)
{
	return !strncmp(v->chip, "ITS-", 4) ? v->address : v->address >> 20 == 0xfee;
}

static void check_table(const struct vectors *vs)
{
	const char *bad = NULL;
	int i, j;

	for (i = 0; i < vs->nr; i++) {
		if (strcmp(vs->v[i].store, edu_store) || !plausible(&vs->v[i]))
			bad = txt("vector %u has store %s, message address 0x%llx",
				  vs->v[i].index, vs->v[i].store, vs->v[i].address);
		for (j = 0; j < i; j++) {
			if (vs->v[i].irq == vs->v[j].irq || vs->v[i].index == vs->v[j].index ||
			    (vs->v[i].address == vs->v[j].address &&
			     vs->v[i].data == vs->v[j].data))
				bad = txt("vectors %u and %u share an irq, an index or a message",
					  vs->v[i].index, vs->v[j].index);
		}
	}
	check(vs->nr == NR_VECTORS && !bad, bad ? bad : txt("%d vectors", vs->nr),
	      "%d vectors hold a message and an irq of their own", NR_VECTORS);
}

/* The driver's counter and the kernel's own, which nobody here wrote. */
static void check_interrupts(const struct vectors *vs, const struct vectors *start, int rounds)
{
	unsigned long fired, received;
	const struct vector *v;
	char line[512];
	long total;
	int i;

	say(" ");
	say("/proc/interrupts");
	for (i = 0; i < vs->nr; i++) {
		v = &vs->v[i];
		fired = v->fired - start->v[i].fired;
		received = v->received - start->v[i].received;
		snprintf(line, sizeof(line), "no line in /proc/interrupts");
		total = irq_total(v->irq, line, sizeof(line));
		say("%s", line);
		check(fired == (unsigned long)rounds && received == fired &&
		      total == (long)v->received && strstr(line, v->chip),
		      txt("%s", line), "vector %u (irq %u): %lu fired, %lu received, %ld counted",
		      v->index, v->irq, fired, received, total);
	}
}

/* The main scenario: every vector fires, twice, and all the numbers agree. */
void step_run(const char *arg)
{
	struct vectors start, vs;
	int ret;

	check_mode("ims", NULL);
	check_verdict(edu_store, "allowed", arg);
	check_sysfs("store", edu_store);
	edu_check_in_use(NR_VECTORS);

	ret = edu_read_vectors(&start);
	if (!check(!ret, strerror(-ret), "driver lists its vectors"))
		return;
	check_table(&start);
	show_table("before", &start);
	edu_fire("0-15", 1, txt("round 1: all received within %d ms", LATE_MS));
	edu_check_msi();
	edu_fire("0-15", 1, txt("round 2: all received within %d ms", LATE_MS));
	edu_read_vectors(&vs);
	show_table("after two rounds", &vs);
	check_interrupts(&vs, &start, 2);
}

/* Allowed, with vectors, which are not fired: that takes long and "run" does it */
void step_edu_vectors(const char *arg)
{
	struct vectors vs;
	int ret;

	check_mode("ims", NULL);
	check_verdict(edu_store, "allowed", arg);
	edu_check_in_use(NR_VECTORS);
	ret = edu_read_vectors(&vs);
	if (check(!ret, strerror(-ret), "driver lists its vectors"))
		check_table(&vs);
}

void step_refused(const char *arg)
{
	struct vectors vs;
	char buf[64] = "";
	int ret;

	check_mode("msi", reason_of(arg));
	check_verdict(edu_store, "refused", arg);
	ret = edu_sysfs("store", buf, sizeof(buf));
	check(ret == -ENOENT, txt("ims/store is '%s'", buf), "sysfs shows no store");
	ret = edu_read_vectors(&vs);
	check(!ret && !vs.nr, ret ? strerror(-ret) : txt("%d vectors", vs.nr),
	      "driver has no IMS vectors");
	ret = write_file(edu_debugfs("fire"), "0");
	check(ret == -ENODEV, strerror(-ret), "firing gives ENODEV");
	edu_check_msi();
}

/* edu-error=CODE: allowed, but there are no vectors, and MSI does not notice */
void step_edu_error(const char *arg)
{
	struct vectors vs;
	int ret;

	check_mode("msi", txt("error %s", arg ? arg : ""));
	ret = edu_read_vectors(&vs);
	check(!ret && !vs.nr, ret ? strerror(-ret) : txt("%d vectors", vs.nr),
	      "driver has no IMS vectors");
	edu_check_msi();
}

/* Nothing that the device sends would arrive, be it of MSI or of IMS: its driver gives up */
void step_no_msi(const char *arg)
{
	char line[512] = "no such line";
	int ret;

	(void)arg;
	ret = log_count("edu_ims ", ": no MSI", NULL, line, sizeof(line));
	check(ret == 1, line, "driver says that there is no MSI");
	say("%s", line);
	check(!interrupts_mention("PCI-"), NULL, "no device has an interrupt");
}

/* One line of the core, and one only, holds the word. */
void step_log(const char *arg)
{
	char line[512] = "no such line";
	int ret;

	ret = log_count("ims:", arg, NULL, line, sizeof(line));
	if (ret > 0)
		say("%s", line);
	check(ret == 1, ret > 1 ? txt("%d times", ret) : line,
	      "log says '%s' exactly once", arg ? arg : "");
}
