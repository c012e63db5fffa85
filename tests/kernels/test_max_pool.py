import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import oracle
from tests.kernels.engine import Guarded, needs_compiler, run_file_checked
from utils.kernels import max_pool, simd, threads
from utils.kernels.activations import Gelu, Identity, Relu
from utils.kernels.simd import LANES

pytestmark = needs_compiler


def first(x):
    """Move the channels of (N, H, W, C) first, as the oracle wants them."""
    return np.moveaxis(x, -1, 1)


def run(curve, x, dout, window, stride, guarded):
    """Give out, index and dx."""
    x, dout = guarded.copy(x), guarded.copy(dout)
    out, index = guarded.empty(dout.shape), guarded.empty(dout.shape, np.uint8)
    max_pool.forward(curve, x, out, index, window, stride)
    dx = guarded.empty(x.shape)
    max_pool.backward(curve, dout, out, index, dx, window, stride)
    return out, index, dx


def out_shape(shape, window, stride):
    N, H, W, C = shape
    sizes = (max(0, (a - b) // stride + 1) for a, b in zip((H, W), window, strict=True))
    return N, *sizes, C


@pytest.mark.parametrize("window, stride", [((2, 2), 2), ((2, 2), 1)])
def test_by_hand(window, stride):
    x = np.zeros((1, 2, 2, LANES), np.float32)
    x[0, :, :, 0] = [[1, 5], [5, 2]]  # two maxima: the first one wins
    x[0, :, :, 1] = [[-4, -3], [-2, -1]]
    dout = np.full((1, 1, 1, LANES), 7, np.float32)
    out, index, dx = run(Identity(), x, dout, window, stride, Guarded())
    assert (out[0, 0, 0, 0], index[0, 0, 0, 0]) == (5, 1)
    assert (out[0, 0, 0, 1], index[0, 0, 0, 1]) == (-1, 3)
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 7], [0, 0]])
    out, index, dx = run(Relu(), x, dout, window, stride, Guarded())
    np.testing.assert_array_equal(out[0, 0, 0, :3], [5, 0, 0])
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 7], [0, 0]])
    np.testing.assert_array_equal(dx[0, :, :, 1], np.zeros((2, 2)))


@pytest.mark.parametrize("window, stride", [((2, 2), 2), ((1, 4), 1)])
def test_a_nan_wins_and_the_first_one_of_several(window, stride):
    x = np.ones((1, 2, 4, LANES), np.float32)
    x[0, 0, 1, LANES - 1] = x[0, 0, 2, LANES - 1] = np.nan
    dout = np.ones(out_shape(x.shape, window, stride), np.float32)
    out, index, dx = run(Identity(), x, dout, window, stride, Guarded())
    assert np.isnan(out[0, 0, 0, LANES - 1]) and index[0, 0, 0, LANES - 1] == 1
    assert dx[0, 0, 1, LANES - 1] == 1
    assert not np.isnan(out[..., : LANES - 1]).any()


@given(
    size=st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9)),
    how=st.one_of(
        st.just(((2, 2), 2)),
        st.tuples(st.tuples(st.integers(1, 4), st.integers(1, 4)), st.integers(1, 3)),
    ),
    vectors=st.integers(1, 3),
    curve=st.sampled_from([Identity(), Relu()]),
    workers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_against_the_oracle(size, how, vectors, curve, workers, seed):
    rng, (window, stride) = np.random.default_rng(seed), how
    N, H, W = size
    # few different values: there are ties
    x = rng.integers(-4, 4, (N, H, W, vectors * LANES)).astype(np.float32)
    dout = rng.integers(-9, 9, out_shape(x.shape, window, stride)).astype(np.float32)
    guarded = Guarded()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "count", lambda: workers)
        out, _, dx = run(curve, x, dout, window, stride, guarded)
    guarded.check()
    if not out.size:  # no window fits, and no pixel has a gradient
        np.testing.assert_array_equal(dx, 0)
        return
    expected = oracle.max_pool_forward(first(x), *window, stride)
    above = dout
    if isinstance(curve, Relu):
        above = np.where(np.moveaxis(expected, 1, -1) > 0, dout, 0)
        expected = np.maximum(expected, 0)
    np.testing.assert_array_equal(first(out), expected)
    expected = oracle.max_pool_backward(first(above), first(x), *window, stride)
    np.testing.assert_array_equal(first(dx), expected)  # whole numbers: exact


