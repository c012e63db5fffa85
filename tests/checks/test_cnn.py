import numpy as np
import pytest

from utils.blocks import conv_relu_pool_forward
from utils.checks import (
    check_accuracy,
    check_cnn_init,
    check_cnn_loss,
    check_three_layer_convnet,
)
from utils.exercises.cnn import ThreeLayerConvNet
from utils.layers import affine_forward, relu_backward, relu_forward, softmax_loss


def failed(results):
    return {result.name for result in results if not result.passed}


def messages(results):
    return " ".join(result.message for result in results if not result.passed)


def test_the_solved_network_passes():
    results = check_three_layer_convnet(ThreeLayerConvNet)
    assert not failed(results), messages(results)
    assert {result.name.split(":")[0] for result in results} == {"init", "loss"}


def test_each_part_alone():
    assert {r.name[:5] for r in check_cnn_init(ThreeLayerConvNet)} == {"init:"}
    assert {r.name[:5] for r in check_cnn_loss(ThreeLayerConvNet)} == {"loss:"}


class InPlainNumpy(ThreeLayerConvNet):
    """Forward by other functions, backward written out, without batchnorm."""

    def loss(self, X, y=None):
        if self.use_batchnorm:
            return super().loss(X, y)
        p = self.params
        h1, cache1 = conv_relu_pool_forward(
            X.astype(self.dtype), p["W1"], p["b1"], self.conv_param, self.pool_param
        )
        a2, (flat, _, _) = affine_forward(h1, p["W2"], p["b2"])
        h2, cache2 = relu_forward(a2)
        scores = h2 @ p["W3"] + p["b3"]
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        da2 = relu_backward(dscores @ p["W3"].T, cache2)
        _, grads = super().loss(X, y)
        grads["W3"] = h2.T @ dscores + self.reg * p["W3"]
        grads["b3"] = dscores.sum(axis=0)
        grads["W2"] = flat.reshape(len(X), -1).T @ da2 + self.reg * p["W2"]
        loss += 0.5 * self.reg * sum(np.vdot(p[k], p[k]) for k in ("W1", "W2", "W3"))
        return loss, grads


def test_another_way_to_write_it_passes():
    results = check_three_layer_convnet(InPlainNumpy)
    assert not failed(results), messages(results)


class Unwritten:
    def __init__(self, **arguments):
        raise NotImplementedError(
            "ThreeLayerConvNet.__init__ is not written yet (c.py)"
        )


class HalfWritten(ThreeLayerConvNet):
    def loss(self, X, y=None):
        raise NotImplementedError("ThreeLayerConvNet.loss is not written yet (c.py)")


def test_not_written(capsys):
    assert [r.passed for r in check_three_layer_convnet(Unwritten)] == [None]
    assert capsys.readouterr().out.startswith("todo  ThreeLayerConvNet.__init__ is")
    results = check_three_layer_convnet(HalfWritten)
    assert all(r.passed is (True if r.name[:4] == "init" else None) for r in results)
    assert [r.passed for r in check_cnn_loss(HalfWritten)] == [None]


class Guesses:
    """Right for the first ``share`` of ten images."""

    def __init__(self, share):
        self.share = share

    def loss(self, X):
        right = (X[:, 0, 0, 0] < self.share).astype(int)
        return np.eye(2)[right]


def data(**more):
    X = np.zeros((10, 1, 2, 2))
    X[:, 0, 0, 0] = np.arange(10)
    return {"X_val": X, "y_val": np.ones(10, int), "synthetic": False, **more}


@pytest.mark.parametrize(
    ("share", "threshold", "passed"),
    [(7, 0.65, True), (6, 0.65, False), (7, 0.7, False)],
)
def test_accuracy_has_to_exceed_the_threshold(share, threshold, passed):
    (result,) = check_accuracy(Guesses(share), data(), threshold)
    assert result.passed is passed
    assert f"{share}0.0 % of 10 images" in result.message


@pytest.mark.parametrize("more", [{"synthetic": True}, {"official": False}])
def test_other_data_never_passes(more, capsys):
    (result,) = check_accuracy(Guesses(10), data(**more))
    assert result.passed is None and "says nothing about CIFAR-10" in result.message
    assert capsys.readouterr().out.startswith("todo  100.0 % of 10 images")


@pytest.mark.parametrize(
    ("scores", "hint"),
    [
        (lambda X: np.full((len(X), 2), np.nan), "did the training diverge"),
        (lambda X: np.zeros(len(X)), "expected one row each"),
        (lambda X: np.zeros((len(X), 0)), "expected one row each"),
        (lambda X: None, "scores is None"),
        (lambda X: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_accuracy_of_broken_models(scores, hint):
    model = type("Model", (), {"loss": staticmethod(scores)})()
    (result,) = check_accuracy(model, data())
    assert result.passed is False and hint in result.message


def test_a_model_without_loss_is_a_fault():
    (result,) = check_accuracy(object(), data())
    assert result.passed is False and "has no method loss" in result.message


def test_no_model_yet_is_todo():
    (result,) = check_accuracy(None, data())
    assert result.passed is None
    assert "no model yet" in result.message
