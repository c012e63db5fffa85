"""Judge a gradient by the forward pass itself, along random directions.

The right answers elsewhere come from formulas; here the student's own forward pass is
asked how fast its output changes, so a formula that is wrong on both sides is found.
For a convolution or a pooling of whole numbers this is the adjoint identity
``<dout, A t> = <A' dout, t>``: the layer is linear as far as the step reaches, so
nothing is cut off and nothing is rounded.  Elsewhere the difference quotient tells
its own uncertainty; if that is too large to tell a mistake, nothing is said.
"""

import numpy as np

from utils.checks.compare import NUMERIC, Undecided, Wrong, require_array, require_shape
from utils.checks.rounding import gamma
from utils.gradient_check import directional_derivative

DIRECTIONS = 2
SAFETY = 10  # uncertainties: an estimate of an error is only an estimate


def judge_slope(name, got, f, x, dout, h, n=1):
    """Compare a gradient with how fast the output changes.

    Parameters
    ----------
    name : str
        What the gradient is called in messages.
    got : object
        The gradient that a student's function returned.
    f : callable
        The student's forward pass as a function of ``x`` alone.
    x : ndarray
        Where the gradient was taken.
    dout : ndarray of the shape of ``f(x)``
        What the backward pass was given; ``np.ones(())`` for a loss.
    h : float
        Step, small enough that no maximum changes and no ReLU switches; numbers move
        by less than that.
    n : int, default 1
        How many numbers an output is computed from, each of which may be rounded.

    Returns
    -------
    error, limit : float
        The largest error of all directions, relative to the slope, and its limit.

    Raises
    ------
    Wrong
        If the gradient disagrees with the forward pass.
    Undecided
        If the differences are too coarse to tell.
    """
    got = require_array(name, got)
    require_shape(name, got, x.shape)
    rng = np.random.default_rng(0)  # the same directions each time
    worst = (0.0, 0.0)
    for _ in range(DIRECTIONS):
        # Eighths: their products with whole numbers are exact.
        direction = rng.integers(-7, 7, size=x.shape, endpoint=True) / 8
        slope, uncertainty = directional_derivative(f, x, direction, dout, h, n)
        least = gamma(n, np.float64)
        worst = max(
            worst, _judge_along(name, got * direction, slope, uncertainty, least)
        )
    return worst


def _judge_along(name, shares, slope, uncertainty, least):
    """Compare the sum of shares with a slope; the limit is not below ``least``."""
    claimed = float(np.sum(shares))
    scale = max(float(np.sum(np.abs(shares))), abs(slope))
    if scale == 0:
        return 0.0, 0.0
    error = abs(claimed - slope) / scale
    limit = max(SAFETY * uncertainty / scale, least)
    if not error <= limit:
        raise Wrong(
            f"{name} disagrees with the forward pass: along a random direction of "
            f"{name[1:]}, sum(out * dout) changes at a rate of {slope:.6g}, but "
            f"{name} says {claimed:.6g}.",
            error,
            limit,
        )
    if not limit <= NUMERIC:
        raise Undecided(f"the numerical gradient is too rough to judge {name} by it.")
    return error, limit
