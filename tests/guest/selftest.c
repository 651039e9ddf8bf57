// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the kernel's own selftest for IMS, which is in the initramfs, and passes
 * its results on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define PROGRAM		"/ims_sysfs"

static FILE *start(pid_t *pid)
{
	int fds[2];

	if (pipe(fds))
		return NULL;
	*pid = fork();
	if (!*pid) {
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		execl(PROGRAM, PROGRAM, NULL);
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

/* @arg: how many of the checks have nothing to check in this guest */
void step_selftest(const char *arg)
{
	char line[512], why[512] = "";
	int results = 0, skips = 0, status = -1, want = arg ? atoi(arg) : 0;
	pid_t pid;
	FILE *out = start(&pid);

	while (out && fgets(line, sizeof(line), out)) {
		line[strcspn(line, "\n")] = '\0';
		skips += pass_on(line, why, &results);
		/* What precedes a result says why it is bad */
		if (line[0] == '#')
			snprintf(why, sizeof(why), "%s", line);
	}
	if (out) {
		fclose(out);
		waitpid(pid, &status, 0);
	}
	check(results > want && skips == want, txt("%d results, %d skipped", results, skips),
	      "selftest skips %d checks and no more", want);
	check(status == 0, txt("wait status %#x", status), "selftest ends with success");
}
