#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot the guests of make bench, see scripts/bench: run.sh PASS NAME...
#
#   PASS     count-1, count-2: instructions are counted; clock: they are not; trace: some of
#            them are logged
#   NAME...  lines of bench.tsv; cost-its, which is an arm64 machine, goes with no other
#
# Environment: BASE (6.12), QEMU (the one that scripts/qemu builds), JOBS (guests at a time).

set -u -o pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
BASE=${BASE:-6.12}
target=x86_64
[[ " ${*:2} " != *" cost-its "* ]] || target=aarch64
QEMU=${QEMU:-${IMS_BUILD:-$root/build}/qemu/qemu-system-$target}
JOBS=${JOBS:-2}
results=${IMS_BUILD:-$root/build}/$BASE/bench
table=$root/bench/bench.tsv
out=$results/${1-}

# shellcheck source=tests/host/boot-lib.sh
. "$root/tests/host/boot-lib.sh"
if [ $target = aarch64 ]; then
	# shellcheck source=tests/host/arm64-lib.sh
	. "$root/tests/host/arm64-lib.sh"
fi

# An initramfs for each kernel, with the module that fits it
pack()
{
	local kernel=$1 dir=$out/initramfs-$1

	rm -rf "$dir"
	install -D "$results/module-$kernel/ims_bench.ko" "$dir/lib/modules/ims_bench.ko" ||
		die "there is no module for the $kernel kernel: run scripts/bench $BASE"
	cp "$out/initramfs/init" "$dir/"
	pack_dir "$dir"
}

# A guest that logs instructions: sum them up, the log itself is large.
trace()
{
	local name=$1 log=$out/$1.log mark

	local QEMU_ARGS=("${QEMU_ARGS[@]}" -D "$log")
	boot_rows "" "$name"
	mark=$(sed -n 's/^# row mark,//p' "$out/$name.verdict")
	python3 "$root/bench/profile.py" "$results/../obj-bench/System.map" "$TRACED" "$mark" "$log" \
		>"$out/$name.csv" || not_ok "$name: no profile"
	rm -f "$log"
}

# Sets QEMU_ARGS and runs the guests.
run_pass()
{
	local pass=$1 name
	shift

	[ "$pass" = clock ] || QEMU_ARGS=(-icount "shift=0,sleep=off")
	if [ "$pass" = trace ]; then
		for name; do
			trace "$name"
		done
	else
		boot_rows "" "$@"
	fi
}

main()
{
	local kernels

	[ $# -gt 1 ] || die "usage: bench/run.sh PASS NAME..."
	case $1 in
	count-1 | count-2 | clock | trace) ;;
	*) die "unknown pass '$1': use count-1, count-2, clock or trace" ;;
	esac
	kernels=$(kernels_of "${@:2}") || exit
	# shellcheck disable=SC2086	# one word for each kernel
	prepare $kernels
	run_pass "$@"
	finish
}

OURS=("$target")
# So many vectors are in a profile, see the steps of trace-* in bench.tsv
TRACED=128
MEMORY=2G
main "$@"
