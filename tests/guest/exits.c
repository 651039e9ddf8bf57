// SPDX-License-Identifier: GPL-2.0
/*
 * How often operations on vectors leave the guest, and what they take. It does them, the host
 * counts, see nested.c: they talk through a serial port.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define BENCH	"/sys/kernel/debug/ims_bench/"

static const struct {
	const char	*name;
	bool		counted;
} ops[] = {
	{ "enter",	false },
	{ "allocate",	true },
	{ "request",	true },
	{ "mask",	true },
	{ "unmask",	true },
	{ "arm",	false },
	{ "deliver",	true },
	{ "disarm",	false },
	{ "affinity",	true },
	{ "release",	true },
	{ "free",	true },
	{ "leave",	false },
};

/* Returns when the host has looked. @answer: what it says, with room for @size characters */
bool outer_mark(int port, const char *what, char *answer, size_t size)
{
	size_t len = 0;

	if (dprintf(port, "%s\n", what) < 0)
		return false;
	while (len < size && read(port, answer + len, 1) == 1) {
		if (answer[len] == '\n') {
			answer[len] = '\0';
			return true;
		}
		len++;
	}
	return false;
}

static bool mark(int port, const char *what)
{
	char answer[32];

	return outer_mark(port, what, answer, sizeof(answer));
}

static bool do_op(int port, const char *store, const char *op, bool counted)
{
	char cycles[32];
	int ret;

	if (counted && !mark(port, "start"))
		return false;
	ret = write_file(BENCH "run", txt("each %s %s %d", store, op, OPS_EACH));
	if (ret)
		return check(false, strerror(-ret), "%s: %s", store, op);
	read_file(BENCH "rows", cycles, sizeof(cycles));
	return !counted || mark(port, txt("%s %s %ld", store, op, atol(cycles)));
}

/* exits=STORE,...: stores of the module ims_bench */
void step_exits(const char *arg)
{
	int port = serial_open("/dev/ttyS3"), ret = module_load("ims_bench", "");
	char list[64], *store;
	bool ok = true;
	size_t i;

	if (!check(!ret && port >= 0, strerror(-ret), "module ims_bench loads and somebody counts"))
		return;
	snprintf(list, sizeof(list), "%s", arg ? arg : "");
	for (store = strtok(list, ","); store; store = strtok(NULL, ",")) {
		for (i = 0; ok && i < ARRAY_SIZE(ops); i++)
			ok = do_op(port, store, ops[i].name, ops[i].counted);
		check(ok, NULL, "%s: all operations, %d times each", store, OPS_EACH);
	}
	close(port);
}
