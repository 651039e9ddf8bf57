// SPDX-License-Identifier: GPL-2.0
/*
 * Work queues of processes: each has a slot of the IMS table and an eventfd, see
 * tools/testing/selftests/ims_dsa. The processes are not privileged.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/idxd.h>

#include "guest.h"
#include "idxd.h"

#define USERS		4
#define NOBODY		65534
#define USER_ACTION	"idxd-user"
#define COPIER		"/bin/dsa_copy"
#define BINDINGS	100
/* More than one CPU has vectors */
#define ALL_VECTORS	256

/* Command status register, a command that the driver runs when a process ends, and what it says if that hangs */
#define CMDSTS		0xa8
#define CMDSTS_ACTIVE	0x80000000
#define CMD_DRAIN_WQ	"8"
#define HUNG		"does not end before the reset"

/* Control word of a slot */
#define SLOT_CONTROL	0xc
#define CONTROL_PASID	12

struct user {
	struct dsa_wq	wq;
	pid_t		pid;
	int		go;
	FILE		*out;
	struct dsa_irq	irq;
	unsigned int	pasid;
	unsigned int	handle;
	unsigned long	copies;
	unsigned long	wakeups;
	unsigned long	faults;
	unsigned long	renewed;
	unsigned int	generation;
	long		cpu_us;
	char		error[160];
};

static bool user_config(struct dsa_wq *wq, const char *max)
{
	const char * const attrs[][2] = {
		{ "type",		"user" },
		{ "name",		"process" },
		{ "driver_name",	"user" },
		{ "interrupts_max",	max },
	};
	size_t i;
	int ret;

	if (!wq_config(wq, "ims"))
		return false;
	for (i = 0; i < ARRAY_SIZE(attrs); i++) {
		ret = wq_set(wq, attrs[i][0], attrs[i][1]);
		if (ret)
			return check(false, strerror(-ret), "%s takes %s '%s'", wq_name(wq),
				     attrs[i][0], attrs[i][1]);
	}
	return true;
}

static int user_bind(const struct dsa_wq *wq, const char *what)
{
	return write_file(txt(DSA_BUS "drivers/user/%s", what), wq_name(wq));
}

static const char *user_node(const struct dsa_wq *wq)
{
	return txt("/dev/dsa/%s", wq_name(wq));
}

/* One WQ for each process, which everybody may open */
static bool users_up(struct user *users, int nr, const char *max)
{
	bool ok = true;
	int i, ret;

	for (i = 0; i < nr; i++) {
		users[i].wq = (struct dsa_wq){ .dev = 0, .id = i, .ims = true };
		ok = ok && user_config(&users[i].wq, max);
	}
	if (!ok || !dsa_enable(0))
		return false;
	for (i = 0; i < nr; i++) {
		ret = user_bind(&users[i].wq, "bind");
		ok &= check(!ret, strerror(-ret), "%s is enabled for processes", wq_name(&users[i].wq));
		if (!ret)
			chmod(user_node(&users[i].wq), 0666);
	}
	return ok;
}

bool users_are_up(int nr)
{
	struct user users[USERS] = { 0 };

	return users_up(users, nr, "1");
}

static void users_down(struct user *users, int nr)
{
	int i, ret;

	for (i = 0; i < nr; i++) {
		if (!strcmp(wq_get(&users[i].wq, "state"), "disabled"))
			continue;
		ret = user_bind(&users[i].wq, "unbind");
		check(!ret, strerror(-ret), "%s is disabled", wq_name(&users[i].wq));
	}
	dsa_disable(0);
	dsa_check_ims(0, "in_use", "0");
}

