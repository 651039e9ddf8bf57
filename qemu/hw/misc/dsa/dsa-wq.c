/*
 * Intel Data Streaming Accelerator: portals, work queues and error reports
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "hw/core/cpu.h"
#include "dsa.h"
#include "trace.h"

/* Bytes and descriptors that a WQ may process before others get their turn */
#define DSA_WQ_BUDGET   (1024 * 1024)

bool dsa_wq_idle(const DsaWq *wq)
{
    return !wq->busy && !wq->used;
}

/* Forget all descriptors. */
void dsa_wq_flush(DsaWq *wq)
{
    wq->busy = false;
    wq->batch_busy = false;
    wq->used = 0;
    wq->head = 0;
}

/* What SWERR and the first two words of an event log entry have in common */
static void dsa_describe(uint64_t *words, unsigned wq, const DsaJob *job,
                         uint8_t error, uint64_t addr)
{
    uint64_t w = 0;

    w = FIELD_DP64(w, SWERR, WQ_VALID, 1);
    w = FIELD_DP64(w, SWERR, WQ, wq);
    w = FIELD_DP64(w, SWERR, RW, !!(error & DSA_COMP_WRITE));
    w = FIELD_DP64(w, SWERR, ERROR, error & ~DSA_COMP_WRITE);
    if (job) {
        w = FIELD_DP64(w, SWERR, DESC_VALID, 1);
        w = FIELD_DP64(w, SWERR, BATCH, job->in_batch);
        w = FIELD_DP64(w, SWERR, OPERATION, job->op);
        w = FIELD_DP64(w, SWERR, PRIV, job->priv);
        w = FIELD_DP64(w, SWERR, PASID, job->pasid);
        words[1] = (uint64_t)job->invalid_flags << 32;
    }
    words[0] = w;
    words[2] = addr;
}

static void dsa_report_swerr(DsaState *s, const uint64_t *words)
{
    if (s->swerr[0] & R_SWERR_VALID_MASK) {
        s->swerr[0] |= R_SWERR_OVERFLOW_MASK;
    } else {
        memcpy(s->swerr, words, sizeof(s->swerr));
        s->swerr[0] |= R_SWERR_VALID_MASK;
    }
    if (FIELD_EX32(s->genctrl, GENCTRL, SWERR_INT_EN)) {
        dsa_cause(s, DSA_CAUSE_SWERR);
    }
}

/* What the log says beyond SWERR: how the descriptor was to be completed */
static void dsa_describe_completion(uint64_t *entry, const DsaJob *job,
                                    const DsaRecord *rec)
{
    uint64_t w = 0;

    if (!rec) {
        return;
    }
    w = FIELD_DP64(w, EVL1, INT_HANDLE, job->int_handle);
    w = FIELD_DP64(w, EVL1, RCI, !!(job->flags & DSA_FLAG_RCI));
    w = FIELD_DP64(w, EVL1, IMS, job->ims);
    w = FIELD_DP64(w, EVL1, RCR, !!(job->flags & DSA_FLAG_RCR));
    entry[0] |= cpu_to_le64(R_EVL0_INFO_VALID_MASK);
    entry[1] = cpu_to_le64(w);
    memcpy(&entry[DSA_EVL_RECORD], rec, sizeof(*rec));
}

