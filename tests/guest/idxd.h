/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Intel DSA, its driver idxd and its client dmatest.
 */
#ifndef IMS_GUEST_IDXD_H
#define IMS_GUEST_IDXD_H

#include <stdbool.h>
#include <stdint.h>

#define DSA_BUS		"/sys/bus/dsa/"
#define IDXD_DRIVER	"/sys/bus/pci/drivers/idxd/"
#define MAX_WQS		16
#define DMA_DEVICES	4

/* Plenty, as CPU hotplug under emulation can hold everything up */
#define PATIENCE_MS	20000

/* Handlers of the driver */
#define WQ_ACTION	"idxd-portal"
#define MISC_ACTION	"idxd-misc"

struct dsa_irq {
	unsigned int	irq;
	unsigned int	index;
	char		chip[64];
};

/* A work queue: what is wanted, what it got, what the latest dmatest has shown */
struct dsa_wq {
	int		dev;
	int		id;
	const char	*want;
	bool		ims;
	struct dsa_irq	irq;
	char		chan[32];
	long		before;
	long		received;
	unsigned long	copies;
	unsigned long	failures;
	char		bad[128];
	/* from wq_watch() to wq_found() */
	unsigned int	old_map[DMA_DEVICES];
	struct dsa_irq	old[MAX_WQS];
	int		nr_old;
};

/* idxd.c */
bool kernel_since(int version, int patchlevel);
int module_load(const char *name, const char *params);
int module_unload(const char *name);
bool dsa_load(const char *kunit);
const char *dsa_pci(int dev);
const char *dsa_ims(int dev, const char *file);
void dsa_check_ims(int dev, const char *file, const char *want);
bool dsa_enable(int dev);
bool dsa_disable(int dev);
int dsa_irqs(const struct dsa_wq *wq, const char *action, struct dsa_irq irqs[MAX_WQS]);
uint32_t dsa_peek(int dev, int slot, unsigned int offset);
const char *dsa_message(const struct dsa_wq *wq);
void dsa_poke(int dev, int slot, unsigned int offset, uint32_t value);
const char *wq_name(const struct dsa_wq *wq);
const char *wq_get(const struct dsa_wq *wq, const char *attr);
int wq_set(const struct dsa_wq *wq, const char *attr, const char *value);
bool wq_config(const struct dsa_wq *wq, const char *interrupt);
void wq_watch(struct dsa_wq *wq);
void wq_found(struct dsa_wq *wq);
int wq_enable(struct dsa_wq *wq);
int wq_disable(const struct dsa_wq *wq);
long irq_count(unsigned int irq);
int dsa_client(const char *what, const char *whom);
bool dma_start(struct dsa_wq *wqs, int nr, int copies);
bool dma_start_slow(struct dsa_wq *wqs, int nr, int copies);
bool dma_start_lost(struct dsa_wq *wqs, int nr, int copies);
void dma_wait(struct dsa_wq *wqs, int nr);
void dma_release(void);
void dma_finish(struct dsa_wq *wqs, int nr);
bool machine_command(const char *command);
bool machine_resets(bool again);
long dsa_property(int dev, const char *property);
bool dsa_misbehave(int dev, const char *property, const char *value);
void machine_has_moved(void);
long machine_property(const char *property);
bool machine_misbehave(const char *property, const char *value);

/* user.c */
bool users_are_up(int nr);

/* idxd_faults.c */
int run_command(const char *command);

/* idxd_steps.c */
void reset_function(void);
bool bring_up(struct dsa_wq *wqs, int nr);
void take_down(struct dsa_wq *wqs, int nr);
void copy_and_check(struct dsa_wq *wqs, int nr);
void check_slot(const struct dsa_wq *wq, bool live);

/* stress.c */
const char *stress_device(void);
bool stress_load(void);
int stress_run(const char *command);
bool stress_do(const char *command);

#endif
