#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Wake a guest each time that it sleeps, or put its machine into a file when it is ready to move:
# wake.sh STEPS NAME, with the control monitor of its machine as input and output and NAME.* as
# the files of the guest. The caller ends it.

set -u

# From sleep in RAM it is woken by the monitor's own command.
wake_up()
{
	local line

	while read -r line; do
		[[ $line != *'"SUSPEND"'* ]] || echo '{"execute":"system_wakeup"}'
	done
}

# From idle sleep it is woken by the power button. The emulator does not know of such a
# sleep, so what the kernel says (with pm_debug_messages) counts.
press_button()
{
	local pressed=0

	while sleep 0.2; do
		[ "$(grep -c 'PM: suspend-to-idle' "$1")" -gt "$pressed" ] || continue
		echo '{"execute":"system_powerdown"}'
		pressed=$((pressed + 1))
	done
}

move()
{
	local line

	until grep -qs '^# ready to move' "$1.verdict"; do
		sleep 0.2
	done
	echo '{"execute":"migrate","arguments":{"uri":"file:'"$1"'.migrated"}}'
	echo '{"execute":"query-migrate"}'
	while read -r line; do
		case $line in
		*'"completed"'*) echo '{"execute":"quit"}' ;;
		*'"status"'*)
			sleep 0.2
			echo '{"execute":"query-migrate"}' ;;
		esac
	done
}

echo '{"execute":"qmp_capabilities"}'
case $1 in
*sleep=freeze*) press_button "$2.console" ;;
*host-migrate*) move "$2" ;;
*) wake_up ;;
esac
