#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A base that moves by a point release: hunks of which only the context has changed are applied and
# told, all others stop; on a miniature kernel, and on the next distribution's kernel of today.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=point

# moved SED...: a tree of the old release, and the source of the next one
moved() {
	rm -rf build t k patches
	cp -r good patches
	cp old.c "$src/kernel/a.c"
	pack
	scripts/tree 6.12 >/dev/null
	sed -i "$@" "$src/kernel/a.c"
	pack
}

told() { grep -c "^patch two: kernel/a.c:[0-9]* applied with less context, .* make refresh BASE=6.12 settles it$" said; }

# The changes and the functions that they are in
changes() { diff -U0 -F '^[a-z]' "$1" "$2" | sed -E 's/^@@ [^@]*//; 1,2d'; }

# passes COUNT SED...: so many lines tell of it, and the same lines are added and removed, in the same functions
passes() {
	local count=$1

	shift
	moved "$@"
	scripts/tree 6.12 >said
	cat said
	diff <(changes old.c new.c) <(changes "$src/kernel/a.c" build/6.12/linux/kernel/a.c)
	[[ $(told) == "$count" && -z $(find build/6.12/linux -name '*.ims-new' -o -name '*.rej' -o -name '*.orig') ]]
}

# stops SED...: with one line, and nothing has changed
stops() {
	local cmd args

	moved "$@"
	cp -r "$src" k
	for cmd in "tree 6.12" "tree 6.12 $TMP/t" "apply k"; do
		read -ra args <<<"$cmd"
		find build k -type f -exec md5sum {} + >before
		refuses "patch two: a hunk for kernel/a.c does not apply to 6.12: adapt patches/two/common.diff; nothing was changed" \
			"scripts/${args[0]}" "${args[@]:1}"
		rm -rf t
		find build k -type f -exec md5sum {} + | diff before -
	done
}

# Line numbers are those of old.c, in which functions have 13 lines.
three_places() { passes 3 -e '9s/put/push/' -e '20s/unlock/unlock_irq/' -e '50s/0/four/'; }
between_two() { passes 3 -e '26a\int y;' -e '45s/get/got/'; }
line_removed() { stops -e '/log(two)/s/two/2/'; }
added_to() { stops -e '7s/unlock/unlock_irq/'; }

# What is left of the context of the hunk for one() is there twice,
ambiguous() { stops -e '5s/lock/LOCK/' -e '8s/.*/\tx();/' -e '9a\	one += get(d);\n	unlock(d);'; }
# or in another function.
elsewhere() { stops -e 6d -e '47a\	one += get(d);\n	unlock(d);'; }

apply_equals_tree() {
	three_places
	cp -r "$src" k
	scripts/apply k >said
	[[ $(told) == 3 ]]
	cmp k/kernel/a.c build/6.12/linux/kernel/a.c
}

# The mails of before, on a tree that has the old state in its history.
mails_equal_tree() {
	moved -e ''
	scripts/series 6.12 mails
	git_tree am
	three_places
	cp "$src/kernel/a.c" am/kernel/a.c
	git -C am commit -qam new
	git -C am am -q -3 "$TMP"/mails/ims/000[12]*.patch
	cmp am/kernel/a.c build/6.12/linux/kernel/a.c
}

mails_are_exact() {
	three_places
	refuses "kernel/a.c does not apply to 6.12 with all of its context: run make refresh BASE=6.12, or" scripts/series 6.12 s
	scripts/series 6.12 --draft s
	[[ -f s/ims/0002-two-Change-a-and-b.patch ]]
}

refresh_settles() {
	three_places
	cp build/6.12/linux/kernel/a.c before.c
	scripts/refresh 6.12 >said
	grep 'applied with less context, .*: this run settles it' said
	scripts/tree 6.12 >said
	no told
	cmp before.c build/6.12/linux/kernel/a.c
	scripts/series 6.12 s
}

# A tree that is the user's is theirs to remove.
own_tree() {
	moved -e '1i\int zero;'
	cp -r build/6.12/linux t
	refuses "t was unpacked from another version of none: remove it" scripts/tree 6.12 t
	no grep zero t/kernel/a.c
}

# make must see that every file may be another.
dated_now() {
	moved -e '1i\int zero;'
	touch mark
	touch -d 2001-01-01 "$src/kernel/a.c" "$src/Makefile"
	pack
	scripts/tree 6.12
	[[ build/6.12/linux/Makefile -nt mark && ! -e build/6.12/linux.partial ]]
}

# Of the kernel's source the files that the series edits.
real_point_release() {
	mkdir real
	cat "$TOP"/patches/*/{common,6.12}.diff | sed -n 's,^--- a/,linux-source-6.12/,p; 1i linux-source-6.12/Makefile' | sort -u |
		tar -C real -xf "$point/6.12/linux-source-6.12.tar.xz" -T -
	tar -C real -cf real.tar linux-source-6.12
	sed -i "s,^TARBALL.*,TARBALL := $TMP/real.tar,; s/^SUITE.*/SUITE :=/" real.bases/6.12.mk
	IMS_BASES=$TMP/real.bases IMS_BUILD=$TMP/real.build "$TOP/scripts/tree" 6.12
}

t_mini
t_check "context that has changed in three places passes, and each is told" three_places
t_check "a line between two changes of a hunk may be another" between_two
t_check "a removed line that is another stops and changes nothing" line_removed
t_check "a line next to an addition that is another stops and changes nothing" added_to
t_check "two places that fit what is left of the context stop" ambiguous
t_check "a place in another function stops" elsewhere
t_check "apply and tree agree" apply_equals_tree
t_check "the mails, on a tree with the old state in its history, give the same" mails_equal_tree
t_check "mails are made with all of the context alone" mails_are_exact
t_check "refresh settles it" refresh_settles
t_check "a tree outside of build/ is left alone" own_tree
t_check "a source that has moved on is dated now" dated_now

unset IMS_BASES IMS_PATCHES IMS_OVERLAY IMS_BUILD
point=$BUILD/point
mkdir -p "$point" real.bases
printf 'VERSION := 6.12\nPACKAGE := linux-source-6.12\nTARBALL := linux-source-6.12.tar.xz\nSUITE := trixie-security\n' >real.bases/6.12.mk
if IMS_BASES=$TMP/real.bases IMS_BUILD=$point "$TOP/scripts/fetch" 6.12 >said 2>&1; then
	t_check "Debian 13's kernel of today" real_point_release
	grep -h 'less context\|tree 6.12' "$TMP/out" || :
else
	t_skip "Debian 13's kernel" "$(tail -1 said)"
fi
((FAILED == 0))
