"""What the loss of the three-layer network has to do."""

import copy
import math
from functools import partial

import numpy as np

from utils.checks import network, network_mistakes
from utils.checks.cnn_init import bn_params_of, get_array, params_of, require_names
from utils.checks.compare import (
    NUMERIC,
    ROUNDING,
    Wrong,
    judge,
    judge_all,
    require_array,
    require_shape,
)
from utils.checks.contrast import InCase
from utils.checks.network import BATCHNORM, CASES, EQUAL, SINGLE, SMALL, NetCase
from utils.checks.subject import unchanged

REG = 0.3
# The parameters in the order in which a backward pass reaches them; where the first
# wrong gradient is, is where to look.
LAST = "the gradient of the softmax, or the backward pass of the last affine layer"
HIDDEN = "the backward pass of the relu after the first affine layer"
MAPS = "the backward pass of the pooling and of the relu after the convolution"
PLAIN_STAGES = (
    (("W3", "b3"), LAST),
    (("W2", "b2"), f"{HIDDEN}, or of that layer"),
    (("W1", "b1"), f"{MAPS}, or of the convolution"),
)
BATCHNORM_STAGES = (
    (("W3", "b3"), LAST),
    (("gamma2", "beta2"), f"{HIDDEN}, or of its batchnorm"),
    (("W2", "b2"), "the backward pass of batchnorm after the first affine layer"),
    (("gamma1", "beta1"), f"{MAPS}, or of its batchnorm"),
    (("W1", "b1"), "the backward pass of batchnorm after the convolution"),
)


def loss_properties():
    """List what ``loss`` has to do."""
    gradients = (
        (
            f"loss: gradients of {' and '.join(names)}",
            partial(_gradients, SMALL, PLAIN_STAGES[: k + 1]),
        )
        for k, (names, _) in enumerate(PLAIN_STAGES)
    )
    return [
        *(
            (f"loss: scores, {case.name}", InCase(_scores, None, case))
            for case in (*CASES, SINGLE, EQUAL)
        ),
        ("loss: first loss is log(num_classes)", _first_loss),
        ("loss: value", partial(_loss_value, SMALL)),
        ("loss: value, batchnorm", partial(_loss_value, BATCHNORM)),
        ("loss: value, large scores", _large_scores),
        ("loss: regularisation", partial(_regularisation, SMALL)),
        ("loss: regularisation, batchnorm", partial(_regularisation, BATCHNORM)),
        ("loss: names and shapes of gradients", _gradient_shapes),
        *gradients,
        ("loss: all gradients with batchnorm", _batchnorm_gradients),
        ("loss: leaves parameters and images", partial(_keeps, SMALL)),
        ("loss: same gradients when called twice", _same_twice),
        ("loss: training moves running averages", _running_statistics),
        ("loss: float32 stays float32", _loss_dtype),
        ("loss: scoring leaves batchnorm as it is", partial(_keeps, BATCHNORM)),
    ]


def _network(subject, case, **more):
    """Build a network with known parameters; also return them, images and labels."""
    model = subject(**case.arguments(**more))
    params, X, y = case.inputs()
    params_of(model, subject.read)
    subject.write(model, "params", copy.deepcopy(params))
    return model, params, X, y


def _loss(subject, model, X, y):
    """Return loss and gradients of the student's network."""
    loss, grads = subject.method(model, "loss").pair(X, y, names=("loss", "grads"))
    if isinstance(loss, dict) and not isinstance(grads, dict):
        raise Wrong("the tuple is in the wrong order, expected (loss, grads).")
    if not isinstance(loss, float | np.floating | np.ndarray) or np.size(loss) != 1:
        raise Wrong(f"loss is {loss!r}, expected one number.")
    if not isinstance(grads, dict):
        raise Wrong(f"grads is a {type(grads).__name__}, expected a dict.")
    return np.asarray(loss).reshape(()), grads


def _write_statistics(subject, model, statistics):
    """Give both batchnorms running statistics."""
    bn_params = bn_params_of(subject, model)
    for bn_param, (mean, var) in zip(bn_params, statistics, strict=True):
        bn_param.update(running_mean=mean.copy(), running_var=var.copy())
    subject.write(model, "bn_params", bn_params)


