"""Losses that are wrong in one respect are refused, and told why."""

import numpy as np
import pytest

from utils.blocks import conv_relu_pool_forward
from utils.checks.cnn import check_cnn_loss
from utils.exercises.cnn import ThreeLayerConvNet
from utils.layers import affine_forward


def failed(results):
    return {result.name for result in results if not result.passed}


def messages(results):
    return " ".join(result.message for result in results if not result.passed)


def loss_with(change):
    class Net(ThreeLayerConvNet):
        def loss(self, X, y=None):
            return change(self, super().loss, X, y)

    return Net


def edit_grads(change):
    def loss(net, right, X, y):
        if y is None:
            return right(X)
        value, grads = right(X, y)
        change(net, grads)
        return value, grads

    return loss_with(loss)


def edit_loss(change):
    def loss(net, right, X, y):
        if y is None:
            return right(X)
        value, grads = right(X, y)
        return change(net, value), grads

    return loss_with(loss)


def norm(net, *names):
    return sum(float((net.params[name] ** 2).sum()) for name in names)


def no_second_relu(net, right, X, y):
    if y is not None or net.use_batchnorm:
        return right(X, y)
    p = net.params
    h, _ = conv_relu_pool_forward(X, p["W1"], p["b1"], net.conv_param, net.pool_param)
    return affine_forward(affine_forward(h, p["W2"], p["b2"])[0], p["W3"], p["b3"])[0]


def probabilities(net, right, X, y):
    if y is not None:
        return right(X, y)
    powers = np.exp(right(X))
    return powers / powers.sum(axis=1, keepdims=True)


def train_mode_scores(net, right, X, y):
    """Score with the statistics of the batch."""
    if y is not None or not net.use_batchnorm:
        return right(X, y)
    right(X, np.zeros(len(X), int))
    kept = [dict(bn_param) for bn_param in net.bn_params]
    for bn_param in net.bn_params:
        bn_param["momentum"] = 0.0
    right(X, np.zeros(len(X), int))
    scores = right(X)
    for bn_param, old in zip(net.bn_params, kept, strict=True):
        bn_param.clear()
        bn_param.update(old)
    return scores


def updates(net, right, X, y):
    if y is None:
        return right(X)
    loss, grads = right(X, y)
    net.params["b3"] = net.params["b3"] - 0.1 * grads["b3"]
    return loss, grads


def normalises_in_place(net, right, X, y):
    X -= X.mean()
    return right(X, y)


def forgets_running(net, right, X, y):
    kept = [dict(bn_param) for bn_param in net.bn_params]
    answer = right(X, y)
    if y is not None:
        net.bn_params[:] = kept
    return answer


def adds_up(net, right, X, y):
    if y is None:
        return right(X)
    loss, grads = right(X, y)
    old = getattr(net, "grads", {})
    net.grads = {name: old.get(name, 0) + value for name, value in grads.items()}
    return loss, net.grads


def keeps_dtype_of_images(net, right, X, y):
    return right(X).astype(X.dtype) if y is None else right(X, y)


def overflows(net, right, X, y):
    if y is None:
        return right(X)
    powers = np.exp(right(X)) if not net.use_batchnorm else np.ones(1)
    return (right(X, y)[0] if np.isfinite(powers).all() else np.nan), right(X, y)[1]


def needs_labels(net, right, X, y):
    right(X, y)
    return right(X) if len(y) == 0 else right(X, y)


def noisy(net, right, X, y):
    noise = np.random.default_rng().standard_normal((len(X), 1))
    return right(X) + noise if y is None else right(X, y)


def half_reg(net, grads):
    for name in ("W1", "W2", "W3"):
        grads[name] -= net.reg * net.params[name] / 2


def reg_on_biases(net, grads):
    grads["b2"] = grads["b2"] + net.reg * net.params["b2"]


