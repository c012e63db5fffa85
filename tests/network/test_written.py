import json

import numpy as np
import pytest

from utils import network
from utils.network import Affine, BatchNorm, Conv, MaxPool, Residual, Scale, Whiten
from utils.network.specs import Layer
from utils.network.written import KINDS, from_plain, read, to_plain, write

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


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds no network"),
        (b"hello", "it is no .npz file"),
        (b"PK\x03\x04 torn", "holds no network"),
    ],
)
def test_what_is_no_network_is_a_sentence(tmp_path, content, why):
    path = tmp_path / "net.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=why) as error:
        read(path)
    assert "pickle" not in str(error.value)


@pytest.mark.parametrize("about", ["{}", "[]", '{"layers": [["Conv", {"x": 1}]]}'])
def test_what_a_file_says_must_make_sense(tmp_path, about):
    np.savez(tmp_path / "net.npz", about=about)
    with pytest.raises(ValueError, match="holds no network"):
        read(tmp_path / "net.npz")


def test_every_torn_file_is_a_sentence(tmp_path):
    path = tmp_path / "net.npz"
    net = network.ConvNet([network.Affine(2)], (1, 4, 4))
    net.save(path)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(ValueError, match="holds no network"):
            read(path)
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.npz")


def test_a_number_too_large_for_a_small_file_is_a_sentence(tmp_path):
    arrays = {"a.w": np.array([1.0, 70000.0])}
    with pytest.raises(ValueError, match="a.w has the number 70000, which float16"):
        write(tmp_path / "net.npz", {"layers": []}, arrays, np.float16)
    assert not (tmp_path / "net.npz").exists()


def test_a_network_says_what_it_is():
    net = network.ConvNet(LAYERS[1:2] + LAYERS[-2:], label_smoothing=0.1, ghost=3)
    about = json.loads(json.dumps(net.describe()))
    assert from_plain(about.pop("layers")) == [LAYERS[1], *LAYERS[-2:]]
    assert about == {"input_shape": [3, 32, 32], "label_smoothing": 0.1, "ghost": 3}


def test_pickles_are_never_written(tmp_path):
    with pytest.raises(TypeError, match="w holds Python objects"):
        write(tmp_path / "net.npz", {}, {"w": np.zeros(2)}, dtype=object)
    with pytest.raises(TypeError, match="w holds Python objects"):
        write(tmp_path / "net.npz", {}, {"w": np.array([None])})
    assert not list(tmp_path.iterdir())
