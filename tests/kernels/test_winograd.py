from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import (
    between_canaries,
    conv_backward,
    conv_forward,
    needs_compiler,
    normal,
    run_checked,
)
from utils.kernels import schemes, threads
from utils.kernels.fusion import Plain, Store
from utils.kernels.schemes import SCHEMES
from utils.kernels.simd import LANES
from utils.kernels.winograd import Convolution

pytestmark = needs_compiler


def both_ways(matrices, x):
    """Apply two matrices to the first two axes of x."""
    return np.einsum("ap,bq,pq...->ab...", *matrices, x)


def bound(matrices_in, matrices_w, matrices_out, x, w, terms):
    """Bound the rounding errors of out = O((G w) * (B x)) of one tile.

    Each of the three linear maps, and the product that sums `terms` numbers, loses at
    most `steps` half units in the last place of the sum of absolute values.
    """
    steps = terms + 3 * sum(m.shape[1] for m in (*matrices_in, *matrices_w)) + 20
    x_size = both_ways([np.abs(m) for m in matrices_in], np.abs(x))
    w_size = both_ways([np.abs(m) for m in matrices_w], np.abs(w))
    product = np.einsum("abc,abck->abk", x_size, w_size)
    return steps * 2**-24 * both_ways([np.abs(m) for m in matrices_out], product).max()


def assert_close(result, expected, bound, share):
    """Compare with a proven bound, and with the much smaller error that is usual.

    No sum of roundings passes `bound`, but a small part of the work may be missing and
    stay below it.  `share` is of the largest number: some times what we have seen.
    """
    error = np.abs(result - expected).max()
    assert error <= bound
    assert error <= share * np.abs(expected).max()


def forward_bound(conv, x, w):
    """Bound the error of a forward pass by its largest possible tile."""
    pair = [SCHEMES[type(axis)] for axis in conv.forward_plan[:2]]
    pixels = np.full([s.pixels for s in pair] + [x.shape[-1]], np.abs(x).max())
    matrices = [s.BT for s in pair], [s.G for s in pair], [s.AT for s in pair]
    return bound(*matrices, pixels, w, x.shape[-1])


def data_bound(conv, dout, w):
    pair = [SCHEMES[type(axis)] for axis in conv.data_plan[:2]]
    pixels = np.full([s.pixels for s in pair] + [dout.shape[-1]], np.abs(dout).max())
    matrices = [s.BT for s in pair], [s.G for s in pair], [s.AT for s in pair]
    flipped = np.maximum(np.abs(w), np.abs(w)[::-1, ::-1]).swapaxes(2, 3)
    return bound(*matrices, pixels, flipped, dout.shape[-1])


def weights_bound(conv, x, dout):
    """Bound the error of dw: tiles are summed, so their number is the depth."""
    plan = conv.forward_plan
    pair = [SCHEMES[type(axis)] for axis in plan[:2]]
    v = both_ways([np.abs(s.BT) for s in pair], np.full([s.pixels for s in pair], 1.0))
    y = both_ways(
        [np.abs(s.AT.T) for s in pair], np.full([s.step_out for s in pair], 1)
    )
    total = both_ways([np.abs(s.G.T) for s in pair], v * y).max()
    steps = plan.tiles + 60
    return steps * 2**-24 * total * plan.tiles * np.abs(x).max() * np.abs(dout).max()


