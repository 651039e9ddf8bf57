// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO: interrupt messages for the user of a device
 *
 *   IMS_VFIO_DEVICE=0000:00:04.0 ims_vfio
 *
 * The device is bound to vfio-pci. If it may have messages it has to be an Intel DSA
 * with an Interrupt Message Store: a small driver in here puts the messages into that
 * table and has the device send them. If not, what is refused is tried, on any device.
 * Whether it may have them is what sysfs and its config space say.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../kselftest_harness.h"

#define IMS_DIR		"/sys/kernel/ims/handed_out"
#define PCI_DIR		"/sys/bus/pci/devices"
#define NOBODY		65534

#define VECTORS		64
#define MSIX_VECTORS	4

/* How long a message that is due may take, and what is not due is waited for */
#define LATE_MS		10000
#define EARLY_MS	100

/* Intel Data Streaming Accelerator Architecture Specification, "Registers" */
#define DSA_BAR0_SIZE	0x80000
#define DSA_BAR2_SIZE	0x4000
#define DSA_OFFSETS	0x60
#define DSA_CMD		0xa0
#define DSA_CMDSTS	0xa8
#define DSA_CMDCAP	0xb0
#define DSA_ACTIVE	0x80000000
#define DSA_ENABLE	1
#define DSA_RESET	5
#define DSA_WQ_ENABLE	6
#define DSA_REQUEST	13
#define DSA_REQUEST_IMS	0x10000
#define DSA_PORTAL_IMS	0x2000
#define DSA_FLAG_RCI	0x10

#define CHECKED(what)	({ int _ret = what; _ret < 0 ? -errno : _ret; })

static const char *bdf;

/* Runs before the harness: its own skips do not reach the exit code */
static void __attribute__((constructor)) need_device(void)
{
	bdf = getenv("IMS_VFIO_DEVICE");
	if (!bdf)
		ksft_exit_skip("IMS_VFIO_DEVICE does not name a device at vfio-pci\n");
	if (access(IMS_DIR, F_OK))
		ksft_exit_skip("no " IMS_DIR ": the kernel hands out no messages\n");
}

/* The content without the last line feed, or an empty string */
static const char *read_text(const char *path)
{
	static char buf[4096];
	ssize_t len = -1;
	int fd = open(path, O_RDONLY);

	if (fd >= 0) {
		len = read(fd, buf, sizeof(buf) - 1);
		close(fd);
	}
	buf[len < 0 ? 0 : len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

static const char *device_path(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), PCI_DIR "/%s/%s", bdf, name);
	return path;
}

/* Number of vectors as the administrator sees it, -1 if the device has no store */
static int vectors_in_use(void)
{
	const char *text = read_text(device_path("ims/in_use"));

	return *text ? atoi(text) : -1;
}

static int open_cdev(void)
{
	DIR *dir = opendir(device_path("vfio-dev"));
	char path[PATH_MAX];
	struct dirent *e;
	int fd = -1;

	while (dir && fd < 0 && (e = readdir(dir))) {
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s", e->d_name);
		if (e->d_name[0] != '.')
			fd = open(path, O_RDWR);
	}
	if (dir)
		closedir(dir);
	return fd;
}

/* What the device is to the test */
static int device_fd = -1, iommu_fd = -1;
static char *bar0, *bar2;
static uint32_t portal_next;

static int device_open(void)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };

	iommu_fd = open("/dev/iommu", O_RDWR);
	if (iommu_fd < 0)
		return -errno;
	device_fd = open_cdev();
	if (device_fd < 0)
		return -errno;
	bind.iommufd = iommu_fd;
	return CHECKED(ioctl(device_fd, VFIO_DEVICE_BIND_IOMMUFD, &bind));
}

static void device_close(void)
{
	close(device_fd);
	close(iommu_fd);
}

static char *map_bar(unsigned int index, size_t size)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };
	void *bar;

	if (ioctl(device_fd, VFIO_DEVICE_GET_REGION_INFO, &info) || info.size < size)
		return NULL;
	bar = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, device_fd, info.offset);
	return bar == MAP_FAILED ? NULL : bar;
}

static int config_rw(bool write, unsigned int offset, void *buf, size_t size)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	ssize_t len;

	if (ioctl(device_fd, VFIO_DEVICE_GET_REGION_INFO, &info))
		return -errno;
	len = write ? pwrite(device_fd, buf, size, info.offset + offset) :
		      pread(device_fd, buf, size, info.offset + offset);
	return len == (ssize_t)size ? 0 : -EIO;
}

