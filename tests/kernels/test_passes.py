import numpy as np
import pytest

from tests.kernels.engine import (
    Guarded,
    between_canaries,
    needs_compiler,
    normal,
    run_file_checked,
)
from utils.kernels import passes, simd
from utils.kernels.activations import Identity, Relu
from utils.kernels.fusion import (
    ActBack,
    BnAct,
    Plain,
    PoolBack,
    Store,
    StoreBnPool,
    StorePool,
    StoreStats,
)
from utils.kernels.simd import LANES

pytestmark = needs_compiler

SHAPE = 70, 5, 3, LANES  # more images than blocks; an odd row and an odd column


def pooled(x):
    """Give the maxima of 2 x 2 windows and where they stand."""
    N, H, W, C = x.shape
    windows = x[:, : H // 2 * 2, : W // 2 * 2].reshape(N, H // 2, 2, W // 2, 2, C)
    windows = windows.transpose(0, 1, 3, 2, 4, 5).reshape(N, H // 2, W // 2, 4, C)
    return windows.max(axis=3), windows.argmax(axis=3)


def check_sums(sums, value, factor):
    value, factor = value.astype(float), factor.astype(float)
    total, product = sums.sum(axis=0, dtype=float)
    np.testing.assert_allclose(total, value.sum(axis=(0, 1, 2)), 1e-5, 1e-4)
    expected = (value * factor).sum(axis=(0, 1, 2))
    np.testing.assert_allclose(product, expected, 1e-5, 1e-4)


@pytest.fixture
def room():
    guarded = Guarded()
    yield guarded
    guarded.check()


def test_a_map_may_be_filled_in_place(rng):
    x, scale = normal(rng, 3, 2, 5, LANES), normal(rng, LANES)
    out, untouched = between_canaries(x.shape)
    out[:] = x
    passes.fill(BnAct(out, scale, scale, Identity()), out)
    np.testing.assert_allclose(out, x * scale + scale, rtol=1e-5, atol=1e-6)
    untouched()


def test_sums_are_counted_on_the_way(rng, room):
    x, out = normal(rng, *SHAPE), room.empty(SHAPE)
    sums = room.empty((passes.blocks(len(x)), 2, LANES))
    passes.move(Plain(x), StoreStats(out, sums), x.shape)
    np.testing.assert_array_equal(out, x)
    check_sums(sums, x, x)


@pytest.mark.parametrize("out_size", [None, (4, 2)])
def test_pooling_drops_what_is_in_no_window(rng, room, out_size):
    x, half = normal(rng, *SHAPE), (SHAPE[0], 2, 1, LANES)
    out, index = room.empty(half), room.empty(half, np.uint8)
    sums = room.empty((passes.blocks(len(x)), 2, LANES))
    passes.move(Plain(x), StorePool(out, index, sums, 2, 1), x.shape, out_size)
    best, place = pooled(x)
    np.testing.assert_array_equal(out, best)
    np.testing.assert_array_equal(index, place)
    check_sums(sums, best, best)


def test_pooling_behind_a_batchnorm_stores_the_whole_map_too(rng, room):
    x, half = normal(rng, *SHAPE), (SHAPE[0], 2, 1, LANES)
    sign = np.where(np.arange(LANES) % 2, -1, 1).astype(np.float32)
    out, seen = room.empty(SHAPE), room.empty(half)
    index, sums = room.empty(half, np.uint8), room.empty((64, 2, LANES))
    passes.move(Plain(x), StoreBnPool(out, sums, seen, index, sign, 2, 1), x.shape)
    np.testing.assert_array_equal(out, x)
    np.testing.assert_array_equal(seen, pooled(x * sign)[0] * sign)
    np.testing.assert_array_equal(index, pooled(x * sign)[1])
    check_sums(sums, x, x)


def test_a_gradient_goes_through_the_activation_before(rng, room):
    dout, y = normal(rng, *SHAPE), normal(rng, *SHAPE)
    scale, shift = normal(rng, 2, LANES)
    out, sums = room.empty(SHAPE), room.empty((64, 2, LANES))
    passes.move(Plain(dout), ActBack(out, y, scale, shift, Relu(), sums), dout.shape)
    expected = np.where(y * scale + shift > 0, dout, 0)
    np.testing.assert_array_equal(out, expected)
    check_sums(sums, expected, y)


def test_a_pooled_gradient_is_spread_out(rng, room):
    x = normal(rng, *SHAPE)
    best, place = pooled(x)
    dout, out = normal(rng, *best.shape), room.empty(SHAPE)
    one, zero = np.ones(LANES, np.float32), np.zeros(LANES, np.float32)
    source = PoolBack(dout, best, place.astype(np.uint8), one, zero, zero, 2, 1)
    passes.move(source, Store(out), SHAPE)
    np.testing.assert_array_equal(pooled(np.abs(out))[0], np.abs(dout))
    assert np.count_nonzero(out) == dout.size
    assert not out[:, 4:].any() and not out[:, :, 2:].any()


def test_more_cannot_be_moved_than_there_is(rng):
    x = normal(rng, 2, 3, 3, LANES)
    with pytest.raises(ValueError, match=r"out_size is \(4, 3\), expected at most"):
        passes.move(Plain(x), Store(x), x.shape, (4, 3))


def test_no_address_is_wrong():
    run_file_checked(__file__)


def check_addresses():
    N, H, W, C = shape = 3, 5, 3, LANES
    x, out = np.random.default_rng(0).standard_normal((2, *shape), np.float32)
    seen = np.zeros((N, H // 2, W // 2, C), np.float32)
    index, sign = np.zeros(seen.shape, np.uint8), np.ones(C, np.float32)
    sums = np.zeros((N, 2, C), np.float32)
    with simd.watched(x, out, seen, index, sign, sums):
        passes.move(Plain(x), StoreStats(out, sums), shape)
        passes.move(Plain(x), StorePool(seen, index, sums, 2, 1), shape)
        passes.move(Plain(x), StoreBnPool(out, sums, seen, index, sign, 2, 1), shape)
        passes.move(Plain(x), ActBack(out, x, sign, sign, Relu(), sums), shape)
        passes.fill(PoolBack(seen, seen, index, sign, sign, sign, 2, 1), out)
    print("all addresses are right")


if __name__ == "__main__":
    check_addresses()
