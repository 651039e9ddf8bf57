#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Bad input: each ends with one clear line that says what to do, and leaves nothing half-done.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=badinput

# bad_input NAME PATTERN COMMAND...: is refused, and the trees under work/ stay as they were
bad_input() { t_check "$1" unchanged_by refuses "${@:2}"; }

unchanged_by() {
	state >before
	"$@"
	state | diff before -
}

state() {
	(cd work && find . -type f ! -path '*/.git/*' -exec md5sum {} + | sort; find . -type d ! -path '*/.git/*' | sort
		for g in */.git; do [[ ! -d $g ]] || git -C "${g%/.git}" log --format=%H; done) 2>/dev/null
}

# spoiled NAME PATTERN COMMAND...: a tree of the series with the fault that the command plants
spoiled() {
	rm -rf patches overlay
	cp -r good patches
	cp -r overlay.good overlay
	"${@:3}"
	bad_input "$1" "$2" scripts/tree 6.12 work/tree
}

append() { say "$2" >>"$1"; }

base_file() {
	cp "$src/kernel/a.c" overlay/kernel/a.c
	append patches/two/files kernel/a.c
}

t_mini
cp -r overlay overlay.good
mkdir work home fake

# arguments and trees
for verb in tree fetch refresh series check check-build bisect deb kunit; do
	bad_input "unknown BASE, $verb" "unknown BASE '9.9': use one of: 6.12" "scripts/$verb" 9.9
done
bad_input "unknown BASE, apply" "unknown BASE" env BASE=nope scripts/apply work/t
bad_input "no KDIR" "usage: make apply KDIR=" scripts/apply ""
mkdir work/other
say hello >work/other/file
cp -r "$src" work/old
sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 1/' work/old/Makefile
bad_input "KDIR is not a kernel tree" "not a kernel tree: give the top" scripts/apply work/other
bad_input "KDIR of another version" "is version 6.1, .* needs 6.12: use" scripts/apply work/old
bad_input "DIR is not ours" "not a tree of ours: choose another" scripts/tree 6.12 work/other
printf '#!/bin/sh\necho head\necho / 9 9 9 0%% /\n' >fake/df
chmod +x fake/df
bad_input "no disk space" "needs .* MiB.*: free some space" env PATH="$TMP/fake:$PATH" scripts/tree 6.12 work/t
sed "s,linux.tar.xz,torn.tar.xz," bases/6.12.mk >bases/6.13.mk
head -c 100 linux.tar.xz >torn.tar.xz
bad_input "a torn tarball" "cannot unpack .*: reinstall" scripts/tree 6.13 work/t
rm torn.tar.xz
bad_input "no tarball" "is missing: run scripts/deps base" scripts/tree 6.13 work/t

# git trees
git_tree work/dirty
say 'int c;' >>work/dirty/kernel/a.c
bad_input "dirty git tree" "uncommitted changes: commit or stash" scripts/apply work/dirty
git_tree work/am
mkdir work/am/.git/rebase-apply
bad_input "am in progress" "finish or abort it first" scripts/apply work/am
git_tree work/clean
bad_input "no git identity" "set user.name and user.email" \
	env -u GIT_AUTHOR_NAME -u GIT_AUTHOR_EMAIL -u GIT_COMMITTER_NAME -u GIT_COMMITTER_EMAIL -u EMAIL scripts/apply work/clean
cp -r "$src" work/applied
scripts/apply work/applied >/dev/null
bad_input "applied already" "if the series is applied there remove it" scripts/apply work/applied

# the series
scripts/tree 6.12 work/tree >/dev/null
cp -r "$src" work/plain
spoiled "a hunk that does not apply" "patch two: a hunk for drivers/b.c .*adapt patches/two/6.12.diff" sed -i 's/^-int b;/-int z;/' patches/two/6.12.diff
for kdir in plain clean; do
	bad_input "a hunk that does not apply, apply $kdir" "patch two: a hunk for drivers/b.c .*adapt" scripts/apply "work/$kdir"
