/*
 * Intel Data Streaming Accelerator: descriptors
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/crc32c.h"
#include "qemu/cutils.h"
#include "dsa.h"
#include "trace.h"

/* Most that one step of a descriptor moves */
#define DSA_CHUNK   (64 * 1024)
/* What a descriptor costs besides its bytes */
#define DSA_COST    4096

#define DSA_FLAGS_COMMON \
    (DSA_FLAG_FENCE | DSA_FLAG_CRAV | DSA_FLAG_RCR | DSA_FLAG_RCI | \
     DSA_FLAG_CR_TC)

typedef struct DsaOp {
    uint32_t flags;
    /* has a transfer size and a first address, a second address */
    bool addr1;
    bool addr2;
    /* leading bytes of op_specific that have a meaning */
    unsigned specific;
    /* processes up to a chunk, false on failure */
    bool (*step)(DsaWq *wq, DsaJob *job, uint32_t len);
} DsaOp;

static bool dsa_fault(DsaJob *job, uint8_t status, uint64_t addr)
{
    job->status = status;
    job->fault_addr = addr;
    job->failed = true;
    return false;
}

/*
 * There is no page request (PRI). One that blocks ends as if the request had
 * been answered with a failure.
 */
static uint8_t dsa_page_fault(const DsaJob *job)
{
    return job->flags & DSA_FLAG_BOF ? DSA_COMP_PAGE_RESPONSE
                                     : DSA_COMP_PAGE_FAULT;
}

static bool dsa_read(DsaWq *wq, DsaJob *job, uint64_t addr, void *buf,
                     uint32_t len)
{
    return dsa_job_dma(wq->dev, job, &addr, buf, len,
                       DMA_DIRECTION_TO_DEVICE) ||
           dsa_fault(job, dsa_page_fault(job), addr);
}

static bool dsa_write(DsaWq *wq, DsaJob *job, uint64_t addr, const void *buf,
                      uint32_t len)
{
    return dsa_job_dma(wq->dev, job, &addr, (void *)buf, len,
                       DMA_DIRECTION_FROM_DEVICE) ||
           dsa_fault(job, dsa_page_fault(job) | DSA_COMP_WRITE, addr);
}

/* Overlapping buffers come out as if copied through a third one. */
static bool dsa_step_memmove(DsaWq *wq, DsaJob *job, uint32_t len)
{
    g_autofree uint8_t *buf = g_malloc(len);
    uint32_t at = job->done;

    if (job->dst > job->src && job->dst - job->src < job->size) {
        at = job->size - job->done - len;
        job->result = 1;
    }
    return dsa_read(wq, job, job->src + at, buf, len) &&
           dsa_write(wq, job, job->dst + at, buf, len);
}

static bool dsa_step_fill(DsaWq *wq, DsaJob *job, uint32_t len)
{
    g_autofree uint8_t *buf = g_malloc(len);
    uint64_t pattern = cpu_to_le64(job->src);
    uint32_t i;

    QEMU_BUILD_BUG_ON(DSA_CHUNK % sizeof(pattern));
    for (i = 0; i < len; i++) {
        buf[i] = ((uint8_t *)&pattern)[i % sizeof(pattern)];
    }
    return dsa_write(wq, job, job->dst + job->done, buf, len);
}

static bool dsa_step_compare(DsaWq *wq, DsaJob *job, uint32_t len)
{
    g_autofree uint8_t *one = g_malloc(len);
    g_autofree uint8_t *two = g_malloc(len);
    uint32_t i;

    if (!dsa_read(wq, job, job->src + job->done, one, len) ||
        !dsa_read(wq, job, job->dst + job->done, two, len)) {
        return false;
    }
    for (i = 0; i < len; i++) {
        if (one[i] != two[i]) {
            job->result = 1;
            job->done += i;
            return false;
        }
    }
    return true;
}

/* Most significant bit first, unlike crc32c() */
static uint32_t dsa_crc_msb_first(uint32_t crc, const uint8_t *buf,
                                  uint32_t len)
{
    unsigned bit;

    while (len--) {
        crc ^= (uint32_t)*buf++ << 24;
        for (bit = 0; bit < 8; bit++) {
            crc = crc << 1 ^ (crc >> 31 ? 0x1edc6f41 : 0);
        }
    }
    return crc;
}

static bool dsa_step_crc(DsaWq *wq, DsaJob *job, uint32_t len)
{
    g_autofree uint8_t *buf = g_malloc(len);

    if (!dsa_read(wq, job, job->src + job->done, buf, len)) {
        return false;
    }
    if (job->flags & DSA_FLAG_CRC_NOREF) {
        job->crc = dsa_crc_msb_first(job->crc, buf, len);
    } else {
        job->crc = ~crc32c(job->crc, buf, len);
    }
    return true;
}

