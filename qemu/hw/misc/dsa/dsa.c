/*
 * Intel Data Streaming Accelerator: PCI device, registers, properties
 *
 * See docs/system/devices/dsa.rst for what is modelled and what is not.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitmap.h"
#include "qemu/host-utils.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qapi/error.h"
#include "hw/pci/msix.h"
#include "hw/pci/pcie.h"
#include "hw/qdev-properties.h"
#include "migration/vmstate.h"
#include "dsa.h"
#include "trace.h"

#define PCI_DEVICE_ID_INTEL_DSA 0x0b25
#define DSA_PCIE_CAP            0x40
#define DSA_MSIX_CAP            0x80
#define DSA_PM_CAP              0x90
#define DSA_SIOV_CAP_SIZE       0x18
#define DSA_PASID_BITS_MAX      20

static uint64_t dsa_gencap(DsaState *s)
{
    uint64_t v = 0;

    v = FIELD_DP64(v, GENCAP, BLOCK_ON_FAULT, 1);
    v = FIELD_DP64(v, GENCAP, CMD_CAP, 1);
    v = FIELD_DP64(v, GENCAP, EVL_SUPPORT, s->evl);
    v = FIELD_DP64(v, GENCAP, MAX_XFER_SHIFT, s->max_xfer_shift);
    v = FIELD_DP64(v, GENCAP, MAX_BATCH_SHIFT, DSA_MAX_BATCH_SHIFT);
    v = FIELD_DP64(v, GENCAP, MAX_IMS_MULT, s->ims_slots / DSA_IMS_MULT);
    return FIELD_DP64(v, GENCAP, CONFIG_EN, 1);
}

static uint64_t dsa_wqcap(DsaState *s)
{
    uint64_t v = 0;

    v = FIELD_DP64(v, WQCAP, TOTAL_SIZE, s->total_size);
    v = FIELD_DP64(v, WQCAP, NUM_WQS, s->num_wqs);
    v = FIELD_DP64(v, WQCAP, WQCFG_SIZE, ctz32(DSA_WQCFG_SIZE) - 5);
    v = FIELD_DP64(v, WQCAP, DEDICATED, 1);
    v = FIELD_DP64(v, WQCAP, ATS_SUPPORT, 1);
    v = FIELD_DP64(v, WQCAP, PRIORITY, 1);
    v = FIELD_DP64(v, WQCAP, OCCUPANCY, 1);
    return FIELD_DP64(v, WQCAP, OP_CONFIG, 1);
}

static uint64_t dsa_grpcap(DsaState *s)
{
    uint64_t v = FIELD_DP64(0, GRPCAP, NUM_GROUPS, s->num_groups);

    v = FIELD_DP64(v, GRPCAP, RDBUF_CTRL, 1);
    v = FIELD_DP64(v, GRPCAP, RDBUF_LIMIT, 1);
    return FIELD_DP64(v, GRPCAP, READ_BUFFERS, DSA_READ_BUFFERS);
}

static uint64_t dsa_offsets(DsaState *s, bool second)
{
    if (second) {
        return DSA_PERFMON_BASE / DSA_TABLE_UNIT;
    }
    return DSA_GRPCFG_BASE / DSA_TABLE_UNIT |
           (uint64_t)DSA_WQCFG_BASE / DSA_TABLE_UNIT << 16 |
           (uint64_t)DSA_PERM_BASE / DSA_TABLE_UNIT << 32 |
           (uint64_t)(s->ims_slots ? s->ims_offset / DSA_TABLE_UNIT : 0) << 48;
}

static uint64_t dsa_general_read64(DsaState *s, hwaddr addr)
{
    switch (addr) {
    case DSA_VERSION:
        return s->evl ? 0x200 : 0x100;
    case DSA_GENCAP:
        return dsa_gencap(s);
    case DSA_WQCAP:
        return dsa_wqcap(s);
    case DSA_GRPCAP:
        return dsa_grpcap(s);
    case DSA_ENGCAP:
        return s->num_engines;
    case DSA_OPCAP ... DSA_OPCAP + 31:
        return dsa_opcap()[(addr - DSA_OPCAP) / 4] |
               (uint64_t)dsa_opcap()[(addr - DSA_OPCAP) / 4 + 1] << 32;
    case DSA_OFFSETS:
    case DSA_OFFSETS + 8:
        return dsa_offsets(s, addr != DSA_OFFSETS);
    case DSA_GENCFG:
        return s->gencfg;
    case DSA_GENCTRL:
        return s->genctrl;
    case DSA_GENSTS:
        return s->gensts;
    case DSA_INTCAUSE:
        return s->intcause;
    case DSA_CMD:
        return s->cmd;
    case DSA_CMDSTS:
        return s->cmdsts;
    case DSA_CMDCAP:
        return dsa_cmdcap(s);
    case DSA_SWERR ... DSA_SWERR + 31:
        return s->swerr[(addr - DSA_SWERR) / 8];
    case DSA_EVLCFG:
    case DSA_EVLCFG + 8:
        return s->evlcfg[(addr - DSA_EVLCFG) / 8];
    case DSA_EVLSTS:
        return s->evlsts;
    default:
        return 0;
    }
}

/* The event log can be moved only while the device is disabled. */
static void dsa_evlcfg_write(DsaState *s, hwaddr addr, uint32_t val)
{
    static const uint64_t masks[] = { ~0xfffull, 0xffff };
    unsigned i = (addr - DSA_EVLCFG) / 8;
    uint64_t v;

    if (!s->evl || dsa_state(s) != DSA_STATE_DISABLED) {
        return;
    }
    v = deposit64(s->evlcfg[i], addr % 8 * 8, 32, val);
    s->evlcfg[i] = v & masks[i];
    s->evlsts = 0;
}

