#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/refresh and scripts/series on a miniature kernel; see mails.sh for the real series.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"
# shellcheck source=series-lib.sh
. "$(dirname "$0")/series-lib.sh"

LANE=series
make_tmp
cd "$TMP"
ln -s "$TOP/scripts" scripts


diffs() { diffs_of patches; }

refresh() { scripts/refresh "${R_BASE:-6.12}" "$@"; }

# says PATTERN COMMAND...: fails with one line on stderr that matches
says() {
	local pattern=$1

	shift
	! "$@" 2>err >/dev/null || return 1
	cat err
	(($(wc -l <err) == 1)) && grep -qE -- "$pattern" err
}

tidy() {
	refresh
	grep -q '^index [0-9a-f]\{12\}\.\.' patches/one/common.diff && diffs >d1 && refresh && diffs >d2 && cmp d1 d2
}

edit_moves_later() {
	refresh --edit one drivers/b.c kernel/a.c
	sed -i '8i int first;' build/6.12/refresh/kernel/a.c
	refresh
	grep -q '^+int first;' patches/one/common.diff && grep -q '^ int first;' patches/two/common.diff &&
		scripts/tree 6.12 && grep -q 'long a' build/6.12/linux/kernel/a.c && diffs >d1 && refresh && diffs >d2 && cmp d1 d2
}

# The edit of a line that a later patch changes as well.
conflicts() {
	refresh --edit one kernel/a.c
	sed -i 's/int a;/int aa;/' build/6.12/refresh/kernel/a.c
	says "patch two/common conflicts in kernel/a.c: resolve it" refresh &&
		says "patch two/common conflicts in kernel/a.c: resolve it" refresh && diffs >d2 && cmp d1 d2
}

resolved() {
	sed -i '/^<<<<<<</,/^>>>>>>>/c long aa;' build/6.12/refresh/kernel/a.c
	refresh
	grep -q '^-int aa;' patches/two/common.diff && grep -q '^+int aa;' patches/one/common.diff
}

aborted() {
	diffs >d1
	refresh --edit two
	say 'int c;' >>build/6.12/refresh/kernel/a.c
	refresh --abort
	refresh
	diffs >d2
	cmp d1 d2
}

part_is_new() {
	refresh --edit one/6.12
	say 'obj-y += only.o' >>build/6.12/refresh/kernel/Makefile
	refresh
	grep -q '^+obj-y += only.o' patches/one/6.12.diff && ! grep -q only patches/one/common.diff
}

part_goes() {
	refresh --edit one/6.12
	sed -i '/only/d' build/6.12/refresh/kernel/Makefile
	refresh
	[[ ! -e patches/one/6.12.diff ]]
}

# A file with room for context.
long_file() {
	printf 'int %s;\n' k1 k2 k3 k4 a l1 l2 l3 l4 l5 l6 >src/linux-source-6.12/kernel/a.c
	tar -C src -cJf linux.tar.xz linux-source-6.12
}

# Another base, with a line more above: the shared diff keeps the numbers of the oldest.
other_base() {
	cp -r src/linux-source-6.12 src/linux-source-7.9
	sed -i 's/^VERSION.*/VERSION = 7/; s/^PATCHLEVEL.*/PATCHLEVEL = 9/' src/linux-source-7.9/Makefile
	sed -i '1i int zero;' src/linux-source-7.9/kernel/a.c
	tar -C src -cJf linux79.tar.xz linux-source-7.9
	sed "s/6\.12/7.9/; s/linux.tar.xz/linux79.tar.xz/" bases/6.12.mk >bases/7.9.mk
	cp patches/two/6.12.diff patches/two/7.9.diff
	diffs >d1
	scripts/tree 7.9 && R_BASE=7.9 refresh && diffs >d2 && cmp d1 d2
}

split_path() {
	refresh --split two kernel/a.c
	R_BASE=7.9 refresh --edit two/7.9 kernel/a.c
	sed -i 's/int aa/long aa/' build/7.9/refresh/kernel/a.c
	refresh && R_BASE=7.9 refresh
	[[ ! -e patches/two/common.diff ]] && grep -q 'long aa' patches/two/6.12.diff && grep -q 'long aa' patches/two/7.9.diff &&
		scripts/tree 7.9 && grep -q 'long aa' build/7.9/linux/kernel/a.c
}

