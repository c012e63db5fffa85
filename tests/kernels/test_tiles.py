import numpy as np
import pytest

from tests.kernels.engine import needs_compiler, normal
from utils.kernels import schemes
from utils.kernels.compiler import kernel
from utils.kernels.fusion import Map, Plain, Store
from utils.kernels.simd import LANES, address
from utils.kernels.tiles import Plan, gather_block, release_edge

pytestmark = needs_compiler

H, W = 5, 9


@kernel
def gather(plan, source, v, v_row, v_step):
    gather_block(plan, source, 0, plan.tiles, address(v), v_row, v_step)


@kernel
def release(plan, sink, y, x, m, m_step):
    release_edge(plan, sink, 0, y, x, 0, address(m), m_step, 0)


@pytest.fixture
def plan():
    """Give the plan of a convolution with pad 1 of two images."""
    rows, cols = schemes.forward(H, 1, 1), schemes.forward(W, 1, 1)
    products = [schemes.SCHEMES[type(axis)].products for axis in (rows, cols)]
    place, tiles = Map(H, W, LANES), 2 * rows.tiles * cols.tiles
    products = int(np.prod(products))
    return Plan(rows, cols, place, place, 2, products, tiles, tiles, LANES)


def pair(plan):
    return [schemes.SCHEMES[type(axis)] for axis in plan[:2]]


def test_gather_transforms_every_tile(rng, plan):
    x = normal(rng, 2, H, W, LANES)
    v = np.empty((plan.products, plan.tiles, LANES), np.float32)
    gather(plan, Plain(x), v, LANES * 4, plan.tiles * LANES * 4)
    rows, cols = pair(plan)
    padded = np.pad(x, ((0, 0), (1, 9), (1, 9), (0, 0)))
    tile = 0
    for n, i, j in np.ndindex(2, plan.rows.tiles, plan.cols.tiles):
        y, z = i * rows.step_in, j * cols.step_in
        pixels = padded[n, y : y + rows.pixels, z : z + cols.pixels]
        expected = np.einsum("ap,bq,pqc->abc", rows.BT, cols.BT, pixels)
        found = v[:, tile].reshape(expected.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
        tile += 1
    assert tile == plan.tiles


def test_release_writes_what_lies_inside(rng, plan):
    rows, cols = pair(plan)
    m = normal(rng, plan.products, LANES)
    out = np.full((2, H, W, LANES), 7, np.float32)
    y, x = H - 2, W - 1  # only 2 x 1 outputs of this tile are on the map
    release(plan, Store(out), y, x, m, LANES * 4)
    products = m.reshape(rows.products, cols.products, LANES)
    expected = np.einsum("ia,jb,abc->ijc", rows.AT, cols.AT, products)[:2, :1]
    np.testing.assert_allclose(out[0, y:, x:], expected, rtol=1e-4, atol=1e-4)
    out[0, y:, x:] = 7
    np.testing.assert_array_equal(out, 7)
