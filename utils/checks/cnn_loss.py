"""What the loss of the three-layer network has to do."""

import copy
import math
from functools import partial

import numpy as np

from utils.checks import network
from utils.checks.cnn_init import get_array, params_of, require_names
from utils.checks.compare import (
    NUMERIC,
    ROUNDING,
    Wrong,
    judge,
    judge_all,
    require_array,
    require_dtype,
    require_shape,
)
from utils.checks.network import BATCHNORM, CASES, SMALL, NetCase
from utils.checks.subject import unchanged
from utils.gradient_check import numerical_gradient

REG = 0.3


def loss_properties():
    """List what ``loss`` has to do."""
    gradients = (
        (f"loss: gradient of {name}", partial(_gradient, name))
        for name in SMALL.shapes()
    )
    return [
        *((f"loss: scores, {case.name}", partial(_scores, case)) for case in CASES),
        ("loss: scores, batchnorm in test mode", partial(_scores, BATCHNORM)),
        ("loss: first loss is log(num_classes)", _first_loss),
        ("loss: value", partial(_loss_value, SMALL)),
        ("loss: value, batchnorm", partial(_loss_value, BATCHNORM)),
        ("loss: regularisation", partial(_regularisation, SMALL)),
        ("loss: regularisation, batchnorm", partial(_regularisation, BATCHNORM)),
        ("loss: names and shapes of gradients", _gradient_shapes),
        *gradients,
        ("loss: all gradients with batchnorm", _batchnorm_gradients),
        ("loss: training moves running statistics", _running_statistics),
        ("loss: float32 stays float32", _loss_dtype),
        ("loss: leaves parameters and images", partial(_keeps, SMALL)),
        ("loss: scoring leaves batchnorm as it is", partial(_keeps, BATCHNORM)),
    ]


def _network(subject, case, **more):
    """Build a network with known parameters; also return them, images and labels."""
    model = subject(**case.arguments(**more))
    params, X, y = case.inputs()
    own = params_of(model)
    own.clear()
    own.update(copy.deepcopy(params))
    return model, params, X, y


def _bn_params(model):
    bn_params = getattr(model, "bn_params", None)
    if not isinstance(bn_params, list) or len(bn_params) != 2:
        raise Wrong("self.bn_params has to be a list of two dicts with batchnorm.")
    return bn_params


def _loss(subject, model, X, y):
    """Return loss and gradients of the student's network."""
    loss, grads = subject.method(model, "loss").pair(X, y, names=("loss", "grads"))
    if not isinstance(loss, float | np.floating | np.ndarray) or np.size(loss) != 1:
        raise Wrong(f"loss is {loss!r}, expected one number.")
    if not isinstance(grads, dict):
        raise Wrong(f"grads is a {type(grads).__name__}, expected a dict.")
    return np.asarray(loss).reshape(()), grads


def _scores(case, subject):
    model, params, X, _ = _network(subject, case)
    statistics = None
    if case.use_batchnorm:
        statistics = network.running_statistics(params, X)
        for bn_param, (mean, var) in zip(_bn_params(model), statistics, strict=True):
            bn_param.update(running_mean=mean.copy(), running_var=var.copy())
    expected, _ = network.scores(params, X, statistics)
    got = subject.method(model, "loss")(X.copy())
    suspects = network.wrong_scores(params, X, statistics)
    return judge("scores", got, expected, ROUNDING, suspects), ROUNDING


def _first_loss(subject):
    case = NetCase("", (2, 6, 4), num_classes=7, N=20)
    model = subject(**case.arguments(weight_scale=1e-3))
    _, X, y = case.inputs()
    loss, _ = _loss(subject, model, X, y)
    if not abs(loss - math.log(7)) < 0.01:
        raise Wrong(
            f"with tiny weights all 7 classes are equally likely, so the loss must be "
            f"log(7) = {math.log(7):.3f}; it is {loss:.4g}."
        )
    return f"{loss:.3f} = log(7)"


def _loss_value(case, subject):
    model, params, X, y = _network(subject, case)
    scores, _ = network.scores(params, X)
    loss, _ = _loss(subject, model, X.copy(), y.copy())
    expected = np.asarray(network.data_loss(scores, y))
    suspects = [
        (text, lambda wrong=wrong: network.data_loss(wrong(), y))
        for text, wrong in network.wrong_scores(params, X)
    ]
    return judge("loss", loss, expected, ROUNDING, suspects), ROUNDING


