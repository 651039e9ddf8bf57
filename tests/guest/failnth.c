// SPDX-License-Identifier: GPL-2.0
/*
 * Every allocation of an operation fails once: the first, the second, until the operation
 * needs no more than that. Whatever comes of it, there must be no warning and no leak, and
 * in the end everything works.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define NTH		"/proc/self/fail-nth"
#define EDU_DRIVER	"/sys/bus/pci/drivers/edu_ims/"
#define VECTORS		64
#define FEW		3

/* With many vectors most failures are the same once more: take every so many, a prime */
#define STRIDE		101

/* More than any of them: an operation that never comes to an end is an error, too */
#define MANY		50000

struct op {
	const char	*name;
	/* All return 0 or a negative errno */
	int		(*prepare)(void);
	int		(*run)(void);
	/* With fewer allocations than that something is wrong with the test */
	unsigned int	least;
	unsigned int	stride;
};

static struct dsa_wq wq = { .want = "ims" };
static char dsa_name[32];
static int idxd_ko;

static int few_slots(void)
{
	return stress_run(txt("slots %d", FEW));
}

static int few_queue(void)
{
	return stress_run(txt("queue %d", FEW));
}

static int many_slots(void)
{
	return stress_run(txt("slots %d", VECTORS));
}

static int many_queue(void)
{
	return stress_run(txt("queue %d", VECTORS));
}

/* What runs under failures is the write alone, and not what looks whether it is needed. */
static int edu_bind(void)
{
	return write_file(EDU_DRIVER "bind", edu_name);
}

static int edu_unbind(void)
{
	return write_file(EDU_DRIVER "unbind", edu_name);
}

static int edu_be_bound(void)
{
	return edu_is_bound() ? 0 : edu_bind();
}

static int edu_be_unbound(void)
{
	return edu_is_bound() ? edu_unbind() : 0;
}

/*
 * The first to enable a device has ACPI look for the routing of its interrupt. When that
 * fails in the middle, ACPI uses memory which it has freed. That is none of our business.
 */
static bool keep_enabled(const char *name, int (*be_unbound)(void))
{
	int ret = be_unbound() ?: write_file(txt("/sys/bus/pci/devices/%s/enable", name), "1");

	return check(!ret, strerror(-ret), "%s stays enabled", name);
}

/* After an attempt that failed there is no vector, and the next one allocates it. */
static int edu_reload(void)
{
	return write_file(edu_debugfs("reload"), "0");
}

static int reset(const char *name)
{
	return write_file(txt("/sys/bus/pci/devices/%s/reset", name), "1");
}

static int edu_reset(void)
{
	return reset(edu_name);
}

static int idxd_bind(void)
{
	return write_file(IDXD_DRIVER "bind", dsa_name);
}

static int idxd_unbind(void)
{
	return write_file(IDXD_DRIVER "unbind", dsa_name);
}

static int idxd_be_unbound(void)
{
	return dsa_pci(0)[0] ? idxd_unbind() : 0;
}

static int idxd_load(void)
{
	return syscall(SYS_finit_module, idxd_ko, "", 0) ? -errno : 0;
}

static int idxd_be_unloaded(void)
{
	int ret = module_unload("idxd");

	return ret == -ENOENT ? 0 : ret;
}

static int idxd_reset(void)
{
	return reset(dsa_name);
}

static int wq_enable_only(void)
{
	return write_file(DSA_BUS "drivers/dmaengine/bind", "wq0.0");
}

static int wq_disable_only(void)
{
	return write_file(DSA_BUS "drivers/dmaengine/unbind", "wq0.0");
}

static int wq_be_enabled(void)
{
	if (!strcmp(wq_get(&wq, "state"), "enabled"))
		return 0;
	return wq_config(&wq, "ims") ? wq_enable_only() : -EIO;
}

/* Whatever the device has gone through: probed anew, with a WQ that is enabled */
static int idxd_be_in_use(void)
{
	int ret = idxd_be_unbound() ?: idxd_bind();

	if (!ret && !wq_config(&wq, "ims"))
		ret = -EIO;
	return ret ?: write_file(DSA_BUS "drivers/idxd/bind", "dsa0") ?: wq_enable_only();
}

