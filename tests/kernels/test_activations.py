import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import Guarded, needs_compiler
from utils.kernels import activations, simd
from utils.kernels.activations import Gelu, Identity, Relu, Silu
from utils.kernels.compiler import kernel
from utils.kernels.simd import LANES

pytestmark = needs_compiler
CURVES = [Identity(), Relu(), Gelu(), Silu()]


@simd.instruction
def exponential(e, x, out):
    e.store(activations.exponential(e, e.load(x)), out)


@kernel
def exp_all(x, out):
    for i in range(0, x.size, LANES):
        exponential(simd.address(x) + 4 * i, simd.address(out) + 4 * i)


@simd.instruction
def value(e, curve, x, out):
    e.store(activations.value(e, curve.kind, e.load(x)), out)


@simd.instruction
def back(e, curve, dout, x, dx):
    e.store(activations.back(e, curve.kind, e.load(dout), e.load(x)), dx)


@kernel
def forward(curve, x, out):
    for at in range(0, 4 * x.size, 4 * LANES):
        value(curve, simd.address(x) + at, simd.address(out) + at)


@kernel
def backward(curve, dout, x, dx):
    above, here, there = simd.address(dout), simd.address(x), simd.address(dx)
    for at in range(0, 4 * x.size, 4 * LANES):
        back(curve, above + at, here + at, there + at)


def exp(values):
    x = np.resize(np.float32(values), -(-len(values) // LANES) * LANES)
    out = np.empty_like(x)
    exp_all(x, out)
    return out[: len(values)]


def truth(curve, x):
    """Give value and slope in float64, and bounds of the error of our float32."""
    x, one, eps = x.astype(np.float64), np.ones(x.shape), 2.0**-23
    if isinstance(curve, Identity):
        return x, one, 0, 0
    if isinstance(curve, Relu):
        return np.maximum(x, 0), x > 0, 0, 0
    if isinstance(curve, Gelu):
        below = 0.5 * np.array([math.erfc(-v / 2**0.5) for v in x.flat])
        below = below.reshape(x.shape)
        slope = below + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
        # Hastings states 1.5e-7 for erf; half of it, and rounding, for the probability
        error = 0.75e-7 + 2 * eps
        return x * below, slope, np.abs(x) * error, error + 4 * eps
    logistic = 1 / (1 + np.exp(-x))
    slope = logistic * (1 + x * (1 - logistic))
    bound = 4 * eps * np.abs(x * logistic) + 1e-35
    return x * logistic, slope, bound, 4 * eps * (1 + np.abs(x)) * logistic + 1e-35


def run(curve, x, dout, guarded):
    x, dout = guarded.copy(x), guarded.copy(dout)
    out, dx = guarded.empty(x.shape), guarded.empty(x.shape)
    forward(curve, x, out)
    backward(curve, dout, x, dx)
    return out, dx


def test_exp_to_two_units_in_the_last_place():
    x = np.linspace(-87.3, 88.72, 1 << 18, dtype=np.float32)
    exact = np.exp(x.astype(np.float64))
    units = np.abs(exp(x) - exact) / np.spacing(exact.astype(np.float32))
    assert units.max() < 2


def test_exp_where_floats_end():
    tiny = np.float32(1e-45)  # the smallest float there is
    values = [np.inf, -np.inf, 89, 88.73, 1e38, -1e38, -104, -103.5, 0, -0.0]
    expected = [np.inf, 0, np.inf, np.inf, np.inf, 0, 0, tiny, 1, 1]
    np.testing.assert_array_equal(exp(values), np.float32(expected))
    assert np.isnan(exp([np.nan])[0])
    assert exp([88.722])[0] < np.inf


@pytest.mark.parametrize("curve", CURVES, ids=lambda c: type(c).__name__)
def test_values_and_slopes(curve):
    x = np.linspace(-30, 30, 1 << 12, dtype=np.float32)
    out, slope = run(curve, x, np.ones_like(x), Guarded())
    value, derivative, bound, bound_back = truth(curve, x)
    assert np.all(np.abs(out - value) <= bound)
    assert np.all(np.abs(slope - derivative) <= bound_back)


def test_well_known_values():
    x = np.resize(np.float32([-1, 0, 1]), LANES * 3)
    gelu, slope = run(Gelu(), x, np.ones_like(x), Guarded())
    np.testing.assert_allclose(gelu[:3], [-0.15865525, 0, 0.84134475], atol=3e-7)
    np.testing.assert_allclose(slope[:3], [-0.08331547, 0.5, 1.08331547], atol=6e-7)
    silu, slope = run(Silu(), x, np.ones_like(x), Guarded())
    np.testing.assert_allclose(silu[:3], [-0.26894142, 0, 0.73105858], atol=2e-7)
    np.testing.assert_allclose(slope[:3], [0.07232949, 0.5, 0.92767051], atol=4e-7)


@pytest.mark.parametrize("curve", CURVES, ids=lambda c: type(c).__name__)
def test_a_nan_stays(curve):
    x = np.zeros(LANES, np.float32)
    x[LANES - 1] = np.nan
    out, _ = run(curve, x, np.ones_like(x), Guarded())
    np.testing.assert_array_equal(np.isnan(out), np.isnan(x))


@pytest.mark.parametrize("curve", [Gelu(), Silu()], ids=["Gelu", "Silu"])
def test_far_from_zero(curve):
    far = np.resize(np.float32([-1e38, -1e30, -100, 100, 1e38]), 5 * LANES)
    out, slope = run(curve, far, np.ones_like(far), Guarded())
    np.testing.assert_allclose(out, np.maximum(far, 0), atol=1e-35)
    np.testing.assert_allclose(slope, far > 0, atol=1e-35)


def test_a_flat_relu_stops_any_gradient():
    x = np.resize(np.float32([-1, 0, 2]), LANES * 3)
    _, dx = run(Relu(), x, np.full_like(x, np.inf), Guarded())
    np.testing.assert_array_equal(dx[:3], [0, 0, np.inf])


def test_an_unknown_activation_is_refused():
    with pytest.raises(TypeError, match="no activation"):
        activations.value(None, int, None)
    with pytest.raises(TypeError, match="no activation"):
        activations.back(None, int, None, None)


@given(st.integers(1, 40), st.sampled_from(CURVES), st.integers(0, 99))
def test_random_numbers(vectors, curve, seed):
    rng = np.random.default_rng(seed)
    x, dout = rng.standard_normal((2, vectors * LANES), np.float32)
    guarded = Guarded()
    out, dx = run(curve, x, dout, guarded)
    guarded.check()
    value, derivative, bound, bound_back = truth(curve, x)
    assert np.all(np.abs(out - value) <= bound)
    assert np.all(np.abs(dx - dout * derivative) <= np.abs(dout) * bound_back + 1e-6)
