"""Judge here, run there: a student's functions in a process of their own.

The process has just been started and reads the file as it is on disk, so no stale
kernel, cache or helper can lie.  It gets inputs and returns values: no verdict ever
comes through the pipe.  Whatever is not found in a file of the student (a lambda, a
function of a notebook's cell) and the given layers of ``utils`` are called in this
process, as before.
"""

import contextlib

import numpy as np

from utils.checks import process, wire
from utils.checks.child import REMEMBERED
from utils.checks.compare import Wrong
from utils.checks.process import NotStarted, Process
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
        if kind == "too much":
            raise Wrong(
                f"{self.name} hands back {plain(*answer)}, far more than was asked "
                "for: look at how its shape comes about."
            )
        return answer

    def _restore(self, old, new):
        """Do to an argument what the student's code did to its copy."""
        if isinstance(old, dict) and isinstance(new, dict):
            old.clear()
            old.update(new)
        elif isinstance(old, list) and isinstance(new, list):
            old[:] = new
        elif isinstance(old, np.ndarray) and isinstance(new, np.ndarray):
            # A shape or dtype cannot be changed from here.  With other values, too,
            # whoever looks finds that the argument was changed, and knows its name.
            same = (old.shape, old.dtype) == (new.shape, new.dtype)
            old[...] = new if same else old == 0
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
        raise process.unreadable(error) from None


def _raised(name, unwritten, kind, text, file, line):
    where = place(str(file), line) if file else ""
    if unwritten:
        return NotWritten(plain(text) or f"{name} is not written yet")
    return Wrong(stopped(name, str(kind), str(text), where))


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
    NotStarted
        If a process that is to be confined does not start.
    """
    limits = limits or process.LIMITS
    sources = _sources(subjects, limits)
    if sources is None:
        yield subjects, str
        return
    started, problem = _started(limits)
    if problem:
        if limits.launch:
            raise NotStarted(problem)
        if any(isinstance(subject.function, Source) for subject in subjects):
            raise Wrong(f"it cannot be judged {problem}.")
        yield subjects, lambda: problem
        return
    try:
        yield _open(started, sources), started.printed
    finally:
        started.close()


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
    process.allow()
    return subjects