static void dsa_gencfg_write(DsaState *s, uint32_t val)
{
    uint32_t mask = DSA_GENCFG_MASK;

    if (!s->evl) {
        mask &= ~R_GENCFG_EVL_EN_MASK;
    }
    if (dsa_state(s) == DSA_STATE_DISABLED) {
        s->gencfg = val & mask;
    }
}

static void dsa_general_write(DsaState *s, hwaddr addr, uint32_t val)
{
    switch (addr) {
    case DSA_GENCFG:
        dsa_gencfg_write(s, val);
        break;
    case DSA_GENCTRL:
        s->genctrl = val & DSA_GENCTRL_MASK;
        break;
    case DSA_INTCAUSE:
        s->intcause &= ~val;
        break;
    case DSA_CMD:
        dsa_cmd_write(s, val);
        break;
    case DSA_SWERR:
        s->swerr[0] &= ~(uint64_t)(val & (R_SWERR_VALID_MASK |
                                          R_SWERR_OVERFLOW_MASK));
        break;
    case DSA_EVLCFG ... DSA_EVLCFG + 15:
        dsa_evlcfg_write(s, addr, val);
        break;
    case DSA_EVLSTS:
        s->evlsts = FIELD_DP64(s->evlsts, EVLSTS, HEAD, val & 0xffff);
        break;
    case DSA_EVLSTS + 4:
        s->evlsts &= ~((uint64_t)val << 32 & R_EVLSTS_PENDING_MASK);
        break;
    }
}

static uint32_t dsa_grpcfg_mask(DsaState *s, unsigned i)
{
    unsigned bits = s->num_wqs;

    if (i >= DSA_GRPCFG_FLAGS) {
        return i == DSA_GRPCFG_FLAGS ? DSA_GRPFLAGS_MASK : 0;
    }
    if (i >= DSA_GRPCFG_ENGINES) {
        i -= DSA_GRPCFG_ENGINES;
        bits = s->num_engines;
    }
    return i < 2 ? extract64(MAKE_64BIT_MASK(0, bits), i * 32, 32) : 0;
}

static void dsa_grpcfg_write(DsaState *s, hwaddr offset, uint32_t val)
{
    unsigned i = offset % DSA_GRPCFG_SIZE / 4;

    if (dsa_state(s) == DSA_STATE_DISABLED) {
        s->grpcfg[offset / DSA_GRPCFG_SIZE][i] = val & dsa_grpcfg_mask(s, i);
    }
}

/* The tables of BAR 0, sizes in entries of the device at hand */
typedef enum DsaTable {
    DSA_TABLE_GENERAL,
    DSA_TABLE_GRPCFG,
    DSA_TABLE_WQCFG,
    DSA_TABLE_PERM,
    DSA_TABLE_IMS,
    DSA_TABLE_NONE,
} DsaTable;

