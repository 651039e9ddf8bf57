# SPDX-License-Identifier: GPL-2.0
"""How the tables of make bench are set."""
from results import STORES

PLATFORMS = {"vtd": "VT-d", "amd": "AMD-Vi", "none": "no IOMMU", "its": "GIC ITS"}
NAMES = {"msix": "MSI-X", "ims": "IMS", "queue": "queue"}


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


def at(points, vectors):
    return next((cost for end, cost in points if end >= vectors), points[-1][1])


def columns(lines, head):
    lines = [head] + lines
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        cells = [line[0].ljust(widths[0])] + [c.rjust(w) for c, w in zip(line[1:], widths[1:])]
        print("  " + "  ".join(cells).rstrip())
    print()
