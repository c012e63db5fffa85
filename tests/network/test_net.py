import re
import zipfile

import numpy as np
import pytest

from tests.network.small import agree, images, labels, pair, shake
from utils.gradient_check import numerical_gradient
from utils.network import (
    Affine,
    BatchNorm,
    Conv,
    ConvNet,
    GlobalMaxPool,
    MaxPool,
    Relu,
    Residual,
    Whiten,
)
from utils.network.loss import cross_entropy

HEAD = [GlobalMaxPool(), Affine(4)]
LAYERS = [Conv(5), BatchNorm(), Relu(), MaxPool(), Residual([Conv(5), Relu()]), *HEAD]
BOTH = pytest.mark.parametrize("dtype", [np.float32, np.float64])


def make(dtype=np.float32, **options):
    return shake(ConvNet(LAYERS, (3, 8, 8), dtype=dtype, **options))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"dtype": np.int32}, "expected float32 or float64."),
        ({"dtype": np.float16}, "expected float32 or float64."),
        (
            {"label_smoothing": 1},
            "label_smoothing is 1, expected a number from 0 to less than 1.",
        ),
        (
            {"label_smoothing": -0.1},
            "label_smoothing is -0.1, expected a number from 0 to less than 1.",
        ),
        ({"ghost": 0}, "ghost is 0, expected a number of images >= 1."),
        ({"ghost": 2.5}, "ghost is 2.5, expected a number of images >= 1."),
        ({"input_shape": (8, 8)}, "input_shape is (8, 8), expected (channels, height"),
        ({"input_shape": (3, 1, 8)}, "Layer pool1, MaxPool(): The window height is 2"),
        ({"layers": []}, "layers is empty, expected at least one layer."),
        ({"layers": [Conv]}, "Number 1 of layers is Conv, expected a layer such as"),
        (
            {"layers": [Conv(4), Relu()]},
            "The last layer, Relu(), gives maps of shape (4, 32, 32) for each image, "
            "expected one number per class: end with Affine(10).",
        ),
    ],
)
def test_impossible_arguments(arguments, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        ConvNet(**{"layers": LAYERS} | arguments)


def test_how_a_net_is_written():
    written = "ConvNet([Conv(8), Relu(), GlobalMaxPool(), Affine(10)])"
    assert repr(ConvNet([Conv(8), Relu(), GlobalMaxPool(), Affine(10)])) == written


@BOTH
@pytest.mark.parametrize("shape", [(3, 8, 8), (2, 4, 8, 8), (0, 3, 8, 8), (2, 192), ()])
def test_impossible_images(dtype, shape):
    sentence = f"X has shape {shape}, expected (N, 3, height, width) with at least one"
    for use in (lambda X: make(dtype).loss(X), lambda X: make(dtype).look(X)):
        with pytest.raises(ValueError, match=re.escape(sentence)):
            use(np.zeros(shape))


@BOTH
@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        ([0, 4], "y contains 4, expected classes from 0 to 3."),
        ([-1, 0], "y contains -1, expected classes from 0 to 3."),
        ([0.0, 1.0], "y has shape (2,) and dtype float64, expected (2,), one whole"),
        ([True, False], "y has shape (2,) and dtype bool, expected (2,), one whole"),
        ([0], "y has shape (1,) and dtype int64, expected (2,), one whole number"),
        ([[0, 1]], "y has shape (1, 2) and dtype int64, expected (2,), one whole"),
    ],
)
def test_impossible_labels(dtype, y, sentence):
    net = make(dtype)
    before = net.state_dict()
    for use in (net.loss, net.look):
        with pytest.raises(ValueError, match=re.escape(sentence)):
            use(images(2), np.array(y))
    assert all((array == before[n]).all() for n, array in net.state_dict().items())


@BOTH
@pytest.mark.parametrize("size", [5, 1])
def test_images_that_are_too_small(dtype, size):
    layers = [Conv(5, 5), Relu(), MaxPool(), Conv(5, 3, pad=0), Relu(), *HEAD]
    net = ConvNet(layers, (3, 8, 8), dtype=dtype)
    for _ in range(2):
        with pytest.raises(ValueError, match="expected|must fit inside"):
            net.loss(images(2, H=size))
    assert net.loss(images(2)).shape == (2, 4)


