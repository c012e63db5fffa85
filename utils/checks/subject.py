"""Call what a student wrote, and turn everything that goes wrong into sentences."""

import inspect
import os
import sys
import traceback
import types
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from utils.checks.child import write
from utils.checks.compare import Wrong

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 600


class NotWritten(Exception):
    """The function under test raised NotImplementedError."""


@dataclass(frozen=True)
class Source:
    """Where a function or class is written, so that another process can load it.

    Attributes
    ----------
    file : str
        The file.
    module, folder : str
        Its dotted name, and the folder from which that is found.
    name : str
        The name of the function or class in it.
    """

    file: str
    module: str
    folder: str
    name: str

    @property
    def where(self):
        """The file as a student knows it."""
        return short_path(self.file)

    @property
    def own(self):
        """Whether it is a student's, and not provided code."""
        provided = Path(self.file).is_relative_to(ROOT / "utils")
        return not provided or Path(self.file).parent == ROOT / "utils" / "exercises"

    def problem(self, unwritten, kind, text, file, line):
        """Return the `Wrong` for an exception that was raised by importing it."""
        where = place(str(file), line) if file else self.where
        if kind in ("SyntaxError", "IndentationError", "TabError"):
            return Wrong(f"{where} is not Python: {plain(text)}.")
        return Wrong(
            f"{self.where} cannot be imported: {kind}: {plain(text)} ({where})"
        )


class Subject:
    """A function or class of a student, called with a safety net.

    Calling it calls the student's code.  NotImplementedError becomes `NotWritten`;
    any other exception, SystemExit and RecursionError included, becomes `Wrong` with
    the student's own line.  KeyboardInterrupt passes through: it is the student's.

    A property uses nothing but the methods below, so that
    `utils.checks.remote.RemoteSubject` can take its place.

    Parameters
    ----------
    function : callable or Source
        What is under test; a `Source` can be called in another process only.
    name : str, optional
        How messages call it; by default its own name.
    file : str, optional
        The file that belongs to the student; by default the function's.
    """

    dead = False

    def __init__(self, function, name=None, file=None):
        self.function = function
        is_source = isinstance(function, Source)
        own_name = function.name if is_source else getattr(function, "__name__", None)
        self.name = name or plain(own_name or repr(function))
        self.file = file or (function.file if is_source else source_file(function))

    def __call__(self, *args, **kwargs):
        """Call the student's code and return what it returns."""
        if not callable(self.function):
            raise Wrong(no_function(self.name, type(self.function).__name__))
        try:
            # A student's warning is no error, whatever filter the caller has set.
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                return self.function(*args, **kwargs)
        except (KeyboardInterrupt, Wrong, NotWritten):
            raise  # the last two come from another subject inside this one
        except NotImplementedError as error:
            message = str(error) or f"{self.name} is not written yet"
            raise NotWritten(message) from None
        except BaseException as error:
            raise Wrong(self.describe(error)) from None

    def describe(self, error):
        """Say in one line which exception stopped the student's code, and where."""
        where = student_line(error, self.file)
        return stopped(self.name, type(error).__name__, _text_of(error), where)

    def method(self, instance, name):
        """Return a subject for a method of an instance this subject made."""
        if not hasattr(instance, name):
            raise Wrong(f"{self.name} has no {name}.")
        return Subject(getattr(instance, name), f"{self.name}.{name}", self.file)

    def read(self, instance, name, default=None):
        """Return an attribute of an instance; do not change what it holds."""
        return getattr(instance, name, default)

    def write(self, instance, name, value):
        """Set an attribute; dicts, and dicts in a list, are filled again in place."""
        write(instance, name, value)

    def shares_memory(self, out, argument):
        """Tell whether an array that the last call returned lies in an argument."""
        return np.shares_memory(out, argument)

    def pair(self, *args, names=("out", "cache")):
        """Call and return the tuple that was asked for, or say what came instead.

        Parameters
        ----------
        *args
            Arguments of the student's function.
        names : tuple of str
            Names of the values it has to return.  A value named ``cache`` is the
            student's own business: hand it back, look at nothing in it.

        Returns
        -------
        tuple
            As many values as names.
        """
        return as_pair(self.name, self(*args), names)


