import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernels.engine import needs_compiler, run_file_checked
from utils.kernels import batchnorm_sums, simd, threads, walk
from utils.kernels.activations import Gelu, Identity, Relu
from utils.kernels.batchnorm import BatchNorm
from utils.kernels.batchnorm_sums import RUN
from utils.kernels.simd import LANES

pytestmark = needs_compiler
EPS = 2.0**-24  # the largest relative error of one rounding


def moments(x, workers=2):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threads, "count", lambda: workers)
        layer = BatchNorm(x.shape[-1])
        layer.measure(x)
    return layer.mean, layer.var


def variance_bound(x):
    """Give the bound of `batchnorm_sums`: each tile has its own pivot."""
    P, tiles = len(x), min(walk.TILES, len(x))
    total = np.zeros(x.shape[1])
    for tile in range(tiles):
        start, stop = walk.bounds(P, tile, tiles)
        rows = x[start:stop].astype(float)
        pivot = rows[: batchnorm_sums.GROUP].mean(axis=0)
        distance = rows - pivot
        # var = squares - (mean - pivot)**2, and both are sums in float32
        total += (distance**2).sum(axis=0) + (stop - start) * distance.mean(axis=0) ** 2
    return (RUN + 4) * EPS * total / P


def test_by_hand():
    x = np.repeat(np.float32([1, 3, 5, 7])[:, None], LANES, axis=1)
    x[:, 1] = [2, 2, 2, 2]
    mean, var = moments(x)
    assert (mean[0], var[0], mean[1], var[1]) == (4, 5, 2, 0)


@given(
    rows=st.integers(1, 3000),
    vectors=st.integers(1, 3),
    middle=st.sampled_from([0, 1, -30, 1e4, 1e6]),
    workers=st.integers(1, 3),
    seed=st.integers(0, 99),
)
def test_moments_within_their_bound(rows, vectors, middle, workers, seed):
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((rows, vectors * LANES)) * rng.uniform(0.5, 9) + middle
    x = x.astype(np.float32)
    mean, var = moments(x, workers)
    exact = x.astype(float)
    assert np.all(np.abs(var - exact.var(axis=0)) <= variance_bound(x) + 1e-12)
    spread = np.abs(exact - exact.mean(axis=0)).max(axis=0)
    bound = (RUN + 4) * EPS * 2 * spread + 1e-12 * abs(middle)
    assert np.all(np.abs(mean - exact.mean(axis=0)) <= bound)


def test_a_large_mean_costs_nothing(rng):
    x = (1e6 + rng.integers(0, 2, (5000, LANES))).astype(np.float32)
    _, var = moments(x)
    # the mean of the squares minus the squared mean would be useless here
    np.testing.assert_allclose(var, x.astype(float).var(axis=0), rtol=1e-6)


def test_a_bad_pivot_is_survived(rng):
    x = rng.standard_normal((4000, LANES)).astype(np.float32)
    for tile in range(walk.TILES):  # the rows that pivots are made of: far away
        start, _ = walk.bounds(len(x), tile, walk.TILES)
        x[start : start + batchnorm_sums.GROUP] += 100
    _, var = moments(x)
    np.testing.assert_allclose(var, x.astype(float).var(axis=0), rtol=1e-5)


def test_a_nan_stays(rng):
    x = rng.standard_normal((300, LANES)).astype(np.float32)
    x[200, 3] = np.nan
    mean, var = moments(x)
    assert np.isnan(mean[3]) and np.isnan(var[3])
    assert (
        np.isfinite(np.delete(mean, 3)).all() and np.isfinite(np.delete(var, 3)).all()
    )


def test_neither_threads_nor_chance_change_a_bit(rng):
    x, dout = rng.standard_normal((2, 2345, 2 * LANES)).astype(np.float32)
    expected = None
    for workers in (1, 2, 3, 2, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(threads, "count", lambda workers=workers: workers)
            layer = BatchNorm(2 * LANES)
            layer.measure(x)
            layer.prepare(np.ones(2 * LANES), np.ones(2 * LANES))
            layer.reduce(Relu(), dout, x)
        found = np.concatenate([layer.mean, layer.var, layer.dgamma, layer.dbeta])
        expected = found if expected is None else expected
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("curve", [Identity(), Relu(), Gelu()])
@pytest.mark.parametrize("rows", [1, 7, 64, 1000])
def test_sums_of_the_backward_pass(rng, curve, rows):
    x, dout = rng.standard_normal((2, rows, LANES)).astype(np.float32)
    layer = BatchNorm(LANES)
    layer.mean[:], layer.var[:] = rng.uniform(-1, 1, LANES), rng.uniform(1, 2, LANES)
    gamma, beta = rng.standard_normal((2, LANES))
    layer.prepare(gamma, beta)
    layer.reduce(curve, dout, x)
    normal = (x - layer.mean) / np.sqrt(layer.var + layer.eps)
    z = gamma * normal + beta
    slope = {Identity: np.ones_like(z), Relu: z > 0}.get(type(curve))
    if slope is None:
        h = 1e-5
        slope = (gelu(z + h) - gelu(z - h)) / (2 * h)
    g = dout * slope
    scale = np.abs(dout).sum(axis=0) * (RUN + 8) * EPS + 1e-6
    assert np.all(np.abs(layer.dbeta - g.sum(axis=0)) <= scale)
    scale = np.abs(dout * normal).sum(axis=0) * (RUN + 8) * EPS + 1e-5
    assert np.all(np.abs(layer.dgamma - (g * normal).sum(axis=0)) <= scale)


def gelu(z):
    from math import erf

    return z * 0.5 * (1 + np.vectorize(erf)(z / 2**0.5))


def test_no_address_is_wrong():
    run_file_checked(__file__)


def check_addresses():
    x, dout = np.random.default_rng(0).standard_normal((2, 345, LANES), np.float32)
    layer = BatchNorm(LANES)
    with simd.watched(x, dout, *layer.norm, layer._lines):
        layer.measure(x)
        layer.prepare(1, 0)
        layer.reduce(Relu(), dout, x)
    print("all addresses are right")


if __name__ == "__main__":
    check_addresses()