static const DsaOp dsa_ops[] = {
    [DSA_OP_BATCH] = {
        .addr1 = true,
        .flags = DSA_FLAG_ADDR1_TC,
    },
    [DSA_OP_MEMMOVE] = {
        .addr1 = true,
        .addr2 = true,
        .flags = DSA_FLAG_BOF | DSA_FLAG_CACHE | DSA_FLAG_ADDR1_TC |
                 DSA_FLAG_ADDR2_TC | DSA_FLAG_STRICT,
        .step = dsa_step_memmove,
    },
    [DSA_OP_FILL] = {
        .addr1 = true,
        .addr2 = true,
        .flags = DSA_FLAG_BOF | DSA_FLAG_CACHE | DSA_FLAG_ADDR2_TC |
                 DSA_FLAG_STRICT,
        .step = dsa_step_fill,
    },
    [DSA_OP_COMPARE] = {
        .addr1 = true,
        .addr2 = true,
        .flags = DSA_FLAG_BOF | DSA_FLAG_CHECK | DSA_FLAG_ADDR1_TC |
                 DSA_FLAG_ADDR2_TC,
        .specific = 1,
        .step = dsa_step_compare,
    },
    [DSA_OP_CRCGEN] = {
        .addr1 = true,
        .flags = DSA_FLAG_BOF | DSA_FLAG_ADDR1_TC | DSA_FLAG_CRC_SEED |
                 DSA_FLAG_CRC_NOINV | DSA_FLAG_CRC_NOREF,
        .specific = 16,
        .step = dsa_step_crc,
    },
};

const uint32_t *dsa_opcap(void)
{
    static const uint32_t opcap[DSA_OPS_MAX / 32] = {
        BIT(DSA_OP_NOOP) | BIT(DSA_OP_BATCH) | BIT(DSA_OP_DRAIN) |
        BIT(DSA_OP_MEMMOVE) | BIT(DSA_OP_FILL) | BIT(DSA_OP_COMPARE) |
        BIT(DSA_OP_CRCGEN),
    };

    return opcap;
}

static const DsaOp *dsa_op(const DsaJob *job)
{
    static const DsaOp none;

    return job->op < ARRAY_SIZE(dsa_ops) ? &dsa_ops[job->op] : &none;
}

/* PASID and privilege of a dedicated WQ come from its configuration. */
void dsa_job_load(DsaWq *wq, DsaJob *job, const DsaDesc *desc)
{
    uint32_t mode = wq->cfg[DSA_WQCFG_MODE];
    uint32_t flags_op = le32_to_cpu(desc->flags_op);

    *job = (DsaJob) {
        .completion = le64_to_cpu(desc->completion),
        .src = le64_to_cpu(desc->src),
        .dst = le64_to_cpu(desc->dst),
        .flags = extract32(flags_op, 0, 24),
        .op = flags_op >> 24,
        .size = le32_to_cpu(desc->size),
        .int_handle = le16_to_cpu(desc->int_handle),
        .reserved = desc->reserved ||
                    extract32(le32_to_cpu(desc->pasid), 20, 11),
        .pasid_en = FIELD_EX32(mode, WQCFG2, PASID_EN),
        .generation = wq->dev->generation,
    };
    if (job->pasid_en) {
        job->pasid = FIELD_EX32(mode, WQCFG2, PASID);
        job->priv = FIELD_EX32(mode, WQCFG2, PRIV);
    }
    memcpy(job->op_specific, desc->op_specific, sizeof(job->op_specific));
}

static bool dsa_op_allowed(const DsaWq *wq, const DsaJob *job)
{
    const uint32_t *ops = &wq->cfg[DSA_WQCFG_OPS];

    if (job->in_batch && (job->op == DSA_OP_BATCH || job->op == DSA_OP_DRAIN)) {
        return false;
    }
    return ops[job->op / 32] >> job->op % 32 & 1;
}

static uint32_t dsa_bad_flags(const DsaWq *wq, const DsaJob *job)
{
    uint32_t bad = job->flags & ~(DSA_FLAGS_COMMON | dsa_op(job)->flags);

    if (!(job->flags & DSA_FLAG_CRAV)) {
        bad |= job->flags & DSA_FLAG_RCR;
    }
    if (!FIELD_EX32(wq->cfg[DSA_WQCFG_MODE], WQCFG2, BOF)) {
        bad |= job->flags & DSA_FLAG_BOF;
    }
    if (!dsa_int_permitted(wq->dev, job)) {
        bad |= job->flags & DSA_FLAG_RCI;
    }
    return bad;
}

