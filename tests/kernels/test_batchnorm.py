import numpy as np
import pytest

from tests import oracle
from tests.kernels.engine import needs_compiler
from utils.kernels.activations import Gelu, Identity, Relu
from utils.kernels.batchnorm import BatchNorm
from utils.kernels.simd import LANES

pytestmark = needs_compiler


def backward(g, x, gamma, eps):
    """Give dx, dgamma and dbeta in float64, by the textbook's chain rule."""
    mean, var = x.mean(axis=0), x.var(axis=0)
    normal = (x - mean) / np.sqrt(var + eps)
    d = g * gamma
    dvar = (d * (x - mean)).sum(axis=0) * -0.5 * (var + eps) ** -1.5
    dmean = -d.sum(axis=0) / np.sqrt(var + eps)
    dx = d / np.sqrt(var + eps) + dvar * 2 * (x - mean) / len(x) + dmean / len(x)
    return dx, (g * normal).sum(axis=0), g.sum(axis=0)


@pytest.mark.parametrize("middle", [0, 1000, 3e6])
@pytest.mark.parametrize(
    "shape", [(2, 3, 5, LANES), (4, 16, 16, 3 * LANES), (9, LANES)]
)
def test_a_step_of_training(rng, shape, middle):
    C, eps = shape[-1], 1e-3
    x = (rng.standard_normal(shape) * 3 + middle).astype(np.float32)
    # The gradient goes along with x, so that dgamma matters for dx.
    dout = rng.standard_normal(shape).astype(np.float32) + (x - np.float32(middle)) / 3
    gamma, beta = rng.uniform(0.5, 2, C), rng.standard_normal(C)
    layer, out, dx = BatchNorm(C, eps), np.empty_like(x), np.empty_like(x)
    layer.measure(x)
    layer.prepare(gamma, beta)
    layer.forward(Relu(), x, out)
    exact = x.reshape(-1, C).astype(float)
    z = oracle.batchnorm_forward(exact, gamma, beta, eps, (0,))
    np.testing.assert_allclose(out.reshape(-1, C), np.maximum(z, 0), atol=1e-5)
    layer.reduce(Relu(), dout, x)
    layer.backward(Relu(), dout, x, dx)
    g = np.where(z > 0, dout.reshape(-1, C), 0)
    expected = backward(g, exact, gamma, eps)
    found = dx.reshape(-1, C), layer.dgamma, layer.dbeta
    for value, wanted in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, wanted, rtol=2e-5, atol=2e-5)


def test_the_gradient_is_that_of_the_loss(rng):
    shape, C = (3, 4, 4, LANES), LANES
    x = rng.standard_normal(shape).astype(np.float32)
    dout, direction = rng.standard_normal((2, *shape))
    gamma, beta = rng.uniform(0.5, 2, C), rng.standard_normal(C)
    layer, dx = BatchNorm(C), np.empty_like(x)
    layer.measure(x)
    layer.prepare(gamma, beta)
    layer.reduce(Gelu(), dout.astype(np.float32), x)
    layer.backward(Gelu(), dout.astype(np.float32), x, dx)

    def loss(x):
        from math import erf

        z = oracle.batchnorm_forward(x, gamma, beta, 1e-5, (0, 1, 2))
        return (dout * z * 0.5 * (1 + np.vectorize(erf)(z / 2**0.5))).sum()

    h, exact = 1e-5, x.astype(float)
    rise = (loss(exact + h * direction) - loss(exact - h * direction)) / (2 * h)
    np.testing.assert_allclose((dx * direction).sum(), rise, rtol=1e-4, atol=1e-3)


def test_test_mode_uses_the_numbers_given(rng):
    layer = BatchNorm(LANES)
    layer.mean[:], layer.var[:] = 2, 9
    layer.prepare(np.full(LANES, 6), np.full(LANES, 1))
    x = rng.standard_normal((5, LANES)).astype(np.float32)
    out = np.empty_like(x)
    layer.forward(Identity(), x, out)
    np.testing.assert_allclose(out, (x - 2) * 2 + 1, rtol=1e-5, atol=1e-5)


def test_what_has_no_mean_is_refused():
    layer, nothing = BatchNorm(LANES), np.empty((0, LANES), np.float32)
    with pytest.raises(ValueError, match="number of rows of x is 0"):
        layer.measure(nothing)
    with pytest.raises(ValueError, match="pixels is 0"):
        layer.reduce(Identity(), nothing, nothing)
    with pytest.raises(ValueError, match="C is 0"):
        BatchNorm(0)


def test_nothing_read_only_is_written(rng):
    layer, x = BatchNorm(LANES), np.ones((1, 2, 2, LANES), np.float32)
    y, (out, best) = x.copy(), np.ones((2, 1, 1, 1, LANES), np.float32)
    index = np.zeros(out.shape, np.uint8)
    calls = [
        (layer.forward, (x, y), {"out": 1}),
        (layer.backward, (x, x, y), {"dx": 2}),
        (layer.forward_pool, (x, out, best, index), {"out": 1, "best": 2, "index": 3}),
        (layer.backward_pool, (out, index, x, y), {"dx": 3}),
    ]
    for method, arrays, written in calls:
        for name, position in written.items():
            frozen = [array.copy() for array in arrays]
            frozen[position].flags.writeable = False
            with pytest.raises(ValueError, match=f"{name} is read-only"):
                method(Relu(), *frozen)


def test_in_place(rng):
    layer = BatchNorm(LANES)
    x, dout = rng.standard_normal((2, 50, LANES)).astype(np.float32)
    layer.measure(x)
    layer.prepare(1, 0)
    out, dx = np.empty_like(x), np.empty_like(x)
    layer.reduce(Relu(), dout, x)
    layer.backward(Relu(), dout, x, dx)
    layer.backward(Relu(), dout, x, dout)
    np.testing.assert_array_equal(dout, dx)
    layer.forward(Relu(), x, out)
    layer.forward(Relu(), x, x)
    np.testing.assert_array_equal(x, out)
