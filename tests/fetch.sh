#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The source of a base, or of QEMU, in another suite: which package sources are derived from those
# of the machine, and what happens when they do not have it. No network is used.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=fetch
make_tmp
cd "$TMP"
t_mini "$TMP"
printf 'VERSION := 7.9\nPACKAGE := linux-source-7.9\nTARBALL := linux-source-7.9.tar.xz\nSUITE := later-backports\n' >bases/7.9.mk
mkdir -p bin etc/sources.list.d pool/usr/src pool/DEBIAN
say 'VERSION_CODENAME=later' >os-release
export IMS_APT_ETC=$TMP/etc IMS_OS_RELEASE=$TMP/os-release PATH=$TMP/bin:$PATH

# apt as far as fetch uses it: the package is there, or the suite has another one.
cat >bin/apt-get <<-'EOF'
	#!/bin/sh
	for last; do :; done
	[ ! -e "$IMS_APT_ETC/../broken" ] || { echo "E: Failed to fetch: Temporary failure resolving the host" >&2; exit 100; }
	[ "$last" = update ] && exit
	case $* in
	*" source "*) for type in dsc debian.tar.xz; do echo "$last" >"${last}_10.0.1.$type"; done; exit ;;
	*" download meson") last=meson_1.7 ;;
	esac
	cp "$IMS_APT_ETC/../$last.deb" . || { echo "E: Unable to locate package $last" >&2; exit 100; }
EOF
printf '#!/bin/sh\n[ -e "%s" ] || echo linux-source-8.0\necho linux-source-8.0-extra\n' "$TMP/broken" >bin/apt-cache
chmod +x bin/*

cp linux.tar.xz pool/usr/src/linux-source-7.9.tar.xz
printf 'Package: linux-source-7.9\nVersion: 1\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: t\n' >pool/DEBIAN/control
dpkg-deb -b pool linux-source-7.9.deb >/dev/null

# derived NAME WANTED: what is left of the sources, in one line
derived() {
	local got

	rm -rf "${TMP:?}/build"
	if ! "$TOP/scripts/fetch" 7.9 >out 2>&1; then
		t_fail "$1" "$(tail -1 out)"
		return
	fi
	got=$(cat build/apt-*/parts/* | xargs)
	if [[ $got == "$2" ]]; then t_ok "$1"; else t_fail "$1" "$got"; fi
}

# refused NAME PATTERN
refused() {
	rm -rf "${TMP:?}/build"
	if ! "$TOP/scripts/fetch" 7.9 >out 2>err && (($(wc -l <err) == 1)) && grep -qE -- "$2" err &&
		[[ ! -e build/7.9/linux-source-7.9.tar.xz ]]; then
		t_ok "$1"
	else
		t_fail "$1" "$(tail -1 err)"
	fi
}

refused "no source of the main archive is one clear line" "no package source for .*later.*: add one"

cat >etc/sources.list <<-'EOF'
	# comment
	deb [signed-by=/k.gpg arch=amd64] http://one.example/a later main extra
	deb-src http://one.example/a later main
	deb http://one.example/s later-security main
	deb http://other.example/tools other main
	deb cdrom:[x]/ later main
EOF
derived "one-line sources: options stay, other suites and archives go" \
	"deb [signed-by=/k.gpg arch=amd64] http://one.example/a later-backports main extra"
sed -i s/later-backports/next-security/ bases/7.9.mk
derived "a suite with security updates comes from where those of the machine do" "deb http://one.example/s next-security main"
sed -i s/next-security/later-backports/ bases/7.9.mk
rm etc/sources.list

cat >etc/sources.list.d/all.sources <<-'EOF'
	# comment
	Types: deb deb-src
	URIs: http://one.example/a
	Suites: later later-updates
	Components: main
	Signed-By:
	 -----BEGIN KEY-----
	 .
	 abc

	Types: deb
	URIs: http://one.example/s
	Suites: later-security
	Components: main

	Types: deb
	Enabled: no
	URIs: http://one.example/off
	Suites: later
	Components: main

	Types: deb-src
	URIs: http://one.example/src
	Suites: later
	Components: main

	Types: deb
	URIs: http://one.example/stable
	Suites:
	 stable
	Components: main
EOF
derived "deb822 sources: the key stays, what is off, security or source alone goes" \
	"Types: deb URIs: http://one.example/a Components: main Signed-By: -----BEGIN KEY----- . abc Suites: later-backports Types: deb URIs: http://one.example/stable Components: main Suites: later-backports"

if [[ -s build/7.9/linux-source-7.9.tar.xz ]] && "$TOP/scripts/tree" 6.12 "$TMP/t" >out 2>&1; then
	t_ok "the tarball is there"
else
	t_fail "the tarball is there" "$(tail -1 out)"
fi
if [[ -z $(find build -name '*.deb') ]]; then t_ok "the package is not kept"; else t_fail "the package is not kept"; fi

cp linux-source-7.9.deb meson_1.7.deb
if "$TOP/scripts/fetch" qemu >out 2>&1 && [[ $(cd build/qemu/dl && echo *) == "meson_1.7.deb qemu_10.0.1.debian.tar.xz qemu_10.0.1.dsc" &&
	$(grep -c '^Types: deb deb-src$' "build/apt-$(mk_get SUITE "$TOP/qemu/qemu.mk")/parts/own.sources") == 2 ]]; then
	t_ok "QEMU: a source package, and meson"
else
	t_fail "QEMU: a source package, and meson" "$(tail -1 out)"
fi

touch broken
refused "no network is one clear line" "cannot fetch linux-source-7.9 from later-backports .*: run again when the network"
rm -rf build/qemu
if ! "$TOP/scripts/fetch" qemu >out 2>err && grep -q "cannot fetch qemu from .*Temporary failure.*: run again when" err && [[ ! -e build/qemu/dl ]]; then
	t_ok "QEMU: no network is one clear line"
else
	t_fail "QEMU: no network is one clear line" "$(tail -1 err)"
fi
rm broken
rm linux-source-7.9.deb
refused "a suite that has moved on is told" "has no linux-source-7.9, it has linux-source-8.0: write a file in bases/"
((FAILED == 0))