static bool has_msi(void)
{
	uint8_t cap[2] = { };
	int left = 48;

	config_rw(false, PCI_CAPABILITY_LIST, &cap[1], 1);
	while (cap[1] && left--) {
		if (config_rw(false, cap[1] & ~3, cap, sizeof(cap)))
			break;
		if (cap[0] == PCI_CAP_ID_MSI || cap[0] == PCI_CAP_ID_MSIX)
			return true;
	}
	return false;
}

/* What has to come of asking for a message: 0, or why not */
static int expected_refusal(void)
{
	if (!has_msi())
		return -ENODEV;
	return strcmp(read_text(IMS_DIR "/verdict"), "allowed") ? -EOPNOTSUPP : 0;
}

/* The interface under test */

static int irq_info(unsigned int index, struct vfio_irq_info *info)
{
	*info = (struct vfio_irq_info){ .argsz = sizeof(*info), .index = index };
	return CHECKED(ioctl(device_fd, VFIO_DEVICE_GET_IRQ_INFO, info));
}

static int set_irqs(unsigned int index, uint32_t flags, unsigned int start, unsigned int count,
		    const void *data, size_t size)
{
	struct {
		struct vfio_irq_set	set;
		uint8_t			data[VECTORS * 4];
	} arg = {
		.set.argsz	= sizeof(arg.set) + size,
		.set.flags	= flags,
		.set.index	= index,
		.set.start	= start,
		.set.count	= count,
	};

	if (size)
		memcpy(arg.set.data, data, size);
	return CHECKED(ioctl(device_fd, VFIO_DEVICE_SET_IRQS, &arg));
}

#define TRIGGER(type)	(VFIO_IRQ_SET_ACTION_TRIGGER | VFIO_IRQ_SET_DATA_##type)

static int set_eventfds(unsigned int index, unsigned int start, unsigned int count, const int *fds)
{
	return set_irqs(index, TRIGGER(EVENTFD), start, count, fds, count * sizeof(*fds));
}

static int set_eventfd(unsigned int index, unsigned int vector, int fd)
{
	return set_eventfds(index, vector, 1, &fd);
}

static int disable_index(unsigned int index)
{
	return set_irqs(index, TRIGGER(NONE), 0, 0, NULL, 0);
}

struct feature {
	struct vfio_device_feature		feature;
	struct vfio_device_feature_pci_irq_msg	msg;
};

static int feature_ioctl(struct feature *f, uint32_t flags, uint32_t argsz)
{
	f->feature.argsz = argsz;
	f->feature.flags = VFIO_DEVICE_FEATURE_PCI_IRQ_MSG | flags;
	return CHECKED(ioctl(device_fd, VFIO_DEVICE_FEATURE, f));
}

static int get_msg(unsigned int index, unsigned int vector, uint64_t *address, uint32_t *data)
{
	struct feature f = { .msg.index = index, .msg.vector = vector };
	int ret = feature_ioctl(&f, VFIO_DEVICE_FEATURE_GET, sizeof(f));

	if (address)
		*address = f.msg.address;
	if (data)
		*data = f.msg.data;
	return ret;
}

/* The driver for DSA */

static uint32_t dsa_read(unsigned int offset)
{
	return __atomic_load_n((uint32_t *)(bar0 + offset), __ATOMIC_SEQ_CST);
}

static void dsa_write(unsigned int offset, uint32_t value)
{
	__atomic_store_n((uint32_t *)(bar0 + offset), value, __ATOMIC_SEQ_CST);
}

static int dsa_command(uint32_t code, uint32_t operand)
{
	uint32_t status;

	dsa_write(DSA_CMD, code << 20 | operand);
	do {
		status = dsa_read(DSA_CMDSTS);
	} while (status & DSA_ACTIVE);
	return status & 0xff ? -EIO : (int)(status >> 8 & 0xffff);
}

/* Where a table is: 0 groups, 1 work queues, 3 interrupt messages */
static unsigned int dsa_table(unsigned int number)
{
	uint32_t offsets = dsa_read(DSA_OFFSETS + number / 2 * 4);

	return (offsets >> number % 2 * 16 & 0xffff) * 0x100;
}

