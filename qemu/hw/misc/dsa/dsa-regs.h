/*
 * Registers, table entries and codes of the Intel Data Streaming Accelerator
 *
 * Sources: the Intel Data Streaming Accelerator Architecture Specification,
 * and the Linux driver's registers.h and uapi/linux/idxd.h for the numbers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_MISC_DSA_REGS_H
#define HW_MISC_DSA_REGS_H

#include "hw/registerfields.h"

/* BAR 0: registers at fixed places */
enum {
    DSA_VERSION     = 0x00,
    DSA_GENCAP      = 0x10,
    DSA_WQCAP       = 0x20,
    DSA_GRPCAP      = 0x30,
    DSA_ENGCAP      = 0x38,
    DSA_OPCAP       = 0x40,
    DSA_OFFSETS     = 0x60,
    DSA_GENCFG      = 0x80,
    DSA_GENCTRL     = 0x88,
    DSA_GENSTS      = 0x90,
    DSA_INTCAUSE    = 0x98,
    DSA_CMD         = 0xa0,
    DSA_CMDSTS      = 0xa8,
    DSA_CMDCAP      = 0xb0,
    DSA_SWERR       = 0xc0,
    DSA_EVLCFG      = 0xe0,
    DSA_EVLSTS      = 0xf0,
    DSA_GENERAL_END = 0x200,
};

/* BAR 0: where this model has its tables; OFFSETS tells the driver */
enum {
    DSA_GRPCFG_BASE  = 0x1000,
    DSA_WQCFG_BASE   = 0x2000,
    DSA_PERM_BASE    = 0x3000,
    DSA_PERFMON_BASE = 0x7000,
    DSA_MSIX_BASE    = 0x8000,
    DSA_PBA_BASE     = 0x10000,
    DSA_IMS_BASE     = 0x40000,
    DSA_BAR0_SIZE    = 0x80000,
};

#define DSA_TABLE_UNIT      0x100
#define DSA_GRPCFG_SIZE     64
#define DSA_WQCFG_SIZE      64
#define DSA_PERM_SIZE       8
#define DSA_IMS_SLOT_SIZE   16
#define DSA_IMS_MULT        256
#define DSA_IMS_MULT_MAX    63

/* BAR 2: four portal pages for each work queue */
#define DSA_PORTAL_SIZE     0x1000
#define DSA_PORTALS         4
#define DSA_DESC_SIZE       64

#define DSA_MAX_XFER_SHIFT  31
#define DSA_MAX_BATCH_SHIFT 10
#define DSA_TOTAL_SIZE_MAX  4096

FIELD(GENCAP, BLOCK_ON_FAULT, 0, 1)
FIELD(GENCAP, CMD_CAP, 4, 1)
FIELD(GENCAP, EVL_SUPPORT, 13, 2)
FIELD(GENCAP, MAX_XFER_SHIFT, 16, 5)
FIELD(GENCAP, MAX_BATCH_SHIFT, 21, 4)
FIELD(GENCAP, MAX_IMS_MULT, 25, 6)
FIELD(GENCAP, CONFIG_EN, 31, 1)

FIELD(WQCAP, TOTAL_SIZE, 0, 16)
FIELD(WQCAP, NUM_WQS, 16, 8)
FIELD(WQCAP, WQCFG_SIZE, 24, 4)
FIELD(WQCAP, DEDICATED, 49, 1)
FIELD(WQCAP, ATS_SUPPORT, 50, 1)
FIELD(WQCAP, PRIORITY, 51, 1)
FIELD(WQCAP, OCCUPANCY, 52, 1)
FIELD(WQCAP, OP_CONFIG, 54, 1)

FIELD(GRPCAP, NUM_GROUPS, 0, 8)
FIELD(GRPCAP, READ_BUFFERS, 8, 8)
FIELD(GRPCAP, RDBUF_CTRL, 16, 1)
FIELD(GRPCAP, RDBUF_LIMIT, 17, 1)
#define DSA_READ_BUFFERS    96

FIELD(GENCFG, RDBUF_LIMIT, 0, 8)
FIELD(GENCFG, USER_INT_EN, 12, 1)
FIELD(GENCFG, EVL_EN, 13, 1)
#define DSA_GENCFG_MASK \
    (R_GENCFG_RDBUF_LIMIT_MASK | R_GENCFG_USER_INT_EN_MASK | \
     R_GENCFG_EVL_EN_MASK)

FIELD(GENCTRL, SWERR_INT_EN, 0, 1)
FIELD(GENCTRL, HALT_INT_EN, 1, 1)
FIELD(GENCTRL, EVL_INT_EN, 2, 1)
#define DSA_GENCTRL_MASK 0x7

