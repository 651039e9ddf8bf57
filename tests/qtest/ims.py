# SPDX-License-Identifier: GPL-2.0
"""The IMS table: messages, mask and pending bits, PASID; MSI-X beside it.

A slot's message may go to any address, so it goes to RAM here, where it can
be read back.
"""

import dsa as d
from client import expect, run
from dsa import BOX, Dsa, device, letter, with_slot as ready

def test_fire(m):
    """an event sends the message of its slot, once, and no other."""
    dsa, handle = ready(m)
    dsa.set_slot(4, BOX + 4, 0x4444)
    dsa.set_slot(6, BOX + 8, 0x6666)
    expect("status", dsa.fire(handle), 1)
    expect("messages", m.load(BOX, 12), b"\x11\x11" + bytes(10))
    expect("count", m.get("ims-sent"), 1)


def test_far(m):
    """address high and the first and last slot."""
    dsa, _ = ready(m)
    for slot in (0, 2047):
        dsa.set_slot(slot, BOX, 0xf0000000 | slot)
        dsa.fire(dsa.must(d.REQUEST, d.IMS | slot))
        expect("message", letter(m), 0xf0000000 | slot)
    dsa.set_slot(0, 1 << 40 | BOX, 1)
    dsa.fire(dsa.must(d.REQUEST, d.IMS))
    expect("message to nowhere", letter(m), 0)


def test_reset_state(m):
    """slots are masked and empty at first."""
    dsa = Dsa(m)
    expect("slot 9", m.load(d.BAR0 + dsa.slot(9), 16), bytes(12) + b"\1\0\0\0")


def test_mask(m):
    """a masked event is kept as pending and sent once unmasked."""
    dsa, handle = ready(m)
    dsa.ctrl(5, d.MASK)
    dsa.fire(handle)
    dsa.fire(handle)
    expect("message while masked", letter(m), 0)
    expect("control", dsa.ctrl(5), d.MASK | d.PENDING)
    dsa.put(dsa.slot(5) + 8, 0x2222)
    expect("control after unmask", dsa.ctrl(5, 0), 0)
    expect("the message of today", letter(m), 0x2222)
    expect("count", m.get("ims-sent"), 1)


def test_pending_read_only(m):
    """software can neither set nor clear the pending bit."""
    dsa, handle = ready(m)
    dsa.ctrl(5, d.MASK | d.PENDING)
    expect("not set", dsa.ctrl(5), d.MASK)
    dsa.ctrl(5, 0)
    expect("message", letter(m), 0)
    dsa.ctrl(5, d.MASK)
    dsa.fire(handle)
    dsa.ctrl(5, d.MASK)
    expect("not cleared", dsa.ctrl(5), d.MASK | d.PENDING)


def test_update(m):
    """an unmasked slot uses a new message at once."""
    dsa, handle = ready(m)
    dsa.put(dsa.slot(5), BOX + 4)
    dsa.put(dsa.slot(5) + 8, 0x3333)
    dsa.fire(handle)
    expect("messages", (letter(m), letter(m, BOX + 4)), (0, 0x3333))


def test_pasid(m):
    """the PASID of a WQ is compared with that of the slot."""
    dsa, handle = ready(m, mode=1 << 28 | 0x77 << 8 | 0x11)
    for ctrl, status in ((0, 0x19), (d.PASID_EN | 0x77 << 12, 1),
                         (d.PASID_EN | 0x78 << 12, 0x19), (d.PASID_EN, 0x19),
                         (d.PASID_EN | d.IGNORE | 0x78 << 12, 1), (d.IGNORE, 1),
                         (0x77 << 12, 0x19)):
        dsa.ctrl(5, ctrl)
        expect(f"status with {ctrl:#x}", dsa.fire(handle), status)
        expect(f"message with {ctrl:#x}", letter(m), 0x1111 if status == 1 else 0)


def test_user_int(m):
    """with user interrupts off a process gets none, and a privileged WQ does."""
    for priv, status in ((0, 0x11), (1, 1)):
        dsa = Dsa(m)
        dsa.config(mode=priv << 29 | d.WQ_PASID_EN | 0x77 << 8 | 0x11)
        dsa.put(d.GENCFG, 0)
        dsa.must(d.ENABLE)
        dsa.must(d.WQ_ENABLE, 0)
        dsa.set_slot(5, BOX, 0x1111, d.PASID_EN | 0x77 << 12)
        handle = dsa.must(d.REQUEST, d.IMS | 5)
        expect(f"status with priv {priv}", dsa.fire(handle), status)
        expect(f"message with priv {priv}", letter(m), 0x1111 if status == 1 else 0)
        dsa.must(d.RESET)


