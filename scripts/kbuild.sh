# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Kernel builds; source it after lib.sh.  The tree is in $tree, the objects go where the caller says.

tree=
arch=x86_64
cross=
cc=$(cached gcc)

# kmake OBJ ARG...
kmake() {
	local obj=$1

	shift
	env -u BASE -u ARCH -u CROSS_COMPILE -u KBUILD_OUTPUT -u O \
		KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' KBUILD_BUILD_VERSION=1 KBUILD_BUILD_USER=ims KBUILD_BUILD_HOST=ims \
		make -C "$tree" O="$obj" ARCH="$arch" CROSS_COMPILE="$cross" CC="$cc" "$@"
}

# From here on for arm64
for_arm64() { arch=arm64 cross=aarch64-linux-gnu- cc=$(cached aarch64-linux-gnu-gcc); }

# kconfigure OBJ FRAGMENT: that and the fragments for every guest kernel; what the tree does not
# know is dropped by the kernel
kconfigure() {
	local common=base fragments

	[[ $arch != arm64 ]] || common=arm64
	fragments=("$TOP/tests/config/$common.config")

	[[ ! -r $TOP/tests/config/$BASE.config ]] || fragments+=("$TOP/tests/config/$BASE.config")
	mkdir -p "$1"
	[[ -f $1/.config ]] || kmake "$1" tinyconfig
	(cd "$1" && "$tree/scripts/kconfig/merge_config.sh" -m -O . .config "${fragments[@]}" "$2")
	kmake "$1" olddefconfig
}

# What is enabled, for kconfigure: the feature with everything that uses it.
# shellcheck disable=SC2034	# for those who source this
feature=(PCI_IMS SAMPLES SAMPLE_IMS_EDU DMADEVICES INTEL_IDXD IOMMUFD VFIO VFIO_DEVICE_CDEV VFIO_PCI)

# Warnings in a log, with paths from the top of the tree and without line numbers: another tree
# gives the same, and a line moves where the warning stays.
warnings_in() {
	grep -E 'warning: |^WARNING: |: error: ' "$1" |
		sed -E -e "s,^$tree/,," -e "s,^(\.\./)+${tree##*/}/,," -e 's/:[0-9]+(:[0-9]+)?:/:/' | sort -u || :
}

# private_tree DIR: the series in a tree of our own, $tree, which shares its files with the composed one until
# they change, and in $repo; put_commit then takes the tree to another commit
private_tree() {
	tree=$1
	mkdir -p "$(dirname "$tree")"
	cmp -s "$BUILD/$BASE/linux/.ims-base" "$tree/.ims-base" || { rm -rf "$tree"; cp -al "$BUILD/$BASE/linux" "$tree"; }
	"$TOP/scripts/tree" "$BASE" "$tree" >/dev/null
	dir=$tree repo=$tree.git
	series_repo
}

# touched FILTER: as files_of, but for the files of other architectures than $arch
touched() { files_of "$1" | awk -F / -v mine="${arch/x86_64/x86}" '$1 != "arch" || $2 == mine'; }

# Directories with a source among what the series touches, as make's targets.
touched_dirs() { touched AM | sed -n 's,/[^/]*\.c$,/,p' | grep -v '^tools/' | sort -u; }
