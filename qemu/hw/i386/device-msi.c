/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt messages that are handed to the guest
 *
 * The guest asks for a message with a hypercall and has the device send it,
 * wherever the device keeps it.  What the message raises is said by another
 * call, so it stays the same when the guest moves the interrupt.
 *
 * An emulated device sends its messages into a window which is its own.  There
 * the address has the number of a handle and the data a key, which is valid for
 * the whole machine until all messages are replaced.  A handle of another
 * device, and a message which the guest has made up, raise nothing.
 */
#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/main-loop.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "qapi/visitor.h"
#include "exec/address-spaces.h"
#include "exec/memory.h"
#include "hw/boards.h"
#include "hw/i386/apic.h"
#include "hw/i386/apic_internal.h"
#include "hw/i386/apic-msidef.h"
#include "hw/i386/device-msi.h"
#include "hw/i386/pc.h"
#include "hw/pci/pci.h"
#include "hw/pci/pci_bus.h"
#include "hw/pci/pci_device.h"
#include "hw/pci/pci_host.h"
#include "kvm/kvm_i386.h"
#include "migration/vmstate.h"
#include "qemu/error-report.h"
#include "system/kvm.h"
#include "system/reset.h"
#include "system/runstate.h"
#include "trace.h"

/* Handles are numbered from 1, the address has room for 16 bits */
#define MAX_HANDLES             0xffff
#define HANDLE_SHIFT            4
#define WINDOW_SIZE             (1 * MiB)
/* No data of an x86 message has this bit */
#define KEY_MARK                0x8000U
#define KEY_MASK                0x3fffU

typedef struct Handle {
    PCIDevice *dev;
    MSIMessage msg;
    /* Data of 0 while nothing is raised */
    MSIMessage route;
} Handle;

/* A handle on its way to another host, where it gets another message */
typedef struct Migrated {
    uint32_t number;
    uint32_t device;
    MSIMessage route;
} Migrated;

typedef struct DeviceMSIState {
    bool enabled;
    /* The guest has said hello */
    bool active;
    uint32_t max;
    uint32_t fail;
    uint32_t epoch;
    uint32_t calls;
    uint32_t dropped;
    uint32_t used;
    MSIMessage notify;
    /* And the guest has not said yet where it wants to know */
    bool replaced;
    GPtrArray *handles;
    GHashTable *backends;
    int32_t nr_migrated;
    Migrated *migrated;
    bool incoming;
} DeviceMSIState;

static DeviceMSIState dm = {
    .max = 2048,
};

bool device_msi_enabled(void)
{
    return dm.enabled;
}

static const DeviceMSIBackend *backend_of(PCIDevice *dev)
{
    return g_hash_table_lookup(dm.backends, dev);
}

static uint32_t key(void)
{
    return KEY_MARK | (dm.epoch & KEY_MASK);
}

static void raise_route(const MSIMessage *route)
{
    MSIMessage msg = *route;

    if (msg.data) {
        apic_get_class(NULL)->send_msi(&msg);
    }
}

/* Handles */

static Handle *handle_at(uint32_t number)
{
    if (!number || number > dm.handles->len) {
        return NULL;
    }
    return g_ptr_array_index(dm.handles, number - 1);
}

static Handle *handle_of(PCIDevice *dev, uint32_t number)
{
    Handle *h = handle_at(number);

    return h && h->dev == dev ? h : NULL;
}

static uint32_t handles_in_use(PCIDevice *dev)
{
    uint32_t count = 0, i;

    for (i = 1; i <= dm.handles->len; i++) {
        count += !!handle_of(dev, i);
    }
    return count;
}

/* A number which nobody has, 0 if there is none */
static uint32_t free_number(void)
{
    uint32_t i;

    for (i = 1; i <= dm.handles->len; i++) {
        if (!handle_at(i)) {
            return i;
        }
    }
    if (dm.handles->len == MAX_HANDLES) {
        return 0;
    }
    g_ptr_array_add(dm.handles, NULL);
    return dm.handles->len;
}

