"""Each known mistake, committed on purpose, is refused and called by its name."""

import numpy as np
import pytest

from utils.checks import mistakes
from utils.checks.conv_layers import (
    CONV_CASES,
    Convolution,
    check_conv_backward,
    check_conv_forward,
)
from utils.checks.max_pool import (
    POOL_CASES,
    MaxPooling,
    check_max_pool_backward,
    check_max_pool_forward,
)
from utils.exercises import conv_layers as solved

LAYERS = {"conv": (Convolution(), CONV_CASES), "pool": (MaxPooling(), POOL_CASES)}


def texts(kind, gradient=None):
    layer, cases = LAYERS[kind]
    arguments = layer.arguments(cases[-1])
    if gradient is None:
        return sorted({text for text, _ in layer.out_suspects(**arguments)[0]})
    dout = layer.forward(**arguments)
    suspects = layer.gradient_suspects(dout, **arguments)[gradient][0]
    return sorted({text for text, _ in suspects})


def all_messages(results):
    return " ".join(result.message for result in results if not result.passed)


@pytest.mark.parametrize(
    ("kind", "text"), [(k, text) for k in ("conv", "pool") for text in texts(k)]
)
def test_wrong_outputs_are_named(kind, text):
    layer, _ = LAYERS[kind]
    right = (
        solved.conv_forward_naive if kind == "conv" else solved.max_pool_forward_naive
    )

    def forward(*arguments):
        out, cache = right(*arguments)
        names = ("x", "w", "b", "conv_param") if kind == "conv" else ("x", "pool_param")
        given = dict(zip(names, arguments, strict=True))
        with np.errstate(invalid="ignore"):
            suspects = layer.out_suspects(**given)[0]
            wrong = dict(suspects)[text]()
        return (out if wrong is None else wrong.astype(out.dtype)), cache

    check = check_conv_forward if kind == "conv" else check_max_pool_forward
    assert text in all_messages(check(forward))


@pytest.mark.parametrize(
    ("kind", "gradient", "text"),
    [("conv", g, text) for g in ("dx", "dw", "db") for text in texts("conv", g)]
    + [("pool", "dx", text) for text in texts("pool", "dx")],
)
def test_wrong_gradients_are_named(kind, gradient, text):
    layer, _ = LAYERS[kind]

    def wrong_of(dout, cache):
        names = ("x", "w", "b", "conv_param") if kind == "conv" else ("x", "pool_param")
        given = dict(zip(names, cache, strict=True))
        suspects = layer.gradient_suspects(dout, **given)[gradient][0]
        return dict(suspects)[text]().astype(dout.dtype)

    def conv_backward(dout, cache):
        gradients = dict(
            zip(
                ("dx", "dw", "db"), solved.conv_backward_naive(dout, cache), strict=True
            )
        )
        gradients[gradient] = wrong_of(dout, cache)
        return tuple(gradients.values())

    if kind == "conv":
        results = check_conv_backward(solved.conv_forward_naive, conv_backward)
    else:
        results = check_max_pool_backward(solved.max_pool_forward_naive, wrong_of)
    assert text in all_messages(results)


def test_windows_that_overwrite_each_other_by_hand():
    # Two windows of three pixels, one pixel shared: the second one wins there.
    values = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(1, 1, 1, 2, 1, 3)
    flat = mistakes.assign(values, (1, 1, 1, 5), stride=2)
    np.testing.assert_array_equal(flat.ravel(), [1, 2, 4, 5, 6])