FIELD(GENSTS, STATE, 0, 2)
FIELD(GENSTS, RESET_TYPE, 2, 2)

enum {
    DSA_STATE_DISABLED,
    DSA_STATE_ENABLED,
    DSA_STATE_DRAIN,
    DSA_STATE_HALT,
};

#define DSA_CAUSE_SWERR     BIT(0)
#define DSA_CAUSE_CMD       BIT(1)
#define DSA_CAUSE_HALT      BIT(4)
#define DSA_CAUSE_EVL       BIT(5)
#define DSA_CAUSE_REVOKED   BIT(31)
#define DSA_CAUSE_MASK      0x8000003f

FIELD(CMD, OPERAND, 0, 20)
FIELD(CMD, CODE, 20, 5)
FIELD(CMD, INT_REQ, 31, 1)

FIELD(CMDSTS, ERROR, 0, 8)
FIELD(CMDSTS, RESULT, 8, 16)
FIELD(CMDSTS, ACTIVE, 31, 1)

enum {
    DSA_CMD_ENABLE_DEVICE = 1,
    DSA_CMD_DISABLE_DEVICE,
    DSA_CMD_DRAIN_ALL,
    DSA_CMD_ABORT_ALL,
    DSA_CMD_RESET_DEVICE,
    DSA_CMD_ENABLE_WQ,
    DSA_CMD_DISABLE_WQ,
    DSA_CMD_DRAIN_WQ,
    DSA_CMD_ABORT_WQ,
    DSA_CMD_RESET_WQ,
    DSA_CMD_DRAIN_PASID,
    DSA_CMD_ABORT_PASID,
    DSA_CMD_REQUEST_HANDLE,
    DSA_CMD_RELEASE_HANDLE,
    DSA_CMD_LAST = DSA_CMD_RELEASE_HANDLE,
};

#define DSA_HANDLE_IMS      BIT(16)

enum {
    DSA_OK                  = 0x00,
    DSA_ERR_CMD             = 0x01,
    DSA_ERR_WQ_INDEX        = 0x02,
    DSA_ERR_HW              = 0x03,
    /* enable device */
    DSA_ERR_DEV_ENABLED     = 0x10,
    DSA_ERR_BUSMASTER       = 0x12,
    DSA_ERR_WQ_SIZES        = 0x14,
    DSA_ERR_GROUP_NO_ENGINE = 0x15,
    DSA_ERR_GROUP_WQ        = 0x16,
    DSA_ERR_GROUP_ENGINE    = 0x17,
    /* enable WQ */
    DSA_ERR_DEV_DISABLED    = 0x20,
    DSA_ERR_WQ_ENABLED      = 0x21,
    DSA_ERR_WQ_SIZE         = 0x22,
    DSA_ERR_WQ_PRIORITY     = 0x23,
    DSA_ERR_WQ_MODE         = 0x24,
    DSA_ERR_WQ_BATCH        = 0x27,
    DSA_ERR_WQ_XFER         = 0x28,
    /* disable device; disable, drain, abort, reset WQ */
    DSA_ERR_DEV_NOT_ENABLED = 0x31,
    DSA_ERR_WQ_NOT_ENABLED  = 0x32,
    /* interrupt handles */
    DSA_ERR_INT_INDEX       = 0x41,
};

FIELD(SWERR, VALID, 0, 1)
FIELD(SWERR, OVERFLOW, 1, 1)
FIELD(SWERR, DESC_VALID, 2, 1)
FIELD(SWERR, WQ_VALID, 3, 1)
FIELD(SWERR, BATCH, 4, 1)
FIELD(SWERR, RW, 5, 1)
FIELD(SWERR, PRIV, 6, 1)
FIELD(SWERR, ERROR, 8, 8)
FIELD(SWERR, WQ, 16, 8)
FIELD(SWERR, OPERATION, 32, 8)
FIELD(SWERR, PASID, 40, 20)

FIELD(EVLCFG, SIZE, 0, 16)
FIELD(EVLSTS, HEAD, 0, 16)
FIELD(EVLSTS, TAIL, 32, 16)
FIELD(EVLSTS, PENDING, 62, 1)
/* An entry of the log, beside what it has in common with SWERR */
FIELD(EVL0, INFO_VALID, 7, 1)
FIELD(EVL1, INT_HANDLE, 32, 16)
FIELD(EVL1, RCI, 48, 1)
FIELD(EVL1, IMS, 49, 1)
FIELD(EVL1, RCR, 50, 1)
#define DSA_EVL_RECORD      4
#define DSA_EVL_ENTRY_SIZE  64
#define DSA_EVL_SIZE_MIN    64

