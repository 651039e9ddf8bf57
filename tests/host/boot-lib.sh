# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Start a guest and judge what it left behind. A guest has two serial ports:
# the console, and the verdict, which only init writes to.
#
# Needs: $root, $out, $BASE, $table with the guests, $JOBS guests at a time and $QEMU;
# keeps score in $passed and $failed. $MEMORY is what a guest has, QEMU_ARGS=(...) are
# more arguments for QEMU. For another machine than an x86 one source arm64-lib.sh after this.
# A script whose guests are all of a table ends with run_table.

: "${root:?}" "${out:?}" "${BASE:?}" "${table:?}" "${JOBS:?}" "${QEMU:?}"
# shellcheck source=scripts/lib.sh
. "$root/scripts/lib.sh"
[[ $JOBS =~ ^[1-9][0-9]*$ ]] || bad "JOBS is '$JOBS': give the number of guests at a time"
# A guest that fails is judged, not the end.
set +e
MEMORY=${MEMORY:-1G}
QEMU_ARGS=()
# Where a kernel is in its objects, the sources of the guest's program, where the kernel talks to,
# and the function that says what QEMU shows
IMAGE=arch/x86/boot/bzImage
PROGRAM=("$root"/tests/guest/*.c)
CONSOLE="ttyS0 no_timer_check"
MACHINE=set_x86_machine
CROSS=

kernel_image()
{
	echo "${KERNEL:-${IMS_BUILD:-$root/build}/$BASE/obj-$1/$IMAGE}"
}

# An absent kernel is built, a present one is used as it is.
need_kernel()
{
	[ -f "$(kernel_image "$1")" ] && return
	[ -x "$root/scripts/kernel" ] || die "no $1 kernel for $BASE and no scripts/kernel to build one"
	"$root/scripts/kernel" "$BASE" "$1" >&2 || die "the $1 kernel for $BASE does not build, see above"
	[ -f "$(kernel_image "$1")" ] || die "scripts/kernel $BASE $1 left no ${IMAGE##*/}"
}

build_initramfs()
{
	local dir=$out/initramfs tree=${IMS_BUILD:-$root/build}/$BASE/linux
	local selftests=$tree/tools/testing/selftests header

	mkdir -p "$dir" || die "cannot create $dir"
	# newer than those of the machine
	mkdir -p "$out/headers/linux" || die "cannot create $out/headers"
	for header in vfio iommufd idxd; do
		sed 's/ __user / /; s/ __counted_by([a-z_]*)//' "$tree/include/uapi/linux/$header.h" >"$out/headers/linux/$header.h" ||
			die "cannot copy the headers of the kernel"
	done
	${CC:-gcc} -std=gnu11 -O2 -Wall -Wextra -Werror -static -I "$out/headers" \
		-o "$dir/init" "${PROGRAM[@]}" ||
		die "the guest's init does not compile (${CC:-gcc} and its libc6-dev are needed)"
	${CC:-gcc} -std=gnu11 -O2 -Wall -static -o "$dir/ims_sysfs" "$selftests/ims/ims_sysfs.c" ||
		die "the selftest does not compile, see above"
	${CC:-gcc} -std=gnu11 -O2 -Wall -static -I "$out/headers" -o "$dir/ims_vfio" \
		"$selftests/ims_vfio/ims_vfio.c" || die "the selftest for VFIO does not compile, see above"
	(cd "$dir" && printf '%s\n' init ims_sysfs ims_vfio | cpio -o -H newc -R 0:0 --quiet) >"$dir.cpio" ||
		die "cannot pack the initramfs (cpio is needed)"
}

