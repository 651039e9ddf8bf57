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

from results import OPS, STORES, load

PLATFORMS = {"vtd": "VT-d", "amd": "AMD-Vi", "none": "no IOMMU"}
NAMES = {"msix": "MSI-X", "ims": "IMS", "queue": "queue"}
PROFILE_LINES = 10

# It takes a device to fire, which the queue store does not have
FIRED = {"event that moves", "event to handler", "event to end"}
BOUNDED = ["allocate", "mask", "unmask", "affinity", "event to handler", "event to end", "free"]

LIMITS = {"16": "no index of the store is free", "28": "no entry of the remapping unit is free"}


def die(message):
    sys.exit("report: " + message)


def figures(guests, name):
    """Those of a guest, with VT-d those of the guests for memory, too."""
    table = guests[name].figures()
    memory = {s: guests[f"bytes-{s}"].bytes[s] for s in STORES if f"bytes-{s}" in guests}
    if name == "cost-vtd" and len(memory) == len(STORES):
        table["bytes of slab, each"] = memory
    return table


def number(value):
    return "-" if value is None else f"{value:,.0f}"


def ratio(value, base):
    return "-" if value is None or not base else f"{value / base:.2f}"


def spread(one, two):
    """The largest difference of two runs, relative."""
    pairs = [(one[s], two.get(s)) for s in one if one[s] and two.get(s)]
    return max((abs(a - b) / min(a, b) for a, b in pairs), default=None)


def columns(lines, head):
    lines = [head] + lines
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        cells = [line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
    print()


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


def at(points, vectors):
    return next((cost for end, cost in points if end >= vectors), points[-1][1])


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


def verdict(values, limit):
    """Bounds are meant to the hundredth."""
    return "held" if all(round(v, 2) <= limit for v in values if v is not None) else "MISSED"


def bounded(op):
    return op in BOUNDED or op.startswith(("allocate up", "free up", "bytes"))


def same_op(table, op):
    """How far the stores reach, and with that the name, depends on the platform."""
    return op if " up to " not in op else next(o for o in table if o.startswith(op.split(" up")[0] + " up"))


def ratio_bounds(passes):
    """To MSI-X, on each platform."""
    tables = [figures(passes["count-1"], f"cost-{key}") for key in PLATFORMS
              if f"cost-{key}" in passes["count-1"]]
    lines = []
    for op in [op for op in tables[0] if bounded(op)]:
        rows = [table.get(same_op(table, op), {}) for table in tables]
        values = [row[store] / row["msix"] if row.get(store) else None
                  for row in rows for store in STORES[1:]]
        lines.append([op] + ["-" if v is None else f"{v:.2f}" for v in values] +
                     ["1.00", verdict(values, 1)])
    return lines


def growth_bounds(guest):
    lines = []
    for store, up in guest.sweep["up"].items():
        if store != "msix":
            nr = min(60000, up[-1][0])
            value = at(up, nr) / up[0][1]
            lines.append([f"VT-d: allocation {nr:,} to the first, {NAMES[store]}", f"{value:.2f}",
                          "1.20", verdict([value], 1.2)])
    return lines


def interrupt_bounds(passes):
    lines = []
    for key, title in PLATFORMS.items():
        if f"cost-{key}" in passes["count-1"]:
            ends = passes["count-1"][f"cost-{key}"].figures()["event to end"]
            more = ends["ims"] - ends["msix"]
            lines.append([f"{title}: instructions that IMS adds to an interrupt", number(more),
                          "0", verdict([more], 0)])
    return lines


def bounds_table(passes):
    one = ratio_bounds(passes)
    many = passes["count-1"].get("many-vtd")
    two = (growth_bounds(many) if many else []) + interrupt_bounds(passes)
    print("Bounds, ratio to MSI-X:\n")
    head = [f"{title} {NAMES[store]}" for title in PLATFORMS.values() for store in STORES[1:]]
    columns(one, [""] + head[:len(one[0]) - 3] + ["at most", ""])
    print("Other bounds:\n")
    columns(two, ["", "is", "at most", ""])
    missed = sum(line[-1] == "MISSED" for line in one + two)
    print(f"  {len(one + two) - missed} held, {missed} missed\n")


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


def spread_line(passes):
    worst = (0, "nothing")
    one, both = passes["count-1"], passes.get("count-2", {})
    for name in (name for name in one if name.startswith("cost-") and name in both):
        two = figures(both, name)
        for op, values in figures(one, name).items():
            apart = spread(values, two.get(op, {}))
            worst = max(worst, (apart or 0, f"{name}, {op}"))
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


def complete(guest):
    """Every figure that the platform allows, or the name of one that is missing."""
    table = guest.figures()
    for op in OPS:
        stores = STORES[:2] if op in FIRED or op == "create" else STORES
        for store in stores:
            if op != "event that moves" and table.get(op, {}).get(store) is None:
                return f"no figure for {op}, {NAMES[store]}"
    return None if guest.reach() else "no figures for many vectors"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("results")
    parser.add_argument("--csv")
    parser.add_argument("--data")
    parser.add_argument("--quick", action="store_true", help="of the smoke test only")
    args = parser.parse_args()
    passes = load(args.results)
    if args.quick:
        guest = passes.get("count-1", {}).get("quick-vtd") or die(f"no guest in {args.results}")
        cost_table("quick-vtd", "VT-d", passes, "count-1")
        missing = complete(guest)
        if missing:
            die(missing)
        return
    if not any(f"cost-{key}" in passes.get("count-1", {}) for key in PLATFORMS):
        die(f"{args.results} holds no results: run scripts/bench")
    for key, title in PLATFORMS.items():
        if f"cost-{key}" in passes["count-1"]:
            cost_table(f"cost-{key}", title, passes, "count-1")
    if "many-vtd" in passes["count-1"]:
        scale_table(passes["count-1"]["many-vtd"])
    counts_table(passes)
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
