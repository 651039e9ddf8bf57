# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Throw-away git repos made of the series; source it after lib.sh.  A repo holds only the files
# that the series touches, but their blob ids are real, so `git am -3` works on a full tree.

# shellcheck source=scripts/compose.sh
. "$TOP/scripts/compose.sh"

# plain_git ARG...: git in $repo, whatever the user's settings are, so that output depends on
# the input alone.  $me NAME and $mail ADDRESS are author and committer, $when is the date.
repo=
me=nobody
mail=nobody
when='@0 +0000'

plain_git() {
	env -u GIT_DIR -u GIT_WORK_TREE -u GIT_INDEX_FILE -u GIT_EXTERNAL_DIFF -u GIT_DIFF_OPTS \
		GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 TZ=UTC \
		GIT_AUTHOR_NAME="$me" GIT_AUTHOR_EMAIL="$mail" GIT_AUTHOR_DATE="$when" \
		GIT_COMMITTER_NAME="$me" GIT_COMMITTER_EMAIL="$mail" GIT_COMMITTER_DATE="$when" \
		git -c core.abbrev=12 -C "$repo" "$@"
}

# use_identity: $me and $mail as the user's git has them
use_identity() {
	git_identity "$TOP"
	me=${GIT_COMMITTER_NAME:-$(git -C "$TOP" config user.name)}
	mail=${GIT_COMMITTER_EMAIL:-$(git -C "$TOP" config user.email)}
}

repo_init() {
	rm -rf "$repo"
	mkdir -p "$repo"
	plain_git init -q
	plain_git symbolic-ref HEAD refs/heads/ims
}

# put_pristine PATH...: the files as the base has them
put_pristine() {
	local path src

	for path; do
		# compose_diff has the words for a path that is not there
		if ! path_ok "$path" || ! src=$(fetch_pristine "$path"); then continue; fi
		mkdir -p "$repo/$(dirname "$path")"
		cp "$src" "$repo/$path"
	done
}

commit_all() {
	plain_git add -Af . && plain_git commit -q --allow-empty --no-verify "$@" >/dev/null
}

# The composed tree of $BASE in $dir, made if it is not there.
need_tree() {
	dir=$BUILD/$BASE/linux
	[[ -f $dir/.ims-base ]] || "$TOP/scripts/tree" "$BASE" >/dev/null || [[ -f $dir/.ims-base ]] ||
		die "no kernel tree in $dir: run scripts/tree $BASE"
	read_overlay
}

commit_slug_here() {
	((${#SLUG_PATHS[@]})) || return 0
	plain_git add -f -- "${SLUG_PATHS[@]}"
	plain_git commit -q --no-verify --cleanup=whitespace -s -F "$PATCHES/$1/msg"
	slugs_done+=("$1")
}

# repo_series: branch $1 of $repo, one signed-off commit for each patch with an effect on $BASE,
# above a root of pristine files, tag $1-base; their slugs in slugs_done
repo_series() {
	local branch=$1

	slugs_done=()
	rm -rf "$TMP/touched"
	mkdir "$TMP/touched"
	compose fetch_pristine "$TMP/touched"
	plain_git checkout -q --orphan "$branch"
	plain_git rm -rqf --cached --ignore-unmatch .
	find "$repo" -mindepth 1 -maxdepth 1 ! -name .git -exec rm -rf {} +
	put_pristine "${!PATCHED[@]}"
	commit_all -m "Linux $(base_version)"
	plain_git tag -f "$branch-base" >/dev/null
	compose fetch_pristine "$repo" commit_slug_here
}

# The public version of the base, from its top Makefile.
base_version() {
	awk '/^(VERSION|PATCHLEVEL|SUBLEVEL) *=/ { v = v sep $3; sep = "." } END { print v }' "$dir/Makefile"
}