/* Which table is at @addr; turns @addr into an offset in that table. */
static DsaTable dsa_decode(DsaState *s, hwaddr *addr)
{
    const struct {
        hwaddr base;
        hwaddr size;
    } tables[] = {
        [DSA_TABLE_GENERAL] = { 0, DSA_GENERAL_END },
        [DSA_TABLE_GRPCFG] = { DSA_GRPCFG_BASE,
                               s->num_groups * DSA_GRPCFG_SIZE },
        [DSA_TABLE_WQCFG] = { DSA_WQCFG_BASE, s->num_wqs * DSA_WQCFG_SIZE },
        [DSA_TABLE_PERM] = { DSA_PERM_BASE, s->vectors * DSA_PERM_SIZE },
        [DSA_TABLE_IMS] = { s->ims_offset, s->ims_slots * DSA_IMS_SLOT_SIZE },
    };
    unsigned i;

    for (i = 0; i < ARRAY_SIZE(tables); i++) {
        if (*addr >= tables[i].base &&
            *addr - tables[i].base < tables[i].size) {
            *addr -= tables[i].base;
            return i;
        }
    }
    return DSA_TABLE_NONE;
}

/* All accesses are in double words: the core splits those of 64 bits. */
static uint64_t dsa_mmio_read(void *opaque, hwaddr addr, unsigned size)
{
    DsaState *s = opaque;

    switch (dsa_decode(s, &addr)) {
    case DSA_TABLE_GENERAL:
        return extract64(dsa_general_read64(s, addr & ~7ull), addr % 8 * 8, 32);
    case DSA_TABLE_GRPCFG:
        return s->grpcfg[addr / DSA_GRPCFG_SIZE][addr % DSA_GRPCFG_SIZE / 4];
    case DSA_TABLE_WQCFG:
        return dsa_wqcfg_read(s, addr);
    case DSA_TABLE_PERM:
        return addr % DSA_PERM_SIZE ? 0 : s->perm[addr / DSA_PERM_SIZE];
    case DSA_TABLE_IMS:
        return dsa_ims_read(s, addr);
    default:
        return 0;
    }
}

static void dsa_mmio_write(void *opaque, hwaddr addr, uint64_t val,
                           unsigned size)
{
    DsaState *s = opaque;

    switch (dsa_decode(s, &addr)) {
    case DSA_TABLE_GENERAL:
        dsa_general_write(s, addr, val);
        break;
    case DSA_TABLE_GRPCFG:
        dsa_grpcfg_write(s, addr, val);
        break;
    case DSA_TABLE_WQCFG:
        dsa_wqcfg_write(s, addr, val);
        break;
    case DSA_TABLE_PERM:
        if (!(addr % DSA_PERM_SIZE)) {
            s->perm[addr / DSA_PERM_SIZE] = val & DSA_PERM_MASK;
        }
        break;
    case DSA_TABLE_IMS:
        dsa_ims_write(s, addr, val);
        break;
    default:
        break;
    }
}

static const MemoryRegionOps dsa_mmio_ops = {
    .read = dsa_mmio_read,
    .write = dsa_mmio_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid = {
        .min_access_size = 4,
        .max_access_size = 8,
    },
    .impl = {
        .min_access_size = 4,
        .max_access_size = 4,
    },
};

/* Function level reset and every reset above it: as after power on. */
static void dsa_reset_hold(Object *obj, ResetType type)
{
    PCIDevice *pdev = PCI_DEVICE(obj);
    DsaState *s = DSA(obj);

    trace_dsa_reset();
    dsa_reset_config(s);
    dsa_ims_reset(s);
    s->cmd = 0;
    s->cmdsts = 0;
    g_hash_table_remove_all(s->partials);
    if (s->pasid_bits) {
        pci_set_word(pdev->config + pdev->exp.ats_cap + PCI_ATS_CTRL, 0);
        pci_set_word(pdev->config + pdev->exp.pasid_cap + PCI_PASID_CTRL, 0);
    }
}

static bool dsa_check_range(const char *name, unsigned val, unsigned min,
                            unsigned max, Error **errp)
{
    if (val < min || val > max) {
        error_setg(errp, "dsa: %s=%u is out of range, use %u to %u", name, val,
                   min, max);
        return false;
    }
    return true;
}

