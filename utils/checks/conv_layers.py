"""Checks of CNN-Layers.ipynb: convolution, forward and backward.

Inputs are small whole numbers, so the right answer is exact and every mistake is
large.  Each row of the table is one shape, stride and padding that some common
mistake gets wrong; the properties of `utils.checks.properties` run on all of them.
"""

from dataclasses import dataclass
from functools import partial

import numpy as np

from utils.checks import conv_mistakes, oracle
from utils.checks.compare import EXACT, Wrong, judge, judge_all, require_array
from utils.checks.contrast import InCase
from utils.checks.conv_readings import output_size
from utils.checks.hints import sliding_window
from utils.checks.inputs import as_dtype, fractions, whole_numbers
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
class ConvCase:
    """Shapes ``x`` (N, C, H, W) and ``w`` (F, C, HH, WW), stride and padding.

    Fractions have 20 binary digits, and 27 in dout: more in a product than float32
    has, and still few enough for sums that are exact in float64.
    """

    name: str
    x: tuple
    w: tuple
    stride: int = 1
    pad: int = 0
    fractions: bool = False

    @property
    def traits(self):
        """What a mistake may depend on, the most telling first."""
        H, W = self.x[2:]
        HH, WW = self.w[2:]
        size = output_size(self.x, self.w, self.stride, self.pad)
        left_over = [
            (size[k] - 1) * self.stride + self.w[2 + k] < self.x[2 + k] + 2 * self.pad
            for k in (0, 1)
        ]
        return {
            "fractions": self.fractions,
            "a filter that is not square": HH != WW,
            "an image whose height and width differ": H != W,
            "an output whose height and width differ": size[0] != size[1],
            "stride above 1": self.stride > 1,
            "padding": self.pad > 0,
            "windows that do not tile": any(left_over),
            "windows that overlap": self.stride < max(HH, WW) and max(size) > 1,
            "more than one window": max(size) > 1,
            "several images": self.x[0] > 1,
            "several channels": self.x[1] > 1,
            "several filters": self.w[0] > 1,
        }


# The first image has as many columns in its output as there are filters: a bias added
# along the wrong axis is wrong there, and no error.
CONV_CASES = (
    ConvCase("stride 1, no padding", (2, 3, 6, 6), (4, 3, 3, 3)),
    ConvCase("padding 1", (2, 2, 4, 4), (3, 2, 3, 3), pad=1),
    ConvCase("padding 2", (1, 2, 4, 4), (2, 2, 5, 5), pad=2),
    ConvCase("padding as wide as the filter", (1, 2, 3, 3), (2, 2, 2, 2), pad=2),
    ConvCase("stride 2", (2, 2, 7, 7), (2, 2, 3, 3), stride=2),
    ConvCase("stride 3", (2, 2, 7, 7), (2, 2, 4, 4), stride=3),
    ConvCase("stride larger than the filter", (1, 2, 8, 8), (1, 2, 2, 2), stride=3),
    ConvCase("stride 2, padding 1", (2, 3, 5, 5), (2, 3, 3, 3), stride=2, pad=1),
    ConvCase("image higher than wide", (2, 2, 6, 4), (3, 2, 3, 3)),
    ConvCase("filter wider than high", (2, 2, 5, 5), (3, 2, 2, 3)),
    ConvCase("windows do not tile (floor)", (1, 2, 6, 6), (2, 2, 3, 3), stride=2),
    ConvCase("1 x 1 filters", (2, 3, 3, 3), (4, 3, 1, 1)),
    ConvCase("filter as large as the image", (2, 2, 3, 4), (2, 2, 3, 4)),
    ConvCase("one image, channel and filter", (1, 1, 4, 4), (1, 1, 2, 2)),
    ConvCase("all of this at once", (2, 3, 6, 9), (2, 3, 3, 2), stride=2, pad=2),
)
CONV_FRACTIONS = ConvCase("fractions", (2, 2, 4, 4), (4, 2, 3, 3), fractions=True)
CONV_ALIAS = ConvCase("", (1, 1, 2, 2), (1, 1, 1, 1))
CONV_TINY = ConvCase("", (1, 2, 4, 5), (2, 2, 3, 2), stride=2, pad=1)


