// SPDX-License-Identifier: GPL-2.0
/*
 * The administrator's tool with accel-config/wq-interrupt.patch, see scripts/accel-config: the
 * attributes of work queues for the interrupts of processes.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define TOOL		"/bin/accel-config-ims"
#define PLAIN_TOOL	"/bin/accel-config"
#define SAVED		"/conf/user"
#define SPOILT		"/conf/spoilt"
#define OUTPUT		"/conf/output"

static const struct dsa_wq user_wq = { .id = 0 };
static char text[1 << 16];

/* What the program says goes to OUTPUT and to text */
static int tool(const char *program, const char *args)
{
	int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO), ret;
	int fd = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	ret = run_command(txt("%s %s", program, args));
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close(out);
	close(err);
	close(fd);
	read_file(OUTPUT, text, sizeof(text));
	return ret;
}

static void takes(const char *args)
{
	int ret = tool(TOOL, args);

	check(!ret, txt("exit status %d, %.100s", ret, text), "accel-config %s", args);
}

static void attributes(const char *interrupt, const char *max, const char *when)
{
	check(!strcmp(wq_get(&user_wq, "interrupt"), interrupt), wq_get(&user_wq, "interrupt"),
	      "interrupt=%s %s", interrupt, when);
	check(!strcmp(wq_get(&user_wq, "interrupts_max"), max), wq_get(&user_wq, "interrupts_max"),
	      "interrupts_max=%s %s", max, when);
}

/* An exit status, and a line that names the reason */
static void refuses(const char *args, const char *reason)
{
	int ret = tool(TOOL, args);

	check(ret > 0 && strstr(text, reason), txt("exit status %d, %.100s", ret, text),
	      "accel-config %s is refused: %s", args, reason);
}

static void shows(const char *what, bool want)
{
	check(!!strstr(text, what) == want, NULL, "%s is %sthere", what, want ? "" : "not ");
}

/* The saved configuration with a bad value */
static void refuses_file(const char *good, const char *bad, const char *reason)
{
	FILE *file = fopen(SPOILT, "w");
	char *at;

	read_file(SAVED, text, sizeof(text));
	at = strstr(text, good);
	if (!check(file && at, NULL, "%s was saved", good))
		return;
	fprintf(file, "%.*s%s%s\n", (int)(at - text), text, bad, at + strlen(good));
	fclose(file);
	refuses("load-config -c " SPOILT, reason);
}

static void configure(void)
{
	takes("config-engine dsa0/engine0.0 --group-id=0");
	takes("config-wq dsa0/wq0.0 --group-id=0 --wq-size=16 --priority=10 --type=user --name=process "
	      "--mode=dedicated --driver-name=user --interrupt=ims --interrupts-max=3");
	attributes("ims", "3", "by config-wq");
	/* The interrupt of a kernel work queue is its own, the number means nothing to it */
	takes("config-wq dsa0/wq0.1 --group-id=0 --wq-size=16 --priority=10 --type=kernel --name=copy "
	      "--mode=dedicated --driver-name=dmaengine --interrupt=ims --interrupts-max=5");
}

static void bad_values(void)
{
	refuses("config-wq dsa0/wq0.0 --interrupt=imsx", "should be msix or ims");
	refuses("config-wq dsa0/wq0.0 --interrupt=", "should be msix or ims");
	refuses("config-wq dsa0/wq0.0 --interrupts-max=-1", "should be 0 to 4294967295");
	refuses("config-wq dsa0/wq0.0 --interrupts-max=4294967296", "should be 0 to 4294967295");
	refuses("config-wq dsa0/wq0.0 --interrupts-max=99999999999999999999", "should be 0 to 4294967295");
	/* The exit status of what is no number is 0, of all its options */
	tool(TOOL, "config-wq dsa0/wq0.0 --interrupts-max=3x");
	shows("expects a numerical value", true);
	attributes("ims", "3", "after what was refused");
}