static int wq_be_disabled(void)
{
	if (!strcmp(wq_get(&wq, "state"), "enabled") && wq_disable(&wq))
		return -EBUSY;
	/* Neither a vector nor its slot is left behind */
	if (strcmp(dsa_ims(0, "in_use"), "0"))
		return -EEXIST;
	return wq_config(&wq, "ims") ? 0 : -EIO;
}

/* As in include/uapi/linux/idxd.h, which is newer than the machine's */
#define IDXD_IOC_IRQ_BIND	_IO(0xBB, 0)

struct idxd_irq_bind {
	unsigned int	argsz;
	unsigned int	flags;
	int		eventfd;
	unsigned int	handle;
	unsigned int	generation;
};

static int user_open_and_bind(void)
{
	struct idxd_irq_bind bind = { .argsz = sizeof(bind), .eventfd = eventfd(0, EFD_CLOEXEC) };
	int fd = open("/dev/dsa/wq0.0", O_RDWR | O_CLOEXEC), ret = 0;

	if (fd < 0 || bind.eventfd < 0 || ioctl(fd, IDXD_IOC_IRQ_BIND, &bind))
		ret = -errno;
	if (fd >= 0)
		close(fd);
	if (bind.eventfd >= 0)
		close(bind.eventfd);
	return ret;
}

/* Neither a slot nor a share in the limit is left behind */
static int user_be_closed(void)
{
	return strcmp(dsa_ims(0, "in_use"), "0") ? -EEXIST : 0;
}

static const struct op user_ops[] = {
	{ "idxd: open and bind", user_be_closed, user_open_and_bind, 20, 1 },
};

static const struct op stress_ops[] = {
	{ "3 vectors in device memory",	NULL,	few_slots,	30, 1 },
	{ "3 vectors in queue memory",	NULL,	few_queue,	30, 1 },
	{ "64 vectors in device memory", NULL,	many_slots,	20, STRIDE },
	{ "64 vectors in queue memory",	NULL,	many_queue,	20, STRIDE },
};

static const struct op edu_ops[] = {
	{ "edu: bind",		edu_be_unbound,	edu_bind,	10, 7 },
	{ "edu: unbind",	edu_be_bound,	edu_unbind,	0, 1 },
	{ "edu: reload",	edu_be_bound,	edu_reload,	10, 1 },
	{ "edu: reset",		edu_be_bound,	edu_reset,	0, 1 },
};

static const struct op wq_ops[] = {
	{ "idxd: enable a WQ",	wq_be_disabled,	wq_enable_only,	20, 1 },
	{ "idxd: disable a WQ",	wq_be_enabled,	wq_disable_only, 0, 1 },
};

/* To load a module takes more than to bind its driver, and what is more is not ours */
static const struct op probe_ops[] = {
	{ "idxd: load",		idxd_be_unloaded, idxd_load,	10, 211 },
	{ "idxd: bind",		idxd_be_unbound, idxd_bind,	40, 41 },
};

/* Before Linux 6.14 the driver has no part in a reset, which then allocates next to nothing */
static const struct op reset_ops[] = {
	{ "idxd: reset",	idxd_be_in_use,	idxd_reset,	0, 3 },
	{ "idxd: unbind",	idxd_be_in_use,	idxd_unbind,	0, 7 },
};

/* Returns whether the @n-th allocation was reached, and failed. */
static bool fail(int fd, unsigned int n, const struct op *op, int *ret)
{
	char buf[16] = "";

	dprintf(fd, "%u", n);
	*ret = op->run();
	if (pread(fd, buf, sizeof(buf) - 1, 0) <= 0)
		buf[0] = '\0';
	dprintf(fd, "0");
	return buf[0] == '0';
}

static void sweep(const struct op *op)
{
	int fd = open(NTH, O_RDWR | O_CLOEXEC), ret = 0, errors = 0, points = 0;
	const char *bad = NULL;
	long start = now_ms();
	unsigned int n;

	for (n = 1; n < MANY && !bad; n += op->stride, points++) {
		if (op->prepare && op->prepare())
			bad = txt("it cannot be repeated before point %u", n);
		else if (!fail(fd, n, op, &ret))
			break;
		errors += !!ret;
	}
	if (!bad && ret)
		bad = txt("without any failure: %s", strerror(-ret));
	close(fd);
	check(!bad && points >= (int)op->least && n < MANY, bad ? bad : "too few or too many",
	      "%s: %d of its allocations failed in turn, up to number %u", op->name, points, n);
	say("%s: %d of %d points end in an error, %ld ms", op->name, errors, points,
	    now_ms() - start);
}