def _scores(_, case, subject):
    model, params, X, y = _network(subject, case, reg=REG)  # reg is for the loss
    statistics = None
    if case.use_batchnorm:
        statistics = network.running_statistics(params, X)
        _write_statistics(subject, model, statistics)
    given = X.copy()
    got = _call_without_labels(subject, model, given, y)
    if not unchanged(X, given):
        raise Wrong("loss changed X: it belongs to the caller, so copy it.")
    expected, _ = network.scores(params, X, statistics)
    suspects = network_mistakes.wrong_scores(params, X, statistics)
    one_number = "expected one row per image with one number per class"
    shapes = [(one_number, (case.N,)), (one_number, expected.shape[::-1])]
    try:
        return judge("scores", got, expected, ROUNDING, suspects, shapes), ROUNDING
    except Wrong as wrong:
        again = subject.method(model, "loss")(X.copy())
        if not isinstance(got, np.ndarray) or unchanged(got, again):
            raise
        text = "They differ from call to call: nothing random belongs here."
        raise Wrong([*wrong.parts, text], wrong.error, wrong.limit) from None


def _call_without_labels(subject, model, X, y):
    """Call ``loss(X)``; where that stops, find out whether it would with labels."""
    loss = subject.method(model, "loss")
    try:
        return loss(X)
    except Wrong as wrong:
        try:
            loss(X.copy(), y)
        except Wrong:
            raise wrong from None
        text = "With y it does not stop: when y is None, return the scores before it."
        raise Wrong(f"{wrong}. {text}") from None


def _first_loss(subject):
    case = NetCase("", (2, 6, 4), num_classes=7, N=20)
    model = subject(**case.arguments(weight_scale=1e-3))
    _, X, y = case.inputs()
    loss, _ = _loss(subject, model, X, y)
    if not abs(loss - math.log(7)) < 0.01:
        text = (
            f"with tiny weights all 7 classes are equally likely, so the loss must be "
            f"log(7) = {math.log(7):.3f}; it is {loss:.4g}"
        )
        for cause, wrong in network_mistakes.wrong_losses(np.zeros((20, 7)), y):
            if abs(loss - wrong()) < 0.01:
                raise Wrong(f"{text}: {cause}.")
        raise Wrong(f"{text}.")
    return f"{loss:.3f} = log(7)"


def _loss_value(case, subject):
    model, params, X, y = _network(subject, case)
    scores, _ = network.scores(params, X)
    suspects = network_mistakes.wrong_losses(scores, y)
    if case.use_batchnorm:
        statistics = network.running_statistics(params, X)
        _write_statistics(subject, model, statistics)
        tested = network.scores(params, X, statistics)[0]
        text = "batchnorm uses running statistics; its mode has to be 'train' when y "
        suspects.append((f"{text}is given", lambda: network.data_loss(tested, y)))
    suspects += [
        (text, partial(_loss_of, wrong, y))
        for text, wrong in network_mistakes.wrong_scores(params, X)
    ]
    loss, _ = _loss(subject, model, X.copy(), y.copy())
    expected = np.asarray(network.data_loss(scores, y))
    return judge("loss", loss, expected, ROUNDING, suspects), ROUNDING


def _loss_of(scores, y):
    scores = scores()
    return None if scores is None else network.data_loss(scores, y)


def _large_scores(subject):
    model, params, X, y = _network(subject, SMALL)
    params["b3"] = params["b3"] + 1000
    subject.write(model, "params", copy.deepcopy(params))
    loss, _ = _loss(subject, model, X, y)
    expected = network.data_loss(network.scores(params, X)[0], y)
    text = (
        "where scores are large, the powers in the softmax overflow; softmax_loss of "
        "utils.layers copes with them"
    )
    if not np.isfinite(loss):
        raise Wrong(f"loss is {loss}, expected {expected:.6g}: {text}.")
    return judge("loss", loss, np.asarray(expected), ROUNDING), ROUNDING


def _regularisation(case, subject):
    _, params, X, y = _network(subject, case)
    with_reg, without = (
        _loss(subject, _network(subject, case, reg=reg)[0], X, y)[0] for reg in (REG, 0)
    )
    expected = np.asarray(network.penalty(params, REG))
    suspects = network_mistakes.wrong_penalties(params, REG, len(y))
    added = with_reg - without
    return judge("what reg adds", added, expected, ROUNDING, suspects), ROUNDING


def _gradient_shapes(subject):
    for case in (SMALL, BATCHNORM):
        model, params, X, y = _network(subject, case)
        _, grads = _loss(subject, model, X, y)
        require_names("grads", grads, params)
        for name, value in params.items():
            gradient = require_array(f"gradient of {name}", grads[name])
            shapes = [
                (f"that is the shape of {other}: are the two exchanged?", array.shape)
                for other, array in params.items()
            ]
            require_shape(f"gradient of {name}", gradient, value.shape, shapes)


def _gradients(case, stages, subject):
    """Judge the gradients of the last stage; the others tell where to look."""

    def gradients(reg):
        model, _, X, y = _network(subject, case, reg=reg)
        return _loss(subject, model, X, y)[1]

    grads = gradients(REG)
    *before, (names, _) = stages
    try:
        return _judge_stage(case, names, grads, REG), NUMERIC
    except Wrong as wrong:
        if wrong.error is None or any(
            f.knows(c) for f in wrong.faults for c in f.causes
        ):
            raise
        for done, _ in before:
            _judge_stage(case, done, grads, REG)  # if that is wrong too, say only that
        where = _where_to_look(case, stages, gradients(0))
        raise Wrong([*wrong.parts, where], wrong.error, wrong.limit) from None


