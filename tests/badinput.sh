#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Bad input: each ends with one clear line that says what to do, and leaves nothing half-done.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"
# shellcheck source=../scripts/compose.sh
. "$TOP/scripts/compose.sh"

LANE=badinput
make_tmp
cd "$TMP"
ln -s "$TOP/scripts" scripts

# refuses NAME PATTERN COMMAND...: fails, with one line on stderr that matches, and leaves
# the trees under work/ as they were
refuses() {
	local name=$1 pattern=$2 rc=0 before

	shift 2
	before=$(state)
	"$@" >out 2>err </dev/null || rc=$?
	if ((rc == 0)); then
		t_fail "$name" "it succeeded"
	elif (($(wc -l <err) != 1)); then
		t_fail "$name" "$(wc -l <err) lines: $(head -3 err | xargs -d '\n')"
	elif ! grep -qE -- "$pattern" err; then
		t_fail "$name" "it said: $(cat err)"
	elif [[ $(state) != "$before" ]]; then
		t_fail "$name" "something was left half-done"
	else
		t_ok "$name"
	fi
}

state() {
	(cd work && find . -type f ! -path '*/.git/*' -exec md5sum {} + | sort; find . -type d ! -path '*/.git/*' | sort
		for g in */.git; do [[ ! -d $g ]] || git -C "${g%/.git}" log --format=%H; done) 2>/dev/null
}

new_git() {
	cp -r src/linux-source-6.12 "work/$1"
	git -C "work/$1" init -q
	git -C "work/$1" add .
	git -C "work/$1" -c user.name=T -c user.email=t@example.org -c commit.gpgsign=false commit -qm base
}

t_mini "$TMP"
mkdir work home fake

# arguments and trees
refuses "unknown BASE" "unknown BASE '9.9': use one of: 6.12" scripts/tree 9.9 work/t
for verb in fetch refresh series check check-build bisect deb kunit; do
	refuses "unknown BASE, $verb" "unknown BASE '9.9': use one of: 6.12" "scripts/$verb" 9.9
done
refuses "unknown BASE, apply" "unknown BASE" env BASE=nope scripts/apply work/t
refuses "no KDIR" "usage: make apply KDIR=" scripts/apply ""
mkdir work/other work/old
say hello >work/other/file
refuses "KDIR is not a kernel tree" "not a kernel tree: give the top" scripts/apply work/other
cp -r src/linux-source-6.12/. work/old
sed -i 's/^PATCHLEVEL.*/PATCHLEVEL = 1/' work/old/Makefile
refuses "KDIR of another version" "is version 6.1, .* needs 6.12: use" scripts/apply work/old
refuses "DIR is not ours" "not a tree of ours: choose another" scripts/tree 6.12 work/other
refuses "no disk space" "needs .* MiB.*: free some space" env IMS_MIN_KIB=99999999999 scripts/tree 6.12 work/t
printf 'VERSION := 6.12\nPACKAGE := none\nTARBALL := %s\nSUITE :=\n' "$TMP/torn.tar.xz" >bases/6.13.mk
head -c 100 linux.tar.xz >torn.tar.xz
refuses "a torn tarball" "cannot unpack .*: reinstall" scripts/tree 6.13 work/t
rm torn.tar.xz
refuses "no tarball" "is missing: run scripts/deps base" scripts/tree 6.13 work/t

# git trees
new_git dirty
say 'int c;' >>work/dirty/kernel/a.c
refuses "dirty git tree" "uncommitted changes: commit or stash" scripts/apply work/dirty
new_git am
mkdir work/am/.git/rebase-apply
refuses "am in progress" "finish or abort it first" scripts/apply work/am
new_git anon
refuses "no git identity" "set user.name and user.email" \
	env -u GIT_AUTHOR_NAME -u GIT_AUTHOR_EMAIL -u GIT_COMMITTER_NAME -u GIT_COMMITTER_EMAIL -u EMAIL \
	HOME="$TMP/home" XDG_CONFIG_HOME="$TMP/home" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null \
	scripts/apply work/anon
