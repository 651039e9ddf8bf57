/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A driver for the emulated DSA device, which treats its vectors badly.
 */
#ifndef IMS_STRESS_H
#define IMS_STRESS_H

#include <linux/irqdomain_ims.h>
#include <linux/mutex.h>

#include "bench.h"

#define STRESS_VECTORS	256

/**
 * struct stress - The device
 * @b:		What device.c works on
 * @cmd_lock:	The device takes one command at a time
 * @resets:	Grows by one when a reset begins and when it is over
 * @vecs:	STRESS_VECTORS of them
 * @maps:	What the allocation returned for @vecs
 * @nvec:	So many are requested
 */
struct stress {
	struct bench		b;
	/* Innermost */
	struct mutex		cmd_lock;
	unsigned int		resets;
	struct bench_vec	*vecs;
	struct msi_map		*maps;
	unsigned int		nvec;
};

/* main.c */
int stress_create(struct stress *s, bool queue);
int stress_request(struct bench_vec *v, struct msi_map map);
int stress_fire(struct stress *s, struct bench_vec *v, unsigned int wq);
__printf(1, 2) void stress_say(const char *fmt, ...);

/* race.c */
int stress_race(struct stress *s, unsigned int ms, bool restore);

#endif
