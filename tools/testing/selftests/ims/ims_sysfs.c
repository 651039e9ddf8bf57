// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupt Message Store (IMS): what the kernel tells about it in sysfs and
 * debugfs
 *
 * Needs no particular device: what there is has to be consistent. Skips on a
 * kernel without IMS, and what is about devices which use it if there is none.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#ifndef SYSFS
#define SYSFS		"/sys"
#endif
#define IMS_DIR		SYSFS "/kernel/ims"
#define EVIDENCE	SYSFS "/kernel/debug/ims/evidence"
#define PCI_DIR		SYSFS "/bus/pci/devices"

#define MAX_DEVICES	4096

struct ims_device {
	char	name[64];
	char	store[32];
	long	size;
	long	in_use;
};

/* Runs before the harness: its own skips do not reach the exit code */
static void __attribute__((constructor)) need_ims(void)
{
	if (access(IMS_DIR, F_OK))
		ksft_exit_skip("no " IMS_DIR ": the kernel has no IMS\n");
}

/* The content without the last line feed, or an empty string */
static const char *read_text(const char *path, char *buf, size_t size)
{
	ssize_t len = -1;
	int fd;

	memset(buf, 0, size);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		len = read(fd, buf, size - 1);
		close(fd);
	}
	buf[len < 0 ? 0 : len] = '\0';
	if (len > 0 && buf[len - 1] == '\n')
		buf[len - 1] = '\0';
	return buf;
}

static const char *ims_text(const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), IMS_DIR "/%s", name);
	return read_text(path, buf, size);
}

static const char *device_text(const char *device, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DIR "/%s/ims/%s", device, name);
	return read_text(path, buf, size);
}

/* A number and nothing else, or -1 */
static long device_number(const char *device, const char *name)
{
	char buf[32], *end;
	long value;

	device_text(device, name, buf, sizeof(buf));
	value = strtol(buf, &end, 10);
	return !buf[0] || *end ? -1 : value;
}

static bool one_of(const char *word, const char * const *words)
{
	while (*words && strcmp(word, *words))
		words++;
	return *words;
}

static const char * const kinds[] = { "device_memory", "queue_memory", "handed_out", NULL };
static const char * const verdicts[] = { "allowed", "refused", NULL };

static const char *verdict_of(const char *kind, char *buf, size_t size)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/verdict", kind);
	return ims_text(name, buf, size);
}

TEST(mode_is_known)
{
	static const char * const modes[] = { "auto", "off", "on", NULL };
	char buf[64];

	EXPECT_TRUE(one_of(ims_text("mode", buf, sizeof(buf)), modes))
		TH_LOG("mode is '%s'", buf);
}

TEST(verdict_has_a_reason)
{
	char buf[256], name[64];
	int i;

	for (i = 0; kinds[i]; i++) {
		EXPECT_TRUE(one_of(verdict_of(kinds[i], buf, sizeof(buf)), verdicts))
			TH_LOG("verdict for %s is '%s'", kinds[i], buf);
		snprintf(name, sizeof(name), "%s/reason", kinds[i]);
		EXPECT_NE('\0', ims_text(name, buf, sizeof(buf))[0])
			TH_LOG("no reason for %s", kinds[i]);
	}
}

TEST(off_means_refused)
{
	char buf[64];
	int i;

	if (strcmp(ims_text("mode", buf, sizeof(buf)), "off"))
		SKIP(return, "the kernel was not booted with ims=off");

	for (i = 0; kinds[i]; i++)
		EXPECT_STREQ("refused", verdict_of(kinds[i], buf, sizeof(buf)));
}

/* A line for each name and no other line, each with a value */
TEST(evidence_is_complete)
{
	static const char * const names[] = {
		"supported", "complete", "cpuid", "hypervisor", "dmi", "confidential",
		"viommu", "msi", "parent", "isolated"
	};
	char buf[1024], *next = buf, *line, *value;
	size_t i;

	if (access(EVIDENCE, R_OK))
		SKIP(return, "no " EVIDENCE ": debugfs is not mounted, or root's alone");

	read_text(EVIDENCE, buf, sizeof(buf));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		line = strsep(&next, "\n");
		ASSERT_NE(NULL, line)
			TH_LOG("no line for %s", names[i]);
		value = strchr(line, '=');
		ASSERT_NE(NULL, value)
			TH_LOG("no value in '%s'", line);
		*value++ = '\0';
		EXPECT_STREQ(names[i], line);
		EXPECT_NE('\0', *value)
			TH_LOG("%s has no value", names[i]);
	}
	EXPECT_EQ(NULL, next)
		TH_LOG("more than is known: '%s'", next);
}

