#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A base that moves by a point release: hunks of which only the context has changed are applied and
# told, all others stop; on a miniature kernel, and on the next distribution's kernel of today.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"
# shellcheck source=../scripts/compose.sh
. "$TOP/scripts/compose.sh"

LANE=point
make_tmp
cd "$TMP"
ln -s "$TOP/scripts" scripts
src=$TMP/src/linux-source-6.12
packed=0
export GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.org GIT_COMMITTER_NAME=Tester GIT_COMMITTER_EMAIL=tester@example.org SOURCE_DATE_EPOCH=1

# A tarball is known by its size and date.
pack() {
	tar -C src -cJf linux.tar.xz linux-source-6.12
	packed=$((packed + 60))
	touch -d "@$packed" linux.tar.xz
}

# Four functions of which each has lines that the others have, too.
source_file() {
	local f

	for f in one two three four; do
		printf '%s\n' "static int $f(struct d *d)" '{' "	int $f = 0;" '' '	lock(d);' "	$f += get(d);" \
			'	unlock(d);' '' "	put(d, $f);" "	log($f);" '	return 0;' '}' ''
	done >"$src/kernel/a.c"
}

# Patch "two" adds a line, removes one, changes one, and changes two near to each other.
diff_file() {
	cp "$src/kernel/a.c" old.c
	sed -e '/one += get/a\	one++;' -e '/log(two)/d' -e 's/three = 0/three = 3/' -e '/put(d, four)/i\	four++;' \
		-e 's/four = 0/four = 4/' old.c >new.c
	diff -u --label a/kernel/a.c --label b/kernel/a.c -F '^[a-z]' old.c new.c >patches/two/common.diff || :
}

start_again() {
	rm -rf build t k
	rm -rf patches
	cp -r good patches
	cp old.c "$src/kernel/a.c"
	pack
	scripts/tree 6.12 >/dev/null
}

# moved SED...: the next point release
moved() {
	cp old.c "$src/kernel/a.c"
	sed -i "$@" "$src/kernel/a.c"
	sed -i 's/^SUBLEVEL.*/SUBLEVEL = 2/' "$src/Makefile"
	pack
}

told() { grep -c "^patch two: kernel/a.c:[0-9]* applied with less context, .* make refresh BASE=6.12 settles it$" "$1"; }

# passes COUNT SED...: so many lines tell of it, and the same lines are added and removed, in the same functions
passes() {
	local count=$1

	shift
	start_again
	moved "$@"
	scripts/tree 6.12 >said || return 1
	cat said
	diff -U0 -F '^[a-z]' old.c new.c | sed -E 's/^@@ [^@]*//; 1,2d' >want
	diff -U0 -F '^[a-z]' "$src/kernel/a.c" build/6.12/linux/kernel/a.c | sed -E 's/^@@ [^@]*//; 1,2d' >got
	diff want got && [[ $(told said) == "$count" && -z $(find build/6.12/linux -name '*.ims-new' -o -name '*.rej' -o -name '*.orig') ]]
}

# stops SED...: with one line, and nothing has changed
stops() {
	local cmd args

	start_again
	moved "$@"
	cp -r "$src" k
	for cmd in "tree 6.12" "tree 6.12 $TMP/t" "apply k"; do
		read -ra args <<<"$cmd"
		find build t k -type f -exec md5sum {} + 2>/dev/null | grep -v 't/' >before || :
		! "scripts/${args[0]}" "${args[@]:1}" >said 2>err || return 1
		cat err
		(($(wc -l <err) == 1)) &&
			grep -q "patch two: a hunk for kernel/a.c does not apply to 6.12: adapt patches/two/common.diff; nothing was changed" err || return 1
		rm -rf t
		find build k -type f -exec md5sum {} + | diff before - || return 1
	done
}

# Line numbers are those of old.c, in which functions have 13 lines.
three_places() { passes 3 -e '9s/put/push/' -e '20s/unlock/unlock_irq/' -e '50s/0/four/'; }
between_two() { passes 4 -e '26a\int y;' -e '45s/get/got/'; }
line_removed() { stops -e '/log(two)/s/two/2/'; }
line_changed() { stops -e '/int three/s/0/1/'; }
added_to() { stops -e '7s/unlock/unlock_irq/'; }

# What is left of the context of the hunk for one() is there twice,
ambiguous() { stops -e '5s/lock/LOCK/' -e '8s/.*/\tx();/' -e '9a\	one += get(d);\n	unlock(d);'; }
# or in another function.
elsewhere() { stops -e 6d -e '47a\	one += get(d);\n	unlock(d);'; }