static bool dsa_reserved_set(const DsaJob *job)
{
    const DsaOp *op = dsa_op(job);

    if (job->reserved || (!op->addr2 && job->dst) ||
        (!op->addr1 && (job->src || job->size)) ||
        (!(job->flags & DSA_FLAG_RCI) && job->int_handle)) {
        return true;
    }
    return !buffer_is_zero(job->op_specific + op->specific,
                           sizeof(job->op_specific) - op->specific);
}

static uint8_t dsa_check_size(const DsaWq *wq, const DsaJob *job)
{
    uint32_t limits = wq->cfg[DSA_WQCFG_LIMITS];

    if (job->op == DSA_OP_BATCH) {
        if (job->size < 2 ||
            job->size > 1u << FIELD_EX32(limits, WQCFG3, MAX_BATCH_SHIFT)) {
            return DSA_COMP_BATCH_COUNT;
        }
        return job->src % DSA_DESC_SIZE ? DSA_COMP_LIST_ALIGN : DSA_COMP_NONE;
    }
    if (dsa_op(job)->step &&
        (!job->size ||
         job->size > 1u << FIELD_EX32(limits, WQCFG3, MAX_XFER_SHIFT))) {
        return DSA_COMP_XFER_SIZE;
    }
    return DSA_COMP_NONE;
}

static uint8_t dsa_job_check(DsaWq *wq, DsaJob *job)
{
    if ((job->flags & DSA_FLAG_CRAV) && job->completion % sizeof(DsaRecord)) {
        return DSA_COMP_CR_ALIGN;
    }
    if (!dsa_op_allowed(wq, job)) {
        return DSA_COMP_OPCODE;
    }
    job->invalid_flags = dsa_bad_flags(wq, job);
    if (job->invalid_flags) {
        return DSA_COMP_FLAGS;
    }
    if (dsa_reserved_set(job)) {
        return DSA_COMP_RESERVED;
    }
    if ((job->flags & DSA_FLAG_RCI) && !dsa_int_valid(wq->dev, job)) {
        return DSA_COMP_INT_HANDLE;
    }
    return dsa_check_size(wq, job);
}

/* Nothing more comes out of a device that was reset meanwhile, or is gone. */
static bool dsa_job_current(const DsaWq *wq, const DsaJob *job)
{
    return job->generation == wq->dev->generation;
}

static void dsa_fill_record(const DsaJob *job, DsaRecord *rec)
{
    *rec = (DsaRecord) {
        .status = job->status,
        .result = job->result,
        .completed = cpu_to_le32(job->done),
        .fault_addr = cpu_to_le64(job->fault_addr),
    };

    if (job->op == DSA_OP_CRCGEN && !job->failed) {
        stl_le_p(rec->op_specific,
                 job->flags & DSA_FLAG_CRC_NOINV ? job->crc : ~job->crc);
    } else if (job->status == DSA_COMP_FLAGS) {
        stl_le_p(rec->op_specific, job->invalid_flags);
    }
}

/* The status byte goes last: a guest that polls it finds the rest there. */
static bool dsa_write_record(DsaWq *wq, const DsaJob *job, DsaRecord *rec)
{
    uint64_t rest = job->completion + 1, status = job->completion;

    if (!dsa_job_dma(wq->dev, job, &rest, &rec->result, sizeof(*rec) - 1,
                     DMA_DIRECTION_FROM_DEVICE)) {
        return false;
    }
    return !dsa_job_current(wq, job) ||
           dsa_job_dma(wq->dev, job, &status, &rec->status, 1,
                       DMA_DIRECTION_FROM_DEVICE);
}

/*
 * Returns false if the record went to the event log instead: software that
 * takes it from there tells who waits for it.
 */
static bool dsa_job_record(DsaWq *wq, const DsaJob *job)
{
    DsaRecord rec;

    if (!(job->flags & DSA_FLAG_CRAV) || job->status == DSA_COMP_CR_ALIGN) {
        if (job->failed) {
            dsa_report(wq->dev, wq->id, job, job->status,
                       job->fault_addr ?: job->completion, NULL);
        }
    } else if ((job->flags & DSA_FLAG_RCR) || job->status != DSA_COMP_SUCCESS) {
        dsa_fill_record(job, &rec);
        if (!dsa_write_record(wq, job, &rec)) {
            return !dsa_report(wq->dev, wq->id, job,
                               DSA_COMP_CR_FAULT | DSA_COMP_WRITE,
                               job->completion, &rec);
        }
    }
    return true;
}

