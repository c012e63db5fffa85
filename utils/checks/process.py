"""A fresh Python process for a student's code, that cannot do us any harm.

What the code does to its process (endless loops, crashes, all the memory, floods of
prints) is a sentence here, and nothing it sends is believed (`wire`).  What the process
can be asked for is in `child`; who asks is in `remote`.
"""

import contextlib
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from dataclasses import dataclass
from pathlib import Path

from utils.checks import wire
from utils.checks.compare import Wrong
from utils.checks.subject import place, plain

CHILD = Path(__file__).with_name("child.py")
SLICE = 0.1  # seconds; a laptop that slept in between has used one slice only


@dataclass
class Limits:
    """What a process may use in one check; tests make it less.

    Attributes
    ----------
    seconds : float
        All the time spent waiting for the student's code.
    start : float
        Seconds to start and to import the file.
    memory : int
        Bytes of address space, where the system can limit it.
    shown : int
        Bytes of what the code prints that are kept.
    separate : bool
        Whether functions that come from a file run in a process of their own.
    largest : int
        Bytes in one of its answers.
    things : int
        How many values of one answer may be such that they cannot travel.
    launch : callable, optional
        Starts a program like `subprocess.Popen`, but confined.
    """

    seconds: float = 30.0  # fast layers may have to be compiled in it
    start: float = 30.0
    memory: int = 4 << 30
    shown: int = 4096
    separate: bool = True
    largest: int = wire.LARGEST
    things: int = 10_000
    launch: object = None


LIMITS = Limits()


class Dead(Wrong):
    """The process in which the student's code ran is no more."""