/* Starts a process, which waits until go is closed */
static bool user_start(struct user *u, const char *copies, const char *size, const char *queued, bool poll)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return false;
	u->pid = fork();
	if (!u->pid) {
		dup2(in[0], STDIN_FILENO);
		dup2(out[1], STDOUT_FILENO);
		dup2(out[1], STDERR_FILENO);
		if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
			_exit(126);
		execl(COPIER, COPIER, "-w", "-n", copies, "-s", size, "-q", queued,
		      user_node(&u->wq), poll ? "-p" : NULL, NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	u->go = in[1];
	u->out = fdopen(out[0], "r");
	return u->pid > 0 && u->out;
}

/* The interrupt which is there now and belongs to none of the first @nr processes */
static bool user_find_irq(struct user *users, int nr)
{
	struct dsa_irq irqs[MAX_WQS];
	int i, j, n = dsa_irqs(&users[nr].wq, USER_ACTION, irqs);

	for (i = 0; i < n; i++) {
		for (j = 0; j < nr && users[j].irq.irq != irqs[i].irq; j++)
			;
		if (j == nr) {
			users[nr].irq = irqs[i];
			return n == nr + 1;
		}
	}
	return false;
}

static void user_bound(struct user *users, int i)
{
	struct user *u = &users[i];
	char line[160] = "";

	if (!fgets(line, sizeof(line), u->out))
		snprintf(line, sizeof(line), "it said nothing");
	line[strcspn(line, "\n")] = '\0';
	check(sscanf(line, "bound handle %u generation %u", &u->handle, &u->generation) == 2, line,
	      "%s: process %d has an interrupt", wq_name(&u->wq), i);
	check(user_find_irq(users, i), NULL, "%s: and so a slot more is in use", wq_name(&u->wq));
	u->pasid = dsa_peek(0, u->irq.index, SLOT_CONTROL) >> CONTROL_PASID;
}

/* Closes the input of the process, reads what it says until it ends */
static void user_end(struct user *u)
{
	char line[160];
	int status = -1;

	while (fgets(line, sizeof(line), u->out)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "copies %lu wakeups %lu faults %lu renewed %lu generation %u cpu %ld us",
			   &u->copies, &u->wakeups, &u->faults, &u->renewed, &u->generation,
			   &u->cpu_us) != 6)
			snprintf(u->error, sizeof(u->error), "%s", line);
	}
	fclose(u->out);
	waitpid(u->pid, &status, 0);
	check(!status, u->error[0] ? u->error : txt("wait status %#x", status),
	      "%s: %lu copies, %lu wake-ups, %lu pages not there", wq_name(&u->wq), u->copies, u->wakeups,
	      u->faults);
}

static void users_copy(struct user *users, int nr, const char *copies, const char *size,
		       const char *queued, bool poll)
{
	int i, j;

	for (i = 0; i < nr; i++) {
		users[i].error[0] = '\0';
		if (!check(user_start(&users[i], copies, size, queued, poll), strerror(errno), "%s: process %d starts",
			   wq_name(&users[i].wq), i))
			return;
		if (!poll)
			user_bound(users, i);
	}
	for (i = 0; !poll && i < nr; i++) {
		for (j = 0; j < i; j++)
			check(users[i].pasid != users[j].pasid, txt("%u", users[i].pasid),
			      "processes %d and %d have PASIDs of their own", j, i);
		check(users[i].pasid, NULL, "slot %u is bound to a PASID", users[i].irq.index);
	}
	for (i = 0; i < nr; i++)
		close(users[i].go);
	for (i = 0; i < nr; i++)
		user_end(&users[i]);
}

/* The same copies asleep and polled */
static void users_compare(struct user *users, const char *copies, const char *size, const char *queued)
{
	struct user polled[USERS];
	int i;

	memcpy(polled, users, sizeof(polled));
	users_copy(users, USERS, copies, size, queued, false);
	dsa_check_ims(0, "in_use", "0");
	users_copy(polled, USERS, copies, size, queued, true);

	say(" ");
	say("process  work queue  PASID  slot  handle  copies   bytes  queued  wake-ups  CPU ms  polled");
	for (i = 0; i < USERS; i++) {
		struct user *u = &users[i];

		say("%7d  %-10s  %5u  %4u  %6u  %6lu  %7s  %6s  %8lu  %6.1f  %6.1f", i, wq_name(&u->wq),
		    u->pasid, u->irq.index, u->handle, u->copies, size, queued, u->wakeups,
		    u->cpu_us / 1e3, polled[i].cpu_us / 1e3);
		check(u->wakeups && u->wakeups <= u->copies + u->faults, NULL,
		      "process %d: it was woken, and by its own completions only", i);
		check(u->copies == strtoul(copies, NULL, 0), NULL, "process %d: nothing is missing", i);
	}
	say(" ");
}

