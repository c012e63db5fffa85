import numpy as np
import pytest

from tests.kernels.engine import needs_compiler, normal
from utils.kernels import columns
from utils.kernels.columns import MATRICES, TILE, WIDTHS
from utils.kernels.compiler import kernel
from utils.kernels.gemm import WIDTH
from utils.kernels.simd import LANES, ROWS, address

pytestmark = needs_compiler


@kernel
def transform(plan, D, V):
    count = plan.column // LANES
    columns.transform(plan, count, address(D), address(V))


@kernel
def transform_back(plan, V, D):
    count = plan.column // LANES
    columns.transform_back(plan, count, address(V), address(D))


@kernel
def spread_row(plan, dout, Y, total):
    there, tile, point = address(Y), WIDTH * 4, Y.shape[1] * WIDTH * 4
    columns.spread_row(plan, address(dout), 0, there, point, tile, address(total))


def plan_for(WW, C=3, pad=1, OH=4, OW=6, K=WIDTH):
    return columns.make_plan(np.empty((3, WW, C, K)), pad, OH, OW, OH)


@pytest.mark.parametrize("C", [1, 3, 4])
def test_columns_and_back(rng, C):
    x, plan = normal(rng, 2, 4, 6 * C), plan_for(3, C)
    D = np.full(columns.sizes(plan)[0], np.nan, np.float32)
    columns.load_columns(plan, x, 1, 0, D)
    D = D.reshape(-1, plan.column)
    assert len(D) == columns.count_columns(plan)
    assert np.count_nonzero(D) == x[1].size
    np.testing.assert_array_equal(
        D[1 + 2, C : 5 * C].reshape(4, C), x[1, :, 2 * C : 3 * C]
    )
    back = np.zeros_like(x)
    columns.unload_columns(plan, D.ravel(), 1, back)
    np.testing.assert_array_equal(back[1], x[1])


@pytest.mark.parametrize("WW", [3, 5, 7])
def test_transforms(rng, WW):
    plan, BT = plan_for(WW), MATRICES[WIDTHS[WW]][0]
    D, V = normal(rng, len(BT), plan.column), normal(rng, len(BT), plan.column)
    wanted = D + BT.T @ V
    result = np.empty_like(V)
    transform(plan, D, result)
    np.testing.assert_allclose(result, BT @ D, atol=1e-4)
    transform_back(plan, V, D)
    np.testing.assert_allclose(D, wanted, atol=1e-4)


@pytest.mark.parametrize(("OW", "K"), [(8, WIDTH), (6, WIDTH), (6, LANES)])
def test_spread_row(rng, OW, K):
    plan, AT = plan_for(5, OW=OW, K=K), MATRICES[WIDTHS[5]][2]
    dout, total = normal(rng, OW, K), np.zeros(WIDTH, np.float32)
    Y = np.empty((len(AT[0]), 2, WIDTH), np.float32)
    spread_row(plan, dout, Y, total)
    tiles = np.zeros((2, TILE, WIDTH))
    tiles.reshape(-1, WIDTH)[:OW, :K] = dout
    wanted = np.einsum("ma,tmk->atk", AT, tiles)
    np.testing.assert_allclose(Y, wanted, atol=1e-4)
    np.testing.assert_allclose(total[:K], dout.sum(0), atol=1e-5)


@pytest.mark.parametrize(("N", "OH"), [(1, 1), (1, 32), (128, 32), (1, 500), (9, 5)])
def test_strips_are_no_larger_than_the_map(N, OH):
    rows = columns.strip_rows(N, OH)
    assert 1 <= rows <= OH and (rows == OH or rows % ROWS == 0 or rows == columns.STRIP)
