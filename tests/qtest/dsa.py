# SPDX-License-Identifier: GPL-2.0
"""The DSA of a Machine: registers, commands, descriptors, IMS slots."""

import struct

from client import ECAM, Failure, Machine, RAM, expect

BAR0, BAR2 = 0xc0000000, 0xc1000000
DEVFN = 4 << 3
CONFIG = ECAM | DEVFN << 12

# registers
VERSION, GENCAP, WQCAP, GRPCAP, ENGCAP = 0x00, 0x10, 0x20, 0x30, 0x38
OPCAP, OFFSETS, GENCFG, GENCTRL, GENSTS = 0x40, 0x60, 0x80, 0x88, 0x90
INTCAUSE, CMD, CMDSTS, CMDCAP, SWERR = 0x98, 0xa0, 0xa8, 0xb0, 0xc0
EVLCFG, EVLSTS = 0xe0, 0xf0

# commands
ENABLE, DISABLE, DRAIN_ALL, ABORT_ALL, RESET = 1, 2, 3, 4, 5
WQ_ENABLE, WQ_DISABLE, WQ_DRAIN, WQ_ABORT, WQ_RESET = 6, 7, 8, 9, 10
DRAIN_PASID, ABORT_PASID, REQUEST, RELEASE = 11, 12, 13, 14
IMS = 1 << 16

# descriptors
NOOP, BATCH, DRAIN, MEMMOVE, FILL, COMPARE, CRCGEN = 0, 1, 2, 3, 4, 5, 0x10
FENCE, CRAV, RCR, RCI, CHECK = 1, 4, 8, 0x10, 0x80

# control word of an IMS slot
MASK, PENDING, IGNORE, PASID_EN = 1, 2, 4, 8
WQ_PASID_EN, USER_INT = 1 << 28, 1 << 12

# places in RAM
RECORD, SRC, DST, LIST, MAILBOX = (RAM + i * 0x100000 for i in range(5))
EVL = RAM + 0x600000


class Dsa:
    def __init__(self, machine, config=CONFIG):
        self.m = machine
        self.config_space = config
        machine.outl(0xcf8, 0x80000060)
        machine.outl(0xcfc, ECAM | 1)
        self.map()
        off = self.reg(OFFSETS, "q")
        self.grpcfg, self.wqcfg, self.perm, self.ims = (
            (off >> shift & 0xffff) * 0x100 for shift in (0, 16, 32, 48))
        self.portal_next = 0

    def map(self):
        """Give the device its addresses and let it decode and send."""
        self.m.write(self.config_space + 0x10, BAR0)
        self.m.write(self.config_space + 0x18, BAR2)
        self.m.write(self.config_space + 4, 6, "w")

    def reg(self, offset, width="l"):
        return self.m.read(BAR0 + offset, width)

    def put(self, offset, val, width="l"):
        self.m.write(BAR0 + offset, val, width)

    def start(self, code, operand=0):
        self.put(CMD, code << 20 | operand)

    def cmd(self, code, operand=0):
        """Run a command, return CMDSTS."""
        self.start(code, operand)
        self.m.until(f"command {code} is done", lambda: not self.reg(CMDSTS) >> 31)
        return self.reg(CMDSTS)

    def must(self, code, operand=0):
        status = self.cmd(code, operand)
        expect(f"error of command {code}", status & 0xff, 0)
        return status >> 8 & 0xffff

    def config(self, wqs=(0,), size=8, mode=0x11, limits=10 << 5 | 31, group=0):
        """Put @wqs and engine 0 into a group: dedicated, priority 1."""
        mask = 0
        if mode & WQ_PASID_EN:
            self.put(GENCFG, self.reg(GENCFG) | USER_INT)
        for wq in wqs:
            base = self.wqcfg + wq * 64
            self.put(base, size)
            self.put(base + 8, mode)
            self.put(base + 12, limits)
            mask |= 1 << wq
        self.put(self.grpcfg + group * 64, mask, "q")
        self.put(self.grpcfg + group * 64 + 32, 1, "q")

    def enable(self, wqs=(0,), **kwargs):
        self.config(wqs, **kwargs)
        self.must(ENABLE)
        for wq in wqs:
            self.must(WQ_ENABLE, wq)

    def wq_state(self, wq):
        return self.reg(self.wqcfg + wq * 64 + 24) >> 30

    def cause(self):
        """INTCAUSE, which is cleared."""
        cause = self.reg(INTCAUSE)
        self.put(INTCAUSE, cause)
        return cause

    # descriptors

    def submit(self, raw, wq=0, ims=False):
        self.m.command(self.submission(raw, wq, ims))

    def submission(self, raw, wq=0, ims=False):
        addr = BAR2 + wq * 0x4000 + (0x2000 if ims else 0) + self.portal_next
        self.portal_next = (self.portal_next + 64) % 0x1000
        return f"write {addr:#x} {len(raw)} 0x{raw.hex()}"

    def run(self, op, wq=0, ims=False, **fields):
        """Submit a descriptor with a record, return the record."""
        fields.setdefault("flags", CRAV | RCR)
        fields.setdefault("record", RECORD)
        self.m.store(fields["record"], bytes(32))
        self.submit(desc(op, **fields), wq, ims)
        return self.wait(fields["record"])

    def wait(self, record=RECORD):
        self.m.until("completion record", lambda: self.m.read(record, "b"))
        return Record(self.m.load(record, 32))

    # interrupts

    def slot(self, index):
        return self.ims + index * 16

    def set_slot(self, index, address, data, ctrl=0):
        """As a driver does it: masked, message, then the final control word."""
        base = self.slot(index)
        self.put(base + 12, ctrl | MASK)
        self.put(base, address & 0xffffffff)
        self.put(base + 4, address >> 32)
        self.put(base + 8, data)
        self.put(base + 12, ctrl)

    def ctrl(self, index, val=None):
        if val is not None:
            self.put(self.slot(index) + 12, val)
        return self.reg(self.slot(index) + 12)

    def fire(self, handle, wq=0, ims=True, **fields):
        """A NOOP that asks for an interrupt, return its status."""
        return self.run(NOOP, wq, ims, flags=CRAV | RCR | RCI, handle=handle,
                        **fields).status

    def set_msix(self, vector, address, data):
        entry = 0x8000 + vector * 16
        for i, val in enumerate((address, 0, data, 0)):
            self.put(entry + i * 4, val)
        self.m.write(self.config_space + self.find_cap(0x11) + 2, 0x8000, "w")

    def find_cap(self, cap):
        return find_cap(self.m, self.config_space, cap)