cp -r src/linux-source-6.12 work/applied
scripts/apply work/applied >/dev/null
refuses "applied already" "seems to be applied" scripts/apply work/applied

# the series
scripts/tree 6.12 work/tree >/dev/null
cp -r src/linux-source-6.12 work/plain
new_git clean
git -C work/clean config user.name T
git -C work/clean config user.email t@example.org
cp -r patches good
sed -i 's/^-int b;/-int z;/' patches/two/6.12.diff
for cmd in "tree 6.12 work/tree" "apply work/plain" "apply work/clean"; do
	read -ra args <<<"$cmd"
	refuses "a hunk that does not apply: $cmd" "patch two: a hunk for drivers/b.c .*adapt patches/two/6.12.diff" \
		"scripts/${args[0]}" "${args[@]:1}"
done
rm -r patches
cp -r good patches
say kernel/new/missing.c >>patches/two/files
refuses "a missing overlay file" "patch two: overlay file kernel/new/missing.c is missing: add" scripts/tree 6.12 work/tree
say kernel/new/x.c >patches/two/files
refuses "an overlay file listed twice" "listed already by one: take" scripts/tree 6.12 work/tree
say 'kernel/a.c' >patches/two/files
mkdir -p overlay/kernel
say mine >overlay/kernel/a.c
refuses "an overlay file that the base has" "exists in base 6.12: make" scripts/tree 6.12 work/tree
say '../../evil' >patches/two/files
refuses "an overlay path that leaves the tree" "bad path" scripts/tree 6.12 work/tree

# packages
printf '#!/bin/sh\nexit 1\n' >fake/dpkg-query
cat >fake/apt-get <<-'EOF'
	#!/bin/sh
	echo "E: Failed to fetch a package: Temporary failure resolving the host" >&2
	exit 100
EOF
chmod +x fake/*
fake=(env PATH="$TMP/fake:$PATH")
refuses "missing package, neither root nor sudo" "neither root .*: as root, run 'apt-get install .*libelf-dev" \
	"${fake[@]}" IMS_UID=1000 IMS_SUDO=no-such-sudo scripts/deps build
refuses "apt without network" "apt failed .*when the network .*run 'apt-get install .*qemu-system-x86" \
	env -u QEMU "${fake[@]}" IMS_UID=0 scripts/deps qemu
refuses "unknown package group" "unknown group 'bild': use" scripts/deps bild

# QEMU's source
ln -s "$TOP/qemu" qemu
qemu=(env IMS_BUILD="$TMP/qemu-build")

# make_dsc VERSION: a source package of a QEMU whose files are not what the diffs expect
make_dsc() {
	local src=$TMP/dsc/qemu-$1 tar=$TMP/dsc/qemu_$1.tar.xz path

	mkdir -p "$src/debian/source"
	cat "$TOP"/qemu/patches/*/*.diff >all.diff
	while read -r path; do
		mkdir -p "$src/$(dirname "$path")"
		say "another QEMU" >"$src/$path"
	done < <(diff_paths all.diff)
	say "$1" >"$src/VERSION"
	tar -C "$TMP/dsc" -cJf "$tar" "qemu-$1"
	printf 'Format: 3.0 (native)\nSource: qemu\nVersion: %s\nMaintainer: T <t@example.org>\nFiles:\n %s %s %s\n' \
		"$1" "$(md5sum <"$tar" | cut -d ' ' -f 1)" "$(stat -c %s "$tar")" "${tar##*/}" >"$TMP/dsc/$1.dsc"
}