# Sets machine=(...): what QEMU shows. "bare" hides the hypervisor bit and
# takes a hardware vendor's name. "vtd" is a remapping unit that looks
# physical, "sva" is one through which devices work in address spaces of processes, "vvtd" and "vamd" are units that say that they are virtual, "virtio" is
# one that exists in virtual machines only and remaps no interrupts. Behind "@" comes
# what the firmware tables hold instead, in the words of -smbios, with escapes as in
# printf and semicolons between several. Before that, behind each "+", come the
# devices, if it is not edu.
set_x86_machine()
{
	local left=${1%%@*} device
	local kind=${left%%+*}
	local smbios='type=1,manufacturer=Dell Inc.,product=PowerEdge R760' table
	local -a tables devices

	machine=(-machine q35)
	case $kind in
	bare-sva*) machine+=(-cpu "max,-hypervisor,-la57") ;;
	bare*) machine+=(-cpu "max,-hypervisor") ;;
	guest*) machine+=(-cpu max) smbios= ;;
	*) die "boot.tsv: unknown platform $1" ;;
	esac
	[ "$left" = "$1" ] || smbios=$(printf '%b' "${1#*@}")
	IFS=';' read -r -a tables <<<"$smbios"
	for table in "${tables[@]}"; do
		machine+=(-smbios "$table")
	done
	case $kind in
	*-vtd) machine+=(-device "intel-iommu,intremap=on") ;;
	*-sva) machine+=(-device "intel-iommu,intremap=on,device-iotlb=on,x-scalable-mode=on,x-flts=on,x-pasid-mode=on,aw-bits=48") ;;
	*-vvtd) machine+=(-device "intel-iommu,intremap=on,caching-mode=on") ;;
	# QEMU says that the IOAPIC is 14.0, where it has nothing. 6.12 believes that,
	# 7.3 wants to see the class of an ISA bridge there before it remaps.
	*-vamd) machine+=(-device "amd-iommu,intremap=on"
			  -blockdev "null-co,node-name=nothing"
			  -device "virtio-blk-pci,drive=nothing,class=0x0601,addr=14") ;;
	*-virtio) machine+=(-device "virtio-iommu-pci") ;;
	esac
	[ "$kind" != "$left" ] || left+=+edu,dma_mask=0xffffffff,addr=4
	# A slot that is pulled tells the port, not the firmware.
	[[ $left != *pcie-root-port* ]] ||
		machine+=(-global "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off")
	IFS=+ read -r -a devices <<<"${left#*+}"
	for device in "${devices[@]}"; do
		# Not a device: the host hands out interrupt messages
		if [[ $device == host-msi* ]]; then
			machine+=(-machine "device-msi=on${device#host-msi}")
			continue
		fi
		# Not a device: a clock which leaps over the time in which all CPUs idle
		[ "$device" != leap ] || { machine+=(-icount "shift=0,sleep=off"); continue; }
		# Nor is this: memory for tests which need a lot of it, and the time that they take
		[ "$device" != big ] || { machine+=(-m 4G); limit=1800; continue; }
		machine+=(-device "$device")
	done
}

