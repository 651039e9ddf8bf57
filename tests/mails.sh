#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/refresh and scripts/series on the real series, for every base of which there is a tree.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=series-lib.sh
. "$(dirname "$0")/series-lib.sh"

LANE=mails
make_tmp
cd "$TMP"
export GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.org GIT_COMMITTER_NAME=Tester GIT_COMMITTER_EMAIL=tester@example.org

# The real series against its last commit, with one message changed.
range_diff() {
	cp -r "$TOP/patches" changed
	sed -i '$a One more sentence.' changed/ims-core/msg
	IMS_PATCHES=$TMP/changed "$TOP/scripts/series" 6.12 --draft --version 2 --since HEAD r1 || return 1
	grep -q '^Range-diff' r1/*/v2-0000-* && grep -q '^    .*+    One more sentence\.' r1/*/v2-0000-*
}

# real_mails BASE PATCHES
real_mails() {
	export IMS_PATCHES=$2

	"$TOP/scripts/tree" "$1" && "$TOP/scripts/series" "$1" "$TMP/real-$1" && am_equals "$TOP/build/$1/linux" "$TMP/real-$1"
}

# has_moved BASE: the diffs were made for another point release.  Those in common.diff are of the oldest base.
has_moved() {
	local slug part path id orig=$TOP/build/$1/linux/.ims/orig

	while read -r part path id; do
		[[ $part == "$1" || $1 == 6.12 ]] || continue
		[[ $(git hash-object "$orig/$path") == "$id"* ]] || return 0
	done < <(while read -r slug; do
		for part in common "$1"; do
			[[ ! -f $TOP/patches/$slug/$part.diff ]] || sed "1i part $part" "$TOP/patches/$slug/$part.diff"
		done
	done < <(list_read "$TOP/patches/series") |
		awk '$1 == "part" { part = $2 } $1 == "diff" { path = substr($3, 3) }
		     $1 == "index" && !seen[path]++ { sub(/\.\..*/, "", $2); print part, path, $2 }')
	return 1
}

# refreshed BASE: a copy of the diffs, made anew
refreshed() {
	cp -r "$TOP/patches" "copy-$1"
	IMS_PATCHES=$TMP/copy-$1 "$TOP/scripts/refresh" "$1"
}

real_no_op() { diff <(diffs_of "$TOP/patches") <(diffs_of "copy-$1"); }

# made anew once they stay as they are, and the tree is the same
real_settled() {
	diffs_of "copy-$1" >d1
	IMS_PATCHES=$TMP/copy-$1 "$TOP/scripts/refresh" "$1"
	diffs_of "copy-$1" >d2
	diff d1 d2 && IMS_PATCHES=$TMP/copy-$1 "$TOP/scripts/tree" "$1" >tree && cat tree && grep -q ' 0 rewritten' tree && ! grep -q 'less context' tree
}

for base in $(known_bases); do
	if [[ -r $TOP/build/$base/linux/.ims-base ]]; then
		"$TOP/scripts/tree" "$base" >out || { t_fail "the tree of $base" "$(tail -1 out)"; continue; }
		if has_moved "$base"; then
			t_check "refresh makes the diffs of $base anew, which has moved on" refreshed "$base"
			t_check "refreshed diffs of $base stay and give the same tree" real_settled "$base"
		else
			refreshed "$base" >out 2>&1 || :
			t_check "refresh is a no-op on the diffs of $base" real_no_op "$base"
		fi
		t_check "the mails for $base apply to the pristine base and give the composed tree" real_mails "$base" "$TMP/copy-$base"
	elif [[ $base != 6.12 ]]; then
		t_skip "refresh and mails for $base" "no tree in build/$base: make tree BASE=$base"
	fi
done
t_check "a range-diff against an older state shows what changed" range_diff
((FAILED == 0))
