#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot a KVM host with a guest of its own, which has the emulated Intel DSA device:
# guest.sh run | all | needs NAME... | NAME...
#
#   run      dmatest on work queues of the inner guest, with IMS and in other circumstances, for people
#   all      every line of guest.tsv
#   NAME...  these lines of guest.tsv
#   needs    which kernels these lines, or all, take, and "qemu"
#
# Environment: BASE (6.12), QEMU (the one that scripts/qemu builds), JOBS (guests at a time).

set -u -o pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
BASE=${BASE:-6.12}
QEMU=${QEMU:-${IMS_BUILD:-$root/build}/qemu/qemu-system-x86_64}
JOBS=${JOBS:-2}
MEMORY=768M
out=${IMS_BUILD:-$root/build}/$BASE/guest
table=$root/tests/tables/guest.tsv

# shellcheck source=tests/host/boot-lib.sh
. "$root/tests/host/boot-lib.sh"
# shellcheck source=tests/host/pack-lib.sh
. "$root/tests/host/pack-lib.sh"

# A machine in a machine
limit_of()
{
	echo 400
}

# The emulator once more, with the firmware that it needs there
add_emulator()
{
	local dir=$1 name

	add_program "$dir" "$(realpath "$QEMU")" qemu
	strip "$dir/bin/qemu" || die "cannot strip the emulator"
	mkdir "$dir/firmware" || die "cannot create $dir/firmware"
	for name in bios-256k.bin linuxboot_dma.bin kvmvapic.bin; do
		cp "/usr/share/seabios/$name" "$dir/firmware/" 2>/dev/null ||
			cp "/usr/share/qemu/$name" "$dir/firmware/" ||
			die "there is no $name: run scripts/deps qemubuild"
	done
}

# An initramfs in the other
pack()
{
	local kernel=$1 dir=$out/initramfs-$1 inner=$out/inner-$1 obj
	obj=$(objects_of "$kernel")

	rm -rf "$dir" "$inner"
	add_modules "$obj" "$inner" kunit idxd_bus idxd dmatest
	build_modules "$kernel" "$out/module-$kernel" "${TEST_MODULES[@]}"
	build_modules "$kernel" "$out/bench-$kernel" "$root"/bench/module/*
	cp "$out/module-$kernel/"{dsa_client,ims_stress}.ko "$out/bench-$kernel/ims_bench.ko" "$inner/lib/modules/"
	cp "$out/initramfs/init" "$inner/"
	pack_dir "$inner"

	add_modules "$obj" "$dir" kvm kvm-amd
	cp "$(kernel_image "$kernel")" "$dir/lib/bzImage"
	cp "$out/initramfs/init" "$dir/"
	cp "$inner.cpio" "$dir/l2.cpio"
	add_emulator "$dir"
	pack_dir "$dir"
}

scenario()
{
	echo "L0 is QEMU (TCG) with VT-d and a DSA device. L1 is a KVM host which takes itself for bare metal,"
	echo "L2 its guest. L1 hands out the messages of the device, L2 and the device use them."
	echo "run-off: ims=off in L2; not-offered: L1 hands out nothing; forge: L2 has the device send messages"
	echo "which are not its own; exits: what an operation costs."
	echo
	boot_rows show "${SCENES[@]}"
}

SCENES=(run run-off not-offered forge exits exits-trapped)
OURS=(x86_64)
run_table "$@"
finish
