import numpy as np
import pytest

from utils.kernels import moments

K, COUNT, EPS = 5, 600, 1e-3


@pytest.fixture
def y(rng):
    """Numbers of six blocks, 100 for each channel."""
    return (rng.standard_normal((6, 100, K)) * 3 + 1).astype(np.float32)


def sums_of(first, second):
    return np.stack([first.sum(axis=1), second.sum(axis=1)], axis=1).astype(np.float32)


def test_rows_are_added_in_float64():
    sums = np.full((3, 2, 1), 1, np.float32)
    sums[0] = 2**25  # beyond the whole numbers of a float32
    total = np.ones((2, 1))
    moments.add_up(sums, total)
    assert total.ravel().tolist() == [2**25 + 2] * 2


def test_mean_and_variance(y):
    total, mean, var = np.empty((2, K)), np.empty(K), np.empty(K)
    running = np.ones(K, np.float32), np.full(K, 2, np.float32)
    moments.read(sums_of(y, y**2), COUNT, 0.75, running, total, mean, var)
    flat = y.reshape(COUNT, K).astype(float)
    np.testing.assert_allclose(mean, flat.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(var, flat.var(axis=0), rtol=1e-5)
    np.testing.assert_allclose(running[0], 0.75 + 0.25 * mean, rtol=1e-5)
    np.testing.assert_allclose(running[1], 1.5 + 0.25 * var, rtol=1e-5)


def test_a_variance_is_never_negative():
    sums = np.array([[[8.0], [7.9999]]], np.float32)  # y = 1, eight times, and rounding
    total, mean, var = np.empty((2, 1)), np.empty(1), np.empty(1)
    running = np.zeros(1, np.float32), np.zeros(1, np.float32)
    moments.read(sums, 8, 0.9, running, total, mean, var)
    assert var[0] == 0


def test_there_and_back(rng, y):
    """Compare with the definition, and its gradient with the chain rule."""
    flat = y.reshape(COUNT, K).astype(float)
    gamma, beta = rng.standard_normal((2, K)).astype(np.float32)
    mean, var = flat.mean(axis=0), flat.var(axis=0)
    inverse, scale, shift = np.empty(K), *np.empty((2, K), np.float32)
    moments.prepare(EPS, gamma, beta, mean, var, inverse, scale, shift)
    hat = (flat - mean) / np.sqrt(var + EPS)
    np.testing.assert_allclose(flat * scale + shift, gamma * hat + beta, 1e-4, 1e-4)
    dz = rng.standard_normal((6, 100, K))
    dgamma, dbeta, abc = np.empty(K), np.empty(K), np.empty((3, K), np.float32)
    args = sums_of(dz, dz * y), COUNT, gamma, mean, inverse, np.empty((2, K))
    moments.back(*args, dgamma, dbeta, abc)
    dz = dz.reshape(COUNT, K)
    np.testing.assert_allclose(dbeta, dz.sum(axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(dgamma, (dz * hat).sum(axis=0), rtol=1e-4, atol=1e-4)
    dhat = dz * gamma
    spread = dhat - dhat.mean(axis=0) - hat * (dhat * hat).mean(axis=0)
    expected = spread / np.sqrt(var + EPS)
    a, b, c = abc
    np.testing.assert_allclose(a * dz + b * flat + c, expected, rtol=1e-3, atol=1e-4)
