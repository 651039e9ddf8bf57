# SPDX-License-Identifier: GPL-2.0
"""The device is plugged and unplugged, in the middle of what it does, too.

It is below a port whose slot control register the guest can write, and so can
a descriptor or a message of the device itself.
"""

import struct

import dsa as d
from client import ECAM, expect, run
from dsa import Dsa, desc, device, find_cap

PORT = ECAM | 3 << 15
BELOW = ECAM | 1 << 20
SLOT_OFF = 0x700        # power and indicator off: what is in the slot is gone
OTHER = d.RECORD + 0x40

port = device("bus=rp,addr=0", extra=(
    "-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off",
    "-device", "pcie-root-port,id=rp,addr=3,chassis=1,slot=1"))


def ready(m, wqs=(0,)):
    """Open the port, and enable the device behind it."""
    m.outl(0xcf8, 0x80000060)
    m.outl(0xcfc, ECAM | 1)
    m.write(PORT + 0x18, 0x010100)
    m.write(PORT + 0x24, d.BAR2 + 0xf00000 & 0xfff00000 | d.BAR0 >> 16)
    m.write(PORT + 4, 6, "w")
    dsa = Dsa(m, BELOW)
    dsa.enable(wqs)
    return dsa


def slot_control(m):
    return PORT + find_cap(m, PORT, 0x10) + 0x18


def gone(m):
    m.until("removal", lambda: m.read(BELOW) == 0xffffffff)
    for _ in range(10):     # whatever was still to come
        m.execute("query-status")
    expect("device in the monitor", [dev for dev in m.execute("qom-list", path="/machine/peripheral")
                                     if dev["name"] == "dsa"], [])


def silent(m, *records):
    gone(m)
    for record in records:
        expect("record of a device that is gone", m.load(record, 32), bytes(32))


def unplugging(m, **fields):
    """A descriptor that turns its own slot off."""
    return desc(d.FILL, src=SLOT_OFF, dst=slot_control(m), size=2, **fields)


@port
def test_works(m):
    """a device below a port works."""
    dsa = ready(m)
    expect("status", dsa.run(d.NOOP).status, 1)


@port
def test_descriptor(m):
    """a descriptor unplugs its device: others, its record, its interrupt do not come."""
    dsa = ready(m, wqs=(0, 1))
    dsa.set_slot(5, d.MAILBOX, 0x1111)
    handle = dsa.must(d.REQUEST, d.IMS | 5)
    m.together(dsa.submission(unplugging(m, flags=d.CRAV | d.RCR | d.RCI, handle=handle), ims=True),
               dsa.submission(desc(d.NOOP, record=OTHER)),
               dsa.submission(desc(d.NOOP, record=OTHER), wq=1))
    silent(m, d.RECORD)
    expect("message", m.read(d.MAILBOX), 0)


@port
def test_batch(m):
    """a descriptor of a batch unplugs its device."""
    dsa = ready(m)
    m.store(d.LIST, unplugging(m) + desc(d.NOOP, record=OTHER) * 3)
    dsa.submit(desc(d.BATCH, src=d.LIST, size=4))
    silent(m, d.RECORD, OTHER)


@port
def test_message(m):
    """the message of a slot unplugs the device that sends it."""
    dsa = ready(m)
    dsa.set_slot(5, slot_control(m), SLOT_OFF)
    raw = desc(d.NOOP, flags=d.CRAV | d.RCI, handle=dsa.must(d.REQUEST, d.IMS | 5))
    m.together(dsa.submission(raw, ims=True), dsa.submission(desc(d.NOOP, record=OTHER)))
    silent(m, d.RECORD, OTHER)


@port
def test_unmask(m):
    """so does a message that is sent when its slot is unmasked."""
    dsa = ready(m)
    dsa.set_slot(5, slot_control(m), SLOT_OFF, d.MASK)
    dsa.fire(dsa.must(d.REQUEST, d.IMS | 5))
    dsa.put(dsa.slot(5) + 12, 0)
    gone(m)


@port
def test_msix(m):
    """the MSI-X message of a descriptor unplugs the device."""
    dsa = ready(m)
    dsa.set_msix(3, slot_control(m), SLOT_OFF)
    raw = desc(d.NOOP, flags=d.CRAV | d.RCI, handle=dsa.must(d.REQUEST, 3))
    m.together(dsa.submission(raw), dsa.submission(desc(d.NOOP, record=OTHER)))
    silent(m, d.RECORD, OTHER)


@port
def test_command(m):
    """the MSI-X message of a command unplugs the device."""
    dsa = ready(m)
    dsa.set_msix(0, slot_control(m), SLOT_OFF)
    dsa.start(d.DRAIN_ALL, 1 << 31)
    gone(m)


@port
def test_fault_record(m):
    """the first part of a record unplugs the device: the second part does not come."""
    dsa = ready(m)
    at = slot_control(m) - 0xc
    expect("offset of the fault address in a record", at % 32, 0)
    m.together(dsa.submission(desc(d.MEMMOVE, src=SLOT_OFF << 32, dst=d.DST, size=8, record=at)),
               dsa.submission(desc(d.NOOP, record=OTHER)))
    silent(m, OTHER)


@port
def test_driver(m):
    """the monitor asks and the guest lets go, with work and a command under way; a new one works."""
    dsa = ready(m)
    for _ in range(3):
        m.store(d.SRC, bytes(range(256)) * 64)
        m.execute("device_del", id="dsa")
        m.together(*(dsa.submission(desc(d.MEMMOVE, src=d.SRC, dst=d.DST, size=16384))
                     for _ in range(4)),
                   f"writel {d.BAR0 + d.CMD:#x} {d.DRAIN_ALL << 20:#x}",
                   f"writew {slot_control(m):#x} {SLOT_OFF:#x}")
        silent(m, d.RECORD)
        m.execute("device_add", driver="dsa", id="dsa", bus="rp", addr="0")
        m.write(slot_control(m), 0x100, "w")
        dsa = Dsa(m, BELOW)
        expect("state", dsa.reg(d.GENSTS), 0)
        dsa.enable()
        expect("status", dsa.run(d.NOOP).status, 1)
        m.store(d.RECORD, bytes(32))


@port
def test_hang(m):
    """a device whose command hangs is unplugged."""
    dsa = ready(m)
    m.set(fault_cmd=d.RESET, fault_cmd_hang=True)
    dsa.start(d.RESET)
    m.write(slot_control(m), SLOT_OFF, "w")
    gone(m)


run(globals())