class Process:
    """A fresh Python process that does what `utils.checks.child` can do.

    Parameters
    ----------
    limits : Limits
        What it may use.

    Raises
    ------
    OSError
        If the system starts no process.
    """

    def __init__(self, limits):
        self.limits, self.waited, self.patience = limits, 0.0, limits.start
        self.file, self.death, self.now = None, "", ""
        self.dropped, self.calls = [], []
        self.noted, self.log = tempfile.mkstemp(prefix="check-")
        quiet = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
        quiet |= {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}
        # A confined process cannot open our file, but it can be handed an open one.
        by_number = {"pass_fds": [self.noted]} if limits.launch else {}
        try:
            self.popen = (limits.launch or subprocess.Popen)(
                [sys.executable, "-P", str(CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | quiet,
                start_new_session=True,  # Ctrl-C is for us; we end it
                **by_number,
            )
        finally:
            os.close(self.noted)
        self.outbox, self.inbox = queue.SimpleQueue(), queue.SimpleQueue()
        self.asked = threading.Semaphore(0)  # nobody gets to say more than was asked
        self.output, self.lines_lost = bytearray(), 0
        self.threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._write, self._read, self._collect)
        ]
        for thread in self.threads:
            thread.start()

    def start(self):
        """Say what is allowed; the process answers when it has started."""
        period = max(0.05, min(1.0, self.limits.seconds / 4))
        log = self.noted if self.limits.launch else self.log
        self.ask("start", self.limits.memory, period, log)

    def ask(self, what, *arguments):
        """Send a request and return the answer.

        Raises
        ------
        Dead
            If there is no answer, or none that can be read.
        """
        if self.death:
            raise Dead(self.death)
        dropped, self.dropped[:] = tuple(self.dropped), []
        self.outbox.put(wire.encode((what, dropped, *arguments)))
        self.asked.release()
        data = self._wait()
        self.count = 0
        try:
            return wire.decode(data, self._thing)
        except wire.Rubbish as error:
            raise self.unreadable(error) from None

    def unreadable(self, error):
        """End the process and return why: what it sent is no honest answer."""
        return self._die(f"answered with something unreadable: {error}")

    def _thing(self, handle, name):
        self.count += 1
        if self.count > self.limits.things:
            raise wire.Rubbish("too many of its values cannot be sent")
        thing = wire.opaque(handle, name)
        weakref.finalize(thing, self.dropped.append, handle).atexit = False
        return thing

    def _wait(self):
        while True:
            begin = time.monotonic()
            try:
                data = self.inbox.get(timeout=SLICE)
            except queue.Empty:
                data = b""
            self.waited += min(time.monotonic() - begin, 2 * SLICE)
            if data is None:
                cause = self._cause_of_death()
                raise self._die(cause, self._place_after("Fatal Python error"))
            if data:
                return data
            if self.waited > self.patience:
                raise self._die(
                    f"did not return within {self.patience:g} seconds: is there "
                    "a loop or a wait that never ends?",
                    self._slow_place(),
                )

    def _die(self, what, where=""):
        self.kill()
        self.death = plain(f"{self.now} {what}" + (f" ({where})" if where else ""))
        return Dead(self.death)

    def _cause_of_death(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(2)
        code = self.popen.returncode
        if code is None:
            return "closed the pipe it has to answer through."
        if code == -getattr(signal, "SIGKILL", 9):
            return "was killed (signal 9): most likely it took all the memory."
        if code < 0 or code > 0xFFFF:  # Windows has large numbers for crashes
            name = _signal_name(-code)
            return f"crashed{name}: Python itself was brought down."
        return (
            f"ended the process with exit status {code}: it has to return, so do not "
            "exit."
        )

    def _slow_place(self):
        """Return where the code is; on a busy machine that takes a moment to learn."""
        for _ in range(20):
            if where := self._place_after("Timeout"):
                return where
            time.sleep(SLICE)
        return ""

    def _place_after(self, mark):
        """Return the student's line in the last traceback that begins with a mark."""
        with contextlib.suppress(OSError):
            text = Path(self.log).read_bytes()[-50_000:].decode("ascii", "replace")
            file = str(self.file).encode("ascii", "backslashreplace").decode()
            for dump in reversed(re.split(f"^{mark}", text, flags=re.M)[1:]):
                seen = re.findall(r'^  File "(.*)", line (\d+)', dump, flags=re.M)
                line = next((line for name, line in seen if name == file), None)
                if line:
                    return place(self.file, line)
        return ""

    def kill(self):
        """End the process and whatever it has started."""
        with contextlib.suppress(OSError):
            self.popen.kill()
        with contextlib.suppress(OSError, AttributeError):
            os.killpg(self.popen.pid, signal.SIGKILL)

    def close(self):
        """End the process, and keep what it printed."""
        self.death = self.death or "the process has been closed"
        self.outbox.put(None)
        self.asked.release()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(0.5)
        self.kill()
        self.popen.wait()
        for thread in self.threads:
            thread.join(1)
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            with contextlib.suppress(OSError):
                pipe.close()
        with contextlib.suppress(OSError):
            os.remove(self.log)

    def printed(self):
        """Return what the code printed, as text that ends with what is left out."""
        text = bytes(self.output).decode("utf-8", "replace").rstrip()
        text = "".join(c for c in text if c.isprintable() or c in "\n\t")
        if self.lines_lost:
            text += f"\n... {self.lines_lost} more lines"
        return text

    def _write(self):
        with contextlib.suppress(OSError, ValueError):
            while (data := self.outbox.get()) is not None:
                wire.send(self.popen.stdin, data)
        with contextlib.suppress(OSError, ValueError):
            self.popen.stdin.close()

    def _read(self):
        with contextlib.suppress(OSError, ValueError, wire.Rubbish, MemoryError):
            while self.asked.acquire():
                data = wire.receive(self.popen.stdout, self.limits.largest)
                if data is None:
                    break
                self.inbox.put(data)
        self.inbox.put(None)

    def _collect(self):
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(self.popen.stderr.fileno(), 1 << 16):
                room = self.limits.shown - len(self.output)
                self.output += data[:room]
                self.lines_lost += data[room:].count(b"\n")


def _signal_name(number):
    with contextlib.suppress(ValueError):
        return f" with signal {number} ({signal.Signals(number).name})"
    return ""
