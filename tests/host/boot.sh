#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot test guests and report: boot.sh run | all | selftest | needs NAME... | NAME...
#
#   run       the main scenario, with its table, for people
#   all       every line of boot.tsv and the self-test
#   selftest  prove that a guest that hangs, dies or stays silent goes red
#   NAME...   these lines of boot.tsv
#   needs     which kernels these lines, or all, take
#
# Environment: BASE (6.12), QEMU (qemu-system-x86_64), JOBS (guests at a time),
# KERNEL (an image to boot instead of those that the lines name).

set -u -o pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
BASE=${BASE:-6.12}
QEMU=${QEMU:-qemu-system-x86_64}
JOBS=${JOBS:-2}
out=${IMS_BUILD:-$root/build}/$BASE/boot
table=$root/tests/tables/boot.tsv

# shellcheck source=tests/host/boot-lib.sh
. "$root/tests/host/boot-lib.sh"

# red NAME STEPS LIMIT WANT: boot a bad guest, pass if the report has WANT.
red()
{
	local name=harness-$1

	guest "$name" boot 1 bare - "$2" "$3" &
	wait $!
	expect_red "$name" "$1" "$4"
}

expect_red()
{
	local report

	report=$(judge "$1")
	if grep -q "^not ok - .*$3" <<<"$report"; then
		ok "harness: $2 goes red: $(grep -m 1 -o "$3.*" <<<"$report" | cut -d ';' -f 1)"
	else
		not_ok "harness: $2 does not go red: ${report:-no result at all}"
	fi
}

# canned NAME VERDICT WANT: the same without a guest, on a made-up verdict.
canned()
{
	local name=harness-$1

	printf '%b' "$2" >"$out/$name.verdict"
	: >"$out/$name.console"
	echo "0 1" >"$out/$name.exit"
	expect_red "$name" "$1" "$3"
}

selftest()
{
	local hang

	guest harness-hang boot 1 bare - hang 20 &
	hang=$!
	red die die 90 'guest panicked'
	red mute mute 90 'guest ended without a verdict'
	red fail fail 90 'a check that fails: on purpose'
	red no-such-step typo 90 'scenario has known steps only: typo'
	canned miscount 'ok - one\ndone 2 0\n' "guest says 'done 2 0', 1 and 0 arrived"
	canned nothing 'done 0 0\n' 'guest tested nothing'
	canned cut-off 'ok - one\nok - tw' 'guest ended without a verdict'
	QEMU=false red no-qemu nothing 90 'qemu failed'
	wait "$hang"
	expect_red harness-hang hang 'guest hung, ended after 20 s'
}

scenario()
{
	echo "The guest is dressed as bare metal: it runs in QEMU (TCG), with the hypervisor bit"
	echo "hidden, a hardware vendor's name in DMI and an emulated VT-d interrupt remapping unit."
	echo "The device, edu, is an emulated one, too: QEMU's own, unmodified."
	echo
	boot_rows show run
}

SCENES=(run)
OURS=()
if [ "$*" = selftest ]; then
	prepare boot
else
	run_table "$@"
fi
case $* in
all | selftest) selftest ;;
esac
finish
