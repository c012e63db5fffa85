"""How far rounding alone can take a right result from the exact one.

A sum of ``n`` terms, each with its own roundings, differs from the exact one by at
most ``gamma(n)`` times the same sum of absolute values, in whatever order it is added
(Higham, "Accuracy and Stability of Numerical Algorithms", 2002, chapter 3).  So a
layer that sums products is run once more on absolute values, and nobody has to guess
a limit for float32.

``n`` is the count of all numbers that went in.  A plain sum has fewer terms; but a
Fourier transform or Winograd's algorithm mixes values that a plain loop keeps apart,
and is right as well.  It errs relative to the largest output rather than to each
single one, which is why the bound is one number for the whole array.
"""

import numpy as np

from utils.gradient_check import relative_error


def gamma(n, dtype):
    """Return n u / (1 - n u), where u is half the distance from 1 to its neighbour."""
    roundings = n * np.finfo(dtype).eps / 2
    return roundings / (1 - roundings)


def count(arrays):
    """Count the numbers in all arrays among some values."""
    return sum(value.size for value in arrays if isinstance(value, np.ndarray))


def absolute(arguments):
    """Return arguments by name with the absolute values of all arrays."""
    return {
        name: np.abs(value) if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }


def moved(arguments, dtype, seed):
    """Return arguments whose numbers are off by one rounding, up or down."""
    rng = np.random.default_rng(seed)
    u = np.finfo(dtype).eps / 2
    return {
        name: value * (1 + u * rng.choice([-1, 1], size=value.shape))
        if isinstance(value, np.ndarray)
        else value
        for name, value in arguments.items()
    }


def of_sums(n, dtype, magnitude, right):
    """Return the limit on the relative error of sums.

    Parameters
    ----------
    n : int
        How many numbers went into it.
    dtype : numpy dtype
        What it is computed in.
    magnitude : ndarray
        The result for absolute values.
    right : ndarray
        The right result, whose largest value the error is relative to.

    Returns
    -------
    float
    """
    top = 2 * np.abs(right).max(initial=0)
    return float(gamma(n, dtype) * magnitude.max(initial=0) / top) if top else 0.0


def of_moved(n, others, right):
    """Return the limit on the relative error of something that is no sum.

    A stable algorithm gives the right answer to a question whose numbers are off by
    some roundings; so the question is moved by one rounding, and the answer may move
    ``n`` times as far.

    Parameters
    ----------
    n : int
        How many numbers went into it.
    others : iterable of ndarray
        Right results for inputs that are off by one rounding.
    right : ndarray
        The right result.

    Returns
    -------
    float
    """
    return n * max(relative_error(other, right) for other in others)
