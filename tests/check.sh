#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Negative controls: a fault planted in a copy of the series turns the gate for it red, each of
# them alone; and without what a gate needs there is one clear line.
# Arguments are gates; without, all but the one with builds.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=check
base_load "${BASE:-6.12}"
copy=$BUILD/check
make_tmp

undo() { rm -rf "$copy"; }

# A copy of what the gates look at
new_copy() {
	rm -rf "$copy"
	copy_build "$copy"
	plain
}

plain() {
	copy_series "$copy"
	rm -rf "$copy/scripts"
	mkdir -p "$copy/scripts"
	cp -r "$TOP/scripts" "$TOP/tests" "$copy/scripts/"
}

gate() {
	IMS_BUILD=$copy/build IMS_PATCHES=$copy/patches IMS_OVERLAY=$copy/overlay IMS_SCRIPTS=$copy/scripts \
		"$TOP/scripts/check" "$BASE" "$1" >"$TMP/gate" 2>&1
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
		if grep -qE -- "^  \| .*(${patterns[i]})" "$TMP/gate"; then
			t_ok "$1 is red for ${names[i]}"
		else
			t_fail "$1 is red for ${names[i]}" "it says $(head -1 "$TMP/gate")"
		fi
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

unlisted() { append overlay/kernel/irq/ims_extra.c '// SPDX-License-Identifier: GPL-2.0'; }
version_ladder() { append "$source" '#if LINUX_VERSION_CODE > 1' '#endif'; }
disowned() { sed -i '/^S:/a X:	kernel/irq/' overlay/MAINTAINERS; }
lost_page() {
	append overlay/Documentation/PCI/lost.rst '.. SPDX-License-Identifier: GPL-2.0' '' ==== Lost ====
	append patches/ims-docs/files Documentation/PCI/lost.rst
}

twin() {
	local slug

	for slug in $(list_read patches/series); do
		[[ -f patches/$slug/6.12.diff && -f patches/$slug/7.3.diff ]] || continue
		cp "patches/$slug/6.12.diff" "patches/$slug/7.3.diff"
		return
	done
	die "no patch has a diff for each base"
}

no_tool() {
	local rc=0

	gate_without "$1" "$2" || rc=$?
	if ((rc != 0)) && (($(wc -l <"$TMP/gate") == 1)) && grep -qE -- "$2 is not installed: run scripts/deps" "$TMP/gate"; then
		t_ok "$1 without $2 ends with one clear line"
	else
		t_fail "$1 without $2" "$(tail -1 "$TMP/gate")"
	fi
}

# A PATH with everything but the one tool.
gate_without() {
	local d

	mkdir -p "$TMP/bin"
	while IFS= read -r -d : d; do
		find -L "$d" -maxdepth 1 -type f -executable ! -name "$2" -exec ln -sf -t "$TMP/bin" {} + 2>/dev/null || :
	done <<<"$PATH:"
	PATH=$TMP/bin gate "$1"
}

wanted=${*:-layout checkpatch kerneldoc spdx kconfig maintainers cocci docs shellcheck}
source=overlay/kernel/irq/msi_ims.c
new_copy

plant layout "a file that no patch lists" "ims_extra.c is in no files list" unlisted
plant layout "a file that asks for the kernel version" LINUX_VERSION_CODE version_ladder
plant layout "a hunk that is in two diffs" "move it to common.diff" twin
plant layout "a hunk for MAINTAINERS" "edits MAINTAINERS: write it into" append patches/ims-core/common.diff "+++ b/MAINTAINERS"
plant layout "a patch that the series forgets" "forgotten is not in patches/series" mkdir patches/forgotten
controls layout

plant checkpatch "a line that ends in a blank" "msi_ims.c.*TRAILING_WHITESPACE" append "$source" "int x; "
plant checkpatch "a spelling mistake" "msi_ims.c.*TYPO_SPELLING" append "$source" "/* The adress */"
plant checkpatch "a bad message" "0[0-9]+-.*BAD_FIXES_TAG" append patches/ims-core/msg "" "Fixes: 123456 (nothing)"
IMS_ONLY='kernel/irq/msi_ims\.c' controls checkpatch

plant kerneldoc "a parameter without a description" "msi_ims.c.*not described" append "$source" \
	'/**' ' * ims_x - Does it' ' * @a: one' ' *' ' * Return: nothing' ' */' 'int ims_x(int a, int b)' '{' '}'
plant kerneldoc "a header with a fault" "irqdomain_ims.h.*not described" append overlay/include/linux/irqdomain_ims.h \
	'/**' ' * struct ims_x - It' ' * @a: one' ' */' 'struct ims_x {' '	int a;' '	int b;' '};'
controls kerneldoc

plant spdx "an unknown license" "Invalid License ID" sed -i '1s/GPL-2.0.*/GPL-9.9/' "$source"
plant spdx "a file without a license" "has no SPDX tag" sed -i 1d overlay/kernel/irq/msi_ims_policy.c
controls spdx

plant kconfig "a symbol that nobody defines" IMS_NOWHERE append "$source" '#ifdef CONFIG_IMS_NOWHERE' '#endif'
controls kconfig

plant maintainers "files that the entry excludes" "kernel/irq/msi_ims.c is not in section" disowned
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
[[ " $wanted " != *" docs "* ]] || no_tool docs sphinx-build
((FAILED == 0))