/* Append to the event log; false if it is full, or not there. */
static bool dsa_report_evl(DsaState *s, const uint64_t *words,
                           const DsaJob *job, const DsaRecord *rec)
{
    unsigned size = FIELD_EX64(s->evlcfg[1], EVLCFG, SIZE);
    unsigned head = FIELD_EX64(s->evlsts, EVLSTS, HEAD);
    unsigned tail = FIELD_EX64(s->evlsts, EVLSTS, TAIL);
    uint64_t entry[DSA_EVL_ENTRY_SIZE / 8] = { 0 };
    unsigned generation = s->generation;
    unsigned i;

    if (size < DSA_EVL_SIZE_MIN || tail >= size || (tail + 1) % size == head) {
        return false;
    }
    for (i = 0; i < 3; i++) {
        entry[i] = cpu_to_le64(words[i]);
    }
    dsa_describe_completion(entry, job, rec);
    if (dsa_dma(s, s->evlcfg[0] + tail * DSA_EVL_ENTRY_SIZE, entry,
                sizeof(entry), DMA_DIRECTION_FROM_DEVICE) != MEMTX_OK) {
        return false;
    }
    if (s->generation != generation) {
        return true;
    }
    s->evlsts = FIELD_DP64(s->evlsts, EVLSTS, TAIL, (tail + 1) % size);
    s->evlsts = FIELD_DP64(s->evlsts, EVLSTS, PENDING, 1);
    if (FIELD_EX32(s->genctrl, GENCTRL, EVL_INT_EN)) {
        dsa_cause(s, DSA_CAUSE_EVL);
    }
    return true;
}

/*
 * Report what no completion record can: to the event log if it is enabled,
 * else to SWERR. @job is NULL if the descriptor was not even accepted, @rec the
 * completion record if it could not be written. Returns whether it is logged.
 */
bool dsa_report(DsaState *s, unsigned wq, const DsaJob *job, uint8_t error,
                uint64_t addr, const DsaRecord *rec)
{
    uint64_t words[4] = { 0 };

    trace_dsa_report(wq, error, addr);
    dsa_describe(words, wq, job, error, addr);
    if (FIELD_EX32(s->gencfg, GENCFG, EVL_EN) &&
        dsa_report_evl(s, words, job, rec)) {
        return true;
    }
    dsa_report_swerr(s, words);
    return false;
}

static void dsa_submit(DsaState *s, unsigned id, bool ims, const void *desc)
{
    DsaWq *wq = &s->wq[id];
    DsaQueued *entry;

    if (dsa_state(s) != DSA_STATE_ENABLED || wq->state != DSA_STATE_ENABLED) {
        dsa_report(s, id, NULL, DSA_SUBMIT_DISABLED, 0, NULL);
        return;
    }
    if (wq->used >= wq->cfg[DSA_WQCFG_SIZES]) {
        dsa_report(s, id, NULL, DSA_SUBMIT_FULL, 0, NULL);
        return;
    }
    entry = &wq->ring[(wq->head + wq->used) % s->total_size];
    memcpy(&entry->desc, desc, sizeof(entry->desc));
    entry->ims = ims;
    wq->used++;
    trace_dsa_submit(id, ims, wq->used);
    qemu_bh_schedule(wq->bh);
}

static bool dsa_wq_can_run(DsaWq *wq)
{
    return !dsa_wq_idle(wq) && dsa_awake(wq->dev) && !wq->dev->fault.hold;
}

/* Go on with what there is to do, if the power state admits that. */
void dsa_wq_kick(DsaWq *wq)
{
    if (dsa_wq_can_run(wq)) {
        qemu_bh_schedule(wq->bh);
    }
}

static void dsa_wq_pop(DsaWq *wq)
{
    DsaQueued *entry = &wq->ring[wq->head];

    dsa_job_load(wq, &wq->job, &entry->desc);
    wq->job.ims = entry->ims;
    wq->busy = true;
    wq->head = (wq->head + 1) % wq->dev->total_size;
    wq->used--;
}

void dsa_wq_bh(void *opaque)
{
    DsaWq *wq = opaque;
    unsigned generation = wq->dev->generation;
    uint32_t budget = DSA_WQ_BUDGET;

    while (budget && dsa_wq_can_run(wq)) {
        bool done;

        if (!wq->busy) {
            dsa_wq_pop(wq);
        }
        done = dsa_job_step(wq, &wq->job, &budget);
        /* The descriptor may have reset or unplugged this very device. */
        if (wq->dev->generation != generation) {
            return;
        }
        if (done) {
            wq->busy = false;
        }
    }
    if (dsa_wq_idle(wq)) {
        dsa_cmd_progress(wq->dev);
    } else {
        dsa_wq_kick(wq);
    }
}

