/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt messages of an assigned device that are handed to the guest
 *
 * The kernel of the host makes a message which the device can send, and signals
 * an eventfd when it does.  KVM raises what the guest wants in answer.  So
 * nothing that the guest writes to the device has to be replaced, and the guest
 * has the MSI-X table to itself for as long as it asks for messages.
 *
 * It is the interrupt remapping of the host that keeps the device to its own
 * messages; without it the kernel makes none.
 */
#include "qemu/osdep.h"
#include <linux/vfio.h>
#include <sys/ioctl.h>

#include "hw/i386/device-msi.h"
#include "hw/pci/msix.h"
#include "hw/vfio/vfio-common.h"
#include "pci.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "qemu/event_notifier.h"
#include "system/kvm.h"
#include "trace.h"

/* From include/uapi/linux/vfio.h, until that is in linux-headers */
#define VFIO_PCI_MSG_IRQ_INDEX          5
#define VFIO_DEVICE_FEATURE_PCI_IRQ_MSG 14

struct vfio_device_feature_pci_irq_msg {
    __u32 index;
    __u32 vector;
    __u32 flags;
    __u32 data;
    __aligned_u64 address;
};

typedef struct Vector {
    uint32_t handle;
    MSIMessage msg;
    EventNotifier event;
    int virq;
    /* KVM listens to the event */
    bool attached;
} Vector;

struct VFIODeviceMSI {
    /* By the number that the kernel knows them by, NULL if it is free */
    GPtrArray *vectors;
    uint32_t max;
};

/* The kernel */

static int feature(VFIOPCIDevice *vdev, uint32_t flags,
                   struct vfio_device_feature_pci_irq_msg *msg)
{
    struct {
        struct vfio_device_feature head;
        struct vfio_device_feature_pci_irq_msg msg;
    } arg = {
        .head.argsz = sizeof(arg),
        .head.flags = flags | VFIO_DEVICE_FEATURE_PCI_IRQ_MSG,
        .msg = *msg,
    };

    if (ioctl(vdev->vbasedev.fd, VFIO_DEVICE_FEATURE, &arg)) {
        return -errno;
    }
    *msg = arg.msg;
    return 0;
}

static int read_message(VFIOPCIDevice *vdev, uint32_t number, MSIMessage *msg)
{
    struct vfio_device_feature_pci_irq_msg arg = {
        .index = VFIO_PCI_MSG_IRQ_INDEX,
        .vector = number,
    };
    int ret = feature(vdev, VFIO_DEVICE_FEATURE_GET, &arg);

    if (!ret) {
        *msg = (MSIMessage){ .address = arg.address, .data = arg.data };
    }
    return ret;
}

static bool set_event(VFIOPCIDevice *vdev, uint32_t number, int fd)
{
    Error *err = NULL;

    if (!vfio_set_irq_signaling(&vdev->vbasedev, VFIO_PCI_MSG_IRQ_INDEX, number,
                                VFIO_IRQ_SET_ACTION_TRIGGER, fd, &err)) {
        trace_vfio_device_msi_error(vdev->vbasedev.name, number,
                                    error_get_pretty(err));
        error_free(err);
        return false;
    }
    return true;
}

static int vector_start(VFIOPCIDevice *vdev, uint32_t number, Vector *v)
{
    int ret;

    if (!set_event(vdev, number, event_notifier_get_fd(&v->event))) {
        return -ENOSPC;
    }
    ret = read_message(vdev, number, &v->msg);
    if (ret) {
        set_event(vdev, number, -1);
    }
    return ret;
}

/* Vectors */

static Vector *vector_at(VFIOPCIDevice *vdev, uint32_t number)
{
    return g_ptr_array_index(vdev->device_msi->vectors, number);
}

static uint32_t free_number(struct VFIODeviceMSI *dm)
{
    uint32_t i;

    for (i = 0; i < dm->vectors->len; i++) {
        if (!g_ptr_array_index(dm->vectors, i)) {
            return i;
        }
    }
    if (i < dm->max) {
        g_ptr_array_add(dm->vectors, NULL);
    }
    return i;
}

