# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# For the tests of scripts: copies to plant faults into, and a kernel small enough to compose in no
# time.  Source it after scripts/lib.sh.

# copy_series DIR: what a test plants faults into
copy_series() {
	local d

	rm -rf "$1/patches" "$1/overlay"
	mkdir -p "$1/overlay"
	cp -r "$PATCHES" "$1/patches"
	for d in $(overlay_dirs) MAINTAINERS; do
		[[ ! -e $OVERLAY/$d ]] || cp -r "$OVERLAY/$d" "$1/overlay/"
	done
}

# copy_build DIR: a build directory whose tree shares its files with the real one until they change
copy_build() {
	rm -rf "$1/build"
	mkdir -p "$1/build/$BASE"
	cp -al "$BUILD/$BASE/linux" "$1/build/$BASE/"
	[[ ! -f $BUILD/$BASE/${TARBALL##*/} ]] || ln "$BUILD/$BASE/${TARBALL##*/}" "$1/build/$BASE/"
}

# t_mini DIR: a base, a series of three patches (one with no effect on 6.12), an overlay
t_mini() {
	local src=$1/src/linux-source-6.12 p=$1/patches

	mkdir -p "$src/kernel" "$src/drivers" "$1/bases" "$p/one" "$p/two" "$p/other" "$1/overlay/kernel/new"
	printf 'VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 1\n' >"$src/Makefile"
	printf 'obj-y += a.o\n' >"$src/kernel/Makefile"
	printf 'int a;\n' >"$src/kernel/a.c"
	printf 'int b;\n' >"$src/drivers/b.c"
	tar -C "$1/src" -cJf "$1/linux.tar.xz" linux-source-6.12
	printf 'VERSION := 6.12\nPACKAGE := none\nTARBALL := %s\nSUITE :=\n' "$1/linux.tar.xz" >"$1/bases/6.12.mk"
	printf '# in order\none\nother # elsewhere\ntwo\n' >"$p/series"
	printf 'one: Add x\n\nBody one.\n' >"$p/one/msg"
	printf 'kernel/new/x.c\n' >"$p/one/files"
	printf -- '--- a/kernel/Makefile\n+++ b/kernel/Makefile\n@@ -1 +1,2 @@\n obj-y += a.o\n+obj-y += new/\n' >"$p/one/common.diff"
	printf 'other: Not here\n' >"$p/other/msg"
	printf 'none\n' >"$p/other/9.9.diff"
	printf 'two: Change a and b\n' >"$p/two/msg"
	printf -- '--- a/kernel/a.c\n+++ b/kernel/a.c\n@@ -1 +1 @@\n-int a;\n+long a;\n' >"$p/two/common.diff"
	printf -- '--- a/drivers/b.c\n+++ b/drivers/b.c\n@@ -1 +1 @@\n-int b;\n+long b;\n' >"$p/two/6.12.diff"
	printf 'int x;\n' >"$1/overlay/kernel/new/x.c"
	export IMS_BASES=$1/bases IMS_PATCHES=$p IMS_OVERLAY=$1/overlay IMS_BUILD=$1/build BASE=6.12
}
