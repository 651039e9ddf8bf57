# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Kernel builds; source it after lib.sh.  The tree is in $tree, the objects go where the caller says.

tree=
arch=x86_64
cross=
cc=$(cached gcc)
export arch cross cc

# kmake OBJ ARG...
kmake() {
	local obj=$1

	shift
	env -u BASE -u ARCH -u CROSS_COMPILE -u KBUILD_OUTPUT -u O \
		KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' KBUILD_BUILD_VERSION=1 KBUILD_BUILD_USER=ims KBUILD_BUILD_HOST=ims \
		make -C "$tree" O="$obj" ARCH="$arch" CROSS_COMPILE="$cross" CC="$cc" "$@"
}
export -f kmake

# kconfigure OBJ FRAGMENT: that and the fragments for every guest kernel; what the tree does not
# know is dropped by the kernel
kconfigure() {
	local fragments=("$TOP/tests/config/base.config")

	[[ ! -r $TOP/tests/config/$BASE.config ]] || fragments+=("$TOP/tests/config/$BASE.config")
	mkdir -p "$1"
	[[ -f $1/.config ]] || kmake "$1" tinyconfig
	(cd "$1" && "$tree/scripts/kconfig/merge_config.sh" -m -O . .config "${fragments[@]}" "$2")
	kmake "$1" olddefconfig
}

# What is enabled, for kconfigure: the feature with everything that uses it.
# shellcheck disable=SC2034	# for those who source this
feature=(PCI_IMS SAMPLES SAMPLE_IMS_EDU DMADEVICES INTEL_IDXD)

# Files that the series in $tree adds or edits.
touched_files() {
	{ cat "$tree/.ims/overlay"; find "$tree/.ims/orig" -type f ! -name '*.ims-new' -printf '%P\n'; } | sort -u
}

# Directories with a source among them, as make's targets.
touched_dirs() { touched_files | sed -n 's,/[^/]*\.c$,/,p' | grep -v '^tools/' | sort -u; }

# Warnings in a log, with paths from the top of the tree and without line numbers: another tree
# gives the same, and a line moves where the warning stays.
warnings_in() {
	grep -E 'warning: |^WARNING: |: error: ' "$1" |
		sed -E -e "s,^$tree/,," -e "s,^(\.\./)+${tree##*/}/,," -e 's/:[0-9]+(:[0-9]+)?:/:/' | sort -u || :
}

# private_tree DIR: a tree of our own that shares its files with the composed one until they
# change; which series it holds is up to IMS_PATCHES
private_tree() {
	mkdir -p "$(dirname "$1")"
	cmp -s "$BUILD/$BASE/linux/.ims-base" "$1/.ims-base" || { rm -rf "$1"; cp -al "$BUILD/$BASE/linux" "$1"; }
	"$TOP/scripts/tree" "$BASE" "$1" >/dev/null
}
