/*
 * Intel Data Streaming Accelerator: interrupts
 *
 * Causes of MSI-X vector 0, interrupt handles, permission checks and the
 * interrupt message store (IMS) with its faults for tests.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitmap.h"
#include "qemu/log.h"
#include "hw/pci/msix.h"
#include "dsa.h"
#include "trace.h"

/* Raise causes in INTCAUSE; the caller checked whether they are enabled. */
void dsa_cause(DsaState *s, uint32_t cause)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    trace_dsa_cause(cause);
    s->intcause |= cause;
    if (msix_enabled(pdev) && dsa_awake(s)) {
        msix_notify(pdev, 0);
    }
}

/*
 * Handles of a table lie in one of four ranges of 16384, and a revocation
 * moves them to the next. So a handle never equals the index at first, MSI-X
 * and IMS differ, and a revoked handle stays invalid for a while.
 */
#define DSA_HANDLE_RANGE_BITS 14

QEMU_BUILD_BUG_ON(DSA_IMS_MULT_MAX * DSA_IMS_MULT >
                  1 << DSA_HANDLE_RANGE_BITS);

static uint16_t dsa_handle_base(const DsaHandles *handles)
{
    return handles->epoch << DSA_HANDLE_RANGE_BITS;
}

static DsaHandles *dsa_handles(DsaState *s, bool ims)
{
    return ims ? &s->ims_handles : &s->msix_handles;
}

/* The table index that a handle stands for, or -1. */
static int dsa_handle_index(DsaState *s, bool ims, uint16_t handle)
{
    DsaHandles *handles = dsa_handles(s, ims);
    uint16_t index = handle;

    if (!s->int_handle) {
        return index < handles->size ? index : -1;
    }
    index -= dsa_handle_base(handles);
    if (index >= handles->size || !test_bit(index, handles->requested)) {
        return -1;
    }
    return index;
}

bool dsa_handle_request(DsaState *s, bool ims, unsigned index,
                        uint16_t *handle)
{
    DsaHandles *handles = dsa_handles(s, ims);

    if (index >= handles->size) {
        return false;
    }
    set_bit(index, handles->requested);
    *handle = dsa_handle_base(handles) + index;
    trace_dsa_handle_request(ims, index, *handle);
    return true;
}

bool dsa_handle_release(DsaState *s, bool ims, uint16_t handle)
{
    int index = dsa_handle_index(s, ims, handle);

    if (index < 0) {
        return false;
    }
    clear_bit(index, dsa_handles(s, ims)->requested);
    return true;
}

static void dsa_handles_drop(DsaHandles *handles)
{
    bitmap_zero(handles->requested, handles->size);
    handles->epoch++;
}

/* Make every handle that was given out invalid and tell the driver. */
void dsa_handles_revoke(DsaState *s)
{
    dsa_handles_drop(&s->msix_handles);
    dsa_handles_drop(&s->ims_handles);
    dsa_cause(s, DSA_CAUSE_REVOKED);
}

static uint32_t dsa_int_ctrl(DsaState *s, bool ims, unsigned index)
{
    return ims ? s->ims[index].ctrl : s->perm[index];
}

/* May a descriptor ask for an interrupt? Those of processes only if it is on. */
bool dsa_int_permitted(DsaState *s, const DsaJob *job)
{
    return !job->pasid_en || job->priv ||
           FIELD_EX32(s->gencfg, GENCFG, USER_INT_EN);
}

/* May this descriptor use the interrupt that it asks for? */
bool dsa_int_valid(DsaState *s, const DsaJob *job)
{
    int index = dsa_handle_index(s, job->ims, job->int_handle);
    uint32_t ctrl;

    if (index < 0) {
        return false;
    }
    ctrl = dsa_int_ctrl(s, job->ims, index);
    if (FIELD_EX32(ctrl, INTCTRL, IGNORE)) {
        return true;
    }
    if (FIELD_EX32(ctrl, INTCTRL, PASID_EN) != job->pasid_en) {
        return false;
    }
    return !job->pasid_en || FIELD_EX32(ctrl, INTCTRL, PASID) == job->pasid;
}

/* The message goes through the IOMMU, as one that has requester ID @rid. */
static void dsa_ims_send(DsaState *s, uint64_t address, uint32_t data,
                         uint16_t rid)
{
    MemTxAttrs attrs = { .requester_id = rid };
    MemTxResult res;

    if (!dsa_awake(s)) {
        return;
    }
    s->ims_sent++;
    trace_dsa_ims_send(address, data, rid);
    address_space_stl_le(pci_get_address_space(PCI_DEVICE(s)), address, data,
                         attrs, &res);
    if (res != MEMTX_OK) {
        qemu_log_mask(LOG_GUEST_ERROR,
                      "dsa: message 0x%" PRIx64 "/0x%x was refused\n",
                      address, data);
    }
}

/* Is slot @index to misbehave this time? */
static bool dsa_fault_hits(DsaState *s, unsigned index)
{
    DsaFaults *f = &s->fault;

    if (f->slot != UINT32_MAX && f->slot != index) {
        return false;
    }
    return f->stale || f->address || f->rid != UINT32_MAX || f->handle_add ||
           f->data_add;
}

/* Add to the handle of a message in VT-d's remappable format. */
static uint64_t dsa_add_handle(uint64_t address, uint32_t add)
{
    uint32_t handle = extract64(address, 5, 15);

    handle |= extract64(address, 2, 1) << 15;
    handle += add;
    address = deposit64(address, 5, 15, handle);
    return deposit64(address, 2, 1, handle >> 15);
}

