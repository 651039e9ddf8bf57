# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The series, composed from patches/ and the overlay as commits of a throw-away git repo; source it after
# lib.sh.  The repo holds only the files that the series touches, but their blob ids are real, so
# `git am -3` works on a full tree.

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

# use_identity DIR: $me and $mail as the user's git has them there
use_identity() {
	me=${GIT_COMMITTER_NAME:-$(git -C "$1" config user.name || :)}
	mail=${GIT_COMMITTER_EMAIL:-$(git -C "$1" config user.email || :)}
	[[ -n $me && -n $mail ]] ||
		die "git knows no name for the sign-off: set user.name and user.email with 'git config --global'"
}

commit_all() {
	plain_git add -Af .
	plain_git commit -q --allow-empty --no-verify --cleanup=whitespace "$@"
}

# The composed tree of $BASE in $dir, made if it is not there.
need_tree() {
	dir=$BUILD/$BASE/linux
	[[ -f $dir/.ims-base ]] || "$TOP/scripts/tree" "$BASE" >/dev/null
}

path_ok() { [[ $1 != /* && "/$1/" != */../* && "/$1/" != */.ims/* ]]; }

# pristine PATH: where the base has it, in $dir.  That is a tree which scripts/tree composed, or one
# without the series.
pristine() {
	path_ok "$1" || return 1
	if [[ -f $dir/.ims/orig/$1 ]]; then
		say "$dir/.ims/orig/$1"
	elif [[ -e $dir/$1 ]] && ! grep -qxF -- "$1" "$dir/.ims/overlay" 2>/dev/null; then
		say "$dir/$1"
	else
		return 1
	fi
}

put_pristine() {
	local path src

	for path; do
		src=$(pristine "$path") || { say "$path"; return 1; }
		mkdir -p "$repo/$(dirname "$path")"
		cp -p "$src" "$repo/$path"
	done
}

# The diffs that patch $1 has for $BASE, in order
diffs_of() {
	local part

	for part in common "$BASE"; do
		[[ ! -f $PATCHES/$1/$part.diff ]] || say "$part"
	done
}

# root_commit SLUG...: the files that these patches edit, as the base has them, and $extra
extra=()
root_commit() {
	local slug part missing paths

	rm -rf "$repo"
	mkdir -p "$repo"
	plain_git init -q -b ims
	[[ ! -d $dir/.ims/orig ]] || cp -pr "$dir/.ims/orig/." "$repo/"
	for slug; do
		for part in $(diffs_of "$slug"); do
			paths=$(plain_git apply --numstat --whitespace=nowarn "$PATCHES/$slug/$part.diff" 2>"$TMP/log") ||
				die "patch $slug: $part.diff is torn or holds no hunk ($(head -1 "$TMP/log")): make it again or remove it"
			mapfile -t paths < <(cut -f 3 <<<"$paths")
			missing=$(put_pristine "${paths[@]}") ||
				die "patch $slug: base $BASE has no $missing: correct $part.diff (new files go into the overlay)"
		done
	done
	[[ ! -f $OVERLAY/MAINTAINERS ]] || put_pristine MAINTAINERS >/dev/null || :
	missing=$(put_pristine "${extra[@]}") ||
		bad "base $BASE has no $missing: new files go to the top of the repo, at their path in the kernel"
	[[ ! -f $repo/MAINTAINERS ]] || cp "$repo/MAINTAINERS" "$TMP/MAINTAINERS"
	commit_all -m "Linux $BASE"
	plain_git tag ims-base
}

# The new files of patch $1
overlay_of() { [[ ! -f $PATCHES/$1/files ]] || list_read "$PATCHES/$1/files"; }

# check_overlay SLUG...: the new files are there, are new, and are each of one patch
check_overlay() {
	local slug path
	local -A owner=()

	for slug; do
		for path in $(overlay_of "$slug"); do
			path_ok "$path" || die "patch $slug: bad path '$path': correct patches/$slug/files"
			[[ -z ${owner[$path]-} ]] ||
				die "patch $slug: $path is listed already by ${owner[$path]}: take it out of one files list"
			owner[$path]=$slug
			[[ -f $OVERLAY/$path ]] ||
				die "patch $slug: overlay file $path is missing: add it or take it out of patches/$slug/files"
			! pristine "$path" >/dev/null ||
				die "patch $slug: $path exists in base $BASE: if the series is applied there remove it first, else make the change a diff, or rename the file"
		done
	done
}

# series_repo: branch ims of $repo, one signed-off commit for each patch with an effect on $BASE, their
# slugs in slugs_done; above ims-base, pristine files of the base.
series_repo() {
	local slug slugs part

	need_cmd git base
	make_tmp
	slugs_done=() overlaid=()
	[[ -r $PATCHES/series ]] || die "no series in $PATCHES: list the patches there, one a line"
	mapfile -t slugs < <(list_read "$PATCHES/series")
	check_overlay "${slugs[@]}"
	root_commit "${slugs[@]}"
	for slug in "${slugs[@]}"; do
		[[ -s $PATCHES/$slug/msg ]] ||
			die "patch $slug has no message: write $PATCHES/$slug/msg or take it out of the series"
		for part in $(diffs_of "$slug"); do
			apply_diff "$slug" "$part"
		done
		add_overlay "$slug"
		plain_git add -Af .
		! plain_git diff --cached --quiet || continue
		plain_git commit -q --no-verify --cleanup=whitespace -s -F "$PATCHES/$slug/msg"
		slugs_done+=("$slug")
	done
}

# files_of FILTER [COMMIT]: those that the series adds (A), edits (M) or both (AM), up to the commit
files_of() { plain_git diff --name-only --no-renames --diff-filter="$1" ims-base "${2:-ims}"; }

# put_commit COMMIT DIR: the files of a tree become those of the commit; the others keep their time
put_commit() {
	local path gone

	plain_git read-tree --reset "$1"
	mapfile -t gone < <(plain_git diff --name-only --diff-filter=D ims "$1")
	plain_git --work-tree="$2" diff --name-only -z | plain_git --work-tree="$2" checkout-index -fz --stdin
	drop_files "$2" "${gone[@]}"
}

# drop_files DIR PATH...: with the directories that get empty
drop_files() {
	(($# == 1)) || (cd "$1" && shift && rm -f -- "$@" && dirname -z -- "$@" | xargs -0 rmdir -p --ignore-fail-on-non-empty 2>/dev/null) || :
}

# Where the mails are made every hunk must apply with all of its context.
EXACT=

apply_diff() {
	local slug=$1 diff=$PATCHES/$1/$2.diff file place

	plain_git apply --index --whitespace=nowarn "$diff" 2>"$TMP/log" && return
	file=$(sed -n 's/^error: \(.*\): patch does not apply$/\1/p' "$TMP/log" | head -1)
	[[ -z $EXACT ]] ||
		die "patch $slug: a hunk for $file does not apply to $BASE with all of its context: run make refresh BASE=$BASE, or adapt patches/$slug/$2.diff"
	fit_diff "$diff" >"$TMP/places" ||
		die "patch $slug: a hunk for $file does not apply to $BASE: adapt patches/$slug/$2.diff; nothing was changed"
	while read -r place; do
		say "patch $slug: $place applied with less context, the source around it has changed: ${IMS_REFRESH:-make refresh BASE=$BASE} settles it"
	done <"$TMP/places"
}

# For a base that has moved by a point release: each change by itself, with as much of its context as still
# fits, which is a line on either side at least.  It must come to the same place from the top of the file and
# from the bottom, and be in the same function.  Prints the places of those with less context.
fit_diff() {
	local before after=() from

	before=$(plain_git write-tree)
	awk -v context=3 -f "$TOP/scripts/hunks.awk" "$1" >"$TMP/hunks"
	# git takes a line off the number for each line of context that it does without
	for from in 3 9999999; do
		plain_git read-tree "$before"
		sed -E "s/^(@@ [^+]*\+)[0-9]+/\1$from/" "$TMP/hunks" |
			plain_git apply -v --cached --whitespace=nowarn -C1 --allow-overlap 2>"$TMP/log" || return 1
		after+=("$(plain_git write-tree)")
	done
	[[ ${after[0]} == "${after[1]}" ]] || return 1
	cmp -s <(awk -v context=1 -f "$TOP/scripts/hunks.awk" "$1" | changes_only) \
		<(plain_git diff -U1 --no-renames "$before" "${after[0]}" | changes_only) || return 1
	plain_git checkout-index -afu
	awk '/^Checking patch / { file = substr($3, 1, length($3) - 3) }
	     /^Context reduced / { print file ":" $NF; told = 1 }
	     END { if (!told) print file }' "$TMP/log"
}

# A diff without numbers; the function in the head of a hunk counts in C alone.
changes_only() {
	awk '/^(diff|index|---) / { next }
	     /^\+\+\+ / { in_c = /\.[ch]$/ }
	     /^@@ / { sub(/^@@ [^@]*@@/, "@@"); sub(/[ \t]+$/, ""); if (!in_c) $0 = "@@" }
	     { print }'
}

add_overlay() {
	local paths

	mapfile -t paths < <(overlay_of "$1")
	((${#paths[@]})) || return 0
	(cd "$OVERLAY" && cp --parents -t "$repo" -- "${paths[@]}")
	overlaid+=("${paths[@]}")
	add_maintainers
}

# The lines for the new files, from MAINTAINERS at the top of the overlay.  $MAINTAINER, NAME <ADDRESS>, is
# who mails them.
MAINTAINER=

add_maintainers() {
	[[ -f $OVERLAY/MAINTAINERS && -f $TMP/MAINTAINERS ]] || return 0
	printf '%s\n' "${overlaid[@]}" |
		awk -v who="$MAINTAINER" -f "$TOP/scripts/maintainers.awk" "$OVERLAY/MAINTAINERS" - "$TMP/MAINTAINERS" >"$repo/MAINTAINERS"
}
