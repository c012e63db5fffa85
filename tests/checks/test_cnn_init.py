"""Constructors that are wrong in one respect are refused, and told why."""

import numpy as np
import pytest

from utils.checks.cnn import check_cnn_init
from utils.exercises.cnn import ThreeLayerConvNet


def failed(results):
    return {result.name for result in results if not result.passed}


def messages(results):
    return " ".join(result.message for result in results if not result.passed)


def init_with(change):
    class Net(ThreeLayerConvNet):
        def __init__(self, **arguments):
            super().__init__(**arguments)
            change(self, arguments)

    return Net


def set_param(name, value):
    def change(net, arguments):
        if name in net.params:
            net.params[name] = value(net.params[name], net, arguments)

    return change


def rename(net, arguments):
    net.params["w1"] = net.params.pop("W1")


def without_conv_param(net, arguments):
    del net.conv_param
    if not net.use_batchnorm:
        del net.bn_params


def test_attributes_that_are_not_needed_may_be_missing():
    results = check_cnn_init(init_with(without_conv_param))
    assert not failed(results), messages(results)


def uniform(w, net, arguments):
    scale = np.sqrt(3) * arguments["weight_scale"] if "weight_scale" in arguments else 1
    return np.random.default_rng(0).uniform(-scale, scale, w.shape).astype(w.dtype)


WRONG_INIT = {
    "name": (rename, "missing W1; not expected: w1"),
    "float64": (set_param("W2", lambda w, *_: w.astype(float)), "W2 is float64"),
    "unscaled": (
        set_param("W1", lambda w, net, a: w / a.get("weight_scale", 1e-3)),
        "standard deviation of W1",
    ),
    "root": (
        set_param("W3", lambda w, net, a: w / a.get("weight_scale", 1e-3) ** 0.5),
        "not by its root",
    ),
    "uniform": (set_param("W2", uniform), "normal distribution"),
    "bias": (set_param("b2", lambda b, *_: b + 0.01), "b2 does not start as all 0"),
    "gamma": (set_param("gamma1", lambda g, *_: 0 * g), "gamma1 does not start"),
    "W2 rows": (
        set_param("W2", lambda w, net, a: w[: len(w) // 2]),
        "W2 has shape",
    ),
    "no pooling": (
        set_param("W2", lambda w, net, a: np.repeat(w, 4, axis=0)),
        "pooling halves height and width",
    ),
    "unseeded": (
        set_param("W1", lambda w, *_: np.random.default_rng().permuted(w)),
        "differs from call to call",
    ),
    "constant": (set_param("W1", lambda w, *_: 0 * w), "all of it is zero"),
    "default": (
        set_param("b3", lambda b, *_: np.zeros(10, b.dtype)),
        "10 is only the default of num_classes",
    ),
    "padding": (
        lambda net, a: net.conv_param.update(pad=3),
        "pad 3 for 3 x 3 filters",
    ),
    "one dict": (
        lambda net, a: setattr(net, "bn_params", 2 * net.bn_params[:1]),
        "the same dict",
    ),
    "None": (lambda net, a: setattr(net, "params", None), "missing or not a dict"),
    "same": (
        set_param("W3", lambda w, net, a: np.resize(net.params["W1"], w.shape)),
        "begin with the same weights",
    ),
}


WRONG_DEFAULTS = {
    "num_filters": ({"num_filters": 16}, "the default of num_filters is 32"),
    "filter_size": ({"filter_size": 3}, "the default of filter_size is 7"),
    "hidden_dim": ({"hidden_dim": 500}, "the default of hidden_dim is 100"),
    "num_classes": ({"num_classes": 3}, "the default of num_classes is 10"),
    "input_dim": ({"input_dim": (1, 28, 28)}, "default of input_dim is (3, 32, 32)"),
    "weight_scale": ({"weight_scale": 1e-2}, "default of weight_scale, 0.001"),
    "use_batchnorm": ({"use_batchnorm": True}, "by default: not expected: "),
}


@pytest.mark.parametrize("name", WRONG_DEFAULTS)
def test_wrong_defaults(name):
    default, hint = WRONG_DEFAULTS[name]

    def net(**arguments):
        return ThreeLayerConvNet(**(default | arguments))

    results = check_cnn_init(net)
    assert failed(results) == {"init: defaults of the arguments"}
    assert hint in messages(results), messages(results)


@pytest.mark.parametrize("name", WRONG_INIT)
def test_wrong_constructors(name):
    change, hint = WRONG_INIT[name]
    results = check_cnn_init(init_with(change))
    assert failed(results) and hint in messages(results), messages(results)
