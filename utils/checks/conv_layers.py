"""Checks of CNN-Layers.ipynb: convolution and max pooling, forward and backward.

Inputs are small whole numbers, so the right answer is exact and every mistake is
large.  Each row of the two tables is one shape, stride and padding that some common
mistake gets wrong; the properties of `utils.checks.properties` run on all of them.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from utils.checks import mistakes, oracle
from utils.checks.compare import EXACT, judge, judge_all, require_array
from utils.checks.properties import (
    Layer,
    backward_properties,
    forward_properties,
    make_dout,
    whole_numbers,
)
from utils.checks.report import run
from utils.checks.subject import Subject


@dataclass(frozen=True)
class ConvCase:
    """Shapes ``x`` (N, C, H, W) and ``w`` (F, C, HH, WW), stride and padding."""

    name: str
    x: tuple
    w: tuple
    stride: int = 1
    pad: int = 0


CONV_CASES = (
    ConvCase("stride 1, no padding", (2, 3, 5, 5), (4, 3, 3, 3)),
    ConvCase("padding 1", (2, 2, 4, 4), (3, 2, 3, 3), pad=1),
    ConvCase("padding 2", (1, 2, 4, 4), (2, 2, 5, 5), pad=2),
    ConvCase("padding as wide as the filter", (1, 2, 3, 3), (2, 2, 2, 2), pad=2),
    ConvCase("stride 2", (2, 2, 7, 7), (2, 2, 3, 3), stride=2),
    ConvCase("stride 3", (2, 2, 7, 7), (2, 2, 4, 4), stride=3),
    ConvCase("stride larger than the filter", (1, 2, 8, 8), (2, 2, 2, 2), stride=3),
    ConvCase("stride 2, padding 1", (2, 3, 5, 5), (2, 3, 3, 3), stride=2, pad=1),
    ConvCase("image higher than wide", (2, 2, 6, 4), (3, 2, 3, 3)),
    ConvCase("filter wider than high", (2, 2, 5, 5), (3, 2, 2, 3)),
    ConvCase("windows do not tile (floor)", (1, 2, 6, 6), (2, 2, 3, 3), stride=2),
    ConvCase("1 x 1 filters", (2, 3, 3, 3), (4, 3, 1, 1)),
    ConvCase("filter as large as the image", (2, 2, 3, 4), (2, 2, 3, 4)),
    ConvCase("one image, channel and filter", (1, 1, 4, 4), (1, 1, 2, 2)),
    ConvCase("all of this at once", (2, 3, 6, 9), (2, 3, 3, 2), stride=2, pad=2),
)
CONV_ALIAS = ConvCase("", (1, 1, 2, 2), (1, 1, 1, 1))
CONV_TINY = ConvCase("", (1, 2, 4, 5), (2, 2, 3, 2), stride=2, pad=1)


@dataclass(frozen=True)
class PoolCase:
    """Shape ``x`` (N, C, H, W), the window and its stride; ``shift`` moves values."""

    name: str
    x: tuple
    height: int
    width: int
    stride: int
    shift: int = 0


POOL_CASES = (
    PoolCase("2 x 2 windows, stride 2", (2, 3, 4, 4), 2, 2, 2),
    PoolCase("all values negative", (2, 2, 4, 4), 2, 2, 2, shift=-100),
    PoolCase("image wider than high", (2, 2, 4, 6), 2, 2, 2),
    PoolCase("3 x 3, stride 2: windows overlap", (2, 2, 7, 7), 3, 3, 2),
    PoolCase("3 x 3, stride 1: windows overlap", (1, 2, 5, 5), 3, 3, 1),
    PoolCase("2 x 3 windows", (2, 2, 6, 7), 2, 3, 2),
    PoolCase("3 x 2 windows", (2, 2, 7, 6), 3, 2, 2),
    PoolCase("windows do not tile (floor)", (1, 2, 5, 5), 2, 2, 2),
    PoolCase("stride larger than the window", (1, 2, 8, 8), 2, 2, 3),
    PoolCase("window as large as the image", (2, 3, 3, 4), 3, 4, 1),
    PoolCase("all of this at once", (3, 2, 8, 7), 3, 2, 2, shift=-30),
)
POOL_ALIAS = PoolCase("", (1, 1, 2, 2), 1, 1, 1)
POOL_TINY = PoolCase("", (1, 2, 5, 4), 3, 2, 1)


class Convolution(Layer):
    """Convolution, for the shared properties."""

    gradients = ("dx", "dw", "db")

    def arguments(self, case):
        """Return x, w, b and conv_param."""
        return {
            "x": whole_numbers(case.x, seed=3),
            "w": whole_numbers(case.w, seed=4),
            "b": 10.0 * np.arange(1, case.w[0] + 1),
            "conv_param": {"stride": case.stride, "pad": case.pad},
        }

    def forward(self, x, w, b, conv_param):
        """Return the right output."""
        return oracle.conv_forward(x, w, b, **conv_param)

    def backward(self, dout, x, w, b, conv_param):
        """Return the right dx, dw and db."""
        return oracle.conv_backward(dout, x, w, **conv_param)

    def out_suspects(self, x, w, b, conv_param):
        """Return what common mistakes give."""
        return (
            mistakes.conv_forward(x, w, b, **conv_param),
            mistakes.conv_shapes(x.shape, w.shape, **conv_param),
        )

    def gradient_suspects(self, dout, x, w, b, conv_param):
        """Return what common mistakes give, by gradient."""
        return {
            "dx": (
                mistakes.conv_dx(dout, x, w, **conv_param),
                mistakes.conv_dx_shapes(x.shape, conv_param["pad"]),
            ),
            "dw": (mistakes.conv_dw(dout, x, w, **conv_param), ()),
            "db": (mistakes.conv_db(dout), mistakes.conv_db_shapes(dout.shape)),
        }


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
            mistakes.max_pool_forward(x, *pool_param.values()),
            mistakes.max_pool_shapes(x.shape, *pool_param.values()),
        )

    def gradient_suspects(self, dout, x, pool_param):
        """Return what common mistakes give, by gradient."""
        return {"dx": (mistakes.max_pool_dx(dout, x, *pool_param.values()), ())}


def check_conv_forward(fn):
    """Check a convolution's forward pass and print the report.

    Parameters
    ----------
    fn : callable
        ``fn(x, w, b, conv_param) -> (out, cache)``, as `conv_forward_naive`.

    Returns
    -------
    Results
        One `Result` per property; never raises because of what ``fn`` does.
    """
    properties = forward_properties(Convolution(), CONV_CASES, CONV_ALIAS)
    properties.insert(1, ("hand-worked 3 x 3 example", conv_forward_by_hand))
    forward = Subject(fn)
    return run(forward.name, properties, forward)


def check_conv_backward(forward, backward):
    """Check a convolution's backward pass and print the report.

    Parameters
    ----------
    forward : callable
        The forward pass that makes the caches; what they hold is up to it.
    backward : callable
        ``backward(dout, cache) -> (dx, dw, db)``, as `conv_backward_naive`.

    Returns
    -------
    Results
        One `Result` per property.
    """
    properties = backward_properties(Convolution(), CONV_CASES, CONV_TINY)
    properties.insert(1, ("hand-worked 3 x 3 example", conv_backward_by_hand))
    forward, backward = Subject(forward), Subject(backward)
    return run(backward.name, properties, forward, backward)


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
    properties.insert(1, ("hand-worked 3 x 3 example", pool_forward_by_hand))
    properties += [
        ("nan in a window gives nan", pool_passes_nan_on),
        ("a window of -inf gives -inf", pool_passes_infinity_on),
    ]
    forward = Subject(fn)
    return run(forward.name, properties, forward)


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
    properties.insert(1, ("hand-worked 3 x 3 example", pool_backward_by_hand))
    properties += [
        ("ties: all values of an image equal", partial(ties_share_dout, low=7)),
        ("ties: two of four values equal", partial(ties_share_dout, low=-9)),
    ]
    forward, backward = Subject(forward), Subject(backward)
    return run(backward.name, properties, forward, backward)


# One 3 x 3 image 1 ... 9 and one 2 x 2 filter (1 2 / 3 4) with bias 10.  The first
# window is (1 2 / 4 5): 1*1 + 2*2 + 3*4 + 4*5 = 37, and 47 with the bias.  One step to
# the right adds 1 to every pixel, so 1 + 2 + 3 + 4 = 10 to the sum; one step down, 30.
HAND_X = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
HAND_W = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
HAND_OUT = np.array([[47.0, 57.0], [77.0, 87.0]]).reshape(1, 1, 2, 2)


def _hand_conv():
    return HAND_X.copy(), HAND_W.copy(), np.array([10.0]), {"stride": 1, "pad": 0}


def conv_forward_by_hand(forward):
    """Compare with the example above."""
    out, _ = forward.pair(*_hand_conv())
    suspects = mistakes.conv_forward(HAND_X, HAND_W, np.array([10.0]), 1, 0)
    return judge("out", out, HAND_OUT, EXACT, suspects), EXACT


def conv_backward_by_hand(forward, backward):
    """Only the first output has a gradient, 2: so dw is 2 * its window, dx 2 * w."""
    _, cache = forward.pair(*_hand_conv())
    dout = np.array([[2.0, 0.0], [0.0, 0.0]]).reshape(1, 1, 2, 2)
    dx, dw, db = backward.pair(dout.copy(), cache, names=("dx", "dw", "db"))
    right_dx = np.array([[2.0, 4.0, 0.0], [6.0, 8.0, 0.0], [0.0, 0.0, 0.0]])
    right_dw = np.array([[2.0, 4.0], [8.0, 10.0]]).reshape(1, 1, 2, 2)
    entries = {
        "dx": (
            dx,
            right_dx.reshape(1, 1, 3, 3),
            mistakes.conv_dx(dout, HAND_X, HAND_W, 1, 0),
        ),
        "dw": (dw, right_dw, mistakes.conv_dw(dout, HAND_X, HAND_W, 1, 0)),
        "db": (db, np.array([2.0]), mistakes.conv_db(dout)),
    }
    return judge_all(entries, EXACT), EXACT


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
    suspects = mistakes.max_pool_forward(POOL_X, 2, 2, 1)
    return judge("out", out, POOL_OUT, EXACT, suspects), EXACT


def pool_backward_by_hand(forward, backward):
    """With gradients 1 2 / 3 4, the 5 collects 1 + 2, the 7 gets 3 and the 8 gets 4."""
    _, cache = forward.pair(*_hand_pool())
    dout = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
    dx = backward(dout.copy(), cache)
    right = np.array([[0.0, 3.0, 0.0], [0.0, 0.0, 0.0], [3.0, 0.0, 4.0]])
    suspects = mistakes.max_pool_dx(dout, POOL_X, 2, 2, 1)
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
    judge("out", out, expected, EXACT)


def ties_share_dout(forward, backward, low):
    """Expect that the gradients a window hands back sum to its dout.

    The left column of every 2 x 2 window is 7, the right one is ``low``.
    """
    x = np.full((2, 2, 4, 6), 7.0)
    x[..., 1::2] = low
    pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
    _, cache = forward.pair(x.copy(), pool_param)
    dout = make_dout(MaxPooling(), {"x": x, "pool_param": pool_param})
    dx = require_array("dx", backward(dout.copy(), cache))
    first = oracle.max_pool_backward(dout, x, 2, 2, 2)
    if dx.shape != x.shape or np.any(dx[x < 7] != 0):
        judge("dx", dx, first, EXACT)  # says where
    sums = oracle.windows(dx, 2, 2, 2).sum(axis=(4, 5))
    count = 4 if low == 7 else 2
    suspect = (
        "every one of the equally large values got all of dout; give it to the first "
        "(or to each an equal share)",
        lambda: count * dout,
    )
    return judge("sum over a window of dx", sums, dout, EXACT, [suspect]), EXACT
