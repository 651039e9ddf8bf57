#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the README says first, on Debian 13: a root of it is made by debootstrap, from the mirrors of the
# machine's own package sources, and the verbs named, or "run", are made in it, in a clone of this repo
# which has what was not committed as well.
# The root is in build/debian13 and is removed at the end.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"

LANE=debian13
suite=trixie
root=$BUILD/debian13
log=$BUILD/log-debian13
# debootstrap is not where a user looks
PATH=$PATH:/usr/sbin
verbs=("$@")
(($#)) || verbs=(run)

undo() { as_root rm -rf "$root"; }

# mirror_of SUFFIX: where the machine has the main archive, or the security updates, from
mirror_of() {
	local release

	release=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release | tr -d \")$1
	# shellcheck disable=SC2016	# apt's own variables
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' 'Created-By: Packages' |
		awk -v release="$release" '$1 == release { print $2; exit }'
}

make_root() {
	local main security

	main=$(mirror_of '') security=$(mirror_of -security)
	[[ -n $main ]] || { why="no package source of the main archive"; return 1; }
	as_root rm -rf "$root"
	as_root "$(command -v debootstrap)" --variant=minbase --include=ca-certificates,make "$suite" "$root" "$main" >"$log" 2>&1 </dev/null ||
		{ why=$(grep '^[EW]:' "$log" | tail -1); return 1; }
	{
		say "deb $main $suite main"
		[[ -z $security ]] || say "deb $security $suite-security main"
	} | as_root tee "$root/etc/apt/sources.list" >/dev/null
	as_root cp /etc/resolv.conf "$root/etc/"
	tar -C "$TMP" -c repo | as_root tar -C "$root" -x --no-same-owner
}

make_clone() {
	git clone -q --no-checkout "$TOP" "$TMP/repo" || die "$TOP cannot be cloned: run this in a clone"
	git -C "$TMP/repo" reset -q
	git -C "$TOP" ls-files -z --cached --others --exclude-standard |
		(cd "$TOP" && while IFS= read -rd '' f; do [[ ! -e $f ]] || printf '%s\0' "$f"; done) |
		tar -C "$TOP" -c --null -T - | tar -C "$TMP/repo" -x
}

# In namespaces of its own: what is mounted and started ends with it.
inside() {
	# shellcheck disable=SC2016	# the shell inside expands it
	as_root unshare --mount --pid --fork --kill-child sh -c '
		mount --make-rprivate / && mount -t proc proc "$1/proc" && mount -t sysfs -o ro sysfs "$1/sys" &&
		mount --rbind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/dev/shm" || exit 99
		root=$1
		shift
		exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb "$@"' \
		sh "$root" BASE="$BASE" make --no-print-directory -C /repo "$@"
}

base_load "${BASE:-6.12}"
make_tmp
need_cmd debootstrap debian13
need_cmd git check
need_space "$BUILD" $((8 << 20)) "a root of Debian 13"
mkdir -p "$BUILD"
exec 9>"$BUILD/lock-debian13"
flock 9
make_clone
why=
if ! make_root; then
	t_skip "a root of Debian 13" "debootstrap failed: ${why:-see $log}"
	exit 0
fi
t_ok "a root of Debian $(cat "$root/etc/debian_version")"
for verb in "${verbs[@]}"; do
	rc=0
	inside "$verb" >"$log" 2>&1 </dev/null || rc=$?
	sed -n 's/^\(ok\|not ok\|skip\) - /&Debian 13: /p' "$log"
	if ((rc == 0)) && grep -q '^ok - ' "$log"; then
		t_ok "make $verb: $(tail -1 "$log")"
	elif ((rc == 99)); then
		t_skip "make $verb" "nothing can be mounted here: $(tail -1 "$log")"
	else
		t_fail "make $verb" "$(tail -1 "$log"); see $log"
	fi
done
((FAILED == 0))
