#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/refresh and scripts/series on the real series, for every base of which there is a tree.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=mails
make_tmp
cd "$TMP"

# The real series against its last commit, with one message changed.
range_diff() {
	cp -r "$PATCHES" changed
	sed -i '$a One more sentence.' changed/ims-core/msg
	IMS_PATCHES=$TMP/changed "$TOP/scripts/series" 6.12 --draft --version 2 --since HEAD r1
	grep '^Range-diff' r1/*/v2-0000-*
	grep '^    .*+    One more sentence\.' r1/*/v2-0000-*
}

# bases_of PATCHES BASE: the files that the diffs start from
bases_of() {
	local slug

	list_read "$1/series" | while read -r slug; do
		cat "$1/$slug/common.diff" "$1/$slug/$2.diff" 2>/dev/null || :
	done | awk '/^diff --git / { path = $3 } /^index / && !seen[path]++ { sub(/\.\..*/, "", $2); print path, $2 }'
}

# In a copy the diffs are made anew. They are as they were, unless the base has moved on by a point release.
refreshed() {
	cp -r "$PATCHES" "copy-$1"
	IMS_PATCHES=$TMP/copy-$1 "$TOP/scripts/refresh" "$1"
	diff -r "$PATCHES" "copy-$1" || no cmp -s <(bases_of "$PATCHES" "$1") <(bases_of "copy-$1" "$1")
}

mails_apply() {
	export IMS_PATCHES=$TMP/copy-$1
	"$TOP/scripts/series" "$1" "$TMP/mails-$1"
	am_equals "$BUILD/$1/linux" "$TMP/mails-$1"
}

for base in $(known_bases); do
	if [[ -r $BUILD/$base/linux/.ims-base ]]; then
		"$TOP/scripts/tree" "$base" >out || { t_fail "the tree of $base" "$(tail -1 out)"; continue; }
		t_check "refresh is a no-op on the diffs of $base, unless it has moved on" refreshed "$base"
		t_check "the mails for $base apply to the pristine base and give the composed tree" mails_apply "$base"
	elif [[ $base != 6.12 ]]; then
		t_skip "refresh and mails for $base" "no tree in build/$base: make tree BASE=$base"
	fi
done
t_check "a range-diff against an older state shows what changed" range_diff
((FAILED == 0))
