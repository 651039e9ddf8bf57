#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/refresh and scripts/series on a miniature kernel, and on the real series.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"

LANE=series
make_tmp
cd "$TMP"
ln -s "$TOP/scripts" scripts

check() {
	local name=$1

	shift
	if "$@" >"$TMP/out" 2>&1; then t_ok "$name"; else t_fail "$name" "$(tail -1 "$TMP/out")"; fi
}

diffs() { (cd "${1:-patches}" && find . -name '*.diff' | sort | xargs -d '\n' sha256sum); }

refresh() { scripts/refresh "${R_BASE:-6.12}" "$@"; }

# says PATTERN COMMAND...: fails with one line on stderr that matches
says() {
	local pattern=$1

	shift
	! "$@" 2>err >/dev/null || return 1
	cat err
	(($(wc -l <err) == 1)) && grep -qE -- "$pattern" err
}

tidy() {
	refresh
	grep -q '^index [0-9a-f]\{12\}\.\.' patches/one/common.diff && diffs >d1 && refresh && diffs >d2 && cmp d1 d2
}

edit_moves_later() {
	refresh --edit one drivers/b.c kernel/a.c
	sed -i '8i int first;' build/6.12/refresh/kernel/a.c
	refresh
	grep -q '^+int first;' patches/one/common.diff && grep -q '^ int first;' patches/two/common.diff &&
		scripts/tree 6.12 && grep -q 'long a' build/6.12/linux/kernel/a.c && diffs >d1 && refresh && diffs >d2 && cmp d1 d2
}

# The edit of a line that a later patch changes as well.
conflicts() {
	refresh --edit one kernel/a.c
	sed -i 's/int a;/int aa;/' build/6.12/refresh/kernel/a.c
	says "patch two/common conflicts in kernel/a.c: resolve it" refresh &&
		says "patch two/common conflicts in kernel/a.c: resolve it" refresh && diffs >d2 && cmp d1 d2
}

resolved() {
	sed -i '/^<<<<<<</,/^>>>>>>>/c long aa;' build/6.12/refresh/kernel/a.c
	refresh
	grep -q '^-int aa;' patches/two/common.diff && grep -q '^+int aa;' patches/one/common.diff
}

aborted() {
	diffs >d1
	refresh --edit two
	say 'int c;' >>build/6.12/refresh/kernel/a.c
	refresh --abort
	refresh
	diffs >d2
	cmp d1 d2
}

part_is_new() {
	refresh --edit one/6.12
	say 'obj-y += only.o' >>build/6.12/refresh/kernel/Makefile
	refresh
	grep -q '^+obj-y += only.o' patches/one/6.12.diff && ! grep -q only patches/one/common.diff
}

part_goes() {
	refresh --edit one
	sed -i '/only/d' build/6.12/refresh/kernel/Makefile
	refresh
	[[ ! -e patches/one/6.12.diff ]]
}

# A file with room for context.
long_file() {
	printf 'int %s;\n' k1 k2 k3 k4 a l1 l2 l3 l4 l5 l6 >src/linux-source-6.12/kernel/a.c
	tar -C src -cJf linux.tar.xz linux-source-6.12
}

# Another base, with a line more above: the shared diff keeps the numbers of the oldest.
other_base() {
	cp -r src/linux-source-6.12 src/linux-source-7.9
	sed -i 's/^VERSION.*/VERSION = 7/; s/^PATCHLEVEL.*/PATCHLEVEL = 9/' src/linux-source-7.9/Makefile
	sed -i '1i int zero;' src/linux-source-7.9/kernel/a.c
	tar -C src -cJf linux79.tar.xz linux-source-7.9
	sed "s/6\.12/7.9/; s/linux.tar.xz/linux79.tar.xz/" bases/6.12.mk >bases/7.9.mk
	cp patches/two/6.12.diff patches/two/7.9.diff
	diffs >d1
	scripts/tree 7.9 && R_BASE=7.9 refresh && diffs >d2 && cmp d1 d2
}

split_path() {
	refresh --split two kernel/a.c
	R_BASE=7.9 refresh --edit two/7.9 kernel/a.c
	sed -i 's/int aa/long aa/' build/7.9/refresh/kernel/a.c
	refresh && R_BASE=7.9 refresh
	[[ ! -e patches/two/common.diff ]] && grep -q 'long aa' patches/two/6.12.diff && grep -q 'long aa' patches/two/7.9.diff &&
		scripts/tree 7.9 && grep -q 'long aa' build/7.9/linux/kernel/a.c
}

new_file() {
	refresh --edit two
	say hello >build/6.12/refresh/kernel/new.c
	says "adds or removes kernel/new.c: new files go to the top" refresh
	refresh --abort
}

both_changed() {
	refresh --edit two kernel/a.c
	say >>patches/two/6.12.diff
	says "patches/ has changed since" refresh
	sed -i '$d' patches/two/6.12.diff
	refresh
}

real_no_op() {
	local p=$TOP/patches

	unset IMS_BASES IMS_PATCHES IMS_OVERLAY IMS_BUILD
	diffs "$p" >d1
	cp -r "$p" real
	IMS_PATCHES=$TMP/real "$TOP/scripts/refresh" "$1"
	diffs real >d2
	diff d1 d2
}

t_mini "$TMP"
long_file
check "refresh writes complete diffs and the second run changes nothing" tidy
check "an edit moves the later patches" edit_moves_later
check "a conflict names patch and file, and changes no diff" conflicts
check "a resolved conflict is taken" resolved
check "an edit can be dropped" aborted
check "a diff for one base alone can be added" part_is_new
check "a diff that becomes empty goes" part_goes
check "another base leaves shared hunks alone" other_base
check "a hunk can be split off for one base" split_path
check "a new file is refused with the way out" new_file
check "a change on both sides is refused" both_changed
for base in $(IMS_BASES='' known_bases); do
	[[ ! -r $TOP/build/$base/linux/.ims-base ]] || (check "refresh is a no-op on the diffs of $base" real_no_op "$base")
done
((FAILED == 0))
