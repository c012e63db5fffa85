"""Known wrong answers of the three-layer network, each with the sentence that names it.

Like the other mistakes: pairs of an explanation and a function without arguments that
gives the wrong values, or None where the mistake makes no sense.  A backward pass that
leaves a step out is the right one of another network (see `network.scores`), so its
gradients are finite differences too, and no backward pass is written down here.
"""

import itertools
from functools import partial

import numpy as np

from utils.checks.mistakes import misreadings
from utils.checks.network import (
    ORDER,
    WEIGHTS,
    data_gradient,
    data_loss,
    scores,
    softmax,
)

AFTER = {"1": "after the convolution", "2": "after the first affine layer"}


def wrong_scores(params, X, statistics=None):
    """List what common mistakes give for the scores.

    Parameters
    ----------
    params, X, statistics
        As in `network.scores`; with statistics in test mode.

    Returns
    -------
    list of (str, callable)
    """

    def compute(params, X, statistics, order):
        try:
            return scores(params, X, statistics, order)[0]
        except ValueError:  # the mistake does not fit these shapes
            return None

    return misreadings(
        compute,
        (params, _wrong_params(params)),
        (X, _wrong_images(X)),
        (statistics, _wrong_statistics(params, statistics)),
        (ORDER, _wrong_orders("gamma1" in params)),
    )


def _wrong_params(params):
    """List parameters that are forgotten or taken for each other."""
    zero = [name for name in params if name[0] == "b"]
    found = [
        (f"{name} is not used", params | {name: 0 * params[name]}) for name in zero
    ]
    for name in params:
        if name.startswith("gamma"):
            ones = np.ones_like(params[name])
            found.append((f"{name} is not used", params | {name: ones}))
    for a, b in itertools.combinations(params, 2):
        if params[a].shape == params[b].shape:
            swapped = params | {a: params[b], b: params[a]}
            found.append((f"{a} and {b} are exchanged", swapped))
    return found


def _wrong_images(X):
    centred = X - X.mean(axis=0)
    return [
        ("the images are divided by 255; take them as they come", X / 255),
        ("the mean image is subtracted; take the images as they come", centred),
        ("a mean is subtracted; take the images as they come", X - X.mean()),
    ]


def _wrong_statistics(params, statistics):
    """List statistics that batchnorm should not have used."""
    if "gamma1" not in params or statistics is None:
        return []
    own = (
        "uses the statistics of this batch, expected the running ones: its mode has to "
        "be 'test' when y is None"
    )
    first, second = statistics
    fresh = [[(0 * mean, k + 0 * var) for mean, var in statistics] for k in (0, 1)]
    unused = "the running statistics in self.bn_params are not used, but {}"
    found = [
        (unused.format("zeros"), fresh[0]),
        (unused.format("mean 0 and variance 1"), fresh[1]),
        (f"batchnorm {own}", None),
        (f"the first batchnorm {own}", [None, second]),
        (f"the second batchnorm {own}", [first, None]),
    ]
    if first[0].shape == second[0].shape:
        both = "both batchnorms use self.bn_params"
        found += [
            (f"{both}[0]; the second one has bn_params[1]", [first, first]),
            (f"{both}[1]; the first one has bn_params[0]", [second, second]),
            ("bn_params[0] and bn_params[1] are exchanged", [second, first]),
        ]
    return found


def _without(*steps):
    return tuple(step for step in ORDER if step not in steps)


def _exchanged(a, b):
    place = {a: b, b: a}
    return tuple(place.get(step, step) for step in ORDER)


def _with(other, *steps):
    return tuple(other if step in steps else step for step in ORDER)


def _before(new, step):
    at = ORDER.index(step)
    return (*ORDER[:at], new, *ORDER[at:])


def _wrong_orders(batchnorm):
    """List steps left out, added, replaced or in the wrong order."""
    found = [
        *((f"the relu {AFTER[k]} is missing", _without(f"relu{k}")) for k in "12"),
        ("both relus are missing", _without("relu1", "relu2")),
        ("these are probabilities, expected scores", (*ORDER, "softmax")),
        ("there is a relu after the last layer", (*ORDER, "relu2")),
        (
            "the pooling takes the mean of its windows, expected the maximum",
            _with("mean pool", "pool"),
        ),
        (
            "the maps are flattened with the channel as the last axis, expected "
            "channel, row, column",
            _before("channels last", "flatten"),
        ),
        (
            "the maps are flattened column by column, expected row by row",
            _before("columns first", "flatten"),
        ),
    ]
    for other in ("sigmoid", "tanh", "leaky relu"):
        found += [
            (
                f"there is a {other} {AFTER[k]}, expected a relu",
                _with(other, f"relu{k}"),
            )
            for k in "12"
        ]
        both = _with(other, "relu1", "relu2")
        found.append((f"there are {other}s, expected relus", both))
    if batchnorm:
        found += [
            *((f"batchnorm {AFTER[k]} is missing", _without(f"bn{k}")) for k in "12"),
            ("both batchnorms are missing", _without("bn1", "bn2")),
            *(
                (
                    f"batchnorm {AFTER[k]} has to come before the relu, not behind it",
                    _exchanged(f"bn{k}", f"relu{k}"),
                )
                for k in "12"
            ),
        ]
    return found


