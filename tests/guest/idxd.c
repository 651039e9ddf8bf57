// SPDX-License-Identifier: GPL-2.0
/*
 * Intel DSA, its driver idxd and its client dmatest, as user space sees them.
 * They are modules, and init is their modprobe.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define DMATEST	"/sys/module/dmatest/parameters/"

/* Register BAR: where the IMS table is, in units of 0x100 bytes */
#define BAR_SIZE	0x80000
#define OFFSET_IMS	(0x60 + 6)

/* That of MSI-X, in the model */
#define OFFSET_MSIX	0x8000

/* Copies of the current dmatest run go to this log, see dma_start() */
static int kmsg = -1;

/* The driver has changed from one kernel to the other */
bool kernel_since(int version, int patchlevel)
{
	int v = 0, p = 0;
	struct utsname uts;

	uname(&uts);
	sscanf(uts.release, "%d.%d", &v, &p);
	return check(v, uts.release, "kernel has a version") &&
	       (v > version || (v == version && p >= patchlevel));
}

int module_load(const char *name, const char *params)
{
	int fd = open(txt("/lib/modules/%s.ko", name), O_RDONLY | O_CLOEXEC);
	long ret;

	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

/* @kunit: parameters of the module that carries the KUnit tests of the driver */
bool dsa_load(const char *kunit)
{
	static const char * const names[] = {
		"kunit", "idxd_bus", "idxd", "dmatest", "dsa_client",
	};
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		ret = module_load(names[i], i ? "" : kunit);
		if (ret && ret != -EEXIST)
			return check(false, strerror(-ret), "module %s loads", names[i]);
	}
	return check(dsa_pci(0)[0], "no dsa0", "driver idxd has a device");
}

/* PCI name of device dsa<dev>, empty if there is none */
const char *dsa_pci(int dev)
{
	static char names[2][32];
	char *path = realpath(txt(DSA_BUS "devices/dsa%d", dev), NULL), *p;

	names[dev][0] = '\0';
	p = path ? strrchr(path, '/') : NULL;
	if (p) {
		*p = '\0';
		p = strrchr(path, '/');
		snprintf(names[dev], sizeof(names[dev]), "%s", p ? p + 1 : "");
	}
	free(path);
	return names[dev];
}

const char *dsa_ims(int dev, const char *file)
{
	static char buf[64];

	if (read_file(txt("/sys/bus/pci/devices/%s/ims/%s", dsa_pci(dev), file), buf,
		      sizeof(buf)) < 0)
		return "nothing";
	return buf;
}

void dsa_check_ims(int dev, const char *file, const char *want)
{
	const char *is = dsa_ims(dev, file);

	check(!strcmp(is, want), txt("it is '%s'", is), "dsa%d: sysfs ims/%s is %s", dev, file,
	      want);
}

const char *wq_name(const struct dsa_wq *wq)
{
	return txt("wq%d.%d", wq->dev, wq->id);
}

const char *wq_get(const struct dsa_wq *wq, const char *attr)
{
	static char buf[128];

	read_file(txt(DSA_BUS "devices/%s/%s", wq_name(wq), attr), buf, sizeof(buf));
	return buf;
}

int wq_set(const struct dsa_wq *wq, const char *attr, const char *value)
{
	return write_file(txt(DSA_BUS "devices/%s/%s", wq_name(wq), attr), value);
}

/* A dedicated kernel WQ in group 0, with an engine. False after the first failure. */
bool wq_config(const struct dsa_wq *wq, const char *interrupt)
{
	const char * const attrs[][2] = {
		{ "group_id",		"0" },
		{ "size",		"16" },
		{ "mode",		"dedicated" },
		{ "priority",		"10" },
		{ "type",		"kernel" },
		{ "name",		"copy" },
		{ "driver_name",	"dmaengine" },
		{ "interrupt",		interrupt },
	};
	size_t i;
	int ret;

	write_file(txt(DSA_BUS "devices/engine%d.0/group_id", wq->dev), "0");
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		/* Some are fixed while the device is enabled, and kept until then */
		if (!strcmp(wq_get(wq, attrs[i][0]), attrs[i][1]))
			continue;
		ret = wq_set(wq, attrs[i][0], attrs[i][1]);
		if (ret)
			return check(false, strerror(-ret), "%s takes %s '%s'", wq_name(wq),
				     attrs[i][0], attrs[i][1]);
	}
	return true;
}

static int bind(const char *driver, const char *what, const char *device)
{
	return write_file(txt(DSA_BUS "drivers/%s/%s", driver, what), device);
}

