# SPDX-License-Identifier: GPL-2.0
"""Rubbish, the same in each run: QEMU lives on, and so does the device."""

import random
import struct

import dsa as d
from client import expect, run
from dsa import Dsa, device


def alive(m, dsa):
    """After a function level reset the device works as new."""
    m.write(d.CONFIG + 4, 6, "w")
    m.write(d.CONFIG + dsa.find_cap(0x10) + 8, 0x8000, "w")
    dsa.map()
    expect("state", dsa.reg(d.GENSTS), 0)
    dsa.enable()
    expect("NOOP", dsa.run(d.NOOP).status, 1)


def number(rng, bits):
    """Small, large, or anything."""
    return rng.choice((0, 1, 2, rng.getrandbits(8), rng.getrandbits(bits),
                       (1 << bits) - 1, 1 << rng.randrange(bits)))


def access(m, rng):
    """A read or write in a BAR, more often in the registers than elsewhere."""
    base = rng.choice((d.BAR0, d.BAR0, d.BAR0, d.BAR2))
    limit = rng.choice((0x100, 0x3000, 0x80000)) if base == d.BAR0 else 0x20000
    width, size = rng.choice((("l", 4), ("q", 8), ("b", 1), ("w", 2)))
    addr = base + rng.randrange(limit) // size * size
    if rng.randrange(3):
        m.write(addr, number(rng, size * 8), width)
    else:
        m.read(addr, width)


def test_registers(m):
    """rubbish in registers and tables."""
    rng = random.Random(1)
    dsa = Dsa(m)
    for _ in range(6000):
        access(m, rng)
    alive(m, dsa)


def anywhere(rng):
    return rng.choice((0, d.SRC, d.DST, d.LIST + 64 * rng.randrange(64), d.BAR0, d.BAR2,
                       0xfee00000, 0x3ffffc0, rng.getrandbits(64), (1 << 64) - 1))


def rubbish(rng):
    """A descriptor which makes sense here and there."""
    flags = rng.choice((0, d.CRAV, d.CRAV | d.RCR, d.CRAV | d.RCI, rng.getrandbits(24)))
    return struct.pack("<IIQQQIHH24s", rng.choice((0, rng.getrandbits(32))),
                       rng.choice((0, 1, 2, 3, 4, 5, 16, rng.getrandbits(8))) << 24 | flags,
                       anywhere(rng) & ~(31 if rng.randrange(2) else 0), anywhere(rng),
                       anywhere(rng), number(rng, 32), number(rng, 16),
                       rng.choice((0, 0, rng.getrandbits(16))),
                       rng.choice((bytes(24), rng.randbytes(24))))


@device("ims-slots=256")
def test_descriptors(m):
    """rubbish as descriptors, also in batches, and with rubbish in IMS slots."""
    rng = random.Random(2)
    dsa = Dsa(m)
    dsa.enable(size=64)
    for i in range(256):
        m.store(d.BAR0 + dsa.slot(i), rng.randbytes(12) + bytes(4))
    for i in range(1500):
        if i % 10 == 0:
            m.store(d.LIST, b"".join(rubbish(rng) for _ in range(8)))
        dsa.submit(rubbish(rng), ims=bool(rng.randrange(2)))
    dsa.must(d.DRAIN_ALL)
    alive(m, dsa)


run(globals())
