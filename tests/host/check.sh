#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Negative controls: a fault planted in a copy of the series turns the gate for it red, each of
# them alone; and without what a gate needs there is one clear line.
# Arguments are gates; without, all but the one with builds.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=check
base_load "${BASE:-6.12}"
copy=$BUILD/check
make_tmp

undo() { rm -rf "$copy"; }

# A copy of what the gates look at, where the scripts have a directory of their own
plain() {
	copy_series "$copy"
	rm -rf "$copy/scripts"
	mkdir -p "$copy/scripts"
	cp -r "$TOP/scripts" "$TOP/tests" "$TOP/bases" "$copy/scripts/"
}

gate() {
	IMS_BUILD=$copy/build IMS_PATCHES=$copy/patches IMS_OVERLAY=$copy/overlay "$copy/scripts/scripts/check" "$BASE" "$1" >"$TMP/gate" 2>&1
}

# plant GATE NAME PATTERN COMMAND...: the fault is planted with the command, in the copy, and
# told by a line that matches
names=() patterns=()
plant() {
	[[ " $wanted " == *" $1 "* ]] || return 0
	names+=("$2")
	patterns+=("$3")
	shift 3
	(cd "$copy" && "$@")
}

# controls GATE: one run for all that was planted for the gate
controls() {
	local i

	((${#names[@]})) || return 0
	if gate "$1" || ! grep -q '^not ok - ' "$TMP/gate"; then
		t_fail "$1 is red for anything" "$(tail -1 "$TMP/gate")"
	fi
	for i in "${!names[@]}"; do
		t_check "$1 is red for ${names[i]}" grep -E -- "^  \| .*(${patterns[i]})" "$TMP/gate"
	done
	names=() patterns=()
	plain
}

# append FILE LINE...
append() {
	local file=$1

	shift
	printf '%s\n' "$@" >>"$file"
}

lost_page() {
	append overlay/Documentation/PCI/lost.rst '.. SPDX-License-Identifier: GPL-2.0' '' ==== Lost ====
	append patches/ims-docs/files Documentation/PCI/lost.rst
}

# A PATH with everything but Sphinx
no_sphinx() {
	mkdir "$TMP/bin"
	ln -s /usr/bin/* "$TMP/bin/"
	rm -f "$TMP/bin/sphinx-build"
	refuses "sphinx-build is not installed: run scripts/deps" env PATH="$TMP/bin" IMS_BUILD="$copy/build" "$TOP/scripts/check" "$BASE" docs
}

wanted=${*:-layout checkpatch kerneldoc spdx kconfig maintainers cocci docs shellcheck}
source=overlay/kernel/irq/msi_ims.c
rm -rf "$copy"
copy_build "$copy"
plain

plant layout "a file that no patch lists" "ims_extra.c is in no files list" append overlay/kernel/irq/ims_extra.c ''
plant layout "a file that asks for the kernel version" LINUX_VERSION_CODE append "$source" '#if LINUX_VERSION_CODE > 1' '#endif'
plant layout "a hunk that is in two diffs" "move it to common.diff" cp patches/ims-docs/{6.12,7.3}.diff
plant layout "a hunk for MAINTAINERS" "edits MAINTAINERS: write it into" append patches/ims-core/common.diff "+++ b/MAINTAINERS"
plant layout "a patch that the series forgets" "forgotten is not in patches/series" mkdir patches/forgotten
controls layout

plant checkpatch "a spelling mistake" "msi_ims.c.*TYPO_SPELLING" append "$source" "/* The adress */"
plant checkpatch "a bad message" "0[0-9]+-.*BAD_FIXES_TAG" append patches/ims-core/msg "" "Fixes: 123456 (nothing)"
# fewer patches take less time
[[ " $wanted " != *" checkpatch "* ]] || sed -i '/^ims-core$/q' "$copy/patches/series"
controls checkpatch

plant kerneldoc "a header with a fault" "irqdomain_ims.h.*not described" append overlay/include/linux/irqdomain_ims.h \
	'/**' ' * struct ims_x - It' ' * @a: one' ' */' 'struct ims_x {' '	int a;' '	int b;' '};'
controls kerneldoc

plant spdx "an unknown license" "Invalid License ID" sed -i '1s/GPL-2.0.*/GPL-9.9/' "$source"
plant spdx "a file without a license" "has no SPDX tag" sed -i 1d overlay/kernel/irq/msi_ims_policy.c
controls spdx

plant kconfig "a symbol that nobody defines" IMS_NOWHERE append "$source" '#ifdef CONFIG_IMS_NOWHERE' '#endif'
controls kconfig

plant maintainers "files that the entry excludes" "kernel/irq/msi_ims.c is not in section" sed -i '/^S:/a X:	kernel/irq/' overlay/MAINTAINERS
controls maintainers

plant cocci "a needless semicolon" "[Uu]nneeded semicolon" append "$source" \
	'int ims_x(int a)' '{' '	switch (a) {' '	case 1:' '		return 2;' '	};' '	return 0;' '}'
controls cocci

plant docs "a page with a fault" "ims.rst.*nothing" append overlay/Documentation/PCI/ims.rst '' '.. nothing::' ''
plant docs "a page that is in no table of contents" "lost.rst.*toctree" lost_page
controls docs

plant shellcheck "an unquoted variable" SC2086 append scripts/scripts/tree "rm \$dir"
controls shellcheck
plant build "a warning of W=1" "set but not used" append "$source" \
	'int ims_x(void);' 'int ims_x(void)' '{' '	int a;' '' '	a = 1;' '	return 0;' '}'
plant build "a mixture of address spaces" "different address spaces" append "$source" \
	'void __iomem *ims_y(void);' 'void __iomem *ims_y(void)' '{' '	return (void *)1;' '}'
controls build
[[ " $wanted " != *" docs "* ]] || t_check "docs without Sphinx ends with one clear line" no_sphinx
((FAILED == 0))