static Vector *vector_of(VFIOPCIDevice *vdev, uint32_t handle, uint32_t *number)
{
    Vector *v;

    for (*number = 0; *number < vdev->device_msi->vectors->len; ++*number) {
        v = vector_at(vdev, *number);
        if (v && v->handle == handle) {
            return v;
        }
    }
    return NULL;
}

/* A route which leads nowhere yet: RETARGET must not run out of them */
static int reserve_virq(void)
{
    KVMRouteChange c = kvm_irqchip_begin_route_changes(kvm_state);
    int virq = kvm_irqchip_add_msi_route(&c, 0, NULL);

    kvm_irqchip_commit_route_changes(&c);
    return virq;
}

static int vector_init(VFIOPCIDevice *vdev, uint32_t number, Vector *v)
{
    int ret = event_notifier_init(&v->event, 0);

    if (ret) {
        return ret;
    }
    v->virq = reserve_virq();
    if (v->virq < 0) {
        event_notifier_cleanup(&v->event);
        return -ENOSPC;
    }
    ret = vector_start(vdev, number, v);
    if (ret) {
        kvm_irqchip_release_virq(kvm_state, v->virq);
        event_notifier_cleanup(&v->event);
    }
    return ret;
}

/* Who makes the messages */

static int vfio_device_msi_alloc(PCIDevice *pdev, uint32_t handle,
                                 MSIMessage *msg)
{
    VFIOPCIDevice *vdev = VFIO_PCI(pdev);
    g_autofree Vector *v = g_new0(Vector, 1);
    uint32_t number = free_number(vdev->device_msi);
    int ret;

    if (number == vdev->device_msi->max) {
        return -ENOSPC;
    }
    ret = vector_init(vdev, number, v);
    if (ret) {
        return ret;
    }
    v->handle = handle;
    *msg = v->msg;
    trace_vfio_device_msi_alloc(vdev->vbasedev.name, number, handle,
                                msg->address, msg->data);
    g_ptr_array_index(vdev->device_msi->vectors, number) = g_steal_pointer(&v);
    return 0;
}

static int vfio_device_msi_retarget(PCIDevice *pdev, uint32_t handle,
                                    bool raises)
{
    VFIOPCIDevice *vdev = VFIO_PCI(pdev);
    uint32_t number;
    Vector *v = vector_of(vdev, handle, &number);
    int ret;

    ret = kvm_irqchip_update_msi_route(kvm_state, v->virq, v->msg, pdev);
    if (ret) {
        return ret;
    }
    kvm_irqchip_commit_routes(kvm_state);
    if (v->attached == raises) {
        return 0;
    }
    if (!raises) {
        kvm_irqchip_remove_irqfd_notifier_gsi(kvm_state, &v->event, v->virq);
        v->attached = false;
        return 0;
    }
    /* What the device has sent before led nowhere */
    event_notifier_test_and_clear(&v->event);
    ret = kvm_irqchip_add_irqfd_notifier_gsi(kvm_state, &v->event, NULL,
                                             v->virq);
    v->attached = !ret;
    return ret;
}

static void vfio_device_msi_free(PCIDevice *pdev, uint32_t handle)
{
    VFIOPCIDevice *vdev = VFIO_PCI(pdev);
    uint32_t number;
    Vector *v = vector_of(vdev, handle, &number);

    trace_vfio_device_msi_free(vdev->vbasedev.name, number, handle);
    set_event(vdev, number, -1);
    if (v->attached) {
        kvm_irqchip_remove_irqfd_notifier_gsi(kvm_state, &v->event, v->virq);
    }
    kvm_irqchip_release_virq(kvm_state, v->virq);
    event_notifier_cleanup(&v->event);
    g_ptr_array_index(vdev->device_msi->vectors, number) = NULL;
    g_free(v);
}

