"""The kernel of batches against five slow steps of NumPy, and a resize by loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels import engine
from utils.kernels import threads
from utils.kernels.augmentation import Views, interpolation, write_batch

EPS = np.finfo(np.float32).eps


def matrix(length, size):
    """Write out the matrix that resizes: a triangle around each new pixel's centre.

    Pixel p is a box from p to p + 1.  A new pixel is `scale` old ones wide; the
    triangle reaches as far to each side as the wider of an old and a new pixel.
    """
    result = np.zeros((size, length))
    scale = length / size
    reach = scale if size < length else 1.0
    for i in range(size):
        centre = scale * (i + 0.5)
        for p in range(length):
            result[i, p] = max(0.0, 1.0 - abs(p + 0.5 - centre) / reach)
        result[i] /= result[i].sum()
    return result


def dense(length, size):
    """Write out the matrix that the kernel works with."""
    taps = interpolation(length, size)
    result = np.zeros((size, length))
    for i, (first, weights) in enumerate(zip(*taps, strict=True)):
        result[i, first : first + len(weights)] = weights
    return result


def view(image, move, light, hole, normal, size):
    """Make one view (C, *size) in float64, step by step, and its largest number."""
    down, right, mirrored, top, left = map(int, move)
    contrast, brightness = map(float, light)
    H, W = image.shape[1:]
    r = max(abs(down), abs(right))
    x = np.pad(image.astype(float), ((0, 0), (r, r), (r, r)), "reflect")
    x = x[:, r + down : r + down + H, r + right : r + right + W]
    x = x[:, :, ::-1] if mirrored else x
    scale, offset = normal.astype(float)[:, :, None, None]
    mean = (image * scale + offset).mean()
    x = (x * scale + offset - mean) * contrast + mean + brightness
    for i in range(H):
        for j in range(W):
            if 0 <= i - top < hole and 0 <= j - left < hole:
                x[:, i, j] = 0
    shift = abs(contrast * offset) + abs(brightness) + abs((1 - contrast) * mean)
    largest = (255 * abs(contrast * scale) + shift).max()
    down, across = matrix(H, size[0]), matrix(W, size[1])
    return down @ x @ across.T, largest


def draw_views(rng, B, H, W):
    moves = np.stack(
        [
            rng.integers(1 - H, H, B),
            rng.integers(1 - W, W, B),
            rng.integers(0, 2, B),
            rng.integers(-2, H, B),
            rng.integers(-2, W, B),
        ],
        axis=1,
    )
    light = rng.uniform(0.5, 1.5, (B, 2)).astype(np.float32)
    light[:, 0] = np.where(rng.random(B) < 0.3, 1, light[:, 0])
    return moves, light


def compare(rng, N, B, H, W, height, width):
    pixels = rng.integers(0, 256, (N, 3, H, W), np.uint8)
    kept = pixels.copy()
    index = rng.integers(0, N, B)
    moves, light = draw_views(rng, B, H, W)
    hole = int(rng.integers(0, 5))
    normal = rng.standard_normal((2, 3)).astype(np.float32)
    out, look_around = engine.between_canaries((B, height, width, 3))
    write_batch(pixels, index, Views(moves, light, hole), normal, out)
    look_around()
    np.testing.assert_array_equal(pixels, kept)
    taps = interpolation(H, height).weights.shape[1]
    taps += interpolation(W, width).weights.shape[1]
    for b in range(B):
        image = pixels[index[b]]
        size = height, width
        expected, largest = view(image, moves[b], light[b], hole, normal, size)
        bound = (10 + 2 * taps) * EPS * largest
        found = out[b].transpose(2, 0, 1)
        np.testing.assert_allclose(found, expected, rtol=0, atol=bound)


def test_one_row_by_hand():
    # Reflected at both ends: 2 1 | 0 1 2 3 | 2 1
    row = np.array([0, 1, 2, 3], np.uint8)
    pixels = np.broadcast_to(row, (1, 3, 2, 4)).copy()
    normal = np.array([[1, 10, 100], [0, 0, 5]], np.float32)
    moves = np.array([[0, -2, 0, 0, 0], [0, 1, 0, 0, 0], [0, 1, 1, 1, 3]])
    light = np.array([[1, 0], [1, 0], [1, 0.5]], np.float32)
    out = np.empty((3, 2, 4, 3), np.float32)
    write_batch(pixels, np.zeros(3, np.int64), Views(moves, light, 2), normal, out)
    for b, expected in enumerate([[2, 1, 0, 1], [1, 2, 3, 2], [2, 3, 2, 1]]):
        for c, (scale, offset) in enumerate(normal.T):
            line = np.array(expected) * scale + offset + light[b, 1]
            # A hole of 2 x 2: at 0, 0 in the first two, at 1, 3 in the last.
            rows = [line.copy(), line.copy()]
            for i in range(2):
                if b < 2:
                    rows[i][:2] = 0
                elif i == 1:
                    rows[i][3:] = 0
            np.testing.assert_array_equal(out[b, :, :, c], rows)


def test_contrast_leaves_the_mean_of_the_picture(rng):
    pixels = rng.integers(0, 256, (1, 3, 6, 5), np.uint8)
    normal = np.array([[0.01, 0.02, 0.03], [-1, 0, 1]], np.float32)
    moves, light = np.zeros((2, 5), np.int64), np.array([[1, 0], [0.25, 0]], np.float32)
    out = np.empty((2, 6, 5, 3), np.float32)
    write_batch(pixels, np.zeros(2, np.int64), Views(moves, light, 0), normal, out)
    np.testing.assert_allclose(out[1].mean(), out[0].mean(), atol=1e-5)
    np.testing.assert_allclose(out[1].std(), out[0].std() / 4, rtol=1e-5)


@settings(max_examples=25)
@given(
    N=st.integers(1, 4),
    B=st.integers(0, 4),
    H=st.integers(1, 9),
    W=st.integers(1, 9),
    height=st.integers(1, 12),
    width=st.integers(1, 12),
    seed=st.integers(0, 2**32),
)
def test_against_five_steps_of_numpy(N, B, H, W, height, width, seed):
    compare(np.random.default_rng(seed), N, B, H, W, height, width)


@pytest.mark.parametrize("size", [20, 24, 28, 32])
def test_the_sizes_that_are_trained(rng, size):
    compare(rng, 3, 2, 32, 32, size, size)


@pytest.mark.parametrize("workers", [1, 2, 3, 5])
def test_any_number_of_threads_gives_the_same(rng, workers, monkeypatch):
    pixels = rng.integers(0, 256, (4, 3, 7, 7), np.uint8)
    moves, light = draw_views(rng, 4, 7, 7)
    normal = np.ones((2, 3), np.float32)
    outs = np.full((2, 4, 5, 5, 3), np.nan, np.float32)
    args = pixels, np.arange(4), Views(moves, light, 2), normal
    write_batch(*args, outs[0])

    def each(function, *args):
        for worker in range(workers):
            function(worker, workers, *args)

    monkeypatch.setattr(threads, "count", lambda: workers)
    monkeypatch.setattr(threads, "each", each)
    write_batch(*args, outs[1])
    np.testing.assert_array_equal(outs[0], outs[1])


def test_halving_by_hand():
    weights = dense(8, 4)
    np.testing.assert_allclose(weights[1], np.array([0, 1, 3, 3, 1, 0, 0, 0]) / 8)
    expected = np.array([3, 3, 1, 0, 0, 0, 0, 0]) / 7  # cut off, then summing to 1
    np.testing.assert_allclose(weights[0], expected, atol=EPS)


@settings(max_examples=100)
@given(length=st.integers(1, 40), size=st.integers(1, 50))
def test_interpolation_is_the_matrix(length, size):
    weights = dense(length, size)
    np.testing.assert_allclose(weights, matrix(length, size), rtol=0, atol=EPS)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=0, atol=length * EPS)
    np.testing.assert_allclose(weights, weights[::-1, ::-1], rtol=0, atol=EPS)


def test_interpolation_keeps_what_counts():
    for length, size, taps in ((32, 20, 4), (32, 28, 3), (32, 16, 4), (32, 32, 1)):
        found = interpolation(length, size)
        assert found.weights.shape == (size, taps)
        assert found.first.min() == 0 and found.first.max() == length - taps
    np.testing.assert_array_equal(dense(32, 32), np.eye(32))


CHECKED = """
import numpy as np
from utils.kernels import augmentation
rng = np.random.default_rng(0)
for H, W, size in ((5, 7, 3), (7, 5, 9), (6, 6, 6), (1, 1, 2)):
    pixels = rng.integers(0, 256, (3, 3, H, W), np.uint8)
    ends = [(d * (H - 1), d * (W - 1), m, t, t) for d in (-1, 1) for m in (0, 1)
            for t in (-9, -1, H - 1, 9)]
    moves, light = np.array(ends), np.full((len(ends), 2), 0.5, np.float32)
    index = np.arange(len(ends)) % 3
    out = np.empty((len(ends), size, size, 3), np.float32)
    views = augmentation.Views(moves, light, 3)
    normal = np.ones((2, 3), np.float32)
    augmentation.write_batch(pixels, index, views, normal, out)
try:
    augmentation.write_batch(pixels, index + 3, views, normal, out)
except IndexError:
    pass
else:
    raise SystemExit("an index beyond the pictures was not noticed")
"""


@engine.needs_compiler
def test_no_index_leaves_its_array():
    """Numba itself can look at each index: this kernel has no instructions of ours."""
    engine.run_checked(CHECKED, NUMBA_BOUNDSCHECK="1")
