#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Tables, CSV and plot data from what the guests of make bench have left.

report.py RESULTS [--csv FILE] [--data DIR] [--quick]

RESULTS has a directory for each pass, see run.sh. The tables go to standard output.
"""
import argparse
import csv
import os
import statistics
import sys

from bounds import at_once_bounds, bounds_table
from results import ALL_AT_ONCE, CREATE, OPS, STORES, load
from tables import NAMES, PLATFORMS, at, columns, figures, number, ratio

PROFILE_LINES = 10

# It takes a device to fire, which the queue store does not have
FIRED = {"event that moves", "event to handler", "event to end"}

LIMITS = {"16": "no index of the store is free", "28": "no entry of the remapping unit is free"}


def die(message):
    sys.exit("report: " + message)


def spread(one, two):
    """The largest difference of two runs, relative."""
    pairs = [(one[s], two.get(s)) for s in one if one[s] and two.get(s)]
    return max((abs(a - b) / min(a, b) for a, b in pairs), default=None)


def cost_table(name, title, passes, first):
    guest = passes[first][name]
    one = figures(passes[first], name)
    two = figures(passes["count-2"], name) if name in passes.get("count-2", {}) else {}
    wall = figures(passes["clock"], name) if name in passes.get("clock", {}) else {}
    print(f"{title}, {guest.unit}:\n")
    lines = []
    for op, v in one.items():
        apart = spread(v, two.get(op, {}))
        ns = wall.get(op, {}) if not op.startswith("bytes") else {}
        lines.append([op, number(v["msix"]), number(v["ims"]), ratio(v["ims"], v["msix"]),
                      number(v["queue"]), ratio(v["queue"], v["msix"]),
                      "-" if apart is None else f"{apart:.1%}",
                      number(ns.get("msix")), number(ns.get("ims"))])
    columns(lines, ["operation", "MSI-X", "IMS", "ratio", "queue", "ratio", "two runs",
                    "MSI-X ns", "IMS ns"])
    for store, (nr, error) in guest.limit.items():
        print(f"  {NAMES[store]}: full after {nr:,} vectors, {LIMITS.get(error, error)}")
    if guest.limit:
        print()


def scale_table(guest):
    print("VT-d, until something is full, instructions:\n")
    lines = []
    for store, up in guest.sweep["up"].items():
        down = guest.sweep["down"][store]
        nr, error = guest.limit.get(store, (up[-1][0], ""))
        lines.append([NAMES[store], number(nr), number(up[0][1]), number(at(up, nr // 2)),
                      number(up[-1][1]), ratio(up[-1][1], up[0][1]),
                      number(statistics.median(p[1] for p in down)),
                      number(guest.bytes[store]),
                      LIMITS.get(error, error)])
    columns(lines, ["store", "vectors", "first", "middle", "last", "last/first", "free",
                    "bytes", "then"])


def at_once_table(guest):
    """All vectors of a store at once: few, many, and few in a small index space."""
    lines = []
    for op, store in ((op, store) for op in ALL_AT_ONCE for store in STORES):
        few, many = guest.few_and_many(op, store)
        each, base = guest.each(op, store, few), guest.each(op, "msix", few)
        lines.append([op, NAMES[store], number(guest.total(op, store, 0, 0)), number(each),
                      ratio(each, base), number(many), number(guest.each(op, store, many)),
                      ratio(guest.each(op, store, many), each),
                      ratio(guest.total(op, store, 0, few), guest.smallest(op, store, few))])
    print("VT-d, all vectors of a store at once, instructions:\n")
    columns(lines, ["operation", "store", "with none", f"each of {few}", "to MSI-X", "vectors", "each",
                    f"to {few}", "large/small"])


def counts_table(passes):
    lines = []
    for name, guest in passes.get("clock", {}).items():
        for kind, store, nr, good, sent, received, cpus in guest.counts:
            lines.append([PLATFORMS.get(name.split("-")[1], name), NAMES[store], kind,
                          number(nr), number(sent), number(received), number(good), number(cpus)])
    if lines:
        print("Live at the same time, interrupts sent and received:\n")
        columns(lines, ["platform", "store", "what", "vectors", "sent", "received",
                        "complete", "CPUs"])


def exits_table(results):
    """In a guest of a KVM host: what the guest costs the host, for each operation."""
    costs = {}
    for guest, suffix in (("exits", ", handed out"), ("exits-trapped", ", trapped")):
        path = os.path.join(results, os.pardir, "guest", guest + ".verdict")
        if not os.path.exists(path):
            die(f"{path} is missing: run tests/host/guest.sh {guest}")
        with open(path, encoding="ascii", errors="replace") as verdict:
            rows = [line[6:].strip().split(",") for line in verdict if line.startswith("# row exits,")]
        for _, store, op, *fields in rows:
            nr, calls, mmio, cycles = (int(field) for field in fields)
            costs.setdefault(op, {})[NAMES[store] + suffix] = [calls / nr, mmio / nr, cycles / nr]
    kinds = ["IMS, handed out", "MSI-X, handed out", "MSI-X, trapped"]
    lines = []
    for op, kind in ((op, kind) for op in costs for kind in kinds):
        calls, mmio, instructions = costs[op][kind]
        lines.append([op, kind, f"{calls:.2f}", f"{mmio:.2f}",
                      "-" if op == "deliver" else number(instructions)])
    print("In a guest of a KVM host, for each vector:\n")
    columns(lines, ["operation", "messages", "hypercalls", "MMIO exits", "instructions"])


def load_profile(results, name, phase):
    """Function -> instructions for each vector."""
    path = os.path.join(results, "trace", f"trace-{name}.csv")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="ascii") as lines:
        rows = [line.strip().split(",") for line in lines]
    return {name: float(count) for kind, name, count in rows if kind == phase}


def profile_table(results, title, one, two):
    """Where the second profile has more than the first, beginning with the most."""
    for phase in ("allocate", "free"):
        a, b = load_profile(results, one, phase), load_profile(results, two, phase)
        if not a or not b:
            return
        more = sorted(((b[f] - a.get(f, 0), f) for f in b if f != "total"), reverse=True)
        print(f"{title}, {phase}: {a['total']:,.0f} and {b['total']:,.0f} instructions. "
              "More of them in:\n")
        columns([[f, number(a.get(f, 0)), number(b[f]), f"+{n:,.0f}"]
                 for n, f in more[:PROFILE_LINES] if n >= 1], ["function", "one", "two", ""])


def at_once_spread(one, two):
    """The largest relative difference, and of what."""
    keys = [(*key, vectors) for key, sizes in one.at_once.items() for vectors in sizes]
    pairs = [(one.total(*key), two.total(*key), key) for key in keys]
    return max((abs(a - b) / min(a, b), f"life-vtd, {op} of {vectors:,}, {NAMES[store]}")
               for a, b, (op, store, _, vectors) in pairs if a and b)


def spread_line(passes):
    worst = (0, "nothing")
    one, both = passes["count-1"], passes.get("count-2", {})
    for name in (name for name in one if name.startswith("cost-") and name in both):
        two = figures(both, name)
        for op, values in figures(one, name).items():
            apart = spread(values, two.get(op, {}))
            worst = max(worst, (apart or 0, f"{name}, {op}"))
    if "life-vtd" in one and "life-vtd" in both:
        worst = max(worst, at_once_spread(one["life-vtd"], both["life-vtd"]))
    print(f"Largest difference of two runs: {worst[0]:.2%} ({worst[1]})\n")


def write_csv(path, passes):
    with open(path, "w", newline="", encoding="ascii") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["pass", "guest", "unit", "row", "store", "operation or vectors", "..."])
        for name, guests in passes.items():
            for guest, content in guests.items():
                for row in content.rows:
                    if row[0] != "unit":
                        writer.writerow([name, guest, content.unit] + row)


def write_data(directory, guests):
    """A file for each curve of plot.gp: vectors, instructions per vector."""
    for name, guest in guests.items():
        for kind, stores in guest.sweep.items():
            for store, points in stores.items():
                path = os.path.join(directory, f"{name}-{store}-{kind}.dat")
                with open(path, "w", encoding="ascii") as out:
                    for vectors, cost in points:
                        out.write(f"{vectors} {cost:.0f}\n")


def complete(guest, life):
    """Every figure that the platform allows, or the name of one that is missing."""
    table = guest.figures()
    for op in OPS:
        stores = STORES[:2] if op in FIRED or op in CREATE else STORES
        for store in stores:
            if op != "event that moves" and table.get(op, {}).get(store) is None:
                return f"no figure for {op}, {NAMES[store]}"
    for op, store in ((op, store) for op in ALL_AT_ONCE for store in STORES):
        if not life.few_and_many(op, store)[1]:
            return f"no figures for {op}, {NAMES[store]}"
    if life.commands is None:
        return "no figure for commands"
    return None if guest.reach() else "no figures for many vectors"


def quick(results, guests):
    """The figures are there, and those which nothing disturbs are as they should be."""
    for name in ("quick-vtd", "quick-life"):
        if name not in guests:
            die(f"no guest {name} in {results}")
    cost_table("quick-vtd", "VT-d", {"count-1": guests}, "count-1")
    missing = complete(guests["quick-vtd"], guests["quick-life"])
    if missing:
        die(missing)
    at_once_table(guests["quick-life"])
    lines = at_once_bounds(guests["quick-life"])
    columns(lines, ["", "is", "at most", ""])
    for line in lines:
        if line[-1] == "MISSED":
            die(f"{line[0]} is {line[1]}, at most {line[2]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("results")
    parser.add_argument("--csv")
    parser.add_argument("--data")
    parser.add_argument("--quick", action="store_true", help="of the smoke test only")
    args = parser.parse_args()
    passes = load(args.results)
    if args.quick:
        quick(args.results, passes.get("count-1", {}))
        return
    if not any(f"cost-{key}" in passes.get("count-1", {}) for key in PLATFORMS):
        die(f"{args.results} holds no results: run scripts/bench")
    for key, title in PLATFORMS.items():
        if f"cost-{key}" in passes["count-1"]:
            cost_table(f"cost-{key}", title, passes, "count-1")
    if "many-vtd" in passes["count-1"]:
        scale_table(passes["count-1"]["many-vtd"])
    if "life-vtd" in passes["count-1"]:
        at_once_table(passes["count-1"]["life-vtd"])
    counts_table(passes)
    exits_table(args.results)
    bounds_table(passes)
    spread_line(passes)
    profile_table(args.results, "Profile of MSI-X and of IMS, 64 vectors held", "msix", "ims")
    profile_table(args.results, "Profile of queue memory, 64 and 60,000 vectors held", "queue",
                  "queue60000")
    if args.csv:
        write_csv(args.csv, passes)
    if args.data:
        write_data(args.data, passes["count-1"])


if __name__ == "__main__":
    main()
