// SPDX-License-Identifier: GPL-2.0
/*
 * Steps in which a device hangs up or leaves while its vectors are live.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define EDU_DRIVER	"/sys/bus/pci/drivers/edu_ims/"
#define COMMITS		"/sys/module/edu_ims/parameters/commits"

/* The longest that anything here may take, far below a timeout for each vector */
#define GONE_MS		8000

/* Of the PCI Express capability of a port: power off, power indicator off */
#define SLTCTL		0x18
#define SLTCTL_OFF	0x0700

static unsigned long commits(void)
{
	char buf[32];

	read_file(COMMITS, buf, sizeof(buf));
	return strtoul(buf, NULL, 10);
}

/* A device that does not answer is asked once, and there is a line or two about it. */
static void check_quiet(unsigned long before, int lines, int vectors)
{
	unsigned long asked = commits() - before;

	lines = log_count(edu_name, "IMS", NULL, NULL, 0) - lines;
	check(asked <= 1, txt("%lu commands", asked), "edu: one command for %d vectors, not more",
	      vectors);
	check(lines <= 2, txt("%d lines", lines), "edu: log has two lines about it at most");
}

/* The device takes no command any more, and the driver goes. */
void step_edu_dead(const char *arg)
{
	int ret, lines = log_count(edu_name, "IMS", NULL, NULL, 0);
	unsigned long before;
	struct vectors vs;
	long start;

	(void)arg;
	edu_read_vectors(&vs);
	ret = write_file(edu_debugfs("dead"), "1");
	check(!ret, strerror(-ret), "edu: device hangs up");
	before = commits();
	start = now_ms();
	ret = write_file(EDU_DRIVER "unbind", edu_name);
	check(!ret && !edu_is_bound(), strerror(-ret), "edu: driver is gone");
	check(now_ms() - start < GONE_MS, NULL, "edu: that took no timeout for each vector");
	check_quiet(before, lines, vs.nr);
	check(!interrupts_mention("PCI-IMS"), NULL, "edu: no IMS line in /proc/interrupts");
}

/* The configuration space of the port above a device */
static int port_of(const char *device)
{
	char *path = realpath(txt("/sys/bus/pci/devices/%s/..", device), NULL);
	int fd = path ? open(txt("%s/config", path), O_RDWR | O_CLOEXEC) : -1;

	free(path);
	return fd;
}

/* What pulling the card does: the port has no power for it any more. */
static bool pull(const char *device)
{
	int fd = port_of(device);
	uint8_t config[256], *cap;
	uint16_t control;
	bool ok = false;

	if (fd < 0 || pread(fd, config, sizeof(config), 0) != sizeof(config))
		goto out;
	for (cap = config + config[0x34]; cap > config && cap[0] != 0x10; cap = config + cap[1])
		;
	if (cap == config)
		goto out;
	memcpy(&control, cap + SLTCTL, sizeof(control));
	control |= SLTCTL_OFF;
	ok = pwrite(fd, &control, sizeof(control), cap - config + SLTCTL) == sizeof(control);
out:
	close(fd);
	return ok;
}

/* Returns whether the kernel has noticed, and cleaned up. */
static bool leave(const char *device, const char *id, bool surprise)
{
	bool ok = surprise ? pull(device) : machine_command(txt("device_del %s", id));
	long end = now_ms() + GONE_MS + (surprise ? 0 : PATIENCE_MS);

	check(ok, NULL, "%s: %s", id, surprise ? "is pulled" : "is to go");
	while (!access(txt("/sys/bus/pci/devices/%s", device), F_OK) && now_ms() < end)
		usleep(1000);
	return check(access(txt("/sys/bus/pci/devices/%s", device), F_OK), NULL,
		     "%s: is gone", id);
}

/* unplug=surprise: both devices are pulled. unplug=asked: the slots ask the kernel first. */
void step_unplug(const char *arg)
{
	bool surprise = arg && !strcmp(arg, "surprise");
	int lines = log_count(edu_name, "IMS", NULL, NULL, 0);
	unsigned long before = commits();
	struct vectors vs;
	char dsa[32];

	if (!stress_load() || !stress_do("hold 64"))
		return;
	snprintf(dsa, sizeof(dsa), "%s", stress_device());
	stress_do("fire");
	leave(dsa, "dsa0", surprise);
	check(log_count(dsa, "IMS", NULL, NULL, 0) <= 2, NULL, "dsa0: log is silent about it");
	check(!interrupts_mention(txt("IMS-%s", dsa)), NULL, "dsa0: no IMS line in /proc/interrupts");

	edu_read_vectors(&vs);
	leave(edu_name, "edu0", surprise);
	if (surprise)
		check_quiet(before, lines, vs.nr);
	check(!interrupts_mention("PCI-IMS"), NULL, "edu: no IMS line in /proc/interrupts");
}
