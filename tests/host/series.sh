#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/refresh and scripts/series on a miniature kernel; see mails.sh for the real series.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=series

refresh() { scripts/refresh "${R_BASE:-6.12}" "$@"; }

# refresh_again: what it writes it does not change the second time
refresh_again() {
	refresh
	sums_of patches >d1
	refresh
	sums_of patches >d2
	cmp d1 d2
}

tidy() {
	refresh_again
	grep '^index [0-9a-f]\{12\}\.\.' patches/one/common.diff
}

edit_moves_later() {
	refresh --edit one drivers/b.c kernel/a.c
	sed -i '5i\	first();' build/6.12/refresh/kernel/a.c
	refresh_again
	grep '^+	first();' patches/one/common.diff
	grep '^ 	first();' patches/two/common.diff
	scripts/tree 6.12
	grep 'four++' build/6.12/linux/kernel/a.c
}

# The edit of a line that a later patch changes as well
conflicts() {
	refresh --edit one kernel/a.c
	sed -i 's/three = 0/three = 1/' build/6.12/refresh/kernel/a.c
	refuses "patch two/common conflicts in kernel/a.c: resolve it" refresh
	refuses "patch two/common conflicts in kernel/a.c: resolve it" refresh
	sums_of patches | diff d1 -
	sed -i '/^<<<<<<</,/^>>>>>>>/c \	int three = 4;' build/6.12/refresh/kernel/a.c
	refresh
	grep '^-	int three = 1;' patches/two/common.diff
	grep '^+	int three = 1;' patches/one/common.diff
}

aborted() {
	sums_of patches >d1
	refresh --edit two/6.12
	say 'int c;' >>build/6.12/refresh/drivers/b.c
	refresh --abort
	refresh
	sums_of patches | diff d1 -
}

part_comes_and_goes() {
	refresh --edit one/6.12
	say 'obj-y += only.o' >>build/6.12/refresh/kernel/Makefile
	refresh
	grep '^+obj-y += only.o' patches/one/6.12.diff
	no grep only patches/one/common.diff
	refresh --edit one/6.12
	sed -i '/only/d' build/6.12/refresh/kernel/Makefile
	refresh
	[[ ! -e patches/one/6.12.diff ]]
}

# Another base, with a line more above: the shared diff keeps the numbers of the oldest.
other_base() {
	cp -r "$src" src/linux-source-7.9
	sed -i 's/^VERSION.*/VERSION = 7/; s/^PATCHLEVEL.*/PATCHLEVEL = 9/' src/linux-source-7.9/Makefile
	sed -i '1i int zero;' src/linux-source-7.9/kernel/a.c
	tar -C src -cJf linux79.tar.xz linux-source-7.9
	sed "s/6\.12/7.9/; s/linux.tar.xz/linux79.tar.xz/" bases/6.12.mk >bases/7.9.mk
	cp patches/two/6.12.diff patches/two/7.9.diff
	sums_of patches >d1
	scripts/tree 7.9
	R_BASE=7.9 refresh
	sums_of patches | diff d1 -
}

# A hunk that every base has is cut out and put at the end of what they share.
moved_by_hand() {
	cp -r patches before
	cat patches/two/6.12.diff >>patches/two/common.diff
	rm patches/two/{6.12,7.9}.diff
	refresh_again
	R_BASE=7.9 refresh
	[[ $(grep -c '^diff --git' patches/two/common.diff) == 2 ]]
	scripts/tree 7.9
	grep 'long b' build/7.9/linux/drivers/b.c
	rm -r patches
	mv before patches
}

new_file() {
	refresh --edit two/common
	say hello >build/6.12/refresh/kernel/new.c
	refuses "adds or removes kernel/new.c: new files go to the top" refresh
	refresh --abort
}

both_changed() {
	refresh --edit two/common kernel/a.c
	say >>patches/two/6.12.diff
	refuses "patches/ has changed since" refresh
	sed -i '$d' patches/two/6.12.diff
	refresh
}

series() { scripts/series 6.12 "$@"; }

# The bytes depend on the input alone, not on where, when and under which settings.
same_bytes() {
	series s1
	printf '[diff]\n\tnoprefix = true\n\tcontext = 9\n[format]\n\tsignature = x\n\tnumbered = false\n' >config
	GIT_CONFIG_GLOBAL=$TMP/config GIT_AUTHOR_DATE='2001-01-01 00:00' TZ=Asia/Tokyo series s2
	diff -r s1 s2
	[[ $(cat s1/ims/000[0-2]-*.patch | grep -c '^Date: Tue, 14 Nov 2023 22:13:20 +0000') == 3 ]]
}

