#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/tree and scripts/apply on a miniature kernel; and the overlay's lists.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=tree
make_tmp
cd "$TMP"
ln -s "$TOP/scripts" scripts
ln -s "$TOP/tests" tests

# Name, content and time of every file of the composed tree.
snapshot() {
	(cd "$1" && find . -type f ! -name .ims-base -printf '%p %T@ ' -exec md5sum {} \; | sort)
}

changed_files() {
	comm -3 "$1" "$2" | awk '{ print $1 }' | sort -u | grep -v '^\./\.ims/' | xargs
}

compose_tree() { scripts/tree 6.12 "$TMP/t"; }

composes() {
	compose_tree && grep -q new/ t/kernel/Makefile && grep -q 'long a' t/kernel/a.c &&
		grep -q 'long b' t/drivers/b.c && [[ -f t/kernel/new/x.c && ! -e t.partial ]]
}

second_run() {
	snapshot t >s1
	compose_tree
	snapshot t >s2
	cmp s1 s2
}

edit_one() {
	say 'int y;' >overlay/kernel/new/x.c
	compose_tree
	snapshot t >s3
	[[ $(changed_files s2 s3) == ./kernel/new/x.c ]] && grep -q 'int y' t/kernel/new/x.c
}

drop_patch() {
	sed -i '/^one/d' patches/series
	compose_tree
	[[ ! -e t/kernel/new ]] && cmp t/kernel/Makefile src/linux-source-6.12/kernel/Makefile &&
		[[ ! -e t/.ims/orig/kernel/Makefile ]] && grep -q 'long a' t/kernel/a.c
}

take_back() {
	cp series.saved patches/series
	compose_tree && [[ -f t/kernel/new/x.c ]] && grep -q new/ t/kernel/Makefile
}

# A run that was killed after it had noted its work and changed some of the files.
interrupted() {
	cp src/linux-source-6.12/kernel/a.c t/kernel/a.c
	say stale >t/kernel/stale.c
	say kernel/stale.c >>t/.ims/overlay
	compose_tree && grep -q 'long a' t/kernel/a.c && [[ ! -e t/kernel/stale.c ]]
}

edited_base_file() {
	say 'int mine;' >t/kernel/mine.c
	compose_tree && [[ -f t/kernel/mine.c ]]
}

# refuses PATTERN: scripts/kernel ends with one line before it builds anything
refuses() {
	! scripts/kernel 6.12 boot >said 2>err || return 1
	cat err
	(($(wc -l <err) == 1)) && grep -qE "$1" err && [[ ! -e build/6.12/obj-boot ]]
}

# What is planted is noticed, and goes away by scripts/tree as far as that knows it.
planted() {
	local linux=build/6.12/linux

	scripts/tree 6.12 && scripts/tree 6.12 --check || return 1
	say fault >>$linux/kernel/new/x.c
	refuses "kernel/new/x.c is not as the series has it: run scripts/tree 6.12" && scripts/tree 6.12 && scripts/tree 6.12 --check || return 1
	say fault >>$linux/kernel/a.c
	refuses "kernel/a.c is not as the series has it" && scripts/tree 6.12 && scripts/tree 6.12 --check || return 1
	say fault >$linux/kernel/fault.c
	refuses "kernel/fault.c is not of the series: remove it" && scripts/tree 6.12 && refuses "kernel/fault.c is not of" || return 1
	rm $linux/kernel/fault.c
	say fault >>$linux/Makefile
	refuses "/Makefile is not of the series: .* remove the tree" && rm -r $linux && scripts/tree 6.12 && scripts/tree 6.12 --check
}

other_series() {
	say 'int z;' >>overlay/kernel/new/x.c
	refuses "kernel/new/x.c is not as the series has it" && scripts/tree 6.12 && scripts/tree 6.12 --check || return 1
	sed -i '/^two/d' patches/series
	refuses "(a|b).c is not of the series" && scripts/tree 6.12 && scripts/tree 6.12 --check || return 1
	cp series.saved patches/series
	refuses "(a|b).c is not as the series has it" && scripts/tree 6.12 && scripts/tree 6.12 --check
}

