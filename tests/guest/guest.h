/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest side of the boot tests: a static init that drives the edu_ims
 * sample and reports on the second serial port.
 */
#ifndef IMS_GUEST_H
#define IMS_GUEST_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define __printf(a, b)	__attribute__((format(gnu_printf, a, b)))

#define MAX_VECTORS	64
#define NR_VECTORS	16

/* A device message that takes longer than this to arrive is late. */
#define LATE_MS		1000

struct vector {
	unsigned int		index;
	unsigned int		irq;
	char			store[32];
	char			chip[64];
	unsigned long long	address;
	unsigned int		data;
	unsigned long		fired;
	unsigned long		received;
};

struct vectors {
	int			nr;
	struct vector		v[MAX_VECTORS];
};

/* report.c: the verdict channel and small file helpers */
int serial_open(const char *path);
bool report_open(void);
void report_done(void);
const char *report_score(void);
void report_carry(const char *score);
void say(const char *fmt, ...) __printf(1, 2);
bool check(bool ok, const char *detail, const char *fmt, ...) __printf(3, 4);
const char *txt(const char *fmt, ...) __printf(1, 2);
int read_file(const char *path, char *buf, size_t size);
int write_file(const char *path, const char *text);
int log_count(const char *a, const char *b, const char *c, char *line, size_t size);
long now_ms(void);

/* edu.c: the sample driver as seen from user space */
extern const char *edu_driver, *edu_store;
extern char edu_name[32];
bool edu_find(void);
bool edu_is_bound(void);
const char *edu_debugfs(const char *file);
int edu_sysfs(const char *file, char *buf, size_t size);
int edu_read_vectors(struct vectors *vs);
long edu_settle(struct vectors *vs);
bool edu_fire(const char *list, int times, const char *what);
bool in_list(const char *list, unsigned int index);
void edu_check_in_use(int want);
void edu_check_msi(void);
long irq_total(unsigned int irq, char *line, size_t size);
bool interrupts_mention(const char *word);

/* steps.c: verdicts and reasons of the platform check */
const char *reason_of(const char *word);
void check_verdict(const char *store, const char *verdict, const char *word);

/* life.c: CPUs that are pulled away from under vectors */
struct moves {
	int	cycles;
	int	moved;
	int	pulled;
	int	stuck;
	int	errors;
};

void cpu_cycle(const struct vectors *vs, int cpu, struct moves *m);
void check_moves(const struct vectors *vs, int cpus, const struct moves *m);

/* steps.c, life.c, idxd_steps.c and idxd_faults.c: what a scenario is made of */
void step_run(const char *arg);
void step_edu_vectors(const char *arg);
void step_edu_error(const char *arg);
void step_no_msi(const char *arg);
void step_refused(const char *arg);
void step_log(const char *arg);
void step_device(const char *arg);
void step_queue(const char *arg);
void step_mode(const char *arg);
void step_evidence(const char *arg);
void step_deferred(const char *arg);
void step_hotplug(const char *arg);
void step_rebind(const char *arg);
void step_commitfail(const char *arg);
void step_kmemleak(const char *arg);

/* selftest.c */
void selftest_run(const char *program, int want);
void step_selftest(const char *arg);
bool give_to_vfio(const char *device);
void step_vfio(const char *arg);
void step_vfio_kernel(const char *arg);
void step_dsa(const char *arg);
void step_dsa_fallback(const char *arg);
void step_dsa_kunit(const char *arg);
void step_dsa_unload(const char *arg);
void step_dsa_flr(const char *arg);
void step_dsa_halt(const char *arg);
void step_dsa_halted(const char *arg);
void step_dsa_storm(const char *arg);
void step_dsa_forge(const char *arg);
void step_dsa_forge_slot(const char *arg);
void step_dsa_revoke(const char *arg);
void step_dsa_refuse(const char *arg);
void step_dsa_hang(const char *arg);
void step_dsa_badmask(const char *arg);
void step_dsa_accel(const char *arg);
void step_dsa_user(const char *arg);
void step_dsa_user_selftest(const char *arg);
void step_dsa_user_test(const char *arg);
void step_dsa_user_revoke(const char *arg);
void step_dsa_user_halt(const char *arg);
void step_dsa_user_flr(const char *arg);
void step_dsa_user_hang(const char *arg);
void step_dsa_user_unbind(const char *arg);
void step_dsa_user_vectors(const char *arg);
void step_dsa_user_stress(const char *arg);
void step_dsa_user_accel(const char *arg);
void step_dsa_revoke_race(const char *arg);
void step_dsa_revoke_refused(const char *arg);
void step_dsa_mask(const char *arg);
void step_dsa_terminate(const char *arg);

/* sleep.c */
void edu_check_armed(const char *want, const char *either, const char *when);
void step_sleep(const char *arg);
void step_pm_test(const char *arg);

/* stress.c: the module ims_stress, see tests/guest/module */
void step_stress_restore(const char *arg);
void step_stress_flr(const char *arg);
void step_stress_idle(const char *arg);
void step_stress_d3(const char *arg);

/* unplug.c */
void step_edu_dead(const char *arg);
void step_unplug(const char *arg);

/* kexec.c */
void step_kexec(const char *arg);
void step_carry(const char *arg);
void step_kexeced(const char *arg);
void step_reset(const char *arg);

/* host.c: messages that the host hands out */
void step_host_vectors(const char *arg);
void step_host_affinity(const char *arg);
void step_host_mask(const char *arg);
void step_host_replace(const char *arg);
void step_host_migrate(const char *arg);
void step_host_fail(const char *arg);
void step_host_full(const char *arg);
void step_kvm_selftest(const char *arg);
void step_host_hostile(const char *arg);

/* nested.c: a guest of this guest */
void step_nested(const char *arg);

/* exits.c: what operations cost, counted by nested.c. There are 9 MSI-X vectors, one is taken. */
#define OPS_EACH	8
bool outer_mark(int port, const char *what, char *answer, size_t size);
void step_exits(const char *arg);

/* failnth.c */
void step_failnth(const char *arg);

/* bench.c: what vectors cost, see scripts/bench */
void step_bench_load(const char *arg);
void step_bench_rebind(const char *arg);
void step_bench(const char *arg);
void step_bench_storm(const char *arg);
void step_bench_trace(const char *arg);

/* x86.c: instructions that this architecture alone has, see tests/host/qemu.sh */
void step_movdir64b(const char *arg) __attribute__((weak));
void step_host_user(const char *arg) __attribute__((weak));

/* slots.c: a store in device memory beside MSI-X, see tests/guest/module/slots.c */
void step_slots(const char *arg);
void step_slots_end(const char *arg);
void step_slots_sizes(const char *arg);
void step_slots_full(const char *arg);
void step_slots_refused(const char *arg);

#endif
