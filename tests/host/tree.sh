#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# scripts/tree and scripts/apply on a miniature kernel; and the table of knobs.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=tree

# Name, content and time of every file of the composed tree.
snapshot() {
	(cd t && find . -type f ! -name .ims-base -printf '%p %T@ ' -exec md5sum {} \; | sort)
}

changed_files() {
	comm -3 "$1" "$2" | awk '{ print $1 }' | sort -u | grep -v '^\./\.ims/' | xargs
}

compose_tree() { scripts/tree 6.12 "$TMP/t"; }

composes() {
	compose_tree
	grep new/ t/kernel/Makefile
	cmp new.c t/kernel/a.c
	grep 'long b' t/drivers/b.c
	cmp overlay/kernel/new/x.c t/kernel/new/x.c
	[[ ! -e t.partial ]]
}

second_run() {
	snapshot >s1
	compose_tree
	snapshot >s2
	cmp s1 s2
}

edit_one() {
	say 'int y;' >overlay/kernel/new/x.c
	compose_tree
	snapshot >s3
	[[ $(changed_files s2 s3) == ./kernel/new/x.c ]]
	grep 'int y' t/kernel/new/x.c
}

drop_patch() {
	sed -i '/^one/d' patches/series
	compose_tree
	[[ ! -e t/kernel/new ]]
	cmp t/kernel/Makefile "$src/kernel/Makefile"
	cp good/series patches/series
	compose_tree
	composes
}

# A run that was killed after it had noted its work and changed some of the files.
interrupted() {
	cp old.c t/kernel/a.c
	say stale >t/kernel/stale.c
	say kernel/stale.c >>t/.ims/overlay
	composes
	[[ ! -e t/kernel/stale.c ]]
}

own_file() {
	say 'int mine;' >t/kernel/mine.c
	compose_tree
	[[ -f t/kernel/mine.c ]]
}

# kernel_refuses PATTERN: scripts/kernel ends before it builds anything; scripts/tree knows what to do
kernel_refuses() {
	refuses "$1" scripts/kernel 6.12 boot
	[[ ! -e build/6.12/obj-boot ]]
	scripts/tree 6.12
}

planted() {
	local linux=build/6.12/linux

	scripts/tree 6.12
	say fault >>$linux/kernel/new/x.c
	kernel_refuses "kernel/new/x.c is not as the series has it: run scripts/tree 6.12"
	say fault >>$linux/kernel/a.c
	kernel_refuses "kernel/a.c is not as the series has it"
	sed -i '/^two/d' patches/series
	kernel_refuses "(a|b).c is not as the series has it"
	cp good/series patches/series
	kernel_refuses "(a|b).c is not as the series has it"
	scripts/tree 6.12 --check
	say fault >$linux/kernel/fault.c
	kernel_refuses "kernel/fault.c is not of the series: remove it"
	rm $linux/kernel/fault.c
	say fault >>$linux/Makefile
	kernel_refuses "/Makefile is not of the series: .* remove the tree"
	rm -r $linux
	scripts/tree 6.12
	scripts/tree 6.12 --check
}

apply_git() {
	git_tree k
	scripts/apply k
	[[ $(git -C k log --format=%s | xargs) == "two: Change a and b one: Add x base" ]]
	[[ $(git -C k show --name-only --format= HEAD | xargs) == "drivers/b.c kernel/a.c" ]]
	[[ $(git -C k show --name-only --format= HEAD~1 | xargs) == "kernel/Makefile kernel/new/x.c" ]]
	git -C k log -1 HEAD~1 --format=%b | grep -x 'Signed-off-by: Tester <tester@example.org>'
	[[ -z $(git -C k status --porcelain) ]]
}

apply_undone() {
	local head

	git_tree k
	head=$(git -C k rev-parse HEAD)
	# the second commit is refused
	printf '#!/bin/sh\n! git log --format=%%s | grep -q one:\n' >k/.git/hooks/pre-applypatch
	chmod +x k/.git/hooks/pre-applypatch
	refuses "the tree is back where it was" scripts/apply k
	[[ $(git -C k rev-parse HEAD) == "$head" && -z $(git -C k status --porcelain) && ! -e k/kernel/new ]]
}

apply_plain() {
	rm -rf k t
	cp -r "$src" k
	scripts/apply k
	compose_tree
	diff -r -x .ims -x .ims-base t k
}

# A write that fails when one file is written and one removed
plain_undone() {
	rm -rf k
	cp -r "$src" k
	mkdir fake
	printf '#!/bin/sh\ncase $* in *"-C %s apply"*) echo half >%s; rm %s; exit 1 ;; esac\nexec %s "$@"\n' \
		"$TMP/k" k/kernel/a.c k/drivers/b.c "$(command -v git)" >fake/git
	chmod +x fake/git
	refuses "cannot write to .*: correct that; the tree is back as it was" env PATH="$TMP/fake:$PATH" scripts/apply k
	diff -r "$src" k
}

# A variable that has an effect is in the table of knobs.
knobs() {
	local knob

	(cd "$TOP" && grep -rhoE '\$\{(IMS_[A-Z_]+|JOBS|QEMU|KERNEL|GUESTS|LANES)[:-]' scripts tests/host bench Makefile) |
		grep -oE '[A-Z_]+' | sort -u >used
	while read -r knob; do
		grep -q "^| .*\`$knob\`" "$TOP/README.md" || { say "$knob is not in the table of knobs"; return 1; }
	done <used
	[[ -s used ]]
}

t_mini
t_check "a tree is composed" composes
t_check "a second run touches nothing" second_run
t_check "an edited overlay file is the only one rewritten" edit_one
t_check "a patch taken out is undone, and put back is applied" drop_patch
t_check "an interrupted run is completed" interrupted
t_check "the user's own new files stay" own_file
t_check "scripts/kernel refuses a tree with a planted fault, or of another series" planted
t_check "apply makes one commit per patch with its files" apply_git
t_check "apply on a git repo is undone when a commit fails" apply_undone
t_check "apply on a plain tree gives what tree does" apply_plain
t_check "apply on a plain tree is undone when a write fails" plain_undone
t_check "every knob is in the README" knobs
((FAILED == 0))
