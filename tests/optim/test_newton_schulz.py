import numpy as np
import pytest

from utils.optim.newton_schulz import QUINTIC, orthogonal


@pytest.mark.parametrize("shape", [(7, 3), (3, 7), (4, 4), (1, 5), (5, 1)])
def test_singular_values_go_through_the_polynomial_and_vectors_stay(rng, shape):
    X = rng.standard_normal(shape)
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    s /= np.linalg.norm(s)
    a, b, c = QUINTIC
    for steps in range(4):
        np.testing.assert_allclose(orthogonal(X, steps), (U * s) @ Vt, atol=1e-12)
        s = a * s + b * s**3 + c * s**5


def test_values_come_near_one(rng):
    s = np.linalg.svd(orthogonal(rng.standard_normal((40, 20))), compute_uv=False)
    assert 0.3 < s.min() and s.max() < 1.3


def test_zeros_and_nothing_stay():
    np.testing.assert_array_equal(orthogonal(np.zeros((2, 3))), 0)
    assert orthogonal(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_stays_and_x_too(dtype):
    X = np.eye(3, 2, dtype=dtype)
    assert orthogonal(X).dtype == dtype
    np.testing.assert_array_equal(X, np.eye(3, 2))


def test_columns_of_zeros_stay_zeros(rng):
    X = rng.standard_normal((9, 4))
    X[:, 2] = X[3] = 0
    out = orthogonal(X)
    assert not out[:, 2].any() and not out[3].any()
