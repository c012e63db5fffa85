import numpy as np
import pytest

from tests.kernels.engine import between_canaries, needs_compiler, normal
from utils.kernels import windows
from utils.kernels.compiler import kernel
from utils.kernels.gemm import WIDTH
from utils.kernels.simd import LANES, ROWS, address
from utils.kernels.windows import GROUP, GROUPS, LOW, ODD

pytestmark = needs_compiler


@kernel
def convolve(one, image, table, outer, depth, b, bias, c):
    """Windows of neighbouring numbers; image (rows, W)."""
    there, columns = address(image), c.shape[1]
    args = address(table), 4, depth, image.strides[0], outer, address(b), address(bias)
    if one:
        windows.window_one(*args, columns * 4, 0, there, 0)
    else:
        windows.window(*args, columns * 4, 0, there, 0)


@kernel
def correlate(kind, a, lines, depth, b, c):
    step, there = a.shape[-1] * 4, address(c)
    args = 0, address(lines), len(lines), step, depth, address(b), there, there, 0
    if kind == 0:
        windows.correlation(*args)
    elif kind == 1:
        windows.correlation_low(*args)
    else:
        windows.correlation_odd(*args)


@kernel
def pack(b, left, panel, total):
    pitch = b.shape[1] * 4
    windows.pack(address(b), pitch, left, len(b), address(panel), address(total))


@pytest.mark.parametrize("one", [False, True])
def test_window(rng, one):
    outer, depth, columns = 3, 5, LANES if one else WIDTH
    image = normal(rng, outer + 1, 40)
    b, bias = normal(rng, outer * depth, columns), normal(rng, columns)
    c, untouched = between_canaries((ROWS, columns))
    c[:] = 77
    starts = [(g % 2 * 40 + 7 * g) * 4 for g in range(GROUPS)]  # anywhere
    wanted = [GROUP, 1, 0, *range(GROUPS)][:GROUPS]
    table = np.array(
        [
            (image.ctypes.data + start, c[g * GROUP :].ctypes.data, count)
            for g, (start, count) in enumerate(zip(starts, wanted, strict=True))
        ]
    )
    convolve(one, image, table, outer, depth, b, bias, c)
    for g, (start, count) in enumerate(zip(starts, wanted, strict=True)):
        for i in range(GROUP):
            row, at = divmod(start // 4 + i, 40)
            window = image[row : row + outer, at : at + depth].ravel()
            expected = window.astype(float) @ b + bias
            got = c[g * GROUP + i]
            np.testing.assert_allclose(got, expected if i < count else 77, atol=1e-5)
    untouched()


@pytest.mark.parametrize(("kind", "rows"), [(0, ROWS), (1, LOW), (2, ODD)])
def test_correlation(rng, kind, rows):
    runs, depth = 3, 4
    a, b = normal(rng, 5, depth, rows), normal(rng, runs * depth, WIDTH)
    c, untouched = between_canaries((rows, WIDTH))
    c[:] = before = normal(rng, rows, WIDTH)
    chosen = [4, 0, 2]
    lines = np.array([a[run].ctypes.data for run in chosen])
    correlate(kind, a, lines, depth, b, c)
    pixels = a[chosen].reshape(runs * depth, rows)
    np.testing.assert_allclose(c, before + pixels.T @ b, atol=1e-5)
    untouched()


def test_pack(rng):
    b, total = normal(rng, 6, LANES), normal(rng, LANES)
    panel, untouched = between_canaries((6, WIDTH))
    before = total.copy()
    pack(b, LANES, panel, total)
    np.testing.assert_array_equal(panel[:, :LANES], b)
    np.testing.assert_array_equal(panel[:, LANES:], 0)
    np.testing.assert_allclose(total, before + b.sum(0), atol=1e-5)
    untouched()


@pytest.mark.parametrize("rows", range(1, 5 * ROWS))
@pytest.mark.parametrize("smaller", [LOW, ODD])
def test_cover(rows, smaller):
    total, high, low = windows.cover(rows, smaller)
    assert total == high * ROWS + low * smaller
    assert 0 <= total - rows < smaller