/* Between HELLO and BYE all that the guest writes to the table is good as it is */
static void vfio_device_msi_activate(PCIDevice *pdev, bool active)
{
    VFIOPCIDevice *vdev = VFIO_PCI(pdev);

    trace_vfio_device_msi_activate(vdev->vbasedev.name, active);
    if (vdev->msix) {
        memory_region_set_enabled(&pdev->msix_table_mmio, !active);
    }
}

static const DeviceMSIBackend backend = {
    .alloc = vfio_device_msi_alloc,
    .retarget = vfio_device_msi_retarget,
    .free = vfio_device_msi_free,
    .activate = vfio_device_msi_activate,
};

/* The number of messages that the kernel makes for the device, or why not */
static int count_vectors(VFIOPCIDevice *vdev)
{
    struct vfio_irq_info info = {
        .argsz = sizeof(info),
        .index = VFIO_PCI_MSG_IRQ_INDEX,
    };
    struct vfio_device_feature_pci_irq_msg msg = { };
    int ret = feature(vdev, VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET,
                      &msg);

    if (ret) {
        return ret;
    }
    if (ioctl(vdev->vbasedev.fd, VFIO_DEVICE_GET_IRQ_INFO, &info)) {
        return -errno;
    }
    return MIN(info.count, INT_MAX);
}

/* Without a mapping behind it there is no way to give the table to the guest */
static bool table_is_mapped(VFIOPCIDevice *vdev)
{
    VFIOMSIXInfo *msix = vdev->msix;
    VFIORegion *region = msix ? &vdev->bars[msix->table_bar].region : NULL;
    int i;

    for (i = 0; region && i < region->nr_mmaps; i++) {
        VFIOMmap *map = &region->mmaps[i];

        if (map->mmap && msix->table_offset >= map->offset &&
            msix->table_offset + msix->entries * PCI_MSIX_ENTRY_SIZE <=
            map->offset + map->size) {
            return true;
        }
    }
    return !msix;
}

void vfio_device_msi_init(VFIOPCIDevice *vdev)
{
    PCIDevice *pdev = &vdev->pdev;
    int count;

    if (!device_msi_enabled() || !(pdev->cap_present & QEMU_PCI_CAP_DEVICE_MSI)) {
        return;
    }
    count = !kvm_msi_via_irqfd_enabled() || !table_is_mapped(vdev) ?
            -ENOTSUP : count_vectors(vdev);
    if (count <= 0) {
        /* Its interrupts are those of a machine without all this */
        pdev->cap_present &= ~QEMU_PCI_CAP_DEVICE_MSI;
        warn_report("vfio %s: the guest gets no interrupt messages: %s",
                    vdev->vbasedev.name,
                    count ? strerror(-count) : "the host has a limit of 0");
        return;
    }
    vdev->device_msi = g_new0(struct VFIODeviceMSI, 1);
    vdev->device_msi->vectors = g_ptr_array_new();
    vdev->device_msi->max = count;
    device_msi_set_backend(pdev, &backend);
}

/* VFIO has taken all vectors down, and the guest still has their messages */
void vfio_device_msi_reset(VFIOPCIDevice *vdev)
{
    uint32_t i;

    for (i = 0; vdev->device_msi && i < vdev->device_msi->vectors->len; i++) {
        Vector *v = vector_at(vdev, i);
        int ret = v ? vector_start(vdev, i, v) : 0;

        if (ret) {
            error_report("vfio %s: interrupt message %u is lost by the reset: %s",
                         vdev->vbasedev.name, i, strerror(-ret));
        } else if (v) {
            device_msi_replace(&vdev->pdev, v->handle, &v->msg);
        }
    }
}

void vfio_device_msi_exit(VFIOPCIDevice *vdev)
{
    if (!vdev->device_msi) {
        return;
    }
    device_msi_unset_backend(&vdev->pdev);
    g_ptr_array_free(vdev->device_msi->vectors, true);
    g_free(vdev->device_msi);
    vdev->device_msi = NULL;
}
