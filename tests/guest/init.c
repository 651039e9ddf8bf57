// SPDX-License-Identifier: GPL-2.0
/*
 * PID 1 of a test guest. The words after "--" on the kernel command line are
 * the steps of the scenario, run in order: STEP or STEP=ARGUMENT.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"

#define RACE		"BUG: KCSAN"

/* The runner must go red on each of these; see "boot.sh selftest". */
static void step_hang(const char *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void step_die(const char *arg)
{
	(void)arg;
	/* The kernel panics when init ends. */
	exit(1);
}

static void step_mute(const char *arg)
{
	(void)arg;
	sync();
	reboot(RB_AUTOBOOT);
}

static void step_fail(const char *arg)
{
	(void)arg;
	check(false, "on purpose", "a check that fails");
}

static void step_nothing(const char *arg)
{
	(void)arg;
}

static const struct step {
	const char	*name;
	bool		needs_edu;
	void		(*run)(const char *arg);
} steps[] = {
	{ "run",	true,	step_run },
	{ "edu-vectors", true,	step_edu_vectors },
	{ "edu-error",	true,	step_edu_error },
	{ "no-msi",	false,	step_no_msi },
	{ "refused",	true,	step_refused },
	{ "log",	false,	step_log },
	{ "device",	false,	step_device },
	{ "queue",	false,	step_queue },
	{ "mode",	false,	step_mode },
	{ "evidence",	false,	step_evidence },
	{ "deferred",	false,	step_deferred },
	{ "hotplug",	true,	step_hotplug },
	{ "rebind",	true,	step_rebind },
	{ "commitfail",	true,	step_commitfail },
	{ "sleep",	true,	step_sleep },
	{ "pm-test",	true,	step_pm_test },
	{ "stress-restore", false, step_stress_restore },
	{ "stress-flr",	false,	step_stress_flr },
	{ "stress-d3",	false,	step_stress_d3 },
	{ "stress-idle",	false,	step_stress_idle },
	{ "edu-dead",	true,	step_edu_dead },
	{ "unplug",	true,	step_unplug },
	{ "kexec",	true,	step_kexec },
	{ "carry",	false,	step_carry },
	{ "kexeced",	true,	step_kexeced },
	{ "reset",	false,	step_reset },
	{ "host-vectors", true,	step_host_vectors },
	{ "host-affinity", true, step_host_affinity },
	{ "host-mask",	true,	step_host_mask },
	{ "host-replace", true,	step_host_replace },
	{ "host-migrate", true,	step_host_migrate },
	{ "host-fail",	true,	step_host_fail },
	{ "host-full",	true,	step_host_full },
	{ "host-user",	false,	step_host_user },
	{ "kvm-selftest", false, step_kvm_selftest },
	{ "host-hostile", false, step_host_hostile },
	{ "nested",	false,	step_nested },
	{ "exits",	false,	step_exits },
	{ "failnth",	false,	step_failnth },
	{ "kmemleak",	false,	step_kmemleak },
	{ "selftest",	false,	step_selftest },
	{ "vfio",	false,	step_vfio },
	{ "vfio-kernel", false,	step_vfio_kernel },
	{ "dsa",	false,	step_dsa },
	{ "dsa-fallback", false, step_dsa_fallback },
	{ "dsa-kunit",	false,	step_dsa_kunit },
	{ "dsa-unload",	false,	step_dsa_unload },
	{ "dsa-flr",	false,	step_dsa_flr },
	{ "dsa-halt",	false,	step_dsa_halt },
	{ "dsa-halted",	false,	step_dsa_halted },
	{ "dsa-storm",	false,	step_dsa_storm },
	{ "dsa-forge",	false,	step_dsa_forge },
	{ "dsa-forge-slot", false, step_dsa_forge_slot },
	{ "dsa-revoke",	false,	step_dsa_revoke },
	{ "dsa-refuse",	false,	step_dsa_refuse },
	{ "dsa-hang",	false,	step_dsa_hang },
	{ "dsa-badmask", false,	step_dsa_badmask },
	{ "dsa-accel",	false,	step_dsa_accel },
	{ "dsa-user",	false,	step_dsa_user },
	{ "dsa-user-selftest", false, step_dsa_user_selftest },
	{ "dsa-user-test", false, step_dsa_user_test },
	{ "dsa-user-revoke", false, step_dsa_user_revoke },
	{ "dsa-user-halt", false, step_dsa_user_halt },
	{ "dsa-user-flr", false, step_dsa_user_flr },
	{ "dsa-user-hang", false, step_dsa_user_hang },
	{ "dsa-user-unbind", false, step_dsa_user_unbind },
	{ "dsa-user-vectors", false, step_dsa_user_vectors },
	{ "dsa-user-stress", false, step_dsa_user_stress },
	{ "dsa-user-accel", false, step_dsa_user_accel },
	{ "dsa-revoke-race", false, step_dsa_revoke_race },
	{ "dsa-revoke-refused", false, step_dsa_revoke_refused },
	{ "dsa-mask",	false,	step_dsa_mask },
	{ "dsa-terminate", false, step_dsa_terminate },
	{ "bench-load",	false,	step_bench_load },
	{ "bench-rebind", false, step_bench_rebind },
	{ "bench",	false,	step_bench },
	{ "bench-storm", false,	step_bench_storm },
	{ "bench-trace", false,	step_bench_trace },
	{ "movdir64b",	false,	step_movdir64b },
	{ "slots",	false,	step_slots },
	{ "slots-end",	false,	step_slots_end },
	{ "slots-sizes", false,	step_slots_sizes },
	{ "slots-full",	false,	step_slots_full },
	{ "slots-refused", false, step_slots_refused },
	{ "hang",	false,	step_hang },
	{ "die",	false,	step_die },
	{ "mute",	false,	step_mute },
	{ "fail",	false,	step_fail },
	{ "nothing",	false,	step_nothing },
};

static void run_step(const char *word)
{
	const char *arg = strchr(word, '=');
	size_t len = arg ? (size_t)(arg - word) : strlen(word);
	const struct step *s;

	for (s = steps; s < steps + ARRAY_SIZE(steps); s++) {
		if (strlen(s->name) != len || strncmp(s->name, word, len) || !s->run)
			continue;
		if (!s->needs_edu || edu_find())
			s->run(arg ? arg + 1 : NULL);
		return;
	}
	check(false, word, "scenario has known steps only");
}

static bool mount_all(void)
{
	static const char * const where[][2] = {
		{ "proc",	"/proc" },
		{ "sysfs",	"/sys" },
		{ "devtmpfs",	"/dev" },
		{ "debugfs",	"/sys/kernel/debug" },
	};
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(where); i++) {
		mkdir(where[i][1], 0755);
		if (mount(where[i][0], where[i][1], where[i][0], 0, NULL))
			ok = false;
	}
	return ok;
}

