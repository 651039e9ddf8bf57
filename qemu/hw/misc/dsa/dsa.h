/*
 * Intel Data Streaming Accelerator: state of the model
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_MISC_DSA_H
#define HW_MISC_DSA_H

#include "dsa-regs.h"
#include "hw/pci/pci_device.h"
#include "qom/object.h"

#define TYPE_DSA "dsa"
OBJECT_DECLARE_SIMPLE_TYPE(DsaState, DSA)

#define DSA_WQS_MAX         64
#define DSA_ENGINES_MAX     64
#define DSA_GROUPS_MAX      64
#define DSA_VECTORS_MAX     2048

/* A descriptor as it comes through a portal, little endian */
typedef struct QEMU_PACKED DsaDesc {
    uint32_t pasid;
    uint32_t flags_op;
    uint64_t completion;
    uint64_t src;
    uint64_t dst;
    uint32_t size;
    uint16_t int_handle;
    uint16_t reserved;
    uint8_t op_specific[24];
} DsaDesc;

QEMU_BUILD_BUG_ON(sizeof(DsaDesc) != DSA_DESC_SIZE);

/* A completion record, little endian */
typedef struct QEMU_PACKED DsaRecord {
    uint8_t status;
    uint8_t result;
    uint8_t fault_info;
    uint8_t reserved;
    uint32_t completed;
    uint64_t fault_addr;
    uint8_t op_specific[16];
} DsaRecord;

QEMU_BUILD_BUG_ON(sizeof(DsaRecord) != 32);

/* A descriptor in host byte order, with what was derived from it */
typedef struct DsaJob {
    uint64_t completion;
    uint64_t src;
    uint64_t dst;
    uint32_t flags;
    uint32_t size;
    uint16_t int_handle;
    uint8_t op;
    uint8_t op_specific[24];
    /* a reserved field was not zero */
    bool reserved;
    /* its handle belongs to the IMS table */
    bool ims;
    bool in_batch;
    /* validated and under way */
    bool started;
    bool pasid_en;
    bool priv;
    uint32_t pasid;
    /* dev->generation when it was taken out of the queue */
    unsigned generation;
    /* bytes, or descriptors of a batch, that are done */
    uint32_t done;
    uint32_t crc;
    uint32_t invalid_flags;
    uint64_t fault_addr;
    uint8_t result;
    uint8_t status;
    bool failed;
} DsaJob;

typedef struct DsaQueued {
    DsaDesc desc;
    bool ims;
} DsaQueued;

typedef struct DsaWq {
    DsaState *dev;
    QEMUBH *bh;
    unsigned id;
    unsigned state;
    uint32_t cfg[DSA_WQCFG_DWORDS];
    /* ring of dev->total_size entries, of which the configured size is used */
    DsaQueued *ring;
    unsigned head;
    unsigned used;
    /* what is being worked on: a descriptor, and one out of it if a batch */
    bool busy;
    bool batch_busy;
    DsaJob job;
    DsaJob batch_job;
} DsaWq;

typedef struct DsaSlot {
    uint64_t address;
    uint32_t data;
    uint32_t ctrl;
    /* message before the latest update, for the stale-message fault */
    uint64_t stale_address;
    uint32_t stale_data;
    bool dirty;
} DsaSlot;

/* Interrupt handles of one table, see dsa-int.c */
typedef struct DsaHandles {
    unsigned long *requested;
    unsigned size;
    unsigned epoch;
} DsaHandles;

/* Eight writes which a processor does for one 64 byte store */
typedef struct DsaPartial {
    hwaddr next;
    uint64_t words[DSA_DESC_SIZE / 8];
} DsaPartial;

typedef struct DsaFaults {
    uint32_t slot;
    uint32_t count;
    uint32_t rid;
    uint64_t address;
    uint32_t data;
    uint32_t handle_add;
    uint32_t data_add;
    uint8_t cmd;
    uint8_t cmd_error;
    bool cmd_hang;
    bool hold;
    bool ignore_mask;
    bool stale;
    bool extra;
} DsaFaults;

struct DsaState {
    PCIDevice parent_obj;

