// SPDX-License-Identifier: GPL-2.0
/*
 * The device: all work queues in one group, dedicated and enabled.
 */
#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/iopoll.h>

#include "bench.h"
#include "registers.h"

#define CMD_IMS		BIT(16)
#define CMD_RESULT	GENMASK(23, 8)
#define CMD_TIMEOUT_US	5000000

/* Four pages for each queue, the third is for handles of the IMS table */
#define PORTAL_PAGES	4
#define PORTAL_IMS	2

static int dsa_command(struct bench *b, u32 cmd, u32 operand)
{
	union idxd_command_reg reg = { .cmd = cmd, .operand = operand };
	u32 status;
	int ret;

	writel(reg.bits, b->regs + IDXD_CMD_OFFSET);
	ret = readl_poll_timeout(b->regs + IDXD_CMDSTS_OFFSET, status,
				 !(status & IDXD_CMDSTS_ACTIVE), 0, CMD_TIMEOUT_US);
	if (!ret && status & IDXD_CMDSTS_ERR_MASK)
		ret = -EIO;
	if (ret)
		dev_err(&b->pdev->dev, "command %u failed: %d, status 0x%x\n", cmd, ret, status);
	return ret ? ret : FIELD_GET(CMD_RESULT, status);
}

static void dsa_setup_wqs(struct bench *b, unsigned int table, unsigned int size)
{
	union wqcfg cfg = { .wq_size = size, .mode = 1, .priority = 1 };
	unsigned int i, word;

	for (i = 0; i < b->nr_wqs; i++) {
		for (word = 0; word < 4; word++)
			writel(cfg.bits[word], b->regs + table + i * 64 + word * 4);
	}
}

static void dsa_setup_group(struct bench *b, unsigned int table)
{
	writeq(b->nr_wqs < 64 ? BIT_ULL(b->nr_wqs) - 1 : ~0ull, b->regs + table);
	writeq(1, b->regs + table + offsetof(struct grpcfg, engines));
}

static int dsa_enable(struct bench *b)
{
	unsigned int i;
	int ret = dsa_command(b, IDXD_CMD_ENABLE_DEVICE, 0);

	for (i = 0; ret >= 0 && i < b->nr_wqs; i++)
		ret = dsa_command(b, IDXD_CMD_ENABLE_WQ, i);
	return ret < 0 ? ret : 0;
}

int dsa_start(struct bench *b)
{
	union gen_cap_reg cap = { .bits = readq(b->regs + IDXD_GENCAP_OFFSET) };
	union wq_cap_reg wqs = { .bits = readq(b->regs + IDXD_WQCAP_OFFSET) };
	union offsets_reg offsets = { .bits[0] = readq(b->regs + IDXD_TABLE_OFFSET) };
	int ret = dsa_command(b, IDXD_CMD_RESET_DEVICE, 0);

	if (ret < 0)
		return ret;
	b->record = dmam_alloc_coherent(&b->pdev->dev, sizeof(*b->record), &b->record_dma,
					GFP_KERNEL);
	if (!b->record)
		return -ENOMEM;
	b->nr_wqs = wqs.num_wqs;
	b->ims_slots = cap.max_ims_mult * 256;
	b->ims_table = b->regs + offsets.ims * 0x100;
	dsa_setup_wqs(b, offsets.wqcfg * 0x100, wqs.total_wq_size / b->nr_wqs);
	dsa_setup_group(b, offsets.grpcfg * 0x100);
	return dsa_enable(b);
}

void dsa_stop(struct bench *b)
{
	dsa_command(b, IDXD_CMD_DISABLE_DEVICE, 0);
}

/* Give the vector a descriptor that does nothing but raise it. */
int dsa_arm(struct bench *b, struct bench_vec *v, bool ims, unsigned int wq)
{
	unsigned int page = wq * PORTAL_PAGES + (ims ? PORTAL_IMS : 0);
	int handle = dsa_command(b, IDXD_CMD_REQUEST_INT_HANDLE,
				 v->map.index | (ims ? CMD_IMS : 0));

	if (handle < 0)
		return handle;
	v->desc = (struct dsa_hw_desc) {
		.opcode		= DSA_OPCODE_NOOP,
		.flags		= IDXD_OP_FLAG_RCI,
		.int_handle	= handle,
	};
	v->portal = b->portals + page * PAGE_SIZE;
	v->sent = 0;
	v->received = 0;
	v->budget = 0;
	return 0;
}

void dsa_disarm(struct bench *b, struct bench_vec *v, bool ims)
{
	dsa_command(b, IDXD_CMD_RELEASE_INT_HANDLE, v->desc.int_handle | (ims ? CMD_IMS : 0));
}

void dsa_fire(struct bench_vec *v)
{
	v->sent++;
	dsa_submit(v->portal, &v->desc);
}

/*
 * Fire and wait until the message is on its way to the CPU. The device writes the
 * record first, but handles the descriptor in one go, so it answers a read after that.
 */
int dsa_fire_sync(struct bench *b, struct bench_vec *v)
{
	unsigned int i;

	b->record->status = DSA_COMP_NONE;
	v->desc.flags = IDXD_OP_FLAG_RCI | IDXD_OP_FLAG_CRAV | IDXD_OP_FLAG_RCR;
	v->desc.completion_addr = b->record_dma;
	dsa_fire(v);
	for (i = 0; READ_ONCE(b->record->status) == DSA_COMP_NONE; i++) {
		if (i == CMD_TIMEOUT_US)
			return -ETIMEDOUT;
		udelay(1);
	}
	readl(b->regs + IDXD_GENSTATS_OFFSET);
	return b->record->status == DSA_COMP_SUCCESS ? 0 : -EIO;
}