/* One value a file: nothing that a reader would have to take apart */
TEST(one_value_a_file)
{
	char buf[256], name[64];
	int i;

	EXPECT_EQ(NULL, strpbrk(ims_text("mode", buf, sizeof(buf)), "\n "));
	for (i = 0; kinds[i]; i++) {
		EXPECT_EQ(NULL, strpbrk(verdict_of(kinds[i], buf, sizeof(buf)), "\n "));
		snprintf(name, sizeof(name), "%s/reason", kinds[i]);
		EXPECT_EQ(NULL, strchr(ims_text(name, buf, sizeof(buf)), '\n'));
	}
	EXPECT_NE(0, access(IMS_DIR "/evidence", F_OK));
}

TEST(platform_is_read_only)
{
	static const char * const files[] = {
		"mode", "device_memory/verdict", "device_memory/reason",
		"queue_memory/verdict", "queue_memory/reason", "handed_out/verdict",
		"handed_out/reason", NULL
	};
	char path[PATH_MAX];
	int i, fd;

	for (i = 0; files[i]; i++) {
		snprintf(path, sizeof(path), IMS_DIR "/%s", files[i]);
		fd = open(path, O_WRONLY);
		EXPECT_EQ(-1, fd)
			TH_LOG("%s can be opened for writing", path);
		EXPECT_TRUE(errno == EACCES || errno == EPERM)
			TH_LOG("%s: %s", path, strerror(errno));
	}
}

FIXTURE(devices)
{
	struct ims_device	*list;
	int			nr;
};

FIXTURE_SETUP(devices)
{
	struct dirent *entry;
	DIR *dir;

	self->nr = 0;
	self->list = calloc(MAX_DEVICES, sizeof(*self->list));
	ASSERT_NE(NULL, self->list);

	dir = opendir(PCI_DIR);
	if (!dir)
		SKIP(return, "no PCI bus");
	while ((entry = readdir(dir)) && self->nr < MAX_DEVICES) {
		struct ims_device *dev = self->list + self->nr;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(dev->name, sizeof(dev->name), "%.63s", entry->d_name);
		/* Only a device whose driver uses IMS has the directory */
		if (!device_text(dev->name, "store", dev->store, sizeof(dev->store))[0])
			continue;
		dev->size = device_number(dev->name, "size");
		dev->in_use = device_number(dev->name, "in_use");
		self->nr++;
	}
	closedir(dir);
	if (!self->nr)
		SKIP(return, "no device uses IMS");
}

FIXTURE_TEARDOWN(devices)
{
	free(self->list);
}

TEST_F(devices, attributes_are_well_formed)
{
	static const char * const stores[] = {
		"device-memory", "queue-memory", "handed-out", NULL
	};
	int i;

	for (i = 0; i < self->nr; i++) {
		struct ims_device *dev = self->list + i;

		EXPECT_TRUE(one_of(dev->store, stores))
			TH_LOG("%s: store is '%s'", dev->name, dev->store);
		EXPECT_LT(0, dev->size)
			TH_LOG("%s: size is %ld", dev->name, dev->size);
		EXPECT_LE(0, dev->in_use)
			TH_LOG("%s: in_use is no number", dev->name);
		EXPECT_LE(dev->in_use, dev->size)
			TH_LOG("%s: %ld of %ld vectors in use", dev->name,
			       dev->in_use, dev->size);
	}
}

/* Every interrupt which was requested has a vector. The reverse need not hold. */
static long requested(const char *device)
{
	char line[4096], chip[80];
	long count = 0;
	FILE *file;

	file = fopen("/proc/interrupts", "r");
	if (!file)
		return -1;
	snprintf(chip, sizeof(chip), "PCI-IMS-%s ", device);
	while (fgets(line, sizeof(line), file))
		count += !!strstr(line, chip);
	fclose(file);
	return count;
}

/* irqbalance and others look here for the interrupts of a device */
static long listed(const char *device)
{
	struct dirent *entry;
	char path[128];
	long count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), PCI_DIR "/%s/msi_irqs", device);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

TEST_F(devices, vectors_are_listed)
{
	int i;

	/* MSI or MSI-X of the device are there as well */
	for (i = 0; i < self->nr; i++) {
		EXPECT_LE(self->list[i].in_use, listed(self->list[i].name))
			TH_LOG("%s: %ld vectors, %ld in msi_irqs", self->list[i].name,
			       self->list[i].in_use, listed(self->list[i].name));
	}
}

TEST_F(devices, interrupts_have_vectors)
{
	char buf[64];
	int i;

	for (i = 0; i < self->nr; i++) {
		struct ims_device *dev = self->list + i;

		EXPECT_LE(requested(dev->name), dev->in_use)
			TH_LOG("%s: %ld interrupts, %ld vectors", dev->name,
			       requested(dev->name), dev->in_use);
		EXPECT_STRNE("off", ims_text("mode", buf, sizeof(buf)))
			TH_LOG("%s uses IMS in spite of ims=off", dev->name);
	}
}

TEST_HARNESS_MAIN
