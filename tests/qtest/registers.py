# SPDX-License-Identifier: GPL-2.0
"""Capabilities, reserved fields, state rules of the configuration, resets."""

import dsa as d
from client import expect, run
from dsa import Dsa, device


def test_identity(m):
    """vendor, device, class and what is said about FLR."""
    Dsa(m)
    expect("ID", m.read(d.CONFIG), 0x0b258086)
    expect("class", m.read(d.CONFIG + 8) >> 8, 0x088000)
    exp = Dsa(m).find_cap(0x10)
    expect("FLR capable", m.read(d.CONFIG + exp + 4) >> 28 & 1, 1)


def test_caps(m):
    """capability registers of the default device."""
    dsa = Dsa(m)
    gencap = dsa.reg(d.GENCAP, "q")
    expect("IMS multiple", gencap >> 25 & 63, 2048 // 256)
    expect("configurable", gencap >> 31 & 1, 1)
    expect("event log", gencap >> 13 & 3, 1)
    expect("longest transfer", gencap >> 16 & 31, 31)
    expect("WQs", dsa.reg(d.WQCAP) >> 16 & 0xff, 8)
    expect("total size", dsa.reg(d.WQCAP) & 0xffff, 128)
    expect("dedicated only, with ATS", dsa.reg(d.WQCAP, "q") >> 48 & 7, 6)
    expect("blocks on faults", gencap & 1, 1)
    expect("groups", dsa.reg(d.GRPCAP) & 0xff, 4)
    expect("engines", dsa.reg(d.ENGCAP), 4)
    expect("operations", dsa.reg(d.OPCAP, "q"), 0x1003f)
    expect("commands", dsa.reg(d.CMDCAP), 0x7ffe)


@device("ims-slots=16128,wqs=64,engines=64,groups=64,wq-size=4096,evl=off,int-handle=off")
def test_caps_max(m):
    """capability registers of the largest device."""
    dsa = Dsa(m)
    expect("version", dsa.reg(d.VERSION), 0x100)
    expect("IMS multiple", dsa.reg(d.GENCAP) >> 25 & 63, 63)
    expect("event log", dsa.reg(d.GENCAP) >> 13 & 3, 0)
    expect("WQs", dsa.reg(d.WQCAP) >> 16 & 0xff, 64)
    expect("commands", dsa.reg(d.CMDCAP), 0x1ffe)
    dsa.set_slot(16127, 0x12345678, 0xabcd)
    expect("last slot", dsa.reg(dsa.slot(16127) + 8), 0xabcd)
    dsa.put(dsa.grpcfg + 63 * 64, 1 << 63, "q")
    expect("WQ 63 in group 63", dsa.reg(dsa.grpcfg + 63 * 64, "q"), 1 << 63)


@device("ims-slots=0,pasid-bits=0")
def test_no_ims(m):
    """a device without IMS says so everywhere."""
    dsa = Dsa(m)
    expect("IMS multiple", dsa.reg(d.GENCAP) >> 25 & 63, 0)
    expect("IMS offset", dsa.ims, 0)
    expect("no extended capability", m.read(d.CONFIG + 0x100), 0)
    expect("request of an IMS handle", dsa.cmd(d.REQUEST, d.IMS) & 0xff, 0x41)


@device("ims-offset=0x100000")
def test_ims_outside(m):
    """a table outside of the BAR is announced as such and harms nobody."""
    dsa = Dsa(m)
    expect("IMS offset", dsa.ims, 0x100000)
    dsa.enable()
    expect("NOOP", dsa.run(d.NOOP).status, 1)


@device("max-xfer-shift=12")
def test_max_xfer(m):
    """a WQ cannot have longer transfers than the device."""
    dsa = Dsa(m)
    expect("longest transfer", dsa.reg(d.GENCAP) >> 16 & 31, 12)
    dsa.config(limits=10 << 5 | 13)
    dsa.must(d.ENABLE)
    expect("13 bits", dsa.cmd(d.WQ_ENABLE, 0) & 0xff, 0x28)
    dsa.put(dsa.wqcfg + 12, 10 << 5 | 12)
    dsa.must(d.WQ_ENABLE)


def test_dvsec(m):
    """the SIOV capability announces IMS."""
    Dsa(m)
    expect("DVSEC", m.read(d.CONFIG + 0x100) & 0xffff, 0x23)
    expect("vendor", m.read(d.CONFIG + 0x104) & 0xffff, 0x8086)
    expect("DVSEC ID", m.read(d.CONFIG + 0x108) & 0xffff, 5)
    expect("IMS bit", m.read(d.CONFIG + 0x114) & 1, 1)


def test_pasid_caps(m):
    """ATS and PASID are announced behind IMS, and off."""
    Dsa(m)
    expect("next", m.read(d.CONFIG + 0x100) >> 20, 0x118)
    expect("ATS", m.read(d.CONFIG + 0x118) & 0xffff, 0x0f)
    expect("enabled", m.read(d.CONFIG + 0x11c) >> 31, 0)
    expect("PASID", m.read(d.CONFIG + 0x120) & 0xffff, 0x1b)
    expect("20 bits, privileged mode, off", m.read(d.CONFIG + 0x124), 0x1404)


def test_reserved(m):
    """reserved fields do not store what is written."""
    dsa = Dsa(m)
    ones = 0xffffffff
    for offset, keeps in ((d.GENCFG, 0x30ff), (d.GENCTRL, 7), (d.VERSION, 0x200),
                          (d.GENSTS, 0), (d.CMDCAP, 0x7ffe), (d.ENGCAP, 4),
                          (0xf8, 0), (0x1fc, 0), (0x500, 0)):
        dsa.put(offset, ones)
        expect(f"register {offset:#x}", dsa.reg(offset), keeps)
    for word, keeps in ((0, 0xffff), (1, 0xffff), (2, 0x3ffffff7), (3, 0x1ff),
                        (4, 0), (5, 0), (6, 0), (7, 0), (8, 0x1003f), (9, 0)):
        dsa.put(dsa.wqcfg + word * 4, ones)
        expect(f"WQCFG word {word}", dsa.reg(dsa.wqcfg + word * 4), keeps)
    for word, keeps in ((0, 0xff), (1, 0), (7, 0), (8, 0xf), (9, 0),
                        (10, 0x0ff0ffbf), (11, 0), (15, 0)):
        dsa.put(dsa.grpcfg + word * 4, ones)
        expect(f"GRPCFG word {word}", dsa.reg(dsa.grpcfg + word * 4), keeps)
    dsa.put(dsa.perm + 8, ones, "q")
    dsa.put(dsa.perm + 12, ones)
    expect("MSI-X permission", dsa.reg(dsa.perm + 8, "q"), 0xfffff00c)
    for word, keeps in ((0, 0xfffffffc), (1, ones), (2, ones), (3, 0xfffff00d)):
        dsa.put(dsa.slot(3) + word * 4, ones)
        expect(f"slot word {word}", dsa.reg(dsa.slot(3) + word * 4), keeps)


def test_everywhere(m):
    """writes of ones to all of BAR 0 and a page of BAR 2 do not crash."""
    dsa = Dsa(m)
    for addr in (*range(d.BAR0, d.BAR0 + 0x80000, 0x1000), d.BAR2, d.BAR2 + 0x1f000):
        m.store(addr, b"\xff" * 0x1000)
    m.write(d.CONFIG + 4, 6, "w")
    dsa.m.until("the command that this was", lambda: not dsa.reg(d.CMDSTS) >> 31)
    expect("its error", dsa.reg(d.CMDSTS) & 0xff, 1)


def test_locked(m):
    """configuration cannot be written while it is in use."""
    dsa = Dsa(m)
    dsa.enable(wqs=(0,))
    dsa.put(d.GENCFG, 0x1000)
    expect("GENCFG", dsa.reg(d.GENCFG), 0)
    dsa.put(dsa.grpcfg + 32, 3, "q")
    expect("engines", dsa.reg(dsa.grpcfg + 32, "q"), 1)
    dsa.put(dsa.wqcfg + 8, 0x31)
    expect("mode of an enabled WQ", dsa.reg(dsa.wqcfg + 8), 0x11)
    dsa.put(dsa.wqcfg + 64 + 8, 0x31)
    expect("mode of a disabled WQ", dsa.reg(dsa.wqcfg + 64 + 8), 0x31)
    dsa.put(dsa.wqcfg + 64, 4)
    expect("size of a disabled WQ", dsa.reg(dsa.wqcfg + 64), 0)
    dsa.must(d.DISABLE)
    dsa.put(dsa.wqcfg + 64, 4)
    expect("size in a disabled device", dsa.reg(dsa.wqcfg + 64), 4)


def check_empty(dsa):
    expect("state", dsa.reg(d.GENSTS), 0)
    expect("WQ mode", dsa.reg(dsa.wqcfg + 8), 0)
    expect("WQ size", dsa.reg(dsa.wqcfg), 0)
    expect("groups", dsa.reg(dsa.grpcfg, "q"), 0)


def test_reset_device(m):
    """the reset command forgets the configuration, not the interrupts."""
    dsa = Dsa(m)
    dsa.enable()
    dsa.set_slot(1, d.MAILBOX, 7)
    handle = dsa.must(d.REQUEST, d.IMS | 1)
    dsa.must(d.RESET)
    check_empty(dsa)
    expect("slot", dsa.reg(dsa.slot(1) + 8), 7)
    dsa.enable()
    expect("handle", dsa.fire(handle), 1)


def test_flr(m):
    """a function level reset forgets everything; of slots see power.py."""
    dsa = Dsa(m)
    dsa.enable()
    dsa.set_slot(1, d.MAILBOX, 7)
    dsa.put(dsa.perm + 8, 4)
    handle = dsa.must(d.REQUEST, d.IMS | 1)
    m.write(d.CONFIG + dsa.find_cap(0x10) + 8, 0x8000, "w")
    expect("bus mastering", m.read(d.CONFIG + 4, "w") & 6, 0)
    dsa.map()
    check_empty(dsa)
    expect("slot control", dsa.ctrl(1), d.MASK)
    expect("MSI-X permission", dsa.reg(dsa.perm + 8), 0)
    dsa.enable()
    expect("use of an old handle", dsa.fire(handle), 0x19)


run(globals())
