// SPDX-License-Identifier: GPL-2.0
/*
 * Steps with the module ims_stress, a driver that treats the vectors of an Intel DSA badly.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define STRESS		"/sys/kernel/debug/ims_stress/"
#define DRIVER		"/sys/bus/pci/drivers/ims_stress/"
#define STORM_MS	5000
#define HELD		64

/* The device that is bound to the module */
const char *stress_device(void)
{
	static char name[32];
	DIR *dir = opendir(DRIVER);
	struct dirent *e;

	name[0] = '\0';
	while (dir && (e = readdir(dir))) {
		if (strchr(e->d_name, ':'))
			snprintf(name, sizeof(name), "%.31s", e->d_name);
	}
	if (dir)
		closedir(dir);
	return name;
}

bool stress_load(void)
{
	int ret = module_load("ims_stress", "");

	return check((!ret || ret == -EEXIST) && stress_device()[0], ret ? strerror(-ret) : "no device",
		     "module ims_stress has a device");
}

int stress_run(const char *command)
{
	return write_file(STRESS "run", command);
}

bool stress_do(const char *command)
{
	int ret = stress_run(command);

	return check(!ret, strerror(-ret), "ims_stress: %s", command);
}

/* Each thread of the module went round, lost nothing, and met no error. */
static void check_churn(void)
{
	unsigned long rounds, fired, lost, restored = 0, all = 0;
	char buf[4096], *line, *save = NULL, bad[128] = "";
	int error, threads = 0;

	read_file(STRESS "said", buf, sizeof(buf));
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		sscanf(line, "restored %lu", &restored);
		if (sscanf(line, "rounds %lu fired %lu lost %lu error %d", &rounds, &fired, &lost,
			   &error) != 4)
			continue;
		threads++;
		all += fired;
		if (!rounds || !fired || lost || error)
			snprintf(bad, sizeof(bad), "%s", line);
	}
	check(threads && !bad[0], bad, "%d threads with 16 vectors each, nothing lost", threads);
	say("%lu events, all messages written anew %lu times", all, restored);
}

/* pci_restore_state() in a loop while vectors come, fire and go */
void step_stress_restore(const char *arg)
{
	(void)arg;
	if (!stress_load())
		return;
	if (stress_do(txt("restore %d", STORM_MS)))
		check_churn();
	check(!module_unload("ims_stress"), NULL, "module ims_stress is unloaded");
}

/* The same with the function reset by its file in sysfs */
void step_stress_flr(const char *arg)
{
	int status = -1, resets = 0, ret = 0;
	char path[128];
	pid_t child;

	(void)arg;
	if (!stress_load())
		return;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/reset", stress_device());
	child = fork();
	if (!child)
		_exit(!!stress_run(txt("churn %d", STORM_MS)));
	while (child > 0 && !waitpid(child, &status, WNOHANG)) {
		ret = ret ? ret : write_file(path, "1");
		resets++;
		/* So that there is something between two resets */
		usleep(200000);
	}
	check(!ret && resets > 3, strerror(-ret), "function is reset again and again");
	say("%d resets", resets);
	if (check(!status, txt("exit status 0x%x", status), "vectors come and go meanwhile"))
		check_churn();
}

/* More vectors than the CPUs have for all: an interrupt which is not requested takes none */
void step_stress_idle(const char *arg)
{
	unsigned int want = strtoul(arg, NULL, 10), idle = 0;
	char buf[256] = "";
	int error = -EIO;

	if (!stress_load() || !stress_do(txt("idle %u", want)))
		return;
	read_file(STRESS "said", buf, sizeof(buf));
	sscanf(buf, "idle %u error %d", &idle, &error);
	check(idle == want && !error, buf, "%u vectors are allocated, requested and freed in turn",
	      want);
	check(!module_unload("ims_stress"), NULL, "module ims_stress is unloaded");
}

static void fire_held(const char *when)
{
	unsigned int fired = 0, lost = 0;
	char buf[256] = "";

	if (!stress_do("fire"))
		return;
	read_file(STRESS "said", buf, sizeof(buf));
	sscanf(buf, "fired %u lost %u", &fired, &lost);
	check(fired == HELD && !lost, buf, "%s: each of %u vectors fires", when, fired);
}

static bool wait_status(const char *path, const char *want)
{
	long end = now_ms() + PATIENCE_MS;
	char buf[32];

	do {
		read_file(path, buf, sizeof(buf));
		if (!strcmp(buf, want))
			return true;
		usleep(1000);
	} while (now_ms() < end);
	return false;
}

/* The function is powered down on its own, and CPUs that served its vectors go meanwhile. */
void step_stress_d3(const char *arg)
{
	char power[128], state[128], buf[32];
	int cpus = sysconf(_SC_NPROCESSORS_CONF), cpu, ret;

	(void)arg;
	if (!stress_load() || !stress_do(txt("hold %d", HELD)))
		return;
	fire_held("before");
	snprintf(power, sizeof(power), "/sys/bus/pci/devices/%s/power/", stress_device());
	snprintf(state, sizeof(state), "/sys/bus/pci/devices/%s/power_state", stress_device());
	ret = write_file(txt("%scontrol", power), "auto");
	check(!ret && wait_status(txt("%sruntime_status", power), "suspended"), strerror(-ret),
	      "function is suspended");
	read_file(state, buf, sizeof(buf));
	check(!strcmp(buf, "D3hot"), buf, "it is in D3hot");
	for (cpu = 1; cpu < cpus; cpu++) {
		ret = write_file(txt("/sys/devices/system/cpu/cpu%d/online", cpu), "0");
		check(!ret, strerror(-ret), "CPU %d goes offline", cpu);
	}
	ret = write_file(txt("%scontrol", power), "on");
	check(!ret && wait_status(txt("%sruntime_status", power), "active"), strerror(-ret),
	      "function is back");
	fire_held("afterwards");
	for (cpu = 1; cpu < cpus; cpu++)
		write_file(txt("/sys/devices/system/cpu/cpu%d/online", cpu), "1");
	fire_held("with all CPUs");
}
