"""Activation functions on vectors: ReLU, GELU, SiLU, and their slopes.

An activation is a curve applied to each number alone, so it costs little where the
number is in a register anyway: `value` and `back` below write the instructions, and
convolutions and batch normalisation put them into their own loops.  An activation that
stands alone is a pass over memory (`passes`).

Which curve.  An activation is an empty named tuple, such as ``Relu()``.  Numba compiles
a kernel once per type of its arguments, so each curve gets a kernel of its own in which
no ``if`` is left::

    @instruction
    def activate(e, curve, x, out):
        e.store(value(e, curve.kind, e.load(x)), out)

The exponential.  No instruction computes exp(x).  We split x = n ln 2 + r with a whole
number n and abs(r) <= ln(2) / 2, where a polynomial of degree 6 follows exp(r) to the
last digits; 2**n only has to be put into the exponent bits of a float.  The error stays
below 2 units in the last place, a result too large becomes inf, one too small 0.

GELU is x times the probability that a standard normal variable is below x.  There is no
closed formula for it; we use Hastings' approximation (Abramowitz and Stegun, 1964,
7.1.26), which is exact to 1e-7 and needs the exponential that the slope needs anyway.

Cost: nothing is moved; the arithmetic of ReLU hides behind whatever memory its loop
moves, that of GELU (35 instructions) only where the arrays do not fit into the caches.
"""

from typing import NamedTuple

LOG2_E = 1.4426950408889634
LN_2 = 0.693359375, -2.12194440e-4  # n times the first part is exact
# Adding it pushes all digits after the point out of a float: what is left is rounded.
ROUND = 1.5 * 2**23
# (exp(r) - 1 - r) / r**2 on abs(r) <= ln(2) / 2: our own least-maximum fit.
EXP = 0.4999999403953552, 0.1666651964187622, 0.04166840389370918
EXP += 0.00836889911442995, 0.001381422160193324
# Hastings' numbers, the largest power first.
TAIL = 1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592
TAIL_STEP = 0.3275911
SQRT_HALF = 0.7071067811865476
BELL = 0.3989422804014327  # the bell curve's height, 1 / sqrt(2 pi)


class Identity(NamedTuple):
    """No activation: x itself."""


class Relu(NamedTuple):
    """max(0, x); a NaN stays a NaN."""


class Gelu(NamedTuple):
    """Give x times the standard normal distribution function of x."""


class Silu(NamedTuple):
    """Give x times the logistic function of x, 1 / (1 + exp(-x))."""


def polynomial(e, x, coefficients):
    """Write Horner's rule; the coefficient of the largest power comes first."""
    result = e.constant(coefficients[0])
    for number in coefficients[1:]:
        result = result * x + number
    return result


def exponential(e, x, negative=False):
    """Write exp(x), to 2 units in the last place.

    Parameters
    ----------
    e : Emitter
        What instructions are written with.
    x : Vector
        Any numbers.
    negative : bool
        Whether x is known to be at most 0.  That saves a third of the instructions;
        results below 2e-38, and those of a NaN, are then 0.

    Returns
    -------
    Vector
        exp(x), lane by lane.
    """
    # Below the lowest number the result is 0.  A NaN becomes the lowest number, too,
    # because it has no whole part.
    lowest = -87 if negative else -105
    inside = e.where(x > lowest, x, e.constant(lowest))
    if not negative:
        inside = e.where(inside > 90, e.constant(90), inside)
    n = (inside * LOG2_E + ROUND) - ROUND
    r = inside - n * LN_2[0] - n * LN_2[1]
    result = polynomial(e, r, EXP[::-1]) * (r * r) + (r + 1)
    if negative:
        return e.where(x > lowest, result * e.power_of_two(n), e.constant(0))
    # n reaches from -151 to 130, the exponent of a float from -126 to 127: two steps.
    half = (n * 0.5 + ROUND) - ROUND
    result = result * e.power_of_two(half) * e.power_of_two(n - half)
    return e.where(x.is_nan(), x, result)


def _normal(e, x):
    """Write the standard normal distribution function of x, and exp(-x**2 / 2)."""
    bell = exponential(e, x * x * -0.5, negative=True)
    t = 1 / (e.math("fabs", x) * (TAIL_STEP * SQRT_HALF) + 1)
    tail = polynomial(e, t, TAIL) * t * bell * 0.5
    return e.where(x > 0, 1 - tail, tail), bell


def _logistic(e, x):
    """Write 1 / (1 + exp(-x)), from the exponential that cannot overflow."""
    small = exponential(e, -e.math("fabs", x), negative=True)
    large = 1 / (small + 1)
    return e.where(x > 0, large, small * large)


def value(e, kind, x):
    """Write an activation.

    Parameters
    ----------
    e : Emitter
        What instructions are written with.
    kind : class
        `Identity`, `Relu`, `Gelu` or `Silu` (an instruction's argument has it as
        ``.kind``).
    x : Vector
        Any numbers.

    Returns
    -------
    Vector
        The activation of x, lane by lane; NaN where x is NaN.
    """
    if kind is Identity:
        return x
    if kind is Relu:
        return e.relu(x)
    if kind is Gelu:
        return x * _normal(e, x)[0]
    if kind is Silu:
        return x * _logistic(e, x)
    raise TypeError(f"there is no activation {kind}")


def _slope(e, kind, x):
    """Write the derivative of GELU or SiLU at x."""
    if kind is Gelu:
        below, bell = _normal(e, x)
        return below + x * bell * BELL
    if kind is Silu:
        logistic = _logistic(e, x)
        return logistic * (x * (1 - logistic) + 1)
    raise TypeError(f"there is no activation {kind}")


def back(e, kind, dout, x):
    """Write the gradient that goes through an activation: dout times its slope at x.

    Where ReLU is flat the gradient is 0 whatever `dout` is, even inf.
    """
    if kind is Identity:
        return dout
    if kind is Relu:
        return e.where(x > 0, dout, e.constant(0))
    return dout * _slope(e, kind, x)
