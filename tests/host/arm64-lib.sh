# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Guests whose machine is QEMU's arm64 one, virt. Source it after boot-lib.sh.

: "${root:?}" "${out:?}" "${QEMU:?}" "${MEMORY:?}"

# What boot-lib.sh uses
# shellcheck disable=SC2034
{
	CROSS=aarch64-linux-gnu-
	CC=${CROSS}gcc
	IMAGE=arch/arm64/boot/Image
	CONSOLE=ttyAMA0
	MACHINE=set_arm64_machine
	# An instruction that this architecture does not have
	mapfile -t PROGRAM < <(find "$root/tests/guest" -maxdepth 1 -name '*.c' ! -name x86.c)
}
FIRMWARE=/usr/share/qemu-efi-aarch64/QEMU_EFI.fd

# dress DTB NODE: a device tree of QEMU's, made that of a machine which is none of QEMU's. With
# NODE=COMPATIBLE it has that node as well.
dress()
{
	local dtb=$1 node=/${2%%=*} fw

	fw=$(fdtget -l "$dtb" / | grep '^fw-cfg@') &&
		fdtput -r "$dtb" "/$fw" &&
		fdtput -t s "$dtb" / compatible ims,board &&
		fdtput -t s "$dtb" / model "A board" || return
	[ -z "$2" ] || { fdtput -c "$dtb" "$node" && fdtput -t s "$dtb" "$node" compatible "${2#*=}"; }
}

# move_ids DTB: the DeviceIDs of PCI begin where those of QEMU's ITS end
move_ids()
{
	local pci its

	pci=/$(fdtget -l "$1" / | grep '^pcie@') && read -r _ its _ _ < <(fdtget -t x "$1" "$pci" msi-map) &&
		fdtput -t x "$1" "$pci" msi-map 0 "$its" 10000 10000
}

# start_hypervisor DTB NAME ANSWER: put it before the image of the kernel, where QEMU starts it. Linux has to leave
# its memory alone.
start_hypervisor()
{
	local dtb=$1 hyp=$out/$2.image memory=/reserved-memory

	"$CC" "-DANSWER=${3^^}" -c -o "$hyp.o" "$root/tests/guest/hypervisor.S" &&
		"${CROSS}objcopy" -O binary -j .text "$hyp.o" "$hyp" && cat "$image" >>"$hyp" &&
		fdtput -c "$dtb" $memory &&
		fdtput -t x "$dtb" $memory "#address-cells" 2 && fdtput -t x "$dtb" $memory "#size-cells" 2 &&
		fdtput "$dtb" $memory ranges && fdtput -c "$dtb" $memory/hypervisor@40200000 &&
		fdtput -t x "$dtb" $memory/hypervisor@40200000 reg 0 40200000 0 200000 &&
		fdtput "$dtb" $memory/hypervisor@40200000 no-map && image=$hyp
}

# Sets machine=(...) for the guest NAME with so many CPUs, and may set image. What a platform begins with is what the
# firmware says: "bare" is a device tree which does not tell of QEMU, "guest" is QEMU's own, "acpi"
# is UEFI with QEMU's tables. With "-el1" the kernel is not entered at EL2, with "-hvc-ANSWER" there is a
# hypervisor below it, see tests/guest/hypervisor.S, "-smmu" puts an IOMMU before the devices, "-v2m" is GICv2
# with its MSI frame, "-noits" has nothing for MSI, and "-ids" gives devices IDs which the ITS does not have.
# Behind "@" comes a node of the device tree, or with "acpi" what SMBIOS holds, in the words of -smbios. Before that,
# behind each "+", come the devices, if these are not edu and DSA.
set_arm64_machine()
{
	local left=${1%%@*} name=$2 cpus=$3 more='' device
	local kind=${left%%+*} virt=virt,gic-version=3,its=on,virtualization=on dtb=$out/$2.dtb
	local -a devices

	[ "$left" = "$1" ] || more=${1#*@}
	[ "$kind" != "$left" ] || left+="+edu,dma_mask=0xffffffff,addr=4+dsa,addr=5"
	machine=(-cpu "max,pauth-impdef=on")
	case $kind in
	*-el1*) virt=${virt/virtualization=on/virtualization=off} ;;
	# It lets Linux use what it knows itself
	*-hvc-*) machine=(-cpu cortex-a72) ;;
	esac
	case $kind in
	*-smmu*) virt+=,iommu=smmuv3 ;;
	*-v2m*) virt=${virt/gic-version=3,its=on/gic-version=2} ;;
	*-noits*) virt=${virt/its=on/its=off} ;;
	esac
	IFS=+ read -r -a devices <<<"${left#*+}"
	for device in "${devices[@]}"; do
		machine+=(-device "$device")
	done
	case $kind in
	bare*)
		if ! "$QEMU" -nodefaults -display none -m "$MEMORY" -smp "$cpus" -machine "$virt,dumpdtb=$dtb" \
			"${machine[@]}" -serial null -serial null >"$out/$name.qemu" 2>&1 ||
			! dress "$dtb" "$more"; then
			die "cannot make the device tree of $name: see $out/$name.qemu (device-tree-compiler is needed)"
		fi
		machine+=(-dtb "$dtb")
		;;
	acpi*) machine+=(-bios "$FIRMWARE" ${more:+-smbios "$more"}) ;;
	guest*) ;;
	*) die "arm64.tsv: unknown platform $1" ;;
	esac
	case $kind in
	*-ids) move_ids "$dtb" || die "cannot change the device tree of $name" ;;
	*-hvc-*) start_hypervisor "$dtb" "$name" "${kind##*-}" || die "cannot make the hypervisor of $name" ;;
	esac
	machine+=(-machine "$virt")
}

# The machine has two serial ports, and nobody talks to its monitor.
# shellcheck disable=SC2034
set_port() { port=(); }