static void dsa_job_finish(DsaWq *wq, DsaJob *job)
{
    if (!dsa_job_current(wq, job)) {
        return;
    }
    if (!job->status) {
        job->status = DSA_COMP_SUCCESS;
    }
    trace_dsa_job_done(wq->id, job->op, job->status, job->done);
    if (dsa_job_record(wq, job) && dsa_job_current(wq, job) &&
        (job->flags & DSA_FLAG_RCI) && dsa_int_permitted(wq->dev, job) &&
        dsa_int_valid(wq->dev, job)) {
        dsa_int_complete(wq->dev, job);
    }
}

static void dsa_crc_start(DsaWq *wq, DsaJob *job)
{
    uint32_t seed = ldl_le_p(job->op_specific);

    if (job->flags & DSA_FLAG_CRC_SEED) {
        if (!dsa_read(wq, job, ldq_le_p(job->op_specific + 8), &seed,
                      sizeof(seed))) {
            return;
        }
        seed = le32_to_cpu(seed);
    }
    job->crc = job->flags & DSA_FLAG_CRC_NOINV ? seed : ~seed;
}

static void dsa_job_start(DsaWq *wq, DsaJob *job)
{
    trace_dsa_job_start(wq->id, job->op, job->size, job->flags);
    job->started = true;
    job->status = dsa_job_check(wq, job);
    job->failed = job->status != DSA_COMP_NONE;
    if (!job->failed && job->op == DSA_OP_CRCGEN) {
        dsa_crc_start(wq, job);
    }
}

/* With a check of the result a difference may be what was asked for. */
static void dsa_compare_verdict(DsaJob *job)
{
    if (job->flags & DSA_FLAG_CHECK) {
        job->status = job->result == (job->op_specific[0] & 1) ?
                      DSA_COMP_SUCCESS : DSA_COMP_FALSE;
    }
}

/* One chunk of a descriptor; returns whether that was the last one. */
static bool dsa_data_step(DsaWq *wq, DsaJob *job, uint32_t *budget)
{
    uint32_t len = MIN(job->size - job->done, DSA_CHUNK);
    bool more = dsa_op(job)->step(wq, job, len);

    *budget -= MIN(*budget, len);
    if (more) {
        job->done += len;
    }
    if (more && job->done < job->size) {
        return false;
    }
    if (job->op == DSA_OP_COMPARE && !job->failed) {
        dsa_compare_verdict(job);
    }
    return true;
}

/* Fetch the next descriptor of a batch; false if there is to be none. */
static bool dsa_batch_fetch(DsaWq *wq, DsaJob *job)
{
    uint64_t addr = job->src + (uint64_t)job->done * DSA_DESC_SIZE;
    DsaJob *next = &wq->batch_job;
    DsaDesc desc;

    if (!dsa_job_dma(wq->dev, job, &addr, &desc, sizeof(desc),
                     DMA_DIRECTION_TO_DEVICE)) {
        dsa_fault(job, DSA_COMP_LIST_FAULT, addr);
        return false;
    }
    dsa_job_load(wq, next, &desc);
    next->in_batch = true;
    next->ims = job->ims;
    if ((next->flags & DSA_FLAG_FENCE) && job->result) {
        return false;
    }
    wq->batch_busy = true;
    return true;
}

static bool dsa_batch_step(DsaWq *wq, DsaJob *job, uint32_t *budget)
{
    bool more = wq->batch_busy || dsa_batch_fetch(wq, job);

    if (more) {
        if (!dsa_job_step(wq, &wq->batch_job, budget)) {
            return false;
        }
        wq->batch_busy = false;
        job->done++;
        job->result |= wq->batch_job.status != DSA_COMP_SUCCESS;
        if (job->done < job->size) {
            return false;
        }
    }
    if (!job->failed && job->result) {
        job->status = DSA_COMP_BATCH_FAIL;
        job->failed = true;
    }
    return true;
}

/*
 * Do a bounded part of a descriptor, and complete it if that was all.
 * Returns whether it is complete.
 */
bool dsa_job_step(DsaWq *wq, DsaJob *job, uint32_t *budget)
{
    bool done = true;

    if (!job->started) {
        *budget -= MIN(*budget, DSA_COST);
        dsa_job_start(wq, job);
    }
    if (!job->failed) {
        if (job->op == DSA_OP_BATCH) {
            done = dsa_batch_step(wq, job, budget);
        } else if (dsa_op(job)->step) {
            done = dsa_data_step(wq, job, budget);
        }
    }
    if (done) {
        dsa_job_finish(wq, job);
    }
    return done;
}