static long cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000L + u.ru_utime.tv_usec +
	       u.ru_stime.tv_usec;
}

/* What it costs to have an interrupt and to give it back, two commands of the device among it */
static void user_bind_cost(const struct dsa_wq *wq)
{
	struct idxd_irq_bind bind = { .argsz = sizeof(bind) };
	int fd = open(user_node(wq), O_RDWR), event = eventfd(0, 0), i, error = 0;
	long cpu = cpu_us(), start = now_ms();

	for (i = 0; i < BINDINGS && !error; i++) {
		bind.eventfd = event;
		error = ioctl(fd, IDXD_IOC_IRQ_BIND, &bind) ? errno : 0;
		bind.eventfd = -1;
		if (!error && ioctl(fd, IDXD_IOC_IRQ_BIND, &bind))
			error = errno;
	}
	check(!error, strerror(error), "%s: an interrupt is bound and given back %d times", wq_name(wq), i);
	say("BIND and unbind: %.1f ms, %.1f ms of CPU time", (now_ms() - start) * 1.0 / BINDINGS,
	    (cpu_us() - cpu) / 1e3 / BINDINGS);
	close(event);
	close(fd);
}

/* dsa-user, or dsa-user=COPIES of each size */
void step_dsa_user(const char *arg)
{
	struct user users[USERS] = { 0 };

	if (!dsa_load("enable=0") || !users_up(users, USERS, "1"))
		return;
	user_bind_cost(&users[0].wq);
	users_compare(users, arg ? arg : "100", "4096", "1");
	users_compare(users, arg ? arg : "100", "4096", "8");
	users_compare(users, arg ? arg : "100", "65536", "1");
	users_compare(users, arg ? arg : "20", "2097152", "1");
	users_down(users, USERS);
}

void step_dsa_user_selftest(const char *arg)
{
	struct user users[2] = { 0 };

	(void)arg;
	if (!dsa_load("enable=0") || !users_up(users, ARRAY_SIZE(users), "1"))
		return;
	setenv("IMS_DSA_WQ", "wq0.0", 1);
	setenv("IMS_DSA_OTHER", "wq0.1", 1);
	selftest_run("/bin/ims_dsa", 0);
	users_down(users, ARRAY_SIZE(users));
}

/* Debian's own program, which knows nothing of interrupts, submits from its address space */
void step_dsa_user_test(const char *arg)
{
	/* Those operations of the specification which the device has, and batches of 16 */
	static const char * const ops[] = {
		"0x0", "0x3", "0x4", "0x5",
		"0x1 -c 16 -b 0x3", "0x1 -c 16 -b 0x4", "0x1 -c 16 -b 0x5",
	};
	static const char * const sizes[] = { "1", "4096", "65536" };
	struct user users[1] = { 0 };
	size_t i, j;
	int ret;

	(void)arg;
	if (!dsa_load("enable=0") || !users_up(users, 1, "0"))
		return;
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		for (j = 0; j < ARRAY_SIZE(sizes); j++) {
			ret = run_command(txt("/bin/dsa_test -w 0 -d dsa0/wq0.0 -f 0 -t 5000 -l %s -o %s",
					      sizes[j], ops[i]));
			check(!ret, txt("exit status %d", ret), "dsa_test: operation %s, %s bytes", ops[i],
			      sizes[j]);
		}
	}
	users_down(users, 1);
}

