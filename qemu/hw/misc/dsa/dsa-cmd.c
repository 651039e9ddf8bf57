/*
 * Intel Data Streaming Accelerator: commands and the states of device and WQs
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "dsa.h"
#include "trace.h"

#define DSA_CMDS_BASE \
    (MAKE_64BIT_MASK(DSA_CMD_ENABLE_DEVICE, DSA_CMD_ABORT_PASID))
#define DSA_CMDS_HANDLE \
    (BIT(DSA_CMD_REQUEST_HANDLE) | BIT(DSA_CMD_RELEASE_HANDLE))

/* A command that is done, and one that has to wait for work queues */
#define DSA_WAIT    (-1)

uint32_t dsa_cmdcap(DsaState *s)
{
    return DSA_CMDS_BASE | (s->int_handle ? DSA_CMDS_HANDLE : 0);
}

static uint32_t dsa_operand(DsaState *s)
{
    return FIELD_EX32(s->cmd, CMD, OPERAND);
}

/* The WQs that an operand names: 16 bits, and which 16 of them in 19:16 */
static uint64_t dsa_wq_mask(DsaState *s)
{
    uint32_t operand = dsa_operand(s);
    unsigned shift = extract32(operand, 16, 4) * 16;

    return shift < 64 ? (uint64_t)(operand & 0xffff) << shift : 0;
}

static uint64_t dsa_all_wqs(DsaState *s)
{
    return MAKE_64BIT_MASK(0, s->num_wqs);
}

static bool dsa_wqs_idle(DsaState *s, uint64_t mask)
{
    unsigned i;

    for (i = 0; i < s->num_wqs; i++) {
        if ((mask >> i & 1) && !dsa_wq_idle(&s->wq[i])) {
            return false;
        }
    }
    return true;
}

static void dsa_wqs_set_state(DsaState *s, uint64_t mask, unsigned state)
{
    unsigned i;

    for (i = 0; i < s->num_wqs; i++) {
        if (mask >> i & 1) {
            s->wq[i].state = state;
        }
    }
}

static void dsa_wqs_flush(DsaState *s, uint64_t mask)
{
    unsigned i;

    for (i = 0; i < s->num_wqs; i++) {
        if (mask >> i & 1) {
            dsa_wq_flush(&s->wq[i]);
        }
    }
}

/* The size of a WQ stays: it cannot be set while the device is enabled. */
static void dsa_wq_reset_config(DsaWq *wq, bool with_size)
{
    uint32_t size = with_size ? 0 : wq->cfg[DSA_WQCFG_SIZES];

    memset(wq->cfg, 0, sizeof(wq->cfg));
    wq->cfg[DSA_WQCFG_SIZES] = size;
    memcpy(&wq->cfg[DSA_WQCFG_OPS], dsa_opcap(), DSA_OPS_MAX / 8);
}

/* Software reset: interrupt tables and handles stay as they are. */
void dsa_reset_config(DsaState *s)
{
    unsigned i;

    s->generation++;
    for (i = 0; i < s->num_wqs; i++) {
        dsa_wq_flush(&s->wq[i]);
        s->wq[i].state = DSA_STATE_DISABLED;
        dsa_wq_reset_config(&s->wq[i], true);
    }
    memset(s->grpcfg, 0, sizeof(s->grpcfg));
    memset(s->swerr, 0, sizeof(s->swerr));
    memset(s->evlcfg, 0, sizeof(s->evlcfg));
    s->evlsts = 0;
    s->gencfg = 0;
    s->genctrl = 0;
    s->gensts = 0;
    s->intcause = 0;
}

static bool dsa_bit(const uint32_t *words, unsigned bit)
{
    return words[bit / 32] >> bit % 32 & 1;
}

static unsigned dsa_groups_with(DsaState *s, unsigned first, unsigned bit)
{
    unsigned g, n = 0;

    for (g = 0; g < s->num_groups; g++) {
        n += dsa_bit(&s->grpcfg[g][first], bit);
    }
    return n;
}