joined() {
	cp -r patches before
	refresh --join two
	refresh && R_BASE=7.9 refresh
	grep -q 'long aa' patches/two/common.diff && [[ ! -e patches/two/6.12.diff && ! -e patches/two/7.9.diff ]] &&
		scripts/tree 7.9 && grep -q 'long aa' build/7.9/linux/kernel/a.c || return 1
	rm -r patches
	mv before patches
}

new_file() {
	refresh --edit two
	say hello >build/6.12/refresh/kernel/new.c
	says "adds or removes kernel/new.c: new files go to the top" refresh
	refresh --abort
}

both_changed() {
	refresh --edit two kernel/a.c
	say >>patches/two/6.12.diff
	says "patches/ has changed since" refresh
	sed -i '$d' patches/two/6.12.diff
	refresh
}

series() { SOURCE_DATE_EPOCH=1700000000 scripts/series "${R_BASE:-6.12}" "$@"; }

# The bytes depend on the input alone, not on where, when and under which settings.
same_bytes() {
	series s1
	printf '[diff]\n\tnoprefix = true\n\tcontext = 9\n[format]\n\tsignature = x\n\tnumbered = false\n' >config
	GIT_CONFIG_GLOBAL=$TMP/config GIT_AUTHOR_DATE='2001-01-01 00:00' TZ=Asia/Tokyo series s2
	diff -r s1 s2 && ls s1/ims/0002-*.patch && (($(grep -c '^Date: Tue, 14 Nov 2023 22:13:20 +0000' s1/ims/*.patch | grep -c :1) == 3))
}

headers() {
	series --version 3 --prefix 'RFC PATCH' s3
	grep -q '^Subject: \[RFC PATCH v3 0/2\] Mini$' s3/ims/v3-0000-cover-letter.patch &&
		grep -q '^  01 one: ours$' s3/ims/v3-0000-cover-letter.patch &&
		grep -q '^Base: Linux 6.12.1,' s3/ims/v3-0000-cover-letter.patch &&
		grep -q '^Signed-off-by: Tester <tester@example.org>$' s3/ims/v3-0001-*.patch &&
		grep -q '^From: Tester <tester@example.org>$' s3/ims/v3-0001-*.patch
}

mails_apply() {
	scripts/tree 6.12 && series s1 && am_equals build/6.12/linux "$PWD/s1"
}

# A section of ours goes where its name belongs, also in a list that is not sorted; to one that is
# there lines are added. Each comes with the patch that has a file for it.
maintainers() {
	printf '%s\n' 'How to' '' 'Maintainers List' ---------------- '' 'ALPHA' 'M:	A <a@example.org>' 'F:	kernel/a.c' 'F:	kernel/z.c' '' \
		'ZULU' 'F:	zulu/' '' 'DELTA' 'F:	delta/' '' 'OMEGA' 'F:	omega/' >src/linux-source-6.12/MAINTAINERS
	tar -C src -cJf linux.tar.xz linux-source-6.12
	printf '%s\n' '# ours' '' 'EPSILON' 'L:	l@example.org' 'S:	Orphan' 'F:	kernel/new/' '' 'ALPHA' 'F:	kernel/two.c' >overlay/MAINTAINERS
	say 'int two;' >overlay/kernel/two.c
	say kernel/two.c >patches/two/files
	scripts/tree 6.12 || return 1
	diff - build/6.12/linux/MAINTAINERS <<-'EOF' || return 1
	How to

	Maintainers List
	----------------

	ALPHA
	M:	A <a@example.org>
	F:	kernel/a.c
	F:	kernel/two.c
	F:	kernel/z.c

	ZULU
	F:	zulu/

	DELTA
	F:	delta/

	EPSILON
	L:	l@example.org
	S:	Orphan
	F:	kernel/new/
	F:	kernel/two.c

	OMEGA
	F:	omega/
	EOF
	series s10
	grep -qx '+M:	Tester <tester@example.org>' s10/ims/0001-* && grep -qx '+S:	Maintained' s10/ims/0001-* &&
		! grep -q '^+F:	kernel/two' s10/ims/0001-* && [[ $(grep -c '^+F:	kernel/two' s10/ims/0002-*) == 2 ]] &&
		am_equals build/6.12/linux "$PWD/s10"
}

two_postings() {
	sed -i '/^two/i # posting: later' patches/series
	series s4
	ls s4/ims/0001-*.patch s4/later/0001-*.patch && grep -q "on top of posting 'ims'" s4/later/0000-* &&
		! ls s4/later/0002-*
	sed -i '/^# posting/d' patches/series
}

cover_names() {
	printf '# Mini\n\nSee {one} and {two}, {other}.\n' >patches/cover.md
	sed -i '/^two/i # posting: later' patches/series
	series s9
	sed -i '/^# posting/d' patches/series
	grep -q "^See patch 1 and patch 1 of posting 'later', not needed on 6.12\.$" s9/ims/0000-* || return 1
	say 'See {nobody}.' >>patches/cover.md
	says "names patch 'nobody', which is not in patches/series: correct" series s9
	say '# Mini' >patches/cover.md
}

too_many() {
	local i

	cp -r patches p16
	for i in {1..15}; do
		mkdir "p16/n$i"
		say "n$i: Add" >"p16/n$i/msg"
		say "kernel/n$i.c" >"p16/n$i/files"
		say "int n$i;" >"overlay/kernel/n$i.c"
		say "n$i" >>p16/series
	done
	IMS_PATCHES=$TMP/p16 says "has 17 patches, more than 15: split" series s5 && [[ ! -e s5 && ! -e s5.new ]]
}

status_shown() {
	say 'backport of upstream "x: Y"' >patches/two/status
	series s6
	grep -q '^  02 two: backport of upstream "x: Y"$' s6/ims/0000-*
	say nonsense >patches/two/status
	says "patch two: status is 'nonsense': write" series s6
	rm patches/two/status
}

needs_fuzz() {
	cp -r patches good
	sed -i 's/^ int k4;/ int k5;/' patches/two/6.12.diff
	says "patch two: a hunk for kernel/a.c does not apply to 6.12 with all of its context: run make refresh" series s7 || return 1
	rm -r patches
	mv good patches
}

anonymous() {
	says "set user.name and user.email" env -u GIT_AUTHOR_NAME -u GIT_AUTHOR_EMAIL -u GIT_COMMITTER_NAME \
		-u GIT_COMMITTER_EMAIL HOME="$TMP/nohome" XDG_CONFIG_HOME="$TMP/nohome" GIT_CONFIG_NOSYSTEM=1 \
		GIT_CONFIG_GLOBAL=/dev/null scripts/series 6.12 s8
}

foreign_dir() {
	mkdir -p mine
	say mine >mine/file
	says "is not a series of ours: choose another DIR" series mine && [[ -f mine/file ]]
}

t_mini "$TMP"
long_file
t_check "refresh writes complete diffs and the second run changes nothing" tidy
t_check "an edit moves the later patches" edit_moves_later
t_check "a conflict names patch and file, and changes no diff" conflicts
t_check "a resolved conflict is taken" resolved
t_check "an edit can be dropped" aborted
t_check "a diff for one base alone can be added" part_is_new
t_check "a diff that becomes empty goes" part_goes
t_check "another base leaves shared hunks alone" other_base
t_check "a hunk can be split off for one base" split_path
t_check "a hunk that every base has can be shared again" joined
t_check "a new file is refused with the way out" new_file
t_check "a change on both sides is refused" both_changed

say '# Mini' >patches/cover.md
export GIT_AUTHOR_NAME=Tester GIT_AUTHOR_EMAIL=tester@example.org GIT_COMMITTER_NAME=Tester GIT_COMMITTER_EMAIL=tester@example.org
t_check "the same input gives the same bytes" same_bytes
t_check "version, prefix, sign-off, base and status are in the mails" headers
t_check "the mails apply to the pristine base and give the composed tree" mails_apply
t_check "the maintainer of what is new is who sends it" maintainers
t_check "a mark splits the series into postings" two_postings
t_check "the cover letter names patches by number, and only those that are there" cover_names
t_check "more than 15 patches in one posting are refused" too_many
t_check "the status of edits is shown and checked" status_shown
t_check "a hunk that would need fuzz is an error" needs_fuzz
t_check "no git identity is one clear line" anonymous
t_check "a directory that is not ours is left alone" foreign_dir

((FAILED == 0))