/* Lockdep neither warns nor taints: it switches itself off and says so. */
static void check_lockdep(void)
{
	char buf[16384], *p;

	if (read_file("/proc/lockdep_stats", buf, sizeof(buf)) <= 0)
		return;
	p = strstr(buf, "debug_locks:");
	check(p && strtoul(p + strlen("debug_locks:"), NULL, 10) == 1,
	      "it has switched itself off, see the console", "lockdep found nothing");
}

/* KCSAN names the functions on both sides of a race. */
static void check_races(void)
{
	static const char * const ours[] = { " ims_", " pci_ims_", " idxd_ims_", " edu_" };
	char line[256];
	int all, count = 0;
	size_t i;

	if (access("/sys/kernel/debug/kcsan", F_OK))
		return;
	for (i = 0; !count && i < ARRAY_SIZE(ours); i++)
		count = log_count(RACE, ours[i], NULL, line, sizeof(line));
	all = log_count(RACE, NULL, NULL, NULL, 0);
	check(!count, line, "KCSAN reports no race of ours");
	say("KCSAN: %d reports in all", all);
}

static void check_kernel_is_well(void)
{
	static const char * const bad[] = {
		"WARNING:", "BUG:", "Oops", "INFO: possible", "INFO: task",
		"suspicious RCU usage", "non-static key", "nobody cared",
		"No irq handler for vector",
	};
	/* bad page, oops, warning, soft lockup */
	const unsigned long mask = 1UL << 5 | 1UL << 7 | 1UL << 9 | 1UL << 14;
	char buf[256] = "", line[256] = "cannot read the log";
	int count = 0;
	size_t i;

	read_file("/proc/sys/kernel/tainted", buf, sizeof(buf));
	check(buf[0] && !(strtoul(buf, NULL, 10) & mask), txt("tainted '%s'", buf),
	      "kernel is not tainted by a warning");
	for (i = 0; !count && i < ARRAY_SIZE(bad); i++) {
		count = log_count(bad[i], NULL, NULL, line, sizeof(line));
		/* The kernel has races that are none of our business */
		if (count > 0)
			count -= log_count(bad[i], RACE, NULL, NULL, 0);
	}
	check(!count, line, "kernel log holds no warning and no oops");
	check_races();
	check_lockdep();
}

int main(int argc, char **argv)
{
	bool mounted = mount_all();
	int i;

	if (!report_open())
		return 1;
	if (!mounted)
		check(false, NULL, "init has its file systems");
	for (i = 1; i < argc; i++) {
		/* UEFI firmware tells the kernel so where it finds this program */
		if (strncmp(argv[i], "initrd=", strlen("initrd=")))
			run_step(argv[i]);
	}
	if (argc < 2)
		check(false, NULL, "scenario has a step");
	check_kernel_is_well();
	report_done();
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}
