# SPDX-License-Identifier: GPL-2.0
# Debian's QEMU source package that the diffs in patches/ are made for, and the suite that has it.
VERSION := 10.0
PACKAGE := qemu
SUITE := trixie
