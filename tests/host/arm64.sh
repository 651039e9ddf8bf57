#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot arm64 guests, whose MSI goes through the ITS of a GICv3: arm64.sh run | all | needs NAME... | NAME...
#
#   run      the main scenario, with its tables, for people
#   all      every line of arm64.tsv, but for those whose kernel is arm64-debug
#   NAME...  these lines of arm64.tsv
#   needs    which kernels these lines, or all, take, and "qemu"
#
# Environment: BASE (6.12), QEMU (the one that scripts/qemu aarch64 builds), JOBS (guests at a time).

set -u -o pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
build=${IMS_BUILD:-$root/build}
BASE=${BASE:-6.12}
QEMU=${QEMU:-$build/qemu/qemu-system-aarch64}
JOBS=${JOBS:-2}
out=$build/$BASE/arm64
table=$root/tests/tables/arm64.tsv

# shellcheck source=tests/host/boot-lib.sh
. "$root/tests/host/boot-lib.sh"
# shellcheck source=tests/host/arm64-lib.sh
. "$root/tests/host/arm64-lib.sh"

# An initramfs for each kernel, with the modules that fit it
pack()
{
	local dir=$out/initramfs-$1

	[ -r "$FIRMWARE" ] || die "$FIRMWARE is missing: run scripts/deps arm64"
	rm -rf "$dir"
	mkdir -p "$dir/lib/modules" || die "cannot create $dir"
	build_modules "$1" "$out/module-$1" "${TEST_MODULES[@]}"
	cp "$out/module-$1/"*.ko "$dir/lib/modules/"
	cp "$out/initramfs/"{init,ims_sysfs} "$dir/"
	pack_dir "$dir"
}

scenario()
{
	echo "The guest runs in QEMU (TCG) and is dressed as bare metal: its kernel is entered at EL2, and"
	echo "its device tree is QEMU's without what tells of QEMU. Its devices, edu and Intel DSA, are"
	echo "emulated, too. Their messages go through the ITS of the GIC."
	echo
	boot_rows show run
}

SCENES=(run)
OURS=(aarch64)
run_table "$@"
finish
