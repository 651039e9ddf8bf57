# SPDX-License-Identifier: GPL-2.0
"""IMS messages and AMD-Vi interrupt remapping: requester ID, index, events."""

import struct

import dsa as d
from client import expect, run
from dsa import Dsa, OTHER_VECTOR, VECTOR, device, fire_with

AMDVI = 0xfed80000
DEVTAB, EVENT_BASE, CONTROL, EVENT_TAIL, STATUS = 0x0, 0x10, 0x18, 0x2018, 0x2020
TABLES = d.RAM + 0x800000
OURS, THEIRS, LOG = TABLES + 0x4000, TABLES + 0x5000, TABLES + 0x6000
# the IOMMU is a PCI device, too, and comes first
VICTIM_RID = 0x10
INDEX, VICTIM_INDEX = 9, 11

amd = device(extra=("-device", "amd-iommu,intremap=on"))


def irte(vector):
    return struct.pack("<I", 1 | vector << 16)


def dte(table):
    """Interrupts are remapped, memory is not."""
    return struct.pack("<QQQQ", 0, 0, 1 | 8 << 1 | table | 2 << 60, 0)


def ready(m):
    """Remapping with a table of ours and one of another device."""
    m.store(TABLES, bytes(0x7000))
    m.store(TABLES + d.DEVFN * 32, dte(OURS))
    m.store(TABLES + VICTIM_RID * 32, dte(THEIRS))
    m.store(OURS + INDEX * 4, irte(VECTOR))
    m.store(THEIRS + VICTIM_INDEX * 4, irte(OTHER_VECTOR))
    m.write(AMDVI + DEVTAB, TABLES | 1, "q")
    m.write(AMDVI + EVENT_BASE, LOG | 8 << 56, "q")
    m.write(AMDVI + CONTROL, 0xd, "q")
    dsa = Dsa(m)
    dsa.enable()
    dsa.set_slot(5, 0xfee00000, INDEX)
    return dsa, dsa.must(d.REQUEST, d.IMS | 5)


def event(m):
    """Kind of event, whether an interrupt is meant, device and address; or None."""
    tail = m.read(AMDVI + EVENT_TAIL)
    expect("event flagged in the status", m.read(AMDVI + STATUS) >> 1 & 1, tail > 0)
    if not tail:
        return None
    word, addr = m.read(LOG + tail - 16, "q"), m.read(LOG + tail - 8, "q")
    return word >> 60, word >> 51 & 1, word & 0xffff, addr


def fire(m, reached, blocked, **faults):
    fire_with(m, ready, reached, blocked, event, **faults)


@amd
def test_good(m):
    """a good message passes through the table of the device."""
    fire(m, VECTOR, None)


@amd
def test_other_index(m):
    """an index of another device means nothing in the own table: an event tells."""
    fire(m, None, (2, 1, d.DEVFN, 0xfee00000), fault_data_add=VICTIM_INDEX - INDEX)


@amd
def test_forged_rid(m):
    """a forged requester ID selects the table of the other: an event names it."""
    fire(m, None, (2, 1, VICTIM_RID, 0xfee00000), fault_rid=VICTIM_RID)


@amd
def test_both_forged(m):
    """with both it hits: the requester ID is what protects."""
    fire(m, OTHER_VECTOR, None, fault_rid=VICTIM_RID,
         fault_data_add=VICTIM_INDEX - INDEX)


@amd
def test_status(m):
    """status bits are cleared by ones, each by its own."""
    dsa, handle = ready(m)
    m.set(fault_data_add=1)
    dsa.fire(handle)
    running = m.read(AMDVI + STATUS) & ~2
    m.write(AMDVI + STATUS, 1)
    expect("another bit", m.read(AMDVI + STATUS), running | 2)
    m.write(AMDVI + STATUS, 0xfffffffe)
    expect("status", m.read(AMDVI + STATUS), running)


@amd
def test_log_full(m):
    """the event log wraps, and tells when it is full."""
    dsa, handle = ready(m)
    m.set(fault_data_add=1)
    for i in range(1, 300):
        dsa.fire(handle)
        if i == 200:
            m.write(AMDVI + 0x2010, 100 * 16)
    expect("tail", m.read(AMDVI + EVENT_TAIL), (299 % 256) * 16)
    for _ in range(60):
        dsa.fire(handle)
    expect("tail of a full log", m.read(AMDVI + EVENT_TAIL), 99 * 16)
    expect("overflow", m.read(AMDVI + STATUS) & 1, 1)


run(globals())
