import doctest

import numpy as np
import pytest

from tests import oracle
from tests.test_fast_layers import bn_args
from utils.exercises import spatial_batchnorm
from utils.exercises.spatial_batchnorm import (
    spatial_batchnorm_backward,
    spatial_batchnorm_forward,
    spatial_groupnorm_backward,
    spatial_groupnorm_forward,
)
from utils.fast_layers import (
    spatial_batchnorm_backward_fast,
    spatial_batchnorm_forward_fast,
)
from utils.gradient_check import numerical_gradient_array, relative_error


def test_the_examples_in_the_docstrings():
    results = doctest.testmod(spatial_batchnorm)
    assert results.attempted > 0 and results.failed == 0


@pytest.mark.parametrize("mode", ["train", "test"])
def test_equals_the_fast_twin(rng, mode):
    x, gamma, beta = bn_args(rng)
    params = [
        {"mode": mode, "running_mean": np.ones(4), "running_var": np.ones(4) * 3}
        for _ in range(2)
    ]
    out, cache = spatial_batchnorm_forward(x, gamma, beta, params[0])
    fast, fast_cache = spatial_batchnorm_forward_fast(x, gamma, beta, params[1])
    np.testing.assert_allclose(out, fast, rtol=1e-9, atol=1e-11)
    for key in ("running_mean", "running_var"):
        np.testing.assert_allclose(params[0][key], params[1][key], rtol=1e-12)
    dout = rng.standard_normal(x.shape)
    pairs = zip(
        spatial_batchnorm_backward(dout, cache),
        spatial_batchnorm_backward_fast(dout, fast_cache),
        strict=True,
    )
    for got, twin in pairs:
        assert relative_error(got, twin) < 1e-9


def test_against_the_oracle(rng):
    x, gamma, beta = bn_args(rng)
    out, _ = spatial_batchnorm_forward(x, gamma, beta, {"mode": "train"})
    column = gamma[:, None, None], beta[:, None, None]
    expected = oracle.batchnorm_forward(x, *column, 1e-5, axes=(0, 2, 3))
    np.testing.assert_allclose(out, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("G", [1, 2, 3, 6])
def test_group_norm_against_the_oracle_and_its_gradients(rng, G):
    x, dout = rng.standard_normal((2, 2, 6, 4, 3)) * 3 + 1
    gamma, beta = rng.standard_normal((2, 6))
    args = (x, gamma, beta)

    def forward(x, gamma, beta):
        return spatial_groupnorm_forward(x, gamma, beta, G, {"eps": 0.1})

    out, cache = forward(*args)
    groups = x.reshape(2, G, 6 // G, 4, 3)
    x_hat = oracle.batchnorm_forward(groups, 1.0, 0.0, 0.1, axes=(2, 3, 4))
    expected = gamma[:, None, None] * x_hat.reshape(x.shape) + beta[:, None, None]
    np.testing.assert_allclose(out, expected, rtol=1e-12)
    for k, got in enumerate(spatial_groupnorm_backward(dout, cache)):

        def f(a, k=k):
            return forward(*args[:k], a, *args[k + 1 :])[0]

        expected = numerical_gradient_array(f, args[k], dout)
        assert relative_error(got, expected) < 1e-7


@pytest.mark.parametrize("G", [0, 4, -1])
def test_group_norm_refuses_a_wrong_number_of_groups(G):
    with pytest.raises(ValueError, match=f"G is {G}, expected a divisor of the 6"):
        spatial_groupnorm_forward(np.ones((1, 6, 2, 2)), np.ones(6), np.ones(6), G, {})


def test_float32_stays_float32(rng):
    x = rng.standard_normal((2, 4, 3, 5)).astype(np.float32)
    ones, zeros = np.ones(4, np.float32), np.zeros(4, np.float32)
    out, cache = spatial_batchnorm_forward(x, ones, zeros, {"mode": "train"})
    arrays = [out, *spatial_batchnorm_backward(out, cache)]
    out, cache = spatial_groupnorm_forward(x, ones, zeros, 2, {})
    arrays += [out, *spatial_groupnorm_backward(out, cache)]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