static void dsa_ims_send_faulty(DsaState *s, const DsaSlot *slot)
{
    uint16_t rid = pci_requester_id(PCI_DEVICE(s));
    uint64_t address = slot->address;
    uint32_t data = slot->data;
    unsigned generation = s->generation;
    DsaFaults *f = &s->fault;

    if (f->extra) {
        dsa_ims_send(s, address, data, rid);
        if (s->generation != generation) {
            return;
        }
    }
    if (f->stale) {
        address = slot->stale_address;
        data = slot->stale_data;
    }
    if (f->address) {
        address = f->address;
        data = f->data;
    }
    if (f->handle_add) {
        address = dsa_add_handle(address, f->handle_add);
    }
    data += f->data_add;
    dsa_ims_send(s, address, data, f->rid != UINT32_MAX ? f->rid : rid);
    if (f->count && !--f->count) {
        *f = (DsaFaults) { .slot = UINT32_MAX, .rid = UINT32_MAX,
                           .cmd = f->cmd, .cmd_error = f->cmd_error,
                           .cmd_hang = f->cmd_hang };
    }
}

static void dsa_ims_fire(DsaState *s, unsigned index)
{
    DsaSlot *slot = &s->ims[index];

    slot->ctrl = FIELD_DP32(slot->ctrl, INTCTRL, PENDING, 0);
    if (dsa_fault_hits(s, index)) {
        dsa_ims_send_faulty(s, slot);
    } else {
        dsa_ims_send(s, slot->address, slot->data,
                     pci_requester_id(PCI_DEVICE(s)));
    }
    slot->dirty = false;
}

/* Must an event on this slot wait? */
static bool dsa_ims_masked(DsaState *s, unsigned index)
{
    DsaFaults *f = &s->fault;

    if (!dsa_awake(s)) {
        return true;
    }
    if (f->ignore_mask && (f->slot == UINT32_MAX || f->slot == index)) {
        return false;
    }
    return FIELD_EX32(s->ims[index].ctrl, INTCTRL, MASK);
}

static void dsa_ims_event(DsaState *s, unsigned index)
{
    DsaSlot *slot = &s->ims[index];

    if (dsa_ims_masked(s, index)) {
        slot->ctrl = FIELD_DP32(slot->ctrl, INTCTRL, PENDING, 1);
        trace_dsa_ims_pending(index);
    } else {
        dsa_ims_fire(s, index);
    }
}

/* Raise the interrupt that a descriptor asks for. */
void dsa_int_complete(DsaState *s, const DsaJob *job)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    int index = dsa_handle_index(s, job->ims, job->int_handle);

    if (index < 0) {
        qemu_log_mask(LOG_GUEST_ERROR, "dsa: handle 0x%x is gone\n",
                      job->int_handle);
    } else if (job->ims) {
        dsa_ims_event(s, index);
    } else if (msix_enabled(pdev) && dsa_awake(s)) {
        msix_notify(pdev, index);
    }
}

/* Send what is pending in slots that are not masked any more. */
void dsa_ims_refresh(DsaState *s)
{
    unsigned i;

    for (i = 0; i < s->ims_slots; i++) {
        if (FIELD_EX32(s->ims[i].ctrl, INTCTRL, PENDING) &&
            !dsa_ims_masked(s, i)) {
            dsa_ims_fire(s, i);
        }
    }
}

uint32_t dsa_ims_read(DsaState *s, hwaddr offset)
{
    DsaSlot *slot = &s->ims[offset / DSA_IMS_SLOT_SIZE];

    switch (offset % DSA_IMS_SLOT_SIZE) {
    case 0:
        return slot->address;
    case 4:
        return slot->address >> 32;
    case 8:
        return slot->data;
    default:
        return slot->ctrl;
    }
}

static void dsa_ims_write_ctrl(DsaState *s, unsigned index, uint32_t val)
{
    DsaSlot *slot = &s->ims[index];

    slot->ctrl = (slot->ctrl & R_INTCTRL_PENDING_MASK) | (val & DSA_CTRL_MASK);
    if (FIELD_EX32(slot->ctrl, INTCTRL, PENDING) && !dsa_ims_masked(s, index)) {
        dsa_ims_fire(s, index);
    }
    if (!FIELD_EX32(slot->ctrl, INTCTRL, MASK)) {
        slot->dirty = false;
    }
}

void dsa_ims_write(DsaState *s, hwaddr offset, uint32_t val)
{
    unsigned index = offset / DSA_IMS_SLOT_SIZE;
    DsaSlot *slot = &s->ims[index];
    unsigned word = offset % DSA_IMS_SLOT_SIZE;

    trace_dsa_ims_write(index, word, val);
    if (word != 12 && !slot->dirty) {
        slot->stale_address = slot->address;
        slot->stale_data = slot->data;
        slot->dirty = true;
    }
    switch (word) {
    case 0:
        slot->address = deposit64(slot->address, 0, 32, val & ~3u);
        break;
    case 4:
        slot->address = deposit64(slot->address, 32, 32, val);
        break;
    case 8:
        slot->data = val;
        break;
    default:
        dsa_ims_write_ctrl(s, index, val);
    }
}

static void dsa_handles_reset(DsaHandles *handles, unsigned epoch)
{
    bitmap_zero(handles->requested, handles->size);
    handles->epoch = epoch;
}

/*
 * After a reset every slot is masked, and no handle is valid. As in an MSI-X
 * table the message may be anything, and the old one harms a driver most.
 */
void dsa_ims_reset(DsaState *s)
{
    unsigned i;

    for (i = 0; i < s->ims_slots; i++) {
        s->ims[i].ctrl = R_INTCTRL_MASK_MASK;
        s->ims[i].dirty = false;
    }
    memset(s->perm, 0, s->vectors * sizeof(*s->perm));
    dsa_handles_reset(&s->msix_handles, 1);
    dsa_handles_reset(&s->ims_handles, 2);
}