static int handle_fill(Handle *h, uint32_t number)
{
    const DeviceMSIBackend *backend = backend_of(h->dev);

    if (backend) {
        return backend->alloc(h->dev, number, &h->msg);
    }
    h->msg.address = APIC_DEFAULT_ADDRESS | number << HANDLE_SHIFT;
    h->msg.data = key();
    return 0;
}

static void handle_free(uint32_t number)
{
    Handle *h = handle_at(number);
    const DeviceMSIBackend *backend;

    if (!h) {
        return;
    }
    backend = backend_of(h->dev);
    if (backend) {
        backend->free(h->dev, number);
    }
    g_ptr_array_index(dm.handles, number - 1) = NULL;
    g_free(h);
    dm.used--;
}

static void free_all(void)
{
    uint32_t i;

    for (i = 1; i <= dm.handles->len; i++) {
        handle_free(i);
    }
    g_ptr_array_set_size(dm.handles, 0);
    dm.notify = (MSIMessage){ };
    dm.replaced = false;
}

static void tell_replaced(void)
{
    dm.replaced = !dm.notify.data;
    raise_route(&dm.notify);
}

static void free_those_of(PCIDevice *dev)
{
    uint32_t i;

    for (i = 1; i <= dm.handles->len; i++) {
        if (handle_of(dev, i)) {
            handle_free(i);
        }
    }
}

static void set_active(bool active)
{
    const DeviceMSIBackend *backend;
    GHashTableIter iter;
    gpointer dev;

    if (dm.active == active) {
        return;
    }
    dm.active = active;
    g_hash_table_iter_init(&iter, dm.backends);
    while (g_hash_table_iter_next(&iter, &dev, (gpointer *)&backend)) {
        backend->activate(dev, active);
    }
}

void device_msi_set_backend(PCIDevice *dev, const DeviceMSIBackend *backend)
{
    g_hash_table_insert(dm.backends, dev, (gpointer)backend);
    if (dm.active) {
        backend->activate(dev, true);
    }
}

void device_msi_unset_backend(PCIDevice *dev)
{
    free_those_of(dev);
    g_hash_table_remove(dm.backends, dev);
}

/* To be followed by what the device sends and the guest has not asked for */
void device_msi_replace(PCIDevice *dev, uint32_t handle, const MSIMessage *msg)
{
    Handle *h = handle_of(dev, handle);

    if (h && (h->msg.address != msg->address || h->msg.data != msg->data)) {
        h->msg = *msg;
        tell_replaced();
    }
}

/* The window of a device */

static bool is_message_of(const Handle *h, uint64_t address, uint32_t data)
{
    return h && h->msg.data == data &&
           (h->msg.address & (WINDOW_SIZE - 1)) == (address & (WINDOW_SIZE - 1));
}

static Handle *resolve(PCIDevice *dev, uint64_t address, uint32_t data)
{
    Handle *h = handle_of(dev, (address & (WINDOW_SIZE - 1)) >> HANDLE_SHIFT);
    uint32_t i;

    if (!backend_of(dev)) {
        return is_message_of(h, address, data) ? h : NULL;
    }
    /* What QEMU sends for an assigned device: its MSI is trapped as ever */
    for (i = 1; i <= dm.handles->len; i++) {
        h = handle_of(dev, i);
        if (is_message_of(h, address, data)) {
            return h;
        }
    }
    return NULL;
}

static bool is_translated(PCIDevice *dev)
{
    return dm.active && dev->cap_present & QEMU_PCI_CAP_DEVICE_MSI;
}

/* A handle which the device still has means nothing after BYE */
static bool is_handle(PCIDevice *dev, uint32_t data)
{
    return is_translated(dev) || data & KEY_MARK;
}

/*
 * For those who do not write the message of a device, but have it raised in
 * another way.  Replaces the message and returns true, unless it is good as it
 * is.  One which raises nothing is replaced by a logical destination which no
 * CPU has.
 */