static bool dsa_check_properties(DsaState *s, Error **errp)
{
    if (!dsa_check_range("wqs", s->num_wqs, 1, DSA_WQS_MAX, errp) ||
        !dsa_check_range("engines", s->num_engines, 1, DSA_ENGINES_MAX, errp) ||
        !dsa_check_range("groups", s->num_groups, 1, DSA_GROUPS_MAX, errp) ||
        !dsa_check_range("wq-size", s->total_size, 1, DSA_TOTAL_SIZE_MAX,
                         errp)) {
        return false;
    }
    if (!s->vectors) {
        s->vectors = s->num_wqs + 1;
    }
    if (!dsa_check_range("vectors", s->vectors, 2, DSA_VECTORS_MAX, errp) ||
        !dsa_check_range("ims-slots", s->ims_slots, 0,
                         DSA_IMS_MULT_MAX * DSA_IMS_MULT, errp) ||
        !dsa_check_range("ims-offset", s->ims_offset, DSA_TABLE_UNIT,
                         0xffff * DSA_TABLE_UNIT, errp) ||
        !dsa_check_range("pasid-bits", s->pasid_bits, 0, DSA_PASID_BITS_MAX,
                         errp) ||
        !dsa_check_range("max-xfer-shift", s->max_xfer_shift, 12,
                         DSA_MAX_XFER_SHIFT, errp)) {
        return false;
    }
    if (s->ims_slots % DSA_IMS_MULT) {
        error_setg(errp, "dsa: ims-slots=%u is not a multiple of %u",
                   s->ims_slots, DSA_IMS_MULT);
        return false;
    }
    if (s->ims_offset % DSA_TABLE_UNIT) {
        error_setg(errp, "dsa: ims-offset=0x%x is not a multiple of 0x%x",
                   s->ims_offset, DSA_TABLE_UNIT);
        return false;
    }
    return true;
}

/* The DVSEC by which software knows that IMS is supported. */
static void dsa_add_siov(PCIDevice *pdev, uint16_t offset)
{
    uint8_t *cap = pdev->config + offset;

    pcie_add_capability(pdev, PCI_EXT_CAP_ID_DVSEC, 1, offset,
                        DSA_SIOV_CAP_SIZE);
    pci_set_long(cap + PCI_DVSEC_HEADER1,
                 PCI_VENDOR_ID_INTEL | DSA_SIOV_CAP_SIZE << 20);
    pci_set_word(cap + PCI_DVSEC_HEADER2, 5);
    pci_set_long(cap + 0x0c, 1);
    pci_set_long(cap + 0x10, 1);
    pci_set_long(cap + 0x14, 1);
}

/* The first extended capability has to be at the start of their space. */
static void dsa_add_ext_caps(DsaState *s)
{
    uint16_t offset = PCI_CONFIG_SPACE_SIZE;
    PCIDevice *pdev = PCI_DEVICE(s);

    if (s->ims_slots) {
        dsa_add_siov(pdev, offset);
        offset += DSA_SIOV_CAP_SIZE;
    }
    if (s->pasid_bits) {
        pcie_ats_init(pdev, offset, true);
        offset += PCI_EXT_CAP_ATS_SIZEOF;
        pcie_pasid_init(pdev, offset, s->pasid_bits, false, true);
    }
}

static int dsa_init_pm(DsaState *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    int cap = pci_pm_init(pdev, DSA_PM_CAP, errp);

    if (cap < 0) {
        return cap;
    }
    pci_set_word(pdev->config + cap + PCI_PM_PMC, PCI_PM_CAP_VER_1_2);
    pci_set_word(pdev->config + cap + PCI_PM_CTRL,
                 s->d3_reset ? 0 : PCI_PM_CTRL_NO_SOFT_RESET);
    pci_set_word(pdev->wmask + cap + PCI_PM_CTRL, PCI_PM_CTRL_STATE_MASK);
    return 0;
}

