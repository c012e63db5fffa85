"""How two arrays are judged, and the result of one line of a check.

Judging goes from coarse to fine: is it an array at all, its shape, its dtype, where
it is finite, and only then its values.  The first thing that is wrong is said in one
sentence; where the wrong values follow a known pattern, the likely cause is added.

Limits on `utils.gradient_check.relative_error`, and why they are what they are:

- ``EXACT`` 1e-12: inputs are small whole numbers in float64, so every sum is exact in
  any order.  The limit is not 0 only to let through detours such as a Fourier
  transform; the smallest possible mistake, one unit, is above 1e-4.
- ``ROUNDING`` 1e-10: real numbers in float64.  Sums of a few hundred terms lose about
  1e-14; subtracting means and dividing by deviations costs at most 1e3 more.
- ``NUMERIC`` 1e-7: against central differences with h = 1e-5, whose own error is
  1e-9 or less on the smooth (or kink-free) inputs used here.
- ``SINGLE`` 1e-5: float32, 1.2e-7 per operation.
"""

import functools
from dataclasses import dataclass

import numpy as np

from utils.gradient_check import relative_error

EXACT = 1e-12
ROUNDING = 1e-10
NUMERIC = 1e-7
SINGLE = 1e-5


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
    """

    name: str
    passed: bool | None
    error: float | None = None
    limit: float | None = None
    message: str = ""


class Wrong(Exception):
    """What a student's function did is wrong; the text is for the student."""

    def __init__(self, message, error=None, limit=None):
        super().__init__(message)
        self.error, self.limit = error, limit


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
    causes = (text for text, wrong in suspects if tuple(wrong) == array.shape)
    cause = next(causes, "")
    if not cause and array.ndim == len(shape) and 0 in array.shape:
        cause = "it is empty: the slice pad:-pad is empty when pad is 0"
    text = f"{name} has shape {array.shape}, expected {tuple(shape)}"
    raise Wrong(_join(text, cause))


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
        cause = explain(got, expected, suspects)
        raise Wrong(_join(place, cause), float("inf"), limit)
    error = relative_error(got[finite], expected[finite])
    if not error <= limit:
        cause = explain(got, expected, suspects)
        raise Wrong(_join(_worst(name, got, expected), cause), error, limit)
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
    errors, faults, right = [], [], []
    for name, (got, expected, *more) in entries.items():
        try:
            errors.append(judge(name, got, expected, limit, *more))
            right.append(name)
        except Wrong as wrong:
            faults.append(str(wrong))
            errors.append(wrong.error)
    if not faults:
        return max(errors)
    if 0 < len(right) <= 3:
        faults.append(f"({' and '.join(right)} {_is_are(right)} right.)")
    if None in errors:  # a shape is wrong, so there is no error to speak of
        raise Wrong(" ".join(faults))
    raise Wrong(" ".join(faults), max(errors), limit)


def explain(got, expected, suspects):
    """Name the likely cause of wrong values, or return an empty string.

    Known mistakes come first, then patterns that any array can show.
    """
    for text, wrong in (*suspects, *_patterns(got, expected)):
        wrong = wrong()
        if wrong is not None and _agree(got, wrong):
            return text
    return ""


def _agree(got, wrong):
    """Tell whether a wrong result is, up to rounding, what a mistake leads to."""
    wrong = np.asarray(wrong)
    if wrong.shape != got.shape:
        return False
    if np.isfinite(got).all() and np.isfinite(wrong).all():
        return relative_error(got, wrong) <= 1e-8
    return bool(np.allclose(got, wrong, rtol=1e-8, atol=1e-8, equal_nan=True))


def _patterns(got, expected):
    """Mistakes that can be told without knowing what the function computes."""
    yield "all of it is zero", lambda: np.zeros_like(expected)
    yield "all of it is nan", lambda: np.full(expected.shape, np.nan)
    if not (np.isfinite(expected).all() and np.isfinite(got).all()):
        return
    top = np.abs(expected).max(initial=0)
    if top > 0 and got.shape == expected.shape and got.size > 1:
        factor = float((got * expected).sum() / (expected * expected).sum())
        yield (
            "only the sign is wrong"
            if np.isclose(factor, -1)
            else f"all of it is {factor:.6g} times what it should be",
            lambda: factor * expected,
        )
    if expected.ndim >= 2 and expected.shape[-1] == expected.shape[-2]:
        yield (
            "rows and columns are exchanged",
            functools.partial(np.swapaxes, expected, -1, -2),
        )
    if expected.ndim == 4:
        yield "every image got the values of image 0", lambda: expected[:1] + 0 * got
        yield from _edges(expected)


def _edges(expected):
    """Right inside, but one row or column at the edge of each image is left zero."""
    for text, index in (
        ("the last row is left out: does the loop end one too early?", (-1,)),
        ("the last column is left out: does the loop end one too early?", (..., -1)),
        ("the first row is left out: does the loop start one too late?", (0,)),
        ("the first column is left out: does the loop start one too late?", (..., 0)),
    ):
        wrong = expected.copy()
        wrong[(slice(None), slice(None), *index)] = 0
        yield text, lambda wrong=wrong: wrong


def _worst(name, got, expected):
    finite = np.where(np.isfinite(expected), expected, 0)
    distance = np.where(np.isfinite(expected), np.abs(got - finite), 0)
    return _where(name, got, expected, distance == distance.max())


def _where(name, got, expected, mask):
    index = tuple(int(k) for k in np.argwhere(mask)[0])
    place = f"{name}[{', '.join(map(str, index))}]" if index else name
    return f"{place} is {got[index]:.6g}, expected {expected[index]:.6g}"


def _join(place, cause):
    text = f"{place}: {cause}" if cause else place
    return text if text.endswith("?") else text + "."


def _is_are(names):
    return "is" if len(names) == 1 else "are"
