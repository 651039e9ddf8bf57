#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test the QEMU that scripts/qemu builds: the DSA model over the qtest protocol, under
# AddressSanitizer, options that make no sense, and MOVDIR64B in a guest.
#
# Environment: BASE (6.12), the boot kernel of which is used.

set -u -o pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
BASE=${BASE:-6.12}
build=${IMS_BUILD:-$root/build}
out=$build/$BASE/qemu
export QEMU=$build/qemu/qemu-system-x86_64
export PYTHONDONTWRITEBYTECODE=1

# For what boot-lib.sh does with a table of guests; there are two here, and no table.
table=/dev/null
JOBS=1

# shellcheck source=tests/host/boot-lib.sh
. "$root/tests/host/boot-lib.sh"

# A file of checks prints its own result lines; it must end by itself, and agree.
checks()
{
	local name=$1 line status=none bad=$failed

	while IFS= read -r line; do
		case $line in
		"ok - "*) ok "${line#ok - }" ;;
		"not ok - "*) not_ok "${line#not ok - }" ;;
		"status "*) status=${line#status } ;;
		*) echo "$line" ;;
		esac
	done < <(QEMU=$asan ASAN_OPTIONS=detect_leaks=0 timeout -k 5 180 python3 "$root/tests/qtest/$name.py" 2>&1
		 echo "status $?")
	[ "$status" = $((failed > bad)) ] || not_ok "qemu: $name: ended with status $status, see above"
}

# The test that goes upstream with the device, in QEMU's own manner
own_test()
{
	local test=tests/qtest/dsa-test line status=none bad=$failed

	# ninja starts the meson that QEMU was configured with
	PYTHONPATH=$build/qemu/meson/usr/lib/python3/dist-packages \
		ninja -C "$build/qemu/obj" $test >"$out/dsa-test.log" 2>&1 || {
		not_ok "qemu: dsa-test does not compile, see $out/dsa-test.log"
		return
	}
	while IFS= read -r line; do
		case $line in
		"ok "*) ok "qemu: dsa-test ${line#ok }" ;;
		"not ok "*) not_ok "qemu: dsa-test ${line#not ok }" ;;
		"status "*) status=${line#status } ;;
		esac
	done < <(QTEST_QEMU_BINARY=$asan ASAN_OPTIONS=detect_leaks=0 timeout -k 5 180 "$build/qemu/obj/$test" --tap -k 2>>"$out/dsa-test.log"
		 echo "status $?")
	[ "$status" = $((failed > bad)) ] || not_ok "qemu: dsa-test: ended with status $status, see $out/dsa-test.log"
}

# refuses WHAT PATTERN ARGUMENT...: QEMU ends at once, with one line that matches.
refuses()
{
	local what=$1 pattern=$2 said rc=0
	shift 2

	said=$(timeout -k 5 30 "$QEMU" -accel qtest -nodefaults -display none "$@" 2>&1 </dev/null) || rc=$?
	if [ "$rc" = 1 ] && [ "$(wc -l <<<"$said")" = 1 ] && grep -q -- "$pattern" <<<"$said"; then
		ok "qemu: bad input: $what"
	else
		not_ok "qemu: bad input: $what: status $rc, said: ${said//$'\n'/; }"
	fi
}

bad_input()
{
	local prop want

	while IFS=: read -r prop want; do
		refuses "$prop" "$want" -machine q35 -device "dsa,$prop"
	done <<-'EOF'
		wqs=0:wqs=0 is out of range, use 1 to 64
		wqs=65:wqs=65 is out of range
		wqs=many:wqs
		engines=65:use 1 to 64
		groups=0:use 1 to 64
		wq-size=0:use 1 to 4096
		vectors=1:use 2 to 2048
		vectors=2049:use 2 to 2048
		ims-slots=100:not a multiple of 256
		ims-slots=16384:use 0 to 16128
		ims-offset=0x40010:not a multiple of 0x100
		ims-offset=0x1000000:out of range
		fault-cmd=300:fault-cmd
		halt=0:at run time only
		revoke-handles=on:at run time only
	EOF
	refuses "no PCI Express" "use -machine q35" -machine q35 -device pci-bridge,id=b,chassis_nr=1 -device dsa,bus=b,addr=1
}

# The platform of a guest is the name of a CPU here.
# shellcheck disable=SC2034	# for boot-lib.sh
MACHINE=set_machine
set_machine()
{
	machine=(-machine q35 -cpu "$1")
}

instruction()
{
	need_kernel boot
	mkdir -p "$out" || die "cannot create the results directory"
	build_initramfs
	guest movdir64b boot 2 max - movdir64b 90
	judge movdir64b
	guest movdir64b-off boot 1 max,-movdir64b - movdir64b=off 90
	judge movdir64b-off
}

[ $# = 0 ] || die "usage: tests/host/qemu.sh"
[ -x "$QEMU" ] || die "no $QEMU: run scripts/qemu"
mkdir -p "$out"
asan=$(python3 "$root/tests/qtest/asan.py" "$build/qemu/obj" "$build/qemu/asan" 2>"$out/asan.log") ||
	die "cannot compile the model with AddressSanitizer: see $out/asan.log"
for name in registers commands descriptors ims faults unplug power remap remap_amd rubbish; do
	checks "$name"
done
own_test
bad_input
instruction
finish