def sizes(kind, stride, pad):
    """List input sizes up to 20 whose outputs are cut into tiles of this kind."""
    counts = {size: (size + 2 * pad - 3) // stride + 1 for size in range(1, 21)}
    return [
        size
        for size, count in counts.items()
        if count > 0 and type(schemes.forward(count, stride, pad)) is kind
    ]


# Each pair of schemes is compiled once, so the random shapes keep to a few pairs.
KINDS = [(schemes.F4, schemes.F4, 1), (schemes.F6, schemes.F3, 1)]
KINDS += [(schemes.S4, schemes.S4, 2)]


@st.composite
def shapes(draw):
    rows, cols, stride = draw(st.sampled_from(KINDS))
    pad = draw(st.sampled_from([0, 1, 2]))
    N = draw(st.integers(1, 4))
    H, W = (draw(st.sampled_from(sizes(kind, stride, pad))) for kind in (rows, cols))
    C, K = (LANES * draw(st.integers(1, 5)) for _ in "CK")
    return N, H, W, C, K, stride, pad


@given(shapes(), st.integers(0, 2**32 - 1))
def test_forward_and_backward_against_the_oracle(shape, seed):
    N, H, W, C, K, stride, pad = shape
    rng = np.random.default_rng(seed)
    conv = Convolution(N, H, W, C, K, stride=stride, pad=pad)
    x, w = normal(rng, N, H, W, C), normal(rng, 3, 3, C, K)
    expected = conv_forward(x, w, stride, pad)
    out, untouched = between_canaries(expected.shape)
    conv.forward(w, Plain(x), Store(out))
    untouched()
    assert_close(out, expected, forward_bound(conv, x, w), 2e-5)

    dout = normal(rng, *expected.shape)
    expected_dx, expected_dw = conv_backward(dout, x, w, stride, pad)
    dx, untouched = between_canaries(x.shape)
    conv.backward_data(w, Plain(dout), Store(dx))
    untouched()
    assert_close(dx, expected_dx, data_bound(conv, dout, w), 2e-5)
    dw, untouched = between_canaries(w.shape)
    conv.backward_weights(Plain(x), Plain(dout), dw)
    untouched()
    assert_close(dw, expected_dw, weights_bound(conv, x, dout), 1e-5)


@pytest.mark.parametrize("size", [3, 4, 6, 8])
def test_the_error_is_what_the_notebook_says(rng, size):
    x, w = normal(rng, 2, size, size, 64), normal(rng, 3, 3, 64, 64)
    out = np.empty_like(x)
    Convolution(2, size, size, 64, 64).forward(w, Plain(x), Store(out))
    expected = conv_forward(x, w, 1, 1)
    assert np.abs(out - expected).max() <= 1e-5 * np.abs(expected).max()


def test_one_tap_by_hand():
    x = np.arange(16 * LANES, dtype=np.float32).reshape(1, 4, 4, LANES)
    w = np.zeros((3, 3, LANES, LANES), np.float32)
    w[0, 1] = np.eye(LANES)  # looks at the pixel above
    out = np.empty_like(x)
    Convolution(1, 4, 4, LANES, LANES).forward(w, Plain(x), Store(out))
    np.testing.assert_allclose(out[0, 1:], x[0, :3], rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(out[0, 0], 0, atol=1e-3)


def everything(conv, x, w, dout):
    """Give out, dx and dw."""
    out, dx, dw = np.empty_like(dout), np.empty_like(x), np.empty_like(w)
    conv.forward(w, Plain(x), Store(out))
    conv.backward_data(w, Plain(dout), Store(dx))
    conv.backward_weights(Plain(x), Plain(dout), dw)
    return out, dx, dw


@pytest.fixture
def example(rng):
    """Give a maker of convolutions of several blocks, and arrays for them."""
    N, H, W, C, K = 9, 8, 13, 2 * LANES, 3 * LANES
    arrays = normal(rng, N, H, W, C), normal(rng, 3, 3, C, K), normal(rng, N, H, W, K)
    return partial(Convolution, N, H, W, C, K), arrays


def test_a_run_can_be_repeated_bit_by_bit(example):
    make, arrays = example
    first, second = everything(make(), *arrays), everything(make(), *arrays)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("shared", [1, 10**9])
def test_the_number_of_threads_changes_no_more_than_rounding(
    monkeypatch, example, shared
):
    make, arrays = example
    monkeypatch.setattr("utils.kernels.winograd.SHARED", shared)
    results = []
    for number in (1, 2, 3):
        monkeypatch.setattr(threads, "count", lambda number=number: number)
        results.append(everything(make(), *arrays))
    for out, dx, dw in results[1:]:
        np.testing.assert_array_equal(out, results[0][0])
        np.testing.assert_array_equal(dx, results[0][1])
        np.testing.assert_allclose(dw, results[0][2], rtol=1e-4, atol=1e-4)


def test_part_of_the_output_is_as_good_as_all_of_it(rng):
    x, w = normal(rng, 2, 7, 9, LANES), normal(rng, 3, 3, LANES, LANES)
    expected = conv_forward(x, w, 1, 1)[:, :6, :8]
    conv = Convolution(2, 7, 9, LANES, LANES, out_size=(6, 8))
    dout = normal(rng, *expected.shape)
    out, dx, dw = everything(conv, x, w, dout)
    np.testing.assert_allclose(out, expected, atol=1e-3)
    full = np.zeros((2, 7, 9, LANES))
    full[:, :6, :8] = dout
    expected_dx, expected_dw = conv_backward(full, x, w, 1, 1)
    np.testing.assert_allclose(dx, expected_dx, atol=1e-3)
    np.testing.assert_allclose(dw, expected_dw, atol=1e-2)


def test_memory_is_touched_only_where_it_may_be():
    run_checked("""
import numpy as np
from utils.kernels import simd
from utils.kernels.fusion import Plain, Store
from utils.kernels.scratch import Scratch
from utils.kernels.simd import LANES
from utils.kernels.winograd import Convolution

shapes = [(2, 7, 9, LANES, 3 * LANES, 1, 1), (1, 9, 6, 2 * LANES, LANES, 2, 1)]
for N, H, W, C, K, stride, pad in shapes:
    memory = Scratch()
    conv = Convolution(N, H, W, C, K, stride=stride, pad=pad, scratch=memory)
    x, w = np.ones((N, H, W, C), np.float32), np.ones((3, 3, C, K), np.float32)
    out = np.ones((N, *conv.forward_plan.sink), np.float32)
    dx, dw = np.ones_like(x), np.ones_like(w)
    calls = [
        (conv.forward, (w, Plain(x), Store(out)), (x, w, out)),
        (conv.backward_data, (w, Plain(out), Store(dx)), (out, w, dx)),
        (conv.backward_weights, (Plain(x), Plain(out), dw), (x, out, dw)),
    ]
    for method, arguments, arrays in calls:
        method(*arguments)  # scratch memory grows
        with simd.watched(*arrays, *memory.pieces()):
            method(*arguments)
""")


@pytest.mark.parametrize("channels", [1, 5, LANES - 1, LANES, 2 * LANES - 3])
def test_channels_that_are_padding_do_not_count(rng, channels):
    C, K = 2 * LANES, LANES
    x, w = normal(rng, 2, 8, 8, C), normal(rng, 3, 3, C, K)
    x[..., channels:] = 0
    conv = Convolution(2, 8, 8, C, K, channels=channels)
    dout = normal(rng, 2, 8, 8, K)
    out, dx, dw = everything(conv, x, w, dout)
    np.testing.assert_allclose(out, conv_forward(x, w, 1, 1), atol=1e-3)
    expected_dx, expected_dw = conv_backward(dout, x, w, 1, 1)
    np.testing.assert_allclose(dx, expected_dx, atol=1e-3)
    np.testing.assert_allclose(dw, expected_dw, atol=1e-2)
    np.testing.assert_array_equal(dw[:, :, channels:], 0)


@pytest.mark.parametrize(
    "name, value",
    [
        *[(name, value) for name in "NHWCK" for value in (0, -LANES, 16.0)],
        *[(name, value) for name in "CK" for value in (1, LANES + 1)],
        *[("stride", value) for value in (0, 3, -1, 1.0)],
        *[("pad", value) for value in (-1, 3, 1.0)],
        *[("out_size", value) for value in ((0, 1), (9, 8), (8, 9), (8.0, 8))],
        *[("channels", value) for value in (0, LANES + 1)],
    ],
)
def test_convolutions_that_do_not_exist(name, value):
    sizes = {"N": 2, "H": 8, "W": 8, "C": LANES, "K": LANES, name: value}
    with pytest.raises(ValueError, match=f"{name}.* (is|has) .*expected"):
        Convolution(**sizes)


def test_a_window_must_fit_into_the_image():
    with pytest.raises(ValueError, match="1 x 1 pixels and pad is 0, expected room"):
        Convolution(1, 1, 1, LANES, LANES, pad=0)
    assert Convolution(1, 1, 1, LANES, LANES, pad=1).blocks == 1
