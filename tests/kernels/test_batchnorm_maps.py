import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import Guarded, needs_compiler, run_file_checked
from utils.kernels import simd, threads
from utils.kernels.activations import Identity, Relu
from utils.kernels.batchnorm import BatchNorm
from utils.kernels.simd import LANES

pytestmark = needs_compiler
EPS = 2.0**-24


def prepared(C, rng):
    """Give a layer with some numbers in it, as in test mode, and those numbers."""
    layer = BatchNorm(C)
    layer.mean[:], layer.var[:] = rng.uniform(-1, 1, C), rng.uniform(0.5, 2, C)
    gamma, beta = rng.standard_normal((2, C))
    layer.prepare(gamma, beta)
    factor = gamma / np.sqrt(layer.var + layer.eps)
    return layer, lambda x: (x - layer.mean) * factor + beta


def pooled(a):
    """View the 2 x 2 windows of (N, H, W, C) as (N, H // 2, W // 2, C, 4)."""
    N, H, W, C = a.shape
    a = a[:, : H // 2 * 2, : W // 2 * 2].reshape(N, H // 2, 2, W // 2, 2, C)
    return np.moveaxis(a, (2, 4), (4, 5)).reshape(N, H // 2, W // 2, C, 4)


def test_by_hand():
    layer = BatchNorm(LANES, eps=0)
    layer.mean[:], layer.var[:] = 4, 25
    layer.prepare(10, 3)  # z = (x - 4) * 2 + 3
    x = np.float32([[4], [6], [0]]) + np.zeros(LANES, np.float32)
    out = np.empty_like(x)
    layer.forward(Relu(), x, out)
    np.testing.assert_array_equal(out[:, LANES - 1], [3, 7, 0])


sizes = st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 9))


@given(
    size=sizes,
    vectors=st.integers(1, 3),
    workers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_forward(size, vectors, workers, seed):
    rng, guarded = np.random.default_rng(seed), Guarded()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "count", lambda: workers)
        layer, normal = prepared(vectors * LANES, rng)
        x = guarded.copy(rng.standard_normal((*size, vectors * LANES), np.float32))
        out = guarded.empty(x.shape)
        layer.forward(Relu(), x, out)
    guarded.check()
    z = normal(x.astype(float))
    bound = (
        6 * EPS * (np.abs(z) + np.abs(layer.norm.shift) + 3 * np.abs(layer.norm.scale))
    )
    assert np.all(np.abs(out - np.maximum(z, 0)) <= bound)


@given(
    size=sizes,
    vectors=st.integers(1, 3),
    workers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_pooling(size, vectors, workers, seed):
    rng, guarded = np.random.default_rng(seed), Guarded()
    N, H, W = size
    x = guarded.copy(rng.standard_normal((N, H, W, vectors * LANES), np.float32))
    x[...] = np.round(x * 4) / 4  # ties
    shape = N, H // 2, W // 2, vectors * LANES
    out, best, index = (
        guarded.empty(shape),
        guarded.empty(shape),
        guarded.empty(shape, np.uint8),
    )
    full = np.empty_like(x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "count", lambda: workers)
        layer, _ = prepared(vectors * LANES, rng)
        layer.forward(Identity(), x, full)
        layer.forward_pool(Relu(), x, out, best, index)
    guarded.check()
    where = pooled(full).argmax(axis=-1)
    np.testing.assert_array_equal(index, where)
    np.testing.assert_array_equal(out, np.maximum(pooled(full).max(axis=-1), 0))
    chosen = np.take_along_axis(pooled(x), where[..., None], axis=-1)[..., 0]
    np.testing.assert_array_equal(best, chosen)


@given(
    size=sizes,
    vectors=st.integers(1, 3),
    workers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_pooling_backward_is_that_of_the_two_layers(size, vectors, workers, seed):
    rng, guarded = np.random.default_rng(seed), Guarded()
    N, H, W = size
    C = vectors * LANES
    x = guarded.copy(rng.standard_normal((N, H, W, C), np.float32))
    shape = N, H // 2, W // 2, C
    out, best, index = (
        guarded.empty(shape),
        guarded.empty(shape),
        guarded.empty(shape, np.uint8),
    )
    dout = guarded.copy(rng.standard_normal(shape, np.float32))
    dx, expected = guarded.empty(x.shape), np.empty_like(x)
    above = np.zeros_like(x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "count", lambda: workers)
        layer, _ = prepared(C, rng)
        layer.forward_pool(Relu(), x, out, best, index)
        for i, (p, q) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
            place = above[:, p : H // 2 * 2 : 2, q : W // 2 * 2 : 2]
            place[...] = np.where(index == i, dout, 0)
        layer.reduce(Relu(), above, x)
        layer.backward(Relu(), above, x, expected)
        sums = layer.dgamma.copy(), layer.dbeta.copy()
        layer.reduce(Relu(), dout, best, N * H * W)
        for found, sum in zip((layer.dgamma, layer.dbeta), sums, strict=True):
            np.testing.assert_allclose(found, sum, rtol=1e-4, atol=1e-5)
        layer.backward_pool(Relu(), dout, index, x, dx)
        np.testing.assert_allclose(dx, expected, rtol=1e-4, atol=1e-5)
    guarded.check()


@pytest.mark.parametrize("H, W", [(1, 1), (1, 5), (5, 1), (2, 1), (1, 2)])
def test_where_no_window_fits_there_is_no_gradient_from_above(rng, H, W):
    layer, _ = prepared(LANES, rng)
    x = rng.standard_normal((3, H, W, LANES), np.float32)
    dx, expected = np.full_like(x, 99), np.empty_like(x)
    out, best, dout = np.empty((3, 3, H // 2, W // 2, LANES), np.float32)
    index = np.empty(out.shape, np.uint8)
    layer.norm_back.tilt[:], layer.norm_back.offset[:] = 3, 5
    layer.forward_pool(Relu(), x, out, best, index)
    layer.backward_pool(Relu(), dout, index, x, dx)
    layer.backward(Relu(), np.zeros_like(x), x, expected)
    np.testing.assert_array_equal(dx, expected)


def test_a_nan_goes_through_in_test_mode(rng):
    layer, _ = prepared(LANES, rng)
    x = rng.standard_normal((1, 2, 4, LANES), np.float32)
    x[0, 1, 1, LANES - 1] = np.nan
    out, best = np.empty((2, 1, 1, 2, LANES), np.float32)
    layer.forward_pool(Relu(), x, out, best, np.empty(out.shape, np.uint8))
    assert np.isnan(out[0, 0, 0, LANES - 1]) and np.isnan(out).sum() == 1


def test_no_address_is_wrong():
    run_file_checked(__file__)


def check_addresses():
    rng = np.random.default_rng(0)
    x, dx, y = rng.standard_normal((3, 2, 5, 7, LANES), np.float32)
    out, best, dout = np.ones((3, 2, 2, 3, LANES), np.float32)
    index = np.zeros(out.shape, np.uint8)
    layer, _ = prepared(LANES, rng)
    numbers = *layer.norm_back, layer._lines
    with simd.watched(x, dx, y, out, best, dout, index, *numbers):
        layer.forward(Relu(), x, y)
        layer.backward(Relu(), y, x, dx)
        layer.forward_pool(Relu(), x, out, best, index)
        layer.reduce(Relu(), dout, best, 70)
        layer.backward_pool(Relu(), dout, index, x, dx)
    print("all addresses are right")


if __name__ == "__main__":
    check_addresses()