/* One dedicated work queue with one engine */
static int dsa_start(void)
{
	uint16_t command = PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	unsigned int group, wq;

	if (!bar0)
		bar0 = map_bar(VFIO_PCI_BAR0_REGION_INDEX, DSA_BAR0_SIZE);
	if (!bar2)
		bar2 = map_bar(VFIO_PCI_BAR2_REGION_INDEX, DSA_BAR2_SIZE);
	if (!bar0 || !bar2 || config_rw(true, PCI_COMMAND, &command, sizeof(command)))
		return -EIO;

	dsa_command(DSA_RESET, 0);
	group = dsa_table(0);
	wq = dsa_table(1);
	dsa_write(wq, 16);
	dsa_write(wq + 8, 0x11);
	dsa_write(wq + 12, 5);
	dsa_write(group, 1);
	dsa_write(group + 32, 1);
	return dsa_command(DSA_ENABLE, 0) ?: dsa_command(DSA_WQ_ENABLE, 0);
}

static void dsa_set_slot(unsigned int slot, uint64_t address, uint32_t data)
{
	unsigned int base = dsa_table(3) + slot * 16;

	dsa_write(base + 12, 1);
	dsa_write(base, address);
	dsa_write(base + 4, address >> 32);
	dsa_write(base + 8, data);
	dsa_write(base + 12, 0);
}

/* The mappings hold the device open */
static void dsa_unmap(void)
{
	munmap(bar0, DSA_BAR0_SIZE);
	munmap(bar2, DSA_BAR2_SIZE);
	bar0 = NULL;
	bar2 = NULL;
}

/* The device sends what is in a slot when it has done nothing */
static int dsa_fire(unsigned int slot)
{
	uint64_t desc[8] = { }, *portal;
	int handle = slot, i;

	if (dsa_read(DSA_CMDCAP) >> DSA_REQUEST & 1)
		handle = dsa_command(DSA_REQUEST, DSA_REQUEST_IMS | slot);
	if (handle < 0)
		return handle;

	desc[0] = (uint64_t)DSA_FLAG_RCI << 32;
	desc[4] = (uint64_t)handle << 32;
	portal = (uint64_t *)(bar2 + DSA_PORTAL_IMS + portal_next);
	portal_next = (portal_next + sizeof(desc)) % 4096;
	for (i = 0; i < 8; i++)
		__atomic_store_n(portal + i, desc[i], __ATOMIC_SEQ_CST);
	return 0;
}

/* How often an eventfd was signaled, after waiting for the first time */
static int signaled(int fd, int timeout)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t count = 0;

	if (poll(&pfd, 1, timeout) == 1 && read(fd, &count, sizeof(count)) != sizeof(count))
		return -errno;
	return count;
}

/* The device sends what is in the slot once, and it arrives there once */
static int fires(unsigned int slot, int fd)
{
	return dsa_fire(slot) ?: signaled(fd, LATE_MS);
}

FIXTURE(ims_vfio)
{
	int	fds[VECTORS];
	int	spare;
};

FIXTURE_SETUP(ims_vfio)
{
	unsigned int i;

	ASSERT_EQ(device_open(), 0)
		TH_LOG("%s is not bound to vfio-pci, or this is not root", bdf);
	if (expected_refusal())
		SKIP(return, "refused on this machine, see the test 'refused'");
	ASSERT_EQ(dsa_start(), 0)
		TH_LOG("%s does not work as an Intel DSA", bdf);
	for (i = 0; i < VECTORS; i++) {
		self->fds[i] = eventfd(0, EFD_NONBLOCK);
		ASSERT_GE(self->fds[i], 0);
	}
	self->spare = eventfd(0, EFD_NONBLOCK);
	ASSERT_GE(self->spare, 0);
}

FIXTURE_TEARDOWN(ims_vfio)
{
	device_close();
}

/* The message of a vector goes into a slot of the device */
static int place(unsigned int index, unsigned int vector, unsigned int slot)
{
	uint64_t address;
	uint32_t data;
	int ret = get_msg(index, vector, &address, &data);

	if (!ret)
		dsa_set_slot(slot, address, data);
	return ret;
}

static int start_vector(unsigned int vector, int fd)
{
	return set_eventfd(VFIO_PCI_MSG_IRQ_INDEX, vector, fd) ?:
	       place(VFIO_PCI_MSG_IRQ_INDEX, vector, vector);
}