bool device_msi_resolve(PCIDevice *dev, MSIMessage *msg)
{
    Handle *h;

    if (!device_msi_enabled() || !is_handle(dev, msg->data)) {
        return false;
    }
    h = is_translated(dev) ? resolve(dev, msg->address, msg->data) : NULL;
    *msg = h && h->route.data ? h->route : (MSIMessage){
        .address = APIC_DEFAULT_ADDRESS | 1 << MSI_ADDR_DEST_MODE_SHIFT,
        .data = MSI_DATA_VECTOR_MASK,
    };
    return true;
}

static MemTxResult window_read(void *opaque, hwaddr addr, uint64_t *data,
                               unsigned size, MemTxAttrs attrs)
{
    *data = -1ULL;
    return MEMTX_DECODE_ERROR;
}

static MemTxResult window_write(void *opaque, hwaddr addr, uint64_t data,
                                unsigned size, MemTxAttrs attrs)
{
    PCIDevice *dev = opaque;
    Handle *h;

    if (!(pci_get_word(dev->config + PCI_COMMAND) & PCI_COMMAND_MASTER)) {
        return MEMTX_DECODE_ERROR;
    }
    if (!is_handle(dev, size == 4 ? data : 0)) {
        return address_space_write(pci_device_iommu_address_space(dev),
                                   APIC_DEFAULT_ADDRESS + addr, attrs, &data,
                                   size);
    }
    h = size == 4 ? resolve(dev, addr, data) : NULL;
    trace_device_msi_send(dev->name, APIC_DEFAULT_ADDRESS + addr, data,
                          h ? h->route.data : 0);
    if (!h) {
        dm.dropped++;
        return MEMTX_DECODE_ERROR;
    }
    raise_route(&h->route);
    return MEMTX_OK;
}

static const MemoryRegionOps window_ops = {
    .read_with_attrs = window_read,
    .write_with_attrs = window_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.min_access_size = 1,
    .valid.max_access_size = 8,
    .impl.min_access_size = 1,
    .impl.max_access_size = 8,
};

static void window_add(PCIDevice *dev)
{
    memory_region_init_io(&dev->msi_window, OBJECT(dev), &window_ops, dev,
                          "msi window", WINDOW_SIZE);
    /* A device may send from the handler of one of its own registers */
    dev->msi_window.disable_reentrancy_guard = true;
    memory_region_add_subregion_overlap(&dev->bus_master_container_region,
                                        APIC_DEFAULT_ADDRESS, &dev->msi_window,
                                        1);
}

static void window_remove(PCIDevice *dev)
{
    free_those_of(dev);
    memory_region_del_subregion(&dev->bus_master_container_region,
                                &dev->msi_window);
}

static const PCIMSIWindow window = {
    .add = window_add,
    .remove = window_remove,
};

/* Calls */

/* Segment in the upper half, bus and function in the lower one */
static PCIDevice *find_device(uint32_t id)
{
    Object *pc = object_dynamic_cast(qdev_get_machine(), TYPE_PC_MACHINE);

    return id >> 16 || !pc ? NULL :
           pci_find_device(PC_MACHINE(pc)->pcibus, id >> 8 & 0xff, id & 0xff);
}

/*
 * Nothing; or fixed or lowest priority, edge, a vector which is not one of an
 * exception
 */
static bool is_route(const struct kvm_device_msi *a)
{
    uint32_t mode = a->data >> MSI_DATA_DELIVERY_MODE_SHIFT & 7;

    if (!a->address && !a->data) {
        return true;
    }
    return (uint32_t)a->address >> 20 == APIC_DEFAULT_ADDRESS >> 20 &&
           !(a->data >> 16) && !(a->data >> MSI_DATA_TRIGGER_SHIFT & 1) &&
           mode <= 1 && (a->data & MSI_DATA_VECTOR_MASK) >= 16;
}