@BOTH
def test_an_affine_layer_that_reads_maps_wants_one_size(dtype):
    net = ConvNet([Conv(5), Relu(), Affine(4)], (3, 8, 8), dtype=dtype)
    with pytest.raises(ValueError, match="expected"):
        net.loss(images(2, H=9))
    assert net.loss(images(2)).shape == (2, 4)


@BOTH
def test_what_loss_gives(dtype):
    net, X, y = make(dtype), images(3), labels(3, 4)
    kept = X.copy(), y.copy()
    scores = net.loss(X)
    assert scores.shape == (3, 4) and scores.dtype == dtype
    loss, grads = net.loss(X, y)
    assert type(loss) is float and set(grads) == set(net.params)
    for name, grad in grads.items():
        assert grad.shape == net.params[name].shape and grad.dtype == dtype
    assert (X == kept[0]).all() and (y == kept[1]).all()
    again = net.loss(X)  # running statistics have moved
    assert (again != scores).any() and (net.loss(X) == again).all()
    again[:] = 0  # the caller's own
    assert net.loss(X).any()


def test_whole_numbers_are_images_too():
    X = np.random.default_rng(0).integers(0, 255, (2, 3, 8, 8), np.uint8)
    net = make()
    assert (net.loss(X) == net.loss(X.astype(np.float32))).all()
    y = np.array([1, 2], np.uint8)
    assert net.loss(X, y)[0] == net.loss(X, y.astype(np.int64))[0]


