import numpy as np
import pytest

from utils import blocks
from utils.gradient_check import numerical_gradient_array, relative_error

CONV = {"stride": 1, "pad": 1}
POOL = {"pool_height": 2, "pool_width": 2, "stride": 2}


def arguments(rng, name):
    """Arrays and parameters of a block: (arrays, a function that adds the rest)."""
    if name.startswith("conv"):
        x, w = rng.standard_normal((2, 3, 6, 8)), rng.standard_normal((4, 3, 3, 3))
    else:
        x, w = rng.standard_normal((5, 2, 3)), rng.standard_normal((6, 4))
    arrays = [x, w, rng.standard_normal(4)]
    if "_bn_" in name:
        arrays += [rng.standard_normal(4), rng.standard_normal(4)]

    def rest():
        extra = [CONV] if name.startswith("conv") else []
        extra += [{"mode": "train"}] if "_bn_" in name else []
        return extra + ([POOL] if name.endswith("pool") else [])

    return arrays, rest


NAMES = [
    "affine_relu",
    "affine_bn_relu",
    "conv_relu",
    "conv_bn_relu",
    "conv_relu_pool",
    "conv_bn_relu_pool",
]


@pytest.mark.parametrize("name", NAMES)
def test_gradients(rng, name):
    forward = getattr(blocks, f"{name}_forward")
    backward = getattr(blocks, f"{name}_backward")
    arrays, rest = arguments(rng, name)
    out, cache = forward(*arrays, *rest())
    dout = rng.standard_normal(out.shape)
    grads = backward(dout, cache)
    assert len(grads) == len(arrays)
    # batchnorm removes any constant, so the bias before it has gradient 0
    largest = max(np.abs(g).max() for g in grads)
    for k, got in enumerate(grads):

        def f(a, k=k):
            return forward(*arrays[:k], a, *arrays[k + 1 :], *rest())[0]

        expected = numerical_gradient_array(f, arrays[k], dout, h=1e-6)
        if np.abs(expected).max() < 1e-6 * largest:
            assert np.abs(got).max() < 1e-10 * largest
        else:
            assert relative_error(got, expected) < 1e-6


def test_the_layers_come_in_the_order_of_the_name(rng):
    x = rng.standard_normal((1, 1, 4, 4))
    w, b = np.ones((1, 1, 1, 1)), np.array([-100.0])
    same = {"stride": 1, "pad": 0}
    # relu after the bias: all values are far below zero
    out, _ = blocks.conv_relu_pool_forward(x, w, b, same, POOL)
    np.testing.assert_array_equal(out, np.zeros((1, 1, 2, 2)))
    # batchnorm before relu: the bias vanishes and half the values survive
    args = x, w, b, np.ones(1), np.zeros(1), same, {"mode": "train"}
    out, _ = blocks.conv_bn_relu_forward(*args)
    x_hat = (x - x.mean()) / np.sqrt(x.var() + 1e-5)
    np.testing.assert_allclose(out, np.maximum(x_hat, 0), atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_float32_stays_float32(rng, name):
    arrays, rest = arguments(rng, name)
    arrays = [a.astype(np.float32) for a in arrays]
    out, cache = getattr(blocks, f"{name}_forward")(*arrays, *rest())
    grads = getattr(blocks, f"{name}_backward")(out, cache)
    assert {a.dtype for a in (out, *grads)} == {np.dtype(np.float32)}
