# SPDX-License-Identifier: GPL-2.0
"""Commands: effect, order, errors, status and interrupt."""

import dsa as d
from client import expect, run
from dsa import Dsa, device


def errors(dsa, *table):
    for code, operand, error in table:
        expect(f"error of command {code} ({operand:#x})",
               dsa.cmd(code, operand) & 0xff, error)


def test_device(m):
    """enable and disable of the device, states and errors."""
    dsa = Dsa(m)
    errors(dsa, (d.DISABLE, 0, 0x31), (d.WQ_ENABLE, 0, 0x20), (d.DRAIN_ALL, 0, 0x32))
    m.write(d.CONFIG + 4, 2, "w")
    errors(dsa, (d.ENABLE, 0, 0x12))
    m.write(d.CONFIG + 4, 6, "w")
    dsa.must(d.ENABLE)
    expect("state", dsa.reg(d.GENSTS), 1)
    errors(dsa, (d.ENABLE, 0, 0x10), (d.DRAIN_ALL, 0, 0), (d.ABORT_ALL, 0, 0))
    dsa.must(d.DISABLE)
    expect("state", dsa.reg(d.GENSTS), 0)


def test_groups(m):
    """a bad configuration of groups, engines and sizes is refused."""
    dsa = Dsa(m)
    dsa.config(size=129)
    errors(dsa, (d.ENABLE, 0, 0x14))
    dsa.config(size=128)
    dsa.put(dsa.grpcfg + 32, 0, "q")
    errors(dsa, (d.ENABLE, 0, 0x15))
    dsa.config(group=1)
    errors(dsa, (d.ENABLE, 0, 0x16))
    dsa.put(dsa.grpcfg, 0, "q")
    dsa.put(dsa.grpcfg + 32, 1, "q")
    errors(dsa, (d.ENABLE, 0, 0x17))
    dsa.put(dsa.grpcfg + 32, 0, "q")
    dsa.put(dsa.wqcfg + 64, 1)
    errors(dsa, (d.ENABLE, 0, 0x16))
    dsa.put(dsa.wqcfg + 64, 0)
    dsa.must(d.ENABLE)


def test_wq_config(m):
    """a bad configuration of a WQ is refused."""
    dsa = Dsa(m)
    for error, args in ((0x22, {"size": 0}), (0x23, {"mode": 1}), (0x24, {"mode": 0x10}),
                        (0x27, {"limits": 11 << 5 | 31})):
        dsa.config(**args)
        dsa.must(d.ENABLE)
        errors(dsa, (d.WQ_ENABLE, 0, error))
        dsa.must(d.DISABLE)
    dsa.enable()
    errors(dsa, (d.WQ_ENABLE, 0, 0x21), (d.WQ_ENABLE, 8, 0x02), (d.WQ_ENABLE, 0xfffff, 0x02))


@device("wqs=64")
def test_wq_masks(m):
    """WQ commands take a mask of 16 out of 64 WQs."""
    dsa = Dsa(m)
    dsa.enable(wqs=(1, 17, 18, 63), size=1)
    dsa.must(d.WQ_DRAIN, 1 << 16 | 6)
    dsa.must(d.WQ_DISABLE, 1 << 16 | 6)
    expect("states", [dsa.wq_state(i) for i in (1, 17, 18, 63)], [1, 0, 0, 1])
    dsa.must(d.WQ_ABORT, 3 << 16 | 0x8000)
    dsa.must(d.WQ_RESET, 3 << 16 | 0x8000)
    expect("states", [dsa.wq_state(i) for i in (1, 63)], [1, 0])
    base = dsa.wqcfg + 63 * 64
    expect("mode after a reset", dsa.reg(base + 8), 0)
    expect("size after a reset", dsa.reg(base), 1)
    errors(dsa, (d.WQ_DISABLE, 6, 0x32), (d.WQ_DRAIN, 1, 0x32), (d.WQ_ABORT, 0, 0x02),
           (d.WQ_RESET, 4 << 16 | 1, 0x02), (d.WQ_DISABLE, 15 << 16 | 0xffff, 0x02))


def test_wq_errors(m):
    """WQ commands for WQs that are not there or not enabled."""
    dsa = Dsa(m)
    errors(dsa, (d.WQ_RESET, 1, 0x32), (d.WQ_DISABLE, 1, 0x32))
    dsa.enable()
    errors(dsa, (d.WQ_DISABLE, 3, 0x32), (d.WQ_DRAIN, 0x100, 0x02),
           (d.WQ_ABORT, 1 << 16 | 1, 0x02), (d.WQ_RESET, 2, 0))
    expect("WQ 0", dsa.wq_state(0), 1)