/* The table is chosen while the work queue is disabled, the number may change at any time */
static void while_enabled(void)
{
	takes("enable-device dsa0");
	takes("enable-wq dsa0/wq0.0 dsa0/wq0.1");
	dsa_check_ims(0, "in_use", "1");
	refuses("config-wq dsa0/wq0.0 -i msix", "Operation not permitted");
	takes("config-wq dsa0/wq0.0 -l 4294967295");
	takes("list");
	shows("\"interrupts_max\":4294967295", true);
	takes("config-wq dsa0/wq0.0 -l 7");
	attributes("ims", "7", "while it is enabled");
	takes("list");
	shows("\"interrupt\":\"ims\"", true);
	shows("\"interrupts_max\":7", true);
	takes("save-config -s " SAVED);
	read_file(SAVED, text, sizeof(text));
	shows("\"interrupt\":\"ims\"", true);
	shows("\"interrupts_max\":7", true);
}

static void disable(void)
{
	takes("disable-wq dsa0/wq0.0 dsa0/wq0.1");
	takes("disable-device dsa0");
	attributes("msix", "0", "after it was disabled");
}

static void restore(void)
{
	int ret;

	takes("config-wq dsa0/wq0.0 -i msix -l 9");
	attributes("msix", "9", "after another change");
	takes("load-config -e -c " SAVED);
	attributes("ims", "7", "by load-config");
	dsa_check_ims(0, "in_use", "1");
	ret = run_command("/bin/dsa_copy -n 20 -s 4096 /dev/dsa/wq0.0");
	check(!ret, txt("exit status %d", ret), "a process sleeps until its copies are done");
}

static void bad_files(void)
{
	refuses_file("\"interrupt\":\"ims\"", "\"interrupt\":\"imsx\"", "wq set interrupt value failed");
	refuses_file("\"interrupts_max\":7", "\"interrupts_max\":-1", "wq set interrupts_max value failed");
	refuses_file("\"interrupts_max\":7", "\"interrupts_max\":4294967296", "wq set interrupts_max value failed");
	takes("config-wq dsa0/wq0.0 -i msix -l 0");
}

/* Debian's takes the file and leaves out what it does not know */
static void plain_tool(void)
{
	int ret = tool(PLAIN_TOOL, "load-config -c " SAVED);

	check(!ret, txt("exit status %d, %.100s", ret, text), "accel-config without the patch loads it");
	check(!strcmp(wq_get(&user_wq, "name"), "process"), wq_get(&user_wq, "name"), "and what it knows");
	attributes("msix", "0", "without the patch");
}

/* A kernel without the attributes: what covers them here cannot be opened */
static void without_attributes(void)
{
	static const char * const names[] = { "interrupt", "interrupts_max" };
	const char *nothing = "/conf/nothing";
	size_t i;
	int wq;

	mknod(nothing, S_IFSOCK | 0600, 0);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		for (wq = 0; wq < 2; wq++)
			check(!mount(nothing, txt(DSA_BUS "devices/wq0.%d/%s", wq, names[i]), NULL, MS_BIND, NULL),
			      strerror(errno), "wq0.%d has no attribute %s", wq, names[i]);
	}
	takes("load-config -e -c " SAVED);
	takes("list");
	shows("\"name\":\"process\"", true);
	shows("\"interrupt", false);
	takes("save-config -s " SPOILT);
	read_file(SPOILT, text, sizeof(text));
	shows("\"name\":\"process\"", true);
	shows("\"interrupt", false);
	refuses("config-wq dsa0/wq0.0 -i msix", strerror(ENXIO));
	refuses("config-wq dsa0/wq0.0 -l 7", strerror(ENXIO));
}

void step_dsa_user_accel(const char *arg)
{
	(void)arg;
	if (!dsa_load("enable=0"))
		return;
	/* The driver shows traffic classes of such a device, but takes them with this only */
	write_file("/sys/module/idxd/parameters/tc_override", "Y");
	configure();
	bad_values();
	while_enabled();
	disable();
	restore();
	disable();
	bad_files();
	plain_tool();
	without_attributes();
}
