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

root=$(cd "$(dirname "$0")/.." && pwd)
BASE=${BASE:-6.12}
QEMU=${QEMU:-${IMS_BUILD:-$root/build}/qemu/qemu-system-x86_64}
JOBS=${JOBS:-2}
out=${IMS_BUILD:-$root/build}/$BASE/idxd
table=$root/tests/idxd.tsv

# shellcheck source=tests/boot-lib.sh
. "$root/tests/boot-lib.sh"

# copy_in DIR FILE...: to the same place below DIR
copy_in()
{
	local dir=$1 file
	shift

	for file; do
		install -D "$file" "$dir$file" || die "cannot copy $file"
	done
}

# The administrator's tool and the libraries that it is linked with
add_tool()
{
	local dir=$1 tool libs

	tool=$(command -v accel-config) || die "accel-config is not installed: run scripts/deps idxd"
	libs=$(ldd "$tool" | grep -o '/[^ ]*') || die "cannot find the libraries of $tool"
	# shellcheck disable=SC2086	# one word for each library
	copy_in "$dir" $libs
	install -D "$tool" "$dir/bin/accel-config"
}

# build_modules OBJ DIR: the kernel modules of the tests, which only fit their own kernel
build_modules()
{
	rm -rf "$2"
	mkdir -p "$2" || die "cannot create $2"
	cp "$root"/tests/module/* "$root"/bench/module/{device.c,bench.h} "$2/"
	env -u BASE make -C "$1" M="$2" W=1 modules >"$2/log" 2>&1 ||
		die "the modules of the tests do not build: see $2/log"
}

# An initramfs for each kernel, with its modules
pack()
{
	local kernel=$1 dir=$out/initramfs-$1 obj name file
	obj=$(realpath "$(dirname "$(kernel_image "$1")")/../../..")

	rm -rf "$dir"
	mkdir -p "$dir/lib/modules" || die "cannot create $dir"
	for name in kunit idxd_bus idxd dmatest; do
		file=$(find "$obj/drivers/dma" "$obj/lib/kunit" -name "$name.ko")
		[ -f "$file" ] ||
			die "the $kernel kernel has no module $name.ko: run scripts/kernel $BASE $kernel"
		cp "$file" "$dir/lib/modules/"
	done
	build_modules "$obj" "$out/module-$kernel"
	cp "$out/module-$kernel/"*.ko "$dir/lib/modules/"
	cp "$(kernel_image "$kernel")" "$dir/lib/bzImage"
	cp "$out/initramfs/init" "$dir/"
	add_tool "$dir"
	(cd "$dir" && find . | cpio -o -H newc -R 0:0 --quiet) >"$dir.cpio" ||
		die "cannot pack the initramfs (cpio is needed)"
}

prepare()
{
	local kernel

	command -v "$QEMU" >/dev/null ||
		die "$QEMU is missing: run scripts/qemu, or set QEMU to a program with a dsa device"
	"$QEMU" -device help 2>/dev/null | grep -q '^name "dsa"' ||
		die "$QEMU has no dsa device: run scripts/qemu, and do not set QEMU"
	mkdir -p "$out" || die "cannot create the results directory"
	build_initramfs
	for kernel; do
		need_kernel "$kernel"
		pack "$kernel"
	done
}

usage()
{
	sed -n '4,11s/^# \{0,1\}//p' "$0" >&2
	exit 2
}

main()
{
	local kernels
	local -a wanted list

	case $* in
	"needs all") mapfile -t wanted < <(names); kernels_of "${wanted[@]}" && echo qemu; exit ;;
	needs*) kernels_of "${@:2}" && echo qemu; exit ;;
	run) wanted=(run run-off) ;;
	all) mapfile -t wanted < <(names) ;;
	"" | -*) usage ;;
	*) wanted=("$@") ;;
	esac
	kernels=$(kernels_of "${wanted[@]}") || exit
	mapfile -t list <<<"$kernels"
	prepare "${list[@]}"

	if [ "$*" = run ]; then
		echo "The guest is dressed as bare metal and runs in QEMU (TCG). Its Intel DSA device is"
		echo "emulated, too. dmatest is the kernel's own; it compares what has been copied."
		echo
		boot_rows show run
		echo
		echo "The same with ims=off:"
		boot_rows show run-off
	else
		boot_rows "" "${wanted[@]}"
	fi
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}

trap stop_guests EXIT
trap 'exit 130' INT TERM
main "$@"
