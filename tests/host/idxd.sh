#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot guests with an emulated Intel DSA device: idxd.sh run | all | needs NAME... | NAME...
#
#   run      dmatest on work queues with IMS, then the same with ims=off, for people
#   all      every line of idxd.tsv
#   NAME...  these lines of idxd.tsv
#   needs    which kernels these lines, or all, take, and "qemu"
#
# Environment: BASE (6.12), QEMU (the one that scripts/qemu builds), JOBS (guests at a time).

set -u -o pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
BASE=${BASE:-6.12}
QEMU=${QEMU:-${IMS_BUILD:-$root/build}/qemu/qemu-system-x86_64}
JOBS=${JOBS:-2}
out=${IMS_BUILD:-$root/build}/$BASE/idxd
table=$root/tests/tables/idxd.tsv

# shellcheck source=tests/host/boot-lib.sh
. "$root/tests/host/boot-lib.sh"
# shellcheck source=tests/host/pack-lib.sh
. "$root/tests/host/pack-lib.sh"

# add_kvm OBJ DIR: KVM, and the kernel's own test of the hypercall with which a guest gets messages
add_kvm()
{
	local tree=${IMS_BUILD:-$root/build}/$BASE/linux work=$out/kvm
	local make=(env -u BASE make -s ARCH=x86_64)

	mkdir -p "$work/selftest"
	{ "${make[@]}" -C "$tree" O="$work/headers" headers &&
		"${make[@]}" -C "$tree/tools/testing/selftests/kvm" OUTPUT="$work/selftest" \
			KHDR_INCLUDES="-isystem $work/headers/usr/include" LDFLAGS=-static \
			"$work/selftest/x86/device_msi_test"; } >"$work/log" 2>&1 ||
		die "the selftest of KVM does not build: see $work/log"
	cp "$work/selftest/x86/device_msi_test" "$2/bin/" || die "cannot copy the selftest of KVM"
	add_modules "$1" "$2" kvm kvm-amd
}

# An initramfs for each kernel, with its modules
pack()
{
	local kernel=$1 dir=$out/initramfs-$1 obj tool
	obj=$(objects_of "$kernel")

	rm -rf "$dir"
	add_modules "$obj" "$dir" kunit idxd_bus idxd dmatest
	build_modules "$kernel" "$out/module-$kernel" "${TEST_MODULES[@]}"
	cp "$out/module-$kernel/"*.ko "$dir/lib/modules/"
	cp "$(kernel_image "$kernel")" "$dir/lib/bzImage"
	cp "$out/initramfs/"{init,ims_vfio} "$dir/"
	# the administrator's tool
	tool=$(command -v accel-config) || die "accel-config is not installed: run scripts/deps idxd"
	add_program "$dir" "$tool" accel-config
	[ "$kernel" != boot ] || add_kvm "$obj" "$dir"
	pack_dir "$dir"
}

# The emulator for guests that attack it
watch_emulator()
{
	local build=${IMS_BUILD:-$root/build}/qemu

	[[ $(for name in "$@"; do row "$name"; done) != *hostile* ]] && return
	export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=halt_on_error=1
	ASAN=$(python3 "$root/tests/qtest/asan.py" "$build/obj" "$build/asan" 2>"$out/asan.log") ||
		die "cannot compile the emulator with AddressSanitizer: see $out/asan.log"
}

scenario()
{
	echo "The guest is dressed as bare metal and runs in QEMU (TCG). Its Intel DSA device is"
	echo "emulated, too. dmatest is the kernel's own; it compares what has been copied."
	echo
	boot_rows show run
	echo
	echo "The same with ims=off:"
	boot_rows show run-off
}

SCENES=(run run-off)
OURS=(x86_64)
run_table "$@"
finish
