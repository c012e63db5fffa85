import numpy as np
import pytest

from utils.kernels.normalization import channel_moments, channel_sums


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


def test_only_the_asked_channels_are_written(rng):
    x, mean, var = rng.standard_normal((2, 3, 4)), np.full(3, 7.0), np.full(3, 7.0)
    channel_moments(1, 2, x, mean, var)
    assert (mean[0], mean[2], var[0], var[2]) == (7, 7, 7, 7)
    assert mean[1] != 7
