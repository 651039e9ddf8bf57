# SPDX-License-Identifier: GPL-2.0
"""A device that misbehaves on demand does so, and only so."""

import dsa as d
from client import Failure, expect, run
from dsa import BOX, Dsa, device, letter, with_slot as ready


def test_none(m):
    """no fault is active at first."""
    dsa, handle = ready(m)
    dsa.fire(handle)
    expect("message", letter(m), 0x1111)
    expect("requester ID", m.get("fault-rid"), 0xffffffff)


def test_ignore_mask(m):
    """a masked slot sends, and what was pending is sent."""
    dsa, handle = ready(m)
    dsa.ctrl(5, d.MASK)
    dsa.fire(handle)
    expect("before", letter(m), 0)
    m.set(fault_ignore_mask=True)
    expect("what was pending", letter(m), 0x1111)
    dsa.fire(handle)
    expect("message", letter(m), 0x1111)
    m.set(fault_ignore_mask=False)
    dsa.fire(handle)
    expect("after", letter(m), 0)


@device("fault-stale=on")
def test_stale(m):
    """the message is that before the latest update, at -device, too."""
    dsa, handle = ready(m)
    dsa.set_slot(5, BOX + 4, 0x2222)
    dsa.fire(handle)
    expect("messages", (letter(m), letter(m, BOX + 4)), (0x1111, 0))
    dsa.set_slot(5, BOX + 8, 0x3333)
    dsa.fire(handle)
    expect("messages", (letter(m, BOX + 4), letter(m, BOX + 8)), (0x2222, 0))


def test_address(m):
    """another address and data, of one slot, for a number of times."""
    dsa, handle = ready(m)
    dsa.set_slot(6, BOX + 4, 0x6666)
    other = dsa.must(d.REQUEST, d.IMS | 6)
    m.set(fault_slot=5, fault_count=1, fault_address=BOX + 8, fault_data=0xbad)
    dsa.fire(other)
    expect("another slot", (letter(m, BOX + 4), letter(m, BOX + 8)), (0x6666, 0))
    dsa.fire(handle)
    expect("this slot", (letter(m), letter(m, BOX + 8)), (0, 0xbad))
    dsa.fire(handle)
    expect("well again", (letter(m), letter(m, BOX + 8)), (0x1111, 0))


def test_extra(m):
    """the faulty message comes besides the right one."""
    dsa, handle = ready(m)
    m.set(fault_extra=True, fault_address=BOX + 8, fault_data=0xbad)
    dsa.fire(handle)
    expect("both", (letter(m), letter(m, BOX + 8)), (0x1111, 0xbad))


def test_data_add(m):
    """something is added to the data."""
    dsa, handle = ready(m)
    m.set(fault_data_add=3)
    dsa.fire(handle)
    expect("message", letter(m), 0x1114)


def test_handle_add(m):
    """something is added to the handle, which is in bits 19:5 and 2."""
    dsa, handle = ready(m)
    m.set(fault_handle_add=2)
    dsa.fire(handle)
    expect("two further", (letter(m), letter(m, BOX + 0x40)), (0, 0x1111))
    m.set(fault_handle_add=0x8000)
    dsa.fire(handle)
    expect("bit 15", (letter(m), letter(m, BOX + 4)), (0, 0x1111))


def test_command_error(m):
    """a command fails with the given error, others do not."""
    dsa = Dsa(m)
    m.set(fault_cmd=d.ENABLE)
    expect("default", dsa.cmd(d.ENABLE), 3)
    m.set(fault_cmd_error=0x42)
    expect("given", dsa.cmd(d.ENABLE), 0x42)
    expect("state", dsa.reg(d.GENSTS), 0)
    expect("another", dsa.cmd(d.RESET), 0)
    m.set(fault_cmd=0)
    expect("well again", dsa.cmd(d.ENABLE), 0)


def test_command_hang(m):
    """a command hangs, and goes on when the fault ends."""
    dsa = Dsa(m)
    m.set(fault_cmd=d.ENABLE, fault_cmd_hang=True)
    dsa.start(d.ENABLE)
    for _ in range(100):
        expect("active", dsa.reg(d.CMDSTS) >> 31, 1)
    dsa.start(d.RESET)
    m.set(fault_cmd=0)
    m.until("end", lambda: not dsa.reg(d.CMDSTS) >> 31)
    expect("the second command is lost", dsa.reg(d.GENSTS), 1)


def test_hang_flr(m):
    """a function level reset ends a hung command."""
    dsa = Dsa(m)
    m.set(fault_cmd=d.ENABLE, fault_cmd_hang=True)
    dsa.start(d.ENABLE)
    m.write(d.CONFIG + dsa.find_cap(0x10) + 8, 0x8000, "w")
    dsa.map()
    expect("status", dsa.reg(d.CMDSTS), 0)


def test_bad_values(m):
    """bad values at run time are refused."""
    for name, value in (("halt", 4), ("fault-slot", -1), ("fault-cmd", 256),
                        ("fault-stale", "maybe"), ("ims-slots", 256), ("ims-sent", 1)):
        try:
            m.set(**{name: value})
        except Failure:
            continue
        raise Failure(f"{name}={value} was taken")


run(globals())
