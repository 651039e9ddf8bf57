#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the other scripts share; source it, do not run it.
# shellcheck disable=SC2034	# most variables here are for those who source this

set -euo pipefail
export LC_ALL=C
# Variables given to the outer make must not reach the kernel's.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL CDPATH

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATCHES=${IMS_PATCHES:-$TOP/patches}
BASES=${IMS_BASES:-$TOP/bases}
OVERLAY=${IMS_OVERLAY:-$TOP}
BUILD=${IMS_BUILD:-$TOP/build}
SUDO=${IMS_SUDO-sudo}
PROG=${0##*/}

# Objects differ by nothing but the directory that they are built in: let ccache find
# those of another clone.
export CCACHE_BASEDIR=$BUILD CCACHE_NOHASHDIR=1 CCACHE_IGNOREOPTIONS='-fmacro-prefix-map=*'
TMP=
CHILD=

say() { printf '%s\n' "$*"; }
die() { printf '%s: %s\n' "$PROG" "$*" >&2; exit 1; }
# Wrong arguments, as opposed to something that went wrong.
bad() { printf '%s: %s\n' "$PROG" "$*" >&2; exit 2; }

# A script that has something to undo redefines this.
undo() { :; }

finish() {
	local rc=$?

	trap '' INT TERM
	[[ -z $CHILD ]] || kill -TERM -- "-$CHILD" 2>/dev/null || :
	undo "$rc"
	[[ -z $TMP ]] || rm -rf "$TMP"
	exit "$rc"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

make_tmp() {
	[[ -n $TMP ]] || TMP=$(mktemp -d) || die "cannot write to ${TMPDIR:-/tmp}: free some space there"
}

need_cmd() {
	command -v "$1" >/dev/null || die "$1 is not installed: run scripts/deps $2"
}

elapsed() { printf '%dm%02ds' $((($1) / 60)) $((($1) % 60)); }

# watch_run LOG OBJ COMMAND...: a long command into LOG, a sign of life every 30 s.
watch_run() {
	local log=$1 obj=$2 start=$SECONDS next=30 rc=0

	shift 2
	mkdir -p "$obj" "$(dirname "$log")"
	setsid "$@" >"$log" 2>&1 </dev/null &
	CHILD=$!
	while kill -0 "$CHILD" 2>/dev/null; do
		sleep 0.3
		((SECONDS - start >= next)) || continue
		next=$((next + 30))
		say "  $(elapsed $((SECONDS - start))): $(find "$obj" -name '*.o' 2>/dev/null | wc -l) objects"
	done
	wait "$CHILD" || rc=$?
	CHILD=
	return "$rc"
}

# need_space DIR KIB WHAT
need_space() {
	local dir=$1 need=${IMS_MIN_KIB:-$2} free

	while [[ ! -d $dir ]]; do dir=$(dirname "$dir"); done
	free=$(df -Pk "$dir" | awk 'NR == 2 { print $4 }')
	((free >= need)) ||
		die "$3 needs $((need / 1024)) MiB, $dir has $((free / 1024)) MiB: free some space or use another disk"
}

mk_get() { sed -n "s/^$1[[:space:]]*:=[[:space:]]*//p" "$2"; }

known_bases() {
	local mk list=()

	for mk in "$BASES"/*.mk; do
		mk=${mk##*/}
		list+=("${mk%.mk}")
	done
	say "${list[*]}"
}

# base_load BASE: sets BASE VERSION PACKAGE TARBALL SUITE
base_load() {
	local mk=$BASES/$1.mk

	[[ $1 =~ ^[0-9]+(\.[0-9]+)+$ && -r $mk ]] ||
		bad "unknown BASE '$1': use one of: $(known_bases)"
	BASE=$1
	VERSION=$(mk_get VERSION "$mk")
	PACKAGE=$(mk_get PACKAGE "$mk")
	TARBALL=$(mk_get TARBALL "$mk")
	SUITE=$(mk_get SUITE "$mk")
	[[ $TARBALL == /* ]] || TARBALL=$BUILD/$BASE/$TARBALL
}

# Where new files of the kernel are, at the top of the repo.
overlay_dirs() {
	local d

	for d in Documentation arch drivers include kernel samples tools; do
		[[ ! -d $OVERLAY/$d ]] || say "$d"
	done
}

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

# Lines of a list file without comments and blanks.
list_read() { sed -e 's/[[:space:]]*#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$1"; }

# The files a diff edits: a header is a --- line, a +++ line and a hunk.
diff_paths() {
	awk '/^--- / { old = $2; next }
	     /^\+\+\+ / && old { new = $2; next }
	     /^@@ / && old && new { print old "\n" new }
	     { old = new = "" }' "$1" | sed 's,^[ab]/,,' | sort -u
}

path_ok() { [[ $1 != /* && "/$1/" != */../* && "/$1/" != */.ims/* ]]; }

# The tree that scripts/tree composed in $dir: which of its files the series brought, and
# where a file is as the base has it.
declare -A was_overlay

read_overlay() {
	local path

	while read -r path; do
		was_overlay[$path]=1
	done <"$dir/.ims/overlay"
}

fetch_pristine() {
	if [[ -f $dir/.ims/orig/$1 ]]; then
		say "$dir/.ims/orig/$1"
	elif [[ -z ${was_overlay[$1]-} && -e $dir/$1 ]]; then
		say "$dir/$1"
	else
		return 1
	fi
}

# The series, composed.  compose FETCH OUT [AFTER] leaves in OUT every file that
# the series touches, as it is after the series.  FETCH PATH prints where the
# pristine PATH is, or fails where the base has none.  AFTER SLUG runs after each
# patch, with its files in SLUG_PATHS.
declare -A PATCHED OVERLAID
SLUG_PATHS=()
# Where the mails are made every hunk must apply with all of its context.
EXACT=

compose() {
	local fetch=$1 out=$2 after=${3:-:} slug slugs list diff

	need_cmd patch base
	PATCHED=() OVERLAID=()
	[[ -r $PATCHES/series ]] || die "no series in $PATCHES: list the patches there, one a line"
	mapfile -t slugs < <(list_read "$PATCHES/series")
	for slug in "${slugs[@]}"; do
		[[ -s $PATCHES/$slug/msg ]] ||
			die "patch $slug has no message: write $PATCHES/$slug/msg or take it out of the series"
		SLUG_PATHS=()
		for diff in common "$BASE"; do
			[[ ! -f $PATCHES/$slug/$diff.diff ]] ||
				compose_diff "$fetch" "$out" "$slug" "$PATCHES/$slug/$diff.diff"
		done
		list=$PATCHES/$slug/files
		[[ ! -f $list ]] || { compose_overlay "$fetch" "$out" "$slug" "$list"; compose_maintainers "$fetch" "$out" "$slug"; }
		"$after" "$slug"
	done
}

compose_diff() {
	local fetch=$1 out=$2 slug=$3 diff=$4 path paths src file

	mapfile -t paths < <(diff_paths "$diff")
	((${#paths[@]})) || die "patch $slug: ${diff##*/} holds no hunk: make it again or remove it"
	for path in "${paths[@]}"; do
		SLUG_PATHS+=("$path")
		[[ -z ${PATCHED[$path]-} ]] || continue
		if ! path_ok "$path" || ! src=$("$fetch" "$path"); then
			die "patch $slug: base $BASE has no $path: correct ${diff##*/} (new files go into the overlay)"
		fi
		mkdir -p "$out/$(dirname "$path")"
		cp -p "$src" "$out/$path"
		PATCHED[$path]=$slug
	done
	apply_diff "$out" "$slug" "$diff" && return
	file=${file:-${paths[0]}}
	[[ -z $EXACT ]] ||
		die "patch $slug: a hunk for $file does not apply to $BASE with all of its context: run make refresh BASE=$BASE, or adapt patches/$slug/${diff##*/}"
	die "patch $slug: a hunk for $file does not apply to $BASE: adapt patches/$slug/${diff##*/}; nothing was changed"
}

# apply_diff OUT SLUG DIFF: in place; or else $file has the conflict.  A hunk of which only the
# context has changed is applied and told, unless EXACT is set.
declare -A TOLD

apply_diff() {
	local out=$1 slug=$2 diff=$3 log places place path rc=0

	if log=$(patch -d "$out" -p1 -f --fuzz=0 --dry-run <"$diff" 2>&1); then
		patch -d "$out" -p1 -f --fuzz=0 --no-backup-if-mismatch <"$diff" >/dev/null
		return
	fi
	file=$(awk '/^checking file/ { f = $3 } /FAILED/ { print f; exit }' <<<"$log")
	[[ -z $EXACT ]] || return 1
	places=$(awk -v dir="$out" -f "$TOP/scripts/hunks.awk" "$diff") || { rc=1 file=${places##*$'\n'}; }
	while read -r path; do
		((rc)) || cat "$out/$path.ims-new" >"$out/$path" || die "cannot write to $out: free some space"
		rm -f "$out/$path.ims-new"
	done < <(diff_paths "$diff")
	((rc == 0)) || return 1
	while read -r place; do
		[[ -n $place && -z ${TOLD[$slug $place]-} ]] || continue
		TOLD[$slug $place]=1
		say "patch $slug: $place applied with less context, the source around it has changed: ${IMS_REFRESH:-make refresh BASE=$BASE} settles it"
	done <<<"$places"
}

compose_overlay() {
	local fetch=$1 out=$2 slug=$3 path paths

	mapfile -t paths < <(list_read "$4")
	for path in "${paths[@]}"; do
		path_ok "$path" || die "patch $slug: bad path '$path': correct patches/$slug/files"
		[[ -z ${OVERLAID[$path]-} ]] ||
			die "patch $slug: $path is listed already by ${OVERLAID[$path]}: take it out of one files list"
		[[ -f $OVERLAY/$path ]] ||
			die "patch $slug: overlay file $path is missing: add it or take it out of patches/$slug/files"
		! "$fetch" "$path" >/dev/null ||
			die "patch $slug: $path exists in base $BASE: make the change a diff, or rename the file"
		mkdir -p "$out/$(dirname "$path")"
		cp "$OVERLAY/$path" "$out/$path"
		OVERLAID[$path]=$slug
		SLUG_PATHS+=("$path")
	done
}

# compose_maintainers FETCH OUT SLUG: the hunk for the new files, from MAINTAINERS at the top of the overlay.
# $MAINTAINER, NAME <ADDRESS>, is who mails them.
MAINTAINER=

compose_maintainers() {
	local fetch=$1 out=$2 slug=$3 src

	[[ -f $OVERLAY/MAINTAINERS ]] || return 0
	if [[ -z ${PATCHED[MAINTAINERS]-} ]]; then
		src=$("$fetch" MAINTAINERS) || return 0
		cp -p "$src" "$TMP/MAINTAINERS"
		cp -p "$src" "$out/MAINTAINERS"
	fi
	printf '%s\n' "${!OVERLAID[@]}" |
		awk -v who="$MAINTAINER" -f "$TOP/scripts/maintainers.awk" "$OVERLAY/MAINTAINERS" - "$TMP/MAINTAINERS" >"$TMP/MAINTAINERS.new"
	! cmp -s "$TMP/MAINTAINERS.new" "$out/MAINTAINERS" || return 0
	cat "$TMP/MAINTAINERS.new" >"$out/MAINTAINERS"
	PATCHED[MAINTAINERS]=$slug
	SLUG_PATHS+=(MAINTAINERS)
}

# git_identity DIR: the user has told git who they are
git_identity() {
	[[ -n ${GIT_AUTHOR_NAME:-$(git -C "$1" config user.name || :)} && -n ${GIT_AUTHOR_EMAIL:-$(git -C "$1" config user.email || :)} &&
	   -n ${GIT_COMMITTER_NAME:-$(git -C "$1" config user.name || :)} && -n ${GIT_COMMITTER_EMAIL:-$(git -C "$1" config user.email || :)} ]] ||
		die "git knows no name for the sign-off: set user.name and user.email with 'git config --global'"
}

same_file() {
	cmp -s "$1" "$2" && [[ -x $1 && -x $2 || ! -x $1 && ! -x $2 ]]
}

# Whole or not at all, and dated now, so that make sees the change.
put_file() {
	mkdir -p "$(dirname "$2")"
	cp "$1" "$2.ims-new"
	mv -f "$2.ims-new" "$2"
}

# For the tests: result lines, and a kernel small enough to compose in no time.
LANE=
FAILED=0
t_ok() { say "ok - $LANE: $1"; }
t_fail() { say "not ok - $LANE: $1${2:+ ($2)}"; FAILED=$((FAILED + 1)); }
t_skip() { say "skip - $LANE: $1 ($2)"; }

# t_check NAME COMMAND...: passes if the command does
t_check() {
	local name=$1

	shift
	if "$@" >"$TMP/out" 2>&1; then t_ok "$name"; else t_fail "$name" "$(tail -1 "$TMP/out")"; fi
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