TEST_F(ims_vfio, info)
{
	struct vfio_device_info device = { .argsz = sizeof(device) };
	struct vfio_irq_info info;

	ASSERT_EQ(ioctl(device_fd, VFIO_DEVICE_GET_INFO, &device), 0);
	EXPECT_GT(device.num_irqs, VFIO_PCI_MSG_IRQ_INDEX);
	ASSERT_EQ(irq_info(VFIO_PCI_MSG_IRQ_INDEX, &info), 0);
	EXPECT_EQ(info.flags, VFIO_IRQ_INFO_EVENTFD);
	EXPECT_EQ(info.count,
		  strtoul(read_text("/sys/module/vfio_pci_core/parameters/msg_vectors"), NULL, 10));
	EXPECT_EQ(irq_info(VFIO_PCI_NUM_IRQS, &info), -EINVAL);
}

/* Each vector by itself, and each message raises its own interrupt and no other */
TEST_F(ims_vfio, messages)
{
	unsigned int i, total = 0;

	for (i = 0; i < VECTORS; i++)
		ASSERT_EQ(start_vector(i, self->fds[i]), 0)
			TH_LOG("vector %u", i);
	EXPECT_EQ(vectors_in_use(), VECTORS);
	for (i = 0; i < VECTORS; i++)
		ASSERT_EQ(dsa_fire(i), 0);
	for (i = 0; i < VECTORS; i++) {
		EXPECT_EQ(signaled(self->fds[i], LATE_MS), 1)
			TH_LOG("vector %u", i);
		total++;
	}
	EXPECT_EQ(total, VECTORS);
	for (i = 0; i < VECTORS; i++)
		EXPECT_EQ(signaled(self->fds[i], 0), 0);
}

/* All with one call, and from the end */
TEST_F(ims_vfio, block)
{
	unsigned int i;

	ASSERT_EQ(set_eventfds(VFIO_PCI_MSG_IRQ_INDEX, 0, VECTORS, self->fds), 0);
	for (i = VECTORS; i--;) {
		ASSERT_EQ(place(VFIO_PCI_MSG_IRQ_INDEX, i, i), 0);
		EXPECT_EQ(fires(i, self->fds[i]), 1);
	}
	EXPECT_EQ(disable_index(VFIO_PCI_MSG_IRQ_INDEX), 0);
	EXPECT_EQ(vectors_in_use(), 0);
	EXPECT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, 0, NULL, NULL), -ENOENT);
}

/* The message of an MSI-X vector is as good, wherever the device has it from */
TEST_F(ims_vfio, msix)
{
	unsigned int i;

	EXPECT_EQ(get_msg(VFIO_PCI_MSIX_IRQ_INDEX, 0, NULL, NULL), -ENOENT);
	ASSERT_EQ(set_eventfds(VFIO_PCI_MSIX_IRQ_INDEX, 0, MSIX_VECTORS, self->fds), 0);
	for (i = 0; i < MSIX_VECTORS; i++) {
		ASSERT_EQ(place(VFIO_PCI_MSIX_IRQ_INDEX, i, VECTORS + i), 0);
		EXPECT_EQ(fires(VECTORS + i, self->fds[i]), 1);
	}
	EXPECT_EQ(get_msg(VFIO_PCI_MSIX_IRQ_INDEX, MSIX_VECTORS, NULL, NULL), -ENOENT);
	EXPECT_EQ(get_msg(VFIO_PCI_MSI_IRQ_INDEX, 0, NULL, NULL), -ENOENT);
}

/* One index comes and goes without the other noticing */
TEST_F(ims_vfio, beside_msix)
{
	ASSERT_EQ(start_vector(0, self->fds[0]), 0);
	ASSERT_EQ(set_eventfd(VFIO_PCI_MSIX_IRQ_INDEX, 1, self->fds[1]), 0);
	ASSERT_EQ(place(VFIO_PCI_MSIX_IRQ_INDEX, 1, 1), 0);
	EXPECT_EQ(fires(0, self->fds[0]), 1);
	EXPECT_EQ(fires(1, self->fds[1]), 1);

	ASSERT_EQ(disable_index(VFIO_PCI_MSIX_IRQ_INDEX), 0);
	EXPECT_EQ(fires(0, self->fds[0]), 1);
	EXPECT_EQ(vectors_in_use(), 1);

	ASSERT_EQ(set_eventfd(VFIO_PCI_MSIX_IRQ_INDEX, 1, self->fds[1]), 0);
	ASSERT_EQ(place(VFIO_PCI_MSIX_IRQ_INDEX, 1, 1), 0);
	ASSERT_EQ(disable_index(VFIO_PCI_MSG_IRQ_INDEX), 0);
	EXPECT_EQ(fires(1, self->fds[1]), 1);
}

