"""The prototype of sparse gradients, and counts of products; no PyTorch needed."""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import savings
from benchmarks.harness import difference
from benchmarks.sparse import WIDE, Sparse


def by_definition(x, w, g, index):
    """Give dw and dx of a convolution under a pooling, window by window, in float64."""
    N, H, W, C = x.shape
    x = np.pad(x.astype(float), ((0, 0), (1, 1), (1, 1), (0, 0)))
    dw, dx = np.zeros(w.shape), np.zeros(x.shape)
    for n, i, j, k in np.ndindex(g.shape):
        y, z = 2 * i + index[n, i, j, k] // 2, 2 * j + index[n, i, j, k] % 2
        window = n, slice(y, y + 3), slice(z, z + 3)
        dw[..., k] += g[n, i, j, k] * x[window]
        dx[window] += g[n, i, j, k] * w[..., k].astype(float)
    return dw, dx[:, 1:-1, 1:-1]


@pytest.mark.parametrize(("C", "K", "size"), [(WIDE, 32, 5), (2 * WIDE, 16, 4)])
def test_sparse_gradients_are_those_of_the_definition(C, K, size, monkeypatch):
    monkeypatch.setattr(savings, "N", 3)
    x, w, g, index = savings.layer(C, K, size)
    one = Sparse(x, w, g, index)
    dw, dx = by_definition(x, w, g, index)
    for _ in range(2):  # a second call starts anew
        one.weights()
        one.data()
        assert difference([one.dw, one.dx], [dw, dx]) < 1e-6


def test_a_wrong_index_is_seen(monkeypatch):
    monkeypatch.setattr(savings, "N", 2)
    x, w, g, index = savings.layer(WIDE, 16, 4)
    one = Sparse(x, w, g, (index + 1) % 4)
    one.weights()
    assert difference([one.dw], by_definition(x, w, g, index)[:1]) > 0.1


def brute_force(needed, size):
    """Count taps that meet a pixel, for the first `needed` rows and columns."""
    places = itertools.product(range(needed), (-1, 0, 1))
    return sum(0 <= at + tap < size for at, tap in places) ** 2


@pytest.mark.parametrize("layer", savings.LAYERS)
def test_products_without_padding_are_counted(layer, monkeypatch):
    monkeypatch.setattr(savings, "N", 4)
    _, _, size, pooled = layer
    needed = size // 2 * 2 if pooled else size
    nine, useful, tiles = savings.products(*layer)
    assert (nine, useful) == (9, brute_force(needed, size) / needed**2)
    assert 64 / 36 <= tiles < useful  # F(6 x 6) on whole tiles is the least


def test_both_ways_of_a_row_give_the_same(monkeypatch):
    monkeypatch.setattr(savings, "N", 4)
    monkeypatch.setattr(savings, "SIZES", (20,))
    for one in (savings.unused(20), *(savings.frozen(20, w) for w in savings.FROZEN)):
        a, b = one.ours.run(), one.rivals[0].run()
        assert difference(a, b) <= one.tolerance


def test_jobs_are_called_what_their_rows_are(monkeypatch):
    monkeypatch.setattr(savings, "N", 2)
    for name, make in savings.jobs():
        one = make()
        assert name == f"{one.name} {one.direction}"


def test_only_what_was_asked_for_is_measured():
    found = list(savings.rows(SimpleNamespace(only="@7: ", rounds=3, patience=0)))
    assert [row["pass"] for row in found] == ["taps", "taps"]
    assert all(row["ratio"] is None for row in found)
