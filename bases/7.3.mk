# SPDX-License-Identifier: GPL-2.0
# Debian's linux-source-7.3, taken from a suite that the machine need not have.
VERSION := 7.3
PACKAGE := linux-source-7.3
TARBALL := linux-source-7.3.tar.xz
SUITE := trixie-backports
