# SPDX-License-Identifier: GPL-2.0
"""Power states, and what resets of all kinds leave in the IMS table."""

import dsa as d
from client import expect, run
from dsa import BOX, Dsa, desc, device, letter, with_slot as ready

D0, D3 = 0, 3
NO_SOFT_RESET = 8


def pmcsr(dsa):
    return dsa.config_space + dsa.find_cap(1) + 4


def power(dsa, state):
    dsa.m.write(pmcsr(dsa), state, "w")


def settle(m):
    """Let the device do what it can."""
    for _ in range(10):
        m.execute("query-status")


def check_kept(dsa):
    """Of a reset: the slot is masked and its old message is there, no handle is valid."""
    dsa.map()
    expect("state", dsa.reg(d.GENSTS), 0)
    expect("power state", dsa.m.read(pmcsr(dsa), "w") & 3, D0)
    expect("control", dsa.ctrl(5), d.MASK)
    expect("data", dsa.reg(dsa.slot(5) + 8), 0x1111)
    expect("MSI-X permission", dsa.reg(dsa.perm + 8), 0)
    expect("message", letter(dsa.m), 0)


def prepared(m):
    """A device with something to forget: a pending slot, a permission, a handle."""
    dsa, handle = ready(m)
    dsa.put(dsa.perm + 8, 4)
    dsa.ctrl(5, d.MASK | d.IGNORE | 3 << 12)
    dsa.fire(handle)
    expect("control before", dsa.ctrl(5), d.MASK | d.PENDING | d.IGNORE | 3 << 12)
    return dsa, handle


def test_capability(m):
    """D0 and D3hot are there, D1 and D2 are not, and no reset on the way."""
    dsa = Dsa(m)
    expect("version", m.read(pmcsr(dsa) - 2, "w"), 3)
    for state, result in ((1, D0), (2, D0), (D3, D3), (2, D3), (D0, D0)):
        power(dsa, state)
        expect(f"after {state}", m.read(pmcsr(dsa), "w"), NO_SOFT_RESET | result)


def test_kept(m):
    """in D3hot the registers are away, back in D0 all is as before."""
    dsa, handle = ready(m)
    version = dsa.reg(d.VERSION)
    power(dsa, D3)
    expect("registers are there", dsa.reg(d.VERSION) == version, False)
    power(dsa, D0)
    expect("state", (dsa.reg(d.GENSTS), dsa.wq_state(0), dsa.ctrl(5)), (1, 1, 0))
    expect("status", dsa.fire(handle), 1)
    expect("message", letter(m), 0x1111)


def test_work(m):
    """descriptors and their interrupts wait in D3hot."""
    dsa, handle = ready(m)
    raw = desc(d.NOOP, flags=d.CRAV | d.RCR | d.RCI, handle=handle)
    m.together(dsa.submission(raw, ims=True), f"writew {pmcsr(dsa):#x} {D3}")
    settle(m)
    expect("in D3hot", (m.read(d.RECORD), letter(m)), (0, 0))
    power(dsa, D0)
    expect("status", dsa.wait().status, 1)
    expect("messages", (letter(m), m.get("ims-sent")), (0x1111, 1))


def test_command(m):
    """a command waits in D3hot."""
    dsa = Dsa(m)
    at = pmcsr(dsa)
    m.together(f"writel {d.BAR0 + d.CMD:#x} {d.RESET << 20:#x}", f"writew {at:#x} {D3}")
    settle(m)
    status = m.together(f"writew {at:#x} {D0}", f"readl {d.BAR0 + d.CMDSTS:#x}")[-1]
    expect("active when it wakes up", status >> 31, 1)
    m.until("end of the command", lambda: not dsa.reg(d.CMDSTS) >> 31)


def test_cause(m):
    """what happens in D3hot is told in D0."""
    dsa = Dsa(m)
    dsa.set_msix(0, BOX, 0x77)
    power(dsa, D3)
    m.set(revoke_handles=True)
    expect("message in D3hot", letter(m), 0)
    power(dsa, D0)
    expect("message", letter(m), 0x77)
    expect("cause", dsa.cause(), 1 << 31)


def test_pending(m):
    """a slot that would send in D3hot, as a fault says it is not masked, sends in D0."""
    dsa, handle = ready(m)
    dsa.ctrl(5, d.MASK)
    dsa.fire(handle)
    power(dsa, D3)
    m.set(fault_ignore_mask=True)
    expect("message in D3hot", letter(m), 0)
    power(dsa, D0)
    expect("message", letter(m), 0x1111)


def test_itself(m):
    """a descriptor puts its own device to sleep, which wakes up and works."""
    dsa, _ = ready(m)
    dsa.submit(desc(d.FILL, src=D3, dst=pmcsr(dsa), size=2))
    m.until("sleep", lambda: m.read(pmcsr(dsa), "w") & 3 == D3)
    settle(m)
    expect("record", m.read(d.RECORD), 0)
    power(dsa, D0)
    expect("status", dsa.run(d.NOOP).status, 1)


@device("d3-reset=on")
def test_soft_reset(m):
    """without No_Soft_Reset the device wakes up as after a reset."""
    dsa, handle = prepared(m)
    power(dsa, D3)
    expect("in D3hot", m.read(pmcsr(dsa), "w"), D3)
    power(dsa, D0)
    expect("in D0", m.read(pmcsr(dsa), "w"), D0)
    expect("bus mastering and BAR", (m.read(d.CONFIG + 4, "w") & 6, m.read(d.CONFIG + 0x10) & ~15), (0, 0))
    check_kept(dsa)
    dsa.enable()
    expect("an old handle", dsa.fire(handle), 0x19)


def test_flr(m):
    """a function level reset masks each slot and keeps its message, in D3hot, too."""
    dsa, handle = prepared(m)
    for state in (D0, D3):
        power(dsa, state)
        m.write(d.CONFIG + dsa.find_cap(0x10) + 8, 0x8000, "w")
        check_kept(dsa)
    dsa.enable()
    expect("an old handle", dsa.fire(handle), 0x19)
    dsa.ctrl(5, 0)
    dsa.fire(dsa.must(d.REQUEST, d.IMS | 5))
    expect("the old message, as nothing was written", letter(m), 0x1111)


def test_system_reset(m):
    """so does a reset of the machine, in D3hot, too."""
    for state in (D0, D3):
        dsa, _ = prepared(m)
        power(dsa, state)
        m.execute("system_reset")
        m.until("reset", lambda: not m.read(d.CONFIG + 4, "w") & 6)
        check_kept(Dsa(m))


def test_s3(m):
    """so does the way through S3."""
    dsa, _ = prepared(m)
    lpc, base = 0x80000000 | 31 << 11, 0x600
    for reg, val in ((0x40, base | 1), (0x44, 0x80)):
        m.outl(0xcf8, lpc | reg)
        m.outl(0xcfc, val)
    m.command(f"outw {base + 4:#x} {1 << 13 | 1 << 10:#x}")
    m.until("sleep", lambda: m.execute("query-status")["status"] == "suspended")
    expect("slot", dsa.ctrl(5), d.MASK | d.PENDING | d.IGNORE | 3 << 12)
    m.execute("system_wakeup")
    m.until("wake-up", lambda: m.execute("query-status")["status"] == "running")
    check_kept(Dsa(m))


run(globals())
