#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Negative controls for scripts/bisect --quick: faults planted in a copy of the first patches of
# the series, two at a time, turn it red, each at its patch; the pristine source stays green. All of it
# in a build directory of its own: the tree of others stays as it is.
# shellcheck source-path=SCRIPTDIR source=../../scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
# shellcheck source=test-lib.sh
. "$(dirname "$0")/test-lib.sh"

LANE=bisect
base_load "${BASE:-6.12}"
copy=$BUILD/bisect
make_tmp

undo() { rm -rf "$copy"; }

# Name, content and time of what others build from
tree_state() { (cd "$BUILD/$BASE/linux" && find . -type f -printf '%p %s %T@\n' | sort | sha256sum); }

# The series up to the core, without a fault
plain() {
	copy_series "$copy"
	list_read "$PATCHES/series" | sed '/^ims-core$/q' >"$copy/patches/series"
}

# bisect_is_red: but for the pristine source
bisect_is_red() {
	no env IMS_BUILD="$copy/build" IMS_PATCHES="$copy/patches" IMS_OVERLAY="$copy/overlay" "$TOP/scripts/bisect" "$BASE" --quick on >"$TMP/bisect" 2>&1
	grep "^ok - bisect: on: 0/.* pristine builds" "$TMP/bisect"
}

# red NAME PATTERN
red() { t_check "red for $1" grep -E "^not ok - bisect: on$2" "$TMP/bisect"; }

[[ -f $BUILD/$BASE/linux/.ims-base ]] || die "no kernel tree in $BUILD/$BASE/linux: run scripts/tree $BASE"
before=$(tree_state)
copy_build "$copy"

# The policy calls what the core defines, which the compiler does not mind; the core has something to warn of.
plain
printf '\nvoid ims_later(void);\nvoid ims_now(void);\n' >>"$copy/overlay/include/linux/irqdomain_ims.h"
printf '\nvoid ims_now(void)\n{\n\tims_later();\n}\n' >>"$copy/overlay/kernel/irq/msi_ims_policy.c"
printf '\nvoid ims_later(void)\n{\n}\n\nstatic int ims_idle;\n' >>"$copy/overlay/kernel/irq/msi_ims.c"
t_check "two faults are noticed" bisect_is_red
red "a symbol of the next patch" ": .* ims-policy \(uses ims_later, which a later patch defines\)"
red "a new warning" ": .* ims-core \(a new warning: .*ims_idle.*Wunused"

# The policy includes what the core brings; nothing compiles the core.
plain
printf '\n#include <linux/ims_later.h>\n' >>"$copy/overlay/kernel/irq/msi_ims_policy.c"
printf '/* SPDX-License-Identifier: GPL-2.0 */\n' >"$copy/overlay/include/linux/ims_later.h"
say include/linux/ims_later.h >>"$copy/patches/ims-core/files"
sed -i '/^+obj/s/msi_ims\.o//' "$copy/patches/ims-core/common.diff"
t_check "two more faults are noticed" bisect_is_red
red "a header of the next patch" ": .* ims-policy \(.*ims_later.h"
red "a source that no configuration enables" ": .* ims-core \(not compiled: kernel/irq/msi_ims.c\)"
red "a configuration without the drivers" " \(the configuration is not what its name says"
t_check "the tree of others stays as it is" test "$(tree_state)" = "$before"
((FAILED == 0))