static int dsa_init_msix(DsaState *s, Error **errp)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    unsigned i;
    int ret;

    ret = msix_init(pdev, s->vectors, &s->mmio, 0, DSA_MSIX_BASE, &s->mmio, 0,
                    DSA_PBA_BASE, DSA_MSIX_CAP, errp);
    for (i = 0; !ret && i < s->vectors; i++) {
        msix_vector_use(pdev, i);
    }
    return ret;
}

static void dsa_init_bars(DsaState *s)
{
    PCIDevice *pdev = PCI_DEVICE(s);
    uint64_t size = (uint64_t)s->num_wqs * DSA_PORTALS * DSA_PORTAL_SIZE;
    uint8_t type = PCI_BASE_ADDRESS_SPACE_MEMORY |
                   PCI_BASE_ADDRESS_MEM_TYPE_64 |
                   PCI_BASE_ADDRESS_MEM_PREFETCH;

    memory_region_init_io(&s->mmio, OBJECT(s), &dsa_mmio_ops, s, "dsa-mmio",
                          DSA_BAR0_SIZE);
    memory_region_init_io(&s->portals, OBJECT(s), &dsa_portal_ops, s,
                          "dsa-portals", pow2ceil(size));
    pci_register_bar(pdev, 0, type, &s->mmio);
    pci_register_bar(pdev, 2, type, &s->portals);
}

static void dsa_init_state(DsaState *s)
{
    MemReentrancyGuard *guard = &DEVICE(s)->mem_reentrancy_guard;
    unsigned i;

    s->cmd_bh = qemu_bh_new_guarded(dsa_cmd_bh, s, guard);
    for (i = 0; i < s->num_wqs; i++) {
        s->wq[i].dev = s;
        s->wq[i].id = i;
        s->wq[i].ring = g_new0(DsaQueued, s->total_size);
        s->wq[i].bh = qemu_bh_new_guarded(dsa_wq_bh, &s->wq[i], guard);
    }
    s->perm = g_new0(uint32_t, s->vectors);
    s->ims = g_new0(DsaSlot, s->ims_slots);
    s->msix_handles.size = s->vectors;
    s->msix_handles.requested = bitmap_new(s->vectors);
    s->ims_handles.size = s->ims_slots;
    /* there is no bitmap of no bits */
    s->ims_handles.requested = bitmap_new(MAX(s->ims_slots, 1));
    s->partials = g_hash_table_new_full(NULL, NULL, NULL, g_free);
}

static void dsa_realize(PCIDevice *pdev, Error **errp)
{
    DsaState *s = DSA(pdev);

    if (!dsa_check_properties(s, errp)) {
        return;
    }
    if (!pci_bus_is_express(pci_get_bus(pdev))) {
        error_setg(errp, "dsa: needs a PCI Express bus, use -machine q35");
        return;
    }
    dsa_init_bars(s);
    if (pcie_endpoint_cap_init(pdev, DSA_PCIE_CAP) < 0) {
        error_setg(errp, "dsa: no room for the PCI Express capability");
        return;
    }
    pcie_cap_flr_init(pdev);
    if (dsa_init_pm(s, errp) < 0 || dsa_init_msix(s, errp)) {
        pcie_cap_exit(pdev);
        return;
    }
    dsa_add_ext_caps(s);
    dsa_init_state(s);
}

static void dsa_release_bh(void *opaque)
{
    object_unref(OBJECT(opaque));
}

/*
 * A descriptor or a message of this very device may have unplugged it, so its
 * bottom half, or an access to its registers, can be on the stack: they find a
 * device that was reset, and their memory stays until they have returned.
 */
static void dsa_exit(PCIDevice *pdev)
{
    DsaState *s = DSA(pdev);
    unsigned i;

    trace_dsa_exit();
    dsa_reset_config(s);
    s->cmdsts = 0;
    qemu_bh_delete(s->cmd_bh);
    for (i = 0; i < s->num_wqs; i++) {
        qemu_bh_delete(s->wq[i].bh);
    }
    msix_uninit(pdev, &s->mmio, &s->mmio);
    pcie_cap_exit(pdev);
    object_ref(OBJECT(s));
    aio_bh_schedule_oneshot(qemu_get_aio_context(), dsa_release_bh, s);
}

