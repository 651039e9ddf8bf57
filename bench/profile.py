#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Instructions per function, from the emulator's log of what it executed.

profile.py SYSTEM_MAP VECTORS MARK LOG

The log is cut where the instruction at MARK is executed: allocations, then as many frees.
"""
import bisect
import collections
import re
import sys

PHASES = ("allocate", "free")
TRACE = re.compile(r"^Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/")


def symbols(path):
    with open(path, encoding="ascii") as lines:
        table = sorted((int(address, 16), name) for address, kind, name in map(str.split, lines)
                       if kind in "tTwW")
    return [entry[0] for entry in table], [entry[1] for entry in table]


def executed(path, mark):
    """Yields the phase and the address of each instruction between the marks."""
    phase = -1
    with open(path, encoding="ascii", errors="replace") as lines:
        for line in lines:
            match = TRACE.match(line)
            if not match:
                continue
            address = int(match[1], 16)
            if address == mark:
                phase += 1
                if phase == len(PHASES):
                    return
            elif phase >= 0:
                yield phase, address
    sys.exit(f"profile: {path} ends too early")


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__.strip())
    starts, names = symbols(sys.argv[1])
    vectors, mark = int(sys.argv[2]), int(sys.argv[3], 16)
    counts = [collections.Counter() for _ in PHASES]
    for phase, address in executed(sys.argv[4], mark):
        index = bisect.bisect_right(starts, address) - 1
        counts[phase][names[index] if index >= 0 and address < starts[-1] else "module"] += 1
    for phase, counter in zip(PHASES, counts):
        print(f"{phase},total,{sum(counter.values()) / vectors:.0f}")
        for name, count in counter.most_common():
            print(f"{phase},{name},{count / vectors:.1f}")


if __name__ == "__main__":
    main()
