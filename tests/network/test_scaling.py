"""Scale and shift against batchnorm by its definition."""

import numpy as np
import pytest

from utils.batchnorm import batchnorm_backward, batchnorm_forward
from utils.network.scaling import Batch, Bias, Factor
from utils.network.specs import BatchNorm

COUNT, REAL, WIDE = 50, 3, 8
LIMIT = 1e-5  # single-precision vectors of numbers of order 1


@pytest.fixture(params=[True, False], ids=["gamma", "no gamma"])
def case(request, rng):
    """Give a layer, its vectors, y, dz, and what the definition makes of them."""
    y, dz = rng.normal(0.5, 2, (2, COUNT, WIDE))
    y[:, REAL:] = dz[:, REAL:] = 0
    vectors = rng.normal(0, 1, (4, WIDE)).astype(np.float32)
    gamma, beta, mean, var = vectors
    var[:] = abs(var)
    vectors[:, REAL:] = 0
    gamma = gamma if request.param else None
    layer = BatchNorm(scale=request.param, eps=0.01, momentum=0.7)
    numbers = Batch(layer, gamma, beta, mean, var, REAL, COUNT)
    param = {"mode": "train", "eps": 0.01, "momentum": 0.7}
    param |= {"running_mean": mean[:REAL] + 0.0, "running_var": var[:REAL] + 0.0}
    ones = np.ones(REAL, np.float32)
    scale = ones if gamma is None else gamma[:REAL]
    return numbers, (gamma, beta, mean, var), y, dz, (scale, beta[:REAL], param)


def sums(*pairs):
    """Give sums of a and of a * b over two blocks of rows."""
    a, b = pairs
    halves = [slice(0, 20), slice(20, COUNT)]
    rows = [[a[half].sum(axis=0), (a * b)[half].sum(axis=0)] for half in halves]
    return np.array(rows, np.float32)


def test_a_batch_is_normalised(case):
    numbers, (_, _, mean, var), y, _, definition = case
    numbers.read(sums(y, y))
    expected, _ = batchnorm_forward(y[:, :REAL].copy(), *definition)
    out = y * numbers.scale + numbers.shift
    assert np.abs(out[:, :REAL] - expected).max() < LIMIT
    assert not out[:, REAL:].any()
    param = definition[2]
    assert np.abs(mean[:REAL] - param["running_mean"]).max() < LIMIT
    assert np.abs(var[:REAL] - param["running_var"]).max() < LIMIT
    assert not mean[REAL:].any() and not var[REAL:].any()


def test_test_mode_takes_running_statistics_and_leaves_them(case):
    numbers, (_, _, mean, var), y, _, (gamma, beta, param) = case
    kept = mean.copy(), var.copy()
    numbers.recall()
    param["mode"] = "test"
    expected, _ = batchnorm_forward(y[:, :REAL].copy(), gamma, beta, param)
    out = y * numbers.scale + numbers.shift
    assert np.abs(out[:, :REAL] - expected).max() < LIMIT
    assert (mean == kept[0]).all() and (var == kept[1]).all()


def test_gradients_from_sums(case):
    numbers, (trained, *_), y, dz, definition = case
    numbers.read(sums(y, y))
    _, cache = batchnorm_forward(y[:, :REAL].copy(), *definition)
    dy, dgamma, dbeta = batchnorm_backward(dz[:, :REAL], cache)
    grads, (a, b, c) = numbers.back(sums(dz, y))
    assert grads.keys() == ({"beta"} if trained is None else {"gamma", "beta"})
    assert np.abs(grads["beta"][:REAL] - dbeta).max() < LIMIT * COUNT
    if trained is not None:
        assert np.abs(grads["gamma"][:REAL] - dgamma).max() < LIMIT * COUNT
        assert not grads["gamma"][REAL:].any()
    got = a * dz + b * y + c
    assert np.abs(got[:, :REAL] - dy).max() < LIMIT and not got[:, REAL:].any()


def test_the_sign_of_gamma():
    gamma = np.array([2, -1, 0], np.float32)
    numbers = Batch(BatchNorm(), gamma, gamma, gamma, gamma, 3, 1)
    assert numbers.sign.tolist() == [1, -1, 1] and numbers.sign.dtype == np.float32
    gamma[:] *= -1  # an optimiser writes here
    assert numbers.sign.tolist() == [-1, 1, 1]


def test_a_constant_channel_has_variance_zero_not_less():
    vectors = np.zeros((4, 8), np.float32)
    vectors[0] = 1
    numbers = Batch(BatchNorm(eps=1e-12), *vectors, 8, 3)
    y = np.full((3, 8), 1 / 3, np.float32)
    squares = np.nextafter((y * y).sum(axis=0), np.float32(0))  # rounding went down
    numbers.read(np.array([[y.sum(axis=0), squares]], np.float32))
    assert np.isfinite(numbers.scale).all() and (vectors[3] >= 0).all()


def test_a_bias_and_a_factor(rng):
    b, dz = rng.standard_normal((2, 8)).astype(np.float32)
    numbers = Bias(b, 8)
    assert (numbers.scale == 1).all() and numbers.shift is b and not numbers.counts
    table = np.array([[dz, dz], [2 * dz, dz]])
    grads, constants = numbers.back(table)
    assert constants is None and np.allclose(grads["b"], 3 * dz)
    numbers = Bias(None, 8)
    assert not numbers.shift.any() and numbers.back(table) == ({}, None)
    numbers = Factor(-0.5, 8)
    grads, (a, b, c) = numbers.back(table)
    assert (numbers.scale == -0.5).all() and not numbers.shift.any() and grads == {}
    assert (a == -0.5).all() and not b.any() and not c.any()