/* One WQCFG entry, in double words */
enum {
    DSA_WQCFG_SIZES     = 0,
    DSA_WQCFG_THRESH    = 1,
    DSA_WQCFG_MODE      = 2,
    DSA_WQCFG_LIMITS    = 3,
    DSA_WQCFG_STATE     = 6,
    DSA_WQCFG_OPS       = 8,
    DSA_WQCFG_DWORDS    = 16,
};

FIELD(WQCFG2, DEDICATED, 0, 1)
FIELD(WQCFG2, BOF, 1, 1)
FIELD(WQCFG2, PRIORITY, 4, 4)
FIELD(WQCFG2, PASID, 8, 20)
FIELD(WQCFG2, PASID_EN, 28, 1)
FIELD(WQCFG2, PRIV, 29, 1)
FIELD(WQCFG3, MAX_XFER_SHIFT, 0, 5)
FIELD(WQCFG3, MAX_BATCH_SHIFT, 5, 4)
FIELD(WQCFG6, OCCUPANCY, 0, 16)
FIELD(WQCFG6, STATE, 30, 2)

/* One GRPCFG entry, in double words */
enum {
    DSA_GRPCFG_WQS      = 0,
    DSA_GRPCFG_ENGINES  = 8,
    DSA_GRPCFG_FLAGS    = 10,
    DSA_GRPCFG_DWORDS   = 16,
};

/* Traffic classes and read buffers: kept, without an effect */
#define DSA_GRPFLAGS_MASK   0x0ff0ffbf

/* Control word of an IMS slot; MSI-X permission entries have the same layout */
FIELD(INTCTRL, MASK, 0, 1)
FIELD(INTCTRL, PENDING, 1, 1)
FIELD(INTCTRL, IGNORE, 2, 1)
FIELD(INTCTRL, PASID_EN, 3, 1)
FIELD(INTCTRL, PASID, 12, 20)
#define DSA_PERM_MASK   0xfffff00c
#define DSA_CTRL_MASK   (DSA_PERM_MASK | R_INTCTRL_MASK_MASK)

/* Descriptors */
enum {
    DSA_OP_NOOP     = 0x00,
    DSA_OP_BATCH    = 0x01,
    DSA_OP_DRAIN    = 0x02,
    DSA_OP_MEMMOVE  = 0x03,
    DSA_OP_FILL     = 0x04,
    DSA_OP_COMPARE  = 0x05,
    DSA_OP_CRCGEN   = 0x10,
    DSA_OPS_MAX     = 256,
};

#define DSA_FLAG_FENCE      BIT(0)
#define DSA_FLAG_BOF        BIT(1)
#define DSA_FLAG_CRAV       BIT(2)
#define DSA_FLAG_RCR        BIT(3)
#define DSA_FLAG_RCI        BIT(4)
#define DSA_FLAG_CHECK      BIT(7)
#define DSA_FLAG_CACHE      BIT(8)
#define DSA_FLAG_ADDR1_TC   BIT(9)
#define DSA_FLAG_ADDR2_TC   BIT(10)
#define DSA_FLAG_CR_TC      BIT(12)
#define DSA_FLAG_STRICT     BIT(13)
#define DSA_FLAG_CRC_SEED   BIT(16)
#define DSA_FLAG_CRC_NOINV  BIT(17)
#define DSA_FLAG_CRC_NOREF  BIT(18)

enum {
    DSA_COMP_NONE           = 0x00,
    DSA_COMP_SUCCESS        = 0x01,
    DSA_COMP_FALSE          = 0x02,
    DSA_COMP_PAGE_FAULT     = 0x03,
    DSA_COMP_PAGE_RESPONSE  = 0x04,
    DSA_COMP_BATCH_FAIL     = 0x05,
    DSA_COMP_OPCODE         = 0x10,
    DSA_COMP_FLAGS          = 0x11,
    DSA_COMP_RESERVED       = 0x12,
    DSA_COMP_XFER_SIZE      = 0x13,
    DSA_COMP_BATCH_COUNT    = 0x14,
    DSA_COMP_LIST_ALIGN     = 0x18,
    DSA_COMP_INT_HANDLE     = 0x19,
    DSA_COMP_CR_FAULT       = 0x1a,
    DSA_COMP_CR_ALIGN       = 0x1b,
    DSA_COMP_LIST_FAULT     = 0x1f,
    DSA_COMP_WRITE          = 0x80,
};

/* Errors of a submission, which no completion record can report */
enum {
    DSA_SUBMIT_DISABLED     = 0x50,
    DSA_SUBMIT_FULL         = 0x51,
};

#endif
