// SPDX-License-Identifier: GPL-2.0
/*
 * Steps that disturb: CPUs that come and go, a driver that leaves and
 * returns, a device that refuses a message.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"

#define ROUNDS		6
#define REBINDS		3
#define KMEMLEAK	"/sys/kernel/debug/kmemleak"

/* Kmemleak trusts no object younger than five seconds. */
#define LEAK_AGE_S	6

static void set_cpu(int cpu, bool online, struct moves *m)
{
	int ret;

	ret = write_file(txt("/sys/devices/system/cpu/cpu%d/online", cpu), online ? "1" : "0");
	if (!ret)
		return;
	say("CPU %d %s: %s", cpu, online ? "online" : "offline", strerror(-ret));
	m->errors++;
}

static void move_all(const struct vectors *vs, int cpu, struct moves *m)
{
	const struct vector *v;
	int ret;

	for (v = vs->v; v < vs->v + vs->nr; v++) {
		ret = write_file(txt("/proc/irq/%u/smp_affinity_list", v->irq), txt("%d", cpu));
		if (!ret) {
			m->moved++;
			continue;
		}
		say("irq %u to CPU %d: %s", v->irq, cpu, strerror(-ret));
		m->errors++;
	}
}

/* How many vectors does this CPU serve? */
static int served_by(const struct vectors *vs, int cpu)
{
	const struct vector *v;
	char buf[64];
	int nr = 0;

	for (v = vs->v; v < vs->v + vs->nr; v++) {
		read_file(txt("/proc/irq/%u/effective_affinity_list", v->irq), buf, sizeof(buf));
		nr += buf[0] && atoi(buf) == cpu;
	}
	return nr;
}

/* Pull the CPU away from under all vectors, then bring it back. */
void cpu_cycle(const struct vectors *vs, int cpu, struct moves *m)
{
	/* A vector whose last move no interrupt has completed yet may lag behind. */
	move_all(vs, cpu, m);
	m->pulled += served_by(vs, cpu);
	set_cpu(cpu, false, m);
	m->stuck += served_by(vs, cpu);
	set_cpu(cpu, true, m);
	m->cycles++;
}

void check_moves(const struct vectors *vs, int cpus, const struct moves *m)
{
	check(m->cycles >= cpus - 1 && !m->errors, txt("%d cycles, %d errors", m->cycles, m->errors),
	      "CPUs went offline and came back meanwhile");
	check(!m->stuck, txt("%d did", m->stuck), "no vector stayed on an offline CPU");
	check(m->pulled >= vs->nr, txt("%d of them", m->pulled),
	      "CPUs that went served vectors");
	say("%d times offline and online, %d vectors moved by hand, %d by the kernel",
	    m->cycles, m->moved, m->pulled);
}

/* An event must not come before the last one is here: the two would be one interrupt */
static void fire_rounds(int rounds)
{
	struct vectors vs;
	int i, ret = 0;

	for (i = 0; !ret && i < rounds; i++) {
		ret = write_file(edu_debugfs("fire"), "0-15");
		if (edu_settle(&vs) < 0)
			_exit(2);
	}
	_exit(ret ? 1 : 0);
}

static void check_sums(const struct vectors *a, const struct vectors *b, int rounds)
{
	const char *bad = NULL;
	unsigned long fired;
	long total;
	int i;

	for (i = 0; i < a->nr && i < b->nr; i++) {
		fired = b->v[i].fired - a->v[i].fired;
		total = irq_total(b->v[i].irq, NULL, 0);
		if (fired != (unsigned long)rounds ||
		    b->v[i].received - a->v[i].received != fired ||
		    total != (long)b->v[i].received)
			bad = txt("vector %u: fired %lu, received %lu, counted %ld of %lu",
				  a->v[i].index, fired, b->v[i].received - a->v[i].received,
				  total, b->v[i].received);
	}
	check(a->nr && a->nr == b->nr && !bad, bad, "each of %d vectors received %d of %d",
	      a->nr, rounds, rounds);
}

