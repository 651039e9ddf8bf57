# SPDX-License-Identifier: GPL-2.0
"""A QEMU without a guest, driven over the qtest protocol, and checks on it.

A test file defines functions test_*() which take a Machine, and ends with
run(globals()). Each function gets a machine of its own.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import traceback

QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
RAM = 0x1000000         # what tests use of it starts here
ECAM = 0xb0000000
PATIENCE = 20000        # round trips until a wait is given up


class Failure(Exception):
    """A check did not hold."""


def expect(what, got, want):
    if got != want:
        def show(value):
            return hex(value) if type(value) is int else repr(value)
        raise Failure(f"{what}: {show(got)} instead of {show(want)}")


class Machine:
    """A q35 machine with an emulated DSA at 00:04.0."""

    def __init__(self, props="", extra=()):
        self.dir = tempfile.TemporaryDirectory()
        qtest = self.listen("qtest")
        qmp = self.listen("qmp")
        device = "dsa,id=dsa,addr=4" + ("," + props if props else "")
        args = [QEMU, "-M", "q35", "-accel", "qtest", "-m", "64M", "-nodefaults",
                "-display", "none", *extra, "-device", device,
                "-qtest", f"unix:{self.dir.name}/qtest", "-qtest-log", "none",
                "-qmp", f"unix:{self.dir.name}/qmp"]
        self.log = tempfile.TemporaryFile("w+")
        # what was freed holds nonsense at once, so that its use shows
        env = dict(os.environ, MALLOC_PERTURB_="90")
        self.proc = subprocess.Popen(args, stdin=subprocess.DEVNULL, env=env,
                                     stdout=self.log, stderr=self.log)
        self.qtest, self.answers = self.accept(qtest)
        self.qmp, self.replies = self.accept(qmp)
        self.qmp_read()
        self.execute("qmp_capabilities")

    def listen(self, name):
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(f"{self.dir.name}/{name}")
        sock.listen(1)
        sock.settimeout(0.1)
        return sock

    def accept(self, listener):
        for _ in range(600):
            try:
                conn = listener.accept()[0]
                conn.settimeout(60)
                return conn, conn.makefile("rb")
            except TimeoutError:
                if self.proc.poll() is not None:
                    break
        raise Failure("QEMU did not start: " + self.close())

    def close(self):
        """End the machine, return what it said."""
        self.proc.kill()
        self.proc.wait()
        self.log.seek(0)
        said = self.log.read()
        self.log.close()
        self.dir.cleanup()
        return said

    def check_alive(self):
        self.execute("query-status")

    def gone(self, after=""):
        """The failure that the machine ended, which it just did."""
        code = self.proc.wait(10)
        self.log.seek(0)
        why = [line for line in self.log if "ERROR: AddressSanitizer" in line]
        return Failure(f"QEMU is gone{after}, status {code} " + " ".join(why))

    @staticmethod
    def line_of(stream):
        try:
            return stream.readline()
        except ConnectionError:
            return b""

    # the monitor

    def qmp_read(self):
        line = self.line_of(self.replies)
        if not line:
            raise self.gone()
        return json.loads(line)

    def execute(self, command, **args):
        msg = {"execute": command, "arguments": args}
        try:
            self.qmp.sendall(json.dumps(msg).encode() + b"\n")
        except ConnectionError as why:
            raise self.gone() from why
        while True:
            reply = self.qmp_read()
            if "error" in reply:
                raise Failure(f"{command}: {reply['error']['desc']}")
            if "return" in reply:
                return reply["return"]

    def set(self, **props):
        for name, value in props.items():
            self.execute("qom-set", path="/machine/peripheral/dsa",
                         property=name.replace("_", "-"), value=value)

    def get(self, name):
        return self.execute("qom-get", path="/machine/peripheral/dsa", property=name)

    # memory and ports

    def command(self, line):
        self.qtest.sendall(line.encode() + b"\n")
        return self.answer(line)

    def together(self, *lines):
        """Commands that run without anything in between; short ones, please."""
        self.qtest.sendall("".join(line + "\n" for line in lines).encode())
        return [self.answer(line) for line in lines]

    def answer(self, line):
        while True:
            words = self.line_of(self.answers).split()
            if not words:
                raise self.gone(f" after '{line}'")
            if words[0] == b"OK":
                return int(words[1], 0) if len(words) > 1 else None
            if words[0] != b"IRQ":
                raise Failure(f"{line}: {b' '.join(words).decode()}")

    def read(self, addr, width="l"):
        return self.command(f"read{width} {addr:#x}")

    def write(self, addr, val, width="l"):
        self.command(f"write{width} {addr:#x} {val:#x}")

    def load(self, addr, size):
        return self.command(f"read {addr:#x} {size}").to_bytes(size, "big")

    def store(self, addr, data):
        self.command(f"write {addr:#x} {len(data)} 0x{data.hex()}")

    def outl(self, port, val):
        self.command(f"outl {port:#x} {val:#x}")

    def until(self, what, cond):
        for _ in range(PATIENCE):
            if cond():
                return
        raise Failure(f"{what}: still not so after {PATIENCE} looks")


def run(scope):
    """Run the test functions in @scope; result lines go to stdout."""
    name = os.path.basename(scope["__file__"])[:-3]
    failed = 0
    for key, func in list(scope.items()):
        if not key.startswith("test_"):
            continue
        title = f"qemu: {name}: {(func.__doc__ or key).splitlines()[0].rstrip('.')}"
        why = attempt(func)
        if why is None:
            print(f"ok - {title}", flush=True)
        else:
            print(f"not ok - {title} ({why})", flush=True)
            failed += 1
    sys.exit(failed > 0)


def attempt(func):
    machine = None
    try:
        machine = getattr(func, "machine", Machine)()
        func(machine)
        machine.check_alive()
        return None
    except Failure as why:
        return str(why).replace("\n", " ")
    except Exception:       # pylint: disable=broad-except
        return traceback.format_exc().strip().replace("\n", "; ")
    finally:
        if machine:
            machine.close()
