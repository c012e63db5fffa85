"""Judge here, run there: a student's code in a fresh process of its own.

The process has just been started and reads the file as it is on disk, so no stale
kernel, cache or helper can lie; what it does to itself (endless loops, crashes, all the
memory, floods of prints) is a sentence here.  It gets inputs and returns values: no
verdict ever comes through the pipe, and nothing it sends is believed (`wire`).

Whatever is not found in a file of the student (a lambda, a function of a notebook's
cell) and the given layers of ``utils`` are called in this process, as before.
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

import numpy as np

from utils.checks import wire
from utils.checks.compare import Wrong
from utils.checks.subject import (
    NotWritten,
    Source,
    as_pair,
    no_function,
    place,
    plain,
    source_of,
    stopped,
)

CHILD = Path(__file__).with_name("child.py")
REMEMBERED = 4  # calls whose arguments are watched, as in the child
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
    """

    seconds: float = 20.0
    start: float = 30.0
    memory: int = 4 << 30
    shown: int = 4096
    separate: bool = True


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
        handle, self.log = tempfile.mkstemp(prefix="check-")
        os.close(handle)
        quiet = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")}
        quiet |= {"MPLBACKEND": "Agg", "PYTHONIOENCODING": "utf-8"}
        self.popen = subprocess.Popen(
            [sys.executable, "-P", str(CHILD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | quiet,
            start_new_session=True,  # Ctrl-C is for us; we end it
        )
        self.outbox, self.inbox = queue.SimpleQueue(), queue.SimpleQueue()
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
        self.ask("start", self.limits.memory, period, self.log)

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
        data = self._wait()
        try:
            return wire.decode(data, self._thing)
        except wire.Rubbish as error:
            raise self._die(f"answered with something unreadable: {error}") from None

    def _thing(self, handle, name):
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
                raise self._die(self._cause_of_death())
            if data:
                return data
            if self.waited > self.patience:
                raise self._die(
                    f"did not return within {self.patience:g} seconds: is there "
                    "a loop or a wait that never ends?"
                )

    def _die(self, what):
        where = self._last_place()
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

    def _last_place(self):
        """Return where the student's code was last seen."""
        with contextlib.suppress(OSError):
            text = Path(self.log).read_bytes()[-20_000:].decode("ascii", "replace")
            dumps = re.split(r"^(?:Timeout|Fatal Python error)", text, flags=re.M)
            seen = re.findall(r'^  File "(.*)", line (\d+)', dumps[-1], flags=re.M)
            file = str(self.file).encode("ascii", "backslashreplace").decode()
            line = next((line for name, line in seen if name == file), None)
            return place(self.file, line) if line else ""
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
            while (data := wire.receive(self.popen.stdout)) is not None:
                self.inbox.put(data)
        self.inbox.put(None)

    def _collect(self):
        with contextlib.suppress(OSError, ValueError):
            while data := os.read(self.popen.stderr.fileno(), 1 << 16):
                room = self.limits.shown - len(self.output)
                self.output += data[:room]
                self.lines_lost += data[room:].count(b"\n")


class RemoteSubject:
    """A function or class of a student in another process, with `Subject`'s interface.

    Parameters
    ----------
    process : Process
        Where it lives.
    thing : Opaque
        The function or class there, or the instance whose ``method`` is called.
    name : str
        How messages call it.
    method : str, optional
        Name of a method.
    """

    def __init__(self, process, thing, name, method=""):
        self.process, self.thing, self.name = process, thing, name
        self.method_name = method
        self.shared = []

    @property
    def dead(self):
        """Tell whether the process is no more."""
        return bool(self.process.death)

    def __call__(self, *args, **kwargs):
        """Call the student's code and return what it returns, by value."""
        return self._call(args, kwargs, ())

    def _call(self, args, kwargs, kept):
        calls = self.process.calls
        calls.append([*args, *kwargs.values()])
        del calls[:-REMEMBERED]
        request = (self.thing, self.method_name, args, kwargs, kept)
        value, shares, changes = self._ask("call", *request)
        with _believing_nothing(self.process):
            self.shared = [
                (value if k < 0 else value[k], calls[-1][given]) for k, given in shares
            ]
            for ago, k, new in changes:
                calls[-1 - ago][k] = self._restore(calls[-1 - ago][k], new)
        return value

    def _ask(self, *request):
        self.process.now = self.name
        kind, *answer = self.process.ask(*request)
        if kind == "raised":
            raise _raised(self.name, *answer)
        return answer

    def _restore(self, old, new):
        """Do to an argument what the student's code did to its copy."""
        if isinstance(old, dict) and isinstance(new, dict):
            old.clear()
            old.update(new)
        elif isinstance(old, list) and isinstance(new, list):
            old[:] = new
        elif isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
            if (old.shape, old.dtype) != (new.shape, new.dtype):
                raise Wrong(
                    f"{self.name} changed the shape or dtype of an argument: it "
                    "belongs to the caller, so copy it."
                )
            old[...] = new
        return old

    def method(self, instance, name):
        """Return a subject for a method of an instance this subject made."""
        if (
            not isinstance(instance, wire.Opaque)
            or not self._ask("has", instance, name)[0]
        ):
            raise Wrong(f"{self.name} has no {name}.")
        return RemoteSubject(self.process, instance, f"{self.name}.{name}", name)

    def read(self, instance, name, default=None):
        """Return a copy of an attribute of an instance."""
        return self._ask("read", instance, name, default)[0]

    def write(self, instance, name, value):
        """Set an attribute; dicts, and dicts in a list, are filled again in place."""
        self._ask("write", instance, name, value)

    def shares_memory(self, out, argument):
        """Tell whether an array that the last call returned lies in an argument."""
        return any(argument is given for one, given in self.shared if one is out)

    def pair(self, *args, names=("out", "cache")):
        """Call and return the tuple that was asked for; see `Subject.pair`."""
        kept = tuple(k for k, name in enumerate(names) if name == "cache")
        return as_pair(self.name, self._call(args, {}, kept), names)


@contextlib.contextmanager
def _believing_nothing(process):
    """Turn what a dishonest answer leads to into the end of its process."""
    try:
        yield
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise process._die(f"answered with something unreadable: {error}") from None


def _raised(name, unwritten, kind, text, file, line):
    where = place(str(file), line) if file else ""
    if unwritten:
        return NotWritten(plain(text) or f"{name} is not written yet")
    return Wrong(stopped(name, str(kind), str(text), where))


def _signal_name(number):
    with contextlib.suppress(ValueError):
        return f" with signal {number} ({signal.Signals(number).name})"
    return ""


@contextlib.contextmanager
def separate(*subjects, limits=None):
    """Move subjects into a process of their own for as long as a check takes.

    Parameters
    ----------
    *subjects : Subject
        What is to be judged.
    limits : Limits, optional
        By default ``LIMITS``.

    Yields
    ------
    subjects : list
        Their twins in a fresh process, or themselves where they have no file.
    printed : callable
        Gives, after the process has ended, the text that the code printed.

    Raises
    ------
    Wrong
        If the file cannot be imported or does not define a name.
    """
    limits = limits or LIMITS
    sources = _sources(subjects, limits)
    if sources is None:
        yield subjects, str
        return
    process, problem = _started(limits)
    if problem:
        yield subjects, lambda: problem
        return
    try:
        yield _open(process, sources), process.printed
    finally:
        process.close()


def _started(limits):
    """Return a process and why there is none."""
    try:
        return Process(limits), ""
    except OSError as error:
        return None, f"(not in a process of its own, the system refused: {error})"


def _sources(subjects, limits):
    """Return the source of every subject, or None if they are to stay here."""
    found = [source_of(subject.function) for subject in subjects]
    asked = any(isinstance(subject.function, Source) for subject in subjects)
    if not asked and not (limits.separate and any(one and one.own for one in found)):
        return None
    return None if None in found else found


def _open(process, sources):
    process.file = next(source.file for source in sources if source.own)
    process.now = plain(sources[0].where)
    process.start()
    subjects = []
    for source in sources:
        process.now = source.where
        kind, *answer = process.ask(
            "open", source.file, source.module, source.folder, (source.name,)
        )
        if kind == "raised":
            raise source.problem(*answer)
        if kind == "missing":
            raise Wrong(
                f"{source.where} does not define {source.name}: was it renamed or "
                "deleted?"
            )
        [(thing, is_callable)] = answer[0]
        if not is_callable:
            raise Wrong(no_function(source.name, type(thing).__name__))
        subjects.append(RemoteSubject(process, thing, source.name))
    process.waited, process.patience = 0.0, process.limits.seconds
    return subjects
