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

as_root() { if (($(id -u) == 0)); then "$@"; else sudo "$@"; fi; }

# cached COMPILER: with ccache, where that is installed
cached() { say "$(! command -v ccache >/dev/null || printf 'ccache ')$1"; }

elapsed() { printf '%dm%02ds' $((($1) / 60)) $((($1) % 60)); }

# watch_run LOG OBJ COMMAND...: a long command or function into LOG. How far it is goes to the terminal, in
# one line, or else is said every 30 s, with what it came to the last time.
watch_run() {
	local log=$1 obj=$2 start=$SECONDS step=30 next rc=0 known made

	shift 2
	mkdir -p "$obj" "$(dirname "$log")"
	known=$(cat "$obj/.ims-objects" 2>/dev/null || :)
	# a process group of its own, which finish() ends as a whole
	set -m
	"$@" >"$log" 2>&1 </dev/null &
	CHILD=$!
	set +m
	[[ ! -t 2 ]] || step=1
	next=$step
	while kill -0 "$CHILD" 2>/dev/null; do
		sleep 0.3
		((SECONDS - start >= next)) || continue
		made=$(objects_in_dir "$obj")
		made="  $(elapsed $((SECONDS - start))): $made${known:+ of about $known} objects"
		if [[ -t 2 ]]; then printf '\r%s\033[K' "$made" >&2; else say "$made"; fi
		next=$((next + step))
	done
	wait "$CHILD" || rc=$?
	CHILD=
	[[ ! -t 2 ]] || printf '\r\033[K' >&2
	((rc)) || objects_in_dir "$obj" >"$obj/.ims-objects"
	return "$rc"
}

objects_in_dir() { find "$1" -name '*.o' 2>/dev/null | wc -l; }

# need_space DIR KIB WHAT
need_space() {
	local dir=$1 need=$2 free

	while [[ ! -d $dir ]]; do dir=$(dirname "$dir"); done
	free=$(df -Pk "$dir" | awk 'NR == 2 { print $4 }')
	((free >= need)) ||
		die "$3 needs $((need / 1024)) MiB, $dir has $((free / 1024)) MiB: free some space or use another disk"
}

mk_get() { sed -n "s/^$1[[:space:]]*:=[[:space:]]*//p" "$2"; }

known_bases() { basename -s .mk "$BASES"/*.mk | xargs; }

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

# Lines of a list file without comments and blanks.
list_read() { sed -e 's/[[:space:]]*#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$1"; }

# Whole or not at all, and dated now, so that make sees the change.
put_file() {
	mkdir -p "$(dirname "$2")"
	cp "$1" "$2.ims-new"
	mv -f "$2.ims-new" "$2"
}

# Result lines, as scripts/test counts them.
LANE=
FAILED=0
passed=0
failed=0
ok() { say "ok - $*"; passed=$((passed + 1)); }
not_ok() { say "not ok - $*"; failed=$((failed + 1)); }
t_ok() { ok "$LANE: $1"; }
t_fail() { not_ok "$LANE: $1${2:+ ($2)}"; FAILED=$((FAILED + 1)); }
t_skip() { say "skip - $LANE: $1 ($2)"; }

# t_check NAME COMMAND...: passes if the command does, with every command of a function
t_check() {
	local name=$1 rc

	shift
	set +e
	(set -e; "$@") >"$TMP/out" 2>&1
	rc=$?
	set -e
	if ((rc == 0)); then t_ok "$name"; else t_fail "$name" "$(tail -1 "$TMP/out")"; fi
}

# no COMMAND...: it must fail; to "!" alone a shell that ends on errors pays no heed
no() { ! "$@"; }