def wrong_losses(values, y):
    """List what common mistakes give for the loss of right scores."""
    rows = np.arange(len(y))
    p = softmax(values)
    loss = data_loss(values, y)
    classes = values.shape[1]
    return [
        ("its sign is wrong", lambda: -loss),
        ("it is summed, expected the mean over the images", lambda: len(y) * loss),
        (
            "it is divided by the number of classes, expected the mean over the images",
            lambda: loss / classes,
        ),
        (
            "it is divided by the number of images twice",
            lambda: loss / len(y),
        ),
        (
            "labels count from 0; these are one too high",
            lambda: data_loss(values, (y + 1) % classes),
        ),
        (
            "labels count from 0; these are one too low",
            lambda: data_loss(values, y - 1),
        ),
        ("it is that of the first image", lambda: data_loss(values[:1], y[:1])),
        ("it is that of the last image", lambda: data_loss(values[-1:], y[-1:])),
        ("the logarithm has base 2, expected base e", lambda: loss / np.log(2)),
        ("the logarithm has base 10, expected base e", lambda: loss / np.log(10)),
        ("the logarithm is missing", lambda: -p[rows, y].mean()),
        ("the softmax is missing", lambda: -values[rows, y].mean()),
        (
            "the softmax is taken twice: softmax_loss takes scores",
            lambda: data_loss(p, y),
        ),
    ]


def wrong_penalties(params, reg, N):
    """List what common mistakes give for the penalty of a network on N images."""

    def compute(names, form, factor):
        return factor * reg * sum(form(params[name]) for name in names)

    def square(W):
        return float((W**2).sum())

    forms = [
        ("it takes the norm of the weights, expected their squares", np.linalg.norm),
        (
            "it takes absolute values, expected squares",
            lambda W: float(np.abs(W).sum()),
        ),
        (
            "it takes the mean, expected the sum of the squares",
            lambda W: float((W**2).mean()),
        ),
    ]
    factors = [
        ("the factor 0.5 is missing", 1.0),
        ("the penalty is divided by the number of images", 0.5 / N),
        ("reg is squared", 0.5 * reg),
        ("the sign is wrong", -0.5),
    ]
    return [
        ("reg is not used", lambda: 0.0),
        *misreadings(
            compute, (WEIGHTS, _wrong_names(params)), (square, forms), (0.5, factors)
        ),
    ]


def _wrong_names(params):
    """List wrong sets of parameters for the penalty."""
    found = []
    if "gamma1" in params:
        some = [name for name in params if name[0] in "Wg"]
        found.append(("gammas are not regularised", some))
        some = [name for name in params if name[0] == "W" or name[:2] in ("ga", "be")]
        found.append(("gammas and betas are not regularised", some))
    found.append(("biases, gammas and betas are not regularised", list(params)))
    some = [name for name in params if name[0] == "W" or name[:2] in ("b1", "b2", "b3")]
    found.append(("biases are not regularised", some))
    for count in (1, 2):
        for out in itertools.combinations(WEIGHTS, count):
            verb = "is" if count == 1 else "are"
            text = f"{' and '.join(out)} {verb} left out"
            found.append((text, [name for name in WEIGHTS if name not in out]))
    return found


def wrong_gradients(case, name, reg):
    """List what common mistakes give for the gradient of one parameter.

    Parameters
    ----------
    case : NetCase
        Which network.
    name : str
        Of the parameter.
    reg : float
        Strength of the penalty.

    Returns
    -------
    list of (str, callable)
    """
    params, _, y = case.inputs()

    def compute(gradient, factor):
        return gradient() + factor * reg * params[name]

    right = partial(data_gradient, case, name)
    gradients = [
        (
            "it is summed, expected the mean over the images",
            lambda: len(y) * right(),
        ),
        (
            "the gradient of the data loss is lost, only that of the penalty is there",
            lambda: 0 * params[name],
        ),
        ("the sign is wrong", lambda: -right()),
        *(
            (
                f"the backward pass of {' and of '.join(map(_step, steps))} is missing",
                partial(data_gradient, case, name, steps),
            )
            for steps in _forgotten(case.use_batchnorm)
        ),
        *(
            (
                f"this is the gradient of {other}: are the two exchanged?",
                partial(data_gradient, case, other),
            )
            for other, value in params.items()
            if other != name and value.shape == params[name].shape
        ),
    ]
    if case.use_batchnorm and name in ("b1", "b2"):
        return []  # zero, and so are the wrong ones: batchnorm subtracts the bias again
    nothing = ("all of it is zero", lambda: 0 * params[name])
    wrong = misreadings(compute, (right, gradients), _penalty_factors(name, len(y)))
    return [nothing, *wrong]


def _penalty_factors(name, N):
    """Return by what reg times the parameter is multiplied, and by what it may be."""
    if not name.startswith("W"):
        return 0, [("the penalty does not apply to this parameter", 1)]
    derivative = "the derivative of the penalty is reg * W, not"
    return 1, [
        ("the derivative of the penalty, reg * W, is not added", 0),
        (f"{derivative} twice that", 2),
        (f"{derivative} half of it", 0.5),
        (f"{derivative} that divided by the number of images", 1 / N),
        ("the derivative of the penalty, reg * W, is subtracted", -1),
    ]


def _forgotten(batchnorm):
    relus, norms = ("relu1", "relu2"), ("bn1", "bn2")
    sets = [(step,) for step in relus] + [relus]
    return sets + [(step,) for step in norms] + [norms] if batchnorm else sets


def _step(name):
    kind = "relu" if name.startswith("relu") else "batchnorm"
    return f"the {kind} {AFTER[name[-1]]}"