WRONG_LOSS = {
    "no relu": (loss_with(no_second_relu), "relu after the first affine layer"),
    "softmax": (loss_with(probabilities), "these are probabilities"),
    "scores only": (loss_with(lambda n, r, X, y: r(X)), "returned a ndarray"),
    "None": (loss_with(lambda n, r, X, y: None), "returned None"),
    "no half": (
        edit_loss(lambda net, v: v + 0.5 * net.reg * norm(net, "W1", "W2", "W3")),
        "the factor 0.5 is missing",
    ),
    "W1 only": (
        edit_loss(lambda net, v: v - 0.5 * net.reg * norm(net, "W1")),
        "W1 is left out",
    ),
    "all params": (
        edit_loss(lambda net, v: v + 0.5 * net.reg * norm(net, "b1", "b2", "b3")),
        "what reg adds",
    ),
    "no reg gradient": (
        edit_grads(lambda net, g: g.update(W2=g["W2"] - net.reg * net.params["W2"])),
        "reg * W, is not added",
    ),
    "half reg gradient": (edit_grads(half_reg), "not half of it"),
    "reg on biases": (edit_grads(reg_on_biases), "does not apply to this parameter"),
    "missing": (edit_grads(lambda net, g: g.pop("b1")), "missing b1"),
    "extra": (edit_grads(lambda net, g: g.update(x=1)), "not expected: x"),
    "transposed": (
        edit_grads(lambda net, g: g.update(W3=g["W3"].T)),
        "gradient of W3 has shape",
    ),
    "dead W1": (edit_grads(lambda net, g: g["W1"].fill(0)), "all of it is zero"),
    "summed": (
        edit_grads(lambda net, g: g.update(b3=g["b3"] * 5)),
        "mean over the images",
    ),
    "float64": (
        edit_grads(lambda net, g: g.update(W1=g["W1"].astype(float))),
        "the gradient of W1 is float64",
    ),
    "train mode": (loss_with(train_mode_scores), "statistics of this batch"),
    "updates": (loss_with(updates), "changed self.params"),
    "changes X": (loss_with(normalises_in_place), "changed X or y"),
    "running": (loss_with(forgets_running), "is missing after loss(X, y)"),
    "lost penalty": (
        edit_grads(lambda net, g: g.update(W3=net.reg * net.params["W3"])),
        "gradient of the data loss is lost",
    ),
    "penalty by sign": (
        edit_grads(
            lambda net, g: g.update(
                W3=g["W3"] + net.reg * (np.sign(net.params["W3"]) - net.params["W3"])
            )
        ),
        "Where reg is 0 it is right, so look at what the penalty",
    ),
    "where to look": (
        edit_grads(lambda net, g: g.update(b1=g["b1"] + 1)),
        "The gradients of W3, b3, W2, b2 are right, so look at",
    ),
    "exchanged": (
        edit_grads(lambda net, g: g.update(b1=g["b2"], b2=g["b1"])),
        "that is the shape of b2: are the two exchanged?",
    ),
    "adds up": (loss_with(adds_up), "nothing of an earlier call"),
    "float64 images": (loss_with(keeps_dtype_of_images), "convert X"),
    "overflow": (loss_with(overflows), "the powers in the softmax overflow"),
    "needs y": (loss_with(needs_labels), "when y is None, return the scores"),
    "order": (
        loss_with(lambda n, r, X, y: r(X) if y is None else r(X, y)[::-1]),
        "expected (loss, grads)",
    ),
    "random": (loss_with(noisy), "They differ from call to call"),
    "reg in scores": (
        loss_with(lambda n, r, X, y: r(X) + n.reg if y is None else r(X, y)),
        "scores[",
    ),
    "loss array": (
        edit_loss(lambda net, v: np.array([v, v])),
        "expected one number",
    ),
}


@pytest.mark.parametrize("name", WRONG_LOSS)
def test_wrong_losses(name):
    cls, hint = WRONG_LOSS[name]
    results = check_cnn_loss(cls)
    assert failed(results) and hint in messages(results), messages(results)