/* hotplug or, with a device that is faster than edu, hotplug=ROUNDS */
void step_hotplug(const char *arg)
{
	int cpus = sysconf(_SC_NPROCESSORS_CONF), cpu = 1, status = 1;
	int rounds = arg ? atoi(arg) : ROUNDS;
	struct vectors before, after;
	struct moves m = { 0 };
	pid_t child;

	if (!check(cpus > 1 && !edu_read_vectors(&before), NULL, "there are CPUs to take away"))
		return;
	child = fork();
	if (!child)
		fire_rounds(rounds);
	while (child > 0 && !waitpid(child, &status, WNOHANG)) {
		cpu_cycle(&before, cpu, &m);
		cpu = cpu + 1 < cpus ? cpu + 1 : 1;
	}
	check(!status, txt("exit status 0x%x", status), "vectors fired %d times", rounds);
	check_moves(&before, cpus, &m);
	check(edu_settle(&after) >= 0, NULL, "nothing is missing %d ms after the last", LATE_MS);
	check_sums(&before, &after, rounds);
	edu_check_msi();
}

static void rebind_once(int nr)
{
	char buf[64] = "";
	struct vectors vs;
	int ret;

	ret = edu_read_vectors(&vs);
	check(!ret && vs.nr == NR_VECTORS, NULL, "unbind %d: vectors are allocated", nr);
	ret = write_file(txt("/sys/bus/pci/drivers/%s/unbind", edu_driver), edu_name);
	check(!ret && !edu_is_bound(), strerror(-ret), "unbind %d: driver is gone", nr);
	if (!ret && vs.nr)
		check(!interrupts_mention(vs.v[0].chip), vs.v[0].chip,
		      "unbind %d: no IMS line in /proc/interrupts", nr);
	ret = edu_sysfs("in_use", buf, sizeof(buf));
	check(ret == -ENOENT, txt("ims/in_use is '%s'", buf), "unbind %d: the store is gone", nr);
	ret = write_file(txt("/sys/bus/pci/drivers/%s/bind", edu_driver), edu_name);
	check(!ret && edu_is_bound(), strerror(-ret), "bind %d: driver is back", nr);
	edu_check_in_use(NR_VECTORS);
	edu_fire("0-15", 1, txt("bind %d: all vectors fire", nr));
	edu_check_msi();
}

void step_rebind(const char *arg)
{
	int i;

	(void)arg;
	for (i = 1; i <= REBINDS; i++)
		rebind_once(i);
}

/* A device that refuses one message must cost one vector, for as long as that. */
void step_commitfail(const char *arg)
{
	char line[512] = "no such line";
	int ret;

	(void)arg;
	ret = write_file(edu_debugfs("fail_commit"), "1");
	check(!ret, strerror(-ret), "next commit is set to fail");
	ret = write_file(edu_debugfs("reload"), "3");
	check(ret < 0, "it worked", "reload of vector 3 fails with an errno");
	say("errno %d, %s", -ret, strerror(-ret));
	ret = log_count(edu_name, "commit", " 3", line, sizeof(line));
	if (ret > 0)
		say("%s", line);
	check(ret == 1, ret > 1 ? txt("%d times", ret) : line,
	      "log names device and index once");

	edu_check_in_use(NR_VECTORS - 1);
	ret = write_file(edu_debugfs("fire"), "3");
	check(ret == -ENXIO, strerror(-ret), "firing vector 3 gives ENXIO");
	edu_fire("0-2,4-15", 1, "the other vectors are undisturbed");

	ret = write_file(edu_debugfs("reload"), "3");
	check(!ret, strerror(-ret), "next reload of vector 3 works");
	edu_check_in_use(NR_VECTORS);
	edu_fire("0-15", 1, "all vectors fire");
	edu_check_msi();
}

void step_kmemleak(const char *arg)
{
	char buf[4096], *line, *save = NULL;
	int i, ret = 0;

	(void)arg;
	for (i = 0; !ret && i < 2; i++) {
		sleep(LEAK_AGE_S);
		ret = write_file(KMEMLEAK, "scan");
	}
	if (!ret)
		ret = read_file(KMEMLEAK, buf, sizeof(buf));
	check(!ret, ret < 0 ? strerror(-ret) : "see below", "kmemleak finds nothing");
	for (line = ret > 0 ? strtok_r(buf, "\n", &save) : NULL; line;
	     line = strtok_r(NULL, "\n", &save))
		say("%s", line);
}
