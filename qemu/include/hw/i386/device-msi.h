/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt messages that are handed to the guest
 */
#ifndef HW_I386_DEVICE_MSI_H
#define HW_I386_DEVICE_MSI_H

#include "hw/pci/msi.h"
#include "qom/object.h"

/* The ABI, see Documentation/virt/kvm/x86/device-msi.rst in Linux */
#define KVM_HC_DEVICE_MSI               13
#define KVM_FEATURE_DEVICE_MSI          18

#define KVM_DEVICE_MSI_HELLO            0
#define KVM_DEVICE_MSI_BYE              1
#define KVM_DEVICE_MSI_QUERY            2
#define KVM_DEVICE_MSI_ALLOC            3
#define KVM_DEVICE_MSI_READ             4
#define KVM_DEVICE_MSI_RETARGET         5
#define KVM_DEVICE_MSI_FREE             6
#define KVM_DEVICE_MSI_NOTIFY           7
#define KVM_DEVICE_MSI_OPS              8

#define KVM_DEVICE_MSI_VERSION          1
#define KVM_DEVICE_MSI_TRANSLATED       (1U << 0)

struct kvm_device_msi {
    uint32_t version;
    uint32_t size;
    uint32_t device;
    uint32_t handle;
    uint64_t address;
    uint32_t data;
    uint32_t flags;
    uint64_t reserved[4];
};

/**
 * DeviceMSIBackend - who makes the messages of a device
 * @alloc: get a message which the device can send, 0 or a negative errno
 * @retarget: have it raise what device_msi_resolve() makes of it now, if
 *            anything; 0 or a negative errno
 * @free: the message must not raise anything any more
 * @activate: the guest has said hello, or bye and nothing is allocated any more
 *
 * Called with the BQL held.  A device without a backend is emulated and gets
 * messages that only its own window resolves.
 */
typedef struct DeviceMSIBackend {
    int (*alloc)(PCIDevice *dev, uint32_t handle, MSIMessage *msg);
    int (*retarget)(PCIDevice *dev, uint32_t handle, bool raises);
    void (*free)(PCIDevice *dev, uint32_t handle);
    void (*activate)(PCIDevice *dev, bool active);
} DeviceMSIBackend;

bool device_msi_enabled(void);
void device_msi_set_backend(PCIDevice *dev, const DeviceMSIBackend *backend);
void device_msi_unset_backend(PCIDevice *dev);
void device_msi_replace(PCIDevice *dev, uint32_t handle, const MSIMessage *msg);
bool device_msi_resolve(PCIDevice *dev, MSIMessage *msg);
int64_t device_msi_call(uint64_t op, hwaddr gpa);
void device_msi_class_properties(ObjectClass *oc);

#endif
