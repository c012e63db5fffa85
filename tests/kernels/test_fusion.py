import numpy as np
import pytest

from tests.kernels.engine import conv_forward, needs_compiler, normal, run_checked
from utils.kernels import fusion, passes, threads
from utils.kernels.activations import Gelu, Relu
from utils.kernels.simd import LANES
from utils.kernels.winograd import Convolution

pytestmark = needs_compiler

N, H, W, C = 3, 7, 9, 2 * LANES  # odd sizes: the last row and column have no window


def written_out(source, shape):
    out = np.full(shape, np.nan, np.float32)
    passes.fill(source, out)
    return out


def numbers(rng, count):
    """Give `count` vectors of one number per channel, some of them negative."""
    return [normal(rng, C) for _ in range(count)]


def pooled_maps(rng):
    """Give a gradient, a map, places, and the gradient sent to its places."""
    h, w = H // 2, W // 2
    dout, y = normal(rng, N, h, w, C), normal(rng, N, h, w, C)
    index = rng.integers(0, 4, dout.shape).astype(np.uint8)
    return dout, y, index


def scattered(values, index):
    """Send pooled values to their places in a map of (N, H, W, C)."""
    out = np.zeros((N, H, W, C))
    n, i, j, c = np.indices(values.shape)
    out[n, 2 * i + index // 2, 2 * j + index % 2, c] = values
    return out


def source_cases(rng):
    """Yield each source of a map (N, H, W, C) with the map it stands for."""
    x, y = normal(rng, N, H, W, C), normal(rng, N, H, W, C)
    a, b, c = numbers(rng, 3)
    yield fusion.Plain(x), x
    yield fusion.BnAct(x, a, b, Relu()), np.maximum(x * a + b, 0)
    yield fusion.BnBack(x, y, a, b, c), x * a + y * b + c
    dout, pooled, index = pooled_maps(rng)
    yield (
        fusion.PoolBack(dout, pooled, index, a, b, c, H // 2, W // 2),
        scattered(dout * a + pooled * b + c, index),
    )
    yield (
        fusion.BnPoolBack(dout, y, index, a, b, c, H // 2, W // 2),
        scattered(dout * a, index) + y * b + c,
    )


SOURCES = ["Plain", "BnAct", "BnBack", "PoolBack", "BnPoolBack"]


def source_case(rng, name):
    cases = {type(source).__name__: (source, x) for source, x in source_cases(rng)}
    assert list(cases) == SOURCES
    return cases[name]


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_is_the_map_it_stands_for(rng, name):
    source, expected = source_case(rng, name)
    np.testing.assert_allclose(written_out(source, (N, H, W, C)), expected, atol=1e-5)


@pytest.mark.parametrize("name", SOURCES)
def test_a_convolution_reads_a_source_like_its_map(rng, name):
    source, x = source_case(rng, name)
    w, out = normal(rng, 3, 3, C, LANES), np.empty((N, H, W, LANES), np.float32)
    conv = Convolution(N, H, W, C, LANES)
    conv.forward(w, source, fusion.Store(out))
    np.testing.assert_allclose(out, conv_forward(x, w, 1, 1), atol=2e-3)


@pytest.mark.parametrize("name", SOURCES[2:])
def test_the_weights_gradient_reads_a_source_like_its_map(rng, name):
    source, dout = source_case(rng, name)
    x = normal(rng, N, H, W, LANES)
    conv = Convolution(N, H, W, LANES, C)
    dw, expected = (np.empty((3, 3, LANES, C), np.float32) for _ in range(2))
    conv.backward_weights(fusion.Plain(x), source, dw)
    conv.backward_weights(
        fusion.Plain(x), fusion.Plain(dout.astype(np.float32)), expected
    )
    np.testing.assert_allclose(dw, expected, atol=1e-3)


@pytest.fixture
def layer(rng):
    """Give a convolution whose tiles may pool, x, w, and its output."""
    conv = Convolution(N, H, W, LANES, C, pooled=True)
    x, w = normal(rng, N, H, W, LANES), normal(rng, 3, 3, LANES, C)
    return conv, x, w, conv_forward(x, w, 1, 1)


def garbage(*shape, dtype=np.float32):
    return np.full(shape, 99, dtype)


def windows(y):
    """View y as the four pixels of each 2 x 2 window: (4, N, h, w, C)."""
    even = y[:, : H // 2 * 2, : W // 2 * 2]
    return np.stack([even[:, p::2, q::2] for p in (0, 1) for q in (0, 1)])


def check_sums(sums, value, factor):
    total, product = sums.sum(axis=0, dtype=float)
    np.testing.assert_allclose(total, value.sum(axis=(0, 1, 2)), atol=2e-3)
    expected = (value * factor).sum(axis=(0, 1, 2))
    np.testing.assert_allclose(product, expected, rtol=1e-4, atol=1e-2)


def test_store_bias(rng, layer):
    conv, x, w, expected = layer
    out, bias = garbage(*expected.shape), normal(rng, C)
    conv.forward(w, fusion.Plain(x), fusion.StoreBias(out, bias))
    np.testing.assert_allclose(out, expected + bias, atol=1e-3)


def test_store_stats(layer):
    conv, x, w, expected = layer
    out, sums = garbage(*expected.shape), garbage(conv.blocks, 2, C)
    conv.forward(w, fusion.Plain(x), fusion.StoreStats(out, sums))
    np.testing.assert_allclose(out, expected, atol=1e-3)
    check_sums(sums, expected, expected)


def test_store_pool(layer):
    conv, x, w, expected = layer
    h, wide = H // 2, W // 2
    out, sums = garbage(N, h, wide, C), garbage(conv.blocks, 2, C)
    index = garbage(*out.shape, dtype=np.uint8)
    sink = fusion.StorePool(out, index, sums, h, wide)
    conv.forward(w, fusion.Plain(x), sink)
    np.testing.assert_allclose(out, windows(expected).max(axis=0), atol=1e-3)
    chosen = np.take_along_axis(windows(expected), index[None], axis=0)[0]
    np.testing.assert_allclose(chosen, windows(expected).max(axis=0), atol=1e-3)
    check_sums(sums, out.astype(float), out)


def test_store_bn_pool(rng, layer):
    conv, x, w, expected = layer
    h, wide = H // 2, W // 2
    out, sums = garbage(*expected.shape), garbage(conv.blocks, 2, C)
    pooled, sign = garbage(N, h, wide, C), np.sign(normal(rng, C))
    index = garbage(*pooled.shape, dtype=np.uint8)
    assert len(set(sign)) == 2
    sink = fusion.StoreBnPool(out, sums, pooled, index, sign, h, wide)
    conv.forward(w, fusion.Plain(x), sink)
    np.testing.assert_allclose(out, expected, atol=1e-3)
    check_sums(sums, expected, expected)
    # A normalised value with a negative scale is largest where y is smallest.
    best = (windows(out) * sign).max(axis=0) * sign
    np.testing.assert_array_equal(pooled, best)
    chosen = np.take_along_axis(windows(out), index[None], axis=0)[0]
    np.testing.assert_array_equal(chosen, best)


@pytest.mark.parametrize("curve", [Relu(), Gelu()])
def test_act_back(rng, layer, curve):
    conv, x, w, dout = layer
    out, sums = garbage(*dout.shape), garbage(conv.blocks, 2, C)
    y, (scale, shift) = normal(rng, *dout.shape), numbers(rng, 2)
    sink = fusion.ActBack(out, y, scale, shift, curve, sums)
    conv.forward(w, fusion.Plain(x), sink)
    z, step = (y * scale + shift).astype(float), 1e-4

    def value(z):
        source = fusion.BnAct(z.astype(np.float32), one, 0 * one, curve)
        return written_out(source, z.shape).astype(float)

    one = np.ones(C, np.float32)
    if isinstance(curve, Relu):
        slope = z > 0
    else:
        step = 2e-2
        slope = (value(z + step) - value(z - step)) / (2 * step)
    smooth = np.abs(z) > 1e-4  # ReLU has no slope at 0
    np.testing.assert_allclose(out[smooth], (dout * slope)[smooth], atol=5e-3)
    check_sums(sums, out.astype(float), y)


def test_memory_is_touched_only_where_it_may_be():
    run_checked("""
import numpy as np
from tests.kernels import test_fusion as t
from utils.kernels import fusion, simd
from utils.kernels.activations import Relu
from utils.kernels.scratch import Scratch
from utils.kernels.winograd import Convolution

rng, memory = np.random.default_rng(0), Scratch()
conv = Convolution(t.N, t.H, t.W, t.C, t.C, pooled=True, scratch=memory)
w = t.normal(rng, 3, 3, t.C, t.C)
half = t.N, t.H // 2, t.W // 2, t.C
out, y, sums = (t.garbage(*shape) for shape in
    [(t.N, t.H, t.W, t.C)] * 2 + [(conv.blocks, 2, t.C)])
pooled, index = t.garbage(*half), t.garbage(*half, dtype=np.uint8)
a, b = t.numbers(rng, 2)
sinks = [
    fusion.StoreBias(out, a),
    fusion.StorePool(pooled, index, sums, *half[1:3]),
    fusion.StoreBnPool(out, sums, pooled, index, a, *half[1:3]),
    fusion.ActBack(out, y, a, b, Relu(), sums),
]
sources = [source for source, _ in t.source_cases(rng)]
pairs = [(s, fusion.Store(out)) for s in sources] + [(sources[0], s) for s in sinks]
for source, sink in pairs:
    conv.forward(w, source, sink)  # scratch memory grows
    parts = [part for part in (*source, *sink) if isinstance(part, np.ndarray)]
    with simd.watched(w, *parts, *memory.pieces()):
        conv.forward(w, source, sink)
""")


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("sink_name", ["StorePool", "StoreBnPool"])
def test_a_nan_wins_its_window(place, sink_name):
    # One tap that copies x, so that the output's windows are those of x; the NaN
    # spreads over its tile, and every window of it must show that.
    x = np.ones((1, 4, 4, LANES), np.float32)
    x[0, place // 2, place % 2] = np.nan
    w = np.zeros((3, 3, LANES, LANES), np.float32)
    w[1, 1] = np.eye(LANES)
    conv = Convolution(1, 4, 4, LANES, LANES, pooled=True)
    out, sums = garbage(1, 4, 4, LANES), garbage(conv.blocks, 2, LANES)
    pooled, index = garbage(1, 2, 2, LANES), garbage(1, 2, 2, LANES, dtype=np.uint8)
    if sink_name == "StorePool":
        sink = fusion.StorePool(pooled, index, sums, 2, 2)
    else:
        sign = np.ones(LANES, np.float32)
        sink = fusion.StoreBnPool(out, sums, pooled, index, sign, 2, 2)
        conv.forward(w, fusion.Plain(x), fusion.Store(out))
        expected = np.isnan(out.reshape(2, 2, 2, 2, LANES)).any(axis=(1, 3))
    conv.forward(w, fusion.Plain(x), sink)
    assert np.isnan(pooled[0, 0, 0]).all()
    if sink_name == "StoreBnPool":
        np.testing.assert_array_equal(np.isnan(pooled[0]), expected)


def test_sums_depend_on_the_threads_no_more_than_rounding(rng, monkeypatch):
    x, w = normal(rng, 20, 8, 8, LANES), normal(rng, 3, 3, LANES, LANES)
    totals = []
    for number in (1, 2, 3):
        monkeypatch.setattr(threads, "count", lambda number=number: number)
        conv = Convolution(20, 8, 8, LANES, LANES)
        out, sums = garbage(20, 8, 8, LANES), garbage(conv.blocks, 2, LANES)
        conv.forward(w, fusion.Plain(x), fusion.StoreStats(out, sums))
        totals.append(sums.sum(axis=0, dtype=float))
    for total in totals[1:]:
        np.testing.assert_allclose(total, totals[0], rtol=1e-4, atol=2e-2)


@pytest.mark.parametrize("distance", [0, 1, 3, 10])
def test_the_variance_is_as_exact_as_stated(rng, distance):
    x = rng.standard_normal((20, 8, 8, LANES)) + distance
    x, w = x.astype(np.float32), np.zeros((3, 3, LANES, LANES), np.float32)
    w[1, 1] = np.eye(LANES)
    conv = Convolution(20, 8, 8, LANES, LANES)
    out, sums = garbage(*x.shape), garbage(conv.blocks, 2, LANES)
    conv.forward(w, fusion.Plain(x), fusion.StoreStats(out, sums))
    total, squares = sums.sum(axis=0, dtype=float) / (20 * 64)
    exact = out.astype(float).var(axis=(0, 1, 2))
    bound = 2e-6 * (1 + distance**2)
    assert (np.abs(squares - total**2 - exact) <= bound * exact).all()
