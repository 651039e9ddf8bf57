# SPDX-License-Identifier: GPL-2.0
"""What the guests of make bench have measured, as their verdict files tell it."""
import glob
import os
import statistics

STORES = ("msix", "ims", "queue")
ALL = "up to %d, each"

# What a driver or the device does
OPS = ["create", "create with 2048 slots", "allocate", "request_irq", "mask", "unmask",
       "mask by a handler", "disable_irq", "enable_irq", "affinity", "event that moves",
       "event to handler", "event to end", "free_irq", "free"]
CREATE = OPS[:2]

# What happens to all vectors of a store at once
ALL_AT_ONCE = ("remove", "restore")


class Guest:
    """What one guest measured; of repeated sweeps the last counts."""

    def __init__(self, path):
        self.unit = None
        self.cost, self.create = {}, {}
        self.sweep = {"up": {}, "down": {}}
        self.bytes, self.limit, self.counts, self.rows = {}, {}, [], []
        self.at_once, self.commands = {}, None
        with open(path, encoding="ascii", errors="replace") as verdict:
            for line in verdict:
                if line.startswith("# row "):
                    self.take(line[6:].strip().split(","))
        for key, values in self.create.items():
            # the first one builds what the others find
            values = values[1:] or values
            self.cost[key] = statistics.median(values)

    def take(self, row):
        self.rows.append(row)
        kind, store = row[0], row[1]
        if kind == "unit":
            self.unit = store
        elif kind == "cost" and row[2] in CREATE:
            self.create.setdefault((store, row[2]), []).append(int(row[5]))
        elif kind == "cost":
            self.cost[store, row[2]] = int(row[5])
        elif kind in self.sweep:
            vectors, nr, total = (int(field) for field in row[2:5])
            sweep = self.sweep[kind]
            if kind == "up" and vectors == nr:
                sweep[store] = []
                self.sweep["down"].pop(store, None)
            sweep.setdefault(store, []).append((vectors, total / nr))
        elif kind == "memory":
            self.bytes[store] = int(row[3]) / int(row[2])
        elif kind == "limit":
            self.limit[store] = (int(row[2]), row[3].lstrip("-"))
        elif kind in ALL_AT_ONCE:
            limit, vectors, total = (int(field) for field in row[2:5])
            self.at_once.setdefault((kind, store, limit), {}).setdefault(vectors, []).append(total)
        elif kind == "commands":
            self.commands = int(row[3]) / int(row[2])
        elif kind in ("fire", "storm"):
            self.counts.append([kind, store] + [int(field) for field in row[2:]])

    def reach(self):
        """Up to where all stores with a sweep have figures."""
        ends = [points[-1][0] for points in self.sweep["up"].values()]
        return min(ends) if ends else 0

    def allocate(self, store):
        """Mean cost of a vector on the way to what all stores reach."""
        points = [p for p in self.sweep["up"].get(store, []) if p[0] <= self.reach()]
        return statistics.mean(p[1] for p in points) if points else None

    def free(self, store):
        """The median of the steps, as some are hit by what is freed after a grace period."""
        points = [p for p in self.sweep["down"].get(store, []) if p[0] <= self.reach()]
        return statistics.median(p[1] for p in points) if points else None

    def total(self, kind, store, limit, vectors):
        """Of so many vectors at once, in an index space of this size; 0 is the largest."""
        values = self.at_once.get((kind, store, limit), {}).get(vectors)
        return statistics.median(values) if values else None

    def each(self, kind, store, vectors):
        """The share of one of them, without what is to be done when there is none."""
        none, total = (self.total(kind, store, 0, nr) for nr in (0, vectors))
        return None if none is None or total is None else (total - none) / vectors

    def few_and_many(self, kind, store):
        """How many vectors there were at once."""
        sizes = sorted(nr for nr in self.at_once.get((kind, store, 0), {}) if nr)
        return (sizes[0], sizes[-1]) if len(sizes) > 1 else (None, None)

    def smallest(self, kind, store, vectors):
        """Of so many vectors at once, in the smallest index space."""
        limits = [key[2] for key in self.at_once if key[:2] == (kind, store) and key[2]]
        return self.total(kind, store, min(limits), vectors) if limits else None

    def figures(self):
        """Operation -> store -> value."""
        table = {op: {s: self.cost.get((s, op)) for s in STORES} for op in OPS}
        reach = self.reach()
        table["allocate " + ALL % reach] = {s: self.allocate(s) for s in STORES}
        table["free " + ALL % reach] = {s: self.free(s) for s in STORES}
        return {op: values for op, values in table.items() if values["msix"] is not None}


def load(results):
    passes = {}
    for path in sorted(glob.glob(os.path.join(results, "*", "*.verdict"))):
        name = os.path.basename(path)[:-len(".verdict")]
        passes.setdefault(os.path.basename(os.path.dirname(path)), {})[name] = Guest(path)
    return passes
