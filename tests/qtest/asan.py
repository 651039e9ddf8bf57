# SPDX-License-Identifier: GPL-2.0
"""Relink QEMU so that AddressSanitizer watches the DSA model: asan.py OBJ OUT

OBJ is the build directory. Only the model and the caller of bottom halves are
compiled again, as the whole program would take minutes; what is freed is seen
wherever it is freed.
"""

import json
import os
import re
import subprocess
import sys

PROGRAM = "qemu-system-x86_64"


def run(obj, command):
    subprocess.run(command, shell=True, check=True, cwd=obj)


def main(obj, out):
    os.makedirs(out, exist_ok=True)
    rules = subprocess.run(["ninja", "-t", "compdb", "-x"], cwd=obj, check=True, text=True,
                           stdout=subprocess.PIPE).stdout
    commands = {rule["output"]: rule["command"] for rule in json.loads(rules)}
    objects = [name for name in commands if re.search(r"/(hw_misc_dsa_|hw_i386_device-msi|util_async)[^/]*\.o$", name)]
    if not any("hw_misc_dsa_" in name for name in objects):
        sys.exit("there is no object of the model: adapt asan.py")
    # what an archive holds as well comes from the first place
    link = commands[PROGRAM].replace(
        f" -o {PROGRAM} ", f" -o {out}/{PROGRAM} -fsanitize=address,undefined -Wl,--allow-multiple-definition ")
    for name in objects:
        new = f"{out}/{os.path.basename(name)}"
        run(obj, commands[name].replace(f" -o {name} ", f" -o {new} -fsanitize=address,undefined -g "))
        link, count = re.subn(rf"(?<= ){re.escape(name)}(?= )", new, link)
        if not count:
            link += " " + new
    run(obj, link)
    bundle = f"{out}/qemu-bundle"
    if not os.path.islink(bundle):
        os.symlink(f"{obj}/qemu-bundle", bundle)
    print(f"{out}/{PROGRAM}")


main(*map(os.path.abspath, sys.argv[1:]))
