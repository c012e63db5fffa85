"""What the solver refuses: options, data and models that make no sense."""

import numpy as np
import pytest

from tests.solver.small_net import Breaks, Net, make_data, make_solver, weights
from tests.solver.stand_ins import make_steps
from utils.solver import find_learning_rate


@pytest.mark.parametrize(
    "options, message",
    [
        ({"update_rule": "Adam"}, "'Adam', expected one of sgd, .*, rmsprop, adam"),
        ({"update_rule": None}, "update_rule is None, expected one of sgd"),
        ({"optim_config": {"lr_decay": 0.9}}, "unknown key 'lr_decay'.*Solver"),
        ({"optim_config": {"learning_rate": -1}}, r"\['learning_rate'\] is -1"),
        ({"optim_config": 1e-3}, "config is 0.001, expected a dictionary"),
        ({"lr_decay": 0}, "lr_decay is 0, expected a finite number > 0"),
        ({"lr_decay": float("nan")}, "lr_decay is nan"),
        ({"batch_size": 91}, "batch_size is 91, expected at most 90, .* in X_train"),
        ({"batch_size": 0}, "batch_size is 0, expected an int >= 1"),
        ({"batch_size": 50.0}, r"batch_size is 50\.0, expected an int"),
        ({"num_epochs": 0}, "num_epochs is 0, expected an int >= 1"),
        ({"num_epochs": None}, "num_epochs is None"),
        ({"num_train_samples": 0}, "num_train_samples is 0, .* or None"),
        ({"num_val_samples": "all"}, "num_val_samples is 'all', .* or None"),
        ({"print_every": 0}, "print_every is 0"),
        ({"seed": -1}, "seed is -1, expected an int >= 0 or None"),
        ({"time_limit": -5}, "time_limit is -5, expected a finite number > 0 or None"),
        ({"time_limit": True}, "time_limit is True"),
        ({"num_epochs": float("inf")}, "num_epochs is inf"),
        ({"num_epochs": True}, "num_epochs is True"),
        ({"num_steps": 0}, "num_steps is 0, expected an int >= 1 or None"),
        ({"num_steps": 5, "num_epochs": 3}, "num_epochs and num_steps are both given"),
        ({"evaluate": "often"}, "evaluate is 'often', expected 'epoch', 'end', 'nev"),
        ({"evaluate": 0}, "evaluate is 0, expected"),
        ({"evaluate": 2.5}, r"evaluate is 2\.5, expected"),
        ({"patience": 0}, "patience is 0, expected an int >= 1 or None"),
        ({"keep_best": 1}, "keep_best is 1, expected True or False"),
        ({"checkpoint_every": 0}, "checkpoint_every is 0, expected a finite number"),
        ({"freeze": ((0.5, "W1"),)}, "which has no freeze; expected one whose weights"),
        ({"sizes": ((0, 3),)}, r"sizes is .*expected a size from .* and augment"),
        ({"optimizer": 3}, "optimizer is 3, which has no bind; expected an Optimizer"),
        ({"augment": 3}, "augment is 3, which has no batch; expected an Augment"),
        ({"averaging": 3}, "averaging is 3, .* expected Ema or Lookahead"),
        ({"live_plot": True}, r"live_plot is True, .* expected plots.LivePlot\(\)"),
        ({"finish": 3}, "finish is 3, expected a function"),
        ({"on_evaluate": 3}, "on_evaluate is 3, expected a function"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make_solver(**options)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"update_rule": "adam"}, "optimizer is given beside update_rule"),
        ({"optim_config": {"learning_rate": 1}}, "optimizer is given beside"),
        ({"lr_decay": 0.5}, "optimizer is given beside"),
        ({"sizes": 3}, "sizes is 3, expected pairs .progress, image size. with prog"),
        ({"sizes": ((0.0, 3, 4),)}, "sizes is .* expected pairs"),
        ({"sizes": ((0.5, 3),)}, "expected a size from progress 0 on"),
        ({"sizes": ((0.0, 3), (0.0, 0))}, "size is 0, expected an int >= 1"),
        ({"sizes": ((0.0, 3), (1.5, 4))}, "sizes is .* expected pairs"),
        ({"freeze": ((0.8, "a"), (0.5, "b"))}, "freeze is .*pattern.* rising"),
        ({"freeze": ((0.8, 3),)}, "freeze is .* expected pairs .progress, pattern"),
        ({"batch_size": 51}, "batch_size is 51, expected at most 50"),
    ],
)
def test_options_of_steps_that_make_no_sense_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        make_steps(**options)


