#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The source of a base, of QEMU or accel-config, in another suite: which package sources are derived from those
# of the machine, and what happens when they do not have it. No network is used.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=fetch
t_mini
printf 'VERSION := 7.9\nPACKAGE := linux-source-7.9\nTARBALL := linux-source-7.9.tar.xz\nSUITE := later-backports\n' >bases/7.9.mk
mkdir -p bin etc/apt.conf.d etc/sources.list.d pool/usr/src pool/DEBIAN
own=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release | tr -d \")
say "Dir::Etc \"$TMP/etc\";" >apt.conf
export APT_CONFIG=$TMP/apt.conf PATH=$TMP/bin:$PATH

# apt as far as fetch uses it: the package is there, or the suite has another one.
cat >bin/apt-get <<-EOF
	#!/bin/sh
	for last; do :; done
	[ ! -e "$TMP/broken" ] || { echo "E: Failed to fetch: Temporary failure resolving the host" >&2; exit 100; }
	[ "\$last" = update ] && exit
	case \$* in
	*" source "*) for type in dsc debian.tar.xz; do echo "\$last" >"\${last}_10.0.1.\$type"; done; exit ;;
	*" download meson") last=meson_1.7 ;;
	esac
	cp "$TMP/\$last.deb" . || { echo "E: Unable to locate package \$last" >&2; exit 100; }
EOF
printf '#!/bin/sh\n[ -e "%s" ] || echo linux-source-8.0\necho linux-source-8.0-extra\n' "$TMP/broken" >bin/apt-cache
chmod +x bin/*

cp linux.tar.xz pool/usr/src/linux-source-7.9.tar.xz
printf 'Package: linux-source-7.9\nVersion: 1\nArchitecture: all\nMaintainer: T <t@example.org>\nDescription: t\n' >pool/DEBIAN/control
dpkg-deb -b pool linux-source-7.9.deb >/dev/null
cp linux-source-7.9.deb meson_1.7.deb

# derived WANTED: what is left of the sources, in one line
derived() {
	rm -rf "${TMP:?}/build"
	scripts/fetch 7.9
	cat build/apt-*/parts/* | xargs >got
	cat got
	[[ $(cat got) == "$1" ]]
}

# not_fetched PATTERN
not_fetched() {
	rm -rf "${TMP:?}/build"
	refuses "$1" scripts/fetch 7.9
	[[ ! -e build/7.9/linux-source-7.9.tar.xz ]]
}

# Options stay; other suites and archives go.
one_line() {
	cat >etc/sources.list <<-EOF
		# comment
		deb [signed-by=/k.gpg arch=amd64] http://one.example/a $own main extra
		deb-src http://one.example/a $own main
		deb http://one.example/s $own-security main
		deb http://other.example/tools other main
		deb cdrom:[x]/ $own main
	EOF
	derived "deb [signed-by=/k.gpg arch=amd64] http://one.example/a later-backports main extra"
	sed -i s/later-backports/next-security/ bases/7.9.mk
	derived "deb http://one.example/s next-security main"
	sed -i s/next-security/later-backports/ bases/7.9.mk
	rm etc/sources.list
}

# The key stays; what is off, security or source alone goes.
deb822() {
	cat >etc/sources.list.d/all.sources <<-EOF
		# comment
		Types: deb deb-src
		URIs: http://one.example/a
		Suites: $own $own-updates
		Components: main
		Signed-By:
		 -----BEGIN KEY-----
		 .
		 abc

		Types: deb
		URIs: http://one.example/s
		Suites: $own-security
		Components: main

		Enabled: no
		Types: deb
		URIs: http://one.example/off
		Suites: $own
		Components: main

		Types: deb-src
		URIs: http://one.example/src
		Suites: $own
		Components: main

		Types: deb
		URIs: http://one.example/stable
		# comment
		Suites:
		 stable
		Components: main
	EOF
	derived "Types: deb URIs: http://one.example/a Suites: later-backports Components: main Signed-By: -----BEGIN KEY----- . abc Types: deb URIs: http://one.example/stable Suites: later-backports Components: main"
	[[ -s build/7.9/linux-source-7.9.tar.xz && -z $(find build -name '*.deb') ]]
	scripts/tree 6.12 t
}

qemu() {
	scripts/fetch qemu
	[[ $(cd build/qemu/dl && echo ./*) == "./meson_1.7.deb ./qemu_10.0.1.debian.tar.xz ./qemu_10.0.1.dsc" ]]
	[[ $(grep -c '^Types: deb deb-src$' "build/apt-$(mk_get SUITE "$TOP/qemu/qemu.mk")/parts/own.sources") == 2 ]]
}

accel() {
	scripts/fetch accel-config
	[[ $(cd build/accel-config/dl && echo ./*) == "./accel-config_10.0.1.debian.tar.xz ./accel-config_10.0.1.dsc" ]]
}

no_network() {
	touch broken
	not_fetched "cannot fetch linux-source-7.9 from later-backports .*: run again when the network"
	refuses "cannot fetch qemu from .*Temporary failure.*: run again when" scripts/fetch qemu
	[[ ! -e build/qemu/dl ]]
	rm broken
}

moved_on() {
	rm linux-source-7.9.deb
	not_fetched "has no linux-source-7.9, it has linux-source-8.0: write a file in bases/"
}

t_check "no source of the main archive is one clear line" not_fetched "no package source for .*$own.*: add one"
t_check "one-line sources: with another suite, from where the machine has that kind" one_line
t_check "deb822 sources; the tarball is there, the package is not kept" deb822
t_check "QEMU: a source package, and meson" qemu
t_check "accel-config: a source package" accel
t_check "no network is one clear line" no_network
t_check "a suite that has moved on is told" moved_on
((FAILED == 0))
