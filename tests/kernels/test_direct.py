import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels import engine
from tests.kernels.engine import needs_compiler, normal, run_checked
from utils.kernels import direct, threads
from utils.kernels.simd import LANES

pytestmark = needs_compiler

EPS = 2.0**-24
# N, H, W, C, vectors of K, HH, WW, stride, pad
SHAPES = [
    (2, 8, 8, 16, 2, 3, 3, 1, 1),
    (3, 8, 8, 64, 4, 1, 1, 1, 0),  # seen as rows of 64 pixels
    (3, 7, 7, 32, 1, 1, 1, 1, 0),  # pixels that make no whole groups
    (3, 7, 7, 32, 1, 1, 1, 2, 0),  # most pixels of x are never seen
    (9, 4, 4, 16, 3, 3, 3, 2, 1),  # several images in a ticket
    (1, 70, 40, 3, 2, 7, 5, 1, 3),  # several tickets in an image
    (1, 11, 13, 5, 1, 4, 3, 3, 2),
    (2, 5, 5, 16, 1, 3, 3, 1, 4),  # windows that see nothing but zeros
    (2, 6, 6, 16, 1, 2, 2, 3, 0),  # stride larger than the filters
    (1, 5, 9, 1, 1, 5, 9, 1, 0),  # one window
]


def case(rng, N, H, W, C, vectors, HH, WW, stride, pad):
    """Give x, w, b, dout."""
    K = vectors * LANES
    size = (H + 2 * pad - HH) // stride + 1, (W + 2 * pad - WW) // stride + 1
    shapes = (N, H, W, C), (HH, WW, C, K), (K,), (N, *size, K)
    return [normal(rng, *shape) for shape in shapes]


def run(module, x, w, b, dout, stride, pad):
    """Give out, dx, dw, db, computed between canaries."""
    shapes = dout.shape, x.shape, w.shape, b.shape
    (out, dx, dw, db), checks = zip(
        *(engine.between_canaries(shape) for shape in shapes), strict=True
    )
    module.forward(x, w, b, out, stride, pad)
    module.backward_data(dout, w, dx, stride, pad)
    module.backward_weights(x, dout, dw, db, stride, pad)
    for untouched in checks:
        untouched()
    return out, dx, dw, db


def expected(x, w, b, dout, stride, pad):
    """Give the same in float64."""
    out = engine.conv_forward(x, w, stride, pad) + b.astype(float)
    dx, dw = engine.conv_backward(dout, x, w, stride, pad)
    return out, dx, dw, dout.sum((0, 1, 2), float)


def roundings(x, w, dout):
    """Count, for each result, how many roundings a number went through at most."""
    HH, WW, C, K = w.shape
    pixels = dout[..., 0].size
    return HH * WW * C + 1, HH * WW * K, pixels + 8, pixels + 8


def check(arrays, stride, pad, results):
    """A sum of n products is off by at most n roundings of the sum of their sizes."""
    x, w, b, dout = arrays
    sizes = expected(*map(np.abs, arrays), stride, pad)
    right = expected(*arrays, stride, pad)
    counts = roundings(x, w, dout)
    for got, wanted, size, count in zip(results, right, sizes, counts, strict=True):
        assert (np.abs(got - wanted) <= count * EPS * size).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_against_float64(rng, shape):
    arrays = case(rng, *shape)
    check(arrays, *shape[-2:], run(direct, *arrays, *shape[-2:]))


@settings(max_examples=40)
@given(st.data())
def test_random_shapes(data):
    HH, WW, stride = (data.draw(st.integers(1, 5)) for _ in range(3))
    pad = data.draw(st.integers(0, 3))
    H, W = (data.draw(st.integers(max(1, k - 2 * pad), 12)) for k in (HH, WW))
    N, C, vectors = (data.draw(st.integers(1, n)) for n in (4, 20, 3))
    arrays = case(
        np.random.default_rng(H * W), N, H, W, C, vectors, HH, WW, stride, pad
    )
    check(arrays, stride, pad, run(direct, *arrays, stride, pad))


def test_by_hand():
    x = np.arange(9, dtype=np.float32).reshape(1, 3, 3, 1)
    w = np.zeros((2, 2, 1, LANES), np.float32)
    w[..., 0] = 1  # filter 0 adds up the window
    out = np.empty((1, 2, 2, LANES), np.float32)
    direct.forward(x, w, None, out, 1, 0)
    np.testing.assert_array_equal(out[0, :, :, 0], [[8, 12], [20, 24]])
    np.testing.assert_array_equal(out[0, :, :, 1:], 0)


def test_no_bias_is_one_of_zeros(rng):
    x, w, b, dout = case(rng, *SHAPES[0])
    out, with_zeros = np.empty_like(dout), np.empty_like(dout)
    direct.forward(x, w, None, out, 1, 1)
    direct.forward(x, w, np.zeros_like(b), with_zeros, 1, 1)
    np.testing.assert_array_equal(out, with_zeros)


def test_a_nan_reaches_its_windows_only(rng):
    x, w, b, out = case(rng, 1, 4, 4, 3, 1, 1, 1, 1, 0)
    x[0, 1, 2, 0] = np.nan
    direct.forward(x, w, b, out, 1, 0)
    assert np.isnan(out[0, 1, 2]).all() and np.isnan(out).sum() == LANES


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_threads(rng, monkeypatch, workers):
    monkeypatch.setattr(threads, "count", lambda: workers)
    arrays = case(rng, 5, 9, 6, 7, 2, 3, 3, 2, 1)
    first, again = (run(direct, *arrays, 2, 1) for _ in range(2))
    check(arrays, 2, 1, first)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_inputs_are_unchanged(rng):
    arrays = case(rng, *SHAPES[4])
    before = [a.copy() for a in arrays]
    run(direct, *arrays, 2, 1)
    for a, b in zip(arrays, before, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, w, out: (x.astype(float), w, out), "x is float64"),
        (lambda x, w, out: (x, w[..., :-1].copy(), out), "whole vectors"),
        (lambda x, w, out: (x, w, out[:, :-1].copy()), "out has shape"),
        (lambda x, w, out: (x[..., :-1].copy(), w, out), "w has shape"),
        (lambda x, w, out: (x[:, :1].copy(), w, out), "3 x 3 filters"),
    ],
)
def test_arrays_that_do_not_fit(rng, change, message):
    x, w, b, out = case(rng, 2, 8, 8, 16, 2, 3, 3, 1, 0)
    x, w, out = change(x, w, out)
    with pytest.raises(ValueError, match=message):
        direct.forward(x, w, b, out, 1, 0)


MEMORY = """
import numpy as np
from tests.kernels import test_direct
from tests.kernels.test_{module} import SHAPES, case
from utils.kernels import {module} as module, scratch, simd

for shape in SHAPES:
    x, w, b, dout = case(np.random.default_rng(0), *shape)
    out, dx, dw, db = (np.empty_like(a) for a in (dout, x, w, b))
    calls = (
        (module.forward, x, w, b, out),
        (module.backward_data, dout, w, dx),
        (module.backward_weights, x, dout, dw, db),
    )
    for function, *arrays in calls:
        pieces = scratch.own()._pieces
        pieces.clear()
        function(*arrays, *shape[-2:])  # makes the scratch memory
        with simd.watched(*arrays, *pieces.values()):
            function(*arrays, *shape[-2:])
    test_direct.check((x, w, b, dout), *shape[-2:], (out, dx, dw, db)) if {exact} else 0
"""


def test_memory_is_touched_only_where_it_may_be():
    run_checked(MEMORY.format(module="direct", exact=True), UTILS_THREADS="1")
