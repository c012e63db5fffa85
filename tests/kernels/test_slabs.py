import numpy as np
import pytest

from tests.kernels.engine import needs_compiler, normal
from utils import kernels
from utils.kernels import slabs
from utils.kernels.simd import LANES

pytestmark = needs_compiler


def job_of(x, HH, WW, stride, top, left, OH, OW):
    out = np.empty((len(x), OH, OW, LANES), np.float32)
    return slabs.describe(x, out, (HH, WW), (top, left), stride, (OH, OW))


def pixels(address, count):
    """Read floats at an address."""
    import ctypes

    return np.array((ctypes.c_float * count).from_address(int(address)))


@pytest.mark.parametrize(("stride", "top", "left"), [(1, 1, 1), (2, 1, 0), (1, -1, 2)])
def test_each_line_is_the_padded_input(rng, stride, top, left):
    x = normal(rng, 3, 5, 7, 2)
    HH, WW, OH, OW = 2, 3, 2, 3
    job = job_of(x, HH, WW, stride, top, left, OH, OW)
    assert job.copies
    slab = np.full(slabs.slab_size(job._replace(rows=4)), np.nan, np.float32)
    lines = np.zeros(4, np.int64)
    slabs.find_lines(job, 1, 5, slab, lines)  # row 1 of image 0 to row 0 of image 2
    padded = np.pad(x, ((0, 0), (9, 9), (9, 9), (0, 0)))
    pitch = slabs.row_pitch(job)
    for row, line in zip(range(1, 5), lines, strict=True):
        n, i = divmod(row, OH)
        y, length = 9 - top + i * stride, ((OW - 1) * stride + WW) * 2
        for p in range(HH):
            wanted = padded[n, y + p, 9 - left :].ravel()[:length]
            np.testing.assert_array_equal(pixels(line + p * pitch * 4, length), wanted)


def test_without_padding_the_input_is_read_in_place(rng):
    x = normal(rng, 2, 4, 10, 3)
    job = job_of(x, 3, 3, 1, 0, 0, 2, 8)
    assert not job.copies
    lines = np.zeros(4, np.int64)
    slabs.find_lines(job, 0, 4, np.zeros(1, np.float32), lines)
    offsets = (lines - x.ctypes.data) // 4
    np.testing.assert_array_equal(offsets, [0, 30, 120, 150])


def test_flat_views_the_same_memory(rng):
    x, y = normal(rng, 3, 4, 8, 2), normal(rng, 3, 4, 8, 5)
    flat_x, flat_y = slabs.flat(x, y)
    assert flat_x.shape == (3, 1, 32, 2) and flat_y.shape == (3, 1, 32, 5)
    assert np.shares_memory(x, flat_x) and np.shares_memory(y, flat_y)
    odd = np.zeros((3, 3, 3, 2))
    assert slabs.flat(odd)[0] is odd


def test_check(rng):
    x, w, out = normal(rng, 2, 5, 5, 3), normal(rng, 3, 3, 3, LANES), None
    out = normal(rng, 2, 3, 3, LANES)
    slabs.check(x, w, out, 1, 0)
    with pytest.raises(ValueError, match="float32 in C order"):
        slabs.check(x[:, ::-1], w, out, 1, 0)
    with pytest.raises(ValueError, match="out has shape"):
        slabs.check(x, w, out, 2, 0)
    with pytest.raises(ValueError, match="w has shape"):
        slabs.check(x, w[:, :, 1:].copy(), out, 1, 0)


def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array


@pytest.mark.parametrize("module", ["direct", "narrow"])
def test_what_kernels_must_not_write_is_refused(module):
    convolution = getattr(kernels, module)
    x, w = np.ones((1, 6, 8, 3), np.float32), np.ones((3, 3, 3, LANES), np.float32)
    out, b = np.ones((1, 6, 8, LANES), np.float32), np.ones(LANES, np.float32)
    calls = [
        (convolution.forward, (x, w, b, read_only(out), 1, 1), "out"),
        (convolution.backward_data, (out, w, read_only(x), 1, 1), "dx"),
        (convolution.backward_weights, (x, out, read_only(w), b, 1, 1), "dw"),
        (convolution.forward, (x, w, b[1:], out, 1, 1), "b"),
        (convolution.forward, (x, w, b.astype(float), out, 1, 1), "b"),
        (convolution.forward, (x, w, b, out, 0, 1), "stride"),
        (convolution.forward, (x, w, b, out, 1, -1), "pad"),
    ]
    for function, arguments, name in calls:
        with pytest.raises(ValueError, match=name):
            function(*arguments)