    MemoryRegion mmio;
    MemoryRegion portals;
    QEMUBH *cmd_bh;

    /* properties */
    uint8_t num_wqs;
    uint8_t num_engines;
    uint8_t num_groups;
    uint16_t total_size;
    uint16_t vectors;
    uint32_t ims_slots;
    uint32_t ims_offset;
    uint8_t pasid_bits;
    uint8_t max_xfer_shift;
    bool int_handle;
    bool evl;
    bool d3_reset;
    DsaFaults fault;

    /* counts resets, so that work in progress notices one */
    unsigned generation;

    uint32_t gencfg;
    uint32_t genctrl;
    uint32_t gensts;
    uint32_t intcause;
    uint32_t cmd;
    uint32_t cmdsts;
    uint64_t swerr[4];
    uint64_t evlcfg[2];
    uint64_t evlsts;

    uint32_t grpcfg[DSA_GROUPS_MAX][DSA_GRPCFG_DWORDS];
    DsaWq wq[DSA_WQS_MAX];
    uint32_t *perm;
    DsaSlot *ims;
    DsaHandles msix_handles;
    DsaHandles ims_handles;
    GHashTable *partials;

    /* for the tests to read */
    uint64_t ims_sent;
};

/* A device that was unplugged, or is not in D0, must not use its bus. */
static inline bool dsa_awake(DsaState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);

    return DEVICE(s)->realized &&
           !(pci_get_word(pdev->config + pdev->pm_cap + PCI_PM_CTRL) &
             PCI_PM_CTRL_STATE_MASK);
}

static inline unsigned dsa_state(DsaState *s)
{
    return FIELD_EX32(s->gensts, GENSTS, STATE);
}

/* dsa-dma.c */
MemTxResult dsa_dma(DsaState *s, uint64_t addr, void *buf, dma_addr_t len,
                    DMADirection dir);
bool dsa_job_dma(DsaState *s, const DsaJob *job, uint64_t *addr, void *buf,
                 uint32_t len, DMADirection dir);

/* dsa-cmd.c */
void dsa_cmd_write(DsaState *s, uint32_t val);
void dsa_cmd_bh(void *opaque);
void dsa_cmd_progress(DsaState *s);
void dsa_reset_config(DsaState *s);
uint32_t dsa_cmdcap(DsaState *s);
void dsa_halt(DsaState *s, unsigned reset_type);

/* dsa-int.c */
void dsa_cause(DsaState *s, uint32_t cause);
bool dsa_int_permitted(DsaState *s, const DsaJob *job);
bool dsa_int_valid(DsaState *s, const DsaJob *job);
void dsa_int_complete(DsaState *s, const DsaJob *job);
uint32_t dsa_ims_read(DsaState *s, hwaddr offset);
void dsa_ims_write(DsaState *s, hwaddr offset, uint32_t val);
void dsa_ims_reset(DsaState *s);
void dsa_ims_refresh(DsaState *s);
bool dsa_handle_request(DsaState *s, bool ims, unsigned index,
                        uint16_t *handle);
bool dsa_handle_release(DsaState *s, bool ims, uint16_t handle);
void dsa_handles_revoke(DsaState *s);

/* dsa-fault.c */
void dsa_faults_init(DsaState *s);
void dsa_faults_class_init(ObjectClass *klass);

/* dsa-wq.c */
extern const MemoryRegionOps dsa_portal_ops;
void dsa_wq_bh(void *opaque);
void dsa_wq_flush(DsaWq *wq);
void dsa_wq_kick(DsaWq *wq);
bool dsa_wq_idle(const DsaWq *wq);
uint32_t dsa_wqcfg_read(DsaState *s, hwaddr offset);
void dsa_wqcfg_write(DsaState *s, hwaddr offset, uint32_t val);
bool dsa_report(DsaState *s, unsigned wq, const DsaJob *job, uint8_t error,
                uint64_t addr, const DsaRecord *rec);

/* dsa-op.c */
const uint32_t *dsa_opcap(void);
void dsa_job_load(DsaWq *wq, DsaJob *job, const DsaDesc *desc);
bool dsa_job_step(DsaWq *wq, DsaJob *job, uint32_t *budget);

#endif