def test_the_loss_is_the_mean_over_the_batch():
    net, X, y = make(), images(5), labels(5, 4)
    loss, _ = net.loss(X, y)
    net.freeze("*")
    assert net.loss(X, y) == (loss, {})
    plain = shake(ConvNet([Conv(5), Relu(), *HEAD], (3, 8, 8)))
    expected = cross_entropy(plain.loss(X).astype(float), y)[0].mean()
    assert plain.loss(X, y)[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("ghost", [None, 2])
def test_smoothing_and_ghost_batches(smoothing, ghost):
    fast, exact = pair(LAYERS, label_smoothing=smoothing, ghost=ghost)
    agree(fast, exact, images(5))


@BOTH
def test_scores_of_many_images(dtype):
    net, X = make(dtype), images(7)
    expected = net.loss(X)
    for batch_size in (1, 3, 7, 100):
        scores = net.predict(X, batch_size)
        assert scores.dtype == dtype and np.abs(scores - expected).max() < 1e-5
    none = net.predict(X[:0])
    assert none.shape == (0, 4) and none.dtype == dtype


@BOTH
def test_looking_shows_everything_and_moves_nothing(dtype):
    net, X, y = make(dtype), images(2), labels(2, 4)
    before = net.state_dict()
    scores, outputs, gradients = net.look(X, y)
    names = ["conv1", "bn1", "relu1", "pool1", "conv2", "relu2", "residual1", "pool2"]
    names += ["affine1"]
    assert list(outputs) == names and set(gradients) == {*names, "image"}
    for name in names:
        assert gradients[name].shape == outputs[name].shape
    assert outputs["relu1"].shape == (2, 5, 8, 8) and outputs["pool2"].shape == (2, 5)
    assert (outputs["affine1"] == scores).all()
    assert np.abs(scores - net.loss(X)).max() < 1e-5
    assert (
        np.array_equal(outputs["residual1"], outputs["pool1"] + outputs["relu2"])
        and (outputs["relu1"] == np.maximum(outputs["bn1"], 0)).all()
    )
    assert gradients["image"].shape == X.shape and gradients["image"].any()
    assert net.look(X)[2] == {}
    assert all((array == before[n]).all() for n, array in net.state_dict().items())


def test_gradients_of_what_a_layer_gives():
    net, X, y = make(np.float64), images(2), labels(2, 4)
    _, outputs, gradients = net.look(X, y)
    w, b = net.params["affine1.w"], net.params["affine1.b"]
    expected = numerical_gradient(
        lambda pooled: cross_entropy(pooled @ w + b, y)[0].mean(), outputs["pool2"]
    )
    assert np.abs(gradients["pool2"] - expected).max() < 1e-9


@BOTH
@pytest.mark.parametrize(
    ("name", "value", "X", "expected"),
    [
        ("conv1.w", np.nan, None, "the value of conv1.w (conv1, layer 1, Conv(5))"),
        ("bn1.var", np.inf, None, "the value of bn1.var (bn1, layer 2, BatchNorm())"),
        (
            "affine1.b",
            -np.inf,
            None,
            "the value of affine1.b (affine1, layer 9, Affine",
        ),
        (
            "conv2.b",
            np.nan,
            images(2),
            "the value of conv2.b (conv2, layer 5, Conv(5))",
        ),
        (None, None, images(2), None),
        (None, None, None, None),
        (None, None, images(2) * np.inf, "the output of conv1, layer 1, Conv(5)"),
    ],
)
def test_the_first_value_that_is_not_finite(dtype, name, value, X, expected):
    net = make(dtype)
    if name:
        net._store.arrays[name][..., 0] = value
    before = net.state_dict()
    found = net.first_non_finite(X)
    assert found is None if expected is None else found.startswith(expected)
    for key, array in net.state_dict().items():
        assert np.array_equal(array, before[key], equal_nan=True)


@BOTH
def test_the_first_output_that_is_not_finite_may_be_inside_a_residual(dtype):
    net = make(dtype)
    net.params["conv2.w"][...] = np.finfo(dtype).max / 4
    found = net.first_non_finite(images(2) * 100)
    assert found == "the output of conv2, layer 5, Conv(5)"


@BOTH
def test_saving_and_loading(dtype, tmp_path):
    layers = [Whiten(), Relu(), Conv(5, start=0.5), *LAYERS[1:]]
    options = {"dtype": dtype, "label_smoothing": 0.2}
    net = shake(ConvNet(layers, (3, 9, 7), **options))
    net.save(tmp_path / "new folder" / "net.npz")
    again = ConvNet.load(tmp_path / "new folder" / "net.npz", dtype)
    assert again.layers == net.layers and again.input_shape == (3, 9, 7)
    assert again.label_smoothing == 0.2 and again.dtype == dtype
    X = images(2, 3, 9, 7)
    assert (again.loss(X) == net.loss(X)).all()
    arrays = again.state_dict()
    assert all((a == arrays[name]).all() for name, a in net.state_dict().items())
    assert [file.name for file in (tmp_path / "new folder").iterdir()] == ["net.npz"]


def test_files_of_half_the_size(tmp_path):
    net = make()
    net.save(tmp_path / "net.npz", np.float16)
    again = ConvNet.load(tmp_path / "net.npz")
    for name, array in net.state_dict().items():
        assert (again.state_dict()[name] == array.astype(np.float16)).all()
    with np.load(tmp_path / "net.npz") as file:
        assert file["conv1.w"].dtype == np.float16


def test_a_failed_save_leaves_the_file_before(tmp_path, monkeypatch):
    path, net = tmp_path / "net.npz", make()
    net.save(path)
    before = path.read_bytes()

    def fail(file, **arrays):
        file.write(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(OSError, match="disk full"):
        net.save(path)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 1


def test_nothing_is_unpickled(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("unpickled")

    path = tmp_path / "net.npz"
    np.savez(path, about=np.array([{"layers": []}], object))
    monkeypatch.setattr("pickle.load", refuse)
    monkeypatch.setattr("pickle.loads", refuse)
    with pytest.raises(ValueError):
        ConvNet.load(path)


def test_foreign_files_are_refused(tmp_path):
    path = tmp_path / "net.npz"
    np.savez(path, x=np.ones(3))
    with pytest.raises(ValueError, match="holds no network: it has no entry 'about'"):
        ConvNet.load(path)
    with pytest.raises(FileNotFoundError):
        ConvNet.load(tmp_path / "nothing.npz")


def test_files_of_another_network_are_refused(tmp_path):
    path = tmp_path / "net.npz"
    make().save(path)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("conv7.w.npy", file.read("conv1.w.npy"))
    with pytest.raises(ValueError, match="unknown: conv7.w"):
        ConvNet.load(path)
