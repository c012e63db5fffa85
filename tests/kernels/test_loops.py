"""The plain loops of the ladder: the same sums, two orders of the loops."""

import numpy as np
import pytest

from tests import oracle
from utils.kernels.loops import all_filters_at_once, one_output_at_a_time

KERNELS = [one_output_at_a_time, all_filters_at_once]
SHAPES = [(1, 2, 2, 1, 2, 2, 1), (2, 5, 7, 3, 3, 2, 4), (3, 4, 4, 2, 1, 4, 5)]


def layer(rng, N, H, W, C, HH, WW, K, dtype=np.float64):
    """Draw x, w, b and an output full of NaN, with a frame of sevens around."""
    x, w, b = (rng.standard_normal(s) for s in ((N, H, W, C), (HH, WW, C, K), (K,)))
    frame = np.full((N + 2, H - HH + 1, W - WW + 1, K), 7, dtype)
    frame[1:-1] = np.nan
    return *(a.astype(dtype) for a in (x, w, b)), frame


def test_by_hand():
    x = np.arange(9.0).reshape(1, 3, 3, 1)
    w, b = np.array([[1.0, 0], [0, 10]]).reshape(2, 2, 1, 1), np.array([100.0])
    for kernel in KERNELS:
        out = np.empty((1, 2, 2, 1))
        kernel(0, 1, x, w, b, out)  # x[i, j] + 10 * x[i + 1, j + 1] + 100
        np.testing.assert_array_equal(out.ravel(), [140, 151, 173, 184])


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_all_workers_together_write_everything_once(rng, kernel, shape, workers):
    x, w, b, frame = layer(rng, *shape)
    out = frame[1:-1]
    for worker in range(workers):
        before = np.isnan(out)
        kernel(worker, workers, x, w, b, out)
        rows = np.isnan(out).reshape(-1, *out.shape[2:]).all(axis=(1, 2))
        assert not rows[worker::workers].any()
        kept = np.delete(np.arange(len(rows)), np.s_[worker::workers])
        assert (np.isnan(out) == before).reshape(len(rows), -1)[kept].all()
    expected = oracle.conv_forward(
        x.transpose(0, 3, 1, 2), w.transpose(3, 2, 0, 1), b, 1, 0
    )
    np.testing.assert_allclose(out, expected.transpose(0, 2, 3, 1), rtol=0, atol=1e-12)
    assert (frame[[0, -1]] == 7).all()


def test_both_orders_round_alike(rng):
    """Each output adds the same products in the same order, so every bit agrees."""
    x, w, b, frame = layer(rng, 1, 6, 6, 8, 3, 3, 16)
    outs = [frame[1:-1].copy() for _ in KERNELS]
    for kernel, out in zip(KERNELS, outs, strict=True):
        kernel(0, 1, x, w, b, out)
    np.testing.assert_allclose(outs[0], outs[1], rtol=1e-15)