/* The device revokes all handles while descriptors which have them wait in the work queues */
void step_dsa_user_revoke(const char *arg)
{
	struct user users[USERS] = { 0 };
	long end;
	int i;

	(void)arg;
	if (!dsa_load("enable=0") || !users_up(users, USERS, "1"))
		return;
	for (i = 0; i < USERS; i++) {
		if (!check(user_start(&users[i], "1000", "4096", "8", false), strerror(errno),
			   "%s: process %d starts", wq_name(&users[i].wq), i))
			return;
		user_bound(users, i);
	}
	for (i = 0; i < USERS; i++)
		close(users[i].go);
	/* In the middle of it, which the number of copies is for */
	while (irq_count(users[0].irq.irq) < 5)
		usleep(1000);
	dsa_misbehave(0, "fault-hold", "true");
	dsa_misbehave(0, "revoke-handles", "true");
	/* Who is told before the device is through with the old handles sleeps for ever afterwards */
	for (end = now_ms() + PATIENCE_MS; !(dsa_peek(0, -1, CMDSTS) & CMDSTS_ACTIVE) && now_ms() < end;)
		usleep(1000);
	dsa_misbehave(0, "fault-hold", "false");
	for (i = 0; i < USERS; i++)
		user_end(&users[i]);
	for (i = 0; i < USERS; i++)
		check(users[i].generation == 2, txt("generation %u", users[i].generation),
		      "%s: process got another handle, %lu copies were repeated", wq_name(&users[i].wq),
		      users[i].renewed);
	users_down(users, USERS);
}

/* Processes which copy without end, each has had some interrupts */
static bool users_busy(struct user *users, int nr)
{
	long end;
	int i;

	for (i = 0; i < nr; i++) {
		if (!check(user_start(&users[i], "1000000", "4096", "1", false), strerror(errno),
			   "%s: process %d starts", wq_name(&users[i].wq), i))
			return false;
		user_bound(users, i);
		close(users[i].go);
	}
	for (i = 0; i < nr; i++) {
		for (end = now_ms() + PATIENCE_MS; irq_count(users[i].irq.irq) < 5 && now_ms() < end;)
			usleep(1000);
		if (!check(irq_count(users[i].irq.irq) >= 5, NULL, "%s: its process copies", wq_name(&users[i].wq)))
			return false;
	}
	return true;
}

/* The last word of a process tells which error has ended it */
static void user_told(struct user *u, int error)
{
	char line[160] = "nothing";

	while (fgets(line, sizeof(line), u->out))
		;
	line[strcspn(line, "\n")] = '\0';
	fclose(u->out);
	waitpid(u->pid, NULL, 0);
	check(strstr(line, strerror(error)), line, "%s: its process is told: %s", wq_name(&u->wq),
	      strerror(error));
}

/*
 * The device halts while processes sleep and submit: they are told, and all is given back.
 * It needs the reset of its function then, or another with dsa-user-halt=TYPE.
 */
void step_dsa_user_halt(const char *arg)
{
	struct user users[2] = { 0 };
	long end;
	int i;

	if (!dsa_load("enable=0") || !users_up(users, ARRAY_SIZE(users), "1") ||
	    !users_busy(users, ARRAY_SIZE(users)))
		return;
	dsa_misbehave(0, "halt", arg ? arg : "1");
	for (i = 0; i < (int)ARRAY_SIZE(users); i++)
		user_told(&users[i], ENODEV);
	/* The driver may be about to reset the device, which takes the table away meanwhile */
	for (end = now_ms() + PATIENCE_MS; strcmp(dsa_ims(0, "in_use"), "0") && now_ms() < end;)
		usleep(1000);
	dsa_check_ims(0, "in_use", "0");
	/* Nothing resets it, so the work queues are still there, without a portal */
	if (arg && !strcmp(arg, "2"))
		check(open(user_node(&users[0].wq), O_RDWR | O_CLOEXEC) < 0 && errno == ENODEV, strerror(errno),
		      "%s cannot be opened any more", wq_name(&users[0].wq));
}

