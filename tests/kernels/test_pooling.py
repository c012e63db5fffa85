import numpy as np
import pytest

from tests import oracle
from utils.kernels.pooling import max_pool, max_pool_2x2, max_pool_scatter


def pool(x, window, stride):
    """Run the kernel on planes (planes, H, W)."""
    planes, H, W = x.shape
    H_out, W_out = 1 + (H - window[0]) // stride, 1 + (W - window[1]) // stride
    out = np.empty((planes, H_out, W_out), x.dtype)
    argmax = np.empty(out.shape, np.int64)
    max_pool(0, planes, x, out, argmax, window, stride)
    return out, argmax


def test_by_hand():
    x = np.array([[[1.0, 5, 2], [4, 3, 0], [7, 6, 8]]])
    out, argmax = pool(x, (2, 2), 1)
    np.testing.assert_array_equal(out, [[[5, 5], [7, 8]]])
    np.testing.assert_array_equal(argmax, [[[1, 1], [6, 8]]])
    dx = np.full((1, 9), np.nan)
    max_pool_scatter(0, 1, np.array([[[1.0, 10], [100, 1000]]]), argmax, dx)
    np.testing.assert_array_equal(dx[0], [0, 11, 0, 0, 0, 0, 100, 0, 1000])


@pytest.mark.parametrize("window", [(1, 1), (2, 2), (3, 2), (2, 3), (5, 4)])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_against_the_oracle(rng, window, stride, dtype):
    x = rng.integers(-3, 3, (4, 6, 5)).astype(dtype)  # many ties
    out, argmax = pool(x, window, stride)
    expected = oracle.max_pool_forward(x[None], *window, stride)[0]
    np.testing.assert_array_equal(out, expected)
    dout = rng.integers(-8, 9, out.shape).astype(dtype)
    dx = np.empty((4, 30), dtype)
    max_pool_scatter(0, 4, dout, argmax, dx)
    expected = oracle.max_pool_backward(dout[None], x[None], *window, stride)[0]
    np.testing.assert_array_equal(dx.reshape(x.shape), expected)


def test_first_of_equal_maxima():
    _, argmax = pool(np.zeros((1, 3, 3)), (2, 2), 1)
    np.testing.assert_array_equal(argmax, [[[0, 1], [3, 4]]])


def test_nan_and_infinities():
    x = np.array([[[1.0, np.nan], [np.nan, np.inf]], [[-np.inf] * 2] * 2])
    out, argmax = pool(x, (2, 2), 2)
    np.testing.assert_array_equal(out.ravel(), [np.nan, -np.inf])
    np.testing.assert_array_equal(argmax.ravel(), [1, 0])  # the first NaN; in range


def test_only_the_asked_planes_are_written():
    x, out = np.ones((3, 2, 2)), np.full((3, 1, 1), 7.0)
    argmax = np.zeros((3, 1, 1), np.int64)
    max_pool(1, 2, x, out, argmax, (2, 2), 2)
    np.testing.assert_array_equal(out.ravel(), [7, 1, 7])
    dx = np.full((3, 4), 7.0)
    max_pool_scatter(1, 2, out, argmax, dx)
    np.testing.assert_array_equal(dx, [[7] * 4, [1, 0, 0, 0], [7] * 4])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [(2, 2), (5, 7), (6, 37), (4, 64)])
def test_windows_of_2x2_give_the_same_bits(rng, size, dtype):
    x = rng.integers(-2, 3, (3, *size)).astype(dtype)  # with ties
    x[rng.random(x.shape) < 0.2] = np.nan
    shape = (3, size[0] // 2, size[1] // 2)
    results = []
    for pool, args in ((max_pool, ((2, 2), 2)), (max_pool_2x2, ())):
        out, argmax = np.zeros(shape, dtype), np.zeros(shape, np.int64)
        pool(1, 3, x, out, argmax, *args)
        results.append((out, argmax))
    for general, special in zip(*results, strict=True):
        np.testing.assert_array_equal(general, special)
        assert not special[0].any()  # not asked for
