# SPDX-License-Identifier: GPL-2.0
# Debian's source package of accel-config that wq-interrupt.patch is made for, and the suite that has it.
VERSION := 4.1.9
PACKAGE := accel-config
SUITE := forky