static int dsa_check_wqs(DsaState *s)
{
    unsigned i, size, groups, total = 0;

    for (i = 0; i < s->num_wqs; i++) {
        size = s->wq[i].cfg[DSA_WQCFG_SIZES];
        total += size;
        groups = dsa_groups_with(s, DSA_GRPCFG_WQS, i);
        if (groups > 1 || (size && !groups)) {
            return DSA_ERR_GROUP_WQ;
        }
    }
    return total > s->total_size ? DSA_ERR_WQ_SIZES : DSA_OK;
}

static bool dsa_group_has(DsaState *s, unsigned g, unsigned first, unsigned n)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        if (s->grpcfg[g][first + i]) {
            return true;
        }
    }
    return false;
}

static int dsa_check_groups(DsaState *s)
{
    unsigned i;

    for (i = 0; i < s->num_groups; i++) {
        if (dsa_group_has(s, i, DSA_GRPCFG_WQS, 8) &&
            !dsa_group_has(s, i, DSA_GRPCFG_ENGINES, 2)) {
            return DSA_ERR_GROUP_NO_ENGINE;
        }
    }
    for (i = 0; i < s->num_engines; i++) {
        if (dsa_groups_with(s, DSA_GRPCFG_ENGINES, i) > 1) {
            return DSA_ERR_GROUP_ENGINE;
        }
    }
    return DSA_OK;
}

static int dsa_enable_device(DsaState *s)
{
    int err;

    if (dsa_state(s) != DSA_STATE_DISABLED) {
        return DSA_ERR_DEV_ENABLED;
    }
    if (!(pci_get_word(PCI_DEVICE(s)->config + PCI_COMMAND) &
          PCI_COMMAND_MASTER)) {
        return DSA_ERR_BUSMASTER;
    }
    err = dsa_check_wqs(s);
    if (err == DSA_OK) {
        err = dsa_check_groups(s);
    }
    if (err == DSA_OK) {
        s->gensts = FIELD_DP32(0, GENSTS, STATE, DSA_STATE_ENABLED);
    }
    return err;
}

static int dsa_disable_device(DsaState *s)
{
    if (dsa_state(s) != DSA_STATE_ENABLED && dsa_state(s) != DSA_STATE_DRAIN) {
        return DSA_ERR_DEV_NOT_ENABLED;
    }
    s->gensts = FIELD_DP32(s->gensts, GENSTS, STATE, DSA_STATE_DRAIN);
    if (!dsa_wqs_idle(s, dsa_all_wqs(s))) {
        return DSA_WAIT;
    }
    dsa_wqs_set_state(s, dsa_all_wqs(s), DSA_STATE_DISABLED);
    s->gensts = 0;
    return DSA_OK;
}

static int dsa_check_wq_config(DsaState *s, const DsaWq *wq)
{
    uint32_t mode = wq->cfg[DSA_WQCFG_MODE];
    uint32_t limits = wq->cfg[DSA_WQCFG_LIMITS];

    if (!wq->cfg[DSA_WQCFG_SIZES]) {
        return DSA_ERR_WQ_SIZE;
    }
    if (!FIELD_EX32(mode, WQCFG2, PRIORITY)) {
        return DSA_ERR_WQ_PRIORITY;
    }
    if (!FIELD_EX32(mode, WQCFG2, DEDICATED)) {
        return DSA_ERR_WQ_MODE;
    }
    if (FIELD_EX32(limits, WQCFG3, MAX_BATCH_SHIFT) > DSA_MAX_BATCH_SHIFT) {
        return DSA_ERR_WQ_BATCH;
    }
    if (FIELD_EX32(limits, WQCFG3, MAX_XFER_SHIFT) > s->max_xfer_shift) {
        return DSA_ERR_WQ_XFER;
    }
    return DSA_OK;
}

static int dsa_enable_wq(DsaState *s)
{
    uint32_t index = dsa_operand(s);
    int err;

    if (index >= s->num_wqs) {
        return DSA_ERR_WQ_INDEX;
    }
    if (dsa_state(s) != DSA_STATE_ENABLED) {
        return DSA_ERR_DEV_DISABLED;
    }
    if (s->wq[index].state != DSA_STATE_DISABLED) {
        return DSA_ERR_WQ_ENABLED;
    }
    err = dsa_check_wq_config(s, &s->wq[index]);
    if (err == DSA_OK) {
        s->wq[index].state = DSA_STATE_ENABLED;
    }
    return err;
}

