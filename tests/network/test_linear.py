"""What computes the linear part of a stage, and that all ways give the same."""

import numpy as np
import pytest

from tests.kernels import engine as reference
from tests.network.small import agree, images, pair
from utils.kernels import direct, narrow, passes, threads
from utils.kernels.activations import Relu as ReluCurve
from utils.kernels.fusion import BnAct, Plain, Store, StorePool, StoreStats
from utils.kernels.simd import LANES
from utils.network import Affine, Conv, GlobalMaxPool, MaxPool, Relu, Whiten
from utils.network.engine import Memory
from utils.network.linear import Copy, Direct, Full, Winograd, give, plain

HEAD = [GlobalMaxPool(), Affine(5)]
N, H, W, C, K = 3, 7, 9, LANES, 2 * LANES
LIMIT = 2e-5  # float32 sums of some hundred products of order 1


def array(rng, *shape):
    out = threads.aligned(shape)
    out[:] = rng.standard_normal(shape)
    return out


def ways():
    """Give each way to compute a convolution, and its layer."""
    for layer in (Conv(K), Conv(K, stride=2), Conv(K, pad=2), Conv(K, pad=0)):
        yield Winograd, layer
    for layer in (Conv(K, 1), Conv(K, 2), Conv(K, 5), Conv(K, 5, stride=2)):
        yield Direct, layer


def build(kind, layer, memory):
    _, OH, OW = layer.out_shape((C, H, W))
    out_map = N, OH, OW, K
    if kind is Winograd:
        sizes = (N, H, W, C), K, C, (OH, OW), False
        return Winograd(memory, "conv1", layer, *sizes), out_map
    return Direct(memory, "conv1", layer, (N, H, W, C), out_map, (OH, OW)), out_map


@pytest.mark.parametrize(("kind", "layer"), list(ways()), ids=str)
def test_all_ways_are_the_convolution(kind, layer, rng):
    linear, out_map = build(kind, layer, Memory())
    x, w = array(rng, N, H, W, C), array(rng, layer.size, layer.size, C, K)
    y, sums = array(rng, *out_map), np.full((linear.blocks, 2, K), 7, np.float32)
    linear.forward(w, Plain(x), StoreStats(y, sums))
    expected = reference.conv_forward(x, w, layer.stride, layer.padding)
    assert np.abs(y - expected).max() < LIMIT * np.abs(expected).max()
    total, square = sums.sum(axis=0, dtype=float)
    assert np.abs(total - y.sum(axis=(0, 1, 2), dtype=float)).max() < 1e-3
    assert np.allclose(square, (y.astype(float) ** 2).sum(axis=(0, 1, 2)), rtol=1e-5)

    dout, dw, dx = array(rng, *out_map), array(rng, *w.shape), array(rng, N, H, W, C)
    gradient = linear.prepare(Plain(dout))
    linear.backward_weights(Plain(x), gradient, dw)
    linear.backward_data(w, gradient, Store(dx))
    params = layer.stride, layer.padding
    expected_dx, expected_dw = reference.conv_backward(dout, x, w, *params)
    assert np.abs(dx - expected_dx).max() < LIMIT * np.abs(expected_dx).max()
    assert np.abs(dw - expected_dw).max() < LIMIT * np.abs(expected_dw).max()


def test_which_way_suits():
    assert all(
        Winograd.suits(Conv(5, stride=s, pad=p), False) for s, p in [(1, 0), (2, 2)]
    )
    assert not Winograd.suits(Conv(5), True)  # images have too few channels
    for layer in (Conv(5, 5), Conv(5, 1), Conv(5, stride=3), Conv(5, pad=3), Whiten()):
        assert not Winograd.suits(layer, False)
    found = Direct(Memory(), "", Conv(K, 7), (1, 9, 9, 3), (1, 9, 9, K), (9, 9))
    assert found._way is narrow
    found = Direct(Memory(), "", Conv(K, 7), (1, 9, 9, 64), (1, 9, 9, K), (9, 9))
    assert found._way is direct


