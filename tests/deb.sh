#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The Debian packages: bad input, then the kernel is taken out of the package and booted. Nothing
# is installed.
# shellcheck source-path=SCRIPTDIR source=../scripts/lib.sh
. "$(dirname "$0")/../scripts/lib.sh"

LANE=deb
base_load "${BASE:-6.12}"
make_tmp

# refused NAME PATTERN CONFIG
refused() {
	if ! "$TOP/scripts/deb" "$BASE" "$3" >"$TMP/out" 2>"$TMP/err" && (($(wc -l <"$TMP/err") == 1)) && grep -qE "$2" "$TMP/err"; then
		t_ok "$1 is refused"
	else
		t_fail "$1 is refused" "$(tail -1 "$TMP/err")"
	fi
}

unpacked() {
	local image

	image=$(find "$BUILD/$BASE/deb" -maxdepth 1 -name 'linux-image-*.deb' ! -name '*-dbg*' | head -1)
	[[ -n $image ]] && dpkg-deb -x "$image" "$TMP/root" && ls "$TMP"/root/boot/vmlinuz-*
}

refused "a configuration that is not there" "cannot read .*: give a kernel configuration" "$TMP/none"
say hello >"$TMP/hello"
refused "a file that is no configuration" "is not a kernel configuration: give one" "$TMP/hello"

if "$TOP/scripts/deb" "$BASE" && unpacked >"$TMP/image"; then
	t_ok "packages are built: $(basename "$(cat "$TMP/image")")"
else
	t_fail "packages are built"
	exit 1
fi
if grep -q '^CONFIG_PCI_IMS=y' "$TMP"/root/boot/config-*; then
	t_ok "the packaged kernel has IMS enabled"
else
	t_fail "the packaged kernel has IMS enabled"
fi
KERNEL=$(cat "$TMP/image") "$TOP/tests/boot.sh" run-1cpu selftest | sed -n 's/^\(not \)\?ok - /&packaged kernel, /p' >"$TMP/boot" || :
cat "$TMP/boot"
[[ -s $TMP/boot ]] || t_fail "the packaged kernel boots" "no result"
! grep -q '^not ok' "$TMP/boot" || FAILED=$((FAILED + 1))
((FAILED == 0))
