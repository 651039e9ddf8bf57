# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The series, composed from patches/ and the overlay; source it after lib.sh.

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
	local out=$1 slug=$2 diff=$3 log places place path paths rc=0

	mapfile -t paths < <(diff_paths "$diff")
	rm -rf "$TMP/before"
	mkdir "$TMP/before"
	(cd "$out" && cp -p --parents -t "$TMP/before" -- "${paths[@]}") || die "cannot write to $TMP: free some space"
	! log=$(patch -d "$out" -p1 -f --fuzz=0 --no-backup-if-mismatch -r - <"$diff" 2>&1) || return 0
	file=$(awk '/^patching file/ { f = $3 } /FAILED/ { print f; exit }' <<<"$log")
	cp -p -r "$TMP/before/." "$out/"
	[[ -z $EXACT && -n $file ]] || return 1
	places=$(awk -v dir="$out" -f "$TOP/scripts/hunks.awk" "$diff") || { rc=1 file=${places##*$'\n'}; }
	for path in "${paths[@]}"; do
		((rc)) || cat "$out/$path.ims-new" >"$out/$path" || die "cannot write to $out: free some space"
		rm -f "$out/$path.ims-new"
	done
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
