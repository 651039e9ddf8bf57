/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A minimal driver for the emulated DSA device, which measures its interrupts.
 */
#ifndef IMS_BENCH_H
#define IMS_BENCH_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/msi_api.h>
#include <linux/pci.h>
#include <linux/io.h>
#include <linux/timex.h>
#include <uapi/linux/idxd.h>

#define BENCH_MAX_VECTORS	65536

struct bench_store;

/**
 * struct bench_vec - A vector and the descriptor that fires it
 * @desc:	Goes to the portal as it is
 * @portal:	Portal of the work queue, for the table that holds the vector
 * @map:	What the allocation returned
 * @seen:	Time at which the handler was entered last
 * @sent:	How many descriptors went to the device
 * @received:	How many interrupts came back
 * @budget:	The handler sends the descriptor again until so many were sent
 */
struct bench_vec {
	struct dsa_hw_desc	desc __aligned(64);
	void __iomem		*portal;
	struct msi_map		map;
	u64			seen;
	unsigned long		sent;
	unsigned long		received;
	unsigned long		budget;
};

/**
 * struct bench - The device
 * @pdev:	PCI device, MSI-X is enabled with one vector
 * @regs:	BAR 0
 * @portals:	BAR 2
 * @ims_table:	The IMS table in BAR 0
 * @ims_slots:	Its size
 * @limit:	Size of the next IMS domain, 0 for as large as it can be
 * @nr_wqs:	Work queues, all enabled
 * @record:	Completion record
 * @record_dma:	Address of @record as the device sees it
 * @vecs:	BENCH_MAX_VECTORS of them
 * @live:	So many are requested, for user space to look at
 * @storm:	The store whose vectors fire on their own
 * @holder:	The store of which vectors are held for a profile
 * @held:	So many
 */
struct bench {
	struct pci_dev		*pdev;
	void __iomem		*regs;
	void __iomem		*portals;
	void __iomem		*ims_table;
	unsigned int		ims_slots;
	unsigned int		limit;
	unsigned int		nr_wqs;
	struct dsa_completion_record *record;
	dma_addr_t		record_dma;
	struct bench_vec	*vecs;
	unsigned int		live;
	const struct bench_store *storm;
	const struct bench_store *holder;
	unsigned int		held;
};

/**
 * struct bench_store - Where the messages of the vectors live
 * @name:	Name in commands and results
 * @fires:	The device can send what is in it
 * @ims:	The device has its messages in the IMS table, not in that of MSI-X
 * @enter:	Create what the vectors are allocated from
 * @leave:	Undo that
 * @remove:	Undo that while vectors are allocated
 * @restore:	Write all messages once more, after pci_save_state()
 * @alloc:	Allocate a vector
 * @free:	Free a vector
 */
struct bench_store {
	const char	*name;
	bool		fires;
	bool		ims;
	int		(*enter)(struct bench *b);
	void		(*leave)(struct bench *b);
	void		(*remove)(struct bench *b);
	int		(*restore)(struct bench *b);
	struct msi_map	(*alloc)(struct bench *b);
	void		(*free)(struct bench *b, struct msi_map map);
};

extern bool bench_icount;

/* Guest instructions if the emulator counts them, or else nanoseconds */
static __always_inline u64 bench_now(void)
{
	return bench_icount ? get_cycles() : ktime_get_ns();
}

/*
 * The device takes a descriptor as one store of 64 bytes, or as eight in order. A turn of
 * the loop is three instructions.
 */
#ifdef CONFIG_X86
static inline void dsa_submit(void __iomem *portal, const struct dsa_hw_desc *desc)
{
	iosubmit_cmds512(portal, desc, 1);
}

/* An interrupt that waits comes after the instruction which follows */
static __always_inline void bench_irq_enable(void)
{
	asm volatile("sti; nop" : : : "memory");
}

#define BENCH_LOOP	"1: nop; dec %0; jnz 1b"
#else
static inline void dsa_submit(void __iomem *portal, const struct dsa_hw_desc *desc)
{
	__iowrite64_copy(portal, desc, sizeof(*desc) / sizeof(u64));
}

static __always_inline void bench_irq_enable(void)
{
	local_irq_enable();
}

#define BENCH_LOOP	"1: nop; subs %0, %0, 1; b.ne 1b"
#endif

/* main.c */
__printf(1, 2) void bench_row(const char *fmt, ...);

/* device.c */
int dsa_start(struct bench *b);
void dsa_stop(struct bench *b);
int dsa_arm(struct bench *b, struct bench_vec *v, bool ims, unsigned int wq);
void dsa_disarm(struct bench *b, struct bench_vec *v, bool ims);
void dsa_fire(struct bench_vec *v);
int dsa_fire_sync(struct bench *b, struct bench_vec *v);

/* store.c */
#define BENCH_STORES	3
extern const struct bench_store bench_stores[BENCH_STORES];
extern atomic_t bench_commands;
const struct bench_store *bench_find_store(const char *name);
int bench_alloc(struct bench *b, const struct bench_store *store, unsigned int nr);
void bench_free(struct bench *b, const struct bench_store *store, unsigned int nr);
int bench_request(struct bench *b, unsigned int nr);
void bench_release(struct bench *b, unsigned int nr);

/* ops.c */
int bench_clock(void);
int bench_first(struct bench *b);
int bench_ops(struct bench *b, unsigned int nr, unsigned int rounds);

/* scale.c */
void let_settle(void);
int bench_sweep(struct bench *b, const char *store, unsigned int max, unsigned int step);
void bench_mark(void);
int bench_hold(struct bench *b, const char *store, unsigned int nr);
int bench_trace(struct bench *b, const char *store, unsigned int nr);
int bench_fire(struct bench *b, const char *store, unsigned int nr);
int bench_storm(struct bench *b, const char *store, unsigned int nr, unsigned int each);
int bench_settle(struct bench *b);

/* each.c */
int bench_each(struct bench *b, const char *store, const char *op, unsigned int nr);

/* life.c */
int bench_unbind(struct bench *b, const char *store, unsigned int nr);
int bench_restore(struct bench *b, const char *store, unsigned int nr);
int bench_life(struct bench *b, unsigned int nr);

#endif
