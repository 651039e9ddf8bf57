/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Machines whose guests get no interrupt messages
 */
#include "qemu/osdep.h"
#include "hw/vfio/vfio-common.h"
#include "pci.h"

void vfio_device_msi_init(VFIOPCIDevice *vdev)
{
}

void vfio_device_msi_reset(VFIOPCIDevice *vdev)
{
}

void vfio_device_msi_exit(VFIOPCIDevice *vdev)
{
}