/* Taking one down takes its message down. The device still has it: nobody gets that. */
TEST_F(ims_vfio, revoke)
{
	int i;

	for (i = 0; i < 3; i++)
		ASSERT_EQ(start_vector(i, self->fds[i]), 0);
	ASSERT_EQ(set_eventfd(VFIO_PCI_MSG_IRQ_INDEX, 1, -1), 0);
	EXPECT_EQ(vectors_in_use(), 2);
	EXPECT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, 1, NULL, NULL), -ENOENT);
	EXPECT_EQ(dsa_fire(1), 0);
	EXPECT_EQ(fires(0, self->fds[0]), 1);
	EXPECT_EQ(fires(2, self->fds[2]), 1);
	EXPECT_EQ(signaled(self->fds[1], EARLY_MS), 0);
	/* Not there, not an error */
	EXPECT_EQ(set_eventfd(VFIO_PCI_MSG_IRQ_INDEX, 1, -1), 0);
	ASSERT_EQ(start_vector(1, self->fds[1]), 0);
	EXPECT_EQ(fires(1, self->fds[1]), 1);
}

/* Another eventfd is no other message */
TEST_F(ims_vfio, replace)
{
	uint64_t before, after;
	uint32_t data[2];

	ASSERT_EQ(start_vector(5, self->fds[5]), 0);
	ASSERT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, 5, &before, &data[0]), 0);
	ASSERT_EQ(set_eventfd(VFIO_PCI_MSG_IRQ_INDEX, 5, self->spare), 0);
	ASSERT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, 5, &after, &data[1]), 0);
	EXPECT_EQ(before, after);
	EXPECT_EQ(data[0], data[1]);
	EXPECT_EQ(fires(5, self->spare), 1);
	EXPECT_EQ(signaled(self->fds[5], 0), 0);
}

/* The Linux interrupt of a vector, 0 if there is none */
static unsigned int irq_of(unsigned int vector)
{
	char name[64], line[1024];
	unsigned int irq = 0;
	FILE *f = fopen("/proc/interrupts", "r");

	snprintf(name, sizeof(name), "vfio-msg[%u](%s)", vector, bdf);
	while (f && !irq && fgets(line, sizeof(line), f)) {
		if (strstr(line, name))
			irq = atoi(line);
	}
	if (f)
		fclose(f);
	return irq;
}

/* Busy is who has not left the CPU before the last one yet */
static int move_irq(unsigned int irq, unsigned int cpu)
{
	char path[64], text[16];
	int fd, ret, tries = LATE_MS;

	snprintf(path, sizeof(path), "/proc/irq/%u/smp_affinity_list", irq);
	snprintf(text, sizeof(text), "%u", cpu);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return -errno;
	do {
		ret = CHECKED(write(fd, text, strlen(text)));
	} while (ret == -EBUSY && tries-- && !usleep(1000));
	close(fd);
	return ret < 0 ? ret : 0;
}

/* Nobody could tell the device */
TEST_F(ims_vfio, affinity)
{
	long cpu, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uint64_t before, after;

	if (cpus < 2)
		SKIP(return, "one CPU, nothing to move to");
	ASSERT_EQ(start_vector(0, self->fds[0]), 0);
	ASSERT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, 0, &before, NULL), 0);
	ASSERT_NE(irq_of(0), 0);
	for (cpu = 0; cpu < 2 * cpus; cpu++) {
		ASSERT_EQ(move_irq(irq_of(0), cpu % cpus), 0);
		EXPECT_EQ(fires(0, self->fds[0]), 1);
	}
	ASSERT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, 0, &after, NULL), 0);
	EXPECT_EQ(before, after);
}

