# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What series.sh and mails.sh share; source it after lib.sh.

diffs_of() { (cd "$1" && find . -name '*.diff' | sort | xargs -d '\n' sha256sum); }

# pristine_repo DIR TREE: a git repo with the files that the series touches, as the base has them
pristine_repo() {
	rm -rf "$1"
	cp -r "$2/.ims/orig" "$1"
	git -C "$1" init -q
	git -C "$1" add -A
	git -C "$1" -c core.hooksPath=/dev/null -c commit.gpgsign=false commit -q -m base
}

# The sender of the mails is the maintainer of what they add; in the tree there is none.
nobody() {
	sed -e '/^M:	Tester <tester@example\.org>$/,/^S:/s/^S:	Maintained$/S:	Orphan/' -e '/^M:	Tester <tester@example\.org>$/d' "$1"
}

# am_equals TREE DIR: the mails, applied to the pristine base, give the composed tree
am_equals() {
	local path

	pristine_repo am "$1"
	git -C am -c commit.gpgsign=false am -q "$2"/*/*[0-9]-[!c]*.patch || return 1
	{ cat "$1/.ims/overlay"; (cd "$1/.ims/orig" && find . -type f -printf '%P\n'); } | while read -r path; do
		if [[ $path == MAINTAINERS ]]; then
			diff "$1/$path" <(nobody am/MAINTAINERS) || return 1
		else
			cmp "$1/$path" "am/$path" || return 1
		fi
	done
}