static int op_alloc(PCIDevice *dev, struct kvm_device_msi *a)
{
    g_autofree Handle *h = g_new0(Handle, 1);
    uint32_t number;
    int ret;

    if (!is_translated(dev)) {
        return -EINVAL;
    }
    if (handles_in_use(dev) >= dm.max) {
        return -ENOSPC;
    }
    number = free_number();
    if (!number) {
        return -ENOSPC;
    }
    h->dev = dev;
    ret = handle_fill(h, number);
    if (ret) {
        return ret;
    }
    a->handle = number;
    a->address = h->msg.address;
    a->data = h->msg.data;
    g_ptr_array_index(dm.handles, number - 1) = g_steal_pointer(&h);
    dm.used++;
    return 0;
}

/* What KVM raises by itself for an emulated device */
static void update_routes(PCIDevice *dev)
{
    if (kvm_enabled() && (!dev || !backend_of(dev) || msi_enabled(dev))) {
        kvm_update_msi_routes_all(NULL, true, 0, 0);
    }
}

static int op_retarget(PCIDevice *dev, struct kvm_device_msi *a)
{
    Handle *h = handle_of(dev, a->handle);
    const DeviceMSIBackend *backend = backend_of(dev);
    MSIMessage old;
    int ret;

    if (!h || !is_route(a)) {
        return -EINVAL;
    }
    old = h->route;
    h->route = (MSIMessage){ .address = a->address, .data = a->data };
    ret = backend ? backend->retarget(dev, a->handle, a->data) : 0;
    if (ret) {
        h->route = old;
        return ret;
    }
    update_routes(dev);
    return 0;
}

static int op_device(uint64_t op, struct kvm_device_msi *a)
{
    PCIDevice *dev = find_device(a->device);
    Handle *h;

    if (!dev) {
        return -ENODEV;
    }
    switch (op) {
    case KVM_DEVICE_MSI_QUERY:
        a->flags = is_translated(dev) ? KVM_DEVICE_MSI_TRANSLATED : 0;
        return 0;
    case KVM_DEVICE_MSI_ALLOC:
        return op_alloc(dev, a);
    case KVM_DEVICE_MSI_RETARGET:
        return op_retarget(dev, a);
    }
    h = handle_of(dev, a->handle);
    if (!h) {
        return -EINVAL;
    }
    if (op == KVM_DEVICE_MSI_FREE) {
        handle_free(a->handle);
        update_routes(dev);
        return 0;
    }
    a->address = h->msg.address;
    a->data = h->msg.data;
    return 0;
}

static int op_run(uint64_t op, struct kvm_device_msi *a)
{
    if (dm.fail & 1U << op) {
        return -EIO;
    }
    switch (op) {
    case KVM_DEVICE_MSI_HELLO:
        free_all();
        set_active(true);
        update_routes(NULL);
        return 0;
    case KVM_DEVICE_MSI_BYE:
        free_all();
        set_active(false);
        update_routes(NULL);
        return 0;
    }
    if (!dm.active) {
        return -EINVAL;
    }
    if (op != KVM_DEVICE_MSI_NOTIFY) {
        return op_device(op, a);
    }
    if (!is_route(a)) {
        return -EINVAL;
    }
    dm.notify = (MSIMessage){ .address = a->address, .data = a->data };
    if (dm.replaced) {
        tell_replaced();
    }
    return 0;
}

static bool is_ram(hwaddr gpa, hwaddr size)
{
    MemoryRegionSection section;
    bool ram;

    section = memory_region_find(get_system_memory(), gpa, size);
    ram = section.mr && memory_region_is_ram(section.mr) &&
          !section.mr->readonly && !section.mr->rom_device &&
          int128_get64(section.size) == size;
    memory_region_unref(section.mr);
    return ram;
}

