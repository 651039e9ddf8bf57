# SPDX-License-Identifier: GPL-2.0
"""Descriptors: what they do, what they say, and what is refused."""

import dsa as d
from client import expect, run
from dsa import Dsa, desc, device

PATTERN = bytes(i * 7 & 0xff for i in range(3000))


def ready(m, **kwargs):
    dsa = Dsa(m)
    dsa.enable(**kwargs)
    return dsa


def test_noop(m):
    """NOOP and DRAIN complete, a record is written only if asked for."""
    dsa = ready(m)
    for op in (d.NOOP, d.DRAIN):
        expect("status", dsa.run(op).status, 1)
    m.store(d.RECORD, bytes(32))
    dsa.submit(desc(d.NOOP, flags=d.CRAV))
    dsa.must(d.DRAIN_ALL)
    expect("record", m.load(d.RECORD, 32), bytes(32))


def test_memmove(m):
    """MEMMOVE copies, at odd addresses and lengths."""
    dsa = ready(m)
    for size, skew in ((1, 0), (8, 1), (2999, 3)):
        m.store(d.SRC, PATTERN)
        m.store(d.DST, bytes(4096))
        rec = dsa.run(d.MEMMOVE, src=d.SRC + 1, dst=d.DST + skew, size=size)
        expect("status", rec.status, 1)
        expect("data", m.load(d.DST, 4096),
               bytes(skew) + PATTERN[1:1 + size] + bytes(4096 - size - skew))


def test_overlap(m):
    """MEMMOVE with overlapping buffers, longer than one chunk, both ways."""
    dsa = ready(m)
    data = bytes(i * i & 0xff for i in range(200000))
    for src, dst in ((0, 100), (100, 0), (0, 70000)):
        m.store(d.SRC + src, data)
        rec = dsa.run(d.MEMMOVE, src=d.SRC + src, dst=d.SRC + dst, size=len(data))
        expect("status", rec.status, 1)
        expect("data is right", m.load(d.SRC + dst, len(data)) == data, True)


def test_fill(m):
    """FILL repeats its pattern."""
    dsa = ready(m)
    m.store(d.DST, bytes(1000))
    rec = dsa.run(d.FILL, src=0x8877665544332211, dst=d.DST + 1, size=21)
    expect("status", rec.status, 1)
    expect("data", m.load(d.DST, 24), bytes(1) +
           (bytes(range(0x11, 0x99, 0x11)) * 3)[:21] + bytes(2))


def test_compare(m):
    """COMPARE finds the first difference and checks the result."""
    dsa = ready(m)
    m.store(d.SRC, PATTERN)
    m.store(d.DST, PATTERN)
    args = {"src": d.SRC, "dst": d.DST, "size": 3000}
    rec = dsa.run(d.COMPARE, **args)
    expect("equal", (rec.status, rec.result), (1, 0))
    m.store(d.DST + 1234, b"!")
    rec = dsa.run(d.COMPARE, **args)
    expect("different", (rec.status, rec.result, rec.done), (1, 1, 1234))
    flags = d.CRAV | d.RCR | d.CHECK
    expect("as expected", dsa.run(d.COMPARE, flags=flags, specific=b"\1", **args).status, 1)
    expect("not as expected", dsa.run(d.COMPARE, flags=flags, **args).status, 2)


def test_crc(m):
    """CRCGEN: known values, seed from memory, no inversion, no reflection."""
    dsa = ready(m)
    m.store(d.SRC, b"123456789")
    args = {"src": d.SRC, "size": 9}
    plain = d.CRAV | d.RCR
    expect("CRC-32C", dsa.run(d.CRCGEN, **args).extra, 0xe3069283)
    expect("not inverted", dsa.run(d.CRCGEN, flags=plain | 1 << 17,
                                   specific=b"\xff" * 4, **args).extra, 0x1cf96d7c)
    # the reflected result of CRC-32C is the plain one of its mirror image
    m.store(d.SRC, bytes(int(f"{c:08b}"[::-1], 2) for c in b"123456789"))
    crc = dsa.run(d.CRCGEN, flags=plain | 1 << 18, **args).extra
    expect("not reflected", int(f"{crc:032b}"[::-1], 2), 0xe3069283)
    m.store(d.SRC, b"123456789")
    first = dsa.run(d.CRCGEN, src=d.SRC, size=4).extra
    m.write(d.DST, first)
    expect("in two parts", dsa.run(d.CRCGEN, src=d.SRC + 4, size=5, flags=plain | 1 << 16,
                                   specific=bytes(8) + d.DST.to_bytes(8, "little")).extra,
           0xe3069283)