done
spoiled "a diff that is torn" "patch two: common.diff is torn .*corrupt patch at line.*: make it again" sed -i '20,$ d' patches/two/common.diff
spoiled "a diff of a file that the base has not" "patch two: base 6.12 has no drivers/z.c: correct 6.12.diff" sed -i 's/b\.c/z.c/' patches/two/6.12.diff
spoiled "a missing overlay file" "patch two: overlay file kernel/new/missing.c is missing: add" append patches/two/files kernel/new/missing.c
spoiled "an overlay file listed twice" "listed already by one: take" append patches/two/files kernel/new/x.c
spoiled "an overlay file that the base has" "patch two: kernel/a.c exists in base 6.12: .* make" base_file
spoiled "an overlay path that leaves the tree" "bad path" append patches/two/files ../../evil
spoiled "a patch without a message" "patch two has no message: write" rm patches/two/msg

# packages
printf '#!/bin/sh\nexit 1\n' >fake/dpkg-query
# shellcheck disable=SC2016	# the script's own variable
printf '#!/bin/sh\necho "${FAKE_UID:-0}"\n' >fake/id
printf '#!/bin/sh\necho "E: Failed to fetch a package: Temporary failure resolving the host" >&2\nexit 100\n' >fake/apt-get
chmod +x fake/*
# all tools but these
mkdir bin
ln -s /usr/bin/* bin/
rm -f bin/ninja bin/autoreconf bin/sudo
bad_input "missing package, neither root nor sudo" "neither root .*: as root, run 'apt-get install .*libelf-dev" \
	env PATH="$TMP/fake:$TMP/bin" FAKE_UID=1000 scripts/deps build
bad_input "apt without network" "apt failed .*when the network .*run 'apt-get install .*qemu-system-x86" \
	env -u QEMU PATH="$TMP/fake:$PATH" scripts/deps qemu
cp -a bin bare
rm -f bare/apt-get
bad_input "a machine without apt" "has no apt-get, and the packages are those of Debian 12 and 13: run" env PATH="$TMP/bare" scripts/deps build
bad_input "unknown package group" "unknown group 'bild': use" scripts/deps bild

# QEMU's source
qemu=(env IMS_BUILD="$TMP/qemu-build")

# make_dsc VERSION: a source package of a QEMU whose files are not what the diffs expect
make_dsc() {
	local tree=$TMP/dsc/qemu-$1 tar=$TMP/dsc/qemu_$1.tar.xz path

	mkdir -p "$tree/debian/source"
	while read -r path; do
		mkdir -p "$tree/$(dirname "$path")"
		say "another QEMU" >"$tree/$path"
	done < <(git apply --numstat "$TOP"/qemu/patches/*/*.diff | cut -f 3)
	say "$1" >"$tree/VERSION"
	tar -C "$TMP/dsc" -cJf "$tar" "qemu-$1"
	printf 'Format: 3.0 (native)\nSource: qemu\nVersion: %s\nMaintainer: T <t@example.org>\nFiles:\n %s %s %s\n' \
		"$1" "$(md5sum <"$tar" | cut -d ' ' -f 1)" "$(stat -c %s "$tar")" "${tar##*/}" >"$TMP/dsc/$1.dsc"
}

# bad_qemu NAME PATTERN [VERSION]: of the source package of this version
bad_qemu() { bad_input "QEMU: $1" "$2" "${qemu[@]}" IMS_QEMU_DSC="dsc/${3-10.0.1}.dsc" scripts/qemu; }

make_dsc 10.0.1
make_dsc 10.2.2
say torn >>dsc/qemu_10.0.1.tar.xz
bad_qemu "no meson" "no meson beside .*10.0.1.dsc: put"
mkdir -p dsc/meson/DEBIAN
printf 'Package: meson\nVersion: 1\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: t\n' >dsc/meson/DEBIAN/control
dpkg-deb -b dsc/meson dsc/meson_1_all.deb >/dev/null
bad_qemu "torn source package" "cannot unpack .*10.0.1.dsc .*try again"
rm -r dsc/qemu-10.0.1
make_dsc 10.0.1
bad_qemu "another version" "QEMU 10.2 and the changes .* are for 10.0: use" 10.2.2
bad_qemu "no such source package" "nothing.dsc is not there: give" nothing
first=$(grep -v '^#' "$TOP/qemu/patches/series" | head -1)
file=$(sed -n 's,^+++ b/,,p' "$TOP/qemu/patches/$first/10.0.diff" | head -1)
bad_qemu "a diff that does not apply" "patch $first: a hunk for $file does not apply to 10.0: adapt"
mkdir -p ac/accel-config/dl
cp dsc/qemu_10.0.1.tar.xz dsc/10.0.1.dsc ac/accel-config/dl/
bad_input "accel-config: a patch that does not apply" "wq-interrupt.patch is for .* and does not apply to 10.0.1.dsc, adapt it" \
	env IMS_BUILD="$TMP/ac" scripts/accel-config
