import re

import numpy as np
import pytest

from tests.network.small import images, labels, shake
from utils.kernels.simd import LANES
from utils.network import (
    Affine,
    BatchNorm,
    Conv,
    ConvNet,
    GlobalMaxPool,
    Relu,
    Residual,
    Whiten,
)

LAYERS = [Whiten(), Relu(), Conv(5), BatchNorm(), Relu(), Residual([Conv(5), Relu()])]
LAYERS += [GlobalMaxPool(), Affine(4)]
NAMES = ["whiten1.b", "conv1.w", "bn1.gamma", "bn1.beta", "conv2.w", "conv2.b"]
NAMES += ["affine1.w", "affine1.b"]
STATE = ["whiten1.w", "bn1.mean", "bn1.var"]


def make(dtype=np.float32, **options):
    return ConvNet(LAYERS, (3, 8, 8), dtype=dtype, **options)


def test_names_and_shapes():
    net = make()
    assert list(net.params) == NAMES and sorted(net.state) == sorted(STATE)
    assert net.params["conv1.w"].shape == (3, 3, -(-24 // LANES) * LANES, LANES)
    assert net.state["whiten1.w"].shape[:3] == (2, 2, 3)  # an image is not filled up
    assert net.params["affine1.w"].shape == (LANES, LANES)
    arrays = [*net.params.values(), *net.state.values()]
    assert all(a.dtype == np.float32 and a.flags.c_contiguous for a in arrays)
    assert all(a.ctypes.data % 64 == 0 for a in arrays)
    exact = make(np.float64)
    assert exact.params["conv1.w"].shape == (3, 3, 24, 5)
    assert {a.dtype for a in exact.params.values()} == {np.dtype(np.float64)}


def test_first_weights_depend_on_the_seed_alone():
    one, same, other = make(seed=3), make(seed=3), make(seed=4)
    for name, array in one.params.items():
        assert (array == same.params[name]).all()
    assert (one.params["conv1.w"] != other.params["conv1.w"]).any()
    exact = make(np.float64, seed=3).state_dict()
    for name, array in one.state_dict().items():
        assert (array == exact[name].astype(np.float32)).all()


def test_freezing_by_names_and_patterns():
    net = make()
    net.freeze("conv1.w")
    assert net.frozen == {"conv1.w"}
    net.freeze("bn1.*", "*.b")
    assert net.frozen == {
        *["conv1.w", "bn1.gamma", "bn1.beta", "whiten1.b", "conv2.b", "affine1.b"],
    }
    net.unfreeze("conv?.*")
    assert net.frozen == {"bn1.gamma", "bn1.beta", "whiten1.b", "affine1.b"}
    net.unfreeze("*")
    assert net.frozen == set()
    for patterns in (["conv9.w"], ["affine1.w", "nothing*"], ["whiten1.w"]):
        sentence = f"No parameter is called {patterns[-1]!r}, expected one of whiten1.b"
        with pytest.raises(ValueError, match=re.escape(sentence)):
            net.freeze(*patterns)
        with pytest.raises(ValueError, match=re.escape(sentence)):
            net.unfreeze(*patterns)
        assert net.frozen == set()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_is_frozen_has_no_key(dtype):
    net, X, y = shake(make(dtype)), images(3), labels(3, 4)
    loss, grads = net.loss(X, y)
    assert list(grads) == NAMES
    kept = {name: grad.copy() for name, grad in grads.items()}
    net.freeze("conv1.*", "bn1.beta")
    again, grads = net.loss(X, y)
    frozen = {"conv1.w", "bn1.beta"}
    assert again == loss and list(grads) == [n for n in NAMES if n not in frozen]
    assert all((grads[name] == kept[name]).all() for name in grads)
    net.unfreeze("*")
    grads = net.loss(X, y)[1]
    assert all((grads[name] == kept[name]).all() for name in NAMES)


def test_filters():
    net = make()
    real = [net.filters(name) for name in NAMES]
    assert real == [24, 5, 5, 5, 5, 5, 4, 4]


def test_a_state_dict_is_as_the_field_writes_it():
    net = make()
    shapes = {name: array.shape for name, array in net.state_dict().items()}
    assert shapes == {
        "whiten1.w": (24, 3, 2, 2),
        "whiten1.b": (24,),
        "conv1.w": (5, 24, 3, 3),
        "conv2.w": (5, 5, 3, 3),
        "conv2.b": (5,),
        "affine1.w": (5, 4),
        "affine1.b": (4,),
    } | {f"bn1.{key}": (5,) for key in ("gamma", "beta", "mean", "var")}


def test_a_state_dict_is_a_copy():
    net = make()
    before = net.state_dict()
    for array in net.state_dict().values():
        array[...] = 7
    assert all((array == before[n]).all() for n, array in net.state_dict().items())


def test_there_and_back_between_precisions():
    fast, exact, again = shake(make(seed=1)), make(np.float64), make(seed=5)
    homes = {**fast.params, **again.params}
    arrays = fast.state_dict()
    exact.load_state_dict(arrays)
    again.load_state_dict(exact.state_dict())
    for name, array in again.state_dict().items():
        assert array.dtype == np.float32 and (array == arrays[name]).all()
    assert all(again.params[n] is homes[n] for n in NAMES)  # in place
    X = images(3)
    assert (again.loss(X) == fast.loss(X)).all()


BAD = {
    "missing": (lambda d: d.pop("bn1.var"), "missing: bn1.var."),
    "unknown": (lambda d: d.update(x=0), "unknown: x."),
    "both": (lambda d: d.update(y=d.pop("bn1.mean")), "unknown: y; missing: bn1.mean."),
    "shape": (
        lambda d: d.update({"affine1.b": np.zeros(5)}),
        "affine1.b has shape (5,), expected (4,).",
    ),
    "padded": (
        lambda d: d.update({"conv2.w": np.zeros((3, 3, 16, 16))}),
        "conv2.w has shape (3, 3, 16, 16), expected (5, 5, 3, 3).",
    ),
    "text": (lambda d: d.update({"affine1.b": np.array(list("abcd"))}), "convert"),
}


@pytest.mark.parametrize("name", BAD)
def test_errors_leave_everything_as_it_was(name):
    change, sentence = BAD[name]
    net, arrays = make(), shake(make(seed=9)).state_dict()
    before = net.state_dict()
    change(arrays)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        net.load_state_dict(arrays)
    assert all((array == before[n]).all() for n, array in net.state_dict().items())


def test_loading_in_part():
    net = make()
    before = net.state_dict()
    net.load_state_dict({"affine1.b": np.arange(4)}, partly=True)
    after = net.state_dict()
    assert after["affine1.b"].tolist() == [0, 1, 2, 3]
    assert all((after[n] == before[n]).all() for n in before if n != "affine1.b")
    with pytest.raises(ValueError, match="unknown: x"):
        net.load_state_dict({"x": np.arange(4)}, partly=True)


def test_whitening_filters():
    net, filters = make(), np.random.default_rng(0).standard_normal((24, 3, 2, 2))
    net.whiten(filters)
    assert (net.state_dict()["whiten1.w"] == filters.astype(np.float32)).all()
    X = images(1)
    got = net.look(X)[1]["whiten1"][0, 5, 3, 4]
    assert got == pytest.approx((X[0, :, 3:5, 4:6] * filters[5]).sum(), rel=1e-4)
    with pytest.raises(ValueError, match="whiten1.w has shape"):
        net.whiten(filters[:23])
    with pytest.raises(ValueError, match="The network has no Whiten layer."):
        ConvNet([Affine(2)], (3, 8, 8)).whiten(filters)


def test_an_array_in_the_place_of_ours_is_refused():
    net = make()
    net.params["affine1.b"] = np.zeros_like(net.params["affine1.b"])
    with pytest.raises(ValueError, match="affine1.b is another array"):
        net.loss(images(2))


def test_gradients_as_the_field_writes_them():
    net = make()
    _, grads = net.loss(images(2), np.array([0, 1]))
    field, state = net.as_field(grads), net.state_dict()
    assert field.keys() == grads.keys()
    assert all(field[name].shape == state[name].shape for name in field)
    packed = grads["affine1.w"]
    assert np.abs(field["affine1.w"]).sum() == pytest.approx(np.abs(packed).sum())
