"""What a model is made of at one moment, and what in it is not finite."""

import numpy as np
import pytest

from tests.solver.small_net import Net, weights
from tests.solver.stand_ins import PictureNet
from utils.solver.model import (
    arrays_of,
    first_not_finite,
    loss_and_grads,
    not_finite,
    put_back,
    take,
)


@pytest.mark.parametrize("bn_as", [list, dict])
def test_a_snapshot_is_a_copy_that_comes_back_in_place(bn_as):
    model = PictureNet(use_bn=True, bn_as=bn_as)
    own = dict(model.params)
    snapshot, before = take(model), weights(model)
    for w in model.params.values():
        w += 1
    model.state["seen"] += 3
    model.bn_param["mean"] += 1
    model.bn_param["var"] = model.bn_param["var"] * 5  # a new array, as layers make
    put_back(model, snapshot)
    assert weights(model) == before and model.state["seen"][0] == 0
    assert all(model.params[name] is w for name, w in own.items())
    assert not model.bn_param["mean"].any() and (model.bn_param["var"] == 1).all()
    model.bn_param["mean"] += 1  # the snapshot is not touched by what comes
    put_back(model, snapshot)
    assert not model.bn_param["mean"].any()


def test_arrays_are_weights_and_statistics():
    model = PictureNet(use_bn=True)
    assert list(arrays_of(model)) == ["W1", "b1", "W2", "b2", "seen"]
    assert arrays_of(model)["seen"] is model.state["seen"]
    assert list(arrays_of(Net())) == ["W1", "b1", "W2", "b2"]


def test_the_first_array_that_is_not_finite():
    huge = np.full(4, 3e38, np.float32)  # finite, though its sum is not
    bad = {"a": huge, "b": np.array([1, np.nan]), "c": np.array([np.inf])}
    with np.errstate(all="ignore"):
        assert first_not_finite({"a": huge, "b": np.ones(2)}) is None
        assert first_not_finite(bad) == "b"


class Knows(Net):
    answer = "the output of conv3 (layer 7)"

    def first_non_finite(self, X=None):
        self.asked = X
        return self.answer


def test_what_is_not_finite_in_words():
    model, X = Knows(), np.ones((2, 6), np.float32)
    loss, grads = loss_and_grads(model, X, np.array([0, 1]))
    assert not_finite(model, loss, grads, X) is None
    assert not hasattr(model, "asked")
    text = not_finite(model, np.inf, grads, X)
    assert text == "the loss is inf and the output of conv3 (layer 7) is the first " + (
        "that is not finite"
    )
    assert model.asked is X
    model.answer = None
    assert not_finite(model, np.nan, grads, X) == "the loss is nan"
    grads["b2"][0] = np.nan
    text = not_finite(model, np.nan, grads, X)
    assert text.endswith("and the gradient of b2 is the first that is not finite")


def test_frozen_weights_need_no_gradient():
    model = PictureNet()
    model.freeze("W*")
    X, y = np.ones((2, 1, 4, 4), np.float32), np.array([0, 1])
    assert set(loss_and_grads(model, X, y)[1]) == {"b1", "b2"}
    model.frozen = {"W1"}
    model.loss = lambda X, y: (1.0, {"b1": model.params["b1"]})
    with pytest.raises(ValueError, match="gradient of W2 is missing"):
        loss_and_grads(model, X, y)