# A diff that is cut off, or whose numbers are wrong, is no point release.
torn() {
	local edit

	for edit in '20,$ d' '/^ 	unlock/d' '/^@@/s/13 @@/14 @@/'; do
		start_again
		sed -i "$edit" patches/two/common.diff
		! scripts/tree 6.12 2>err || return 1
		cat err
		grep -q "patch two: a hunk for kernel/a.c does not apply to 6.12" err && cmp -s new.c build/6.12/linux/kernel/a.c || return 1
	done
}

apply_equals_tree() {
	three_places && cp -r "$src" k && scripts/apply k >said && [[ $(told said) == 3 ]] && cmp k/kernel/a.c build/6.12/linux/kernel/a.c
}

# The mails of before, on a tree that has the old state in its history.
mails_equal_tree() {
	start_again
	scripts/series 6.12 mails >/dev/null
	cp -r src/linux-source-6.12 am
	git -C am init -q
	git -C am add .
	git -C am -c commit.gpgsign=false commit -qm old
	three_places || return 1
	cp "$src/kernel/a.c" am/kernel/a.c
	git -C am -c commit.gpgsign=false commit -qam new
	git -C am -c commit.gpgsign=false am -q -3 "$TMP"/mails/ims/000[12]*.patch && cmp am/kernel/a.c build/6.12/linux/kernel/a.c
}

mails_are_exact() {
	three_places || return 1
	! scripts/series 6.12 s 2>err || return 1
	cat err
	grep -q "kernel/a.c does not apply to 6.12 with all of its context: run make refresh BASE=6.12, or" err &&
		scripts/series 6.12 --draft s && [[ -f s/ims/0002-two-Change-a-and-b.patch ]]
}

refresh_settles() {
	cp build/6.12/linux/kernel/a.c before.c
	scripts/refresh 6.12 >said || return 1
	cat said
	grep -q 'applied with less context, .*: this run settles it' said && scripts/tree 6.12 >said && cat said && ! told said &&
		cmp before.c build/6.12/linux/kernel/a.c && scripts/series 6.12 s
}

# A tree that is the user's is theirs to remove.
own_tree() {
	start_again
	scripts/tree 6.12 t
	moved -e '1i\int zero;'
	! scripts/tree 6.12 t 2>err && grep -q "t was unpacked from another version of none: remove it" err && ! grep -q zero t/kernel/a.c
}

# make must see that every file may be another.
dated_now() {
	start_again
	touch mark
	moved -e '1i\int zero;'
	touch -d 2001-01-01 "$src/kernel/a.c" "$src/Makefile"
	pack
	scripts/tree 6.12 && [[ build/6.12/linux/Makefile -nt mark ]] && ! find build/6.12/linux -name '*.partial' | grep .
}

# Of the kernel's source the files that the series edits.
real_source() {
	local path

	cat "$TOP"/patches/*/{common,6.12}.diff >all.diff 2>/dev/null || :
	{ say Makefile; diff_paths all.diff; } | sed 's,^,linux-source-6.12/,' >paths
	mkdir real
	tar -C real -xf "$point/6.12/linux-source-6.12.tar.xz" -T paths
	tar -C real -cf real.tar linux-source-6.12
	printf 'VERSION := 6.12\nPACKAGE := none\nTARBALL := %s\nSUITE :=\n' "$TMP/real.tar" >real.bases/6.12.mk
}

real_point_release() {
	IMS_BASES=$TMP/real.bases IMS_BUILD=$TMP/real.build "$TOP/scripts/tree" 6.12
}

t_mini "$TMP"
source_file
diff_file
rm patches/two/6.12.diff
cp -r patches good
say '# Mini' >good/cover.md
t_check "context that has changed in three places passes, and each is told" three_places
t_check "a line between two changes of a hunk may be another" between_two
t_check "a removed line that is another stops and changes nothing" line_removed
t_check "a changed line that is another stops and changes nothing" line_changed
t_check "a line next to an addition that is another stops and changes nothing" added_to
t_check "two places that fit what is left of the context stop" ambiguous
t_check "a place in another function stops" elsewhere
t_check "a diff that is torn stops" torn
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
	real_source
	t_check "Debian 13's kernel, 6.12.$(sed -n 's/^SUBLEVEL = //p' real/linux-source-6.12/Makefile)" real_point_release
	grep 'less context' "$TMP/out" || :
else
	t_skip "Debian 13's kernel" "$(tail -1 said)"
fi
((FAILED == 0))
