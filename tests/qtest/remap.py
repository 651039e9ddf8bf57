# SPDX-License-Identifier: GPL-2.0
"""IMS messages and VT-d interrupt remapping: requester ID, handle, faults."""

import struct

import dsa as d
from client import expect, run
from dsa import Dsa, OTHER_VECTOR, VECTOR, device, fire_with, received, with_slot

VTD = 0xfed90000
FSTS, GCMD, GSTS, IRTA, FRCD = 0x34, 0x18, 0x1c, 0xb8, 0x220
TABLE = d.RAM + 0x800000
HANDLE, VICTIM, SILENT = 9, 11, 12
VICTIM_RID = 0x18

vtd = device(extra=("-machine", "kernel-irqchip=split", "-device", "intel-iommu,intremap=on"))


def irte(vector, rid, fpd=0):
    return struct.pack("<QQ", 1 | fpd << 1 | vector << 16, rid | 1 << 18)


def address(handle):
    return 0xfee00010 | (handle & 0x7fff) << 5 | handle >> 15 << 2


def ready(m):
    """Remapping with an entry for slot 5 and one for another device."""
    m.store(TABLE, bytes(4096))
    m.store(TABLE + HANDLE * 16, irte(VECTOR, d.DEVFN))
    m.store(TABLE + VICTIM * 16, irte(OTHER_VECTOR, VICTIM_RID))
    m.store(TABLE + SILENT * 16, irte(OTHER_VECTOR, VICTIM_RID, fpd=1))
    m.write(VTD + IRTA, TABLE | 7, "q")
    for bit in (24, 25):
        m.write(VTD + GCMD, 1 << bit)
    expect("remapping is on", m.read(VTD + GSTS) >> 25 & 1, 1)
    dsa = Dsa(m)
    dsa.enable()
    dsa.set_slot(5, address(HANDLE), 0)
    return dsa, dsa.must(d.REQUEST, d.IMS | 5)


def fault(m):
    """Reason, requester ID and index of the recorded fault, if there is one."""
    low, high = m.read(VTD + FRCD, "q"), m.read(VTD + FRCD + 8, "q")
    if not high >> 63:
        return None
    return high >> 32 & 0xff, high & 0xffff, low >> 48


def fire(m, reached, blocked, **faults):
    fire_with(m, ready, reached, blocked, fault, **faults)


@vtd
def test_good(m):
    """a message with the right requester ID passes."""
    fire(m, VECTOR, None)


@vtd
def test_pending(m):
    """a message that a mask held back passes on unmask, and not before."""
    dsa, handle = ready(m)
    dsa.ctrl(5, d.MASK)
    dsa.fire(handle)
    expect("while masked", (received(m, VECTOR), dsa.ctrl(5)), (False, d.MASK | d.PENDING))
    expect("control", dsa.ctrl(5, 0), 0)
    expect("once unmasked", (received(m, VECTOR), m.get("ims-sent")), (True, 1))
    expect("fault", fault(m), None)


@vtd
def test_forged_rid(m):
    """a forged requester ID is blocked and reported."""
    fire(m, None, (0x26, 0x1234, HANDLE), fault_rid=0x1234)


@vtd
def test_other_handle(m):
    """the handle of another device is blocked and reported."""
    fire(m, None, (0x26, d.DEVFN, VICTIM), fault_handle_add=VICTIM - HANDLE)


@vtd
def test_both_forged(m):
    """with the victim's requester ID, too, it hits: the ID is what protects."""
    fire(m, OTHER_VECTOR, None, fault_handle_add=VICTIM - HANDLE, fault_rid=VICTIM_RID)


@vtd
def test_not_present(m):
    """an entry that is not present blocks and reports."""
    fire(m, None, (0x22, d.DEVFN, HANDLE + 1), fault_handle_add=1)


@vtd
def test_index(m):
    """an index beyond the table is reported."""
    fire(m, None, (0x21, d.DEVFN, HANDLE + 0x8000), fault_handle_add=0x8000)


@vtd
def test_compat(m):
    """a message in compatibility format is blocked and reported."""
    fire(m, None, (0x25, d.DEVFN, 0), fault_address=0xfee00000, fault_data=OTHER_VECTOR)


@vtd
def test_fault_disabled(m):
    """an entry that disables fault reports blocks in silence."""
    fire(m, None, None, fault_handle_add=SILENT - HANDLE)


def test_no_remapping(m):
    """without remapping the forged message arrives."""
    dsa, handle = with_slot(m)
    m.set(fault_address=0xfee00000, fault_data=OTHER_VECTOR)
    dsa.fire(handle)
    expect("interrupt", received(m, OTHER_VECTOR), True)


run(globals())