/* What an operation does not take has to be zero */
static bool is_clean(uint64_t op, const struct kvm_device_msi *a)
{
    bool message = op == KVM_DEVICE_MSI_RETARGET || op == KVM_DEVICE_MSI_NOTIFY;
    bool handle = op >= KVM_DEVICE_MSI_READ && op <= KVM_DEVICE_MSI_FREE;
    bool device = op >= KVM_DEVICE_MSI_QUERY && op <= KVM_DEVICE_MSI_FREE;

    return a->version == KVM_DEVICE_MSI_VERSION && a->size == sizeof(*a) &&
           (device || !a->device) && (handle || !a->handle) &&
           (message || (!a->address && !a->data)) && !a->flags &&
           buffer_is_zero(a->reserved, sizeof(a->reserved));
}

/*
 * Returns what the guest gets to see.  KVM has checked the arguments, TCG has
 * not; the structure may change at any time and is read once.
 */
int64_t device_msi_call(uint64_t op, hwaddr gpa)
{
    struct kvm_device_msi a;
    int ret;

    if (!dm.enabled || op >= KVM_DEVICE_MSI_OPS) {
        return -1000;
    }
    if (gpa & (sizeof(a) - 1) || !is_ram(gpa, sizeof(a))) {
        return -EINVAL;
    }
    address_space_read(&address_space_memory, gpa, MEMTXATTRS_UNSPECIFIED, &a,
                       sizeof(a));
    if (!is_clean(op, &a)) {
        return -EINVAL;
    }
    dm.calls++;
    ret = op_run(op, &a);
    trace_device_msi_call(op, a.device, a.handle, a.address, a.data, ret);
    if (!ret) {
        address_space_write(&address_space_memory, gpa, MEMTXATTRS_UNSPECIFIED,
                            &a, sizeof(a));
    }
    return ret;
}

/* Migration: the guest keeps its handles, and gets a message for each anew */

static int device_msi_pre_save(void *opaque)
{
    uint32_t i;

    dm.migrated = g_renew(Migrated, dm.migrated, dm.handles->len);
    dm.nr_migrated = 0;
    for (i = 1; i <= dm.handles->len; i++) {
        Handle *h = handle_at(i);

        if (h) {
            dm.migrated[dm.nr_migrated++] = (Migrated) {
                .number = i,
                .device = pci_get_bdf(h->dev),
                .route = h->route,
            };
        }
    }
    return 0;
}

static int device_msi_post_load(void *opaque, int version_id)
{
    int32_t i;

    for (i = 0; i < dm.nr_migrated; i++) {
        if (!dm.migrated[i].number || dm.migrated[i].number > MAX_HANDLES) {
            return -EINVAL;
        }
    }
    dm.incoming = true;
    return 0;
}

static bool arrive(const Migrated *m)
{
    g_autofree Handle *h = g_new0(Handle, 1);

    h->dev = find_device(m->device);
    h->route = m->route;
    if (!h->dev || handle_at(m->number) || handle_fill(h, m->number)) {
        return false;
    }
    if (dm.handles->len < m->number) {
        g_ptr_array_set_size(dm.handles, m->number);
    }
    g_ptr_array_index(dm.handles, m->number - 1) = g_steal_pointer(&h);
    dm.used++;
    return true;
}

/* The devices have been loaded as well, and where bridges lead is known */
static void device_msi_run(void *opaque, bool running, RunState state)
{
    bool active = dm.active;
    int32_t i;

    if (!running || !dm.incoming) {
        return;
    }
    dm.incoming = false;
    dm.active = false;
    set_active(active);
    for (i = 0; i < dm.nr_migrated; i++) {
        if (!arrive(&dm.migrated[i])) {
            error_report("interrupt message %u of device 0x%x is lost: this "
                         "machine is another one", dm.migrated[i].number,
                         dm.migrated[i].device);
        }
    }
    update_routes(NULL);
    if (dm.nr_migrated) {
        tell_replaced();
    }
}

