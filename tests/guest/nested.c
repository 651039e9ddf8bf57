// SPDX-License-Identifier: GPL-2.0
/*
 * A guest of this guest: this one is a KVM host, which gives it the DSA device. What the inner
 * one finds is passed on, beside what is to be seen of it from here.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "idxd.h"

#define DEVICE		"0000:00:04.0"
#define PATIENCE_S	350
#define LOOK_MS		100
#define MAX_SEEN	128
#define MAX_SHOWN	12
#define MARKS		"/l2.marks"
#define PORT		"/l2.port"
#define MONITOR		"/l2.monitor"
#define MAX_ARGS	96
#define MAX_COSTS	32

enum counter {
	EXITS,
	MMIO,
	HYPERCALLS,
	COUNTERS,
};

/* Files which the inner machine leaves */
#define VERDICT		"/l2.verdict"
#define CONSOLE		"/l2.console"
#define TRACE		"/l2.trace"

/* The largest that was seen, as all is gone when the machine is */
struct seen {
	char	action[64];
	char	line[256];
	long	total;
};

static struct seen seen[MAX_SEEN];
static int nr_seen;
static const char * const counters[COUNTERS] = {
	[EXITS]		= "exits",
	[MMIO]		= "mmio_exits",
	[HYPERCALLS]	= "hypercalls",
};

static long counts[COUNTERS], counts_at_start[COUNTERS];

/* What so many operations of the inner guest took */
static struct cost {
	char	store[16];
	char	op[16];
	long	mmio;
	long	hypercalls;
	/* Where the machine counts instructions, these are all of L1 and of L2 */
	long	cycles;
} costs[MAX_COSTS];

static int nr_costs;

/* Of an inner machine which is reset: how often it has started, and its results before */
static int nr_boots;
static char score[32];

static void look_at_line(char *line)
{
	char *action = strstr(line, "vfio-"), *p;
	struct seen *s = seen;
	long total;

	p = strchr(line, ':');
	if (!action || !p)
		return;
	/* It has one CPU */
	total = atol(p + 1);
	while (s < seen + nr_seen && strcmp(s->action, action))
		s++;
	if (s == seen + MAX_SEEN)
		return;
	nr_seen += s == seen + nr_seen;
	if (s->action[0] && s->total > total)
		return;
	snprintf(s->action, sizeof(s->action), "%s", action);
	snprintf(s->line, sizeof(s->line), "%s", line);
	s->total = total;
}

static void look(void)
{
	char buf[16384], *line, *save = NULL;
	long count;
	int i;

	read_file("/proc/interrupts", buf, sizeof(buf));
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		look_at_line(line);
	for (i = 0; i < COUNTERS; i++) {
		read_file(txt("/sys/kernel/debug/kvm/%s", counters[i]), buf, sizeof(buf));
		count = atol(buf);
		if (count > counts[i])
			counts[i] = count;
	}
}

/* Calls @with for each line of the file, returns how many there are. */
static int each_line(const char *path, const char *has, void (*with)(const char *line))
{
	FILE *file = fopen(path, "r");
	char line[512];
	int nr = 0;

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\r\n")] = '\0';
		if (!strstr(line, has))
			continue;
		nr++;
		if (with)
			with(line);
	}
	if (file)
		fclose(file);
	return nr;
}

/* By L2, or for it when it says bye, is reset, or loses the device */
static void check_freed(bool handed_out)
{
	int allocated = each_line(TRACE, "vfio_device_msi_alloc", NULL);
	int freed = each_line(TRACE, "vfio_device_msi_free", NULL);

	check(allocated == freed && handed_out == !!allocated, txt("%d were freed", freed),
	      "%d messages were handed out and as many freed", allocated);
}

/* The inner guest has done something and waits for an answer */
static void mark(const char *what)
{
	struct cost *c = &costs[nr_costs];

	look();
	if (!strcmp(what, "boot")) {
		if (nr_boots++) {
			check_freed(true);
			check(each_line(TRACE, "guest has the messages: 0", NULL) == 1, NULL,
			      "the reset took them, not the kernel that followed");
		}
	} else if (sscanf(what, "reset %31s", score) == 1) {
		say("L1: L2 resets its machine");
	} else if (!strcmp(what, "start")) {
		memcpy(counts_at_start, counts, sizeof(counts));
	} else if (nr_costs < MAX_COSTS &&
		   sscanf(what, "%15s %15s %ld", c->store, c->op, &c->cycles) == 3) {
		nr_costs++;
		c->mmio = counts[MMIO] - counts_at_start[MMIO];
		c->hypercalls = counts[HYPERCALLS] - counts_at_start[HYPERCALLS];
	}
}

static void listen_to(int in, int out)
{
	struct pollfd pfd = { .fd = in, .events = POLLIN };
	static char line[64];
	static size_t len;

	while (poll(&pfd, 1, LOOK_MS) > 0 && read(in, line + len, 1) == 1) {
		if (line[len] != '\n') {
			len += len < sizeof(line) - 1;
			continue;
		}
		line[len] = '\0';
		len = 0;
		mark(line);
		if (dprintf(out, "%s\n", score) < 0)
			say("L2 does not listen");
	}
}

