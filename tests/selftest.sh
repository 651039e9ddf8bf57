#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel selftest for IMS by the kernel's own Makefile, on this machine and on made-up sysfs
# trees, with the debugfs in it, of which one is good and each of the others has one fault.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"

LANE=selftest
base_load "${BASE:-6.12}"
tree=$BUILD/$BASE/linux
evidence=kernel/debug/ims/evidence
make_tmp

by_the_kernel() {
	make -C "$tree/tools/testing/selftests" TARGETS=ims O="$TMP" run_tests >"$TMP/run" 2>&1 </dev/null
	grep -qE '^(not )?ok 1 selftests: ims: ims_sysfs' "$TMP/run"
}

here() {
	local rc=0

	"$TMP/kselftest/ims/ims_sysfs" >"$TMP/here" 2>&1 || rc=$?
	if [[ -d /sys/kernel/ims ]]; then
		((rc == 0))
	else
		((rc == 4)) && grep -q '^1..0 # SKIP no /sys/kernel/ims: the kernel has no IMS' "$TMP/here"
	fi
}

# A sysfs with one device that uses IMS and one that does not.
made_up() {
	local d=$1/kernel/ims p=$1/bus/pci/devices k

	rm -rf "$1"
	mkdir -p "$d/device_memory" "$d/queue_memory" "$1/kernel/debug/ims" "$p/0000:00:01.0/ims" \
		"$p/0000:00:01.0/msi_irqs" "$p/0000:00:02.0/msi_irqs"
	say auto >"$d/mode"
	for k in device_memory queue_memory; do
		say allowed >"$d/$k/verdict"
		say "bare metal" >"$d/$k/reason"
	done
	printf '%s\n' supported=1 complete=1 cpuid=0 hypervisor=none dmi=none confidential=0 viommu=0 msi=native \
		parent=rewrites >"$1/$evidence"
	p+=/0000:00:01.0
	say device-memory >"$p/ims/store"
	say 256 >"$p/ims/size"
	say 3 >"$p/ims/in_use"
	touch "$p"/msi_irqs/{24,25,26,27}
}

# Plain files can be opened for writing by root, so that check is left out here.
run_made_up() { "$TMP/made-up" -t mode_is_known -t verdict_has_a_reason -t off_means_refused -t evidence_is_complete \
	-t one_value_a_file -t attributes_are_well_formed -t vectors_are_listed -t interrupts_have_vectors >"$TMP/out" 2>&1; }

# red NAME CHECK FILE CONTENT: with this in the file, the check fails
red() {
	made_up "$TMP/sys"
	printf '%s\n' "$4" >"$TMP/sys/$3"
	if run_made_up; then
		t_fail "$1 goes red" "it is green"
	elif grep -qE "^not ok [0-9]+ [a-z]+\.(.*\.)?$2" "$TMP/out"; then
		t_ok "$1 goes red"
	else
		t_fail "$1 goes red" "$(grep '^not ok' "$TMP/out" | head -1)"
	fi
}

if by_the_kernel; then t_ok "built and run by the kernel's Makefile"; else t_fail "built by the kernel's Makefile" "$(tail -1 "$TMP/run")"; fi
if here; then t_ok "result on this machine: $(grep -oE 'SKIP no.*|Totals: .*' "$TMP/here" | head -1)"; else t_fail "result on this machine" "$(tail -1 "$TMP/here")"; fi

gcc -O2 -Wall -DSYSFS="\"$TMP/sys\"" -o "$TMP/made-up" "$tree/tools/testing/selftests/ims/ims_sysfs.c"
made_up "$TMP/sys"
if run_made_up; then t_ok "a consistent sysfs is green"; else t_fail "a consistent sysfs is green" "$(grep -m1 '^not ok' "$TMP/out")"; fi
dev=bus/pci/devices/0000:00:01.0/ims
red "an unknown mode" mode_is_known kernel/ims/mode maybe
red "a verdict without a reason" verdict_has_a_reason kernel/ims/queue_memory/reason ""
red "ims=off that allows" off_means_refused kernel/ims/mode off
red "evidence without a value" evidence_is_complete $evidence $'supported=\ncomplete=1'
red "evidence that is cut off" evidence_is_complete $evidence $'supported=1\ncomplete=1\ncpuid=0'
red "evidence in one line" evidence_is_complete $evidence "supported=1 complete=1 cpuid=0"
red "evidence in sysfs" one_value_a_file kernel/ims/evidence "supported=1"
red "two values in a file" one_value_a_file kernel/ims/device_memory/verdict "allowed refused"
red "a store of no kind" attributes_are_well_formed $dev/store somewhere
red "a count that is no number" attributes_are_well_formed $dev/in_use many
red "more vectors in use than there are" attributes_are_well_formed $dev/in_use 257
red "a store without room" attributes_are_well_formed $dev/size 0
red "a vector which is not listed" vectors_are_listed $dev/in_use 5
((FAILED == 0))