def batch(m, *descs):
    m.store(d.LIST, b"".join(descs))
    return {"src": d.LIST, "size": len(descs)}


def test_batch(m):
    """BATCH runs its descriptors, each with its record."""
    dsa = ready(m)
    m.store(d.RECORD, bytes(256))
    m.store(d.SRC, PATTERN)
    args = batch(m, desc(d.MEMMOVE, d.SRC, d.DST, 100, record=d.RECORD + 32),
                 desc(d.FILL, 0, d.DST + 10, 5, record=d.RECORD + 64),
                 desc(d.NOOP, record=d.RECORD + 96))
    rec = dsa.run(d.BATCH, **args)
    expect("status and count", (rec.status, rec.done), (1, 3))
    expect("records", [m.read(d.RECORD + i, "b") for i in (32, 64, 96)], [1, 1, 1])
    expect("data", m.load(d.DST, 100), PATTERN[:10] + bytes(5) + PATTERN[15:100])


def test_batch_errors(m):
    """a failure in a BATCH shows, a fence stops there, no batch in a batch."""
    dsa = ready(m)
    m.store(d.RECORD, bytes(256))
    bad = desc(d.BATCH, d.LIST, size=2, record=d.RECORD + 32)
    rec = dsa.run(d.BATCH, **batch(m, bad, desc(d.NOOP, record=d.RECORD + 64)))
    expect("status and count", (rec.status, rec.done), (5, 2))
    expect("records", [m.read(d.RECORD + i, "b") for i in (32, 64)], [0x10, 1])
    fence = desc(d.NOOP, flags=d.FENCE | d.CRAV | d.RCR, record=d.RECORD + 64)
    m.store(d.RECORD, bytes(256))
    rec = dsa.run(d.BATCH, **batch(m, bad, fence))
    expect("status and count", (rec.status, rec.done), (5, 1))
    expect("record behind the fence", m.read(d.RECORD + 64, "b"), 0)
    rec = dsa.run(d.BATCH, **batch(m, desc(d.NOOP, record=d.RECORD + 32), fence))
    expect("a fence without need", (rec.status, rec.done), (1, 2))


def test_bad(m):
    """each kind of bad descriptor is refused with its code."""
    dsa = ready(m, limits=2 << 5 | 12)
    ok = {"src": d.SRC, "dst": d.DST, "size": 64}
    flags = d.CRAV | d.RCR
    for code, op, args in (
            (0x10, 0x06, ok), (0x10, 0xff, ok),
            (0x11, d.MEMMOVE, {**ok, "flags": flags | 2}),
            (0x11, d.NOOP, {"flags": flags | d.CHECK}),
            (0x11, d.NOOP, {"flags": flags | 1 << 23}),
            (0x12, d.MEMMOVE, {**ok, "reserved": 1}), (0x12, d.NOOP, {"src": 1}),
            (0x12, d.MEMMOVE, {**ok, "specific": bytes(23) + b"\1"}),
            (0x12, d.MEMMOVE, {**ok, "pasid": 1 << 20}), (0x12, d.NOOP, {"handle": 1}),
            (0x13, d.MEMMOVE, {**ok, "size": 0}), (0x13, d.FILL, {**ok, "size": 4097}),
            (0x13, d.MEMMOVE, {**ok, "size": 0xffffffff}),
            (0x14, d.BATCH, {"src": d.LIST, "size": 1}), (0x14, d.BATCH, {"src": d.LIST, "size": 5}),
            (0x14, d.BATCH, {"src": d.LIST, "size": 0xffffffff}),
            (0x18, d.BATCH, {"src": d.LIST + 32, "size": 2}),
            (0x19, d.NOOP, {"flags": flags | d.RCI, "handle": 1})):
        rec = dsa.run(op, **args)
        expect(f"status of {op:#x} {args}", rec.status, code)
    rec = dsa.run(d.NOOP, flags=flags | 2)
    expect("the flags in question", rec.extra, 2)


def test_op_config(m):
    """a WQ does only what its configuration allows."""
    dsa = Dsa(m)
    dsa.put(dsa.wqcfg + 32, 1 << d.NOOP)
    dsa.enable()
    expect("allowed", dsa.run(d.NOOP).status, 1)
    expect("not allowed", dsa.run(d.FILL, dst=d.DST, size=8).status, 0x10)


NOWHERE = 1 << 40


