// SPDX-License-Identifier: GPL-2.0
/*
 * Steps in a guest whose host hands out the interrupt messages: the emulator's are
 * handles, and it counts the calls of the guest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

/* In the data of a handle, and not in that of any message which the guest makes up */
#define HANDLE		0x8000
#define CHIP		"HOST-PCI-IMS-"

/* Bits of the calls which fail */
#define FAIL_NONE	"0"
#define FAIL_ALLOC	"8"
#define FAIL_RETARGET	"32"
#define FAIL_FREE	"64"

#define HOSTILE		"/sys/module/ims_hostile/parameters/"

#define ROUNDS		4
#define REPLACED	12
#define ROUNDS_THERE	4
#define MOVE_MS		60000

static bool same_messages(const struct vectors *a, const struct vectors *b)
{
	int i;

	for (i = 0; i < a->nr && i < b->nr; i++) {
		if (a->v[i].address != b->v[i].address || a->v[i].data != b->v[i].data)
			return false;
	}
	return a->nr && a->nr == b->nr;
}

/* Everybody's messages are handles: IMS, and the MSI of the same device */
void step_host_vectors(const char *arg)
{
	const char *bad = NULL;
	struct vectors vs;
	long used;
	int i;

	(void)arg;
	if (!check(!edu_read_vectors(&vs) && vs.nr == NR_VECTORS, NULL, "driver lists its vectors"))
		return;
	for (i = 0; i < vs.nr; i++) {
		if (!(vs.v[i].data & HANDLE) || strncmp(vs.v[i].chip, CHIP, strlen(CHIP)))
			bad = txt("vector %u: 0x%llx/0x%x of %s", vs.v[i].index, vs.v[i].address,
				  vs.v[i].data, vs.v[i].chip);
	}
	check(!bad, bad, "messages of edu are handles of the host");
	check(interrupts_mention("HOST-PCI-MSI-"), NULL, "MSI is translated as well");
	used = machine_property("x-device-msi-used");
	check(used > NR_VECTORS, txt("%ld", used), "host has handed out a message for each");
	say("host: %ld messages, %ld calls since boot", used, machine_property("x-device-msi-calls"));
}

static int move_to(const struct vectors *vs, int cpu)
{
	int i, ret, moved = 0;

	for (i = 0; i < vs->nr; i++) {
		ret = write_file(txt("/proc/irq/%u/smp_affinity_list", vs->v[i].irq), txt("%d", cpu));
		moved += !ret;
	}
	return moved;
}

static int served_by(const struct vectors *vs, int cpu)
{
	char buf[64];
	int i, nr = 0;

	for (i = 0; i < vs->nr; i++) {
		read_file(txt("/proc/irq/%u/effective_affinity_list", vs->v[i].irq), buf, sizeof(buf));
		nr += buf[0] && atoi(buf) == cpu;
	}
	return nr;
}

/*
 * A move is one call and nothing that the device would notice. A timer of the next tick
 * takes x86's vector on the last CPU away; until then the core has the following move wait
 * for an interrupt. Sixteen interrupts of edu take many ticks.
 */
void step_host_affinity(const char *arg)
{
	struct vectors before, after;
	int cpu, moved, there;
	long calls, now;

	(void)arg;
	if (!check(!edu_read_vectors(&before), NULL, "driver lists its vectors"))
		return;
	move_to(&before, 0);
	edu_fire("0-15", 1, "vectors fire");
	for (cpu = 1; cpu >= 0; cpu--) {
		calls = machine_property("x-device-msi-calls");
		moved = move_to(&before, cpu);
		now = machine_property("x-device-msi-calls");
		there = served_by(&before, cpu);
		check(moved == before.nr && there == before.nr,
		      txt("%d moved, %d there", moved, there),
		      "idle vectors move to CPU %d at once", cpu);
		check(now - calls == before.nr, txt("%ld calls", now - calls),
		      "%d moves are %d calls of the host", before.nr, before.nr);
		edu_fire("0-15", 1, "vectors fire where they have moved to");
	}
	check(!edu_read_vectors(&after) && same_messages(&before, &after), NULL,
	      "no message has changed");
}