@given(
    shape=st.tuples(st.integers(1, 4), st.integers(1, 20), st.integers(1, 20)),
    vectors=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_the_maximum_of_a_whole_map(shape, vectors, seed):
    rng, guarded = np.random.default_rng(seed), Guarded()
    N, C = shape[0], vectors * LANES
    x = rng.integers(-20, 20, (*shape, C)).astype(np.float32)
    dout = guarded.copy(rng.standard_normal((N, C), np.float32))
    out, index, dx = (
        guarded.empty((N, C)),
        guarded.empty((N, C)),
        guarded.empty(x.shape),
    )
    max_pool.global_forward(guarded.copy(x), out, index)
    max_pool.global_backward(dout, index, dx)
    guarded.check()
    rows = x.reshape(N, -1, C)
    np.testing.assert_array_equal(out, rows.max(axis=1))
    np.testing.assert_array_equal(index, rows.argmax(axis=1))
    expected = np.zeros_like(rows)
    np.put_along_axis(expected, rows.argmax(axis=1)[:, None], dout[:, None], axis=1)
    np.testing.assert_array_equal(dx.reshape(rows.shape), expected)


def test_a_nan_wins_in_a_whole_map():
    x = np.ones((1, 3, 3, LANES), np.float32)
    x[0, 1, 1, 2] = x[0, 2, 2, 2] = np.nan
    out, index = np.empty((2, 1, LANES), np.float32)
    max_pool.global_forward(x, out, index)
    assert np.isnan(out[0, 2]) and index[0, 2] == 4 and out[0, 1] == 1


def test_what_cannot_be_done_is_refused():
    x = np.ones((1, 20, 20, LANES), np.float32)
    out, index = x[:, :1, :1].copy(), np.zeros((1, 1, 1, LANES), np.uint8)
    with pytest.raises(ValueError, match="at most 256 pixels"):
        max_pool.forward(Identity(), x, out, index, (20, 20), 1)
    with pytest.raises(ValueError, match=r"Identity\(\) or Relu\(\)"):
        max_pool.forward(Gelu(), x, out, index, (2, 2), 20)
    small = np.ones((1, 1, 1, LANES), np.float32)
    for window in [(0, 2), (2, -1), (2, 2.0)]:
        with pytest.raises(ValueError, match=r"window\[.\] is .*from 1 on"):
            max_pool.forward(Identity(), x, out, index, window, 2)
    for stride in (0, -1, 1.0):
        with pytest.raises(ValueError, match="stride is .*from 1 on"):
            max_pool.forward(Identity(), x, out, index, (2, 2), stride)
        with pytest.raises(ValueError, match="stride is .*from 1 on"):
            max_pool.backward(Identity(), out, out, index, x, (2, 2), stride)
    with pytest.raises(ValueError, match="x has shape .*expected 4 axes"):
        max_pool.forward(Identity(), x[0], out, index)
    with pytest.raises(ValueError, match="index is float32 .*expected uint8"):
        max_pool.forward(Identity(), small, small, small, (1, 1), 1)


@pytest.mark.parametrize("H, W", [(0, 3), (3, 0), (2**12, 2**12)])
def test_whole_maps_that_cannot_be_counted(H, W):
    x = np.empty((1, H, W, LANES), np.float32)  # never touched
    out, index = np.empty((2, 1, LANES), np.float32)
    with pytest.raises(ValueError, match="^x has .* pixels per map, expected 1 to"):
        max_pool.global_forward(x, out, index)
    with pytest.raises(ValueError, match="^dx has .* pixels per map, expected 1 to"):
        max_pool.global_backward(out, index, x)


def test_nothing_read_only_is_written():
    x, (out, flat) = np.ones((1, 2, 2, LANES), np.float32), np.ones((2, 1, LANES))
    out, flat = out.astype(np.float32).reshape(1, 1, 1, -1), flat.astype(np.float32)
    index = np.zeros(out.shape, np.uint8)
    calls = [
        (max_pool.forward, (Relu(), x, out, index), {"out": 2, "index": 3}),
        (max_pool.backward, (Relu(), out, out, index, x), {"dx": 4}),
        (max_pool.global_forward, (x, flat, flat), {"out": 1, "index": 2}),
        (max_pool.global_backward, (flat, flat, x), {"dx": 2}),
    ]
    for function, arrays, written in calls:
        for name, position in written.items():
            frozen = [a if isinstance(a, Relu) else a.copy() for a in arrays]
            frozen[position].flags.writeable = False
            with pytest.raises(ValueError, match=f"{name} is read-only"):
                function(*frozen)


def test_no_images_are_no_work():
    x, out = np.empty((0, 3, 3, LANES), np.float32), np.empty((0, LANES), np.float32)
    max_pool.global_forward(x, out, out.copy())
    max_pool.global_backward(out, out, x)


def test_no_address_is_wrong():
    run_file_checked(__file__)


def check_addresses():
    x, dx = np.random.default_rng(0).standard_normal((2, 2, 5, 7, LANES), np.float32)
    for window, stride in [((2, 2), 2), ((3, 2), 1)]:
        dout, out = np.ones((2, *out_shape(x.shape, window, stride)), np.float32)
        index = np.zeros(out.shape, np.uint8)
        with simd.watched(x, dx, out, dout, index):
            max_pool.forward(Relu(), x, out, index, window, stride)
            max_pool.backward(Relu(), dout, out, index, dx, window, stride)
    out, index = np.ones((2, 2, LANES), np.float32)
    with simd.watched(x, dx, out, index):
        max_pool.global_forward(x, out, index)
        max_pool.global_backward(out, index, dx)
    print("all addresses are right")


if __name__ == "__main__":
    check_addresses()
