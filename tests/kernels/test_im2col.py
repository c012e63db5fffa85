import numpy as np
import pytest

from tests import oracle
from utils.kernels.im2col import col2im, im2col, inside

# N, C, H, W, HH, WW, stride, pad
SHAPES = [
    (1, 1, 3, 3, 2, 2, 1, 0),
    (2, 3, 5, 7, 3, 2, 1, 1),
    (2, 2, 6, 5, 3, 3, 2, 1),
    (1, 2, 7, 4, 1, 4, 3, 2),
    (1, 1, 2, 2, 5, 5, 1, 3),
    (1, 2, 8, 9, 3, 3, 4, 0),
]


def columns(x, HH, WW, stride, pad):
    """Columns by the oracle's windows: (N, C*HH*WW, H_out*W_out)."""
    view = oracle.windows(oracle.padded(x, pad), HH, WW, stride)
    N, C, H_out, W_out = view.shape[:4]
    cols = view.transpose(0, 1, 4, 5, 2, 3).reshape(N, C * HH * WW, H_out * W_out)
    return cols, (H_out, W_out)


def test_im2col_by_hand():
    x = np.arange(9.0).reshape(1, 1, 3, 3)
    cols = np.empty((1, 4, 4))
    im2col(0, 1, x, cols, (2, 2), 1, 0, (2, 2))
    # row k holds the pixel under tap k of the windows at (0,0), (0,1), (1,0), (1,1)
    expected = [[0, 1, 3, 4], [1, 2, 4, 5], [3, 4, 6, 7], [4, 5, 7, 8]]
    np.testing.assert_array_equal(cols[0], expected)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_im2col_against_windows(rng, shape, dtype):
    N, C, H, W, HH, WW, stride, pad = shape
    x = rng.standard_normal((N, C, H, W)).astype(dtype)
    expected, out_size = columns(x, HH, WW, stride, pad)
    cols = np.full(expected.shape, np.nan, dtype)
    im2col(0, N, x, cols, (HH, WW), stride, pad, out_size)
    np.testing.assert_array_equal(cols, expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_col2im_is_the_transpose_of_im2col(rng, shape):
    N, C, H, W, HH, WW, stride, pad = shape
    x = rng.integers(-8, 9, (N, C, H, W)).astype(float)
    cols, out_size = columns(x, HH, WW, stride, pad)
    y = rng.integers(-8, 9, cols.shape).astype(float)
    dx = np.full(x.shape, np.nan)
    col2im(0, N, y, dx, (HH, WW), stride, pad, out_size)
    assert np.sum(cols * y) == np.sum(x * dx)  # small integers: exact


@pytest.mark.parametrize("kernel", [im2col, col2im])
def test_only_the_asked_images_are_written(rng, kernel):
    x, cols = rng.standard_normal((3, 1, 4, 4)), rng.standard_normal((3, 4, 9))
    source, target = (x, cols) if kernel is im2col else (cols, x)
    before = target.copy()
    kernel(1, 2, source, target, (2, 2), 1, 0, (3, 3))
    np.testing.assert_array_equal(target[[0, 2]], before[[0, 2]])
    assert not np.array_equal(target[1], before[1])


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("pad", [0, 1, 4])
@pytest.mark.parametrize("q", [0, 1, 3, 6])
def test_inside_lists_exactly_the_positions_in_the_image(size, stride, pad, q):
    count = 6
    expected = [j for j in range(count) if 0 <= j * stride + q - pad < size]
    first, last = inside(q, size, stride, pad, count)
    assert 0 <= first <= last <= count
    assert list(range(first, last)) == expected
