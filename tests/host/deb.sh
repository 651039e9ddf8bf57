#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The Debian packages: bad input, then the kernel is taken out of the package and booted. Nothing
# is installed.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=deb
base_load "${BASE:-6.12}"
make_tmp

unpacked() {
	local image

	image=$(find "$BUILD/$BASE/deb" -maxdepth 1 -name 'linux-image-*.deb' ! -name '*-dbg*' | head -1)
	[[ -n $image ]] && dpkg-deb -x "$image" "$TMP/root" && ls "$TMP"/root/boot/vmlinuz-*
}

say hello >"$TMP/hello"
t_check "a configuration that is not there is refused" \
	refuses "cannot read .*: give a kernel configuration" "$TOP/scripts/deb" "$BASE" "$TMP/none"
t_check "a file that is no configuration is refused" \
	refuses "is not a kernel configuration: give one" "$TOP/scripts/deb" "$BASE" "$TMP/hello"
"$TOP/scripts/deb" "$BASE" || { t_fail "packages are built"; exit 1; }
t_check "packages are built" unpacked
t_check "the packaged kernel has IMS enabled" grep '^CONFIG_PCI_IMS=y' "$TMP"/root/boot/config-*
KERNEL=$(ls "$TMP"/root/boot/vmlinuz-*) "$TOP/tests/host/boot.sh" run-1cpu selftest | sed -n 's/^\(not \)\?ok - /&packaged kernel, /p' >"$TMP/boot" || :
cat "$TMP/boot"
[[ -s $TMP/boot ]] || t_fail "the packaged kernel boots" "no result"
! grep -q '^not ok' "$TMP/boot" || FAILED=$((FAILED + 1))
((FAILED == 0))
