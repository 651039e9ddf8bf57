#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Source compatibility: drivers in tests/host/api/ compile with the flags of the built kernel,
# with PCI_IMS and, against the inline replacements, without it.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

LANE=api
base_load "${BASE:-6.12}"
make_tmp
obj=$BUILD/$BASE/obj-boot
saved=$obj/samples/ims/.edu_ims.o.cmd
[[ -r $saved ]] || die "$saved is missing: run scripts/kernel $BASE boot"

# compiles SOURCE FLAG...: with the command that built the sample
compiles() {
	local source=$1 command

	shift
	command=$(sed -n '1s/^savedcmd_[^ ]* := //p' "$saved" | sed 's/ -c -o .*//')
	[[ $command == *" -nostdinc "* ]] || die "$saved holds no command: run make clean"
	(cd "$obj" && eval "$command -Wp,-MMD,$TMP/d -Wno-unused-function $* -c -o $TMP/o $source") 2>"$TMP/log" ||
		{ grep -m1 -E 'error|warning' "$TMP/log"; return 1; }
}

for f in "$TOP"/tests/host/api/*.c; do
	for flag in -DCONFIG_PCI_IMS=1 -UCONFIG_PCI_IMS; do
		# After autoconf.h, which -include brings in on the command line
		printf '%s\n' '#undef CONFIG_PCI_IMS' >"$TMP/flag.h"
		[[ $flag != -D* ]] || printf '%s\n' '#define CONFIG_PCI_IMS 1' >>"$TMP/flag.h"
		t_check "${f##*/} compiles with $flag" compiles "$f" -include "$TMP/flag.h" -Werror
	done
done

# The lane can fail: the check is red for a driver that uses what never existed
printf '%s\n' '#include <linux/pci.h>' 'int f(struct pci_dev *p) { return pci_ims_nothing(p); }' >"$TMP/bad.c"
t_check "harness: an unknown function is an error" no compiles "$TMP/bad.c"
((FAILED == 0))