bool dsa_enable(int dev)
{
	int ret = bind("idxd", "bind", txt("dsa%d", dev));

	return check(!ret, strerror(-ret), "dsa%d is enabled", dev);
}

bool dsa_disable(int dev)
{
	int ret = bind("idxd", "unbind", txt("dsa%d", dev));

	return check(!ret, strerror(-ret), "dsa%d is disabled", dev);
}

static void channels(unsigned int *map)
{
	DIR *dir = opendir("/sys/class/dma");
	unsigned int d, c;
	struct dirent *e;

	memset(map, 0, DMA_DEVICES * sizeof(map[0]));
	while (dir && (e = readdir(dir))) {
		if (sscanf(e->d_name, "dma%uchan%u", &d, &c) == 2 && d < DMA_DEVICES && c < 32)
			map[d] |= 1u << c;
	}
	if (dir)
		closedir(dir);
}

/* The channel that is there now and was not there before */
static void find_channel(struct dsa_wq *wq, const unsigned int *old)
{
	unsigned int now[DMA_DEVICES], d;

	channels(now);
	wq->chan[0] = '\0';
	for (d = 0; d < DMA_DEVICES; d++) {
		if (now[d] & ~old[d])
			snprintf(wq->chan, sizeof(wq->chan), "dma%uchan%u", d,
				 (unsigned int)__builtin_ctz(now[d] & ~old[d]));
	}
}

/* Is @irq of the device's MSI-X or IMS table and has it the handler? Gets the index. */
static bool irq_is(const struct dsa_wq *wq, unsigned int irq, const char *action,
		   struct dsa_irq *info)
{
	char buf[64];

	read_file(txt("/sys/kernel/irq/%u/actions", irq), buf, sizeof(buf));
	if (strcmp(buf, action))
		return false;
	read_file(txt("/sys/kernel/irq/%u/chip_name", irq), info->chip, sizeof(info->chip));
	if (!strstr(info->chip, txt("%s-%s", wq->ims ? "PCI-IMS" : "PCI-MSIX",
				    dsa_pci(wq->dev))))
		return false;
	read_file(txt("/sys/kernel/irq/%u/hwirq", irq), buf, sizeof(buf));
	info->irq = irq;
	info->index = atoi(buf);
	return true;
}

/* Fill in the interrupts of @wq's device with this handler. Returns their number. */
int dsa_irqs(const struct dsa_wq *wq, const char *action, struct dsa_irq irqs[MAX_WQS])
{
	DIR *dir = opendir("/sys/kernel/irq");
	struct dirent *e;
	int nr = 0;

	while (dir && (e = readdir(dir)) && nr < MAX_WQS) {
		if (e->d_name[0] != '.' && irq_is(wq, atoi(e->d_name), action, &irqs[nr]))
			nr++;
	}
	if (dir)
		closedir(dir);
	return nr;
}

/* The interrupt with the handler of a WQ that is in @now and not in @old */
static void find_irq(struct dsa_wq *wq, const struct dsa_irq *old, int nr_old)
{
	struct dsa_irq now[MAX_WQS];
	int i, j, nr = dsa_irqs(wq, WQ_ACTION, now);

	wq->irq = (struct dsa_irq){ 0 };
	for (i = 0; i < nr; i++) {
		for (j = 0; j < nr_old && old[j].irq != now[i].irq; j++)
			;
		if (j == nr_old)
			wq->irq = now[i];
	}
}

/* Remember what is there before somebody enables @wq. */
void wq_watch(struct dsa_wq *wq)
{
	wq->ims = !strcmp(wq_get(wq, "interrupt"), "ims");
	channels(wq->old_map);
	wq->nr_old = dsa_irqs(wq, WQ_ACTION, wq->old);
}

/* What is there now and was not there then belongs to @wq. */
void wq_found(struct dsa_wq *wq)
{
	find_channel(wq, wq->old_map);
	find_irq(wq, wq->old, wq->nr_old);
}

/* What the kernel module dsa_client does for us */
int dsa_client(const char *what, const char *whom)
{
	return write_file(txt("/sys/module/dsa_client/parameters/%s", what), whom);
}

/* Interrupts on all CPUs; /proc/interrupts leaves out those which are offline. */
long irq_count(unsigned int irq)
{
	char buf[512], *p;
	long sum = 0;

	if (read_file(txt("/sys/kernel/irq/%u/per_cpu_count", irq), buf, sizeof(buf)) < 0)
		return -1;
	for (p = strtok(buf, ","); p; p = strtok(NULL, ","))
		sum += atol(p);
	return sum;
}

