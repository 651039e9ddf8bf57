// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the kernel's own selftests for IMS, which are in the initramfs, and passes
 * their results on.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

static FILE *start(const char *program, pid_t *pid)
{
	int fds[2];

	if (pipe(fds))
		return NULL;
	*pid = fork();
	if (!*pid) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execl(program, program, NULL);
		_exit(127);
	}
	close(fds[1]);
	return *pid < 0 ? NULL : fdopen(fds[0], "r");
}

/* Returns 1 for a line that says that a check was skipped. */
static int pass_on(const char *line, const char *why, int *results)
{
	char name[128];

	if (sscanf(line, "ok %*d %127s", name) == 1) {
		(*results)++;
		if (strstr(line, "# SKIP"))
			return 1;
		check(true, NULL, "selftest %s", name);
	} else if (sscanf(line, "not ok %*d %127s", name) == 1) {
		(*results)++;
		check(false, why, "selftest %s", name);
	}
	return 0;
}

/* Returns how many of the checks have nothing to check in this guest */
static int run_program(const char *program)
{
	char line[512], why[512] = "";
	int results = 0, skips = 0, status = -1;
	pid_t pid;
	FILE *out = start(program, &pid);

	while (out && fgets(line, sizeof(line), out)) {
		line[strcspn(line, "\n")] = '\0';
		skips += pass_on(line, why, &results);
		/* What precedes a result says why it is bad */
		if (line[0] == '#' && strstr(line, ":Expected "))
			snprintf(why, sizeof(why), "%s", line);
	}
	if (out) {
		fclose(out);
		waitpid(pid, &status, 0);
	}
	check(results > skips, NULL, "selftest has checks which are not skipped");
	check(status == 0, txt("wait status %#x", status), "selftest ends with success");
	return skips;
}

static void check_skips(int skips, int want)
{
	check(skips == want, txt("%d", skips), "selftest skips %d checks and no more", want);
}

void selftest_run(const char *program, int want)
{
	check_skips(run_program(program), want);
}

void step_selftest(const char *arg)
{
	selftest_run("/ims_sysfs", arg ? atoi(arg) : 0);
}

bool give_to_vfio(const char *device)
{
	int ret;

	/* Most have no driver yet */
	write_file(txt("/sys/bus/pci/devices/%s/driver/unbind", device), device);
	ret = write_file(txt("/sys/bus/pci/devices/%s/driver_override", device), "vfio-pci");
	if (!ret)
		ret = write_file("/sys/bus/pci/drivers_probe", device);
	return check(!ret, strerror(-ret), "%s goes to vfio-pci", device);
}

/* @arg: the device and, behind a comma, as for step_selftest(). Returns that number. */
static int give_away(const char *arg, const char *variable)
{
	char device[32] = "";
	int skips = -1;

	if (!arg || sscanf(arg, "%31[^,],%d", device, &skips) != 2) {
		check(false, arg, "step has a device and a number");
		return -1;
	}
	give_to_vfio(device);
	setenv(variable, device, 1);
	return skips;
}

void step_vfio(const char *arg)
{
	selftest_run("/ims_vfio", give_away(arg, "IMS_VFIO_DEVICE"));
}

/* Those of the kernel's own selftests for VFIO that have been put into the initramfs */
void step_vfio_kernel(const char *arg)
{
	int want = give_away(arg, "VFIO_SELFTESTS_BDF"), skips = 0;
	DIR *dir = opendir("/vfio");
	struct dirent *e;

	check(dir, strerror(errno), "selftests for VFIO are there");
	while (dir && (e = readdir(dir))) {
		if (e->d_name[0] != '.')
			skips += run_program(txt("/vfio/%s", e->d_name));
	}
	check_skips(skips, want);
	if (dir)
		closedir(dir);
}
