import json

import pytest

from utils import network
from utils.network import Affine, BatchNorm, Conv, MaxPool, Residual, Scale, Whiten
from utils.network.specs import Layer
from utils.network.written import KINDS, from_plain, to_plain

LAYERS = [
    *[Whiten(3), Conv(8, 5, stride=2, pad=0, start=0.5), BatchNorm(False, 1e-12, 0.6)],
    *[Residual([Conv(8), Residual([Conv(8, bias=False)])]), MaxPool(3, 2)],
    *[Affine(5, start="unit"), Scale(1 / 9)],
]


def test_layers_survive_json():
    assert from_plain(json.loads(json.dumps(to_plain(LAYERS)))) == LAYERS


def test_every_layer_is_known():
    public = {name: getattr(network, name) for name in network.__all__}
    layers = {n: kind for n, kind in public.items() if issubclass(kind, Layer)}
    assert KINDS == layers and len(layers) == 14


def test_a_stranger_is_refused():
    with pytest.raises(ValueError, match="There is no layer 'Danger', expected Conv, "):
        from_plain([["Danger", {}]])


def test_impossible_values_are_refused():
    with pytest.raises(ValueError, match="filters of Conv is -1"):
        from_plain([["Conv", {"filters": -1}]])
