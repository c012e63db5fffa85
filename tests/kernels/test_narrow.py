import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels.engine import needs_compiler, run_checked
from tests.kernels.test_direct import EPS, MEMORY, expected, run
from tests.kernels.test_direct import case as any_case
from utils.kernels import narrow, threads
from utils.kernels.columns import MATRICES, TILE, WIDTHS
from utils.kernels.simd import LANES

pytestmark = needs_compiler

# N, H, W, C, vectors of K, HH, WW, stride, pad
SHAPES = [
    (2, 8, 8, 3, 2, 3, 3, 1, 1),
    (2, 9, 7, 3, 2, 7, 7, 1, 3),
    (3, 8, 8, 3, 1, 5, 5, 1, 2),
    (2, 8, 9, 4, 3, 3, 3, 1, 0),
    (1, 70, 5, 1, 1, 2, 3, 1, 1),  # several strips in an image
    (2, 7, 7, 1, 1, 7, 7, 1, 0),  # one window
    (2, 3, 3, 2, 1, 3, 5, 1, 4),  # windows that see nothing but zeros
]


def case(rng, *shape):
    return any_case(rng, *shape)


def sizes(x, w, b, dout, pad):
    """Do Winograd's algorithm with the sizes of all numbers: what errors scale with."""
    x, w, b, dout = (np.abs(a.astype(float)) for a in (x, w, b, dout))
    BT, G, AT = map(np.abs, MATRICES[WIDTHS[w.shape[1]]])
    HH, (OH, OW), W = len(w), dout.shape[1:3], x.shape[2]
    tiles = -(-OW // TILE)
    wide = tiles * TILE + w.shape[1] - 1
    x = np.pad(x, ((0, 0), (pad, pad), (pad, max(0, wide - W - pad)), (0, 0)))
    dout = np.pad(dout, ((0, 0), (0, 0), (0, tiles * TILE - OW), (0, 0)))
    out, dx, dw = np.zeros_like(dout), np.zeros_like(x), np.zeros_like(w)
    U = np.einsum("aq,pqck->apck", G, w)
    for t in range(0, tiles * TILE, TILE):
        V = np.einsum("aj,nhjc->nhac", BT, x[:, :, t : t + len(BT)])
        Y = np.einsum("ma,nhmk->nhak", AT, dout[:, :, t : t + TILE])
        dV = np.zeros_like(V)
        for p in range(HH):
            M = np.einsum("nhac,ack->nhak", V[:, p : p + OH], U[:, p])
            out[:, :, t : t + TILE] += np.einsum("ma,nhak->nhmk", AT, M)
            dV[:, p : p + OH] += np.einsum("nhak,ack->nhac", Y, U[:, p])
            dU = np.einsum("nhac,nhak->ack", V[:, p : p + OH], Y)
            dw[p] += np.einsum("aq,ack->qck", G, dU)
        dx[:, :, t : t + len(BT)] += np.einsum("aj,nhac->nhjc", BT, dV)
    dx = dx[:, pad : dx.shape[1] - pad, pad : pad + W]
    return out[:, :, :OW] + b, dx, dw, dout.sum((0, 1, 2))


def check(arrays, pad, results):
    """As for `direct`; the transforms add two times as many roundings as products."""
    x, w, b, dout = arrays
    HH, WW, C, K = w.shape
    pixels, more = dout[..., 0].size, 3 * (TILE + WW)
    counts = HH * C + more, HH * K + more, pixels + more, pixels + more
    right, scale = expected(*arrays, 1, pad), sizes(*arrays, pad)
    for got, wanted, size, count in zip(results, right, scale, counts, strict=True):
        assert (np.abs(got - wanted) <= count * EPS * size).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_against_float64(rng, shape):
    arrays = case(rng, *shape)
    check(arrays, shape[-1], run(narrow, *arrays, *shape[-2:]))


@settings(max_examples=40)
@given(st.data())
def test_random_shapes(data):
    WW, HH = data.draw(st.sampled_from([3, 5, 7])), data.draw(st.integers(1, 7))
    pad = data.draw(st.integers(0, 4))
    H, W = (data.draw(st.integers(max(1, k - 2 * pad), 20)) for k in (HH, WW))
    N, C, vectors = (data.draw(st.integers(1, n)) for n in (3, 4, 3))
    arrays = case(np.random.default_rng(H * W), N, H, W, C, vectors, HH, WW, 1, pad)
    check(arrays, pad, run(narrow, *arrays, 1, pad))


@pytest.mark.parametrize("WW", [3, 5, 7])
def test_the_error_is_as_small_as_the_docstring_says(rng, WW):
    arrays = case(rng, 8, 16, 16, 3, 2, WW, WW, 1, WW // 2)
    results = run(narrow, *arrays, 1, WW // 2)
    right = expected(*arrays, 1, WW // 2)
    limits = 4e-6, 4e-6, 1e-5, 1e-6
    for got, wanted, limit in zip(results, right, limits, strict=True):
        assert np.abs(got - wanted).max() < limit * np.abs(wanted).max()


@pytest.mark.parametrize("size", [1, 2**23])
def test_no_bias_and_stores_past_the_caches(rng, monkeypatch, size):
    monkeypatch.setattr(narrow, "LARGE", size)
    x, w, b, dout = case(rng, *SHAPES[0])
    out, with_zeros = threads.aligned(dout.shape), threads.aligned(dout.shape)
    narrow.forward(x, w, None, out, 1, 1)
    narrow.forward(x, w, np.zeros_like(b), with_zeros, 1, 1)
    np.testing.assert_array_equal(out, with_zeros)
    check((x, w, b, dout), 1, (out + b, *run(narrow, x, w, b, dout, 1, 1)[1:]))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_any_number_of_threads(rng, monkeypatch, workers):
    monkeypatch.setattr(threads, "count", lambda: workers)
    arrays = case(rng, 3, 26, 6, 3, 2, 3, 3, 1, 1)
    first, again = (run(narrow, *arrays, 1, 1) for _ in range(2))
    check(arrays, 1, first)
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("C", "WW", "stride", "suits"),
    [(3, 7, 1, True), (1, 3, 1, True), (4, 5, 1, True)]
    + [(5, 3, 1, False), (3, 4, 1, False), (3, 3, 2, False)],
)
def test_suits(C, WW, stride, suits):
    assert narrow.suits(C, WW, stride) is suits


def test_arrays_that_do_not_fit(rng):
    x, w, b, out = case(rng, *SHAPES[0])
    with pytest.raises(ValueError, match="out has shape"):
        narrow.forward(x, w, b, out[:, 1:].copy(), 1, 1)
    with pytest.raises(ValueError, match="w has shape"):
        narrow.backward_weights(x, out, w[:, :, 1:].copy(), b, 1, 1)
    assert w.shape[-1] % LANES == 0


def test_memory_is_touched_only_where_it_may_be():
    run_checked(MEMORY.format(module="narrow", exact=False), UTILS_THREADS="1")
