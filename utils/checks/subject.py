"""Call what a student wrote, and turn everything that goes wrong into sentences."""

import inspect
import os
import sys
import traceback
import warnings
from pathlib import Path

import numpy as np

from utils.checks.compare import Wrong

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 600


class NotWritten(Exception):
    """The function under test raised NotImplementedError."""


class Subject:
    """A function or class of a student, called with a safety net.

    Calling it calls the student's code.  NotImplementedError becomes `NotWritten`;
    any other exception, SystemExit and RecursionError included, becomes `Wrong` with
    the student's own line.  KeyboardInterrupt passes through: it is the student's.

    Parameters
    ----------
    function : callable
        What is under test.
    name : str, optional
        How messages call it; by default its own name.
    file : str, optional
        The file that belongs to the student; by default the function's.
    """

    def __init__(self, function, name=None, file=None):
        self.function = function
        self.name = name or plain(getattr(function, "__name__", repr(function)))
        self.file = file or source_file(function)

    def __call__(self, *args, **kwargs):
        """Call the student's code and return what it returns."""
        if not callable(self.function):
            raise Wrong(
                f"{self.name} is of type {type(self.function).__name__}, expected a "
                "function or class."
            )
        try:
            # A student's warning is no error, whatever filter the caller has set.
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                return self.function(*args, **kwargs)
        except KeyboardInterrupt:
            raise
        except NotImplementedError as error:
            message = str(error) or f"{self.name} is not written yet"
            raise NotWritten(message) from None
        except BaseException as error:
            raise Wrong(self.describe(error)) from None

    def describe(self, error):
        """Say in one line which exception stopped the student's code, and where."""
        text = plain(error, longest=200)
        what = f"stopped with {type(error).__name__}" + (f": {text}" if text else "")
        place = student_line(error, self.file)
        return f"{self.name} {what}" + (f" ({place})" if place else "")

    def method(self, instance, name):
        """Return a subject for a method of an instance this subject made."""
        if not hasattr(instance, name):
            raise Wrong(f"{self.name} has no {name}.")
        return Subject(getattr(instance, name), f"{self.name}.{name}", self.file)

    def pair(self, *args, names=("out", "cache")):
        """Call and return the tuple that was asked for, or say what came instead.

        Parameters
        ----------
        *args
            Arguments of the student's function.
        names : tuple of str
            Names of the values it has to return.

        Returns
        -------
        tuple
            As many values as names.
        """
        value = self(*args)
        wanted = f"expected the tuple ({', '.join(names)})"
        if value is None:
            raise Wrong(
                f"{self.name} returned None, {wanted}: is a return line missing?"
            )
        if not isinstance(value, tuple | list):
            raise Wrong(f"{self.name} returned a {type(value).__name__}, {wanted}.")
        if len(value) != len(names):
            raise Wrong(f"{self.name} returned {len(value)} values, {wanted}.")
        return tuple(value)


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
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == file]
    other = [frame for frame in frames if not _is_installed(frame.filename)]
    frame = (own or other or [None])[-1]
    return place(frame.filename, frame.lineno) if frame else ""


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