new_kdir() {
	rm -rf k
	cp -r src/linux-source-6.12 k
}

git_kdir() {
	new_kdir
	git -C k init -q
	git -C k config user.name Tester
	git -C k config user.email tester@example.org
	git -C k config commit.gpgsign false
	git -C k add .
	git -C k commit -qm base
}

apply_git() {
	git_kdir
	scripts/apply k
	[[ $(git -C k log --format=%s | xargs) == "two: Change a and b one: Add x base" ]] &&
		[[ $(git -C k show --name-only --format= HEAD | xargs) == "drivers/b.c kernel/a.c" ]] &&
		[[ $(git -C k show --name-only --format= HEAD~1 | xargs) == "kernel/Makefile kernel/new/x.c" ]] &&
		git -C k log -1 HEAD~1 --format=%b | grep -qx 'Signed-off-by: Tester <tester@example.org>' &&
		[[ -z $(git -C k status --porcelain) ]]
}

apply_undone() {
	local head

	git_kdir
	head=$(git -C k rev-parse HEAD)
	# the second commit is refused
	printf '#!/bin/sh\n! test -e kernel/new/x.c || ! git log --format=%%s | grep -q one:\n' >k/.git/hooks/pre-commit
	chmod +x k/.git/hooks/pre-commit
	! scripts/apply k || return 1
	[[ $(git -C k rev-parse HEAD) == "$head" && -z $(git -C k status --porcelain) && ! -e k/kernel/new ]]
}

apply_plain() {
	new_kdir
	scripts/apply k
	grep -q 'long a' k/kernel/a.c && grep -q 'long b' k/drivers/b.c && [[ -f k/kernel/new/x.c ]] &&
		[[ -z $(find k -name '*.orig' -o -name '*.rej' -o -name '*.ims-new') ]]
}

apply_equals_tree() {
	rm -rf t
	compose_tree
	diff -r -x .ims -x .ims-base t k
}

# In the real repo: every file at a kernel path belongs to exactly one commit.
listed() {
	local dirs d files=()

	mapfile -t dirs < <(OVERLAY=$TOP overlay_dirs)
	for d in "$TOP"/patches/*/files; do
		[[ ! -f $d ]] || files+=("$d")
	done
	diff <(cd "$TOP" && find "${dirs[@]}" -type f ! -name '*.pyc' | sort) \
		<(for d in "${files[@]}"; do list_read "$d"; done | sort)
}

# A variable that has an effect is in the table of knobs.
knobs() {
	local knob

	(cd "$TOP" && grep -rhoE '\$\{(IMS_[A-Z_]+|JOBS|QEMU|KERNEL|GUESTS|LANES)[:-]' scripts tests/*.sh bench/*.sh Makefile) |
		grep -oE '[A-Z_]+' | sort -u >used
	while read -r knob; do
		grep -q "^| .*\`$knob\`" "$TOP/README.md" || { say "$knob is not in the table of knobs"; return 1; }
	done <used
	[[ -s used ]]
}

t_mini "$TMP"
cp patches/series series.saved
t_check "a tree is composed" composes
t_check "a second run touches nothing" second_run
t_check "an edited overlay file is the only one rewritten" edit_one
t_check "a patch taken out is undone" drop_patch
t_check "a patch put back is applied" take_back
t_check "an interrupted run is completed" interrupted
t_check "the user's own new files stay" edited_base_file
t_check "scripts/kernel refuses a tree with a planted fault" planted
t_check "scripts/kernel refuses the tree of another series" other_series
t_check "apply makes one commit per patch with its files" apply_git
t_check "apply on a git repo is undone when a commit fails" apply_undone
t_check "apply on a plain tree" apply_plain
t_check "apply and tree agree" apply_equals_tree
t_check "every knob is in the README" knobs
t_check "every overlay file belongs to one commit" listed
((FAILED == 0))