# Sets port=(...): a third serial port, through which the guest talks to the
# control monitor of its own machine, to make a device misbehave while it runs.
set_port()
{
	local pipe=$out/$1

	rm -f "$pipe"-{port,monitor}.{in,out}
	mkfifo "$pipe"-port.{in,out} || die "cannot make a pipe in $out"
	ln -s "$pipe-port.in" "$pipe-monitor.out"
	ln -s "$pipe-port.out" "$pipe-monitor.in"
	pipe=${pipe//,/,,}
	port=(-chardev "pipe,id=port,path=$pipe-port" -serial chardev:port
	      -chardev "pipe,id=monitor,path=$pipe-monitor" -mon "chardev=monitor,mode=control")
}

# Sets waker=(...): what QEMU needs for a machine that sleeps or moves, and starts who wakes or moves
# it. The guest can do nothing until then, or not do it itself.
set_waker()
{
	local pipe=$out/$1-wake

	rm -f "$pipe".{in,out}
	mkfifo "$pipe".{in,out} || die "cannot make a pipe in $out"
	"$root/tests/host/wake.sh" "$2" "$out/$1" <"$pipe.out" >"$pipe.in" 2>/dev/null &
	pid=$!
	pipe=${pipe//,/,,}
	waker=(-chardev "pipe,id=wake,path=$pipe" -mon "chardev=wake,mode=control")
	[[ $2 != *sleep=* ]] || waker+=(-global "ICH9-LPC.disable_s3=0")
}

# The kernel's check of the timer counts ticks against a delay loop, which fails
# now and then when the host is busy; it has nothing to do with what is tested.
# guest NAME KERNEL CPUS PLATFORM CMDLINE STEPS TIMEOUT: returns when it ended. QEMU loses the timer of a CPU
# once in some hundred boots, as the kernel notices: such a guest is booted once more, and a line says so.
guest()
{
	boot_guest "$@"
	if [[ $(<"$out/$1.exit") == 124* ]] && grep -qs 'Possible timer handling issue on cpu' "$out/$1.console"; then
		echo "  $1: the emulator has lost the timer of a CPU, so once more"
		boot_guest "$@"
	fi
}

boot_guest()
{
	local name=$1 kernel=$2 cpus=$3 extra=$5 steps=$6 limit=$7 rc=0 machine port=()
	local waker=() pid="" qemu=$QEMU image file
	local initrd=$out/initramfs-$kernel.cpio

	image=$(kernel_image "$kernel")
	"$MACHINE" "$4" "$name" "$cpus"
	# With modules, which only fit their own kernel
	if [ -f "$initrd" ]; then
		set_port "$name"
	else
		initrd=$out/initramfs.cpio
	fi
	[ "$extra" = - ] && extra=
	rm -f "$out/$name".{console,verdict,exit,qemu,migrated}
	# Who attacks the emulator does so where it is watched
	[[ $steps != *hostile* ]] || qemu=${ASAN:-$QEMU}
	[[ $steps != *sleep=* && $steps != *host-migrate* ]] || set_waker "$name" "$steps"
	emulate "$name"
	# In another emulator, which hands out other messages
	if [ "$rc" = 0 ] && [ -f "$out/$name.migrated" ]; then
		waker=()
		set_port "$name"
		machine+=(-machine x-device-msi-epoch=77)
		emulate "$name.moved" -incoming "file:$out/$name.migrated"
		for file in console verdict qemu; do
			cat "$out/$name.moved.$file" >>"$out/$name.$file"
		done
		rm -f "$out/$name.migrated"
	fi
	echo "$rc $limit" >"$out/$name.exit"
}

# emulate FILES ARG...: for guest(), whose variables these are, until it ends; sets rc
emulate()
{
	local files=$1
	shift

	timeout -k 5 "$limit" "$qemu" -nodefaults -no-user-config -no-reboot \
		-display none -m "$MEMORY" -smp "$cpus" "${machine[@]}" -accel tcg "${QEMU_ARGS[@]}" \
		-kernel "$image" -initrd "$initrd" \
		-append "console=$CONSOLE panic=-1 panic_on_warn=1 oops=panic $extra -- $steps" \
		-serial "file:$out/$files.console" -serial "file:$out/$files.verdict" "${port[@]}" "${waker[@]}" "$@" \
		</dev/null >"$out/$files.qemu" 2>&1 &
	# shellcheck disable=SC2064
	trap "kill $! $pid 2>/dev/null" TERM
	wait $! || rc=$?
	[ -z "$pid" ] || kill "$pid" 2>/dev/null
	pid=
}

# From the first sign of trouble to the end, or just the end.
console_tail()
{
	tr -d '\r' <"$out/$1.console" |
		sed -n '/WARNING:\|BUG:\|Oops\|Kernel panic/,$p' | head -n 40
}

# judge NAME [show]: print the results of a guest that ended, keep score.
# With "show", what init said beside its results is printed, too.
judge()
{
	local name=$1 show=${2:-} verdict=$out/$1.verdict console=${out#"$root"/}/$1.console
	local rc limit line good=0 bad=0 closing=

	read -r rc limit <"$out/$name.exit" || rc=1
	while IFS= read -r line; do
		case $line in
		"ok - "*) good=$((good + 1)); ok "$name: ${line#ok - }" ;;
		"not ok - "*) bad=$((bad + 1)); not_ok "$name: ${line#not ok - }" ;;
		# what make bench reads
		"# row "*) ;;
		"# "*) [ -z "$show" ] || echo "  ${line#\# }" ;;
		"done "*) closing=$line ;;
		esac
	done < <(cat "$verdict" 2>/dev/null)

	if [ "$rc" = 124 ] || [ "$rc" = 137 ]; then
		not_ok "$name: guest hung, ended after $limit s; console: $console"
	elif [ "$rc" != 0 ]; then
		not_ok "$name: qemu failed ($rc): $(head -n 1 "$out/$name.qemu" 2>/dev/null)"
	elif grep -qs 'Kernel panic' "$out/$name.console"; then
		not_ok "$name: guest panicked; console: $console"
		console_tail "$name" | sed 's/^/  | /'
	elif [ -z "$closing" ]; then
		not_ok "$name: guest ended without a verdict; console: $console"
	elif [ "$closing" != "done $good $bad" ]; then
		not_ok "$name: guest says '$closing', $good and $bad arrived"
	elif [ $((good + bad)) = 0 ]; then
		not_ok "$name: guest tested nothing"
	fi
}

# A debug kernel is several times slower, under emulation more so.
limit_of()
{
	case $1 in
	*debug | kcsan | rt) echo 1200 ;;
	arm64) echo 240 ;;
	bench) echo 900 ;;
	*) echo 90 ;;
	esac
}

# A guest whose kernel is named KIND@BASE is for that base alone.
rows()
{
	awk -F '\t' -v OFS='\t' -v base="$BASE" '
		/^#/ { next }
		split($2, kernel, "@") == 1 || kernel[2] == base { $2 = kernel[1]; print }' "$table"
}

row()
{
	rows | awk -F '\t' -v name="$1" '$1 == name'
}

# All but what make test-long has: kernels that take long to build, and to boot under emulation. Those which take
# longest come first, so that others run beside them.
names()
{
	rows | awk -F '\t' '$2 != "arm64-debug" && $2 != "kcsan" { print ($2 !~ /debug|rt/) "\t" $1 }' | sort -s -n -k 1,1 | cut -f 2
}

stop_guests()
{
	local pid

	for pid in $(jobs -pr); do
		kill "$pid" 2>/dev/null
	done
	wait
}