def test_a_pooled_output_is_apart_from_the_whole_one(rng, monkeypatch):
    """Also for a batch that is smaller than one before, when memory is there."""
    move = passes.move

    def watched(source, sink, *sizes):
        assert not np.shares_memory(source.x, sink.out)  # threads would race
        move(source, sink, *sizes)

    monkeypatch.setattr(passes, "move", watched)
    memory, layer = Memory(), Conv(K, 5)
    w = array(rng, 5, 5, C, K)
    for images_of_batch in (20, 16, 20, 8):
        in_map = images_of_batch, 32, 32, C
        out_map = (*in_map[:3], K)
        pooled = memory.floats("conv1.y", (images_of_batch, 16, 16, K))
        index = memory.bytes("conv1.index", pooled.shape)
        linear = Direct(memory, "conv1", layer, in_map, out_map, (32, 32))
        sums = np.zeros((linear.blocks, 2, K), np.float32)
        x = array(rng, *in_map)
        linear.forward(w, Plain(x), StorePool(pooled, index, sums, 16, 16))
        y = array(rng, *out_map)
        linear.forward(w, Plain(x), Store(y))
        windows = y.reshape(images_of_batch, 16, 2, 16, 2, K)
        assert (pooled == windows.max(axis=(2, 4))).all()


def test_a_source_is_written_out_only_if_it_has_to(rng):
    x, out = array(rng, 2, 3, 3, C), array(rng, 2, 3, 3, C)
    assert plain(Plain(x), lambda: 1 / 0) is x
    one, half = np.ones(C, np.float32), np.full(C, 0.5, np.float32)
    got = plain(BnAct(x, one, half, ReluCurve()), lambda: out)
    assert got is out and np.allclose(out, np.maximum(x + 0.5, 0))


def test_giving_writes_straight_into_a_plain_sink(rng):
    dx = array(rng, 2, 3, 3, C)
    seen = []
    give(Store(dx), None, "", dx.shape, seen.append)
    assert seen[0] is dx
    sums = np.zeros((2, 2, C), np.float32)

    def write(array):
        seen.append(array)
        array[:] = 2

    give(StoreStats(dx, sums), Memory(), "name", dx.shape, write)
    assert seen[1] is not dx and (dx == 2).all() and (sums.sum(axis=0)[0] == 36).all()


def test_a_copy_cuts_off(rng):
    x, y = array(rng, 2, 5, 5, C), array(rng, 2, 4, 4, C)
    Copy(x.shape, (4, 4)).forward(None, Plain(x), Store(y))
    assert (y == x[:, :4, :4]).all()
    dx = array(rng, 2, 5, 5, C)
    Copy(x.shape).backward_data(None, Plain(x), Store(dx))
    assert (dx == x).all()


def test_an_affine_layer_reads_maps_as_one_row(rng):
    memory = Memory()
    full = Full(memory, "affine1", (3, 2, 2, C), (3, 1, 1, K))
    x, w = array(rng, 3, 2, 2, C), array(rng, 4 * C, K)
    y, dout = array(rng, 3, 1, 1, K), array(rng, 3, 1, 1, K)
    full.forward(w, Plain(x), Store(y))
    flat = x.reshape(3, -1).astype(float)
    assert np.abs(y[:, 0, 0] - flat @ w).max() < 1e-4
    dw, dx = array(rng, 4 * C, K), array(rng, 3, 2, 2, C)
    gradient = full.prepare(Plain(dout))
    full.backward_weights(Plain(x), gradient, dw)
    full.backward_data(w, gradient, Store(dx))
    assert np.abs(dw - flat.T @ dout[:, 0, 0]).max() < 1e-4
    assert np.abs(dx.reshape(3, -1) - dout[:, 0, 0] @ w.T.astype(float)).max() < 1e-4


@pytest.mark.parametrize("layers", [[Whiten()], [Conv(6, 5, stride=2)], [Conv(6, 7)]])
def test_first_layers(layers):
    fast, exact = pair([*layers, MaxPool(), Relu(), *HEAD], (3, 12, 12))
    agree(fast, exact, images(3, H=12))