/* Returns what writing to the driver's bind file does. */
int wq_enable(struct dsa_wq *wq)
{
	int ret;

	wq_watch(wq);
	ret = bind("dmaengine", "bind", wq_name(wq));
	if (!ret)
		wq_found(wq);
	return ret;
}

int wq_disable(const struct dsa_wq *wq)
{
	return bind("dmaengine", "unbind", wq_name(wq));
}

static bool dma_param(const char *name, const char *value)
{
	int ret = write_file(txt(DMATEST "%s", name), value);

	return !ret || check(false, strerror(-ret), "dmatest takes %s=%s", name, value);
}

/* Start one thread per WQ, which copies @copies times, up to @buf_size bytes. */
static bool start(struct dsa_wq *wqs, int nr, int copies, int buf_size, int timeout_ms)
{
	bool ok;
	int i;

	ok = dma_param("iterations", txt("%d", copies)) &&
	     dma_param("timeout", txt("%d", timeout_ms)) &&
	     dma_param("test_buf_size", txt("%d", buf_size));
	for (i = 0; ok && i < nr; i++) {
		wqs[i].copies = 0;
		wqs[i].failures = 0;
		wqs[i].before = irq_count(wqs[i].irq.irq);
		wqs[i].received = 0;
		snprintf(wqs[i].bad, sizeof(wqs[i].bad), "it never ended");
		ok = dma_param("channel", wqs[i].chan);
	}
	if (kmsg >= 0)
		close(kmsg);
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	lseek(kmsg, 0, SEEK_END);
	return ok && dma_param("run", "1");
}

bool dma_start(struct dsa_wq *wqs, int nr, int copies)
{
	return start(wqs, nr, copies, 8192, PATIENCE_MS);
}

/* Copies of which the interrupt gets lost. They are over long before somebody gives up. */
bool dma_start_lost(struct dsa_wq *wqs, int nr, int copies)
{
	return start(wqs, nr, copies, 8192, 2000);
}

/* Copies which take so long that something can happen meanwhile, and get lost. */
bool dma_start_slow(struct dsa_wq *wqs, int nr, int copies)
{
	return start(wqs, nr, copies, 512 << 10, 800);
}

/* Returns whether this ends the test of @wq. */
static bool dma_result(struct dsa_wq *wq, const char *text)
{
	const char *p = strstr(text, txt("%s-copy", wq->chan));
	const char *summary = strstr(text, "summary ");
	unsigned long copies, failures;

	if (!p)
		return false;
	if (summary && sscanf(summary, "summary %lu tests, %lu failures", &copies,
			      &failures) == 2) {
		wq->copies = copies;
		wq->failures = failures;
		if (!failures)
			wq->bad[0] = '\0';
		return true;
	}
	if (strstr(text, "result #"))
		snprintf(wq->bad, sizeof(wq->bad), "%.120s", p);
	return false;
}

/*
 * Wait for the end and collect the results. That is dmatest's last words: its own way
 * of waiting does not count threads which have not started, and a thread which is
 * stopped takes the copy under way for lost.
 */
void dma_wait(struct dsa_wq *wqs, int nr)
{
	long end = now_ms() + 3 * PATIENCE_MS;
	char rec[2048];
	int i, ended = 0;
	ssize_t n;

	while (ended < nr && now_ms() < end) {
		n = read(kmsg, rec, sizeof(rec) - 1);
		if (n < 0)
			usleep(1000);
		rec[n < 0 ? 0 : n] = '\0';
		for (i = 0; i < nr; i++)
			ended += dma_result(&wqs[i], rec);
	}
	for (i = 0; i < nr; i++)
		wqs[i].received = irq_count(wqs[i].irq.irq) - wqs[i].before;
}

/* Give the channels back, which can take a command to the device. */
void dma_release(void)
{
	dma_param("run", "0");
}

void dma_finish(struct dsa_wq *wqs, int nr)
{
	dma_wait(wqs, nr);
	dma_release();
}

