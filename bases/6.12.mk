# SPDX-License-Identifier: GPL-2.0
# Debian's linux-source-6.12; an empty SUITE means the machine's own package sources.
VERSION := 6.12
PACKAGE := linux-source-6.12
TARBALL := /usr/src/linux-source-6.12.tar.xz
SUITE :=