/* Address of the first byte of a function, and of the first one behind it */
static bool find_function(const char *name, unsigned long long range[2])
{
	unsigned long long address;
	FILE *f = fopen("/proc/kallsyms", "r");
	char line[256], symbol[128];

	range[0] = 0;
	range[1] = ~0ull;
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx %*c %127s", &address, symbol) == 2 && !strcmp(symbol, name))
			range[0] = address;
	}
	if (f)
		rewind(f);
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx", &address) == 1 && address > range[0] && address < range[1])
			range[1] = address;
	}
	if (f)
		fclose(f);
	return range[0];
}

/*
 * Where the interrupt core registers an interrupt in /proc it does not look whether that
 * works, and warns when it takes away what is not there. That is none of our business.
 */
static bool set_up(const char *attr)
{
	unsigned long long range[2];
	const char *start, *end;
	char path[64];
	int ret;

	if (!check(find_function("register_irq_proc", range), NULL, "kernel has its symbols"))
		return false;
	start = txt("0x%llx", range[0]);
	end = txt("0x%llx", range[1]);
	snprintf(path, sizeof(path), "/sys/kernel/debug/%s", attr);
	ret = write_file(txt("%s/ignore-gfp-wait", path), "N") ?:
	      write_file(txt("%s/verbose", path), "0") ?:
	      write_file(txt("%s/reject-start", path), start) ?:
	      write_file(txt("%s/reject-end", path), end);
	return check(!ret, strerror(-ret), "kernel can fail on purpose (%s)", attr);
}

static void sweep_all(const struct op *ops, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		sweep(&ops[i]);
}

/* failnth=stress, edu, wq, user, probe, reset */
void step_failnth(const char *arg)
{
	const char *what = arg ? arg : "";

	if (!set_up("failslab") || !set_up("fail_page_alloc"))
		return;
	write_file("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	if (!strcmp(what, "stress") && stress_load()) {
		sweep_all(stress_ops, ARRAY_SIZE(stress_ops));
		stress_do("hold 64");
		stress_do("fire");
		check(!module_unload("ims_stress"), NULL, "module ims_stress is unloaded");
	} else if (!strcmp(what, "edu") && edu_find() && keep_enabled(edu_name, edu_be_unbound)) {
		sweep_all(edu_ops, ARRAY_SIZE(edu_ops));
		check(!edu_be_unbound() && !edu_bind(), NULL, "edu: driver is bound again");
		edu_fire("0", 1, "edu: the vector fires");
		edu_check_msi();
	} else if (!strcmp(what, "wq") && dsa_load("enable=0") && wq_config(&wq, "ims") &&
		   dsa_enable(0)) {
		sweep_all(wq_ops, ARRAY_SIZE(wq_ops));
		if (check(!wq_be_disabled() && !wq_enable(&wq), NULL, "WQ is enabled"))
			copy_and_check(&wq, 1);
		take_down(&wq, 1);
	} else if (!strcmp(what, "user") && dsa_load("enable=0") && users_are_up(1)) {
		sweep_all(user_ops, ARRAY_SIZE(user_ops));
	} else if ((!strcmp(what, "probe") || !strcmp(what, "reset")) && dsa_load("enable=0")) {
		snprintf(dsa_name, sizeof(dsa_name), "%s", dsa_pci(0));
		idxd_ko = open("/lib/modules/idxd.ko", O_RDONLY | O_CLOEXEC);
		if (!keep_enabled(dsa_name, idxd_be_unbound))
			return;
		if (!strcmp(what, "probe"))
			sweep_all(probe_ops, ARRAY_SIZE(probe_ops));
		else
			sweep_all(reset_ops, ARRAY_SIZE(reset_ops));
		check(!idxd_be_unbound() && !idxd_bind(), NULL, "idxd: driver is bound again");
		if (bring_up(&wq, 1))
			copy_and_check(&wq, 1);
		take_down(&wq, 1);
	}
}