/* A word of the device's registers, or of the IMS table if @slot is not negative */
static uint32_t dsa_access(int dev, int slot, unsigned int offset, const uint32_t *new)
{
	int fd = open(txt("/sys/bus/pci/devices/%s/resource0", dsa_pci(dev)),
		      O_RDWR | O_SYNC | O_CLOEXEC);
	volatile uint32_t *bar;
	uint32_t value = ~0u;

	if (fd < 0)
		return value;
	bar = mmap(NULL, BAR_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (bar == MAP_FAILED)
		return value;
	if (slot >= 0)
		offset += (bar[OFFSET_IMS / 4] >> 16) * 0x100 + slot * 16;
	if (new)
		bar[offset / 4] = *new;
	value = bar[offset / 4];
	munmap((void *)bar, BAR_SIZE);
	return value;
}

uint32_t dsa_peek(int dev, int slot, unsigned int offset)
{
	return dsa_access(dev, slot, offset, NULL);
}

/* Address and data, as they are in the device: both tables are in its memory */
const char *dsa_message(const struct dsa_wq *wq)
{
	int slot = wq->ims ? (int)wq->irq.index : -1;
	unsigned int base = wq->ims ? 0 : OFFSET_MSIX + wq->irq.index * 16;

	return txt("0x%x/0x%x", dsa_peek(wq->dev, slot, base), dsa_peek(wq->dev, slot, base + 8));
}

void dsa_poke(int dev, int slot, unsigned int offset, uint32_t value)
{
	dsa_access(dev, slot, offset, &value);
}

/*
 * A command to the control monitor of the machine, to which the third serial port
 * leads. It answers with a line that holds the id. Returns whether it did so without
 * an error; @buf has all that came.
 */
static bool monitor(int fd, int id, const char *command, char *buf, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	const char *answer = NULL;
	size_t len = 0;
	char tag[32];
	ssize_t n;

	/* Not from txt(): the command is, and it would not outlive a slow answer */
	snprintf(tag, sizeof(tag), "\"id\": %d", id);
	dprintf(fd, "{\"execute\":%s,\"id\":%d}\n", command, id);
	buf[0] = '\0';
	while (!answer || !strchr(answer, '\n')) {
		n = poll(&pfd, 1, PATIENCE_MS) > 0 ? read(fd, buf + len, size - 1 - len) : 0;
		if (n <= 0)
			return false;
		len += n;
		buf[len] = '\0';
		answer = strstr(buf, tag);
	}
	while (answer > buf && answer[-1] != '\n')
		answer--;
	return !strstr(answer, "\"error\"");
}

static int monitor_fd = -1;

static bool machine_monitor(const char *command, char *buf, size_t size)
{
	static int id;

	if (monitor_fd < 0) {
		monitor_fd = serial_open("/dev/ttyS2");
		if (monitor_fd < 0)
			return check(false, strerror(errno), "machine has a monitor");
		/* What the port echoed before it was raw is no command: 0xff ends it */
		dprintf(monitor_fd, "\xff");
		monitor(monitor_fd, ++id, "\"qmp_capabilities\"", buf, size);
	}
	return monitor(monitor_fd, ++id, command, buf, size);
}

/* The machine is in another emulator now, which has another monitor */
void machine_has_moved(void)
{
	close(monitor_fd);
	monitor_fd = -1;
}

/* A command to the emulator, in the words of its own monitor */
bool machine_command(const char *command)
{
	char buf[4096];

	return machine_monitor(txt("\"human-monitor-command\",\"arguments\":"
				   "{\"command-line\":\"%s\"}", command), buf, sizeof(buf));
}

/* Does a reset start the machine again, or end it? */
bool machine_resets(bool again)
{
	char buf[4096];

	return machine_monitor(txt("\"set-action\",\"arguments\":{\"reboot\":\"%s\"}",
				   again ? "reset" : "shutdown"), buf, sizeof(buf));
}

/* A property of an object of the emulator that is a number, -1 if it has none of that name */
static long qom_get(const char *path, const char *property)
{
	char buf[4096], *p;

	if (!machine_monitor(txt("\"qom-get\",\"arguments\":{\"path\":\"%s\",\"property\":\"%s\"}",
				 path, property), buf, sizeof(buf)))
		return -1;
	p = strstr(buf, "\"return\":");
	return p ? atol(p + strlen("\"return\":")) : -1;
}

static bool qom_set(const char *path, const char *property, const char *value)
{
	char buf[4096];

	return machine_monitor(txt("\"qom-set\",\"arguments\":{\"path\":\"%s\","
				   "\"property\":\"%s\",\"value\":%s}", path, property, value),
			       buf, sizeof(buf)) ||
	       check(false, buf, "%s takes %s=%s", path, property, value);
}

long dsa_property(int dev, const char *property)
{
	return qom_get(txt("/machine/peripheral/dsa%d", dev), property);
}

/* Set a property of the device while the machine runs. */
bool dsa_misbehave(int dev, const char *property, const char *value)
{
	return qom_set(txt("/machine/peripheral/dsa%d", dev), property, value);
}

/* The same of the machine itself */
long machine_property(const char *property)
{
	return qom_get("/machine", property);
}

bool machine_misbehave(const char *property, const char *value)
{
	return qom_set("/machine", property, value);
}