def find_cap(m, config, cap):
    at = m.read(config + 0x34, "b")
    while at and m.read(config + at, "b") != cap:
        at = m.read(config + at + 1, "b")
    if not at:
        raise Failure(f"no PCI capability {cap:#x}")
    return at


class Record:
    def __init__(self, raw):
        (self.status, self.result, _, _, self.done, self.fault_addr,
         self.extra, _) = struct.unpack("<BBBBIQQQ", raw)


def desc(op, src=0, dst=0, size=0, flags=CRAV | RCR, record=RECORD, handle=0,
         specific=b"", pasid=0, reserved=0):
    """A descriptor as 64 bytes."""
    return struct.pack("<IIQQQIHH24s", pasid, op << 24 | flags,
                       record if flags & CRAV else 0, src, dst, size, handle,
                       reserved, specific)


# IMS slots of the tests send to here
BOX = MAILBOX


def with_slot(m, slot=5, **kwargs):
    """A device with one WQ and the handle of an unmasked slot."""
    dsa = Dsa(m)
    dsa.enable(**kwargs)
    dsa.set_slot(slot, BOX, 0x1111)
    return dsa, dsa.must(REQUEST, IMS | slot)


def letter(m, box=BOX):
    """What has arrived, and make room for the next."""
    got = m.read(box)
    m.write(box, 0)
    return got


def received(m, vector):
    """Is the vector pending in the local APIC?"""
    text = m.execute("human-monitor-command", **{"command-line": "info lapic"})
    irr = [line for line in text.splitlines() if line.lstrip().startswith("IRR")]
    return str(vector) in irr[0].replace("(", " ").split()


# vectors that messages lead to where interrupts are remapped
VECTOR, OTHER_VECTOR = 0x51, 0x61


def fire_with(m, setup, reached, blocked, report, **faults):
    """Fire with @faults: the vector that is reached, and what @report tells."""
    dsa, handle = setup(m)
    m.set(**faults)
    expect("status", dsa.fire(handle), 1)
    for vector in (VECTOR, OTHER_VECTOR):
        expect(f"vector {vector:#x}", received(m, vector), vector == reached)
    expect("report", report(m), blocked)


def device(props="", extra=()):
    """For a test that needs a machine with other properties."""
    def mark(func):
        func.machine = lambda: Machine(props, extra)
        return func
    return mark