bad_input "accel-config: missing tool" "autoreconf is not installed: run scripts/deps accelbuild" env PATH="$TMP/bin" scripts/accel-config
bad_input "accel-config: an argument" "usage: scripts/accel-config" scripts/accel-config x
bad_input "QEMU: missing tool" "ninja is not installed: run scripts/deps qemubuild" env PATH="$TMP/bin" scripts/qemu

# the machine
unset IMS_BASES IMS_PATCHES IMS_OVERLAY IMS_BUILD
bad_input "QEMU missing" "[Qq][Ee][Mm][Uu]" env QEMU=/nonexistent "$TOP/tests/host/boot.sh" run
bad_input "no number of guests" "JOBS is 'two': give the number" env JOBS=two "$TOP/tests/host/boot.sh" run
bad_input "QEMU for DSA missing" "is missing: run scripts/qemu" env QEMU=/nonexistent "$TOP/tests/host/idxd.sh" run
bad_input "QEMU without DSA" "no dsa device: run scripts/qemu" env QEMU=false "$TOP/tests/host/idxd.sh" run
bad_input "QEMU for arm64 missing" "is missing: run scripts/qemu aarch64" env QEMU=/nonexistent "$TOP/tests/host/arm64.sh" run
bad_input "QEMU: unknown target" "usage: scripts/qemu .x86_64 . aarch64" scripts/qemu riscv64
bad_input "no such lane" "unknown lane 'fast': use some of: tree" "$TOP/scripts/test" fast
bad_input "no such guest, boot" "no guest named 'nobody' in tests/tables/boot.tsv" "$TOP/tests/host/boot.sh" needs nobody
bad_input "no such guest, arm64" "no guest named 'nobody' in tests/tables/arm64.tsv" "$TOP/tests/host/arm64.sh" nobody
bad_input "no such guest" "no guest named 'nobody' in tests/tables/idxd.tsv" "$TOP/tests/host/idxd.sh" nobody

# a root of another distribution
no_debootstrap() {
	# the links, not what they point at
	rm -f bin/debootstrap bin/df
	printf '#!/bin/sh\necho "E: Failed getting release file"\nexit 1\n' >bin/debootstrap
	printf '#!/bin/sh\necho head\necho / 9 9 99999999 0%% /\n' >bin/df
	# shellcheck disable=SC2016	# its own arguments
	printf '#!/bin/sh\nexec "$@"\n' >bin/sudo
	chmod +x bin/debootstrap bin/df bin/sudo
	PATH=$TMP/bin:$PATH IMS_BUILD=$TMP/root-build "$TOP/tests/host/debian13.sh" >said
	grep -x 'skip - debian13: a root of Debian 13 (debootstrap failed: E: Failed getting release file)' said
	[[ ! -e root-build/debian13 ]]
}
t_check "a debootstrap that fails is a skip with the reason" no_debootstrap

# a package that cannot be had
one_lane() {
	mkdir lack
	cp fake/apt-get lack/
	# shellcheck disable=SC2016	# its own argument
	printf '#!/bin/sh\n[ "$4" = debhelper ] || echo installed\n' >lack/dpkg-query
	chmod +x lack/dpkg-query
	no env PATH="$TMP/lack:$TMP/bin" IMS_BUILD="$TMP/lane-build" "$TOP/scripts/test" deb debian13 >said
	grep '^skip - deb: all of it (deps: apt failed (E: Failed to fetch a package.* debhelper' said
	grep '^skip - debian13: a root of Debian 13 ' said
	grep -x '0 passed, 0 failed, 2 skipped' said
}
t_check "a package that cannot be had stops the lanes which need it" one_lane

# the benchmark
bad_input "bench: unknown mode" "unknown mode 'fast': use quick" scripts/bench 6.12 fast
bad_input "bench: no tree" "run scripts/tree 6.12" env IMS_BUILD="$TMP/nothing" scripts/bench 6.12
bad_input "bench: unknown pass" "unknown pass 'fast': use count-1" "$TOP/bench/run.sh" fast cost-vtd
bad_input "bench: no results" "holds no results: run scripts/bench" python3 "$TOP/bench/report.py" nothing
((FAILED == 0))
