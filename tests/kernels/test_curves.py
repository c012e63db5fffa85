import math

import numpy as np
import pytest

from utils.kernels.curves import gelu, gelu_back, silu, silu_back

PAIRS = [(gelu, gelu_back), (silu, silu_back)]


def normal_below(z):
    return 0.5 * (1 + math.erf(z / math.sqrt(2)))


def logistic(z):
    return 1 / (1 + math.exp(-z))


@pytest.mark.parametrize(("curve", "share"), [(gelu, normal_below), (silu, logistic)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values(curve, share, dtype):
    x = np.linspace(-5, 5, 101).astype(dtype)
    out = np.full_like(x, 7)
    curve(0, 100, x, out)
    expected = [z * share(z) for z in x.astype(float)]
    tolerance = 1e-6 if dtype == np.float32 else 1e-13
    np.testing.assert_allclose(out[:100], expected[:100], tolerance, tolerance)
    assert out[100] == 7  # the part of another thread


@pytest.mark.parametrize(("curve", "back"), PAIRS)
def test_slopes_are_those_of_the_values(curve, back):
    x, h = np.linspace(-6, 6, 97), 1e-6
    above, below, dx = np.empty((3, 97))
    curve(0, 97, x + h, above)
    curve(0, 97, x - h, below)
    back(0, 97, np.full(97, 3.0), x, dx)
    np.testing.assert_allclose(dx, 3 * (above - below) / (2 * h), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("curve", "back"), PAIRS)
def test_far_away_the_curve_is_a_ramp(curve, back):
    x, out, dx = np.array([-1000.0, -800, 800, 1000]), np.empty(4), np.empty(4)
    curve(0, 4, x, out)
    back(0, 4, np.ones(4), x, dx)
    np.testing.assert_array_equal(out, np.maximum(x, 0))
    np.testing.assert_array_equal(dx, x > 0)