def test_pasid(m):
    """drain and abort of a PASID."""
    dsa = Dsa(m)
    dsa.enable(mode=1 << 28 | 0x77 << 8 | 0x11)
    for code in (d.DRAIN_PASID, d.ABORT_PASID):
        dsa.must(code, 0x77)
        dsa.must(code, 0x78)


def test_unknown(m):
    """commands that do not exist."""
    errors(Dsa(m), (0, 0, 1), (15, 0, 1), (31, 0, 1))


def test_interrupt(m):
    """a command raises its interrupt if asked to."""
    dsa = Dsa(m)
    dsa.set_msix(0, d.MAILBOX, 0xc0de)
    dsa.must(d.ENABLE)
    expect("cause", dsa.cause(), 0)
    dsa.must(d.DISABLE, 1 << 31)
    expect("cause", dsa.cause(), 2)
    expect("cause once cleared", dsa.cause(), 0)
    expect("MSI-X vector 0", m.read(d.MAILBOX), 0xc0de)


def test_handles(m):
    """interrupt handles of both tables are requested, used and released."""
    dsa = Dsa(m)
    dsa.enable()
    ims = dsa.must(d.REQUEST, d.IMS | 5)
    msix = dsa.must(d.REQUEST, 5)
    expect("two tables, two handles, no index", len({ims, msix, 5}), 3)
    expect("the same again", dsa.must(d.REQUEST, d.IMS | 5), ims)
    expect("use", dsa.fire(ims), 1)
    expect("an MSI-X handle through an IMS portal", dsa.fire(msix), 0x19)
    expect("an IMS handle through an MSI-X portal", dsa.fire(ims, ims=False), 0x19)
    expect("an index", dsa.fire(5), 0x19)
    errors(dsa, (d.RELEASE, msix | d.IMS, 0x41), (d.RELEASE, ims | d.IMS, 0),
           (d.RELEASE, ims | d.IMS, 0x41), (d.RELEASE, msix, 0),
           (d.REQUEST, 9, 0x41), (d.REQUEST, d.IMS | 2048, 0x41),
           (d.REQUEST, d.IMS | 0xffff, 0x41))
    expect("use after release", dsa.fire(ims), 0x19)


@device("int-handle=off")
def test_no_handles(m):
    """without the command the handle is the index."""
    dsa = Dsa(m)
    dsa.enable()
    errors(dsa, (d.REQUEST, 1, 1), (d.RELEASE, 1, 1))
    dsa.set_slot(7, d.MAILBOX, 0x11)
    expect("use", dsa.fire(7), 1)
    expect("message", m.read(d.MAILBOX), 0x11)
    expect("index beyond the table", dsa.fire(2048), 0x19)
    expect("MSI-X index beyond the table", dsa.fire(9, ims=False), 0x19)


def test_revoke(m):
    """revoked handles are refused, the driver is told, new ones work."""
    dsa = Dsa(m)
    dsa.set_msix(0, d.MAILBOX + 4, 0xaa)
    dsa.enable()
    dsa.set_slot(5, d.MAILBOX, 0x55)
    old = dsa.must(d.REQUEST, d.IMS | 5)
    m.set(revoke_handles=True)
    expect("cause", dsa.cause(), 1 << 31)
    expect("MSI-X vector 0", m.read(d.MAILBOX + 4), 0xaa)
    expect("the old handle", dsa.fire(old), 0x19)
    new = dsa.must(d.REQUEST, d.IMS | 5)
    expect("another handle", new != old, True)
    expect("the old handle", dsa.fire(old), 0x19)
    expect("the new handle", dsa.fire(new), 1)
    expect("message", m.read(d.MAILBOX), 0x55)


def test_halt(m):
    """a halted device takes nothing but a reset."""
    dsa = Dsa(m)
    dsa.put(d.GENCTRL, 3)
    dsa.enable()
    m.set(halt=0)
    expect("state", dsa.reg(d.GENSTS), 3)
    expect("cause", dsa.cause(), 0x10)
    errors(dsa, (d.ENABLE, 0, 3), (d.WQ_ENABLE, 0, 3), (d.RESET, 0, 0))
    expect("state", dsa.reg(d.GENSTS), 0)
    m.set(halt=1)
    expect("state", dsa.reg(d.GENSTS), 7)


run(globals())