/* The driver sets the work queues up again after a reset, and who is new can use them */
static void users_open(struct user *users, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		if (chmod(user_node(&users[i].wq), 0666))
			check(false, strerror(errno), "%s is there after the reset", wq_name(&users[i].wq));
	}
}

/*
 * The driver is unbound from the device. What it had is gone when the processes, which were stopped,
 * find that out and close their files.
 */
void step_dsa_user_unbind(const char *arg)
{
	struct user users[2] = { 0 };
	const char *pci;
	int i, ret;

	(void)arg;
	if (!dsa_load("enable=0") || !users_up(users, ARRAY_SIZE(users), "1") ||
	    !users_busy(users, ARRAY_SIZE(users)))
		return;
	for (i = 0; i < (int)ARRAY_SIZE(users); i++) {
		kill(users[i].pid, SIGSTOP);
		waitpid(users[i].pid, NULL, WUNTRACED);
	}
	pci = strdupa(dsa_pci(0));
	ret = write_file(IDXD_DRIVER "unbind", pci);
	check(!ret, strerror(-ret), "driver is unbound");
	check(access(user_node(&users[0].wq), F_OK), NULL, "device nodes are gone");
	for (i = 0; i < (int)ARRAY_SIZE(users); i++) {
		kill(users[i].pid, SIGCONT);
		user_told(&users[i], ENODEV);
	}
	ret = write_file(IDXD_DRIVER "bind", pci);
	check(!ret, strerror(-ret), "driver is bound again");
	memset(users, 0, sizeof(users));
	if (!users_up(users, ARRAY_SIZE(users), "1"))
		return;
	users_copy(users, ARRAY_SIZE(users), "100", "4096", "1", false);
	users_down(users, ARRAY_SIZE(users));
}

/* The same when somebody resets the device */
void step_dsa_user_flr(const char *arg)
{
	struct user users[2] = { 0 };
	int i;

	(void)arg;
	if (!dsa_load("enable=0") || !users_up(users, ARRAY_SIZE(users), "1") ||
	    !users_busy(users, ARRAY_SIZE(users)))
		return;
	reset_function();
	users_open(users, ARRAY_SIZE(users));
	for (i = 0; i < (int)ARRAY_SIZE(users); i++)
		user_told(&users[i], ENODEV);
	dsa_check_ims(0, "in_use", "0");
	users_copy(users, ARRAY_SIZE(users), "100", "4096", "1", false);
	users_down(users, ARRAY_SIZE(users));
}

/*
 * The device hangs on the command of a process which was killed, and is reset for that. The command
 * which hangs afterwards is the driver's own, until the device is better.
 */
void step_dsa_user_hang(const char *arg)
{
	struct user users[2] = { 0 };
	int status = -1;
	bool gone;
	pid_t child;
	long end;

	(void)arg;
	if (!dsa_load("enable=0") || !users_up(users, ARRAY_SIZE(users), "1") ||
	    !users_busy(users, ARRAY_SIZE(users)))
		return;
	dsa_misbehave(0, "fault-cmd-hang", "true");
	dsa_misbehave(0, "fault-cmd", CMD_DRAIN_WQ);
	kill(users[0].pid, SIGKILL);
	for (end = now_ms() + PATIENCE_MS; !(dsa_peek(0, -1, CMDSTS) & CMDSTS_ACTIVE) && now_ms() < end;)
		usleep(1000);
	child = fork();
	if (!child)
		_exit(!!write_file(txt("/sys/bus/pci/devices/%s/reset", dsa_pci(0)), "1"));
	for (end = now_ms() + PATIENCE_MS; log_count(HUNG, NULL, NULL, NULL, 0) < 1 && now_ms() < end;)
		usleep(1000);
	check(log_count(HUNG, NULL, NULL, NULL, 0) == 1, NULL, "the driver has given the command up");
	/* A command which is not hung any more would end all by itself */
	for (end = now_ms() + PATIENCE_MS; !(gone = waitpid(users[0].pid, NULL, WNOHANG) > 0) && now_ms() < end;)
		usleep(1000);
	check(gone, NULL, "the process is gone while the device hangs");
	dsa_misbehave(0, "fault-cmd", "0");
	waitpid(child, &status, 0);
	check(!status, txt("wait status %#x", status), "function is reset");
	fclose(users[0].out);
	if (!gone)
		waitpid(users[0].pid, NULL, 0);
	user_told(&users[1], ENODEV);
	dsa_check_ims(0, "in_use", "0");
	users_open(users, ARRAY_SIZE(users));
	users_copy(users, ARRAY_SIZE(users), "100", "4096", "1", false);
	users_down(users, ARRAY_SIZE(users));
}

