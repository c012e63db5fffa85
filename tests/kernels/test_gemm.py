import numpy as np
import pytest

from tests.kernels.engine import between_canaries, needs_compiler, normal, run_checked
from utils.kernels import gemm
from utils.kernels.compiler import kernel
from utils.kernels.simd import ROWS, address

pytestmark = needs_compiler


@kernel
def multiply(kind, a, b, c):
    a_row, a_step = a.strides[0], a.strides[1]
    there = address(c)
    args = address(a), a_row, a_step, a.shape[1], address(b), there, c.strides[0], there
    if kind == 0:
        gemm.product(*args)
    elif kind == 1:
        gemm.add_product(*args)
    elif kind == 2:
        gemm.few_product(*args)
    else:
        gemm.add_few_product(*args)


KINDS = [(0, ROWS, 0), (1, ROWS, 1), (2, gemm.FEW, 0), (3, gemm.FEW, 1)]


@pytest.mark.parametrize(("kind", "rows", "adds"), KINDS)
@pytest.mark.parametrize("depth", [0, 1, 7, 200])
def test_against_numpy(rng, kind, rows, adds, depth):
    a, b = normal(rng, rows, depth), normal(rng, depth, gemm.WIDTH)
    c, untouched = between_canaries((rows, gemm.WIDTH))
    c[:] = before = normal(rng, *c.shape)
    multiply(kind, a, b, c)
    expected = a.astype(float) @ b + adds * before
    bound = (
        (depth + 1) * 2**-24 * (np.abs(a).astype(float) @ np.abs(b) + np.abs(before))
    )
    assert (np.abs(c - expected) <= bound).all()
    untouched()


def test_a_may_be_transposed(rng):
    a, b = normal(rng, 50, ROWS).T, normal(rng, 50, gemm.WIDTH)
    c = np.empty((ROWS, gemm.WIDTH), np.float32)
    multiply(0, a, b, c)
    np.testing.assert_allclose(c, a @ b, rtol=1e-4, atol=1e-4)


def test_rows_of_c_may_lie_apart(rng):
    a, b = normal(rng, ROWS, 9), normal(rng, 9, gemm.WIDTH)
    wide = np.full((ROWS, gemm.WIDTH + 5), 7, np.float32)
    multiply(0, a, b, wide[:, : gemm.WIDTH])
    np.testing.assert_allclose(wide[:, : gemm.WIDTH], a @ b, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(wide[:, gemm.WIDTH :], 7)


def test_memory_is_touched_only_where_it_may_be():
    run_checked("""
import numpy as np, pytest
from tests.kernels.test_gemm import KINDS, multiply
from utils.kernels import gemm, simd

for kind, rows, _ in KINDS:
    a, b = np.ones((rows, 20), np.float32), np.ones((20, gemm.WIDTH), np.float32)
    c = np.ones((rows, gemm.WIDTH), np.float32)
    with simd.watched(a, b, c):
        multiply(kind, a, b, c)
    with pytest.raises(RuntimeError, match="missed the watched arrays"):
        with simd.watched(a, b[:-1], c):
            multiply(kind, a, b, c)
""")
