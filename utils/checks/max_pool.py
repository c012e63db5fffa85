"""Checks of CNN-Layers.ipynb: max pooling, forward and backward.

All values of an input differ and are whole numbers, so the right answer is exact; ties
have properties of their own.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from utils.checks import oracle, pool_mistakes
from utils.checks.compare import EXACT, judge, require_array, require_shape
from utils.checks.hints import sliding_window
from utils.checks.inputs import make_dout
from utils.checks.layer import Layer
from utils.checks.properties import (
    backward_properties,
    forward_properties,
    gradients_are_right,
    out_is_right,
)
from utils.checks.record import recorded
from utils.checks.report import run
from utils.checks.subject import Subject


@dataclass(frozen=True)
class PoolCase:
    """Shape ``x`` (N, C, H, W), the window and its stride; ``shift`` moves values.

    With fractions, values are thirds: neither float32 nor whole numbers hold them as
    they are.  In two windows of every channel the largest values are nearly equal.
    """

    name: str
    x: tuple
    height: int
    width: int
    stride: int
    shift: int = 0
    fractions: bool = False

    @property
    def traits(self):
        """Tell what distinguishes this case from others, in a student's words."""
        N, C, H, W = self.x
        sides = ((H, self.height), (W, self.width))
        outs = [1 + (side - size) // self.stride for side, size in sides]
        left_over = any((side - size) % self.stride for side, size in sides)
        several = [size for (_, size), out in zip(sides, outs, strict=True) if out > 1]
        tile = not left_over and all(size == self.stride for size in several)
        return {
            "fractions": self.fractions,
            "several images": N > 1,
            "several channels": C > 1,
            "an image that is not square": H != W,
            "a window that is not square": self.height != self.width,
            "a stride above 1": self.stride > 1,
            "windows that overlap": any(size > self.stride for size in several),
            "windows that do not tile the image": left_over,
            "windows that overlap or leave pixels out": not tile,
            "negative values only": self.shift < -90,
        }


# Beside windows that are not square an image has a row and a column to spare: there
# rows and columns that are exchanged give wrong values, and no error that hides why.
POOL_CASES = (
    PoolCase("2 x 2 windows, stride 2", (2, 3, 4, 4), 2, 2, 2),
    PoolCase("all values negative", (2, 2, 4, 4), 2, 2, 2, shift=-100),
    PoolCase("image wider than high", (2, 2, 4, 6), 2, 2, 2),
    PoolCase("3 x 3, stride 2: windows overlap", (2, 2, 7, 7), 3, 3, 2),
    PoolCase("3 x 3, stride 1: windows overlap", (1, 2, 5, 5), 3, 3, 1),
    PoolCase("2 x 3 windows", (2, 2, 7, 8), 2, 3, 2),
    PoolCase("3 x 2 windows", (2, 2, 8, 7), 3, 2, 2),
    PoolCase("windows do not tile (floor)", (1, 2, 5, 5), 2, 2, 2),
    PoolCase("stride larger than the window", (1, 2, 8, 8), 2, 2, 3),
    PoolCase("window as large as the image", (2, 3, 3, 4), 3, 4, 1),
    PoolCase("all of this at once", (3, 2, 8, 7), 3, 2, 2, shift=-30),
)
POOL_FRACTIONS = PoolCase("fractions", (2, 2, 5, 5), 3, 3, 2, fractions=True)
POOL_ALIAS = PoolCase("", (1, 1, 2, 2), 1, 1, 1)
POOL_TINY = PoolCase("", (1, 2, 5, 4), 3, 2, 1)


class MaxPooling(Layer):
    """Max pooling, for the shared properties; all values of an input differ."""

    def arguments(self, case):
        """Return x and pool_param."""
        size = int(np.prod(case.x))
        values = np.random.default_rng(5).permutation(size) - size // 2 + case.shift
        pool_param = {
            "pool_height": case.height,
            "pool_width": case.width,
            "stride": case.stride,
        }
        x = values.reshape(case.x).astype(np.float64)
        if case.fractions:
            x = x / 3
            # Corners belong to one window each.  There the largest value comes last in
            # the first window, and first in the last one; the others are smaller by
            # the last digit and by 1e-9.
            near = np.array([33 - 1e-9, np.nextafter(33, 0), 33])
            x[..., [0, 0, 1], [0, 1, 0]] = near
            x[..., [3, 4, 4], [4, 3, 4]] = near[::-1]
        return {"x": x, "pool_param": pool_param}

    def forward(self, x, pool_param):
        """Return the right output."""
        return oracle.max_pool_forward(x, *pool_param.values())

    def backward(self, dout, x, pool_param):
        """Return the right dx, in a tuple."""
        return (oracle.max_pool_backward(dout, x, *pool_param.values()),)

    def out_suspects(self, x, pool_param):
        """Return what common mistakes give."""
        return (
            pool_mistakes.max_pool_forward(x, *pool_param.values()),
            pool_mistakes.max_pool_shapes(x.shape, *pool_param.values()),
        )

    def gradient_suspects(self, dout, x, pool_param):
        """Return what common mistakes give, by gradient."""
        flat = (*x.shape[:2], x.shape[2] * x.shape[3])
        shapes = [
            ("height and width have to be axes of their own again", flat),
            ("this is the shape of dout, expected that of x", dout.shape),
        ]
        values = pool_mistakes.max_pool_dx(dout, x, *pool_param.values())
        return {"dx": (values, shapes)}


@recorded("max-pool-forward")
def check_max_pool_forward(fn):
    """Check a max pooling's forward pass and print the report.

    Parameters
    ----------
    fn : callable
        ``fn(x, pool_param) -> (out, cache)``, as `max_pool_forward_naive`.

    Returns
    -------
    Results
        One `Result` per property.
    """
    properties = forward_properties(MaxPooling(), POOL_CASES, POOL_ALIAS)
    properties += [
        # After the cases, which say more together than an example does.
        ("hand-worked 3 x 3 example", pool_forward_by_hand),
        ("nan in a window gives nan", pool_passes_nan_on),
        ("a window of -inf gives -inf", pool_passes_infinity_on),
        # The last, because a wrong dtype loses digits, too, but has a name of its own.
        (POOL_FRACTIONS.name, partial(out_is_right, MaxPooling(), POOL_FRACTIONS)),
    ]
    forward = Subject(fn)
    return run(forward.name, properties, forward, hint=sliding_window)


@recorded("max-pool-backward")
def check_max_pool_backward(forward, backward):
    """Check a max pooling's backward pass and print the report.

    Parameters
    ----------
    forward : callable
        The forward pass that makes the caches.
    backward : callable
        ``backward(dout, cache) -> dx``, as `max_pool_backward_naive`.

    Returns
    -------
    Results
        One `Result` per property.
    """
    properties = backward_properties(MaxPooling(), POOL_CASES, POOL_TINY)
    properties += [
        ("hand-worked 3 x 3 example", pool_backward_by_hand),
        ("ties: all values of an image equal", partial(ties_share_dout, low=7)),
        ("ties: two of four values equal", partial(ties_share_dout, low=-9)),
        (
            POOL_FRACTIONS.name,
            partial(gradients_are_right, MaxPooling(), POOL_FRACTIONS),
        ),
    ]
    forward, backward = Subject(forward), Subject(backward)
    return run(backward.name, properties, forward, backward, hint=sliding_window)


# 2 x 2 windows with stride 1 on (1 5 2 / 4 3 0 / 7 6 8): 5 is the largest of both
# windows of the first row, 7 and 8 are of the second.
POOL_X = np.array([[1.0, 5.0, 2.0], [4.0, 3.0, 0.0], [7.0, 6.0, 8.0]])
POOL_X = POOL_X.reshape(1, 1, 3, 3)
POOL_OUT = np.array([[5.0, 5.0], [7.0, 8.0]]).reshape(1, 1, 2, 2)


def _hand_pool():
    return POOL_X.copy(), {"pool_height": 2, "pool_width": 2, "stride": 1}


def pool_forward_by_hand(forward):
    """Compare with the example above."""
    out, _ = forward.pair(*_hand_pool())
    suspects = pool_mistakes.max_pool_forward(POOL_X, 2, 2, 1)
    shapes = pool_mistakes.max_pool_shapes(POOL_X.shape, 2, 2, 1)
    return judge("out", out, POOL_OUT, EXACT, suspects, shapes), EXACT


def pool_backward_by_hand(forward, backward):
    """With gradients 1 2 / 3 4, the 5 collects 1 + 2, the 7 gets 3 and the 8 gets 4."""
    _, cache = forward.pair(*_hand_pool())
    dout = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
    dx = backward(dout.copy(), cache)
    right = np.array([[0.0, 3.0, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 4.0]])
    suspects = pool_mistakes.max_pool_dx(dout, POOL_X, 2, 2, 1)
    return judge("dx", dx, right.reshape(1, 1, 3, 3), EXACT, suspects), EXACT


def _pool_with(value, place):
    layer = MaxPooling()
    arguments = layer.arguments(POOL_CASES[3])  # overlapping windows
    arguments["x"][place] = value
    return arguments, layer.forward(**arguments)


def pool_passes_nan_on(forward):
    """Expect nan from every window that holds one; comparisons tend to lose it."""
    arguments, expected = _pool_with(np.nan, (0, 1, 2, 3))
    suspect = (
        "nan got lost: comparisons with nan are always false, but np.max keeps it",
        lambda: np.nanmax(oracle.windows(arguments["x"], 3, 3, 2), axis=(4, 5)),
    )
    out, _ = forward.pair(*arguments.values())
    judge("out", out, expected, EXACT, [suspect])


def pool_passes_infinity_on(forward):
    """Expect -inf, not 0 and not the lowest float, from a window full of -inf."""
    corner = (0, 0, slice(0, 3), slice(0, 3))
    arguments, expected = _pool_with(-np.inf, corner)
    out, _ = forward.pair(*arguments.values())
    out = require_array("out", out)
    require_shape("out", out, expected.shape)
    found = out[0, 0, 0, 0]
    suspect = (
        f"the search starts at {found:g}, and all values of the window are below that; "
        "start from the first value of the window or from -inf",
        lambda: np.where(np.isneginf(expected), found, expected),
    )
    judge("out", out, expected, EXACT, [suspect])


def ties_share_dout(forward, backward, low):
    """Expect that the gradients a window hands back sum to its dout.

    The left column of every 2 x 2 window is 7, the right one is ``low``.
    """
    x = np.full((2, 2, 4, 6), 7.0)
    x[..., 1::2] = low
    pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, cache = forward.pair(x.copy(), pool_param)
    dout = make_dout((2, 2, 2, 3))
    dx = require_array("dx", backward(dout.copy(), cache))
    first = oracle.max_pool_backward(dout, x, 2, 2, 2)
    if dx.shape != x.shape or np.any(dx[x < 7] != 0):
        judge("dx", dx, first, EXACT)  # says where
    sums = oracle.windows(dx, 2, 2, 2).sum(axis=(4, 5))
    count = 4 if low == 7 else 2
    suspect = (
        "every one of the equally large values got all of dout: the first one in "
        "row-major order receives it all (another share is right, too, if it sums to "
        "dout)",
        lambda: count * dout,
    )
    return judge("sum over a window of dx", sums, dout, EXACT, [suspect]), EXACT
