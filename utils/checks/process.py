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
LINES = 20  # of what the code prints that are shown
LOG = 50_000  # bytes of the notes that are read, from their end


@dataclass
class Limits:
    """What a process may use in one check; tests make it less.

    Attributes
    ----------
    seconds : float
        All the time spent waiting for the student's code.
    call : float
        What one call may take of it, unless fast layers are compiled meanwhile.
    compiling : float
        What is added to ``seconds`` as long as something is compiled.
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

    seconds: float = 30.0
    call: float = 10.0
    compiling: float = 120.0
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


class NotStarted(Exception):
    """A confined process ended before any code of the student ran: our own fault."""


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
        self.longest = limits.start  # in one answer
        self.latest = limits.start  # with all that compilers get
        self.file, self.death, self.now = None, "", ""
        self.dropped, self.calls = [], []
        noted = self._open_log()
        quiet = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
        quiet |= {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}
        try:
            self.popen = (limits.launch or subprocess.Popen)(
                [sys.executable, "-P", str(CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | quiet,
                start_new_session=True,  # Ctrl-C is for us; we end it
                **({} if self.path else {"pass_fds": [self.noted]}),
            )
        except OSError:
            self._close_log()
            raise
        finally:
            os.close(noted)
        self.outbox, self.inbox = queue.SimpleQueue(), queue.SimpleQueue()
        self.asked = threading.Semaphore(0)  # nobody gets to say more than was asked
        self.output, self.lines_lost = bytearray(), 0
        self.threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._write, self._read, self._collect)
        ]
        for thread in self.threads:
            thread.start()

    def _open_log(self):
        """Make the file that crashes are noted in, and return its open end.

        A confined process cannot open it, but it can be handed one that is open; and
        who has no name cannot be left behind.  Windows needs the name.
        """
        end, path = tempfile.mkstemp(prefix="check-")
        self.log = open(path, "rb")  # noqa: SIM115 - as long as the process lives
        self.noted, self.path = (path, path) if os.name == "nt" else (end, "")
        if not self.path:
            os.remove(path)
        return end

    def _close_log(self):
        self.log.close()
        if self.path:
            with contextlib.suppress(OSError):
                os.remove(self.path)

    def start(self):
        """Say what is allowed; the process answers when it has started.

        Raises
        ------
        NotStarted
            If it does not, and was launched by somebody who confines it.
        """
        try:
            self.ask("start", self.limits.memory, self.noted)
        except Dead:
            if self.limits.launch is None:
                raise
            self.threads[-1].join(1)  # the last words
            said = self.printed().rpartition("\n")[2]
            raise NotStarted(
                f"its process did not start within {self.limits.start:g} s, or ended "
                f"with status {self.popen.wait()} before it ran any code of the student"
                + (f" ({plain(said)})" if said else "")
            ) from None

    def allow(self):
        """Count from now on what the functions use; until here it was the start."""
        self.waited, self.patience = 0.0, self.limits.seconds
        self.longest = self.limits.call
        self.latest = self.patience + self.limits.compiling

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
        alone, longest = 0.0, self.longest  # spent on this answer
        while True:
            begin = time.monotonic()
            data = self._next()
            step = min(time.monotonic() - begin, 2 * SLICE)
            self.waited, alone = self.waited + step, alone + step
            if data is None:
                cause = self._cause_of_death()
                raise self._die(cause, self._place(self._dump("Fatal Python error")))
            if data:
                return data
            if self.waited > self.patience or alone > longest:
                stack = self._ask_where()
                if self.waited > self.latest or not _compiles(stack):
                    raise self._die(self._too_slow(alone), self._place(stack))
                longest = alone + self.longest
                self.patience = max(self.patience, self.waited + self.longest)

    def _next(self):
        """Return what comes within a slice of time, or None if nothing can come."""
        # What the code has started may keep the pipe open after its own end.
        ended = self.popen.poll() is not None
        try:
            return self.inbox.get(timeout=SLICE)
        except queue.Empty:
            return None if ended else b""

    def _too_slow(self, alone):
        in_all = self.waited > self.patience
        limit = round(self.patience if in_all else self.longest, 1)
        if in_all and alone < self.waited / 2:
            return (
                f"took more than {limit:g} seconds in all: is there a loop that never "
                "ends, or a very slow one?"
            )
        return (
            f"did not return within {limit:g} seconds: is there a loop or a wait that "
            "never ends?"
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

    def _ask_where(self):
        """Return where the code is; on a busy machine that takes a moment to learn."""
        before = self._noted()
        self.outbox.put(wire.encode("where"))
        for _ in range(20):
            if self._noted() != before:
                break
            time.sleep(SLICE)
        return self._dump("Timeout")

    def _noted(self):
        self.log.seek(max(0, os.fstat(self.log.fileno()).st_size - LOG))
        return self.log.read()

    def _dump(self, mark):
        """Return files and lines of the last traceback that begins with a mark."""
        text = self._noted().decode("ascii", "replace")
        dump = re.split(f"^{mark}", text, flags=re.M)[1:][-1:]
        return re.findall(r'^  File "(.*)", line (\d+)', "".join(dump), flags=re.M)

    def _place(self, stack):
        """Name the innermost line that is the student's."""
        file = str(self.file).encode("ascii", "backslashreplace").decode()
        line = next((line for name, line in stack if name == file), None)
        return place(self.file, line) if line else ""

    def kill(self):
        """End the process and what it has started, but not who has left its session."""
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
        latest = time.monotonic() + 1
        pipes = (self.popen.stdin, self.popen.stdout, self.popen.stderr)
        for thread, pipe in zip(self.threads, pipes, strict=True):
            thread.join(max(0, latest - time.monotonic()))
            # Who has left our session may hold the other end for as long as it likes;
            # to close a pipe that is being read would be to wait for it.
            if not thread.is_alive():
                with contextlib.suppress(OSError):
                    pipe.close()
        self._close_log()

    def printed(self):
        """Return what the code printed, as text that ends with what is left out."""
        text = bytes(self.output).decode("utf-8", "replace")
        text = "".join(c for c in text if c.isprintable() or c in "\n\t")
        if self.lines_lost and "\n" in text:
            text = text[: text.rindex("\n")]  # the last line is not whole
        lines = text.rstrip().split("\n")
        if lost := self.lines_lost + len(lines[LINES:]):
            lines[LINES:] = [f"... {lost} more lines"]
        return "\n".join(lines)

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


def _compiles(stack):
    """Tell whether a compiler is at work: that takes long, and then it is over."""
    return any("numba" in Path(name).parts for name, _ in stack)


def _signal_name(number):
    with contextlib.suppress(ValueError):
        return f" with signal {number} ({signal.Signals(number).name})"
    return ""
