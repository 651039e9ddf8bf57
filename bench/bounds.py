# SPDX-License-Identifier: GPL-2.0
"""What the figures of make bench are held to."""
from results import ALL_AT_ONCE, STORES
from tables import NAMES, PLATFORMS, at, columns, figures, number

BOUNDED = ["allocate", "mask", "unmask", "affinity", "event to handler", "event to end", "free"]


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


def at_once_bounds(guest):
    """The cost goes with the vectors, neither with their square nor with the index space."""
    lines = []
    for op, store in ((op, store) for op in ALL_AT_ONCE for store in STORES[1:]):
        few, many = guest.few_and_many(op, store)
        value = guest.each(op, store, many) / guest.each(op, store, few)
        lines.append([f"VT-d: {op}, each of {many:,} to each of {few}, {NAMES[store]}",
                      f"{value:.2f}", "1.50", verdict([value], 1.5)])
        value = guest.total(op, store, 0, few) / guest.smallest(op, store, few)
        lines.append([f"VT-d: {op} {few}, large to small index space, {NAMES[store]}",
                      f"{value:.2f}", "1.05", verdict([value], 1.05)])
    lines.append(["VT-d: commands in the life of a vector, queue", f"{guest.commands:.2f}", "2.00",
                  verdict([guest.commands], 2)])
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
    life = passes["count-1"].get("life-vtd")
    two = ((growth_bounds(many) if many else []) + (at_once_bounds(life) if life else []) +
           interrupt_bounds(passes))
    print("Bounds, ratio to MSI-X:\n")
    head = [f"{title} {NAMES[store]}" for title in PLATFORMS.values() for store in STORES[1:]]
    columns(one, [""] + head[:len(one[0]) - 3] + ["at most", ""])
    print("Other bounds:\n")
    columns(two, ["", "is", "at most", ""])
    missed = sum(line[-1] == "MISSED" for line in one + two)
    print(f"  {len(one + two) - missed} held, {missed} missed\n")