TEST_F(ims_vfio, loopback)
{
	static const uint8_t bools[] = { 1, 0, 1 };

	ASSERT_EQ(set_eventfds(VFIO_PCI_MSG_IRQ_INDEX, 3, 2, self->fds + 3), 0);
	EXPECT_EQ(set_irqs(VFIO_PCI_MSG_IRQ_INDEX, TRIGGER(NONE), 3, 3, NULL, 0), 0);
	EXPECT_EQ(signaled(self->fds[3], LATE_MS), 1);
	EXPECT_EQ(signaled(self->fds[4], LATE_MS), 1);
	EXPECT_EQ(set_irqs(VFIO_PCI_MSG_IRQ_INDEX, TRIGGER(BOOL), 3, 3, bools, sizeof(bools)), 0);
	EXPECT_EQ(signaled(self->fds[3], LATE_MS), 1);
	EXPECT_EQ(signaled(self->fds[4], 0), 0);
}

/* What a reset by VFIO leaves is a device without vectors which can have new ones */
TEST_F(ims_vfio, reset)
{
	ASSERT_EQ(start_vector(0, self->fds[0]), 0);
	ASSERT_EQ(start_vector(7, self->fds[7]), 0);
	ASSERT_EQ(CHECKED(ioctl(device_fd, VFIO_DEVICE_RESET)), 0);
	EXPECT_EQ(vectors_in_use(), 0);
	EXPECT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, 0, NULL, NULL), -ENOENT);
	EXPECT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, 7, NULL, NULL), -ENOENT);
	ASSERT_EQ(dsa_start(), 0);
	ASSERT_EQ(start_vector(7, self->fds[7]), 0);
	EXPECT_EQ(fires(7, self->fds[7]), 1);
}

TEST_F(ims_vfio, close)
{
	ASSERT_EQ(start_vector(0, self->fds[0]), 0);
	EXPECT_EQ(vectors_in_use(), 1);
	EXPECT_NE(irq_of(0), 0);
	dsa_unmap();
	device_close();
	EXPECT_EQ(vectors_in_use(), -1);
	EXPECT_EQ(irq_of(0), 0);

	ASSERT_EQ(device_open(), 0);
	ASSERT_EQ(dsa_start(), 0);
	EXPECT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, 0, NULL, NULL), -ENOENT);
	ASSERT_EQ(start_vector(0, self->fds[0]), 0);
	EXPECT_EQ(fires(0, self->fds[0]), 1);
}

/* Who has the device needs no more rights than that */
TEST_F(ims_vfio, unprivileged)
{
	int status;

	if (!fork()) {
		if (setgid(NOBODY) || setuid(NOBODY) || start_vector(0, self->fds[0]) ||
		    dsa_fire(0) || signaled(self->fds[0], LATE_MS) != 1)
			_exit(1);
		/* But does not get hold of another device */
		_exit(open("/dev/iommu", O_RDWR) >= 0 || open_cdev() >= 0 ? 2 : 0);
	}
	ASSERT_GT(wait(&status), 0);
	EXPECT_EQ(status, 0);
}

TEST_F(ims_vfio, bad_vectors)
{
	static const int nowhere = 1000000, below = -2;
	const unsigned int msg = VFIO_PCI_MSG_IRQ_INDEX;
	int pipes[2], fds[3] = { self->fds[0], nowhere, self->fds[2] };
	struct vfio_irq_info info;

	ASSERT_EQ(irq_info(msg, &info), 0);
	ASSERT_EQ(pipe(pipes), 0);
	EXPECT_EQ(set_eventfd(msg, info.count, self->fds[0]), -EINVAL);
	EXPECT_EQ(set_eventfds(msg, info.count - 1, 2, self->fds), -EINVAL);
	EXPECT_EQ(set_eventfd(msg, ~0u, self->fds[0]), -EINVAL);
	EXPECT_EQ(set_eventfd(msg, 0, nowhere), -EBADF);
	EXPECT_EQ(set_eventfd(msg, 0, below), -EBADF);
	EXPECT_EQ(set_eventfd(msg, 0, pipes[0]), -EINVAL);
	EXPECT_EQ(set_irqs(msg, TRIGGER(EVENTFD), 0, 1, NULL, 0), -EINVAL);
	EXPECT_EQ(set_irqs(msg, VFIO_IRQ_SET_ACTION_MASK | VFIO_IRQ_SET_DATA_NONE, 0, 1, NULL, 0),
		  -ENOTTY);
	EXPECT_EQ(set_irqs(msg, VFIO_IRQ_SET_ACTION_UNMASK | VFIO_IRQ_SET_DATA_NONE, 0, 1, NULL,
			   0), -ENOTTY);
	EXPECT_EQ(set_irqs(msg, VFIO_IRQ_SET_ACTION_TRIGGER, 0, 1, NULL, 0), -EINVAL);
	EXPECT_EQ(set_irqs(msg, TRIGGER(NONE) | TRIGGER(BOOL), 0, 1, NULL, 0), -EINVAL);
	/* Those before the bad one are gone again */
	EXPECT_EQ(set_eventfds(msg, 0, 3, fds), -EBADF);
	EXPECT_EQ(get_msg(msg, 0, NULL, NULL), -ENOENT);
	EXPECT_LE(vectors_in_use(), 0);
}

