// SPDX-License-Identifier: GPL-2.0
/*
 * What vectors cost: commands to the module ims_bench, whose results are handed on as
 * they are, in lines that begin with "row".
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define BENCH	"/sys/kernel/debug/ims_bench/"
#define DRIVER	"/sys/bus/pci/drivers/ims_bench/"

#define ROWS_SIZE	(256 << 10)

/* A storm takes seconds; one that lost an interrupt has no end. */
#define STORM_MS	300000

static void show_rows(void)
{
	char *rows = malloc(ROWS_SIZE), *line, *save = NULL;

	if (rows && read_file(BENCH "rows", rows, ROWS_SIZE) > 0) {
		for (line = strtok_r(rows, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
			say("row %s", line);
	}
	free(rows);
}

/* In an argument of a step colons stand for blanks. */
static const char *command_of(const char *arg)
{
	char *text = strdup(arg ? arg : ""), *p;
	const char *command;

	for (p = text; *p; p++) {
		if (*p == ':')
			*p = ' ';
	}
	command = txt("%s", text);
	free(text);
	return command;
}

void step_bench_load(const char *arg)
{
	int ret = module_load("ims_bench", "");

	(void)arg;
	if (check(!ret, strerror(-ret), "module ims_bench loads"))
		show_rows();
}

/* The device that is bound to the module */
static const char *device_name(void)
{
	DIR *dir = opendir(DRIVER);
	const char *name = "none";
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		if (strchr(e->d_name, ':'))
			name = txt("%s", e->d_name);
	}
	if (dir)
		closedir(dir);
	return name;
}

/* Each time the driver is bound it measures how both domains come into being. */
void step_bench_rebind(const char *arg)
{
	int i, ret = 0, times = arg ? atoi(arg) : 1;
	const char *name = device_name();

	for (i = 0; !ret && i < times; i++) {
		ret = write_file(DRIVER "unbind", name);
		if (!ret)
			ret = write_file(DRIVER "bind", name);
	}
	check(!ret, strerror(-ret), "device is bound %d times", times);
	show_rows();
}

static void run(const char *command)
{
	int ret = write_file(BENCH "run", command);

	check(!ret, strerror(-ret), "%s", command);
	show_rows();
}

void step_bench(const char *arg)
{
	run(command_of(arg));
}

/* Fills in the interrupts, returns how many of them are still to fire. */
static int live_irqs(struct vectors *vs)
{
	char buf[4096], *line, *save = NULL;
	unsigned long left;
	int firing = 0;

	vs->nr = 0;
	read_file(BENCH "irqs", buf, sizeof(buf));
	for (line = strtok_r(buf, "\n", &save); line && vs->nr < MAX_VECTORS;
	     line = strtok_r(NULL, "\n", &save)) {
		if (sscanf(line, "%u %lu", &vs->v[vs->nr].irq, &left) == 2) {
			vs->nr++;
			firing += !!left;
		}
	}
	return firing;
}

/* CPUs come and go and all vectors move while the module fires them. */
void step_bench_storm(const char *arg)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF), cpu = 1, firing;
	long end = now_ms() + STORM_MS;
	struct moves m = { 0 };
	struct vectors vs;

	run(txt("storm %s", command_of(arg)));
	firing = live_irqs(&vs);
	while (firing && now_ms() < end) {
		cpu_cycle(&vs, cpu, &m);
		cpu = cpu + 1 < cpus ? cpu + 1 : 1;
		firing = live_irqs(&vs);
	}
	check(!firing, txt("%d of %d vectors", firing, vs.nr), "no vector fires for ever");
	check_moves(&vs, cpus, &m);
	run("settle");
}

/* While the command runs the emulator logs each instruction. */
void step_bench_trace(const char *arg)
{
	bool ok = machine_command("one-insn-per-tb on") && machine_command("log exec,nochain");

	check(ok, NULL, "emulator logs instructions");
	run(txt("trace %s", command_of(arg)));
	machine_command("log none");
	machine_command("one-insn-per-tb off");
}