/* Calls per operation */
void step_host_mask(const char *arg)
{
	long calls, now;
	int i, ret = 0;

	(void)arg;
	calls = machine_property("x-device-msi-calls");
	for (i = 0; !ret && i < NR_VECTORS; i++) {
		ret = write_file(edu_debugfs("disable"), txt("%d", i)) ?:
		      write_file(edu_debugfs("enable"), txt("%d", i));
	}
	now = machine_property("x-device-msi-calls");
	check(!ret && now == calls, txt("%ld calls, error %d", now - calls, ret),
	      "masking and unmasking calls nobody");
	edu_fire("0-15", 1, "vectors fire");
	check(machine_property("x-device-msi-calls") == now, NULL, "a delivery calls nobody");
	ret = write_file(edu_debugfs("reload"), "3");
	calls = machine_property("x-device-msi-calls");
	check(!ret && calls - now <= 3, txt("%ld calls, error %d", calls - now, ret),
	      "a vector that is freed, allocated and requested takes %ld calls", calls - now);
}

static void host_fails(const char *which)
{
	machine_misbehave("x-device-msi-fail", which);
}

/* The MSI core has one error for whatever goes wrong in an allocation */
static void fail_alloc(const char *which, const char *what, int want)
{
	int ret;

	host_fails(which);
	ret = write_file(edu_debugfs("reload"), "3");
	check(ret == want, strerror(-ret), "host fails to %s: the driver is told '%s'", what,
	      strerror(-want));
	edu_check_in_use(NR_VECTORS - 1);
	edu_fire("0-2,4-15", 1, "the other vectors are undisturbed");
	host_fails(FAIL_NONE);
	ret = write_file(edu_debugfs("reload"), "3");
	check(!ret, strerror(-ret), "next attempt works");
}

/* The vector stays where it is, and works, until the host takes the move */
static void fail_move(const struct vectors *vs)
{
	struct vectors one = { .nr = 1, .v[0] = vs->v[0] };
	int ret;

	move_to(&one, 0);
	edu_fire("0", 1, "a vector arrives");
	host_fails(FAIL_RETARGET);
	ret = write_file(txt("/proc/irq/%u/smp_affinity_list", one.v[0].irq), "1");
	check(ret == -EIO, strerror(-ret), "host refuses a move: whoever asked is told EIO");
	edu_fire("0", 1, "the vector arrives where it was");
	host_fails(FAIL_NONE);
	edu_fire("0", 1, "and again");
	move_to(&one, 1);
	edu_fire("0", 1, "the vector arrives after the next attempt");
	move_to(&one, 1);
	check(served_by(&one, 1) == 1, NULL, "where it was to move");
	edu_fire("0", 1, "and again");
}

void step_host_fail(const char *arg)
{
	struct vectors vs;
	int ret;

	(void)arg;
	if (!check(!edu_read_vectors(&vs), NULL, "driver lists its vectors"))
		return;
	fail_alloc(FAIL_ALLOC, "allocate", -ENOSPC);
	fail_alloc(FAIL_RETARGET, "attach", -EIO);
	host_fails(FAIL_FREE);
	ret = write_file(edu_debugfs("reload"), "3");
	check(!ret, strerror(-ret), "host fails to free: nobody minds");
	host_fails(FAIL_NONE);
	check(log_count("msi:", "does not take", NULL, NULL, 0) == 1, NULL, "log says so once");
	fail_move(&vs);
	edu_fire("0-15", 1, "all vectors fire");
	edu_check_msi();
}

/* The host has fewer messages than the driver wants: it gets none and uses MSI */
void step_host_full(const char *arg)
{
	const char *mode = "no mode";
	char buf[64] = "";

	(void)arg;
	read_file(edu_debugfs("mode"), buf, sizeof(buf));
	mode = txt("msi: error %d", -ENOSPC);
	check(!strncmp(buf, mode, strlen(mode)), buf, "driver mode is '%s'", mode);
	edu_check_msi();
}

/* Replace all messages, again and again */
static void replace(void)
{
	int i;

	for (i = 1; i <= REPLACED; i++) {
		if (!machine_misbehave("x-device-msi-epoch", txt("%d", i)))
			_exit(1);
		usleep(200000);
	}
	_exit(0);
}

/* An event may come together with the next one, but not get lost */
static bool arrived(const struct vectors *before)
{
	long start = now_ms();
	struct vectors now;
	int i;

	do {
		if (edu_read_vectors(&now))
			return false;
		for (i = 0; i < now.nr && now.v[i].received > before->v[i].received; i++)
			;
		if (i == now.nr)
			return true;
	} while (now_ms() - start <= 5 * LATE_MS && !usleep(1000));
	say("vector %u has not", now.v[i].index);
	return false;
}