def test_dma_errors(m):
    """memory that is not there: status, direction, address."""
    dsa = ready(m)
    rec = dsa.run(d.MEMMOVE, src=NOWHERE, dst=d.DST, size=64)
    expect("read", (rec.status, rec.fault_addr, rec.done), (0x03, NOWHERE, 0))
    rec = dsa.run(d.MEMMOVE, src=d.SRC, dst=NOWHERE, size=64)
    expect("write", (rec.status, rec.fault_addr), (0x83, NOWHERE))
    rec = dsa.run(d.BATCH, src=NOWHERE, size=2)
    expect("list", (rec.status, rec.fault_addr), (0x1f, NOWHERE))


def test_block_on_fault(m):
    """a WQ which may block on faults ends with the answer to a page request."""
    dsa = Dsa(m)
    dsa.enable(mode=0x13)
    flags = d.CRAV | d.RCR | 2
    args = {"src": d.SRC, "dst": d.DST, "size": 64, "flags": flags}
    expect("no fault", dsa.run(d.MEMMOVE, **args).status, 1)
    rec = dsa.run(d.MEMMOVE, **{**args, "src": NOWHERE})
    expect("read", (rec.status, rec.fault_addr), (0x04, NOWHERE))
    rec = dsa.run(d.MEMMOVE, **{**args, "dst": NOWHERE})
    expect("write", (rec.status, rec.fault_addr), (0x84, NOWHERE))
    rec = dsa.run(d.MEMMOVE, **{**args, "src": NOWHERE, "flags": flags & ~2})
    expect("not asked to block", rec.status, 0x03)
    expect("nothing to fault on", dsa.run(d.NOOP, flags=flags).status, 0x11)


def swerr(dsa):
    words = [dsa.reg(d.SWERR + i * 8, "q") for i in range(4)]
    dsa.put(d.SWERR, 3)
    expect("SWERR once acknowledged", dsa.reg(d.SWERR) & 3, 0)
    return words


@device("evl=off")
def test_swerr(m):
    """SWERR tells what no record can, and raises its interrupt."""
    dsa = ready(m)
    dsa.set_msix(0, d.MAILBOX, 0xe)
    dsa.put(d.GENCTRL, 1)
    dsa.submit(desc(d.NOOP, record=d.RECORD + 8))
    dsa.must(d.DRAIN_ALL)
    expect("interrupt", (dsa.cause(), m.read(d.MAILBOX)), (1, 0xe))
    words = swerr(dsa)
    expect("misaligned record", (words[0] & 0xff, words[0] >> 8 & 0xff, words[2]),
           (0xd, 0x1b, d.RECORD + 8))
    dsa.submit(desc(0x77, flags=0))
    dsa.submit(desc(d.NOOP, record=NOWHERE))
    dsa.must(d.DRAIN_ALL)
    words = swerr(dsa)
    expect("bad code, overflow", (words[0] & 3, words[0] >> 8 & 0xff, words[0] >> 32 & 0xff),
           (3, 0x10, 0x77))
    dsa.submit(desc(d.NOOP, record=NOWHERE))
    dsa.must(d.DRAIN_ALL)
    words = swerr(dsa)
    expect("no memory for the record", (words[0] & 0xff, words[0] >> 8 & 0xff, words[2]),
           (0x2d, 0x1a, NOWHERE))


@device("evl=off")
def test_submit_errors(m):
    """submissions to a WQ that is disabled, full or not there."""
    dsa = ready(m, wqs=(0, 1), size=2)
    dsa.submit(desc(d.NOOP), wq=5)
    words = swerr(dsa)
    expect("disabled", (words[0] & 0xff, words[0] >> 8 & 0xff, words[0] >> 16 & 0xff),
           (9, 0x50, 5))
    # one store of 256 bytes: QEMU's main loop does not get in between
    m.store(d.RECORD, bytes(32))
    m.store(d.BAR2, desc(d.NOOP) * 4)
    dsa.must(d.DRAIN_ALL)
    words = swerr(dsa)
    expect("full", (words[0] >> 8 & 0xff, words[0] >> 16 & 0xff), (0x51, 0))


