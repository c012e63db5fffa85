"""The ladder: equal numbers on all rungs, times in order, errors that are said."""

import os

import numpy as np
import pytest

from tests import oracle
from utils import ladder
from utils.exercises.conv_layers import conv_forward_naive

compiled = pytest.mark.skipif(
    os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="needs compiled kernels"
)


def fast_naive(x, w, b, conv_param):
    """The layer of the first rung, without its slowness."""
    out = oracle.conv_forward(x, w, b, conv_param["stride"], conv_param["pad"])
    return out, None


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_windows_by_the_oracle(rng, stride, monkeypatch):
    x = rng.standard_normal((5, 6, 7, 3))
    view = oracle.windows(x.transpose(0, 3, 1, 2), 3, 2, stride)
    view = view.transpose(0, 2, 3, 4, 5, 1)  # (N, H_out, W_out, HH, WW, C)
    size = view[0].size
    for images in (1, 2, 9):  # per chunk
        monkeypatch.setattr(ladder, "CHUNK_BYTES", images * size * x.itemsize)
        seen = []
        for part, columns in ladder.windows(x, (3, 2), stride):
            assert columns.shape[0] <= max(1, images) * view[0, ..., 0, 0, 0].size
            np.testing.assert_array_equal(columns.ravel(), view[part].ravel())
            seen += range(5)[part]
        assert seen == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("window", [1, 3, 5])
def test_im2col_blas_against_the_oracle(rng, window):
    x, b = rng.standard_normal((3, 6, 5, 2)), rng.standard_normal(4)
    w = rng.standard_normal((window, window, 2, 4))
    out = ladder.im2col_blas(x, w, b)
    images, filters = x.transpose(0, 3, 1, 2), w.transpose(3, 2, 0, 1)
    expected = oracle.conv_forward(images, filters, b, 1, window // 2)
    np.testing.assert_allclose(out, expected.transpose(0, 2, 3, 1), atol=1e-12)


@compiled
def test_all_rungs_compute_the_same_numbers():
    rungs = ladder.climb(conv_forward_naive, images=2, repeat=1)
    assert [rung.name for rung in rungs] == ["loops in Python", *ladder.RUNGS]
    for rung in rungs:
        assert rung.seconds > 0
        assert 0 < rung.error < 1e-5
    assert rungs[0].seconds > 10 * rungs[-1].seconds


@compiled
def test_a_rung_with_other_numbers_is_an_error(monkeypatch):
    def off_by_one(x, w, b):
        return lambda: ladder.im2col_blas(x, w, b + 1)

    monkeypatch.setattr(ladder, "RUNGS", {"too much": off_by_one})
    with pytest.raises(RuntimeError, match="too much computes other numbers"):
        ladder.climb(fast_naive, images=1, repeat=1)


def test_not_a_number_is_an_error_too(monkeypatch):
    def nan(x, w, b):
        return lambda: np.full((1, 32, 32, 64), np.nan)

    monkeypatch.setattr(ladder, "RUNGS", {"nothing": nan})
    with pytest.raises(RuntimeError, match="nothing computes other numbers"):
        ladder.climb(fast_naive, images=1, repeat=1)


def test_the_table_says_how_much_each_step_wins():
    rungs = [ladder.Rung("slow", 0.5, 1e-7), ladder.Rung("fast", 0.002, 2e-6)]
    head, slow, fast = ladder.table(rungs).split("\n")
    assert head.split() == ["ms", "per", "image", "GFLOP/s", "step", "error"]
    assert slow.split() == ["slow", "500.000", "0.15", "1e-07"]
    assert fast.split() == ["fast", "2.000", "37.75", "x", "250.0", "2e-06"]
    assert len(head) == len(slow) == len(fast)


def test_gflops_count_the_plain_sums():
    # 9 * 64 products and as many additions for each of 32 * 32 * 64 outputs
    assert ladder.Rung("", 1.0, 0).gflops == pytest.approx(0.075497472)
