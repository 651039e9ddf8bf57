# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# What goes into an initramfs beside init: modules, and programs with their libraries.
# Source it after boot-lib.sh.

: "${BASE:?}"

# copy_in DIR FILE...: to the same place below DIR
copy_in()
{
	local dir=$1 file
	shift

	for file; do
		install -D "$file" "$dir$file" || die "cannot copy $file"
	done
}

# add_program DIR FILE NAME: as bin/NAME, with the libraries that it is linked with
add_program()
{
	local libs

	libs=$(ldd "$2" | grep -o '/[^ ]*') || die "cannot find the libraries of $2"
	# shellcheck disable=SC2086	# one word for each library
	copy_in "$1" $libs
	install -D "$2" "$1/bin/$3" || die "cannot copy $2"
}

# add_modules OBJ DIR NAME...: modules of the kernel
add_modules()
{
	local obj=$1 dir=$2 name file
	shift 2

	mkdir -p "$dir/lib/modules" || die "cannot create $dir"
	for name; do
		file=$(find "$obj"/{drivers/dma,lib/kunit,arch/x86/kvm} -name "$name.ko" 2>/dev/null)
		[ -f "$file" ] || die "the kernel in $obj has no module $name.ko: run scripts/kernel $BASE ${obj##*/obj-}"
		cp "$file" "$dir/lib/modules/" || die "cannot copy $file"
	done
}