def _where_to_look(case, stages, grads):
    """Say where the gradients of the last stage go wrong; ``grads`` is without reg."""
    *before, (names, place) = stages
    try:
        _judge_stage(case, names, grads, reg=0)
    except Wrong:
        right = ", ".join(name for done, _ in before for name in done)
        where = f"The gradients of {right} are right, so look" if right else "Look"
        return f"{where} at {place}."
    return (
        "Where reg is 0 it is right, so look at what the penalty 0.5 * reg * sum(W**2) "
        "adds to the gradient."
    )


def _judge_stage(case, names, grads, reg):
    """Compare some gradients with finite differences of the right loss."""
    params, _, _ = case.inputs()
    errors, parts = [], []
    for name in names:
        got = get_array("grads", grads, name)
        expected = network.data_gradient(case, name)
        if name.startswith("W"):
            expected = expected + reg * params[name]
        if case.use_batchnorm and name in ("b1", "b2"):
            # Batchnorm subtracts them again, so both are zero but for rounding.
            got, expected = (np.where(np.abs(v) < 1e-9, 0, v) for v in (got, expected))
        suspects = network_mistakes.wrong_gradients(case, name, reg)
        try:
            what = f"gradient of {name}"
            errors.append(judge(what, got, expected, NUMERIC, suspects))
        except Wrong as wrong:
            parts += wrong.parts
            errors.append(wrong.error)
    if parts:
        raise Wrong(parts, None if None in errors else max(errors), NUMERIC)
    return max(errors)


def _batchnorm_gradients(subject):
    errors = [
        _gradients(BATCHNORM, BATCHNORM_STAGES[: k + 1], subject)[0]
        for k in range(len(BATCHNORM_STAGES))
    ]
    return max(errors), NUMERIC


def _same_twice(subject):
    model, _, X, y = _network(subject, SMALL, reg=REG)
    first = copy.deepcopy(_loss(subject, model, X, y)[1])
    second = _loss(subject, model, X, y)[1]
    for name, value in first.items():
        if not unchanged(value, second.get(name)):
            raise Wrong(
                f"the gradient of {name} differs when loss is called again with the "
                "same X and y: nothing of an earlier call may be added or kept."
            )


def _running_statistics(subject):
    model, params, X, y = _network(subject, BATCHNORM)
    _loss(subject, model, X.copy(), y)
    _, used = network.scores(params, X)
    entries = {}
    bn_params = bn_params_of(subject, model)
    for k, (bn_param, batch) in enumerate(zip(bn_params, used, strict=True)):
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
        singles = {name: value.astype(np.float32) for name, value in params.items()}
        subject.write(model, "params", singles)
        _require_single(subject, model, X.astype(np.float32), y)
        try:
            _require_single(subject, model, X, y)
        except Wrong as wrong:
            text = "That is for images in float64: convert X to the network's dtype."
            raise Wrong(f"{wrong} {text}") from None


def _require_single(subject, model, X, y):
    """Raise `Wrong` unless scores and gradients are float32."""
    scores = require_array("scores", subject.method(model, "loss")(X))
    if scores.dtype != np.float32:
        raise Wrong(f"scores is {scores.dtype} in a float32 network.")
    _, grads = _loss(subject, model, X, y)
    for name in grads:
        gradient = get_array("grads", grads, name)
        if gradient.dtype != np.float32:
            raise Wrong(
                f"the gradient of {name} is {gradient.dtype} in a float32 network: "
                "every update would turn its parameter into that."
            )


def _keeps(case, subject):
    model, params, X, y = _network(subject, case, reg=REG)
    _loss(subject, model, X, y)
    before = copy.deepcopy(subject.read(model, "bn_params", []))
    subject.method(model, "loss")(X)
    _, X_before, y_before = case.inputs()
    if not (unchanged(X_before, X) and unchanged(y_before, y)):
        raise Wrong("loss changed X or y: they belong to the caller.")
    if not unchanged(params, params_of(model, subject.read)):
        raise Wrong("loss changed self.params: that is the job of the solver.")
    after = subject.read(model, "bn_params", [])
    for k, bn_param in enumerate(before):
        for name in ("running_mean", "running_var"):
            if not unchanged(bn_param.get(name), after[k].get(name)):
                raise Wrong(
                    f"loss(X) changed bn_params[{k}][{name!r}]: without y, batchnorm "
                    "works in test mode."
                )