# Start guests, $JOBS at a time, judge each when it has ended.
boot_rows()
{
	local show=$1 name fields slots
	local -a queue=() pids=()
	shift

	# a line for each guest that may start
	exec {slots}<> <(:)
	printf '\n%.0s' $(seq "$JOBS") >&"$slots"
	for name; do
		read -r -u "$slots"
		judge_ended
		IFS=$'\t' read -r -a fields < <(row "$name")
		(
			trap 'echo >&"$slots"' EXIT
			guest "${fields[@]}" "$(limit_of "${fields[1]}")"
		) &
		pids[${#queue[@]}]=$!
		queue+=("$name")
	done
	judge_ended all
	exec {slots}>&-
}

# judge_ended [all]: for boot_rows(), whose variables these are
judge_ended()
{
	local i

	for i in "${!pids[@]}"; do
		[ "${1-}" = all ] || ! kill -0 "${pids[i]}" 2>/dev/null || continue
		wait "${pids[i]}"
		judge "${queue[i]}" "$show"
		unset "pids[i]"
	done
}

# pack_dir DIR: as an initramfs
pack_dir()
{
	(cd "$1" && find . | cpio -o -H newc -R 0:0 --quiet) >"$1.cpio" || die "cannot pack the initramfs (cpio is needed)"
}

# The kernel modules of the tests, for the scripts which pack them
# shellcheck disable=SC2034
TEST_MODULES=("$root"/tests/guest/module/* "$root"/bench/module/{device.c,bench.h})

# objects_of KERNEL: the directory that it was built in
objects_of()
{
	realpath "$(dirname "$(kernel_image "$1")")/../../.."
}

# build_modules KERNEL DIR FILE...: kernel modules, which only fit their own kernel
build_modules()
{
	local dir=$2 obj arch=()
	obj=$(objects_of "$1")
	shift 2

	[ -z "$CROSS" ] || arch=(ARCH=arm64 "CROSS_COMPILE=$CROSS")
	mkdir -p "$dir" || die "cannot create $dir"
	# make looks at the time
	cp -pu "$@" "$dir/" || die "cannot copy the modules of the tests"
	env -u BASE -u CC make -C "$obj" M="$dir" "${arch[@]}" W=1 modules >"$dir/log" 2>&1 ||
		die "the modules of the tests do not build: see $dir/log"
}

# need_qemu [TARGET]: a QEMU there is, for TARGET one that is ours
need_qemu()
{
	local build="scripts/qemu${1:+ $1}"

	if [ $# = 0 ]; then
		command -v "$QEMU" >/dev/null || die "$QEMU not found: install qemu-system-x86, or set QEMU to the program"
		return
	fi
	command -v "$QEMU" >/dev/null || die "$QEMU is missing: run $build, or set QEMU to a program with a dsa device"
	"$QEMU" -device help 2>/dev/null | grep -q '^name "dsa"' ||
		die "$QEMU has no dsa device: run $build, and do not set QEMU"
}

# prepare KERNEL...: with an initramfs of its own for each, if the script has pack()
prepare()
{
	local kernel

	need_qemu "${OURS[@]}"
	mkdir -p "$out" || die "cannot create the results directory"
	build_initramfs
	for kernel; do
		need_kernel "$kernel"
		! declare -F pack >/dev/null || pack "$kernel"
	done
}

finish()
{
	echo "$passed passed, $failed failed"
	[ "$failed" = 0 ]
}

# run_table ARG...: the command line of a script with a table, which is told in its head. $SCENES are the rows of
# "run", shown by scenario(); OURS=(TARGET) if the QEMU is one that we build, else OURS=(). leave_out() takes rows
# that cannot be had from ${wanted[@]} and says so.
run_table()
{
	local kernels needs='' show=''
	local -a wanted list

	[ "${1-}" != needs ] || { needs=1; shift; }
	[ "${1-}" != show ] || { show=$1; shift; }
	case $* in
	run) wanted=("${SCENES[@]}") ;;
	all) mapfile -t wanted < <(names) ;;
	"" | -*) sed -n '4,/^$/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
	*) wanted=("$@") ;;
	esac
	kernels=$(kernels_of "${wanted[@]}") || exit
	mapfile -t list <<<"$kernels"
	if [ -n "$needs" ]; then
		printf '%s\n' ${OURS:+qemu} "${list[@]}"
		exit
	fi
	! declare -F leave_out >/dev/null || leave_out
	prepare "${list[@]}"
	! declare -F watch_emulator >/dev/null || watch_emulator "${wanted[@]}"
	if [ "$*" = run ]; then
		scenario
	else
		boot_rows "$show" "${wanted[@]}"
	fi
}

trap stop_guests EXIT
trap 'exit 130' INT TERM

kernels_of()
{
	local name

	for name; do
		[ -n "$(row "$name")" ] ||
			die "no guest named '$name' in ${table#"$root"/}: see there, or run without arguments"
		row "$name" | cut -f 2
	done | sort -u
}