headers() {
	say 'backport of upstream "x: Y"' >patches/two/status
	series --version 3 --prefix 'RFC PATCH' s3
	rm patches/two/status
	grep '^Subject: \[RFC PATCH v3 0/2\] Mini$' s3/ims/v3-0000-cover-letter.patch
	grep '^  01 one: ours$' s3/ims/v3-0000-cover-letter.patch
	grep '^  02 two: backport of upstream "x: Y"$' s3/ims/v3-0000-cover-letter.patch
	grep '^Base: Linux 6.12.1,' s3/ims/v3-0000-cover-letter.patch
	grep '^Signed-off-by: Tester <tester@example.org>$' s3/ims/v3-0001-*.patch
	grep '^From: Tester <tester@example.org>$' s3/ims/v3-0001-*.patch
}

# A section of ours goes where its name belongs, also in a list that is not sorted; to one that is
# there lines are added. Each comes with the patch that has a file for it.
maintainers() {
	printf '%s\n' 'How to' '' 'Maintainers List' ---------------- '' 'ALPHA' 'M:	A <a@example.org>' 'F:	kernel/a.c' 'F:	kernel/z.c' '' \
		'ZULU' 'F:	zulu/' '' 'DELTA' 'F:	delta/' '' 'OMEGA' 'F:	omega/' >"$src/MAINTAINERS"
	pack
	printf '%s\n' '# ours' '' 'EPSILON' 'L:	l@example.org' 'S:	Orphan' 'F:	kernel/new/' '' 'ALPHA' 'F:	kernel/two.c' >overlay/MAINTAINERS
	say 'int two;' >overlay/kernel/two.c
	say kernel/two.c >patches/two/files
	scripts/tree 6.12
	{ diff -U2 "$src/MAINTAINERS" build/6.12/linux/MAINTAINERS || :; } | sed 1,2d | diff - <(cat <<-'EOF'
	@@ -7,4 +7,5 @@
	 M:	A <a@example.org>
	 F:	kernel/a.c
	+F:	kernel/two.c
	 F:	kernel/z.c
	 
	@@ -15,4 +16,10 @@
	 F:	delta/
	 
	+EPSILON
	+L:	l@example.org
	+S:	Orphan
	+F:	kernel/new/
	+F:	kernel/two.c
	+
	 OMEGA
	 F:	omega/
	EOF
	)
	series s4
	grep -x '+M:	Tester <tester@example.org>' s4/ims/0001-*
	grep -x '+S:	Maintained' s4/ims/0001-*
	no grep '^+F:	kernel/two' s4/ims/0001-*
	[[ $(grep -c '^+F:	kernel/two' s4/ims/0002-*) == 2 ]]
	am_equals build/6.12/linux "$PWD/s4"
}

two_postings() {
	printf '# Mini\n\nSee {one} and {two}, {other}.\n' >patches/cover.md
	sed -i '/^two/i # posting: later' patches/series
	series s5
	[[ $(cd s5 && echo ./*/*) == "./ims/0000-cover-letter.patch ./ims/0001-one-Add-x.patch ./later/0000-cover-letter.patch ./later/0001-two-Change-a-and-b.patch" ]]
	grep "on top of posting 'ims'" s5/later/0000-*
	grep "^See patch 1 and patch 1 of posting 'later', not needed on 6\.12\.$" s5/ims/0000-*
	say 'See {nobody}.' >>patches/cover.md
	refuses "names patch 'nobody', which is not in patches/series: correct" series s5
	cp good/cover.md good/series patches/
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
	IMS_PATCHES=$TMP/p16 refuses "has 17 patches, more than 15: split" series s6
	[[ ! -e s6 && ! -e s6.new ]]
}

foreign_dir() {
	mkdir mine
	say mine >mine/file
	refuses "is not a series of ours: choose another DIR" series mine
	[[ -f mine/file ]]
}

t_mini
t_check "refresh writes complete diffs and the second run changes nothing" tidy
t_check "an edit moves the later patches" edit_moves_later
t_check "a conflict names patch and file, changes no diff, and can be resolved" conflicts
t_check "an edit can be dropped" aborted
t_check "a diff for one base alone can be added, and goes when it becomes empty" part_comes_and_goes
t_check "another base leaves shared hunks alone" other_base
t_check "a hunk can be moved between the diffs by hand" moved_by_hand
t_check "a new file is refused with the way out" new_file
t_check "a change on both sides is refused" both_changed
t_check "the same input gives the same bytes" same_bytes
t_check "version, prefix, sign-off, base and status are in the mails" headers
t_check "the mails apply and give the composed tree; the maintainer of what is new is who sends them" maintainers
t_check "a mark splits the series into postings, and a cover letter names patches by number" two_postings
t_check "more than 15 patches in one posting are refused" too_many
t_check "a directory that is not ours is left alone" foreign_dir
((FAILED == 0))
