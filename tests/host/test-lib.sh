# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the tests of scripts: copies to plant faults into, and a kernel small enough to compose in no
# time.  Source it after scripts/lib.sh.

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.org
export GIT_COMMITTER_NAME=Tester GIT_COMMITTER_EMAIL=tester@example.org

# refuses PATTERN COMMAND...: fails with one line on stderr that matches
refuses() {
	local pattern=$1

	shift
	if "$@" >"$TMP/said" 2>"$TMP/err" </dev/null; then say "it succeeded"; return 1; fi
	cat "$TMP/err"
	(($(wc -l <"$TMP/err") == 1)) && grep -qE -- "$pattern" "$TMP/err"
}

# copy_series DIR: what a test plants faults into
copy_series() {
	local d

	rm -rf "$1/patches" "$1/overlay"
	mkdir -p "$1/overlay"
	cp -r "$PATCHES" "$1/patches"
	for d in $(overlay_dirs) MAINTAINERS; do
		cp -r "$OVERLAY/$d" "$1/overlay/"
	done
}

# copy_build DIR: a build directory whose tree shares its files with the real one until they change
copy_build() {
	rm -rf "$1/build"
	mkdir -p "$1/build/$BASE"
	cp -al "$BUILD/$BASE/linux" "$1/build/$BASE/"
	[[ ! -f $BUILD/$BASE/${TARBALL##*/} ]] || ln "$BUILD/$BASE/${TARBALL##*/}" "$1/build/$BASE/"
}

# t_mini: in $TMP, where the test goes, a base in $src, a series of three patches (one with no effect on
# 6.12), an overlay.  The source has four functions of 13 lines, each has lines that the others have, too;
# patch two adds a line, removes one, changes one, and changes two near to each other.
t_mini() {
	local p f

	make_tmp
	cd "$TMP" || exit
	p=$TMP/patches
	ln -s "$TOP/scripts" "$TOP/tests" "$TOP/qemu" "$TOP/accel-config" .
	src=$TMP/src/linux-source-6.12
	mkdir -p "$src/kernel" "$src/drivers" bases "$p/one" "$p/two" "$p/other" overlay/kernel/new
	printf 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n' >"$src/Makefile"
	printf 'obj-y += a.o\n' >"$src/kernel/Makefile"
	printf 'int b;\n' >"$src/drivers/b.c"
	for f in one two three four; do
		printf '%s\n' "static int $f(struct d *d)" '{' "	int $f = 0;" '' '	lock(d);' "	$f += get(d);" \
			'	unlock(d);' '' "	put(d, $f);" "	log($f);" '	return 0;' '}' ''
	done >"$src/kernel/a.c"
	cp "$src/kernel/a.c" old.c
	sed -e '/one += get/a\	one++;' -e '/log(two)/d' -e 's/three = 0/three = 3/' -e '/put(d, four)/i\	four++;' \
		-e 's/four = 0/four = 4/' old.c >new.c
	diff -u --label a/kernel/a.c --label b/kernel/a.c -F '^[a-z]' old.c new.c >"$p/two/common.diff" || :
	printf -- '--- a/drivers/b.c\n+++ b/drivers/b.c\n@@ -1 +1 @@\n-int b;\n+long b;\n' >"$p/two/6.12.diff"
	printf -- '--- a/kernel/Makefile\n+++ b/kernel/Makefile\n@@ -1 +1,2 @@\n obj-y += a.o\n+obj-y += new/\n' >"$p/one/common.diff"
	printf 'VERSION := 6.12\nPACKAGE := none\nTARBALL := %s\nSUITE :=\n' "$TMP/linux.tar.xz" >bases/6.12.mk
	printf '# in order\none\nother # elsewhere\ntwo\n' >"$p/series"
	printf 'one: Add x\n\nBody one.\n' >"$p/one/msg"
	printf 'two: Change a and b\n' >"$p/two/msg"
	printf 'other: Not here\n' >"$p/other/msg"
	printf 'none\n' >"$p/other/9.9.diff"
	printf 'kernel/new/x.c\n' >"$p/one/files"
	printf 'int x;\n' >overlay/kernel/new/x.c
	printf '# Mini\n' >"$p/cover.md"
	cp -r patches good
	pack
	export IMS_BASES=$TMP/bases IMS_PATCHES=$p IMS_OVERLAY=$TMP/overlay IMS_BUILD=$TMP/build BASE=6.12 SOURCE_DATE_EPOCH=1700000000
}

# pack: a tarball of the source, which is known by its size and date
pack() {
	local date

	date=$(stat -c %Y linux.tar.xz 2>/dev/null || say 0)
	tar -C src -cJf linux.tar.xz linux-source-6.12
	touch -d "@$((date + 60))" linux.tar.xz
}

# git_tree DIR: the source in a git repo
git_tree() {
	rm -rf "$1"
	cp -r "$src" "$1"
	git -C "$1" init -q
	git -C "$1" add -A
	git -C "$1" commit -qm base
}

sums_of() { (cd "$1" && find . -name '*.diff' | sort | xargs -d '\n' sha256sum); }

# am_equals TREE DIR: the mails, applied to the pristine base, give the composed tree, but for the sender, who
# becomes the maintainer of what they add
am_equals() {
	local posting postings

	rm -rf am
	cp -r "$1/.ims/orig" am
	git -C am init -q
	git -C am add -A
	git -C am commit -qm base
	mapfile -t postings < <(sed -n 's/^# posting: //p' "${IMS_PATCHES:-$PATCHES}/series")
	for posting in "${postings[@]:-*}"; do
		# shellcheck disable=SC2086	# without postings there is one directory, whatever its name
		git -C am am -q "$2"/$posting/*[0-9]-[!c]*.patch
	done
	[[ ! -f am/MAINTAINERS ]] ||
		sed -i -e '/^M:	Tester <tester@example\.org>$/,/^S:/s/^S:	Maintained$/S:	Orphan/' -e '/^M:	Tester <tester@example\.org>$/d' am/MAINTAINERS
	git -C am commit -qam "no maintainer" --allow-empty
	git -C am --work-tree="$(realpath "$1")" diff --exit-code
}