/* Its third serial port is its own monitor, as in boot-lib.sh, the fourth one talks to us */
static void start(char *options, const char *cmdline, const char *steps)
{
	const char *append = txt("console=ttyS0 quiet panic=-1 panic_on_warn=1 oops=panic %s -- %s",
				 cmdline, steps);
	const char *argv[MAX_ARGS] = {
		"qemu", "-L", "/firmware", "-machine", "q35,accel=kvm,kernel-irqchip=on",
		"-cpu", "host,-xsave", "-m", "128M", "-nodefaults", "-no-user-config",
		"-display", "none", "-no-reboot", "-kernel", "/lib/bzImage", "-initrd", "/l2.cpio",
		"-append", append, "-serial", "file:" CONSOLE, "-serial", "file:" VERDICT,
		"-chardev", "pipe,id=port,path=" PORT, "-serial", "chardev:port",
		"-chardev", "pipe,id=monitor,path=" MONITOR, "-mon", "chardev=monitor,mode=control",
		"-serial", "pipe:" MARKS, "-trace", "msix_table_*", "-trace", "vfio_device_msi_*",
		"-D", TRACE,
	};
	int fd = open("/l2.qemu", O_WRONLY | O_CREAT | O_TRUNC, 0644), nr = 0;
	char *word;

	while (argv[nr])
		nr++;
	if (!strstr(options, "vfio-pci")) {
		argv[nr++] = "-device";
		argv[nr++] = "vfio-pci,addr=4,host=" DEVICE;
	}
	for (word = strtok(options, " "); word && nr < MAX_ARGS - 1; word = strtok(NULL, " "))
		argv[nr++] = word;
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execv("/bin/qemu", (char **)argv);
	_exit(127);
}

static void make_pipes(void)
{
	mkfifo(MARKS ".in", 0600);
	mkfifo(MARKS ".out", 0600);
	mkfifo(PORT ".in", 0600);
	mkfifo(PORT ".out", 0600);
	if (symlink(PORT ".in", MONITOR ".out") || symlink(PORT ".out", MONITOR ".in"))
		check(false, strerror(errno), "L2 gets its monitor");
}

/* Returns the status that the machine ended with */
static int run(char *options, const char *cmdline, const char *steps)
{
	long end = now_ms() + PATIENCE_S * 1000;
	int status = -1, in, out;
	pid_t pid, ended;

	make_pipes();
	in = open(MARKS ".out", O_RDWR | O_CLOEXEC);
	out = open(MARKS ".in", O_RDWR | O_CLOEXEC);
	pid = fork();
	if (!pid)
		start(options, cmdline, steps);
	while (!(ended = waitpid(pid, &status, WNOHANG)) && now_ms() < end) {
		look();
		listen_to(in, out);
	}
	if (!ended) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	return status;
}

static int good, bad;
static char closing[64];
/* Those which the inner guest has shown, from the table of its queues */
static char messages[MAX_SEEN][32];
static int nr_messages;

static void pass_on(const char *line)
{
	const char *p;

	if (!strncmp(line, "ok - ", 5)) {
		good++;
		check(true, NULL, "L2: %s", line + 5);
	} else if (!strncmp(line, "not ok - ", 9)) {
		bad++;
		check(false, NULL, "L2: %s", line + 9);
	} else if (!strncmp(line, "# ", 2)) {
		say("L2: %s", line + 2);
		p = strstr(line, " 0xfee");
		if (p && nr_messages < MAX_SEEN && sscanf(p, "%31s", messages[nr_messages]) == 1)
			nr_messages++;
	} else if (!strncmp(line, "done ", 5)) {
		snprintf(closing, sizeof(closing), "%s", line);
	}
}

static void to_console(const char *line)
{
	write_file("/dev/console", txt("L2: %s\n", line));
}

static void say_line(const char *line)
{
	say("L1: %s", line);
}

/* What the guest of this one says, and whether it is all of it */
static void check_verdicts(int status)
{
	each_line(VERDICT, "", pass_on);
	if (!check(!status && !strcmp(closing, txt("done %d %d", good, bad)),
		   txt("wait status 0x%x, '%s' and %d results", status, closing, good + bad),
		   "L2 has run to its end"))
		each_line(CONSOLE, "", to_console);
	each_line("/l2.qemu", "", say_line);
}

/* In the device there is what the VMM has handed out, or what the guest makes up as ever */
static void check_messages(bool handed_out)
{
	int i, known = 0;

	for (i = 0; i < nr_messages; i++)
		known += each_line(TRACE, txt(" %s", messages[i]), NULL) > 0;
	check(nr_messages && known == (handed_out ? nr_messages : 0), txt("%d are", known),
	      "%d messages that L2 shows are %s", nr_messages,
	      handed_out ? "those that L1 has handed out" : "its own");
}

