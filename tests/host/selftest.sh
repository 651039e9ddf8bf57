#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The kernel selftest for IMS by the kernel's own Makefile, on this machine and on made-up sysfs
# trees, with the debugfs in it, of which one is good and each of the others has one fault.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

LANE=selftest
base_load "${BASE:-6.12}"
tree=$BUILD/$BASE/linux
make_tmp

by_the_kernel() {
	make -C "$tree/tools/testing/selftests" TARGETS=ims O="$TMP" run_tests >"$TMP/run" 2>&1 </dev/null
	cat "$TMP/run"
	grep -E '^(not )?ok 1 selftests: ims: ims_sysfs' "$TMP/run"
}

here() {
	local rc=0

	"$TMP/kselftest/ims/ims_sysfs" >"$TMP/here" 2>&1 || rc=$?
	[[ ! -d /sys/kernel/ims || $rc == 0 ]]
	[[ -d /sys/kernel/ims ]] || grep '^1..0 # SKIP no /sys/kernel/ims: the kernel has no IMS' "$TMP/here"
	((rc == 0 || rc == 4))
}

# A sysfs with one device that uses IMS and one that does not.
made_up() {
	local d=$TMP/sys/kernel/ims p=$TMP/sys/bus/pci/devices k

	rm -rf "$TMP/sys"
	mkdir -p "$d/device_memory" "$d/queue_memory" "$d/handed_out" "$TMP/sys/kernel/debug/ims" "$p/0000:00:01.0/ims" \
		"$p/0000:00:01.0/msi_irqs" "$p/0000:00:02.0/msi_irqs"
	say auto >"$d/mode"
	for k in device_memory queue_memory handed_out; do
		say allowed >"$d/$k/verdict"
		say "bare metal" >"$d/$k/reason"
	done
	printf '%s\n' supported=1 complete=1 cpuid=0 hypervisor=none dmi=none confidential=0 viommu=0 msi=native \
		parent=rewrites isolated=0 >"$TMP/sys/kernel/debug/ims/evidence"
	p+=/0000:00:01.0
	say device-memory >"$p/ims/store"
	say 256 >"$p/ims/size"
	say 3 >"$p/ims/in_use"
	touch "$p"/msi_irqs/{24,25,26,27}
}

# Plain files can be opened for writing by root, so that check is left out here.
run_made_up() {
	"$TMP/made-up" -t mode_is_known -t verdict_has_a_reason -t off_means_refused -t evidence_is_complete \
		-t one_value_a_file -t attributes_are_well_formed -t vectors_are_listed -t interrupts_have_vectors
}

# fails CHECK FILE CONTENT: with this in the file
fails() {
	made_up
	printf '%b\n' "$3" >"$TMP/sys/$2"
	if run_made_up >"$TMP/made"; then say "it is green"; return 1; fi
	grep '^not ok' "$TMP/made"
	grep -qE "^not ok [0-9]+ [a-z]+\.(.*\.)?$1" "$TMP/made"
}

t_check "built and run by the kernel's Makefile" by_the_kernel
t_check "result on this machine" here
grep -oEm1 'SKIP no.*|Totals: .*' "$TMP/here" || :
gcc -O2 -Wall -DSYSFS="\"$TMP/sys\"" -o "$TMP/made-up" "$tree/tools/testing/selftests/ims/ims_sysfs.c"
made_up
t_check "a consistent sysfs is green" run_made_up
while IFS='|' read -r name check file content; do
	t_check "$name goes red" fails "$check" "$file" "$content"
done <<-'EOF'
	an unknown mode|mode_is_known|kernel/ims/mode|maybe
	a verdict without a reason|verdict_has_a_reason|kernel/ims/queue_memory/reason|
	ims=off that allows|off_means_refused|kernel/ims/mode|off
	evidence that is cut off|evidence_is_complete|kernel/debug/ims/evidence|supported=1\ncomplete=1\ncpuid=0
	evidence in sysfs|one_value_a_file|kernel/ims/evidence|supported=1
	two values in a file|one_value_a_file|kernel/ims/device_memory/verdict|allowed refused
	a store of no kind|attributes_are_well_formed|bus/pci/devices/0000:00:01.0/ims/store|somewhere
	more vectors in use than there are|attributes_are_well_formed|bus/pci/devices/0000:00:01.0/ims/in_use|257
	a vector which is not listed|vectors_are_listed|bus/pci/devices/0000:00:01.0/ims/in_use|5
EOF
((FAILED == 0))