def test_muon_of_the_lessons_is_refused_where_filters_come_last():
    model = Net()
    make_solver(model, update_rule="muon")
    model.filters = lambda name: model.params[name].shape[-1]
    message = r"'muon'.* first axis .* Net keeps them last.*Optimizer\(\[Group.*Muon\("
    with pytest.raises(ValueError, match=message):
        make_solver(model, update_rule="muon")
    with pytest.raises(ValueError, match=message):
        find_learning_rate(lambda: model, make_data(), update_rule="muon")
    make_solver(model, update_rule="adam")


def test_unknown_options_are_refused_by_name():
    hint = "no argument 'learning_rate': .*into optim_config, as in optim_config="
    with pytest.raises(TypeError, match=hint):
        make_solver(learning_rate=1e-3)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"X_val": None}, "X_val is None, expected an array of images"),
        ({"X_train": [[1.0, 2.0]]}, "X_train is a list, expected an array"),
        ({"X_val": np.ones((0, 6)), "y_val": []}, r"X_val is .*\(0, 6\)"),
        ({"y_train": np.zeros(89, int)}, r"y_train .* \(89,\).* 90 integers, one per"),
        ({"y_val": np.zeros(40)}, "y_val .* dtype float64, expected 40 integers"),
        ({"y_val": np.zeros((40, 1), int)}, r"y_val .* \(40, 1\)"),
    ],
)
def test_data_that_does_not_fit_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        make_solver(data=make_data() | change)


def test_missing_data_is_named():
    data = make_data()
    del data["y_val"]
    with pytest.raises(
        ValueError, match="data has no y_val, only X_train, .*X_val; ex"
    ):
        make_solver(data=data)


@pytest.mark.parametrize(
    "params, message",
    [
        (None, "model.params is None, expected a dictionary"),
        ({}, "model.params is a dict"),
        ({"W1": np.ones(3, int)}, r"\['W1'\] is an array .* int64, expected a float32"),
        ({"W1": [1.0]}, r"\['W1'\] is a list"),
    ],
)
def test_models_without_weights_are_refused(params, message):
    model = Net()
    model.params = params
    with pytest.raises(ValueError, match=message):
        make_solver(model)


def without(name):
    return lambda loss, grads: (loss, {k: v for k, v in grads.items() if k != name})


@pytest.mark.parametrize(
    "what, message",
    [
        (without("W2"), r"gradient of W2 is missing, expected \(16, 3\)"),
        (
            lambda loss, grads: (loss, grads | {"W3": grads["W2"]}),
            r"gradient of W3 has shape \(16, 3\), .*model.params has W1, b1, W2, b2",
        ),
        (
            lambda loss, grads: (loss, grads | {"b1": grads["b1"][None]}),
            r"gradient of b1 has shape \(1, 16\), expected \(16,\)",
        ),
        (lambda loss, grads: (loss, grads | {"b1": None}), "b1 has shape None"),
        (lambda loss, grads: loss, "gave an array of shape .*, expected a number and"),
        (lambda loss, grads: (loss, None), "gave an array .*, None, expected a number"),
        (lambda loss, grads: (None, grads), "gave None, a dict, expected"),
        (lambda loss, grads: (loss, grads, 1), "gave a tuple, expected"),
        (lambda loss, grads: None, "gave None, expected"),
    ],
)
def test_gradients_that_do_not_match_are_refused_before_any_update(what, message):
    model = Breaks(1, what)
    before = weights(model)
    with pytest.raises(ValueError, match=message):
        make_solver(model).train()
    assert weights(model) == before


@pytest.mark.parametrize(
    "scores, message",
    [
        (None, "gave None for 90 images, expected scores"),
        ((1.0, {}), "gave a tuple"),
        (np.ones(90), r"shape \(90,\)"),
        (np.ones((3, 90)), r"shape \(3, 90\)"),
    ],
)
def test_scores_that_do_not_match_are_refused(scores, message):
    model = Net()
    model.loss = lambda X, y=None: scores
    with pytest.raises(ValueError, match=message):
        make_solver(model).train()


def test_errors_of_the_model_reach_the_student():
    class Unsolved(Net):
        def loss(self, X, y=None):
            raise NotImplementedError("loss is not written yet")

    with pytest.raises(NotImplementedError, match="not written yet"):
        make_solver(Unsolved()).train()
