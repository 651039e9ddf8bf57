#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot guests with an emulated Intel DSA device: idxd.sh run | all | needs NAME... | [show] NAME...
#
#   run      dmatest on work queues with IMS, then the same with ims=off, for people
#   all      every line of idxd.tsv, but for that whose kernel is kcsan
#   NAME...  these lines of idxd.tsv, with show for people
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

# kselftest NAME PROGRAM...: the kernel's own selftests of directory NAME, left in $out/NAME
kselftest()
{
	local tree=${IMS_BUILD:-$root/build}/$BASE/linux name=$1 work=$out/$1
	local make=(env -u BASE make -s ARCH=x86_64)
	shift

	mkdir -p "$work" || die "cannot create $work"
	{ "${make[@]}" -C "$tree" O="$out/kheaders" headers &&
		"${make[@]}" -C "$tree/tools/testing/selftests/$name" OUTPUT="$work" \
			KHDR_INCLUDES="-isystem $out/kheaders/usr/include" LDFLAGS="-static -pthread" "${@/#/$work/}"; } >"$work/log" 2>&1 ||
		die "the kernel's selftests for $name do not build: see $work/log"
}

# add_kvm OBJ DIR: KVM, and the test of the hypercall with which a guest gets messages
add_kvm()
{
	kselftest kvm x86/device_msi_test
	cp "$out/kvm/x86/device_msi_test" "$2/bin/" || die "cannot copy the selftest of KVM"
	add_modules "$1" "$2" kvm kvm-amd
}

# add_vfio DIR: the tests of VFIO, if those of this base have a driver for DSA
add_vfio()
{
	local tests=(vfio_pci_device_test vfio_pci_driver_test vfio_iommufd_setup_test vfio_dma_mapping_test)

	[ -d "${IMS_BUILD:-$root/build}/$BASE/linux/tools/testing/selftests/vfio/lib/drivers/dsa" ] || return 0
	kselftest vfio "${tests[@]}"
	mkdir "$1/vfio"
	cp "${tests[@]/#/$out/vfio/}" "$1/vfio/" || die "cannot copy the selftests of VFIO"
}

# The administrator's tool with the attributes of processes, for the row that tries it. Whether its source can be
# had, and whether that is the version which we change, is not for us to judge.
ACCEL=
leave_out()
{
	local dir=${IMS_BUILD:-$root/build}/accel-config version why

	[[ " ${wanted[*]} " == *" user-accel "* ]] || return
	if why=$("$root/scripts/fetch" accel-config 2>&1) && why=$("$root/scripts/accel-config" 2>&1); then
		ACCEL=$dir/root/bin/accel-config
		return
	fi
	version=$(sed -n 's/^VERSION := //p' "$root/accel-config/accel-config.mk")
	! compgen -G "$dir/dl/*_${version}[-+]*.dsc" >/dev/null || die "$(tail -1 <<<"$why")"
	say "skip - user-accel: accel-config with the attributes of processes ($(tail -1 <<<"$why"))"
	mapfile -t wanted < <(printf '%s\n' "${wanted[@]}" | grep -vx user-accel)
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
	[ -z "$ACCEL" ] || add_program "$dir" "$ACCEL" accel-config-ims
	mkdir "$dir/conf"
	cp /etc/accel-config/contrib/configs/*.conf "$dir/conf/" || die "cannot copy the samples of accel-config"
	tool=/usr/libexec/accel-config/test/dsa_test
	[ -x "$tool" ] || die "accel-config-test is not installed: run scripts/deps idxd"
	add_program "$dir" "$tool" dsa_test
	kselftest ims_dsa dsa_copy ims_dsa
	cp "$out/ims_dsa/"{dsa_copy,ims_dsa} "$dir/bin/" || die "cannot copy the selftests of processes"
	[ "$kernel" != boot ] || { add_kvm "$obj" "$dir"; add_vfio "$dir"; }
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