/* Another device has taken all vectors of the only CPU */
void step_dsa_user_vectors(const char *arg)
{
	struct user users[1] = { 0 };
	int held, ret;

	(void)arg;
	if (!dsa_load("enable=0") || !users_up(users, 1, "1"))
		return;
	ret = write_file(IDXD_DRIVER "unbind", dsa_pci(1));
	if (!check(!ret, strerror(-ret), "dsa1 is given up by its driver") || !stress_load())
		return;
	for (held = ALL_VECTORS; held && stress_run(txt("hold %d", held)); held--)
		;
	check(held && held < ALL_VECTORS, txt("%d", held), "another device has all vectors of the CPU");
	say("%d vectors are held", held);
	if (check(user_start(&users[0], "1", "4096", "1", false), strerror(errno), "a process starts")) {
		close(users[0].go);
		user_told(&users[0], ENOSPC);
	}
	dsa_check_ims(0, "in_use", "0");
	check(!module_unload("ims_stress"), NULL, "the other device gives its vectors back");
	users_copy(users, 1, "100", "4096", "1", false);
	users_down(users, 1);
}

static void user_kill(struct user *u)
{
	kill(u->pid, SIGKILL);
	waitpid(u->pid, NULL, 0);
	fclose(u->out);
}

/*
 * Processes come and go, by themselves and not, while handles are revoked, the device is
 * reset and work queues disabled beside them. What becomes of a copy does not matter,
 * what is left does.
 */
void step_dsa_user_stress(const char *arg)
{
	struct user users[USERS] = { 0 };
	int rounds = arg ? atoi(arg) : 20, round, i, ended = 0, killed = 0, disabled = 0;
	bool ok = true;

	if (!dsa_load("enable=0") || !users_up(users, USERS, "1"))
		return;
	for (round = 0; ok && round < rounds; round++) {
		for (i = 0; ok && i < USERS; i++) {
			ok = user_start(&users[i], "40", i % 2 ? "4096" : "65536", "1", false);
			close(users[i].go);
		}
		/* Another moment each time, there is nothing to wait for */
		usleep(round * 7919 % 60000);
		if (round % 3 == 0)
			dsa_misbehave(0, "revoke-handles", "true");
		if (round % 5 == 4) {
			reset_function();
			users_open(users, USERS);
		}
		for (i = 0; ok && i < USERS; i++) {
			if ((round + i) % 4 == 1) {
				ok = !user_bind(&users[i].wq, "unbind");
				disabled++;
			}
			if ((round + i) % 3 == 2) {
				user_kill(&users[i]);
				killed++;
			} else {
				char line[160];

				while (fgets(line, sizeof(line), users[i].out))
					ended += !strncmp(line, "copies 40 ", 10);
				fclose(users[i].out);
				waitpid(users[i].pid, NULL, 0);
			}
			if ((round + i) % 4 == 1)
				ok = ok && user_config(&users[i].wq, "1") &&
				     !user_bind(&users[i].wq, "bind") &&
				     !chmod(user_node(&users[i].wq), 0666);
		}
	}
	check(ok, txt("round %d", round), "%d rounds: %d processes ended, %d were killed, %d lost their work queue",
	      rounds, ended, killed, disabled);
	check(ended, NULL, "some processes ended by themselves");
	dsa_check_ims(0, "in_use", "0");
	users_copy(users, USERS, "100", "4096", "1", false);
	users_down(users, USERS);
}