/* Vectors which the VMM has handed out, or those of MSI-X which it has trapped */
static void check_vectors(bool handed_out, bool plain_msi)
{
	long total = 0, plain = 0, others = 0;
	int i, shown = 0;

	for (i = 0; i < nr_seen; i++) {
		bool msg = !!strstr(seen[i].action, "vfio-msg");

		if (seen[i].total && shown++ < MAX_SHOWN)
			say("L1: %s", seen[i].line);
		if (plain_msi && !strncmp(seen[i].action, "vfio-msi[", 9)) {
			plain += seen[i].total;
			continue;
		}
		/* Before the guest has enabled MSI */
		if (plain_msi && !strncmp(seen[i].action, "vfio-intx", 9) && !seen[i].total)
			continue;
		total += msg == handed_out ? seen[i].total : 0;
		others += msg != handed_out;
	}
	if (plain_msi)
		check(plain > 0, NULL, "plain MSI is enabled by VFIO, with %ld interrupts seen", plain);
	check(total > 0 && !others,
	      txt("%ld interrupts, %ld vectors of another kind", total, others),
	      "vectors of L1 are %s and nothing else, with %ld interrupts seen",
	      handed_out ? "handed out" : "of MSI-X", total);
}

static void check_trapped(bool want)
{
	int nr = each_line(TRACE, "dev vfio-pci offset", NULL);

	check(want == !!nr, NULL, "trapped accesses to the MSI-X table: %d", nr);
}

static void check_faults(bool want)
{
	char line[512] = "";
	int nr = log_count("DMAR", "INTR-REMAP", NULL, line, sizeof(line));

	if (nr)
		say("L1: %s", line);
	if (want)
		check(nr > 0 && strstr(line, DEVICE + strlen("0000:")), line,
		      "log of L1 names " DEVICE " and what was blocked (%d)", nr);
	else
		check(!nr, line, "no message was blocked in L1");
}

/* How often an operation may leave the guest, with messages of the host */
static const struct {
	const char	*op;
	long		most;
} bounds[] = {
	{ "allocate",	2 },
	{ "request",	1 },
	{ "mask",	0 },
	{ "unmask",	0 },
	{ "deliver",	0 },
	{ "affinity",	1 },
	{ "release",	1 },
	{ "free",	1 },
};

static void check_costs(bool handed_out)
{
	const struct cost *c;
	size_t i;

	if (nr_costs)
		say("%-22s %12s %12s %12s", txt("L1: operation, %d times", OPS_EACH), "hypercalls",
		    "MMIO exits", "cycles");
	for (c = costs; c < costs + nr_costs; c++) {
		say("L1: %-6s %-11s %12ld %12ld %12ld", c->store, c->op, c->hypercalls, c->mmio,
		    c->cycles);
		say("row exits,%s,%s,%d,%ld,%ld,%ld", c->store, c->op, OPS_EACH, c->hypercalls,
		    c->mmio, c->cycles);
	}
	for (c = costs; handed_out && c < costs + nr_costs; c++) {
		for (i = 0; i < ARRAY_SIZE(bounds); i++) {
			if (strcmp(c->op, bounds[i].op))
				continue;
			check(c->hypercalls + c->mmio <= bounds[i].most * OPS_EACH,
			      txt("%ld hypercalls, %ld of MMIO", c->hypercalls, c->mmio),
			      "%s %s: at most %ld exits to the VMM each", c->store, c->op,
			      bounds[i].most);
		}
	}
}

/*
 * nested=OPTIONS;CMDLINE;STEPS;WORDS, where + is a blank: options of the inner machine, its
 * kernel's command line and steps. The words say what is expected here: "trapped" when nothing
 * is handed out, "blocked" when a message is, "msi" when the device has plain MSI as well.
 */
void step_nested(const char *arg)
{
	char *words = strdup(arg ? arg : ""), *p, *field[4];
	int i, ret, status;
	long start_ms;

	for (p = words; *p; p++)
		*p = *p == '+' ? ' ' : *p;
	for (i = 0, p = words; i < 4; i++)
		field[i] = strsep(&p, ";");
	if (!field[3]) {
		check(false, arg, "step has four fields");
		return;
	}
	ret = module_load("kvm", "tsc_tolerance_ppm=500000") ?: module_load("kvm-amd", "");
	if (!check(!ret, strerror(-ret), "KVM is loaded") || !give_to_vfio(DEVICE))
		return;
	start_ms = now_ms();
	status = run(field[0], field[1], field[2]);
	start_ms = now_ms() - start_ms;
	check_verdicts(status);
	say(" ");
	if (strstr(field[2], "dsa"))
		check_messages(!strstr(field[3], "trapped"));
	check_vectors(!strstr(field[3], "trapped"), strstr(field[3], "msi"));
	check_freed(!strstr(field[3], "trapped"));
	check_trapped(strstr(field[3], "trapped"));
	check_costs(!strstr(field[3], "trapped"));
	check_faults(strstr(field[3], "blocked"));
	say("L1: %ld exits of L2, %ld of them for MMIO, %ld hypercalls, in %ld ms", counts[EXITS],
	    counts[MMIO], counts[HYPERCALLS], start_ms);
	free(words);
}