static void dsa_instance_finalize(Object *obj)
{
    DsaState *s = DSA(obj);
    unsigned i;

    for (i = 0; i < s->num_wqs && i < DSA_WQS_MAX; i++) {
        g_free(s->wq[i].ring);
    }
    g_free(s->perm);
    g_free(s->ims);
    g_free(s->msix_handles.requested);
    g_free(s->ims_handles.requested);
    g_clear_pointer(&s->partials, g_hash_table_destroy);
}

/* Back in D0: a device without No_Soft_Reset is as new, others go on. */
static void dsa_wake(DsaState *s)
{
    unsigned i;

    trace_dsa_wake(s->d3_reset);
    if (s->d3_reset) {
        pci_device_reset(PCI_DEVICE(s));
        return;
    }
    for (i = 0; i < s->num_wqs; i++) {
        dsa_wq_kick(&s->wq[i]);
    }
    dsa_cmd_progress(s);
    if (s->intcause) {
        dsa_cause(s, 0);
    }
    dsa_ims_refresh(s);
}

static void dsa_write_config(PCIDevice *pdev, uint32_t addr, uint32_t val,
                             int len)
{
    DsaState *s = DSA(pdev);
    bool was_awake = dsa_awake(s);

    pci_default_write_config(pdev, addr, val, len);
    if (!was_awake && dsa_awake(s)) {
        dsa_wake(s);
    }
    pcie_cap_flr_write_config(pdev, addr, val, len);
}

static const Property dsa_properties[] = {
    DEFINE_PROP_UINT8("wqs", DsaState, num_wqs, 8),
    DEFINE_PROP_UINT8("engines", DsaState, num_engines, 4),
    DEFINE_PROP_UINT8("groups", DsaState, num_groups, 4),
    DEFINE_PROP_UINT16("wq-size", DsaState, total_size, 128),
    DEFINE_PROP_UINT16("vectors", DsaState, vectors, 0),
    DEFINE_PROP_UINT32("ims-slots", DsaState, ims_slots, 2048),
    DEFINE_PROP_UINT32("ims-offset", DsaState, ims_offset, DSA_IMS_BASE),
    DEFINE_PROP_UINT8("pasid-bits", DsaState, pasid_bits, DSA_PASID_BITS_MAX),
    DEFINE_PROP_UINT8("max-xfer-shift", DsaState, max_xfer_shift,
                      DSA_MAX_XFER_SHIFT),
    DEFINE_PROP_BOOL("int-handle", DsaState, int_handle, true),
    DEFINE_PROP_BOOL("evl", DsaState, evl, true),
    DEFINE_PROP_BOOL("d3-reset", DsaState, d3_reset, false),
};

static const VMStateDescription dsa_vmstate = {
    .name = TYPE_DSA,
    .unmigratable = 1,
};

static void dsa_class_init(ObjectClass *klass, void *data)
{
    PCIDeviceClass *pc = PCI_DEVICE_CLASS(klass);
    DeviceClass *dc = DEVICE_CLASS(klass);
    ResettableClass *rc = RESETTABLE_CLASS(klass);

    pc->realize = dsa_realize;
    pc->exit = dsa_exit;
    pc->config_write = dsa_write_config;
    pc->vendor_id = PCI_VENDOR_ID_INTEL;
    pc->device_id = PCI_DEVICE_ID_INTEL_DSA;
    pc->class_id = PCI_CLASS_SYSTEM_OTHER;
    dc->desc = "Intel Data Streaming Accelerator";
    rc->phases.hold = dsa_reset_hold;
    dc->vmsd = &dsa_vmstate;
    device_class_set_props(dc, dsa_properties);
    set_bit(DEVICE_CATEGORY_MISC, dc->categories);
    dsa_faults_class_init(klass);
}

static void dsa_instance_init(Object *obj)
{
    DsaState *s = DSA(obj);

    dsa_faults_init(s);
}

static const TypeInfo dsa_info = {
    .name = TYPE_DSA,
    .parent = TYPE_PCI_DEVICE,
    .instance_size = sizeof(DsaState),
    .instance_init = dsa_instance_init,
    .instance_finalize = dsa_instance_finalize,
    .class_init = dsa_class_init,
    .interfaces = (InterfaceInfo[]) {
        { INTERFACE_PCIE_DEVICE },
        { },
    },
};

static void dsa_register_types(void)
{
    type_register_static(&dsa_info);
}

type_init(dsa_register_types)