make_dsc 10.0.1
make_dsc 10.2.2
say torn >>dsc/qemu_10.0.1.tar.xz
refuses "QEMU: no meson" "no meson beside .*10.0.1.dsc: put" "${qemu[@]}" IMS_QEMU_DSC=dsc/10.0.1.dsc scripts/qemu
mkdir -p dsc/meson/DEBIAN
printf 'Package: meson\nVersion: 1\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: t\n' >dsc/meson/DEBIAN/control
dpkg-deb -b dsc/meson dsc/meson_1_all.deb >/dev/null
refuses "QEMU: torn source package" "cannot unpack .*10.0.1.dsc .*try again" "${qemu[@]}" IMS_QEMU_DSC=dsc/10.0.1.dsc scripts/qemu
rm -r dsc/qemu-10.0.1
make_dsc 10.0.1
refuses "QEMU: another version" "QEMU 10.2 and the changes .* are for 10.0: use" "${qemu[@]}" IMS_QEMU_DSC=dsc/10.2.2.dsc scripts/qemu
refuses "QEMU: no such source package" "nothing.dsc is not there: give" "${qemu[@]}" IMS_QEMU_DSC=nothing.dsc scripts/qemu
refuses "QEMU: no disk space" "building QEMU needs .* MiB.*: free some space" \
	"${qemu[@]}" IMS_MIN_KIB=99999999999 IMS_QEMU_DSC=dsc/10.0.1.dsc scripts/qemu
refuses "QEMU: a diff that does not apply" "patch movdir64b: a hunk for target/i386/cpu.c does not apply to 10.0: adapt" \
	"${qemu[@]}" IMS_QEMU_DSC=dsc/10.0.1.dsc scripts/qemu
mkdir bin
ln -s /usr/bin/* bin/ 2>/dev/null
rm bin/ninja
refuses "QEMU: missing tool" "ninja is not installed: run scripts/deps qemubuild" env PATH="$TMP/bin" scripts/qemu

# the machine
refuses "QEMU missing" "[Qq][Ee][Mm][Uu]" env -u IMS_BASES -u IMS_PATCHES -u IMS_OVERLAY -u IMS_BUILD \
	QEMU=/nonexistent "$TOP/tests/boot.sh" run
refuses "QEMU for DSA missing" "is missing: run scripts/qemu" env -u IMS_BASES -u IMS_PATCHES -u IMS_OVERLAY -u IMS_BUILD \
	QEMU=/nonexistent "$TOP/tests/idxd.sh" run
refuses "QEMU without DSA" "no dsa device: run scripts/qemu" env -u IMS_BASES -u IMS_PATCHES -u IMS_OVERLAY -u IMS_BUILD \
	QEMU=false "$TOP/tests/idxd.sh" run
refuses "no such lane" "unknown lane 'fast': use some of: tree" "$TOP/scripts/test" fast
refuses "no such guest, boot" "no guest named 'nobody' in tests/boot.tsv" "$TOP/tests/boot.sh" needs nobody
refuses "no such guest" "no guest named 'nobody' in tests/idxd.tsv" "$TOP/tests/idxd.sh" nobody

# a root of another distribution
printf '#!/bin/sh\necho "E: Failed getting release file"\nexit 1\n' >fail
mkdir no-root
install fail no-root/debootstrap
if env PATH="$TMP/no-root:$PATH" IMS_MIN_KIB=1 IMS_BUILD="$TMP/root-build" "$TOP/tests/debian13.sh" >out 2>err </dev/null &&
	grep -qx 'skip - debian13: a root of Debian 13 (debootstrap failed: E: Failed getting release file)' out &&
	[[ ! -s err && ! -e root-build/debian13 ]]; then
	t_ok "a debootstrap that fails is a skip with the reason"
else
	t_fail "a debootstrap that fails" "$(tail -1 err) $(tail -1 out)"
fi

# the benchmark
refuses "bench: unknown mode" "unknown mode 'fast': use quick" scripts/bench 6.12 fast
refuses "bench: no tree" "run scripts/tree 6.12" env IMS_BUILD="$TMP/nothing" scripts/bench 6.12
refuses "bench: unknown pass" "unknown pass 'fast': use count-1" "$TOP/bench/run.sh" fast cost-vtd
refuses "bench: no results" "holds no results: run scripts/bench" python3 "$TOP/bench/report.py" nothing
((FAILED == 0))
