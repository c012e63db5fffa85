"""How two arrays are judged, and the result of one line of a check.

Judging goes from coarse to fine: is it an array at all, its shape, its dtype, where
it is finite, and only then its values.  The first thing that is wrong is said in one
sentence; where the wrong values follow a known pattern, the likely cause is added.

Where a limit is known beforehand it stands here, in units of
`utils.gradient_check.relative_error`; all others are computed, see `rounding`.

- ``EXACT``: small whole numbers in float64, of which every sum is exact in any order.
  The limit is that of a thousand additions, to let through detours such as a Fourier
  transform; the smallest possible mistake, one unit, is above 1e-4.
- ``ROUNDING`` 1e-10: real numbers in float64.  Sums of a few hundred terms lose about
  1e-14; subtracting means and dividing by deviations costs at most 1e3 more.
- ``NUMERIC`` 1e-7: the smallest mistake that finite differences have to tell.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from itertools import permutations

import numpy as np

from utils.checks.patterns import patterns
from utils.checks.rounding import gamma
from utils.gradient_check import relative_error

EXACT = gamma(1000, np.float64)
ROUNDING = 1e-10
NUMERIC = 1e-7


@dataclass(frozen=True)
class Result:
    """One line of a check.

    Attributes
    ----------
    name : str
        What was looked at.
    passed : bool or None
        None if the function is not written yet, or nothing can be said.
    error, limit : float or None
        The relative error and the largest one that passes, where there is one.
    message : str
        One line for a person: what is wrong and the likely cause.
    undecided : bool
        Whether nothing can be said.  Only a check knows: a message may be the text of
        a student's exception.
    """

    name: str
    passed: bool | None
    error: float | None = None
    limit: float | None = None
    message: str = ""
    undecided: bool = False


class Wrong(Exception):
    """What a student's function did is wrong; the text is for the student.

    Parameters
    ----------
    parts : str, or sequence of str and Fault
        Sentences, and wrong arrays that become sentences.
    error, limit : float, optional
        See `Result`.
    """

    def __init__(self, parts, error=None, limit=None):
        super().__init__(parts)
        self.parts = (parts,) if isinstance(parts, str) else tuple(parts)
        self.error, self.limit = error, limit

    def __str__(self):
        """Write the sentences, with the first cause that each fault agrees with."""
        return self._join(lambda fault: fault.causes)

    def tell(self, causes):
        """Write the sentences with causes that other cases do not refute.

        Parameters
        ----------
        causes : dict
            Name of an array to the texts of its likely causes, the best first.

        Returns
        -------
        str
        """
        return self._join(
            lambda fault: filter(fault.agrees, causes.get(fault.name, ()))
        )

    def _join(self, causes_of):
        """Write all parts, each as a sentence; a cause that several share only once."""
        if len(self.parts) == 1 and isinstance(self.parts[0], str):
            return self.parts[0]
        told, sentences = set(), []
        for part in self.parts:
            cause = ""
            if isinstance(part, Fault):
                cause = next(iter(causes_of(part)), "")
                part = part.sentence(cause, cause in told)
            told.add(cause)
            sentences.append(as_sentence(part))
        return " ".join(sentences)

    @property
    def faults(self):
        """The wrong arrays."""
        return [part for part in self.parts if isinstance(part, Fault)]


def as_sentence(text):
    """Return a text with a full stop at its end, unless it has one or asks."""
    return text if text.rstrip(")").endswith((".", "?", "!")) else f"{text}."


class Undecided(Exception):
    """Nothing can be said, for example because finite differences are too coarse."""


class Fault:
    """One wrong array: what is wrong, and a test for each cause one may think of.

    Parameters
    ----------
    name : str
        What the array is called.
    place : str
        What is wrong with it, without a full stop.
    known : iterable of (str, callable)
        Known mistakes: a cause, and a function without arguments that tells whether
        it leads to just these wrong values: True, False, or None where the cause does
        not apply.
    patterns : callable, optional
        Gives more of them, for when no known mistake explains it.
    """

    def __init__(self, name, place, known=(), patterns=tuple):
        self.name, self.place = name, place
        self._known, self._more, self._answers = _by_cause(known), patterns, {}

    @cached_property
    def _patterns(self):
        return _by_cause(self._more())

    def agrees(self, cause):
        """Tell whether a cause explains this fault; None if it does not apply."""
        if cause not in self._answers:
            tests = self._known.get(cause) or self._patterns.get(cause, ())
            answers = [answer for test in tests if (answer := test()) is not None]
            self._answers[cause] = any(answers) if answers else None
        return self._answers[cause]

    def knows(self, cause):
        """Tell whether a cause is a known mistake, and no mere pattern."""
        return cause in self._known

    @cached_property
    def causes(self):
        """All known mistakes that explain it, or else all patterns that do."""
        return self._agreeing(self._known) or self._agreeing(self._patterns)

    def _agreeing(self, tests):
        return [cause for cause in tests if self.agrees(cause)]

    def sentence(self, cause="", is_told=False):
        """Write it down with a cause, or with a word on one that is told already."""
        if not cause:
            return self.place
        return f"{self.place}, in the same way" if is_told else f"{self.place}: {cause}"


def _by_cause(tests):
    found = {}
    for cause, test in tests:
        found.setdefault(cause, []).append(test)
    return found


def require_array(name, value):
    """Return ``value`` as a plain ndarray of real numbers, or raise `Wrong`.

    Parameters
    ----------
    name : str
        What the value is called in the message.
    value : object
        What a student's function returned.

    Returns
    -------
    ndarray
    """
    if value is None:
        raise Wrong(f"{name} is None: is it computed, and returned?")
    if not isinstance(value, np.ndarray | np.generic):
        raise Wrong(f"{name} is a {type(value).__name__}, expected a numpy array.")
    array = np.array(value, copy=None, subok=False)
    if array.dtype.kind not in "fiub":
        raise Wrong(f"{name} has dtype {array.dtype}, expected real numbers.")
    return array


def require_shape(name, array, shape, suspects=()):
    """Raise `Wrong` unless the array has this shape; suspects explain wrong ones.

    Parameters
    ----------
    name : str
        What the array is called in the message.
    array : ndarray
        What was computed.
    shape : tuple of ints
        What its shape has to be.
    suspects : iterable of (str, tuple of ints)
        Shapes that known mistakes lead to, each with its explanation.
    """
    if array.shape == tuple(shape):
        return
    tests = [
        (text, lambda s=wrong: tuple(s) == array.shape) for text, wrong in suspects
    ]
    empty = "it is empty: the slice pad:-pad is empty when pad is 0"
    is_empty = [(empty, lambda: array.ndim == len(shape) and 0 in array.shape)]
    place = f"{name} has shape {array.shape}, expected {tuple(shape)}"
    raise Wrong([Fault(name, place, tests, lambda: is_empty)])


def require_dtype(name, array, dtype):
    """Raise `Wrong` unless the array has this dtype."""
    if array.dtype != dtype:
        raise Wrong(
            f"{name} is {array.dtype} although the inputs are {np.dtype(dtype)}; "
            "np.zeros and np.empty make float64 unless they are told dtype=x.dtype."
        )


def judge(name, got, expected, limit, suspects=(), shapes=()):
    """Compare one array with what it should be.

    Parameters
    ----------
    name : str
        What the array is called in messages.
    got : object
        What a student's function returned.
    expected : ndarray
        What it should be.
    limit : float
        Largest relative error that passes.
    suspects : iterable of (str, callable)
        Known mistakes: an explanation, and a function without arguments that gives
        the wrong values it leads to, or None where it does not apply.
    shapes : iterable of (str, tuple of ints)
        See `require_shape`.

    Returns
    -------
    float
        The relative error, at most ``limit``.

    Raises
    ------
    Wrong
        If anything differs.
    """
    got = require_array(name, got)
    require_shape(name, got, expected.shape, shapes)
    finite = np.isfinite(expected)
    same = np.isfinite(got) == finite
    same &= finite | (got == expected) | (np.isnan(got) & np.isnan(expected))
    if not same.all():
        place = _where(name, got, expected, ~same)
        fault = _fault(name, place, got, expected, suspects)
        raise Wrong([fault], error=float("inf"), limit=limit)
    error = relative_error(got[finite], expected[finite])
    if not error <= limit:
        place = _worst(name, got, expected)
        fault = _fault(name, place, got, expected, suspects)
        raise Wrong([fault], error=error, limit=limit)
    return error


def judge_all(entries, limit):
    """Compare several arrays, and tell all that is wrong with them together.

    Parameters
    ----------
    entries : dict
        Name to the positional arguments ``(got, expected)`` or ``(got, expected,
        suspects)`` or ``(got, expected, suspects, shapes)`` of `judge`.
    limit : float
        Largest relative error that passes.

    Returns
    -------
    float
        The largest of the relative errors.
    """
    require_order({name: entry[:2] for name, entry in entries.items()})
    errors, parts, right = [], [], []
    for name, (got, expected, *more) in entries.items():
        try:
            errors.append(judge(name, got, expected, limit, *more))
            right.append(name)
        except Wrong as wrong:
            parts += wrong.parts
            errors.append(wrong.error)
    if not parts:
        return max(errors)
    if 0 < len(right) <= 3:
        parts.append(f"({' and '.join(right)} {_is_are(right)} right.)")
    if None in errors:  # a shape is wrong, so there is no error to speak of
        raise Wrong(parts)
    raise Wrong(parts, max(errors), limit)


def require_order(entries):
    """Raise `Wrong` if all arrays are there, but under each other's names.

    Parameters
    ----------
    entries : dict
        Name to ``(got, expected)``, in the order in which they have to be returned.
    """
    names = list(entries)
    right = {name: expected for name, (_, expected) in entries.items()}
    for order in permutations(names):
        moved = [
            (got, right[name])
            for (got, _), name in zip(entries.values(), order, strict=True)
        ]
        if list(order) != names and all(_same(got, array) for got, array in moved):
            raise Wrong(
                f"all are right, but returned in the order ({', '.join(order)}), "
                f"expected the order ({', '.join(names)})."
            )


def _same(got, expected):
    if not isinstance(got, np.ndarray) or got.dtype.kind not in "fiub":
        return False
    # An array of zeros has no name of its own.
    return bool(np.any(expected)) and _agree(got, expected)


def _fault(name, place, got, expected, suspects):
    """Return a `Fault` with known mistakes, and patterns that any array can show."""

    def test(wrong):
        wrong = wrong()
        if wrong is None or isinstance(wrong, bool):
            return wrong
        # What makes no difference here explains nothing, however close it is.
        return None if _agree(expected, wrong) else _agree(got, wrong)

    def tests(mistakes):
        return [(text, partial(test, wrong)) for text, wrong in mistakes]

    return Fault(
        name, place, tests(suspects), lambda: tests(patterns(name, got, expected))
    )


def _agree(got, wrong):
    """Tell whether two results are equal in at least half of their digits."""
    got, wrong = np.asarray(got), np.asarray(wrong)
    if wrong.shape != got.shape:
        return False
    got = got if got.dtype.kind == "f" else got.astype(np.float64)
    near = float(np.sqrt(np.finfo(got.dtype).eps))
    with np.errstate(invalid="ignore"):
        far = np.abs(got - wrong).max(initial=0)
    if np.isfinite(far):
        return bool(far <= near * np.abs(got).max(initial=0))
    return bool(np.allclose(got, wrong, rtol=near, atol=near, equal_nan=True))


def _worst(name, got, expected):
    finite = np.where(np.isfinite(expected), expected, 0)
    distance = np.where(np.isfinite(expected), np.abs(got - finite), 0)
    return _where(name, got, expected, distance == distance.max())


def _where(name, got, expected, mask):
    index = tuple(int(k) for k in np.argwhere(mask)[0])
    place = f"{name}[{', '.join(map(str, index))}]" if index else name
    return f"{place} is {got[index]:.6g}, expected {expected[index]:.6g}"


def _is_are(names):
    return "is" if len(names) == 1 else "are"
