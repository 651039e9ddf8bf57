#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Wake a guest each time that it sleeps: wake.sh STEPS CONSOLE, with the control monitor of its
# machine as input and output. The caller ends it.

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

echo '{"execute":"qmp_capabilities"}'
case $1 in
*sleep=freeze*) press_button "$2" ;;
*) wake_up ;;
esac