void step_host_replace(const char *arg)
{
	struct vectors first, before, last;
	int round, ret = 0, status = 1, good = 0;
	long dropped;
	pid_t child;

	(void)arg;
	if (!check(!edu_read_vectors(&first), NULL, "driver lists its vectors"))
		return;
	dropped = machine_property("x-device-msi-dropped");
	child = fork();
	if (!child)
		replace();
	for (round = 0; !ret && (round < ROUNDS || !waitpid(child, &status, WNOHANG)); round++) {
		edu_read_vectors(&before);
		ret = write_file(edu_debugfs("fire"), "0-15");
		good += arrived(&before);
	}
	if (round == ROUNDS)
		waitpid(child, &status, 0);
	check(!status && !ret, txt("status 0x%x, error %d", status, ret),
	      "host has replaced all messages %d times under load", REPLACED);
	check(good == round, txt("%d of %d rounds", good, round), "no event got lost");
	edu_read_vectors(&last);
	check(!same_messages(&first, &last), NULL, "messages are others");
	say("%d rounds, %ld messages dropped as they were old", round,
	    machine_property("x-device-msi-dropped") - dropped);
	edu_fire("0-15", 1, "each event arrives once afterwards");
	edu_check_msi();
}

/*
 * The machine moves to another emulator under load, where all messages are others. Who
 * watches it waits for the line that says so.
 */
void step_host_migrate(const char *arg)
{
	long end = now_ms() + MOVE_MS, used = machine_property("x-device-msi-used");
	int round = 0, ret = 0, good = 0, there = 0;
	struct vectors first, before, last;

	(void)arg;
	if (!check(!edu_read_vectors(&first), NULL, "driver lists its vectors"))
		return;
	say("ready to move");
	for (last = first; !ret && there < ROUNDS_THERE && now_ms() < end; round++) {
		before = last;
		ret = write_file(edu_debugfs("fire"), "0-15");
		good += arrived(&before);
		ret = ret ?: edu_read_vectors(&last);
		there += !same_messages(&first, &last);
	}
	if (!check(there == ROUNDS_THERE && !ret, txt("%d rounds, error %d", round, ret),
		   "machine has moved under load and its messages are others"))
		return;
	check(good == round, txt("%d of %d rounds", good, round), "no event got lost");
	say("%d rounds, %d of them after the move", round, there);
	edu_fire("0-15", 1, "each event arrives once afterwards");
	edu_check_msi();
	machine_has_moved();
	check(machine_property("x-device-msi-used") == used, NULL,
	      "other host has handed out as many messages, %ld", used);
}

static long hostile_count(const char *what)
{
	char buf[32] = "-1";

	read_file(txt(HOSTILE "%s", what), buf, sizeof(buf));
	return atol(buf);
}

/* The host lives, answers what it should, and has all its messages back */
void step_host_hostile(const char *arg)
{
	int ret = module_load("ims_hostile", arg ? txt("calls=%s", arg) : "");
	long good = hostile_count("good"), refused = hostile_count("refused");
	long strange = hostile_count("strange"), used = machine_property("x-device-msi-used");

	if (!check(!ret, strerror(-ret), "module ims_hostile has run"))
		return;
	check(good > 0 && refused > 0 && !strange,
	      txt("%ld good, %ld refused, %ld others", good, refused, strange),
	      "each of %ld calls has an answer of the ABI", good + refused);
	check(!used, txt("%ld are not", used), "all messages are back");
	say("%ld calls were good and %ld were refused", good, refused);
}

/* The kernel's own test of the call, in a guest of this one: what KVM passes on */
void step_kvm_selftest(const char *arg)
{
	static const char test[] = "/bin/device_msi_test";
	int status = -1, ret;
	pid_t child;

	(void)arg;
	ret = module_load("kvm", "") ?: module_load("kvm-amd", "");
	if (!check(!ret, strerror(-ret), "KVM is loaded"))
		return;
	child = fork();
	if (!child) {
		execl(test, test, NULL);
		_exit(127);
	}
	waitpid(child, &status, 0);
	check(!status, txt("status 0x%x", status), "KVM passes the selftest device_msi_test");
}