TEST_F(ims_vfio, bad_feature)
{
	struct feature f = { .msg.index = VFIO_PCI_MSG_IRQ_INDEX }, bad;
	const uint32_t get = VFIO_DEVICE_FEATURE_GET, set = VFIO_DEVICE_FEATURE_SET;
	const uint32_t probe = VFIO_DEVICE_FEATURE_PROBE;

	EXPECT_EQ(feature_ioctl(&f, probe, sizeof(f.feature)), 0);
	EXPECT_EQ(feature_ioctl(&f, probe | get, sizeof(f)), 0);
	EXPECT_EQ(feature_ioctl(&f, probe | set, sizeof(f)), -EINVAL);
	EXPECT_EQ(feature_ioctl(&f, set, sizeof(f)), -EINVAL);
	EXPECT_EQ(feature_ioctl(&f, get, sizeof(f)), -ENOENT);
	EXPECT_EQ(get_msg(VFIO_PCI_MSG_IRQ_INDEX, ~0u, NULL, NULL), -ENOENT);
	ASSERT_EQ(start_vector(0, self->fds[0]), 0);
	EXPECT_EQ(feature_ioctl(&f, get, sizeof(f)), 0);
	EXPECT_EQ(feature_ioctl(&f, get, sizeof(f) - 1), -EINVAL);
	bad = f;
	bad.msg.flags = 1;
	EXPECT_EQ(feature_ioctl(&bad, get, sizeof(bad)), -EINVAL);
	EXPECT_EQ(get_msg(VFIO_PCI_INTX_IRQ_INDEX, 0, NULL, NULL), -EINVAL);
	EXPECT_EQ(get_msg(VFIO_PCI_ERR_IRQ_INDEX, 0, NULL, NULL), -EINVAL);
	EXPECT_EQ(get_msg(VFIO_PCI_NUM_IRQS, 0, NULL, NULL), -EINVAL);
}

/* Where there are no messages it is said why, and MSI-X goes on working */
TEST(refused)
{
	struct feature f = { .msg.index = VFIO_PCI_MSG_IRQ_INDEX };
	int fd = eventfd(0, EFD_NONBLOCK), expected;
	struct vfio_irq_info info;

	ASSERT_EQ(device_open(), 0);
	expected = expected_refusal();
	if (!expected)
		SKIP(return, "not refused on this machine");
	EXPECT_STRNE("", read_text(IMS_DIR "/reason"));
	ASSERT_EQ(irq_info(VFIO_PCI_MSG_IRQ_INDEX, &info), 0);
	EXPECT_EQ(info.count, 0);
	EXPECT_EQ(set_eventfd(VFIO_PCI_MSG_IRQ_INDEX, 0, fd), -EINVAL);
	EXPECT_EQ(feature_ioctl(&f, VFIO_DEVICE_FEATURE_PROBE, sizeof(f)), expected);
	EXPECT_EQ(feature_ioctl(&f, VFIO_DEVICE_FEATURE_GET, sizeof(f)), expected);
	EXPECT_LT(vectors_in_use(), 0);
	ASSERT_EQ(irq_info(VFIO_PCI_MSIX_IRQ_INDEX, &info), 0);
	if (info.count)
		EXPECT_EQ(set_eventfd(VFIO_PCI_MSIX_IRQ_INDEX, 0, fd), 0);
	EXPECT_NE(get_msg(VFIO_PCI_MSIX_IRQ_INDEX, 0, NULL, NULL), 0);
	device_close();
}

TEST_HARNESS_MAIN
