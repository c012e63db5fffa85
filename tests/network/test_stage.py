"""Which arrays a stage writes, and what it leaves out."""

import itertools

import numpy as np
import pytest

from tests.network.small import agree, images, labels, pair, shake
from utils.kernels import fusion
from utils.network import (
    Affine,
    BatchNorm,
    Conv,
    ConvNet,
    Gelu,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Silu,
)

HEAD = [GlobalMaxPool(), Affine(5)]
SIZES = {"winograd": 3, "direct": 5}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("norm", [[], [BatchNorm()], [BatchNorm(scale=False)]])
@pytest.mark.parametrize("curve", [[], [Relu()], [Gelu()]])
def test_every_form_of_a_stage(size, norm, curve):
    pool = [MaxPool()]
    orders = [[norm, curve], [pool, norm, curve], [norm, pool, curve]]
    for order in [*orders, [norm, curve, pool]]:
        block = [Conv(6, size), *itertools.chain(*order)]
        fast, exact = pair([Conv(5), Relu(), *block, *HEAD])
        for odd in (8, 7):
            agree(fast, exact, images(3, H=odd))


def test_silu():
    fast, exact = pair([Conv(5), Silu(), Conv(6), BatchNorm(), Silu(), *HEAD])
    agree(fast, exact, images(3))


def make(layers, N=4):
    """Give a net that has made its engine, and that engine's nodes."""
    net = shake(ConvNet(layers, (3, 8, 8)))
    net.loss(images(N), labels(N, net.classes))
    return net, net._engine.chain.nodes


def test_only_costly_curves_are_written_out():
    layers = [Conv(5), Relu(), Conv(5), Gelu(), Conv(5), Silu(), *HEAD]
    net, (relu, gelu, silu, *_) = make(layers)
    source = fusion.Plain(images(4).astype(np.float32).transpose(0, 2, 3, 1).copy())
    assert type(relu.forward(source, False)) is fusion.BnAct
    source = relu.forward(source, False)
    assert type(gelu.forward(source, False)) is fusion.Plain
    assert type(silu.forward(gelu.forward(source, False), False)) is fusion.Plain


def test_what_pooling_drops_is_left_out():
    net, (stage, *_) = make([Conv(5, pad=0), MaxPool(), Relu(), *HEAD])
    assert stage.out_map[1:3] == (3, 3)
    layers = [Conv(5), Relu(), Conv(5), MaxPool(), Relu(), *HEAD]
    for skip, rows in ((True, 6), (False, 7)):
        net = ConvNet(layers, (3, 7, 7), skip_unused=skip)
        net.loss(images(2, H=7))
        stage = net._engine.chain.nodes[1]
        assert stage._linear._conv.forward_plan.sink.H == rows


FREEZE = {
    # what is frozen: stages whose weights, and whose data, get a gradient
    "nothing": ([], [0, 1, 2], [1, 2]),
    "the first block": (["conv1.w", "bn1.*"], [1, 2], [2]),
    "the first weights": (["conv1.w"], [1, 2], [1, 2]),
    "two blocks": (["conv[12].w", "bn[12].*"], [2], []),
    "the second block": (["conv2.w", "bn2.*"], [0, 2], [1, 2]),
    "only biases": (["*.w"], [], [1, 2]),
    "all but the last bias": (["conv?.w", "bn*"], [], []),
    "everything": (["*"], [], []),
}


@pytest.mark.parametrize("name", FREEZE)
def test_what_is_frozen_is_not_computed(name, monkeypatch):
    layers = [Conv(5), BatchNorm(), Relu(), Conv(5), BatchNorm(), Relu()]
    net, nodes = make([*layers, Conv(5), Relu(), *HEAD])
    net.freeze(*(patterns := FREEZE[name][0]))
    called = {"backward_weights": [], "backward_data": []}
    for place, stage in enumerate(nodes[:3]):
        for way, places in called.items():
            work = getattr(stage._linear, way)

            def watched(*args, work=work, places=places, place=place):
                places.append(place)
                return work(*args)

            monkeypatch.setattr(stage._linear, way, watched)
    _, grads = net.loss(images(4), labels(4, 5))
    assert sorted(called["backward_weights"]) == FREEZE[name][1]
    assert sorted(called["backward_data"]) == FREEZE[name][2]
    assert grads.keys() == net.params.keys() - net.frozen
    assert bool(patterns) == bool(net.frozen)


def test_a_frozen_gradient_keeps_its_memory():
    net, _ = make([Conv(5), BatchNorm(), Relu(), *HEAD])
    grads = net.loss(images(4), labels(4, 5))[1]
    kept = {name: grad.copy() for name, grad in grads.items()}
    net.freeze("conv1.w", "bn1.gamma", "affine1.b")
    net.loss(images(4, seed=5), labels(4, 5, seed=5))
    for name, grad in grads.items():
        assert (grad == kept[name]).all() == (name in net.frozen), name
