from itertools import pairwise
from types import SimpleNamespace

import pytest

from utils import network, recipes
from utils.exercises.cnn import ThreeLayerConvNet
from utils.network.summary import Summary
from utils.receptive_field import Join, Layer, describe, geometry, seen_by, shapes
from utils.receptive_field_nets import layers_of, three_layer_windows


def test_every_kind_of_layer():
    net = network.ConvNet(
        [
            network.Whiten(2),
            network.Gelu(),
            network.Conv(8, 5, stride=2, pad=1),
            network.BatchNorm(),
            network.Silu(),
            network.Residual([network.Conv(8), network.Relu(), network.Conv(8)]),
            network.MaxPool(3, 2),
            network.AvgPool(2),
            network.StopGradient(),
            network.Affine(10),
            network.Scale(0.1),
        ]
    )
    # 31, then (31 + 2 - 5) / 2 + 1 = 15, pooled to 7 and 3
    assert layers_of(net) == [
        Layer(2),
        Layer(5, 2, 1),
        Join([Layer(3, pad=1), Layer(3, pad=1)], []),
        Layer(3, 2, kind="pool"),
        Layer(2, 2, kind="pool"),
        Layer(3),
    ]


def test_a_net_up_to_one_of_its_layers():
    net = network.ConvNet([network.Conv(8), network.Relu(), network.Affine(10)])
    assert layers_of(net, "conv1") == layers_of(net, "relu1") == [Layer(3, pad=1)]
    assert layers_of(net, "affine1") == layers_of(net) == [Layer(3, pad=1), Layer(32)]
    with pytest.raises(ValueError, match="'conv2', expected one of conv1, relu1, aff"):
        layers_of(net, "conv2")


@pytest.mark.parametrize("pooling", [network.GlobalMaxPool, network.GlobalAvgPool])
def test_a_global_pooling_is_a_window_over_all(pooling):
    net = network.ConvNet([network.Conv(4), pooling(), network.Affine(3)], (3, 8, 12))
    assert layers_of(net) == [Layer(3, pad=1), Layer((8, 12), kind="pool")]


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_recipes_agree_with_their_tables(name):
    net = network.ConvNet(recipes.layers(recipes.RECIPES[name]))
    layers = layers_of(net)
    rows = [row for row in Summary(net.parts).rows if row["field"]]
    windows = [row for row in rows if row["name"].startswith(("w", "conv", "pool"))]
    known = [(row["field"], row["step"], row["output"][1]) for row in windows]
    found = [(row.size, row.step, row.units) for row in geometry(layers[:-1], 32)]
    assert found == known[: len(found)] and len(found) >= 10
    assert shapes(layers, 32)[-1] == (1, 1)


def test_all_recipes_have_the_same_windows():
    nets = [network.ConvNet(recipes.layers(r)) for r in recipes.RECIPES.values()]
    assert all(layers_of(net) == layers_of(nets[0]) for net in nets)


def test_residual_blocks_keep_their_branches():
    block = network.Residual([network.Conv(4), network.Relu(), network.Conv(4)])
    net = network.ConvNet([network.Conv(4), block, network.GlobalAvgPool()])
    assert describe(layers_of(net)[:2])[:1] == (7,)
    assert describe(layers_of(net)[:2]).status == "aligned"


def test_the_three_layer_net():
    expected = [Layer(7, pad=3), Layer(2, 2, kind="pool")]
    assert three_layer_windows(ThreeLayerConvNet) == expected


def test_the_three_layer_net_need_not_be_finished():
    class Unfinished:
        def __init__(self, input_dim=(3, 32, 32), filter_size=5):
            self.conv_param = {"stride": 1, "pad": (filter_size - 1) // 2}
            self.pool_param = {"pool_height": 2, "pool_width": 2, "stride": 2}
            raise NotImplementedError("not written yet")

    assert three_layer_windows(Unfinished)[0] == Layer(5, pad=2)


def test_unknown_layers_are_refused():
    net = SimpleNamespace(parts=[SimpleNamespace(layer="Transposed(8)", name="")])
    with pytest.raises(ValueError, match=r"Transposed\(8\) is no layer whose"):
        layers_of(net)


def test_what_the_notebook_says_about_the_network_of_the_recipes():
    net = network.ConvNet(recipes.layers(recipes.RECIPES["fast80"]))
    layers = layers_of(net)[:-1]
    rows = geometry(layers, 32)
    centres = [0.0, *(row.centre for row in rows)]
    moves = [after - before for before, after in pairwise(centres)]
    even = [layer.kernel % 2 == 0 for layer in layers]
    halves = [move for move, is_even in zip(moves, even, strict=True) if is_even]
    assert halves == [0.5, 0.5, 1, 2]
    assert [row.size > 32 for row in rows].index(True) + 1 == 9
    shares = [
        seen_by(layers[:k], (rows[k - 1].units // 2,) * 2, 32).mean() for k in (9, 10)
    ]
    assert shares == [pytest.approx(0.88, abs=0.005), 1.0]