/* Are all WQs of @mask there, and not disabled? */
static int dsa_check_active(DsaState *s, uint64_t mask)
{
    unsigned i;

    if (!mask || mask & ~dsa_all_wqs(s)) {
        return DSA_ERR_WQ_INDEX;
    }
    for (i = 0; i < s->num_wqs; i++) {
        if ((mask >> i & 1) && s->wq[i].state == DSA_STATE_DISABLED) {
            return DSA_ERR_WQ_NOT_ENABLED;
        }
    }
    return DSA_OK;
}

static int dsa_drain(DsaState *s, uint64_t mask)
{
    return dsa_wqs_idle(s, mask) ? DSA_OK : DSA_WAIT;
}

static int dsa_disable_wqs(DsaState *s, uint64_t mask)
{
    int err = dsa_check_active(s, mask);

    if (err != DSA_OK) {
        return err;
    }
    /* no new descriptors from here on */
    dsa_wqs_set_state(s, mask, DSA_STATE_DRAIN);
    err = dsa_drain(s, mask);
    if (err == DSA_OK) {
        dsa_wqs_set_state(s, mask, DSA_STATE_DISABLED);
    }
    return err;
}

static int dsa_reset_wqs(DsaState *s, uint64_t mask)
{
    unsigned i;

    if (!mask || mask & ~dsa_all_wqs(s)) {
        return DSA_ERR_WQ_INDEX;
    }
    if (dsa_state(s) != DSA_STATE_ENABLED) {
        return DSA_ERR_WQ_NOT_ENABLED;
    }
    dsa_wqs_flush(s, mask);
    dsa_wqs_set_state(s, mask, DSA_STATE_DISABLED);
    for (i = 0; i < s->num_wqs; i++) {
        if (mask >> i & 1) {
            dsa_wq_reset_config(&s->wq[i], false);
        }
    }
    return DSA_OK;
}

/* The mask of WQs whose descriptors carry the PASID of the operand. */
static uint64_t dsa_pasid_wqs(DsaState *s)
{
    uint64_t mask = 0;
    uint32_t mode;
    unsigned i;

    for (i = 0; i < s->num_wqs; i++) {
        mode = s->wq[i].cfg[DSA_WQCFG_MODE];
        if (FIELD_EX32(mode, WQCFG2, PASID_EN) &&
            FIELD_EX32(mode, WQCFG2, PASID) == dsa_operand(s)) {
            mask |= 1ull << i;
        }
    }
    return mask;
}

static int dsa_cmd_wqs(DsaState *s, unsigned cmd, uint64_t mask)
{
    int err;

    if (dsa_state(s) != DSA_STATE_ENABLED) {
        return DSA_ERR_WQ_NOT_ENABLED;
    }
    if (cmd == DSA_CMD_DRAIN_WQ || cmd == DSA_CMD_ABORT_WQ) {
        err = dsa_check_active(s, mask);
        if (err != DSA_OK) {
            return err;
        }
    }
    if (cmd == DSA_CMD_ABORT_ALL || cmd == DSA_CMD_ABORT_WQ ||
        cmd == DSA_CMD_ABORT_PASID) {
        dsa_wqs_flush(s, mask);
    }
    return dsa_drain(s, mask);
}

static int dsa_cmd_handle(DsaState *s, unsigned cmd)
{
    uint32_t operand = dsa_operand(s);
    bool ims = operand & DSA_HANDLE_IMS;
    uint16_t handle;

    if (cmd == DSA_CMD_RELEASE_HANDLE) {
        return dsa_handle_release(s, ims, operand) ? DSA_OK :
                                                     DSA_ERR_INT_INDEX;
    }
    if (!dsa_handle_request(s, ims, operand & 0xffff, &handle)) {
        return DSA_ERR_INT_INDEX;
    }
    s->cmdsts = FIELD_DP32(s->cmdsts, CMDSTS, RESULT, handle);
    return DSA_OK;
}