def _regularisation(case, subject):
    _, params, X, y = _network(subject, case)
    with_reg, without = (
        _loss(subject, _network(subject, case, reg=reg)[0], X, y)[0] for reg in (REG, 0)
    )
    expected = np.asarray(network.penalty(params, REG))
    penalty = partial(network.penalty, params, REG)
    weights = ("W1", "W2", "W3")
    suspects = [
        ("reg is not used", lambda: 0.0),
        ("the factor 0.5 is missing", lambda: 2 * penalty()),
        ("biases, gammas and betas are not regularised", lambda: penalty(params)),
        (
            "gammas and betas are not regularised",
            lambda: penalty([name for name in params if name[0] in "Wg"]),
        ),
        *(
            (f"{out} is left out", partial(penalty, set(weights) - {out}))
            for out in weights
        ),
    ]
    return judge(
        "what reg adds", with_reg - without, expected, ROUNDING, suspects
    ), ROUNDING


def _gradient_shapes(subject):
    for case in (SMALL, BATCHNORM):
        model, params, X, y = _network(subject, case)
        _, grads = _loss(subject, model, X, y)
        require_names("grads", grads, params)
        for name, value in params.items():
            gradient = require_array(f"gradient of {name}", grads[name])
            require_shape(f"gradient of {name}", gradient, value.shape)


def _compare_gradient(name, subject, case):
    """Return the arguments of `judge` for one gradient: got, numerical, suspects."""
    model, params, X, y = _network(subject, case, reg=REG)
    _, grads = _loss(subject, model, X.copy(), y.copy())
    got = get_array("grads", grads, name).copy()

    def loss_of(value):
        model.params[name] = value
        return _loss(subject, model, X, y)[0]

    expected = numerical_gradient(loss_of, params[name])
    weight = REG * params[name]
    suspects = [
        (
            "the derivative of the penalty, reg * W, is not added"
            if name.startswith("W")
            else "the penalty does not apply to this parameter",
            lambda: expected - weight if name.startswith("W") else expected + weight,
        ),
        ("the derivative of 0.5 * reg * W**2 is reg * W", lambda: expected + weight),
        (
            "the derivative of 0.5 * reg * W**2 is reg * W, not half of it",
            lambda: expected - weight / 2,
        ),
        ("the data loss is the mean over the images", lambda: len(y) * expected),
    ]
    return got, expected, suspects


def _gradient(name, subject):
    comparison = _compare_gradient(name, subject, SMALL)
    return judge(
        f"gradient of {name}", *comparison[:2], NUMERIC, comparison[2]
    ), NUMERIC


def _batchnorm_gradients(subject):
    entries = {}
    for name in BATCHNORM.shapes():
        got, expected, suspects = _compare_gradient(name, subject, BATCHNORM)
        # Batchnorm subtracts b1 and b2 again, so their gradients are rounding errors.
        got, expected = (np.where(np.abs(v) < 1e-9, 0, v) for v in (got, expected))
        entries[f"gradient of {name}"] = (got, expected, suspects)
    return judge_all(entries, NUMERIC), NUMERIC


def _running_statistics(subject):
    model, params, X, y = _network(subject, BATCHNORM)
    _loss(subject, model, X.copy(), y)
    _, used = network.scores(params, X)
    entries = {}
    for k, (bn_param, batch) in enumerate(zip(_bn_params(model), used, strict=True)):
        for name, value in zip(("running_mean", "running_var"), batch, strict=True):
            what = f"bn_params[{k}][{name!r}]"
            if name not in bn_param:
                raise Wrong(
                    f"{what} is missing after loss(X, y): call batchnorm with "
                    f"self.bn_params[{k}], and in training mode."
                )
            entries[what] = (bn_param[name], 0.1 * value)
    return judge_all(entries, ROUNDING), ROUNDING


def _loss_dtype(subject):
    for case in (SMALL, BATCHNORM):
        model, params, X, y = _network(subject, case, dtype=np.float32, reg=REG)
        for name, value in params.items():
            model.params[name] = value.astype(np.float32)
        X = X.astype(np.float32)
        _, grads = _loss(subject, model, X, y)
        scores = subject.method(model, "loss")(X)
        require_dtype("scores", require_array("scores", scores), np.float32)
        for name in params:
            gradient = get_array("grads", grads, name)
            if gradient.dtype != np.float32:
                raise Wrong(
                    f"the gradient of {name} is {gradient.dtype} in a float32 network: "
                    "every update would turn its parameter into that."
                )


def _keeps(case, subject):
    model, params, X, y = _network(subject, case, reg=REG)
    _loss(subject, model, X, y)
    before = copy.deepcopy(getattr(model, "bn_params", []))
    subject.method(model, "loss")(X)
    _, X_before, y_before = case.inputs()
    if not (unchanged(X_before, X) and unchanged(y_before, y)):
        raise Wrong("loss changed X or y: they belong to the caller.")
    if not unchanged(params, params_of(model)):
        raise Wrong("loss changed self.params: that is the job of the solver.")
    for k, bn_param in enumerate(before):
        for name in ("running_mean", "running_var"):
            if not unchanged(bn_param.get(name), model.bn_params[k].get(name)):
                raise Wrong(
                    f"loss(X) changed bn_params[{k}][{name!r}]: without y, batchnorm "
                    "works in test mode."
                )
