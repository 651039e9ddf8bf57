// SPDX-License-Identifier: GPL-2.0
/*
 * A store in device memory beside MSI-X: the module ims_slots drives the emulated DSA device.
 * Its files are those of the sample driver for edu, so the steps for that do for it as well.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "idxd.h"

#define MODULE		"ims_slots"
#define PARAMETERS	"/sys/module/" MODULE "/parameters/"

/* Words of a scenario have no blanks */
static bool load(const char *arg)
{
	char params[128], *p;
	int ret;

	snprintf(params, sizeof(params), "%s", arg ? arg : "");
	for (p = params; *p; p++) {
		if (*p == ',')
			*p = ' ';
	}
	ret = module_load(MODULE, params);
	return check(!ret, strerror(-ret), "module %s is loaded (%s)", MODULE, params);
}

static bool unload(void)
{
	int ret = module_unload(MODULE);

	return check(!ret, strerror(-ret), "module %s is unloaded", MODULE);
}

/* slots=PARAMETERS: from here on the steps are about this driver */
void step_slots(const char *arg)
{
	if (!load(arg))
		return;
	edu_driver = MODULE;
	edu_store = "device-memory";
	edu_find();
}

/* Back to edu */
void step_slots_end(const char *arg)
{
	(void)arg;
	unload();
	edu_driver = "edu_ims";
	edu_store = "queue-memory";
	edu_find();
}

static void check_mode(const char *want)
{
	char buf[128] = "";

	read_file(edu_debugfs("mode"), buf, sizeof(buf));
	check(!strncmp(buf, want, strlen(want)), txt("it is '%s'", buf), "driver mode is '%s'",
	      want);
}

static long parameter(const char *name)
{
	char buf[32] = "";

	read_file(txt(PARAMETERS "%s", name), buf, sizeof(buf));
	return atol(buf);
}

static void check_failed(long want)
{
	long got = parameter("failed");

	check(got == want, txt("%ld", got), "the last allocation ends with '%s'", strerror(-want));
}

static void check_allocated(long least, long most)
{
	long got = parameter("allocated");

	check(got >= least && got <= most, txt("%ld", got), "%ld to %ld vectors are allocated",
	      least, most);
	say("%ld vectors allocated", got);
}

/* slots-sizes=SIZE:...: domains of these sizes, all vectors of each, one after the other */
void step_slots_sizes(const char *arg)
{
	char sizes[128], *size, *save = NULL;
	long nr;

	snprintf(sizes, sizeof(sizes), "%s", arg ? arg : "");
	for (size = strtok_r(sizes, ":", &save); size; size = strtok_r(NULL, ":", &save)) {
		nr = atol(size);
		step_slots(txt("size=%s,nr=%s", size, size));
		check_mode("ims");
		check_allocated(nr, nr);
		edu_check_in_use(nr);
		edu_fire("0-63", 1, txt("size %s: vectors fire", size));
		edu_check_msi();
		step_slots_end(NULL);
	}
}

/*
 * slots-full=WHAT:LEAST:MOST,PARAMETERS: allocate until there are no more slots, or no more
 * lpis, after LEAST to MOST vectors. MSI-X does not notice.
 */
void step_slots_full(const char *arg)
{
	const char *params = arg ? strchr(arg, ',') : NULL;
	long least = 0, most = 0;
	char what[8] = "";

	if (!check(params && sscanf(arg, "%7[a-z]:%ld:%ld,", what, &least, &most) == 3, arg,
		   "scenario says what and how many"))
		return;
	step_slots(params + 1);
	check_failed(strcmp(what, "lpis") ? -EBUSY : -ENOSPC);
	check_allocated(least, most);
	edu_check_msi();
	step_slots_end(NULL);
}

/*
 * slots-refused=WHY:PARAMETERS: MSI-X has come first and works, IMS does not fit beside it, because
 * the table cannot grow or there are not so many events
 */
void step_slots_refused(const char *arg)
{
	const char *params = arg ? strchr(arg, ':') : NULL, *want;
	char line[256] = "no such line";

	if (!check(params, arg, "scenario says why"))
		return;
	want = !strncmp(arg, "grow:", 5) ? "create the IMS domain first" : "no room for";
	step_slots(params + 1);
	check_failed(-ENODEV);
	check_allocated(0, 0);
	check(log_count("ITS: ", want, NULL, line, sizeof(line)) == 1, line, "log has '%s'", want);
	say("%s", line);
	edu_check_msi();
	step_slots_end(NULL);
}
