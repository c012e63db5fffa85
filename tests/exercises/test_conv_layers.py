import doctest

import numpy as np
import pytest

from tests import oracle
from tests.test_fast_layers import CONVS, POOLS, integers
from utils.exercises import conv_layers
from utils.exercises.conv_layers import (
    conv_backward_naive,
    conv_forward_naive,
    max_pool_backward_naive,
    max_pool_forward_naive,
)
from utils.fast_layers import (
    conv_backward_fast,
    conv_forward_fast,
    max_pool_backward_fast,
    max_pool_forward_fast,
)


def test_the_examples_in_the_docstrings():
    results = doctest.testmod(conv_layers)
    assert results.attempted > 0 and results.failed == 0


@pytest.mark.parametrize("shape", CONVS)
def test_conv_equals_the_oracle_and_the_fast_twin(rng, shape):
    N, C, H, W, F, HH, WW, stride, pad = shape
    param = {"stride": stride, "pad": pad}
    x, w, b = integers(rng, N, C, H, W), integers(rng, F, C, HH, WW), integers(rng, F)
    out, cache = conv_forward_naive(x, w, b, param)
    fast, fast_cache = conv_forward_fast(x, w, b, param)
    expected = oracle.conv_forward(x, w, b, stride, pad)
    np.testing.assert_array_equal(out, expected, strict=True)
    np.testing.assert_array_equal(out, fast, strict=True)
    dout = integers(rng, *out.shape)
    triples = zip(
        conv_backward_naive(dout, cache),
        oracle.conv_backward(dout, x, w, stride, pad),
        conv_backward_fast(dout, fast_cache),
        strict=True,
    )
    for got, want, twin in triples:
        np.testing.assert_array_equal(got, want, strict=True)
        np.testing.assert_array_equal(got, twin, strict=True)


@pytest.mark.parametrize("shape", POOLS)
def test_max_pool_equals_the_oracle_and_the_fast_twin(rng, shape):
    N, C, H, W, height, width, stride = shape
    x = rng.integers(-3, 4, (N, C, H, W)).astype(float)
    param = {"pool_height": height, "pool_width": width, "stride": stride}
    out, cache = max_pool_forward_naive(x, param)
    fast, fast_cache = max_pool_forward_fast(x, param)
    expected = oracle.max_pool_forward(x, height, width, stride)
    np.testing.assert_array_equal(out, expected, strict=True)
    np.testing.assert_array_equal(out, fast, strict=True)
    dout = integers(rng, *out.shape)
    dx = max_pool_backward_naive(dout, cache)
    expected = oracle.max_pool_backward(dout, x, height, width, stride)
    np.testing.assert_array_equal(dx, expected, strict=True)
    np.testing.assert_array_equal(
        dx, max_pool_backward_fast(dout, fast_cache), strict=True
    )


def test_float32_stays_float32_and_inputs_stay(rng):
    x, w, b = (
        rng.standard_normal(s).astype(np.float32)
        for s in ((2, 3, 5, 6), (2, 3, 3, 3), (2,))
    )
    before = [a.copy() for a in (x, w, b)]
    out, cache = conv_forward_naive(x, w, b, {"stride": 1, "pad": 1})
    arrays = [out, *conv_backward_naive(out, cache)]
    pool = {"pool_height": 2, "pool_width": 2, "stride": 2}
    out, cache = max_pool_forward_naive(x, pool)
    arrays += [out, max_pool_backward_naive(out, cache)]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}
    for a, a_before in zip((x, w, b), before, strict=True):
        np.testing.assert_array_equal(a, a_before)


def test_errors_come_from_the_shared_shapes():
    with pytest.raises(ValueError, match="x has 3 channels"):
        conv_forward_naive(
            np.zeros((1, 3, 5, 5)),
            np.zeros((1, 2, 3, 3)),
            np.zeros(1),
            {"stride": 1, "pad": 0},
        )
    with pytest.raises(ValueError, match="must fit inside"):
        max_pool_forward_naive(
            np.zeros((1, 1, 2, 2)), {"pool_height": 3, "pool_width": 2, "stride": 1}
        )