static const VMStateDescription migrated_vmstate = {
    .name = "device-msi/handle",
    .version_id = 1,
    .minimum_version_id = 1,
    .fields = (const VMStateField[]) {
        VMSTATE_UINT32(number, Migrated),
        VMSTATE_UINT32(device, Migrated),
        VMSTATE_UINT64(route.address, Migrated),
        VMSTATE_UINT32(route.data, Migrated),
        VMSTATE_END_OF_LIST()
    }
};

static const VMStateDescription device_msi_vmstate = {
    .name = "device-msi",
    .version_id = 1,
    .minimum_version_id = 1,
    .pre_save = device_msi_pre_save,
    .post_load = device_msi_post_load,
    .fields = (const VMStateField[]) {
        VMSTATE_BOOL(active, DeviceMSIState),
        VMSTATE_BOOL(replaced, DeviceMSIState),
        VMSTATE_UINT64(notify.address, DeviceMSIState),
        VMSTATE_UINT32(notify.data, DeviceMSIState),
        VMSTATE_INT32(nr_migrated, DeviceMSIState),
        VMSTATE_STRUCT_VARRAY_ALLOC(migrated, DeviceMSIState, nr_migrated, 1,
                                    migrated_vmstate, Migrated),
        VMSTATE_END_OF_LIST()
    }
};

/* What the machine is asked for */

static void device_msi_reset(void *opaque)
{
    free_all();
    set_active(false);
}

static bool get_enabled(Object *obj, Error **errp)
{
    return dm.enabled;
}

static void set_enabled(Object *obj, bool value, Error **errp)
{
    if (value == dm.enabled) {
        return;
    }
    if (!value) {
        error_setg(errp, "device-msi cannot be switched off again");
        return;
    }
    dm.enabled = true;
    dm.handles = g_ptr_array_new();
    dm.backends = g_hash_table_new(NULL, NULL);
    pci_set_msi_window(&window);
    qemu_register_reset(device_msi_reset, NULL);
    qemu_add_vm_change_state_handler(device_msi_run, NULL);
    vmstate_register(NULL, 0, &device_msi_vmstate, &dm);
}

/* Messages are replaced, as they are when the guest has moved to another host */
static void replace_all(void)
{
    uint32_t i;

    for (i = 1; i <= dm.handles->len; i++) {
        Handle *h = handle_at(i);

        if (h && !backend_of(h->dev)) {
            handle_fill(h, i);
        }
    }
    tell_replaced();
}

static void get_number(Object *obj, Visitor *v, const char *name, void *opaque,
                       Error **errp)
{
    visit_type_uint32(v, name, opaque, errp);
}

static void set_number(Object *obj, Visitor *v, const char *name, void *opaque,
                       Error **errp)
{
    if (visit_type_uint32(v, name, opaque, errp) && opaque == &dm.epoch &&
        dm.enabled) {
        replace_all();
    }
}

static void add_number(ObjectClass *oc, const char *name, bool writable,
                       uint32_t *value, const char *text)
{
    object_class_property_add(oc, name, "uint32", get_number,
                              writable ? set_number : NULL, NULL, value);
    object_class_property_set_description(oc, name, text);
}

void device_msi_class_properties(ObjectClass *oc)
{
    object_class_property_add_bool(oc, "device-msi", get_enabled, set_enabled);
    object_class_property_set_description(oc, "device-msi",
        "Hand interrupt messages to a guest that asks for them");
    add_number(oc, "device-msi-max", true, &dm.max,
               "Messages that a device can have");
    add_number(oc, "x-device-msi-fail", true, &dm.fail,
               "For tests: bit mask of the calls that fail");
    add_number(oc, "x-device-msi-epoch", true, &dm.epoch,
               "For tests: writing replaces all messages");
    add_number(oc, "x-device-msi-used", false, &dm.used,
               "Messages that are allocated");
    add_number(oc, "x-device-msi-calls", false, &dm.calls,
               "Calls of the guest, but for malformed ones");
    add_number(oc, "x-device-msi-dropped", false, &dm.dropped,
               "Messages that were not valid");
}