class Convolution(Layer):
    """Convolution, for the shared properties."""

    gradients = ("dx", "dw", "db")

    def arguments(self, case):
        """Return x, w, b and conv_param."""
        numbers = partial(fractions, digits=20) if case.fractions else whole_numbers
        return {
            "x": numbers(case.x, seed=3),
            "w": numbers(case.w, seed=4),
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
            conv_mistakes.conv_forward(x, w, b, **conv_param),
            conv_mistakes.conv_shapes(x.shape, w.shape, **conv_param),
        )

    def gradient_suspects(self, dout, x, w, b, conv_param):
        """Return what common mistakes give, by gradient."""
        return {
            "dx": (
                conv_mistakes.conv_dx(dout, x, w, **conv_param),
                conv_mistakes.conv_dx_shapes(x.shape, w.shape, **conv_param),
            ),
            "dw": (
                conv_mistakes.conv_dw(dout, x, w, **conv_param),
                conv_mistakes.conv_dw_shapes(x.shape, w.shape),
            ),
            "db": (
                conv_mistakes.conv_db(dout, w, b),
                conv_mistakes.conv_db_shapes(dout.shape, x.shape, w.shape),
            ),
        }


@recorded("conv-forward")
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
    by_hand = [("hand-worked 3 x 3 example", conv_forward_by_hand)]
    layer = Convolution()
    properties = forward_properties(layer, CONV_CASES, CONV_ALIAS, by_hand)
    properties += [
        ("out has the dtype of x", out_has_dtype_of_x),
        _with_fractions(out_is_right, layer),
    ]
    forward = Subject(fn)
    return run(forward.name, properties, forward, hint=sliding_window)


@recorded("conv-backward")
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
    by_hand = [("hand-worked 3 x 3 example", conv_backward_by_hand)]
    layer = Convolution()
    properties = backward_properties(layer, CONV_CASES, CONV_TINY, by_hand)
    properties.append(_with_fractions(gradients_are_right, layer))
    forward, backward = Subject(forward), Subject(backward)
    return run(backward.name, properties, forward, backward, hint=sliding_window)


def _with_fractions(test, layer):
    """Come last: an array of the wrong dtype loses digits, but that is said before."""
    return CONV_FRACTIONS.name, InCase(test, layer, CONV_FRACTIONS)


def out_has_dtype_of_x(forward):
    """Give filters in float32 and images in float64, which is what out has to be.

    The other way round numpy by itself would make float64 of both.
    """
    arguments = Convolution().arguments(CONV_CASES[0])
    filters = as_dtype({name: arguments[name] for name in ("w", "b")}, np.float32)
    out = require_array("out", forward.pair(*(arguments | filters).values())[0])
    if out.dtype != np.float64:
        raise Wrong(
            f"out is {out.dtype} where w and b are float32 and x is float64: out has "
            "the dtype of x."
        )


# One 3 x 3 image 1 ... 9 and one 2 x 2 filter (1 2 / 3 4) with bias 10.  The first
# window is (1 2 / 4 5): 1*1 + 2*2 + 3*4 + 4*5 = 37, and 47 with the bias.  One step to
# the right adds 1 to every pixel, so 1 + 2 + 3 + 4 = 10 to the sum; one step down, 30.
HAND_X = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
HAND_W = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 2, 2)
HAND_OUT = np.array([[47.0, 57.0], [77.0, 87.0]]).reshape(1, 1, 2, 2)


def _by_hand():
    return {
        "x": HAND_X.copy(),
        "w": HAND_W.copy(),
        "b": np.array([10.0]),
        "conv_param": {"stride": 1, "pad": 0},
    }


def conv_forward_by_hand(forward):
    """Compare with the example above."""
    out, _ = forward.pair(*_by_hand().values())
    suspects = Convolution().out_suspects(**_by_hand())
    return judge("out", out, HAND_OUT, EXACT, *suspects), EXACT


def conv_backward_by_hand(forward, backward):
    """Only the first output has a gradient, 2: so dw is 2 * its window, dx 2 * w."""
    _, cache = forward.pair(*_by_hand().values())
    dout = np.array([[2.0, 0.0], [0.0, 0.0]]).reshape(1, 1, 2, 2)
    names = Convolution.gradients
    got = backward.pair(dout.copy(), cache, names=names)
    right_dx = np.array([[2.0, 4.0, 0.0], [6.0, 8.0, 0.0], [0.0, 0.0, 0.0]])
    right_dw = np.array([[2.0, 4.0], [8.0, 10.0]])
    right = right_dx.reshape(1, 1, 3, 3), right_dw.reshape(1, 1, 2, 2), np.array([2.0])
    suspects = Convolution().gradient_suspects(dout, **_by_hand())
    entries = {
        name: (gradient, expected, *suspects[name])
        for name, gradient, expected in zip(names, got, right, strict=True)
    }
    return judge_all(entries, EXACT), EXACT