static DsaPartial *dsa_partial(DsaState *s)
{
    unsigned cpu = current_cpu ? current_cpu->cpu_index + 1 : 0;
    DsaPartial *part = g_hash_table_lookup(s->partials, GUINT_TO_POINTER(cpu));

    if (!part) {
        part = g_new0(DsaPartial, 1);
        g_hash_table_insert(s->partials, GUINT_TO_POINTER(cpu), part);
    }
    return part;
}

/*
 * A 64 byte store of one processor arrives as eight ascending writes; those
 * of other processors may come in between. Anything else is dropped, as the
 * hardware does with a write of another size.
 */
static void dsa_portal_write(void *opaque, hwaddr addr, uint64_t val,
                             unsigned size)
{
    DsaState *s = opaque;
    DsaPartial *part = dsa_partial(s);
    unsigned offset = addr % DSA_DESC_SIZE;

    if (!offset) {
        part->next = addr;
    }
    if (size != 8 || addr != part->next) {
        qemu_log_mask(LOG_GUEST_ERROR, "dsa: portal write of %u bytes at 0x%"
                      HWADDR_PRIx " is no 64 byte store\n", size, addr);
        part->next = HWADDR_MAX;
        return;
    }
    part->words[offset / 8] = cpu_to_le64(val);
    part->next = addr + 8;
    if (offset == DSA_DESC_SIZE - 8) {
        unsigned page = addr / DSA_PORTAL_SIZE;

        part->next = HWADDR_MAX;
        if (page / DSA_PORTALS < s->num_wqs) {
            dsa_submit(s, page / DSA_PORTALS, page & 2, part->words);
        }
    }
}

static uint64_t dsa_portal_read(void *opaque, hwaddr addr, unsigned size)
{
    return UINT64_MAX;
}

const MemoryRegionOps dsa_portal_ops = {
    .read = dsa_portal_read,
    .write = dsa_portal_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {
        .min_access_size = 1,
        .max_access_size = 8,
    },
    .impl = {
        .min_access_size = 1,
        .max_access_size = 8,
    },
};

uint32_t dsa_wqcfg_read(DsaState *s, hwaddr offset)
{
    DsaWq *wq = &s->wq[offset / DSA_WQCFG_SIZE];
    unsigned i = offset % DSA_WQCFG_SIZE / 4;

    if (i != DSA_WQCFG_STATE) {
        return wq->cfg[i];
    }
    return FIELD_DP32(wq->used, WQCFG6, STATE, wq->state);
}

static uint32_t dsa_wqcfg_mask(unsigned i)
{
    static const uint32_t masks[] = {
        [DSA_WQCFG_SIZES] = 0xffff,
        [DSA_WQCFG_THRESH] = 0xffff,
        [DSA_WQCFG_MODE] = 0x3ffffff7,
        [DSA_WQCFG_LIMITS] = 0x1ff,
    };

    if (i >= DSA_WQCFG_OPS) {
        return dsa_opcap()[i - DSA_WQCFG_OPS];
    }
    return i < ARRAY_SIZE(masks) ? masks[i] : 0;
}

/* Only a disabled WQ can be configured, the size only in a disabled device. */
void dsa_wqcfg_write(DsaState *s, hwaddr offset, uint32_t val)
{
    DsaWq *wq = &s->wq[offset / DSA_WQCFG_SIZE];
    unsigned i = offset % DSA_WQCFG_SIZE / 4;

    if (wq->state != DSA_STATE_DISABLED ||
        (i == DSA_WQCFG_SIZES && dsa_state(s) != DSA_STATE_DISABLED)) {
        return;
    }
    wq->cfg[i] = val & dsa_wqcfg_mask(i);
}