def as_pair(name, value, names):
    """Return the tuple of values that was asked for, or say what came instead."""
    wanted = f"expected the tuple ({', '.join(names)})"
    if value is None:
        raise Wrong(f"{name} returned None, {wanted}: is a return line missing?")
    if not isinstance(value, tuple | list):
        raise Wrong(f"{name} returned a {type(value).__name__}, {wanted}.")
    if len(value) != len(names):
        raise Wrong(f"{name} returned {len(value)} values, {wanted}.")
    return tuple(value)


def stopped(name, kind, text, where):
    """Say in one line that an exception stopped a student's code."""
    if kind == "BdbQuit":
        what = f"{name} stopped at a breakpoint, where a check cannot wait for you"
        return f"{what}: remove breakpoint()" + (f" ({where})." if where else ".")
    text = plain(text, longest=200)
    what = f"{name} stopped with {kind}" + (f": {text}" if text else "")
    return what + (f" ({where})" if where else "")


def no_function(name, kind):
    """Say that something is neither a function nor a class."""
    return f"{name} is of type {kind}, expected a function or class."


def source_of(function):
    """Return the `Source` of a function or class that a file's module defines.

    Parameters
    ----------
    function : object
        Anything.

    Returns
    -------
    Source or None
        None for a lambda, a function within a function or of a notebook's cell, a
        script that is running, or a module whose name does not lead to its file.
    """
    if isinstance(function, Source):
        return function
    if not isinstance(function, types.FunctionType | type):
        return None
    module = str(function.__module__)
    file = getattr(sys.modules.get(module), "__file__", None)
    if "." in function.__qualname__ or not (file and file.endswith(".py")):
        return None
    path = Path(file).resolve()
    parts = module.split(".")
    if parts != list(path.with_suffix("").parts[-len(parts) :]):
        return None
    folder = path.parents[len(parts) - 1]
    return Source(str(path), module, str(folder), function.__name__)


def _text_of(error):
    try:
        return str(error)
    except Exception:  # an exception of the student's own, with a mistake in it
        return ""


def source_file(function):
    """Return the file in which a function or class was written, or None."""
    try:
        return inspect.getsourcefile(inspect.unwrap(function))
    except (TypeError, ValueError, OSError):
        return None


def student_line(error, file=None):
    """Name the line of the innermost frame in the student's own file.

    Parameters
    ----------
    error : BaseException
        A caught exception.
    file : str, optional
        The student's file.  If no frame is in it, the innermost frame that is
        neither in this package nor in an installed one is taken.

    Returns
    -------
    str
        Empty if there is no such frame.
    """
    lines = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
    ]
    own = [line for line in lines if line[0] == file]
    other = [line for line in lines if not _is_installed(line[0])]
    return place(*(own or other)[-1]) if own or other else ""


def place(file, line):
    """Name a line of a file, or of a notebook's cell, for a student."""
    if any(part.startswith("ipykernel_") for part in Path(file).parts):
        return f"line {line} of a notebook cell"
    return f"{short_path(file)}:{line}"


def short_path(file):
    """Name a file the way a student knows it: from the top of the workbook."""
    path = Path(file)
    if path.is_relative_to(ROOT):
        return path.relative_to(ROOT).as_posix()
    return path.name


def plain(text, longest=LONGEST):
    """Return text as one line of ASCII of bounded length."""
    text = " ".join(str(text).split())
    text = text.encode("ascii", "backslashreplace").decode()
    return text if len(text) <= longest else text[: longest - 4] + " ..."


def unchanged(before, after):
    """Tell whether an argument is bit for bit what it was before the call.

    Parameters
    ----------
    before, after : ndarray, dict or other value
        A deep copy taken before the call, and the argument after it.

    Returns
    -------
    bool
    """
    if isinstance(before, np.ndarray):
        return (
            isinstance(after, np.ndarray)
            and before.dtype == after.dtype
            and np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
        )
    if isinstance(before, dict):
        return (
            isinstance(after, dict)
            and before.keys() == after.keys()
            and all(unchanged(before[key], after[key]) for key in before)
        )
    return type(before) is type(after) and bool(before == after)


def _is_installed(filename):
    folders = (str(Path(__file__).parent), sys.prefix, sys.base_prefix)
    return filename.startswith((*(folder + os.sep for folder in folders), "<"))
