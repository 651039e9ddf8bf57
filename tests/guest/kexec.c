// SPDX-License-Identifier: GPL-2.0
/*
 * Steps of a kernel that starts another one, with messages in both stores of the machine,
 * and of the one which finds them. It goes on with the results of the first. And of one which
 * has its machine reset.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define IMAGE		"/lib/bzImage"
#define INITRD		"/sys/firmware/initrd"
#define DSA_ID		"0x0b25"

#define BAR_SIZE	0x80000
#define TABLE		(0x60 + 6)
#define SLOTS		2048
#define HELD		64

/* A slot of which the second kernel's driver knows nothing */
#define STALE		9

static const char *find_dsa(void)
{
	static char name[32];
	DIR *dir = opendir("/sys/bus/pci/devices");
	char id[16];
	struct dirent *e;

	name[0] = '\0';
	while (dir && (e = readdir(dir))) {
		read_file(txt("/sys/bus/pci/devices/%s/device", e->d_name), id, sizeof(id));
		if (!strcmp(id, DSA_ID))
			snprintf(name, sizeof(name), "%.31s", e->d_name);
	}
	if (dir)
		closedir(dir);
	return name;
}

/* How many slots can send, and how many hold a part of a message? Negative: cannot look */
static int count_slots(int *messages)
{
	int fd, i, live = 0;
	volatile uint32_t *bar, *slot;

	*messages = 0;
	write_file(txt("/sys/bus/pci/devices/%s/enable", find_dsa()), "1");
	fd = open(txt("/sys/bus/pci/devices/%s/resource0", find_dsa()), O_RDWR | O_SYNC | O_CLOEXEC);
	bar = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (bar == MAP_FAILED)
		return -errno;
	slot = bar + (bar[TABLE / 4] >> 16) * 0x100 / 4;
	for (i = 0; i < SLOTS; i++, slot += 4) {
		live += !(slot[3] & 1);
		*messages += slot[0] || slot[1] || slot[2];
	}
	munmap((void *)bar, BAR_SIZE);
	return live;
}

/* What a masked slot holds does not matter: it is cleared when it is allocated. */
static void check_slots(const char *when, int want)
{
	int messages, live = count_slots(&messages);

	check(live == want && messages >= want, txt("%d, %d hold a message", live, messages),
	      "%s: %d slots of DSA can send", when, want);
	say("%s: %d slots hold a message", when, messages);
}

static const char *next_command_line(bool crash)
{
	static char line[2048];
	char now[1024], *end;

	read_file("/proc/cmdline", now, sizeof(now));
	end = strstr(now, " -- ");
	if (end)
		*end = '\0';
	snprintf(line, sizeof(line), "%s edu_ims.vectors=4%s -- carry=%s kexeced", now,
		 crash ? " nr_cpus=1" : "", report_score());
	return line;
}

static int load_kernel(bool crash)
{
	int image = open(IMAGE, O_RDONLY | O_CLOEXEC), initrd = open(INITRD, O_RDONLY | O_CLOEXEC);
	const char *line = next_command_line(crash);

	return syscall(SYS_kexec_file_load, image, initrd, strlen(line) + 1, line,
		       crash ? KEXEC_FILE_ON_CRASH : 0) ? -errno : 0;
}

/* kexec, or kexec=crash: nobody gets a chance to stop anything */
void step_kexec(const char *arg)
{
	bool crash = arg && !strcmp(arg, "crash");
	int ret;

	if (!stress_load() || !stress_do("hold 64"))
		return;
	stress_do("fire");
	check_slots("first kernel", HELD);
	edu_check_armed("0-15", "", "first kernel:");
	/* The results up to here are in the command line of the next one. */
	ret = load_kernel(crash);
	if (ret) {
		check(false, strerror(-ret), "next kernel is loaded");
		return;
	}
	if (crash)
		stress_run("oops");
	else
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			LINUX_REBOOT_CMD_KEXEC, NULL);
	check(false, NULL, "next kernel starts");
}

void step_carry(const char *arg)
{
	report_carry(arg ? arg : "");
}

/* A domain with one vector: what else is there must neither send nor be left over. */
void step_kexeced(const char *arg)
{
	int ret;

	(void)arg;
	check_slots("left over from the first kernel", HELD);
	if (!stress_load() || !stress_do("hold 1"))
		return;
	check_slots("second kernel", 1);
	stress_do(txt("stale %d", STALE));
	ret = log_count("DMAR", "fault", NULL, NULL, 0);
	check(!ret, txt("%d faults", ret), "an event of slot %d, which is not in use, sends nothing",
	      STALE);
	edu_check_armed("0-3", "", "second kernel:");
	edu_fire("0-3", 1, "second kernel: vectors of edu fire");
	edu_check_msi();
	stress_do("fire");
}

/*
 * Twice the same, and in between a reset of the machine, which gives nobody a chance to stop
 * anything. The host keeps the results of the first time.
 */
void step_reset(const char *arg)
{
	int port = serial_open("/dev/ttyS3");
	char score[32];

	(void)arg;
	if (port < 0 || !outer_mark(port, "boot", score, sizeof(score))) {
		check(false, NULL, "host knows how often this machine has started");
		return;
	}
	if (score[0])
		report_carry(score);
	if (!stress_load() || !stress_do("hold 64"))
		return;
	stress_do("fire");
	if (score[0]) {
		check(machine_resets(false), NULL, "next reset ends the machine");
		return;
	}
	check(machine_resets(true), NULL, "next reset starts the machine again");
	if (outer_mark(port, txt("reset %s", report_score()), score, sizeof(score)) &&
	    machine_command("system_reset"))
		pause();
	check(false, NULL, "machine is reset");
}
