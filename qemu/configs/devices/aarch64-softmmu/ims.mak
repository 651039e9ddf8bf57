# SPDX-License-Identifier: GPL-2.0-or-later
# What the tests of IMS need on an arm64 machine, and little more.
CONFIG_ARM_VIRT=y
CONFIG_DSA=y
CONFIG_EDU=y
CONFIG_PCIE_PORT=y
CONFIG_PCI_BRIDGE=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_IOMMU=y
