# SPDX-License-Identifier: GPL-2.0
# Debian's QEMU source package that the diffs in patches/ are made for.
VERSION := 7.2
PACKAGE := qemu
