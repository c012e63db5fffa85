import numpy as np
import pytest

from utils.kernels.normalization import (
    channel_moments,
    channel_sums,
    normalize,
    normalize_back,
)


def test_moments_by_hand():
    x = np.array([[[1.0, 3.0]], [[5.0, 7.0]]])  # mean 4, distances 3 1 1 3
    mean, var = np.empty(1), np.empty(1)
    channel_moments(0, 1, x, mean, var)
    assert (mean[0], var[0]) == (4, 5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_moments_against_numpy(rng, dtype):
    x = (rng.standard_normal((3, 4, 10)) * 5 + 2).astype(dtype)
    mean, var = np.empty(4), np.empty(4)
    channel_moments(0, 4, x, mean, var)
    np.testing.assert_allclose(mean, x.astype(float).mean(axis=(0, 2)), rtol=1e-12)
    np.testing.assert_allclose(var, x.astype(float).var(axis=(0, 2)), rtol=1e-12)


def test_variance_beside_a_large_mean(rng):
    x = (1e6 + rng.integers(0, 2, (10, 1, 100))).astype(np.float32)
    mean, var = np.empty(1), np.empty(1)
    channel_moments(0, 1, x, mean, var)
    # the mean of the squares minus the squared mean would be useless here
    np.testing.assert_allclose(var[0], x.astype(float).var(), rtol=1e-9)


def test_sums_against_numpy(rng):
    dout, x = rng.standard_normal((2, 3, 4, 7))
    mean, total, product = rng.standard_normal(4), np.empty(4), np.empty(4)
    channel_sums(0, 4, dout, x, mean, total, product)
    np.testing.assert_allclose(total, dout.sum(axis=(0, 2)), rtol=1e-12)
    expected = (dout * (x - mean[:, None])).sum(axis=(0, 2))
    np.testing.assert_allclose(product, expected, rtol=1e-12)


def test_normalize_by_hand():
    x = np.array([[[4.0, 6.0]], [[4.0, 0.0]]])
    one, out = np.ones(1), np.full((2, 1, 2), 7.0)
    normalize(0, 1, x, 4 * one, 3 * one, 10 * one, out)
    np.testing.assert_array_equal(out, [[[10, 16]], [[7, 7]]])  # only image 0
    dout, dx = np.array([[[1.0, 2.0]], [[0.0, 0.0]]]), np.full((2, 1, 2), 7.0)
    # 3 * dout - 5 * (x - 4) - 2
    normalize_back(0, 1, dout, x, 4 * one, 3 * one, 5 * one, 2 * one, dx)
    np.testing.assert_array_equal(dx, [[[1, -6]], [[7, 7]]])


def test_normalize_takes_each_channel_its_own_numbers(rng):
    dout, x = rng.standard_normal((2, 3, 4, 5))
    numbers = rng.standard_normal((4, 4))
    out = np.empty_like(x)
    normalize(0, 3, x, *numbers[:3], out)
    mean, a, b, c = numbers[:, :, None]
    np.testing.assert_allclose(out, (x - mean) * a + b, rtol=1e-12)
    normalize_back(0, 3, dout, x, *numbers, out)
    np.testing.assert_allclose(out, a * dout - b * (x - mean) - c, rtol=1e-10)


def test_only_the_asked_channels_are_written(rng):
    x, mean, var = rng.standard_normal((2, 3, 4)), np.full(3, 7.0), np.full(3, 7.0)
    channel_moments(1, 2, x, mean, var)
    assert (mean[0], mean[2], var[0], var[2]) == (7, 7, 7, 7)
    assert mean[1] != 7
