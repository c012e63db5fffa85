"""Poolings, residuals and boundaries, alone and beside all kinds of neighbours."""

import numpy as np
import pytest

from tests import oracle
from tests.network.small import agree, images, labels, pair, shake
from utils.kernels.fusion import Plain
from utils.kernels.simd import LANES
from utils.network import (
    Affine,
    AvgPool,
    BatchNorm,
    Conv,
    ConvNet,
    GlobalAvgPool,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Residual,
    StopGradient,
)
from utils.network.nodes import Outlet

HEAD = [GlobalMaxPool(), Affine(5)]
POOLS = [MaxPool(3), MaxPool(3, 2), MaxPool(2, 1), MaxPool(2, 3), MaxPool(1)]
POOLS += [AvgPool(2), AvgPool(3), AvgPool(1), GlobalMaxPool(), GlobalAvgPool()]


@pytest.mark.parametrize("pool", POOLS, ids=str)
def test_pooling_first_behind_a_stage_and_before_one(pool):
    last = [] if isinstance(pool, GlobalMaxPool) else [Conv(5), BatchNorm(), Relu()]
    head = [] if isinstance(pool, GlobalMaxPool) else [GlobalMaxPool()]
    for first in ([], [Conv(5), BatchNorm(), Relu()]):
        fast, exact = pair([*first, pool, *last, *head, Affine(5)], (3, 11, 8))
        agree(fast, exact, images(3, 3, 11, 8))


def node(layer, H, W, rng):
    """Make a node, and send numbers through it, forward and back."""
    net = ConvNet([layer, Affine(3)], (LANES, H, W))
    net.loss(np.zeros((2, LANES, H, W), np.float32))
    made = net._engine.chain.nodes[0]
    x = rng.standard_normal((2, H, W, LANES)).astype(np.float32)
    out = made.forward(Plain(x), True).x.copy()
    dout = rng.standard_normal(out.shape).astype(np.float32)
    made.sink(1).out[:] = dout
    dx = np.full(x.shape, np.nan, np.float32)  # all of it has to be written
    made._backward(dx)
    return [a.transpose(0, 3, 1, 2).astype(float) for a in (x, out, dout, dx)]


@pytest.mark.parametrize("pool", [MaxPool(3, 2), MaxPool(3), MaxPool(2, 1)], ids=str)
def test_max_pooling_is_that_of_the_oracle(pool, rng):
    x, out, dout, dx = node(pool, 7, 8, rng)
    window = pool.size, pool.size, pool.step
    assert (out == oracle.max_pool_forward(x, *window)).all()
    expected = oracle.max_pool_backward(dout, x, *window)
    assert np.abs(dx - expected).max() < 1e-6


def test_mean_pooling_by_its_definition(rng):
    x, out, dout, dx = node(AvgPool(2), 5, 7, rng)
    windows = oracle.windows(x, 2, 2, 2)
    assert np.abs(out - windows.mean(axis=(4, 5))).max() < 1e-6
    assert not dx[:, :, 4:].any() and not dx[:, :, :, 6:].any()
    assert np.array_equal(dx[:, :, 1:4:2, 0:6:2], dout / 4)
    assert np.array_equal(dx[:, :, 0:4:2, 1:6:2], dout / 4)


def test_global_pooling_by_its_definition(rng):
    x, out, dout, dx = node(GlobalAvgPool(), 3, 5, rng)
    assert np.abs(out[..., 0, 0] - x.mean(axis=(2, 3))).max() < 1e-6
    assert np.abs(dx - dout / 15).max() < 1e-7
    x, out, dout, dx = node(GlobalMaxPool(), 3, 5, rng)
    assert (out[..., 0, 0] == x.max(axis=(2, 3))).all()
    assert np.array_equal(dx, np.where(x == out, dout, 0))


def test_a_residual_by_its_definition(rng):
    net = ConvNet([Residual([Relu()]), Affine(3)], (LANES, 3, 5))
    net.loss(np.zeros((2, LANES, 3, 5), np.float32))
    residual = net._engine.chain.nodes[0]
    x, dout = rng.standard_normal((2, 2, 3, 5, LANES)).astype(np.float32)
    out = residual.forward(Plain(x), True).x
    assert np.abs(out - (x + np.maximum(x, 0))).max() < 1e-6
    residual.sink(1).out[:] = dout
    before = Outlet(np.full(x.shape, np.nan, np.float32))
    residual.backward(before)
    assert np.abs(before.dout - dout * (1 + (x > 0))).max() < 1e-6
    assert not residual.learns()


STOPS = {
    "before a residual": [Conv(5), StopGradient(), Residual([Conv(5), Relu()])],
    "behind a residual": [Residual([Conv(3)]), StopGradient(), Conv(5)],
    "first in a residual": [Conv(5), Residual([StopGradient(), Conv(5), Relu()])],
    "last in a residual": [Conv(5), Residual([Conv(5), StopGradient()])],
    "inside a residual": [Conv(5), Residual([Conv(5), StopGradient(), Conv(5)])],
    "alone in a residual": [Conv(5), Residual([StopGradient()]), Conv(5)],
    "twice": [Conv(5), StopGradient(), Conv(5), StopGradient(), Conv(5)],
}
LOST = {
    "before a residual": ["conv1"],
    "behind a residual": ["conv1"],
    "first in a residual": [],
    "last in a residual": ["conv2"],
    "inside a residual": ["conv2"],
    "alone in a residual": [],
    "twice": ["conv1", "conv2"],
}


@pytest.mark.parametrize("name", STOPS)
def test_nothing_passes_a_stop(name):
    fast, exact = pair([*STOPS[name], *HEAD])
    agree(fast, exact, images(3))
    grads = fast.loss(images(3), labels(3, 5))[1]
    lost = {f"{layer}.{key}" for layer in LOST[name] for key in "wb"}
    assert grads.keys() == fast.params.keys() - lost
    assert all(grad.any() for grad in grads.values())


@pytest.mark.parametrize(
    ("frozen", "calls"),
    [([], 1), (["conv1.*"], 1), (["conv2.*"], 1), (["conv[12].*"], 0), (["*"], 0)],
)
def test_a_frozen_residual_is_gone_through_only_for_what_is_before(
    frozen, calls, monkeypatch
):
    layers = [Conv(5), Relu(), Residual([Conv(5), Relu()]), Conv(5), *HEAD]
    net = shake(ConvNet(layers, (3, 8, 8)))
    everything = net.loss(images(3), labels(3, 5))[1]
    everything = {name: grad.copy() for name, grad in everything.items()}
    net.freeze(*frozen) if frozen else None
    residual = net._engine.chain.nodes[1]
    seen, receive = [], residual._chain.receive
    monkeypatch.setattr(
        residual._chain, "receive", lambda dout: seen.append(receive(dout))
    )
    grads = net.loss(images(3), labels(3, 5))[1]
    assert len(seen) == calls
    assert grads.keys() == net.params.keys() - net.frozen
    for name, grad in grads.items():
        assert (grad == everything[name]).all(), name