def test_no_pasid(m):
    """a WQ without PASID cannot use a slot that has one."""
    dsa, handle = ready(m)
    dsa.ctrl(5, d.PASID_EN | 0x77 << 12)
    expect("status", dsa.fire(handle), 0x19)
    dsa.ctrl(5, d.PASID_EN)
    expect("status", dsa.fire(handle), 0x19)
    expect("message", letter(m), 0)


def test_wqs(m):
    """the PASID of each WQ counts, not that in the descriptor."""
    dsa = Dsa(m)
    dsa.config(wqs=(0,), mode=1 << 28 | 0x10 << 8 | 0x11)
    dsa.config(wqs=(1,), mode=1 << 28 | 0x20 << 8 | 0x11)
    dsa.put(dsa.grpcfg, 3, "q")
    dsa.must(d.ENABLE)
    dsa.must(d.WQ_ENABLE, 0)
    dsa.must(d.WQ_ENABLE, 1)
    dsa.set_slot(5, BOX, 0x1111, d.PASID_EN | 0x20 << 12)
    handle = dsa.must(d.REQUEST, d.IMS | 5)
    expect("WQ 0", dsa.fire(handle, wq=0, pasid=0x20), 0x19)
    expect("WQ 1", dsa.fire(handle, wq=1, pasid=0x10), 1)


def test_msix(m):
    """MSI-X works beside IMS, with its permission table."""
    dsa, handle = ready(m)
    dsa.set_msix(3, BOX + 4, 0x3333)
    other = dsa.must(d.REQUEST, 3)
    expect("status", dsa.fire(other, ims=False), 1)
    expect("messages", (letter(m), letter(m, BOX + 4)), (0, 0x3333))
    dsa.fire(handle)
    expect("messages", (letter(m), letter(m, BOX + 4)), (0x1111, 0))
    dsa.put(dsa.perm + 3 * 8, d.PASID_EN | 0x77 << 12)
    expect("refused", dsa.fire(other, ims=False), 0x19)
    dsa.put(dsa.perm + 3 * 8, d.PASID_EN | d.IGNORE | 0x77 << 12)
    expect("ignored", dsa.fire(other, ims=False), 1)


def test_msix_mask(m):
    """a masked MSI-X vector, and a masked function, do the same with the PBA."""
    dsa = Dsa(m)
    dsa.enable()
    dsa.set_msix(3, BOX, 0x3333)
    cap = d.CONFIG + dsa.find_cap(0x11)
    control, pba = d.BAR0 + 0x8000 + 3 * 16 + 12, d.BAR0 + (m.read(cap + 8) & ~7)
    handle = dsa.must(d.REQUEST, 3)
    for where, masked, width in ((control, 1, "l"), (cap + 2, 0xc000, "w")):
        before = m.read(where, width)
        m.write(where, masked, width)
        dsa.fire(handle, ims=False)
        expect("message while masked", letter(m), 0)
        expect("pending", m.read(pba), 8)
        m.write(where, before, width)
        expect("message", letter(m), 0x3333)
        expect("not pending", m.read(pba), 0)


@device("vectors=2048")
def test_vectors(m):
    """as many MSI-X vectors as there can be."""
    dsa = Dsa(m)
    dsa.enable()
    cap = d.CONFIG + dsa.find_cap(0x11)
    expect("table size", m.read(cap + 2, "w") & 0x7ff, 2047)
    dsa.set_msix(2047, BOX, 0x77)
    dsa.fire(dsa.must(d.REQUEST, 2047), ims=False)
    expect("message", letter(m), 0x77)


def test_bus_master(m):
    """without bus mastering nothing is sent."""
    dsa, handle = ready(m)
    dsa.ctrl(5, d.MASK)
    dsa.fire(handle)
    m.write(d.CONFIG + 4, 2, "w")
    dsa.ctrl(5, 0)
    expect("message", letter(m), 0)


def test_batch(m):
    """descriptors of a batch use the table of the portal, too."""
    dsa, handle = ready(m)
    raw = d.desc(d.NOOP, flags=d.CRAV | d.RCR | d.RCI, handle=handle, record=d.RECORD + 32)
    m.store(d.LIST, raw * 2)
    rec = dsa.run(d.BATCH, ims=True, src=d.LIST, size=2)
    expect("status", (rec.status, rec.done), (1, 2))
    expect("message", letter(m), 0x1111)
    expect("count", m.get("ims-sent"), 2)


run(globals())
