import json
import os
import sys

import numpy as np
import pytest

from utils.checks import load_trained, save_trained
from utils.checks.compare import Wrong
from utils.exercises.cnn import ThreeLayerConvNet
from utils.network import Affine, BatchNorm, Conv, ConvNet, MaxPool, Relu, Residual

CONFIG = {
    "input_dim": (3, 4, 6),
    "num_filters": 2,
    "filter_size": 3,
    "hidden_dim": 5,
    "use_batchnorm": True,
    "dtype": np.float32,
}


@pytest.fixture
def model(rng):
    model = ThreeLayerConvNet(**CONFIG, weight_scale=0.1)
    X = rng.normal(size=(6, 3, 4, 6))
    model.loss(X, np.arange(6))  # moves the running statistics
    return model


def test_a_trained_network_comes_back_bit_for_bit(model, rng, tmp_path):
    path = tmp_path / "build" / "cnn.npz"
    save_trained(model, {**CONFIG, "normalize": "channels"}, path)
    loaded, config = load_trained(ThreeLayerConvNet, path)
    X = rng.normal(size=(3, 3, 4, 6))
    np.testing.assert_array_equal(loaded.loss(X), model.loss(X))
    assert loaded.loss(X).dtype == np.float32
    assert config["normalize"] == "channels"
    assert [file.name for file in path.parent.iterdir()] == ["cnn.npz"]


def test_the_file_holds_what_the_docstring_says(model, tmp_path):
    save_trained(model, CONFIG, tmp_path / "cnn.npz")
    with np.load(tmp_path / "cnn.npz", allow_pickle=False) as archive:
        assert {"W1", "gamma2", "bn0_running_mean", "bn1_running_var"} < set(archive)
        assert json.loads(str(archive["config"]))["dtype"] == "float32"


def test_a_failed_save_keeps_the_old_file(model, tmp_path, monkeypatch):
    path = tmp_path / "cnn.npz"
    save_trained(model, CONFIG, path)
    before = path.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(np, "savez", full_disk)
    with pytest.raises(OSError, match="No space"):
        save_trained(model, CONFIG, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o027, 0o640)])
def test_the_file_has_the_mode_of_any_other_file(model, tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        save_trained(model, CONFIG, tmp_path / "cnn.npz")
    finally:
        os.umask(before)
    assert (tmp_path / "cnn.npz").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize("params", [None, ["W1"]])
def test_a_class_without_parameters_is_named(model, tmp_path, params):
    path = tmp_path / "cnn.npz"
    save_trained(model, CONFIG, path)
    broken = type("Net", (), {"__init__": lambda self, **_: None, "params": params})
    with pytest.raises(Wrong, match="self.params is missing or not a dict"):
        load_trained(broken, path)
    before = path.read_bytes()
    with pytest.raises(Wrong, match="self.params is missing or not a dict"):
        save_trained(broken(), CONFIG, path)
    assert path.read_bytes() == before


def test_errors_are_sentences(model, tmp_path):
    path = tmp_path / "cnn.npz"
    with pytest.raises(
        FileNotFoundError, match="cnn.npz does not exist: run CNN.ipynb"
    ):
        load_trained(ThreeLayerConvNet, path)
    with pytest.raises(ValueError, match="must hold numbers, texts and tuples only"):
        save_trained(model, {"data": np.zeros(3)}, path)
    assert not path.exists()
    for content in (b"", b"not a zip file", b"PK\x03\x04 broken"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="cnn.npz is not a trained network"):
            load_trained(ThreeLayerConvNet, path)
    np.savez(path, W1=np.zeros(3))
    with pytest.raises(ValueError, match="is not a trained network"):
        load_trained(ThreeLayerConvNet, path)
    np.savez(path, config=np.array(json.dumps({"dtype": "float31"})))
    with pytest.raises(ValueError, match="is not a trained network"):
        load_trained(ThreeLayerConvNet, path)
    np.savez(path, config=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="is not a trained network"):
        load_trained(ThreeLayerConvNet, path)


def test_a_network_changed_after_training_is_named(model, tmp_path):
    class Wider(ThreeLayerConvNet):
        def __init__(self, hidden_dim, **config):
            super().__init__(hidden_dim=hidden_dim + 1, **config)

    save_trained(model, CONFIG, tmp_path / "cnn.npz")
    with pytest.raises(ValueError, match="does not fit the network: W2, W3, b2, beta2"):
        load_trained(Wider, tmp_path / "cnn.npz")


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({}, r"W1 has shape \(2, 3, 3, 3\) in the model and \(32, 3, 7, 7\)"),
        (
            CONFIG | {"use_batchnorm": False},
            r"beta1 has .* and none in ThreeLayerConvNet\(",
        ),
        ({"filters": 2}, "fails .*unexpected keyword argument 'filters'"),
    ],
)
def test_a_config_that_makes_another_network_is_refused(
    model, tmp_path, config, problem
):
    with pytest.raises(ValueError, match=f"config does not describe .*{problem}"):
        save_trained(model, {**config, "normalize": "channels"}, tmp_path / "cnn.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def net(rng):
    inner = Residual([Conv(4), Relu()])
    layers = [Conv(4), BatchNorm(), Relu(), MaxPool(), inner, Affine(10)]
    net = ConvNet(layers, (3, 8, 6), seed=1)
    X = rng.normal(size=(6, 3, 8, 6)).astype(np.float32)
    net.loss(X, np.arange(6))  # moves the running statistics
    return net


def test_a_net_of_layers_comes_back_bit_for_bit(net, rng, tmp_path):
    path = tmp_path / "cnn.npz"
    save_trained(net, {"note": "mine", "normalize": "channels"}, path)
    loaded, config = load_trained(ThreeLayerConvNet, path)
    X = rng.normal(size=(3, 3, 8, 6)).astype(np.float32)
    np.testing.assert_array_equal(loaded.loss(X), net.loss(X))
    assert loaded.layers == net.layers
    assert (config["normalize"], config["note"]) == ("channels", "mine")


def test_a_damaged_net_of_layers_is_named(net, tmp_path):
    path = tmp_path / "cnn.npz"
    save_trained(net, {}, path)
    with np.load(path) as archive:
        arrays = dict(archive)
    for change in ({"layers": [["Unknown", {}]]}, {"input_shape": (3, 9, 9)}):
        config = json.loads(str(arrays["config"])) | change
        np.savez(path, **arrays | {"config": json.dumps(config)})
        with pytest.raises(ValueError, match="cnn.npz is not a trained network"):
            load_trained(ThreeLayerConvNet, path)