def test_evl(m):
    """the event log takes the place of SWERR when it is enabled."""
    dsa = Dsa(m)
    dsa.put(d.EVLCFG, d.EVL, "q")
    dsa.put(d.EVLCFG + 8, 64, "q")
    dsa.put(d.GENCFG, 1 << 13)
    dsa.put(d.GENCTRL, 7)
    dsa.enable()
    dsa.submit(desc(d.NOOP, record=d.RECORD + 8))
    dsa.must(d.DRAIN_ALL)
    expect("cause", dsa.cause(), 0x20)
    expect("SWERR", dsa.reg(d.SWERR), 0)
    expect("tail, pending", dsa.reg(d.EVLSTS, "q"), 1 << 62 | 1 << 32)
    entry = m.read(d.EVL, "q")
    expect("entry", (entry & 0xff, entry >> 8 & 0xff), (0xc, 0x1b))
    dsa.put(d.EVLSTS + 4, 1 << 30)
    dsa.put(d.EVLSTS, 1)
    expect("once handled", dsa.reg(d.EVLSTS, "q"), 1 << 32 | 1)
    for _ in range(64):
        dsa.submit(desc(d.NOOP, record=d.RECORD + 8))
        dsa.must(d.DRAIN_ALL)
    expect("full", (dsa.reg(d.EVLSTS + 4) & 0xffff, dsa.reg(d.SWERR) & 1), (0, 1))


def test_portals(m):
    """a portal takes whole 64 byte stores only, anywhere in its page."""
    dsa = ready(m, wqs=(0, 1))
    raw = desc(d.NOOP)
    m.store(d.RECORD, bytes(32))
    m.store(d.BAR2 + 0xfc0, raw[:56])
    m.store(d.BAR2 + 8, raw[8:])
    for i in range(0, 64, 4):
        m.store(d.BAR2 + 0x40 + i, raw[i:i + 4])
    m.store(d.BAR2 + 0x20, raw)
    dsa.must(d.DRAIN_ALL)
    expect("record", m.read(d.RECORD), 0)
    m.store(d.BAR2 + 0x4000 + 0x1fc0, raw)
    expect("through the limited portal of WQ 1", dsa.wait().status, 1)
    expect("read", m.read(d.BAR2, "q"), (1 << 64) - 1)


def test_drain(m):
    """many long copies at once are drained."""
    dsa = ready(m, size=64)
    m.store(d.RECORD, bytes(32))
    m.store(d.BAR2, desc(d.MEMMOVE, d.SRC, d.DST, 0x80000, flags=0) * 31 + desc(d.NOOP))
    dsa.must(d.WQ_DRAIN, 1)
    expect("done", m.read(d.RECORD, "b"), 1)


def test_abort(m):
    """long copies are aborted, and what waits behind them."""
    dsa = ready(m, size=64)
    m.store(d.RECORD, bytes(32))
    raw = desc(d.MEMMOVE, d.SRC, d.DST, 0x80000, flags=0) * 3 + desc(d.NOOP)
    m.together(f"write {d.BAR2:#x} {len(raw)} 0x{raw.hex()}",
               f"writel {d.BAR0 + d.CMD:#x} {d.WQ_ABORT << 20 | 1:#x}")
    m.until("abort", lambda: not dsa.reg(d.CMDSTS) >> 31)
    expect("error", dsa.reg(d.CMDSTS), 0)
    expect("record", m.read(d.RECORD, "b"), 0)
    expect("state", dsa.wq_state(0), 1)
    expect("still alive", dsa.run(d.NOOP).status, 1)


def test_disable_waits(m):
    """disabling a WQ waits for its descriptors and takes no new ones."""
    dsa = ready(m, size=64)
    m.store(d.RECORD, bytes(32))
    m.store(d.BAR2, desc(d.MEMMOVE, d.SRC, d.DST, 0x80000, flags=0) * 31 + desc(d.NOOP))
    dsa.must(d.WQ_DISABLE, 1)
    expect("done before", m.read(d.RECORD, "b"), 1)
    expect("state", dsa.wq_state(0), 0)


def test_own_registers(m):
    """a descriptor that aims at the device itself, or resets it, does no harm."""
    dsa = ready(m)
    m.write(d.SRC, d.RESET << 20)
    rec = dsa.run(d.MEMMOVE, src=d.SRC, dst=d.BAR0 + d.CMD, size=4)
    expect("finished", rec.status in (1, 0x83), True)
    devctl = d.CONFIG + dsa.find_cap(0x10) + 8
    m.write(d.SRC, 0x8000)
    dsa.submit(desc(d.MEMMOVE, d.SRC, devctl, 4))
    m.until("function level reset", lambda: not m.read(d.CONFIG + 4, "w") & 4)
    dsa.map()
    expect("state", dsa.reg(d.GENSTS), 0)
    dsa.enable()
    expect("alive", dsa.run(d.NOOP).status, 1)


run(globals())