static int dsa_cmd_run(DsaState *s, unsigned cmd)
{
    switch (cmd) {
    case DSA_CMD_ENABLE_DEVICE:
        return dsa_enable_device(s);
    case DSA_CMD_DISABLE_DEVICE:
        return dsa_disable_device(s);
    case DSA_CMD_RESET_DEVICE:
        dsa_reset_config(s);
        return DSA_OK;
    case DSA_CMD_ENABLE_WQ:
        return dsa_enable_wq(s);
    case DSA_CMD_DISABLE_WQ:
        return dsa_disable_wqs(s, dsa_wq_mask(s));
    case DSA_CMD_RESET_WQ:
        return dsa_reset_wqs(s, dsa_wq_mask(s));
    case DSA_CMD_DRAIN_WQ:
    case DSA_CMD_ABORT_WQ:
        return dsa_cmd_wqs(s, cmd, dsa_wq_mask(s));
    case DSA_CMD_DRAIN_ALL:
    case DSA_CMD_ABORT_ALL:
        return dsa_cmd_wqs(s, cmd, dsa_all_wqs(s));
    case DSA_CMD_DRAIN_PASID:
    case DSA_CMD_ABORT_PASID:
        return dsa_cmd_wqs(s, cmd, dsa_pasid_wqs(s));
    default:
        return dsa_cmd_handle(s, cmd);
    }
}

static int dsa_cmd_try(DsaState *s)
{
    unsigned cmd = FIELD_EX32(s->cmd, CMD, CODE);

    if (s->fault.cmd && s->fault.cmd == cmd) {
        return s->fault.cmd_hang ? DSA_WAIT : s->fault.cmd_error;
    }
    if (cmd > DSA_CMD_LAST || !(dsa_cmdcap(s) >> cmd & 1)) {
        return DSA_ERR_CMD;
    }
    if (dsa_state(s) == DSA_STATE_HALT && cmd != DSA_CMD_RESET_DEVICE) {
        return DSA_ERR_HW;
    }
    return dsa_cmd_run(s, cmd);
}

void dsa_cmd_bh(void *opaque)
{
    DsaState *s = opaque;
    int err;

    if (!FIELD_EX32(s->cmdsts, CMDSTS, ACTIVE) || !dsa_awake(s)) {
        return;
    }
    err = dsa_cmd_try(s);
    if (err == DSA_WAIT) {
        return;
    }
    s->cmdsts = FIELD_DP32(s->cmdsts, CMDSTS, ERROR, err);
    s->cmdsts = FIELD_DP32(s->cmdsts, CMDSTS, ACTIVE, 0);
    trace_dsa_cmd_done(s->cmd, s->cmdsts);
    if (FIELD_EX32(s->cmd, CMD, INT_REQ)) {
        dsa_cause(s, DSA_CAUSE_CMD);
    }
}

/* What the command under way waits for may have come true. */
void dsa_cmd_progress(DsaState *s)
{
    if (FIELD_EX32(s->cmdsts, CMDSTS, ACTIVE)) {
        qemu_bh_schedule(s->cmd_bh);
    }
}

void dsa_cmd_write(DsaState *s, uint32_t val)
{
    if (FIELD_EX32(s->cmdsts, CMDSTS, ACTIVE)) {
        qemu_log_mask(LOG_GUEST_ERROR,
                      "dsa: command 0x%x while 0x%x is active\n", val, s->cmd);
        return;
    }
    trace_dsa_cmd_start(val);
    s->cmd = val;
    s->cmdsts = R_CMDSTS_ACTIVE_MASK;
    qemu_bh_schedule(s->cmd_bh);
}

/* Something terrible happened; only a reset of the given type helps. */
void dsa_halt(DsaState *s, unsigned reset_type)
{
    trace_dsa_halt(reset_type);
    s->gensts = FIELD_DP32(0, GENSTS, STATE, DSA_STATE_HALT);
    s->gensts = FIELD_DP32(s->gensts, GENSTS, RESET_TYPE, reset_type);
    dsa_wqs_flush(s, dsa_all_wqs(s));
    dsa_wqs_set_state(s, dsa_all_wqs(s), DSA_STATE_DISABLED);
    if (FIELD_EX32(s->genctrl, GENCTRL, HALT_INT_EN)) {
        dsa_cause(s, DSA_CAUSE_HALT);
    }
}
